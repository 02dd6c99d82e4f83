//! What is in a folder that a CA is taken over from, and what of it is whose.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use certforge::certificate::Certificate;
use certforge::error::{Counted, Shown};
use certforge::key::PrivateKey;
use certforge::revocation::{Reason, Revoked, serial_number};
use certforge::store::History;
use certforge::{Finding, RevocationList, Severity};
use zeroize::Zeroizing;

use super::database::Database;
use crate::command::inventory::is_same;

/// What was found.
#[derive(Default)]
pub struct Found {
    pub certificates: Vec<(Place, Certificate)>,
    pub keys: Vec<FoundKey>,
    pub lists: Vec<RevocationList>,
    pub databases: Vec<Database>,
    /// The CAs that are taken over, each with the folder of its database.
    pub homes: Vec<(Certificate, Option<PathBuf>)>,
    pub findings: Vec<Finding>,
}

/// Where something is: as it is shown, cut where it is long, and the file itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub shown: String,
    pub file: PathBuf,
}

pub struct FoundKey {
    pub file: PathBuf,
    pub key: PrivateKey,
    /// The pass phrase that opened it, where it was encrypted.
    pub passphrase: Option<Zeroizing<String>>,
}

impl Found {
    /// What a CA issued and took back, as far as it is here.
    pub fn history(&self, ca: &Certificate) -> History<'_> {
        let mut issued: BTreeMap<String, &Certificate> = BTreeMap::new();
        for (_, certificate) in &self.certificates {
            if !is_same(certificate, ca) && certificate.is_issued_by(ca) {
                issued.insert(certificate.serial_hex(), certificate);
            }
        }
        let own = |list: &&RevocationList| list.is_signed_by(ca.public_key()).unwrap_or(false);
        let mut lists: Vec<&RevocationList> = self.lists.iter().filter(own).collect();
        // The newest last, so that it has the last word on what older ones say too.
        let beyond = |list: &RevocationList| list.has_number() && list.number().is_none();
        lists.sort_by_key(|list| (beyond(list), list.number(), list.this_update()));
        // What an older list has on hold the newest does not, where it was released.
        let newest = lists.len().saturating_sub(1);
        let is_over = |at: usize, entry: &Revoked| at < newest && entry.reason == Reason::CertificateHold;
        let each = lists.iter().enumerate().map(|(at, list)| (at, list.revoked()));
        let listed = each.flat_map(|(at, all)| all.into_iter().filter(move |entry| !is_over(at, entry)));
        let of_this = |database: &&Database| self.owns(database, ca);
        let of_database = |d: &Database| d.revoked_but(&self.known(d, ca).1);
        let databases = self.databases.iter().filter(of_this).flat_map(of_database);
        let revoked: BTreeMap<Vec<u8>, Revoked> =
            listed.chain(databases).map(|entry| (serial_number(&entry.serial).to_vec(), entry)).collect();
        History {
            issued: issued.into_values().collect(),
            revoked: revoked.into_values().collect(),
            list: lists.last().copied(),
        }
    }

    /// What of the databases is not taken over.
    pub fn tell_of_databases(&mut self, authorities: &[&Certificate]) {
        for database in self.databases.iter().filter(|d| d.revocations() > 0 || !d.unread.is_empty()) {
            let place = Shown(&database.path.to_string_lossy()).to_string();
            if !authorities.iter().any(|ca| self.owns(database, ca)) {
                let message = format!(
                    "{place}: which CA revoked its {} cannot be told, and nothing of it is taken over",
                    Counted(database.revocations(), "certificate", "certificates")
                );
                let finding = Finding::new("ca.database", Severity::Warning, place, message);
                self.findings.push(finding.fix("certforge revoke SERIAL --ca NAME, for each"));
                continue;
            }
            for line in &database.unread {
                let message =
                    format!("{place}, line {line}: a revocation that cannot be read is passed over");
                self.findings.push(Finding::new("ca.database", Severity::Warning, place.clone(), message));
            }
        }
    }

    /// Whether a database is a CA's. The file does not say; but of nested folders with one
    /// each, that is the CA's in whose its key is, if no other CA's is there, it is not in
    /// it itself, and what is known to be in it is not another CA's alone.
    fn owns(&self, database: &Database, ca: &Certificate) -> bool {
        let mut here = self.homes.iter().filter(|(_, home)| home.as_deref() == Some(database.folder()));
        if here.next().is_none_or(|(owner, _)| !is_same(owner, ca)) || here.next().is_some() {
            return false;
        }
        if self.certificates.iter().any(|(_, c)| is_same(c, ca) && !c.is_self_issued() && database.has(c)) {
            return false;
        }
        let (own, others) = self.known(database, ca);
        !own.is_empty() || others.is_empty()
    }

    /// The certificates that are in a database: those that a CA issued, and the others.
    fn known(&self, database: &Database, ca: &Certificate) -> (Vec<&Certificate>, Vec<&Certificate>) {
        let all = self.certificates.iter().map(|(_, c)| c);
        let known = all.filter(|c| !is_same(c, ca) && database.has(c));
        known.partition(|c| c.issuer_der() == ca.subject_der())
    }

    /// The folder with a database that a file is in: the nearest.
    pub fn home(&self, file: &Path) -> Option<PathBuf> {
        let folders = self.databases.iter().map(Database::folder);
        let around = folders.filter(|folder| file.starts_with(folder));
        around.max_by_key(|folder| folder.components().count()).map(Path::to_owned)
    }
}
