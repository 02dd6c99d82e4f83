//! API Gateway's documents: only what was asked for changes, and Python's yaml and json
//! read what was meant.

mod kinds;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::{Sandbox, judge, output, refused};

const SET: &str = "--set insecureSkipVerification=true";

/// What Python reads in a document, YAML or JSON; CloudFormation's tags by their text.
fn read(sandbox: &Sandbox, file: &str) -> Option<Value> {
    const READ: &str = r"
import json, sys, yaml
class L(yaml.SafeLoader): pass
L.add_multi_constructor('!', lambda l, s, n: '!' + s + ' ' + str(n.value))
L.add_constructor('tag:yaml.org,2002:timestamp', lambda l, n: n.value)
text = open(sys.argv[1], encoding='utf-8').read()
print(json.dumps(json.loads(text) if text.lstrip().startswith('{') else yaml.load(text, L)))
";
    let python = judge("python")?;
    let path = sandbox.file(file);
    let (ok, text) = output(&python, &["-c", READ, path.to_str().unwrap()], sandbox.path());
    assert!(ok, "{text}");
    Some(serde_json::from_str(&text).unwrap())
}

/// Patches a document and returns its text afterwards.
fn patched(sandbox: &Sandbox, name: &str, text: &str, args: &str) -> String {
    std::fs::write(sandbox.file(name), text).unwrap();
    let ran = sandbox.ok(&format!("apigw patch {name} {args}"));
    assert_eq!(ran.stdout, format!("{name}\n"), "{}", ran.stderr);
    String::from_utf8(std::fs::read(sandbox.file(name)).unwrap()).unwrap()
}

/// The lines that are new, where no other line changed.
fn inserted(before: &str, after: &str) -> Vec<String> {
    let mut old = before.split_inclusive('\n').peekable();
    let mut new = Vec::new();
    for line in after.split_inclusive('\n') {
        if old.peek() == Some(&line) {
            old.next();
        } else {
            new.push(line.to_owned());
        }
    }
    assert_eq!(old.next(), None, "a line went:\n{after}");
    new
}

/// An export as the console writes it, with one integration.
const EXPORT: &str = r#"{
  "swagger": "2.0",
  "info": {"version": "2021-11-22T00:48:02Z", "title": "caf\u00e9", "x-n": 1.0e3},
  "host": "abc123.execute-api.ap-northeast-1.amazonaws.com",
  "basePath": "/prod",
  "paths": {
    "/": {
      "get": {
        "x-amazon-apigateway-integration": {
          "type": "http_proxy",
          "uri": "https:\/\/myca.test.com/",
          "httpMethod": "GET",
          "connectionType": "VPC_LINK"
        }
      }
    }
  }
}
"#;

#[test]
fn an_export_gets_the_lines_and_nothing_else() {
    let sandbox = Sandbox::new();
    let after = patched(&sandbox, "api.json", EXPORT, SET);
    let new = inserted(EXPORT, &after);
    let lines = [
        "          \"tlsConfig\": {\n",
        "            \"insecureSkipVerification\": true\n",
        "          },\n",
    ];
    assert_eq!(new, lines);
    let mut wanted: Value = serde_json::from_str(EXPORT).unwrap();
    wanted["paths"]["/"]["get"]["x-amazon-apigateway-integration"]["tlsConfig"] =
        json!({"insecureSkipVerification": true});
    assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), wanted);
    // Once more: nothing to do, and the file is not touched.
    let before = sandbox.snapshot();
    let again = sandbox.ok(&format!("apigw patch api.json {SET}"));
    assert_eq!(again.stdout, "");
    assert!(again.stderr.contains("unchanged: 1 integration"), "{}", again.stderr);
    assert_eq!(sandbox.snapshot(), before);
    // And back: the member stays, for it is not known who wrote it.
    let back = patched(&sandbox, "api.json", &after, "--set insecureSkipVerification=false");
    assert_eq!(
        back,
        after.replace("\"insecureSkipVerification\": true", "\"insecureSkipVerification\": false")
    );
}

