//! `certforge ca adopt`: go on with a CA that another tool made.

mod database;
mod found;
mod look;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use certforge::certificate::{Certificate, Chain};
use certforge::error::{Counted, Shown};
use certforge::store::{CaEntry, History};
use certforge::validity::rfc3339;
use certforge::{Authority, Error, Finding, Severity};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::command::ca::new::root_name;
use crate::command::inventory::Issuers;
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, DEFAULT_CA, Failure};
use crate::report::{AdoptReport, CaReport, Report, State, findings, path};
use found::{Found, FoundKey, Place};
use look::look;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge ca adopt \"$(mkcert -CAROOT)\"
  certforge ca adopt ./pki office
  certforge ca adopt ca.pem --private-key ca.key
  certforge ca adopt old-ca.p12 --passphrase-file pass.txt
  certforge ca adopt ./certdir --dry-run

A folder of create_ca.sh, mkcert, easy-rsa, minica, step or anybody else is looked through
for CAs whose key is there. What is wrong with them is told; nothing in the folder changes.")]
pub struct Args {
    /// A folder, or a file with the CA's certificate
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The CA's name in the store
    #[arg(value_name = "NAME", default_value = DEFAULT_CA)]
    name: String,
    /// The CA's private key, where it is in a file of its own
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Encrypt the key with the pass phrase; a key that is encrypted already stays so without this
    #[arg(long)]
    encrypt: bool,
    /// Show what would be taken over, and stop
    #[arg(long)]
    dry_run: bool,
}

/// A CA that can be taken over.
struct Candidate {
    place: Place,
    certificate: Certificate,
    key: FoundKey,
    issuers: Vec<Certificate>,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let store = &context.store;
    store.ca_folder(&args.name)?;
    let mut found = look(args)?;
    let candidates = candidates(&mut found, context.now);
    if candidates.is_empty() {
        return Err(none(&args.path, &found));
    }
    let there = Issuers::read(store)?;
    let named = name(candidates, args, &there, &mut found.findings);
    for (name, candidate) in &named {
        let same = there.same_as(&candidate.certificate);
        match same {
            // One CA under two names would have two records and two lists.
            Some(ca) if args.name != DEFAULT_CA && *name == args.name && ca.name != *name => {
                return Err(Failure::usage(
                    format!("that CA is here already, as {}", ca.name),
                    format!("certforge ca adopt PATH {} takes over what it did since", ca.name),
                ));
            }
            None if store.has_authority(name)? => {
                let path = store.ca_folder(name)?;
                return Err(Error::AlreadyExists { what: "another CA", name: name.clone(), path }.into());
            }
            _ => {}
        }
    }
    let mut report =
        AdoptReport { authorities: Vec::new(), certificates: 0, revoked: 0, findings: Vec::new() };
    let home = |c: &Candidate| found.home(&c.key.file).or_else(|| found.home(&c.place.file));
    found.homes = named.iter().map(|(_, c)| (c.certificate.clone(), home(c))).collect();
    let authorities: Vec<&Certificate> = named.iter().map(|(_, c)| &c.certificate).collect();
    found.tell_of_databases(&authorities);
    // All are checked before the first is saved.
    let (mut ready, mut known) = (Vec::new(), Vec::new());
    for (name, mut candidate) in named {
        climb(&mut candidate, &there);
        match there.same_as(&candidate.certificate) {
            Some(ca) => known.push((ca, renewed_elsewhere(ca, candidate, context)?)),
            None => ready.push(taken_over(name, candidate, &mut found, context)?),
        }
    }
    let mut behind = Vec::new();
    let given = if args.encrypt { Some(args.passphrase.fresh("the CA")?) } else { None };
    for (name, authority, passphrase) in ready {
        let folder = store.ca_folder(&name)?;
        let (state, certificate) = (State::Created, authority.certificate());
        if args.dry_run {
            let mut report_of = CaReport::of(State::Planned, &name, &folder, certificate, context.now);
            report_of.planned = "would be taken over";
            report.authorities.push(report_of);
            continue;
        }
        let passphrase = given.as_ref().or(passphrase.as_ref()).map(|p| p.as_str());
        let history = found.history(certificate);
        let saved = store.adopt_authority(&name, &authority, passphrase, &history)?;
        report.certificates += history.issued.len();
        report.revoked += history.revoked.len();
        behind.extend(list_is_behind(&name, context)?);
        report.authorities.push(CaReport::of(state, &name, &folder, certificate, context.now).saved(&saved));
    }
    for (ca, renewed) in known {
        if !args.dry_run {
            catch_up(ca, &found.history(&ca.certificate), context, &mut report)?;
            behind.extend(list_is_behind(&ca.name, context)?);
        }
        let now = |state, c: &Certificate| CaReport::of(state, &ca.name, &ca.folder, c, context.now);
        report.authorities.push(match renewed {
            None => now(State::Unchanged, &ca.certificate),
            Some(renewed) if args.dry_run => {
                CaReport { planned: "would be renewed", ..now(State::Planned, renewed.certificate()) }
            }
            Some(renewed) => {
                let above = there.above(ca);
                let issuer = above.map(|above| above.name.as_str());
                let saved = store.save_renewed(&ca.name, &renewed, issuer)?;
                now(State::Renewed, renewed.certificate()).saved(&saved)
            }
        });
    }
    found.findings.extend(faults_of_leaves(&found.certificates));
    // What is to be done now comes last, where it is read.
    found.findings.extend(behind);
    report.findings = findings(&found.findings);
    Ok(Report::Adopt(Box::new(report)))
}

