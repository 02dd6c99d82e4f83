//! `certforge revoke` and `certforge crl`: take certificates back, and say so.

mod list;

use std::collections::BTreeSet;

use certforge::certificate::Certificate;
use certforge::error::{Counted, Shown};
use certforge::gather::is_der;
use certforge::store::{CaEntry, TakenBack, is_regular, read_input, serial_name};
use certforge::{Error, Finding, Reason, San, Severity};

use crate::command::inventory::{Issuers, is_same, leaves};
use crate::command::material::is_named_as_a_file;
use crate::command::offering::offering;
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::report::{NameReport, Report, RevokedReport, findings, names};
use list::check_same;
pub use list::make;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge revoke 10.103.10.95 --reason keyCompromise
  certforge revoke 4f8a01…serial --ca staging --reason superseded
  certforge revoke 10.103.10.95 --reason certificateHold
  certforge revoke 10.103.10.95 --release               give that back
  certforge revoke ./old.pem --reason superseded
  certforge revoke issuing --reason cACompromise        a CA under another one

It is in every list of its CA from then on: the one in crl.pem of the CA's folder is made
anew at once.")]
pub struct Revoke {
    /// A leaf or a CA by its name, a serial number in hexadecimal, or a certificate's file
    #[arg(value_name = "NAME|SERIAL|FILE")]
    which: String,
    /// Why: unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn
    #[arg(long, value_name = "REASON", default_value = "unspecified", value_parser = offering::<Reason>(Reason::ALL.map(Reason::as_str)), hide_possible_values = true)]
    reason: Reason,
    /// Give back what is on hold: it is in no list from now on
    #[arg(long, conflicts_with = "reason")]
    release: bool,
    /// The CA that issued it [default: found by its record]
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge crl
  certforge crl --ca staging --days 7
  openssl verify -crl_check -CAfile ca.pem -CRLfile certforge/ca/default/crl.pem cert.pem

It prints the path of the list. Make it anew before it ends: certforge status tells when.")]
pub struct Crl {
    /// The CA whose list it is
    #[arg(long, value_name = "NAME")]
    ca: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

// How a list is made.
#[derive(clap::Args)]
struct ListArgs {
    /// Days until the next CRL (nextUpdate) [default: as for the last one, 30 for the first]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub fn revoke(args: &Revoke, context: &Context) -> Result<Report, Failure> {
    let found = find(args, context)?;
    let (ca, serial, names) = (found.ca.clone(), found.serial.clone(), found.names());
    // The CA's key is asked for first: what is taken back and in no list is taken back from nobody.
    let authority = context.authority_for_list(&ca, &args.list.passphrase)?.authority;
    // Before anything is on record: that there can be a list, and that it can be written.
    authority.check_lists()?;
    list::check_clock(context)?;
    let lock = context.store.lock()?;
    check_same(&ca, &authority, context)?;
    // What the last list has and no record counts as it was: a lesser reason takes none of it back.
    let again = list::recover(&ca, &authority, context)?;
    if args.release {
        let released = context.store.release(&ca, &serial)?;
        let state = if released { "released" } else { "not-revoked" };
        let mut crl = make(&ca, &authority, (args.list.days, released.then_some(&*serial)), context)?;
        crl.findings.extend(findings(again.as_slice()));
        if !released {
            crl.findings.extend(findings(&[not_on_hold(&ca, &serial, context)?]));
        }
        crl.revoked = Some(RevokedReport { serial, names, reason: "certificateHold", state });
        return Ok(Report::Crl(crl));
    }
    // And that all that the list has to hold can be read.
    context.store.revoked(&ca)?;
    let others = others_of_ca(&found, context)?;
    if let Some(certificate) = &found.certificate {
        // Of a file: what is taken back is to be found again.
        context.store.record_issued(&ca, certificate)?;
    }
    let TakenBack { reason, changed } = context.store.revoke(&ca, &serial, args.reason, context.now)?;
    let mut said = Vec::from_iter(again);
    if names.is_none() {
        let message =
            format!("the CA {ca} has no record of this serial number; it is in its lists all the same");
        said.push(Finding::new("serial.no-record", Severity::Warning, &serial, message));
    }
    if found.certificate.as_ref().is_some_and(Certificate::has_negative_serial) {
        said.push(not_found_by_clients(&serial));
    }
    if reason != args.reason {
        let message = format!("it was revoked before, for {}; that stays", reason.as_str());
        said.push(Finding::new("revoked.before", Severity::Warning, &serial, message));
    }
    // A CA's other certificates have the same key: who has it has them all.
    for other in others {
        let other = other.serial_hex();
        if args.reason.is_of_the_key() {
            context.store.revoke(&ca, &other, args.reason, context.now)?;
            let message = format!("{other} has the same key, and is revoked with it");
            said.push(Finding::new("revoke.same-key", Severity::Info, &other, message));
        } else {
            let message = format!("{other} is a certificate of the same CA, and valid still");
            let finding = Finding::new("revoke.earlier", Severity::Warning, &other, message);
            said.push(finding.fix(format!("certforge revoke {other} --ca {ca}")));
        }
    }
    let state = if changed { "revoked" } else { "revoked-before" };
    let mut crl = make(&ca, &authority, (args.list.days, None), context)?;
    drop(lock);
    // What is wrong with what was before stops nothing that is done.
    said.extend(earlier(args, &ca, context).unwrap_or_default());
    crl.revoked = Some(RevokedReport { serial, names, reason: reason.as_str(), state });
    crl.findings.extend(findings(&said));
    Ok(Report::Crl(crl))
}

/// Warns of a negative serial number: CRLs have none, and clients do not find it by the positive
/// one (RFC 5280 §4.1.2.2 has both from zero up).
fn not_found_by_clients(serial: &str) -> Finding {
    let message = format!(
        "the serial number {serial} is negative, and the CRL has a positive one: clients that look there do not find it"
    );
    let finding = Finding::new("serial.negative", Severity::Warning, serial, message);
    finding.fix("take its CA off the clients, or wait for its end; what certforge issues has no such number")
}

/// How many serial numbers are told in one line.
const MOST_TOLD: usize = 5;

/// That there is nothing to release, and what of the same CA there is.
fn not_on_hold(ca: &str, serial: &str, context: &Context) -> Result<Finding, Failure> {
    let mut held = context.store.revoked(ca)?;
    held.retain(|revoked| revoked.reason == Reason::CertificateHold);
    let held: Vec<String> = held.iter().map(certforge::revocation::Revoked::serial_hex).collect();
    let message = format!("{serial} is not on hold: nothing was released");
    let finding = Finding::new("revoke.not-held", Severity::Warning, serial, message);
    Ok(match held.first() {
        None => finding,
        Some(first) => finding.fix(format!(
            "on hold: {}{}; certforge revoke {first} --ca {} --release",
            held[..held.len().min(MOST_TOLD)].join(", "),
            if held.len() > MOST_TOLD { ", …" } else { "" },
            Shown(ca)
        )),
    })
}

pub fn crl(args: &Crl, context: &Context) -> Result<Report, Failure> {
    let ca = context.choose_ca(args.ca.as_deref())?;
    let authority = context.authority_for_list(&ca, &args.list.passphrase)?.authority;
    let _lock = context.store.lock()?;
    Ok(Report::Crl(make(&ca, &authority, (args.list.days, None), context)?))
}

/// What is meant.
struct Found {
    ca: String,
    serial: String,
    /// None where it is not on record.
    certificate: Option<Certificate>,
}

impl Found {
    fn of(ca: &CaEntry, certificate: &Certificate) -> Self {
        let serial = certificate.serial_hex();
        Self { ca: ca.name.clone(), serial, certificate: Some(certificate.clone()) }
    }

