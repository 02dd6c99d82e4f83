//! Output of `apply`: one line for what changes, and a summary.

use std::io::{self, Write};

use certforge::error::Counted;

use super::{ca_lines, finding_lines, line, problem_lines};
use crate::report::{ApplyLeaf, ApplyReport, State};

pub fn lines(out: &mut impl Write, report: &ApplyReport) -> io::Result<()> {
    for ca in report.authorities.iter().filter(|ca| ca.state != State::Unchanged || !ca.findings.is_empty()) {
        ca_lines(out, ca)?;
    }
    for leaf in &report.leaves {
        leaf_line(out, leaf, report.planned)?;
    }
    let word = match (report.pruned, report.planned) {
        (true, false) => "put into the archive",
        (true, true) => "would be put into the archive",
        (false, _) => "not in the manifest (--prune puts it away)",
    };
    for folder in &report.not_in_manifest {
        line(out, "leaf", folder, word)?;
    }
    finding_lines(out, &report.findings)?;
    let would = if report.planned { "would be " } else { "" };
    let refused = match report.count(State::Refused) {
        0 => String::new(),
        count => format!(", not made {count}"),
    };
    let facts = format!(
        "{would}created {}, replaced {}, unchanged {}{refused}",
        report.count(State::Created),
        report.count(State::Replaced),
        report.count(State::Unchanged)
    );
    line(out, "apply", &Counted(report.leaves.len(), "leaf", "leaves").to_string(), &facts)
}

/// Why a leaf is not as the manifest says.
fn error_lines(out: &mut impl Write, leaf: &ApplyLeaf) -> io::Result<()> {
    leaf.error.iter().try_for_each(|error| {
        let state = if leaf.state == State::Refused { "not made" } else { "unchanged" };
        line(out, "leaf", &leaf.name, state)?;
        problem_lines(out, error)
    })
}

/// The forms that could not be made, and why.
fn form_lines(out: &mut impl Write, leaf: &ApplyLeaf) -> io::Result<()> {
    leaf.failed.iter().try_for_each(|failed| {
        line(out, "form", &format!("{} of {}", failed.form, leaf.name), "failed")?;
        problem_lines(out, &failed.error)
    })
}

/// What failed alone.
pub fn failures(out: &mut impl Write, report: &ApplyReport) -> io::Result<()> {
    for leaf in &report.leaves {
        error_lines(out, leaf)?;
        form_lines(out, leaf)?;
        #[cfg(feature = "aws")]
        super::acm::failed_lines(out, &leaf.imports)?;
        let errors: Vec<_> = leaf.findings.iter().filter(|f| f.severity == "error").cloned().collect();
        finding_lines(out, &errors)?;
    }
    Ok(())
}

/// The worst status of what failed.
pub fn status(report: &ApplyReport) -> u8 {
    let of = |leaf: &ApplyLeaf| {
        let forms = leaf.failed.iter().map(|failed| &failed.error);
        let forms = forms.chain(&leaf.error).map(|error| error.status).max().unwrap_or(0);
        #[cfg(feature = "aws")]
        let forms = forms.max(super::acm::status(&leaf.imports));
        forms
    };
    // What could not be put away.
    let left = report.findings.iter().any(|found| found.severity == "error");
    report.leaves.iter().map(of).max().unwrap_or(0).max(u8::from(left) * crate::report::status::FILE_SYSTEM)
}

fn leaf_line(out: &mut impl Write, leaf: &ApplyLeaf, planned: bool) -> io::Result<()> {
    let would = if planned { "would be " } else { "" };
    let state = match leaf.state {
        State::Created => Some("created"),
        State::Replaced => Some("replaced"),
        _ => None,
    };
    if let Some(state) = state {
        let reason = leaf.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let facts = format!("until {}, by {}, {would}{state}{reason}", &leaf.not_after[..10], leaf.ca);
        line(out, "leaf", &leaf.name, &facts)?;
    }
    error_lines(out, leaf)?;
    for form in &leaf.forms {
        line(out, "form", form, &format!("{would}created"))?;
    }
    form_lines(out, leaf)?;
    #[cfg(feature = "aws")]
    super::acm::results_lines(out, &leaf.imports)?;
    finding_lines(out, &leaf.findings)
}
