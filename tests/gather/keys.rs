//! Private keys: one of them, opened or told.

use certforge::gather::Role;

use super::{File, PASSPHRASE, any, gathered, house, lines, looked_at, subjects};

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
    let parts = looked_at(&any(&h.locked.repeat(6)), Some(PASSPHRASE));
    assert_eq!(parts.keys.len(), 4);
    let last = lines(&parts.findings).pop().unwrap();
    assert!(
        last.starts_with("!gather.two-keys") && last.ends_with("it is one of more than 4 encrypted keys"),
        "{last}"
    );
}