    fn names(&self) -> Option<Vec<NameReport>> {
        self.certificate.as_ref().map(|c| names(&c.names()))
    }
}

/// The CA and the serial number of what is meant: a leaf, a CA, or what is on record.
fn find(args: &Revoke, context: &Context) -> Result<Found, Failure> {
    let store = &context.store;
    let issuers = Issuers::read(store)?;
    let path = std::path::Path::new(&args.which);
    let is_path = args.which.contains('/') || is_named_as_a_file(path);
    if is_path && is_regular(path) {
        return in_file(path, args, &issuers);
    }
    let named = store.leaf(&args.which);
    let below = issuers.all().iter().find(|ca| ca.name == args.which);
    match (named, below) {
        (Err(e @ Error::Io { .. }), _) => Err(e.into()),
        (Ok(leaf), Some(below)) => {
            let serials = [leaf.certificate.serial_hex(), below.certificate.serial_hex()];
            Err(Failure::usage(
                format!("{} is a leaf and a CA", Shown(&args.which)),
                format!(
                    "certforge revoke {} is the leaf, certforge revoke {} the CA",
                    serials[0], serials[1]
                ),
            ))
        }
        (Ok(entry), None) => {
            let ca = issuers.of(&entry);
            issued_by(args, (&issuers, ca), &entry.certificate, "revoke it where its CA is")
        }
        (Err(_), Some(below)) => {
            let hint = if below.certificate.is_self_issued() {
                "a root cannot be revoked: take ca.pem off the clients"
            } else {
                "the CA above it is not here: take its root, the last of chain.pem, off the clients"
            };
            issued_by(args, (&issuers, issuers.above(below)), &below.certificate, hint)
        }
        (Err(missing), None) => gone_from_its_place(args, &issuers, missing, context),
    }
}

/// The certificate in a file.
fn in_file(path: &std::path::Path, args: &Revoke, issuers: &Issuers) -> Result<Found, Failure> {
    let bytes = read_input(path)?;
    let read =
        if is_der(&bytes) { Certificate::from_der(bytes.to_vec()) } else { Certificate::from_pem(&bytes) };
    let certificate = read.map_err(|e| e.in_file(path))?;
    let ca = issuers.all().iter().find(|ca| certificate.is_issued_by(&ca.certificate));
    issued_by(args, (issuers, ca), &certificate, "revoke it where its CA is")
}

/// What is no leaf's and no CA's name any more: a serial number, or a name that was issued.
fn gone_from_its_place(
    args: &Revoke,
    issuers: &Issuers,
    missing: Error,
    context: &Context,
) -> Result<Found, Failure> {
    let mut on_record = by_serial(args, issuers, context)?;
    if on_record.is_empty() {
        on_record = by_name(args, issuers, context)?;
    }
    if on_record.len() > 1 {
        let message = format!("{} certificates on record are {}", on_record.len(), Shown(&args.which));
        let each = |found: &Found| format!("{} --ca {}", found.serial, found.ca);
        let each: Vec<String> = on_record.iter().take(5).map(each).collect();
        return Err(Failure::usage(message, format!("certforge revoke {}", each.join("; or "))));
    }
    if let Some(found) = on_record.into_iter().next() {
        return Ok(found);
    }
    match &args.ca {
        // What was issued before the CA was here, or whose record is lost.
        Some(ca) => {
            let serial = serial_name(&args.which)?;
            if context.store.ca_entry(ca)?.certificate.serial_hex() == serial {
                return Err(is_root(ca));
            }
            Ok(Found { ca: ca.clone(), serial, certificate: None })
        }
        // Short ones are names that somebody mistyped: serial numbers have eight octets and more
        // (CA/Browser Forum, baseline requirements §7.1), but for what old tools counted.
        None if serial_name(&args.which).is_ok()
            && (args.which.len() >= 16 || args.which.bytes().all(|b| b.is_ascii_digit())) =>
        {
            Err(Failure::usage(
                format!("no CA of this store has a record of the serial number {}", args.which),
                format!("certforge revoke {} --ca NAME takes it back all the same", args.which),
            ))
        }
        None => Err(missing.into()),
    }
}

/// The other certificates of a CA that are valid and not taken back.
fn others_of_ca(found: &Found, context: &Context) -> Result<Vec<Certificate>, Failure> {
    let Some(certificate) = found.certificate.as_ref().filter(|c| c.ca().is_some()) else {
        return Ok(Vec::new());
    };
    let issuers = Issuers::read(&context.store)?;
    let Some(entry) = issuers.same_as(certificate) else {
        return Ok(Vec::new());
    };
    let mut others = context.store.previous_authorities(&entry.name)?;
    others.push(entry.certificate.clone());
    let mut valid = Vec::new();
    for other in others {
        if other != *certificate
            && other.issuer_der() == certificate.issuer_der()
            && other.validity().not_after() >= context.now
            && context.store.is_revoked(&found.ca, &other.serial_hex())?.is_none()
        {
            valid.push(other);
        }
    }
    Ok(valid)
}

/// Warns of other certificates that a leaf's name has, and that are valid still: those it had
/// before, and those that are on record alone, such as what an adopted CA issued.
fn earlier(args: &Revoke, ca: &str, context: &Context) -> Result<Option<Finding>, Failure> {
    let Ok(leaf) = context.store.leaf(&args.which) else { return Ok(None) };
    let name = leaf.certificate.names().first().map_or_else(|| leaf.name(), ToString::to_string);
    let mut others = on_record(&name, &context.store.ca_entry(ca)?, context)?;
    // What has the name as one of several is another leaf's.
    others.retain(|other| other.names().first().is_some_and(|first| first.to_string() == name));
    let kept = context.store.archived_of(&leaf.name())?.into_iter().map(|kept| kept.certificate);
    others.extend(kept.filter(|kept| {
        kept.issuer_der() == leaf.certificate.issuer_der() && kept.validity().not_after() >= context.now
    }));
    let mut serials = BTreeSet::new();
    for other in others {
        let serial = other.serial_hex();
        if other != leaf.certificate && context.store.is_revoked(ca, &serial)?.is_none() {
            serials.insert(serial);
        }
    }
    let these = Counted(serials.len(), "certificate", "certificates");
    let message = format!("valid still: {these} that {} had before, or has beside it", leaf.name());
    let finding = Finding::new("revoke.earlier", Severity::Warning, leaf.name(), message);
    let first = serials.iter().take(MOST_TOLD);
    let each: Vec<String> = first.map(|serial| format!("certforge revoke {serial} --ca {ca}")).collect();
    Ok((!serials.is_empty()).then(|| finding.fix(each.join("; "))))
}

/// What was found, if the CA that issued it is here and is the one that was named.
fn issued_by(
    args: &Revoke,
    (issuers, issuer): (&Issuers, Option<&CaEntry>),
    certificate: &Certificate,
    hint: &str,
) -> Result<Found, Failure> {
    let broken = issuers.broken().first().filter(|_| !certificate.is_self_signed());
    let issuer = issuer.ok_or_else(|| match broken {
        // It may be the one that issued it.
        Some(broken) => Failure::usage(
            format!(
                "no CA of this store that can be read issued {}, and {} cannot be: {}",
                Shown(&args.which),
                Shown(&broken.place),
                broken.message
            ),
            "mend that CA's folder, and run this again",
        ),
        None => Failure::usage(format!("no CA of this store issued {}", Shown(&args.which)), hint.to_owned()),
    })?;
    if is_same(&issuer.certificate, certificate) {
        return Err(is_root(&issuer.name));
    }
    if let Some(other) = args.ca.as_ref().filter(|wanted| **wanted != issuer.name) {
        return Err(Failure::usage(
            format!("{} was issued by {}, not {}", Shown(&args.which), issuer.name, Shown(other)),
            "leave --ca out, or give the serial number",
        ));
    }
    Ok(Found::of(issuer, certificate))
}

fn is_root(ca: &str) -> Failure {
    Failure::usage(
        format!("that is the CA {ca} itself"),
        "a root cannot be revoked: take ca.pem off the clients",
    )
}

/// What is on record under a serial number; small ones may be several CAs'.
fn by_serial(args: &Revoke, issuers: &Issuers, context: &Context) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for ca in wanted(args, issuers) {
        let Some(issued) = context.store.issued(&ca.name, &args.which)? else { continue };
        // A CA that was replaced has left its record to the one in its place.
        if !issued.certificate.is_signed_by(ca.certificate.public_key()).unwrap_or(false) {
            return Err(Failure::usage(
                format!("{} was issued by another CA that was called {}", Shown(&args.which), ca.name),
                "its clients trust that CA, which is in archive/: take its ca.pem off them",
            ));
        }
        found.push(Found::of(ca, &issued.certificate));
    }
    Ok(found)
}

/// What is on record under a name and is valid: leaves that are not in this store, such as
/// those of a CA that was adopted. What was taken back counts where nothing else is.
fn by_name(args: &Revoke, issuers: &Issuers, context: &Context) -> Result<Vec<Found>, Failure> {
    let (mut found, mut gone) = (Vec::new(), Vec::new());
    for ca in wanted(args, issuers) {
        for certificate in on_record(&args.which, ca, context)? {
            let taken = context.store.is_revoked(&ca.name, &certificate.serial_hex())?;
            let to = if taken.is_some() { &mut gone } else { &mut found };
            to.push(Found::of(ca, &certificate));
        }
    }
    if found.is_empty() {
        return Ok(gone);
    }
    let leaves = leaves(context)?.found;
    let stored = leaves.iter().find(|leaf| found.iter().any(|f| f.serial == leaf.certificate.serial_hex()));
    match stored {
        // By one name of several somebody may mean another leaf.
        Some(leaf) => Err(Failure::usage(
            format!("{} is one of the names of the leaf {}", Shown(&args.which), leaf.name()),
            format!("certforge revoke {}", leaf.name()),
        )),
        None => Ok(found),
    }
}

/// What a CA has on record under a name and is valid, taken back or not.
fn on_record(name: &str, ca: &CaEntry, context: &Context) -> Result<Vec<Certificate>, Failure> {
    let store = &context.store;
    let typed: Option<San> = name.parse().ok();
    let mut found = Vec::new();
    for serial in store.issued_serials(&ca.name)? {
        // One record that is damaged hides no other.
        let Ok(Some(issued)) = store.issued(&ca.name, &serial) else { continue };
        let certificate = issued.certificate;
        let is_it = typed.as_ref().is_some_and(|name| certificate.names().contains(name))
            || certificate.common_names().iter().any(|common| common == name);
        if is_it
            && !is_same(&certificate, &ca.certificate)
            && certificate.validity().not_after() >= context.now
            && certificate.is_signed_by(ca.certificate.public_key()).unwrap_or(false)
        {
            found.push(certificate);
        }
    }
    Ok(found)
}

/// The CAs that are asked: the one that was named, or all.
fn wanted<'a>(args: &'a Revoke, issuers: &'a Issuers) -> impl Iterator<Item = &'a CaEntry> {
    issuers.all().iter().filter(|ca| args.ca.as_ref().is_none_or(|wanted| *wanted == ca.name))
}
