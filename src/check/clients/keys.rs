//! What clients make of keys and of the algorithms of signatures.

use super::Facts;
use crate::certificate::Certificate;
use crate::key::{KeyAlgorithm, OtherKind};

/// What OpenSSL counts as 112 bits of security, its level 2, to the bit.
const LEAST_OF_OPENSSL: usize = 2047;
/// What Java's `jdk.certpath.disabledAlgorithms` asks for.
const LEAST_OF_JAVA: usize = 1024;
/// The most that OpenSSL reads (`OPENSSL_RSA_MAX_MODULUS_BITS`).
const MOST: usize = 16_384;

/// The key of a server's certificate.
pub(super) fn of_leaf(leaf: &Certificate, facts: &mut Facts) {
    let key = leaf.public_key();
    if key.is_rsa() {
        let bits = key.modulus_size().unwrap_or_default();
        if !(LEAST_OF_OPENSSL..=MOST).contains(&bits) {
            facts.insert("key.rsa-small");
        } else if bits > 3072 {
            facts.insert("key.rsa-large");
        }
        if bits < LEAST_OF_JAVA {
            facts.insert("key.rsa-tiny");
        }
        return;
    }
    match key.algorithm() {
        Some(_) if key.weakness().is_some() => facts.insert("key.unusual"),
        Some(KeyAlgorithm::P384) => facts.insert("key.p384"),
        Some(KeyAlgorithm::P521) => facts.insert("key.p521"),
        Some(KeyAlgorithm::Ed25519) => facts.insert("key.ed25519"),
        Some(_) => {}
        None => match key.other_kind() {
            Some(OtherKind::Ed448) => facts.insert("key.ed448"),
            Some(OtherKind::RsaPss) => facts.insert("key.rsa-pss"),
            kind => {
                facts.insert("key.unusual");
                if kind == Some(OtherKind::ExplicitCurve) {
                    facts.insert("key.explicit-curve");
                }
            }
        },
    }
}

/// The keys of the CAs of a path, from its leaf up.
pub(super) fn of_authorities(path: &[Certificate], facts: &mut Facts) {
    for (index, authority) in path.iter().enumerate().skip(1) {
        let key = authority.public_key();
        let place = if index + 1 == path.len() { "anchor" } else { "issuer" };
        match key.other_kind() {
            Some(OtherKind::ExplicitCurve) => facts.insert("ca.key-explicit-curve"),
            Some(OtherKind::NamedCurve) => facts.insert(format!("ca.key-other-curve@{place}")),
            _ => {}
        }
        if key.is_rsa() {
            let bits = key.modulus_size().unwrap_or_default();
            if bits < LEAST_OF_OPENSSL {
                facts.insert("ca.key-small");
            }
            if bits < LEAST_OF_JAVA {
                facts.insert("ca.key-tiny");
            }
        }
    }
}

/// The algorithms of the signatures of a path, but for the one of a trust anchor, which nobody
/// checks.
pub(super) fn of_signatures(path: &[Certificate], anchored: bool, facts: &mut Facts) {
    let below = path.len() - usize::from(anchored && path.len() > 1);
    for (index, certificate) in path[..below].iter().enumerate() {
        if certificate.is_self_signed() {
            continue;
        }
        let algorithm = certificate.signature_algorithm();
        if index == 0 && !algorithm.is_strong() {
            facts.insert("signature.weak");
        }
        if algorithm.has_weak_digest() {
            facts.insert(if index == 0 { "signature.digest" } else { "issuer.signature-digest" });
            if algorithm.is_md5() && index > 0 {
                facts.insert("issuer.signature-md5");
            }
            if index == 0 && algorithm.name().ends_with("SHA-1") {
                facts.insert("signature.sha1");
            }
        }
        if algorithm.is_odd_pss() {
            facts.insert("signature.pss-odd");
        }
        if algorithm.is_ecdsa_sha512() {
            facts.insert("signature.ecdsa-sha512");
        }
    }
}
