//! What becomes of certificates after they were issued: looked at, renewed, thrown away.

mod authorities;
mod ended;
#[path = "../support/mod.rs"]
mod support;

use certforge::harness::{AcmSim, Settings};
use support::{Sandbox, archived, at, json, judge, openssl, refused};

#[test]
fn list_and_status_tell_what_there_is() {
    let sandbox = Sandbox::new();
    for args in ["list", "list --issued", "prune"] {
        refused(&sandbox, args, 3, "store.missing");
    }
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new issuing --under root --key p256");
    sandbox.ok("leaf a.example --ca issuing --key p256");
    sandbox.ok("leaf 10.0.0.1 --ca root --key p256 --days 20");
    let list = sandbox.ok("list").stdout;
    assert_eq!(list.lines().count(), 2);
    assert!(list.contains("a.example\tp256\t") && list.contains("\tissuing\ta.example (dns)"), "{list}");
    assert_eq!(sandbox.ok("list --ca root").stdout.lines().count(), 1);
    let status = json(&sandbox.ok("status --json").stdout);
    assert_eq!(status["entries"].as_array().unwrap().len(), 4);
    assert!(status["entries"].as_array().unwrap().iter().all(|e| e["condition"] == "ok"), "{status}");
    let due = sandbox.run("status --within 30d --json");
    assert_eq!(due.status, 1, "{}", due.stderr);
    let entries = json(&due.stdout)["entries"].clone();
    let leaf = entries.as_array().unwrap().iter().find(|e| e["name"] == "10.0.0.1").unwrap().clone();
    assert_eq!(
        (&leaf["condition"], &leaf["days_left"], &leaf["ca"]),
        (&"due".into(), &19.into(), &"root".into())
    );
    let text = sandbox.run("status --within 30d --prometheus");
    assert_eq!(text.status, 1);
    assert!(text.stdout.contains("# TYPE certforge_not_after_timestamp_seconds gauge"), "{}", text.stdout);
    assert!(
        text.stdout.contains("certforge_due{kind=\"leaf\",name=\"10.0.0.1\",ca=\"root\",serial="),
        "{}",
        text.stdout
    );
    for line in text.stdout.lines().filter(|l| !l.starts_with('#')) {
        line.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
    }
    std::fs::write(sandbox.file("certforge/a.example/cert.pem"), "junk").unwrap();
    let broken = sandbox.run("status");
    assert_eq!(broken.status, 1);
    assert!(broken.stderr.contains("a.example"), "{}", broken.stderr);
    refused(&sandbox, "list --ca none", 3, "store.missing");
    refused(&sandbox, "status --within soon", 3, "validity.malformed");
}

#[test]
fn a_renewed_leaf_is_what_was_asked_for_with_a_new_key() {
    let sandbox = Sandbox::new();
    std::fs::write(
        sandbox.file("own.toml"),
        "description = \"x\"\ndays = 50\nkey_usage = [\"digitalSignature\"]\nextended_key_usage = [\"serverAuth\", \"1.2.3.4\"]\n",
    )
    .unwrap();
    sandbox.ok("ca new --key p256");
    let made = sandbox.run_args(&[
        "leaf",
        "--subj",
        "/C=JP/O=Acme/CN=10.103.10.95",
        "--san",
        "a.example,email:x@a.example",
        "--key",
        "p384",
        "--template",
        "./own.toml",
        "--json",
    ]);
    let old = json(&made.stdout);
    let key = sandbox.read("certforge/10.103.10.95/key.pem");
    std::fs::remove_file(sandbox.file("own.toml")).unwrap();
    let new = json(&sandbox.ok("renew 10.103.10.95 --json").stdout)["leaves"][0].clone();
    assert_eq!(new["state"], "renewed");
    for field in ["names", "subject", "key", "template", "days_left", "issuer"] {
        assert_eq!(new[field], old[field], "{field}");
    }
    assert_ne!(new["serial"], old["serial"]);
    assert_ne!(sandbox.read("certforge/10.103.10.95/key.pem"), key);
    if judge("openssl").is_some() {
        let text = openssl(
            &["x509", "-in", "certforge/10.103.10.95/cert.pem", "-noout", "-ext", "extendedKeyUsage"],
            sandbox.path(),
        );
        assert!(text.unwrap().contains("Web Server Authentication, 1.2.3.4"));
    }
    // What it was before is kept, dated, with its key.
    let kept: Vec<String> = sandbox
        .snapshot()
        .into_iter()
        .filter(|line| line.starts_with("certforge/archive/10.103.10.95/"))
        .collect();
    assert!(kept.iter().any(|l| l.contains("key.pem 100600")), "{kept:?}");
    let folder = kept.iter().find(|l| l.contains("/key.pem")).unwrap().split(' ').next().unwrap().to_owned();
    assert!(folder.contains("/2") && folder.contains(old["serial"].as_str().unwrap()), "{folder}");
    assert_eq!(sandbox.read(&folder), key);
}

