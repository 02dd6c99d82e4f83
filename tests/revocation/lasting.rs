//! What was taken back stays so for as long as it matters, whatever is lost or set wrong.

use crate::support::{Sandbox, at, json, openssl, refused};

fn next_update(sandbox: &Sandbox) -> String {
    let list = json(&sandbox.ok("check certforge/ca/default/crl.pem --json").stdout);
    list["lists"][0]["next_update"].as_str().unwrap()[..10].to_owned()
}

/// The signed list has it still: it is not given back because a file is gone.
#[test]
fn a_record_that_was_lost_comes_back_from_the_list() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        sandbox.ok(&format!("up {name}.example --key p256"));
    }
    sandbox.ok("revoke a.example --reason keyCompromise");
    sandbox.ok("revoke b.example --reason certificateHold");
    std::fs::remove_dir_all(sandbox.file("certforge/ca/default/revoked")).unwrap();
    let status = sandbox.run("status");
    assert!(status.status == 1 && status.stderr.contains("certforge crl --ca default"), "{}", status.stderr);
    // Nobody takes them for good meanwhile.
    for name in ["a", "b"] {
        assert_eq!(sandbox.run(&format!("verify {name}.example")).status, 1);
        let imported = sandbox.run(&format!("import-acm {name}.example --sim --dry-run"));
        assert!(imported.status != 0 && imported.stderr.contains("revoked"), "{}", imported.stderr);
    }
    assert!(sandbox.ok("list --issued").stdout.contains("revoked"));
    let made = json(&sandbox.ok("crl --json").stdout);
    assert_eq!(made["certificates"], 2, "{made}");
    assert_eq!(made["findings"][0]["code"], "crl.record-lost", "{made}");
    for name in ["a", "b"] {
        assert_eq!(sandbox.run(&format!("verify {name}.example")).status, 1);
    }
    sandbox.ok("revoke b.example --release");
    sandbox.ok("verify b.example");
    assert_eq!(sandbox.run("crl --json").stdout.matches("crl.record-lost").count(), 0);
}

#[test]
fn a_list_lasts_as_long_as_the_one_before() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("crl --days 365");
    let end = next_update(&sandbox);
    sandbox.ok("revoke a.example");
    assert_eq!(next_update(&sandbox), end);
    sandbox.ok("crl --days 3");
    let Some(later) = at(&sandbox, "+60h", "renew --due") else { return };
    assert_eq!(later.status, 0, "{}", later.stderr);
    let text =
        openssl(&["crl", "-in", "certforge/ca/default/crl.pem", "-noout", "-nextupdate"], sandbox.path());
    let soon = at(&sandbox, "+6d", "check certforge/ca/default/crl.pem").unwrap();
    assert!(
        soon.stdout.contains("ended") || soon.stdout.contains("out of date") || soon.status == 1,
        "{text:?} {}",
        soon.stdout
    );
}

/// A CA that was taken back issues nothing, and makes its lists.
#[test]
fn the_list_of_a_ca_that_was_taken_back_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    sandbox.ok("crl --ca default");
    sandbox.ok("crl --ca default-root");
    sandbox.ok("revoke default --reason superseded");
    let Some(later) = at(&sandbox, "+25d", "renew --due --json") else { return };
    let made = json(&later.stdout);
    let of: Vec<&str> = made["lists"].as_array().unwrap().iter().map(|l| l["ca"].as_str().unwrap()).collect();
    assert_eq!(of, ["default", "default-root"], "{made}");
}

/// A clock that ran ahead is no reason to wait for years.
#[test]
fn what_has_not_begun_is_due() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --days 9000");
    let Some(_) = at(&sandbox, "+400d", "leaf a.example --key p256") else { return };
    at(&sandbox, "+400d", "crl").unwrap();
    assert_eq!(sandbox.run("status").status, 1);
    let planned = sandbox.ok("renew --due --dry-run").stderr;
    assert!(planned.contains("a.example") && planned.contains("list"), "{planned}");
    assert_eq!(
        json(&sandbox.ok("up a.example --key p256 --dry-run --json").stdout)["leaf"]["state"],
        "planned"
    );
    sandbox.ok("renew --due");
    assert_eq!(sandbox.run("status").status, 0, "{}", sandbox.run("status").stdout);
    sandbox.ok("verify a.example --crl certforge/ca/default/crl.pem");
}

/// Whoever has the key would be believed again.
#[test]
fn a_key_that_was_compromised_is_certified_for_nobody() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("ca new other --key p256");
    sandbox.ok("csr a.example --key p256");
    let sign = "sign certforge/csr/a.example/request.pem";
    sandbox.ok(&format!("{sign} --ca default"));
    sandbox.ok("revoke a.example --reason superseded");
    sandbox.ok(&format!("{sign} --ca default --force"));
    sandbox.ok("revoke a.example --reason keyCompromise");
    refused(&sandbox, &format!("{sign} --ca default --force"), 3, "revoked");
    refused(&sandbox, &format!("{sign} --ca other --force --dry-run"), 3, "revoked");
    // Nor is a CA's: who has it is that CA.
    let Some(_) = openssl(
        &["req", "-new", "-key", "certforge/ca/other/ca.key", "-subj", "/CN=b.example", "-out", "b.csr"],
        sandbox.path(),
    ) else {
        return;
    };
    refused(&sandbox, "sign b.csr --ca default", 3, "key.weak");
    // What one CA took back says nothing of another's certificate that has the number.
    sandbox.ok("csr c.example --key p256");
    let sign = "sign certforge/csr/c.example/request.pem --ca other";
    sandbox.ok(sign);
    let serial = json(&sandbox.ok("check certforge/c.example/cert.pem --json").stdout);
    let serial = serial["certificates"][0]["serial"].as_str().unwrap();
    sandbox.ok(&format!("revoke {serial} --ca default --reason keyCompromise"));
    sandbox.ok(&format!("{sign} --force"));
}

