//! What is on record of imports: which of it counts, and what is written down.

use std::sync::Mutex;
use std::time::Duration;

use certforge::aws::{CertificateArn, Tag, is_gone};
use certforge::certificate::Certificate;
use certforge::check::acm;
use certforge::store::{ImportRecord, ImportRecords};
use certforge::validity::rfc3339;
use certforge::{Error, Finding, KeyAlgorithm, Severity};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::lock;
use crate::command::candidate::Candidate;
use crate::command::target::Session;
use crate::context::Failure;
use crate::environment;

/// What is on record for this place, unless another ARN or a new one is asked for.
/// Of several accounts' records ACM says which is the one of these credentials; where it may
/// not be asked, nobody knows whether a new one would be a second one.
pub(super) fn known(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &ImportRecords,
) -> Result<Option<ImportRecord>, Failure> {
    if candidate.new {
        return Ok(None);
    }
    let importer = &session.importer;
    let mut likely = Vec::new();
    for record in records.at(importer.region(), session.endpoint()) {
        let arn: CertificateArn = record.arn.parse()?;
        let asked_for = candidate.arn.is_none_or(|asked| *asked == arn);
        if asked_for && !importer.is_foreign(&arn) {
            likely.push((arn, record));
        }
    }
    if let [(arn, record)] = likely.as_slice()
        && (record.profile == session.profile || candidate.dry_run)
        && !importer.may_be_foreign(arn)
    {
        return Ok(Some((*record).clone()));
    }
    let mut untold = None;
    for (arn, record) in likely {
        match importer.describe(&arn) {
            Ok(_) => return Ok(Some(record.clone())),
            Err(e) if is_gone(&e) || candidate.dry_run => {}
            // Who says which ARN it is has said whose it is.
            Err(Error::AwsRefused { .. }) if candidate.arn.is_some() => {}
            Err(e @ Error::AwsRefused { .. }) => untold = Some(e),
            Err(e) => return Err(e.into()),
        }
    }
    untold.map_or(Ok(None), |e| Err(e.into()))
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

pub(super) fn save(records: &Mutex<ImportRecords>, record: ImportRecord) -> Result<(), Failure> {
    let arn = record.arn.clone();
    lock(records).save(record).map_err(|e| Error::ImportUnsaved { arn, source: Box::new(e) }.into())
}

/// Whether the tags on record are these, in whatever order.
pub(super) fn same_tags(recorded: &[(String, String)], tags: &[Tag]) -> bool {
    recorded.len() == tags.len()
        && tags.iter().all(|t| recorded.iter().any(|(k, v)| *k == t.key && *v == t.value))
}

/// The tags known already, with those asked for in their place or behind them.
/// Of two with one key the later counts.
pub(super) fn merged(known: &[(String, String)], asked: &[Tag]) -> Result<Vec<Tag>, Failure> {
    let mut tags: Vec<Tag> = Vec::new();
    let known =
        known.iter().map(|(key, value)| Tag::new(key, value)).collect::<certforge::Result<Vec<_>>>()?;
    for tag in known.iter().chain(asked) {
        tags.retain(|t| t.key != tag.key);
        tags.push(tag.clone());
    }
    Ok(tags)
}

/// How long ago an import of the same was begun whose end nobody saw, if one was; and what is to
/// be said of one of other content, which somebody has to look for.
pub(super) fn begun(
    session: &Session,
    candidate: &Candidate<'_>,
    records: &ImportRecords,
    sha256: &str,
) -> (Option<Duration>, Option<Finding>) {
    if candidate.new || candidate.dry_run {
        return (None, None);
    }
    let profile = session.profile.as_deref();
    let (same, others): (Vec<_>, Vec<_>) = records
        .begun(session.importer.region(), session.endpoint(), profile)
        .partition(|begun| begun.sha256 == sha256);
    let ago = same.first().map(|begun| {
        let since = OffsetDateTime::parse(&begun.since, &Rfc3339).ok();
        // A clock that was put back since tells nothing.
        since.and_then(|since| Duration::try_from(environment::now() - since).ok()).unwrap_or_default()
    });
    let other = others.first().map(|begun| {
        let message = format!(
            "an import of another certificate of this name was begun at {}, and what came of it is not known",
            begun.since
        );
        let finding = Finding::new("acm.begun", Severity::Warning, "record", message);
        finding.fix("certforge acm list shows whether ACM has it; delete there what nobody uses")
    });
    (ago, other)
}

/// What is written down of an import.
pub(super) fn record_of(
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
        sha256: candidate.sha256(),
        imported_at: rfc3339(candidate.now),
        services: candidate.services.iter().map(ToString::to_string).collect(),
        tags,
    }
}
