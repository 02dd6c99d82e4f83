//! What ACM says to an import, in its order and in its words where they are known
//! (ACM user guide, "Prerequisites for importing certificates" and "Reimporting a
//! certificate"; ACM API reference, `ImportCertificate`).

use time::OffsetDateTime;

use super::answer::Refusal;
use super::held::Held;
use super::pem;
use crate::certificate::Certificate;
use crate::key::{KeyAlgorithm, KeyForm, PrivateKey};

const MOST_CERTIFICATE: usize = 32_768;
const MOST_CHAIN: usize = 2_097_152;
const MOST_KEY: usize = 5_120;

/// The three fields of an import, decoded from base64.
pub(super) struct Fields<'a> {
    pub(super) certificate: &'a [u8],
    pub(super) private_key: &'a [u8],
    pub(super) chain: Option<&'a [u8]>,
}

/// What an import is, once it is accepted.
pub(super) struct Accepted {
    pub(super) leaf: Certificate,
    pub(super) chain: Vec<Certificate>,
    /// The kind of key, as ACM names it.
    pub(super) key: &'static str,
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

/// Judges an import.
pub(super) fn judge(fields: &Fields<'_>, now: OffsetDateTime) -> Result<Accepted, Refusal> {
    sizes(fields)?;
    let leaf = one_certificate(fields.certificate)?;
    let key = form(&leaf, now)?;
    own_key(fields.private_key, &leaf)?;
    let chain = match fields.chain {
        None => {
            if !signs_itself(&leaf) {
                return Err(invalid(
                    "Provided certificate is not a valid self signed. Please provide either a valid self-signed \
                     certificate or certificate chain.",
                ));
            }
            Vec::new()
        }
        Some(bytes) => chain(bytes, &leaf)?,
    };
    Ok(Accepted { leaf, chain, key })
}

fn sizes(fields: &Fields<'_>) -> Result<(), Refusal> {
    let too_long = |name: &str, most: usize| {
        invalid(format!(
            "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have length \
             less than or equal to {most}"
        ))
    };
    if fields.certificate.len() > MOST_CERTIFICATE {
        return Err(too_long("certificate", MOST_CERTIFICATE));
    }
    if fields.private_key.len() > MOST_KEY {
        return Err(too_long("privateKey", MOST_KEY));
    }
    if fields.chain.is_some_and(|chain| chain.is_empty() || chain.len() > MOST_CHAIN) {
        return Err(too_long("certificateChain", MOST_CHAIN));
    }
    Ok(())
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())
}

fn one_certificate(bytes: &[u8]) -> Result<Certificate, Refusal> {
    let not_pem = || invalid("The certificate is not in a valid PEM format.");
    let blocks = pem::blocks(text_of(bytes).ok_or_else(not_pem)?).ok_or_else(not_pem)?;
    match blocks.as_slice() {
        [(label, der)] if label == "CERTIFICATE" => {
            Certificate::from_der(der.clone()).map_err(|_| invalid("Unable to parse certificate."))
        }
        [_] => Err(not_pem()),
        _ => Err(invalid(
            "The certificate field contains more than one certificate. You can specify only one certificate in this \
             field.",
        )),
    }
}

/// The certificate's own form; the kind of its key.
fn form(leaf: &Certificate, now: OffsetDateTime) -> Result<&'static str, Refusal> {
    if leaf.version() != 3 {
        return Err(invalid("The certificate must be an X.509 version 3 certificate."));
    }
    // An X.501 Name without attributes is an empty SEQUENCE.
    if leaf.issuer_der().len() <= 2 {
        return Err(invalid("The certificate's issuer is empty."));
    }
    let kind = match leaf.public_key().algorithm() {
        Some(KeyAlgorithm::Rsa1024) => "RSA_1024",
        Some(KeyAlgorithm::Rsa2048) => "RSA_2048",
        Some(KeyAlgorithm::Rsa3072) => "RSA_3072",
        Some(KeyAlgorithm::Rsa4096) => "RSA_4096",
        Some(KeyAlgorithm::P256) => "EC_prime256v1",
        Some(KeyAlgorithm::P384) => "EC_secp384r1",
        Some(KeyAlgorithm::P521) => "EC_secp521r1",
        _ => return Err(invalid("The private key length is not supported for key algorithm")),
    };
    if now > leaf.validity().not_after() {
        return Err(invalid("The certificate has expired."));
    }
    if now < leaf.validity().not_before() {
        return Err(invalid("The certificate is not yet valid."));
    }
    Ok(kind)
}

