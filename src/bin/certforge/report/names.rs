//! Names in documents.

use certforge::San;
use certforge::certificate::WrittenName;
use serde::Serialize;

#[derive(Serialize)]
pub struct NameReport {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub value: String,
}

/// Names as documents have them.
pub fn names<'a>(names: impl IntoIterator<Item = &'a San>) -> Vec<NameReport> {
    names.into_iter().map(|n| NameReport { kind: n.kind(), value: n.to_string() }).collect()
}

/// The same of names as certificates have them.
pub fn names_as_written<S: serde::Serializer>(names: &[WrittenName], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(names.iter().map(|name| NameReport { kind: name.kind(), value: name.value().to_owned() }))
}

/// Names as certificates have them, with their kinds before them: `DNS:a.example`.
pub fn joined(names: &[WrittenName], between: &str) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// Names without their types.
pub fn values_text(reports: &[NameReport], between: &str) -> String {
    reports.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(between)
}

/// Names as people read them: `10.103.10.95 (ip)`.
pub fn names_text(reports: &[NameReport]) -> String {
    let texts: Vec<String> = reports.iter().map(|n| format!("{} ({})", n.value, n.kind)).collect();
    texts.join(", ")
}
