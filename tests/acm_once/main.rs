//! One certificate, whatever comes between: a lost answer, another profile, another
//! run at the same time, a damaged neighbour, a record that holds no longer.

mod asked;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use certforge::aws::{Connection, Import, Importer, Place, Wanted};
use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::{Authority, LeafRequest};
use serde_json::Value;
use support::acm::Acm;
use support::{Sandbox, json, ran};

/// The work comes to its end after the call was given up: it is waited for, and
/// never done twice.
#[test]
fn a_call_that_is_still_at_work_is_not_made_again() {
    let acm = Acm::new(&[("ImportCertificate", "slow:1.5,ok")]);
    let importer = Importer::connect(&Connection {
        region: Some("eu-west-1".to_owned()),
        endpoint_url: Some(acm.sim.url()),
        stand_in: true,
        timeout: Some(Duration::from_secs(20)),
        attempt: Some(Duration::from_millis(300)),
        ..Connection::default()
    })
    .unwrap();
    let bundle =
        Authority::generate("test CA").unwrap().issue(&LeafRequest::new(["a.example.com"]).unwrap()).unwrap();
    let wanted = Wanted { certificate: bundle.leaf(), chain: bundle.chain(), arn: None, new: false };
    let prepared = importer.prepare(&wanted).unwrap();
    assert_eq!(prepared.place, Place::New);
    let import = Import { certificate: bundle.leaf(), chain: bundle.chain(), key: bundle.key(), tags: &[] };
    let outcome = importer.import(&import, &prepared).unwrap();
    assert!(outcome.found);
    assert_eq!((acm.sim.arns(), acm.calls("ImportCertificate")), (vec![outcome.arn.to_string()], 1));
}

#[test]
fn a_new_one_whose_answer_is_lost_is_not_taken_for_the_old_one() {
    for fault in ["ok,drop,ok", "ok,500,ok", "ok,truncate,ok"] {
        let acm = Acm::new(&[("ImportCertificate", fault)]);
        acm.sandbox.ok("up a.example.com --key p256");
        let old = acm.ok("import-acm a.example.com");
        let new = acm.ok("import-acm a.example.com --new");
        assert_ne!(old, new, "{fault}");
        assert_eq!(acm.sim.arns(), [old.trim(), new.trim()], "{fault}");
    }
}

/// The first call goes on without the run that made it: the next run waits for it.
#[test]
fn a_call_that_outlives_its_run_is_not_made_again_by_the_next() {
    let fault = &[("ImportCertificate", "slow:4,ok")];
    // Its time was up.
    let acm = Acm::new(fault);
    acm.sandbox.ok("up a.example.com --key p256");
    let late = acm.run("import-acm a.example.com --timeout 2");
    assert!(late.status == 6 && late.stderr.contains("run it again"), "{}", late.stderr);
    let begun = json(&acm.sandbox.read("certforge/a.example.com/acm.json"));
    assert_eq!(begun["pending"][0]["region"], "eu-west-1", "{begun}");
    let arn = acm.ok("import-acm a.example.com");
    assert_eq!((acm.sim.arns(), acm.calls("ImportCertificate")), (vec![arn.trim().to_owned()], 1));
    let done = json(&acm.sandbox.read("certforge/a.example.com/acm.json"));
    assert!(done["pending"].is_null() && done["imports"][0]["arn"] == arn.trim(), "{done}");
    // Somebody ended it.
    for signal in ["TERM", "KILL"] {
        let acm = Acm::new(fault);
        acm.sandbox.ok("up a.example.com --key p256");
        let mut child = acm.command("import-acm a.example.com").stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !acm.sandbox.file("certforge/a.example.com/acm.json").exists() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        // The call is on its way by then, and does its work after four seconds.
        std::thread::sleep(Duration::from_secs(1));
        let ended = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(ended.success() && !child.wait().unwrap().success(), "{signal}");
        let arn = acm.ok("import-acm a.example.com");
        assert_eq!(acm.sim.arns(), [arn.trim()], "{signal}");
    }
}

