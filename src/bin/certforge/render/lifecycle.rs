//! Output of what ends when, what was renewed and what was taken back.

use std::io::{self, Write};

use certforge::error::{Counted, Escaped};

use super::{finding_lines, leaf_lines, line, problem_lines};
use crate::report::{
    Condition, CrlReport, IssuedListReport, LeafListReport, Problem, RenewReport, StatusEntry, StatusReport,
    StorePruneReport, names_text, values_text,
};

pub fn leaf_table(out: &mut impl Write, list: &LeafListReport) -> io::Result<()> {
    list.leaves.iter().try_for_each(|leaf| {
        let name = leaf.folder.rsplit('/').next().unwrap_or(&leaf.folder);
        let ca = leaf.ca.as_deref().unwrap_or("-");
        let names = names_text(&leaf.names);
        writeln!(
            out,
            "{}\t{}\t{}\t{ca}\t{}",
            Escaped(name),
            leaf.key.as_str(),
            &leaf.not_after[..10],
            Escaped(&names)
        )
    })
}

/// One line a certificate: serial number, end, condition, CA, names or subject.
pub fn issued_table(out: &mut impl Write, list: &IssuedListReport) -> io::Result<()> {
    list.issued.iter().try_for_each(|e| {
        let names = if e.names.is_empty() { e.subject.clone() } else { values_text(&e.names, ",") };
        let condition = e.condition.word();
        writeln!(out, "{}\t{}\t{condition}\t{}\t{}", e.serial, &e.not_after[..10], e.ca, Escaped(&names))
    })
}

/// One line an entry: kind, name, days left, end, condition.
pub fn status_table(out: &mut impl Write, report: &StatusReport) -> io::Result<()> {
    if report.prometheus {
        return prometheus(out, report);
    }
    report.entries.iter().try_for_each(|e| {
        let (name, until) = (Escaped(&e.name), &e.not_after[..10]);
        writeln!(out, "{}\t{name}\t{}\t{until}\t{}", e.kind, e.days_left, e.condition.word())
    })
}

