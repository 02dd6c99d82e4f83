//! Flags that few use, each with what it is for.

use std::process::Command;

use super::support::{CERTFORGE, Ran, Sandbox, Server, at, json, judge, openssl, ran, refused};

fn shell(sandbox: &Sandbox, script: &str) -> Ran {
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).current_dir(sandbox.path());
    ran(bash.output().unwrap())
}

/// The command as a stand-in for ACM, and what another one says to it.
struct StandIn {
    server: Server,
    sandbox: Sandbox,
}

impl StandIn {
    fn new(sandbox: Sandbox, flags: &str) -> Self {
        let server = Server::start(|port| {
            let mut command = Command::new(CERTFORGE);
            command.args(["acm-sim", "--listen", &format!("127.0.0.1:{port}")]);
            command.args(flags.split_whitespace()).current_dir(sandbox.path());
            command
        });
        Self { server, sandbox }
    }

    fn run(&self, args: &str) -> Ran {
        let mut command = self.sandbox.command(args.split_whitespace());
        command.env("AWS_ENDPOINT_URL", self.server.url()).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        ran(command.output().unwrap())
    }

    fn ok(&self, args: &str) -> String {
        let ran = self.run(args);
        assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
        ran.stdout
    }
}

fn leaves(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in names {
        sandbox.ok(&format!("up {name} --key p256"));
    }
    sandbox
}

#[test]
fn a_stand_in_for_acm_has_the_quotas_it_is_given() {
    let acm = StandIn::new(leaves(&["a.example", "b.example", "c.example"]), "--quota 2 --yearly-quota 9");
    let first = acm.ok("import-acm a.example");
    acm.ok("import-acm b.example");
    let full = acm.run("import-acm c.example");
    assert_eq!(full.status, 5, "{}", full.stderr);
    assert!(full.stderr.contains("LimitExceeded"), "{}", full.stderr);
    assert_eq!(full.stdout, "");
    // What is there can be imported again: that is no new certificate.
    acm.sandbox.ok("renew a.example --no-import --reuse-key");
    assert_eq!(acm.ok("import-acm a.example"), first);
    assert_eq!(acm.ok("acm list").lines().count(), 2);
}

#[test]
fn a_stand_in_for_acm_counts_a_years_imports() {
    let acm = StandIn::new(leaves(&["a.example", "b.example"]), "--yearly-quota 1");
    acm.ok("import-acm a.example");
    let refused = acm.run("import-acm b.example");
    assert_eq!(refused.status, 5, "{}", refused.stderr);
    assert!(refused.stderr.contains("LimitExceeded"), "{}", refused.stderr);
}

#[test]
fn a_stand_in_for_acm_is_only_so_quick() {
    let acm = StandIn::new(leaves(&["a.example", "b.example", "c.example"]), "--rate 1");
    // One import a second, and the others wait for their turn: none of them fails.
    let arns = acm.ok("import-acm --all");
    assert_eq!(arns.lines().count(), 3, "{arns}");
    assert_eq!(acm.ok("acm list").lines().count(), 3);
}

#[test]
fn a_stand_in_for_acm_begins_with_what_another_held() {
    let sandbox = leaves(&["a.example"]);
    let arn = sandbox.ok("import-acm a.example --sim --region eu-west-1").stdout;
    assert!(arn.starts_with("arn:aws:acm:eu-west-1:"), "{arn}");
    let acm = StandIn::new(sandbox, "--state certforge/acm-sim.json");
    let held = acm.ok("acm list --json");
    assert!(held.contains(arn.trim()), "{held}");
    for (state, status) in [("none.json", 4), ("certforge/a.example/cert.pem", 3)] {
        let ran = acm.sandbox.run(&format!("acm-sim --state {state}"));
        assert_eq!(ran.status, status, "{state}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

const DOCUMENT: &str = r#"{
  "swagger": "2.0",
  "info": {"title": "orders", "version": "1"},
  "paths": {
    "/orders": {
      "get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "https://b.example/orders"}},
      "post": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "POST", "uri": "https://b.example/orders"}}
    },
    "/health": {
      "get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "https://b.example/health"}}
    }
  }
}
"#;

