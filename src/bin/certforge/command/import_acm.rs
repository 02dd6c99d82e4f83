//! `certforge import-acm`: leaves into AWS Certificate Manager.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use certforge::aws::{CertificateArn, Tag};
use certforge::certificate::{Certificate, Chain};
use certforge::check::acm::{self, Allowed, Service};
use certforge::gather::{Gathered, Pile, Role};
use certforge::store::{ImportRecords, LeafEntry, is_regular, lock_file, read_input};
use certforge::{Bundle, Error, Finding, Severity};
use time::OffsetDateTime;

use crate::command::import::{Candidate, LazyKey, import, recover, refuse_errors, same_key};
use crate::command::passphrase::PassphraseArgs;
use crate::command::target::{Session, Simulation, Target, TargetArgs, stopped};
use crate::context::{Context, Failure, Waits};
use crate::render::Bar;
use crate::report::{ImportResult, ImportsReport, Report};

// How an import is made: the flags of `import-acm` and of `up`.
#[derive(clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// A tag, as Key=team,Value=edge or team=edge; repeat it for more
    #[arg(long, value_name = "TAG")]
    tags: Vec<String>,
    /// A service that is to use it, for its rules: alb, nlb, cloudfront, apigw-domain, apigw-backend, client-vpn
    #[arg(long = "target", value_name = "SERVICE", value_delimiter = ',')]
    services: Vec<Service>,
    /// A rule to set aside where ACM may take it nevertheless, such as X01
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    allow: Vec<String>,
    /// Import into a stand-in for ACM that starts with the command and ends with it
    #[arg(long)]
    sim: bool,
}

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
    #[arg(value_name = "NAME", required_unless_present_any = ["certificate", "from", "all"])]
    names: Vec<String>,
    /// All leaves of the store
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// A certificate file instead (file:// and fileb:// are understood)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "all"])]
    certificate: Option<String>,
    /// The certificate's private key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    private_key: Option<String>,
    /// The certificate's issuers, root last or left out
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_chain: Option<String>,
    /// Files with certificate, key and issuers in whatever order
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["names", "all", "certificate"])]
    from: Vec<String>,
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

// The flags of `up` for an import.
#[derive(clap::Args)]
pub struct UpArgs {
    /// Import it into AWS Certificate Manager and print its ARN
    #[arg(long)]
    import_acm: bool,
    /// Never write the leaf's private key to a disk: ACM alone has it
    #[arg(long, requires = "import_acm")]
    pub ephemeral: bool,
    #[command(flatten)]
    import: ImportArgs,
}

/// Places that are reached or not, and how to import to them.
pub struct Ready {
    targets: Vec<Target>,
    simulation: Option<Simulation>,
    tags: Vec<Tag>,
    services: Vec<Service>,
    allowed: Allowed,
    dry_run: bool,
}

impl ImportArgs {
    fn tags(&self) -> Result<Vec<Tag>, Failure> {
        Ok(self.tags.iter().map(|t| t.parse()).collect::<certforge::Result<_>>()?)
    }

    /// Connects, so that a missing region or missing credentials show before
    /// anything is read or made. A dry run says what it can without.
    fn ready(
        &self,
        context: &Context,
        leaves: usize,
        region: Option<&str>,
        dry_run: bool,
    ) -> Result<Ready, Failure> {
        let (tags, allowed) = (self.tags()?, Allowed::named(&self.allow)?);
        let simulation = if self.sim { Some(Simulation::start(&context.store)?) } else { None };
        let waits = if leaves > 1 { context.waits.with_bar() } else { context.waits };
        let targets = self.target.targets(region, leaves, waits, simulation.as_ref())?;
        if let [Target { session: Err(failure), .. }] = targets.as_slice()
            && !dry_run
        {
            return Err(failure.clone());
        }
        Ok(Ready { targets, simulation, tags, services: self.services.clone(), allowed, dry_run })
    }
}

impl UpArgs {
    /// Connects where an import is asked for.
    pub fn ready(&self, context: &Context, dry_run: bool) -> Result<Option<Ready>, Failure> {
        if self.import_acm {
            return self.import.ready(context, 1, None, dry_run).map(Some);
        }
        let import = &self.import;
        let given = import.target.is_given()
            || !import.tags.is_empty()
            || !import.services.is_empty()
            || !import.allow.is_empty()
            || import.sim;
        if given {
            return Err(Failure::Usage {
                message: "--region, --profile, --endpoint-url, --tags, --target, --allow and --sim are for an import"
                    .to_owned(),
                hint: "add --import-acm".to_owned(),
            });
        }
        Ok(None)
    }
}

