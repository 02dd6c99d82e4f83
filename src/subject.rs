//! Distinguished names of our own making: ordered attributes, exactly as given.
//! Names that came with a certificate are never rebuilt from this type; their
//! bytes are kept (see [`crate::certificate`]).

mod foreign;

use std::fmt;
use std::str::FromStr;

use der::asn1::{Any, Ia5StringRef, ObjectIdentifier, PrintableStringRef, SetOfVec, Utf8StringRef};
use der::{Encode, Tagged};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RelativeDistinguishedName};

use crate::error::{Error, Result, Shown};
#[cfg(feature = "verify")]
pub(crate) use foreign::folded_der;
use foreign::read_text;
pub(crate) use foreign::{Unfit, common_names, describe, email_addresses, folded, unfit};

/// How an attribute's value is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Ia5,
    Printable,
    Utf8,
}

/// An attribute type: the short name people write, the long one that OpenSSL takes too, its
/// identifier, its string form and its upper bound in characters (RFC 5280 appendix A.1,
/// X.520).
struct AttributeType {
    short: &'static str,
    long: &'static str,
    oid: ObjectIdentifier,
    form: Form,
    most: usize,
}

const fn attribute(
    short: &'static str,
    long: &'static str,
    oid: &str,
    form: Form,
    most: usize,
) -> AttributeType {
    AttributeType { short, long, oid: ObjectIdentifier::new_unwrap(oid), form, most }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The attribute types that can be written by name; any other by its number.
const TYPES: [AttributeType; 25] = [
    attribute("C", "countryName", "2.5.4.6", Form::Printable, 2),
    attribute("ST", "stateOrProvinceName", "2.5.4.8", Form::Utf8, 128),
    attribute("L", "localityName", "2.5.4.7", Form::Utf8, 128),
    attribute("street", "streetAddress", "2.5.4.9", Form::Utf8, 128),
    attribute("postalCode", "postalCode", "2.5.4.17", Form::Utf8, 40),
    attribute("O", "organizationName", "2.5.4.10", Form::Utf8, 64),
    attribute("OU", "organizationalUnitName", "2.5.4.11", Form::Utf8, 64),
    attribute("CN", "commonName", "2.5.4.3", Form::Utf8, 64),
    attribute("title", "title", "2.5.4.12", Form::Utf8, 64),
    attribute("GN", "givenName", "2.5.4.42", Form::Utf8, 64),
    attribute("SN", "surname", "2.5.4.4", Form::Utf8, 64),
    attribute("initials", "initials", "2.5.4.43", Form::Utf8, 64),
    attribute("generationQualifier", "generationQualifier", "2.5.4.44", Form::Utf8, 64),
    attribute("pseudonym", "pseudonym", "2.5.4.65", Form::Utf8, 128),
    attribute("description", "description", "2.5.4.13", Form::Utf8, 1024),
    attribute("businessCategory", "businessCategory", "2.5.4.15", Form::Utf8, 128),
    attribute("organizationIdentifier", "organizationIdentifier", "2.5.4.97", Form::Utf8, 256),
    attribute("dnQualifier", "dnQualifier", "2.5.4.46", Form::Printable, 64),
    attribute("serialNumber", "serialNumber", "2.5.4.5", Form::Printable, 64),
    attribute("jurisdictionL", "jurisdictionLocalityName", "1.3.6.1.4.1.311.60.2.1.1", Form::Utf8, 128),
    attribute(
        "jurisdictionST",
        "jurisdictionStateOrProvinceName",
        "1.3.6.1.4.1.311.60.2.1.2",
        Form::Utf8,
        128,
    ),
    attribute("jurisdictionC", "jurisdictionCountryName", "1.3.6.1.4.1.311.60.2.1.3", Form::Printable, 2),
    attribute("UID", "userId", "0.9.2342.19200300.100.1.1", Form::Utf8, 256),
    attribute("DC", "domainComponent", "0.9.2342.19200300.100.1.25", Form::Ia5, 63),
    attribute("emailAddress", "emailAddress", "1.2.840.113549.1.9.1", Form::Ia5, 255),
];

/// The longest common name, in characters (RFC 5280 appendix A.1, ub-common-name).
pub const MAX_COMMON_NAME: usize = 64;

/// A distinguished name: relative names in order, each one or more attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    parts: Vec<Vec<Attribute>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    oid: ObjectIdentifier,
    value: String,
}

