//! Rules on the form of one certificate. They run on the to-be-signed bytes of
//! everything certforge makes, before the CA's key is used.

use der::asn1::ObjectIdentifier;
use der::{Tag, Tagged};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::time::Time;
use x509_cert::{TbsCertificate, Version};

use crate::certificate::Tbs;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::{KeyAlgorithm, SignatureAlgorithm};
use crate::name::San;
use crate::subject;

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// The arc of RSA's algorithms (RFC 8017 appendix C).
const PKCS_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1");
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// Extensions that certforge understands where they are critical.
const UNDERSTOOD: [ObjectIdentifier; 5] =
    [KEY_USAGE, SUBJECT_ALT_NAME, BASIC_CONSTRAINTS, NAME_CONSTRAINTS, EXTENDED_KEY_USAGE];

/// What a rule looks at: the parsed certificate, and its extensions decoded once.
struct Subject<'a> {
    tbs: &'a TbsCertificate,
    names: Option<(bool, SubjectAltName)>,
    key_usage: Option<(bool, KeyUsage)>,
    extended: Option<(bool, ExtendedKeyUsage)>,
    constraints: Option<(bool, BasicConstraints)>,
    skid: Option<(bool, SubjectKeyIdentifier)>,
    akid: Option<(bool, AuthorityKeyIdentifier)>,
    limits: Option<(bool, NameConstraints)>,
    key: Option<KeyAlgorithm>,
    is_ca: bool,
}

