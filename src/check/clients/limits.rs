//! Whose limits names break, as each client compares them.

use std::net::IpAddr;

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
        // Of many names one that breaks a limit is enough.
        let subject = || limits.refuses_subject(leaf.subject_der()).ok().flatten();
        let broken =
            |side| names.iter().take(MOST_NAMES).find_map(|name| limits.bars(name, side)).or_else(subject);
        if let Some(limit) = broken(Side::Excludes) {
            let how = if limit.starts_with("it excludes") { "excludes" } else { "permits" };
            facts.insert(format!("limit.{how}@{place}"));
        } else if broken(Side::ExcludesAny).is_some() {
            facts.insert("limit.wildcard");
        }
    }
}

/// What Java 17 makes of limits (`NameConstraintsExtension.verify`): the common name, of a CA too,
/// stands for a DNS name or an address where there is none among the names; an excluded empty DNS
/// name, and an excluded IPv6 network beside an IPv4 address, are more than it can compare.
fn of_java(below: &Certificate, limits: &Constraints, facts: &mut Facts) {
    let names = below.names();
    let common = below.common_names().pop();
    let common = common.as_deref();
    let has_ip = names.iter().any(|name| matches!(name, San::Ip(_)));
    let has_dns = !below.dns_names_as_written().is_empty();
    let as_dns = common.filter(|name| !has_dns && is_dns_to_java(name) && name.parse::<IpAddr>().is_err());
    let address = common.filter(|_| !has_ip).and_then(|name| name.parse::<IpAddr>().ok());
    let excludes = |is: fn(&Subtree) -> bool| limits.excluded().iter().any(is);
    if (has_dns || as_dns.is_some()) && excludes(|s| matches!(s, Subtree::Dns(base) if base.is_empty())) {
        facts.insert("limit.no-dns-java");
    }
    let is_v4 = |name: &San| matches!(name, San::Ip(IpAddr::V4(_)));
    let is_v6 = |s: &Subtree| matches!(s, Subtree::Ip { address: IpAddr::V6(_), .. });
    if names.iter().any(is_v4) && excludes(is_v6) {
        facts.insert("limit.other-family-java");
    }
    let address = address.map(San::Ip);
    if as_dns.is_some_and(|name| limits.bars_dns(name, Side::Excludes).is_some())
        || address.is_some_and(|name| limits.refuses(&name).is_some())
    {
        facts.insert("limit.common-name-java");
    }
}

/// Whether Java takes a text for a DNS name (`sun.security.x509.DNSName`): labels of letters, digits
/// and hyphens, which begin with a letter or a digit.
fn is_dns_to_java(text: &str) -> bool {
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.strip_prefix("*.").unwrap_or(text).split('.').all(is_label)
}
