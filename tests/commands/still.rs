//! Commands that change nothing: those that look, and every one that writes with `--dry-run`.

use super::support::{Sandbox, json};

/// A folder with something of everything in it.
fn furnished() -> Sandbox {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &str| std::fs::write(sandbox.file(name), text).unwrap();
    write("phrase", "seven blue kettles\n");
    write("names", "n1.example\nn2.example, 10.0.0.2\n");
    write(
        "certforge.toml",
        "version = 1\n[leaf.\"m.example\"]\nca = \"issuing\"\nkey = \"p256\"\nforms = [\"combined\"]\n",
    );
    write(
        "api.json",
        r#"{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {
        "x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "https://a.example/"}}}}}"#,
    );
    for command in [
        "ca new root --key p256 --path-length 1",
        "ca new issuing --under root --key p256",
        "leaf a.example 10.0.0.9 --ca issuing --key p256",
        "leaf a.example 10.0.0.9 --ca issuing --key p256 --days 20 --force",
        "leaf gone.example --ca issuing --key p256",
        "csr b.example --key p256",
        "revoke gone.example --reason superseded",
        "crl --ca issuing",
        "bundle a.example --to combined,der",
        "import-acm a.example --sim --region eu-west-1",
    ] {
        sandbox.ok(command);
    }
    sandbox
}

/// Commands that write, each with what it would have made.
const DRY: [&str; 19] = [
    "ca new other --key p256",
    "ca new other --key p256 --force",
    "ca new below --under root --key p256",
    "ca renew root",
    "ca renew issuing --days 100",
    "leaf c.example --ca issuing --key p256",
    "leaf a.example --ca issuing --key p256 --force",
    "leaf d.example --self-signed --key p256",
    "leaf --batch names --ca issuing --key p256",
    "sign certforge/csr/b.example/request.pem --ca issuing",
    "up e.example --ca issuing --key p256",
    "up a.example --ca issuing --key p384",
    "renew a.example --days 300",
    "renew --all --days 300",
    "apply -f certforge.toml",
    "apigw patch api.json --set insecureSkipVerification=true --yes",
    "import-acm a.example --region eu-west-1 --sim",
    "up f.example --ca issuing --key p256 --import-acm --sim --region eu-west-1",
    "import-acm a.example --new --region eu-west-1 --sim",
];

#[test]
fn a_dry_run_changes_nothing_whatever_it_is_of() {
    let sandbox = furnished();
    let before = sandbox.snapshot();
    for command in DRY {
        let ran = sandbox.run(&format!("{command} --dry-run"));
        assert_eq!(ran.status, 0, "{command}: {}", ran.stderr);
        assert_eq!(sandbox.snapshot(), before, "{command}");
        assert!(!ran.stderr.is_empty(), "{command} says what it would do");
        let document = sandbox.run(&format!("--json {command} --dry-run"));
        assert_eq!(document.status, 0, "{command}: {}{}", document.stdout, document.stderr);
        assert_eq!(json(&document.stdout)["schema"], "certforge/1", "{command}");
        assert_eq!(sandbox.snapshot(), before, "{command} --json");
    }
}

/// Commands that only look.
const LOOKS: [&str; 26] = [
    "ca list",
    "ca show root",
    "ca show issuing",
    "list",
    "status",
    "status --within 900d",
    "status --prometheus",
    "check certforge",
    "check certforge/a.example/fullchain.pem",
    "check certforge/a.example/fullchain.pem --clients",
    "check certforge/a.example/fullchain.pem --text",
    "check certforge/a.example/key.pem",
    "check certforge/ca/issuing/crl.pem",
    "verify a.example",
    "verify a.example --name a.example --strict",
    "verify certforge/gone.example/cert.pem --trust certforge/ca/root/ca.pem --chain certforge/gone.example/chain.pem --crl certforge/ca/issuing/crl.pem",
    "snippet nginx a.example",
    "snippet env a.example",
    "snippet haproxy a.example",
    "template list",
    "template show mutual",
    "apigw explain api.json --certificate a.example",
    "acm iam --region eu-west-1",
    "prune",
    "completions bash",
    "man renew",
];

#[test]
fn who_looks_changes_nothing_and_needs_no_right_to() {
    let sandbox = furnished();
    let before = sandbox.snapshot();
    for command in LOOKS {
        let ran = sandbox.run(command);
        // A verdict is no failure.
        assert!(ran.status < 2, "{command}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(sandbox.snapshot(), before, "{command}");
        assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty(), "{command} says nothing");
    }
}

#[test]
fn what_is_quiet_prints_its_result_and_nothing_else() {
    let sandbox = furnished();
    for (command, result) in [
        ("ca new quiet --key p256", "certforge/ca/quiet\n"),
        ("leaf q.example --ca issuing --key p256", "certforge/q.example\n"),
        ("up r.example --ca issuing --key p256", "certforge/r.example\n"),
        ("renew q.example --days 300", "certforge/q.example\n"),
        ("sign certforge/csr/b.example/request.pem --ca issuing", "certforge/b.example\n"),
        ("ca renew root", "certforge/ca/root\n"),
    ] {
        let ran = sandbox.ok(&format!("{command} --quiet"));
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (result, ""), "{command}");
    }
    // An error is told all the same.
    let ran = sandbox.run("leaf q.example --ca issuing --key p256 --quiet");
    assert!(ran.status == 3 && ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{}", ran.stderr);
}
