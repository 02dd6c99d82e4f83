//! The directory certforge keeps things in. The only module that names the file
//! system.
//!
//! ```text
//! certforge/
//! ├── version                   the form of this directory
//! ├── ca/default/               0700: ca.pem, ca.key (0600), issued/<serial>.pem
//! ├── csr/a.example/            request.pem, key.pem (0600): for somebody else's CA
//! ├── archive/10.103.10.95/     what it was before, a folder each time
//! ├── 10.103.10.95/             one folder a leaf: cert.pem, chain.pem, fullchain.pem,
//! │                             key.pem (0600), ca.pem, acm.json once imported
//! ├── .lock                     held while something is replaced
//! └── .tmp/                     sets in the making
//! ```
//!
//! A set of files is written under `.tmp`, flushed, and moved into place as a
//! whole: nobody ever sees half of one. Keys have mode 0600 from their first
//! byte. No link is followed inside the store.

mod archive;
mod batch;
mod ca;
mod derived;
mod directory;
mod file;
mod folder;
mod form;
mod import_record;
mod leaf;
mod listed;
mod load;
mod new_file;
mod new_folder;
mod record;
mod revoked;
mod set;
mod temporary;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bundle::{Bundle, fullchain_pem};
use crate::certificate::{Certificate, Chain, check_link};
use crate::error::{Error, Result};
use crate::key::{PrivateKey, Sha256};
use crate::name::San;
use crate::signing_request::SigningRequest;

pub use archive::ArchivedLeaf;
pub use batch::{Batch, LeftBehind};
pub use ca::{CaEntry, History, KeyState, LoadedAuthority};
pub use derived::Derived;
pub use file::{Start, files_below, is_regular, read_input, read_large_input, read_start};
pub use folder::folder_name;
pub use import_record::{ImportRecord, ImportRecords, PendingImport, SIMULATOR};
pub use leaf::LeafEntry;
use listed::Lists;
pub use new_file::NewFile;
pub use new_folder::NewFolder;
pub use record::{BatchRequests, IssuedEntry, Origin, serial_name, serial_octets};
pub use revoked::TakenBack;
pub use set::Lock;
use set::Set;
pub use temporary::{remember_temporary, remove_temporary};
pub use write::rewrite;

const CERTIFICATE: &str = "cert.pem";
const CHAIN: &str = "chain.pem";
const FULLCHAIN: &str = "fullchain.pem";
const KEY: &str = "key.pem";
const TRUST_ANCHOR: &str = "ca.pem";
const CA_KEY: &str = "ca.key";
const CA_ISSUERS: &str = "chain.pem";
/// The folder of the CAs.
const AUTHORITIES: &str = "ca";
const ISSUED: &str = "issued";
const REVOKED: &str = "revoked";
const ARCHIVE: &str = "archive";
/// The folder of signing requests, and the file of one.
const REQUESTS: &str = "csr";
const REQUEST: &str = "request.pem";
const IMPORTS: &str = "acm.json";
const SIMULATED: &str = "acm-sim.json";
const SIMULATED_LOCK: &str = ".acm-sim.lock";
/// How long the end of another run with a simulator is waited for.
const SIMULATOR_PATIENCE: Duration = Duration::from_mins(1);

/// The names that sets give to their files. When a set is replaced, all else in
/// its folder stays.
const SET_FILES: [&str; 7] = [CERTIFICATE, CHAIN, FULLCHAIN, KEY, TRUST_ANCHOR, CA_KEY, REQUEST];

/// The mode of a file with a private key in it.
const SECRET: u32 = 0o600;
/// The mode of a file that all may read, before the umask.
const PUBLIC: u32 = 0o644;

/// How long a lock is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a set that is replaced waits for the end of an import of it.
const IMPORT_PATIENCE: Duration = Duration::from_secs(90);

/// Whether a set that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// What is there stays, and the call fails.
    Refuse,
    /// What is there is exchanged for the new set in one step.
    Replace,
    /// The same, and what was there is kept in the archive, by its day and serial number.
    Archive,
    /// The same, where the leaf of this SHA-256 is there still ([`Certificate::sha256`]): one
    /// that another run has made meanwhile stays, and the call fails.
    ArchiveOf(Sha256),
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its mode bits: 0600 where it holds a private key.
    pub mode: u32,
}

