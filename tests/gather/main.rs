//! What a pile of files comes to: which parts, in which order, and each thing that was put
//! right or cannot be, word by word. Everything is made here and damaged here.

mod archives;
mod damage;
mod edges;
mod keys;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::gather::{Gathered, Parts, Pile, Role};
use certforge::{
    Authority, Bundle, CaRequest, Finding, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey, Severity,
    SigningRequest,
};
use support::made::authority;
use time::OffsetDateTime;

const PASSPHRASE: &str = "correct horse";

/// A root, an intermediate that was renewed, a leaf, and what has nothing to do with them.
struct House {
    root: String,
    middle: String,
    leaf: String,
    key: String,
    locked: String,
    other: String,
    other_key: String,
    request: String,
}

fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let now = OffsetDateTime::now_utc();
        let new_key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let root = Authority::create(&CaRequest::new("root").unwrap().plan(now).unwrap(), new_key()).unwrap();
        let middle = root
            .create_under(
                &CaRequest::new("middle")
                    .unwrap()
                    .path_length(Some(0))
                    .plan(now)
                    .unwrap()
                    .within(root.validity()),
                new_key(),
            )
            .unwrap();
        let issued = issue(&middle, "a.example");
        let other = authority("other");
        let request = SigningRequest::create(
            &LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256).plan(now).unwrap(),
            &new_key(),
        )
        .unwrap();
        House {
            root: root.certificate().pem().unwrap(),
            middle: middle.certificate().pem().unwrap(),
            leaf: issued.leaf().pem().unwrap(),
            key: issued.key().secret_pem().unwrap().to_string(),
            locked: issued.key().encrypted_pem(PASSPHRASE).unwrap(),
            other: other.certificate().pem().unwrap(),
            other_key: other.key().secret_pem().unwrap().to_string(),
            request: request.pem().unwrap(),
        }
    })
}

fn issue(ca: &Authority, name: &str) -> Bundle {
    ca.issue(&LeafRequest::new([name]).unwrap().key(KeyAlgorithm::P256)).unwrap()
}

/// A file of a pile: what it was given as, its name, its content.
type File<'a> = (Role, &'a str, Vec<u8>);

