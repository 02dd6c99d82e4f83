//! What is wrong with a path, certificate by certificate, as a table of rules.

use time::OffsetDateTime;

use super::{LONGEST_OF_RUSTLS, Purpose, Question, lists, opinion};
use crate::certificate::{Certificate, WrittenName};
use crate::check::certificate;
use crate::constraint::{MOST_COMPARISONS, Side};
use crate::error::Counted;
use crate::finding::{Finding, Severity};
use crate::validity::rfc3339;

/// What to do about a finding of this code.
pub(super) fn fix(code: &str) -> &'static str {
    FIXES.iter().find(|(known, _)| *known == code).map_or("", |(_, fix)| fix)
}

/// Codes, and what to do.
const FIXES: &[(&str, &str)] = &[
    (
        "path.no-issuer",
        "give the missing issuer with --chain, or its CA with --trust; a server has to send every intermediate",
    ),
    ("path.untrusted", "trust this very certificate with --trust, or have it issued by a CA"),
    ("path.signature", "get the CA certificate whose key signed it; two CAs must never share a name"),
    ("path.too-deep", "issue from a CA that is nearer to the root"),
    ("path.malformed", "issue it anew"),
    ("path.refused", "issue it anew, or say what is wrong with this verdict"),
    ("path.long", "issue from a CA that is nearer to the root"),
    ("path.too-many", "give fewer certificates with --chain"),
    ("path.expired", "renew it: certforge renew NAME, or certforge ca renew NAME"),
    ("path.not-yet-valid", "look at the clocks; issue it with a start in the past"),
    ("path.anchor-expired", "renew the CA with the same key, and install it again: certforge ca renew NAME"),
    ("path.not-a-ca", "issue from a CA: its basicConstraints have to say CA:TRUE"),
    // Said of what issued, where forms are asked for.
    ("certificate.basic-constraints", "issue from a CA: its basicConstraints have to say CA:TRUE"),
    ("path.ca-version", "make the CA anew as version 3: certforge ca new"),
    ("path.ca-key-usage", "make the CA anew with keyCertSign: certforge ca new"),
    ("path.path-length", "issue from the CA above, or make that CA anew with --path-length"),
    ("path.critical-unknown", "issue it without that extension, or not critical"),
    ("path.name-constraint", "issue it from a CA that may have this name"),
    (
        "path.extended-key-usage",
        "issue it for this purpose: certforge leaf --template server, client or mutual",
    ),
    ("path.key-usage", "issue it with digitalSignature: certforge leaf does"),
    ("path.name", "issue it with --san NAME for every name that clients use"),
    ("path.name-missing", "issue it with --san NAME: the common name does not count"),
    ("path.weak-signature", "issue it anew with SHA-256"),
    ("path.weak-key", "issue it anew with a stronger key: --key p256 or --key rsa2048"),
    ("path.ca-as-leaf", "issue a leaf of that CA for the server: certforge leaf"),
    ("path.algorithm", "issue it with an algorithm that clients know: RSA or ECDSA with SHA-256, Ed25519"),
    ("path.revoked", "get another one: certforge renew NAME"),
    ("path.list-missing", "give the issuer's list with --crl: certforge crl makes it"),
    ("path.list-part", "give the whole list of that CA with --crl"),
    ("path.policy", "make the CA anew without policy constraints, or issue it with a policy of that CA"),
    ("path.issuer-name", "issue it anew from that CA, whose name certforge copies as it is"),
    ("path.key-identifier", "issue it anew from the CA that is there now"),
    ("path.list-outdated", "make the list anew: certforge crl"),
    ("path.list-signer", "make the CA anew with cRLSign: certforge ca new"),
];

/// The findings of a path whose last certificate is a trust anchor. `unknown` says that
/// a signature in it could not be checked here.
pub(super) fn path(question: &Question<'_>, path: &[&Certificate], unknown: bool) -> Vec<Finding> {
    let mut judge = Judge { question, path, anchored: true, findings: Vec::new() };
    judge.all();
    let opinion = opinion::of(question, path);
    // That it is weak is said already, and more to the point.
    let weak = judge.findings.iter().any(|f| f.code == "path.weak-signature");
    if unknown && !weak && opinion != opinion::Opinion::Good {
        judge.say(
            "path.algorithm",
            Severity::Error,
            0,
            "a signature of the path is of an algorithm that cannot be checked",
        );
    }
    if path.len() > LONGEST_OF_RUSTLS {
        let message =
            format!("the path has {} certificates, and rustls takes {LONGEST_OF_RUSTLS}", path.len());
        judge.say("path.long", Severity::Warning, 0, message);
    }
    let sound = judge.findings.iter().all(|f| f.severity != Severity::Error);
    if let (true, opinion::Opinion::Bad(reason)) = (sound, opinion) {
        let message = format!("rustls-webpki refuses the path: {reason}");
        judge.say("path.refused", Severity::Error, 0, message);
    }
    judge.findings
}

