//! Private keys as others write them, on every curve and in every form; and those that must
//! not be taken. OpenSSL makes them, and says what is in them.

mod support;

use certforge::key::KeyForm;
use certforge::{Certificate, KeyAlgorithm, PrivateKey};
use support::der::{content, element};
use support::{Sandbox, judge, openssl};

const CURVES: [&str; 3] = ["prime256v1", "secp384r1", "secp521r1"];

fn run(sandbox: &Sandbox, args: &str) {
    openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
}

/// The public key of a private one, as OpenSSL says it and as we do.
fn public_of(sandbox: &Sandbox, key: &str) -> Vec<u8> {
    run(sandbox, &format!("pkey -in {key} -pubout -outform DER -out public.der"));
    std::fs::read(sandbox.file("public.der")).unwrap()
}

#[test]
fn curves_in_every_form_are_one_key() {
    let Some(_) = judge("openssl") else { return };
    for curve in CURVES {
        let sandbox = Sandbox::new();
        run(&sandbox, &format!("ecparam -name {curve} -genkey -noout -out sec1.pem"));
        run(&sandbox, "pkcs8 -topk8 -nocrypt -in sec1.pem -out pkcs8.pem");
        // RFC 5915 §3: the public half is optional, and Java leaves it out.
        run(&sandbox, "ec -in sec1.pem -no_public -out half.pem");
        run(&sandbox, "pkcs8 -topk8 -nocrypt -in half.pem -out half8.pem");
        run(&sandbox, "ec -in sec1.pem -conv_form compressed -out compressed.pem");
        let public = public_of(&sandbox, "sec1.pem");
        for file in ["sec1.pem", "pkcs8.pem", "half.pem", "half8.pem", "compressed.pem"] {
            let key = PrivateKey::from_pem(sandbox.read(file).as_bytes())
                .unwrap_or_else(|e| panic!("{curve} {file}: {e}"));
            assert_eq!(key.public().der(), public, "{curve} {file}");
            // What is written is whole, and OpenSSL agrees.
            for form in [KeyForm::Pkcs8, KeyForm::Sec1] {
                std::fs::write(sandbox.file("again.pem"), key.secret_pem_as(form).unwrap().as_bytes())
                    .unwrap();
                assert_eq!(public_of(&sandbox, "again.pem"), public, "{curve} {file} {form:?}");
            }
        }
    }
}

