//! `certforge up`: a CA, a leaf and perhaps an ARN, whatever of it is missing.

mod before;
mod issuer;

use certforge::key::PrivateKey;
use certforge::store::{LeafEntry, Origin, Overwrite};
use certforge::{Authority, Bundle, Error, LeafPlan, LeafRequest};

use crate::command::ca::new::{for_java, root_name};
use crate::command::compare::{self, Wanted};
use crate::command::inventory::{Chains, Place, has_usages, is_key_elsewhere, is_same};
use crate::command::issue::{DEFAULT_KEY, IssueArgs};
#[cfg(feature = "aws")]
use crate::command::places::UpArgs as AcmArgs;
use crate::context::{Context, DEFAULT_CA, Failure};
use crate::environment;
use crate::report::{CaReport, LeafReport, Report, State, UpReport, findings};
use before::{as_before, issuer_of, lost, on_record};
use issuer::{Issuer, ShapeArgs};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge up 10.103.10.95
  certforge up myca.test.com '*.internal.example' fd00::1 --key p256
  certforge up 10.103.10.95 --import-acm --region ap-northeast-1
  certforge up 10.103.10.95 --import-acm --sim
  certforge up 10.103.10.95 --three-tier --permit 10.103.0.0/16

All names go into one leaf; the first is its common name. Run again, it makes only
what is missing, due (less than 30 days left, and less than a third of its time) or different.")]
pub struct Args {
    #[command(flatten)]
    issue: IssueArgs,
    #[command(flatten)]
    shape: ShapeArgs,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    acm: AcmArgs,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let asked = ask(args)?;
    let store = &context.store;
    let request = args.issue.request(&asked, DEFAULT_KEY)?;
    let plan = request.plan(context.now)?;
    let (there, damaged) = match Place::of(plan.names().first(), context)? {
        Place::Free => (None, false),
        Place::Leaf(entry) => (Some(*entry), false),
        Place::Damaged => (None, true),
    };
    let lost = if there.is_none() { lost(plan.names().first(), damaged, context) } else { None };
    let issuer = match &lost {
        Some(lost) => Ok(Some(lost.ca.clone())),
        None => issuer_of(there.as_ref(), context),
    };
    // Where the store's CAs cannot be read, nothing is on record.
    let recorded_by = issuer.as_ref().ok().cloned().flatten();
    if let Some(entry) = there.as_ref().filter(|entry| !args.is_ephemeral() && !entry.has_key())
        && entry.imports()?.all().is_empty()
        && is_key_elsewhere(entry, recorded_by.as_deref(), store)
    {
        let name = entry.name();
        return Err(Failure::usage(
            format!("the private key of {name} is not here: it was signed for one that is elsewhere"),
            format!(
                "certforge renew {name} issues it anew for that key; certforge leaf {name} --force makes another key"
            ),
        ));
    }
    let ca_name = choose_ca(args, context, issuer)?;
    let known = args.issue.ca.is_none() || ca_name == DEFAULT_CA || args.shape.is_given();
    if !known && !store.has_authority(&ca_name)? {
        let name = ca_name;
        return Err(Error::Missing { what: "CA", name, path: store.root().to_owned() }.into());
    }
    let (request, plan) = match &there {
        Some(entry) => {
            // What is there keeps its kind of key: ACM allows no other under the same ARN.
            let key = entry.certificate.public_key().algorithm().unwrap_or(DEFAULT_KEY);
            let request = args.issue.request_in_place(&asked, key)?;
            // A record that cannot be read says nothing, and keeps nobody from a new leaf.
            let request = match on_record(entry, recorded_by.as_deref(), context) {
                Ok(Some(before)) => as_before(args, request, &before),
                _ => request,
            };
            let plan = request.plan(context.now)?;
            (request, plan)
        }
        None => match &lost {
            Some(lost) => {
                let request = before::again(args, asked, plan.names(), lost)?;
                let plan = request.plan(context.now)?;
                (request, plan)
            }
            None => (request, plan),
        },
    };
    #[cfg(feature = "aws")]
    let ready = args.acm.ready(context, args.issue.dry_run)?;
    #[cfg(feature = "aws")]
    if ready.is_some() {
        Ready::refuse_kind(plan.key())?;
    }
    #[cfg(feature = "aws")]
    if let (Some(ready), Some(entry)) = (&ready, &there)
        && args.is_ephemeral()
        && !args.issue.dry_run
        && !entry.has_key()
        && !ready.is_imported(entry, context.now)?
    {
        // A run that was killed may have imported it and not written that down.
        ready.recover(entry, context.now)?;
    }
    #[cfg(not(feature = "aws"))]
    let ready: Option<Ready> = None;
    let work = Work { args, context, request: &request, ca: &ca_name, damaged, ready: ready.as_ref() };
    let made = make(&work, plan, there)?;
    #[cfg(feature = "aws")]
    match (ready, made.entry) {
        (Some(ready), Some(entry)) => return imported(context, ready, &entry, made.key, made.report),
        (Some(ready), None) => {
            // The name that it will have in the store.
            let folder = std::path::Path::new(&made.report.folder).file_name().unwrap_or_default();
            let results = ready.unmade(&folder.to_string_lossy());
            return Ok(Report::Up(Box::new(with_imports(made.report, results)?)));
        }
        (None, _) => {}
    }
    Ok(Report::Up(Box::new(made.report)))
}

