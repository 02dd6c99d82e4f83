//! What rustls-webpki says of a path that was found: the only place that names it.

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

use super::{Purpose, Question};
use crate::certificate::Certificate;

/// A second judge's word.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opinion {
    Good,
    /// It has no means to judge this path.
    None,
    Bad(String),
}

pub(super) fn of(question: &Question<'_>, path: &[&Certificate]) -> Opinion {
    let (Some((leaf, rest)), Some(anchor)) = (path.split_first(), path.last()) else { return Opinion::None };
    let usage = match question.purpose {
        Purpose::Server => KeyUsage::server_auth(),
        Purpose::Client => KeyUsage::client_auth(),
        Purpose::Any => return Opinion::None,
    };
    // A CA's, and one that is trusted as it is without its CA: webpki has no word for these.
    if leaf.ca().is_some() || rest.is_empty() && !leaf.is_self_issued() {
        return Opinion::None;
    }
    let below = rest.split_last().map_or(&[][..], |(_, below)| below);
    let intermediates: Vec<CertificateDer<'_>> =
        below.iter().map(|c| CertificateDer::from(c.der())).collect();
    let anchor = CertificateDer::from(anchor.der());
    // Anchors are taken as they are: one that it cannot read is no fault of the path.
    let Ok(anchor) = webpki::anchor_from_trusted_cert(&anchor) else { return Opinion::None };
    let Ok(seconds) = u64::try_from(question.at.unix_timestamp()) else { return Opinion::None };
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let leaf = CertificateDer::from(leaf.der());
    let judged = EndEntityCert::try_from(&leaf).and_then(|leaf| {
        let anchors = [anchor];
        let verified = leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            time,
            usage,
            None,
            None,
        );
        verified.map(|_| ())
    });
    match judged {
        Ok(()) => Opinion::Good,
        Err(e) if cannot_judge(&e, path) => Opinion::None,
        Err(e) => Opinion::Bad(in_words(&e, question.purpose)),
    }
}

/// What is refused here alone, in words; the rest by webpki's own name.
fn in_words(error: &Error, purpose: Purpose) -> String {
    match error {
        Error::RequiredEkuNotFoundContext(_) => {
            let wanted = if purpose == Purpose::Client { "clientAuth" } else { "serverAuth" };
            format!("it looks for {wanted} by name, and anyExtendedKeyUsage does not stand for it")
        }
        other => format!("{other:?}"),
    }
}

/// Whether an error says that webpki lacks something, and not the path.
fn cannot_judge(error: &Error, path: &[&Certificate]) -> bool {
    match error {
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | Error::UnsupportedCriticalExtension
        | Error::UnsupportedCertVersion
        // It takes six intermediates; more are no fault of theirs.
        | Error::MaximumPathDepthExceeded => true,
        // It refuses all limits on directory names and URIs.
        Error::NameConstraintViolation => path.iter().skip(1).any(|authority| {
            let limits = authority.name_constraints().ok().flatten().unwrap_or_default();
            limits.permitted().iter().chain(limits.excluded()).any(|s| !matches!(s.kind(), "dns" | "ip"))
        }),
        _ => false,
    }
}
