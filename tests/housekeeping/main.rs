//! What the store keeps in order by itself: what killed runs left, folders of odd names,
//! chains below a CA that was renewed, and what each file's owner is told of it.

mod meanwhile;
#[path = "../support/mod.rs"]
mod support;

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use certforge::store::{Overwrite, Store, rewrite};
use certforge::{Authority, LeafRequest};
use support::{CERTFORGE, Sandbox, json, judge, openssl};

/// Dates something an hour back.
fn age(path: &std::path::Path) {
    File::open(path).unwrap().set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
}

#[test]
fn what_killed_runs_left_is_swept_and_what_is_at_work_is_not() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let workshop = sandbox.file("certforge/.tmp");
    std::fs::create_dir_all(&workshop).unwrap();
    for (name, old) in [(".tmp-old", true), (".tmp-held", true), (".tmp-fresh", false)] {
        std::fs::create_dir(workshop.join(name)).unwrap();
        std::fs::write(workshop.join(name).join("key.pem"), "half").unwrap();
        if old {
            age(&workshop.join(name));
        }
    }
    std::fs::write(workshop.join(".tmp-file"), "half").unwrap();
    age(&workshop.join(".tmp-file"));
    // A new key that was about to take an old one's place.
    let left = sandbox.file("certforge/ca/default/.tmp-key");
    std::fs::write(&left, "half").unwrap();
    age(&left);
    let young = sandbox.file("certforge/ca/default/.tmp-young");
    std::fs::write(&young, "half").unwrap();
    let held = File::open(workshop.join(".tmp-held")).unwrap();
    held.lock().unwrap();
    sandbox.ok("leaf b.example --key p256");
    for (path, stays) in [
        (workshop.join(".tmp-old"), false),
        (workshop.join(".tmp-file"), false),
        (left, false),
        (workshop.join(".tmp-held"), true),
        (workshop.join(".tmp-fresh"), true),
        (young, true),
    ] {
        assert_eq!(path.exists(), stays, "{}", path.display());
    }
    // And beside what is written elsewhere, what nobody else's program calls so.
    for (name, old, stays) in [
        (".certforge-0123456789abcdef", true, false),
        (".certforge-fedcba9876543210", false, true),
        (".certforge-notes", true, true),
        (".tmp-0123456789abcdef", true, true),
    ] {
        let path = sandbox.file(name);
        std::fs::write(&path, "half").unwrap();
        if old {
            File::open(&path).unwrap().set_modified(SystemTime::now() - Duration::from_hours(2)).unwrap();
        }
        sandbox.ok("bundle b.example --to combined --output out.pem --force");
        assert_eq!(path.exists(), stays, "{name}");
    }
    // And in a leaf's folder by whoever writes into it next.
    let (old, fresh) =
        (sandbox.file("certforge/b.example/.tmp-old"), sandbox.file("certforge/b.example/.tmp-new"));
    std::fs::write(&old, "half").unwrap();
    age(&old);
    std::fs::write(&fresh, "half").unwrap();
    sandbox.ok("bundle b.example --to der");
    assert!(!old.exists() && fresh.exists());
}

