//! The rules. Each is a pure function from what it looks at to findings; none
//! of them touches a file, the network or the clock.

pub mod acm;
#[cfg(feature = "verify")]
pub mod backend;
pub mod certificate;
#[cfg(feature = "verify")]
pub mod clients;
#[cfg(feature = "verify")]
pub mod path;
pub mod revocation;
