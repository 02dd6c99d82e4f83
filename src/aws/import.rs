//! Importing once. `ImportCertificate` has no idempotency token: a repeated call
//! makes a second certificate and burns a second of the year's imports. So what is
//! there is looked for first, and after a call whose outcome is not known ACM is
//! asked before anything is repeated.

use aws_sdk_acm::primitives::Blob;

use super::attempts::Lost;
use super::call::{Failed, unresolved};
use super::find::{Found, is_denied, is_gone, is_imported, is_same_chain, is_unreadable};
use super::inventory::{ADD_TAGS, arn_in_answer, sdk_tag};
use super::pace::Progress;
use super::{CertificateArn, Importer, Tag};
use crate::bundle::content_sha256;
use crate::certificate::{Certificate, Chain};
use crate::check::acm::Held;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::key::{PrivateKey, Sha256};

const IMPORT: &str = "ImportCertificate";

/// How long is waited between two looks for a call that may still be at work.
const WATCH: std::time::Duration = std::time::Duration::from_secs(2);

/// How long is waited before each look for a call whose answer was lost.
const LAGS: [std::time::Duration; 4] = [
    std::time::Duration::ZERO,
    std::time::Duration::from_secs(1),
    std::time::Duration::from_secs(2),
    std::time::Duration::from_secs(4),
];

/// How long a call may still be at work whose caller is gone: as long as one may take, and until
/// what came of it is listed.
const AT_WORK: std::time::Duration = std::time::Duration::from_secs(27);

/// How much of the time is left for what comes after the last call.
const REST: std::time::Duration = std::time::Duration::from_millis(500);

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
    /// Where a new certificate is wanted: those that hold the same leaf already, so
    /// that none of them is taken for the new one.
    pub besides: Vec<CertificateArn>,
    /// What could not be found out.
    pub findings: Vec<Finding>,
    /// The SHA-256 over leaf and chain that were asked about.
    sha256: Sha256,
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

impl Importer {
    /// Finds out where an import goes, by calls that change nothing: to the ARN
    /// that was given, else to where the same leaf is already, else to a new one.
    ///
    /// # Errors
    /// [`Error::AwsRefused`], [`Error::AwsUnreached`], [`Error::AwsAnswer`]. That
    /// ACM does not let itself be asked is no error but a finding.
    pub fn prepare(&self, wanted: &Wanted<'_>) -> Result<Prepared> {
        self.calls.run(self.preparation(wanted))
    }

    /// As [`Importer::prepare`], where an import of the same was begun so long ago by somebody
    /// who did not see its end: it may still be at work, and ACM is asked until it is there or
    /// certainly nothing comes of it.
    ///
    /// # Errors
    /// As [`Importer::prepare`]; [`Error::AwsAnswer`] where there is not so much time.
    pub fn prepare_after(&self, wanted: &Wanted<'_>, ago: std::time::Duration) -> Result<Prepared> {
        self.calls.run(async {
            self.watch_others(wanted, AT_WORK.saturating_sub(ago)).await?;
            self.preparation(wanted).await
        })
    }

    async fn watch_others(&self, wanted: &Wanted<'_>, patience: std::time::Duration) -> Result<()> {
        let end = self.calls.clock.now() + patience;
        let reason = "one that was begun before may still be at work";
        while self.calls.clock.now() < end {
            match self.find(wanted.certificate, wanted.chain, true, &[]).await {
                Ok(Found::Nothing | Found::Unread) => {}
                Ok(Found::Same(_) | Found::Leaf(_)) => return Ok(()),
                // Who may not ask learns nothing by waiting, and may wait all the same.
                Err(e) if is_denied(&e) => {}
                Err(e) => return Err(e),
            }
            let now = self.calls.clock.now();
            let wait = WATCH.min(end.saturating_sub(now));
            if now + wait > self.calls.deadline {
                return Err(Error::AwsAnswer { action: IMPORT, reason: reason.to_owned() });
            }
            self.calls.tell(&Progress::Looking { action: IMPORT, reason: reason.to_owned() });
            self.calls.clock.sleep(wait).await;
        }
        Ok(())
    }

