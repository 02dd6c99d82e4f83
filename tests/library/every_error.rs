//! One of each kind of error, with its code, its category and its sentence.

use std::io;
use std::path::PathBuf;

use certforge::error::{Category, Error};

pub(crate) fn path() -> PathBuf {
    PathBuf::from("/srv/x.pem")
}

fn text() -> String {
    "x".to_owned()
}

pub(crate) fn no_room() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

/// What every kind of error says.
#[expect(clippy::too_many_lines, reason = "one line or two a kind, read as a page")]
pub(crate) fn all() -> Vec<(Error, &'static str, Category, &'static str)> {
    use Category::{AwsRefused, AwsUnreached, FileSystem, Input, Internal};
    let (not_before, not_after, now) =
        ("2026-01-01".to_owned(), "2026-02-01".to_owned(), "2026-03-01".to_owned());
    vec![
        (
            Error::AlreadyExists { what: "leaf", name: text(), path: path() },
            "store.exists",
            Input,
            "leaf x is there already: /srv/x.pem",
        ),
        (
            Error::AlreadyExists { what: "file", name: "/srv/x.pem".to_owned(), path: path() },
            "store.exists",
            Input,
            "file /srv/x.pem is there already",
        ),
        (
            Error::ApiDocument { code: "GW01", reason: "it is no document".to_owned() },
            "GW01",
            Input,
            "it is no document",
        ),
        (
            Error::Arn { input: text(), reason: "it has five parts" },
            "acm.arn",
            Input,
            "`x` is not the ARN of an ACM certificate: it has five parts",
        ),
        (
            Error::ArnPlace { arn: "arn:1".to_owned(), wanted: "eu-west-1".to_owned() },
            "acm.arn-place",
            Input,
            "arn:1 is not in eu-west-1",
        ),
        (
            Error::AwsAnswer { action: "ImportCertificate", reason: text() },
            "aws.answer",
            AwsUnreached,
            "AWS's answer to ImportCertificate cannot be used: x",
        ),
        (Error::AwsConfig { reason: text() }, "aws.config", Input, "the AWS configuration cannot be used: x"),
        (Error::AwsCredentials { reason: text() }, "aws.credentials", Input, "no credentials for AWS: x"),
        (
            Error::AwsRefused { action: "ListCertificates", aws_code: "Denied".to_owned(), message: text() },
            "aws.refused",
            AwsRefused,
            "AWS refused ListCertificates: Denied: x",
        ),
        (Error::AwsRegion, "aws.region", Input, "no AWS region"),
        (
            Error::AwsUnreached {
                action: "ListCertificates",
                endpoint: "http://h".to_owned(),
                reason: text(),
            },
            "aws.unreached",
            AwsUnreached,
            "no answer to ListCertificates from http://h: x",
        ),
        (
            Error::AwsUnresolved {
                action: "ImportCertificate",
                call: Box::new(Error::AwsRegion),
                look: Box::new(Error::AwsRegion),
            },
            "aws.unresolved",
            AwsUnreached,
            "what ImportCertificate did is not known (no AWS region), and AWS could not be asked (no AWS region)",
        ),
        (
            Error::CaNotValid { subject: text(), not_before, not_after, now },
            "ca.not-valid",
            Input,
            "the CA `x` is valid from 2026-01-01 to 2026-02-01, and it is 2026-03-01",
        ),
        (
            Error::Chain { index: 2, issuer: text(), reason: "nobody signed it" },
            "chain.broken",
            Input,
            "certificate 2 of the chain names the issuer `x`, and nobody signed it",
        ),
        (
            Error::Changed { path: path() },
            "store.changed",
            FileSystem,
            "/srv/x.pem has been replaced or removed by another run meanwhile",
        ),
        (
            Error::Clock { now: "2000-01-01".to_owned() },
            "clock",
            Input,
            "the clock shows 2000-01-01, which is before this program was written",
        ),
        (
            Error::Constrained { name: "a.x".to_owned(), ca: text(), limit: "only .y".to_owned() },
            "ca.constrained",
            Input,
            "the CA `x` may not issue for a.x: only .y",
        ),
        (
            Error::Constraint { input: text(), reason: "no form".to_owned() },
            "ca.constraint",
            Input,
            "`x` is no limit for a CA: no form",
        ),
        (Error::Fault { input: text() }, "acm-sim.fault", Input, "`x` is no fault"),
        (Error::Fixture { input: text() }, "fixtures.fault", Input, "there is no bad certificate `x`"),
        (
            Error::ImportUnsaved { arn: "arn:1".to_owned(), source: Box::new(Error::AwsRegion) },
            "acm.unsaved",
            FileSystem,
            "ACM has the certificate as arn:1, but that could not be written down: no AWS region",
        ),
        (
            Error::Internal { doing: "writing", reason: text() },
            "internal",
            Internal,
            "internal fault while writing: x",
        ),
        (
            Error::Io { doing: "write", path: path(), source: no_room() },
            "file.io",
            FileSystem,
            "cannot write /srv/x.pem: no storage space",
        ),
        (Error::Key { reason: text() }, "key.malformed", Input, "the private key cannot be used: x"),
        (
            Error::KeyAlgorithm { input: text(), known: vec!["p256", "rsa2048"] },
            "key.algorithm",
            Input,
            "`x` is not a key algorithm: p256, rsa2048",
        ),
        (
            Error::KeyForm { algorithm: "Ed25519", form: "sec1" },
            "key.form",
            Input,
            "a key that is Ed25519 has no form sec1",
        ),
        (
            Error::KeyMismatch { certificate: "aa".to_owned(), key: "bb".to_owned() },
            "key.mismatch",
            Input,
            "the private key (public half sha256 bb) does not belong to the certificate (public key sha256 aa)",
        ),
        (
            Error::Listen { address: "127.0.0.1:1".to_owned(), source: no_room() },
            "server.listen",
            FileSystem,
            "cannot listen on 127.0.0.1:1: no storage space",
        ),
        (
            Error::Lock { path: path(), seconds: 30 },
            "store.lock",
            FileSystem,
            "another certforge holds /srv/x.pem (waited 30 s)",
        ),
        (
            Error::MalformedCertificate { reason: text() },
            "certificate.malformed",
            Input,
            "this is not a certificate: x",
        ),
        (
            Error::MalformedCrl { reason: text() },
            "crl.malformed",
            Input,
            "this is not a certificate revocation list: x",
        ),
        (Error::MalformedPem { reason: "no block".to_owned() }, "pem.malformed", Input, "no block"),
        (Error::MalformedRecord { reason: text() }, "store.record", Input, "the record cannot be read: x"),
        (
            Error::MalformedRequest { reason: text() },
            "csr.malformed",
            Input,
            "the signing request cannot be used: x",
        ),
        (Error::Manifest { reason: "line 3".to_owned() }, "manifest", Input, "line 3"),
        (
            Error::Missing { what: "leaf", name: text(), path: path() },
            "store.missing",
            Input,
            "no leaf x in the store /srv/x.pem",
        ),
        (
            Error::Missing { what: "store", name: text(), path: path() },
            "store.missing",
            Input,
            "there is no store at /srv/x.pem",
        ),
        (
            Error::NoAuthority { path: path(), found: "two leaves".to_owned() },
            "ca.none-found",
            Input,
            "no CA that can be taken over in /srv/x.pem: two leaves",
        ),
        (Error::NoNames, "name.none", Input, "no name was given for the certificate"),
        (
            Error::NotACa { subject: text(), reason: "it has CA:FALSE" },
            "ca.not-a-ca",
            Input,
            "`x` is not a CA: it has CA:FALSE",
        ),
        (
            Error::NotOnHold { serial: "4a".to_owned(), reason: "superseded" },
            "revoked.for-good",
            Input,
            "4a is revoked for good (superseded): only what is on hold can be released",
        ),
        (
            Error::NotRenewable { subject: text(), reason: "it has no names" },
            "leaf.not-renewable",
            Input,
            "`x` cannot be asked for again: it has no names",
        ),
        (
            Error::OutlivesIssuer { leaf: "2027".to_owned(), issuer: "2026".to_owned() },
            "validity.outlives-issuer",
            Input,
            "the certificate would be valid to 2027, after its issuer's end 2026",
        ),
        (
            Error::Output { source: no_room() },
            "file.output",
            FileSystem,
            "cannot write the output: no storage space",
        ),
        (
            Error::Passphrase { of: "the CA x".to_owned(), reason: "is wrong" },
            "key.passphrase",
            Input,
            "the pass phrase of the CA x is wrong",
        ),
        (
            Error::Path { path: path(), reason: "is a folder" },
            "file.kind",
            FileSystem,
            "/srv/x.pem is a folder",
        ),
        (
            Error::PathLength { subject: text(), limit: 0 },
            "ca.path-length",
            Input,
            "the path length of the CA `x` is 0: with this, more CAs would stand below it than that",
        ),
        (
            Error::Permissions { path: path(), mode: 0o644 },
            "file.permissions",
            FileSystem,
            "the private key /srv/x.pem has mode 0644: others can read it",
        ),
        (Error::PublicKey { reason: text() }, "key.weak", Input, "the public key cannot be certified: x"),
        (
            Error::Purpose { ca: text(), purpose: "clientAuth".to_owned(), allowed: "serverAuth".to_owned() },
            "ca.purpose",
            Input,
            "`x` may issue for serverAuth alone by its extended key usage, and clientAuth is asked for",
        ),
        (
            Error::Reason { input: text(), known: vec!["superseded"] },
            "crl.reason",
            Input,
            "`x` is no reason for a revocation: superseded",
        ),
        (
            Error::Revoked { subject: text(), is_ca: true, ca: "root".to_owned(), reason: "superseded" },
            "revoked",
            Input,
            "`x` was revoked by the CA root (superseded)",
        ),
        (Error::Row { reason: "no name".to_owned() }, "batch.row", Input, "no name"),
        (
            Error::Rule { input: text(), reason: "ACM would refuse it" },
            "acm.rule",
            Input,
            "the rule `x` cannot be set aside: ACM would refuse it",
        ),
        (
            Error::Serial { input: text() },
            "serial",
            Input,
            "`x` is no serial number: 1 to 20 octets in hexadecimal",
        ),
        (
            Error::Server { address: "h:443".to_owned(), reason: text() },
            "server.unreached",
            AwsUnreached,
            "h:443 shows no certificate: x",
        ),
        (
            Error::Service { input: text(), known: vec!["alb", "nlb"] },
            "acm.service",
            Input,
            "`x` is no service: alb, nlb",
        ),
        (Error::StoreName { input: text() }, "store.name", Input, "`x` is not a name for a CA"),
        (
            Error::StoreVersion { path: path(), found: "9".to_owned(), known: 1 },
            "store.version",
            Input,
            "/srv/x.pem says version 9, and this program knows up to 1",
        ),
        (
            Error::SubjectIsIssuer { subject: text() },
            "subject.issuer",
            Input,
            "`x` is the issuer's own name, and what it issues needs another",
        ),
        (
            Error::Subject { input: text(), reason: "no =".to_owned() },
            "subject.malformed",
            Input,
            "`x` is not a distinguished name: no =",
        ),
        (
            Error::Tag { input: text(), reason: "it has no =" },
            "acm.tag",
            Input,
            "`x` is not a tag: it has no =",
        ),
        (
            Error::TemplateField { name: text(), reason: "line 2".to_owned() },
            "template.field",
            Input,
            "the template `x` cannot be used: line 2",
        ),
        (
            Error::TemplateKind { name: text(), kind: "CAs" },
            "template.kind",
            Input,
            "the template `x` is for CAs",
        ),
        (
            Error::Template { name: text(), known: vec!["server"] },
            "template.unknown",
            Input,
            "no template `x`",
        ),
        (
            Error::Unrecordable { path: path(), source: Box::new(Error::AwsRegion) },
            "acm.unrecordable",
            FileSystem,
            "the ARN could not be kept in /srv/x.pem, so nothing was sent: no AWS region",
        ),
        (
            Error::UnsupportedAlgorithm { algorithm: "1.2.3".to_owned() },
            "key.unsupported",
            Input,
            "the algorithm 1.2.3 is not supported",
        ),
        (
            Error::Usage { input: text(), known: vec!["keyCertSign"] },
            "template.usage",
            Input,
            "`x` is not a key usage",
        ),
        (
            Error::Validity { input: text(), reason: "no number".to_owned() },
            "validity.malformed",
            Input,
            "`x` is not a validity: no number",
        ),
        (
            Error::ValidityTooLong { days: 900, limit: 825 },
            "validity.too-long",
            Input,
            "900 days is longer than a leaf may be valid (825 days)",
        ),
        (
            Error::Lint { findings: vec![("san.missing", "no name".to_owned()), ("serial.zero", text())] },
            "certificate.lint",
            Input,
            "the certificate would break rules and was not signed; san.missing: no name; serial.zero: x",
        ),
    ]
}
