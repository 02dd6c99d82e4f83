//! Bad input: one message, the right status, and nothing left behind or lost.

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};

use support::{Ran, Sandbox, judge, openssl};

/// Runs a command that must be refused, and checks that it said one thing, on
/// standard error alone, and that no file changed.
fn refused(sandbox: &Sandbox, args: &[&str], status: i32, code: &str) -> Ran {
    let before = sandbox.snapshot();
    let text = sandbox.run_args(args);
    assert_eq!(text.status, status, "{args:?}: {}", text.stderr);
    assert_eq!(text.stdout, "", "{args:?}");
    assert_eq!(text.stderr.matches("error:").count(), 1, "{args:?}: {}", text.stderr);
    assert!(!text.stderr.contains("panicked"), "{args:?}: {}", text.stderr);

    let mut with_json = args.to_vec();
    with_json.insert(0, "--json");
    let json = sandbox.run_args(&with_json);
    assert_eq!(json.status, status);
    assert_eq!(json.stdout, "", "{args:?}");
    let document: serde_json::Value =
        serde_json::from_str(&json.stderr).unwrap_or_else(|e| panic!("{args:?}: {e}: {}", json.stderr));
    assert_eq!(document["schema"], "certforge/1");
    assert_eq!(document["kind"], "error");
    assert_eq!(document["code"], code, "{args:?}: {document}");
    assert_eq!(sandbox.snapshot(), before, "{args:?} changed something");
    text
}

#[test]
fn names_that_are_none_are_refused_before_anything_is_made() {
    let sandbox = Sandbox::new();
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = format!("{}example", "abcdefghi.".repeat(25));
    for (name, code) in [
        ("https://x/", "name.url"),
        ("", "name.empty"),
        (long_name.as_str(), "name.long"),
        (long_label.as_str(), "name.long-label"),
        ("a_b.example", "name.forbidden"),
        ("a*b.example", "name.wildcard-inside"),
        ("*.com", "name.wildcard-top-level"),
        ("10.0.0.0/8", "name.cidr"),
        ("fe80::1%eth0", "name.zone"),
        ("010.0.0.1", "name.leading-zero"),
        ("::ffff:10.0.0.1", "name.mapped-ipv4"),
        ("a\nb", "name.control"),
        ("a\u{1b}[31m", "name.control"),
        ("../../x", "name.path"),
        ("a.example:443", "name.port"),
    ] {
        for command in ["leaf", "up"] {
            refused(&sandbox, &[command, name], 3, code);
            refused(&sandbox, &[command, "--cn", name], 3, code);
            refused(&sandbox, &[command, "a.example", "--san", name], 3, code);
        }
    }
    refused(&sandbox, &["leaf", "--", "-rf"], 3, "name.hyphen");
    refused(&sandbox, &["leaf", "-rf"], 2, "usage");
    let hint = refused(&sandbox, &["leaf", "--cn", "https://x/"], 3, "name.url").stderr;
    assert!(hint.contains("give the host alone"), "{hint}");
}

#[test]
fn a_name_that_is_not_ascii_becomes_an_a_label() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run_args(&["up", "例え.jp", "--key", "p256"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "certforge/xn--r8jz45g.jp\n"));
}

#[test]
fn misuse_is_status_2() {
    let sandbox = Sandbox::new();
    for args in [
        &["leaf"][..],
        &["up"],
        &["nonsense"],
        &["leaf", "a.example", "--days", "0"],
        &["leaf", "a.example", "--days", "x"],
        &["leaf", "a.example", "--days", "1", "--until", "2030-01-01"],
        &["leaf", "a.example", "--key", "dsa"],
        &["leaf", "--cn", "a.example", "--subj", "/CN=b.example"],
        &["import-acm"],
        &["up", "a.example", "--region", "us-east-1"],
        &["up", "a.example", "--tags", "a=b"],
        &["man", "nonsense"],
    ] {
        refused(&sandbox, args, 2, "usage");
    }
}

#[test]
fn requests_that_cannot_be_met_are_status_3() {
    let sandbox = Sandbox::new();
    for (args, code) in [
        (&["leaf", "a.example"][..], "store.missing"),
        (&["leaf", "a.example", "--ca", "other"], "store.missing"),
        (&["leaf", "a.example", "--ca", "../x"], "store.name"),
        (&["ca", "show"], "store.missing"),
        (&["ca", "new", "../x"], "store.name"),
        (&["ca", "new", "--cn", ""], "subject.malformed"),
        (&["ca", "new", "--subj", "/"], "subject.malformed"),
        (&["ca", "new", "--subj", "CN=x"], "subject.malformed"),
        (&["up", "a.example", "--days", "826"], "validity.too-long"),
        (&["up", "a.example", "--validity", "5q"], "validity.malformed"),
        (&["up", "a.example", "--until", "2020-01-01"], "validity.malformed"),
        (&["up", "a.example", "--template", "none"], "template.unknown"),
        (&["up", "a.example", "--template", "ca"], "template.kind"),
        (&["up", "--subj", "/CN=a.example/CN=b.example"], "subject.malformed"),
        (&["up", "a.example", "--until", "9999-12-31T23:59:59-01:00"], "validity.malformed"),
        (&["up", "a.example", "--ca", "other"], "store.missing"),
        (&["import-acm", "a.example"], "store.missing"),
    ] {
        refused(&sandbox, args, 3, code);
    }
}

