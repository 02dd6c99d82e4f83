//! What is no document, or none that can be changed.

use serde_json::{Value, json};

use crate::support::{Sandbox, refused};

use super::{EXPORT, SET, patched};

#[test]
fn what_has_no_tls_is_passed_over_and_told() {
    let sandbox = Sandbox::new();
    let integration = |kind: &str, uri: &str, link: &str| json!({"x-amazon-apigateway-integration": {"type": kind, "uri": uri, "connectionType": link}});
    let document = json!({"openapi": "3.0.3", "paths": {"/a": {
        "get": integration("aws_proxy", "arn:aws:apigateway:x", "INTERNET"),
        "put": integration("http", "http://plain.internal/", "VPC_LINK"),
        "post": integration("HTTP", "https://a.internal/", "INTERNET"),
        "parameters": [],
    }, "/b": {"get": integration("mock", "", "INTERNET")}}});
    let text = serde_json::to_string_pretty(&document).unwrap();
    std::fs::write(sandbox.file("a.json"), &text).unwrap();
    let ran = sandbox.ok(&format!("apigw patch a.json {SET} --json"));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let mut codes: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["code"].as_str().unwrap(), f["place"].as_str().unwrap()))
        .collect();
    codes.sort_unstable();
    let wanted = [
        ("apigw.GW03", "GET /a"),
        ("apigw.GW03", "GET /b"),
        ("apigw.GW04", "PUT /a"),
        ("apigw.GW05", "POST /a"),
    ];
    assert_eq!(codes, wanted);
    assert_eq!(report["changes"].as_array().unwrap().len(), 1);
    // Asked for by name, it is an error.
    refused(&sandbox, &format!("apigw patch a.json {SET} --path /b"), 3, "apigw.GW03");
    refused(&sandbox, &format!("apigw patch a.json {SET} --path /c"), 3, "apigw.operation");
    let only = patched(&sandbox, "a.json", &text, &format!("{SET} --path /a --method post"));
    assert_eq!(only.matches("tlsConfig").count(), 1);
}

#[test]
fn what_is_no_document_says_what_it_is() {
    let sandbox = Sandbox::new();
    let cases: [(&str, &str, &str); 9] = [
        ("", "apigw.syntax", "empty"),
        ("{\"swagger\": \"2.0\",", "apigw.syntax", "line 1"),
        ("a: [1", "apigw.syntax", "line"),
        ("{\"swagger\": \"1.2\"}", "apigw.GW01", "1.2"),
        ("openapi: 3.1.0", "apigw.GW01", "3.1.0"),
        ("Resources: {}", "apigw.GW01", "CloudFormation"),
        ("{\"paths\": {}}", "apigw.GW01", "neither"),
        ("{\"swagger\": \"2.0\", \"paths\": {\"/\": {\"get\": {}}}}", "apigw.GW02", "without extensions"),
        ("--- {}\n--- {}\n", "apigw.syntax", "more than one"),
    ];
    for (text, code, part) in cases {
        std::fs::write(sandbox.file("a.json"), text).unwrap();
        let message = refused(&sandbox, &format!("apigw patch a.json {SET}"), 3, code);
        assert!(message.contains(part) && message.contains("a.json"), "{text}: {message}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (name, text) in [("deep.json", format!("{{\"a\":{deep}}}")), ("deep.yaml", format!("a: {deep}"))] {
        std::fs::write(sandbox.file(name), text).unwrap();
        refused(&sandbox, &format!("apigw patch {name} {SET}"), 3, "apigw.syntax");
    }
    let large = format!("{{\"swagger\": \"2.0\", \"x\": \"{}\"}}", "x".repeat(6 << 20));
    std::fs::write(sandbox.file("large.json"), large).unwrap();
    refused(&sandbox, &format!("apigw patch large.json {SET}"), 3, "apigw.GW09");
    refused(&sandbox, "apigw patch a.json --set insecureSkipVerification=maybe", 3, "apigw.setting");
    refused(&sandbox, "apigw patch missing.json --set insecureSkipVerification=true", 4, "file.io");
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let sandbox = Sandbox::new();
    let head = "swagger: '2.0'\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration:";
    let comma = " {\n        type: http,\n        uri: \"https://a/\",\n      }\n";
    std::fs::write(sandbox.file("a.yaml"), format!("{head}{comma}")).unwrap();
    let message = refused(&sandbox, &format!("apigw patch a.yaml {SET}"), 3, "apigw.unsure");
    assert!(message.contains("was not"), "{message}");
}

#[test]
fn a_device_is_no_file_to_write_to() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("api.json"), EXPORT).unwrap();
    refused(&sandbox, &format!("apigw patch api.json {SET} --output /dev/null --force"), 4, "file.kind");
    let kind = std::fs::metadata("/dev/null").unwrap().file_type();
    assert!(std::os::unix::fs::FileTypeExt::is_char_device(&kind));
}

