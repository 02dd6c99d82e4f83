//! Rules about the chain: C, and what follows from it.

use time::OffsetDateTime;

use super::{Broken, Import, Service};
use crate::certificate::{Certificate, check_link};
use crate::constraint::{MOST_COMPARISONS, Side};
use crate::error::{Counted, Error};
use crate::finding::Severity;
use crate::validity::rfc3339;

const CHAIN: &str = "chain";

pub(super) fn own_signature(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let leaf = import.certificate;
    let forged = import.chain.certificates().is_empty()
        && leaf.is_self_issued()
        && leaf.is_signed_by(leaf.public_key()).is_ok_and(|own| !own);
    if forged {
        let message = "it names itself as its issuer, and its signature is not its own key's";
        return vec![Broken::new("certificate", message)];
    }
    Vec::new()
}

pub(super) fn ends(import: &Import<'_>, now: OffsetDateTime) -> Vec<Broken> {
    let leaf_end = import.certificate.validity().not_after();
    let mut found = Vec::new();
    for issuer in import.chain.certificates() {
        let end = issuer.validity().not_after();
        if end < now {
            let message = format!("`{}` ended at {}", issuer.subject(), rfc3339(end));
            found.push(Broken::new(CHAIN, message));
        } else if end < leaf_end {
            let message = format!(
                "`{}` ends at {}, before the leaf does at {}",
                issuer.subject(),
                rfc3339(end),
                rfc3339(leaf_end)
            );
            found.push(Broken::new(CHAIN, message).severity(Severity::Warning));
        }
    }
    found
}

pub(super) fn present(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let leaf = import.certificate;
    if !import.chain.certificates().is_empty() || leaf.is_self_issued() {
        return Vec::new();
    }
    let message = format!("it was issued by `{}`, and there is no chain", leaf.issuer());
    vec![Broken::new(CHAIN, message)]
}

pub(super) fn without_leaf(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if import.chain.certificates().contains(import.certificate) {
        return vec![Broken::new(CHAIN, "the leaf is in the chain").severity(Severity::Error)];
    }
    Vec::new()
}

pub(super) fn links(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let all: Vec<&Certificate> = import.all().collect();
    let mut found = Vec::new();
    for (i, pair) in all.windows(2).enumerate() {
        match check_link(i, pair[0], pair[1]) {
            Ok(()) => {}
            Err(Error::UnsupportedAlgorithm { algorithm }) => {
                let message = format!("the signature of certificate {i} cannot be checked here: {algorithm}");
                found.push(Broken::new(CHAIN, message).severity(Severity::Warning));
            }
            Err(e) => found.push(Broken::new(CHAIN, e.to_string())),
        }
    }
    found
}

pub(super) fn same_names(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let issuers = import.chain.certificates();
    let mut found = Vec::new();
    for (i, one) in issuers.iter().enumerate() {
        let twin = issuers[..i]
            .iter()
            .any(|other| other.subject_der() == one.subject_der() && other.public_key() != one.public_key());
        if twin {
            let message = format!(
                "two CAs are called `{}`: OpenSSL, curl, Python and Node take one for the other",
                one.subject()
            );
            found.push(Broken::new(CHAIN, message));
        }
    }
    found
}

pub(super) fn authorities(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let mut found = Vec::new();
    // How many CAs stand below, those that only renew a name not counted.
    let mut below = 0;
    for issuer in import.chain.certificates() {
        let subject = issuer.subject();
        match issuer.ca() {
            // A root of version 1 is an anchor all the same: nobody reads its extensions.
            None if issuer.version() == 1 && issuer.is_self_signed() => {}
            None => found.push(Broken::new(CHAIN, format!("`{subject}` issued a certificate and is no CA"))),
            Some(limit) if limit.0.is_some_and(|most| below > usize::from(most)) => {
                let message = format!(
                    "the path length of `{subject}` is {}, with {} below it",
                    limit.0.unwrap_or_default(),
                    Counted(below, "CA", "CAs")
                );
                found.push(Broken::new(CHAIN, message));
            }
            Some(_) if !issuer.may_sign_certificates() => {
                let message =
                    format!("`{subject}` issued a certificate, and its key usage lacks keyCertSign");
                found.push(Broken::new(CHAIN, message));
            }
            Some(_) => {}
        }
        if !issuer.is_self_issued() {
            below += 1;
        }
    }
    found.extend(limits(import));
    found
}

/// The names that a CA of the chain does not permit (RFC 5280 §4.2.1.10): ACM takes them, and
/// no client does.
fn limits(import: &Import<'_>) -> Option<Broken> {
    let issuers = import.chain.certificates();
    issuers.iter().enumerate().find_map(|(n, issuer)| {
        let limits = issuer.name_constraints().ok()??;
        let below = issuers[..n].iter().filter(|ca| !ca.is_self_issued());
        std::iter::once(import.certificate).chain(below).find_map(|certificate| {
            let names = certificate.general_names();
            if names.len().saturating_mul(limits.count()) > MOST_COMPARISONS {
                return None;
            }
            let of_name = names.iter().find_map(|name| limits.bars(name, Side::ExcludesAny));
            let of_subject = || limits.refuses_subject(certificate.subject_der()).ok().flatten();
            let reason = of_name.or_else(of_subject)?;
            let (ca, subject) = (issuer.subject(), certificate.subject());
            Some(Broken::new(CHAIN, format!("`{ca}` may not stand above `{subject}`: {reason}")))
        })
    })
}

pub(super) fn root_sent(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let root = import.chain.certificates().last().filter(|last| last.is_self_signed());
    match root {
        Some(root) if import.is_for(Service::CloudFront) => {
            let message = format!("the root `{}` is in the chain", root.subject());
            vec![Broken::new(CHAIN, message).severity(Severity::Fixed)]
        }
        _ => Vec::new(),
    }
}

pub(super) fn depth(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let count = import.chain.certificates().len() + 1;
    if import.is_for(Service::ApiGatewayDomain) && count > 4 {
        return vec![Broken::new(CHAIN, format!("leaf and chain are {count} certificates"))];
    }
    Vec::new()
}

pub(super) fn gateway_root(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if !import.is_for(Service::ApiGatewayBackend) {
        return Vec::new();
    }
    let message = match import.root() {
        None => {
            "the chain does not reach a root, and API Gateway wants one even with insecureSkipVerification"
                .to_owned()
        }
        Some(root) if root.ca().is_none() || !root.may_sign_certificates() => format!(
            "the root `{}` is no CA that may sign certificates, and API Gateway wants one even with \
             insecureSkipVerification",
            root.subject()
        ),
        Some(_) => return Vec::new(),
    };
    vec![Broken::new(CHAIN, message)]
}
