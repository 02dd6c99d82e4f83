//! Files, one call at a time: no link is followed at the last step of a path,
//! and only regular files are read.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// The most that is read of one file, in octets.
const MOST: u64 = 4 << 20;

pub(super) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}

/// Opens a regular file for reading. `follow` says whether a link may lead to it.
fn open(path: &Path, follow: bool) -> io::Result<(File, fs::Metadata)> {
    // NONBLOCK so that a fifo in the file's place cannot hold the program up.
    let mut flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    if !follow {
        flags |= OFlags::NOFOLLOW;
    }
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

fn read_all(file: &File, metadata: &fs::Metadata, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    if metadata.len() > MOST {
        return Err(Error::Path { path: path.to_owned(), reason: "is larger than 4 MiB" });
    }
    read_whole(file, metadata, path)
}

/// All of a regular file, whatever its size.
fn read_whole(mut file: &File, metadata: &fs::Metadata, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    if !metadata.is_file() {
        return Err(Error::Path { path: path.to_owned(), reason: "is not a regular file" });
    }
    // Room for all of it at once: growing would leave copies of a key behind.
    let length = usize::try_from(metadata.len()).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    bytes.resize(length, 0);
    let mut read = 0;
    // As much as there was when it was opened: most files come in one piece.
    while read < length {
        match file.read(&mut bytes[read..]) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(io_error("read", path)(e)),
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

/// The error for a path that would not open, in terms of what is there.
fn explain(e: io::Error, path: &Path) -> Error {
    if e.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return Error::Path { path: path.to_owned(), reason: "is a symbolic link" };
    }
    Error::Io { doing: "open", path: path.to_owned(), source: e }
}

/// A file of the store.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let (file, metadata) = open(path, false).map_err(|e| explain(e, path))?;
    read_all(&file, &metadata, path)
}

/// As [`read_optional`], of a file that may be large: one that certforge wrote.
pub(super) fn read_large(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match open(path, false) {
        Ok((file, metadata)) => read_whole(&file, &metadata, path).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(explain(e, path)),
    }
}

/// A file of the store, or none where there is none.
pub(super) fn read_optional(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    match open(path, false) {
        Ok((file, metadata)) => read_all(&file, &metadata, path).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(explain(e, path)),
    }
}

/// A private key file of the store: refused where others can read it.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let (file, metadata) = open(path, false).map_err(|e| explain(e, path))?;
    let mode = metadata.mode() & 0o7777;
    if metadata.is_file() && mode & 0o077 != 0 {
        return Err(Error::Permissions { path: path.to_owned(), mode });
    }
    read_all(&file, &metadata, path)
}

/// A file somebody named: links are followed, `-` is standard input. Wiped when
/// dropped, for it may be a key.
///
/// # Errors
/// [`Error::Io`], or [`Error::Path`] where it is no regular file or too large.
pub fn read_input(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    if path == Path::new("-") {
        return read_stream(io::stdin().lock(), path);
    }
    // A pipe that a shell made (`<(…)`) is as good as a file here.
    let file = File::open(path).map_err(|e| explain(e, path))?;
    let metadata = file.metadata().map_err(io_error("open", path))?;
    if metadata.is_dir() {
        return Err(Error::Path { path: path.to_owned(), reason: "is a folder" });
    }
    if metadata.is_file() {
        return read_all(&file, &metadata, path);
    }
    read_stream(file, path)
}

/// How a file begins, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its first octets, 4,096 at most.
    pub octets: Vec<u8>,
    /// How many octets it has.
    pub size: u64,
}

/// The beginning of a file that somebody named.
///
/// # Errors
/// [`Error::Io`].
pub fn read_start(path: &Path) -> Result<Start> {
    let file = File::open(path).map_err(|e| explain(e, path))?;
    let size = file.metadata().map_err(io_error("open", path))?.len();
    let mut octets = Vec::new();
    file.take(4096).read_to_end(&mut octets).map_err(io_error("read", path))?;
    Ok(Start { octets, size })
}

