//! A leaf's folder, as it is read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{
    CERTIFICATE, CHAIN, FULLCHAIN, IMPORTS, ImportRecords, KEY, Lock, TRUST_ANCHOR, file, temporary,
};
use crate::bundle::{Bundle, fullchain_pem};
use crate::certificate::{Certificate, Chain, TrustAnchor};
use crate::error::{Error, Result};
use crate::key::PrivateKey;

/// How often a set is read anew that was replaced meanwhile.
const TURNS: usize = 5;

/// A leaf in the store: all but its private key.
#[derive(Clone, Debug)]
pub struct LeafEntry {
    /// Its folder.
    pub folder: PathBuf,
    /// The leaf.
    pub certificate: Certificate,
    /// Its issuers, root last; empty where it is self-signed, or `chain.pem` is lost.
    pub chain: Chain,
}

impl LeafEntry {
    /// The leaf in a folder, if there is one.
    pub(super) fn read(folder: PathBuf) -> Result<Option<Self>> {
        if !file::is_folder(&folder)? || file::read_optional(&folder.join(CERTIFICATE))?.is_none() {
            return Ok(None);
        }
        for _ in 0..TURNS {
            let before = file::identity(&folder);
            let certificate = read_certificate(&folder.join(CERTIFICATE));
            let chain = read_chain(&folder.join(CHAIN));
            // A set is replaced by another folder: files of two are no set.
            if file::identity(&folder) == before {
                return Ok(Some(Self { certificate: certificate?, chain: chain?, folder }));
            }
        }
        Err(Error::Changed { path: folder })
    }

    /// Its name in the store: that of its folder.
    #[must_use]
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The leaf's private key. Read last, when it is needed.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not kept, [`Error::Permissions`] where others
    /// can read it, [`Error::File`].
    pub fn private_key(&self) -> Result<PrivateKey> {
        let path = self.folder.join(KEY);
        if !self.has_key() {
            return Err(Error::Missing { what: "private key", name: self.name(), path });
        }
        PrivateKey::from_pem(&file::read_secret(&path)?).map_err(|e| e.in_file(&path))
    }

