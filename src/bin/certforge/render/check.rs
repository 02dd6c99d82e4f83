//! Output of `check`.

use std::io::{self, Write};

use certforge::error::{Counted, Escaped, Shown};

use super::{BOLD, finding_lines, line, verify};
use crate::report::{
    CertificateReport, CheckReport, ClientReport, KeyReport, ListReport, RequestCheck, ScanReport, joined,
};

/// The page, or the certificate itself.
pub fn result(out: &mut impl Write, report: &CheckReport) -> io::Result<()> {
    if let Some(content) = &report.content {
        return out.write_all(content);
    }
    // People read the page on standard error; programs get one word.
    writeln!(out, "{}: {}", Shown(&report.what), if report.good { "good" } else { "wrong" })
}

pub fn lines(out: &mut impl Write, report: &CheckReport) -> io::Result<()> {
    if let Some(s) = &report.server {
        let asked = s.server_name.as_ref().map_or("no name".to_owned(), |n| format!("the name {}", Shown(n)));
        line(out, "server", &s.address, &format!("asked for {asked}"))?;
        for v in &s.versions {
            line(
                out,
                "tls",
                v.version,
                &if v.offered { v.detail.clone() } else { format!("no: {}", Shown(&v.detail)) },
            )?;
        }
        line(out, "alpn", s.alpn.as_deref().unwrap_or("none"), "")?;
    }
    report.certificates.iter().try_for_each(|c| certificate(out, c, report.text))?;
    report.requests.iter().try_for_each(|r| request(out, r))?;
    report.lists.iter().try_for_each(|l| list(out, l))?;
    report.keys.iter().try_for_each(|k| key(out, k))?;
    if let Some(judged) = &report.verify {
        if judged.path.len() > 1 {
            writeln!(out)?;
        }
        verify::lines(out, judged)?;
    }
    finding_lines(out, &report.findings)?;
    if !report.clients.is_empty() {
        writeln!(out)?;
    }
    report.clients.iter().try_for_each(|c| client(out, c))
}

/// What a client will say; of those that were not asked, that it is so documented.
fn client(out: &mut impl Write, c: &ClientReport) -> io::Result<()> {
    let documented = if c.measured { "" } else { ", documented, not measured" };
    let (says, only_if) = (c.says.as_deref().unwrap_or_default(), c.only_if.as_deref().unwrap_or_default());
    let facts = match c.verdict {
        "refuses" => format!("{}: {says}{documented}", c.title),
        "only-if" => format!("{}: only if {only_if}{documented}", c.title),
        _ => format!("{}{documented}", c.title),
    };
    // The verdict first: it is short, and what is looked for.
    let verdict = if c.verdict == "only-if" { "accepts perhaps" } else { c.verdict };
    writeln!(out, "{BOLD}{:<7}{BOLD:#} {verdict:<15} {}", "client", Shown(&facts))?;
    match &c.fix {
        Some(fix) => writeln!(out, "        {:<15} {}", "", Shown(fix)),
        None => Ok(()),
    }
}

fn certificate(out: &mut impl Write, c: &CertificateReport, text: bool) -> io::Result<()> {
    line(out, "cert", &c.subject, &Shown(&c.place).to_string())?;
    line(out, "issuer", &c.issuer, if c.issuer == c.subject { "itself" } else { "" })?;
    let names = if c.names.is_empty() { "none".to_owned() } else { joined(&c.names, ", ") };
    line(out, "names", &names, "")?;
    let left = format!("{} left", Counted(c.days_left, "day", "days"));
    line(out, "valid", &format!("{} to {}", c.not_before, c.not_after), &left)?;
    line(out, "key", &c.key.to_string(), &format!("signed with {}", Shown(&c.signature)))?;
    let mut uses = c.key_usage.clone().unwrap_or_default().join(", ");
    if !c.extended_key_usage.is_empty() {
        let between = if uses.is_empty() { "" } else { "; " };
        uses = format!("{uses}{between}{}", c.extended_key_usage.join(", "));
    }
    let what = match (c.ca, c.path_length) {
        (true, Some(0)) => "a CA, with no CA below it".to_owned(),
        (true, Some(1)) => "a CA, with one CA below it at most".to_owned(),
        (true, Some(n)) => format!("a CA, with {n} CAs below it at most"),
        (true, None) => "a CA".to_owned(),
        (false, _) => "no CA".to_owned(),
    };
    line(out, "for", &what, &Shown(&uses).to_string())?;
    line(out, "serial", &c.serial, &format!("version {}", c.version))?;
    line(out, "sha256", &c.sha256, "")?;
    if text {
        let none = "none".to_owned();
        line(out, "spki", &c.spki_sha256, "sha256 of the public key")?;
        line(out, "ski", c.subject_key_identifier.as_ref().unwrap_or(&none), "")?;
        line(out, "aki", c.authority_key_identifier.as_ref().unwrap_or(&none), "")?;
        c.extensions.iter().try_for_each(|e| {
            let critical = if e.critical { "critical, " } else { "" };
            let value = e.says.as_ref().unwrap_or(&e.value);
            line(out, "ext", &e.name, &format!("{critical}{}", Shown(value)))
        })?;
    }
    finding_lines(out, &c.findings)
}

