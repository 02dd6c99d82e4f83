//! Output of what makes certificates: CAs, leaves, requests, and many of them.

use std::io::{self, Write};

use certforge::error::{Counted, Shown};

#[cfg(feature = "aws")]
use super::acm;
use super::{finding_lines, line};
use crate::report::{
    AdoptReport, BatchReport, CaReport, LeafReport, RequestReport, State, UpReport, names_text, values_text,
};

const fn state_word(state: State) -> &'static str {
    match state {
        State::Created => "created",
        State::Renewed => "renewed",
        State::Replaced => "replaced",
        State::Unchanged => "unchanged",
        State::Planned => "would be created",
        State::Refused => "not made",
        State::Present => "",
    }
}

pub fn ca_lines(out: &mut impl Write, ca: &CaReport) -> io::Result<()> {
    let mut facts = format!("{}, until {}", ca.key, &ca.not_after[..10]);
    let word = if ca.state == State::Planned { ca.planned } else { state_word(ca.state) };
    if !word.is_empty() {
        facts = format!("{facts}, {word}");
    }
    line(out, "ca", &ca.subject, &facts)?;
    if ca.state == State::Present {
        let issuer = ca.issuer.as_deref().unwrap_or_default();
        line(out, "issuer", issuer, if issuer == ca.subject { "itself" } else { "" })?;
        line(out, "serial", ca.serial.as_deref().unwrap_or_default(), "")?;
        line(out, "sha256", ca.sha256.as_deref().unwrap_or_default(), "")?;
        let below = ca.path_length.map_or("no limit".to_owned(), |n| n.to_string());
        line(
            out,
            "below",
            &below,
            if below == "1" { "CA allowed below it" } else { "CAs allowed below it" },
        )?;
        let count = Counted(ca.issued.unwrap_or_default(), "certificate", "certificates");
        line(out, "issued", &count.to_string(), "")?;
        line(out, "left", &Counted(ca.days_left, "day", "days").to_string(), "")?;
        line(out, "key", ca.key_file.unwrap_or("unreadable"), "")?;
    }
    for (what, limits) in [("permit", &ca.permitted), ("exclude", &ca.excluded)] {
        if !limits.is_empty() {
            line(out, what, &limits.join(", "), "")?;
        }
    }
    let is_root = ca.issuer.as_deref().is_none_or(|issuer| issuer == ca.subject);
    for file in &ca.files {
        match file.path.rsplit('/').next() {
            Some("ca.pem") if !is_root => described(out, &file.path, &file.mode, "its certificate")?,
            Some("chain.pem") => {
                described(out, &file.path, &file.mode, "the CAs above it: clients trust the last")?;
            }
            _ => file_line(out, &file.path, &file.mode)?,
        }
    }
    finding_lines(out, &ca.findings)
}

/// What each file of a set is for.
fn purpose(file: &str) -> &'static str {
    match file.rsplit('/').next().unwrap_or(file) {
        "ca.key" => "the CA's private key: keep it to yourself",
        "ca.pem" | "ca.der" => "what clients trust",
        "cert.pem" | "cert.der" => "the certificate alone",
        "chain.pem" => "its issuers: what ACM takes as the chain",
        "fullchain.pem" => "what a server takes, with key.pem",
        "key.pem" | "key.der" => "the private key",
        "request.pem" => "what the CA gets",
        "bundle.p12" => "key, certificate and issuers: PKCS#12",
        "truststore.p12" => "what Java clients trust: PKCS#12",
        "bundle.p7b" => "certificate and issuers: PKCS#7",
        "combined.pem" => "key, certificate and intermediates",
        "k8s-secret.yaml" => "a Kubernetes Secret",
        file if file.starts_with("ca.previous-") => "its certificate until now",
        _ => "",
    }
}

pub fn file_line(out: &mut impl Write, path: &str, mode: &str) -> io::Result<()> {
    described(out, path, mode, purpose(path))
}

fn described(out: &mut impl Write, path: &str, mode: &str, purpose: &str) -> io::Result<()> {
    writeln!(out, "        {mode}  {:<40} {purpose}", Shown(path).to_string())
}

pub fn leaf_lines(out: &mut impl Write, leaf: &LeafReport) -> io::Result<()> {
    let word = match (leaf.state, &leaf.reason) {
        (State::Planned, Some(_)) => "would be replaced",
        (state, _) => state_word(state),
    };
    let facts = format!("{}, until {}, {word}", leaf.key, &leaf.not_after[..10]);
    line(out, "leaf", &names_text(&leaf.names), &facts)?;
    if leaf.state == State::Planned {
        line(out, "subject", &leaf.subject, "")?;
        line(out, "folder", &leaf.folder, "")?;
    }
    if let Some(reason) = &leaf.reason {
        line(out, "why", reason, "")?;
    }
    for file in &leaf.files {
        file_line(out, &file.path, &file.mode)?;
    }
    finding_lines(out, &leaf.findings)
}

pub fn adopt_lines(out: &mut impl Write, adopted: &AdoptReport) -> io::Result<()> {
    adopted.authorities.iter().try_for_each(|ca| ca_lines(out, ca))?;
    if adopted.certificates > 0 || adopted.revoked > 0 {
        let facts = format!("certificates on record, {} revoked", adopted.revoked);
        line(out, "issued", &adopted.certificates.to_string(), &facts)?;
    }
    finding_lines(out, &adopted.findings)
}

pub fn batch_lines(out: &mut impl Write, batch: &BatchReport) -> io::Result<()> {
    let state = if batch.planned { "would be created" } else { "created" };
    let leaves = Counted(batch.leaves.len(), "leaf", "leaves").to_string();
    let passed = match batch.skipped {
        0 => String::new(),
        n => format!(", {n} there already"),
    };
    line(out, "batch", &leaves, &format!("{state}{passed}"))?;
    if batch.planned {
        for leaf in &batch.leaves {
            line(out, "leaf", &values_text(&leaf.names, ", "), &format!("until {}", &leaf.not_after[..10]))?;
        }
    }
    finding_lines(out, &batch.findings)
}

pub fn request_lines(out: &mut impl Write, request: &RequestReport) -> io::Result<()> {
    let facts = format!("{}, {}", request.key, state_word(request.state));
    line(out, "request", &names_text(&request.names), &facts)?;
    if request.state == State::Planned {
        line(out, "subject", &request.subject, "")?;
        line(out, "folder", &request.folder, "")?;
    }
    for file in &request.files {
        file_line(out, &file.path, &file.mode)?;
    }
    finding_lines(out, &request.findings)
}

pub fn up_lines(out: &mut impl Write, up: &UpReport) -> io::Result<()> {
    for ca in up.root.iter().chain([&up.ca]) {
        ca_lines(out, ca)?;
    }
    leaf_lines(out, &up.leaf)?;
    #[cfg(feature = "aws")]
    if let Some(import) = &up.acm {
        acm::import_lines(out, import)?;
    }
    #[cfg(feature = "aws")]
    acm::results_lines(out, &up.imports)?;
    Ok(())
}
