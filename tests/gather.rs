//! What a pile of files comes to: which parts, in which order, and each thing that was put
//! right or cannot be, word by word. Everything is made here and damaged here.

mod support;

use std::path::Path;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::bundle::Pkcs12Strength;
use certforge::gather::{Gathered, Parts, Pile, Role, clean_certificates, signing_requests};
use certforge::{
    Authority, Bundle, CaRequest, Certificate, Finding, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey,
    Severity, SigningRequest,
};
use support::made::authority;
use time::OffsetDateTime;

const PASSPHRASE: &str = "correct horse";

/// A root, an intermediate that was renewed, a leaf, and what has nothing to do with them.
struct House {
    root: String,
    middle: String,
    leaf: String,
    key: String,
    locked: String,
    other: String,
    other_key: String,
    request: String,
}

fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let now = OffsetDateTime::now_utc();
        let new_key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let root = Authority::create(&CaRequest::new("root").unwrap().plan(now).unwrap(), new_key()).unwrap();
        let middle = root
            .create_under(
                &CaRequest::new("middle")
                    .unwrap()
                    .path_length(Some(0))
                    .plan(now)
                    .unwrap()
                    .within(root.validity()),
                new_key(),
            )
            .unwrap();
        let issued = issue(&middle, "a.example");
        let other = authority("other");
        let request = SigningRequest::create(
            &LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256).plan(now).unwrap(),
            &new_key(),
        )
        .unwrap();
        House {
            root: root.certificate().pem().unwrap(),
            middle: middle.certificate().pem().unwrap(),
            leaf: issued.leaf().pem().unwrap(),
            key: issued.key().secret_pem().unwrap().to_string(),
            locked: issued.key().encrypted_pem(PASSPHRASE).unwrap(),
            other: other.certificate().pem().unwrap(),
            other_key: other.key().secret_pem().unwrap().to_string(),
            request: request.pem().unwrap(),
        }
    })
}

fn issue(ca: &Authority, name: &str) -> Bundle {
    ca.issue(&LeafRequest::new([name]).unwrap().key(KeyAlgorithm::P256)).unwrap()
}

/// A file of a pile: what it was given as, its name, its content.
type File<'a> = (Role, &'a str, Vec<u8>);

