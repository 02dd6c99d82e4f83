//! One file on one page.

use std::path::Path;

use certforge::certificate::WrittenName;
use certforge::check::path::{Peer, Purpose, Question, verify};
use certforge::gather::Parts;
use certforge::validity::rfc3339;
use certforge::{
    Certificate, Error, Finding, PublicKey, RevocationList, Severity, SigningRequest, Template, TrustAnchor,
};

use super::{Args, JudgeArgs, address};
use crate::command::passphrase::PassphraseArgs;
use crate::command::status::span;
use crate::command::{clients, material};
use crate::context::{Context, Failure};
use crate::report::{
    CertificateReport, CheckReport, KeyKind, KeyReport, ListReport, Report, RequestCheck, VerifyReport,
    findings,
};

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let leaf = material::leaf(&args.what, context)?;
    let taken_back = match &leaf {
        Some(entry) if args.judge.crl.is_empty() => material::taken_back(entry, context)?,
        _ => None,
    };
    let is_of_store = leaf.is_some();
    let file = leaf.map_or_else(|| args.what.clone(), |leaf| leaf.folder.join("fullchain.pem"));
    let parts = material::look_into(&file, &args.passphrase)?;
    let found = parts.certificates.len() + parts.keys.len();
    let others = &parts.others;
    let more = others.requests.len() + others.lists.len() + others.public_keys.len() + others.locked.len();
    if found + more == 0 && parts.findings.iter().all(|f| f.code == "gather.empty") {
        return Err(material::none_in(&file, &parts));
    }
    let mut report = inspect(&args.what, &parts, args.text, context);
    if parts.certificates.is_empty() {
        if args.format.is_some() {
            return Err(material::none_in(&file, &parts));
        }
        // One that cannot be read is what has to be told of.
        if !parts.findings.iter().any(|f| f.severity == Severity::Error) {
            args.judge.refuse("there is no certificate in it")?;
            if args.clients {
                return Err(super::superfluous("there is no certificate in it", "--clients"));
            }
        }
    }
    let damaged = material::damaged_before(&parts);
    if let (Some(damaged), Some(_)) = (damaged, args.format) {
        return Err(damage(damaged, &file));
    }
    if let Some((_, first)) = parts.certificates.first().filter(|_| damaged.is_none()) {
        if let Some(form) = args.format {
            report.content = Some(form.of(first)?);
        }
        let chain: Vec<Certificate> = parts.certificates[1..].iter().map(|(_, c)| c.clone()).collect();
        let said = judge(&mut report, first, chain, args.judge.name.as_deref(), args, context)?;
        // Of a leaf of the store the records were asked already, with what is to be done about it.
        if !is_of_store {
            report.findings.extend(findings(&said));
        }
    }
    report.findings.extend(findings(taken_back.as_slice()));
    due(&mut report, &parts, args, context)?;
    Ok(Report::Check(Box::new(report.judged())))
}

/// That what was meant cannot be read.
pub fn damage(finding: &Finding, file: &Path) -> Failure {
    Error::MalformedCertificate { reason: format!("{}: {}", finding.place, finding.message) }
        .in_file(file)
        .into()
}

/// What ends within the time that was asked for is no good.
pub fn due(report: &mut CheckReport, parts: &Parts, args: &Args, context: &Context) -> Result<(), Failure> {
    let Some(within) = args.within.as_deref().map(span).transpose()? else { return Ok(()) };
    let mut said = Vec::new();
    for (place, certificate) in &parts.certificates {
        let validity = certificate.validity();
        if validity.contains(context.now) && validity.is_due(context.now, Some(within)) {
            let message = format!("it ends {}", rfc3339(validity.not_after()));
            let finding = Finding::new("certificate.due", Severity::Error, place.clone(), message);
            said.push(finding.fix("renew it: certforge renew NAME"));
        }
    }
    report.findings.extend(findings(&said));
    Ok(())
}

