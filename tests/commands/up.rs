//! `certforge up`: what is missing is made, what is damaged or due is made anew, what is there stays.

use super::support::{self, CERTFORGE, Sandbox, json, judge};

#[test]
fn several_names_go_into_one_leaf_and_the_first_is_the_common_name() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok("up 10.103.10.95 myca.test.com --key p256 --json");
    let document = json(&ran.stdout);
    assert_eq!(document["kind"], "up");
    assert_eq!(document["leaf"]["subject"], "CN=10.103.10.95");
    let names = document["leaf"]["names"].as_array().unwrap();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0]["type"], "ip");
    assert_eq!(names[1]["value"], "myca.test.com");
    assert_eq!(document["ca"]["state"], "created");
    assert_eq!(ran.stderr, "", "with --json nothing is on standard error");
}

#[test]
fn up_makes_what_is_missing_and_then_nothing() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let before = sandbox.snapshot();
    let again = json(&sandbox.ok("up a.example --json").stdout);
    assert_eq!((&again["ca"]["state"], &again["leaf"]["state"]), (&"unchanged".into(), &"unchanged".into()));
    assert_eq!(sandbox.snapshot(), before);

    for (args, reason) in [
        ("up a.example b.example", "its names are different"),
        ("up a.example b.example --key rsa2048", "its kind of key is different"),
        ("up a.example b.example --template mutual", "its purpose is different"),
        ("up a.example b.example --template mutual --days 90", "its validity is different"),
    ] {
        let changed = json(&sandbox.ok(&format!("{args} --json")).stdout);
        assert_eq!(changed["leaf"]["state"], "replaced", "{args}");
        assert_eq!(changed["leaf"]["reason"], reason, "{args}");
        let same = json(&sandbox.ok(&format!("{args} --json")).stdout);
        assert_eq!(same["leaf"]["state"], "unchanged", "{args}");
    }
    sandbox.ok("ca new --force --key p256");
    let changed = json(&sandbox.ok("up a.example b.example --template mutual --json").stdout);
    assert_eq!(changed["leaf"]["reason"], "it is of another issuer");
}

/// Whatever is lost of its certificate, it comes back as it was asked for, from the CA that it
/// was of.
#[test]
fn up_makes_anew_what_is_damaged_as_it_was_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new one --key p256");
    sandbox.ok("ca new two --key p256");
    sandbox.ok("leaf e.example more.example --ca two --key ed25519 --client --days 40 --subj /O=Acme");
    let file = sandbox.file("certforge/e.example/cert.pem");
    for empty in [true, false] {
        if empty {
            std::fs::write(&file, "").unwrap();
        } else {
            std::fs::remove_file(&file).unwrap();
        }
        // What looks at it and what renews it say what to type.
        for args in ["status", "renew e.example"] {
            let said = sandbox.run(args);
            assert_ne!(said.status, 0, "{args}");
            assert!(said.stderr.contains("certforge up "), "{args}: {}", said.stderr);
        }
        let made = json(&sandbox.ok("up e.example --json").stdout);
        assert_eq!((&made["leaf"]["ca"], &made["leaf"]["key"]), (&"two".into(), &"ed25519".into()), "{made}");
        let shown = json(&sandbox.ok("check e.example --json").stdout);
        let leaf = &shown["certificates"][0];
        assert_eq!(leaf["extended_key_usage"], serde_json::json!(["clientAuth"]), "{leaf}");
        assert!(leaf["subject"].as_str().unwrap().contains("O=Acme"), "{leaf}");
        assert_eq!(leaf["names"].as_array().unwrap().len(), 2, "{leaf}");
        assert!((38..=40).contains(&leaf["days_left"].as_i64().unwrap()), "{leaf}");
        assert_eq!(sandbox.run("status").status, 0);
        // It changes nothing the next time.
        assert_eq!(
            json(&sandbox.ok("up e.example more.example --json").stdout)["leaf"]["state"],
            "unchanged"
        );
    }
}

/// Another key would fit the server no more that has the one it was signed for.
#[test]
fn up_makes_no_key_for_what_was_signed_for_another() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("csr a.example --key p256");
    sandbox.ok("sign certforge/csr/a.example/request.pem");
    std::fs::remove_file(sandbox.file("certforge/a.example/cert.pem")).unwrap();
    let ran = sandbox.run("up a.example");
    assert!(ran.status == 2 && ran.stderr.contains("certforge sign"), "{}", ran.stderr);
    sandbox.ok("sign certforge/csr/a.example/request.pem --force");
    sandbox.ok("verify a.example");
}

