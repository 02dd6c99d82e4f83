//! Output. Standard output is the machine's: the result alone, or with
//! `--json` one document. Standard error is for people: short lines, colour only
//! on a terminal, nothing but errors with `--quiet`. Foreign text is escaped.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use certforge::error::{Escaped, Shown, is_invisible};
use serde::Serialize;

use crate::context::Failure;
use crate::report::{
    Document, FindingReport, FormsReport, Problem, Report, SCHEMA, ServeReport, State, status,
};
use crate::spelling::spelled;

#[cfg(feature = "aws")]
mod acm;
mod apigw;
mod apply;
mod bar;
mod check;
mod explain;
mod issued;
mod lifecycle;
mod verify;

pub use bar::Bar;
use issued::{adopt_lines, batch_lines, ca_lines, file_line, leaf_lines, request_lines, up_lines};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// How the output is wanted.
#[derive(Clone, Copy)]
pub struct Format {
    pub json: bool,
    pub quiet: bool,
}

/// Writes a report. A reader that has gone away is no failure; a full disk is.
pub fn report(report: &Report, format: Format) -> ExitCode {
    // What people read cannot undo what was done: the result is written either way.
    let told = match format {
        Format { json: true, .. } => Ok(()),
        // Errors are told however quiet it is to be.
        Format { quiet: true, .. } => people(&failures(report)),
        Format { .. } => people(&lines(report)),
    };
    match write_result(report, format).and(told) {
        Ok(()) => ExitCode::from(status_of(report)),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(status_of(report)),
        Err(e) => {
            complain("cannot write the output", &e.to_string());
            ExitCode::from(status::FILE_SYSTEM)
        }
    }
}

/// The exit status of a report: of several imports some may have failed.
fn status_of(report: &Report) -> u8 {
    match report {
        Report::Apply(r) => apply::status(r),
        #[cfg(feature = "aws")]
        Report::Imports(r) => acm::status(&r.results),
        #[cfg(feature = "aws")]
        Report::Up(r) => acm::status(&r.imports),
        #[cfg(feature = "aws")]
        Report::AcmList(r) => acm::worst(&r.failed),
        #[cfg(feature = "aws")]
        Report::Prune(r) => acm::worst(&r.failed),
        Report::Renew(r) => lifecycle::renew_status(r),
        // What a list takes back that cannot be read is not taken over.
        Report::Adopt(r) => u8::from(r.findings.iter().any(|f| f.severity == "error")) * status::NEGATIVE,
        Report::ApigwExplain(r) => u8::from(r.is_negative()) * status::NEGATIVE,
        Report::Check(r) => u8::from(!r.good) * status::NEGATIVE,
        Report::Scan(r) => {
            u8::from(r.due > 0 || r.findings.iter().any(|f| f.severity == "error")) * status::NEGATIVE
        }
        Report::StorePrune(r) => {
            u8::from(r.findings.iter().any(|f| f.severity == "error")) * status::FILE_SYSTEM
        }
        Report::Explain(r) => u8::from(r.found.is_empty()) * status::NEGATIVE,
        Report::Status(r) => u8::from(r.is_due()) * status::NEGATIVE,
        Report::Exit(status) => *status,
        Report::Verify(r) => u8::from(!r.valid) * status::NEGATIVE,
        _ => 0,
    }
}

/// What people read of what failed in a report.
fn failures(report: &Report) -> Vec<u8> {
    let mut text = Vec::new();
    let mut errors = |findings: &[FindingReport]| {
        let errors: Vec<FindingReport> = findings.iter().filter(|f| f.severity == "error").cloned().collect();
        // Writing to memory does not fail.
        let _ = finding_lines(&mut text, &errors);
    };
    match report {
        Report::Apply(r) => {
            let _ = apply::failures(&mut text, r);
        }
        Report::Adopt(r) => errors(&r.findings),
        Report::CaList(r) => errors(&r.findings),
        Report::Issued(r) => errors(&r.findings),
        Report::LeafList(r) => errors(&r.findings),
        Report::Scan(r) => {
            r.certificates.iter().for_each(|entry| errors(&entry.findings));
            errors(&r.findings);
        }
        Report::Status(r) => errors(&r.findings),
        Report::StorePrune(r) => errors(&r.findings),
        Report::Renew(r) => {
            let _ = lifecycle::renew_failures(&mut text, r);
        }
        _ => {}
    }
    #[cfg(feature = "aws")]
    let _ = match report {
        Report::Imports(r) => acm::failed_lines(&mut text, &r.results),
        Report::Up(r) => acm::failed_lines(&mut text, &r.imports),
        Report::AcmList(r) => acm::place_lines(&mut text, &r.failed),
        Report::Prune(r) => acm::place_lines(&mut text, &r.failed),
        _ => Ok(()),
    };
    text
}

