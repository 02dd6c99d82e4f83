//! Where the store is and what stands there already: links, hard links, devices, folders
//! that are swapped meanwhile, read-only mounts, odd paths; and names and clocks that lead
//! astray.

mod support;

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{CERTFORGE, Sandbox, judge};

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// Names that lead out, hide, collide or say something else to a shell: a thousand.
fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "../../x",
        "/etc/x",
        "..",
        ".",
        "*",
        "*.example.com",
        "例え.jp",
        "CON",
        "NUL.txt",
        "a/b",
        "-rf",
        "--help",
        "a\0b",
        "a\nb",
        "a\\b",
        "$(id)",
        "`id`",
        "a;b",
        "a|b",
        "~root",
        "%2e%2e%2f",
        "..%2fx",
        "…",
        "a b",
        "",
        " ",
        "\u{202e}moc",
        "a\u{200b}b",
        "version",
        "ca",
        "csr",
        "archive",
        ".lock",
        ".tmp",
        "aux",
        "com1.x",
        "email:../../x@a.example",
        "uri:file:///etc/passwd",
        "uri:../x",
        "[::1]",
        "::1",
        "fe80::1%lo",
        "0x7f.1",
        "127.1",
        "1.2.3.4.5",
        "010.1.1.1",
        "a..b",
        ".a",
        "a.",
        "a.-b",
        "-a.b",
        "a_b.c",
        "xn--",
        "xn--a",
        "é.example",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("a".repeat(253));
    names.push(format!("{}.{}", "a".repeat(63), "b".repeat(63)));
    names.push(format!("{}.example", "é".repeat(60)));
    let parts = [
        "..",
        "/",
        "a",
        "b.example",
        "*",
        ".",
        "-",
        "\u{2f}",
        "%00",
        "CON",
        "例",
        "\u{7f}",
        "@",
        ":",
        "uri:",
    ];
    let mut n: usize = 1;
    while names.len() < 1000 {
        // A fixed walk over combinations.
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = |shift: usize| parts[(n >> shift) % parts.len()];
        names.push(format!("{}{}{}{}", pick(13), pick(23), pick(33), pick(43)));
    }
    names
}

