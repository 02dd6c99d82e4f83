//! `certforge import-acm`: a leaf into AWS Certificate Manager.

use std::path::{Path, PathBuf};
use std::time::Duration;

use certforge::aws::{CONTENT_TAG, CertificateArn, Connection, Import, Importer, Outcome, Tag};
use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::check::acm;
use certforge::key::PrivateKey;
use certforge::store::{ImportRecord, ImportRecords, LeafEntry, is_regular, read_input};
use certforge::validity::rfc3339;
use certforge::{Bundle, Error, Finding, KeyAlgorithm, Severity, gather};
use time::OffsetDateTime;

use crate::command::{Context, Failure};
use crate::environment;
use crate::report::{ImportReport, ImportState, Report, TagReport, findings};

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
    /// A tag, as Key=team,Value=edge or team=edge; repeat it for more
    #[arg(long, value_name = "TAG")]
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

    /// The profile that is used, however it was chosen.
    fn profile(&self) -> Option<String> {
        self.profile.clone().or_else(environment::aws_profile)
    }

    fn tags(&self) -> Result<Vec<Tag>, Failure> {
        Ok(self.tags.iter().map(|t| t.parse()).collect::<certforge::Result<_>>()?)
    }
}

// The flags of `up` for an import.
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
    profile: Option<String>,
    tags: Vec<Tag>,
}

impl UpArgs {
    /// Connects where an import is asked for, so that a missing region or missing
    /// credentials show before anything is made.
    pub fn session(&self) -> Result<Option<Session>, Failure> {
        let tags = self.connection.tags()?;
        if !self.import_acm {
            let given = self.connection.region.is_some()
                || self.connection.profile.is_some()
                || self.connection.endpoint_url.is_some()
                || !tags.is_empty();
            return if given {
                Err(Failure::Usage {
                    message: "--region, --profile, --endpoint-url and --tags are for an import".to_owned(),
                    hint: "add --import-acm".to_owned(),
                })
            } else {
                Ok(None)
            };
        }
        let profile = self.connection.profile();
        Ok(Some(Session { importer: self.connection.connect()?, profile, tags }))
    }

