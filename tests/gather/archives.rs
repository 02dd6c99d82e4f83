//! Archives, requests, and what is looked at without being sorted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::bundle::Pkcs12Strength;
use certforge::gather::{Role, clean_certificates, signing_requests};
use certforge::{Certificate, PrivateKey};
use time::OffsetDateTime;

use crate::support::made::authority;

use super::{PASSPHRASE, any, block, der, gathered, house, issue, lines, looked_at, says, subjects};

#[test]
fn to_look_at_everything_is_kept() {
    let h = house();
    let public = Certificate::from_pem(h.leaf.as_bytes()).unwrap().public_key().der().to_vec();
    let public_pem = block("PUBLIC KEY", &public);
    let ca = authority("lists");
    let now = OffsetDateTime::now_utc();
    let list = ca.revocation_list(&[], 1, (now, now + time::Duration::DAY)).unwrap();
    let all = h.leaf.clone() + &h.key + &h.request + &public_pem + &list.pem().unwrap() + &h.locked;
    let parts = looked_at(&any(&all), None);
    assert_eq!(lines(&parts.findings), [""; 0]);
    assert_eq!((parts.certificates.len(), parts.keys.len()), (1, 1));
    assert_eq!(parts.others.requests[0].1, der(&h.request));
    assert_eq!(parts.others.public_keys[0].1, public);
    assert_eq!(parts.others.lists[0].1, list.der());
    assert_eq!(parts.others.locked.len(), 1);
    assert!(parts.certificates[0].0.starts_with("f.pem, block 1, line 1"));
    // One of them alone is no empty file.
    for alone in [&h.request, &public_pem, &list.pem().unwrap(), &h.locked] {
        assert_eq!(lines(&looked_at(&any(alone), None).findings), [""; 0]);
    }
    // And as DER each is known by its form.
    for (bytes, kind) in [(der(&h.request), 0), (public, 1), (list.der().to_vec(), 2), (der(&h.locked), 3)] {
        let parts = looked_at(&[(Role::Any, "f", bytes)], None);
        let counts = [
            parts.others.requests.len(),
            parts.others.public_keys.len(),
            parts.others.lists.len(),
            parts.others.locked.len(),
        ];
        assert_eq!((counts[kind], counts.iter().sum::<usize>()), (1, 1), "{kind}");
    }
    says(list.der(), &["!gather.damaged f: it is neither PEM nor the DER of anything known"]);
    says(&der(&h.request), &["!gather.unsigned f: it is a signing request, and no certificate"]);
}

#[test]
fn a_public_key_of_rsa_in_its_own_form_is_one() {
    let key = PrivateKey::generate(certforge::KeyAlgorithm::Rsa2048).unwrap();
    let own = key.public().bits().to_vec();
    for bytes in [own.clone(), block("RSA PUBLIC KEY", &own).into_bytes()] {
        let parts = looked_at(&[(Role::Any, "f", bytes.clone())], None);
        assert_eq!(lines(&parts.findings), [""; 0]);
        assert_eq!(parts.others.public_keys[0].1, key.public().der());
        let said = lines(&gathered(&[(Role::Any, "f", bytes)], None).findings);
        assert!(said[0].ends_with("it is a public key, and no certificate"), "{said:?}");
    }
    let private = key.secret_der().to_vec();
    for wrong in [b"\x05\x00".to_vec(), b"\x30\x03\x02\x01\x05".to_vec(), private] {
        let parts = looked_at(&any(&block("RSA PUBLIC KEY", &wrong)), None);
        assert_eq!(
            lines(&parts.findings),
            ["!gather.damaged f.pem, block 1, line 1: it is no public key of RSA"]
        );
    }
}

