//! Sets of files that appear as a whole.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::file::{self, io_error};
use super::leaf::read_certificate;
use super::{
    AUTHORITIES, CERTIFICATE, Derived, IMPORT_PATIENCE, Overwrite, PATIENCE, PUBLIC, SECRET, SET_FILES,
    Saved, SavedFile,
};
use super::{temporary, write};
use crate::error::{Error, Result};

/// An exclusive lock, gone with its holder, killed or not.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// One try to lock a file.
type Take = fn(&File) -> Result<(), fs::TryLockError>;

impl Lock {
    /// A lock on the whole store.
    pub(super) fn take(root: &Path) -> Result<Self> {
        Self::file(&root.join(".lock"), PATIENCE)
    }

    /// A lock on a folder or file that is there, and is still at this path when the
    /// lock is taken: whoever held it may have put another one there.
    pub(super) fn on(path: &Path, patience: Duration) -> Result<Self> {
        Self::on_with(path, patience, File::try_lock)
    }

    /// The same, of which there may be several at once: what takes one alone waits for them.
    fn shared(path: &Path, patience: Duration) -> Result<Self> {
        Self::on_with(path, patience, File::try_lock_shared)
    }

    fn on_with(path: &Path, patience: Duration, take: Take) -> Result<Self> {
        loop {
            let file = File::open(path).map_err(io_error("open", path))?;
            let held = file.metadata().map_err(io_error("open", path))?;
            let lock = Self::wait(file, path.to_owned(), patience, take)?;
            let there = fs::metadata(path).map_err(io_error("open", path))?;
            if (held.dev(), held.ino()) == (there.dev(), there.ino()) {
                return Ok(lock);
            }
        }
    }

    /// A lock by a file of its own, which is made where it is not there.
    pub(super) fn file(path: &Path, patience: Duration) -> Result<Self> {
        let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(SECRET).custom_flags(flags);
        let changing = temporary::changing();
        let file = options.open(path).map_err(io_error("open", path))?;
        drop(changing);
        Self::wait(file, path.to_owned(), patience, File::try_lock)
    }

    fn wait(file: File, path: PathBuf, patience: Duration, take: Take) -> Result<Self> {
        let start = Instant::now();
        loop {
            match take(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(fs::TryLockError::WouldBlock) if start.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(Error::Lock { path, seconds: patience.as_secs() });
                }
                Err(fs::TryLockError::Error(e)) => return Err(io_error("lock", &path)(e)),
            }
        }
    }
}

/// A folder of files in the making. Dropped before it is placed, it leaves
/// nothing behind.
pub(super) struct Set {
    /// The workshop's folder for this set, which also holds its record.
    bench: PathBuf,
    /// The folder that will be moved.
    folder: PathBuf,
    files: Vec<String>,
    /// Those that are not on the disk yet.
    unflushed: Vec<(PathBuf, File)>,
    /// There may be thousands more that are not.
    many: bool,
    /// A file that goes elsewhere: from, to.
    record: Option<(PathBuf, PathBuf)>,
    /// What of an old folder is not taken over.
    apart: &'static [&'static str],
    root: PathBuf,
    /// Keeps the housekeeping of others away, whatever their clock shows.
    lock: Option<Lock>,
}

impl Set {
    /// A new set in `root`'s workshop; its folder gets `mode` (before the umask).
    pub(super) fn new(root: &Path, mode: u32) -> Result<Self> {
        let workshop = write::workshop(root)?;
        sweep(root, &workshop);
        let bench = temporary::name(&workshop)?;
        write::make_folder(&bench, 0o700)?;
        let lock = Lock::on(&bench, Duration::ZERO).inspect_err(|_| drop(fs::remove_dir(&bench)))?;
        let folder = bench.join("set");
        let set = Self {
            bench,
            folder,
            files: Vec::new(),
            unflushed: Vec::new(),
            many: false,
            record: None,
            apart: &[],
            root: root.to_owned(),
            lock: Some(lock),
        };
        write::make_folder(&set.folder, mode)?;
        Ok(set)
    }

