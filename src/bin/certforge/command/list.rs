//! `certforge list`: the leaves of the store.

use crate::command::inventory::{Issuers, Leaves, leaves};
use crate::context::{Context, Failure};
use crate::report::{LeafListReport, LeafReport, Report, State, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge list
  certforge list --ca staging --json")]
pub struct Args {
    /// The leaves of one CA alone
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    if let Some(ca) = &args.ca {
        context.store.ca_entry(ca)?;
    }
    let issuers = Issuers::read(&context.store)?;
    let Leaves { found, broken: leaves } = leaves(context)?;
    let broken = [issuers.broken(), &leaves].concat();
    let mut reports = Vec::new();
    for entry in &found {
        let ca = issuers.of(entry).map(|ca| ca.name.as_str());
        if args.ca.is_none() || args.ca.as_deref() == ca {
            reports.push(LeafReport::of(State::Present, &entry.folder, ca, &entry.certificate, context.now));
        }
    }
    Ok(Report::LeafList(LeafListReport { leaves: reports, findings: findings(&broken) }))
}
