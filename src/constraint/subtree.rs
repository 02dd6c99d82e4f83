//! One part of all names: a DNS suffix, a network, the mailboxes of a host.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use der::asn1::{Ia5String, OctetString};
use der::{Decode, Encode};
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use crate::error::{Error, Result};
use crate::name::San;
use crate::subject;

/// A name that is asked about, well formed or not.
#[derive(Clone, Copy)]
pub(super) enum Presented<'a> {
    /// In lower case.
    Dns(&'a str),
    Ip(IpAddr),
    Email(&'a str),
    Uri(&'a str),
}

impl<'a> Presented<'a> {
    pub(super) fn of(name: &'a San) -> Self {
        match name {
            San::Dns(dns) => Self::Dns(dns),
            San::Ip(ip) => Self::Ip(*ip),
            San::Email(email) => Self::Email(email),
            San::Uri(uri) => Self::Uri(uri),
        }
    }
}

/// What a limit does with the names in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Permits,
    /// As most clients read it: a wildcard is one name.
    Excludes,
    /// As rustls and Chrome do: a wildcard that stands for one excluded name is excluded.
    ExcludesAny,
    /// As an issuer does: so is the host itself, where what is below it is.
    Refuses,
}

/// A part of all names of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subtree {
    /// A DNS name and all below it; empty is every DNS name. With a leading dot, as others
    /// wrote it, what is below alone; RFC 5280 has no such form, and it is written without.
    #[non_exhaustive]
    Dns(String),
    /// IP addresses that agree with `address` where `mask` has a bit.
    #[non_exhaustive]
    Ip {
        /// The first address.
        address: IpAddr,
        /// Of the same family.
        mask: IpAddr,
    },
    /// A mailbox, a host's mailboxes, or with a leading dot those of all hosts below.
    #[non_exhaustive]
    Email(String),
    /// URIs of a host, or with a leading dot of all hosts below.
    #[non_exhaustive]
    Uri(String),
    /// Subjects that begin like this name (DER). Read where others wrote it.
    #[non_exhaustive]
    Directory(Vec<u8>),
    /// Names of a type that no leaf of ours has, so it binds none of them.
    #[non_exhaustive]
    Other {
        /// The type's name in RFC 5280.
        kind: &'static str,
        /// The `GeneralName` in DER.
        der: Vec<u8>,
    },
}

