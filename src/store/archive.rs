//! What leaves were before: whole sets, kept dated when they are replaced.

use std::path::{Path, PathBuf};

use super::leaf::read_certificate;
use super::{ARCHIVE, CERTIFICATE, LeafEntry, Lock, Store, file};
use crate::error::{Error, Result};
use crate::validity::rfc3339;

/// A leaf as it once was.
#[derive(Clone, Debug)]
pub struct ArchivedLeaf {
    /// The folder name of the leaf.
    pub name: String,
    /// The set as it was.
    pub entry: LeafEntry,
}

/// Links the set that is in `target` into the archive, by the day it was issued and
/// its serial number. It is there before anything takes the set's place.
pub(super) fn keep(root: &Path, target: &Path) -> Result<()> {
    if !file::is_there(&target.join(CERTIFICATE)) {
        return Ok(());
    }
    let Ok(certificate) = read_certificate(&target.join(CERTIFICATE)) else { return Ok(()) };
    let Some(name) = target.file_name() else { return Ok(()) };
    let archive = root.join(ARCHIVE);
    if !file::is_folder(&archive)? {
        file::ensure_folder(&archive, 0o755)?;
    }
    let folder = archive.join(name);
    if !file::is_folder(&folder)? {
        file::ensure_folder(&folder, 0o755)?;
    }
    let day = rfc3339(certificate.validity().not_before());
    let place = folder.join(format!("{}-{}", &day[..10], certificate.serial_hex()));
    if file::is_there(&place) {
        return Ok(());
    }
    file::link_folder(target, &folder, &place)
}

impl Store {
    /// All that was kept of leaves that were replaced.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for one that cannot be read.
    pub fn archived(&self) -> Result<Vec<ArchivedLeaf>> {
        let archive = self.root().join(ARCHIVE);
        let mut found = Vec::new();
        for name in file::folders_in(&archive)? {
            let folder = archive.join(&name);
            let mut sets = file::folders_in(&folder)?;
            sets.retain(|set| !set.starts_with('.'));
            sets.sort();
            for set in sets {
                if let Some(entry) = LeafEntry::read(folder.join(set))? {
                    found.push(ArchivedLeaf { name: name.clone(), entry });
                }
            }
        }
        found.sort_by(|a, b| a.entry.folder.cmp(&b.entry.folder));
        Ok(found)
    }

    /// Puts a leaf into the archive, with all that is in its folder: it is no leaf any
    /// more, and nothing of it is lost.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Lock`].
    pub fn put_away(&self, entry: &LeafEntry) -> Result<()> {
        let _lock = Lock::take(self.root())?;
        keep(self.root(), &entry.folder)?;
        file::remove_folder(&entry.folder, self.root())
    }

    /// Removes the folder of a leaf, or of one that was kept, with its key.
    ///
    /// # Errors
    /// [`Error::Path`] where it is none of the store's; [`Error::Io`].
    pub fn remove_leaf(&self, entry: &LeafEntry) -> Result<()> {
        let inside = entry.folder.strip_prefix(self.root()).is_ok_and(|rest| {
            let parts: Vec<_> = rest.components().collect();
            parts.len() == 1 || parts.len() == 3 && rest.starts_with(ARCHIVE)
        });
        if !inside {
            let path: PathBuf = entry.folder.clone();
            return Err(Error::Path { path, reason: "is no leaf of this store" });
        }
        let _lock = Lock::take(self.root())?;
        file::remove_folder(&entry.folder, self.root())
    }
}