#[test]
fn up_repairs_what_is_damaged() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let state =
        || json(&sandbox.ok("up a.example --json").stdout)["leaf"]["state"].as_str().unwrap().to_owned();
    let file = |name: &str| sandbox.file(&format!("certforge/a.example/{name}"));
    std::fs::write(file("cert.pem"), "junk").unwrap();
    assert_eq!(state(), "replaced");
    assert_eq!(state(), "unchanged");
    for name in ["key.pem", "cert.pem", "fullchain.pem", "ca.pem"] {
        std::fs::remove_file(file(name)).unwrap();
        assert_eq!(state(), "replaced", "{name}");
        assert_eq!(state(), "unchanged", "{name}");
    }
    std::fs::write(file("key.pem"), "junk").unwrap();
    assert_eq!(state(), "replaced");
    std::fs::remove_dir_all(file("")).unwrap();
    std::fs::create_dir(file("")).unwrap();
    assert_eq!(state(), "replaced", "an empty folder is filled");
}

#[test]
fn up_keeps_what_was_not_asked_to_change() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new other --key p256");
    sandbox.ok("ca new --key p256");
    sandbox.run_args(&[
        "up",
        "--subj",
        "/O=x/CN=a.example",
        "--client",
        "--ca",
        "other",
        "--key",
        "p384",
        "--days",
        "90",
    ]);
    let before = sandbox.snapshot();
    assert_eq!(json(&sandbox.ok("up a.example --json").stdout)["leaf"]["state"], "unchanged");
    assert_eq!(sandbox.snapshot(), before);
    let changed = sandbox.run_args(&["up", "--subj", "/O=y/CN=a.example", "--json"]);
    assert_eq!(json(&changed.stdout)["leaf"]["reason"], "its subject is different");
    let sent = json(&sandbox.ok("up a.example --template apigw-backend --json").stdout);
    assert_eq!(sent["leaf"]["state"], "replaced");
    assert_eq!(sandbox.read("certforge/a.example/fullchain.pem").matches("BEGIN").count(), 2);
}

#[test]
fn up_takes_every_kind_of_first_name() {
    let sandbox = Sandbox::new();
    for name in ["uri:spiffe://a.example/x", "email:me@a.example", "*.a.example", "fd00::1"] {
        for state in ["created", "unchanged"] {
            let ran = sandbox.ok(&format!("up {name} --key p256 --template mutual --json"));
            assert_eq!(json(&ran.stdout)["leaf"]["state"], state, "{name}");
        }
    }
}

#[test]
fn months_of_other_lengths_are_not_another_validity() {
    let Some(faketime) = judge("faketime") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256 --validity 6mo");
    let mut later = std::process::Command::new(faketime);
    later.args(["-f", "+20d", CERTFORGE, "up", "a.example", "--validity", "6mo", "--json"]);
    let ran = support::ran(later.current_dir(sandbox.path()).output().unwrap());
    assert_eq!(json(&ran.stdout)["leaf"]["state"], "unchanged", "{}", ran.stderr);
}

