//! From a plan to the bytes to be signed, and from the signature to what is signed:
//! certificates, signing requests, revocation lists.
//!
//! Names and public keys go in as they are, to the byte: a name that is written anew loses
//! its string types, and then nothing chains to it.

use std::net::IpAddr;
use std::ops::Range;

use der::asn1::{
    Any, AnyRef, BitStringRef, Ia5String, IntRef, ObjectIdentifier, OctetString, OctetStringRef, SetOfVec,
    Uint, UintRef,
};
use der::oid::AssociatedOid;
use der::{DateTime, Encode, Sequence};
use time::OffsetDateTime;
use x509_cert::Version;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlNumber, CrlReason, ExtendedKeyUsage,
    KeyUsage as KeyUsageExtension, NameConstraints, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::request::ExtensionReq;
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::{Time, Validity as Dates};

use crate::certificate::{EMPTY_NAME, Exact, ExactName, Extension, Outline, Signed, Tbs};
use crate::constraint::Constraints;
use crate::error::{Error, Result};
use crate::key::{KeyAlgorithm, PublicKey, SignatureAlgorithm};
use crate::name::{Names, San};
use crate::plan::LeafPlan;
use crate::revocation::{ListNumber, Reason, Revoked};
use crate::template::{KeyUsage, Template};
use crate::validity::Validity;

/// Whoever signs, as it stands in what is signed.
#[derive(Clone, Copy)]
pub(crate) struct Issuer<'a> {
    pub(crate) algorithm: KeyAlgorithm,
    /// Its exact Name, DER.
    pub(crate) name: &'a [u8],
    pub(crate) key_identifier: &'a [u8],
}

/// Everything that goes into a certificate but its signature.
pub(crate) struct Content<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: Issuer<'a>,
    /// The subject's exact Name, DER.
    pub(crate) subject: &'a [u8],
    pub(crate) validity: &'a Validity,
    pub(crate) public_key: &'a PublicKey,
    pub(crate) subject_key_identifier: &'a [u8],
    pub(crate) names: Option<&'a Names>,
    pub(crate) template: &'a Template,
    /// For a CA: how many CAs may stand below it.
    pub(crate) path_length: Option<u8>,
    /// For a CA: the names that what stands below it may have.
    pub(crate) constraints: &'a Constraints,
}

/// `CertificationRequestInfo` (RFC 2986 §4.1).
#[derive(Sequence)]
struct RequestInfo<'a> {
    version: u8,
    subject: Exact<'a>,
    public_key: Exact<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: Attributes,
}

/// `TBSCertList` (RFC 5280 §5.1), version 2.
#[derive(Sequence)]
struct TbsCertList<'a> {
    version: u8,
    signature: Exact<'a>,
    issuer: Exact<'a>,
    this_update: Time,
    next_update: Time,
    revoked: Option<Vec<Entry<'a>>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension<'a>>,
}

/// One of the list's `revokedCertificates` (RFC 5280 §5.1.2.6).
#[derive(Sequence)]
struct Entry<'a> {
    serial: UintRef<'a>,
    at: Time,
    extensions: Option<Vec<Extension<'a>>>,
}

/// What is to be signed, and how it says that it will be.
#[derive(Clone, Debug)]
pub(crate) struct Unsigned {
    pub(crate) message: Vec<u8>,
    /// The `AlgorithmIdentifier` of the signature, DER.
    algorithm: Vec<u8>,
}

impl Unsigned {
    /// Another message that will be signed in the same way.
    pub(crate) fn with(&self, message: Vec<u8>) -> Self {
        Self { message, algorithm: self.algorithm.clone() }
    }

    /// With the signature: the message, the algorithm, the signature.
    pub(crate) fn close(&self, signature: &[u8]) -> Result<Vec<u8>> {
        let closed = || {
            let signature = BitStringRef::from_bytes(signature)?;
            Signed { message: Exact(&self.message), algorithm: Exact(&self.algorithm), signature }.to_der()
        };
        closed().map_err(broken)
    }
}

/// Extensions as they are collected: the values behind each other in one piece of memory.
#[derive(Default)]
struct Extensions {
    values: Vec<u8>,
    list: Vec<(ObjectIdentifier, bool, Range<usize>)>,
}

impl Extensions {
    fn add<T: AssociatedOid + Encode>(&mut self, critical: bool, value: &T) -> der::Result<()> {
        self.add_as(T::OID, critical, value)
    }

    fn add_as(&mut self, oid: ObjectIdentifier, critical: bool, value: &impl Encode) -> der::Result<()> {
        let start = self.values.len();
        value.encode(&mut self.values)?;
        self.list.push((oid, critical, start..self.values.len()));
        Ok(())
    }

    fn all(&self) -> der::Result<Vec<Extension<'_>>> {
        let one = |(oid, critical, place): &(ObjectIdentifier, bool, Range<usize>)| {
            let value = OctetStringRef::new(self.values.get(place.clone()).unwrap_or_default())?;
            Ok(Extension { oid: *oid, critical: *critical, value })
        };
        self.list.iter().map(one).collect()
    }
}