#[test]
fn the_commands_of_aws_are_told_with_the_apis_own_names() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("api.json"), EXPORT).unwrap();
    let before = sandbox.snapshot();
    let ran = sandbox.ok(&format!("apigw patch api.json {SET} --dry-run --json"));
    assert_eq!(sandbox.snapshot(), before);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let commands: Vec<&str> =
        document["commands"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    assert!(commands[0].contains("update-integration --rest-api-id abc123"), "{commands:?}");
    assert!(
        commands[0].ends_with("op=replace,path=/tlsConfig/insecureSkipVerification,value=true"),
        "{commands:?}"
    );
    assert_eq!(
        commands[1],
        "aws apigateway put-rest-api --rest-api-id abc123 --mode merge --body fileb://api.json"
    );
    assert_eq!(commands[2], "aws apigateway create-deployment --rest-api-id abc123 --stage-name prod");
    assert!(document["diff"].as_str().unwrap().contains("+          \"tlsConfig\": {\n"), "{document}");
    let piped = sandbox.ok(&format!("apigw patch api.json {SET} --output -"));
    assert!(piped.stdout.contains("\"tlsConfig\""));
    assert_eq!(sandbox.snapshot(), before);
}

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
fn a_shared_integration_is_changed_once() {
    let sandbox = Sandbox::new();
    let shared = json!({"$ref": "#/components/x-amazon-apigateway-integrations/in~1ner"});
    let document = json!({
        "paths": {"/a": {"get": {"x-amazon-apigateway-integration": shared}, "put": {"x-amazon-apigateway-integration": shared}}},
        "components": {"x-amazon-apigateway-integrations": {"in/ner": {"type": "http_proxy", "uri": "https://x/", "connectionType": "VPC_LINK"}}},
        "openapi": "3.0.3"
    });
    let text = serde_json::to_string_pretty(&document).unwrap();
    std::fs::write(sandbox.file("a.json"), text).unwrap();
    let ran = sandbox.ok(&format!("apigw patch a.json {SET}"));
    assert!(ran.stderr.contains("1 integration, of 2 operations changed"), "{}", ran.stderr);
    assert_eq!(sandbox.read("a.json").matches("tlsConfig").count(), 1);
}

#[test]
fn an_http_api_has_a_name_to_verify_instead() {
    let sandbox = Sandbox::new();
    let document = json!({"openapi": "3.0.1", "paths": {"/a": {"x-amazon-apigateway-any-method": {
    "isDefaultRoute": true,
    "x-amazon-apigateway-integration": {
        "type": "http_proxy", "payloadFormatVersion": "1.0", "connectionType": "VPC_LINK", "connectionId": "v",
        "uri": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2"
    }}}}});
    let text = serde_json::to_string_pretty(&document).unwrap();
    std::fs::write(sandbox.file("a.json"), &text).unwrap();
    let message = refused(&sandbox, &format!("apigw patch a.json {SET}"), 3, "apigw.GW06");
    assert!(message.contains("serverNameToVerify"), "{message}");
    let after = patched(&sandbox, "a.json", &text, "--server-name backend.internal");
    assert!(after.contains("\"serverNameToVerify\": \"backend.internal\""), "{after}");
    std::fs::write(sandbox.file("rest.json"), EXPORT).unwrap();
    refused(&sandbox, "apigw patch rest.json --server-name backend.internal", 3, "apigw.GW06");
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
fn the_file_keeps_its_mode_and_its_link() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("real.json"), EXPORT).unwrap();
    std::fs::set_permissions(sandbox.file("real.json"), std::fs::Permissions::from_mode(0o664)).unwrap();
    std::os::unix::fs::symlink("real.json", sandbox.file("link.json")).unwrap();
    sandbox.ok(&format!("apigw patch link.json {SET}"));
    assert!(std::fs::symlink_metadata(sandbox.file("link.json")).unwrap().is_symlink());
    assert!(sandbox.read("real.json").contains("tlsConfig"));
    let mode = std::fs::metadata(sandbox.file("real.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o664);
}

#[test]
fn explain_judges_the_back_end_as_api_gateway_does() {
    let sandbox = Sandbox::new();
    sandbox.ok("up myca.test.com --key p256 --template apigw-backend");
    sandbox.ok("leaf other.test.com --template server");
    std::fs::write(sandbox.file("api.json"), EXPORT).unwrap();
    let codes = |args: &str| {
        let ran = sandbox.run(&format!("apigw explain {args} --json"));
        let report: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stderr));
        let findings = report["integrations"][0]["findings"].as_array().unwrap().clone();
        let codes: Vec<String> = findings.iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect();
        (ran.status, codes)
    };
    assert_eq!(codes("api.json"), (0, vec![]));
    // A private CA is not believed; with the flag it is, where the root is there.
    assert_eq!(codes("api.json --certificate myca.test.com"), (1, vec!["apigw.trust".to_owned()]));
    sandbox.ok(&format!("apigw patch api.json {SET}"));
    assert_eq!(codes("api.json --certificate myca.test.com"), (0, vec![]));
    let full = "certforge/myca.test.com/fullchain.pem";
    assert_eq!(codes(&format!("api.json --certificate {full}")), (0, vec![]));
    let alone = "certforge/myca.test.com/cert.pem";
    assert_eq!(codes(&format!("api.json --certificate {alone}")), (1, vec!["acm.C10".to_owned()]));
    assert_eq!(
        codes("api.json --certificate other.test.com"),
        (1, vec!["acm.C10".to_owned(), "apigw.GW07".to_owned()])
    );
    let text = sandbox.run("apigw explain api.json --certificate myca.test.com");
    assert_eq!(text.stdout, "GET /\taccepted\n");
    for part in ["insecureSkipVerification", "a public certificate", "importing the private CA into ACM"] {
        assert!(text.stderr.contains(part), "{part}: {}", text.stderr);
    }
    let address = EXPORT.replace("https:\\/\\/myca.test.com/", "https://10.103.10.95/");
    std::fs::write(sandbox.file("ip.json"), address).unwrap();
    let (_, found) = codes("ip.json --certificate myca.test.com");
    assert!(found.contains(&"apigw.GW08".to_owned()), "{found:?}");
}

