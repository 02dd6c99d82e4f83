//! What has ended, and goes.

use crate::support::{Sandbox, at, json, refused};

#[test]
fn what_has_ended_is_pruned_when_it_is_said_so() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256 --days 10");
    sandbox.ok("renew a.example");
    sandbox.ok("leaf b.example --key p256 --days 10");
    assert_eq!(sandbox.ok("prune").stdout, "");
    let before = sandbox.snapshot();
    let Some(shown) = at(&sandbox, "+60d", "prune --leaves") else { return };
    assert_eq!(shown.stdout.lines().count(), 3, "{}", shown.stdout);
    assert_eq!(sandbox.snapshot(), before);
    assert_eq!(at(&sandbox, "+60d", "prune --yes").unwrap().stdout.lines().count(), 1);
    assert!(sandbox.file("certforge/b.example/key.pem").exists());
    assert_eq!(at(&sandbox, "+60d", "prune --leaves --yes").unwrap().stdout.lines().count(), 2);
    assert!(
        !sandbox.file("certforge/b.example").exists() && sandbox.file("certforge/ca/default/ca.key").exists()
    );
}

#[test]
fn what_is_damaged_in_the_archive_keeps_nothing_else_from_going() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        sandbox.ok(&format!("up {name}.example --key p256 --days 10"));
        sandbox.ok(&format!("leaf {name}.example --key p256 --days 10 --force"));
    }
    let archive = sandbox.file("certforge/archive/b.example");
    let set = std::fs::read_dir(&archive).unwrap().next().unwrap().unwrap().path();
    std::fs::write(set.join("cert.pem"), "junk").unwrap();
    let Some(ran) = at(&sandbox, "+60d", "prune --yes --json") else { return };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let document = json(&ran.stdout);
    assert_eq!(document["pruned"].as_array().unwrap().len(), 1, "{document}");
    assert_eq!(document["findings"].as_array().unwrap().len(), 1, "{document}");
    assert!(set.exists());
}

#[test]
fn what_ended_less_than_so_many_days_ago_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256 --days 10");
    sandbox.ok("leaf a.example --key p256 --days 10 --force");
    let pruned = |days: u32| -> Option<usize> {
        let ran = at(&sandbox, "+60d", &format!("prune --json --keep-days {days}"))?;
        Some(json(&ran.stdout)["pruned"].as_array().unwrap().len())
    };
    let Some(kept) = pruned(55) else { return };
    assert_eq!((kept, pruned(45).unwrap()), (0, 1));
}

