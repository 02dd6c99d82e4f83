//! Rules on the form of a revocation list (RFC 5280 §5).

use crate::finding::{Finding, Severity};
use crate::revocation::RevocationList;

/// One rule on the form of lists.
pub struct Rule {
    /// The finding's code: `list.` and the rule's name.
    pub code: &'static str,
    /// How much it matters where it is broken.
    pub severity: Severity,
    /// Where the rule is written.
    pub source: &'static str,
    broken: fn(&RevocationList) -> Option<String>,
}

/// What to do about any of them.
const FIX: &str = "make the list anew: certforge crl writes it right";

/// The rules, in the order of the list's members.
pub const RULES: &[Rule] = &[
    Rule { code: "list.version", severity: Severity::Error, source: "RFC 5280 §5.1.2.1", broken: version },
    Rule {
        code: "list.signature-algorithm",
        severity: Severity::Error,
        source: "RFC 5754, RFC 4055 §5",
        broken: signature,
    },
    Rule {
        code: "list.next-update",
        severity: Severity::Error,
        source: "RFC 5280 §5.1.2.5",
        broken: next_update,
    },
    Rule { code: "list.number", severity: Severity::Error, source: "RFC 5280 §5.2.3", broken: number },
    Rule {
        code: "list.authority-key-identifier",
        severity: Severity::Warning,
        source: "RFC 5280 §5.2.1",
        broken: authority_key_identifier,
    },
];

/// What is wrong with the form of a list; the findings' place is `list`.
#[must_use]
pub fn examine(list: &RevocationList) -> Vec<Finding> {
    let broken = RULES.iter().filter_map(|rule| {
        let message = format!("{} ({})", (rule.broken)(list)?, rule.source);
        Some(Finding::new(rule.code, rule.severity, "list", message).fix(FIX))
    });
    broken.collect()
}

fn version(list: &RevocationList) -> Option<String> {
    (list.version() == 1).then(|| "it is a list of version 1, which has no number".to_owned())
}

fn signature(list: &RevocationList) -> Option<String> {
    list.signature_algorithm().weakness()
}

fn next_update(list: &RevocationList) -> Option<String> {
    list.next_update().is_none().then(|| "it does not say when the next one comes".to_owned())
}

fn number(list: &RevocationList) -> Option<String> {
    (list.version() > 1 && !list.has_number()).then(|| "it has no number".to_owned())
}

fn authority_key_identifier(list: &RevocationList) -> Option<String> {
    (list.version() > 1 && !list.names_key()).then(|| "it does not name the key that signed it".to_owned())
}