/// All that is in a file, each by itself.
pub fn inspect(what: &Path, parts: &Parts, text: bool, context: &Context) -> CheckReport {
    let as_it_is =
        |f: &Finding| if f.code == "gather.form" { material::as_it_is(f.clone()) } else { f.clone() };
    let mut said: Vec<Finding> = parts.findings.iter().map(as_it_is).collect();
    // What was put right in memory is no news to somebody who only looks.
    said.retain(|f| !matches!(f.code, "gather.der" | "gather.unrelated" | "gather.parameters"));
    let certificates: Vec<CertificateReport> =
        parts.certificates.iter().map(|(place, c)| CertificateReport::of(place, c, context.now)).collect();
    let mut publics: Vec<(String, PublicKey)> =
        parts.certificates.iter().map(|(place, c)| (place.clone(), c.public_key().clone())).collect();
    let mut requests = Vec::new();
    for (place, der) in &parts.others.requests {
        match SigningRequest::from_der(der.clone()) {
            Ok(request) => {
                publics.push((place.clone(), request.public_key().clone()));
                requests.push(request_check(place, &request));
            }
            Err(e) => said.push(unreadable("csr.malformed", place, &e)),
        }
    }
    let mut lists = Vec::new();
    for (place, der) in &parts.others.lists {
        match RevocationList::from_der(der.clone()) {
            Ok(list) => lists.push(ListReport::of(place, &list, text, context.now)),
            Err(e) => said.push(unreadable("crl.malformed", place, &e)),
        }
    }
    let belongs = |key: &PublicKey| {
        publics
            .iter()
            .filter(|(_, other)| other.is_same_as(key))
            .map(|(place, _)| place.clone())
            .collect::<Vec<_>>()
    };
    let mut keys: Vec<KeyReport> = Vec::new();
    for (place, key) in &parts.keys {
        let public = key.public();
        let owners = belongs(public);
        if owners.is_empty() && !publics.is_empty() {
            let message = "the private key belongs to nothing in this file";
            let finding = Finding::new("key.mismatch", Severity::Error, place.clone(), message);
            said.push(finding.fix("find the key that the certificate was made for"));
        }
        weak(public, place, &mut said);
        keys.push(KeyReport::of(place, public, true, owners));
    }
    for (place, der) in &parts.others.public_keys {
        match PublicKey::from_der(der) {
            Ok(key) => {
                weak(&key, place, &mut said);
                keys.push(KeyReport::of(place, &key, false, belongs(&key)));
            }
            Err(e) => said.push(unreadable("key.malformed", place, &e)),
        }
    }
    keys.extend(parts.others.locked.iter().map(|place| KeyReport::locked(place)));
    CheckReport {
        what: crate::report::path(what),
        good: true,
        server: None,
        certificates,
        keys,
        requests,
        lists,
        verify: None,
        clients: Vec::new(),
        findings: findings(&said),
        content: None,
        text,
    }
}

fn unreadable(code: &'static str, place: &str, error: &certforge::Error) -> Finding {
    Finding::new(code, Severity::Error, place, error.to_string()).fix("get it anew from where it came")
}

fn weak(key: &PublicKey, place: &str, said: &mut Vec<Finding>) {
    if let Some(weakness) = key.weakness() {
        let finding =
            Finding::new("key.weak", Severity::Error, place, format!("the key is weak: {weakness}"));
        said.push(finding.fix("make a new key: --key p256 or --key rsa2048"));
    }
}

