//! The numbers that lists have.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// The octets of the largest number (RFC 5280 §5.2.3).
const OCTETS: usize = 20;

/// The number of a list: it goes up with each. RFC 5280 §5.2.3 allows 20 octets, and those of
/// other tools fill them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListNumber([u8; OCTETS]);

impl ListNumber {
    /// The octets of a number, the highest first; none where there are more than a list may have.
    pub(crate) fn from_octets(octets: &[u8]) -> Option<Self> {
        let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
        let significant = &octets[start..];
        // A number is written with a sign: the highest bit is none of its own.
        let fits = significant.len() < OCTETS || (significant.len() == OCTETS && significant[0] < 0x80);
        let mut all = [0; OCTETS];
        all.get_mut(OCTETS.checked_sub(significant.len())?..)?.copy_from_slice(significant);
        fits.then_some(Self(all))
    }

    /// Its octets, the highest first.
    pub(crate) const fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The one after it; none behind the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let mut all = self.0;
        for octet in all.iter_mut().rev() {
            let (sum, carried) = octet.overflowing_add(1);
            *octet = sum;
            if !carried {
                break;
            }
        }
        (all[0] < 0x80).then_some(Self(all))
    }

    /// The number where it is not beyond 128 bits.
    #[must_use]
    pub fn as_u128(self) -> Option<u128> {
        let (high, low) = self.0.split_at(OCTETS - 16);
        let small = high.iter().all(|octet| *octet == 0);
        small.then(|| low.iter().fold(0, |n, octet| n << 8 | u128::from(*octet)))
    }
}

impl From<u128> for ListNumber {
    fn from(number: u128) -> Self {
        let mut all = [0; OCTETS];
        all[OCTETS - 16..].copy_from_slice(&number.to_be_bytes());
        Self(all)
    }
}

impl fmt::Display for ListNumber {
    /// In decimals; beyond 128 bits as OpenSSL prints them, `0x` and hexadecimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_u128() {
            Some(number) => write!(f, "{number}"),
            None => write!(f, "0x{}", crate::key::hex(&self.0)),
        }
    }
}

impl FromStr for ListNumber {
    type Err = Error;

    /// Reads what is written of one.
    fn from_str(text: &str) -> Result<Self, Error> {
        let read = match text.strip_prefix("0x") {
            Some(digits) => octets_of(digits).and_then(|octets| Self::from_octets(&octets)),
            None => text.parse().ok().map(|number: u128| number.into()),
        };
        read.ok_or_else(|| Error::MalformedRecord { reason: "it is not the number of a list".to_owned() })
    }
}

fn octets_of(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = digits.as_bytes().chunks_exact(2);
    let is_whole = pairs.remainder().is_empty() && !digits.is_empty();
    let octet = |pair: &[u8]| Some(value(pair.first()?)? << 4 | value(pair.get(1)?)?);
    if is_whole { pairs.map(octet).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::ListNumber;

    #[test]
    fn numbers_go_up_to_twenty_octets_and_are_read_as_they_are_written() {
        let last = ListNumber::from_octets(&[&[0x7f][..], &[0xff; 19]].concat()).unwrap();
        let beyond = ListNumber::from(u128::MAX).next().unwrap();
        assert_eq!((beyond.as_u128(), ListNumber::from(u128::MAX).as_u128()), (None, Some(u128::MAX)));
        assert!(
            ListNumber::from(0) < ListNumber::from(256)
                && ListNumber::from(u128::MAX) < beyond
                && beyond < last
        );
        assert_eq!(last.next(), None);
        assert_eq!(ListNumber::from(255).next(), Some(ListNumber::from(256)));
        for number in [ListNumber::default(), ListNumber::from(41), ListNumber::from(u128::MAX), beyond, last]
        {
            assert_eq!(number.to_string().parse::<ListNumber>().unwrap(), number);
            assert_eq!(ListNumber::from_octets(number.octets()), Some(number));
        }
        assert_eq!(beyond.to_string(), "0x0000000100000000000000000000000000000000");
        assert_eq!(ListNumber::from_octets(&[0x80; 20]), None);
        assert_eq!(ListNumber::from_octets(&[1; 21]), None);
        assert_eq!(ListNumber::from_octets(&[0; 30]), Some(ListNumber::default()));
        for bad in ["", "0x", "0x1", "0xzz", "-1", "one"] {
            assert!(bad.parse::<ListNumber>().is_err(), "{bad}");
        }
    }
}
