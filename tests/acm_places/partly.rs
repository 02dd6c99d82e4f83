//! Where a part of what was asked for fails: the rest is done, and each part is told.

use crate::support::{self, acm::Acm};
use crate::support::{Sandbox, json, refused};
use serde_json::Value;

#[test]
fn a_renewed_leaf_goes_to_every_place_that_takes_it() {
    let acm = Acm::new(&[("ImportCertificate", "ok,ok,ok,403,ok")]);
    acm.sandbox.ok("up a.example.com --key p256");
    acm.ok("import-acm a.example.com --region eu-west-1,us-east-1");
    let ran = acm.run("renew a.example.com --json");
    assert_eq!(ran.status, 5, "{}", ran.stderr);
    let document = json(&ran.stdout);
    let leaf = &document["leaves"][0];
    assert_eq!(leaf["state"], "renewed", "{document}");
    let mut states: Vec<&str> =
        leaf["imports"].as_array().unwrap().iter().map(|i| i["state"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["failed", "reimported"], "{document}");
    // What failed is due until it is done.
    assert_eq!(acm.sandbox.run("status").status, 1);
    acm.ok("renew --due");
    assert_eq!(acm.sandbox.run("status").status, 0);
    assert_eq!(acm.sim.arns().len(), 2);
}

#[test]
fn what_holds_for_all_is_asked_once() {
    for (fault, calls) in [("expired", 1), ("403", 3)] {
        let acm = Acm::new(&[("ImportCertificate", fault)]);
        acm.sandbox.ok("ca new --key p256");
        for name in ["a", "b", "c"] {
            acm.sandbox.ok(&format!("leaf {name}.example.com --key p256"));
        }
        let ran = acm.run("--json import-acm --all");
        assert_eq!(ran.status, 5, "{fault}: {}", ran.stderr);
        let document = json(&ran.stdout);
        assert_eq!(document["results"].as_array().unwrap().len(), 3, "{fault}: {document}");
        assert_eq!(acm.calls("ImportCertificate"), calls, "{fault}");
    }
}

#[test]
fn without_the_right_to_look_at_it_a_reimport_says_what_it_did_not_see() {
    for (action, what) in
        [("DescribeCertificate", "what uses the certificate"), ("GetCertificate", "what is there now")]
    {
        let acm = Acm::new(&[(action, "denied")]);
        acm.sandbox.ok("up a.example.com --key p256");
        let arn = acm.ok("import-acm a.example.com");
        acm.sandbox.ok("leaf a.example.com --key p256 --force");
        let again = acm.json("import-acm a.example.com");
        assert_eq!(again["CertificateArn"], arn.trim(), "{action}: {again}");
        let told = again["findings"].as_array().unwrap().iter().find(|f| f["code"] == "acm.unasked");
        let told = told.unwrap_or_else(|| panic!("{action}: {again}"));
        assert!(told["message"].as_str().unwrap().contains(what), "{action}: {told}");
    }
}

#[test]
fn the_region_of_an_arn_is_where_it_goes_unless_another_is_said() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com --region us-west-2");
    std::fs::remove_file(acm.sandbox.file("certforge/a.example.com/acm.json")).unwrap();
    let import = format!("import-acm a.example.com --certificate-arn {}", arn.trim());
    let mut command = acm.command(&import);
    let ran = support::ran(command.env_remove("AWS_REGION").output().unwrap());
    assert_eq!((ran.status, &ran.stdout), (0, &arn), "{}", ran.stderr);
    // The surroundings say another one.
    acm.sandbox.ok("leaf a.example.com --key p256 --force");
    let other = acm.run(&import);
    assert!(other.status != 0 && other.stdout.is_empty(), "{}", other.stderr);
    assert_eq!(acm.sim.arns().len(), 1);
}

#[test]
fn what_is_no_region_and_no_endpoint_is_refused_before_anything_is_sent() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    for args in [
        &["--region", "us east"][..],
        &["--region", "EU-WEST-1"],
        &["--endpoint-url", "ftp://127.0.0.1:1"],
        &["--endpoint-url", "https:///x"],
        &["--endpoint-url", "127.0.0.1:1"],
    ] {
        for command in ["import-acm a.example.com --json", "import-acm a.example.com --json --dry-run"] {
            let mut command = acm.command(command);
            let ran = support::ran(command.args(args).output().unwrap());
            assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{args:?}: {}", ran.stderr);
            assert_eq!(json(&ran.stderr)["code"], "aws.config", "{args:?}");
        }
    }
    assert!(acm.sim.requests().is_empty());
}

fn entry(entry: &Value) -> (&str, &str) {
    (entry["name"].as_str().unwrap(), entry["condition"].as_str().unwrap())
}

#[test]
fn a_leaf_without_its_ca_and_a_folder_of_another_name_are_told() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("leaf s.example --self-signed --key p256");
    std::fs::rename(sandbox.file("certforge/ca/default"), sandbox.file("away")).unwrap();
    let status = sandbox.run("status --json");
    let document = json(&status.stdout);
    let found = document["findings"].as_array().unwrap();
    assert_eq!((status.status, found.len()), (0, 1), "{document}");
    assert_eq!((&found[0]["code"], &found[0]["place"]), (&"leaf.no-issuer".into(), &"a.example".into()));
    let entries: Vec<(&str, &str)> = document["entries"].as_array().unwrap().iter().map(entry).collect();
    assert_eq!(entries, [("a.example", "ok"), ("s.example", "ok")]);
    std::fs::rename(sandbox.file("away"), sandbox.file("certforge/ca/default")).unwrap();
    std::fs::rename(sandbox.file("certforge/a.example"), sandbox.file("certforge/x.example")).unwrap();
    let before = sandbox.snapshot();
    let refused = sandbox.run("renew x.example");
    assert!(
        refused.status != 0 && refused.stderr.contains("not that of its first name"),
        "{}",
        refused.stderr
    );
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn the_other_certificates_of_a_ca_are_told_or_taken_back_with_it() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    let serial = || json(&sandbox.ok("ca show issuing --json").stdout)["serial"].as_str().unwrap().to_owned();
    let before = serial();
    sandbox.ok("ca renew issuing");
    let told = json(&sandbox.ok("revoke issuing --reason superseded --json").stdout);
    let found = told["findings"].as_array().unwrap();
    assert_eq!((found.len(), &found[0]["code"]), (1, &"revoke.earlier".into()), "{told}");
    assert!(found[0]["fix"].as_str().unwrap().contains(&before), "{told}");
    let taken = json(&sandbox.ok("revoke issuing --reason cACompromise --json").stdout);
    let codes: Vec<&str> =
        taken["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"revoke.same-key"), "{taken}");
    assert_eq!(taken["certificates"], 2, "{taken}");
}

#[test]
fn a_pass_phrase_is_the_first_line_of_its_file() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("one"), "phrase\n").unwrap();
    std::fs::write(sandbox.file("two"), "phrase\r\nand more\n").unwrap();
    std::fs::write(sandbox.file("bad"), b"\xff\n").unwrap();
    std::fs::write(sandbox.file("none"), "\nphrase\n").unwrap();
    sandbox.ok("ca new --key p256 --encrypt --passphrase-file one");
    sandbox.ok("leaf a.example --key p256 --passphrase-file two");
    for (file, code) in [("bad", "key.passphrase"), ("none", "key.passphrase")] {
        refused(&sandbox, &format!("leaf b.example --key p256 --passphrase-file {file}"), 3, code);
    }
    refused(&sandbox, "leaf b.example --key p256 --passphrase-file nosuch", 4, "file.io");
}
