//! What certificates name a signature's algorithm by.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Sequence};
use ring::signature as ring_signature;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::public::{ED25519, RSA, modulus_bits};
use super::{KeyAlgorithm, PublicKey};

/// A signature algorithm as certificates name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    oid: ObjectIdentifier,
    /// Of RSA-PSS, whose name does not tell its digest.
    pss: Option<Pss>,
}

/// The digest of RSA-PSS, and whether the rest of its parameters fits it as TLS wants
/// (RFC 8446 §4.2.3): the mask by the same digest, a salt of its length.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pss {
    digest: ObjectIdentifier,
    fits: bool,
}

/// `RSASSA-PSS-params` (RFC 4055 §3.1).
#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    digest: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt: Option<u32>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

impl Pss {
    /// None where they cannot be read. What is not said is SHA-1's.
    fn read(parameters: Option<AnyRef<'_>>) -> Option<Self> {
        let read: PssParameters<'_> = parameters?.decode_as().ok()?;
        let digest = read.digest.map_or(SHA1, |algorithm| algorithm.oid);
        let mask = match read.mask {
            None => SHA1,
            Some(mask) if mask.oid == MGF1 => {
                mask.parameters?.decode_as::<AlgorithmIdentifierRef<'_>>().ok()?.oid
            }
            Some(_) => return None,
        };
        let length = match digest {
            SHA256 => 32,
            SHA384 => 48,
            SHA512 => 64,
            _ => 20,
        };
        let fits = mask == digest && read.salt.unwrap_or(20) == length && read.trailer.unwrap_or(1) == 1;
        Some(Self { digest, fits })
    }
}

const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
pub(super) const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_MD5: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");
const RSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const DSA_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.3");
const DSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.2");
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

    /// Of an `AlgorithmIdentifier`, as it stands in what is signed.
    pub(crate) fn of(identifier: &AlgorithmIdentifierRef<'_>) -> Self {
        let pss = (identifier.oid == RSA_PSS).then(|| Pss::read(identifier.parameters)).flatten();
        Self { oid: identifier.oid, pss }
    }

    /// The same in DER, whose object identifier is known already.
    pub(crate) fn from_der(oid: ObjectIdentifier, der: &[u8]) -> Self {
        if oid != RSA_PSS {
            return Self { oid, pss: None };
        }
        AlgorithmIdentifierRef::from_der(der).map_or(Self { oid, pss: None }, |found| Self::of(&found))
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
            RSA_PSS => match self.pss.as_ref().map(|pss| pss.digest) {
                Some(SHA1) => "RSA-PSS with SHA-1",
                Some(SHA256) => "RSA-PSS with SHA-256",
                Some(SHA384) => "RSA-PSS with SHA-384",
                Some(SHA512) => "RSA-PSS with SHA-512",
                _ => "RSA-PSS",
            },
            DSA_SHA1 => "DSA with SHA-1",
            DSA_SHA256 => "DSA with SHA-256",
            ED448 => "Ed448",
            ECDSA_SHA1 => "ECDSA with SHA-1",
            ECDSA_SHA256 => "ECDSA with SHA-256",
            ECDSA_SHA384 => "ECDSA with SHA-384",
            ECDSA_SHA512 => "ECDSA with SHA-512",
            ED25519 => "Ed25519",
            other => return other.to_string(),
        };
        name.to_owned()
    }

    /// Whether its digest is SHA-256 or better, and clients know it.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        let strong = [RSA_SHA256, RSA_SHA384, RSA_SHA512, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, ED25519];
        let pss = || self.pss.as_ref().is_some_and(|pss| [SHA256, SHA384, SHA512].contains(&pss.digest));
        strong.contains(&self.oid) || pss()
    }

    /// What is to be said against it, where it is not [strong](Self::is_strong): that its
    /// digest is weak, or that clients do not know it.
    #[must_use]
    pub fn weakness(&self) -> Option<String> {
        let name = self.name();
        let known = [RSA_MD5, RSA_SHA1, ECDSA_SHA1, DSA_SHA1].contains(&self.oid)
            || self.pss.as_ref().is_some_and(|pss| pss.digest == SHA1);
        match () {
            () if self.is_strong() => None,
            () if known => Some(format!("it is signed with {name}, and SHA-256 is the least")),
            () => Some(format!("it is signed with {name}, which few clients know")),
        }
    }

    /// Whether its digest is MD5 or SHA-1: below 112 bits, OpenSSL's level 2.
    #[cfg(feature = "verify")]
    pub(crate) fn has_weak_digest(&self) -> bool {
        [RSA_MD5, RSA_SHA1, ECDSA_SHA1, DSA_SHA1].contains(&self.oid)
            || self.pss.as_ref().is_some_and(|pss| pss.digest == SHA1)
    }

    /// Whether it is RSA-PSS with other parameters than TLS has (RFC 8446 §4.2.3).
    #[cfg(feature = "verify")]
    pub(crate) fn is_odd_pss(&self) -> bool {
        self.oid == RSA_PSS && !self.pss.as_ref().is_some_and(|pss| pss.fits)
    }

    /// Whether it is ECDSA with SHA-512.
    #[cfg(feature = "verify")]
    pub(crate) fn is_ecdsa_sha512(&self) -> bool {
        self.oid == ECDSA_SHA512
    }

    /// Whether its digest is MD5, which anybody can forge.
    #[must_use]
    pub fn is_md5(&self) -> bool {
        self.oid == RSA_MD5
    }

    /// The digest of an ECDSA signature.
    #[cfg(feature = "gather")]
    pub(super) fn ecdsa_digest(&self) -> Option<&'static ring::digest::Algorithm> {
        match self.oid {
            ECDSA_SHA256 => Some(&ring::digest::SHA256),
            ECDSA_SHA384 => Some(&ring::digest::SHA384),
            ECDSA_SHA512 => Some(&ring::digest::SHA512),
            _ => None,
        }
    }

    /// How ring checks it by this key, where it can.
    pub(super) fn ring(&self, key: &PublicKey) -> Option<&'static dyn ring_signature::VerificationAlgorithm> {
        let spki = SubjectPublicKeyInfoRef::from_der(key.der()).ok()?;
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
                RSA_PSS => match self.pss.as_ref().filter(|pss| pss.fits)?.digest {
                    SHA256 => Some(&ring_signature::RSA_PSS_2048_8192_SHA256),
                    SHA384 => Some(&ring_signature::RSA_PSS_2048_8192_SHA384),
                    SHA512 => Some(&ring_signature::RSA_PSS_2048_8192_SHA512),
                    _ => None,
                },
                _ => None,
            };
        }
        match (key.algorithm()?, self.oid) {
            (KeyAlgorithm::P256, ECDSA_SHA256) => Some(&ring_signature::ECDSA_P256_SHA256_ASN1),
            (KeyAlgorithm::P256, ECDSA_SHA384) => Some(&ring_signature::ECDSA_P256_SHA384_ASN1),
            (KeyAlgorithm::P384, ECDSA_SHA256) => Some(&ring_signature::ECDSA_P384_SHA256_ASN1),
            (KeyAlgorithm::P384, ECDSA_SHA384) => Some(&ring_signature::ECDSA_P384_SHA384_ASN1),
            (KeyAlgorithm::Ed25519, ED25519) => Some(&ring_signature::ED25519),
            _ => None,
        }
    }
}
