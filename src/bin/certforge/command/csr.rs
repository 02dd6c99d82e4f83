//! `certforge csr`: a signing request for somebody else's CA.

use std::path::PathBuf;

use certforge::error::Shown;
use certforge::key::PrivateKey;
use certforge::store::{Overwrite, read_input};
use certforge::{Error, Finding, Severity, SigningRequest};

use crate::command::issue::{DEFAULT_KEY, RequestArgs};
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::report::{Report, RequestReport, State, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge csr 10.103.10.95
  certforge csr --cn api.internal.example --san 10.0.0.5 --subj /C=JP/O=Example --key p256
  certforge csr a.example --private-key old-key.pem

The folder it prints holds request.pem, for the CA, and key.pem, for yourself.")]
pub struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// A private key that is there already, instead of a new one; it stays where it is
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    private_key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Replace the request that is there, and its key
    #[arg(long)]
    force: bool,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    args.request.require_name("certforge csr 10.103.10.95")?;
    let plan = args.request.request(&[], DEFAULT_KEY)?.plan(context.now)?;
    let first = plan.names().first();
    let store = &context.store;
    let folder = store.request_folder(first);
    let there = store.has_request(first)?;
    if args.passphrase.is_given() && args.private_key.is_none() {
        return Err(Failure::usage(
            "a pass phrase opens the key of --private-key, and none was given",
            "leave --passphrase-file out, or give --private-key FILE",
        ));
    }
    if let Some(path) = args.private_key.as_ref().filter(|path| there && path.starts_with(&folder)) {
        return Err(Failure::usage(
            format!("{} would go with the request that is replaced", Shown(&path.to_string_lossy())),
            "copy the key elsewhere first, and give that file",
        ));
    }
    if there && !args.force {
        let (name, path) = (first.to_string(), folder);
        return Err(Error::AlreadyExists { what: "request", name, path }.into());
    }
    let mut said = Vec::new();
    let given = match &args.private_key {
        None => None,
        Some(path) => {
            let of = path.to_string_lossy();
            let read = PrivateKey::from_locked_pem(&read_input(path)?, &of, &mut args.passphrase.unlock());
            let checked = read.and_then(|(key, weakness)| key.check().map(|()| (key, weakness)));
            let (key, weakness) = checked.map_err(|e| e.in_file(path))?;
            said.extend(weakness.map(|weakness| {
                Finding::new("key.weak-encryption", Severity::Warning, of, weakness).fix(
                    "encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -in KEY -out KEY.pk8",
                )
            }));
            Some(key)
        }
    };
    let algorithm = given.as_ref().map_or(plan.key(), PrivateKey::algorithm);
    let mut report = RequestReport::planned(&folder, &plan, algorithm);
    report.findings.extend(findings(&said));
    if args.dry_run {
        return Ok(Report::Request(report));
    }
    let (key, own) = match given {
        Some(key) => (key, false),
        None => (PrivateKey::generate(plan.key())?, true),
    };
    let request = SigningRequest::create(&plan, &key)?;
    let overwrite = if args.force { Overwrite::Archive } else { Overwrite::Refuse };
    let saved = store.save_signing_request(first, &request, own.then_some(&key), overwrite)?;
    let state = if there { State::Replaced } else { State::Created };
    Ok(Report::Request(report.saved(state, &saved)))
}
