//! What clients look at when they judge a certificate, as plain facts with stable names.
//! Which client refuses for which of them, and in what words, is data: rules that name
//! facts. The facts are the same for all; what each makes of them differs.

mod strict;

use std::collections::BTreeSet;

use super::path::{LONGEST_OF_RUSTLS, Peer, Question, Verdict, is_of_form, verify};
use crate::certificate::{Certificate, EMPTY_NAME, TrustAnchor};
use crate::constraint::{MOST_COMPARISONS, Side};
use crate::finding::Severity;
use crate::key::KeyAlgorithm;
use crate::name::San;
use crate::subject::{self, Unfit};

/// The facts of a certificate as a server shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeSet<String>);

impl Facts {
    /// Whether a fact holds; with `!` in front, whether it does not.
    #[must_use]
    pub fn hold(&self, fact: &str) -> bool {
        match fact.strip_prefix('!') {
            Some(fact) => !self.0.contains(fact),
            None => self.0.contains(fact),
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn insert(&mut self, fact: impl Into<String>) {
        self.0.insert(fact.into());
    }
}

/// Names that facts may have. [`MORE_NAMES`] are the others, but for those of [`super::path`]'s
/// findings, which are their code without `path.`, `@`, and `leaf`, `issuer` or `anchor`.
pub const NAMES: [&str; 42] = [
    "always",
    "peer.ip",
    "peer.dns",
    "name.ok",
    "name.partial-wildcard",
    "name.top-level-wildcard",
    "name.common",
    "san.none",
    "san.dns",
    "san.ip",
    "san.domain",
    "leaf.v1",
    "leaf.ca",
    "leaf.self-issued",
    "leaf.usage-not-tls",
    "leaf.usage-no-signature",
    "leaf.purpose-none",
    "leaf.purpose-any",
    "leaf.long",
    "leaf.duplicate-extension",
    "anchored",
    "anchor.partial",
    "anchor.leaf",
    "anchor.v1",
    "anchor.not-a-ca",
    "anchor.no-cert-sign",
    "issuer.v1",
    "issuer.no-constraints",
    "issuer.no-cert-sign",
    "issuer.purpose-none",
    "issuer.purpose-any",
    "anchor.purpose-none",
    "anchor.purpose-any",
    "limit.permits@anchor",
    "limit.permits@issuer",
    "limit.excludes@anchor",
    "limit.excludes@issuer",
    "key.rsa-small",
    "key.rsa-large",
    "key.p384",
    "key.p521",
    "key.ed25519",
];

/// The other names that facts may have.
pub const MORE_NAMES: [&str; 35] = [
    "peer.underscore",
    "san.alone-not-critical",
    "critical.points",
    "critical.policies",
    "critical.policy-constraints",
    "critical.policy-rules",
    "limit.of-others",
    "limit.wildcard",
    "key.unusual",
    "ca.key-small",
    "signature.weak",
    "signature.sha1",
    "signature.ids-differ",
    "anchor.impostor",
    "root.sent",
    "path.long",
    "path.faulty",
    "limit.common-name",
    "text.unread",
    "text.character",
    "text.lenient",
    "leaf.netscape-other",
    "strict.constraints-not-critical",
    "strict.no-key-usage",
    "strict.length-without-cert-sign",
    "strict.cert-sign",
    "strict.issuer-empty",
    "strict.subject-empty",
    "strict.names-not-critical",
    "strict.names-empty",
    "strict.authority-id-critical",
    "strict.subject-id-critical",
    "strict.no-authority-id",
    "strict.no-subject-id",
    "strict.version",
];

/// Apple's platforms refuse what lasts longer (support.apple.com 103769), in days.
const LONGEST_DAYS: i64 = 825;

/// The facts of what is asked about.
#[must_use]
pub fn facts(question: &Question<'_>) -> Facts {
    let verdict = verify(question);
    let mut facts = Facts::default();
    facts.insert("always");
    of_path(&verdict, &mut facts);
    of_text(question, &verdict, &mut facts);
    of_name(question, &mut facts);
    of_leaf(question.certificate, &mut facts);
    if verdict.anchored {
        facts.insert("anchored");
        of_issuers(question, &verdict, &mut facts);
    }
    // Where a signature alone does not fit OpenSSL has found an issuer, and looks at the form first.
    if verdict.anchored || facts.hold("signature@leaf") || facts.hold("signature@issuer") {
        let fault = strict::first_fault(&verdict.path, verdict.anchored);
        facts.0.extend(fault.map(|fault| format!("strict.{fault}")));
    }
    of_limits(&verdict, &mut facts);
    of_critical(&verdict, &mut facts);
    if verdict.anchored && has_impostor(question) {
        facts.insert("anchor.impostor");
    }
    if ids_differ(question, &verdict) {
        facts.insert("signature.ids-differ");
    }
    facts
}

/// The same for whoever takes the roots that are sent for what they are, as API Gateway does
/// with `insecureSkipVerification`. The chain is what is sent, and nothing else.
#[must_use]
pub fn facts_of_sent(question: &Question<'_>) -> Facts {
    let roots = sent_roots(question.certificate, question.chain);
    facts(&Question { anchors: &roots, lists: &[], ..*question })
}

/// The roots among what is sent.
pub(super) fn sent_roots(certificate: &Certificate, sent: &[Certificate]) -> Vec<TrustAnchor> {
    let all = std::iter::once(certificate).chain(sent);
    all.filter(|c| c.is_self_issued()).cloned().map(TrustAnchor::new).collect()
}

/// Whether a trust anchor has the issuer's name and another key, and no key identifier tells:
/// OpenSSL takes what is trusted first, and does not look further.
fn has_impostor(question: &Question<'_>) -> bool {
    let leaf = question.certificate;
    let wanted = leaf.authority_key_identifier();
    question.anchors.iter().map(crate::certificate::TrustAnchor::certificate).any(|anchor| {
        let told = wanted.as_ref().zip(anchor.subject_key_identifier()).is_some_and(|(a, b)| *a != b);
        anchor.subject_der() == leaf.issuer_der()
            && anchor != leaf
            && !told
            && matches!(leaf.is_signed_by(anchor.public_key()), Ok(false))
    })
}

/// Whether the key identifiers tell already that no CA of the issuer's name signed it: the
/// leaf, or what the path breaks off at.
fn ids_differ(question: &Question<'_>, verdict: &Verdict) -> bool {
    let top = verdict.path.last().filter(|_| !verdict.anchored).unwrap_or(question.certificate);
    let Some(wanted) = top.authority_key_identifier() else { return false };
    let anchors = question.anchors.iter().map(crate::certificate::TrustAnchor::certificate);
    let mut issuers = anchors.chain(question.chain).filter(|c| c.subject_der() == top.issuer_der());
    issuers.all(|c| c.subject_key_identifier().is_some_and(|id| id != wanted))
}

/// The findings of the path, whatever they weigh here.
fn of_path(verdict: &Verdict, facts: &mut Facts) {
    for finding in verdict.findings.iter().filter(|f| f.severity >= Severity::Warning) {
        let Some(code) = finding.code.strip_prefix("path.") else { continue };
        let place = match finding.place.as_str() {
            "leaf" => "leaf",
            "trust anchor" => "anchor",
            _ => "issuer",
        };
        facts.insert(format!("{code}@{place}"));
    }
    if verdict.findings.iter().any(|f| f.severity == Severity::Error && is_of_form(f.code)) {
        facts.insert("path.faulty");
    }
}

/// What of the names on the way up is not written as its string type says.
fn of_text(question: &Question<'_>, verdict: &Verdict, facts: &mut Facts) {
    let path =
        if verdict.path.is_empty() { std::slice::from_ref(question.certificate) } else { &verdict.path[..] };
    let names = path.iter().flat_map(|certificate| [certificate.subject_der(), certificate.issuer_der()]);
    for name in names {
        match subject::unfit(name).map(|(how, _)| how) {
            Some(Unfit::Unread) => facts.insert("text.unread"),
            Some(Unfit::Character) => facts.insert("text.character"),
            Some(Unfit::Lenient) => facts.insert("text.lenient"),
            None => {}
        }
    }
}

fn of_name(question: &Question<'_>, facts: &mut Facts) {
    let leaf = question.certificate;
    let dns = leaf.dns_names_as_written();
    let is_ip = |name: &San| matches!(name, San::Ip(_));
    if !leaf.has_alternative_names() {
        facts.insert("san.none");
    }
    if !dns.is_empty() {
        facts.insert("san.dns");
    }
    if leaf.subject_der() == EMPTY_NAME && !leaf.critical_oids().iter().any(|oid| oid == "2.5.29.17") {
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
        let star = |name: &String| name.starts_with("*.") && !name[2..].contains('.');
        if let Peer::Dns(host) = peer
            && !dns.iter().any(|name| !star(name) && covers(name, host))
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
    let common = leaf.common_names();
    let asked = peer.to_string();
    if common.iter().any(|name| covers(name, &asked)) {
        facts.insert("name.common");
    }
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

fn of_leaf(leaf: &Certificate, facts: &mut Facts) {
    if leaf.version() < 3 {
        facts.insert("leaf.v1");
    }
    if leaf.ca().is_some() {
        facts.insert("leaf.ca");
    }
    if leaf.is_self_issued() {
        facts.insert("leaf.self-issued");
    }
    if let Some(usages) = leaf.key_usage() {
        let has = |name: &str| usages.contains(&name);
        if !has("digitalSignature") {
            facts.insert("leaf.usage-no-signature");
            if !has("keyEncipherment") && !has("keyAgreement") {
                facts.insert("leaf.usage-not-tls");
            }
        }
    }
    if let Some(purpose) = purpose_without_server(leaf) {
        facts.insert(format!("leaf.{purpose}"));
    }
    let oids = leaf.extension_oids();
    if oids.iter().collect::<BTreeSet<_>>().len() < oids.len() {
        facts.insert("leaf.duplicate-extension");
    }
    if leaf.is_netscapes_other() {
        facts.insert("leaf.netscape-other");
    }
    if leaf.validity().length().whole_days() > LONGEST_DAYS {
        facts.insert("leaf.long");
    }
    let key = leaf.public_key();
    match key.algorithm() {
        Some(KeyAlgorithm::Rsa1024) => facts.insert("key.rsa-small"),
        Some(KeyAlgorithm::Rsa4096) => facts.insert("key.rsa-large"),
        Some(algorithm) if !algorithm.is_rsa() && key.weakness().is_some() => facts.insert("key.unusual"),
        Some(KeyAlgorithm::P384) => facts.insert("key.p384"),
        Some(KeyAlgorithm::P521) => facts.insert("key.p521"),
        Some(KeyAlgorithm::Ed25519) => facts.insert("key.ed25519"),
        Some(_) => {}
        None if key.is_rsa() && key.weakness().is_some() => facts.insert("key.rsa-small"),
        None if key.is_rsa() && key.modulus_size().is_some_and(|bits| bits > 3072) => {
            facts.insert("key.rsa-large");
        }
        None if key.is_rsa() => {}
        None => facts.insert("key.unusual"),
    }
    if !leaf.is_self_issued() && !leaf.signature_algorithm().is_strong() {
        facts.insert("signature.weak");
        if leaf.signature_algorithm().name().ends_with("SHA-1") {
            facts.insert("signature.sha1");
        }
    }
}

/// What an extended key usage allows that does not name TLS servers.
fn purpose_without_server(certificate: &Certificate) -> Option<&'static str> {
    let usages = certificate.extended_key_usage_oids()?;
    let has = |wanted: &str| usages.iter().any(|oid| oid == wanted);
    match (has("1.3.6.1.5.5.7.3.1"), has("2.5.29.37.0")) {
        (true, _) => None,
        (false, true) => Some("purpose-any"),
        (false, false) => Some("purpose-none"),
    }
}

fn of_issuers(question: &Question<'_>, verdict: &Verdict, facts: &mut Facts) {
    let Some((anchor, below)) = verdict.path.split_last() else { return };
    if verdict.path.len() > LONGEST_OF_RUSTLS {
        facts.insert("path.long");
    }
    if anchor.is_self_issued() && (below.is_empty() || question.chain.contains(anchor)) {
        facts.insert("root.sent");
    }
    if below.is_empty() && !anchor.is_self_issued() {
        facts.insert("anchor.leaf");
    } else if !anchor.is_self_issued() {
        let known = |c: &Certificate| c.subject_der() == anchor.issuer_der();
        let mut trusted = question.anchors.iter().map(crate::certificate::TrustAnchor::certificate);
        if !trusted.any(known) {
            facts.insert("anchor.partial");
        }
    }
    if below.is_empty() {
        return;
    }
    match anchor.version() {
        3 if anchor.ca().is_none() => facts.insert("anchor.not-a-ca"),
        3 if !anchor.may_sign_certificates() => facts.insert("anchor.no-cert-sign"),
        3 => {}
        _ => facts.insert("anchor.v1"),
    }
    if let Some(purpose) = purpose_without_server(anchor) {
        facts.insert(format!("anchor.{purpose}"));
    }
    for issuer in verdict.path.iter().skip(1) {
        if issuer.public_key().weakness().is_some() {
            facts.insert("ca.key-small");
        }
    }
    for issuer in &below[1..] {
        if issuer.version() < 3 {
            facts.insert("issuer.v1");
        } else if !issuer.has_basic_constraints() {
            facts.insert("issuer.no-constraints");
        }
        if !issuer.may_sign_certificates() {
            facts.insert("issuer.no-cert-sign");
        }
        if let Some(purpose) = purpose_without_server(issuer) {
            facts.insert(format!("issuer.{purpose}"));
        }
    }
}

/// Critical extensions that some clients know and others do not, below the trust anchor.
fn of_critical(verdict: &Verdict, facts: &mut Facts) {
    let below = verdict.path.len() - usize::from(verdict.anchored && verdict.path.len() > 1);
    for certificate in &verdict.path[..below] {
        for oid in certificate.critical_oids() {
            match oid.as_str() {
                "2.5.29.31" => facts.insert("critical.points"),
                "2.5.29.32" => facts.insert("critical.policies"),
                "2.5.29.36" => facts.insert("critical.policy-constraints"),
                "2.5.29.33" | "2.5.29.54" => facts.insert("critical.policy-rules"),
                _ => {}
            }
        }
        let limits = certificate.name_constraints().ok().flatten().unwrap_or_default();
        for subtree in limits.permitted().iter().chain(limits.excluded()) {
            match subtree.kind() {
                "dns" | "ip" | "email" | "uri" => {}
                _ => facts.insert("limit.of-others"),
            }
        }
    }
}

/// As many names of a leaf are compared with limits: who has more breaks none, or with these.
const MOST_NAMES: usize = 1_000;

/// Whose limits the leaf's names break.
fn of_limits(verdict: &Verdict, facts: &mut Facts) {
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