/// A CA that is new here, with its name and the pass phrase that opened its key; what is wrong
/// with it is told.
fn taken_over(
    name: String,
    candidate: Candidate,
    found: &mut Found,
    context: &Context,
) -> Result<(String, Authority, Option<Zeroizing<String>>), Failure> {
    let place = candidate.place.shown;
    let top = candidate.issuers.last().unwrap_or(&candidate.certificate);
    if !top.is_self_issued() {
        let issuer = top.issuer();
        let message =
            format!("{place}: the CA `{}`, above it, is not there: its limits are not known", Shown(&issuer));
        let finding = Finding::new("ca.no-issuer", Severity::Warning, place.clone(), message);
        found.findings.push(finding.fix(format!(
            "put its certificate into {} afterwards",
            path(&context.store.ca_folder(&name)?.join("chain.pem"))
        )));
    }
    let end = candidate.certificate.validity().not_after();
    if end < context.now {
        let message = format!("{place}: it ended at {}", rfc3339(end));
        let finding = Finding::new("ca.ended", Severity::Warning, place.clone(), message);
        found.findings.push(finding.fix(format!("certforge ca renew {name}")));
    }
    let chain = Chain::new(candidate.issuers)?;
    let FoundKey { key, passphrase, .. } = candidate.key;
    let authority = Authority::load(candidate.certificate, key, &chain, context.now.min(end))?;
    let certificate = authority.certificate();
    // The serial number of what is no root is given out by the CA above it.
    let issued = found.history(certificate).issued;
    let bound = certificate.is_self_issued()
        && issued.iter().any(|c| c.authority_serial().as_deref() == Some(certificate.serial()));
    let fix = format!("certforge ca renew {name}{}", if bound { " --keep-serial" } else { "" });
    found.findings.extend(faults(&place, certificate).into_iter().map(|f| f.fix(fix.clone())));
    Ok((name, authority, passphrase))
}

/// A CA that is here with the certificate that it got since where it is kept besides, if it did.
fn renewed_elsewhere(
    ca: &CaEntry,
    candidate: Candidate,
    context: &Context,
) -> Result<Option<Authority>, Failure> {
    let (new, old) = (candidate.certificate.validity(), ca.certificate.validity());
    // What it had before it was renewed here is no news.
    let before = context.store.previous_authorities(&ca.name)?;
    // A certificate of another CA above it, or of none, is another way up, and no renewal.
    let is_newer = candidate.certificate.issuer_der() == ca.certificate.issuer_der()
        && candidate.certificate.is_self_signed() == ca.certificate.is_self_signed()
        && new.not_after() > old.not_after()
        && !before.contains(&candidate.certificate);
    if !is_newer || !new.contains(context.now) {
        return Ok(None);
    }
    let chain = Chain::new(candidate.issuers)?;
    Ok(Some(Authority::load(candidate.certificate, candidate.key.key, &chain, context.now)?))
}

