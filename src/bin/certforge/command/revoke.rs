//! `certforge revoke` and `certforge crl`: take certificates back, and say so.

use certforge::{Error, Lifetime, Reason};

use crate::command::inventory::Issuers;
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::report::{CrlReport, Report, RevokedReport};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge revoke 10.103.10.95 --reason keyCompromise
  certforge revoke 4f8a01…serial --ca staging --reason superseded
  certforge revoke issuing --reason cACompromise        a CA under another one

It is in every list of its CA from then on: the one in crl.pem of the CA's folder is made
anew at once.")]
pub struct Revoke {
    /// A leaf or a CA by its name, or a serial number in hexadecimal
    #[arg(value_name = "NAME|SERIAL")]
    which: String,
    /// Why: unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn
    #[arg(long, value_name = "REASON", default_value = "unspecified")]
    reason: Reason,
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
    /// By when there will be another list, in days
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub fn revoke(args: &Revoke, context: &Context) -> Result<Report, Failure> {
    let (ca, serial) = find(args, context)?;
    // The CA's key is asked for first: what is taken back and in no list is taken back from nobody.
    let authority = context.authority(&ca, &args.list.passphrase)?.authority;
    let new = context.store.revoke(&ca, &serial, args.reason, context.now)?;
    let crl = make(&ca, &authority, args.list.days, context)?;
    Ok(Report::Crl(CrlReport {
        revoked: Some(RevokedReport { serial, reason: args.reason.as_str(), new }),
        ..crl
    }))
}

pub fn crl(args: &Crl, context: &Context) -> Result<Report, Failure> {
    let ca = context.choose_ca(args.ca.as_deref())?;
    let authority = context.authority(&ca, &args.list.passphrase)?.authority;
    Ok(Report::Crl(make(&ca, &authority, args.list.days, context)?))
}

fn make(
    ca: &str,
    authority: &certforge::Authority,
    days: u32,
    context: &Context,
) -> Result<CrlReport, Failure> {
    let store = &context.store;
    let _lock = store.lock()?;
    let revoked = store.revoked(ca)?;
    // A list that cannot be read stops nobody from making the next one. Its number goes
    // up in any case: the clock's seconds are past any count.
    let before = store.revocation_list(ca).ok().flatten().and_then(|list| list.number()).unwrap_or(0);
    let clock = u64::try_from(context.now.unix_timestamp()).unwrap_or(0);
    let number = clock.max(before.saturating_add(1));
    let validity = Lifetime::days(days).starting(context.now)?;
    let list = authority.revocation_list(&revoked, number, (context.now, validity.not_after()))?;
    let file = store.save_revocation_list(ca, &list)?;
    Ok(CrlReport::of(ca, &file, &list, revoked.len()))
}

/// The CA and the serial number of what is meant.
fn find(args: &Revoke, context: &Context) -> Result<(String, String), Failure> {
    let store = &context.store;
    let issuers = Issuers::read(store)?;
    let named = store.leaf(&args.which);
    if let Ok(entry) = &named {
        let issuer = issuers.of(entry).ok_or_else(|| Failure::Usage {
            message: format!("no CA of this store issued {}", certforge::error::Shown(&args.which)),
            hint: "revoke it where its CA is".to_owned(),
        })?;
        return Ok((issuer.name.clone(), entry.certificate.serial_hex()));
    }
    if let Some(below) = issuers.all().iter().find(|ca| ca.name == args.which) {
        let above = issuers.above(below).filter(|above| above.name != below.name);
        let above = above.ok_or_else(|| Failure::Usage {
            message: format!("no CA of this store issued the CA {}", below.name),
            hint: "a root cannot be revoked: take ca.pem off the clients".to_owned(),
        })?;
        return Ok((above.name.clone(), below.certificate.serial_hex()));
    }
    let serial = args.which.replace(':', "").to_ascii_lowercase();
    for ca in issuers.all().iter().filter(|ca| args.ca.as_ref().is_none_or(|wanted| *wanted == ca.name)) {
        if store.issued(&ca.name, &serial)?.is_some() {
            return Ok((ca.name.clone(), serial));
        }
    }
    Err(named.err().unwrap_or(Error::NoNames).into())
}
