//! How a command fails.

use std::sync::Arc;

use certforge::Finding;
use certforge::error::Error;

/// Why a command did not come to a report. Of several leaves each may fail for the
/// same reason, so it can be cloned.
#[derive(Clone)]
pub enum Failure {
    /// The library said so.
    Error(Arc<Error>),
    /// What AWS would refuse was refused here: all that is to be said of it.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for imports alone"))]
    Refused(Vec<Finding>),
    /// The library said so of something, and this of more of the same kind.
    Several(Arc<Error>, Vec<Finding>),
    /// The program that was to be run did not start.
    NotStarted(Arc<Error>),
    /// The command line was wrong in a way that only the handler sees.
    Usage { message: String, hint: String },
}

impl Failure {
    /// That the command line is wrong, and what to type.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(Arc::new(error))
    }
}
