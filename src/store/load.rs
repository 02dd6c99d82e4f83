//! CAs that are to sign: loaded with their key and what is above them, unless they were taken
//! back.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::ca::key_pem;
use super::leaf::{read_certificate, read_chain};
use super::set::Lock;
use super::{
    CA_ISSUERS, CA_KEY, CaEntry, ISSUED, LoadedAuthority, SECRET, SavedFile, Store, TRUST_ANCHOR, file, write,
};
use crate::authority::Authority;
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::{PrivateKey, PublicKey, Unlock};
use crate::revocation::Reason;

impl Store {
    /// Loads a CA and its key; `unlock` is asked for the key's pass phrase where it is
    /// encrypted.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none; [`Error::Io`] where its key is not here;
    /// [`Error::Permissions`] where others can read it; [`Error::File`] around an
    /// [`Error::Passphrase`], an [`Error::KeyMismatch`] or whatever else is wrong with a file;
    /// [`Error::Revoked`] where a CA of this store took it back, or one above it; as
    /// [`Authority::load`].
    pub fn authority(
        &self,
        name: &str,
        now: OffsetDateTime,
        unlock: &mut Unlock<'_>,
    ) -> Result<LoadedAuthority> {
        self.check_not_revoked(name, |_| true)?;
        self.load(name, now, unlock, Authority::load)
    }

    /// As [`Store::authority`], of a CA that may have been taken back: what it took back
    /// itself goes on being told.
    ///
    /// # Errors
    /// As [`Store::authority`], but for [`Error::Revoked`].
    pub fn authority_for_list(
        &self,
        name: &str,
        now: OffsetDateTime,
        unlock: &mut Unlock<'_>,
    ) -> Result<LoadedAuthority> {
        self.load(name, now, unlock, Authority::load)
    }

    fn load(
        &self,
        name: &str,
        now: OffsetDateTime,
        unlock: &mut Unlock<'_>,
        how: fn(Certificate, PrivateKey, &Chain, OffsetDateTime) -> Result<Authority>,
    ) -> Result<LoadedAuthority> {
        let entry = self.ca_entry(name)?;
        let key_path = entry.folder.join(CA_KEY);
        let (key, weakness) = self.ca_key(name, unlock)?;
        let issuers = self.issuers_of(&entry)?;
        let authority = match how(entry.certificate.clone(), key, &issuers, now) {
            // Another CA has taken its place between two of its files: those of one belong together.
            Err(_) if self.ca_entry(name)?.certificate != entry.certificate => {
                return self.load(name, now, unlock, how);
            }
            loaded => loaded.map_err(|e| e.in_file(&entry.folder.join(TRUST_ANCHOR)))?,
        };
        let place = key_path.to_string_lossy().into_owned();
        let finding = weakness.map(|weakness| {
            Finding::new("key.weak-encryption", Severity::Warning, place, weakness)
                .fix(format!("certforge ca rekey-passphrase {name}"))
        });
        let mut findings = Vec::from_iter(finding);
        if let Some(top) = authority.chain().certificates().last().filter(|top| !top.is_self_issued()) {
            let message = format!(
                "the CA `{}`, above {name}, is not here: what it limits is not known, and what is issued ends in `{}`",
                top.issuer(),
                top.subject()
            );
            findings.push(
                Finding::new("ca.no-issuer", Severity::Warning, name, message)
                    .fix("put its certificate into chain.pem beside the CA's own"),
            );
        }
        Ok(LoadedAuthority { authority, findings })
    }