impl Subject {
    /// A name with a common name alone.
    ///
    /// # Errors
    /// [`Error::Subject`] where it is empty or longer than [`MAX_COMMON_NAME`].
    pub fn common(name: &str) -> Result<Self> {
        Self::default().with("CN", name)
    }

    /// The same name with one more attribute at its end.
    ///
    /// # Errors
    /// [`Error::Subject`] for an unknown attribute type or a value it cannot have.
    pub fn with(mut self, kind: &str, value: &str) -> Result<Self> {
        self.parts.push(vec![checked(kind, value, value)?]);
        Ok(self)
    }

    /// A name that others wrote, attribute by attribute: whatever its string types,
    /// they become those of RFC 5280.
    ///
    /// # Errors
    /// [`Error::Subject`] for a value that its attribute cannot have, or that is no text: it
    /// would become another one.
    pub(crate) fn from_name(name: &Name) -> Result<Self> {
        let text = describe(name);
        let attribute = |a: &AttributeTypeAndValue| {
            let kind = known(a.oid).map_or_else(|| a.oid.to_string(), |t| t.short.to_owned());
            let value = read_text(&a.value).ok_or_else(|| Error::Subject {
                input: text.clone(),
                reason: format!("{kind} is no text of the type {} that it says it is", a.value.tag()),
            })?;
            checked(&a.oid.to_string(), &value, &text)
        };
        // What is nothing but blanks says nothing: it is left out.
        let says =
            |a: &&AttributeTypeAndValue| read_text(&a.value).is_none_or(|text| !text.trim().is_empty());
        let part = |part: &RelativeDistinguishedName| part.iter().filter(says).map(attribute).collect();
        let parts: Vec<Vec<_>> = name.iter_rdn().map(part).collect::<Result<_>>()?;
        Ok(Self { parts: parts.into_iter().filter(|part| !part.is_empty()).collect() })
    }

    /// The first common name, if there is one.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.parts.iter().flatten().find(|a| a.oid == COMMON_NAME).map(|a| a.value.as_str())
    }

    /// How many common names it has.
    pub(crate) fn common_names(&self) -> usize {
        self.parts.iter().flatten().filter(|a| a.oid == COMMON_NAME).count()
    }

    /// The same name with its first common name written like this. Where the
    /// text is too long for one, the attribute is left out.
    #[must_use]
    pub(crate) fn with_common_name(&self, text: &str) -> Self {
        let mut subject = self.clone();
        let fits = text.chars().count() <= MAX_COMMON_NAME;
        let mut found = false;
        for part in &mut subject.parts {
            part.retain_mut(|attribute| {
                if attribute.oid == COMMON_NAME && !found {
                    found = true;
                    text.clone_into(&mut attribute.value);
                    return fits;
                }
                true
            });
        }
        subject.parts.retain(|part| !part.is_empty());
        subject
    }

    /// The same name without its common names.
    #[must_use]
    pub(crate) fn without_common_name(&self) -> Self {
        let mut subject = self.clone();
        for part in &mut subject.parts {
            part.retain(|attribute| attribute.oid != COMMON_NAME);
        }
        subject.parts.retain(|part| !part.is_empty());
        subject
    }

    /// Whether there is no attribute at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The name in OpenSSL's `-subj` form, as [`FromStr`] reads it.
    #[must_use]
    pub fn to_openssl(&self) -> String {
        let mut out = String::new();
        for part in &self.parts {
            for (i, attribute) in part.iter().enumerate() {
                out.push(if i == 0 { '/' } else { '+' });
                match known(attribute.oid) {
                    Some(t) => out.push_str(t.short),
                    None => out.push_str(&attribute.oid.to_string()),
                }
                out.push('=');
                for c in attribute.value.chars() {
                    if matches!(c, '/' | '+' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
        }
        if out.is_empty() { "/".to_owned() } else { out }
    }

    /// The X.501 Name in DER.
    ///
    /// # Errors
    /// [`Error::Subject`] where a value cannot be encoded.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let broken = |e: der::Error| Error::Subject { input: self.to_string(), reason: e.to_string() };
        let mut name = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let mut set = SetOfVec::new();
            for attribute in part {
                let value = attribute.to_any().map_err(broken)?;
                set.insert(AttributeTypeAndValue { oid: attribute.oid, value }).map_err(broken)?;
            }
            name.push(set);
        }
        name.to_der().map_err(broken)
    }
}

