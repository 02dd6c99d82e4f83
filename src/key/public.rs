//! Public keys and what they verify.

use std::borrow::Cow;

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Encode, Reader};
use ring::signature as ring_signature;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

#[cfg(feature = "verify")]
use super::signature::RSA_PSS;
use super::{KeyAlgorithm, Sha256, SignatureAlgorithm};
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
    /// [`Error::PublicKey`] where the bytes are no `SubjectPublicKeyInfo`.
    pub fn from_der(spki: &[u8]) -> Result<Self> {
        let broken = |e: &dyn std::fmt::Display| Error::PublicKey { reason: format!("it is none: {e}") };
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

    /// An RSA key from its `RSAPublicKey` alone (PKCS#1, RFC 8017 §A.1.1), which PEM calls
    /// `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// [`Error::PublicKey`] where the bytes are no `RSAPublicKey`.
    pub fn from_pkcs1_der(key: &[u8]) -> Result<Self> {
        let two_numbers = AnyRef::from_der(key).and_then(|any| {
            any.sequence(|reader| {
                let _modulus: der::asn1::UintRef<'_> = reader.decode()?;
                reader.decode::<der::asn1::UintRef<'_>>()
            })
        });
        if two_numbers.is_err() {
            return Err(Error::PublicKey { reason: "it is none of RSA".to_owned() });
        }
        // What algorithm of ours it is, its size tells, which is read from the whole.
        Self::from_der(&Self::from_bits(KeyAlgorithm::Rsa2048, key)?.spki)
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
    /// parameters, of Ed25519 with none (RFC 4055 §1.2, RFC 8410 §3), a point in full.
    /// Somebody's request may have others, which no signature vouches for and clients stumble
    /// over.
    pub(crate) fn as_usual(&self) -> Result<Cow<'_, Self>> {
        match (self.algorithm, self.numbers()) {
            (Some(_), (_, Cow::Borrowed(_))) if self.usual => Ok(Cow::Borrowed(self)),
            (Some(algorithm), (_, bits)) => Self::from_bits(algorithm, &bits).map(Cow::Owned),
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

    /// Which other kind it is, where it is none that certforge knows; of RSA none is.
    #[cfg(feature = "verify")]
    pub(crate) fn other_kind(&self) -> Option<OtherKind> {
        let spki = SubjectPublicKeyInfoRef::from_der(&self.spki).ok()?;
        if self.algorithm.is_some() || spki.algorithm.oid == RSA {
            return None;
        }
        Some(match spki.algorithm.oid {
            EC => match spki.algorithm.parameters.map(AnyRef::decode_as::<ObjectIdentifier>) {
                Some(Ok(_)) => OtherKind::NamedCurve,
                _ => OtherKind::ExplicitCurve,
            },
            ED448 => OtherKind::Ed448,
            RSA_PSS => OtherKind::RsaPss,
            _ => OtherKind::Unnamed,
        })
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

    /// Why no CA may certify this key, if it may not: RSA below 2048 or above 16,384 bits, with an
    /// exponent that is even, below 65537 or above 64 bits, a modulus with a small factor, of two
    /// primes that are near each other or of the shape that ROCA takes apart (CA/Browser Forum
    /// baseline requirements §6.1.6, §4.9.1.1); what is no point of its curve.
    #[must_use]
    pub fn weakness(&self) -> Option<String> {
        if let Some(algorithm) = self.algorithm.filter(|algorithm| !algorithm.is_rsa()) {
            return (!self.is_point(algorithm)).then(|| {
                format!("it is none of {}: its octets are no point of the curve", algorithm.label())
            });
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
            Some(e) if e < 65_537 => Some(format!("its exponent is {e}, and 65537 is the least")),
            Some(e) if e % 2 == 0 => Some(format!("its exponent is {e}, which is even")),
            Some(_) => modulus_weakness(&modulus(self.bits())?),
            None => Some("its exponent cannot be read, or has more than 64 bits".to_owned()),
        }
    }

    /// Whether its octets are a point of the curve, in full or compressed (RFC 5480 §2.2, RFC
    /// 8410 §4). Without the elliptic crates their length alone is looked at.
    fn is_point(&self, algorithm: KeyAlgorithm) -> bool {
        let length = match algorithm {
            KeyAlgorithm::P256 => 32,
            KeyAlgorithm::P384 => 48,
            KeyAlgorithm::P521 => 66,
            _ => return self.bits().len() == 32,
        };
        #[cfg(feature = "gather")]
        if super::foreign::uncompressed(algorithm, self.bits()).is_none() {
            return false;
        }
        match self.bits() {
            [4, rest @ ..] => rest.len() == 2 * length,
            [2 | 3, rest @ ..] => rest.len() == length,
            _ => false,
        }
    }

    /// Whether it is the same key as `other`, in whatever form both are written: a point may
    /// be compressed (RFC 5480 §2.2), where the elliptic crates are there to tell; parameters
    /// may be left out.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self == other || self.algorithm.is_some() && self.numbers() == other.numbers()
    }

    /// Its algorithm, and its octets in their usual form.
    fn numbers(&self) -> (Option<KeyAlgorithm>, Cow<'_, [u8]>) {
        #[cfg(feature = "gather")]
        if self.bits().first() != Some(&4)
            && let Some(point) = self.algorithm.and_then(|a| super::foreign::uncompressed(a, self.bits()))
        {
            return (self.algorithm, Cow::Owned(point));
        }
        (self.algorithm, Cow::Borrowed(self.bits()))
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
        if let Some(how) = algorithm.ring(self)
            && self.is_read_by_ring()
        {
            let key = ring_signature::UnparsedPublicKey::new(how, self.bits());
            return Ok(key.verify(message, signature).is_ok());
        }
        #[cfg(feature = "gather")]
        if let (Some(curve), Some(digest)) = (self.algorithm, algorithm.ecdsa_digest()) {
            let digest = ring::digest::digest(digest, message);
            if let Some(good) = super::foreign::verify_ecdsa(curve, self.bits(), digest.as_ref(), signature) {
                return Ok(good);
            }
        }
        Err(Error::UnsupportedAlgorithm {
            algorithm: format!("{} by a key that is {}", algorithm.name(), self.describe()),
        })
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

/// Kinds of key that certforge makes none of, as far as clients tell them apart.
#[cfg(feature = "verify")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherKind {
    /// On a curve with a name, none of P-256, P-384 and P-521.
    NamedCurve,
    /// On a curve that is written out (RFC 5480 §2.1.1 forbids it).
    ExplicitCurve,
    Ed448,
    /// For RSA-PSS alone (RFC 4055 §1.2).
    RsaPss,
    Unnamed,
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
