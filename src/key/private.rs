//! Private keys: made, read, written. They are never cloned, never shown, and
//! wiped when dropped.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use der::asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use der::pem::LineEnding;
use der::{Decode, Encode, Reader, Sequence, Tagged};
use ring::signature::{self as ring_signature, KeyPair};
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::public::{EC, ED25519, EXPLICIT_CURVE, P256, P384, P521, RSA, describe, modulus_bits};
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
    /// The name that flags use: `pkcs1`, `pkcs8`, `sec1`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs1 => "pkcs1",
            Self::Pkcs8 => "pkcs8",
            Self::Sec1 => "sec1",
        }
    }

    /// The PEM label it stands under.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Pkcs1 => "RSA PRIVATE KEY",
            Self::Pkcs8 => PKCS8_LABEL,
            Self::Sec1 => "EC PRIVATE KEY",
        }
    }

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

/// Set by whatever makes, reads or opens a private key, before it does.
static ANY_HELD: AtomicBool = AtomicBool::new(false);

/// A private key, or what opens one, is about to be worked with: see
/// [`PrivateKey::any_was_held`].
pub(crate) fn hold() {
    ANY_HELD.store(true, Ordering::Relaxed);
}

impl PrivateKey {
    /// Whether this process has made, read or tried to open a private key since it began: where
    /// it has not, no library can have left one on a stack, and there is nothing to overwrite.
    #[must_use]
    pub fn any_was_held() -> bool {
        ANY_HELD.load(Ordering::Relaxed)
    }

    /// A new key from the operating system's random numbers.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] for RSA without the `rsa` feature;
    /// [`Error::Internal`] where the system gives no random numbers.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self> {
        hold();
        match algorithm {
            KeyAlgorithm::P256 => ecdsa(algorithm, &ring_signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => ecdsa(algorithm, &ring_signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Ed25519 => ed25519(),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => rsa(algorithm),
            KeyAlgorithm::P521 | KeyAlgorithm::Rsa1024 => {
                Err(Error::UnsupportedAlgorithm { algorithm: format!("making {}", algorithm.label()) })
            }
        }
    }

    /// A new RSA key of 1024 bits, for a certificate that has to be bad.
    #[cfg(feature = "fixtures")]
    pub(crate) fn generate_weak() -> Result<Self> {
        hold();
        rsa(KeyAlgorithm::Rsa1024)
    }

    /// Reads the first PEM block that is an unencrypted private key.
    ///
    /// # Errors
    /// [`Error::MalformedPem`] or [`Error::Key`].
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        if !pem.windows(11).any(|w| w == b"-----BEGIN ") {
            return Err(Error::MalformedPem { reason: "no PEM block of a private key".to_owned() });
        }
        let block = crate::pem::block(pem, |label| KeyForm::of_label(label).is_some());
        let (label, der) = crate::pem::decode(block).map_err(|e| Error::MalformedPem {
            reason: format!("no PEM block of a private key can be read: {e}"),
        })?;
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
        hold();
        match form {
            KeyForm::Pkcs8 => Self::from_pkcs8(der),
            KeyForm::Pkcs1 => Self::from_rsa(der),
            KeyForm::Sec1 => Self::from_ec(sec1_curve(der)?, der),
        }
    }

    /// Reads a PKCS#8 key and writes it anew in one form, whatever form it came
    /// in: equal keys have equal bytes.
    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self> {
        let parts = Pkcs8Parts::read(pkcs8)?;
        let key = Self::from_parts(pkcs8, &parts)?;
        // What RFC 5958 §2 has beside the key, where it is written in the same form.
        let beside = parts.public.filter(|beside| beside.len() == key.public.bits().len());
        if beside.is_some_and(|beside| beside != key.public.bits()) {
            return Err(Error::Key { reason: "the public half beside it is another key's".to_owned() });
        }
        Ok(key)
    }

