//! From a plan to the bytes to be signed, and from the signature to the
//! certificate. The only module that names rcgen.
//!
//! rcgen writes the bytes through a signer that only keeps the message. Its
//! distinguished name is a map that drops repeated attributes, and it would
//! write an issuer's name anew; so both names are put in afterwards, exactly.

use std::cell::RefCell;
use std::net::IpAddr;

use der::asn1::BitStringRef;
use der::{Decode, Encode, Header, Length, Reader, SliceReader, Tag};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyUsagePurpose, PublicKeyData, RevocationReason,
    RevokedCertParams, SanType, SerialNumber, SigningKey,
};
use time::OffsetDateTime;

use crate::certificate::TbsParts;
use crate::constraint::Constraints;
use crate::error::{Error, Result};
use crate::key::{KeyAlgorithm, PublicKey};
use crate::name::{Names, San};
use crate::plan::LeafPlan;
use crate::revocation::{Reason, Revoked};
use crate::template::{ExtendedKeyUsage, KeyUsage, Template};
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

/// `nameConstraints` (RFC 5280 §4.2.1.10).
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];

/// An X.501 Name without attributes, in DER.
const EMPTY_NAME: [u8; 2] = [0x30, 0x00];

/// The to-be-signed certificate (RFC 5280 §4.1.1.1), DER.
pub(crate) fn to_be_signed(content: &Content<'_>) -> Result<Vec<u8>> {
    let key = content.public_key;
    let algorithm = key.algorithm().ok_or_else(|| unknown(key))?;
    let mut issuer_params = CertificateParams::default();
    issuer_params.distinguished_name = DistinguishedName::new();
    issuer_params.key_identifier_method = KeyIdMethod::PreSpecified(content.issuer.key_identifier.to_vec());
    let capture = Capture {
        algorithm: rcgen_algorithm(content.issuer.algorithm)?,
        bits: &[],
        message: RefCell::default(),
    };
    let subject_key = SubjectKey { algorithm: rcgen_algorithm(algorithm)?, bits: key.bits() };
    params(content, algorithm)?
        .signed_by(&subject_key, &rcgen::Issuer::from_params(&issuer_params, &capture))
        .map_err(broken)?;
    with_names(&capture.message.into_inner(), content.issuer.name, content.subject).map_err(broken)
}

/// What is to be signed, and how it will say that it is.
pub(crate) struct Unsigned {
    pub(crate) message: Vec<u8>,
    /// The `AlgorithmIdentifier` of the signature, DER.
    algorithm: Vec<u8>,
}

impl Unsigned {
    /// With the signature: the message, the algorithm, the signature (RFC 5280 §4.1).
    pub(crate) fn close(&self, signature: &[u8]) -> Result<Vec<u8>> {
        let closed = || {
            let signature = BitStringRef::from_bytes(signature)?.to_der()?;
            sequence(&[&self.message, &self.algorithm, &signature])
        };
        closed().map_err(broken)
    }

    /// What rcgen closed with no signature, with another name in its `name`-th member.
    fn read(der: &[u8], name: usize, exact: &[u8]) -> der::Result<Self> {
        let mut outer = SliceReader::new(der)?;
        Header::decode(&mut outer)?;
        let (message, algorithm) = (outer.tlv_bytes()?, outer.tlv_bytes()?);
        let mut inner = SliceReader::new(message)?;
        Header::decode(&mut inner)?;
        let mut members: Vec<&[u8]> = Vec::new();
        while !inner.is_finished() {
            members.push(inner.tlv_bytes()?);
        }
        if let Some(member) = members.get_mut(name) {
            *member = exact;
        }
        Ok(Self { message: sequence(&members)?, algorithm: algorithm.to_owned() })
    }
}

