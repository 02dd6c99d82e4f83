//! CAs that others made: their names survive to the byte, whatever string types
//! and repetitions they hold. OpenSSL makes the CAs and judges the leaves.

mod support;

use certforge::key::PrivateKey;
use certforge::{Authority, Certificate, Chain, LeafRequest};
use support::{Sandbox, judge, openssl, output};
use time::OffsetDateTime;

/// An OpenSSL configuration whose CA has this subject.
fn config(subject: &str, string_mask: &str) -> String {
    format!(
        "[req]\nprompt = no\ndistinguished_name = dn\nx509_extensions = ca\nstring_mask = {string_mask}\nutf8 = yes\n\
         [dn]\n{subject}\n[ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n\
         subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
    )
}

/// Makes a CA with OpenSSL, a leaf under it with certforge, and has OpenSSL verify it.
fn leaf_verifies(
    subject: &str,
    string_mask: &str,
    key_arguments: &[&str],
) -> Option<(Certificate, Certificate)> {
    let program = judge("openssl")?;
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("ca.cnf"), config(subject, string_mask)).unwrap();
    let mut make = vec![
        "req", "-x509", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-config", "ca.cnf",
    ];
    make.extend_from_slice(key_arguments);
    openssl(&make, sandbox.path())?;

    let certificate = Certificate::from_pem(sandbox.read("ca.crt").as_bytes()).unwrap();
    let key = PrivateKey::from_pem(sandbox.read("ca.key").as_bytes()).unwrap();
    let ca = Authority::load(certificate.clone(), key, &Chain::default(), OffsetDateTime::now_utc()).unwrap();
    let bundle = ca.issue(&LeafRequest::new(["10.103.10.95"]).unwrap()).unwrap();
    assert_eq!(bundle.leaf().issuer_der(), certificate.subject_der());

    std::fs::write(sandbox.file("leaf.crt"), bundle.leaf().pem().unwrap()).unwrap();
    let arguments = ["verify", "-x509_strict", "-CAfile", "ca.crt", "-verify_ip", "10.103.10.95", "leaf.crt"];
    let (ok, text) = output(&program, &arguments, sandbox.path());
    assert!(ok, "{subject}: {text}");
    Some((certificate, bundle.leaf().clone()))
}

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn repeated_attributes_survive() {
    let subject = "0.DC = com\n1.DC = example\n0.OU = A\n1.OU = B\nCN = OU CA";
    if let Some((ca, leaf)) = leaf_verifies(subject, "utf8only", P256) {
        assert_eq!(leaf.issuer(), "DC=com, DC=example, OU=A, OU=B, CN=OU CA");
        assert_eq!(ca.subject_der(), leaf.issuer_der());
    }
}

#[test]
fn several_attributes_in_one_relative_name_survive() {
    if let Some((_, leaf)) = leaf_verifies("O = Acme\n+OU = Kyoto\nCN = Joined CA", "utf8only", P256) {
        assert!(leaf.issuer().contains(" + "), "{}", leaf.issuer());
    }
}

#[test]
fn old_string_types_survive() {
    // T61String and BMPString: what OpenSSL's old default masks choose for such text.
    if let Some((_, leaf)) = leaf_verifies("O = Café Société\nCN = Teletex CA", "MASK:0x4", P256) {
        assert_eq!(leaf.issuer(), "O=Café Société, CN=Teletex CA");
    }
    if let Some((_, leaf)) = leaf_verifies("O = 株式会社\nCN = 認証局", "MASK:0x800", P256) {
        assert_eq!(leaf.issuer(), "O=株式会社, CN=認証局");
    }
    leaf_verifies("O = Acme\nCN = Printable CA", "MASK:0x2", P256);
    leaf_verifies("O = Acme\nCN = Universal CA", "MASK:0x100", P256);
}

#[test]
fn rsa_and_ed25519_cas_of_openssl_sign() {
    leaf_verifies("CN = RSA CA", "utf8only", &["-newkey", "rsa:2048"]);
    leaf_verifies("CN = Ed CA", "utf8only", &["-newkey", "ed25519"]);
    leaf_verifies("CN = P-384 CA", "utf8only", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]);
}

#[test]
fn a_ca_without_a_key_identifier_issues_too() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let text = config("CN = Bare CA", "utf8only")
        .replace("subjectKeyIdentifier = hash\n", "subjectKeyIdentifier = none\n")
        .replace("authorityKeyIdentifier = keyid\n", "authorityKeyIdentifier = none\n");
    std::fs::write(sandbox.file("ca.cnf"), text).unwrap();
    let mut make = vec!["req", "-x509", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-config", "ca.cnf"];
    make.extend_from_slice(P256);
    openssl(&make, sandbox.path());
    let certificate = Certificate::from_pem(sandbox.read("ca.crt").as_bytes()).unwrap();
    let key = PrivateKey::from_pem(sandbox.read("ca.key").as_bytes()).unwrap();
    let ca = Authority::load(certificate, key, &Chain::default(), OffsetDateTime::now_utc()).unwrap();
    let bundle = ca.issue(&LeafRequest::new(["a.example"]).unwrap()).unwrap();
    std::fs::write(sandbox.file("leaf.crt"), bundle.leaf().pem().unwrap()).unwrap();
    let (ok, text) = output(&program, &["verify", "-CAfile", "ca.crt", "leaf.crt"], sandbox.path());
    assert!(ok, "{text}");
}

