//! Version, serial number, algorithm, dates, and extensions as such.

use der::Tag;
use der::asn1::ObjectIdentifier;
use x509_cert::Version;
use x509_cert::time::Time;

use super::{Broken, EMPTY_NAME, Facts, odd, wrong};
use crate::key::SignatureAlgorithm;
use crate::subject::{self, Unfit};

/// The arc of RSA's algorithms (RFC 8017 appendix C).
const PKCS_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1");
/// The one of them whose parameters say something (RFC 4055 §3.1).
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// Extensions that clients understand where they are critical (RFC 5280 §4.2): key usage,
/// names, basic and name constraints, extended key usage.
const UNDERSTOOD: [ObjectIdentifier; 5] =
    [oid("2.5.29.15"), oid("2.5.29.17"), oid("2.5.29.19"), oid("2.5.29.30"), oid("2.5.29.37")];
/// Policies and their kin, and lists' places: OpenSSL and Go know them, rustls does not.
const KNOWN_TO_SOME: [ObjectIdentifier; 5] =
    [oid("2.5.29.31"), oid("2.5.29.32"), oid("2.5.29.33"), oid("2.5.29.36"), oid("2.5.29.54")];

const fn oid(dots: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dots)
}

pub(super) fn version(s: &Facts<'_>) -> Option<Broken> {
    let number = match s.tbs.outline.version {
        Version::V1 => 1,
        Version::V2 => 2,
        Version::V3 => return None,
    };
    wrong(format!("it is version {number}, which has no extensions and so no names that clients read"))
}

pub(super) fn serial(s: &Facts<'_>) -> Option<Broken> {
    let serial = s.tbs.serial();
    if s.tbs.has_negative_serial() {
        return wrong("its serial number is negative");
    }
    if serial.iter().all(|b| *b == 0) {
        // Roots from before RFC 5280 have it, and nobody looks a root's up.
        let message = "its serial number is 0";
        return if s.is_root() { odd(message) } else { wrong(message) };
    }
    match serial.len() {
        0..8 => odd(format!("its serial number has {} octets, not 8 to 20", serial.len())),
        8..=20 => None,
        n => wrong(format!("its serial number has {n} octets, and 20 is the most")),
    }
}

pub(super) fn signature(s: &Facts<'_>) -> Option<Broken> {
    let oid = s.tbs.outline.signature_algorithm;
    let named = SignatureAlgorithm::from_der(oid, s.tbs.signature());
    if let Some(message) = named.weakness() {
        // Nobody checks the signature that a root made of itself.
        return if s.is_root() { odd(message) } else { wrong(message) };
    }
    if oid == RSA_PSS {
        return None;
    }
    let rsa = oid.as_bytes().starts_with(PKCS_1.as_bytes());
    let fits = match s.tbs.outline.signature_parameters {
        Some(kind) => rsa && kind == Tag::Null,
        None => !rsa,
    };
    if fits { None } else { wrong("the parameters of its signature algorithm are wrong") }
}

pub(super) fn issuer_empty(s: &Facts<'_>) -> Option<Broken> {
    if s.tbs.issuer() == EMPTY_NAME { wrong("its issuer is empty") } else { None }
}

pub(super) fn time_form(s: &Facts<'_>) -> Option<Broken> {
    let validity = &s.tbs.outline.dates;
    let misplaced = |t: &Time| match t {
        Time::UtcTime(_) => false,
        Time::GeneralTime(t) => t.to_date_time().year() < 2050,
    };
    let found = [&validity.not_before, &validity.not_after].into_iter().any(misplaced);
    if found { wrong("a time before 2050 is not UTCTime") } else { None }
}

pub(super) fn validity_reversed(s: &Facts<'_>) -> Option<Broken> {
    let validity = &s.tbs.outline.dates;
    let reversed = validity.not_after.to_unix_duration() < validity.not_before.to_unix_duration();
    if reversed { wrong("it ends before it starts") } else { None }
}

pub(super) fn ca_subject_empty(s: &Facts<'_>) -> Option<Broken> {
    if s.is_ca && s.tbs.subject() == EMPTY_NAME { wrong("a CA with an empty subject") } else { None }
}

pub(super) fn extension_twice(s: &Facts<'_>) -> Option<Broken> {
    let mut seen: Vec<ObjectIdentifier> = s.tbs.extensions().map(|(oid, ..)| oid).collect();
    seen.sort_unstable();
    let twice = seen.windows(2).find(|pair| pair.first() == pair.last())?;
    wrong(format!("the extension {} stands there twice", twice.first()?))
}

pub(super) fn extension_malformed(s: &Facts<'_>) -> Option<Broken> {
    if s.undecoded.is_empty() {
        return None;
    }
    wrong(format!("an extension cannot be read: {}", s.undecoded.join("; ")))
}

pub(super) fn critical_unknown(s: &Facts<'_>) -> Option<Broken> {
    let mut some = None;
    for (oid, ..) in s.tbs.extensions().filter(|(_, critical, _)| *critical) {
        if UNDERSTOOD.contains(&oid) {
            continue;
        }
        if !KNOWN_TO_SOME.contains(&oid) {
            return wrong(format!("the critical extension {oid} is not known"));
        }
        some = odd(format!("the critical extension {oid} is not known to every client"));
    }
    some
}

/// Values that are no text of the type that they say they are: what nobody reads is refused by
/// nearly everybody, a character that the type does not have by Go and by Chrome.
pub(super) fn name_text(s: &Facts<'_>) -> Option<Broken> {
    [("subject", s.tbs.subject()), ("issuer", s.tbs.issuer())].into_iter().find_map(|(whose, name)| {
        let (how, what) = subject::unfit(name)?;
        let message = format!("of its {whose} {what}");
        match how {
            // An issuer's name is taken over as it is.
            Unfit::Unread if whose == "subject" => wrong(message),
            Unfit::Unread => odd(format!("{message}: nearly everybody refuses it")),
            Unfit::Character | Unfit::Lenient => odd(format!("{message}: Go and Chrome refuse it")),
        }
    })
}
