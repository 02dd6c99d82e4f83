//! Certificates and lists whose parts cannot be read, stand twice, or are signed by what may
//! not sign them: where in the path, and in which words.

use crate::support::made::{ca_with, issued};
use crate::support::{Sandbox, json, openssl};
use certforge::Certificate;

/// The findings of a verification as `code place: message`.
fn said(sandbox: &Sandbox, args: &str) -> Vec<String> {
    let document = json(&sandbox.run(&format!("verify {args} --json")).stdout);
    let text = |f: &serde_json::Value, key: &str| f[key].as_str().unwrap().to_owned();
    let line =
        |f: &serde_json::Value| format!("{} {}: {}", text(f, "code"), text(f, "place"), text(f, "message"));
    document["findings"].as_array().unwrap().iter().map(line).collect()
}

fn put(sandbox: &Sandbox, file: &str, certificate: &Certificate) {
    std::fs::write(sandbox.file(file), certificate.pem().unwrap()).unwrap();
}

#[test]
fn an_extension_that_cannot_be_read_is_told_where_it_stands() {
    let broken = [("keyUsage", "critical,DER:05:00")];
    for (ca, leaf, place) in
        [(ca_with(&[]), &broken[..], "leaf"), (ca_with(&broken), &[][..], "trust anchor")]
    {
        let Some((leaf, ca)) = issued(&ca, leaf, &[]) else { return };
        let sandbox = Sandbox::new();
        put(&sandbox, "leaf.pem", &leaf);
        put(&sandbox, "ca.pem", &ca);
        let found = said(&sandbox, "leaf.pem --trust ca.pem");
        assert!(
            found.iter().any(|line| line.starts_with(&format!("path.malformed {place}: "))),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn a_list_is_signed_by_who_may_sign_lists_and_says_nothing_that_is_not_known() {
    let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n";
    for (usage, more, code) in [
        ("critical,keyCertSign,cRLSign", "", None),
        ("critical,keyCertSign", "", Some("path.list-signer")),
        ("critical,keyCertSign,cRLSign", "1.2.3.4=critical,DER:05:00\n", Some("path.list-part")),
    ] {
        let sandbox = Sandbox::new();
        let make = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
        let ca = format!(
            "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=CA\n[c]\nbasicConstraints=critical,CA:TRUE\nkeyUsage={usage}\nsubjectKeyIdentifier=hash\n[l]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:a.example\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        );
        std::fs::write(sandbox.file("c.cnf"), ca).unwrap();
        std::fs::write(sandbox.file("l.cnf"), format!("{config}{more}")).unwrap();
        std::fs::write(sandbox.file("index"), "").unwrap();
        std::fs::write(sandbox.file("number"), "01\n").unwrap();
        let ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config c.cnf -days 90";
        let Some(_) = make(&format!("req -x509 {ec} -extensions c -keyout ca.key -out ca.pem")) else {
            return;
        };
        make(&format!(
            "req -x509 {ec} -extensions l -CA ca.pem -CAkey ca.key -subj /CN=a.example -keyout k.pem -out leaf.pem"
        ));
        make("ca -gencrl -config l.cnf -keyfile ca.key -cert ca.pem -out list.pem");
        let found = said(&sandbox, "leaf.pem --trust ca.pem --crl list.pem");
        let of_list: Vec<&String> = found.iter().filter(|line| line.starts_with("path.list")).collect();
        match code {
            None => assert!(of_list.is_empty(), "{found:?}"),
            Some(code) => assert!(of_list.iter().any(|line| line.starts_with(code)), "{code}: {found:?}"),
        }
        if !more.is_empty() {
            assert!(of_list[0].contains("1.2.3.4, which is not known"), "{found:?}");
        }
    }
}
