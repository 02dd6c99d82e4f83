//! Certificates as they are: the bytes, and a read view of them.

mod chain;
mod extensions;
mod name_list;
mod tbs;
mod written;

use std::fmt;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use der::Decode;
use time::OffsetDateTime;
use x509_cert::Version;

use crate::error::{Error, Result};
use crate::key::{PublicKey, Sha256, SignatureAlgorithm, hex};
use crate::subject;
use crate::validity::Validity;

pub(crate) use chain::check_link;
pub use chain::{Chain, TrustAnchor};
pub(crate) use extensions::BasicConstraints;
pub use extensions::PathLength;
pub(crate) use extensions::san_of;
use tbs::name;
pub(crate) use tbs::{Exact, ExactName, Extension, Outline, Read, Signed, Tbs};
pub use written::WrittenName;

const LABEL: &str = "CERTIFICATE";

/// An X.501 Name without attributes, in DER.
pub(crate) const EMPTY_NAME: [u8; 2] = [0x30, 0x00];

/// An X.509 certificate: its DER, unchanged, and what it says. Reading one
/// checks its form, not whether anybody should trust it.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    outline: Outline,
    validity: Validity,
    tbs: Range<usize>,
    /// The octets of the signature; none where it is no whole octets.
    signature: Option<Range<usize>>,
}

impl Certificate {
    /// Reads a certificate in DER; nothing may follow it.
    ///
    /// # Errors
    /// [`Error::MalformedCertificate`].
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self> {
        let der = der.into();
        let signed = Signed::from_der(&der).map_err(|e| malformed(&e))?;
        let outline = Outline::read(signed.message.0)?;
        if signed.algorithm.0 != (Read { bytes: signed.message.0, outline: &outline }).signature() {
            return Err(malformed(&"its two signature algorithms differ (RFC 5280 §4.1.1.2)"));
        }
        let places = places(&der, &signed);
        Self::placed(outline, der, places)
    }

    /// A certificate whose to-be-signed part is known already.
    pub(crate) fn of(outline: Outline, der: Vec<u8>) -> Result<Self> {
        let places = places(&der, &Signed::from_der(&der).map_err(|e| malformed(&e))?);
        Self::placed(outline, der, places)
    }

    fn placed(
        outline: Outline,
        der: Vec<u8>,
        (tbs, signature): (Range<usize>, Option<Range<usize>>),
    ) -> Result<Self> {
        let validity =
            Validity::between(instant(outline.dates.not_before)?, instant(outline.dates.not_after)?)
                .map_err(|_| malformed(&"it ends before it starts"))?;
        Ok(Self { der, outline, validity, tbs, signature })
    }