fn request_check(place: &str, request: &SigningRequest) -> RequestCheck {
    let mut said = Vec::new();
    let mut names = Vec::new();
    match Template::named("server").and_then(|server| request.wanted(&server, &[])) {
        Ok((wanted, left_out)) => {
            names = wanted.names().iter().map(WrittenName::from).collect();
            said.extend(left_out);
            if !request.has_alternative_names() {
                let message = "it has no subject alternative name: its name is the common name's";
                said.push(Finding::new("csr.common-name", Severity::Info, place, message));
            }
        }
        // That of a CA, a person or a program: a name is given when it is signed.
        Err(e) if !request.has_alternative_names() => {
            let asks = request.asks_for_ca();
            let (code, message, fix) = if asks {
                let message = "it asks for a CA, which `certforge sign` does not make".to_owned();
                ("csr.ca", message, "make one here: certforge ca new NAME --under CA")
            } else {
                let message = format!("it has no name that clients look at: {e}");
                (e.code(), message, "name it when it is signed: certforge sign FILE --san NAME")
            };
            said.push(Finding::new(code, Severity::Warning, place, message).fix(fix));
        }
        Err(e) => {
            let finding = Finding::new(e.code(), Severity::Error, place, e.to_string());
            said.push(finding.fix("make it anew: certforge csr NAME"));
        }
    }
    weak(request.public_key(), place, &mut said);
    if let Some(message) = request.signature_algorithm().weakness() {
        let finding = Finding::new("csr.signature-algorithm", Severity::Warning, place, message);
        said.push(finding.fix("make it anew: certforge csr NAME"));
    }
    RequestCheck {
        place: place.to_owned(),
        subject: request.subject(),
        names,
        key: KeyKind::of(request.public_key()),
        spki_sha256: request.public_key().sha256().to_string(),
        findings: findings(&said),
    }
}

/// Why a key of its own file is not the certificate's.
fn misfit(leaf: &Certificate, file: &Path, parts: &Parts) -> Option<Finding> {
    if parts.keys.iter().any(|(_, key)| key.public().is_same_as(leaf.public_key())) {
        return None;
    }
    let place = crate::report::path(file);
    let shown = certforge::error::Shown(&place);
    let closed = parts.findings.iter().find(|f| f.code == "gather.encrypted");
    let (code, message, fix) = if !parts.keys.is_empty() {
        (
            "key.mismatch",
            format!("{shown} holds another key"),
            "find the key that the certificate was made for",
        )
    } else if let Some(closed) = closed {
        ("key.encrypted", format!("{shown}: {}", closed.message), &*closed.fix)
    } else if !parts.others.locked.is_empty() {
        let message = format!("{shown} holds an encrypted key: whether it fits is not known");
        ("key.encrypted", message, "give its pass phrase with --passphrase-file")
    } else {
        let message = format!("{shown} holds no private key that can be read");
        ("key.mismatch", message, "find the key that the certificate was made for")
    };
    let place = place.clone();
    Some(Finding::new(code, Severity::Error, place, message).fix(fix))
}

/// Judges the first certificate by the rest, where it is known whom to trust. Where no list was
/// given it tells what this store took back of the path, and of what stands beside it.
pub fn judge(
    report: &mut CheckReport,
    leaf: &Certificate,
    mut chain: Vec<Certificate>,
    name: Option<&str>,
    args: &Args,
    context: &Context,
) -> Result<Vec<Finding>, Failure> {
    let (clients, passphrase) = (args.clients, &args.passphrase);
    let args: &JudgeArgs = &args.judge;
    let mut said = Vec::new();
    let sent = chain.clone();
    chain.extend(material::certificates(&args.chain, Some(passphrase), &mut said)?);
    // What the store has besides is in no client's hands.
    let shown = chain.clone();
    let served = address::of(Path::new(&report.what)).is_some() && !Path::new(&report.what).exists();
    if let Some(file) = &args.key {
        let parts = material::look_into(file, passphrase)?;
        said.extend(misfit(leaf, file, &parts));
    }
    let (anchors, more) = trusted(args, passphrase, (leaf, &chain), served, context, &mut said)?;
    chain.extend(more);
    let peer: Option<Peer> = name.map(str::parse).transpose()?;
    let lists = material::lists(&args.crl)?;
    // Who asks for a name asks a server.
    let purpose = match peer {
        Some(_) => Purpose::Server,
        None if leaf.ca().is_some() => Purpose::Any,
        None => purpose(leaf),
    };
    let question = Question {
        certificate: leaf,
        chain: &chain,
        anchors: &anchors,
        peer: peer.as_ref(),
        purpose,
        at: context.now,
        lists: &lists,
        strict: false,
    };
    if clients {
        let question = Question { purpose: Purpose::Server, chain: &shown, ..question };
        report.clients = clients::Clients::load()?.told(&question, &sent);
    }
    let mut verdict = verify(&question);
    if args.trust.is_empty() && !verdict.anchored {
        pass_no_judgement(&mut verdict.findings);
    }
    verdict.findings.retain(|finding| !is_said_of_the_certificate(finding));
    let what = report.what.clone();
    report.verify = Some(VerifyReport::of(&what, &question, &verdict, &said));
    if !args.crl.is_empty() {
        return Ok(Vec::new());
    }
    let path = if verdict.path.is_empty() { std::slice::from_ref(leaf) } else { &verdict.path };
    // Another client may take its way by these.
    let beside: Vec<Certificate> = sent.into_iter().filter(|c| !path.contains(c)).collect();
    Ok(taken_back(path, &beside, context))
}

