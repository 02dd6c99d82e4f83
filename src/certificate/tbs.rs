//! The to-be-signed part of a certificate (RFC 5280 §4.1.1.1), and what is around it.

use der::asn1::BitStringRef;
use der::{Decode, Encode, Reader, SliceReader};
use x509_cert::TbsCertificate;

use crate::certificate::malformed;
use crate::error::Result;
use crate::key::PublicKey;

/// A to-be-signed certificate that has been read.
#[derive(Clone, Debug)]
pub(crate) struct Tbs {
    pub(crate) view: TbsCertificate,
    pub(crate) public_key: PublicKey,
}

impl Tbs {
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let view = TbsCertificate::from_der(der).map_err(|e| malformed(&e))?;
        let spki = view.subject_public_key_info().to_der().map_err(|e| malformed(&e))?;
        Ok(Self { public_key: PublicKey::from_der(&spki)?, view })
    }
}

/// The three members of a certificate.
pub(super) struct Signed<'a> {
    pub(super) tbs: &'a [u8],
    /// The TLV of the signature's algorithm.
    pub(super) algorithm: &'a [u8],
    pub(super) signature: BitStringRef<'a>,
}

impl<'a> Signed<'a> {
    pub(super) fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let signed = reader.sequence(|inner| {
            Ok::<_, der::Error>(Self {
                tbs: inner.tlv_bytes()?,
                algorithm: inner.tlv_bytes()?,
                signature: BitStringRef::decode(inner)?,
            })
        })?;
        reader.finish()?;
        Ok(signed)
    }
}

/// The members of a to-be-signed certificate as raw TLVs.
pub(crate) struct TbsParts<'a> {
    /// Version (where there is one) and serial number.
    pub(crate) head: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) validity: &'a [u8],
    pub(crate) subject: &'a [u8],
    /// The public key and all that follows it.
    pub(crate) tail: &'a [u8],
}

impl<'a> TbsParts<'a> {
    pub(crate) fn read(tbs: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(tbs)?;
        let _header = der::Header::decode(&mut reader)?;
        let head_start = usize::try_from(reader.position())?;
        if reader.peek_byte() == Some(0xa0) {
            let _version = reader.tlv_bytes()?;
        }
        let _serial = reader.tlv_bytes()?;
        let head_end = usize::try_from(reader.position())?;
        let signature = reader.tlv_bytes()?;
        let issuer = reader.tlv_bytes()?;
        let validity = reader.tlv_bytes()?;
        let subject = reader.tlv_bytes()?;
        let tail_start = usize::try_from(reader.position())?;
        Ok(Self {
            head: &tbs[head_start..head_end],
            signature,
            issuer,
            validity,
            subject,
            tail: &tbs[tail_start..],
        })
    }
}
