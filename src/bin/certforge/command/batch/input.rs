//! The lines of a batch: a name each, CSV with a header, or JSON.

use std::collections::HashMap;
use std::path::Path;

use certforge::name::MAX_LABEL;
use certforge::{Error, KeyAlgorithm, LeafRequest, Lifetime, Names, Result, San, Subject, Template};

use crate::command::PEM;
use crate::command::issue::IssueArgs;

/// One leaf as it is asked for. What is not said comes from the command line.
#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    #[serde(skip)]
    pub line: usize,
    #[serde(default, alias = "cn")]
    name: Option<String>,
    #[serde(default, alias = "san", deserialize_with = "one_or_more")]
    names: Vec<String>,
    #[serde(default, alias = "subj")]
    subject: Option<String>,
    #[serde(default)]
    days: Option<u32>,
    #[serde(default)]
    validity: Option<String>,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    template: Option<String>,
}

/// A list, or one text with commas, semicolons or blanks between its items.
fn one_or_more<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        More(Vec<String>),
    }
    Ok(match serde::Deserialize::deserialize(from)? {
        Either::One(text) => items(&text),
        Either::More(list) => list,
    })
}

fn items(text: &str) -> Vec<String> {
    let parts = text.split([',', ';', ' ', '\t']);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The columns of CSV that there are.
const COLUMNS: [&str; 11] =
    ["name", "cn", "names", "san", "subject", "subj", "days", "validity", "until", "key", "template"];

/// What others call columns: a line that has one of them is a header too, and no leaf.
const FOREIGN: [&str; 15] = [
    "hostname",
    "hostnames",
    "fqdn",
    "domain",
    "domains",
    "ip",
    "ips",
    "ip_address",
    "ip address",
    "common_name",
    "common name",
    "commonname",
    "sans",
    "alt_names",
    "altnames",
];

/// The rows of a file.
pub fn rows(bytes: &[u8], file: &Path) -> Result<Vec<Row>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::Row { reason: "it is not UTF-8 text".to_owned() }.in_file(file))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // What is wrong with a line is told with the line: none of a key may be.
    if text.contains(PEM) {
        return Err(Error::Row { reason: "it is PEM text, and no list of names".to_owned() }.in_file(file));
    }
    let may_be_a_key = |line: &str| line.len() > MAX_LABEL && words(line).any(is_long_base64);
    if let Some(line) = text.lines().position(may_be_a_key) {
        let reason = format!(
            "a word of more than {MAX_LABEL} characters without a dot is no name, but may be a key: it is not shown"
        );
        return Err(Error::Row { reason }.in_line(file, line + 1));
    }
    let first = text.lines().map(str::trim).find(|line| is_content(line)).unwrap_or_default();
    if first.starts_with('{') {
        return json_rows(text, file);
    }
    // Where the comma is the decimal mark, spreadsheets write semicolons.
    for delimiter in [b',', b';'] {
        let mut header = first.split(char::from(delimiter)).map(column);
        if header.any(|column| COLUMNS.iter().chain(&FOREIGN).any(|known| *known == column)) {
            return csv_rows(text, delimiter, file);
        }
    }
    let content =
        text.lines().enumerate().map(|(i, line)| (i, line.trim())).filter(|(_, line)| is_content(line));
    Ok(content.map(|(i, line)| Row { line: i + 1, names: items(line), ..Row::default() }).collect())
}

/// What stands between blanks, commas and quotes.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\''))
}

/// Whether a word is as long as a line of Base64, and has nothing else in it.
fn is_long_base64(word: &str) -> bool {
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    word.len() > MAX_LABEL && word.bytes().all(base64)
}

/// Whether a line is more than nothing or a comment.
fn is_content(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
}

fn json_rows(text: &str, file: &Path) -> Result<Vec<Row>> {
    let lines = text.lines().enumerate().filter(|(_, line)| is_content(line.trim()));
    lines
        .map(|(i, line)| {
            let row: Row = serde_json::from_str(line)
                .map_err(|e| Error::Row { reason: e.to_string() }.in_line(file, i + 1))?;
            Ok(Row { line: i + 1, ..row })
        })
        .collect()
}

/// The name of a column, as it is known here.
fn column(text: &str) -> String {
    text.trim().trim_matches('"').to_ascii_lowercase()
}

/// What a column says, whichever of its names it has.
fn same_column(column: &str) -> &str {
    match column {
        "cn" => "name",
        "san" => "names",
        "subj" => "subject",
        other => other,
    }
}

