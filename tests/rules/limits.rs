//! Limits on names, signatures and keys: what each rule says of them, word by word.

use certforge::check::certificate::lint;
use rcgen::{CertificateParams, KeyPair};

use super::messages::{CA, LEAF, ODD, WRONG, ca_with, judge_all};
use super::support::der::{content, element};

#[test]
fn name_constraints_case_by_case() {
    let code = "name-constraints";
    let all = |value: &str| {
        ca_with("nameConstraints", "")
            .into_iter()
            .filter(|(n, _)| *n != "nameConstraints")
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .chain([("nameConstraints".to_owned(), value.to_owned())])
            .collect::<Vec<_>>()
    };
    for (value, severity, message) in [
        ("permitted;DNS:x", ODD, "its name constraints are not critical"),
        ("critical,DER:3000", WRONG, "its name constraints are empty"),
        ("critical,permitted;DNS:.x", WRONG, "its name constraints have `.x`, which starts with a dot"),
        ("critical,excluded;DNS:*.x", WRONG, "its name constraints have `*.x`, and a limit has no `*`"),
        (
            "critical,permitted;IP:10.0.0.0/255.0.255.0",
            WRONG,
            "its name constraints have a mask that is no prefix",
        ),
        // An address of four octets, without a mask; a minimum of 1.
        ("critical,DER:300aa00830068704 0a000000", WRONG, "its name constraints have an address of 4 octets"),
        (
            "critical,DER:300aa008 3006 8201 78 800101",
            WRONG,
            "its name constraints have a minimum or maximum",
        ),
    ] {
        let changes = all(&value.replace(' ', ""));
        let changes: Vec<(&str, &str)> = changes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        judge_all(&[(&changes, "/CN=a CA", &[], Some((code, severity, message)))]);
    }
    for good in [
        "critical,permitted;DNS:x,excluded;IP:10.0.0.0/255.0.0.0",
        "critical,permitted;IP:0.0.0.0/0.0.0.0",
        "critical,permitted;IP:10.1.2.3/255.255.255.255",
        "critical,permitted;IP:10.128.0.0/255.128.0.0",
        "critical,permitted;IP:fd00::/ff00::",
        "critical,permitted;email:a.example",
    ] {
        let changes = all(good);
        let changes: Vec<(&str, &str)> = changes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        judge_all(&[(&changes, "/CN=a CA", &[], None)]);
    }
    judge_all(&[(
        &[("nameConstraints", "critical,permitted;DNS:x")],
        LEAF,
        &[],
        Some((code, WRONG, "it has name constraints and is no CA")),
    )]);
}

#[test]
fn signatures_and_keys_case_by_case() {
    let sha1 = "it is signed with ECDSA with SHA-1, and SHA-256 is the least";
    let mut root = CA.to_vec();
    root.push(("subjectAltName", ""));
    judge_all(&[
        (&[], LEAF, &["-sha1"], Some(("signature-algorithm", WRONG, sha1))),
        (&root, "/CN=a CA", &["-sha1"], Some(("signature-algorithm", ODD, sha1))),
        (&[], LEAF, &["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss"], None),
        (&[], LEAF, &["-newkey", "rsa:2048"], None),
        (&[], LEAF, &["-newkey", "ed25519"], None),
        (
            &[],
            LEAF,
            &["-newkey", "rsa:1024"],
            Some(("key", WRONG, "its key is weak: it is RSA 1024, and 2048 bits is the least")),
        ),
    ]);
    judge_all(&[(&[], "/", &[], Some(("issuer-empty", WRONG, "its issuer is empty")))]);
    let mut nameless = root.clone();
    nameless[3] = ("subjectAltName", "critical,DNS:a.example");
    judge_all(&[(&nameless, "/", &[], Some(("ca-subject-empty", WRONG, "a CA with an empty subject")))]);
}

/// What is signed in a certificate of rcgen's, with one piece of it exchanged.
fn exchanged(old: &[u8], new: &[u8]) -> Vec<u8> {
    let params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    let tbs = content(content(&der));
    let at = tbs.windows(old.len()).position(|window| window == old).unwrap();
    element(0x30, &[&tbs[..at], new, &tbs[at + old.len()..]].concat())
}

fn said(tbs: &[u8], code: &str) -> Vec<String> {
    let found = lint(tbs).unwrap().into_iter().filter(|finding| finding.code == code);
    found.map(|finding| format!("{:?}: {}", finding.severity, finding.message)).collect()
}

#[test]
fn a_signature_algorithm_has_the_parameters_that_it_should() {
    const CODE: &str = "certificate.signature-algorithm";
    // ECDSA with SHA-256 has none, RSA with SHA-256 has NULL (RFC 5754 §3.2, RFC 4055 §5).
    let ecdsa = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let rsa = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    let (null, number) = ([0x05, 0], [0x02, 1, 0]);
    let with = |oid: &[u8], parameters: &[u8]| {
        said(&exchanged(&element(0x30, &ecdsa), &element(0x30, &[oid, parameters].concat())), CODE)
    };
    let wrong = ["Error: the parameters of its signature algorithm are wrong (RFC 5754, RFC 4055 §5)"];
    assert_eq!(with(&ecdsa, &[]), [""; 0]);
    assert_eq!(with(&ecdsa, &null), wrong);
    assert_eq!(with(&ecdsa, &number), wrong);
    assert_eq!(with(&rsa, &null), [""; 0]);
    assert_eq!(with(&rsa, &[]), wrong);
    assert_eq!(with(&rsa, &number), wrong);
}

#[test]
fn times_before_2050_are_written_with_two_digits_of_the_year() {
    const CODE: &str = "certificate.time-form";
    let utc = |text: &str| element(0x17, text.as_bytes());
    let generalized = |text: &str| element(0x18, text.as_bytes());
    // rcgen's own: 1975 and 4096.
    let old = [utc("750101000000Z"), generalized("40960101000000Z")].concat();
    let with = |from: Vec<u8>, until: Vec<u8>| {
        said(&exchanged(&element(0x30, &old), &element(0x30, &[from, until].concat())), CODE)
    };
    let wrong = ["Error: a time before 2050 is not UTCTime (RFC 5280 §4.1.2.5)"];
    assert_eq!(with(utc("260101000000Z"), utc("270101000000Z")), [""; 0]);
    assert_eq!(with(utc("260101000000Z"), generalized("20500101000000Z")), [""; 0]);
    assert_eq!(with(utc("260101000000Z"), generalized("20491231235959Z")), wrong);
    assert_eq!(with(generalized("20260101000000Z"), utc("270101000000Z")), wrong);
}