/// What binary files are unpacked, and said to be.
#[test]
fn archives_are_unpacked() {
    let h = house();
    let ca = authority("root");
    let bundle = issue(&ca, "a.example");
    let pkcs7 = der(&certforge::bundle::pkcs7_pem(bundle.leaf(), bundle.chain()).unwrap());
    let found = gathered(&[(Role::Any, "f", pkcs7)], None);
    assert_eq!(subjects(&found), ["a.example", "root"]);
    assert_eq!(lines(&found.findings), ["gather.pkcs7 f: PKCS#7 unpacked"]);

    let archive = bundle.secret_pkcs12("a.example", PASSPHRASE, Pkcs12Strength::Modern).unwrap();
    for role in [Role::Any, Role::Certificate] {
        let file = [(role, "f", archive.clone())];
        let found = gathered(&file, Some(PASSPHRASE));
        assert_eq!(subjects(&found), ["a.example", "root"]);
        assert_eq!(found.key.as_ref().map(PrivateKey::public), Some(bundle.key().public()));
        assert_eq!(lines(&found.findings), ["gather.pkcs12 f: PKCS#12 unpacked"]);
        for (passphrase, reason) in [
            (None, "it is locked with a pass phrase, and none was given"),
            (Some("battery staple"), "its pass phrase is wrong"),
        ] {
            let said = lines(&gathered(&file, passphrase).findings);
            assert_eq!(said[..1], [format!("!gather.encrypted f: {reason}")]);
        }
    }
    let said = lines(&gathered(&[(Role::Any, "f", der(&h.key))], None).findings);
    assert_eq!(said[0], "gather.der f: DER written as PEM");
    let damaged = gathered(&[(Role::Any, "f", archive[..archive.len() - 9].to_vec())], Some(PASSPHRASE));
    assert_eq!(
        lines(&damaged.findings),
        ["!gather.damaged f: it is neither PEM nor the DER of anything known"]
    );
}

/// One element of DER.
fn tlv(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
    let inside = inside.concat();
    let length = inside.len().to_be_bytes();
    let length = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    let head = match length {
        [] => vec![tag, 0],
        [short @ 0..0x80] => vec![tag, *short],
        long => [&[tag, 0x80 | u8::try_from(long.len()).unwrap()], long].concat(),
    };
    [head, inside].concat()
}

/// An object identifier whose numbers behind the second are below 128 or are these.
fn oid(numbers: &[u32]) -> Vec<u8> {
    let mut octets = vec![u8::try_from(numbers[0] * 40 + numbers[1]).unwrap()];
    for number in &numbers[2..] {
        let groups = (0..5).rev().map(|i| u8::try_from(number >> (7 * i) & 0x7f).unwrap());
        let mut groups: Vec<u8> = groups.skip_while(|group| *group == 0).collect();
        let last = groups.pop().unwrap_or(0);
        octets.extend(groups.into_iter().map(|group| group | 0x80));
        octets.push(last);
    }
    tlv(6, &[&octets])
}

fn integer(number: u32) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    // One more keeps it positive.
    tlv(2, &[if octets.first().is_none_or(|high| *high >= 0x80) { &[0] } else { &[] }, octets])
}

/// An `EncryptedPrivateKeyInfo` that is locked by this way of deriving a key.
fn locked(derivation: &[u8]) -> Vec<u8> {
    let aes = tlv(0x30, &[&oid(&[2, 16, 840, 1, 101, 3, 4, 1, 42]), &tlv(4, &[&[0; 16]])]);
    let pbes2 = tlv(0x30, &[&oid(&[1, 2, 840, 113_549, 1, 5, 13]), &tlv(0x30, &[derivation, &aes])]);
    tlv(0x30, &[&pbes2, &tlv(4, &[&[0; 64]])])
}

/// A bag of this kind (RFC 7292 §4.2): 2 for a locked key, 5 for a secret, 6 for a safe.
fn bag(kind: u32, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&oid(&[1, 2, 840, 113_549, 1, 12, 10, 1, kind]), &tlv(0xa0, &[value])])
}

/// A PKCS#12 file of key bags that are locked with the empty pass phrase, each by this way of
/// deriving a key, in a safe or in safes in safes.
fn locked_bags(count: usize, derivation: &[u8], nested: usize) -> Vec<u8> {
    archive(&bag(2, &locked(derivation)).repeat(count), nested)
}

/// The same of secrets, as keytool writes a symmetric key.
fn secret_bags(count: usize, derivation: &[u8]) -> Vec<u8> {
    let kind = oid(&[1, 2, 840, 113_549, 1, 12, 10, 1, 2]);
    let secret = tlv(0x30, &[&kind, &tlv(0xa0, &[&tlv(4, &[&locked(derivation)])])]);
    archive(&bag(5, &secret).repeat(count), 0)
}

