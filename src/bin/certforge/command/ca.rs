//! `certforge ca`: make CAs and look at them.

use certforge::key::PrivateKey;
use certforge::store::Overwrite;
use certforge::{Authority, CaRequest, Error, Finding, KeyAlgorithm, Severity, Subject};

use crate::command::issue::{DEFAULT_KEY, LifetimeArgs};
use crate::context::{Context, DEFAULT_CA, Failure};
use crate::environment;
use crate::report::{CaListReport, CaReport, Report, State, findings};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a root CA
    New(New),
    /// List the CAs: name, key, end, subject
    #[command(after_help = "Examples:\n  certforge ca list\n  certforge ca list --json")]
    List,
    /// Show one CA
    Show(Show),
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge ca new
  certforge ca new staging --cn 'Staging CA' --days 1825 --key p256
  certforge ca new --subj '/C=JP/O=Example/CN=Example CA'

Clients trust ca.pem of the folder it prints; ca.key there can issue for any name,
so keep it to yourself.")]
pub struct New {
    /// The CA's name in the store
    #[arg(value_name = "NAME", default_value = DEFAULT_CA)]
    name: String,
    /// Its common name [default: certforge CA USER@HOST and a short key identifier]
    #[arg(long, value_name = "TEXT", conflicts_with = "subj")]
    cn: Option<String>,
    /// Its subject in OpenSSL's form
    #[arg(long, value_name = "SUBJECT")]
    subj: Option<String>,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    /// The kind of key: rsa2048, rsa3072, rsa4096, p256, p384, ed25519; `CERTFORGE_KEY` sets it [default: rsa2048]
    #[arg(long, value_name = "KIND")]
    key: Option<KeyAlgorithm>,
    /// How many CAs may stand below it [default: 1]
    #[arg(long, value_name = "N")]
    path_length: Option<u8>,
    /// Replace the CA that is there: what it issued then has no issuer
    #[arg(long)]
    force: bool,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  certforge ca show\n  certforge ca show staging --json")]
pub struct Show {
    /// The CA's name in the store
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub fn run(command: Command, context: &Context) -> Result<Report, Failure> {
    match command {
        Command::New(args) => new(&args, context),
        Command::List => {
            // One damaged folder does not hide the others.
            let (mut authorities, mut broken) = (Vec::new(), Vec::new());
            for name in context.store.authority_names()? {
                match context.store.ca_entry(&name) {
                    Ok(entry) => authorities.push(CaReport::present(&entry, context.now)),
                    Err(e) => broken.push(Finding::new(e.code(), Severity::Warning, name, e.to_string())),
                }
            }
            Ok(Report::CaList(CaListReport { authorities, findings: findings(&broken) }))
        }
        Command::Show(args) => {
            let name = context.choose_ca(args.name.as_deref())?;
            let entry = context.store.ca_entry(&name)?;
            Ok(Report::Ca(CaReport::present(&entry, context.now)))
        }
    }
}

fn new(args: &New, context: &Context) -> Result<Report, Failure> {
    let store = &context.store;
    let folder = store.ca_folder(&args.name)?;
    let mut request = match (&args.cn, &args.subj) {
        (Some(cn), _) => CaRequest::new(cn)?,
        (None, Some(subj)) => {
            let subject: Subject = subj.parse()?;
            if subject.is_empty() {
                let reason = "a CA needs one".to_owned();
                return Err(Error::Subject { input: subj.clone(), reason }.into());
            }
            CaRequest::with_subject(subject)
        }
        (None, None) => request(&args.name),
    };
    request = request.key(args.key.or(environment::key()?).unwrap_or(DEFAULT_KEY));
    if let Some(lifetime) = args.lifetime.lifetime()? {
        request = request.lifetime(lifetime);
    }
    if let Some(limit) = args.path_length {
        request = request.path_length(Some(limit));
    }
    let plan = request.plan(context.now)?;
    let there = store.has_authority(&args.name)?;
    if there && !args.force {
        return Err(Error::AlreadyExists { what: "CA", name: args.name.clone(), path: folder }.into());
    }
    if args.dry_run {
        return Ok(Report::Ca(CaReport::planned(&args.name, &folder, &plan, context.now)));
    }
    let authority = Authority::create(&plan, PrivateKey::generate(plan.key())?)?;
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
    let saved = store.save_authority(&args.name, &authority, overwrite)?;
    let state = if there { State::Replaced } else { State::Created };
    let report = CaReport::of(state, &args.name, &saved.folder, authority.certificate(), context.now);
    Ok(Report::Ca(report.saved(&saved)))
}

/// The request for a CA whose subject nobody chose.
pub fn request(name: &str) -> CaRequest {
    let owner = environment::owner();
    if name == DEFAULT_CA {
        CaRequest::distinct(&owner)
    } else {
        CaRequest::distinct(&format!("{name} {owner}"))
    }
}
