//! A folder that is held open: what is done in it needs no walk down a path, which
//! is a part of what a small file costs.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};

use super::file::io_error;
use super::{temporary, write};
use crate::error::Result;

/// An open folder, and where it is.
#[derive(Debug)]
pub(super) struct Directory {
    fd: OwnedFd,
    path: PathBuf,
}

impl Directory {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let fd = rustix::fs::open(path, flags, Mode::empty());
        let fd = fd.map_err(|e| io_error("open", path)(e.into()))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder in it.
    pub(super) fn make(&self, name: &str, mode: u32) -> Result<()> {
        let _changing = temporary::changing();
        rustix::fs::mkdirat(&self.fd, name, bits(mode))
            .map_err(|e| io_error("create", &self.path.join(name))(e.into()))
    }

    /// Writes a file in it that must not be there; it is not flushed.
    pub(super) fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let _changing = temporary::changing();
        let fd = rustix::fs::openat(&self.fd, name, flags, bits(mode))
            .map_err(|e| io_error("create", &self.path.join(name))(e.into()))?;
        File::from(fd).write_all(bytes).map_err(|e| io_error("write", &self.path.join(name))(e))
    }

    /// Gives a file in it another name, which must not be there.
    pub(super) fn link(&self, from: &str, folder: &Self, to: &str) -> Result<()> {
        let _changing = temporary::changing();
        rustix::fs::linkat(&self.fd, from, &folder.fd, to, AtFlags::empty())
            .map_err(|e| io_error("create", &folder.path.join(to))(e.into()))
    }

    /// Moves what is in it to where nothing is yet.
    pub(super) fn rename_new(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        let changing = temporary::changing();
        match rustix::fs::renameat_with(&self.fd, from, &folder.fd, to, RenameFlags::NOREPLACE) {
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                drop(changing);
                write::rename_new(&self.path.join(from), &folder.path.join(to))
            }
            other => other.map_err(Into::into),
        }
    }
}

/// The mode bits of a new file: their number has another width on each system.
fn bits(mode: u32) -> Mode {
    Mode::from_raw_mode(u16::try_from(mode).unwrap_or(0o600).into())
}