/// Text for people, in one write: colours only where standard error takes them.
fn people(text: &[u8]) -> io::Result<()> {
    let mut stderr = io::stderr().lock();
    match anstream::AutoStream::choice(&stderr) {
        anstream::ColorChoice::Never => stderr.write_all(&anstream::adapter::strip_bytes(text).into_vec()),
        _ => stderr.write_all(text),
    }
}

/// What people read of a report.
fn lines(report: &Report) -> Vec<u8> {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = match report {
        Report::Adopt(r) => adopt_lines(&mut text, r),
        Report::ApigwExplain(r) => apigw::explain_lines(&mut text, r),
        Report::ApigwPatch(r) => apigw::patch_lines(&mut text, r),
        Report::Apply(r) => apply::lines(&mut text, r),
        Report::Batch(r) => batch_lines(&mut text, r),
        Report::Ca(r) => ca_lines(&mut text, r),
        Report::CaList(r) if r.authorities.is_empty() && r.findings.is_empty() => {
            writeln!(text, "no CA is here; certforge ca new makes one")
        }
        Report::CaList(r) => finding_lines(&mut text, &r.findings),
        Report::Check(r) => check::lines(&mut text, r),
        Report::Scan(r) => check::scan_lines(&mut text, r),
        Report::Request(r) => request_lines(&mut text, r),
        Report::Template(_) | Report::TemplateList(_) | Report::Text(_) => Ok(()),
        #[cfg(feature = "aws")]
        Report::AcmList(r) => acm::place_lines(&mut text, &r.failed),
        #[cfg(feature = "aws")]
        Report::Policy(_) => Ok(()),
        #[cfg(feature = "aws")]
        Report::AcmShow(r) => acm::show_lines(&mut text, r),
        #[cfg(feature = "aws")]
        Report::Import(r) => acm::import_lines(&mut text, r),
        #[cfg(feature = "aws")]
        Report::Imports(r) => acm::results_lines(&mut text, &r.results),
        Report::Explain(r) => explain::lines(&mut text, r),
        Report::Fixtures(r) => line(
            &mut text,
            "made",
            &r.folder,
            &format!("{} certificates; index.json, README.md", r.fixtures.len()),
        ),
        Report::FixtureList(_) | Report::Exit(_) => Ok(()),
        Report::Forms(r) => {
            let files = r.files.iter().try_for_each(|file| file_line(&mut text, &file.path, &file.mode));
            files.and_then(|()| finding_lines(&mut text, &r.findings))
        }
        Report::Snippet(r) => {
            let facts = "makes what is not there yet";
            r.missing.iter().try_for_each(|needed| line(&mut text, "first", &spelled(needed), facts))
        }
        Report::SnippetList(_) => Ok(()),
        Report::Crl(r) => lifecycle::crl_lines(&mut text, r),
        Report::Leaf(r) => leaf_lines(&mut text, r),
        Report::Issued(r) => finding_lines(&mut text, &r.findings),
        Report::LeafList(r) if r.leaves.is_empty() && r.findings.is_empty() => {
            writeln!(text, "no leaf is here; certforge leaf --cn NAME makes one")
        }
        Report::LeafList(r) => finding_lines(&mut text, &r.findings),
        Report::Renew(r) => lifecycle::renew_lines(&mut text, r),
        Report::Status(r) => finding_lines(&mut text, &r.findings),
        Report::StorePrune(r) => lifecycle::prune_lines(&mut text, r),
        #[cfg(feature = "aws")]
        Report::Prune(r) => acm::prune_lines(&mut text, r),
        Report::Up(r) => up_lines(&mut text, r),
        Report::Verify(r) => verify::lines(&mut text, r),
    };
    text
}

