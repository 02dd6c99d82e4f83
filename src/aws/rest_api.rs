//! API Gateway's REST APIs: what one says now, a document put into it, and its deployment.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::PutMode;

use super::attempts::Lost;
use super::call::{Calls, unresolved};
use super::connection::{Connection, Service, settle};
use super::pace::Progress;
use crate::error::{Error, Result};

const GET_API: &str = "GetRestApi";
const GET_STAGES: &str = "GetStages";
const GET_RESOURCES: &str = "GetResources";
const GET_MODELS: &str = "GetModels";
const GET_AUTHORIZERS: &str = "GetAuthorizers";
const PUT: &str = "PutRestApi";
const DEPLOY: &str = "CreateDeployment";

const API_GATEWAY: Service = Service { name: "API Gateway", id: "API Gateway" };

/// How long one call may take where nobody says: an import of 6 MB takes its time.
const ATTEMPT: Duration = Duration::from_secs(45);

/// The most that a page holds (API Gateway API reference, `limit`).
const PAGE: i32 = 500;

/// What becomes of what an API has and the document does not (API Gateway API reference,
/// `PutRestApi` `mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It stays.
    #[default]
    Merge,
    /// It goes.
    Overwrite,
}

/// An API, as far as it matters to a deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestApi {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its stages, and the deployment that each of them serves.
    pub stages: BTreeMap<String, Option<String>>,
}

/// What an API consists of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Content {
    /// Its operations.
    pub operations: Vec<Operation>,
    /// Its models, by name.
    pub models: Vec<String>,
    /// Its authorizers, by name.
    pub authorizers: Vec<String>,
}

/// One operation of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Its path.
    pub path: String,
    /// `GET` …, or `ANY`.
    pub method: String,
    /// Its integration's `tlsConfig.insecureSkipVerification`; none where it has no integration
    /// that was told.
    pub insecure_skip_verification: Option<bool>,
}

/// A connection to API Gateway in one region.
pub struct RestApis {
    calls: Calls,
    client: Client,
}

impl RestApis {
    /// Settles region and credentials. Nothing is sent to API Gateway yet.
    ///
    /// # Errors
    /// [`Error::AwsRegion`], [`Error::AwsCredentials`], [`Error::AwsConfig`].
    pub fn connect(connection: &Connection) -> Result<Self> {
        let attempt = connection.attempt.unwrap_or(ATTEMPT);
        let connection = Connection { attempt: Some(attempt), ..connection.clone() };
        let settled = settle(&connection, &API_GATEWAY)?;
        Ok(Self { client: Client::new(&settled.config), calls: settled.calls })
    }

    /// Has `told` called while somebody waits.
    #[must_use]
    pub fn on_progress(mut self, told: impl Fn(&Progress) + Send + 'static) -> Self {
        self.calls.on_progress(told);
        self
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        self.calls.region()
    }

    /// An API and its stages.
    ///
    /// # Errors
    /// [`Error::AwsRefused`], `NotFoundException` among them, [`Error::AwsUnreached`],
    /// [`Error::AwsAnswer`].
    pub fn find(&self, id: &str) -> Result<RestApi> {
        self.calls.run(async {
            let api = self.calls.ask(GET_API, || self.client.get_rest_api().rest_api_id(id).send()).await?;
            Ok(RestApi { id: id.to_owned(), name: api.name, stages: self.stages(id).await? })
        })
    }

    async fn stages(&self, id: &str) -> Result<BTreeMap<String, Option<String>>> {
        let all = self.calls.ask(GET_STAGES, || self.client.get_stages().rest_api_id(id).send()).await?;
        let named = |stage: aws_sdk_apigateway::types::Stage| Some((stage.stage_name?, stage.deployment_id));
        Ok(all.item.unwrap_or_default().into_iter().filter_map(named).collect())
    }

    /// The operations of an API, as they are now: deployed or not.
    ///
    /// # Errors
    /// As [`RestApis::find`].
    pub fn operations(&self, id: &str) -> Result<Vec<Operation>> {
        self.calls.run(self.all_operations(id))
    }

