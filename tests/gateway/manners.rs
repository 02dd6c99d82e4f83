//! Documents keep the manner they were written in.

use serde_json::{Value, json};

use crate::support::Sandbox;

use super::{EXPORT, SET, inserted, patched, read};

#[test]
fn the_document_keeps_its_own_manner() {
    let sandbox = Sandbox::new();
    let windows = EXPORT.replace('\n', "\r\n");
    let after = patched(&sandbox, "crlf.json", &windows, SET);
    assert!(inserted(&windows, &after).iter().all(|line| line.ends_with("\r\n")), "{after}");
    let tabs = EXPORT.replace("  ", "\t");
    let after = patched(&sandbox, "tabs.json", &tabs, SET);
    assert_eq!(inserted(&tabs, &after)[1], "\t\t\t\t\t\t\"insecureSkipVerification\": true\n");
    let tight = r#"{"openapi":"3.0.1","paths":{"/a":{"get":{"x-amazon-apigateway-integration":{"type":"HTTP","uri":"https://a/","connectionType":"VPC_LINK"}}}}}"#;
    let after = patched(&sandbox, "tight.json", tight, SET);
    assert_eq!(
        after,
        tight.replace(
            r#""connectionType""#,
            r#""tlsConfig":{"insecureSkipVerification":true},"connectionType""#
        )
    );
    let marked = format!("\u{feff}{EXPORT}");
    let after = patched(&sandbox, "bom.json", &marked, SET);
    assert!(after.starts_with('{'));
    // There is one already, empty or with something else in it.
    for (there, wanted) in [
        (r#""tlsConfig": {}, "#, r#""tlsConfig": {"insecureSkipVerification": true}, "#),
        (r#""tlsConfig": {"x": 1}, "#, r#""tlsConfig": {"insecureSkipVerification": true, "x": 1}, "#),
        (r#""tlsConfig": null, "#, r#""tlsConfig": {"insecureSkipVerification": true}, "#),
        (
            r#""tlsConfig": {"insecureSkipVerification" : "false"}, "#,
            r#""tlsConfig": {"insecureSkipVerification" : true}, "#,
        ),
    ] {
        let text = EXPORT.replace(r#""type": "http_proxy","#, &format!(r#"{there}"type": "http_proxy","#));
        let after = patched(&sandbox, "there.json", &text, SET);
        assert_eq!(after, text.replace(there, wanted));
    }
}

/// YAML with everything that a careless rewrite loses.
const YAML: &str = r#"---
# orders, by hand
openapi: 3.0.1
info: {title: "orders", version: '2026-05-14'}
x-common: &common
    type: http_proxy   # shared
    connectionType: VPC_LINK
paths:
    /orders:
        get:
            x-amazon-apigateway-integration:
                <<: *common
                uri: !Sub "https://${Host}/orders"
                requestTemplates:
                    application/json: |
                        #set($x = 1)
                        {"a": "$x"}
                # the method it becomes
                httpMethod: GET
        post:
            x-amazon-apigateway-integration: {type: HTTP, uri: 'https://a.internal/', connectionType: VPC_LINK}
    /注文:
        put:
            x-amazon-apigateway-integration:
                type: http
                uri: https://a.internal/注文
                connectionType: VPC_LINK
                responses:
                    default:
                        responseTemplates:
                            application/json: |
                                #end
                # not part of the template
                httpMethod: PUT
                tlsConfig:
                    insecureSkipVerification: false # for now
    /one:
        x-amazon-apigateway-any-method:
            x-amazon-apigateway-integration:
                {uri: https://a.internal/,
                 connectionType: VPC_LINK,
                 type: http_proxy}
"#;

#[test]
fn yaml_keeps_comments_anchors_tags_and_scalars() {
    let sandbox = Sandbox::new();
    for text in [YAML.to_owned(), YAML.replace('\n', "\r\n"), YAML.trim_end().to_owned()] {
        let after = patched(&sandbox, "api.yaml", &text, SET);
        std::fs::write(sandbox.file("before.yaml"), &text).unwrap();
        let (Some(mut before), Some(read)) = (read(&sandbox, "before.yaml"), read(&sandbox, "api.yaml"))
        else {
            return;
        };
        for (path, method) in [
            ("/orders", "get"),
            ("/orders", "post"),
            ("/注文", "put"),
            ("/one", "x-amazon-apigateway-any-method"),
        ] {
            before["paths"][path][method]["x-amazon-apigateway-integration"]["tlsConfig"] =
                json!({"insecureSkipVerification": true});
        }
        assert_eq!(read, before, "{after}");
        // No line went but those that had to change.
        for line in text.lines().filter(|l| !l.contains("for now") && !l.contains("{type: HTTP")) {
            assert!(after.lines().any(|l| l == line), "{line:?} went:\n{after}");
        }
        assert!(after.contains("insecureSkipVerification: true # for now"), "{after}");
        assert!(
            after.contains("                # the method it becomes\n")
                || after.contains("                # the method it becomes\r\n")
        );
        let ends = after.matches('\n').count();
        assert_eq!(after.matches("\r\n").count(), if text.contains('\r') { ends } else { 0 });
    }
}

#[test]
fn what_is_written_in_odd_ways_is_found() {
    let sandbox = Sandbox::new();
    let head = "swagger: '2.0'\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration:";
    for text in [
        "\n        type: http\n        uri: https://a/\n        tlsConfig:\n",
        "\n        type: http\n        tlsConfig: # later\n        uri: https://a/\n",
        "\n        type: http\n        tlsConfig:\n          insecureSkipVerification:\n        uri: https://a/\n",
        " &x {type: http, uri: https://a/, <<: [*x, *x, *x, *x, *x, *x, *x, *x, *x]}\n",
        " &x\n        type: http\n        requestParameters: &y\n          b: *y\n        uri: https://a/\n",
    ] {
        std::fs::write(sandbox.file("a.yaml"), format!("{head}{text}")).unwrap();
        sandbox.ok(&format!("apigw patch a.yaml {SET}"));
        let explained = sandbox.ok("apigw explain a.yaml --json").stdout;
        let report: Value = serde_json::from_str(&explained).unwrap();
        assert_eq!(report["integrations"][0]["insecure_skip_verification"], true, "{text}");
    }
}

/// An integration in YAML, as somebody may write it: how keys are quoted, in how many lines,
/// what it has as `tlsConfig`, and how far its members stand in.
fn integration(quote: &str, layout: &str, tls: &str, unit: &str) -> String {
    let q = |key: &str| format!("{quote}{key}{quote}");
    let mut members = vec![
        format!("{}: http_proxy", q("type")),
        format!("{}: \"https://a.internal/{{x}}\" ", q("uri")),
        format!("{}: VPC_LINK", q("connectionType")),
    ];
    let inner = unit.repeat(6);
    let block = |lines: &str| match lines {
        "" => None,
        "other" => Some(format!("{}:\n{inner}x: [1]", q("tlsConfig"))),
        "false" => {
            Some(format!("{}:\n{inner}{}: false # now", q("tlsConfig"), q("insecureSkipVerification")))
        }
        flow => Some(format!("{}: {flow}", q("tlsConfig"))),
    };
    let flow = match tls {
        "other" => "{x: [1]}".to_owned(),
        "false" => format!("{{{}: false}}", q("insecureSkipVerification")),
        same => same.to_owned(),
    };
    if layout == "block" {
        members.extend(block(tls));
        let stand = format!("\n{}", unit.repeat(5));
        return members.iter().flat_map(|line| [stand.as_str(), line]).collect();
    }
    if !flow.is_empty() {
        members.insert(0, format!("{}: {flow}", q("tlsConfig")));
    }
    let between = if layout == "lines" { format!(",\n{}", unit.repeat(5)) } else { ", ".to_owned() };
    let members: Vec<&str> = members.iter().map(|member| member.trim_end()).collect();
    let open = if layout == "lines" { format!("\n{}", unit.repeat(4)) } else { " ".to_owned() };
    format!("{open}{{{}}}", members.join(&between))
}

#[test]
fn every_manner_of_writing_an_integration_is_kept() {
    let sandbox = Sandbox::new();
    for (unit, end) in [("  ", "\n"), ("    ", "\n"), ("   ", "\r\n")] {
        let mut text = "swagger: '2.0' # by hand\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
        let mut paths = Vec::new();
        for quote in ["", "'", "\""] {
            for layout in ["block", "line", "lines"] {
                for tls in ["", "{}", "null", "~", "other", "false"] {
                    let path = format!("/p{}", paths.len());
                    let written = integration(quote, layout, tls, unit);
                    let (two, three) = (unit.repeat(2), unit.repeat(3));
                    let key = "x-amazon-apigateway-integration:";
                    let lines =
                        format!("{unit}{path}:\n{two}get:\n{three}{key}{written}\n{three}# behind {path}\n");
                    text.push_str(&lines);
                    paths.push((path, tls));
                }
            }
        }
        let text = text.replace('\n', end);
        std::fs::write(sandbox.file("before.yaml"), &text).unwrap();
        let Some(mut wanted) = read(&sandbox, "before.yaml") else { return };
        let after = patched(&sandbox, "api.yaml", &text, SET);
        for (path, tls) in &paths {
            let integration = &mut wanted["paths"][path]["get"]["x-amazon-apigateway-integration"];
            let other = if *tls == "other" { json!({"x": [1]}) } else { json!({}) };
            integration["tlsConfig"] = other;
            integration["tlsConfig"]["insecureSkipVerification"] = json!(true);
        }
        assert_eq!(read(&sandbox, "api.yaml").unwrap(), wanted, "{after}");
        for (path, _) in &paths {
            assert!(after.contains(&format!("# behind {path}{end}")), "{path}");
        }
        assert_eq!(after.matches('\n').count(), after.matches(end).count(), "its own line ends");
        assert_eq!(after.matches(" # now").count(), 3, "comments behind a value stay");
        // Once more changes nothing, and the way back only the values.
        std::fs::write(sandbox.file("api.yaml"), &after).unwrap();
        sandbox.ok(&format!("apigw patch api.yaml {SET}"));
        assert_eq!(sandbox.read("api.yaml"), after);
        let back = patched(&sandbox, "api.yaml", &after, "--set insecureSkipVerification=false");
        let switched = |text: &str| text.replace(": true", ": false");
        assert_eq!(back, switched(&after));
    }
}