/// A `CertificationRequestInfo` (RFC 2986 §4.1) for a planned leaf.
pub(crate) fn signing_request(plan: &LeafPlan, key: &PublicKey, subject: &[u8]) -> Result<Unsigned> {
    let algorithm = key.algorithm().ok_or_else(|| unknown(key))?;
    let mut wish = CertificateParams::default();
    wish.distinguished_name = DistinguishedName::new();
    if subject != EMPTY_NAME {
        wish.distinguished_name.push(DnType::CommonName, "-");
    }
    wish.key_usages = plan.template().key_usage(algorithm.is_rsa()).into_iter().map(key_usage).collect();
    wish.extended_key_usages =
        plan.template().extended_key_usage().iter().copied().map(extended_key_usage).collect();
    wish.subject_alt_names = plan.names().iter().map(san).collect::<Result<_>>()?;
    let capture =
        Capture { algorithm: rcgen_algorithm(algorithm)?, bits: key.bits(), message: RefCell::default() };
    let request = wish.serialize_request(&capture).map_err(broken)?;
    Unsigned::read(request.der(), 1, subject).map_err(broken)
}

/// A `TBSCertList` (RFC 5280 §5.1.2) of version 2.
pub(crate) fn revocation_list(
    issuer: Issuer<'_>,
    revoked: &[Revoked],
    number: u64,
    (this_update, next_update): (OffsetDateTime, OffsetDateTime),
) -> Result<Unsigned> {
    let entry = |r: &Revoked| RevokedCertParams {
        serial_number: SerialNumber::from_slice(&r.serial),
        revocation_time: r.at,
        reason_code: reason(r.reason),
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update,
        next_update,
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::PreSpecified(issuer.key_identifier.to_vec()),
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let capture =
        Capture { algorithm: rcgen_algorithm(issuer.algorithm)?, bits: &[], message: RefCell::default() };
    let list = list.signed_by(&rcgen::Issuer::from_params(&params, &capture)).map_err(broken)?;
    Unsigned::read(list.der(), 2, issuer.name).map_err(broken)
}

/// rcgen's word for a reason; none where the list is to have none.
const fn reason(reason: Reason) -> Option<RevocationReason> {
    Some(match reason {
        Reason::Unspecified => return None,
        Reason::KeyCompromise => RevocationReason::KeyCompromise,
        Reason::CaCompromise => RevocationReason::CaCompromise,
        Reason::AffiliationChanged => RevocationReason::AffiliationChanged,
        Reason::Superseded => RevocationReason::Superseded,
        Reason::CessationOfOperation => RevocationReason::CessationOfOperation,
        Reason::CertificateHold => RevocationReason::CertificateHold,
        Reason::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
    })
}

fn unknown(key: &PublicKey) -> Error {
    Error::UnsupportedAlgorithm { algorithm: format!("of the public key sha256 {}", key.sha256()) }
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::Internal { doing: "encoding a certificate", reason: e.to_string() }
}

fn params(content: &Content<'_>, algorithm: KeyAlgorithm) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(content.serial));
    params.not_before = content.validity.not_before();
    params.not_after = content.validity.not_after();
    params.distinguished_name = DistinguishedName::new();
    if content.subject != EMPTY_NAME {
        // Stands in for the real name, so that rcgen knows the subject is not
        // empty: the SAN is critical only where it is (RFC 5280 §4.2.1.6).
        params.distinguished_name.push(DnType::CommonName, "-");
    }
    params.use_authority_key_identifier_extension = true;
    params.key_identifier_method = KeyIdMethod::PreSpecified(content.subject_key_identifier.to_vec());
    params.key_usages = content.template.key_usage(algorithm.is_rsa()).into_iter().map(key_usage).collect();
    params.extended_key_usages =
        content.template.extended_key_usage().iter().copied().map(extended_key_usage).collect();
    params.is_ca = match (content.template.is_ca(), content.path_length) {
        (false, _) => IsCa::ExplicitNoCa,
        (true, None) => IsCa::Ca(BasicConstraints::Unconstrained),
        (true, Some(limit)) => IsCa::Ca(BasicConstraints::Constrained(limit)),
    };
    if !content.constraints.is_empty() {
        // rcgen's own type has no URIs.
        let mut extension =
            CustomExtension::from_oid_content(NAME_CONSTRAINTS, content.constraints.to_der()?);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    }
    if let Some(names) = content.names {
        params.subject_alt_names = names.iter().map(san).collect::<Result<_>>()?;
    }
    Ok(params)
}

fn san(name: &San) -> Result<SanType> {
    let ia5 = |text: &str| text.to_owned().try_into().map_err(broken);
    Ok(match name {
        San::Dns(name) => SanType::DnsName(ia5(name)?),
        San::Email(address) => SanType::Rfc822Name(ia5(address)?),
        San::Uri(uri) => SanType::URI(ia5(uri)?),
        San::Ip(IpAddr::V4(ip)) => SanType::IpAddress(IpAddr::V4(*ip)),
        San::Ip(IpAddr::V6(ip)) => SanType::IpAddress(IpAddr::V6(*ip)),
    })
}

const fn key_usage(usage: KeyUsage) -> KeyUsagePurpose {
    match usage {
        KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
        KeyUsage::ContentCommitment => KeyUsagePurpose::ContentCommitment,
        KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
        KeyUsage::DataEncipherment => KeyUsagePurpose::DataEncipherment,
        KeyUsage::KeyAgreement => KeyUsagePurpose::KeyAgreement,
        KeyUsage::KeyCertSign => KeyUsagePurpose::KeyCertSign,
        KeyUsage::CrlSign => KeyUsagePurpose::CrlSign,
    }
}

fn extended_key_usage(usage: ExtendedKeyUsage) -> ExtendedKeyUsagePurpose {
    match usage {
        ExtendedKeyUsage::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsage::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        other => ExtendedKeyUsagePurpose::Other(other.oid().arcs().map(u64::from).collect()),
    }
}

fn rcgen_algorithm(algorithm: KeyAlgorithm) -> Result<&'static rcgen::SignatureAlgorithm> {
    match algorithm {
        KeyAlgorithm::P256 => Ok(&rcgen::PKCS_ECDSA_P256_SHA256),
        KeyAlgorithm::P384 => Ok(&rcgen::PKCS_ECDSA_P384_SHA384),
        KeyAlgorithm::Ed25519 => Ok(&rcgen::PKCS_ED25519),
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => Ok(&rcgen::PKCS_RSA_SHA256),
        KeyAlgorithm::P521 | KeyAlgorithm::Rsa1024 => {
            Err(Error::UnsupportedAlgorithm { algorithm: format!("issuing for {}", algorithm.label()) })
        }
    }
}