impl Attribute {
    fn to_any(&self) -> der::Result<Any> {
        match known(self.oid).map_or(Form::Utf8, |t| t.form) {
            Form::Ia5 => Ok(Any::from(Ia5StringRef::new(&self.value)?)),
            Form::Printable => Ok(Any::from(PrintableStringRef::new(&self.value)?)),
            Form::Utf8 => Ok(Any::from(Utf8StringRef::new(&self.value)?)),
        }
    }
}

fn known(oid: ObjectIdentifier) -> Option<&'static AttributeType> {
    TYPES.iter().find(|t| t.oid == oid)
}

fn checked(kind: &str, value: &str, input: &str) -> Result<Attribute> {
    let refuse = |reason: String| Error::Subject { input: input.to_owned(), reason };
    let is_named =
        |t: &&AttributeType| t.short.eq_ignore_ascii_case(kind) || t.long.eq_ignore_ascii_case(kind);
    let named = TYPES.iter().find(is_named);
    let oid = match named {
        Some(t) => t.oid,
        None => ObjectIdentifier::new(kind)
            .map_err(|_| refuse(format!("`{}` is not an attribute type", Shown(kind))))?,
    };
    if value.is_empty() {
        return Err(refuse(format!("{} is empty", Shown(kind))));
    }
    if value.chars().any(char::is_control) {
        return Err(refuse(format!("{} has a control character", Shown(kind))));
    }
    // Nothing is left of it where names are compared (RFC 4518 §2.2, §2.6.1).
    if value.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(refuse(format!("{} is nothing but blanks", Shown(kind))));
    }
    if let Some(c) = value.chars().find(|c| is_invisible(*c)) {
        let reason = format!("{} has U+{:04X}, which nobody sees", Shown(kind), u32::from(c));
        return Err(refuse(reason));
    }
    let mut value = value.to_owned();
    // Two letters of ISO 3166 (RFC 5280 appendix A.1).
    if known(oid).is_some_and(|t| ["C", "jurisdictionC"].contains(&t.short)) {
        if value.len() != 2 || !value.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(refuse(format!("{} is two letters, not `{}`", Shown(kind), Shown(&value))));
        }
        value.make_ascii_uppercase();
    }
    if let Some(t) = known(oid) {
        let length = value.chars().count();
        if length > t.most {
            return Err(refuse(format!("{} has {length} characters, and {} is the limit", t.short, t.most)));
        }
    }
    let attribute = Attribute { oid, value };
    if attribute.to_any().is_err() {
        return Err(refuse(format!("{} has a character its type does not allow", Shown(kind))));
    }
    Ok(attribute)
}

