//! RSA keys: two primes, found side by side.
//!
//! A candidate is random with its top two bits set, so that the product of two
//! has the full length; the sieve and the test by Baillie and PSW (base 2
//! Miller–Rabin and a Lucas test) are crypto-primes', as in the `rsa` crate.
//! No composite is known that passes it, but nobody has proved that there is
//! none; so a prime has to pass two rounds with random bases too. SECURITY.md
//! says why these are enough.

use crypto_bigint::{BitOps, BoxedUint, Odd, RandomBits};
use crypto_primes::hazmat::{MillerRabin, SmallFactorsSieve};
use crypto_primes::{Flavor, is_prime};
use rsa::rand_core::{TryCryptoRng, TryRng};

use super::digest::fill_random;
use crate::error::{Error, Result};

/// Miller–Rabin rounds with random bases, after the one with base 2.
const RANDOM_BASES: usize = 2;

/// The public exponent (FIPS 186-5 appendix A.1.1 asks for at least this).
const EXPONENT: u64 = 65_537;

/// A key with a modulus of `bits` bits.
pub(super) fn generate(bits: usize) -> Result<rsa::PrivateKey> {
    let half = u32::try_from(bits / 2).map_err(|e| broken(&e))?;
    // A pair is refused once in tens of thousands of times; a loop without an end
    // would hide a fault.
    for _ in 0..16 {
        let (p, q) = two_primes(half)?;
        if too_close(&p, &q, half) {
            continue;
        }
        // Refused where the exponent divides p − 1 or q − 1: once in 32,768 times.
        if let Ok(key) = rsa::PrivateKey::from_p_q(p, q, BoxedUint::from(EXPONENT)) {
            return Ok(key);
        }
    }
    Err(broken(&"no pair of primes was taken"))
}

fn two_primes(bits: u32) -> Result<(BoxedUint, BoxedUint)> {
    #[cfg(feature = "seeded")]
    if super::seeded::now().is_some() {
        // A seed belongs to one thread.
        return Ok((prime(bits)?, prime(bits)?));
    }
    std::thread::scope(|scope| {
        // Where no thread is to be had, as below a limit of processes, one looks for both.
        let other = std::thread::Builder::new().spawn_scoped(scope, || prime(bits));
        let p = prime(bits);
        let q = match other {
            Ok(other) => other.join().unwrap_or_else(|_| Err(broken(&"a thread stopped"))),
            Err(_) => prime(bits),
        };
        Ok((p?, q?))
    })
}

fn broken(reason: &dyn std::fmt::Display) -> Error {
    Error::Internal { doing: "making an RSA key", reason: reason.to_string() }
}

/// A prime of `bits` bits whose top two are set.
fn prime(bits: u32) -> Result<BoxedUint> {
    let mut random = System;
    loop {
        let mut start = BoxedUint::try_random_bits(&mut random, bits).map_err(|e| broken(&e))?;
        start.set_bit_vartime(0, true);
        start.set_bit_vartime(bits - 1, true);
        start.set_bit_vartime(bits - 2, true);
        let length = std::num::NonZeroU32::new(bits).ok_or_else(|| broken(&"no size"))?;
        let mut sieve = SmallFactorsSieve::new(start, length, false).map_err(|e| broken(&e))?;
        let Some(found) = sieve.find(|candidate| is_prime(Flavor::Any, candidate)) else { continue };
        if passes_random_bases(&found, bits, &mut random)? {
            return Ok(found);
        }
    }
}

fn passes_random_bases(candidate: &BoxedUint, bits: u32, random: &mut System) -> Result<bool> {
    let Some(odd) = Option::<Odd<BoxedUint>>::from(Odd::new(candidate.clone())) else { return Ok(false) };
    let test = MillerRabin::new(odd);
    for _ in 0..RANDOM_BASES {
        // One bit shorter than the candidate, so below it; 0 and 1 prove nothing.
        let mut base =
            BoxedUint::try_random_bits_with_precision(random, bits - 1, candidate.bits_precision())
                .map_err(|e| broken(&e))?;
        base.set_bit_vartime(1, true);
        if !test.test(&base).is_probably_prime() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the primes agree in their leading 100 bits (FIPS 186-5 appendix A.1.3),
/// which would let the modulus be factored.
fn too_close(p: &BoxedUint, q: &BoxedUint, bits: u32) -> bool {
    let difference = if p > q { p.wrapping_sub(q) } else { q.wrapping_sub(p) };
    difference.bit_width_vartime() <= bits - 100
}

/// The operating system's random numbers in the form these crates ask for.
struct System;

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
        fill_random(out).map_err(|_| NoRandom)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_have_their_length_and_composites_fail() {
        let p = prime(512).unwrap();
        assert_eq!(p.bit_width_vartime(), 512);
        let mut random = System;
        assert!(passes_random_bases(&p, 512, &mut random).unwrap());
        let composite = p.wrapping_add(BoxedUint::from(2_u64));
        let composite = if is_prime(Flavor::Any, &composite) {
            p.wrapping_sub(BoxedUint::from(2_u64))
        } else {
            composite
        };
        assert!(!passes_random_bases(&composite, 512, &mut random).unwrap());
    }

    #[test]
    fn near_primes_are_told() {
        let p = prime(512).unwrap();
        assert!(too_close(&p, &p.wrapping_add(BoxedUint::from(2_u64)), 512));
        assert!(!too_close(&p, &p.wrapping_sub(&(BoxedUint::one_with_precision(512) << 500)), 512));
    }
}