#[test]
fn what_stands_where_a_mapping_belongs_is_told() {
    let sandbox = Sandbox::new();
    let document = |integration: &str| {
        format!(
            r#"{{"swagger":"2.0","paths":{{"/":{{"get":{{"x-amazon-apigateway-integration":{integration}}}}}}}}}"#
        )
    };
    let head = r#"{"type":"http_proxy","uri":"https://a/","connectionType":"VPC_LINK""#;
    for (tls, says) in [("[1]", "is no mapping"), ("\"yes\"", "is no mapping"), ("7", "is no mapping")] {
        let text = document(&format!("{head},\"tlsConfig\":{tls}}}"));
        std::fs::write(sandbox.file("a.json"), text).unwrap();
        let message = refused(&sandbox, &format!("apigw patch a.json {SET}"), 3, "apigw.syntax");
        assert!(message.contains("tlsConfig at octet") && message.contains(says), "{tls}: {message}");
    }
    // A document in one long line shows what is around the change.
    let long = document(&format!("{head},\"x-n\":\"{}\"}}", "n".repeat(9_000)));
    std::fs::write(sandbox.file("long.json"), &long).unwrap();
    let ran = sandbox.ok(&format!("apigw patch long.json {SET} --dry-run"));
    let changed: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    let new = changed.iter().find(|line| line.contains("insecureSkipVerification")).unwrap();
    assert!(new.starts_with("+…") && new.ends_with('…') && new.len() < 500, "{new}");
    assert!(changed.iter().all(|line| line.len() < 500), "{}", ran.stderr);
}

/// Small documents whose references and merges come to very much: each operation has all of it.
#[test]
fn what_multiplies_itself_is_refused() {
    use std::fmt::Write;
    let sandbox = Sandbox::new();
    let members: serde_json::Map<String, Value> = (0..20_000)
        .map(|n| (format!("k{n}"), json!(n)))
        .chain([("type".to_owned(), json!("http_proxy")), ("uri".to_owned(), json!("https://a.example/"))])
        .collect();
    let paths = |count: usize| -> serde_json::Map<String, Value> {
        let operation = json!({"get": {"x-amazon-apigateway-integration": {"$ref": "#/shared"}}});
        (0..count).map(|n| (format!("/p{n}"), operation.clone())).collect()
    };
    let document = json!({"swagger": "2.0", "shared": members, "paths": paths(1_000)});
    std::fs::write(sandbox.file("a.json"), document.to_string()).unwrap();
    refused(&sandbox, "apigw explain a.json", 3, "apigw.syntax");
    let yaml = |members: usize, paths: usize| {
        let mut text = "swagger: '2.0'\nx: &b\n type: http\n uri: 'https://a.example/'\n".to_owned();
        for n in 0..members {
            writeln!(text, " k{n}: 1").unwrap();
        }
        text.push_str("paths:\n");
        for n in 0..paths {
            writeln!(text, " /p{n}: {{get: {{x-amazon-apigateway-integration: {{<<: *b}}}}}}").unwrap();
        }
        text
    };
    std::fs::write(sandbox.file("a.yaml"), yaml(20_000, 1_000)).unwrap();
    refused(&sandbox, "apigw explain a.yaml", 3, "apigw.syntax");
    // Much that is written once, or little that is shared, is no matter.
    std::fs::write(sandbox.file("b.yaml"), yaml(10, 2_000)).unwrap();
    sandbox.ok("apigw explain b.yaml");
    let document = json!({"swagger": "2.0", "shared": members, "paths": paths(20)});
    std::fs::write(sandbox.file("b.json"), document.to_string()).unwrap();
    let told = sandbox.ok("apigw explain b.json --json").stdout;
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["integrations"].as_array().unwrap().len(), 20);
}
