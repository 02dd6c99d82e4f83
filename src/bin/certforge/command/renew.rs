//! `certforge renew`: leaves once more, as they were asked for.

mod choose;
mod due;
mod make;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use certforge::key::PrivateKey;
use certforge::store::{BatchRequests, CaEntry, LeafEntry, LoadedAuthority};
use certforge::validity::rfc3339;
use certforge::{Authority, Error, Finding, LeafPlan, LeafRequest, Reason, San, Severity};

use crate::command::inventory::{Chains, Issuers, is_behind, is_key_elsewhere, request_on_record};
use crate::command::issue::{LifetimeArgs, StrictArgs};
use crate::command::passphrase::PassphraseArgs;
use crate::command::status::WithinArgs;
use crate::context::{Context, Failure, Waits};
use crate::render::Bar;
use crate::report::{LeafReport, RenewReport, Renewed, Report, findings};
use choose::{Chosen, taken_back};
#[cfg(feature = "aws")]
use make::import_again;
use make::{Job, make};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge renew 10.103.10.95
  certforge renew --due
  certforge renew --all --reuse-key
  certforge renew --all --ca NEW          another CA takes all of them over

Names, subject, usages, template and length are those that were asked for. What it was
before is kept in archive/; what was imported into ACM is imported again, to the same
ARN. --due and --all leave alone what was revoked for other reasons than superseded, keyCompromise
and cACompromise. For cron: certforge renew --due --quiet")]
pub struct Args {
    /// Leaves, by name
    #[arg(value_name = "NAME", conflicts_with_all = ["due", "all"])]
    names: Vec<String>,
    /// All leaves that are due: as `certforge status` says
    #[arg(long)]
    due: bool,
    /// All leaves; with --ca those that are not of that CA yet
    #[arg(long, conflicts_with = "due")]
    all: bool,
    /// The CA that issues them from now on [default: the one that did]
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
    #[command(flatten)]
    within: WithinArgs,
    /// Make a new key [default, but for leaves whose key is not here]
    #[arg(long)]
    rekey: bool,
    /// Keep the key
    #[arg(long, conflicts_with = "rekey")]
    reuse_key: bool,
    /// Do not import again what was imported
    #[cfg(feature = "aws")]
    #[arg(long)]
    no_import: bool,
    #[command(flatten)]
    lifetime: LifetimeArgs,
    #[command(flatten)]
    strict: StrictArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    if args.names.is_empty() && !args.due && !args.all {
        return Err(Failure::usage(
            "which leaf to renew was not said",
            "certforge renew NAME; --due renews what ends soon, --all everything",
        ));
    }
    let within = args.within.duration()?;
    if within.is_some() && !args.names.is_empty() {
        return Err(Failure::usage(
            "--within says which leaves are due, and one that is named is renewed in any case",
            "certforge renew --due --within 30d",
        ));
    }
    context.store.require()?;
    if let Some(ca) = &args.ca {
        context.store.ca_entry(ca)?;
        context.store.check_authority(ca)?;
    }
    let issuers = Issuers::read(&context.store)?;
    let mut said: Vec<Finding> = Vec::new();
    let Chosen { renew, import } = if args.due || args.all {
        choose::all(args, &issuers, within, context, &mut said)?
    } else {
        choose::named(&args.names, context)?
    };
    let bar = Bar::new(renew.len() + import.len(), context.waits == Waits::Quiet);
    let mut known = Known::default();
    let mut renewed = Vec::new();
    for entry in renew {
        let name = entry.name();
        bar.step(&name);
        if let Some(outcome) = one(args, context, &issuers, &mut known, &entry, &mut said).transpose() {
            renewed.push(Renewed { name, outcome });
        }
    }
    for entry in import {
        bar.step(&entry.name());
        if args.dry_run {
            let name = entry.name();
            let message = format!("{name} is good, and would be imported into ACM again");
            said.push(Finding::new("acm.behind", Severity::Warning, name, message));
        }
        renewed.extend(import_only(args, context, &issuers, &entry));
    }
    if args.due {
        said.extend(due::authorities(&issuers, within, context));
    }
    said.extend(known.loaded.values().flat_map(|ca| ca.findings.clone()));
    let lists = if args.due { due::lists(args, context, &issuers, known, &mut said) } else { Vec::new() };
    bar.end();
    // One that was asked for by name fails as a command of its own does.
    if let ([_], false) = (renewed.as_slice(), args.due || args.all)
        && renewed[0].outcome.is_err()
        && let Err(failure) = renewed.remove(0).outcome
    {
        return Err(failure);
    }
    Ok(Report::Renew(RenewReport { leaves: renewed, lists, findings: findings(&said) }))
}

