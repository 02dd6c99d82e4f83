//! Output of the commands about ACM.

use std::io::{self, IsTerminal, Write};

use certforge::error::{Escaped, Shown};
use certforge::store::SIMULATOR;

use super::{finding_lines, line, problem_lines};
use crate::report::{
    AcmEntry, AcmShowReport, FailedPlace, ImportReport, ImportResult, ImportState, PolicyReport, Problem,
    PruneReport,
};

/// The status of several imports: what is not known weighs most, then what AWS
/// refused.
pub fn status(results: &[ImportResult]) -> u8 {
    let failed = results.iter().filter_map(|r| r.outcome.as_ref().err());
    failed.map(|f| Problem::of(f).status).max().unwrap_or(0)
}

/// The status of several places, as [`status`].
pub fn worst(failed: &[FailedPlace]) -> u8 {
    failed.iter().map(|place| place.error.status).max().unwrap_or(0)
}

/// The places where something failed, and why.
pub fn place_lines(out: &mut impl Write, failed: &[FailedPlace]) -> io::Result<()> {
    failed.iter().try_for_each(|place| {
        line(out, "acm", &place_name(&place.region, place.profile.as_deref()), "failed")?;
        problem_lines(out, &place.error)
    })
}

/// The imports that failed, and why.
pub fn failed_lines(out: &mut impl Write, results: &[ImportResult]) -> io::Result<()> {
    let failed = results.iter().filter_map(|r| r.outcome.as_ref().err().map(|failure| (r, failure)));
    failed.into_iter().try_for_each(|(result, failure)| {
        let place = place_name(&result.region, result.profile.as_deref());
        line(out, "acm", &format!("{} in {place}", result.name), "failed")?;
        problem_lines(out, &Problem::of(failure))
    })
}

fn place_name(region: &str, profile: Option<&str>) -> String {
    profile.map_or_else(|| region.to_owned(), |profile| format!("{region} ({profile})"))
}

pub fn arn(out: &mut impl Write, import: &ImportReport) -> io::Result<()> {
    match &import.arn {
        Some(arn) if import.state != ImportState::Planned => writeln!(out, "{arn}"),
        _ => Ok(()),
    }
}

pub fn arns(out: &mut impl Write, results: &[ImportResult]) -> io::Result<()> {
    results.iter().filter_map(|r| r.outcome.as_ref().ok()).try_for_each(|report| arn(out, report))
}

pub fn import_lines(out: &mut impl Write, import: &ImportReport) -> io::Result<()> {
    let state = match import.state {
        ImportState::Found => "there already, found again",
        ImportState::Imported => "imported",
        ImportState::Reimported => "imported again, same ARN",
        ImportState::Tagged => "unchanged, tags added",
        ImportState::Unchanged => "unchanged",
        ImportState::Planned if import.arn.is_some() => "would be imported again",
        ImportState::Planned => "would be imported",
    };
    let place = place_name(&import.region, import.profile.as_deref());
    let simulated = import.endpoint.as_deref() == Some(SIMULATOR);
    line(out, "acm", &place, &if simulated { format!("{state} (simulator)") } else { state.to_owned() })?;
    if let (ImportState::Planned, Some(arn)) = (import.state, &import.arn) {
        line(out, "arn", arn, "")?;
    }
    if let Some(call) = &import.call {
        let octets = |pem: &str| format!("{} octets", pem.len());
        line(out, "call", call.action, "")?;
        let mut member = |name: &str, value: &str| writeln!(out, "        {name:<18} {}", Shown(value));
        if let Some(arn) = &call.arn {
            member("CertificateArn", arn)?;
        }
        member("Certificate", &octets(&call.certificate))?;
        member("PrivateKey", &call.private_key)?;
        if let Some(chain) = &call.chain {
            member("CertificateChain", &octets(chain))?;
        }
        for tag in &call.tags {
            member("Tags", &format!("{}={}", tag.key, tag.value))?;
        }
    }
    finding_lines(out, &import.findings)
}

/// Several imports, each under its leaf's name.
pub fn results_lines(out: &mut impl Write, results: &[ImportResult]) -> io::Result<()> {
    let mut name = None;
    for result in results {
        if name != Some(&result.name) {
            line(out, "leaf", &result.name, "")?;
            name = Some(&result.name);
        }
        match &result.outcome {
            Ok(report) => import_lines(out, report)?,
            Err(failure) => {
                line(out, "acm", &place_name(&result.region, result.profile.as_deref()), "failed")?;
                problem_lines(out, &Problem::of(failure))?;
            }
        }
    }
    Ok(())
}

/// One line a certificate: on a terminal in columns under a heading, else with
/// tabs between.
pub fn table(out: &mut impl Write, entries: &[AcmEntry]) -> io::Result<()> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let row = |e: &AcmEntry| {
        let names = if e.names.is_empty() { text(&e.domain) } else { e.names.join(",") };
        let end = e.not_after.as_ref().map_or("-".to_owned(), |end| end[..10].to_owned());
        let used = match e.in_use {
            Some(true) => "in use",
            Some(false) => "not used",
            None => "-",
        };
        [e.arn.clone(), text(&e.kind), text(&e.status), text(&e.key), end, used.to_owned(), names]
            .map(|cell| Escaped(&cell).to_string())
    };
    let mut rows: Vec<[String; 7]> = entries.iter().map(row).collect();
    if !io::stdout().is_terminal() {
        return rows.iter().try_for_each(|row| writeln!(out, "{}", row.join("\t")));
    }
    rows.insert(0, ["ARN", "TYPE", "STATUS", "KEY", "UNTIL", "USE", "NAMES"].map(str::to_owned));
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

pub fn show_lines(out: &mut impl Write, show: &AcmShowReport) -> io::Result<()> {
    let entry = &show.certificate;
    let mut say = |what: &str, value: &str| line(out, what, value, "");
    let names =
        if entry.names.is_empty() { "none that ACM shows".to_owned() } else { entry.names.join(", ") };
    say("names", &names)?;
    for (what, value) in [
        ("type", &entry.kind),
        ("status", &entry.status),
        ("key", &entry.key),
        ("until", &entry.not_after),
        ("subject", &show.subject),
        ("issuer", &show.issuer),
        ("serial", &show.serial),
        ("import", &show.imported_at),
    ] {
        if let Some(value) = value {
            say(what, value)?;
        }
    }
    if show.in_use_by.is_empty() {
        say("used by", "nothing")?;
    }
    for user in &show.in_use_by {
        say("used by", user)?;
    }
    for tag in &show.tags {
        say("tag", &format!("{}={}", tag.key, tag.value))?;
    }
    finding_lines(out, &show.findings)
}

pub fn prune_lines(out: &mut impl Write, prune: &PruneReport) -> io::Result<()> {
    for entry in &prune.certificates {
        let end = entry.not_after.as_ref().map_or("", |end| &end[..10]);
        let word = if prune.deleted { "deleted" } else { "would be deleted: --yes does it" };
        line(out, "acm", &entry.arn, &format!("ended {end}, {word}"))?;
    }
    if prune.certificates.is_empty() {
        line(out, "acm", "nothing to prune", "")?;
    }
    finding_lines(out, &prune.findings)?;
    place_lines(out, &prune.failed)
}

/// The policy, ready for `aws iam put-role-policy --policy-document`.
pub fn policy(out: &mut impl Write, policy: &PolicyReport) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, policy)?;
    writeln!(out)
}
