//! Certificates that sign themselves, made by OpenSSL with one thing or another changed.

use certforge::Certificate;

use super::{Sandbox, judge, openssl};

/// The extensions of a good leaf, by name, in OpenSSL's words.
pub const GOOD: [(&str, &str); 6] = [
    ("basicConstraints", "critical,CA:FALSE"),
    ("keyUsage", "critical,digitalSignature"),
    ("extendedKeyUsage", "serverAuth"),
    ("subjectAltName", "DNS:a.example"),
    ("subjectKeyIdentifier", "hash"),
    ("authorityKeyIdentifier", "keyid:always"),
];

/// A certificate with these extensions in place of the good ones; an empty text
/// leaves one out.
pub fn made(changes: &[(&str, &str)], subject: &str, more: &[&str]) -> Option<Certificate> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    let mut text = String::from(
        "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\n[dn]\nCN=x\n[e]\n",
    );
    let kept = GOOD.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    for (name, value) in kept.chain(changes).filter(|(_, value)| !value.is_empty()) {
        text.push_str(&[name, "=", value, "\n"].concat());
    }
    std::fs::write(sandbox.file("c.cnf"), text).unwrap();
    let mut args = vec!["req", "-x509", "-nodes", "-config", "c.cnf", "-extensions", "e", "-subj", subject];
    args.extend(["-keyout", "k.pem", "-out", "c.pem"]);
    if !more.contains(&"-newkey") {
        args.extend(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    }
    args.extend_from_slice(more);
    openssl(&args, sandbox.path())?;
    Some(Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap())
}

/// A CA with these extensions in place of [`GOOD`]'s, and a leaf that it issued with those.
/// Texts that are empty leave an extension out.
pub fn issued(
    ca: &[(&str, &str)],
    leaf: &[(&str, &str)],
    args: &[&str],
) -> Option<(Certificate, Certificate)> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    let extensions = |changes: &[(&str, &str)]| {
        let kept = GOOD.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let all = kept.chain(changes).filter(|(_, value)| !value.is_empty());
        all.map(|(name, value)| [name, "=", value, "\n"].concat()).collect::<String>()
    };
    let text = format!("[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=CA\n[e]\n{}", extensions(ca));
    std::fs::write(sandbox.file("ca.cnf"), text).unwrap();
    std::fs::write(sandbox.file("leaf.ext"), extensions(leaf)).unwrap();
    let run = |args: &[&str]| openssl(args, sandbox.path());
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let root = ["req", "-x509", "-config", "ca.cnf", "-extensions", "e", "-days", "90", "-keyout", "ca.key"];
    run(&[&root[..], &["-out", "ca.pem"], &ec].concat())?;
    run(&[&["req", "-new", "-subj", "/CN=a.example", "-keyout", "leaf.key", "-out", "leaf.csr"][..], &ec]
        .concat())?;
    let sign = ["x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    run(&[&sign[..], &["-extfile", "leaf.ext", "-out", "leaf.pem"], args].concat())?;
    let read = |file: &str| Certificate::from_pem(sandbox.read(file).as_bytes()).unwrap();
    Some((read("leaf.pem"), read("ca.pem")))
}
