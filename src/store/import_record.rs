//! `acm.json`: what is known of a leaf's imports into ACM. Identifiers only,
//! never key material.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What one import left behind: one a region and endpoint.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImportRecord {
    /// The certificate's ARN.
    pub arn: String,
    /// The region it is in.
    pub region: String,
    /// The endpoint that was told to be used instead of AWS's own, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The SHA-256 over leaf and chain that were imported last.
    pub sha256: String,
    /// When that was, RFC 3339.
    pub imported_at: String,
    /// The tags it was given, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
}

/// The imports of one leaf, and the file they are kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecords {
    path: PathBuf,
    records: Vec<ImportRecord>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Document {
    schema: String,
    imports: Vec<ImportRecord>,
}

const SCHEMA: &str = "certforge/acm/1";

impl ImportRecords {
    /// Reads the records; none where there is no file.
    ///
    /// # Errors
    /// [`Error::File`] where the file cannot be read or says what nobody understands.
    pub fn read(path: &Path) -> Result<Self> {
        let malformed = |reason: String| Error::MalformedRecord { reason }.in_file(path);
        let records = match super::file::read_optional(path)? {
            None => Vec::new(),
            Some(bytes) => {
                let document: Document =
                    serde_json::from_slice(&bytes).map_err(|e| malformed(e.to_string()))?;
                if document.schema != SCHEMA {
                    return Err(malformed(format!("its schema is `{}`, not `{SCHEMA}`", document.schema)));
                }
                document.imports
            }
        };
        Ok(Self { path: path.to_owned(), records })
    }

    /// The record for a region and an endpoint.
    #[must_use]
    pub fn find(&self, region: &str, endpoint: Option<&str>) -> Option<&ImportRecord> {
        self.records.iter().find(|r| r.region == region && r.endpoint.as_deref() == endpoint)
    }

    /// Puts a record in the place of the one for its region and endpoint, and
    /// saves the file in one step.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&mut self, record: ImportRecord) -> Result<()> {
        self.records.retain(|r| r.region != record.region || r.endpoint != record.endpoint);
        self.records.push(record);
        let document = Document { schema: SCHEMA.to_owned(), imports: self.records.clone() };
        let mut text = serde_json::to_string_pretty(&document)
            .map_err(|e| Error::Internal { doing: "writing acm.json", reason: e.to_string() })?;
        text.push('\n');
        super::file::replace(&self.path, text.as_bytes(), super::PUBLIC)
    }

    /// The file the records are kept in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
