//! Random numbers that are none: the same from the same seed, and the clock beside them.
//! For snapshots in tests. What is made so is nobody's secret.

use std::cell::RefCell;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::KeyAlgorithm;
use crate::error::{Error, Result};

struct Source {
    stream: ChaCha20Rng,
    at: OffsetDateTime,
}

thread_local! {
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Puts back what was there before, whatever ends the time in between.
struct Before(Option<Source>);

impl Drop for Before {
    fn drop(&mut self) {
        SOURCE.replace(self.0.take());
    }
}

/// Runs `work` on this thread with the numbers of `seed` and the clock at `at`.
pub(crate) fn during<T>(seed: [u8; 32], at: OffsetDateTime, work: impl FnOnce() -> T) -> T {
    let source = Source { stream: ChaCha20Rng::from_seed(seed), at };
    let _before = Before(SOURCE.replace(Some(source)));
    work()
}

/// Runs `work` on this thread with the system's numbers and clock.
pub(crate) fn outside<T>(work: impl FnOnce() -> T) -> T {
    let _before = Before(SOURCE.replace(None));
    work()
}

/// What says of itself that it was made from a seed.
pub(crate) const MARK: (&str, &str) = ("OU", "seeded: anybody can make this key");

/// The time that it is said to be; none outside of [`during`].
pub(crate) fn now() -> Option<OffsetDateTime> {
    SOURCE.with_borrow(|source| source.as_ref().map(|source| source.at))
}

/// Fills `out` with the seed's next octets; not outside of [`during`].
pub(super) fn fill(out: &mut [u8]) -> bool {
    SOURCE.with_borrow_mut(|source| source.as_mut().map(|source| source.stream.fill_bytes(out)).is_some())
}

/// An EC key's number: ring takes none but the system's random numbers.
pub(super) fn scalar(algorithm: KeyAlgorithm) -> Result<Zeroizing<Vec<u8>>> {
    let length = if algorithm == KeyAlgorithm::P384 { 48 } else { 32 };
    let mut octets = Zeroizing::new(vec![0; length]);
    // One in 2^32 at most is not below the curve's order.
    for _ in 0..64 {
        fill(&mut octets);
        if super::foreign::complete(algorithm, &octets, None).is_ok() {
            return Ok(octets);
        }
    }
    Err(Error::Internal { doing: "making a key", reason: "no number was taken".to_owned() })
}

/// A key that signs the same message in the same way each time (RFC 6979): ring asks the
/// system for a number.
pub(super) enum EcdsaKey {
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

impl EcdsaKey {
    /// Of a key's number; none where it is no key of these curves, and outside of [`during`].
    pub(super) fn new(algorithm: KeyAlgorithm, scalar: &[u8]) -> Option<Self> {
        now()?;
        match algorithm {
            KeyAlgorithm::P256 => {
                p256::ecdsa::SigningKey::from_slice(scalar).ok().map(|k| Self::P256(Box::new(k)))
            }
            KeyAlgorithm::P384 => {
                p384::ecdsa::SigningKey::from_slice(scalar).ok().map(|k| Self::P384(Box::new(k)))
            }
            _ => None,
        }
    }

    /// A signature with the curve's digest, DER.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        use p256::ecdsa::signature::Signer;
        let broken = |_| Error::Internal { doing: "signing", reason: "the key was refused".to_owned() };
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(broken)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.try_sign(message).map_err(broken)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
        }
    }
}
