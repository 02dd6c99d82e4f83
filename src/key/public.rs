//! Public keys and what they verify.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Encode};
use ring::signature as ring_signature;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::{KeyAlgorithm, Sha256};
use crate::error::{Error, Result};

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A public key: its `SubjectPublicKeyInfo` in DER (RFC 5280 §4.1.2.7).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
    /// Where the octets of the BIT STRING start; they reach to the end.
    bits: usize,
    algorithm: Option<KeyAlgorithm>,
}

impl PublicKey {
    /// A public key from its `SubjectPublicKeyInfo`. Any algorithm is taken;
    /// [`PublicKey::algorithm`] says whether certforge knows it.
    ///
    /// # Errors
    /// [`Error::Key`] where the bytes are no `SubjectPublicKeyInfo`.
    pub fn from_der(spki: &[u8]) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| Error::Key { reason: format!("not a public key: {e}") };
        let parsed = SubjectPublicKeyInfoRef::from_der(spki).map_err(|e| broken(&e))?;
        let bits =
            parsed.subject_public_key.as_bytes().ok_or_else(|| broken(&"its bits are no whole octets"))?;
        Ok(Self {
            bits: spki.len() - bits.len(),
            algorithm: known(&parsed.algorithm, bits),
            spki: spki.to_owned(),
        })
    }

    /// A key of a known algorithm from the octets of its BIT STRING.
    pub(super) fn from_bits(algorithm: KeyAlgorithm, bits: &[u8]) -> Result<Self> {
        let broken = |e: der::Error| Error::Internal { doing: "writing a public key", reason: e.to_string() };
        let identifier = match algorithm {
            KeyAlgorithm::P256 => AlgorithmIdentifierRef { oid: EC, parameters: Some((&P256).into()) },
            KeyAlgorithm::P384 => AlgorithmIdentifierRef { oid: EC, parameters: Some((&P384).into()) },
            KeyAlgorithm::Ed25519 => AlgorithmIdentifierRef { oid: ED25519, parameters: None },
            _ => AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) },
        };
        let spki = SubjectPublicKeyInfoRef {
            algorithm: identifier,
            subject_public_key: der::asn1::BitStringRef::from_bytes(bits).map_err(broken)?,
        };
        let spki = spki.to_der().map_err(broken)?;
        Ok(Self { bits: spki.len() - bits.len(), algorithm: Some(algorithm), spki })
    }

    /// The `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.spki
    }

    /// The octets of the `subjectPublicKey` BIT STRING.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.spki[self.bits..]
    }

    /// Its algorithm, where certforge can make such keys.
    #[must_use]
    pub const fn algorithm(&self) -> Option<KeyAlgorithm> {
        self.algorithm
    }

    /// Its key identifier: the leftmost 160 bits of the SHA-256 of the BIT
    /// STRING's octets (RFC 7093 §2, method 1).
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        let digest = Sha256::of(self.bits());
        let mut out = [0; 20];
        out.copy_from_slice(&digest.as_bytes()[..20]);
        out
    }

    /// The SHA-256 of the `SubjectPublicKeyInfo`, by which two keys are compared.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.spki)
    }

    /// Checks a signature over `message`.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] where certforge cannot check this kind of
    /// signature by this key. A wrong signature is `Ok(false)`.
    pub fn verify(&self, algorithm: &SignatureAlgorithm, message: &[u8], signature: &[u8]) -> Result<bool> {
        let how = algorithm.ring(self).ok_or_else(|| Error::UnsupportedAlgorithm {
            algorithm: format!("{} by this key", algorithm.oid),
        })?;
        Ok(ring_signature::UnparsedPublicKey::new(how, self.bits()).verify(message, signature).is_ok())
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .field("sha256", &self.sha256().to_string())
            .finish_non_exhaustive()
    }
}

fn known(algorithm: &AlgorithmIdentifierRef<'_>, bits: &[u8]) -> Option<KeyAlgorithm> {
    if algorithm.oid == ED25519 {
        return Some(KeyAlgorithm::Ed25519);
    }
    if algorithm.oid == EC {
        let curve: ObjectIdentifier = algorithm.parameters?.decode_as().ok()?;
        return match curve {
            P256 => Some(KeyAlgorithm::P256),
            P384 => Some(KeyAlgorithm::P384),
            _ => None,
        };
    }
    if algorithm.oid == RSA {
        return match modulus_bits(bits)? {
            2048 => Some(KeyAlgorithm::Rsa2048),
            3072 => Some(KeyAlgorithm::Rsa3072),
            4096 => Some(KeyAlgorithm::Rsa4096),
            _ => None,
        };
    }
    None
}

/// The length of the modulus of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn modulus_bits(rsa_public_key: &[u8]) -> Option<usize> {
    use der::Reader;
    use der::asn1::UintRef;
    AnyRef::from_der(rsa_public_key)
        .and_then(|any| {
            any.sequence(|reader| {
                let modulus: UintRef<'_> = reader.decode()?;
                let _exponent: UintRef<'_> = reader.decode()?;
                let bytes = modulus.as_bytes();
                let leading = bytes.first().map_or(0, |b| b.leading_zeros() as usize);
                Ok::<_, der::Error>(bytes.len() * 8 - leading)
            })
        })
        .ok()
}

/// A signature algorithm as certificates name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    oid: ObjectIdentifier,
}

const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

impl SignatureAlgorithm {
    pub(crate) const fn from_oid(oid: ObjectIdentifier) -> Self {
        Self { oid }
    }

    /// Its object identifier, in dots.
    #[must_use]
    pub fn oid(&self) -> String {
        self.oid.to_string()
    }

    /// Whether its digest is SHA-256 or better.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        [RSA_SHA256, RSA_SHA384, RSA_SHA512, ECDSA_SHA256, ECDSA_SHA384, ED25519].contains(&self.oid)
    }

    fn ring(&self, key: &PublicKey) -> Option<&'static dyn ring_signature::VerificationAlgorithm> {
        let spki = SubjectPublicKeyInfoRef::from_der(&key.spki).ok()?;
        if spki.algorithm.oid == RSA {
            return match self.oid {
                RSA_SHA256 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA256),
                RSA_SHA384 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA384),
                RSA_SHA512 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA512),
                _ => None,
            };
        }
        match (key.algorithm?, self.oid) {
            (KeyAlgorithm::P256, ECDSA_SHA256) => Some(&ring_signature::ECDSA_P256_SHA256_ASN1),
            (KeyAlgorithm::P256, ECDSA_SHA384) => Some(&ring_signature::ECDSA_P256_SHA384_ASN1),
            (KeyAlgorithm::P384, ECDSA_SHA256) => Some(&ring_signature::ECDSA_P384_SHA256_ASN1),
            (KeyAlgorithm::P384, ECDSA_SHA384) => Some(&ring_signature::ECDSA_P384_SHA384_ASN1),
            (KeyAlgorithm::Ed25519, ED25519) => Some(&ring_signature::ED25519),
            _ => None,
        }
    }
}
