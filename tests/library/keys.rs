//! Keys: made, written, read, told apart, and what is refused as one.

use certforge::error::Error;
use certforge::key::{KeyForm, Sha256, hex};
use certforge::{KeyAlgorithm, PrivateKey, PublicKey};

use super::{nobody, who_says};

const FORMS: [KeyForm; 3] = [KeyForm::Pkcs8, KeyForm::Pkcs1, KeyForm::Sec1];

fn key(algorithm: KeyAlgorithm) -> PrivateKey {
    PrivateKey::generate(algorithm).unwrap()
}

/// The forms that a kind of key has.
fn forms(algorithm: KeyAlgorithm) -> Vec<KeyForm> {
    match algorithm {
        KeyAlgorithm::Ed25519 => vec![KeyForm::Pkcs8],
        KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => vec![KeyForm::Pkcs8, KeyForm::Sec1],
        _ => vec![KeyForm::Pkcs8, KeyForm::Pkcs1],
    }
}

const MADE: [KeyAlgorithm; 4] =
    [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048];

#[test]
fn a_key_comes_back_from_every_form_it_has() {
    for algorithm in MADE {
        let key = key(algorithm);
        assert_eq!(key.algorithm(), algorithm);
        key.check().unwrap();
        for form in FORMS {
            let (der, pem) = (key.secret_der_as(form), key.secret_pem_as(form));
            if !forms(algorithm).contains(&form) {
                assert!(matches!(der.map(|_| ()), Err(Error::KeyForm { .. })), "{algorithm:?} {form:?}");
                assert!(matches!(pem.map(|_| ()), Err(Error::KeyForm { .. })), "{algorithm:?} {form:?}");
                continue;
            }
            let (der, pem) = (der.unwrap(), pem.unwrap());
            for read in [PrivateKey::from_der(&der, form), PrivateKey::from_pem(pem.as_bytes())] {
                let read = read.unwrap();
                assert_eq!(read.secret_der(), key.secret_der(), "{algorithm:?} {form:?}");
                assert_eq!(read.public(), key.public());
            }
            let label = pem.lines().next().unwrap().strip_prefix("-----BEGIN ").unwrap();
            assert_eq!(KeyForm::of_label(label.trim_end_matches('-')), Some(form));
            // A form that it is not in is no key.
            for other in FORMS.into_iter().filter(|other| *other != form) {
                let wrong = PrivateKey::from_der(&der, other).map(|_| ());
                assert!(wrong.is_err(), "{algorithm:?}: {form:?} read as {other:?}");
            }
        }
    }
    for label in ["", "PUBLIC KEY", "ENCRYPTED PRIVATE KEY", "CERTIFICATE", "private key", "DSA PRIVATE KEY"]
    {
        assert_eq!(KeyForm::of_label(label), None, "{label}");
    }
}

#[test]
fn what_is_damaged_is_no_key() {
    for algorithm in MADE {
        let key = key(algorithm);
        let der = key.secret_der();
        for end in [0, 1, der.len() / 2, der.len() - 1] {
            assert!(PrivateKey::from_der(&der[..end], KeyForm::Pkcs8).is_err(), "{algorithm:?} to {end}");
        }
        assert!(PrivateKey::from_der(&[der, &[0]].concat(), KeyForm::Pkcs8).is_err(), "{algorithm:?}");
        // Another public half in it: it would sign what nobody can check.
        if matches!(algorithm, KeyAlgorithm::P256 | KeyAlgorithm::P384) {
            let mut other = der.to_vec();
            *other.last_mut().unwrap() ^= 1;
            let refused = PrivateKey::from_der(&other, KeyForm::Pkcs8).map(|_| ());
            assert!(matches!(refused, Err(Error::Key { .. })), "{algorithm:?}: {refused:?}");
        }
    }
    for text in [
        "",
        "words",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
    ] {
        let refused = PrivateKey::from_pem(text.as_bytes()).map(|_| ());
        assert!(matches!(refused, Err(Error::MalformedPem { .. })), "{text}: {refused:?}");
    }
    let public = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    let Err(Error::Key { reason }) = PrivateKey::from_pem(public.as_bytes()) else {
        panic!("a public half was read")
    };
    assert!(reason.contains("PUBLIC KEY"), "{reason}");
}

