//! What a CA has issued: one file a serial number, never changed. The certificate
//! in PEM, and before it, as the explanatory text that RFC 7468 §5.2 has room for,
//! what was asked for: so that it can be asked for again.

use std::collections::HashMap;

use super::write;
use super::{ISSUED, Store, file};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::name::Names;
use crate::plan::LeafRequest;
use crate::template::Template;

/// How the line begins that holds the request.
const PREFIX: &str = "certforge-request: ";

/// Where a leaf comes from, for the record.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The CA that issued it, by its name in the store.
    pub ca: &'a str,
    /// What was asked for.
    pub request: &'a LeafRequest,
}

/// A request as it is written down.
#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lifetime: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    template: String,
    /// The template itself, where it is none that is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template_text: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    allow_long: bool,
    /// Whether the private key was never here: the leaf was signed for somebody's request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    key_elsewhere: bool,
}

/// What was asked for in batches, by serial number: read once, for many.
#[derive(Clone, Debug, Default)]
pub struct BatchRequests(HashMap<String, String>);

impl BatchRequests {
    /// What was asked for under a serial number.
    ///
    /// # Errors
    /// [`Error::MalformedRecord`]; [`Error::Serial`] where that is no serial number.
    pub fn get(&self, serial: &str) -> Result<Option<LeafRequest>> {
        self.0.get(&serial_name(serial)?).map(|json| request(&written(json)?)).transpose()
    }
}

/// A certificate that a CA of the store has issued.
#[derive(Clone, Debug)]
pub struct IssuedEntry {
    /// The certificate.
    pub certificate: Certificate,
    /// What was asked for; none for a CA, and none where the record does not say.
    pub request: Option<LeafRequest>,
    /// Whether its private key was never in the store.
    pub key_is_elsewhere: bool,
}

/// The text of a record.
pub(super) fn text(certificate_pem: &str, request: &LeafRequest, key_elsewhere: bool) -> Result<String> {
    Ok(format!("{PREFIX}{}\n{certificate_pem}", json(request, key_elsewhere)?))
}

/// What was asked for as one of the lines of a batch.
pub(super) fn line(serial: &str, request: &LeafRequest) -> Result<String> {
    Ok(format!("{serial} {}\n", json(request, false)?))
}

fn json(request: &LeafRequest, key_elsewhere: bool) -> Result<String> {
    let template = request.wanted_template();
    let is_builtin = Template::builtin().iter().any(|t| t == template);
    let subject = request.wanted_subject();
    let written = Written {
        names: request.names().iter().map(|n| format!("{}:{n}", n.kind())).collect(),
        subject: (!subject.is_empty()).then(|| subject.to_openssl()),
        lifetime: request.wanted_lifetime().map(|l| l.to_string()),
        key: request.wanted_key().map(|k| k.as_str().to_owned()),
        template: template.name().to_owned(),
        template_text: (!is_builtin).then(|| template.to_toml()),
        allow_long: request.allows_long(),
        key_elsewhere,
    };
    serde_json::to_string(&written)
        .map_err(|e| Error::Internal { doing: "writing a record", reason: e.to_string() })
}

fn read(bytes: &[u8]) -> Result<IssuedEntry> {
    let text = String::from_utf8_lossy(bytes);
    let certificate = Certificate::from_pem(bytes)?;
    let line = text.lines().find_map(|line| line.strip_prefix(PREFIX));
    let written = line.map(written).transpose()?;
    let key_is_elsewhere = written.as_ref().is_some_and(|written| written.key_elsewhere);
    Ok(IssuedEntry { certificate, request: written.as_ref().map(request).transpose()?, key_is_elsewhere })
}

fn written(json: &str) -> Result<Written> {
    serde_json::from_str(json).map_err(|e| Error::MalformedRecord { reason: e.to_string() })
}

fn request(written: &Written) -> Result<LeafRequest> {
    let template = match &written.template_text {
        Some(text) => Template::from_toml(&written.template, text)?,
        None => Template::named(&written.template)?,
    };
    let names = written.names.iter().map(|n| n.parse()).collect::<Result<Vec<_>>>()?;
    let mut request =
        LeafRequest::for_names(Names::new(names)?).template(template).allow_long(written.allow_long);
    if let Some(subject) = &written.subject {
        request = request.subject(subject.parse()?);
    }
    if let Some(lifetime) = &written.lifetime {
        request = request.lifetime(lifetime.parse()?);
    }
    if let Some(key) = &written.key {
        request = request.key(key.parse()?);
    }
    Ok(request)
}

