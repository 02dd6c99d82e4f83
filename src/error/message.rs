//! What errors say: one sentence each, with the facts, without advice.

use std::fmt;

use super::shown::ShownPath;
use super::{Error, Shown};

impl fmt::Display for Error {
    #[expect(clippy::too_many_lines, reason = "one sentence a variant, read as a page")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyExists { what, name, path } if path.as_os_str() == name.as_str() => {
                write!(f, "{what} {} is there already", Shown(name))
            }
            Self::AlreadyExists { what, name, path } => {
                write!(f, "{what} {} is there already: {}", Shown(name), ShownPath(path))
            }
            Self::Arn { input, reason } => {
                write!(f, "`{}` is not the ARN of an ACM certificate: {reason}", Shown(input))
            }
            Self::ArnPlace { arn, wanted } => {
                write!(f, "{} is not in {}", Shown(arn), Shown(wanted))
            }
            Self::AwsAnswer { action, reason } => {
                write!(f, "AWS's answer to {action} cannot be used: {}", Shown(reason))
            }
            Self::AwsConfig { reason } => {
                write!(f, "the AWS configuration cannot be used: {}", Shown(reason))
            }
            Self::AwsCredentials { reason } => {
                write!(f, "no credentials for AWS: {}", Shown(reason))
            }
            Self::AwsRefused { action, aws_code, message } => {
                write!(f, "AWS refused {action}: {}: {}", Shown(aws_code), Shown(message))
            }
            Self::AwsRegion => f.write_str("no AWS region"),
            Self::AwsUnreached { action, endpoint, reason } => {
                write!(f, "no answer to {action} from {}: {}", Shown(endpoint), Shown(reason))
            }
            Self::AwsUnresolved { action, call, look } => {
                write!(f, "what {action} did is not known ({call}), and AWS could not be asked ({look})")
            }
            Self::CaNotValid { subject, not_before, not_after, now } => write!(
                f,
                "the CA `{}` is valid from {not_before} to {not_after}, and it is {now}",
                Shown(subject)
            ),
            Self::Changed { path } => {
                write!(f, "{} has been replaced or removed by another run meanwhile", ShownPath(path))
            }
            Self::Chain { index, issuer, reason } => write!(
                f,
                "certificate {index} of the chain names the issuer `{}`, and {reason}",
                Shown(issuer)
            ),
            Self::Clock { now } => {
                write!(f, "the clock shows {now}, which is before this program was written")
            }
            Self::Constrained { name, ca, limit } => {
                write!(f, "the CA `{}` may not issue for {}: {}", Shown(ca), Shown(name), Shown(limit))
            }
            Self::Constraint { input, reason } => {
                write!(f, "`{}` is no limit for a CA: {}", Shown(input), Shown(reason))
            }
            Self::Fixture { input } => write!(f, "there is no bad certificate `{}`", Shown(input)),
            Self::Fault { input } => write!(f, "`{}` is no fault", Shown(input)),
            Self::File { path, block: None, source } => {
                write!(f, "{}: {source}", ShownPath(path))
            }
            Self::File { path, block: Some(block), source } => {
                write!(f, "{}, block {block}: {source}", ShownPath(path))
            }
            Self::ImportUnsaved { arn, source } => {
                write!(f, "ACM has the certificate as {arn}, but that could not be written down: {source}")
            }
            Self::Internal { doing, reason } => {
                write!(f, "internal fault while {doing}: {}", Shown(reason))
            }
            Self::Io { doing, path, source } => {
                write!(f, "cannot {doing} {}: {source}", ShownPath(path))
            }
            Self::Key { reason } | Self::KeyEncryption { reason } => {
                write!(f, "the private key cannot be used: {}", Shown(reason))
            }
            Self::KeyAlgorithm { input, known } => {
                write!(f, "`{}` is not a key algorithm: {}", Shown(input), known.join(", "))
            }
            Self::KeyForm { algorithm, form } => write!(f, "a key that is {algorithm} has no form {form}"),
            Self::KeyMismatch { certificate, key } => write!(
                f,
                "the private key (public half sha256 {key}) does not belong to the certificate (public key sha256 {certificate})"
            ),
            Self::Line { path, line, source } => write!(f, "{}, line {line}: {source}", ShownPath(path)),
            Self::Listen { address, source } => write!(f, "cannot listen on {}: {source}", Shown(address)),
            Self::Lint { findings } => {
                f.write_str("the certificate would break rules and was not signed")?;
                write_findings(f, findings)
            }
            Self::Lock { path, seconds } => {
                write!(f, "another certforge holds {} (waited {seconds} s)", ShownPath(path))
            }
            Self::MalformedCertificate { reason } => {
                write!(f, "this is not a certificate: {}", Shown(reason))
            }
            Self::Manifest { reason } | Self::Row { reason } => f.write_str(&Shown(reason).to_string()),
            Self::MalformedCrl { reason } => {
                write!(f, "this is not a certificate revocation list: {}", Shown(reason))
            }
            Self::ApiDocument { reason, .. } | Self::MalformedPem { reason } => f.write_str(reason),
            Self::MalformedRequest { reason } => {
                write!(f, "the signing request cannot be used: {}", Shown(reason))
            }
            Self::MalformedRecord { reason } => {
                write!(f, "the record cannot be read: {}", Shown(reason))
            }
            Self::Missing { what: "store", path, .. } => {
                write!(f, "there is no store at {}", ShownPath(path))
            }
            Self::Missing { what: "chain", name, path } => {
                write!(f, "the issuers of {} are lost: {} is missing or empty", Shown(name), ShownPath(path))
            }
            Self::Missing { what: what @ ("CA" | "leaf"), name, path } => {
                write!(f, "no {what} {} in the store {}", Shown(name), ShownPath(path))
            }
            Self::Missing { what, name, path } => {
                write!(f, "no {what} {} in {}", Shown(name), ShownPath(path))
            }
            Self::Name { input, fault } => {
                write!(f, "`{}` is not a name for a certificate: {fault}", Shown(input))
            }
            Self::NoAuthority { path, found } => {
                write!(f, "no CA that can be taken over in {}: {}", ShownPath(path), Shown(found))
            }
            Self::NoNames => f.write_str("no name was given for the certificate"),
            Self::NotACa { subject, reason: reason @ "its key usage has no cRLSign" } => {
                write!(f, "`{}` may sign no lists: {reason}", Shown(subject))
            }
            Self::NotACa { subject, reason } => {
                write!(f, "`{}` is not a CA: {reason}", Shown(subject))
            }
            Self::NotRenewable { subject, reason } => {
                write!(f, "`{}` cannot be asked for again: {reason}", Shown(subject))
            }
            Self::Output { source } => write!(f, "cannot write the output: {source}"),
            Self::OutlivesIssuer { leaf, issuer } => {
                write!(f, "the certificate would be valid to {leaf}, after its issuer's end {issuer}")
            }
            Self::Passphrase { of, reason } => write!(f, "the pass phrase of {} {reason}", Shown(of)),
            Self::Path { path, reason } => write!(f, "{} {reason}", ShownPath(path)),
            Self::PathLength { subject, limit } => write!(
                f,
                "the path length of the CA `{}` is {limit}: with this, more CAs would stand below it than that",
                Shown(subject)
            ),
            Self::Permissions { path, mode } => {
                write!(f, "the private key {} has mode {mode:04o}: others can read it", ShownPath(path))
            }
            Self::Purpose { ca, purpose, allowed } => write!(
                f,
                "`{}` may issue for {} alone by its extended key usage, and {} is asked for",
                Shown(ca),
                Shown(allowed),
                Shown(purpose)
            ),
            Self::PublicKey { reason } => write!(f, "the public key cannot be certified: {}", Shown(reason)),
            Self::Reason { input, known } => {
                let known = known.join(", ");
                write!(f, "`{}` is no reason for a revocation: {known}", Shown(input))
            }
            Self::Rule { input, reason } => {
                write!(f, "the rule `{}` cannot be set aside: {reason}", Shown(input))
            }
            Self::Revoked { subject, ca, reason, .. } => {
                write!(f, "`{}` was revoked by the CA {} ({reason})", Shown(subject), Shown(ca))
            }
            Self::NotOnHold { serial, reason } => {
                write!(f, "{serial} is revoked for good ({reason}): only what is on hold can be released")
            }
            Self::Serial { input } => {
                write!(f, "`{}` is no serial number: 1 to 20 octets in hexadecimal", Shown(input))
            }
            Self::Server { address, reason } => {
                write!(f, "{} shows no certificate: {}", Shown(address), Shown(reason))
            }
            Self::Service { input, known } => {
                write!(f, "`{}` is no service: {}", Shown(input), known.join(", "))
            }
            Self::StoreName { input } => {
                write!(f, "`{}` is not a name for a CA", Shown(input))
            }
            Self::StoreVersion { path, found, known } => write!(
                f,
                "{} says version {}, and this program knows up to {known}",
                ShownPath(path),
                Shown(found)
            ),
            Self::Subject { input, reason } => {
                write!(f, "`{}` is not a distinguished name: {}", Shown(input), Shown(reason))
            }
            Self::SubjectIsIssuer { subject } => {
                write!(f, "`{}` is the issuer's own name, and what it issues needs another", Shown(subject))
            }
            Self::Tag { input, reason } => {
                write!(f, "`{}` is not a tag: {reason}", Shown(input))
            }
            Self::TemplateField { name, reason } => {
                write!(f, "the template `{}` cannot be used: {}", Shown(name), Shown(reason))
            }
            Self::TemplateKind { name, kind } => {
                write!(f, "the template `{}` is for {kind}", Shown(name))
            }
            Self::Template { name, .. } => write!(f, "no template `{}`", Shown(name)),
            Self::Unrecordable { path, source } => {
                write!(f, "the ARN could not be kept in {}, so nothing was sent: {source}", ShownPath(path))
            }
            Self::UnsupportedAlgorithm { algorithm } => {
                write!(f, "the algorithm {} is not supported", Shown(algorithm))
            }
            Self::Usage { input, .. } => write!(f, "`{}` is not a key usage", Shown(input)),
            Self::Validity { input, reason } => {
                write!(f, "`{}` is not a validity: {}", Shown(input), Shown(reason))
            }
            Self::ValidityTooLong { days, limit } => {
                write!(f, "{days} days is longer than a leaf may be valid ({limit} days)")
            }
        }
    }
}

fn write_findings(f: &mut fmt::Formatter<'_>, findings: &[(&'static str, String)]) -> fmt::Result {
    findings.iter().try_for_each(|(code, message)| write!(f, "; {code}: {}", Shown(message)))
}

impl fmt::Debug for Error {
    /// Its code and its message. Fields hold what was given as it was given, a pasted key too,
    /// which the message hides.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Listen { source, .. } | Self::Output { source } => Some(source),
            Self::File { source, .. }
            | Self::Line { source, .. }
            | Self::ImportUnsaved { source, .. }
            | Self::Unrecordable { source, .. }
            | Self::AwsUnresolved { call: source, .. } => Some(&**source),
            _ => None,
        }
    }
}
