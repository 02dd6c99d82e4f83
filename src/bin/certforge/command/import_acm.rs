//! `certforge import-acm`: a leaf into AWS Certificate Manager.

use std::path::{Path, PathBuf};
use std::time::Duration;

use certforge::aws::{CertificateArn, Connection, Import, Importer, Outcome, Tag};
use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::check::acm;
use certforge::key::PrivateKey;
use certforge::store::{ImportRecord, ImportRecords, LeafEntry, read_input};
use certforge::validity::rfc3339;
use certforge::{Bundle, Error, Finding, Severity, gather};
use time::OffsetDateTime;

use crate::command::{Context, Failure};
use crate::environment;
use crate::report::{ImportReport, ImportState, Report, findings};

#[derive(clap::Args)]
struct ConnectionArgs {
    /// The AWS region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The profile of the AWS configuration files
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// An endpoint other than AWS's own
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// How many seconds a call to AWS may take in all
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Tags, as Key=team,Value=edge or team=edge
    #[arg(long, value_name = "TAG", num_args = 1..)]
    tags: Vec<String>,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge import-acm 10.103.10.95
  certforge import-acm 10.103.10.95 --region us-east-1 --profile prod
  certforge import-acm --certificate cert.pem --private-key key.pem --certificate-chain chain.pem
  certforge import-acm 10.103.10.95 --dry-run

The first import makes a certificate in ACM; its ARN is kept beside the leaf, and
later runs import to it again, or do nothing where nothing has changed.")]
pub struct Args {
    /// The leaf, by name
    #[arg(value_name = "NAME", required_unless_present = "certificate", conflicts_with = "certificate")]
    name: Option<String>,
    /// A certificate file instead (PEM; file:// and fileb:// are understood)
    #[arg(long, value_name = "FILE", requires = "private_key")]
    certificate: Option<String>,
    /// The certificate's private key
    #[arg(long, value_name = "FILE", requires = "certificate")]
    private_key: Option<String>,
    /// The certificate's issuers in order, root last or left out
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_chain: Option<String>,
    /// The certificate in ACM to replace
    #[arg(long, value_name = "ARN")]
    certificate_arn: Option<CertificateArn>,
    /// Make a new certificate in ACM although an ARN is known
    #[arg(long, conflicts_with = "certificate_arn")]
    new: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Check everything and show what would be sent, and stop
    #[arg(long)]
    dry_run: bool,
}

impl ConnectionArgs {
    fn connect(&self) -> Result<Importer, Failure> {
        let trust_anchors = match environment::aws_ca_bundle() {
            None => None,
            Some(path) => Some(read_input(&path)?.to_vec()),
        };
        Ok(Importer::connect(&Connection {
            region: self.region.clone(),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            trust_anchors,
            timeout: Some(Duration::from_secs(self.timeout)),
        })?)
    }

    fn tags(&self) -> Result<Vec<Tag>, Failure> {
        Ok(self.tags.iter().map(|t| t.parse()).collect::<certforge::Result<_>>()?)
    }
}

/// The flags of `up` for an import.
#[derive(clap::Args)]
pub struct UpArgs {
    /// Import it into AWS Certificate Manager and print its ARN
    #[arg(long)]
    import_acm: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

/// A connection that is ready, and the tags to put on what goes over it.
pub struct Session {
    importer: Importer,
    tags: Vec<Tag>,
}

impl UpArgs {
    /// Connects where an import is asked for, so that a missing region or missing
    /// credentials show before anything is made.
    pub fn session(&self) -> Result<Option<Session>, Failure> {
        let tags = self.connection.tags()?;
        if !self.import_acm {
            return Ok(None);
        }
        Ok(Some(Session { importer: self.connection.connect()?, tags }))
    }

