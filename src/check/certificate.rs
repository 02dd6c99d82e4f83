//! Rules on the form of one certificate, as a table with stable names. They run on
//! the to-be-signed bytes of everything certforge makes, before the CA's key is used,
//! and on whatever others made.

mod form;
mod identity;
mod names;
#[cfg(feature = "verify")]
mod unread;
mod usage;

use der::Decode;
use der::oid::AssociatedOid;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, ExtendedKeyUsage, KeyUsage, NameConstraints,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

#[cfg(feature = "verify")]
pub(crate) use unread::unread;

use crate::certificate::{BasicConstraints, Certificate, EMPTY_NAME, Outline, Read};
use crate::error::Result;
use crate::finding::{Finding, Severity};
use crate::key::PublicKey;
use crate::subject;
use crate::template::ExtendedKeyUsage as Usage;

/// One rule on the form of certificates.
pub struct Rule {
    /// The finding's code: `certificate.` and the rule's name.
    pub code: &'static str,
    /// How much it matters where it is broken; some cases of a rule matter less.
    /// An error breaks the standard, a warning the practice of public CAs or of clients.
    pub severity: Severity,
    /// Where the rule is written.
    pub source: &'static str,
    /// What to do.
    pub fix: &'static str,
    broken: fn(&Facts<'_>) -> Option<Broken>,
}

/// That a rule is broken, and how.
struct Broken {
    message: String,
    /// Where this case matters less than the rule in general.
    severity: Option<Severity>,
}

/// What the table's severity is for.
#[expect(clippy::unnecessary_wraps, reason = "rules end with it")]
fn wrong(message: impl Into<String>) -> Option<Broken> {
    Some(Broken { message: message.into(), severity: None })
}

/// What clients take, and nobody should make.
#[expect(clippy::unnecessary_wraps, reason = "rules end with it")]
fn odd(message: impl Into<String>) -> Option<Broken> {
    Some(Broken { message: message.into(), severity: Some(Severity::Warning) })
}

const fn rule(
    code: &'static str,
    source: &'static str,
    fix: &'static str,
    broken: fn(&Facts<'_>) -> Option<Broken>,
) -> Rule {
    Rule { code, severity: Severity::Error, source, fix, broken }
}

const ISSUE_ANEW: &str =
    "issue it anew: certforge renew NAME, of a CA certforge ca renew NAME, writes it right";
const NEW_NAMES: &str = "issue it anew with --san NAME for every name that clients use";
const NEW_KEY: &str = "make a new key: certforge leaf --key p256 or --key rsa2048";

/// What clients take, and only a strict verdict refuses.
pub(crate) const ROOT_KEY_IDENTIFIER: &str = "certificate.root-key-identifier";
pub(crate) const COMMON_NAME_CASE: &str = "certificate.common-name-case";

/// The rules, in the order of the certificate's members.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("certificate.version", "RFC 5280 §4.1.2.1", "issue it anew as version 3; with openssl, give x509 -req an -extfile", form::version),
    rule("certificate.serial", "RFC 5280 §4.1.2.2, CA/Browser Forum baseline requirements §7.1", "issue it anew with a random serial number", form::serial),
    rule("certificate.signature-algorithm", "RFC 5754, RFC 4055 §5", "issue it anew with SHA-256", form::signature),
    rule("certificate.issuer-empty", "RFC 5280 §4.1.2.4", "issue it from a CA that has a name", form::issuer_empty),
    rule("certificate.time-form", "RFC 5280 §4.1.2.5", ISSUE_ANEW, form::time_form),
    rule("certificate.validity-reversed", "RFC 5280 §4.1.2.5", ISSUE_ANEW, form::validity_reversed),
    rule("certificate.ca-subject-empty", "RFC 5280 §4.1.2.6", "give the CA a name", form::ca_subject_empty),
    rule("certificate.key", "NIST SP 800-57 part 1, RFC 5480 §2.1.1", NEW_KEY, usage::key),
    rule("certificate.name-text", "X.680 §41, RFC 5280 §4.1.2.4", "issue it from a CA whose name is written right", form::name_text),
    rule("certificate.common-name-long", "RFC 5280 appendix A.1", "leave the common name out: clients read the SAN", names::common_name_long),
    rule(COMMON_NAME_CASE, "baseline requirements §7.1.4.3", NEW_NAMES, names::common_name_case),
    rule("certificate.common-name-not-in-san", "RFC 9525 §2", NEW_NAMES, names::common_name_not_in_san),
    rule("certificate.extension-twice", "RFC 5280 §4.2", ISSUE_ANEW, form::extension_twice),
    rule("certificate.extension-malformed", "RFC 5280 §4.2", ISSUE_ANEW, form::extension_malformed),
    rule("certificate.critical-unknown", "RFC 5280 §4.2", "issue it without that extension, or not critical", form::critical_unknown),
    rule("certificate.san-missing", "RFC 9525 §2", NEW_NAMES, names::san_missing),
    rule("certificate.san-criticality", "RFC 5280 §4.2.1.6", ISSUE_ANEW, names::san_criticality),
    rule("certificate.san-malformed", "RFC 5280 §4.2.1.6", NEW_NAMES, names::san_malformed),
    rule("certificate.basic-constraints", "RFC 5280 §4.2.1.9", ISSUE_ANEW, usage::basic_constraints),
    rule("certificate.name-constraints", "RFC 5280 §4.2.1.10", "make the CA anew: certforge ca new NAME --permit …", names::name_constraints),
    rule("certificate.key-usage", "RFC 5280 §4.2.1.3, RFC 8813", ISSUE_ANEW, usage::key_usage),
    rule("certificate.extended-key-usage", "RFC 5280 §4.2.1.12", ISSUE_ANEW, usage::extended_key_usage),
    rule("certificate.subject-key-identifier", "RFC 5280 §4.2.1.2", ISSUE_ANEW, identity::subject_key_identifier),
    rule("certificate.authority-key-identifier", "RFC 5280 §4.2.1.1", ISSUE_ANEW, identity::authority_key_identifier),
    rule(ROOT_KEY_IDENTIFIER, "CA/Browser Forum baseline requirements §7.1.2.11.3", ISSUE_ANEW, identity::root_key_identifier),
    rule("certificate.authority-information", "RFC 5280 §4.2.2.1", ISSUE_ANEW, identity::authority_information),
];

/// What a rule looks at: the parsed certificate, and its extensions decoded once.
struct Facts<'a> {
    tbs: Read<'a>,
    common_names: Vec<String>,
    names: Option<(bool, SubjectAltName)>,
    key_usage: Option<(bool, KeyUsage)>,
    extended: Option<(bool, ExtendedKeyUsage)>,
    constraints: Option<(bool, BasicConstraints)>,
    skid: Option<(bool, SubjectKeyIdentifier)>,
    akid: Option<(bool, AuthorityKeyIdentifier)>,
    limits: Option<(bool, NameConstraints)>,
    access: Option<(bool, AuthorityInfoAccessSyntax)>,
    is_ca: bool,
    /// Subject and issuer are one name, and it is signed with its own key, as far as that can
    /// be told: in a rollover from key to key a CA issues itself a certificate with the other
    /// one (RFC 4210 §4.4).
    self_signed: bool,
    /// What cannot be decoded, in words.
    undecoded: Vec<String>,
}