    fn from_parts(pkcs8: &[u8], parts: &Pkcs8Parts<'_>) -> Result<Self> {
        match (parts.oid, parts.curve) {
            (ED25519, _) => {
                Signer::from_pkcs8(pkcs8, KeyAlgorithm::Ed25519)?;
                Self::checked(wrap(ED25519, None, parts.inner)?, KeyAlgorithm::Ed25519)
            }
            (EC, Some(curve)) => Self::from_ec(curve, parts.inner),
            (RSA, _) => Self::from_rsa(parts.inner),
            (oid, _) => {
                let parameters = parts.curve.as_ref().map(Into::into);
                let algorithm = describe(&AlgorithmIdentifierRef { oid, parameters }, &[]);
                Err(Error::UnsupportedAlgorithm { algorithm })
            }
        }
    }

    /// A key in its final form, checked by the signer that will use it.
    fn checked(pkcs8: Zeroizing<Vec<u8>>, algorithm: KeyAlgorithm) -> Result<Self> {
        let public = Signer::from_pkcs8(&pkcs8, algorithm)?.public().clone();
        let algorithm = public.algorithm().unwrap_or(algorithm);
        Ok(Self { pkcs8, public, algorithm })
    }

    fn from_ec(curve: ObjectIdentifier, inner: &[u8]) -> Result<Self> {
        let algorithm = match curve {
            P256 => KeyAlgorithm::P256,
            P384 => KeyAlgorithm::P384,
            P521 => KeyAlgorithm::P521,
            other => {
                let identifier = AlgorithmIdentifierRef { oid: EC, parameters: Some((&other).into()) };
                return Err(Error::UnsupportedAlgorithm { algorithm: describe(&identifier, &[]) });
            }
        };
        let parts = EcParts::read(inner)?;
        if matches!(parts.curve, Some(Ok(inner)) if inner != curve) {
            return Err(Error::Key { reason: "it names two curves".to_owned() });
        }
        let plain = |point: &&[u8]| point.first() == Some(&4) && algorithm != KeyAlgorithm::P521;
        if let Some(point) = parts.point.filter(plain) {
            let inner = ec_private_key(parts.scalar, point)?;
            return Self::checked(wrap(EC, Some((&curve).into()), &inner)?, algorithm);
        }
        Self::from_scalar(algorithm, curve, &parts)
    }

    /// A key that does not say its public half, or not in the usual form.
    #[cfg(feature = "gather")]
    fn from_scalar(algorithm: KeyAlgorithm, curve: ObjectIdentifier, parts: &EcParts<'_>) -> Result<Self> {
        let (scalar, point) = super::foreign::complete(algorithm, parts.scalar, parts.point)?;
        let inner = ec_private_key(&scalar, &point)?;
        let public = PublicKey::from_bits(algorithm, &point)?;
        Ok(Self { pkcs8: wrap(EC, Some((&curve).into()), &inner)?, public, algorithm })
    }

    #[cfg(not(feature = "gather"))]
    fn from_scalar(algorithm: KeyAlgorithm, _: ObjectIdentifier, parts: &EcParts<'_>) -> Result<Self> {
        if parts.point.is_none() {
            return Err(Error::Key { reason: "it holds no public half".to_owned() });
        }
        Err(Error::UnsupportedAlgorithm { algorithm: algorithm.label().to_owned() })
    }

