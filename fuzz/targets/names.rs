//! Names as they are typed: what is taken is written as something that is taken again as
//! the same, and its folder cannot lead out of the store.
#![no_main]

use certforge::store::folder_name;
use certforge::{Names, San};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(name) = text.parse::<San>() else { return };
    let written = name.to_string();
    let typed = match name.kind() {
        "email" => format!("email:{written}"),
        "uri" => format!("uri:{written}"),
        _ => written.clone(),
    };
    let again: San = typed.parse().unwrap_or_else(|e| panic!("{text:?} → {typed:?}: {e}"));
    assert_eq!(again, name, "{text:?} → {typed:?}");
    let folder = folder_name(&name);
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    assert!(!folder.is_empty() && folder.len() <= 101 && folder.bytes().all(allowed), "{folder}");
    assert!(!folder.starts_with(['.', '-']), "{folder}");
    assert!(Names::new([name]).is_ok());
});
