//! One leaf into one place of ACM: what is on record, what the rules say, the
//! call, and what is written down of it.

mod record;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use certforge::aws::{CONTENT_TAG, CertificateArn, Import, Place, Prepared, Tag, is_gone};
use certforge::check::acm::{self, Service};
use certforge::key::PrivateKey;
use certforge::store::{ImportRecord, ImportRecords, PendingImport, SIMULATOR};
use certforge::validity::rfc3339;
use certforge::{Error, Finding, Severity};

use crate::command::candidate::{Candidate, LazyKey, pairs, refuse_errors};
use crate::command::target::{Session, Target};
use crate::context::Failure;
use crate::environment;
use crate::report::{CallReport, ImportReport, ImportState, Problem, TagReport, findings};
pub use record::same_key;
use record::{begun, known, merged, record_of, same_tags, save};

/// Imports, or finds that there is nothing to do.
pub fn import(
    target: &Target,
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    key: &LazyKey<'_>,
) -> Result<ImportReport, Failure> {
    let session = match &target.session {
        Ok(session) => session,
        Err(failure) if candidate.dry_run => {
            return offline(target, candidate, key, failure, &lock(records));
        }
        Err(failure) => return Err(failure.clone()),
    };
    let importer = &session.importer;
    let record = known(session, candidate, &lock(records))?;
    let arn = match &record {
        Some(record) => Some(record.arn.parse::<CertificateArn>()?),
        None => candidate.arn.cloned(),
    };
    let tags = merged(record.as_ref().map_or(&[], |r| &r.tags), candidate.tags)?;
    let mut report = blank(target, candidate.sha256(), arn.as_ref(), &tags);
    // Who says which ARN it is wants it there, whatever the record says.
    let recorded = record.as_ref().filter(|r| r.sha256 == report.sha256 && candidate.arn.is_none());
    if let Some(record) = recorded {
        match unchanged(session, candidate, records, record, key.peek(), report) {
            // It was deleted meanwhile, as its tags have shown: it is imported as a new one.
            Err(Failure::Error(e)) if is_gone(&e) => {
                report = blank(target, candidate.sha256(), arn.as_ref(), &tags);
            }
            done => return done,
        }
    }
    let key = match key.get() {
        Ok(key) => key,
        Err(failure) => {
            return without_key(session, candidate, records, record, arn.as_ref(), report, failure);
        }
    };
    let mut found = candidate.preflight(key, &tags, Some(importer.region()), arn.as_ref())?;
    // What is on record may be gone: then any kind of key may come in its place.
    let other_kind = record.as_ref().map_or(Ok(()), |record| same_key(record, candidate.certificate));
    found.extend(notes(session, candidate));
    let (ago, others) = begun(session, candidate, &lock(records), &report.sha256);
    found.extend(others);
    let prepare = |arn: Option<&CertificateArn>| prepare(session, candidate, arn, ago);
    let prepared = match prepare(arn.as_ref()) {
        Ok(prepared) => {
            other_kind?;
            prepared
        }
        // What is on record is gone from ACM: it cannot be imported to again.
        Err(e) if record.is_some() && is_gone(&e) => {
            found.extend(arn.as_ref().map(gone));
            prepare(None)?
        }
        // A dry run says what it can.
        Err(e) if candidate.dry_run => {
            other_kind?;
            found.push(not_asked(&e.to_string()));
            report.findings = findings(&found);
            return Ok(planned(report, candidate, key, arn.as_ref(), &tags)?);
        }
        Err(e) => return Err(other_kind.err().unwrap_or_else(|| e.into())),
    };
    found.extend(candidate.of_held(&prepared)?);
    report.findings = findings(&found);
    let place = match &prepared.place {
        Place::New => None,
        Place::Replace(arn) | Place::There(arn) => Some(arn),
    };
    report.arn = place.map(ToString::to_string);
    match prepared.place {
        Place::There(_) if candidate.dry_run => Ok(report),
        _ if candidate.dry_run => Ok(planned(report, candidate, key, place, &tags)?),
        _ => {
            let known = record.is_some_and(|record| record.sha256 == report.sha256);
            let mut report = send(session, candidate, records, key, &prepared, &tags, report)?;
            if known && report.state == ImportState::Found {
                report.state = ImportState::Unchanged;
            }
            Ok(report)
        }
    }
}

/// Asks ACM what an import would meet; `ago` says that another run began the same import, and how long
/// before: what it made may not be on the list yet.
fn prepare(
    session: &Session,
    candidate: &Candidate<'_>,
    arn: Option<&CertificateArn>,
    ago: Option<Duration>,
) -> Result<Prepared, Error> {
    let prepared = session.importer.prepare(&candidate.wanted(arn))?;
    match ago.filter(|_| prepared.place == Place::New) {
        Some(ago) => session.importer.prepare_after(&candidate.wanted(arn), ago),
        None => Ok(prepared),
    }
}

