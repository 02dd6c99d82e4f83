//! `certforge list`: the leaves of the store.

use certforge::validity::rfc3339;
use certforge::{Finding, Reason, Severity};

use crate::command::inventory::{Issuers, Leaves, below_revoked, leaves};
use crate::context::{Context, Failure};
use crate::report::{
    Condition, IssuedListReport, IssuedReport, LeafListReport, LeafReport, Report, State, findings, names,
};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge list
  certforge list --ca staging --json
  certforge list --issued             all that is on record, in folders here or not")]
pub struct Args {
    /// The leaves of one CA alone
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
    /// All that the CAs have on record, by serial number: what is in no folder here too
    #[arg(long)]
    issued: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    context.store.require()?;
    if let Some(ca) = &args.ca {
        context.store.ca_entry(ca)?;
    }
    let issuers = Issuers::read(&context.store)?;
    if args.issued {
        return issued(args, &issuers, context);
    }
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

/// What the CAs have on record.
fn issued(args: &Args, issuers: &Issuers, context: &Context) -> Result<Report, Failure> {
    let store = &context.store;
    let mut broken = issuers.broken().to_vec();
    let mut entries = Vec::new();
    let below = below_revoked(issuers, context);
    for ca in issuers.all().iter().filter(|ca| args.ca.as_ref().is_none_or(|wanted| *wanted == ca.name)) {
        for serial in store.issued_serials(&ca.name)? {
            let certificate = match store.issued(&ca.name, &serial) {
                Ok(Some(issued)) => issued.certificate,
                Ok(None) => continue,
                Err(e) => {
                    broken.push(Finding::new(e.code(), Severity::Error, ca.name.clone(), e.to_string()));
                    continue;
                }
            };
            // The CA that this one took the place of has left its record here.
            if certificate.issuer_der() != ca.certificate.subject_der() {
                continue;
            }
            let validity = certificate.validity();
            let revoked = store.is_revoked(&ca.name, &serial).unwrap_or_else(|e| {
                broken.push(Finding::new(e.code(), Severity::Error, ca.name.clone(), e.to_string()));
                Some(Reason::Unspecified)
            });
            let condition = match () {
                () if revoked.is_some() || below.contains(&ca.name) => Condition::Revoked,
                () if validity.not_after() < context.now => Condition::Expired,
                () if validity.not_before() > context.now => Condition::NotYetValid,
                () => Condition::Ok,
            };
            entries.push(IssuedReport {
                serial,
                ca: ca.name.clone(),
                subject: certificate.subject(),
                names: names(&certificate.names()),
                not_after: rfc3339(validity.not_after()),
                days_left: validity.days_left(context.now),
                condition,
                reason: revoked.map(Reason::as_str),
            });
        }
    }
    Ok(Report::Issued(IssuedListReport { issued: entries, findings: findings(&broken) }))
}
