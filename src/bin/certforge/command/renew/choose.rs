//! Which leaves are to be renewed.

use std::collections::BTreeMap;

use certforge::store::{LeafEntry, folder_name};
use certforge::{Error, Finding, Reason, Severity};

use super::Args;
use crate::command::inventory::{Chains, Issuers, Leaves, is_behind, leaves};
use crate::context::{Context, Failure};
use crate::report::Problem;

/// What is to be done, leaf by leaf.
#[derive(Default)]
pub(super) struct Chosen {
    /// Those to be renewed.
    pub renew: Vec<LeafEntry>,
    /// Those that are good, and that ACM does not have yet.
    pub import: Vec<LeafEntry>,
}

/// Those that somebody named.
pub(super) fn named(names: &[String], context: &Context) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    for name in names {
        let entry = leaf(name, context)?;
        // Who says a name twice wants it renewed once.
        if !chosen.renew.iter().any(|other| other.folder == entry.folder) {
            chosen.renew.push(entry);
        }
    }
    Ok(chosen)
}

/// All leaves, or those that are due. What is wrong with one keeps no other from its turn: it is
/// `said`.
pub(super) fn all(
    args: &Args,
    issuers: &Issuers,
    within: Option<time::Duration>,
    context: &Context,
    said: &mut Vec<Finding>,
) -> Result<Chosen, Failure> {
    let Leaves { found, broken } = leaves(context)?;
    said.extend_from_slice(issuers.broken());
    said.extend(broken);
    let stopped: BTreeMap<&str, Error> = issuers
        .all()
        .iter()
        .filter_map(|ca| Some((ca.name.as_str(), context.store.check_authority(&ca.name).err()?)))
        .collect();
    let chains = Chains::new(&context.store);
    let mut chosen = Chosen::default();
    for entry in found {
        let name = entry.name();
        let own = issuers.of(&entry).filter(|_| args.ca.is_none());
        if let Some(e) = own.and_then(|ca| stopped.get(ca.name.as_str())) {
            let message = format!("{name} cannot be renewed: {e}");
            let finding = Finding::new(e.code(), Severity::Error, name.clone(), message);
            said.push(finding.fix(format!("certforge renew {name} --ca OTHER")));
            continue;
        }
        match look(&entry, args, (issuers, &chains), within, context) {
            Ok(Look::Renew) => chosen.renew.push(entry),
            Ok(Look::Import) => chosen.import.push(entry),
            Ok(Look::Good) => {}
            Err(failure) => {
                let problem = Problem::of(&failure);
                let message = format!("{name}: {}", problem.message);
                said.push(Finding::new(problem.code, Severity::Error, name, message));
            }
        }
    }
    Ok(chosen)
}

fn leaf(name: &str, context: &Context) -> Result<LeafEntry, Failure> {
    match context.store.leaf(name) {
        Err(Error::Missing { .. }) if context.store.has_authority(name).unwrap_or(false) => {
            Err(Failure::usage(format!("{name} is a CA, and no leaf"), format!("certforge ca renew {name}")))
        }
        Err(Error::Missing { .. }) if is_incomplete(name, context) => Err(Failure::usage(
            format!("the leaf {name} has no cert.pem"),
            format!("certforge up {name} makes it anew, as it was asked for"),
        )),
        other => Ok(other?),
    }
}

/// Whether a leaf has lost its certificate.
fn is_incomplete(name: &str, context: &Context) -> bool {
    let folder = name.parse().map_or_else(|_| name.to_owned(), |san| folder_name(&san));
    context.store.is_incomplete(&folder)
}

/// What is to be done with a leaf.
enum Look {
    Good,
    Renew,
    /// It is good, and ACM does not have it.
    Import,
}

/// Whether a leaf is due: by its time, because it was taken back, because its files are not
/// whole, or because what ACM is to have of it is on no disk.
fn look(
    entry: &LeafEntry,
    args: &Args,
    (issuers, chains): (&Issuers, &Chains<'_>),
    within: Option<time::Duration>,
    context: &Context,
) -> Result<Look, Failure> {
    let behind = args.is_imported_again() && is_behind(entry)?;
    let is_moved = args.ca.is_some() && issuers.of(entry).map(|ca| &ca.name) == args.ca.as_ref();
    let due = args.all && !is_moved
        || taken_back(entry, issuers, context)?.is_some()
        || chains.gone(entry)?.is_some()
        || entry.certificate.validity().is_due(context.now, within)
        || entry.fault().is_some()
        || behind && !entry.has_key();
    Ok(match (due, behind) {
        (true, _) => Look::Renew,
        (false, true) => Look::Import,
        (false, false) => Look::Good,
    })
}

/// Why a leaf was taken back, and by which CA, if it was: also by one that was replaced.
pub(super) fn taken_back(
    entry: &LeafEntry,
    issuers: &Issuers,
    context: &Context,
) -> Result<Option<(Reason, String)>, Failure> {
    let Some(ca) = issuers.of(entry) else { return Ok(context.store.taken_back(&entry.certificate)?) };
    let reason = context.store.is_revoked(&ca.name, &entry.certificate.serial_hex())?;
    Ok(reason.map(|reason| (reason, ca.name.clone())))
}
