//! What revocation lists say about a path (RFC 5280 §6.3).

use super::Question;
use crate::certificate::Certificate;
use crate::check::revocation as form;
use crate::finding::Severity;
use crate::revocation::RevocationList;
use crate::validity::rfc3339;

/// What is to be said of a certificate of the path.
pub(super) struct Said {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) index: usize,
    pub(super) message: String,
}

/// Asks the lists about every certificate but the trust anchor.
pub(super) fn judge(question: &Question<'_>, path: &[&Certificate]) -> Vec<Said> {
    let (lists, at) = (question.lists, question.at);
    let mut all = Vec::new();
    if lists.is_empty() {
        return all;
    }
    for (index, pair) in path.windows(2).enumerate() {
        let [certificate, issuer] = pair else { continue };
        let mut say = |code, severity, message| all.push(Said { code, severity, index, message });
        let named = || lists.iter().filter(|list| list.issuer_der() == issuer.subject_der());
        let signed = |list: &&RevocationList| list.is_signed_by(issuer.public_key()).unwrap_or(false);
        let taken_back =
            |list: &RevocationList| list.revoked().into_iter().find(|r| r.serial == certificate.serial());
        let points = certificate.distribution_points().into_iter().collect();
        let part = |list: &RevocationList| match list.extent() {
            Ok(extent) => extent.leaves_out(certificate.ca().is_some(), &points),
            Err(reason) => Some(reason),
        };
        // One that tells of it before one that does not, and the newest of them; of two of one
        // second the one with the higher number, and of two that are the same in that too the
        // one that takes it back.
        let own: Vec<_> = named().filter(signed).map(|list| (list, part(list), taken_back(list))).collect();
        let newest = own.iter().max_by_key(|(list, part, taken)| {
            let begun = list.this_update().is_some_and(|this| this <= at);
            (part.is_none(), begun, list.this_update(), list.number(), taken.is_some())
        });
        let Some((list, part, taken_back)) = newest else {
            let severity = if index == 0 { Severity::Error } else { Severity::Warning };
            let untold = named().find_map(|list| list.is_signed_by(issuer.public_key()).err());
            let message = if let Some(reason) = untold {
                format!(
                    "whether the list of `{}`, its issuer, is signed by that CA is not known: {reason}",
                    issuer.subject()
                )
            } else if named().next().is_some() {
                format!("the list of `{}`, its issuer, is not signed by that CA's key", issuer.subject())
            } else {
                format!("there is no list of `{}`, its issuer", issuer.subject())
            };
            say("path.list-missing", severity, message);
            continue;
        };
        if let Some(next) = list.next_update().filter(|next| *next < at) {
            let message = format!(
                "its issuer's list was to be replaced by {}, and it is {}",
                rfc3339(next),
                rfc3339(at)
            );
            say("path.list-outdated", Severity::Error, message);
        }
        if list.this_update().is_some_and(|this| this > at) {
            say("path.list-outdated", Severity::Error, "its issuer's list is of a later time".to_owned());
        }
        if issuer.key_usage().is_some_and(|usages| !usages.contains(&"cRLSign")) {
            let message = "its issuer's key usage has no cRLSign, and it signed a list".to_owned();
            say("path.list-signer", Severity::Error, message);
        }
        if let Some(part) = part {
            say("path.list-part", Severity::Error, format!("its issuer's list cannot be relied on: {part}"));
        }
        if question.strict {
            for broken in form::examine(list) {
                say(broken.code, broken.severity, format!("its issuer's list: {}", broken.message));
            }
        }
        // A delta may have taken it back since.
        let mut since =
            own.iter().filter(|(other, part, _)| part.is_some() && other.this_update() >= list.this_update());
        if let Some(revoked) = taken_back.as_ref().or_else(|| since.find_map(|(.., t)| t.as_ref())) {
            let message = format!("it was revoked {}: {}", rfc3339(revoked.at), revoked.reason);
            say("path.revoked", Severity::Error, message);
        }
    }
    all
}