    /// Adds a file.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8], mode: u32) -> Result<()> {
        let path = self.folder.join(name);
        let file = write::write_unflushed(&path, bytes, mode)?;
        self.unflushed.push((path, file));
        self.files.push(name.to_owned());
        Ok(())
    }

    /// Says what of the folder that it replaces is not taken over, for it was another's.
    pub(super) fn leave(&mut self, names: &'static [&'static str]) {
        self.apart = names;
    }

    /// Adds one of many files, which nobody is told of.
    pub(super) fn write_silently(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.many = true;
        write::write_unflushed(&self.folder.join(name), bytes, PUBLIC).map(drop)
    }

    /// Adds an empty folder.
    pub(super) fn folder(&mut self, name: &str, mode: u32) -> Result<()> {
        write::make_folder(&self.folder.join(name), mode)
    }

    /// Adds a file that goes to `target` when the set is placed.
    pub(super) fn record(&mut self, target: &Path, bytes: &[u8]) -> Result<()> {
        if let Some(folder) = target.parent() {
            file::is_folder(folder)?;
        }
        let from = self.bench.join("record");
        let file = write::write_unflushed(&from, bytes, PUBLIC)?;
        self.unflushed.push((from.clone(), file));
        self.record = Some((from, target.to_owned()));
        Ok(())
    }

    /// Moves the set to `target` in one step, and its record before it: what is
    /// issued is on record before anybody can use it.
    pub(super) fn place(
        self,
        target: &Path,
        overwrite: Overwrite,
        what: &'static str,
        name: &str,
    ) -> Result<Saved> {
        if self.many {
            // One by one would take minutes where a CA has taken back much.
            write::sync_all(&self.folder)?;
        } else {
            write::flush(&self.unflushed)?;
            write::sync_folder(&self.folder)?;
        }
        if let Some((from, to)) = &self.record {
            let issued = write::parent(to);
            // Whoever replaces the CA takes along what is in its record by then.
            let _ca = Lock::shared(write::parent(issued), PATIENCE)?;
            write::rename_new(from, to).map_err(io_error("create", to))?;
            write::sync_folder(issued)?;
        }
        let placed = match overwrite {
            Overwrite::Refuse => self.place_new(target, what, name).map(|()| Vec::new()),
            _ => replace_folder(&self.root, (&self.folder, self.apart), target, overwrite),
        };
        if let (Err(_), Some((_, to))) = (&placed, &self.record) {
            // Nobody got the certificate, so the record of it goes too.
            let _ = fs::remove_file(to);
        }
        let left_behind = placed?;
        self.done(target, left_behind)
    }

    fn place_new(&self, target: &Path, what: &'static str, name: &str) -> Result<()> {
        write::rename_new(&self.folder, target).map_err(|e| {
            if write::is_taken(&e) {
                return Error::AlreadyExists { what, name: name.to_owned(), path: target.to_owned() };
            }
            io_error("create", target)(e)
        })
    }

    fn done(self, target: &Path, left_behind: Vec<String>) -> Result<Saved> {
        if let Some(parent) = target.parent() {
            write::sync_folder(parent)?;
        }
        let saved = |name: &String| {
            let path = target.join(name);
            Ok(SavedFile { mode: file::mode(&path)?, path })
        };
        let files = self.files.iter().map(saved).collect::<Result<_>>()?;
        Ok(Saved { folder: target.to_owned(), files, left_behind })
    }
}

/// Exchanges the set in `new` for the one in `target`, or moves it where none is. Says which
/// files were left behind.
pub(super) fn replace_folder(
    root: &Path,
    (new, apart): (&Path, &[&str]),
    target: &Path,
    overwrite: Overwrite,
) -> Result<Vec<String>> {
    let (own, _store) = lock_folder(root, target)?;
    if let Overwrite::ArchiveOf(sha256) = overwrite {
        let found = read_certificate(&target.join(CERTIFICATE));
        if !found.is_ok_and(|found| found.sha256() == sha256) {
            return Err(Error::Changed { path: target.to_owned() });
        }
    }
    if own.is_none() {
        return write::rename_new(new, target).map(|()| Vec::new()).map_err(io_error("create", target));
    }
    let left_behind = carry_over(new, target, apart)?;
    write::sync_folder(new)?;
    if overwrite != Overwrite::Replace {
        super::archive::keep(root, target)?;
    }
    write::exchange(new, target, &new.with_extension("old")).map_err(io_error("replace", target))?;
    Ok(left_behind)
}

