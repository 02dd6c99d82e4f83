//! Many leaves.

use certforge::LeafPlan;
use certforge::validity::rfc3339;
use serde::Serialize;

use super::{FindingReport, NameReport, names};

#[derive(Serialize)]
pub struct BatchLeaf {
    pub name: String,
    /// All of its names.
    pub names: Vec<NameReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    pub not_after: String,
}

impl BatchLeaf {
    pub fn planned(plan: &LeafPlan) -> Self {
        Self {
            name: plan.names().first().to_string(),
            names: names(plan.names()),
            folder: None,
            serial: None,
            not_after: rfc3339(plan.validity().not_after()),
        }
    }
}

#[derive(Serialize)]
pub struct BatchReport {
    pub planned: bool,
    /// The file that they are in, where it is none of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    pub leaves: Vec<BatchLeaf>,
    /// How many were there already, and were passed over.
    pub skipped: usize,
    pub findings: Vec<FindingReport>,
}
