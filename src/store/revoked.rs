//! What a CA takes back: one file a serial number, and the list made of them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::file::io_error;
use super::write;
use super::{CaEntry, Lock, PATIENCE, PUBLIC, REVOKED, Store, file, serial_name, serial_octets};
use crate::error::{Error, Result};
use crate::revocation::{ListNumber, Reason, RevocationList, Revoked, serial_number};
use crate::validity::rfc3339;

/// The last list of a CA.
pub(super) const LIST: &str = "crl.pem";
/// The number of a list that was made elsewhere, where it is higher than that of the last one
/// here: clients may have that list.
pub(super) const LIST_NUMBER: &str = "crl.number";
const SCHEMA: &str = "certforge/revoked/1";

#[derive(serde::Serialize, serde::Deserialize)]
struct Written {
    schema: String,
    serial: String,
    at: String,
    reason: String,
}

/// What is on record of a certificate that was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Why; it may be what was said an earlier time.
    pub reason: Reason,
    /// Whether that is news.
    pub changed: bool,
}

impl Store {
    /// Takes a certificate back: from now on it is in every list of its CA. What was
    /// taken back before stays as it is, but for a graver reason: any of them is graver than
    /// none, none than a hold, and a key that somebody else has than all others.
    ///
    /// # Errors
    /// [`Error::Serial`] where that is no serial number; [`Error::StoreName`];
    /// [`Error::Missing`] where there is no such CA; [`Error::File`] for a record that cannot be read; [`Error::Io`].
    pub fn revoke(&self, ca: &str, serial: &str, reason: Reason, at: OffsetDateTime) -> Result<TakenBack> {
        let (folder, path) = self.revocation(ca, serial)?;
        if !self.has_authority(ca)? {
            return Err(Error::Missing { what: "CA", name: ca.to_owned(), path: self.ca_folder(ca)? });
        }
        write::ensure_inner_folder(&folder, 0o700)?;
        let _lock = Lock::on(&folder, PATIENCE)?;
        let before = read(&path)?;
        // A hold may be given back: whoever gives no reason after it means for good.
        let weight = |reason: Reason| match reason {
            Reason::CertificateHold => 0,
            Reason::Unspecified => 1,
            reason => 2 + u8::from(reason.is_of_the_key()),
        };
        if let Some(before) = before.as_ref().filter(|b| weight(b.reason) >= weight(reason)) {
            return Ok(TakenBack { reason: before.reason, changed: false });
        }
        let at = before.map_or(at, |before| before.at);
        let text = text(&serial_name(serial)?, reason, at)?;
        write::replace_by(write::parent(&folder), &path, text.as_bytes(), PUBLIC)?;
        Ok(TakenBack { reason, changed: true })
    }