/// What turns the text around it or shows nothing, and joins no letters of any script.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl FromStr for Subject {
    type Err = Error;

    /// Reads OpenSSL's `-subj` form: `/C=JP/O=Example/CN=10.103.10.95`. A `+`
    /// joins attributes of one relative name; `\` takes the next character as it is.
    fn from_str(input: &str) -> Result<Self> {
        let refuse = |reason: &str| Error::Subject { input: input.to_owned(), reason: reason.to_owned() };
        let rest = input.strip_prefix('/').ok_or_else(|| refuse("it does not start with `/`"))?;
        let mut subject = Self::default();
        if rest.is_empty() {
            return Ok(subject);
        }
        for part in split(rest, '/') {
            let mut attributes: Vec<Attribute> = Vec::new();
            for pair in split(&part, '+') {
                let (kind, value) = pair.split_once('=').ok_or_else(|| refuse("a part of it has no `=`"))?;
                let value = unescape(value).ok_or_else(|| refuse("nothing stands behind its last `\\`"))?;
                let attribute = checked(kind.trim(), &value, input)?;
                // A set has each member once (X.690 §11.6).
                if attributes.contains(&attribute) {
                    return Err(refuse("a `+` joins one thing twice"));
                }
                attributes.push(attribute);
            }
            subject.parts.push(attributes);
        }
        Ok(subject)
    }
}

/// Splits at `at` where no backslash stands before it; keeps the backslashes.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == at && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// None where a backslash takes nothing.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for c in text.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            out.push(c);
        }
    }
    (!escaped).then_some(out)
}

impl fmt::Display for Subject {
    /// `C=JP, O=Example, CN=10.103.10.95`, in the order of the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.iter().map(|part| part.iter().map(|a| (a.oid, a.value.clone())).collect());
        write_name(f, parts)
    }
}

fn write_name(
    f: &mut fmt::Formatter<'_>,
    parts: impl Iterator<Item = Vec<(ObjectIdentifier, String)>>,
) -> fmt::Result {
    for (i, part) in parts.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        for (j, (oid, value)) in part.iter().enumerate() {
            if j > 0 {
                f.write_str(" + ")?;
            }
            match known(*oid) {
                Some(t) => write!(f, "{}={value}", t.short)?,
                None => write!(f, "{oid}={value}")?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slash_form_keeps_order_repetitions_and_joined_attributes() {
        let s: Subject = "/DC=com/DC=example/OU=A/OU=B/O=Acme+L=Kyoto/CN=a\\/b".parse().unwrap();
        assert_eq!(s.to_string(), "DC=com, DC=example, OU=A, OU=B, O=Acme + L=Kyoto, CN=a/b");
        assert_eq!(s.common_name(), Some("a/b"));
        assert_eq!(s.to_openssl().parse::<Subject>().unwrap(), s);
    }

    #[test]
    fn country_is_printable_and_two_capital_letters() {
        let s: Subject = "/C=jp".parse().unwrap();
        assert_eq!(s.to_der().unwrap(), [48, 13, 49, 11, 48, 9, 6, 3, 85, 4, 6, 19, 2, b'J', b'P']);
        assert!("/C=JPN".parse::<Subject>().is_err());
    }

    #[test]
    fn types_have_long_names_too() {
        let long: Subject =
            "/countryName=JP/organizationName=O/jurisdictionC=JP/commonName=a".parse().unwrap();
        let short: Subject = "/C=JP/O=O/jurisdictionCountryName=JP/CN=a".parse().unwrap();
        assert_eq!(long.to_der().unwrap(), short.to_der().unwrap());
        assert_eq!(long.to_openssl(), "/C=JP/O=O/jurisdictionC=JP/CN=a");
    }

    #[test]
    fn faults_name_the_part() {
        for (input, part) in [
            ("CN=a", "does not start"),
            ("/CN", "no `=`"),
            ("/CN=", "is empty"),
            ("/XX=a", "`XX` is not an attribute type"),
            ("/CN=a\nb", "control character"),
            ("/DC=\u{e9}", "does not allow"),
            ("/O=a\\", "nothing stands behind"),
            ("/O=a+O=a", "one thing twice"),
            ("/O= \u{a0}", "nothing but blanks"),
            ("/O=\u{202e}live", "U+202E"),
        ] {
            let e = input.parse::<Subject>().unwrap_err().to_string();
            assert!(e.contains(part), "{input}: {e}");
        }
        let long = format!("/CN={}", "x".repeat(65));
        assert!(long.parse::<Subject>().unwrap_err().to_string().contains("65 characters"));
    }
}
