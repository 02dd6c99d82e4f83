//! `certforge ca adopt`: go on with a CA that another tool made.

use std::path::{Path, PathBuf};

use certforge::certificate::{Certificate, Chain};
use certforge::gather::{Pile, Role};
use certforge::key::PrivateKey;
use certforge::store::{Overwrite, files_below, is_regular, read_input};
use certforge::validity::rfc3339;
use certforge::{Authority, Error, Finding, RevocationList, Severity};
use zeroize::Zeroizing;

use crate::command::ca::new::root_name;
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, DEFAULT_CA, Failure};
use crate::report::{AdoptReport, CaReport, Report, State, findings};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge ca adopt \"$(mkcert -CAROOT)\"
  certforge ca adopt ./pki office
  certforge ca adopt ca.pem --private-key ca.key
  certforge ca adopt old-ca.p12 --passphrase-file pass.txt
  certforge ca adopt ./certdir --dry-run

A folder of create_ca.sh, mkcert, easy-rsa, minica, step or anybody else is looked through
for CAs whose key is there. What is wrong with them is told; nothing in the folder changes.")]
pub struct Args {
    /// A folder, or a file with the CA's certificate
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The CA's name in the store
    #[arg(value_name = "NAME", default_value = DEFAULT_CA)]
    name: String,
    /// The CA's private key, where it is in a file of its own
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Keep the key encrypted with this pass phrase, as it is for keys that come so
    #[arg(long)]
    encrypt: bool,
    /// Show what would be taken over, and stop
    #[arg(long)]
    dry_run: bool,
}

/// How deep a folder is looked into, and how many files of it.
const DEPTH: usize = 3;
const MOST_FILES: usize = 20_000;
/// The most octets of a file that is looked at.
const MOST_OCTETS: usize = 1 << 20;

/// What was found.
#[derive(Default)]
struct Found {
    certificates: Vec<(String, Certificate)>,
    keys: Vec<FoundKey>,
    lists: Vec<RevocationList>,
    findings: Vec<Finding>,
}

struct FoundKey {
    key: PrivateKey,
    /// The pass phrase that opened it, where it was encrypted.
    passphrase: Option<Zeroizing<String>>,
}

/// A CA that can be taken over.
struct Candidate {
    place: String,
    certificate: Certificate,
    key: FoundKey,
    issuers: Vec<Certificate>,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let store = &context.store;
    store.ca_folder(&args.name)?;
    let mut found = look(args)?;
    let candidates = candidates(&mut found);
    if candidates.is_empty() {
        return Err(none(&args.path, &found));
    }
    let named = name(candidates, args, &mut found.findings);
    for (name, _) in &named {
        if store.has_authority(name)? {
            let path = store.ca_folder(name)?;
            return Err(Error::AlreadyExists { what: "CA", name: name.clone(), path }.into());
        }
    }
    let mut report =
        AdoptReport { authorities: Vec::new(), certificates: 0, revoked: 0, findings: Vec::new() };
    // All are checked before the first is saved.
    let mut ready = Vec::new();
    for (name, candidate) in named {
        let end = candidate.certificate.validity().not_after();
        if end < context.now {
            let message = format!("it ended at {}", rfc3339(end));
            let finding = Finding::new("ca.ended", Severity::Warning, candidate.place.clone(), message);
            found.findings.push(finding.fix(format!("certforge ca renew {name}")));
        }
        let chain = Chain::new(candidate.issuers)?;
        let FoundKey { key, passphrase, .. } = candidate.key;
        let authority = Authority::load(candidate.certificate, key, &chain, context.now.min(end))?;
        let fix = format!("certforge ca renew {name}");
        let of_ca = faults(&candidate.place, authority.certificate());
        found.findings.extend(of_ca.into_iter().map(|f| f.fix(fix.clone())));
        ready.push((name, authority, passphrase));
    }
    let given = if args.encrypt { Some(args.passphrase.fresh("the CA")?) } else { None };
    for (name, authority, passphrase) in ready {
        let folder = store.ca_folder(&name)?;
        let (state, certificate) = (State::Created, authority.certificate());
        if args.dry_run {
            let report_of = CaReport::of(State::Planned, &name, &folder, certificate, context.now);
            report.authorities.push(report_of);
            continue;
        }
        let passphrase = given.as_ref().or(passphrase.as_ref()).map(|p| p.as_str());
        let saved = store.save_authority(&name, &authority, passphrase, None, Overwrite::Refuse)?;
        report.authorities.push(CaReport::of(state, &name, &folder, certificate, context.now).saved(&saved));
        for (_, issued) in &found.certificates {
            let own = issued != certificate && issued.issuer_der() == certificate.subject_der();
            if own && issued.is_signed_by(certificate.public_key()).unwrap_or(false) {
                report.certificates += usize::from(store.record_issued(&name, issued)?);
            }
        }
        for list in &found.lists {
            if list.is_signed_by(certificate.public_key()).unwrap_or(false) {
                for revoked in list.revoked() {
                    let serial = hex(&revoked.serial);
                    report.revoked +=
                        usize::from(store.revoke(&name, &serial, revoked.reason, revoked.at)?);
                }
            }
        }
    }
    for (place, certificate) in found.certificates.iter().filter(|(_, c)| c.ca().is_none()) {
        found.findings.extend(faults(place, certificate));
    }
    report.findings = findings(&found.findings);
    Ok(Report::Adopt(Box::new(report)))
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write;
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string does not fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Reads what is there.
fn look(args: &Args) -> Result<Found, Failure> {
    let files = if is_regular(&args.path) || args.path == Path::new("-") {
        vec![args.path.clone()]
    } else {
        files_below(&args.path, DEPTH, MOST_FILES)?
    };
    let alone = files.len() == 1;
    let mut found = Found::default();
    for file in files.iter().chain(&args.private_key) {
        let bytes = match read_input(file) {
            Err(e) if alone => return Err(e.into()),
            Ok(bytes) if bytes.len() <= MOST_OCTETS => bytes,
            // One that is too large or cannot be read may be none of the CA's.
            Ok(_) | Err(_) => continue,
        };
        if !looks_like_any(&bytes) {
            continue;
        }
        if let Ok(list) = RevocationList::from_pem(&bytes) {
            found.lists.push(list);
            continue;
        }
        let mut used = None;
        let mut ask = args.passphrase.unlock();
        let mut unlock = |of: &str| {
            let secret = ask(of)?;
            used.clone_from(&secret);
            Ok(secret)
        };
        let mut pile = Pile::new();
        pile.add(Role::Any, file, &bytes, &mut unlock)?;
        let parts = pile.into_parts();
        found.certificates.extend(parts.certificates);
        found.keys.extend(parts.keys.into_iter().map(|(_, key)| FoundKey { key, passphrase: used.clone() }));
        let wrong = parts.findings.into_iter().filter(|f| f.severity == Severity::Error);
        found
            .findings
            .extend(wrong.map(|f| Finding::new(f.code, Severity::Warning, f.place, f.message).fix(f.fix)));
    }
    found.certificates.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// Whether a file may hold certificates or keys: the others of a folder are passed over.
fn looks_like_any(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30) || bytes.windows(11).any(|w| w == b"-----BEGIN ")
}

/// The CAs whose key is there, each once, with their issuers.
fn candidates(found: &mut Found) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let authorities: Vec<(String, Certificate)> =
        found.certificates.iter().filter(|(_, c)| c.ca().is_some()).cloned().collect();
    for (place, certificate) in &authorities {
        if candidates.iter().any(|c| c.certificate == *certificate) {
            continue;
        }
        let Some(at) = found.keys.iter().position(|k| k.key.public() == certificate.public_key()) else {
            continue;
        };
        let key = found.keys.swap_remove(at);
        let issuers = issuers(certificate, &authorities);
        candidates.push(Candidate { place: place.clone(), certificate: certificate.clone(), key, issuers });
    }
    candidates
}

