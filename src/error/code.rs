//! What programs tell errors apart by: a stable code, and a category.

use super::Error;

/// What kind of trouble an [`Error`] is. The command's exit status follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// What was given is wrong or does not fit together.
    Input,
    /// The file system or a lock on it refused.
    FileSystem,
    /// AWS was reached and said no.
    AwsRefused,
    /// AWS was not reached, or what it did is not known.
    AwsUnreached,
    /// A fault of this crate or of a library under it.
    Internal,
}

impl Error {
    /// A stable dotted name for programs to match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ApiDocument { code, .. } => code,
            Self::AlreadyExists { .. } => "store.exists",
            Self::Arn { .. } => "acm.arn",
            Self::ArnPlace { .. } => "acm.arn-place",
            Self::AwsAnswer { .. } => "aws.answer",
            Self::AwsConfig { .. } => "aws.config",
            Self::AwsCredentials { .. } => "aws.credentials",
            Self::AwsRefused { .. } => "aws.refused",
            Self::AwsRegion => "aws.region",
            Self::AwsUnreached { .. } => "aws.unreached",
            Self::AwsUnresolved { .. } => "aws.unresolved",
            Self::CaNotValid { .. } => "ca.not-valid",
            Self::Chain { .. } => "chain.broken",
            Self::Changed { .. } => "store.changed",
            Self::Clock { .. } => "clock",
            Self::Constrained { .. } => "ca.constrained",
            Self::Constraint { .. } => "ca.constraint",
            Self::Fault { .. } => "acm-sim.fault",
            Self::Fixture { .. } => "fixtures.fault",
            Self::File { source, .. } | Self::Line { source, .. } => source.code(),
            Self::ImportUnsaved { .. } => "acm.unsaved",
            Self::Internal { .. } => "internal",
            Self::Io { .. } => "file.io",
            Self::Key { .. } => "key.malformed",
            Self::KeyEncryption { .. } => "key.encryption",
            Self::KeyAlgorithm { .. } => "key.algorithm",
            Self::KeyForm { .. } => "key.form",
            Self::KeyMismatch { .. } => "key.mismatch",
            Self::Lint { .. } => "certificate.lint",
            Self::Listen { .. } => "server.listen",
            Self::Lock { .. } => "store.lock",
            Self::MalformedCertificate { .. } => "certificate.malformed",
            Self::Manifest { .. } => "manifest",
            Self::MalformedCrl { .. } => "crl.malformed",
            Self::MalformedPem { .. } => "pem.malformed",
            Self::MalformedRequest { .. } => "csr.malformed",
            Self::MalformedRecord { .. } => "store.record",
            Self::Missing { .. } => "store.missing",
            Self::Name { fault, .. } => fault.code(),
            Self::NoAuthority { .. } => "ca.none-found",
            Self::NoNames => "name.none",
            Self::NotACa { .. } => "ca.not-a-ca",
            Self::NotRenewable { .. } => "leaf.not-renewable",
            Self::Output { .. } => "file.output",
            Self::OutlivesIssuer { .. } => "validity.outlives-issuer",
            Self::Passphrase { .. } => "key.passphrase",
            Self::Path { .. } => "file.kind",
            Self::PathLength { .. } => "ca.path-length",
            Self::Permissions { .. } => "file.permissions",
            Self::PublicKey { .. } => "key.weak",
            Self::Purpose { .. } => "ca.purpose",
            Self::Reason { .. } => "crl.reason",
            Self::Row { .. } => "batch.row",
            Self::Rule { .. } => "acm.rule",
            Self::Revoked { .. } => "revoked",
            Self::NotOnHold { .. } => "revoked.for-good",
            Self::Serial { .. } => "serial",
            Self::Service { .. } => "acm.service",
            Self::StoreName { .. } => "store.name",
            Self::StoreVersion { .. } => "store.version",
            Self::Subject { .. } => "subject.malformed",
            Self::SubjectIsIssuer { .. } => "subject.issuer",
            Self::Tag { .. } => "acm.tag",
            Self::Server { .. } => "server.unreached",
            Self::Template { .. } => "template.unknown",
            Self::TemplateField { .. } => "template.field",
            Self::TemplateKind { .. } => "template.kind",
            Self::Unrecordable { .. } => "acm.unrecordable",
            Self::UnsupportedAlgorithm { .. } => "key.unsupported",
            Self::Usage { .. } => "template.usage",
            Self::Validity { .. } => "validity.malformed",
            Self::ValidityTooLong { .. } => "validity.too-long",
        }
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn category(&self) -> Category {
        match self {
            Self::Changed { .. }
            | Self::ImportUnsaved { .. }
            | Self::Io { .. }
            | Self::Listen { .. }
            | Self::Lock { .. }
            | Self::Output { .. }
            | Self::Path { .. }
            | Self::Permissions { .. }
            | Self::Unrecordable { .. } => Category::FileSystem,
            Self::AwsRefused { .. } => Category::AwsRefused,
            Self::AwsUnreached { .. }
            | Self::AwsUnresolved { .. }
            | Self::AwsAnswer { .. }
            | Self::Server { .. } => Category::AwsUnreached,
            Self::Internal { .. } => Category::Internal,
            Self::File { source, .. } | Self::Line { source, .. } => source.category(),
            _ => Category::Input,
        }
    }
}