/// What another certificate of the name came to is not known, and is told.
#[test]
fn a_call_for_another_certificate_is_told_of() {
    let acm = Acm::new(&[("ImportCertificate", "slow:4,ok")]);
    acm.sandbox.ok("up a.example.com --key p256");
    assert_eq!(acm.run("import-acm a.example.com --timeout 2").status, 6);
    acm.sandbox.ok("renew a.example.com");
    let begun = json(&acm.sandbox.read("certforge/a.example.com/acm.json"));
    assert_eq!(begun["pending"].as_array().unwrap().len(), 1, "{begun}");
    let ran = acm.run("import-acm a.example.com --json");
    assert!(ran.status == 0 && ran.stdout.contains("acm.begun"), "{} {}", ran.stdout, ran.stderr);
    assert!(!acm.ok("--json import-acm a.example.com").contains("acm.begun"), "it is told once");
}

/// What ACM refuses is told as it is, though there is no record.
#[test]
fn a_refusal_without_a_record_is_the_refusal() {
    let acm = Acm::new(&[("ImportCertificate", "ok,denied")]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com");
    acm.sandbox.ok("renew a.example.com --no-import");
    std::fs::remove_file(acm.sandbox.file("certforge/a.example.com/acm.json")).unwrap();
    let ran = acm.run(&format!("import-acm a.example.com --certificate-arn {}", arn.trim()));
    assert!(ran.status == 5 && ran.stderr.contains("AccessDenied"), "{}", ran.stderr);
}

/// What certainly did nothing is waited for by nobody, and leaves no file.
#[test]
fn a_call_that_was_refused_is_not_waited_for() {
    let acm = Acm::new(&[("ImportCertificate", "denied,ok")]);
    acm.sandbox.ok("up a.example.com --key p256");
    assert_eq!(acm.run("import-acm a.example.com").status, 5);
    assert!(!acm.sandbox.file("certforge/a.example.com/acm.json").exists());
    let begun = Instant::now();
    acm.ok("import-acm a.example.com");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn another_profile_of_the_same_account_keeps_the_arn() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    std::fs::write(acm.sandbox.file(".aws/config"), "[profile prod]\nregion = eu-west-1\n").unwrap();
    let keys = "[prod]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    std::fs::write(acm.sandbox.file(".aws/credentials"), keys).unwrap();
    let arn = acm.ok("import-acm a.example.com --profile prod");
    assert_eq!(acm.ok("import-acm a.example.com"), arn);
    acm.sandbox.ok("leaf a.example.com --key p256 --force");
    assert_eq!(acm.ok("import-acm a.example.com"), arn);
    acm.sandbox.ok("leaf a.example.com --key p256 --force");
    assert_eq!(acm.ok("import-acm a.example.com --profile prod"), arn);
    assert_eq!(acm.sim.arns().len(), 1);
}

#[test]
fn profiles_of_one_account_are_one_place() {
    // Of the others nobody can tell by their ids whose they are.
    for ids in [["AKIDEXAMPLE"; 2], ["AKIAIOSFODNN7EXAMPLE", "AKIAJOSFODNN7EXAMPLF"], ["test", "test2"]] {
        let acm = Acm::new(&[("ImportCertificate", "slow:0.3")]);
        acm.sandbox.ok("up a.example.com --key p256");
        std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
        let keys = |name: &str, id: &str| {
            format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = not-a-secret\n")
        };
        std::fs::write(acm.sandbox.file(".aws/credentials"), keys("one", ids[0]) + &keys("two", ids[1]))
            .unwrap();
        let arns = acm.ok("import-acm a.example.com --profile one --profile two");
        let arns: BTreeSet<&str> = arns.lines().collect();
        assert_eq!((arns.len(), acm.sim.arns().len()), (1, 1), "{arns:?}");
    }
}

#[test]
fn an_arn_that_is_said_is_looked_at_whatever_the_record_says() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com");
    let asked = acm.calls("DescribeCertificate");
    // By the record alone nothing is asked; who says which ARN it is has it looked at.
    assert_eq!(acm.ok("import-acm a.example.com"), arn);
    assert_eq!(acm.calls("DescribeCertificate"), asked);
    let told =
        json(&acm.run(&format!("import-acm a.example.com --certificate-arn {} --json", arn.trim())).stdout);
    assert_eq!((&told["state"], acm.calls("ImportCertificate")), (&"unchanged".into(), 1), "{told}");
    assert!(acm.calls("DescribeCertificate") > asked);
}

