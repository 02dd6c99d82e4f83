//! Writing, one call at a time: files are created exclusively with the mode they are to
//! have, and moved into place.
//!
//! What creates or moves something holds [`temporary::changing`] meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};

use super::file::{check_is_file, files_in, io_error, is_folder, is_there};
use super::temporary;
use crate::error::{Error, Result};

/// Says of an error at a path in the making where it was to go: nobody knows the other.
pub(super) fn on_the_way_to(target: &Path) -> impl FnOnce(Error) -> Error {
    move |e| match e {
        Error::Io { doing, source, .. } => Error::Io { doing, path: target.to_owned(), source },
        other => other,
    }
}

/// Makes a folder that must not be there.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<()> {
    let _changing = temporary::changing();
    fs::DirBuilder::new().mode(mode).create(path).map_err(io_error("create", path))
}

/// Gives a file another name, which must not be there.
pub(super) fn link(from: &Path, to: &Path) -> Result<()> {
    let _changing = temporary::changing();
    fs::hard_link(from, to).map_err(io_error("keep", from))
}

/// Moves a file or folder, over what is there.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let _changing = temporary::changing();
    fs::rename(from, to)
}

/// Where what is made in a store is made: inside it, so that moving it is one step.
const WORKSHOP: &str = ".tmp";

/// The workshop of a store, which is there then.
pub(super) fn workshop(root: &Path) -> Result<PathBuf> {
    let workshop = root.join(WORKSHOP);
    if !is_folder(&workshop)? {
        ensure_folder(&workshop, 0o700)?;
    }
    Ok(workshop)
}

/// As [`ensure_folder`], and the name of a new one is on the disk: what is put into it would
/// be lost with it.
pub(super) fn ensure_lasting_folder(path: &Path, mode: u32) -> Result<()> {
    if fs::metadata(path).is_ok_and(|m| m.is_dir()) {
        return Ok(());
    }
    ensure_folder(path, mode)?;
    match sync_folder(parent(path)) {
        // A folder that may be passed through and not be listed.
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        flushed => flushed,
    }
}

/// The same of a folder inside the store, where no link is followed.
pub(super) fn ensure_inner_folder(path: &Path, mode: u32) -> Result<()> {
    if is_folder(path)? { Ok(()) } else { ensure_lasting_folder(path, mode) }
}

/// The folder that a path is in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Makes a folder where there is none, with its parents.
pub(super) fn ensure_folder(path: &Path, mode: u32) -> Result<()> {
    // The store itself may be reached through a link; what is inside may not.
    match fs::metadata(path) {
        Ok(m) if m.is_dir() => return Ok(()),
        Ok(_) => return Err(Error::Path { path: path.to_owned(), reason: "is not a folder" }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(io_error("look at", path)(e)),
    }
    let _changing = temporary::changing();
    fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(io_error("create", path))
}

/// Finds out whether a file could be replaced, without touching it.
pub(super) fn check_replaceable(target: &Path) -> Result<()> {
    let probe = temporary::name(parent(target))?;
    write_new(&probe, b"", super::PUBLIC)?;
    fs::remove_file(&probe).map_err(io_error("remove", &probe))
}

/// Creates a file that must not be there.
pub(super) fn create_new(path: &Path, mode: u32) -> Result<File> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode).custom_flags(flags);
    let _changing = temporary::changing();
    options.open(path).map_err(io_error("create", path))
}

/// Writes a file that must not be there, flushed to the disk.
pub(super) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut file = create_new(path, mode)?;
    // What closing could still report, flushing reports here.
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("write", path));
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Writes a file that must not be there, and leaves flushing it to the caller.
pub(super) fn write_unflushed(path: &Path, bytes: &[u8], mode: u32) -> Result<File> {
    let mut file = create_new(path, mode)?;
    file.write_all(bytes).map_err(io_error("write", path))?;
    Ok(file)
}

/// Flushes files that were written one after the other.
pub(super) fn flush(written: &[(PathBuf, File)]) -> Result<()> {
    // What is begun together is one transaction of the file system's journal, and not one a
    // file. Where this does nothing, it takes longer.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    for (_, file) in written {
        let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    }
    // What closing could still report, flushing reports here.
    written.iter().try_for_each(|(path, file)| file.sync_all().map_err(io_error("write", path)))
}

