//! What ends when, what was renewed, taken back or thrown away.

use certforge::store::SavedFile;
use certforge::validity::rfc3339;
use certforge::{ListNumber, RevocationList};
use serde::{Serialize, Serializer};

use super::{FindingReport, LeafReport, NameReport, Problem, path};
use crate::context::Failure;

#[derive(Serialize)]
pub struct LeafListReport {
    pub leaves: Vec<LeafReport>,
    /// What is wrong with folders that cannot be read.
    pub findings: Vec<FindingReport>,
}

/// A certificate that a CA has on record.
#[derive(Serialize)]
pub struct IssuedReport {
    pub serial: String,
    pub ca: String,
    pub subject: String,
    pub names: Vec<NameReport>,
    pub not_after: String,
    pub days_left: i64,
    pub condition: Condition,
    /// Why it was taken back, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

#[derive(Serialize)]
pub struct IssuedListReport {
    pub issued: Vec<IssuedReport>,
    /// What is wrong with records that cannot be read.
    pub findings: Vec<FindingReport>,
}

/// How something stands at this time.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    Ok,
    Due,
    Expired,
    NotYetValid,
    Revoked,
    /// It is good, and a place in ACM has the one before it.
    NotImported,
    /// Files of it are missing, or another certificate's.
    Damaged,
}

impl Condition {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Due => "due",
            Self::Expired => "expired",
            Self::NotYetValid => "not valid yet",
            Self::Revoked => "revoked",
            Self::NotImported => "not imported",
            Self::Damaged => "damaged",
        }
    }
}

#[derive(Serialize)]
pub struct StatusEntry {
    /// `ca`, `leaf` or `crl`.
    pub kind: &'static str,
    pub name: String,
    pub folder: String,
    pub condition: Condition,
    pub not_after: String,
    /// The same in seconds since 1970.
    #[serde(skip)]
    pub timestamp: i64,
    pub days_left: i64,
    /// The CA it is of; none for a root and for what a CA elsewhere issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

#[derive(Serialize)]
pub struct StatusReport {
    pub entries: Vec<StatusEntry>,
    /// What is wrong with folders that cannot be read.
    pub findings: Vec<FindingReport>,
    #[serde(skip)]
    pub prometheus: bool,
}

impl StatusReport {
    /// Whether there is something to do.
    pub fn is_due(&self) -> bool {
        self.findings.iter().any(|f| f.severity != "info")
            || self.entries.iter().any(|e| e.condition != Condition::Ok)
    }
}

/// What became of one leaf.
#[derive(Serialize)]
pub struct Renewed {
    pub name: String,
    #[serde(flatten, serialize_with = "outcome")]
    pub outcome: Result<LeafReport, Failure>,
}

fn outcome<S: Serializer>(outcome: &Result<LeafReport, Failure>, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Failed {
        state: &'static str,
        error: Problem,
    }
    match outcome {
        Ok(report) => report.serialize(to),
        Err(failure) => Failed { state: "failed", error: Problem::of(failure) }.serialize(to),
    }
}

#[derive(Serialize)]
pub struct RenewReport {
    pub leaves: Vec<Renewed>,
    /// The revocation lists that were made anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<CrlReport>,
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct RevokedReport {
    pub serial: String,
    /// The names of the certificate, where it is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<NameReport>>,
    pub reason: &'static str,
    /// `revoked`, `revoked-before`, `released` or `not-revoked`.
    pub state: &'static str,
}

#[derive(Serialize)]
pub struct CrlReport {
    pub path: String,
    pub ca: String,
    /// None where it is beyond 128 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u128>,
    /// The same, however large.
    #[serde(skip)]
    pub full_number: ListNumber,
    pub this_update: String,
    pub next_update: String,
    /// How many certificates are in the list.
    pub certificates: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<RevokedReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
}

impl CrlReport {
    pub fn of(ca: &str, file: &SavedFile, list: &RevocationList, certificates: usize) -> Self {
        Self {
            path: path(&file.path),
            ca: ca.to_owned(),
            number: list.number().and_then(ListNumber::as_u128),
            full_number: list.number().unwrap_or_default(),
            this_update: list.this_update().map(rfc3339).unwrap_or_default(),
            next_update: list.next_update().map(rfc3339).unwrap_or_default(),
            certificates,
            revoked: None,
            findings: Vec::new(),
        }
    }
}

#[derive(Serialize)]
pub struct PrunedReport {
    pub folder: String,
    pub not_after: String,
}

#[derive(Serialize)]
pub struct StorePruneReport {
    pub deleted: bool,
    pub pruned: Vec<PrunedReport>,
    /// What of the archive cannot be read, and stays.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
}
