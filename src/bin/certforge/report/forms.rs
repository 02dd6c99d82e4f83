//! A leaf in other forms, and the lines that other programs are configured with.

use serde::Serialize;
use zeroize::Zeroizing;

use super::{FileReport, FindingReport};

#[derive(Serialize)]
pub struct FormsReport {
    pub files: Vec<FileReport>,
    /// What goes to standard output instead, as it is.
    #[serde(skip)]
    pub content: Option<Zeroizing<Vec<u8>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct SnippetReport {
    pub name: String,
    pub text: String,
    /// What has to be run first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

#[derive(Serialize)]
pub struct SnippetLine {
    pub name: &'static str,
    pub description: String,
}

#[derive(Serialize)]
pub struct SnippetListReport {
    pub snippets: Vec<SnippetLine>,
}

impl SnippetListReport {
    pub fn of(snippets: Vec<(&'static str, String)>) -> Self {
        Self {
            snippets: snippets
                .into_iter()
                .map(|(name, description)| SnippetLine { name, description })
                .collect(),
        }
    }
}
