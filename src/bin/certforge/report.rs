//! What a command has to report: one plain document each, for programs as JSON
//! and for people through `render`. Filled from the library's types, never
//! derived on them, so that renaming something there changes nothing here.
//! Never key material.

#[cfg(feature = "aws")]
mod acm;
mod adopt;
mod apigw;
mod apply;
mod batch;
mod check;
mod explain;
mod fixtures;
mod forms;
mod key;
mod lifecycle;
mod names;
mod problem;
mod request;
pub mod status;
mod template;
mod verify;

use std::path::Path;

#[cfg(feature = "aws")]
pub use acm::{
    AcmEntry, AcmListReport, AcmShowReport, CallReport, FailedPlace, ImportReport, ImportResult, ImportState,
    ImportsReport, PolicyReport, PruneReport, StatementReport, TagReport,
};
pub use adopt::AdoptReport;
pub use apigw::{
    ApigwApplied, ApigwChange, ApigwExplainReport, ApigwIntegration, ApigwPatchReport, WayReport,
};
pub use apply::{ApplyLeaf, ApplyReport, FailedForm};
pub use batch::{BatchLeaf, BatchReport};
use certforge::certificate::Certificate;
use certforge::finding::{Finding, Severity};
use certforge::store::{CaEntry, KeyState, LeftBehind, Saved, SavedFile};
use certforge::validity::rfc3339;
use certforge::{CaPlan, LeafPlan, Names};
pub use check::{
    CertificateReport, CheckReport, ClientReport, KeyReport, ListReport, RequestCheck, ScanEntry, ScanReport,
    ServerReport, VersionReport, self_signature,
};
pub use explain::{ExplainReport, Explained};
pub use fixtures::{ClientSays, FixtureEntry, FixtureListReport, FixtureReport, FixturesReport, ServeReport};
pub use forms::{FormsReport, SnippetListReport, SnippetReport};
pub use key::KeyKind;
pub use lifecycle::{
    Condition, CrlReport, IssuedListReport, IssuedReport, LeafListReport, PrunedReport, RenewReport, Renewed,
    RevokedReport, StatusEntry, StatusReport, StorePruneReport,
};
pub use names::{NameReport, joined, names, names_as_written, names_text, values_text};
pub use problem::Problem;
pub use request::RequestReport;
use serde::Serialize;
pub use template::{TemplateListReport, TemplateReport};
use time::OffsetDateTime;
pub use verify::{PathEntry, VerifyReport};

use crate::spelling::spelled;

/// The form of all documents. Fields may be added under the same number.
pub const SCHEMA: &str = "certforge/1";

/// A document and what it is.
#[derive(Serialize)]
pub struct Document<'a, T> {
    pub schema: &'static str,
    pub kind: &'static str,
    #[serde(flatten)]
    pub body: &'a T,
}

/// What a command comes back with.
pub enum Report {
    #[cfg(feature = "aws")]
    AcmList(AcmListReport),
    #[cfg(feature = "aws")]
    AcmShow(Box<AcmShowReport>),
    Adopt(Box<AdoptReport>),
    ApigwExplain(ApigwExplainReport),
    ApigwPatch(ApigwPatchReport),
    Apply(Box<ApplyReport>),
    Batch(BatchReport),
    Ca(Box<CaReport>),
    CaList(CaListReport),
    Check(Box<CheckReport>),
    Scan(ScanReport),
    #[cfg(feature = "aws")]
    Import(ImportReport),
    #[cfg(feature = "aws")]
    Imports(ImportsReport),
    Crl(CrlReport),
    Explain(ExplainReport),
    Forms(FormsReport),
    /// Nothing more is to be said, and this is the exit status.
    Exit(u8),
    Fixtures(FixturesReport),
    FixtureList(FixtureListReport),
    Snippet(SnippetReport),
    SnippetList(SnippetListReport),
    Leaf(LeafReport),
    Issued(IssuedListReport),
    LeafList(LeafListReport),
    Renew(RenewReport),
    Status(StatusReport),
    StorePrune(StorePruneReport),
    #[cfg(feature = "aws")]
    Policy(PolicyReport),
    #[cfg(feature = "aws")]
    Prune(PruneReport),
    Request(RequestReport),
    Template(TemplateReport),
    TemplateList(TemplateListReport),
    /// Text that is the result itself: completions, a man page.
    Text(Vec<u8>),
    Up(Box<UpReport>),
    Verify(Box<VerifyReport>),
}