/// As [`read_input`], of a list that may be long: up to 256 MiB, and no key.
///
/// # Errors
/// As [`read_input`].
pub fn read_large_input(path: &Path) -> Result<Vec<u8>> {
    const MOST_LIST: u64 = 256 << 20;
    let read = |stream: &mut dyn Read| {
        let mut bytes = Vec::new();
        stream.take(MOST_LIST + 1).read_to_end(&mut bytes).map_err(io_error("read", path))?;
        if bytes.len() as u64 > MOST_LIST {
            return Err(Error::Path { path: path.to_owned(), reason: "is larger than 256 MiB" });
        }
        Ok(bytes)
    };
    if path == Path::new("-") {
        return read(&mut io::stdin().lock());
    }
    let mut file = File::open(path).map_err(|e| explain(e, path))?;
    if file.metadata().map_err(io_error("open", path))?.is_dir() {
        return Err(Error::Path { path: path.to_owned(), reason: "is a folder" });
    }
    read(&mut file)
}

/// All of a stream whose length nobody knows.
fn read_stream(stream: impl Read, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    // Room for any key at once: growing would leave copies of it behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 << 10));
    stream.take(MOST + 1).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    if bytes.len() as u64 > MOST {
        return Err(Error::Path { path: path.to_owned(), reason: "is larger than 4 MiB" });
    }
    Ok(bytes)
}

/// The mode bits of a file.
pub(super) fn mode(path: &Path) -> Result<u32> {
    fs::symlink_metadata(path).map(|m| m.mode() & 0o7777).map_err(io_error("look at", path))
}

/// Whether there is anything at a path of the store, a link included.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether a path that somebody named is a regular file: something beside which
/// more can be kept.
#[must_use]
pub fn is_regular(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.is_file())
}

/// Refuses what is there and is no regular file: a device, a pipe, a folder. A link is what
/// it points to here, for the link is what would be replaced.
pub(super) fn check_is_file(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(m) if !m.is_file() => Err(Error::Path { path: path.to_owned(), reason: "is not a regular file" }),
        _ => Ok(()),
    }
}

/// Finds out whether a file could be replaced, without touching it.
pub(super) fn check_replaceable(target: &Path) -> Result<()> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let probe = temporary_name(folder)?;
    write_new(&probe, b"", super::PUBLIC)?;
    fs::remove_file(&probe).map_err(io_error("remove", &probe))
}

/// The regular files in a folder and `depth` levels below it, in order; no link is
/// followed. With more than `most` of them it is an error.
///
/// # Errors
/// [`Error::Io`]; [`Error::Path`] where there are too many.
pub fn files_below(path: &Path, depth: usize, most: usize) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![(path.to_owned(), depth)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(io_error("list", &folder))? {
            let entry = entry.map_err(io_error("list", &folder))?;
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth > 0 => folders.push((entry.path(), depth - 1)),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
        if found.len() > most {
            return Err(Error::Path { path: path.to_owned(), reason: "has too many files in it" });
        }
    }
    found.sort();
    Ok(found)
}

