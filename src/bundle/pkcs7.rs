//! PKCS#7 with certificates alone (RFC 5652 §5, "degenerate"), for Windows.

use cms::content_info::ContentInfo;
use der::pem::LineEnding;
use der::{Decode, Encode};

use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};

/// A leaf and all of its issuers as PKCS#7 in PEM; no key is in it.
///
/// # Errors
/// [`Error::Internal`] where it cannot be written.
pub fn pkcs7_pem(leaf: &Certificate, chain: &Chain) -> Result<String> {
    let broken =
        |e: &dyn std::fmt::Display| Error::Internal { doing: "writing PKCS#7", reason: e.to_string() };
    let all = std::iter::once(leaf).chain(chain.certificates());
    let certificates = all
        .map(|c| x509_cert::Certificate::from_der(c.der()))
        .collect::<der::Result<Vec<_>>>()
        .map_err(|e| broken(&e))?;
    let der = ContentInfo::try_from(certificates).and_then(|info| info.to_der()).map_err(|e| broken(&e))?;
    der::pem::encode_string("PKCS7", LineEnding::LF, &der).map_err(|e| broken(&e))
}