    /// What is above a CA. Of one that has no `chain.pem`, as it was taken over without the CAs
    /// above it or the file is lost, those of this store: their limits hold for it too.
    fn issuers_of(&self, entry: &CaEntry) -> Result<Chain> {
        // Whatever lies beside a root, nothing is above it.
        if entry.certificate.is_self_signed() {
            return Ok(Chain::default());
        }
        let mut chain = read_chain(&entry.folder.join(CA_ISSUERS))?.certificates().to_vec();
        let mut there: Option<Vec<CaEntry>> = None;
        loop {
            let below = chain.last().unwrap_or(&entry.certificate);
            if below.is_self_issued() {
                return Chain::new(chain);
            }
            let all = match &mut there {
                Some(all) => all,
                // One that is damaged is above nothing.
                None => there.insert(
                    self.authority_names()?.iter().filter_map(|name| self.ca_entry(name).ok()).collect(),
                ),
            };
            let is_above = |ca: &CaEntry| below.is_issued_by(&ca.certificate);
            let Some(above) = all.iter().position(is_above).map(|at| all.swap_remove(at)) else {
                return Chain::new(chain);
            };
            let beyond = read_chain(&above.folder.join(CA_ISSUERS))?;
            chain.push(above.certificate);
            chain.extend_from_slice(beyond.certificates());
        }
    }

