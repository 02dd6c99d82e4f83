//! How the keys of CAs are kept: encrypted, opened, changed.

use crate::support::{self, Sandbox, json, judge, openssl, refused};
use crate::verifies;

fn secret(sandbox: &Sandbox, name: &str, text: &str) {
    std::fs::write(sandbox.file(name), format!("{text}\n")).unwrap();
}

#[test]
fn an_encrypted_key_opens_with_its_pass_phrase_alone() {
    let sandbox = Sandbox::new();
    secret(&sandbox, "right", "correct horse");
    secret(&sandbox, "wrong", "battery staple");
    secret(&sandbox, "empty", "");
    refused(&sandbox, "ca new --encrypt", 3, "key.passphrase");
    refused(&sandbox, "ca new --encrypt --passphrase-file empty", 3, "key.passphrase");
    // A pass phrase is no pass phrase where the key is written as it is.
    for args in ["ca new plain --key p256", "up x.example --three-tier --ca other --key p256"] {
        sandbox.ok(&format!("{args} --passphrase-file right"));
    }
    for ca in ["plain", "other", "other-root"] {
        assert!(sandbox.read(&format!("certforge/ca/{ca}/ca.key")).contains("ENCRYPTED"), "{ca}");
    }
    sandbox.ok("ca new --key p256 --encrypt --passphrase-file right");
    assert!(sandbox.read("certforge/ca/default/ca.key").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert_eq!(json(&sandbox.ok("ca show --json").stdout)["key_file"], "encrypted");
    let said = refused(&sandbox, "leaf a.example --key p256", 3, "key.passphrase");
    assert!(said.contains("is needed"), "{said}");
    let said = refused(&sandbox, "leaf a.example --passphrase-file wrong", 3, "key.passphrase");
    assert!(said.contains("is wrong") && !said.contains("battery"), "{said}");
    sandbox.ok("leaf a.example --key p256 --passphrase-file right");
    sandbox.ok("up a.example --passphrase-file right");
    verifies(&sandbox, "a.example", &[]);
    let script =
        format!("exec 7<right; {} leaf b.example --key p256 --passphrase-fd 7 --quiet", support::CERTFORGE);
    let mut sh = std::process::Command::new("sh");
    let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "certforge/b.example\n"), "{}", ran.stderr);
    if judge("openssl").is_some() {
        let text = openssl(
            &["pkey", "-in", "certforge/ca/default/ca.key", "-passin", "file:right", "-noout", "-text"],
            sandbox.path(),
        );
        assert!(text.unwrap().contains("P-256"));
        let text = openssl(&["asn1parse", "-in", "certforge/ca/default/ca.key"], sandbox.path()).unwrap();
        for part in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "0927C0"] {
            assert!(text.contains(part), "{part}: {text}"); // 0x0927c0 is 600,000 rounds.
        }
    }
}

#[test]
fn pass_phrases_are_changed_and_taken_off() {
    let sandbox = Sandbox::new();
    secret(&sandbox, "one", "one");
    secret(&sandbox, "two", "two");
    sandbox.ok("ca new --key p256");
    sandbox.ok("ca rekey-passphrase --new-passphrase-file one");
    refused(&sandbox, "leaf a.example", 3, "key.passphrase");
    refused(
        &sandbox,
        "ca rekey-passphrase --passphrase-file two --new-passphrase-file one",
        3,
        "key.passphrase",
    );
    refused(&sandbox, "ca rekey-passphrase --passphrase-file one", 3, "key.passphrase");
    sandbox.ok("ca rekey-passphrase --passphrase-file one --new-passphrase-file two");
    sandbox.ok("leaf a.example --key p256 --passphrase-file two");
    sandbox.ok("ca rekey-passphrase --passphrase-file two --decrypt");
    sandbox.ok("leaf b.example --key p256");
    let mode = |line: &String| line.contains("ca.key") && line.contains(" 100600 ");
    assert!(sandbox.snapshot().iter().any(mode));
}