fn pile_of(mut pile: Pile, files: &[File<'_>], passphrase: Option<&str>) -> Pile {
    let mut unlock = |_: &str| Ok(passphrase.map(|p| zeroize::Zeroizing::new(p.to_owned())));
    for (role, name, bytes) in files {
        pile.add(*role, Path::new(name), bytes, &mut unlock).unwrap();
    }
    pile
}

fn gathered(files: &[File<'_>], passphrase: Option<&str>) -> Gathered {
    pile_of(Pile::new(), files, passphrase).sort()
}

fn looked_at(files: &[File<'_>], passphrase: Option<&str>) -> Parts {
    pile_of(Pile::to_look_at(), files, passphrase).into_parts()
}

/// Findings as lines: what is wrong with an exclamation mark.
fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |f: &Finding| {
        let mark = if f.severity == Severity::Error { "!" } else { "" };
        assert!(f.severity != Severity::Error || !f.fix.is_empty(), "{f:?}");
        format!("{mark}{} {}: {}", f.code, f.place, f.message)
    };
    findings.iter().map(line).collect()
}

/// A PEM block.
fn block(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

fn any(text: &str) -> Vec<File<'static>> {
    vec![(Role::Any, "f.pem", text.as_bytes().to_vec())]
}

/// What the findings of one file of everything are to be.
fn says(bytes: &[u8], wanted: &[&str]) {
    let found = gathered(&[(Role::Any, "f", bytes.to_vec())], None);
    assert_eq!(lines(&found.findings), wanted, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

fn subjects(gathered: &Gathered) -> Vec<String> {
    let certificates = gathered.certificate.iter().chain(gathered.chain.certificates());
    certificates.map(|c| c.subject().replace("CN=", "")).collect()
}

#[test]
fn one_file_of_everything_in_any_order_is_one_bundle() {
    let h = house();
    for (text, order) in [
        (h.leaf.clone() + &h.middle + &h.root + &h.key, false),
        (h.key.clone() + &h.root + &h.middle + &h.leaf, true),
        (h.middle.clone() + &h.key + &h.leaf + &h.root, false),
        (h.root.clone() + &h.leaf + &h.middle + &h.key, true),
    ] {
        let found = gathered(&any(&text), None);
        assert_eq!(subjects(&found), ["a.example", "middle", "root"]);
        assert_eq!(
            found.key.as_ref().map(PrivateKey::public),
            Some(found.certificate.as_ref().unwrap().public_key())
        );
        assert_eq!(found.origin.as_deref(), Some(Path::new("f.pem")));
        let reordered = lines(&found.findings);
        assert_eq!(!reordered.is_empty(), order, "{reordered:?}");
        assert!(
            reordered
                .iter()
                .all(|line| line
                    .ends_with("the chain is put in order: the leaf's issuer first, the root last"))
        );
    }
}

#[test]
fn what_belongs_together_is_found_and_the_rest_is_told() {
    let h = house();
    let leaf = (Role::Certificate, "leaf", h.leaf.clone().into_bytes());
    let found =
        gathered(&[leaf.clone(), (Role::Chain, "chain", (h.middle.clone() + &h.other).into_bytes())], None);
    assert_eq!(subjects(&found), ["a.example", "middle"]);
    assert_eq!(
        lines(&found.findings),
        ["gather.unrelated chain, block 2, line 12: `CN=other` issued none of these, and is left out"]
            .map(|l| l.replace("line 12", &format!("line {}", 1 + h.middle.lines().count())))
    );

    let found = gathered(
        &[leaf.clone(), (Role::Chain, "chain", (h.leaf.clone() + &h.middle + &h.middle).into_bytes())],
        None,
    );
    assert_eq!(subjects(&found), ["a.example", "middle"]);
    let codes: Vec<&str> = found.findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["gather.leaf-in-chain", "gather.duplicate"]);
    assert_eq!(found.findings[0].message, "the certificate stands in the chain too, and is left out there");
    assert_eq!(found.findings[1].message, "`CN=middle` once more is left out");

    let found = gathered(&[(Role::Certificate, "full", (h.leaf.clone() + &h.middle).into_bytes())], None);
    assert_eq!(subjects(&found), ["a.example", "middle"]);
    assert_eq!(
        lines(&found.findings),
        [
            "gather.split full, block 1, line 1: 2 certificates, where one belongs: the others go into the chain"
        ]
    );

    let found = gathered(&[leaf.clone(), (Role::Chain, "chain", h.other.clone().into_bytes())], None);
    assert_eq!(subjects(&found), ["a.example"]);
    assert_eq!(
        lines(&found.findings),
        [
            "!gather.other-issuer chain, block 1, line 1: the leaf's issuer is `CN=middle`, and the one other certificate is `CN=other`"
        ]
    );

    let two = h.other.clone() + &h.root;
    let found = gathered(&[leaf.clone(), (Role::Chain, "chain", two.into_bytes())], None);
    let message = "the leaf's issuer is `CN=middle`, and none of 2 certificates is: the first is `CN=other`";
    assert_eq!(found.findings[0].message, message);

    // A CA with the issuer's name and another key.
    let same_name = authority("middle").certificate().pem().unwrap();
    let found = gathered(&[leaf, (Role::Chain, "chain", (h.other.clone() + &same_name).into_bytes())], None);
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
    assert_eq!(
        found.findings[0].message,
        "it has the issuer's name `CN=middle`, but not the key that signed the leaf"
    );
    assert!(found.findings[0].place.starts_with("chain, block 2"));
}

#[test]
fn without_a_certificate_there_is_no_bundle() {
    let h = house();
    let found = gathered(&[], None);
    assert_eq!(lines(&found.findings), ["!gather.empty certificate: no certificate was given"]);
    let found = gathered(&any(&h.key), None);
    assert!(found.certificate.is_none() && found.key.is_some());
    assert_eq!(lines(&found.findings), ["!gather.empty certificate: no certificate was given"]);
    // Something else is wrong already: that is enough.
    let found = gathered(
        &[(Role::Certificate, "c", Vec::new()), (Role::Chain, "i", h.middle.clone().into_bytes())],
        None,
    );
    assert!(found.certificate.is_none());
    assert_eq!(lines(&found.findings), ["!gather.empty c: it is empty, or has no PEM block in it"]);
}

#[test]
fn the_leaf_is_the_keys_or_what_was_given_or_what_issued_nothing() {
    let h = house();
    let now = OffsetDateTime::now_utc();
    let ca = authority("two leaves");
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let plan = |name: &str, at| {
        let request = LeafRequest::new([name]).unwrap().key(KeyAlgorithm::P256).lifetime(Lifetime::days(30));
        request.plan(at).unwrap().within(ca.validity())
    };
    let old = ca.issue_for(&plan("old.example", now), key()).unwrap();
    let new = ca.issue_for(&plan("new.example", now + time::Duration::HOUR), key()).unwrap();
    let (old_pem, new_pem) = (old.leaf().pem().unwrap(), new.leaf().pem().unwrap());
    let old_key = old.key().secret_pem().unwrap().to_string();
    // Of two leaves the newer; with a key the key's own.
    for text in [old_pem.clone() + &new_pem, new_pem.clone() + &old_pem] {
        assert_eq!(subjects(&gathered(&any(&text), None))[0], "new.example");
        assert_eq!(subjects(&gathered(&any(&(text + &old_key)), None))[0], "old.example");
    }
    // What is given as the certificate is meant, whatever key there is.
    let files = [
        (Role::Certificate, "c", new_pem.into_bytes()),
        (Role::Chain, "i", (old_pem + &ca.certificate().pem().unwrap()).into_bytes()),
        (Role::PrivateKey, "k", old_key.into_bytes()),
    ];
    let found = gathered(&files, None);
    assert_eq!(subjects(&found)[0], "new.example");
    assert_eq!(found.origin.as_deref(), Some(Path::new("c")));
    // A CA and its root: the one that issued no other, although it is a CA.
    assert_eq!(subjects(&gathered(&any(&(h.root.clone() + &h.middle)), None)), ["middle", "root"]);
    assert_eq!(subjects(&gathered(&any(&h.root), None)), ["root"]);
}

#[test]
fn keys_are_one_and_stand_where_they_belong() {
    let h = house();
    let bytes = |text: &str| text.as_bytes().to_vec();
    let wrong = |files: &[File<'_>]| {
        let found = gathered(files, None);
        (lines(&found.findings), found.key.is_some())
    };
    let both = h.key.clone() + &h.other_key;
    let line = h.key.lines().count() + 1;
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&both))
        ]),
        (
            vec![format!(
                "!gather.two-keys k, block 2, line {line}: it is the second of 2 private keys, where one belongs"
            )],
            false
        )
    );
    let twice = h.key.clone() + &h.key;
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&twice))
        ]),
        (
            vec![format!(
                "gather.duplicate k, block 2, line {line}: the same private key once more is left out"
            )],
            true
        )
    );
    assert_eq!(
        wrong(&[(Role::Certificate, "c", bytes(&h.key))]),
        (
            vec!["!gather.swapped c: it holds a private key, where a certificate was expected".to_owned()],
            false
        )
    );
    assert_eq!(
        wrong(&[
            (Role::Chain, "i", bytes(&(h.middle.clone() + &h.key))),
            (Role::Certificate, "c", bytes(&h.leaf))
        ]),
        (
            vec!["!gather.key-among-certificates i: a private key stands among the certificates".to_owned()],
            false
        )
    );
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&(h.key.clone() + &h.other)))
        ]),
        (vec!["gather.unrelated k: the certificates behind the key are passed over".to_owned()], true)
    );
    assert_eq!(
        wrong(&[
            (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
            (Role::PrivateKey, "k", bytes(&h.other))
        ]),
        (
            vec!["!gather.swapped k: it holds a certificate, where a private key was expected".to_owned()],
            false
        )
    );
    for role in [Role::PrivateKey, Role::Chain, Role::Any] {
        let said = lines(&gathered(&[(role, "f", b"nothing".to_vec())], None).findings);
        assert_eq!(said[0], "!gather.empty f: it is empty, or has no PEM block in it", "{role:?}");
    }
    // The key that stood where it does not belong takes none away that came before.
    let files = [
        (Role::PrivateKey, "k", bytes(&h.key)),
        (Role::Chain, "i", bytes(&(h.middle.clone() + &h.other_key))),
        (Role::Certificate, "c", bytes(&h.leaf)),
    ];
    let found = gathered(&files, None);
    assert_eq!(found.key.map(|k| k.public().clone()), found.certificate.map(|c| c.public_key().clone()));
    // Nor do certificates that stood behind a key.
    let files = [
        (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
        (Role::PrivateKey, "k", bytes(&(h.key.clone() + &h.other + &h.root))),
    ];
    assert_eq!(subjects(&gathered(&files, None)), ["a.example", "middle"]);
    let files = [
        (Role::Any, "f", bytes(&(h.leaf.clone() + &h.middle))),
        (Role::PrivateKey, "k", bytes(&(h.other.clone() + &h.root))),
    ];
    assert_eq!(subjects(&gathered(&files, None)), ["a.example", "middle"]);
}

#[test]
fn encrypted_keys_are_opened_or_told() {
    let h = house();
    let text = h.leaf.clone() + &h.middle + &h.locked;
    let line = 1 + h.leaf.lines().count() + h.middle.lines().count();
    let place = format!("f.pem, block 3, line {line}");
    let found = gathered(&any(&text), Some(PASSPHRASE));
    assert!(found.key.is_some());
    assert_eq!(lines(&found.findings), [format!("gather.decrypted {place}: the key is decrypted in memory")]);
    let found = gathered(&any(&text), Some("battery staple"));
    assert!(found.key.is_none());
    assert_eq!(lines(&found.findings), [format!("!gather.encrypted {place}: the pass phrase is wrong")]);
    let found = gathered(&any(&text), None);
    assert_eq!(
        lines(&found.findings),
        [format!("!gather.encrypted {place}: it is encrypted, and no pass phrase was given")]
    );
    // To look at, it is no fault; four are opened, and no more.
    let parts = looked_at(&any(&text), None);
    assert_eq!((parts.others.locked, parts.findings.len()), (vec![place], 0));
    let parts = looked_at(&any(&h.locked.repeat(6)), Some(PASSPHRASE));
    assert_eq!(parts.keys.len(), 4);
    let last = lines(&parts.findings).pop().unwrap();
    assert!(
        last.starts_with("!gather.two-keys") && last.ends_with("it is one of more than 4 encrypted keys"),
        "{last}"
    );
}

#[test]
fn pem_as_editors_shells_and_mail_leave_it() {
    let h = house();
    let pem = &h.root;
    let utf16 = |big: bool, mark: bool| {
        let text = if mark { format!("\u{feff}{pem}") } else { pem.clone() };
        text.encode_utf16()
            .flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() })
            .collect::<Vec<u8>>()
    };
    let one_line = {
        let body: String = pem.lines().filter(|l| !l.starts_with('-')).collect();
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    let bare: String = pem.lines().filter(|l| !l.starts_with('-')).map(|l| [l, "\n"].concat()).collect();
    let indent = pem.lines().map(|l| ["  ", l, "\n"].concat()).collect::<String>();
    let trailing = pem.lines().map(|l| [l, " \n"].concat()).collect::<String>();
    let no_padding = pem.replace('=', "");
    for (bytes, repair) in [
        (
            pem.replace('\n', "\r\n").into_bytes(),
            "gather.encoding f: PEM written anew: it had Windows line ends",
        ),
        (
            pem.replace('\n', "\r").into_bytes(),
            "gather.encoding f: PEM written anew: it had line ends of one carriage return, its base64 in one line",
        ),
        (
            format!("\u{feff}{pem}").into_bytes(),
            "gather.encoding f: PEM written anew: it had a byte order mark",
        ),
        (
            utf16(false, true),
            "gather.encoding f: PEM written anew: it had UTF-16 text, as PowerShell's > writes it",
        ),
        (utf16(true, true), "gather.encoding f: PEM written anew: it had UTF-16 text"),
        (utf16(false, false), "gather.encoding f: PEM written anew: it had UTF-16 text"),
        (utf16(true, false), "gather.encoding f: PEM written anew: it had UTF-16 text"),
        (
            pem.replace('\n', "\\n").into_bytes(),
            "gather.encoding f: PEM written anew: it had line ends written as \\n",
        ),
        (
            pem.replace('\n', "\\r\\n").into_bytes(),
            "gather.encoding f: PEM written anew: it had line ends written as \\n",
        ),
        (one_line.into_bytes(), "gather.encoding f: PEM written anew: it had its base64 in one line"),
        (
            format!("subject=x\n{pem}").into_bytes(),
            "gather.encoding f: PEM written anew: it had text around the blocks",
        ),
        (
            format!("{pem}and so on\n").into_bytes(),
            "gather.encoding f: PEM written anew: it had text around the blocks",
        ),
        (indent.into_bytes(), "gather.encoding f: PEM written anew: it had indented lines"),
        (trailing.into_bytes(), "gather.encoding f: PEM written anew: it had blanks at line ends"),
        (bare.into_bytes(), "gather.encoding f: PEM written anew: it had no BEGIN and END lines"),
        (STANDARD.encode(pem).into_bytes(), "gather.base64 f: one layer of base64 around the PEM taken off"),
        (der(pem), "gather.der f: DER written as PEM"),
        (no_padding.into_bytes(), ""),
        (pem.trim_end().as_bytes().to_vec(), ""),
        (format!("\n\n{pem}\n\n").into_bytes(), ""),
    ] {
        let found = gathered(&[(Role::Any, "f", bytes)], None);
        assert_eq!(subjects(&found), ["root"], "{repair}: {:?}", found.findings);
        let said = lines(&found.findings);
        let first = said.first().map(String::as_str).unwrap_or_default();
        assert_eq!(first, repair);
        let more: Vec<&String> = said.iter().skip(1).collect();
        assert!(more.iter().all(|line| line.starts_with("gather.der")), "{more:?}");
    }
}

