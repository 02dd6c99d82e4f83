//! The documents of `--json`: which members each kind has, and of which type. Programs hold on to
//! them, so that a change shows in `docs/json-members.txt`. `CERTFORGE_BLESS=1` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::support::{Sandbox, json};

/// What is run, one after the other, in one folder: each with the status it ends with.
const SESSION: [(&str, i32); 53] = [
    ("ca new root --key p256 --dry-run", 0),
    ("ca new root --key p256 --path-length 1", 0),
    ("ca new issuing --under root --key p256 --permit .example --permit 10.0.0.0/8", 0),
    ("ca list", 0),
    ("ca show issuing", 0),
    ("ca renew root --dry-run", 0),
    ("ca renew root", 0),
    ("ca rekey-passphrase root --new-passphrase-file phrase", 0),
    ("ca rekey-passphrase root --passphrase-file phrase --decrypt", 0),
    ("leaf a.example 10.0.0.9 --ca issuing --key p256 --dry-run", 0),
    ("leaf a.example 10.0.0.9 --ca issuing --key p256 --days 500", 0),
    ("leaf a.example --ca issuing --key p256", 3),
    ("leaf a.other --ca issuing --key p256", 3),
    ("leaf alone.example --self-signed --key p256", 0),
    ("leaf --batch names --ca issuing --key p256", 0),
    ("leaf --batch names --ca issuing --key p256 --dry-run", 3),
    ("csr b.example --key p256", 0),
    ("sign certforge/csr/b.example/request.pem --ca issuing", 0),
    ("up up.example --ca issuing --key p256", 0),
    ("up up.example --ca issuing", 0),
    ("list", 0),
    ("status", 0),
    ("status --within 600d", 1),
    ("renew a.example --days 300", 0),
    ("renew --due --dry-run", 0),
    ("revoke up.example --reason superseded", 0),
    ("crl --ca issuing", 0),
    ("prune", 0),
    ("bundle a.example --to p12,truststore,der,p7b,combined --passphrase-file phrase", 0),
    ("bundle a.example --to p12 --passphrase-file käse --force", 0),
    ("snippet nginx a.example", 0),
    ("template list", 0),
    ("template show server", 0),
    ("check certforge/a.example/cert.pem", 0),
    ("check certforge/a.example/cert.pem --clients", 0),
    ("check certforge/a.example/key.pem", 0),
    ("check certforge/csr/b.example/request.pem", 0),
    ("check certforge/ca/issuing/crl.pem", 0),
    ("check certforge", 1),
    ("verify a.example --name a.example", 0),
    ("verify a.example --name b.example", 1),
    ("verify certforge/a.example/cert.pem --trust certforge/a.example/ca.pem --strict", 1),
    ("explain x509: certificate signed by unknown authority", 0),
    ("fixtures bad", 0),
    ("apigw explain api.json --certificate a.example", 1),
    ("apigw patch api.json --set insecureSkipVerification=true --yes --dry-run", 0),
    ("apigw patch api.json --set insecureSkipVerification=true --yes", 0),
    ("apply -f certforge.toml --dry-run", 0),
    ("apply -f certforge.toml", 0),
    ("import-acm a.example --sim --region eu-west-1 --dry-run", 0),
    ("import-acm a.example --sim --region eu-west-1", 0),
    ("import-acm a.example --sim --region eu-west-1", 0),
    ("nothing", 2),
];

const API: &str = r#"{
  "openapi": "3.0.1", "info": {"title": "t", "version": "1"},
  "x-amazon-apigateway-policy": {},
  "paths": {"/a": {"get": {"x-amazon-apigateway-integration": {
    "type": "http_proxy", "httpMethod": "GET", "uri": "https://a.example/a", "connectionType": "VPC_LINK", "connectionId": "x"
  }}}}
}
"#;

/// The members of a value by their paths, with their types; of a list those of all its items.
fn shape(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            for item in items {
                shape(item, &format!("{path}[]"), found);
            }
            "list"
        }
        Value::Object(members) => {
            for (name, member) in members {
                shape(member, &format!("{path}.{name}"), found);
            }
            "object"
        }
    };
    found.insert(format!("{path}: {kind}"));
}

#[test]
fn every_document_has_the_members_it_has() {
    let sandbox = Sandbox::new();
    let write = |name: &str, text: &str| std::fs::write(sandbox.file(name), text).unwrap();
    write("phrase", "seven blue kettles\n");
    write("käse", "käse\n");
    write("names", "n1.example\nn2.example, 10.0.0.2\n");
    write("api.json", API);
    write(
        "certforge.toml",
        "version = 1\n[leaf.\"m.example\"]\nca = \"issuing\"\nkey = \"p256\"\nforms = [\"combined\"]\n",
    );
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (command, status) in SESSION {
        let args: Vec<&str> = match command.strip_prefix("explain ") {
            Some(text) => vec!["--json", "explain", text],
            None => std::iter::once("--json").chain(command.split(' ')).collect(),
        };
        let ran = sandbox.run_args(&args);
        assert_eq!(ran.status, status, "{command}: {}{}", ran.stdout, ran.stderr);
        let text = if ran.stdout.is_empty() { &ran.stderr } else { &ran.stdout };
        // One document, and nothing beside it on its stream.
        let document = json(text);
        assert_eq!(document["schema"], "certforge/1", "{command}");
        let kind = document["kind"].as_str().unwrap_or_default().to_owned();
        assert!(!kind.is_empty(), "{command}: {text}");
        shape(&document, "", kinds.entry(kind).or_default());
    }
    let mut record = String::new();
    for (kind, members) in &kinds {
        writeln!(record, "{kind}").unwrap();
        for member in members.iter().filter(|member| *member != ": object") {
            writeln!(record, "    {member}").unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json-members.txt");
    if std::env::var_os("CERTFORGE_BLESS").is_some() {
        std::fs::write(path, &record).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap();
    for (now, then) in record.lines().zip(known.lines()) {
        assert_eq!(now, then, "docs/json-members.txt holds another member");
    }
    assert_eq!(record.lines().count(), known.lines().count());
}
