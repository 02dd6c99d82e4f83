//! Input that is meant to do harm: each is refused in words, quickly, without an echo of keys
//! and without a character that a terminal acts on.

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::Sandbox;

fn block(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// Looks at a file with every command that does, and gives the statuses.
fn looked_at(sandbox: &Sandbox, name: &str, content: &[u8]) -> Vec<i32> {
    std::fs::write(sandbox.file(name), content).unwrap();
    let mut statuses = Vec::new();
    for args in [
        format!("check {name}"),
        format!("check {name} --json"),
        format!("verify {name}"),
        format!("verify {name} --strict --json"),
    ] {
        let ran = sandbox.run(&args);
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!text.trim().is_empty(), "{args} says nothing");
        let bad = text.chars().find(|c| *c != '\n' && (c.is_control() || certforge::error::is_invisible(*c)));
        assert_eq!(bad, None, "{args}: {}", text.escape_debug());
        assert!(!text.contains("PRIVATE KEY-----"), "{args} shows a key");
        assert!((0..=4).contains(&ran.status), "{args}: {} {text}", ran.status);
        statuses.push(ran.status);
    }
    statuses
}

#[test]
fn floods_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let mut deep = vec![0x30, 0x80];
    deep.resize(200_000, 0x30);
    let nested: Vec<u8> = b"\x30\x82\xff\xff".repeat(20_000);
    for (name, content) in [
        ("line", format!("-----BEGIN CERTIFICATE-----{}", "A".repeat(4_000_000)).into_bytes()),
        ("begins", "-----BEGIN CERTIFICATE-----\n".repeat(140_000).into_bytes()),
        ("empties", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".repeat(70_000).into_bytes()),
        ("deep", deep),
        ("nested", block("CERTIFICATE", &nested).into_bytes()),
        ("zeros", vec![0; 1_000_000]),
        ("larger", vec![b'x'; 5_000_000]),
        ("binary", (0..=255).cycle().take(100_000).collect()),
    ] {
        let statuses = looked_at(&sandbox, name, &content);
        assert!(statuses.iter().all(|status| *status != 0), "{name}: {statuses:?}");
    }
}

#[test]
fn names_cannot_write_on_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let pem = sandbox.read("certforge/a.internal/cert.pem");
    let der = certforge::Certificate::from_pem(pem.as_bytes()).unwrap().der().to_vec();
    // The signature is wrong then, and the names are shown nevertheless.
    for name in [&b"\x1b[2Jxxxxx."[..], b"\xe2\x80\xaegro.a", b"a.\x00\x0d\x0aal"] {
        let mut changed = der.clone();
        let wanted = b"a.internal";
        for at in 0..changed.len() - wanted.len() {
            if &changed[at..at + wanted.len()] == wanted {
                changed[at..at + name.len()].copy_from_slice(name);
            }
        }
        let statuses = looked_at(&sandbox, "c.pem", block("CERTIFICATE", &changed).as_bytes());
        assert!(statuses[2] != 0 && statuses[3] != 0, "{statuses:?}");
    }
}

#[test]
fn a_key_is_never_shown_and_its_rounds_are_not_run() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let key = sandbox.read("certforge/a.internal/key.pem");
    assert_eq!(looked_at(&sandbox, "key.pem", key.as_bytes())[0], 0);
    let body: String = key.lines().filter(|l| !l.starts_with('-')).collect();
    for at in [10, 60, 120] {
        let mut der = STANDARD.decode(&body).unwrap();
        der[at] ^= 0x55;
        looked_at(&sandbox, "flipped.pem", block("PRIVATE KEY", &der).as_bytes());
        der.truncate(at);
        let statuses = looked_at(&sandbox, "cut.pem", block("PRIVATE KEY", &der).as_bytes());
        assert!(statuses.iter().all(|status| *status != 0), "{statuses:?}");
    }
    // A BEGIN line that lost its line end has the key where its label should be.
    let run_on = key.replacen("-----\n", " ", 1).replacen('\n', " ", 1).replacen('\n', "-----\n", 1);
    assert!(run_on.starts_with("-----BEGIN PRIVATE KEY MI"), "{run_on}");
    looked_at(&sandbox, "run-on.pem", run_on.as_bytes());
    // PBES2 with two thousand million rounds: it is not opened, and so not run.
    let pbes2 = STANDARD
        .decode("MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAAAAAAAAAAAAAAAAAAAAAAAgR//////zAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQAAAAAAAAAAAAAAAAAAAAAARAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")
        .unwrap();
    let statuses = looked_at(&sandbox, "bomb.pem", block("ENCRYPTED PRIVATE KEY", &pbes2).as_bytes());
    assert_eq!(statuses[0], 0, "an encrypted key is one");
}