#[test]
fn up_renews_what_is_due() {
    let Some(faketime) = judge("faketime") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let at = |date: &str| {
        let run = std::process::Command::new(&faketime)
            .args(["-f", date, CERTFORGE, "up", "a.example", "--json"])
            .current_dir(sandbox.path())
            .output()
            .unwrap();
        let ran = support::ran(run);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        json(&ran.stdout)["leaf"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(at("+330d"), "unchanged");
    assert_eq!(at("+340d"), "replaced");
}

#[test]
fn many_first_runs_at_once_make_one_ca() {
    let sandbox = Sandbox::new();
    let children: Vec<_> = (0..24)
        .map(|i| {
            let mut command = sandbox.command(["up", &format!("h{i}.example"), "--key", "p256"]);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let ran = support::ran(child.wait_with_output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    let ca = sandbox.read("certforge/ca/default/ca.pem");
    for i in 0..24 {
        assert_eq!(sandbox.read(&format!("certforge/h{i}.example/ca.pem")), ca);
    }
    assert_eq!(std::fs::read_dir(sandbox.file("certforge/.tmp")).unwrap().count(), 0);
}

#[test]
fn the_same_up_many_times_at_once_succeeds_each_time() {
    let sandbox = Sandbox::new();
    let children: Vec<_> = (0..12)
        .map(|_| {
            let mut command = sandbox.command(["up", "same.example", "--key", "p256"]);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let ran = support::ran(child.wait_with_output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    assert_eq!(std::fs::read_dir(sandbox.file("certforge/ca/default/issued")).unwrap().count(), 1);
}

#[test]
fn up_asks_only_on_a_terminal() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("up");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("certforge up 10.103.10.95"), "{}", ran.stderr);
    // `script` gives it a terminal; the answer comes from its standard input.
    let Some(script) = judge("script") else { return };
    let mut child = std::process::Command::new(script)
        .args(["-qec", &format!("{CERTFORGE} up --key p256"), "/dev/null"])
        .current_dir(sandbox.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"myca.test.com\n").unwrap();
    let text = String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned();
    assert!(text.contains("domain name or IP address"), "{text}");
    assert!(sandbox.file("certforge/myca.test.com/cert.pem").exists(), "{text}");
}

/// What a certificate of the store says of itself, in OpenSSL's words.
fn text(sandbox: &Sandbox, name: &str) -> Option<String> {
    support::openssl(
        &["x509", "-in", &format!("certforge/{name}/cert.pem"), "-noout", "-text"],
        sandbox.path(),
    )
}

#[test]
fn what_is_not_said_again_stays_as_it_was_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf c.example d.example --client --subj /O=Acme --days 77 --key p256");
    sandbox.ok("revoke c.example --reason superseded");
    let made = json(&sandbox.ok("up c.example d.example --json").stdout);
    assert_eq!(
        (&made["leaf"]["state"], &made["leaf"]["reason"]),
        (&"replaced".into(), &"it is revoked".into())
    );
    assert_eq!(made["leaf"]["days_left"], 76);
    let Some(said) = text(&sandbox, "c.example") else { return };
    for part in ["TLS Web Client Authentication", "O = Acme"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("TLS Web Server Authentication"), "{said}");
    // What is said changes, and the rest stays.
    sandbox.ok("up c.example d.example --subj /O=Other");
    let said = text(&sandbox, "c.example").unwrap();
    assert!(said.contains("O = Other") && said.contains("TLS Web Client Authentication"), "{said}");
    sandbox.ok("up c.example d.example --template mutual");
    let said = text(&sandbox, "c.example").unwrap();
    assert!(said.contains("O = Other") && said.contains("TLS Web Server Authentication"), "{said}");
}

#[test]
fn every_field_of_a_template_that_is_asked_for_is_compared() {
    for (set, reason) in [
        ("key_usage=digitalSignature,keyAgreement", "its purpose is different"),
        ("extended_key_usage=serverAuth,clientAuth", "its purpose is different"),
        ("subject=/O=Acme", "its subject is different"),
        ("days=20", "its validity is different"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.ok("up a.example --key p256");
        let args = format!("up a.example --set {set} --json");
        let changed = json(&sandbox.ok(&args).stdout);
        assert_eq!(changed["leaf"]["reason"], reason, "{set}");
        let same = json(&sandbox.ok(&args).stdout);
        assert_eq!(same["leaf"]["state"], "unchanged", "{set}");
        let same = json(&sandbox.ok("up a.example --json").stdout);
        assert_eq!(same["leaf"]["state"], "unchanged", "what is not asked for stays: {set}");
    }
}

#[test]
fn a_leaf_whose_key_is_elsewhere_is_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let Some(_) = judge("openssl") else { return };
    let request = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out r.pem -subj /CN=req.example";
    support::openssl(&request.split(' ').collect::<Vec<_>>(), sandbox.path());
    sandbox.ok("sign r.pem");
    let told = sandbox.run("sign r.pem");
    assert!(told.status == 3 && told.stderr.contains("--force"), "{}", told.stderr);
    let before = sandbox.snapshot();
    let refused = sandbox.run("up req.example");
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("elsewhere") && refused.stderr.contains("certforge renew req.example"));
    assert_eq!(sandbox.snapshot(), before);
    // The hint holds.
    sandbox.ok("renew req.example");
    let certificate =
        certforge::Certificate::from_pem(sandbox.read("certforge/req.example/cert.pem").as_bytes());
    let key = certforge::PrivateKey::from_pem(sandbox.read("k.pem").as_bytes()).unwrap();
    assert_eq!(certificate.unwrap().public_key(), key.public());
}

#[test]
fn a_plan_says_replaced_where_it_is() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let planned = sandbox.ok("up a.example b.example --dry-run");
    assert!(planned.stderr.contains("would be replaced"), "{}", planned.stderr);
    let planned = sandbox.ok("up c.example --key p256 --dry-run");
    assert!(planned.stderr.contains("would be created"), "{}", planned.stderr);
}

/// What is there keeps its kind of key: ACM allows no other under its ARN.
#[test]
fn the_surroundings_replace_no_leaf() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p384");
    let run = |args: &str| {
        let mut command = sandbox.command(args.split(' '));
        json(&support::ran(command.env("CERTFORGE_KEY", "p256").output().unwrap()).stdout)
    };
    let state = |document: &serde_json::Value| document["leaf"]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(&run("up a.example --json")), "unchanged");
    assert_eq!(state(&run("up a.example --key p256 --json")), "replaced");
}
