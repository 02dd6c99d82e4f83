//! PKCS#12 (RFC 7292), for Java, Windows and browsers.

use p12_keystore::{
    Certificate as StoredCertificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, LocalKeyId, MacAlgorithm,
    Pkcs12ImportPolicy, Pkcs12Writer, PrivateKey as StoredKey, PrivateKeyChain,
};

use super::Bundle;
use crate::certificate::{Certificate, TrustAnchor};
use crate::error::{Error, Result};

/// The rounds that a pass phrase is worked through, of encryption and of the MAC each.
const ROUNDS: u32 = 100_000;
/// Those of the old way, which old programs take seconds for.
const LEGACY_ROUNDS: u32 = 2_048;

/// How a PKCS#12 file is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pkcs12Strength {
    /// AES-256 and HMAC-SHA256: OpenSSL 1.1, Java 8u301 and Windows Server 2019 and later.
    #[default]
    Modern,
    /// 3DES and HMAC-SHA1, for what is older.
    Legacy,
}

impl Bundle {
    /// The key, the leaf and all of its issuers as PKCS#12 in DER, under one alias.
    ///
    /// # Errors
    /// [`Error::Passphrase`] where it is empty, which Java opens no file with, or has a
    /// character beyond U+FFFF; [`Error::Internal`] where the alias has one.
    pub fn secret_pkcs12(&self, alias: &str, passphrase: &str, strength: Pkcs12Strength) -> Result<Vec<u8>> {
        let key = StoredKey::from_der(self.key().secret_der()).map_err(broken)?;
        let certificates = std::iter::once(self.leaf()).chain(self.chain().certificates());
        let chain = certificates.map(stored).collect::<Result<Vec<_>>>()?;
        let id = LocalKeyId(self.key().public().key_identifier().to_vec());
        write(
            alias,
            KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, key, chain)),
            passphrase,
            strength,
        )
    }
}

impl TrustAnchor {
    /// The certificate as a trust store in PKCS#12: Java lists it as a trusted entry.
    ///
    /// # Errors
    /// [`Error::Passphrase`] and [`Error::Internal`] as [`Bundle::secret_pkcs12`].
    pub fn pkcs12_trust_store(
        &self,
        alias: &str,
        passphrase: &str,
        strength: Pkcs12Strength,
    ) -> Result<Vec<u8>> {
        write(alias, KeyStoreEntry::Certificate(stored(self.certificate())?), passphrase, strength)
    }

    /// A trust store in place of `old`, by its alias and in its strength, where that opens
    /// with [`TRUST_STORE_PASSPHRASE`]; none where it has a pass phrase of its own.
    pub(crate) fn trust_store_after(&self, old: &[u8]) -> Result<Option<Vec<u8>>> {
        let Ok(store) = KeyStore::from_pkcs12(old, TRUST_STORE_PASSPHRASE, Pkcs12ImportPolicy::Relaxed)
        else {
            return Ok(None);
        };
        let Some((alias, _)) = store.entries().next() else { return Ok(None) };
        let legacy = old.windows(TRIPLE_DES.len()).any(|w| w == TRIPLE_DES);
        let strength = if legacy { Pkcs12Strength::Legacy } else { Pkcs12Strength::Modern };
        self.pkcs12_trust_store(alias, TRUST_STORE_PASSPHRASE, strength).map(Some)
    }
}

/// The pass phrase of trust stores where nobody gives one: Java's own, which everybody knows.
/// There is nothing secret in them.
pub const TRUST_STORE_PASSPHRASE: &str = "changeit";

/// `pbeWithSHAAnd3-KeyTripleDES-CBC` (RFC 7292 appendix C), the object identifier's octets.
const TRIPLE_DES: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03];

fn write(alias: &str, entry: KeyStoreEntry, passphrase: &str, strength: Pkcs12Strength) -> Result<Vec<u8>> {
    if passphrase.is_empty() {
        return Err(Error::Passphrase { of: "the PKCS#12 file".to_owned(), reason: "is empty" });
    }
    // A BMPString has characters of two octets (RFC 7292 appendix B.1).
    if passphrase.chars().any(|c| u32::from(c) > 0xffff) {
        let reason = "has a character that PKCS#12 has no room for";
        return Err(Error::Passphrase { of: "the PKCS#12 file".to_owned(), reason });
    }
    let mut store = KeyStore::new();
    store.add_entry(alias, entry);
    let writer: Pkcs12Writer<'_, '_> = store.writer(passphrase);
    let writer = match strength {
        Pkcs12Strength::Modern => writer.encryption_iterations(ROUNDS).mac_iterations(ROUNDS),
        Pkcs12Strength::Legacy => writer
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
            .mac_algorithm(MacAlgorithm::HmacSha1)
            .encryption_iterations(LEGACY_ROUNDS)
            .mac_iterations(LEGACY_ROUNDS),
    };
    writer.write().map_err(broken)
}

fn stored(certificate: &Certificate) -> Result<StoredCertificate> {
    StoredCertificate::from_der(certificate.der()).map_err(broken)
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::Internal { doing: "writing PKCS#12", reason: e.to_string() }
}
