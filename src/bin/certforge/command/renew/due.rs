//! What of CAs is due: their certificates and their revocation lists.

use certforge::error::Shown;
use certforge::store::CaEntry;
use certforge::validity::rfc3339;
use certforge::{Finding, Severity};

use super::{Args, Known};
use crate::command::inventory::{Issuers, is_ca_due, renewal_of, span_of};
use crate::command::revoke;
use crate::context::Context;
use crate::report::CrlReport;

/// CAs that are due: who makes one anew has to hand out its certificate, so it is not done unasked.
pub(super) fn authorities(
    issuers: &Issuers,
    within: Option<time::Duration>,
    context: &Context,
) -> Vec<Finding> {
    // One that was taken back has ended already, and is followed by another one or none.
    let gone = |ca: &CaEntry| context.store.taken_back(&ca.certificate).is_ok_and(|found| found.is_some());
    let due = issuers.all().iter();
    let due = due.filter(|ca| is_ca_due(ca.certificate.validity(), context.now, within) && !gone(ca));
    due.map(|ca| {
        let name = Shown(&ca.name).to_string();
        let validity = ca.certificate.validity();
        if validity.not_before() > context.now {
            let begins = rfc3339(validity.not_before());
            let message = format!("the CA {name} is not valid before {begins}: a clock was ahead");
            let finding = Finding::new("ca.due", Severity::Error, ca.name.clone(), message);
            return finding.fix(format!("wait for it, or make it anew: certforge ca new {name} --force"));
        }
        let message = format!("the CA {name} ends at {}", rfc3339(validity.not_after()));
        let finding = Finding::new("ca.due", Severity::Error, ca.name.clone(), message);
        finding.fix(renewal_of(ca, issuers))
    })
    .collect()
}

/// Makes the revocation lists anew that end soon: clients that ask for one refuse everything
/// once it has ended; and those that a run which was stopped has left behind. A CA that has
/// none gets none.
pub(super) fn lists(
    args: &Args,
    context: &Context,
    issuers: &Issuers,
    mut known: Known,
    said: &mut Vec<Finding>,
) -> Vec<CrlReport> {
    let mut made = Vec::new();
    for ca in issuers.all() {
        // One that cannot be read is told by `status`, and made anew by `crl`.
        let Ok(Some(list)) = context.store.revocation_list(&ca.name) else { continue };
        let Some(span) = span_of(&list) else { continue };
        let is_current = context.store.is_list_current(ca, &list).unwrap_or(true);
        if is_current && !span.is_due(context.now, None) {
            continue;
        }
        if args.dry_run {
            let message = if is_current {
                let end = rfc3339(span.not_after());
                format!("the list of the CA {} ends at {end}, and would be made anew", ca.name)
            } else {
                format!(
                    "the CRL of the CA {} lacks something that it revoked, and would be made anew",
                    ca.name
                )
            };
            said.push(Finding::new("crl.due", Severity::Warning, ca.name.clone(), message));
            continue;
        }
        let list = known.for_list(&ca.name, args, context).and_then(|authority| {
            authority.check_lists()?;
            let _lock = context.store.lock()?;
            revoke::make(&ca.name, &authority, (None, None), context)
        });
        match list {
            Ok(list) => made.push(list),
            Err(failure) => {
                let problem = crate::report::Problem::of(&failure);
                let message = format!("the list of the CA {}: {}", ca.name, problem.message);
                let finding = Finding::new(problem.code, Severity::Error, ca.name.clone(), message);
                said.push(finding.fix(format!("certforge crl --ca {}", ca.name)));
            }
        }
    }
    made
}
