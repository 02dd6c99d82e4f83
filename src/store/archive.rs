//! What leaves were before: whole sets, kept dated when they are replaced.

use std::path::{Path, PathBuf};

use super::file::io_error;
use super::leaf::read_certificate;
use super::write;
use super::{
    ARCHIVE, AUTHORITIES, CERTIFICATE, IMPORT_PATIENCE, KEY, LeafEntry, Lock, REQUEST, REVOKED, Store,
    TRUST_ANCHOR, file,
};
use crate::error::{Error, Result};
use crate::validity::rfc3339;

/// The name of sets that could not be read when they were replaced.
const DAMAGED: &str = "damaged";
/// The name of requests that were replaced.
const REQUESTED: &str = "request";

/// A leaf as it once was.
#[derive(Clone, Debug)]
pub struct ArchivedLeaf {
    /// The folder name of the leaf.
    pub name: String,
    /// The set as it was.
    pub entry: LeafEntry,
}

/// Links the set that is in `target` into the archive. It is there before anything takes
/// the set's place.
pub(super) fn keep(root: &Path, target: &Path) -> Result<()> {
    let below = target.strip_prefix(root).unwrap_or(target);
    // Of a CA everything matters, wherever its key is.
    let is_ca = below.starts_with(AUTHORITIES);
    if !is_ca && ![CERTIFICATE, KEY, REQUEST].iter().any(|file| file::is_there(&target.join(file))) {
        return Ok(());
    }
    let (_, place) = place(root, target)?;
    // What a CA has issued stays with the one that takes its place.
    write::link_folder(target, &write::workshop(root)?, &place, (mode(below), &[REVOKED]))
}

/// The mode of a folder of the archive: a CA's is nobody else's.
fn mode(below: &Path) -> u32 {
    if below.starts_with(AUTHORITIES) { 0o700 } else { 0o755 }
}

/// Where the set that is in `target` goes: by the day it was issued and its serial
/// number; a set that cannot be read is kept too, for its key.
fn place(root: &Path, target: &Path) -> Result<(PathBuf, PathBuf)> {
    // CAs and requests have a folder above their own, there and here.
    let below = target.strip_prefix(root).unwrap_or(target);
    let mut folder = root.join(ARCHIVE);
    write::ensure_inner_folder(&folder, 0o755)?;
    for part in below {
        folder.push(part);
        write::ensure_inner_folder(&folder, mode(below))?;
    }
    let certificate = if below.starts_with(AUTHORITIES) { TRUST_ANCHOR } else { CERTIFICATE };
    let name = match read_certificate(&target.join(certificate)) {
        Ok(certificate) => {
            let day = rfc3339(certificate.validity().not_before());
            format!("{}-{}", &day[..10], certificate.serial_hex())
        }
        Err(_) if file::is_there(&target.join(REQUEST)) => REQUESTED.to_owned(),
        Err(_) => DAMAGED.to_owned(),
    };
    let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
    let mut places = names.map(|name| folder.join(name)).filter(|place| !file::is_there(place));
    let place = places.next().unwrap_or_else(|| folder.join(&name));
    Ok((folder, place))
}

impl Store {
    /// All that was kept of leaves that were replaced, and what is wrong with sets that cannot
    /// be read.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn archived(&self) -> Result<(Vec<ArchivedLeaf>, Vec<Error>)> {
        let archive = self.root().join(ARCHIVE);
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for name in file::folders_in(&archive)?.into_iter().filter(|name| super::folder::is_file_safe(name)) {
            let folder = archive.join(&name);
            let mut sets = file::folders_in(&folder)?;
            sets.retain(|set| !set.starts_with('.') && !set.starts_with(DAMAGED));
            sets.sort();
            for set in sets {
                match LeafEntry::read(folder.join(set)) {
                    Ok(Some(entry)) => found.push(ArchivedLeaf { name: name.clone(), entry }),
                    Ok(None) => {}
                    Err(e) => broken.push(e),
                }
            }
        }
        found.sort_by(|a, b| a.entry.folder.cmp(&b.entry.folder));
        Ok((found, broken))
    }

    /// What was kept of one leaf, by its folder's name; what cannot be read is passed over.
    /// What is no name of a folder has none.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn archived_of(&self, name: &str) -> Result<Vec<LeafEntry>> {
        if name.contains('/') || matches!(name, "" | "." | "..") {
            return Ok(Vec::new());
        }
        let folder = self.root().join(ARCHIVE).join(name);
        let sets = file::folders_in(&folder)?;
        Ok(sets.iter().filter_map(|set| LeafEntry::read(folder.join(set)).ok().flatten()).collect())
    }

    /// The folders of CAs that were replaced.
    pub(super) fn archived_authorities(&self) -> Result<Vec<PathBuf>> {
        let archive = self.root().join(ARCHIVE).join(AUTHORITIES);
        let mut found = Vec::new();
        if file::is_a_file(self.root()) {
            return Ok(found);
        }
        for name in file::folders_in(&archive)? {
            let folder = archive.join(name);
            found.extend(file::folders_in(&folder)?.into_iter().map(|set| folder.join(set)));
        }
        Ok(found)
    }

    /// Puts a leaf into the archive, with all that is in its folder: it is no leaf any
    /// more, and nothing of it is lost. Waits for an import of it to end.
    ///
    /// # Errors
    /// [`Error::Changed`] where it is another leaf by now; [`Error::Io`], [`Error::Lock`].
    pub fn put_away(&self, entry: &LeafEntry) -> Result<()> {
        // Nobody else has to wait for an import of it.
        let _leaf = entry.lock(IMPORT_PATIENCE)?;
        let _store = Lock::take(self.root())?;
        let (folder, place) = place(self.root(), &entry.folder)?;
        write::rename_new(&entry.folder, &place).map_err(io_error("create", &place))?;
        write::sync_folder(&folder)?;
        write::sync_folder(self.root())
    }

    /// Removes the folder of a leaf, or of one that was kept, with its key. Waits for an
    /// import of it to end.
    ///
    /// # Errors
    /// [`Error::Path`] where it is none of the store's; [`Error::Changed`] where it is
    /// another leaf by now; [`Error::Io`], [`Error::Lock`].
    pub fn remove_leaf(&self, entry: &LeafEntry) -> Result<()> {
        let inside = entry.folder.strip_prefix(self.root()).is_ok_and(|rest| {
            let parts: Vec<_> = rest.components().collect();
            parts.len() == 1 || parts.len() == 3 && rest.starts_with(ARCHIVE)
        });
        if !inside {
            let path: PathBuf = entry.folder.clone();
            return Err(Error::Path { path, reason: "is no leaf of this store" });
        }
        let _leaf = entry.lock(IMPORT_PATIENCE)?;
        let _store = Lock::take(self.root())?;
        write::remove_folder(&entry.folder, self.root())?;
        if let Some(folder) = entry.folder.parent().filter(|folder| *folder != self.root()) {
            // The last of a leaf's takes its folder along; one that is not empty stays.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }
}
