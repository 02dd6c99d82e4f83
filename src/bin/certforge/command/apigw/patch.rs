//! `certforge apigw patch`: what integrations check, changed in the document itself.

use std::io::Write;
use std::path::{Path, PathBuf};

use certforge::error::Shown;
use certforge::gateway::{Api, Change, Document, Setting, Wish};
use certforge::store::{NewFile, Overwrite, read_input, rewrite};
use certforge::{Error, Finding};

use super::apply::{Apply, ApplyArgs};
use super::{OperationArgs, read};
use crate::context::{Failure, Waits};
use crate::environment;
use crate::report::{ApigwChange, ApigwPatchReport, Report, findings, path};
use crate::spelling::quoted;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge apigw patch api.json --set insecureSkipVerification=true
  certforge apigw patch api.yaml --set insecureSkipVerification=true --path /orders --method GET
  certforge apigw patch http-api.json --server-name backend.internal
  certforge apigw patch api.json --set insecureSkipVerification=false --dry-run
  certforge apigw patch api.json --set insecureSkipVerification=true --apply
  aws apigateway get-export --rest-api-id ID --stage-name STAGE --export-type swagger \\
      --parameters extensions=apigateway api.json        how to get the document

The change is shown as a diff. Nothing but the lines of the change differs afterwards:
order, numbers, escapes, comments, anchors and line ends stay. Standard output is the path
of what was changed; with --output - it is the document.")]
pub struct Args {
    /// The document: Swagger 2.0 or OpenAPI 3.0, JSON or YAML; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What to set: insecureSkipVerification=true or =false
    #[arg(long, value_name = "NAME=VALUE", required_unless_present = "server_name")]
    set: Option<String>,
    /// Of an HTTP API: the name to verify in place of the uri's host
    #[arg(long, value_name = "HOST", conflicts_with = "set")]
    server_name: Option<String>,
    #[command(flatten)]
    operation: OperationArgs,
    /// Write it there instead of into the file; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output file where it is there
    #[arg(long, requires = "output")]
    force: bool,
    /// Do not ask: neither for a connection over the internet, nor before --mode overwrite deletes something
    #[arg(long, short)]
    yes: bool,
    /// Show the change, and stop
    #[arg(long, conflicts_with = "output")]
    dry_run: bool,
    #[command(flatten)]
    apply: ApplyArgs,
}

pub fn run(args: &Args, waits: Waits) -> Result<Report, Failure> {
    let setting = args.setting()?;
    let (document, before) = read(&args.file)?;
    let wish = Wish {
        setting: setting.clone(),
        path: args.operation.path.clone(),
        method: args.operation.method.clone(),
    };
    let patch = document.patch(&wish).map_err(|e| e.in_file(&args.file))?;
    let target = args.output.clone().unwrap_or_else(|| args.file.clone());
    // A mark that was dropped is a change of its own.
    let marked = before.len() != document.text().len();
    let is_new = patch.text.is_some() || marked;
    let after = patch.text.as_deref().unwrap_or_else(|| document.text());
    let mut said = document.findings().to_vec();
    said.extend(patch.findings.iter().cloned());
    let apply = args.apply.prepare(&document, waits)?;
    said.extend(apply.iter().flat_map(Apply::findings).cloned());
    let open = patch.findings.iter().find(|f| f.code == "apigw.GW05");
    if let Some(open) = open.filter(|_| patch.text.is_some() && !args.yes && !args.dry_run) {
        confirm(open)?;
    }
    if let Some(apply) = apply.as_ref().filter(|_| !args.yes && !args.dry_run) {
        apply.confirm()?;
    }
    let to_stdout = target == Path::new("-");
    let writes = !args.dry_run && !to_stdout && (is_new || args.output.is_some());
    // What is in the way of the file is told before anything is sent.
    let mut file = if writes { Some(Target::open(args, &before)?) } else { None };
    // What AWS refuses is refused before the file is changed; it is deployed when the file
    // says what is deployed.
    let mut applied = match &apply {
        Some(apply) if args.dry_run => Some(apply.planned()),
        Some(apply) => Some(apply.put(after, &mut said)?),
        None => None,
    };
    let mut written = None;
    let content = (to_stdout && !args.dry_run).then(|| after.as_bytes().to_vec());
    if let Some(file) = file.take() {
        file.write(&before, after)?;
        written = Some(path(&target));
    }
    if let (Some(apply), Some(applied), false) = (&apply, &mut applied, args.dry_run) {
        apply.deploy(&format!("{}={}, by certforge", setting.member(), setting.value()), applied)?;
    }
    let name = if args.file == Path::new("-") { "document".to_owned() } else { path(&args.file) };
    let changed_file = written.clone().unwrap_or_else(|| path(&target));
    Ok(Report::ApigwPatch(ApigwPatchReport {
        file: path(&args.file),
        version: document.version().to_owned(),
        api: document.api().as_str(),
        setting: setting.member(),
        value: setting.value().to_owned(),
        planned: args.dry_run,
        changed: patch.text.is_some(),
        changes: patch.changes.iter().map(ApigwChange::of).collect(),
        integrations: patch.integrations,
        unchanged: patch.unchanged,
        written,
        diff: patch.diff(&document, &name),
        commands: if patch.text.is_some() && applied.is_none() {
            commands(&document, &setting, &patch.changes, &changed_file)
        } else {
            Vec::new()
        },
        applied,
        findings: findings(&said),
        content,
    }))
}

