//! What follows for others from what was taken back.

use crate::support::{Sandbox, json, judge, openssl, output, refused};

#[test]
fn what_stands_below_a_revoked_ca_is_revoked() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    assert_eq!(sandbox.run("status").status, 0);
    sandbox.ok("revoke default --reason cACompromise");
    let status = json(&sandbox.run("status --json").stdout);
    let of = |kind: &str, name: &str| {
        let entries = status["entries"].as_array().unwrap();
        entries.iter().find(|e| e["kind"] == kind && e["name"] == name).unwrap()["condition"].clone()
    };
    assert_eq!((of("ca", "default"), of("leaf", "a.example")), ("revoked".into(), "revoked".into()));
    std::fs::write(sandbox.file("certforge/ca/default-root/ca.key"), "").unwrap();
    let status = sandbox.run("status --json").stdout;
    assert!(status.contains("ca.damaged"), "{status}");
}

/// The way up is not in the file, and is asked for all the same.
#[test]
fn a_leaf_by_its_file_is_judged_by_the_cas_above_it() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    let leaf = "certforge/a.example/cert.pem";
    let with_chain = format!("check {leaf} --chain certforge/a.example/chain.pem");
    for args in [&format!("check {leaf}"), &format!("verify {leaf}"), &with_chain] {
        sandbox.ok(args);
    }
    sandbox.ok("revoke default --reason superseded");
    for args in [&format!("check {leaf}"), &format!("verify {leaf}"), &with_chain] {
        let ran = sandbox.run(&format!("{args} --json"));
        assert!(ran.status == 1 && ran.stdout.contains("path.revoked"), "{args}: {}", ran.stdout);
    }
}

#[test]
fn what_a_replaced_ca_issued_stays_revoked() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("leaf a.example --ca issuing --key p256");
    sandbox.ok("revoke issuing --reason cACompromise");
    sandbox.ok("ca new issuing --under root --key p256 --force");
    let status = sandbox.run("status");
    assert_eq!(status.status, 1, "{}", status.stderr);
    assert!(status.stdout.contains("a.example") && status.stdout.contains("revoked"), "{}", status.stdout);
    let metrics = sandbox.run("status --prometheus").stdout;
    assert!(metrics.lines().any(|l| l.contains("name=\"a.example\"") && l.ends_with(" 1")), "{metrics}");
    let due = sandbox.run("renew --due");
    assert_ne!(due.status, 0, "{}", due.stderr);
    assert!(due.stderr.contains("a.example") && due.stderr.contains("was revoked"), "{}", due.stderr);
    // What is said to do about it does it.
    for args in ["renew a.example", "verify a.example", "renew --due"] {
        assert!(sandbox.run(args).stderr.contains("--ca "), "{args}: {}", sandbox.run(args).stderr);
    }
    sandbox.ok("up a.example --ca issuing --key p256");
    sandbox.ok("verify a.example");
    assert_eq!(sandbox.run("status").status, 0);
}

#[test]
fn what_was_issued_by_a_ca_that_is_not_here_any_more_is_told_with_a_way_out() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new one --key p256");
    sandbox.ok("ca new two --key p256");
    sandbox.ok("leaf a.example --ca one --key p256");
    sandbox.ok("ca new one --key p256 --force");
    refused(&sandbox, "renew a.example", 3, "store.missing");
    let said = sandbox.run("renew a.example").stderr;
    assert!(said.contains("certforge renew NAME --ca CA"), "{said}");
    let status = sandbox.run("status").stderr;
    assert!(status.contains("certforge renew a.example --ca CA"), "{status}");
    sandbox.ok("renew a.example --ca two");
}