/// The to-be-signed certificate (RFC 5280 §4.1.1.1).
pub(crate) fn to_be_signed(content: &Content<'_>) -> Result<(Unsigned, Outline)> {
    let algorithm = signature_algorithm(content.issuer.algorithm)?;
    let subject_algorithm = algorithm_of(content.public_key)?;
    let limits = content.constraints;
    let limits = (!limits.is_empty()).then(|| limits.to_der()).transpose()?;
    let tbs = || {
        let extensions = extensions(content, subject_algorithm, limits.as_deref())?;
        let parts = Tbs {
            version: Version::V3,
            serial: IntRef::new(content.serial)?,
            signature: Exact(&algorithm),
            issuer: ExactName(content.issuer.name),
            dates: Dates::new(
                instant(content.validity.not_before())?,
                instant(content.validity.not_after())?,
            ),
            subject: ExactName(content.subject),
            public_key: Exact(content.public_key.der()),
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions.all()?),
        };
        let message = parts.to_der()?;
        let outline = Outline::of_written(&message, &parts, content.public_key)?;
        Ok((message, outline))
    };
    let (message, outline) = tbs().map_err(|e: der::Error| broken(e))?;
    Ok((Unsigned { message, algorithm }, outline))
}

/// A `CertificationRequestInfo` for a planned leaf.
pub(crate) fn signing_request(plan: &LeafPlan, key: &PublicKey, subject: &[u8]) -> Result<Unsigned> {
    let algorithm = algorithm_of(key)?;
    let info = || {
        let mut wish = Extensions::default();
        key_usage(&mut wish, plan.template(), algorithm)?;
        alternative_names(&mut wish, plan.names(), subject)?;
        extended_key_usage(&mut wish, plan.template())?;
        let mut attributes = Attributes::new();
        if !wish.list.is_empty() {
            let mut values = SetOfVec::new();
            values.insert(Any::encode_from(&wish.all()?)?)?;
            attributes.insert(Attribute { oid: ExtensionReq::OID, values })?;
        }
        RequestInfo { version: 0, subject: Exact(subject), public_key: Exact(key.der()), attributes }.to_der()
    };
    Ok(Unsigned { message: info().map_err(broken)?, algorithm: signature_algorithm(algorithm)? })
}

/// A `TBSCertList` of version 2.
pub(crate) fn revocation_list(
    issuer: Issuer<'_>,
    revoked: &[Revoked],
    number: &ListNumber,
    (this_update, next_update): (OffsetDateTime, OffsetDateTime),
) -> Result<Unsigned> {
    let algorithm = signature_algorithm(issuer.algorithm)?;
    let list = || {
        let reasons = revoked.iter().map(|r| reason(r.reason)).collect::<der::Result<Vec<_>>>()?;
        let entries = revoked
            .iter()
            .zip(&reasons)
            .map(|(r, reason)| entry(r, reason))
            .collect::<der::Result<Vec<_>>>()?;
        let mut extensions = Extensions::default();
        authority_key_identifier(&mut extensions, issuer.key_identifier)?;
        extensions.add(false, &CrlNumber(Uint::new(number.octets())?))?;
        TbsCertList {
            version: 1,
            signature: Exact(&algorithm),
            issuer: Exact(issuer.name),
            this_update: instant(this_update)?,
            next_update: instant(next_update)?,
            // Never an empty list: RFC 5280 §5.1.2.6.
            revoked: (!entries.is_empty()).then_some(entries),
            extensions: extensions.all()?,
        }
        .to_der()
    };
    Ok(Unsigned { message: list().map_err(broken)?, algorithm })
}

fn entry<'a>(revoked: &'a Revoked, reason: &'a Extensions) -> der::Result<Entry<'a>> {
    let extensions = (!reason.list.is_empty()).then(|| reason.all()).transpose()?;
    Ok(Entry { serial: UintRef::new(&revoked.serial)?, at: instant(revoked.at)?, extensions })
}

/// The extension of an entry that says why; none where nobody does (RFC 5280 §5.3.1).
fn reason(reason: Reason) -> der::Result<Extensions> {
    let mut extensions = Extensions::default();
    let reason = match reason {
        Reason::Unspecified => return Ok(extensions),
        Reason::KeyCompromise => CrlReason::KeyCompromise,
        Reason::CaCompromise => CrlReason::CaCompromise,
        Reason::AffiliationChanged => CrlReason::AffiliationChanged,
        Reason::Superseded => CrlReason::Superseded,
        Reason::CessationOfOperation => CrlReason::CessationOfOperation,
        Reason::CertificateHold => CrlReason::CertificateHold,
        Reason::PrivilegeWithdrawn => CrlReason::PrivilegeWithdrawn,
    };
    extensions.add(false, &reason)?;
    Ok(extensions)
}

