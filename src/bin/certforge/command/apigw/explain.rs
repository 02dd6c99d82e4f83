//! `certforge apigw explain`: what each integration checks, and which way out fits.

use std::path::{Path, PathBuf};

use certforge::Certificate;
use certforge::check::backend::{Backend, judge};
use certforge::check::path::Peer;
use certforge::gateway::{Api, Document, Integration, ways};

use super::{OperationArgs, read, shown};
use crate::command::material;
use crate::context::{Context, Failure};
use crate::report::{ApigwExplainReport, ApigwIntegration, Report, WayReport, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge apigw explain api.json
  certforge apigw explain api.json --certificate fullchain.pem
  certforge apigw explain api.yaml --certificate myca.test.com      a leaf of the store

Exit status 0: nothing is known against it; 1: API Gateway will refuse the back end of an
integration that was judged with --certificate.")]
pub struct Args {
    /// The document: Swagger 2.0 or OpenAPI 3.0, JSON or YAML; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the back end sends: its certificate and chain, by file; or a leaf of the store
    #[arg(long, value_name = "FILE|NAME", visible_alias = "cert")]
    certificate: Option<PathBuf>,
    #[command(flatten)]
    operation: OperationArgs,
}

/// What a back end sends.
struct Sent {
    leaf: Certificate,
    rest: Vec<Certificate>,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let (document, _) = read(&args.file)?;
    let sent = args.certificate.as_deref().map(|what| sent(what, context)).transpose()?;
    let of = &args.operation;
    let is_asked = |i: &&Integration| {
        of.path.as_ref().is_none_or(|path| *path == i.path)
            && of.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&i.method))
    };
    let integrations: Vec<ApigwIntegration> = document
        .integrations()
        .iter()
        .filter(is_asked)
        .map(|integration| explained(&document, integration, sent.as_ref(), context))
        .collect();
    if integrations.is_empty() {
        return Err(Failure::Usage {
            message: "no operation of that path and method has an integration".to_owned(),
            hint: format!("certforge apigw explain {} shows them all", shown(&args.file)),
        });
    }
    Ok(Report::ApigwExplain(ApigwExplainReport {
        file: shown(&args.file),
        version: document.version().to_owned(),
        api: document.api().as_str(),
        judged: sent.is_some(),
        integrations,
        detours: certforge::gateway::DETOURS,
        findings: findings(document.findings()),
    }))
}

fn explained(
    document: &Document,
    integration: &Integration,
    sent: Option<&Sent>,
    context: &Context,
) -> ApigwIntegration {
    let ways: Vec<WayReport> = ways(document.api(), integration).iter().map(WayReport::of).collect();
    let mut said = Vec::new();
    if let Some(sent) = sent
        && integration.is_encrypted()
    {
        let asked = integration.server_name_to_verify.as_ref().or(integration.host.as_ref());
        let host: Option<Peer> = asked.and_then(|host| host.parse().ok());
        said = judge(&Backend {
            certificate: &sent.leaf,
            sent: &sent.rest,
            host: host.as_ref(),
            skip: integration.insecure_skip_verification == Some(true),
            of_http_api: document.api() == Api::Http,
            is_named_apart: integration.server_name_to_verify.is_some(),
            at: context.now,
        });
    }
    ApigwIntegration::of(integration, ways, findings(&said))
}

fn sent(what: &Path, context: &Context) -> Result<Sent, Failure> {
    if let Some(entry) = material::leaf(what, context)? {
        // What is sent is what fullchain.pem says: with the root or without.
        let parts = material::look(&entry.folder.join("fullchain.pem"))?;
        let rest = parts.certificates.into_iter().skip(1).map(|(_, c)| c).collect();
        return Ok(Sent { leaf: entry.certificate, rest });
    }
    let parts = material::look(what)?;
    if parts.certificates.is_empty() {
        return Err(material::none_in(what, &parts));
    }
    let mut all = parts.certificates.into_iter().map(|(_, certificate)| certificate);
    match all.next() {
        Some(leaf) => Ok(Sent { leaf, rest: all.collect() }),
        None => Err(Failure::Usage { message: "no certificate".to_owned(), hint: String::new() }),
    }
}