/// The connections of an import; nothing where there can be none.
#[cfg(feature = "aws")]
type Ready = crate::command::places::Ready;
#[cfg(not(feature = "aws"))]
type Ready = std::convert::Infallible;

/// Imports what was made, or what is there.
#[cfg(feature = "aws")]
fn imported(
    context: &Context,
    mut ready: Ready,
    entry: &LeafEntry,
    key: Option<PrivateKey>,
    report: UpReport,
) -> Result<Report, Failure> {
    use crate::command::candidate::LazyKey;
    let key = key.map_or_else(|| LazyKey::of(entry), LazyKey::ready);
    let results = ready.import(context, entry, &key)?;
    Ok(Report::Up(Box::new(with_imports(report, results)?)))
}

/// One import stands in the report itself, several as a list.
#[cfg(feature = "aws")]
fn with_imports(
    report: UpReport,
    mut results: Vec<crate::report::ImportResult>,
) -> Result<UpReport, Failure> {
    if results.len() != 1 {
        return Ok(UpReport { imports: results, ..report });
    }
    // What was made is told beside what failed after it.
    let made = report.root.iter().chain([&report.ca]).any(|ca| ca.state == State::Created)
        || !matches!(report.leaf.state, State::Unchanged | State::Planned);
    if made && results[0].outcome.is_err() {
        return Ok(UpReport { imports: results, ..report });
    }
    let acm = results.remove(0).outcome?;
    Ok(UpReport { arn: acm.arn.clone(), acm: Some(acm), ..report })
}

/// The names that were asked for on the terminal, where none were given.
fn ask(args: &Args) -> Result<Vec<String>, Failure> {
    if args.issue.request.has_name() {
        return Ok(Vec::new());
    }
    let missing = |message: &str| Failure::usage(message.to_owned(), "certforge up 10.103.10.95");
    if !environment::has_terminal() {
        return Err(missing("no name was given, and there is no terminal to ask on"));
    }
    let answer = environment::ask("domain name or IP address (certforge up NAME): ");
    let answer = answer.ok_or_else(|| missing("no name was given"))?;
    Ok(answer.split_whitespace().map(str::to_owned).collect())
}

/// The CA that was asked for, or the one that issued the leaf that is there, or
/// the usual one.
fn choose_ca(
    args: &Args,
    context: &Context,
    issuer: Result<Option<String>, Failure>,
) -> Result<String, Failure> {
    if args.issue.ca.is_none()
        && let Some(ca) = issuer?
    {
        return Ok(ca);
    }
    let asked = args.issue.ca.as_deref();
    let chosen = context.choose_ca(asked)?;
    if let (true, None, Some(below)) = (args.shape.has_root(), asked, chosen.strip_suffix("-root"))
        && chosen == root_name(below)
        && !context.store.has_authority(below)?
    {
        // A run that was stopped has made the root alone.
        return Ok(below.to_owned());
    }
    Ok(chosen)
}

/// What is asked for, and with what it is done.
struct Work<'a> {
    args: &'a Args,
    context: &'a Context,
    request: &'a LeafRequest,
    /// The CA that issues it, by its name.
    ca: &'a str,
    /// Whether what is in its place cannot be read.
    damaged: bool,
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for the import alone"))]
    ready: Option<&'a Ready>,
}

/// What `make` comes to: the report so far, and the leaf that is in the store.
struct Made {
    report: UpReport,
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for the import alone"))]
    entry: Option<LeafEntry>,
    /// The leaf's key, where it is not in the store.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for the import alone"))]
    key: Option<PrivateKey>,
}

