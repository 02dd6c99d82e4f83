//! The library's public interface is on record in docs/public-api.txt: what changes there
//! changes for embedders, and shows in review. `CERTFORGE_BLESS=1` writes it anew.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use public_api::Builder;

/// What rustdoc writes in this toolchain is what the reader knows; the format of its JSON
/// changes with the compiler.
const FORMAT: u64 = 57;

#[test]
fn the_public_interface_is_on_record() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Set for rustdoc alone: rustc with it would build every dependency again.
    let rustdoc = folder.path().join("rustdoc");
    std::fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n").unwrap();
    std::fs::set_permissions(&rustdoc, std::fs::Permissions::from_mode(0o755)).unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["rustdoc", "--locked", "--quiet", "--lib", "--features", "seeded", "--target-dir"])
        .arg(target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .current_dir(root)
        .env("RUSTDOC", &rustdoc)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let json = target.join("doc/certforge.json");
    let text = std::fs::read_to_string(&json).unwrap();
    let format = serde_json::from_str::<serde_json::Value>(&text).unwrap()["format_version"].as_u64();
    if format != Some(FORMAT) {
        assert!(std::env::var_os("CI").is_none(), "format {format:?} is not read: raise public-api");
        eprintln!("SKIPPED: this rustdoc writes format {format:?}, and {FORMAT} is what is read");
        return;
    }
    let api = Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    let found = api.to_string();
    let record = root.join("docs/public-api.txt");
    if std::env::var_os("CERTFORGE_BLESS").is_some() {
        std::fs::write(&record, &found).unwrap();
    }
    let recorded = std::fs::read_to_string(&record).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (found, recorded) = (lines(&found), lines(&recorded));
    let gone: Vec<_> = recorded.difference(&found).collect();
    let new: Vec<_> = found.difference(&recorded).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "gone: {gone:#?}\nnew: {new:#?}\nwhere this is meant: CERTFORGE_BLESS=1 cargo test --test public_api"
    );
}
