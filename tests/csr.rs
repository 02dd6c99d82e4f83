//! Signing requests, made and signed: what OpenSSL thinks of ours, and what of
//! OpenSSL's is taken over and what is not.

mod support;

use serde_json::Value;
use support::{Sandbox, json, judge, openssl, output, refused};

/// A request by OpenSSL with these extensions, in `r.pem`; its key is `k.pem`.
fn request(sandbox: &Sandbox, subject: &str, extensions: &str, key: &[&str]) -> Option<()> {
    let section =
        if extensions.is_empty() { String::new() } else { format!("req_extensions=e\n[e]\n{extensions}\n") };
    let config = format!(
        "[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\n{section}\n[dn]\n{subject}\n"
    );
    std::fs::write(sandbox.file("r.cnf"), config).unwrap();
    let base = ["req", "-new", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-config", "r.cnf"];
    openssl(&[&base[..], key].concat(), sandbox.path()).map(|_| ())
}

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

fn ca() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox
}

fn codes(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect()
}

/// What `openssl verify -x509_strict` says of a leaf in the store.
fn verifies(sandbox: &Sandbox, leaf: &str, more: &[&str]) {
    let Some(program) = judge("openssl") else { return };
    let path = |file: &str| format!("certforge/{leaf}/{file}");
    let (ca, cert) = (path("ca.pem"), path("cert.pem"));
    let args = ["verify", "-x509_strict", "-CAfile", &ca];
    let (ok, text) = output(&program, &[&args[..], more, &[cert.as_str()]].concat(), sandbox.path());
    assert!(ok, "{leaf}: {text}");
}

#[test]
fn a_request_is_read_however_it_came() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("csr a.example --key p256");
    let request = sandbox.read("certforge/csr/a.example/request.pem");
    let body: String = request.lines().filter(|line| !line.starts_with('-')).collect();
    let key = sandbox.read("certforge/csr/a.example/key.pem");
    for (i, text) in [
        format!("\u{feff}{request}"),
        request.replace('\n', "\r\n"),
        format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----"),
        format!("{key}{request}"),
        format!("Certificate Request:\n    Data:\n{request}"),
        format!("  {}", request.replace('\n', "\n  ")),
        body.clone(),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(sandbox.file("r"), text).unwrap();
        let ran = sandbox.run("sign r --force");
        assert_eq!(ran.status, 0, "{i}: {}", ran.stderr);
    }
    std::fs::write(sandbox.file("r"), format!("{request}{request}")).unwrap();
    let two = sandbox.run("sign r --force");
    assert!(two.status == 3 && two.stderr.contains("2 requests"), "{}", two.stderr);
}

#[test]
fn our_requests_are_as_openssl_wants_them() {
    let sandbox = Sandbox::new();
    for key in ["p256", "p384", "ed25519", "rsa2048"] {
        let name = format!("{key}.example");
        let ran = sandbox.ok(&format!("csr {name} --san 10.0.0.5,uri:https://x.example/ --key {key} --json"));
        let made = json(&ran.stdout);
        assert_eq!((&made["kind"], &made["state"]), (&"request".into(), &"created".into()));
        if judge("openssl").is_none() {
            return;
        }
        let file = format!("certforge/csr/{name}/request.pem");
        let text = openssl(&["req", "-in", &file, "-noout", "-verify", "-text"], sandbox.path()).unwrap();
        assert!(text.contains(&format!("DNS:{name}, IP Address:10.0.0.5, URI:https://x.example/")), "{text}");
        assert!(text.contains("TLS Web Server Authentication"), "{text}");
        let own = openssl(&["req", "-in", &file, "-noout", "-pubkey"], sandbox.path());
        let key = format!("certforge/csr/{name}/key.pem");
        assert_eq!(own, openssl(&["pkey", "-in", &key, "-pubout"], sandbox.path()), "{name}");
    }
    let exact = ["csr", "--subj", "/DC=com/DC=example/OU=A/OU=B/CN=a.example", "--key", "p256"];
    assert_eq!(sandbox.run_args(&exact).status, 0);
    let file = "certforge/csr/a.example/request.pem";
    let text = openssl(&["req", "-in", file, "-noout", "-subject"], sandbox.path()).unwrap();
    assert!(text.contains("DC = com, DC = example, OU = A, OU = B, CN = a.example"), "{text}");
}

