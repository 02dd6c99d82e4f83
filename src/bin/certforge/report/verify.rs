//! What `verify` has to report.

use certforge::check::path::{Question, Verdict};
use certforge::validity::rfc3339;
use certforge::{Certificate, Finding, Severity};
use serde::Serialize;
use time::OffsetDateTime;

use super::{FindingReport, KeyKind, findings};

#[derive(Serialize)]
pub struct VerifyReport {
    pub valid: bool,
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<&'static str>,
    pub time: String,
    pub strict: bool,
    /// From the certificate to the trust anchor, or as far as it went.
    pub path: Vec<PathEntry>,
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct PathEntry {
    pub place: String,
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub key: KeyKind,
    pub not_before: String,
    pub not_after: String,
    pub sha256: String,
}

impl PathEntry {
    pub fn of(place: String, certificate: &Certificate) -> Self {
        Self {
            place,
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial_hex(),
            key: KeyKind::of(certificate.public_key()),
            not_before: rfc3339(certificate.validity().not_before()),
            not_after: rfc3339(certificate.validity().not_after()),
            sha256: certificate.sha256().to_string(),
        }
    }
}

impl VerifyReport {
    pub fn of(file: &str, question: &Question<'_>, verdict: &Verdict, told: &[Finding]) -> Self {
        let last = verdict.path.len() - 1;
        let place = |i: usize| match i {
            0 => "leaf".to_owned(),
            i if i == last && verdict.anchored => "trust anchor".to_owned(),
            i => format!("issuer {i}"),
        };
        let path = verdict.path.iter().enumerate().map(|(i, c)| PathEntry::of(place(i), c)).collect();
        let mut all = verdict.findings.clone();
        all.extend_from_slice(told);
        all.sort_by_key(|f| std::cmp::Reverse(f.severity));
        Self {
            valid: verdict.is_valid() && told.iter().all(|f| f.severity < Severity::Error),
            file: file.to_owned(),
            name: question.peer.map(ToString::to_string),
            purpose: Some(question.purpose.as_str()),
            time: rfc3339(question.at),
            strict: question.strict,
            path,
            findings: findings(&all),
        }
    }

    /// Of what claims to be a certificate and cannot be read.
    pub fn unreadable(file: &str, at: OffsetDateTime, told: &[Finding]) -> Self {
        let mut all = told.to_vec();
        for finding in &mut all {
            finding.severity = Severity::Error;
        }
        Self {
            valid: false,
            file: file.to_owned(),
            name: None,
            purpose: None,
            time: rfc3339(at),
            strict: false,
            path: Vec::new(),
            findings: findings(&all),
        }
    }
}