    /// The folder of what a CA has issued. Copies that keep no empty folder, as those of git do,
    /// have it not.
    pub(super) fn issued_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.ca_folder(name)?;
        let issued = folder.join(ISSUED);
        if file::is_folder(&folder)? && !file::is_folder(&issued)? {
            write::ensure_lasting_folder(&issued, 0o700)?;
        }
        Ok(issued)
    }

    /// Refuses a CA that was taken back by another one of this store for such a reason, or
    /// one above it.
    fn check_not_revoked(&self, name: &str, matters: impl Fn(Reason) -> bool) -> Result<()> {
        if !self.has_authority(name)? {
            return Err(Error::Missing { what: "CA", name: name.to_owned(), path: self.root.clone() });
        }
        let entry = self.ca_entry(name)?;
        let above = self.issuers_of(&entry)?;
        let mut path = vec![entry.certificate];
        path.extend_from_slice(above.certificates());
        let current = path.len();
        // Of the certificates it had before, a key that somebody else has is the same key. A
        // root is taken back by nobody: nothing is read for it.
        if path.first().is_some_and(|own| !own.is_self_issued()) {
            let mut before = self.previous_authorities(name)?;
            before.retain(|previous| previous.public_key() == path[0].public_key());
            path.extend(before);
        }
        for (i, certificate) in path.iter().enumerate().filter(|(_, c)| !c.is_self_issued()) {
            if let Some((reason, ca)) = self.taken_back(certificate)?
                && matters(reason)
                && (i < current || reason.is_of_the_key())
            {
                let (subject, reason) = (certificate.subject(), reason.as_str());
                return Err(Error::Revoked { subject, is_ca: true, ca, reason });
            }
        }
        Ok(())
    }

    /// Refuses a CA that was taken back, or one below such a CA.
    ///
    /// # Errors
    /// [`Error::Revoked`]; as [`Store::ca_entry`].
    pub fn check_authority(&self, name: &str) -> Result<()> {
        self.check_not_revoked(name, |_| true)
    }

    /// Why a CA of this store took a certificate back, and which, if one did: also one that
    /// was replaced, for what it took back does not come back with the next.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for a record that cannot be read.
    pub fn taken_back(&self, certificate: &Certificate) -> Result<Option<(Reason, String)>> {
        for (folder, name) in self.authority_folders()? {
            // Of most nothing is on record, and nothing else is read.
            let reason = self.revoked_in(&folder, &certificate.serial_hex());
            if matches!(reason, Ok(None)) {
                continue;
            }
            // One that cannot be read may be it.
            let by = read_certificate(&folder.join(TRUST_ANCHOR));
            let is_issuer = by.map_or(true, |by| certificate.is_issued_by(&by));
            if is_issuer && let Some(reason) = reason? {
                return Ok(Some((reason, name)));
            }
        }
        Ok(None)
    }

    /// The folders of the CAs, and of those that were replaced, each with what it is called.
    fn authority_folders(&self) -> Result<Vec<(PathBuf, String)>> {
        let mut all = Vec::new();
        for name in self.authority_names()? {
            all.push((self.ca_folder(&name)?, name));
        }
        let replaced = self.archived_authorities()?.into_iter();
        all.extend(replaced.map(|folder| (folder.clone(), folder.to_string_lossy().into_owned())));
        Ok(all)
    }

    /// Refuses a key that must not get a certificate: a CA's of this store, whose holder would be
    /// that CA, and one that somebody else may have.
    ///
    /// # Errors
    /// [`Error::PublicKey`]; [`Error::Revoked`] where a certificate of this key was taken back for
    /// `keyCompromise` or `cACompromise`; [`Error::Io`]; [`Error::File`] for a record that cannot
    /// be read.
    pub fn check_certifiable(&self, key: &PublicKey) -> Result<()> {
        let all = self.authority_folders()?;
        for (folder, name) in &all {
            let own = read_certificate(&folder.join(TRUST_ANCHOR)).ok();
            if own.as_ref().is_some_and(|own| own.public_key().is_same_as(key)) {
                return Err(Error::PublicKey { reason: format!("it is a CA's own key, that of {name}") });
            }
            let revoked = self.all_revoked_in(folder)?;
            for revoked in revoked.iter().filter(|revoked| revoked.reason.is_of_the_key()) {
                let serial = revoked.serial_hex();
                // The one that took a CA's place has its record. Of two CAs that gave one number
                // only the one that revoked is meant.
                let issued = all.iter().filter(|(other, _)| own.is_some() || other == folder);
                let issued = issued.filter_map(|(other, _)| Self::issued_in(other, &serial).ok()?);
                let mut certificates = issued
                    .map(|issued| issued.certificate)
                    .filter(|c| own.as_ref().is_none_or(|own| c.is_issued_by(own)));
                if let Some(found) = certificates.find(|c| c.public_key().is_same_as(key)) {
                    let (subject, reason) = (found.subject(), revoked.reason.as_str());
                    return Err(Error::Revoked { subject, is_ca: false, ca: name.clone(), reason });
                }
            }
        }
        Ok(())
    }

    /// The certificates that a CA had before it was renewed.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn previous_authorities(&self, name: &str) -> Result<Vec<Certificate>> {
        let folder = self.ca_folder(name)?;
        let names = file::files_in(&folder)?;
        let previous = names.iter().filter(|name| name.starts_with("ca.previous"));
        // One that is damaged says nothing.
        Ok(previous.filter_map(|name| read_certificate(&folder.join(name)).ok()).collect())
    }

    /// As [`Store::authority`], for a CA that may have ended: to be renewed. Its key stays
    /// the same, so that one whose key somebody else may have is refused.
    ///
    /// # Errors
    /// As [`Store::authority`].
    pub fn renewable(
        &self,
        name: &str,
        now: OffsetDateTime,
        unlock: &mut Unlock<'_>,
    ) -> Result<LoadedAuthority> {
        self.check_not_revoked(name, Reason::is_of_the_key)?;
        self.load(name, now, unlock, Authority::load_ended)
    }

    /// The private key of a CA, and what is weak about how it is encrypted.
    fn ca_key(&self, name: &str, unlock: &mut Unlock<'_>) -> Result<(PrivateKey, Option<&'static str>)> {
        let path = self.ca_folder(name)?.join(CA_KEY);
        let pem = file::read_secret(&path)?;
        let of = format!("the CA {name}");
        PrivateKey::from_locked_pem(&pem, &of, unlock).map_err(|e| e.in_file(&path))
    }

    /// Writes the key of a CA anew: encrypted with a pass phrase, or as it is.
    ///
    /// # Errors
    /// As [`Store::authority`]; [`Error::Lock`]; [`Error::Io`].
    pub fn rekey_passphrase(
        &self,
        name: &str,
        unlock: &mut Unlock<'_>,
        passphrase: Option<&str>,
    ) -> Result<SavedFile> {
        self.prepare()?;
        let entry = self.ca_entry(name)?;
        let _lock = Lock::take(&self.root)?;
        let (key, _) = self.ca_key(name, unlock)?;
        entry.certificate.check_key(key.public())?;
        let path = entry.folder.join(CA_KEY);
        write::replace(&path, key_pem(&key, passphrase)?.as_bytes(), SECRET)?;
        Ok(SavedFile { path, mode: SECRET })
    }
}
