//! Who may use whom. Reads the sources, so that a use the table does not allow,
//! a cycle, or a library named outside its room fails the build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each room of the library and the rooms it may use, ground floor first. The
/// same table stands in CONTRIBUTING.md.
const ROOMS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("finding", &[]),
    ("pem", &[]),
    ("name", &["error"]),
    ("subject", &["error"]),
    ("validity", &["error"]),
    ("constraint", &["error", "name", "subject"]),
    ("key", &["error", "pem"]),
    ("template", &["error", "key", "subject"]),
    ("certificate", &["constraint", "error", "key", "name", "pem", "subject", "template", "validity"]),
    (
        "plan",
        &["certificate", "constraint", "error", "finding", "key", "name", "subject", "template", "validity"],
    ),
    ("bundle", &["certificate", "error", "key"]),
    ("revocation", &["error", "key", "pem", "subject"]),
    (
        "encode",
        &["certificate", "constraint", "error", "key", "name", "plan", "revocation", "template", "validity"],
    ),
    (
        "signing_request",
        &["certificate", "encode", "error", "finding", "key", "name", "pem", "plan", "subject", "template"],
    ),
    ("gateway", &["error", "finding", "name"]),
    ("probe", &["error"]),
    ("gather", &["certificate", "error", "finding", "key", "pem"]),
    (
        "check",
        &[
            "certificate",
            "constraint",
            "error",
            "finding",
            "key",
            "name",
            "revocation",
            "subject",
            "template",
            "validity",
        ],
    ),
    (
        "authority",
        &[
            "bundle",
            "certificate",
            "check",
            "constraint",
            "encode",
            "error",
            "key",
            "name",
            "plan",
            "revocation",
            "template",
            "validity",
        ],
    ),
    ("aws", &["bundle", "certificate", "check", "error", "finding", "key"]),
    (
        "store",
        &[
            "authority",
            "bundle",
            "certificate",
            "error",
            "finding",
            "key",
            "name",
            "plan",
            "revocation",
            "signing_request",
            "template",
            "validity",
        ],
    ),
    (
        "harness",
        &[
            "authority",
            "bundle",
            "certificate",
            "constraint",
            "encode",
            "error",
            "gateway",
            "key",
            "plan",
            "revocation",
            "template",
            "validity",
        ],
    ),
];

/// Words that may stand in one room only.
const SOLE_ROOMS: &[(&str, &[&str])] = &[
    ("ring::", &["key"]),
    ("rsa::", &["key"]),
    ("rustls::", &["harness", "probe"]),
    ("jsonc_parser::", &["gateway"]),
    ("saphyr_parser::", &["gateway"]),
    ("crypto_primes::", &["key"]),
    ("std::fs", &["store", "harness"]),
    ("rustix::", &["store"]),
    ("serde_json::", &["store", "harness"]),
    ("aws_sdk_acm::", &["aws"]),
    ("aws_sdk_apigateway::", &["aws"]),
    ("aws_config::", &["aws"]),
    ("aws_smithy_http_client::", &["aws"]),
    ("tokio::", &["aws", "harness"]),
    ("hyper::", &["harness"]),
    ("p12_keystore::", &["bundle", "gather"]),
    ("cms::", &["bundle"]),
    ("p521::", &["key"]),
    ("pkcs8::", &["key"]),
    ("idna::", &["name"]),
    ("webpki::", &["aws", "check"]),
    ("toml::", &["template"]),
    ("now_utc()", &["authority"]),
    ("clap::", &[]),
    ("csv::", &[]),
    ("indicatif::", &[]),
    ("minijinja::", &[]),
    ("rayon::", &[]),
    ("rpassword::", &[]),
    ("tar::", &[]),
    ("tempfile::", &["harness"]),
    ("tokio_rustls::", &["harness"]),
    ("signal_hook::", &[]),
    ("println!", &[]),
    ("eprintln!", &[]),
    ("std::process", &[]),
    ("unsafe ", &[]),
];

/// Rooms and their source files: `src/x.rs` and everything below `src/x/`.
fn sources() -> BTreeMap<String, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms: BTreeMap<String, String> = BTreeMap::new();
    for path in rust_files(&source) {
        let relative = path.strip_prefix(&source).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let name = first.trim_end_matches(".rs");
        if name != "bin" {
            let text = std::fs::read_to_string(&path).unwrap();
            rooms.entry(name.to_owned()).or_default().push_str(&code(&text));
        }
    }
    rooms
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The text without comments and without the test module at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms that a room's code names as `crate::room`.
fn used(code: &str) -> BTreeSet<String> {
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn every_room_uses_only_the_rooms_the_table_allows() {
    let sources = sources();
    for (room, text) in sources.iter().filter(|(room, _)| *room != "lib") {
        let (_, allowed) = ROOMS
            .iter()
            .find(|(name, _)| name == room)
            .unwrap_or_else(|| panic!("src/{room}.rs is not in the table: give it a place"));
        for other in used(text) {
            assert!(
                other == *room || allowed.contains(&other.as_str()),
                "src/{room} uses crate::{other}, which the table does not allow"
            );
        }
    }
    for (room, allowed) in ROOMS {
        let text = sources.get(*room).unwrap_or_else(|| panic!("there is no src/{room}.rs"));
        for other in *allowed {
            assert!(
                used(text).contains(*other),
                "src/{room} no longer uses crate::{other}: take it from the table"
            );
        }
    }
}

#[test]
fn rooms_form_no_cycle() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for (room, allowed) in ROOMS {
        for other in *allowed {
            assert!(below.contains(other), "{room} may use {other}, which does not stand below it");
        }
        below.insert(room);
    }
}

#[test]
fn each_library_is_named_in_its_one_room() {
    let sources = sources();
    for (word, rooms) in SOLE_ROOMS {
        for (room, text) in &sources {
            assert!(!names(text, word) || rooms.contains(&room.as_str()), "src/{room} names {word}");
        }
        for room in *rooms {
            assert!(sources[*room].contains(word), "src/{room} no longer names {word}");
        }
    }
}

/// Whether `word` stands in the text as a path's first part: `rsa::` is not the
/// end of `foo_rsa::` or of `crate::key::rsa::`.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn the_command_uses_the_public_interface_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/certforge");
    for path in rust_files(&root) {
        let text = code(&std::fs::read_to_string(&path).unwrap());
        for word in
            ["ring::", "rsa::", "std::fs", "aws_sdk_acm::", "aws_sdk_apigateway::", "tokio::", "#[path"]
        {
            assert!(!names(&text, word), "{} names {word}", path.display());
        }
    }
    let main = std::fs::read_to_string(root.join("main.rs")).unwrap();
    assert!(main.lines().count() <= 40, "main.rs has more than 40 lines");
}

#[test]
fn files_stay_readable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in rust_files(&root.join("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        // error.rs is one list: a variant for each trouble.
        let limit = if path.ends_with("src/error.rs") { 520 } else { 500 };
        assert!(lines <= limit, "{} has {lines} lines: split it", path.display());
    }
}