fn archive(bags: &[u8], nested: usize) -> Vec<u8> {
    let mut safe = tlv(0x30, &[bags]);
    for _ in 0..nested {
        safe = tlv(0x30, &[&bag(6, &safe)]);
    }
    let data =
        |inside: &[u8]| tlv(0x30, &[&oid(&[1, 2, 840, 113_549, 1, 7, 1]), &tlv(0xa0, &[&tlv(4, &[inside])])]);
    tlv(0x30, &[&integer(3), &data(&tlv(0x30, &[&data(&safe)]))])
}

#[test]
fn an_archive_that_asks_for_minutes_of_work_stays_closed() {
    let pbkdf2 = |rounds: u32| {
        let hmac = tlv(0x30, &[&oid(&[1, 2, 840, 113_549, 2, 9]), &tlv(5, &[])]);
        let parameters = tlv(0x30, &[&tlv(4, &[b"saltsalt"]), &integer(rounds), &hmac]);
        tlv(0x30, &[&oid(&[1, 2, 840, 113_549, 1, 5, 12]), &parameters])
    };
    let scrypt = |n: u32, p: u32| {
        let parameters = tlv(0x30, &[&tlv(4, &[b"saltsalt"]), &integer(n), &integer(8), &integer(p)]);
        tlv(0x30, &[&oid(&[1, 3, 6, 1, 4, 1, 11_591, 4, 11]), &parameters])
    };
    let said = |archive: Vec<u8>| lines(&gathered(&[(Role::Any, "f", archive)], Some(PASSPHRASE)).findings);
    let work = "!gather.encrypted f: its pass phrase would take too much work";
    for archive in [
        // Each bag by itself is within what one key may ask for.
        locked_bags(4_000, &pbkdf2(1_000_000), 0),
        locked_bags(4_000, &pbkdf2(1_000_000), 2),
        locked_bags(1, &scrypt(1 << 20, 16), 0),
        locked_bags(1_000, &scrypt(1 << 14, 1), 0),
        secret_bags(4_000, &pbkdf2(1_000_000)),
        secret_bags(1_000, &scrypt(1 << 14, 1)),
    ] {
        assert_eq!(said(archive)[0], work);
    }
    // A file that asks for little is opened, and is what it is.
    for archive in [
        locked_bags(2, &pbkdf2(1_000), 0),
        locked_bags(1, &scrypt(1 << 10, 1), 0),
        secret_bags(2, &pbkdf2(1_000)),
    ] {
        assert!(said(archive)[0] != work);
    }
}

#[test]
fn an_archive_without_a_certificate_makes_no_ca_of_the_chain_one() {
    let ca = authority("root");
    let key = certforge::Bundle::new(
        ca.certificate().clone(),
        PrivateKey::from_der(ca.key().secret_der(), certforge::key::KeyForm::Pkcs8).unwrap(),
        certforge::certificate::Chain::default(),
    )
    .unwrap();
    let keys_alone = |archive: &[u8]| {
        let openssl = crate::support::judge("openssl")?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("in.p12"), archive).unwrap();
        let line = format!("pkcs12 -in in.p12 -passin pass:{} -nocerts -nodes -out key.pem", "x");
        crate::support::output(&openssl, &line.split(' ').collect::<Vec<_>>(), folder.path());
        let line = "pkcs12 -export -nocerts -inkey key.pem -passout pass:x -out out.p12";
        crate::support::output(&openssl, &line.split(' ').collect::<Vec<_>>(), folder.path());
        Some(std::fs::read(folder.path().join("out.p12")).unwrap())
    };
    let whole = key.secret_pkcs12("a", "x", Pkcs12Strength::Modern).unwrap();
    let Some(bare) = keys_alone(&whole) else { return };
    let chain = ca.certificate().pem().unwrap().into_bytes();
    let files = [(Role::Certificate, "c.p12", bare), (Role::Chain, "chain.pem", chain)];
    let found = gathered(&files, Some("x"));
    assert!(found.certificate.is_none(), "{:?}", lines(&found.findings));
    assert!(lines(&found.findings).iter().any(|l| l.ends_with("no certificate was given")));
    // One that has it is taken as before.
    let found = gathered(&[(Role::Certificate, "c.p12", whole)], Some("x"));
    assert!(found.certificate.is_some());
}

