//! API Gateway's REST APIs in the simulator, as far as a document is put into one and
//! deployed. Written from the API Gateway API reference and its developer guide.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::Refusal;
use crate::gateway::{Document, LARGEST};
use crate::key::{hex, random};

/// The REST APIs of all regions.
#[derive(Default)]
pub(super) struct RestApis {
    held: BTreeMap<(String, String), RestApi>,
}

#[derive(Default)]
struct RestApi {
    name: String,
    /// By path and method: whether it has an integration, and whether that skips verification.
    operations: BTreeMap<(String, String), Option<bool>>,
    models: Vec<String>,
    authorizers: Vec<String>,
    /// The deployment that a stage serves.
    stages: BTreeMap<String, String>,
}

/// A request, by what it asks.
pub(super) struct Asked {
    pub(super) action: &'static str,
    id: String,
    /// What stands behind the API's own path.
    rest: Vec<String>,
    query: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Asked {
    /// Reads a request; none where it asks for what this stand-in does not have.
    pub(super) fn of(method: &str, path: &str, query: &str, body: &[u8]) -> Option<Self> {
        let mut parts = path.trim_matches('/').split('/').map(ToOwned::to_owned);
        if parts.next()? != "restapis" {
            return None;
        }
        let id = parts.next().unwrap_or_default();
        let rest: Vec<String> = parts.collect();
        let words: Vec<&str> = rest.iter().map(String::as_str).collect();
        let action = match (method, id.as_str(), words.as_slice()) {
            ("POST", "", []) => "ImportRestApi",
            ("GET", id, []) if !id.is_empty() => "GetRestApi",
            ("PUT", _, []) => "PutRestApi",
            ("GET", _, ["stages"]) => "GetStages",
            ("GET", _, ["resources"]) => "GetResources",
            ("GET", _, ["models"]) => "GetModels",
            ("GET", _, ["authorizers"]) => "GetAuthorizers",
            ("POST", _, ["deployments"]) => "CreateDeployment",
            _ => return None,
        };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        };
        let query = query.split('&').filter(|p| !p.is_empty()).map(pair).collect();
        Some(Self { action, id, rest, query, body: body.to_vec() })
    }

    /// What is recorded of it.
    pub(super) fn recorded(&self) -> Value {
        let body = String::from_utf8_lossy(&self.body);
        json!({ "id": self.id, "path": self.rest.join("/"), "query": self.query, "body": body })
    }
}

impl RestApis {
    /// Does what is asked, in a region of an account.
    pub(super) fn answer(&mut self, region: &str, account: &str, asked: &Asked) -> Result<Value, Refusal> {
        let bad = |message: String| Refusal::new("BadRequestException", message);
        let document = || -> Result<Document, Refusal> {
            if asked.body.len() > LARGEST {
                return Err(Refusal {
                    status: 413,
                    ..Refusal::new("RequestEntityTooLargeException", "Request Too Long")
                });
            }
            Document::read(&asked.body)
                .map_err(|e| bad(format!("Invalid OpenAPI input: the document cannot be read: {e}")))
        };
        if asked.action == "ImportRestApi" {
            let document = document()?;
            let id = identifier();
            let mut api = RestApi { name: "imported".to_owned(), ..RestApi::default() };
            api.take(&document);
            self.held.insert((region.to_owned(), id.clone()), api);
            return Ok(json!({ "id": id, "name": "imported" }));
        }
        let key = (region.to_owned(), asked.id.clone());
        let Some(api) = self.held.get_mut(&key) else {
            let message = format!("Invalid API identifier specified {account}:{}", asked.id);
            return Err(Refusal { status: 404, ..Refusal::new("NotFoundException", message) });
        };
        match asked.action {
            "GetStages" => Ok(json!({ "item": api.stages.iter().map(stage).collect::<Vec<_>>() })),
            "GetModels" => Ok(named(&api.models)),
            "GetAuthorizers" => Ok(named(&api.authorizers)),
            "GetResources" => {
                Ok(api.resources(asked.query.get("embed").is_some_and(|embed| embed == "methods")))
            }
            "PutRestApi" => {
                let document = document()?;
                match asked.query.get("mode").map_or("merge", String::as_str) {
                    "merge" => {}
                    "overwrite" => {
                        api.operations.clear();
                        api.models.clear();
                        api.authorizers.clear();
                    }
                    other => return Err(bad(format!("Invalid mode specified: {other}"))),
                }
                api.take(&document);
                Ok(json!({ "id": asked.id, "name": api.name }))
            }
            "CreateDeployment" => {
                let body: Value = serde_json::from_slice(&asked.body)
                    .map_err(|_| Refusal::new("SerializationException", "The request is no JSON."))?;
                if api.operations.is_empty() {
                    return Err(bad("The REST API doesn't contain any methods".to_owned()));
                }
                if api.operations.values().any(Option::is_none) {
                    return Err(bad("No integration defined for method".to_owned()));
                }
                let id = identifier();
                if let Some(stage) = body["stageName"].as_str() {
                    api.stages.insert(stage.to_owned(), id.clone());
                }
                Ok(json!({ "id": id, "description": body["description"] }))
            }
            _ => Ok(json!({ "id": asked.id, "name": api.name })),
        }
    }
}

impl RestApi {
    /// Takes what a document says; what it does not say stays.
    fn take(&mut self, document: &Document) {
        for operation in document.operations() {
            self.operations.insert(operation, None);
        }
        for integration in document.integrations() {
            let skips = integration.insecure_skip_verification.unwrap_or(false);
            self.operations.insert((integration.path.clone(), integration.method.clone()), Some(skips));
        }
        let add = |held: &mut Vec<String>, names: Vec<&str>| {
            for name in names {
                if !held.iter().any(|h| h == name) {
                    held.push(name.to_owned());
                }
            }
        };
        add(&mut self.models, document.models());
        add(&mut self.authorizers, document.security_schemes());
    }

    fn resources(&self, with_methods: bool) -> Value {
        let mut items: BTreeMap<&str, serde_json::Map<String, Value>> = BTreeMap::new();
        for ((path, method), integration) in &self.operations {
            let mut told = json!({});
            if with_methods {
                told["httpMethod"] = json!(method);
                if let Some(skips) = integration {
                    told["methodIntegration"] = json!({ "tlsConfig": { "insecureSkipVerification": skips } });
                }
            }
            items.entry(path).or_default().insert(method.clone(), told);
        }
        let items: Vec<Value> = items
            .into_iter()
            .map(|(path, methods)| json!({ "id": identifier(), "path": path, "resourceMethods": methods }))
            .collect();
        json!({ "item": items })
    }
}

fn stage((name, deployment): (&String, &String)) -> Value {
    json!({ "stageName": name, "deploymentId": deployment })
}

fn named(names: &[String]) -> Value {
    json!({ "item": names.iter().map(|name| json!({ "id": identifier(), "name": name })).collect::<Vec<_>>() })
}

fn identifier() -> String {
    hex(&random::<5>().unwrap_or_default())
}