/// A leaf whose key cannot be had: ACM alone may have it, and the very certificate at the ARN that was
/// said.
fn without_key(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    record: Option<ImportRecord>,
    arn: Option<&CertificateArn>,
    mut report: ImportReport,
    failure: Failure,
) -> Result<ImportReport, Failure> {
    let lost = matches!(&failure, Failure::Error(e) if matches!(**e, Error::Missing { .. }));
    if !lost || candidate.arn.is_none() {
        return Err(failure);
    }
    let Ok(Prepared { place: Place::There(arn), .. }) = session.importer.prepare(&candidate.wanted(arn))
    else {
        return Err(failure);
    };
    report.state = ImportState::Found;
    let tags = record.filter(|r| r.sha256 == report.sha256).map(|r| r.tags).unwrap_or_default();
    let record = record_of(session, candidate, &arn, tags);
    if !candidate.dry_run {
        save(records, record.clone())?;
    }
    unchanged(session, candidate, records, &record, None, report)
}

/// What would be imported, of a leaf that is not made yet.
pub fn unmade(target: &Target, tags: &[Tag]) -> ImportReport {
    ImportReport { state: ImportState::Planned, ..blank(target, String::new(), None, tags) }
}

/// A report of nothing yet.
fn blank(target: &Target, sha256: String, arn: Option<&CertificateArn>, tags: &[Tag]) -> ImportReport {
    let endpoint = target.session.as_ref().ok().and_then(Session::endpoint);
    ImportReport {
        state: ImportState::Unchanged,
        arn: arn.map(ToString::to_string),
        region: target.region.clone(),
        profile: target.profile.clone(),
        endpoint: endpoint.map(ToOwned::to_owned),
        sha256,
        tags: tags.iter().map(TagReport::of).collect(),
        call: None,
        findings: Vec::new(),
    }
}

/// What can be said of a place that cannot be reached: all that needs no answer.
fn offline(
    target: &Target,
    candidate: &Candidate<'_>,
    key: &LazyKey<'_>,
    failure: &Failure,
    records: &ImportRecords,
) -> Result<ImportReport, Failure> {
    let key = key.get()?;
    // Whose credentials there will be nobody knows: with one record here it is that one.
    let mut here = records.all().iter().filter(|r| r.region == target.region && r.endpoint.is_none());
    let recorded = match (here.next(), here.next()) {
        (Some(record), None) if !candidate.new => Some(record.arn.parse::<CertificateArn>()?),
        _ => None,
    };
    let arn = candidate.arn.or(recorded.as_ref());
    let region = Some(target.region.as_str()).filter(|region| *region != "unknown");
    let mut found = candidate.preflight(key, candidate.tags, region, arn)?;
    found.push(not_asked(&Problem::of(failure).message));
    let mut report = blank(target, candidate.sha256(), arn, candidate.tags);
    report.findings = findings(&found);
    Ok(planned(report, candidate, key, arn, candidate.tags)?)
}

/// The same content is at this ARN already: nothing is sent, but tags may be added,
/// and what the services or the time say of it is told.
fn unchanged(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    record: &ImportRecord,
    key: Option<&PrivateKey>,
    mut report: ImportReport,
) -> Result<ImportReport, Failure> {
    let arn: CertificateArn = record.arn.parse()?;
    let tags = merged(&record.tags, candidate.tags)?;
    let found = candidate.offline(key, &tags, Some(session.importer.region()), Some(&arn))?;
    let other_key = found.iter().any(|f| f.code == "acm.K06");
    if candidate.dry_run || other_key {
        let mut found = refuse_errors(found)?;
        if !same_tags(&record.tags, &tags) {
            let message = "the tags would be put on: nothing else changes";
            found.push(Finding::new("acm.tags", Severity::Info, "tags", message));
        }
        report.findings = findings(&found);
        return Ok(report);
    }
    let urgent = |f: &&Finding| f.severity >= Severity::Warning && ["acm.S", "acm.V"].contains(&&f.code[..5]);
    let mut told: Vec<Finding> = found.iter().filter(urgent).cloned().collect();
    for finding in &mut told {
        // Nothing is refused: it is there.
        finding.severity = Severity::Warning;
    }
    if !same_tags(&record.tags, &tags) {
        let content = Tag::new(CONTENT_TAG, &report.sha256)?;
        match session.importer.tag(&arn, &[&[content], &tags[..]].concat()) {
            Ok(()) => {
                report.state = ImportState::Tagged;
                save(records, ImportRecord { tags: pairs(&tags), ..record.clone() })?;
            }
            Err(e @ Error::AwsRefused { .. }) if !is_gone(&e) => told.push(untagged(&e)),
            Err(e) => return Err(e.into()),
        }
    }
    let services: Vec<String> = candidate.services.iter().map(ToString::to_string).collect();
    // What is said of it once holds when it is renewed too, but for what would stop that.
    let fits = !found.iter().any(|f| f.severity == Severity::Error);
    let known = lock(records).all().iter().find(|r| r.arn == record.arn).cloned();
    if let Some(known) = known.filter(|known| fits && !services.is_empty() && known.services != services) {
        save(records, ImportRecord { services, ..known })?;
    }
    report.findings = findings(&told);
    Ok(report)
}