/// One rule: its code, where it is written, and what it finds wrong.
struct Rule {
    code: &'static str,
    source: &'static str,
    broken: fn(&Subject<'_>) -> Option<String>,
}

/// The rules, in the order of the certificate's members.
const RULES: &[Rule] = &[
    Rule { code: "certificate.version", source: "RFC 5280 §4.1.2.1", broken: version },
    Rule { code: "certificate.serial", source: "RFC 5280 §4.1.2.2", broken: serial },
    Rule { code: "certificate.signature-algorithm", source: "RFC 5754, RFC 4055 §5", broken: signature },
    Rule { code: "certificate.issuer-empty", source: "RFC 5280 §4.1.2.4", broken: issuer_empty },
    Rule { code: "certificate.time-form", source: "RFC 5280 §4.1.2.5", broken: time_form },
    Rule { code: "certificate.validity-reversed", source: "RFC 5280 §4.1.2.5", broken: validity_reversed },
    Rule { code: "certificate.ca-subject-empty", source: "RFC 5280 §4.1.2.6", broken: ca_subject_empty },
    Rule { code: "certificate.common-name-long", source: "RFC 5280 appendix A.1", broken: common_name_long },
    Rule {
        code: "certificate.common-name-not-in-san",
        source: "RFC 9525 §2",
        broken: common_name_not_in_san,
    },
    Rule { code: "certificate.extension-twice", source: "RFC 5280 §4.2", broken: extension_twice },
    Rule { code: "certificate.critical-unknown", source: "RFC 5280 §4.2", broken: critical_unknown },
    Rule { code: "certificate.san-missing", source: "RFC 9525 §2", broken: san_missing },
    Rule { code: "certificate.san-criticality", source: "RFC 5280 §4.2.1.6", broken: san_criticality },
    Rule { code: "certificate.san-malformed", source: "RFC 5280 §4.2.1.6", broken: san_malformed },
    Rule { code: "certificate.basic-constraints", source: "RFC 5280 §4.2.1.9", broken: basic_constraints },
    Rule { code: "certificate.name-constraints", source: "RFC 5280 §4.2.1.10", broken: name_constraints },
    Rule { code: "certificate.key-usage", source: "RFC 5280 §4.2.1.3, RFC 8813", broken: key_usage },
    Rule {
        code: "certificate.extended-key-usage", source: "RFC 5280 §4.2.1.12", broken: extended_key_usage
    },
    Rule {
        code: "certificate.subject-key-identifier",
        source: "RFC 5280 §4.2.1.2",
        broken: subject_key_identifier,
    },
    Rule {
        code: "certificate.authority-key-identifier",
        source: "RFC 5280 §4.2.1.1",
        broken: authority_key_identifier,
    },
];

/// What is wrong with the form of a to-be-signed certificate (DER); empty where
/// nothing is.
///
/// # Errors
/// [`Error::MalformedCertificate`] where the bytes are none, or an extension
/// cannot be decoded or stands there twice.
pub fn lint(tbs: &[u8]) -> Result<Vec<Finding>> {
    findings(&Tbs::from_der(tbs)?)
}

/// As [`lint`], for one that has been read.
pub(crate) fn findings(read: &Tbs) -> Result<Vec<Finding>> {
    let malformed = |e: der::Error| Error::MalformedCertificate { reason: e.to_string() };
    let tbs = &read.view;
    let constraints = tbs.get_extension::<BasicConstraints>().map_err(malformed)?;
    let subject = Subject {
        names: tbs.get_extension().map_err(malformed)?,
        key_usage: tbs.get_extension().map_err(malformed)?,
        extended: tbs.get_extension().map_err(malformed)?,
        skid: tbs.get_extension().map_err(malformed)?,
        akid: tbs.get_extension().map_err(malformed)?,
        limits: tbs.get_extension().map_err(malformed)?,
        key: read.public_key.algorithm(),
        is_ca: constraints.as_ref().is_some_and(|(_, c)| c.ca),
        constraints,
        tbs,
    };
    let broken = RULES.iter().filter_map(|rule| {
        let message = (rule.broken)(&subject)?;
        Some(Finding::new(rule.code, Severity::Error, "certificate", format!("{message} ({})", rule.source)))
    });
    Ok(broken.collect())
}

fn version(s: &Subject<'_>) -> Option<String> {
    (s.tbs.version() != Version::V3).then(|| "it is not version 3".to_owned())
}

fn serial(s: &Subject<'_>) -> Option<String> {
    let serial = s.tbs.serial_number().as_bytes();
    let negative = serial.first().is_some_and(|b| b & 0x80 != 0);
    let zero = serial.iter().all(|b| *b == 0);
    if negative || zero {
        return Some("its serial number is not positive".to_owned());
    }
    (!(8..=20).contains(&serial.len()))
        .then(|| format!("its serial number has {} octets, not 8 to 20", serial.len()))
}

fn signature(s: &Subject<'_>) -> Option<String> {
    let algorithm = s.tbs.signature();
    if !SignatureAlgorithm::from_oid(algorithm.oid).is_strong() {
        return Some(format!("its signature algorithm {} is weak or unknown", algorithm.oid));
    }
    let rsa = algorithm.oid.as_bytes().starts_with(PKCS_1.as_bytes());
    let fits = match &algorithm.parameters {
        Some(parameters) => rsa && parameters.tag() == Tag::Null,
        None => !rsa,
    };
    (!fits).then(|| "the parameters of its signature algorithm are wrong".to_owned())
}

fn issuer_empty(s: &Subject<'_>) -> Option<String> {
    s.tbs.issuer().is_empty().then(|| "its issuer is empty".to_owned())
}

fn time_form(s: &Subject<'_>) -> Option<String> {
    let validity = s.tbs.validity();
    let wrong = |t: &Time| match t {
        Time::UtcTime(_) => false,
        Time::GeneralTime(t) => t.to_date_time().year() < 2050,
    };
    [&validity.not_before, &validity.not_after]
        .into_iter()
        .any(wrong)
        .then(|| "a time before 2050 is not UTCTime".to_owned())
}

fn validity_reversed(s: &Subject<'_>) -> Option<String> {
    let validity = s.tbs.validity();
    (validity.not_after.to_unix_duration() < validity.not_before.to_unix_duration())
        .then(|| "it ends before it starts".to_owned())
}

fn ca_subject_empty(s: &Subject<'_>) -> Option<String> {
    (s.is_ca && s.tbs.subject().is_empty()).then(|| "a CA with an empty subject".to_owned())
}

fn common_name_long(s: &Subject<'_>) -> Option<String> {
    subject::common_names(s.tbs.subject())
        .iter()
        .map(|name| name.chars().count())
        .find(|length| *length > subject::MAX_COMMON_NAME)
        .map(|length| format!("its common name has {length} characters"))
}

fn common_name_not_in_san(s: &Subject<'_>) -> Option<String> {
    if s.is_ca {
        return None;
    }
    let names = general_names(s);
    subject::common_names(s.tbs.subject())
        .into_iter()
        .find(|common| !names.iter().any(|n| text_of(n).is_some_and(|t| t.eq_ignore_ascii_case(common))))
        .map(|common| format!("its common name `{common}` is not among its subject alternative names"))
}

fn extension_twice(s: &Subject<'_>) -> Option<String> {
    let extensions = s.tbs.extensions()?;
    extensions.iter().enumerate().find_map(|(i, e)| {
        let again = extensions.iter().skip(i + 1).any(|other| other.extn_id == e.extn_id);
        again.then(|| format!("the extension {} stands there twice", e.extn_id))
    })
}

fn critical_unknown(s: &Subject<'_>) -> Option<String> {
    s.tbs
        .extensions()?
        .iter()
        .find(|e| e.critical && !UNDERSTOOD.contains(&e.extn_id))
        .map(|e| format!("the critical extension {} is not known", e.extn_id))
}

fn san_missing(s: &Subject<'_>) -> Option<String> {
    (!s.is_ca && general_names(s).is_empty()).then(|| "it has no subject alternative name".to_owned())
}

fn san_criticality(s: &Subject<'_>) -> Option<String> {
    let (critical, _) = s.names.as_ref()?;
    let empty = s.tbs.subject().is_empty();
    (*critical != empty).then(|| {
        if empty {
            "its subject is empty, and the subject alternative name is not critical".to_owned()
        } else {
            "the subject alternative name is critical beside a subject".to_owned()
        }
    })
}

fn san_malformed(s: &Subject<'_>) -> Option<String> {
    general_names(s).iter().find_map(|name| {
        let (kind, text) = match name {
            GeneralName::DnsName(dns) => ("dns", dns.as_str()),
            GeneralName::Rfc822Name(email) => ("email", email.as_str()),
            GeneralName::UniformResourceIdentifier(uri) => ("uri", uri.as_str()),
            GeneralName::IpAddress(octets) if !matches!(octets.as_bytes().len(), 4 | 16) => {
                return Some(format!("an iPAddress has {} octets", octets.as_bytes().len()));
            }
            _ => return None,
        };
        match format!("{kind}:{text}").parse::<San>() {
            Err(e) => Some(e.to_string()),
            // What the reader of arguments forgives, such as a dot at the end, is wrong here.
            Ok(san) if !san.to_string().eq_ignore_ascii_case(text) => {
                Some(format!("`{text}` should be `{san}`"))
            }
            Ok(_) => None,
        }
    })
}

fn basic_constraints(s: &Subject<'_>) -> Option<String> {
    let Some((critical, constraints)) = &s.constraints else {
        return Some("it does not say whether it is a CA".to_owned());
    };
    if !critical {
        return Some("its basic constraints are not critical".to_owned());
    }
    (!constraints.ca && constraints.path_len_constraint.is_some())
        .then(|| "it has a path length and is no CA".to_owned())
}

fn name_constraints(s: &Subject<'_>) -> Option<String> {
    let (critical, limits) = s.limits.as_ref()?;
    if !s.is_ca {
        return Some("it has name constraints and is no CA".to_owned());
    }
    if !critical {
        return Some("its name constraints are not critical".to_owned());
    }
    let all = || limits.permitted_subtrees.iter().chain(&limits.excluded_subtrees).flatten();
    if all().next().is_none() {
        return Some("its name constraints are empty".to_owned());
    }
    all().find_map(|subtree| {
        if subtree.minimum != 0 || subtree.maximum.is_some() {
            return Some("its name constraints have a minimum or maximum".to_owned());
        }
        match &subtree.base {
            GeneralName::DnsName(dns) if dns.as_str().starts_with('.') => {
                Some(format!("its name constraints have `{}`, which starts with a dot", dns.as_str()))
            }
            GeneralName::IpAddress(octets) if !matches!(octets.as_bytes().len(), 8 | 32) => {
                Some(format!("its name constraints have an address of {} octets", octets.as_bytes().len()))
            }
            GeneralName::IpAddress(octets) if !is_prefix(octets.as_bytes()) => {
                Some("its name constraints have a mask that is no prefix".to_owned())
            }
            _ => None,
        }
    })
}

/// Whether the mask of an address and a mask has all its ones at the left.
fn is_prefix(both: &[u8]) -> bool {
    let mask = &both[both.len() / 2..];
    let ones: u32 = mask.iter().map(|b| b.count_ones()).sum();
    let leading = mask.iter().take_while(|b| **b == 0xff).count();
    let partial = mask.get(leading).map_or(0, |b| b.leading_ones());
    usize::try_from(ones) == Ok(leading * 8 + partial as usize)
}

fn key_usage(s: &Subject<'_>) -> Option<String> {
    let Some((critical, usage)) = &s.key_usage else {
        return Some("it has no key usage".to_owned());
    };
    if !critical {
        return Some("its key usage is not critical".to_owned());
    }
    if s.is_ca {
        return (!usage.key_cert_sign() || !usage.crl_sign())
            .then(|| "a CA whose key may not sign certificates and CRLs".to_owned());
    }
    if usage.key_cert_sign() || usage.crl_sign() {
        return Some("no CA, and yet its key may sign certificates or CRLs".to_owned());
    }
    let rsa = s.key.is_none_or(KeyAlgorithm::is_rsa);
    if (usage.key_encipherment() || usage.data_encipherment()) && !rsa {
        return Some("a usage to encipher for a key that cannot".to_owned());
    }
    (!usage.digital_signature()).then(|| "its key may not sign".to_owned())
}

fn extended_key_usage(s: &Subject<'_>) -> Option<String> {
    let Some((critical, usages)) = &s.extended else {
        return (!s.is_ca).then(|| "it has no extended key usage".to_owned());
    };
    if *critical {
        return Some("its extended key usage is critical".to_owned());
    }
    if usages.0.is_empty() {
        return Some("its extended key usage is empty".to_owned());
    }
    usages.0.contains(&ANY_EXTENDED_KEY_USAGE).then(|| "anyExtendedKeyUsage".to_owned())
}

fn subject_key_identifier(s: &Subject<'_>) -> Option<String> {
    match &s.skid {
        None => Some("it has no subject key identifier".to_owned()),
        Some((true, _)) => Some("its subject key identifier is critical".to_owned()),
        Some((false, _)) => None,
    }
}

fn authority_key_identifier(s: &Subject<'_>) -> Option<String> {
    match &s.akid {
        None => Some("it has no authority key identifier".to_owned()),
        Some((true, _)) => Some("its authority key identifier is critical".to_owned()),
        Some((false, id)) if id.key_identifier.is_none() => {
            Some("its authority key identifier names no key".to_owned())
        }
        Some((false, _)) => None,
    }
}

fn general_names<'a>(s: &'a Subject<'_>) -> &'a [GeneralName] {
    s.names.as_ref().map_or(&[], |(_, names)| names.0.as_slice())
}

fn text_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(dns) => Some(dns.as_str().to_owned()),
        GeneralName::Rfc822Name(email) => Some(email.as_str().to_owned()),
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str().to_owned()),
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
        },
        _ => None,
    }
}
