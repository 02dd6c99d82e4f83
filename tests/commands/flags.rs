//! Flags that have no meaning where they stand, and things that are said twice: passing over
//! them would look like having done them.

use super::support::{CERTFORGE, Sandbox, json, judge, openssl, output, refused};

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    std::fs::write(sandbox.file(name), text).unwrap();
}

#[test]
fn a_column_that_stands_twice_under_two_names_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for (header, says) in [
        ("name,names,san", "`names` and `san`"),
        ("name,cn", "`name` and `cn`"),
        ("name,subject,subj", "`subject` and `subj`"),
        ("name,days,days", "`days` and `days`"),
    ] {
        write(&sandbox, "b.csv", &format!("{header}\na.example,b.example,c.example\n"));
        let message = refused(&sandbox, "leaf --batch b.csv --key p256", 3, "batch.row");
        assert!(message.contains(says), "{header}: {message}");
    }
    // Different things in different columns are no repetition.
    write(&sandbox, "b.csv", "name,san,days,key\na.example,b.example,30,p256\n");
    sandbox.ok("leaf --batch b.csv");
    assert!(sandbox.ok("check certforge/a.example/cert.pem").stderr.contains("DNS:b.example"));
}

#[test]
fn a_request_keeps_the_key_that_it_is_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("csr b.example --key p256");
    write(&sandbox, "phrase", "seven blue kettles\n");
    let key = "certforge/csr/b.example/key.pem";
    refused(&sandbox, &format!("csr b.example --private-key {key} --force"), 2, "usage");
    refused(&sandbox, "csr c.example --passphrase-file phrase", 2, "usage");
    // A copy elsewhere may be used, and stays there.
    std::fs::copy(sandbox.file(key), sandbox.file("kept.pem")).unwrap();
    sandbox.ok("csr b.example --private-key kept.pem --force");
    assert!(sandbox.file("kept.pem").exists() && !sandbox.file(key).exists());
    let Some(_) = judge("openssl") else { return };
    let locked =
        "pkcs8 -topk8 -v2 aes-256-cbc -iter 100000 -in kept.pem -passout file:phrase -out locked.pem";
    openssl(&locked.split(' ').collect::<Vec<_>>(), sandbox.path());
    sandbox.ok("csr c.example --private-key locked.pem --passphrase-file phrase");
    write(&sandbox, "wrong", "six blue kettles\n");
    refused(&sandbox, "csr d.example --private-key locked.pem --passphrase-file wrong", 3, "key.passphrase");
}

#[test]
fn what_would_be_no_verdict_is_not_passed_over() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("csr b.example --key p256");
    write(&sandbox, "phrase", "seven blue kettles\n");
    let (cert, key) = ("certforge/a.example/cert.pem", "certforge/a.example/key.pem");
    let request = "certforge/csr/b.example/request.pem";
    for args in [
        format!("{request} --key {key}"),
        format!("{request} --name b.example"),
        format!("{request} --clients"),
        format!("{key} --key {key}"),
        format!("{key} --trust {cert}"),
        "certforge --name a.example".to_owned(),
        format!("certforge --trust {cert}"),
        format!("certforge --key {key}"),
        format!("certforge --chain {cert}"),
        "certforge --servername a.example".to_owned(),
        "certforge --clients".to_owned(),
        "certforge --text".to_owned(),
        "certforge --format pem".to_owned(),
        "certforge --passphrase-file phrase".to_owned(),
        format!("{cert} --servername a.example"),
        format!("{cert} --starttls smtp"),
        format!("{cert} --format der"),
        "arn:aws:acm:eu-west-1:123456789012:certificate/x --servername a.example".to_owned(),
    ] {
        refused(&sandbox, &format!("check {args}"), 2, "usage");
    }
    for address in ["h:99999", "https://h:99999/x", "https://h:0", "h:70000"] {
        let message = refused(&sandbox, &format!("check {address}"), 2, "usage");
        assert!(message.contains("is no port"), "{address}: {message}");
    }
}

#[test]
fn a_form_that_is_named_twice_is_made_once() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let made = sandbox.ok("bundle a.example --to combined,p7b,combined");
    let files = ["certforge/a.example/combined.pem", "certforge/a.example/bundle.p7b"];
    assert_eq!(made.stdout.lines().collect::<Vec<_>>(), files);
    sandbox.ok("fixtures fx --only expired --only expired");
    assert!(sandbox.file("fx/expired/fullchain.pem").exists());
}