    /// Refuses what ACM would refuse, before anything is saved or replaced.
    pub fn preflight(
        &self,
        bundle: &Bundle,
        there: Option<&LeafEntry>,
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        if !self.import_acm {
            return Ok(());
        }
        let key = bundle.key().public();
        preflight(&acm::Import { certificate: bundle.leaf(), key, chain: bundle.chain() }, now)?;
        let records = there.map(LeafEntry::imports).transpose()?;
        records.iter().flat_map(ImportRecords::all).try_for_each(|record| same_key(record, bundle.leaf()))
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
        let _lock = if dry_run { None } else { Some(entry.lock()?) };
        let candidate = Candidate {
            certificate: &entry.certificate,
            chain: &entry.chain,
            profile: self.profile,
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
    profile: Option<String>,
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
        context.store.leaf(name)?;
        let importer = args.connection.connect()?;
        // Read under the lock: another run may have replaced or imported it meanwhile.
        let locked = context.store.leaf(name)?;
        let _lock = if args.dry_run { None } else { Some(locked.lock()?) };
        let entry = context.store.leaf(name)?;
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
    let records = if is_regular(&certificate_path) {
        let mut record_path = certificate_path.clone().into_os_string();
        record_path.push(".acm.json");
        ImportRecords::read(Path::new(&record_path))?
    } else {
        ImportRecords::nowhere()
    };
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
        let profile = self.connection.profile();
        Candidate { certificate, chain, profile, tags, arn, new: self.new, dry_run: self.dry_run, now }
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
    let record = known(importer, candidate, &records)?;
    let arn = match &record {
        Some(record) => Some(record.arn.parse::<CertificateArn>()?),
        None => candidate.arn.clone(),
    };
    if let Some(arn) = &arn
        && arn.region() != importer.region()
    {
        let wanted = format!("the region {}", importer.region());
        return Err(Error::ArnPlace { arn: arn.to_string(), wanted }.into());
    }
    let tags = merged(record.as_ref().map_or(&[], |r| &r.tags), &candidate.tags)?;
    let mut report = ImportReport {
        state: ImportState::Unchanged,
        arn: arn.as_ref().map(ToString::to_string),
        region: importer.region().to_owned(),
        endpoint: importer.endpoint().map(ToOwned::to_owned),
        sha256: sha256.clone(),
        tags: tags.iter().map(TagReport::of).collect(),
        findings: Vec::new(),
    };
    if let (Some(record), Some(arn)) = (record.as_ref().filter(|r| r.sha256 == sha256), &arn) {
        if same_tags(&record.tags, &tags) || candidate.dry_run {
            return Ok(report);
        }
        let content = Tag::new(CONTENT_TAG, &sha256)?;
        importer.tag(arn, &[&[content], &tags[..]].concat())?;
        report.state = ImportState::Tagged;
        save(&mut records, ImportRecord { tags: pairs(&tags), ..record.clone() })?;
        return Ok(report);
    }
    if let Some(record) = &record {
        same_key(record, candidate.certificate)?;
    }
    let key = key()?;
    let about = acm::Import { certificate: candidate.certificate, key: key.public(), chain: candidate.chain };
    let mut found = preflight(&about, candidate.now)?;
    if importer.is_in_clear() {
        let message = "the private key goes over the network in clear: the endpoint is http";
        found.push(Finding::new("acm.http", Severity::Warning, "endpoint", message).fix("use https"));
    }
    found.push(Finding::new(
        "acm.api-gateway",
        Severity::Info,
        "trust",
        "API Gateway does not trust a private CA because ACM holds its certificate: \
         on a REST API set tlsConfig.insecureSkipVerification, on an HTTP API serverNameToVerify",
    ));
    report.findings = findings(&found);
    if candidate.dry_run {
        report.state = ImportState::Planned;
        return Ok(report);
    }
    // An ARN that cannot be written down would be imported a second time.
    records.check_writable()?;
    let outcome = importer.import(&Import {
        certificate: candidate.certificate,
        chain: candidate.chain,
        key: &key,
        arn: arn.as_ref(),
        tags: &tags,
    })?;
    report.state = if arn.is_some() { ImportState::Reimported } else { ImportState::Imported };
    finish(report, &outcome, candidate, &tags, &mut records)
}

/// What is on record for this place, unless another ARN or a new one is asked for.
fn known(
    importer: &Importer,
    candidate: &Candidate<'_>,
    records: &ImportRecords,
) -> Result<Option<ImportRecord>, Failure> {
    if candidate.new {
        return Ok(None);
    }
    let found = records.find(importer.region(), importer.endpoint(), candidate.profile.as_deref());
    let Some(record) = found else { return Ok(None) };
    let arn: CertificateArn = record.arn.parse()?;
    let asked_for = candidate.arn.as_ref().is_none_or(|asked| *asked == arn);
    Ok((asked_for && !importer.is_foreign(&arn)).then(|| record.clone()))
}

/// ACM keeps the kind of key of an ARN (ACM user guide, "Reimporting a certificate").
fn same_key(record: &ImportRecord, certificate: &Certificate) -> Result<(), Failure> {
    let kind = certificate.public_key().algorithm().map(KeyAlgorithm::as_str);
    match (&record.key, kind) {
        (Some(recorded), Some(kind)) if recorded != kind => {
            let message =
                format!("{} holds a key of the kind {recorded}, and this one is {kind}", record.arn);
            Err(Error::Preflight { findings: vec![("acm.R02", message)] }.into())
        }
        _ => Ok(()),
    }
}

/// Writes down what ACM answered, and says what it does not.
fn finish(
    mut report: ImportReport,
    outcome: &Outcome,
    candidate: &Candidate<'_>,
    tags: &[Tag],
    records: &mut ImportRecords,
) -> Result<ImportReport, Failure> {
    report.arn = Some(outcome.arn.to_string());
    let mut recorded = pairs(tags);
    if let Some(e) = &outcome.untagged {
        // Left off the record, so that the same call puts them on next time.
        recorded.clear();
        let note =
            Finding::new("acm.untagged", Severity::Warning, "tags", format!("no tags could be put on: {e}"))
                .fix("allow acm:AddTagsToCertificate and run it again with all --tags");
        report.findings.extend(findings(&[note]));
    }
    let record = ImportRecord {
        arn: outcome.arn.to_string(),
        region: report.region.clone(),
        endpoint: report.endpoint.clone(),
        profile: candidate.profile.clone(),
        key: candidate.certificate.public_key().algorithm().map(|a| a.as_str().to_owned()),
        sha256: outcome.sha256.clone(),
        imported_at: rfc3339(candidate.now),
        tags: recorded,
    };
    save(records, record)?;
    Ok(report)
}

fn save(records: &mut ImportRecords, record: ImportRecord) -> Result<(), Failure> {
    let arn = record.arn.clone();
    records.save(record).map_err(|e| Error::ImportUnsaved { arn, source: Box::new(e) }.into())
}

/// Whether the tags on record are these, in whatever order.
fn same_tags(recorded: &[(String, String)], tags: &[Tag]) -> bool {
    recorded.len() == tags.len()
        && tags.iter().all(|t| recorded.iter().any(|(k, v)| *k == t.key && *v == t.value))
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
/// Of two with one key the later counts.
fn merged(known: &[(String, String)], asked: &[Tag]) -> Result<Vec<Tag>, Failure> {
    let mut tags: Vec<Tag> = Vec::new();
    let known =
        known.iter().map(|(key, value)| Tag::new(key, value)).collect::<certforge::Result<Vec<_>>>()?;
    for tag in known.iter().chain(asked) {
        tags.retain(|t| t.key != tag.key);
        tags.push(tag.clone());
    }
    // One more is the content's own (ACM API reference: 50 in all).
    if tags.len() > 49 {
        let input = tags.len().to_string();
        return Err(Error::Tag { input, reason: "with certforge's own they are more than 50" }.into());
    }
    Ok(tags)
}
