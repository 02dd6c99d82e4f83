//! What clients say of a certificate, told beforehand and then asked of the real ones.

mod asked;
mod authorities;
mod browser;
mod corpus;
mod leaves;
#[path = "../support/mod.rs"]
mod support;
mod works;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use asked::{Clients, Said};
use corpus::cases;
use serde_json::Value;
use support::{Sandbox, json, judge};
use works::Case;

/// The table that docs/clients.md shows is the one that the command knows.
#[test]
fn the_page_shows_the_table() {
    #[derive(serde::Deserialize)]
    struct Table {
        facts: BTreeMap<String, String>,
        client: Vec<Client>,
    }
    #[derive(serde::Deserialize)]
    struct Client {
        name: String,
        title: String,
        measured: bool,
        source: String,
        rules: Vec<Rule>,
    }
    #[derive(serde::Deserialize)]
    struct Rule {
        when: Vec<String>,
        says: Option<String>,
        only_if: Option<String>,
        fix: Option<String>,
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("templates/clients.toml")).unwrap();
    let table: Table = toml::from_str(&table).unwrap();
    let mut text = String::new();
    for client in &table.client {
        let how = if client.measured { "measured" } else { "documented, not measured" };
        writeln!(text, "\n### `{}`: {}\n\n{how}; {}\n", client.name, client.title, client.source).unwrap();
        if client.rules.is_empty() {
            writeln!(text, "It accepts whatever is shown to it.").unwrap();
            continue;
        }
        writeln!(text, "| where | it says | what to do |\n|---|---|---|").unwrap();
        for rule in &client.rules {
            let words = |fact: &String| match fact.strip_prefix('!') {
                Some(fact) => format!("not: {}", table.facts[fact]),
                None => table.facts[fact].clone(),
            };
            let when: Vec<String> = rule.when.iter().map(words).collect();
            let says = match (&rule.says, &rule.only_if) {
                (Some(says), _) => format!("`{}`", says.trim()),
                (_, Some(only_if)) => format!("accepts only if {only_if}"),
                _ => "accepts".to_owned(),
            };
            let fix = rule.fix.clone().unwrap_or_default();
            writeln!(text, "| {} | {says} | {fix} |", when.join("; ")).unwrap();
        }
    }
    let page = root.join("docs/clients.md");
    let old = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = old.split_once("cargo test --test clients -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let new = format!("{before}cargo test --test clients -->\n{text}\n<!-- end -->{after}");
    if std::env::var_os("CERTFORGE_BLESS").is_some() {
        std::fs::write(&page, new).unwrap();
    } else {
        assert!(old == new, "docs/clients.md is not up to date: CERTFORGE_BLESS=1 writes it");
    }
}

/// Where a client says something else than what was told of it.
fn misfit(case: &Case, told: &Value, client: &str, said: &Said) -> Option<String> {
    let told = told.as_array().unwrap().iter().find(|c| c["client"] == client).unwrap();
    assert_eq!(told["measured"], true, "{client}");
    let fits = match (told["verdict"].as_str().unwrap(), said) {
        ("accepts", None) => true,
        ("refuses", Some(text)) => text.contains(told["says"].as_str().unwrap()),
        _ => false,
    };
    let told = format!("{} {}", told["verdict"], told["says"]);
    (!fits).then(|| format!("{}, {client}: told {told}, said {said:?}", case.name))
}

const NEEDED: [&str; 9] =
    ["openssl", "faketime", "curl", "java", "go", "node", "python3", "chromedriver", "certutil"];

/// What the index of the fixtures says of each client is what the client says; and every
/// fault is noticed by somebody.
#[test]
fn what_the_fixtures_tell_is_what_clients_say() {
    if NEEDED.iter().any(|program| judge(program).is_none()) {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.ok("fixtures bad");
    let clients = Clients::new(&sandbox);
    let index = json(&sandbox.read("bad/index.json"));
    let (mut runs, mut wrong) = (0, Vec::new());
    let fixtures = index["fixtures"].as_array().unwrap();
    for fixture in fixtures {
        let text = |key: &str| fixture[key].as_str().unwrap().to_owned();
        let case =
            Case { name: text("name"), host: text("host"), folder: sandbox.file("bad").join(text("name")) };
        for (own, name) in [("fullchain.pem", "chain.pem"), ("ca.pem", "trust.pem")] {
            std::fs::copy(case.file(own), case.file(name)).unwrap();
        }
        let errors =
            fixture["verify"].as_array().unwrap().iter().filter(|f| f["severity"] == "error").count();
        if fixture["good"] == true {
            assert_eq!(errors, 0, "{fixture}");
        }
        if fixture["served"] == false {
            assert_eq!(case.name, "key-mismatch");
            continue;
        }
        let said = clients.ask(&case);
        runs += said.len();
        let noticed = fixture["clients"].as_array().unwrap().iter().any(|c| c["verdict"] != "accepts");
        let listed = fixture["crl"] == true;
        assert!(
            fixture["good"] == true || noticed || errors > 0 || listed || case.name == "serial-zero",
            "{fixture}"
        );
        wrong.extend(said.iter().filter_map(|(c, said)| misfit(&case, &fixture["clients"], c, said)));
        if listed {
            let chain = case.file("chain.pem");
            let args = ["verify", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "-crl_check", "fullchain.pem"];
            let judged = Command::new("openssl").args(args).current_dir(&case.folder).output().unwrap();
            assert!(!judged.status.success(), "{}", chain.display());
            assert!(String::from_utf8_lossy(&judged.stderr).contains("certificate revoked"));
        }
    }
    println!("{} fixtures, {runs} runs", fixtures.len());
    assert!(fixtures.len() >= 45 && runs >= 300, "{runs}");
    assert!(wrong.is_empty(), "{} of {runs}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every certificate of the corpus, shown by a server to every client that can run here:
/// what `check --clients` told of it is what it says, in its own words.
#[test]
fn what_is_told_of_clients_is_what_they_say() {
    if NEEDED.iter().any(|program| judge(program).is_none()) {
        return;
    }
    let sandbox = Sandbox::new();
    let clients = Clients::new(&sandbox);
    let (mut runs, mut agreed, mut wrong) = (0, 0, Vec::new());
    let cases = cases(&sandbox);
    for case in &cases {
        let chain = case.file("chain.pem");
        let trust = case.file("trust.pem");
        let (chain, trust) = (chain.to_str().unwrap(), trust.to_str().unwrap());
        let args = ["check", chain, "--trust", trust, "--name", &case.host, "--clients", "--json"];
        let document = json(&sandbox.run_args(&args).stdout);
        let asked = clients.ask(case);
        // What all of them say, verify says too.
        let refusals = asked.iter().filter(|(_, said)| said.is_some()).count();
        if refusals == 0 || refusals == asked.len() {
            let args = ["verify", chain, "--trust", trust, "--name", &case.host];
            let status = sandbox.run_args(&args).status;
            assert_eq!(status, i32::from(refusals > 0), "verify of {}", case.name);
            agreed += 1;
        }
        for (client, said) in asked {
            runs += 1;
            wrong.extend(misfit(case, &document["clients"], client, &said));
        }
    }
    println!("{} certificates, {runs} runs", cases.len());
    assert!(cases.len() >= 40 && runs >= 280 && agreed >= 40, "{agreed}");
    assert!(wrong.is_empty(), "{} of {runs}:\n{}", wrong.len(), wrong.join("\n"));
}
