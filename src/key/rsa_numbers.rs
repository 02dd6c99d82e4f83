//! Whether the numbers of an RSA key fit together (RFC 8017 §3), and whether its primes
//! can be found from the modulus alone.

use crypto_bigint::{BoxedUint, ConcatenatingMul, ConcatenatingSquare, Limb, NonZero, Resize};
use der::asn1::{AnyRef, UintRef};
use der::{Decode, Reader};
use zeroize::Zeroizing;

/// How often Fermat's method is tried: primes that near are found (CA/Browser Forum
/// baseline requirements §6.1.6).
const FERMAT_ROUNDS: u32 = 100;

type Number = Zeroizing<BoxedUint>;

/// What is wrong with an `RSAPrivateKey` (RFC 8017 appendix A.1.2), if anything is.
#[expect(clippy::many_single_char_names, reason = "the names of RFC 8017")]
pub(super) fn fault(rsa_private_key: &[u8]) -> Option<&'static str> {
    let Some([n, e, d, p, q, dp, dq, qi]) = read(rsa_private_key) else {
        return Some("its numbers cannot be read");
    };
    let one = BoxedUint::one();
    let (Some(p_1), Some(q_1), Some(modulus_p)) =
        (non_zero(p.wrapping_sub(&one)), non_zero(q.wrapping_sub(&one)), non_zero(BoxedUint::clone(&p)))
    else {
        return Some("a prime of it is too small");
    };
    let is = |number: &BoxedUint, wanted: &BoxedUint| number == wanted;
    if !is(&Zeroizing::new(p.concatenating_mul(&*q)), &n) {
        return Some("its modulus is not the product of its primes");
    }
    let product = Zeroizing::new(e.concatenating_mul(&*d));
    if !is(&product.rem(&*p_1), &one) || !is(&product.rem(&*q_1), &one) {
        return Some("its private exponent is not the inverse of the public one");
    }
    let (d_p, d_q) = (Zeroizing::new(d.rem(&*p_1)), Zeroizing::new(d.rem(&*q_1)));
    let fits = is(&d_p, &dp) && is(&d_q, &dq);
    if !fits || !is(&Zeroizing::new(qi.concatenating_mul(&*q)).rem(&*modulus_p), &one) {
        return Some("its numbers for the Chinese remainder theorem are not its own");
    }
    None
}

fn non_zero(number: BoxedUint) -> Option<Zeroizing<NonZero<BoxedUint>>> {
    Option::from(NonZero::new(number)).map(Zeroizing::new)
}

fn read(rsa_private_key: &[u8]) -> Option<[Number; 8]> {
    let numbers = AnyRef::from_der(rsa_private_key).and_then(|any| {
        any.sequence(|reader| {
            let _version: u8 = reader.decode()?;
            let mut numbers = Vec::with_capacity(8);
            for _ in 0..8 {
                let number: UintRef<'_> = reader.decode()?;
                numbers.push(Zeroizing::new(BoxedUint::from_be_slice_vartime(number.as_bytes())));
            }
            while !reader.is_finished() {
                let _other: AnyRef<'_> = reader.decode()?;
            }
            Ok::<_, der::Error>(numbers)
        })
    });
    numbers.ok()?.try_into().ok()
}

/// Whether two primes so near to each other make a modulus (big-endian octets) that
/// Fermat's method finds them at once.
pub(super) fn has_near_primes(modulus: &[u8]) -> bool {
    let n = BoxedUint::from_be_slice_vartime(modulus);
    // One bit more, for the root rounded up is squared.
    let precision = n.bits_precision() + 64;
    let n = n.resize(precision);
    let mut root = n.floor_sqrt_vartime();
    if root.concatenating_square().resize(precision) < n {
        root = root.wrapping_add(BoxedUint::one());
    }
    // From one square to the next it is twice the root and one more: no squaring again.
    let mut rest = root.concatenating_square().resize(precision).wrapping_sub(&n);
    let mut step = root.wrapping_add(&root).wrapping_add(BoxedUint::one());
    let two = BoxedUint::from(2_u64);
    for _ in 0..FERMAT_ROUNDS {
        if may_be_square(&rest) && rest.checked_sqrt_vartime().is_some() {
            return true;
        }
        rest = rest.wrapping_add(&step);
        step = step.wrapping_add(&two);
    }
    false
}

/// Squares leave few remainders: most numbers are told from them without a root.
fn may_be_square(number: &BoxedUint) -> bool {
    const MODULUS: u32 = 9 * 5 * 7 * 11 * 13;
    let remainder = |modulus: u32| {
        let modulus = NonZero::new(Limb::from(modulus));
        Option::<NonZero<Limb>>::from(modulus).map_or(0, |modulus| number.rem_limb(modulus).0)
    };
    let is_square_in = |modulus: u64, rest: u64| (0..modulus).any(|x| x * x % modulus == rest);
    let lowest = number.as_words().first().copied().unwrap_or(0);
    if !is_square_in(64, lowest % 64) {
        return false;
    }
    let rest = remainder(MODULUS);
    [9, 5, 7, 11, 13].into_iter().all(|modulus| is_square_in(modulus, rest % modulus))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(p: u128, q: u128) -> Vec<u8> {
        let number = BoxedUint::from(p).concatenating_mul(&BoxedUint::from(q));
        number.to_be_bytes().to_vec()
    }

    #[test]
    fn near_primes_are_found_and_far_ones_are_not() {
        let p = (1 << 100) + 277;
        assert!(has_near_primes(&product(p, p)));
        assert!(has_near_primes(&product(p, p + 1_000_002)));
        assert!(!has_near_primes(&product(p, (1 << 90) + 7)));
    }

    #[test]
    fn squares_are_kept() {
        for root in [0_u64, 1, 2, 99, 65_537, u64::from(u32::MAX)] {
            assert!(may_be_square(&BoxedUint::from(root * root)), "{root}");
        }
        assert!(!may_be_square(&BoxedUint::from(3_u64)));
    }

    #[test]
    fn numbers_that_do_not_fit_are_told() {
        use der::Encode;
        // p = 61, q = 53, e = 17: RFC 8017's form with numbers of a textbook.
        let good = [3233_u32, 17, 2753, 61, 53, 53, 49, 38];
        let encoded = |numbers: &[u32]| {
            let mut content = vec![2, 1, 0];
            for number in numbers {
                content.extend(number.to_der().unwrap());
            }
            AnyRef::new(der::Tag::Sequence, &content).unwrap().to_der().unwrap()
        };
        assert_eq!(fault(&encoded(&good)), None);
        for changed in 0..good.len() {
            let mut numbers = good;
            numbers[changed] += 2;
            assert!(fault(&encoded(&numbers)).is_some(), "{changed}");
        }
        assert!(fault(&encoded(&[0; 8])).is_some());
        assert!(fault(&encoded(&good[..5])).is_some());
        assert!(fault(b"nonsense").is_some());
    }
}
