//! `certforge status`: what ends soon, for people, monitors and cron.

use certforge::certificate::Certificate;
use certforge::error::Shown;
use certforge::store::{CaEntry, KeyState, LeafEntry};
use certforge::validity::rfc3339;
use certforge::{Finding, Reason, Severity};
use time::Duration;

use crate::command::inventory::{
    Chains, Issuers, Leaves, below_revoked, is_behind, is_ca_due, is_key_gone, leaves, span_of,
};
use crate::context::{Context, Failure};
use crate::hint::RECORD_LOST;
use crate::report::{Condition, Report, StatusEntry, StatusReport, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge status
  certforge status --within 30d || certforge renew --due --within 30d
  certforge status --prometheus > /var/lib/node_exporter/certforge.prom

Exit status 0: nothing is due; 1: something is. Due is what has less than 30 days (a CA 90)
and less than a third of its time left, or less than --within; what has ended, is revoked,
cannot be read or is not in ACM yet is due too.")]
pub struct Args {
    #[command(flatten)]
    within: WithinArgs,
    /// Print it as Prometheus reads it
    #[arg(long, conflicts_with = "json")]
    prometheus: bool,
}

// When something is due.
#[derive(clap::Args)]
pub struct WithinArgs {
    /// Due is what ends within this time, such as 30d or 12h
    #[arg(long, value_name = "TIME", visible_alias = "renew-within")]
    within: Option<String>,
}

impl WithinArgs {
    pub fn duration(&self) -> certforge::Result<Option<Duration>> {
        self.within.as_deref().map(span).transpose()
    }
}

/// A span of time, such as 30d. Twelve months are 365 days, and one is no less than its share:
/// what is to be told in time is told too early rather than too late.
pub fn span(text: &str) -> certforge::Result<Duration> {
    match text.parse()? {
        certforge::Lifetime::For { months, rest } => {
            let days = (i64::from(months) * 365 + 11).div_euclid(12);
            let whole = Duration::days(days).checked_add(rest);
            whole.ok_or_else(|| certforge::Error::Validity {
                input: text.to_owned(),
                reason: "it is longer than anything lasts".to_owned(),
            })
        }
        _ => Err(certforge::Error::Validity {
            input: text.to_owned(),
            reason: "a span such as 30d is wanted, and no date".to_owned(),
        }),
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    // `--json` before the command's name is not seen as beside this one.
    if args.prometheus && context.json {
        return Err(Failure::usage(
            "--prometheus and --json are two forms of one output",
            "give one of them",
        ));
    }
    let within = args.within.duration()?;
    // Nothing is due where nothing is: a typing error must not look like that.
    context.store.require()?;
    let issuers = Issuers::read(&context.store)?;
    let mut entries = Vec::new();
    let mut broken = issuers.broken().to_vec();
    let revoked = below_revoked(&issuers, context);
    for ca in issuers.all() {
        let fault = ca.fault();
        if let Some(fault) = fault {
            let message = format!("the CA {}: {fault}", ca.name);
            broken.push(Finding::new("ca.damaged", Severity::Error, ca.name.clone(), message));
        }
        let above = issuers.above(ca);
        let mut entry = entry(
            "ca",
            &ca.name,
            &ca.certificate,
            above.map(|a| a.name.as_str()),
            (within, context),
            &mut broken,
        );
        if fault.is_some() && matches!(entry.condition, Condition::Ok | Condition::Due) {
            entry.condition = Condition::Damaged;
        }
        // What stands below a CA that has gone is of no use, whatever the dates say.
        if revoked.contains(&ca.name) {
            entry.condition = Condition::Revoked;
        }
        if matches!(ca.key_state(), Ok(KeyState::Absent)) {
            let name = Shown(&ca.name);
            let message =
                format!("the CA {name}: its key is not here, so it issues nothing and makes no CRL");
            broken.push(Finding::new("ca.key-gone", Severity::Info, ca.name.clone(), message));
        }
        entry.folder = crate::report::path(&ca.folder);
        entries.push(entry);
        entries.extend(list_entry(ca, context, &mut broken));
    }
    let Leaves { found, broken: leaves } = leaves(context)?;
    broken.extend(leaves);
    let chains = Chains::new(&context.store);
    for leaf in &found {
        let mut damaged = false;
        if let Some(fault) = leaf.fault() {
            damaged = true;
            let message = format!("{}: {fault}", Shown(&leaf.name()));
            let finding = Finding::new("leaf.damaged", Severity::Error, leaf.name(), message);
            broken.push(finding.fix(format!("certforge renew {}", Shown(&leaf.name()))));
        }
        let ca = issuers.of(leaf).map(|ca| ca.name.as_str());
        if let Some(ca) = ca
            && let Err(e) = context.store.issued(ca, &leaf.certificate.serial_hex())
        {
            let finding = Finding::new(e.code(), Severity::Error, leaf.name(), e.to_string());
            broken.push(finding.fix(RECORD_LOST));
        }
        if is_key_gone(leaf, ca, &context.store) {
            let name = Shown(&leaf.name()).to_string();
            let message = format!("{name}: its key is not here, and no record says that ACM has it");
            let finding = Finding::new("leaf.key-gone", Severity::Info, leaf.name(), message);
            broken.push(finding.fix(format!(
                "where it is lost: certforge renew {name} --rekey; for ACM alone: certforge up {name} --import-acm --ephemeral"
            )));
        }
        let mut entry = entry("leaf", &leaf.name(), &leaf.certificate, ca, (within, context), &mut broken);
        entry.folder = crate::report::path(&leaf.folder);
        match is_behind(leaf) {
            Ok(true) if entry.condition == Condition::Ok => entry.condition = Condition::NotImported,
            Ok(_) => {}
            Err(failure) => {
                let problem = crate::report::Problem::of(&failure);
                broken.push(Finding::new(problem.code, Severity::Error, leaf.name(), problem.message));
            }
        }
        if damaged && matches!(entry.condition, Condition::Ok | Condition::Due) {
            entry.condition = Condition::Damaged;
        }
        let gone = chains.gone(leaf).unwrap_or_else(|e| {
            broken.push(Finding::new(e.code(), Severity::Error, leaf.name(), e.to_string()));
            None
        });
        if gone.is_some() || ca.is_some_and(|ca| revoked.contains(ca)) {
            entry.condition = Condition::Revoked;
        }
        // A CA that cannot be read may be its issuer, and is told above.
        if ca.is_none() && !leaf.is_self_signed() && issuers.broken().is_empty() {
            broken.push(no_issuer(leaf, context));
        }
        entries.push(entry);
    }
    let findings = findings(&broken);
    Ok(Report::Status(StatusReport { entries, findings, prometheus: args.prometheus }))
}

/// That nobody here can renew a leaf, and who could take it over.
fn no_issuer(leaf: &LeafEntry, context: &Context) -> Finding {
    let name = leaf.name();
    let message = format!("no CA of this store issued {}: it is not renewed here", Shown(&name));
    let finding = Finding::new("leaf.no-issuer", Severity::Info, name.clone(), message);
    let ca = context.choose_ca(None).unwrap_or_else(|_| "CA".to_owned());
    finding.fix(format!("certforge renew {} --ca {ca}", Shown(&name)))
}

/// The last list of a CA, if it has made one.
fn list_entry(ca: &CaEntry, context: &Context, broken: &mut Vec<Finding>) -> Option<StatusEntry> {
    let list = context.store.revocation_list(&ca.name).unwrap_or_else(|e| {
        let finding = Finding::new(e.code(), Severity::Error, ca.name.clone(), e.to_string());
        broken.push(finding.fix(format!("certforge crl --ca {}", ca.name)));
        None
    })?;
    let span = span_of(&list)?;
    let current = context.store.is_list_current(ca, &list).unwrap_or_else(|e| {
        broken.push(Finding::new(e.code(), Severity::Error, &ca.name, e.to_string()));
        true
    });
    if !current {
        let name = Shown(&ca.name);
        let message = format!(
            "the CRL of the CA {name} is not signed with its key, or lacks something that it revoked"
        );
        let finding = Finding::new("crl.behind", Severity::Error, &ca.name, message);
        broken.push(finding.fix(format!("certforge crl --ca {name}")));
    }
    let to = span.not_after();
    let condition = match () {
        () if !current => Condition::Damaged,
        () if to < context.now => Condition::Expired,
        // Lists last weeks: by a span that is meant for certificates each would be due.
        () if span.is_due(context.now, None) => Condition::Due,
        () => Condition::Ok,
    };
    Some(StatusEntry {
        kind: "crl",
        name: ca.name.clone(),
        folder: crate::report::path(&ca.folder),
        condition,
        not_after: rfc3339(to),
        timestamp: to.unix_timestamp(),
        days_left: span.days_left(context.now),
        ca: Some(ca.name.clone()),
        serial: None,
    })
}

fn entry(
    kind: &'static str,
    name: &str,
    certificate: &Certificate,
    ca: Option<&str>,
    (within, context): (Option<Duration>, &Context),
    broken: &mut Vec<Finding>,
) -> StatusEntry {
    let validity = certificate.validity();
    let revoked = match ca {
        Some(ca) => context.store.is_revoked(ca, &certificate.serial_hex()).unwrap_or_else(|e| {
            broken.push(Finding::new(e.code(), Severity::Error, name, e.to_string()));
            // It is in every list: what cannot be read is the reason alone.
            Some(Reason::Unspecified)
        }),
        None => None,
    };
    let revoked = revoked.is_some();
    let condition = match () {
        () if revoked => Condition::Revoked,
        () if validity.not_after() < context.now => Condition::Expired,
        () if validity.not_before() > context.now => Condition::NotYetValid,
        () if kind == "ca" && is_ca_due(validity, context.now, within) => Condition::Due,
        () if validity.is_due(context.now, within) => Condition::Due,
        () => Condition::Ok,
    };
    StatusEntry {
        kind,
        name: name.to_owned(),
        folder: String::new(),
        condition,
        not_after: rfc3339(validity.not_after()),
        timestamp: validity.not_after().unix_timestamp(),
        days_left: validity.days_left(context.now),
        ca: ca.map(ToOwned::to_owned),
        serial: Some(certificate.serial_hex()),
    }
}
