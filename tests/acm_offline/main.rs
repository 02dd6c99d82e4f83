//! What ACM and the services behind it take, rule by rule and at its limits: each case with
//! the rule that has to speak, how much it matters and what it says, and beside it the case
//! that is just right.

mod backends;
mod chains;
mod places;
#[path = "../support/mod.rs"]
mod support;

use certforge::check::acm::{Allowed, Import, import};
use certforge::{Authority, Bundle, CaRequest, Chain, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey};
use support::made::{authority, made};
use time::{Duration, OffsetDateTime};

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What a rule says of an import, as `severity place: message`; empty where it is kept.
fn said_of(about: &Import<'_>, code: &str, at: OffsetDateTime) -> Vec<String> {
    let code = format!("acm.{code}");
    let found = import(about, &[], &Allowed::default(), at);
    let of_rule = found.iter().filter(|f| f.code == code);
    of_rule.map(|f| format!("{:?} {}: {}", f.severity, f.place, f.message)).collect()
}

/// The same of a certificate that signs itself.
fn said(changes: &[(&str, &str)], subject: &str, args: &[&str], code: &str) -> Option<Vec<String>> {
    let certificate = made(changes, subject, args)?;
    let chain = Chain::default();
    Some(said_of(&Import::new(&certificate, &chain, None), code, now()))
}

#[test]
fn names() {
    let long = format!("{}.{}.{}.{}.example", "a".repeat(62), "b".repeat(62), "c".repeat(62), "d".repeat(62));
    assert_eq!(long.len(), 259);
    let fits = &long[6..];
    assert_eq!(fits.len(), 253);
    let (label64, label63) = (format!("{}.example", "a".repeat(64)), format!("{}.example", "a".repeat(63)));
    let dns = |name: &str| format!("DNS:{name}");
    let hundred: Vec<String> = (0..101).map(|i| format!("DNS:h{i}.example")).collect();
    let (many, most) = (hundred.join(","), hundred[..100].join(","));
    let no_domain = "Warning certificate: it has no domain name: ACM shows none, its default list hides it, and Client VPN refuses it";
    let no_names = "Error certificate: what stands in its subject alternative name are not all names: clients refuse it, or differ about what it names";
    for (names, common, code, wanted) in [
        ("DNS:a.example", "a.example", "N01", vec![]),
        ("", "a.example", "N01", vec!["Error certificate: it has no subject alternative name, and clients do not look at the common name".to_owned()]),
        // A name behind which there is none, and an address of five octets.
        ("DER:300e8209612e6578616d706c658f0178", "a.example", "N01", vec![no_names.to_owned()]),
        ("DER:30128209612e6578616d706c6587050a00000105", "a.example", "N01", vec![no_names.to_owned()]),
        ("DER:040b8209612e6578616d706c65", "a.example", "N01", vec![no_names.to_owned()]),
        ("DNS:10.0.0.1", "x", "N02", vec!["Error certificate: the address 10.0.0.1 is written as a DNS name".to_owned()]),
        ("DNS:10.0.0.1,IP:10.0.0.1", "x", "N02", vec![]),
        ("DNS:a.example", "10.0.0.1", "N02", vec!["Error certificate: the address 10.0.0.1 is the common name, and is not among the names".to_owned()]),
        ("IP:10.0.0.1", "10.0.0.1", "N02", vec![]),
        ("", "10.0.0.1", "N02", vec![]),
        ("IP:10.0.0.1", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:localhost", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:10.0.0.1", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:*.example", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:localhost,DNS:a.example", "x", "N03", vec![]),
        ("DNS:*.a.example", "x", "N03", vec![]),
        ("", "x", "N03", vec![]),
        ("DNS:localhost,DNS:a.example", "x", "N04", vec!["Warning certificate: the name `localhost` has no dot: ACM shows no domain for it".to_owned()]),
        ("DNS:a.example", "x", "N04", vec![]),
        (&dns(&long), "x", "N05", vec![format!("Error certificate: the name `{long}` has 259 characters, and a name has 253")]),
        (&dns(fits), "x", "N05", vec![]),
        (&dns(&label64), "x", "N05", vec![format!("Error certificate: the label `{}` has 64 characters, and a label has 63", "a".repeat(64))]),
        (&dns(&label63), "x", "N05", vec![]),
        ("DNS:a_b.example", "x", "N05", vec!["Warning certificate: the name `a_b.example` has an underscore".to_owned()]),
        ("DNS:*.a_b.example", "x", "N05", vec!["Warning certificate: the name `*.a_b.example` has an underscore".to_owned()]),
        ("DNS:a..example", "x", "N05", vec!["Warning certificate: the name `a..example` is no host name: clients match nothing with it".to_owned()]),
        ("DNS:https://a.example", "x", "N05", vec!["Warning certificate: the name `https://a.example` is no host name: clients match nothing with it".to_owned()]),
        ("DNS:a.*.example", "x", "N06", vec!["Error certificate: the wildcard `a.*.example` matches nothing".to_owned()]),
        ("DNS:*.*.example", "x", "N06", vec!["Error certificate: the wildcard `*.*.example` matches nothing".to_owned()]),
        ("DNS:*.example", "x", "N06", vec!["Warning certificate: the wildcard `*.example` stands below a single label: OpenSSL, curl and Chrome refuse it".to_owned()]),
        ("DNS:*.a.example,DNS:localhost", "x", "N06", vec![]),
        ("DNS:a.example", "b.example", "N07", vec!["Warning certificate: the common name `b.example` is not among the names".to_owned()]),
        ("DNS:a.example", "A.Example", "N07", vec![]),
        ("IP:10.0.0.1", "10.0.0.1", "N07", vec![]),
        ("email:me@a.example", "me@a.example", "N07", vec![]),
        ("DNS:a.example", "10.0.0.1", "N07", vec![]),
        ("", "a.example", "N07", vec![]),
        (&many, "h0.example", "N08", vec!["Info certificate: it has 101 names, and ACM's lists show the first 100".to_owned()]),
        (&most, "h0.example", "N08", vec![]),
    ] {
        let Some(found) = said(&[("subjectAltName", names)], &format!("/CN={common}"), &[], code) else { return };
        assert_eq!(found, wanted, "{code} {names:.80} {common}");
    }
}