#[test]
fn a_manifest_does_not_give_back_what_was_taken_from_somebody() {
    let sandbox = Sandbox::new();
    let manifest = "[ca.default]\nkey = \"p256\"\n[defaults]\nkey = \"p256\"\n\
                    [leaf.\"a.example\"]\nforms = [\"der\"]\n[leaf.\"b.example\"]\n[leaf.\"c.example\"]\n";
    std::fs::write(sandbox.file("certforge.toml"), manifest).unwrap();
    sandbox.ok("apply");
    for (name, reason) in [("a", "privilegeWithdrawn"), ("b", "certificateHold"), ("c", "keyCompromise")] {
        sandbox.ok(&format!("revoke {name}.example --reason {reason}"));
    }
    std::fs::remove_file(sandbox.file("certforge/a.example/cert.der")).unwrap();
    let kept =
        |name: &str| std::fs::read(sandbox.file(&format!("certforge/{name}.example/cert.pem"))).unwrap();
    let before = ["a", "b", "c"].map(kept);
    let planned = sandbox.run("apply --dry-run");
    assert_eq!(planned.status, 3, "{}", planned.stderr);
    let applied = sandbox.run("apply --json");
    assert_eq!(applied.status, 3, "{}", applied.stdout);
    let document = json(&applied.stdout);
    let of = |i: usize| (&document["leaves"][i]["state"], &document["leaves"][i]["error"]["code"]);
    assert_eq!(of(0), (&"unchanged".into(), &"revoked".into()), "{document}");
    assert_eq!(of(1), (&"unchanged".into(), &"revoked".into()), "{document}");
    assert_eq!(of(2).0, "replaced", "{document}");
    let after = ["a", "b", "c"].map(kept);
    assert_eq!((&before[0], &before[1]), (&after[0], &after[1]));
    assert_ne!(before[2], after[2]);
    assert!(!sandbox.file("certforge/a.example/cert.der").exists());
    // Nor does another CA in the place of the one that took it back.
    sandbox.ok("ca new --key p256 --force");
    let replaced = json(&sandbox.run("apply --json").stdout);
    let codes: Vec<_> = replaced["leaves"].as_array().unwrap().iter().map(|l| &l["error"]["code"]).collect();
    assert_eq!((codes[0], codes[1]), (&"revoked".into(), &"revoked".into()), "{replaced}");
    assert_eq!((&before[0], &before[1]), (&kept("a"), &kept("b")));
    // What it says to do helps: each by itself.
    let said = sandbox.run("apply --quiet");
    assert!(said.stderr.contains("(privilegeWithdrawn)") && said.stderr.contains("certforge renew NAME"));
    sandbox.ok("up a.example --key p256");
    sandbox.ok("up b.example --key p256");
    sandbox.ok("apply");
}

/// A CA that was renewed after its certificate was taken back: what has the old one in its chain
/// is made anew.
#[test]
fn a_manifest_makes_anew_what_stands_below_a_revoked_certificate() {
    let sandbox = Sandbox::new();
    let manifest = "[ca.root]\nkey = \"p256\"\n[ca.issuing]\nkey = \"p256\"\nunder = \"root\"\n\
                    [leaf.\"a.example\"]\nkey = \"p256\"\nca = \"issuing\"\n";
    std::fs::write(sandbox.file("certforge.toml"), manifest).unwrap();
    sandbox.ok("apply");
    sandbox.ok("revoke issuing --reason superseded");
    sandbox.ok("ca renew issuing");
    assert_eq!(sandbox.run("verify a.example").status, 1);
    let made = json(&sandbox.ok("apply --json").stdout);
    assert_eq!(made["leaves"][0]["reason"], "a CA above it was revoked", "{made}");
    sandbox.ok("verify a.example");
    assert_eq!(json(&sandbox.ok("apply --json").stdout)["leaves"][0]["state"], "unchanged");
}

#[test]
fn what_has_the_same_name_on_record_is_told_of() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let run = |line: &str| openssl(&line.split(' ').collect::<Vec<_>>(), sandbox.path());
    run(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 400 -subj /CN=old -addext keyUsage=critical,keyCertSign,cRLSign",
    );
    run(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.csr -subj /CN=s.example",
    );
    std::fs::write(sandbox.file("ext"), "subjectAltName=DNS:s.example\n").unwrap();
    run("x509 -req -in s.csr -CA ca.pem -CAkey ca.key -days 300 -extfile ext -set_serial 4711 -out s.pem");
    std::fs::create_dir(sandbox.file("pki")).unwrap();
    for name in ["ca.pem", "ca.key", "s.pem"] {
        std::fs::rename(sandbox.file(name), sandbox.file(&format!("pki/{name}"))).unwrap();
    }
    sandbox.ok("ca adopt pki");
    sandbox.ok("leaf s.example --key p256");
    let told = sandbox.ok("revoke s.example --reason keyCompromise").stderr;
    assert!(
        told.contains("valid still: 1 certificate") && told.contains("certforge revoke 1267 --ca default"),
        "{told}"
    );
    sandbox.ok("revoke 1267 --ca default");
    let program = judge("openssl").unwrap();
    let list = "verify -crl_check -CAfile pki/ca.pem -CRLfile certforge/ca/default/crl.pem pki/s.pem";
    let (good, text) = output(&program, &list.split(' ').collect::<Vec<_>>(), sandbox.path());
    assert!(!good && text.contains("revoked"), "{text}");
    assert!(!sandbox.ok("revoke s.example").stderr.contains("valid still"));
}

