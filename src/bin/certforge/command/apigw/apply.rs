//! `certforge apigw patch --apply`: the changed document put into the REST API it is of, and
//! deployed.

use std::collections::HashMap;

use certforge::aws::{Mode, RestApi, RestApis};
use certforge::error::Shown;
use certforge::gateway::{Api, Document};
use certforge::{Error, Finding, Severity};

use crate::command::target::{Asked, TargetArgs, say};
use crate::context::{Failure, Waits};
use crate::environment;
use crate::report::ApigwApplied;

const API_GATEWAY: Asked = Asked { label: "apigw", name: "API Gateway" };
/// How long everything may take where nobody says, in seconds: a deployment has to wait for
/// the one before.
const SECONDS: u64 = 120;
/// What every API has from its beginning (API Gateway developer guide, "Models").
const MODELS_OF_EVERY_API: [&str; 2] = ["Empty", "Error"];

#[derive(clap::Args)]
#[command(next_help_heading = "In AWS")]
pub struct ApplyArgs {
    /// Put the document into the REST API as well, and deploy it
    #[arg(long)]
    apply: bool,
    /// The REST API [default: the one that the document was exported from]
    #[arg(long, value_name = "ID", requires = "apply")]
    rest_api_id: Option<String>,
    /// The stage to deploy to [default: the one that the document was exported from]
    #[arg(long, value_name = "STAGE", requires = "apply", visible_alias = "stage")]
    stage_name: Option<String>,
    /// Put it there, and do not deploy it
    #[arg(long, requires = "apply", conflicts_with = "stage_name")]
    no_deploy: bool,
    /// What becomes of what the API has and the document lacks: it stays, or it goes
    #[arg(long, value_name = "MODE", requires = "apply", default_value = "merge")]
    mode: ModeArg,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ModeArg {
    /// What the document lacks stays as it is
    Merge,
    /// What the document lacks is deleted
    Overwrite,
}

/// An API that was found, and what is to be done with it.
pub struct Apply {
    apis: RestApis,
    api: RestApi,
    /// The stage to deploy to.
    stage: Option<String>,
    mode: Mode,
    findings: Vec<Finding>,
    /// What would be lost.
    lost: Option<String>,
}

impl ApplyArgs {
    /// Finds the API and its stage by calls that change nothing; none where nothing is to be
    /// applied.
    pub fn prepare(&self, document: &Document, waits: Waits) -> Result<Option<Apply>, Failure> {
        if !self.apply {
            return if self.target.is_given() {
                Err(Failure::usage("--region, --profile and --endpoint-url are for --apply", "add --apply"))
            } else {
                Ok(None)
            };
        }
        if document.api() == Api::Http {
            return Err(Failure::usage(
                "--apply is for REST APIs, and the document is an HTTP API's",
                "without --apply, the lines that do it with the AWS CLI are printed",
            ));
        }
        let exported = document.deployment();
        let id = self.rest_api_id.clone().or_else(|| exported.api_id.clone()).ok_or_else(|| {
            Failure::usage(
                "the document does not say which API it is of",
                "--rest-api-id ID (aws apigateway get-rest-apis)",
            )
        })?;
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Failure::usage(
                "--rest-api-id is letters and digits",
                "aws apigateway get-rest-apis lists them",
            ));
        }
        let stage = self.stage_name.clone().or(exported.stage).filter(|_| !self.no_deploy);
        match stage.as_deref() {
            None if !self.no_deploy => {
                return Err(Failure::usage(
                    "the document does not say which stage it is of",
                    "--stage-name STAGE, or --no-deploy to put it there alone",
                ));
            }
            Some("") => {
                return Err(Failure::usage("a stage has a name", "--stage-name prod, or --no-deploy"));
            }
            _ => {}
        }
        // Another API may be anywhere.
        let region = exported.region.filter(|_| self.rest_api_id.is_none());
        let apis = RestApis::connect(&self.target.alone(SECONDS, region)?)?;
        let apis = apis.on_progress(move |p| say(&API_GATEWAY, p, waits));
        let api = apis.find(&id)?;
        if let Some(stage) = stage.as_ref().filter(|stage| !api.stages.contains_key(*stage)) {
            return Err(no_stage(&api, stage));
        }
        let mut findings = Vec::new();
        if let Some(other) = exported.api_id.filter(|exported| *exported != id) {
            let message = format!("the document was exported from the API {other}, and goes into {id}");
            findings.push(Finding::new("apigw.other-api", Severity::Warning, id.clone(), message));
        }
        let mut lost = None;
        let mode = match self.mode {
            ModeArg::Merge => Mode::Merge,
            ModeArg::Overwrite => {
                lost = losses(&apis, &id, document)?;
                Mode::Overwrite
            }
        };
        if let Some(lost) = &lost {
            let finding = Finding::new("apigw.GW10", Severity::Warning, id, lost.clone());
            findings.push(finding.fix("--mode merge leaves them as they are"));
        }
        Ok(Some(Apply { apis, api, stage, mode, findings, lost }))
    }
}

