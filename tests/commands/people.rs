//! Certificates for people and programs: their common name is what they are called, and
//! no name that a client looks for.

use crate::support::{Sandbox, json, judge, openssl, output, refused};

fn ca() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox
}

fn names(leaf: &serde_json::Value) -> Vec<&str> {
    leaf["names"].as_array().unwrap().iter().map(|name| name["value"].as_str().unwrap()).collect()
}

/// What OpenSSL reads as the subject and the names of a leaf.
fn subject(sandbox: &Sandbox, folder: &str) -> Option<String> {
    openssl(
        &[
            "x509",
            "-noout",
            "-subject",
            "-ext",
            "subjectAltName",
            "-nameopt",
            "RFC2253,utf8,-esc_msb",
            "-in",
            &format!("certforge/{folder}/cert.pem"),
        ],
        sandbox.path(),
    )
}

#[test]
fn a_client_is_called_by_its_owners_name() {
    for flags in [
        &["--cn", "Jane Doe", "--san", "jane@example.com"][..],
        &["--subj", "/O=Example/CN=Jane Doe", "--san", "email:jane@example.com"],
        &["jane@example.com", "--cn", "Jane Doe"],
    ] {
        let sandbox = ca();
        let args = [&["leaf", "--client", "--key", "p256", "--json"][..], flags].concat();
        let ran = sandbox.run_args(&args);
        assert_eq!(ran.status, 0, "{flags:?}: {}", ran.stderr);
        let leaf = json(&ran.stdout);
        assert_eq!(names(&leaf), ["jane@example.com"]);
        assert_eq!(leaf["findings"], serde_json::json!([]), "nothing is wrong with it");
        let folder = leaf["folder"].as_str().unwrap().trim_start_matches("certforge/").to_owned();
        if let Some(text) = subject(&sandbox, &folder) {
            assert!(text.contains("CN=Jane Doe"), "{text}");
            assert!(text.contains("email:jane@example.com") && !text.contains("DNS:"), "{text}");
        }
        // It is on record like that, and made anew like that.
        sandbox.ok("renew jane@example.com");
        if let Some(text) = subject(&sandbox, &folder) {
            assert!(text.contains("CN=Jane Doe"), "{text}");
        }
        let Some(program) = judge("openssl") else { continue };
        let (ca, cert) = (format!("certforge/{folder}/ca.pem"), format!("certforge/{folder}/cert.pem"));
        let args = ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", &ca, &cert];
        let (ok, text) = output(&program, &args, sandbox.path());
        assert!(ok, "{text}");
    }
}

#[test]
fn a_common_name_that_is_a_name_is_one_of_the_names_of_a_client_too() {
    let sandbox = ca();
    let ran = sandbox.ok("leaf --client --cn 10.0.0.1 --san jane@example.com --key p256 --json");
    assert_eq!(names(&json(&ran.stdout)), ["10.0.0.1", "jane@example.com"]);
}

#[test]
fn a_server_is_called_by_its_names_alone() {
    let sandbox = ca();
    for template in ["server", "mutual", "apigw-backend"] {
        let before = sandbox.snapshot();
        let ran =
            sandbox.run_args(&["leaf", "--template", template, "--cn", "Jane Doe", "--san", "a.example"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("`Jane Doe` is not a name"), "{}", ran.stderr);
        assert_eq!(sandbox.snapshot(), before);
    }
}

#[test]
fn who_is_called_something_has_an_address_too() {
    let sandbox = ca();
    let ran = sandbox.run_args(&["leaf", "--client", "--cn", "Jane Doe"]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("Jane Doe") && ran.stderr.contains("--san"), "{}", ran.stderr);
}

#[test]
fn rows_of_a_batch_have_peoples_names() {
    let sandbox = ca();
    let rows = "name,subject\njane@example.com,/O=Example/CN=Jane Doe\njoe@example.com,/CN=Joe Bloggs\n";
    std::fs::write(sandbox.file("people.csv"), rows).unwrap();
    sandbox.ok("leaf --batch people.csv --client");
    let list = json(&sandbox.ok("list --json").stdout);
    let mut subjects: Vec<&str> =
        list["leaves"].as_array().unwrap().iter().map(|l| l["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["CN=Joe Bloggs", "O=Example, CN=Jane Doe"]);
    // What they are called may stand in the column of names, too.
    std::fs::write(sandbox.file("more.csv"), "cn,san\nAnn Other,ann@example.com\n").unwrap();
    sandbox.ok("leaf --batch more.csv --client");
    let list = json(&sandbox.ok("list --json").stdout);
    assert!(list.to_string().contains("CN=Ann Other"), "{list}");
    std::fs::write(sandbox.file("twice.csv"), "cn,san,subject\nAnn Other,ann@b.example,/CN=Ann A Other\n")
        .unwrap();
    refused(&sandbox, "leaf --batch twice.csv --client", 3, "subject.malformed");
    std::fs::write(sandbox.file("alone.csv"), "subject\n/CN=Ann Other\n").unwrap();
    refused(&sandbox, "leaf --batch alone.csv --client", 3, "name.forbidden");
    std::fs::write(sandbox.file("servers.csv"), "name,subject\na.example,/CN=Jane Doe\n").unwrap();
    let message = refused(&sandbox, "leaf --batch servers.csv", 3, "name.forbidden");
    assert!(message.contains("line 2") && message.contains("Jane Doe"), "{message}");
}

#[test]
fn a_persons_request_is_signed_with_what_they_are_called() {
    let sandbox = ca();
    let args = ["req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout"];
    let more = ["k.pem", "-out", "r.pem", "-subj", "/O=Example/CN=Jane Doe"];
    let san = ["-addext", "subjectAltName=email:jane@example.com"];
    if openssl(&[&args[..], &more, &san].concat(), sandbox.path()).is_none() {
        return;
    }
    let ran = sandbox.ok("sign r.pem --template email --json");
    let leaf = json(&ran.stdout);
    assert_eq!(leaf["subject"], "O=Example, CN=Jane Doe");
    assert_eq!(names(&leaf), ["jane@example.com"]);
    // For a server it means nothing, and is said to be left out.
    let ran = sandbox.ok("sign r.pem --force --san a.example --json");
    let leaf = json(&ran.stdout);
    assert!(!leaf["subject"].as_str().unwrap().contains("Jane"), "{leaf}");
    assert!(leaf["findings"].to_string().contains("csr.common-name"), "{leaf}");
}

#[test]
fn a_persons_certificate_without_a_record_is_made_anew_like_that() {
    let sandbox = ca();
    let args =
        ["leaf", "--client", "--cn", "Jane Doe", "--san", "jane@example.com", "--key", "p256", "--json"];
    let leaf = json(&sandbox.run_args(&args).stdout);
    let record = format!("certforge/ca/default/issued/{}.pem", leaf["serial"].as_str().unwrap());
    std::fs::remove_file(sandbox.file(&record)).unwrap();
    sandbox.ok("renew jane@example.com");
    let list = json(&sandbox.ok("list --json").stdout);
    assert_eq!(list["leaves"][0]["subject"], "CN=Jane Doe", "{list}");
    assert_ne!(list["leaves"][0]["serial"], leaf["serial"]);
}
