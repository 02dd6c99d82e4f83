//! What is taken back: the records, the lists, and what follows from them. The lists are
//! judged by OpenSSL and webpki.

mod consequences;
mod lasting;
mod meant;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use support::{Sandbox, archived, json, judge, openssl, refused, verify};

#[test]
fn what_is_taken_back_is_in_the_list_that_openssl_reads() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for name in ["a", "b", "c"] {
        sandbox.ok(&format!("leaf {name}.example --key p256"));
    }
    let first = json(&sandbox.ok("crl --json").stdout);
    assert_eq!((&first["certificates"], &first["ca"]), (&0.into(), &"default".into()));
    let revoked = json(&sandbox.ok("revoke a.example --reason keyCompromise --json").stdout);
    assert_eq!(revoked["revoked"]["state"], "revoked");
    let serial = json(&sandbox.ok("list --json").stdout)["leaves"][1]["serial"].as_str().unwrap().to_owned();
    sandbox.ok(&format!("revoke {serial}"));
    let last = json(&sandbox.ok("crl --json").stdout);
    assert_eq!(last["certificates"], 2);
    assert!(
        last["number"].as_u64() > revoked["number"].as_u64()
            && revoked["number"].as_u64() > first["number"].as_u64()
    );
    let again = json(&sandbox.ok("revoke a.example --reason superseded --json").stdout);
    assert_eq!(again["revoked"]["state"], "revoked-before");
    let crl = "certforge/ca/default/crl.pem";
    for (name, good) in [("a", false), ("b", false), ("c", true)] {
        let args = format!(
            "-crl_check -x509_strict -CAfile certforge/{name}.example/ca.pem -CRLfile {crl} certforge/{name}.example/cert.pem"
        );
        let Some((ok, text)) = verify(&sandbox, &args) else { return };
        assert_eq!(ok, good, "{name}: {text}");
        assert_eq!(text.contains("certificate revoked"), !good, "{text}");
    }
    let text = openssl(
        &["crl", "-in", crl, "-noout", "-text", "-CAfile", "certforge/ca/default/ca.pem"],
        sandbox.path(),
    )
    .unwrap();
    assert!(
        text.contains("verify OK") && text.contains("Version 2") && text.contains("Key Compromise"),
        "{text}"
    );
    assert!(!text.contains("Superseded") && !text.contains("Unspecified"), "{text}");
    assert!(text.contains("X509v3 CRL Number") && text.contains("X509v3 Authority Key Identifier"), "{text}");
}

#[test]
fn webpki_reads_the_list() {
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("leaf b.example --key p256");
    sandbox.ok("revoke a.example");
    let list =
        CertificateRevocationListDer::from_pem_file(sandbox.file("certforge/ca/default/crl.pem")).unwrap();
    let list = webpki::BorrowedCertRevocationList::from_der(&list).unwrap().to_owned().unwrap().into();
    let lists = [&list];
    let anchor = CertificateDer::from_pem_file(sandbox.file("certforge/ca/default/ca.pem")).unwrap();
    let anchors = [webpki::anchor_from_trusted_cert(&anchor).unwrap()];
    let check = |name: &str| {
        let leaf =
            CertificateDer::from_pem_file(sandbox.file(&format!("certforge/{name}/cert.pem"))).unwrap();
        let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
        let options = webpki::RevocationOptionsBuilder::new(&lists).unwrap().build();
        let usage = webpki::KeyUsage::server_auth();
        leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &[],
            UnixTime::now(),
            usage,
            Some(options),
            None,
        )
        .map(|_| ())
    };
    check("b.example").unwrap();
    assert!(matches!(check("a.example"), Err(webpki::Error::CertRevoked)));
}

#[test]
fn a_list_that_is_lost_or_damaged_does_not_count_back() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    let number = |text: &str| json(text)["number"].as_u64().unwrap();
    let first = number(&sandbox.ok("revoke a.example --json").stdout);
    std::fs::remove_file(sandbox.file("certforge/ca/default/crl.pem")).unwrap();
    let second = sandbox.ok("crl --json").stdout;
    assert!(number(&second) >= first);
    assert_eq!(json(&second)["certificates"], 1);
    std::fs::write(sandbox.file("certforge/ca/default/crl.pem"), "junk").unwrap();
    assert_eq!(json(&sandbox.ok("crl --json").stdout)["certificates"], 1);
    // Another CA of the same name has nothing to say of what the first took back.
    sandbox.ok("ca new --force --key p256");
    assert!(!sandbox.file("certforge/ca/default/crl.pem").exists());
    assert_eq!(json(&sandbox.ok("crl --json").stdout)["certificates"], 0);
}