#[test]
fn runs_with_one_record_take_turns() {
    let acm = Acm::new(&[("ImportCertificate", "slow:0.3")]);
    acm.sandbox.ok("up a.example.com --key p256");
    let read = |file: &str| acm.sandbox.read(&format!("certforge/a.example.com/{file}"));
    let all = read("fullchain.pem") + &read("key.pem") + &read("ca.pem");
    for file in ["1.pem", "2.pem", "3.pem"] {
        std::fs::write(acm.sandbox.file(file), &all).unwrap();
    }
    let runs: Vec<Child> = ["1.pem", "2.pem", "3.pem"]
        .map(|file| {
            acm.command(&format!("import-acm --from {file} --record rec.json"))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .into();
    let arns: BTreeSet<String> =
        runs.into_iter().map(|run| ran(run.wait_with_output().unwrap()).stdout).collect();
    assert_eq!((arns.len(), acm.sim.arns().len()), (1, 1), "{arns:?}");
}

#[test]
fn files_that_are_imported_at_the_same_time_are_imported_once() {
    let acm = Acm::new(&[("ImportCertificate", "slow:0.3")]);
    acm.sandbox.ok("up a.example.com --key p256");
    let folder = "certforge/a.example.com";
    let args = format!(
        "import-acm --certificate {folder}/cert.pem --private-key {folder}/key.pem --certificate-chain {folder}/chain.pem"
    );
    let printed: BTreeSet<String> = acm
        .at_once(&args, 4)
        .into_iter()
        .map(|ran| {
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            ran.stdout
        })
        .collect();
    assert_eq!((printed.len(), acm.calls("ImportCertificate")), (1, 1));
}

#[test]
fn a_damaged_leaf_keeps_no_other_one_from_its_import() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("ca new --key p256");
    for name in ["a", "b", "c"] {
        acm.sandbox.ok(&format!("leaf {name}.example.com --key p256"));
    }
    std::fs::write(acm.sandbox.file("certforge/b.example.com/acm.json"), "{").unwrap();
    let ran = acm.run("import-acm --all -q");
    assert_eq!((ran.status, ran.stdout.lines().count()), (3, 2), "{}", ran.stderr);
    assert!(ran.stderr.contains("b.example.com") && ran.stderr.contains("acm.json"), "{}", ran.stderr);
    let document: Value = serde_json::from_str(&acm.run("--json import-acm --all").stdout).unwrap();
    let states: Vec<&str> =
        document["results"].as_array().unwrap().iter().map(|r| r["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unchanged", "failed", "unchanged"]);
}

#[test]
fn an_endpoint_that_is_down_is_tried_once_for_all_leaves() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("ca new --key p256");
    for i in 0..6 {
        acm.sandbox.ok(&format!("leaf h{i}.example.com --key p256"));
    }
    let start = Instant::now();
    let ran = acm.run(&format!("import-acm --all --endpoint-url http://127.0.0.1:{}", support::free_port()));
    assert_eq!((ran.status, ran.stdout.as_str()), (6, ""));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn one_place_without_credentials_keeps_no_other_one_from_its_import() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    let config = "[profile good]\nregion = eu-west-1\n[profile bad]\nregion = us-east-1\n";
    std::fs::write(acm.sandbox.file(".aws/config"), config).unwrap();
    let keys = "[good]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    std::fs::write(acm.sandbox.file(".aws/credentials"), keys).unwrap();
    let ran = acm.run("import-acm a.example.com --profile bad --profile good");
    assert_eq!((ran.status, ran.stdout.lines().count()), (3, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("no credentials"), "{}", ran.stderr);
    let quiet = acm.run("import-acm a.example.com --profile bad --profile good -q");
    assert!(quiet.stderr.contains("no credentials"), "errors are told however quiet: {}", quiet.stderr);
}

#[test]
fn what_is_gone_from_acm_is_imported_anew_and_said() {
    let acm = Acm::new(&[]);
    let old = acm.ok("up a.example.com --key p256 --import-acm --ephemeral -q");
    acm.sim.forget(old.trim());
    // Asked for differently, so that something is to be sent.
    let ran = acm.run("up a.example.com b.example.com --key p256 --import-acm --ephemeral");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("is not in ACM"), "{}", ran.stderr);
    assert_eq!(acm.sim.arns(), [ran.stdout.trim()]);
    // An ARN that somebody gave is another matter.
    acm.sandbox.ok("leaf c.example.com --key p256");
    let gone = acm.run(&format!("import-acm c.example.com --certificate-arn {}", old.trim()));
    assert_eq!(gone.status, 5, "{}", gone.stderr);
    let keyless = acm.run("import-acm a.example.com --new");
    assert!(keyless.status == 3 && keyless.stderr.contains("--ephemeral"), "{}", keyless.stderr);
}

