//! Private keys as others write them, on every curve and in every form; and those that must
//! not be taken. OpenSSL makes them, and says what is in them.

mod support;

use certforge::key::KeyForm;
use certforge::{Certificate, PrivateKey};
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
    for (curve, digest) in CURVES.into_iter().zip(["-sha256", "-sha384", "-sha512"]) {
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
    for (curve, name) in CURVES.into_iter().zip(["P-256", "P-384", "P-521"]) {
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