#[test]
fn a_key_can_be_kept_and_one_that_is_elsewhere_is() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    let key = sandbox.read("certforge/a.example/key.pem");
    sandbox.ok("renew a.example --reuse-key");
    assert_eq!(sandbox.read("certforge/a.example/key.pem"), key);
    sandbox.ok("csr b.example --key p256");
    sandbox.ok("sign certforge/csr/b.example/request.pem");
    let public = |sandbox: &Sandbox| {
        openssl(&["x509", "-in", "certforge/b.example/cert.pem", "-noout", "-pubkey"], sandbox.path())
    };
    let before = judge("openssl").and_then(|_| public(&sandbox));
    sandbox.ok("renew b.example");
    assert_eq!(judge("openssl").and_then(|_| public(&sandbox)), before);
    assert!(!sandbox.file("certforge/b.example/key.pem").exists());
    sandbox.ok("leaf c.example --self-signed --key p256");
    sandbox.ok("renew c.example");
    refused(&sandbox, "renew none.example", 3, "store.missing");
    refused(&sandbox, "renew", 2, "usage");
    let before = sandbox.snapshot();
    sandbox.ok("renew --all --dry-run");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn only_what_is_due_is_renewed() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf long.example --key p256");
    sandbox.ok("leaf short.example --key p256 --days 90");
    let before = sandbox.snapshot();
    let nothing = sandbox.ok("renew --due");
    assert_eq!(nothing.stdout, "");
    assert!(nothing.stderr.contains("nothing is due"), "{}", nothing.stderr);
    assert_eq!(sandbox.snapshot(), before);
    let Some(later) = at(&sandbox, "+70d", "renew --due") else { return };
    assert_eq!((later.status, later.stdout.as_str()), (0, "certforge/short.example\n"), "{}", later.stderr);
    let again = at(&sandbox, "+70d", "renew --due").unwrap();
    assert_eq!(again.stdout, "");
    let checked = at(&sandbox, "+70d", "status").unwrap();
    assert_eq!(checked.status, 0, "{}", checked.stdout);
    // One that cannot be renewed keeps no other one from it.
    std::fs::remove_file(sandbox.file("certforge/ca/default/ca.key")).unwrap();
    sandbox.ok("leaf own.example --self-signed --key p256 --days 10");
    let some = sandbox.run("renew --all");
    assert_eq!(some.status, 4, "{}", some.stderr);
    assert_eq!(some.stdout, "certforge/own.example\n");
}