fn extensions(
    content: &Content<'_>,
    algorithm: KeyAlgorithm,
    limits: Option<&[u8]>,
) -> der::Result<Extensions> {
    // Room for a leaf of a few names, so that nothing has to grow.
    let mut all = Extensions { values: Vec::with_capacity(256), list: Vec::with_capacity(8) };
    authority_key_identifier(&mut all, content.issuer.key_identifier)?;
    if let Some(names) = content.names {
        alternative_names(&mut all, names, content.subject)?;
    }
    key_usage(&mut all, content.template, algorithm)?;
    extended_key_usage(&mut all, content.template)?;
    all.add_as(SubjectKeyIdentifier::OID, false, &OctetStringRef::new(content.subject_key_identifier)?)?;
    let ca = content.template.is_ca();
    let path_len_constraint = content.path_length.filter(|_| ca);
    all.add(true, &BasicConstraints { ca, path_len_constraint })?;
    if let Some(limits) = limits {
        all.add_as(NameConstraints::OID, true, &Exact(limits))?;
    }
    Ok(all)
}

fn authority_key_identifier(extensions: &mut Extensions, id: &[u8]) -> der::Result<()> {
    let key_identifier = Some(OctetString::new(id)?);
    extensions.add(false, &AuthorityKeyIdentifier { key_identifier, ..AuthorityKeyIdentifier::default() })
}

/// Critical where there is no subject beside it, and only there (RFC 5280 §4.2.1.6).
fn alternative_names(extensions: &mut Extensions, names: &Names, subject: &[u8]) -> der::Result<()> {
    let names = names.iter().map(general_name).collect::<der::Result<Vec<_>>>()?;
    if names.is_empty() {
        return Ok(());
    }
    extensions.add(subject == EMPTY_NAME, &SubjectAltName(names))
}

fn general_name(name: &San) -> der::Result<GeneralName> {
    Ok(match name {
        San::Dns(name) => GeneralName::DnsName(Ia5String::new(name)?),
        San::Email(address) => GeneralName::Rfc822Name(Ia5String::new(address)?),
        San::Uri(uri) => GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?),
        San::Ip(IpAddr::V4(ip)) => GeneralName::IpAddress(OctetString::new(ip.octets())?),
        San::Ip(IpAddr::V6(ip)) => GeneralName::IpAddress(OctetString::new(ip.octets())?),
    })
}

fn key_usage(extensions: &mut Extensions, template: &Template, algorithm: KeyAlgorithm) -> der::Result<()> {
    // Bits count from the left (RFC 5280 §4.2.1.3).
    let bit = |usage: KeyUsage| match usage {
        KeyUsage::DigitalSignature => 0x80,
        KeyUsage::ContentCommitment => 0x40,
        KeyUsage::KeyEncipherment => 0x20,
        KeyUsage::DataEncipherment => 0x10,
        KeyUsage::KeyAgreement => 0x08,
        KeyUsage::KeyCertSign => 0x04,
        KeyUsage::CrlSign => 0x02_u8,
    };
    let bits = template.key_usage(algorithm.is_rsa()).into_iter().fold(0, |bits, usage| bits | bit(usage));
    if bits == 0 {
        return Ok(());
    }
    let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0);
    extensions.add_as(KeyUsageExtension::OID, true, &BitStringRef::new(unused, &[bits])?)
}

fn extended_key_usage(extensions: &mut Extensions, template: &Template) -> der::Result<()> {
    let usages: Vec<_> = template.extended_key_usage().iter().map(|usage| usage.oid()).collect();
    if usages.is_empty() {
        return Ok(());
    }
    extensions.add(false, &ExtendedKeyUsage(usages))
}

/// `UTCTime` to the end of 2049, `GeneralizedTime` after (RFC 5280 §4.1.2.5).
pub(crate) fn instant(at: OffsetDateTime) -> der::Result<Time> {
    let at = at.checked_to_offset(time::UtcOffset::UTC).ok_or(der::ErrorKind::DateTime)?;
    let year = u16::try_from(at.year()).unwrap_or_default();
    let (month, hour, minute, second) = (u8::from(at.month()), at.hour(), at.minute(), at.second());
    Ok(DateTime::new(year, month, at.day(), hour, minute, second)?.into())
}

/// The `AlgorithmIdentifier` of its signatures, DER (RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3).
fn signature_algorithm(algorithm: KeyAlgorithm) -> Result<Vec<u8>> {
    signs(algorithm)?;
    let parameters = algorithm.is_rsa().then_some(AnyRef::NULL);
    AlgorithmIdentifierRef { oid: SignatureAlgorithm::of_key(algorithm), parameters }.to_der().map_err(broken)
}

/// Refuses kinds of key that certforge only reads.
fn signs(algorithm: KeyAlgorithm) -> Result<()> {
    match algorithm {
        KeyAlgorithm::P521 | KeyAlgorithm::Rsa1024 => {
            Err(Error::UnsupportedAlgorithm { algorithm: format!("issuing for {}", algorithm.label()) })
        }
        _ => Ok(()),
    }
}

fn algorithm_of(key: &PublicKey) -> Result<KeyAlgorithm> {
    let unknown = || Error::UnsupportedAlgorithm { algorithm: key.describe() };
    let algorithm = key.algorithm().ok_or_else(unknown)?;
    signs(algorithm)?;
    Ok(algorithm)
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::Internal { doing: "encoding", reason: e.to_string() }
}