/// Writes a file in a workshop, flushed, and moves it to its target if nothing is
/// there yet. Losing that race is no error: somebody else wrote the same.
pub(super) fn write_new_atomically(workshop: &Path, target: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary::name(workshop)?;
    write_new(&temporary, bytes, super::PUBLIC)?;
    let moved = rename_new(&temporary, target);
    match moved {
        Ok(()) => sync_folder(parent(target)),
        Err(e) => {
            let _ = fs::remove_file(&temporary);
            if e.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(io_error("create", target)(e)) }
        }
    }
}

/// Replaces a file in one step. A link in its place is replaced, not followed.
pub(super) fn replace(target: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    replace_by(parent(target), target, bytes, mode)
}

/// As [`replace`], with another folder of the same file system to make it in: one that is
/// swept, where the target's own has too many files for that.
pub(super) fn replace_by(workshop: &Path, target: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let temporary = temporary::name(workshop)?;
    let done = write_new(&temporary, bytes, mode)
        .and_then(|()| rename(&temporary, target).map_err(io_error("replace", target)))
        .and_then(|()| sync_folder(parent(target)));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// Writes a file anew that somebody named and whose content was read before: in one step,
/// with the mode it has. Of a link, what it points to.
///
/// # Errors
/// [`Error::Io`]; [`Error::Changed`] where it is not as it was any more.
pub fn rewrite(path: &Path, before: &[u8], after: &[u8]) -> Result<()> {
    let target = fs::canonicalize(path).map_err(io_error("open", path))?;
    check_is_file(&target)?;
    if fs::read(&target).map_err(io_error("read", path))? != before {
        return Err(Error::Changed { path: path.to_owned() });
    }
    let mode = fs::metadata(&target).map_err(io_error("look at", path))?.mode() & 0o7777;
    replace(&target, after, mode)?;
    // The mask of a new file is not the old one's.
    fs::set_permissions(&target, fs::Permissions::from_mode(mode)).map_err(io_error("change", path))
}

/// Whether something was at the target already.
pub(super) fn is_taken(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}

/// Renames where nothing is at the target yet.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let _changing = temporary::changing();
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            // The file system has no such call: look, then rename.
            if fs::symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        Err(e) => Err(e.into()),
    }
}

/// Puts the folder `new` in the place of `old` in one step; `old` is at `new` or
/// at `aside` then. Where the file system cannot exchange, it takes two steps.
pub(super) fn exchange(new: &Path, old: &Path, aside: &Path) -> io::Result<()> {
    let _changing = temporary::changing();
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::rename(old, aside)?;
            fs::rename(new, old).or_else(|e| fs::rename(aside, old).and(Err(e)))
        }
        other => other.map_err(Into::into),
    }
}

/// Links every file of a folder into a new one, which appears at `to` as a whole.
pub(super) fn link_folder(
    from: &Path,
    workshop: &Path,
    to: &Path,
    (mode, folders): (u32, &[&str]),
) -> Result<()> {
    let temporary = temporary::name(workshop)?;
    make_folder(&temporary, mode)?;
    let linked = files_in(from).and_then(|names| {
        for name in names.iter().filter(|name| !temporary::is_name(name.as_bytes())) {
            link(&from.join(name), &temporary.join(name))?;
        }
        for name in folders.iter().filter(|name| is_there(&from.join(name))) {
            let copy = temporary.join(name);
            make_folder(&copy, 0o700)?;
            for file in files_in(&from.join(name))? {
                link(&from.join(name).join(&file), &copy.join(&file))?;
            }
            sync_folder(&copy)?;
        }
        sync_folder(&temporary)?;
        match rename_new(&temporary, to) {
            Err(e) if !is_taken(&e) => Err(io_error("create", to)(e)),
            _ => sync_folder(parent(to)),
        }
    });
    if is_there(&temporary) {
        let _ = fs::remove_dir_all(&temporary);
    }
    linked
}

/// Removes a folder of the store: it is gone in one step, whatever happens then.
pub(super) fn remove_folder(path: &Path, root: &Path) -> Result<()> {
    is_folder(path)?;
    let away = temporary::name(&workshop(root)?)?;
    rename(path, &away).map_err(io_error("remove", path))?;
    // Whether or not the disk knows yet, nobody finds it any more.
    let flushed = sync_folder(parent(path));
    fs::remove_dir_all(&away).map_err(io_error("remove", &away))?;
    flushed
}

/// Flushes the whole file system that a path is on; where a system has no call for one, all of them.
pub(super) fn sync_all(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(io_error("flush", path))?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    rustix::fs::syncfs(&file).map_err(|e| io_error("flush", path)(e.into()))?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        drop(file);
        rustix::fs::sync();
    }
    Ok(())
}

/// Flushes a folder: the names in it, not the files.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|f| f.sync_all()).map_err(io_error("flush", path))
}
