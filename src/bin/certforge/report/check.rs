//! What `check` has to report.

use certforge::certificate::{PathLength, WrittenName};
use certforge::check::certificate;
use certforge::error::Counted;
use certforge::finding::{Finding, Severity};
use certforge::key::Sha256;
use certforge::validity::rfc3339;
use certforge::{Certificate, ListNumber, PublicKey, RevocationList, Subtree};
use serde::Serialize;
use time::OffsetDateTime;

use super::{FindingReport, KeyKind, VerifyReport, findings, joined, names_as_written};

/// All that is in one place: a file, a server, an ARN.
#[derive(Serialize)]
pub struct CheckReport {
    pub what: String,
    pub good: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestCheck>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListReport>,
    /// Whether the first certificate is to be believed, where it is known whom to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyReport>,
    /// What each client will say of the first certificate, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientReport>,
    pub findings: Vec<FindingReport>,
    /// The first certificate itself, where that was asked for.
    #[serde(skip)]
    pub content: Option<Vec<u8>>,
    /// Whether extensions are printed too.
    #[serde(skip)]
    pub text: bool,
}

/// What a client will say.
#[derive(Serialize)]
pub struct ClientReport {
    pub client: String,
    pub title: String,
    /// `accepts`, `refuses` or `only-if`.
    pub verdict: &'static str,
    /// A part of its own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Whether the client itself was asked, or this is what its documentation says.
    pub measured: bool,
    pub source: String,
}

/// What a server said.
#[derive(Serialize)]
pub struct ServerReport {
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    pub versions: Vec<VersionReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
}

#[derive(Serialize)]
pub struct VersionReport {
    pub version: &'static str,
    pub offered: bool,
    /// The cipher suite that was agreed on, or why there is none.
    pub detail: String,
}

#[derive(Serialize)]
pub struct CertificateReport {
    pub place: String,
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub version: u8,
    #[serde(serialize_with = "names_as_written")]
    pub names: Vec<WrittenName>,
    pub key: KeyKind,
    pub signature: String,
    pub not_before: String,
    pub not_after: String,
    pub days_left: i64,
    pub ca: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_length: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_usage: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended_key_usage: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_key_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority_key_identifier: Option<String>,
    pub sha256: String,
    pub spki_sha256: String,
    pub extensions: Vec<ExtensionReport>,
    pub findings: Vec<FindingReport>,
}

