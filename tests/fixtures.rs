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
