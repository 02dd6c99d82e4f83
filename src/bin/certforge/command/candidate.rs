//! What is to be imported, and what can be said of it without asking ACM.

use std::sync::OnceLock;

use certforge::aws::{CertificateArn, Tag, Wanted};
use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::check::acm::{self, Allowed, Service};
use certforge::key::PrivateKey;
use certforge::store::LeafEntry;
use certforge::{Error, Finding, Severity};
use time::OffsetDateTime;

use crate::context::Failure;

/// A private key that is read when it is needed: after region and credentials are
/// settled, and not at all where nothing is sent.
pub struct LazyKey<'a> {
    entry: Option<&'a LeafEntry>,
    key: OnceLock<PrivateKey>,
}

impl<'a> LazyKey<'a> {
    /// The key of a leaf of the store.
    pub const fn of(entry: &'a LeafEntry) -> Self {
        Self { entry: Some(entry), key: OnceLock::new() }
    }

    /// A key that is there.
    pub fn ready(key: PrivateKey) -> Self {
        Self { entry: None, key: OnceLock::from(key) }
    }

    /// The key, where it was read already.
    pub fn peek(&self) -> Option<&PrivateKey> {
        self.key.get()
    }

    pub fn get(&self) -> Result<&PrivateKey, Failure> {
        if let (Some(entry), None) = (self.entry, self.key.get()) {
            // Another thread may be quicker: both have read the same.
            let _ = self.key.set(entry.private_key()?);
        }
        let reason = || "it was not kept".to_owned();
        let gone = || Error::Internal { doing: "reading the key", reason: reason() };
        Ok(self.key.get().ok_or_else(gone)?)
    }
}

/// What is to be imported, all but the private key.
pub struct Candidate<'a> {
    pub certificate: &'a Certificate,
    /// The issuers as they are: what the rules look at.
    pub chain: &'a Chain,
    /// What is sent of them.
    pub sent: Chain,
    /// What reading the files had to say.
    pub gathered: &'a [Finding],
    pub tags: &'a [Tag],
    /// The ARN that was given.
    pub arn: Option<&'a CertificateArn>,
    pub new: bool,
    pub services: &'a [Service],
    pub allowed: &'a Allowed,
    pub dry_run: bool,
    pub now: OffsetDateTime,
}

impl Candidate<'_> {
    /// The SHA-256 over what is sent.
    pub fn sha256(&self) -> String {
        content_sha256(self.certificate, &self.sent).to_string()
    }

    /// What is to be said without asking ACM; without the key, all but what is to
    /// be said of it.
    pub fn offline(
        &self,
        key: Option<&PrivateKey>,
        tags: &[Tag],
        region: Option<&str>,
        arn: Option<&CertificateArn>,
    ) -> Result<Vec<Finding>, Failure> {
        let pairs = pairs(tags);
        let mut import = acm::Import::new(self.certificate, self.chain, key.map(PrivateKey::public));
        import.key_octets = key.map(PrivateKey::secret_pem).transpose()?.map_or(0, |pem| pem.len());
        import.services = self.services;
        import.region = region;
        import.arn_region = arn.map(CertificateArn::region);
        import.tags = &pairs;
        Ok(acm::import(&import, self.gathered, self.allowed, self.now))
    }

    /// The same; with an error in it, a refusal.
    pub fn preflight(
        &self,
        key: &PrivateKey,
        tags: &[Tag],
        region: Option<&str>,
        arn: Option<&CertificateArn>,
    ) -> Result<Vec<Finding>, Failure> {
        refuse_errors(self.offline(Some(key), tags, region, arn)?)
    }

    pub fn wanted<'b>(&'b self, arn: Option<&'b CertificateArn>) -> Wanted<'b> {
        Wanted { certificate: self.certificate, chain: &self.sent, arn, new: self.new }
    }
}

/// The findings, unless one is an error.
pub fn refuse_errors(found: Vec<Finding>) -> Result<Vec<Finding>, Failure> {
    if found.iter().any(|f| f.severity == Severity::Error) { Err(Failure::Refused(found)) } else { Ok(found) }
}

/// Tags as records keep them.
pub fn pairs(tags: &[Tag]) -> Vec<(String, String)> {
    tags.iter().map(|t| (t.key.clone(), t.value.clone())).collect()
}