#[test]
fn numbers_of_lists_beyond_128_bits_go_on() {
    let sandbox = Sandbox::new();
    let script = "mkdir a; cd a
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 100 -subj /CN=F -addext keyUsage=critical,keyCertSign,cRLSign
: >index.txt; echo 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE >crlnumber
printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index.txt\\ncrlnumber=crlnumber\\ndefault_md=sha256\\ndefault_crl_days=30\\n' >o.cnf
openssl ca -config o.cnf -gencrl -keyfile ca.key -cert ca.pem -out crl.pem";
    if judge("openssl").is_none() {
        return;
    }
    let mut sh = std::process::Command::new("sh");
    sandbox.isolate(sh.args(["-ec", script]));
    let ran = support::ran(sh.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    sandbox.ok("ca adopt a a");
    sandbox.ok("leaf x.example --ca a --key p256");
    let told = sandbox.ok("revoke x.example");
    assert!(told.stderr.contains("0x7fffffffffffffffffffffffffffffffffffffff"), "{}", told.stderr);
    let text =
        openssl(&["crl", "-in", "certforge/ca/a/crl.pem", "-noout", "-crlnumber"], sandbox.path()).unwrap();
    assert_eq!(text.trim(), "crlNumber=0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    // Behind the last there is none.
    let end = sandbox.run("crl --ca a");
    assert!(end.status == 3 && end.stderr.contains("no next one"), "{}", end.stderr);
}

#[test]
fn a_key_that_was_compromised_is_not_certified_again() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("csr csr.example --key p256");
    sandbox.ok("sign certforge/csr/csr.example/request.pem --ca issuing");
    sandbox.ok("leaf own.example --ca issuing --key p256");
    sandbox.ok("revoke csr.example --reason keyCompromise");
    sandbox.ok("revoke own.example --reason keyCompromise");
    refused(&sandbox, "renew csr.example", 3, "revoked");
    refused(&sandbox, "renew own.example --reuse-key", 3, "revoked");
    let due = sandbox.run("renew --due --json");
    let leaves = json(&due.stdout)["leaves"].clone();
    let states: Vec<&str> = leaves.as_array().unwrap().iter().map(|l| l["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["failed", "renewed"], "{leaves}");
    // A CA that was taken back makes its list, and nothing else.
    sandbox.ok("revoke issuing --reason cACompromise");
    let said = refused(&sandbox, "leaf b.example --ca issuing --key p256", 3, "revoked");
    assert!(said.contains("(cACompromise)"), "{said}");
    refused(&sandbox, "ca renew issuing", 3, "revoked");
    refused(&sandbox, "ca new below --under issuing --key p256", 3, "revoked");
    sandbox.ok("crl --ca issuing");
}

#[test]
fn what_a_replaced_ca_took_back_does_not_come_back() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("revoke issuing --reason keyCompromise");
    let serial = json(&sandbox.ok("leaf o.example --ca root --key p256 --json").stdout)["serial"].clone();
    std::fs::remove_file(sandbox.file("certforge/ca/root/ca.key")).unwrap();
    sandbox.ok("ca new root --key p256 --force");
    assert!(
        archived(&sandbox, "ca/root", &sandbox.read("certforge/o.example/ca.pem")),
        "without its key, too"
    );
    refused(&sandbox, "leaf b.example --ca issuing --key p256", 3, "revoked");
    // The new CA cannot take back for the old one.
    refused(&sandbox, &format!("revoke {}", serial.as_str().unwrap()), 2, "usage");
}

#[test]
fn a_hold_becomes_a_graver_reason_and_nothing_becomes_a_lesser_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    let revoke = |reason: &str| {
        let revoked =
            json(&sandbox.ok(&format!("revoke a.example --reason {reason} --json")).stdout)["revoked"]
                .clone();
        (revoked["reason"].as_str().unwrap().to_owned(), revoked["state"] == "revoked")
    };
    assert_eq!(revoke("certificateHold"), ("certificateHold".to_owned(), true));
    assert_eq!(revoke("keyCompromise"), ("keyCompromise".to_owned(), true));
    assert_eq!(revoke("superseded"), ("keyCompromise".to_owned(), false));
    sandbox.ok("leaf b.example --key p256");
    sandbox.ok("revoke b.example --reason superseded");
    sandbox.ok("revoke b.example --reason keyCompromise");
    for more in ["", " --dry-run"] {
        refused(&sandbox, &format!("renew b.example --reuse-key{more}"), 3, "revoked");
    }
    assert!(sandbox.ok("revoke a.example").stderr.contains("was revoked before"));
    // Who gives no reason after a hold means for good: it is not given back.
    sandbox.ok("leaf c.example --key p256");
    sandbox.ok("revoke c.example --reason certificateHold");
    let again = json(&sandbox.ok("revoke c.example --json").stdout);
    assert_eq!(again["revoked"]["reason"], "unspecified", "{again}");
    refused(&sandbox, "revoke c.example --release", 3, "revoked.for-good");
}

#[test]
fn a_ca_is_taken_back_with_all_its_certificates_and_a_root_is_not() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    std::fs::copy(sandbox.file("certforge/ca/issuing/ca.pem"), sandbox.file("old.pem")).unwrap();
    sandbox.ok("leaf a.example --ca issuing --key p256");
    sandbox.ok("ca renew issuing");
    // By the one before: the key is the same.
    sandbox.ok("revoke ./old.pem --reason cACompromise");
    let list = json(&sandbox.ok("crl --ca root --json").stdout);
    assert_eq!(list["certificates"], 2, "{list}");
    refused(&sandbox, "leaf b.example --ca issuing --key p256", 3, "revoked");
    let due = sandbox.run("renew --due --json");
    assert_eq!(due.status, 3, "{}", due.stdout);
    assert!(due.stdout.contains("a.example cannot be renewed"), "{}", due.stdout);
    for which in ["certforge/ca/root/ca.pem", "root"] {
        refused(&sandbox, &format!("revoke {which}"), 2, "usage");
    }
    let serial = json(&sandbox.ok("ca show root --json").stdout)["serial"].as_str().unwrap().to_owned();
    refused(&sandbox, &format!("revoke {serial} --ca root"), 2, "usage");
}