#[test]
fn what_is_there_stays_unless_force_says_so() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    let text = refused(&sandbox, &["ca", "new"], 3, "store.exists").stderr;
    assert!(text.contains("--force"), "{text}");
    let text = refused(&sandbox, &["leaf", "a.example"], 3, "store.exists").stderr;
    assert!(text.contains("certforge renew a.example") && text.contains("--force"), "{text}");
    let before = sandbox.read("certforge/a.example/cert.pem");
    std::fs::write(sandbox.file("certforge/a.example/notes.txt"), "mine").unwrap();
    sandbox.ok("leaf a.example --key p256 --force");
    assert_ne!(sandbox.read("certforge/a.example/cert.pem"), before);
    assert_eq!(sandbox.read("certforge/a.example/notes.txt"), "mine");
    let issued = std::fs::read_dir(sandbox.file("certforge/ca/default/issued")).unwrap().count();
    assert_eq!(issued, 2, "both leaves stay on record");
}

#[test]
fn a_folder_that_would_be_lost_is_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::create_dir(sandbox.file("certforge/a.example/mine")).unwrap();
    // A lock file is made by the first attempt.
    sandbox.run("leaf a.example --key p256 --force");
    refused(&sandbox, &["leaf", "a.example", "--key", "p256", "--force"], 4, "file.kind");
    assert!(sandbox.file("certforge/a.example/mine").is_dir());
}

#[test]
fn a_ca_with_another_ones_key_does_not_sign() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("ca new other --key p256");
    std::fs::copy(sandbox.file("certforge/ca/other/ca.key"), sandbox.file("certforge/ca/default/ca.key"))
        .unwrap();
    refused(&sandbox, &["leaf", "a.example"], 3, "key.mismatch");
    refused(&sandbox, &["up", "a.example"], 3, "key.mismatch");
}

/// Puts a certificate made by OpenSSL in the CA's place.
fn with_openssl_ca(sandbox: &Sandbox, extra: &[&str]) -> Option<()> {
    judge("openssl")?;
    sandbox.ok("ca new --key p256");
    let mut arguments =
        vec!["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", "certforge/ca/default/ca.key"];
    arguments.extend(["-out", "certforge/ca/default/ca.pem", "-subj", "/CN=Foreign"]);
    arguments.extend_from_slice(extra);
    openssl(&arguments, sandbox.path())?;
    let key = sandbox.file("certforge/ca/default/ca.key");
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
    Some(())
}

#[test]
fn what_is_no_ca_does_not_sign() {
    let sandbox = Sandbox::new();
    if with_openssl_ca(&sandbox, &["-addext", "basicConstraints=critical,CA:FALSE"]).is_some() {
        refused(&sandbox, &["leaf", "a.example"], 3, "ca.not-a-ca");
    }
    let sandbox = Sandbox::new();
    if with_openssl_ca(&sandbox, &["-addext", "keyUsage=digitalSignature"]).is_some() {
        refused(&sandbox, &["leaf", "a.example"], 3, "ca.not-a-ca");
    }
}

#[test]
fn an_expired_ca_does_not_sign() {
    let Some(openssl) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    // `req -x509` cannot date back; `ca -selfsign` can.
    std::fs::write(
        sandbox.file("ca.cnf"),
        "[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n\
         x509_extensions=e\n[p]\ncommonName=supplied\n[e]\nbasicConstraints=critical,CA:TRUE\n\
         keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n",
    )
    .unwrap();
    std::fs::write(sandbox.file("index"), "").unwrap();
    let key = "certforge/ca/default/ca.key";
    let steps: [&[&str]; 2] = [
        &["req", "-new", "-key", key, "-subj", "/CN=Old", "-out", "old.csr"],
        &[
            "ca",
            "-config",
            "ca.cnf",
            "-batch",
            "-selfsign",
            "-keyfile",
            key,
            "-in",
            "old.csr",
            "-notext",
            "-out",
            "certforge/ca/default/ca.pem",
            "-startdate",
            "200101000000Z",
            "-enddate",
            "210101000000Z",
        ],
    ];
    for step in steps {
        let (ok, text) = support::output(&openssl, step, sandbox.path());
        assert!(ok, "{text}");
    }
    let text = refused(&sandbox, &["leaf", "a.example"], 3, "ca.not-valid").stderr;
    assert!(text.contains("2021-01-01T00:00:00Z"), "both dates: {text}");
}

