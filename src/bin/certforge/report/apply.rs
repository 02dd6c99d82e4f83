//! What a manifest asked for, and what was done.

use serde::Serialize;

#[cfg(feature = "aws")]
use super::ImportResult;
use super::{CaReport, FindingReport, Problem, State};

#[derive(Serialize)]
pub struct ApplyLeaf {
    pub name: String,
    pub folder: String,
    pub state: State,
    /// The CA it is of.
    pub ca: String,
    /// When it ends, or would.
    pub not_after: String,
    /// Why what was there was not what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it is not as the manifest says, and stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// Files in other forms that were made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// Forms that could not be made, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedForm>,
    #[cfg(feature = "aws")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<ImportResult>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
}

impl ApplyLeaf {
    pub fn of(
        name: String,
        folder: String,
        (ca, not_after): (String, String),
        state: State,
        reason: Option<String>,
        findings: Vec<FindingReport>,
    ) -> Self {
        Self {
            name,
            folder,
            state,
            ca,
            not_after,
            reason,
            error: None,
            forms: Vec::new(),
            failed: Vec::new(),
            #[cfg(feature = "aws")]
            imports: Vec::new(),
            findings,
        }
    }
}

/// A form of a leaf that could not be made.
#[derive(Serialize)]
pub struct FailedForm {
    /// Its name as manifests have it.
    pub form: String,
    pub error: Problem,
}

#[derive(Serialize)]
pub struct ApplyReport {
    pub planned: bool,
    pub authorities: Vec<CaReport>,
    pub leaves: Vec<ApplyLeaf>,
    /// Whether what is not in the manifest was put away.
    pub pruned: bool,
    pub not_in_manifest: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
}

impl ApplyReport {
    /// How many leaves are in a state.
    pub fn count(&self, state: State) -> usize {
        self.leaves.iter().filter(|leaf| leaf.state == state).count()
    }
}
