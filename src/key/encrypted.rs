//! Encrypted PKCS#8 keys (RFC 5958 §3), as OpenSSL and Java write and read them.

use der::pem::LineEnding;
use der::{Decode, Encode};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use zeroize::Zeroizing;

use super::{KeyForm, PrivateKey};
use crate::error::{Error, Result};

/// The rounds of PBKDF2 with HMAC-SHA256 that are written: what OWASP's cheat sheet
/// on password storage asks for.
const ROUNDS: u32 = 600_000;
/// The most rounds of PBKDF2 that are worked through: some seconds.
pub(crate) const MOST_ROUNDS: u32 = 10_000_000;
/// The most octets that scrypt may mix, all of its rounds together: some seconds.
pub(crate) const MOST_SCRYPT: u64 = 512 << 20;
/// The most memory that scrypt may ask for, in octets.
const MOST_MEMORY: u64 = 256 << 20;
/// How many octets of salt are written.
const SALT: usize = 16;
/// The octets of a block of AES.
const BLOCK: usize = 16;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Asked for the pass phrase of what is named; none where nobody has one.
pub type Unlock<'a> = dyn FnMut(&str) -> Result<Option<Zeroizing<String>>> + 'a;

impl PrivateKey {
    /// The key encrypted with a pass phrase, in PEM: PKCS#8 with PBES2, AES-256-CBC
    /// and PBKDF2-HMAC-SHA256 in 600,000 rounds (RFC 8018 §6.2). Takes a part of a second.
    ///
    /// # Errors
    /// [`Error::Passphrase`] where it is empty; [`Error::Internal`] where the system
    /// gives no random numbers.
    pub fn encrypted_pem(&self, passphrase: &str) -> Result<String> {
        let broken = |reason: String| Error::Internal { doing: "encrypting a key", reason };
        if passphrase.is_empty() {
            return Err(Error::Passphrase { of: "the key".to_owned(), reason: "is empty" });
        }
        let (salt, iv) = (super::random::<SALT>()?, super::random::<BLOCK>()?);
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
            .map_err(|e| broken(e.to_string()))?;
        let encrypted =
            parameters.encrypt(passphrase, self.secret_der()).map_err(|e| broken(e.to_string()))?;
        let encrypted_data = der::asn1::OctetStringRef::new(&encrypted).map_err(|e| broken(e.to_string()))?;
        let info = EncryptedPrivateKeyInfoRef { encryption_algorithm: parameters.into(), encrypted_data };
        let der = info.to_der().map_err(|e| broken(e.to_string()))?;
        der::pem::encode_string(LABEL, LineEnding::LF, &der).map_err(|e| broken(e.to_string()))
    }

    /// Reads the first PEM block that is a private key, encrypted or not. `of` is what the
    /// pass phrase is asked for by. Says too what is weak about the encryption.
    ///
    /// # Errors
    /// [`Error::Passphrase`] where there is none or it is wrong; as
    /// [`PrivateKey::from_pem`] and [`PrivateKey::from_encrypted_der`].
    pub fn from_locked_pem(
        pem: &[u8],
        of: &str,
        unlock: &mut Unlock<'_>,
    ) -> Result<(Self, Option<&'static str>)> {
        let block = crate::pem::block(pem, |label| label == LABEL || KeyForm::of_label(label).is_some());
        let has = |text: &[u8]| block.windows(text.len()).any(|w| w == text);
        if has(b"Proc-Type:") && has(b"ENCRYPTED") {
            let reason = "it is encrypted in the old PEM form (Proc-Type)".to_owned();
            return Err(Error::KeyEncryption { reason });
        }
        if !has(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return Self::from_pem(block).map(|key| (key, None));
        }
        let (_, der) = crate::pem::decode(block).map_err(|e| Error::MalformedPem {
            reason: format!("no PEM block of a private key can be read: {e}"),
        })?;
        let Some(passphrase) = unlock(of)? else {
            return Err(Error::Passphrase { of: of.to_owned(), reason: "is needed, and none was given" });
        };
        let key = Self::from_encrypted_der(&der, &passphrase).map_err(|e| match e {
            Error::Passphrase { reason, .. } => Error::Passphrase { of: of.to_owned(), reason },
            other => other,
        })?;
        Ok((key, weakness(&der)))
    }

