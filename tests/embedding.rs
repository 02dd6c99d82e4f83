//! What embedders pay: docs/embedding.md says how many packages each feature brings.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The packages that are built for these features alone, certforge with them.
fn packages(features: &str) -> usize {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--no-default-features", "--features", features])
        .args(["--edges", "normal,build", "--prefix", "none", "--target", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| !line.is_empty()).map(name).collect::<BTreeSet<_>>().len()
}

#[test]
fn the_page_says_what_features_bring() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/embedding.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let features = cells.next()?.trim_matches('`').to_owned();
        Some((features, cells.next()?.parse::<usize>().ok()?))
    });
    let mut seen = 0;
    for (features, said) in rows {
        let features = if features == "none" { "" } else { features.as_str() };
        assert_eq!(packages(features), said, "{features}");
        seen += 1;
    }
    assert!(seen > 10, "{seen} rows");
    assert!(packages("") <= 30);
}
