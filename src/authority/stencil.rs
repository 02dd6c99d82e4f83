//! Many leaves by one plan: encoded and held against the rules once, and filled in after.

use std::ops::Range;

use super::content::ToBeSigned;
use crate::key::PublicKey;
use crate::plan::LeafPlan;

/// A leaf that the rules have passed. Another by the same plan for the same kind of key
/// differs from it in its serial number, its key and its key identifier, which have the
/// same lengths; and of these the rules ask nothing that does not hold for every one of
/// them: that a serial number is positive and of 16 octets, that the key is of its kind,
/// that there is an identifier.
#[derive(Debug)]
pub(super) struct Stencil {
    plan: LeafPlan,
    passed: ToBeSigned,
    serial: Range<usize>,
    public_key: Range<usize>,
    key_identifier: Range<usize>,
}

impl Stencil {
    /// Of a leaf by this plan.
    pub(super) fn of(plan: &LeafPlan, passed: &ToBeSigned) -> Option<Self> {
        let (serial, public_key, key_identifier) = passed.places()?;
        let (plan, passed) = (plan.clone(), passed.clone());
        Some(Self { plan, passed, serial, public_key, key_identifier })
    }

    /// Another leaf, where it is by the same plan and its key is of the same kind.
    pub(super) fn fill(&self, plan: &LeafPlan, serial: &[u8], key: &PublicKey) -> Option<ToBeSigned> {
        if self.passed.algorithm() != key.algorithm() || self.plan != *plan {
            return None;
        }
        let mut message = self.passed.bytes().to_vec();
        for (place, own) in [
            (&self.serial, serial),
            (&self.public_key, key.der()),
            (&self.key_identifier, &key.key_identifier()),
        ] {
            let blank = message.get_mut(place.clone()).filter(|blank| blank.len() == own.len())?;
            blank.copy_from_slice(own);
        }
        let filled = self.passed.with(message, key);
        debug_assert!(filled.is_as_read(), "the parts are not where they were");
        Some(filled)
    }
}
