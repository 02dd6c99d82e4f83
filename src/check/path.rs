//! Whether a certificate is to be believed: a path from it to a trust anchor (RFC 5280
//! §6), its name (RFC 9525 §6), its strength, what was taken back.
//!
//! Paths are built and judged here, so that a refusal names the certificate, the rule
//! and both values; what is found good is put before rustls-webpki as well, and nothing
//! is valid that it refuses. Where it cannot judge (limits on directory names, P-521,
//! policies that are critical), these rules decide alone.

mod build;
mod judge;
mod lists;
mod opinion;
mod peer;

use std::fmt;

use time::OffsetDateTime;

use crate::certificate::{Certificate, TrustAnchor};
use crate::finding::{Finding, Severity};
use crate::revocation::RevocationList;

pub use peer::Peer;

/// The most certificates of a path, leaf and anchor among them.
pub const LONGEST: usize = 20;
/// The most that rustls takes.
pub const LONGEST_OF_RUSTLS: usize = 8;

/// Whether a finding tells of what is asked of a path's form: not of its dates, its name, what
/// was taken back, and whom it leads to.
pub(super) fn is_of_form(code: &str) -> bool {
    const OTHERS: [&str; 10] = [
        "path.expired",
        "path.not-yet-valid",
        "path.anchor-expired",
        "path.no-issuer",
        "path.untrusted",
        "path.signature",
        "path.issuer-name",
        "path.name",
        "path.name-missing",
        "path.revoked",
    ];
    !OTHERS.contains(&code) && !code.starts_with("path.list")
}

/// What the certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// A TLS server shows it.
    Server,
    /// A TLS client shows it.
    Client,
    /// Whatever: nothing is asked of its usages. For CAs, and for other protocols.
    Any,
}

impl Purpose {
    /// The word that flags use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Any => "any",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// What else there is to build a path of, in whatever order.
    pub chain: &'a [Certificate],
    /// Whom to believe.
    pub anchors: &'a [TrustAnchor],
    /// The name under which it was reached.
    pub peer: Option<&'a Peer>,
    /// What it is to be used for.
    pub purpose: Purpose,
    /// When.
    pub at: OffsetDateTime,
    /// What was taken back. Where there is any list, one of the leaf's issuer is wanted.
    pub lists: &'a [RevocationList],
    /// Whether what breaks a rule of form is refused, which clients take (RFC 5280, RFC
    /// 9525 and what of the baseline requirements fits a private CA).
    pub strict: bool,
}

/// What is to be said of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The path, the certificate first and the trust anchor last; where none was found,
    /// as far as it went.
    pub path: Vec<Certificate>,
    /// Whether the path ends in a trust anchor.
    pub anchored: bool,
    /// What is wrong with it: of the path that is least wrong. The place is `leaf`,
    /// `issuer 1` …, `trust anchor`.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether the certificate is to be believed.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.anchored && self.findings.iter().all(|f| f.severity != Severity::Error)
    }
}

/// Looks for a path that nothing is wrong with.
#[must_use]
pub fn verify(question: &Question<'_>) -> Verdict {
    build::Search::new(question).run()
}