    /// Refuses what ACM would refuse, before anything is saved or replaced.
    pub fn preflight(&self, bundle: &Bundle, now: OffsetDateTime) -> Result<(), Failure> {
        if self.import_acm {
            let key = bundle.key().public();
            preflight(&acm::Import { certificate: bundle.leaf(), key, chain: bundle.chain() }, now)?;
        }
        Ok(())
    }
}

impl Session {
    /// Imports a leaf of the store.
    pub fn import(
        self,
        entry: &LeafEntry,
        dry_run: bool,
        now: OffsetDateTime,
    ) -> Result<ImportReport, Failure> {
        let candidate = Candidate {
            certificate: &entry.certificate,
            chain: &entry.chain,
            tags: self.tags,
            arn: None,
            new: false,
            dry_run,
            now,
        };
        import(&self.importer, &candidate, entry.imports()?, || entry.private_key())
    }
}

/// What is to be imported, all but the private key, which is read last.
struct Candidate<'a> {
    certificate: &'a Certificate,
    chain: &'a Chain,
    tags: Vec<Tag>,
    /// The ARN that was given.
    arn: Option<CertificateArn>,
    new: bool,
    dry_run: bool,
    now: OffsetDateTime,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let tags = args.connection.tags()?;
    if let Some(name) = &args.name {
        let entry = context.store.leaf(name)?;
        let importer = args.connection.connect()?;
        let candidate = args.candidate(&entry.certificate, &entry.chain, tags, context.now);
        let report = import(&importer, &candidate, entry.imports()?, || entry.private_key())?;
        return Ok(Report::Import(report));
    }
    let file = |text: &Option<String>| text.as_deref().map(plain_path);
    let (Some(certificate_path), Some(key_path)) = (file(&args.certificate), file(&args.private_key)) else {
        return Err(Failure::Usage {
            message: "neither a leaf's name nor files were given".to_owned(),
            hint: "certforge import-acm 10.103.10.95".to_owned(),
        });
    };
    let (certificate, chain) =
        read_certificates(&certificate_path, file(&args.certificate_chain).as_deref())?;
    let importer = args.connection.connect()?;
    let mut record_path = certificate_path.clone().into_os_string();
    record_path.push(".acm.json");
    let records = ImportRecords::read(Path::new(&record_path))?;
    let candidate = args.candidate(&certificate, &chain, tags, context.now);
    let key = || gather::private_key(&read_input(&key_path)?, &key_path);
    Ok(Report::Import(import(&importer, &candidate, records, key)?))
}

impl Args {
    fn candidate<'a>(
        &self,
        certificate: &'a Certificate,
        chain: &'a Chain,
        tags: Vec<Tag>,
        now: OffsetDateTime,
    ) -> Candidate<'a> {
        let arn = self.certificate_arn.clone();
        Candidate { certificate, chain, tags, arn, new: self.new, dry_run: self.dry_run, now }
    }
}

/// The path behind the AWS CLI's prefixes.
fn plain_path(text: &str) -> PathBuf {
    let plain = text.strip_prefix("fileb://").or_else(|| text.strip_prefix("file://")).unwrap_or(text);
    PathBuf::from(plain)
}

/// The leaf and its issuers from files. What follows the leaf in its own file is
/// taken as the chain where no other was given.
fn read_certificates(leaf: &Path, chain: Option<&Path>) -> Result<(Certificate, Chain), Failure> {
    let mut certificates = gather::certificates(&read_input(leaf)?, leaf)?;
    let certificate = certificates.remove(0);
    let (issuers, path) = match chain {
        None => (certificates, leaf),
        Some(_) if !certificates.is_empty() => {
            let reason = format!("{} certificates, where one was expected", certificates.len() + 1);
            return Err(Error::MalformedPem { reason }.in_file(leaf).into());
        }
        Some(path) => (gather::certificates(&read_input(path)?, path)?, path),
    };
    Ok((certificate, Chain::new(issuers).map_err(|e| e.in_file(path))?))
}

