//! Names a certificate vouches for. Every name is typed once, here: a private
//! IP address becomes an `iPAddress`, never a `dNSName` (RFC 5280 §4.2.1.6).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::{Error, NameFault, Result};

/// The longest a DNS name may be, in octets (RFC 1035 §2.3.4).
const MAX_DNS_NAME: usize = 253;
/// The longest a label of a DNS name may be, in octets (RFC 1035 §2.3.4).
pub const MAX_LABEL: usize = 63;
/// The longest a mailbox may be, in octets (RFC 5321 §4.5.3.1.3, without the brackets).
const MAX_EMAIL: usize = 254;
/// The longest the part of a mailbox before `@` may be, in octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;
/// The longest URI taken, in octets. No standard sets one; this is what
/// browsers and AWS accept elsewhere.
const MAX_URI: usize = 2048;

/// One subject alternative name, typed. Names of every kind but [`San::Ip`] are made by
/// [`FromStr`] alone, so whoever has one need not check it again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum San {
    /// A DNS name in lower-case A-labels, perhaps with a leftmost `*`.
    #[non_exhaustive]
    Dns(String),
    /// An e-mail address; the part behind `@` in lower-case A-labels.
    #[non_exhaustive]
    Email(String),
    /// An IP address.
    Ip(IpAddr),
    /// An absolute URI.
    #[non_exhaustive]
    Uri(String),
}

impl San {
    /// The type's name as used in JSON and text: `dns`, `ip`, `email`, `uri`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Email(_) => "email",
            Self::Ip(_) => "ip",
            Self::Uri(_) => "uri",
        }
    }
}

impl San {
    /// The name that the common name of what is no server stands for; none where it is what a
    /// person or a program is called.
    pub(crate) fn of_client(common_name: &str) -> Option<Self> {
        let name: Self = common_name.parse().ok()?;
        let is_word = matches!(&name, Self::Dns(dns) if !dns.contains('.'));
        // Who writes a prefix says that it is a name.
        let said = common_name.split_once(':').map(|(kind, _)| kind);
        let is_said = said.is_some_and(|kind| kind.eq_ignore_ascii_case(name.kind()));
        (is_said || (!is_word && name.to_string() == common_name)).then_some(name)
    }
}

impl fmt::Display for San {
    /// The value alone, in its canonical text form (RFC 5952 for IPv6).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(s) | Self::Email(s) | Self::Uri(s) => f.write_str(s),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl FromStr for San {
    type Err = Error;

    /// Reads a name and finds its type. The prefixes `dns:`, `ip:`, `email:`,
    /// `uri:` force one; OpenSSL's spellings `DNS:`, `IP Address:`, `URI:` and
    /// `email:` are understood too.
    ///
    /// # Errors
    /// [`Error::Name`] where the text is no name a certificate can carry.
    fn from_str(input: &str) -> Result<Self> {
        let refuse = |fault| Error::Name { input: input.to_owned(), fault };
        let text = input.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Err(refuse(NameFault::Empty));
        }
        if text.chars().any(char::is_control) {
            return Err(refuse(NameFault::Control));
        }
        typed(text).map_err(refuse)
    }
}

/// Finds the type of `text`, by prefix or by form.
fn typed(text: &str) -> Result<San, NameFault> {
    if let Some((prefix, rest)) = text.split_once(':') {
        let forced = match prefix.to_ascii_lowercase().as_str() {
            "dns" => Some(dns(rest).map(San::Dns)),
            "ip" | "ip address" | "ipaddress" => Some(ip(rest.trim()).map(San::Ip)),
            "email" | "rfc822" | "mailto" => Some(email(rest).map(San::Email)),
            "uri" => Some(uri(rest).map(San::Uri)),
            _ => None,
        };
        if let Some(result) = forced {
            return result;
        }
    }
    if text.contains("://") {
        return Err(NameFault::Url);
    }
    if let Some(fault) = network_or_path(text) {
        return Err(fault);
    }
    if looks_like_ipv4(text) || text.contains(':') || text.starts_with('[') {
        return match ip(text) {
            Ok(ip) => Ok(San::Ip(ip)),
            Err(fault) => Err(instead_of_ip(text).unwrap_or(fault)),
        };
    }
    if text.contains('@') {
        return email(text).map(San::Email);
    }
    dns(text).map(San::Dns)
}

