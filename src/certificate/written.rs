//! Names as they stand in certificates.

use std::fmt;

use x509_cert::ext::pkix::name::GeneralName;

use super::san_of;
use crate::name::San;

/// A name of whatever kind as it stands in a certificate, well formed or not (RFC 5280
/// §4.2.1.6). As text it has its kind before it: `DNS:a.example`, `IP:10.0.0.1`. Foreign
/// text: not escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenName {
    kind: Kind,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dns,
    Email,
    Uri,
    Ip,
    Directory,
    Other,
    EdiParty,
    RegisteredId,
}

impl WrittenName {
    pub(crate) fn of(name: &GeneralName) -> Self {
        let (kind, value) = match name {
            GeneralName::DnsName(dns) => (Kind::Dns, dns.to_string()),
            GeneralName::Rfc822Name(email) => (Kind::Email, email.to_string()),
            GeneralName::UniformResourceIdentifier(uri) => (Kind::Uri, uri.to_string()),
            GeneralName::IpAddress(octets) => {
                let value = san_of(name).map(|ip| ip.to_string());
                (Kind::Ip, value.unwrap_or_else(|| crate::key::hex(octets.as_bytes())))
            }
            GeneralName::DirectoryName(name) => (Kind::Directory, crate::subject::describe(name)),
            GeneralName::OtherName(other) => (Kind::Other, other.type_id.to_string()),
            GeneralName::EdiPartyName(_) => (Kind::EdiParty, String::new()),
            GeneralName::RegisteredId(oid) => (Kind::RegisteredId, oid.to_string()),
        };
        Self { kind, value }
    }

    /// The kind as documents call it: `dns`, `ip`, `email` and `uri` as [`San::kind`] has
    /// them, and `directory`, `registered-id` and `other`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Dns => "dns",
            Kind::Email => "email",
            Kind::Uri => "uri",
            Kind::Ip => "ip",
            Kind::Directory => "directory",
            Kind::Other | Kind::EdiParty => "other",
            Kind::RegisteredId => "registered-id",
        }
    }

    /// The name without its kind: of an `otherName` its type, of an `ediPartyName` nothing.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl From<&San> for WrittenName {
    fn from(name: &San) -> Self {
        let kind = match name {
            San::Dns(_) => Kind::Dns,
            San::Email(_) => Kind::Email,
            San::Uri(_) => Kind::Uri,
            San::Ip(_) => Kind::Ip,
        };
        Self { kind, value: name.to_string() }
    }
}

impl fmt::Display for WrittenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = match self.kind {
            Kind::Dns => "DNS",
            Kind::Email => "email",
            Kind::Uri => "URI",
            Kind::Ip => "IP",
            Kind::Directory => "DirName",
            Kind::Other => "otherName",
            Kind::EdiParty => return f.write_str("ediPartyName"),
            Kind::RegisteredId => "registeredID",
        };
        write!(f, "{label}:{}", self.value)
    }
}