#[test]
fn nothing_in_the_workshop_makes_a_run_wait() {
    let Some(mkfifo) = judge("mkfifo") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::create_dir_all(sandbox.file("certforge/.tmp")).unwrap();
    let fifo = sandbox.file("certforge/.tmp/.tmp-fifo");
    assert!(Command::new(mkfifo).arg(&fifo).status().unwrap().success());
    assert!(Command::new("touch").args(["-d", "1 hour ago"]).arg(&fifo).status().unwrap().success());
    let mut command = Command::new("timeout");
    sandbox.isolate(&mut command);
    let ran =
        support::ran(command.args(["20", CERTFORGE, "leaf", "a.example", "--key", "p256"]).output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(!fifo.exists());
}

#[test]
fn a_leaf_of_any_name_is_found_again() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let names = [
        "uri:spiffe://a/..b",
        "uri:spiffe://trust.example/ns/default/sa/web",
        "email:first.last@corp.example",
        "*.wild.example",
        "fd00::1",
        "con",
        "ca",
        "version",
    ];
    for name in names {
        let ran = sandbox.run_args(&["leaf", name, "--key", "p256"]);
        assert_eq!(ran.status, 0, "{name}: {}", ran.stderr);
    }
    let listed = json(&sandbox.ok("list --json").stdout);
    let made = std::fs::read_dir(sandbox.file("certforge"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().join("cert.pem").exists())
        .count();
    assert_eq!((listed["leaves"].as_array().unwrap().len(), made), (names.len(), names.len()));
    let renewed = json(&sandbox.ok("renew --all --json").stdout);
    assert_eq!(renewed["leaves"].as_array().unwrap().len(), made);
}

#[test]
fn the_chain_of_what_stands_below_a_renewed_ca_is_the_new_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new mid --under root --key p256");
    sandbox.ok("ca renew root");
    assert_eq!(sandbox.read("certforge/ca/mid/chain.pem"), sandbox.read("certforge/ca/root/ca.pem"));
    sandbox.ok("leaf a.example --ca mid --key p256");
    assert_eq!(sandbox.read("certforge/a.example/ca.pem"), sandbox.read("certforge/ca/root/ca.pem"));
}

#[test]
fn a_renewal_brings_an_older_store_up_to_date() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    sandbox.ok("ca new mid --under root --key p256");
    std::fs::remove_file(sandbox.file("certforge/version")).unwrap();
    for ca in ["root", "mid"] {
        std::fs::remove_dir_all(sandbox.file(&format!("certforge/ca/{ca}/issued"))).unwrap();
    }
    sandbox.ok("ca renew mid");
    assert_eq!(sandbox.read("certforge/version").trim(), "1");
    let shown = json(&sandbox.ok("ca show root --json").stdout);
    assert!(shown["issued"].as_u64().unwrap() >= 1, "{shown}");
}

