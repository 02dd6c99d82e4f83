//! A bundle as files, for what reads nothing else.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
#[cfg(unix)]
use std::time::SystemTime;

use tempfile::{Builder, TempDir, TempPath};

use crate::bundle::Bundle;
use crate::error::{Error, Result};

/// The files of a bundle under the names that the store gives them, in a folder of their own
/// (0700) and readable by nobody else (0600). They go away with this value.
///
/// ```
/// use certforge::harness::TempFiles;
/// use certforge::{Authority, LeafRequest};
///
/// let ca = Authority::generate("test CA")?;
/// let server = ca.issue(&LeafRequest::new(["localhost"])?)?;
/// let files = TempFiles::of(&server)?;
/// println!("--cert {} --key {}", files.fullchain().display(), files.key().display());
/// # Ok::<(), certforge::Error>(())
/// ```
#[derive(Debug)]
pub struct TempFiles {
    // Before the folder, so that they are gone when it goes.
    files: Vec<TempPath>,
    folder: TempDir,
    /// Locked for as long as they are in use.
    in_use: Option<File>,
}

/// What the folders' names begin with.
const PREFIX: &str = "certforge-";
/// A file in each, which says whose it is, and is locked while it is in use.
const MARK: &str = ".certforge-temporary";
/// How long nobody has touched a folder that may be swept away: what a killed program started may
/// use it still.
const ABANDONED: Duration = Duration::from_hours(24);

impl TempFiles {
    /// Writes the files of a bundle.
    ///
    /// # Errors
    /// [`Error::Io`] where the system's folder for temporary files takes them not.
    pub fn of(bundle: &Bundle) -> Result<Self> {
        let mut made = Self::empty()?;
        made.add("cert.pem", bundle.leaf().pem()?.as_bytes())?;
        made.add("chain.pem", bundle.chain().pem()?.as_bytes())?;
        made.add("fullchain.pem", bundle.fullchain_pem()?.as_bytes())?;
        made.add("ca.pem", bundle.trust_anchor().pem()?.as_bytes())?;
        made.add("key.pem", bundle.key().secret_pem()?.as_bytes())?;
        Ok(made)
    }

    /// A folder without files, for [`TempFiles::add`].
    ///
    /// # Errors
    /// [`Error::Io`] where the system's folder for temporary files takes it not.
    pub fn empty() -> Result<Self> {
        let failed = |source| Error::Io { doing: "make a folder in", path: std::env::temp_dir(), source };
        let mut builder = Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.prefix(PREFIX).tempdir().map_err(failed)?;
        let mut made = Self { files: Vec::new(), folder, in_use: None };
        let mark = made.add(MARK, b"")?;
        made.in_use = File::open(mark).ok().filter(|mark| mark.try_lock().is_ok());
        Ok(made)
    }

    /// Removes them, which dropping does too, and says where that failed: there is a key among them.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn close(self) -> Result<()> {
        let path = self.folder.path().to_owned();
        drop(self.files);
        self.folder.close().map_err(|source| Error::Io { doing: "remove", path, source })
    }

    /// Removes the folders of such files that programs of this user left a day ago and longer, because
    /// they were killed. One in use is locked; one in which there is a folder is not looked at.
    #[cfg(unix)]
    pub fn sweep(&self) {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let Ok(own) = std::fs::metadata(self.path()) else { return };
        for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
            // There may be very many others, which are not looked at.
            if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
                continue;
            }
            let Ok(found) = entry.metadata() else { continue };
            let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            let is_left = found.is_dir()
                && found.uid() == own.uid()
                && found.permissions().mode() & 0o777 == 0o700
                && age.is_some_and(|age| age > ABANDONED);
            // Whoever else has a folder of this name has no such file in it.
            let mark = File::open(entry.path().join(MARK)).ok().filter(|_| is_left);
            if mark.is_some_and(|mark| mark.try_lock().is_ok()) {
                remove_files(&entry.path());
            }
        }
    }

    /// One file more, as private as the others; it goes away with them.
    ///
    /// # Errors
    /// [`Error::Io`], where there is one of this name among others, or the name is none of a
    /// file in this folder.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let failed = |source| Error::Io { doing: "write", path: self.folder.path().join(name), source };
        if Path::new(name).file_name().is_none_or(|file| file != name) {
            return Err(failed(std::io::ErrorKind::InvalidInput.into()));
        }
        // Made exclusively and with mode 0600.
        let builder = Builder::new().prefix(name).rand_bytes(0).tempfile_in(self.folder.path());
        let mut file = builder.map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        self.files.push(file.into_temp_path());
        Ok(self.folder.path().join(name))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The leaf alone.
    #[must_use]
    pub fn cert(&self) -> PathBuf {
        self.path().join("cert.pem")
    }

    /// The leaf's issuers, the root last.
    #[must_use]
    pub fn chain(&self) -> PathBuf {
        self.path().join("chain.pem")
    }

    /// What a server sends: the leaf and its issuers, the root only where the template says so.
    #[must_use]
    pub fn fullchain(&self) -> PathBuf {
        self.path().join("fullchain.pem")
    }

    /// The trust anchor: what clients are given.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.path().join("ca.pem")
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.path().join("key.pem")
    }
}

/// Removes a folder of files; one with anything else in it stays as it is.
#[cfg(unix)]
fn remove_files(folder: &Path) {
    let entries: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().collect();
    if entries.iter().all(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
        for entry in entries {
            let _ = std::fs::remove_file(entry.path());
        }
        let _ = std::fs::remove_dir(folder);
    }
}