fn write_result(report: &Report, format: Format) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if format.json { write_json(&mut out, report) } else { write_text(&mut out, report) }?;
    out.flush()
}

/// The result as one document.
fn write_json(out: &mut impl Write, report: &Report) -> io::Result<()> {
    match report {
        Report::Adopt(r) => json(out, "adopt", &**r),
        Report::ApigwExplain(r) => json(out, "apigw-explain", r),
        Report::ApigwPatch(r) if r.content.is_some() => apigw::patch_result(out, r),
        Report::ApigwPatch(r) => json(out, "apigw-patch", r),
        Report::Apply(r) => json(out, "apply", &**r),
        // The document's place is taken by the leaves themselves.
        Report::Batch(r) if r.output.as_deref() == Some("-") => Ok(()),
        Report::Batch(r) => json(out, "batch", r),
        Report::Ca(r) => json(out, "ca", &**r),
        Report::CaList(r) => json(out, "ca-list", r),
        Report::Check(r) if r.content.is_some() => check::result(out, r),
        Report::Check(r) => json(out, "check", &**r),
        Report::Scan(r) => json(out, "check-folder", r),
        #[cfg(feature = "aws")]
        Report::AcmList(r) => json(out, "acm-list", r),
        #[cfg(feature = "aws")]
        Report::AcmShow(r) => json(out, "acm-certificate", &**r),
        #[cfg(feature = "aws")]
        Report::Import(r) => json(out, "import", r),
        #[cfg(feature = "aws")]
        Report::Imports(r) => json(out, "imports", r),
        Report::Forms(FormsReport { content: Some(content), .. }) => out.write_all(content),
        Report::Explain(r) => json(out, "explain", r),
        Report::Forms(r) => json(out, "forms", r),
        Report::Exit(_) => Ok(()),
        Report::Fixtures(r) => json(out, "fixtures", r),
        Report::FixtureList(r) => json(out, "fixture-list", r),
        Report::Snippet(r) => json(out, "snippet", r),
        Report::SnippetList(r) => json(out, "snippet-list", r),
        Report::Crl(r) => json(out, "crl", r),
        Report::Leaf(r) => json(out, "leaf", r),
        Report::Issued(r) => json(out, "issued-list", r),
        Report::LeafList(r) => json(out, "leaf-list", r),
        Report::Renew(r) => json(out, "renew", r),
        Report::Status(r) => json(out, "status", r),
        Report::StorePrune(r) => json(out, "prune", r),
        // The policy is AWS's document, with or without --json.
        #[cfg(feature = "aws")]
        Report::Policy(r) => acm::policy(out, r),
        #[cfg(feature = "aws")]
        Report::Prune(r) => json(out, "acm-prune", r),
        Report::Request(r) => json(out, "request", r),
        Report::Template(r) => json(out, "template", r),
        Report::TemplateList(r) => json(out, "template-list", r),
        Report::Text(bytes) => out.write_all(bytes),
        Report::Up(r) => json(out, "up", &**r),
        Report::Verify(r) => json(out, "verify", &**r),
    }
}