/// A set of files that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The folder they are in.
    pub folder: PathBuf,
    /// The files.
    pub files: Vec<SavedFile>,
    /// Files that were made of the set that was there, by their names: they are not in
    /// the new folder, for they would hold an old key.
    pub left_behind: Vec<String>,
}

/// Keeps other imports of what is in a file waiting until the lock is dropped.
///
/// # Errors
/// [`Error::Lock`] where another one takes too long; [`Error::Io`].
pub fn lock_file(path: &Path, patience: Duration) -> Result<Lock> {
    Lock::on(path, patience)
}

/// What a leaf's folder is made of.
struct LeafParts<'a> {
    leaf: &'a Certificate,
    chain: &'a Chain,
    key: Option<&'a PrivateKey>,
    send_root: bool,
}

impl<'a> LeafParts<'a> {
    /// All of a bundle but its key.
    const fn of(bundle: &'a Bundle) -> Self {
        Self { leaf: bundle.leaf(), chain: bundle.chain(), key: None, send_root: bundle.send_root() }
    }
}

/// A directory of CAs and leaves.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    lists: Lists,
}

impl Store {
    /// The store in this directory, which need not be there yet. Nothing is
    /// created before something is saved.
    ///
    /// # Errors
    /// [`Error::StoreVersion`] where a newer certforge wrote it.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        form::check(&root)?;
        Ok(Self::unseen(root))
    }

    /// The same without a look at it: for who will read and write nothing in it.
    #[must_use]
    pub fn unseen(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), lists: Lists::default() }
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path of the store from the root of the file system on.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn absolute(&self, path: &Path) -> Result<PathBuf> {
        std::path::absolute(path).map_err(file::io_error("look at", path))
    }

    /// The folder of a leaf whose first name is `name`.
    #[must_use]
    pub fn leaf_folder(&self, name: &San) -> PathBuf {
        self.root.join(folder_name(name))
    }

    /// Whether there is a leaf of this first name.
    ///
    /// # Errors
    /// [`Error::Path`] where something else is in its place.
    pub fn has_leaf(&self, name: &San) -> Result<bool> {
        file::is_folder(&self.leaf_folder(name))
    }

    /// Saves a leaf, its key and its chain. `origin` says in whose record it goes; none
    /// for a self-signed leaf.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Io`], [`Error::Path`], [`Error::Lock`].
    pub fn save_bundle(
        &self,
        name: &San,
        bundle: &Bundle,
        origin: Option<Origin<'_>>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        let parts = LeafParts { key: Some(bundle.key()), ..LeafParts::of(bundle) };
        self.save_leaf(name, &parts, origin, overwrite)
    }

    /// As [`Store::save_bundle`], without the private key: it never gets to a disk.
    ///
    /// # Errors
    /// As [`Store::save_bundle`].
    pub fn save_bundle_without_key(
        &self,
        name: &San,
        bundle: &Bundle,
        origin: Option<Origin<'_>>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        self.save_leaf(name, &LeafParts::of(bundle), origin, overwrite)
    }

    /// As [`Store::save_bundle`], of a leaf whose key somebody else has. The chain's
    /// first certificate has issued it.
    ///
    /// # Errors
    /// As [`Store::save_bundle`]; [`Error::Chain`].
    pub fn save_signed(
        &self,
        name: &San,
        (leaf, chain): (&Certificate, &Chain),
        send_root: bool,
        origin: Origin<'_>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        if let Some(issuer) = chain.certificates().first() {
            check_link(0, leaf, issuer)?;
        }
        self.save_leaf(name, &LeafParts { leaf, chain, key: None, send_root }, Some(origin), overwrite)
    }

    fn save_leaf(
        &self,
        name: &San,
        parts: &LeafParts<'_>,
        origin: Option<Origin<'_>>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        let target = self.leaf_folder(name);
        if overwrite == Overwrite::Refuse && self.has_leaf(name)? {
            return Err(Error::AlreadyExists { what: "leaf", name: name.to_string(), path: target });
        }
        self.prepare()?;
        let mut set = Set::new(&self.root, 0o755)?;
        let leaf_pem = parts.leaf.pem()?;
        if let Some(key) = parts.key {
            set.write(KEY, key.secret_pem()?.as_bytes(), SECRET)?;
        }
        set.write(CERTIFICATE, leaf_pem.as_bytes(), PUBLIC)?;
        if !parts.chain.certificates().is_empty() {
            set.write(CHAIN, parts.chain.pem()?.as_bytes(), PUBLIC)?;
        }
        set.write(FULLCHAIN, fullchain_pem(parts.leaf, parts.chain, parts.send_root)?.as_bytes(), PUBLIC)?;
        let anchor = parts.chain.certificates().last().unwrap_or(parts.leaf);
        set.write(TRUST_ANCHOR, anchor.pem()?.as_bytes(), PUBLIC)?;
        if overwrite != Overwrite::Refuse {
            for (derived, bytes) in derived::made_again(&target, parts)? {
                let mode = if derived.is_secret() { SECRET } else { PUBLIC };
                set.write(&derived.file_name(), &bytes, mode)?;
            }
        }
        if let Some(origin) = origin {
            let record = self.issued_folder(origin.ca)?.join(format!("{}.pem", parts.leaf.serial_hex()));
            let elsewhere = parts.key.is_none() && !self.had_key(name, parts.leaf, origin.ca);
            set.record(&record, record::text(&leaf_pem, origin.request, elsewhere)?.as_bytes())?;
        }
        set.place(&target, overwrite, "leaf", &name.to_string())
    }

    /// Whether the leaf that is there has the key of `leaf`, and had it here once by its record:
    /// it was lost, or taken to where it is used.
    fn had_key(&self, name: &San, leaf: &Certificate, ca: &str) -> bool {
        let Ok(Some(old)) = self.leaf_of(name) else { return false };
        let record = || self.issued(ca, &old.certificate.serial_hex());
        old.certificate.public_key() == leaf.public_key()
            && record().is_ok_and(|issued| issued.is_some_and(|issued| !issued.key_is_elsewhere))
    }

    /// Saves a signing request with its key, beside the leaves: the certificate comes
    /// from somebody else.
    ///
    /// # Errors
    /// As [`Store::save_bundle`].
    pub fn save_signing_request(
        &self,
        name: &San,
        request: &SigningRequest,
        key: Option<&PrivateKey>,
        overwrite: Overwrite,
    ) -> Result<Saved> {
        let parent = self.root.join(REQUESTS);
        let target = parent.join(folder_name(name));
        if overwrite == Overwrite::Refuse && file::is_folder(&target)? {
            return Err(Error::AlreadyExists { what: "request", name: name.to_string(), path: target });
        }
        self.prepare()?;
        write::ensure_inner_folder(&parent, 0o755)?;
        let mut set = Set::new(&self.root, 0o755)?;
        if let Some(key) = key {
            set.write(KEY, key.secret_pem()?.as_bytes(), SECRET)?;
        }
        set.write(REQUEST, request.pem()?.as_bytes(), PUBLIC)?;
        set.place(&target, overwrite, "request", &name.to_string())
    }

    /// Whether there is a signing request of this first name.
    ///
    /// # Errors
    /// [`Error::Path`] where something else is in its place.
    pub fn has_request(&self, name: &San) -> Result<bool> {
        file::is_folder(&self.request_folder(name))
    }

    /// The folder of the signing request whose first name is `name`.
    #[must_use]
    pub fn request_folder(&self, name: &San) -> PathBuf {
        self.root.join(REQUESTS).join(folder_name(name))
    }

    /// A leaf by its first name, its folder's name or its folder's path, without
    /// its key.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none.
    pub fn leaf(&self, name: &str) -> Result<LeafEntry> {
        let path = Path::new(name).strip_prefix(&self.root).ok().and_then(Path::to_str);
        let typed = name.parse().ok().map(|san| folder_name(&san));
        let literal = path.into_iter().chain([name]).map(|text| text.trim_end_matches('/'));
        let literal = literal.filter(|text| folder::is_file_safe(text)).map(str::to_owned);
        let candidates = typed.into_iter().chain(literal);
        for candidate in candidates.filter(|_| !file::is_a_file(&self.root)) {
            if let Some(entry) = LeafEntry::read(self.root.join(candidate))? {
                return Ok(entry);
            }
        }
        Err(Error::Missing { what: "leaf", name: name.to_owned(), path: self.root.clone() })
    }

    /// The leaf whose first name is `name`, if there is one.
    ///
    /// # Errors
    /// [`Error::Path`] where something else is in its place.
    pub fn leaf_of(&self, name: &San) -> Result<Option<LeafEntry>> {
        if file::is_a_file(&self.root) { Ok(None) } else { LeafEntry::read(self.leaf_folder(name)) }
    }

    /// The names of all folders that may be leaves', in order.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn leaf_names(&self) -> Result<Vec<String>> {
        if file::is_a_file(&self.root) {
            return Ok(Vec::new());
        }
        let mut names = file::folders_in(&self.root)?;
        names.retain(|name| folder::is_file_safe(name));
        names.sort();
        Ok(names)
    }

    /// The leaf in a folder of this name, if there is one.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read.
    pub fn leaf_in(&self, folder_name: &str) -> Result<Option<LeafEntry>> {
        if !folder::is_file_safe(folder_name) {
            return Ok(None);
        }
        LeafEntry::read(self.root.join(folder_name))
    }

    /// Whether its directory is there.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not.
    pub fn require(&self) -> Result<()> {
        match file::is_folder(&self.root) {
            // The directory itself may be reached through a link.
            Ok(false) | Err(Error::Path { reason: "is not a folder", .. }) => Err(Error::Missing {
                what: "store",
                name: self.root.to_string_lossy().into_owned(),
                path: self.root.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The names of folders that have a leaf's files in them and no certificate.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn incomplete_leaves(&self) -> Result<Vec<String>> {
        let mut names = self.leaf_names()?;
        names.retain(|name| self.is_incomplete(name));
        Ok(names)
    }

    /// Whether the folder of this name has something of a leaf in it, and no certificate.
    #[must_use]
    pub fn is_incomplete(&self, folder_name: &str) -> bool {
        let has = |file: &&str| file::is_there(&self.root.join(folder_name).join(file));
        folder::is_file_safe(folder_name) && !has(&CERTIFICATE) && [KEY, FULLCHAIN, IMPORTS].iter().any(has)
    }

    /// All leaves, by their folders' names.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] for one that cannot be read.
    pub fn leaves(&self) -> Result<Vec<LeafEntry>> {
        let names = self.leaf_names()?;
        names.iter().filter_map(|name| self.leaf_in(name).transpose()).collect()
    }

    /// Keeps others that replace something waiting until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::Lock`] where another one takes too long.
    pub fn lock(&self) -> Result<Lock> {
        self.prepare()?;
        Lock::take(&self.root)
    }

    /// Keeps other runs away from what a simulator of ACM holds.
    ///
    /// # Errors
    /// [`Error::Lock`] where another one takes too long; [`Error::Io`].
    pub fn lock_simulated(&self) -> Result<Lock> {
        self.prepare()?;
        Lock::file(&self.root.join(SIMULATED_LOCK), SIMULATOR_PATIENCE)
    }

    /// Keeps other runs that apply a manifest waiting, for so long at most. Where there is no
    /// store yet its directory is made.
    ///
    /// # Errors
    /// [`Error::Lock`] where another one takes longer; [`Error::Io`].
    pub fn lock_applied(&self, patience: Duration) -> Result<Lock> {
        if self.require().is_err() {
            self.prepare()?;
        }
        Lock::on(&self.root, patience)
    }

    /// What a simulator of ACM held at the end of an earlier run, if there was one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn simulated(&self) -> Result<Option<String>> {
        let bytes = file::read_large(&self.root.join(SIMULATED))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Keeps what a simulator of ACM holds for the next run.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save_simulated(&self, state: &str) -> Result<()> {
        self.prepare()?;
        let workshop = write::workshop(&self.root)?;
        write::replace_by(&workshop, &self.root.join(SIMULATED), state.as_bytes(), PUBLIC)
    }

    pub(super) fn prepare(&self) -> Result<()> {
        form::prepare(self)
    }
}
