//! Certificates of a private CA: made right, checked before they are signed,
//! kept safely and imported into AWS Certificate Manager.
//!
//! ```
//! use certforge::{Authority, LeafRequest};
//!
//! let ca = Authority::generate("test CA")?; // no files, no runtime
//! let server = ca.issue(&LeafRequest::new(["localhost", "127.0.0.1"])?)?;
//!
//! let chain_for_the_server = server.fullchain_pem()?;
//! let key_for_the_server = server.key().secret_pem()?;
//! let root_for_the_clients = ca.trust_anchor().pem()?;
//! # assert!(chain_for_the_server.starts_with("-----BEGIN CERTIFICATE-----"));
//! # assert!(key_for_the_server.starts_with("-----BEGIN PRIVATE KEY-----"));
//! # assert!(root_for_the_clients.starts_with("-----BEGIN CERTIFICATE-----"));
//! # Ok::<(), certforge::Error>(())
//! ```
//!
//! The way of the data: a [`LeafRequest`] is planned at a time and becomes a
//! [`LeafPlan`]; with a [`PrivateKey`] an [`Authority`] makes it a
//! [`Certificate`]; leaf, key and chain are a [`Bundle`]; a store keeps it, and
//! an importer brings it to ACM. Each type is made only from the one before it.
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `cli` | yes | the command, with all but `aws`, `apigw` and `seeded` |
//! | `aws` | yes | import into ACM, with `store` |
//! | `apigw` | yes | applying API Gateway's documents, with `aws` and `gateway` |
//! | `rsa` | by `cli` | making RSA keys |
//! | `idna` | by `cli` | names that are not ASCII |
//! | `store` | by `cli`, `aws` | the directory |
//! | `gather` | by `cli` | reading files that others made |
//! | `pkcs12` | by `cli` | PKCS#12 and PKCS#7, read and written |
//! | `encryption` | by `store`, `gather` | keys behind pass phrases |
//! | `templates` | by `store` | templates from TOML |
//! | `verify` | by `cli` | judging paths of certificates, with rustls-webpki |
//! | `probe` | by `cli` | what a TLS server shows |
//! | `gateway` | by `cli` | API Gateway's documents |
//! | `acm-sim` | by `cli` | a simulator of ACM, for tests |
//! | `fixtures` | by `cli` | certificates with something wrong with them |
//! | `rustls` | by `cli` | configurations of rustls for both sides of a connection |
//! | `serve` | by `cli` | a TLS server for tests |
//! | `temp-files` | by `cli` | a bundle as files that go away |
//! | `seeded` | never | the same bytes each time, for snapshots: keys that are no secret |
//!
//! Embedders write `default-features = false`.

#![forbid(unsafe_code)]

pub mod authority;
#[cfg(feature = "aws")]
pub mod aws;
pub mod bundle;
pub mod certificate;
pub mod check;
pub mod constraint;
mod encode;
pub mod error;
pub mod finding;
#[cfg(feature = "gateway")]
pub mod gateway;
#[cfg(feature = "gather")]
pub mod gather;
pub mod harness;
pub mod key;
pub mod name;
mod pem;
pub mod plan;
#[cfg(feature = "probe")]
pub mod probe;
pub mod revocation;
pub mod signing_request;
#[cfg(feature = "store")]
pub mod store;
pub mod subject;
pub mod template;
pub mod validity;

pub use authority::{Authority, ToBeSigned};
pub use bundle::Bundle;
pub use certificate::{Certificate, Chain, TrustAnchor};
pub use constraint::{Constraints, Subtree};
pub use error::{Error, Result};
pub use finding::{Finding, Severity};
pub use key::{KeyAlgorithm, PrivateKey, PublicKey, Signer};
pub use name::{Names, San};
pub use plan::{CaPlan, CaRequest, LeafPlan, LeafRequest};
pub use revocation::{ListNumber, Reason, RevocationList, Revoked};
pub use signing_request::SigningRequest;
#[cfg(feature = "store")]
pub use store::Store;
pub use subject::Subject;
pub use template::Template;
pub use validity::{Lifetime, Validity};
