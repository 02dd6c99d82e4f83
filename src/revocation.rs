//! Certificate revocation lists (RFC 5280 §5): what a CA takes back, and why.

use std::fmt;
use std::str::FromStr;

use der::asn1::{AnyRef, Uint};
use der::pem::LineEnding;
use der::{Decode, Encode, Reader, SliceReader, Tag};
use time::OffsetDateTime;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason};

use crate::error::{Error, Result};
use crate::key::{PublicKey, SignatureAlgorithm};

mod extent;
mod number;

pub use extent::Extent;
pub use number::ListNumber;

const LABEL: &str = "X509 CRL";

/// A serial number without leading zero octets: some write the one of its sign, some do not
/// (`openssl ca` does not).
#[must_use]
pub fn serial_number(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// Why a certificate is taken back (RFC 5280 §5.3.1). `removeFromCRL` is for delta
/// lists alone, which are not made here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody says. The list has no reason then, as RFC 5280 asks.
    #[default]
    Unspecified,
    /// Somebody else may have the key.
    KeyCompromise,
    /// Somebody else may have the CA's key.
    CaCompromise,
    /// It belongs to another organization now.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// It is not to be believed for a while.
    CertificateHold,
    /// It may not do any more what it says.
    PrivilegeWithdrawn,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// Whether somebody else may have the key, so that nothing may be issued for it again.
    #[must_use]
    pub const fn is_of_the_key(self) -> bool {
        matches!(self, Self::KeyCompromise | Self::CaCompromise)
    }

    /// Whether what it was for goes on, with another certificate in its place.
    #[must_use]
    pub const fn asks_for_another(self) -> bool {
        matches!(self, Self::Superseded | Self::KeyCompromise | Self::CaCompromise)
    }

    /// RFC 5280's own name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = Error;

    /// Reads RFC 5280's name for it, in any case and with hyphens or without.
    fn from_str(input: &str) -> Result<Self> {
        let plain = input.replace(['-', '_'], "");
        let known = Self::ALL.into_iter().find(|reason| reason.as_str().eq_ignore_ascii_case(&plain));
        known.ok_or_else(|| Error::Reason {
            input: input.to_owned(),
            known: Self::ALL.map(Self::as_str).to_vec(),
        })
    }
}

/// One certificate that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number's octets, big-endian.
    pub serial: Vec<u8>,
    /// Since when.
    pub at: OffsetDateTime,
    /// Why.
    pub reason: Reason,
}

impl Revoked {
    /// Its serial number in lower-case hexadecimal.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        crate::key::hex(&self.serial)
    }
}

/// A certificate revocation list: version 2 where it was made here, 1 or 2 where it is read.
#[derive(Clone, Debug)]
pub struct RevocationList {
    der: Vec<u8>,
    view: CertificateList,
}

impl RevocationList {
    /// Reads a list in DER; nothing may follow it. Whose it is is not checked:
    /// [`RevocationList::is_signed_by`] does.
    ///
    /// # Errors
    /// [`Error::MalformedCrl`].
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self> {
        let der = der.into();
        let view = CertificateList::from_der(&der).or_else(|e| {
            // `openssl ca` makes lists of version 1 where nobody asks for extensions.
            let second = as_version_2(&der).and_then(|der| CertificateList::from_der(&der));
            second.map_err(|_| malformed(&e.to_string()))
        })?;
        if view.signature_algorithm != view.tbs_cert_list.signature {
            return Err(malformed("its two signature algorithms differ (RFC 5280 §5.1.1.2)"));
        }
        Ok(Self { der, view })
    }

    /// Reads the first PEM block that is a list.
    ///
    /// # Errors
    /// [`Error::MalformedCrl`].
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let block = crate::pem::block(pem, |label| label == LABEL);
        let (label, mut der) = crate::pem::decode(block).map_err(|e| malformed(&e.to_string()))?;
        if label != LABEL {
            return Err(malformed(&format!("it is a `{label}` block")));
        }
        Self::from_der(std::mem::take(&mut *der))
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its PEM.
    ///
    /// # Errors
    /// [`Error::Internal`] where PEM cannot be written.
    pub fn pem(&self) -> Result<String> {
        der::pem::encode_string(LABEL, LineEnding::LF, &self.der)
            .map_err(|e| Error::Internal { doing: "writing PEM", reason: e.to_string() })
    }

    /// The version: 1 or 2.
    #[must_use]
    pub fn version(&self) -> u8 {
        let first = tbs(&self.der).and_then(|tbs| {
            let mut reader = SliceReader::new(tbs)?;
            let _header = der::Header::decode(&mut reader)?;
            Ok(reader.peek_byte())
        });
        if first == Ok(Some(0x02)) { 2 } else { 1 }
    }

