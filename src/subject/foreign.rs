//! Names of others: whatever string types they use, and what of them cannot be read.

use std::fmt;

use der::asn1::{Any, AnyRef, ObjectIdentifier};
use der::{Reader, SliceReader, Tag, Tagged};
use x509_cert::name::Name;

use super::{COMMON_NAME, write_name};

/// Any X.501 Name as one line of text, whatever string types it uses.
pub(crate) fn describe(name: &Name) -> String {
    struct Text<'a>(&'a Name);
    impl fmt::Display for Text<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let parts =
                self.0.iter_rdn().map(|part| part.iter().map(|a| (a.oid, text_of(&a.value))).collect());
            write_name(f, parts)
        }
    }
    Text(name).to_string()
}

/// The common names of an X.501 Name, in order.
pub(crate) fn common_names(name: &Name) -> Vec<String> {
    name.iter().filter(|a| a.oid == COMMON_NAME).map(|a| text_of(&a.value)).collect()
}

/// The values of a Name's `emailAddress` attributes.
pub(crate) fn email_addresses(name: &Name) -> Vec<String> {
    const EMAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
    name.iter().filter(|a| a.oid == EMAIL).map(|a| text_of(&a.value)).collect()
}

/// A Name's parts for comparing: whatever the string types, without regard to case
/// and to how many blanks stand where (RFC 5280 §7.1).
pub(crate) fn folded(name: &Name) -> Vec<Vec<(ObjectIdentifier, String)>> {
    let fold = |text: String| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let part = |part: &x509_cert::name::RelativeDistinguishedName| {
        let mut all: Vec<_> = part.iter().map(|a| (a.oid, fold(text_of(&a.value)))).collect();
        all.sort();
        all
    };
    name.iter_rdn().map(part).collect()
}

/// The same of a Name in DER; of one that cannot be read none.
#[cfg(feature = "verify")]
pub(crate) fn folded_der(name: &[u8]) -> Vec<Vec<(ObjectIdentifier, String)>> {
    <Name as der::Decode>::from_der(name).map(|name| folded(&name)).unwrap_or_default()
}

/// The text of a value, if it is one.
pub(super) fn read_text(value: &Any) -> Option<String> {
    text(value.into())
}

fn text(value: AnyRef<'_>) -> Option<String> {
    let bytes = value.value();
    match value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).ok().map(ToOwned::to_owned),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned())
        }
        Tag::BmpString if bytes.len().is_multiple_of(2) => {
            let units = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
            char::decode_utf16(units).collect::<std::result::Result<_, _>>().ok()
        }
        // Everyone who writes TeletexString means Latin-1 by it.
        Tag::TeletexString => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        _ => None,
    }
}

/// What is shown of a value, whatever it is.
fn text_of(value: &Any) -> String {
    let bytes = value.value();
    read_text(value).unwrap_or_else(|| match value.tag() {
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    })
}

/// What a value of a Name is that is not written as its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Octets that are no text of the type that they say they are.
    Unread,
    /// A character that its type does not have (X.680 §41).
    Character,
    /// `&` or `*`, which some readers let a `PrintableString` have.
    Lenient,
}

/// The first value of a Name in DER that is not written as its type says, and how. Nothing of
/// it is copied: every certificate that is made is looked at.
pub(crate) fn unfit(name: &[u8]) -> Option<(Unfit, String)> {
    first_unfit(name).ok()?
}

fn first_unfit(name: &[u8]) -> der::Result<Option<(Unfit, String)>> {
    let mut parts = SliceReader::new(SliceReader::new(name)?.decode::<AnyRef<'_>>()?.value())?;
    while !parts.is_finished() {
        let mut part = SliceReader::new(parts.decode::<AnyRef<'_>>()?.value())?;
        while !part.is_finished() {
            let mut attribute = SliceReader::new(part.decode::<AnyRef<'_>>()?.value())?;
            let (oid, value): (AnyRef<'_>, AnyRef<'_>) = (attribute.decode()?, attribute.decode()?);
            if let Some(how) = how_unfit(value) {
                let oid: ObjectIdentifier = oid.decode_as()?;
                let kind = super::known(oid).map_or_else(|| oid.to_string(), |t| t.short.to_owned());
                let what = format!("{kind}={} is no {}", text_of(&value.into()), value.tag());
                return Ok(Some((how, what)));
            }
        }
    }
    Ok(None)
}

fn how_unfit(value: AnyRef<'_>) -> Option<Unfit> {
    let is_printable = |b: &u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(b);
    match value.tag() {
        Tag::PrintableString | Tag::NumericString => {
            let digits = value.tag() == Tag::NumericString;
            let has = |b: &u8| if digits { b.is_ascii_digit() || *b == b' ' } else { is_printable(b) };
            let mut others = value.value().iter().filter(|b| !has(b)).peekable();
            let is_lenient = !digits && others.clone().all(|b| b"&*".contains(b));
            others.peek().map(|_| if is_lenient { Unfit::Lenient } else { Unfit::Character })
        }
        Tag::Utf8String => std::str::from_utf8(value.value()).is_err().then_some(Unfit::Unread),
        Tag::BmpString | Tag::Ia5String | Tag::VisibleString => {
            text(value).is_none().then_some(Unfit::Unread)
        }
        // Some attributes are none: the BIT STRING of a unique identifier (X.520 §6.2.9).
        _ => None,
    }
}