/// The issuers of a CA, as far up as they are there.
fn issuers(certificate: &Certificate, all: &[(String, Certificate)]) -> Vec<Certificate> {
    let mut chain: Vec<Certificate> = Vec::new();
    let mut below = certificate;
    loop {
        let above = all.iter().map(|(_, c)| c).find(|c| {
            *c != below
                && !chain.contains(c)
                && below.issuer_der() == c.subject_der()
                && below.is_signed_by(c.public_key()).unwrap_or(false)
                && !below.is_signed_by(below.public_key()).unwrap_or(false)
        });
        let Some(above) = above else { return chain };
        chain.push(above.clone());
        below = above;
    }
}

/// Gives each CA a name: an intermediate is the one that issues, its root is behind it.
/// An intermediate of its issuer's own name is left out: clients take the one for the
/// other.
fn name(candidates: Vec<Candidate>, args: &Args, findings: &mut Vec<Finding>) -> Vec<(String, Candidate)> {
    let mut kept = Vec::new();
    for candidate in candidates {
        let twin =
            candidate.issuers.first().is_some_and(|i| i.subject_der() == candidate.certificate.subject_der());
        if twin {
            let message = format!(
                "`{}` is the name of its issuer too: OpenSSL takes one for the other, so it is left out",
                certforge::error::Shown(&candidate.certificate.subject())
            );
            let finding = Finding::new("ca.same-name", Severity::Warning, candidate.place.clone(), message);
            let fix =
                format!("make one with a name of its own: certforge ca new issuing --under {}", args.name);
            findings.push(finding.fix(fix));
        } else {
            kept.push(candidate);
        }
    }
    // The one with the longest way up issues.
    kept.sort_by_key(|c| std::cmp::Reverse(c.issuers.len()));
    let mut named: Vec<(String, Candidate)> = Vec::new();
    for candidate in kept {
        let name = match named.len() {
            0 => args.name.clone(),
            1 => root_name(&args.name),
            n => format!("{}-{n}", args.name),
        };
        named.push((name, candidate));
    }
    named
}

/// What is wrong with the form of a certificate that others made.
fn faults(place: &str, certificate: &Certificate) -> Vec<Finding> {
    let found = certforge::check::certificate::lint(certificate.tbs());
    let found = found
        .unwrap_or_else(|e| vec![Finding::new("certificate.malformed", Severity::Error, "", e.to_string())]);
    found
        .into_iter()
        .map(|f| Finding::new(f.code, Severity::Warning, place, format!("{place}: {}", f.message)))
        .collect()
}

/// Why nothing can be taken over.
fn none(path: &Path, found: &Found) -> Failure {
    let authorities = found.certificates.iter().filter(|(_, c)| c.ca().is_some()).count();
    let what = match (authorities, found.keys.len()) {
        (0, _) => format!("{} certificates, and none is a CA's", found.certificates.len()),
        (n, 0) => format!("{n} CAs, and no private key that can be read"),
        (n, keys) => format!("{n} CAs and {keys} private keys, and none fit together"),
    };
    let old = found.certificates.iter().find(|(_, c)| c.version() < 3 && c.is_self_issued());
    let old =
        old.map(|(place, _)| format!("; {place} is X.509 version 1, which makes no CA")).unwrap_or_default();
    let first = found.findings.first().map(|f| format!("; {}: {}", f.place, f.message)).unwrap_or_default();
    Error::NoAuthority { path: path.to_owned(), found: format!("{what}{old}{first}") }.into()
}