/// The DER of the only PEM block.
fn der(sandbox: &Sandbox, file: &str) -> Vec<u8> {
    use base64::Engine;
    let body: String = sandbox.read(file).lines().filter(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

/// Where these bytes stand.
fn find(whole: &[u8], part: &[u8]) -> usize {
    whole.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn halves_that_do_not_fit_are_refused_on_every_curve() {
    let Some(_) = judge("openssl") else { return };
    for (curve, octets) in CURVES.into_iter().zip([32, 48, 66]) {
        let sandbox = Sandbox::new();
        for name in ["one", "two"] {
            run(&sandbox, &format!("ecparam -name {curve} -genkey -noout -out {name}.pem"));
        }
        let (one, two) = (der(&sandbox, "one.pem"), der(&sandbox, "two.pem"));
        let refused = |der: &[u8]| match PrivateKey::from_der(der, KeyForm::Sec1) {
            Err(certforge::Error::Key { reason }) => reason,
            other => panic!("{curve}: {other:?}"),
        };
        assert!(PrivateKey::from_der(&one, KeyForm::Sec1).is_ok());
        // The number stands behind version 1, as an OCTET STRING of the curve's length.
        let number = find(&one, &[2, 1, 1, 4, octets]) + 5;
        let length = usize::from(octets);
        // Both halves are right, of two keys.
        let mut mixed = one.clone();
        mixed[number..number + length].copy_from_slice(&two[number..number + length]);
        assert_eq!(refused(&mixed), "its parts do not belong together", "{curve}");
        // The number 0, and one that is larger than the curve has points.
        for octet in [0, 0xff] {
            let mut bad = one.clone();
            bad[number..number + length].fill(octet);
            assert_eq!(refused(&bad), "one of its numbers cannot be one of such a key", "{curve} {octet}");
        }
        // A point that is none: its last octet is another.
        let mut off = one.clone();
        *off.last_mut().unwrap() ^= 1;
        let said = refused(&off);
        let fits = ["its parts do not belong together", "one of its numbers cannot be one of such a key"];
        assert!(fits.contains(&said.as_str()), "{curve}: {said}");
    }
}

/// What stands beside a key in PKCS#8 (RFC 5958 §2), or is said twice of it, is of that key.
#[test]
fn what_is_said_twice_of_a_key_is_said_once() {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let (one, two) = (key(), key());
    let read = |parts: &[Vec<u8>]| {
        let der = element(0x30, &parts.concat());
        PrivateKey::from_der(&der, KeyForm::Pkcs8).map(|key| key.public().der().to_vec())
    };
    let body = content(one.secret_der()).to_vec();
    // Version 2 has the public half behind it: `[1]`, a BIT STRING by another tag.
    let half = |key: &PrivateKey| element(0x81, &[&[0][..], key.public().bits()].concat());
    let version_2 = [&[2, 1, 1][..], &body[3..]].concat();
    assert_eq!(read(&[version_2.clone(), half(&one)]).unwrap(), one.public().der());
    let refused = read(&[version_2, half(&two)]).unwrap_err().to_string();
    assert!(refused.ends_with("the public half beside it is another key's"), "{refused}");
    // The curve stands in the key's own form too.
    let inner = |curve: &[u8]| {
        let sec1 = one.secret_der_as(KeyForm::Sec1).unwrap();
        let number = &content(&sec1)[..3 + 34];
        let point = element(0xa1, &element(3, &[&[0][..], one.public().bits()].concat()));
        element(4, &element(0x30, &[number, &element(0xa0, curve), &point].concat()))
    };
    let (p256, p384) =
        (&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7][..], &[6, 5, 0x2b, 0x81, 4, 0, 0x22][..]);
    let outside = body[..body.len() - content_of_last(&body)].to_vec();
    assert_eq!(read(&[outside.clone(), inner(p256)]).unwrap(), one.public().der());
    let refused = read(&[outside, inner(p384)]).unwrap_err().to_string();
    assert!(refused.ends_with("it names two curves"), "{refused}");
}

/// How many octets the last element of a key has: the OCTET STRING behind version and algorithm.
fn content_of_last(body: &[u8]) -> usize {
    let algorithm = 3 + 2 + usize::from(body[4]);
    body.len() - algorithm
}

/// A number may be written with fewer octets than its curve has, never with more.
#[test]
fn numbers_are_filled_up_and_not_cut() {
    let Some(_) = judge("openssl") else { return };
    // P-256's OID, as the parameters of RFC 5915 §3.
    let curve = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let key = |number: &[u8]| {
        let body = [b"\x02\x01\x01\x04", &[u8::try_from(number.len()).unwrap()][..], number, curve].concat();
        [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat()
    };
    let short = PrivateKey::from_der(&key(&[7]), KeyForm::Sec1).unwrap();
    let full: Vec<u8> = [0; 31].into_iter().chain([7]).collect();
    assert_eq!(PrivateKey::from_der(&key(&full), KeyForm::Sec1).unwrap().public(), short.public());
    let long: Vec<u8> = [0; 32].into_iter().chain([7]).collect();
    let e = PrivateKey::from_der(&key(&long), KeyForm::Sec1).unwrap_err();
    assert!(e.to_string().contains("its number is longer than its curve"), "{e}");
    assert!(PrivateKey::from_der(&key(&[]), KeyForm::Sec1).is_err());
}

/// Signatures of every curve's keys are checked, and a changed certificate is refused.
#[test]
fn signatures_of_every_curve_are_checked() {
    let Some(_) = judge("openssl") else { return };
    // OpenSSL signs with SHA-256 where nothing is said, on every curve.
    let digests = ["-sha256", "-sha384", "-sha512"];
    let wide = CURVES.into_iter().zip(digests);
    let others = [("secp521r1", "-sha256"), ("secp521r1", "-sha384"), ("secp384r1", "-sha256")];
    for (curve, digest) in wide.chain(others) {
        let sandbox = Sandbox::new();
        run(&sandbox, &format!("ecparam -name {curve} -genkey -noout -out k.pem"));
        run(&sandbox, &format!("req -x509 -key k.pem -subj /CN=x {digest} -out c.pem"));
        let certificate = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap();
        assert_eq!(certificate.is_signed_by(certificate.public_key()).ok(), Some(true), "{curve}");
        let mut der = certificate.der().to_vec();
        let name = find(&der, b"\x0c\x01x") + 2;
        der[name] = b'y';
        let changed = Certificate::from_der(der).unwrap();
        assert_eq!(changed.is_signed_by(changed.public_key()).ok(), Some(false), "{curve}");
        // Another key of the same kind did not make it either.
        run(&sandbox, &format!("ecparam -name {curve} -genkey -noout -out o.pem"));
        let other = PrivateKey::from_pem(sandbox.read("o.pem").as_bytes()).unwrap();
        assert_eq!(certificate.is_signed_by(other.public()).ok(), Some(false), "{curve}");
    }
}

/// The command says of each what it is, and the certificate that belongs to it.
#[test]
fn a_leaf_of_every_curve_fits_its_key() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    for (curve, name) in CURVES.into_iter().zip(["p256", "p384", "p521"]) {
        run(&sandbox, &format!("ecparam -name {curve} -genkey -noout -out k.pem"));
        run(&sandbox, "ec -in k.pem -no_public -out half.pem");
        run(&sandbox, "req -x509 -key k.pem -subj /CN=x -addext subjectAltName=DNS:x.example -out c.pem");
        let ran = sandbox.run("check c.pem --trust c.pem --key half.pem --json");
        let page = support::json(&ran.stdout);
        assert_eq!(page["certificates"][0]["key"], name);
        let found = page["findings"].as_array().unwrap();
        assert!(found.iter().all(|f| f["code"] != "key.mismatch"), "{page}");
    }
}

const PHRASE: &str = "seven blue kettles";

/// Opens what stands in a file, and says what is weak about it or why it does not open.
fn open(sandbox: &Sandbox, file: &str, phrase: Option<&str>) -> Result<Option<&'static str>, String> {
    let mut unlock = |_: &str| Ok(phrase.map(|phrase| phrase.to_owned().into()));
    let pem = std::fs::read(sandbox.file(file)).unwrap();
    PrivateKey::from_locked_pem(&pem, "the key of x", &mut unlock)
        .map(|(_, weak)| weak)
        .map_err(|e| format!("{}: {e}", e.code()))
}

/// As OpenSSL locks keys, the strong ways and the weak ones.
#[test]
fn locked_keys_open_and_what_is_weak_is_told() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    run(&sandbox, "ecparam -name prime256v1 -genkey -noout -out k.pem");
    let public = public_of(&sandbox, "k.pem");
    std::fs::write(sandbox.file("phrase"), format!("{PHRASE}\n")).unwrap();
    for (way, weak) in [
        ("-v2 aes-256-cbc -iter 600000", None),
        ("-v2 aes-128-cbc -iter 100000", None),
        ("-v2 aes-192-cbc -v2prf hmacWithSHA512 -iter 100000", None),
        ("-scrypt", None),
        ("-v2 aes-256-cbc -iter 99999", Some("its pass phrase is worked through in few rounds")),
        ("-v2 aes-256-cbc", Some("its pass phrase is worked through in few rounds")),
        (
            "-v2 aes-256-cbc -v2prf hmacWithSHA1 -iter 200000",
            Some("its pass phrase is worked through with SHA-1"),
        ),
        ("-v2 des3 -iter 200000", Some("it is encrypted with 3DES")),
    ] {
        run(&sandbox, &format!("pkcs8 -topk8 {way} -in k.pem -passout file:phrase -out locked.pem"));
        assert_eq!(open(&sandbox, "locked.pem", Some(PHRASE)), Ok(weak), "{way}");
        let wrong = open(&sandbox, "locked.pem", Some("six blue kettles"));
        assert_eq!(
            wrong,
            Err("key.passphrase: the pass phrase of the key of x is wrong".to_owned()),
            "{way}"
        );
        let mut unlock = |_: &str| Ok(Some(PHRASE.to_owned().into()));
        let pem = std::fs::read(sandbox.file("locked.pem")).unwrap();
        let (key, _) = PrivateKey::from_locked_pem(&pem, "x", &mut unlock).unwrap();
        assert_eq!(key.public().der(), public, "{way}");
    }
    let none = open(&sandbox, "locked.pem", None);
    let needed = "key.passphrase: the pass phrase of the key of x is needed, and none was given";
    assert_eq!(none, Err(needed.to_owned()));
    // What is not locked asks for nothing.
    let mut never = |_: &str| panic!("it was asked for a pass phrase");
    let pem = std::fs::read(sandbox.file("k.pem")).unwrap();
    assert!(PrivateKey::from_locked_pem(&pem, "x", &mut never).is_ok_and(|(_, weak)| weak.is_none()));
}

