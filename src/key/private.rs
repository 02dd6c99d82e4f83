//! Private keys: made, read, written. They are never cloned, never shown, and
//! wiped when dropped.

use std::fmt;

use der::asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use der::pem::LineEnding;
use der::{Decode, Encode, Reader, Sequence};
use ring::signature::{self as ring_signature, KeyPair};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::public::{EC, ED25519, P256, P384, RSA};
use super::{KeyAlgorithm, PublicKey, Signer};
use crate::error::{Error, Result};

const PKCS8_LABEL: &str = "PRIVATE KEY";

/// How the bytes of a private key are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyForm {
    /// PKCS#1 `RSAPrivateKey` (RFC 8017), PEM label `RSA PRIVATE KEY`.
    Pkcs1,
    /// PKCS#8 `PrivateKeyInfo` (RFC 5958), PEM label `PRIVATE KEY`.
    Pkcs8,
    /// SEC 1 `ECPrivateKey` (RFC 5915), PEM label `EC PRIVATE KEY`.
    Sec1,
}

impl KeyForm {
    /// The form that a PEM label stands for, if it stands for a plain private key.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        match label {
            "RSA PRIVATE KEY" => Some(Self::Pkcs1),
            PKCS8_LABEL => Some(Self::Pkcs8),
            "EC PRIVATE KEY" => Some(Self::Sec1),
            _ => None,
        }
    }
}

/// A private key. It has no `Clone`, its `Debug` shows the public half only, and
/// its bytes are wiped when it is dropped.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    public: PublicKey,
    algorithm: KeyAlgorithm,
}

/// `PrivateKeyInfo` (RFC 5958 §2), as far as it is needed here.
#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierRef<'a>,
    private_key: &'a OctetStringRef,
}

impl PrivateKey {
    /// A new key from the operating system's random numbers.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] for RSA without the `rsa` feature;
    /// [`Error::Internal`] where the system gives no random numbers.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self> {
        match algorithm {
            KeyAlgorithm::P256 => ecdsa(algorithm, &ring_signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => ecdsa(algorithm, &ring_signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Ed25519 => ed25519(),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => rsa(algorithm),
        }
    }

    /// Reads the first PEM block, which must be an unencrypted private key.
    ///
    /// # Errors
    /// [`Error::MalformedPem`] or [`Error::Key`].
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        if !pem.windows(11).any(|w| w == b"-----BEGIN ") {
            return Err(Error::MalformedPem { reason: "no PEM block of a private key".to_owned() });
        }
        let (label, der) = der::pem::decode_vec(pem).map_err(|e| Error::MalformedPem {
            reason: format!("no PEM block of a private key can be read: {e}"),
        })?;
        let der = Zeroizing::new(der);
        let form = KeyForm::of_label(label)
            .ok_or_else(|| Error::Key { reason: format!("its PEM label is `{label}`") })?;
        Self::from_der(&der, form)
    }

    /// Reads a key in the given form, and checks that its halves belong together.
    ///
    /// # Errors
    /// [`Error::Key`] where it cannot be read, [`Error::UnsupportedAlgorithm`]
    /// where certforge has no use for it.
    pub fn from_der(der: &[u8], form: KeyForm) -> Result<Self> {
        match form {
            KeyForm::Pkcs8 => Self::from_pkcs8(Zeroizing::new(der.to_vec())),
            KeyForm::Pkcs1 => Self::from_pkcs8(wrap(RSA, Some(AnyRef::NULL), der)?),
            KeyForm::Sec1 => {
                let curve = sec1_curve(der)?;
                Self::from_pkcs8(wrap(EC, Some((&curve).into()), der)?)
            }
        }
    }

    fn from_pkcs8(pkcs8: Zeroizing<Vec<u8>>) -> Result<Self> {
        let algorithm = algorithm_of(&pkcs8)?;
        let signer = Signer::from_pkcs8(&pkcs8, algorithm)?;
        let public = signer.public().clone();
        let algorithm = public
            .algorithm()
            .ok_or_else(|| Error::UnsupportedAlgorithm { algorithm: "RSA of an unusual size".to_owned() })?;
        Ok(Self { pkcs8, public, algorithm })
    }

