//! What a certificate is for, as data. The built-in templates are generated
//! from `templates/certificates/*.toml`, and a test holds the two equal. People's
//! own are read from files of the same form (feature `templates`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use der::asn1::ObjectIdentifier;

use crate::error::{Error, Result};
use crate::key::KeyAlgorithm;
use crate::subject::Subject;

mod builtin;
#[cfg(feature = "templates")]
mod file;

/// A bit of the key usage extension (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyUsage {
    /// Signing anything but certificates and CRLs: TLS handshakes among them.
    DigitalSignature,
    /// Signing what nobody is to deny later, also known as `nonRepudiation`.
    ContentCommitment,
    /// Enciphering keys: RSA key exchange in TLS 1.2.
    KeyEncipherment,
    /// Enciphering data itself.
    DataEncipherment,
    /// Agreeing on keys: elliptic Diffie-Hellman with this very key.
    KeyAgreement,
    /// Signing certificates.
    KeyCertSign,
    /// Signing CRLs.
    CrlSign,
}

impl KeyUsage {
    /// All of them, in the order of their bits.
    pub const ALL: [Self; 7] = [
        Self::DigitalSignature,
        Self::ContentCommitment,
        Self::KeyEncipherment,
        Self::DataEncipherment,
        Self::KeyAgreement,
        Self::KeyCertSign,
        Self::CrlSign,
    ];

    /// RFC 5280's own name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DigitalSignature => "digitalSignature",
            Self::ContentCommitment => "nonRepudiation",
            Self::KeyEncipherment => "keyEncipherment",
            Self::DataEncipherment => "dataEncipherment",
            Self::KeyAgreement => "keyAgreement",
            Self::KeyCertSign => "keyCertSign",
            Self::CrlSign => "cRLSign",
        }
    }
}

impl FromStr for KeyUsage {
    type Err = Error;

    /// Reads RFC 5280's name for it; `contentCommitment` too.
    fn from_str(input: &str) -> Result<Self> {
        if input == "contentCommitment" {
            return Ok(Self::ContentCommitment);
        }
        let known = Self::ALL.into_iter().find(|usage| usage.as_str() == input);
        known.ok_or_else(|| Error::Usage {
            input: input.to_owned(),
            known: Self::ALL.map(Self::as_str).to_vec(),
        })
    }
}

/// A purpose of the extended key usage extension (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// A TLS server.
    ServerAuth,
    /// A TLS client.
    ClientAuth,
    /// Signing programs.
    CodeSigning,
    /// S/MIME.
    EmailProtection,
    /// Answering for revocation (RFC 6960).
    OcspSigning,
    /// Any other, by its object identifier.
    Other(ObjectIdentifier),
}

/// The object identifier of [`ExtendedKeyUsage::ANY`].
const ANY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

impl ExtendedKeyUsage {
    /// `anyExtendedKeyUsage`: all of them. Certificates of others have it; no template may.
    pub const ANY: Self = Self::Other(ANY);

    /// Those with a name.
    const NAMED: [(Self, &'static str, ObjectIdentifier); 5] = [
        (Self::ServerAuth, "serverAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1")),
        (Self::ClientAuth, "clientAuth", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2")),
        (Self::CodeSigning, "codeSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3")),
        (Self::EmailProtection, "emailProtection", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4")),
        (Self::OcspSigning, "OCSPSigning", ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9")),
    ];

    /// The one with this object identifier.
    #[must_use]
    pub fn of(oid: ObjectIdentifier) -> Self {
        Self::NAMED.iter().find(|(_, _, known)| *known == oid).map_or(Self::Other(oid), |(usage, ..)| *usage)
    }

    /// Its object identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Other(oid) => oid,
            named => Self::NAMED.iter().find(|(usage, ..)| *usage == named).map_or(ANY, |(_, _, oid)| *oid),
        }
    }
}

impl fmt::Display for ExtendedKeyUsage {
    /// RFC 5280's own name for it, without `id-kp-`, or its object identifier in dots.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(usage, ..)| usage == self) {
            Some((_, name, _)) => f.write_str(name),
            None => self.oid().fmt(f),
        }
    }
}

impl FromStr for ExtendedKeyUsage {
    type Err = Error;

