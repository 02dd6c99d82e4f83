//! What `explain` has to report.

use serde::Serialize;

#[derive(Serialize)]
pub struct ExplainReport {
    /// What fits.
    pub found: Vec<Explained>,
    /// Where nothing fits, what comes nearest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<Explained>,
    #[serde(skip)]
    pub list: bool,
}

#[derive(Serialize)]
pub struct Explained {
    pub id: String,
    pub client: String,
    /// The line of a log, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The part of the text that it was found by.
    pub matched: String,
    pub cause: String,
    pub confirm: String,
    pub fix: String,
    pub source: String,
}
