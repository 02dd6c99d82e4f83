//! `certforge fixtures`: what is written, and what is refused. What clients say of each is in
//! tests/clients.

mod support;

use std::os::unix::fs::PermissionsExt;

use support::{Sandbox, json, refused};

#[test]
fn a_folder_of_bad_certificates_has_an_index() {
    let sandbox = Sandbox::new();
    let ran = sandbox.ok("fixtures bad");
    assert_eq!(ran.stdout, "bad\n");
    let index = json(&sandbox.read("bad/index.json"));
    let fixtures = index["fixtures"].as_array().unwrap();
    assert!(fixtures.len() >= 40, "{}", fixtures.len());
    let readme = sandbox.read("bad/README.md");
    for fixture in fixtures {
        let name = fixture["name"].as_str().unwrap();
        let mode = |file: &str| {
            let path = sandbox.file(&format!("bad/{name}/{file}"));
            std::fs::metadata(&path).map(|m| m.permissions().mode() & 0o777).ok()
        };
        assert_eq!(mode("key.pem"), Some(0o600), "{name}");
        assert!(mode("fullchain.pem").is_some() && mode("ca.pem").is_some(), "{name}");
        assert_eq!(mode("crl.pem").is_some(), fixture["crl"] == true, "{name}");
        assert!(readme.contains(&format!("| `{name}` |")), "{name}");
    }
    let expired = fixtures.iter().find(|f| f["name"] == "expired").unwrap();
    let go = expired["clients"].as_array().unwrap().iter().find(|c| c["client"] == "go").unwrap();
    assert_eq!((&go["verdict"], &go["measured"]), (&"refuses".into(), &true.into()));
    assert_eq!(
        sandbox.run("verify bad/good/fullchain.pem --trust bad/good/ca.pem --name server.test").status,
        0
    );
    assert_eq!(
        sandbox.run("verify bad/expired/fullchain.pem --trust bad/expired/ca.pem --name server.test").status,
        1
    );
    // Nothing is left of the making.
    let top: Vec<String> = std::fs::read_dir(sandbox.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(top, ["bad"]);
}

#[test]
fn those_that_are_wanted_are_made_and_what_is_there_stays() {
    let sandbox = Sandbox::new();
    let listed = sandbox.ok("fixtures --list").stdout;
    assert!(listed.lines().count() >= 40 && listed.contains("wrong-host\t"), "{listed}");
    let document = json(&sandbox.ok("--json fixtures one --only expired --only wrong-host").stdout);
    assert_eq!(document["fixtures"].as_array().unwrap().len(), 2);
    assert!(sandbox.file("one/wrong-host/key.pem").exists() && !sandbox.file("one/good").exists());
    refused(&sandbox, "fixtures one", 3, "store.exists");
    assert!(sandbox.run("fixtures one").stderr.contains("choose another folder"));
    let message = refused(&sandbox, "fixtures two --only nonsense", 3, "fixtures.fault");
    assert!(message.contains("nonsense"), "{message}");
    refused(&sandbox, "fixtures no/such/place", 4, "file.io");
    assert_eq!(sandbox.run("fixtures").status, 2);
}

/// What `check --clients` says of API Gateway with insecureSkipVerification is what
/// `apigw explain` says of the same back end.
#[test]
fn both_commands_say_the_same_of_api_gateway() {
    let sandbox = Sandbox::new();
    sandbox.ok("fixtures bad");
    let index = json(&sandbox.read("bad/index.json"));
    let mut verdicts = std::collections::BTreeMap::new();
    for fixture in index["fixtures"].as_array().unwrap() {
        let name = fixture["name"].as_str().unwrap();
        let host = fixture["host"].as_str().unwrap();
        let read = |file: &str| sandbox.read(&format!("bad/{name}/{file}"));
        let (sent, root) = (read("fullchain.pem"), read("ca.pem"));
        let whole = if sent.contains(&root) { sent.clone() } else { format!("{sent}{root}") };
        for (file, text) in [("sent.pem", &sent), ("whole.pem", &whole)] {
            std::fs::write(sandbox.file(file), text).unwrap();
            let api = format!(
                r#"{{"swagger":"2.0","paths":{{"/":{{"get":{{"x-amazon-apigateway-integration":{{"type":"http_proxy","uri":"https://{host}/","connectionType":"VPC_LINK","tlsConfig":{{"insecureSkipVerification":true}}}}}}}}}}}}"#
            );
            std::fs::write(sandbox.file("api.json"), api).unwrap();
            let explained = sandbox.run(&format!("apigw explain api.json --certificate {file} --json"));
            let explained = json(&explained.stdout)["integrations"][0]["findings"].clone();
            let has = |severity: &str| {
                explained.as_array().is_some_and(|all| all.iter().any(|f| f["severity"] == severity))
            };
            let wanted = if has("error") {
                "refuses"
            } else if has("warning") {
                "only-if"
            } else {
                "accepts"
            };
            let trust = format!("--trust bad/{name}/ca.pem");
            let told = sandbox.run(&format!("check {file} {trust} --name {host} --clients --json"));
            let told = json(&told.stdout)["clients"].clone();
            let gateway = told.as_array().unwrap().iter().find(|c| c["client"] == "apigw-rest-skip");
            let verdict = gateway.unwrap()["verdict"].as_str().unwrap().to_owned();
            assert_eq!(verdict, wanted, "{name}, {file}: {explained}");
            *verdicts.entry(verdict).or_insert(0) += 1;
        }
    }
    assert_eq!(verdicts.len(), 3, "{verdicts:?}");
}
