//! DER: what a file without PEM around it is, and what stands inside of it.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

use crate::key::KeyForm;

/// What DER can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Certificate,
    Key(KeyForm),
    EncryptedKey,
    Pkcs12,
    Pkcs7,
    Request,
    PublicKey,
    /// PKCS#1's: a modulus and an exponent.
    RsaPublicKey,
    List,
    /// Of indefinite length, so not DER.
    Ber,
    Unknown,
}

/// As many as the largest pile may have; what has more has one more here, so that it is told.
const MOST: usize = 1_000;
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// Tells by the tags of the first members, which differ for all of these.
pub(super) fn kind(der: &[u8]) -> Kind {
    if der.get(1) == Some(&0x80) {
        return Kind::Ber;
    }
    let Some(members) = members(der) else { return Kind::Unknown };
    let tags: Vec<Tag> = members.iter().map(Tagged::tag).collect();
    match tags.as_slice() {
        [Tag::Integer, Tag::Integer] => Kind::RsaPublicKey,
        [Tag::Integer, Tag::Integer, ..] => Kind::Key(KeyForm::Pkcs1),
        [Tag::Integer, Tag::OctetString, ..] => Kind::Key(KeyForm::Sec1),
        [Tag::Integer, Tag::Sequence, ..] if members[0].value() == [3] => Kind::Pkcs12,
        [Tag::Integer, Tag::Sequence, ..] => Kind::Key(KeyForm::Pkcs8),
        [Tag::ObjectIdentifier, ..] if members[0].decode_as() == Ok(SIGNED_DATA) => Kind::Pkcs7,
        [Tag::Sequence, Tag::OctetString] => Kind::EncryptedKey,
        [Tag::Sequence, Tag::BitString] => Kind::PublicKey,
        [Tag::Sequence, Tag::Sequence, Tag::BitString] => signed(der),
        _ => Kind::Unknown,
    }
}

/// A certificate, a signing request or a revocation list: all are three members, the last
/// a signature. The members of what is signed differ: a request's second is a Name and its
/// third a key, a list has a time or a list behind its names.
fn signed(der: &[u8]) -> Kind {
    if x509_cert::request::CertReq::from_der(der).is_ok() {
        return Kind::Request;
    }
    let inner = SliceReader::new(der).and_then(|mut reader| {
        der::Header::decode(&mut reader)?;
        reader.tlv_bytes()
    });
    let tags: Vec<Tag> = inner.ok().and_then(members).unwrap_or_default().iter().map(Tagged::tag).collect();
    let time = |tag: &Tag| matches!(tag, Tag::UtcTime | Tag::GeneralizedTime);
    match tags.as_slice() {
        [Tag::Integer, Tag::Sequence, Tag::Sequence, t, ..] | [Tag::Sequence, Tag::Sequence, t, ..]
            if time(t) =>
        {
            Kind::List
        }
        _ => Kind::Certificate,
    }
}

/// The first members of a SEQUENCE, four at most.
fn members(der: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    AnyRef::from_der(der)
        .and_then(|any| {
            any.sequence(|reader| {
                let mut members = Vec::new();
                while !reader.is_finished() {
                    let member: AnyRef<'_> = reader.decode()?;
                    if members.len() < 4 {
                        members.push(member);
                    }
                }
                Ok::<_, der::Error>(members)
            })
        })
        .ok()
}

/// The first element alone: OpenSSL puts its trust settings behind a certificate.
pub(super) fn first_element(der: &[u8]) -> &[u8] {
    SliceReader::new(der).and_then(|mut reader| reader.tlv_bytes()).unwrap_or(der)
}

/// The certificates of a PKCS#7 `SignedData` (RFC 5652 §5.1). Its sets are often
/// not in DER's order, so they are walked, not parsed as sets.
pub(super) fn pkcs7_certificates(der: &[u8]) -> Option<Vec<&[u8]>> {
    let mut outer = SliceReader::new(der).ok()?;
    der::Header::decode(&mut outer).ok()?;
    let _content_type = outer.tlv_bytes().ok()?;
    // [0] EXPLICIT, then SignedData's own SEQUENCE.
    der::Header::decode(&mut outer).ok()?;
    der::Header::decode(&mut outer).ok()?;
    let _version = outer.tlv_bytes().ok()?;
    let _digests = outer.tlv_bytes().ok()?;
    let _content = outer.tlv_bytes().ok()?;
    if outer.peek_byte() != Some(0xa0) {
        return Some(Vec::new());
    }
    let set = outer.tlv_bytes().ok()?;
    let mut inside = SliceReader::new(set).ok()?;
    der::Header::decode(&mut inside).ok()?;
    let mut found = Vec::new();
    while !inside.is_finished() {
        let choice = inside.tlv_bytes().ok()?;
        if choice.first() == Some(&0x30) {
            found.push(choice);
        }
        if found.len() > MOST {
            break;
        }
    }
    Some(found)
}
