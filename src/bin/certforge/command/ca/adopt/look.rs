//! What is in a folder, read: certificates, keys, lists and databases.

use std::path::{Path, PathBuf};

use certforge::error::Shown;
use certforge::gather::{Pile, Role, is_der, pem_blocks};
use certforge::store::{files_below, is_regular, read_input, read_large_input, read_start};
use certforge::{Certificate, Error, Finding, RevocationList, Severity};

use super::Args;
use super::database::Database;
use super::found::{Found, FoundKey, Place};
use crate::command::PEM;
use crate::context::Failure;
use crate::report::path;

/// How deep a folder is looked into, and how many files of it.
const DEPTH: usize = 3;
const MOST_FILES: usize = 20_000;
/// The most octets of a file that is looked at.
const MOST_OCTETS: usize = 1 << 20;

/// The lists in a file that is larger than what is looked at otherwise: a CA of many years
/// has taken back much.
fn large_list(file: &Path) -> Option<Vec<certforge::Result<RevocationList>>> {
    let start = read_start(file).ok()?;
    if start.size <= MOST_OCTETS as u64 {
        return None;
    }
    let has = |text: &[u8]| start.octets.windows(text.len()).any(|w| w == text);
    if has(b"X509 CRL") || has(b"Certificate Revocation List") {
        return Some(read_large_input(file).map_or_else(|e| vec![Err(e)], |bytes| lists(file, &bytes)));
    }
    // Of what is in DER nobody knows what it was to be.
    let der = is_der(&start.octets).then(|| read_large_input(file).ok()).flatten();
    Some(der.map(|bytes| lists(file, &bytes)).unwrap_or_default())
}

/// The lists in a file, DER or PEM. Of DER that is none only its name says what it was to be.
fn lists(file: &Path, bytes: &[u8]) -> Vec<certforge::Result<RevocationList>> {
    if is_der(bytes) {
        let list = RevocationList::from_der(bytes);
        let was_to_be = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("crl"));
        let is_other = Certificate::from_der(bytes).is_ok();
        return if list.is_ok() || was_to_be && !is_other { vec![list] } else { Vec::new() };
    }
    pem_blocks(bytes, "X509 CRL").map(RevocationList::from_pem).collect()
}

/// Takes the lists of a file. What one of them took back is not known where it cannot be
/// read, and the next list of the CA must not say that it is good without a word.
fn take_lists(read: Vec<certforge::Result<RevocationList>>, file: &Path, found: &mut Found) {
    for list in read {
        match list {
            Ok(list) => found.lists.push(list),
            Err(e) => {
                let place = path(file);
                let message = format!("{}: {e}: what it revokes is not taken over", Shown(&place));
                let finding = Finding::new("crl.malformed", Severity::Error, place, message);
                found.findings.push(finding.fix("mend the file or get it anew, then run this again"));
            }
        }
    }
}

/// Reads what is there.
pub fn look(args: &Args) -> Result<Found, Failure> {
    let (files, closed) = if is_regular(&args.path) || args.path == Path::new("-") {
        (vec![args.path.clone()], Vec::new())
    } else {
        files_below(&args.path, (DEPTH, MOST_FILES), true)?
    };
    let alone = files.len() == 1;
    // Of a CA in files of its own the database is in its folder, or in the one above its key.
    let beside = if alone { databases_beside(args) } else { Vec::new() };
    let mut found = Found::default();
    let unlisted = |e: &Error| Finding::new(e.code(), Severity::Warning, "folder", e.to_string());
    found.findings.extend(closed.iter().map(unlisted));
    for file in files.iter().chain(&args.private_key).chain(&beside) {
        if Database::is_one(file) {
            found.databases.push(Database::read(file, &read_large_input(file)?));
            continue;
        }
        // What somebody named has to be read; what lies in a folder may be none of the CA's.
        let named = alone || args.private_key.as_ref() == Some(file);
        if !named && let Some(lists) = large_list(file) {
            take_lists(lists, file, &mut found);
            continue;
        }
        let bytes = match read_input(file) {
            Err(e) if named => return Err(e.into()),
            Ok(bytes) if named || bytes.len() <= MOST_OCTETS => bytes,
            // One that is too large or cannot be read may be none of the CA's.
            Ok(_) | Err(_) => continue,
        };
        if !looks_like_any(&bytes) {
            continue;
        }
        let lists = lists(file, &bytes);
        let is_list = !lists.is_empty()
            && !bytes.windows(16).any(|w| w == b"BEGIN CERTIFICAT" || w == b"PRIVATE KEY-----");
        take_lists(lists, file, &mut found);
        if is_list {
            continue;
        }
        let mut used = None;
        let mut ask = args.passphrase.unlock();
        let mut unlock = |of: &str| {
            let secret = ask(of)?;
            used.clone_from(&secret);
            Ok(secret)
        };
        let mut pile = Pile::new();
        pile.add(Role::Any, file, &bytes, &mut unlock)?;
        let parts = pile.into_parts();
        let at = |shown| Place { shown, file: file.clone() };
        found.certificates.extend(parts.certificates.into_iter().map(|(place, c)| (at(place), c)));
        found.keys.extend(parts.keys.into_iter().map(|(_, key)| FoundKey {
            file: file.clone(),
            key,
            passphrase: used.clone(),
        }));
        // Requests that were signed long ago lie beside what came of them.
        let mut wrong = parts.findings;
        wrong.retain(|f| f.severity == Severity::Error && f.code != "gather.unsigned");
        found.findings.extend(wrong.into_iter().map(|f| {
            let message = format!("{}: {}", f.place, f.message);
            Finding::new(f.code, Severity::Warning, f.place, message).fix(f.fix)
        }));
    }
    found.certificates.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn databases_beside(args: &Args) -> Vec<PathBuf> {
    let above_key = args.private_key.iter().flat_map(|key| key.ancestors().skip(1).take(2));
    let folders = args.path.ancestors().skip(1).take(1).chain(above_key);
    let mut found: Vec<PathBuf> = folders.map(Database::in_folder).filter(|file| is_regular(file)).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether a file may hold certificates or keys: the others of a folder are passed over.
fn looks_like_any(bytes: &[u8]) -> bool {
    is_der(bytes) || bytes.windows(PEM.len()).any(|w| w == PEM.as_bytes())
}
