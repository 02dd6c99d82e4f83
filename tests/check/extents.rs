//! Revocation lists of a part of their issuer's certificates (RFC 5280 §5.2.5): what `verify`
//! makes of each is what OpenSSL makes of it.

use crate::support::{Sandbox, json, judge, openssl, output};

const POINT: &str = "crlDistributionPoints=URI:http://crl.example/a.crl";
const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                    extendedKeyUsage=serverAuth\nsubjectAltName=DNS:a.example\n";
const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
const IDS: &str = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// What the certificates are called, and their serial numbers.
const MADE: [(&str, &str); 4] = [("plain", "0101"), ("pointed", "0102"), ("other", "0103"), ("sub", "0104")];

/// A CA of OpenSSL's, and what it issued: certificates without a distribution point, with one,
/// with that of another CA's list, and a CA's.
fn works() -> Option<Sandbox> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    let run = |line: &str| openssl(&line.split_whitespace().collect::<Vec<_>>(), sandbox.path());
    let write = |name: &str, text: String| std::fs::write(sandbox.file(name), text).unwrap();
    let ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    write("ca.cnf", format!("[req]\ndistinguished_name=dn\n[dn]\n[v3]\n{CA}subjectKeyIdentifier=hash\n"));
    run(&format!(
        "req -x509 {ec} -keyout ca.key -subj /CN=root -days 90 -config ca.cnf -extensions v3 -out ca.pem"
    ));
    for (name, serial) in MADE {
        let extensions = match name {
            "plain" => LEAF.to_owned(),
            "pointed" => format!("{LEAF}{POINT}\n"),
            "other" => format!(
                "{LEAF}crlDistributionPoints=p\n[p]\nfullname=URI:http://crl.example/a.crl\nCRLissuer=dirName:i\n[i]\nCN=another\n"
            ),
            _ => CA.to_owned(),
        };
        write(&format!("{name}.ext"), format!("{IDS}{extensions}"));
        run(&format!("req -new {ec} -keyout {name}.key -subj /CN={name} -out {name}.csr"));
        run(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 60 -extfile {name}.ext -set_serial 0x{serial} -out {name}.pem"
        ));
    }
    write("number", "01\n".to_owned());
    Some(sandbox)
}

/// Makes a list with these extensions that takes back these serial numbers.
fn list(sandbox: &Sandbox, file: &str, extensions: &str, revoked: &[(&str, &str)]) {
    let line = |(serial, reason): &(&str, &str)| {
        format!("R\t301231235959Z\t250101000000Z{reason}\t{serial}\tunknown\t/CN=x\n")
    };
    let index: Vec<String> = revoked.iter().map(line).collect();
    std::fs::write(sandbox.file("index"), index.concat()).unwrap();
    let config = format!(
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=9\n\
         crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n{extensions}"
    );
    std::fs::write(sandbox.file("crl.cnf"), config).unwrap();
    let line = format!("ca -gencrl -config crl.cnf -keyfile ca.key -cert ca.pem -out {file}");
    openssl(&line.split(' ').collect::<Vec<_>>(), sandbox.path());
}

