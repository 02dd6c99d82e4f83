//! `certforge leaf`: a certificate for one server or client.

use certforge::authority::self_signed;
use certforge::key::PrivateKey;
use certforge::store::{Origin, Overwrite};

use crate::command::batch::{self, BatchArgs};
use crate::command::issue::{DEFAULT_KEY, IssueArgs};
use crate::context::{Context, Failure};
use crate::report::{LeafReport, Report, State, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge leaf 10.103.10.95
  certforge leaf --cn 10.103.10.95 --san api.internal.example,fd00::1
  certforge leaf '*.internal.example' --days 90 --key p256
  certforge leaf --batch names.txt
  certforge leaf --batch servers.csv --form tar --output servers.tar
  certforge leaf --self-signed --subj /C=JP/O=Example/CN=10.103.10.95

The folder it prints holds cert.pem, chain.pem, fullchain.pem, key.pem and ca.pem.")]
pub struct Args {
    #[command(flatten)]
    issue: IssueArgs,
    /// Sign it with its own key instead of a CA's
    #[arg(long, conflicts_with = "ca")]
    self_signed: bool,
    #[command(flatten)]
    batch: BatchArgs,
    /// Replace the leaf that is there, which goes to archive/; its ARN is kept
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    if let Some(file) = &args.batch.batch {
        return batch::run(&args.batch, &args.issue, args.force, file, context);
    }
    args.batch.require_batch()?;
    args.issue.request.require_name("certforge leaf 10.103.10.95")?;
    let request = args.issue.request(&[], DEFAULT_KEY)?;
    let plan = request.plan(context.now)?;
    let store = &context.store;
    let first = plan.names().first();
    let folder = store.leaf_folder(first);
    let there = store.has_leaf(first)?;
    let overwrite = if args.force { Overwrite::Archive } else { Overwrite::Refuse };
    if there && !args.force {
        let (name, path) = (first.to_string(), folder);
        return Err(certforge::Error::AlreadyExists { what: "leaf", name, path }.into());
    }
    let state = if there { State::Replaced } else { State::Created };
    if args.self_signed {
        if args.issue.dry_run {
            return Ok(Report::Leaf(LeafReport::planned(&folder, None, &plan, context.now)));
        }
        let bundle = self_signed(&plan, PrivateKey::generate(plan.key())?)?;
        let saved = store.save_bundle(first, &bundle, None, overwrite)?;
        let report = LeafReport::of(state, &saved.folder, None, bundle.leaf(), context.now);
        return Ok(Report::Leaf(report.saved(&saved, &plan)));
    }
    let ca = context.choose_ca(args.issue.ca.as_deref())?;
    let issuer = context.authority(&ca, &args.issue.passphrase)?;
    let authority = &issuer.authority;
    let plan = args.issue.strict.fit(authority, plan)?;
    if args.issue.dry_run {
        authority.check(&plan)?;
        return Ok(Report::Leaf(LeafReport::planned(&folder, Some(&ca), &plan, context.now)));
    }
    let bundle = authority.issue_for(&plan, PrivateKey::generate(plan.key())?)?;
    let saved = store.save_bundle(
        plan.names().first(),
        &bundle,
        Some(Origin { ca: &ca, request: &request }),
        overwrite,
    )?;
    let report = LeafReport::of(state, &saved.folder, Some(&ca), bundle.leaf(), context.now);
    let mut report = report.saved(&saved, &plan);
    report.findings.extend(findings(&issuer.findings));
    Ok(Report::Leaf(report))
}