impl Subtree {
    /// Whether it is all names of its type: of addresses, of a family.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        match self {
            Self::Dns(base) => base.is_empty(),
            Self::Ip { mask, .. } => mask.is_unspecified(),
            _ => false,
        }
    }

    /// The type of names it is of.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Ip { .. } => "ip",
            Self::Email(_) => "email",
            Self::Uri(_) => "uri",
            Self::Directory(_) => "directory",
            Self::Other { kind, .. } => kind,
        }
    }

    /// Whether a name is in it.
    pub(super) fn holds(&self, name: Presented<'_>, side: Side) -> bool {
        let excludes = side != Side::Permits;
        match (self, name) {
            (Self::Dns(base), Presented::Dns(dns)) => {
                // Who wrote a dot in front may have meant the host too; clients do not take it so.
                let base = if side == Side::Refuses { base.trim_start_matches('.') } else { base };
                let plain = dns.strip_prefix("*.");
                // All that a wildcard stands for is below its host, the host itself is not.
                let whole = if base.starts_with('.') { dns } else { plain.unwrap_or(dns) };
                dns_within(whole, base)
                    || matches!(side, Side::ExcludesAny | Side::Refuses)
                        && plain.is_some_and(|plain| dns_within(base, plain))
            }
            (Self::Ip { address, mask }, Presented::Ip(ip)) => ip_within(ip, *address, *mask),
            // What excludes every mailbox, as some write it; what permits none.
            (Self::Email(base), Presented::Email(_)) if base.is_empty() => excludes,
            (Self::Email(base), Presented::Email(email)) => email_within(email, base),
            (Self::Uri(base), Presented::Uri(uri)) => {
                uri_host(uri).is_some_and(|host| host_within(&host, base))
            }
            _ => false,
        }
    }

    /// Whether any name is in both. Said of types that can be asked for; others are taken to meet.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dns(_), Self::Dns(_)) | (Self::Ip { .. }, Self::Ip { .. }) => {
                self.lies_within(other) || other.lies_within(self)
            }
            (Self::Email(one), Self::Email(two)) => mail_within(one, two) || mail_within(two, one),
            (Self::Uri(one), Self::Uri(two)) => host_within(one, two) || host_within(two, one),
            _ => self.kind() == other.kind(),
        }
    }

    /// Whether every name in it is in the other one, which excludes.
    pub(super) fn lies_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dns(one), Self::Dns(two)) => {
                dns_within(one.trim_start_matches('.'), two.trim_start_matches('.'))
            }
            (Self::Ip { address: one, mask: narrow }, Self::Ip { address: two, mask: wide }) => {
                // Each bit that the wide mask holds, the narrow one holds too.
                ip_within(*one, *two, *wide) && ip_within(*narrow, *wide, *wide)
            }
            (Self::Email(_), Self::Email(two)) if two.is_empty() => true,
            (Self::Email(one), Self::Email(two)) => mail_within(one, two),
            (Self::Uri(one), Self::Uri(two)) => host_within(one, two),
            _ => false,
        }
    }

    pub(super) fn encode(&self) -> der::Result<GeneralSubtree> {
        let base = match self {
            Self::Dns(dns) => GeneralName::DnsName(Ia5String::new(dns.trim_start_matches('.'))?),
            Self::Email(email) => GeneralName::Rfc822Name(Ia5String::new(email)?),
            Self::Uri(uri) => GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?),
            Self::Ip { address, mask } => {
                let mut octets = octets(*address);
                octets.extend(self::octets(*mask));
                GeneralName::IpAddress(OctetString::new(octets)?)
            }
            Self::Directory(name) => GeneralName::DirectoryName(Name::from_der(name)?),
            Self::Other { der, .. } => GeneralName::from_der(der)?,
        };
        Ok(GeneralSubtree { base, minimum: 0, maximum: None })
    }

    pub(super) fn decode(subtree: &GeneralSubtree) -> Result<Self> {
        let malformed = |reason: &str| Error::MalformedCertificate { reason: reason.to_owned() };
        if subtree.minimum != 0 || subtree.maximum.is_some() {
            return Err(malformed("its name constraints have a minimum or maximum"));
        }
        Ok(match &subtree.base {
            GeneralName::DnsName(dns) => Self::Dns(dns.as_str().to_ascii_lowercase()),
            GeneralName::Rfc822Name(email) => Self::Email(email.as_str().to_owned()),
            GeneralName::UniformResourceIdentifier(host) => Self::Uri(host.as_str().to_ascii_lowercase()),
            GeneralName::IpAddress(both) => {
                let both = both.as_bytes();
                let (address, mask) = both.split_at(both.len() / 2);
                match (address_of(address), address_of(mask)) {
                    (Some(address), Some(mask)) => Self::Ip { address, mask },
                    _ => return Err(malformed("its name constraints have an address without a mask")),
                }
            }
            GeneralName::DirectoryName(name) => {
                Self::Directory(name.to_der().map_err(|e| malformed(&e.to_string()))?)
            }
            other => {
                let kind = match other {
                    GeneralName::EdiPartyName(_) => "ediPartyName",
                    GeneralName::RegisteredId(_) => "registeredID",
                    _ => "otherName",
                };
                Self::Other { kind, der: other.to_der().map_err(|e| malformed(&e.to_string()))? }
            }
        })
    }
}

impl fmt::Display for Subtree {
    /// As [`FromStr`] reads it, `dns:internal.example` or `10.103.0.0/16`; the one that has
    /// all names of its kind in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(base) if base.is_empty() => f.write_str("every DNS name"),
            Self::Dns(base) => write!(f, "dns:{base}"),
            Self::Email(base) => write!(f, "email:{base}"),
            Self::Uri(base) => write!(f, "uri:{base}"),
            Self::Ip { address, mask } => match prefix(*mask) {
                Some(0) if address.is_ipv4() => f.write_str("every IPv4 address"),
                Some(0) => f.write_str("every IPv6 address"),
                Some(prefix) => write!(f, "{address}/{prefix}"),
                None => write!(f, "{address}/{mask}"),
            },
            Self::Directory(name) => match Name::from_der(name) {
                Ok(name) => write!(f, "subjects below {}", subject::describe(&name)),
                Err(_) => f.write_str("some subjects"),
            },
            Self::Other { kind, .. } => write!(f, "names of the type {kind}"),
        }
    }
}

impl FromStr for Subtree {
    type Err = Error;

