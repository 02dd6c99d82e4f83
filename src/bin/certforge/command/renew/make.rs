//! One leaf made anew: signed, saved, and imported where the old one was.

#[cfg(feature = "aws")]
use certforge::aws::CertificateArn;
use certforge::key::PrivateKey;
use certforge::store::{LeafEntry, Origin, Overwrite, Saved};
use certforge::{Authority, Bundle, Error, LeafPlan, LeafRequest, San};

use super::Args;
#[cfg(feature = "aws")]
use crate::command::{candidate::LazyKey, places::ImportArgs};
use crate::context::{Context, Failure};
use crate::report::{LeafReport, State};

/// A leaf to be renewed, and what it takes.
pub(super) struct Job<'a> {
    pub(super) entry: &'a LeafEntry,
    /// The name that its folder is of.
    pub(super) first: &'a San,
    pub(super) plan: &'a LeafPlan,
    pub(super) request: &'a LeafRequest,
    /// The CA's name in the store; none for a leaf that signs itself.
    pub(super) ca: Option<&'a str>,
    pub(super) authority: Option<&'a Authority>,
}

/// Makes the new one, and imports it where the old one was.
pub(super) fn make(
    args: &Args,
    context: &Context,
    job: &Job<'_>,
    key: (Option<PrivateKey>, bool),
) -> Result<LeafReport, Failure> {
    // Of two runs at once one makes it; and whoever asks for a leaf by name gets a new one.
    let overwrite = if args.names.is_empty() {
        Overwrite::ArchiveOf(job.entry.certificate.sha256())
    } else {
        Overwrite::Archive
    };
    let (saved, key) = save(context, job, overwrite, key)?;
    let new = context.store.leaf_of(job.first)?;
    let new = new.ok_or_else(|| Error::Missing {
        what: "leaf",
        name: job.first.to_string(),
        path: saved.folder.clone(),
    })?;
    let report = LeafReport::of(State::Renewed, &saved.folder, job.ca, &new.certificate, context.now);
    #[cfg_attr(not(feature = "aws"), expect(unused_mut, reason = "for the import alone"))]
    let mut report = report.saved(&saved, job.plan);
    #[cfg(feature = "aws")]
    if args.is_imported_again() {
        report.imports = import_again(context, &new, key)?;
    }
    #[cfg(not(feature = "aws"))]
    drop(key);
    Ok(report)
}

/// Signs and saves: with a key of its own, or for the one that somebody else has. A
/// key that is to be on no disk comes back.
fn save(
    context: &Context,
    job: &Job<'_>,
    overwrite: Overwrite,
    (key, ephemeral): (Option<PrivateKey>, bool),
) -> Result<(Saved, Option<PrivateKey>), Failure> {
    let Job { entry, first, plan, request, ca, authority } = *job;
    let store = &context.store;
    let origin = ca.map(|ca| Origin { ca, request });
    let bundle: Bundle = match (authority, key) {
        (Some(authority), Some(key)) => authority.issue_for(plan, key)?,
        (None, Some(key)) => certforge::authority::self_signed(plan, key)?,
        (Some(authority), None) => {
            let leaf = authority.sign(plan, entry.certificate.public_key())?;
            let parts = (&leaf, authority.chain());
            let send_root = plan.template().send_root();
            let origin = Origin { ca: ca.unwrap_or_default(), request };
            return Ok((store.save_signed(first, parts, send_root, origin, overwrite)?, None));
        }
        (None, None) => {
            let (name, path) = (first.to_string(), entry.folder.clone());
            return Err(Error::Missing { what: "private key", name, path }.into());
        }
    };
    if ephemeral {
        let saved = store.save_bundle_without_key(first, &bundle, origin, overwrite)?;
        return Ok((saved, Some(bundle.into_key())));
    }
    Ok((store.save_bundle(first, &bundle, origin, overwrite)?, None))
}

/// Imports a leaf to every place that has it by record, to the same ARN.
#[cfg(feature = "aws")]
pub(super) fn import_again(
    context: &Context,
    entry: &LeafEntry,
    key: Option<PrivateKey>,
) -> Result<Vec<crate::report::ImportResult>, Failure> {
    let records = entry.imports()?;
    let key = key.map_or_else(|| LazyKey::of(entry), LazyKey::ready);
    let mut results = Vec::new();
    for record in records.all() {
        let again = ImportArgs::again(record);
        let place = again.ready(context, 1, None, false).and_then(|mut ready| {
            // Other credentials than those of the record find another account's there.
            let arn: CertificateArn = record.arn.parse()?;
            ready.import_to(Some(&arn), context, entry, &key)
        });
        match place {
            Ok(of_place) => results.extend(of_place),
            // The leaf is renewed: what did not reach ACM is told, and done by import-acm.
            Err(failure) => results.push(crate::report::ImportResult {
                name: entry.name(),
                region: record.region.clone(),
                profile: record.profile.clone(),
                outcome: Err(failure),
            }),
        }
    }
    Ok(results)
}