/// It needs no key where ACM has it, and then it is on record again.
#[test]
fn a_leaf_that_only_acm_has_the_key_of_is_found_by_its_arn() {
    let acm = Acm::new(&[]);
    let arn = acm.ok("up a.example.com --key p256 --import-acm --ephemeral -q");
    let arn = arn.trim();
    std::fs::remove_file(acm.sandbox.file("certforge/a.example.com/acm.json")).unwrap();
    let args = format!("import-acm a.example.com --certificate-arn {arn} --tags team=payments");
    acm.ok(&format!("{args} --dry-run"));
    assert!(!acm.sandbox.file("certforge/a.example.com/acm.json").exists());
    let found = json(&acm.ok(&format!("{args} --json")));
    assert_eq!((&found["state"], &found["CertificateArn"]), (&"tagged".into(), &arn.into()), "{found}");
    assert_eq!(acm.ok("acm show a.example.com").trim(), arn);
    let told = acm.run("import-acm a.example.com --json --tags team=payments");
    assert_eq!(json(&told.stdout)["state"], "unchanged", "{}", told.stderr);
}

#[test]
fn an_ephemeral_leaf_gets_to_every_place_in_the_end() {
    let acm = Acm::new(&[("ImportCertificate", "ok,403,ok")]);
    let args = "up a.example.com --key p256 --import-acm --ephemeral -q --region eu-west-1,us-east-1";
    assert_eq!(acm.run(args).status, 5);
    assert_eq!(acm.ok(args).lines().count(), 2);
    assert_eq!(acm.sim.arns().len(), 2);
    // A simulator's record says nothing of a real place.
    let acm = Acm::new(&[]);
    acm.ok("up a.example.com --key p256 --import-acm --ephemeral -q --sim");
    acm.ok("up a.example.com --key p256 --import-acm --ephemeral -q");
    assert_eq!(acm.sim.arns().len(), 1);
    let shown = acm.ok("acm show a.example.com");
    assert_eq!(shown.trim(), acm.sim.arns()[0]);
    assert!(acm.ok("acm iam import a.example.com").contains(shown.trim()));
}

