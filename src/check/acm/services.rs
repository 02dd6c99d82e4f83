//! Rules of the services that use the certificate, and of the call itself: S, T.

use time::OffsetDateTime;

use super::names::is_domain;
use super::{Broken, Import, Service, tag_fault};
use crate::finding::Severity;
use crate::key::KeyAlgorithm;

const CERTIFICATE: &str = "certificate";
/// The tag that an import carries by itself.
const OWN_TAG: &str = "certforge:sha256";

/// The key, as ACM names it, and how people read it.
fn key(import: &Import<'_>) -> (Option<KeyAlgorithm>, String) {
    let key = import.certificate.public_key();
    (key.algorithm(), key.describe())
}

pub(super) fn region(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    match (import.region, import.arn_region) {
        (Some(region), Some(arn)) if region != arn => {
            vec![Broken::new("arn", format!("the ARN is in {arn}, and the import goes to {region}"))]
        }
        _ => Vec::new(),
    }
}

pub(super) fn alb(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if !import.is_for(Service::Alb) {
        return Vec::new();
    }
    match key(import) {
        (Some(KeyAlgorithm::Rsa1024), kind) => {
            let message = format!("Application Load Balancers do not list {kind}");
            vec![Broken::new(CERTIFICATE, message).severity(Severity::Warning)]
        }
        (Some(algorithm), _) if algorithm.acm_name().is_some() => Vec::new(),
        (_, kind) => vec![Broken::new(CERTIFICATE, format!("Application Load Balancers do not take {kind}"))],
    }
}

pub(super) fn nlb(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if !import.is_for(Service::Nlb) {
        return Vec::new();
    }
    match key(import) {
        (Some(algorithm), _) if algorithm.acm_name().is_some() && algorithm != KeyAlgorithm::Rsa4096 => {
            Vec::new()
        }
        (_, kind) => {
            let message =
                format!("Network Load Balancers take RSA up to 3072 and NIST curves, and this is {kind}");
            vec![Broken::new(CERTIFICATE, message)]
        }
    }
}

pub(super) fn cloudfront(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if !import.is_for(Service::CloudFront) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(region) = import.region.filter(|r| *r != "us-east-1") {
        let message = format!("CloudFront reads certificates in us-east-1 alone, and this goes to {region}");
        found.push(Broken::new("region", message));
    }
    match key(import) {
        (Some(KeyAlgorithm::P256), _) => {}
        (Some(algorithm), _) if algorithm.is_rsa() => {}
        (_, kind) => {
            let message = format!("CloudFront takes RSA up to 4096 and P-256, and this is {kind}");
            found.push(Broken::new(CERTIFICATE, message));
        }
    }
    // Whether a root is a public one cannot be told from here; one that ends the
    // chain or is the leaf itself is not in the set that CloudFront trusts.
    if import.root().is_some() {
        let message = "CloudFront takes certificates of public CAs alone, and this one's root came with it";
        found.push(Broken::new("trust", message).severity(Severity::Warning));
    }
    found
}

pub(super) fn gateway_domain(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    if !import.is_for(Service::ApiGatewayDomain) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let (Some(KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096), kind) = key(import) {
        let message = format!("API Gateway's page for domains says RSA up to 2048, and this is {kind}");
        found.push(Broken::new(CERTIFICATE, message));
    }
    if import.root().is_some() {
        let message =
            "API Gateway's domains take a private CA's certificate only beside one that proves ownership";
        found.push(Broken::new("trust", message));
    }
    found
}

pub(super) fn client_vpn(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let names = import.certificate.dns_names_as_written();
    if !import.is_for(Service::ClientVpn) || names.iter().any(|n| is_domain(n)) {
        return Vec::new();
    }
    vec![Broken::new(CERTIFICATE, "it has no domain name, and Client VPN refuses that")]
}

pub(super) fn tags(import: &Import<'_>, _: OffsetDateTime) -> Vec<Broken> {
    let mut found: Vec<Broken> = import
        .tags
        .iter()
        .filter_map(|(key, value)| {
            tag_fault(key, value)
                .map(|fault| Broken::new("tags", format!("the tag `{key}={value}`: {fault}")))
        })
        .collect();
    if import.tags.iter().any(|(key, _)| key == OWN_TAG) {
        found.push(Broken::new("tags", format!("the tag `{OWN_TAG}` is certforge's own")));
    }
    // One more is certforge's own.
    if import.tags.len() > 49 {
        let message =
            format!("there are {} tags, and with certforge's own no more than 49 fit", import.tags.len());
        found.push(Broken::new("tags", message));
    }
    found
}
