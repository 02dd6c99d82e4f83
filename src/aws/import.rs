//! Importing once. `ImportCertificate` has no idempotency token: a repeated call
//! makes a second certificate and burns a second of the year's imports. So what is
//! there is looked for first, and after a call whose outcome is not known ACM is
//! asked before anything is repeated.

use aws_sdk_acm::primitives::Blob;
use aws_sdk_acm::types::{CertificateFilter, CertificateFilterStatement, X509AttributeFilter};
use time::OffsetDateTime;

use super::call::Failed;
use super::inventory::{Summary, arn_in_answer, sdk_tag};
use super::pace::Progress;
use super::{CertificateArn, Importer, Tag};
use crate::bundle::content_sha256;
use crate::certificate::{Certificate, Chain};
use crate::check::acm::Held;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::{KeyAlgorithm, PrivateKey};

const IMPORT: &str = "ImportCertificate";
const SEARCH: &str = "SearchCertificates";

/// How often an import whose outcome is not known is made in all.
const ATTEMPTS: u32 = 5;
/// How often an import that cannot be sent is tried in all.
const CONNECTS: u32 = 3;

/// What is wanted in ACM.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The leaf.
    pub certificate: &'a Certificate,
    /// Its issuers, in order; empty for a self-signed leaf.
    pub chain: &'a Chain,
    /// Where it belongs: an ARN that was given, or that is on record.
    pub arn: Option<&'a CertificateArn>,
    /// Whether a new certificate is wanted, whatever is there.
    pub new: bool,
}

/// Where an import goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To a new certificate.
    New,
    /// To this one, whose content changes.
    Replace(CertificateArn),
    /// Nowhere: this one has the same content.
    There(CertificateArn),
}

/// What was found out before an import.
#[derive(Debug)]
pub struct Prepared {
    /// Where it goes.
    pub place: Place,
    /// What ACM holds there, as far as it said.
    pub held: Held,
    /// The chain that ACM holds there.
    pub held_chain: Vec<Certificate>,
    /// What could not be found out.
    pub findings: Vec<Finding>,
}

/// What is imported.
pub struct Import<'a> {
    /// The leaf.
    pub certificate: &'a Certificate,
    /// Its issuers, in order; empty for a self-signed leaf.
    pub chain: &'a Chain,
    /// Its private key.
    pub key: &'a PrivateKey,
    /// Tags, besides the one with the content's digest.
    pub tags: &'a [Tag],
}

/// What came of an import.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The certificate's ARN.
    pub arn: CertificateArn,
    /// The SHA-256 over leaf and chain, as in the tag.
    pub sha256: String,
    /// Whether the answer was lost, and the certificate was found by looking.
    pub found: bool,
    /// Why the tags could not be put on after a re-import, if they could not.
    pub untagged: Option<Error>,
}

/// What a look at ACM found of a content.
enum Found {
    Nothing,
    /// The same leaf and chain.
    Same(CertificateArn),
    /// The same leaf with another chain.
    Leaf(CertificateArn),
}

impl Importer {
    /// Finds out where an import goes, by calls that change nothing: to the ARN
    /// that was given, else to where the same leaf is already, else to a new one.
    ///
    /// # Errors
    /// [`Error::AwsRefused`], [`Error::AwsUnreached`], [`Error::AwsAnswer`]. That
    /// ACM does not let itself be asked is no error but a finding.
    pub fn prepare(&self, wanted: &Wanted<'_>) -> Result<Prepared> {
        self.run(self.preparation(wanted))
    }