    fn from_rsa(inner: &[u8]) -> Result<Self> {
        let pkcs8 = wrap(RSA, Some(AnyRef::NULL), inner)?;
        match modulus_bits(inner, true) {
            Some(2048 | 3072 | 4096) => Self::checked(pkcs8, KeyAlgorithm::Rsa2048),
            #[cfg(all(feature = "gather", feature = "rsa"))]
            Some(1024) => {
                let public = super::foreign::small_rsa(inner)?;
                Ok(Self { pkcs8, public, algorithm: KeyAlgorithm::Rsa1024 })
            }
            Some(other) => Err(Error::UnsupportedAlgorithm { algorithm: format!("RSA {other}") }),
            None => Err(Error::Key { reason: "it is no RSA key".to_owned() }),
        }
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

    /// Checks the numbers of an RSA key that somebody else made: reading and signing use
    /// only some of them, and other programs the rest. Of other keys they are checked when
    /// they are read.
    ///
    /// # Errors
    /// [`Error::Key`].
    #[cfg(feature = "rsa")]
    pub fn check(&self) -> Result<()> {
        if !self.algorithm.is_rsa() {
            return Ok(());
        }
        let parts = Pkcs8Parts::read(&self.pkcs8)?;
        match super::rsa_numbers::fault(parts.inner) {
            None => Ok(()),
            Some(reason) => Err(Error::Key { reason: reason.to_owned() }),
        }
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
    #[cfg(feature = "seeded")]
    if super::seeded::now().is_some() {
        let curve = if algorithm == KeyAlgorithm::P384 { P384 } else { P256 };
        let scalar = super::seeded::scalar(algorithm)?;
        return PrivateKey::from_scalar(
            algorithm,
            curve,
            &EcParts { scalar: &scalar, curve: None, point: None },
        );
    }
    let random = ring::rand::SystemRandom::new();
    let document = ring_signature::EcdsaKeyPair::generate_pkcs8(how, &random).map_err(no_random)?;
    let pkcs8 = Zeroizing::new(document.as_ref().to_vec());
    // The document holds the public point: reading it there is a third of the
    // cost of parsing the key that was just made.
    let public = PublicKey::from_bits(algorithm, ec_public_point(&pkcs8)?)?;
    Ok(PrivateKey { pkcs8, public, algorithm })
}

/// The number of a PKCS#8 EC key.
#[cfg(feature = "seeded")]
pub(super) fn scalar(pkcs8: &[u8]) -> Option<&[u8]> {
    EcParts::read(Pkcs8Parts::read(pkcs8).ok()?.inner).ok().map(|parts| parts.scalar)
}

/// The public point inside a PKCS#8 EC key.
fn ec_public_point(pkcs8: &[u8]) -> Result<&[u8]> {
    let parts = EcParts::read(Pkcs8Parts::read(pkcs8)?.inner)?;
    parts.point.ok_or_else(|| Error::Key { reason: "it holds no public point".to_owned() })
}

/// Ed25519 as PKCS#8 version 1 (RFC 8410 §7): the form that OpenSSL, Java and
/// Go all read. ring's own writer makes version 2, which OpenSSL 3.0 refuses.
fn ed25519() -> Result<PrivateKey> {
    // In its place from the first octet: what is returned by value leaves copies.
    let mut seed = Zeroizing::new([0; 32]);
    super::digest::fill_random(&mut *seed)?;
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
    encoded(&info)
}

/// One allocation of the right length: growing would leave copies behind.
pub(super) fn encoded(secret: &impl Encode) -> Result<Zeroizing<Vec<u8>>> {
    let broken = |e: der::Error| Error::Key { reason: e.to_string() };
    let length = secret.encoded_len().and_then(usize::try_from).map_err(broken)?;
    let mut out = Zeroizing::new(vec![0; length]);
    secret.encode_to_slice(&mut out).map_err(broken)?;
    Ok(out)
}

/// The curve that a SEC 1 key names.
fn sec1_curve(der: &[u8]) -> Result<ObjectIdentifier> {
    match EcParts::read(der)?.curve {
        Some(Ok(curve)) => Ok(curve),
        Some(Err(_)) => Err(Error::UnsupportedAlgorithm { algorithm: EXPLICIT_CURVE.to_owned() }),
        None => Err(Error::Key { reason: "it names no curve".to_owned() }),
    }
}

/// `[1] IMPLICIT PublicKey` of a PKCS#8 key (RFC 5958 §2).
const PUBLIC: der::Tag = der::Tag::ContextSpecific { constructed: false, number: der::TagNumber(1) };

/// What a PKCS#8 key says it is, and the key in its own form inside.
pub(super) struct Pkcs8Parts<'a> {
    oid: ObjectIdentifier,
    pub(super) curve: Option<ObjectIdentifier>,
    pub(super) inner: &'a [u8],
    /// The public half of a version 2 key.
    public: Option<&'a [u8]>,
}

impl<'a> Pkcs8Parts<'a> {
    pub(super) fn read(pkcs8: &'a [u8]) -> Result<Self> {
        let broken = |e: der::Error| Error::Key { reason: e.to_string() };
        // Attributes, and the public half of a version 2 key, stand behind these.
        AnyRef::from_der(pkcs8)
            .and_then(|any| {
                any.sequence(|reader| {
                    let _version: u8 = reader.decode()?;
                    let algorithm: AlgorithmIdentifierRef<'_> = reader.decode()?;
                    let inner: &OctetStringRef = reader.decode()?;
                    let mut public = None;
                    while !reader.is_finished() {
                        let rest: AnyRef<'_> = reader.decode()?;
                        if rest.tag() == PUBLIC {
                            // A BIT STRING by another tag: how many bits of the last octet do
                            // not count, which is none, and the octets.
                            public = rest.value().strip_prefix(&[0]);
                        }
                    }
                    let curve = algorithm.parameters.and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
                    Ok::<_, der::Error>(Self { oid: algorithm.oid, curve, inner: inner.as_bytes(), public })
                })
            })
            .map_err(broken)
    }
}

/// The members of an `ECPrivateKey` (RFC 5915 §3).
pub(super) struct EcParts<'a> {
    pub(super) scalar: &'a [u8],
    /// None where it is not said, an error where it is spelled out.
    curve: Option<der::Result<ObjectIdentifier>>,
    pub(super) point: Option<&'a [u8]>,
}

