//! Why a text is not a name.

use std::fmt;

use super::Shown;

/// Why a text is not a name a certificate can carry (see [`super::Error::Name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameFault {
    /// A `/` or a prefix length: a network, not a host.
    Cidr,
    /// A control character, NUL included.
    Control,
    /// Nothing between two dots, or at either end.
    EmptyLabel,
    /// Nothing at all.
    Empty,
    /// A character that no host name may have.
    Forbidden(char),
    /// A label starts or ends with a hyphen.
    Hyphen,
    /// The name cannot be turned into A-labels (RFC 5890).
    Idna,
    /// A non-ASCII name where the crate was built without the `idna` feature.
    IdnaUnavailable,
    /// An IP address where a DNS name was said to stand.
    IpAsDns,
    /// An IPv4 number with a leading zero, which some programs read as octal.
    LeadingZero,
    /// A label longer than 63 octets (RFC 1035 §2.3.4).
    LongLabel(usize),
    /// A name longer than 253 octets (RFC 1035 §2.3.4).
    LongName(usize),
    /// An IPv4 address written inside an IPv6 one.
    MappedIpv4,
    /// Not an e-mail address.
    NotEmail,
    /// Not an IP address, though it was said to be one or looks like one.
    NotIp,
    /// Not an absolute URI.
    NotUri,
    /// A host with a path or a folder.
    Path,
    /// A host with a port.
    Port,
    /// A prefix that names no type of name.
    Prefix,
    /// A URI whose host is neither a DNS name in full nor an address.
    UriHost,
    /// A URL where a host was expected.
    Url,
    /// A `*` that is not the whole leftmost label (RFC 9525 §6.3).
    WildcardInside,
    /// A wildcard right under a top-level label.
    WildcardTopLevel,
    /// An IPv6 zone, which means something on one machine only (RFC 6874).
    Zone,
}

impl NameFault {
    /// The error code, such as `name.url`.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Cidr => "name.cidr",
            Self::Control => "name.control",
            Self::EmptyLabel => "name.empty-label",
            Self::Empty => "name.empty",
            Self::Forbidden(_) => "name.forbidden",
            Self::Hyphen => "name.hyphen",
            Self::Idna => "name.idna",
            Self::IdnaUnavailable => "name.idna-unavailable",
            Self::IpAsDns => "name.ip-as-dns",
            Self::LeadingZero => "name.leading-zero",
            Self::LongLabel(_) => "name.long-label",
            Self::LongName(_) => "name.long",
            Self::MappedIpv4 => "name.mapped-ipv4",
            Self::NotEmail => "name.not-email",
            Self::NotIp => "name.not-ip",
            Self::NotUri => "name.not-uri",
            Self::Path => "name.path",
            Self::Port => "name.port",
            Self::Prefix => "name.prefix",
            Self::UriHost => "name.uri-host",
            Self::Url => "name.url",
            Self::WildcardInside => "name.wildcard-inside",
            Self::WildcardTopLevel => "name.wildcard-top-level",
            Self::Zone => "name.zone",
        }
    }
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr => f.write_str("it is a network, not a host"),
            Self::Control => f.write_str("it has a control character"),
            Self::EmptyLabel => f.write_str("a label between its dots is empty"),
            Self::Empty => f.write_str("it is empty"),
            Self::Forbidden(c) => write!(f, "`{}` may not stand in a host name", Shown(&c.to_string())),
            Self::Hyphen => f.write_str("a label starts or ends with a hyphen"),
            Self::Idna => f.write_str("it cannot be written in A-labels"),
            Self::IdnaUnavailable => f.write_str("it is not ASCII, and this build cannot convert it"),
            Self::IpAsDns => f.write_str("it is an IP address, and no DNS name"),
            Self::LeadingZero => f.write_str("a number of the address has a leading zero"),
            Self::LongLabel(n) => write!(f, "a label has {n} octets, and 63 is the limit"),
            Self::LongName(n) => write!(f, "it has {n} octets, and 253 is the limit"),
            Self::MappedIpv4 => f.write_str("it is an IPv4 address written as IPv6"),
            Self::NotEmail => f.write_str("it is not an e-mail address"),
            Self::NotIp => f.write_str("it is not an IP address"),
            Self::NotUri => f.write_str("it is not an absolute URI"),
            Self::Path => f.write_str("it has a path"),
            Self::Port => f.write_str("it has a port"),
            Self::Prefix => f.write_str("its prefix is none of dns:, ip:, email:, uri:"),
            Self::UriHost => f.write_str("its host is neither a DNS name nor an IP address"),
            Self::Url => f.write_str("it is a URL, not a host"),
            Self::WildcardInside => f.write_str("`*` must be the whole leftmost label"),
            Self::WildcardTopLevel => f.write_str("the wildcard stands right under a top-level label"),
            Self::Zone => f.write_str("it has a zone id"),
        }
    }
}
