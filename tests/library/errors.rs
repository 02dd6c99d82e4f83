//! Errors, each read aloud: its sentence, its code and what kind of trouble it is. Codes and
//! sentences are what scripts and people hold on to.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use certforge::error::{Category, Counted, Error, Escaped, NameFault, Shown, is_invisible};
use certforge::{KeyAlgorithm, LeafRequest, PrivateKey};

fn path() -> PathBuf {
    PathBuf::from("/srv/x.pem")
}

fn text() -> String {
    "x".to_owned()
}

fn no_room() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

/// What every kind of error says.
#[expect(clippy::too_many_lines, reason = "one line or two a kind, read as a page")]
fn all() -> Vec<(Error, &'static str, Category, &'static str)> {
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
            "no leaf x in /srv/x.pem",
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
            "4a was taken back for good (superseded), and is not on hold",
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
            "`x` is no reason to take a certificate back: superseded",
        ),
        (
            Error::Revoked { subject: text(), is_ca: true, ca: "root".to_owned(), reason: "superseded" },
            "revoked",
            Input,
            "`x` was taken back by the CA root (superseded)",
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

#[test]
fn every_error_says_what_it_always_said() {
    for (error, code, category, sentence) in all() {
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.code(), code, "{sentence}");
        assert_eq!(error.category(), category, "{sentence}");
        // One sentence: no advice, no line of its own, nothing to end a paragraph with.
        assert!(!sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn codes_are_words_and_kinds_share_none() {
    let mut codes: Vec<_> = all().into_iter().map(|(error, ..)| error.code()).collect();
    codes.dedup();
    for code in &codes {
        let word = |c: char| c.is_ascii_lowercase() || c == '.' || c == '-';
        assert!(code.chars().all(word) || code.starts_with("GW"), "{code}");
    }
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all, "two kinds of error share a code: {codes:?}");
}

#[test]
fn a_place_is_told_before_the_fault_and_changes_neither_code_nor_kind() {
    let fault = || Error::MalformedPem { reason: "the block has no end".to_owned() };
    let file = Path::new("/srv/pile.pem");
    for (error, sentence) in [
        (fault().in_file(file), "/srv/pile.pem: the block has no end"),
        (fault().in_block(file, 3), "/srv/pile.pem, block 3: the block has no end"),
        (fault().in_line(file, 17), "/srv/pile.pem, line 17: the block has no end"),
    ] {
        assert_eq!(error.to_string(), sentence);
        assert_eq!((error.code(), error.category()), ("pem.malformed", Category::Input));
        assert_eq!(error.source().unwrap().to_string(), "the block has no end");
    }
    let full = Error::Io { doing: "write", path: path(), source: no_room() }.in_file(file);
    assert_eq!(full.category(), Category::FileSystem);
    // It has a path of its own: that of the file that fails, whatever it was read for.
    assert!(full.to_string().contains(path().to_str().unwrap()) && !full.to_string().contains("pile.pem"));
    assert!(full.source().unwrap().downcast_ref::<io::Error>().is_some());
    assert!(Error::NoNames.source().is_none());
    let refused = || Box::new(Error::AwsRegion);
    let causes: [Error; 3] = [
        Error::Unrecordable { path: path(), source: refused() },
        Error::ImportUnsaved { arn: String::new(), source: refused() },
        Error::AwsUnresolved { action: "ImportCertificate", call: refused(), look: Box::new(Error::NoNames) },
    ];
    for error in causes {
        let cause = error.source().unwrap().downcast_ref::<Error>();
        assert!(matches!(cause, Some(Error::AwsRegion)), "{error}");
    }
    assert!(Error::Output { source: no_room() }.source().is_some());
}

/// Who unwraps a result has the error in a log.
#[test]
fn a_key_that_was_pasted_where_a_name_belongs_is_in_no_error() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let pem = key.secret_pem().unwrap();
    let secret = pem.lines().nth(1).unwrap();
    let error = LeafRequest::new([pem.as_str()]).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(secret), "{error}");
    assert!(format!("{error:?}").starts_with(error.code()), "{error:?}");
}

#[test]
fn what_is_foreign_cannot_move_a_terminal() {
    let foreign = "a\u{1b}[2J\u{202e}b\r\n\u{200b}\0\u{85}";
    let shown = "a\\u{1b}[2J\\u{202e}b\\u{d}\\u{a}\\u{200b}\\u{0}\\u{85}";
    assert_eq!(Shown(foreign).to_string(), shown);
    let errors = [
        Error::Subject { input: foreign.to_owned(), reason: foreign.to_owned() },
        Error::Missing { what: "leaf", name: foreign.to_owned(), path: foreign.into() },
        Error::Io { doing: "open", path: foreign.into(), source: no_room() },
        Error::AwsRefused { action: "X", aws_code: foreign.to_owned(), message: foreign.to_owned() },
        Error::Revoked { subject: foreign.to_owned(), is_ca: false, ca: foreign.to_owned(), reason: "x" },
        Error::Manifest { reason: foreign.to_owned() },
        Error::Name { input: foreign.to_owned(), fault: NameFault::Control },
        Error::NoNames.in_file(Path::new(foreign)),
    ];
    for error in errors {
        let sentence = error.to_string();
        assert!(!sentence.chars().any(|c| c.is_control() || is_invisible(c)), "{sentence:?}");
        assert!(sentence.contains(shown), "{sentence}");
    }
}

#[test]
fn what_is_long_is_cut_for_people_and_whole_for_programs() {
    let long = "é".repeat(1000);
    let shown = Shown(&long).to_string();
    assert_eq!(shown.chars().count(), 301);
    assert!(shown.ends_with('…'));
    assert_eq!(Escaped(&long).to_string(), long);
    assert_eq!(Shown(&"e".repeat(300)).to_string().len(), 300);
    // Escapes take the room they take: a thousand zeros are no five thousand characters.
    let zeros = Shown(&"\0".repeat(1000)).to_string();
    assert_eq!(zeros, format!("{}…", "\\u{0}".repeat(60)));
    // Whatever else is in it, a key's text is shown to nobody.
    for text in [
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI",
        "see: -----BEGIN RSA PRIVATE KEY-----",
        &format!("{}-----BEGIN EC PRIVATE KEY-----", "x".repeat(900)),
        // As Kubernetes keeps it.
        "tls.key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VBTUJNR0J5cUdTTTQ5",
    ] {
        assert_eq!(Shown(text).to_string(), "(PEM text, not shown)");
        assert_eq!(Escaped(text).to_string(), "(PEM text, not shown)");
        let error = Error::StoreName { input: text.to_owned() };
        assert_eq!(error.to_string(), "`(PEM text, not shown)` is not a name for a CA");
    }
}

#[test]
fn things_are_counted_in_their_number() {
    assert_eq!(Counted(0_usize, "leaf", "leaves").to_string(), "0 leaves");
    assert_eq!(Counted(1_usize, "leaf", "leaves").to_string(), "1 leaf");
    assert_eq!(Counted(2_u64, "leaf", "leaves").to_string(), "2 leaves");
}
