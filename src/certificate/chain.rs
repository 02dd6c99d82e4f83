//! Certificates together: a trust anchor, and issuers in order.

use std::sync::{Arc, OnceLock};

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
///
/// A clone shares the certificates: every leaf of a CA has the same ones.
#[derive(Clone, Debug, Default)]
pub struct Chain(Arc<Issuers>);

#[derive(Debug, Default)]
struct Issuers {
    certificates: Vec<Certificate>,
    /// Whether the last is a root; asked once, because it takes a signature to know.
    rooted: OnceLock<bool>,
    /// All of them as PEM, which many leaves take a copy of.
    pem: OnceLock<String>,
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.certificates() == other.certificates()
    }
}

impl Eq for Chain {}

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
        Ok(Self::known(issuers))
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
    pub(crate) fn known(issuers: Vec<Certificate>) -> Self {
        Self(Arc::new(Issuers { certificates: issuers, ..Issuers::default() }))
    }

    /// The issuers in order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// The issuers but the root: what a server sends behind its leaf. Only the
    /// last can be the root; an intermediate of the same name as its issuer is none.
    pub fn intermediates(&self) -> impl Iterator<Item = &Certificate> {
        let all = &self.0.certificates;
        let rooted = *self.0.rooted.get_or_init(|| all.last().is_some_and(Certificate::is_self_signed));
        all.iter().take(all.len() - usize::from(rooted))
    }

    /// The same without its root, where it has one and something else too.
    #[must_use]
    pub fn without_root(&self) -> Self {
        let rest: Vec<Certificate> = self.intermediates().cloned().collect();
        if rest.is_empty() { self.clone() } else { Self::known(rest) }
    }

    /// All of them as PEM, in order.
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn pem(&self) -> Result<String> {
        if let Some(pem) = self.0.pem.get() {
            return Ok(pem.clone());
        }
        let pem: String = self.certificates().iter().map(Certificate::pem).collect::<Result<_>>()?;
        Ok(self.0.pem.get_or_init(|| pem).clone())
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
