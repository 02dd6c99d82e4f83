//! CAs that come one by one, and what a CA got where it is kept besides.

use std::os::unix::fs::symlink;

use super::support::{Sandbox, json, judge, refused};
use super::{codes, shell};

const UNKNOWN: &str = "what it limits is not known";

/// A root with limits and a CA below it, in another store.
fn two(sandbox: &Sandbox) {
    sandbox.ok("--dir other ca new root --key p256 --permit dns:internal");
    sandbox.ok("--dir other ca new issuing --under root --key p256");
}

/// The limits of a root hold for what was taken over after it, or before it.
#[test]
fn cas_that_are_taken_over_one_by_one_are_one_above_the_other() {
    let takes = ["ca adopt other/ca/root root", "ca adopt only issuing"];
    for takes in [takes, [takes[1], takes[0]]] {
        let sandbox = Sandbox::new();
        two(&sandbox);
        std::fs::create_dir(sandbox.file("only")).unwrap();
        for file in ["ca.pem", "ca.key"] {
            let from = sandbox.file(&format!("other/ca/issuing/{file}"));
            std::fs::copy(from, sandbox.file(&format!("only/{file}"))).unwrap();
        }
        sandbox.ok(takes[0]);
        if takes[0].contains("only") {
            // Whose limits are not known is told, each time.
            assert!(sandbox.ok("leaf www.evil.example --ca issuing").stderr.contains(UNKNOWN));
            std::fs::remove_dir_all(sandbox.file("certforge/www.evil.example")).unwrap();
        }
        sandbox.ok(takes[1]);
        refused(&sandbox, "leaf www.evil.example --ca issuing", 3, "ca.constrained");
        assert_eq!(sandbox.ok("leaf a.internal --ca issuing").stderr.matches(UNKNOWN).count(), 0);
        let root = sandbox.read("certforge/ca/root/ca.pem");
        assert_eq!(sandbox.read("certforge/a.internal/ca.pem"), root, "{takes:?}");
        sandbox.ok("verify certforge/a.internal/cert.pem");
    }
}

#[test]
fn a_ca_that_was_renewed_elsewhere_gets_its_new_certificate() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    sandbox.ok("ca adopt other/ca/issuing issuing");
    sandbox.ok("leaf a.internal --ca issuing");
    let end = |document: &serde_json::Value| document["not_after"].as_str().unwrap().to_owned();
    let before = end(&json(&sandbox.ok("ca show issuing --json").stdout));
    sandbox.ok("--dir other ca renew root --days 9000");
    sandbox.ok("--dir other ca renew issuing --days 8000");
    let planned = sandbox.ok("ca adopt other/ca/issuing issuing --dry-run");
    assert!(planned.stderr.contains("would be renewed"), "{}", planned.stderr);
    assert_eq!(end(&json(&sandbox.ok("ca show issuing --json").stdout)), before);
    let taken = json(&sandbox.ok("ca adopt other/ca/issuing issuing --json").stdout);
    assert_eq!(taken["authorities"][0]["state"], "renewed", "{taken}");
    assert!(end(&json(&sandbox.ok("ca show issuing --json").stdout)) > before);
    let chain = sandbox.read("other/ca/issuing/chain.pem");
    assert_eq!(sandbox.read("certforge/ca/issuing/chain.pem"), chain, "the way up is the new one too");
    sandbox.ok("verify a.internal");
    sandbox.ok("leaf b.internal --ca issuing --days 200");
    let again = json(&sandbox.ok("ca adopt other/ca/issuing issuing --json").stdout);
    assert_eq!(again["authorities"][0]["state"], "unchanged", "{again}");
}

