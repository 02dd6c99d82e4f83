//! A leaf with its key and its issuers: the whole set that goes to a server.

#[cfg(feature = "pkcs12")]
mod pkcs12;
#[cfg(feature = "pkcs12")]
mod pkcs7;

use zeroize::Zeroizing;

use crate::certificate::{Certificate, Chain, TrustAnchor, check_link};
use crate::error::Result;
use crate::key::{KeyForm, PrivateKey, Sha256};
#[cfg(feature = "pkcs12")]
pub use pkcs7::pkcs7_pem;
#[cfg(feature = "pkcs12")]
pub use pkcs12::{Pkcs12Strength, TRUST_STORE_PASSPHRASE};

/// A leaf, its private key and its chain. The key belongs to the leaf, and each
/// certificate was issued by the next.
#[derive(Debug)]
pub struct Bundle {
    leaf: Certificate,
    key: PrivateKey,
    chain: Chain,
    send_root: bool,
}

impl Bundle {
    /// Puts the parts together. An empty chain is for a self-signed leaf.
    ///
    /// # Errors
    /// [`crate::Error::KeyMismatch`] where the key is another's, [`crate::Error::Chain`] where
    /// the first issuer did not issue the leaf.
    pub fn new(leaf: Certificate, key: PrivateKey, chain: Chain) -> Result<Self> {
        let issuer = chain.certificates().first().unwrap_or(&leaf);
        check_link(0, &leaf, issuer)?;
        Self::known(leaf, key, chain, false)
    }

    /// As [`Bundle::new`], where the leaf was signed a moment ago by the chain's
    /// first certificate.
    pub(crate) fn known(leaf: Certificate, key: PrivateKey, chain: Chain, send_root: bool) -> Result<Self> {
        leaf.check_key(key.public())?;
        Ok(Self { leaf, key, chain, send_root })
    }

    /// The leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The leaf's private key.
    #[must_use]
    pub const fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The leaf's private key alone; the rest is dropped.
    #[must_use]
    pub fn into_key(self) -> PrivateKey {
        self.key
    }

    /// The issuers in order, root last; empty for a self-signed leaf.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What clients have to trust: the last of the chain, or the leaf itself
    /// where it is self-signed.
    #[must_use]
    pub fn trust_anchor(&self) -> TrustAnchor {
        TrustAnchor::new(self.chain.certificates().last().unwrap_or(&self.leaf).clone())
    }

    /// The same, of a server that sends the root too, or does not.
    #[cfg(feature = "store")]
    #[must_use]
    pub(crate) const fn sending_root(mut self, send_root: bool) -> Self {
        self.send_root = send_root;
        self
    }

    /// Whether a server sends the root too.
    #[cfg(any(feature = "rustls", feature = "store"))]
    pub(crate) const fn send_root(&self) -> bool {
        self.send_root
    }

    /// What a server sends: the leaf, the intermediates, and the root only where
    /// the template says so; PEM.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] where PEM cannot be written.
    pub fn fullchain_pem(&self) -> Result<String> {
        fullchain_pem(&self.leaf, &self.chain, self.send_root)
    }

    /// Key, leaf and intermediates in one PEM text, in this order: what HAProxy and
    /// some mail servers take. Wiped when dropped.
    ///
    /// # Errors
    /// As [`PrivateKey::secret_pem_as`].
    pub fn secret_combined_pem(&self, form: KeyForm) -> Result<Zeroizing<String>> {
        let (key, rest) = (self.key.secret_pem_as(form)?, self.fullchain_pem()?);
        // Room for all of it: growing would leave copies of the key behind.
        let mut all = Zeroizing::new(String::with_capacity(key.len() + rest.len()));
        all.push_str(&key);
        all.push_str(&rest);
        Ok(all)
    }

    /// The SHA-256 over leaf and chain (DER, in order): the same content has the
    /// same digest, whatever the PEM around it looks like.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        content_sha256(&self.leaf, &self.chain)
    }
}

/// What a server sends of a leaf and its chain; PEM.
pub(crate) fn fullchain_pem(leaf: &Certificate, chain: &Chain, send_root: bool) -> Result<String> {
    let mut pem = leaf.pem()?;
    if send_root {
        pem.push_str(&chain.pem()?);
    } else {
        for certificate in chain.intermediates() {
            pem.push_str(&certificate.pem()?);
        }
    }
    Ok(pem)
}

/// The SHA-256 over a leaf and its chain (DER, in order).
#[must_use]
pub fn content_sha256(leaf: &Certificate, chain: &Chain) -> Sha256 {
    let all = std::iter::once(leaf).chain(chain.certificates()).flat_map(|c| c.der().iter().copied());
    Sha256::of(&all.collect::<Vec<u8>>())
}
