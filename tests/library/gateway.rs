//! API Gateway's documents through the library: what is read of them, and what a patch changes.

use certforge::error::Error;
use certforge::gateway::{Api, Document, IntegrationType, LARGEST, Setting, Syntax, Wish, ways};

const REST: &str = r#"{
  "swagger" : "2.0",
  "info" : {"title" : "orders", "version" : "1.0"},
  "host" : "abcde12345.execute-api.eu-west-1.amazonaws.com",
  "basePath" : "/prod",
  "paths" : {
    "/orders" : {
      "get" : {
        "x-amazon-apigateway-integration" : {
          "type" : "http_proxy", "httpMethod" : "GET", "uri" : "https://10.103.10.95/orders",
          "connectionType" : "VPC_LINK", "connectionId" : "abc123"
        }
      },
      "post" : {
        "x-amazon-apigateway-integration" : {
          "type" : "http", "httpMethod" : "POST", "uri" : "http://b.internal:8080/orders",
          "tlsConfig" : { "insecureSkipVerification" : false }
        }
      },
      "options" : { "x-amazon-apigateway-integration" : { "type" : "mock" } }
    },
    "/run" : {
      "x-amazon-apigateway-any-method" : {
        "x-amazon-apigateway-integration" : {
          "type" : "aws_proxy", "httpMethod" : "POST",
          "uri" : "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:f/invocations"
        }
      }
    }
  },
  "definitions" : { "Order" : { "type" : "object" }, "Empty" : { "type" : "object" } },
  "securityDefinitions" : { "api_key" : { "type" : "apiKey", "name" : "x-api-key", "in" : "header" } }
}
"#;

const HTTP: &str = "openapi: 3.0.1
info:
  title: orders # ours
  version: '1'
servers:
  - url: https://abcde12345.execute-api.eu-west-1.amazonaws.com/{basePath}
    variables:
      basePath: {default: v1}
paths:
  /orders:
    get:
      x-amazon-apigateway-integration:
        payloadFormatVersion: '1.0'
        type: http_proxy
        httpMethod: GET
        uri: arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/net/x/1/2
        connectionType: VPC_LINK
        connectionId: abc123
components:
  schemas:
    Order: {type: object}
x-amazon-apigateway-cors: {allowOrigins: ['*']}
";

fn skip(value: bool) -> Wish {
    Wish::everywhere(Setting::InsecureSkipVerification(value))
}

#[test]
fn a_rest_api_is_read() {
    let document = Document::read(REST.as_bytes()).unwrap();
    assert_eq!(
        (document.api(), document.syntax(), document.version()),
        (Api::Rest, Syntax::Json, "swagger 2.0")
    );
    assert_eq!(document.api().as_str(), "REST API");
    assert_eq!(document.text(), REST);
    let deployment = document.deployment();
    assert_eq!(deployment.api_id.as_deref(), Some("abcde12345"));
    assert_eq!(deployment.region.as_deref(), Some("eu-west-1"));
    assert_eq!(deployment.stage.as_deref(), Some("prod"));
    assert_eq!(document.models(), ["Order", "Empty"]);
    assert_eq!(document.security_schemes(), ["api_key"]);
    assert_eq!(document.operations().len(), 4);
    let integrations = document.integrations();
    let kinds: Vec<_> = integrations.iter().map(|i| i.kind.as_str()).collect();
    assert_eq!(kinds, ["http_proxy", "http", "mock", "aws_proxy"]);
    let get = &integrations[0];
    assert_eq!((get.kind.clone(), get.kind.speaks_tls()), (IntegrationType::HttpProxy, true));
    assert!(get.vpc_link && get.is_encrypted() && !get.is_plain());
    assert_eq!((get.host.as_deref(), get.connection_id.as_deref()), (Some("10.103.10.95"), Some("abc123")));
    assert_eq!(get.insecure_skip_verification, None);
    assert!(REST.lines().nth(get.line - 1).unwrap().contains("x-amazon-apigateway-integration"));
    let post = &integrations[1];
    assert!(post.is_plain() && !post.is_encrypted() && !post.vpc_link);
    assert_eq!(post.insecure_skip_verification, Some(false));
    assert!(get.operation().contains("/orders") && get.operation().contains("GET"));
    assert!(!integrations[2].kind.speaks_tls() && !integrations[3].kind.speaks_tls());
}

