//! CAs over the years: renewed, ended, their lists.

use crate::support::{Sandbox, at, json, openssl, refused, verify};

#[test]
fn damaged_cas_and_lists_are_due() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("crl");
    std::fs::write(sandbox.file("certforge/ca/default/crl.pem"), "junk").unwrap();
    let status = sandbox.run("status --json");
    assert_eq!(status.status, 1, "{}", status.stderr);
    assert_eq!(json(&status.stdout)["entries"].as_array().unwrap().len(), 2);
    sandbox.ok("crl");
    std::fs::write(sandbox.file("certforge/ca/default/ca.pem"), "junk").unwrap();
    let status = sandbox.run("status --json");
    assert_eq!(status.status, 1);
    assert_eq!(json(&status.stdout)["findings"][0]["place"], "default", "{}", status.stdout);
}

#[test]
fn a_ca_is_renewed_and_old_leaves_verify_under_the_new_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256 --days 400 --permit .example --path-length 1");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("leaf a.example --ca issuing --key p256");
    let before = json(&sandbox.ok("ca show root --json").stdout);
    let after = json(&sandbox.ok("ca renew root --json").stdout);
    assert_eq!(after["state"], "renewed");
    for field in ["subject", "key", "permitted", "excluded", "path_length", "issuer"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_ne!(after["serial"], before["serial"]);
    assert_eq!(after["days_left"], 3649);
    let issuing = json(&sandbox.ok("ca renew issuing --json").stdout);
    assert_eq!(issuing["days_left"], 1824, "it ends after the old root would have");
    let new = "-x509_strict -CAfile certforge/ca/root/ca.pem -untrusted certforge/ca/issuing/ca.pem certforge/a.example/cert.pem";
    let Some((ok, text)) = verify(&sandbox, new) else { return };
    assert!(ok, "{text}");
    let ids = |file: &str| {
        openssl(&["x509", "-in", file, "-noout", "-ext", "subjectKeyIdentifier"], sandbox.path()).unwrap()
    };
    let serial = before["serial"].as_str().unwrap();
    assert_eq!(ids("certforge/ca/root/ca.pem"), ids(&format!("certforge/ca/root/ca.previous-{serial}.pem")));
    assert_eq!(json(&sandbox.ok("up a.example --json").stdout)["leaf"]["state"], "unchanged");
    sandbox.ok("leaf b.example --ca issuing --key p256");
    assert_eq!(sandbox.read("certforge/b.example/ca.pem"), sandbox.read("certforge/ca/root/ca.pem"));
    let lost = "ca new lost --throw-away-root --permit .example --key p256";
    sandbox.ok(lost);
    refused(&sandbox, "ca renew lost", 2, "usage");
    // What takes its place may not issue for more.
    let message = sandbox.run("ca renew lost").stderr;
    assert!(message.contains("--throw-away-root --permit dns:example, and"), "{message}");
    let dry = sandbox.snapshot();
    sandbox.ok("ca renew root --dry-run");
    assert_eq!(sandbox.snapshot(), dry);
}

#[test]
fn a_ca_that_would_end_earlier_says_so() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    assert!(!sandbox.ok("ca renew --days 4000").stderr.contains("before the old one"));
    let shorter = sandbox.ok("ca renew --days 30 --dry-run").stderr;
    assert!(shorter.contains("before the old one"), "{shorter}");
}

#[test]
fn a_ca_that_has_ended_can_be_renewed() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --days 10");
    sandbox.ok("leaf a.example --key p256");
    let Some(stuck) = at(&sandbox, "+20d", "leaf b.example") else { return };
    assert_eq!(stuck.status, 3, "{}", stuck.stderr);
    let renewed = at(&sandbox, "+20d", "ca renew").unwrap();
    assert_eq!(renewed.status, 0, "{}", renewed.stderr);
    assert_eq!(at(&sandbox, "+20d", "renew --due").unwrap().stdout, "certforge/a.example\n");
}