#[test]
fn a_ca_key_that_others_can_read_is_not_used() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let key = sandbox.file("certforge/ca/default/ca.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let text = refused(&sandbox, &["leaf", "a.example"], 4, "file.permissions").stderr;
    assert!(text.contains("0644") && text.contains("chmod 600"), "{text}");
}

#[test]
fn damaged_files_are_named() {
    for (content, code) in [
        ("", "pem.malformed"),
        ("nonsense", "pem.malformed"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate.malformed"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.ok("ca new --key p256");
        std::fs::write(sandbox.file("certforge/ca/default/ca.pem"), content).unwrap();
        let text = refused(&sandbox, &["leaf", "a.example"], 3, code).stderr;
        assert!(text.contains("certforge/ca/default/ca.pem"), "{text}");
    }
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::remove_file(sandbox.file("certforge/ca/default/ca.key")).unwrap();
    refused(&sandbox, &["leaf", "a.example"], 4, "file.io");
}

#[test]
fn a_store_of_a_newer_form_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::write(sandbox.file("certforge/version"), "2\n").unwrap();
    refused(&sandbox, &["leaf", "a.example"], 3, "store.version");
    refused(&sandbox, &["ca", "list"], 3, "store.version");
}

#[test]
fn links_and_fifos_in_the_way_are_refused_and_their_targets_stay() {
    let victim = Sandbox::new();
    std::fs::create_dir(victim.file("v")).unwrap();
    std::fs::write(victim.file("v/key.pem"), "precious").unwrap();

    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    symlink(victim.file("v"), sandbox.file("certforge/a.example")).unwrap();
    refused(&sandbox, &["leaf", "a.example"], 4, "file.kind");
    refused(&sandbox, &["up", "a.example"], 4, "file.kind");
    let ran = sandbox.run("leaf a.example --force");
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert_eq!(victim.read("v/key.pem"), "precious");

    // A link planted inside the folder: the set replaces it and its target stays.
    sandbox.ok("leaf b.example --key p256");
    std::fs::remove_file(sandbox.file("certforge/b.example/key.pem")).unwrap();
    symlink(victim.file("v/key.pem"), sandbox.file("certforge/b.example/key.pem")).unwrap();
    sandbox.ok("leaf b.example --key p256 --force");
    assert_eq!(victim.read("v/key.pem"), "precious");
    assert!(sandbox.file("certforge/b.example/key.pem").symlink_metadata().unwrap().is_file());

    // The CA's key as a link or a fifo.
    let key = sandbox.file("certforge/ca/default/ca.key");
    std::fs::rename(&key, sandbox.file("moved.key")).unwrap();
    symlink(sandbox.file("moved.key"), &key).unwrap();
    refused(&sandbox, &["leaf", "c.example"], 4, "file.kind");
    std::fs::remove_file(&key).unwrap();
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&key).status().unwrap();
    assert!(made.success());
    refused(&sandbox, &["leaf", "c.example"], 4, "file.kind");
}

#[test]
fn files_in_place_of_folders_are_refused() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("certforge"), "").unwrap();
    assert_eq!(sandbox.run("ca new --key p256").status, 4);
    assert_eq!(sandbox.run("up a.example --key p256").status, 4);
    assert_eq!(sandbox.read("certforge"), "");
}

