//! Answers as ACM gives them.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::held::Held;
use crate::certificate::Certificate;

/// An error of ACM's.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into() }
    }
}

/// Seconds since 1970, as JSON 1.1 writes times.
pub(super) fn seconds(time: OffsetDateTime) -> Value {
    json!(time.unix_timestamp())
}

/// Names as ACM counts domains: two labels or more, no addresses.
pub(super) fn domains(certificate: &Certificate) -> Vec<String> {
    let mut names = certificate.common_names();
    names.extend(certificate.dns_names_as_written());
    let mut found: Vec<String> = Vec::new();
    for name in names {
        let host = name.trim_start_matches("*.").to_owned();
        let domain = host.split('.').count() > 1 && host.parse::<std::net::IpAddr>().is_err();
        if domain && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// A serial number's magnitude: DER's sign octet is not part of it.
fn colons(serial: &[u8]) -> String {
    let magnitude = match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    magnitude.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

fn usages(certificate: &Certificate) -> Vec<&'static str> {
    let word = |name: &'static str| match name {
        "digitalSignature" => "DIGITAL_SIGNATURE",
        "nonRepudiation" => "NON_REPUDIATION",
        "keyEncipherment" => "KEY_ENCIPHERMENT",
        "dataEncipherment" => "DATA_ENCIPHERMENT",
        "keyAgreement" => "KEY_AGREEMENT",
        "keyCertSign" => "CERTIFICATE_SIGNING",
        "cRLSign" => "CRL_SIGNING",
        "encipherOnly" => "ENCIPHER_ONLY",
        _ => "DECIPHER_ONLY",
    };
    certificate.key_usage().unwrap_or_default().into_iter().map(word).collect()
}

fn extended_usages(certificate: &Certificate) -> Vec<(&'static str, String)> {
    let word = |oid: String| match oid.as_str() {
        "1.3.6.1.5.5.7.3.1" => ("TLS_WEB_SERVER_AUTHENTICATION", oid),
        "1.3.6.1.5.5.7.3.2" => ("TLS_WEB_CLIENT_AUTHENTICATION", oid),
        "1.3.6.1.5.5.7.3.3" => ("CODE_SIGNING", oid),
        "2.5.29.37.0" => ("ANY", oid),
        _ => ("CUSTOM", oid),
    };
    certificate.extended_key_usage_oids().unwrap_or_default().into_iter().map(word).collect()
}

fn status(certificate: &Certificate, now: OffsetDateTime) -> &'static str {
    if certificate.validity().not_after() < now { "EXPIRED" } else { "ISSUED" }
}

/// One entry of `ListCertificates`.
pub(super) fn summary(arn: &str, held: &Held, now: OffsetDateTime) -> Value {
    let leaf = &held.leaf;
    let domains = domains(leaf);
    let mut entry = json!({
        "CertificateArn": arn,
        "Type": "IMPORTED",
        "Status": status(leaf, now),
        "KeyAlgorithm": held.key.replace('_', "-"),
        "KeyUsages": usages(leaf),
        "ExtendedKeyUsages": extended_usages(leaf).iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "InUse": !held.users.is_empty(),
        "RenewalEligibility": "INELIGIBLE",
        "NotBefore": seconds(leaf.validity().not_before()),
        "NotAfter": seconds(leaf.validity().not_after()),
        "CreatedAt": seconds(held.created),
        "ImportedAt": seconds(held.imported),
        "HasAdditionalSubjectAlternativeNames": domains.len() > 100,
        "SubjectAlternativeNameSummaries": domains.iter().take(100).collect::<Vec<_>>(),
    });
    if let Some(first) = domains.first() {
        entry["DomainName"] = json!(first);
    }
    entry
}

/// As ACM writes it: `SHA256WITHRSA` (ACM API reference, `CertificateDetail`).
fn signature_algorithm(leaf: &Certificate) -> String {
    let name = leaf.signature_algorithm().name();
    name.split_once(" with SHA-").map_or_else(
        || name.to_uppercase(),
        |(algorithm, digest)| format!("SHA{digest}WITH{}", algorithm.to_uppercase()),
    )
}

/// The answer of `DescribeCertificate`.
pub(super) fn detail(arn: &str, held: &Held, now: OffsetDateTime) -> Value {
    let leaf = &held.leaf;
    let domains = domains(leaf);
    let mut detail = json!({
        "CertificateArn": arn,
        "Type": "IMPORTED",
        "Status": status(leaf, now),
        "Subject": leaf.subject(),
        "Issuer": leaf.issuer(),
        "Serial": colons(leaf.serial()),
        "KeyAlgorithm": held.key.replace('_', "-"),
        "SignatureAlgorithm": signature_algorithm(leaf),
        "InUseBy": held.users,
        "SubjectAlternativeNames": domains,
        "KeyUsages": usages(leaf).iter().map(|name| json!({"Name": name})).collect::<Vec<_>>(),
        "ExtendedKeyUsages": extended_usages(leaf).iter()
            .map(|(name, oid)| json!({"Name": name, "OID": oid})).collect::<Vec<_>>(),
        "RenewalEligibility": "INELIGIBLE",
        "NotBefore": seconds(leaf.validity().not_before()),
        "NotAfter": seconds(leaf.validity().not_after()),
        "CreatedAt": seconds(held.created),
        "ImportedAt": seconds(held.imported),
        "Options": {"CertificateTransparencyLoggingPreference": "DISABLED"},
    });
    if let Some(first) = domains.first() {
        detail["DomainName"] = json!(first);
    }
    json!({ "Certificate": detail })
}

/// One entry of `SearchCertificates`.
pub(super) fn search_result(arn: &str, held: &Held, now: OffsetDateTime) -> Value {
    let leaf = &held.leaf;
    json!({
        "CertificateArn": arn,
        "CertificateMetadata": {"AcmCertificateMetadata": {
            "Type": "IMPORTED",
            "Status": status(leaf, now),
            "InUse": !held.users.is_empty(),
            "CreatedAt": seconds(held.created),
            "ImportedAt": seconds(held.imported),
        }},
        "X509Attributes": {
            "SerialNumber": colons(leaf.serial()),
            "KeyAlgorithm": held.key,
            "NotBefore": seconds(leaf.validity().not_before()),
            "NotAfter": seconds(leaf.validity().not_after()),
            "SubjectAlternativeNames": leaf.dns_names_as_written().iter()
                .map(|name| json!({"DnsName": name})).collect::<Vec<_>>(),
        },
    })
}

/// The answer of `GetCertificate`.
pub(super) fn content(held: &Held) -> Value {
    let pem = |c: &Certificate| c.pem().unwrap_or_default();
    let mut answer = json!({ "Certificate": pem(&held.leaf) });
    if !held.chain.is_empty() {
        answer["CertificateChain"] = json!(held.chain.iter().map(pem).collect::<String>());
    }
    answer
}

/// Whether a serial number is the one that is searched for.
pub(super) fn is_serial(held: &Held, text: &str) -> bool {
    colons(held.leaf.serial()) == text.to_ascii_lowercase()
}
