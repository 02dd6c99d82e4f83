//! What a path of CAs allows: whether each may issue, for how deep, for what names and
//! for what purposes.

use time::OffsetDateTime;

use crate::certificate::{Certificate, Chain};
use crate::constraint::Constraints;
use crate::error::{Error, Result};
use crate::template::ExtendedKeyUsage;
use crate::validity::rfc3339;

/// Whether a certificate is one that may issue others, in a way that the rules
/// here understand (RFC 5280 §§4.2.1.3, 4.2.1.9).
pub(super) fn check_ca(certificate: &Certificate) -> Result<()> {
    let not_a_ca = |reason| Error::NotACa { subject: certificate.subject(), reason };
    if certificate.version() != 3 {
        return Err(not_a_ca("it is not an X.509 version 3 certificate"));
    }
    if certificate.ca().is_none() {
        return Err(not_a_ca("its basic constraints do not say CA:TRUE"));
    }
    if !certificate.may_sign_certificates() {
        return Err(not_a_ca("its key usage has no keyCertSign"));
    }
    if certificate.unknown_critical().is_some() {
        return Err(not_a_ca("it has a critical extension that clients do not know, and refuse it for"));
    }
    Ok(())
}

/// Checks every CA of a chain: the first has to be valid at `own`, those above it at `now`.
pub(super) fn check_chain(chain: &Chain, own: OffsetDateTime, now: OffsetDateTime) -> Result<()> {
    for (below, certificate) in chain.certificates().iter().enumerate() {
        check_ca(certificate)?;
        let limit = certificate.ca().and_then(|limit| limit.0);
        if let Some(limit) = limit.filter(|limit| usize::from(*limit) < below) {
            return Err(Error::PathLength { subject: certificate.subject(), limit });
        }
        check_validity(certificate, if below == 0 { own } else { now })?;
    }
    Ok(())
}

/// Refuses a CA that has not begun or has ended.
pub(super) fn check_validity(certificate: &Certificate, now: OffsetDateTime) -> Result<()> {
    let validity = certificate.validity();
    if validity.contains(now) {
        return Ok(());
    }
    Err(Error::CaNotValid {
        subject: certificate.subject(),
        not_before: rfc3339(validity.not_before()),
        not_after: rfc3339(validity.not_after()),
        now: rfc3339(now),
    })
}

/// The limits of the CAs of a chain, each with whose they are.
pub(super) fn constraints(chain: &[Certificate]) -> Result<Vec<(String, Constraints)>> {
    let limits = |ca: &Certificate| Ok(ca.name_constraints()?.map(|limits| (ca.subject(), limits)));
    chain.iter().filter_map(|ca| limits(ca).transpose()).collect()
}

/// Refuses limits of a new CA that permit nothing: what it could issue, one above it forbids.
pub(super) fn check_limits(above: &[(String, Constraints)], new: &Constraints) -> Result<()> {
    for below in new.permitted() {
        for (ca, limits) in above {
            if let Some(limit) = limits.closes(below) {
                return Err(Error::Constrained { name: below.to_string(), ca: ca.clone(), limit });
            }
        }
    }
    Ok(())
}

/// The purposes that the CAs of a chain are limited to, each with whose they are.
pub(super) fn purposes(chain: &[Certificate]) -> Result<Vec<(String, Vec<ExtendedKeyUsage>)>> {
    let limits = |ca: &Certificate| Ok(ca.allowed_usages()?.map(|usages| (ca.subject(), usages)));
    chain.iter().filter_map(|ca| limits(ca).transpose()).collect()
}

pub(super) fn empty_chain() -> Error {
    Error::Internal { doing: "checking a chain", reason: "it is empty".to_owned() }
}
