//! What of a manifest is there already, and how what is there differs.

use std::path::Path;

use certforge::store::{CaEntry, Derived, KeyState, LeafEntry};
use certforge::validity::rfc3339;
use certforge::{Authority, Error, Finding, Lifetime, Severity};

use time::OffsetDateTime;

use super::plan::{PlannedCa, PlannedLeaf};
use crate::command::bundle::{self, FormOptions};
use crate::command::compare::{self, Wanted, asked_at};
use crate::command::inventory::{Chains, Issuers, Place, has_usages, is_ca_due, is_same, renewal_of};
use crate::context::{Context, Failure};
use crate::report::State;
use crate::spelling::quoted;

/// Refuses a CA that is there and is another one: what it issued would have no issuer.
pub fn check_ca(ca: &PlannedCa, entry: &CaEntry, issuers: &Issuers, manifest: &Path) -> Result<(), Failure> {
    let found = &entry.certificate;
    let refuse = |what: &str| {
        let reason = format!("ca.{}: the CA is there already, and {what}", ca.name);
        Err(Error::Manifest { reason }.in_file(manifest).into())
    };
    if ca.subject.is_some() && ca.plan.subject(found.public_key())?.to_der()? != found.subject_der() {
        return refuse("has another subject");
    }
    if !found.name_constraints()?.unwrap_or_default().is_written_as(&ca.constraints) {
        return refuse("has other limits");
    }
    if ca.has_purposes && found.extended_key_usage() != ca.plan.template().extended_key_usage() {
        return refuse("is for other purposes");
    }
    if ca.path_length.is_some_and(|limit| found.ca().is_some_and(|found| found.0 != Some(limit))) {
        return refuse("has another path length");
    }
    if ca.has_key && found.public_key().algorithm() != Some(ca.plan.key()) {
        let (has, wanted) = (found.public_key().describe(), ca.plan.key().label());
        return refuse(&format!("has another kind of key: {has}, where the manifest says {wanted}"));
    }
    let above = issuers.above(entry).map(|above| above.name.as_str());
    if ca.under.is_some() == found.is_self_issued() || ca.under.is_some() && above != ca.under.as_deref() {
        return refuse("stands under another CA");
    }
    Ok(())
}

/// What of a CA that is there is not as the manifest says, and can be put right.
pub fn of_ca(
    ca: &PlannedCa,
    entry: &CaEntry,
    issuers: &Issuers,
    context: &Context,
) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    let mut tell = |code, message: String, fix: String| {
        found.push(Finding::new(code, Severity::Warning, ca.name.clone(), message).fix(fix));
    };
    let have = entry.certificate.validity();
    if is_ca_due(have, context.now, None) {
        tell("ca.due", format!("the CA {} ends soon", ca.name), renewal_of(entry, issuers));
    }
    // One that is cut to the CA above it ends when that does.
    if let (Some(lifetime), None) = (ca.lifetime, &ca.under)
        && let Ok(wanted) = lifetime.starting(asked_at(have))
        && wanted.not_after() != have.not_after()
    {
        let message = format!("the CA {} ends at {}", ca.name, rfc3339(have.not_after()));
        let flag = if matches!(lifetime, Lifetime::Until(_)) { "--until" } else { "--validity" };
        let fix = format!("certforge ca renew {} {flag} {lifetime}", ca.name);
        tell("ca.validity", format!("{message}, not as the manifest says"), fix);
    }
    if (ca.encrypt || ca.passphrase_file.is_some()) && entry.key_state()? == KeyState::Plain {
        let message = format!("the key of the CA {} is not encrypted", ca.name);
        tell("ca.key-plain", message, format!("certforge ca rekey-passphrase {}", ca.name));
    }
    Ok(found)
}

/// What is to be done with a leaf.
pub struct Verdict {
    pub state: State,
    /// Why what is there is not what is asked for.
    pub reason: Option<String>,
    pub findings: Vec<Finding>,
    /// Why it is not what is asked for, and stays as it is.
    pub refused: Option<Error>,
    /// When it ends, or will.
    pub not_after: OffsetDateTime,
}

