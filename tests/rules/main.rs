//! Each rule finds what it is for. OpenSSL makes the bad certificates, so that
//! the rules are not judged by the code that they guard.

mod limits;
mod messages;
mod paths;
#[path = "../support/mod.rs"]
mod support;

use certforge::check::{self, acm, certificate::lint};
use certforge::{Authority, Certificate, Chain, LeafRequest, TrustAnchor};
use support::made::made;
use support::{Sandbox, judge, openssl};
use time::OffsetDateTime;

fn codes(certificate: &Certificate) -> Vec<&'static str> {
    lint(certificate.tbs()).unwrap().iter().map(|f| f.code).collect()
}

#[test]
fn a_good_certificate_breaks_no_rule() {
    if let Some(certificate) = made(&[], "/CN=a.example", &[]) {
        assert_eq!(codes(&certificate), [""; 0]);
    }
}

/// What makes the certificate a CA's.
const CA: [(&str, &str); 3] = [
    ("basicConstraints", "critical,CA:TRUE"),
    ("keyUsage", "critical,keyCertSign,cRLSign"),
    ("extendedKeyUsage", ""),
];
const LIMITS: &str = "certificate.name-constraints";

#[test]
fn each_rule_finds_its_fault() {
    for (changes, subject, more, code) in [
        (&[][..], "/CN=a.example", &["-set_serial", "1"][..], "certificate.serial"),
        (&[], "/CN=a.example", &["-set_serial", "-0x112233445566778899"], "certificate.serial"),
        (&[], "/CN=a.example", &["-sha1"], "certificate.signature-algorithm"),
        (&[], "/CN=b.example", &[], "certificate.common-name-not-in-san"),
        (&[("1.2.3.4", "critical,DER:0500")], "/CN=a.example", &[], "certificate.critical-unknown"),
        (&[("subjectAltName", "")], "/O=x", &[], "certificate.san-missing"),
        (
            &[("subjectAltName", "critical,DNS:a.example")],
            "/CN=a.example",
            &[],
            "certificate.san-criticality",
        ),
        (&[("subjectAltName", "DNS:10.0.0.1")], "/O=x", &[], "certificate.san-malformed"),
        (&[("subjectAltName", "DNS:a_b.example")], "/O=x", &[], "certificate.san-malformed"),
        (&[("subjectAltName", "DNS:a.example.")], "/O=x", &[], "certificate.san-malformed"),
        (&[("subjectAltName", "DNS:*.com")], "/O=x", &[], "certificate.san-malformed"),
        (&[("subjectAltName", "email:nobody")], "/O=x", &[], "certificate.san-malformed"),
        (&[("basicConstraints", "")], "/CN=a.example", &[], "certificate.basic-constraints"),
        (&[("basicConstraints", "CA:FALSE")], "/CN=a.example", &[], "certificate.basic-constraints"),
        (&[("keyUsage", "")], "/CN=a.example", &[], "certificate.key-usage"),
        (&[("keyUsage", "digitalSignature")], "/CN=a.example", &[], "certificate.key-usage"),
        (&[("keyUsage", "critical,keyAgreement")], "/CN=a.example", &[], "certificate.key-usage"),
        (
            &[("keyUsage", "critical,digitalSignature,keyCertSign")],
            "/CN=a.example",
            &[],
            "certificate.key-usage",
        ),
        (
            &[("keyUsage", "critical,digitalSignature,keyEncipherment")],
            "/CN=a.example",
            &[],
            "certificate.key-usage",
        ),
        (
            &[("nameConstraints", "critical,permitted;DNS:x")],
            "/CN=a.example",
            &[],
            "certificate.name-constraints",
        ),
        (&[("extendedKeyUsage", "")], "/CN=a.example", &[], "certificate.extended-key-usage"),
        (
            &[("extendedKeyUsage", "critical,serverAuth")],
            "/CN=a.example",
            &[],
            "certificate.extended-key-usage",
        ),
        (
            &[("extendedKeyUsage", "anyExtendedKeyUsage")],
            "/CN=a.example",
            &[],
            "certificate.extended-key-usage",
        ),
        (&[("subjectKeyIdentifier", "none")], "/CN=a.example", &[], "certificate.subject-key-identifier"),
        (
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,keyCertSign"),
                ("extendedKeyUsage", ""),
            ],
            "/CN=a CA",
            &[],
            "certificate.key-usage",
        ),
        (&[CA[0], CA[1], CA[2], ("nameConstraints", "permitted;DNS:x")], "/CN=a CA", &[], LIMITS),
        (&[CA[0], CA[1], CA[2], ("nameConstraints", "critical,permitted;DNS:.x")], "/CN=a CA", &[], LIMITS),
        (
            &[CA[0], CA[1], CA[2], ("nameConstraints", "critical,permitted;IP:10.0.0.0/255.0.255.0")],
            "/CN=a CA",
            &[],
            LIMITS,
        ),
    ] {
        let Some(certificate) = made(changes, subject, more) else { return };
        let found = codes(&certificate);
        assert!(found.contains(&code), "{changes:?} {more:?}: {found:?}");
    }
}

