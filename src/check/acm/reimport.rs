//! Rules about what ACM holds already: R and Q.

use super::names::is_domain;
use super::{Broken, Import};
use crate::certificate::{Certificate, WrittenName};
use crate::key::KeyAlgorithm;

/// What ACM holds, as far as it said.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// The ARN.
    pub arn: String,
    /// How it came there: `IMPORTED`, `AMAZON_ISSUED`, `PRIVATE`.
    pub kind: Option<String>,
    /// The kind of key, as the API reference writes it: `RSA_2048`.
    pub key_algorithm: Option<String>,
    /// The ARNs of what uses it.
    pub in_use_by: Vec<String>,
    /// The certificate itself.
    pub certificate: Option<Certificate>,
    /// How many imported certificates there are, where they were counted.
    pub count: Option<usize>,
}

/// How many imported certificates a region of an account holds by default.
const QUOTA: usize = 2_500;

fn broken(held: &Held, message: impl Into<String>) -> Vec<Broken> {
    vec![Broken::new(held.arn.clone(), message)]
}

pub(super) fn key_kind(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let own = import.certificate.public_key().algorithm().and_then(KeyAlgorithm::acm_name);
    match (own, held.key_algorithm.as_deref()) {
        (Some(own), Some(there)) if own != there => {
            broken(held, format!("it holds a key of the kind {there}, and this one is {own}"))
        }
        _ => Vec::new(),
    }
}

/// The usages that are in the old set and not in the new one, but for those that
/// ACM lets go.
fn taken_away<'a>(old: &'a [String], new: Option<&[String]>, free: &[&str]) -> Vec<&'a str> {
    // Without the extension none is left, though clients would allow all.
    let new = new.unwrap_or_default();
    let gone = |usage: &&String| !new.contains(usage) && !free.contains(&usage.as_str());
    old.iter().filter(gone).map(String::as_str).collect()
}

pub(super) fn key_usage(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let texts =
        |c: &Certificate| c.key_usage().map(|all| all.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let Some(old) = held.certificate.as_ref().and_then(texts) else { return Vec::new() };
    let ec = !import.certificate.public_key().algorithm().is_some_and(KeyAlgorithm::is_rsa);
    let free: &[&str] = if ec { &["keyEncipherment"] } else { &[] };
    let new = texts(import.certificate);
    let gone = taken_away(&old, new.as_deref(), free);
    if gone.is_empty() {
        return Vec::new();
    }
    broken(held, format!("its key usage {} would be taken away", gone.join(", ")))
}

const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

pub(super) fn extended_key_usage(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let Some(old) = held.certificate.as_ref().and_then(Certificate::extended_key_usage_oids) else {
        return Vec::new();
    };
    let new = import.certificate.extended_key_usage_oids();
    let gone = taken_away(&old, new.as_deref(), &[CLIENT_AUTH]);
    if gone.is_empty() {
        return Vec::new();
    }
    broken(held, format!("its extended key usage {} would be taken away", gone.join(", ")))
}

pub(super) fn domain(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let Some(old) = &held.certificate else { return Vec::new() };
    none_stays(held, &domains_of(old), &import.certificate.dns_names_as_written())
}

/// ACM's documents speak of domains alone. One that has none is known by its other names.
pub(super) fn other_name(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let Some(old) = held.certificate.as_ref().filter(|old| domains_of(old).is_empty()) else {
        return Vec::new();
    };
    let texts = |of: &Certificate| -> Vec<String> {
        of.general_names().iter().map(|name| WrittenName::of(name).to_string()).collect()
    };
    none_stays(held, &texts(old), &texts(import.certificate))
}

fn domains_of(certificate: &Certificate) -> Vec<String> {
    certificate.dns_names_as_written().into_iter().filter(|name| is_domain(name)).collect()
}

fn none_stays(held: &Held, old: &[String], new: &[String]) -> Vec<Broken> {
    if old.is_empty() || old.iter().any(|name| new.contains(name)) {
        return Vec::new();
    }
    broken(held, format!("none of its names stays: {}", old.join(", ")))
}

pub(super) fn imported(_: &Import<'_>, held: &Held) -> Vec<Broken> {
    match held.kind.as_deref() {
        Some("IMPORTED") | None => Vec::new(),
        Some(other) => broken(held, format!("it is {other}, and only imported certificates can be replaced")),
    }
}

pub(super) fn new_usages(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let Some(old) = &held.certificate else { return Vec::new() };
    let mut new = Vec::new();
    if old.key_usage().is_none() && import.certificate.key_usage().is_some() {
        new.push("key usage");
    }
    if old.extended_key_usage_oids().is_none() && import.certificate.extended_key_usage_oids().is_some() {
        new.push("extended key usage");
    }
    if new.is_empty() {
        return Vec::new();
    }
    broken(held, format!("it has no {}, and the new one has: ACM once refused that", new.join(" and no ")))
}

pub(super) fn in_use(_: &Import<'_>, held: &Held) -> Vec<Broken> {
    if held.in_use_by.is_empty() {
        return Vec::new();
    }
    broken(held, format!("in use by {}", held.in_use_by.join(", ")))
}

pub(super) fn issuer(import: &Import<'_>, held: &Held) -> Vec<Broken> {
    let Some(old) = &held.certificate else { return Vec::new() };
    if held.in_use_by.is_empty() || old.issuer_der() == import.certificate.issuer_der() {
        return Vec::new();
    }
    let message =
        format!("its issuer is `{}`, and the new one's is `{}`", old.issuer(), import.certificate.issuer());
    broken(held, message)
}

pub(super) fn quota(_: &Import<'_>, held: &Held) -> Vec<Broken> {
    match held.count {
        Some(count) if count * 10 >= QUOTA * 9 => {
            broken(held, format!("{count} imported certificates are there, and the usual quota is {QUOTA}"))
        }
        _ => Vec::new(),
    }
}
