//! Several places at once, looking at ACM, pruning it, and keys that never get to
//! a disk. The simulator takes ACM's place.

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use serde_json::{Value, json};
use support::acm::Acm;
use support::{Sandbox, ran, variants};

#[test]
fn several_regions_are_one_document_and_a_line_each() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arns = acm.ok("import-acm a.example.com --region us-east-1,eu-west-1 --region cn-north-1");
    let arns: Vec<&str> = arns.lines().collect();
    for (arn, start) in
        arns.iter().zip(["arn:aws:acm:us-east-1:", "arn:aws:acm:eu-west-1:", "arn:aws-cn:acm:cn-north-1:"])
    {
        assert!(arn.starts_with(start), "{arn}");
    }
    let again = acm.json("import-acm a.example.com --region us-east-1,eu-west-1,cn-north-1");
    assert_eq!(again["kind"], "imports");
    let results = again["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for (result, arn) in results.iter().zip(&arns) {
        assert_eq!((&result["state"], &result["CertificateArn"]), (&json!("unchanged"), &json!(arn)));
    }
    assert_eq!(acm.calls("ImportCertificate"), 3);
    // The same region twice is one place; `up` goes to several as well.
    assert_eq!(acm.ok("import-acm a.example.com --region eu-west-1,eu-west-1").lines().count(), 1);
    assert_eq!(
        acm.ok("up b.example.com --key p256 --import-acm --region us-east-1,eu-west-1 -q").lines().count(),
        2
    );
}

#[test]
fn several_profiles_go_to_their_accounts() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    let url = acm.sim.url();
    let config = format!(
        "[profile one]\nregion = us-east-1\nendpoint_url = {url}\n[profile two]\nregion = eu-west-1\nendpoint_url = {url}\n"
    );
    let keys = "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    let credentials = format!("[one]\n{keys}[two]\n{keys}");
    std::fs::write(acm.sandbox.file(".aws/config"), config).unwrap();
    std::fs::write(acm.sandbox.file(".aws/credentials"), credentials).unwrap();
    let ran = acm.sandbox.run("import-acm a.example.com --profile one --profile two");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let regions: Vec<&str> = ran.stdout.lines().map(|arn| arn.split(':').nth(3).unwrap()).collect();
    assert_eq!(regions, ["us-east-1", "eu-west-1"]);
}

#[test]
fn where_some_fail_the_others_arns_are_printed_and_the_status_says_so() {
    for (fault, status) in [("ok,403", 5), ("ok,hang:30", 6)] {
        let acm = Acm::new(&[("ImportCertificate", fault)]);
        acm.sandbox.ok("up a.example.com --key p256");
        let ran = acm.run("--json import-acm a.example.com --region us-east-1,eu-west-1 --timeout 3");
        assert_eq!(ran.status, status, "{}", ran.stderr);
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let results = document["results"].as_array().unwrap();
        let failed: Vec<&Value> = results.iter().filter(|r| r["state"] == "failed").collect();
        assert_eq!((results.len(), failed.len()), (2, 1), "{document}");
        assert!(failed[0]["error"]["code"].as_str().unwrap().starts_with("aws."), "{document}");
        assert!(failed[0]["error"]["hint"].is_string() && failed[0]["region"].is_string(), "{document}");
        // The next run imports where it failed, and nowhere twice.
        assert_eq!(acm.sim.arns().len(), 1);
    }
    let acm = Acm::new(&[("ImportCertificate", "403,ok")]);
    acm.sandbox.ok("up a.example.com --key p256");
    let ran = acm.run("import-acm a.example.com --region us-east-1,eu-west-1");
    assert_eq!((ran.status, ran.stdout.lines().count()), (5, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("failed") && ran.stderr.contains("AccessDenied"), "{}", ran.stderr);
    assert_eq!(acm.ok("import-acm a.example.com --region us-east-1,eu-west-1").lines().count(), 2);
    assert_eq!(acm.sim.arns().len(), 2);
}

#[test]
fn several_leaves_are_imported_one_after_the_other() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("ca new --key p256");
    for name in ["a", "b", "c"] {
        acm.sandbox.ok(&format!("leaf {name}.example.com --key p256"));
    }
    assert_eq!(acm.ok("import-acm a.example.com b.example.com -q").lines().count(), 2);
    let document = acm.json("import-acm --all");
    let states: Vec<&str> =
        document["results"].as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unchanged", "unchanged", "imported"]);
    assert_eq!(acm.run("import-acm a.example.com none.example.com").status, 3);
    assert_eq!(
        acm.run("import-acm --all --certificate-arn arn:aws:acm:eu-west-1:123456789012:certificate/1").status,
        2
    );
    assert_eq!(Acm::new(&[]).run("import-acm --all").status, 3);
}

