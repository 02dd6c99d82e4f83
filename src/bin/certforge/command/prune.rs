//! `certforge prune`: what is kept of replaced leaves and is of no use any more.

use certforge::store::LeafEntry;
use certforge::{Error, Finding, Severity};
use time::Duration;

use crate::command::inventory::leaves;
use crate::context::{Context, Failure};
use crate::report::{PrunedReport, Report, StorePruneReport, findings, path};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge prune                     shows what would go
  certforge prune --yes               deletes it
  certforge prune --leaves --yes      leaves that have ended too, with their keys

What a CA has issued stays on record: revocation lists are made from it.")]
pub struct Args {
    /// Also leaves that have expired, with their keys; not only what renewals put into the archive
    #[arg(long)]
    leaves: bool,
    /// Keep what has ended less than so many days ago
    #[arg(long, value_name = "N", default_value_t = 30)]
    keep_days: u32,
    /// Delete it
    #[arg(long)]
    yes: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    context.store.require()?;
    let before = context.now.checked_sub(Duration::days(i64::from(args.keep_days)));
    let ended = |entry: &LeafEntry| before.is_some_and(|t| entry.certificate.validity().not_after() < t);
    let (kept, broken) = context.store.archived()?;
    // What cannot be read stays, and keeps nothing else.
    let told = |e: &Error| {
        let finding = Finding::new(e.code(), Severity::Warning, "archive", e.to_string());
        finding.fix("look at it, and remove its folder by hand")
    };
    let mut said: Vec<Finding> = broken.iter().map(told).collect();
    let mut found: Vec<LeafEntry> = kept.into_iter().map(|kept| kept.entry).filter(ended).collect();
    if args.leaves {
        found.extend(leaves(context)?.found.into_iter().filter(ended));
    }
    let mut pruned = Vec::new();
    for entry in &found {
        let imported = in_acm(entry);
        match args.yes.then(|| context.store.remove_leaf(entry)) {
            // Somebody has made it anew meanwhile: it has not ended.
            Some(Err(Error::Changed { .. })) => continue,
            // What was deleted before it is told all the same.
            Some(Err(e)) => {
                let finding = Finding::new(e.code(), Severity::Error, path(&entry.folder), e.to_string());
                said.push(finding);
                continue;
            }
            Some(Ok(())) | None => {}
        }
        said.extend(imported);
        pruned.push(PrunedReport {
            folder: path(&entry.folder),
            not_after: certforge::validity::rfc3339(entry.certificate.validity().not_after()),
        });
    }
    Ok(Report::StorePrune(StorePruneReport { deleted: args.yes, pruned, findings: findings(&said) }))
}

/// That ACM has a leaf, of which nothing here will know then.
fn in_acm(entry: &LeafEntry) -> Option<Finding> {
    let records = entry.imports().ok()?;
    let arns: Vec<String> = records.all().iter().map(|record| record.arn.clone()).collect();
    let first = arns.first()?;
    let message = format!("{} is in ACM, as {}", entry.name(), arns.join(", "));
    let finding = Finding::new("prune.imported", Severity::Info, path(&entry.folder), message);
    Some(finding.fix(format!(
        "where nothing uses it: certforge acm prune, or aws acm delete-certificate --certificate-arn {first}"
    )))
}
