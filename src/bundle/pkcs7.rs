//! PKCS#7 with certificates alone (RFC 5652 §5, "degenerate"), for Windows.

use cms::content_info::{CmsVersion, ContentInfo};
use cms::revocation::RevocationInfoChoices;
use cms::signed_data::{DigestAlgorithmIdentifiers, EncapsulatedContentInfo, SignerInfos};
use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use der::pem::LineEnding;
use der::{Decode, Encode, Sequence};

use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// `SignedData` with the octets of its certificates. That of `cms` writes them anew, and what
/// was not in DER's own form has another signature's octets then.
#[derive(Sequence)]
struct Degenerate {
    version: CmsVersion,
    digest_algorithms: DigestAlgorithmIdentifiers,
    encap_content_info: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    certificates: SetOfVec<Any>,
    /// There, and empty: as OpenSSL writes it.
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT")]
    crls: RevocationInfoChoices,
    signer_infos: SignerInfos,
}

/// A leaf and all of its issuers as PKCS#7 in PEM; no key is in it.
///
/// # Errors
/// [`Error::Internal`] where it cannot be written.
pub fn pkcs7_pem(leaf: &Certificate, chain: &Chain) -> Result<String> {
    let all = std::iter::once(leaf).chain(chain.certificates());
    let written = || -> der::Result<Vec<u8>> {
        let certificates = all.map(|c| Any::from_der(c.der())).collect::<der::Result<Vec<_>>>()?;
        let all = Degenerate {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::default(),
            encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
            certificates: certificates.try_into()?,
            crls: RevocationInfoChoices(SetOfVec::default()),
            signer_infos: SignerInfos(SetOfVec::default()),
        };
        ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&all)? }.to_der()
    };
    let broken =
        |e: &dyn std::fmt::Display| Error::Internal { doing: "writing PKCS#7", reason: e.to_string() };
    let der = written().map_err(|e| broken(&e))?;
    der::pem::encode_string("PKCS7", LineEnding::LF, &der).map_err(|e| broken(&e))
}
