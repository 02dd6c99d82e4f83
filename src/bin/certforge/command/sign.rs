//! `certforge sign`: a certificate for somebody else's signing request.

use std::path::PathBuf;

use certforge::gather::signing_requests;
use certforge::store::{Origin, Overwrite, read_input};
use certforge::{Certificate, Error, Names, San, SigningRequest};

use crate::command::issue::{LifetimeArgs, StrictArgs, TemplateArgs};
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::report::{LeafReport, Report, State, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge sign request.pem
  certforge sign request.pem --days 90 --client
  openssl req -new -key key.pem -subj /CN=10.103.10.95 | certforge sign - --pem

The request's key, names and subject are taken over, and nothing else: what it asks for
besides is listed. The folder it prints holds cert.pem, chain.pem, fullchain.pem and
ca.pem.")]
pub struct Args {
    /// The request, PEM or DER; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// More names, by comma or repeated
    #[arg(long, value_name = "NAMES")]
    san: Vec<String>,
    #[command(flatten)]
    purpose: TemplateArgs,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    /// Allow more than 825 days, which Apple's platforms refuse
    #[arg(long)]
    allow_long: bool,
    #[command(flatten)]
    strict: StrictArgs,
    /// The CA that issues it
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print the certificate and its intermediates instead of the folder
    #[arg(long, conflicts_with = "dry_run")]
    pem: bool,
    /// Replace the leaf that is there
    #[arg(long)]
    force: bool,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let bytes = read_input(&args.file)?;
    let request = read(&bytes).map_err(|e| e.in_file(&args.file))?;
    let mut more: Vec<San> = Vec::new();
    for text in &args.san {
        more.extend(Names::parse([text])?.iter().cloned());
    }
    let template = args.purpose.template()?;
    let (mut wanted, left_out) = request.wanted(&template, &more).map_err(|e| e.in_file(&args.file))?;
    if let Some(algorithm) = request.public_key().algorithm() {
        wanted = wanted.key(algorithm);
    }
    if let Some(lifetime) = args.lifetime.lifetime()? {
        wanted = wanted.lifetime(lifetime);
    }
    let wanted = wanted.allow_long(args.allow_long);
    args.strict.refuse_changes(&left_out)?;
    let plan = wanted.plan(context.now)?;
    let first = plan.names().first().clone();
    let store = &context.store;
    let folder = store.leaf_folder(&first);
    let there = store.has_leaf(&first)?;
    if there && !args.force {
        return Err(Error::AlreadyExists { what: "leaf", name: first.to_string(), path: folder }.into());
    }
    let ca = context.choose_ca(args.ca.as_deref())?;
    store.check_certifiable(request.public_key())?;
    let issuer = context.authority(&ca, &args.passphrase)?;
    let plan = args.strict.fit(&issuer.authority, plan)?;
    if args.dry_run {
        issuer.authority.check(&plan)?;
        let mut report = LeafReport::planned(&folder, Some(&ca), &plan, context.now);
        report.findings.extend(findings(&left_out));
        return Ok(Report::Leaf(report));
    }
    let leaf = issuer.authority.sign(&plan, request.public_key())?;
    let overwrite = if args.force { Overwrite::Archive } else { Overwrite::Refuse };
    let origin = Origin { ca: &ca, request: &wanted };
    let (chain, send_root) = (issuer.authority.chain(), template.send_root());
    let saved = store.save_signed(&first, (&leaf, chain), send_root, origin, overwrite)?;
    let state = if there { State::Replaced } else { State::Created };
    let report = LeafReport::of(state, &saved.folder, Some(&ca), &leaf, context.now);
    let mut report = report.saved(&saved, &plan);
    report.findings.extend(findings(&left_out));
    report.findings.extend(findings(&issuer.findings));
    if args.pem {
        let sent = std::iter::once(&leaf).chain(chain.intermediates());
        report.pem = Some(sent.map(Certificate::pem).collect::<certforge::Result<String>>()?);
    }
    Ok(Report::Leaf(report))
}

/// The request in a file. One that cannot be read says why.
fn read(bytes: &[u8]) -> certforge::Result<SigningRequest> {
    let mut found = signing_requests(bytes);
    match found.len() {
        0 => SigningRequest::read(bytes),
        1 => SigningRequest::from_der(found.remove(0)),
        n => Err(Error::MalformedRequest {
            reason: format!("there are {n} requests in it, and one is signed"),
        }),
    }
}
