//! What the commands about ACM have to report.

use serde::{Serialize, Serializer};

use super::{FindingReport, Problem};
use crate::context::Failure;

/// What became of an import.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportState {
    /// It was there already, or its answer was lost: found by looking.
    Found,
    Imported,
    Planned,
    Reimported,
    Tagged,
    Unchanged,
}

/// A tag, spelled as the AWS CLI does.
#[derive(Serialize)]
pub struct TagReport {
    #[serde(rename = "Key")]
    pub key: String,
    #[serde(rename = "Value")]
    pub value: String,
}

impl TagReport {
    pub fn of(tag: &certforge::aws::Tag) -> Self {
        Self { key: tag.key.clone(), value: tag.value.clone() }
    }
}

/// The call that would be made, its members named as in the ACM API reference.
#[derive(Serialize)]
pub struct CallReport {
    #[serde(rename = "Action")]
    pub action: &'static str,
    #[serde(rename = "CertificateArn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(rename = "Certificate")]
    pub certificate: String,
    /// Never the key: what kind it is, and how long.
    #[serde(rename = "PrivateKey")]
    pub private_key: String,
    #[serde(rename = "CertificateChain", skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    #[serde(rename = "Tags", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagReport>,
}

#[derive(Serialize)]
pub struct ImportReport {
    pub state: ImportState,
    /// The AWS CLI's own name, so that scripts around it go on working.
    #[serde(rename = "CertificateArn", skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Of leaf and chain; empty where the leaf is not made yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    pub tags: Vec<TagReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallReport>,
    pub findings: Vec<FindingReport>,
}

/// One leaf in one place, imported or not.
pub struct ImportResult {
    pub name: String,
    pub region: String,
    pub profile: Option<String>,
    pub outcome: Result<ImportReport, Failure>,
}

impl Serialize for ImportResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Imported<'a> {
            name: &'a str,
            #[serde(flatten)]
            report: &'a ImportReport,
        }
        #[derive(Serialize)]
        struct Failed<'a> {
            name: &'a str,
            state: &'static str,
            region: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            profile: Option<&'a str>,
            error: Problem,
        }
        let name = self.name.as_str();
        match &self.outcome {
            Ok(report) => Imported { name, report }.serialize(serializer),
            Err(failure) => {
                let (region, profile) = (self.region.as_str(), self.profile.as_deref());
                Failed { name, state: "failed", region, profile, error: Problem::of(failure) }
                    .serialize(serializer)
            }
        }
    }
}

#[derive(Serialize)]
pub struct ImportsReport {
    pub results: Vec<ImportResult>,
}

/// A certificate as ACM lists it.
#[derive(Serialize)]
pub struct AcmEntry {
    #[serde(rename = "CertificateArn")]
    pub arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    pub names: Vec<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<bool>,
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// A place where something did not work.
#[derive(Serialize)]
pub struct FailedPlace {
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    pub error: Problem,
}

impl FailedPlace {
    pub fn of(region: &str, profile: Option<&str>, failure: &Failure) -> Self {
        let (region, profile) = (region.to_owned(), profile.map(ToOwned::to_owned));
        Self { region, profile, error: Problem::of(failure) }
    }
}

#[derive(Serialize)]
pub struct AcmListReport {
    pub certificates: Vec<AcmEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedPlace>,
}

#[derive(Serialize)]
pub struct AcmShowReport {
    #[serde(flatten)]
    pub certificate: AcmEntry,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<String>,
    pub in_use_by: Vec<String>,
    pub tags: Vec<TagReport>,
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct PruneReport {
    /// Whether they are gone, or would go.
    pub deleted: bool,
    pub certificates: Vec<AcmEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedPlace>,
    pub findings: Vec<FindingReport>,
}

/// An IAM policy, its members named as IAM names them.
#[derive(Serialize)]
pub struct PolicyReport {
    #[serde(rename = "Version")]
    pub version: &'static str,
    #[serde(rename = "Statement")]
    pub statements: Vec<StatementReport>,
}

#[derive(Serialize)]
pub struct StatementReport {
    #[serde(rename = "Sid")]
    sid: &'static str,
    #[serde(rename = "Effect")]
    effect: &'static str,
    #[serde(rename = "Action")]
    actions: Vec<&'static str>,
    /// One by itself, several as a list: IAM takes both.
    #[serde(rename = "Resource")]
    resource: Resources,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Resources {
    One(String),
    Several(Vec<String>),
}

impl StatementReport {
    pub fn of(statement: certforge::aws::Statement) -> Self {
        let certforge::aws::Statement { sid, actions, mut resources } = statement;
        let resource = match resources.as_mut_slice() {
            [one] => Resources::One(std::mem::take(one)),
            _ => Resources::Several(resources),
        };
        Self { sid, effect: "Allow", actions, resource }
    }
}