/// Locks a folder, if it is there, and the store. The folder comes first: an import of the
/// leaf, which writes its record into it, may take long, and nobody else has to wait for that.
fn lock_folder(root: &Path, target: &Path) -> Result<(Option<Lock>, Lock)> {
    if target.starts_with(root.join(AUTHORITIES)) {
        // Nothing holds a CA's folder for long, and some of what does has the store locked.
        let store = Lock::take(root)?;
        let own = if file::is_folder(target)? { Some(Lock::on(target, PATIENCE)?) } else { None };
        return Ok((own, store));
    }
    loop {
        let own = if file::is_folder(target)? { Some(Lock::on(target, IMPORT_PATIENCE)?) } else { None };
        let store = Lock::take(root)?;
        if own.is_some() || !file::is_folder(target)? {
            return Ok((own, store));
        }
    }
}

/// Links everything into the new set that is in the old one and that the set has no
/// file of its own for: `acm.json` and what others put there. Says what was made of the
/// old set, and so stays behind.
fn carry_over(new: &Path, target: &Path, apart: &[&str]) -> Result<Vec<String>> {
    let mut left_behind = Vec::new();
    let entries = fs::read_dir(target).map_err(io_error("list", target))?;
    for entry in entries {
        let entry = entry.map_err(io_error("list", target))?;
        let name = entry.file_name();
        let ours = SET_FILES.iter().chain(apart).any(|f| name == *f);
        let (from, to) = (entry.path(), new.join(&name));
        if ours || temporary::is_name(name.as_encoded_bytes()) {
            continue;
        }
        if let Some(name) = name.to_str().filter(|name| Derived::is_name(name)) {
            if file::is_there(&to) {
                continue;
            }
            left_behind.push(name.to_owned());
            continue;
        }
        if !entry.file_type().is_ok_and(|t| t.is_file()) {
            if entry.file_type().is_ok_and(|t| t.is_dir()) && to.is_dir() {
                // A CA's record of what it issued stays with the new CA.
                carry_folder(&from, &to)?;
                continue;
            }
            return Err(Error::Path { path: from, reason: "is not certforge's, and would be lost" });
        }
        write::link(&from, &to)?;
    }
    left_behind.sort();
    Ok(left_behind)
}

fn carry_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).map_err(io_error("list", from))? {
        let entry = entry.map_err(io_error("list", from))?;
        let path = entry.path();
        write::link(&path, &to.join(entry.file_name()))?;
    }
    write::sync_folder(to)
}

impl Drop for Set {
    fn drop(&mut self) {
        // Removing a folder takes one to open, and there may be no more to be had.
        self.unflushed.clear();
        drop(self.lock.take());
        // Mostly all of it has been moved. What cannot be removed now is swept away
        // by a later run.
        if fs::remove_dir(&self.bench).is_err() {
            let _ = fs::remove_dir_all(&self.folder);
            let _ = fs::remove_dir_all(&self.bench);
        }
    }
}

/// Removes what killed runs left: sets in the workshop, and files beside those of the CAs
/// that they were to replace. Never fails: it is housekeeping.
pub(super) fn sweep(root: &Path, workshop: &Path) {
    for entry in temporary::stale_in(workshop, temporary::STALE, |_| true) {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            // What is still at work holds a lock on its folder.
            if File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        } else {
            let _ = fs::remove_file(entry.path());
        }
    }
    let Ok(authorities) = fs::read_dir(root.join(AUTHORITIES)) else { return };
    authorities.flatten().for_each(|authority| temporary::sweep_files(&authority.path()));
}