#[test]
fn a_leaf_without_a_record_is_renewed_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let old = json(&sandbox.ok("leaf a.example --san 10.0.0.1 --client --days 100 --key p256 --json").stdout);
    let record = format!("certforge/ca/default/issued/{}.pem", old["serial"].as_str().unwrap());
    std::fs::remove_file(sandbox.file(&record)).unwrap();
    let new = json(&sandbox.ok("renew a.example --json").stdout)["leaves"][0].clone();
    for field in ["names", "subject", "key", "days_left"] {
        assert_eq!(new[field], old[field], "{field}");
    }
    assert_eq!(new["template"], "client");
    assert_eq!(new["findings"][0]["code"], "leaf.no-record");
}

#[test]
fn a_renewed_leaf_goes_to_acm_under_the_same_arn() {
    let sandbox = Sandbox::new();
    let sim = AcmSim::start(Settings::default()).unwrap();
    let run = |args: &str| {
        let mut command = sandbox.command(args.split_whitespace());
        command.env("AWS_ACCESS_KEY_ID", "none").env("AWS_SECRET_ACCESS_KEY", "none");
        support::ran(command.output().unwrap())
    };
    let up =
        run(&format!("up a.example --key p256 --import-acm --region eu-west-1 --endpoint-url {}", sim.url()));
    assert_eq!(up.status, 0, "{}", up.stderr);
    let renewed = run("renew a.example --json");
    assert_eq!(renewed.status, 0, "{}", renewed.stderr);
    let leaf = json(&renewed.stdout)["leaves"][0].clone();
    assert_eq!(leaf["imports"][0]["state"], "reimported", "{leaf}");
    assert_eq!(leaf["imports"][0]["CertificateArn"], up.stdout.trim());
    let alone = run("renew a.example --no-import --json");
    assert!(json(&alone.stdout)["leaves"][0].get("imports").is_none());
    // Of one whose key is in ACM alone the next key is on no disk either.
    let ephemeral = "up b.example --key p256 --import-acm --ephemeral --region eu-west-1 --endpoint-url";
    let arn = run(&format!("{ephemeral} {}", sim.url())).stdout;
    let leaf = json(&run("renew b.example --json").stdout)["leaves"][0].clone();
    assert_eq!(leaf["imports"][0]["state"], "reimported", "{leaf}");
    assert_eq!(leaf["imports"][0]["CertificateArn"], arn.trim());
    let of_b = |line: &String| line.contains("b.example") && line.contains("key.pem");
    assert!(!sandbox.snapshot().iter().any(of_b));
    // A place that is not reached does not undo the renewal, and shows in the status.
    drop(sim);
    let lost = run("renew a.example --json");
    assert_eq!(lost.status, 6, "{}", lost.stderr);
    assert_eq!(json(&lost.stdout)["leaves"][0]["state"], "renewed");
}

#[test]
fn a_self_signed_leaf_of_a_template_of_ones_own_is_renewed_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox
        .ok("leaf a.example --self-signed --key p256 --set extended_key_usage=1.3.6.1.5.5.7.3.17,clientAuth");
    let usages = |sandbox: &Sandbox| {
        openssl(
            &["x509", "-in", "certforge/a.example/cert.pem", "-noout", "-ext", "extendedKeyUsage,keyUsage"],
            sandbox.path(),
        )
    };
    let before = usages(&sandbox);
    let first = sandbox.read("certforge/a.example/cert.pem");
    sandbox.ok("renew a.example");
    assert_ne!(sandbox.read("certforge/a.example/cert.pem"), first);
    assert_eq!(usages(&sandbox), before);
}

