//! Common name, subject alternative name, name constraints.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};

use der::oid::AssociatedOid;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::{Broken, EMPTY_NAME, Facts, odd, wrong};
use crate::name::San;
use crate::subject;

pub(super) fn common_name_long(s: &Facts<'_>) -> Option<Broken> {
    let long = s
        .common_names
        .iter()
        .map(|name| name.chars().count())
        .find(|length| *length > subject::MAX_COMMON_NAME)?;
    wrong(format!("its common name has {long} characters, and {} is the most", subject::MAX_COMMON_NAME))
}

/// Names and hexadecimal are compared without regard to case (RFC 4343), and public CAs have
/// to copy one of the names as it is.
pub(super) fn common_name_case(s: &Facts<'_>) -> Option<Broken> {
    if s.is_ca || is_unreadable(s) || !s.is_for_servers() {
        return None;
    }
    let names: HashSet<String> = general_names(s).iter().filter_map(text_of).collect();
    let lower: HashSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let differs = |common: &&String| !names.contains(*common) && lower.contains(&common.to_ascii_lowercase());
    let common = s.common_names.iter().find(differs)?;
    odd(format!("its common name `{common}` is among its subject alternative names in other case"))
}

/// A client that reads the common name must not learn of another name than one that does
/// not. Worst is one that looks as if it were covered: one of the names written in another
/// way, or a host beside them.
pub(super) fn common_name_not_in_san(s: &Facts<'_>) -> Option<Broken> {
    if s.is_ca || is_unreadable(s) {
        return None;
    }
    let names: HashSet<String> = general_names(s).iter().filter_map(text_of).collect();
    let lower: HashSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let common = s.common_names.iter().find(|common| !lower.contains(&common.to_ascii_lowercase()))?;
    let message = format!("its common name `{common}` is not among its subject alternative names");
    if !s.is_for_servers() {
        // What a person or a program is called: nobody looks for it as a name.
        return if San::of_client(common).is_some() { odd(message) } else { None };
    }
    if let Some(meant) = names.iter().find(|name| is_same_host(common, name)) {
        return wrong(format!("{message}: `{meant}` is meant, and written differently"));
    }
    if !common.is_ascii() && common.contains('.') {
        return wrong(format!("{message}: and a host name is written in A-labels"));
    }
    match names.iter().find(|name| is_beside(common, name)) {
        Some(name) => wrong(format!("{message}, though `{name}` beside it is")),
        None => odd(message),
    }
}

/// Whether two texts are one host: without regard to case, or one address in two spellings.
fn is_same_host(common: &str, name: &str) -> bool {
    let address = |text: &str| text.parse::<IpAddr>().ok().or_else(|| old_address(text).map(IpAddr::V4));
    address(name).is_some_and(|ip| address(common) == Some(ip))
}

/// An IPv4 address as `inet_aton` read it: in hexadecimal, in octal, in fewer parts.
fn old_address(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| {
        let (digits, radix) = match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None => (*part, if part.starts_with('0') { 8 } else { 10 }),
        };
        u32::from_str_radix(digits, radix).ok()
    };
    let (last, front) = parts.split_last()?;
    let last = number(last)?;
    let mut address: u32 = 0;
    for part in front {
        address = address << 8 | number(part).filter(|n| *n < 256)?;
    }
    let bits = 32 - 8 * u32::try_from(front.len()).ok().filter(|n| *n < 4)?;
    if bits < 32 && last >> bits != 0 {
        return None;
    }
    Some(Ipv4Addr::from(address.checked_shl(bits).unwrap_or(0) | last))
}

/// Whether two host names stand below the same domain.
fn is_beside(common: &str, name: &str) -> bool {
    let domain = |host: &str| {
        let host = host.to_ascii_lowercase();
        let named = host.parse::<IpAddr>().is_err();
        host.split_once('.').filter(|(label, _)| named && *label != "*").map(|(_, rest)| rest.to_owned())
    };
    domain(common).is_some_and(|above| domain(name).is_some_and(|other| other == above))
}

pub(super) fn san_missing(s: &Facts<'_>) -> Option<Broken> {
    if s.is_ca || !general_names(s).is_empty() || is_unreadable(s) {
        return None;
    }
    let message = "it has no subject alternative name";
    if s.is_for_servers() { wrong(message) } else { odd(message) }
}

pub(super) fn san_criticality(s: &Facts<'_>) -> Option<Broken> {
    let (critical, _) = s.names.as_ref()?;
    match (s.tbs.subject() == EMPTY_NAME, critical) {
        (true, false) => wrong("its subject is empty, and the subject alternative name is not critical"),
        (false, true) => wrong("the subject alternative name is critical beside a subject"),
        _ => None,
    }
}

