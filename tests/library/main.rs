//! The library as an embedder uses it: no command, no other program, each promise of the
//! public functions asked for by itself.

mod authorities;
mod certificates;
mod ended;
mod errors;
mod every_error;
mod faults;
mod forms;
mod gateway;
mod importing;
mod keys;
mod leaves;
mod piles;
mod places;
mod plans;
mod records;
mod subjects;

use std::path::Path;

use certforge::key::Unlock;
use certforge::store::Store;
use certforge::{Authority, CaRequest, KeyAlgorithm, LeafRequest, PrivateKey};
use tempfile::TempDir;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// A store in a directory of its own.
fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("certforge")).unwrap();
    (folder, store)
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn ca(name: &str) -> Authority {
    Authority::generate(name).unwrap()
}

/// A CA below another one.
fn below(issuer: &Authority, name: &str) -> Authority {
    let plan = CaRequest::new(name).unwrap().path_length(Some(0)).plan(now()).unwrap();
    let plan = plan.within(issuer.validity());
    issuer.create_under(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap()
}

fn request(name: &str) -> LeafRequest {
    LeafRequest::new([name]).unwrap().key(KeyAlgorithm::P256)
}

/// Nobody has a pass phrase.
#[expect(clippy::unnecessary_wraps, reason = "what is asked for a pass phrase may fail")]
fn nobody(_: &str) -> certforge::Result<Option<Zeroizing<String>>> {
    Ok(None)
}

/// Somebody who has this one.
fn who_says(passphrase: &str) -> Box<Unlock<'_>> {
    Box::new(move |_| Ok(Some(Zeroizing::new(passphrase.to_owned()))))
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The names in a folder, sorted.
fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
