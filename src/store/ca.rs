//! CAs in the store: their folders, their keys, and how these are kept.

use std::path::PathBuf;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::leaf::{read_certificate, read_chain};
use super::revoked::{LIST, LIST_NUMBER, written};
use super::set::{Lock, Set};
use super::write;
use super::{
    AUTHORITIES, CA_ISSUERS, CA_KEY, ISSUED, Overwrite, PUBLIC, REVOKED, SECRET, Saved, SavedFile, Store,
    TRUST_ANCHOR, file, folder,
};
use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::key::{PrivateKey, Unlock};
use crate::revocation::{RevocationList, Revoked};

/// A CA with its key, and what there is to say of how the key is kept.
#[derive(Debug)]
pub struct LoadedAuthority {
    /// The CA.
    pub authority: Authority,
    /// Warnings: that its key is encrypted in a weak way.
    pub findings: Vec<Finding>,
}

/// How a CA's private key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// As it is, for whoever can read the file.
    Plain,
    /// Encrypted with a pass phrase.
    Encrypted,
    /// Not here: it was thrown away, or is kept elsewhere.
    Absent,
}

/// A CA in the store: all but its private key.
#[derive(Clone, Debug)]
pub struct CaEntry {
    /// Its name in the store.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its certificate.
    pub certificate: Certificate,
}

/// What a CA did before it came here.
#[derive(Debug, Default)]
pub struct History<'a> {
    /// What it issued.
    pub issued: Vec<&'a Certificate>,
    /// What it took back, each serial number once.
    pub revoked: Vec<Revoked>,
    /// Its last list, whose number the next one goes on from.
    pub list: Option<&'a RevocationList>,
}

impl Store {
    /// The folder of a CA.
    ///
    /// # Errors
    /// [`Error::StoreName`] where the text cannot be a CA's name.
    pub fn ca_folder(&self, name: &str) -> Result<PathBuf> {
        folder::check_ca_name(name)?;
        Ok(self.root.join(AUTHORITIES).join(name))
    }

    /// Whether there is a CA of this name.
    ///
    /// # Errors
    /// [`Error::StoreName`]; [`Error::Path`] where it is no folder.
    pub fn has_authority(&self, name: &str) -> Result<bool> {
        let folder = self.ca_folder(name)?;
        if file::is_a_file(&self.root) {
            return Ok(false);
        }
        file::is_folder(&self.root.join(AUTHORITIES))?;
        file::is_folder(&folder)
    }

    /// A CA without its key.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none; [`Error::Io`]; [`Error::File`] for a
    /// certificate that cannot be read.
    pub fn ca_entry(&self, name: &str) -> Result<CaEntry> {
        let folder = self.ca_folder(name)?;
        if !self.has_authority(name)? {
            return Err(Error::Missing { what: "CA", name: name.to_owned(), path: self.root.clone() });
        }
        let certificate = read_certificate(&folder.join(TRUST_ANCHOR))?;
        Ok(CaEntry { name: name.to_owned(), certificate, folder })
    }