impl Args {
    fn setting(&self) -> Result<Setting, Failure> {
        match (&self.set, &self.server_name) {
            (Some(set), _) => Ok(set.parse()?),
            (None, Some(name)) => Ok(format!("serverNameToVerify={name}").parse()?),
            (None, None) => {
                Err(Failure::usage("what to set was not said", "--set insecureSkipVerification=true"))
            }
        }
    }
}

/// Where the document goes.
enum Target<'a> {
    /// In its own place.
    Own(&'a Path),
    New(NewFile, Overwrite, &'a Path),
}

impl<'a> Target<'a> {
    /// Refuses what cannot be written, or is not any more as it was read.
    fn open(args: &'a Args, before: &[u8]) -> Result<Self, Failure> {
        let Some(output) = &args.output else {
            if read_input(&args.file)?.as_slice() != before {
                return Err(Error::Changed { path: args.file.clone() }.into());
            }
            return Ok(Self::Own(&args.file));
        };
        let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
        Ok(Self::New(NewFile::create(output, overwrite, false)?, overwrite, output))
    }

    fn write(self, before: &[u8], after: &str) -> Result<(), Failure> {
        match self {
            Self::Own(path) => Ok(rewrite(path, before, after.as_bytes())?),
            Self::New(mut file, overwrite, path) => {
                let refused = |source| Error::Io { doing: "write", path: path.to_owned(), source };
                file.write_all(after.as_bytes()).map_err(refused)?;
                Ok(file.finish(overwrite).map(drop)?)
            }
        }
    }
}

/// Whoever sits at a terminal is asked; elsewhere the warning has to do.
fn confirm(open: &Finding) -> Result<(), Failure> {
    if !environment::has_terminal() {
        return Ok(());
    }
    if environment::agrees(&format!("{}. Set it nevertheless (--yes)?", Shown(&open.message))) {
        return Ok(());
    }
    Err(Failure::usage(
        "nothing was changed",
        "--yes sets it without asking; --path and --method leave that operation out",
    ))
}

/// The same with the AWS CLI: piece by piece, or the document as a whole, and the
/// deployment that either needs.
fn commands(document: &Document, setting: &Setting, changes: &[Change], file: &str) -> Vec<String> {
    let deployment = document.deployment();
    let stage = deployment.stage.unwrap_or_else(|| "STAGE".to_owned());
    let region = deployment.region.map_or_else(String::new, |region| format!(" --region {region}"));
    // Every line says which API it is of, and where that is.
    let api = deployment.api_id.unwrap_or_else(|| "API_ID".to_owned()) + &region;
    let file = if file == "-" { "FILE".to_owned() } else { quoted(file) };
    let mut all = Vec::new();
    if document.api() == Api::Http {
        for change in changes {
            // The route for what no other one is for has no method in its key.
            let key = match change.path.as_str() {
                "/$default" => "$default".to_owned(),
                path => format!("{} {path}", change.method),
            };
            let route = format!("RouteKey=='{}'", key.replace('\'', "\\'"));
            all.push(format!(
                "aws apigatewayv2 update-integration --api-id {api} --integration-id \"$(aws apigatewayv2 get-routes --api-id {api} --query {} --output text | cut -d/ -f2)\" --tls-config ServerNameToVerify={}",
                quoted(&format!("Items[?{route}].Target")),
                setting.value(),
            ));
        }
        all.push(format!("aws apigatewayv2 reimport-api --api-id {api} --body file://{file}"));
        all.push(format!("aws apigatewayv2 create-deployment --api-id {api} --stage-name {stage}"));
        return all;
    }
    for change in changes {
        let query = quoted(&format!("items[?path=='{}'].id", change.path.replace('\'', "\\'")));
        all.push(format!(
            "aws apigateway update-integration --rest-api-id {api} --resource-id \"$(aws apigateway get-resources --rest-api-id {api} --limit 500 --query {query} --output text)\" --http-method {} --patch-operations op=replace,path=/tlsConfig/{},value={}",
            change.method,
            setting.member(),
            setting.value(),
        ));
    }
    all.push(format!("aws apigateway put-rest-api --rest-api-id {api} --mode merge --body fileb://{file}"));
    all.push(format!("aws apigateway create-deployment --rest-api-id {api} --stage-name {stage}"));
    all
}