    async fn all_operations(&self, id: &str) -> Result<Vec<Operation>> {
        let mut found = Vec::new();
        let mut position: Option<String> = None;
        loop {
            let call = || {
                let call = self.client.get_resources().rest_api_id(id).limit(PAGE).embed("methods");
                call.set_position(position.clone()).send()
            };
            let page = self.calls.ask(GET_RESOURCES, call).await?;
            for resource in page.items.unwrap_or_default() {
                let path = resource.path.unwrap_or_default();
                for (method, told) in resource.resource_methods.unwrap_or_default() {
                    let skips =
                        |config: aws_sdk_apigateway::types::TlsConfig| config.insecure_skip_verification;
                    let insecure_skip_verification =
                        told.method_integration.map(|i| i.tls_config.is_some_and(skips));
                    found.push(Operation { path: path.clone(), method, insecure_skip_verification });
                }
            }
            match page.position {
                Some(next) if !next.is_empty() && position.as_ref() != Some(&next) => position = Some(next),
                _ => break,
            }
        }
        found.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Ok(found)
    }

    /// What [`Mode::Overwrite`] may take away; of models and authorizers the first page.
    ///
    /// # Errors
    /// As [`RestApis::find`].
    pub fn content(&self, id: &str) -> Result<Content> {
        self.calls.run(async {
            let operations = self.all_operations(id).await?;
            let models = || self.client.get_models().rest_api_id(id).limit(PAGE).send();
            let models = self.calls.ask(GET_MODELS, models).await?;
            let authorizers = || self.client.get_authorizers().rest_api_id(id).limit(PAGE).send();
            let authorizers = self.calls.ask(GET_AUTHORIZERS, authorizers).await?;
            Ok(Content {
                operations,
                models: models.items.unwrap_or_default().into_iter().filter_map(|m| m.name).collect(),
                authorizers: authorizers
                    .items
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|a| a.name)
                    .collect(),
            })
        })
    }

    /// Puts a document into an API; what it serves changes with the next deployment. Returns
    /// what API Gateway warned of. Putting the same document twice does no harm, so a call
    /// whose answer is lost is made again.
    ///
    /// # Errors
    /// As [`RestApis::find`]; `BadRequestException` where API Gateway does not take the
    /// document, and nothing is changed.
    pub fn put(&self, id: &str, document: &[u8], mode: Mode) -> Result<Vec<String>> {
        let mode = match mode {
            Mode::Merge => PutMode::Merge,
            Mode::Overwrite => PutMode::Overwrite,
        };
        let call = || {
            let call = self.client.put_rest_api().rest_api_id(id).mode(mode.clone());
            call.body(Blob::new(document)).send()
        };
        let answer = self.calls.run(self.calls.ask(PUT, call))?;
        Ok(answer.warnings.unwrap_or_default())
    }

    /// Deploys what an API says now to a stage that served `before`. Returns the deployment's
    /// identifier. Where its answer is lost, the stage is asked before it is made again.
    ///
    /// # Errors
    /// As [`RestApis::find`]; [`Error::AwsUnresolved`] where what was done is not known.
    pub fn deploy(&self, id: &str, stage: &str, before: Option<&str>, why: &str) -> Result<String> {
        self.calls.run(self.deployment(id, stage, before, why))
    }

    async fn deployment(&self, id: &str, stage: &str, before: Option<&str>, why: &str) -> Result<String> {
        let mut attempts = self.calls.attempts(DEPLOY);
        loop {
            attempts.pace().await;
            let call = self.client.create_deployment().rest_api_id(id).stage_name(stage).description(why);
            let failed = match call.send().await {
                Ok(answer) => {
                    let missing = || Error::AwsAnswer { action: DEPLOY, reason: "it holds no id".to_owned() };
                    return answer.id.ok_or_else(missing);
                }
                Err(e) => self.calls.failed(DEPLOY, &e),
            };
            let Some(Lost { error, .. }) = attempts.settle(failed).await? else { continue };
            self.calls.tell(&Progress::Looking { action: DEPLOY, reason: error.to_string() });
            match self.stages(id).await {
                Err(look) => return Err(unresolved(DEPLOY, error, look)),
                Ok(stages) => match stages.get(stage).cloned().flatten() {
                    Some(now) if Some(now.as_str()) != before => return Ok(now),
                    _ => attempts.again(error).await?,
                },
            }
        }
    }
}