#[test]
fn a_key_shows_its_public_half_alone() {
    for algorithm in MADE {
        let key = key(algorithm);
        let shown = format!("{key:?} {key:#?}");
        assert!(shown.contains("PrivateKey"), "{shown}");
        let secret = hex(key.secret_der());
        for at in (0..secret.len() - 32).step_by(32) {
            assert!(!shown.contains(&secret[at..at + 32]), "{algorithm:?}");
        }
        let pem = key.secret_pem().unwrap();
        assert!(pem.lines().filter(|line| !line.starts_with('-')).all(|line| !shown.contains(line)));
    }
    assert!(PrivateKey::any_was_held());
}

#[test]
fn a_signature_is_of_one_key_and_one_text() {
    for algorithm in MADE {
        let (one, other) = (key(algorithm), key(algorithm));
        let signer = one.signer().unwrap();
        let ca = certforge::Authority::generate("Signatures").unwrap();
        let leaf =
            ca.sign(&super::request("a.internal").key(algorithm).plan(super::now()).unwrap(), one.public());
        let leaf = leaf.unwrap();
        assert_eq!(leaf.public_key(), one.public());
        assert_ne!(leaf.public_key(), other.public());
        assert!(leaf.is_signed_by(ca.certificate().public_key()).unwrap());
        assert!(!leaf.is_signed_by(ca.key().public()).is_ok_and(|signed| !signed));
        drop(signer);
        assert_ne!(one.public().sha256(), other.public().sha256());
        assert_ne!(one.public().key_identifier(), other.public().key_identifier());
        assert_eq!(one.public().key_identifier()[..], Sha256::of(one.public().bits()).as_bytes()[..20]);
        let read = PublicKey::from_der(one.public().der()).unwrap();
        assert_eq!(&read, one.public());
        assert_eq!(read.weakness(), None, "{algorithm:?}");
        assert_eq!(read.describe(), algorithm.label());
        assert_eq!(read.is_rsa(), algorithm == KeyAlgorithm::Rsa2048);
        assert!(PublicKey::from_der(&one.public().der()[1..]).is_err());
    }
}

#[test]
fn kinds_of_keys_have_the_names_of_others() {
    for (algorithm, own, acm) in [
        (KeyAlgorithm::P256, "p256", Some("EC_prime256v1")),
        (KeyAlgorithm::P384, "p384", Some("EC_secp384r1")),
        (KeyAlgorithm::P521, "p521", Some("EC_secp521r1")),
        (KeyAlgorithm::Ed25519, "ed25519", None),
        (KeyAlgorithm::Rsa1024, "rsa1024", Some("RSA_1024")),
        (KeyAlgorithm::Rsa2048, "rsa2048", Some("RSA_2048")),
        (KeyAlgorithm::Rsa3072, "rsa3072", Some("RSA_3072")),
        (KeyAlgorithm::Rsa4096, "rsa4096", Some("RSA_4096")),
    ] {
        assert_eq!((algorithm.as_str(), algorithm.acm_name()), (own, acm));
    }
    // As openssl, step, Go and AWS spell them.
    for (text, algorithm) in [
        ("p256", KeyAlgorithm::P256),
        ("P-256", KeyAlgorithm::P256),
        ("rsa-2048", KeyAlgorithm::Rsa2048),
        ("RSA2048", KeyAlgorithm::Rsa2048),
        ("Ed25519", KeyAlgorithm::Ed25519),
    ] {
        assert_eq!(text.parse::<KeyAlgorithm>().unwrap(), algorithm, "{text}");
    }
    for bad in ["", "rsa", "rsa512", "dsa", "p224", "2048", "ed448"] {
        let refused = bad.parse::<KeyAlgorithm>();
        if let Err(Error::KeyAlgorithm { input, known }) = refused {
            assert_eq!(input, bad);
            assert!(known.contains(&"p256") && known.contains(&"rsa2048"), "{known:?}");
        } else {
            assert!(bad == "rsa", "{bad}: {refused:?}");
        }
    }
    for algorithm in [KeyAlgorithm::P521, KeyAlgorithm::Rsa1024] {
        let refused = PrivateKey::generate(algorithm).map(|_| ());
        assert!(matches!(refused, Err(Error::UnsupportedAlgorithm { .. })), "read, not made: {refused:?}");
    }
}