#[test]
fn lists_last_weeks_and_are_made_anew_with_what_is_due() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256 --days 300");
    sandbox.ok("crl");
    // What a monitor asks of certificates says nothing of a list that was made a moment ago.
    assert_eq!(sandbox.run("status --within 30d").status, 0);
    let condition = |offset: &str| -> Option<(i32, String)> {
        let ran = at(&sandbox, offset, "status --json")?;
        let document = json(&ran.stdout);
        let entry = document["entries"].as_array().unwrap().iter().find(|e| e["kind"] == "crl").unwrap();
        Some((ran.status, entry["condition"].as_str().unwrap().to_owned()))
    };
    let Some(now) = condition("+1d") else { return };
    assert_eq!(now, (0, "ok".to_owned()));
    assert_eq!(condition("+25d").unwrap(), (1, "due".to_owned()));
    assert_eq!(condition("+31d").unwrap(), (1, "expired".to_owned()));
    for both in ["--json status --prometheus", "status --prometheus --json"] {
        assert_eq!(sandbox.run(both).status, 2, "{both}");
    }
    let prometheus = at(&sandbox, "+25d", "status --prometheus").unwrap();
    assert!(prometheus.stdout.contains("certforge_due{kind=\"crl\",name=\"default\",ca=\"default\"} 1"));

    let planned = at(&sandbox, "+25d", "renew --due --dry-run").unwrap();
    assert!(planned.stderr.contains("would be made anew"), "{}", planned.stderr);
    let before = sandbox.read("certforge/ca/default/crl.pem");
    let renewed = at(&sandbox, "+25d", "renew --due --json").unwrap();
    assert_eq!(renewed.status, 0, "{}", renewed.stderr);
    let document = json(&renewed.stdout);
    assert_eq!(
        (document["leaves"].as_array().unwrap().len(), &document["lists"][0]["ca"]),
        (0, &"default".into())
    );
    assert_ne!(sandbox.read("certforge/ca/default/crl.pem"), before);
    assert_eq!(condition("+26d").unwrap(), (0, "ok".to_owned()));
    // A CA that has no list gets none.
    sandbox.ok("ca new other --key p256");
    at(&sandbox, "+45d", "renew --due").unwrap();
    assert!(!sandbox.file("certforge/ca/other/crl.pem").exists());
}

#[test]
fn a_list_whose_ca_is_locked_is_told_and_stops_no_leaf() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), "seven blue kettles\n").unwrap();
    sandbox.ok("ca new locked --key p256 --encrypt --passphrase-file phrase");
    sandbox.ok("crl --ca locked --passphrase-file phrase");
    sandbox.ok("ca new open --key p256");
    sandbox.ok("leaf a.example --ca open --key p256 --days 60");
    let Some(ran) = at(&sandbox, "+50d", "renew --due --json") else { return };
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    let document = json(&ran.stdout);
    assert_eq!(document["leaves"][0]["state"], "renewed", "{document}");
    let told = document["findings"].as_array().unwrap().iter().find(|f| f["place"] == "locked").unwrap();
    assert_eq!(told["fix"], "certforge crl --ca locked");
    let opened = at(&sandbox, "+50d", "renew --due --passphrase-file phrase").unwrap();
    assert_eq!(opened.status, 0, "{}", opened.stderr);
}

