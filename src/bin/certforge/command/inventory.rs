//! What the store holds, and whose it is.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

use certforge::bundle::content_sha256;
use certforge::certificate::{Certificate, Chain};
use certforge::constraint::Subtree;
use certforge::error::Shown;
use certforge::store::{BatchRequests, CaEntry, IssuedEntry, LeafEntry, Store};
use certforge::template::KeyUsage;
use certforge::{Error, Finding, LeafPlan, LeafRequest, Reason, RevocationList, San, Severity, Validity};
use time::{Duration, OffsetDateTime};

use crate::context::{Context, Failure};

/// The CAs of the store, to find out who issued what.
pub struct Issuers {
    found: Vec<CaEntry>,
    broken: Vec<Finding>,
}

impl Issuers {
    /// Reads them; one that is damaged is told of apart.
    pub fn read(store: &Store) -> Result<Self, Failure> {
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for name in store.authority_names()? {
            match store.ca_entry(&name) {
                Ok(entry) => found.push(entry),
                // A disk that fails says nothing of the CA.
                Err(e @ Error::Io { .. }) if is_the_disks(&e) => return Err(e.into()),
                Err(e) => broken.push(Finding::new(e.code(), Severity::Error, name, e.to_string())),
            }
        }
        Ok(Self { found, broken })
    }

    /// What is wrong with those that cannot be read.
    pub fn broken(&self) -> &[Finding] {
        &self.broken
    }

    /// The CA that issued a leaf: of the name and the key of its first issuer, so that
    /// a renewed CA is the same. Where its chain is lost, or another's, the one that signed it.
    pub fn of(&self, entry: &LeafEntry) -> Option<&CaEntry> {
        let leaf = &entry.certificate;
        match entry.chain.certificates().first() {
            Some(issuer) if issuer.subject_der() == leaf.issuer_der() => self.same_as(issuer),
            _ if entry.is_self_signed() => None,
            _ => self.found.iter().find(|ca| leaf.is_issued_by(&ca.certificate)),
        }
    }

    /// The CA above a CA; none of a root.
    pub fn above(&self, ca: &CaEntry) -> Option<&CaEntry> {
        let above = self.found.iter().find(|above| ca.certificate.is_issued_by(&above.certificate));
        above.filter(|above| above.name != ca.name)
    }

    /// The CA that a certificate is of, renewed or not.
    pub fn same_as(&self, certificate: &Certificate) -> Option<&CaEntry> {
        self.found.iter().find(|ca| is_same(&ca.certificate, certificate))
    }

    pub fn all(&self) -> &[CaEntry] {
        &self.found
    }
}

/// The CAs that were taken back, and those below them.
pub fn below_revoked(issuers: &Issuers, context: &Context) -> HashSet<String> {
    let mut found = HashSet::new();
    for ca in issuers.all() {
        let mut below = ca;
        // As many steps as there are CAs at most: two that certify each other do not loop.
        for _ in 0..issuers.all().len() {
            let Some(above) = issuers.above(below) else { break };
            // A record that cannot be read is told of where the leaf is.
            if context.store.taken_back(&below.certificate).is_ok_and(|found| found.is_some()) {
                found.insert(ca.name.clone());
            }
            below = above;
        }
    }
    found
}

/// What the store's own records say of the CAs in the chains of leaves: no list is needed.
pub struct Chains<'a> {
    store: &'a Store,
    /// By digest: leaves have few issuers between them.
    known: RefCell<BTreeMap<String, Option<GoneCa>>>,
}

/// A CA of a leaf's chain that was taken back.
#[derive(Clone)]
pub struct GoneCa {
    /// Which one, from the leaf up, beginning with 1.
    pub number: usize,
    pub subject: String,
    pub reason: Reason,
    /// The CA that took it back.
    pub by: String,
}

impl<'a> Chains<'a> {
    pub const fn new(store: &'a Store) -> Self {
        Self { store, known: RefCell::new(BTreeMap::new()) }
    }