#[test]
fn the_place_of_a_key_is_no_value() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    refused(&sandbox, "bundle a.example --to k8s-secret --set namespace=@KEY@", 2, "usage");
    sandbox.ok("bundle a.example --to k8s-secret --set namespace=edge");
    assert!(sandbox.read("certforge/a.example/k8s-secret.yaml").contains("namespace: \"edge\"\n"));
}

#[test]
fn a_form_whose_file_is_missing_is_made_again() {
    let sandbox = Sandbox::new();
    let manifest = "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\nkey = \"p256\"\nforms = [\"der\", \"combined\"]\n";
    write(&sandbox, "certforge.toml", manifest);
    sandbox.ok("apply");
    let certificate = sandbox.read("certforge/a.example/cert.pem");
    for file in ["key.der", "cert.der", "ca.der", "combined.pem"] {
        std::fs::remove_file(sandbox.file(&format!("certforge/a.example/{file}"))).unwrap();
        let document = json(&sandbox.ok("--json apply").stdout);
        assert_eq!(document["leaves"][0]["state"], "unchanged", "{file}");
        assert!(sandbox.file(&format!("certforge/a.example/{file}")).exists(), "{file}");
    }
    assert_eq!(sandbox.read("certforge/a.example/cert.pem"), certificate);
}

#[test]
fn what_a_program_is_given_is_its_own() {
    let sandbox = Sandbox::new();
    write(&sandbox, "f", "-----BEGIN CERTIFICATE-----\n");
    let ran = sandbox.run_args(&["run", "--", "grep", "-c", "--", "-----BEGIN CERTIFICATE", "f"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "1\n"), "{}", ran.stderr);
    sandbox.ok("up a.example --key p256");
    let key = sandbox.read("certforge/a.example/key.pem");
    for args in [vec!["check", &key], vec!["run", &key], vec!["--json", "check", &key]] {
        let ran = sandbox.run_args(&args);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("an argument is PEM text"), "{}", ran.stderr);
    }
}

#[test]
fn a_fault_of_no_action_is_no_fault() {
    let sandbox = Sandbox::new();
    for fault in ["ImportCertificat=drop", "=drop"] {
        let ran = sandbox.run(&format!("acm-sim --faults {fault}"));
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{fault}: {}", ran.stderr);
        assert!(ran.stderr.contains("the actions are ImportCertificate, "), "{}", ran.stderr);
    }
}

#[test]
fn a_text_with_an_empty_line_behind_it_is_one_text() {
    let sandbox = Sandbox::new();
    let part = "certificate relies on legacy Common";
    for text in [part.to_owned(), format!("{part}\n\n"), format!("\n{part}\n")] {
        let ran = sandbox.run_args(&["explain", "--json", &text]);
        assert_eq!(ran.status, 0, "{text:?}: {}", ran.stderr);
        assert_eq!(json(&ran.stdout)["found"][0]["id"], "go.legacy-cn", "{text:?}");
    }
    // In a log a part of a text is nothing.
    let ran = sandbox.run_args(&["explain", "--json", &format!("{part}\nand more\n")]);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
}

#[test]
fn a_manifest_names_the_line_that_is_wrong() {
    let sandbox = Sandbox::new();
    write(&sandbox, "m.toml", "# mine\n[leaf.\"a.example\"]\nkeys = \"p256\"\n");
    let message = refused(&sandbox, "apply -f m.toml", 3, "manifest");
    assert!(message.starts_with("m.toml: line 3: unknown field `keys`"), "{message}");
    write(&sandbox, "m.toml", "[leaf.\"a.example\n");
    let message = refused(&sandbox, "apply -f m.toml", 3, "manifest");
    assert!(message.contains("line 1: ") && !message.contains(" | "), "{message}");
}

#[test]
fn tables_are_whole_however_long() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let names: Vec<String> = (0..40).map(|i| format!("host-number-{i}.internal.example")).collect();
    sandbox.ok(&format!("leaf {} --key p256", names.join(" ")));
    for args in ["list", "list --issued"] {
        let listed = sandbox.ok(args).stdout;
        assert!(listed.contains("host-number-39.internal.example") && !listed.contains('…'), "{listed}");
    }
    let deep = "d".repeat(200);
    let folder = format!("{deep}/{deep}");
    std::fs::create_dir_all(sandbox.file(&folder)).unwrap();
    std::fs::copy(sandbox.file("certforge/ca/default/ca.pem"), sandbox.file(&format!("{folder}/c.pem")))
        .unwrap();
    let scanned = sandbox.ok(&format!("check {deep}")).stdout;
    assert!(scanned.starts_with(&format!("{folder}/c.pem\t")), "{scanned}");
}

