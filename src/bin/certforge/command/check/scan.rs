//! Every certificate below a folder, at a glance.

use std::path::{Path, PathBuf};

use certforge::check::certificate;
use certforge::error::Shown;
use certforge::gather::{clean_certificates, is_der};
use certforge::store::{Start, files_below, read_input, read_start};
use certforge::validity::rfc3339;
use certforge::{Certificate, Finding, Severity};
use rayon::prelude::*;
use time::Duration;

use super::Args;
use crate::command::PEM;
use crate::command::material::{self, Revocations};
use crate::command::status::span;
use crate::context::{Context, Failure, Waits};
use crate::render::Bar;
use crate::report::{Report, ScanEntry, ScanReport, findings, path, self_signature};
use crate::threads::Shared;

/// How deep folders are looked into, and how many files are.
const DEEPEST: usize = 32;
const MOST: usize = 1_000_000;

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let within = args.within.as_deref().map(span).transpose()?;
    let (files, closed) = files_below(&args.what, (DEEPEST, MOST), false)?;
    let asked = Asked { within, strict: args.strict, revocations: Revocations::of(context), context };
    let bar = Bar::new(files.len(), context.waits == Waits::Quiet);
    let one = |file: &PathBuf| {
        let found = one(file, &asked);
        bar.tick();
        found
    };
    let all: Vec<(Vec<ScanEntry>, Vec<Finding>)> =
        Shared::start().run(|| files.par_iter().with_min_len(16).map(one).collect());
    bar.end();
    let mut report = ScanReport {
        folder: path(&args.what),
        files: files.len(),
        certificates: Vec::with_capacity(all.len()),
        due: 0,
        findings: findings(&closed.iter().map(unlisted).collect::<Vec<_>>()),
    };
    report.findings.extend(findings(asked.revocations.unknown(&report.folder).as_slice()));
    for (entries, said) in all {
        report.certificates.extend(entries);
        report.findings.extend(findings(&said));
    }
    report.due = report.certificates.iter().filter(|e| e.condition != "ok").count();
    Ok(Report::Scan(report))
}

/// What is asked of each certificate.
struct Asked<'a> {
    within: Option<Duration>,
    strict: bool,
    revocations: Revocations<'a>,
    context: &'a Context,
}

/// What one file holds. One that is something else is passed over.
fn one(file: &Path, asked: &Asked<'_>) -> (Vec<ScanEntry>, Vec<Finding>) {
    let shown = || Shown(&file.to_string_lossy()).to_string();
    let bytes = match read_input(file) {
        Ok(bytes) => bytes,
        // Too large. Only what begins like what is looked for may be missed.
        Err(e @ certforge::Error::Path { .. }) => {
            let begins = |start: Start| start.octets.windows(PEM.len()).any(|w| w == PEM.as_bytes());
            let missed = read_start(file).is_ok_and(begins);
            let said =
                || Finding::new(e.code(), Severity::Warning, shown(), format!("{e}: it was not looked into"));
            return (Vec::new(), missed.then(said).into_iter().collect());
        }
        Err(e) => {
            return (Vec::new(), vec![Finding::new(e.code(), Severity::Warning, shown(), e.to_string())]);
        }
    };
    let name = path(file);
    let entry_of = |c: &Certificate| entry(&name, c, asked);
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains(PEM) && !is_der(&bytes) => {
            return (Vec::new(), Vec::new());
        }
        Ok(text) => {
            // The usual case: nothing else, and each as it should be.
            if let Some(all) = clean_certificates(text) {
                return (all.iter().map(entry_of).collect(), Vec::new());
            }
        }
        // UTF-16 has a zero in each second octet.
        Err(_)
            if is_der(&bytes)
                || bytes.windows(PEM.len()).any(|w| w == PEM.as_bytes())
                || bytes.windows(2 * PEM.len()).any(|w| w.iter().step_by(2).eq(PEM.as_bytes())) => {}
        Err(_) => return (Vec::new(), Vec::new()),
    }
    let Ok(parts) = material::look_at(file, &bytes) else { return (Vec::new(), Vec::new()) };
    let entries = parts.certificates.iter().map(|(_, c)| entry_of(c)).collect();
    let damaged = |f: &Finding| f.severity == Severity::Error && f.code == "gather.damaged";
    let mut said: Vec<Finding> = parts.findings.iter().filter(|f| damaged(f)).cloned().collect();
    // A DER file that is no certificate is something else, not a damaged one.
    if is_der(&bytes) && parts.certificates.is_empty() {
        said.clear();
    }
    if parts.others.locked.is_empty() {
        let locked = parts.findings.iter().filter(|f| f.code == "gather.encrypted");
        said.extend(locked.map(|f| {
            let message = format!("{}: whether it holds certificates is not known", f.message);
            Finding::new(f.code, Severity::Warning, shown(), message)
        }));
    }
    (entries, said)
}

/// That a folder was not looked into.
fn unlisted(e: &certforge::Error) -> Finding {
    Finding::new(e.code(), Severity::Warning, "folder", format!("{e}: it was not looked into"))
}

fn entry(name: &str, certificate: &Certificate, asked: &Asked<'_>) -> ScanEntry {
    let (within, context) = (asked.within, asked.context);
    let validity = certificate.validity();
    let mut said = Vec::new();
    if asked.strict {
        said = certificate::examine(certificate);
        said.extend(self_signature(certificate));
        for finding in &mut said {
            name.clone_into(&mut finding.place);
        }
    }
    let wrong = said.iter().any(|f| f.severity == Severity::Error);
    let taken_back = asked.revocations.find(name, certificate);
    let is_revoked = taken_back.as_ref().is_some_and(|f| f.severity == Severity::Error);
    said.extend(taken_back);
    let names = certificate.names_as_written();
    let condition = match () {
        () if is_revoked => "revoked",
        () if context.now > validity.not_after() => "expired",
        () if context.now < validity.not_before() => "not-yet-valid",
        () if wrong => "wrong",
        // Without a term of one's own, only what has ended is not as it should be.
        () if within.is_some() && validity.is_due(context.now, within) => "due",
        () => "ok",
    };
    ScanEntry {
        path: name.to_owned(),
        condition,
        not_after: rfc3339(validity.not_after()),
        days_left: validity.days_left(context.now),
        // A table has room for one of both.
        subject: if context.json || names.is_empty() { certificate.subject() } else { String::new() },
        names,
        serial: if context.json { certificate.serial_hex() } else { String::new() },
        findings: findings(&said),
    }
}
