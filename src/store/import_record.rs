//! `acm.json`: what is known of a leaf's imports into ACM. Identifiers only,
//! never key material.

use std::path::{Path, PathBuf};

use crate::certificate::Certificate;
use crate::error::{Error, Result};

/// The endpoint in records of what the simulator of `--sim` holds: its port changes.
pub const SIMULATOR: &str = "acm-sim";

/// What one import left behind: one a region, endpoint and account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImportRecord {
    /// The certificate's ARN.
    pub arn: String,
    /// The region it is in.
    pub region: String,
    /// The endpoint that was told to be used instead of AWS's own, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The profile it was imported with, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The kind of the imported key: ACM takes no other for this ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The SHA-256 over leaf and chain that were imported last.
    pub sha256: String,
    /// When that was, RFC 3339.
    pub imported_at: String,
    /// The services that it was to be for: for some of them the chain is sent otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The tags it was given, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
}

/// An import that makes a new certificate, from before its call until what came of it is known.
/// A run that is stopped in between leaves it: the call may be at work when the next one begins.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PendingImport {
    /// The region.
    pub region: String,
    /// The endpoint that was told to be used instead of AWS's own, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The profile, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The SHA-256 over leaf and chain.
    pub sha256: String,
    /// When it was begun, RFC 3339.
    pub since: String,
}

/// The imports of one leaf, and the file they are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecords {
    path: Option<PathBuf>,
    records: Vec<ImportRecord>,
    superseded: Vec<ImportRecord>,
    pending: Vec<PendingImport>,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Document {
    schema: String,
    imports: Vec<ImportRecord>,
    /// What was imported before and then left for a new certificate: still in
    /// ACM, still counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    superseded: Vec<ImportRecord>,
    /// What was begun, and nobody knows what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<PendingImport>,
}

const SCHEMA: &str = "certforge/acm/1";

impl ImportRecords {
    /// Reads the records; none where there is no file.
    ///
    /// # Errors
    /// [`Error::File`] where the file cannot be read or says what nobody understands.
    pub fn read(path: &Path) -> Result<Self> {
        let malformed = |reason: String| Error::MalformedRecord { reason }.in_file(path);
        let document = match super::file::read_optional(path)? {
            None => Document::default(),
            Some(bytes) => {
                let document: Document =
                    serde_json::from_slice(&bytes).map_err(|e| malformed(e.to_string()))?;
                if document.schema != SCHEMA {
                    return Err(malformed(format!("its schema is `{}`, not `{SCHEMA}`", document.schema)));
                }
                document
            }
        };
        let Document { imports: records, superseded, pending, .. } = document;
        Ok(Self { path: Some(path.to_owned()), records, superseded, pending })
    }

