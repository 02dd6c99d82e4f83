//! What a certificate is for, as data. The built-in templates are generated
//! from `templates/certificates/*.toml`, and a test holds the two equal.

use std::borrow::Cow;

use crate::error::{Error, Result};

mod builtin;

/// A bit of the key usage extension (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyUsage {
    /// Signing anything but certificates and CRLs: TLS handshakes among them.
    DigitalSignature,
    /// Enciphering keys: RSA key exchange in TLS 1.2.
    KeyEncipherment,
    /// Signing certificates.
    KeyCertSign,
    /// Signing CRLs.
    CrlSign,
}

impl KeyUsage {
    /// RFC 5280's own name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DigitalSignature => "digitalSignature",
            Self::KeyEncipherment => "keyEncipherment",
            Self::KeyCertSign => "keyCertSign",
            Self::CrlSign => "cRLSign",
        }
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
}

impl ExtendedKeyUsage {
    /// RFC 5280's own name for it, without `id-kp-`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
        }
    }

    /// Its object identifier, in dots.
    #[must_use]
    pub const fn oid(self) -> &'static str {
        match self {
            Self::ServerAuth => "1.3.6.1.5.5.7.3.1",
            Self::ClientAuth => "1.3.6.1.5.5.7.3.2",
        }
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
}

impl Template {
    /// A TLS server: the default.
    pub const SERVER: Self = builtin::SERVER;

    /// A CA that issues leaves.
    pub const CA: Self = builtin::CA;

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

    /// The extended key usages, none for a CA.
    #[must_use]
    pub fn extended_key_usage(&self) -> &[ExtendedKeyUsage] {
        &self.extended_key_usage
    }

    /// Whether the server sends its root too (`fullchain.pem` then ends in it).
    #[must_use]
    pub const fn send_root(&self) -> bool {
        self.send_root
    }
}
