//! A file of whatever kind: it ends, and no key is in what is said of it.
#![no_main]

use std::path::Path;

use certforge::gather::{Pile, Role, clean_certificates, signing_requests};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // What takes many rounds is refused or takes its time: not here.
    let is_slow = bytes.windows(3).any(|w| w[0] == 2 && w[1] > 2 && w[1] < 9 && w[2] > 0);
    let piles = [
        (Role::Any, Pile::to_look_at(), None),
        (Role::Certificate, Pile::new(), None),
        (Role::Any, Pile::to_look_at(), (!is_slow).then_some("a")),
    ];
    for (role, mut pile, passphrase) in piles {
        let mut unlock = |_: &str| Ok(passphrase.map(|phrase| phrase.to_owned().into()));
        if pile.add(role, Path::new("input"), bytes, &mut unlock).is_err() {
            continue;
        }
        let parts = pile.into_parts();
        for finding in &parts.findings {
            assert!(!finding.message.contains("-----END"), "{}", finding.message);
            let shown = format!("{} {}", finding.place, finding.message);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
        for (_, key) in &parts.keys {
            assert!(!format!("{key:?}").contains("pkcs8"));
        }
    }
    let _ = signing_requests(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(found) = clean_certificates(text)
    {
        for certificate in found {
            assert!(certificate.pem().is_ok());
        }
    }
});
