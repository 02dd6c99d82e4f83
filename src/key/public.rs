//! Public keys and what they verify.

use std::borrow::Cow;

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
pub(super) const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A public key: its `SubjectPublicKeyInfo` in DER (RFC 5280 §4.1.2.7).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
    /// Where the octets of the BIT STRING start; they reach to the end.
    bits: usize,
    algorithm: Option<KeyAlgorithm>,
    /// Whether the parameters of its algorithm are as they should be written.
    usual: bool,
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
            usual: parsed.algorithm.oid == EC
                || parsed.algorithm.parameters == (parsed.algorithm.oid == RSA).then_some(AnyRef::NULL),
            spki: spki.to_owned(),
        })
    }

    /// A key of a known algorithm from the octets of its BIT STRING.
    pub(super) fn from_bits(algorithm: KeyAlgorithm, bits: &[u8]) -> Result<Self> {
        let broken = |e: der::Error| Error::Internal { doing: "writing a public key", reason: e.to_string() };
        let identifier = match algorithm {
            KeyAlgorithm::P256 => AlgorithmIdentifierRef { oid: EC, parameters: Some((&P256).into()) },
            KeyAlgorithm::P384 => AlgorithmIdentifierRef { oid: EC, parameters: Some((&P384).into()) },
            KeyAlgorithm::P521 => AlgorithmIdentifierRef { oid: EC, parameters: Some((&P521).into()) },
            KeyAlgorithm::Ed25519 => AlgorithmIdentifierRef { oid: ED25519, parameters: None },
            _ => AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) },
        };
        let spki = SubjectPublicKeyInfoRef {
            algorithm: identifier,
            subject_public_key: der::asn1::BitStringRef::from_bytes(bits).map_err(broken)?,
        };
        let spki = spki.to_der().map_err(broken)?;
        Ok(Self { bits: spki.len() - bits.len(), algorithm: Some(algorithm), usual: true, spki })
    }

    /// The same key with its algorithm written as it should be: of RSA with NULL for its
    /// parameters, of Ed25519 with none (RFC 4055 §1.2, RFC 8410 §3). Somebody's request may
    /// have others, which no signature vouches for and clients stumble over.
    pub(crate) fn as_usual(&self) -> Result<Cow<'_, Self>> {
        match self.algorithm {
            Some(algorithm) if !self.usual => Self::from_bits(algorithm, self.bits()).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(self)),
        }
    }

    /// Whether ring reads the key: no point that is compressed (RFC 5480 §2.2), no exponent
    /// above 33 bits. What it does not read is not wrong for that.
    fn is_read_by_ring(&self) -> bool {
        match self.algorithm {
            Some(KeyAlgorithm::P256 | KeyAlgorithm::P384) => self.bits().first() == Some(&4),
            _ if self.is_rsa() => exponent(self.bits()).is_some_and(|e| e < 1 << 33),
            _ => true,
        }
    }

    /// How many bits an RSA modulus has.
    #[cfg(feature = "verify")]
    pub(crate) fn modulus_size(&self) -> Option<usize> {
        modulus_bits(self.bits(), false)
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

    /// Its algorithm, where certforge has a name for it.
    #[must_use]
    pub const fn algorithm(&self) -> Option<KeyAlgorithm> {
        self.algorithm
    }

    /// What kind of key it is, as people read it: `RSA 8192`, `EC secp256k1`.
    #[must_use]
    pub fn describe(&self) -> String {
        if let Some(algorithm) = self.algorithm {
            return algorithm.label().to_owned();
        }
        let Ok(spki) = SubjectPublicKeyInfoRef::from_der(&self.spki) else { return "unknown".to_owned() };
        describe(&spki.algorithm, self.bits())
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

    /// Whether it is an RSA key, of whatever size.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        let spki = SubjectPublicKeyInfoRef::from_der(&self.spki);
        spki.is_ok_and(|spki| spki.algorithm.oid == RSA)
    }

    /// Why no CA may certify this key, if it may not: RSA below 2048 bits, with an exponent
    /// that is even or below 65537, a modulus with a small factor or of the shape that ROCA
    /// takes apart (CA/Browser Forum baseline requirements §6.1.6, §4.9.1.1).
    #[must_use]
    pub fn weakness(&self) -> Option<String> {
        if self.algorithm.is_some_and(|algorithm| !algorithm.is_rsa()) {
            return None;
        }
        let spki = SubjectPublicKeyInfoRef::from_der(&self.spki).ok()?;
        if spki.algorithm.oid != RSA {
            return None;
        }
        let Some(size) = modulus_bits(self.bits(), false) else {
            return Some("its modulus cannot be read".to_owned());
        };
        // What is larger nobody uses, and looking at it takes minutes.
        if size > 16_384 {
            return Some(format!("it is RSA {size}, and 16384 bits is the most"));
        }
        if size < 2048 {
            return Some(format!("it is RSA {size}, and 2048 bits is the least"));
        }
        match exponent(self.bits()) {
            Some(e) if e >= 65_537 && e % 2 == 1 => modulus_weakness(&modulus(self.bits())?),
            Some(e) => Some(format!("its exponent is {e}, and 65537 is the least")),
            None => Some("its exponent cannot be read".to_owned()),
        }
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
        #[cfg(feature = "gather")]
        if self.algorithm == Some(KeyAlgorithm::P521)
            && let Some(digest) = algorithm.ecdsa_digest()
        {
            let digest = ring::digest::digest(digest, message);
            return Ok(super::foreign::verify_p521(self.bits(), digest.as_ref(), signature));
        }
        let unsupported = || Error::UnsupportedAlgorithm {
            algorithm: format!("{} by a key that is {}", algorithm.name(), self.describe()),
        };
        let how = algorithm.ring(self).ok_or_else(unsupported)?;
        if !self.is_read_by_ring() {
            return Err(unsupported());
        }
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
            P521 => Some(KeyAlgorithm::P521),
            _ => None,
        };
    }
    if algorithm.oid == RSA {
        return match modulus_bits(bits, false)? {
            1024 => Some(KeyAlgorithm::Rsa1024),
            2048 => Some(KeyAlgorithm::Rsa2048),
            3072 => Some(KeyAlgorithm::Rsa3072),
            4096 => Some(KeyAlgorithm::Rsa4096),
            _ => None,
        };
    }
    None
}