/// Whether a leaf is missing, or why what is there is not what is asked for. Its issuer
/// comes first; behind it those that hold their limits over one that is not made yet.
pub fn of_leaf(leaf: &PlannedLeaf, issuers: &[&Authority], context: &Context) -> Result<Verdict, Failure> {
    let mut plan = leaf.plan.clone();
    // What a CA may not issue is refused before anything is made.
    for issuer in issuers {
        plan = issuer.fit(plan);
    }
    for issuer in issuers {
        issuer.check(&plan)?;
    }
    let verdict = |state, reason| Verdict {
        state,
        reason,
        findings: plan.findings().to_vec(),
        refused: None,
        not_after: plan.validity().not_after(),
    };
    let entry = match Place::of(leaf.first(), context)? {
        Place::Free => return Ok(verdict(State::Created, None)),
        Place::Damaged => {
            return Ok(verdict(State::Replaced, Some("what is there cannot be read".to_owned())));
        }
        Place::Leaf(entry) => entry,
    };
    let Some(authority) = issuers.first() else { return Ok(verdict(State::Replaced, None)) };
    let stays = |refused| Verdict {
        state: State::Unchanged,
        reason: None,
        findings: forms_beside(leaf, &entry).into_iter().collect(),
        refused,
        not_after: entry.certificate.validity().not_after(),
    };
    match reason(leaf, authority, &entry, context) {
        Ok(None) => Ok(stays(None)),
        Ok(reason) => Ok(verdict(State::Replaced, reason)),
        // It was taken from somebody: a manifest that says what it said does not give it back.
        Err(e @ Error::Revoked { .. }) => Ok(stays(Some(e))),
        Err(e) => Err(e.into()),
    }
}

/// That files in other forms are beside a leaf that the manifest does not ask for: they are kept,
/// for somebody may have made them by hand, and some hold its key.
fn forms_beside(leaf: &PlannedLeaf, entry: &LeafEntry) -> Option<Finding> {
    let options = FormOptions::default();
    let wanted: Vec<Derived> =
        leaf.forms.iter().flat_map(|form| bundle::files(*form, entry.has_key(), &options)).collect();
    let beside = Derived::ALL.into_iter().filter(|derived| !wanted.contains(derived));
    let beside: Vec<String> = beside.map(Derived::file_name).filter(|name| entry.has_file(name)).collect();
    let files: Vec<String> =
        beside.iter().map(|name| quoted(&entry.folder.join(name).to_string_lossy())).collect();
    let message = format!("not among its forms, and kept: {}", beside.join(", "));
    let finding = Finding::new("forms.beside", Severity::Info, entry.name(), message);
    (!beside.is_empty()).then(|| finding.fix(format!("where nobody needs them: rm {}", files.join(" "))))
}

fn reason(
    leaf: &PlannedLeaf,
    authority: &Authority,
    entry: &LeafEntry,
    context: &Context,
) -> Result<Option<String>, Error> {
    let found = &entry.certificate;
    let plan = authority.fit(leaf.plan.clone());
    let because = |text: &str| Ok(Some(text.to_owned()));
    if entry.has_lost_chain() {
        return because("its chain is lost");
    }
    let is_its = entry.chain.certificates().first().is_some_and(|i| is_same(i, authority.certificate()));
    // What a CA took back that has another one in its place stays so.
    let taken_back = if is_its {
        context.store.is_revoked(&leaf.ca, &found.serial_hex())?.map(|reason| (reason, leaf.ca.clone()))
    } else {
        context.store.taken_back(found)?
    };
    if let Some((reason, ca)) = taken_back {
        if reason.asks_for_another() {
            return because("it is revoked");
        }
        let (subject, reason) = (found.subject(), reason.as_str());
        return Err(Error::Revoked { subject, is_ca: false, ca, reason });
    }
    if !is_its {
        return because("it is of another issuer");
    }
    if Chains::new(&context.store).gone(entry)?.is_some() {
        return because("a CA above it was revoked");
    }
    if let Some(different) = compare::in_names_or_key(found, &plan) {
        return Ok(Some(different));
    }
    if found.subject_der() != plan.subject().to_der()? {
        return because("its subject is different");
    }
    let template = plan.template();
    if !has_usages(found, &plan) {
        return because("its purpose is different");
    }
    if !entry.is_whole(template.send_root()) {
        return because("its files are missing, damaged or different");
    }
    let wanted = Wanted {
        request: &leaf.request,
        plan: &plan,
        authority,
        has_length: true,
        within: leaf.within,
        now: context.now,
    };
    Ok(wanted.in_time(found.validity()))
}
