//! `certforge import-acm`: leaves into AWS Certificate Manager.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use certforge::aws::CertificateArn;
use certforge::check::acm;
use certforge::gather::{Gathered, Pile, Role};
use certforge::store::{ImportRecords, is_regular, lock_file, read_input};
use certforge::{Error, Finding, Severity};

use crate::command::candidate::{LazyKey, refuse_errors};
use crate::command::passphrase::PassphraseArgs;
use crate::command::places::{ImportArgs, Ready, refuse_taken_back, to_all};
use crate::command::target::Target;
use crate::context::{Context, Failure, Waits};
use crate::environment;
use crate::render::Bar;
use crate::report::{ImportResult, ImportsReport, Report};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge import-acm 10.103.10.95
  certforge import-acm 10.103.10.95 --region us-east-1,eu-west-1 --profile prod
  certforge import-acm --certificate cert.pem --private-key key.pem --certificate-chain chain.pem
  certforge import-acm --from bundle.p12 --passphrase-file pass.txt
  certforge import-acm --all --dry-run

The first import makes a certificate in ACM; its ARN is kept beside the leaf, and
later runs import to it again, or do nothing where nothing has changed. Files may be
PEM in any shape, DER, PKCS#7 or PKCS#12, and in any order.")]
pub struct Args {
    /// Leaves, by name
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// All leaves of the store
    #[arg(long)]
    all: bool,
    /// A certificate file instead (file:// and fileb:// are understood)
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    certificate: Option<String>,
    /// The certificate's private key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    private_key: Option<String>,
    /// The certificate's issuers, root last or left out
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_chain: Option<String>,
    /// Files with certificate, key and issuers in whatever order
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["all", "certificate"])]
    from: Vec<String>,
    /// Where the ARN of files is kept [default: beside the certificate, as CERTIFICATE.acm.json]
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    record: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// The certificate in ACM to replace
    #[arg(long, value_name = "ARN")]
    certificate_arn: Option<String>,
    /// Make a new certificate in ACM although one is known
    #[arg(long, conflicts_with = "certificate_arn")]
    new: bool,
    #[command(flatten)]
    import: ImportArgs,
    /// Check everything and show what would be sent, and stop
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: Args, context: &Context) -> Result<Report, Failure> {
    let args = sorted(args)?;
    let arn: Option<CertificateArn> = args.certificate_arn.as_deref().map(str::parse).transpose()?;
    // The ARN says where, unless somebody else does.
    let region = arn.as_ref().map(|a| a.region().to_owned()).filter(|_| !environment::has_aws_region());
    let results = if args.names.is_empty() && !args.all {
        files(&args, context, arn.as_ref(), region.as_deref())?
    } else {
        leaves(&args, context, arn.as_ref(), region.as_deref())?
    };
    report(results)
}

/// The arguments with tags where they belong: the AWS CLI takes several behind one
/// `--tags`, and here the others look like names.
fn sorted(mut args: Args) -> Result<Args, Failure> {
    let (tags, names) = args.names.into_iter().partition(|name| name.starts_with("Key="));
    args.names = names;
    args.import.tags.extend::<Vec<String>>(tags);
    if args.all && !args.names.is_empty() {
        return Err(Failure::usage(
            "--all and a leaf's name cannot be given together",
            "leave one of them out",
        ));
    }
    let files = args.certificate.is_some() || !args.from.is_empty();
    if !args.names.is_empty() && (files || args.record.is_some()) {
        let message = "a leaf's name and files cannot be given together";
        return Err(Failure::usage(
            message,
            "certforge import-acm NAME, or --certificate FILE --private-key FILE",
        ));
    }
    if args.names.is_empty() && !files && !args.all {
        return Err(Failure::usage(
            "nothing to import was given",
            "give NAME, --all, --certificate with --private-key, or --from",
        ));
    }
    let inputs = [&args.certificate, &args.private_key, &args.certificate_chain];
    let piped = inputs.into_iter().flatten().chain(&args.from).filter(|file| *file == "-").count();
    if piped > 1 {
        return Err(Failure::usage(
            "standard input can be read once",
            "give the other files by their paths, or all in one with --from -",
        ));
    }
    Ok(args)
}

/// One import is a document of its own; several are a list.
fn report(mut results: Vec<ImportResult>) -> Result<Report, Failure> {
    match results.as_mut_slice() {
        [_] => match results.remove(0).outcome {
            Ok(report) => Ok(Report::Import(report)),
            Err(failure) => Err(failure),
        },
        _ => Ok(Report::Imports(ImportsReport { results })),
    }
}

/// Imports leaves of the store, one after the other, each to all places at once.
fn leaves(
    args: &Args,
    context: &Context,
    arn: Option<&CertificateArn>,
    region: Option<&str>,
) -> Result<Vec<ImportResult>, Failure> {
    let store = &context.store;
    let names: Vec<String> = if args.all {
        // One that cannot be read is told in its turn.
        let mut names = store.leaf_names()?;
        // What was signed for somebody else's key is theirs to import.
        names.retain(|name| match store.leaf_in(name) {
            Ok(Some(entry)) => {
                entry.has_key() || entry.imports().is_ok_and(|imports| !imports.all().is_empty())
            }
            Ok(None) => false,
            Err(_) => true,
        });
        names
    } else {
        args.names.iter().try_for_each(|name| store.leaf(name).map(|_| ()))?;
        let mut seen = std::collections::HashSet::new();
        args.names.iter().filter(|name| seen.insert(*name)).cloned().collect()
    };
    if names.is_empty() {
        store.require()?;
        return Err(
            Error::Missing { what: "leaf", name: "any".to_owned(), path: store.root().to_owned() }.into()
        );
    }
    if arn.is_some() && names.len() > 1 {
        return Err(Failure::usage("--certificate-arn is for one leaf", "give one NAME with it"));
    }
    let mut ready = args.import.ready(context, names.len(), region, args.dry_run)?;
    let mut targets = std::mem::take(&mut ready.targets);
    let bar = Bar::new(names.len(), context.waits == Waits::Quiet);
    let mut results = Vec::new();
    for name in &names {
        bar.step(name);
        match one_leaf(args, context, arn, name, &ready, &mut targets) {
            Ok(of_leaf) => results.extend(of_leaf),
            // A leaf that cannot be read keeps no other one from its import.
            Err(failure) => results.extend(targets.iter().map(|t| t.result(name, Err(failure.clone())))),
        }
    }
    bar.end();
    ready.end(context)?;
    Ok(results)
}

