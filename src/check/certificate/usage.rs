//! What the certificate and its key are for: basic constraints, usages, the key.

use super::{Broken, Facts, odd, wrong};
use crate::key::KeyAlgorithm;
use crate::template::ExtendedKeyUsage;

pub(super) fn key(s: &Facts<'_>) -> Option<Broken> {
    if let Some(weakness) = s.key().weakness() {
        return wrong(format!("its key is weak: {weakness}"));
    }
    if s.key().algorithm().is_some() || s.key().is_rsa() {
        return None;
    }
    wrong(format!("its key is {}, which clients do not take", s.key().describe()))
}

pub(super) fn basic_constraints(s: &Facts<'_>) -> Option<Broken> {
    let Some((critical, constraints)) = &s.constraints else {
        return odd("it does not say whether it is a CA");
    };
    if !constraints.ca && constraints.path_length.is_some() {
        return wrong("it has a path length and is no CA");
    }
    let message = "its basic constraints are not critical";
    match (critical, constraints.ca) {
        (true, _) => None,
        (false, true) => wrong(message),
        (false, false) => odd(message),
    }
}

pub(super) fn key_usage(s: &Facts<'_>) -> Option<Broken> {
    let Some((critical, usage)) = &s.key_usage else {
        return odd("it has no key usage");
    };
    if s.is_ca {
        if !usage.key_cert_sign() {
            return wrong("a CA whose key may not sign certificates");
        }
        if !usage.crl_sign() {
            return odd("a CA whose key may not sign CRLs");
        }
    } else if usage.key_cert_sign() {
        return wrong("no CA, and yet its key may sign certificates");
    } else if usage.crl_sign() {
        return odd("no CA, and yet its key may sign CRLs");
    }
    // Who is not known here may do whatever it says. RFC 8813 §3 and RFC 9295 §3 say "must not"
    // of keys on curves, RFC 3279 §2.3.1 has no agreement for RSA: clients pass over it.
    let algorithm = s.key().algorithm();
    let enciphers = algorithm.is_none_or(KeyAlgorithm::is_rsa);
    let agrees = !matches!(algorithm, Some(KeyAlgorithm::Ed25519)) && !s.key().is_rsa();
    if (usage.key_encipherment() || usage.data_encipherment()) && !enciphers {
        return odd("a usage to encipher for a key that cannot");
    }
    if usage.key_agreement() && !agrees {
        return odd("a usage to agree on keys for a key that cannot");
    }
    if !s.is_ca && !usage.digital_signature() {
        return odd("its key may not sign");
    }
    if *critical { None } else { odd("its key usage is not critical") }
}

pub(super) fn extended_key_usage(s: &Facts<'_>) -> Option<Broken> {
    let Some((critical, usages)) = &s.extended else {
        return if s.is_ca { None } else { odd("it has no extended key usage") };
    };
    if usages.0.is_empty() {
        return wrong("its extended key usage is empty");
    }
    if *critical {
        return odd("its extended key usage is critical");
    }
    if usages.0.contains(&ExtendedKeyUsage::ANY.oid()) { odd("anyExtendedKeyUsage") } else { None }
}
