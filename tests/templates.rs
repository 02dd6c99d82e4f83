//! The built-in templates and the files they come from say the same.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const TARGET: &str = "src/template/builtin.rs";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    description: String,
    days: u32,
    #[serde(default)]
    ca: bool,
    path_length: Option<u8>,
    key_usage: Vec<String>,
    #[serde(default)]
    key_usage_rsa: Vec<String>,
    #[serde(default)]
    extended_key_usage: Vec<String>,
    #[serde(default)]
    send_root: bool,
    key: Option<String>,
}

#[test]
fn builtin_templates_equal_their_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("templates/certificates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        files.insert(name, toml::from_str::<File>(&text).unwrap());
    }
    let wanted = source(&files);
    if std::env::var_os("CERTFORGE_BLESS").is_some() {
        std::fs::write(root.join(TARGET), &wanted).unwrap();
    }
    let found = std::fs::read_to_string(root.join(TARGET)).unwrap();
    assert!(found == wanted, "{TARGET} is out of date: CERTFORGE_BLESS=1 cargo test --test templates");
}

fn source(files: &BTreeMap<String, File>) -> String {
    let mut out = String::from(
        "//! Generated from `templates/certificates/*.toml`: change those, then run\n\
         //! `CERTFORGE_BLESS=1 cargo test --test templates`.\n\n\
         use std::borrow::Cow::Borrowed;\n\n\
         use super::{ExtendedKeyUsage as Eku, KeyUsage as Ku, Template};\n\
         use crate::key::KeyAlgorithm;\n\n",
    );
    let constant = |name: &str| name.replace('-', "_").to_uppercase();
    let constants: Vec<String> = files.keys().map(|n| constant(n)).collect();
    writeln!(out, "#[rustfmt::skip]\npub(super) const ALL: &[Template] = &[{}];\n", constants.join(", "))
        .unwrap();
    let names: Vec<String> = files.keys().map(|n| format!("\"{n}\"")).collect();
    writeln!(out, "#[rustfmt::skip]\npub(super) const NAMES: &[&str] = &[{}];", names.join(", ")).unwrap();
    for (name, file) in files {
        let usages = |kind: &str, list: &[String]| {
            let items: Vec<String> = list.iter().map(|u| format!("{kind}::{}", variant(u))).collect();
            format!("Borrowed(&[{}])", items.join(", "))
        };
        write!(
            out,
            "\npub(super) const {}: Template = Template {{\n    \
             name: Borrowed(\"{name}\"),\n    \
             description: Borrowed({:?}),\n    \
             days: {},\n    \
             ca: {},\n    \
             path_length: {:?},\n    \
             key_usage: {},\n    \
             key_usage_rsa: {},\n    \
             extended_key_usage: {},\n    \
             send_root: {},\n    \
             key: {},\n    \
             subject: None,\n}};\n",
            constant(name),
            file.description,
            file.days,
            file.ca,
            file.path_length,
            usages("Ku", &file.key_usage),
            usages("Ku", &file.key_usage_rsa),
            usages("Eku", &file.extended_key_usage),
            file.send_root,
            file.key.as_ref().map_or("None".to_owned(), |k| format!("Some(KeyAlgorithm::{})", variant(k))),
        )
        .unwrap();
    }
    out
}

/// `digitalSignature` is the variant `DigitalSignature`, `cRLSign` is `CrlSign`.
fn variant(name: &str) -> String {
    if name == "cRLSign" {
        return "CrlSign".to_owned();
    }
    let mut letters = name.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