#[test]
fn keys_that_others_can_read_are_told_and_not_used() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    for key in ["certforge/a.example/key.pem", "certforge/ca/default/ca.key"] {
        std::fs::set_permissions(sandbox.file(key), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let status = sandbox.run("status --json");
    assert_eq!(status.status, 1, "{}", status.stderr);
    let found = json(&status.stdout);
    let places: Vec<&str> =
        found["findings"].as_array().unwrap().iter().map(|f| f["place"].as_str().unwrap()).collect();
    assert_eq!(places, ["default", "a.example"], "{found}");
    let refused = sandbox.run("bundle a.example --to combined --json");
    assert_eq!(refused.status, 4, "{}", refused.stderr);
    assert_eq!(json(&refused.stderr)["code"], "file.permissions");
}

#[test]
fn a_root_that_is_to_be_sent_is_sent_in_every_form() {
    let sandbox = Sandbox::new();
    sandbox.ok("up first.example --three-tier --key p256");
    let ca = json(&sandbox.ok("list --json").stdout)["leaves"][0]["ca"].as_str().unwrap().to_owned();
    sandbox.ok(&format!("leaf b.example --template apigw-backend --ca {ca} --key p256"));
    let count = |text: &str| text.matches("-----BEGIN CERTIFICATE-----").count();
    assert_eq!(count(&sandbox.read("certforge/b.example/fullchain.pem")), 3);
    sandbox.ok("bundle b.example --to combined");
    assert_eq!(count(&sandbox.read("certforge/b.example/combined.pem")), 3);
    // And by the server that shows it.
    let Some(_) = judge("openssl") else { return };
    let mut command = sandbox.command(["serve", "b.example"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut url).unwrap();
    let address = url.trim().strip_prefix("https://").unwrap().trim_end_matches('/');
    let shown = openssl(&["s_client", "-connect", address, "-showcerts"], sandbox.path()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(count(&shown), 3, "{shown}");
}

#[test]
fn what_somebody_else_changed_meanwhile_stays() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("document");
    std::fs::write(&file, "theirs").unwrap();
    let refused = rewrite(&file, b"ours", b"new").unwrap_err();
    assert_eq!(refused.code(), "store.changed");
    assert_eq!(sandbox.read("document"), "theirs");
    rewrite(&file, b"theirs", b"new").unwrap();
    assert_eq!(sandbox.read("document"), "new");

    // A leaf that was replaced after it was looked at.
    let store = Store::open(sandbox.file("store")).unwrap();
    let ca = Authority::generate("CA").unwrap();
    let request = LeafRequest::new(["a.example"]).unwrap();
    let bundle = || ca.issue(&request).unwrap();
    let first = request.names().first().clone();
    store.save_bundle(&first, &bundle(), None, Overwrite::Refuse).unwrap();
    let looked_at = store.leaf("a.example").unwrap();
    store.save_bundle(&first, &bundle(), None, Overwrite::Archive).unwrap();
    let there = sandbox.read("store/a.example/cert.pem");
    for done in [store.remove_leaf(&looked_at), store.put_away(&looked_at)] {
        assert_eq!(done.unwrap_err().code(), "store.changed");
    }
    assert_eq!(sandbox.read("store/a.example/cert.pem"), there);
    // What is in another store is not this one's to remove.
    let other = Store::open(sandbox.file("other")).unwrap();
    let current = store.leaf("a.example").unwrap();
    assert_eq!(other.remove_leaf(&current).unwrap_err().code(), "file.kind");
    store.remove_leaf(&current).unwrap();
    assert!(!sandbox.file("store/a.example").exists());
}

#[test]
fn pkcs12_is_as_strong_as_was_asked_for() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::write(sandbox.file("phrase"), "seven blue kettles\n").unwrap();
    for (flags, parts) in [
        ("", ["PBES2", "AES-256-CBC", "sha256"]),
        (" --legacy", ["pbeWithSHA1And3-KeyTripleDES-CBC", "sha1", "2048"]),
    ] {
        sandbox.ok(&format!("bundle a.example --to p12 --passphrase-file phrase --force{flags}"));
        let args = "pkcs12 -in certforge/a.example/bundle.p12 -info -noout -passin file:phrase -legacy";
        let text = openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap();
        for part in parts {
            assert!(text.contains(part), "{flags}: {part}: {text}");
        }
    }
}

#[test]
fn a_leaf_is_named_by_the_path_of_its_folder_too() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let by_name = sandbox.ok("snippet nginx a.example").stdout;
    // As a shell completes it.
    assert_eq!(sandbox.ok("snippet nginx certforge/a.example/").stdout, by_name);
    sandbox.ok("bundle certforge/a.example --to der");
    for path in ["certforge/ca/default", "certforge/archive/a.example"] {
        let refused = sandbox.run(&format!("bundle {path} --to der --json"));
        assert_eq!(json(&refused.stderr)["code"], "store.missing", "{path}");
    }
}

