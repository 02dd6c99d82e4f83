//! Private keys: one of them, opened or told.

use certforge::gather::Role;
use certforge::{KeyAlgorithm, PrivateKey};

use super::{File, PASSPHRASE, any, block, gathered, house, lines, looked_at, subjects};
use crate::support::{judge, output};

#[test]
fn keys_are_one_and_stand_where_they_belong() {
    let h = house();
    let bytes = |text: &str| text.as_bytes().to_vec();
    let wrong = |files: &[File<'_>]| {
        let found = gathered(files, None);
        (lines(&found.findings), found.key.is_some())
    };
    let both = h.key.clone() + &h.other_key;
    let line = h.key.lines().count() + 1;
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&both))
        ]),
        (
            vec![format!(
                "!gather.two-keys k, block 2, line {line}: it is the second of 2 private keys, where one belongs"
            )],
            false
        )
    );
    let twice = h.key.clone() + &h.key;
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&twice))
        ]),
        (
            vec![format!(
                "gather.duplicate k, block 2, line {line}: the same private key once more is left out"
            )],
            true
        )
    );
    assert_eq!(
        wrong(&[(Role::Certificate, "c", bytes(&h.key))]),
        (
            vec!["!gather.swapped c: it holds a private key, where a certificate was expected".to_owned()],
            false
        )
    );
    assert_eq!(
        wrong(&[
            (Role::Chain, "i", bytes(&(h.middle.clone() + &h.key))),
            (Role::Certificate, "c", bytes(&h.leaf))
        ]),
        (
            vec!["!gather.key-among-certificates i: a private key stands among the certificates".to_owned()],
            false
        )
    );
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&(h.key.clone() + &h.other)))
        ]),
        (vec!["gather.unrelated k: the certificates behind the key are passed over".to_owned()], true)
    );
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&h.other))
        ]),
        (
            vec!["!gather.swapped k: it holds a certificate, where a private key was expected".to_owned()],
            false
        )
    );
    for role in [Role::PrivateKey, Role::Chain, Role::Any] {
        let said = lines(&gathered(&[(role, "f", b"nothing".to_vec())], None).findings);
        assert_eq!(said[0], "!gather.empty f: it is empty, or has no PEM block in it", "{role:?}");
    }
    // The key that stood where it does not belong takes none away that came before.
    let files = [
        (Role::PrivateKey, "k", bytes(&h.key)),
        (Role::Chain, "i", bytes(&(h.middle.clone() + &h.other_key))),
        (Role::Certificate, "c", bytes(&h.leaf)),
    ];
    let found = gathered(&files, None);
    assert_eq!(found.key.map(|k| k.public().clone()), found.certificate.map(|c| c.public_key().clone()));
    // Nor do certificates that stood behind a key.
    let files = [
        (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
        (Role::PrivateKey, "k", bytes(&(h.key.clone() + &h.other + &h.root))),
    ];
    assert_eq!(subjects(&gathered(&files, None)), ["a.example", "middle"]);
    let files = [
        (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
        (Role::PrivateKey, "k", bytes(&(h.other.clone() + &h.root))),
    ];
    assert_eq!(subjects(&gathered(&files, None)), ["a.example", "middle"]);
}

#[test]
fn encrypted_keys_are_opened_or_told() {
    let h = house();
    let text = h.leaf.clone() + &h.middle + &h.locked;
    let line = 1 + h.leaf.lines().count() + h.middle.lines().count();
    let place = format!("f.pem, block 3, line {line}");
    let found = gathered(&any(&text), Some(PASSPHRASE));
    assert!(found.key.is_some());
    assert_eq!(lines(&found.findings), [format!("gather.decrypted {place}: the key is decrypted in memory")]);
    let found = gathered(&any(&text), Some("battery staple"));
    assert!(found.key.is_none());
    assert_eq!(lines(&found.findings), [format!("!gather.encrypted {place}: the pass phrase is wrong")]);
    let found = gathered(&any(&text), None);
    assert_eq!(
        lines(&found.findings),
        [format!("!gather.encrypted {place}: it is encrypted, and no pass phrase was given")]
    );
    // To look at, it is no fault; four are opened, and no more.
    let parts = looked_at(&any(&text), None);
    assert_eq!((parts.others.locked, parts.findings.len()), (vec![place], 0));
    let parts = looked_at(&any(&(h.locked.repeat(6) + &h.leaf)), None);
    assert_eq!((parts.others.locked.len(), parts.certificates.len(), parts.findings.len()), (6, 1, 0));
    let parts = looked_at(&any(&h.locked.repeat(6)), Some(PASSPHRASE));
    assert_eq!(parts.keys.len(), 4);
    let last = lines(&parts.findings).pop().unwrap();
    assert!(
        last.starts_with("!gather.two-keys") && last.ends_with("it is one of more than 4 encrypted keys"),
        "{last}"
    );
}

#[test]
fn an_encrypted_key_is_checked_as_a_plain_one_is() {
    let Some(openssl) = judge("openssl") else { return };
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| output(&openssl, &line.split(' ').collect::<Vec<_>>(), folder.path());
    let der = PrivateKey::generate(KeyAlgorithm::Rsa2048).unwrap().secret_der().to_vec();
    // The private exponent is the first number of 256 octets behind the modulus: its last octet
    // stands before the first prime.
    let at = der.windows(5).position(|w| w == [0x02, 0x03, 0x01, 0x00, 0x01]).unwrap() + 5;
    let length = usize::from(der[at + 2]) * 256 + usize::from(der[at + 3]);
    let mut bad = der;
    bad[at + 3 + length] ^= 2;
    std::fs::write(folder.path().join("bad.der"), &bad).unwrap();
    std::fs::write(folder.path().join("bad.pem"), block("PRIVATE KEY", &bad)).unwrap();
    run("pkcs8 -topk8 -inform DER -in bad.der -out locked.pem -passout pass:x");
    let mut said = Vec::new();
    for name in ["bad.pem", "locked.pem"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        let found = gathered(&[(Role::PrivateKey, "k", bytes)], Some("x"));
        assert!(found.key.is_none(), "{name}");
        let lines = lines(&found.findings);
        said.push(lines.into_iter().find(|l| l.starts_with('!')).unwrap());
    }
    let reason = |text: &str| text.split(": ").skip(1).collect::<Vec<_>>().join(": ");
    assert_eq!(reason(&said[0]), reason(&said[1]));
    assert!(said[1].starts_with("!gather.damaged"), "{}", said[1]);
}