#[test]
fn an_http_api_is_read() {
    let document = Document::read(HTTP.as_bytes()).unwrap();
    assert_eq!((document.api(), document.syntax()), (Api::Http, Syntax::Yaml));
    assert_eq!(document.api().as_str(), "HTTP API");
    assert_eq!(document.version(), "openapi 3.0.1");
    assert_eq!(document.models(), ["Order"]);
    assert!(document.security_schemes().is_empty());
    let integration = &document.integrations()[0];
    assert!(integration.vpc_link);
    assert_eq!(integration.server_name_to_verify, None);
    let titles: Vec<_> = ways(document.api(), integration).iter().map(|way| way.title).collect();
    assert!(!titles.is_empty());
    for way in ways(document.api(), integration) {
        assert!(!way.how.is_empty() && !way.checks.is_empty() && !way.source.is_empty(), "{}", way.title);
    }
    let rest = Document::read(REST.as_bytes()).unwrap();
    let others: Vec<_> = ways(rest.api(), &rest.integrations()[0]).iter().map(|way| way.title).collect();
    assert_ne!(titles, others, "an HTTP API has other ways out than a REST API");
}

#[test]
fn a_patch_inserts_what_is_asked_for_and_nothing_else() {
    let document = Document::read(REST.as_bytes()).unwrap();
    let patch = document.patch(&skip(true)).unwrap();
    // Plain HTTP, a mock and a function have nothing to check: each is told.
    assert_eq!((patch.changes.len(), patch.integrations), (1, 1));
    let told: Vec<_> = patch.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(told, ["apigw.GW04", "apigw.GW03", "apigw.GW03"], "{:?}", patch.findings);
    let text = patch.text.as_deref().unwrap();
    assert_eq!(text.matches("insecureSkipVerification").count(), 2, "{text}");
    let again = Document::read(text.as_bytes()).unwrap();
    assert!(again.integrations()[0].insecure_skip_verification == Some(true));
    assert_eq!(again.operations(), document.operations());
    let unchanged = again.patch(&skip(true)).unwrap();
    assert_eq!((unchanged.text, unchanged.changes.len(), unchanged.unchanged), (None, 0, 1));
    // There and back: the same, but for what stands where nothing stood.
    let back = again.patch(&skip(false)).unwrap();
    assert_eq!(back.changes.len(), 1);
    assert_eq!((back.changes[0].before.as_deref(), back.changes[0].after.as_str()), (Some("true"), "false"));
    let diff = patch.diff(&document, "api.json");
    assert!(diff.starts_with("--- ") && diff.contains("+++ "), "{diff}");
    let removed: Vec<_> = diff.lines().filter(|l| l.starts_with('-') && !l.starts_with("---")).collect();
    let added: Vec<_> = diff.lines().filter(|l| l.starts_with('+') && !l.starts_with("+++")).collect();
    assert!(!removed.is_empty() && added.len() >= removed.len(), "{diff}");
    assert!(added.iter().any(|line| line.contains("insecureSkipVerification")));
    // Of a document that it is not of there is nothing to show.
    let other = r#"{"openapi":"3.0.1","paths":{"/":{"get":{"x-amazon-apigateway-integration":{}}}}}"#;
    assert_eq!(patch.diff(&Document::read(other.as_bytes()).unwrap(), "other.json"), "");
}

#[test]
fn a_patch_is_of_some_operations_where_that_is_said() {
    let document = Document::read(REST.as_bytes()).unwrap();
    let changed = |path: Option<&str>, method: Option<&str>| {
        let mut wish = skip(true);
        wish.path = path.map(str::to_owned);
        wish.method = method.map(str::to_owned);
        document.patch(&wish).map(|patch| patch.changes.iter().map(|c| c.method.clone()).collect::<Vec<_>>())
    };
    // Of a path, what speaks TLS: the mock beside it, which answers OPTIONS, is passed over.
    assert_eq!(changed(Some("/orders"), None).unwrap(), ["GET"]);
    assert_eq!(changed(None, Some("GET")).unwrap(), ["GET"]);
    assert_eq!(changed(Some("/orders"), Some("get")).unwrap(), ["GET"]);
    assert!(changed(None, Some("OPTIONS")).unwrap().is_empty());
    for (path, method) in [
        (Some("/none"), None),
        (None, Some("DELETE")),
        (Some("/run"), Some("GET")),
        (Some("/run"), None),
        (Some("/orders"), Some("OPTIONS")),
    ] {
        let refused = changed(path, method);
        assert!(matches!(refused, Err(Error::ApiDocument { .. })), "{path:?} {method:?}: {refused:?}");
    }
}