#[test]
fn a_shell_completes_the_values_that_there_are() {
    let sandbox = Sandbox::new();
    let Some(bash) = judge("bash") else { return };
    for (line, offered) in [
        ("leaf --key p", "p256 p384"),
        ("ca new --key ed", "ed25519"),
        ("revoke x --reason key", "keyCompromise"),
        ("import-acm --target apigw-", "apigw-domain apigw-backend"),
        ("fixtures --only expired", "expired expired-intermediate expired-root"),
        ("serve --fault wrong-h", "wrong-host"),
        ("snippet spri", "springboot"),
        ("template show ser", "server"),
        ("bundle x --to trust", "truststore"),
    ] {
        // As bash itself asks: the words of the line, the last of them not complete.
        let script = format!(
            "source <({CERTFORGE} completions bash)\nCOMP_WORDS=(certforge {line})\n\
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _certforge certforge \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"\necho ${{COMPREPLY[@]}}"
        );
        let (_, text) = output(&bash, &["-c", &script], sandbox.path());
        assert_eq!(text.trim(), offered, "{line}");
    }
}

/// Where `--dir` chose the store, what is to be typed next chooses it too: as it stands there.
#[test]
fn hints_are_of_the_store_that_was_chosen() {
    let sandbox = Sandbox::new();
    let hint = |args: &[&str]| {
        let ran = sandbox.run_args(args);
        assert_ne!(ran.status, 0, "{}", ran.stderr);
        ran.stderr
    };
    let said = hint(&["leaf", "a.example", "--dir", "my store"]);
    assert!(said.contains("`certforge --dir 'my store' ca new`"), "{said}");
    sandbox.run_args(&["--dir", "my store", "ca", "new", "--key", "p256"]);
    sandbox.run_args(&["--dir", "my store", "leaf", "a.example", "--key", "p256"]);
    let said = hint(&["leaf", "a.example", "--dir", "my store"]);
    assert!(said.contains("certforge --dir 'my store' renew a.example"), "{said}");
    let snippet = sandbox.run_args(&["snippet", "haproxy", "a.example", "--dir", "my store"]);
    assert!(snippet.stderr.contains("certforge --dir 'my store' bundle a.example"), "{}", snippet.stderr);
    // Without the flag, and where a variable says it, nothing is added.
    assert!(hint(&["leaf", "a.example"]).contains("`certforge ca new`"));
}

/// What is typed where a file or a leaf is wanted, and is neither.
#[test]
fn a_name_that_is_nothing_is_told_what_it_is() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for command in ["check", "verify"] {
        let said = sandbox.run(&format!("{command} default"));
        assert_eq!(said.status, 2, "{}", said.stderr);
        assert!(said.stderr.contains("certforge/ca/default/ca.pem"), "{}", said.stderr);
        let said = sandbox.run(&format!("{command} nope.example"));
        assert!(said.stderr.contains("certforge list"), "{}", said.stderr);
        assert_eq!(said.status, 3, "{}", said.stderr);
    }
    let missing = sandbox.run("ca new two --under default --encrypt --passphrase-file nofile --key p256");
    assert!(missing.stderr.contains("cannot open nofile"), "{}", missing.stderr);
    assert!(!missing.stderr.contains("ca.key"), "{}", missing.stderr);
}

/// A time where days are asked for.
#[test]
fn days_are_a_number_and_other_times_have_their_flag() {
    let sandbox = Sandbox::new();
    for (days, says) in
        [("1y", "--validity"), ("2030-01-01", "--until"), ("many", "no number of days"), ("0", "1..")]
    {
        let said = sandbox.run(&format!("leaf a.example --days {days}"));
        assert_eq!(said.status, 2, "{}", said.stderr);
        assert!(said.stderr.contains(says), "{days}: {}", said.stderr);
    }
}

/// Of a CA that is to stand below one without room for it, what makes the room.
#[test]
fn a_path_that_is_too_short_says_how_a_longer_one_is_made() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new mid --under root --key p256");
    let said = sandbox.run("ca new mid2 --under mid --key p256").stderr;
    assert!(said.contains("--path-length 2") && said.contains("--path-length 1"), "{said}");
    sandbox.ok("ca new deep --path-length 2 --key p256");
    sandbox.ok("ca new mid3 --under deep --path-length 1 --key p256");
    sandbox.ok("ca new last --under mid3 --key p256");
}
