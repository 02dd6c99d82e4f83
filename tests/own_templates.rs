//! Templates that people write: their fields reach the certificate, and what
//! cannot be is refused with the field or the line.

mod support;

use certforge::Template;
use support::{Sandbox, json, judge, openssl};

const VPN: &str = "description = \"a VPN gateway\"\ndays = 30\nkey_usage = [\"digitalSignature\", \"keyAgreement\"]\n\
                   extended_key_usage = [\"serverAuth\", \"1.3.6.1.5.5.7.3.17\"]\nkey = \"p384\"\n\
                   subject = \"/C=JP/O=Example/OU=VPN\"\n";

#[test]
fn a_template_file_decides_usages_time_key_and_subject() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("vpn.toml"), VPN).unwrap();
    sandbox.ok("ca new --key p256");
    let ran = sandbox.ok("leaf vpn.example --template ./vpn.toml --json");
    let leaf: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(leaf["template"], "vpn");
    assert_eq!(leaf["key"], "p384");
    assert_eq!(leaf["subject"], "C=JP, O=Example, OU=VPN, CN=vpn.example");
    assert_eq!(leaf["days_left"], 29);
    if judge("openssl").is_none() {
        return;
    }
    let args = ["x509", "-in", "certforge/vpn.example/cert.pem", "-noout", "-text"];
    let text = openssl(&args, sandbox.path()).unwrap();
    assert!(text.contains("Digital Signature, Key Agreement"), "{text}");
    assert!(text.contains("TLS Web Server Authentication, ipsec Internet Key Exchange"), "{text}");
}

#[test]
fn what_is_asked_for_wins_over_the_template() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("vpn.toml"), VPN).unwrap();
    let args =
        ["leaf", "--self-signed", "--template", "./vpn.toml", "--key", "p256", "--days", "7", "--subj"];
    let ran = sandbox.run_args(&[&args[..], &["/O=Other/CN=a.example", "--json"]].concat());
    let leaf: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&leaf["key"], &leaf["days_left"]), (&"p256".into(), &6.into()));
    assert_eq!(leaf["subject"], "O=Other, CN=a.example");
}

#[test]
fn a_field_can_be_set_for_one_certificate() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok(
        "leaf a.example --self-signed --set days=9 --set extended_key_usage=serverAuth,codeSigning --set key=p256 --json",
    );
    let leaf: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&leaf["key"], &leaf["days_left"]), (&"p256".into(), &8.into()));
    if judge("openssl").is_none() {
        return;
    }
    let args = ["x509", "-in", "certforge/a.example/cert.pem", "-noout", "-ext", "extendedKeyUsage"];
    assert!(openssl(&args, sandbox.path()).unwrap().contains("Server Authentication, Code Signing"));
}

#[test]
fn every_builtin_template_survives_being_written_and_read() {
    for template in Template::builtin() {
        assert_eq!(&Template::from_toml(template.name(), &template.to_toml()).unwrap(), template);
    }
    let sandbox = Sandbox::new();
    let shown = sandbox.ok("template show device").stdout;
    std::fs::write(sandbox.file("device.toml"), &shown).unwrap();
    assert_eq!(sandbox.ok("template show ./device.toml").stdout, shown);
    let listed = sandbox.ok("template list").stdout;
    assert_eq!(listed.lines().count(), Template::builtin().len(), "{listed}");
}

#[test]
fn each_builtin_template_for_leaves_makes_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for template in Template::builtin().iter().filter(|t| !t.is_ca()) {
        let name = if template.name() == "email" { "a@b.example" } else { "a.example" };
        let args = format!("leaf {name} --template {} --key p256 --force --json", template.name());
        sandbox.ok(&args);
    }
}

