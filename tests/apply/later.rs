//! A manifest applied again: later, after something was taken away, to several places.

use crate::support::acm::Acm;
use crate::support::{Sandbox, at, json, openssl};
use serde_json::Value;

fn put(sandbox: &Sandbox, text: &str) {
    std::fs::write(sandbox.file("certforge.toml"), text).unwrap();
}

fn leaf(document: &Value) -> (&str, &str) {
    let leaf = &document["leaves"][0];
    (leaf["state"].as_str().unwrap(), leaf["reason"].as_str().unwrap_or_default())
}

#[test]
fn what_ends_soon_is_made_anew_and_what_gains_nothing_is_not() {
    let sandbox = Sandbox::new();
    let manifest = "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\nkey = \"p256\"\ndays = 90\n";
    put(&sandbox, manifest);
    sandbox.ok("apply");
    let Some(early) = at(&sandbox, "+30d", "apply --json --dry-run") else { return };
    assert_eq!(leaf(&json(&early.stdout)).0, "unchanged", "{}", early.stdout);
    let due = at(&sandbox, "+70d", "apply --json --dry-run").unwrap();
    let document = json(&due.stdout);
    let (state, reason) = leaf(&document);
    assert_eq!(state, "replaced", "{document}");
    assert!(reason.starts_with("it ends at "), "{reason}");
    // As its own rule has it.
    put(&sandbox, &format!("{manifest}renew_within = \"5d\"\n"));
    let kept = at(&sandbox, "+70d", "apply --json --dry-run").unwrap();
    assert_eq!(leaf(&json(&kept.stdout)).0, "unchanged", "{}", kept.stdout);

    // Cut to its CA's end it cannot get longer.
    let sandbox = Sandbox::new();
    put(
        &sandbox,
        "[ca.default]\nkey = \"p256\"\ndays = 100\n[leaf.\"a.example\"]\nkey = \"p256\"\ndays = 365\n",
    );
    sandbox.ok("apply");
    let kept = at(&sandbox, "+90d", "apply --json").unwrap();
    let document = json(&kept.stdout);
    assert_eq!(leaf(&document).0, "unchanged", "{document}");
    let codes: Vec<&str> = document["authorities"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"ca.due"), "{document}");
}