#[test]
fn what_cannot_be_looked_up_is_not_taken_for_good() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    sandbox.ok("revoke a.example");
    let revoked = sandbox.file("certforge/ca/default/revoked");
    std::fs::rename(&revoked, sandbox.file("aside")).unwrap();
    std::fs::write(&revoked, "").unwrap();
    for (command, status) in [
        ("status", 1),
        ("verify a.example", 4),
        ("check a.example", 4),
        ("renew --all", 4),
        ("up a.example", 4),
    ] {
        let ran = sandbox.run(command);
        assert_eq!(ran.status, status, "{command}: {}", ran.stderr);
        assert!(ran.stderr.contains("revoked"), "{command}: {}", ran.stderr);
    }
    std::fs::remove_file(&revoked).unwrap();
    std::fs::rename(sandbox.file("aside"), &revoked).unwrap();
    // CAs' folders are nobody else's: who may not look there is told so.
    let Some(setpriv) = judge("setpriv") else { return };
    let open = |path: &str, mode| {
        std::fs::set_permissions(sandbox.file(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open("", 0o755);
    let mut command = Command::new(setpriv);
    sandbox.isolate(&mut command);
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", CERTFORGE, "verify", "a.example"];
    let ran = support::ran(command.args(nobody).output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("whether it was revoked is not known"), "{}", ran.stderr);
}

#[test]
fn a_list_that_lacks_what_was_taken_back_is_made_anew() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("crl");
    let (list, aside) = (sandbox.file("certforge/ca/default/crl.pem"), sandbox.file("aside"));
    std::fs::copy(&list, &aside).unwrap();
    sandbox.ok("revoke a.example");
    assert_eq!(sandbox.run("status --json").stdout.matches("\"revoked\"").count(), 1);
    // As after a run that was stopped before it could write the list.
    std::fs::copy(&aside, &list).unwrap();
    let ran = sandbox.run("status");
    assert!(ran.status == 1 && ran.stderr.contains("certforge crl --ca default"), "{}", ran.stderr);
    sandbox.run("renew --due --dry-run");
    assert_eq!(std::fs::read(&list).unwrap(), std::fs::read(&aside).unwrap());
    sandbox.run("renew --due");
    let made = certforge::RevocationList::from_pem(&std::fs::read(&list).unwrap()).unwrap();
    assert_eq!(made.revoked().len(), 1);
    assert!(!sandbox.run("status").stderr.contains("certforge crl --ca"));
    // And another CA's is none of this one's.
    sandbox.ok("--dir other ca new --key p256");
    sandbox.ok("--dir other crl");
    std::fs::copy(sandbox.file("other/ca/default/crl.pem"), &list).unwrap();
    assert!(sandbox.run("status").stderr.contains("certforge crl --ca default"));
}

#[test]
fn a_hierarchy_that_was_begun_is_finished() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    // As after a run that was stopped when it had made the root.
    for made in ["ca/default", "a.example"] {
        std::fs::remove_dir_all(sandbox.file("certforge").join(made)).unwrap();
    }
    sandbox.ok("up a.example --three-tier --key p256");
    let list = sandbox.ok("ca list").stdout;
    assert!(list.contains("default-root") && list.lines().count() == 2, "{list}");
    sandbox.ok("verify a.example");
}

#[test]
fn a_run_without_file_descriptors_leaves_nothing() {
    let Some(prlimit) = judge("prlimit") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::write(sandbox.file("names"), "one.example\ntwo.example\nthree.example\n").unwrap();
    let mut refused = 0;
    for limit in 4..24 {
        for command in
            [&["leaf", "b.example", "--key", "p256", "--force"][..], &["leaf", "--batch", "names", "--force"]]
        {
            let mut limited = Command::new(&prlimit);
            sandbox.isolate(&mut limited);
            let ran = limited.arg(format!("--nofile={limit}")).arg(CERTFORGE).args(command).output().unwrap();
            refused += i32::from(!ran.status.success());
            let left = std::fs::read_dir(sandbox.file("certforge/.tmp")).map_or(0, Iterator::count);
            assert_eq!(left, 0, "{limit} {command:?}: {}", String::from_utf8_lossy(&ran.stderr));
        }
    }
    assert!(refused > 4, "{refused}");
}

/// Copies that keep no empty folder, as those of git do.
#[test]
fn a_ca_whose_empty_folders_are_lost_goes_on() {
    for args in [
        "leaf b.example --key p256",
        "leaf --batch names --key p256",
        "ca new below --under default --key p256",
    ] {
        let sandbox = Sandbox::new();
        std::fs::write(sandbox.file("names"), "one.example\ntwo.example\n").unwrap();
        sandbox.ok("ca new --key p256");
        for folder in ["issued", "revoked"] {
            std::fs::remove_dir(sandbox.file(&format!("certforge/ca/default/{folder}"))).unwrap();
        }
        sandbox.ok(args);
        let mode =
            std::fs::metadata(sandbox.file("certforge/ca/default/issued")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{args}");
    }
}

/// Whoever renews at night reads nothing else.
#[test]
fn what_a_renewal_takes_away_is_told_to_those_who_want_errors_alone() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::write(sandbox.file("pass"), "secret\n").unwrap();
    sandbox.ok("bundle a.example --to p12 --passphrase-file pass");
    let ran = sandbox.ok("--quiet renew --all");
    assert!(ran.stderr.contains("a.example/bundle.p12 was made of the leaf before"), "{}", ran.stderr);
    assert_eq!(sandbox.ok("--quiet renew --all").stderr, "");
}