#[test]
fn there_is_a_most_of_everything() {
    let h = house();
    // 50 certificates of a bundle, 1,000 to look at.
    for (count, fits) in [(50, true), (51, false)] {
        let found = gathered(&any(&h.root.repeat(count)), None);
        let said = lines(&found.findings).concat();
        assert_eq!(said.contains("more than 50 certificates"), !fits, "{count}");
    }
    let pile = h.root.repeat(51);
    assert_eq!(looked_at(&any(&pile), None).certificates.len(), 51);
    // 20 faults, then nothing more is read.
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(looked_at(&any(&broken.repeat(19)), None).findings.len(), 19);
    assert_eq!(looked_at(&any(&broken.repeat(30)), None).findings.len(), 20);
    // 4 MiB of certificates, 1 MiB of a key.
    for (role, most) in [(Role::Any, 4 << 20), (Role::Chain, 4 << 20), (Role::PrivateKey, 1 << 20)] {
        let said = |size| lines(&gathered(&[(role, "f", vec![b'\n'; size])], None).findings).concat();
        assert!(!said(most).contains("octets"), "{}", said(most));
        assert!(said(most + 1).contains(&format!("it has {} octets, and {most} are read", most + 1)));
    }
}

#[test]
fn requests_are_found_in_whatever_stands_around_them() {
    let h = house();
    let request = der(&h.request);
    for bytes in [
        h.request.clone().into_bytes(),
        format!("Subject: x\r\n\r\n{}", h.request.replace('\n', "\r\n")).into_bytes(),
        h.request.replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT").into_bytes(),
        (h.leaf.clone() + &h.request).into_bytes(),
        request.clone(),
        STANDARD.encode(&request).into_bytes(),
    ] {
        assert_eq!(signing_requests(&bytes), std::slice::from_ref(&request));
    }
    assert_eq!(signing_requests((h.request.clone() + &h.request).as_bytes()).len(), 2);
    for bytes in [&b""[..], h.leaf.as_bytes(), b"nothing"] {
        assert!(signing_requests(bytes).is_empty());
    }
}

#[test]
fn clean_certificates_are_read_and_nothing_else_is() {
    let h = house();
    let both = h.leaf.clone() + &h.root;
    let read = clean_certificates(&both).unwrap();
    assert_eq!(read.iter().map(Certificate::subject).collect::<Vec<_>>(), ["CN=a.example", "CN=root"]);
    assert_eq!(clean_certificates("").unwrap().len(), 0);
    for dirty in [
        format!("\n{both}"),
        format!("{both}\n"),
        both.replace('\n', "\r\n"),
        both.trim_end().to_owned(),
        h.leaf.clone() + &h.key,
        h.leaf.replacen("MII", "M*I", 1),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
    ] {
        assert!(clean_certificates(&dirty).is_none(), "{dirty}");
    }
}

/// Without a MAC nothing says that a pass phrase is wrong but what comes out: it is asked for.
#[test]
fn an_archive_without_a_mac_is_asked_for_its_pass_phrase() {
    let Some(openssl) = crate::support::judge("openssl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let bundle = issue(&authority("root"), "a.example");
    std::fs::write(folder.path().join("c.pem"), bundle.leaf().pem().unwrap()).unwrap();
    std::fs::write(folder.path().join("k.pem"), bundle.key().secret_pem().unwrap().as_bytes()).unwrap();
    // By chance, one in 256 ends as what was opened would.
    for _ in 0..8 {
        let line = "pkcs12 -export -nomac -iter 100 -in c.pem -inkey k.pem -passout pass:x -out a.p12";
        crate::support::output(&openssl, &line.split(' ').collect::<Vec<_>>(), folder.path());
        let archive = std::fs::read(folder.path().join("a.p12")).unwrap();
        let found = gathered(&[(Role::Any, "f", archive)], Some("x"));
        assert!(found.certificate.is_some() && found.key.is_some(), "{:?}", lines(&found.findings));
    }
}