    /// Reads a DNS suffix (`internal.example`, `.internal`), a network or an address
    /// (`10.103.0.0/16`, `fd00::/8`), or with a prefix `dns:`, `ip:`, `email:`, `uri:`.
    ///
    /// # Errors
    /// [`Error::Constraint`].
    fn from_str(input: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Constraint { input: input.to_owned(), reason };
        let text = input.trim();
        let (kind, rest) = match text.split_once(':') {
            Some((kind @ ("dns" | "ip" | "email" | "uri" | "DNS" | "IP" | "URI"), rest)) => {
                (kind.to_ascii_lowercase(), rest.trim())
            }
            _ if text.contains('@') => ("email".to_owned(), text),
            _ if text.contains('/') || text.parse::<IpAddr>().is_ok() => ("ip".to_owned(), text),
            _ => ("dns".to_owned(), text),
        };
        // Also behind a dot, or as the host of an e-mail address.
        if rest.contains("*.") {
            return Err(refuse("a subtree has no `*`: it holds everything below it as it is".to_owned()));
        }
        // A host is checked and written as a DNS name is.
        let host = |host: &str| match format!("dns:{host}").parse::<San>() {
            _ if host.parse::<IpAddr>().is_ok() => Err(refuse("it is an address, and no host".to_owned())),
            Ok(San::Dns(dns)) => Ok(dns),
            Ok(_) => Err(refuse("it is no host".to_owned())),
            Err(Error::Name { fault, .. }) => Err(refuse(fault.to_string())),
            Err(e) => Err(refuse(e.to_string())),
        };
        let host_or_below = |text: &str| match text.strip_prefix('.') {
            Some(below) => host(below).map(|h| format!(".{h}")),
            None => host(text),
        };
        match kind.as_str() {
            "ip" => network(rest).map_err(refuse),
            "email" => match rest.split_once('@') {
                Some(("", domain)) => host(domain).map(Self::Email),
                Some(_) => match format!("email:{rest}").parse::<San>() {
                    Ok(San::Email(email)) => Ok(Self::Email(email)),
                    _ => Err(refuse("it is not an e-mail address".to_owned())),
                },
                None => host_or_below(rest).map(Self::Email),
            },
            "uri" => host_or_below(rest).map(Self::Uri),
            _ => host(rest.strip_prefix('.').unwrap_or(rest)).map(Self::Dns),
        }
    }
}

fn network(text: &str) -> std::result::Result<Subtree, String> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| format!("`{address}` is not an IP address"))?;
    if matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        return Err(format!("{address} is an IPv4 address written as IPv6: give the IPv4 network itself"));
    }
    let most: u32 = if address.is_ipv4() { 32 } else { 128 };
    let prefix: u32 = match prefix {
        None => most,
        Some(text) => match text.parse() {
            Ok(prefix) if prefix <= most && text.bytes().all(|b| b.is_ascii_digit()) => prefix,
            _ => return Err(format!("`/{text}` is not a prefix length from 0 to {most}")),
        },
    };
    let (mask, first) = match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            (IpAddr::V4(mask.into()), IpAddr::V4((u32::from(v4) & mask).into()))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            (IpAddr::V6(mask.into()), IpAddr::V6((u128::from(v6) & mask).into()))
        }
    };
    if first != address {
        return Err(format!("{address} has bits behind the prefix: the network is {first}/{prefix}"));
    }
    Ok(Subtree::Ip { address, mask })
}

/// The length of a mask whose bits are all at its left.
fn prefix(mask: IpAddr) -> Option<u32> {
    let (bits, ones) = match mask {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, u32::from(v4).leading_ones()),
        IpAddr::V6(v6) => (v6.into(), u128::from(v6).leading_ones()),
    };
    (bits.count_ones() == ones).then_some(ones)
}

/// The address of 4 or 16 octets.
pub(super) fn address_of(octets: &[u8]) -> Option<IpAddr> {
    match <[u8; 4]>::try_from(octets) {
        Ok(v4) => Some(IpAddr::from(v4)),
        Err(_) => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
    }
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn dns_within(name: &str, base: &str) -> bool {
    if base.starts_with('.') {
        return name.ends_with(base);
    }
    base.is_empty() || name.strip_suffix(base).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn ip_within(ip: IpAddr, address: IpAddr, mask: IpAddr) -> bool {
    match (ip, address, mask) {
        (IpAddr::V4(ip), IpAddr::V4(address), IpAddr::V4(mask)) => {
            let mask = u32::from(mask);
            u32::from(ip) & mask == u32::from(address) & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(address), IpAddr::V6(mask)) => {
            let mask = u128::from(mask);
            u128::from(ip) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

/// A host, or with a leading dot what stands below one: within another such base.
fn host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(_) => host.to_ascii_lowercase().ends_with(&base.to_ascii_lowercase()),
        None => host.eq_ignore_ascii_case(base),
    }
}

pub(super) fn email_within(email: &str, base: &str) -> bool {
    let Some((local, host)) = email.rsplit_once('@') else { return false };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) => local == base_local && host.eq_ignore_ascii_case(base_host),
        None => host_within(host, base),
    }
}

/// Whether the mailboxes of one base are mailboxes of the other: one of them, those of a host, or
/// those of all hosts below.
fn mail_within(one: &str, two: &str) -> bool {
    if one.contains('@') { email_within(one, two) } else { !two.contains('@') && host_within(one, two) }
}

/// The host of a URI; none where it has none, or an address: RFC 5280 §4.2.1.10 lets
/// neither stand below a limit on URIs. None either where programs find different hosts in
/// it: behind a user, with a dot behind it, and before a backslash, which browsers take for a
/// slash.
pub(super) fn uri_host(uri: &str) -> Option<String> {
    let rest = uri.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains(['@', '\\']) {
        return None;
    }
    let host = authority.split(':').next().unwrap_or_default();
    let is_name =
        !host.is_empty() && !host.starts_with('[') && !host.ends_with('.') && host.parse::<IpAddr>().is_err();
    is_name.then(|| host.to_ascii_lowercase())
}
