//! At the edges: the forms that DER can have, the ways up that are tried, the last that is read.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::gather::{Gathered, Pile, Role};
use certforge::key::KeyForm;
use certforge::{Authority, CaRequest, Certificate, KeyAlgorithm, Lifetime, PrivateKey};
use time::{Duration, OffsetDateTime};

use crate::support::der::element;
use crate::support::made::{authority, made};
use crate::support::{Sandbox, judge, openssl};

use super::{File, PASSPHRASE, any, der, gathered, house, issue, lines, looked_at, pile_of, subjects};

/// PKCS#7 `SignedData`, or what has another number, with what stands in its set of certificates.
fn pkcs7(number: u8, certificates: Option<&[u8]>) -> Vec<u8> {
    let oid = |last: u8| element(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, last]);
    let mut data = [vec![0x02, 1, 1, 0x31, 0], element(0x30, &oid(1))].concat();
    if let Some(certificates) = certificates {
        data.extend(element(0xa0, certificates));
    }
    data.extend([0x31, 0]);
    element(0x30, &[oid(number), element(0xa0, &element(0x30, &data))].concat())
}

fn binary(bytes: Vec<u8>) -> Vec<File<'static>> {
    vec![(Role::Any, "f", bytes)]
}

#[test]
fn keys_in_der_are_known_by_their_form() {
    let rsa = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap();
    let ec = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let ed = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
    for (key, form) in [
        (&rsa, KeyForm::Pkcs1),
        (&rsa, KeyForm::Pkcs8),
        (&ec, KeyForm::Sec1),
        (&ec, KeyForm::Pkcs8),
        (&ed, KeyForm::Pkcs8),
    ] {
        let bytes = key.secret_der_as(form).unwrap().to_vec();
        // As it is, and as one line of Base64 as secret stores keep it: of Ed25519 64 characters.
        for written in [bytes.clone(), STANDARD.encode(&bytes).into_bytes()] {
            let found = looked_at(&binary(written), None);
            let keys: Vec<_> = found.keys.iter().map(|(_, key)| key.public()).collect();
            assert_eq!(keys, [key.public()], "{form:?} {:?}", key.public().algorithm());
        }
    }
    assert_eq!(STANDARD.encode(ed.secret_der_as(KeyForm::Pkcs8).unwrap().as_slice()).len(), 64);
}

#[test]
fn certificates_of_version_1_are_no_lists() {
    let old = ["basicConstraints", "keyUsage", "extendedKeyUsage", "subjectAltName"];
    let identifiers = ["subjectKeyIdentifier", "authorityKeyIdentifier"];
    let none: Vec<_> = old.into_iter().chain(identifiers).map(|name| (name, "")).collect();
    let Some(certificate) = made(&none, "/CN=old.example", &["-sha256"]) else { return };
    let found = looked_at(&binary(certificate.der().to_vec()), None);
    assert_eq!((found.certificates.len(), found.others.lists.len()), (1, 0));
    assert_eq!(found.certificates[0].1, certificate);
    // A list with a time of its own kind each.
    let ca = authority("lists");
    let now = OffsetDateTime::now_utc();
    for ends in [now + Duration::days(7), now + Duration::days(365 * 40)] {
        let list = ca.revocation_list(&[], 1, (now, ends)).unwrap();
        let found = looked_at(&binary(list.der().to_vec()), None);
        assert_eq!((found.certificates.len(), found.others.lists.len()), (0, 1), "{ends}");
    }
}

#[test]
fn pkcs7_with_nothing_in_it_says_so() {
    let h = house();
    let without = "!gather.damaged f: it is PKCS#7 without certificates that can be read";
    // No set, an empty one, and one that holds something else than certificates.
    let attribute = element(0xa1, &[0x02, 1, 1]);
    for certificates in [None, Some(&[][..]), Some(&attribute)] {
        let found = looked_at(&binary(pkcs7(2, certificates)), None);
        assert_eq!(lines(&found.findings), ["gather.pkcs7 f: PKCS#7 unpacked", without], "{certificates:?}");
    }
    let both = [attribute, der(&h.leaf)].concat();
    let found = looked_at(&binary(pkcs7(2, Some(&both))), None);
    assert_eq!(found.certificates.len(), 1);
    // What is encrypted for somebody (envelopedData) is none.
    let found = looked_at(&binary(pkcs7(3, Some(&der(&h.leaf)))), None);
    assert_eq!(
        lines(&found.findings),
        ["!gather.damaged f: it is neither PEM nor the DER of anything known"]
    );
}

