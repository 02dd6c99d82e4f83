//! From the files people have to the parts of a bundle. Only PEM is read, and
//! only what the label says; a block of the wrong kind is named, never used.

use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::key::{KeyForm, PrivateKey};

/// All certificates of a PEM text, in order. `path` is for messages only.
///
/// # Errors
/// [`Error::File`] with path and block: a block that is no certificate, a
/// private key among the certificates, or no block at all.
pub fn certificates(pem: &[u8], path: &Path) -> Result<Vec<Certificate>> {
    let mut found = Vec::new();
    for (i, mut block) in blocks(pem, path)?.into_iter().enumerate() {
        let block_number = i + 1;
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => {
                let der = std::mem::take(&mut *block.der);
                found.push(Certificate::from_der(der).map_err(|e| e.in_block(path, block_number))?);
            }
            label if label.contains("PRIVATE KEY") => {
                return Err(wrong(path, block_number, "a private key, where a certificate was expected"));
            }
            label => {
                let reason =
                    format!("a `{}` block, where a certificate was expected", crate::error::Shown(label));
                return Err(wrong(path, block_number, &reason));
            }
        }
    }
    if found.is_empty() {
        return Err(nothing(path, "certificate"));
    }
    Ok(found)
}

/// The one private key of a PEM text. An `EC PARAMETERS` block before it, as
/// OpenSSL writes one, is passed over. `path` is for messages only.
///
/// # Errors
/// [`Error::File`] with path and block: an encrypted key, a block of another
/// kind, two keys, or none.
pub fn private_key(pem: &[u8], path: &Path) -> Result<PrivateKey> {
    let mut found = None;
    for (i, block) in blocks(pem, path)?.into_iter().enumerate() {
        let block_number = i + 1;
        if block.label == "EC PARAMETERS" {
            continue;
        }
        if block.encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
            let reason = "it is encrypted".to_owned();
            return Err(Error::Key { reason }.in_block(path, block_number));
        }
        let Some(form) = KeyForm::of_label(&block.label) else {
            let reason =
                format!("a `{}` block, where a private key was expected", crate::error::Shown(&block.label));
            return Err(wrong(path, block_number, &reason));
        };
        if found.is_some() {
            return Err(wrong(path, block_number, "a second private key"));
        }
        found = Some(PrivateKey::from_der(&block.der, form).map_err(|e| e.in_block(path, block_number))?);
    }
    found.ok_or_else(|| nothing(path, "private key"))
}

/// One PEM block. It may be a key, so its bytes are wiped.
struct Block {
    label: String,
    encrypted: bool,
    der: Zeroizing<Vec<u8>>,
}

fn blocks(pem: &[u8], path: &Path) -> Result<Vec<Block>> {
    let parsed = pem::parse_many(pem).map_err(|e| {
        // The reason is the parser's, and never quotes what it read.
        let reason = match e {
            pem::PemError::MismatchedTags(..) => "a BEGIN line and its END line differ".to_owned(),
            pem::PemError::InvalidData(_) => "a block is not base64".to_owned(),
            _ => "a block is not whole".to_owned(),
        };
        Error::MalformedPem { reason }.in_file(path)
    })?;
    let begins = pem.windows(11).filter(|w| *w == b"-----BEGIN ").count();
    if begins != parsed.len() {
        let reason = format!("{begins} blocks begin and {} can be read", parsed.len());
        for block in parsed {
            block.into_contents().zeroize();
        }
        return Err(Error::MalformedPem { reason }.in_file(path));
    }
    Ok(parsed
        .into_iter()
        .map(|block| Block {
            label: block.tag().to_owned(),
            encrypted: block.headers().get("Proc-Type").is_some_and(|v| v.contains("ENCRYPTED")),
            der: Zeroizing::new(block.into_contents()),
        })
        .collect())
}

fn wrong(path: &Path, block: usize, reason: &str) -> Error {
    Error::MalformedPem { reason: reason.to_owned() }.in_block(path, block)
}

fn nothing(path: &Path, what: &str) -> Error {
    Error::MalformedPem { reason: format!("no PEM block of a {what}") }.in_file(path)
}
