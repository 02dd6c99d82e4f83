//! Keys that ring does not take: curves and sizes that ACM does, and elliptic
//! keys written without their public half, as Java writes them.

use p521::elliptic_curve::sec1::ToSec1Point;
use zeroize::Zeroizing;

use super::KeyAlgorithm;
use crate::error::{Error, Result};

/// The private number in full length and the public point, uncompressed. A point
/// that was given must be the number's own.
pub(super) fn complete(
    algorithm: KeyAlgorithm,
    scalar: &[u8],
    point: Option<&[u8]>,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>)> {
    macro_rules! on_curve {
        ($curve:ident, $length:expr) => {{
            let padded = padded(scalar, $length)?;
            let secret = $curve::SecretKey::from_slice(&padded).map_err(|_| Error::Key {
                reason: "one of its numbers cannot be one of such a key".to_owned(),
            })?;
            let public = secret.public_key();
            if let Some(point) = point {
                let given = $curve::PublicKey::from_sec1_bytes(point).map_err(|_| Error::Key {
                    reason: "one of its numbers cannot be one of such a key".to_owned(),
                })?;
                if given != public {
                    return Err(Error::Key { reason: "its parts do not belong together".to_owned() });
                }
            }
            (padded, public.to_sec1_point(false).as_bytes().to_vec())
        }};
    }
    Ok(match algorithm {
        KeyAlgorithm::P256 => on_curve!(p256, 32),
        KeyAlgorithm::P384 => on_curve!(p384, 48),
        KeyAlgorithm::P521 => on_curve!(p521, 66),
        other => return Err(Error::UnsupportedAlgorithm { algorithm: other.label().to_owned() }),
    })
}

fn padded(scalar: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>> {
    let mut padded = Zeroizing::new(vec![0; length]);
    let start = length
        .checked_sub(scalar.len())
        .ok_or_else(|| Error::Key { reason: "its number is longer than its curve".to_owned() })?;
    padded[start..].copy_from_slice(scalar);
    Ok(padded)
}

/// Whether a key on this curve made this ECDSA signature over a digest of at most 64 octets:
/// P-521, points that are compressed (RFC 5480 §2.2), and pairs of curve and digest that ring
/// has not. None for other kinds of keys, and for a point that is not read here.
pub(super) fn verify_ecdsa(
    curve: KeyAlgorithm,
    point: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Option<bool> {
    use p521::ecdsa::signature::hazmat::PrehashVerifier;
    // A digest is a number (FIPS 186-5 §6.4): one that is shorter than the crate wants it is
    // the same with zeros before it.
    let mut padded = [0; 64];
    padded[64_usize.checked_sub(digest.len())?..].copy_from_slice(digest);
    let digest = if curve == KeyAlgorithm::P521 { &padded[..] } else { digest };
    macro_rules! on_curve {
        ($curve:ident) => {{
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
            let signature = $curve::ecdsa::Signature::from_der(signature);
            signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
        }};
    }
    match curve {
        KeyAlgorithm::P256 => Some(on_curve!(p256)),
        KeyAlgorithm::P384 => Some(on_curve!(p384)),
        KeyAlgorithm::P521 => Some(on_curve!(p521)),
        _ => None,
    }
}

/// The point of a key, uncompressed, whatever form it is written in. None for other kinds
/// of keys, and for what is no point.
pub(super) fn uncompressed(curve: KeyAlgorithm, point: &[u8]) -> Option<Vec<u8>> {
    macro_rules! on_curve {
        ($curve:ident) => {
            $curve::PublicKey::from_sec1_bytes(point).ok()?.to_sec1_point(false).as_bytes().to_vec()
        };
    }
    match curve {
        KeyAlgorithm::P256 => Some(on_curve!(p256)),
        KeyAlgorithm::P384 => Some(on_curve!(p384)),
        KeyAlgorithm::P521 => Some(on_curve!(p521)),
        _ => None,
    }
}

/// The public half of an RSA key of 1024 bits, whose parts are checked.
#[cfg(feature = "rsa")]
pub(super) fn small_rsa(pkcs1: &[u8]) -> Result<super::PublicKey> {
    use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};
    let broken = |e: &dyn std::fmt::Display| Error::Key { reason: e.to_string() };
    let key = rsa::PrivateKey::from_pkcs1_der(pkcs1).map_err(|e| broken(&e))?;
    key.validate().map_err(|e| broken(&e))?;
    let public = key.as_public_key().to_pkcs1_der().map_err(|e| broken(&e))?;
    super::PublicKey::from_bits(KeyAlgorithm::Rsa1024, public.as_bytes())
}
