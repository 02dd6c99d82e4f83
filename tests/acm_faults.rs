//! A lossy network and an ACM that is busy or broken: one certificate comes of it
//! or a failure, never two certificates, and never success without an ARN.

mod support;

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use certforge::aws::{Clock, Connection, Import, Importer, Place, Wanted};
use certforge::harness::{AcmSim, Settings};
use certforge::{Authority, Bundle, LeafRequest};
use serde_json::Value;
use support::{Ran, Sandbox, ran};

/// A simulator that misbehaves.
fn faulty(scripts: &[(&str, &str)]) -> AcmSim {
    let faults = scripts.iter().map(|(action, s)| ((*action).to_owned(), s.parse().unwrap())).collect();
    let settings = Settings { faults, ..Settings::default() };
    AcmSim::start(settings).unwrap()
}

fn command(sandbox: &Sandbox, sim: &AcmSim, args: &[&str]) -> std::process::Command {
    let mut command = sandbox.command(args);
    command.env("AWS_ENDPOINT_URL", sim.url()).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    command
}

fn run(sandbox: &Sandbox, sim: &AcmSim, args: &[&str]) -> Ran {
    let ran = ran(command(sandbox, sim, args).output().unwrap());
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("PRIVATE KEY") && !text.contains("not-a-secret"), "{text}");
    }
    ran
}

fn leaf() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    sandbox
}

/// Runs an import against faults of `ImportCertificate`, and a second one after it:
/// the status and the code of the first, and how many calls there were.
fn import(script: &str, more: &[&str]) -> (i32, Option<String>, usize) {
    let sandbox = leaf();
    let sim = faulty(&[("ImportCertificate", script)]);
    let args = [&["--json", "import-acm", "a.example.com"], more].concat();
    let first = run(&sandbox, &sim, &args);
    let calls = sim.requests().iter().filter(|r| r.action == "ImportCertificate").count();
    let code = if first.status == 0 {
        let document: Value = serde_json::from_str(&first.stdout).unwrap();
        assert_eq!(document["CertificateArn"], sim.arns()[0].as_str(), "{script}");
        None
    } else {
        assert_eq!(first.stdout, "", "{script}");
        let document: Value = serde_json::from_str(&first.stderr).unwrap();
        assert!(document["hint"].is_string(), "{script}: {document}");
        Some(document["code"].as_str().unwrap().to_owned())
    };
    assert!(sim.arns().len() <= 1, "{script}: {:?}", sim.arns());
    (first.status, code, calls)
}

#[test]
fn an_answer_lost_after_the_work_is_looked_for_and_found() {
    for script in ["drop,ok", "truncate,ok", "badjson,ok", "noarn,ok"] {
        assert_eq!(import(script, &[]), (0, None, 1), "{script}");
    }
}

#[test]
fn a_call_that_did_nothing_is_made_again() {
    for script in ["reset,ok", "500,ok", "html,ok", "throttle,ok", "slow:0.5"] {
        let calls = if script == "slow:0.5" { 1 } else { 2 };
        assert_eq!(import(script, &[]), (0, None, calls), "{script}");
    }
}

#[test]
fn throttling_is_waited_out() {
    assert_eq!(import("throttle*4,ok", &[]), (0, None, 5));
}

#[test]
fn a_clear_refusal_is_one_call_and_its_own_code() {
    for script in ["403", "expired", "limit"] {
        let (status, code, calls) = import(script, &[]);
        assert_eq!((status, code.as_deref(), calls), (5, Some("aws.refused"), 1), "{script}");
    }
}

#[test]
fn an_acm_that_never_answers_well_is_given_up() {
    let (status, code, calls) = import("503", &[]);
    assert_eq!((status, code.as_deref()), (6, Some("aws.answer")));
    assert_eq!(calls, 5);
}

#[test]
fn a_redirect_is_not_followed() {
    let (status, code, _) = import("redirect", &["--timeout", "8"]);
    assert_eq!((status, code.as_deref()), (6, Some("aws.answer")));
}

#[test]
fn the_time_out_bounds_everything() {
    for script in ["hang:60", "stall:60", "throttle"] {
        let start = Instant::now();
        let (status, _, _) = import(script, &["--timeout", "3"]);
        assert!(status == 6 || script == "throttle" && status == 5, "{script}: {status}");
        assert!(start.elapsed() < Duration::from_secs(8), "{script}: {:?}", start.elapsed());
    }
}

#[test]
fn what_a_call_did_is_unresolved_where_acm_cannot_be_asked() {
    let sandbox = leaf();
    let sim = faulty(&[
        ("ImportCertificate", "drop"),
        ("SearchCertificates", "denied"),
        ("ListCertificates", "denied"),
    ]);
    let failed = run(&sandbox, &sim, &["--json", "import-acm", "a.example.com"]);
    assert_eq!((failed.status, failed.stdout.as_str()), (6, ""), "{}", failed.stderr);
    let document: Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!(document["code"], "aws.unresolved");
    assert_eq!(sim.arns().len(), 1);
}

