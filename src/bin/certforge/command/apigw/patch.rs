//! `certforge apigw patch`: what integrations check, changed in the document itself.

use std::io::Write;
use std::path::{Path, PathBuf};

use certforge::error::Shown;
use certforge::gateway::{Api, Change, Document, Setting, Wish};
use certforge::store::{NewFile, Overwrite, rewrite};
use certforge::{Error, Finding};

use super::{OperationArgs, read, shown};
use crate::context::Failure;
use crate::environment;
use crate::report::{ApigwChange, ApigwPatchReport, Report, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge apigw patch api.json --set insecureSkipVerification=true
  certforge apigw patch api.yaml --set insecureSkipVerification=true --path /orders --method GET
  certforge apigw patch http-api.json --server-name backend.internal
  certforge apigw patch api.json --set insecureSkipVerification=false --dry-run
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
    /// Do not ask where the connection goes over the internet
    #[arg(long, short)]
    yes: bool,
    /// Show the change, and stop
    #[arg(long, conflicts_with = "output")]
    dry_run: bool,
}

pub fn run(args: &Args) -> Result<Report, Failure> {
    let setting: Setting = match (&args.set, &args.server_name) {
        (Some(set), _) => set.parse()?,
        (None, Some(name)) => format!("serverNameToVerify={name}").parse()?,
        (None, None) => {
            return Err(Failure::Usage {
                message: "what to set was not said".to_owned(),
                hint: "--set insecureSkipVerification=true".to_owned(),
            });
        }
    };
    let (document, before) = read(&args.file)?;
    let wish = Wish {
        setting: setting.clone(),
        path: args.operation.path.clone(),
        method: args.operation.method.clone(),
    };
    let patch = document.patch(&wish).map_err(|e| e.in_file(&args.file))?;
    let stdin = args.file == Path::new("-");
    let target = args.output.clone().unwrap_or_else(|| args.file.clone());
    let to_stdout = target == Path::new("-");
    // A mark that was dropped is a change of its own.
    let marked = before.len() != document.text().len();
    let after = patch.text.clone().or_else(|| marked.then(|| document.text().to_owned()));
    let open = patch.findings.iter().find(|f| f.code == "apigw.GW05");
    if let Some(open) = open.filter(|_| patch.text.is_some() && !args.yes && !args.dry_run) {
        confirm(open)?;
    }
    let mut written = None;
    let mut content = None;
    if args.dry_run {
    } else if to_stdout {
        content = Some(after.clone().unwrap_or_else(|| document.text().to_owned()).into_bytes());
    } else if let Some(output) = &args.output {
        let text = after.clone().unwrap_or_else(|| document.text().to_owned());
        let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
        let mut file = NewFile::create(output, overwrite, false)?;
        let failed = |source| Error::Io { doing: "write", path: output.clone(), source };
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.finish(overwrite)?;
        written = Some(shown(output));
    } else if let Some(text) = &after {
        rewrite(&args.file, &before, text.as_bytes())?;
        written = Some(shown(&args.file));
    }
    let mut said = document.findings().to_vec();
    said.extend(patch.findings.iter().cloned());
    let name = if stdin { "document".to_owned() } else { shown(&args.file) };
    let changed_file = written.clone().unwrap_or_else(|| shown(&target));
    Ok(Report::ApigwPatch(ApigwPatchReport {
        file: shown(&args.file),
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
        commands: if patch.text.is_some() {
            commands(&document, &setting, &patch.changes, &changed_file)
        } else {
            Vec::new()
        },
        findings: findings(&said),
        content,
    }))
}

/// Whoever sits at a terminal is asked; elsewhere the warning has to do.
fn confirm(open: &Finding) -> Result<(), Failure> {
    if !environment::has_terminal() {
        return Ok(());
    }
    let question = format!("{}. Set it nevertheless (--yes)? [y/N] ", Shown(&open.message));
    match environment::ask(&question) {
        Some(answer) if answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes") => Ok(()),
        _ => Err(Failure::Usage {
            message: "nothing was changed".to_owned(),
            hint: "--yes sets it without asking; --path and --method leave that operation out".to_owned(),
        }),
    }
}

/// The same with the AWS CLI: piece by piece, or the document as a whole, and the
/// deployment that either needs.
fn commands(document: &Document, setting: &Setting, changes: &[Change], file: &str) -> Vec<String> {
    let (id, stage) = document.deployed_as();
    let id = id.unwrap_or_else(|| "API_ID".to_owned());
    let stage = stage.unwrap_or_else(|| "STAGE".to_owned());
    let file = if file == "-" { "FILE".to_owned() } else { quoted(file) };
    let mut all = Vec::new();
    if document.api() == Api::Http {
        for change in changes {
            let key = format!("{} {}", change.method, change.path);
            let route = format!("RouteKey=='{}'", key.replace('\'', ""));
            all.push(format!(
                "aws apigatewayv2 update-integration --api-id {id} --integration-id \"$(aws apigatewayv2 get-routes --api-id {id} --query {} --output text | cut -d/ -f2)\" --tls-config ServerNameToVerify={}",
                quoted(&format!("Items[?{route}].Target")),
                setting.value(),
            ));
        }
        all.push(format!("aws apigatewayv2 reimport-api --api-id {id} --body file://{file}"));
        all.push(format!("aws apigatewayv2 create-deployment --api-id {id} --stage-name {stage}"));
        return all;
    }
    for change in changes {
        let query = quoted(&format!("items[?path=='{}'].id", change.path.replace('\'', "")));
        all.push(format!(
            "aws apigateway update-integration --rest-api-id {id} --resource-id \"$(aws apigateway get-resources --rest-api-id {id} --limit 500 --query {query} --output text)\" --http-method {} --patch-operations op=replace,path=/tlsConfig/{},value={}",
            change.method,
            setting.member(),
            setting.value(),
        ));
    }
    all.push(format!("aws apigateway put-rest-api --rest-api-id {id} --mode merge --body fileb://{file}"));
    all.push(format!("aws apigateway create-deployment --rest-api-id {id} --stage-name {stage}"));
    all
}

/// A word as a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