impl Ready {
    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.targets.iter().filter_map(|t| t.session.as_ref().ok())
    }

    /// Refuses what ACM would refuse, before anything is saved or replaced.
    pub fn preflight(
        &self,
        bundle: &Bundle,
        there: Option<&LeafEntry>,
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        let candidate = self.candidate(bundle.leaf(), bundle.chain(), now);
        let records = there.map(LeafEntry::imports).transpose()?;
        for session in self.sessions() {
            let region = session.importer.region();
            candidate.preflight(bundle.key(), &self.tags, Some(region), None)?;
            let here = records.iter().flat_map(|all| all.at(region, session.endpoint()));
            here.into_iter().try_for_each(|record| same_key(record, bundle.leaf()))?;
        }
        Ok(())
    }

    /// Whether every place has this very leaf, by what is on record.
    pub fn is_imported(&self, entry: &LeafEntry, now: OffsetDateTime) -> Result<bool, Failure> {
        let sha256 = self.candidate(&entry.certificate, &entry.chain, now).sha256();
        let records = entry.imports()?;
        let has = |session: &Session| {
            records.at(session.importer.region(), session.endpoint()).any(|record| record.sha256 == sha256)
        };
        Ok(self.sessions().all(has))
    }

    fn candidate<'a>(
        &'a self,
        certificate: &'a Certificate,
        chain: &'a Chain,
        now: OffsetDateTime,
    ) -> Candidate<'a> {
        // CloudFront wants the chain without its root.
        let rootless = self.services.contains(&Service::CloudFront);
        Candidate {
            certificate,
            chain,
            sent: if rootless { chain.without_root() } else { chain.clone() },
            gathered: &[],
            tags: &self.tags,
            arn: None,
            new: false,
            services: &self.services,
            allowed: &self.allowed,
            dry_run: self.dry_run,
            now,
        }
    }

    /// Writes down where ACM has a leaf already, whose import nobody wrote down.
    pub fn recover(&self, entry: &LeafEntry, now: OffsetDateTime) -> Result<(), Failure> {
        let _lock = entry.lock(self.left())?;
        let mut records = entry.imports()?;
        for session in self.sessions() {
            recover(session, &self.candidate(&entry.certificate, &entry.chain, now), &mut records)?;
        }
        Ok(())
    }

    /// How much of the time is left.
    fn left(&self) -> Duration {
        self.sessions().map(|session| session.importer.left()).min().unwrap_or_default()
    }

    /// Imports a leaf of the store to all places.
    pub fn import(
        mut self,
        context: &Context,
        entry: &LeafEntry,
        key: &LazyKey<'_>,
    ) -> Result<Vec<ImportResult>, Failure> {
        let _lock = if self.dry_run { None } else { Some(entry.lock(self.left())?) };
        let records = Mutex::new(entry.imports()?);
        let mut targets = std::mem::take(&mut self.targets);
        let candidate = self.candidate(&entry.certificate, &entry.chain, context.now);
        let results = to_all(&mut targets, &candidate, &records, key, &folder_name(entry));
        self.end(context)?;
        Ok(results)
    }

    /// Keeps what a simulator holds now.
    fn end(&self, context: &Context) -> Result<(), Failure> {
        match self.simulation.as_ref().filter(|_| !self.dry_run) {
            Some(simulation) => simulation.save(&context.store),
            None => Ok(()),
        }
    }
}