/// Takes over what a CA that is here did elsewhere since.
fn catch_up(
    ca: &CaEntry,
    history: &History<'_>,
    context: &Context,
    report: &mut AdoptReport,
) -> Result<(), Failure> {
    let _lock = context.store.lock()?;
    let name = &ca.name;
    for certificate in &history.issued {
        report.certificates += usize::from(context.store.record_issued(name, certificate)?);
    }
    for revoked in &history.revoked {
        let taken = context.store.revoke(name, &revoked.serial_hex(), revoked.reason, revoked.at)?;
        report.revoked += usize::from(taken.changed);
    }
    // Last: what is in a list is on record by now, and would be given back otherwise.
    let Some(list) = history.list else { return Ok(()) };
    let number = list.number().unwrap_or_default();
    if number < context.store.next_list_number(name)? {
        return Ok(());
    }
    if context.store.is_list_current(ca, list)? {
        // The next one goes on from there.
        context.store.save_revocation_list(name, list)?;
    } else {
        // What was taken back here stays in the list that is here.
        context.store.save_list_number(name, number)?;
    }
    Ok(())
}

/// Warns where the last list lacks what is on record as taken back.
fn list_is_behind(name: &str, context: &Context) -> Result<Option<Finding>, Failure> {
    let listed = context.store.revocation_list(name)?.map_or(0, |list| list.revoked().len());
    let missing = context.store.revoked(name)?.len().saturating_sub(listed);
    let these = Counted(missing, "certificate", "certificates");
    let message = format!("revoked by {name}, and in no CRL yet: {these}");
    let finding = Finding::new("ca.list-behind", Severity::Warning, name, message);
    Ok((missing > 0).then(|| finding.fix(format!("certforge crl --ca {name}"))))
}

/// The CAs whose key is there, each once, with their issuers.
fn candidates(found: &mut Found, now: OffsetDateTime) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut authorities: Vec<(Place, Certificate)> =
        found.certificates.iter().filter(|(_, c)| c.ca().is_some()).cloned().collect();
    // Of a CA that was renewed, the certificate that is valid, and longest.
    authorities.sort_by_key(|(_, c)| Reverse((c.validity().contains(now), c.validity().not_after())));
    for (place, certificate) in &authorities {
        if candidates.iter().any(|c| c.certificate == *certificate) {
            continue;
        }
        let Some(at) = found.keys.iter().position(|k| k.key.public().is_same_as(certificate.public_key()))
        else {
            continue;
        };
        let key = found.keys.swap_remove(at);
        let issuers = issuers(certificate, &authorities);
        candidates.push(Candidate { place: place.clone(), certificate: certificate.clone(), key, issuers });
    }
    candidates.sort_by(|a, b| a.place.cmp(&b.place));
    candidates
}

/// The way up goes on in the store, where the CA above was taken over before.
fn climb(candidate: &mut Candidate, there: &Issuers) {
    let of_store: Vec<(Place, Certificate)> =
        there.all().iter().map(|ca| (candidate.place.clone(), ca.certificate.clone())).collect();
    let top = candidate.issuers.last().unwrap_or(&candidate.certificate).clone();
    candidate.issuers.extend(issuers(&top, &of_store));
}

/// The issuers of a CA, as far up as they are there.
fn issuers(certificate: &Certificate, all: &[(Place, Certificate)]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    let mut below = certificate;
    loop {
        let above = all.iter().map(|(_, c)| c).find(|c| {
            *c != below
                && !chain.contains(c)
                && below.is_issued_by(c)
                && !below.is_signed_by(below.public_key()).unwrap_or(false)
        });
        let Some(above) = above else { return chain };
        chain.push(above.clone());
        below = above;
    }
}

