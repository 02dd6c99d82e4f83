//! From a plan to bytes that the rules have passed, and from a signature to a
//! certificate.

use std::ops::Range;

use crate::certificate::{Certificate, Outline, Read};
use crate::check;
use crate::constraint::Constraints;
use crate::encode::{self, Content, Issuer, Unsigned};
use crate::error::{Error, Result};
use crate::key::{self, KeyAlgorithm, PublicKey, Signer};
use crate::plan::{CaPlan, LeafPlan};

/// How many octets a serial number has (RFC 5280 §4.1.2.2 allows 20).
const SERIAL_OCTETS: usize = 16;

/// A certificate that lacks nothing but its signature. The rules have passed it.
#[derive(Clone, Debug)]
pub struct ToBeSigned {
    unsigned: Unsigned,
    outline: Outline,
}

impl ToBeSigned {
    /// Encodes, and holds what was encoded against the rules.
    pub(super) fn new(content: &Content<'_>) -> Result<Self> {
        let (unsigned, outline) = encode::to_be_signed(content)?;
        let findings = check::certificate::findings(Read { bytes: &unsigned.message, outline: &outline });
        if findings.is_empty() {
            return Ok(Self { unsigned, outline });
        }
        Err(Error::Lint { findings: findings.into_iter().map(|f| (f.code, f.message)).collect() })
    }

    /// The bytes to sign: a `TBSCertificate` in DER (RFC 5280 §4.1.1.1).
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.unsigned.message
    }

    /// Where the serial number, the public key and its identifier stand.
    pub(super) fn places(&self) -> Option<(Range<usize>, Range<usize>, Range<usize>)> {
        self.outline.own_places()
    }

    /// What kind of key it is for.
    pub(super) const fn algorithm(&self) -> Option<KeyAlgorithm> {
        self.outline.public_key.algorithm()
    }

    /// The same for another key, with other bytes that have everything in the same place.
    pub(super) fn with(&self, message: Vec<u8>, key: &PublicKey) -> Self {
        Self { unsigned: self.unsigned.with(message), outline: self.outline.with_key(key) }
    }

    /// Whether what is known of the bytes is what reading them says.
    pub(super) fn is_as_read(&self) -> bool {
        Outline::read(&self.unsigned.message).is_ok_and(|read| read == self.outline)
    }

    /// The certificate, with this signature over [`ToBeSigned::bytes`]. Whether
    /// the signature is right is not checked: [`Certificate::is_signed_by`] does.
    ///
    /// # Errors
    /// [`Error::MalformedCertificate`] where it cannot be put together.
    pub fn close(self, signature: &[u8]) -> Result<Certificate> {
        Certificate::of(self.outline, self.unsigned.close(signature)?)
    }
}

/// What is a certificate's own and in no plan.
pub(super) struct Own<'a> {
    pub(super) public_key: &'a PublicKey,
    pub(super) serial: &'a [u8],
    /// The exact Name, DER.
    pub(super) subject: &'a [u8],
    pub(super) key_identifier: &'a [u8],
}

/// No limits: what leaves have.
static UNLIMITED: Constraints = Constraints::NONE;

pub(super) fn leaf_content<'a>(issuer: Issuer<'a>, plan: &'a LeafPlan, own: &Own<'a>) -> Content<'a> {
    Content {
        serial: own.serial,
        issuer,
        subject: own.subject,
        validity: plan.validity(),
        public_key: own.public_key,
        subject_key_identifier: own.key_identifier,
        names: Some(plan.names()),
        template: plan.template(),
        path_length: None,
        constraints: &UNLIMITED,
    }
}

pub(super) fn ca_content<'a>(issuer: Issuer<'a>, plan: &'a CaPlan, own: &Own<'a>) -> Content<'a> {
    Content {
        serial: own.serial,
        issuer,
        subject: own.subject,
        validity: plan.validity(),
        public_key: own.public_key,
        subject_key_identifier: own.key_identifier,
        names: None,
        template: plan.template(),
        path_length: plan.path_length(),
        constraints: plan.constraints(),
    }
}

/// Encodes, checks the bytes against the rules, and only then signs them.
pub(super) fn finish(content: &Content<'_>, signer: &Signer) -> Result<Certificate> {
    let tbs = ToBeSigned::new(content)?;
    let signature = signer.sign(tbs.bytes())?;
    tbs.close(&signature)
}

/// Refuses octets that are not how DER writes a number: with a zero in front that nothing
/// asks for, or none at all. A negative one is the rules' to refuse.
pub(super) fn check_serial(octets: &[u8]) -> Result<()> {
    let spare = match octets {
        [] => true,
        [0, second, ..] => second & 0x80 == 0,
        _ => false,
    };
    if !spare {
        return Ok(());
    }
    let message = format!("the serial number {} is not written as DER writes numbers", key::hex(octets));
    Err(Error::Lint { findings: vec![("certificate.serial", message)] })
}

/// A serial number: 16 random octets, the first of them 01 to 7f.
pub(super) fn serial() -> Result<[u8; SERIAL_OCTETS]> {
    let mut octets = key::random::<SERIAL_OCTETS>()?;
    // The top bit would make it negative, and a leading zero octet would be dropped.
    octets[0] = (octets[0] & 0x7f).max(1);
    Ok(octets)
}