#[test]
fn a_request_is_not_replaced_unasked_and_does_not_disturb_leaves() {
    let sandbox = ca();
    sandbox.ok("csr a.example --key p256");
    let key = sandbox.read("certforge/csr/a.example/key.pem");
    refused(&sandbox, "csr a.example --key p256", 3, "store.exists");
    sandbox.ok("up a.example --key p256");
    assert_eq!(sandbox.read("certforge/csr/a.example/key.pem"), key);
    sandbox.ok("csr a.example --key p256 --force");
    assert_ne!(sandbox.read("certforge/csr/a.example/key.pem"), key);
    let mode = |line: &String| !line.contains("key.pem") || line.contains(" 100600 ");
    assert!(sandbox.snapshot().iter().all(mode));
    sandbox.ok("csr csr --key p256");
    sandbox.ok("leaf csr --key p256");
    assert!(sandbox.file("certforge/_csr/cert.pem").exists());
    let before = sandbox.snapshot();
    sandbox.ok("csr b.example --dry-run");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn a_request_for_a_key_that_is_there() {
    let sandbox = ca();
    sandbox.ok("leaf a.example --key p384");
    sandbox.ok("csr a.example --private-key certforge/a.example/key.pem");
    assert!(!sandbox.file("certforge/csr/a.example/key.pem").exists());
    if judge("openssl").is_some() {
        let of = |args: &[&str]| openssl(args, sandbox.path());
        let request = of(&["req", "-in", "certforge/csr/a.example/request.pem", "-noout", "-pubkey"]);
        assert_eq!(request, of(&["x509", "-in", "certforge/a.example/cert.pem", "-noout", "-pubkey"]));
    }
}

#[test]
fn names_of_a_request_are_kept_with_their_types() {
    let sandbox = ca();
    let san = "subjectAltName=DNS:a.example,DNS:*.b.example,IP:10.0.0.5,IP:fd00::1,email:x@a.example,URI:spiffe://a/b";
    let Some(()) = request(&sandbox, "O=Acme\nCN=a.example", san, P256) else { return };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    let names: Vec<&str> =
        signed["names"].as_array().unwrap().iter().map(|n| n["value"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.example", "*.b.example", "10.0.0.5", "fd00::1", "x@a.example", "spiffe://a/b"]);
    assert_eq!(signed["subject"], "O=Acme, CN=a.example");
    assert_eq!(codes(&signed), [""; 0]);
    verifies(&sandbox, "a.example", &["-verify_ip", "fd00::1"]);
    assert!(!sandbox.file("certforge/a.example/key.pem").exists());
}

#[test]
fn an_address_in_the_common_name_becomes_an_ip_address() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "CN=10.103.10.95", "", P256) else { return };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!(signed["names"][0]["type"], "ip");
    verifies(&sandbox, "10.103.10.95", &["-verify_ip", "10.103.10.95", "-purpose", "sslserver"]);
}

#[test]
fn a_common_name_that_is_no_name_is_left_out_or_refused() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "O=Acme\nCN=My Server", "subjectAltName=DNS:a.example", P256) else {
        return;
    };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!(signed["subject"], "O=Acme, CN=a.example");
    assert_eq!(codes(&signed), ["csr.common-name"]);
    request(&sandbox, "CN=My Server", "", P256);
    refused(&sandbox, "sign r.pem", 3, "name.forbidden");
    // Why none is left is told.
    request(&sandbox, "0.CN=a.example\n1.CN=b.example", "", P256);
    assert!(sandbox.run("sign r.pem").stderr.contains("its common names: it has several"));
    request(&sandbox, "O=Acme", "", P256);
    refused(&sandbox, "sign r.pem", 3, "name.none");
    let signed = json(&sandbox.ok("sign r.pem --san b.example --json").stdout);
    assert_eq!(signed["subject"], "O=Acme, CN=b.example");
}

