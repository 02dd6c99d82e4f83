//! `apigw patch --apply`: a document changed, put into its REST API and deployed. With moto's
//! server as far as it goes (OpenAPI 3.0, no modes that lose anything), and with the simulator.

mod support;

use std::process::Command;

use certforge::harness::{AcmSim, Settings};
use serde_json::Value;
use support::{Ran, Sandbox, Server, judge};

/// What takes API Gateway's place.
enum Stand {
    Moto(Server),
    Simulator(AcmSim),
}

struct Apis {
    sandbox: Sandbox,
    stand: Stand,
}

const DOCUMENT: &str = r#"{
  "openapi" : "3.0.1",
  "info" : { "title" : "orders", "description" : "moto asks for one", "version" : "1" },
  "paths" : {
    "/orders" : {
      "get" : {
        "responses" : { "200" : { "description" : "ok" } },
        "x-amazon-apigateway-integration" : {
          "type" : "http",
          "httpMethod" : "GET",
          "uri" : "https://10.103.10.95/orders",
          "connectionType" : "VPC_LINK",
          "connectionId" : "abc123",
          "responses" : { "default" : { "statusCode" : "200" } }
        }
      }
    }
  }
}
"#;

impl Apis {
    fn moto() -> Option<Self> {
        Some(Self { stand: Stand::Moto(Server::moto()?), sandbox: Sandbox::new() })
    }

    fn simulator(faults: &[(&str, &str)]) -> Option<Self> {
        judge("moto_server")?; // boto3 asks it too, and comes with moto.
        let faults = faults.iter().map(|(action, s)| ((*action).to_owned(), s.parse().unwrap())).collect();
        let sim = AcmSim::start(Settings { faults, ..Settings::default() }).unwrap();
        Some(Self { sandbox: Sandbox::new(), stand: Stand::Simulator(sim) })
    }

    fn surroundings(&self) -> Vec<(&'static str, String)> {
        let url = match &self.stand {
            Stand::Moto(server) => server.url(),
            Stand::Simulator(sim) => sim.url(),
        };
        vec![
            ("AWS_ENDPOINT_URL", url),
            ("AWS_REGION", "ap-northeast-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret".to_owned()),
        ]
    }

    fn run(&self, args: &str) -> Ran {
        let mut command = self.sandbox.command(args.split_whitespace());
        command.envs(self.surroundings());
        support::ran(command.output().unwrap())
    }