#[test]
fn version_1_and_old_times_are_found() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    openssl(&["genrsa", "-out", "k.pem", "2048"], sandbox.path());
    openssl(&["req", "-new", "-key", "k.pem", "-subj", "/CN=10.103.10.95", "-out", "r.pem"], sandbox.path());
    openssl(&["x509", "-req", "-in", "r.pem", "-signkey", "k.pem", "-out", "c.pem"], sandbox.path());
    let certificate = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap();
    assert_eq!(certificate.version(), 1);
    let found = codes(&certificate);
    for code in ["certificate.version", "certificate.san-missing", "certificate.basic-constraints"] {
        assert!(found.contains(&code), "{found:?}");
    }
}

#[test]
fn bytes_that_are_no_certificate_are_an_error() {
    for bytes in [&b""[..], b"\x30\x00", b"nonsense"] {
        assert_eq!(lint(bytes).unwrap_err().code(), "certificate.malformed");
    }
}

#[test]
fn times_from_2050_on_are_written_as_rfc_5280_asks() {
    let now = time::macros::datetime!(2049-06-01 00:00 UTC);
    let plan = certforge::CaRequest::new("far CA").unwrap().plan(now).unwrap();
    let key = certforge::PrivateKey::generate(certforge::KeyAlgorithm::P256).unwrap();
    let ca = Authority::create(&plan, key).unwrap();
    assert_eq!(ca.certificate().validity().not_after().year(), 2059);
    assert!(lint(ca.certificate().tbs()).unwrap().is_empty());
    let (utc, generalized) = (&b"\x17\x0d490531235500Z"[..], &b"\x18\x0f20590529235459Z"[..]);
    for wanted in [utc, generalized] {
        let found = ca.certificate().tbs().windows(wanted.len()).any(|w| w == wanted);
        assert!(found, "{:?}", String::from_utf8_lossy(wanted));
    }
}

/// A CA and a leaf to damage, made once.
fn samples() -> &'static [Vec<u8>] {
    static SAMPLES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SAMPLES.get_or_init(|| {
        let ca = Authority::generate("test CA").unwrap();
        let names = ["a.example", "10.0.0.1", "fd00::1", "me@a.example", "uri:spiffe://a.example/x"];
        let bundle = ca.issue(&LeafRequest::new(names).unwrap()).unwrap();
        vec![ca.certificate().der().to_vec(), bundle.leaf().der().to_vec()]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

    /// Damaged certificates are read or refused, and whatever is read can be
    /// looked at from every side: nothing panics.
    #[test]
    fn damaged_certificates_do_not_panic(
        sample in 0_usize..2,
        changes in proptest::collection::vec((0_usize..500, 0_u8..=255), 1..4),
        length in 0_usize..600,
    ) {
        let mut der = samples()[sample].clone();
        for (at, octet) in changes {
            let at = at % der.len();
            der[at] = octet;
        }
        if length < der.len() / 8 {
            der.truncate(length * 8);
        }
        if let Ok(certificate) = Certificate::from_der(der) {
            let _ = lint(certificate.tbs());
            let _ = (certificate.subject(), certificate.issuer(), certificate.names(), certificate.ca());
            let _ = certificate.is_signed_by(certificate.public_key());
            let chain = Chain::default();
            let import = acm::Import::new(&certificate, &chain, Some(certificate.public_key()));
            let _ = acm::import(&import, &[], &acm::Allowed::default(), OffsetDateTime::now_utc());
            let _ = check::certificate::examine(&certificate);
            let anchors = [TrustAnchor::new(Certificate::from_der(samples()[0].clone()).unwrap())];
            let peer: check::path::Peer = "a.example".parse().unwrap();
            let question = check::path::Question {
                certificate: &certificate,
                chain: &[],
                anchors: &anchors,
                peer: Some(&peer),
                purpose: check::path::Purpose::Server,
                at: OffsetDateTime::now_utc(),
                lists: &[],
                strict: true,
            };
            let verdict = check::path::verify(&question);
            // Whatever was changed, the signature is over something else now.
            let whole = certificate.der() == samples()[sample];
            proptest::prop_assert_eq!(verdict.is_valid(), whole && sample == 1);
            let _ = check::clients::facts(&question);
            proptest::prop_assert_eq!(Certificate::from_pem(certificate.pem().unwrap().as_bytes()).unwrap(), certificate);
        }
    }

    /// Any text is a list of certificates or an error.
    #[test]
    fn any_pile_is_read_or_refused(text in "(-----(BEGIN|END) (CERTIFICATE|RSA PRIVATE KEY)-----|[A-Za-z0-9+/=]{0,70}|\\PC{0,8}|\n){0,30}") {
        let path = std::path::Path::new("pile.pem");
        let mut pile = certforge::gather::Pile::new();
        pile.add(certforge::gather::Role::Any, path, text.as_bytes(), &mut |_| Ok(None)).unwrap();
        let _ = pile.sort();
        let _ = certforge::PrivateKey::from_pem(text.as_bytes());
        let _ = text.parse::<certforge::Subject>();
        let _ = text.parse::<certforge::Lifetime>();
    }
}
