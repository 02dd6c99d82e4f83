//! A manifest as `certforge apply` reads it, and the fields in it that have a form.
#![no_main]
#![allow(dead_code, reason = "a part of the command, taken out of it")]

/// What of the command the manifest names.
mod command {
    pub mod bundle {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Form {
            P12,
            Combined,
            Der,
        }
    }
}

#[path = "../../src/bin/certforge/command/apply/manifest.rs"]
mod manifest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let manifest = match manifest::Manifest::read(bytes) {
        Ok(manifest) => manifest,
        Err(e) => {
            assert!(!e.to_string().contains('\n'), "{e}");
            return;
        }
    };
    for ca in manifest.ca.values() {
        let _ = manifest::lifetime(ca.days, ca.validity.as_ref(), ca.until.as_ref());
        for limit in ca.permit.iter().chain(&ca.exclude) {
            let _ = limit.parse::<certforge::Subtree>();
        }
    }
    for (name, leaf) in &manifest.leaf {
        let _ = name.parse::<certforge::San>();
        let _ = manifest::lifetime(leaf.days, leaf.validity.as_ref(), leaf.until.as_ref());
    }
});