#[test]
fn runs_with_a_simulator_wait_for_each_other() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let start = |i: usize| {
        sandbox
            .command(["up", &format!("h{i}.example.com"), "--key", "p256", "--import-acm", "--sim", "-q"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<Child> = (0..5).map(start).collect();
    for child in children {
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
    let state: Value = serde_json::from_str(&sandbox.read("certforge/acm-sim.json")).unwrap();
    assert_eq!(state["certificates"].as_array().unwrap().len(), 5);
}

#[test]
fn the_time_out_bounds_the_wait_for_another_run() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let folder = std::fs::File::open(acm.sandbox.file("certforge/a.example.com")).unwrap();
    folder.lock().unwrap();
    let start = Instant::now();
    let ran = acm.run("--json import-acm a.example.com --timeout 1");
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("store.lock"), "{}", ran.stderr);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_is_pruned_is_told_although_an_answer_was_lost() {
    let acm = Acm::new(&[("DeleteCertificate", "drop,ok")]);
    support::variants::dated(&acm.sandbox, "ended", -100);
    let leaf = Certificate::from_pem(acm.sandbox.read("ended.pem").as_bytes()).unwrap();
    let content = content_sha256(&leaf, &Chain::new(Vec::new()).unwrap()).to_string();
    let state = serde_json::json!({"schema": "certforge/acm-sim/1", "certificates": [{
        "CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/ended",
        "Certificate": acm.sandbox.read("ended.pem"),
        "KeyAlgorithm": "EC_prime256v1",
        "Tags": [{"Key": "certforge:sha256", "Value": content}],
        "CreatedAt": 1_700_000_000, "ImportedAt": 1_700_000_000,
    }]});
    acm.sim.restore(&state.to_string()).unwrap();
    assert_eq!(acm.ok("acm prune --yes"), "arn:aws:acm:eu-west-1:123456789012:certificate/ended\n");
    assert_eq!(acm.sim.arns().len(), 0);
}

#[test]
fn cloudfront_gets_the_chain_without_its_root() {
    let acm = Acm::new(&[]);
    if support::variants::hierarchy(&acm.sandbox).is_none() {
        return;
    }
    let args = "import-acm --certificate leaf.pem --private-key leaf.key --certificate-chain chain.pem";
    let arn = acm.ok(&format!("{args} --region us-east-1"));
    // The same certificate, and one certificate less behind it.
    let ran = acm.run(&format!("--json {args} --region us-east-1 --target cloudfront"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let codes: Vec<&str> =
        document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"acm.C08") && codes.contains(&"acm.S04"), "{codes:?}");
    assert_eq!((&document["state"], &document["CertificateArn"]), (&"reimported".into(), &arn.trim().into()));
    let sent = acm.sim.requests().into_iter().rfind(|r| r.action == "ImportCertificate").unwrap();
    let sent: Value = serde_json::from_str(&sent.body).unwrap();
    let whole = acm.sim.requests().into_iter().find(|r| r.action == "ImportCertificate").unwrap();
    let whole: Value = serde_json::from_str(&whole.body).unwrap();
    let length = |body: &Value| body["CertificateChain"].as_str().unwrap().len();
    assert!(length(&sent) < length(&whole));
    acm.sandbox.ok("up b.example.com --key p256");
    assert_eq!(acm.run("up b.example.com --import-acm --target cloudfront --region us-east-1").status, 0);
}

/// Two leaves beside one chain file: each has its own record.
#[test]
fn the_record_is_kept_beside_the_certificate() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("ca new --key p256");
    for name in ["a", "b"] {
        acm.sandbox.ok(&format!("leaf {name}.example.com --san both.example.com --key p256"));
    }
    let import = |name: &str| {
        let folder = format!("certforge/{name}.example.com");
        acm.ok(&format!("import-acm --from certforge/ca/default/ca.pem {folder}/cert.pem {folder}/key.pem"))
    };
    assert_ne!(import("a"), import("b"));
    assert_eq!(acm.sim.arns().len(), 2);
    assert!(acm.sandbox.file("certforge/b.example.com/cert.pem.acm.json").exists());
    assert!(!acm.sandbox.file("certforge/ca/default/ca.pem.acm.json").exists());
    // Or where somebody says.
    let args =
        "--from certforge/ca/default/ca.pem certforge/a.example.com/cert.pem certforge/a.example.com/key.pem";
    acm.ok(&format!("import-acm {args} --record here.json --new"));
    assert!(acm.sandbox.read("here.json").contains(&acm.sim.arns()[2]));
    let nowhere = acm.run(&format!("--json import-acm {args} --record /proc/none/x.json --new"));
    assert_eq!((nowhere.status, acm.sim.arns().len()), (4, 3));
    assert!(
        nowhere.stderr.contains("acm.unrecordable") && nowhere.stderr.contains("--record"),
        "{}",
        nowhere.stderr
    );
}
