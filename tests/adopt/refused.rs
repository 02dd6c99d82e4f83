//! What is no CA, what is one in an old form, and what is here already.

use std::process::Command;

use super::support::{self, Sandbox, json, judge, openssl};
use super::{codes, issues_after_renewal, shell};

#[test]
fn a_key_in_the_old_encrypted_form_gets_the_line_that_converts_it() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("pass"), "old-secret\nold-secret\n").unwrap();
    let script = "mkdir old; openssl ecparam -name prime256v1 -genkey -noout -out k
openssl req -x509 -key k -out old/ca.crt -days 30 -subj '/CN=step root'
openssl ec -in k -aes256 -out old/ca_key -passout file:pass; grep -q Proc-Type old/ca_key";
    shell(&sandbox, script);
    let refused = sandbox.run("ca adopt old");
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    let line = "openssl pkcs8 -topk8 -in 'old/ca_key' -out 'old/ca_key.pk8'";
    assert!(refused.stderr.contains(line), "{}", refused.stderr);
    shell(&sandbox, &format!("{line} -passin file:pass -passout file:pass"));
    sandbox.ok("ca adopt old --passphrase-file pass");
    issues_after_renewal(&sandbox, "default", " --passphrase-file pass");
}

#[test]
fn what_is_no_ca_is_refused_and_nothing_is_made() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let script = "mkdir empty v1 leaf lost
openssl genrsa -out v1/k.pem 2048; openssl req -new -key v1/k.pem -subj /CN=10.0.0.1 | openssl x509 -req -signkey v1/k.pem -out v1/c.pem
openssl req -x509 -newkey rsa:2048 -nodes -keyout lost/k.pem -out lost/c.pem -subj /CN=x; openssl genrsa -out lost/k.pem 2048
openssl req -x509 -newkey rsa:2048 -nodes -keyout leaf/k.pem -out leaf/c.pem -subj /CN=x -addext basicConstraints=critical,CA:FALSE";
    shell(&sandbox, script);
    for (path, part) in [
        ("empty", "none is a CA's"),
        ("v1", "version 1"),
        ("leaf", "none is a CA's"),
        ("lost", "none fit together"),
        ("lost/c.pem", "no private key"),
    ] {
        let before = sandbox.snapshot();
        let ran = sandbox.run(&format!("ca adopt {path} --json"));
        assert_eq!(ran.status, 3, "{path}: {}", ran.stderr);
        let document = json(&ran.stderr);
        assert_eq!(document["code"], "ca.none-found");
        assert!(document["message"].as_str().unwrap().contains(part), "{path}: {document}");
        assert_eq!(sandbox.snapshot(), before);
    }
    assert_eq!(sandbox.run("ca adopt none").status, 4);
    sandbox.ok("ca new --key p256");
    let before = sandbox.snapshot();
    shell(&sandbox, "cp -r certforge/ca/default copied");
    let ran = sandbox.run("ca adopt copied");
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "certforge/ca/default\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("unchanged"), "{}", ran.stderr);
    let other = sandbox.run("ca adopt copied office");
    assert!(other.status == 2 && other.stderr.contains("is here already, as default"), "{}", other.stderr);
    std::fs::remove_dir_all(sandbox.file("copied")).unwrap();
    std::fs::remove_file(sandbox.file("certforge/.lock")).unwrap();
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_ca_that_has_ended_is_taken_over_and_can_be_renewed() {
    let Some(faketime) = judge("faketime") else { return };
    let sandbox = Sandbox::new();
    if judge("openssl").is_none() {
        return;
    }
    let args = "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 5 -subj /CN=old";
    openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
    let later = |args: &str| {
        let mut command = Command::new(&faketime);
        command.args(["-f", "+10d", support::CERTFORGE]).args(args.split_whitespace());
        sandbox.isolate(&mut command);
        support::ran(command.output().unwrap())
    };
    let adopted = later("ca adopt ca.pem --private-key ca.key --json");
    assert_eq!(adopted.status, 0, "{}", adopted.stderr);
    assert!(codes(&json(&adopted.stdout)).contains(&"ca.ended"), "{}", adopted.stdout);
    assert_eq!(later("leaf a.example").status, 3);
    assert_eq!(later("ca renew").status, 0);
    assert_eq!(later("leaf a.example --key p256").status, 0);
}

#[test]
fn what_is_here_keeps_its_name_and_what_is_new_gets_a_free_one() {
    let sandbox = Sandbox::new();
    let Some(_) = judge("openssl") else { return };
    std::fs::create_dir(sandbox.file("d")).unwrap();
    let root = |name: &str| {
        let (subject, key, file) = (format!("/CN={name}"), format!("d/{name}.key"), format!("d/{name}.pem"));
        let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "900"];
        let args = [&["req", "-x509", "-subj", &subject, "-keyout", &key, "-out", &file][..], &ec].concat();
        support::openssl(&args, sandbox.path());
    };
    root("m");
    sandbox.ok("ca adopt d");
    // Another one, which comes before it in the folder.
    root("a");
    let again = json(&sandbox.ok("ca adopt d --json").stdout);
    let mut names: Vec<&str> =
        again["authorities"].as_array().unwrap().iter().map(|ca| ca["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["default", "default-2"], "{again}");
    let subject = |name: &str| json(&sandbox.ok(&format!("ca show {name} --json")).stdout)["subject"].clone();
    assert_eq!((subject("default"), subject("default-2")), ("CN=m".into(), "CN=a".into()));
    // And once more nothing changes.
    let before = sandbox.snapshot();
    sandbox.ok("ca adopt d");
    assert_eq!(sandbox.snapshot(), before);
    // Under a name that was asked for it is refused: it has one.
    let refused = sandbox.run("ca adopt d/m.pem --private-key d/m.key other");
    assert_eq!(refused.status, 2, "{}", refused.stderr);
}