    /// The first CA of a leaf's chain that was taken back: what is below it is of no use,
    /// whatever has its name by now.
    pub fn gone(&self, entry: &LeafEntry) -> certforge::Result<Option<GoneCa>> {
        for (index, issuer) in entry.chain.certificates().iter().enumerate() {
            // A root takes itself back nowhere that counts.
            if issuer.is_self_issued() {
                continue;
            }
            let digest = issuer.sha256().to_string();
            let known = self.known.borrow().get(&digest).cloned();
            let found = if let Some(known) = known {
                known
            } else {
                let taken = self.store.taken_back(issuer)?;
                let subject = || issuer.subject();
                let found = taken.map(|(reason, by)| GoneCa { number: 0, subject: subject(), reason, by });
                self.known.borrow_mut().insert(digest, found.clone());
                found
            };
            if let Some(gone) = found {
                return Ok(Some(GoneCa { number: index + 1, ..gone }));
            }
        }
        Ok(None)
    }
}

impl From<GoneCa> for Error {
    fn from(gone: GoneCa) -> Self {
        let reason = gone.reason.as_str();
        Self::Revoked { subject: gone.subject, is_ca: true, ca: gone.by, reason }
    }
}

impl std::fmt::Display for GoneCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "revoked by the CA {} ({})", Shown(&self.by), self.reason)
    }
}

/// Whether it is neither missing nor forbidden, but could not be read.
fn is_the_disks(e: &Error) -> bool {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    matches!(e, Error::Io { source, .. } if !matches!(source.kind(), NotFound | PermissionDenied))
}

/// Whether it is time to make a CA anew: where nobody says, 90 days before its end, or a third of
/// its time. Who makes it anew has to hand it out, and what it issues ends with it.
pub fn is_ca_due(validity: &Validity, now: OffsetDateTime, within: Option<Duration>) -> bool {
    validity.is_due(now, Some(within.unwrap_or_else(|| Duration::days(90).min(validity.length() / 3))))
}

/// What to do about a CA that ends.
pub fn renewal_of(ca: &CaEntry, issuers: &Issuers) -> String {
    let name = Shown(&ca.name);
    if ca.certificate.is_self_issued() || issuers.above(ca).is_some() {
        return format!("certforge ca renew {name}");
    }
    format!("the CA above it is not here: {}", in_place_of(ca))
}

/// What takes the place of a CA whose root is not here: one with the same limits, and its leaves moved.
pub fn in_place_of(ca: &CaEntry) -> String {
    let limits = ca.certificate.name_constraints().ok().flatten().unwrap_or_default();
    // What is closed because something else is permitted is closed again by that.
    let typed = |s: &Subtree| match s {
        Subtree::Ip { mask, .. } if s.is_everything() => Some(format!("{mask}/0")),
        _ => (!s.is_everything()).then(|| s.to_string()),
    };
    let permitted = limits.permitted().iter().filter_map(typed);
    let mut flags: Vec<String> = permitted.map(|s| format!(" --permit {s}")).collect();
    let excluded = limits.excluded().iter().filter(|s| flags.is_empty() || !s.is_everything());
    let excluded: Vec<String> = excluded.filter_map(typed).map(|s| format!(" --exclude {s}")).collect();
    flags.extend(excluded);
    format!(
        "certforge ca adopt ROOT.pem where its certificate is at hand; otherwise certforge ca new OTHER --throw-away-root{}, and certforge renew --all --ca OTHER",
        flags.concat()
    )
}

/// Whether two certificates are of one CA, renewed or not.
pub fn is_same(one: &Certificate, other: &Certificate) -> bool {
    one.subject_der() == other.subject_der() && one.public_key() == other.public_key()
}

/// Whether a certificate is for what is planned: its key usage and extended key usage.
pub fn has_usages(found: &Certificate, plan: &LeafPlan) -> bool {
    let template = plan.template();
    let wanted = template.key_usage(plan.key().is_rsa());
    let same = |usages: Vec<&str>| usages.into_iter().eq(wanted.iter().copied().map(KeyUsage::as_str));
    found.key_usage().is_some_and(same) && found.extended_key_usage() == template.extended_key_usage()
}

