//! `certforge apigw explain`: what each integration checks, and which way out fits.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use certforge::check::backend::{Backend, judge};
use certforge::check::path::Peer;
use certforge::gateway::{Api, Document, Integration, ways};
use certforge::{Certificate, Finding, TrustAnchor};

use super::{OperationArgs, read};
use crate::command::inventory::Issuers;
use crate::command::material;
use crate::context::{Context, Failure};
use crate::report::{ApigwExplainReport, ApigwIntegration, Report, WayReport, findings, path};

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
    /// The roots of this system, once one has to be public.
    public: OnceCell<Vec<TrustAnchor>>,
    /// What was said of it, by what it depends on: many operations have one back end.
    said: RefCell<HashMap<Manner, Vec<Finding>>>,
}

/// The host that is asked for, insecureSkipVerification, and whether the host is
/// serverNameToVerify.
type Manner = (Option<String>, bool, bool);

impl Sent {
    fn new(leaf: Certificate, rest: Vec<Certificate>) -> Self {
        Self { leaf, rest, public: OnceCell::new(), said: RefCell::default() }
    }

    fn judged(&self, document: &Document, integration: &Integration, context: &Context) -> Vec<Finding> {
        let asked = integration.server_name_to_verify.as_ref().or(integration.host.as_ref());
        let is_named_apart = integration.server_name_to_verify.is_some();
        let skip = integration.insecure_skip_verification == Some(true);
        let of_what = (asked.cloned(), skip, is_named_apart);
        if let Some(said) = self.said.borrow().get(&of_what) {
            return said.clone();
        }
        let host: Option<Peer> = asked.and_then(|host| host.parse().ok());
        let system = || {
            let trust = material::trust(&[PathBuf::from(material::SYSTEM)], None, context, &mut Vec::new());
            let mut anchors = trust.map(|trust| trust.anchors).unwrap_or_default();
            // Whoever made a CA here may have had this system believe it; AWS lists none of them.
            let issuers = Issuers::read(&context.store).ok();
            let is_own =
                |a: &TrustAnchor| issuers.as_ref().is_some_and(|i| i.same_as(a.certificate()).is_some());
            anchors.retain(|anchor| !is_own(anchor));
            anchors
        };
        let public = if skip { &[][..] } else { self.public.get_or_init(system) };
        let said = judge(&Backend {
            certificate: &self.leaf,
            sent: &self.rest,
            host: host.as_ref(),
            public,
            skip,
            of_http_api: document.api() == Api::Http,
            is_named_apart,
            at: context.now,
        });
        self.said.borrow_mut().insert(of_what, said.clone());
        said
    }
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
        return Err(Failure::usage(
            "no operation of that path and method has an integration",
            format!("certforge apigw explain {} shows them all", path(&args.file)),
        ));
    }
    Ok(Report::ApigwExplain(ApigwExplainReport {
        file: path(&args.file),
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
        said = sent.judged(document, integration, context);
    }
    ApigwIntegration::of(integration, ways, findings(&said))
}

fn sent(what: &Path, context: &Context) -> Result<Sent, Failure> {
    if let Some(entry) = material::leaf(what, context)? {
        // What is sent is what fullchain.pem says: with the root or without.
        let parts = material::look(&entry.folder.join("fullchain.pem"))?;
        let rest = parts.certificates.into_iter().skip(1).map(|(_, c)| c).collect();
        return Ok(Sent::new(entry.certificate, rest));
    }
    let mut parts = material::look(what)?;
    if parts.certificates.is_empty() {
        return Err(material::none_in(what, &parts));
    }
    let (_, leaf) = parts.certificates.remove(0);
    Ok(Sent::new(leaf, parts.certificates.into_iter().map(|(_, certificate)| certificate).collect()))
}
