//! Many leaves at once: made in the workshop, flushed together, and moved into
//! place when all of them are there.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::derived::made_again;
use super::directory::Directory;
use super::file::{self, io_error};
use super::set::{Lock, replace_folder, sweep};
use super::{
    CERTIFICATE, CHAIN, FULLCHAIN, KEY, LeafParts, Origin, Overwrite, PUBLIC, SECRET, Store, TRUST_ANCHOR,
    folder_name, record,
};
use super::{temporary, write};
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
    root: Directory,
    bench: Directory,
    places: Vec<Directory>,
    items: Mutex<Vec<Item>>,
    next: AtomicUsize,
    /// Those of the last chain: mostly all leaves have the same.
    shared: Mutex<Option<Shared>>,
    /// The folders that were there when it began.
    there: HashSet<String>,
    /// What each CA has issued.
    records: Mutex<BTreeMap<String, Records>>,
}

/// What was made of a leaf that was replaced, and could not be made again with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The leaf's folder name.
    pub folder: String,
    /// The files that are not in its folder any more.
    pub files: Vec<String>,
}

/// One leaf in the making: what it is called in its place of the workshop, and where
/// its record and its set go.
#[derive(Debug)]
struct Item {
    number: usize,
    /// Where the certificate is, below its place.
    certificate: String,
    record: Option<(Arc<Directory>, String)>,
    set: Option<String>,
}

/// The folder of a CA's records, and what was asked for, a line a leaf.
#[derive(Debug)]
struct Records {
    folder: Arc<Directory>,
    requests: Vec<u8>,
}

/// The files that all leaves of one chain have in common: written once, and linked.
#[derive(Clone, Debug)]
struct Shared {
    of: Chain,
    chain: String,
    anchor: String,
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
        let workshop = write::workshop(self.root())?;
        sweep(self.root(), &workshop);
        let path = temporary::name(&workshop)?;
        write::make_folder(&path, 0o700)?;
        // All that was opened is closed by then: there may be nothing more to be opened.
        self.batch_in(&path).inspect_err(|_| drop(fs::remove_dir_all(&path)))
    }

    fn batch_in(&self, path: &Path) -> Result<Batch<'_>> {
        let bench = Directory::open(path)?;
        let place = |i: usize| {
            bench.make(&i.to_string(), 0o700)?;
            Directory::open(&path.join(i.to_string()))
        };
        Ok(Batch {
            store: self,
            _lock: Lock::on(path, Duration::ZERO)?,
            root: Directory::open(self.root())?,
            there: file::folders_in(self.root())?.into_iter().collect(),
            places: (0..PLACES).map(place).collect::<Result<_>>()?,
            bench,
            items: Mutex::default(),
            next: AtomicUsize::new(0),
            shared: Mutex::default(),
            records: Mutex::default(),
        })
    }
}

