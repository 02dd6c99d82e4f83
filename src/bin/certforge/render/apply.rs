//! Output of `apply`: one line for what changes, and a summary.

use std::io::{self, Write};

use certforge::error::Counted;

use super::{ca_lines, finding_lines, line};
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
    let facts = format!(
        "{would}created {}, replaced {}, unchanged {}",
        report.count(State::Created),
        report.count(State::Replaced),
        report.count(State::Unchanged)
    );
    line(out, "apply", &Counted(report.leaves.len(), "leaf", "leaves").to_string(), &facts)
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
    for form in &leaf.forms {
        line(out, "form", form, &format!("{would}created"))?;
    }
    #[cfg(feature = "aws")]
    super::acm::results_lines(out, &leaf.imports)?;
    finding_lines(out, &leaf.findings)
}