/// The findings of a path that reaches no trust anchor.
pub(super) fn below(question: &Question<'_>, path: &[&Certificate]) -> Vec<Finding> {
    let mut judge = Judge { question, path, anchored: false, findings: Vec::new() };
    judge.all();
    judge.findings
}

/// The name of a place in a path; `last` is the trust anchor's.
pub(super) fn place(index: usize, last: usize) -> String {
    match index {
        0 => "leaf".to_owned(),
        i if i == last => "trust anchor".to_owned(),
        i => format!("issuer {i}"),
    }
}

struct Judge<'a> {
    question: &'a Question<'a>,
    path: &'a [&'a Certificate],
    anchored: bool,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn say(&mut self, code: &'static str, severity: Severity, index: usize, message: impl Into<String>) {
        let place = self.place(index);
        self.findings.push(Finding::new(code, severity, place, message).fix(fix(code)));
    }

    fn place(&self, index: usize) -> String {
        // A certificate that is itself trusted is the leaf first.
        place(index, if self.anchored { self.path.len() - 1 } else { usize::MAX })
    }

    fn is_anchor(&self, index: usize) -> bool {
        self.anchored && index + 1 == self.path.len()
    }

    /// Whether a certificate of the path issues, the leaf excepted.
    const fn issues(index: usize) -> bool {
        index > 0
    }

    fn all(&mut self) {
        for (index, certificate) in self.path.iter().enumerate() {
            self.dates(index, certificate);
            self.strength(index, certificate);
            self.critical(index, certificate);
            self.identifiers(index, certificate);
            if Self::issues(index) {
                self.authority(index, certificate);
            }
            self.purpose(index, certificate);
        }
        if let Some(leaf) = self.path.first() {
            self.leaf(leaf);
        }
        self.name_constraints();
        self.policies();
        let lists = lists::judge(self.question, self.path);
        for found in lists {
            self.say(found.code, found.severity, found.index, found.message);
        }
        if self.question.strict {
            self.forms();
        }
    }

    fn dates(&mut self, index: usize, certificate: &Certificate) {
        let (at, validity) = (self.question.at, certificate.validity());
        if at > validity.not_after() {
            let code =
                if self.is_anchor(index) && index > 0 { "path.anchor-expired" } else { "path.expired" };
            let message = format!("it ended {}, and it is {}", rfc3339(validity.not_after()), rfc3339(at));
            self.say(code, Severity::Error, index, message);
        } else if whole(at) < validity.not_before() {
            let message = format!("it starts {}, and it is {}", rfc3339(validity.not_before()), rfc3339(at));
            self.say("path.not-yet-valid", Severity::Error, index, message);
        }
    }

    fn strength(&mut self, index: usize, certificate: &Certificate) {
        // Nobody checks the signature of what is trusted as it is.
        let weakness = certificate.signature_algorithm().weakness();
        if let Some(message) = weakness.filter(|_| !self.is_anchor(index)) {
            self.say("path.weak-signature", Severity::Error, index, message);
        }
        if let Some(weakness) = certificate.public_key().weakness() {
            self.say("path.weak-key", Severity::Error, index, format!("its key is weak: {weakness}"));
        }
    }

    fn critical(&mut self, index: usize, certificate: &Certificate) {
        if let Some(message) = certificate::unclear(certificate) {
            self.say("path.malformed", Severity::Error, index, message);
        }
        if let Some(oid) = certificate.unknown_critical() {
            let message = format!("it has the critical extension {oid}, which is not known");
            self.say("path.critical-unknown", Severity::Error, index, message);
        }
    }

    /// Policies that a CA above wants (RFC 5280 §6.1). Which they are is not compared: what has
    /// none is refused by all that look.
    fn policies(&mut self) {
        for index in (1..self.path.len()).rev() {
            let Some(most) = self.path[index].required_policy() else { continue };
            let below = self.path[..index].iter().filter(|c| !c.is_self_issued()).count();
            if self.is_anchor(index) || below < usize::try_from(most).unwrap_or(usize::MAX) {
                continue;
            }
            let bare = |i: &usize| !self.is_anchor(*i) && !self.path[*i].has_policies();
            if let Some(bare) = (0..self.path.len()).find(bare) {
                let message =
                    format!("`{}` wants a certificate policy, and it has none", self.path[index].subject());
                return self.say("path.policy", Severity::Error, bare, message);
            }
        }
    }

    /// A key identifier, or a serial number, of the issuer that is not this issuer's
    /// (RFC 5280 §4.2.1.1): OpenSSL, and what is built on it, looks for another one then.
    fn identifiers(&mut self, index: usize, certificate: &Certificate) {
        let Some(issuer) = self.path.get(index + 1) else { return };
        let id = certificate.authority_key_identifier().zip(issuer.subject_key_identifier());
        let differs = match (id, certificate.authority_serial()) {
            (Some((named, own)), _) if named != own => "key identifier",
            (_, Some(serial)) if serial != issuer.serial() => "serial number",
            _ => return,
        };
        let message = format!(
            "the {differs} of its issuer that it names is another one's, and `{}` did sign it",
            issuer.subject()
        );
        self.say("path.key-identifier", Severity::Error, index, message);
    }

    fn authority(&mut self, index: usize, certificate: &Certificate) {
        let anchor = self.is_anchor(index);
        // rustls and browsers take a trust anchor for its name and key alone; of what it says
        // of itself everybody else believes it.
        let lax = if anchor { Severity::Warning } else { Severity::Error };
        let says_no = certificate.has_basic_constraints();
        if certificate.version() < 3 {
            let message = format!("it is version {}, which makes no CA", certificate.version());
            self.say("path.ca-version", lax, index, message);
            return;
        }
        match certificate.ca() {
            None => {
                let message = "its basic constraints do not say that it is a CA, and it issued a certificate";
                self.say("path.not-a-ca", if says_no { Severity::Error } else { lax }, index, message);
            }
            Some(length) => {
                // Those that issued themselves do not count (RFC 5280 §4.2.1.9).
                let below = self.path[1..index].iter().filter(|c| !c.is_self_issued()).count();
                if length.0.is_some_and(|most| below > usize::from(most)) {
                    let most = length.0.unwrap_or_default();
                    let below = Counted(below, "CA", "CAs");
                    let message = format!("its path length is {most}, with {below} below it");
                    self.say("path.path-length", Severity::Error, index, message);
                }
            }
        }
        if !certificate.may_sign_certificates() {
            let message = "its key usage has no keyCertSign, and it issued a certificate";
            self.say("path.ca-key-usage", Severity::Error, index, message);
        }
    }

    /// Extended key usages bind what stands below a CA, in every client that builds paths.
    fn purpose(&mut self, index: usize, certificate: &Certificate) {
        let wanted = match self.question.purpose {
            Purpose::Server => "serverAuth",
            Purpose::Client => "clientAuth",
            Purpose::Any => return,
        };
        let anchor = self.is_anchor(index) && index > 0;
        let severity = if anchor { Severity::Warning } else { Severity::Error };
        match certificate.allowed_usages() {
            Err(e) => self.say("path.extended-key-usage", severity, index, e.to_string()),
            Ok(Some(usages)) => {
                let usages: Vec<String> = usages.iter().map(ToString::to_string).collect();
                if !usages.iter().any(|usage| usage == wanted) {
                    let has = if usages.is_empty() { "nothing".to_owned() } else { usages.join(", ") };
                    let message = format!("its extended key usage allows {has}, and {wanted} is wanted");
                    self.say("path.extended-key-usage", severity, index, message);
                }
            }
            Ok(None) => {}
        }
    }

    fn leaf(&mut self, leaf: &Certificate) {
        let strict = if self.question.strict { Severity::Error } else { Severity::Warning };
        if self.question.purpose != Purpose::Any {
            if leaf.ca().is_some() {
                let message = "it is a CA's, which rustls and browsers do not take from a server or client";
                self.say("path.ca-as-leaf", strict, 0, message);
            } else if let Some(usages) = leaf.key_usage()
                && !usages.contains(&"digitalSignature")
            {
                // TLS 1.2 has ways to do without (RFC 5246 §7.4.2).
                let other = usages.iter().any(|u| matches!(*u, "keyEncipherment" | "keyAgreement"));
                let severity = if other { Severity::Warning } else { Severity::Error };
                let has = if usages.is_empty() { "nothing".to_owned() } else { usages.join(", ") };
                let message = format!("its key usage allows {has}, and TLS wants digitalSignature");
                self.say("path.key-usage", severity, 0, message);
            }
        }
        let Some(peer) = self.question.peer else { return };
        if peer.is_named_by(leaf) {
            return;
        }
        if leaf.has_alternative_names() {
            let names = names_as_written(leaf);
            self.say("path.name", Severity::Error, 0, format!("it is for {names}, and not for {peer}"));
        } else {
            let common = leaf.common_names();
            let has = if common.is_empty() {
                String::new()
            } else {
                format!(", only the common name {}", common.join(", "))
            };
            let message = format!("it has no subject alternative name{has}, and {peer} is wanted");
            self.say("path.name-missing", Severity::Error, 0, message);
        }
    }

    fn name_constraints(&mut self) {
        let mut comparisons = 0;
        for (index, authority) in self.path.iter().enumerate().skip(1) {
            let limits = match authority.name_constraints() {
                Ok(None) => continue,
                Ok(Some(limits)) => limits,
                Err(e) => {
                    self.say("path.name-constraint", Severity::Error, index, e.to_string());
                    continue;
                }
            };
            for (below, certificate) in self.path[..index].iter().enumerate() {
                // What a CA issued to itself is bound by nothing, unless it is the leaf.
                if below > 0 && certificate.is_self_issued() {
                    continue;
                }
                let names = certificate.general_names();
                // The subject is compared too: its e-mail addresses, and as a whole.
                let more = 1 + certificate.subject_der().len() / 16;
                comparisons += (names.len() + more) * limits.count();
                if comparisons > MOST_COMPARISONS {
                    let message =
                        format!("more than {MOST_COMPARISONS} names would have to be compared with limits");
                    self.say("path.name-constraint", Severity::Error, index, message);
                    return;
                }
                let broken = names.iter().find_map(|name| {
                    let limit = limits.bars(name, Side::ExcludesAny)?;
                    Some((WrittenName::of(name).to_string(), limit))
                });
                let subject = || match limits.refuses_subject(certificate.subject_der()) {
                    Ok(reason) => reason.map(|reason| (certificate.subject(), reason)),
                    Err(e) => Some((certificate.subject(), e.to_string())),
                };
                let common_name = || {
                    let barred = |name: &String| limits.bars_common_name(name);
                    certificate.common_names().iter().find_map(barred)
                };
                if below == 0
                    && certificate.dns_names_as_written().is_empty()
                    && let Some(limit) = common_name()
                {
                    let place = self.place(index);
                    let message = format!(
                        "OpenSSL takes its common name for a DNS name, and of what stands below the {place} {limit}"
                    );
                    self.say("path.common-name", Severity::Warning, below, message);
                }
                if let Some((name, limit)) = broken.or_else(subject) {
                    let place = self.place(index);
                    let message =
                        format!("it has the name {name}, and of what stands below the {place} {limit}");
                    self.say("path.name-constraint", Severity::Error, below, message);
                }
            }
        }
    }

    /// The rules of form: what breaks the standard, in every certificate of the path.
    fn forms(&mut self) {
        for (index, certificate) in self.path.iter().enumerate() {
            let place = self.place(index);
            for mut finding in certificate::examine(certificate) {
                finding.place.clone_from(&place);
                // A CA has to have one (RFC 5280 §4.2.1.3), and strict clients miss it.
                let no_usage = finding.code == "certificate.key-usage"
                    && Self::issues(index)
                    && certificate.version() >= 3
                    && certificate.key_usage().is_none();
                let strict = [certificate::ROOT_KEY_IDENTIFIER, certificate::COMMON_NAME_CASE];
                if no_usage || strict.contains(&finding.code) {
                    finding.severity = Severity::Error;
                }
                // Nobody goes on upwards from an anchor.
                let upwards = finding.code == "certificate.authority-key-identifier";
                if upwards && self.is_anchor(index) && !certificate.is_self_issued() {
                    finding.severity = Severity::Warning;
                }
                self.findings.push(finding);
            }
            if Self::issues(index) {
                let said = |code: &str| self.findings.iter().any(|f| f.code == code && f.place == place);
                if said("path.not-a-ca") {
                    let message = "it is no CA, and issued a certificate (RFC 5280 §4.2.1.9)";
                    self.say("certificate.basic-constraints", Severity::Error, index, message);
                }
            }
        }
    }
}

/// A time without its fractions: certificates have none.
fn whole(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

/// The names that a certificate has, well formed or not.
fn names_as_written(certificate: &Certificate) -> String {
    let names: Vec<String> = certificate.names_as_written().iter().map(ToString::to_string).collect();
    match names.len() {
        0..=5 => names.join(", "),
        n => format!("{}, and {} more", names[..5].join(", "), n - 5),
    }
}