    fn ok(&self, args: &str) -> Value {
        let ran = self.run(&format!("--json {args}"));
        assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Asks with boto3, the way AWS's own tools do.
    fn ask(&self, expression: &str) -> Value {
        let python = judge("moto_server").unwrap().with_file_name("python3");
        let program = format!(
            "import boto3, json; api = boto3.client('apigateway'); print(json.dumps({expression}, default=str))"
        );
        let mut command = Command::new(python);
        command.args(["-c", &program]).env_clear().envs(self.surroundings());
        command.current_dir(self.sandbox.path());
        command.env("HOME", self.sandbox.path()).env("AWS_DEFAULT_REGION", "ap-northeast-1");
        let ran = support::ran(command.output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// An API made of the file, deployed to the stage `prod`: its identifier, and the
    /// deployment's.
    fn import(&self, file: &str) -> (String, String) {
        let made = self.ask(&format!("api.import_rest_api(body=open('{file}','rb').read())"));
        let id = made["id"].as_str().unwrap().to_owned();
        let deployed = self.ask(&format!("api.create_deployment(restApiId='{id}', stageName='prod')"));
        (id, deployed["id"].as_str().unwrap().to_owned())
    }

    /// What the API has for an operation. moto's merge makes a second resource of the same
    /// path: the later one counts.
    fn skips(&self, id: &str, path: &str, method: &str) -> Option<bool> {
        let all = self.ask(&format!("api.get_resources(restApiId='{id}', embed=['methods'])"));
        let resource = all["items"].as_array().unwrap().iter().rfind(|r| r["path"] == path)?;
        let integration = &resource["resourceMethods"][method]["methodIntegration"];
        integration["tlsConfig"]["insecureSkipVerification"].as_bool()
    }

    fn deployment(&self, id: &str) -> String {
        let stages = self.ask(&format!("api.get_stages(restApiId='{id}')"));
        let prod = stages["item"].as_array().unwrap().iter().find(|s| s["stageName"] == "prod").unwrap();
        prod["deploymentId"].as_str().unwrap().to_owned()
    }

    fn calls(&self, action: &str) -> usize {
        let Stand::Simulator(sim) = &self.stand else { unreachable!() };
        sim.requests().iter().filter(|r| r.action == action).count()
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.sandbox.file(file), text).unwrap();
    }
}

fn a_document_is_changed_put_and_deployed(apis: &Apis) {
    apis.write("api.json", DOCUMENT);
    let (id, before) = apis.import("api.json");
    let args = "apigw patch api.json --set insecureSkipVerification=true --apply --stage-name prod";

    let planned = apis.ok(&format!("{args} --rest-api-id {id} --dry-run"));
    assert_eq!(planned["applied"]["stage_name"], "prod");
    assert!(planned["applied"]["deployment_id"].is_null(), "{planned}");
    assert_eq!(apis.sandbox.read("api.json"), DOCUMENT, "a dry run writes nothing");
    assert!(!apis.skips(&id, "/orders", "GET").unwrap_or(false), "and sends nothing");

    let done = apis.ok(&format!("{args} --rest-api-id {id}"));
    assert_eq!(done["applied"]["rest_api_id"], id);
    assert_eq!(done["applied"]["read_back"], 1, "{done}");
    assert!(done["commands"].is_null(), "what was done is not advised: {done}");
    assert!(apis.sandbox.read("api.json").contains(r#""insecureSkipVerification" : true"#));
    assert_eq!(apis.skips(&id, "/orders", "GET"), Some(true));
    let now = apis.deployment(&id);
    assert_eq!(done["applied"]["deployment_id"], now);
    assert_ne!(now, before);

    // The document says it already: the API may not.
    let back = "apigw patch api.json --set insecureSkipVerification=false --apply --no-deploy";
    let undone = apis.ok(&format!("{back} --rest-api-id {id}"));
    assert!(undone["applied"]["deployment_id"].is_null());
    assert_eq!(apis.skips(&id, "/orders", "GET"), Some(false));
    assert_eq!(apis.deployment(&id), now, "what is served stayed");
}

#[test]
fn moto_a_document_is_changed_put_and_deployed() {
    if let Some(apis) = Apis::moto() {
        a_document_is_changed_put_and_deployed(&apis);
    }
}

#[test]
fn simulator_a_document_is_changed_put_and_deployed() {
    if let Some(apis) = Apis::simulator(&[]) {
        a_document_is_changed_put_and_deployed(&apis);
    }
}

/// What people read of it: where it was put, how, and whether it is served.
#[test]
fn a_page_says_where_it_was_put_and_what_is_served() {
    let Some(apis) = Apis::simulator(&[]) else { return };
    apis.write("api.json", DOCUMENT);
    let (id, _) = apis.import("api.json");
    let said = |args: &str| -> Vec<String> {
        let ran = apis.run(&format!(
            "apigw patch api.json --set insecureSkipVerification=true --apply --rest-api-id {id} {args}"
        ));
        assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
        ran.stderr.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let api = format!("api ap-northeast-1, REST API {id} (imported)");
    let has = |lines: &[String], wanted: &str| {
        assert!(lines.iter().any(|line| line.ends_with(wanted)), "`{wanted}` in {}", lines.join("\n"));
    };
    let planned = said("--stage-name prod --dry-run");
    has(&planned, "1 integration would be changed");
    has(&planned, &format!("{api} would be put there, merge"));
    has(&planned, "stage prod would be deployed");
    let put = said("--no-deploy");
    has(&put, "1 integration changed");
    has(&put, &format!("{api} put there, merge; read back: 1 integration as the document says"));
    has(&put, "stage none not deployed: what is served stays as it was");
    // The document has it by now, and the API gets it once more.
    let done = said("--stage-name prod --mode overwrite");
    has(&done, "unchanged: 1 integration insecureSkipVerification=true already");
    has(&done, &format!("{api} put there, overwrite; read back: 1 integration as the document says"));
    has(&done, &format!("stage prod deployed, {}", apis.deployment(&id)));
}

/// An export goes into another API where that is said, which is told.
#[test]
fn an_export_of_another_api_is_told() {
    let Some(apis) = Apis::simulator(&[]) else { return };
    apis.write("first.json", DOCUMENT);
    let ((first, _), (second, _)) = (apis.import("first.json"), apis.import("first.json"));
    let servers = format!(
        r#""servers" : [ {{ "url" : "https://{first}.execute-api.ap-northeast-1.amazonaws.com/prod" }} ], "paths""#
    );
    apis.write("api.json", &DOCUMENT.replacen("\"paths\"", &servers, 1));
    let args = "apigw patch api.json --set insecureSkipVerification=true --apply --no-deploy";
    let done = apis.ok(&format!("{args} --rest-api-id {second}"));
    let told = done["findings"].as_array().unwrap().iter().find(|f| f["code"] == "apigw.other-api").unwrap();
    assert_eq!(
        told["message"],
        format!("the document was exported from the API {first}, and goes into {second}")
    );
    assert_eq!(apis.skips(&second, "/orders", "GET"), Some(true));
    assert_eq!(apis.skips(&first, "/orders", "GET"), Some(false));
}

/// The identifier and the stage of an export are in it.
#[test]
fn an_export_says_which_api_and_stage_it_is_of() {
    let Some(apis) = Apis::simulator(&[]) else { return };
    apis.write("first.json", DOCUMENT);
    let (id, before) = apis.import("first.json");
    let host = format!("{id}.execute-api.ap-northeast-1.amazonaws.com");
    let servers = format!(
        r#""servers" : [ {{ "url" : "https://{host}/{{basePath}}", "variables" : {{ "basePath" : {{ "default" : "prod" }} }} }} ], "paths""#
    );
    let yaml = format!(
        "swagger: \"2.0\"\ninfo:\n  title: orders # kept\nhost: {host}\nbasePath: /prod\npaths:\n  /orders:\n    get:\n      x-amazon-apigateway-integration:\n        type: http_proxy\n        uri: https://10.103.10.95/\n        connectionType: VPC_LINK\n"
    );
    for (file, text) in [("oas.json", DOCUMENT.replacen("\"paths\"", &servers, 1)), ("swagger.yaml", yaml)] {
        apis.write(file, &text);
        let done = apis.ok(&format!("apigw patch {file} --set insecureSkipVerification=true --apply"));
        assert_eq!(done["applied"]["rest_api_id"], id, "{file}");
        assert_ne!(apis.deployment(&id), before, "{file}");
        assert_eq!(apis.skips(&id, "/orders", "GET"), Some(true), "{file}");
        apis.ok(&format!("apigw patch {file} --set insecureSkipVerification=false --apply"));
        assert_eq!(apis.skips(&id, "/orders", "GET"), Some(false), "{file}");
        // Its region is in it as well: where the surroundings say another, the API is not.
        let args = format!("apigw patch {file} --set insecureSkipVerification=true --apply --dry-run --json");
        for (more, status) in [("", 0), ("--region us-east-1", 5), (&format!("--rest-api-id {id}"), 5)] {
            let mut command = apis.sandbox.command(format!("{args} {more}").split_whitespace());
            command.envs(apis.surroundings()).env("AWS_REGION", "us-east-1");
            let ran = support::ran(command.output().unwrap());
            assert_eq!(ran.status, status, "{more}: {}", ran.stderr);
            if status == 0 {
                let said: Value = serde_json::from_str(&ran.stdout).unwrap();
                assert_eq!(said["applied"]["region"], "ap-northeast-1");
            }
        }
        let said = apis.ok(&format!("apigw patch {file} --set insecureSkipVerification=true --dry-run"));
        let lines = said["commands"].to_string();
        assert!(lines.contains(&format!("--rest-api-id {id} --region ap-northeast-1 ")), "{lines}");
    }
}

/// `GW10`: what only the API has is deleted by overwriting, so it is named and asked for.
#[test]
fn overwriting_what_the_document_lacks_has_to_be_said() {
    let Some(apis) = Apis::simulator(&[]) else { return };
    let full = DOCUMENT.replacen(
        "\"paths\" : {",
        r#""components" : { "schemas" : { "Order" : { "type" : "object" } }, "securitySchemes" : { "guard" : { "type" : "apiKey" } } },
  "paths" : {
    "/gone" : { "get" : { "x-amazon-apigateway-integration" : { "type" : "mock" } } },"#,
        1,
    );
    apis.write("full.json", &full);
    let (id, before) = apis.import("full.json");
    apis.write("api.json", DOCUMENT);
    let args = format!(
        "apigw patch api.json --set insecureSkipVerification=true --apply --stage-name prod --rest-api-id {id}"
    );
    let refused = apis.run(&format!("{args} --mode overwrite"));
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    for lost in ["operation GET /gone", "model Order", "authorizer guard"] {
        assert!(refused.stderr.contains(lost), "{lost}: {}", refused.stderr);
    }
    assert_eq!(apis.sandbox.read("api.json"), DOCUMENT);
    assert_eq!((apis.calls("PutRestApi"), apis.deployment(&id)), (0, before));

    let planned = apis.ok(&format!("{args} --mode overwrite --dry-run"));
    let codes: Vec<&str> =
        planned["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"apigw.GW10"), "{planned}");

    apis.ok(&args);
    assert!(apis.skips(&id, "/gone", "GET").is_some(), "merging keeps it: {args}");
    apis.ok(&format!("{args} --mode overwrite --yes"));
    assert_eq!(apis.skips(&id, "/gone", "GET"), None);
}

#[test]
fn what_cannot_be_applied_changes_nothing() {
    let Some(apis) = Apis::simulator(&[("PutRestApi", "denied")]) else { return };
    apis.write("api.json", DOCUMENT);
    let (id, before) = apis.import("api.json");
    let set = "apigw patch api.json --set insecureSkipVerification=true";
    for (args, status, says) in [
        (format!("{set} --apply --stage-name prod"), 2, "--rest-api-id"),
        (format!("{set} --apply --rest-api-id {id}"), 2, "--stage-name"),
        (format!("{set} --apply --rest-api-id {id} --stage-name prd"), 2, "it has prod"),
        (format!("{set} --apply --rest-api-id nosuchapi --stage-name prod"), 5, "NotFoundException"),
        (format!("{set} --apply --rest-api-id ../x --stage-name prod"), 2, "letters and digits"),
        (format!("{set} --rest-api-id {id}"), 2, "--apply"),
        (format!("{set} --region eu-west-1"), 2, "--apply"),
        (format!("{set} --apply --rest-api-id {id} --stage-name prod --region a,b"), 2, "one --region"),
        (format!("{set} --apply --rest-api-id {id} --stage-name prod"), 5, "apigateway:PUT"),
    ] {
        let ran = apis.run(&args);
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{args}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{args}: {}", ran.stderr);
        assert_eq!(apis.sandbox.read("api.json"), DOCUMENT, "{args}");
    }
    assert_eq!(apis.deployment(&id), before);
    assert_eq!(apis.skips(&id, "/orders", "GET"), Some(false));
}

/// An answer that is lost is looked for before the stage is deployed once more.
#[test]
fn a_deployment_whose_answer_is_lost_is_made_once() {
    let Some(apis) = Apis::simulator(&[
        ("PutRestApi", "drop,throttle,ok"),
        ("CreateDeployment", "ok,throttle,drop,ok"),
        ("GetRestApi", "500,reset,ok"),
    ]) else {
        return;
    };
    apis.write("api.json", DOCUMENT);
    let (id, before) = apis.import("api.json");
    let args = format!(
        "apigw patch api.json --set insecureSkipVerification=true --apply --stage-name prod --rest-api-id {id}"
    );
    let done = apis.ok(&args);
    let now = apis.deployment(&id);
    assert_eq!(done["applied"]["deployment_id"], now);
    assert_ne!(now, before);
    // The one of the set-up, one that was throttled, and the one whose answer was lost.
    assert_eq!(apis.calls("CreateDeployment"), 3);
}

/// An HTTP API has no REST API's calls.
#[test]
fn an_http_api_is_not_applied() {
    let Some(apis) = Apis::simulator(&[]) else { return };
    let document = DOCUMENT
        .replace("\"connectionId\"", "\"payloadFormatVersion\" : \"1.0\",\n          \"connectionId\"")
        .replace("\"http\"", "\"http_proxy\"");
    apis.write("api.json", &document);
    let ran = apis.run("apigw patch api.json --server-name backend.internal --apply --rest-api-id abc");
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("HTTP API"), "{}", ran.stderr);
    assert_eq!(apis.sandbox.read("api.json"), document);
}
