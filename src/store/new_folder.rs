//! A folder of files that nobody sees before it is whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::{self, io_error};
use super::{PUBLIC, SECRET, temporary, write};
use crate::error::{Error, Result};

/// A folder in the making, beside where it is to be. Dropped before
/// [`NewFolder::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct NewFolder {
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl NewFolder {
    /// Begins a folder whose target must not be there.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`].
    pub fn create(target: &Path) -> Result<Self> {
        if file::is_there(target) {
            return Err(there(target));
        }
        let temporary = temporary::name_beside(write::parent(target), true)?;
        write::make_folder(&temporary, 0o755).map_err(write::on_the_way_to(target))?;
        Ok(Self { temporary, target: target.to_owned(), finished: false })
    }

    /// Writes a file of it, 0600 where it is a secret. `path` is inside the folder.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Path`] where the path leads elsewhere.
    pub fn add(&self, path: &Path, bytes: &[u8], is_secret: bool) -> Result<()> {
        if !path.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
            return Err(Error::Path { path: path.to_owned(), reason: "leads out of its folder" });
        }
        let place = self.temporary.join(path);
        if let Some(folder) = place.parent() {
            write::ensure_folder(folder, 0o755)?;
        }
        let written = write::write_unflushed(&place, bytes, if is_secret { SECRET } else { PUBLIC });
        written.map(drop).map_err(write::on_the_way_to(&self.target.join(path)))
    }

    /// Flushes it and moves it to its target.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`].
    pub fn finish(mut self) -> Result<()> {
        write::sync_all(&self.temporary)?;
        write::rename_new(&self.temporary, &self.target).map_err(|e| {
            if write::is_taken(&e) { there(&self.target) } else { io_error("create", &self.target)(e) }
        })?;
        self.finished = true;
        write::sync_folder(write::parent(&self.target))
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

fn there(target: &Path) -> Error {
    let name = target.to_string_lossy().into_owned();
    Error::AlreadyExists { what: "folder", name, path: target.to_owned() }
}