/// Removes what says who issued a leaf: it stays that CA's, whatever is asked for.
#[test]
fn a_leaf_whose_chain_is_lost_stays_its_cas() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("ca new issuing --under default --key p256");
    sandbox.ok("leaf a.example --ca default --key p256");
    sandbox.ok("leaf b.example --ca issuing --key p256");
    let issuers = |name: &str| {
        let document = json(&sandbox.ok(&format!("check certforge/{name}/fullchain.pem --json")).stdout);
        let all = document["certificates"].as_array().unwrap().clone();
        all.iter().map(|c| c["issuer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for name in ["a.example", "b.example"] {
        let chain = sandbox.file(&format!("certforge/{name}/chain.pem"));
        let before = issuers(name);
        for how in ["removed", "empty"] {
            if how == "removed" {
                std::fs::remove_file(&chain).unwrap();
            } else {
                std::fs::write(&chain, "").unwrap();
            }
            let status = sandbox.run("status --json");
            let document = json(&status.stdout);
            assert_eq!(status.status, 1, "{name} {how}: {document}");
            assert!(status.stdout.contains("chain.pem is missing, or empty"), "{document}");
            let entry = document["entries"].as_array().unwrap().iter().find(|e| e["name"] == name).unwrap();
            assert_eq!(entry["condition"], "damaged", "{entry}");
            let prometheus = sandbox.run("status --prometheus").stdout;
            let line =
                prometheus.lines().find(|l| l.starts_with("certforge_due") && l.contains(name)).unwrap();
            assert!(line.ends_with(" 1") && prometheus.contains("certforge_faults 1"), "{prometheus}");
            refused(&sandbox, &format!("bundle {name} --to p7b"), 3, "store.missing");
            refused(&sandbox, &format!("bundle {name} --to truststore"), 3, "store.missing");
            // By the CAs of the store.
            let verified = json(&sandbox.ok(&format!("verify {name} --json")).stdout);
            assert!(verified["path"].as_array().unwrap().len() > 1, "{verified}");
            sandbox.ok("renew --due");
            assert_eq!(issuers(name), before, "{name} {how}");
            assert_eq!(sandbox.run("status").status, 0, "{name} {how}");
        }
    }
    let chain = sandbox.file("certforge/a.example/chain.pem");
    std::fs::remove_file(&chain).unwrap();
    let up = json(&sandbox.ok("up a.example --ca default --key p256 --json").stdout);
    assert_eq!(up["leaf"]["reason"], "its chain is lost", "{up}");
    assert!(chain.exists());
}

#[test]
fn a_ca_that_is_due_is_not_passed_over_in_silence() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --days 60");
    for args in ["renew --due", "renew --due --quiet"] {
        assert_eq!(sandbox.ok(args).stdout, "", "{args}");
        let Some(ran) = at(&sandbox, "+50d", args) else { return };
        assert_eq!(ran.status, 1, "{args}: {}", ran.stderr);
        assert!(ran.stderr.contains("certforge ca renew default"), "{args}: {}", ran.stderr);
    }
    let Some(ran) = at(&sandbox, "+50d", "ca renew default") else { return };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let Some(ran) = at(&sandbox, "+50d", "renew --due") else { return };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

#[test]
fn what_is_below_a_ca_that_was_taken_back_is_good_nowhere() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new r --key p256");
    sandbox.ok("ca new s --under r --key p256");
    sandbox.ok("leaf z.example --ca s --key p256");
    sandbox.ok("verify z.example");
    sandbox.ok("revoke s");
    let ran = sandbox.run("verify z.example");
    assert!(ran.status == 1 && ran.stderr.contains("issuer 1: it was revoked by the CA r"), "{}", ran.stderr);
    let issued = json(&sandbox.ok("list --issued --ca s --json").stdout);
    assert_eq!(issued["issued"][0]["condition"], "revoked", "{issued}");
}

#[test]
fn what_is_not_on_hold_is_not_released_and_what_is_is_named() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("revoke a.example --reason certificateHold");
    let held = json(&sandbox.run("check a.example --json").stdout);
    let held = held["certificates"][0]["serial"].as_str().unwrap().to_owned();
    sandbox.ok("renew a.example");
    let ran = sandbox.ok("revoke a.example --release");
    assert!(ran.stderr.contains("nothing was released"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(&format!("certforge revoke {held} --ca default --release")),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("certificateHold"), "{}", ran.stderr);
    let ran = sandbox.ok(&format!("revoke {held} --ca default --release"));
    assert!(ran.stderr.contains("released"), "{}", ran.stderr);
    let ran = sandbox.ok("revoke a.example --release");
    assert!(!ran.stderr.contains("(on hold:"), "{}", ran.stderr);
}

#[test]
fn a_ca_that_was_taken_back_is_not_renewed_for_its_time() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new r --key p256");
    sandbox.ok("ca new s --under r --key p256 --days 60");
    let Some(ran) = at(&sandbox, "+50d", "renew --due") else { return };
    assert!(ran.status == 1 && ran.stderr.contains("certforge ca renew s"), "{}", ran.stderr);
    sandbox.ok("revoke s");
    let Some(ran) = at(&sandbox, "+10d", "renew --due --within 100d") else { return };
    assert!(!ran.stderr.contains("certforge ca renew s"), "{}", ran.stderr);
}
