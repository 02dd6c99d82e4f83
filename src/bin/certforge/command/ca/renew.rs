//! `certforge ca renew`: a CA's certificate anew, with the same key.

use std::collections::BTreeMap;

use certforge::authority::RenewedSerial;
use certforge::error::Counted;
use certforge::store::CaEntry;
use certforge::validity::rfc3339;
use certforge::{Finding, Lifetime, Severity, Template};

use crate::command::inventory::{Issuers, in_place_of};
use crate::command::issue::LifetimeArgs;
use crate::command::passphrase::{PassphraseArgs, from_file};
use crate::context::{Context, Failure};
use crate::report::{CaReport, Report, State, findings};

/// The extensions that a renewed CA has.
const KEPT: [&str; 6] = ["2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.30", "2.5.29.35", "2.5.29.37"];

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge ca renew
  certforge ca renew staging --days 3650

Its key, subject, key identifier and limits stay: what it issued before verifies under
the new certificate too. Give the new ca.pem to the clients before the old one ends.")]
pub struct Args {
    /// The CA's name in the store
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// A file with the pass phrase of the CA above it [default: as for its own]
    #[arg(long, value_name = "FILE")]
    issuer_passphrase_file: Option<std::path::PathBuf>,
    /// Keep a root's serial number, which what it issued names (that of easy-rsa does)
    #[arg(long)]
    keep_serial: bool,
    /// Give it a new serial number although what it issued names the old one
    #[arg(long, conflicts_with = "keep_serial")]
    new_serial: bool,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let store = &context.store;
    let name = context.choose_ca(args.name.as_deref())?;
    let entry = store.ca_entry(&name)?;
    let issuers = Issuers::read(store)?;
    let root = entry.certificate.is_self_issued();
    let above = issuers.above(&entry);
    if !root && above.is_none() {
        return Err(Failure::usage(format!("the CA above {name} is not in this store"), in_place_of(&entry)));
    }
    let default = if root { Template::CA.days() } else { Template::INTERMEDIATE.days() };
    let lifetime = args.lifetime.lifetime()?.unwrap_or_else(|| Lifetime::days(default));
    let validity = lifetime.starting(context.now)?;
    let loaded = store.renewable(&name, context.now, &mut args.passphrase.unlock())?;
    let issuer = match (above, args.issuer_passphrase_file.as_deref()) {
        (None, _) => None,
        (Some(above), Some(path)) => Some(store.authority(&above.name, context.now, &mut from_file(path))?),
        (Some(above), None) => Some(context.authority(&above.name, &args.passphrase)?),
    };
    let mut found = loaded.findings;
    let validity = match &issuer {
        None => validity,
        Some(issuer) => {
            let (cut, clamped) = validity.within(issuer.authority.validity());
            if clamped {
                let message = "it ends with the CA above it: renew that one first".to_owned();
                found.push(Finding::new("validity.clamped", Severity::Warning, "validity", message));
            }
            cut
        }
    };
    let (old_end, new_end) = (entry.certificate.validity().not_after(), validity.not_after());
    if new_end < old_end {
        let message = format!(
            "it ends at {}, before the old one: what it issued until {} ends with it",
            rfc3339(new_end),
            rfc3339(old_end)
        );
        found.push(Finding::new("ca.shorter", Severity::Warning, "validity", message).fix("--days N"));
    }
    for oid in entry.certificate.extension_oids().iter().filter(|oid| !KEPT.contains(&oid.as_str())) {
        let message = format!("the extension {oid} of the old certificate is left out");
        found.push(Finding::new("ca.extension", Severity::Warning, "certificate", message));
    }
    for limit in entry.certificate.name_constraints()?.unwrap_or_default().dotted() {
        let message =
            format!("the limit {limit} is written without its dot: the host itself comes within it");
        found.push(Finding::new("ca.limit-dot", Severity::Warning, "certificate", message));
    }
    let serial = serial_number(args, &entry, context, &mut found)?;
    let renewed = loaded.authority.renewed(issuer.as_ref().map(|i| &i.authority), &validity, &serial)?;
    if args.dry_run {
        let mut report =
            CaReport::of(State::Planned, &name, &entry.folder, renewed.certificate(), context.now);
        report.findings = findings(&found);
        report.planned = "would be renewed";
        (report.serial, report.sha256) = (None, None);
        return Ok(Report::Ca(Box::new(report)));
    }
    let saved = store.save_renewed(&name, &renewed, above.map(|a| a.name.as_str()))?;
    let mut report = CaReport::of(State::Renewed, &name, &saved.folder, renewed.certificate(), context.now);
    report.findings = findings(&found);
    Ok(Report::Ca(Box::new(report.saved(&saved))))
}

/// The serial number: one of its own, unless what it issued names another. Nothing that is
/// made here does.
fn serial_number(
    args: &Args,
    entry: &CaEntry,
    context: &Context,
    found: &mut Vec<Finding>,
) -> Result<RenewedSerial, Failure> {
    let root = entry.certificate.is_self_issued();
    if args.keep_serial && !root {
        return Err(Failure::usage(
            format!("{} is no root: the CA above it gives out its serial numbers", entry.name),
            "leave --keep-serial out",
        ));
    }
    let named = named(entry, context)?;
    let message = |bound: usize| {
        let named_by = Counted(bound, "certificate", "certificates");
        format!("its serial number is named by {named_by}, which OpenSSL verifies under no other")
    };
    match named {
        named if args.keep_serial => {
            let serial = named.map_or_else(|| entry.certificate.serial().to_vec(), |(serial, _)| serial);
            Ok(RenewedSerial::Kept(serial))
        }
        Some((_, bound)) if !root && !args.new_serial => Err(Failure::usage(
            message(bound),
            "--new-serial gives it another, and they have to be issued anew",
        )),
        Some((_, bound)) if !args.new_serial => Err(Failure::usage(
            message(bound),
            "--keep-serial keeps it (Firefox then refuses the new root as long as it knows the old one); --new-serial gives it another, and they have to be issued anew",
        )),
        Some((_, bound)) => {
            let finding =
                Finding::new("ca.serial-named", Severity::Warning, entry.name.clone(), message(bound));
            found.push(finding.fix("issue them anew"));
            Ok(RenewedSerial::Fresh)
        }
        None => Ok(RenewedSerial::Fresh),
    }
}

/// The serial number by which most of what it issued names it, and how many do.
fn named(entry: &CaEntry, context: &Context) -> Result<Option<(Vec<u8>, usize)>, Failure> {
    let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for serial in context.store.issued_serials(&entry.name)? {
        // One record that is damaged stops nothing.
        let Ok(Some(issued)) = context.store.issued(&entry.name, &serial) else { continue };
        let certificate = issued.certificate;
        // Nor does what has ended, or what the CA issued that this one took the place of.
        let counts_for = certificate.validity().not_after() >= context.now
            && !certificate.is_self_issued()
            && certificate.is_signed_by(entry.certificate.public_key()).unwrap_or(false);
        if let Some(named) = certificate.authority_serial().filter(|_| counts_for) {
            *counts.entry(named).or_default() += 1;
        }
    }
    Ok(counts.into_iter().max_by_key(|(_, count)| *count))
}