fn folder_name(entry: &LeafEntry) -> String {
    entry.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let arn: Option<CertificateArn> = args.certificate_arn.as_deref().map(str::parse).transpose()?;
    // The ARN says where, unless somebody else does.
    let region =
        arn.as_ref().map(|a| a.region().to_owned()).filter(|_| !crate::environment::has_aws_region());
    let results = if args.names.is_empty() && !args.all {
        files(args, context, arn.as_ref(), region.as_deref())?
    } else {
        leaves(args, context, arn.as_ref(), region.as_deref())?
    };
    report(results)
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
        store.leaves()?.iter().map(folder_name).collect()
    } else {
        args.names.iter().try_for_each(|name| store.leaf(name).map(|_| ()))?;
        args.names.clone()
    };
    if names.is_empty() {
        return Err(
            Error::Missing { what: "leaf", name: "any".to_owned(), path: store.root().to_owned() }.into()
        );
    }
    if arn.is_some() && names.len() > 1 {
        return Err(Failure::Usage {
            message: "--certificate-arn is for one leaf".to_owned(),
            hint: "give one NAME with it".to_owned(),
        });
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
            Err(failure) => results.extend(targets.iter().map(|t| failed(t, name, failure.clone()))),
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
    let records = Mutex::new(entry.imports()?);
    let mut candidate = ready.candidate(&entry.certificate, &entry.chain, context.now);
    (candidate.arn, candidate.new) = (arn, args.new);
    let key = LazyKey::new(|| Ok(entry.private_key()?));
    Ok(to_all(targets, &candidate, &records, &key, name))
}

/// That a leaf was not imported to a place.
fn failed(target: &Target, name: &str, failure: Failure) -> ImportResult {
    let (region, profile) = (target.region.clone(), target.profile.clone());
    ImportResult { name: name.to_owned(), region, profile, outcome: Err(failure) }
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
    let Gathered { certificate, chain, key, findings: mut gathered } = pile.sort();
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
    let mut targets = std::mem::take(&mut ready.targets);
    let mut candidate = ready.candidate(certificate, &chain, context.now);
    (candidate.gathered, candidate.arn, candidate.new) = (&gathered, arn, args.new);
    let main = inputs.first().map(|(_, path)| path.clone()).unwrap_or_default();
    // Another import of the same file has its record first.
    let kept = is_regular(&main);
    let left = targets.iter().filter_map(|t| t.session.as_ref().ok()).map(|s| s.importer.left()).min();
    let _lock = if kept && !args.dry_run { Some(lock_file(&main, left.unwrap_or_default())?) } else { None };
    let records = Mutex::new(if kept {
        let mut record_path = main.clone().into_os_string();
        record_path.push(".acm.json");
        ImportRecords::read(Path::new(&record_path))?
    } else {
        ImportRecords::nowhere()
    });
    let key = LazyKey::ready(key);
    let results = to_all(&mut targets, &candidate, &records, &key, &main.to_string_lossy());
    ready.end(context)?;
    Ok(results)
}

/// Imports to all places at once.
fn to_all(
    targets: &mut [Target],
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    key: &LazyKey<'_>,
    name: &str,
) -> Vec<ImportResult> {
    let one = |target: &mut Target| {
        let outcome = import(target, candidate, records, key);
        if let Err(failure) = &outcome
            && is_lasting(failure)
        {
            // What comes after it would wait for the same.
            target.session = Err(failure.clone());
        }
        let (region, profile) = (target.region.clone(), target.profile.clone());
        ImportResult { name: name.to_owned(), region, profile, outcome }
    };
    if let [target] = targets {
        return vec![one(target)];
    }
    std::thread::scope(|scope| {
        let places: Vec<_> = targets.iter().map(|t| (t.region.clone(), t.profile.clone())).collect();
        let threads: Vec<_> = targets.iter_mut().map(|target| scope.spawn(|| one(target))).collect();
        let results = places.into_iter().zip(threads).map(|((region, profile), thread)| {
            thread.join().unwrap_or_else(|_| {
                let outcome = Err(stopped("importing").into());
                ImportResult { name: name.to_owned(), region, profile, outcome }
            })
        });
        results.collect()
    })
}

/// Whether a failure will meet every further leaf too.
fn is_lasting(failure: &Failure) -> bool {
    let Failure::Error(e) = failure else { return false };
    match &**e {
        Error::AwsUnreached { .. } | Error::AwsConfig { .. } => true,
        Error::AwsRefused { aws_code, .. } => {
            aws_code.starts_with("ExpiredToken")
                || ["UnrecognizedClientException", "InvalidSignatureException", "LimitExceededException"]
                    .contains(&aws_code.as_str())
        }
        _ => false,
    }
}

/// The path behind the AWS CLI's prefixes.
fn plain_path(text: &str) -> PathBuf {
    let plain = text.strip_prefix("fileb://").or_else(|| text.strip_prefix("file://")).unwrap_or(text);
    PathBuf::from(plain)
}