/// What became of a thing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Created,
    Renewed,
    Replaced,
    Unchanged,
    Planned,
    Present,
    Refused,
}

#[derive(Serialize)]
pub struct FileReport {
    pub path: String,
    pub mode: String,
}

#[derive(Clone, Serialize)]
pub struct FindingReport {
    pub code: &'static str,
    pub severity: &'static str,
    pub place: String,
    pub message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

#[derive(Serialize)]
pub struct CaReport {
    pub state: State,
    pub name: String,
    pub folder: String,
    pub subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    pub key: KeyKind,
    pub not_before: String,
    pub not_after: String,
    pub days_left: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_length: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The names that what stands below it may have; all where both are empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permitted: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued: Option<usize>,
    /// How its private key is kept: `plain`, `encrypted` or `absent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
    /// What a plan would do with it, in words.
    #[serde(skip)]
    pub planned: &'static str,
}

#[derive(Serialize)]
pub struct CaListReport {
    pub authorities: Vec<CaReport>,
    /// What is wrong with folders that cannot be read.
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct LeafReport {
    pub state: State,
    pub folder: String,
    pub names: Vec<NameReport>,
    pub subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    pub key: KeyKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    pub not_before: String,
    pub not_after: String,
    pub days_left: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why `up` issued it anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The certificate and its intermediates, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pem: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    /// Where it was imported again.
    #[cfg(feature = "aws")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<ImportResult>,
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct UpReport {
    #[serde(rename = "CertificateArn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    pub folder: String,
    /// The root above the CA, where `--three-tier` made one or found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<CaReport>,
    pub ca: CaReport,
    pub leaf: LeafReport,
    #[cfg(feature = "aws")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acm: Option<ImportReport>,
    /// Where it went to several places at once.
    #[cfg(feature = "aws")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<ImportResult>,
}

pub fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub fn findings(findings: &[Finding]) -> Vec<FindingReport> {
    findings
        .iter()
        .map(|f| FindingReport {
            code: f.code,
            severity: f.severity.as_str(),
            place: f.place.clone(),
            message: f.message.clone(),
            fix: spelled(&f.fix).into_owned(),
        })
        .collect()
}

fn file(saved: &SavedFile) -> FileReport {
    FileReport { path: path(&saved.path), mode: format!("{:04o}", saved.mode) }
}

fn files(saved: &Saved) -> Vec<FileReport> {
    saved.files.iter().map(file).collect()
}

fn texts(items: &[impl ToString]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

impl CaReport {
    pub fn planned(name: &str, folder: &Path, plan: &CaPlan, now: OffsetDateTime) -> Self {
        Self {
            state: State::Planned,
            name: name.to_owned(),
            folder: path(folder),
            subject: plan.subject_text(),
            issuer: None,
            key: KeyKind::Made(plan.key()),
            not_before: rfc3339(plan.validity().not_before()),
            not_after: rfc3339(plan.validity().not_after()),
            days_left: plan.validity().days_left(now),
            path_length: plan.path_length(),
            serial: None,
            sha256: None,
            permitted: texts(plan.constraints().permitted()),
            excluded: texts(plan.constraints().excluded()),
            issued: None,
            key_file: None,
            files: Vec::new(),
            findings: findings(plan.findings()),
            planned: "would be created",
        }
    }

    pub fn of(
        state: State,
        name: &str,
        folder: &Path,
        certificate: &Certificate,
        now: OffsetDateTime,
    ) -> Self {
        // What cannot be read stops whoever issues, not whoever looks.
        let limits = certificate.name_constraints().ok().flatten().unwrap_or_default();
        Self {
            state,
            name: name.to_owned(),
            folder: path(folder),
            subject: certificate.subject(),
            issuer: Some(certificate.issuer()),
            key: KeyKind::of(certificate.public_key()),
            not_before: rfc3339(certificate.validity().not_before()),
            not_after: rfc3339(certificate.validity().not_after()),
            days_left: certificate.validity().days_left(now),
            path_length: certificate.ca().and_then(|p| p.0),
            serial: Some(certificate.serial_hex()),
            sha256: Some(certificate.sha256().to_string()),
            permitted: texts(limits.permitted()),
            excluded: texts(limits.excluded()),
            issued: None,
            key_file: None,
            files: Vec::new(),
            findings: Vec::new(),
            planned: "would be created",
        }
    }

    pub fn saved(mut self, saved: &Saved) -> Self {
        self.files = files(saved);
        self
    }

    pub fn file(mut self, saved: &SavedFile) -> Self {
        self.files = vec![file(saved)];
        self
    }

    pub fn present(entry: &CaEntry, now: OffsetDateTime) -> Self {
        let mut report = Self::of(State::Present, &entry.name, &entry.folder, &entry.certificate, now);
        report.issued = entry.issued().ok();
        match entry.key_state() {
            Ok(KeyState::Plain) => report.key_file = Some("plain"),
            Ok(KeyState::Encrypted) => report.key_file = Some("encrypted"),
            Ok(KeyState::Absent) => report.key_file = Some("absent"),
            Err(e) => {
                let finding = Finding::new(e.code(), Severity::Warning, entry.name.clone(), e.to_string());
                report.findings = findings(&[finding]);
            }
        }
        report
    }
}

impl LeafReport {
    pub fn planned(folder: &Path, ca: Option<&str>, plan: &LeafPlan, now: OffsetDateTime) -> Self {
        Self {
            state: State::Planned,
            folder: path(folder),
            names: names(plan.names()),
            subject: plan.subject().to_string(),
            issuer: None,
            ca: ca.map(ToOwned::to_owned),
            key: KeyKind::Made(plan.key()),
            template: Some(plan.template().name().to_owned()),
            not_before: rfc3339(plan.validity().not_before()),
            not_after: rfc3339(plan.validity().not_after()),
            days_left: plan.validity().days_left(now),
            serial: None,
            sha256: None,
            reason: None,
            pem: None,
            files: Vec::new(),
            #[cfg(feature = "aws")]
            imports: Vec::new(),
            findings: findings(plan.findings()),
        }
    }

    pub fn of(
        state: State,
        folder: &Path,
        ca: Option<&str>,
        certificate: &Certificate,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            state,
            folder: path(folder),
            names: names(&certificate.names()),
            subject: certificate.subject(),
            issuer: Some(certificate.issuer()),
            ca: ca.map(ToOwned::to_owned),
            key: KeyKind::of(certificate.public_key()),
            template: None,
            not_before: rfc3339(certificate.validity().not_before()),
            not_after: rfc3339(certificate.validity().not_after()),
            days_left: certificate.validity().days_left(now),
            serial: Some(certificate.serial_hex()),
            sha256: Some(certificate.sha256().to_string()),
            reason: None,
            pem: None,
            files: Vec::new(),
            #[cfg(feature = "aws")]
            imports: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub fn saved(mut self, saved: &Saved, plan: &LeafPlan) -> Self {
        self.files = files(saved);
        self.template = Some(plan.template().name().to_owned());
        self.findings = findings(plan.findings());
        let folder = saved.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let left_behind = LeftBehind { folder, files: saved.left_behind.clone() };
        self.findings.extend(left_behind_findings(&left_behind));
        self
    }
}

/// What is to be said of files that were made of a leaf that was replaced.
pub fn left_behind_findings(left: &LeftBehind) -> Vec<FindingReport> {
    let folder = &left.folder;
    let form = |file: &str| match file {
        "bundle.p12" => "p12 --passphrase-file FILE",
        // The usual pass phrase would have followed by itself.
        "truststore.p12" => "truststore --passphrase-file FILE",
        "bundle.p7b" => "p7b",
        "combined.pem" => "combined",
        "k8s-secret.yaml" => "k8s-secret",
        // One in the clear is made again: this one has a pass phrase.
        "key.pkcs8.pem" => "key --passphrase-file FILE",
        "key.pkcs1.pem" => "key --key-format pkcs1",
        "key.sec1.pem" => "key --key-format sec1",
        _ => "der",
    };
    let one = |name: &String| {
        let of = if name == "truststore.p12" { "of the CA before" } else { "of the leaf before" };
        FindingReport {
            code: "store.left-behind",
            severity: "warning",
            place: format!("{folder}/{name}"),
            message: format!("{folder}/{name} was made {of}: it is in the archive with it"),
            fix: format!("make it again: certforge bundle {folder} --to {}", form(name)),
        }
    };
    left.files.iter().map(one).collect()
}

/// Whether two sets of names are the same, in whatever order.
pub fn same_names(names: &Names, certificate: &Certificate) -> bool {
    let found = certificate.names();
    found.len() == names.len() && names.iter().all(|n| found.contains(n))
}