#[test]
fn acm_is_listed_whatever_the_kind_of_key() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("ca new --key p256");
    for (name, key) in [("a.example.com", "p256"), ("10.0.0.1", "rsa2048"), ("c.example.com", "p384")] {
        acm.sandbox.ok(&format!("leaf {name} --key {key}"));
        acm.ok(&format!("import-acm {name} -q"));
    }
    let text = acm.ok("acm list");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("\tEC_prime256v1\t") && text.contains("\tRSA_2048\t"), "{text}");
    let document = acm.json("acm list --region eu-west-1,us-east-1");
    assert_eq!(document["kind"], "acm-list");
    let entries = document["certificates"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0]["names"], json!(["a.example.com"]));
    assert_eq!(entries[0]["days_left"], 365 - 1, "{}", entries[0]);
    assert_eq!(acm.ok("acm list --region us-east-1"), "");
}

#[test]
fn one_certificate_is_shown_with_what_uses_it_and_whether_it_is_ours() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com --tags team=edge");
    let arn = arn.trim();
    assert!(
        acm.sim.associate(arn, "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/1")
    );
    let shown = acm.run("acm show a.example.com");
    assert_eq!((shown.status, shown.stdout.trim()), (0, arn));
    for part in ["loadbalancer/app/x/1", "team=edge", "certforge:sha256=", "is the one that ACM holds"] {
        assert!(shown.stderr.contains(part), "{part}: {}", shown.stderr);
    }
    acm.sandbox.ok("leaf a.example.com --key p256 --force");
    let document = acm.json("acm show a.example.com");
    let serial = document["serial"].as_str().unwrap();
    assert!(serial.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)), "{serial}");
    assert_eq!(document["findings"][0]["code"], "acm.drift");
    assert_eq!(document["in_use_by"].as_array().unwrap().len(), 1);
    // What uses it is told before it is replaced.
    let again = acm.json("import-acm a.example.com");
    let told = again["findings"].as_array().unwrap().iter().any(|f| f["code"] == "acm.R09");
    assert!(told, "{again}");
    assert_eq!(acm.run(&format!("acm show {arn} --region us-east-1")).status, 5);
    assert_eq!(acm.run("acm show arn:aws:acm:nowhere").status, 3);
    acm.sandbox.ok("leaf b.example.com --key p256");
    let not = acm.run("acm show b.example.com");
    assert!(not.status == 3 && not.stderr.contains("import it first"), "{}", not.stderr);
}

#[test]
fn only_what_certforge_imported_has_ended_and_nobody_uses_is_pruned() {
    let acm = Acm::new(&[]);
    let (ended, foreign, used, taken) = ("ended", "foreign", "used", "taken");
    for name in [ended, foreign, used, taken] {
        variants::dated(&acm.sandbox, name, -100);
    }
    // An import of what has ended is refused: the simulator gets it another way.
    let entry = |name: &str, tags: Value, users: Value| {
        json!({
            "CertificateArn": format!("arn:aws:acm:eu-west-1:123456789012:certificate/{name}"),
            "Certificate": acm.sandbox.read(&format!("{name}.pem")),
            "CertificateChain": acm.sandbox.read(&format!("{name}.chain")),
            "KeyAlgorithm": "EC_prime256v1",
            "Tags": tags,
            "InUseBy": users,
            "CreatedAt": 1_700_000_000,
            "ImportedAt": 1_700_000_000,
        })
    };
    let tag = |value: &str| json!([{"Key": "certforge:sha256", "Value": value}]);
    let own = |name: &str| {
        let read = |file: &str| Certificate::from_pem(acm.sandbox.read(file).as_bytes()).unwrap();
        let (leaf, issuer) = (read(&format!("{name}.pem")), read(&format!("{name}.chain")));
        tag(&content_sha256(&leaf, &Chain::new(vec![issuer]).unwrap()).to_string())
    };
    let state = json!({"schema": "certforge/acm-sim/1", "certificates": [
        entry(ended, own(ended), json!([])),
        entry(foreign, json!([]), json!([])),
        entry(used, own(used), json!(["arn:aws:elasticloadbalancing:…"])),
        // Somebody else imported to its ARN since: the tag stays.
        entry(taken, tag("of what was there before"), json!([])),
    ]});
    acm.sim.restore(&state.to_string()).unwrap();
    acm.sandbox.ok("up fresh.example.com --key p256");
    acm.ok("import-acm fresh.example.com");
    let arn = format!("arn:aws:acm:eu-west-1:123456789012:certificate/{ended}\n");
    let shown = acm.run("acm prune");
    assert_eq!((shown.status, &shown.stdout), (0, &arn));
    assert!(shown.stderr.contains("--yes"), "{}", shown.stderr);
    assert_eq!((acm.sim.arns().len(), acm.calls("DeleteCertificate")), (5, 0));
    assert_eq!(acm.ok("acm prune --yes"), arn);
    assert_eq!(acm.sim.arns().len(), 4);
    assert_eq!(acm.ok("acm prune --yes"), "");
}

