//! `SearchCertificates`: filters over certificates, joined by And, Or and Not.

use serde_json::Value;

use super::answer::{Refusal, domains, is_serial};
use super::held::Held;

/// Whether a certificate passes a filter statement.
pub(super) fn passes(arn: &str, held: &Held, statement: &Value) -> Result<bool, Refusal> {
    let invalid = || Refusal::new("ValidationException", "The filter statement is not valid.");
    let (kind, inner) = only_member(statement).ok_or_else(invalid)?;
    let all = |inner: &Value| {
        let statements = inner.as_array().ok_or_else(invalid)?;
        statements.iter().map(|s| passes(arn, held, s)).collect::<Result<Vec<bool>, Refusal>>()
    };
    match kind {
        "And" => Ok(all(inner)?.into_iter().all(|passed| passed)),
        "Or" => Ok(all(inner)?.into_iter().any(|passed| passed)),
        "Not" => Ok(!passes(arn, held, inner)?),
        "Filter" => filter(arn, held, inner).ok_or_else(invalid),
        _ => Err(invalid()),
    }
}

fn only_member(value: &Value) -> Option<(&str, &Value)> {
    let mut members = value.as_object()?.iter();
    match (members.next(), members.next()) {
        (Some((name, inner)), None) => Some((name, inner)),
        _ => None,
    }
}

/// One filter; none where it is malformed or not simulated.
fn filter(arn: &str, held: &Held, filter: &Value) -> Option<bool> {
    let (kind, inner) = only_member(filter)?;
    match kind {
        "CertificateArn" => Some(inner.as_str()? == arn),
        "X509AttributeFilter" => {
            let (attribute, wanted) = only_member(inner)?;
            match attribute {
                "SerialNumber" => Some(is_serial(held, wanted.as_str()?)),
                "KeyAlgorithm" => Some(wanted.as_str()? == held.key),
                "Subject" => compare(&wanted["CommonName"], &held.leaf.common_names()),
                "SubjectAlternativeName" => compare(&wanted["DnsName"], &domains(&held.leaf)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn compare(wanted: &Value, names: &[String]) -> Option<bool> {
    let value = wanted["Value"].as_str()?;
    match wanted["ComparisonOperator"].as_str()? {
        "EQUALS" => Some(names.iter().any(|name| name == value)),
        "CONTAINS" => Some(names.iter().any(|name| name.contains(value))),
        _ => None,
    }
}
