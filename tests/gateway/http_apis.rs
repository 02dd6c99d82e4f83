//! HTTP APIs: what is theirs and not a REST API's.

use crate::support::{Sandbox, json};

const HTTP: &str = r#"{
  "openapi": "3.0.1",
  "info": {"title": "h", "version": "1"},
  "paths": {
    "/$default": {
      "x-amazon-apigateway-any-method": {
        "isDefaultRoute": true,
        "x-amazon-apigateway-integration": {
          "payloadFormatVersion": "1.0",
          "type": "http_proxy",
          "httpMethod": "ANY",
          "uri": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/b/c",
          "connectionType": "VPC_LINK",
          "connectionId": "abc",
          "tlsConfig": {"serverNameToVerify": "old.example.com"}
        }
      }
    }
  }
}
"#;

#[test]
fn the_default_route_is_found_by_its_own_key() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("http.json"), HTTP).unwrap();
    let ran = sandbox.ok("apigw patch http.json --server-name a.example --dry-run");
    let line = ran.stderr.lines().find(|l| l.contains("get-routes")).unwrap();
    assert!(line.contains("RouteKey=='\\''$default'\\''"), "{line}");
}

#[test]
fn nothing_is_told_that_http_apis_have_not() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("http.json"), HTTP).unwrap();
    sandbox.ok("up a.example --key p256");
    let ran = sandbox.run("apigw explain http.json --certificate a.example --json");
    let said = json(&ran.stdout)["integrations"][0]["findings"].to_string();
    assert!(said.contains("serverNameToVerify is old.example.com"), "{said}");
    assert!(!said.contains("or insecureSkipVerification") && said.contains("--server-name NAME"), "{said}");
    let ran = sandbox.run("apigw patch http.json --server-name 10.0.0.1");
    assert!(ran.status == 3 && ran.stderr.contains("hint: --server-name backend.internal"), "{}", ran.stderr);
}

/// YAML 1.1 takes more words for true: what is to be false is written so that all agree.
#[test]
fn a_word_that_may_be_true_is_not_taken_for_false() {
    let sandbox = Sandbox::new();
    for word in ["yes", "on", "True"] {
        let text = format!(
            "swagger: \"2.0\"\npaths:\n  /:\n    get:\n      x-amazon-apigateway-integration:\n        type: http\n        uri: https://a/\n        tlsConfig:\n          insecureSkipVerification: {word}\n"
        );
        std::fs::write(sandbox.file("a.yaml"), &text).unwrap();
        sandbox.ok("apigw patch a.yaml --set insecureSkipVerification=false");
        assert_eq!(
            sandbox.read("a.yaml"),
            text.replace(&format!("Verification: {word}"), "Verification: false")
        );
    }
}