/// How a serial number is written in the store: the octets of its DER in lower-case
/// hexadecimal. Others print it without the octet that keeps it positive, in capitals,
/// with colons, or with `0x` or zeros before it.
///
/// # Errors
/// [`Error::Serial`] where the text is none of 1 to 20 octets (RFC 5280 §4.1.2.2).
pub fn serial_name(text: &str) -> Result<String> {
    let digits: String = text.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    let number = digits.trim_start_matches('0');
    let is_hex = number.bytes().all(|b| b.is_ascii_hexdigit());
    if digits.is_empty() || !is_hex || number.len() > 40 {
        return Err(Error::Serial { input: text.to_owned() });
    }
    let odd = number.len() % 2 == 1;
    let high = !odd && number.as_bytes().first().is_none_or(|digit| *digit >= b'8');
    Ok(format!(
        "{}{number}",
        if odd {
            "0"
        } else if high {
            "00"
        } else {
            ""
        }
    ))
}

/// The octets of a serial number, as [`serial_name`] reads it.
///
/// # Errors
/// As [`serial_name`].
pub fn serial_octets(text: &str) -> Result<Vec<u8>> {
    let name = serial_name(text)?;
    let octet = |i: usize| name.get(i..i + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let octets: Option<Vec<u8>> = (0..name.len()).step_by(2).map(octet).collect();
    octets.ok_or_else(|| Error::Serial { input: text.to_owned() })
}

impl Store {
    /// What a CA has issued under a serial number (hexadecimal); none where
    /// there is no record.
    ///
    /// # Errors
    /// [`Error::StoreName`]; [`Error::File`] for a record that cannot be read.
    pub fn issued(&self, ca: &str, serial: &str) -> Result<Option<IssuedEntry>> {
        Self::issued_in(&self.ca_folder(ca)?, serial)
    }

    /// The same of the folder of a CA, one that was replaced too.
    pub(super) fn issued_in(folder: &std::path::Path, serial: &str) -> Result<Option<IssuedEntry>> {
        let Ok(serial) = serial_name(serial) else { return Ok(None) };
        let path = folder.join(ISSUED).join(format!("{serial}.pem"));
        let bytes = file::read_optional(&path)?;
        bytes.map(|bytes| read(&bytes).map_err(|e| e.in_file(&path))).transpose()
    }

    /// Puts a certificate on a CA's record that was issued before the CA was in this
    /// store. False where it is on record.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn record_issued(&self, ca: &str, certificate: &Certificate) -> Result<bool> {
        let path = self.issued_folder(ca)?.join(format!("{}.pem", certificate.serial_hex()));
        if file::is_there(&path) {
            return Ok(false);
        }
        // Not beside it: what a killed run leaves among very many files nobody finds.
        write::write_new_atomically(&write::workshop(self.root())?, &path, certificate.pem()?.as_bytes())?;
        Ok(true)
    }

    /// What was asked for in batches of a CA.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn batch_requests(&self, ca: &str) -> Result<BatchRequests> {
        let folder = self.ca_folder(ca)?.join(ISSUED);
        let mut found = HashMap::new();
        for name in file::files_in(&folder)?.iter().filter(|n| n.starts_with("batch-")) {
            let Some(bytes) = file::read_large(&folder.join(name))? else { continue };
            for line in String::from_utf8_lossy(&bytes).lines() {
                if let Some((serial, json)) = line.split_once(' ') {
                    found.insert(serial.to_owned(), json.to_owned());
                }
            }
        }
        Ok(BatchRequests(found))
    }

    /// The serial numbers of all that a CA has issued, in order.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn issued_serials(&self, ca: &str) -> Result<Vec<String>> {
        let names = file::files_in(&self.ca_folder(ca)?.join(ISSUED))?;
        let mut serials: Vec<String> =
            names.into_iter().filter_map(|name| name.strip_suffix(".pem").map(str::to_owned)).collect();
        serials.retain(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit()));
        serials.sort();
        Ok(serials)
    }
}