/// The text format of Prometheus, version 0.0.4.
fn prometheus(out: &mut impl Write, report: &StatusReport) -> io::Result<()> {
    let entries = &report.entries;
    let labels = |e: &StatusEntry| {
        let mut labels = format!("kind=\"{}\",name=\"{}\"", e.kind, escaped(&e.name));
        for (label, value) in [("ca", &e.ca), ("serial", &e.serial)] {
            if let Some(value) = value {
                // Writing to a string does not fail.
                let _ =
                    std::fmt::Write::write_fmt(&mut labels, format_args!(",{label}=\"{}\"", escaped(value)));
            }
        }
        labels
    };
    let (end, due) = ("certforge_not_after_timestamp_seconds", "certforge_due");
    writeln!(out, "# HELP {end} When it ends, in seconds since 1970.\n# TYPE {end} gauge")?;
    entries.iter().try_for_each(|e| writeln!(out, "{end}{{{}}} {}", labels(e), e.timestamp))?;
    writeln!(out, "# HELP {due} Whether it is to be renewed.\n# TYPE {due} gauge")?;
    let value = |e: &StatusEntry| u8::from(e.condition != Condition::Ok);
    entries.iter().try_for_each(|e| writeln!(out, "{due}{{{}}} {}", labels(e), value(e)))?;
    // What cannot be read has no line above.
    let faults = report.findings.iter().filter(|f| f.severity == "error").count();
    let name = "certforge_faults";
    writeln!(
        out,
        "# HELP {name} How much is damaged or cannot be read.\n# TYPE {name} gauge\n{name} {faults}"
    )
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

pub fn renew_lines(out: &mut impl Write, report: &RenewReport) -> io::Result<()> {
    for renewed in &report.leaves {
        match &renewed.outcome {
            Ok(leaf) => {
                leaf_lines(out, leaf)?;
                #[cfg(feature = "aws")]
                super::acm::results_lines(out, &leaf.imports)?;
            }
            Err(failure) => failed(out, &renewed.name, failure)?,
        }
    }
    report.lists.iter().try_for_each(|list| crl_lines(out, list))?;
    if report.leaves.is_empty()
        && report.lists.is_empty()
        && report.findings.iter().all(|found| found.severity == "info")
    {
        line(out, "renew", "nothing is due", "")?;
    }
    finding_lines(out, &report.findings)
}

/// What failed alone, and what a server had and has no more: whoever renews at night reads
/// nothing else.
pub fn renew_failures(out: &mut impl Write, report: &RenewReport) -> io::Result<()> {
    for renewed in &report.leaves {
        if let Ok(leaf) = &renewed.outcome {
            let taken_away = leaf.findings.iter().filter(|f| f.code == "store.left-behind");
            finding_lines(out, &taken_away.cloned().collect::<Vec<_>>())?;
        }
        match &renewed.outcome {
            #[cfg(feature = "aws")]
            Ok(leaf) => super::acm::failed_lines(out, &leaf.imports)?,
            #[cfg(not(feature = "aws"))]
            Ok(_) => {}
            Err(failure) => failed(out, &renewed.name, failure)?,
        }
    }
    let errors: Vec<_> = report.findings.iter().filter(|f| f.severity == "error").cloned().collect();
    finding_lines(out, &errors)
}

fn failed(out: &mut impl Write, name: &str, failure: &crate::context::Failure) -> io::Result<()> {
    line(out, "leaf", name, "not renewed")?;
    problem_lines(out, &Problem::of(failure))
}

/// The worst status of what was renewed.
pub fn renew_status(report: &RenewReport) -> u8 {
    let of = |outcome: &Result<crate::report::LeafReport, crate::context::Failure>| match outcome {
        #[cfg(feature = "aws")]
        Ok(leaf) => super::acm::status(&leaf.imports),
        #[cfg(not(feature = "aws"))]
        Ok(_) => 0,
        Err(failure) => Problem::of(failure).status,
    };
    // What cannot be read was not renewed either; nor was what would gain no time.
    let errors = report.findings.iter().filter(|found| found.severity == "error");
    let unread = errors.map(|found| match found.code {
        "renew.no-gain" | "ca.due" => crate::report::status::NEGATIVE,
        _ => crate::report::status::INPUT,
    });
    let unread = unread.max().unwrap_or(0);
    report.leaves.iter().map(|renewed| of(&renewed.outcome)).max().unwrap_or(0).max(unread)
}

pub fn crl_lines(out: &mut impl Write, crl: &CrlReport) -> io::Result<()> {
    if let Some(revoked) = &crl.revoked {
        let state = match revoked.state {
            "revoked-before" => "was revoked before",
            "not-revoked" => "was not revoked",
            state => state,
        };
        let names = revoked.names.as_ref().filter(|names| !names.is_empty());
        let names = names.map(|names| format!(": {}", values_text(names, ", "))).unwrap_or_default();
        // What is not taken back has no reason.
        let reason = if state == "was not revoked" { String::new() } else { format!(", {}", revoked.reason) };
        line(out, "serial", &revoked.serial, &format!("{state}{reason}{names}"))?;
    }
    let taken_back = Counted(crl.certificates, "certificate", "certificates");
    let facts = format!("{taken_back}, next by {}", &crl.next_update[..10]);
    line(out, "crl", &format!("{} number {}", crl.ca, crl.full_number), &facts)?;
    finding_lines(out, &crl.findings)
}

pub fn prune_lines(out: &mut impl Write, report: &StorePruneReport) -> io::Result<()> {
    let word = if report.deleted { "deleted" } else { "would be deleted (--yes)" };
    match report.pruned.len() {
        0 => line(out, "prune", "nothing to prune", "")?,
        n => line(out, "prune", &Counted(n, "folder", "folders").to_string(), word)?,
    }
    finding_lines(out, &report.findings)
}