    /// Puts a renewed CA in the place of the old one; its key stays as it is kept. The
    /// old certificate stays beside it, by its serial number, and the CAs below it get
    /// the new one into their chains.
    ///
    /// # Errors
    /// [`Error::Missing`]; [`Error::KeyMismatch`] where it is another CA; [`Error::Io`].
    pub fn save_renewed(&self, name: &str, authority: &Authority, issuer: Option<&str>) -> Result<Saved> {
        self.prepare()?;
        let _lock = Lock::take(&self.root)?;
        let entry = self.ca_entry(name)?;
        let new = authority.certificate();
        entry.certificate.check_key(new.public_key())?;
        let serial = entry.certificate.serial_hex();
        let names = std::iter::once(serial.clone()).chain((2..).map(|n| format!("{serial}-{n}")));
        // A serial number that was kept is that of several.
        let mut names = names.map(|name| entry.folder.join(format!("ca.previous-{name}.pem")));
        let free = |path: &PathBuf| {
            !file::is_there(path) || read_certificate(path).is_ok_and(|c| c == entry.certificate)
        };
        let previous = names.find(free).unwrap_or_else(|| entry.folder.join("ca.previous.pem"));
        write::replace(&previous, entry.certificate.pem()?.as_bytes(), PUBLIC)?;
        if let Some(issuer) = issuer {
            let record = self.issued_folder(issuer)?.join(format!("{}.pem", new.serial_hex()));
            write::replace_by(&entry.folder, &record, new.pem()?.as_bytes(), PUBLIC)?;
        }
        let above = issuers_pem(authority)?;
        if !above.is_empty() {
            write::replace(&entry.folder.join(CA_ISSUERS), above.as_bytes(), PUBLIC)?;
        }
        let path = entry.folder.join(TRUST_ANCHOR);
        write::replace(&path, new.pem()?.as_bytes(), PUBLIC)?;
        for other in self.authority_names()?.into_iter().filter(|other| other != name) {
            let chain_path = self.ca_folder(&other)?.join(CA_ISSUERS);
            let chain = read_chain(&chain_path)?;
            // Not only the one before: a run that was killed here has left older ones.
            let old = |c: &Certificate| {
                *c != *new && c.subject_der() == new.subject_der() && c.public_key() == new.public_key()
            };
            if chain.certificates().iter().any(old) {
                let swap = |c: &Certificate| if old(c) { new.pem() } else { c.pem() };
                let text: String = chain.certificates().iter().map(swap).collect::<Result<_>>()?;
                write::replace(&chain_path, text.as_bytes(), PUBLIC)?;
            }
        }
        let files = [path, previous].into_iter().map(|path| Ok(SavedFile { mode: file::mode(&path)?, path }));
        Ok(Saved { folder: entry.folder, files: files.collect::<Result<_>>()?, left_behind: Vec::new() })
    }

    /// Saves a CA with its key, encrypted where there is a pass phrase. `issuer` is the
    /// name of the CA in whose record it goes; none for a root.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`], [`Error::Path`], [`Error::Lock`].
    pub fn save_authority(
        &self,
        name: &str,
        authority: &Authority,
        passphrase: Option<&str>,
        issuer: Option<&str>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        self.save_with(name, authority, (passphrase, issuer), &History::default(), overwrite)
    }

    /// Saves a CA that somebody else had before, with what it issued and took back, all in
    /// one step: a list that forgot some of it would give certificates back.
    ///
    /// # Errors
    /// As [`Store::save_authority`].
    pub fn adopt_authority(
        &self,
        name: &str,
        authority: &Authority,
        passphrase: Option<&str>,
        history: &History<'_>,
    ) -> Result<Saved> {
        self.save_with(name, authority, (passphrase, None), history, Overwrite::Refuse)
    }

    fn save_with(
        &self,
        name: &str,
        authority: &Authority,
        (passphrase, issuer): (Option<&str>, Option<&str>),
        history: &History<'_>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        let target = self.ca_folder(name)?;
        self.prepare()?;
        let parent = self.root.join(AUTHORITIES);
        write::ensure_inner_folder(&parent, 0o755)?;
        let mut set = Set::new(&self.root, 0o700)?;
        set.write(CA_KEY, key_pem(authority.key(), passphrase)?.as_bytes(), SECRET)?;
        set.write(TRUST_ANCHOR, authority.certificate().pem()?.as_bytes(), PUBLIC)?;
        if authority.chain().certificates().len() > 1 {
            set.write(CA_ISSUERS, issuers_pem(authority)?.as_bytes(), PUBLIC)?;
        }
        set.folder(ISSUED, 0o700)?;
        set.folder(REVOKED, 0o700)?;
        for (serial, pem) in history.issued.iter().map(|c| (c.serial_hex(), c.pem())) {
            set.write_silently(&format!("{ISSUED}/{serial}.pem"), pem?.as_bytes())?;
        }
        for revoked in &history.revoked {
            let (serial, text) = written(revoked)?;
            set.write_silently(&format!("{REVOKED}/{serial}.json"), text.as_bytes())?;
        }
        if let Some(list) = history.list {
            set.write_silently(LIST, list.pem()?.as_bytes())?;
        }
        let same_key = |old: CaEntry| old.certificate.public_key() == authority.key().public();
        if !self.ca_entry(name).is_ok_and(same_key) {
            // The list and what is in it are the old key's.
            set.leave(&[LIST, LIST_NUMBER, REVOKED]);
        }
        if let Some(issuer) = issuer {
            let certificate = authority.certificate();
            let record = self.issued_folder(issuer)?.join(format!("{}.pem", certificate.serial_hex()));
            set.record(&record, certificate.pem()?.as_bytes())?;
        }
        set.place(&target, overwrite, "CA", name)
    }

