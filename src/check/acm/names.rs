//! Rules about names: N.

use std::collections::HashSet;
use std::net::IpAddr;

use time::OffsetDateTime;

use super::{Broken, Import};
use crate::finding::Severity;
use crate::name::San;

const CERTIFICATE: &str = "certificate";

fn broken(message: impl Into<String>) -> Vec<Broken> {
    vec![Broken::new(CERTIFICATE, message)]
}

pub(super) fn any(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if import.certificate.has_unread_names() {
        return broken(
            "what stands in its subject alternative name are not all names: clients refuse it, or differ about what it names",
        );
    }
    if import.certificate.has_alternative_names() {
        return Vec::new();
    }
    broken("it has no subject alternative name, and clients do not look at the common name")
}

pub(super) fn addresses(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let names = import.certificate.names();
    let is_named = |ip: IpAddr| names.iter().any(|n| matches!(n, San::Ip(own) if *own == ip));
    let written = import.certificate.dns_names_as_written();
    let as_dns = written.iter().filter_map(|name| name.parse::<IpAddr>().ok()).filter(|ip| !is_named(*ip));
    let mut found: Vec<Broken> = as_dns
        .map(|ip| Broken::new(CERTIFICATE, format!("the address {ip} is written as a DNS name")))
        .collect();
    // Without any name the rule before this one speaks.
    if found.is_empty() && import.certificate.has_alternative_names() {
        let common = import.certificate.common_names();
        let missing = common.iter().filter_map(|name| name.parse().ok()).filter(|ip| !is_named(*ip));
        found.extend(missing.map(|ip: IpAddr| {
            Broken::new(
                CERTIFICATE,
                format!("the address {ip} is the common name, and is not among the names"),
            )
        }));
    }
    found
}

/// Whether ACM shows a domain for a name: two labels or more.
pub(super) fn is_domain(name: &str) -> bool {
    let host = name.strip_prefix("*.").unwrap_or(name);
    host.contains('.') && host.parse::<IpAddr>().is_err()
}

pub(super) fn domain(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let names = import.certificate.dns_names_as_written();
    if names.is_empty() && !import.certificate.has_alternative_names() || names.iter().any(|n| is_domain(n)) {
        return Vec::new();
    }
    broken("it has no domain name: ACM shows none, its default list hides it, and Client VPN refuses it")
}

pub(super) fn single_label(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let names = import.certificate.dns_names_as_written();
    let single = names.iter().filter(|n| !n.contains('.'));
    single
        .map(|n| Broken::new(CERTIFICATE, format!("the name `{n}` has no dot: ACM shows no domain for it")))
        .collect()
}

pub(super) fn form(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let mut found = Vec::new();
    for name in import.certificate.dns_names_as_written() {
        let host = name.strip_prefix("*.").unwrap_or(&name);
        let labels = host.split('.');
        // An address is the rule's before, and a `*` in it that of the next.
        let is_other = host.contains('*') || host.parse::<IpAddr>().is_ok();
        if name.len() > 253 {
            let message = format!("the name `{name}` has {} characters, and a name has 253", name.len());
            found.push(Broken::new(CERTIFICATE, message));
        } else if let Some(long) = labels.clone().find(|l| l.len() > 63) {
            let message = format!("the label `{long}` has {} characters, and a label has 63", long.len());
            found.push(Broken::new(CERTIFICATE, message));
        } else if name.contains('_') {
            let message = format!("the name `{name}` has an underscore");
            found.push(Broken::new(CERTIFICATE, message).severity(Severity::Warning));
        } else if !is_other && format!("dns:{host}").parse::<San>().is_err() {
            let message = format!("the name `{name}` is no host name: clients match nothing with it");
            found.push(Broken::new(CERTIFICATE, message).severity(Severity::Warning));
        }
    }
    for name in import.certificate.common_names().into_iter().filter(|n| n.chars().count() > 64) {
        let message = format!("the common name `{name}` has {} characters, and 64 fit", name.chars().count());
        found.push(Broken::new(CERTIFICATE, message));
    }
    found
}

pub(super) fn wildcard(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let names = import.certificate.dns_names_as_written();
    let judge = |name: &String| {
        let rest = name.strip_prefix("*.").unwrap_or(name);
        if rest.contains('*') {
            return Some(Broken::new(CERTIFICATE, format!("the wildcard `{name}` matches nothing")));
        }
        // Go and Java take one.
        let single = name.starts_with("*.") && !rest.contains('.');
        single.then(|| {
            let message = format!(
                "the wildcard `{name}` stands below a single label: OpenSSL, curl and Chrome refuse it"
            );
            Broken::new(CERTIFICATE, message).severity(Severity::Warning)
        })
    };
    names.iter().filter_map(judge).collect()
}

pub(super) fn common_name(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if !import.certificate.has_alternative_names() {
        return Vec::new();
    }
    let written = import.certificate.dns_names_as_written();
    let mut names: HashSet<String> = written.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.extend(import.certificate.names().iter().map(|name| name.to_string().to_ascii_lowercase()));
    // An address that is missing is the rule's before.
    let listed =
        |common: &String| names.contains(&common.to_ascii_lowercase()) || common.parse::<IpAddr>().is_ok();
    let common = import.certificate.common_names();
    let missing = common.iter().filter(|c| !listed(c));
    missing
        .map(|c| Broken::new(CERTIFICATE, format!("the common name `{c}` is not among the names")))
        .collect()
}

pub(super) fn many(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let count = import.certificate.names().len();
    if count <= 100 {
        return Vec::new();
    }
    broken(format!("it has {count} names, and ACM's lists show the first 100"))
}
