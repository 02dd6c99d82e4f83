//! Certificates together: a trust anchor, and issuers in order.

use super::Certificate;
use crate::error::{Error, Result};

/// A CA certificate without its key: what clients install. Nothing says that
/// anybody should trust it but the one who installs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor(Certificate);

impl TrustAnchor {
    /// A certificate taken as a trust anchor.
    #[must_use]
    pub const fn new(certificate: Certificate) -> Self {
        Self(certificate)
    }

    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.0
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.0.der()
    }

    /// Its PEM.
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn pem(&self) -> Result<String> {
        self.0.pem()
    }
}

/// Issuers in order: the first issued the leaf, the last is the root or as far
/// up as is known. Empty for a self-signed leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain(Vec<Certificate>);

impl Chain {
    /// A chain of these issuers, each checked to have issued the one before it,
    /// by name and by signature.
    ///
    /// # Errors
    /// [`Error::Chain`] with the position of the first that does not fit.
    pub fn new(issuers: Vec<Certificate>) -> Result<Self> {
        for (i, pair) in issuers.windows(2).enumerate() {
            if let [below, above] = pair {
                check_link(i + 1, below, above)?;
            }
        }
        Ok(Self(issuers))
    }

    /// The certificates of a PEM text, in the order they stand in, which nobody
    /// has checked.
    ///
    /// # Errors
    /// [`Error::MalformedPem`], [`Error::MalformedCertificate`].
    pub fn parts(pem: &str) -> Result<Vec<Certificate>> {
        let blocks = pem.split_inclusive("-----END CERTIFICATE-----");
        let blocks = blocks.filter(|block| block.contains("-----BEGIN"));
        blocks.map(|block| Certificate::from_pem(block.trim_start().as_bytes())).collect()
    }

    /// A chain already known to fit.
    pub(crate) const fn known(issuers: Vec<Certificate>) -> Self {
        Self(issuers)
    }

    /// The issuers in order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// The issuers but the root: what a server sends behind its leaf. Only the
    /// last can be the root; an intermediate of the same name as its issuer is none.
    pub fn intermediates(&self) -> impl Iterator<Item = &Certificate> {
        let root = |c: &Certificate| c.is_self_issued() && c.is_signed_by(c.public_key()).unwrap_or(true);
        let count = match self.0.last() {
            Some(last) if root(last) => self.0.len() - 1,
            _ => self.0.len(),
        };
        self.0.iter().take(count)
    }

    /// The same without its root, where it has one and something else too.
    #[must_use]
    pub fn without_root(&self) -> Self {
        let rest: Vec<Certificate> = self.intermediates().cloned().collect();
        if rest.is_empty() { self.clone() } else { Self(rest) }
    }

    /// All of them as PEM, in order.
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn pem(&self) -> Result<String> {
        self.0.iter().map(Certificate::pem).collect()
    }
}

/// Checks that `above` issued `below`, which stands at `index` counted from the leaf.
pub(crate) fn check_link(index: usize, below: &Certificate, above: &Certificate) -> Result<()> {
    let broken = |reason| Error::Chain { index, issuer: below.issuer(), reason };
    if below.issuer_der() != above.subject_der() {
        return Err(broken("the next certificate has another name"));
    }
    if !below.is_signed_by(above.public_key())? {
        return Err(broken("the next certificate has that name but not the key that signed it"));
    }
    Ok(())
}
