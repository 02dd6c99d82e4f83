//! Which certificate a name or a number means, and what is on record.

use serde_json::Value;

use super::support::{self, Sandbox, json, judge, openssl, output, refused};

#[test]
fn what_is_not_on_record_is_taken_back_when_its_ca_is_named() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let serial = "9A:88:77:66:55:44:33:22:11:00";
    let said = sandbox.run(&format!("revoke {serial}"));
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("--ca NAME"), "{}", said.stderr);
    let revoked = sandbox.ok(&format!("revoke {serial} --ca default --reason superseded"));
    assert!(revoked.stderr.contains("no record"), "{}", revoked.stderr);
    if let Some(text) =
        openssl(&["crl", "-in", "certforge/ca/default/crl.pem", "-noout", "-text"], sandbox.path())
    {
        assert!(text.contains("Serial Number: 9A887766554433221100"), "{text}");
    }
    refused(&sandbox, "revoke 0xyz --ca default", 3, "serial");
    refused(&sandbox, &format!("revoke {} --ca default", "ab".repeat(21)), 3, "serial");
    refused(&sandbox, "revoke ab --ca other", 3, "store.missing");
}

#[test]
fn what_is_on_record_alone_is_found_by_its_name() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::write(sandbox.file("names"), "a.example,10.0.0.1\nb.example\n").unwrap();
    for out in ["one", "two"] {
        sandbox.ok(&format!("leaf --batch names --form pem --output {out}"));
    }
    let said = refused(&sandbox, "revoke a.example", 2, "usage");
    assert!(said.contains("2 certificates"), "{said}");
    let serials = std::fs::read_dir(sandbox.file("certforge/ca/default/issued")).unwrap();
    assert_eq!(serials.count(), 6, "four records, two lists of requests");
    let first = sandbox.run("revoke 10.0.0.1");
    let serial =
        first.stderr.split("certforge revoke ").nth(1).unwrap().split(' ').next().unwrap().trim().to_owned();
    sandbox.ok(&format!("revoke {serial}"));
    sandbox.ok("revoke 10.0.0.1 --ca default");
    let said = refused(&sandbox, "revoke a.example", 2, "usage");
    assert!(said.contains("2 certificates"), "{said}");
}

#[test]
fn what_one_name_or_number_means_twice_is_taken_for_neither() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example b.example --key p256");
    let said = refused(&sandbox, "revoke b.example", 2, "usage");
    assert!(said.contains("the leaf a.example"), "{said}");
    let revoked = sandbox.ok("revoke a.example");
    assert!(revoked.stderr.contains("a.example, b.example"), "{}", revoked.stderr);
    // Two CAs that were adopted number their leaves from one.
    if judge("openssl").is_none() {
        return;
    }
    for ca in ["one", "two"] {
        let script = format!(
            "mkdir {ca}; cd {ca}; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN={ca}
openssl req -new -newkey rsa:2048 -nodes -keyout k -subj /CN=x | openssl x509 -req -CA ca.pem -CAkey ca.key -set_serial 5 -out 5.pem"
        );
        let mut shell = std::process::Command::new("sh");
        sandbox.isolate(shell.args(["-ec", &script]));
        assert_eq!(support::ran(shell.output().unwrap()).status, 0);
        sandbox.ok(&format!("ca adopt {ca} {ca}"));
    }
    let said = refused(&sandbox, "revoke 5", 2, "usage");
    assert!(said.contains("2 certificates"), "{said}");
    sandbox.ok("revoke 5 --ca two");
}

/// OpenSSL is the proof: it goes on believing what the list has by another number.
#[test]
fn a_negative_serial_number_is_told_to_be_found_in_no_list() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let script = "mkdir pki; cd pki
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=x -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -new -newkey rsa:2048 -nodes -keyout k -subj /CN=y | openssl x509 -req -CA ca.pem -CAkey ca.key -set_serial -5 -out y.pem";
    let mut shell = std::process::Command::new("sh");
    sandbox.isolate(shell.args(["-ec", script]));
    assert_eq!(support::ran(shell.output().unwrap()).status, 0);
    sandbox.ok("ca adopt pki");
    let said = sandbox.ok("revoke pki/y.pem").stderr;
    assert!(said.contains("the serial number fb is negative"), "{said}");
    let list = "verify -crl_check -CAfile pki/ca.pem -CRLfile certforge/ca/default/crl.pem pki/y.pem";
    let (good, text) = output(&program, &list.split(' ').collect::<Vec<_>>(), sandbox.path());
    assert!(good, "{text}");
}

#[test]
fn one_damaged_record_stops_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::write(sandbox.file("names"), "a.example\nb.example\n").unwrap();
    sandbox.ok("leaf --batch names --form pem --output x");
    std::fs::write(sandbox.file("certforge/ca/default/issued/00aa.pem"), "junk").unwrap();
    sandbox.ok("revoke b.example");
    sandbox.ok("ca renew");
}

