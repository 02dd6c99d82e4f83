//! Templates as files: reading people's own, changing a field, and writing one.

use std::fmt::Write;

use super::{ExtendedKeyUsage, KeyUsage, Template};
use crate::error::{Error, Result};
use crate::key::KeyAlgorithm;
use crate::subject::Subject;

/// A template as it is written. What each field means is in `templates/README.md`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    description: String,
    days: u32,
    #[serde(default)]
    ca: bool,
    path_length: Option<u8>,
    key_usage: Vec<String>,
    #[serde(default)]
    key_usage_rsa: Vec<String>,
    #[serde(default)]
    extended_key_usage: Vec<String>,
    #[serde(default)]
    send_root: bool,
    key: Option<String>,
    subject: Option<String>,
}

/// The fields whose values are lists, which `--set` takes by comma.
const LISTS: [&str; 3] = ["key_usage", "key_usage_rsa", "extended_key_usage"];
/// The fields whose values are numbers, or true or false.
const PLAIN: [&str; 4] = ["ca", "days", "path_length", "send_root"];

impl Template {
    /// Reads a template in TOML. `name` is what it is called from then on.
    ///
    /// # Errors
    /// [`Error::TemplateField`] with what is wrong and where: a field that is not
    /// known, missing or of another type, or values that do not go together.
    pub fn from_toml(name: &str, text: &str) -> Result<Self> {
        let written: Written = toml::from_str(text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
            refuse(name, &format!("line {line}: {}", e.message().replace('\n', "; ")))
        })?;
        Self::from_written(name, written)
    }

    /// The same template with fields changed, each written as `field=value`; the
    /// values of lists are separated by commas.
    ///
    /// # Errors
    /// [`Error::TemplateField`] where a text has no `=`, there is no such field, or
    /// the value does not fit.
    pub fn with_fields<S: AsRef<str>>(&self, settings: &[S]) -> Result<Self> {
        let mut table: toml::Table = self.to_toml().parse().map_err(|e: toml::de::Error| {
            Error::Internal { doing: "writing a template", reason: e.to_string() }
        })?;
        for setting in settings {
            let setting = setting.as_ref();
            let (field, value) = setting
                .split_once('=')
                .ok_or_else(|| refuse(&self.name, &format!("`{setting}` is not FIELD=VALUE")))?;
            let field = field.trim();
            let value = if LISTS.contains(&field) {
                let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
                toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
            } else if !PLAIN.contains(&field) {
                // Of a field that is not known the reader says which there are.
                toml::Value::String(value.to_owned())
            } else {
                let plain = value.trim();
                plain
                    .parse()
                    .map(toml::Value::Boolean)
                    .or_else(|_| plain.parse().map(toml::Value::Integer))
                    .map_err(|_| {
                    refuse(&self.name, &format!("{field} is a number or true or false, not `{plain}`"))
                })?
            };
            table.insert(field.to_owned(), value);
        }
        let written: Written =
            table.try_into().map_err(|e: toml::de::Error| refuse(&self.name, e.message()))?;
        Self::from_written(&self.name, written)
    }

    fn from_written(name: &str, written: Written) -> Result<Self> {
        let usages = |list: &[String]| list.iter().map(|u| u.parse::<KeyUsage>()).collect::<Result<Vec<_>>>();
        let mut extended: Vec<ExtendedKeyUsage> = Vec::new();
        for text in &written.extended_key_usage {
            let usage = text.parse()?;
            if !extended.contains(&usage) {
                extended.push(usage);
            }
        }
        let key: Option<KeyAlgorithm> = written.key.as_deref().map(str::parse).transpose()?;
        let subject: Option<Subject> = written.subject.as_deref().map(str::parse).transpose()?;
        let key_usage = usages(&written.key_usage)?;
        let key_usage_rsa = usages(&written.key_usage_rsa)?;
        let of_ca = |u: &&KeyUsage| matches!(u, KeyUsage::KeyCertSign | KeyUsage::CrlSign);
        let signs = key_usage.iter().chain(&key_usage_rsa).any(|u| of_ca(&u));
        let signs_both = key_usage.contains(&KeyUsage::KeyCertSign) && key_usage.contains(&KeyUsage::CrlSign);
        let complaint = if written.days == 0 {
            Some("days is 0")
        } else if written.path_length.is_some() && !written.ca {
            Some("path_length is for CAs: set ca = true too")
        } else if written.ca && !signs_both {
            Some("the key of a CA needs keyCertSign and cRLSign")
        } else if !written.ca && signs {
            Some("keyCertSign and cRLSign are for CAs: set ca = true too")
        } else if key_usage.is_empty() {
            Some("key_usage is empty: RFC 5280 wants it said what the key is for")
        } else if !written.ca && extended.is_empty() {
            Some("extended_key_usage is empty: clients would take it for anything")
        } else if subject.as_ref().is_some_and(|s| s.common_name().is_some()) {
            Some("subject has a common name: that comes from the names")
        } else {
            None
        };
        if let Some(complaint) = complaint {
            return Err(refuse(name, complaint));
        }
        Ok(Self {
            name: name.to_owned().into(),
            description: written.description.into(),
            days: written.days,
            ca: written.ca,
            path_length: written.path_length,
            key_usage: key_usage.into(),
            key_usage_rsa: key_usage_rsa.into(),
            extended_key_usage: extended.into(),
            send_root: written.send_root,
            key,
            subject,
        })
    }

    /// The template in TOML, as [`Template::from_toml`] reads it.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list = |items: Vec<String>| {
            let items: Vec<String> = items.iter().map(|item| text(item)).collect();
            format!("[{}]", items.join(", "))
        };
        let usages = |usages: &[KeyUsage]| list(usages.iter().map(|u| u.as_str().to_owned()).collect());
        let mut out = String::new();
        let mut field = |name: &str, value: String| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{name} = {value}");
        };
        field("description", text(&self.description));
        field("days", self.days.to_string());
        if self.ca {
            field("ca", "true".to_owned());
        }
        if let Some(limit) = self.path_length {
            field("path_length", limit.to_string());
        }
        field("key_usage", usages(&self.key_usage));
        if !self.key_usage_rsa.is_empty() {
            field("key_usage_rsa", usages(&self.key_usage_rsa));
        }
        if !self.extended_key_usage.is_empty() {
            let extended = self.extended_key_usage.iter().map(ToString::to_string);
            field("extended_key_usage", list(extended.collect()));
        }
        if self.send_root {
            field("send_root", "true".to_owned());
        }
        if let Some(key) = self.key {
            field("key", text(key.as_str()));
        }
        if let Some(subject) = &self.subject {
            field("subject", text(&subject.to_openssl()));
        }
        out
    }
}

fn refuse(name: &str, reason: &str) -> Error {
    // The parser draws the line it means; one line is what an error has.
    let lines = reason.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('|'));
    let reason = lines.collect::<Vec<_>>().join(" ");
    Error::TemplateField { name: name.to_owned(), reason }
}
