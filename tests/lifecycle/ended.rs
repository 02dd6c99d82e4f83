//! What has ended, and goes.

use crate::support::{Sandbox, at, json};

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