#[test]
fn usages_serial_numbers_and_digests() {
    let rsa = ["-newkey", "rsa:2048"];
    let serial = |text: &str| {
        format!("Warning certificate: its serial number is {text}: ACM's search looks for 2 to 20 octets")
    };
    let twenty = format!("0x7f{}", "11".repeat(19));
    let padded = format!("0x80{}", "11".repeat(19));
    let more = format!("0x11{}", "22".repeat(20));
    for (changes, args, code, wanted) in [
        (&[][..], &[][..], "X01", vec![]),
        (
            &[("extendedKeyUsage", "clientAuth")],
            &[],
            "X07",
            vec![
                "Error certificate: its extended key usage leaves servers out: clients refuse it".to_owned(),
            ],
        ),
        (&[("extendedKeyUsage", "clientAuth,serverAuth")], &[], "X07", vec![]),
        (&[("extendedKeyUsage", "anyExtendedKeyUsage")], &[], "X07", vec![]),
        (&[("extendedKeyUsage", "")], &[], "X07", vec![]),
        (
            &[("keyUsage", "critical,keyAgreement")],
            &[],
            "X08",
            vec!["Error certificate: its key usage is keyAgreement without digitalSignature".to_owned()],
        ),
        (&[("keyUsage", "")], &[], "X08", vec![]),
        (&[], &[], "X08", vec![]),
        (
            &[],
            &rsa,
            "X08",
            vec![
                "Warning certificate: its key usage lacks keyEncipherment, which old RSA handshakes need"
                    .to_owned(),
            ],
        ),
        (&[("keyUsage", "critical,digitalSignature,keyEncipherment")], &rsa, "X08", vec![]),
        (&[], &["-set_serial", "5"], "X09", vec![serial("05")]),
        (&[], &["-set_serial", "0x1122"], "X09", vec![]),
        (&[], &["-set_serial", "0x80"], "X09", vec![serial("0080")]),
        (&[], &["-set_serial", "0x8011"], "X09", vec![]),
        (&[], &["-set_serial", &twenty], "X09", vec![]),
        (&[], &["-set_serial", &padded], "X09", vec![]),
        (&[], &["-set_serial", &more], "X09", vec![serial(&more[2..])]),
        (&[], &["-set_serial", "-0x1122"], "X09", vec![serial("eede")]),
        (&[], &["-sha1"], "X04", vec![]),
        (
            &[],
            &["-newkey", "rsa:1024"],
            "K07",
            vec!["Warning certificate: the key of `CN=a.example` is RSA 1024".to_owned()],
        ),
        (&[], &rsa, "K07", vec![]),
        (
            &[],
            &["-newkey", "ed25519"],
            "K03",
            vec![
                "Error certificate: its key is Ed25519, and ACM takes RSA 1024, 2048, 3072 or 4096 and NIST curves"
                    .to_owned(),
            ],
        ),
        (&[], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"], "K03", vec![]),
        (
            &[("basicConstraints", "critical,CA:TRUE")],
            &[],
            "X06",
            vec!["Warning certificate: it is a CA certificate".to_owned()],
        ),
        (&[], &[], "X06", vec![]),
    ] {
        let Some(found) = said(changes, "/CN=a.example", args, code) else { return };
        assert_eq!(found, wanted, "{code} {changes:?} {args:?}");
    }
}

/// A CA and a leaf of it.
struct Pair {
    ca: Authority,
    leaf: Bundle,
}

fn pair(ca_key: KeyAlgorithm, leaf_key: KeyAlgorithm, days: u32) -> Pair {
    let plan = CaRequest::new("issuing").unwrap().key(ca_key).plan(now()).unwrap();
    let ca = Authority::create(&plan, PrivateKey::generate(ca_key).unwrap()).unwrap();
    let request = LeafRequest::new(["a.example"]).unwrap().key(leaf_key).lifetime(Lifetime::days(days));
    let leaf = ca.issue(&request).unwrap();
    Pair { ca, leaf }
}

#[test]
fn dates_to_the_second() {
    let Pair { ca, leaf } = pair(KeyAlgorithm::P256, KeyAlgorithm::P256, 90);
    let (first, last) = (leaf.leaf().validity().not_before(), leaf.leaf().validity().not_after());
    let about = Import::new(leaf.leaf(), leaf.chain(), Some(leaf.key().public()));
    let second = Duration::SECOND;
    for (at, code, speaks) in [
        (first - second, "V02", true),
        (first, "V02", false),
        (last, "V01", false),
        (last + second, "V01", true),
        (last - Duration::days(30), "V03", false),
        (last - Duration::days(30) + second, "V03", true),
        (last, "V03", true),
        (last + second, "V03", false),
    ] {
        assert_eq!(!said_of(&about, code, at).is_empty(), speaks, "{code} {at}");
    }
    let ended = said_of(&about, "V01", last + Duration::days(3));
    assert!(ended[0].contains(", 3 days ago; it is "), "{ended:?}");
    assert_eq!(said_of(&about, "V03", last - Duration::days(9)), ["Warning certificate: it ends in 9 days"]);
    // The issuer's end, before and after.
    let end = ca.certificate().validity().not_after();
    assert_eq!(said_of(&about, "V04", end), [""; 0]);
    assert!(said_of(&about, "V04", end + second)[0].starts_with("Error chain: `CN=issuing` ended at "));
    let now = now();
    let short = |days| CaRequest::new("issuing").unwrap().lifetime(Lifetime::days(days)).plan(now).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let again = PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    let issuing = Authority::create(&short(100), key).unwrap();
    let earlier = Authority::create(&short(20), again).unwrap();
    let leaf = issuing
        .issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256).lifetime(Lifetime::days(50)))
        .unwrap();
    let chain = Chain::new(vec![earlier.certificate().clone()]).unwrap();
    let found = said_of(&Import::new(leaf.leaf(), &chain, None), "V04", now);
    assert!(found[0].starts_with("Warning chain: `CN=issuing` ends at "), "{found:?}");
}

