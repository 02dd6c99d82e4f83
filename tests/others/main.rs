//! What a certificate that is there is asked for again: names, usages and subjects that can
//! be asked for, those that cannot, and what is read back of what others wrote.

mod inputs;
mod limits;
mod malformed;
mod shapes;
#[path = "../support/mod.rs"]
mod support;

use certforge::{Authority, Certificate, LeafRequest, PrivateKey, Reason, RevocationList, Revoked};
use support::made::{authority, ca_with, made};
use support::{Sandbox, judge, openssl};
use time::{Duration, OffsetDateTime};

#[test]
fn what_cannot_be_asked_for_says_why() {
    for (changes, why) in [
        (
            &[("subjectAltName", "DNS:a.example,RID:1.2.3")][..],
            "it has names of a kind that cannot be asked for",
        ),
        // Behind `a.example` each: a tag that no name has, and one that is not ASCII. Then no list at all.
        (&[("subjectAltName", "DER:300e8209612e6578616d706c658f0178")], "it has names that cannot be read"),
        (&[("subjectAltName", "DER:300e8209612e6578616d706c658201ff")], "it has names that cannot be read"),
        (&[("subjectAltName", "DER:040b8209612e6578616d706c65")], "it has names that cannot be read"),
        (
            &ca_with(&[("subjectAltName", "DNS:a.example"), ("extendedKeyUsage", "codeSigning")]),
            "it is a CA's",
        ),
        (&[("keyUsage", ""), ("extendedKeyUsage", "codeSigning")], "it says nothing of its key's usage"),
    ] {
        let Some(certificate) = made(changes, "/CN=a.example", &[]) else { return };
        let refused = LeafRequest::like(&certificate).unwrap_err();
        assert_eq!(refused.code(), "leaf.not-renewable", "{changes:?}");
        assert!(refused.to_string().ends_with(why), "{changes:?}: {refused}");
    }
}

#[test]
fn what_can_be_asked_for_is_asked_for_as_it_is() {
    let usages = [
        ("keyUsage", "critical,digitalSignature,keyAgreement"),
        ("extendedKeyUsage", "serverAuth,1.3.6.1.5.5.7.3.17"),
        ("subjectAltName", "DNS:a.example,IP:10.0.0.1,email:me@a.example,URI:urn:x:y"),
    ];
    let Some(before) = made(&usages, "/O=Acme/CN=a.example", &["-days", "77"]) else { return };
    let request = LeafRequest::like(&before).unwrap();
    let ca = authority("CA");
    let plan = request.plan(OffsetDateTime::now_utc()).unwrap().within(ca.validity());
    let key = PrivateKey::generate(plan.key()).unwrap();
    let after = ca.issue_for(&plan, key).unwrap();
    let after: &Certificate = after.leaf();
    assert_eq!(after.names(), before.names());
    assert_eq!(after.key_usage(), before.key_usage());
    assert_eq!(after.extended_key_usage_oids(), before.extended_key_usage_oids());
    assert_eq!(after.subject(), before.subject());
    assert_eq!(after.public_key().algorithm(), before.public_key().algorithm());
    let length = |c: &Certificate| (c.validity().not_after() - c.validity().not_before()).whole_days();
    assert_eq!(length(after), length(&before));
}

#[test]
fn every_reason_is_read_as_it_was_written() {
    let ca = Authority::generate("CA").unwrap();
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let revoked: Vec<Revoked> = Reason::ALL
        .into_iter()
        .zip(1_u8..)
        .map(|(reason, n)| Revoked { serial: vec![n], at: now - Duration::hours(i64::from(n)), reason })
        .collect();
    let list = ca.revocation_list(&revoked, 7, (now, now + Duration::days(30))).unwrap();
    let read = RevocationList::from_der(list.der().to_vec()).unwrap();
    assert_eq!(read.revoked(), revoked);
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("l.pem"), list.pem().unwrap()).unwrap();
    let text = openssl(&["crl", "-in", "l.pem", "-noout", "-text"], sandbox.path()).unwrap();
    for words in ["Key Compromise", "CA Compromise", "Superseded", "Certificate Hold", "Privilege Withdrawn"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn two_signature_algorithms_that_differ_are_none() {
    let Some(good) = made(&[], "/CN=a.example", &[]) else { return };
    // ECDSA with SHA-256, the second time: behind what is signed.
    let oid = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let at = good.der().windows(oid.len()).rposition(|window| window == oid).unwrap();
    let mut der = good.der().to_vec();
    der[at + 9] = 0x03;
    let refused = Certificate::from_der(der).unwrap_err();
    assert_eq!(refused.code(), "certificate.malformed");
    assert!(refused.to_string().contains("signature algorithms"), "{refused}");
}

#[test]
fn attributes_of_a_subject_have_their_types_and_their_bounds() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let all = [
        ("C", "JP", "countryName", 2),
        ("ST", "Tokyo", "stateOrProvinceName", 128),
        ("L", "Chiyoda", "localityName", 128),
        ("street", "1-1", "streetAddress", 128),
        ("postalCode", "100-0001", "postalCode", 40),
        ("O", "Acme", "organizationName", 64),
        ("OU", "Edge", "organizationalUnitName", 64),
        ("title", "Dr", "title", 64),
        ("GN", "Alice", "givenName", 64),
        ("SN", "Smith", "surname", 64),
        ("dnQualifier", "q1", "dnQualifier", 64),
        ("serialNumber", "12345", "serialNumber", 64),
        ("UID", "alice", "userId", 256),
        ("DC", "corp", "domainComponent", 63),
        ("emailAddress", "a@b.example", "emailAddress", 255),
    ];
    for (name, value, long, most) in all {
        let subject = format!("/{name}={value}");
        let ran = sandbox.run_args(&["leaf", "a.example", "--subj", &subject, "--key", "p256", "--force"]);
        assert_eq!(ran.status, 0, "{name}: {}", ran.stderr);
        let args = [
            "x509",
            "-in",
            "certforge/a.example/cert.pem",
            "-noout",
            "-subject",
            "-nameopt",
            "lname,sep_comma_plus",
        ];
        let text = openssl(&args, sandbox.path()).unwrap();
        assert!(text.contains(&format!("{long}={value}")), "{name}: {text}");
        // One character more than the bound.
        let filling =
            if name == "emailAddress" { format!("a@{}", "b".repeat(most - 1)) } else { "x".repeat(most + 1) };
        let subject = format!("/{name}={filling}");
        let ran = sandbox.run_args(&["leaf", "b.example", "--subj", &subject, "--key", "p256", "--json"]);
        let refused = support::json(&ran.stderr);
        assert_eq!((ran.status, &refused["code"]), (3, &"subject.malformed".into()), "{name}: {refused}");
    }
}