/// Ways that are not read, and those that would take a computer for hours.
#[test]
fn locks_that_are_not_opened_say_which() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    run(&sandbox, "ecparam -name prime256v1 -genkey -noout -out k.pem");
    std::fs::write(sandbox.file("phrase"), format!("{PHRASE}\n")).unwrap();
    run(&sandbox, "pkcs8 -topk8 -v1 PBE-SHA1-3DES -in k.pem -passout file:phrase -out v1.pem");
    run(&sandbox, "ec -aes256 -in k.pem -passout file:phrase -out old.pem");
    let old = open(&sandbox, "old.pem", Some(PHRASE)).unwrap_err();
    assert!(old.ends_with("it is encrypted in the old PEM form (Proc-Type)"), "{old}");
    let v1 = open(&sandbox, "v1.pem", Some(PHRASE)).unwrap_err();
    assert!(v1.ends_with("it is encrypted in an old way that is not read (PBES1)"), "{v1}");

    // N = 16384, r = 8, p = 1, as OpenSSL writes them.
    run(&sandbox, "pkcs8 -topk8 -scrypt -in k.pem -passout file:phrase -out scrypt.pem");
    let plain = der(&sandbox, "scrypt.pem");
    let at = find(&plain, b"\x02\x02\x40\x00\x02\x01\x08\x02\x01\x01");
    let refused = |octet: usize, value: u8| {
        let mut der = plain.clone();
        der[at + octet] = value;
        PrivateKey::from_encrypted_der(&der, PHRASE).unwrap_err().to_string()
    };
    assert!(PrivateKey::from_encrypted_der(&plain, PHRASE).is_ok());
    let much = "its pass phrase takes more than 256 MiB of memory";
    // 33 times 16 MiB; and 127 times 128 octets, 32,767 times.
    assert!(refused(9, 33).ends_with("its pass phrase takes too much work"), "{}", refused(9, 33));
    let mut der = plain.clone();
    der[at + 2..at + 4].copy_from_slice(b"\x7f\xff");
    der[at + 6] = 127;
    let e = PrivateKey::from_encrypted_der(&der, PHRASE).unwrap_err().to_string();
    assert!(e.ends_with(much), "{e}");

    for (rounds, wanted) in
        [(10_000_001, "its pass phrase takes 10000001 rounds, and 10000000 are the most"), (1, "is wrong")]
    {
        let parameters =
            pkcs8::pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(rounds, &[7; 16], [9; 16])
                .unwrap();
        let info = pkcs8::EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.into(),
            encrypted_data: ::der::asn1::OctetStringRef::new(&[0; 32]).unwrap(),
        };
        let der = ::der::Encode::to_der(&info).unwrap();
        let e = PrivateKey::from_encrypted_der(&der, PHRASE).unwrap_err().to_string();
        assert!(e.ends_with(wanted), "{e}");
    }
    assert!(
        PrivateKey::from_encrypted_der(b"0\x00", PHRASE)
            .unwrap_err()
            .to_string()
            .contains("no encrypted key")
    );
}