#[test]
fn what_is_damaged_elsewhere_stops_no_revocation_and_no_status() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("up b.example");
    sandbox.ok("renew b.example");
    let kept =
        std::fs::read_dir(sandbox.file("certforge/archive/b.example")).unwrap().next().unwrap().unwrap();
    std::fs::write(kept.path().join("cert.pem"), "junk").unwrap();
    let revoked = json(&sandbox.ok("revoke a.example --reason superseded --json").stdout);
    assert_eq!(revoked["certificates"], 1, "{revoked}");
    std::fs::write(sandbox.file("certforge/b.example/acm.json"), "{").unwrap();
    let status = sandbox.run("status --json");
    assert_eq!((status.status, json(&status.stdout)["entries"].as_array().unwrap().len()), (1, 4));
    assert!(status.stdout.contains("store.record"), "{}", status.stdout);
    let renewed = sandbox.run("renew --due --json");
    assert_eq!(renewed.status, 3, "{}", renewed.stdout);
    assert_eq!(json(&renewed.stdout)["leaves"][0]["state"], "renewed", "a.example had its turn");
}

#[test]
fn a_record_that_cannot_be_read_is_of_what_was_taken_back() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("revoke a.example");
    let folder = sandbox.file("certforge/ca/default/revoked");
    let record = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .find(|e| e.path().extension().is_some_and(|e| e == "json"));
    let record = record.unwrap().path();
    let whole = std::fs::read(&record).unwrap();
    std::fs::write(&record, "{").unwrap();
    let status = sandbox.run("status --json");
    let entries = json(&status.stdout)["entries"].clone();
    let leaf = entries.as_array().unwrap().iter().find(|e| e["name"] == "a.example").unwrap().clone();
    assert_eq!((status.status, &leaf["condition"]), (1, &"revoked".into()), "{leaf}");
    for (args, code) in [
        ("check certforge/a.example/cert.pem", 1),
        ("check certforge", 1),
        ("verify certforge/a.example/cert.pem", 1),
        ("import-acm a.example --sim", 3),
    ] {
        let ran = sandbox.run(args);
        let is_told = ran.stdout.contains("revoked") || ran.stderr.contains("was revoked");
        assert!(ran.status == code && is_told, "{args}: {} {}", ran.stdout, ran.stderr);
    }
    std::fs::write(&record, whole).unwrap();
    std::fs::write(sandbox.file("certforge/ca/default/crl.number"), "junk").unwrap();
    let told = sandbox.run("crl").stderr;
    assert!(told.contains("a number above that of every list") && !told.contains("import-acm"), "{told}");
}

#[test]
fn a_ca_is_not_taken_for_another_one_of_its_name() {
    let sandbox = Sandbox::new();
    for root in ["one", "two"] {
        sandbox.ok(&format!("ca new {root} --key p256 --cn Same"));
    }
    sandbox.ok("ca new sub --under two --key p256");
    let serial = json(&sandbox.ok("ca show sub --json").stdout)["serial"].as_str().unwrap().to_owned();
    sandbox.ok(&format!("revoke {serial} --ca one"));
    sandbox.ok("leaf a.example --ca sub --key p256");
    sandbox.ok(&format!("revoke {serial} --ca two"));
    let said = refused(&sandbox, "leaf b.example --ca sub --key p256", 3, "revoked");
    assert!(said.contains("by the CA two"), "{said}");
}

#[test]
fn a_name_of_a_leaf_and_a_ca_is_taken_for_neither() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("leaf issuing --ca root --key p256");
    let said = sandbox.run("revoke issuing");
    assert_eq!(said.status, 2, "{}", said.stderr);
    assert!(said.stderr.contains("is a leaf and a CA"), "{}", said.stderr);
    let wrong = sandbox.run("revoke issuing --ca issuing");
    assert_eq!(wrong.status, 2);
}

#[test]
fn what_is_on_record_is_listed() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example b.example --key p256");
    sandbox.ok("renew a.example");
    std::fs::write(sandbox.file("names"), "c.example\n").unwrap();
    sandbox.ok("leaf --batch names --form pem --output x");
    let told = sandbox.ok("revoke a.example --reason keyCompromise");
    // The one before it is valid still, and told of.
    assert!(told.stderr.contains("valid still: 1 certificate that a.example had before"), "{}", told.stderr);
    let list = sandbox.ok("list --issued").stdout;
    assert_eq!(list.lines().count(), 3, "{list}");
    assert_eq!(list.matches("revoked").count(), 1, "{list}");
    assert!(list.contains("a.example,b.example") && list.contains("\tok\tdefault\tc.example"), "{list}");
    let document = json(&sandbox.ok("list --issued --json").stdout);
    let reasons: Vec<&Value> = document["issued"].as_array().unwrap().iter().map(|e| &e["reason"]).collect();
    assert!(reasons.contains(&&"keyCompromise".into()), "{document}");
    // By its file: what is in the archive, and what is elsewhere.
    let kept =
        std::fs::read_dir(sandbox.file("certforge/archive/a.example")).unwrap().next().unwrap().unwrap();
    sandbox.ok(&format!("revoke {}", kept.path().join("cert.pem").display()));
    assert_eq!(sandbox.ok("list --issued").stdout.matches("revoked").count(), 2);
}
