//! What clients look at when they judge a certificate, as plain facts with stable names.
//! Which client refuses for which of them, and in what words, is data: rules that name
//! facts. The facts are the same for all; what each makes of them differs.

mod fact;
mod keys;
mod limits;
mod names;
mod strict;

use std::collections::BTreeSet;

use super::certificate::unread;
use super::path::{LONGEST_OF_RUSTLS, Question, Verdict, is_of_form, verify};
use crate::certificate::{Certificate, TrustAnchor};
use crate::finding::Severity;
use crate::subject::{self, Unfit};
pub use fact::{Facts, NAMES};
pub use limits::{facts_below, java_fails_below};

/// Apple's platforms refuse what lasts longer (support.apple.com 103769), in days.
const LONGEST_DAYS: i64 = 825;

/// The facts of what is asked about.
#[must_use]
pub fn facts(question: &Question<'_>) -> Facts {
    let verdict = verify(question);
    // A server's own certificate among the trust anchors is in nobody's way to its CA there.
    if let [leaf] = verdict.path.as_slice()
        && verdict.anchored
        && !leaf.is_self_signed()
    {
        let is_other = |anchor: &&TrustAnchor| anchor.certificate() != question.certificate;
        let others: Vec<TrustAnchor> = question.anchors.iter().filter(is_other).cloned().collect();
        let of_others = Question { anchors: &others, ..*question };
        let by_others = verify(&of_others);
        if by_others.anchored {
            return facts_of(&of_others, &by_others);
        }
    }
    facts_of(question, &verdict)
}

fn facts_of(question: &Question<'_>, verdict: &Verdict) -> Facts {
    let mut facts = Facts::default();
    facts.insert("always");
    of_path(verdict, &mut facts);
    let path =
        if verdict.path.is_empty() { std::slice::from_ref(question.certificate) } else { &verdict.path[..] };
    of_text(path, &mut facts);
    names::of_name(question, &mut facts);
    of_leaf(question.certificate, &mut facts);
    if seems_self_signed(question.certificate) && !(verdict.anchored && verdict.path.len() == 1) {
        facts.insert("leaf.seems-self-signed");
    }
    of_unread(path, verdict.anchored, &mut facts);
    keys::of_signatures(path, verdict.anchored, &mut facts);
    if verdict.anchored {
        facts.insert("anchored");
        of_issuers(question, verdict, &mut facts);
    }
    // Where a signature alone does not fit OpenSSL has found an issuer, and looks at the form first.
    if verdict.anchored || facts.hold("signature@leaf") || facts.hold("signature@issuer") {
        let fault = strict::first_fault(&verdict.path, verdict.anchored);
        facts.extend(fault);
    }
    limits::of_names(verdict, &mut facts);
    of_critical(verdict, &mut facts);
    if verdict.anchored && has_impostor(question) {
        facts.insert("anchor.impostor");
    }
    if ids_differ(question, verdict) {
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
        // The certificate right below the trust anchor.
        if code == "key-identifier" && verdict.path.len() == if place == "leaf" { 2 } else { 3 } {
            facts.insert("key-identifier.below-anchor");
        }
    }
    if verdict.findings.iter().any(|f| f.severity == Severity::Error && is_of_form(f.code)) {
        facts.insert("path.faulty");
    }
}

/// What of the names on the way up is not written as its string type says.
fn of_text(path: &[Certificate], facts: &mut Facts) {
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

/// Whether OpenSSL takes it for self-signed: by its names, unless key identifiers tell otherwise
/// (`x509v3_cache_extensions`, `EXFLAG_SS`). It looks at no signature.
fn seems_self_signed(leaf: &Certificate) -> bool {
    let ids = leaf.authority_key_identifier().zip(leaf.subject_key_identifier());
    leaf.is_self_issued() && !leaf.is_self_signed() && ids.is_none_or(|(issuer, own)| issuer == own)
}

/// The extensions of a path that cannot be read.
fn of_unread(path: &[Certificate], anchored: bool, facts: &mut Facts) {
    for (index, certificate) in path.iter().enumerate() {
        for oid in unread(certificate) {
            facts.insert(match index {
                0 => "unread@leaf",
                i if anchored && i + 1 == path.len() => "unread@anchor",
                _ => "unread@issuer",
            });
            let oid = oid.to_string();
            if ["2.5.29.19", "2.5.29.15"].contains(&oid.as_str()) {
                facts.insert("unread.constraints-or-key-usage");
            }
            if ["2.5.29.19", "2.5.29.37", "2.5.29.17", "2.5.29.30"].contains(&oid.as_str()) {
                facts.insert("unread.read-by-rustls");
            }
        }
    }
}

fn of_leaf(leaf: &Certificate, facts: &mut Facts) {
    if leaf.version() < 3 {
        facts.insert("leaf.v1");
    }
    if leaf.version() < 3 && !leaf.extension_oids().is_empty() {
        facts.insert("leaf.extensions-before-v3");
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
    keys::of_leaf(leaf, facts);
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
    if below.is_empty() && !anchor.is_self_signed() {
        facts.insert("anchor.leaf");
    } else if !anchor.is_self_issued() {
        let known = |c: &Certificate| c.subject_der() == anchor.issuer_der();
        let mut trusted = question.anchors.iter().map(crate::certificate::TrustAnchor::certificate);
        if !trusted.any(known) {
            facts.insert("anchor.partial");
        }
    }
    if anchor.version() >= 3 && anchor.has_basic_constraints() && anchor.ca().is_none() {
        facts.insert("top.no-ca");
    }
    if anchor.version() >= 3 && !anchor.may_sign_certificates() {
        facts.insert("top.no-cert-sign");
    }
    if below.is_empty() {
        return;
    }
    match anchor.version() {
        3 if anchor.ca().is_none() => {
            facts.insert("anchor.not-a-ca");
            if !anchor.has_basic_constraints()
                && anchor.key_usage().is_some()
                && anchor.may_sign_certificates()
            {
                facts.insert("anchor.ca-by-key-usage");
            }
        }
        3 if !anchor.may_sign_certificates() => facts.insert("anchor.no-cert-sign"),
        3 => {}
        _ => facts.insert("anchor.v1"),
    }
    if let Some(purpose) = purpose_without_server(anchor) {
        facts.insert(format!("anchor.{purpose}"));
    }
    keys::of_authorities(&verdict.path, facts);
    for issuer in &below[1..] {
        if issuer.version() < 3 {
            facts.insert("issuer.v1");
        } else if !issuer.has_basic_constraints() {
            facts.insert("issuer.no-constraints");
            if issuer.key_usage().is_none() {
                facts.insert("issuer.no-key-usage");
            }
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
    let unknown: Vec<String> = verdict.path.iter().filter_map(Certificate::unknown_critical).collect();
    // Go knows the key identifiers and the authority information access, critical or not.
    let is_known = |oid: &String| ["2.5.29.35", "2.5.29.14", "1.3.6.1.5.5.7.1.1"].contains(&oid.as_str());
    if !unknown.is_empty() && unknown.iter().all(is_known) {
        facts.insert("critical.identifiers");
    }
    let below = verdict.path.len() - usize::from(verdict.anchored && verdict.path.len() > 1);
    for anchor in &verdict.path[below..] {
        for oid in anchor.critical_oids() {
            match oid.as_str() {
                "2.5.29.36" => facts.insert("critical.policy-constraints@anchor"),
                "2.5.29.33" | "2.5.29.54" => facts.insert("critical.policy-rules@anchor"),
                _ => {}
            }
        }
    }
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
