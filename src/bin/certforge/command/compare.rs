//! How a leaf that is there differs from the one that is wanted.

use certforge::certificate::Certificate;
use certforge::validity::{BACKDATE, rfc3339};
use certforge::{Authority, LeafPlan, LeafRequest, Validity};
use time::{Duration, OffsetDateTime};

use crate::report::same_names;

/// Its names that the new one would not have.
pub fn left_out(found: &Certificate, plan: &LeafPlan) -> Option<String> {
    let is_wanted = |name| plan.names().iter().any(|wanted| wanted == name);
    let names = found.names();
    let gone: Vec<String> = names.iter().filter(|n| !is_wanted(*n)).map(ToString::to_string).collect();
    let are = if gone.len() > 1 { "are" } else { "is" };
    (!gone.is_empty()).then(|| format!("{} {are} left out", gone.join(", ")))
}

/// In its names or its kind of key.
pub fn in_names_or_key(found: &Certificate, plan: &LeafPlan) -> Option<String> {
    if !same_names(plan.names(), found) {
        return Some(match left_out(found, plan) {
            None => "its names are different".to_owned(),
            Some(gone) => format!("its names are different: {gone}"),
        });
    }
    let same_key = found.public_key().algorithm() == Some(plan.key());
    (!same_key).then(|| "its kind of key is different".to_owned())
}

/// What a leaf's time is held against.
pub struct Wanted<'a> {
    pub request: &'a LeafRequest,
    pub plan: &'a LeafPlan,
    pub authority: &'a Authority,
    /// Whether somebody said how long it is to last.
    pub has_length: bool,
    /// When it is due, where somebody said so.
    pub within: Option<Duration>,
    pub now: OffsetDateTime,
}

impl Wanted<'_> {
    /// Whether it has not begun, ends at another time, or is due and would gain by another one.
    pub fn in_time(&self, have: &Validity) -> Option<String> {
        if have.not_before() > self.now {
            return Some(format!("it is not valid before {}", rfc3339(have.not_before())));
        }
        // The same request at the time of the leaf that is there: months differ in length.
        let then = self.request.plan(asked_at(have));
        let wanted = then.map(|plan| self.authority.fit(plan).validity().not_after());
        if self.has_length && wanted.is_ok_and(|wanted| wanted != have.not_after()) {
            return Some("its validity is different".to_owned());
        }
        // One that is cut to its issuer's end gains nothing.
        let gains = have.not_after() < self.plan.validity().not_after();
        let due = have.is_due(self.now, self.within);
        (due && gains).then(|| format!("it ends at {}", rfc3339(have.not_after())))
    }
}

/// When a certificate that is valid from then on was asked for.
pub fn asked_at(validity: &Validity) -> OffsetDateTime {
    validity.not_before().checked_add(BACKDATE).unwrap_or(validity.not_before())
}
