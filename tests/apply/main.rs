//! A manifest: what is missing or different is made, and nothing else.

mod later;
#[path = "../support/mod.rs"]
mod support;

use support::{Sandbox, json, judge, output, refused};

fn put(sandbox: &Sandbox, text: &str) {
    std::fs::write(sandbox.file("certforge.toml"), text).unwrap();
}

const MANIFEST: &str = r#"
version = 1

[defaults]
key = "p256"
days = 90
subject = "/O=Acme"

[ca.root]
cn = "Acme Root"
key = "p256"
path_length = 1

[ca.issuing]
under = "root"
key = "p256"
permit = [".internal", "10.103.0.0/16"]
set = ["extended_key_usage=serverAuth,clientAuth,1.3.6.1.5.5.7.3.17"]

[template.vpn]
description = "a VPN gateway"
days = 30
key_usage = ["digitalSignature"]
extended_key_usage = ["serverAuth", "1.3.6.1.5.5.7.3.17"]

[leaf."10.103.10.95"]
names = ["api.internal"]
forms = ["combined", "p7b"]

[leaf."vpn.internal"]
template = "vpn"
days = 30

[leaf."client.internal"]
template = "client"
set = ["days=20"]
key = "p384"
"#;

#[test]
fn a_manifest_is_made_and_then_nothing() {
    let sandbox = Sandbox::new();
    put(&sandbox, MANIFEST);
    let planned = json(&sandbox.ok("apply --dry-run --json").stdout);
    assert!(planned["leaves"].as_array().unwrap().iter().all(|l| l["state"] == "created"), "{planned}");
    assert!(!sandbox.file("certforge").exists());
    let made = sandbox.ok("apply");
    assert_eq!(made.stdout.lines().count(), 3, "{}", made.stdout);
    assert!(made.stderr.contains("created 3, replaced 0, unchanged 0"), "{}", made.stderr);
    if let Some(openssl) = judge("openssl") {
        for leaf in ["10.103.10.95", "vpn.internal", "client.internal"] {
            let path = |file: &str| format!("certforge/{leaf}/{file}");
            let (ca, chain, cert) = (path("ca.pem"), path("chain.pem"), path("cert.pem"));
            let args = ["verify", "-x509_strict", "-CAfile", &ca, "-untrusted", &chain, &cert];
            let (ok, text) = output(&openssl, &args, sandbox.path());
            assert!(ok, "{leaf}: {text}");
        }
    }
    // What a template of the manifest's own says comes before the defaults.
    put(&sandbox, &MANIFEST.replace("template = \"vpn\"\ndays = 30", "template = \"vpn\""));
    assert_eq!(sandbox.ok("apply").stdout, "");
    put(&sandbox, MANIFEST);
    let list = json(&sandbox.ok("list --json").stdout)["leaves"].clone();
    assert_eq!((&list[0]["subject"], &list[0]["days_left"]), (&"O=Acme, CN=10.103.10.95".into(), &89.into()));
    assert_eq!((&list[1]["key"], &list[2]["days_left"]), (&"p384".into(), &29.into()));
    assert!(sandbox.file("certforge/10.103.10.95/combined.pem").exists());
    let before = sandbox.snapshot();
    let again = sandbox.ok("apply");
    assert_eq!(again.stdout, "");
    assert!(again.stderr.contains("created 0, replaced 0, unchanged 3"), "{}", again.stderr);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_change_makes_that_leaf_anew_and_no_other() {
    let sandbox = Sandbox::new();
    put(&sandbox, MANIFEST);
    sandbox.ok("apply --quiet");
    let other = sandbox.read("certforge/vpn.internal/cert.pem");
    for (from, to, reason) in [
        ("\"api.internal\"", "\"api.internal\", \"b.internal\"", "its names are different"),
        ("subject = \"/O=Acme\"\n\n[ca.root]", "subject = \"/O=Acme\"\n\n[ca.root]", ""),
        (
            "names = [\"api.internal\", \"b.internal\"]",
            "names = [\"api.internal\", \"b.internal\"]\ndays = 60",
            "its validity is different",
        ),
        ("days = 60\nforms", "days = 60\nkey = \"p384\"\nforms", "its kind of key is different"),
        (
            "key = \"p384\"\nforms",
            "key = \"p384\"\nsubject = \"/O=Other\"\nforms",
            "its subject is different",
        ),
        (
            "subject = \"/O=Other\"\nforms",
            "subject = \"/O=Other\"\ntemplate = \"mutual\"\nforms",
            "its purpose is different",
        ),
    ] {
        let text = sandbox.read("certforge.toml").replace(from, to);
        put(&sandbox, &text);
        let before = sandbox.read("certforge/10.103.10.95/combined.pem");
        let changed = json(&sandbox.ok("apply --json").stdout);
        let leaf = &changed["leaves"][0];
        if reason.is_empty() {
            assert_eq!(leaf["state"], "unchanged");
            continue;
        }
        assert_eq!((&leaf["state"], &leaf["reason"]), (&"replaced".into(), &reason.into()), "{to}");
        // Its forms are made with it.
        let now = sandbox.read("certforge/10.103.10.95/combined.pem");
        let certificate = sandbox.read("certforge/10.103.10.95/cert.pem");
        assert!(now != before && now.contains(&certificate), "{to}");
        assert!(sandbox.file("certforge/10.103.10.95/bundle.p7b").exists());
        assert_eq!(sandbox.read("certforge/vpn.internal/cert.pem"), other);
    }
    std::fs::remove_file(sandbox.file("certforge/10.103.10.95/key.pem")).unwrap();
    let mended = json(&sandbox.ok("apply --json").stdout);
    assert_eq!(mended["leaves"][0]["reason"], "its files are missing, damaged or different");
    assert_eq!(json(&sandbox.ok("apply --json").stdout)["leaves"][0]["state"], "unchanged");
    sandbox.ok("revoke vpn.internal --reason superseded");
    assert_eq!(json(&sandbox.ok("apply --json").stdout)["leaves"][2]["reason"], "it is revoked");
}

#[test]
fn what_is_not_in_the_manifest_is_put_away_when_it_is_said_so() {
    let sandbox = Sandbox::new();
    put(&sandbox, MANIFEST);
    sandbox.ok("apply --quiet");
    sandbox.ok("ca new other --key p256");
    sandbox.ok("leaf x.example --ca other --key p256");
    sandbox.ok("leaf old.internal --ca issuing --key p256");
    // A CA that leaves name is the manifest's too, whether it has a table or not.
    sandbox.ok("ca new default --key p256");
    sandbox.ok("leaf named.example --ca default --key p256");
    sandbox.ok("leaf stray.example --ca default --key p256");
    put(
        &sandbox,
        &format!("{MANIFEST}[leaf.\"named.example\"]\nca = \"default\"\nsubject = \"/CN=named.example\"\n"),
    );
    let told = sandbox.ok("apply");
    assert!(told.stderr.contains("stray.example"), "{}", told.stderr);
    assert!(told.stderr.contains("old.internal") && !told.stderr.contains("x.example"), "{}", told.stderr);
    let key = sandbox.read("certforge/old.internal/key.pem");
    sandbox.ok("apply --prune --dry-run");
    assert!(sandbox.file("certforge/old.internal").exists());
    sandbox.ok("apply --prune");
    assert!(!sandbox.file("certforge/old.internal").exists() && sandbox.file("certforge/x.example").exists());
    let kept = sandbox
        .snapshot()
        .into_iter()
        .find(|l| l.starts_with("certforge/archive/old.internal/") && l.contains("key.pem"));
    assert_eq!(sandbox.read(kept.unwrap().split(' ').next().unwrap()), key);
}

#[test]
fn manifests_that_cannot_be_are_refused_and_nothing_is_made() {
    let sandbox = Sandbox::new();
    for (text, part) in [
        ("nonsense", "line 1"),
        ("[leaf.\"a.example\"]\ncolour = 1\n", "unknown field `colour`"),
        ("[ca.a]\nunder = \"b\"\n[ca.b]\nunder = \"a\"\n", "under itself"),
        ("[ca.a]\nunder = \"a\"\n", "under itself"),
        ("[leaf.\"a.example\"]\n[leaf.\"A.example\"]\n", "the same leaf"),
        ("[leaf.\"a.example\"]\n[leaf.\"a.example\"]\n", "line 2"),
        ("[leaf.\"https://x/\"]\n", "URL"),
        ("[leaf.\"a.example\"]\ndays = 1\nuntil = \"2030-01-01\"\n", "three times"),
        ("[leaf.\"a.example\"]\ndays = 9999\n", "825"),
        ("[leaf.\"a.example\"]\ntemplate = \"none\"\n", "no template `none`"),
        ("[template.x]\ndescription = \"x\"\n", "template.x"),
        ("[ca.a]\npermit = [\"*.internal\"]\n", "ca.a"),
        ("[ca.a]\ncn = \"a\"\nsubject = \"/CN=a\"\n", "twice"),
        ("[leaf.\"a.example\"]\nforms = [\"nonsense\"]\n", "nonsense"),
        ("version = 2\n", "version 2"),
    ] {
        put(&sandbox, text);
        let said = refused(&sandbox, "apply", 3, "manifest");
        assert!(said.contains("certforge.toml") && said.contains(part), "{text}: {said}");
    }
    put(&sandbox, "[leaf.\"a.example\"]\nca = \"none\"\n");
    for args in ["apply", "apply --dry-run"] {
        refused(&sandbox, args, 3, "store.missing");
    }
    put(&sandbox, "[ca.issuing]\nunder = \"none\"\n");
    for args in ["apply", "apply --dry-run"] {
        refused(&sandbox, args, 3, "store.missing");
    }
    refused(&sandbox, "apply -f none.toml", 4, "file.io");
}

#[test]
fn what_cannot_be_issued_is_refused_before_any_ca_is_made() {
    let sandbox = Sandbox::new();
    let root = "[ca.root]\nkey = \"p256\"\n[ca.issuing]\nunder = \"root\"\nkey = \"p256\"\n";
    for (text, code) in [
        ("[ca.default]\npermit = [\".internal\"]\n[leaf.\"a.example\"]\n".to_owned(), "ca.constrained"),
        (
            "[ca.root]\npermit = [\".internal\"]\n[ca.issuing]\nunder = \"root\"\n[leaf.\"a.example\"]\n"
                .to_owned(),
            "ca.constrained",
        ),
        (format!("{root}[leaf.\"a.example\"]\ntemplate = \"code\"\n"), "ca.purpose"),
        (format!("{root}[ca.deep]\nunder = \"issuing\"\n"), "ca.path-length"),
        (format!("{root}[leaf.\"a.example\"]\nca = \"typo\"\n"), "store.missing"),
        (format!("{root}[leaf.\"a.example\"]\nacm = [{{ region = \"eu west 1\" }}]\n"), "manifest"),
    ] {
        put(&sandbox, &text);
        for args in ["apply --dry-run", "apply"] {
            let said = refused(&sandbox, args, 3, code);
            assert!(!said.is_empty());
        }
    }
    // A pass phrase that is not there.
    put(&sandbox, &format!("{root}passphrase_file = \"none\"\n"));
    refused(&sandbox, "apply", 4, "file.io");
    put(
        &sandbox,
        &format!("{root}[leaf.\"a.example\"]\nforms = [\"p12\"]\np12_passphrase_file = \"none\"\n"),
    );
    refused(&sandbox, "apply", 4, "file.io");
    put(&sandbox, "[ca.default]\n[leaf.\"a.example\"]\nforms = [\"p12\"]\n");
    refused(&sandbox, "apply", 3, "manifest");
    put(&sandbox, &format!("{root}encrypt = true\n"));
    refused(&sandbox, "apply", 3, "key.passphrase");
    put(&sandbox, "[ca.default]\n[leaf.\"a.example\"]\nacm = [{ sim = true, tags = [\"no\"] }]\n");
    refused(&sandbox, "apply", 3, "manifest");
    // Under a CA that is there, too.
    sandbox.ok("ca new root --key p256 --permit .internal");
    put(&sandbox, "[ca.issuing]\nunder = \"root\"\nkey = \"p256\"\n[leaf.\"a.example\"]\n");
    for args in ["apply --dry-run", "apply"] {
        refused(&sandbox, args, 3, "ca.constrained");
    }
    put(&sandbox, "[ca.issuing]\nunder = \"root\"\nkey = \"p256\"\npath_length = 3\n");
    for args in ["apply --dry-run", "apply"] {
        refused(&sandbox, args, 3, "ca.path-length");
    }
}

#[test]
fn a_damaged_leaf_is_made_anew_and_stops_no_other() {
    let sandbox = Sandbox::new();
    put(&sandbox, "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\n[leaf.\"b.example\"]\n");
    sandbox.ok("apply --quiet");
    std::fs::write(sandbox.file("certforge/a.example/cert.pem"), "junk").unwrap();
    put(&sandbox, &format!("{}[leaf.\"c.example\"]\n", sandbox.read("certforge.toml")));
    assert_eq!(sandbox.ok("apply").stdout, "certforge/a.example\ncertforge/c.example\n");
    assert!(sandbox.file("certforge/archive/a.example/damaged/key.pem").exists());
    assert_eq!(sandbox.ok("apply").stdout, "");
}

#[test]
fn what_a_ca_is_not_by_the_manifest_is_told() {
    let sandbox = Sandbox::new();
    put(&sandbox, "[ca.default]\nkey = \"p256\"\n");
    sandbox.ok("apply --quiet");
    put(&sandbox, "[ca.default]\nencrypt = true\ndays = 30\n");
    let told = sandbox.ok("apply");
    for part in ["ca rekey-passphrase default", "ca renew default --validity 30d"] {
        assert!(told.stderr.contains(part), "{}", told.stderr);
    }
    put(&sandbox, "[ca.default]\npath_length = 3\n");
    assert!(refused(&sandbox, "apply", 3, "manifest").contains("path length"));
}

#[test]
fn a_leaf_that_its_ca_may_not_issue_stops_all_of_them() {
    let sandbox = Sandbox::new();
    put(&sandbox, MANIFEST);
    sandbox.ok("apply --quiet");
    put(&sandbox, &format!("{MANIFEST}\n[leaf.\"a.example\"]\n[leaf.\"new.internal\"]\n"));
    refused(&sandbox, "apply", 3, "ca.constrained");
    assert!(!sandbox.file("certforge/new.internal").exists());
}

#[test]
fn a_ca_that_is_there_and_another_one_is_not_replaced() {
    let sandbox = Sandbox::new();
    put(&sandbox, MANIFEST);
    sandbox.ok("apply --quiet");
    for (from, to, part) in [
        ("\"Acme Root\"", "\"Other Root\"", "another subject"),
        ("[\".internal\",", "[\".example\",", "other limits"),
        ("under = \"root\"\nkey = \"p256\"", "key = \"p256\"", "under another CA"),
        (
            "[ca.issuing]\nunder = \"root\"\nkey = \"p256\"",
            "[ca.issuing]\nunder = \"root\"\nkey = \"p384\"",
            "another kind of key",
        ),
        (",1.3.6.1.5.5.7.3.17\"]\n\n[template", "\"]\n\n[template", "for other purposes"),
    ] {
        put(&sandbox, &MANIFEST.replace(from, to));
        let said = refused(&sandbox, "apply", 3, "manifest");
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn keys_behind_pass_phrases_and_places_in_acm() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("pass"), "secret\n").unwrap();
    put(
        &sandbox,
        "[ca.default]\nkey = \"p256\"\npassphrase_file = \"pass\"\n[leaf.\"a.example\"]\nforms = [\"p12\"]\n\
         p12_passphrase_file = \"pass\"\nacm = [{ region = \"eu-west-1\", sim = true, tags = [\"team=edge\"] }]\n",
    );
    let made = json(&sandbox.ok("apply --json").stdout);
    let import = &made["leaves"][0]["imports"][0];
    assert_eq!(import["state"], "imported", "{made}");
    assert!(sandbox.read("certforge/ca/default/ca.key").contains("ENCRYPTED"));
    let again = json(&sandbox.ok("apply --json").stdout);
    assert_eq!(again["leaves"][0]["imports"][0]["state"], "unchanged", "{again}");
    put(&sandbox, &sandbox.read("certforge.toml").replace("forms", "names = [\"b.example\"]\nforms"));
    let changed = json(&sandbox.ok("apply --json").stdout);
    assert_eq!(changed["leaves"][0]["imports"][0]["state"], "reimported", "{changed}");
    assert_eq!(changed["leaves"][0]["imports"][0]["CertificateArn"], import["CertificateArn"]);
    assert_eq!(changed["leaves"][0]["forms"].as_array().unwrap().len(), 1);
}

#[test]
fn a_killed_run_is_taken_up() {
    let sandbox = Sandbox::new();
    let leaves = (0..300).map(|i| format!("[leaf.\"h{i}.example\"]")).collect::<Vec<_>>().join("\n");
    put(&sandbox, &format!("[ca.default]\nkey = \"p256\"\n{leaves}\n"));
    for wait in [10, 25, 50] {
        let mut child = sandbox.command(["apply", "--quiet"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = child.kill();
        let _ = child.wait();
    }
    sandbox.ok("apply --quiet");
    assert_eq!(sandbox.ok("list").stdout.lines().count(), 300);
    let before = sandbox.snapshot();
    sandbox.ok("apply --quiet");
    assert_eq!(sandbox.snapshot(), before);
}
