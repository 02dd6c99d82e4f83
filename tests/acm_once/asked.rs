//! What is asked before an import and told after it: rules, dry runs, tags, surroundings.

use super::support::acm::Acm;
use super::support::{self, Sandbox, ran};

#[test]
fn what_is_set_to_nothing_is_not_set() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let url = acm.sim.url();
    let list = |more: &[(&str, &str)]| {
        let mut command = acm.sandbox.command(["acm", "list", "--timeout", "5"]);
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        ran(command.envs(more.iter().copied()).output().unwrap())
    };
    for (name, value) in [("AWS_ENDPOINT_URL_ACM", ""), ("AWS_REGION", "")] {
        let told = list(&[("AWS_ENDPOINT_URL", &url), ("AWS_DEFAULT_REGION", "eu-west-1"), (name, value)]);
        assert_eq!(told.status, 0, "{name}: {}", told.stderr);
    }
    // AWS's own is asked then, which a proxy that nobody listens at keeps from happening.
    let nobody = [("HTTPS_PROXY", "http://127.0.0.1:9"), ("AWS_REGION", "eu-west-1")];
    let told = list(&[nobody[0], nobody[1], ("AWS_ENDPOINT_URL", "")]);
    assert!(told.status == 6 && !told.stderr.contains("panicked"), "{}: {}", told.status, told.stderr);
    // Containers are called so.
    let told = list(&[("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL", "http://no_such_host:9")]);
    assert_eq!(told.status, 6, "{}", told.stderr);
    for (bad, part) in
        [("http://u:SECRET@127.0.0.1:9", "a user or a password"), ("http://127.0.0.1:9/a b", "not an http")]
    {
        let told = list(&[("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL", bad)]);
        assert!(
            told.status == 3 && told.stderr.contains(part) && !told.stderr.contains("SECRET"),
            "{}",
            told.stderr
        );
    }
}

#[test]
fn rules_are_asked_of_what_is_unchanged_too() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up 10.0.0.1 --key p256");
    acm.ok("import-acm 10.0.0.1");
    let planned = acm.run("import-acm 10.0.0.1 --dry-run --target client-vpn");
    assert!(planned.status == 3 && planned.stderr.contains("S06"), "{}", planned.stderr);
    let told = acm.run("import-acm 10.0.0.1 --target client-vpn");
    assert!(told.status == 0 && told.stderr.contains("S06"), "{}", told.stderr);
}

#[test]
fn a_dry_run_needs_no_aws() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    sandbox.ok("leaf ed.example.com --key ed25519");
    let planned = sandbox.run("import-acm a.example.com --dry-run");
    assert_eq!((planned.status, planned.stdout.as_str()), (0, ""), "{}", planned.stderr);
    assert!(
        planned.stderr.contains("would be imported") && planned.stderr.contains("was not asked"),
        "{}",
        planned.stderr
    );
    let refused = sandbox.run("import-acm ed.example.com --dry-run");
    assert!(refused.status == 3 && refused.stderr.contains("K03"), "{}", refused.stderr);
    let files = "--certificate certforge/a.example.com/cert.pem --private-key certforge/a.example.com/key.pem --dry-run";
    let refused = sandbox.run(&format!("import-acm {files}"));
    assert!(refused.status == 3 && refused.stderr.contains("C01"), "{}", refused.stderr);
}

#[test]
fn a_key_that_is_given_as_an_argument_is_not_shown() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let key = acm.sandbox.read("certforge/a.example.com/key.pem");
    let secret: String = key.lines().nth(1).unwrap().chars().take(20).collect();
    let inline = format!("--private-key={key}");
    for args in [
        vec!["import-acm", "--certificate", "c.pem", "--private-key", &key],
        vec!["--json", "import-acm", "--certificate", "c.pem", &inline],
        vec!["leaf", &key],
        vec!["up", "--key", &key],
    ] {
        let ran = acm.sandbox.run_args(&args);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(!ran.stderr.contains(&secret) && ran.stderr.contains("path of the file"), "{}", ran.stderr);
    }
}

#[test]
fn tags_of_certforges_own_are_not_asked_for() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let ran = acm.run("import-acm a.example.com --tags certforge:sha256=x");
    assert!(ran.status == 3 && ran.stderr.contains("T01"), "{}", ran.stderr);
    let tags: Vec<String> = (0..49).map(|i| format!("--tags k{i}=v")).collect();
    acm.ok(&format!("import-acm a.example.com {}", tags.join(" ")));
}

#[test]
fn what_is_asked_of_a_leaf_is_asked_in_the_region_of_the_surroundings() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    acm.ok("import-acm a.example.com --region us-east-1,eu-west-1");
    let here = acm.sim.arns().into_iter().find(|arn| arn.contains("eu-west-1")).unwrap();
    assert_eq!(acm.ok("acm show a.example.com").trim(), here);
    assert!(acm.ok("acm iam import a.example.com").contains(&here));
    assert!(acm.ok("acm show a.example.com --region us-east-1").contains("us-east-1"));
}

#[test]
fn another_key_is_noticed_though_nothing_is_to_be_sent() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    acm.sandbox.ok("leaf b.example.com --key p256");
    let folder = "certforge/a.example.com";
    let files =
        format!("--certificate {folder}/cert.pem --certificate-chain {folder}/chain.pem --private-key");
    acm.ok(&format!("import-acm {files} {folder}/key.pem"));
    let ran = acm.run(&format!("import-acm {files} certforge/b.example.com/key.pem"));
    assert!(ran.status == 3 && ran.stderr.contains("K06"), "{}", ran.stderr);
}