/// What is written opens with OpenSSL, and no pass phrase is none.
#[test]
fn a_key_is_locked_as_openssl_reads_it() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    run(&sandbox, "ecparam -name secp384r1 -genkey -noout -out k.pem");
    let public = public_of(&sandbox, "k.pem");
    let key = PrivateKey::from_pem(sandbox.read("k.pem").as_bytes()).unwrap();
    for phrase in ["a", PHRASE, "größer als 100 ✓", &"x".repeat(1000)] {
        std::fs::write(sandbox.file("locked.pem"), key.encrypted_pem(phrase).unwrap()).unwrap();
        let pass = format!("pass:{phrase}");
        let args = ["pkey", "-in", "locked.pem", "-passin", &pass, "-pubout", "-outform", "DER", "-out", "p"];
        openssl(&args, sandbox.path());
        assert_eq!(std::fs::read(sandbox.file("p")).unwrap(), public, "{phrase}");
        assert_eq!(open(&sandbox, "locked.pem", Some(phrase)), Ok(None), "{phrase}");
    }
    let text = openssl(&["asn1parse", "-in", "locked.pem"], sandbox.path()).unwrap();
    for part in ["PBES2", "PBKDF2", ":0927C0", "hmacWithSHA256", "aes-256-cbc"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(key.encrypted_pem("").unwrap_err().code(), "key.passphrase");
    // The same once more is written otherwise: salt and start are new.
    assert_ne!(key.encrypted_pem("a").unwrap(), key.encrypted_pem("a").unwrap());
}