#[test]
fn a_request_never_makes_a_ca_and_what_is_left_out_is_listed() {
    let sandbox = ca();
    let wishes = "subjectAltName=DNS:a.example\nbasicConstraints=critical,CA:TRUE,pathlen:3\n\
                  keyUsage=critical,keyCertSign,cRLSign\nextendedKeyUsage=codeSigning\n\
                  1.2.3.4=critical,DER:0500\n1.2.3.5=DER:0500\nnameConstraints=permitted;DNS:x";
    let Some(()) = request(&sandbox, "CN=a.example", wishes, P256) else { return };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    let found = codes(&signed);
    for code in ["csr.ca", "csr.extension", "csr.critical"] {
        assert!(found.contains(&code), "{code}: {signed}");
    }
    assert_eq!(found.iter().filter(|c| **c == "csr.ca").count(), 2, "CA:TRUE and keyCertSign: {signed}");
    let all = signed["findings"].to_string();
    for part in ["CA:TRUE", "keyCertSign", "codeSigning", "1.2.3.4", "1.2.3.5", "2.5.29.30"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let text =
        openssl(&["x509", "-in", "certforge/a.example/cert.pem", "-noout", "-text"], sandbox.path()).unwrap();
    assert!(
        text.contains("CA:FALSE") && !text.contains("Certificate Sign") && !text.contains("1.2.3"),
        "{text}"
    );
    verifies(&sandbox, "a.example", &["-verify_hostname", "a.example", "-purpose", "sslserver"]);
    refused(&sandbox, "sign r.pem --force --strict", 3, "csr.malformed");
}

#[test]
fn requests_that_nobody_may_sign_are_refused() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "CN=a.example", "", &["-newkey", "rsa:1024"]) else { return };
    let said = refused(&sandbox, "sign r.pem", 3, "key.weak");
    assert!(said.contains("RSA 1024"), "{said}");
    openssl(&["genrsa", "-3", "-out", "k3.pem", "2048"], sandbox.path());
    openssl(&["req", "-new", "-key", "k3.pem", "-subj", "/CN=a.example", "-out", "r.pem"], sandbox.path());
    assert!(refused(&sandbox, "sign r.pem", 3, "key.weak").contains("exponent is 3"));
    request(&sandbox, "CN=a.example", "", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"]);
    refused(&sandbox, "sign r.pem", 3, "key.unsupported");

    // Another name under the same signature.
    request(&sandbox, "CN=a.example", "", P256);
    openssl(&["req", "-in", "r.pem", "-outform", "DER", "-out", "r.der"], sandbox.path());
    let mut der = std::fs::read(sandbox.file("r.der")).unwrap();
    let at = der.windows(9).position(|w| w == b"a.example").unwrap();
    der[at] = b'b';
    std::fs::write(sandbox.file("r.der"), &der).unwrap();
    let said = refused(&sandbox, "sign r.der", 3, "csr.malformed");
    assert!(said.contains("signature is not by the key"), "{said}");

    for (text, part) in [
        ("", "neither PEM nor DER"),
        ("nonsense", "neither PEM nor DER"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "cannot be used"),
    ] {
        std::fs::write(sandbox.file("bad.pem"), text).unwrap();
        let said = refused(&sandbox, "sign bad.pem", 3, "csr.malformed");
        assert!(said.contains("bad.pem") && said.contains(part), "{said}");
    }
    let ca = "certforge/ca/default/ca.pem";
    assert!(refused(&sandbox, &format!("sign {ca}"), 3, "csr.malformed").contains("`CERTIFICATE` block"));
    refused(&sandbox, "sign none.pem", 4, "file.io");
    request(&sandbox, "CN=a.example", "subjectAltName=DNS:a_b.example", P256);
    refused(&sandbox, "sign r.pem", 3, "name.forbidden");
}

