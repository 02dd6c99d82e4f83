//! Many leaves at once: made in the workshop, flushed together, and moved into
//! place when all of them are there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::file::{self, io_error};
use super::set::{Lock, WORKSHOP, replace_folder};
use super::{
    CERTIFICATE, CHAIN, FULLCHAIN, ISSUED, KEY, LeafParts, Origin, Overwrite, PUBLIC, SECRET, Store,
    TRUST_ANCHOR, folder_name, record,
};
use crate::bundle::{Bundle, fullchain_pem};
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};
use crate::name::San;

/// How many sets share a folder of the workshop: threads that make files in one
/// folder wait for each other.
const PLACES: usize = 16;

/// Leaves in the making. Any number of threads may add to it. Dropped before it is
/// placed, it leaves nothing behind.
#[derive(Debug)]
pub struct Batch<'a> {
    store: &'a Store,
    /// Keeps the housekeeping of others away.
    _lock: Lock,
    bench: PathBuf,
    items: Mutex<Vec<Item>>,
    next: AtomicUsize,
    /// Those of the last chain: mostly all leaves have the same.
    shared: Mutex<Option<Shared>>,
    /// What was asked for, a line a leaf: one file for all, by the CA.
    requests: Mutex<BTreeMap<String, Vec<u8>>>,
}

/// One leaf in the making: where its record and its set are, and where they go.
#[derive(Debug)]
struct Item {
    record: Option<(PathBuf, PathBuf)>,
    set: Option<(PathBuf, PathBuf)>,
}

/// The files that all leaves of one chain have in common: written once, and linked.
#[derive(Clone, Debug)]
struct Shared {
    of: Chain,
    chain: PathBuf,
    anchor: PathBuf,
    /// How many leaves link to them.
    links: usize,
}

/// How many leaves share a file: file systems limit how many names one has.
const MOST_LINKS: usize = 10_000;

impl Store {
    /// Begins a batch.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn batch(&self) -> Result<Batch<'_>> {
        self.prepare()?;
        let workshop = self.root().join(WORKSHOP);
        if !file::is_folder(&workshop)? {
            file::ensure_folder(&workshop, 0o700)?;
        }
        let bench = file::temporary_name(&workshop)?;
        let make =
            |path: &Path| fs::DirBuilder::new().mode(0o700).create(path).map_err(io_error("create", path));
        make(&bench)?;
        let batch = Batch {
            store: self,
            items: Mutex::default(),
            _lock: Lock::on(&bench, Duration::ZERO)?,
            bench,
            next: AtomicUsize::new(0),
            shared: Mutex::default(),
            requests: Mutex::default(),
        };
        for place in 0..PLACES {
            make(&batch.bench.join(place.to_string()))?;
        }
        Ok(batch)
    }
}