    /// Whether no CA issued it.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.certificate.is_self_signed()
    }

    /// Whether its issuers are lost: somebody removed `chain.pem`, or emptied it.
    #[must_use]
    pub fn has_lost_chain(&self) -> bool {
        self.chain.certificates().is_empty() && !self.is_self_signed()
    }

    /// The whole set, with the key.
    ///
    /// # Errors
    /// As [`LeafEntry::trust_anchor`], [`LeafEntry::private_key`] and [`Bundle::new`];
    /// [`Error::Changed`] where it is replaced all the time.
    pub fn bundle(&self) -> Result<Bundle> {
        let mut fresh = None;
        for _ in 0..TURNS {
            let entry = fresh.as_ref().unwrap_or(self);
            let refused = match entry.bundle_as_read() {
                Ok(bundle) => return Ok(bundle),
                Err(e) => e,
            };
            // Its key may be that of the leaf that has taken its place.
            match Self::read(self.folder.clone()) {
                Ok(Some(now)) if now.certificate != entry.certificate => fresh = Some(now),
                _ => return Err(refused),
            }
        }
        Err(Error::Changed { path: self.folder.clone() })
    }

    fn bundle_as_read(&self) -> Result<Bundle> {
        self.trust_anchor()?;
        let bundle = Bundle::new(self.certificate.clone(), self.private_key()?, self.chain.clone())?;
        let with_root = fullchain_pem(&self.certificate, &self.chain, true)?;
        let found = file::read_optional(&self.folder.join(FULLCHAIN))?;
        Ok(bundle.sending_root(found.is_some_and(|found| found.as_slice() == with_root.as_bytes())))
    }

    /// What clients have to trust.
    ///
    /// # Errors
    /// [`Error::Missing`] where its issuers are lost.
    pub fn trust_anchor(&self) -> Result<TrustAnchor> {
        if self.has_lost_chain() {
            let path = self.folder.join(CHAIN);
            return Err(Error::Missing { what: "chain", name: self.name(), path });
        }
        Ok(TrustAnchor::new(self.chain.certificates().last().unwrap_or(&self.certificate).clone()))
    }

    /// Whether a regular file of this name is in its folder: a folder or a pipe is none.
    #[must_use]
    pub fn has_file(&self, name: &str) -> bool {
        file::is_regular(&self.folder.join(name))
    }

    /// Whether its private key is kept here.
    #[must_use]
    pub fn has_key(&self) -> bool {
        // A link or a fifo in its place is one that cannot be read, not none.
        file::is_there(&self.folder.join(KEY))
    }

    /// Whether all its files are there, as they were written: the key is the
    /// certificate's, and what a server sends and clients trust is of this chain.
    #[must_use]
    pub fn is_whole(&self, send_root: bool) -> bool {
        let own = |key: PrivateKey| key.public().is_same_as(self.certificate.public_key());
        self.private_key().is_ok_and(own) && self.is_whole_without_key(send_root)
    }

    /// As [`LeafEntry::is_whole`], of a leaf whose key is not kept.
    #[must_use]
    pub fn is_whole_without_key(&self, send_root: bool) -> bool {
        if self.has_lost_chain() {
            return false;
        }
        let same = |name: &str, wanted: Result<String>| {
            let found = file::read_optional(&self.folder.join(name));
            matches!((found, wanted), (Ok(Some(found)), Ok(wanted)) if found.as_slice() == wanted.as_bytes())
        };
        let anchor = self.chain.certificates().last().unwrap_or(&self.certificate);
        same(FULLCHAIN, fullchain_pem(&self.certificate, &self.chain, send_root))
            && same(TRUST_ANCHOR, anchor.pem())
    }

    /// What is wrong with its files, if anything is: what a server would send or a client
    /// trust is another certificate's, or the key is. A key that cannot be read here, or
    /// is not kept, is nothing wrong.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        if self.has_lost_chain() {
            return Some("chain.pem is missing, or empty");
        }
        if !self.is_whole_without_key(false) && !self.is_whole_without_key(true) {
            return Some("fullchain.pem or ca.pem is missing, or another certificate's");
        }
        match self.private_key() {
            Ok(key) if key.public().is_same_as(self.certificate.public_key()) => None,
            Ok(_) => Some("key.pem is another certificate's"),
            Err(Error::File { .. } | Error::Path { .. }) => Some("key.pem is no private key"),
            Err(Error::Permissions { .. }) => Some("key.pem can be read by others"),
            Err(_) => None,
        }
    }

    /// Keeps other imports of this leaf, and its replacement, waiting until the
    /// lock is dropped; `patience` is how long this waits for another one.
    ///
    /// # Errors
    /// [`Error::Lock`] where another one takes too long; [`Error::Changed`] where
    /// another leaf has taken its place meanwhile.
    pub fn lock(&self, patience: Duration) -> Result<Lock> {
        let gone = || Error::Changed { path: self.folder.clone() };
        if !file::is_folder(&self.folder)? {
            return Err(gone());
        }
        let lock = Lock::on(&self.folder, patience)?;
        if read_certificate(&self.folder.join(CERTIFICATE)).is_ok_and(|found| found == self.certificate) {
            // Whoever writes into the folder has this lock.
            temporary::sweep_files(&self.folder);
            return Ok(lock);
        }
        Err(gone())
    }

    /// What is known of this leaf's imports.
    ///
    /// # Errors
    /// [`Error::File`] where the record cannot be read.
    pub fn imports(&self) -> Result<ImportRecords> {
        ImportRecords::read(&self.folder.join(IMPORTS))
    }
}

pub(super) fn read_certificate(path: &Path) -> Result<Certificate> {
    Certificate::from_pem(&file::read(path)?).map_err(|e| e.in_file(path))
}

pub(super) fn read_chain(path: &Path) -> Result<Chain> {
    let Some(text) = file::read_optional(path)? else {
        return Ok(Chain::default());
    };
    let certificates = Chain::parts(&String::from_utf8_lossy(&text)).map_err(|e| e.in_file(path))?;
    Chain::new(certificates).map_err(|e| e.in_file(path))
}
