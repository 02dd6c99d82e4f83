//! Names in documents.

use certforge::San;
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

/// The same of names as certificates have them: `DNS:a.example`.
pub fn names_as_written<S: serde::Serializer>(names: &[String], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(names.iter().map(|name| {
        let (label, value) = name.split_once(':').unwrap_or((name, ""));
        let kind = match label {
            "DNS" => "dns",
            "IP" => "ip",
            "URI" => "uri",
            "email" => "email",
            "DirName" => "directory",
            "registeredID" => "registered-id",
            _ => "other",
        };
        NameReport { kind, value: value.to_owned() }
    }))
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
