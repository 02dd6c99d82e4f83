//! Encrypted PKCS#8 keys (RFC 5958 §3), as OpenSSL and Java write them.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use zeroize::Zeroizing;

use super::{KeyForm, PrivateKey};
use crate::error::{Error, Result};

/// The most rounds of PBKDF2 that are worked through: some seconds.
const MOST_ROUNDS: u32 = 10_000_000;
/// The most memory that scrypt may ask for, in octets.
const MOST_MEMORY: u64 = 256 << 20;

impl PrivateKey {
    /// Reads an encrypted PKCS#8 key in DER (PEM label `ENCRYPTED PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Error::Key`] where it cannot be read, is encrypted in a way that is not
    /// known or would take too long, or the pass phrase is wrong; as
    /// [`PrivateKey::from_der`].
    pub fn from_encrypted_der(der: &[u8], passphrase: &str) -> Result<Self> {
        let refuse = |reason: &str| Error::Key { reason: reason.to_owned() };
        let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| refuse("it is no encrypted key"))?;
        let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
            return Err(refuse("it is encrypted in an old way that is not read (PBES1)"));
        };
        match &parameters.kdf {
            pbes2::Kdf::Pbkdf2(kdf) if kdf.iteration_count > MOST_ROUNDS => {
                return Err(refuse(&format!(
                    "its pass phrase takes {} rounds, and {MOST_ROUNDS} are the most",
                    kdf.iteration_count
                )));
            }
            pbes2::Kdf::Scrypt(kdf) => {
                let memory = kdf.cost_parameter.saturating_mul(u64::from(kdf.block_size)).saturating_mul(128);
                if memory > MOST_MEMORY || kdf.parallelization > 16 {
                    return Err(refuse("its pass phrase takes more than 256 MiB of memory"));
                }
            }
            _ => {}
        }
        let plain = info.decrypt(passphrase).map_err(|_| refuse("the pass phrase is wrong"))?;
        Self::from_der(&Zeroizing::new(plain.as_bytes().to_vec()), KeyForm::Pkcs8)
            .map_err(|e| if matches!(e, Error::Key { .. }) { refuse("the pass phrase is wrong") } else { e })
    }
}
