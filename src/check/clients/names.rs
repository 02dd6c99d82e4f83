//! Whether the names of a certificate cover what is asked for, as each client compares them.

use super::super::certificate::unread;
use super::super::path::{Peer, Question};
use super::Facts;
use crate::certificate::{Certificate, EMPTY_NAME};
use crate::name::San;

/// The object identifier of the subject alternative name.
const NAMES: &str = "2.5.29.17";

pub(super) fn of_name(question: &Question<'_>, facts: &mut Facts) {
    let leaf = question.certificate;
    let dns = leaf.dns_names_as_written();
    let is_ip = |name: &San| matches!(name, San::Ip(_));
    if !leaf.has_alternative_names() {
        facts.insert("san.none");
    }
    of_list(leaf, facts);
    if !dns.is_empty() {
        facts.insert("san.dns");
    }
    if leaf.subject_der() == EMPTY_NAME && !leaf.critical_oids().iter().any(|oid| oid == NAMES) {
        facts.insert("san.alone-not-critical");
    }
    if leaf.names().iter().any(is_ip) {
        facts.insert("san.ip");
    }
    if dns
        .iter()
        .any(|name| name.trim_start_matches("*.").contains('.') && name.parse::<std::net::IpAddr>().is_err())
    {
        facts.insert("san.domain");
    }
    let Some(peer) = question.peer else {
        // Nobody says how it is reached: the name is taken to be right.
        facts.insert("name.ok");
        return;
    };
    if matches!(peer, Peer::Dns(host) if host.contains('_')) {
        facts.insert("peer.underscore");
    }
    facts.insert(if matches!(peer, Peer::Ip(_)) { "peer.ip" } else { "peer.dns" });
    if peer.is_named_by(leaf) {
        facts.insert("name.ok");
        if let Peer::Dns(host) = peer
            && !dns.iter().any(|name| !is_top_level_wildcard(name) && covers(name, host))
        {
            facts.insert("name.top-level-wildcard");
        }
    } else if let Peer::Dns(host) = peer
        && let Some(name) = dns.iter().find(|name| partly(&name.to_ascii_lowercase(), host))
    {
        facts.insert("name.partial-wildcard");
        if name.matches('.').count() < 2 {
            facts.insert("name.top-level-wildcard");
        }
    }
    if let Peer::Dns(host) = peer
        && host.contains('_')
        && !dns.iter().any(|name| name.eq_ignore_ascii_case(host))
    {
        facts.insert("peer.underscore-below-wildcard");
    }
    let common = leaf.common_names();
    let asked = peer.to_string();
    let mut covering = common.iter().filter(|name| covers(name, &asked)).peekable();
    if covering.peek().is_some() {
        facts.insert("name.common");
        if covering.all(|name| is_top_level_wildcard(name)) {
            facts.insert("name.common-top-level-wildcard");
        }
    }
    if common.is_empty() {
        facts.insert("name.common-none");
    }
}

/// What is wrong with its list of names, as clients tell it apart.
fn of_list(leaf: &Certificate, facts: &mut Facts) {
    let faults = leaf.names_faults();
    for (holds, fact) in [
        (faults.not_ascii, "san.not-ascii"),
        (faults.cut, "san.cut"),
        (faults.address, "san.address-length"),
        (faults.directory && !faults.no_list && !faults.cut && !faults.other, "san.directory-malformed"),
        (faults.cut || faults.address || faults.directory || faults.other, "san.malformed"),
    ] {
        if holds {
            facts.insert(fact);
        }
    }
    let others = unread(leaf).filter(|oid| oid.to_string() != NAMES);
    if facts.hold("san.malformed") && !faults.no_list && others.count() == 0 {
        facts.insert("unread.names-alone");
    }
    if !leaf.has_alternative_names() && leaf.extension_oids().iter().any(|oid| oid == NAMES) {
        facts.insert("san.empty");
    }
}

/// Whether its `*` stands below a single label.
fn is_top_level_wildcard(name: &str) -> bool {
    name.strip_prefix("*.").is_some_and(|below| !below.contains('.'))
}

/// Whether a name is this host, or a wildcard whose one label stands for the host's first.
fn covers(name: &str, host: &str) -> bool {
    let below = host.split_once('.').map(|(_, below)| below);
    name.eq_ignore_ascii_case(host)
        || name.strip_prefix("*.").zip(below).is_some_and(|(rest, below)| rest.eq_ignore_ascii_case(below))
}

/// Whether a `*` that is a part of the leftmost label stands for the host's.
fn partly(presented: &str, host: &str) -> bool {
    let (Some((label, rest)), Some((first, below))) = (presented.split_once('.'), host.split_once('.'))
    else {
        return false;
    };
    let Some((before, after)) = label.split_once('*') else { return false };
    rest == below
        && label.len() > 1
        && first.len() >= before.len() + after.len()
        && first.starts_with(before)
        && first.ends_with(after)
}

#[cfg(test)]
mod tests {
    use super::partly;

    #[test]
    fn a_star_within_a_label_is_told_apart() {
        assert!(partly("back*.corp.internal", "backend.corp.internal"));
        assert!(partly("*end.corp.internal", "backend.corp.internal"));
        for (presented, host) in [
            ("*.corp.internal", "backend.corp.internal"),
            ("back*.internal", "backend.corp.internal"),
            ("backend*end.corp.internal", "backend.corp.internal"),
        ] {
            assert!(!partly(presented, host), "{presented}");
        }
    }
}