/// Makes the CA and the leaf as far as they are missing, due or different.
fn make(work: &Work<'_>, plan: LeafPlan, there: Option<LeafEntry>) -> Result<Made, Failure> {
    let Work { args, context, ca: ca_name, .. } = *work;
    let store = &context.store;
    let first = plan.names().first().clone();
    let folder = store.leaf_folder(&first);
    let ca_plan = args.shape.plan(ca_name, &plan, context)?;
    if args.issue.dry_run && !store.has_authority(ca_name)? {
        let ca_folder = store.ca_folder(ca_name)?;
        let (plan, authority) = issuer::rehearse(&ca_plan, &plan, &args.issue.strict)?;
        let mut ca = CaReport::planned(ca_name, &ca_folder, &ca_plan, context.now);
        let between = args.shape.has_root().then_some([].as_slice());
        ca.findings.extend(findings(&for_java(authority.certificate(), between)));
        let leaf = LeafReport::planned(&folder, Some(ca_name), &plan, context.now);
        let root = args.shape.planned_root(ca_name, &ca_plan, context)?;
        return Ok(Made { report: up_report(&folder, root, ca, leaf), entry: None, key: None });
    }
    let Issuer { authority, saved: ca_saved, root, early_key, findings: said } = issuer::ensure(
        context,
        &args.shape,
        (&args.issue.passphrase, &args.issue.strict),
        ca_name,
        (&ca_plan, &plan),
    )?;
    let plan = args.issue.strict.fit(&authority, plan)?;
    let ca_state = if ca_saved.is_some() { State::Created } else { State::Unchanged };
    let mut ca =
        CaReport::of(ca_state, ca_name, &store.ca_folder(ca_name)?, authority.certificate(), context.now);
    if let Some(saved) = &ca_saved {
        ca = ca.saved(saved);
    }
    ca.findings = findings(&said);
    let reason = match &there {
        None => work.damaged.then(|| "what is there cannot be read".to_owned()),
        Some(entry) => match different(work, &authority, &plan, entry)? {
            None => {
                let leaf =
                    LeafReport::of(State::Unchanged, &folder, Some(ca_name), &entry.certificate, context.now);
                return Ok(Made { report: up_report(&folder, root, ca, leaf), entry: there, key: None });
            }
            reason => reason,
        },
    };
    if args.issue.dry_run {
        authority.check(&plan)?;
        let mut leaf = LeafReport::planned(&folder, Some(ca_name), &plan, context.now);
        leaf.reason = reason;
        return Ok(Made { report: up_report(&folder, root, ca, leaf), entry: None, key: None });
    }
    let key = match early_key {
        Some(key) => key,
        None => PrivateKey::generate(plan.key())?,
    };
    let bundle = authority.issue_for(&plan, key)?;
    #[cfg(feature = "aws")]
    if let Some(ready) = work.ready {
        ready.preflight(bundle.leaf(), bundle.chain(), bundle.key(), there.as_ref(), context.now)?;
    }
    let (saved, state) = save(work, &authority, &bundle, &plan, there.as_ref())?;
    let missing = || Error::Missing { what: "leaf", name: first.to_string(), path: store.root().to_owned() };
    let entry = store.leaf_of(&first)?.ok_or_else(missing)?;
    let mut leaf = LeafReport::of(state, &folder, Some(ca_name), &entry.certificate, context.now);
    leaf.reason = reason;
    if let Some(saved) = saved {
        leaf = leaf.saved(&saved, &plan);
    }
    let key = args.is_ephemeral().then(|| bundle.into_key());
    Ok(Made { report: up_report(&folder, root, ca, leaf), entry: Some(entry), key })
}

/// Saves the leaf. Where another `up` was quicker and wanted the same, its leaf is
/// as good; a folder without a leaf in it is filled.
fn save(
    work: &Work<'_>,
    authority: &Authority,
    bundle: &Bundle,
    plan: &LeafPlan,
    there: Option<&LeafEntry>,
) -> Result<(Option<certforge::store::Saved>, State), Failure> {
    let Work { args, context, .. } = *work;
    let (store, first) = (&context.store, plan.names().first());
    let put = |overwrite| {
        let origin = Some(Origin { ca: work.ca, request: work.request });
        if args.is_ephemeral() {
            return store.save_bundle_without_key(first, bundle, origin, overwrite);
        }
        store.save_bundle(first, bundle, origin, overwrite)
    };
    // A key that is to be on no disk is kept in no archive either.
    let replace = if args.is_ephemeral() { Overwrite::Replace } else { Overwrite::Archive };
    let (overwrite, state) = match there {
        Some(entry) if !args.is_ephemeral() => {
            (Overwrite::ArchiveOf(entry.certificate.sha256()), State::Replaced)
        }
        None if !work.damaged => (Overwrite::Refuse, State::Created),
        _ => (replace, State::Replaced),
    };
    match put(overwrite) {
        Ok(saved) => Ok((Some(saved), state)),
        Err(Error::AlreadyExists { .. } | Error::Changed { .. }) => match store.leaf_of(first)? {
            Some(entry) if different(work, authority, plan, &entry)?.is_none() => {
                Ok((None, State::Unchanged))
            }
            _ => Ok((Some(put(replace)?), State::Replaced)),
        },
        Err(e) => Err(e.into()),
    }
}

