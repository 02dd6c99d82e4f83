//! RSA moduli that others can take apart: with a small factor, or of the shape that one
//! maker's chips gave their keys (ROCA, CVE-2017-15361).

/// The primes modulo which a modulus of that shape is always a power of 65537; among random
/// moduli it happens once in hundreds of millions of times (Nemec et al., "The Return of
/// Coppersmith's Attack", §5).
const ROCA: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// What everybody divides by first (CA/Browser Forum baseline requirements §6.1.6).
const SMALL: u32 = 752;

/// What is wrong with a modulus (big-endian octets), if it can be told at a glance.
pub(super) fn modulus(octets: &[u8]) -> Option<String> {
    if octets.last().is_none_or(|b| b & 1 == 0) {
        return Some("its modulus is even".to_owned());
    }
    let mut divisor = 3;
    let mut product = 1_u32;
    let mut factors = Vec::with_capacity(8);
    // Several primes at once: one long division an element, and short ones from there.
    while divisor < SMALL || !factors.is_empty() {
        if divisor < SMALL && is_prime(divisor) {
            if let Some(next) = product.checked_mul(divisor) {
                product = next;
                factors.push(divisor);
                divisor += 2;
                continue;
            }
        } else if divisor < SMALL {
            divisor += 2;
            continue;
        }
        let rest = remainder(octets, product);
        if let Some(factor) = factors.iter().find(|p| rest.is_multiple_of(**p)) {
            return Some(format!("its modulus has the factor {factor}"));
        }
        factors.clear();
        product = 1;
    }
    let shaped = ROCA.iter().all(|p| is_power(remainder(octets, *p), *p));
    shaped.then(|| {
        "its modulus has the shape of keys that can be taken apart (ROCA, CVE-2017-15361)".to_owned()
    })
}

fn is_prime(n: u32) -> bool {
    (3..).step_by(2).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn remainder(octets: &[u8], divisor: u32) -> u32 {
    let step = |rest: u64, octets: &[u8]| {
        let word = octets.iter().fold(0_u64, |word, b| word << 8 | u64::from(*b));
        (rest << (8 * octets.len()) | word) % u64::from(divisor)
    };
    let (head, words) = octets.split_at(octets.len() % 4);
    let rest = words.chunks_exact(4).fold(step(0, head), step);
    u32::try_from(rest).unwrap_or(0)
}

/// Whether a number is a power of 65537 modulo a prime.
fn is_power(number: u32, prime: u32) -> bool {
    let base = 65_537 % prime;
    let mut power = 1;
    loop {
        if power == number {
            return true;
        }
        power = power * base % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_factor_is_found() {
        // 2^256 + 1 is 1238926361552897 times a prime: no small factor. Times 751 there is one.
        let mut fermat = vec![0_u8; 33];
        (fermat[0], fermat[32]) = (1, 1);
        assert_eq!(modulus(&fermat), None);
        let mut product = vec![0_u8; 34];
        product[0..2].copy_from_slice(&751_u16.to_be_bytes());
        product[32..34].copy_from_slice(&751_u16.to_be_bytes());
        assert_eq!(modulus(&product).unwrap(), "its modulus has the factor 751");
        assert_eq!(modulus(&[4]).unwrap(), "its modulus is even");
    }

    #[test]
    fn remainders_are_those_of_whole_numbers() {
        let octets = 0x1234_5678_9abc_def1_u64.to_be_bytes();
        for divisor in [3, 751, 65_537, u32::MAX] {
            let wanted = 0x1234_5678_9abc_def1_u64 % u64::from(divisor);
            assert_eq!(u64::from(remainder(&octets, divisor)), wanted);
            assert_eq!(u64::from(remainder(&octets[1..], divisor)), 0x34_5678_9abc_def1 % u64::from(divisor));
        }
    }

    #[test]
    fn a_power_of_65537_has_the_shape() {
        // 65537^7 is such a number, without being anybody's key.
        let power = 65_537_u128.pow(7).to_be_bytes();
        assert!(modulus(&power).unwrap().contains("ROCA"));
    }
}