#[test]
fn one_method_of_a_document_is_set_and_shown_alone() {
    let sandbox = Sandbox::new();
    let patch = |args: &str| {
        std::fs::write(sandbox.file("api.json"), DOCUMENT).unwrap();
        sandbox.ok(&format!("apigw patch api.json --set insecureSkipVerification=true --yes {args}"));
        sandbox.read("api.json").matches("insecureSkipVerification").count()
    };
    assert_eq!(patch(""), 3);
    assert_eq!(patch("--method GET"), 2);
    assert_eq!(patch("--http-method get"), 2);
    assert_eq!(patch("--method POST"), 1);
    assert_eq!(patch("--path /orders"), 2);
    assert_eq!(patch("--path /orders --method GET"), 1);
    std::fs::write(sandbox.file("api.json"), DOCUMENT).unwrap();
    let explained = |args: &str| {
        let document = json(&sandbox.ok(&format!("apigw explain api.json --json {args}")).stdout);
        document["integrations"].as_array().unwrap().len()
    };
    assert_eq!(explained(""), 3);
    assert_eq!(explained("--method GET"), 2);
    assert_eq!(explained("--http-method GET --path /health"), 1);
    let before = sandbox.snapshot();
    for args in ["--method DELETE", "--path /none", "--path /health --method POST"] {
        let ran = sandbox.run(&format!("apigw patch api.json --set insecureSkipVerification=true {args}"));
        assert_eq!(ran.status, 3, "{args}: {}", ran.stderr);
        assert_eq!(sandbox.snapshot(), before, "{args}");
    }
}

#[test]
fn a_manifest_is_named_in_full_or_short() {
    let sandbox = Sandbox::new();
    let manifest = "version = 1
[defaults]
key = \"p256\"
[ca.one]
key = \"p256\"
[leaf.\"a.example\"]
";
    std::fs::write(sandbox.file("own.toml"), manifest).unwrap();
    sandbox.ok("apply --file own.toml --dry-run");
    assert!(!sandbox.file("certforge").exists());
    sandbox.ok("apply --file own.toml");
    let before = sandbox.snapshot();
    sandbox.ok("apply -f own.toml");
    assert_eq!(sandbox.snapshot(), before);
    let both = sandbox.run("apply -f own.toml --file own.toml");
    assert_eq!(both.status, 2, "{}", both.stderr);
}

#[test]
fn what_is_due_is_what_ends_within_a_time() {
    let sandbox = leaves(&[]);
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf soon.example --key p256 --days 5");
    sandbox.ok("leaf late.example --key p256 --days 60");
    let renewed = |flag: &str| {
        let ran = sandbox.run(&format!("renew --due --dry-run {flag}"));
        assert!(ran.status < 2, "{flag}: {}", ran.stderr);
        ["soon.example", "late.example"].iter().filter(|name| ran.stderr.contains(**name)).count()
    };
    assert_eq!(renewed("--within 3d"), 0);
    assert_eq!(renewed("--within 30d"), 1);
    assert_eq!(renewed("--renew-within 30d"), 1);
    assert_eq!(renewed("--within 90d"), 2);
    // Who names one gets it, and none that is due alone.
    let named = sandbox.run("renew late.example --within 30d");
    assert!(named.status == 2 && named.stderr.contains("renew --due --within 30d"), "{}", named.stderr);
    // A year is a year.
    sandbox.ok("leaf year.example --key p256 --days 364");
    assert_eq!(sandbox.run("check year.example --within 364d").status, 1);
    assert_eq!(sandbox.run("check year.example --within 1y").status, 1);
    assert_eq!(sandbox.run("check year.example --within 11mo").status, 0);
}

#[test]
fn a_key_store_has_the_alias_and_the_strength_it_is_asked_for() {
    let sandbox = leaves(&["a.example"]);
    std::fs::write(sandbox.file("phrase"), "seven blue kettles\n").unwrap();
    sandbox.ok("bundle a.example --to p12 --alias gateway --passphrase-file phrase --output new.p12");
    sandbox.ok("bundle a.example --to p12 --legacy --passphrase-file phrase --output old.p12");
    sandbox.ok("bundle a.example --to truststore --alias our-root --output trust.p12");
    for flag in ["--alias x", "--legacy", "--set a=b", "--passphrase-file phrase"] {
        refused(&sandbox, &format!("bundle a.example --to p7b {flag}"), 2, "usage");
    }
    refused(&sandbox, "bundle a.example --to p7b,p12 --key-format sec1 --passphrase-file phrase", 2, "usage");
    sandbox.ok("bundle a.example --to p7b,truststore --alias root");
    let Some(_) = judge("openssl") else { return };
    let info = |file: &str, phrase: &str| {
        let args = format!("pkcs12 -in {file} -passin {phrase} -info -noenc");
        openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap()
    };
    let new = info("new.p12", "file:phrase");
    assert!(new.contains("friendlyName: gateway"), "{new}");
    assert!(new.contains("AES-256-CBC") && new.contains("sha256"), "{new}");
    let old = info("old.p12", "file:phrase");
    assert!(old.contains("friendlyName: a.example"), "{old}");
    assert!(old.contains("3-KeyTripleDES") && old.contains("MAC: sha1"), "{old}");
    let trust = info("trust.p12", "pass:changeit");
    assert!(trust.contains("our-root") && !trust.contains("PRIVATE KEY"), "{trust}");
}

#[test]
fn a_ca_and_the_one_above_it_have_pass_phrases_of_their_own() {
    let sandbox = Sandbox::new();
    for (file, phrase) in
        [("root.txt", "the root's own\n"), ("low.txt", "the lower one's\n"), ("no.txt", "neither\n")]
    {
        std::fs::write(sandbox.file(file), phrase).unwrap();
    }
    sandbox.ok("ca new root --key p256 --encrypt --passphrase-file root.txt");
    let below = "ca new low --under root --key p256 --encrypt --passphrase-file low.txt";
    refused(&sandbox, below, 3, "key.passphrase");
    refused(&sandbox, &format!("{below} --issuer-passphrase-file no.txt"), 3, "key.passphrase");
    sandbox.ok(&format!("{below} --issuer-passphrase-file root.txt"));
    sandbox.ok("leaf a.example --ca low --key p256 --passphrase-file low.txt");
    refused(&sandbox, "leaf b.example --ca low --key p256 --passphrase-file root.txt", 3, "key.passphrase");
    let renew = "ca renew low --passphrase-file low.txt";
    refused(&sandbox, &format!("{renew} --issuer-passphrase-file no.txt"), 3, "key.passphrase");
    sandbox.ok(&format!("{renew} --issuer-passphrase-file root.txt"));
    sandbox.ok("leaf b.example --ca low --key p256 --passphrase-file low.txt");
}

#[test]
fn a_new_pass_phrase_comes_through_a_descriptor() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("old"), "the old one\n").unwrap();
    std::fs::write(sandbox.file("new"), "the new one\n").unwrap();
    sandbox.ok("ca new --key p256 --encrypt --passphrase-file old");
    let rekey = format!("{CERTFORGE} ca rekey-passphrase --passphrase-file old --new-passphrase-fd 5 5< new");
    let ran = shell(&sandbox, &rekey);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    refused(&sandbox, "leaf a.example --key p256 --passphrase-file old", 3, "key.passphrase");
    sandbox.ok("leaf a.example --key p256 --passphrase-file new");
    let closed = format!("{CERTFORGE} ca rekey-passphrase --passphrase-file new --new-passphrase-fd 77");
    let before = sandbox.snapshot();
    let ran = shell(&sandbox, &closed);
    assert!(ran.status == 4 || ran.status == 3, "{}: {}", ran.status, ran.stderr);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_renewed_root_has_a_serial_number_of_its_own_or_the_old_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let serial = |args: &str| json(&sandbox.ok(args).stdout)["serial"].as_str().unwrap().to_owned();
    let first = serial("ca show --json");
    let kept = serial("ca renew --keep-serial --json");
    assert_eq!(kept, first);
    assert_ne!(serial("ca renew --new-serial --json"), first);
    let both = sandbox.run("ca renew --keep-serial --new-serial");
    assert_eq!(both.status, 2, "{}", both.stderr);
}