    async fn preparation(&self, wanted: &Wanted<'_>) -> Result<Prepared> {
        let mut prepared = Prepared {
            place: Place::New,
            held: Held::default(),
            held_chain: Vec::new(),
            findings: Vec::new(),
        };
        if wanted.new {
            return Ok(prepared);
        }
        if let Some(arn) = wanted.arn {
            prepared.place = Place::Replace(arn.clone());
            self.look_at(arn, wanted, &mut prepared).await?;
            return Ok(prepared);
        }
        match self.find(wanted.certificate, wanted.chain, false).await {
            Ok(Found::Nothing) => {}
            Ok(Found::Same(arn)) => prepared.place = Place::There(arn),
            Ok(Found::Leaf(arn)) => {
                prepared.place = Place::Replace(arn.clone());
                self.look_at(&arn, wanted, &mut prepared).await?;
            }
            Err(e @ Error::AwsRefused { .. }) if is_denied(&e) => {
                prepared.findings.push(unasked(&e, "whether it was imported before"));
            }
            Err(e) => return Err(e),
        }
        prepared.held.count =
            self.listed.borrow().as_ref().map(|all| all.iter().filter(|s| imported(s)).count());
        Ok(prepared)
    }

    /// What is at an ARN, for the rules about re-imports.
    async fn look_at(
        &self,
        arn: &CertificateArn,
        wanted: &Wanted<'_>,
        prepared: &mut Prepared,
    ) -> Result<()> {
        prepared.held.arn = arn.to_string();
        match self.description(arn).await {
            Ok(detail) => {
                prepared.held.kind = detail.summary.kind;
                prepared.held.key_algorithm = detail.summary.key;
                prepared.held.in_use_by = detail.in_use_by;
            }
            Err(e) if is_denied(&e) => prepared.findings.push(unasked(&e, "what uses the certificate")),
            Err(e) => return Err(e),
        }
        match self.content(arn).await {
            Ok((leaf, chain)) => {
                if leaf == *wanted.certificate && chain.starts_with(wanted.chain.certificates()) {
                    prepared.place = Place::There(arn.clone());
                }
                prepared.held.certificate = Some(leaf);
                prepared.held_chain = chain;
            }
            Err(e) if is_denied(&e) => prepared.findings.push(unasked(&e, "what is there now")),
            // Nothing readable is there: nothing to compare with.
            Err(e) if is_unreadable(&e) => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Imports to where [`Importer::prepare`] said. A fresh import carries its tags;
    /// a re-import may not (ACM refuses it), so they are put on after it.
    ///
    /// # Errors
    /// [`Error::AwsRefused`] where nothing was changed; [`Error::AwsUnreached`]
    /// where nothing was sent; [`Error::AwsAnswer`] or [`Error::AwsUnresolved`]
    /// where what was done is not known.
    pub fn import(&self, import: &Import<'_>, place: &Place) -> Result<Outcome> {
        self.run(self.importing(import, place))
    }

    async fn importing(&self, import: &Import<'_>, place: &Place) -> Result<Outcome> {
        let sha256 = content_sha256(import.certificate, import.chain).to_string();
        let mut tags = vec![Tag::new(super::CONTENT_TAG, &sha256)?];
        tags.extend_from_slice(import.tags);
        let (arn, found) = match place {
            Place::There(arn) => (arn.clone(), true),
            Place::New => self.send(import, None, &tags).await?,
            Place::Replace(arn) => self.send(import, Some(arn), &tags).await?,
        };
        // What was imported fresh a moment ago has its tags.
        let untagged = match place {
            Place::New if !found => None,
            _ => self.put_tags(&arn, &tags).await.err(),
        };
        Ok(Outcome { arn, sha256, found, untagged })
    }

    /// The call, and whether its result had to be looked for.
    async fn send(
        &self,
        import: &Import<'_>,
        arn: Option<&CertificateArn>,
        tags: &[Tag],
    ) -> Result<(CertificateArn, bool)> {
        let mut attempt = 1;
        loop {
            self.pace(IMPORT).await;
            match self.send_once(import, arn, tags).await {
                Ok(arn) => return Ok((arn, false)),
                Err(Failed::Refused(e)) => return Err(e),
                Err(Failed::Unsent(e)) if attempt >= CONNECTS => return Err(e),
                Err(Failed::Throttled(e) | Failed::Unsent(e)) => self.back_off(attempt, e).await?,
                Err(Failed::Unknown(e)) => {
                    self.tell(&Progress::Looking { action: IMPORT, reason: e.to_string() });
                    match self.look_for(import, arn).await {
                        Ok(Some(arn)) => return Ok((arn, true)),
                        Ok(None) if attempt >= ATTEMPTS => return Err(e),
                        Ok(None) => self.back_off(attempt, e).await?,
                        Err(look) => {
                            let (call, look) = (Box::new(e), Box::new(look));
                            return Err(Error::AwsUnresolved { action: IMPORT, call, look });
                        }
                    }
                    self.tell(&Progress::Repeating { action: IMPORT, attempt: attempt + 1 });
                }
            }
            attempt += 1;
        }
    }

    async fn send_once(
        &self,
        import: &Import<'_>,
        arn: Option<&CertificateArn>,
        tags: &[Tag],
    ) -> Result<CertificateArn, Failed> {
        let unmade = Failed::Refused;
        let key = import.key.secret_pem().map_err(unmade)?;
        let mut call = self
            .client
            .import_certificate()
            .certificate(Blob::new(import.certificate.pem().map_err(unmade)?))
            .private_key(Blob::new(key.as_bytes()));
        if !import.chain.certificates().is_empty() {
            call = call.certificate_chain(Blob::new(import.chain.pem().map_err(unmade)?));
        }
        call = if let Some(arn) = arn {
            call.certificate_arn(arn.as_str())
        } else {
            let tags = tags.iter().map(sdk_tag).collect::<Result<Vec<_>>>().map_err(unmade)?;
            call.set_tags(Some(tags))
        };
        let answer = call.send().await.map_err(|e| self.failed(IMPORT, &e))?;
        let missing = || {
            Failed::Unknown(Error::AwsAnswer {
                action: IMPORT,
                reason: "it holds no CertificateArn".to_owned(),
            })
        };
        let text = answer.certificate_arn.ok_or_else(missing)?;
        arn_in_answer(IMPORT, &text).map_err(Failed::Unknown)
    }

    /// Looks whether a call whose answer was lost did its work, twice: what was
    /// stored a moment ago may not be listed yet.
    async fn look_for(
        &self,
        import: &Import<'_>,
        arn: Option<&CertificateArn>,
    ) -> Result<Option<CertificateArn>> {
        for _ in 0..2 {
            if let Some(arn) = arn {
                let (leaf, chain) = self.content(arn).await?;
                if leaf == *import.certificate && chain.starts_with(import.chain.certificates()) {
                    return Ok(Some(arn.clone()));
                }
                // A call to an ARN may be made twice without harm.
                return Ok(None);
            }
            match self.find(import.certificate, import.chain, true).await? {
                Found::Same(arn) | Found::Leaf(arn) => return Ok(Some(arn)),
                Found::Nothing => {}
            }
        }
        Ok(None)
    }

    /// Looks for a leaf: by its serial number where ACM can search, else in the
    /// list of all. `fresh` asks anew what was asked before.
    async fn find(&self, leaf: &Certificate, chain: &Chain, fresh: bool) -> Result<Found> {
        if let Some(arns) = self.search(leaf).await {
            for arn in arns {
                match self.compare(&arn, leaf, chain).await? {
                    Found::Nothing => {}
                    found => return Ok(found),
                }
            }
            if !fresh {
                return Ok(Found::Nothing);
            }
        }
        if fresh || self.listed.borrow().is_none() {
            let all = self.listing().await?;
            self.listed.replace(Some(all));
        }
        let likely: Vec<CertificateArn> = self
            .listed
            .borrow()
            .iter()
            .flatten()
            .filter(|summary| may_be(summary, leaf))
            .map(|summary| summary.arn.clone())
            .collect();
        for arn in likely {
            match self.compare(&arn, leaf, chain).await? {
                Found::Nothing => {}
                found => return Ok(found),
            }
        }
        Ok(Found::Nothing)
    }

    /// The ARNs with this serial number; none where ACM cannot be asked that.
    async fn search(&self, leaf: &Certificate) -> Option<Vec<CertificateArn>> {
        if !self.searchable.get() {
            return None;
        }
        self.pace(SEARCH).await;
        // As ACM writes it: pairs of digits with colons between.
        let pairs: Vec<String> = leaf.serial().iter().map(|b| format!("{b:02x}")).collect();
        let serial = X509AttributeFilter::SerialNumber(pairs.join(":"));
        let filter = CertificateFilterStatement::Filter(CertificateFilter::X509AttributeFilter(serial));
        // Newer than the rest of ACM: older stand-ins and some policies do not have it.
        let Ok(answer) = self.client.search_certificates().filter_statement(filter).send().await else {
            self.searchable.set(false);
            return None;
        };
        let arns = answer.results.unwrap_or_default();
        Some(arns.iter().filter_map(|r| r.certificate_arn.as_deref()?.parse().ok()).collect())
    }

    /// Compares what is at an ARN with what is wanted there.
    async fn compare(&self, arn: &CertificateArn, leaf: &Certificate, chain: &Chain) -> Result<Found> {
        let known = self.leaves.borrow().get(arn.as_str()).copied();
        if known.is_some_and(|sha256| sha256 != leaf.sha256()) {
            return Ok(Found::Nothing);
        }
        match self.content(arn).await {
            Ok((there, issuers)) => {
                self.leaves.borrow_mut().insert(arn.to_string(), there.sha256());
                Ok(match (there == *leaf, issuers.starts_with(chain.certificates())) {
                    (false, _) => Found::Nothing,
                    (true, true) => Found::Same(arn.clone()),
                    (true, false) => Found::Leaf(arn.clone()),
                })
            }
            // Without the right to read it, by the tag that an import carries.
            Err(e) if is_denied(&e) => {
                let sha256 = content_sha256(leaf, chain).to_string();
                let tags = self.tags_of(arn).await?;
                let own = tags.iter().any(|t| t.key == super::CONTENT_TAG && t.value == sha256);
                Ok(if own { Found::Same(arn.clone()) } else { Found::Nothing })
            }
            // Gone between the list and now, or nothing anybody can read.
            Err(Error::AwsRefused { aws_code, .. }) if aws_code == "ResourceNotFoundException" => {
                Ok(Found::Nothing)
            }
            Err(e) if is_unreadable(&e) => Ok(Found::Nothing),
            Err(e) => Err(e),
        }
    }
}

fn imported(summary: &Summary) -> bool {
    summary.kind.as_deref().is_none_or(|kind| kind == "IMPORTED")
}

/// Whether a listed certificate can be this leaf, by what the list says.
fn may_be(summary: &Summary, leaf: &Certificate) -> bool {
    let near = |listed: Option<OffsetDateTime>, own: OffsetDateTime| {
        listed.is_none_or(|listed| (listed - own).abs() <= time::Duration::seconds(1))
    };
    let key = leaf.public_key().algorithm().and_then(KeyAlgorithm::acm_name);
    let named = summary.domain.as_ref().is_none_or(|domain| {
        leaf.dns_names_as_written().iter().chain(&leaf.common_names()).any(|n| n.eq_ignore_ascii_case(domain))
    });
    imported(summary)
        && named
        && (summary.key.is_none() || key.is_none() || summary.key.as_deref() == key)
        && near(summary.not_before, leaf.validity().not_before())
        && near(summary.not_after, leaf.validity().not_after())
}

fn is_denied(e: &Error) -> bool {
    matches!(e, Error::AwsRefused { aws_code, .. } if aws_code.starts_with("AccessDenied") || aws_code == "UnauthorizedOperation")
}

/// What ACM holds is no certificate that this crate reads.
const fn is_unreadable(e: &Error) -> bool {
    matches!(e, Error::MalformedCertificate { .. } | Error::MalformedPem { .. })
}

/// That ACM did not let itself be asked something.
fn unasked(e: &Error, what: &str) -> Finding {
    let message = format!("ACM could not be asked {what}: {e}");
    let finding = Finding::new("acm.unasked", Severity::Warning, "permissions", message);
    finding.fix("give these credentials the rights that `certforge acm iam` prints")
}
