//! A bundle in the forms that other programs take, read back by the library's own readers.

use std::path::Path;

use certforge::bundle::{Pkcs12Strength, pkcs7_pem};
use certforge::gather::{Parts, Pile, Role};
use certforge::harness::TempFiles;
use certforge::key::KeyForm;
use certforge::{Bundle, Certificate, KeyAlgorithm, PrivateKey, TrustAnchor};

use super::{below, ca, mode, nobody, now, request, who_says};

fn bundle() -> Bundle {
    below(&ca("Forms root"), "Forms CA").issue(&request("a.internal")).unwrap()
}

/// What is in one file of any form.
fn read(bytes: &[u8], passphrase: Option<&str>) -> Parts {
    let mut pile = Pile::to_look_at();
    let path = Path::new("file");
    match passphrase {
        Some(phrase) => pile.add(Role::Any, path, bytes, &mut *who_says(phrase)),
        None => pile.add(Role::Any, path, bytes, &mut nobody),
    }
    .unwrap();
    pile.into_parts()
}

#[test]
fn pkcs12_holds_all_of_it_and_opens_with_its_pass_phrase() {
    let bundle = bundle();
    for strength in [Pkcs12Strength::Modern, Pkcs12Strength::Legacy] {
        let archive = bundle.secret_pkcs12("gateway", "correct horse", strength).unwrap();
        // Nothing of the key stands there as it is.
        let secret = bundle.key().secret_der();
        assert!(!archive.windows(32).any(|window| window == &secret[secret.len() - 40..secret.len() - 8]));
        let found = read(&archive, Some("correct horse"));
        assert_eq!(found.keys.len(), 1);
        assert_eq!(found.keys[0].1.secret_der(), secret);
        let mut wanted = vec![bundle.leaf().clone()];
        wanted.extend_from_slice(bundle.chain().certificates());
        let certificates: Vec<_> = found.certificates.into_iter().map(|(_, c)| c).collect();
        assert_eq!(certificates.len(), wanted.len());
        assert!(wanted.iter().all(|c| certificates.contains(c)));
        // With another pass phrase, and with none, nothing comes out, and that is told.
        for phrase in [Some("incorrect horse"), None] {
            let locked = read(&archive, phrase);
            assert!(locked.keys.is_empty() && locked.certificates.is_empty(), "{phrase:?}");
            assert!(!locked.findings.is_empty(), "{phrase:?}");
        }
    }
    assert!(bundle.secret_pkcs12("gateway", "", Pkcs12Strength::Modern).is_err(), "no pass phrase is none");
    let e = bundle.secret_pkcs12("gateway", "key \u{1f511}", Pkcs12Strength::Modern).unwrap_err();
    assert_eq!(e.code(), "key.passphrase", "{e}");
}

#[test]
fn a_trust_store_has_the_root_and_no_key() {
    let bundle = bundle();
    let anchor = bundle.trust_anchor();
    assert_eq!(anchor.certificate(), bundle.chain().certificates().last().unwrap());
    let store = anchor.pkcs12_trust_store("our-root", "changeit", Pkcs12Strength::Modern).unwrap();
    let found = read(&store, Some("changeit"));
    assert!(found.keys.is_empty());
    assert_eq!(found.certificates.len(), 1);
    assert_eq!(&found.certificates[0].1, anchor.certificate());
    assert_eq!(anchor, TrustAnchor::new(anchor.certificate().clone()));
}

#[test]
fn pkcs7_has_the_certificates_in_order() {
    let bundle = bundle();
    let text = pkcs7_pem(bundle.leaf(), bundle.chain()).unwrap();
    assert!(text.starts_with("-----BEGIN PKCS7-----\n"));
    let found = read(text.as_bytes(), None);
    assert!(found.keys.is_empty());
    assert_eq!(found.certificates.len(), 1 + bundle.chain().certificates().len());
    assert!(found.certificates.iter().any(|(_, c)| c == bundle.leaf()));
}

#[test]
fn one_file_has_the_key_before_what_a_server_sends() {
    let bundle = bundle();
    for (form, label) in [(KeyForm::Pkcs8, "PRIVATE KEY"), (KeyForm::Sec1, "EC PRIVATE KEY")] {
        let text = bundle.secret_combined_pem(form).unwrap();
        let labels: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("-----BEGIN ")).collect();
        assert_eq!(labels, [&format!("{label}-----")[..], "CERTIFICATE-----", "CERTIFICATE-----"]);
        assert!(text.ends_with(&bundle.fullchain_pem().unwrap()));
        let found = read(text.as_bytes(), None);
        assert_eq!(found.keys[0].1.secret_der(), bundle.key().secret_der());
    }
    assert!(bundle.secret_combined_pem(KeyForm::Pkcs1).is_err(), "an elliptic key has no PKCS#1");
}

