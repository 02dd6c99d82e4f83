//! `check` and `verify`: what is told of files that are damaged, odd, or of another kind than
//! most.

use crate::support::{Sandbox, json, judge, openssl};

/// A workshop with a CA and a leaf of OpenSSL's, by these ways of signing.
fn workshop(sign: &str, key: &str) -> Option<Sandbox> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    let run = |line: String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        openssl(&words, sandbox.path());
    };
    let ca = "[v3]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
    let leaf = "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid:always\nsubjectKeyIdentifier=hash\n";
    std::fs::write(sandbox.file("ca.cnf"), format!("[req]\ndistinguished_name=dn\n[dn]\n{ca}")).unwrap();
    std::fs::write(sandbox.file("leaf.cnf"), leaf).unwrap();
    run(format!("genpkey {key} -out ca.key"));
    run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key".to_owned());
    run(format!(
        "req -x509 -new -key ca.key -subj /CN=root -days 30 -config ca.cnf -extensions v3 {sign} -out ca.pem"
    ));
    run("req -new -key leaf.key -subj /CN=a.example -out leaf.csr".to_owned());
    run(format!(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 20 -extfile leaf.cnf {sign} -set_serial 0x123456789abcdef0 -out leaf.pem"
    ));
    Some(sandbox)
}

/// Changes one bit of a certificate's signature, which stands at its end.
fn forged(sandbox: &Sandbox, from: &str, to: &str) {
    openssl(&["x509", "-in", from, "-outform", "der", "-out", "forged.der"], sandbox.path());
    let mut der = std::fs::read(sandbox.file("forged.der")).unwrap();
    *der.last_mut().unwrap() ^= 1;
    std::fs::write(sandbox.file("forged.der"), der).unwrap();
    openssl(&["x509", "-inform", "der", "-in", "forged.der", "-out", to], sandbox.path());
}

#[test]
fn what_cannot_be_read_is_told_whatever_else_is_asked_of_it() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let whole = sandbox.read("certforge/a.example/cert.pem");
    std::fs::write(sandbox.file("cut.pem"), &whole[..400]).unwrap();
    for more in ["", " --trust certforge/a.example/ca.pem --name a.example", " --clients"] {
        let ran = sandbox.run(&format!("check cut.pem{more} --json"));
        let document = json(&ran.stdout);
        assert_eq!(
            (ran.status, &document["findings"][0]["code"]),
            (1, &"gather.damaged".into()),
            "{document}"
        );
    }
    let ran = sandbox.run("verify cut.pem --trust certforge/a.example/ca.pem");
    let lines: Vec<&str> = ran.stderr.lines().filter(|l| l.contains("cut.pem, block 1, line 1")).collect();
    assert!(lines.iter().all(|l| l.matches("block 1").count() == 1), "{}", ran.stderr);
}

