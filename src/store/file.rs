//! Files, one call at a time: no link is followed at the last step of a path,
//! and only regular files are read.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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

/// Whether a file has the directory's name, as the program has where somebody unpacked it: there is
/// no store then, and whoever needs none is not kept from anything.
pub(super) fn is_a_file(root: &Path) -> bool {
    fs::metadata(root).is_ok_and(|found| found.is_file())
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

/// The regular files in a folder and `depth` levels below it, in order, and with `links` the
/// links to such; no link to a folder is followed. And what kept it out of folders below. With
/// more than `most` files it is an error.
///
/// # Errors
/// [`Error::Io`]; [`Error::Path`] where there are too many.
pub fn files_below(
    path: &Path,
    (depth, most): (usize, usize),
    links: bool,
) -> Result<(Vec<PathBuf>, Vec<Error>)> {
    let (mut found, mut closed) = (Vec::new(), Vec::new());
    let mut folders = vec![(path.to_owned(), depth)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder).map_err(io_error("list", &folder)) {
            Err(e) if folder != path => {
                closed.push(e);
                continue;
            }
            entries => entries?,
        };
        for entry in entries {
            let entry = entry.map_err(io_error("list", &folder))?;
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth > 0 => folders.push((entry.path(), depth - 1)),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                // Kubernetes mounts every file as a link.
                Ok(kind) if links && kind.is_symlink() && is_regular(&entry.path()) => {
                    found.push(entry.path());
                }
                _ => {}
            }
        }
        if found.len() > most {
            return Err(Error::Path { path: path.to_owned(), reason: "has too many files in it" });
        }
    }
    found.sort();
    Ok((found, closed))
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

/// What tells a folder from another one of its name; none where there is none.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
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
