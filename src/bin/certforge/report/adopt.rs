//! CAs that were taken over.

use serde::Serialize;

use super::{CaReport, FindingReport};

#[derive(Serialize)]
pub struct AdoptReport {
    pub authorities: Vec<CaReport>,
    /// How many certificates they had issued were put on record.
    pub certificates: usize,
    /// How many of these they had taken back.
    pub revoked: usize,
    pub findings: Vec<FindingReport>,
}