#[test]
fn requests_come_through_pipes_and_in_der_and_certificates_go_through_them() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "CN=a.example", "", P256) else { return };
    openssl(&["req", "-in", "r.pem", "-outform", "DER", "-out", "r.der"], sandbox.path());
    assert_eq!(sandbox.ok("sign r.der --quiet").stdout, "certforge/a.example\n");
    let script = format!("{} sign - --pem --force < r.pem", support::CERTFORGE);
    let mut sh = std::process::Command::new("sh");
    let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (0, sandbox.read("certforge/a.example/fullchain.pem").as_str())
    );
}

#[test]
fn limits_and_ends_of_the_ca_hold_for_requests() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --permit .internal --days 30");
    let Some(()) = request(&sandbox, "CN=a.example", "", P256) else { return };
    refused(&sandbox, "sign r.pem", 3, "ca.constrained");
    request(&sandbox, "CN=a.internal", "", P256);
    refused(&sandbox, "sign r.pem --strict", 3, "validity.outlives-issuer");
    refused(&sandbox, "leaf b.internal --strict", 3, "validity.outlives-issuer");
    refused(&sandbox, "up b.internal --strict", 3, "validity.outlives-issuer");
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!(codes(&signed), ["validity.clamped"]);
    sandbox.ok("leaf b.internal --strict --days 7 --key p256");
}

#[test]
fn a_request_of_our_own_comes_round() {
    let sandbox = ca();
    sandbox.ok("csr 10.103.10.95 --san a.example --client --key p256");
    let signed = json(&sandbox.ok("sign certforge/csr/10.103.10.95/request.pem --client --json").stdout);
    assert_eq!(codes(&signed), [""; 0], "{signed}");
    verifies(&sandbox, "10.103.10.95", &["-purpose", "sslclient"]);
}

/// The parameters of a key's algorithm, which no signature of the request vouches for, are
/// written as they should be.
#[test]
fn parameters_of_a_requested_key_are_not_taken_over() {
    use der::asn1::{Any, BitString, Utf8StringRef};
    use der::{Decode, Encode};
    use x509_cert::request::CertReq;

    let sandbox = ca();
    for (kind, parameters) in [
        ("ed25519", Some(Any::from(Utf8StringRef::new("anything at all").unwrap()))),
        ("ed25519", Some(Any::null())),
        ("rsa2048", None),
    ] {
        let key = certforge::PrivateKey::generate(kind.parse().unwrap()).unwrap();
        let request = certforge::LeafRequest::new(["a.example"]).unwrap();
        let plan = request.plan(time::OffsetDateTime::now_utc()).unwrap();
        let request = certforge::SigningRequest::create(&plan, &key).unwrap();
        let mut odd = CertReq::from_der(request.der()).unwrap();
        odd.info.public_key.algorithm.parameters = parameters;
        let signature = key.signer().unwrap().sign(&odd.info.to_der().unwrap()).unwrap();
        odd.signature = BitString::from_bytes(&signature).unwrap();
        std::fs::write(sandbox.file("odd.der"), odd.to_der().unwrap()).unwrap();
        sandbox.ok("sign odd.der --force");
        let leaf = certforge::Certificate::from_pem(sandbox.read("certforge/a.example/cert.pem").as_bytes());
        assert_eq!(leaf.unwrap().public_key(), key.public(), "{kind}");
        verifies(&sandbox, "a.example", &[]);
    }
}

#[test]
fn names_of_types_that_leaves_do_not_have_are_left_out_one_by_one() {
    let sandbox = ca();
    let sans = "subjectAltName=DNS:a.example,RID:1.2.3,otherName:1.2.3;UTF8:x,dirName:d\n[d]\nCN=dir";
    let Some(()) = request(&sandbox, "CN=a.example", sans, P256) else { return };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!(codes(&signed), ["csr.name"; 3], "{signed}");
    let names = signed["names"].as_array().unwrap();
    assert_eq!((names.len(), &names[0]["value"]), (1, &"a.example".into()), "{signed}");
    // Several common names are none.
    request(&sandbox, "0.CN=one.example\n1.CN=two.example", "subjectAltName=DNS:three.example", P256);
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!((codes(&signed), &signed["subject"]), (vec!["csr.common-name"], &"CN=three.example".into()));
}