/// A `/` makes a text a network or a path, never a host.
fn network_or_path(text: &str) -> Option<NameFault> {
    let (before, after) = text.split_once('/')?;
    let network = before.parse::<IpAddr>().is_ok() || looks_like_ipv4(before);
    let prefix = !after.is_empty() && after.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    Some(if network && prefix { NameFault::Cidr } else { NameFault::Path })
}

/// What a text with a colon is, where it is not an IPv6 address.
fn instead_of_ip(text: &str) -> Option<NameFault> {
    if let Some((host, port)) = text.rsplit_once(':') {
        let port_like = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        if port_like && (!host.contains(':') || host.ends_with(']')) {
            return Some(NameFault::Port);
        }
    }
    // Letters before the first colon that no hexadecimal number has: a prefix.
    let first = text.split(':').next().unwrap_or_default();
    let word = first.bytes().all(|b| b.is_ascii_alphabetic());
    (word && !first.bytes().all(|b| b.is_ascii_hexdigit())).then_some(NameFault::Prefix)
}

/// Whether the last label is a number, which makes the whole an IPv4 address or
/// nothing (the URL standard's "ends in a number").
fn looks_like_ipv4(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let last = text.rsplit('.').next().unwrap_or(text);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty()
        && (last.bytes().all(|b| b.is_ascii_digit())
            || hex.is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit())))
}

fn ip(text: &str) -> Result<IpAddr, NameFault> {
    let text = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    if text.contains('/') {
        return Err(NameFault::Cidr);
    }
    if text.contains('%') {
        return Err(NameFault::Zone);
    }
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return Ok(IpAddr::V4(v4));
    }
    if let Ok(v6) = text.parse::<Ipv6Addr>() {
        return match v6.to_ipv4_mapped() {
            Some(_) => Err(NameFault::MappedIpv4),
            None => Ok(IpAddr::V6(v6)),
        };
    }
    let zero =
        |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
    if text.split('.').count() == 4 && text.split('.').any(zero) {
        return Err(NameFault::LeadingZero);
    }
    Err(NameFault::NotIp)
}

fn email(text: &str) -> Result<String, NameFault> {
    let (local, host) = text.rsplit_once('@').ok_or(NameFault::NotEmail)?;
    // RFC 5280 §4.2.1.6: an rfc822Name is an IA5String `Local-part@Domain`.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty() || local.len() > MAX_LOCAL_PART || dots || !local.bytes().all(plain) {
        return Err(NameFault::NotEmail);
    }
    let host = dns(host)?;
    if host.starts_with("*.") || local.len() + 1 + host.len() > MAX_EMAIL {
        return Err(NameFault::NotEmail);
    }
    Ok(format!("{local}@{host}"))
}

fn uri(text: &str) -> Result<String, NameFault> {
    let (scheme, rest) = text.split_once(':').ok_or(NameFault::NotUri)?;
    let mut letters = scheme.bytes();
    let named = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
        && letters.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    if !named || before.is_empty() || text.len() > MAX_URI {
        return Err(NameFault::NotUri);
    }
    let (authority, path) = match before.strip_prefix("//") {
        Some(after) => after.split_at(after.find(['/', '?']).unwrap_or(after.len())),
        None => ("", before),
    };
    // Go refuses the whole certificate for one that is none, and Java reads no name of it.
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if ![user, path, fragment].into_iter().all(is_of_uri) {
        return Err(NameFault::NotUri);
    }
    if before.starts_with("//") && !is_authority(host) {
        return Err(NameFault::UriHost);
    }
    Ok(text.to_owned())
}

/// Whether a part of a URI has nothing but what may stand in one: brackets are for hosts, and
/// behind a `%` come two digits (RFC 3986 §2.1, §3.3).
fn is_of_uri(part: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&b);
    let is_escape = |rest: &str| rest.get(..2).is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    part.bytes().all(allowed) && part.split('%').skip(1).all(is_escape)
}

/// A host, with a port or none: a DNS name in full or an address (RFC 5280 §4.2.1.6).
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let is_host = if let Some(inside) = host.strip_prefix('[') {
        inside.strip_suffix(']').is_some_and(|v6| v6.contains(':') && ip(v6).is_ok())
    } else if looks_like_ipv4(host) {
        ip(host).is_ok()
    } else {
        // What is read as another name, with a dot at its end, is another one to clients.
        !host.contains('*') && dns(host).is_ok_and(|name| name.eq_ignore_ascii_case(host))
    };
    is_host && port.bytes().all(|b| b.is_ascii_digit())
}

