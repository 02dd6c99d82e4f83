//! Runs at the same time: who waits for whom, and what is not taken for what was there before.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use certforge::store::Store;

use super::support::{self, CERTFORGE, Sandbox};

fn begun(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = Command::new(CERTFORGE);
    sandbox.isolate(&mut command);
    command.arg("--quiet").args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until so many sets are whole, and only wait to be moved.
fn wait_for_sets(sandbox: &Sandbox, number: usize) {
    let whole = || {
        let sets = std::fs::read_dir(sandbox.file("certforge/.tmp")).unwrap().flatten();
        sets.filter(|bench| bench.path().join("set/ca.pem").exists()).count()
    };
    let begin = SystemTime::now();
    while whole() < number {
        assert!(begin.elapsed().unwrap() < Duration::from_mins(1), "no set was made");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(200));
}

/// An import of a leaf may take a minute and a half; only what replaces that leaf waits for it.
#[test]
fn whoever_waits_for_a_leaf_keeps_nobody_else_waiting() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("leaf b.example --key p256");
    let held = File::open(sandbox.file("certforge/a.example")).unwrap();
    held.lock().unwrap();
    let mut renew = begun(&sandbox, &["renew", "a.example"]);
    wait_for_sets(&sandbox, 1);
    sandbox.ok("revoke b.example");
    assert!(renew.try_wait().unwrap().is_none(), "it waits for the import");
    drop(held);
    assert!(renew.wait().unwrap().success());
}

#[test]
fn of_runs_at_the_same_time_one_renews_a_leaf() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    for (args, made) in [(&["renew", "--all"][..], 2), (&["up", "a.example", "--san", "b.example"], 3)] {
        let held = File::open(sandbox.file("certforge/a.example")).unwrap();
        held.lock().unwrap();
        let runs: Vec<Child> = (0..3).map(|_| begun(&sandbox, args)).collect();
        wait_for_sets(&sandbox, 3);
        drop(held);
        for mut run in runs {
            assert!(run.wait().unwrap().success(), "{args:?}");
        }
        let issued = std::fs::read_dir(sandbox.file("certforge/ca/default/issued")).unwrap();
        assert_eq!(issued.count(), made, "{args:?}");
    }
}

#[test]
fn a_ca_that_was_replaced_meanwhile_gets_no_list_of_the_old_key() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let store = Store::open(sandbox.file("certforge")).unwrap();
    let held = store.lock().unwrap();
    let mut list = begun(&sandbox, &["crl"]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(list.try_wait().unwrap().is_none(), "it waits for the store");
    let folder = sandbox.file("certforge/ca/default");
    std::fs::rename(&folder, sandbox.file("aside")).unwrap();
    sandbox.ok("--dir other ca new --key p256");
    std::fs::rename(sandbox.file("other/ca/default"), &folder).unwrap();
    drop(held);
    assert_eq!(list.wait().unwrap().code(), Some(4));
    assert!(!folder.join("crl.pem").exists());
}

#[test]
fn what_is_issued_while_a_ca_is_replaced_is_on_record() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    for round in 0..3 {
        let names: Vec<String> = (0..6).map(|i| format!("r{round}-{i}.example")).collect();
        let mut runs: Vec<Child> =
            names.iter().map(|name| begun(&sandbox, &["leaf", name, "--key", "p256"])).collect();
        runs.push(begun(&sandbox, &["ca", "new", "--force", "--key", "p256"]));
        for run in runs {
            let ran = support::ran(run.wait_with_output().unwrap());
            assert_eq!(ran.status, 0, "{}", ran.stderr);
        }
    }
    let issued = std::fs::read_dir(sandbox.file("certforge/ca/default/issued")).unwrap();
    assert_eq!(issued.count(), 18);
}
