//! `certforge acm`: what ACM holds, and the rights to work with it.

use certforge::aws::{CONTENT_TAG, CertificateArn, Detail, Purpose, Summary, is_denied, is_gone, policy};
use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::error::Shown;
use certforge::store::{ImportRecord, LeafEntry};
use certforge::validity::{days_until, rfc3339};
use certforge::{Error, Finding, Severity};
use time::OffsetDateTime;

use crate::command::target::{Session, Target, TargetArgs};
use crate::context::{Context, Failure};
use crate::environment;
use crate::report::{
    AcmEntry, AcmListReport, AcmShowReport, FailedPlace, PolicyReport, PruneReport, Report, StatementReport,
    TagReport, findings,
};
use crate::threads;

#[derive(clap::Subcommand)]
pub enum Command {
    /// List what ACM holds: of every kind of key, in every state
    #[command(
        after_help = "Examples:\n  certforge acm list\n  certforge acm list --region us-east-1,eu-west-1 --json"
    )]
    List(List),
    /// Show one certificate of ACM, and whether the leaf here is the same
    #[command(
        after_help = "Examples:\n  certforge acm show 10.103.10.95\n  certforge acm show arn:aws:acm:…"
    )]
    Show(Show),
    /// Delete what certforge imported, has ended and nobody uses
    #[command(
        after_help = "Examples:\n  certforge acm prune          shows what would go\n  certforge acm prune --yes    deletes it"
    )]
    Prune(Prune),
    /// Print the smallest IAM policy for what you are about to do
    #[command(
        after_help = "Examples:\n  certforge acm iam\n  certforge acm iam import 10.103.10.95\n  certforge acm iam prune --account 123456789012"
    )]
    Iam(Iam),
}

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(clap::Args)]
pub struct Show {
    /// An ARN, or the name of a leaf that was imported
    #[arg(value_name = "ARN|NAME")]
    which: String,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(clap::Args)]
pub struct Prune {
    #[command(flatten)]
    target: TargetArgs,
    /// Delete them
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Doing {
    Import,
    List,
    Prune,
}

#[derive(clap::Args)]
pub struct Iam {
    /// What you are about to do
    #[arg(value_enum, value_name = "DOING", default_value = "import")]
    doing: Doing,
    /// A leaf that was imported: the policy is for its certificate alone
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The region; its partition is known by it [default: `AWS_REGION`, else any]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The account [default: any]
    #[arg(long, value_name = "DIGITS", default_value = "*")]
    account: String,
    /// The policy is for this certificate alone
    #[arg(long, value_name = "ARN", conflicts_with = "name")]
    certificate_arn: Option<String>,
}

pub fn run(command: &Command, context: &Context) -> Result<Report, Failure> {
    match command {
        Command::List(args) => list(args, context),
        Command::Show(args) => show(args, context),
        Command::Prune(args) => prune(args, context),
        Command::Iam(args) => iam(args, context),
    }
}

fn list(args: &List, context: &Context) -> Result<Report, Failure> {
    let mut targets = args.target.targets(None, 1, context.waits, None)?;
    let alone = targets.len() == 1;
    let listed = at_once(&mut targets, |target| {
        let session = target.session.as_ref().map_err(Clone::clone)?;
        Ok(session.importer.list()?.iter().map(|s| entry(s, session, context.now)).collect::<Vec<_>>())
    });
    let mut report = AcmListReport { certificates: Vec::new(), failed: Vec::new() };
    for (target, listed) in targets.iter().zip(listed) {
        match listed {
            Ok(certificates) => report.certificates.extend(certificates),
            Err(failure) if alone => return Err(failure),
            Err(failure) => {
                report.failed.push(FailedPlace::of(&target.region, target.profile.as_deref(), &failure));
            }
        }
    }
    Ok(Report::AcmList(report))
}

/// Does something at all places at once.
fn at_once<T: Send>(
    targets: &mut [Target],
    what: impl Fn(&Target) -> Result<T, Failure> + Sync,
) -> Vec<Result<T, Failure>> {
    let what = &what;
    // A connection is one thread's own: each gets its place by an exclusive reference.
    threads::at_once(targets.iter_mut().map(|target| move || what(target)).collect())
}

fn entry(summary: &Summary, session: &Session, now: OffsetDateTime) -> AcmEntry {
    AcmEntry {
        arn: summary.arn.to_string(),
        domain: summary.domain.clone(),
        names: summary.names.clone(),
        kind: summary.kind.clone(),
        status: summary.status.clone(),
        key: summary.key.clone(),
        not_after: summary.not_after.map(rfc3339),
        days_left: summary.not_after.map(|end| days_until(end, now)),
        in_use: summary.in_use,
        region: session.importer.region().to_owned(),
        profile: session.profile.clone(),
    }
}

/// The leaf of a name, and the ARN it was imported to: in the region and at the
/// endpoint that are asked for, where they are. A simulator's is none.
fn recorded(context: &Context, name: &str, regions: &[String]) -> Result<Recorded, Failure> {
    let entry = context.store.leaf(name)?;
    let own = |r: &ImportRecord| !r.is_simulated() && (regions.is_empty() || regions.contains(&r.region));
    let all = entry.imports()?;
    let records: Vec<ImportRecord> = all.all().iter().filter(|r| own(r)).cloned().collect();
    let mut elsewhere: Vec<&str> =
        all.all().iter().filter(|r| !r.is_simulated()).map(|r| r.region.as_str()).collect();
    elsewhere.sort_unstable();
    elsewhere.dedup();
    if let (true, Some(first)) = (records.is_empty(), elsewhere.first()) {
        // To import it here would make another one of it.
        return Err(Failure::usage(
            format!("{} is imported in {}", Shown(name), elsewhere.join(", ")),
            format!("--region {first}"),
        ));
    }
    let recorded = Recorded { entry, records };
    if recorded.records.is_empty() {
        return Err(recorded.missing(name));
    }
    Ok(recorded)
}

/// A leaf, and its imports where it is asked for.
struct Recorded {
    entry: LeafEntry,
    records: Vec<ImportRecord>,
}

impl Recorded {
    /// The ARN at an endpoint.
    fn at(&self, endpoint: Option<&str>) -> Option<certforge::Result<CertificateArn>> {
        let record = self.records.iter().find(|record| record.is_at(endpoint));
        record.map(|record| record.arn.parse())
    }