impl<'a> Facts<'a> {
    fn of(tbs: Read<'a>) -> Self {
        let mut undecoded = Vec::new();
        let constraints: Option<(bool, BasicConstraints)> = extension(tbs, &mut undecoded);
        Self {
            common_names: subject::common_names(&Name::from_der(tbs.subject()).unwrap_or_default()),
            names: extension(tbs, &mut undecoded),
            key_usage: extension(tbs, &mut undecoded),
            extended: extension(tbs, &mut undecoded),
            skid: extension(tbs, &mut undecoded),
            akid: extension(tbs, &mut undecoded),
            limits: extension(tbs, &mut undecoded),
            access: extension(tbs, &mut undecoded),
            is_ca: constraints.as_ref().is_some_and(|(_, c)| c.ca),
            self_signed: tbs.subject() == tbs.issuer(),
            constraints,
            undecoded,
            tbs,
        }
    }

    const fn key(&self) -> &'a PublicKey {
        &self.tbs.outline.public_key
    }

    /// Whether it may be a TLS server's: its names are looked at then.
    fn is_for_servers(&self) -> bool {
        let serves = [Usage::ServerAuth.oid(), Usage::ANY.oid()];
        !self.is_ca
            && self.extended.as_ref().is_none_or(|(_, usages)| {
                usages.0.is_empty() || usages.0.iter().any(|usage| serves.contains(usage))
            })
    }

    fn is_root(&self) -> bool {
        self.is_ca && self.self_signed
    }
}

/// The first extension of a kind, and whether it is critical.
fn extension<T>(tbs: Read<'_>, undecoded: &mut Vec<String>) -> Option<(bool, T)>
where
    T: AssociatedOid + for<'d> Decode<'d, Error = der::Error>,
{
    let (_, critical, value) = tbs.extensions().find(|(oid, ..)| *oid == T::OID)?;
    match T::from_der(value) {
        Ok(value) => Some((critical, value)),
        Err(e) => {
            undecoded.push(format!("{}: {e}", T::OID));
            None
        }
    }
}

/// What is wrong with the form of a to-be-signed certificate (DER); empty where
/// nothing is.
///
/// # Errors
/// [`crate::Error::MalformedCertificate`] where the bytes are none.
pub fn lint(tbs: &[u8]) -> Result<Vec<Finding>> {
    Ok(findings(Read { bytes: tbs, outline: &Outline::read(tbs)? }))
}

/// As [`lint`], of a certificate. The findings' place is `certificate`.
#[must_use]
pub fn examine(certificate: &Certificate) -> Vec<Finding> {
    let mut facts = Facts::of(certificate.read());
    facts.self_signed = certificate.is_self_signed();
    broken(&facts)
}

/// What of a certificate's extensions cannot be read, or stands there twice: what they say
/// is not known then, and must not be taken for nothing.
#[cfg(feature = "verify")]
pub(crate) fn unclear(certificate: &Certificate) -> Option<String> {
    let facts = Facts::of(certificate.read());
    form::extension_malformed(&facts).or_else(|| form::extension_twice(&facts)).map(|broken| broken.message)
}

/// As [`lint`], for one that has been read.
pub(crate) fn findings(tbs: Read<'_>) -> Vec<Finding> {
    broken(&Facts::of(tbs))
}

fn broken(facts: &Facts<'_>) -> Vec<Finding> {
    let broken = RULES.iter().filter_map(|rule| {
        let Broken { message, severity } = (rule.broken)(facts)?;
        let message = format!("{message} ({})", rule.source);
        Some(Finding::new(rule.code, severity.unwrap_or(rule.severity), "certificate", message).fix(rule.fix))
    });
    broken.collect()
}
