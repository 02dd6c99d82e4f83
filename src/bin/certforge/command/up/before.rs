//! What was asked for before: what is not said this time stays so.

use certforge::store::{LeafEntry, folder_name};
use certforge::{Certificate, LeafRequest, Lifetime, Names, San};

use super::{Args, DEFAULT_KEY};
use crate::command::inventory::{Issuers, request_on_record};
use crate::context::{Context, Failure};

/// The name of the CA that issued the leaf that is there, if there is one and the store has it.
pub(super) fn issuer_of(there: Option<&LeafEntry>, context: &Context) -> Result<Option<String>, Failure> {
    let Some(entry) = there else { return Ok(None) };
    Ok(Issuers::read(&context.store)?.of(entry).map(|ca| ca.name.clone()))
}

/// What was asked for when the leaf that is there was made, if that is on record.
pub(super) fn on_record(
    entry: &LeafEntry,
    ca: Option<&str>,
    context: &Context,
) -> Result<Option<LeafRequest>, Failure> {
    let Some(ca) = ca else { return Ok(None) };
    request_on_record(&context.store, ca, &entry.certificate.serial_hex(), &mut None)
}

/// What is not said this time stays as it was asked for: purpose, subject and length.
pub(super) fn as_before(args: &Args, mut request: LeafRequest, before: &LeafRequest) -> LeafRequest {
    if !args.issue.request.has_template() {
        request = request.template(before.wanted_template().clone());
    }
    if !args.issue.request.has_subject() && !before.wanted_subject().is_empty() {
        request = request.subject(before.wanted_subject().clone());
    }
    match before.wanted_lifetime() {
        Some(length @ Lifetime::For { .. }) if !args.issue.has_lifetime() => {
            request.lifetime(length).allow_long(before.allows_long())
        }
        _ => request,
    }
}

/// What is asked for in the place of a leaf that is lost, as it was asked for then.
pub(super) fn again(
    args: &Args,
    mut asked: Vec<String>,
    names: &Names,
    lost: &Lost,
) -> Result<LeafRequest, Failure> {
    if lost.key_is_elsewhere && !args.is_ephemeral() {
        return Err(Failure::usage(
            format!("what is left of {} was signed for a key that is elsewhere", names.first()),
            "certforge sign REQUEST --force, with the request that it was signed for; certforge leaf NAME --force makes another key",
        ));
    }
    // Who says the first name alone means the leaf that it had.
    if names.iter().len() == 1 {
        asked.extend(lost.others());
    }
    let key = lost.certificate.public_key().algorithm().unwrap_or(DEFAULT_KEY);
    Ok(as_before(args, args.issue.request_in_place(&asked, key)?, &lost.request))
}

/// What is on record of a leaf whose certificate is lost or cannot be read.
pub(super) struct Lost {
    pub(super) ca: String,
    pub(super) certificate: Certificate,
    pub(super) request: LeafRequest,
    /// Whether its private key was never here.
    pub(super) key_is_elsewhere: bool,
}

impl Lost {
    /// Its other names, as they are typed.
    pub(super) fn others(&self) -> Vec<String> {
        let names = self.request.names().iter().skip(1);
        names.map(|name| format!("{}:{name}", name.kind())).collect()
    }
}

/// The last certificate on record that was asked for under this name, where something of a
/// leaf is in its folder. Records that cannot be read say nothing.
pub(super) fn lost(first: &San, damaged: bool, context: &Context) -> Option<Lost> {
    let store = &context.store;
    if !damaged && !store.is_incomplete(&folder_name(first)) {
        return None;
    }
    let mut found: Option<Lost> = None;
    for ca in store.authority_names().ok()? {
        let mut batches = None;
        for serial in store.issued_serials(&ca).unwrap_or_default() {
            let Ok(Some(issued)) = store.issued(&ca, &serial) else { continue };
            let certificate = issued.certificate;
            let begun = certificate.validity().not_before();
            if certificate.names().first() != Some(first)
                || found.as_ref().is_some_and(|last| last.certificate.validity().not_before() >= begun)
            {
                continue;
            }
            let request = request_on_record(store, &ca, &serial, &mut batches).ok().flatten();
            if let Some(request) = request.filter(|request| request.names().first() == first) {
                let key_is_elsewhere = issued.key_is_elsewhere;
                found = Some(Lost { ca: ca.clone(), certificate, request, key_is_elsewhere });
            }
        }
    }
    found
}
