//! Kinds of key.

use std::fmt;

use certforge::{KeyAlgorithm, PublicKey};
use serde::{Serialize, Serializer};

/// A kind of key: in documents as `--key` takes it, for people in words, and in words for
/// both where it is one that is never made.
pub enum KeyKind {
    Made(KeyAlgorithm),
    Other(String),
}

impl KeyKind {
    pub fn of(key: &PublicKey) -> Self {
        key.algorithm().map_or_else(|| Self::Other(key.describe()), Self::Made)
    }

    /// As `--key` takes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Made(algorithm) => algorithm.as_str(),
            Self::Other(words) => words,
        }
    }
}

impl Serialize for KeyKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made(algorithm) => algorithm.label(),
            Self::Other(words) => words,
        })
    }
}