impl Batch<'_> {
    /// Adds a leaf with its key, to be saved as [`Store::save_bundle`] does.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn add(&self, name: &San, bundle: &Bundle, origin: Option<Origin<'_>>) -> Result<PathBuf> {
        let parts = LeafParts { key: Some(bundle.key()), ..LeafParts::of(bundle) };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = self.bench.join((number % PLACES).to_string());
        let set = place.join(number.to_string());
        fs::DirBuilder::new().mode(0o755).create(&set).map_err(io_error("create", &set))?;
        let leaf_pem = parts.leaf.pem()?;
        if let Some(key) = parts.key {
            file::write_unflushed(&set.join(KEY), key.secret_pem()?.as_bytes(), SECRET)?;
        }
        let certificate = set.join(CERTIFICATE);
        file::write_unflushed(&certificate, leaf_pem.as_bytes(), PUBLIC)?;
        let full = set.join(FULLCHAIN);
        if !parts.send_root && parts.chain.intermediates().next().is_none() {
            // A server sends the leaf alone: the same file under another name.
            file::link(&certificate, &full)?;
        } else {
            let text = fullchain_pem(parts.leaf, parts.chain, parts.send_root)?;
            file::write_unflushed(&full, text.as_bytes(), PUBLIC)?;
        }
        if parts.chain.certificates().is_empty() {
            file::link(&certificate, &set.join(TRUST_ANCHOR))?;
        } else {
            let shared = self.shared(parts.chain)?;
            file::link(&shared.chain, &set.join(CHAIN))?;
            file::link(&shared.anchor, &set.join(TRUST_ANCHOR))?;
        }
        let record = match origin {
            Some(origin) => Some((certificate, self.record_of(parts.leaf, origin)?)),
            None => None,
        };
        let target = self.store.root().join(folder_name(name));
        lock(&self.items).push(Item { record, set: Some((set, target.clone())) });
        Ok(target)
    }

    /// Adds the record of a leaf that goes elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn record(&self, leaf: &Certificate, origin: Origin<'_>) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let from = self.bench.join((number % PLACES).to_string()).join(format!("{number}.pem"));
        file::write_unflushed(&from, leaf.pem()?.as_bytes(), PUBLIC)?;
        let record = Some((from, self.record_of(leaf, origin)?));
        lock(&self.items).push(Item { record, set: None });
        Ok(())
    }

    /// Keeps what was asked for, and says where the record of the leaf goes.
    fn record_of(&self, leaf: &Certificate, origin: Origin<'_>) -> Result<PathBuf> {
        let serial = leaf.serial_hex();
        let line = record::line(&serial, origin.request)?;
        lock(&self.requests).entry(origin.ca.to_owned()).or_default().extend_from_slice(line.as_bytes());
        Ok(self.store.ca_folder(origin.ca)?.join(ISSUED).join(format!("{serial}.pem")))
    }

    /// The files that leaves of this chain have in common.
    fn shared(&self, chain: &Chain) -> Result<Shared> {
        let mut last = lock(&self.shared);
        match &mut *last {
            Some(shared) if shared.links < MOST_LINKS && shared.of == *chain => {
                shared.links += 1;
                Ok(shared.clone())
            }
            _ => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let name = |what: &str| self.bench.join(format!("{number}-{what}"));
                let shared =
                    Shared { of: chain.clone(), chain: name(CHAIN), anchor: name(TRUST_ANCHOR), links: 1 };
                file::write_unflushed(&shared.chain, chain.pem()?.as_bytes(), PUBLIC)?;
                let anchor =
                    chain.certificates().last().map_or_else(|| Ok(String::new()), Certificate::pem)?;
                file::write_unflushed(&shared.anchor, anchor.as_bytes(), PUBLIC)?;
                *last = Some(shared.clone());
                Ok(shared)
            }
        }
    }

    /// Moves everything into place: the records first, then the leaves. What it says is
    /// durable when it returns. Before the first move all of it is on the disk, so that
    /// a crash leaves no leaf that is not whole.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] for a leaf that has appeared meanwhile: the leaves before
    /// it are in place then, the others gone. [`Error::Io`], [`Error::Lock`].
    pub fn place(self, overwrite: Overwrite) -> Result<usize> {
        self.place_requests()?;
        file::sync_all(&self.bench)?;
        let items = std::mem::take(&mut *lock(&self.items));
        let mut placed = 0;
        for item in &items {
            if let Some((from, to)) = &item.record {
                file::link(from, to)?;
            }
            if let Some((from, to)) = &item.set
                && let Err(e) = self.place_set(from, to, overwrite)
            {
                if let Some((_, to)) = &item.record {
                    // Nobody got the certificate, so the record of it goes too.
                    let _ = fs::remove_file(to);
                }
                return Err(e);
            }
            placed += 1;
        }
        file::sync_all(self.store.root())?;
        Ok(placed)
    }
}

impl Batch<'_> {
    /// What was asked for goes first: without a record beside it nobody reads it.
    fn place_requests(&self) -> Result<()> {
        for (ca, lines) in std::mem::take(&mut *lock(&self.requests)) {
            let folder = self.store.ca_folder(&ca)?.join(ISSUED);
            let path = file::temporary_name(&folder)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().replace(".tmp-", "batch-");
            file::write_unflushed(&folder.join(format!("{name}.jsonl")), &lines, PUBLIC)?;
        }
        Ok(())
    }

    fn place_set(&self, from: &Path, to: &Path, overwrite: Overwrite) -> Result<()> {
        match file::rename_new(from, to) {
            Ok(()) => Ok(()),
            Err(e) if is_there(&e) && overwrite != Overwrite::Refuse => {
                replace_folder(self.store.root(), from, to, overwrite == Overwrite::Archive).map(|_| ())
            }
            Err(e) if is_there(&e) => {
                let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Err(Error::AlreadyExists { what: "leaf", name, path: to.to_owned() })
            }
            Err(e) => Err(io_error("create", to)(e)),
        }
    }
}

fn is_there(e: &std::io::Error) -> bool {
    matches!(e.kind(), std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::DirectoryNotEmpty)
}

/// A thread that panicked has added nothing half.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.bench);
    }
}

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
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let temporary = file::temporary_name(folder)?;
        let file = file::create_new(&temporary, if is_secret { SECRET } else { PUBLIC })?;
        Ok(Self { file, temporary, target: target.to_owned(), finished: false })
    }

    /// Flushes it and moves it to its target.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`].
    pub fn finish(mut self, overwrite: Overwrite) -> Result<()> {
        self.file.sync_all().map_err(io_error("write", &self.temporary))?;
        let moved = match overwrite {
            Overwrite::Refuse => file::rename_new(&self.temporary, &self.target),
            Overwrite::Replace | Overwrite::Archive => fs::rename(&self.temporary, &self.target),
        };
        moved.map_err(|e| {
            if is_there(&e) {
                let name = self.target.to_string_lossy().into_owned();
                return Error::AlreadyExists { what: "file", name, path: self.target.clone() };
            }
            io_error("create", &self.target)(e)
        })?;
        self.finished = true;
        match self.target.parent().filter(|p| !p.as_os_str().is_empty()) {
            Some(folder) => file::sync_folder(folder),
            None => file::sync_folder(Path::new(".")),
        }
    }
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