    /// Reads the first PEM block that is a certificate.
    ///
    /// # Errors
    /// [`Error::MalformedPem`] or [`Error::MalformedCertificate`].
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        if !pem.windows(11).any(|w| w == b"-----BEGIN ") {
            return Err(Error::MalformedPem { reason: "no PEM block of a certificate".to_owned() });
        }
        let block = crate::pem::block(pem, |label| label == LABEL);
        let (label, mut der) = crate::pem::decode(block).map_err(|e| Error::MalformedPem {
            reason: format!("no PEM block of a certificate can be read: {e}"),
        })?;
        if label != LABEL {
            return Err(Error::MalformedPem {
                reason: format!("a `{label}` block, where a certificate was expected"),
            });
        }
        Self::from_der(std::mem::take(&mut *der))
    }

    /// Its to-be-signed part, and what stands where in it.
    pub(crate) fn read(&self) -> Read<'_> {
        Read { bytes: self.tbs(), outline: &self.outline }
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its PEM (RFC 7468 §5): 64 columns, `\n` at the line ends.
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn pem(&self) -> Result<String> {
        // A certificate is public: its PEM need not take the same time whatever is in it,
        // which a key's does, at five times the cost.
        let mut text = String::with_capacity(self.der.len() / 3 * 4 + self.der.len() / 48 + 64);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in self.der.chunks(48) {
            STANDARD.encode_string(line, &mut text);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
        Ok(text)
    }

    /// The to-be-signed part in DER.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        self.der.get(self.tbs.clone()).unwrap_or_default()
    }

    /// The subject's exact bytes: an X.501 Name in DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        self.read().subject()
    }

    /// The issuer's exact bytes: an X.501 Name in DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.read().issuer()
    }

    /// The subject as text: `C=JP, O=Example, CN=a.example`. Foreign text: not escaped.
    #[must_use]
    pub fn subject(&self) -> String {
        subject::describe(&name(self.subject_der()))
    }

    /// The subject as one of our own making, attribute by attribute.
    pub(crate) fn subject_as_ours(&self) -> Result<subject::Subject> {
        subject::Subject::from_name(&name(self.subject_der()))
    }

    /// The issuer as text.
    #[must_use]
    pub fn issuer(&self) -> String {
        subject::describe(&name(self.issuer_der()))
    }

    /// The subject's common names, in order.
    #[must_use]
    pub fn common_names(&self) -> Vec<String> {
        subject::common_names(&name(self.subject_der()))
    }

    /// The serial number's octets, big-endian.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.read().serial()
    }

    /// Whether the serial number is negative, which RFC 5280 §4.1.2.2 does not allow.
    #[must_use]
    pub fn has_negative_serial(&self) -> bool {
        self.read().has_negative_serial()
    }

    /// The serial number in lower-case hexadecimal, two digits an octet.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex(self.serial())
    }

    /// The version: 1, 2 or 3.
    #[must_use]
    pub fn version(&self) -> u8 {
        match self.outline.version {
            Version::V1 => 1,
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }

    /// From when to when it is valid.
    #[must_use]
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Its public key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.outline.public_key
    }

    /// Checks that a key is this certificate's own.
    pub(crate) fn check_key(&self, key: &PublicKey) -> Result<()> {
        if self.outline.public_key.is_same_as(key) {
            return Ok(());
        }
        Err(Error::KeyMismatch {
            certificate: self.outline.public_key.sha256().to_string(),
            key: key.sha256().to_string(),
        })
    }

    /// The algorithm it was signed with.
    #[must_use]
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::from_der(self.outline.signature_algorithm, self.read().signature())
    }

    /// The SHA-256 of its DER: its fingerprint.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.der)
    }

    /// Whether subject and issuer are the same name (RFC 5280 §3.2, self-issued).
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    /// Whether its own key made its signature (RFC 5280 §3.2, self-signed): a root, or a
    /// certificate that no CA issued. A signature that cannot be checked here is believed
    /// where the names are the same.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.is_self_issued() && self.is_signed_by(self.public_key()).unwrap_or(true)
    }

    /// Whether `issuer` issued it: by the name, octet for octet, and by the key (RFC 5280 §6.1.3).
    /// False where its signature cannot be checked here.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Certificate) -> bool {
        self.issuer_der() == issuer.subject_der() && self.is_signed_by(issuer.public_key()).unwrap_or(false)
    }

    /// Whether `key` made its signature.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] where that cannot be checked.
    pub fn is_signed_by(&self, key: &PublicKey) -> Result<bool> {
        let signature = self.signature.clone().and_then(|place| self.der.get(place));
        let signature = signature.ok_or_else(|| malformed(&"its signature is no whole octets"))?;
        key.verify(&self.signature_algorithm(), self.tbs(), signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject())
            .field("serial", &self.serial_hex())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Where the to-be-signed part stands, and the signature's octets where they are whole.
fn places(der: &[u8], signed: &Signed<'_>) -> (Range<usize>, Option<Range<usize>>) {
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - der.as_ptr() as usize;
        start..start + part.len()
    };
    (place(signed.message.0), signed.signature.as_bytes().map(place))
}

fn malformed(reason: &dyn fmt::Display) -> Error {
    let mut reason = reason.to_string();
    // X.660 sets no limit; the reader of object identifiers does, as Mozilla's.
    if reason.contains("malformed OID") {
        reason.push_str(", or one that is not read here (2.40 and above, a number above 32 bits)");
    }
    Error::MalformedCertificate { reason }
}

fn instant(time: x509_cert::time::Time) -> Result<OffsetDateTime> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|e| malformed(&e))?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|e| malformed(&e))
}
