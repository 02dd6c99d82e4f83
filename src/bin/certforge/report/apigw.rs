//! What `apigw` has to report.

use certforge::gateway::{Change, Integration, Way};
use serde::Serialize;

use super::FindingReport;

#[derive(Serialize)]
pub struct ApigwPatchReport {
    pub file: String,
    pub version: String,
    pub api: &'static str,
    pub setting: &'static str,
    pub value: String,
    pub planned: bool,
    pub changed: bool,
    pub changes: Vec<ApigwChange>,
    /// How many integrations that is: operations may share one.
    pub integrations: usize,
    /// How many operations were that way already.
    pub unchanged: usize,
    /// Where the document was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub diff: String,
    /// The API that it was put into, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<ApigwApplied>,
    /// The same with the AWS CLI, and the deployment that is needed in either case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    pub findings: Vec<FindingReport>,
    /// The document itself, where it goes to standard output.
    #[serde(skip)]
    pub content: Option<Vec<u8>>,
}

#[derive(Serialize)]
pub struct ApigwChange {
    pub path: String,
    pub method: String,
    pub line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub after: String,
}

impl ApigwChange {
    pub fn of(change: &Change) -> Self {
        Self {
            path: change.path.clone(),
            method: change.method.clone(),
            line: change.line,
            before: change.before.clone(),
            after: change.after.clone(),
        }
    }
}

#[derive(Serialize)]
pub struct ApigwApplied {
    pub rest_api_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub region: String,
    pub mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// Of how many integrations the API told afterwards that it has what the document says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_back: Option<usize>,
}

#[derive(Serialize)]
pub struct ApigwExplainReport {
    pub file: String,
    pub version: String,
    pub api: &'static str,
    /// Whether a certificate was given.
    #[serde(skip)]
    pub judged: bool,
    pub integrations: Vec<ApigwIntegration>,
    #[serde(skip)]
    pub detours: [(&'static str, &'static str); 2],
    pub findings: Vec<FindingReport>,
}

impl ApigwExplainReport {
    /// Whether API Gateway will refuse a back end.
    pub fn is_negative(&self) -> bool {
        self.integrations.iter().any(|i| i.findings.iter().any(|f| f.severity == "error"))
    }
}

#[derive(Serialize)]
pub struct ApigwIntegration {
    pub path: String,
    pub method: String,
    pub line: usize,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What the certificate's names are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    pub connection: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verification: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name_to_verify: Option<String>,
    pub tls: bool,
    pub ways: Vec<WayReport>,
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize, PartialEq, Eq)]
pub struct WayReport {
    pub title: &'static str,
    pub how: &'static str,
    pub checks: &'static str,
    pub source: &'static str,
}

impl WayReport {
    pub fn of(way: &Way) -> Self {
        Self { title: way.title, how: way.how, checks: way.checks, source: way.source }
    }
}

impl ApigwIntegration {
    pub fn of(integration: &Integration, ways: Vec<WayReport>, findings: Vec<FindingReport>) -> Self {
        Self {
            path: integration.path.clone(),
            method: integration.method.clone(),
            line: integration.line,
            kind: integration.kind.as_str().to_owned(),
            uri: integration.uri.clone(),
            host: integration.host.clone(),
            connection: if integration.vpc_link { "VPC_LINK" } else { "INTERNET" },
            connection_id: integration.connection_id.clone(),
            insecure_skip_verification: integration.insecure_skip_verification,
            server_name_to_verify: integration.server_name_to_verify.clone(),
            tls: integration.is_encrypted(),
            ways,
            findings,
        }
    }
}
