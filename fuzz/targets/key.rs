//! A private key in every form, encrypted or not: what is read is written as what is read
//! as the same.
#![no_main]

use certforge::key::{KeyForm, PrivateKey};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((kind, der)) = input.split_first() else { return };
    let read = match kind % 5 {
        0 => PrivateKey::from_der(der, KeyForm::Pkcs8),
        1 => PrivateKey::from_der(der, KeyForm::Pkcs1),
        2 => PrivateKey::from_der(der, KeyForm::Sec1),
        3 => PrivateKey::from_pem(der),
        // What takes many rounds is refused or takes its time: not here.
        _ if der.windows(3).any(|w| w[0] == 2 && w[1] > 2 && w[1] < 9 && w[2] > 0) => return,
        _ => PrivateKey::from_encrypted_der(der, "a"),
    };
    let Ok(key) = read else { return };
    let pem = key.secret_pem().expect("a key is written");
    let again = PrivateKey::from_pem(pem.as_bytes()).expect("what is written is read");
    assert_eq!(again.secret_der(), key.secret_der());
    assert_eq!(again.public(), key.public());
    // A key whose numbers do not fit together may sign nothing; one that is checked signs.
    if let (Ok(()), Ok(signer)) = (key.check(), key.signer()) {
        assert!(signer.sign(b"message").is_ok());
    }
});