/// The names of all that is in a folder.
pub(super) fn names_in(path: &Path) -> Result<HashSet<String>> {
    let entries = fs::read_dir(path).map_err(io_error("list", path))?;
    entries
        .map(|entry| Ok(entry.map_err(io_error("list", path))?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Something in a folder that is no regular file, if there is any.
pub(super) fn first_of_others(path: &Path) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(path).map_err(io_error("list", path))? {
        let entry = entry.map_err(io_error("list", path))?;
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// Whether there is a folder; anything else in its place is an error.
pub(super) fn is_folder(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(m) if m.is_dir() => Ok(true),
        Ok(m) if m.is_symlink() => Err(Error::Path { path: path.to_owned(), reason: "is a symbolic link" }),
        Ok(_) => Err(Error::Path { path: path.to_owned(), reason: "is not a folder" }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(io_error("look at", path)(e)),
    }
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
    fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(io_error("create", path))
}

/// The names of the folders in a folder; none where it is not there.
pub(super) fn folders_in(path: &Path) -> Result<Vec<String>> {
    entries_in(path, fs::FileType::is_dir)
}

/// The names of the files in a folder; none where it is not there.
pub(super) fn files_in(path: &Path) -> Result<Vec<String>> {
    entries_in(path, fs::FileType::is_file)
}

fn entries_in(path: &Path, is_wanted: fn(&fs::FileType) -> bool) -> Result<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io_error("list", path)(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error("list", path))?;
        if entry.file_type().is_ok_and(|kind| is_wanted(&kind))
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// How many files of a kind a folder has; 0 where it is not there.
pub(super) fn count_files(path: &Path, suffix: &str) -> Result<usize> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(io_error("list", path)(e)),
    };
    let of_kind = |name: &std::ffi::OsStr| name.as_encoded_bytes().ends_with(suffix.as_bytes());
    Ok(entries.flatten().filter(|entry| of_kind(&entry.file_name())).count())
}

/// A path in `folder` that nothing has: hidden, and random.
pub(super) fn temporary_name(folder: &Path) -> Result<PathBuf> {
    use std::fmt::Write;
    let random = crate::key::random::<8>()?;
    let mut name = String::from(".tmp-");
    for b in random {
        let _ = write!(name, "{b:02x}");
    }
    Ok(folder.join(name))
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
pub(super) fn write_unflushed(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    create_new(path, mode)?.write_all(bytes).map_err(io_error("write", path))
}

/// Creates a file that must not be there.
pub(super) fn create_new(path: &Path, mode: u32) -> Result<File> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode).custom_flags(flags);
    options.open(path).map_err(io_error("create", path))
}

/// Flushes the whole file system that a path is on.
pub(super) fn sync_all(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(io_error("flush", path))?;
    rustix::fs::syncfs(&file).map_err(|e| io_error("flush", path)(e.into()))
}

/// Writes a file beside its target, flushed, and moves it there if nothing is
/// there yet. Losing that race is no error: somebody else wrote the same.
pub(super) fn write_new_atomically(folder: &Path, target: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary_name(folder)?;
    write_new(&temporary, bytes, super::PUBLIC)?;
    let moved = rename_new(&temporary, target);
    match moved {
        Ok(()) => Ok(()),
        Err(e) => {
            let _ = fs::remove_file(&temporary);
            if e.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(io_error("create", target)(e)) }
        }
    }
}

/// Replaces a file in one step. A link in its place is replaced, not followed.
pub(super) fn replace(target: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let temporary = temporary_name(folder)?;
    let done = write_new(&temporary, bytes, mode)
        .and_then(|()| fs::rename(&temporary, target).map_err(io_error("replace", target)))
        .and_then(|()| sync_folder(folder));
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

/// Renames where nothing is at the target yet.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
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
    use rustix::fs::{CWD, RenameFlags, renameat_with};
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
    let temporary = temporary_name(workshop)?;
    fs::DirBuilder::new().mode(mode).create(&temporary).map_err(io_error("create", &temporary))?;
    let linked = files_in(from).and_then(|names| {
        for name in names.iter().filter(|name| !name.starts_with(".tmp-")) {
            let source = from.join(name);
            fs::hard_link(&source, temporary.join(name)).map_err(io_error("keep", &source))?;
        }
        for name in folders.iter().filter(|name| is_there(&from.join(name))) {
            let copy = temporary.join(name);
            fs::DirBuilder::new().mode(0o700).create(&copy).map_err(io_error("create", &copy))?;
            for file in files_in(&from.join(name))? {
                let source = from.join(name).join(&file);
                fs::hard_link(&source, copy.join(&file)).map_err(io_error("keep", &source))?;
            }
            sync_folder(&copy)?;
        }
        sync_folder(&temporary)?;
        match rename_new(&temporary, to) {
            Err(e)
                if !matches!(e.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty) =>
            {
                Err(io_error("create", to)(e))
            }
            _ => sync_folder(workshop),
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
    let workshop = root.join(".tmp");
    if !is_folder(&workshop)? {
        ensure_folder(&workshop, 0o700)?;
    }
    let away = temporary_name(&workshop)?;
    fs::rename(path, &away).map_err(io_error("remove", path))?;
    if let Some(parent) = path.parent() {
        sync_folder(parent)?;
    }
    fs::remove_dir_all(&away).map_err(io_error("remove", &away))
}

/// Flushes a folder: the names in it, not the files.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|f| f.sync_all()).map_err(io_error("flush", path))
}
