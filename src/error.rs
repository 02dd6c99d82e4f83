//! The one error type: facts, a stable code and a category. No advice: what to
//! type next depends on who asks, so hints live with the command.
//!
//! This module is the ground floor. It holds standard-library values only and
//! imports nothing of the crate's, so every other module may use it.

mod code;
mod message;
mod name_fault;
mod place;
mod shown;

use std::path::PathBuf;

pub use code::Category;
pub use name_fault::NameFault;
#[cfg(feature = "gather")]
pub(crate) use shown::PEM_IN_BASE64;
pub use shown::{Counted, Escaped, Shown, is_invisible};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong. Each variant carries the facts; [`Error::code`]
/// is stable, the wording of `Display` is not.
#[non_exhaustive]
pub enum Error {
    /// A file or folder is there already, and may not be replaced.
    AlreadyExists {
        /// What is there: `leaf`, `CA`, …
        what: &'static str,
        /// Its name.
        name: String,
        /// Where it is.
        path: PathBuf,
    },
    /// A document of API Gateway cannot be used, or not in this way.
    ApiDocument {
        /// Which rule, such as `apigw.GW01`.
        code: &'static str,
        /// What is wrong. Safe to show.
        reason: String,
    },
    /// An ARN names another account or region than the one asked for.
    ArnPlace {
        /// The ARN.
        arn: String,
        /// Where it should be.
        wanted: String,
    },
    /// A text is not the ARN of an ACM certificate.
    Arn {
        /// The text.
        input: String,
        /// Which part is wrong.
        reason: &'static str,
    },
    /// AWS gave no answer in time, or none with what was asked for; nothing says whether the
    /// request took effect.
    AwsAnswer {
        /// The API action, such as `ImportCertificate`.
        action: &'static str,
        /// What was wrong with the answer.
        reason: String,
    },
    /// The AWS configuration cannot be used.
    AwsConfig {
        /// What is wrong with it.
        reason: String,
    },
    /// No credentials for AWS were found.
    AwsCredentials {
        /// What the last source said.
        reason: String,
    },
    /// AWS refused the request.
    AwsRefused {
        /// The API action.
        action: &'static str,
        /// AWS's error code, such as `ValidationException`.
        aws_code: String,
        /// AWS's text.
        message: String,
    },
    /// No AWS region was given or configured.
    AwsRegion,
    /// What a call did is not known, and what AWS holds could not be asked for.
    AwsUnresolved {
        /// The API action.
        action: &'static str,
        /// What became of the call.
        call: Box<Error>,
        /// What became of the look at it.
        look: Box<Error>,
    },
    /// AWS could not be reached: nothing was sent.
    AwsUnreached {
        /// The API action.
        action: &'static str,
        /// Which endpoint.
        endpoint: String,
        /// What the network said.
        reason: String,
    },
    /// The CA's certificate is not valid at this time.
    CaNotValid {
        /// The CA's subject.
        subject: String,
        /// Its first second, RFC 3339.
        not_before: String,
        /// Its last second, RFC 3339.
        not_after: String,
        /// The time asked about, RFC 3339.
        now: String,
    },
    /// What was there has been replaced or removed by another run meanwhile.
    Changed {
        /// Its folder.
        path: PathBuf,
    },
    /// The certificates do not form a chain.
    Chain {
        /// Position of the certificate that the next one should have issued; 0 is the leaf.
        index: usize,
        /// Its issuer, as it names it.
        issuer: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The clock shows a time before this program was written.
    Clock {
        /// The time it shows, RFC 3339.
        now: String,
    },
    /// A text is not a part of names that a CA can be limited to.
    Constraint {
        /// The text.
        input: String,
        /// What is wrong.
        reason: String,
    },
    /// A name that a CA may not issue for.
    Constrained {
        /// The name, or the subject.
        name: String,
        /// The CA's subject.
        ca: String,
        /// The limit, in words: `it permits dns:internal`.
        limit: String,
    },
    /// A text names no bad certificate.
    Fixture {
        /// The text.
        input: String,
    },
    /// A text names no fault of the simulator.
    Fault {
        /// The text.
        input: String,
    },
    /// A trouble in a file: the error, and which file.
    File {
        /// The file.
        path: PathBuf,
        /// Which block of it, counted from 1, where one is to blame.
        block: Option<usize>,
        /// The trouble.
        source: Box<Error>,
    },
    /// ACM has the certificate, and its ARN could not be written down.
    ImportUnsaved {
        /// The ARN.
        arn: String,
        /// What writing it down said.
        source: Box<Error>,
    },
    /// A library under this crate failed in a way that input cannot cause.
    Internal {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        reason: String,
    },
    /// The file system refused.
    Io {
        /// What was being done: `create`, `rename`, …
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A private key cannot be read.
    Key {
        /// Why not. Never holds key material.
        reason: String,
    },
    /// An encrypted private key cannot be opened, whatever the pass phrase.
    KeyEncryption {
        /// Why not.
        reason: String,
    },
    /// A text names no key algorithm.
    KeyAlgorithm {
        /// The text.
        input: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// A form that a private key does not have.
    KeyForm {
        /// The kind of key.
        algorithm: &'static str,
        /// The form.
        form: &'static str,
    },
    /// A private key and a certificate do not belong together.
    KeyMismatch {
        /// SHA-256 of the certificate's public key, hexadecimal.
        certificate: String,
        /// SHA-256 of the private key's public half, hexadecimal.
        key: String,
    },
    /// An address cannot be listened on.
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A trouble in a line of a file: the error, and which line.
    Line {
        /// The file.
        path: PathBuf,
        /// Which line of it, counted from 1.
        line: usize,
        /// The trouble.
        source: Box<Error>,
    },
    /// A certificate breaks rules of its own kind; it was not signed.
    Lint {
        /// Code and message of each broken rule.
        findings: Vec<(&'static str, String)>,
    },
    /// A lock was not free in time.
    Lock {
        /// The lock file.
        path: PathBuf,
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// Bytes are not a certificate.
    MalformedCertificate {
        /// What the parser said.
        reason: String,
    },
    /// A manifest cannot be used.
    Manifest {
        /// What is wrong, with the table or line.
        reason: String,
    },
    /// Bytes are not a certificate revocation list.
    MalformedCrl {
        /// Why not.
        reason: String,
    },
    /// Bytes are not PEM, or hold no block of the wanted kind.
    MalformedPem {
        /// What was found, and what was wanted.
        reason: String,
    },
    /// Bytes are not a signing request, or one that nobody may sign.
    MalformedRequest {
        /// Why not.
        reason: String,
    },
    /// A stored record cannot be read.
    MalformedRecord {
        /// What the parser said.
        reason: String,
    },
    /// Something that should be there is not.
    Missing {
        /// What is missing: `CA`, `leaf`, …
        what: &'static str,
        /// Its name.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A text is not a name a certificate can carry.
    Name {
        /// The text as given.
        input: String,
        /// Why not.
        fault: NameFault,
    },
    /// No CA was found that can be taken over.
    NoAuthority {
        /// Where was looked.
        path: PathBuf,
        /// What was found instead.
        found: String,
    },
    /// A request without a name.
    NoNames,
    /// A certificate is not a CA's.
    NotACa {
        /// Its subject.
        subject: String,
        /// Which extension says so.
        reason: &'static str,
    },
    /// A certificate that cannot be asked for again.
    NotRenewable {
        /// Its subject.
        subject: String,
        /// What about it cannot be.
        reason: &'static str,
    },
    /// The output could not be written.
    Output {
        /// What the system said.
        source: std::io::Error,
    },
    /// The leaf would be valid longer than its issuer.
    OutlivesIssuer {
        /// The leaf's last second, RFC 3339.
        leaf: String,
        /// The issuer's last second, RFC 3339.
        issuer: String,
    },
    /// A pass phrase is missing, wrong or cannot be used.
    Passphrase {
        /// What it is for.
        of: String,
        /// What is the matter with it: `is wrong`, …
        reason: &'static str,
    },
    /// A path component is not what it may be: a link, a device, a file of another owner.
    Path {
        /// The path.
        path: PathBuf,
        /// What it is.
        reason: &'static str,
    },
    /// The chain would be longer than a CA allows.
    PathLength {
        /// The CA's subject.
        subject: String,
        /// How many CAs it allows below itself.
        limit: u8,
    },
    /// A private key file can be read by others.
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// A public key that no CA may certify.
    PublicKey {
        /// Why not.
        reason: String,
    },
    /// A CA, or one above it, is not for what was asked of it.
    Purpose {
        /// Whose extended key usage it is.
        ca: String,
        /// What was asked for, such as `codeSigning`.
        purpose: String,
        /// What it is for, by comma.
        allowed: String,
    },
    /// A text names no reason to take a certificate back.
    Reason {
        /// The text.
        input: String,
        /// The reasons there are.
        known: Vec<&'static str>,
    },
    /// A line of a batch cannot be read.
    Row {
        /// What is wrong with it.
        reason: String,
    },
    /// A text names no rule, or one that cannot be set aside.
    Rule {
        /// The text.
        input: String,
        /// Which of the two.
        reason: &'static str,
    },
    /// A certificate was taken back, and what it is for with it.
    Revoked {
        /// Whose it is.
        subject: String,
        /// Whether that is a CA.
        is_ca: bool,
        /// The CA that took it back.
        ca: String,
        /// Why.
        reason: &'static str,
    },
    /// A certificate was taken back for good.
    NotOnHold {
        /// Its serial number.
        serial: String,
        /// Why it was taken back.
        reason: &'static str,
    },
    /// A text is no serial number.
    Serial {
        /// The text.
        input: String,
    },
    /// A text names no service.
    Service {
        /// The text.
        input: String,
        /// The services there are.
        known: Vec<&'static str>,
    },
    /// A text is not the name of a CA.
    StoreName {
        /// The text.
        input: String,
    },
    /// The store was written by a newer certforge.
    StoreVersion {
        /// The version file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// The newest this program knows.
        known: u32,
    },
    /// A text is not a distinguished name.
    Subject {
        /// The text.
        input: String,
        /// What is wrong.
        reason: String,
    },
    /// What a CA is to issue has the CA's own name: it would be taken for self-signed.
    SubjectIsIssuer {
        /// The name of both.
        subject: String,
    },
    /// A text is not a tag for AWS.
    Tag {
        /// The text.
        input: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// No template of this name.
    Template {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// A template file, or a field set for one, cannot be used.
    TemplateField {
        /// The template's name or its file's path.
        name: String,
        /// What is wrong, with the line or the field.
        reason: String,
    },
    /// A template that is for CAs, asked for a leaf, or the other way round.
    TemplateKind {
        /// Its name.
        name: String,
        /// What it is for: `CAs` or `leaves`.
        kind: &'static str,
    },
    /// The ARN of an import could not be kept, so nothing was sent.
    Unrecordable {
        /// Where it would be kept.
        path: PathBuf,
        /// What the system said.
        source: Box<Error>,
    },
    /// A server was not reached, or speaks no TLS.
    Server {
        /// Its host and port.
        address: String,
        /// What the network or the handshake said.
        reason: String,
    },
    /// A key or a signature of an algorithm this crate cannot use.
    UnsupportedAlgorithm {
        /// Its object identifier or name.
        algorithm: String,
    },
    /// A text names no key usage.
    Usage {
        /// The text.
        input: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// A text is not a duration or a date, or the span is not possible.
    Validity {
        /// The text.
        input: String,
        /// What is wrong.
        reason: String,
    },
    /// A leaf would be valid longer than 825 days.
    ValidityTooLong {
        /// The asked length, in days.
        days: i64,
        /// The limit, in days.
        limit: i64,
    },
}
