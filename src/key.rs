//! Keys: algorithms, private and public halves, signing. The only module that
//! names ring and the `rsa` crate.

mod algorithm;
mod digest;
#[cfg(feature = "encryption")]
mod encrypted;
#[cfg(feature = "gather")]
mod foreign;
mod forms;
mod private;
mod public;
#[cfg(feature = "rsa")]
mod rsa_numbers;
#[cfg(feature = "rsa")]
mod rsa_primes;
#[cfg(feature = "seeded")]
pub(crate) mod seeded;
#[cfg(feature = "fixtures")]
mod sha1;
mod signature;
mod signer;
mod weak;

pub use algorithm::KeyAlgorithm;
pub use digest::{Sha256, hex};
#[cfg(feature = "encryption")]
pub use encrypted::Unlock;
#[cfg(feature = "gather")]
pub(crate) use encrypted::weakness;
#[cfg(feature = "pkcs12")]
pub(crate) use encrypted::{MOST_ROUNDS, MOST_SCRYPT};
pub use private::{KeyForm, PrivateKey};
pub use public::PublicKey;
pub use signature::SignatureAlgorithm;
pub use signer::Signer;

pub(crate) use digest::random;
#[cfg(feature = "pkcs12")]
pub(crate) use private::hold;
pub(crate) use public::EXPLICIT_CURVE;
#[cfg(feature = "verify")]
pub(crate) use public::OtherKind;
#[cfg(feature = "fixtures")]
pub(crate) use sha1::sign_with_sha1;