#[test]
fn without_the_right_to_look_an_import_says_so() {
    let sandbox = leaf();
    let sim = faulty(&[("SearchCertificates", "denied"), ("ListCertificates", "denied")]);
    let ran = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("whether it was imported before") && ran.stderr.contains("acm iam"),
        "{}",
        ran.stderr
    );
}

#[test]
fn without_search_the_list_is_looked_through() {
    for search in ["denied", "500", "reset"] {
        let sandbox = leaf();
        let sim = faulty(&[("ImportCertificate", "drop,ok"), ("SearchCertificates", search)]);
        assert_eq!(run(&sandbox, &sim, &["import-acm", "a.example.com"]).status, 0, "{search}");
        assert_eq!(sim.arns().len(), 1, "{search}");
        for request in sim.requests().iter().filter(|r| r.action == "ListCertificates") {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body["Includes"]["keyTypes"].as_array().unwrap().len(), 7, "all kinds of key");
        }
    }
}

#[test]
fn a_run_killed_before_it_wrote_the_arn_down_is_taken_up() {
    let sandbox = leaf();
    let sim = faulty(&[("ImportCertificate", "stall:30,ok")]);
    let mut child = command(&sandbox, &sim, &["import-acm", "a.example.com"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while sim.arns().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let begun: Value = serde_json::from_str(&sandbox.read("certforge/a.example.com/acm.json")).unwrap();
    assert!(begun["imports"].as_array().unwrap().is_empty() && begun["pending"][0].is_object(), "{begun}");
    let again = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
    assert_eq!(again.status, 0, "{}", again.stderr);
    assert_eq!(sim.arns(), [again.stdout.trim()]);
    assert!(again.stderr.contains("found again"), "{}", again.stderr);
}

#[test]
fn an_arn_that_was_lost_is_found_by_the_certificate() {
    let sandbox = leaf();
    let sim = faulty(&[]);
    let arn = run(&sandbox, &sim, &["import-acm", "a.example.com"]).stdout;
    std::fs::remove_file(sandbox.file("certforge/a.example.com/acm.json")).unwrap();
    let again = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
    assert_eq!((again.status, &again.stdout), (0, &arn), "{}", again.stderr);
    let second = run(&sandbox, &sim, &["import-acm", "a.example.com", "--new"]).stdout;
    assert_ne!(second, arn, "--new asks for a second one");
    assert_eq!(sim.arns().len(), 2);
}

/// Whichever right is missing, what is there is found in the way that is left: by search or
/// in the list, by what is read or by the tag that it carries.
#[test]
fn what_is_there_is_found_in_the_way_that_is_left() {
    let (search, get) = (("SearchCertificates", "denied"), ("GetCertificate", "denied"));
    for faults in [&[][..], &[search], &[get], &[search, get]] {
        let sandbox = leaf();
        let sim = faulty(faults);
        let calls = |action: &str| sim.requests().iter().filter(|r| r.action == action).count();
        let first = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
        assert_eq!(first.status, 0, "{faults:?}: {}", first.stderr);
        std::fs::remove_file(sandbox.file("certforge/a.example.com/acm.json")).unwrap();
        let tags = calls("ListTagsForCertificate");
        let again = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
        assert_eq!((again.status, &again.stdout), (0, &first.stdout), "{faults:?}: {}", again.stderr);
        assert_eq!(calls("ImportCertificate"), 1, "{faults:?}: {}", again.stderr);
        let by_list = calls("ListCertificates") > 0;
        let by_tag = calls("ListTagsForCertificate") > tags;
        assert!(!faults.contains(&search) || by_list, "{faults:?}");
        assert!(!faults.contains(&get) || by_tag, "{faults:?}");
    }
}

/// The tag tells of another content: that one is not taken for this.
#[test]
fn a_tag_of_another_content_is_not_taken_for_this_one() {
    let sandbox = leaf();
    let sim = faulty(&[("GetCertificate", "denied")]);
    let first = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    sandbox.ok("leaf a.example.com --key p256 --force");
    let _ = std::fs::remove_file(sandbox.file("certforge/a.example.com/acm.json"));
    let second = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
    assert_eq!(second.status, 0, "{}", second.stderr);
    assert_ne!(second.stdout, first.stdout);
    assert_eq!(sim.arns().len(), 2);
}

/// Each `--new` looks at the copies that are there once: with more of them it does
/// not ask more often than there are copies.
#[test]
fn a_further_copy_is_told_from_the_others_by_one_search() {
    let sandbox = leaf();
    let sim = faulty(&[]);
    let searches = || sim.requests().iter().filter(|r| r.action == "SearchCertificates").count();
    for copies in 1..=4 {
        let before = searches();
        let ran = run(&sandbox, &sim, &["import-acm", "a.example.com", "--new"]);
        assert_eq!((ran.status, sim.arns().len()), (0, copies), "{}", ran.stderr);
        assert_eq!(searches() - before, 1, "with {copies} copies");
    }
}

#[test]
fn a_reimport_whose_answer_is_lost_changes_the_same_arn_once() {
    let sandbox = leaf();
    let sim = faulty(&[("ImportCertificate", "ok,drop,ok")]);
    let arn = run(&sandbox, &sim, &["import-acm", "a.example.com"]).stdout;
    sandbox.ok("leaf a.example.com --key p256 --force");
    let again = run(&sandbox, &sim, &["import-acm", "a.example.com"]);
    assert_eq!((again.status, &again.stdout), (0, &arn), "{}", again.stderr);
    let calls = sim.requests().iter().filter(|r| r.action == "ImportCertificate").count();
    assert_eq!((sim.arns().len(), calls), (1, 2));
}

#[test]
fn an_import_of_all_leaves_is_taken_up_where_it_was_killed() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for i in 0..12 {
        sandbox.ok(&format!("leaf h{i}.example.com --key p256"));
    }
    let settings = Settings { rate: Some(4.0), ..Settings::default() };
    let sim = AcmSim::start(settings).unwrap();
    let mut child = command(&sandbox, &sim, &["import-acm", "--all", "--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while sim.arns().len() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = run(&sandbox, &sim, &["import-acm", "--all", "--quiet"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let arns: std::collections::BTreeSet<&str> = ran.stdout.lines().collect();
    assert_eq!((arns.len(), sim.arns().len()), (12, 12));
}

/// A thousand imports at ACM's rate, in virtual time: no call comes too early, and
/// a second run of the same sends nothing.
#[test]
fn a_thousand_imports_keep_to_the_rate() {
    let millis = Arc::new(AtomicU64::new(0));
    let shared = Arc::clone(&millis);
    let settings = Settings {
        rate: Some(1.0),
        clock: Some(Arc::new(move || Duration::from_millis(shared.load(Ordering::SeqCst)))),
        ..Settings::default()
    };
    let sim = AcmSim::start(settings).unwrap();
    let ca = Authority::generate("test CA").unwrap();
    let bundles: Vec<Bundle> = (0..1_000)
        .map(|i| ca.issue(&LeafRequest::new([format!("h{i}.example.com")]).unwrap()).unwrap())
        .collect();
    let connect = || {
        let connection = Connection {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(sim.url()),
            stand_in: true,
            timeout: Some(Duration::from_secs(100_000)),
            clock: Clock::Virtual(Arc::clone(&millis)),
            ..Connection::default()
        };
        Importer::connect(&connection).unwrap()
    };
    let import_all = |importer: &Importer, bundles: &[Bundle]| {
        let mut sent = 0;
        for bundle in bundles {
            let wanted = Wanted { certificate: bundle.leaf(), chain: bundle.chain(), arn: None, new: false };
            let prepared = importer.prepare(&wanted).unwrap();
            if let Place::There(_) = prepared.place {
                continue;
            }
            sent += 1;
            let import =
                Import { certificate: bundle.leaf(), chain: bundle.chain(), key: bundle.key(), tags: &[] };
            importer.import(&import, &prepared).unwrap();
        }
        sent
    };
    // The first run stops half way; the second one knows nothing of it.
    assert_eq!(import_all(&connect(), &bundles[..500]), 500);
    assert_eq!(import_all(&connect(), &bundles), 500);
    assert_eq!(sim.arns().len(), 1_000);
    let errors: Vec<_> = sim.requests().into_iter().filter_map(|r| r.error).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(millis.load(Ordering::SeqCst) >= 990_000, "{millis:?}");
}

/// What is imported is on record, although there was no time left to tag it.
#[test]
fn tags_that_come_too_late_lose_no_import() {
    let sandbox = leaf();
    let sim = faulty(&[("AddTagsToCertificate", "hang:60")]);
    let arn = run(&sandbox, &sim, &["import-acm", "a.example.com"]).stdout;
    sandbox.ok("leaf a.example.com --key p256 --force");
    let again = run(&sandbox, &sim, &["import-acm", "a.example.com", "--timeout", "4"]);
    assert_eq!((again.status, &again.stdout), (0, &arn), "{}", again.stderr);
    assert!(again.stderr.contains("tag"), "{}", again.stderr);
    let status = sandbox.run("status");
    assert!(!status.stdout.contains("not imported"), "{}", status.stdout);
}
