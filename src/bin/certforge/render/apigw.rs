//! Output of `apigw`.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use certforge::error::Shown;

use super::{finding_lines, line};
use crate::report::{ApigwApplied, ApigwExplainReport, ApigwIntegration, ApigwPatchReport};

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();

pub fn patch_result(out: &mut impl Write, report: &ApigwPatchReport) -> io::Result<()> {
    match (&report.content, &report.written) {
        (Some(content), _) => out.write_all(content),
        (None, Some(path)) => writeln!(out, "{path}"),
        (None, None) => Ok(()),
    }
}

/// The most lines of a diff, and the most commands, that people get to see; programs get all.
const MOST_LINES: usize = 400;
const MOST_COMMANDS: usize = 8;

pub fn patch_lines(out: &mut impl Write, report: &ApigwPatchReport) -> io::Result<()> {
    for text in report.diff.lines().take(MOST_LINES) {
        let shown = escaped(text);
        match text.as_bytes().first() {
            Some(b'+') => writeln!(out, "{ADDED}{shown}{ADDED:#}")?,
            Some(b'-') => writeln!(out, "{REMOVED}{shown}{REMOVED:#}")?,
            _ => writeln!(out, "{shown}")?,
        }
    }
    match report.diff.lines().count() {
        n if n > MOST_LINES => writeln!(out, "… and {} lines more: --json shows all", n - MOST_LINES)?,
        _ => {}
    }
    finding_lines(out, &report.findings)?;
    let operations = match report.changes.len() {
        n if n == report.integrations => String::new(),
        n => format!(", of {n} operations"),
    };
    let state = match (report.changed, report.planned) {
        (true, true) => format!("{}{operations} would be changed", count(report.integrations)),
        (true, false) => format!("{}{operations} changed", count(report.integrations)),
        (false, _) if report.unchanged > 0 => {
            format!("unchanged: {} {}={} already", count(report.unchanged), report.setting, report.value)
        }
        (false, _) => "unchanged: there is no integration that it fits".to_owned(),
    };
    line(out, "apigw", &report.file, &format!("{}, {}, {state}", report.api, report.version))?;
    if let Some(applied) = &report.applied {
        applied_lines(out, applied, report.planned)?;
    }
    // The last two are of the document as a whole.
    let piecewise = report.commands.len().saturating_sub(2);
    for (i, command) in report.commands.iter().enumerate() {
        match i {
            i if i < piecewise.min(MOST_COMMANDS) => writeln!(out, "piece   {}", escaped(command))?,
            i if i == MOST_COMMANDS && i < piecewise => {
                writeln!(out, "        … and {} more: --json shows all", piecewise - MOST_COMMANDS)?;
            }
            i if i < piecewise => {}
            i if i == piecewise => writeln!(out, "whole   {}", escaped(command))?,
            _ => writeln!(out, "then    {}", escaped(command))?,
        }
    }
    Ok(())
}

fn applied_lines(out: &mut impl Write, applied: &ApigwApplied, planned: bool) -> io::Result<()> {
    let name = applied.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let put = if planned { "would be put" } else { "put" };
    let read_back = match applied.read_back {
        Some(n) => format!("; read back: {} as the document says", count(n)),
        None => String::new(),
    };
    let place = format!("{}, REST API {}{name}", applied.region, applied.rest_api_id);
    line(out, "api", &place, &format!("{put} there, {}{read_back}", applied.mode))?;
    match (&applied.stage_name, &applied.deployment_id) {
        (Some(stage), Some(id)) => line(out, "stage", stage, &format!("deployed, {id}")),
        (Some(stage), None) => line(out, "stage", stage, "would be deployed"),
        (None, _) => line(out, "stage", "none", "not deployed: what is served stays as it was"),
    }
}

fn count(n: usize) -> String {
    if n == 1 { "1 integration".to_owned() } else { format!("{n} integrations") }
}

/// Text without what moves a terminal's cursor, however long.
fn escaped(text: &str) -> String {
    text.replace('\t', "    ").split_inclusive(' ').map(|word| Shown(word).to_string()).collect()
}

pub fn explain_result(out: &mut impl Write, report: &ApigwExplainReport) -> io::Result<()> {
    report.integrations.iter().try_for_each(|i| {
        let verdict = match () {
            () if !i.tls => "no TLS",
            () if i.findings.iter().any(|f| f.severity == "error") => "refused",
            () if !report.judged => "not judged",
            () if i.host.is_none() && i.server_name_to_verify.is_none() => "accepted, name not judged",
            () => "accepted",
        };
        writeln!(out, "{} {}\t{verdict}", Shown(&i.method), Shown(&i.path))
    })
}

pub fn explain_lines(out: &mut impl Write, report: &ApigwExplainReport) -> io::Result<()> {
    line(out, "apigw", &report.file, &format!("{}, {}", report.api, report.version))?;
    finding_lines(out, &report.findings)?;
    for (n, integration) in report.integrations.iter().enumerate() {
        one(out, integration)?;
        finding_lines(out, &integration.findings)?;
        // What holds for all is said once, behind the last it holds for.
        let next = report.integrations.get(n + 1);
        if next.is_none_or(|next| next.ways != integration.ways) {
            for way in &integration.ways {
                line(out, "way", way.title, "")?;
                writeln!(out, "        {}", way.how)?;
                writeln!(out, "        checked then: {}", way.checks)?;
            }
        }
    }
    for (what, why) in report.detours {
        line(out, "no way", what, "")?;
        writeln!(out, "        {why}")?;
    }
    Ok(())
}

fn one(out: &mut impl Write, i: &ApigwIntegration) -> io::Result<()> {
    let uri = i.uri.as_deref().unwrap_or("no uri");
    let link = i.connection_id.as_ref().map(|id| format!(" {}", Shown(id))).unwrap_or_default();
    let facts = format!("{} {}, {}{link}", Shown(&i.kind), Shown(uri), i.connection);
    line(out, "line", &format!("{} {} {}", i.line, i.method, i.path), &facts)?;
    let says = match (i.tls, i.insecure_skip_verification, &i.server_name_to_verify) {
        (false, ..) => "nothing: it does not speak TLS to a back end".to_owned(),
        (true, Some(true), _) => {
            format!("dates, the name {}, that a root is there; not who issued it", host(i))
        }
        (true, _, Some(name)) => format!("everything, with the name {}", Shown(name)),
        (true, ..) => format!("everything: a public CA, dates, the name {}", host(i)),
    };
    line(out, "checks", &says, "")
}

fn host(i: &ApigwIntegration) -> String {
    i.host.as_ref().map_or_else(|| "in the uri".to_owned(), |host| Shown(host).to_string())
}