#[test]
fn damage_is_told_with_its_block_and_line() {
    let h = house();
    let pem = &h.root;
    let lines_of = pem.lines().count();
    let cut = pem.replace("-----END CERTIFICATE-----\n", "");
    let star = pem.replacen("MII", "M*I", 1);
    let short: String =
        pem.lines().take(2).map(|l| [&l[..l.len().min(29)], "\n"].concat()).collect::<String>()
            + "-----END CERTIFICATE-----\n";
    let second = format!("{pem}{}", pem.replacen("MII", "M*I", 1));
    for (text, wanted) in [
        (cut, "!gather.damaged f, block 1, line 1: the END line of CERTIFICATE is missing".to_owned()),
        (star, "!gather.damaged f, block 1, line 2: a character that is not base64's".to_owned()),
        (
            second,
            format!("!gather.damaged f, block 2, line {}: a character that is not base64's", lines_of + 2),
        ),
        (short, "!gather.damaged f, block 1, line 3: its base64 is cut off or damaged".to_owned()),
        (
            pem.replace("-----END CERTIFICATE", "-----END X"),
            "!gather.damaged f, block 1, line 1: its BEGIN line says CERTIFICATE, and its END line does not"
                .to_owned(),
        ),
        (
            pem.replace("-----END CERTIFICATE-----", "-----BEGIN"),
            "!gather.damaged f, block 1, line 1: the END line of CERTIFICATE is missing".to_owned(),
        ),
        (
            "-----BEGIN CERTIFICATE\n".to_owned(),
            "!gather.damaged f, block 1, line 1: its BEGIN line is not whole".to_owned(),
        ),
        (
            format!("-----BEGIN {}-----\n", "A ".repeat(40)),
            "!gather.damaged f, block 1, line 1: its BEGIN line is not whole".to_owned(),
        ),
        (
            "-----BEGIN ABCDEFGHIJKLM-----\n".to_owned(),
            "!gather.damaged f, block 1, line 1: its BEGIN line has something else than a label".to_owned(),
        ),
        (
            pem.replace("CERTIFICATE-----", "THING-----"),
            "!gather.damaged f, block 1, line 1: a block THING, and nobody knows what that is".to_owned(),
        ),
    ] {
        let found = gathered(&[(Role::Any, "f", text.into_bytes())], None);
        assert!(lines(&found.findings).contains(&wanted), "{wanted}: {:?}", lines(&found.findings));
    }
    says(b"", &["!gather.empty f: it is empty, or has no PEM block in it"]);
    says(b"nothing\n", &["!gather.empty f: it is empty, or has no PEM block in it"]);
    says(b"\x30\x80\x00\x00", &["!gather.damaged f: it is BER of indefinite length, which is not DER"]);
    says(b"\x30\x03\x02\x01\x01", &["!gather.damaged f: it is neither PEM nor the DER of anything known"]);
    let long = format!("\n-----BEGIN CERTIFICATE-----\n{}\n", "A".repeat(100_001));
    says(long.as_bytes(), &["!gather.damaged f, block 1, line 3: a line of more than 100000 octets"]);
    // As long as a line may be: it is looked at, and is no certificate.
    let fits = format!("\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "A".repeat(100_000));
    assert!(
        !lines(&gathered(&[(Role::Any, "f", fits.into_bytes())], None).findings)
            .concat()
            .contains("a line of")
    );
}

#[test]
fn blocks_of_other_kinds_are_passed_over_told_or_kept() {
    let h = house();
    let bundle = h.leaf.clone() + &h.middle + &h.key;
    let line = 1 + bundle.lines().count();
    let place = format!("f, block 4, line {line}");
    for (extra, wanted) in [
        (block("EC PARAMETERS", b"\x05\x00"), format!("gather.parameters {place}: the EC PARAMETERS block is left out")),
        (block("X509 CRL", b"\x05\x00"), format!("gather.unrelated {place}: a block X509 CRL is passed over")),
        (block("DH PARAMETERS", b"\x05\x00"), format!("gather.unrelated {place}: a block DH PARAMETERS is passed over")),
        (h.request.clone(), format!("!gather.unsigned {place}: it is a signing request, and no certificate")),
        (
            h.request.replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT"),
            format!("!gather.unsigned {place}: it is a signing request, and no certificate"),
        ),
        (block("PUBLIC KEY", b"\x05\x00"), format!("!gather.unsigned {place}: it is a public key, and no certificate")),
        (block("RSA PUBLIC KEY", b"\x05\x00"), format!("!gather.unsigned {place}: it is a public key, and no certificate")),
        (
            block("OPENSSH PRIVATE KEY", b"\x05\x00"),
            format!("!gather.encrypted {place}: it is OpenSSH's"),
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n".to_owned(),
            format!("!gather.encrypted {place}: it is encrypted in the old PEM form"),
        ),
        (
            block("DSA PRIVATE KEY", b"\x05\x00"),
            format!("!gather.key-kind {place}: a key of the kind DSA PRIVATE KEY is not read"),
        ),
        (block("PKCS7", b"\x05\x00"), format!("!gather.damaged {place}: it is PKCS#7 without certificates that can be read")),
        (block("CMS", b"\x05\x00"), format!("!gather.damaged {place}: it is PKCS#7 without certificates that can be read")),
    ] {
        let found = gathered(&[(Role::Any, "f", (bundle.clone() + &extra).into_bytes())], None);
        assert_eq!(lines(&found.findings), [wanted], "{extra}");
        assert_eq!(subjects(&found), ["a.example", "middle"]);
    }
    for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
        let mut trusted = der(&h.root);
        trusted.extend_from_slice(b"\x30\x00");
        let found = gathered(&[(Role::Any, "f", block(label, &trusted).into_bytes())], None);
        assert_eq!(subjects(&found), ["root"]);
        assert_eq!(
            lines(&found.findings),
            [format!("gather.label f, block 1, line 1: the label {label} is written as CERTIFICATE")]
        );
    }
    // The old form of encryption is told how to turn into the new one, whatever the file is called.
    let old =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
    let found = gathered(&[(Role::Any, "it's.key", old.as_bytes().to_vec())], None);
    assert!(
        found.findings[0].fix.contains(r"openssl pkcs8 -topk8 -in 'it'\''s.key' -out 'it'\''s.key.pk8'"),
        "{:?}",
        found.findings[0].fix
    );
}

