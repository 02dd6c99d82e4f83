//! The form of the directory: a newer one is left alone, an older one brought up to date
//! before anything is written.

mod support;

use support::{Sandbox, refused};

/// A store as it was before it said its form: no version, no records, as from a backup of
/// the certificates and keys alone.
fn without_form(sandbox: &Sandbox) {
    sandbox.ok("ca new --key p256");
    sandbox.ok("ca new below --under default --key p256");
    sandbox.ok("leaf a.internal --key p256 --ca default");
    sandbox.ok("leaf b.internal --key p256 --ca below");
    sandbox.ok("leaf c.internal --key p256 --self-signed");
    for gone in ["ca/default/issued", "ca/below/issued", ".tmp"] {
        std::fs::remove_dir_all(sandbox.file("certforge").join(gone)).unwrap();
    }
    for gone in ["version", ".lock"] {
        let _ = std::fs::remove_file(sandbox.file("certforge").join(gone));
    }
}

fn issued(sandbox: &Sandbox, ca: &str) -> usize {
    std::fs::read_dir(sandbox.file(&format!("certforge/ca/{ca}/issued"))).map_or(0, Iterator::count)
}

#[test]
fn an_older_form_is_brought_up_to_date_by_the_first_that_writes() {
    let sandbox = Sandbox::new();
    without_form(&sandbox);
    // Who reads changes nothing.
    let before = sandbox.snapshot();
    assert_eq!(sandbox.ok("list").stdout.lines().count(), 3);
    sandbox.ok("ca list");
    assert_eq!(sandbox.snapshot(), before);

    sandbox.ok("leaf d.internal --key p256 --ca default");
    assert_eq!(sandbox.read("certforge/version"), "1\n");
    // default: the CA below it, a.internal and d.internal; below: b.internal.
    assert_eq!((issued(&sandbox, "default"), issued(&sandbox, "below")), (3, 1));
    // What was issued before can be taken back and renewed.
    sandbox.ok("revoke a.internal");
    sandbox.ok("renew b.internal");
    assert_eq!(issued(&sandbox, "below"), 2);
}

#[test]
fn many_bring_it_up_to_date_at_once() {
    let sandbox = Sandbox::new();
    without_form(&sandbox);
    let start = |i: usize| {
        let args = format!("leaf h{i}.internal --key p256 --ca default");
        sandbox.command(args.split(' ')).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = (0..12).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!((issued(&sandbox, "default"), issued(&sandbox, "below")), (14, 1));
}

#[test]
fn what_stops_halfway_goes_on_the_next_time() {
    let sandbox = Sandbox::new();
    without_form(&sandbox);
    // A leaf that cannot be read stops it before the form is said to be another.
    let leaf = sandbox.read("certforge/b.internal/cert.pem");
    std::fs::write(sandbox.file("certforge/b.internal/cert.pem"), "nonsense").unwrap();
    let ran = sandbox.run("leaf d.internal --key p256 --ca default");
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("b.internal/cert.pem"), "{}", ran.stderr);
    assert!(!sandbox.file("certforge/version").exists() && !sandbox.file("certforge/d.internal").exists());
    std::fs::write(sandbox.file("certforge/b.internal/cert.pem"), leaf).unwrap();
    sandbox.ok("leaf d.internal --key p256 --ca default");
    assert_eq!((issued(&sandbox, "default"), issued(&sandbox, "below")), (3, 1));
}

#[test]
fn a_newer_form_is_left_alone_by_every_command() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    for version in ["2\n", "1.5\n", "nonsense\n", ""] {
        std::fs::write(sandbox.file("certforge/version"), version).unwrap();
        for args in [
            "leaf b.internal",
            "up a.internal",
            "list",
            "status",
            "ca list",
            "ca new other",
            "renew --due",
            "revoke a.internal",
            "crl",
            "prune",
            "apply -f none.toml",
            "bundle a.internal --to combined",
            "csr b.internal",
        ] {
            let message = refused(&sandbox, args, 3, "store.version");
            assert!(message.contains("certforge/version"), "{args}: {message}");
        }
    }
}