#[test]
fn what_was_taken_back_is_found_again() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::write(sandbox.file("names"), "zed.example\n").unwrap();
    sandbox.ok("leaf --batch names --form pem --output out --key p256");
    sandbox.ok("revoke zed.example");
    // It is there, and was taken back: not unknown.
    let again = json(&sandbox.ok("revoke zed.example --json").stdout);
    assert_eq!(again["revoked"]["state"], "revoked-before", "{again}");
    // What was taken back by its file alone is on record from then on.
    sandbox.ok("leaf foreign.example --key p256");
    let serial = json(&sandbox.ok("list --json").stdout)["leaves"][0]["serial"].as_str().unwrap().to_owned();
    std::fs::copy(sandbox.file("certforge/foreign.example/cert.pem"), sandbox.file("f.pem")).unwrap();
    std::fs::remove_dir_all(sandbox.file("certforge/foreign.example")).unwrap();
    std::fs::remove_file(sandbox.file(&format!("certforge/ca/default/issued/{serial}.pem"))).unwrap();
    sandbox.ok("revoke f.pem");
    let listed = sandbox.ok("list --issued").stdout;
    assert!(listed.lines().any(|l| l.contains(&serial) && l.contains("revoked")), "{listed}");
}

#[test]
fn what_the_lists_of_an_adopted_ca_say_is_taken_over_or_told() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let now = time::OffsetDateTime::now_utc();
    let ca = certforge::Authority::generate("old").unwrap();
    let revoked: Vec<certforge::Revoked> = (0..40_000_u32)
        .map(|n| certforge::Revoked {
            serial: [&[1][..], &n.to_be_bytes()].concat(),
            at: now,
            reason: certforge::Reason::Unspecified,
        })
        .collect();
    let list = ca.revocation_list(&revoked, 7, (now, now + time::Duration::DAY)).unwrap().pem().unwrap();
    assert!(list.len() > 1 << 20, "larger than other files may be");
    let write = |folder: &str, list: &str| {
        std::fs::create_dir(sandbox.file(folder)).unwrap();
        let write = |name: &str, text: &str| std::fs::write(sandbox.file(&format!("{folder}/{name}")), text);
        write("ca.pem", &ca.certificate().pem().unwrap()).unwrap();
        write("ca.key", &ca.key().secret_pem().unwrap()).unwrap();
        write("crl.pem", list).unwrap();
    };
    // With text behind it, as editors and scripts leave it.
    write("one", &format!("{list}# end of list\n"));
    sandbox.ok("--dir s1 ca adopt one");
    assert_eq!(json(&sandbox.ok("--dir s1 crl --json").stdout)["certificates"], 40_000);
    // One that cannot be read is no list of nothing.
    for (folder, list) in [("two", list.replace("AAA", "A")), ("three", list[..2_000].to_owned())] {
        write(folder, &list);
        let said = sandbox.run(&format!("--dir {folder}s ca adopt {folder}")).stderr;
        assert!(said.contains("crl.pem") && said.contains("what it revokes is not taken over"), "{said}");
    }
}

/// A leaf with an end of its own gains no time by a renewal, and a chain that is believed again.
#[test]
fn what_has_a_revoked_certificate_in_its_chain_is_renewed_without_gain() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    let end = (time::OffsetDateTime::now_utc() + time::Duration::days(100)).date();
    sandbox.ok(&format!("leaf a.example --ca issuing --key p256 --until {end}"));
    sandbox.ok("revoke issuing --reason superseded");
    sandbox.ok("ca renew issuing");
    let due = sandbox.run("renew --due");
    assert_eq!(due.status, 0, "{}", due.stderr);
    sandbox.ok("verify a.example");
    assert_eq!(sandbox.run("status").status, 0);
}