#[test]
fn an_address_of_a_request_is_held_to_the_rules_of_names() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "CN=m.example", "subjectAltName=IP:::ffff:10.0.0.1", P256) else {
        return;
    };
    refused(&sandbox, "sign r.pem", 3, "name.mapped-ipv4");
    request(&sandbox, "CN=m.example", "subjectAltName=DER:30:07:87:05:0a:00:00:01:02", P256);
    let said = refused(&sandbox, "sign r.pem", 3, "csr.malformed");
    assert!(said.contains("neither 4 nor 16 octets"), "{said}");
    // A URI keeps its commas.
    let uri = "subjectAltName=@s\n[s]\nURI.1=https://a.example/p,q\nDNS.1=m.example";
    request(&sandbox, "CN=m.example", uri, P256);
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    let values: Vec<&str> =
        signed["names"].as_array().unwrap().iter().map(|n| n["value"].as_str().unwrap()).collect();
    assert!(values.contains(&"https://a.example/p,q"), "{values:?}");
    sandbox.ok("renew m.example");
    let typed = sandbox.run_args(&[
        "leaf",
        "u.example",
        "--san",
        "uri:https://a.example/p,q",
        "--key",
        "p256",
        "--json",
    ]);
    assert_eq!(typed.status, 0, "{}", typed.stderr);
    assert_eq!(json(&typed.stdout)["names"].as_array().unwrap().len(), 2, "{}", typed.stdout);
}

#[test]
fn usages_of_a_request_are_told_where_the_template_has_others() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "CN=a.example", "keyUsage=keyAgreement", P256) else { return };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    let found = signed["findings"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{signed}");
    assert_eq!(found[0]["code"], "csr.extension");
    assert!(found[0]["message"].as_str().unwrap().contains("key usage"), "{signed}");
}

#[test]
fn an_address_among_the_dns_names_becomes_an_ip_address() {
    let sandbox = ca();
    let Some(()) = request(&sandbox, "CN=10.0.0.1", "subjectAltName=DNS:10.0.0.1", P256) else { return };
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!((&signed["names"][0]["type"], codes(&signed)), (&"ip".into(), vec!["csr.name"]), "{signed}");
    verifies(&sandbox, "10.0.0.1", &["-verify_ip", "10.0.0.1"]);
    refused(&sandbox, "sign r.pem --force --strict", 3, "csr.malformed");
}

#[test]
fn strict_refuses_what_the_template_decides_and_what_is_dropped() {
    let sandbox = ca();
    for (wish, told) in [
        ("extendedKeyUsage=clientAuth", "the extended key usage clientAuth"),
        ("extendedKeyUsage=critical,serverAuth", "the extended key usage serverAuth"),
        ("keyUsage=critical,digitalSignature,decipherOnly", "the key usage"),
        ("tlsfeature=status_request", "1.3.6.1.5.5.7.1.24"),
    ] {
        let Some(()) = request(&sandbox, "CN=a.example", wish, P256) else { return };
        let strict = sandbox.run("sign r.pem --strict");
        assert!(strict.status == 3 && strict.stderr.contains(told), "{wish}: {}", strict.stderr);
        let signed = json(&sandbox.ok("sign r.pem --force --json").stdout);
        assert!(signed["findings"].to_string().contains(told), "{wish}: {signed}");
    }
    // The identifier comes of the key: it is told of, and nobody's wish.
    request(&sandbox, "CN=a.example", "subjectKeyIdentifier=DEADBEEF", P256);
    let signed = json(&sandbox.ok("sign r.pem --force --strict --json").stdout);
    assert_eq!(codes(&signed), ["csr.identifier"]);
    request(&sandbox, "CN=a.example", "", P256);
    sandbox.ok("sign r.pem --force --strict");
}