fn up_report(folder: &std::path::Path, root: Option<CaReport>, ca: CaReport, leaf: LeafReport) -> UpReport {
    UpReport {
        arn: None,
        folder: crate::report::path(folder),
        root,
        ca,
        leaf,
        #[cfg(feature = "aws")]
        acm: None,
        #[cfg(feature = "aws")]
        imports: Vec::new(),
    }
}

/// Why the leaf that is there is not the one that is wanted, if it is not; with the names that the
/// other one goes without, whatever else calls for it.
fn different(
    work: &Work<'_>,
    authority: &Authority,
    plan: &LeafPlan,
    entry: &LeafEntry,
) -> Result<Option<String>, Failure> {
    let Some(reason) = first_difference(work, authority, plan, entry)? else { return Ok(None) };
    Ok(Some(match compare::left_out(&entry.certificate, plan) {
        Some(gone) if !reason.ends_with(&gone) => format!("{reason}; {gone}"),
        _ => reason,
    }))
}

/// The first that calls for another leaf. What was not asked for is taken as it is there.
fn first_difference(
    work: &Work<'_>,
    authority: &Authority,
    plan: &LeafPlan,
    entry: &LeafEntry,
) -> Result<Option<String>, Failure> {
    let Work { args, context, .. } = *work;
    let found = &entry.certificate;
    let reason = |text: &str| Ok(Some(text.to_owned()));
    if entry.has_lost_chain() {
        return reason("its chain is lost");
    }
    if found.issuer_der() != authority.certificate().subject_der()
        || !entry.chain.certificates().first().is_some_and(|issuer| is_same(issuer, authority.certificate()))
    {
        return reason("it is of another issuer");
    }
    if context.store.is_revoked(work.ca, &found.serial_hex())?.is_some() {
        return reason("it is revoked");
    }
    if Chains::new(&context.store).gone(entry)?.is_some() {
        return reason("a CA above it was revoked");
    }
    if let Some(different) = compare::in_names_or_key(found, plan) {
        return Ok(Some(different));
    }
    let asks_for_subject = args.issue.request.has_subject() || args.issue.request.has_template();
    if asks_for_subject && found.subject_der() != plan.subject().to_der()? {
        return reason("its subject is different");
    }
    if args.is_ephemeral() && entry.has_key() {
        return reason("its key is on the disk");
    }
    #[cfg(feature = "aws")]
    if let Some(ready) = work.ready.filter(|_| args.is_ephemeral())
        && !ready.is_imported(entry, context.now)?
    {
        return reason("its key is gone, and not every place has it");
    }
    if !args.is_ephemeral() && !entry.has_key() {
        return reason("its key is not kept here");
    }
    let template = plan.template();
    if args.issue.request.has_template() && !has_usages(found, plan) {
        return reason("its purpose is different");
    }
    let is_whole = |send_root| {
        if args.is_ephemeral() { entry.is_whole_without_key(send_root) } else { entry.is_whole(send_root) }
    };
    let whole = if args.issue.request.has_template() {
        is_whole(template.send_root())
    } else {
        is_whole(false) || is_whole(true)
    };
    if !whole {
        return reason("its files are missing, damaged or different");
    }
    let wanted = Wanted {
        request: work.request,
        plan,
        authority,
        has_length: args.issue.has_lifetime() || args.issue.request.has_template(),
        within: None,
        now: context.now,
    };
    Ok(wanted.in_time(found.validity()))
}

impl Args {
    #[cfg(feature = "aws")]
    const fn is_ephemeral(&self) -> bool {
        self.acm.ephemeral
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_self, reason = "the other build asks it")]
    const fn is_ephemeral(&self) -> bool {
        false
    }
}
