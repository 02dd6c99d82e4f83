//! What ACM holds.

use aws_sdk_acm::primitives::DateTime;
use aws_sdk_acm::types::{CertificateStatus, Filters, KeyAlgorithm};
use time::OffsetDateTime;

use super::{CertificateArn, Importer, Tag};
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};

const LIST: &str = "ListCertificates";
const DESCRIBE: &str = "DescribeCertificate";
const GET: &str = "GetCertificate";
const TAGS: &str = "ListTagsForCertificate";
pub(super) const ADD_TAGS: &str = "AddTagsToCertificate";
const DELETE: &str = "DeleteCertificate";

/// All kinds of key. Without them ACM lists RSA 1024 and 2048 alone (ACM API
/// reference, Filters).
const ALL_KINDS: [KeyAlgorithm; 7] = [
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
];

/// A certificate as ACM lists it. Nothing but the ARN is always there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Its ARN.
    pub arn: CertificateArn,
    /// The name ACM shows for it; none for one without a domain.
    pub domain: Option<String>,
    /// Its DNS names, the first 100.
    pub names: Vec<String>,
    /// `IMPORTED`, `AMAZON_ISSUED`, `PRIVATE`.
    pub kind: Option<String>,
    /// `ISSUED`, `EXPIRED`, …
    pub status: Option<String>,
    /// `RSA_2048`, `EC_prime256v1`, …
    pub key: Option<String>,
    /// From when it is valid.
    pub not_before: Option<OffsetDateTime>,
    /// Until when it is valid.
    pub not_after: Option<OffsetDateTime>,
    /// Whether something uses it.
    pub in_use: Option<bool>,
}

/// A certificate as ACM describes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Detail {
    /// What its list says too.
    pub summary: Summary,
    /// Its subject, as ACM writes it.
    pub subject: Option<String>,
    /// Its issuer, as ACM writes it.
    pub issuer: Option<String>,
    /// Its serial number, as ACM writes it.
    pub serial: Option<String>,
    /// When it was imported last.
    pub imported_at: Option<OffsetDateTime>,
    /// The ARNs of what uses it.
    pub in_use_by: Vec<String>,
}

impl Importer {
    /// All certificates, of every kind of key and in every state.
    ///
    /// # Errors
    /// [`Error::AwsRefused`], [`Error::AwsUnreached`], [`Error::AwsAnswer`].
    pub fn list(&self) -> Result<Vec<Summary>> {
        self.calls.run(self.listing())
    }