    /// The serial numbers, as records have them, of all that the CAs of this store, and those
    /// that were replaced, took back: what is in none of them need not be asked for.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn revoked_serials(&self) -> Result<HashSet<String>> {
        let mut serials = HashSet::new();
        let names = self.authority_names()?;
        let there = names.iter().map(|name| self.ca_folder(name)).collect::<Result<Vec<_>>>()?;
        for folder in there.into_iter().chain(self.archived_authorities()?) {
            let names = file::files_in(&folder.join(REVOKED))?;
            serials.extend(names.iter().filter_map(|name| name.strip_suffix(".json")).map(str::to_owned));
            for listed in self.listed_in(&folder).values() {
                serials.insert(serial_name(&listed.serial_hex())?);
            }
        }
        Ok(serials)
    }

    /// Gives back what was on hold: it is in no list any more. False where it was not taken
    /// back at all.
    ///
    /// # Errors
    /// [`Error::NotOnHold`] where it is no hold: nothing else is given back (RFC 5280 §5.3.1);
    /// as [`Store::is_revoked`]; [`Error::Io`].
    pub fn release(&self, ca: &str, serial: &str) -> Result<bool> {
        let (folder, path) = self.revocation(ca, serial)?;
        if read(&path)?.is_none() {
            return Ok(false);
        }
        let _lock = Lock::on(&folder, PATIENCE)?;
        let Some(Revoked { reason, .. }) = read(&path)? else { return Ok(false) };
        if reason != Reason::CertificateHold {
            return Err(Error::NotOnHold { serial: serial_name(serial)?, reason: reason.as_str() });
        }
        std::fs::remove_file(&path).map_err(io_error("remove", &path))?;
        write::sync_folder(&folder)?;
        Ok(true)
    }

    /// Why a certificate was taken back, if it was: by its record, or by the CA's last list where
    /// the record is lost.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Serial`]; [`Error::Io`] where that cannot be looked up:
    /// CAs' folders are nobody else's; [`Error::File`] for a record that cannot be read.
    pub fn is_revoked(&self, ca: &str, serial: &str) -> Result<Option<Reason>> {
        self.revoked_in(&self.ca_folder(ca)?, serial)
    }

    /// Whether there is a record of that, whatever the list has.
    ///
    /// # Errors
    /// As [`Self::is_revoked`].
    pub fn has_revocation_record(&self, ca: &str, serial: &str) -> Result<bool> {
        let (_, path) = self.revocation(ca, serial)?;
        Ok(read(&path)?.is_some())
    }

    /// Why a CA, or one that was replaced, took a certificate back, if it did.
    pub(super) fn revoked_in(&self, folder: &Path, serial: &str) -> Result<Option<Reason>> {
        let path = folder.join(REVOKED).join(format!("{}.json", serial_name(serial)?));
        if let Some(found) = read(&path)? {
            return Ok(Some(found.reason));
        }
        let octets = serial_octets(serial)?;
        Ok(self.listed_in(folder).get(serial_number(&octets)).map(|listed| listed.reason))
    }

    fn revocation(&self, ca: &str, serial: &str) -> Result<(PathBuf, PathBuf)> {
        let folder = self.ca_folder(ca)?.join(REVOKED);
        let path = folder.join(format!("{}.json", serial_name(serial)?));
        Ok((folder, path))
    }

    /// All that a CA has on record as taken back, by serial number.
    ///
    /// # Errors
    /// [`Error::StoreName`]; [`Error::File`] for a record that cannot be read.
    pub fn revoked(&self, ca: &str) -> Result<Vec<Revoked>> {
        on_record(&self.ca_folder(ca)?)
    }

    /// All that a CA, or one that was replaced, takes back, on record or not.
    pub(super) fn all_revoked_in(&self, folder: &Path) -> Result<Vec<Revoked>> {
        let mut all = on_record(folder)?;
        let recorded: HashSet<Vec<u8>> = all.iter().map(|r| serial_number(&r.serial).to_vec()).collect();
        let listed = self.listed_in(folder);
        all.extend(listed.iter().filter(|(serial, _)| !recorded.contains(*serial)).map(|(_, r)| r.clone()));
        Ok(all)
    }

    /// Whether a CA's list tells of all that it takes back and of nothing else, and is signed with
    /// its key. The records are counted and not read: there may be very many.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn is_list_current(&self, ca: &CaEntry, list: &RevocationList) -> Result<bool> {
        let names = file::files_in(&self.ca_folder(&ca.name)?.join(REVOKED))?;
        let revoked = list.revoked();
        let listed: HashSet<&[u8]> = revoked.iter().map(|entry| serial_number(&entry.serial)).collect();
        let serials = names.iter().filter_map(|name| name.strip_suffix(".json"));
        let octets = serials.map(|serial| serial_octets(serial).ok());
        // Of a name that is no number nobody knows what it takes back.
        let Some(octets) = octets.collect::<Option<Vec<_>>>() else { return Ok(false) };
        let on_record: HashSet<Vec<u8>> =
            octets.iter().map(|octets| serial_number(octets).to_vec()).collect();
        let is_recorded = |entry: &Revoked| on_record.contains(serial_number(&entry.serial));
        Ok(on_record.iter().all(|serial| listed.contains(&serial[..]))
            && revoked.iter().all(is_recorded)
            && list.is_signed_by(ca.certificate.public_key()).unwrap_or(false))
    }

    /// The last list of a CA, if it has made one.
    ///
    /// # Errors
    /// [`Error::StoreName`]; [`Error::File`] where it cannot be read.
    pub fn revocation_list(&self, ca: &str) -> Result<Option<RevocationList>> {
        let path = self.ca_folder(ca)?.join(LIST);
        let Some(pem) = file::read_large(&path)? else { return Ok(None) };
        RevocationList::from_pem(&pem).map(Some).map_err(|e| e.in_file(&path))
    }

    /// The least number that a CA's next list may have: each is higher than those before it,
    /// wherever they were made (RFC 5280 §5.2.3). A list that cannot be read stops nobody from
    /// making the next one.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`]; [`Error::File`] where the number that is kept is none,
    /// or no higher one can be written.
    pub fn next_list_number(&self, ca: &str) -> Result<ListNumber> {
        let folder = self.ca_folder(ca)?;
        let path = folder.join(LIST_NUMBER);
        let elsewhere = if file::is_there(&path) {
            let text = String::from_utf8_lossy(&file::read(&path)?).into_owned();
            text.trim().parse().map_err(|e: Error| e.in_file(&path))?
        } else {
            ListNumber::default()
        };
        let no_next = || {
            let reason = "its number has no next one: RFC 5280 §5.2.3 allows 20 octets".to_owned();
            Error::MalformedCrl { reason }.in_file(&folder.join(LIST))
        };
        let last = match self.revocation_list(ca) {
            Ok(Some(list)) if list.has_number() => list.number().ok_or_else(no_next)?,
            _ => ListNumber::default(),
        };
        last.max(elsewhere).next().ok_or_else(no_next)
    }

    /// Keeps what the next list's number has to be above of.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn save_list_number(&self, ca: &str, number: ListNumber) -> Result<()> {
        write::replace(&self.ca_folder(ca)?.join(LIST_NUMBER), format!("{number}\n").as_bytes(), PUBLIC)
    }

    /// Keeps a list as the CA's last.
    ///
    /// # Errors
    /// [`Error::StoreName`], [`Error::Io`].
    pub fn save_revocation_list(&self, ca: &str, list: &RevocationList) -> Result<super::SavedFile> {
        let path = self.ca_folder(ca)?.join(LIST);
        write::replace(&path, list.pem()?.as_bytes(), PUBLIC)?;
        Ok(super::SavedFile { mode: file::mode(&path)?, path })
    }
}