/// A point in its short form is checked, and its leaf has it in full: Go and Java take no other.
#[test]
fn a_point_in_short_is_the_same_key() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    run(&sandbox, "ecparam -name prime256v1 -genkey -noout -out k.pem");
    run(&sandbox, "ec -in k.pem -conv_form compressed -out short.pem");
    run(&sandbox, "req -x509 -key short.pem -subj /CN=x -addext subjectAltName=DNS:x.example -out c.pem");
    let certificate = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap();
    assert_eq!(certificate.public_key().bits().len(), 33);
    assert!(certificate.is_signed_by(certificate.public_key()).unwrap());
    let key = PrivateKey::from_pem(sandbox.read("k.pem").as_bytes()).unwrap();
    assert!(certificate.public_key().is_same_as(key.public()) && certificate.public_key() != key.public());
    let other = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    assert!(!certificate.public_key().is_same_as(other.public()));
    run(&sandbox, "req -new -key short.pem -subj /CN=x.example -out r.pem");
    sandbox.ok("ca new --key p256");
    sandbox.ok("sign r.pem");
    let leaf = Certificate::from_pem(sandbox.read("certforge/x.example/cert.pem").as_bytes()).unwrap();
    assert_eq!(leaf.public_key(), key.public());
}

/// An exponent that few use: what cannot be checked here is not said to be wrong.
#[test]
fn what_cannot_be_checked_is_not_wrong() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    run(
        &sandbox,
        "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:1099511627791 -out large.pem",
    );
    run(&sandbox, "req -x509 -key large.pem -subj /CN=x -addext subjectAltName=DNS:x.example -out c.pem");
    let certificate = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap();
    let refused = certificate.is_signed_by(certificate.public_key()).unwrap_err();
    assert_eq!(refused.code(), "key.unsupported");
    let page = support::json(&sandbox.run("check c.pem --json").stdout);
    let said = page["certificates"][0]["findings"].to_string();
    assert!(!said.contains("its own key did not sign it"), "{said}");
    run(&sandbox, "req -new -key large.pem -subj /CN=x.example -out r.pem");
    sandbox.run("ca new --key p256");
    let signed = sandbox.run("sign r.pem");
    assert_ne!(signed.status, 0);
    assert!(
        signed.stderr.contains("is not supported") || signed.stderr.contains("exponent"),
        "{}",
        signed.stderr
    );
}

/// A key that was opened and has a fault is not said to have another pass phrase; other
/// ciphers are not said to be no key.
#[test]
fn why_a_locked_key_is_not_taken() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), format!("{PHRASE}\n")).unwrap();
    run(
        &sandbox,
        "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out three.pem",
    );
    run(
        &sandbox,
        "pkcs8 -topk8 -v2 aes-256-cbc -iter 100000 -in three.pem -passout file:phrase -out locked.pem",
    );
    let e = open(&sandbox, "locked.pem", Some(PHRASE)).unwrap_err();
    assert!(!e.contains("pass phrase"), "{e}");
    run(&sandbox, "ecparam -name prime256v1 -genkey -noout -out k.pem");
    for way in ["-v2 aria-256-cbc", "-v2 camellia-256-cbc", "-v2 aes-256-cbc -v2prf hmacWithSHA512-256"] {
        run(&sandbox, &format!("pkcs8 -topk8 {way} -in k.pem -passout file:phrase -out locked.pem"));
        let e = open(&sandbox, "locked.pem", Some(PHRASE)).unwrap_err();
        assert!(
            e.contains("it is encrypted with something that is not read: AES and 3DES are"),
            "{way}: {e}"
        );
    }
}

