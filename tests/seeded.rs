//! The same bytes each time from one seed, and marked as such.

mod support;

use certforge::harness::Seeded;
use certforge::{Authority, KeyAlgorithm, LeafRequest};
use support::{Sandbox, refused};
use time::macros::datetime;

const AT: time::OffsetDateTime = datetime!(2030-01-01 0:00 UTC);

fn snapshot(seed: u64, key: KeyAlgorithm) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    Seeded::new(seed, AT)
        .run(|| {
            let ca = Authority::generate("test CA")?;
            let leaf = ca.issue(&LeafRequest::new(["localhost"])?.key(key))?;
            let key = leaf.key().secret_der().to_vec();
            Ok::<_, certforge::Error>((ca.certificate().der().to_vec(), leaf.leaf().der().to_vec(), key))
        })
        .unwrap()
}

#[test]
fn one_seed_makes_the_same_bytes_and_another_does_not() {
    for key in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048] {
        let first = snapshot(7, key);
        assert!(first == snapshot(7, key), "{key}");
        let other = snapshot(8, key);
        assert!(first.0 != other.0 && first.1 != other.1 && first.2 != other.2, "{key}");
    }
}

#[test]
fn what_is_made_from_a_seed_says_so_and_nothing_else_does() {
    let seeded = Seeded::new(7, AT).run(|| Authority::generate("test CA")).unwrap();
    assert_eq!(seeded.certificate().subject(), "CN=test CA, OU=seeded: anybody can make this key");
    assert_eq!(seeded.certificate().validity().not_before(), datetime!(2029-12-31 23:55 UTC));
    let plain = [Authority::generate("test CA").unwrap(), Authority::generate("test CA").unwrap()];
    assert_eq!(plain[0].certificate().subject(), "CN=test CA");
    let alone = Seeded::new(7, AT).run(|| {
        let request = LeafRequest::new(["localhost"])?.plan(AT)?;
        certforge::authority::self_signed(&request, certforge::PrivateKey::generate(request.key())?)
    });
    assert_eq!(alone.unwrap().leaf().subject(), "CN=localhost, OU=seeded: anybody can make this key");
    let shared = Seeded::new(7, AT).run(certforge::harness::shared_ca).unwrap();
    assert_eq!(shared.certificate().subject(), "CN=certforge test CA");
    assert_ne!(plain[0].certificate().public_key(), plain[1].certificate().public_key());
    assert!(Seeded::now().is_none());
}

#[test]
fn a_panic_ends_the_seed_too() {
    let caught = std::panic::catch_unwind(|| Seeded::new(7, AT).run(|| panic!("on purpose")));
    assert!(caught.is_err());
    assert!(Seeded::now().is_none());
}

#[test]
fn the_signatures_are_good_ones() {
    let bundle = Seeded::new(7, AT)
        .run(|| Authority::generate("test CA")?.issue(&LeafRequest::new(["localhost"])?))
        .unwrap();
    let root = &bundle.chain().certificates()[0];
    assert!(bundle.leaf().is_signed_by(root.public_key()).unwrap());
    assert!(root.is_signed_by(root.public_key()).unwrap());
}

/// Everything that a run of several commands leaves behind, with its digest.
fn folder(seed: u32) -> Vec<String> {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("names.txt"), "a.test\nb.test\nc.test\n").unwrap();
    let manifest =
        "[ca.root]\ncn = \"my root\"\nkey = \"p256\"\n\n[leaf.web]\nnames = [\"web.test\"]\nca = \"root\"\n";
    std::fs::write(sandbox.file("certforge.toml"), manifest).unwrap();
    for command in [
        "ca new --key p256",
        "ca new below --under default --key rsa2048",
        "leaf localhost 127.0.0.1 --ca below",
        "leaf d.test --key p256 --ca default",
        "leaf e.test --key p256 --ca default",
        "leaf --self-signed f.test",
        "csr other.test",
        "revoke localhost --reason superseded",
        "crl --ca below",
        "leaf --batch names.txt --ca default",
        "up up.test --dir second",
        "apply",
        "apply",
    ] {
        let ran = sandbox.ok(&format!("{command} --seed {seed} --at 2030-01-01"));
        assert!(ran.stderr.contains(&format!("whoever knows --seed {seed} has the keys")), "{}", ran.stderr);
    }
    sandbox.snapshot()
}

/// What one seed makes is not the same thing again and again.
#[test]
fn commands_of_one_seed_make_different_keys() {
    let digests = folder(7);
    let keys: Vec<&str> = digests
        .iter()
        .filter(|file| file.contains("key.pem ") || file.contains("ca.key "))
        .filter_map(|file| file.rsplit(' ').next())
        .collect();
    let different: std::collections::BTreeSet<&&str> = keys.iter().collect();
    assert!(keys.len() >= 12 && different.len() == keys.len(), "{digests:#?}");
}

#[test]
fn commands_leave_the_same_files_from_one_seed() {
    let first = folder(7);
    assert!(first.iter().any(|file| file.starts_with("certforge/localhost/key.pem 100600 ")), "{first:#?}");
    assert_eq!(first, folder(7));
    assert_ne!(first, folder(8));
}

#[test]
fn a_seed_and_a_date_belong_together() {
    let sandbox = Sandbox::new();
    refused(&sandbox, "ca new --seed 7", 2, "usage");
    refused(&sandbox, "ca new --at 2030-01-01", 2, "usage");
    let quiet = sandbox.ok("-q ca new --seed 7 --at 2030-01-01T12:00:00Z");
    assert!(quiet.stderr.contains("SEEDED"), "quiet or not: {}", quiet.stderr);
    let shown = sandbox.ok("--json ca show");
    assert!(shown.stdout.contains("seeded: anybody can make this key"), "{}", shown.stdout);
}
