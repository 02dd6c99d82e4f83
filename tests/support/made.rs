//! Certificates that OpenSSL makes with one thing or another changed, and CAs of our own.

use certforge::{Authority, CaRequest, Certificate, KeyAlgorithm, PrivateKey};
use time::OffsetDateTime;

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

/// Lines of a configuration: these extensions in place of [`GOOD`]'s; an empty text leaves one out.
fn extensions(changes: &[(&str, &str)]) -> String {
    let kept = GOOD.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    let all = kept.chain(changes).filter(|(_, value)| !value.is_empty());
    all.map(|(name, value)| [name, "=", value, "\n"].concat()).collect()
}

/// A certificate with these extensions in place of the good ones; an empty text
/// leaves one out.
pub fn made(changes: &[(&str, &str)], subject: &str, more: &[&str]) -> Option<Certificate> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    let mut text = String::from(
        "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\n[dn]\nCN=x\n[e]\n",
    );
    text.push_str(&extensions(changes));
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

/// The extensions of a CA, with these in place of the good ones.
pub fn ca_with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("basicConstraints", "critical,CA:TRUE"),
        ("keyUsage", "critical,keyCertSign,cRLSign"),
        ("extendedKeyUsage", ""),
        ("subjectAltName", ""),
    ];
    let kept = good.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes.iter().copied()).collect()
}

/// A root with a key that is quickly made.
pub fn authority(name: &str) -> Authority {
    let plan = CaRequest::new(name).unwrap().plan(OffsetDateTime::now_utc()).unwrap();
    Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap()
}

/// CAs below each other, the root first; none has a limit.
pub fn ladder(cas: usize) -> Vec<Authority> {
    let now = OffsetDateTime::now_utc();
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let request = |i: usize| CaRequest::new(&format!("CA {i}")).unwrap().path_length(None);
    let mut all = vec![Authority::create(&request(0).plan(now).unwrap(), key()).unwrap()];
    for i in 1..cas {
        let above = &all[i - 1];
        let plan = request(i).plan(now).unwrap().within(above.validity());
        all.push(above.create_under(&plan, key()).unwrap());
    }
    all
}