pub(super) fn san_malformed(s: &Facts<'_>) -> Option<Broken> {
    general_names(s).iter().find_map(|name| {
        let (kind, text) = match name {
            GeneralName::DnsName(dns) => ("dns", dns.as_str()),
            GeneralName::Rfc822Name(email) => ("email", email.as_str()),
            GeneralName::UniformResourceIdentifier(uri) => ("uri", uri.as_str()),
            GeneralName::IpAddress(octets) if !matches!(octets.as_bytes().len(), 4 | 16) => {
                return wrong(format!("an iPAddress has {} octets", octets.as_bytes().len()));
            }
            _ => return None,
        };
        if kind == "dns" && text.parse::<IpAddr>().is_ok() {
            return wrong(format!(
                "the address {text} stands there as a dNSName, where no client looks for it"
            ));
        }
        match format!("{kind}:{text}").parse::<San>() {
            Err(e) => wrong(e.to_string()),
            // What the reader of arguments forgives, such as a dot at the end, is wrong here.
            Ok(san) if !san.to_string().eq_ignore_ascii_case(text) => {
                wrong(format!("`{text}` should be `{san}`"))
            }
            Ok(_) => None,
        }
    })
}

pub(super) fn name_constraints(s: &Facts<'_>) -> Option<Broken> {
    let (critical, limits) = s.limits.as_ref()?;
    if !s.is_ca {
        return wrong("it has name constraints and is no CA");
    }
    let all = || limits.permitted_subtrees.iter().chain(&limits.excluded_subtrees).flatten();
    if all().next().is_none() {
        return wrong("its name constraints are empty");
    }
    let malformed = all().find_map(|subtree| {
        if subtree.minimum != 0 || subtree.maximum.is_some() {
            return wrong("its name constraints have a minimum or maximum");
        }
        match &subtree.base {
            GeneralName::DnsName(dns) if dns.as_str().starts_with('.') => {
                wrong(format!("its name constraints have `{}`, which starts with a dot", dns.as_str()))
            }
            GeneralName::DnsName(dns) if dns.as_str().contains('*') => {
                wrong(format!("its name constraints have `{}`, and a limit has no `*`", dns.as_str()))
            }
            GeneralName::IpAddress(octets) if !matches!(octets.as_bytes().len(), 8 | 32) => {
                wrong(format!("its name constraints have an address of {} octets", octets.as_bytes().len()))
            }
            GeneralName::IpAddress(octets) if !is_prefix(octets.as_bytes()) => {
                wrong("its name constraints have a mask that is no prefix")
            }
            _ => None,
        }
    });
    if malformed.is_some() {
        return malformed;
    }
    if *critical { None } else { odd("its name constraints are not critical") }
}

/// Whether the mask of an address and a mask has all its ones at the left.
fn is_prefix(both: &[u8]) -> bool {
    let mask = &both[both.len() / 2..];
    let ones: u32 = mask.iter().map(|b| b.count_ones()).sum();
    let leading = mask.iter().take_while(|b| **b == 0xff).count();
    let partial = mask.get(leading).map_or(0, |b| b.leading_ones());
    usize::try_from(ones) == Ok(leading * 8 + partial as usize)
}

/// Whether there are names that cannot be read, which is said already.
fn is_unreadable(s: &Facts<'_>) -> bool {
    s.names.is_none() && s.tbs.extensions().any(|(oid, ..)| oid == SubjectAltName::OID)
}

fn general_names<'a>(s: &'a Facts<'_>) -> &'a [GeneralName] {
    s.names.as_ref().map_or(&[], |(_, names)| names.0.as_slice())
}

fn text_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(dns) => Some(dns.as_str().to_owned()),
        GeneralName::Rfc822Name(email) => Some(email.as_str().to_owned()),
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str().to_owned()),
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_many_spellings() {
        for (common, name) in [
            ("0xC0A80101", "192.168.1.1"),
            ("192.168.257", "192.168.1.1"),
            ("192.168.001.001", "192.168.1.1"),
            ("2001:DB8:0::1", "2001:db8::1"),
        ] {
            assert!(is_same_host(common, name), "{common} {name}");
        }
        for (common, name) in [
            ("1.1.1.1", "1.1.1.2"),
            ("a.example", "b.example"),
            ("256.1.1.1", "0.1.1.1"),
            ("10.0.0.256", "10.0.1.0"),
            ("1.2.3.4.0", "1.2.3.4"),
            ("", "0.0.0.0"),
        ] {
            assert!(!is_same_host(common, name), "{common} {name}");
        }
    }

    #[test]
    fn hosts_beside_each_other() {
        assert!(is_beside("b.example.com", "A.Example.com"));
        for (common, name) in [
            ("example.com", "a.example.com"),
            ("EE", "localhost"),
            ("10.0.0.1", "11.0.0.1"),
            ("a.example.com", "*.example.com"),
        ] {
            assert!(!is_beside(common, name), "{common} {name}");
        }
    }
}
