//! What OpenSSL refuses with `X509_V_FLAG_X509_STRICT` (`x509_vfy.c`, `check_extensions`): Python
//! looks so since 3.13.

use crate::certificate::{Certificate, EMPTY_NAME};

/// The first fault of a path, leaf first: of one that ends in a trust anchor, or of one above
/// which another certificate stands. A certificate that is trusted itself is not looked at so.
pub(super) fn first_fault(path: &[Certificate], anchored: bool) -> Option<String> {
    let last = path.len().checked_sub(1).filter(|last| *last > 0 || !anchored)?;
    let may_issue = |c: &Certificate| c.version() >= 3 && c.ca().is_some() && c.may_sign_certificates();
    for (i, certificate) in path.iter().enumerate() {
        // That it is no CA is what is found first.
        if i > 0 && !may_issue(certificate) {
            return None;
        }
        if let Some(fault) = fault(certificate, anchored && i == last) {
            return Some(format!("strict.{fault}{}", if i > 0 { "@ca" } else { "" }));
        }
    }
    None
}

/// In the order in which OpenSSL finds them.
fn fault(certificate: &Certificate, is_last: bool) -> Option<&'static str> {
    let ca = certificate.ca();
    let usages = certificate.key_usage();
    let has = |usage: &str| usages.as_ref().is_some_and(|all| all.contains(&usage));
    let critical = certificate.critical_oids();
    let is_critical = |oid: &str| critical.iter().any(|critical| critical == oid);
    let subject_is_empty = certificate.subject_der() == EMPTY_NAME;
    let names = certificate.extension_oids().iter().any(|oid| oid == "2.5.29.17");
    let is_version_3 = certificate.version() >= 3;
    let faults = [
        ("length-without-cert-sign", ca.is_some_and(|limit| limit.0.is_some()) && !has("keyCertSign")),
        ("constraints-not-critical", ca.is_some() && !is_critical("2.5.29.19")),
        ("no-key-usage", ca.is_some() && usages.is_none()),
        ("cert-sign", ca.is_none() && has("keyCertSign")),
        ("issuer-empty", certificate.issuer_der() == EMPTY_NAME),
        ("subject-empty", subject_is_empty && (ca.is_some() || has("cRLSign") || !names)),
        ("names-not-critical", subject_is_empty && names && !is_critical("2.5.29.17")),
        ("names-empty", names && certificate.general_names().is_empty()),
        ("authority-id-critical", is_critical("2.5.29.35")),
        ("subject-id-critical", is_critical("2.5.29.14")),
        ("no-authority-id", is_version_3 && !is_last && certificate.authority_key_identifier().is_none()),
        ("no-subject-id", is_version_3 && ca.is_some() && certificate.subject_key_identifier().is_none()),
        ("version", !is_version_3 && !certificate.extension_oids().is_empty()),
    ];
    faults.into_iter().find(|(_, holds)| *holds).map(|(fault, _)| fault)
}
