//! Distinguished names as openssl writes them: `/CN=a/O=b`.
#![no_main]

use certforge::Subject;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(subject) = text.parse::<Subject>() else { return };
    let der = subject.to_der().unwrap_or_else(|e| panic!("{text:?}: {e}"));
    assert_eq!(der[0], 0x30);
    let written = subject.to_openssl();
    let again: Subject = written.parse().unwrap_or_else(|e| panic!("{text:?} → {written:?}: {e}"));
    assert_eq!(again.to_der().ok(), Some(der), "{text:?} → {written:?}");
});
