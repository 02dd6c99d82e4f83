//! What is linked: one library for cryptography, one for TLS, and no more packages than
//! docs/supply-chain.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The packages that the command links, as `name version`.
fn linked() -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none"])
        .args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ").replace(" v", " ");
    text.lines().filter(|line| !line.is_empty()).map(name).collect()
}

fn names(packages: &BTreeSet<String>) -> BTreeSet<&str> {
    packages.iter().filter_map(|p| p.split(' ').next()).collect()
}

#[test]
fn there_is_one_library_for_cryptography_and_one_for_tls() {
    let packages = linked();
    let names = names(&packages);
    assert!(names.contains("ring") && names.contains("rustls"));
    for other in [
        "aws-lc-rs",
        "aws-lc-sys",
        "boring",
        "boring-sys",
        "ed25519-dalek",
        "gnutls",
        "libsodium-sys",
        "mbedtls",
        "native-tls",
        "openssl",
        "openssl-sys",
        "s2n-tls",
        "schannel",
        "security-framework",
        "sodiumoxide",
        "wolfssl",
    ] {
        assert!(!names.contains(other), "{other} is linked");
    }
    for once in ["ring", "rustls", "rustls-webpki", "rsa", "p256", "hyper", "tokio", "der", "x509-cert"] {
        let versions: Vec<_> = packages.iter().filter(|p| p.split(' ').next() == Some(once)).collect();
        assert_eq!(versions.len(), 1, "{versions:?}");
    }
}

#[test]
fn the_page_says_how_much_is_linked_and_what_is_twice() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/supply-chain.md");
    let page = std::fs::read_to_string(page).unwrap();
    let packages = linked();
    let budget: usize = page
        .lines()
        .find_map(|line| line.strip_prefix("**Budget: ")?.split(' ').next()?.parse().ok())
        .expect("the page has a line with the budget");
    assert!(packages.len() <= budget, "{} packages are linked, and the budget is {budget}", packages.len());
    assert!(packages.len() + 15 > budget, "the budget can be lowered: {} are linked", packages.len());
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        let (name, version) = package.split_once(' ').unwrap();
        versions.entry(name).or_default().push(version);
    }
    let twice: BTreeSet<&str> =
        versions.iter().filter(|(_, found)| found.len() > 1).map(|(name, _)| *name).collect();
    let listed: BTreeSet<&str> = page
        .lines()
        .skip_while(|line| *line != "## Linked in two versions")
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(listed, twice);
}

/// The list of what a release lays out beside each other holds names alone, without what
/// another compiler or another build of the same source would call them.
#[test]
fn the_layout_of_a_release_names_nothing_of_one_build() {
    let layout = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/layout.ld");
    let layout = std::fs::read_to_string(layout).unwrap();
    assert!(layout.contains("/DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) }\n"), "no tables for unwinding");
    assert!(layout.ends_with("}\n}\nINSERT BEFORE .text;\n"));
    let names: Vec<&str> =
        layout.lines().filter_map(|line| line.strip_prefix("*(.text.")?.strip_suffix(')')).collect();
    assert!(names.len() > 500, "{}", names.len());
    for name in &names {
        let hash = name.find("17h").map(|at| &name[at + 3..]);
        assert!(hash.is_none_or(|rest| rest.starts_with('*')), "{name}");
        assert!(!name.contains(['/', ' ']), "{name}");
    }
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "a name stands there twice");
}