#[test]
fn to_look_at_everything_is_kept() {
    let h = house();
    let public = Certificate::from_pem(h.leaf.as_bytes()).unwrap().public_key().der().to_vec();
    let public_pem = block("PUBLIC KEY", &public);
    let ca = authority("lists");
    let now = OffsetDateTime::now_utc();
    let list = ca.revocation_list(&[], 1, (now, now + time::Duration::DAY)).unwrap();
    let all = h.leaf.clone() + &h.key + &h.request + &public_pem + &list.pem().unwrap() + &h.locked;
    let parts = looked_at(&any(&all), None);
    assert_eq!(lines(&parts.findings), [""; 0]);
    assert_eq!((parts.certificates.len(), parts.keys.len()), (1, 1));
    assert_eq!(parts.others.requests[0].1, der(&h.request));
    assert_eq!(parts.others.public_keys[0].1, public);
    assert_eq!(parts.others.lists[0].1, list.der());
    assert_eq!(parts.others.locked.len(), 1);
    assert!(parts.certificates[0].0.starts_with("f.pem, block 1, line 1"));
    // One of them alone is no empty file.
    for alone in [&h.request, &public_pem, &list.pem().unwrap(), &h.locked] {
        assert_eq!(lines(&looked_at(&any(alone), None).findings), [""; 0]);
    }
    // And as DER each is known by its form.
    for (bytes, kind) in [(der(&h.request), 0), (public, 1), (list.der().to_vec(), 2), (der(&h.locked), 3)] {
        let parts = looked_at(&[(Role::Any, "f", bytes)], None);
        let counts = [
            parts.others.requests.len(),
            parts.others.public_keys.len(),
            parts.others.lists.len(),
            parts.others.locked.len(),
        ];
        assert_eq!((counts[kind], counts.iter().sum::<usize>()), (1, 1), "{kind}");
    }
    says(list.der(), &["!gather.damaged f: it is neither PEM nor the DER of anything known"]);
    says(&der(&h.request), &["!gather.unsigned f: it is a signing request, and no certificate"]);
}