impl Batch<'_> {
    /// Adds a leaf with its key, to be saved as [`Store::save_bundle`] does.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn add(&self, name: &San, bundle: &Bundle, origin: Option<Origin<'_>>) -> Result<PathBuf> {
        let (leaf, chain) = (bundle.leaf(), bundle.chain());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = self.place_of(number);
        let set = number.to_string();
        let file = |name: &str| format!("{set}/{name}");
        place.make(&set, 0o755)?;
        place.write(&file(KEY), bundle.key().secret_pem()?.as_bytes(), SECRET)?;
        let certificate = file(CERTIFICATE);
        place.write(&certificate, leaf.pem()?.as_bytes(), PUBLIC)?;
        if !bundle.send_root() && chain.intermediates().next().is_none() {
            // A server sends the leaf alone: the same file under another name.
            place.link(&certificate, place, &file(FULLCHAIN))?;
        } else {
            let text = fullchain_pem(leaf, chain, bundle.send_root())?;
            place.write(&file(FULLCHAIN), text.as_bytes(), PUBLIC)?;
        }
        if chain.certificates().is_empty() {
            place.link(&certificate, place, &file(TRUST_ANCHOR))?;
        } else {
            let shared = self.shared(chain)?;
            self.bench.link(&shared.chain, place, &file(CHAIN))?;
            self.bench.link(&shared.anchor, place, &file(TRUST_ANCHOR))?;
        }
        let record = origin.map(|origin| self.record_of(leaf, origin)).transpose()?;
        let folder = folder_name(name);
        let target = self.store.root().join(&folder);
        if self.there.contains(&folder) {
            let parts = LeafParts { key: Some(bundle.key()), ..LeafParts::of(bundle) };
            for (derived, bytes) in made_again(&target, &parts)? {
                let mode = if derived.is_secret() { SECRET } else { PUBLIC };
                place.write(&file(&derived.file_name()), &bytes, mode)?;
            }
        }
        lock(&self.items).push(Item { number, certificate, record, set: Some(folder) });
        Ok(target)
    }

    fn place_of(&self, number: usize) -> &Directory {
        self.places.get(number % PLACES).unwrap_or(&self.bench)
    }

    /// Adds the record of a leaf that goes elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn record(&self, leaf: &Certificate, origin: Origin<'_>) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let certificate = format!("{number}.pem");
        self.place_of(number).write(&certificate, leaf.pem()?.as_bytes(), PUBLIC)?;
        let record = Some(self.record_of(leaf, origin)?);
        lock(&self.items).push(Item { number, certificate, record, set: None });
        Ok(())
    }

    /// Keeps what was asked for, and says where the record of the leaf goes.
    fn record_of(&self, leaf: &Certificate, origin: Origin<'_>) -> Result<(Arc<Directory>, String)> {
        let serial = leaf.serial_hex();
        let line = record::line(&serial, origin.request)?;
        let mut all = lock(&self.records);
        // Looked up by a borrowed name: once a leaf, and nearly always there.
        let records = if let Some(records) = all.get_mut(origin.ca) {
            records
        } else {
            let folder = Arc::new(Directory::open(&self.store.issued_folder(origin.ca)?)?);
            all.entry(origin.ca.to_owned()).or_insert(Records { folder, requests: Vec::new() })
        };
        records.requests.extend_from_slice(line.as_bytes());
        Ok((Arc::clone(&records.folder), format!("{serial}.pem")))
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
                let name = |what: &str| format!("{number}-{what}");
                let shared =
                    Shared { of: chain.clone(), chain: name(CHAIN), anchor: name(TRUST_ANCHOR), links: 1 };
                self.bench.write(&shared.chain, chain.pem()?.as_bytes(), PUBLIC)?;
                let anchor =
                    chain.certificates().last().map_or_else(|| Ok(String::new()), Certificate::pem)?;
                self.bench.write(&shared.anchor, anchor.as_bytes(), PUBLIC)?;
                *last = Some(shared.clone());
                Ok(shared)
            }
        }
    }

    /// Puts what was recorded so far into place, durably: for leaves that somebody gets
    /// before the batch is placed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn place_records(&self) -> Result<()> {
        self.place_requests()?;
        write::sync_all(self.bench.path())?;
        let mut items = lock(&self.items);
        let (records, others): (Vec<Item>, Vec<Item>) =
            std::mem::take(&mut *items).into_iter().partition(|item| item.set.is_none());
        *items = others;
        for item in &records {
            self.place_record(item)?;
        }
        write::sync_all(self.store.root())
    }

    /// Moves everything into place: the records first, then the leaves. What it says is
    /// durable when it returns. Before the first move all of it is on the disk, so that
    /// a crash leaves no leaf that is not whole.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] for a leaf that has appeared meanwhile: the leaves before
    /// it are in place then, the others gone. [`Error::Io`], [`Error::Lock`].
    pub fn place(self, overwrite: Overwrite) -> Result<Vec<LeftBehind>> {
        self.check_places(overwrite)?;
        self.place_requests()?;
        write::sync_all(self.bench.path())?;
        let items = std::mem::take(&mut *lock(&self.items));
        let mut left_behind = Vec::new();
        for item in &items {
            let place = self.place_of(item.number);
            self.place_record(item)?;
            let Some(name) = &item.set else { continue };
            match self.place_set(place, &item.number.to_string(), name, overwrite) {
                Ok(files) if files.is_empty() => {}
                Ok(files) => left_behind.push(LeftBehind { folder: name.clone(), files }),
                Err(e) => {
                    if let Some((folder, name)) = &item.record {
                        // Nobody got the certificate, so the record of it goes too.
                        let _ = fs::remove_file(folder.path().join(name));
                    }
                    return Err(e);
                }
            }
        }
        write::sync_all(self.store.root())?;
        Ok(left_behind)
    }
}

impl Batch<'_> {
    /// What was asked for goes first: without a record beside it nobody reads it.
    fn place_requests(&self) -> Result<()> {
        for records in lock(&self.records).values_mut().filter(|records| !records.requests.is_empty()) {
            let random = crate::key::random::<8>()?;
            let name = format!("batch-{}.jsonl", crate::key::hex(&random));
            records.folder.write(&name, &records.requests, PUBLIC)?;
            records.requests.clear();
        }
        Ok(())
    }

    fn place_record(&self, item: &Item) -> Result<()> {
        let place = self.place_of(item.number);
        match &item.record {
            None => Ok(()),
            Some((folder, name)) if item.set.is_some() => place.link(&item.certificate, folder, name),
            Some((folder, name)) => {
                let moved = place.rename_new(&item.certificate, folder, name);
                moved.map_err(|e| io_error("create", &folder.path().join(name))(e))
            }
        }
    }

    /// Refuses what could not be placed before the first is: what is there already, and
    /// folders with something in them that is not ours.
    fn check_places(&self, overwrite: Overwrite) -> Result<()> {
        let there = file::names_in(self.store.root())?;
        let items = lock(&self.items);
        for name in items.iter().filter_map(|item| item.set.as_ref()).filter(|name| there.contains(*name)) {
            let path = self.store.root().join(name);
            if overwrite == Overwrite::Refuse {
                return Err(Error::AlreadyExists { what: "leaf", name: name.clone(), path });
            }
            file::is_folder(&path)?;
            if let Some(path) = file::first_of_others(&path)? {
                return Err(Error::Path { path, reason: "is not certforge's, and would be lost" });
            }
        }
        Ok(())
    }

    fn place_set(
        &self,
        place: &Directory,
        from: &str,
        to: &str,
        overwrite: Overwrite,
    ) -> Result<Vec<String>> {
        let target = || self.root.path().join(to);
        match place.rename_new(from, &self.root, to) {
            Ok(()) => Ok(Vec::new()),
            Err(e) if write::is_taken(&e) && overwrite != Overwrite::Refuse => {
                replace_folder(self.store.root(), (&place.path().join(from), &[]), &target(), overwrite)
            }
            Err(e) if write::is_taken(&e) => {
                Err(Error::AlreadyExists { what: "leaf", name: to.to_owned(), path: target() })
            }
            Err(e) => Err(io_error("create", &target())(e)),
        }
    }
}

/// A thread that panicked has added nothing half.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // Removing a folder takes files to open, and there may be no more to be had.
        self.places.clear();
        lock(&self.records).clear();
        let _ = fs::remove_dir_all(self.bench.path());
    }
}