/// From when until when a revocation list counts, if it says both.
pub fn span_of(list: &RevocationList) -> Option<Validity> {
    Validity::between(list.this_update()?, list.next_update()?).ok()
}

/// What is in a leaf's folder.
pub enum Place {
    /// No leaf.
    Free,
    Leaf(Box<LeafEntry>),
    /// Something that cannot be read: what takes its place keeps it in the archive.
    Damaged,
}

impl Place {
    /// Looks at the folder of a leaf.
    pub fn of(first: &San, context: &Context) -> Result<Self, Failure> {
        match context.store.leaf_of(first) {
            Ok(None) => Ok(Self::Free),
            Ok(Some(entry)) => Ok(Self::Leaf(Box::new(entry))),
            Err(Error::File { .. }) => Ok(Self::Damaged),
            Err(e) => Err(e.into()),
        }
    }
}

/// What was asked for when a certificate was issued, if there is a record that says so.
/// `batches` is read where it is needed, and once.
pub fn request_on_record(
    store: &Store,
    ca: &str,
    serial: &str,
    batches: &mut Option<BatchRequests>,
) -> Result<Option<LeafRequest>, Failure> {
    match store.issued(ca, serial)? {
        None => return Ok(None),
        Some(IssuedEntry { request: Some(request), .. }) => return Ok(Some(request)),
        Some(_) => {}
    }
    if batches.is_none() {
        *batches = Some(store.batch_requests(ca)?);
    }
    Ok(batches.as_ref().map(|all| all.get(serial)).transpose()?.flatten())
}

/// Whether a leaf's key was never here, by its CA's record.
pub fn is_key_elsewhere(entry: &LeafEntry, ca: Option<&str>, store: &Store) -> bool {
    let Some(ca) = ca else { return false };
    let issued = store.issued(ca, &entry.certificate.serial_hex());
    issued.is_ok_and(|issued| issued.is_some_and(|issued| issued.key_is_elsewhere))
}

/// Whether a leaf's key was here and is not any more: somebody lost it, or took it to where
/// it is used. Where it was imported ACM may be the only one to have it, as was asked for.
pub fn is_key_gone(entry: &LeafEntry, ca: Option<&str>, store: &Store) -> bool {
    !entry.has_key()
        && entry.imports().is_ok_and(|imports| imports.all().is_empty())
        && !is_key_elsewhere(entry, ca, store)
}

/// Whether ACM has another certificate than this leaf by record: an import failed.
pub fn is_behind(entry: &LeafEntry) -> Result<bool, Failure> {
    let content = |chain: &Chain| content_sha256(&entry.certificate, chain).to_string();
    // CloudFront got it without its root.
    let contents = [content(&entry.chain), content(&entry.chain.without_root())];
    let imports = entry.imports()?;
    let mut real = imports.all().iter().filter(|record| !record.is_simulated());
    Ok(real.any(|record| !contents.contains(&record.sha256)))
}

/// The leaves of the store.
pub struct Leaves {
    pub found: Vec<LeafEntry>,
    /// What is wrong with those that cannot be read.
    pub broken: Vec<Finding>,
}

/// What makes a leaf of this place anew.
fn anew(finding: Finding) -> Finding {
    let name = Shown(&finding.place).to_string();
    finding.fix(format!("certforge up {name} makes it anew, as it was asked for"))
}

/// All leaves, by their names.
pub fn leaves(context: &Context) -> Result<Leaves, Failure> {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for name in context.store.leaf_names()? {
        match context.store.leaf_in(&name) {
            Ok(Some(entry)) => found.push(entry),
            Ok(None) => {}
            Err(e) => broken.push(anew(Finding::new(e.code(), Severity::Error, name, e.to_string()))),
        }
    }
    for name in context.store.incomplete_leaves()? {
        let message = format!("the leaf {} has no cert.pem", Shown(&name));
        broken.push(anew(Finding::new("leaf.incomplete", Severity::Error, name, message)));
    }
    Ok(Leaves { found, broken })
}