#[test]
fn what_is_shared_is_not_changed_for_others_in_silence() {
    let sandbox = Sandbox::new();
    let head = "swagger: '2.0'\npaths:\n  /a:\n    get:\n      x-amazon-apigateway-integration: &i\n        type: http\n        uri: https://a/\n        connectionType: VPC_LINK\n  /b:\n    get:\n      x-amazon-apigateway-integration:";
    for (name, shared) in
        [("alias.yaml", " *i\n"), ("merge.yaml", "\n        <<: *i\n        uri: https://b/\n")]
    {
        std::fs::write(sandbox.file(name), format!("{head}{shared}")).unwrap();
        let message = refused(&sandbox, &format!("apigw patch {name} {SET} --path /a"), 3, "apigw.shared");
        assert!(message.contains("GET /b"), "{message}");
        let ran = sandbox.ok(&format!("apigw patch {name} {SET}"));
        assert_eq!(ran.stdout, format!("{name}\n"));
    }
    // A merge that is the only member: what is inserted stands beside it, not in the anchor.
    std::fs::write(sandbox.file("only.yaml"), format!("{head}\n        <<: *i\n")).unwrap();
    sandbox.ok(&format!("apigw patch only.yaml {SET} --path /b"));
    let text = sandbox.read("only.yaml");
    assert!(
        text.starts_with(head)
            && text.ends_with("<<: *i\n        tlsConfig:\n          insecureSkipVerification: true\n"),
        "{text}"
    );
    // Which of two keys counts depends on the reader.
    let twice = EXPORT.replace(r#""type""#, r#""uri": "https://x/", "type""#);
    std::fs::write(sandbox.file("twice.json"), twice).unwrap();
    let message = refused(&sandbox, &format!("apigw patch twice.json {SET}"), 3, "apigw.syntax");
    assert!(message.contains("`uri` stands twice"), "{message}");
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

/// A listener behind a VPC link is spoken to in plain HTTP until there is a name to verify.
#[test]
fn a_private_integration_of_an_http_api_has_no_tls_without_a_name() {
    let sandbox = Sandbox::new();
    let document = |tls: &str| {
        format!(
            r#"{{"openapi":"3.0.1","paths":{{"/a":{{"get":{{"x-amazon-apigateway-integration":{{"payloadFormatVersion":"1.0","type":"http_proxy","httpMethod":"GET","connectionType":"VPC_LINK","connectionId":"abc","uri":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/1/2"{tls}}}}}}}}}}}"#
        )
    };
    for (tls, spoken) in [("", false), (r#","tlsConfig":{"serverNameToVerify":"backend.internal"}"#, true)] {
        std::fs::write(sandbox.file("api.json"), document(tls)).unwrap();
        let explained = sandbox.ok("apigw explain api.json --json").stdout;
        let report: Value = serde_json::from_str(&explained).unwrap();
        assert_eq!(report["api"], "HTTP API", "{report}");
        assert_eq!(report["integrations"][0]["tls"], spoken, "{report}");
        let line = sandbox.ok("apigw explain api.json").stdout;
        assert_eq!(line.trim_end().ends_with("no TLS"), !spoken, "{line}");
    }
}