#[test]
fn an_intermediate_of_openssl_issues_and_its_chain_is_complete() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let folder = sandbox.path();
    std::fs::write(sandbox.file("root.cnf"), config("CN = Root", "utf8only")).unwrap();
    std::fs::write(sandbox.file("sub.cnf"), config("CN = Issuing", "utf8only")).unwrap();
    let root = ["req", "-x509", "-nodes", "-keyout", "root.key", "-out", "root.crt", "-config", "root.cnf"];
    openssl(&[&root[..], P256].concat(), folder);
    let request = ["req", "-new", "-nodes", "-keyout", "sub.key", "-out", "sub.csr", "-config", "sub.cnf"];
    openssl(&[&request[..], P256].concat(), folder);
    let sign = [
        "x509",
        "-req",
        "-in",
        "sub.csr",
        "-CA",
        "root.crt",
        "-CAkey",
        "root.key",
        "-CAcreateserial",
        "-out",
    ];
    openssl(&[&sign[..], &["sub.crt", "-extfile", "sub.cnf", "-extensions", "ca"]].concat(), folder);

    let read = |path: &str| Certificate::from_pem(sandbox.read(path).as_bytes()).unwrap();
    let key = PrivateKey::from_pem(sandbox.read("sub.key").as_bytes()).unwrap();
    let issuers = Chain::new(vec![read("root.crt")]).unwrap();
    let ca = Authority::load(read("sub.crt"), key, &issuers, OffsetDateTime::now_utc()).unwrap();
    let bundle = ca.issue(&LeafRequest::new(["a.example"]).unwrap()).unwrap();
    assert_eq!(bundle.fullchain_pem().unwrap().matches("BEGIN").count(), 2);
    assert_eq!(bundle.chain().pem().unwrap().matches("BEGIN").count(), 2);
    std::fs::write(sandbox.file("leaf.crt"), bundle.leaf().pem().unwrap()).unwrap();
    std::fs::write(sandbox.file("chain.crt"), bundle.chain().pem().unwrap()).unwrap();
    let arguments = ["verify", "-x509_strict", "-CAfile", "root.crt", "-untrusted", "chain.crt", "leaf.crt"];
    let (ok, text) = output(&program, &arguments, folder);
    assert!(ok, "{text}");
    let e = Authority::load(
        read("sub.crt"),
        PrivateKey::from_pem(sandbox.read("sub.key").as_bytes()).unwrap(),
        &Chain::new(vec![read("sub.crt")]).unwrap(),
        OffsetDateTime::now_utc(),
    )
    .unwrap_err();
    assert_eq!(e.code(), "chain.broken");
}

/// Loads a CA that OpenSSL makes with these extensions besides the usual ones.
fn loaded(extensions: &str) -> Option<certforge::Result<Authority>> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("ca.cnf"), config("CN = Limited", "utf8only") + extensions).unwrap();
    let make = ["req", "-x509", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-config", "ca.cnf"];
    openssl(&[&make[..], P256].concat(), sandbox.path())?;
    let certificate = Certificate::from_pem(sandbox.read("ca.crt").as_bytes()).unwrap();
    let key = PrivateKey::from_pem(sandbox.read("ca.key").as_bytes()).unwrap();
    Some(Authority::load(certificate, key, &Chain::default(), OffsetDateTime::now_utc()))
}

#[test]
fn a_ca_does_not_issue_what_its_own_limits_forbid() {
    let Some(constrained) = loaded("nameConstraints = critical,permitted;DNS:corp.example\n") else { return };
    let constrained = constrained.unwrap();
    constrained.issue(&LeafRequest::new(["a.corp.example"]).unwrap()).unwrap();
    let refused = constrained.issue(&LeafRequest::new(["a.example"]).unwrap());
    assert_eq!(refused.unwrap_err().code(), "ca.constrained");
    // Limits on subjects are read too: whatever the string types and the case.
    let by_subject = "nameConstraints = critical,permitted;dirName:subtree\n[subtree]\nO = Acme Corp\n";
    let by_subject = loaded(by_subject).unwrap().unwrap();
    let leaf = |subject: &str| {
        let subject = subject.parse().unwrap();
        by_subject.issue(&LeafRequest::new(["a.example"]).unwrap().subject(subject))
    };
    leaf("/O=ACME  corp/CN=a.example").unwrap();
    assert_eq!(leaf("/O=Other/CN=a.example").unwrap_err().code(), "ca.constrained");
    assert_eq!(leaf("/CN=a.example").unwrap_err().code(), "ca.constrained");
    let client = loaded("extendedKeyUsage = clientAuth\n").unwrap().unwrap();
    let server = LeafRequest::new(["a.example"]).unwrap();
    assert_eq!(client.issue(&server).unwrap_err().code(), "ca.purpose");
    let template = certforge::Template::named("client").unwrap();
    client.issue(&server.template(template)).unwrap();
}