/// A DNS name in lower-case A-labels, checked (RFC 1123 §2.1, RFC 9525 §6.3).
fn dns(text: &str) -> Result<String, NameFault> {
    if text.is_empty() {
        return Err(NameFault::Empty);
    }
    let (wildcard, host) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if host.contains('*') {
        return Err(NameFault::WildcardInside);
    }
    let ascii = to_a_labels(host)?;
    let host = ascii.strip_suffix('.').unwrap_or(&ascii);
    if looks_like_ipv4(host) {
        return Err(if !wildcard && ip(host).is_ok() { NameFault::IpAsDns } else { NameFault::NotIp });
    }
    let length = host.len() + if wildcard { 2 } else { 0 };
    if length > MAX_DNS_NAME {
        return Err(NameFault::LongName(length));
    }
    for label in host.split('.') {
        check_label(label)?;
    }
    if wildcard && !host.contains('.') {
        return Err(NameFault::WildcardTopLevel);
    }
    Ok(if wildcard { format!("*.{host}") } else { host.to_owned() })
}

fn check_label(label: &str) -> Result<(), NameFault> {
    if label.is_empty() {
        return Err(NameFault::EmptyLabel);
    }
    if label.len() > MAX_LABEL {
        return Err(NameFault::LongLabel(label.len()));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(c) = label.chars().find(|c| !allowed(*c)) {
        return Err(NameFault::Forbidden(c));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(NameFault::Hyphen);
    }
    Ok(())
}

/// Lower-case A-labels (RFC 5890 §2.3.2.1). ASCII labels that claim to be
/// A-labels are checked to be ones.
fn to_a_labels(host: &str) -> Result<String, NameFault> {
    if host.is_ascii() && !host.to_ascii_lowercase().split('.').any(|l| l.starts_with("xn--")) {
        return Ok(host.to_ascii_lowercase());
    }
    convert(host)
}

#[cfg(feature = "idna")]
fn convert(host: &str) -> Result<String, NameFault> {
    let hyphens = idna::uts46::Hyphens::CheckFirstLast;
    idna::uts46::Uts46::new()
        .to_ascii(host.as_bytes(), idna::AsciiDenyList::STD3, hyphens, idna::uts46::DnsLength::Ignore)
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| NameFault::Idna)
}

#[cfg(not(feature = "idna"))]
fn convert(host: &str) -> Result<String, NameFault> {
    if host.is_ascii() {
        // An A-label of the caller's own making: taken as it is.
        return Ok(host.to_ascii_lowercase());
    }
    Err(NameFault::IdnaUnavailable)
}

/// The names of one certificate: one or more, no two alike. The first is the
/// one shown as the common name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Names(Vec<San>);

impl Names {
    /// Reads names; each text may be several, separated by commas, unless it starts with
    /// `uri:`: commas belong to a URI (RFC 3986 §2.2). Repetitions are dropped, the order is
    /// kept.
    ///
    /// # Errors
    /// [`Error::Name`] for a text that is no name, [`Error::NoNames`] where
    /// there is none.
    pub fn parse<I>(texts: I) -> Result<Self>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut names = Vec::new();
        for text in texts {
            let text = text.as_ref();
            if text.trim_start().get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("uri:")) {
                names.push(text.parse()?);
                continue;
            }
            for part in text.split(',') {
                names.push(part.parse()?);
            }
        }
        Self::new(names)
    }

    /// Names that are typed already.
    ///
    /// # Errors
    /// [`Error::NoNames`] where there is none.
    pub fn new(names: impl IntoIterator<Item = San>) -> Result<Self> {
        let names = names.into_iter();
        let mut unique: Vec<San> = Vec::with_capacity(names.size_hint().0);
        let mut seen = std::collections::HashSet::new();
        for name in names {
            if seen.insert(name.clone()) {
                unique.push(name);
            }
        }
        if unique.is_empty() { Err(Error::NoNames) } else { Ok(Self(unique)) }
    }

    /// The first name: the one shown as the common name.
    #[must_use]
    pub fn first(&self) -> &San {
        &self.0[0]
    }

    /// All names, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, San> {
        self.0.iter()
    }

    /// How many there are; never 0.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "names are never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> IntoIterator for &'a Names {
    type Item = &'a San;
    type IntoIter = std::slice::Iter<'a, San>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