fn csv_rows(text: &str, delimiter: u8, file: &Path) -> Result<Vec<Row>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.trim(csv::Trim::All).comment(Some(b'#')).delimiter(delimiter);
    let mut reader = builder.from_reader(text.as_bytes());
    let refuse = |e: csv::Error| {
        let line = e.position().map_or(1, |p| usize::try_from(p.line()).unwrap_or(1));
        Error::Row { reason: e.to_string() }.in_line(file, line)
    };
    let header: Vec<String> = reader.headers().map_err(refuse)?.iter().map(column).collect();
    if let Some(column) = header.iter().find(|column| !COLUMNS.contains(&column.as_str())) {
        let reason = format!("no column `{column}`: {}", COLUMNS.join(", "));
        return Err(Error::Row { reason }.in_line(file, 1));
    }
    for (n, column) in header.iter().enumerate() {
        if let Some(other) = header[..n].iter().find(|other| same_column(other) == same_column(column)) {
            let reason = format!("the columns `{other}` and `{column}` say the same: one of them is enough");
            return Err(Error::Row { reason }.in_line(file, 1));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(refuse)?;
        let line = record.position().map_or(1, |p| usize::try_from(p.line()).unwrap_or(1));
        let mut row = Row { line, ..Row::default() };
        for (column, value) in header.iter().zip(&record).filter(|(_, value)| !value.is_empty()) {
            let text = Some(value.to_owned());
            match column.as_str() {
                "name" | "cn" => row.name = text,
                "names" | "san" => row.names = items(value),
                "subject" | "subj" => row.subject = text,
                "days" => {
                    let days = value.parse().map_err(|_| {
                        Error::Row { reason: format!("days is a number, not `{value}`") }.in_line(file, line)
                    });
                    row.days = Some(days?);
                }
                "validity" => row.validity = text,
                "until" => row.until = text,
                "key" => row.key = text,
                _ => row.template = text,
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

impl Row {
    /// The request, with what the command line says where the line says nothing.
    pub fn request(
        &self,
        issue: &IssueArgs,
        ca_key: KeyAlgorithm,
        templates: &mut HashMap<Option<String>, Template>,
    ) -> Result<LeafRequest> {
        let template = if let Some(known) = templates.get(&self.template) {
            known.clone()
        } else {
            let read = issue.template(self.template.as_deref())?;
            templates.entry(self.template.clone()).or_insert(read).clone()
        };
        let mut subject: Option<Subject> = self.subject.as_deref().map(str::parse).transpose()?;
        let mut names: Vec<San> = Vec::new();
        // What is written in two places may be what somebody is called.
        if let Some(common) = subject.as_ref().and_then(Subject::common_name) {
            names.extend(LeafRequest::name_of(common, &template)?);
        }
        if let Some(name) = &self.name {
            match LeafRequest::name_of(name, &template)? {
                Some(name) => names.push(name),
                None => subject = Some(subject.unwrap_or_default().with("CN", name)?),
            }
        }
        for name in &self.names {
            names.push(name.parse()?);
        }
        if let (Some(called), true) = (subject.as_ref().and_then(Subject::common_name), names.is_empty()) {
            // Nothing but that: the message says what that is not.
            names.push(called.parse()?);
        }
        let mut request = issue.batch_request(Names::new(names)?, template, ca_key)?;
        if let Some(subject) = subject {
            request = request.subject(subject);
        }
        if let Some(key) = &self.key {
            request = request.key(key.parse()?);
        }
        let spans = [self.validity.as_ref(), self.until.as_ref()];
        if spans.iter().flatten().count() + usize::from(self.days.is_some()) > 1 {
            return Err(Error::Row {
                reason: "days, validity and until are one thing three times".to_owned(),
            });
        }
        if let Some(days) = self.days {
            request = request.lifetime(Lifetime::days(days));
        } else if let Some(text) = spans.into_iter().flatten().next() {
            request = request.lifetime(text.parse()?);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row>> {
        rows(text.as_bytes(), Path::new("f"))
    }

    #[test]
    fn the_three_forms_say_the_same() {
        let lines = read("# servers\na.example,10.0.0.1\n\nb.example\n").unwrap();
        let csv = read("name,san\na.example,10.0.0.1\nb.example,\n").unwrap();
        let excel = read("\u{feff}Name;SAN\r\na.example;10.0.0.1\r\nb.example;\r\n").unwrap();
        let json =
            read("{\"name\":\"a.example\",\"san\":[\"10.0.0.1\"]}\n{\"names\":\"b.example\"}\n").unwrap();
        let all = |rows: &[Row]| -> Vec<Vec<String>> {
            rows.iter().map(|r| r.name.iter().chain(&r.names).cloned().collect()).collect()
        };
        assert_eq!(all(&lines), [vec!["a.example", "10.0.0.1"], vec!["b.example"]]);
        assert_eq!(all(&csv), all(&lines));
        assert_eq!(all(&json), all(&lines));
        assert_eq!(all(&excel), all(&lines));
        assert_eq!(lines.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 4]);
    }

    #[test]
    fn what_nobody_knows_is_refused_with_its_line() {
        for (text, part) in [
            ("name,colour\na.example,red\n", "line 1: no column `colour`"),
            ("hostname,ip\na.example,10.0.0.1\n", "no column `hostname`: name, cn"),
            ("Common Name;owner\na.example;me\n", "no column `common name`"),
            ("name,days\na.example,soon\n", "line 2: days is a number"),
            ("name,days\na.example\n", "line 2"),
            ("{\"name\":\"a.example\"}\n{\"colour\":1}\n", "line 2: unknown field"),
            ("{\"name\":\n", "line 1"),
        ] {
            let e = read(text).unwrap_err();
            assert_eq!(e.code(), "batch.row", "{text}");
            assert!(e.to_string().contains(part), "{text}: {e}");
        }
    }
}
