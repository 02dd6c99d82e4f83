//! For tests: ready configurations of rustls, files that go away, a CA and keys that a
//! process makes once, certificates with something wrong, and what plays the part of something that cannot be had in a test.

#[cfg(feature = "acm-sim")]
mod acm_sim;
#[cfg(feature = "fixtures")]
mod fixtures;
mod keys;
#[cfg(feature = "seeded")]
mod seeded;
#[cfg(feature = "temp-files")]
mod temp_files;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(feature = "serve")]
mod tls_server;

#[cfg(feature = "acm-sim")]
pub use acm_sim::{AcmFault, AcmSim, Quota, Recorded, Script, Settings};
#[cfg(feature = "fixtures")]
pub use fixtures::{ADDRESS, Fault, Fixture, Fixtures, HOST};
pub use keys::{KeyPool, shared_ca};
/// The rustls that the configurations are of.
#[cfg(feature = "rustls")]
pub use rustls;
#[cfg(feature = "seeded")]
pub use seeded::Seeded;
#[cfg(feature = "temp-files")]
pub use temp_files::TempFiles;
#[cfg(feature = "rustls")]
pub use tls::Tls;
#[cfg(feature = "serve")]
pub use tls_server::TlsServer;
