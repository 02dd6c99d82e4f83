//! Rules about one certificate and its key: Z, K, X and V.

use time::OffsetDateTime;

use super::{Broken, Import, Service};
use crate::certificate::Certificate;
use crate::error::Counted;
use crate::finding::Severity;
use crate::key::{EXPLICIT_CURVE, KeyAlgorithm, PublicKey};
use crate::validity::rfc3339;

const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";

/// The most octets of the certificate's PEM.
const MOST_CERTIFICATE: usize = 32_768;
/// The most octets of the chain's PEM.
const MOST_CHAIN: usize = 2_097_152;
/// The most octets of the key's PEM, by the guide's text; the model says 8,192.
const MOST_KEY: usize = 5_120;
/// The most characters of an OCSP address.
const MOST_OCSP: usize = 1_000;

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const ANY_USAGE: &str = "2.5.29.37.0";

fn when(broken: bool, place: &str, message: impl FnOnce() -> String) -> Vec<Broken> {
    if broken { vec![Broken::new(place, message())] } else { Vec::new() }
}

fn too_large(octets: usize, most: usize, place: &str) -> Vec<Broken> {
    when(octets > most, place, || format!("its PEM has {octets} octets, and ACM takes {most}"))
}

pub(super) fn certificate_size(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    too_large(import.certificate.pem().map_or(0, |p| p.len()), MOST_CERTIFICATE, CERTIFICATE)
}

pub(super) fn chain_size(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    too_large(import.chain.pem().map_or(0, |p| p.len()), MOST_CHAIN, "chain")
}

pub(super) fn key_size(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    too_large(import.key_octets, MOST_KEY, KEY)
}

pub(super) fn key_kind(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let key = import.certificate.public_key();
    let taken = key.algorithm().and_then(KeyAlgorithm::acm_name).is_some();
    when(!taken, CERTIFICATE, || {
        format!("its key is {}, and ACM takes RSA 1024, 2048, 3072 or 4096 and NIST curves", key.describe())
    })
}

pub(super) fn named_curve(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let explicit = import.certificate.public_key().describe() == EXPLICIT_CURVE;
    when(explicit, CERTIFICATE, || "its key spells its curve out instead of naming it".to_owned())
}

pub(super) fn key_match(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let other = import.key.filter(|key| !key.is_same_as(import.certificate.public_key()));
    other.map_or_else(Vec::new, |key| {
        let message = format!(
            "the private key does not belong to the certificate: the key is {}, the certificate's is {}",
            described(key),
            described(import.certificate.public_key()),
        );
        vec![Broken::new(KEY, message)]
    })
}

fn described(key: &PublicKey) -> String {
    format!("{}, sha256 {:.16}…", key.describe(), key.sha256().to_string())
}

pub(super) fn small_rsa(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let small = |c: &Certificate| c.public_key().algorithm() == Some(KeyAlgorithm::Rsa1024);
    import
        .all()
        .filter(|c| small(c))
        .map(|c| Broken::new(CERTIFICATE, format!("the key of `{}` is RSA 1024", c.subject())))
        .collect()
}

pub(super) fn version(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let version = import.certificate.version();
    when(version != 3, CERTIFICATE, || {
        format!("it is X.509 version {version}, which has no room for names, and ACM takes version 3")
    })
}

pub(super) fn issuer_name(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    // An empty Name is an empty SEQUENCE.
    let empty = import.certificate.issuer_der() == [0x30, 0x00];
    when(empty, CERTIFICATE, || "its issuer has no name".to_owned())
}

pub(super) fn ocsp_length(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let long = import.certificate.authority_information().into_iter().find(|uri| uri.len() > MOST_OCSP);
    long.map_or_else(Vec::new, |uri| {
        let message = format!("an OCSP address has {} characters, and ACM takes {MOST_OCSP}", uri.len());
        vec![Broken::new(CERTIFICATE, message)]
    })
}

