//! The CAs of a manifest: those that are there, and those that are to be made.

use std::collections::BTreeMap;
use std::path::Path;

use certforge::key::PrivateKey;
use certforge::store::{LoadedAuthority, Overwrite};
use certforge::{Authority, Error};
use zeroize::Zeroizing;

use super::plan::PlannedCa;
use super::{Args, difference};
use crate::command::ca::new::{between, for_java, rehearsed};
use crate::command::inventory::Issuers;
use crate::command::passphrase::{from_file, read_first_line};
use crate::context::{Context, Failure};
use crate::report::{CaReport, State, findings};

/// The CAs with their keys, each loaded once.
pub struct Authorities<'a> {
    pub args: &'a Args,
    pub context: &'a Context,
    /// Where the manifest is: its paths start there.
    pub base: &'a Path,
    pub loaded: BTreeMap<String, LoadedAuthority>,
    /// Those that are not made yet: one that nobody keeps, and the name of the one above.
    pub rehearsed: BTreeMap<String, (Authority, Option<String>)>,
}

impl Authorities<'_> {
    /// A CA that is there, whose pass phrase may be in a file.
    pub fn load(&mut self, name: &str, file: Option<&str>) -> Result<&Authority, Failure> {
        if !self.loaded.contains_key(name) {
            let loaded = match file {
                Some(file) => {
                    let file = self.base.join(file);
                    self.context.store.authority(name, self.context.now, &mut from_file(&file))?
                }
                None => self.context.authority(name, &self.args.passphrase)?,
            };
            self.loaded.insert(name.to_owned(), loaded);
        }
        self.get(name).ok_or_else(|| missing_ca(name, self.context))
    }

    pub fn get(&self, name: &str) -> Option<&Authority> {
        self.loaded.get(name).map(|loaded| &loaded.authority)
    }

    /// A CA; of one that is not made yet those above it too, up to one that is there and
    /// knows its own.
    pub fn issuers(&self, name: &str) -> Vec<&Authority> {
        let mut found = Vec::new();
        let mut next = Some(name);
        while let Some(name) = next {
            next = None;
            match (self.get(name), self.rehearsed.get(name)) {
                (Some(there), _) => found.push(there),
                (None, Some((own, above))) => {
                    found.push(own);
                    next = above.as_deref();
                }
                (None, None) => {}
            }
        }
        found
    }
}

pub fn missing_ca(name: &str, context: &Context) -> Failure {
    let path = context.store.root().to_owned();
    Error::Missing { what: "CA", name: name.to_owned(), path }.into()
}

/// A CA that is there has to be the one that is asked for; one that is missing has to be
/// one that can be made.
pub fn look_at_ca(
    ca: &PlannedCa,
    issuers: &Issuers,
    authorities: &mut Authorities<'_>,
) -> Result<CaReport, Failure> {
    let context = authorities.context;
    let (store, folder) = (&context.store, context.store.ca_folder(&ca.name)?);
    if store.has_authority(&ca.name)? {
        let entry = store.ca_entry(&ca.name)?;
        difference::check_ca(ca, &entry, issuers, &authorities.args.file)?;
        let mut report = CaReport::of(State::Unchanged, &ca.name, &folder, &entry.certificate, context.now);
        report.findings = findings(&difference::of_ca(ca, &entry, issuers, context)?);
        return Ok(report);
    }
    if let Some(file) = &ca.passphrase_file {
        read_first_line(&authorities.base.join(file))?;
    }
    let mut plan = ca.plan.clone();
    let mut chain = Vec::new();
    if let Some(under) = &ca.under {
        if !authorities.rehearsed.contains_key(under) {
            authorities.load(under, ca.issuer_passphrase_file.as_deref())?;
        }
        for above in authorities.issuers(under) {
            plan = plan.within(above.validity());
            above.check_under(&plan)?;
            chain.extend_from_slice(above.chain().certificates());
        }
    }
    let own = rehearsed(&plan)?;
    let mut report = CaReport::planned(&ca.name, &folder, &plan, context.now);
    let between = chain.split_last().map(|(_, between)| between);
    report.findings.extend(findings(&for_java(own.certificate(), between)));
    authorities.rehearsed.insert(ca.name.clone(), (own, ca.under.clone()));
    Ok(report)
}

/// The pass phrase of a CA that is to be made, where it is to have one.
pub fn secret(ca: &PlannedCa, authorities: &Authorities<'_>) -> Result<Option<Zeroizing<String>>, Failure> {
    Ok(match (&ca.passphrase_file, ca.encrypt) {
        (Some(file), _) => Some(read_first_line(&authorities.base.join(file))?),
        (None, true) => Some(authorities.args.passphrase.fresh(&format!("the CA {}", ca.name))?),
        (None, false) => None,
    })
}

/// Makes a CA that is missing.
pub fn make_ca(
    ca: &PlannedCa,
    secret: Option<&Zeroizing<String>>,
    authorities: &mut Authorities<'_>,
) -> Result<CaReport, Failure> {
    let (context, store) = (authorities.context, &authorities.context.store);
    let key = PrivateKey::generate(ca.plan.key())?;
    let authority = match &ca.under {
        None => Authority::create(&ca.plan, key)?,
        Some(under) => {
            let above = authorities.load(under, ca.issuer_passphrase_file.as_deref())?;
            above.create_under(&ca.plan.clone().within(above.validity()), key)?
        }
    };
    let secret = secret.map(|s| s.as_str());
    let saved = store.save_authority(&ca.name, &authority, secret, ca.under.as_deref(), Overwrite::Refuse)?;
    let mut report =
        CaReport::of(State::Created, &ca.name, &saved.folder, authority.certificate(), context.now);
    report.findings = findings(&for_java(authority.certificate(), between(authority.chain().certificates())));
    authorities.rehearsed.remove(&ca.name);
    authorities.loaded.insert(ca.name.clone(), LoadedAuthority { authority, findings: Vec::new() });
    Ok(report.saved(&saved))
}