    /// Reads RFC 5280's name for it, or an object identifier in dots.
    fn from_str(input: &str) -> Result<Self> {
        if let Some((usage, ..)) = Self::NAMED.iter().find(|(_, name, _)| *name == input) {
            return Ok(*usage);
        }
        let other = ObjectIdentifier::new(input).ok().filter(|oid| *oid != ANY);
        other.map(Self::of).ok_or_else(|| Error::Usage {
            input: input.to_owned(),
            known: Self::NAMED.iter().map(|(_, name, _)| *name).collect(),
        })
    }
}

/// A certificate's purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    name: Cow<'static, str>,
    description: Cow<'static, str>,
    days: u32,
    ca: bool,
    path_length: Option<u8>,
    key_usage: Cow<'static, [KeyUsage]>,
    key_usage_rsa: Cow<'static, [KeyUsage]>,
    extended_key_usage: Cow<'static, [ExtendedKeyUsage]>,
    send_root: bool,
    key: Option<KeyAlgorithm>,
    subject: Option<Subject>,
}

impl Template {
    /// A TLS server: the default.
    pub const SERVER: Self = builtin::SERVER;

    /// A TLS client.
    pub const CLIENT: Self = builtin::CLIENT;

    /// Both at once: a service that others call and that calls others.
    pub const MUTUAL: Self = builtin::MUTUAL;

    /// A root CA.
    pub const CA: Self = builtin::CA;

    /// A CA below another one.
    pub const INTERMEDIATE: Self = builtin::INTERMEDIATE;

    /// The built-in template of this name.
    ///
    /// # Errors
    /// [`Error::Template`] where there is none.
    pub fn named(name: &str) -> Result<Self> {
        builtin::ALL
            .iter()
            .find(|t| t.name == name)
            .cloned()
            .ok_or_else(|| Error::Template { name: name.to_owned(), known: builtin::NAMES.to_vec() })
    }

    /// All built-in templates, by name.
    #[must_use]
    pub const fn builtin() -> &'static [Self] {
        builtin::ALL
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One sentence on what it is for.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How long its certificates are valid by default, in days.
    #[must_use]
    pub const fn days(&self) -> u32 {
        self.days
    }

    /// Whether its certificates may issue others.
    #[must_use]
    pub const fn is_ca(&self) -> bool {
        self.ca
    }

    /// How many CAs may stand below one of its own; `None` is no limit.
    #[must_use]
    pub const fn path_length(&self) -> Option<u8> {
        self.path_length
    }

    /// The key usages of a certificate for an RSA key, or for another.
    #[must_use]
    pub fn key_usage(&self, rsa: bool) -> Vec<KeyUsage> {
        let more: &[KeyUsage] = if rsa { &self.key_usage_rsa } else { &[] };
        self.key_usage.iter().chain(more).copied().collect()
    }

    /// The same with other usages: those of a certificate that is there.
    pub(crate) fn with_usages(&self, key_usage: Vec<KeyUsage>, extended: Vec<ExtendedKeyUsage>) -> Self {
        Self {
            key_usage: key_usage.into(),
            key_usage_rsa: Cow::Borrowed(&[]),
            extended_key_usage: extended.into(),
            ..self.clone()
        }
    }

    /// The kind of key its certificates have where nobody asks for another.
    #[must_use]
    pub const fn key(&self) -> Option<KeyAlgorithm> {
        self.key
    }

    /// The subject its certificates have where nobody asks for another; the common
    /// name comes from the names.
    #[must_use]
    pub const fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The extended key usages; a CA with some is limited to them.
    #[must_use]
    pub fn extended_key_usage(&self) -> &[ExtendedKeyUsage] {
        &self.extended_key_usage
    }

    /// Whether its certificates may be a TLS server's, whose names clients look at: with
    /// `serverAuth`, any usage, or without extended key usages.
    #[must_use]
    pub fn is_for_servers(&self) -> bool {
        let usages = self.extended_key_usage();
        let serves = |usage| matches!(usage, ExtendedKeyUsage::ServerAuth | ExtendedKeyUsage::ANY);
        !self.ca && (usages.is_empty() || usages.iter().copied().any(serves))
    }

    /// Whether the server sends its root too (`fullchain.pem` then ends in it).
    #[must_use]
    pub const fn send_root(&self) -> bool {
        self.send_root
    }
}