    /// No records, and nowhere to keep any: for a certificate that came through a pipe.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self { path: None, records: Vec::new(), superseded: Vec::new(), pending: Vec::new() }
    }

    /// The records for a region and an endpoint: one an account.
    pub fn at(&self, region: &str, endpoint: Option<&str>) -> impl Iterator<Item = &ImportRecord> {
        self.records.iter().filter(move |r| r.region == region && r.is_at(endpoint))
    }

    /// All records that are in use.
    #[must_use]
    pub fn all(&self) -> &[ImportRecord] {
        &self.records
    }

    /// Finds out whether a record could be saved, before there is one.
    ///
    /// # Errors
    /// [`Error::Unrecordable`].
    pub fn check_writable(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let refused = |e| Error::Unrecordable { path: path.clone(), source: Box::new(e) };
        super::write::check_replaceable(path).map_err(refused)
    }

    /// Puts a record in the place of the one for its region, endpoint and account,
    /// and saves the file in one step.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&mut self, record: ImportRecord) -> Result<()> {
        let same = |r: &ImportRecord| r.is_beside(&record);
        let (old, mut records): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.records).into_iter().partition(same);
        // An ARN is never forgotten: what is behind it goes on counting in ACM.
        self.superseded.extend(old.into_iter().filter(|r| r.arn != record.arn));
        let endpoint = record.endpoint.as_deref();
        self.pending.retain(|p| !p.is_at(&record.region, endpoint, record.profile.as_deref()));
        records.push(record);
        self.records = records;
        self.write()
    }

    /// Writes down that a new certificate is about to be imported: nobody knows whether it was
    /// until [`ImportRecords::save`], or [`ImportRecords::settle`] where nothing came of it.
    ///
    /// # Errors
    /// [`Error::Unrecordable`].
    pub fn begin(&mut self, pending: PendingImport) -> Result<()> {
        let (endpoint, profile) = (pending.endpoint.as_deref(), pending.profile.as_deref());
        let is_same =
            |p: &PendingImport| p.is_at(&pending.region, endpoint, profile) && p.sha256 == pending.sha256;
        self.pending.retain(|p| !is_same(p));
        self.pending.push(pending);
        let path = self.path.clone().unwrap_or_default();
        self.write().map_err(|e| Error::Unrecordable { path, source: Box::new(e) })
    }

    /// What was begun there, of whatever content, where nobody knows what came of it.
    pub fn begun(
        &self,
        region: &str,
        endpoint: Option<&str>,
        profile: Option<&str>,
    ) -> impl Iterator<Item = &PendingImport> {
        self.pending.iter().filter(move |p| p.is_at(region, endpoint, profile))
    }

    /// Forgets that this was begun: nothing came of it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn settle(&mut self, pending: &PendingImport) -> Result<()> {
        self.pending.retain(|p| p != pending);
        let is_empty = self.records.is_empty() && self.superseded.is_empty() && self.pending.is_empty();
        match self.path.as_deref().filter(|_| is_empty) {
            Some(path) => std::fs::remove_file(path).map_err(super::file::io_error("remove", path)),
            None => self.write(),
        }
    }

    fn write(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let document = Document {
            schema: SCHEMA.to_owned(),
            imports: self.records.clone(),
            superseded: self.superseded.clone(),
            pending: self.pending.clone(),
        };
        let mut text = serde_json::to_string_pretty(&document)
            .map_err(|e| Error::Internal { doing: "writing acm.json", reason: e.to_string() })?;
        text.push('\n');
        super::write::replace(path, text.as_bytes(), super::PUBLIC)
    }

    /// Keeps what ACM held before it is replaced, beside the records: ACM gives no
    /// way back. One file a certificate, named by its serial number.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn keep_previous(&self, leaf: &Certificate, chain: &[Certificate]) -> Result<Option<PathBuf>> {
        let Some(path) = &self.path else { return Ok(None) };
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let target = path.with_file_name(format!("{name}.previous-{}.pem", leaf.serial_hex()));
        let mut text = leaf.pem()?;
        for issuer in chain {
            text.push_str(&issuer.pem()?);
        }
        super::write::replace(&target, text.as_bytes(), super::PUBLIC)?;
        Ok(Some(target))
    }

    /// The file the records are kept in, if they are kept.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl PendingImport {
    fn is_at(&self, region: &str, endpoint: Option<&str>, profile: Option<&str>) -> bool {
        self.region == region
            && self.endpoint.as_deref().and_then(place_of) == endpoint.and_then(place_of)
            && self.profile.as_deref() == profile
    }
}

impl ImportRecord {
    /// Whether a simulator has it, and AWS does not.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.endpoint.as_deref() == Some(SIMULATOR)
    }

    /// Whether its ACM is the one that an endpoint leads to; none is AWS's own.
    #[must_use]
    pub fn is_at(&self, endpoint: Option<&str>) -> bool {
        self.endpoint.as_deref().and_then(place_of) == endpoint.and_then(place_of)
    }

    /// Whether both are of the same region, endpoint and account.
    fn is_beside(&self, other: &Self) -> bool {
        self.region == other.region
            && self.is_at(other.endpoint.as_deref())
            && self.account() == other.account()
    }

    /// The account its ARN names.
    fn account(&self) -> Option<&str> {
        self.arn.split(':').nth(4)
    }
}

/// Which ACM an endpoint leads to: none for AWS's own, by whatever of its names (those of VPC
/// endpoints too), else the URL as it is compared.
fn place_of(endpoint: &str) -> Option<String> {
    let url = endpoint.trim_end_matches('/');
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.to_ascii_lowercase();
    let host = authority.split(':').next().unwrap_or_default();
    let is_own = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|end| host.ends_with(end));
    (!is_own).then(|| format!("{}://{authority}{path}", scheme.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::place_of;

    #[test]
    fn an_acm_is_one_by_whatever_name_it_is_called() {
        for own in [
            "https://acm.eu-west-1.amazonaws.com",
            "https://acm.cn-north-1.amazonaws.com.cn/",
            "https://vpce-1.acm.eu-west-1.vpce.amazonaws.com:443",
            "https://acm.eu-west-1.api.aws",
        ] {
            assert_eq!(place_of(own), None, "{own}");
        }
        assert_eq!(place_of("HTTP://LocalHost:5000/"), place_of("http://localhost:5000"));
        assert_ne!(place_of("http://localhost:5000/A"), place_of("http://localhost:5000/a"));
        for other in ["http://127.0.0.1:1", "https://amazonaws.com.example", "http://x/.amazonaws.com"] {
            assert!(place_of(other).is_some(), "{other}");
        }
    }
}