/// The name of elliptic keys that spell their curve out (RFC 5480 §2.1.1 forbids it).
pub(crate) const EXPLICIT_CURVE: &str = "EC with explicit parameters";

/// A kind of key that certforge has no name of its own for.
pub(super) fn describe(algorithm: &AlgorithmIdentifierRef<'_>, bits: &[u8]) -> String {
    match algorithm.oid {
        RSA => modulus_bits(bits, false).map_or_else(|| "RSA".to_owned(), |size| format!("RSA {size}")),
        EC => match algorithm.parameters.map(AnyRef::decode_as::<ObjectIdentifier>) {
            Some(Ok(SECP256K1)) => "EC secp256k1".to_owned(),
            Some(Ok(curve)) => format!("EC on the curve {curve}"),
            _ => EXPLICIT_CURVE.to_owned(),
        },
        ED448 => "Ed448".to_owned(),
        DSA => "DSA".to_owned(),
        other => other.to_string(),
    }
}

/// The length of the modulus of an `RSAPublicKey` or, with `private`, of an
/// `RSAPrivateKey` (RFC 8017 appendix A.1).
pub(super) fn modulus_bits(rsa_key: &[u8], private: bool) -> Option<usize> {
    use der::Reader;
    use der::asn1::UintRef;
    AnyRef::from_der(rsa_key)
        .and_then(|any| {
            any.sequence(|reader| {
                if private {
                    let _version: u8 = reader.decode()?;
                }
                let modulus: UintRef<'_> = reader.decode()?;
                while !reader.is_finished() {
                    let _rest: AnyRef<'_> = reader.decode()?;
                }
                let bytes = modulus.as_bytes();
                let leading = bytes.first().map_or(0, |b| b.leading_zeros() as usize);
                Ok::<_, der::Error>(bytes.len() * 8 - leading)
            })
        })
        .ok()
}

fn modulus_weakness(modulus: &[u8]) -> Option<String> {
    #[cfg(feature = "rsa")]
    if super::rsa_numbers::has_near_primes(modulus) {
        return Some("its primes are so near to each other that anybody finds them".to_owned());
    }
    super::weak::modulus(modulus)
}