/// An extension as it stands there.
#[derive(Serialize)]
pub struct ExtensionReport {
    pub oid: String,
    /// RFC 5280's name for it, or its object identifier.
    pub name: String,
    pub critical: bool,
    /// Its value in DER, hexadecimal.
    pub value: String,
    /// What it says, where that is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

impl ExtensionReport {
    /// `clear` says that each of its extensions stands there once and can be read.
    fn of(certificate: &Certificate, clear: bool, (oid, critical, value): (String, bool, Vec<u8>)) -> Self {
        const NAMES: [(&str, &str); 16] = [
            ("2.5.29.14", "subjectKeyIdentifier"),
            ("2.5.29.15", "keyUsage"),
            ("2.5.29.17", "subjectAltName"),
            ("2.5.29.18", "issuerAltName"),
            ("2.5.29.19", "basicConstraints"),
            ("2.5.29.30", "nameConstraints"),
            ("2.5.29.31", "cRLDistributionPoints"),
            ("2.5.29.32", "certificatePolicies"),
            ("2.5.29.33", "policyMappings"),
            ("2.5.29.35", "authorityKeyIdentifier"),
            ("2.5.29.36", "policyConstraints"),
            ("2.5.29.37", "extKeyUsage"),
            ("2.5.29.54", "inhibitAnyPolicy"),
            ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
            ("1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps"),
            ("2.16.840.1.113730.1.1", "nsCertType"),
        ];
        let name = NAMES.iter().find(|(known, _)| *known == oid).map_or(oid.as_str(), |(_, name)| name);
        let says = if clear { meaning(certificate, &oid).filter(|text| !text.is_empty()) } else { None };
        Self { name: name.to_owned(), critical, value: certforge::key::hex(&value), says, oid }
    }
}

/// What an extension of these says, in OpenSSL's words.
fn meaning(certificate: &Certificate, oid: &str) -> Option<String> {
    let hex = |id: Vec<u8>| certforge::key::hex(&id);
    match oid {
        "2.5.29.14" => certificate.subject_key_identifier().map(hex),
        "2.5.29.15" => certificate.key_usage().map(|all| all.join(", ")),
        "2.5.29.17" => Some(joined(&certificate.names_as_written(), ", ")),
        "2.5.29.19" => Some(match certificate.ca() {
            Some(PathLength(Some(length))) => format!("CA:TRUE, pathlen:{length}"),
            Some(PathLength(None)) => "CA:TRUE".to_owned(),
            None => "CA:FALSE".to_owned(),
        }),
        "2.5.29.30" => {
            let limits = certificate.name_constraints().ok()??;
            let all = |word: &str, subtrees: &[Subtree]| {
                subtrees.iter().map(|subtree| format!("{word} {subtree}")).collect::<Vec<_>>()
            };
            Some(
                [all("permitted", limits.permitted()), all("excluded", limits.excluded())]
                    .concat()
                    .join(", "),
            )
        }
        "2.5.29.35" => certificate.authority_key_identifier().map(hex),
        "2.5.29.37" => {
            let usages = certificate.extended_key_usage();
            Some(usages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

/// That a certificate says its own key signed it, and it did not, or nobody here can tell.
pub fn self_signature(certificate: &Certificate) -> Option<Finding> {
    let id = certificate.authority_key_identifier();
    let own = id.is_none() || id == certificate.subject_key_identifier();
    if !certificate.is_self_issued() || !own {
        return None;
    }
    let said = |severity, message: String| {
        Finding::new("certificate.self-signature", severity, "certificate", message)
    };
    match certificate.is_signed_by(certificate.public_key()) {
        Ok(true) => None,
        Ok(false) => {
            let message = "it names itself as its issuer, and its own key did not sign it".to_owned();
            Some(said(Severity::Error, message).fix("get it anew: it was changed"))
        }
        Err(e) => Some(said(Severity::Info, format!("whether its own key signed it is not known: {e}"))),
    }
}

impl CertificateReport {
    pub fn of(place: &str, certificate: &Certificate, now: OffsetDateTime) -> Self {
        let mut said = certificate::examine(certificate);
        let unclear = ["certificate.extension-malformed", "certificate.extension-twice"];
        let clear = said.iter().all(|finding| !unclear.contains(&finding.code));
        let validity = certificate.validity();
        let dated = |code, message| Finding::new(code, Severity::Error, "certificate", message);
        if now > validity.not_after() {
            let message = format!("it ended {}", rfc3339(validity.not_after()));
            said.push(dated("certificate.expired", message).fix("renew it: certforge renew NAME"));
        } else if now < validity.not_before() {
            let message = format!("it starts {}", rfc3339(validity.not_before()));
            said.push(dated("certificate.not-yet-valid", message).fix("look at the clocks"));
        } else if validity.is_due(now, None) {
            let days = Counted(validity.days_left(now), "day", "days");
            let message = format!("it ends in {days}, {}", rfc3339(validity.not_after()));
            let finding = Finding::new("certificate.due", Severity::Warning, "certificate", message);
            said.push(finding.fix("renew it: certforge renew NAME"));
        }
        said.extend(self_signature(certificate));
        said.sort_by_key(|f| std::cmp::Reverse(f.severity));
        let id = |octets: Option<Vec<u8>>| octets.map(|octets| certforge::key::hex(&octets));
        Self {
            place: place.to_owned(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial_hex(),
            version: certificate.version(),
            names: certificate.names_as_written(),
            key: KeyKind::of(certificate.public_key()),
            signature: certificate.signature_algorithm().name(),
            not_before: rfc3339(validity.not_before()),
            not_after: rfc3339(validity.not_after()),
            days_left: validity.days_left(now),
            ca: certificate.ca().is_some(),
            path_length: certificate.ca().and_then(|p| p.0),
            key_usage: certificate.key_usage(),
            extended_key_usage: certificate.extended_key_usage().iter().map(ToString::to_string).collect(),
            subject_key_identifier: id(certificate.subject_key_identifier()),
            authority_key_identifier: id(certificate.authority_key_identifier()),
            sha256: certificate.sha256().to_string(),
            spki_sha256: certificate.public_key().sha256().to_string(),
            extensions: certificate
                .extensions()
                .into_iter()
                .map(|extension| ExtensionReport::of(certificate, clear, extension))
                .collect(),
            findings: findings(&said),
        }
    }
}

#[derive(Serialize)]
pub struct KeyReport {
    pub place: String,
    pub private: bool,
    /// What kind of key it is, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyKind>,
    pub encrypted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spki_sha256: Option<String>,
    /// The places of the certificates and requests that it belongs to.
    pub belongs_to: Vec<String>,
}

impl KeyReport {
    pub fn of(place: &str, key: &PublicKey, private: bool, belongs_to: Vec<String>) -> Self {
        let spki_sha256 = Some(key.sha256().to_string());
        Self {
            place: place.to_owned(),
            private,
            key: Some(KeyKind::of(key)),
            encrypted: false,
            spki_sha256,
            belongs_to,
        }
    }

    pub fn locked(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            private: true,
            key: None,
            encrypted: true,
            spki_sha256: None,
            belongs_to: Vec::new(),
        }
    }
}

#[derive(Serialize)]
pub struct RequestCheck {
    pub place: String,
    pub subject: String,
    #[serde(serialize_with = "names_as_written")]
    pub names: Vec<WrittenName>,
    pub key: KeyKind,
    pub spki_sha256: String,
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct ListReport {
    pub place: String,
    pub issuer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u128>,
    /// The same, however large.
    #[serde(skip)]
    pub full_number: Option<ListNumber>,
    #[serde(skip)]
    pub has_number: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this_update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<String>,
    pub revoked: usize,
    /// Each of them, where the extensions are asked for too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<RevokedEntry>,
    pub sha256: String,
    pub findings: Vec<FindingReport>,
}

/// What a list revokes.
#[derive(Serialize)]
pub struct RevokedEntry {
    pub serial: String,
    pub at: String,
    pub reason: &'static str,
}

impl RevokedEntry {
    fn of(entry: &certforge::Revoked) -> Self {
        Self { serial: entry.serial_hex(), at: rfc3339(entry.at), reason: entry.reason.as_str() }
    }
}

impl ListReport {
    pub fn of(place: &str, list: &RevocationList, text: bool, now: OffsetDateTime) -> Self {
        let mut said = certforge::check::revocation::examine(list);
        if let Some(next) = list.next_update().filter(|next| *next < now) {
            let message = format!("it was to be replaced by {}", rfc3339(next));
            let finding = Finding::new("list.outdated", Severity::Error, "list", message);
            said.push(finding.fix("make it anew: certforge crl"));
        }
        said.extend(match list.extent() {
            Ok(extent) if extent.is_all() => None,
            Ok(extent) => Some(Finding::new("list.part", Severity::Info, "list", extent.to_string())),
            Err(reason) => Some(Finding::new("list.part", Severity::Warning, "list", reason)),
        });
        Self {
            place: place.to_owned(),
            issuer: list.issuer(),
            number: list.number().and_then(ListNumber::as_u128),
            full_number: list.number(),
            has_number: list.has_number(),
            this_update: list.this_update().map(rfc3339),
            next_update: list.next_update().map(rfc3339),
            revoked: list.revoked().len(),
            entries: if text { list.revoked().iter().map(RevokedEntry::of).collect() } else { Vec::new() },
            sha256: Sha256::of(list.der()).to_string(),
            findings: findings(&said),
        }
    }
}

/// Many files at a glance.
#[derive(Serialize)]
pub struct ScanReport {
    pub folder: String,
    pub files: usize,
    pub certificates: Vec<ScanEntry>,
    /// How many of them are expired, due, or not valid yet.
    pub due: usize,
    /// What claims to be a certificate and cannot be read.
    pub findings: Vec<FindingReport>,
}

#[derive(Serialize)]
pub struct ScanEntry {
    pub path: String,
    pub condition: &'static str,
    pub not_after: String,
    pub days_left: i64,
    pub subject: String,
    #[serde(serialize_with = "names_as_written")]
    pub names: Vec<WrittenName>,
    pub serial: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
}