/// The codes of the errors that `verify` has, with the lists in these files.
fn errors(sandbox: &Sandbox, name: &str, files: &[&str]) -> Vec<String> {
    let lists = files.join(" --crl ");
    let ran = sandbox.run(&format!("verify {name}.pem --trust ca.pem --crl {lists} --json"));
    let document = json(&ran.stdout);
    let found = document["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error");
    let codes: Vec<String> = found.map(|f| f["code"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ran.status, i32::from(!codes.is_empty()), "{document}");
    codes
}

#[test]
fn a_list_tells_of_the_certificates_that_it_says_it_tells_of() {
    let (Some(sandbox), Some(program)) = (works(), judge("openssl")) else { return };
    let point = "fullname=URI:http://crl.example/a.crl\n";
    for (says, told) in [
        ("", ["plain", "pointed", "other", "sub"].as_slice()),
        ("onlyuser=TRUE\n", &["plain", "pointed", "other"]),
        ("onlyCA=TRUE\n", &["sub"]),
        ("onlyAA=TRUE\n", &[]),
        (point, &["pointed"]),
        ("fullname=URI:http://crl.example/b.crl,URI:http://crl.example/a.crl\n", &["pointed"]),
        ("fullname=URI:http://crl.example/b.crl\n", &[]),
        ("fullname=dirName:n\n[n]\nCN=another\n", &[]),
        ("relativename=n\n[n]\nCN=another\n", &[]),
        (&format!("onlyuser=TRUE\n{point}"), &["pointed"]),
        (&format!("onlyCA=TRUE\n{point}"), &[]),
        ("indirectCRL=TRUE\n", &[]),
        ("onlysomereasons=keyCompromise\n", &[]),
    ] {
        let extensions = match says {
            "" => String::new(),
            says => format!("issuingDistributionPoint=critical,@p\n[p]\n{says}"),
        };
        for revoked in [false, true] {
            let serials: Vec<_> = MADE.iter().filter(|_| revoked).map(|(_, serial)| (*serial, "")).collect();
            list(&sandbox, "crl.pem", &extensions, &serials);
            for (name, _) in MADE {
                let is_told = told.contains(&name);
                let args = ["verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem"];
                let (good, text) =
                    output(&program, &[&args[..], &[&format!("{name}.pem")]].concat(), sandbox.path());
                assert_eq!(good, is_told && !revoked, "{name}, {says}: {text}");
                let found = errors(&sandbox, name, &["crl.pem"]);
                assert_eq!(
                    found.contains(&"path.list-part".to_owned()),
                    !is_told,
                    "{name}, {says}: {found:?}"
                );
                assert_eq!(found.contains(&"path.revoked".to_owned()), revoked, "{name}, {says}: {found:?}");
            }
        }
    }
}

#[test]
fn of_several_lists_the_one_that_tells_of_it_counts() {
    let Some(sandbox) = works() else { return };
    let scope = |says: &str| format!("issuingDistributionPoint=critical,@p\n[p]\n{says}");
    list(&sandbox, "users.pem", &scope("onlyuser=TRUE\n"), &[]);
    list(&sandbox, "authorities.pem", &scope("onlyCA=TRUE\n"), &[]);
    for name in ["pointed", "sub"] {
        assert!(errors(&sandbox, name, &["users.pem", "authorities.pem"]).is_empty(), "{name}");
        assert!(errors(&sandbox, name, &["authorities.pem", "users.pem"]).is_empty(), "{name}");
    }
    // A delta is no list of its own; beside one it tells what is new.
    let delta = "2.5.29.27=critical,DER:020101\n";
    list(&sandbox, "delta.pem", delta, &[("0102", ",keyCompromise")]);
    assert_eq!(errors(&sandbox, "pointed", &["delta.pem", "users.pem"]), ["path.revoked"]);
    assert!(errors(&sandbox, "plain", &["delta.pem", "users.pem"]).is_empty());
    list(&sandbox, "delta.pem", delta, &[("0102", ",removeFromCRL")]);
    assert!(errors(&sandbox, "pointed", &["delta.pem", "users.pem"]).is_empty());
    assert_eq!(errors(&sandbox, "pointed", &["delta.pem"]), ["path.list-part"]);
}

#[test]
fn what_a_list_tells_of_is_said() {
    let Some(sandbox) = works() else { return };
    for (extensions, words) in [
        ("issuingDistributionPoint=critical,@p\n[p]\nonlyCA=TRUE\n", "of CAs' certificates alone"),
        ("issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE\n", "of certificates that are no CA's"),
        (
            "issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://crl.example/a.crl\n",
            "name the distribution point http://crl.example/a.crl",
        ),
        ("issuingDistributionPoint=critical,@p\n[p]\nindirectCRL=TRUE\n", "an indirect list"),
        ("2.5.29.28=critical,DER:0500\n", "cannot be read"),
        ("2.5.29.27=critical,DER:020101\n", "it is a delta list"),
        ("2.5.29.20=critical,DER:020101\n", "the critical extension 2.5.29.20"),
        (
            "issuingDistributionPoint=critical,@p\n2.5.29.28=critical,DER:30038101FF\n[p]\nonlyCA=TRUE\n",
            "the extension 2.5.29.28 twice",
        ),
        ("1.2.3.4=critical,DER:0500\n", "the critical extension 1.2.3.4"),
    ] {
        list(&sandbox, "crl.pem", extensions, &[]);
        let ran = sandbox.run("check crl.pem");
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let ran = sandbox.run("verify plain.pem --trust ca.pem --crl crl.pem");
    assert!(ran.status == 1 && ran.stderr.contains("1.2.3.4"), "{}", ran.stderr);
}