fn own_key(bytes: &[u8], leaf: &Certificate) -> Result<(), Refusal> {
    let unsupported = || invalid("The private key is not supported.");
    let blocks = pem::blocks(text_of(bytes).ok_or_else(unsupported)?).ok_or_else(unsupported)?;
    let mut keys = blocks.iter().filter(|(label, _)| label != "EC PARAMETERS");
    let (Some((label, der)), None) = (keys.next(), keys.next()) else { return Err(unsupported()) };
    let form = KeyForm::of_label(label).ok_or_else(unsupported)?;
    let key = PrivateKey::from_der(der, form).map_err(|_| unsupported())?;
    if key.public().der() != leaf.public_key().der() {
        return Err(invalid("The private key does not match the certificate."));
    }
    Ok(())
}

fn signs_itself(certificate: &Certificate) -> bool {
    certificate.issuer_der() == certificate.subject_der()
        && certificate.is_signed_by(certificate.public_key()).unwrap_or(false)
}

fn chain(bytes: &[u8], leaf: &Certificate) -> Result<Vec<Certificate>, Refusal> {
    let not_pem = || invalid("The certificate chain is not in a valid PEM format.");
    let at = |index: usize| {
        invalid(format!(
            "Unable to validate certificate chain. The certificate chain must start with the immediate signing \
             certificate, followed by any intermediaries in order. The index within the chain of the invalid \
             certificate is: {index}"
        ))
    };
    let blocks = pem::blocks(text_of(bytes).ok_or_else(not_pem)?).ok_or_else(not_pem)?;
    if blocks.is_empty() {
        return Err(not_pem());
    }
    let mut issuers: Vec<Certificate> = Vec::new();
    for (index, (label, der)) in blocks.into_iter().enumerate() {
        if label != "CERTIFICATE" {
            return Err(not_pem());
        }
        let issuer = Certificate::from_der(der).map_err(|_| at(index))?;
        if issuer.der() == leaf.der() {
            return Err(at(index));
        }
        let below = issuers.last().unwrap_or(leaf);
        let signed = below.issuer_der() == issuer.subject_der()
            // What cannot be checked here is believed.
            && below.is_signed_by(issuer.public_key()).unwrap_or(true);
        if !signed {
            // Of another CA, or of this one in the wrong place.
            let stranger = index == 0 && issuer.subject_der() == leaf.issuer_der();
            return Err(if stranger {
                invalid("Could not validate the certificate with the certificate chain.")
            } else {
                at(index)
            });
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

/// Judges what takes another certificate's place.
pub(super) fn judge_again(new: &Accepted, old: &Held) -> Result<(), Refusal> {
    if new.key != old.key {
        return Err(invalid(format!(
            "The key algorithm of the certificate being reimported ({}) must be the same as that of the existing \
             certificate ({}).",
            new.key, old.key
        )));
    }
    let ec = new.key.starts_with("EC_");
    if let Some(before) = old.leaf.key_usage() {
        let after = new.leaf.key_usage().unwrap_or_default();
        let kept = |usage: &&str| after.contains(usage) || (ec && *usage == "keyEncipherment");
        if !before.iter().all(kept) {
            return Err(invalid("The KeyUsage of the certificate cannot be reduced on re-import."));
        }
    }
    if let Some(before) = old.leaf.extended_key_usage_oids() {
        let after = new.leaf.extended_key_usage_oids().unwrap_or_default();
        // clientAuth may go.
        let kept = |usage: &String| after.contains(usage) || usage == "1.3.6.1.5.5.7.3.2";
        if !before.iter().all(kept) {
            return Err(invalid("The ExtendedKeyUsage of the certificate cannot be reduced on re-import."));
        }
    }
    let before = super::answer::domains(&old.leaf);
    let after = super::answer::domains(&new.leaf);
    if !before.is_empty() && !before.iter().any(|name| after.contains(name)) {
        return Err(invalid("The certificate must keep at least one of its domain names on re-import."));
    }
    Ok(())
}