#[test]
fn a_kind_of_key_that_acm_does_not_take_makes_no_ca() {
    let acm = Acm::new(&[]);
    for more in ["", "--dry-run"] {
        let ran = acm.run(&format!("up a.example.com --key ed25519 --import-acm {more}"));
        assert!(ran.status == 3 && ran.stderr.contains("K03"), "{}", ran.stderr);
        assert!(!acm.sandbox.file("certforge").exists());
    }
    let planned = acm.run("up a.example.com --key p256 --import-acm --dry-run");
    assert!(planned.status == 0 && planned.stderr.contains("would be imported"), "{}", planned.stderr);
}

#[test]
fn an_import_from_a_pipe_says_that_the_arn_is_kept_nowhere() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let folder = "certforge/a.example.com";
    let line = format!(
        "cat {folder}/cert.pem {folder}/key.pem {folder}/chain.pem | {} import-acm --from -",
        support::CERTFORGE
    );
    let mut shell = std::process::Command::new("bash");
    acm.sandbox.isolate(&mut shell);
    shell.env("AWS_ENDPOINT_URL", acm.sim.url()).env("AWS_REGION", "eu-west-1");
    shell.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    let ran = ran(shell.args(["-c", &line]).output().unwrap());
    assert!(
        ran.status == 0 && ran.stderr.contains(&format!("--certificate-arn {}", ran.stdout.trim())),
        "{}",
        ran.stderr
    );
    let twice = acm.run("import-acm --certificate - --private-key -");
    assert!(twice.status == 2 && twice.stderr.contains("once"), "{}", twice.stderr);
}

#[test]
fn tags_that_cannot_be_put_on_leave_the_arn_and_a_warning() {
    let acm = Acm::new(&[("AddTagsToCertificate", "denied")]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com");
    for _ in 0..2 {
        let ran = acm.run("import-acm a.example.com --tags team=edge");
        assert_eq!((ran.status, &ran.stdout), (0, &arn));
        assert!(ran.stderr.contains("no tags could be put on"), "{}", ran.stderr);
    }
}

#[test]
fn tags_are_read_as_the_aws_cli_reads_them() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let folder = "certforge/a.example.com";
    let document = acm.json(&format!(
        "import-acm --certificate {folder}/cert.pem --private-key {folder}/key.pem --certificate-chain \
         {folder}/chain.pem --tags Key=a,Value=b Key=c,Value=d"
    ));
    let tags: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|t| t["Key"].as_str().unwrap()).collect();
    assert_eq!(tags, ["a", "c"]);
    assert_eq!(
        acm.run(&format!("import-acm a.example.com --certificate {folder}/cert.pem --private-key x")).status,
        2
    );
    assert_eq!(acm.run("import-acm").status, 2);
}

/// A profile that takes on a role asks STS, in the profile's own region.
#[test]
fn a_role_is_asked_for_in_the_region_of_its_profile() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    let config = "[profile base]\nregion = eu-west-1\n[profile role]\nregion = us-west-2\n\
                  role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n";
    std::fs::write(acm.sandbox.file(".aws/config"), config).unwrap();
    let keys = "[base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    std::fs::write(acm.sandbox.file(".aws/credentials"), keys).unwrap();
    let mut command = acm.command("import-acm a.example.com --profile role");
    let ran = ran(command.env_remove("AWS_REGION").output().unwrap());
    // The simulator is no STS, so it ends here: but it was asked.
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(!ran.stderr.contains("signing region"), "{}", ran.stderr);
}

/// Some ids of access keys do not tell whose they are: then ACM is asked, and nothing is made.
#[test]
fn an_ephemeral_leaf_is_imported_once_whoever_asks() {
    let acm = Acm::new(&[]);
    let run = |args: &str| {
        let mut command = acm.command(args);
        ran(command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").output().unwrap())
    };
    let up = "up a.example.com --key p256 --import-acm --ephemeral";
    let arns = [run(up).stdout, run(up).stdout, run(up).stdout];
    assert!(arns[0].starts_with("arn:") && arns.iter().all(|arn| *arn == arns[0]), "{arns:?}");
    assert_eq!(acm.calls("ImportCertificate"), 1);
    // Its key is nowhere else: that it is there is an answer, and nothing is to be sent.
    let named = run(&format!("import-acm a.example.com --certificate-arn {}", arns[0].trim()));
    assert_eq!((named.status, &named.stdout), (0, &arns[0]), "{}", named.stderr);
    assert_eq!(acm.calls("ImportCertificate"), 1);
}

/// What ACM was too busy to show may be somebody else's.
#[test]
fn what_cannot_be_looked_at_is_not_pruned() {
    for (fault, pruned) in [("expired", false), ("denied", true)] {
        let acm = Acm::new(&[("GetCertificate", fault)]);
        support::variants::dated(&acm.sandbox, "ended", -100);
        let state = serde_json::json!({"schema": "certforge/acm-sim/1", "certificates": [{
            "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/ended",
            "Certificate": acm.sandbox.read("ended.pem"),
            "KeyAlgorithm": "EC_prime256v1",
            "Tags": [{"Key": "certforge:sha256", "Value": "0".repeat(64)}],
            "CreatedAt": 1_700_000_000, "ImportedAt": 1_700_000_000,
        }]});
        acm.sim.restore(&state.to_string()).unwrap();
        let ran = acm.run("acm prune --yes");
        assert_eq!((ran.status == 0, acm.sim.arns().is_empty()), (pruned, pruned), "{fault}: {}", ran.stderr);
    }
}
