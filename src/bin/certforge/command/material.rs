//! Certificates that somebody named for looking at: files, a leaf of the store, the
//! trust anchors of the system. What cannot be read is told; what can be is used.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use certforge::error::Shown;
use certforge::gather::{Parts, Pile, Role};
use certforge::store::{LeafEntry, Store, read_input, serial_name};
use certforge::{Certificate, Error, Finding, RevocationList, Severity, TrustAnchor};

use crate::command::inventory::Chains;
use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::environment;

/// The word that means the CAs this system trusts.
pub const SYSTEM: &str = "system";

/// The leaf of the store that is meant, where there is no file of that name.
pub fn leaf(what: &Path, context: &Context) -> Result<Option<LeafEntry>, Failure> {
    let Some(name) = what.to_str().filter(|name| *name != "-" && !what.exists()) else { return Ok(None) };
    match context.store.leaf(name) {
        Ok(entry) => Ok(Some(entry)),
        // One that is there and cannot be read is what was meant.
        Err(e @ (Error::File { .. } | Error::Path { .. })) => Err(e.into()),
        Err(_) if what.components().count() == 1 && context.store.has_authority(name).unwrap_or(false) => {
            let folder = context.store.ca_folder(name)?;
            Err(Failure::usage(
                format!("{name} is a CA, and no leaf and no file"),
                format!("give its certificate: {}", crate::report::path(&folder.join("ca.pem"))),
            ))
        }
        Err(_) if what.components().count() == 1 && !is_named_as_a_file(what) => {
            let (name, path) = (name.to_owned(), context.store.root().to_owned());
            Err(Error::Missing { what: "file or leaf", name, path }.into())
        }
        Err(_) => Ok(None),
    }
}

/// Whether a name ends as those of files of certificates and keys do.
pub fn is_named_as_a_file(what: &Path) -> bool {
    const ENDS: [&str; 10] = ["cer", "crl", "crt", "csr", "der", "key", "p12", "p7b", "pem", "pfx"];
    what.extension().and_then(|end| end.to_str()).is_some_and(|end| ENDS.contains(&end))
}

