//! What a rule or a repair has to say about something it looked at.

use std::fmt;

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Info,
    /// Something was put right on the way; nothing has to be done.
    Fixed,
    /// Something will surprise somebody.
    Warning,
    /// Some client or service refuses this.
    Error,
}

impl Severity {
    /// The lower-case word used in text and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Fixed => "fixed",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing a rule or a repair has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Stable dotted name, such as `certificate.san-missing`.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about: a field, a file, a certificate in the chain.
    pub place: String,
    /// One lower-case sentence with the values that matter.
    pub message: String,
    /// What to do about it; empty where nothing has to be done.
    pub fix: String,
}

impl Finding {
    /// A finding without a fix; add one with [`Finding::fix`].
    #[must_use]
    pub fn new(
        code: &'static str,
        severity: Severity,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { code, severity, place: place.into(), message: message.into(), fix: String::new() }
    }

    /// The same finding with what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