/// What certificates of others are signed with: each by its name, and whether it can be relied on.
#[test]
fn signatures_of_every_digest_are_checked_and_named() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    for (key, digest, name, oid, strong, checked) in [
        ("rsa:1024", "-sha1", "RSA with SHA-1", "1.2.840.113549.1.1.5", false, true),
        ("rsa:1024", "-sha256", "RSA with SHA-256", "1.2.840.113549.1.1.11", true, true),
        ("rsa:1024", "-sha384", "RSA with SHA-384", "1.2.840.113549.1.1.12", true, false),
        ("rsa:1024", "-sha512", "RSA with SHA-512", "1.2.840.113549.1.1.13", true, true),
        ("rsa:2048", "-md5", "RSA with MD5", "1.2.840.113549.1.1.4", false, false),
        ("rsa:2048", "-sha1", "RSA with SHA-1", "1.2.840.113549.1.1.5", false, true),
        ("rsa:2048", "-sha224", "1.2.840.113549.1.1.14", "1.2.840.113549.1.1.14", false, false),
        ("rsa:2048", "-sha384", "RSA with SHA-384", "1.2.840.113549.1.1.12", true, true),
        ("rsa:2048", "-sha512", "RSA with SHA-512", "1.2.840.113549.1.1.13", true, true),
        ("rsa:3072", "-sha256", "RSA with SHA-256", "1.2.840.113549.1.1.11", true, true),
        ("ec:prime256v1", "-sha1", "ECDSA with SHA-1", "1.2.840.10045.4.1", false, false),
        ("ec:prime256v1", "-sha384", "ECDSA with SHA-384", "1.2.840.10045.4.3.3", true, true),
        ("ec:secp384r1", "-sha384", "ECDSA with SHA-384", "1.2.840.10045.4.3.3", true, true),
        ("ec:secp521r1", "-sha512", "ECDSA with SHA-512", "1.2.840.10045.4.3.4", true, true),
        ("ec:secp256k1", "-sha256", "ECDSA with SHA-256", "1.2.840.10045.4.3.2", true, false),
        ("ed25519", "-sha256", "Ed25519", "1.3.101.112", true, true),
        ("ed448", "-sha256", "Ed448", "1.3.101.113", false, false),
    ] {
        let new = match key.split_once(':') {
            Some(("ec", curve)) => format!("ec -pkeyopt ec_paramgen_curve:{curve}"),
            _ => key.to_owned(),
        };
        run(
            &sandbox,
            &format!("req -x509 -newkey {new} -nodes -keyout k.pem -subj /CN=x {digest} -out c.pem"),
        );
        let certificate = Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap();
        let algorithm = certificate.signature_algorithm();
        let said = (algorithm.name(), algorithm.oid(), algorithm.is_strong(), algorithm.is_md5());
        assert_eq!(said, (name.to_owned(), oid.to_owned(), strong, digest == "-md5"), "{key} {digest}");
        let own = |c: &Certificate| c.is_signed_by(c.public_key()).ok();
        assert_eq!(own(&certificate), checked.then_some(true), "{key} {digest}");
        let mut der = certificate.der().to_vec();
        let at = find(&der, b"\x0c\x01x") + 2;
        der[at] = b'y';
        assert_eq!(own(&Certificate::from_der(der).unwrap()), checked.then_some(false), "{key} {digest}");
    }
}

/// As of a CA's own key: it opens, and whoever has the file is held up less than is thought.
#[test]
fn a_weak_encryption_is_told_of_whichever_key_it_is() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    std::fs::write(sandbox.file("phrase"), "some eight letters\n").unwrap();
    for (flags, weak) in [
        (&["-v2", "des3"][..], true),
        (&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1", "-iter", "600000"], true),
        (&["-v2", "aes-256-cbc", "-iter", "100"], true),
        (&["-v2", "aes-256-cbc", "-iter", "600000"], false),
    ] {
        let mut args = vec!["pkcs8", "-topk8", "-passout", "file:phrase"];
        args.extend(["-in", "certforge/a.example/key.pem", "-out", "locked.pem"]);
        args.extend(flags);
        if openssl(&args, sandbox.path()).is_none() {
            return;
        }
        let csr =
            sandbox.ok("csr a.example --private-key locked.pem --passphrase-file phrase --force").stderr;
        let import = "import-acm --certificate certforge/a.example/cert.pem --private-key locked.pem --certificate-chain certforge/a.example/chain.pem --passphrase-file phrase --sim --dry-run";
        let import = sandbox.ok(import).stderr;
        let told = [csr, import]
            .map(|text| text.contains("it is encrypted with 3DES") || text.contains("worked through"));
        assert_eq!(told, [weak, weak], "{flags:?}");
    }
}