#[test]
fn a_thousand_hostile_names_stay_in_the_store() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::create_dir(sandbox.file("victim")).unwrap();
    // In a file, for most of them cannot be arguments of one command.
    let names = hostile_names();
    let mut once = std::collections::BTreeSet::new();
    let is_new =
        |name: &&String| name.parse::<certforge::San>().is_ok_and(|san| once.insert(san.to_string()));
    let taken: Vec<&String> = names.iter().filter(is_new).collect();
    assert!(taken.len() > 20 && taken.len() < 900, "{} of {} are names", taken.len(), names.len());
    for (i, name) in names.iter().enumerate() {
        // What is none is refused in both spellings, without leaving anything behind.
        if name.contains('\0') || (name.parse::<certforge::San>().is_ok() && i % 10 != 0) {
            continue;
        }
        let ran = sandbox.run_args(&["leaf", "--key", "p256", "--cn", name]);
        assert!(matches!(ran.status, 0 | 2 | 3), "{name:?}: {} {}", ran.status, ran.stderr);
        assert!(!ran.stderr.contains('\u{202e}') && !ran.stderr.contains('\u{7f}'), "{name:?}");
    }
    let lines: Vec<&str> = taken.iter().map(|name| name.as_str()).collect();
    std::fs::write(sandbox.file("names"), lines.join("\n")).unwrap();
    let ran = sandbox.run_args(&["leaf", "--key", "p256", "--batch", "names", "--skip-existing"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let alphabet = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let mut folders = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(sandbox.file("certforge")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if [".tmp", ".lock", "ca", "version"].contains(&name.as_str()) {
            continue;
        }
        assert!(name.bytes().all(alphabet) && !name.starts_with(['.', '-']) && name.len() <= 101, "{name}");
        assert!(folders.insert(name.to_lowercase()), "{name} is there twice on other file systems");
    }
    assert!(folders.len() > 20, "{folders:?}");
    let mut outside: Vec<_> =
        std::fs::read_dir(sandbox.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    outside.sort();
    assert_eq!(outside, ["certforge", "names", "victim"]);
    assert_eq!(std::fs::read_dir(sandbox.file("victim")).unwrap().count(), 0);
}

#[test]
fn a_hard_link_in_the_way_is_replaced_and_its_other_name_stays() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let key = sandbox.file("certforge/a.internal/key.pem");
    std::fs::write(sandbox.file("victim"), "precious").unwrap();
    std::fs::remove_file(&key).unwrap();
    std::fs::hard_link(sandbox.file("victim"), &key).unwrap();
    sandbox.ok("leaf a.internal --key p256 --force");
    assert_eq!(sandbox.read("victim"), "precious");
    assert_eq!(std::fs::metadata(&key).unwrap().nlink(), 1);
    assert_eq!(std::fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn devices_and_sockets_are_no_keys_and_no_outputs() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.file("socket")).unwrap();
    for place in ["socket", "/dev/null", "/dev/full", "/dev/tty"] {
        let ran = sandbox.run(&format!("bundle a.internal --to combined --force --output {place}"));
        assert!(matches!(ran.status, 3 | 4), "{place}: {} {}", ran.status, ran.stderr);
    }
    for device in ["/dev/null", "/dev/full"] {
        use std::os::unix::fs::FileTypeExt;
        assert!(std::fs::metadata(device).unwrap().file_type().is_char_device(), "{device} was replaced");
    }
    std::fs::remove_file(sandbox.file("certforge/a.internal/key.pem")).unwrap();
    symlink("/dev/zero", sandbox.file("certforge/a.internal/key.pem")).unwrap();
    assert_eq!(sandbox.run("bundle a.internal --to combined").status, 4);
    assert_ne!(sandbox.run("check /dev/zero").status, 0);
}

#[test]
fn a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere() {
    let victim = Sandbox::new();
    std::fs::create_dir(victim.file("v")).unwrap();
    std::fs::write(victim.file("v/key.pem"), "precious").unwrap();
    std::fs::write(victim.file("v/cert.pem"), "precious").unwrap();
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let (place, aside) = (sandbox.file("certforge/a.internal"), sandbox.file("certforge/.aside"));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Folder, link, folder, link, for as long as certforge works on it.
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                if std::fs::rename(&place, &aside).is_ok() {
                    let _ = symlink(victim.file("v"), &place);
                    let _ = std::fs::remove_file(&place);
                    let _ = std::fs::rename(&aside, &place);
                }
            }
        });
        for _ in 0..60 {
            let ran = sandbox.run("leaf a.internal --key p256 --force");
            assert!(matches!(ran.status, 0 | 3 | 4), "{} {}", ran.status, ran.stderr);
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    assert_eq!(victim.read("v/key.pem"), "precious");
    assert_eq!(victim.read("v/cert.pem"), "precious");
    assert_eq!(std::fs::read_dir(victim.file("v")).unwrap().count(), 2, "nothing was put there");
}

#[test]
fn a_read_only_mount_is_status_4_and_names_the_path() {
    if !is_root() {
        eprintln!("SKIPPED: only root can mount");
        return;
    }
    let Some(unshare) = judge("unshare") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let before = sandbox.snapshot();
    for args in
        ["leaf b.internal --key p256", "up a.internal --key p256 --days 9", "ca new other", "crl", "list"]
    {
        let script = format!(
            "mount --bind certforge certforge && mount -o remount,ro,bind certforge && exec {CERTFORGE} {args}"
        );
        let mut command = Command::new(&unshare);
        sandbox.isolate(&mut command);
        let ran = support::ran(command.args(["-m", "sh", "-c", &script]).output().unwrap());
        if ran.stderr.contains("permission denied") || ran.stderr.contains("Operation not permitted") {
            assert!(!support::is_ci() || Path::new("/.dockerenv").exists(), "{}", ran.stderr);
            eprintln!("SKIPPED: no mounts here");
            return;
        }
        assert_eq!(ran.status, if args == "list" { 0 } else { 4 }, "{args}: {}", ran.stderr);
        assert!(args == "list" || ran.stderr.contains("certforge/"), "{args}: {}", ran.stderr);
        assert_eq!(sandbox.snapshot(), before, "{args}");
    }
}