/// A key that was lost is not one that was never here.
#[test]
fn a_lost_key_stays_lost_when_its_certificate_is_renewed() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::remove_file(sandbox.file("certforge/a.example/key.pem")).unwrap();
    let told = |sandbox: &Sandbox| sandbox.run("status --json").stdout.contains("leaf.key-gone");
    assert!(told(&sandbox));
    sandbox.ok("renew a.example");
    assert!(told(&sandbox));
    assert!(!sandbox.run("up a.example").stderr.contains("elsewhere"));
}

/// As in a container of few processes: who cannot start a thread does the work alone.
#[test]
fn a_run_without_threads_to_spare_does_all_of_it() {
    let (Some(prlimit), Some(setpriv)) = (judge("prlimit"), judge("setpriv")) else { return };
    let sandbox = Sandbox::new();
    std::fs::set_permissions(sandbox.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    std::fs::write(sandbox.file("names"), "one.example\ntwo.example\nthree.example\n").unwrap();
    let manifest = "[ca.default]\n[leaf.\"four.example\"]\nca = \"default\"\n[leaf.\"five.example\"]\nca = \"default\"\n";
    std::fs::write(sandbox.file("certforge.toml"), manifest).unwrap();
    for command in [
        &["up", "a.example", "--key", "rsa2048"][..],
        &["leaf", "--batch", "names", "--key", "p256"],
        &["apply"],
        &["check", "certforge"],
        &["acm", "list", "--endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1,eu-west-2"],
    ] {
        let mut limited = Command::new(&setpriv);
        sandbox.isolate(&mut limited);
        // The limit is none for root.
        limited.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&prlimit);
        limited.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        let ran = support::ran(limited.arg("--nproc=1").arg(CERTFORGE).args(command).output().unwrap());
        let status = if command[0] == "acm" { 6 } else { 0 };
        assert_eq!(ran.status, status, "{command:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn an_output_never_takes_the_place_of_a_stores_own_file() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::write(sandbox.file("names"), "one.example\n").unwrap();
    let before = sandbox.snapshot();
    for command in [
        "bundle a.example --to p7b --output certforge/ca/default/ca.key --force",
        "bundle a.example --to p7b --output certforge/a.example/key.pem --force",
        "leaf --batch names --form pem --output certforge/ca/default/ca.key --force",
        "leaf --batch names --form pem --output certforge/version --force",
    ] {
        let ran = sandbox.run(command);
        assert!(ran.status != 0 && ran.stderr.contains("would be lost"), "{command}: {}", ran.stderr);
        assert_eq!(sandbox.snapshot(), before, "{command}");
    }
    // What it makes of them beside them is not theirs.
    sandbox.ok("bundle a.example --to combined");
    sandbox.ok("bundle a.example --to combined --force");
}

/// What nobody uses and nobody removed, because its program was killed.
#[test]
fn run_sweeps_away_what_killed_runs_left() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let place = sandbox.file("tmp");
    std::fs::create_dir(&place).unwrap();
    let folder = |name: &str, old: bool, mark: &str| {
        let path = place.join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(path.join("key.pem"), "a key").unwrap();
        std::fs::write(path.join(mark), "").unwrap();
        let at = SystemTime::now() - Duration::from_hours(if old { 30 } else { 3 });
        File::open(&path).unwrap().set_modified(at).unwrap();
        path
    };
    let mark = ".certforge-temporary";
    let (left, young, other, held) = (
        folder("certforge-aaaaaa", true, mark),
        folder("certforge-bbbbbb", false, mark),
        folder("another-cccccc", true, mark),
        folder("certforge-dddddd", true, mark),
    );
    let lock = File::open(held.join(mark)).unwrap();
    lock.lock().unwrap();
    // Somebody's own, a store among them.
    let named = folder("certforge-eeeeee", true, "other");
    let nested = folder("certforge-ffffff", true, mark);
    std::fs::create_dir(nested.join("ca")).unwrap();
    File::open(&nested).unwrap().set_modified(SystemTime::now() - Duration::from_hours(30)).unwrap();
    let mut command = Command::new(CERTFORGE);
    sandbox.isolate(&mut command);
    let ran = command.args(["run", "--", "true"]).env("TMPDIR", &place).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(!left.exists() && young.exists() && other.exists() && held.exists());
    assert!(named.join("key.pem").exists() && nested.join("key.pem").exists());
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 5);
}
