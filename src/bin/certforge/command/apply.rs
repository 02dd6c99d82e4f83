//! `certforge apply`: what a manifest asks for, as far as it is missing, due or
//! different.

#[cfg(feature = "aws")]
mod acm;
mod authorities;
mod difference;
mod manifest;
mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use certforge::key::PrivateKey;
use certforge::store::{ImportRecords, LeafEntry, LeftBehind, Lock, Origin, Overwrite, is_regular};
use certforge::validity::rfc3339;
use certforge::{Error, Finding, Severity};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::command::bundle::{self, FormOptions};
use crate::command::inventory::{Issuers, leaves};
use crate::command::passphrase::{PassphraseArgs, read_first_line};
use crate::context::{Context, Failure, Waits};
use crate::render::{self, Bar};
use crate::report::{
    ApplyLeaf, ApplyReport, FailedForm, Problem, Report, State, findings, left_behind_findings, path,
};
use crate::threads::Shared;
use authorities::{Authorities, look_at_ca, make_ca, missing_ca, secret};
use difference::Verdict;
use manifest::Manifest;
use plan::{PlannedCa, PlannedLeaf};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge apply -f certforge.toml --dry-run
  certforge apply -f certforge.toml
  certforge apply -f certforge.toml --prune

  version = 1
  [defaults]           # of all leaves: ca, key, template, subject,
                       # days|validity|until, renew_within
  days = 90
  [ca.root]            # cn|subject, key, days|validity|until, path_length,
                       # template, set, permit, exclude, encrypt,
                       # passphrase_file
  [ca.issuing]
  under = \"root\"
  permit = [\".internal\", \"10.103.0.0/16\"]
  [template.vpn]       # as `certforge template show server` prints them
  description = \"a VPN gateway\"
  days = 30
  key_usage = [\"digitalSignature\"]
  extended_key_usage = [\"serverAuth\"]
  [leaf.\"10.103.10.95\"]
                       # names, ca, key, template, set, subject, allow_long,
                       # days|validity|until, renew_within, alias,
                       # p12_passphrase_file
  names = [\"api.internal\"]
  forms = [\"combined\"] # as bundle --to
  acm = [{ region = \"eu-west-1\", tags = [\"team=edge\"] }]
                       # region, profile, endpoint_url, tags, targets, sim

Run again, it changes nothing; a changed name makes that leaf anew.")]
pub struct Args {
    /// The manifest; `-` is standard input
    #[arg(long, short, value_name = "FILE", default_value = "certforge.toml")]
    file: PathBuf,
    /// Move leaves that are not in it into the archive, where their CA is one of its own
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Show what would be made, and stop
    #[arg(long)]
    dry_run: bool,
}

/// How long another run is waited for: it may have a thousand leaves to make and to import.
const LONGEST_TURN: Duration = Duration::from_mins(15);

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let bytes = certforge::store::read_input(&args.file)?;
    let manifest = Manifest::read(&bytes).map_err(|e| e.in_file(&args.file))?;
    let base = args.file.parent().map(Path::to_owned).unwrap_or_default();
    // All of it is settled before anything is made.
    let here = |e: certforge::Error| e.in_file(&args.file);
    let templates = plan::Templates::of(&manifest).map_err(here)?;
    let cas = plan::cas(&manifest, &templates, context.now).map_err(here)?;
    let wanted = plan::leaves(&manifest, &templates, context.now).map_err(here)?;
    let asked = Asked { args, context, base: &base, cas: &cas, wanted: &wanted };
    // Runs at the same time take turns. A store that is not there yet is made only when all that
    // may be refused was looked at; another run may have made it until then.
    let is_new = context.store.require().is_err();
    let _turn = if args.dry_run || is_new { None } else { Some(my_turn(context)?) };
    let mut secrets = Secrets::new();
    if let Some(report) = settle(&asked, &mut secrets, !is_new || args.dry_run)? {
        return Ok(Report::Apply(Box::new(report)));
    }
    let _turn = my_turn(context)?;
    let changed = || Error::Changed { path: context.store.root().to_owned() };
    Ok(Report::Apply(Box::new(settle(&asked, &mut secrets, true)?.ok_or_else(changed)?)))
}

/// The pass phrases of CAs that are to be made, where they are to have any: nobody is asked twice.
type Secrets = BTreeMap<String, Option<Zeroizing<String>>>;

/// What a manifest asks for.
struct Asked<'a> {
    args: &'a Args,
    context: &'a Context,
    /// Where the manifest is: its paths start there.
    base: &'a Path,
    cas: &'a [PlannedCa],
    wanted: &'a [PlannedLeaf],
}

/// Waits until no other run applies a manifest to this store.
fn my_turn(context: &Context) -> certforge::Result<Lock> {
    match context.store.lock_applied(Duration::ZERO) {
        Err(Error::Lock { .. }) => {
            if context.waits == Waits::Told {
                render::progress(
                    "apply",
                    "another run applies a manifest to this store: waiting for its end",
                );
            }
            context.store.lock_applied(LONGEST_TURN)
        }
        lock => lock,
    }
}

/// Makes what is missing, due or different; no report where nothing is to be made yet.
fn settle(asked: &Asked<'_>, secrets: &mut Secrets, may_make: bool) -> Result<Option<ApplyReport>, Failure> {
    let Asked { args, context, base, cas, wanted } = *asked;
    let issuers = Issuers::read(&context.store)?;
    let mut authorities =
        Authorities { args, context, base, loaded: BTreeMap::new(), rehearsed: BTreeMap::new() };
    let mut ca_reports = Vec::new();
    for ca in cas {
        ca_reports.push(look_at_ca(ca, &issuers, &mut authorities)?);
    }
    for file in
        wanted.iter().filter(|leaf| !leaf.forms.is_empty()).filter_map(|l| l.p12_passphrase_file.as_ref())
    {
        read_first_line(&base.join(file))?;
    }
    let threads = Shared::start();
    let (mut reports, changed) = compare(wanted, &mut authorities, &threads)?;
    let not_wanted = not_wanted(cas, wanted, context)?;
    // All pass phrases are there before the first CA is.
    for ca in cas.iter().filter(|ca| !args.dry_run && authorities.rehearsed.contains_key(&ca.name)) {
        if !secrets.contains_key(&ca.name) {
            secrets.insert(ca.name.clone(), secret(ca, &authorities)?);
        }
    }
    // Where nothing is to be made no store is either.
    let makes_something = !changed.is_empty() || !authorities.rehearsed.is_empty();
    if makes_something && !may_make {
        return Ok(None);
    }
    let mut left_behind = Vec::new();
    if !args.dry_run {
        for (ca, report) in cas.iter().zip(&mut ca_reports).filter(|(_, r)| r.state == State::Planned) {
            let secret = secrets.remove(&ca.name).flatten();
            *report = make_ca(ca, secret.as_ref(), &mut authorities)?;
        }
    }
    #[cfg(feature = "aws")]
    let changed = refuse_for_acm(changed, &mut reports, wanted, &authorities, args.dry_run);
    if !args.dry_run {
        left_behind = make(&changed, wanted, &authorities, &threads, context)?;
        for (report, leaf) in goes_on(&mut reports, wanted) {
            forms(leaf, base, context, report);
        }
    }
    for (report, leaf) in goes_on(&mut reports, wanted).filter(|_| args.dry_run) {
        report.forms = forms_to_make(leaf, report.state == State::Unchanged, context)?;
    }
    #[cfg(feature = "aws")]
    {
        let mut places = acm::Places::of(wanted.iter(), context, args.dry_run);
        for (report, leaf) in goes_on(&mut reports, wanted) {
            let stays = report.state == State::Unchanged;
            report.imports =
                if args.dry_run { places.would_import(leaf, stays)? } else { places.import(leaf)? };
        }
    }
    let (not_in_manifest, of_pruning) = prune(args, &not_wanted, context);
    let mut said: Vec<_> =
        authorities.loaded.into_values().flat_map(|loaded| findings(&loaded.findings)).collect();
    said.extend(findings(&of_pruning));
    for mut left in left_behind {
        // What the manifest asks for has been made again.
        let folder = context.store.root().join(&left.folder);
        left.files.retain(|file| !is_regular(&folder.join(file)));
        said.extend(left_behind_findings(&left));
    }
    Ok(Some(ApplyReport {
        planned: args.dry_run,
        authorities: ca_reports,
        leaves: reports,
        pruned: args.prune,
        not_in_manifest,
        findings: said,
    }))
}

/// Puts leaves away that the manifest does not have, where that is asked for: their folders, and
/// what is to be said of them.
fn prune(args: &Args, not_wanted: &[LeafEntry], context: &Context) -> (Vec<String>, Vec<Finding>) {
    let mut folders = Vec::new();
    let (mut stays, mut failed) = (Vec::new(), Vec::new());
    for entry in not_wanted {
        // In ACM it stays, and no status tells of its end any more.
        for record in entry.imports().iter().flat_map(ImportRecords::all).filter(|r| !r.is_simulated()) {
            let message = format!("{} goes out of the store, and stays in ACM: {}", entry.name(), record.arn);
            let finding = Finding::new("apply.in-acm", Severity::Warning, entry.name(), message);
            let fix = format!("delete it there when nobody uses it: certforge acm show {}", record.arn);
            stays.push(finding.fix(fix));
        }
        match (args.prune && !args.dry_run).then(|| context.store.put_away(entry)) {
            Some(Err(Error::Changed { .. })) => {}
            // What is done is done, and told.
            Some(Err(e)) => {
                failed.push(Finding::new(e.code(), Severity::Error, entry.name(), e.to_string()));
            }
            Some(Ok(())) | None => folders.push(path(&entry.folder)),
        }
    }
    if !args.prune {
        return (folders, Vec::new());
    }
    stays.append(&mut failed);
    (folders, stays)
}

/// The leaves that are to have forms and to be imported: all but those that were refused.
fn goes_on<'a>(
    reports: &'a mut [ApplyLeaf],
    wanted: &'a [PlannedLeaf],
) -> impl Iterator<Item = (&'a mut ApplyLeaf, &'a PlannedLeaf)> {
    reports.iter_mut().zip(wanted).filter(|(report, _)| report.error.is_none())
}

/// What is to be done with each leaf, and which of them are to be made.
fn compare(
    wanted: &[PlannedLeaf],
    authorities: &mut Authorities<'_>,
    threads: &Shared,
) -> Result<(Vec<ApplyLeaf>, Vec<usize>), Failure> {
    let context = authorities.context;
    for leaf in wanted {
        if !authorities.rehearsed.contains_key(&leaf.ca) {
            authorities.load(&leaf.ca, leaf.ca_passphrase_file.as_deref())?;
        }
    }
    let authorities = &*authorities;
    let one = |leaf: &PlannedLeaf| difference::of_leaf(leaf, &authorities.issuers(&leaf.ca), context);
    let states = threads.run(|| wanted.par_iter().map(one).collect::<Result<Vec<_>, Failure>>())?;
    let mut changed = Vec::new();
    let reports = states.into_iter().zip(wanted).enumerate().map(|(i, (verdict, leaf))| {
        let Verdict { state, reason, findings: found, refused, not_after } = verdict;
        if state != State::Unchanged {
            changed.push(i);
        }
        let folder = context.store.leaf_folder(leaf.first());
        let of = (leaf.ca.clone(), rfc3339(not_after));
        let mut report =
            ApplyLeaf::of(leaf.first().to_string(), path(&folder), of, state, reason, findings(&found));
        report.error = refused.map(|e| Problem::of(&e.into()));
        report
    });
    let reports = reports.collect();
    Ok((reports, changed))
}

/// Leaves out what ACM would refuse, before anything takes the place of what is served. The
/// places are reached for it alone: the time that a connection has runs from its beginning, and
/// the keys that are made next take theirs.
#[cfg(feature = "aws")]
fn refuse_for_acm(
    mut changed: Vec<usize>,
    reports: &mut [ApplyLeaf],
    wanted: &[PlannedLeaf],
    authorities: &Authorities<'_>,
    dry_run: bool,
) -> Vec<usize> {
    let to_make = changed.iter().filter_map(|i| wanted.get(*i));
    let mut places = acm::Places::of(to_make, authorities.context, dry_run);
    changed.retain(|i| {
        let (Some(leaf), Some(report)) = (wanted.get(*i), reports.get_mut(*i)) else { return false };
        let issuers = authorities.issuers(&leaf.ca);
        let Some(authority) = issuers.first() else { return true };
        let Err(failure) = places.check(leaf, authority) else { return true };
        report.state = State::Refused;
        report.error = Some(Problem::of(&failure));
        false
    });
    changed
}

/// Makes the leaves that are missing, due or different, all at once.
fn make(
    changed: &[usize],
    wanted: &[PlannedLeaf],
    authorities: &Authorities<'_>,
    threads: &Shared,
    context: &Context,
) -> Result<Vec<LeftBehind>, Failure> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let bar = Bar::new(changed.len(), context.waits == Waits::Quiet);
    let batch = context.store.batch()?;
    let one = |i: &usize| -> Result<(), Failure> {
        let Some(leaf) = wanted.get(*i) else { return Ok(()) };
        let authority = authorities.get(&leaf.ca).ok_or_else(|| missing_ca(&leaf.ca, context))?;
        let plan = authority.fit(leaf.plan.clone());
        let bundle = authority.issue_for(&plan, PrivateKey::generate(plan.key())?)?;
        batch.add(leaf.first(), &bundle, Some(Origin { ca: &leaf.ca, request: &leaf.request }))?;
        bar.tick();
        Ok(())
    };
    threads.run(|| changed.par_iter().try_for_each(one))?;
    let left_behind = batch.place(Overwrite::Archive)?;
    bar.end();
    Ok(left_behind)
}

/// The leaves of the manifest's CAs that it does not ask for.
fn not_wanted(
    cas: &[PlannedCa],
    wanted: &[PlannedLeaf],
    context: &Context,
) -> Result<Vec<LeafEntry>, Failure> {
    let issuers = Issuers::read(&context.store)?;
    let folders: std::collections::BTreeSet<PathBuf> =
        wanted.iter().map(|leaf| context.store.leaf_folder(leaf.first())).collect();
    let names: std::collections::BTreeSet<&str> =
        cas.iter().map(|ca| ca.name.as_str()).chain(wanted.iter().map(|leaf| leaf.ca.as_str())).collect();
    let of_manifest = |entry: &LeafEntry| {
        let issuer = issuers.of(entry).map(|ca| ca.name.as_str());
        issuer.is_some_and(|issuer| names.contains(issuer))
    };
    let found = leaves(context)?.found.into_iter();
    Ok(found.filter(|entry| !folders.contains(&entry.folder) && of_manifest(entry)).collect())
}

/// Makes the forms that a leaf is to have and has not. One that cannot be made keeps
/// neither another nor another leaf from its own.
fn forms(leaf: &PlannedLeaf, base: &Path, context: &Context, report: &mut ApplyLeaf) {
    let mut missing = leaf.forms.clone();
    if let Err(failure) = missing_forms(leaf, base, context, &mut missing, report) {
        // What all of them need is not there.
        report.failed.extend(missing.into_iter().map(|form| failed(form, &failure)));
    }
}

fn failed(form: bundle::Form, failure: &Failure) -> FailedForm {
    FailedForm { form: form.name(), error: Problem::of(failure) }
}

fn missing_forms(
    leaf: &PlannedLeaf,
    base: &Path,
    context: &Context,
    missing: &mut Vec<bundle::Form>,
    report: &mut ApplyLeaf,
) -> Result<(), Failure> {
    let Some(entry) = context.store.leaf_of(leaf.first())? else { return Ok(()) };
    missing.retain(|form| !bundle::is_there(*form, &entry, &FormOptions::default()));
    if missing.is_empty() {
        return Ok(());
    }
    let passphrase = match &leaf.p12_passphrase_file {
        Some(file) => Some(read_first_line(&base.join(file))?),
        None => None,
    };
    let options = FormOptions {
        alias: leaf.alias.as_deref(),
        passphrase: passphrase.as_ref(),
        ..FormOptions::default()
    };
    let _lock = entry.lock(bundle::PATIENCE)?;
    for form in missing.drain(..) {
        let written = bundle::make(form, &entry, &options, context)
            .and_then(|pieces| bundle::write(&pieces, &entry, None, Overwrite::Replace));
        match written {
            Ok(files) => {
                report.forms.extend(files.into_iter().map(|f| f.path));
                report.findings.extend(
                    bundle::notes(form, &options).map(|note| findings(&[note])).into_iter().flatten(),
                );
            }
            Err(failure) => report.failed.push(failed(form, &failure)),
        }
    }
    Ok(())
}

/// The files of forms that would be made: of a leaf that stays those that are missing.
fn forms_to_make(leaf: &PlannedLeaf, stays: bool, context: &Context) -> Result<Vec<String>, Failure> {
    let entry = context.store.leaf_of(leaf.first())?;
    let options = FormOptions::default();
    let folder = context.store.leaf_folder(leaf.first());
    let mut all = Vec::new();
    for form in &leaf.forms {
        let there = entry.as_ref().filter(|_| stays);
        if there.is_none_or(|entry| !bundle::is_there(*form, entry, &options)) {
            let has_key = there.is_none_or(LeafEntry::has_key);
            let files = bundle::files(*form, has_key, &options);
            all.extend(files.iter().map(|derived| path(&folder.join(derived.file_name()))));
        }
    }
    Ok(all)
}