#[test]
fn a_leaf_of_somebody_else_s_key_is_passed_over_by_all() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    acm.sandbox.ok("csr b.example.com --key p256");
    acm.sandbox.ok("sign certforge/csr/b.example.com/request.pem");
    let arns = acm.ok("import-acm --all");
    assert_eq!(arns.lines().count(), 1, "{arns}");
    // Who says a name twice wants it once.
    assert_eq!(acm.ok("import-acm a.example.com a.example.com"), arns);
}

#[test]
fn one_endpoint_by_another_spelling_is_the_same() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com");
    acm.sandbox.ok("leaf a.example.com --key p256 --force");
    let url = acm.sim.url().replace("http://", "HTTP://").replace("HTTP", "http") + "/";
    assert_eq!(acm.ok(&format!("import-acm a.example.com --endpoint-url {url}")), arn);
    assert!(acm.ok(&format!("acm show a.example.com --endpoint-url {url}")).contains(arn.trim()));
}

#[test]
fn policies_are_printed_for_what_is_about_to_be_done() {
    let acm = Acm::new(&[]);
    let policy = |args: &str| -> Value { serde_json::from_str(&acm.ok(args)).unwrap() };
    let wide = policy("acm iam --region us-gov-west-1 --account 123456789012");
    assert_eq!(wide["Version"], "2012-10-17");
    assert_eq!(
        wide["Statement"][0]["Resource"],
        "arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/*"
    );
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com");
    let narrow = policy("acm iam import a.example.com");
    assert_eq!(narrow["Statement"][0]["Resource"], arn.trim());
    assert!(
        policy("acm iam prune")["Statement"][1]["Action"]
            .as_array()
            .unwrap()
            .contains(&json!("acm:DeleteCertificate"))
    );
    assert_eq!(acm.run("acm iam --account 12").status, 2);
}

#[test]
fn a_dry_run_shows_the_call_without_the_key() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let document = acm.json("import-acm a.example.com --tags team=edge --dry-run");
    let call = &document["call"];
    assert_eq!(call["Action"], "ImportCertificate");
    assert_eq!(call["Certificate"], acm.sandbox.read("certforge/a.example.com/cert.pem"));
    assert_eq!(call["CertificateChain"], acm.sandbox.read("certforge/a.example.com/chain.pem"));
    assert_eq!(call["PrivateKey"], "P-256, 241 octets, not shown");
    assert_eq!(call["Tags"][1], json!({"Key": "team", "Value": "edge"}));
    assert_eq!((document["state"].as_str(), acm.calls("ImportCertificate")), (Some("planned"), 0));
    // What was planned is what is sent.
    acm.ok("import-acm a.example.com --tags team=edge");
    let sent = acm.sim.requests().into_iter().find(|r| r.action == "ImportCertificate").unwrap();
    let sent: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(sent["Tags"], call["Tags"]);
    // Without AWS the rules are shown all the same.
    let offline = acm
        .sandbox
        .command(["import-acm", "a.example.com", "--dry-run", "--target", "client-vpn", "--new"])
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "y")
        .output()
        .unwrap();
    assert_eq!(ran(offline).status, 0);
}

#[test]
fn services_and_allowances_change_what_is_refused() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up 10.0.0.1 --key p256");
    let ran = acm.run("import-acm 10.0.0.1 --target client-vpn");
    assert!(ran.status == 3 && ran.stderr.contains("S06"), "{}", ran.stderr);
    assert_eq!(acm.calls("ImportCertificate"), 0);
    let ran = acm.run("import-acm 10.0.0.1 --target nowhere");
    assert!(ran.status == 2 && ran.stderr.contains("client-vpn"), "{}", ran.stderr);
    assert_eq!(acm.run("import-acm 10.0.0.1 --allow K06").status, 3);
    let args = "--certificate certforge/10.0.0.1/cert.pem --private-key certforge/10.0.0.1/key.pem";
    let refused = acm.run(&format!("import-acm {args}"));
    assert!(refused.status == 3 && refused.stderr.contains("--allow"), "{}", refused.stderr);
    // ACM itself has the last word.
    let allowed = acm.run(&format!("import-acm {args} --allow C01"));
    assert!(allowed.status == 5 && allowed.stderr.contains("not a valid self signed"), "{}", allowed.stderr);
}