#[test]
fn no_force_loses_a_key() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("csr b.example --key p256");
    sandbox.ok("revoke a.example");
    for (command, kept, name) in [
        ("leaf a.example --key p256 --force", "certforge/a.example/key.pem", "a.example"),
        ("leaf a.example --key p256 --self-signed --force", "certforge/a.example/key.pem", "a.example"),
        ("csr b.example --key p256 --force", "certforge/csr/b.example/key.pem", "csr/b.example"),
        ("sign certforge/csr/b.example/request.pem", "certforge/csr/b.example/key.pem", ""),
        ("ca new --key p256 --force", "certforge/ca/default/ca.key", "ca/default"),
        ("ca new --key p256 --force", "certforge/ca/default/ca.key", "ca/default"),
    ] {
        let before = sandbox.read(kept);
        sandbox.ok(command);
        assert!(name.is_empty() || archived(&sandbox, name, &before), "{command}: {:?}", sandbox.snapshot());
    }
    let lines = sandbox.snapshot();
    // Path, mode, and of a file what is in it, which may begin as a folder's mode does.
    let mode = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let is_folder = |line: &&String| line.starts_with("certforge/archive/ca") && mode(line).starts_with("40");
    let folders = lines.iter().filter(is_folder);
    assert!(folders.clone().count() >= 4 && folders.clone().all(|l| mode(l) == "40700"), "{lines:?}");
    let revoked = lines.iter().filter(|l| l.starts_with("certforge/archive/ca/") && l.contains("/revoked/"));
    assert_eq!(revoked.count(), 1, "what the first took back is beside its key: {lines:?}");
    sandbox.ok("prune --leaves --yes");
}

#[test]
fn what_is_not_there_or_not_whole_is_not_well() {
    let sandbox = Sandbox::new();
    for args in ["status", "renew --due", "renew --all", "--dir typo status"] {
        refused(&sandbox, args, 3, "store.missing");
    }
    sandbox.ok("up a.example --key p256");
    sandbox.ok("leaf b.example --key p256");
    let file = |name: &str| sandbox.file(&format!("certforge/a.example/{name}"));
    for (name, bytes) in [
        ("fullchain.pem", None),
        ("ca.pem", None),
        ("fullchain.pem", Some("b.example")),
        ("key.pem", Some("b.example")),
        ("key.pem", Some("junk")),
    ] {
        let good = std::fs::read(file(name)).unwrap();
        match bytes {
            None => std::fs::remove_file(file(name)).unwrap(),
            Some("junk") => std::fs::write(file(name), "junk").unwrap(),
            Some(other) => {
                std::fs::copy(sandbox.file(&format!("certforge/{other}/{name}")), file(name)).unwrap();
            }
        }
        let status = sandbox.run("status --json");
        assert_eq!(status.status, 1, "{name}");
        assert_eq!(json(&status.stdout)["findings"][0]["code"], "leaf.damaged", "{name}: {}", status.stdout);
        std::fs::write(file(name), good).unwrap();
        assert_eq!(sandbox.run("status").status, 0, "{name}");
    }
    std::fs::remove_file(file("fullchain.pem")).unwrap();
    sandbox.ok("renew a.example");
    assert_eq!(sandbox.run("status").status, 0, "renewed is whole");
    std::fs::remove_file(file("cert.pem")).unwrap();
    let status = sandbox.run("status --json");
    assert_eq!(json(&status.stdout)["findings"][0]["code"], "leaf.incomplete", "{}", status.stdout);
    for which in ["--due", "--all"] {
        let ran = sandbox.run(&format!("renew {which}"));
        assert_eq!(ran.status, 3, "what cannot be read is not renewed: {}", ran.stderr);
    }
    // A key that is kept elsewhere is nothing wrong.
    sandbox.ok("up a.example");
    std::fs::remove_file(file("key.pem")).unwrap();
    assert_eq!(sandbox.run("status").status, 0);
}