#[test]
fn what_a_client_is_called_stays_as_it_is() {
    let sandbox = ca();
    for (called, more) in
        [("Alice", "email:alice@corp.example"), ("alice", "email:a@corp.example"), ("JDoe", "URI:urn:x:1")]
    {
        let Some(()) = request(&sandbox, &format!("CN={called}"), &format!("subjectAltName={more}"), P256)
        else {
            return;
        };
        let signed = json(&sandbox.ok("sign r.pem --client --strict --force --json").stdout);
        assert_eq!(signed["subject"], format!("CN={called}"));
        assert_eq!(signed["names"].as_array().unwrap().len(), 1, "{signed}");
    }
    let leaf = json(&sandbox.ok("leaf --client --key p256 --cn Müller --san uri:urn:x:2 --json").stdout);
    assert_eq!(leaf["subject"], "CN=Müller");
    // A host stands among the names, and so does what nobody else says.
    let leaf =
        json(&sandbox.ok("leaf --client --key p256 --cn dev1.example --san uri:urn:x:3 --json").stdout);
    assert_eq!((&leaf["subject"], leaf["names"].as_array().unwrap().len()), (&"CN=dev1.example".into(), 2));
    let leaf = json(&sandbox.ok("leaf --client --key p256 --cn Bob --json").stdout);
    assert_eq!((&leaf["subject"], &leaf["names"][0]["value"]), (&"CN=Bob".into(), &"bob".into()));
    // A server's is a name, however it is written.
    let leaf = json(&sandbox.ok("leaf --key p256 --cn Web --json").stdout);
    assert_eq!(leaf["subject"], "CN=web");
}

#[test]
fn a_subject_that_is_no_text_is_not_turned_into_another() {
    let sandbox = ca();
    request(&sandbox, "CN=a.example\nO=Zurich", "", P256).unwrap_or_default();
    let Some(der) = openssl(&["req", "-in", "r.pem", "-outform", "DER", "-out", "r.der"], sandbox.path())
    else {
        return;
    };
    drop(der);
    let good = std::fs::read(sandbox.file("r.der")).unwrap();
    let at = good.windows(6).position(|w| w == b"Zurich").unwrap();
    // A letter that UTF-8 has not; a number for a text; a BMPString of half a character.
    for (place, octet) in [(at + 1, 0xfc), (at - 2, 0x02), (at - 2, 0x18)] {
        let mut bad = good.clone();
        bad[place] = octet;
        std::fs::write(sandbox.file("bad.der"), bad).unwrap();
        let told = sandbox.run("sign bad.der --json");
        assert_eq!(told.status, 3, "{}", told.stdout);
    }
}

#[test]
fn a_key_of_a_ca_is_no_leafs() {
    let sandbox = ca();
    let args =
        ["req", "-new", "-key", "certforge/ca/default/ca.key", "-subj", "/CN=own.example", "-out", "own.pem"];
    let Some(_) = openssl(&args, sandbox.path()) else { return };
    let told = refused(&sandbox, "sign own.pem", 3, "key.weak");
    assert!(told.contains("a CA's own key"), "{told}");
}

#[test]
fn a_request_by_its_older_label_with_a_pass_phrase_in_it() {
    let sandbox = ca();
    let config = "[req]\ndistinguished_name=dn\nattributes=at\nprompt=no\n[dn]\nCN=a.example\n[at]\nchallengePassword=kettle\n";
    std::fs::write(sandbox.file("r.cnf"), config).unwrap();
    let args = ["req", "-new", "-newhdr", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-config", "r.cnf"];
    let Some(_) = openssl(&[&args[..], P256].concat(), sandbox.path()) else { return };
    assert!(sandbox.read("r.pem").starts_with("-----BEGIN NEW CERTIFICATE REQUEST-----"));
    let signed = json(&sandbox.ok("sign r.pem --json").stdout);
    assert_eq!(codes(&signed), ["csr.attribute"], "{signed}");
    let message = signed["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("1.2.840.113549.1.9.7") && !message.contains("kettle"), "{message}");
}
