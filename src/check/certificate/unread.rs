//! Extensions that clients cannot read, whatever is asked for.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::oid::AssociatedOid;
use der::{Decode, ErrorKind, Tag, Tagged};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, NameConstraints,
    SubjectAltName, SubjectKeyIdentifier,
};

use crate::certificate::{BasicConstraints, Certificate};

/// The object identifiers of extensions that have other contents than their kind has. What stands
/// behind good contents is passed over, as most clients do, and so is a name that is not ASCII.
pub(crate) fn unread(certificate: &Certificate) -> impl Iterator<Item = ObjectIdentifier> {
    let is_unread = |(oid, _, value): &(ObjectIdentifier, bool, &[u8])| {
        if *oid != SubjectAltName::OID {
            return is_unread(*oid, value);
        }
        let faults = certificate.names_faults();
        faults.no_list || faults.cut || faults.directory || faults.other
    };
    certificate.read().extensions().filter(is_unread).map(|(oid, ..)| oid)
}

fn is_unread(oid: ObjectIdentifier, value: &[u8]) -> bool {
    let fails = |error: Option<der::Error>| {
        error.is_some_and(|e| !matches!(e.kind(), ErrorKind::TrailingData { .. }))
    };
    let is_other = |tag: Tag| {
        let any = AnyRef::from_der(value);
        any.as_ref().is_ok_and(|any| any.tag() != tag) || fails(any.err())
    };
    match oid {
        BasicConstraints::OID => fails(BasicConstraints::from_der(value).err()),
        ExtendedKeyUsage::OID => fails(ExtendedKeyUsage::from_der(value).err()),
        AuthorityKeyIdentifier::OID => fails(AuthorityKeyIdentifier::from_der(value).err()),
        KeyUsage::OID => is_other(Tag::BitString),
        SubjectKeyIdentifier::OID => is_other(Tag::OctetString),
        NameConstraints::OID | CrlDistributionPoints::OID => is_other(Tag::Sequence),
        _ => false,
    }
}