/// A CA is due in time for what it issues: who makes it anew has to hand it out.
#[test]
fn a_ca_is_due_before_its_leaves_are() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --days 400");
    sandbox.ok("ca new short --key p256 --days 60");
    let conditions = |when: &str| {
        let status = json(&at(&sandbox, when, "status --json")?.stdout);
        let all = status["entries"].as_array().unwrap().clone();
        Some(all.iter().map(|e| e["condition"].as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    let Some(early) = conditions("+30d") else { return };
    assert_eq!(early, ["ok", "ok"]);
    // A third of a short time is left, and 90 days of a long one.
    assert_eq!(conditions("+45d").unwrap(), ["ok", "due"]);
    assert_eq!(conditions("+315d").unwrap(), ["due", "expired"]);
    let told = at(&sandbox, "+315d", "renew --due").unwrap();
    assert!(told.stderr.contains("certforge ca renew default"), "{}", told.stderr);
}

/// Under a root that was thrown away nothing is renewed: what is said instead works.
#[test]
fn a_ca_without_the_one_above_it_is_made_anew() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --throw-away-root --permit .internal --key p256");
    let said = sandbox.run("ca renew");
    assert_eq!(said.status, 2);
    let hint = "certforge ca new OTHER --throw-away-root --permit dns:internal, and certforge renew --all --ca OTHER";
    assert!(said.stderr.contains(hint), "{}", said.stderr);
    if let Some(due) = at(&sandbox, "+3600d", "renew --due") {
        assert!(due.stderr.contains(hint), "{}", due.stderr);
        assert!(!due.stderr.contains("certforge ca renew default"), "{}", due.stderr);
    }
    sandbox.ok("ca new other --throw-away-root --permit dns:internal --key p256");
    sandbox.ok("renew --all --ca other");
    sandbox.ok("verify a.internal --trust certforge/ca/other/chain.pem");
}

/// All names stay, whichever CA issues.
#[test]
fn another_ca_takes_leaves_over_as_they_were_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example b.example 10.0.0.1 --key p256");
    sandbox.ok("leaf --self-signed c.example --key p256");
    sandbox.ok("ca new next --key p256");
    let told = sandbox.ok("up a.example --ca next --key p256 --dry-run").stderr;
    assert!(told.contains("it is of another issuer; b.example, 10.0.0.1 are left out"), "{told}");
    let done = json(&sandbox.ok("renew --all --ca next --json").stdout);
    assert_eq!(done["leaves"].as_array().unwrap().len(), 2, "{done}");
    for (leaf, names) in [("a.example", 3), ("c.example", 1)] {
        let shown = json(&sandbox.ok(&format!("check {leaf} --json")).stdout);
        assert_eq!(shown["certificates"][0]["names"].as_array().unwrap().len(), names, "{shown}");
        sandbox.ok(&format!("verify {leaf} --trust certforge/ca/next/ca.pem"));
    }
    // Who moved all of them moves none again, and one whose CA is gone is taken over too.
    let done = json(&sandbox.ok("renew --all --ca next --json").stdout);
    assert_eq!(done["leaves"].as_array().unwrap().len(), 0, "{done}");
    std::fs::remove_dir_all(sandbox.file("certforge/ca/next")).unwrap();
    let hint = sandbox.run("renew a.example").stderr;
    assert!(hint.contains("certforge renew NAME --ca CA"), "{hint}");
    sandbox.ok("renew a.example --ca default");
    refused(&sandbox, "renew a.example --ca nobody", 3, "store.missing");
    // A CA that was revoked takes nothing over: that is said once, and not of each leaf.
    sandbox.ok("ca new below --under default --key p256");
    sandbox.ok("revoke below --reason superseded");
    refused(&sandbox, "renew --due --ca below", 3, "revoked");
    // And what hints say can be typed.
    sandbox.ok("ca new closed --throw-away-root --exclude 0.0.0.0/0 --exclude ::/0 --key p256");
    let hint = sandbox.run("ca renew closed").stderr;
    assert!(hint.contains("--throw-away-root --exclude 0.0.0.0/0 --exclude ::/0, and"), "{hint}");
}

/// What would fail in a year is told today.
#[test]
fn a_damaged_ca_and_a_damaged_record_are_due() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("ca new other --key p256");
    let leaf = json(&sandbox.ok("leaf a.example --ca default --key p256 --json").stdout);
    let condition = |kind: &str| {
        let status = json(&sandbox.run("status --json").stdout);
        let entries = status["entries"].as_array().unwrap();
        let found = entries.iter().find(|e| e["kind"] == kind && e["name"] != "other").unwrap();
        (found["condition"].clone(), status["findings"].clone())
    };
    assert_eq!(condition("ca").0, "ok");
    let key = sandbox.file("certforge/ca/default/ca.key");
    let own = std::fs::read(&key).unwrap();
    std::fs::write(&key, sandbox.read("certforge/ca/other/ca.key")).unwrap();
    assert_eq!(condition("ca").0, "damaged");
    std::fs::remove_file(&key).unwrap();
    let (is, told) = condition("ca");
    assert!(is == "ok" && told[0]["code"] == "ca.key-gone" && told[0]["severity"] == "info", "{told}");
    std::fs::write(&key, own).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let record = format!("certforge/ca/default/issued/{}.pem", leaf["serial"].as_str().unwrap());
    std::fs::write(sandbox.file(&record), "-----BEGIN CERT").unwrap();
    let status = sandbox.run("status");
    assert!(status.status == 1 && status.stderr.contains("move it away"), "{}", status.stderr);
    assert!(sandbox.run("renew a.example").stderr.contains("move it away"));
    std::fs::remove_file(sandbox.file(&record)).unwrap();
    sandbox.ok("renew a.example");
}
