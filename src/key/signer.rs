//! Signing: one step over bytes that are ready.

use ring::signature::{self as ring_signature, KeyPair};

use super::{KeyAlgorithm, PublicKey};
use crate::error::{Error, Result};

/// A private key made ready to sign. Parsing and checking it is done once, so
/// an authority that signs many certificates holds one of these.
pub struct Signer {
    pair: Pair,
    public: PublicKey,
    random: ring::rand::SystemRandom,
}

enum Pair {
    Ecdsa(Box<ring_signature::EcdsaKeyPair>),
    Ed25519(Box<ring_signature::Ed25519KeyPair>),
    Rsa(Box<ring_signature::RsaKeyPair>),
    #[cfg(feature = "seeded")]
    Seeded(super::seeded::EcdsaKey),
}

/// ring says in one word why it takes no key.
fn in_words(rejected: &str) -> String {
    match rejected {
        "InconsistentComponents" => "its parts do not belong together",
        "InvalidComponent" => "one of its numbers cannot be one of such a key",
        "InvalidEncoding" => "it is not written as its form asks",
        "PublicKeyIsMissing" => "it holds no public half",
        "TooSmall" => "one of its numbers is too small",
        "TooLarge" => "one of its numbers is too large",
        "VersionNotSupported" => "its version is not read",
        "WrongAlgorithm" => "it is of another kind than it says",
        other => other,
    }
    .to_owned()
}

impl Signer {
    /// Reads and checks a PKCS#8 key. For RSA the size in `algorithm` does not matter.
    pub(super) fn from_pkcs8(pkcs8: &[u8], algorithm: KeyAlgorithm) -> Result<Self> {
        let random = ring::rand::SystemRandom::new();
        let broken = |e: ring::error::KeyRejected| Error::Key { reason: in_words(&e.to_string()) };
        let ecdsa = |how| ring_signature::EcdsaKeyPair::from_pkcs8(how, pkcs8, &random).map_err(broken);
        let (pair, public) = match algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
                let how = if algorithm == KeyAlgorithm::P256 {
                    &ring_signature::ECDSA_P256_SHA256_ASN1_SIGNING
                } else {
                    &ring_signature::ECDSA_P384_SHA384_ASN1_SIGNING
                };
                let pair = ecdsa(how)?;
                let public = PublicKey::from_bits(algorithm, pair.public_key().as_ref())?;
                #[cfg(feature = "seeded")]
                if let Some(pair) =
                    super::private::scalar(pkcs8).and_then(|s| super::seeded::EcdsaKey::new(algorithm, s))
                {
                    return Ok(Self { pair: Pair::Seeded(pair), public, random });
                }
                (Pair::Ecdsa(Box::new(pair)), public)
            }
            KeyAlgorithm::Ed25519 => {
                let pair =
                    ring_signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(broken)?;
                let public = PublicKey::from_bits(algorithm, pair.public_key().as_ref())?;
                (Pair::Ed25519(Box::new(pair)), public)
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                let pair = ring_signature::RsaKeyPair::from_pkcs8(pkcs8).map_err(broken)?;
                let size = match pair.public().modulus_len() * 8 {
                    2048 => KeyAlgorithm::Rsa2048,
                    3072 => KeyAlgorithm::Rsa3072,
                    4096 => KeyAlgorithm::Rsa4096,
                    other => {
                        return Err(Error::UnsupportedAlgorithm {
                            algorithm: format!("RSA with {other} bits"),
                        });
                    }
                };
                let public = PublicKey::from_bits(size, pair.public_key().as_ref())?;
                (Pair::Rsa(Box::new(pair)), public)
            }
            KeyAlgorithm::P521 | KeyAlgorithm::Rsa1024 => {
                return Err(Error::UnsupportedAlgorithm {
                    algorithm: format!("signing with {}", algorithm.label()),
                });
            }
        };
        Ok(Self { pair, public, random })
    }

    /// The public half of the key it signs with.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The algorithm of the key it signs with.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        match &self.pair {
            Pair::Ed25519(_) => KeyAlgorithm::Ed25519,
            // `from_pkcs8` made the public key of a known algorithm.
            _ => self.public.algorithm().unwrap_or_default(),
        }
    }

    /// Signs `message`: RSA by PKCS#1 v1.5 with SHA-256, ECDSA with its curve's
    /// digest, Ed25519 as it is.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system gives no random numbers.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let broken = |_| Error::Internal { doing: "signing", reason: "the key was refused".to_owned() };
        match &self.pair {
            Pair::Ecdsa(pair) => Ok(pair.sign(&self.random, message).map_err(broken)?.as_ref().to_vec()),
            #[cfg(feature = "seeded")]
            Pair::Seeded(pair) => pair.sign(message),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(&ring_signature::RSA_PKCS1_SHA256, &self.random, message, &mut out)
                    .map_err(broken)?;
                Ok(out)
            }
        }
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("public", &self.public).finish_non_exhaustive()
    }
}
