//! `certforge verify`: whether a certificate is to be believed, and if not which
//! certificate of its path breaks which rule.

use std::path::PathBuf;

use certforge::check::path::{Peer, Purpose, Question, verify};
use certforge::{Certificate, Finding, TrustAnchor};
use clap::ValueEnum;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::command::material::{self, Trust, taken_back_along};
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::report::{Report, VerifyReport};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge verify server.pem --trust ca.pem --name 10.103.10.95
  certforge verify fullchain.pem --trust system --name www.example.com
  certforge verify 10.103.10.95                        a leaf of the store, as clients see it
  certforge verify server.pem --trust root.pem --chain intermediate.pem --time 2027-01-01T00:00:00Z
  certforge verify server.pem --trust ca.pem --crl crl.pem --strict

Exit status 0: it is to be believed; 1: it is not, and each reason is printed with the
certificate, the rule and what to do.")]
pub struct Args {
    /// The certificate, with its chain behind it or not; or a leaf of the store, by name
    #[arg(value_name = "FILE|NAME")]
    what: PathBuf,
    /// CAs to believe, by file; `system` is what this system trusts [default: the store's CAs]
    #[arg(long, value_name = "FILE", visible_alias = "roots", alias = "CAfile", alias = "cafile")]
    trust: Vec<PathBuf>,
    /// Intermediates that a server would send
    #[arg(long, value_name = "FILE", visible_alias = "untrusted", alias = "intermediates")]
    chain: Vec<PathBuf>,
    /// The host name or address that it has to be for
    #[arg(long, value_name = "NAME", visible_alias = "host", alias = "verify-hostname", alias = "hostname")]
    name: Option<String>,
    /// The time to judge at, such as 2027-01-31T00:00:00Z [default: now]
    // With seeds, --at is everything's.
    #[cfg_attr(not(feature = "seeded"), arg(long, value_name = "RFC3339", alias = "at"))]
    #[cfg_attr(feature = "seeded", arg(long, value_name = "RFC3339"))]
    time: Option<String>,
    /// What it is to be used for [default: server, for a CA alone any]
    #[arg(long, value_name = "PURPOSE")]
    purpose: Option<For>,
    /// Revocation lists, by file
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// Refuse what breaks a rule of form too: RFC 5280, RFC 9525, the baseline requirements
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum For {
    Server,
    Client,
    Any,
}

impl For {
    const fn purpose(self) -> Purpose {
        match self {
            Self::Server => Purpose::Server,
            Self::Client => Purpose::Client,
            Self::Any => Purpose::Any,
        }
    }
}

/// What is to be judged.
struct Subject {
    certificate: Option<Certificate>,
    chain: Vec<Certificate>,
    trust: Option<TrustAnchor>,
    findings: Vec<Finding>,
    /// Whether it was named as a leaf of the store, whose records were asked.
    is_of_store: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let at = args.time.as_deref().map_or(Ok(context.now), instant)?;
    let peer: Option<Peer> = args.name.as_deref().map(str::parse).transpose()?;
    let subject = subject(args, context)?;
    let mut findings = subject.findings;
    let mut chain = subject.chain;
    let trust = match (args.trust.is_empty(), subject.trust) {
        (true, Some(anchor)) => Trust { anchors: vec![anchor], more: Vec::new() },
        _ => material::trust(&args.trust, Some(&args.passphrase), context, &mut findings)?,
    };
    chain.extend(material::certificates(&args.chain, Some(&args.passphrase), &mut findings)?);
    chain.extend(trust.more);
    let lists = material::lists(&args.crl)?;
    let shown = crate::report::path(&args.what);
    let Some(certificate) = subject.certificate else {
        return Ok(Report::Verify(Box::new(VerifyReport::unreadable(&shown, at, &findings))));
    };
    let unnamed = if certificate.ca().is_some() && peer.is_none() { Purpose::Any } else { Purpose::Server };
    let question = Question {
        certificate: &certificate,
        chain: &chain,
        anchors: &trust.anchors,
        peer: peer.as_ref(),
        purpose: args.purpose.map_or(unnamed, For::purpose),
        at,
        lists: &lists,
        strict: args.strict,
    };
    let verdict = verify(&question);
    // Of a leaf of the store the records were asked already.
    if args.crl.is_empty() && !subject.is_of_store {
        let path = if verdict.path.is_empty() { std::slice::from_ref(&certificate) } else { &verdict.path };
        findings.extend(taken_back_along(path, context));
    }
    Ok(Report::Verify(Box::new(VerifyReport::of(&shown, &question, &verdict, &findings))))
}

/// A certificate by file, or by the name of a leaf in the store. Where no list is given the
/// store's `records` say whether it was taken back.
fn subject(args: &Args, context: &Context) -> Result<Subject, Failure> {
    let (what, records) = (args.what.as_path(), args.crl.is_empty());
    if let Some(entry) = material::leaf(what, context)? {
        let trust = entry.trust_anchor().ok();
        let chain = entry.chain.certificates().to_vec();
        let taken_back = if records { material::taken_back(&entry, context)? } else { None };
        let findings = taken_back.into_iter().collect();
        return Ok(Subject {
            certificate: Some(entry.certificate),
            chain,
            trust,
            findings,
            is_of_store: true,
        });
    }
    let parts = material::look_into(what, &args.passphrase)?;
    let mut findings = material::told(what, &parts);
    // A key beside the certificate is how servers keep them.
    findings.retain(|f| f.code != "gather.key-among-certificates");
    if parts.certificates.is_empty() {
        // What claims to be a certificate gets a verdict; what is something else is misuse.
        let claims = findings.iter().any(|f| f.code == "gather.damaged");
        if !claims || !parts.keys.is_empty() || !parts.others.requests.is_empty() {
            return Err(material::none_in(what, &parts));
        }
        return Ok(Subject {
            certificate: None,
            chain: Vec::new(),
            trust: None,
            findings,
            is_of_store: false,
        });
    }
    let damaged = material::damaged_before(&parts).is_some();
    let mut all = parts.certificates.into_iter().map(|(_, certificate)| certificate);
    let certificate = if damaged { None } else { all.next() };
    Ok(Subject { certificate, chain: all.collect(), trust: None, findings, is_of_store: false })
}

fn instant(text: &str) -> Result<OffsetDateTime, Failure> {
    // A day alone is its beginning.
    let whole = OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339));
    whole.map_err(|_| {
        Failure::usage(
            format!("`{}` is no time", certforge::error::Shown(text)),
            "write a day as 2027-01-31, or a time as 2027-01-31T00:00:00Z",
        )
    })
}
