//! `certforge ca adopt`: go on with a CA that another tool made.

mod database;
mod found;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use certforge::certificate::{Certificate, Chain};
use certforge::error::{Counted, Shown};
use certforge::gather::{Pile, Role, is_der, pem_blocks};
use certforge::store::{CaEntry, History, files_below, is_regular, read_input, read_large_input, read_start};
use certforge::validity::rfc3339;
use certforge::{Authority, Error, Finding, RevocationList, Severity};
use time::OffsetDateTime;

use crate::command::PEM;
use crate::command::ca::new::root_name;
use crate::command::inventory::{Issuers, is_same};
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, DEFAULT_CA, Failure};
use crate::report::{AdoptReport, CaReport, Report, State, findings, path};
use database::Database;
use found::{Found, FoundKey, Place};

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
    /// Keep the key encrypted with this pass phrase, as it is for keys that come so
    #[arg(long)]
    encrypt: bool,
    /// Show what would be taken over, and stop
    #[arg(long)]
    dry_run: bool,
}

/// How deep a folder is looked into, and how many files of it.
const DEPTH: usize = 3;
const MOST_FILES: usize = 20_000;
/// The most octets of a file that is looked at.
const MOST_OCTETS: usize = 1 << 20;

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
        let same = there.all().iter().find(|ca| is_same(&ca.certificate, &candidate.certificate));
        match same {
            // One CA under two names would have two records and two lists.
            Some(ca) if args.name != DEFAULT_CA && *name == args.name && ca.name != *name => {
                return Err(Failure::Usage {
                    message: format!("that CA is here already, as {}", ca.name),
                    hint: format!("certforge ca adopt PATH {} takes over what it did since", ca.name),
                });
            }
            None if store.has_authority(name)? => {
                let path = store.ca_folder(name)?;
                return Err(Error::AlreadyExists { what: "CA", name: name.clone(), path }.into());
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
    for (name, candidate) in named {
        if let Some(ca) = there.all().iter().find(|ca| is_same(&ca.certificate, &candidate.certificate)) {
            known.push(ca);
            continue;
        }
        let end = candidate.certificate.validity().not_after();
        if end < context.now {
            let message = format!("{}: it ended at {}", candidate.place.shown, rfc3339(end));
            let finding = Finding::new("ca.ended", Severity::Warning, candidate.place.shown.clone(), message);
            found.findings.push(finding.fix(format!("certforge ca renew {name}")));
        }
        let chain = Chain::new(candidate.issuers)?;
        let FoundKey { key, passphrase, .. } = candidate.key;
        let authority = Authority::load(candidate.certificate, key, &chain, context.now.min(end))?;
        let serial = authority.certificate().serial();
        let issued = found.history(authority.certificate()).issued;
        let bound = issued.iter().any(|c| c.authority_serial().as_deref() == Some(serial));
        let fix = format!("certforge ca renew {name}{}", if bound { " --keep-serial" } else { "" });
        let of_ca = faults(&candidate.place.shown, authority.certificate());
        found.findings.extend(of_ca.into_iter().map(|f| f.fix(fix.clone())));
        ready.push((name, authority, passphrase));
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
    for ca in known {
        if !args.dry_run {
            catch_up(ca, &found.history(&ca.certificate), context, &mut report)?;
            behind.extend(list_is_behind(&ca.name, context)?);
        }
        let of_ca = CaReport::of(State::Unchanged, &ca.name, &ca.folder, &ca.certificate, context.now);
        report.authorities.push(of_ca);
    }
    found.findings.extend(faults_of_leaves(&found.certificates));
    // What is to be done now comes last, where it is read.
    found.findings.extend(behind);
    report.findings = findings(&found.findings);
    Ok(Report::Adopt(Box::new(report)))
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
    let message = format!("taken back by {name}, and in no list yet: {these}");
    let finding = Finding::new("ca.list-behind", Severity::Warning, name, message);
    Ok((missing > 0).then(|| finding.fix(format!("certforge crl --ca {name}"))))
}

/// The lists in a file that is larger than what is looked at otherwise: a CA of many years
/// has taken back much.
fn large_list(file: &Path) -> Option<Vec<certforge::Result<RevocationList>>> {
    let start = read_start(file).ok()?;
    if start.size <= MOST_OCTETS as u64 {
        return None;
    }
    let has = |text: &[u8]| start.octets.windows(text.len()).any(|w| w == text);
    if has(b"X509 CRL") || has(b"Certificate Revocation List") {
        return Some(read_large_input(file).map_or_else(|e| vec![Err(e)], |bytes| lists(&bytes)));
    }
    // Of what is in DER nobody knows what it was to be.
    let der = is_der(&start.octets).then(|| read_large_input(file).ok()).flatten();
    Some(der.map(|bytes| RevocationList::from_der(bytes).map(Ok)).into_iter().flatten().collect())
}

/// The lists in a file, DER or PEM.
fn lists(bytes: &[u8]) -> Vec<certforge::Result<RevocationList>> {
    if is_der(bytes) {
        return RevocationList::from_der(bytes).map(Ok).into_iter().collect();
    }
    pem_blocks(bytes, "X509 CRL").map(RevocationList::from_pem).collect()
}

/// Takes the lists of a file. What one of them took back is not known where it cannot be
/// read, and the next list of the CA must not say that it is good without a word.
fn take_lists(read: Vec<certforge::Result<RevocationList>>, file: &Path, found: &mut Found) {
    for list in read {
        match list {
            Ok(list) => found.lists.push(list),
            Err(e) => {
                let place = path(file);
                let message = format!("{}: {e}: what it takes back is not taken over", Shown(&place));
                let finding = Finding::new("crl.malformed", Severity::Error, place, message);
                found.findings.push(finding.fix("mend the file or get it anew, then run this again"));
            }
        }
    }
}

/// Reads what is there.
fn look(args: &Args) -> Result<Found, Failure> {
    let (files, closed) = if is_regular(&args.path) || args.path == Path::new("-") {
        (vec![args.path.clone()], Vec::new())
    } else {
        files_below(&args.path, DEPTH, MOST_FILES)?
    };
    let alone = files.len() == 1;
    // Of a CA in files of its own the database is in its folder, or in the one above its key.
    let beside = if alone { databases_beside(args) } else { Vec::new() };
    let mut found = Found::default();
    let unlisted = |e: &Error| Finding::new(e.code(), Severity::Warning, "folder", e.to_string());
    found.findings.extend(closed.iter().map(unlisted));
    for file in files.iter().chain(&args.private_key).chain(&beside) {
        if Database::is_one(file) {
            found.databases.push(Database::read(file, &read_large_input(file)?));
            continue;
        }
        // What somebody named has to be read; what lies in a folder may be none of the CA's.
        let named = alone || args.private_key.as_ref() == Some(file);
        if !named && let Some(lists) = large_list(file) {
            take_lists(lists, file, &mut found);
            continue;
        }
        let bytes = match read_input(file) {
            Err(e) if named => return Err(e.into()),
            Ok(bytes) if named || bytes.len() <= MOST_OCTETS => bytes,
            // One that is too large or cannot be read may be none of the CA's.
            Ok(_) | Err(_) => continue,
        };
        if !looks_like_any(&bytes) {
            continue;
        }
        let lists = lists(&bytes);
        let is_list = !lists.is_empty()
            && !bytes.windows(16).any(|w| w == b"BEGIN CERTIFICAT" || w == b"PRIVATE KEY-----");
        take_lists(lists, file, &mut found);
        if is_list {
            continue;
        }
        let mut used = None;
        let mut ask = args.passphrase.unlock();
        let mut unlock = |of: &str| {
            let secret = ask(of)?;
            used.clone_from(&secret);
            Ok(secret)
        };
        let mut pile = Pile::new();
        pile.add(Role::Any, file, &bytes, &mut unlock)?;
        let parts = pile.into_parts();
        let at = |shown| Place { shown, file: file.clone() };
        found.certificates.extend(parts.certificates.into_iter().map(|(place, c)| (at(place), c)));
        found.keys.extend(parts.keys.into_iter().map(|(_, key)| FoundKey {
            file: file.clone(),
            key,
            passphrase: used.clone(),
        }));
        // Requests that were signed long ago lie beside what came of them.
        let mut wrong = parts.findings;
        wrong.retain(|f| f.severity == Severity::Error && f.code != "gather.unsigned");
        found.findings.extend(wrong.into_iter().map(|f| {
            let message = format!("{}: {}", f.place, f.message);
            Finding::new(f.code, Severity::Warning, f.place, message).fix(f.fix)
        }));
    }
    found.certificates.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn databases_beside(args: &Args) -> Vec<PathBuf> {
    let above_key = args.private_key.iter().flat_map(|key| key.ancestors().skip(1).take(2));
    let folders = args.path.ancestors().skip(1).take(1).chain(above_key);
    let mut found: Vec<PathBuf> = folders.map(Database::in_folder).filter(|file| is_regular(file)).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether a file may hold certificates or keys: the others of a folder are passed over.
fn looks_like_any(bytes: &[u8]) -> bool {
    is_der(bytes) || bytes.windows(PEM.len()).any(|w| w == PEM.as_bytes())
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

/// The issuers of a CA, as far up as they are there.
fn issuers(certificate: &Certificate, all: &[(Place, Certificate)]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    let mut below = certificate;
    loop {
        let above = all.iter().map(|(_, c)| c).find(|c| {
            *c != below
                && !chain.contains(c)
                && below.issuer_der() == c.subject_der()
                && below.is_signed_by(c.public_key()).unwrap_or(false)
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
        let known = there.all().iter().find(|ca| is_same(&ca.certificate, &c.certificate));
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
    let mut places = BTreeSet::new();
    for (place, certificate) in certificates.iter().filter(|(_, c)| c.ca().is_none()) {
        // It may lie there twice, by its name and by its number.
        if !places.insert(certificate.sha256().to_string()) {
            continue;
        }
        for fault in faults(&place.shown, certificate) {
            let text = |f: &Finding| f.message.strip_prefix(&format!("{}: ", f.place)).map(str::to_owned);
            match seen.iter_mut().find(|(known, _)| known.code == fault.code && text(known) == text(&fault)) {
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