#[test]
fn templates_that_cannot_be_are_refused_and_nothing_is_made() {
    let sandbox = Sandbox::new();
    for (text, part) in [
        (format!("{VPN}colour = \"red\"\n"), "unknown field `colour`"),
        (VPN.replace("days = 30\n", ""), "missing field `days`"),
        (VPN.replace("days = 30", "days = \"30\""), "line 2"),
        (VPN.replace("keyAgreement", "keyAgreements"), "`keyAgreements` is not a key usage"),
        (VPN.replace("1.3.6.1.5.5.7.3.17", "2.5.29.37.0"), "is not a key usage"),
        (VPN.replace("keyAgreement", "keyCertSign"), "ca = true"),
        (format!("{VPN}path_length = 0\n"), "path_length is for CAs"),
        (VPN.replace("OU=VPN", "CN=x"), "common name"),
        (VPN.replace("days = 30", "days = 0"), "days is 0"),
        ("not toml".to_owned(), "line 1"),
    ] {
        std::fs::write(sandbox.file("bad.toml"), &text).unwrap();
        let before = sandbox.snapshot();
        let ran = sandbox.run("leaf a.example --self-signed --template ./bad.toml");
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{text}: {}", ran.stderr);
        assert!(ran.stderr.contains("bad.toml") && ran.stderr.contains(part), "{part}: {}", ran.stderr);
        assert_eq!(sandbox.snapshot(), before);
    }
    for (set, part) in [
        ("colour=red", "unknown field `colour`"),
        ("colour=3", "unknown field `colour`"),
        ("days", "is not FIELD=VALUE"),
        ("days=soon", "days is a number"),
        ("ca=true", "keyCertSign"),
        ("key_usage=", "key_usage is empty"),
        ("extended_key_usage=", "extended_key_usage is empty"),
        ("key_usage_rsa=keyCertSign", "keyCertSign and cRLSign are for CAs"),
        ("send_root=yes", "send_root is a number or true or false"),
    ] {
        let ran = sandbox.run_args(&["leaf", "a.example", "--self-signed", "--set", set]);
        assert_eq!(ran.status, 3, "{set}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{set}: {}", ran.stderr);
    }
    let missing = sandbox.run("leaf a.example --self-signed --template ./none.toml");
    assert_eq!(missing.status, 4, "{}", missing.stderr);
}

/// Fields that only templates of one's own have, and what becomes of them.
#[test]
fn fields_of_ones_own_do_what_they_say() {
    let sandbox = Sandbox::new();
    let leaf = "description = \"x\"\ndays = 30\nkey_usage = [\"digitalSignature\", \"contentCommitment\"]\nkey_usage_rsa = [\"keyEncipherment\"]\nextended_key_usage = [\"serverAuth\", \"serverAuth\"]\nsend_root = true\n";
    std::fs::write(sandbox.file("leaf.toml"), leaf).unwrap();
    let ca = "description = \"x\"\ndays = 100\nca = true\npath_length = 2\nkey_usage = [\"keyCertSign\", \"cRLSign\"]\n";
    std::fs::write(sandbox.file("ca.toml"), ca).unwrap();
    sandbox.ok("ca new --template ./ca.toml --key p256");
    let shown = json(&sandbox.ok("ca show --json").stdout);
    assert_eq!((&shown["path_length"], &shown["days_left"]), (&2.into(), &99.into()));
    for (key, enciphers) in [("p256", false), ("rsa2048", true)] {
        sandbox.ok(&format!("leaf a.example --template ./leaf.toml --key {key} --force"));
        let certificate =
            certforge::Certificate::from_pem(sandbox.read("certforge/a.example/cert.pem").as_bytes())
                .unwrap();
        let usages = certificate.key_usage().unwrap();
        assert!(usages.contains(&"nonRepudiation") || usages.contains(&"contentCommitment"), "{usages:?}");
        assert_eq!(usages.contains(&"keyEncipherment"), enciphers, "{key}");
        assert_eq!(certificate.extended_key_usage_oids().unwrap().len(), 1, "{key}: one purpose, said twice");
        let sent = sandbox.read("certforge/a.example/fullchain.pem");
        assert!(sent.ends_with(&sandbox.read("certforge/ca/default/ca.pem")), "{key}: the root is sent");
    }
    for (bad, part) in [
        (
            "description = \"x\"\ndays = 30\nca = true\nkey_usage = [\"cRLSign\"]\n",
            "needs keyCertSign and cRLSign",
        ),
        (
            "description = \"x\"\ndays = 30\nca = true\nkey_usage = [\"keyCertSign\"]\n",
            "needs keyCertSign and cRLSign",
        ),
        (
            "description = \"x\"\ndays = 30\nkey_usage = [\"digitalSignature\"]\nextended_key_usage = []\n",
            "is empty",
        ),
    ] {
        std::fs::write(sandbox.file("bad.toml"), bad).unwrap();
        let command = if bad.contains("ca = true") { "ca new other" } else { "leaf b.example" };
        let ran = sandbox.run(&format!("{command} --template ./bad.toml"));
        assert!(ran.status == 3 && ran.stderr.contains(part), "{bad}: {}", ran.stderr);
    }
}
