//! A certificate template in TOML.
#![no_main]

use certforge::Template;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(template) = Template::from_toml("input", text) else { return };
    let written = template.to_toml();
    let again = Template::from_toml("input", &written).unwrap_or_else(|e| panic!("{written}: {e}"));
    assert_eq!(again, template, "{written}");
    let _ = template.key_usage(true);
});