#[test]
fn yaml_keeps_its_comments_and_its_style() {
    let document = Document::read(HTTP.as_bytes()).unwrap();
    let name = Setting::ServerNameToVerify("orders.internal.example".to_owned());
    assert_eq!((name.member(), name.value()), ("serverNameToVerify", "orders.internal.example"));
    let patch = document.patch(&Wish::everywhere(name)).unwrap();
    let text = patch.text.unwrap();
    let old: Vec<_> = HTTP.lines().collect();
    let inserted: Vec<_> = text.lines().filter(|line| !old.contains(line)).collect();
    assert_eq!(inserted.len(), 2, "{inserted:?}");
    assert_eq!(text.lines().count(), old.len() + 2);
    assert!(text.contains("title: orders # ours"));
    let again = Document::read(text.as_bytes()).unwrap();
    assert_eq!(again.integrations()[0].server_name_to_verify.as_deref(), Some("orders.internal.example"));
    // What is of REST APIs is not set on an HTTP API, nor the other way round.
    assert!(matches!(document.patch(&skip(true)), Err(Error::ApiDocument { .. })));
    let rest = Document::read(REST.as_bytes()).unwrap();
    let refused = rest.patch(&Wish::everywhere(Setting::ServerNameToVerify("a.example".to_owned())));
    assert!(matches!(refused.map(|_| ()), Err(Error::ApiDocument { .. })));
}

#[test]
fn settings_are_spelled_in_full() {
    let setting: Setting = "insecureSkipVerification=true".parse().unwrap();
    assert_eq!(setting, Setting::InsecureSkipVerification(true));
    assert_eq!((setting.member(), setting.value()), ("insecureSkipVerification", "true"));
    assert_eq!(
        "insecureSkipVerification=false".parse::<Setting>().unwrap(),
        Setting::InsecureSkipVerification(false)
    );
    for bad in [
        "",
        "insecureSkipVerification",
        "insecureSkipVerification=",
        "insecureSkipVerification=yes",
        "insecure=true",
        "=true",
        "serverNameToVerify=",
        "insecureSkipVerification=true=true",
    ] {
        assert!(bad.parse::<Setting>().is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_document_has_a_code() {
    let code = |bytes: &[u8]| match Document::read(bytes) {
        Err(Error::ApiDocument { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(b""), "apigw.syntax");
    assert_eq!(code(b"{"), "apigw.syntax");
    assert_eq!(code(b"\xff\xfe{"), "apigw.syntax");
    assert_eq!(code(b"{}"), "apigw.GW01");
    assert_eq!(code(b"words"), "apigw.GW01");
    assert_eq!(code(br#"{"swagger": "1.2", "paths": {}}"#), "apigw.GW01");
    assert_eq!(code(br#"{"openapi": "3.0.1", "paths": {}}"#), "apigw.GW02");
    assert_eq!(code(&vec![b' '; LARGEST + 1]), "apigw.GW09");
    // As much as API Gateway takes is read.
    let mut most = REST.as_bytes().to_vec();
    most.resize(LARGEST, b' ');
    // With the change it would be more than API Gateway takes.
    let refused = Document::read(&most).unwrap().patch(&skip(true)).unwrap_err();
    assert_eq!(refused.code(), "apigw.GW09");
    assert!(refused.to_string().starts_with("with the change, it has "), "{refused}");
}

#[test]
fn a_mark_at_the_beginning_and_other_line_ends_stay() {
    let windows = REST.replace('\n', "\r\n");
    let document = Document::read(windows.as_bytes()).unwrap();
    let text = document.patch(&skip(true)).unwrap().text.unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "a line ends otherwise");
    let marked = [b"\xef\xbb\xbf", REST.as_bytes()].concat();
    let document = Document::read(&marked).unwrap();
    assert!(!document.findings().is_empty(), "API Gateway takes no byte order mark");
    assert_eq!(document.integrations().len(), 4);
}