/// Imports a leaf that is good and that ACM does not have yet.
#[cfg(feature = "aws")]
fn import_only(args: &Args, context: &Context, issuers: &Issuers, entry: &LeafEntry) -> Option<Renewed> {
    if args.dry_run || !entry.has_key() {
        return None;
    }
    let ca = issuers.of(entry).map(|ca| ca.name.as_str());
    let report =
        LeafReport::of(crate::report::State::Unchanged, &entry.folder, ca, &entry.certificate, context.now);
    let outcome = import_again(context, entry, None).map(|imports| LeafReport { imports, ..report });
    Some(Renewed { name: entry.name(), outcome })
}

#[cfg(not(feature = "aws"))]
const fn import_only(_: &Args, _: &Context, _: &Issuers, _: &LeafEntry) -> Option<Renewed> {
    None
}

/// The CAs that were loaded, by their names.
#[derive(Default)]
struct Known {
    loaded: BTreeMap<String, LoadedAuthority>,
    /// What was asked of each in batches, once somebody wants to know.
    requests: BTreeMap<String, Option<BatchRequests>>,
}

impl Known {
    fn ca(&mut self, name: &str, args: &Args, context: &Context) -> Result<&Authority, Failure> {
        let loaded = match self.loaded.entry(name.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(context.authority(name, &args.passphrase)?),
        };
        Ok(&loaded.authority)
    }

    /// What a leaf was asked for as, by the record of the CA that issued it.
    fn request(
        &mut self,
        ca: &str,
        entry: &LeafEntry,
        context: &Context,
    ) -> Result<Option<LeafRequest>, Failure> {
        let batches = self.requests.entry(ca.to_owned()).or_default();
        request_on_record(&context.store, ca, &entry.certificate.serial_hex(), batches)
    }

    /// A CA whose list is to be made: one that was taken back issues nothing any more, and goes
    /// on making its lists. Who was asked for its pass phrase is not asked again.
    fn for_list(&mut self, name: &str, args: &Args, context: &Context) -> Result<Authority, Failure> {
        match self.loaded.remove(name) {
            Some(loaded) => Ok(loaded.authority),
            None => Ok(context.authority_for_list(name, &args.passphrase)?.authority),
        }
    }
}

/// That a leaf would get no more time than it has; with the CA that ends with it.
fn no_gain(args: &Args, entry: &LeafEntry, ending_ca: Option<&str>) -> Finding {
    let (name, end) = (entry.name(), rfc3339(entry.certificate.validity().not_after()));
    let message = format!("{name} is due and was not renewed: it would end no later than now, {end}");
    let fix = match ending_ca {
        _ if args.lifetime.is_given() => "it has more time than that: give it more, or none".to_owned(),
        Some(ca) => format!("certforge ca renew {ca}"),
        None => format!("its end was fixed: certforge renew {name} --days N"),
    };
    Finding::new("renew.no-gain", Severity::Error, name, message).fix(fix)
}

/// Renews one leaf, and imports it where it was imported.
fn one(
    args: &Args,
    context: &Context,
    issuers: &Issuers,
    known: &mut Known,
    entry: &LeafEntry,
    passed_over: &mut Vec<Finding>,
) -> Result<Option<LeafReport>, Failure> {
    let self_signed = entry.is_self_signed();
    let taken_back = taken_back(entry, issuers, context)?;
    if let Some((reason, _)) = &taken_back
        && args.names.is_empty()
        && !reason.asks_for_another()
    {
        passed_over.push(stays_revoked(args, entry, *reason));
        return Ok(None);
    }
    let before = issuers.of(entry);
    if before.is_none() && !self_signed && args.ca.is_none() {
        return Err(no_issuer(entry, context)?.into());
    }
    // The record of one that was replaced is its successor's.
    let keeper = before.or_else(|| issuers.all().iter().find(|ca| is_on_record(entry, ca, context)));
    let recorded = match keeper {
        Some(ca) => known.request(&ca.name, entry, context)?,
        None => None,
    };
    let ca = args.ca.clone().or_else(|| before.map(|ca| ca.name.clone()));
    let mut said = Vec::new();
    if recorded.is_none() && !self_signed {
        let message = "no record says what was asked for: it is made as it was".to_owned();
        said.push(Finding::new("leaf.no-record", Severity::Info, "record", message));
    }
    let request = recorded.map_or_else(|| LeafRequest::like(&entry.certificate), Ok)?;
    let request = match args.lifetime.lifetime()? {
        Some(lifetime) => request.lifetime(lifetime),
        None => request,
    };
    let plan = request.plan(context.now)?;
    let first = named(entry, &plan, context)?;
    let authority = match &ca {
        Some(ca) => Some(known.ca(ca, args, context)?),
        None => None,
    };
    let plan = match authority {
        Some(authority) => args.strict.fit(authority, plan)?,
        None => plan,
    };
    let end = entry.certificate.validity().not_after();
    let moves = args.ca.is_some() && ca.as_deref() != before.map(|ca| ca.name.as_str());
    let gains = moves || plan.validity().not_after() > end;
    if args.due && !gains && taken_back.is_none() && is_good(entry, context)? {
        // Every run would make another one, with no more time than this one has.
        let ends = authority.is_some_and(|a| a.validity().not_after() <= end);
        passed_over.push(no_gain(args, entry, ca.as_deref().filter(|_| ends)));
        if args.is_imported_again() && is_behind(entry)? {
            return import_only(args, context, issuers, entry).map(|done| done.outcome).transpose();
        }
        return Ok(None);
    }
    // ACM alone has the key of such a leaf, and takes the next one from memory too.
    let ephemeral = args.is_imported_again() && !entry.has_key() && !entry.imports()?.all().is_empty();
    let reuse = args.reuse_key || !args.rekey && !entry.has_key() && !ephemeral;
    if reuse {
        if let Some((reason, ca)) = taken_back.filter(|(reason, _)| reason.is_of_the_key()) {
            let (subject, reason) = (entry.certificate.subject(), reason.as_str());
            return Err(Error::Revoked { subject, is_ca: false, ca, reason }.into());
        }
        context.store.check_certifiable(entry.certificate.public_key())?;
    }
    if args.dry_run {
        authority.map_or(Ok(()), |authority| authority.check(&plan))?;
        let mut report = LeafReport::planned(&entry.folder, ca.as_deref(), &plan, context.now);
        report.findings.extend(findings(&said));
        return Ok(Some(report));
    }
    if reuse && !entry.has_key() && !args.reuse_key {
        said.push(key_elsewhere(entry, keeper.map(|ca| ca.name.as_str()), context));
    }
    let key = match (reuse, entry.has_key()) {
        (true, true) => Some(entry.private_key()?),
        (true, false) => None,
        (false, _) => Some(PrivateKey::generate(plan.key())?),
    };
    let job = Job { entry, first: &first, plan: &plan, request: &request, ca: ca.as_deref(), authority };
    match make(args, context, &job, (key, ephemeral)) {
        Err(Failure::Error(e)) if args.names.is_empty() && matches!(*e, Error::Changed { .. }) => {
            let message = format!("{} was renewed by another run meanwhile", entry.name());
            passed_over.push(Finding::new("renew.meanwhile", Severity::Info, entry.name(), message));
            Ok(None)
        }
        made => {
            let mut report = made?;
            report.findings.extend(findings(&said));
            Ok(Some(report))
        }
    }
}