    fn missing(&self, name: &str) -> Failure {
        let path = self.entry.folder.clone();
        Error::Missing { what: "import", name: name.to_owned(), path }.into()
    }
}

fn show(args: &Show, context: &Context) -> Result<Report, Failure> {
    let (session, arn, leaf) = if args.which.starts_with("arn:") {
        let arn = args.which.parse::<CertificateArn>()?;
        (args.target.one(arn.region(), context.waits)?, arn, None)
    } else {
        let mut regions = args.target.regions().to_vec();
        if regions.is_empty() {
            regions.extend(environment::aws_region());
        }
        let leaf = recorded(context, &args.which, &regions)?;
        let region = leaf.records.first().map_or("", |record| &record.region);
        let session = args.target.one(region, context.waits)?;
        // Which endpoint it is only the connection knows: configuration files may name one.
        let arn = leaf.at(session.endpoint()).ok_or_else(|| leaf.missing(&args.which))??;
        (session, arn, Some(leaf))
    };
    let importer = &session.importer;
    let Detail { summary, subject, issuer, serial, imported_at, in_use_by, .. } = importer.describe(&arn)?;
    let tags = importer.tags(&arn)?;
    let mut found = Vec::new();
    if let Some(leaf) = leaf {
        let (there, _) = importer.get(&arn)?;
        found.push(if there == leaf.entry.certificate {
            Finding::new("acm.same", Severity::Info, "leaf", "the leaf here is the one that ACM holds")
        } else {
            let message = format!(
                "the leaf here is another: serial {}, and ACM holds {}",
                leaf.entry.certificate.serial_hex(),
                there.serial_hex()
            );
            let fix = format!("certforge import-acm {} --certificate-arn {arn}", args.which);
            Finding::new("acm.drift", Severity::Warning, "leaf", message).fix(fix)
        });
    }
    Ok(Report::AcmShow(Box::new(AcmShowReport {
        certificate: entry(&summary, &session, context.now),
        subject,
        issuer,
        // As everywhere else: ACM has colons between the octets.
        serial: serial.map(|serial| serial.replace(':', "").to_ascii_lowercase()),
        imported_at: imported_at.map(rfc3339),
        in_use_by,
        tags: tags.iter().map(TagReport::of).collect(),
        findings: findings(&found),
    })))
}

fn prune(args: &Prune, context: &Context) -> Result<Report, Failure> {
    let mut targets = args.target.targets(None, 100, context.waits, None)?;
    let alone = targets.len() == 1;
    let pruned = at_once(&mut targets, |target| {
        let session = target.session.as_ref().map_err(Clone::clone)?;
        prune_place(session, args.yes, context)
    });
    let mut report =
        PruneReport { deleted: args.yes, certificates: Vec::new(), failed: Vec::new(), findings: Vec::new() };
    for (target, pruned) in targets.iter().zip(pruned) {
        let failed = |failure| FailedPlace::of(&target.region, target.profile.as_deref(), &failure);
        match pruned {
            Ok(place) => {
                report.certificates.extend(place.certificates);
                report.findings.extend(findings(&place.findings));
                report.failed.extend(place.failed.map(failed));
            }
            Err(failure) if alone => return Err(failure),
            Err(failure) => report.failed.push(failed(failure)),
        }
    }
    Ok(Report::Prune(report))
}

/// What became of one place.
#[derive(Default)]
struct Pruned {
    certificates: Vec<AcmEntry>,
    findings: Vec<Finding>,
    /// What ended it early: what was deleted before is told all the same.
    failed: Option<Failure>,
}

fn prune_place(session: &Session, yes: bool, context: &Context) -> Result<Pruned, Failure> {
    let mut pruned = Pruned::default();
    for summary in session.importer.list()? {
        match prune_one(session, &summary, yes, context.now) {
            Ok(false) => {}
            Ok(true) => pruned.certificates.push(entry(&summary, session, context.now)),
            // Somebody began to use it a moment ago: it stays.
            Err(Error::AwsRefused { aws_code, message, .. }) if aws_code == "ResourceInUseException" => {
                let arn = summary.arn.to_string();
                pruned.findings.push(Finding::new("acm.in-use", Severity::Warning, arn, message));
            }
            Err(e) => {
                pruned.failed = Some(e.into());
                break;
            }
        }
    }
    Ok(pruned)
}

/// Whether a certificate is one to prune, and is gone or would go.
fn prune_one(
    session: &Session,
    summary: &Summary,
    yes: bool,
    now: OffsetDateTime,
) -> certforge::Result<bool> {
    let importer = &session.importer;
    let ended = summary.not_after.is_some_and(|end| end < now);
    let own = summary.kind.as_deref() == Some("IMPORTED");
    if !ended || !own || summary.in_use == Some(true) {
        return Ok(false);
    }
    // The list says what is likely; these say what is so.
    let asked = importer.tags(&summary.arn).and_then(|tags| Ok((tags, importer.describe(&summary.arn)?)));
    let (tags, detail) = match asked {
        Ok(asked) => asked,
        Err(e) if is_gone(&e) => return Ok(false),
        Err(e) => return Err(e),
    };
    let Some(content) = tags.iter().find(|t| t.key == CONTENT_TAG) else { return Ok(false) };
    if !detail.in_use_by.is_empty() {
        return Ok(false);
    }
    // Somebody else may have imported to this ARN: the tag stays then, and the content does not.
    match importer.get(&summary.arn) {
        Ok((leaf, chain)) if !is_tagged(&leaf, &chain, &content.value) => return Ok(false),
        // Without the right to read it the tag says whose it is.
        Ok(_) => {}
        Err(e) if is_denied(&e) => {}
        Err(e) => return Err(e),
    }
    match yes.then(|| importer.delete(&summary.arn)).transpose() {
        // Where an answer was lost, the second call finds nothing: it is done.
        Err(e) if !is_gone(&e) => Err(e),
        _ => Ok(true),
    }
}

/// Whether a content tag is of this leaf and chain. ACM may show more of the chain than was sent.
fn is_tagged(leaf: &Certificate, held: &[Certificate], tag: &str) -> bool {
    (0..=held.len()).any(|sent| {
        let chain = Chain::new(held.iter().take(sent).cloned().collect());
        chain.is_ok_and(|chain| content_sha256(leaf, &chain).to_string() == tag)
    })
}

fn iam(args: &Iam, context: &Context) -> Result<Report, Failure> {
    let certificates: Vec<CertificateArn> = match (&args.certificate_arn, &args.name) {
        (Some(arn), _) => vec![arn.parse()?],
        (None, Some(name)) => {
            // All that it was imported to: `renew` goes to each of them.
            let regions: Vec<String> = args.region.clone().into_iter().collect();
            let recorded = recorded(context, name, &regions)?;
            let endpoint = environment::aws_endpoint();
            let is_there = |record: &&ImportRecord| record.is_at(endpoint.as_deref());
            let here: Vec<&ImportRecord> = recorded.records.iter().filter(is_there).collect();
            let all = if here.is_empty() { recorded.records.iter().collect() } else { here };
            all.into_iter().map(|record| record.arn.parse()).collect::<certforge::Result<_>>()?
        }
        (None, None) => Vec::new(),
    };
    if args.account != "*" && (args.account.len() != 12 || !args.account.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Failure::usage("--account is not twelve digits", "--account 123456789012"));
    }
    let purpose = match args.doing {
        Doing::Import => Purpose::Import,
        Doing::List => Purpose::List,
        Doing::Prune => Purpose::Prune,
    };
    let region = args.region.clone().or_else(environment::aws_region);
    let statements = policy(purpose, region.as_deref().unwrap_or("*"), &args.account, &certificates);
    Ok(Report::Policy(PolicyReport {
        version: "2012-10-17",
        statements: statements.into_iter().map(StatementReport::of).collect(),
    }))
}