    /// Loads the CA of this name, or makes and saves it with `make` where there
    /// is none. Of many processes that do this at once one makes it.
    ///
    /// # Errors
    /// As [`Store::authority`] and [`Store::save_authority`].
    pub fn ensure_authority(
        &self,
        name: &str,
        now: OffsetDateTime,
        unlock: &mut Unlock<'_>,
        (passphrase, issuer): (Option<&str>, Option<&str>),
        make: impl FnOnce() -> Result<Authority>,
    ) -> Result<(LoadedAuthority, Option<Saved>)> {
        if self.has_authority(name)? {
            return Ok((self.authority(name, now, unlock)?, None));
        }
        self.prepare()?;
        let _lock = Lock::take(&self.root)?;
        if self.has_authority(name)? {
            return Ok((self.authority(name, now, unlock)?, None));
        }
        let authority = make()?;
        match self.save_authority(name, &authority, passphrase, issuer, Overwrite::Refuse) {
            Ok(saved) => Ok((LoadedAuthority { authority, findings: Vec::new() }, Some(saved))),
            // `ca new` takes no lock, and was quicker.
            Err(Error::AlreadyExists { .. }) => Ok((self.authority(name, now, unlock)?, None)),
            Err(e) => Err(e),
        }
    }

    /// The names of the CAs, whatever is in their folders.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn authority_names(&self) -> Result<Vec<String>> {
        if file::is_a_file(&self.root) {
            return Ok(Vec::new());
        }
        let mut names = file::folders_in(&self.root.join(AUTHORITIES))?;
        names.retain(|name| folder::check_ca_name(name).is_ok());
        names.sort();
        Ok(names)
    }
}

/// What is above a CA, in PEM; empty of a root.
fn issuers_pem(authority: &Authority) -> Result<String> {
    authority.chain().certificates().iter().skip(1).map(Certificate::pem).collect()
}

/// A private key in PEM, encrypted where there is a pass phrase.
pub(super) fn key_pem(key: &PrivateKey, passphrase: Option<&str>) -> Result<Zeroizing<String>> {
    match passphrase {
        Some(passphrase) => key.encrypted_pem(passphrase).map(Zeroizing::new),
        None => key.secret_pem(),
    }
}

impl CaEntry {
    /// How many certificates it has issued.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn issued(&self) -> Result<usize> {
        file::count_files(&self.folder.join(ISSUED), ".pem")
    }

    /// What is wrong with its key, if anything shows without a pass phrase. One that is not
    /// here, or cannot be read by whoever asks, is nothing wrong.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let pem = match file::read_secret(&self.folder.join(CA_KEY)) {
            Ok(pem) => pem,
            Err(Error::Permissions { .. }) => return Some("ca.key can be read by others"),
            Err(Error::Path { .. }) => return Some("ca.key is no private key"),
            Err(_) => return None,
        };
        if pem.windows(9).any(|w| w == b"ENCRYPTED") {
            return None;
        }
        match PrivateKey::from_pem(&pem) {
            Ok(key) if key.public().is_same_as(self.certificate.public_key()) => None,
            Ok(_) => Some("ca.key is another certificate's"),
            Err(_) => Some("ca.key is no private key"),
        }
    }

    /// How its private key is kept.
    ///
    /// # Errors
    /// As [`Store::authority`], where the file cannot be read.
    pub fn key_state(&self) -> Result<KeyState> {
        let path = self.folder.join(CA_KEY);
        if !file::is_there(&path) {
            return Ok(KeyState::Absent);
        }
        let pem = file::read_secret(&path)?;
        let encrypted = pem.windows(9).any(|w| w == b"ENCRYPTED");
        Ok(if encrypted { KeyState::Encrypted } else { KeyState::Plain })
    }
}