#[test]
fn a_hold_is_released_and_nothing_else_is() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("revoke a.example --reason certificateHold");
    let released = json(&sandbox.ok("revoke a.example --release --json").stdout);
    assert_eq!((&released["revoked"]["state"], &released["certificates"]), (&"released".into(), &0.into()));
    assert_eq!(sandbox.run("status").status, 0);
    let again = json(&sandbox.ok("revoke a.example --release --json").stdout);
    assert_eq!(again["revoked"]["state"], "not-revoked");
    // By the list alone it is on hold too.
    sandbox.ok("revoke a.example --reason certificateHold");
    std::fs::remove_dir_all(sandbox.file("certforge/ca/default/revoked")).unwrap();
    let lost = json(&sandbox.ok("revoke a.example --release --json").stdout);
    assert_eq!((&lost["revoked"]["state"], &lost["certificates"]), (&"released".into(), &0.into()));
    sandbox.ok("revoke a.example --reason superseded");
    refused(&sandbox, "revoke a.example --release", 3, "revoked.for-good");
}

#[test]
fn revoked_leaves_and_cas_show_and_are_made_anew() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    sandbox.ok("revoke a.example");
    let status = sandbox.run("status");
    assert_eq!(status.status, 1);
    assert!(status.stdout.contains("revoked"), "{}", status.stdout);
    let up = json(&sandbox.ok("up a.example --json").stdout);
    assert_eq!(up["leaf"]["reason"], "it is revoked");
    sandbox.ok("revoke a.example --reason cessationOfOperation");
    // It was taken from somebody: no cron job gives it back.
    let serial = sandbox.read("certforge/a.example/cert.pem");
    for which in ["--due", "--all"] {
        let passed = sandbox.ok(&format!("renew {which} --json"));
        assert_eq!(json(&passed.stdout)["findings"][0]["code"], "renew.revoked", "{}", passed.stdout);
    }
    assert_eq!(sandbox.read("certforge/a.example/cert.pem"), serial);
    assert_eq!(sandbox.ok("renew a.example").stdout, "certforge/a.example\n");
    sandbox.ok("revoke a.example --reason superseded");
    assert_eq!(sandbox.ok("renew --due").stdout, "certforge/a.example\n");
    sandbox.ok("revoke default");
    let Some((ok, text)) = verify(
        &sandbox,
        "-crl_check_all -CAfile certforge/ca/default-root/ca.pem -CRLfile certforge/ca/default-root/crl.pem \
         -CRLfile certforge/ca/default/crl.pem -untrusted certforge/ca/default/ca.pem certforge/a.example/cert.pem",
    ) else {
        return;
    };
    assert!(!ok && text.contains("error 23 at 1 depth"), "{text}");
    refused(&sandbox, "revoke default-root", 2, "usage");
    refused(&sandbox, "revoke none.example", 3, "store.missing");
    refused(&sandbox, "revoke a.example --reason boredom", 2, "usage");
}

#[test]
fn a_list_that_cannot_be_made_leaves_nothing_on_record() {
    let sandbox = Sandbox::new();
    let Some(_) = judge("openssl") else { return };
    let args = "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 50 -subj /CN=x -addext keyUsage=critical,keyCertSign";
    openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
    sandbox.ok("ca adopt ca.pem --private-key ca.key");
    sandbox.ok("leaf a.example --key p256");
    let said = refused(&sandbox, "revoke a.example", 3, "ca.not-a-ca");
    assert!(said.contains("may sign no lists"), "{said}");
    assert_eq!(sandbox.run("status").stdout.matches("revoked").count(), 0);
}

