//! The database of `openssl ca`, `index.txt`, which easy-rsa keeps too: one line a
//! certificate, six fields by tab (openssl-ca(1)). What was taken back since the last list was
//! made is in it alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use certforge::Reason;
use certforge::revocation::Revoked;
use certforge::store::serial_octets;
use time::{Date, OffsetDateTime, Time};

/// How the file is called.
const FILE: &str = "index.txt";

/// What a database says was taken back.
pub struct Database {
    pub path: PathBuf,
    pub revoked: Vec<Revoked>,
    /// The serial numbers of all that is in it.
    pub serials: HashSet<Vec<u8>>,
    /// Lines of revocations that cannot be read, by their numbers.
    pub unread: Vec<usize>,
}

impl Database {
    pub fn is_one(path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == FILE)
    }

    pub fn read(path: &Path, bytes: &[u8]) -> Self {
        let mut database =
            Self { path: path.to_owned(), revoked: Vec::new(), serials: HashSet::new(), unread: Vec::new() };
        for (i, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
            let serial = line.split('\t').nth(3).and_then(|serial| serial_octets(serial).ok());
            database.serials.extend(serial);
            if line.starts_with("R\t") {
                match revocation(line) {
                    Some(revoked) => database.revoked.push(revoked),
                    None => database.unread.push(i + 1),
                }
            }
        }
        database
    }

    /// Where the database of a folder is.
    pub fn in_folder(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// Whether a certificate of this serial number is in it.
    pub fn has(&self, serial: &[u8]) -> bool {
        self.serials.contains(serial)
    }

    /// The folder of the CA that it is of, and of all that belongs to it.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

fn revocation(line: &str) -> Option<Revoked> {
    let mut fields = line.split('\t').skip(2);
    let (when, serial) = (fields.next()?, fields.next()?);
    let mut when = when.split(',');
    let (at, reason) = (time(when.next()?)?, when.next());
    let reason = match reason.unwrap_or_default() {
        "" => Reason::Unspecified,
        // Since when the key was not the holder's alone; the entry has the time of the
        // revocation all the same.
        "keyTime" => Reason::KeyCompromise,
        "CAkeyTime" => Reason::CaCompromise,
        "holdInstruction" => Reason::CertificateHold,
        known => known.parse().unwrap_or_default(),
    };
    Some(Revoked { serial: serial_octets(serial).ok()?, at, reason })
}

/// A time as X.509 has it: of two digits for the year those from 50 are of the last
/// century (RFC 5280 §4.1.2.5.1).
fn time(text: &str) -> Option<OffsetDateTime> {
    let full = match (text.len(), text.get(..2)?) {
        (13, year) if year >= "50" => format!("19{text}"),
        (13, _) => format!("20{text}"),
        _ => text.to_owned(),
    };
    let digits = full.strip_suffix('Z').filter(|d| d.len() == 14 && d.bytes().all(|b| b.is_ascii_digit()))?;
    let two = |at: usize| digits.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(digits.get(..4)?.parse().ok()?, two(4)?.try_into().ok()?, two(6)?);
    Some(date.ok()?.with_time(Time::from_hms(two(8)?, two(10)?, two(12)?).ok()?).assume_utc())
}