    /// Its algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key made ready to sign.
    ///
    /// # Errors
    /// [`Error::Key`] where its halves do not belong together.
    pub fn signer(&self) -> Result<Signer> {
        Signer::from_pkcs8(&self.pkcs8, self.algorithm)
    }

    /// The secret itself as PKCS#8 in DER.
    #[must_use]
    pub fn secret_der(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The secret itself as PKCS#8 in PEM; wiped when dropped.
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn secret_pem(&self) -> Result<Zeroizing<String>> {
        let broken = |e: der::pem::Error| Error::Internal { doing: "writing PEM", reason: e.to_string() };
        let length =
            der::pem::encapsulated_len(PKCS8_LABEL, LineEnding::LF, self.pkcs8.len()).map_err(broken)?;
        let mut buffer = Zeroizing::new(vec![0; length]);
        let written =
            der::pem::encode(PKCS8_LABEL, LineEnding::LF, &self.pkcs8, &mut buffer).map_err(broken)?;
        Ok(Zeroizing::new(written.to_owned()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

fn no_random(_: ring::error::Unspecified) -> Error {
    Error::Internal { doing: "making a key", reason: "the system gave no random numbers".to_owned() }
}

fn ecdsa(algorithm: KeyAlgorithm, how: &'static ring_signature::EcdsaSigningAlgorithm) -> Result<PrivateKey> {
    let random = ring::rand::SystemRandom::new();
    let document = ring_signature::EcdsaKeyPair::generate_pkcs8(how, &random).map_err(no_random)?;
    let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
    // The document holds the public point: reading it there is a third of the
    // cost of parsing the key that was just made.
    let public = PublicKey::from_bits(algorithm, ec_public_point(&pkcs8)?)?;
    Ok(PrivateKey { pkcs8, public, algorithm })
}

/// The public point inside a PKCS#8 EC key (RFC 5915 §3).
fn ec_public_point(pkcs8: &[u8]) -> Result<&[u8]> {
    let broken = |e: der::Error| Error::Key { reason: e.to_string() };
    let info = PrivateKeyInfo::from_der(pkcs8).map_err(broken)?;
    let point = AnyRef::from_der(info.private_key.as_bytes())
        .and_then(|any| {
            any.sequence(|reader| {
                let _version: u8 = reader.decode()?;
                let _scalar: &OctetStringRef = reader.decode()?;
                let _curve = ContextSpecific::<ObjectIdentifier>::decode_explicit(reader, der::TagNumber(0))?;
                ContextSpecific::<BitStringRef<'_>>::decode_explicit(reader, der::TagNumber(1))
            })
        })
        .map_err(broken)?;
    point
        .and_then(|p| p.value.as_bytes())
        .ok_or_else(|| Error::Key { reason: "it holds no public point".to_owned() })
}

/// Ed25519 as PKCS#8 version 1 (RFC 8410 §7): the form that OpenSSL, Java and
/// Go all read. ring's own writer makes version 2, which OpenSSL 3.0 refuses.
fn ed25519() -> Result<PrivateKey> {
    let seed = Zeroizing::new(super::random::<32>()?);
    let pair = ring_signature::Ed25519KeyPair::from_seed_unchecked(&*seed)
        .map_err(|e| Error::Internal { doing: "making a key", reason: e.to_string() })?;
    let mut inner = Zeroizing::new([0; 34]);
    inner[0] = 0x04; // OCTET STRING …
    inner[1] = 32; // … of 32 octets: CurvePrivateKey
    inner[2..].copy_from_slice(&*seed);
    let public = PublicKey::from_bits(KeyAlgorithm::Ed25519, pair.public_key().as_ref())?;
    Ok(PrivateKey { pkcs8: wrap(ED25519, None, &*inner)?, public, algorithm: KeyAlgorithm::Ed25519 })
}

#[cfg(feature = "rsa")]
fn rsa(algorithm: KeyAlgorithm) -> Result<PrivateKey> {
    use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
    let broken = |reason: String| Error::Internal { doing: "making an RSA key", reason };
    let bits = algorithm.rsa_bits().ok_or_else(|| broken("no size".to_owned()))?;
    let key = super::rsa_primes::generate(bits)?;
    let public = key.as_public_key().to_pkcs1_der().map_err(|e| broken(e.to_string()))?;
    let public = PublicKey::from_bits(algorithm, public.as_bytes())?;
    let secret = key.to_pkcs1_der().map_err(|e| broken(e.to_string()))?;
    Ok(PrivateKey { pkcs8: wrap(RSA, Some(AnyRef::NULL), secret.as_bytes())?, public, algorithm })
}

#[cfg(not(feature = "rsa"))]
fn rsa(algorithm: KeyAlgorithm) -> Result<PrivateKey> {
    Err(Error::UnsupportedAlgorithm { algorithm: format!("{algorithm} without the `rsa` feature") })
}

/// `PrivateKeyInfo` version 1 around a key in its own form.
fn wrap(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, inner: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let broken = |e: der::Error| Error::Key { reason: e.to_string() };
    let info = PrivateKeyInfo {
        version: 0,
        algorithm: AlgorithmIdentifierRef { oid, parameters },
        private_key: OctetStringRef::new(inner).map_err(broken)?,
    };
    // One allocation of the right length: growing would leave copies behind.
    let length = info.encoded_len().and_then(usize::try_from).map_err(broken)?;
    let mut out = Zeroizing::new(vec![0; length]);
    info.encode_to_slice(&mut out).map_err(broken)?;
    Ok(out)
}

fn sec1_curve(der: &[u8]) -> Result<ObjectIdentifier> {
    AnyRef::from_der(der)
        .and_then(|any| {
            any.sequence(|reader| {
                let _version: u8 = reader.decode()?;
                let _scalar: &OctetStringRef = reader.decode()?;
                let curve = ContextSpecific::<ObjectIdentifier>::decode_explicit(reader, der::TagNumber(0))?;
                let _public =
                    ContextSpecific::<BitStringRef<'_>>::decode_explicit(reader, der::TagNumber(1))?;
                Ok::<_, der::Error>(curve.map(|c| c.value))
            })
        })
        .map_err(|e| Error::Key { reason: e.to_string() })?
        .ok_or_else(|| Error::Key { reason: "it names no curve".to_owned() })
}

/// Which algorithm a PKCS#8 key is for. RSA is sized by the signer.
fn algorithm_of(pkcs8: &[u8]) -> Result<KeyAlgorithm> {
    let unsupported = |what: String| Error::UnsupportedAlgorithm { algorithm: what };
    let broken = |e: der::Error| Error::Key { reason: e.to_string() };
    // A version 2 key has more members behind these; they are left to ring.
    let (oid, curve) = AnyRef::from_der(pkcs8)
        .and_then(|any| {
            any.sequence(|reader| {
                let _version: u8 = reader.decode()?;
                let algorithm: AlgorithmIdentifierRef<'_> = reader.decode()?;
                while !reader.is_finished() {
                    let _rest: AnyRef<'_> = reader.decode()?;
                }
                let curve = algorithm.parameters.and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
                Ok::<_, der::Error>((algorithm.oid, curve))
            })
        })
        .map_err(broken)?;
    match (oid, curve) {
        (ED25519, _) => Ok(KeyAlgorithm::Ed25519),
        (EC, Some(P256)) => Ok(KeyAlgorithm::P256),
        (EC, Some(P384)) => Ok(KeyAlgorithm::P384),
        (EC, Some(other)) => Err(unsupported(format!("EC on the curve {other}"))),
        (RSA, _) => Ok(KeyAlgorithm::Rsa2048),
        (other, _) => Err(unsupported(other.to_string())),
    }
}
