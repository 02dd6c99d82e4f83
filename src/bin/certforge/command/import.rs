//! One leaf into one place of ACM: what is on record, what the rules say, the
//! call, and what is written down of it.

use std::sync::{Mutex, OnceLock, PoisonError};

use certforge::aws::{CONTENT_TAG, CertificateArn, Import, Place, Prepared, Tag, Wanted};
use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::check::acm::{self, Allowed, Service};
use certforge::key::PrivateKey;
use certforge::store::{ImportRecord, ImportRecords};
use certforge::validity::rfc3339;
use certforge::{Error, Finding, KeyAlgorithm, Severity};
use time::OffsetDateTime;

use crate::command::Failure;
use crate::command::target::Session;
use crate::report::{CallReport, ImportReport, ImportState, TagReport, findings};

/// A private key that is read when it is needed: after region and credentials are
/// settled, and not at all where nothing is sent.
pub struct LazyKey<'a> {
    read: Box<dyn Fn() -> Result<PrivateKey, Failure> + Sync + 'a>,
    key: OnceLock<PrivateKey>,
}

impl<'a> LazyKey<'a> {
    pub fn new(read: impl Fn() -> Result<PrivateKey, Failure> + Sync + 'a) -> Self {
        Self { read: Box::new(read), key: OnceLock::new() }
    }

    /// A key that is there.
    pub fn ready(key: PrivateKey) -> Self {
        let gone = || {
            let reason = "it was not kept".to_owned();
            Err(Error::Internal { doing: "reading the key", reason }.into())
        };
        Self { read: Box::new(gone), key: OnceLock::from(key) }
    }

    fn get(&self) -> Result<&PrivateKey, Failure> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = (self.read)()?;
        Ok(self.key.get_or_init(|| key))
    }
}

/// What is to be imported, all but the private key.
pub struct Candidate<'a> {
    pub certificate: &'a Certificate,
    pub chain: &'a Chain,
    /// What reading the files had to say.
    pub gathered: &'a [Finding],
    pub tags: &'a [Tag],
    /// The ARN that was given.
    pub arn: Option<&'a CertificateArn>,
    pub new: bool,
    pub services: &'a [Service],
    pub allowed: &'a Allowed,
    pub dry_run: bool,
    pub now: OffsetDateTime,
}

impl Candidate<'_> {
    /// What the rules look at.
    fn rules<'b>(
        &'b self,
        key: Option<&'b PrivateKey>,
        key_octets: usize,
        tags: &'b [(String, String)],
        region: Option<&'b str>,
        arn: Option<&'b CertificateArn>,
    ) -> acm::Import<'b> {
        let mut import = acm::Import::new(self.certificate, self.chain, key.map(PrivateKey::public));
        import.key_octets = key_octets;
        import.services = self.services;
        import.region = region;
        import.arn_region = arn.map(CertificateArn::region);
        import.tags = tags;
        import
    }

    /// What is to be said without asking ACM; with an error in it, a refusal.
    pub fn preflight(
        &self,
        key: &PrivateKey,
        tags: &[Tag],
        region: Option<&str>,
        arn: Option<&CertificateArn>,
    ) -> Result<Vec<Finding>, Failure> {
        let pairs = pairs(tags);
        let octets = key.secret_pem()?.len();
        let about = self.rules(Some(key), octets, &pairs, region, arn);
        refuse_errors(acm::import(&about, self.gathered, self.allowed, self.now))
    }
}

/// The findings, unless one is an error.
pub fn refuse_errors(found: Vec<Finding>) -> Result<Vec<Finding>, Failure> {
    if found.iter().any(|f| f.severity == Severity::Error) { Err(Failure::Refused(found)) } else { Ok(found) }
}

