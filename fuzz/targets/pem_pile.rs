//! A file of whatever kind: it ends, and no key is in what is said of it.
#![no_main]

use std::path::Path;

use certforge::gather::{Pile, Role, clean_certificates, signing_requests};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for (role, mut pile) in [(Role::Any, Pile::to_look_at()), (Role::Certificate, Pile::new())] {
        let mut unlock = |_: &str| Ok(None);
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