#[test]
fn an_ephemeral_key_never_gets_to_a_disk() {
    let acm = Acm::new(&[]);
    let arn = acm.ok("up a.example.com --key p256 --import-acm --ephemeral -q");
    let keys = || {
        let mut found = Vec::new();
        let mut folders = vec![acm.sandbox.file("certforge")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if std::fs::read_to_string(&path).unwrap_or_default().contains("PRIVATE KEY") {
                    found.push(path.file_name().unwrap().to_owned());
                }
            }
        }
        found
    };
    assert_eq!(keys(), ["ca.key"]);
    let again = acm.run("up a.example.com --key p256 --import-acm --ephemeral");
    assert_eq!((again.status, &again.stdout), (0, &arn), "{}", again.stderr);
    assert!(again.stderr.matches("unchanged").count() >= 3, "{}", again.stderr);
    assert_eq!(acm.calls("ImportCertificate"), 1);
    // What is asked for differently is made anew, and goes to the same ARN.
    assert_eq!(acm.ok("up a.example.com b.example.com --key p256 --import-acm --ephemeral -q"), arn);
    assert_eq!((keys(), acm.sim.arns().len()), (vec!["ca.key".into()], 1));
    assert_eq!(acm.run("up c.example.com --ephemeral").status, 2);
    // A key that is on the disk goes with the leaf it belongs to.
    acm.ok("up d.example.com --key p256 --import-acm -q");
    assert_eq!(keys().len(), 2);
    acm.ok("up d.example.com --import-acm --ephemeral -q");
    assert_eq!(keys(), ["ca.key"]);
}

#[test]
fn an_ephemeral_import_that_was_killed_is_taken_up() {
    let acm = Acm::new(&[("ImportCertificate", "stall:30,ok")]);
    let args = "up a.example.com --key p256 --import-acm --ephemeral -q";
    let mut child = acm.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while acm.sim.arns().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let arn = acm.ok(args);
    assert_eq!((acm.sim.arns(), acm.calls("ImportCertificate")), (vec![arn.trim().to_owned()], 1));
}

#[test]
fn what_the_simulator_held_is_there_in_the_next_run() {
    let sandbox = Sandbox::new();
    let first = sandbox.ok("up a.example.com --key p256 --import-acm --sim -q").stdout;
    let again = sandbox.ok("up a.example.com --key p256 --import-acm --sim");
    assert_eq!(again.stdout, first);
    assert!(!sandbox.read("certforge/acm-sim.json").contains("PRIVATE KEY"));
    sandbox.ok("leaf a.example.com --key p256 --force");
    let third = sandbox.ok("import-acm a.example.com --sim --json");
    let document: Value = serde_json::from_str(&third.stdout).unwrap();
    assert_eq!(
        (document["state"].as_str(), document["CertificateArn"].as_str()),
        (Some("reimported"), Some(first.trim()))
    );
    std::fs::write(sandbox.file("certforge/acm-sim.json"), "{}").unwrap();
    let broken = sandbox.run("import-acm a.example.com --sim");
    assert!(broken.status == 3 && broken.stderr.contains("acm-sim"), "{}", broken.stderr);
}

#[test]
fn what_was_deleted_meanwhile_is_imported_as_a_new_one_when_its_tags_tell() {
    let acm = Acm::new(&[]);
    let arn = acm.ok("up a.example.com --key p256 --import-acm -q").trim().to_owned();
    let record = acm.sandbox.file("certforge/a.example.com/acm.json");
    let gone = format!("{}/00000000-0000-0000-0000-000000000000", arn.rsplit_once('/').unwrap().0);
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace(&arn, &gone)).unwrap();
    // Unchanged content asks nobody.
    assert_eq!(acm.ok("import-acm a.example.com").trim(), gone);
    let ran = acm.run("import-acm a.example.com --tags team=x");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.trim() != gone && ran.stderr.contains("so this is a new one"), "{}", ran.stderr);
    assert_eq!(acm.ok("import-acm a.example.com --tags team=x"), ran.stdout);
}

#[test]
fn an_import_in_another_region_is_said_to_be_there() {
    let acm = Acm::new(&[]);
    acm.ok("up a.example.com --key p256 --import-acm -q --region us-east-1,eu-west-1");
    let ran = acm.run("acm show a.example.com --region ap-northeast-1");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("is imported in eu-west-1, us-east-1"), "{}", ran.stderr);
    acm.ok("acm show a.example.com --region us-east-1");
}