#[test]
fn an_error_names_where_something_was_to_go() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    for args in ["fixtures missing/f", "bundle a.internal --to combined --output missing/f"] {
        let ran = sandbox.run(args);
        assert_eq!(ran.status, 4, "{args}: {}", ran.stderr);
        assert!(ran.stderr.contains("missing/f") && !ran.stderr.contains(".tmp"), "{args}: {}", ran.stderr);
    }
}

#[test]
fn the_store_can_be_at_any_path() {
    let sandbox = Sandbox::new();
    let long: String = std::iter::repeat_n(format!("/{}", "d".repeat(200)), 18).collect();
    let deep = format!("deep{long}");
    assert!(deep.len() > 3_600);
    std::fs::create_dir_all(sandbox.file("with space/ünïcode/'quoted\"")).unwrap();
    std::fs::create_dir_all(sandbox.file("-rf")).unwrap();
    std::fs::create_dir_all(sandbox.file(&deep)).unwrap();
    for dir in
        ["with space/ünïcode/'quoted\"/store", "./-rf/store", "new/folders/are made", &format!("{deep}/s")]
    {
        for args in [
            &["up", "a.internal", "--key", "p256"][..],
            &["leaf", "a.internal", "--key", "p256", "--force"],
            &["renew", "a.internal"],
            &["bundle", "a.internal", "--to", "combined"],
            &["revoke", "a.internal"],
            &["crl"],
            &["list"],
        ] {
            let ran = sandbox.run_args(&[&["--dir", dir], args].concat());
            assert_eq!(ran.status, 0, "{}… {args:?}: {}", &dir[..dir.len().min(40)], ran.stderr);
        }
    }
    // Longer than the system takes: told, not half done.
    let longest = format!("{deep}/{}", "e/".repeat(300));
    let ran = sandbox.run_args(&["--dir", &longest, "up", "a.internal", "--key", "p256"]);
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("too long"), "{}", ran.stderr);
}

#[test]
fn years_to_come_are_written_as_they_must_be() {
    let (Some(faketime), Some(_)) = (judge("faketime"), judge("openssl")) else { return };
    for (when, days, generalized) in [
        ("2049-12-31 23:30:00", "30", true),
        ("2049-12-30 00:00:00", "1", false),
        ("2100-02-28 12:00:00", "90", true),
        ("2038-01-19 03:14:08", "90", false),
    ] {
        let sandbox = Sandbox::new();
        let run = |args: &str| {
            let mut command = Command::new(&faketime);
            sandbox.isolate(&mut command);
            command.args([when, CERTFORGE]).args(args.split(' ')).stdin(Stdio::null());
            let ran = support::ran(command.output().unwrap());
            assert_eq!(ran.status, 0, "{when}: {args}: {}", ran.stderr);
            ran.stdout
        };
        run(&format!("up a.internal --key p256 --days {days}"));
        run(
            "verify certforge/a.internal/fullchain.pem --trust certforge/ca/default/ca.pem --strict --name a.internal",
        );
        run("status --within 12h");
        run("renew a.internal");
        run("crl");
        let text =
            support::openssl(&["asn1parse", "-in", "certforge/a.internal/cert.pem"], sandbox.path()).unwrap();
        let end = text.lines().filter(|line| line.contains("TIME")).nth(1).unwrap();
        assert_eq!(end.contains("GENERALIZEDTIME"), generalized, "{when}: {end}");
        let times: Vec<&str> = text.lines().filter(|line| line.contains("TIME")).collect();
        // RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on, in seconds, with Z.
        for line in times {
            let value = line.rsplit(':').next().unwrap().trim();
            let length = if line.contains("UTCTIME") { 13 } else { 15 };
            assert!(value.len() == length && value.ends_with('Z'), "{line}");
            assert!(
                !line.contains("GENERALIZEDTIME") || value[..4].parse::<u32>().unwrap() >= 2050,
                "{line}"
            );
        }
    }
}

#[test]
fn a_leaf_that_is_renewed_meanwhile_is_read_as_one_set() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let mut renewing = sandbox.command(["-q", "renew", "a.example"]);
    std::thread::scope(|scope| {
        let done = scope.spawn(move || {
            for _ in 0..25 {
                assert!(renewing.output().unwrap().status.success());
            }
        });
        while !done.is_finished() {
            let read = sandbox.run("bundle a.example --to combined --output out.pem --force");
            assert_eq!(read.status, 0, "{}", read.stderr);
        }
    });
}
