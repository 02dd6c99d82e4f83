//! What the simulator holds of a certificate.

use time::OffsetDateTime;

use crate::certificate::Certificate;

/// A certificate that was imported. Its key is checked and forgotten.
pub(super) struct Held {
    pub(super) leaf: Certificate,
    pub(super) chain: Vec<Certificate>,
    pub(super) key: String,
    pub(super) tags: Vec<(String, String)>,
    pub(super) users: Vec<String>,
    pub(super) created: OffsetDateTime,
    pub(super) imported: OffsetDateTime,
    /// The order of imports.
    pub(super) number: u64,
}