/// Whom to trust, and what else may be on the way to them: what was given, or else what the leaf's own
/// file and this store have.
fn trusted(
    args: &JudgeArgs,
    passphrase: &PassphraseArgs,
    (leaf, chain): (&Certificate, &[Certificate]),
    served: bool,
    context: &Context,
    said: &mut Vec<Finding>,
) -> Result<(Vec<TrustAnchor>, Vec<Certificate>), Failure> {
    if !args.trust.is_empty() {
        let trust = material::trust(&args.trust, Some(passphrase), context, said)?;
        return Ok((trust.anchors, trust.more));
    }
    // A file of one's own may hold its root; what a server sends proves nothing.
    let roots = std::iter::once(leaf).chain(chain).filter(|c| c.is_self_issued() && !served);
    let mut anchors: Vec<TrustAnchor> = roots.cloned().map(TrustAnchor::new).collect();
    let mut more = Vec::new();
    if let Ok(trust) = material::trust(&[], None, context, said) {
        anchors.extend(trust.anchors);
        if !served {
            more = trust.more;
        }
    }
    Ok((anchors, more))
}

/// Where nobody said whom to trust, it is no fault that an issuer is elsewhere.
fn pass_no_judgement(findings: &mut [Finding]) {
    for finding in findings {
        if matches!(finding.code, "path.no-issuer" | "path.untrusted") {
            finding.severity = Severity::Info;
            "say whom to trust: --trust ca.pem, or --trust system".clone_into(&mut finding.fix);
        }
    }
}

/// Whether what is wrong with a path is wrong with the leaf alone, whose own page has it.
fn is_said_of_the_certificate(finding: &Finding) -> bool {
    finding.place == "leaf"
        && matches!(
            finding.code,
            "path.expired"
                | "path.not-yet-valid"
                | "path.weak-key"
                | "path.weak-signature"
                | "path.critical-unknown"
        )
}

/// What this store took back of a path, and of what stands `beside` it.
fn taken_back(path: &[Certificate], beside: &[Certificate], context: &Context) -> Vec<Finding> {
    let mut found = material::taken_back_along(path, context);
    let mut of_these = material::taken_back_along(beside, context);
    of_these.retain(|f| f.severity == Severity::Error);
    for finding in &mut of_these {
        "chain".clone_into(&mut finding.place);
    }
    found.extend(of_these);
    found
}

/// What a leaf is for, by its own word.
fn purpose(leaf: &Certificate) -> Purpose {
    let usages: Vec<String> = leaf.extended_key_usage().iter().map(ToString::to_string).collect();
    let has = |name: &str| usages.iter().any(|usage| usage == name);
    match () {
        () if usages.is_empty() || has("serverAuth") => Purpose::Server,
        () if has("clientAuth") => Purpose::Client,
        () => Purpose::Any,
    }
}

impl CheckReport {
    /// The same with the verdict that its findings come to.
    pub fn judged(mut self) -> Self {
        let bad = |found: &[crate::report::FindingReport]| found.iter().any(|f| f.severity == "error");
        self.good = !(bad(&self.findings)
            || self.certificates.iter().any(|c| bad(&c.findings))
            || self.requests.iter().any(|r| bad(&r.findings))
            || self.lists.iter().any(|l| bad(&l.findings))
            || self.verify.as_ref().is_some_and(|v| bad(&v.findings)));
        self
    }
}