/// That the certificate is there, and its tags are not.
fn untagged(e: &Error) -> Finding {
    Finding::new("acm.untagged", Severity::Warning, "tags", format!("no tags could be put on: {e}"))
        .fix("allow acm:AddTagsToCertificate and run it again with all --tags")
}

impl Candidate<'_> {
    /// What is to be said of what ACM holds; with an error in it, a refusal.
    fn of_held(&self, prepared: &Prepared) -> Result<Vec<Finding>, Failure> {
        let about = acm::Import::new(self.certificate, self.chain, None);
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
    let import = Import { certificate: candidate.certificate, chain: &candidate.sent, key, tags };
    let (region, endpoint) = (session.importer.region(), session.endpoint());
    // What a simulator holds that goes with the run nobody looks for.
    let pending = (prepared.place == Place::New && endpoint != Some(SIMULATOR)).then(|| PendingImport {
        region: region.to_owned(),
        endpoint: endpoint.map(ToOwned::to_owned),
        profile: session.profile.clone(),
        sha256: report.sha256.clone(),
        since: rfc3339(environment::now()),
    });
    if let Some(pending) = &pending {
        lock(records).begin(pending.clone())?;
    }
    let outcome = match session.importer.import(&import, prepared) {
        Ok(outcome) => outcome,
        // Whether something was made is not known: the next run asks before it imports.
        Err(e @ (Error::AwsAnswer { .. } | Error::AwsUnresolved { .. })) => return Err(e.into()),
        Err(e) => {
            // A mark that stays has the next run look for some seconds.
            let _ = pending.map(|pending| lock(records).settle(&pending));
            return Err(e.into());
        }
    };
    report.state = match prepared.place {
        Place::There(_) => ImportState::Found,
        _ if outcome.found => ImportState::Found,
        Place::Replace(_) => ImportState::Reimported,
        Place::New => ImportState::Imported,
    };
    report.arn = Some(outcome.arn.to_string());
    let mut recorded = pairs(tags);
    if let Some(e) = &outcome.untagged {
        // Left off the record, so that the same call puts them on next time.
        recorded.clear();
        let note = untagged(e);
        report.findings.extend(findings(&[note]));
    }
    if lock(records).path().is_none() {
        let message = "the ARN is kept nowhere, because there is no file to keep it beside";
        let fix = format!("give --record FILE, or next time --certificate-arn {}", outcome.arn);
        let note = Finding::new("acm.unrecorded", Severity::Warning, "record", message).fix(fix);
        report.findings.extend(findings(&[note]));
    }
    save(records, record_of(session, candidate, &outcome.arn, recorded))?;
    Ok(report)
}

/// Writes down where ACM has the very content already, if it has.
pub fn recover(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &mut ImportRecords,
) -> Result<(), Failure> {
    let Place::There(arn) = session.importer.prepare(&candidate.wanted(None))?.place else { return Ok(()) };
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
        chain: match candidate.sent.certificates() {
            [] => None,
            _ => Some(candidate.sent.pem()?),
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
             tlsConfig.insecureSkipVerification, on an HTTP API serverNameToVerify (certforge apigw explain)",
        ));
    }
    found
}

fn not_asked(reason: &str) -> Finding {
    let message = format!("ACM was not asked: {reason}");
    Finding::new("acm.not-asked", Severity::Warning, "aws", message)
        .fix("what depends on what ACM holds is not checked")
}

fn gone(arn: &CertificateArn) -> Finding {
    let message =
        format!("the certificate on record is not in ACM for these credentials, so this is a new one: {arn}");
    Finding::new("acm.gone", Severity::Warning, "record", message)
        .fix("give what used the old one the new ARN")
}

fn previous(path: &std::path::Path) -> Finding {
    let message = format!("what ACM held before is kept in {}, without its key", path.display());
    Finding::new("acm.previous", Severity::Info, "record", message)
}