/// As somebody who may not write here: root may write anywhere, so these tests
/// drop to an ordinary user where they run as root.
fn as_nobody(sandbox: &Sandbox, args: &[&str]) -> Option<Ran> {
    let mut command = if rustix_is_root() {
        let setpriv = judge("setpriv")?;
        let mut command = std::process::Command::new(setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", support::CERTFORGE]);
        command
    } else {
        std::process::Command::new(support::CERTFORGE)
    };
    command.args(args).current_dir(sandbox.path()).stdin(std::process::Stdio::null());
    Some(support::ran(command.output().unwrap()))
}

fn rustix_is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

#[test]
fn a_folder_that_cannot_be_written_is_status_4() {
    // The program itself must be reachable for an ordinary user.
    let sandbox = Sandbox::new();
    let copy = sandbox.file("certforge-copy");
    std::fs::copy(support::CERTFORGE, &copy).unwrap();
    std::fs::set_permissions(sandbox.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let before = sandbox.snapshot();
    if rustix_is_root() {
        let Some(setpriv) = judge("setpriv") else { return };
        let ran = std::process::Command::new(setpriv)
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&copy)
            .args(["up", "a.example", "--key", "p256"])
            .current_dir(sandbox.path())
            .output()
            .unwrap();
        let ran = support::ran(ran);
        assert_eq!((ran.status, ran.stdout.as_str()), (4, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("certforge") && ran.stderr.contains("denied"), "{}", ran.stderr);
    } else if let Some(ran) = as_nobody(&sandbox, &["up", "a.example", "--key", "p256"]) {
        assert_eq!(ran.status, 4, "{}", ran.stderr);
    }
    assert_eq!(sandbox.snapshot(), before);
    std::fs::set_permissions(sandbox.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_full_disk_is_status_4_and_leaves_nothing() {
    // A file size limit makes every write fail as a full disk does, without a mount.
    let Some(prlimit) = judge("prlimit") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let before = sandbox.snapshot();
    let script = format!("trap '' XFSZ; exec {} up a.example --key p256", support::CERTFORGE);
    let ran = std::process::Command::new(prlimit)
        .args(["--fsize=100", "sh", "-c", &script])
        .current_dir(sandbox.path())
        .output()
        .unwrap();
    let ran = support::ran(ran);
    assert_eq!((ran.status, ran.stdout.as_str()), (4, ""), "{}", ran.stderr);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn no_umask_opens_a_key() {
    for (umask, certificate) in [("000", 0o644), ("022", 0o644), ("077", 0o600)] {
        let sandbox = Sandbox::new();
        let script = format!("umask {umask}; exec {} up a.example --key p256", support::CERTFORGE);
        let ran = std::process::Command::new("sh")
            .args(["-c", &script])
            .current_dir(sandbox.path())
            .output()
            .unwrap();
        assert!(ran.status.success());
        let mode = |path: &str| std::fs::metadata(sandbox.file(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("certforge/a.example/key.pem"), 0o600, "umask {umask}");
        assert_eq!(mode("certforge/ca/default/ca.key"), 0o600, "umask {umask}");
        assert_eq!(mode("certforge/ca/default"), 0o700, "umask {umask}");
        assert_eq!(mode("certforge/a.example/cert.pem"), certificate, "umask {umask}");
    }
}

#[test]
fn a_clock_before_2026_is_refused() {
    let Some(faketime) = judge("faketime") else { return };
    let sandbox = Sandbox::new();
    let ran = std::process::Command::new(faketime)
        .args(["2000-01-01 00:00:00", support::CERTFORGE, "up", "a.example", "--key", "p256"])
        .current_dir(sandbox.path())
        .output()
        .unwrap();
    let ran = support::ran(ran);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(sandbox.snapshot().is_empty());
}

#[cfg(not(feature = "seeded"))]
#[test]
fn a_build_to_be_released_makes_no_keys_from_a_seed() {
    let sandbox = Sandbox::new();
    let message = support::refused(&sandbox, "ca new --seed 7 --at 2030-01-01", 2, "usage");
    assert!(message.contains("unexpected argument '--seed'"), "{message}");
}

/// As where somebody unpacked the program, and runs it there.
#[test]
fn a_file_of_the_store_s_name_is_in_nobody_s_way_who_needs_no_store() {
    let sandbox = Sandbox::new();
    sandbox.ok("--dir certs up a.example --key p256");
    std::fs::write(sandbox.file("certforge"), "a program").unwrap();
    sandbox.ok("explain PKIX path building failed");
    sandbox.ok("verify certs/a.example/fullchain.pem --trust certs/a.example/ca.pem --name a.example");
    sandbox.ok("check certs/a.example/fullchain.pem --ca certs/a.example/ca.pem");
    for args in ["list", "status"] {
        support::refused(&sandbox, args, 3, "store.missing");
    }
    for args in ["up b.example", "ca new", "leaf --self-signed b.example", "csr b.example"] {
        let ran = sandbox.run(args);
        assert!(ran.status == 4 && ran.stderr.contains("--dir"), "{args}: {}", ran.stderr);
    }
    assert_eq!(sandbox.read("certforge"), "a program");
}

/// Nor is another version's store, or one that others may not look into.
#[test]
fn a_store_that_cannot_be_read_is_in_nobody_s_way_who_needs_none() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.file("certforge")).unwrap();
    std::fs::write(sandbox.file("certforge/version"), "99\n").unwrap();
    for args in ["run -- true", "fixtures bad", "explain PKIX path building failed", "template list"] {
        sandbox.ok(args);
    }
    for args in ["list", "up a.example", "serve a.example"] {
        support::refused(&sandbox, args, 3, "store.version");
    }
}
