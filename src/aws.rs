//! AWS: what is imported, where to, and what came of it.

mod acm;
mod arn;
mod tag;

pub use acm::{Connection, Import, Importer, Outcome};
pub use arn::CertificateArn;
pub use tag::Tag;

/// The tag that a fresh import carries: the SHA-256 over leaf and chain, by
/// which a later run finds it again.
pub const CONTENT_TAG: &str = "certforge:sha256";