/// That a leaf of the store was taken back, by the store's own records: no list is needed.
/// Whoever may not read them is told that this is not known.
pub fn taken_back(entry: &LeafEntry, context: &Context) -> Result<Option<Finding>, Failure> {
    match taken_back_by_record(entry, context) {
        Err(Error::Io { source, path, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {
            let message = format!(
                "whether it was revoked is not known here: {} cannot be read",
                Shown(&path.to_string_lossy())
            );
            let finding = Finding::new("path.unrecorded", Severity::Warning, "leaf", message);
            Ok(Some(finding.fix("ask the CA's owner, or give its list: --crl crl.pem")))
        }
        found => Ok(found?),
    }
}

/// What of very many certificates the CAs of this store took back.
pub struct Revocations<'a> {
    store: &'a Store,
    /// Few are: whether one is among them is asked of all, and why of those alone.
    serials: Result<HashSet<String>, Error>,
}

impl<'a> Revocations<'a> {
    pub fn of(context: &'a Context) -> Self {
        Self { store: &context.store, serials: context.store.revoked_serials() }
    }

    /// That nobody here may know, where that is so.
    pub fn unknown(&self, place: &str) -> Option<Finding> {
        self.serials.as_ref().err().map(|e| unrecorded(place, e))
    }

    /// That one was taken back, or that its record cannot be read.
    pub fn find(&self, place: &str, certificate: &Certificate) -> Option<Finding> {
        let serials = self.serials.as_ref().ok()?;
        let serial = serial_name(&certificate.serial_hex()).ok()?;
        if serials.contains(&serial) { look_up(self.store, place, certificate) } else { None }
    }
}

/// What of a path, leaf first, the CAs of this store took back. Of what cannot be read the first
/// is told: the others are not known for the same reason.
pub fn taken_back_along(path: &[Certificate], context: &Context) -> Vec<Finding> {
    let place = |i: usize| if i == 0 { "leaf".to_owned() } else { format!("issuer {i}") };
    let mut found: Vec<Finding> =
        path.iter().enumerate().filter_map(|(i, c)| look_up(&context.store, &place(i), c)).collect();
    let mut is_told = false;
    found.retain(|f| f.severity == Severity::Error || !std::mem::replace(&mut is_told, true));
    found
}

fn look_up(store: &Store, place: &str, certificate: &Certificate) -> Option<Finding> {
    match store.taken_back(certificate) {
        Ok(found) => found.map(|(reason, ca)| {
            let message = format!("it was revoked by the CA {} ({reason})", Shown(&ca));
            Finding::new("path.revoked", Severity::Error, place, message)
        }),
        Err(e @ Error::Io { .. }) => Some(unrecorded(place, &e)),
        // It is in every list: what cannot be read there is the reason alone.
        Err(e) => {
            let message = format!("it was revoked, and why cannot be read: {e}");
            Some(Finding::new("path.revoked", Severity::Error, place, message))
        }
    }
}

fn unrecorded(place: &str, e: &Error) -> Finding {
    let message = format!("whether it was revoked is not known here: {e}");
    let finding = Finding::new("path.unrecorded", Severity::Warning, place, message);
    finding.fix("ask the CA's owner, or give its list: --crl crl.pem")
}

fn taken_back_by_record(entry: &LeafEntry, context: &Context) -> Result<Option<Finding>, Error> {
    if let Some((reason, ca)) = context.store.taken_back(&entry.certificate)? {
        let message = format!("it was revoked by the CA {} ({reason})", Shown(&ca));
        let finding = Finding::new("path.revoked", Severity::Error, "leaf", message);
        return Ok(Some(finding.fix(format!("certforge renew {}", Shown(&entry.name())))));
    }
    Ok(Chains::new(&context.store).gone(entry)?.map(|gone| {
        let place = format!("issuer {}", gone.number);
        Finding::new("path.revoked", Severity::Error, place, format!("it was {gone}"))
            .fix(format!("issue it from another CA: certforge up {} --ca CA", Shown(&entry.name())))
    }))
}

/// All that is in a file. Encrypted keys stay closed.
pub fn look(path: &Path) -> Result<Parts, Failure> {
    look_at(path, &read_input(path)?)
}

/// All that is in a file. What is encrypted is opened where it is said with what.
pub fn look_into(path: &Path, passphrase: &PassphraseArgs) -> Result<Parts, Failure> {
    if !passphrase.is_given() {
        return look(path);
    }
    let mut pile = Pile::to_look_at();
    pile.add(Role::Any, path, &read_input(path)?, &mut passphrase.unlock())?;
    Ok(pile.into_parts())
}

/// All that is in some octets; the path is for messages.
pub fn look_at(path: &Path, bytes: &[u8]) -> Result<Parts, Failure> {
    let mut pile = Pile::to_look_at();
    pile.add(Role::Any, path, bytes, &mut |_| Ok(None))?;
    Ok(pile.into_parts())
}

/// The certificates of files, for building paths of; the pass phrase is for stores that are
/// locked.
pub fn certificates(
    paths: &[PathBuf],
    passphrase: Option<&PassphraseArgs>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Certificate>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let parts = passphrase.map_or_else(|| look(path), |passphrase| look_into(path, passphrase))?;
        if parts.certificates.is_empty() {
            return Err(none_in(path, &parts));
        }
        findings.extend(told(path, &parts));
        all.extend(parts.certificates.into_iter().map(|(_, certificate)| certificate));
    }
    Ok(all)
}

/// That a file has no certificate that can be read.
pub fn none_in(path: &Path, parts: &Parts) -> Failure {
    let errors = parts.findings.iter().filter(|f| f.severity == Severity::Error);
    let reason = errors.map(|f| f.message.clone()).next();
    let others = &parts.others;
    let instead = [
        (parts.keys.len() + others.locked.len(), "a private key"),
        (others.requests.len(), "a signing request"),
        (others.lists.len(), "a revocation list"),
        (others.public_keys.len(), "a public key"),
    ];
    let instead = instead.into_iter().find(|(n, _)| *n > 0);
    let reason = match (reason, instead) {
        (_, Some((_, what))) => format!("it holds {what}, and no certificate"),
        (Some(reason), _) => reason,
        _ => "there is no certificate in it".to_owned(),
    };
    Error::MalformedCertificate { reason }.in_file(path).into()
}

/// Why what stands before the first certificate that can be read cannot be: that one is not
/// what was meant then.
pub fn damaged_before(parts: &Parts) -> Option<&Finding> {
    let first = parts.certificates.first().map(|(place, _)| position(place))?;
    parts.findings.iter().find(|f| f.code == "gather.damaged" && position(&f.place) < first)
}