impl Apply {
    /// What there is to be said of it.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What would be lost is asked for; without a terminal `--yes` has to say it.
    pub fn confirm(&self) -> Result<(), Failure> {
        match &self.lost {
            Some(lost) if !environment::agrees(&format!("{}. Overwrite it (--yes)?", Shown(lost))) => {
                Err(Failure::usage(
                    format!("{lost}; nothing was changed"),
                    "--mode merge keeps it, and --yes deletes it without asking",
                ))
            }
            _ => Ok(()),
        }
    }

    /// What would be done.
    pub fn planned(&self) -> ApigwApplied {
        ApigwApplied {
            rest_api_id: self.api.id.clone(),
            name: self.api.name.clone(),
            region: self.apis.region().to_owned(),
            mode: match self.mode {
                Mode::Merge => "merge",
                Mode::Overwrite => "overwrite",
            },
            stage_name: self.stage.clone(),
            deployment_id: None,
            read_back: None,
        }
    }

    /// Puts the document into the API, and looks whether the API has it then.
    pub fn put(&self, text: &str, findings: &mut Vec<Finding>) -> Result<ApigwApplied, Failure> {
        let document = Document::read(text.as_bytes())?;
        let id = &self.api.id;
        for warning in self.apis.put(id, document.text().as_bytes(), self.mode)? {
            let message = format!("API Gateway warns: {warning}");
            findings.push(Finding::new("apigw.warned", Severity::Warning, id.clone(), message));
        }
        let told: HashMap<(String, String), bool> = self
            .apis
            .operations(id)?
            .into_iter()
            .filter_map(|o| Some(((o.path, o.method), o.insecure_skip_verification?)))
            .collect();
        let mut read_back = 0;
        for integration in document.integrations().iter().filter(|i| i.kind.speaks_tls()) {
            let key = (integration.path.clone(), integration.method.clone());
            let wanted = integration.insecure_skip_verification.unwrap_or(false);
            match told.get(&key) {
                Some(there) if *there == wanted => read_back += 1,
                Some(there) => {
                    let reason = format!(
                        "{} has insecureSkipVerification={there} afterwards, where the document says {wanted}; nothing was deployed",
                        integration.operation()
                    );
                    return Err(Error::AwsAnswer { action: "PutRestApi", reason }.into());
                }
                None => {
                    let message =
                        format!("{}: the API does not tell what it has now", integration.operation());
                    findings.push(Finding::new(
                        "apigw.unread",
                        Severity::Info,
                        integration.operation(),
                        message,
                    ));
                }
            }
        }
        Ok(ApigwApplied { read_back: Some(read_back), ..self.planned() })
    }

    /// Deploys what the API has now.
    pub fn deploy(&self, why: &str, applied: &mut ApigwApplied) -> Result<(), Failure> {
        if let Some(stage) = &self.stage {
            let before = self.api.stages.get(stage).and_then(Option::as_deref);
            applied.deployment_id = Some(self.apis.deploy(&self.api.id, stage, before, why)?);
        }
        Ok(())
    }
}

/// A stage that is not there would be made by a deployment to it.
fn no_stage(api: &RestApi, stage: &str) -> Failure {
    let names: Vec<&str> = api.stages.keys().map(String::as_str).collect();
    let message = format!("the API {} has no stage `{}`", api.id, Shown(stage));
    match names.as_slice() {
        [] => Failure::usage(format!("{message}, and none at all"), "--no-deploy puts it there alone"),
        [first, ..] => {
            Failure::usage(format!("{message}; it has {}", names.join(", ")), format!("--stage-name {first}"))
        }
    }
}

/// `GW10`: what the API has and the document lacks.
fn losses(apis: &RestApis, id: &str, document: &Document) -> Result<Option<String>, Failure> {
    let content = apis.content(id)?;
    let operations = document.operations();
    let (models, schemes) = (document.models(), document.security_schemes());
    let is_kept = |path: &str, method: &str| operations.iter().any(|(p, m)| p == path && m == method);
    let mut all = Vec::new();
    all.extend(
        content
            .operations
            .iter()
            .filter(|o| !is_kept(&o.path, &o.method))
            .map(|o| format!("operation {} {}", o.method, o.path)),
    );
    let is_own =
        |name: &&String| !MODELS_OF_EVERY_API.contains(&name.as_str()) && !models.contains(&name.as_str());
    all.extend(content.models.iter().filter(is_own).map(|name| format!("model {name}")));
    let gone = content.authorizers.iter().filter(|name| !schemes.contains(&name.as_str()));
    all.extend(gone.map(|name| format!("authorizer {name}")));
    if all.is_empty() {
        return Ok(None);
    }
    let more = if all.len() > 10 { format!(" and {} more", all.len() - 10) } else { String::new() };
    all.truncate(10);
    Ok(Some(format!(
        "the API has what the document lacks, and overwriting deletes it: {}{more}",
        all.join(", ")
    )))
}