/// Imports, or finds that there is nothing to do.
pub fn import(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    key: &LazyKey<'_>,
) -> Result<ImportReport, Failure> {
    let importer = &session.importer;
    let record = known(session, candidate, &lock(records))?;
    let arn = match &record {
        Some(record) => Some(record.arn.parse::<CertificateArn>()?),
        None => candidate.arn.cloned(),
    };
    let tags = merged(record.as_ref().map_or(&[], |r| &r.tags), candidate.tags)?;
    let mut report = ImportReport {
        state: ImportState::Unchanged,
        arn: arn.as_ref().map(ToString::to_string),
        region: importer.region().to_owned(),
        profile: session.profile.clone(),
        endpoint: session.endpoint().map(ToOwned::to_owned),
        sha256: content_sha256(candidate.certificate, candidate.chain).to_string(),
        tags: tags.iter().map(TagReport::of).collect(),
        call: None,
        findings: Vec::new(),
    };
    if let (Some(record), Some(arn)) = (record.as_ref().filter(|r| r.sha256 == report.sha256), &arn) {
        if !same_tags(&record.tags, &tags) && !candidate.dry_run {
            let content = Tag::new(CONTENT_TAG, &report.sha256)?;
            importer.tag(arn, &[&[content], &tags[..]].concat())?;
            report.state = ImportState::Tagged;
            save(records, ImportRecord { tags: pairs(&tags), ..record.clone() })?;
        }
        return Ok(report);
    }
    let key = key.get()?;
    let mut found = candidate.preflight(key, &tags, Some(importer.region()), arn.as_ref())?;
    if let Some(record) = &record {
        same_key(record, candidate.certificate)?;
    }
    found.extend(notes(session, candidate));
    let wanted = Wanted {
        certificate: candidate.certificate,
        chain: candidate.chain,
        arn: arn.as_ref(),
        new: candidate.new,
    };
    let prepared = match importer.prepare(&wanted) {
        Ok(prepared) => prepared,
        // A dry run says what it can.
        Err(e) if candidate.dry_run => {
            found.push(not_asked(&e));
            report.findings = findings(&found);
            return Ok(planned(report, candidate, key, arn.as_ref(), &tags)?);
        }
        Err(e) => return Err(e.into()),
    };
    found.extend(candidate.of_held(&prepared, key, importer.region())?);
    report.findings = findings(&found);
    let target = match &prepared.place {
        Place::New => None,
        Place::Replace(arn) | Place::There(arn) => Some(arn),
    };
    report.arn = target.map(ToString::to_string);
    match prepared.place {
        Place::There(_) if candidate.dry_run => Ok(report),
        _ if candidate.dry_run => Ok(planned(report, candidate, key, target, &tags)?),
        _ => send(session, candidate, records, key, &prepared, &tags, report),
    }
}

impl Candidate<'_> {
    /// What is to be said of what ACM holds; with an error in it, a refusal.
    fn of_held(&self, prepared: &Prepared, key: &PrivateKey, region: &str) -> Result<Vec<Finding>, Failure> {
        let about = self.rules(Some(key), 0, &[], Some(region), None);
        let mut found = acm::reimport(&about, &prepared.held, self.allowed);
        if !matches!(prepared.place, Place::Replace(_)) {
            // Nothing is replaced: how much there is matters all the same.
            found.retain(|f| f.code == "acm.Q01");
        }
        found.splice(0..0, prepared.findings.iter().cloned());
        refuse_errors(found)
    }
}

/// The call, and what is written down of it.
fn send(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    key: &PrivateKey,
    prepared: &Prepared,
    tags: &[Tag],
    mut report: ImportReport,
) -> Result<ImportReport, Failure> {
    // An ARN that cannot be written down would be imported a second time.
    lock(records).check_writable()?;
    if let (Place::Replace(_), Some(held)) = (&prepared.place, &prepared.held.certificate) {
        let kept = lock(records).keep_previous(held, &prepared.held_chain)?;
        report.findings.extend(kept.map(|path| findings(&[previous(&path)])).into_iter().flatten());
    }
    let import = Import { certificate: candidate.certificate, chain: candidate.chain, key, tags };
    let outcome = session.importer.import(&import, &prepared.place)?;
    report.state = match prepared.place {
        _ if outcome.found => ImportState::Found,
        Place::Replace(_) => ImportState::Reimported,
        Place::New | Place::There(_) => ImportState::Imported,
    };
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
    save(records, record_of(session, candidate, &outcome.arn, recorded))?;
    Ok(report)
}

/// What is written down of an import.
fn record_of(
    session: &Session,
    candidate: &Candidate<'_>,
    arn: &CertificateArn,
    tags: Vec<(String, String)>,
) -> ImportRecord {
    ImportRecord {
        arn: arn.to_string(),
        region: session.importer.region().to_owned(),
        endpoint: session.endpoint().map(ToOwned::to_owned),
        profile: session.profile.clone(),
        key: candidate.certificate.public_key().algorithm().map(|a| a.as_str().to_owned()),
        sha256: content_sha256(candidate.certificate, candidate.chain).to_string(),
        imported_at: rfc3339(candidate.now),
        tags,
    }
}

