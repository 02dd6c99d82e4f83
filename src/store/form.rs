//! The form of a store's directory: its version file, and the steps from older forms.

use std::path::Path;

use super::set::Lock;
use super::{AUTHORITIES, ISSUED, Store, file, write};
use crate::error::{Error, Result};

/// The form that this program reads and writes.
const CURRENT: u32 = 1;
pub(super) const FILE: &str = "version";

/// From each older form to the next. A step that was stopped halfway is taken again, so it
/// must not matter what of it was done.
const STEPS: [fn(&Store) -> Result<()>; CURRENT as usize] = [record_what_is_there];

/// The form of the directory; none where it says none.
fn said(root: &Path) -> Result<Option<u32>> {
    let path = root.join(FILE);
    let Some(bytes) = file::read_optional(&path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    match text.parse() {
        Ok(version) if (1..=CURRENT).contains(&version) => Ok(Some(version)),
        _ => Err(Error::StoreVersion { path, found: text, known: CURRENT }),
    }
}

/// Refuses a directory of a newer form.
pub(super) fn check(root: &Path) -> Result<()> {
    if file::is_a_file(root) { Ok(()) } else { said(root).map(drop) }
}

/// Makes the directory where there is none, and brings an older form up to date.
pub(super) fn prepare(store: &Store) -> Result<()> {
    let root = store.root();
    write::ensure_lasting_folder(root, 0o755)?;
    if said(root)? == Some(CURRENT) {
        return Ok(());
    }
    // Where there is nothing yet, there is nothing to wait for.
    if !file::is_folder(&root.join(AUTHORITIES))? {
        return say(root);
    }
    let _lock = Lock::take(root)?;
    // Another run may have done it meanwhile.
    let from = said(root)?.unwrap_or(0);
    for step in STEPS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        step(store)?;
    }
    say(root)
}

fn say(root: &Path) -> Result<()> {
    let path = root.join(FILE);
    let text = format!("{CURRENT}\n");
    match said(root)? {
        // Whoever else writes it writes the same.
        None => write::write_new_atomically(&write::workshop(root)?, &path, text.as_bytes()),
        Some(CURRENT) => Ok(()),
        Some(_) => write::replace(&path, text.as_bytes(), super::PUBLIC),
    }
}

/// From no form at all to the first: a CA has a record of what it issued. A directory of
/// certificates and keys alone, as from a backup, gets one from what is there.
fn record_what_is_there(store: &Store) -> Result<()> {
    let names = store.authority_names()?;
    let authorities = names.iter().map(|name| store.ca_entry(name)).collect::<Result<Vec<_>>>()?;
    for name in &names {
        write::ensure_lasting_folder(&store.ca_folder(name)?.join(ISSUED), 0o700)?;
    }
    let leaves = store.leaves()?;
    let below = authorities.iter().map(|ca| &ca.certificate).filter(|ca| !ca.is_self_issued());
    for certificate in leaves.iter().map(|leaf| &leaf.certificate).chain(below) {
        let issuer = authorities.iter().find(|ca| certificate.is_issued_by(&ca.certificate));
        if let Some(issuer) = issuer {
            store.record_issued(&issuer.name, certificate)?;
        }
    }
    Ok(())
}
