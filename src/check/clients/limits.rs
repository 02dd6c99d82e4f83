//! Whose limits names break, as each client compares them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::path::Verdict;
use super::Facts;
use crate::certificate::Certificate;
use crate::constraint::{Constraints, MOST_COMPARISONS, Side, Subtree};
use crate::name::San;

/// As many names of a leaf are compared with limits: who has more breaks none, or with these.
const MOST_NAMES: usize = 1_000;

/// Whose limits the leaf's names break; and, as Java sees it, those of the CAs below.
pub(super) fn of_names(verdict: &Verdict, facts: &mut Facts) {
    let Some(leaf) = verdict.path.first() else { return };
    let names = leaf.general_names();
    for (index, authority) in verdict.path.iter().enumerate().skip(1) {
        let Ok(Some(limits)) = authority.name_constraints() else { continue };
        let anchor = verdict.anchored && index + 1 == verdict.path.len();
        let place = if anchor { "anchor" } else { "issuer" };
        if leaf.dns_names_as_written().is_empty() {
            let common = leaf.common_names();
            if common.iter().take(MOST_NAMES).any(|name| limits.bars_common_name(name).is_some()) {
                facts.insert("limit.common-name");
            }
        }
        // Java looks at no limits of what it trusts.
        for below in verdict.path[..index].iter().filter(|_| !anchor) {
            of_java(below, &limits, facts);
        }
        // Who has to compare so much refuses, or takes minutes: verify says so.
        if names.len().min(MOST_NAMES).saturating_mul(limits.count()) > MOST_COMPARISONS {
            continue;
        }
        // Of many names one that breaks a limit is enough: the first that OpenSSL comes upon.
        let subject = || limits.refuses_subject(leaf.subject_der()).ok().flatten();
        let broken = |side| {
            subject().or_else(|| names.iter().take(MOST_NAMES).find_map(|name| limits.bars(name, side)))
        };
        if let Some(limit) = broken(Side::Excludes) {
            let how = if limit.starts_with("it excludes") { "excludes" } else { "permits" };
            facts.insert(format!("limit.{how}@{place}"));
        } else if broken(Side::ExcludesAny).is_some() {
            facts.insert("limit.wildcard");
        }
    }
}

/// What Java 17 makes of limits (`NameConstraintsExtension.verify`): the common name, of a CA too,
/// stands for a DNS name or an address where there is none among the names; a limit on all DNS names
/// is more than it can compare with one, and addresses of both families are compared with each other.
fn of_java(below: &Certificate, limits: &Constraints, facts: &mut Facts) {
    let names = below.names();
    let common = below.common_names().pop();
    let common = common.as_deref();
    let has_ip = names.iter().any(|name| matches!(name, San::Ip(_)));
    let has_dns = !below.dns_names_as_written().is_empty();
    let as_dns = common.filter(|name| !has_dns && is_dns_to_java(name) && name.parse::<IpAddr>().is_err());
    let address = common.filter(|_| !has_ip).and_then(|name| name.parse::<IpAddr>().ok());
    let mut all = limits.excluded().iter().chain(limits.permitted());
    if (has_dns || as_dns.is_some()) && all.any(|s| matches!(s, Subtree::Dns(base) if base.is_empty())) {
        facts.insert("limit.no-dns-java");
    }
    for name in names.iter().take(MOST_NAMES) {
        let San::Ip(ip) = name else { continue };
        match of_address(*ip, limits) {
            Some(Crossed::Fails) => facts.insert("limit.other-family-java"),
            Some(Crossed::Excluded) => facts.insert("limit.crossed-java"),
            None => {}
        }
    }
    let address = address.map(San::Ip);
    if as_dns.is_some_and(|name| limits.bars_dns(name, Side::Excludes).is_some())
        || address.is_some_and(|name| limits.refuses(&name).is_some())
    {
        facts.insert("limit.common-name-java");
    }
}

/// What Java 17 makes of a certificate below CAs whose limits it looks at: of all but the trust anchor.
#[must_use]
pub fn facts_below(certificate: &Certificate, authorities: &[Certificate]) -> Facts {
    let mut facts = Facts::default();
    for limits in authorities.iter().filter_map(|authority| authority.name_constraints().ok()?) {
        of_java(certificate, &limits, &mut facts);
    }
    facts
}

/// Whether Java 17 fails at an IPv4 address that may stand below a CA with these limits: it compares the
/// address with an IPv6 network, and the network begins as the address does.
#[must_use]
pub fn java_fails_below(limits: &Constraints) -> bool {
    let fails = |subtree: &Subtree, reached: &[Subtree]| {
        let Some(start) = ipv4_start(subtree) else { return false };
        reached.iter().any(|permitted| start.meets(permitted)) && limits.closes(&start).is_none()
    };
    let every = Subtree::Ip { address: Ipv4Addr::UNSPECIFIED.into(), mask: Ipv4Addr::UNSPECIFIED.into() };
    limits.excluded().iter().any(|subtree| fails(subtree, std::slice::from_ref(&every)))
        // What is permitted is compared up to the first that fits.
        || limits.permitted().iter().enumerate().any(|(i, subtree)| fails(subtree, &limits.permitted()[i + 1..]))
}

/// The IPv4 network that an IPv6 network begins as; none where nobody has such an address (RFC 1112 §4).
fn ipv4_start(subtree: &Subtree) -> Option<Subtree> {
    let Subtree::Ip { address: IpAddr::V6(address), mask: IpAddr::V6(mask) } = subtree else { return None };
    let start = |ip: &Ipv6Addr| {
        let [a, b, c, d, ..] = ip.octets();
        Ipv4Addr::new(a, b, c, d)
    };
    let (address, mask) = (start(address), start(mask));
    let is_reserved = address.octets()[0] >= 240 && mask.octets()[0] >= 240;
    (!is_reserved).then(|| Subtree::Ip { address: address.into(), mask: mask.into() })
}

/// What comes of an address that is compared with a network of the other family.
enum Crossed {
    /// It ends before the network does.
    Fails,
    /// It begins as the network does.
    Excluded,
}

/// `IPAddressName.constrains` goes by the network's length, octet by octet under the mask, excluded
/// networks first and of the permitted ones up to the first that fits.
fn of_address(ip: IpAddr, limits: &Constraints) -> Option<Crossed> {
    let excluded = limits.excluded().iter().map(|subtree| (subtree, true));
    for (subtree, is_excluded) in excluded.chain(limits.permitted().iter().map(|subtree| (subtree, false))) {
        let Subtree::Ip { address, mask } = subtree else { continue };
        let (own, network, mask) = (octets(ip), octets(*address), octets(*mask));
        let fits = own.iter().zip(&network).zip(&mask).all(|((own, network), mask)| own & mask == *network);
        match fits {
            true if own.len() < network.len() => return Some(Crossed::Fails),
            true if is_excluded => return (own.len() != network.len()).then_some(Crossed::Excluded),
            true => return None,
            false => {}
        }
    }
    None
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// Whether Java takes a text for a DNS name (`sun.security.x509.DNSName`): labels of letters, digits
/// and hyphens, which begin with a letter or a digit.
fn is_dns_to_java(text: &str) -> bool {
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.split('.').all(is_label)
}