/// Writes down where ACM has the very content already, if it has.
pub fn recover(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &mut ImportRecords,
) -> Result<(), Failure> {
    let wanted = Wanted { certificate: candidate.certificate, chain: candidate.chain, arn: None, new: false };
    let Place::There(arn) = session.importer.prepare(&wanted)?.place else { return Ok(()) };
    Ok(records.save(record_of(session, candidate, &arn, Vec::new()))?)
}

fn lock(records: &Mutex<ImportRecords>) -> std::sync::MutexGuard<'_, ImportRecords> {
    records.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The report of what would be done, with the call that would be made.
fn planned(
    mut report: ImportReport,
    candidate: &Candidate<'_>,
    key: &PrivateKey,
    arn: Option<&CertificateArn>,
    tags: &[Tag],
) -> certforge::Result<ImportReport> {
    report.state = ImportState::Planned;
    let content = Tag::new(CONTENT_TAG, &report.sha256)?;
    let tags: Vec<TagReport> = std::iter::once(&content).chain(tags).map(TagReport::of).collect();
    // A re-import takes no tags; they are put on by a call of their own.
    let tags = if arn.is_none() { tags } else { Vec::new() };
    report.call = Some(CallReport {
        action: "ImportCertificate",
        arn: arn.map(ToString::to_string),
        certificate: candidate.certificate.pem()?,
        private_key: format!("{}, {} octets, not shown", key.algorithm().label(), key.secret_pem()?.len()),
        chain: match candidate.chain.certificates() {
            [] => None,
            _ => Some(candidate.chain.pem()?),
        },
        tags,
    });
    Ok(report)
}

/// What is to be said of every import.
fn notes(session: &Session, candidate: &Candidate<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if session.importer.is_in_clear() {
        let message = "the private key goes over the network in clear: the endpoint is http";
        found.push(Finding::new("acm.http", Severity::Warning, "endpoint", message).fix("use https"));
    }
    if !candidate.services.contains(&Service::ApiGatewayBackend) {
        found.push(Finding::new(
            "acm.api-gateway",
            Severity::Info,
            "trust",
            "API Gateway does not trust a private CA because ACM holds its certificate: on a REST API set \
             tlsConfig.insecureSkipVerification, on an HTTP API serverNameToVerify (docs/acm.md)",
        ));
    }
    found
}

fn not_asked(e: &Error) -> Finding {
    let message = format!("ACM was not asked: {e}");
    Finding::new("acm.not-asked", Severity::Warning, "aws", message)
        .fix("what depends on what ACM holds is not checked")
}

fn previous(path: &std::path::Path) -> Finding {
    let message = format!("what ACM held before is kept in {}, without its key", path.display());
    Finding::new("acm.previous", Severity::Info, "record", message)
}

/// What is on record for this place, unless another ARN or a new one is asked for.
fn known(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &ImportRecords,
) -> Result<Option<ImportRecord>, Failure> {
    if candidate.new {
        return Ok(None);
    }
    let found = records.find(session.importer.region(), session.endpoint(), session.profile.as_deref());
    let Some(record) = found else { return Ok(None) };
    let arn: CertificateArn = record.arn.parse()?;
    let asked_for = candidate.arn.is_none_or(|asked| *asked == arn);
    Ok((asked_for && !session.importer.is_foreign(&arn)).then(|| record.clone()))
}

/// ACM keeps the kind of key of an ARN (ACM user guide, "Reimporting a certificate"):
/// told by the record alone where it can be.
pub fn same_key(record: &ImportRecord, certificate: &Certificate) -> Result<(), Failure> {
    let kind = certificate.public_key().algorithm().map(KeyAlgorithm::as_str);
    match (&record.key, kind) {
        (Some(recorded), Some(kind)) if recorded != kind => {
            let message = format!("it holds a key of the kind {recorded}, and this one is {kind}");
            let fix = acm::Rule::named("R02").map_or("", |rule| rule.fix);
            let finding = Finding::new("acm.R02", Severity::Error, record.arn.clone(), message).fix(fix);
            Err(Failure::Refused(vec![finding]))
        }
        _ => Ok(()),
    }
}

fn save(records: &Mutex<ImportRecords>, record: ImportRecord) -> Result<(), Failure> {
    let arn = record.arn.clone();
    lock(records).save(record).map_err(|e| Error::ImportUnsaved { arn, source: Box::new(e) }.into())
}

/// Whether the tags on record are these, in whatever order.
fn same_tags(recorded: &[(String, String)], tags: &[Tag]) -> bool {
    recorded.len() == tags.len()
        && tags.iter().all(|t| recorded.iter().any(|(k, v)| *k == t.key && *v == t.value))
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
    Ok(tags)
}