#[test]
fn of_a_thousand_certificates_the_next_is_told() {
    let leaf = der(&house().leaf);
    for (count, told) in [(1_000, false), (1_001, true)] {
        let found = looked_at(&binary(pkcs7(2, Some(&leaf.repeat(count)))), None);
        assert_eq!(found.certificates.len(), 1_000);
        let said = lines(&found.findings).concat();
        assert_eq!(said.contains("more than 1000 certificates"), told, "{count}: {said}");
    }
}

#[test]
fn archives_that_are_not_opened_say_why() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let bundle = issue(&authority("root"), "a.example");
    std::fs::write(sandbox.file("c.pem"), bundle.leaf().pem().unwrap()).unwrap();
    std::fs::write(sandbox.file("k.pem"), bundle.key().secret_pem().unwrap().as_bytes()).unwrap();
    let export = ["pkcs12", "-export", "-in", "c.pem", "-inkey", "k.pem", "-out", "a.p12", "-passout"];
    let given = format!("pass:{PASSPHRASE}");
    for (more, reason) in [
        (&["-iter", "1000001"][..], "its pass phrase would take too much work"),
        (&["-macalg", "md5"], "it is encrypted in a way that is not read"),
    ] {
        openssl(&[&export[..], &[given.as_str()], more].concat(), sandbox.path()).unwrap();
        let archive = std::fs::read(sandbox.file("a.p12")).unwrap();
        let found = gathered(&binary(archive), Some(PASSPHRASE));
        assert!(found.certificate.is_none());
        let said = lines(&found.findings);
        assert_eq!(said[0], format!("!gather.encrypted f: {reason}"), "{more:?}: {said:?}");
    }
}

/// A CA below another with this key, that begins so many days ago.
fn ca_below(above: &Authority, name: &str, key: &PrivateKey, days: i64) -> Authority {
    let begins = OffsetDateTime::now_utc() - Duration::days(days);
    let request = CaRequest::new(name).unwrap();
    let plan = request.path_length(None).plan(begins).unwrap().within(above.validity());
    let key = PrivateKey::from_der(key.secret_der(), KeyForm::Pkcs8).unwrap();
    above.create_under(&plan, key).unwrap()
}

fn top(name: &str) -> Authority {
    let request = CaRequest::new(name).unwrap();
    let plan = request.path_length(None).plan(OffsetDateTime::now_utc() - Duration::days(30)).unwrap();
    Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap()
}

fn pem(certificates: &[&Certificate]) -> String {
    certificates.iter().map(|c| c.pem().unwrap()).collect()
}

/// The issuers of each certificate of the chain.
fn way(found: &Gathered) -> Vec<String> {
    found.chain.certificates().iter().map(|c| c.issuer().replace("CN=", "")).collect()
}

#[test]
fn a_short_way_to_a_root_goes_before_a_long_way_to_none() {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let (here, gone, crossed) = (top("here"), top("gone"), key());
    let one = ca_below(&gone, "one", &key(), 2);
    let two = ca_below(&one, "two", &key(), 2);
    let short = ca_below(&here, "crossed", &crossed, 2);
    let long = ca_below(&two, "crossed", &crossed, 1);
    let leaf = issue(&short, "a.example");
    let parts = [
        leaf.leaf(),
        long.certificate(),
        two.certificate(),
        one.certificate(),
        short.certificate(),
        here.certificate(),
    ];
    assert_eq!(way(&gathered(&any(&pem(&parts)), None)), ["here", "here"]);
    // Without that root the long one is all the way there is.
    assert_eq!(way(&gathered(&any(&pem(&parts[..4])), None)), ["two", "one", "gone"]);
}