/// Where in its file something stands: its block, and its place in an archive.
fn position(place: &str) -> (usize, usize) {
    let number = |word: &str| {
        let rest = place.rsplit_once(word)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    (number(", block ").unwrap_or(0), number(", certificate ").unwrap_or(0))
}

/// What of a file's findings somebody who looks for certificates has to know.
pub fn told(path: &Path, parts: &Parts) -> Vec<Finding> {
    let unread = |f: &&Finding| f.severity == Severity::Error;
    let mut told: Vec<Finding> = parts.findings.iter().filter(unread).cloned().collect();
    for finding in &mut told {
        finding.severity = Severity::Warning;
    }
    told.extend(parts.findings.iter().filter(|f| f.code == "gather.form").cloned().map(as_it_is));
    if !parts.keys.is_empty() {
        let place = Shown(&path.to_string_lossy()).to_string();
        let message = format!("{place} holds a private key, where certificates are given to others");
        let finding = Finding::new("gather.key-among-certificates", Severity::Warning, place, message);
        told.push(finding.fix("take the key out of it"));
    }
    told
}

/// Nothing is written here: what is made good for the look alone is a warning, for clients and
/// servers read the file as it is.
pub fn as_it_is(mut finding: Finding) -> Finding {
    finding.severity = Severity::Warning;
    finding.fix("write each block as PEM has it: BEGIN and END alone in their lines, and nothing but base64 between them")
}

/// Whom to believe: files of CAs, the system's, or where nothing is said the store's.
pub struct Trust {
    pub anchors: Vec<TrustAnchor>,
    /// CAs of the store that are no roots.
    pub more: Vec<Certificate>,
}

/// The trust anchors that were asked for; the pass phrase is for stores that are locked.
pub fn trust(
    paths: &[PathBuf],
    passphrase: Option<&PassphraseArgs>,
    context: &Context,
    findings: &mut Vec<Finding>,
) -> Result<Trust, Failure> {
    if paths.is_empty() {
        return of_store(context, findings);
    }
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == SYSTEM && !path.exists() {
            files.push(environment::system_trust().ok_or_else(|| {
                Failure::usage(
                    "this system keeps no file of trust anchors that is known",
                    "give the file with --trust FILE, or set SSL_CERT_FILE",
                )
            })?);
        } else {
            files.push(path.clone());
        }
    }
    let anchors = certificates(&files, passphrase, findings)?.into_iter().map(TrustAnchor::new).collect();
    Ok(Trust { anchors, more: Vec::new() })
}

fn of_store(context: &Context, findings: &mut Vec<Finding>) -> Result<Trust, Failure> {
    let mut found = Trust { anchors: Vec::new(), more: Vec::new() };
    for name in context.store.authority_names()? {
        // One that is damaged is believed by nobody, and keeps nobody from the others.
        let certificate = match context.store.ca_entry(&name) {
            Ok(entry) => entry.certificate,
            Err(e) => {
                findings.push(Finding::new(e.code(), Severity::Warning, name, e.to_string()));
                continue;
            }
        };
        if certificate.is_self_issued() {
            found.anchors.push(TrustAnchor::new(certificate));
        } else {
            found.more.push(certificate);
        }
    }
    if found.anchors.is_empty() && found.more.is_empty() {
        return Err(Failure::usage(
            "whom to trust was not said, and there is no CA in the store",
            "--trust ca.pem, or --trust system",
        ));
    }
    // A store that holds intermediates alone trusts those: their root is elsewhere.
    if found.anchors.is_empty() {
        found.anchors = std::mem::take(&mut found.more).into_iter().map(TrustAnchor::new).collect();
    }
    Ok(found)
}

/// The revocation lists of files.
pub fn lists(paths: &[PathBuf]) -> Result<Vec<RevocationList>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        let parts = look(path)?;
        if parts.others.lists.is_empty() {
            let reason = "there is no revocation list in it".to_owned();
            return Err(Error::MalformedCrl { reason }.in_file(path).into());
        }
        for (_, der) in parts.others.lists {
            all.push(RevocationList::from_der(der).map_err(|e| e.in_file(path))?);
        }
    }
    Ok(all)
}
