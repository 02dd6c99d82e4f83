//! `certforge verify`: what is to be believed, and why the rest is not.

mod support;

use serde_json::Value;
use support::{Sandbox, json, judge, openssl, refused};

/// The verdict on a certificate, with its findings' codes and places.
fn verdict(sandbox: &Sandbox, args: &str) -> (i32, Vec<(String, String)>, Value) {
    let ran = sandbox.run(&format!("verify {args} --json"));
    assert!(ran.status < 2, "{args}: {}", ran.stderr);
    let document = json(&ran.stdout);
    assert_eq!(document["kind"], "verify");
    assert_eq!(document["valid"], ran.status == 0);
    let text = |f: &Value, key: &str| f[key].as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap().clone();
    let errors = findings.iter().filter(|f| f["severity"] == "error");
    let said = errors.map(|f| (text(f, "code"), text(f, "place"))).collect();
    (ran.status, said, document)
}

/// Asserts that it is refused for this and nothing else.
fn refuses(sandbox: &Sandbox, args: &str, code: &str, place: &str) -> String {
    let (status, said, document) = verdict(sandbox, args);
    assert_eq!((status, said), (1, vec![(code.to_owned(), place.to_owned())]), "{args}");
    let finding = &document["findings"][0];
    assert_ne!(finding["fix"].as_str().unwrap_or_default(), "", "{args}: nothing to do");
    finding["message"].as_str().unwrap().to_owned()
}

fn accepts(sandbox: &Sandbox, args: &str) -> Value {
    let (status, said, document) = verdict(sandbox, args);
    assert_eq!((status, said), (0, vec![]), "{args}");
    document
}

/// Root, issuing CA, and a leaf for an address.
fn three_tiers() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("up 10.103.10.95 backend.internal --three-tier --key p256");
    sandbox
}

const LEAF: &str = "certforge/10.103.10.95/cert.pem";
const FULL: &str = "certforge/10.103.10.95/fullchain.pem";
const ROOT: &str = "certforge/10.103.10.95/ca.pem";

