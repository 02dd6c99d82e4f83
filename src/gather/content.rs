//! What stands in a file: certificates, keys, archives, and what has no place in a bundle.

use super::Found;
#[cfg(feature = "pkcs12")]
use super::Role;
#[cfg(feature = "pkcs12")]
use super::archive::{Archive, Closed};
use super::binary;
use super::{FoundKey, MOST_FAULTS, MOST_LOCKED, Pile, Source};
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
#[cfg(feature = "pkcs12")]
use crate::key::KeyForm;
use crate::key::{EXPLICIT_CURVE, PrivateKey, PublicKey, weakness};

const ENCRYPT_ANEW: &str = "encrypt it in a form of today: openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -in KEY -out KEY.pk8 (of DES and RC2 with -provider legacy -provider default)";

impl Pile {
    pub(super) fn certificate(&mut self, der: &[u8], place: String, source: &Source<'_, '_>) {
        if self.certificates.len() == self.room() {
            self.faults = MOST_FAULTS;
            let message = format!("more than {} certificates", self.room());
            self.wrong("gather.too-large", place, message, "give the leaf and its issuers alone");
            return;
        }
        match Certificate::from_der(der) {
            Ok(certificate) => self.certificates.push(Found {
                certificate,
                role: source.role,
                place,
                file: source.path.clone(),
            }),
            Err(e) => self.wrong("gather.damaged", place, e.to_string(), "get the certificate anew"),
        }
    }

    pub(super) fn pkcs7(&mut self, der: &[u8], place: String, source: &Source<'_, '_>) {
        match binary::pkcs7_certificates(der) {
            Some(found) if !found.is_empty() => {
                for (i, der) in found.into_iter().enumerate() {
                    self.certificate(der, format!("{place}, certificate {}", i + 1), source);
                    if self.is_hopeless() {
                        break;
                    }
                }
            }
            _ => {
                let message = "it is PKCS#7 without certificates that can be read";
                self.wrong("gather.damaged", place, message, "write it anew: openssl pkcs7 -print_certs");
            }
        }
    }

    #[cfg(feature = "pkcs12")]
    pub(super) fn pkcs12(&mut self, der: &[u8], place: String, source: &mut Source<'_, '_>) -> Result<()> {
        let archive = match Archive::open(der, "") {
            Err(closed @ (Closed::Passphrase | Closed::Damaged)) => match (source.unlock)(&place)? {
                Some(passphrase) => Archive::open(der, &passphrase),
                None if matches!(closed, Closed::Damaged) => Err(closed),
                None => Err(Closed::Unread(
                    "it is locked with a pass phrase, and none was given",
                    "give its pass phrase with --passphrase-file",
                )),
            },
            without => without,
        };
        let archive = match archive {
            Ok(archive) => archive,
            Err(closed) => {
                let (reason, fix) = match closed {
                    Closed::Passphrase => {
                        ("its pass phrase is wrong", "give its pass phrase with --passphrase-file")
                    }
                    Closed::Damaged => {
                        ("it is PKCS#12 that is damaged", "get the file anew from where it came")
                    }
                    Closed::Unread(reason, fix) => (reason, fix),
                };
                self.no_key("gather.encrypted", place, reason, fix);
                return Ok(());
            }
        };
        self.fixed("gather.pkcs12", place.clone(), "PKCS#12 unpacked");
        if source.role == Role::Certificate {
            // A key belongs into such a file. One without a certificate leaves that wanting.
            source.role = Role::Any;
            self.certificate_given = archive.certificates().next().is_none();
        }
        for (i, der) in archive.certificates().enumerate() {
            self.certificate(der, format!("{place}, certificate {}", i + 1), source);
            if self.is_hopeless() {
                return Ok(());
            }
        }
        for der in archive.secret_keys() {
            self.key(PrivateKey::from_der(der, KeyForm::Pkcs8), place.clone());
            if self.is_hopeless() {
                break;
            }
        }
        Ok(())
    }

    #[cfg(not(feature = "pkcs12"))]
    #[expect(clippy::unnecessary_wraps, reason = "the other build asks for a pass phrase")]
    pub(super) fn pkcs12(&mut self, _: &[u8], place: String, _: &mut Source<'_, '_>) -> Result<()> {
        let message = "it is PKCS#12, which this build does not read";
        self.no_key("gather.damaged", place, message, "write it as PEM: openssl pkcs12 -in FILE -nodes");
        Ok(())
    }

