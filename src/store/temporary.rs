//! What is in the making: the names it has meanwhile, and its end where the process is
//! ended by a signal.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use crate::error::Result;

/// What all names in a store begin with.
const PREFIX: &str = ".tmp-";
/// The same of names in folders that others use too, which tells whose they are.
const PREFIX_BESIDE: &str = ".certforge-";
/// How old what is in the making must be before it may be swept away.
pub(super) const STALE: Duration = Duration::from_mins(10);
/// The same where others have files: what is written there is written within the hour, or goes on
/// growing.
const STALE_BESIDE: Duration = Duration::from_hours(1);

/// The paths that were given out; none where nobody will ask for them.
static GIVEN: Mutex<Option<Vec<PathBuf>>> = Mutex::new(None);

/// Held to read while something is created or moved, and to write from the moment on when
/// what is in the making is removed: half of it must not be moved into place, and nothing
/// be added to it.
static CHANGING: RwLock<()> = RwLock::new(());

/// To be held while something is created or moved.
pub(super) fn changing() -> RwLockReadGuard<'static, ()> {
    CHANGING.read().unwrap_or_else(PoisonError::into_inner)
}

/// A path in `folder` that nothing has: hidden, and random.
pub(super) fn name(folder: &Path) -> Result<PathBuf> {
    named(folder, PREFIX)
}

fn named(folder: &Path, prefix: &str) -> Result<PathBuf> {
    use std::fmt::Write;
    let random = crate::key::random::<8>()?;
    let mut name = String::from(prefix);
    for b in random {
        let _ = write!(name, "{b:02x}");
    }
    let path = folder.join(name);
    if let Some(given) = &mut *GIVEN.lock().unwrap_or_else(PoisonError::into_inner) {
        given.push(path.clone());
    }
    Ok(path)
}

/// A path for a file, or a `folder_of_files`, in a folder that others use too. What killed runs left
/// there of that kind is removed first: nobody else does.
pub(super) fn name_beside(folder: &Path, folder_of_files: bool) -> Result<PathBuf> {
    let own = rustix::process::geteuid().as_raw();
    let is_ours = |name: &[u8]| {
        let random = name.strip_prefix(PREFIX_BESIDE.as_bytes());
        random.is_some_and(|r| r.len() == 16 && r.iter().all(u8::is_ascii_hexdigit))
    };
    for entry in stale_in(folder, STALE_BESIDE, is_ours) {
        let Some(found) = entry.metadata().ok().filter(|found| found.uid() == own) else { continue };
        if folder_of_files && found.is_dir() {
            let _ = fs::remove_dir_all(entry.path());
        } else if !folder_of_files && found.is_file() {
            let _ = fs::remove_file(entry.path());
        }
    }
    named(folder, PREFIX_BESIDE)
}

/// Whether a file or folder of this name is in the making.
pub(super) fn is_name(name: &[u8]) -> bool {
    [PREFIX, PREFIX_BESIDE].iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

/// From now on this process remembers what it has in the making, for
/// [`remove_temporary`]. A command does so; what it remembers grows with what it makes.
pub fn remember_temporary() {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    given.get_or_insert_default();
}

/// Removes what this process has in the making, in whichever thread: for when a signal is
/// about to end it. What is in its place already stays. From then on a thread that would
/// create or move a file waits for ever, and one that reads what it made finds it gone: it
/// must not get to report that.
///
/// Never fails: what is left is swept away by a later run.
pub fn remove_temporary() {
    std::mem::forget(CHANGING.write().unwrap_or_else(PoisonError::into_inner));
    let given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
    for path in given {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => drop(fs::remove_dir_all(&path)),
            Ok(_) => drop(fs::remove_file(&path)),
            Err(_) => {}
        }
    }
}

/// Removes what killed runs left beside the files of a folder.
pub(super) fn sweep_files(folder: &Path) {
    for entry in stale_in(folder, STALE, is_name) {
        if entry.file_type().is_ok_and(|t| t.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What has such a name, and nobody has changed for that long. A folder may have very many others,
/// which are not looked at.
pub(super) fn stale_in(
    folder: &Path,
    age: Duration,
    is_ours: impl Fn(&[u8]) -> bool,
) -> impl Iterator<Item = fs::DirEntry> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(move |entry| {
        let modified = || entry.metadata().and_then(|m| m.modified()).ok();
        is_ours(entry.file_name().as_encoded_bytes())
            && modified()
                .and_then(|at| SystemTime::now().duration_since(at).ok())
                .is_some_and(|since| since > age)
    })
}