/// What binary files are unpacked, and said to be.
#[test]
fn archives_are_unpacked() {
    let h = house();
    let ca = authority("root");
    let bundle = issue(&ca, "a.example");
    let pkcs7 = der(&certforge::bundle::pkcs7_pem(bundle.leaf(), bundle.chain()).unwrap());
    let found = gathered(&[(Role::Any, "f", pkcs7)], None);
    assert_eq!(subjects(&found), ["a.example", "root"]);
    assert_eq!(lines(&found.findings), ["gather.pkcs7 f: PKCS#7 unpacked"]);

    let archive = bundle.secret_pkcs12("a.example", PASSPHRASE, Pkcs12Strength::Modern).unwrap();
    for role in [Role::Any, Role::Certificate] {
        let file = [(role, "f", archive.clone())];
        let found = gathered(&file, Some(PASSPHRASE));
        assert_eq!(subjects(&found), ["a.example", "root"]);
        assert_eq!(found.key.as_ref().map(PrivateKey::public), Some(bundle.key().public()));
        assert_eq!(lines(&found.findings), ["gather.pkcs12 f: PKCS#12 unpacked"]);
        for (passphrase, reason) in [
            (None, "it is locked with a pass phrase, and none was given"),
            (Some("battery staple"), "its pass phrase is wrong"),
        ] {
            let said = lines(&gathered(&file, passphrase).findings);
            assert_eq!(
                said[..2],
                ["gather.pkcs12 f: PKCS#12 unpacked".to_owned(), format!("!gather.encrypted f: {reason}")]
            );
        }
    }
    let said = lines(&gathered(&[(Role::Any, "f", der(&h.key))], None).findings);
    assert_eq!(said[0], "gather.der f: DER written as PEM");
    let damaged = gathered(&[(Role::Any, "f", archive[..archive.len() - 9].to_vec())], Some(PASSPHRASE));
    assert_eq!(
        lines(&damaged.findings),
        ["!gather.damaged f: it is neither PEM nor the DER of anything known"]
    );
}

