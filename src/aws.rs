//! AWS: what is imported into ACM, where to, and what came of it; and documents put into
//! API Gateway's REST APIs.

mod arn;
mod attempts;
mod call;
mod connection;
mod find;
mod http;
mod import;
mod inventory;
mod pace;
mod policy;
mod profile;
#[cfg(feature = "apigw")]
mod rest_api;
mod tag;

pub use arn::{CertificateArn, partition_of};
pub use connection::{Connection, Importer, check_region};
pub use find::{is_denied, is_gone};
pub use import::{Import, Outcome, Place, Prepared, Wanted};
pub use inventory::{Detail, Summary};
pub use pace::{Clock, Progress};
pub use policy::{Purpose, Statement, policy};
#[cfg(feature = "apigw")]
pub use rest_api::{Content, Mode, Operation, RestApi, RestApis};
pub use tag::Tag;

/// The tag that a fresh import carries: the SHA-256 over leaf and chain, by
/// which a later run finds it again.
pub const CONTENT_TAG: &str = "certforge:sha256";