/// The bare result.
fn write_text(out: &mut impl Write, report: &Report) -> io::Result<()> {
    match report {
        Report::Adopt(r) => r.authorities.iter().try_for_each(|ca| result(out, ca.state, &ca.folder)),
        Report::ApigwExplain(r) => apigw::explain_result(out, r),
        Report::ApigwPatch(r) => apigw::patch_result(out, r),
        Report::Apply(r) => {
            let is_new = |state| !matches!(state, State::Unchanged | State::Refused);
            let changed = r.leaves.iter().filter(|leaf| is_new(leaf.state) && !r.planned);
            changed.into_iter().try_for_each(|leaf| writeln!(out, "{}", leaf.folder))
        }
        Report::Batch(r) => match &r.output {
            Some(output) if output == "-" => Ok(()),
            Some(output) => writeln!(out, "{output}"),
            None => {
                let mut text = Vec::new();
                let folders = r.leaves.iter().filter_map(|leaf| leaf.folder.as_ref());
                folders.into_iter().try_for_each(|folder| writeln!(text, "{folder}"))?;
                out.write_all(&text)
            }
        },
        Report::Ca(r) => result(out, r.state, &r.folder),
        Report::Check(r) => check::result(out, r),
        Report::Scan(r) => check::scan_table(out, r),
        Report::CaList(r) => r.authorities.iter().try_for_each(|ca| {
            let until = &ca.not_after[..10];
            writeln!(out, "{}\t{}\t{}\t{}", ca.name, ca.key.as_str(), until, Escaped(&ca.subject))
        }),
        #[cfg(feature = "aws")]
        Report::AcmList(r) => acm::table(out, &r.certificates),
        #[cfg(feature = "aws")]
        Report::AcmShow(r) => writeln!(out, "{}", r.certificate.arn),
        #[cfg(feature = "aws")]
        Report::Import(r) => acm::arn(out, r),
        #[cfg(feature = "aws")]
        Report::Imports(r) => acm::arns(out, &r.results),
        #[cfg(feature = "aws")]
        Report::Policy(r) => acm::policy(out, r),
        #[cfg(feature = "aws")]
        Report::Prune(r) => r.certificates.iter().try_for_each(|c| writeln!(out, "{}", c.arn)),
        Report::Forms(FormsReport { content: Some(content), .. }) => out.write_all(content),
        Report::Explain(r) => explain::result(out, r),
        Report::Forms(r) => r.files.iter().try_for_each(|file| writeln!(out, "{}", file.path)),
        Report::Exit(_) => Ok(()),
        Report::Fixtures(r) => writeln!(out, "{}", r.folder),
        Report::FixtureList(r) => {
            r.fixtures.iter().try_for_each(|f| writeln!(out, "{}\t{}", f.name, f.description))
        }
        Report::Snippet(r) => out.write_all(r.text.as_bytes()),
        Report::SnippetList(r) => {
            r.snippets.iter().try_for_each(|s| writeln!(out, "{}\t{}", s.name, s.description))
        }
        Report::Crl(r) => writeln!(out, "{}", r.path),
        Report::Issued(r) => lifecycle::issued_table(out, r),
        Report::LeafList(r) => lifecycle::leaf_table(out, r),
        Report::Renew(r) => {
            let made = r.leaves.iter().filter_map(|renewed| renewed.outcome.as_ref().ok());
            made.into_iter().try_for_each(|leaf| result(out, leaf.state, &leaf.folder))
        }
        Report::Status(r) => lifecycle::status_table(out, r),
        Report::StorePrune(r) => r.pruned.iter().try_for_each(|p| writeln!(out, "{}", Escaped(&p.folder))),
        Report::Leaf(r) => match &r.pem {
            Some(pem) => out.write_all(pem.as_bytes()),
            None => result(out, r.state, &r.folder),
        },
        Report::Request(r) => result(out, r.state, &r.folder),
        Report::Template(r) => out.write_all(r.toml.as_bytes()),
        Report::TemplateList(r) => r
            .templates
            .iter()
            .try_for_each(|t| writeln!(out, "{}\t{}\t{}", t.name, t.days, Escaped(&t.description))),
        Report::Text(bytes) => out.write_all(bytes),
        Report::Verify(r) => verify::result(out, r),
        #[cfg(feature = "aws")]
        Report::Up(r) if !r.imports.is_empty() => acm::arns(out, &r.imports),
        Report::Up(r) => match &r.arn {
            Some(arn) if r.leaf.state != State::Planned => writeln!(out, "{arn}"),
            _ => result(out, r.leaf.state, &r.folder),
        },
    }
}

/// The result on standard output; a plan has none yet.
fn result(out: &mut impl Write, state: State, folder: &str) -> io::Result<()> {
    if state == State::Planned { Ok(()) } else { writeln!(out, "{folder}") }
}

/// Whether JSON lets a character pass that a terminal acts on, or shows as nothing.
fn is_hidden(c: char) -> bool {
    c != '\n' && (c.is_control() || is_invisible(c))
}

/// A document as it is written to a file.
pub fn document<T: Serialize>(kind: &'static str, body: &T) -> Result<Vec<u8>, certforge::Error> {
    let mut out = Vec::new();
    json(&mut out, kind, body)
        .map_err(|e| certforge::Error::Internal { doing: "writing a document", reason: e.to_string() })?;
    Ok(out)
}