/// A signer that keeps the message and signs nothing.
struct Capture<'a> {
    algorithm: &'static rcgen::SignatureAlgorithm,
    /// Its public key, where it stands in the message.
    bits: &'a [u8],
    message: RefCell<Vec<u8>>,
}

impl PublicKeyData for Capture<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.bits
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

impl SigningKey for Capture<'_> {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        self.message.replace(message.to_vec());
        Ok(Vec::new())
    }
}

/// The subject's public key as rcgen wants it.
struct SubjectKey<'a> {
    algorithm: &'static rcgen::SignatureAlgorithm,
    bits: &'a [u8],
}

impl PublicKeyData for SubjectKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.bits
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

/// The same to-be-signed certificate with these names in it.
fn with_names(tbs: &[u8], issuer: &[u8], subject: &[u8]) -> der::Result<Vec<u8>> {
    let parts = TbsParts::read(tbs)?;
    let parts = [parts.head, parts.signature, issuer, parts.validity, subject, parts.tail];
    sequence(&parts)
}

/// A SEQUENCE of parts that are DER already.
fn sequence(parts: &[&[u8]]) -> der::Result<Vec<u8>> {
    let length = parts.iter().map(|p| p.len()).sum::<usize>();
    let header = Header::new(Tag::Sequence, Length::try_from(length)?);
    let mut out = Vec::with_capacity(length + 8);
    header.encode(&mut out)?;
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(out)
}

/// The certificate: the signed bytes, the algorithm they name, the signature.
pub(crate) fn certificate(tbs: &[u8], signature: &[u8]) -> Result<Vec<u8>> {
    let closed = || {
        let algorithm = TbsParts::read(tbs)?.signature;
        let signature = BitStringRef::from_bytes(signature)?.to_der()?;
        sequence(&[tbs, algorithm, &signature])
    };
    closed().map_err(broken)
}