/// Imports, or finds that there is nothing to do.
fn import(
    importer: &Importer,
    candidate: &Candidate<'_>,
    mut records: ImportRecords,
    key: impl FnOnce() -> certforge::Result<PrivateKey>,
) -> Result<ImportReport, Failure> {
    let sha256 = content_sha256(candidate.certificate, candidate.chain).to_string();
    let record =
        if candidate.new { None } else { records.find(importer.region(), importer.endpoint()).cloned() };
    let known = record.as_ref().map(|r| r.arn.parse::<CertificateArn>()).transpose();
    let known = known.map_err(|e| e.in_file(records.path()))?;
    let arn = candidate.arn.clone().or(known);
    if let Some(arn) = &arn
        && arn.region() != importer.region()
    {
        let reason = "it is in another region than the one asked for";
        return Err(Error::Arn { input: arn.to_string(), reason }.into());
    }
    let mut report = ImportReport {
        state: ImportState::Unchanged,
        arn: arn.as_ref().map(ToString::to_string),
        region: importer.region().to_owned(),
        endpoint: importer.endpoint().map(ToOwned::to_owned),
        sha256: sha256.clone(),
        tags: pairs(&candidate.tags),
        findings: Vec::new(),
    };
    let recorded = record.filter(|r| Some(&r.arn) == report.arn.as_ref());
    if let (Some(record), Some(arn)) = (recorded.as_ref().filter(|r| r.sha256 == sha256), &arn) {
        let tags = merged(&record.tags, &candidate.tags)?;
        report.tags = pairs(&tags);
        if report.tags == record.tags || candidate.dry_run {
            return Ok(report);
        }
        importer.tag(arn, &candidate.tags)?;
        report.state = ImportState::Tagged;
        save(&mut records, ImportRecord { tags: report.tags.clone(), ..record.clone() })?;
        return Ok(report);
    }
    let tags = merged(recorded.as_ref().map_or(&[], |r| &r.tags), &candidate.tags)?;
    report.tags = pairs(&tags);
    let key = key()?;
    let about = acm::Import { certificate: candidate.certificate, key: key.public(), chain: candidate.chain };
    let found = preflight(&about, candidate.now)?;
    report.findings = findings(&found);
    if candidate.dry_run {
        report.state = ImportState::Planned;
        return Ok(report);
    }
    let outcome = importer.import(&Import {
        certificate: candidate.certificate,
        chain: candidate.chain,
        key: &key,
        arn: arn.as_ref(),
        tags: &tags,
    })?;
    report.state = if arn.is_some() { ImportState::Reimported } else { ImportState::Imported };
    finish(report, &outcome, candidate, &mut records)
}

/// Writes down what ACM answered, and says what it does not.
fn finish(
    mut report: ImportReport,
    outcome: &Outcome,
    candidate: &Candidate<'_>,
    records: &mut ImportRecords,
) -> Result<ImportReport, Failure> {
    report.arn = Some(outcome.arn.to_string());
    let mut notes = Vec::new();
    if let Some(e) = &outcome.untagged {
        notes.push(
            Finding::new(
                "acm.untagged",
                Severity::Warning,
                "tags",
                format!("the tags could not be put on: {e}"),
            )
            .fix("allow acm:AddTagsToCertificate and run it again with --tags"),
        );
    }
    notes.push(Finding::new(
        "acm.api-gateway",
        Severity::Info,
        "trust",
        "API Gateway does not trust a private CA because ACM holds its certificate: \
         on a REST API set tlsConfig.insecureSkipVerification, on an HTTP API serverNameToVerify",
    ));
    report.findings.extend(findings(&notes));
    let record = ImportRecord {
        arn: outcome.arn.to_string(),
        region: report.region.clone(),
        endpoint: report.endpoint.clone(),
        sha256: outcome.sha256.clone(),
        imported_at: rfc3339(candidate.now),
        tags: report.tags.clone(),
    };
    save(records, record)?;
    Ok(report)
}

fn save(records: &mut ImportRecords, record: ImportRecord) -> Result<(), Failure> {
    let arn = record.arn.clone();
    records.save(record).map_err(|e| Error::ImportUnsaved { arn, source: Box::new(e) }.into())
}

/// What ACM would refuse is refused here, before any call.
fn preflight(import: &acm::Import<'_>, now: OffsetDateTime) -> Result<Vec<Finding>, Failure> {
    let found = acm::import(import, now);
    let errors: Vec<_> = found
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(|f| (f.code, format!("{} ({})", f.message, f.fix)))
        .collect();
    if errors.is_empty() { Ok(found) } else { Err(Error::Preflight { findings: errors }.into()) }
}

fn pairs(tags: &[Tag]) -> Vec<(String, String)> {
    tags.iter().map(|t| (t.key.clone(), t.value.clone())).collect()
}

/// The tags known already, with those asked for in their place or behind them.
fn merged(known: &[(String, String)], asked: &[Tag]) -> Result<Vec<Tag>, Failure> {
    let mut tags = Vec::new();
    for (key, value) in known {
        if !asked.iter().any(|t| t.key == *key) {
            tags.push(Tag::new(key, value)?);
        }
    }
    tags.extend_from_slice(asked);
    Ok(tags)
}