#[test]
fn an_encrypted_key_opens_with_its_pass_phrase_alone() {
    let key = key(KeyAlgorithm::P256);
    let pem = key.encrypted_pem("correct horse").unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let plain = key.secret_pem().unwrap();
    assert!(plain.lines().filter(|line| !line.starts_with('-')).all(|line| !body.contains(line)));
    let (opened, weakness) =
        PrivateKey::from_locked_pem(pem.as_bytes(), "the key", &mut who_says("correct horse")).unwrap();
    assert_eq!((opened.secret_der(), weakness), (key.secret_der(), None));
    let reason = |unlock: &mut certforge::key::Unlock<'_>| {
        let Err(Error::Passphrase { of, reason }) =
            PrivateKey::from_locked_pem(pem.as_bytes(), "the key", unlock)
        else {
            panic!("it opened")
        };
        assert_eq!(of, "the key");
        reason
    };
    assert_eq!(reason(&mut nobody), "is needed, and none was given");
    assert_eq!(reason(&mut who_says("Correct horse")), "is wrong");
    // One that is not encrypted is nobody's to be asked about.
    let mut asked = false;
    let read = PrivateKey::from_locked_pem(plain.as_bytes(), "the key", &mut |_| {
        asked = true;
        Ok(None)
    });
    assert_eq!(read.unwrap().0.secret_der(), key.secret_der());
    assert!(!asked);
    assert!(matches!(key.encrypted_pem(""), Err(Error::Passphrase { reason: "is empty", .. })));
    // Whoever is asked may have a fault of their own to tell.
    let failed = PrivateKey::from_locked_pem(pem.as_bytes(), "the key", &mut |_| Err(Error::NoNames));
    assert!(matches!(failed.map(|_| ()), Err(Error::NoNames)));
}

#[test]
fn sums_are_those_of_the_standard() {
    // FIPS 180-4's examples.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        (Sha256::of(b"").to_string(), Sha256::of(b"abc").to_string()),
        (empty.to_owned(), abc.to_owned())
    );
    assert_eq!(hex(Sha256::of(b"abc").as_bytes()), abc);
    assert_eq!((hex(&[]), hex(&[0, 0x0f, 0xf0, 0xff])), (String::new(), "000ff0ff".to_owned()));
}

#[test]
fn what_is_no_point_of_its_curve_is_no_key_that_is_certified() {
    let issuer = super::ca("Points");
    let plan = super::request("a.internal").plan(super::now()).unwrap();
    for (algorithm, length) in [
        (KeyAlgorithm::P256, 65),
        (KeyAlgorithm::P384, 97),
        (KeyAlgorithm::P521, 133),
        (KeyAlgorithm::Ed25519, 32),
    ] {
        let own = if algorithm == KeyAlgorithm::P521 {
            // None is made here: any octets behind its algorithm.
            let p521 = "3081 9b30 1006 072a 8648 ce3d 0201 0605 2b81 0400 2303 8186 00".replace(' ', "");
            let head = (0..p521.len()).step_by(2).map(|i| u8::from_str_radix(&p521[i..i + 2], 16).unwrap());
            head.chain([4]).chain([0; 132]).collect()
        } else {
            key(algorithm).public().der().to_vec()
        };
        let at = own.len() - length;
        let mut zero = own.clone();
        zero[at + 1..].fill(0);
        let mut odd = own.clone();
        odd[at] = 9;
        let bad = if algorithm == KeyAlgorithm::Ed25519 { Vec::new() } else { vec![zero, odd] };
        // An octet less: the lengths before it say so.
        let mut short = own[..own.len() - 1].to_vec();
        let outer = if own[1] == 0x81 { 2 } else { 1 };
        short[outer] -= 1;
        short[at - 2] -= 1;
        for spki in bad.into_iter().chain([short]) {
            let public = PublicKey::from_der(&spki).unwrap();
            assert_eq!(public.algorithm(), Some(algorithm));
            let weakness = public.weakness().unwrap();
            assert!(weakness.contains("no point of the curve"), "{algorithm:?}: {weakness}");
            let e = issuer.sign(&plan, &public).unwrap_err();
            assert_eq!(e.code(), "key.weak", "{e}");
        }
    }
}