fn pile_of(mut pile: Pile, files: &[File<'_>], passphrase: Option<&str>) -> Pile {
    let mut unlock = |_: &str| Ok(passphrase.map(|p| zeroize::Zeroizing::new(p.to_owned())));
    for (role, name, bytes) in files {
        pile.add(*role, Path::new(name), bytes, &mut unlock).unwrap();
    }
    pile
}

fn gathered(files: &[File<'_>], passphrase: Option<&str>) -> Gathered {
    pile_of(Pile::new(), files, passphrase).sort()
}

fn looked_at(files: &[File<'_>], passphrase: Option<&str>) -> Parts {
    pile_of(Pile::to_look_at(), files, passphrase).into_parts()
}

/// Findings as lines: what is wrong with an exclamation mark.
fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |f: &Finding| {
        let mark = if f.severity == Severity::Error { "!" } else { "" };
        assert!(f.severity != Severity::Error || !f.fix.is_empty(), "{f:?}");
        format!("{mark}{} {}: {}", f.code, f.place, f.message)
    };
    findings.iter().map(line).collect()
}

/// A PEM block.
fn block(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

fn any(text: &str) -> Vec<File<'static>> {
    vec![(Role::Any, "f.pem", text.as_bytes().to_vec())]
}

/// What the findings of one file of everything are to be.
fn says(bytes: &[u8], wanted: &[&str]) {
    let found = gathered(&[(Role::Any, "f", bytes.to_vec())], None);
    assert_eq!(lines(&found.findings), wanted, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

fn subjects(gathered: &Gathered) -> Vec<String> {
    let certificates = gathered.certificate.iter().chain(gathered.chain.certificates());
    certificates.map(|c| c.subject().replace("CN=", "")).collect()
}

#[test]
fn one_file_of_everything_in_any_order_is_one_bundle() {
    let h = house();
    for (text, order) in [
        (h.leaf.clone() + &h.middle + &h.root + &h.key, false),
        (h.key.clone() + &h.root + &h.middle + &h.leaf, true),
        (h.middle.clone() + &h.key + &h.leaf + &h.root, false),
        (h.root.clone() + &h.leaf + &h.middle + &h.key, true),
    ] {
        let found = gathered(&any(&text), None);
        assert_eq!(subjects(&found), ["a.example", "middle", "root"]);
        assert_eq!(
            found.key.as_ref().map(PrivateKey::public),
            Some(found.certificate.as_ref().unwrap().public_key())
        );
        assert_eq!(found.origin.as_deref(), Some(Path::new("f.pem")));
        let reordered = lines(&found.findings);
        assert_eq!(!reordered.is_empty(), order, "{reordered:?}");
        assert!(
            reordered
                .iter()
                .all(|line| line
                    .ends_with("the chain is put in order: the leaf's issuer first, the root last"))
        );
    }
}

#[test]
fn what_belongs_together_is_found_and_the_rest_is_told() {
    let h = house();
    let leaf = (Role::Certificate, "leaf", h.leaf.clone().into_bytes());
    let found =
        gathered(&[leaf.clone(), (Role::Chain, "chain", (h.middle.clone() + &h.other).into_bytes())], None);
    assert_eq!(subjects(&found), ["a.example", "middle"]);
    assert_eq!(
        lines(&found.findings),
        ["gather.unrelated chain, block 2, line 12: `CN=other` is not on the way up from the leaf, and is left out"]
            .map(|l| l.replace("line 12", &format!("line {}", 1 + h.middle.lines().count())))
    );

    let found = gathered(
        &[leaf.clone(), (Role::Chain, "chain", (h.leaf.clone() + &h.middle + &h.middle).into_bytes())],
        None,
    );
    assert_eq!(subjects(&found), ["a.example", "middle"]);
    let codes: Vec<&str> = found.findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["gather.leaf-in-chain", "gather.duplicate"]);
    assert_eq!(found.findings[0].message, "the certificate stands in the chain too, and is left out there");
    assert_eq!(found.findings[1].message, "`CN=middle` once more is left out");

    let found = gathered(&[(Role::Certificate, "full", (h.leaf.clone() + &h.middle).into_bytes())], None);
    assert_eq!(subjects(&found), ["a.example", "middle"]);
    assert_eq!(
        lines(&found.findings),
        [
            "gather.split full, block 1, line 1: 2 certificates, where one belongs: the others go into the chain"
        ]
    );

    let found = gathered(&[leaf.clone(), (Role::Chain, "chain", h.other.clone().into_bytes())], None);
    assert_eq!(subjects(&found), ["a.example"]);
    assert_eq!(
        lines(&found.findings),
        [
            "!gather.other-issuer chain, block 1, line 1: the leaf's issuer is `CN=middle`, and the one other certificate is `CN=other`"
        ]
    );

    let two = h.other.clone() + &h.root;
    let found = gathered(&[leaf.clone(), (Role::Chain, "chain", two.into_bytes())], None);
    let message = "the leaf's issuer is `CN=middle`, and none of 2 certificates is: the first is `CN=other`";
    assert_eq!(found.findings[0].message, message);

    // A CA with the issuer's name and another key.
    let same_name = authority("middle").certificate().pem().unwrap();
    let found = gathered(&[leaf, (Role::Chain, "chain", (h.other.clone() + &same_name).into_bytes())], None);
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    assert_eq!(
        found.findings[0].message,
        "it has the issuer's name `CN=middle`, but not the key that signed the leaf"
    );
    assert!(found.findings[0].place.starts_with("chain, block 2"));
}

#[test]
fn without_a_certificate_there_is_no_bundle() {
    let h = house();
    let found = gathered(&[], None);
    assert_eq!(lines(&found.findings), ["!gather.empty certificate: no certificate was given"]);
    let found = gathered(&any(&h.key), None);
    assert!(found.certificate.is_none() && found.key.is_some());
    assert_eq!(lines(&found.findings), ["!gather.empty certificate: no certificate was given"]);
    // Something else is wrong already: that is enough.
    let found = gathered(
        &[(Role::Certificate, "c", Vec::new()), (Role::Chain, "i", h.middle.clone().into_bytes())],
        None,
    );
    assert!(found.certificate.is_none());
    assert_eq!(lines(&found.findings), ["!gather.empty c: it is empty, or has no PEM block in it"]);
}

#[test]
fn the_leaf_is_the_keys_or_what_was_given_or_what_issued_nothing() {
    let h = house();
    let now = OffsetDateTime::now_utc();
    let ca = authority("two leaves");
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let plan = |name: &str, at| {
        let request = LeafRequest::new([name]).unwrap().key(KeyAlgorithm::P256).lifetime(Lifetime::days(30));
        request.plan(at).unwrap().within(ca.validity())
    };
    let old = ca.issue_for(&plan("old.example", now), key()).unwrap();
    let new = ca.issue_for(&plan("new.example", now + time::Duration::HOUR), key()).unwrap();
    let (old_pem, new_pem) = (old.leaf().pem().unwrap(), new.leaf().pem().unwrap());
    let old_key = old.key().secret_pem().unwrap().to_string();
    // Of two leaves the newer; with a key the key's own.
    for text in [old_pem.clone() + &new_pem, new_pem.clone() + &old_pem] {
        assert_eq!(subjects(&gathered(&any(&text), None))[0], "new.example");
        assert_eq!(subjects(&gathered(&any(&(text + &old_key)), None))[0], "old.example");
    }
    // What is given as the certificate is meant, whatever key there is.
    let files = [
        (Role::Certificate, "c", new_pem.into_bytes()),
        (Role::Chain, "i", (old_pem + &ca.certificate().pem().unwrap()).into_bytes()),
        (Role::PrivateKey, "k", old_key.into_bytes()),
    ];
    let found = gathered(&files, None);
    assert_eq!(subjects(&found)[0], "new.example");
    assert_eq!(found.origin.as_deref(), Some(Path::new("c")));
    // A CA and its root: the one that issued no other, although it is a CA.
    assert_eq!(subjects(&gathered(&any(&(h.root.clone() + &h.middle)), None)), ["middle", "root"]);
    assert_eq!(subjects(&gathered(&any(&h.root), None)), ["root"]);
}