#[test]
fn an_intermediate_and_its_issuer_may_have_pass_phrases_of_their_own() {
    let sandbox = Sandbox::new();
    secret(&sandbox, "one", "one");
    secret(&sandbox, "two", "two");
    sandbox.ok("ca new root --key p256 --encrypt --passphrase-file one");
    refused(&sandbox, "ca new low --under root --key p256 --passphrase-file two", 3, "key.passphrase");
    sandbox.ok(
        "ca new low --under root --key p256 --encrypt --passphrase-file two --issuer-passphrase-file one",
    );
    sandbox.ok("leaf a.example --ca low --key p256 --passphrase-file two");
    verifies(&sandbox, "a.example", &[]);
}

#[test]
fn weak_encryption_is_read_with_a_warning_and_the_oldest_gets_the_line_that_converts_it() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    secret(&sandbox, "p", "pass");
    sandbox.ok("ca new --key p256");
    let key = sandbox.file("certforge/ca/default/ca.key");
    std::fs::copy(&key, sandbox.file("plain")).unwrap();
    let lock = |args: &[&str]| {
        let base = ["pkcs8", "-topk8", "-in", "plain", "-out", "locked", "-passout", "file:p"];
        openssl(&[&base[..], args].concat(), sandbox.path());
        std::fs::write(&key, std::fs::read(sandbox.file("locked")).unwrap()).unwrap();
    };
    for (args, words) in [
        (&["-v2", "des3"][..], "3DES"),
        (&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"], "SHA-1"),
        (&["-v2", "aes-256-cbc", "-iter", "1000"], "few rounds"),
    ] {
        lock(args);
        let leaf = json(&sandbox.ok("leaf a.example --force --key p256 --passphrase-file p --json").stdout);
        let finding = &leaf["findings"][0];
        assert_eq!(finding["code"], "key.weak-encryption", "{leaf}");
        assert!(finding["message"].as_str().unwrap().contains(words), "{finding}");
    }
    lock(&["-v2", "aes-256-cbc", "-iter", "600000"]);
    let leaf = json(&sandbox.ok("leaf a.example --force --key p256 --passphrase-file p --json").stdout);
    assert_eq!(leaf["findings"].as_array().unwrap().len(), 0, "{leaf}");
    let old = ["ec", "-in", "plain", "-aes256", "-out", "locked", "-passout", "file:p"];
    openssl(&old, sandbox.path());
    std::fs::write(&key, std::fs::read(sandbox.file("locked")).unwrap()).unwrap();
    let ran = sandbox.run("leaf b.example --passphrase-file p");
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("openssl pkcs8 -topk8 -v2 aes-256-cbc"), "{}", ran.stderr);
}

#[test]
fn no_output_holds_a_pass_phrase() {
    let sandbox = Sandbox::new();
    secret(&sandbox, "p", "hunter2hunter2");
    for args in [
        "up a.example --three-tier --encrypt --passphrase-file p --key p256",
        "ca new x --encrypt --passphrase-file p --key p256 --json",
        "leaf b.example --passphrase-file p --key p256",
        "leaf b.example --passphrase-file p --key p256",
    ] {
        let ran = sandbox.run(args);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"), "{args}");
    }
}

/// Nothing is replaced where nothing changes.
#[test]
fn a_plain_key_that_stays_plain_is_unchanged() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let done = json(&sandbox.ok("ca rekey-passphrase --decrypt --json").stdout);
    assert_eq!(done["state"], "unchanged", "{done}");
}

#[test]
fn a_ca_whose_key_is_not_encrypted_is_not_passed_off_as_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::write(sandbox.file("pw"), "a long pass phrase\n").unwrap();
    let told = sandbox.run("up a.example --encrypt --passphrase-file pw");
    assert!(told.status == 2 && told.stderr.contains("rekey-passphrase"), "{}", told.stderr);
}