/// The octets of the modulus of an `RSAPublicKey`.
fn modulus(rsa_key: &[u8]) -> Option<Vec<u8>> {
    use der::asn1::UintRef;
    let read = AnyRef::from_der(rsa_key).and_then(|any| {
        any.sequence(|reader| {
            let modulus: UintRef<'_> = der::Reader::decode(reader)?;
            let _exponent: UintRef<'_> = der::Reader::decode(reader)?;
            Ok::<_, der::Error>(modulus.as_bytes().to_vec())
        })
    });
    read.ok()
}

/// The exponent of an `RSAPublicKey`, up to 64 bits of it.
fn exponent(rsa_key: &[u8]) -> Option<u64> {
    use der::asn1::UintRef;
    AnyRef::from_der(rsa_key)
        .and_then(|any| {
            any.sequence(|reader| {
                let _modulus: UintRef<'_> = der::Reader::decode(reader)?;
                let exponent: UintRef<'_> = der::Reader::decode(reader)?;
                Ok::<_, der::Error>(exponent.as_bytes().to_vec())
            })
        })
        .ok()
        .filter(|bytes| bytes.len() <= 8)
        .map(|bytes| bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
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
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");
const RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const ECDSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

impl SignatureAlgorithm {
    /// What a key of this kind signs with: RSA by PKCS#1 v1.5 with SHA-256, ECDSA with its
    /// curve's digest.
    pub(crate) const fn of_key(algorithm: KeyAlgorithm) -> ObjectIdentifier {
        match algorithm {
            KeyAlgorithm::P256 => ECDSA_SHA256,
            KeyAlgorithm::P384 => ECDSA_SHA384,
            KeyAlgorithm::P521 => ECDSA_SHA512,
            KeyAlgorithm::Ed25519 => ED25519,
            KeyAlgorithm::Rsa1024 | KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                RSA_SHA256
            }
        }
    }

    pub(crate) const fn from_oid(oid: ObjectIdentifier) -> Self {
        Self { oid }
    }

    /// Its object identifier, in dots.
    #[must_use]
    pub fn oid(&self) -> String {
        self.oid.to_string()
    }

    /// Its name as people read it, or its object identifier in dots.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match self.oid {
            RSA_MD5 => "RSA with MD5",
            RSA_SHA1 => "RSA with SHA-1",
            RSA_SHA256 => "RSA with SHA-256",
            RSA_SHA384 => "RSA with SHA-384",
            RSA_SHA512 => "RSA with SHA-512",
            RSA_PSS => "RSA-PSS",
            ECDSA_SHA1 => "ECDSA with SHA-1",
            ECDSA_SHA256 => "ECDSA with SHA-256",
            ECDSA_SHA384 => "ECDSA with SHA-384",
            ECDSA_SHA512 => "ECDSA with SHA-512",
            ED25519 => "Ed25519",
            other => return other.to_string(),
        };
        name.to_owned()
    }

    /// Whether its digest is SHA-256 or better.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        let strong =
            [RSA_SHA256, RSA_SHA384, RSA_SHA512, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, ED25519, RSA_PSS];
        strong.contains(&self.oid)
    }

    /// Whether its digest is MD5, which anybody can forge.
    #[must_use]
    pub fn is_md5(&self) -> bool {
        self.oid == RSA_MD5
    }

    /// The digest of an ECDSA signature.
    #[cfg(feature = "gather")]
    fn ecdsa_digest(&self) -> Option<&'static ring::digest::Algorithm> {
        match self.oid {
            ECDSA_SHA256 => Some(&ring::digest::SHA256),
            ECDSA_SHA384 => Some(&ring::digest::SHA384),
            ECDSA_SHA512 => Some(&ring::digest::SHA512),
            _ => None,
        }
    }

    fn ring(&self, key: &PublicKey) -> Option<&'static dyn ring_signature::VerificationAlgorithm> {
        let spki = SubjectPublicKeyInfoRef::from_der(&key.spki).ok()?;
        if spki.algorithm.oid == RSA {
            // Whether a key or digest is too weak to trust is a rule's to say, not the
            // check of a link: so ring's legacy algorithms are used where needed.
            let small = match modulus_bits(key.bits(), false)? {
                1024..2048 => true,
                2048..=8192 => false,
                _ => return None,
            };
            return match self.oid {
                RSA_SHA1 => Some(&ring_signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
                RSA_SHA256 if small => Some(&ring_signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
                RSA_SHA512 if small => Some(&ring_signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
                _ if small => None,
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