#[test]
fn what_was_made_is_believed_for_its_names_alone() {
    let sandbox = three_tiers();
    let document = accepts(&sandbox, &format!("{FULL} --trust {ROOT} --name 10.103.10.95 --strict"));
    let places: Vec<&str> =
        document["path"].as_array().unwrap().iter().map(|p| p["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["leaf", "issuer 1", "trust anchor"]);
    accepts(&sandbox, &format!("{FULL} --trust {ROOT} --name Backend.internal."));
    accepts(&sandbox, "10.103.10.95 --name 10.103.10.95 --strict");
    // Nothing was said of whom to trust: the store's CAs.
    accepts(&sandbox, LEAF);
    let message =
        refuses(&sandbox, &format!("{FULL} --trust {ROOT} --name 10.103.10.96"), "path.name", "leaf");
    assert_eq!(message, "it is for IP:10.103.10.95, DNS:backend.internal, and not for 10.103.10.96");
    let text = sandbox.run(&format!("verify {FULL} --trust {ROOT}"));
    assert_eq!(text.stdout, format!("{FULL}: valid\n"));
}

/// `cat` of a file without a last line end makes a bundle that no client reads.
#[test]
fn a_bundle_that_clients_cannot_read_is_told() {
    let sandbox = three_tiers();
    let glued = format!("{}{}", sandbox.read(ROOT).trim_end(), sandbox.read("certforge/ca/default/ca.pem"));
    std::fs::write(sandbox.file("glued.pem"), glued).unwrap();
    let document = accepts(&sandbox, &format!("{FULL} --trust glued.pem"));
    let told = |document: &Value| {
        let findings = document["findings"].as_array().unwrap().iter();
        findings.filter(|f| f["code"] == "gather.form" && f["severity"] == "warning").count()
    };
    assert_eq!(told(&document), 1, "{document}");
    let document = json(&sandbox.run("check glued.pem --json").stdout);
    assert_eq!(told(&document), 1, "{document}");
    let Some(openssl) = judge("openssl") else { return };
    let args = ["verify", "-CAfile", "glued.pem", FULL];
    let (good, text) = support::output(&openssl, &args, sandbox.path());
    assert!(!good && text.contains("Error loading file"), "{text}");
}

#[test]
fn the_certificate_that_is_to_blame_is_named() {
    let sandbox = three_tiers();
    let message = refuses(&sandbox, &format!("{LEAF} --trust {ROOT}"), "path.no-issuer", "leaf");
    assert!(message.contains("issuing CA") || message.contains("CN="), "{message}");
    let trusted = format!("{FULL} --trust {ROOT}");
    let message =
        refuses(&sandbox, &format!("{trusted} --purpose client"), "path.extended-key-usage", "leaf");
    assert!(message.contains("serverAuth") && message.contains("clientAuth"), "{message}");
    let (_, said, _) = verdict(&sandbox, &format!("{trusted} --time 2200-01-01T00:00:00Z"));
    let all =
        [("path.expired", "leaf"), ("path.expired", "issuer 1"), ("path.anchor-expired", "trust anchor")];
    assert_eq!(said, all.map(|(c, p)| (c.to_owned(), p.to_owned())));
    let (_, said, _) = verdict(&sandbox, &format!("{trusted} --time 2001-01-01T00:00:00Z"));
    assert!(said.iter().all(|(code, _)| code == "path.not-yet-valid") && said.len() == 3, "{said:?}");
    // Another CA of whatever name.
    sandbox.ok("ca new other --key p256");
    let (status, said, _) = verdict(&sandbox, &format!("{FULL} --trust certforge/ca/other/ca.pem"));
    assert_eq!((status, said[0].0.as_str(), said[0].1.as_str()), (1, "path.no-issuer", "issuer 1"));
}

#[test]
fn two_cas_of_one_name_are_told_apart_by_the_signature() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new one --subj /CN=same --key p256");
    sandbox.ok("ca new two --subj /CN=same --key p256");
    sandbox.ok("leaf a.internal --ca one");
    let leaf = "certforge/a.internal/cert.pem";
    let two = "--trust certforge/ca/two/ca.pem";
    let message = refuses(&sandbox, &format!("{leaf} {two}"), "path.signature", "leaf");
    assert!(message.contains("CN=same"), "{message}");
    accepts(&sandbox, &format!("{leaf} {two} --trust certforge/ca/one/ca.pem"));
}

#[test]
fn a_ca_is_judged_as_one() {
    let sandbox = three_tiers();
    let chain = "certforge/10.103.10.95/chain.pem";
    let document = accepts(&sandbox, &format!("{chain} --trust {ROOT}"));
    assert_eq!(document["purpose"], "any");
    let (status, said, document) = verdict(&sandbox, &format!("{chain} --trust {ROOT} --purpose server"));
    assert_eq!((status, said), (0, vec![]));
    assert_eq!(document["findings"][0]["code"], "path.ca-as-leaf");
    refuses(
        &sandbox,
        &format!("{chain} --trust {ROOT} --purpose server --strict"),
        "path.ca-as-leaf",
        "leaf",
    );
}

#[test]
fn what_was_taken_back_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    sandbox.ok("crl");
    let args = "a.internal --crl certforge/ca/default/crl.pem";
    accepts(&sandbox, args);
    let (_, said, _) = verdict(&sandbox, &format!("{args} --time 2031-01-01T00:00:00Z"));
    let codes: Vec<&str> = said.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["path.expired", "path.list-outdated"]);
    sandbox.ok("revoke a.internal --reason keyCompromise");
    sandbox.ok("crl");
    let message = refuses(&sandbox, args, "path.revoked", "leaf");
    assert!(message.contains("keyCompromise"), "{message}");
    sandbox.ok("ca new other --key p256");
    sandbox.ok("crl --ca other");
    refuses(&sandbox, "a.internal --crl certforge/ca/other/crl.pem", "path.list-missing", "leaf");
}