pub(super) fn digest(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    // Nobody checks the signature of a root.
    let weak = import.all().filter(|c| !c.is_self_signed() && !c.signature_algorithm().is_strong());
    weak.map(|c| {
        let algorithm = c.signature_algorithm();
        let broken = Broken::new(CERTIFICATE, format!("`{}` is signed by {}", c.subject(), algorithm.name()));
        if algorithm.is_md5() { broken.severity(Severity::Error) } else { broken }
    })
    .collect()
}

pub(super) fn issuer_kind(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let Some(issuer) = import.chain.certificates().first() else { return Vec::new() };
    let family = |c: &Certificate| c.public_key().algorithm().map(KeyAlgorithm::is_rsa);
    let differ = matches!((family(import.certificate), family(issuer)), (Some(a), Some(b)) if a != b);
    when(differ, CERTIFICATE, || {
        format!(
            "its key is {}, and its issuer's is {}: ACM's API text asks for the same kind",
            import.certificate.public_key().describe(),
            issuer.public_key().describe()
        )
    })
}

pub(super) fn leaf_is_ca(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    // A back end of API Gateway that signs for itself has to be one.
    let wanted = import.is_for(Service::ApiGatewayBackend) && import.chain.certificates().is_empty();
    when(import.certificate.ca().is_some() && !wanted, CERTIFICATE, || "it is a CA certificate".to_owned())
}

pub(super) fn server_usage(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let fits = |oids: &[String]| oids.iter().any(|oid| oid == SERVER_AUTH || oid == ANY_USAGE);
    let usages = import.certificate.extended_key_usage_oids();
    when(usages.is_some_and(|oids| !fits(&oids)), CERTIFICATE, || {
        "its extended key usage leaves servers out: clients refuse it".to_owned()
    })
}

pub(super) fn signing_usage(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let Some(usage) = import.certificate.key_usage() else { return Vec::new() };
    if !usage.contains(&"digitalSignature") {
        let message = format!("its key usage is {} without digitalSignature", usage.join(", "));
        return vec![Broken::new(CERTIFICATE, message)];
    }
    let rsa = import.certificate.public_key().algorithm().is_some_and(KeyAlgorithm::is_rsa);
    if rsa && !usage.contains(&"keyEncipherment") {
        let message = "its key usage lacks keyEncipherment, which old RSA handshakes need";
        return vec![Broken::new(CERTIFICATE, message).severity(Severity::Warning)];
    }
    Vec::new()
}

pub(super) fn serial(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let serial = import.certificate.serial();
    let octets = match serial {
        [0, rest @ ..] => rest,
        all => all,
    };
    when(import.certificate.has_negative_serial() || !(2..=20).contains(&octets.len()), CERTIFICATE, || {
        let hex = import.certificate.serial_hex();
        format!("its serial number is {hex}: ACM's search looks for 2 to 20 octets")
    })
}

pub(super) fn ended(import: &Import<'_>, now: OffsetDateTime) -> Vec<Broken> {
    let end = import.certificate.validity().not_after();
    when(end < now, CERTIFICATE, || {
        let days = Counted((now - end).whole_days(), "day", "days");
        format!("it ended at {}, {days} ago; it is {}", rfc3339(end), rfc3339(now))
    })
}

pub(super) fn begun(import: &Import<'_>, now: OffsetDateTime) -> Vec<Broken> {
    let start = import.certificate.validity().not_before();
    when(start > now, CERTIFICATE, || format!("it starts at {}, and it is {}", rfc3339(start), rfc3339(now)))
}

pub(super) fn days_left(import: &Import<'_>, now: OffsetDateTime) -> Vec<Broken> {
    let validity = import.certificate.validity();
    let left = validity.days_left(now);
    when(validity.not_after() >= now && left < 30, CERTIFICATE, || {
        format!("it ends in {}", Counted(left, "day", "days"))
    })
}
