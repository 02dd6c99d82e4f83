//! `certforge acm`: what ACM holds, and the rights to work with it.

use certforge::aws::{CONTENT_TAG, CertificateArn, Detail, Purpose, Summary, policy};
use certforge::store::LeafEntry;
use certforge::validity::rfc3339;
use certforge::{Error, Finding, Severity};
use time::OffsetDateTime;

use crate::command::target::{Session, TargetArgs};
use crate::command::{Context, Failure};
use crate::environment;
use crate::report::{
    AcmEntry, AcmListReport, AcmShowReport, PolicyReport, PruneReport, Report, StatementReport, TagReport,
    findings,
};

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
    /// The region; its partition is known by it [default: any]
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
    let sessions = args.target.connect(None, 1, context.waits, None)?;
    let mut certificates = Vec::new();
    for session in &sessions {
        certificates.extend(session.importer.list()?.iter().map(|s| entry(s, session, context.now)));
    }
    Ok(Report::AcmList(AcmListReport { certificates }))
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
        days_left: summary.not_after.map(|end| (end - now).whole_days()),
        in_use: summary.in_use,
        region: session.importer.region().to_owned(),
        profile: session.profile.clone(),
    }
}

/// The leaf of a name, and the first ARN on its record.
fn recorded(context: &Context, name: &str) -> Result<(LeafEntry, CertificateArn), Failure> {
    let entry = context.store.leaf(name)?;
    let records = entry.imports()?;
    let record = records.all().first().ok_or_else(|| Error::Missing {
        what: "import",
        name: name.to_owned(),
        path: entry.folder.clone(),
    })?;
    let arn = record.arn.parse()?;
    Ok((entry, arn))
}

fn show(args: &Show, context: &Context) -> Result<Report, Failure> {
    let (leaf, arn) = if args.which.starts_with("arn:") {
        (None, args.which.parse::<CertificateArn>()?)
    } else {
        let (leaf, arn) = recorded(context, &args.which)?;
        (Some(leaf), arn)
    };
    let mut sessions = args.target.connect(Some(arn.region()), 1, context.waits, None)?;
    if sessions.len() != 1 {
        return Err(Failure::Usage {
            message: "an ARN is in one region".to_owned(),
            hint: format!("--region {}", arn.region()),
        });
    }
    let session = sessions.remove(0);
    let importer = &session.importer;
    let Detail { summary, subject, issuer, serial, imported_at, in_use_by, .. } = importer.describe(&arn)?;
    let tags = importer.tags(&arn)?;
    let mut found = Vec::new();
    if let Some(leaf) = leaf {
        let (there, _) = importer.get(&arn)?;
        found.push(if there == leaf.certificate {
            Finding::new("acm.same", Severity::Info, "leaf", "the leaf here is the one that ACM holds")
        } else {
            let message = format!(
                "the leaf here is another: serial {}, and ACM holds {}",
                leaf.certificate.serial_hex(),
                there.serial_hex()
            );
            let fix = format!("certforge import-acm {}", args.which);
            Finding::new("acm.drift", Severity::Warning, "leaf", message).fix(fix)
        });
    }
    Ok(Report::AcmShow(Box::new(AcmShowReport {
        certificate: entry(&summary, &session, context.now),
        subject,
        issuer,
        serial,
        imported_at: imported_at.map(rfc3339),
        in_use_by,
        tags: tags.iter().map(TagReport::of).collect(),
        findings: findings(&found),
    })))
}

fn prune(args: &Prune, context: &Context) -> Result<Report, Failure> {
    let sessions = args.target.connect(None, 100, context.waits, None)?;
    let mut report = PruneReport { deleted: args.yes, certificates: Vec::new(), findings: Vec::new() };
    for session in &sessions {
        let importer = &session.importer;
        for summary in importer.list()? {
            let ended = summary.not_after.is_some_and(|end| end < context.now);
            let own = summary.kind.as_deref() == Some("IMPORTED");
            if !ended || !own || summary.in_use == Some(true) {
                continue;
            }
            // The list says what is likely; these say what is so.
            if !importer.tags(&summary.arn)?.iter().any(|t| t.key == CONTENT_TAG) {
                continue;
            }
            if !importer.describe(&summary.arn)?.in_use_by.is_empty() {
                continue;
            }
            if args.yes {
                match importer.delete(&summary.arn) {
                    Ok(()) => {}
                    // Somebody began to use it a moment ago: it stays.
                    Err(Error::AwsRefused { aws_code, message, .. })
                        if aws_code == "ResourceInUseException" =>
                    {
                        let finding =
                            Finding::new("acm.in-use", Severity::Warning, summary.arn.to_string(), message);
                        report.findings.extend(findings(&[finding]));
                        continue;
                    }
                    Err(e) => return Err(e.into()),
                }
            }
            report.certificates.push(entry(&summary, session, context.now));
        }
    }
    Ok(Report::Prune(report))
}

fn iam(args: &Iam, context: &Context) -> Result<Report, Failure> {
    let arn = match (&args.certificate_arn, &args.name) {
        (Some(arn), _) => Some(arn.parse::<CertificateArn>()?),
        (None, Some(name)) => Some(recorded(context, name)?.1),
        (None, None) => None,
    };
    if args.account != "*" && (args.account.len() != 12 || !args.account.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Failure::Usage {
            message: "--account is not twelve digits".to_owned(),
            hint: "--account 123456789012".to_owned(),
        });
    }
    let purpose = match args.doing {
        Doing::Import => Purpose::Import,
        Doing::List => Purpose::List,
        Doing::Prune => Purpose::Prune,
    };
    let region = args.region.clone().or_else(environment::aws_region);
    let statements = policy(purpose, region.as_deref().unwrap_or("*"), &args.account, arn.as_ref());
    Ok(Report::Policy(PolicyReport {
        version: "2012-10-17",
        statements: statements.into_iter().map(StatementReport::of).collect(),
    }))
}
