//! What a manifest asks of ACM. Each place is reached once, for all leaves that are to be in it:
//! they share its time and keep its rates together.

use std::collections::BTreeMap;

use certforge::{Authority, KeyAlgorithm, PrivateKey};

use super::manifest::Place;
use super::plan::PlannedLeaf;
use crate::command::candidate::LazyKey;
use crate::command::places::{ImportArgs, Ready};
use crate::command::target::stopped;
use crate::context::{Context, Failure};
use crate::report::{ImportResult, ImportState};

/// Region, profile, endpoint, and whether it is a simulator.
type Where = (Option<String>, Option<String>, Option<String>, bool);

pub struct Places<'a> {
    context: &'a Context,
    reached: BTreeMap<Where, Result<Ready, Failure>>,
    /// One of each kind: whatever has it is thrown away.
    keys: Vec<(KeyAlgorithm, PrivateKey)>,
}

impl<'a> Places<'a> {
    /// Reaches all places of these leaves, as far as they can be reached.
    pub fn reach<'l>(
        leaves: impl Iterator<Item = &'l PlannedLeaf>,
        context: &'a Context,
        dry_run: bool,
    ) -> Self {
        let mut places: BTreeMap<Where, (usize, &Place)> = BTreeMap::new();
        for place in leaves.flat_map(|leaf| &leaf.acm) {
            places.entry(of(place)).or_insert((0, place)).0 += 1;
        }
        let reach = |(at, (leaves, place)): (Where, (usize, &Place))| {
            let args = ImportArgs::to(place.target(), Vec::new(), Vec::new(), place.sim);
            (at, args.ready(context, leaves, None, dry_run))
        };
        Self { context, reached: places.into_iter().map(reach).collect(), keys: Vec::new() }
    }

    /// A place, with the tags and services that are asked for there.
    fn at(&mut self, place: &Place) -> Result<&mut Ready, Failure> {
        let tags = place.tags.iter().map(|tag| tag.parse()).collect::<certforge::Result<_>>()?;
        let services = place.services()?;
        match self.reached.get_mut(&of(place)) {
            Some(Ok(ready)) => {
                ready.is_for(tags, services);
                Ok(ready)
            }
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(stopped("reaching a place").into()),
        }
    }

    /// Refuses a leaf that is not made yet where a place that it is to be in would refuse it, by
    /// all that is known before anything is sent: what serves the old one goes on serving it.
    pub fn check(&mut self, leaf: &PlannedLeaf, authority: &Authority) -> Result<(), Failure> {
        if leaf.acm.is_empty() {
            return Ok(());
        }
        Ready::refuse_kind(leaf.plan.key())?;
        let kind = leaf.plan.key();
        if !self.keys.iter().any(|(known, _)| *known == kind) {
            self.keys.push((kind, PrivateKey::generate(kind)?));
        }
        let plan = authority.fit(leaf.plan.clone());
        let there = self.context.store.leaf_of(leaf.first()).ok().flatten();
        let now = self.context.now;
        for place in &leaf.acm {
            self.at(place)?;
            let Some((_, key)) = self.keys.iter().find(|(known, _)| *known == kind) else { continue };
            let Some(Ok(ready)) = self.reached.get(&of(place)) else { continue };
            ready.refuse_nowhere()?;
            let certificate = authority.sign(&plan, key.public())?;
            ready.preflight(&certificate, authority.chain(), key, there.as_ref(), now)?;
        }
        Ok(())
    }

    /// What would be imported: of a leaf that stays what ACM would be sent, of another all of it.
    pub fn would_import(&mut self, leaf: &PlannedLeaf, stays: bool) -> Result<Vec<ImportResult>, Failure> {
        let context = self.context;
        let mut results = Vec::new();
        for place in &leaf.acm {
            let entry = context.store.leaf_of(leaf.first())?.filter(|entry| stays && entry.has_key());
            let ready = self.at(place)?;
            let Some(entry) = entry else {
                results.extend(ready.unmade(&certforge::store::folder_name(leaf.first())));
                continue;
            };
            let key = LazyKey::new(|| Ok(entry.private_key()?));
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
        let context = self.context;
        let mut results = Vec::new();
        for place in &leaf.acm {
            let Some(entry) = context.store.leaf_of(leaf.first())? else { continue };
            let key = LazyKey::new(|| Ok(entry.private_key()?));
            match self.at(place).and_then(|ready| ready.import(context, &entry, &key)) {
                Ok(of_place) => results.extend(of_place),
                // One place that is not reached keeps no other leaf from its own.
                Err(failure) => results.push(ImportResult {
                    name: entry.name(),
                    region: place.region.clone().unwrap_or_default(),
                    profile: place.profile.clone(),
                    outcome: Err(failure),
                }),
            }
        }
        Ok(results)
    }
}

fn of(place: &Place) -> Where {
    (place.region.clone(), place.profile.clone(), place.endpoint_url.clone(), place.sim)
}
