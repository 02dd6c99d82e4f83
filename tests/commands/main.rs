//! What the commands do: their streams, their documents, their files.

mod flags;
mod people;
mod seldom;
mod still;
#[path = "../support/mod.rs"]
mod support;
mod up;

use serde_json::Value;
use support::{CERTFORGE, Sandbox, json, judge, output};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[test]
fn a_ca_and_a_leaf_that_openssl_accepts() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.ok("ca new").stdout, "certforge/ca/default\n");
    assert_eq!(sandbox.ok("leaf --cn 10.103.10.95").stdout, "certforge/10.103.10.95\n");
    let Some(openssl) = judge("openssl") else { return };
    let verify = |ip: &str| {
        let folder = "certforge/10.103.10.95";
        let args = format!(
            "verify -x509_strict -CAfile {folder}/ca.pem -verify_ip {ip} -untrusted {folder}/chain.pem {folder}/cert.pem"
        );
        output(&openssl, &args.split(' ').collect::<Vec<_>>(), sandbox.path())
    };
    let (ok, text) = verify("10.103.10.95");
    assert!(ok, "{text}");
    let (ok, text) = verify("10.103.10.96");
    assert!(!ok && text.contains("IP address mismatch"), "{text}");
}

#[test]
fn a_self_signed_leaf_that_openssl_accepts() {
    let sandbox = Sandbox::new();
    let subject = "/C=JP/ST=Hokkaido/L=Sapporo/O=Hoge/OU=Piyo/CN=10.103.10.95";
    let ran = sandbox.run_args(&["leaf", "--self-signed", "--subj", subject]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "certforge/10.103.10.95\n"), "{}", ran.stderr);
    assert!(!sandbox.file("certforge/ca").exists(), "no CA is needed");
    let Some(openssl) = judge("openssl") else { return };
    let folder = "certforge/10.103.10.95";
    let args =
        format!("verify -x509_strict -CAfile {folder}/ca.pem -verify_ip 10.103.10.95 {folder}/cert.pem");
    let (ok, text) = output(&openssl, &args.split(' ').collect::<Vec<_>>(), sandbox.path());
    assert!(ok, "{text}");
    let (_, text) = output(
        &openssl,
        &["x509", "-in", &format!("{folder}/cert.pem"), "-noout", "-subject"],
        sandbox.path(),
    );
    assert_eq!(
        text.trim(),
        "subject=C = JP, ST = Hokkaido, L = Sapporo, O = Hoge, OU = Piyo, CN = 10.103.10.95"
    );
}

#[test]
fn empty_variables_count_as_unset() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["up", "a.example"]);
    let ran = support::ran(command.env("CERTFORGE_DIR", "").env("CERTFORGE_KEY", "").output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "certforge/a.example\n"), "{}", ran.stderr);
    let mut command = sandbox.command(["up", "b.example"]);
    let ran = support::ran(command.env("CERTFORGE_KEY", "dsa").output().unwrap());
    assert_eq!(ran.status, 3);
}