#[test]
fn rsa_pss_is_what_its_digest_is() {
    let key = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    for (digest, strong) in [("sha256", true), ("sha384", true), ("sha512", true), ("sha1", false)] {
        let sign = format!("-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -{digest}");
        let Some(sandbox) = workshop(&sign, key) else { return };
        let name = format!("RSA-PSS with {}", digest.to_uppercase().replace("SHA", "SHA-"));
        let document = json(&sandbox.run("check leaf.pem --json").stdout);
        assert_eq!(document["certificates"][0]["signature"], name.as_str());
        let ran = sandbox.run("verify leaf.pem --trust ca.pem --purpose any --json");
        assert_eq!(ran.status == 0, strong, "{}", ran.stdout);
        assert_eq!(ran.stdout.contains("path.weak-signature"), !strong, "{}", ran.stdout);
        forged(&sandbox, "leaf.pem", "bad.pem");
        let ran = sandbox.run("verify bad.pem --trust ca.pem --json");
        assert!(ran.status == 1 && (!strong || ran.stdout.contains("path.signature")), "{}", ran.stdout);
        forged(&sandbox, "ca.pem", "badca.pem");
        let told = json(&sandbox.run("check badca.pem --json").stdout).to_string();
        assert!(told.contains("certificate.self-signature"), "{told}");
        std::fs::create_dir(sandbox.file("d")).unwrap();
        std::fs::rename(sandbox.file("badca.pem"), sandbox.file("d/badca.pem")).unwrap();
        if strong {
            let ran = sandbox.run("check d --strict");
            assert!(ran.status == 1 && ran.stderr.contains("d/badca.pem: it names itself"), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_salt_that_no_client_takes_is_no_forgery() {
    let key = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let sign = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 -sha256";
    let Some(sandbox) = workshop(sign, key) else { return };
    let ran = sandbox.run("verify leaf.pem --trust ca.pem --json");
    assert!(ran.status == 1 && ran.stdout.contains("path.algorithm"), "{}", ran.stdout);
    let told = json(&sandbox.run("check ca.pem --json").stdout).to_string();
    assert!(told.contains("whether its own key signed it is not known"), "{told}");
}

/// Elliptic signatures that ring does not check, and keys written in short.
#[test]
fn elliptic_keys_by_any_digest_and_in_short() {
    let key = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let Some(sandbox) = workshop("-sha512", key) else { return };
    let ran = sandbox.run("verify leaf.pem --trust ca.pem --purpose any --json");
    assert!(!ran.stdout.contains("path.algorithm"), "{}", ran.stdout);
    forged(&sandbox, "leaf.pem", "bad.pem");
    let ran = sandbox.run("verify bad.pem --trust ca.pem --json");
    assert!(ran.status == 1 && ran.stdout.contains("path.signature"), "{}", ran.stdout);
    // A certificate whose point is compressed, and the key it was made from.
    let short = ["pkey", "-in", "leaf.key", "-ec_conv_form", "compressed", "-out", "short.key"];
    openssl(&short, sandbox.path());
    let words = "req -x509 -new -key short.key -subj /CN=a.example -addext subjectAltName=DNS:a.example -days 9 -out short.pem";
    openssl(&words.split(' ').collect::<Vec<_>>(), sandbox.path());
    let document = json(&sandbox.run("check short.pem --key leaf.key --json").stdout);
    assert!(!document.to_string().contains("key.mismatch"), "{document}");
    let both = sandbox.read("short.pem") + &sandbox.read("leaf.key");
    std::fs::write(sandbox.file("both.pem"), both).unwrap();
    let document = json(&sandbox.run("check both.pem --json").stdout);
    assert_eq!(document["keys"][0]["belongs_to"].as_array().unwrap().len(), 1, "{document}");
}

#[test]
fn a_request_is_told_as_what_it_is() {
    let Some(sandbox) = workshop("-sha256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256") else { return };
    let request = |subject: &str, more: &[&str]| {
        let words = [&["req", "-new", "-key", "leaf.key", "-subj", subject, "-out", "r.csr"], more].concat();
        openssl(&words, sandbox.path());
        let ran = sandbox.run("check r.csr --json");
        (ran.status, json(&ran.stdout)["requests"][0]["findings"].to_string())
    };
    let (status, said) = request("/CN=My Sub CA", &["-addext", "basicConstraints=critical,CA:TRUE"]);
    assert!(status == 0 && said.contains("it asks for a CA"), "{said}");
    let (status, said) = request("/CN=Joe User", &[]);
    assert!(status == 0 && said.contains("--san NAME"), "{said}");
    let (status, said) = request("/CN=a.example", &[]);
    assert!(status == 0 && said.contains("no subject alternative name"), "{said}");
    let (status, said) = request("/CN=a.example", &["-addext", "subjectAltName=DNS:a.example"]);
    assert_eq!((status, said.as_str()), (0, "[]"));
}

/// The issuer's name in other string types: the same to RFC 5280, and to half of the clients.
#[test]
fn a_name_in_other_string_types_is_said_to_be_one() {
    let Some(sandbox) = workshop("-sha256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256") else { return };
    // The same key as another CA of that name, in PrintableString.
    let words =
        "req -x509 -new -key ca.key -subj /CN=root -days 30 -config ca.cnf -extensions v3 -out printable.pem";
    std::fs::write(
        sandbox.file("ca.cnf"),
        sandbox.read("ca.cnf").replace("[req]\n", "[req]\nstring_mask=default\n"),
    )
    .unwrap();
    openssl(&words.split(' ').collect::<Vec<_>>(), sandbox.path());
    let ran = sandbox.run("verify leaf.pem --trust printable.pem");
    assert!(ran.status == 1 && ran.stderr.contains("in other string types"), "{}", ran.stderr);
    let ran = sandbox.run("check leaf.pem --trust printable.pem --clients --json");
    let clients = json(&ran.stdout)["clients"].as_array().unwrap().clone();
    let verdict = |name: &str| {
        let found = clients.iter().find(|c| c["client"] == name).unwrap();
        found["verdict"].as_str().unwrap().to_owned()
    };
    assert!(["openssl", "java"].iter().all(|c| verdict(c).starts_with("accept")), "{clients:?}");
    assert!(["go", "rustls"].iter().all(|c| verdict(c).starts_with("refuse")), "{clients:?}");
}

#[test]
fn a_list_that_cannot_be_judged_is_not_called_forged() {
    let key = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
    let Some(sandbox) = workshop("-sha256", key) else { return };
    std::fs::write(sandbox.file("index"), "").unwrap();
    std::fs::write(sandbox.file("number"), "01\n").unwrap();
    let config =
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=9\n";
    std::fs::write(
        sandbox.file("crl.cnf"),
        format!("{config}crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n"),
    )
    .unwrap();
    let list = |more: &str| {
        let line = format!(
            "ca -gencrl -config crl.cnf -keyfile ca.key -cert ca.pem -sigopt rsa_padding_mode:pss {more} -out crl.pem"
        );
        openssl(&line.split_whitespace().collect::<Vec<_>>(), sandbox.path());
        sandbox.run("verify leaf.pem --trust ca.pem --crl crl.pem --json")
    };
    assert_eq!(list("-sigopt rsa_pss_saltlen:digest").status, 0);
    let ran = list("-sigopt rsa_pss_saltlen:20");
    assert!(ran.status == 1 && ran.stdout.contains("is not known"), "{}", ran.stdout);
}

/// Certificates that OpenSSL makes with these extensions, each signed with the key of another.
fn made(sandbox: &Sandbox, names: &[(&str, &str, &str, &str)]) {
    for (name, subject, issuer, extensions) in names {
        let file = |kind: &str| format!("{name}.{kind}");
        std::fs::write(sandbox.file(&file("cnf")), extensions).unwrap();
        let (key, csr, cnf, pem) = (file("key"), file("csr"), file("cnf"), file("pem"));
        let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key];
        if !sandbox.file(&key).exists() {
            openssl(&[&["genpkey"], curve.as_slice()].concat(), sandbox.path());
        }
        openssl(&["req", "-new", "-key", &key, "-subj", subject, "-out", &csr], sandbox.path());
        let mut sign = vec!["x509", "-req", "-in", &csr, "-days", "30", "-extfile", &cnf, "-out", &pem];
        let (ca, ca_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        if name == issuer {
            sign.extend(["-signkey", &key]);
        } else {
            sign.extend(["-CA", &ca, "-CAkey", &ca_key]);
        }
        openssl(&sign, sandbox.path());
    }
}

const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
const LEAF: &str = "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n";

#[test]
fn a_ca_that_changes_its_key_issues_itself_a_certificate_and_is_no_root_then() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    made(&sandbox, &[("old", "/CN=roll", "old", CA), ("new-by-old", "/CN=roll", "old", CA)]);
    openssl(&["verify", "-x509_strict", "-CAfile", "old.pem", "new-by-old.pem"], sandbox.path());
    sandbox.ok("verify new-by-old.pem --trust old.pem --strict");
    sandbox.ok("check new-by-old.pem --trust old.pem");
}

#[test]
fn what_a_root_says_of_itself_counts() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    for (n, (extensions, code)) in [
        (CA.replace("CA:TRUE", "CA:FALSE"), Some("path.not-a-ca")),
        (CA.replace("keyCertSign,", ""), Some("path.ca-key-usage")),
        (format!("{CA}1.2.3.4=critical,DER:0500\n"), Some("path.critical-unknown")),
        (CA.replace("keyUsage=critical,keyCertSign,cRLSign\n", ""), None),
    ]
    .into_iter()
    .enumerate()
    {
        let (root, leaf) = (format!("root{n}"), format!("leaf{n}"));
        let subject = format!("/CN=root {n}");
        made(&sandbox, &[(&root, &subject, &root, &extensions), (&leaf, "/CN=a.example", &root, LEAF)]);
        let question = format!("verify {leaf}.pem --trust {root}.pem --name a.example");
        let told = |strict: &str| {
            let ran = sandbox.run(&format!("{question} {strict} --json"));
            let codes: Vec<String> = json(&ran.stdout)["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|f| f["severity"] == "error")
                .map(|f| f["code"].as_str().unwrap().to_owned())
                .collect();
            (ran.status, codes)
        };
        if let Some(code) = code {
            assert_eq!(told(""), (1, vec![code.to_owned()]), "{extensions}");
            continue;
        }
        assert_eq!(told(""), (0, vec![]), "{extensions}");
        // RFC 5280 §4.2.1.3: a CA has to have one.
        assert_eq!(told("--strict"), (1, vec!["certificate.key-usage".to_owned()]));
    }
}

#[test]
fn dns_names_are_compared_without_regard_to_case() {
    if judge("openssl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let upper = LEAF.replace("a.example", "A.Example");
    made(&sandbox, &[("root", "/CN=root", "root", CA), ("leaf", "/CN=a.example", "root", &upper)]);
    sandbox.ok("check leaf.pem --trust root.pem --name a.example");
    // Public CAs copy one of the names as it is: what is strict wants that of all.
    sandbox.ok("verify leaf.pem --trust root.pem --name a.example");
    assert_eq!(sandbox.run("verify leaf.pem --trust root.pem --name a.example --strict").status, 1);
}

#[test]
fn of_what_cannot_be_read_the_next_is_not_taken_for_it() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let (leaf, root) =
        (sandbox.read("certforge/a.example/cert.pem"), sandbox.read("certforge/a.example/ca.pem"));
    let damaged = leaf.replacen("MII", "MIJ", 1);
    std::fs::write(sandbox.file("d.pem"), format!("{damaged}{root}")).unwrap();
    let ran = sandbox.run("check d.pem --format pem");
    assert_ne!(ran.status, 0);
    assert_eq!(ran.stdout, "", "another one than was asked for");
    assert!(ran.stderr.contains("block 1"), "{}", ran.stderr);
    let document = json(&sandbox.run("check d.pem --clients --json").stdout);
    assert!(document["verify"].is_null() && document["clients"].as_array().is_none_or(Vec::is_empty));
    // Damage behind it changes nothing of it.
    std::fs::write(sandbox.file("e.pem"), format!("{root}{damaged}")).unwrap();
    assert_eq!(sandbox.run("check e.pem --format pem").stdout, root);
}

#[test]
fn a_server_without_a_suite_in_common_is_told_so() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up localhost 127.0.0.1 --key rsa2048");
    let server = super::shows(&sandbox, &program, &["-tls1_2", "-cipher", "AES128-SHA"]);
    let ran = sandbox.run(&format!("check {}", server.address));
    assert_eq!(ran.status, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("it speaks TLS 1.2, and none of the cipher suites"), "{}", ran.stderr);
    assert!(ran.stderr.contains("openssl s_client"), "{}", ran.stderr);
}
