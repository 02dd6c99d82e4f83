//! The kinds of key certforge makes.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A kind of key, with its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256, signing with SHA-256: the library's default.
    #[default]
    P256,
    /// ECDSA on NIST P-384, signing with SHA-384.
    P384,
    /// Ed25519 (RFC 8410). ACM, browsers and Java before 15 do not take it.
    Ed25519,
    /// RSA with a modulus of 2048 bits, signing with SHA-256.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// ECDSA on NIST P-521: read and imported where others made it, never made.
    P521,
    /// RSA with a modulus of 1024 bits: read and imported where others made it, never made.
    Rsa1024,
}

impl KeyAlgorithm {
    /// All that certforge makes and signs with.
    pub const ALL: [Self; 6] =
        [Self::P256, Self::P384, Self::Ed25519, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// All that certforge only reads, because ACM takes them.
    pub const READ_ONLY: [Self; 2] = [Self::P521, Self::Rsa1024];

    /// The name that flags and JSON use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::P521 => "p521",
            Self::Rsa1024 => "rsa1024",
        }
    }

    /// The name people read: `RSA 2048`, `P-256`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Ed25519 => "Ed25519",
            Self::Rsa2048 => "RSA 2048",
            Self::Rsa3072 => "RSA 3072",
            Self::Rsa4096 => "RSA 4096",
            Self::P521 => "P-521",
            Self::Rsa1024 => "RSA 1024",
        }
    }

    /// Whether it is RSA, whose keys may also encipher (RFC 3279 §2.3.1).
    #[must_use]
    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa1024 | Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The name ACM uses for it, where ACM takes it (ACM user guide,
    /// "Prerequisites for importing certificates").
    #[must_use]
    pub const fn acm_name(self) -> Option<&'static str> {
        match self {
            Self::P256 => Some("EC_prime256v1"),
            Self::P384 => Some("EC_secp384r1"),
            Self::Ed25519 => None,
            Self::Rsa2048 => Some("RSA_2048"),
            Self::Rsa3072 => Some("RSA_3072"),
            Self::Rsa4096 => Some("RSA_4096"),
            Self::P521 => Some("EC_secp521r1"),
            Self::Rsa1024 => Some("RSA_1024"),
        }
    }

    /// The modulus length in bits, for RSA.
    #[cfg(feature = "rsa")]
    pub(crate) const fn rsa_bits(self) -> Option<usize> {
        match self {
            Self::Rsa1024 => Some(1024),
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            _ => None,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = Error;

    /// Reads `p256`, `p384`, `ed25519`, `rsa2048`, `rsa3072`, `rsa4096`, and the
    /// spellings other tools use for them.
    fn from_str(input: &str) -> Result<Self> {
        let plain: String = input
            .chars()
            .filter(|c| !matches!(c, '-' | '_' | ':' | ' '))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        Ok(match plain.as_str() {
            "p256" | "ec" | "ecdsa" | "ecp256" | "ecdsap256" | "prime256v1" | "ecprime256v1"
            | "secp256r1" => Self::P256,
            "p384" | "ecp384" | "ecdsap384" | "secp384r1" | "ecsecp384r1" => Self::P384,
            "ed25519" => Self::Ed25519,
            "rsa" | "rsa2048" => Self::Rsa2048,
            "rsa3072" => Self::Rsa3072,
            "rsa4096" => Self::Rsa4096,
            _ => {
                let known = Self::ALL.map(Self::as_str).to_vec();
                return Err(Error::KeyAlgorithm { input: input.to_owned(), known });
            }
        })
    }
}
