//! What a manifest asks of ACM. Each place is reached once, for all leaves that are to be in it:
//! they keep its rates together.

use std::collections::BTreeMap;

use certforge::{Authority, KeyAlgorithm, PrivateKey};

use super::manifest::Place;
use super::plan::PlannedLeaf;
use crate::command::candidate::LazyKey;
use crate::command::places::{ImportArgs, Ready};
use crate::context::{Context, Failure};
use crate::report::{ImportResult, ImportState};

/// Region, profile, endpoint, and whether it is a simulator.
type Where = (Option<String>, Option<String>, Option<String>, bool);

pub struct Places<'a> {
    reached: Reached<'a>,
    /// One of each kind: whatever has it is thrown away.
    keys: Vec<(KeyAlgorithm, PrivateKey)>,
}

struct Reached<'a> {
    context: &'a Context,
    dry_run: bool,
    /// How many imports there are to be in all: they wait for each other.
    imports: usize,
    places: BTreeMap<Where, Result<Ready, Failure>>,
    /// The simulator that is running: all of them keep one state, so that there is one at a time.
    simulator: Option<Where>,
}

impl Reached<'_> {
    /// A place, with the tags and services that are asked for there; reached where it is not yet.
    fn at(&mut self, place: &Place) -> Result<&mut Ready, Failure> {
        let tags = place.tags.iter().map(|tag| tag.parse()).collect::<certforge::Result<_>>()?;
        let (at, services) = (of(place), place.services()?);
        if place.sim && self.simulator.as_ref() != Some(&at) {
            self.simulator.take().map(|other| self.places.remove(&other));
            self.simulator = Some(at.clone());
        }
        let (context, imports, dry_run) = (self.context, self.imports, self.dry_run);
        let reached = self.places.entry(at).or_insert_with(|| {
            let args = ImportArgs::to(place.target(), Vec::new(), Vec::new(), place.sim);
            args.ready(context, imports, None, dry_run)
        });
        let ready = reached.as_mut().map_err(|failure| failure.clone())?;
        ready.is_for(tags, services);
        Ok(ready)
    }
}

impl<'a> Places<'a> {
    /// The places of these leaves. Each is reached when the first of them is to be there.
    pub fn of<'l>(
        leaves: impl Iterator<Item = &'l PlannedLeaf>,
        context: &'a Context,
        dry_run: bool,
    ) -> Self {
        let imports = leaves.map(|leaf| leaf.acm.len()).sum();
        let (places, simulator) = (BTreeMap::new(), None);
        Self { reached: Reached { context, dry_run, imports, places, simulator }, keys: Vec::new() }
    }

    /// Refuses a leaf that is not made yet where a place that it is to be in would refuse it, by
    /// all that is known before anything is sent: what serves the old one goes on serving it. A
    /// place that is not reached refuses nothing: that is told by the import, and a leaf that
    /// ends has to be made all the same.
    pub fn check(&mut self, leaf: &PlannedLeaf, authority: &Authority) -> Result<(), Failure> {
        if leaf.acm.is_empty() {
            return Ok(());
        }
        let kind = leaf.plan.key();
        Ready::refuse_kind(kind)?;
        if !self.keys.iter().any(|(known, _)| *known == kind) {
            self.keys.push((kind, PrivateKey::generate(kind)?));
        }
        let Some((_, key)) = self.keys.iter().find(|(known, _)| *known == kind) else { return Ok(()) };
        let certificate = authority.sign(&authority.fit(leaf.plan.clone()), key.public())?;
        let Context { store, now, .. } = self.reached.context;
        let there = store.leaf_of(leaf.first()).ok().flatten();
        for place in &leaf.acm {
            let Ok(ready) = self.reached.at(place) else { continue };
            ready.preflight(&certificate, authority.chain(), key, there.as_ref(), *now)?;
        }
        Ok(())
    }

    /// What would be imported: of a leaf that stays what ACM would be sent, of another all of it.
    pub fn would_import(&mut self, leaf: &PlannedLeaf, stays: bool) -> Result<Vec<ImportResult>, Failure> {
        let context = self.reached.context;
        let mut results = Vec::new();
        for place in &leaf.acm {
            let entry = context.store.leaf_of(leaf.first())?.filter(|entry| stays && entry.has_key());
            let ready = match self.reached.at(place) {
                Ok(ready) => ready,
                Err(failure) => {
                    results.push(unreached(leaf, place, failure));
                    continue;
                }
            };
            let Some(entry) = entry else {
                results.extend(ready.unmade(&certforge::store::folder_name(leaf.first())));
                continue;
            };
            let key = LazyKey::of(&entry);
            let mut told = ready.import(context, &entry, &key)?;
            let is_same = |told: &ImportResult| match &told.outcome {
                // Other tags are put on without an import.
                Ok(report) => {
                    report.state == ImportState::Unchanged
                        && report.findings.iter().all(|found| found.code != "acm.tags")
                }
                Err(_) => false,
            };
            told.retain(|told| !is_same(told));
            results.extend(told);
        }
        Ok(results)
    }

    /// Imports a leaf to the places that it is to be in.
    pub fn import(&mut self, leaf: &PlannedLeaf) -> Result<Vec<ImportResult>, Failure> {
        let context = self.reached.context;
        let mut results = Vec::new();
        for place in &leaf.acm {
            let Some(entry) = context.store.leaf_of(leaf.first())? else { continue };
            let key = LazyKey::of(&entry);
            match self.reached.at(place).and_then(|ready| ready.import(context, &entry, &key)) {
                Ok(of_place) => results.extend(of_place),
                // One place that is not reached keeps no other leaf from its own.
                Err(failure) => results.push(unreached(leaf, place, failure)),
            }
        }
        Ok(results)
    }
}

/// A leaf that a place was not asked for.
fn unreached(leaf: &PlannedLeaf, place: &Place, failure: Failure) -> ImportResult {
    ImportResult {
        name: certforge::store::folder_name(leaf.first()),
        region: place.region.clone().unwrap_or_default(),
        profile: place.profile.clone(),
        outcome: Err(failure),
    }
}

fn of(place: &Place) -> Where {
    (place.region.clone(), place.profile.clone(), place.endpoint_url.clone(), place.sim)
}