    async fn preparation(&self, wanted: &Wanted<'_>) -> Result<Prepared> {
        let mut prepared = Prepared {
            place: Place::New,
            held: Held::default(),
            held_chain: Vec::new(),
            besides: Vec::new(),
            findings: Vec::new(),
            sha256: content_sha256(wanted.certificate, wanted.chain),
        };
        if let Some(arn) = wanted.arn {
            prepared.place = Place::Replace(arn.clone());
            self.look_at(arn, wanted, &mut prepared).await?;
            return Ok(prepared);
        }
        let found = if wanted.new {
            let others = self.find_all(wanted.certificate, wanted.chain).await;
            others.map(|others| {
                prepared.besides = others;
                Found::Nothing
            })
        } else {
            match self.find(wanted.certificate, wanted.chain, false, &[]).await {
                // What is listed may be there for so short a time that not all of ACM knows of it.
                Ok(Found::Unread) => {
                    self.calls.clock.sleep(LAGS[2]).await;
                    self.find(wanted.certificate, wanted.chain, true, &[]).await
                }
                found => found,
            }
        };
        match found {
            Ok(Found::Nothing | Found::Unread) => {}
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
            self.listed.borrow().as_ref().map(|all| all.iter().filter(|s| is_imported(s)).count());
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
        let described = match self.description(arn).await {
            // One that was made a moment ago may not be there yet, and is not to be made again.
            Err(e) if is_gone(&e) => {
                self.calls.clock.sleep(LAGS[1]).await;
                self.description(arn).await
            }
            described => described,
        };
        match described {
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
                if leaf == *wanted.certificate && is_same_chain(&chain, &leaf, wanted.chain) {
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
    /// [`Error::Internal`] where another certificate was prepared: it would take the place of
    /// one that is not its own;
    /// [`Error::AwsRefused`] where nothing was changed; [`Error::AwsUnreached`]
    /// where nothing was sent; [`Error::AwsAnswer`] or [`Error::AwsUnresolved`]
    /// where what was done is not known.
    pub fn import(&self, import: &Import<'_>, prepared: &Prepared) -> Result<Outcome> {
        let sha256 = content_sha256(import.certificate, import.chain);
        if sha256 != prepared.sha256 {
            let reason = "another certificate was prepared for".to_owned();
            return Err(Error::Internal { doing: "importing", reason });
        }
        self.calls.run(self.importing(import, prepared, sha256.to_string()))
    }

    async fn importing(&self, import: &Import<'_>, prepared: &Prepared, sha256: String) -> Result<Outcome> {
        let mut tags = vec![Tag::new(super::CONTENT_TAG, &sha256)?];
        tags.extend_from_slice(import.tags);
        let besides = &prepared.besides;
        let (arn, found) = match &prepared.place {
            Place::There(arn) => (arn.clone(), false),
            Place::New => self.send(import, None, &tags, besides).await?,
            Place::Replace(arn) => self.send(import, Some(arn), &tags, besides).await?,
        };
        // What was imported fresh a moment ago has its tags.
        let untagged = match prepared.place {
            Place::New if !found => None,
            _ => {
                // What is imported is imported, whether or not there is time left for this.
                let left = self.calls.left().saturating_sub(REST);
                let put = tokio::time::timeout(left, self.put_tags(&arn, &tags)).await;
                let late = || Error::AwsAnswer { action: ADD_TAGS, reason: "none came in time".to_owned() };
                put.unwrap_or_else(|_| Err(late())).err()
            }
        };
        Ok(Outcome { arn, sha256, found, untagged })
    }

    /// The call, and whether its result had to be looked for.
    async fn send(
        &self,
        import: &Import<'_>,
        arn: Option<&CertificateArn>,
        tags: &[Tag],
        besides: &[CertificateArn],
    ) -> Result<(CertificateArn, bool)> {
        self.calls.changing.set(Some(IMPORT));
        let sent = self.send_until_known(import, arn, tags, besides).await;
        self.calls.changing.set(None);
        sent
    }

    async fn send_until_known(
        &self,
        import: &Import<'_>,
        arn: Option<&CertificateArn>,
        tags: &[Tag],
        besides: &[CertificateArn],
    ) -> Result<(CertificateArn, bool)> {
        let mut attempts = self.calls.attempts(IMPORT);
        loop {
            attempts.pace().await;
            let failed = match self.send_once(import, arn, tags).await {
                Ok(arn) => return Ok((arn, false)),
                Err(failed) => failed,
            };
            let Some(Lost { error, late }) = attempts.settle(failed).await? else { continue };
            self.calls.tell(&Progress::Looking { action: IMPORT, reason: error.to_string() });
            if late && arn.is_none() {
                return self.watch_for(import, besides, error).await.map(|arn| (arn, true));
            }
            match self.look_for(import, arn, besides).await {
                Ok(Some(arn)) => return Ok((arn, true)),
                Ok(None) => attempts.again(error).await?,
                Err(look) => return Err(unresolved(IMPORT, error, look)),
            }
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
        let answer = call.send().await.map_err(|e| self.calls.failed(IMPORT, &e))?;
        let missing = || {
            Failed::Unknown(Error::AwsAnswer {
                action: IMPORT,
                reason: "it holds no CertificateArn".to_owned(),
            })
        };
        let text = answer.certificate_arn.ok_or_else(missing)?;
        // It is imported, whatever its ARN is like: another call would make a second one.
        arn_in_answer(IMPORT, &text).map_err(Failed::Refused)
    }

    /// Looks whether a call whose answer was lost did its work, for some seconds: what was
    /// stored a moment ago may not be listed yet (the ACM API reference says so of certificates
    /// that are asked for).
    async fn look_for(
        &self,
        import: &Import<'_>,
        arn: Option<&CertificateArn>,
        besides: &[CertificateArn],
    ) -> Result<Option<CertificateArn>> {
        if let Some(arn) = arn {
            // A call to an ARN may be made twice without harm: one look is enough.
            let (leaf, chain) = self.content(arn).await?;
            let done = leaf == *import.certificate && is_same_chain(&chain, &leaf, import.chain);
            return Ok(done.then(|| arn.clone()));
        }
        let mut is_unread = false;
        for wait in LAGS {
            if self.calls.clock.now() + wait > self.calls.deadline {
                break;
            }
            self.calls.clock.sleep(wait).await;
            is_unread = match self.find(import.certificate, import.chain, true, besides).await? {
                Found::Same(arn) | Found::Leaf(arn) => return Ok(Some(arn)),
                Found::Unread => true,
                Found::Nothing => false,
            };
        }
        if is_unread {
            let reason = "the list has one that may be it, and that cannot be read yet".to_owned();
            return Err(Error::AwsAnswer { action: "GetCertificate", reason });
        }
        Ok(None)
    }

    /// Looks, until the deadline, for what a call comes to that gave no answer in
    /// time. It may still be at work, so it is never made again.
    async fn watch_for(
        &self,
        import: &Import<'_>,
        besides: &[CertificateArn],
        e: Error,
    ) -> Result<CertificateArn> {
        loop {
            match self.look_for(import, None, besides).await {
                Ok(Some(arn)) => return Ok(arn),
                Ok(None) if self.calls.clock.now() + WATCH > self.calls.deadline => return Err(e),
                Ok(None) => self.calls.clock.sleep(WATCH).await,
                Err(look) => return Err(unresolved(IMPORT, e, look)),
            }
        }
    }
}

/// That ACM did not let itself be asked something.
fn unasked(e: &Error, what: &str) -> Finding {
    let message = format!("ACM could not be asked {what}: {e}");
    let finding = Finding::new("acm.unasked", Severity::Warning, "permissions", message);
    finding.fix("give these credentials the rights that `certforge acm iam` prints")
}