/// Imports one leaf of the store to all places at once.
fn one_leaf(
    args: &Args,
    context: &Context,
    arn: Option<&CertificateArn>,
    name: &str,
    ready: &Ready,
    targets: &mut [Target],
) -> Result<Vec<ImportResult>, Failure> {
    let left = targets.iter().filter_map(|t| t.session.as_ref().ok()).map(|s| s.importer.left()).min();
    // Read under the lock: another run may have replaced or imported it meanwhile.
    let locked = context.store.leaf(name)?;
    let _lock = if args.dry_run { None } else { Some(locked.lock(left.unwrap_or_default())?) };
    let entry = context.store.leaf(name)?;
    refuse_taken_back(&entry.certificate, &entry.chain, context)?;
    let records = Mutex::new(entry.imports()?);
    let mut candidate = ready.candidate(&entry.certificate, &entry.chain, context.now);
    (candidate.arn, candidate.new) = (arn, args.new);
    let key = LazyKey::of(&entry);
    Ok(to_all(targets, &candidate, &records, &key, name))
}

/// Imports what is in files.
fn files(
    args: &Args,
    context: &Context,
    arn: Option<&CertificateArn>,
    region: Option<&str>,
) -> Result<Vec<ImportResult>, Failure> {
    let mut ready = args.import.ready(context, 1, region, args.dry_run)?;
    let mut pile = Pile::new();
    let mut unlock = args.passphrase.unlock();
    let mut inputs: Vec<(Role, PathBuf)> = args.from.iter().map(|f| (Role::Any, plain_path(f))).collect();
    let given = [
        (Role::Certificate, &args.certificate),
        (Role::Chain, &args.certificate_chain),
        (Role::PrivateKey, &args.private_key),
    ];
    inputs
        .extend(given.into_iter().filter_map(|(role, file)| file.as_deref().map(|f| (role, plain_path(f)))));
    for (role, path) in &inputs {
        pile.add(*role, path, &read_input(path)?, &mut unlock)?;
    }
    let Gathered { certificate, chain, key, origin, findings: mut gathered } = pile.sort();
    if key.is_none() && !gathered.iter().any(|f| f.severity == Severity::Error) {
        let finding = Finding::new("gather.no-key", Severity::Error, "key", "no private key was given");
        gathered.push(finding.fix("give it with --private-key"));
    }
    let (Some(certificate), Some(key)) = (&certificate, key) else {
        // Everything that can be said without the key is said beside what is wrong with it.
        let found = match &certificate {
            None => acm::unreadable(&gathered),
            Some(certificate) => {
                let about = acm::Import::new(certificate, &chain, None);
                acm::import(&about, &gathered, &ready.allowed, context.now)
            }
        };
        return refuse_errors(found).map(|_| Vec::new());
    };
    refuse_taken_back(certificate, &chain, context)?;
    let mut targets = std::mem::take(&mut ready.targets);
    let mut candidate = ready.candidate(certificate, &chain, context.now);
    (candidate.gathered, candidate.arn, candidate.new) = (&gathered, arn, args.new);
    // The file the certificate is in: another import of it has its record first.
    let main = origin.or_else(|| inputs.first().map(|(_, path)| path.clone())).unwrap_or_default();
    let kept = is_regular(&main);
    let left = targets.iter().filter_map(|t| t.session.as_ref().ok()).map(|s| s.importer.left()).min();
    let _lock = if kept && !args.dry_run { Some(lock_file(&main, left.unwrap_or_default())?) } else { None };
    // A record is replaced as a whole: who would change it takes its folder's turn.
    let folder = args.record.as_ref().map(|record| match record.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    });
    let _turn = match folder.filter(|folder| folder.is_dir() && !args.dry_run) {
        Some(folder) => Some(lock_file(&folder, left.unwrap_or_default())?),
        None => None,
    };
    let records = Mutex::new(match &args.record {
        Some(record) => ImportRecords::read(record)?,
        None if kept => {
            let mut record_path = main.clone().into_os_string();
            record_path.push(".acm.json");
            ImportRecords::read(Path::new(&record_path))?
        }
        None => ImportRecords::nowhere(),
    });
    let key = LazyKey::ready(key);
    let results = to_all(&mut targets, &candidate, &records, &key, &main.to_string_lossy());
    ready.end(context)?;
    Ok(results)
}

/// The path behind the AWS CLI's prefixes.
fn plain_path(text: &str) -> PathBuf {
    let plain = text.strip_prefix("fileb://").or_else(|| text.strip_prefix("file://")).unwrap_or(text);
    PathBuf::from(plain)
}
