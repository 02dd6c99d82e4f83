//! The subject alternative names of a certificate as they are encoded, faults and all: what is no
//! name hides none of the others from most clients, and clients differ in what they make of it.

use der::asn1::AnyRef;
use der::oid::AssociatedOid;
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::Certificate;

/// What stands in a subject alternative name.
pub struct NameList<'a> {
    elements: Vec<AnyRef<'a>>,
    end: End,
}

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// In the middle of an element.
    Cut,
    /// It is no list at all.
    NoList,
}

impl Certificate {
    /// Its subject alternative names; an empty list where it has no such extension.
    pub(super) fn name_list(&self) -> NameList<'_> {
        let mut elements = Vec::new();
        let Some((_, _, value)) = self.read().extensions().find(|(oid, ..)| *oid == SubjectAltName::OID)
        else {
            return NameList { elements, end: End::Whole };
        };
        // What stands behind the list is passed over, as most clients do.
        let list = SliceReader::new(value).and_then(|mut reader| AnyRef::decode(&mut reader)).ok();
        let content = list.filter(|list| list.tag() == Tag::Sequence);
        let Some(mut reader) = content.and_then(|list| SliceReader::new(list.value()).ok()) else {
            return NameList { elements, end: End::NoList };
        };
        while !reader.is_finished() {
            let Ok(element) = AnyRef::decode(&mut reader) else {
                return NameList { elements, end: End::Cut };
            };
            elements.push(element);
        }
        NameList { elements, end: End::Whole }
    }

    /// Whether not all that stands in its subject alternative name is a name: clients pass over the
    /// rest, or refuse the certificate.
    pub(crate) fn has_unread_names(&self) -> bool {
        let list = self.name_list();
        list.end != End::Whole
            || !list.elements.iter().all(|element| name(element).is_some_and(|name| is_whole(&name)))
    }

    /// What clients tell apart of such a list.
    #[cfg(feature = "verify")]
    pub(crate) fn names_faults(&self) -> NamesFaults {
        let list = self.name_list();
        let mut faults = NamesFaults {
            no_list: list.end == End::NoList,
            cut: list.end == End::Cut,
            ..NamesFaults::default()
        };
        for element in &list.elements {
            match name(element) {
                Some(name) if is_whole(&name) => {}
                Some(_) => faults.address = true,
                None if is_text(element) && !element.value().is_ascii() => faults.not_ascii = true,
                None if element.tag() == DIRECTORY => faults.directory = true,
                None => faults.other = true,
            }
        }
        faults
    }
}

/// What is wrong with a list of names.
#[cfg(feature = "verify")]
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each may hold beside the others")]
pub struct NamesFaults {
    /// The extension holds something else.
    pub no_list: bool,
    /// It ends in the middle of a name.
    pub cut: bool,
    /// An address has neither 4 octets nor 16.
    pub address: bool,
    /// A DNS name, mailbox or URI is not ASCII, as RFC 5280 §4.2.1.6 asks.
    pub not_ascii: bool,
    /// What is tagged as a directory name is none.
    pub directory: bool,
    /// Something else is no name.
    pub other: bool,
}

/// The tag of a directory name.
#[cfg(feature = "verify")]
const DIRECTORY: Tag = Tag::ContextSpecific { constructed: true, number: der::TagNumber(4) };

impl NameList<'_> {
    /// Those that are names.
    pub(super) fn names(&self) -> impl Iterator<Item = GeneralName> {
        self.elements.iter().filter_map(name)
    }
}

fn name(element: &AnyRef<'_>) -> Option<GeneralName> {
    GeneralName::from_der(&element.to_der().ok()?).ok()
}

/// Whether an address is one.
fn is_whole(name: &GeneralName) -> bool {
    match name {
        GeneralName::IpAddress(octets) => matches!(octets.as_bytes().len(), 4 | 16),
        _ => true,
    }
}

/// Whether it is a DNS name, a mailbox or a URI by its tag.
#[cfg(feature = "verify")]
fn is_text(element: &AnyRef<'_>) -> bool {
    matches!(element.tag(), Tag::ContextSpecific { constructed: false, number } if [1, 2, 6].contains(&number.0))
}
