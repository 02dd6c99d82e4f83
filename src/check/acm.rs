//! What AWS Certificate Manager refuses, as far as it can be told without
//! asking it (ACM user guide, "Prerequisites for importing certificates";
//! ACM API reference, `ImportCertificate`).

use time::OffsetDateTime;

use crate::certificate::{Certificate, Chain, check_link};
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::key::{KeyAlgorithm, PublicKey};
use crate::name::San;
use crate::validity::rfc3339;

/// The most octets of the certificate's PEM (API reference, `ImportCertificate`).
const MAX_CERTIFICATE: usize = 32_768;
/// The most octets of the chain's PEM (API reference, `ImportCertificate`).
const MAX_CHAIN: usize = 2_097_152;

/// What is about to be imported.
pub struct Import<'a> {
    /// The leaf.
    pub certificate: &'a Certificate,
    /// The public half of the private key.
    pub key: &'a PublicKey,
    /// The issuers in order; empty for a self-signed leaf.
    pub chain: &'a Chain,
}

/// Everything ACM would refuse or that will surprise later, at `now`. Errors
/// first; empty where nothing is to be said.
#[must_use]
pub fn import(import: &Import<'_>, now: OffsetDateTime) -> Vec<Finding> {
    let mut findings = Vec::new();
    sizes(import, &mut findings);
    keys(import, &mut findings);
    form(import.certificate, &mut findings);
    dates(import.certificate, now, &mut findings);
    names(import.certificate, &mut findings);
    chain(import, now, &mut findings);
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    findings
}

fn error(code: &'static str, place: &str, message: impl Into<String>, fix: &str) -> Finding {
    Finding::new(code, Severity::Error, place, message).fix(fix)
}

fn warning(code: &'static str, place: &str, message: impl Into<String>, fix: &str) -> Finding {
    Finding::new(code, Severity::Warning, place, message).fix(fix)
}

fn sizes(import: &Import<'_>, findings: &mut Vec<Finding>) {
    let length = |pem: crate::error::Result<String>| pem.map_or(0, |p| p.len());
    let certificate = length(import.certificate.pem());
    if certificate > MAX_CERTIFICATE {
        let message = format!("its PEM has {certificate} octets, and ACM takes {MAX_CERTIFICATE}");
        findings.push(error("acm.Z01", "certificate", message, "issue it with fewer names"));
    }
    let chain = length(import.chain.pem());
    if chain > MAX_CHAIN {
        let message = format!("its PEM has {chain} octets, and ACM takes {MAX_CHAIN}");
        findings.push(error("acm.Z02", "chain", message, "leave out what is no issuer of the leaf"));
    }
}

fn keys(import: &Import<'_>, findings: &mut Vec<Finding>) {
    if import.key.algorithm().and_then(KeyAlgorithm::acm_name).is_none() {
        let kind = import.key.algorithm().map_or("of an unknown kind", KeyAlgorithm::label);
        findings.push(error(
            "acm.K03",
            "key",
            format!("the key is {kind}, and ACM takes RSA and NIST curves only"),
            "issue the leaf again with an RSA 2048 or P-256 key",
        ));
    }
    if import.key != import.certificate.public_key() {
        findings.push(error(
            "acm.K06",
            "key",
            "the private key does not belong to the certificate",
            "give the key that the certificate was made for",
        ));
    }
}

fn form(certificate: &Certificate, findings: &mut Vec<Finding>) {
    if certificate.version() != 3 {
        findings.push(error(
            "acm.X01",
            "certificate",
            format!("it is X.509 version {}, and ACM takes version 3", certificate.version()),
            "issue it anew: `openssl x509 -req` without an extension file makes version 1",
        ));
    }
    if !certificate.signature_algorithm().is_strong() {
        let message = format!("it is signed with {}", certificate.signature_algorithm().oid());
        findings.push(warning("acm.X04", "certificate", message, "issue it with SHA-256"));
    }
    if certificate.ca().is_some() {
        let fix = "import a leaf, and keep the CA's key to yourself";
        findings.push(warning("acm.X06", "certificate", "it is a CA certificate", fix));
    }
}

fn dates(certificate: &Certificate, now: OffsetDateTime, findings: &mut Vec<Finding>) {
    let validity = certificate.validity();
    if validity.not_after() < now {
        let message = format!("it ended at {}, and it is {}", rfc3339(validity.not_after()), rfc3339(now));
        findings.push(error("acm.V01", "certificate", message, "issue it anew"));
    } else if validity.days_left(now) < 30 {
        let message = format!("it ends in {} days", validity.days_left(now));
        findings.push(warning(
            "acm.V03",
            "certificate",
            message,
            "renew it soon: ACM does not renew imports",
        ));
    }
    if validity.not_before() > now {
        let message = format!("it starts at {}, and it is {}", rfc3339(validity.not_before()), rfc3339(now));
        findings.push(error("acm.V02", "certificate", message, "wait, or set the clock"));
    }
}

fn names(certificate: &Certificate, findings: &mut Vec<Finding>) {
    let names = certificate.names();
    if names.is_empty() {
        findings.push(error(
            "acm.N01",
            "certificate",
            "it has no subject alternative name, and Go, Java, Python and browsers ignore the common name",
            "issue it with a subject alternative name",
        ));
        return;
    }
    let domain = |n: &San| matches!(n, San::Dns(d) if d.trim_start_matches("*.").contains('.'));
    if !names.iter().any(domain) {
        findings.push(
            Finding::new(
                "acm.N03",
                Severity::Info,
                "certificate",
                "it has no domain name: ACM shows none, its default list hides it, and Client VPN refuses it",
            )
            .fix("add a DNS name with a dot in it where that matters"),
        );
    }
}

fn chain(import: &Import<'_>, now: OffsetDateTime, findings: &mut Vec<Finding>) {
    let (leaf, issuers) = (import.certificate, import.chain.certificates());
    if issuers.is_empty() {
        // A signature that cannot be checked here is left to ACM.
        let own = leaf.is_self_issued() && leaf.is_signed_by(leaf.public_key()).unwrap_or(true);
        if !own {
            findings.push(error(
                "acm.C01",
                "chain",
                "the certificate is not self-signed, and there is no chain",
                "give the issuers' certificates as the chain",
            ));
        }
        return;
    }
    if issuers.contains(leaf) {
        findings.push(error("acm.C02", "chain", "the leaf is in the chain", "leave it out there"));
        return;
    }
    let mut below = leaf;
    for (i, above) in issuers.iter().enumerate() {
        if let Err(Error::UnsupportedAlgorithm { algorithm }) = check_link(i, below, above) {
            let message = format!("the signature of certificate {i} ({algorithm}) cannot be checked here");
            findings.push(warning("acm.C04", "chain", message, "look at it with openssl verify"));
        } else if let Err(e) = check_link(i, below, above) {
            let fix = "put the leaf's issuer first and the root last";
            findings.push(error("acm.C04", "chain", e.to_string(), fix));
            return;
        }
        if above.ca().is_none() {
            let message = format!("`{}` issued a certificate and is no CA", above.subject());
            findings.push(error("acm.C07", "chain", message, "use a CA that is one"));
        }
        if above.validity().not_after() < now {
            let message = format!("`{}` ended at {}", above.subject(), rfc3339(above.validity().not_after()));
            findings.push(warning("acm.V04", "chain", message, "use the renewed CA's certificate"));
        }
        below = above;
    }
}