impl<'a> EcParts<'a> {
    pub(super) fn read(inner: &'a [u8]) -> Result<Self> {
        let broken = |e: der::Error| Error::Key { reason: e.to_string() };
        AnyRef::from_der(inner)
            .and_then(|any| {
                any.sequence(|reader| {
                    let _version: u8 = reader.decode()?;
                    let scalar: &OctetStringRef = reader.decode()?;
                    let curve = ContextSpecific::<AnyRef<'a>>::decode_explicit(reader, der::TagNumber(0))?;
                    let curve = curve.map(|c| c.value.decode_as());
                    let point =
                        ContextSpecific::<BitStringRef<'a>>::decode_explicit(reader, der::TagNumber(1))?;
                    let point = point.and_then(|p| p.value.as_bytes());
                    Ok::<_, der::Error>(Self { scalar: scalar.as_bytes(), curve, point })
                })
            })
            .map_err(broken)
    }
}

/// `ECPrivateKey` (RFC 5915 §3) as it stands inside PKCS#8: the curve is named
/// outside, so not again here.
#[derive(Sequence)]
struct EcPrivateKey<'a> {
    version: u8,
    scalar: &'a OctetStringRef,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    point: BitStringRef<'a>,
}

fn ec_private_key(scalar: &[u8], point: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let broken = |e: der::Error| Error::Key { reason: e.to_string() };
    // A point is 04, x, y: each coordinate is as long as the field.
    let field = point.len() / 2;
    if scalar.len() > field {
        return Err(Error::Key { reason: "its number is longer than its curve".to_owned() });
    }
    let mut padded = Zeroizing::new(vec![0; field]);
    padded[field - scalar.len()..].copy_from_slice(scalar);
    let key = EcPrivateKey {
        version: 1,
        scalar: OctetStringRef::new(&padded).map_err(broken)?,
        point: BitStringRef::from_bytes(point).map_err(broken)?,
    };
    encoded(&key)
}
