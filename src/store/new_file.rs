//! Files that somebody named: beside their target until they are whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::file::{self, io_error};
use super::form::FILE as VERSION;
use super::revoked::LIST;
use super::{
    AUTHORITIES, IMPORTS, ISSUED, Overwrite, PUBLIC, REVOKED, SECRET, SET_FILES, SIMULATED, temporary, write,
};
use crate::error::{Error, Result};

/// A file of its own that is not there yet: beside its target until it is whole.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl NewFile {
    /// Begins a file, 0600 where it is to hold a secret; its target must not be there.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`].
    pub fn create(target: &Path, overwrite: Overwrite, is_secret: bool) -> Result<Self> {
        if overwrite == Overwrite::Refuse && file::is_there(target) {
            let name = target.to_string_lossy().into_owned();
            return Err(Error::AlreadyExists { what: "file", name, path: target.to_owned() });
        }
        if file::is_there(target) && is_of_a_store(target) {
            return Err(Error::Path {
                path: target.to_owned(),
                reason: "is a store's own, and would be lost",
            });
        }
        // What is put in a device's place would be there for every other program too.
        file::check_is_file(target)?;
        let temporary = temporary::name_beside(write::parent(target), false)?;
        let file = write::create_new(&temporary, if is_secret { SECRET } else { PUBLIC });
        let file = file.map_err(write::on_the_way_to(target))?;
        Ok(Self { file, temporary, target: target.to_owned(), finished: false })
    }

    /// All of a file at once, that is no secret.
    ///
    /// # Errors
    /// As [`NewFile::create`] and [`NewFile::finish`].
    pub fn write(target: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<()> {
        let mut new = Self::create(target, overwrite, false)?;
        new.write_all(bytes).map_err(io_error("write", target))?;
        new.finish(overwrite).map(drop)
    }

    /// Flushes it and moves it to its target: the mode that it has there.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`].
    pub fn finish(mut self, overwrite: Overwrite) -> Result<u32> {
        self.file.sync_all().map_err(io_error("write", &self.temporary))?;
        let moved = match overwrite {
            Overwrite::Refuse => write::rename_new(&self.temporary, &self.target),
            _ => write::rename(&self.temporary, &self.target),
        };
        moved.map_err(|e| {
            if write::is_taken(&e) {
                let name = self.target.to_string_lossy().into_owned();
                return Error::AlreadyExists { what: "file", name, path: self.target.clone() };
            }
            io_error("create", &self.target)(e)
        })?;
        self.finished = true;
        write::sync_folder(write::parent(&self.target))?;
        file::mode(&self.target)
    }
}

/// Whether a path is one of the files that a store lives on: those of its CAs and leaves, and
/// its records.
fn is_of_a_store(path: &Path) -> bool {
    let Ok(folder) = fs::canonicalize(write::parent(path)) else { return false };
    let Some(name) = path.file_name() else { return false };
    let is_store = |root: &&Path| root.join(AUTHORITIES).is_dir() && root.join(VERSION).is_file();
    // A leaf's folder is in the store's, a CA's and its records' are further below.
    let Some(root) = folder.ancestors().take(5).find(is_store) else { return false };
    let own = SET_FILES.iter().chain(&[IMPORTS, SIMULATED, LIST, VERSION]).any(|own| name == *own);
    let records = [ISSUED, REVOKED].iter().any(|records| folder.ends_with(records));
    own && folder != *root || records || folder == *root && (name == VERSION || name == SIMULATED)
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