#[test]
fn reported_modes_are_the_real_ones() {
    let sandbox = Sandbox::new();
    let script = format!("umask 077; exec {CERTFORGE} up a.example --key p256 --json");
    let mut sh = std::process::Command::new("sh");
    let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
    let files = json(&ran.stdout)["leaf"]["files"].as_array().unwrap().clone();
    assert!(!files.is_empty() && files.iter().all(|f| f["mode"] == "0600"), "{files:?}");
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let sandbox = Sandbox::new();
    for args in ["ca new --dry-run", "up a.example --dry-run", "leaf a.example --self-signed --dry-run"] {
        let ran = sandbox.ok(args);
        assert_eq!(ran.stdout, "", "{args}");
        assert!(ran.stderr.contains("would be created"), "{}", ran.stderr);
        assert_eq!(json(&sandbox.ok(&format!("{args} --json")).stdout)["schema"], "certforge/1");
        assert!(sandbox.snapshot().is_empty(), "{args}");
    }
    sandbox.ok("ca new --key p256");
    let before = sandbox.snapshot();
    sandbox.ok("leaf a.example --dry-run");
    sandbox.ok("up a.example --dry-run");
    sandbox.ok("ca new --force --dry-run");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn streams_are_kept_apart() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok("up a.example --key p256");
    assert_eq!(ran.stdout, "certforge/a.example\n");
    assert!(ran.stderr.contains("fullchain.pem"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "no colour without a terminal");
    let quiet = sandbox.ok("up b.example --key p256 --quiet");
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("certforge/b.example\n", ""));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let sandbox = Sandbox::new();
    let script = format!("{CERTFORGE} man | head -c 1; {CERTFORGE} completions zsh | head -c 1");
    let mut bash = std::process::Command::new("bash");
    bash.args(["-o", "pipefail", "-c", &script]).current_dir(sandbox.path());
    let ran = support::ran(bash.output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_result_that_cannot_be_written_is_status_4() {
    let sandbox = Sandbox::new();
    for streams in ["> /dev/full", "2> /dev/full"] {
        let script = format!("{CERTFORGE} up a.example --key p256 {streams}");
        let mut sh = std::process::Command::new("sh");
        let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
        assert_eq!(ran.status, 4, "{streams}: {}", ran.stderr);
    }
    assert_eq!(
        sandbox.ok("up a.example --json").stdout.matches("unchanged").count(),
        2,
        "what was made stays"
    );
}

#[test]
fn no_output_holds_a_key() {
    let sandbox = Sandbox::new();
    let mut printed = String::new();
    for args in
        ["up a.example", "up a.example --json", "ca show", "ca show --json", "ca list", "leaf a.example"]
    {
        let ran = sandbox.run(args);
        printed.push_str(&ran.stdout);
        printed.push_str(&ran.stderr);
    }
    assert!(!printed.contains("PRIVATE KEY"));
    for path in ["certforge/a.example/key.pem", "certforge/ca/default/ca.key"] {
        for line in sandbox.read(path).lines().filter(|l| !l.starts_with('-')) {
            assert!(!printed.contains(line), "{path}");
        }
    }
}

#[test]
fn the_ca_key_is_in_the_ca_folder_alone() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let key = sandbox.read("certforge/ca/default/ca.key");
    let body = key.lines().nth(1).unwrap();
    for file in ["cert.pem", "chain.pem", "fullchain.pem", "key.pem", "ca.pem"] {
        assert!(!sandbox.read(&format!("certforge/a.example/{file}")).contains(body), "{file}");
    }
}

#[test]
fn cas_are_listed_and_shown() {
    let sandbox = Sandbox::new();
    let none = sandbox.ok("ca list");
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "no CA is here; certforge ca new makes one\n")
    );
    sandbox.ok("ca new --key p256");
    let none = sandbox.ok("list");
    assert!(none.stdout.is_empty() && none.stderr.contains("certforge leaf --cn NAME"), "{}", none.stderr);
    assert_eq!(sandbox.run_args(&["ca", "new", "staging", "--cn", "Staging CA", "--key", "p384"]).status, 0);
    let list = sandbox.ok("ca list").stdout;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("default\tp256\t") && lines[0].contains("CN=certforge CA tester@"),
        "{list}"
    );
    assert!(lines[1].starts_with("staging\tp384\t") && lines[1].ends_with("CN=Staging CA"), "{list}");
    sandbox.ok("leaf a.example --ca staging --key p256");
    let shown = json(&sandbox.ok("ca show staging --json").stdout);
    assert_eq!(shown["kind"], "ca");
    assert_eq!(shown["issued"], 1);
    assert_eq!(shown["subject"], "CN=Staging CA");
    let text = sandbox.ok("ca show staging");
    assert_eq!(text.stdout, "certforge/ca/staging\n");
    assert!(text.stderr.contains("P-384"), "{}", text.stderr);
}

#[test]
fn a_damaged_ca_does_not_hide_the_others() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new good --key p256");
    std::fs::create_dir(sandbox.file("certforge/ca/empty")).unwrap();
    let ran = sandbox.ok("ca list");
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stderr.contains("certforge/ca/empty/ca.pem"), "{}", ran.stderr);
    sandbox.ok("leaf a.example --ca good --key p256");
}

#[test]
fn a_server_without_a_host_is_warned_of() {
    let sandbox = Sandbox::new();
    let document = json(&sandbox.ok("up me@a.example --key p256 --json").stdout);
    assert_eq!(document["leaf"]["findings"][0]["code"], "name.no-host");
    let client = json(&sandbox.ok("up you@a.example --client --key p256 --json").stdout);
    assert_eq!(client["leaf"]["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn the_only_ca_needs_no_name_and_several_do() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new one --key p256");
    assert_eq!(json(&sandbox.ok("leaf a.example --key p256 --json").stdout)["ca"], "one");
    sandbox.ok("ca new two --key p256");
    let ran = sandbox.run("leaf b.example");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("one, two") && ran.stderr.contains("--ca one"), "{}", ran.stderr);
}

#[test]
fn two_cas_never_share_a_name_by_default() {
    let sandbox = Sandbox::new();
    let subject = |args: &str| json(&sandbox.ok(args).stdout)["subject"].as_str().unwrap().to_owned();
    let first = subject("ca new --key p256 --json");
    let second = subject("ca new --key p256 --force --json");
    assert_ne!(first, second);
}

#[test]
fn the_directory_and_the_key_come_from_the_surroundings() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .command(["up", "a.example"])
        .env("CERTFORGE_DIR", "elsewhere")
        .env("CERTFORGE_KEY", "p256")
        .output();
    let ran = support::ran(ran.unwrap());
    assert_eq!(ran.stdout, "elsewhere/a.example\n", "{}", ran.stderr);
    assert!(ran.stderr.contains("P-256"), "{}", ran.stderr);
    sandbox.ok("up a.example --dir flag --key p256");
    assert!(sandbox.file("flag/a.example/key.pem").exists());
}