#[test]
fn what_is_signed_is_printed_where_that_is_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("csr a.example --key p256");
    let request = "certforge/csr/a.example/request.pem";
    let printed = sandbox.ok(&format!("sign {request} --ca issuing --pem")).stdout;
    assert_eq!(printed.matches("BEGIN CERTIFICATE").count(), 2, "{printed}");
    assert_eq!(printed, sandbox.read("certforge/a.example/fullchain.pem"));
    let folder = sandbox.ok(&format!("sign {request} --ca issuing --force")).stdout;
    assert_eq!(folder, "certforge/a.example\n");
}

#[test]
fn what_has_just_ended_is_kept_for_a_while() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256 --days 2");
    sandbox.ok("renew a.example --days 300");
    let Some(early) = at(&sandbox, "+10d", "prune --yes --json") else { return };
    assert_eq!(json(&early.stdout)["pruned"].as_array().unwrap().len(), 0, "{}", early.stdout);
    let late = at(&sandbox, "+10d", "prune --yes --json --keep-days 3").unwrap();
    assert_eq!(json(&late.stdout)["pruned"].as_array().unwrap().len(), 1, "{}", late.stdout);
    let again = at(&sandbox, "+10d", "prune --yes --json --keep-days 3").unwrap();
    assert_eq!(json(&again.stdout)["pruned"].as_array().unwrap().len(), 0, "{}", again.stdout);
}
