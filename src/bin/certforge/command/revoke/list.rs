//! A CA's list, made anew.

use certforge::error::Counted;
use certforge::revocation::serial_number;
use certforge::store::serial_octets;
use certforge::{Error, Finding, Lifetime, Severity};

use crate::context::{Context, Failure};
use crate::report::{CrlReport, findings};

/// How long a CA's first list lasts where nobody says, in days.
const LIST_DAYS: u32 = 30;
/// The longest that one may last.
const MOST_DAYS: i64 = 3650;

/// Makes a CA's list anew, for as many days as the last one where nobody says, and without what
/// was just `released`. The store is to be locked: of two at once none may forget what the other
/// took back.
pub fn make(
    ca: &str,
    authority: &certforge::Authority,
    (days, released): (Option<u32>, Option<&str>),
    context: &Context,
) -> Result<CrlReport, Failure> {
    let store = &context.store;
    check_same(ca, authority, context)?;
    let before = store.revocation_list(ca).ok().flatten();
    let again = on_record_again(ca, (before.as_ref(), released), authority, context)?;
    let days = days.or_else(|| before.as_ref().and_then(days_of)).unwrap_or(LIST_DAYS);
    let revoked = store.revoked(ca)?;
    // The clock's seconds are past any count, so that the number goes up even where the list
    // before cannot be read.
    let clock = u128::try_from(context.now.unix_timestamp()).unwrap_or(0);
    let number = certforge::ListNumber::from(clock).max(store.next_list_number(ca)?);
    let validity = Lifetime::days(days).starting(context.now)?;
    let list = authority.revocation_list(&revoked, number, (context.now, validity.not_after()))?;
    let file = store.save_revocation_list(ca, &list)?;
    let mut report = CrlReport::of(ca, &file, &list, revoked.len());
    report.findings.extend(findings(again.as_slice()));
    Ok(report)
}

/// Refuses to begin where the clock shows a time that no list can be of.
pub(super) fn check_clock(context: &Context) -> Result<(), Failure> {
    Lifetime::days(LIST_DAYS).starting(context.now)?;
    Ok(())
}

/// For how many days a list was made.
fn days_of(list: &certforge::RevocationList) -> Option<u32> {
    let length = list.next_update()? - list.this_update()?;
    let days = length.whole_days() + i64::from(length > time::Duration::days(length.whole_days()));
    u32::try_from(days.clamp(1, MOST_DAYS)).ok()
}

/// Puts on record what the CA's last list takes back and no record tells of, as before a release:
/// what is on hold by the list alone is to be released too.
pub(super) fn recover(
    ca: &str,
    authority: &certforge::Authority,
    context: &Context,
) -> Result<Option<Finding>, Failure> {
    let last = context.store.revocation_list(ca).ok().flatten();
    on_record_again(ca, (last.as_ref(), None), authority, context)
}

/// What the CA's last list takes back goes on being taken back, though its record was lost.
fn on_record_again(
    ca: &str,
    (last, released): (Option<&certforge::RevocationList>, Option<&str>),
    authority: &certforge::Authority,
    context: &Context,
) -> Result<Option<Finding>, Failure> {
    let Some(last) = last else { return Ok(None) };
    if !last.is_signed_by(authority.certificate().public_key()).unwrap_or(false) {
        return Ok(None);
    }
    let released = released.map(serial_octets).transpose()?;
    let is_released =
        |octets: &[u8]| released.as_ref().is_some_and(|r| serial_number(r) == serial_number(octets));
    let mut count = 0;
    for entry in last.revoked().iter().filter(|entry| !is_released(&entry.serial)) {
        let serial = entry.serial_hex();
        if !context.store.has_revocation_record(ca, &serial)? {
            context.store.revoke(ca, &serial, entry.reason, entry.at)?;
            count += 1;
        }
    }
    let these = Counted(count, "certificate", "certificates");
    let message =
        format!("the last CRL of {ca} revokes {these} that no record tells of: they are on record again");
    Ok((count > 0).then(|| Finding::new("crl.record-lost", Severity::Warning, ca, message)))
}

/// Refuses to go on for another CA, that has got the name since this one was loaded.
pub(super) fn check_same(
    ca: &str,
    authority: &certforge::Authority,
    context: &Context,
) -> Result<(), Failure> {
    let there = context.store.ca_entry(ca)?;
    if there.certificate.public_key() == authority.certificate().public_key() {
        return Ok(());
    }
    Err(Error::Changed { path: there.folder }.into())
}