#[test]
fn a_template_chooses_its_key_before_the_surroundings_do() {
    let sandbox = Sandbox::new();
    let run = |args: &str| {
        let mut command = sandbox.command(args.split(' '));
        let ran = support::ran(command.env("CERTFORGE_KEY", "ed25519").output().unwrap());
        assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
        json(&ran.stdout)["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(run("ca new --set key=p384 --json"), "p384");
    assert_eq!(run("leaf a.example --set key=p256 --json"), "p256");
    assert_eq!(run("leaf b.example --json"), "ed25519");
    assert_eq!(run("leaf c.example --set key=p256 --key p384 --json"), "p384");
}

#[test]
fn validity_has_three_spellings() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let leaf = |args: &str| json(&sandbox.ok(&format!("leaf {args} --key p256 --json")).stdout);
    // Their lengths: the second may change between two commands.
    let length = |leaf: &Value| {
        let time = |field: &str| OffsetDateTime::parse(leaf[field].as_str().unwrap(), &Rfc3339).unwrap();
        time("not_after") - time("not_before")
    };
    assert_eq!(length(&leaf("a.example --days 90")), length(&leaf("b.example --validity 90d")));
    assert_eq!(leaf("c.example --until 2027-06-30")["not_after"], "2027-06-30T23:59:59Z");
    let long = json(&sandbox.ok("leaf d.example --days 400 --key p256 --json").stdout);
    assert_eq!(long["findings"][0]["code"], "validity.long");
    assert_eq!(sandbox.run("leaf e.example --days 900").status, 3);
    sandbox.ok("leaf e.example --days 900 --allow-long --key p256");
    sandbox.ok("ca new short --days 10 --key p256");
    let cut = json(&sandbox.ok("leaf f.example --ca short --key p256 --json").stdout);
    assert_eq!(cut["findings"][0]["code"], "validity.clamped");
}

#[test]
fn every_command_has_help_with_examples_and_a_manual_page() {
    let sandbox = Sandbox::new();
    for command in [
        "",
        "ca",
        "ca new",
        "ca list",
        "ca show",
        "leaf",
        "up",
        "import-acm",
        "acm",
        "acm list",
        "acm show",
        "acm prune",
        "acm iam",
        "acm-sim",
        "ca rekey-passphrase",
        "csr",
        "sign",
        "apply",
        "bundle",
        "snippet",
        "list",
        "status",
        "renew",
        "revoke",
        "crl",
        "prune",
        "ca renew",
        "ca adopt",
        "template",
        "template list",
        "template show",
        "completions",
        "man",
    ] {
        let help = sandbox.ok(&format!("{command} --help"));
        assert_eq!(sandbox.ok(&format!("help {command}")).stdout, help.stdout, "{command}");
        assert!(help.stdout.contains("Examples:"), "{command}: {}", help.stdout);
        assert_eq!(help.stderr, "");
        let page = sandbox.ok(&format!("man {command}")).stdout;
        assert!(page.contains(".TH"), "{command}");
    }
    for (command, about) in [
        ("leaf", "Issue a leaf"),
        ("up", "Have a CA and a leaf"),
        ("import-acm", "Import leaves"),
        ("acm", "Look at what ACM holds"),
        ("acm-sim", "Run a stand-in for ACM"),
        ("ca new", "Make a CA: a root"),
        ("ca rekey-passphrase", "Encrypt a CA's key"),
        ("ca", "Make CAs"),
    ] {
        assert!(sandbox.ok(&format!("{command} --help")).stdout.starts_with(about), "{command}");
    }
    assert_eq!(sandbox.ok("help").stdout, sandbox.ok("--help").stdout);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.ok(&format!("completions {shell}")).stdout;
        assert!(script.contains("path-length") && script.contains("self-signed"), "{shell}");
    }
    assert_eq!(sandbox.ok("--version --json").stdout, sandbox.ok("--version").stdout);
    assert!(sandbox.snapshot().is_empty());
}

#[test]
fn the_version_says_what_it_is_built_of() {
    let sandbox = Sandbox::new();
    let short = concat!("certforge ", env!("CARGO_PKG_VERSION"));
    assert_eq!(sandbox.ok("-V").stdout, format!("{short}\n"));
    let long = sandbox.ok("--version").stdout;
    let built = long.trim_end().strip_prefix(short).and_then(|rest| rest.strip_prefix(" (")).unwrap();
    let (commit, features) = built.trim_end_matches(')').split_once(", features ").unwrap();
    let hex = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let known = |commit: &str| hex(commit.trim_end_matches("-dirty"));
    assert!(commit == "debug build" || commit.strip_prefix("commit ").is_some_and(known), "{long}");
    assert!(features.starts_with("cli") && !features.contains("seeded"), "{long}");
}
