//! Output of `explain`: prose is the result here.

use std::io::{self, Write};

use crate::report::{ExplainReport, Explained};

pub fn result(out: &mut impl Write, report: &ExplainReport) -> io::Result<()> {
    if report.list {
        return report.found.iter().try_for_each(|e| writeln!(out, "{}\t{}\t{}", e.id, e.client, e.matched));
    }
    for (n, e) in report.found.iter().enumerate() {
        if n > 0 {
            writeln!(out)?;
        }
        one(out, e)?;
    }
    Ok(())
}

fn one(out: &mut impl Write, e: &Explained) -> io::Result<()> {
    let line = e.line.map(|n| format!("line {n}, ")).unwrap_or_default();
    writeln!(out, "{line}{}: {}", e.client, e.matched)?;
    writeln!(out, "  cause    {}", e.cause)?;
    writeln!(out, "  confirm  {}", e.confirm)?;
    writeln!(out, "  fix      {}", e.fix)?;
    writeln!(out, "  source   {}", e.source)
}

/// What people read where nothing was found.
pub fn lines(out: &mut impl Write, report: &ExplainReport) -> io::Result<()> {
    if !report.found.is_empty() {
        return Ok(());
    }
    writeln!(out, "this text is not known")?;
    for e in &report.nearest {
        writeln!(out, "near to it: {}: {}", e.client, e.matched)?;
    }
    writeln!(out, "certforge explain --list shows all; certforge check looks at the certificate itself")
}