    /// The algorithm it was signed with.
    #[must_use]
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::of(&(&self.view.signature_algorithm).into())
    }

    /// The issuer as text. Foreign text: not escaped.
    #[must_use]
    pub fn issuer(&self) -> String {
        crate::subject::describe(&self.view.tbs_cert_list.issuer)
    }

    /// Whether it has a number, of whatever size.
    #[must_use]
    pub fn has_number(&self) -> bool {
        self.has::<CrlNumber>()
    }

    /// Whether it names the key that signed it (RFC 5280 §5.2.1).
    #[must_use]
    pub fn names_key(&self) -> bool {
        self.has::<AuthorityKeyIdentifier>()
    }

    fn has<T: der::oid::AssociatedOid>(&self) -> bool {
        self.view.tbs_cert_list.crl_extensions.iter().flatten().any(|e| e.extn_id == T::OID)
    }

    /// The issuer's exact bytes: an X.501 Name in DER; empty where they cannot be found.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        issuer(&self.der).unwrap_or_default()
    }

    /// Which of its issuer's certificates it tells of.
    ///
    /// # Errors
    /// In words, why it cannot be relied on: it is a delta list, an indirect one or one of
    /// some reasons (RFC 5280 §5.2.4, §5.2.5), it has an extension twice (§4.2), or it or an
    /// entry of it has a critical extension that is not known here.
    pub fn extent(&self) -> std::result::Result<Extent, String> {
        Extent::of(&self.view.tbs_cert_list)
    }

    /// Its number, where it has one that a list may have.
    #[must_use]
    pub fn number(&self) -> Option<ListNumber> {
        let extensions = self.view.tbs_cert_list.crl_extensions.as_ref()?;
        let oid = <CrlNumber as der::oid::AssociatedOid>::OID;
        let extension = extensions.iter().find(|e| e.extn_id == oid)?;
        ListNumber::from_octets(Uint::from_der(extension.extn_value.as_bytes()).ok()?.as_bytes())
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Option<OffsetDateTime> {
        instant(self.view.tbs_cert_list.this_update)
    }

    /// By when there will be another one.
    #[must_use]
    pub fn next_update(&self) -> Option<OffsetDateTime> {
        self.view.tbs_cert_list.next_update.and_then(instant)
    }

    /// What it takes back, without what a delta list gives back. A reason that has no name
    /// here is none.
    #[must_use]
    pub fn revoked(&self) -> Vec<Revoked> {
        let oid = <CrlReason as der::oid::AssociatedOid>::OID;
        let entry = |r: &x509_cert::crl::RevokedCert| {
            let mut extensions = r.crl_entry_extensions.iter().flatten().filter(|e| e.extn_id == oid);
            let said = extensions.find_map(|e| CrlReason::from_der(e.extn_value.as_bytes()).ok());
            if said == Some(CrlReason::RemoveFromCRL) {
                return None;
            }
            let reason = said.map(reason).unwrap_or_default();
            let serial = r.serial_number.as_bytes().to_vec();
            instant(r.revocation_date).map(|at| Revoked { serial, at, reason })
        };
        self.view.tbs_cert_list.revoked_certificates.iter().flatten().filter_map(entry).collect()
    }

    /// Whether `key` made its signature.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] where that cannot be checked.
    pub fn is_signed_by(&self, key: &PublicKey) -> Result<bool> {
        let signature =
            self.view.signature.as_bytes().ok_or_else(|| malformed("its signature is no whole octets"))?;
        let signed = tbs(&self.der).map_err(|e| malformed(&e.to_string()))?;
        key.verify(&self.signature_algorithm(), signed, signature)
    }
}

const fn reason(reason: CrlReason) -> Reason {
    match reason {
        CrlReason::KeyCompromise => Reason::KeyCompromise,
        CrlReason::CaCompromise => Reason::CaCompromise,
        CrlReason::AffiliationChanged => Reason::AffiliationChanged,
        CrlReason::Superseded => Reason::Superseded,
        CrlReason::CessationOfOperation => Reason::CessationOfOperation,
        CrlReason::CertificateHold => Reason::CertificateHold,
        CrlReason::PrivilegeWithdrawn => Reason::PrivilegeWithdrawn,
        _ => Reason::Unspecified,
    }
}

fn malformed(reason: &str) -> Error {
    Error::MalformedCrl { reason: reason.to_owned() }
}

fn instant(time: x509_cert::time::Time) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

/// A list of version 1, which has no version in it, as the same of version 2: to be read,
/// for its signature is over what it was.
fn as_version_2(der: &[u8]) -> der::Result<Vec<u8>> {
    const VERSION_2: [u8; 3] = [0x02, 0x01, 0x01];
    let mut inside = SliceReader::new(AnyRef::from_der(der)?.value())?;
    let tbs = AnyRef::decode(&mut inside)?;
    let content = [&VERSION_2[..], tbs.value()].concat();
    let mut all = AnyRef::new(Tag::Sequence, &content)?.to_der()?;
    let rest = inside.remaining_len();
    all.extend_from_slice(inside.read_slice(rest)?);
    AnyRef::new(Tag::Sequence, &all)?.to_der()
}

/// The issuer's bytes: behind the version, if there is one, and the algorithm.
fn issuer(der: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(tbs(der)?)?;
    let _header = der::Header::decode(&mut reader)?;
    if reader.peek_byte() == Some(0x02) {
        let _version = reader.tlv_bytes()?;
    }
    let _algorithm = reader.tlv_bytes()?;
    reader.tlv_bytes()
}

/// The exact bytes that are signed.
fn tbs(der: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(der)?;
    let _header = der::Header::decode(&mut reader)?;
    reader.tlv_bytes()
}