fn text(serial: &str, reason: Reason, at: OffsetDateTime) -> Result<String> {
    let written = Written {
        schema: SCHEMA.to_owned(),
        serial: serial.to_owned(),
        at: rfc3339(at),
        reason: reason.as_str().to_owned(),
    };
    let text = serde_json::to_string_pretty(&written);
    text.map(|text| text + "\n")
        .map_err(|e| Error::Internal { doing: "writing a revocation", reason: e.to_string() })
}

/// The name and the text of the record of what was taken back.
pub(super) fn written(revoked: &Revoked) -> Result<(String, String)> {
    let serial = serial_name(&revoked.serial_hex())?;
    let text = text(&serial, revoked.reason, revoked.at)?;
    Ok((serial, text))
}

/// The records in the folder of a CA.
fn on_record(folder: &Path) -> Result<Vec<Revoked>> {
    let folder = folder.join(REVOKED);
    let mut names = file::files_in(&folder)?;
    names.retain(|name| name.strip_suffix(".json").is_some());
    names.sort();
    names.iter().filter_map(|name| read(&folder.join(name)).transpose()).collect()
}

/// A record, if there is one.
fn read(path: &Path) -> Result<Option<Revoked>> {
    let malformed = |reason: String| Error::MalformedRecord { reason }.in_file(path);
    let Some(text) = file::read_optional(path)? else { return Ok(None) };
    let written: Written = serde_json::from_slice(&text).map_err(|e| malformed(e.to_string()))?;
    if written.schema != SCHEMA {
        return Err(malformed(format!("its schema is `{}`, not `{SCHEMA}`", written.schema)));
    }
    Ok(Some(Revoked {
        serial: serial_octets(&written.serial).map_err(|e| malformed(e.to_string()))?,
        at: OffsetDateTime::parse(&written.at, &Rfc3339).map_err(|e| malformed(e.to_string()))?,
        reason: written.reason.parse().map_err(|e: Error| malformed(e.to_string()))?,
    }))
}
