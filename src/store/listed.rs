//! What a CA's last list takes back: it stays so where its record is lost.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::leaf::read_certificate;
use super::revoked::LIST;
use super::{Store, TRUST_ANCHOR, file};
use crate::revocation::{RevocationList, Revoked, serial_number};

/// The entries of a list by their serial numbers, without zeros in front.
type Entries = Arc<HashMap<Vec<u8>, Revoked>>;

/// The lists that were read, each as it was found: who asks of ten thousand leaves reads it once.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists(Arc<Mutex<HashMap<PathBuf, (State, Entries)>>>);

/// What tells a file from what it was before.
type State = (u64, u64, u64, i64, i64);

impl Store {
    /// What the list in the folder of a CA takes back: nothing where there is none, where it cannot
    /// be read (`status` tells), or where the CA has not signed it.
    pub(super) fn listed_in(&self, folder: &Path) -> Entries {
        let path = folder.join(LIST);
        let Ok(found) = std::fs::symlink_metadata(&path) else { return Entries::default() };
        let state = (found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec());
        if let Some((_, entries)) = self.lists.lock().get(&path).filter(|(before, _)| *before == state) {
            return Arc::clone(entries);
        }
        let entries = Entries::new(read(folder, &path));
        self.lists.lock().insert(path, (state, Arc::clone(&entries)));
        entries
    }
}

impl Lists {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (State, Entries)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(folder: &Path, path: &Path) -> HashMap<Vec<u8>, Revoked> {
    let Ok(Some(pem)) = file::read_large(path) else { return HashMap::new() };
    let list = RevocationList::from_pem(&pem).ok().filter(|list| {
        let issuer = read_certificate(&folder.join(TRUST_ANCHOR));
        issuer.is_ok_and(|issuer| list.is_signed_by(issuer.public_key()).unwrap_or(false))
    });
    let entries = list.iter().flat_map(RevocationList::revoked);
    entries.map(|entry| (serial_number(&entry.serial).to_vec(), entry)).collect()
}
