//! A signing request.

use std::path::Path;

use certforge::store::Saved;
use certforge::{KeyAlgorithm, LeafPlan};
use serde::Serialize;

use super::{FileReport, FindingReport, KeyKind, NameReport, State, files, findings, names, path};

#[derive(Serialize)]
pub struct RequestReport {
    pub state: State,
    pub folder: String,
    pub names: Vec<NameReport>,
    pub subject: String,
    pub key: KeyKind,
    pub template: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    pub findings: Vec<FindingReport>,
}

impl RequestReport {
    pub fn planned(folder: &Path, plan: &LeafPlan, key: KeyAlgorithm) -> Self {
        Self {
            state: State::Planned,
            folder: path(folder),
            names: names(plan.names()),
            subject: plan.subject().to_string(),
            key: KeyKind::Made(key),
            template: plan.template().name().to_owned(),
            files: Vec::new(),
            findings: findings(plan.findings()),
        }
    }

    pub fn saved(mut self, state: State, saved: &Saved) -> Self {
        self.state = state;
        self.files = files(saved);
        self
    }
}
