//! RSA key generation.

use rsa::rand_core::{TryCryptoRng, TryRng};

use crate::error::{Error, Result};

/// The operating system's random numbers in the form the `rsa` crate asks for.
struct System(ring::rand::SystemRandom);

impl TryRng for System {
    type Error = NoRandom;

    fn try_next_u32(&mut self) -> Result<u32, NoRandom> {
        let mut b = [0; 4];
        self.try_fill_bytes(&mut b)?;
        Ok(u32::from_le_bytes(b))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandom> {
        let mut b = [0; 8];
        self.try_fill_bytes(&mut b)?;
        Ok(u64::from_le_bytes(b))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), NoRandom> {
        ring::rand::SecureRandom::fill(&self.0, out).map_err(|_| NoRandom)
    }
}

impl TryCryptoRng for System {}

/// The system gave no random numbers.
#[derive(Debug)]
struct NoRandom;

impl std::fmt::Display for NoRandom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the system gave no random numbers")
    }
}

impl std::error::Error for NoRandom {}

/// A key with a modulus of `bits` bits and the exponent 65537.
pub(super) fn generate(bits: usize) -> Result<rsa::PrivateKey> {
    let mut random = System(ring::rand::SystemRandom::new());
    rsa::PrivateKey::new(&mut random, bits)
        .map_err(|e| Error::Internal { doing: "making an RSA key", reason: e.to_string() })
}