#[test]
fn nothing_is_on_record_where_no_list_can_be_made() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for name in ["a", "c"] {
        sandbox.ok(&format!("leaf {name}.example --key p256"));
    }
    sandbox.ok("revoke a.example");
    let folder = sandbox.file("certforge/ca/default/revoked");
    let record = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "json"))
        .unwrap();
    let good = std::fs::read(&record).unwrap();
    std::fs::write(&record, "junk").unwrap();
    let before = sandbox.snapshot();
    let refused = sandbox.run("revoke c.example");
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert_eq!(sandbox.snapshot(), before, "it is on record and in no list");
    std::fs::write(&record, good).unwrap();
    sandbox.ok("revoke c.example");
    let Some(text) =
        openssl(&["crl", "-in", "certforge/ca/default/crl.pem", "-noout", "-text"], sandbox.path())
    else {
        return;
    };
    assert_eq!(text.matches("Serial Number:").count(), 2, "{text}");
}

#[test]
fn a_leaf_that_was_taken_back_is_refused_by_its_name_without_a_list() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    assert_eq!(sandbox.run("verify a.example").status, 0);
    sandbox.ok("revoke a.example --reason keyCompromise");
    for command in ["verify", "check"] {
        let ran = sandbox.run(&format!("{command} a.example --json"));
        assert_eq!(ran.status, 1, "{command}: {}", ran.stderr);
        let found = json(&ran.stdout);
        let revoked = found["findings"].as_array().unwrap().iter().find(|f| f["code"] == "path.revoked");
        let revoked = revoked.unwrap_or_else(|| panic!("{command}: {found}"));
        let message = "it was revoked by the CA default (keyCompromise)";
        assert_eq!(revoked["message"], message, "{command}");
    }
    // By its file too, wherever that is: it is the store's own CA that is asked.
    std::fs::copy(sandbox.file("certforge/a.example/fullchain.pem"), sandbox.file("x.pem")).unwrap();
    for args in ["verify x.pem", "verify x.pem --trust certforge/ca/default/ca.pem", "check x.pem"] {
        let ran = sandbox.run(&format!("{args} --json"));
        assert!(ran.status == 1 && ran.stdout.contains("path.revoked"), "{args}: {}", ran.stdout);
    }
    let scanned = sandbox.run("check certforge --json");
    let entries = json(&scanned.stdout)["certificates"].clone();
    let of_leaf = |e: &&Value| e["path"] == "certforge/a.example/cert.pem";
    let leaf = entries.as_array().unwrap().iter().find(of_leaf).unwrap().clone();
    assert_eq!((scanned.status, &leaf["condition"]), (1, &"revoked".into()), "{leaf}");
    // And it is not put where others use it.
    for args in [
        "import-acm a.example",
        "import-acm --all",
        "import-acm --from x.pem --private-key certforge/a.example/key.pem",
    ] {
        let ran = sandbox.run(&format!("{args} --sim"));
        assert!(ran.status == 3 && ran.stderr.contains("it was revoked"), "{args}: {}", ran.stderr);
    }
    sandbox.ok("renew a.example");
    sandbox.ok("import-acm a.example --sim");
}

#[test]
fn a_new_key_is_not_the_one_that_was_compromised() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new mid --under root --key p256");
    sandbox.ok("ca renew mid");
    let shown = json(&sandbox.ok("ca show mid --json").stdout);
    let serial = shown["serial"].as_str().unwrap().to_owned();
    sandbox.ok(&format!("revoke --ca root {serial} --reason keyCompromise"));
    let refused = sandbox.run("leaf --ca mid z.example --key p256");
    assert!(refused.status != 0 && refused.stderr.contains("keyCompromise"), "{}", refused.stderr);
    sandbox.ok("ca new mid --under root --key p256 --force");
    sandbox.ok("leaf --ca mid z.example --key p256");
}

/// As `openssl crl -text` shows them.
#[test]
fn what_a_list_revokes_is_shown_where_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let leaf = json(&sandbox.ok("up a.example --key p256 --json").stdout);
    sandbox.ok("revoke a.example --reason superseded");
    let list = "check certforge/ca/default/crl.pem";
    let shown = json(&sandbox.ok(&format!("{list} --text --json")).stdout);
    let entry = &shown["lists"][0]["entries"][0];
    assert_eq!(
        (&entry["serial"], &entry["reason"]),
        (&leaf["leaf"]["serial"], &"superseded".into()),
        "{shown}"
    );
    let text = sandbox.ok(&format!("{list} --text")).stderr + &sandbox.ok(&format!("{list} --text")).stdout;
    assert!(text.contains(leaf["leaf"]["serial"].as_str().unwrap()), "{text}");
    assert_eq!(
        json(&sandbox.ok(&format!("{list} --json")).stdout)["lists"][0]["entries"],
        serde_json::Value::Null
    );
}
