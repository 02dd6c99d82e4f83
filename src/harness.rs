//! For tests: what plays the part of something that cannot be had in a test.

#[cfg(feature = "acm-sim")]
mod acm_sim;

#[cfg(feature = "acm-sim")]
pub use acm_sim::{AcmSim, Fault, Quota, Recorded, Script, Settings};
