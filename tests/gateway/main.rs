//! API Gateway's documents: only what was asked for changes, and Python's yaml and json
//! read what was meant.

mod http_apis;
mod kinds;
mod manners;
mod refused;
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
    assert!(
        commands[0].contains("update-integration --rest-api-id abc123 --region ap-northeast-1 "),
        "{commands:?}"
    );
    assert!(
        commands[0].ends_with("op=replace,path=/tlsConfig/insecureSkipVerification,value=true"),
        "{commands:?}"
    );
    assert_eq!(
        commands[1],
        "aws apigateway put-rest-api --rest-api-id abc123 --region ap-northeast-1 --mode merge --body fileb://api.json"
    );
    assert_eq!(
        commands[2],
        "aws apigateway create-deployment --rest-api-id abc123 --region ap-northeast-1 --stage-name prod"
    );
    assert!(document["diff"].as_str().unwrap().contains("+          \"tlsConfig\": {\n"), "{document}");
    let piped = sandbox.ok(&format!("apigw patch api.json {SET} --output -"));
    assert!(piped.stdout.contains("\"tlsConfig\""));
    assert_eq!(sandbox.snapshot(), before);
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
