//! Finding a certificate that is in ACM already, by the certificate itself.

use aws_sdk_acm::types::{CertificateFilter, CertificateFilterStatement, X509AttributeFilter};
use time::OffsetDateTime;

use super::inventory::Summary;
use super::{CertificateArn, Importer};
use crate::bundle::content_sha256;
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};
use crate::key::{KeyAlgorithm, hex};

const SEARCH: &str = "SearchCertificates";

/// What a look at ACM found of a content.
pub(super) enum Found {
    Nothing,
    /// The same leaf and chain.
    Same(CertificateArn),
    /// The same leaf with another chain.
    Leaf(CertificateArn),
    /// Nothing, and one that may be it is listed and cannot be read: it is gone, or there for so
    /// short a time that not all of ACM knows of it.
    Unread,
}

impl Importer {
    /// Looks for a leaf; `fresh` asks anew what was asked before, and what is in
    /// `besides` is passed over.
    pub(super) async fn find(
        &self,
        leaf: &Certificate,
        chain: &Chain,
        fresh: bool,
        besides: &[CertificateArn],
    ) -> Result<Found> {
        let mut nothing = Found::Nothing;
        for arn in self.likely(leaf, fresh).await?.iter().filter(|arn| !besides.contains(arn)) {
            match self.compare(arn, leaf, chain).await? {
                Found::Nothing => {}
                Found::Unread => nothing = Found::Unread,
                found => return Ok(found),
            }
        }
        Ok(nothing)
    }

    /// All that hold a leaf.
    pub(super) async fn find_all(&self, leaf: &Certificate, chain: &Chain) -> Result<Vec<CertificateArn>> {
        let mut all = Vec::new();
        for arn in self.likely(leaf, false).await? {
            match self.compare(&arn, leaf, chain).await? {
                Found::Nothing | Found::Unread => {}
                Found::Same(arn) | Found::Leaf(arn) => all.push(arn),
            }
        }
        Ok(all)
    }

    /// What may hold a leaf: by its serial number where ACM can search, else from the
    /// list of all.
    async fn likely(&self, leaf: &Certificate, fresh: bool) -> Result<Vec<CertificateArn>> {
        let mut likely = Vec::new();
        let searched = self.search(leaf).await;
        // That a search finds nothing proves nothing: its index may be behind.
        let is_enough = searched.as_ref().is_some_and(|found| !found.is_empty()) && !fresh;
        likely.extend(searched.into_iter().flatten());
        if !is_enough {
            if fresh || self.listed.borrow().is_none() {
                let all = self.listing().await?;
                self.listed.replace(Some(all));
            }
            let listed = self.listed.borrow();
            for summary in listed.iter().flatten().filter(|s| may_be(s, leaf)) {
                if !likely.contains(&summary.arn) {
                    likely.push(summary.arn.clone());
                }
            }
        }
        Ok(likely)
    }

    /// The ARNs with this serial number; none where ACM cannot be asked that.
    async fn search(&self, leaf: &Certificate) -> Option<Vec<CertificateArn>> {
        if !self.searchable.get() {
            return None;
        }
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            self.calls.pace(SEARCH).await;
            let call = self.client.search_certificates().filter_statement(by_serial(leaf));
            // Newer than the rest of ACM: older stand-ins and some policies do not have it.
            let Ok(page) = call.set_next_token(token.clone()).send().await else {
                self.searchable.set(false);
                return None;
            };
            let arns = page.results.unwrap_or_default();
            found.extend(arns.iter().filter_map(|r| r.certificate_arn.as_deref()?.parse().ok()));
            match page.next_token {
                Some(next) if !next.is_empty() && token.as_ref() != Some(&next) => token = Some(next),
                _ => return Some(found),
            }
        }
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
                Ok(match (there == *leaf, is_same_chain(&issuers, leaf, chain)) {
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
            Err(e) if is_gone(&e) => Ok(Found::Unread),
            // Nothing anybody can read.
            Err(e) if is_unreadable(&e) => Ok(Found::Nothing),
            Err(e) => Err(e),
        }
    }
}

/// By the serial number as ACM writes it: pairs of digits with colons between. A
/// leading zero octet is DER's sign and perhaps not written: both are asked for.
fn by_serial(leaf: &Certificate) -> CertificateFilterStatement {
    let filter = |octets: &[u8]| {
        let pairs: Vec<String> = octets.iter().map(|b| hex(&[*b])).collect();
        let serial = X509AttributeFilter::SerialNumber(pairs.join(":"));
        CertificateFilterStatement::Filter(CertificateFilter::X509AttributeFilter(serial))
    };
    match leaf.serial() {
        [0, rest @ ..] if !rest.is_empty() => {
            CertificateFilterStatement::Or(vec![filter(leaf.serial()), filter(rest)])
        }
        all => filter(all),
    }
}

/// Whether ACM holds this chain. Something behind it that did not issue its last
/// is not part of it: a stand-in may add a root of its own.
pub(super) fn is_same_chain(held: &[Certificate], leaf: &Certificate, chain: &Chain) -> bool {
    let wanted = chain.certificates();
    let last = wanted.last().unwrap_or(leaf);
    held.starts_with(wanted)
        && held.get(wanted.len()).is_none_or(|next| next.subject_der() != last.issuer_der())
}

pub(super) fn is_imported(summary: &Summary) -> bool {
    summary.kind.as_deref().is_none_or(|kind| kind == "IMPORTED")
}

/// Whether a listed certificate can be this leaf, by what the list says.
fn may_be(summary: &Summary, leaf: &Certificate) -> bool {
    let near = |listed: Option<OffsetDateTime>, own: OffsetDateTime| {
        listed.is_none_or(|listed| (listed - own).abs() <= time::Duration::seconds(1))
    };
    let key = leaf.public_key().algorithm().and_then(KeyAlgorithm::acm_name);
    // What is shown of one that has no domain nobody says.
    let named = summary.domain.as_ref().filter(|domain| !domain.is_empty()).is_none_or(|domain| {
        let others = leaf.names().into_iter().map(|name| name.to_string());
        let names = leaf.dns_names_as_written().into_iter().chain(leaf.common_names()).chain(others);
        names.into_iter().any(|name| name.eq_ignore_ascii_case(domain))
    });
    is_imported(summary)
        && named
        && (summary.key.is_none() || key.is_none() || summary.key.as_deref() == key)
        && near(summary.not_before, leaf.validity().not_before())
        && near(summary.not_after, leaf.validity().not_after())
}

/// Whether an error says that these credentials may not make the call (IAM user guide,
/// "Troubleshooting access denied error messages").
#[must_use]
pub fn is_denied(e: &Error) -> bool {
    matches!(e, Error::AwsRefused { aws_code, .. } if aws_code.starts_with("AccessDenied") || aws_code == "UnauthorizedOperation")
}

/// Whether an error says that ACM has no such certificate for these credentials: ACM answers so
/// of another account's too (ACM API reference, `ResourceNotFoundException`).
#[must_use]
pub fn is_gone(e: &Error) -> bool {
    matches!(e, Error::AwsRefused { aws_code, .. } if aws_code == "ResourceNotFoundException")
}

/// What ACM holds is no certificate that this crate reads.
pub(super) const fn is_unreadable(e: &Error) -> bool {
    matches!(e, Error::MalformedCertificate { .. } | Error::MalformedPem { .. })
}
