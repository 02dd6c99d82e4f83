//! Signing over SHA-1, for certificates that have to be bad.

use der::{Decode, Reader, SliceReader};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{DerSignature, SigningKey};

use super::PrivateKey;
use crate::error::{Error, Result};

/// An ECDSA signature over the SHA-1 digest of a message, by a P-256 key.
pub(crate) fn sign_with_sha1(key: &PrivateKey, message: &[u8]) -> Result<Vec<u8>> {
    let broken =
        |e: &dyn std::fmt::Display| Error::Internal { doing: "signing over SHA-1", reason: e.to_string() };
    let scalar = scalar(key.secret_der()).map_err(|e| broken(&e))?;
    let signer = SigningKey::from_slice(scalar).map_err(|e| broken(&e))?;
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, message);
    let signature: DerSignature = signer.sign_prehash(digest.as_ref()).map_err(|e| broken(&e))?;
    Ok(signature.as_bytes().to_vec())
}

/// The private number of a PKCS#8 key on a curve (RFC 5208 §5, RFC 5915 §3).
fn scalar(pkcs8: &[u8]) -> der::Result<&[u8]> {
    let mut outer = SliceReader::new(pkcs8)?;
    der::Header::decode(&mut outer)?;
    let (_version, _algorithm) = (outer.tlv_bytes()?, outer.tlv_bytes()?);
    let inner = <&der::asn1::OctetStringRef>::decode(&mut outer)?;
    let mut inner = SliceReader::new(inner.as_bytes())?;
    der::Header::decode(&mut inner)?;
    let _version = inner.tlv_bytes()?;
    Ok(<&der::asn1::OctetStringRef>::decode(&mut inner)?.as_bytes())
}