fn request(out: &mut impl Write, r: &RequestCheck) -> io::Result<()> {
    line(out, "csr", &r.subject, &Shown(&r.place).to_string())?;
    let names = if r.names.is_empty() { "none".to_owned() } else { joined(&r.names, ", ") };
    line(out, "names", &names, "")?;
    line(out, "key", &r.key.to_string(), "")?;
    finding_lines(out, &r.findings)
}

fn list(out: &mut impl Write, l: &ListReport) -> io::Result<()> {
    line(out, "crl", &l.issuer, &Shown(&l.place).to_string())?;
    let number = match l.full_number {
        Some(number) => format!("number {number}"),
        None if l.has_number => "a number of more than 20 octets".to_owned(),
        None => "without a number".to_owned(),
    };
    line(out, "revoked", &l.revoked.to_string(), &number)?;
    let dash = "-".to_owned();
    let (this, next) = (l.this_update.as_ref().unwrap_or(&dash), l.next_update.as_ref().unwrap_or(&dash));
    line(out, "valid", &format!("{this} to {next}"), "")?;
    l.entries.iter().try_for_each(|e| line(out, "entry", &e.serial, &format!("{}, {}", e.at, e.reason)))?;
    finding_lines(out, &l.findings)
}

fn key(out: &mut impl Write, k: &KeyReport) -> io::Result<()> {
    let half = if k.private { "private key" } else { "public key" };
    let what = match &k.key {
        Some(kind) => format!("{half}, {kind}"),
        None => format!("{half}, encrypted"),
    };
    let owners =
        if k.belongs_to.is_empty() { String::new() } else { format!(", of {}", k.belongs_to.join(", ")) };
    line(out, "key", &what, &Shown(&format!("{}{owners}", k.place)).to_string())
}

/// A condition as people read it.
fn words(condition: &str) -> &str {
    if condition == "not-yet-valid" { "not valid yet" } else { condition }
}

/// One line a certificate: file, end, days left, condition, names or subject.
pub fn scan_table(out: &mut impl Write, report: &ScanReport) -> io::Result<()> {
    let mut text = Vec::with_capacity(report.certificates.len() * 100);
    for e in &report.certificates {
        let names = if e.names.is_empty() { e.subject.clone() } else { joined(&e.names, ",") };
        let (path, until, names) = (Escaped(&e.path), &e.not_after[..10], Escaped(&names));
        writeln!(text, "{path}\t{until}\t{}\t{}\t{names}", e.days_left, words(e.condition))?;
    }
    out.write_all(&text)
}

pub fn scan_lines(out: &mut impl Write, report: &ScanReport) -> io::Result<()> {
    for entry in &report.certificates {
        finding_lines(out, &entry.findings)?;
    }
    finding_lines(out, &report.findings)?;
    let count = |condition: &str| report.certificates.iter().filter(|e| e.condition == condition).count();
    let certificates = Counted(report.certificates.len(), "certificate", "certificates");
    let mut facts = format!("{certificates} in {}", Counted(report.files, "file", "files"));
    for condition in ["expired", "due", "not-yet-valid", "wrong"] {
        match count(condition) {
            0 => {}
            n => facts = format!("{facts}, {n} {}", words(condition)),
        }
    }
    line(out, "check", &report.folder, &facts)
}
