//! The database of `openssl ca`, `index.txt`, which easy-rsa keeps too: one line a
//! certificate, six fields by tab (openssl-ca(1)). What was taken back since the last list was
//! made is in it alone.

use std::path::{Path, PathBuf};

use certforge::Reason;
use certforge::certificate::Certificate;
use certforge::revocation::Revoked;
use certforge::store::serial_octets;
use time::{Date, OffsetDateTime, Time};

/// How the file is called.
const FILE: &str = "index.txt";

/// What a database says was taken back.
pub struct Database {
    pub path: PathBuf,
    lines: Vec<Line>,
    /// Lines of revocations that cannot be read, by their numbers.
    pub unread: Vec<usize>,
}

impl Database {
    pub fn is_one(path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == FILE)
    }

    pub fn read(path: &Path, bytes: &[u8]) -> Self {
        let mut database = Self { path: path.to_owned(), lines: Vec::new(), unread: Vec::new() };
        for (i, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
            let is_revocation = line.starts_with("R\t");
            match (Line::read(line), is_revocation) {
                (Some(line), true) if line.revoked.is_none() => database.unread.push(i + 1),
                (Some(line), _) => database.lines.push(line),
                (None, true) => database.unread.push(i + 1),
                (None, false) => {}
            }
        }
        database
    }

    /// Where the database of a folder is.
    pub fn in_folder(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// Whether a certificate is in it.
    pub fn has(&self, certificate: &Certificate) -> bool {
        self.lines.iter().any(|line| line.is_of(certificate))
    }

    /// How many revocations are in it.
    pub fn revocations(&self) -> usize {
        self.lines.iter().filter(|line| line.revoked.is_some()).count()
    }

    /// The revocations, but for those of these certificates: they are another CA's.
    pub fn revoked_but(&self, others: &[&Certificate]) -> Vec<Revoked> {
        let own = |line: &&Line| !others.iter().any(|other| line.is_of(other));
        self.lines.iter().filter(own).filter_map(|line| line.revoked.clone()).collect()
    }

    /// The folder of the CA that it is of, and of all that belongs to it.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// One certificate in it.
struct Line {
    serial: Vec<u8>,
    /// As `X509_NAME_oneline` writes it.
    subject: String,
    revoked: Option<Revoked>,
}

impl Line {
    fn read(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        let serial = serial_octets(fields.get(3)?).ok()?;
        let revoked = fields.get(2).and_then(|when| revocation(when, &serial));
        Some(Self { revoked, subject: (*fields.get(5)?).to_owned(), serial })
    }

    /// By its number and its common names: numbers alone are the same in many CAs.
    fn is_of(&self, certificate: &Certificate) -> bool {
        let names = certificate.common_names();
        self.serial == certificate.serial() && names.iter().all(|name| self.subject.contains(name.as_str()))
    }
}

fn revocation(when: &str, serial: &[u8]) -> Option<Revoked> {
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
    Some(Revoked { serial: serial.to_vec(), at, reason })
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