#[test]
fn keys_chains_and_sizes() {
    let Pair { ca, leaf } = pair(KeyAlgorithm::P256, KeyAlgorithm::Rsa2048, 90);
    let (own, other) = (leaf.key().public(), ca.key().public());
    let about =
        |key, octets| Import { key, key_octets: octets, ..Import::new(leaf.leaf(), leaf.chain(), None) };
    assert_eq!(said_of(&about(Some(own), 0), "K06", now()), [""; 0]);
    assert_eq!(said_of(&about(None, 0), "K06", now()), [""; 0]);
    let found = said_of(&about(Some(other), 0), "K06", now());
    assert!(
        found[0].starts_with(
            "Error key: the private key does not belong to the certificate: the key is P-256, sha256 "
        ),
        "{found:?}"
    );
    assert!(found[0].contains("the certificate's is RSA 2048, sha256 "), "{found:?}");
    assert_eq!(said_of(&about(None, 5_120), "Z03", now()), [""; 0]);
    assert_eq!(
        said_of(&about(None, 5_121), "Z03", now()),
        ["Error key: its PEM has 5121 octets, and ACM takes 5120"]
    );
    assert_eq!(
        said_of(&about(None, 0), "X05", now()),
        [
            "Warning certificate: its key is RSA 2048, and its issuer's is P-256: ACM's API text asks for the same kind"
        ]
    );
    let same = pair(KeyAlgorithm::P384, KeyAlgorithm::P256, 90);
    assert_eq!(said_of(&Import::new(same.leaf.leaf(), same.leaf.chain(), None), "X05", now()), [""; 0]);

    let none = Chain::default();
    assert_eq!(
        said_of(&Import::new(leaf.leaf(), &none, None), "C01", now()),
        ["Error chain: it was issued by `CN=issuing`, and there is no chain"]
    );
    assert_eq!(said_of(&about(None, 0), "C01", now()), [""; 0]);
    assert_eq!(said_of(&Import::new(ca.certificate(), &none, None), "C01", now()), [""; 0]);
    assert_eq!(said_of(&Import::new(ca.certificate(), &none, None), "X10", now()), [""; 0]);
    let stranger = authority("issuing");
    let wrong = Chain::new(vec![stranger.certificate().clone()]).unwrap();
    let found = said_of(&Import::new(leaf.leaf(), &wrong, None), "C04", now());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("Error chain: "), "{found:?}");
    assert_eq!(said_of(&about(None, 0), "C04", now()), [""; 0]);
}

/// No extension at all.
const VERSION_1: [(&str, &str); 6] = [
    ("basicConstraints", ""),
    ("keyUsage", ""),
    ("extendedKeyUsage", ""),
    ("subjectAltName", ""),
    ("subjectKeyIdentifier", ""),
    ("authorityKeyIdentifier", ""),
];
