//! Revocation lists in a path.

use certforge::check::revocation::examine;
use certforge::{Authority, KeyAlgorithm, LeafRequest, RevocationList, Severity};
use time::{Duration, OffsetDateTime};
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

use crate::support::made::{authority, ladder};
use crate::support::{Sandbox, judge, openssl};

use super::{Asked, said, server, verdict};

#[test]
fn lists_by_whose_they_are_when_and_what_they_take_back() {
    let [ca, other] = ["own", "other"].map(authority);
    let leaf = ca.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let leaf = leaf.leaf();
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let list = |ca: &Authority, number: u128, serials: &[&[u8]], from: OffsetDateTime, to: OffsetDateTime| {
        let revoked: Vec<certforge::Revoked> = serials
            .iter()
            .map(|serial| certforge::Revoked {
                serial: serial.to_vec(),
                at: from,
                reason: certforge::Reason::KeyCompromise,
            })
            .collect();
        ca.revocation_list(&revoked, number, (from, to)).unwrap()
    };
    let day = Duration::DAY;
    let ask = |lists: &[RevocationList]| {
        said(&verdict(leaf, &[], &[ca.certificate()], &Asked { lists, at: now, ..server() }))
    };
    let clean = || list(&ca, 1, &[], now - day, now + day);
    let taken = |number| list(&ca, number, &[leaf.serial()], now - day, now + day);
    assert_eq!(ask(&[clean()]), [""; 0]);
    assert_eq!(ask(&[list(&ca, 1, &[&[1, 2, 3]], now - day, now + day)]), [""; 0]);
    let revoked = ask(&[taken(1)]);
    assert_eq!(revoked.len(), 1);
    assert!(revoked[0].starts_with("!path.revoked leaf: it was revoked "), "{revoked:?}");
    // Of two of one second the higher number tells, in whatever order they come.
    for lists in [[clean(), taken(2)], [taken(2), clean()]] {
        assert_eq!(ask(&lists).len(), 1);
    }
    for lists in [
        [list(&ca, 3, &[], now - day, now + day), taken(2)],
        [taken(2), list(&ca, 3, &[], now - day, now + day)],
    ] {
        assert_eq!(ask(&lists), [""; 0]);
    }
    // The newer tells; one of the future only where there is no other.
    assert_eq!(ask(&[taken(9), list(&ca, 1, &[], now - Duration::HOUR, now + day)]), [""; 0]);
    assert_eq!(ask(&[clean(), list(&ca, 9, &[leaf.serial()], now + Duration::HOUR, now + day)]), [""; 0]);
    let future = ask(&[list(&ca, 9, &[], now + Duration::SECOND, now + day)]);
    assert_eq!(future, ["!path.list-outdated leaf: its issuer's list is of a later time"]);
    assert_eq!(ask(&[list(&ca, 9, &[], now, now + day)]), [""; 0]);
    assert_eq!(ask(&[list(&ca, 9, &[], now - day, now)]), [""; 0]);
    let outdated = ask(&[list(&ca, 1, &[], now - day, now - Duration::SECOND)]);
    assert!(
        outdated[0].starts_with("!path.list-outdated leaf: its issuer's list was to be replaced by "),
        "{outdated:?}"
    );
    assert_eq!(
        ask(&[list(&other, 1, &[], now - day, now + day)]),
        ["!path.list-missing leaf: there is no list of `CN=own`, its issuer"]
    );
    let impostor = authority("own");
    assert_eq!(
        ask(&[list(&impostor, 1, &[], now - day, now + day)]),
        ["!path.list-missing leaf: the list of `CN=own`, its issuer, is not signed by that CA's key"]
    );
    // Of an intermediate a list may be missing.
    let all = ladder(2);
    let below = all[1].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let chain = [all[1].certificate().clone()];
    let lists = [list(&all[1], 1, &[], now - day, now + day)];
    let found =
        said(&verdict(below.leaf(), &chain, &[all[0].certificate()], &Asked { lists: &lists, ..server() }));
    assert_eq!(found, ["path.list-missing issuer 1: there is no list of `CN=CA 0`, its issuer"]);
}

/// What is wrong with the form of lists that OpenSSL makes.
#[test]
fn forms_of_lists() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    let run = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
    run(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=own -keyout k.pem -out c.pem",
    );
    let list = |extensions: &str, args: &str| {
        let text = format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=9\n{}[e]\n{extensions}\n",
            if extensions.is_empty() { "" } else { "crl_extensions=e\n" }
        );
        std::fs::write(sandbox.file("ca.cnf"), text).unwrap();
        std::fs::write(sandbox.file("index"), "").unwrap();
        std::fs::write(sandbox.file("number"), "01\n").unwrap();
        run(format!("ca -config ca.cnf -gencrl -keyfile k.pem -cert c.pem -out l.pem {args}").trim_end());
        RevocationList::from_pem(sandbox.read("l.pem").as_bytes()).unwrap()
    };
    let said = |list: &RevocationList| {
        examine(list)
            .iter()
            .map(|f| format!("{:?} {}: {}", f.severity, f.code, f.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&list("authorityKeyIdentifier=keyid:always", "")), [""; 0]);
    assert_eq!(
        said(&list("authorityKeyIdentifier=keyid:always", "-md sha1")),
        [
            "Error list.signature-algorithm: it is signed with ECDSA with SHA-1, and SHA-256 is the least (RFC 5754, RFC 4055 §5)"
        ]
    );
    // Without a number, and of version 1, which has none.
    let numbered = |extensions: &str, args: &str| {
        std::fs::write(
            sandbox.file("ca.cnf"),
            format!(
                "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=9\n{extensions}"
            ),
        )
        .unwrap();
        run(format!("ca -config ca.cnf -gencrl -keyfile k.pem -cert c.pem -out l.pem {args}").trim_end());
        RevocationList::from_pem(sandbox.read("l.pem").as_bytes()).unwrap()
    };
    let with_key = numbered("crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n", "");
    assert_eq!(said(&with_key), ["Error list.number: it has no number (RFC 5280 §5.2.3)"]);
    let first = numbered("", "");
    assert_eq!(first.version(), 1);
    assert_eq!(
        said(&first),
        ["Error list.version: it is a list of version 1, which has no number (RFC 5280 §5.1.2.1)"]
    );
    let keyless = said(&list("issuerAltName=DNS:a.example", ""));
    assert_eq!(
        keyless,
        ["Warning list.authority-key-identifier: it does not name the key that signed it (RFC 5280 §5.2.1)"]
    );
}

#[test]
fn a_list_says_when_the_next_one_comes() {
    let ca = authority("own");
    let now = OffsetDateTime::now_utc();
    let list = ca.revocation_list(&[], 7, (now, now + Duration::days(7))).unwrap();
    assert!(examine(&list).is_empty());
    let mut parts = CertificateList::<Rfc5280>::from_der(list.der()).unwrap();
    parts.tbs_cert_list.next_update = None;
    let endless = RevocationList::from_der(parts.to_der().unwrap()).unwrap();
    assert_eq!((endless.next_update(), endless.number()), (None, list.number()));
    let found = examine(&endless);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].code, found[0].severity), ("list.next-update", Severity::Error));
    assert_eq!(found[0].message, "it does not say when the next one comes (RFC 5280 §5.1.2.5)");
}