#[test]
fn there_is_a_most_of_everything() {
    let h = house();
    // 50 certificates of a bundle, 1,000 to look at.
    for (count, fits) in [(50, true), (51, false)] {
        let found = gathered(&any(&h.root.repeat(count)), None);
        let said = lines(&found.findings).concat();
        assert_eq!(said.contains("more than 50 certificates"), !fits, "{count}");
    }
    let pile = h.root.repeat(51);
    assert_eq!(looked_at(&any(&pile), None).certificates.len(), 51);
    // 20 faults, then nothing more is read.
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(looked_at(&any(&broken.repeat(19)), None).findings.len(), 19);
    assert_eq!(looked_at(&any(&broken.repeat(30)), None).findings.len(), 20);
    // 4 MiB of certificates, 1 MiB of a key.
    for (role, most) in [(Role::Any, 4 << 20), (Role::Chain, 4 << 20), (Role::PrivateKey, 1 << 20)] {
        let said = |size| lines(&gathered(&[(role, "f", vec![b'\n'; size])], None).findings).concat();
        assert!(!said(most).contains("octets"), "{}", said(most));
        assert!(said(most + 1).contains(&format!("it has {} octets, and {most} are read", most + 1)));
    }
}

#[test]
fn requests_are_found_in_whatever_stands_around_them() {
    let h = house();
    let request = der(&h.request);
    for bytes in [
        h.request.clone().into_bytes(),
        format!("Subject: x\r\n\r\n{}", h.request.replace('\n', "\r\n")).into_bytes(),
        h.request.replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT").into_bytes(),
        (h.leaf.clone() + &h.request).into_bytes(),
        request.clone(),
        STANDARD.encode(&request).into_bytes(),
    ] {
        assert_eq!(signing_requests(&bytes), std::slice::from_ref(&request));
    }
    assert_eq!(signing_requests((h.request.clone() + &h.request).as_bytes()).len(), 2);
    for bytes in [&b""[..], h.leaf.as_bytes(), b"nothing"] {
        assert!(signing_requests(bytes).is_empty());
    }
}

#[test]
fn clean_certificates_are_read_and_nothing_else_is() {
    let h = house();
    let both = h.leaf.clone() + &h.root;
    let read = clean_certificates(&both).unwrap();
    assert_eq!(read.iter().map(Certificate::subject).collect::<Vec<_>>(), ["CN=a.example", "CN=root"]);
    assert_eq!(clean_certificates("").unwrap().len(), 0);
    for dirty in [
        format!("\n{both}"),
        format!("{both}\n"),
        both.replace('\n', "\r\n"),
        both.trim_end().to_owned(),
        h.leaf.clone() + &h.key,
        h.leaf.replacen("MII", "M*I", 1),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
    ] {
        assert!(clean_certificates(&dirty).is_none(), "{dirty}");
    }
}