    pub(super) async fn listing(&self) -> Result<Vec<Summary>> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let includes = Filters::builder().set_key_types(Some(ALL_KINDS.to_vec())).build();
            let page = self
                .calls
                .ask(LIST, || {
                    let call = self.client.list_certificates().includes(includes.clone()).max_items(1000);
                    call.set_next_token(token.clone()).send()
                })
                .await?;
            for summary in page.certificate_summary_list.unwrap_or_default() {
                // One of a kind that is not known here keeps nobody from the others.
                let Some(Ok(arn)) = summary.certificate_arn.as_deref().map(str::parse) else { continue };
                found.push(Summary {
                    arn,
                    domain: summary.domain_name,
                    names: summary.subject_alternative_name_summaries.unwrap_or_default(),
                    kind: summary.r#type.map(|t| t.as_str().to_owned()),
                    status: summary.status.map(|s| s.as_str().to_owned()),
                    key: summary.key_algorithm.as_ref().map(key_name),
                    not_before: summary.not_before.and_then(instant),
                    not_after: summary.not_after.and_then(instant),
                    in_use: summary.in_use,
                });
            }
            match page.next_token {
                Some(next) if !next.is_empty() && token.as_ref() != Some(&next) => token = Some(next),
                _ => return Ok(found),
            }
        }
    }

    /// What ACM says of one certificate.
    ///
    /// # Errors
    /// As [`Importer::list`]; `ResourceNotFoundException` where there is none.
    pub fn describe(&self, arn: &CertificateArn) -> Result<Detail> {
        self.calls.run(self.description(arn))
    }

    pub(super) async fn description(&self, arn: &CertificateArn) -> Result<Detail> {
        let answer = self
            .calls
            .ask(DESCRIBE, || self.client.describe_certificate().certificate_arn(arn.as_str()).send())
            .await?;
        let detail = answer.certificate.ok_or_else(|| nothing(DESCRIBE))?;
        let in_use_by = detail.in_use_by.unwrap_or_default();
        Ok(Detail {
            summary: Summary {
                arn: arn.clone(),
                domain: detail.domain_name,
                names: detail.subject_alternative_names.unwrap_or_default(),
                kind: detail.r#type.map(|t| t.as_str().to_owned()),
                status: detail.status.map(|s: CertificateStatus| s.as_str().to_owned()),
                key: detail.key_algorithm.as_ref().map(key_name),
                not_before: detail.not_before.and_then(instant),
                not_after: detail.not_after.and_then(instant),
                in_use: Some(!in_use_by.is_empty()),
            },
            subject: detail.subject,
            issuer: detail.issuer,
            serial: detail.serial,
            imported_at: detail.imported_at.and_then(instant),
            in_use_by,
        })
    }

    /// The certificate and the chain at an ARN. The private key cannot be had back.
    ///
    /// # Errors
    /// As [`Importer::list`]; [`Error::MalformedCertificate`] where ACM holds
    /// something else.
    pub fn get(&self, arn: &CertificateArn) -> Result<(Certificate, Vec<Certificate>)> {
        self.calls.run(self.content(arn))
    }

    pub(super) async fn content(&self, arn: &CertificateArn) -> Result<(Certificate, Vec<Certificate>)> {
        let answer = self
            .calls
            .ask(GET, || self.client.get_certificate().certificate_arn(arn.as_str()).send())
            .await?;
        let pem = answer.certificate.ok_or_else(|| nothing(GET))?;
        let leaf = Certificate::from_pem(pem.trim_start().as_bytes())?;
        let chain = Chain::parts(&answer.certificate_chain.unwrap_or_default())?;
        Ok((leaf, chain))
    }

    /// The tags of a certificate.
    ///
    /// # Errors
    /// As [`Importer::list`].
    pub fn tags(&self, arn: &CertificateArn) -> Result<Vec<Tag>> {
        self.calls.run(self.tags_of(arn))
    }

    pub(super) async fn tags_of(&self, arn: &CertificateArn) -> Result<Vec<Tag>> {
        let answer = self
            .calls
            .ask(TAGS, || self.client.list_tags_for_certificate().certificate_arn(arn.as_str()).send())
            .await?;
        let tag = |t: aws_sdk_acm::types::Tag| Tag { key: t.key, value: t.value.unwrap_or_default() };
        Ok(answer.tags.unwrap_or_default().into_iter().map(tag).collect())
    }

    /// Puts tags on a certificate; those it has stay, of the same key the value changes.
    ///
    /// # Errors
    /// As [`Importer::list`].
    pub fn tag(&self, arn: &CertificateArn, tags: &[Tag]) -> Result<()> {
        self.calls.run(self.put_tags(arn, tags))
    }

    pub(super) async fn put_tags(&self, arn: &CertificateArn, tags: &[Tag]) -> Result<()> {
        let tags = tags.iter().map(sdk_tag).collect::<Result<Vec<_>>>()?;
        self.calls
            .ask(ADD_TAGS, || {
                let call = self.client.add_tags_to_certificate().certificate_arn(arn.as_str());
                call.set_tags(Some(tags.clone())).send()
            })
            .await
            .map(|_| ())
    }

    /// Deletes a certificate. ACM refuses one that is in use.
    ///
    /// # Errors
    /// As [`Importer::list`].
    pub fn delete(&self, arn: &CertificateArn) -> Result<()> {
        self.calls.run(async {
            let call = || self.client.delete_certificate().certificate_arn(arn.as_str()).send();
            self.calls.ask(DELETE, call).await.map(|_| ())
        })
    }
}

pub(super) fn sdk_tag(tag: &Tag) -> Result<aws_sdk_acm::types::Tag> {
    aws_sdk_acm::types::Tag::builder()
        .key(&tag.key)
        .value(&tag.value)
        .build()
        .map_err(|e| Error::Internal { doing: "writing a tag", reason: e.to_string() })
}

pub(super) fn arn_in_answer(action: &'static str, text: &str) -> Result<CertificateArn> {
    text.parse().map_err(|e: Error| Error::AwsAnswer { action, reason: e.to_string() })
}

/// Answers spell it with a hyphen, the API reference with an underscore.
fn key_name(key: &KeyAlgorithm) -> String {
    key.as_str().replace('-', "_")
}

fn nothing(action: &'static str) -> Error {
    Error::AwsAnswer { action, reason: "it holds no certificate".to_owned() }
}

fn instant(time: DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.secs()).ok()
}
