//! An API document, JSON or YAML: a change is found again in what comes of it.
#![no_main]

use certforge::gateway::{Document, Setting, Wish};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::read(bytes) else { return };
    let _ = (document.integrations().len(), document.operations(), document.models());
    let wish = Wish::everywhere(Setting::InsecureSkipVerification(true));
    let Ok(patch) = document.patch(&wish) else { return };
    let _ = patch.diff(&document, "input");
    // None where it is so already.
    let Some(text) = &patch.text else { return };
    let again =
        Document::read(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{}\n{text}", document.text()));
    assert_eq!(again.integrations().len(), document.integrations().len());
    let more = again.patch(&wish).expect("what was patched can be again");
    assert_eq!(more.text, None, "a second time changes nothing:\n{text}");
});
