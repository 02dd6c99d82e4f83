//! Which kind of API a document is of, what its integrations speak, and which names may be
//! set to be verified.

use crate::support::{self, Sandbox, refused};
use serde_json::{Value, json};

/// What `explain` says of a document with one integration, and something beside it.
fn explained(sandbox: &Sandbox, top: &Value, integration: &Value) -> Value {
    let mut document = json!({
        "openapi": "3.0.1",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"x-amazon-apigateway-integration": integration}}},
    });
    for (key, value) in top.as_object().unwrap() {
        document[key] = value.clone();
    }
    std::fs::write(sandbox.file("api.json"), document.to_string()).unwrap();
    let ran = sandbox.run("apigw explain api.json --json");
    assert!(ran.status < 2, "{document}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn one_mark_is_enough_to_tell_an_http_api() {
    let sandbox = Sandbox::new();
    let plain = json!({"type": "http_proxy", "httpMethod": "GET", "uri": "https://backend.example.com/"});
    let with = |key: &str, value: &str| {
        let mut integration = plain.clone();
        integration[key] = json!(value);
        integration
    };
    let listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2";
    let discovery = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1";
    for (top, integration, api) in [
        (json!({}), plain.clone(), "REST API"),
        (json!({}), with("payloadFormatVersion", "1.0"), "HTTP API"),
        (json!({}), with("uri", listener), "HTTP API"),
        (json!({}), with("uri", discovery), "HTTP API"),
        (json!({"x-amazon-apigateway-cors": {}}), plain.clone(), "HTTP API"),
        (json!({"x-amazon-apigateway-importexport-version": "1.0"}), plain.clone(), "HTTP API"),
    ] {
        let report = explained(&sandbox, &top, &integration);
        assert_eq!(report["api"], api, "{top} {integration}");
    }
}

#[test]
fn what_speaks_no_tls_is_said_to_speak_none() {
    let sandbox = Sandbox::new();
    for (integration, tls) in [
        (json!({"type": "http_proxy", "uri": "https://backend.example.com/"}), true),
        (json!({"type": "http_proxy", "uri": "http://backend.example.com/"}), false),
        (json!({"type": "HTTP", "uri": "HTTPS://backend.example.com/"}), true),
        (json!({"type": "mock"}), false),
        (json!({"type": "aws_proxy", "uri": "arn:aws:apigateway:eu-west-1:lambda:path/x"}), false),
    ] {
        let report = explained(&sandbox, &json!({}), &integration);
        assert_eq!(report["integrations"][0]["tls"], tls, "{integration}");
        let line = sandbox.run("apigw explain api.json").stdout;
        assert_eq!(line.trim_end().ends_with("no TLS"), !tls, "{integration}: {line}");
    }
}

#[test]
fn names_that_cannot_be_verified_are_not_set() {
    let sandbox = Sandbox::new();
    let integration = json!({
        "payloadFormatVersion": "1.0", "type": "http_proxy", "httpMethod": "GET", "connectionType": "VPC_LINK",
        "connectionId": "abc", "uri": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2",
    });
    explained(&sandbox, &json!({}), &integration);
    let long = "x".repeat(513);
    for name in ["*.x.example", "10.0.0.1", "", &long, "a b"] {
        let before = sandbox.snapshot();
        let ran = sandbox.run_args(&["--json", "apigw", "patch", "api.json", "--server-name", name]);
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{name:?}: {}", ran.stderr);
        assert_eq!(support::json(&ran.stderr)["code"], "apigw.setting", "{name:?}");
        assert_eq!(sandbox.snapshot(), before, "{name:?}");
    }
    sandbox.ok("apigw patch api.json --server-name backend.internal");
    assert!(sandbox.read("api.json").contains(r#""serverNameToVerify":"backend.internal""#));
}

#[test]
fn a_reference_to_nothing_is_told_and_the_rest_is_changed() {
    let sandbox = Sandbox::new();
    let good = json!({"type": "http_proxy", "uri": "https://a/", "connectionType": "VPC_LINK"});
    let document = json!({
        "openapi": "3.0.1",
        "paths": {
            "/a": {"get": {"x-amazon-apigateway-integration": good}},
            "/b": {"get": {"x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/none"}}},
        },
    });
    std::fs::write(sandbox.file("api.json"), document.to_string()).unwrap();
    let ran = sandbox.ok("--json apigw patch api.json --set insecureSkipVerification=true");
    let report = support::json(&ran.stdout);
    let codes: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"apigw.reference"), "{report}");
    assert_eq!(report["integrations"], 1, "{report}");
    refused(&sandbox, "apigw patch api.json --set nonsense=true", 3, "apigw.setting");
}