/// Gives each CA a name: one that is here already its own; of the others an intermediate is
/// the one that issues, and its root is called so. An intermediate of its issuer's own name
/// is left out: clients take the one for the other.
fn name(
    candidates: Vec<Candidate>,
    args: &Args,
    there: &Issuers,
    findings: &mut Vec<Finding>,
) -> Vec<(String, Candidate)> {
    let mut kept = Vec::new();
    for candidate in candidates {
        let twin =
            candidate.issuers.first().is_some_and(|i| i.subject_der() == candidate.certificate.subject_der());
        if twin {
            let message = format!(
                "{}: `{}` is the name of its issuer too: OpenSSL takes one for the other, so it is left out",
                candidate.place.shown,
                Shown(&candidate.certificate.subject())
            );
            let finding =
                Finding::new("ca.same-name", Severity::Warning, candidate.place.shown.clone(), message);
            let fix =
                format!("make one with a name of its own: certforge ca new issuing --under {}", args.name);
            findings.push(finding.fix(fix));
        } else {
            kept.push(candidate);
        }
    }
    let known = |c: &Candidate| {
        let known = there.same_as(&c.certificate);
        known.map(|ca| ca.name.clone())
    };
    // What is here already comes first, then the one with the longest way up: that issues.
    kept.sort_by_key(|c| (known(c).is_none(), Reverse(c.issuers.len())));
    let mut named: Vec<(String, Candidate)> = Vec::new();
    for candidate in kept {
        let first = named.first().map(|(_, first)| first);
        let is_above = first.is_some_and(|first| first.issuers.contains(&candidate.certificate));
        let free = |name: &String| {
            !named.iter().any(|(taken, _)| taken == name) && !there.all().iter().any(|ca| ca.name == *name)
        };
        let name = match known(&candidate) {
            // Under a name that was asked for it is refused: it has one.
            Some(_) if named.is_empty() && args.name != DEFAULT_CA => args.name.clone(),
            Some(own) => own,
            None if named.is_empty() => args.name.clone(),
            None => {
                let root = is_above.then(|| root_name(&args.name)).filter(free);
                let mut numbered = (2..).map(|n| format!("{}-{n}", args.name));
                root.or_else(|| numbered.find(free)).unwrap_or_default()
            }
        };
        named.push((name, candidate));
    }
    named
}

/// What is wrong with the form of a certificate that others made.
fn faults(place: &str, certificate: &Certificate) -> Vec<Finding> {
    let found = certforge::check::certificate::lint(certificate.tbs());
    let found = found
        .unwrap_or_else(|e| vec![Finding::new("certificate.malformed", Severity::Error, "", e.to_string())]);
    found
        .into_iter()
        .map(|f| Finding::new(f.code, Severity::Warning, place, format!("{place}: {}", f.message)))
        .collect()
}

/// What is wrong with the form of leaves, each fault once: what one tool made it made alike.
fn faults_of_leaves(certificates: &[(Place, Certificate)]) -> Vec<Finding> {
    let mut seen: Vec<(Finding, usize)> = Vec::new();
    let mut known: HashMap<(&'static str, String), usize> = HashMap::new();
    let mut places = BTreeSet::new();
    for (place, certificate) in certificates.iter().filter(|(_, c)| c.ca().is_none()) {
        // It may lie there twice, by its name and by its number.
        if !places.insert(certificate.sha256().to_string()) {
            continue;
        }
        for fault in faults(&place.shown, certificate) {
            // Where a name is in the text, the text is another one each time.
            let text = fault.message.strip_prefix(&format!("{}: ", fault.place)).unwrap_or_default();
            let text = text.split('`').step_by(2).collect::<Vec<_>>().join("`");
            let at = *known.entry((fault.code, text)).or_insert(seen.len());
            match seen.get_mut(at) {
                Some((_, count)) => *count += 1,
                None => seen.push((fault, 1)),
            }
        }
    }
    let told = |(mut fault, count): (Finding, usize)| {
        if count > 1 {
            fault.message = format!("{} ({} others too)", fault.message, count - 1);
        }
        fault
    };
    seen.into_iter().map(told).collect()
}

/// Why nothing can be taken over.
fn none(path: &Path, found: &Found) -> Failure {
    let authorities = found.certificates.iter().filter(|(_, c)| c.ca().is_some()).count();
    let what = match (authorities, found.keys.len()) {
        (0, _) => {
            let all = Counted(found.certificates.len(), "certificate", "certificates");
            format!("{all}, and none is a CA's")
        }
        (n, 0) => format!("{}, and no private key that can be read", Counted(n, "CA", "CAs")),
        (n, keys) => {
            let keys = Counted(keys, "private key", "private keys");
            format!("{} and {keys}, and none fit together", Counted(n, "CA", "CAs"))
        }
    };
    let old = found.certificates.iter().find(|(_, c)| c.version() < 3 && c.is_self_issued());
    let old = old
        .map(|(place, _)| format!("; {} is X.509 version 1, which makes no CA", place.shown))
        .unwrap_or_default();
    let first = found.findings.first();
    let first = first.map(|f| {
        let fix = if f.fix.is_empty() { String::new() } else { format!(" ({})", f.fix) };
        format!("; {}{fix}", f.message)
    });
    let first = first.unwrap_or_default();
    Error::NoAuthority { path: path.to_owned(), found: format!("{what}{old}{first}") }.into()
}