#[test]
fn the_seeds_certificate_is_refused_with_every_reason() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    openssl(&["genrsa", "-out", "k.pem", "2048"], sandbox.path());
    openssl(&["req", "-new", "-key", "k.pem", "-subj", "/CN=10.103.10.95", "-out", "r.pem"], sandbox.path());
    openssl(&["x509", "-req", "-in", "r.pem", "-signkey", "k.pem", "-out", "c.pem"], sandbox.path());
    let message = refuses(&sandbox, "c.pem --trust c.pem --name 10.103.10.95", "path.name-missing", "leaf");
    assert_eq!(
        message,
        "it has no subject alternative name, only the common name 10.103.10.95, and 10.103.10.95 is wanted"
    );
    let (_, said, _) = verdict(&sandbox, "c.pem --trust c.pem --strict");
    assert!(said.iter().any(|(code, _)| code == "certificate.version"), "{said:?}");
    // Not trusted by anybody.
    sandbox.ok("ca new --key p256");
    refuses(&sandbox, "c.pem", "path.untrusted", "leaf");
}

#[test]
fn what_cannot_be_judged_is_told_apart_from_what_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    std::fs::write(sandbox.file("bad.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
        .unwrap();
    let (status, said, _) = verdict(&sandbox, "bad.pem");
    assert_eq!((status, said[0].0.as_str()), (1, "gather.damaged"));
    std::fs::write(sandbox.file("empty.pem"), "").unwrap();
    for file in ["empty.pem", "certforge/a.internal/key.pem"] {
        let message = refused(&sandbox, &format!("verify {file}"), 3, "certificate.malformed");
        assert!(!message.contains("BEGIN"), "{message}");
    }
    refused(&sandbox, "verify missing.pem", 4, "file.io");
    refused(&sandbox, "verify a.internal --time yesterday", 2, "usage");
    refused(&sandbox, "verify a.internal --name https://a.internal/", 3, "name.url");
    refused(&sandbox, "verify a.internal --crl certforge/a.internal/cert.pem", 3, "crl.malformed");
    let empty = Sandbox::new();
    std::fs::copy(sandbox.file("certforge/a.internal/cert.pem"), empty.file("c.pem")).unwrap();
    let message = refused(&empty, "verify c.pem", 2, "usage");
    assert_eq!(message, "whom to trust was not said, and there is no CA in the store");
}

#[test]
fn openssl_agrees_on_what_is_wrong() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = three_tiers();
    sandbox.ok("ca new other --key p256 --subj /CN=other");
    for (args, ours, theirs) in [
        ("-CAfile ca.pem -untrusted chain.pem cert.pem", "--trust ca.pem --chain chain.pem cert.pem", true),
        ("-CAfile ca.pem cert.pem", "--trust ca.pem cert.pem", false),
        (
            "-CAfile ../ca/other/ca.pem -untrusted chain.pem cert.pem",
            "--trust ../ca/other/ca.pem --chain chain.pem cert.pem",
            false,
        ),
        (
            "-CAfile ca.pem -untrusted chain.pem -verify_ip 10.103.10.95 cert.pem",
            "--trust ca.pem --chain chain.pem --name 10.103.10.95 cert.pem",
            true,
        ),
        (
            "-CAfile ca.pem -untrusted chain.pem -verify_ip 10.0.0.1 cert.pem",
            "--trust ca.pem --chain chain.pem --name 10.0.0.1 cert.pem",
            false,
        ),
        (
            "-CAfile ca.pem -untrusted chain.pem -purpose sslclient cert.pem",
            "--trust ca.pem --chain chain.pem --purpose client cert.pem",
            false,
        ),
        (
            "-CAfile ca.pem -untrusted chain.pem -attime 7000000000 cert.pem",
            "--trust ca.pem --chain chain.pem --time 2191-10-27T04:26:40Z cert.pem",
            false,
        ),
    ] {
        let folder = sandbox.file("certforge/10.103.10.95");
        let openssl = std::process::Command::new("openssl")
            .arg("verify")
            .args(args.split(' '))
            .current_dir(&folder)
            .output()
            .unwrap();
        assert_eq!(openssl.status.success(), theirs, "{args}");
        let mut command = sandbox.command(["verify"].into_iter().chain(ours.split(' ')));
        let own = command.current_dir(&folder).output().unwrap();
        assert_eq!(
            own.status.code(),
            Some(i32::from(!theirs)),
            "{ours}: {}",
            String::from_utf8_lossy(&own.stderr)
        );
    }
}