#[test]
fn of_very_many_ways_up_one_is_taken() {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    // Two certificates for each of 23 CAs, each issued by the one above: 8 million ways.
    let root = top("root");
    let mut above = ca_below(&root, "ca", &key(), 20);
    let mut all = vec![above.certificate().clone()];
    for depth in 0..23 {
        let key = key();
        let twin = ca_below(&above, &format!("ca {depth}"), &key, 2);
        above = ca_below(&above, &format!("ca {depth}"), &key, 1);
        all.extend([twin.certificate().clone(), above.certificate().clone()]);
    }
    let leaf = issue(&above, "a.example");
    let mut parts: Vec<&Certificate> = all.iter().collect();
    parts.push(leaf.leaf());
    let found = gathered(&any(&pem(&parts)), None);
    assert_eq!(found.certificate.as_ref(), Some(leaf.leaf()));
    assert_eq!(found.chain.certificates().len(), 24);
    parts.push(root.certificate());
    let found = gathered(&any(&pem(&parts)), None);
    assert_eq!(found.chain.certificates().len(), 25);
    assert_eq!(way(&found).last().unwrap(), "root");
}

#[test]
fn what_signed_itself_needs_no_issuer() {
    let (own, other) = (made(&[], "/CN=own.example", &[]), authority("other"));
    let Some(own) = own else { return };
    let found = gathered(&any(&pem(&[&own, other.certificate()])), None);
    assert_eq!(subjects(&found), ["own.example"]);
    let said = lines(&found.findings);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].ends_with("`CN=other` is not on the way up from the leaf, and is left out"), "{said:?}");
}

#[test]
fn of_cas_alone_the_one_that_issued_nothing_is_meant() {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = top("root");
    let upper = ca_below(&root, "upper", &key(), 1);
    // It begins before the one above it does.
    let plan = CaRequest::new("lower").unwrap().path_length(None).lifetime(Lifetime::days(100));
    let plan = plan.plan(OffsetDateTime::now_utc() - Duration::days(9)).unwrap();
    let lower = upper.create_under(&plan, key()).unwrap();
    let begins = |ca: &Authority| ca.certificate().validity().not_before();
    assert!(begins(&lower) < begins(&upper));
    for parts in [[&upper, &lower, &root], [&lower, &root, &upper], [&root, &upper, &lower]] {
        let parts = parts.map(Authority::certificate);
        let found = gathered(&any(&pem(&parts)), None);
        assert_eq!(found.certificate.as_ref(), Some(lower.certificate()));
        assert_eq!(way(&found), ["root", "root"]);
    }
}

#[test]
fn a_ca_that_is_given_as_the_certificate_is_it() {
    let root = top("given");
    let leaf = issue(&authority("other"), "a.example");
    let files = [
        (Role::Chain, "chain.pem", pem(&[leaf.leaf()]).into_bytes()),
        (Role::Certificate, "cert.pem", pem(&[root.certificate()]).into_bytes()),
    ];
    let found = pile_of(Pile::new(), &files, None).sort();
    assert_eq!(found.certificate.as_ref(), Some(root.certificate()));
    assert_eq!(found.origin.as_deref(), Some(Path::new("cert.pem")));
}

#[test]
fn a_header_that_only_mentions_encryption_locks_nothing() {
    let h = house();
    let header = |text: &str| {
        h.key.replace("-----BEGIN PRIVATE KEY-----\n", &format!("-----BEGIN PRIVATE KEY-----\n{text}\n\n"))
    };
    for text in ["Proc-Type: 4,CLEAR", "Comment: ENCRYPTED"] {
        let found = looked_at(&any(&header(text)), None);
        assert!(found.others.locked.is_empty(), "{text}: {:?}", lines(&found.findings));
        assert!(!lines(&found.findings).concat().contains("pass phrase"), "{text}");
    }
    let found = looked_at(&any(&header("Proc-Type: 4,ENCRYPTED")), None);
    let old = "!gather.encrypted f.pem, block 1, line 1: it is encrypted in the old PEM form";
    assert_eq!(lines(&found.findings), [old]);
}