/// What a list that cannot be read took back would be given back without a word.
#[test]
fn a_list_that_cannot_be_read_is_no_success() {
    let sandbox = Sandbox::new();
    sandbox.ok("--dir other up a.example --key p256");
    sandbox.ok("--dir other revoke a.example");
    let folder = sandbox.file("other/ca/default");
    let Some(_) = judge("openssl") else { return };
    shell(&sandbox, "openssl crl -in other/ca/default/crl.pem -outform DER -out other/ca/default/old.crl");
    std::fs::remove_file(folder.join("crl.pem")).unwrap();
    std::fs::remove_dir_all(folder.join("revoked")).unwrap();
    let list = folder.join("old.crl");
    let mut der = std::fs::read(&list).unwrap();
    let short = der.len() - 80;
    der[10] ^= 0xff;
    std::fs::write(&list, &der[..short]).unwrap();
    for args in ["ca adopt other/ca/default x --json", "-q ca adopt other/ca/default"] {
        let ran = sandbox.run(args);
        let said = ran.stdout.clone() + &ran.stderr;
        assert!(ran.status == 1 && said.contains("what it revokes is not taken over"), "{args}: {said}");
    }
}

#[test]
fn what_an_older_list_had_on_hold_is_not_taken_back_again() {
    let sandbox = Sandbox::new();
    sandbox.ok("--dir other up a.example --key p256");
    sandbox.ok("--dir other revoke a.example --reason certificateHold");
    let folder = sandbox.file("other/ca/default");
    std::fs::copy(folder.join("crl.pem"), folder.join("old.pem")).unwrap();
    sandbox.ok("--dir other revoke a.example --release");
    let taken = json(&sandbox.ok("ca adopt other/ca/default --json").stdout);
    assert_eq!((&taken["certificates"], &taken["revoked"]), (&1.into(), &0.into()), "{taken}");
    assert!(codes(&taken).is_empty(), "{taken}");
}

/// As Kubernetes mounts secrets: every file is a link.
#[test]
fn files_that_are_links_are_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.ok("--dir other up a.example --key p256");
    sandbox.ok("--dir other revoke a.example");
    std::fs::create_dir(sandbox.file("mounted")).unwrap();
    for file in ["ca.pem", "ca.key", "crl.pem"] {
        let to = sandbox.file(&format!("other/ca/default/{file}"));
        symlink(to, sandbox.file(&format!("mounted/{file}"))).unwrap();
    }
    let taken = json(&sandbox.ok("ca adopt mounted --json").stdout);
    assert_eq!(taken["revoked"], 1, "{taken}");
}

/// A cross-certificate is another way up, and no renewal.
#[test]
fn a_root_stays_one_beside_its_cross_certificate() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let ca = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
    shell(
        &sandbox,
        &format!(
            "mkdir p1 p2; openssl ecparam -name prime256v1 -genkey -noout -out p1/ca.key
openssl req -x509 -new -key p1/ca.key -subj '/CN=Old Root' -days 900 {ca} -out p1/ca.crt
openssl ecparam -name prime256v1 -genkey -noout -out other.key
openssl req -x509 -new -key other.key -subj '/CN=Other Root' -days 4000 {ca} -out other.crt
openssl req -new -key p1/ca.key -subj '/CN=Old Root' -out cross.csr
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' > ext
openssl x509 -req -in cross.csr -CA other.crt -CAkey other.key -days 3000 -extfile ext -out p2/cross.crt
cp p1/ca.key p1/ca.crt p2/"
        ),
    );
    sandbox.ok("ca adopt p1");
    let root = sandbox.read("certforge/ca/default/ca.pem");
    let again = json(&sandbox.ok("ca adopt p2 --json").stdout);
    assert_eq!(again["authorities"][0]["state"], "unchanged", "{again}");
    assert_eq!(sandbox.read("certforge/ca/default/ca.pem"), root);
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("verify a.example");
}

/// OpenSSL's own CAs begin with any number, 0 too.
#[test]
fn the_serial_number_zero_can_be_taken_back() {
    let sandbox = Sandbox::new();
    sandbox.ok("--dir other ca new --key p256");
    std::fs::create_dir(sandbox.file("pki")).unwrap();
    for file in ["ca.pem", "ca.key"] {
        std::fs::copy(
            sandbox.file(&format!("other/ca/default/{file}")),
            sandbox.file(&format!("pki/{file}")),
        )
        .unwrap();
    }
    let line = "R\t300101000000Z\t260101000000Z,keyCompromise\t00\tunknown\t/CN=zero\n";
    std::fs::write(sandbox.file("pki/index.txt"), line).unwrap();
    sandbox.ok("ca adopt pki");
    let made = json(&sandbox.ok("crl --json").stdout);
    assert_eq!(made["certificates"], 1, "{made}");
}