fn json<T: Serialize>(out: &mut impl Write, kind: &'static str, body: &T) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&Document { schema: SCHEMA, kind, body })?;
    // What turns text around or hides in it is escaped here too: it stands in strings alone.
    let mut shown = Vec::with_capacity(text.len() + 1);
    for c in text.chars() {
        if !is_hidden(c) {
            shown.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(shown, "\\u{unit:04x}")?;
        }
    }
    shown.push(b'\n');
    // In one piece: whoever waits for a server's document reads what comes first.
    out.write_all(&shown)
}

/// One line: what, which, its facts.
fn line(out: &mut impl Write, what: &str, which: &str, facts: &str) -> io::Result<()> {
    let which = Shown(which).to_string();
    if facts.is_empty() {
        return writeln!(out, "{BOLD}{what:<7}{BOLD:#} {which}");
    }
    writeln!(out, "{BOLD}{what:<7}{BOLD:#} {which:<28} {facts}")
}

fn finding_lines(out: &mut impl Write, findings: &[FindingReport]) -> io::Result<()> {
    for finding in findings {
        let (word, style) = match finding.severity {
            "info" => ("note", BOLD),
            "fixed" => ("fixed", BOLD),
            "error" => ("refused", RED),
            _ => ("warning", YELLOW),
        };
        let rule = finding.code.strip_prefix("acm.").filter(|rule| rule.len() == 3);
        let rule = rule.map(|rule| format!("{rule} ")).unwrap_or_default();
        write!(out, "{style}{word:<7}{style:#} {rule}")?;
        let told = match finding.severity {
            "error" | "fixed" => true,
            // A file, or one of several: `issuer 1`. The rest is of what was asked about.
            "warning" => finding.place.contains(['/', '.', ' ']),
            _ => false,
        };
        if told && !finding.message.starts_with(&finding.place) {
            write!(out, "{}: ", Shown(&finding.place))?;
        }
        write!(out, "{}", Shown(&finding.message))?;
        if !finding.fix.is_empty() {
            write!(out, " ({})", Shown(&finding.fix))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes why a command failed and says with which status to exit.
pub fn failure(failure: &Failure, format: Format) -> ExitCode {
    let problem = Problem::of(failure);
    if format.json {
        let _ = json(&mut io::stderr().lock(), "error", &problem);
    } else {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = problem_lines(&mut text, &problem);
        let _ = people(&text);
    }
    ExitCode::from(problem.status)
}

fn problem_lines(out: &mut impl Write, problem: &Problem) -> io::Result<()> {
    writeln!(out, "{RED}error:{RED:#} {}", problem.message)?;
    finding_lines(out, &problem.findings)?;
    match &problem.hint {
        Some(hint) => writeln!(out, "{BOLD}hint:{BOLD:#} {hint}"),
        None => Ok(()),
    }
}

/// Writes a misuse of the command line.
pub fn usage(message: &str, hint: &str, format: Format) -> ExitCode {
    failure(&Failure::usage(message, hint), format)
}

/// Says that a server is ready: its URL, on standard output.
pub fn ready(url: &str, as_json: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let told = if as_json {
        #[derive(Serialize)]
        struct Ready<'a> {
            url: &'a str,
        }
        json(&mut out, "acm-sim", &Ready { url })
    } else {
        writeln!(out, "{url}")
    };
    told.and_then(|()| out.flush()).map_err(not_told)
}

/// A server that nobody can find serves nobody.
fn not_told(source: io::Error) -> Failure {
    certforge::Error::Io { doing: "write to", path: "standard output".into(), source }.into()
}

/// Says that a server is ready: its URL is the result, the rest is for people.
pub fn serving(report: &ServeReport, format: Format) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let told = if format.json { json(&mut out, "serve", report) } else { writeln!(out, "{}", report.url) };
    told.and_then(|()| out.flush()).map_err(not_told)?;
    if !format.json && !format.quiet {
        progress("host", &format!("ask for {}", report.host));
        progress("ca", &format!("{}: what a client has to believe", report.ca_file));
    }
    Ok(())
}

/// Says what goes on, while it goes on.
pub fn progress(label: &str, text: &str) {
    let _ = people(format!("{BOLD}{label:<7}{BOLD:#} {}\n", Shown(text)).as_bytes());
}

fn complain(message: &str, detail: &str) {
    let _ = people(format!("{RED}error:{RED:#} {message}: {detail}\n").as_bytes());
}
