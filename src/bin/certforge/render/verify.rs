//! Output of `verify`.

use std::io::{self, Write};

use super::{finding_lines, line};
use crate::report::{PathEntry, VerifyReport};
use certforge::error::Shown;

/// One word, and which certificate it is about.
pub fn result(out: &mut impl Write, report: &VerifyReport) -> io::Result<()> {
    writeln!(out, "{}: {}", Shown(&report.file), if report.valid { "valid" } else { "refused" })
}

pub fn lines(out: &mut impl Write, report: &VerifyReport) -> io::Result<()> {
    path(out, &report.path)?;
    finding_lines(out, &report.findings)
}

/// The certificates of a path, the leaf first.
pub fn path(out: &mut impl Write, entries: &[PathEntry]) -> io::Result<()> {
    entries.iter().try_for_each(|entry| {
        let what = match entry.place.as_str() {
            "trust anchor" => "anchor",
            "leaf" => "leaf",
            _ => "issuer",
        };
        let subject = if entry.subject.is_empty() { "(no subject)" } else { &entry.subject };
        line(out, what, subject, &format!("{}, until {}", entry.key, &entry.not_after[..10]))
    })
}