    /// Reads an encrypted PKCS#8 key in DER (PEM label `ENCRYPTED PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Error::Passphrase`] where it is wrong; [`Error::KeyEncryption`] where it is encrypted
    /// in a way that is not known or would take too long; as [`PrivateKey::from_der`].
    pub fn from_encrypted_der(der: &[u8], passphrase: &str) -> Result<Self> {
        let refuse = |reason: &str| Error::KeyEncryption { reason: reason.to_owned() };
        let wrong = || Error::Passphrase { of: "the key".to_owned(), reason: "is wrong" };
        let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| unread(der))?;
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
                if memory > MOST_MEMORY {
                    return Err(refuse("its pass phrase takes more than 256 MiB of memory"));
                }
                if memory.saturating_mul(u64::from(kdf.parallelization)) > MOST_SCRYPT {
                    return Err(refuse("its pass phrase takes too much work"));
                }
            }
            _ => {}
        }
        super::private::hold();
        let plain = info.decrypt(passphrase).map_err(|_| wrong())?;
        // One octet in 256 ends as a key that was opened would: what comes out shows it.
        if pkcs8::PrivateKeyInfoRef::try_from(plain.as_bytes()).is_err() {
            return Err(wrong());
        }
        Self::from_der(&Zeroizing::new(plain.as_bytes().to_vec()), KeyForm::Pkcs8)
    }
}

/// Why what stands where an encrypted key belongs cannot be read (RFC 5958 §3).
fn unread(der: &[u8]) -> Error {
    #[derive(der::Sequence)]
    struct Encrypted<'a> {
        algorithm: x509_cert::spki::AlgorithmIdentifierRef<'a>,
        data: &'a der::asn1::OctetStringRef,
    }
    let reason = match Encrypted::from_der(der) {
        // RFC 8018 appendix A.3, and those of RFC 7292 appendix C.
        Ok(Encrypted { algorithm, data }) if !data.is_empty() => {
            let oid = algorithm.oid.to_string();
            let old = ["1.2.840.113549.1.5.", "1.2.840.113549.1.12.1."];
            if old.iter().any(|prefix| oid.starts_with(prefix)) && oid != PBES2 {
                "it is encrypted in an old way that is not read (PBES1)".to_owned()
            } else {
                "it is encrypted with something that is not read: AES and 3DES are, with scrypt or PBKDF2 and \
                 HMAC-SHA1, -SHA224, -SHA256, -SHA384 or -SHA512"
                    .to_owned()
            }
        }
        _ => "it is no encrypted key".to_owned(),
    };
    Error::KeyEncryption { reason }
}

/// `id-PBES2` (RFC 8018 appendix A.4).
const PBES2: &str = "1.2.840.113549.1.5.13";

/// What is weak about the way a key is encrypted, if anything is.
pub(crate) fn weakness(der: &[u8]) -> Option<&'static str> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der).ok()?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else { return None };
    match (&parameters.encryption, &parameters.kdf) {
        (pbes2::EncryptionScheme::DesEde3Cbc { .. }, _) => Some("it is encrypted with 3DES"),
        (_, pbes2::Kdf::Pbkdf2(kdf)) if kdf.prf == pbes2::Pbkdf2Prf::HmacWithSha1 => {
            Some("its pass phrase is worked through with SHA-1")
        }
        (_, pbes2::Kdf::Pbkdf2(kdf)) if kdf.iteration_count < 100_000 => {
            Some("its pass phrase is worked through in few rounds")
        }
        _ => None,
    }
}