#[test]
fn runs_at_the_same_time_take_turns() {
    let sandbox = Sandbox::new();
    put(
        &sandbox,
        "version = 1\n[defaults]\nkey = \"p256\"\nca = \"issuing\"\n[ca.root]\nkey = \"p256\"\n[ca.issuing]\nunder = \"root\"\nkey = \"p256\"\n[leaf.\"a.example\"]\n[leaf.\"b.example\"]\n",
    );
    let at_once = |what: &str| {
        let children: Vec<_> = (0..6)
            .map(|_| {
                let mut command = sandbox.command(["apply", "--json"]);
                command
                    .stdout(std::process::Stdio::piped())
                    .stderr(std::process::Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let mut done = 0;
        for child in children {
            let ran = crate::support::ran(child.wait_with_output().unwrap());
            assert_eq!(ran.status, 0, "{what}: {}", ran.stderr);
            let document = json(&ran.stdout);
            let leaves = document["leaves"].as_array().unwrap().iter();
            done += leaves.filter(|leaf| leaf["state"] == what).count();
        }
        done
    };
    assert_eq!(at_once("created"), 2, "each leaf is made by one of them");
    assert_eq!(std::fs::read_dir(sandbox.file("certforge/archive")).map_or(0, Iterator::count), 0);
    let manifest = sandbox.read("certforge.toml");
    put(
        &sandbox,
        &manifest.replace("[leaf.\"b.example\"]\n", "[leaf.\"b.example\"]\nnames = [\"c.example\"]\n"),
    );
    assert_eq!(at_once("replaced"), 1);
}

#[test]
fn what_asks_for_nothing_makes_no_store() {
    let sandbox = Sandbox::new();
    put(&sandbox, "version = 1\n");
    sandbox.ok("apply");
    assert!(!sandbox.file("certforge").exists());
}

/// The clients' own test shows that Java refuses what such a CA issues.
#[test]
fn a_common_name_that_java_takes_for_a_dns_name_is_told() {
    let sandbox = Sandbox::new();
    let manifest = |cn: &str| {
        format!(
            "version = 1\n[ca.root]\nkey = \"p256\"\npath_length = 2\n[ca.corp]\nunder = \"root\"\nkey = \"p256\"\npath_length = 1\npermit = [\".internal\"]\n[ca.issuing]\nunder = \"corp\"\nkey = \"p256\"\ncn = \"{cn}\"\n"
        )
    };
    put(&sandbox, &manifest("Corp Issuing CA"));
    let told = sandbox.ok("apply").stderr;
    assert!(!told.contains("Java"), "{told}");
    let other = Sandbox::new();
    put(&other, &manifest("CORP-ISSUING-CA"));
    for args in ["apply --dry-run", "apply"] {
        let told = other.ok(args).stderr;
        assert!(told.contains("Java takes its common name for a DNS name"), "{told}");
    }
    let told = other.ok("ca new next --under corp --cn NEXT-CA --key p256").stderr;
    assert!(told.contains("Java takes its common name for a DNS name"), "{told}");
    assert!(!other.ok("ca new plain --under root --key p256").stderr.contains("Java"));
}

#[test]
fn a_leaf_of_a_ca_that_was_replaced_is_made_anew() {
    let sandbox = Sandbox::new();
    put(&sandbox, "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\nkey = \"p256\"\n");
    sandbox.ok("apply");
    sandbox.ok("ca new default --key p256 --force");
    let document = json(&sandbox.ok("apply --json").stdout);
    assert_eq!(leaf(&document), ("replaced", "it is of another issuer"), "{document}");
    let args = ["verify", "-CAfile", "certforge/ca/default/ca.pem", "certforge/a.example/cert.pem"];
    openssl(&args, sandbox.path());
}

#[test]
fn a_form_that_is_missing_is_made_and_nothing_else() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.file("sub")).unwrap();
    std::fs::write(sandbox.file("sub/pass"), "seven blue kettles\n").unwrap();
    let manifest = "[ca.default]\nkey = \"p256\"\npassphrase_file = \"pass\"\n[leaf.\"a.example\"]\nkey = \"p256\"\nforms = [\"combined\", \"p12\"]\np12_passphrase_file = \"pass\"\n";
    std::fs::write(sandbox.file("sub/m.toml"), manifest).unwrap();
    // Files that the manifest names stand beside it.
    sandbox.ok("apply -f sub/m.toml");
    assert!(sandbox.read("certforge/ca/default/ca.key").contains("ENCRYPTED"));
    let before = sandbox.read("certforge/a.example/cert.pem");
    std::fs::remove_file(sandbox.file("certforge/a.example/combined.pem")).unwrap();
    let document = json(&sandbox.ok("apply -f sub/m.toml --json").stdout);
    assert_eq!(leaf(&document).0, "unchanged", "{document}");
    assert_eq!(document["leaves"][0]["forms"].as_array().unwrap().len(), 1, "{document}");
    assert!(sandbox.file("certforge/a.example/combined.pem").exists());
    assert_eq!(sandbox.read("certforge/a.example/cert.pem"), before);
    std::fs::remove_file(sandbox.file("sub/pass")).unwrap();
    assert_eq!(sandbox.run("apply -f sub/m.toml").status, 4);
}

#[test]
fn a_form_that_cannot_be_keeps_no_other_leaf_from_its_own() {
    let sandbox = Sandbox::new();
    let manifest = "[defaults]\nkey = \"p256\"\n[ca.default]\nkey = \"p256\"\n\
        [leaf.\"a.example\"]\nforms = [\"combined\", \"p7b\"]\n[leaf.\"z.example\"]\nforms = [\"combined\"]\n";
    put(&sandbox, manifest);
    sandbox.ok("apply");
    for file in ["a.example/combined.pem", "a.example/bundle.p7b", "z.example/combined.pem"] {
        std::fs::remove_file(sandbox.file(&format!("certforge/{file}"))).unwrap();
    }
    std::fs::create_dir(sandbox.file("certforge/a.example/combined.pem")).unwrap();
    for flags in ["", " --quiet"] {
        let told = sandbox.run(&format!("apply{flags}"));
        assert_eq!(told.status, 4, "{}", told.stderr);
        assert!(told.stderr.contains("a.example/combined.pem"), "{}", told.stderr);
    }
    assert!(sandbox.file("certforge/z.example/combined.pem").is_file());
    assert!(sandbox.file("certforge/a.example/bundle.p7b").is_file());
    let told = sandbox.run("apply --json");
    let leaf = &json(&told.stdout)["leaves"][0];
    assert_eq!((told.status, &leaf["failed"][0]["form"]), (4, &"combined".into()), "{leaf}");
    assert_eq!(leaf["failed"][0]["error"]["code"], "file.kind", "{leaf}");
}

#[test]
fn one_place_that_fails_keeps_no_other_leaf_from_its_own() {
    let acm = Acm::new(&[("ImportCertificate", "403,ok")]);
    let place = format!("acm = [{{ region = \"eu-west-1\", endpoint_url = \"{}\" }}]", acm.sim.url());
    put(
        &acm.sandbox,
        &format!(
            "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\nkey = \"p256\"\n{place}\n[leaf.\"b.example\"]\nkey = \"p256\"\n{place}\n"
        ),
    );
    let ran = acm.run("apply --json");
    assert_eq!(ran.status, 5, "{}", ran.stderr);
    let document = json(&ran.stdout);
    let state = |n: usize| document["leaves"][n]["imports"][0]["state"].as_str().unwrap().to_owned();
    assert_eq!((state(0), state(1)), ("failed".to_owned(), "imported".to_owned()), "{document}");
    let again = json(&acm.ok("apply --json"));
    let state = |n: usize| again["leaves"][n]["imports"][0]["state"].as_str().unwrap().to_owned();
    assert_eq!((state(0), state(1)), ("imported".to_owned(), "unchanged".to_owned()), "{again}");
    assert_eq!(acm.sim.arns().len(), 2);
}

#[test]
fn a_dry_run_foresees_forms_and_imports() {
    let sandbox = Sandbox::new();
    let manifest = |region: &str| {
        let text = format!(
            "[ca.default]\nkey = \"p256\"\n[leaf.\"a.internal\"]\nkey = \"p256\"\nforms = [\"combined\", \"der\"]\nacm = [{{ region = \"{region}\", sim = true }}]\n"
        );
        put(&sandbox, &text);
    };
    manifest("eu-west-1");
    let planned = json(&sandbox.ok("apply --dry-run --json").stdout);
    assert_eq!(planned["leaves"][0]["imports"][0]["name"], "a.internal", "{planned}");
    let planned = sandbox.ok("apply --dry-run");
    for wanted in ["combined.pem", "cert.der", "key.der", "would be created", "eu-west-1"] {
        assert!(planned.stderr.contains(wanted), "{wanted}: {}", planned.stderr);
    }
    assert!(!sandbox.file("certforge").join("a.internal").exists());
    sandbox.ok("apply");
    let planned = sandbox.ok("apply --dry-run --json");
    let leaf = &json(&planned.stdout)["leaves"][0];
    assert!(leaf["forms"].is_null() && leaf["imports"].is_null(), "{leaf}");
    std::fs::remove_file(sandbox.file("certforge/a.internal/combined.pem")).unwrap();
    manifest("us-east-1");
    let before = sandbox.snapshot();
    let planned = json(&sandbox.ok("apply --dry-run --json").stdout);
    let leaf = &planned["leaves"][0];
    assert_eq!(leaf["forms"].as_array().unwrap().len(), 1, "{leaf}");
    assert_eq!(leaf["imports"][0]["region"], "us-east-1", "{leaf}");
    assert_eq!(sandbox.snapshot(), before);
}

/// A form that the manifest does not ask for any more is told, and not taken from whoever made it.
#[test]
fn forms_that_are_not_asked_for_any_more_are_told() {
    let sandbox = Sandbox::new();
    let manifest = |forms: &str| {
        let text = format!(
            "[ca.default]\nkey = \"p256\"\n[leaf.\"x.example\"]\nkey = \"p256\"\nforms = [{forms}]\n"
        );
        std::fs::write(sandbox.file("certforge.toml"), text).unwrap();
    };
    manifest("\"combined\", \"der\"");
    assert!(!sandbox.ok("apply").stderr.contains("not among its forms"));
    assert!(!sandbox.ok("apply").stderr.contains("not among its forms"));
    manifest("\"der\"");
    let before = sandbox.snapshot();
    let said = sandbox.ok("apply").stderr;
    assert!(
        said.contains("kept: combined.pem") && said.contains("rm certforge/x.example/combined.pem"),
        "{said}"
    );
    assert_eq!(sandbox.snapshot(), before);
    std::fs::remove_file(sandbox.file("certforge/x.example/combined.pem")).unwrap();
    assert!(!sandbox.ok("apply").stderr.contains("not among its forms"));
}

/// What ACM would refuse takes the place of nothing: the old leaf goes on being served.
#[test]
fn what_acm_would_refuse_replaces_nothing() {
    let acm = Acm::new(&[]);
    let url = acm.sim.url();
    let manifest = |key: &str, more: &str, place: &str| {
        let text = format!(
            "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\nkey = \"{key}\"\n{more}acm = [{{ {place}endpoint_url = \"{url}\" }}]\n"
        );
        put(&acm.sandbox, &text);
    };
    manifest("p256", "", "region = \"eu-west-1\", ");
    acm.ok("apply");
    for (key, more, code) in [
        ("rsa2048", "", "acm.R02"),
        ("ed25519", "", "acm.K03"),
        ("p256", "template = \"client\"\n", "acm.X07"),
    ] {
        manifest(key, more, "region = \"eu-west-1\", ");
        let before = acm.sandbox.snapshot();
        for args in ["apply --dry-run --json", "apply --json"] {
            let ran = acm.run(args);
            assert!(ran.status == 3 && ran.stdout.contains(code), "{args} {key}: {}", ran.stdout);
            assert_eq!(acm.sandbox.snapshot(), before, "{args} {key}");
        }
    }
    // A place that is not reached refuses nothing: what ends has to be made all the same.
    manifest("p256", "days = 20\n", "");
    let mut command = acm.command("apply --json");
    let ran = crate::support::ran(command.env_remove("AWS_REGION").output().unwrap());
    let leaf = &json(&ran.stdout)["leaves"][0];
    assert_eq!((ran.status, &leaf["state"]), (3, &"replaced".into()), "{leaf}");
    assert_eq!(acm.sim.arns().len(), 1);
}

/// All leaves of a place are imported by one connection: it lists once.
#[test]
fn a_place_is_reached_once_for_all_leaves() {
    let acm = Acm::new(&[]);
    let place = format!("acm = [{{ region = \"eu-west-1\", endpoint_url = \"{}\" }}]\n", acm.sim.url());
    let leaves: Vec<String> =
        (0..4).map(|n| format!("[leaf.\"a{n}.example\"]\nkey = \"p256\"\n{place}")).collect();
    let leaves = leaves.concat();
    put(&acm.sandbox, &format!("[ca.default]\nkey = \"p256\"\n{leaves}"));
    acm.ok("apply");
    assert_eq!((acm.sim.arns().len(), acm.calls("ListCertificates")), (4, 1));
    let before = acm.sim.requests().len();
    acm.ok("apply");
    assert_eq!(acm.sim.requests().len(), before, "nothing is asked about what is there");
    // Other tags are told before they are put on.
    let tagged = place.replace(" }]", ", tags = [\"team=edge\"] }]");
    put(&acm.sandbox, &format!("[ca.default]\nkey = \"p256\"\n{}", leaves.replacen(&place, &tagged, 1)));
    let planned = json(&acm.ok("apply --dry-run --json"));
    assert_eq!(planned["leaves"][0]["imports"][0]["findings"][0]["code"], "acm.tags", "{planned}");
    assert!(planned["leaves"][1]["imports"].is_null(), "{planned}");
}

/// What is done is told although something fails at the end.
#[test]
fn what_cannot_be_put_away_takes_nothing_from_the_report() {
    let sandbox = Sandbox::new();
    put(&sandbox, "[ca.default]\nkey = \"p256\"\n[leaf.\"old.example\"]\nkey = \"p256\"\n");
    sandbox.ok("apply");
    std::fs::write(sandbox.file("certforge/archive"), "in the way").unwrap();
    put(&sandbox, "[ca.default]\nkey = \"p256\"\n[leaf.\"new.example\"]\nkey = \"p256\"\n");
    let ran = sandbox.run("apply --prune --json");
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    let document = json(&ran.stdout);
    assert_eq!(leaf(&document).0, "created", "{document}");
    let told = document["findings"].as_array().unwrap().iter().any(|f| f["severity"] == "error");
    assert!(told && sandbox.file("certforge/old.example/cert.pem").exists(), "{document}");
}

/// Simulators keep one state between them: one waits for no other.
#[test]
fn several_simulators_are_asked_one_after_the_other() {
    let sandbox = Sandbox::new();
    let places = "acm = [{ sim = true, region = \"us-east-1\" }, { sim = true, region = \"eu-west-1\" }]\n";
    let leaves = ["a", "b"].map(|name| format!("[leaf.\"{name}.example\"]\nkey = \"p256\"\n{places}"));
    put(&sandbox, &format!("[ca.default]\nkey = \"p256\"\n{}", leaves.concat()));
    let begun = std::time::Instant::now();
    sandbox.ok("apply --dry-run");
    let made = json(&sandbox.ok("apply --json").stdout);
    let imports = made["leaves"][1]["imports"].as_array().unwrap().len();
    assert_eq!(imports, 2, "{made}");
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// Whoever copies it from the screen has a manifest.
#[test]
fn the_manifest_that_help_shows_is_one() {
    let sandbox = Sandbox::new();
    let help = sandbox.ok("apply --help").stdout;
    let (_, from) = help.split_once("  version = 1\n").unwrap();
    let (manifest, _) = from.split_once("\nRun again").unwrap();
    put(&sandbox, &format!("  version = 1\n{manifest}"));
    sandbox.ok("apply --dry-run");
}

/// What stands on standard output is there.
#[test]
fn a_leaf_that_was_refused_is_no_result() {
    let sandbox = Sandbox::new();
    put(
        &sandbox,
        "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example\"]\nkey = \"p256\"\n[leaf.\"e.example\"]\nkey = \"ed25519\"\nacm = [{ sim = true, region = \"eu-west-1\" }]\n",
    );
    let ran = sandbox.run("apply");
    assert_eq!((ran.status, &*ran.stdout), (3, "certforge/a.example\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("created 1, replaced 0, unchanged 0, not made 1"), "{}", ran.stderr);
}

#[test]
fn a_ca_that_may_issue_for_nothing_is_not_made() {
    let sandbox = Sandbox::new();
    put(&sandbox, "[ca.root]\nkey = \"p256\"\npermit = [\".internal\"]\nexclude = [\".internal\"]\n");
    let ran = sandbox.run("apply");
    assert!(ran.status == 3 && ran.stderr.contains("excludes all that is permitted"), "{}", ran.stderr);
    assert!(!sandbox.file("certforge").exists());
}