#[test]
fn an_import_that_failed_is_due_until_it_is_done() {
    let sandbox = Sandbox::new();
    let settings = Settings::default();
    let sim = AcmSim::start(settings).unwrap();
    let run = |args: &str, url: &str| {
        let mut command = sandbox.command(args.split(' '));
        command.env("AWS_ACCESS_KEY_ID", "none").env("AWS_SECRET_ACCESS_KEY", "none");
        command.env("AWS_REGION", "eu-west-1").env("AWS_ENDPOINT_URL", url);
        support::ran(command.output().unwrap())
    };
    let url = sim.url().clone();
    let first = run("up a.example --key p256 --import-acm", &url);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert_eq!(sandbox.run("status").status, 0);
    // The next one is made, and is not imported.
    sandbox.ok("renew a.example --no-import");
    let status = sandbox.run("status");
    assert!(status.status == 1 && status.stdout.contains("not imported"), "{}", status.stdout);
    let due = run("renew --due --json", &url);
    assert_eq!(due.status, 0, "{}", due.stderr);
    let leaf = json(&due.stdout)["leaves"][0].clone();
    assert_eq!(
        (&leaf["state"], &leaf["imports"][0]["state"]),
        (&"unchanged".into(), &"reimported".into()),
        "{leaf}"
    );
    assert_eq!(sandbox.run("status").status, 0);
    assert_eq!(json(&run("renew --due --json", &url).stdout)["leaves"].as_array().unwrap().len(), 0);
    // Whose key is on no disk cannot be imported later: it gets another one.
    assert_eq!(run("up b.example --key p256 --import-acm --ephemeral", &url).status, 0);
    sandbox.ok("renew b.example --no-import --rekey");
    std::fs::remove_file(sandbox.file("certforge/b.example/key.pem")).unwrap();
    assert_eq!(sandbox.run("status").status, 1);
    let due = json(&run("renew --due --json", &url).stdout);
    assert_eq!(due["leaves"][0]["imports"][0]["state"], "reimported", "{due}");
    assert_eq!(sandbox.run("status").status, 0);
}

#[test]
fn what_gains_no_time_is_not_renewed_again_and_again() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --days 20");
    sandbox.ok("leaf a.example --key p256");
    let serial = || json(&sandbox.ok("list --json").stdout)["leaves"][0]["serial"].clone();
    let before = serial();
    let ran = sandbox.run("renew --due --within 30d --json");
    assert_eq!(ran.status, 1, "what is due and stays so is no success: {}", ran.stderr);
    let quiet = sandbox.run("renew --due --within 30d --quiet");
    let told =
        quiet.stderr.contains("a.example is due") && quiet.stderr.contains("certforge ca renew default");
    assert!(quiet.status == 1 && told, "{}", quiet.stderr);
    assert_eq!(json(&ran.stdout)["leaves"].as_array().unwrap().len(), 0, "{}", ran.stdout);
    assert_eq!(json(&ran.stdout)["findings"][0]["code"], "renew.no-gain", "{}", ran.stdout);
    assert_eq!(serial(), before);
    // Who asks for it by name gets it.
    sandbox.ok("renew a.example");
    assert_ne!(serial(), before);
}

#[test]
fn a_leaf_can_get_another_length_when_it_is_renewed() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256 --days 5");
    let days = || json(&sandbox.ok("list --json").stdout)["leaves"][0]["days_left"].clone();
    sandbox.ok("renew a.example --days 15");
    assert_eq!(days(), 14);
    sandbox.ok("renew a.example");
    assert_eq!(days(), 14, "that is what is asked for from now on");
    refused(&sandbox, "leaf b.example --validity 12m", 3, "validity.malformed");
}

#[test]
fn spans_beyond_all_time_are_no_fault() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("prune --leaves --keep-days 4294967295 --yes");
    let ran = sandbox.run(&format!("status --within {}", "4294967295w".repeat(3600)));
    assert_eq!(ran.status, 3, "{}", ran.stderr);
}

#[test]
fn a_long_leaf_stays_allowed_to_be_long() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf long.example --days 900 --allow-long --key p256");
    let renewed = json(&sandbox.ok("renew long.example --json").stdout);
    assert_eq!(renewed["leaves"][0]["days_left"], 899);
    let longer = json(&sandbox.ok("renew long.example --days 901 --json").stdout);
    assert_eq!(longer["leaves"][0]["days_left"], 900);
}