    pub(super) fn encrypted(&mut self, der: &[u8], place: String, source: &mut Source<'_, '_>) -> Result<()> {
        if self.opened == MOST_LOCKED {
            let message = format!("it is one of more than {MOST_LOCKED} encrypted keys");
            self.no_key("gather.two-keys", place, message, "give the leaf's key alone");
            self.faults = MOST_FAULTS;
            return Ok(());
        }
        let Some(passphrase) = (source.unlock)(&place)? else {
            if let Some(others) = &mut self.others {
                others.locked.push(place);
                return Ok(());
            }
            let message = "it is encrypted, and no pass phrase was given";
            self.no_key(
                "gather.encrypted",
                place,
                message,
                "give it with --passphrase-file or --passphrase-fd",
            );
            return Ok(());
        };
        self.opened += 1;
        match PrivateKey::from_encrypted_der(der, &passphrase) {
            Ok(key) => {
                self.fixed("gather.decrypted", place.clone(), "the key is decrypted in memory");
                if let Some(weakness) = weakness(der) {
                    let finding =
                        Finding::new("key.weak-encryption", Severity::Warning, place.clone(), weakness);
                    self.findings.push(finding.fix(ENCRYPT_ANEW));
                }
                self.key(Ok(key), place);
            }
            Err(Error::Passphrase { reason, .. }) => {
                let fix = "give the right pass phrase, or decrypt it: openssl pkey -in KEY -out PLAIN-KEY";
                self.no_key("gather.encrypted", place, format!("the pass phrase {reason}"), fix);
            }
            Err(Error::KeyEncryption { reason }) => {
                self.no_key("gather.encrypted", place, reason, ENCRYPT_ANEW);
            }
            Err(e) => self.key(Err(e), place),
        }
        Ok(())
    }

    pub(super) fn key(&mut self, key: Result<PrivateKey>, place: String) {
        #[cfg(feature = "rsa")]
        let key = key.and_then(|key| key.check().map(|()| key));
        match key {
            Ok(key) => self.keys.push(FoundKey { key, place }),
            Err(Error::UnsupportedAlgorithm { algorithm }) if algorithm == EXPLICIT_CURVE => {
                let message = "the key spells its curve out instead of naming it";
                let fix = "make the key anew: openssl ecparam -name prime256v1 -genkey";
                self.no_key("gather.curve", place, message, fix);
            }
            Err(Error::UnsupportedAlgorithm { algorithm }) => {
                let message = format!(
                    "the key is {algorithm}, and ACM takes RSA 1024, 2048, 3072 or 4096 and NIST curves"
                );
                self.no_key("gather.key-kind", place, message, "issue the leaf again with --key p256");
            }
            Err(e) => {
                self.no_key("gather.damaged", place, e.to_string(), "get the key anew from where it came");
            }
        }
    }

    pub(super) fn request(&mut self, der: &[u8], place: String) {
        match &mut self.others {
            Some(others) => others.requests.push((place, der.to_vec())),
            None => self.unsigned(place, "a signing request"),
        }
    }

    pub(super) fn public_key(&mut self, der: &[u8], place: String) {
        match &mut self.others {
            Some(others) => others.public_keys.push((place, der.to_vec())),
            None => self.unsigned(place, "a public key"),
        }
    }

    /// A public key of RSA in its own form, kept as what stands in certificates.
    pub(super) fn rsa_public_key(&mut self, der: &[u8], place: String) {
        match PublicKey::from_pkcs1_der(der) {
            Ok(key) => self.public_key(key.der(), place),
            Err(_) if self.others.is_none() => self.unsigned(place, "a public key"),
            Err(_) => {
                let message = "it is no public key of RSA";
                self.wrong("gather.damaged", place, message, "get the key anew from where it came");
            }
        }
    }

    pub(super) fn list(&mut self, der: &[u8], place: String) {
        if let Some(others) = &mut self.others {
            others.lists.push((place, der.to_vec()));
        }
    }

    pub(super) fn unsigned(&mut self, place: String, what: &str) {
        let message = format!("it is {what}, and no certificate");
        self.wrong("gather.unsigned", place, message, "have it signed by a CA first");
    }
}