#[test]
fn files_for_a_test_are_whole_and_go_with_it() {
    let bundle = bundle();
    let mut files = TempFiles::of(&bundle).unwrap();
    let folder = files.path().to_owned();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&files.key()), 0o600);
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert_eq!(text(&files.cert()), bundle.leaf().pem().unwrap());
    assert_eq!(text(&files.fullchain()), bundle.fullchain_pem().unwrap());
    assert_eq!(text(&files.ca()), bundle.trust_anchor().pem().unwrap());
    assert!(text(&files.chain()).contains("BEGIN CERTIFICATE"));
    let key = PrivateKey::from_pem(text(&files.key()).as_bytes()).unwrap();
    assert_eq!(key.secret_der(), bundle.key().secret_der());
    let more = files.add("trust.p12", b"octets").unwrap();
    assert_eq!((mode(&more), std::fs::read(&more).unwrap()), (0o600, b"octets".to_vec()));
    assert!(more.starts_with(&folder));
    for elsewhere in ["../escaped", "/tmp/escaped", "a/b", "..", "."] {
        assert!(files.add(elsewhere, b"octets").is_err(), "{elsewhere}");
    }
    drop(files);
    assert!(!folder.exists());
    let empty = TempFiles::empty().unwrap();
    let other = empty.path().to_owned();
    assert!(other.is_dir() && other != folder);
    drop(empty);
    assert!(!other.exists());
}

#[test]
fn a_key_that_is_used_again_has_a_certificate_for_each_use() {
    let authority = ca("Forms root");
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let again = || PrivateKey::from_der(key.secret_der(), KeyForm::Pkcs8).unwrap();
    let plan = |name: &str| request(name).plan(now()).unwrap();
    let (one, two) = (
        authority.issue_for(&plan("a.internal"), again()).unwrap(),
        authority.issue_for(&plan("b.internal"), again()).unwrap(),
    );
    assert_eq!(one.leaf().public_key(), two.leaf().public_key());
    assert_ne!(one.leaf().serial(), two.leaf().serial());
    assert_ne!(one.sha256(), two.sha256());
    assert_eq!(one.leaf().subject_key_identifier(), two.leaf().subject_key_identifier());
}

#[test]
fn pkcs7_has_each_certificate_as_it_is() {
    // A name whose two attributes are not in DER's order: written anew, they would be.
    let plan = request("a.internal").subject("/O=aa+CN=bb".parse().unwrap());
    let bundle = ca("Forms root").issue(&plan).unwrap();
    let mut der = bundle.leaf().der().to_vec();
    let place = |value: &[u8]| der.windows(4).rposition(|w| w == value).unwrap() - 7;
    let (at, other) = (place(b"\x0c\x02aa"), place(b"\x0c\x02bb"));
    let (first, second) = (at.min(other), at.max(other));
    assert_eq!(second - first, 11, "two attributes beside each other");
    let swapped = [&der[second..second + 11], &der[first..first + 11]].concat();
    der[first..first + 22].copy_from_slice(&swapped);
    let odd = Certificate::from_der(der.clone()).unwrap();
    let text = pkcs7_pem(&odd, bundle.chain()).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let written = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
    assert!(written.windows(der.len()).any(|w| w == der));
}

#[test]
fn the_block_that_is_meant_is_read_among_others() {
    let bundle = bundle();
    let (key, leaf) = (bundle.key().secret_pem().unwrap(), bundle.leaf().pem().unwrap());
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let all = format!("# keys\n{parameters}{}{leaf}{}# the end\n", key.as_str(), key.as_str());
    assert_eq!(PrivateKey::from_pem(all.as_bytes()).unwrap().secret_der(), bundle.key().secret_der());
    assert_eq!(Certificate::from_pem(all.as_bytes()).unwrap(), *bundle.leaf());
    let locked = bundle.key().encrypted_pem("correct horse").unwrap();
    let both = format!("{parameters}{locked}{leaf}");
    let (opened, _) =
        PrivateKey::from_locked_pem(both.as_bytes(), "it", &mut *who_says("correct horse")).unwrap();
    assert_eq!(opened.secret_der(), bundle.key().secret_der());
    // Where there is none, what is there is told.
    for (text, says) in [(parameters, "EC PARAMETERS"), (&leaf, "CERTIFICATE")] {
        let e = PrivateKey::from_pem(text.as_bytes()).unwrap_err().to_string();
        assert!(e.contains(says), "{e}");
    }
    let authority = ca("Forms root");
    let list = authority.revocation_list(&[], 1, (now(), now() + time::Duration::DAY)).unwrap();
    let text = format!("{leaf}{}# end of list\n", list.pem().unwrap());
    assert_eq!(certforge::RevocationList::from_pem(text.as_bytes()).unwrap().der(), list.der());
}