#[test]
fn of_two_lists_of_one_second_the_higher_number_counts() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    sandbox.ok("crl");
    std::fs::copy(sandbox.file("certforge/ca/default/crl.pem"), sandbox.file("old.pem")).unwrap();
    sandbox.ok("revoke a.internal --reason superseded");
    sandbox.ok("crl");
    for order in [
        "--crl old.pem --crl certforge/ca/default/crl.pem",
        "--crl certforge/ca/default/crl.pem --crl old.pem",
    ] {
        refuses(&sandbox, &format!("a.internal {order}"), "path.revoked", "leaf");
    }
}

#[test]
fn of_two_lists_that_are_the_same_in_all_else_the_one_that_takes_it_back_counts() {
    use certforge::{Authority, LeafRequest, Revoked, revocation::Reason};
    use time::{Duration, OffsetDateTime};
    let sandbox = Sandbox::new();
    let ca = Authority::generate("root").unwrap();
    let leaf = ca.issue(&LeafRequest::new(["a.internal"]).unwrap()).unwrap();
    let at = OffsetDateTime::now_utc() - Duration::MINUTE;
    let serial = leaf.leaf().serial().to_vec();
    let revoked = [Revoked { serial, at, reason: Reason::Superseded }];
    for (name, list) in [("none", &[][..]), ("some", &revoked[..])] {
        let list = ca.revocation_list(list, 7, (at, at + Duration::DAY)).unwrap();
        std::fs::write(sandbox.file(&format!("{name}.pem")), list.pem().unwrap()).unwrap();
    }
    std::fs::write(sandbox.file("leaf.pem"), leaf.leaf().pem().unwrap()).unwrap();
    std::fs::write(sandbox.file("ca.pem"), ca.certificate().pem().unwrap()).unwrap();
    for order in ["--crl none.pem --crl some.pem", "--crl some.pem --crl none.pem"] {
        refuses(&sandbox, &format!("leaf.pem --trust ca.pem {order}"), "path.revoked", "leaf");
    }
}

#[test]
fn a_damaged_certificate_is_not_passed_over_for_the_next() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let folder = "certforge/a.internal";
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let text =
        sandbox.read(&format!("{folder}/key.pem")) + damaged + &sandbox.read(&format!("{folder}/ca.pem"));
    std::fs::write(sandbox.file("server.pem"), text).unwrap();
    let (status, said, _) = verdict(&sandbox, &format!("server.pem --trust {folder}/ca.pem"));
    assert_eq!((status, said[0].0.as_str()), (1, "gather.damaged"));
    // One that is trusted together with its CA, and one that is trusted alone.
    accepts(&sandbox, &format!("{folder}/cert.pem --trust {folder}/cert.pem --trust {folder}/ca.pem"));
    accepts(&sandbox, &format!("{folder}/cert.pem --trust {folder}/cert.pem"));
}

/// What keeps a leaf from being read is told, and not that there is none.
#[test]
fn a_leaf_whose_chain_is_a_link_is_there() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let chain = sandbox.file("certforge/a.example/chain.pem");
    std::fs::remove_file(&chain).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &chain).unwrap();
    for args in ["verify a.example", "check a.example"] {
        let said = sandbox.run(args).stderr;
        assert!(said.contains("chain.pem is a symbolic link"), "{args}: {said}");
    }
}