/// What is another leaf's is not to be taken back with it.
#[test]
fn another_leaf_that_has_the_name_too_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("up c.example --san a.example --key p256");
    let told = sandbox.ok("revoke a.example").stderr;
    assert!(!told.contains("valid still"), "{told}");
}

/// The chain of another CA does not say who issued it.
#[test]
fn a_leaf_with_another_ones_chain_is_taken_back_by_its_own_ca() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    std::fs::copy(
        sandbox.file("certforge/ca/default-root/ca.pem"),
        sandbox.file("certforge/a.example/chain.pem"),
    )
    .unwrap();
    let revoked = json(&sandbox.ok("revoke a.example --json").stdout);
    assert_eq!(revoked["ca"], "default", "{revoked}");
    // One whose certificate cannot be read may be anybody's issuer.
    std::fs::write(sandbox.file("certforge/ca/default/ca.pem"), "junk").unwrap();
    std::fs::remove_file(sandbox.file("certforge/a.example/chain.pem")).unwrap();
    let told = sandbox.run("revoke a.example").stderr;
    assert!(told.contains("mend that CA's folder"), "{told}");
}

/// A CA that was replaced goes on saying what it said.
#[test]
fn a_key_that_a_replaced_ca_took_back_is_certified_for_nobody() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("csr a.example --key p256");
    let sign = "sign certforge/csr/a.example/request.pem";
    sandbox.ok(sign);
    sandbox.ok("revoke a.example --reason keyCompromise");
    sandbox.ok("ca new --key p256 --force");
    refused(&sandbox, &format!("{sign} --force"), 3, "revoked");
}

/// A record that cannot be read is of its own CA's certificate, and of no other of its number.
#[test]
fn what_another_ca_cannot_read_takes_nothing_back() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new one --key p256");
    sandbox.ok("ca new two --key p256");
    sandbox.ok("leaf a.example --ca one --key p256");
    let serial = json(&sandbox.ok("list --json").stdout)["leaves"][0]["serial"].as_str().unwrap().to_owned();
    let record = |ca: &str| sandbox.file(&format!("certforge/ca/{ca}/revoked/{serial}.json"));
    std::fs::write(record("two"), "{").unwrap();
    sandbox.ok("check certforge/a.example/cert.pem");
    sandbox.ok("verify certforge/a.example/cert.pem");
    std::fs::rename(record("two"), record("one")).unwrap();
    assert_eq!(sandbox.run("verify certforge/a.example/cert.pem").status, 1);
}

/// What is refused for the clock's sake has changed nothing.
#[test]
fn a_wrong_clock_takes_nothing_back_and_gives_nothing_back() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        sandbox.ok(&format!("up {name}.example --key p256"));
    }
    sandbox.ok("revoke b.example --reason certificateHold");
    for args in ["revoke a.example", "revoke b.example --release"] {
        let Some(ran) = at(&sandbox, "-3650d", args) else { return };
        assert!(ran.status == 3 && ran.stderr.contains("clock"), "{}", ran.stderr);
    }
    assert_eq!(sandbox.run("verify a.example").status, 0);
    assert_eq!(sandbox.run("verify b.example").status, 1);
}

/// A lesser reason is none the less lesser because a record is lost.
#[test]
fn what_is_revoked_for_its_key_stays_so_whatever_is_lost() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("revoke a.example --reason keyCompromise");
    std::fs::remove_dir_all(sandbox.file("certforge/ca/default/revoked")).unwrap();
    let again = sandbox.ok("revoke a.example --reason certificateHold --json").stdout;
    assert!(again.contains("keyCompromise"), "{again}");
    refused(&sandbox, "revoke a.example --release", 3, "revoked.for-good");
    let list = json(&sandbox.ok("check certforge/ca/default/crl.pem --text --json").stdout);
    assert_eq!(list["lists"][0]["entries"][0]["reason"], "keyCompromise", "{list}");
}

/// A list that is no file tells nothing, and revokes nobody.
#[test]
fn a_list_that_is_a_link_revokes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("crl");
    let (list, elsewhere) = (sandbox.file("certforge/ca/default/crl.pem"), sandbox.file("crl.pem"));
    std::fs::rename(&list, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &list).unwrap();
    sandbox.ok("verify a.example");
    assert!(!sandbox.run("status").stdout.contains("revoked"));
}

/// What a CA that was replaced took back comes back with no other one either.
#[test]
fn another_ca_gives_back_nothing_that_was_revoked() {
    let sandbox = Sandbox::new();
    for (name, reason) in [("a", "privilegeWithdrawn"), ("b", "keyCompromise")] {
        sandbox.ok(&format!("up {name}.example --key p256 --days 77"));
        sandbox.ok(&format!("revoke {name}.example --reason {reason}"));
    }
    sandbox.ok("up c.example --key p256 --days 77");
    sandbox.ok("ca new next --key p256");
    let message = refused(&sandbox, "renew b.example --ca next --reuse-key", 3, "revoked");
    assert!(message.contains("by the CA default"), "{message}");
    sandbox.ok("ca new default --key p256 --force");
    refused(&sandbox, "renew b.example --ca default --reuse-key", 3, "revoked");
    let done = json(&sandbox.run("renew --all --ca default --json").stdout);
    let names: Vec<&str> =
        done["leaves"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["b.example", "c.example"], "{done}");
    // What was asked for is on record with the successor.
    assert!(!done.to_string().contains("leaf.no-record"), "{done}");
}