/// Whether nothing but time calls for another one.
fn is_good(entry: &LeafEntry, context: &Context) -> Result<bool, Failure> {
    let whole = entry.fault().is_none() && (entry.has_key() || !is_behind(entry)?);
    let begun = entry.certificate.validity().not_before() <= context.now;
    Ok(whole && begun && Chains::new(&context.store).gone(entry)?.is_none())
}

/// Whether a CA has this very certificate on record.
fn is_on_record(entry: &LeafEntry, ca: &CaEntry, context: &Context) -> bool {
    let issued = context.store.issued(&ca.name, &entry.certificate.serial_hex());
    issued.is_ok_and(|issued| issued.is_some_and(|issued| issued.certificate == entry.certificate))
}

/// That a leaf was taken from somebody: the clock does not give it back.
fn stays_revoked(args: &Args, entry: &LeafEntry, reason: Reason) -> Finding {
    let name = entry.name();
    let message = format!("{name} was revoked ({reason}): it is issued again only when it is named");
    let revoked = Finding::new("renew.revoked", Severity::Warning, name.clone(), message);
    let ca = args.ca.as_ref().map(|ca| format!(" --ca {ca}")).unwrap_or_default();
    revoked.fix(format!("certforge renew {name}{ca}, or remove its folder"))
}

/// Why no CA here makes a leaf anew.
fn no_issuer(entry: &LeafEntry, context: &Context) -> Result<Error, Failure> {
    Ok(match Chains::new(&context.store).gone(entry)? {
        Some(gone) => gone.into(),
        None => Error::Missing {
            what: "issuing CA",
            name: entry.certificate.issuer(),
            path: context.store.root().to_owned(),
        },
    })
}

/// That a certificate is for a key that is not here. Where it never was, nobody misses it.
fn key_elsewhere(entry: &LeafEntry, ca: Option<&str>, context: &Context) -> Finding {
    let never = is_key_elsewhere(entry, ca, &context.store);
    let severity = if never { Severity::Info } else { Severity::Warning };
    let message = "its key is not here: the same key gets another certificate".to_owned();
    Finding::new("leaf.key-elsewhere", severity, "key", message).fix("--rekey makes a new one")
}

impl Args {
    #[cfg(feature = "aws")]
    const fn is_imported_again(&self) -> bool {
        !self.no_import
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_self, reason = "the other build asks it")]
    const fn is_imported_again(&self) -> bool {
        false
    }
}

/// The name that the leaf's folder is of: the first that was asked for.
fn named(entry: &LeafEntry, plan: &LeafPlan, context: &Context) -> Result<San, Failure> {
    let first = plan.names().first().clone();
    if context.store.leaf_folder(&first) == entry.folder {
        return Ok(first);
    }
    let reason = "its folder is not that of its first name";
    Err(Error::Path { path: entry.folder.clone(), reason }.into())
}
