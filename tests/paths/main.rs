//! What is wrong with a path, certificate by certificate: each rule with its words, its place
//! and its weight, and beside it what is just right.

mod lists;
#[path = "../support/mod.rs"]
mod support;
mod ways;

use certforge::check::path::{LONGEST, LONGEST_OF_RUSTLS, Peer, Purpose, Question, Verdict, verify};
use certforge::{
    Authority, CaRequest, Certificate, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey, RevocationList,
    Severity, TrustAnchor,
};
use support::made::{ca_with, issued, ladder};
use time::{Duration, OffsetDateTime};

/// What is asked, but for the certificates.
struct Asked<'a> {
    peer: Option<&'a str>,
    purpose: Purpose,
    at: OffsetDateTime,
    lists: &'a [RevocationList],
    strict: bool,
}

fn server() -> Asked<'static> {
    Asked { peer: None, purpose: Purpose::Server, at: OffsetDateTime::now_utc(), lists: &[], strict: false }
}

fn verdict(
    leaf: &Certificate,
    chain: &[Certificate],
    anchors: &[&Certificate],
    asked: &Asked<'_>,
) -> Verdict {
    let peer: Option<Peer> = asked.peer.map(|p| p.parse().unwrap());
    let anchors: Vec<TrustAnchor> = anchors.iter().map(|c| TrustAnchor::new((*c).clone())).collect();
    verify(&Question {
        certificate: leaf,
        chain,
        anchors: &anchors,
        peer: peer.as_ref(),
        purpose: asked.purpose,
        at: asked.at,
        lists: asked.lists,
        strict: asked.strict,
    })
}

/// The findings as `!code place: message`, the mark where it is an error.
fn said(verdict: &Verdict) -> Vec<String> {
    let line = |f: &certforge::Finding| {
        let mark = if f.severity == Severity::Error { "!" } else { "" };
        assert!(f.severity != Severity::Error || !f.fix.is_empty(), "{f:?}");
        format!("{mark}{} {}: {}", f.code, f.place, f.message)
    };
    verdict.findings.iter().map(line).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
fn what_is_wrong_with_a_leaf_of_a_good_ca() {
    let ca = [
        ("basicConstraints", "critical,CA:TRUE"),
        ("keyUsage", "critical,keyCertSign,cRLSign"),
        ("extendedKeyUsage", ""),
        ("subjectAltName", ""),
    ];
    let dns: Vec<String> = (0..7).map(|i| format!("DNS:h{i}.example")).collect();
    let many = dns.join(",");
    let many = many.as_str();
    for (leaf, args, peer, wanted) in [
        (&[][..], &[][..], None, &[][..]),
        (&[], &[], Some("a.example"), &[]),
        (&[], &[], Some("b.example"), &["!path.name leaf: it is for DNS:a.example, and not for b.example"]),
        (&[], &[], Some("10.0.0.1"), &["!path.name leaf: it is for DNS:a.example, and not for 10.0.0.1"]),
        (
            &[("subjectAltName", many)],
            &[],
            Some("b.example"),
            &[
                "!path.name leaf: it is for DNS:h0.example, DNS:h1.example, DNS:h2.example, DNS:h3.example, DNS:h4.example, and 2 more, and not for b.example",
            ],
        ),
        (
            &[("subjectAltName", "")],
            &[],
            Some("a.example"),
            &[
                "!path.name-missing leaf: it has no subject alternative name, only the common name a.example, and a.example is wanted",
            ],
        ),
        (&[("subjectAltName", "")], &[], None, &[]),
        (
            &[("keyUsage", "critical,keyEncipherment")],
            &[],
            None,
            &["path.key-usage leaf: its key usage allows keyEncipherment, and TLS wants digitalSignature"],
        ),
        (
            &[("keyUsage", "critical,nonRepudiation")],
            &[],
            None,
            &["!path.key-usage leaf: its key usage allows nonRepudiation, and TLS wants digitalSignature"],
        ),
        (&[("keyUsage", "")], &[], None, &[]),
        (
            &[("extendedKeyUsage", "clientAuth,emailProtection")],
            &[],
            None,
            &[
                "!path.extended-key-usage leaf: its extended key usage allows clientAuth, emailProtection, and serverAuth is wanted",
            ],
        ),
        (
            &[("extendedKeyUsage", "anyExtendedKeyUsage")],
            &[],
            None,
            &[
                "!path.refused leaf: rustls-webpki refuses the path: it looks for serverAuth by name, and anyExtendedKeyUsage does not stand for it",
            ],
        ),
        (&[("extendedKeyUsage", "")], &[], None, &[]),
        (
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            &[],
            None,
            &[
                "path.ca-as-leaf leaf: it is a CA's, which rustls and browsers do not take from a server or client",
            ],
        ),
        (
            &[("1.2.3.4", "critical,DER:0500")],
            &[],
            None,
            &["!path.critical-unknown leaf: it has the critical extension 1.2.3.4, which is not known"],
        ),
        (&[("1.2.3.4", "DER:0500")], &[], None, &[]),
        (
            &[],
            &["-sha1"],
            None,
            &["!path.weak-signature leaf: it is signed with ECDSA with SHA-1, and SHA-256 is the least"],
        ),
        (&[], &["-sha384"], None, &[]),
    ] {
        let Some((leaf_made, ca_made)) = issued(&ca, leaf, args) else { return };
        let found = verdict(&leaf_made, &[], &[&ca_made], &Asked { peer, ..server() });
        assert_eq!(said(&found), wanted, "{leaf:?} {args:?}");
        let good = wanted.iter().all(|line| !line.starts_with('!'));
        assert_eq!((found.is_valid(), found.anchored, found.path.len()), (good, true, 2));
        // Where nothing is asked of its usages, nothing is said of them.
        if wanted.iter().any(|line| line.contains("usage") || line.contains("ca-as-leaf")) {
            let any = Asked { purpose: Purpose::Any, ..server() };
            assert_eq!(said(&verdict(&leaf_made, &[], &[&ca_made], &any)), [""; 0], "{leaf:?}");
        }
    }
    // As a client's.
    let Some((leaf, anchor)) = issued(&ca, &[("extendedKeyUsage", "clientAuth")], &[]) else { return };
    let client = || Asked { purpose: Purpose::Client, ..server() };
    assert_eq!(said(&verdict(&leaf, &[], &[&anchor], &client())), [""; 0]);
    let Some((leaf, anchor)) = issued(&ca, &[], &[]) else { return };
    assert_eq!(
        said(&verdict(&leaf, &[], &[&anchor], &client())),
        ["!path.extended-key-usage leaf: its extended key usage allows serverAuth, and clientAuth is wanted"]
    );
}

#[test]
fn what_a_ca_that_is_trusted_says_of_itself_weighs_more_than_what_it_leaves_out() {
    for (changes, wanted) in [
        (&[][..], &[][..]),
        (
            &[("basicConstraints", "")],
            &[
                "path.not-a-ca trust anchor: its basic constraints do not say that it is a CA, and it issued a certificate",
            ],
        ),
        (
            &[("basicConstraints", "critical,CA:FALSE")],
            &[
                "!path.not-a-ca trust anchor: its basic constraints do not say that it is a CA, and it issued a certificate",
            ],
        ),
        (
            &[("keyUsage", "critical,cRLSign")],
            &[
                "!path.ca-key-usage trust anchor: its key usage has no keyCertSign, and it issued a certificate",
            ],
        ),
        (&[("keyUsage", "")], &[]),
        (
            &[("extendedKeyUsage", "clientAuth")],
            &[
                "path.extended-key-usage trust anchor: its extended key usage allows clientAuth, and serverAuth is wanted",
            ],
        ),
        (
            &[("1.2.3.4", "critical,DER:0500")],
            &[
                "!path.critical-unknown trust anchor: it has the critical extension 1.2.3.4, which is not known",
            ],
        ),
        (&[("basicConstraints", "critical,CA:TRUE,pathlen:0")], &[]),
        // There is no largest one.
        (&[("basicConstraints", "critical,CA:TRUE,pathlen:256")], &[]),
        (&[("basicConstraints", "critical,CA:TRUE,pathlen:70000")], &[]),
        (
            &[("nameConstraints", "critical,permitted;DNS:b.example")],
            &[
                "!path.name-constraint leaf: it has the name DNS:a.example, and of what stands below the trust anchor it permits dns:b.example",
            ],
        ),
        (
            &[("nameConstraints", "critical,excluded;DNS:example")],
            &[
                "!path.name-constraint leaf: it has the name DNS:a.example, and of what stands below the trust anchor it excludes dns:example",
            ],
        ),
        (&[("nameConstraints", "critical,permitted;DNS:example")], &[]),
    ] {
        let Some((leaf, ca)) = issued(&ca_with(changes), &[], &[]) else { return };
        let found = verdict(&leaf, &[], &[&ca], &server());
        assert_eq!(said(&found), wanted, "{changes:?}");
    }
}

#[test]
fn dates_of_the_leaf_the_issuers_and_the_anchor() {
    let now = OffsetDateTime::now_utc();
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = Authority::create(
        &CaRequest::new("root").unwrap().path_length(None).lifetime(Lifetime::days(100)).plan(now).unwrap(),
        key(),
    )
    .unwrap();
    let plan =
        CaRequest::new("middle").unwrap().path_length(None).lifetime(Lifetime::days(50)).plan(now).unwrap();
    let middle = root.create_under(&plan, key()).unwrap();
    let leaf = middle
        .issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256).lifetime(Lifetime::days(20)))
        .unwrap();
    let leaf = leaf.leaf();
    let chain = [middle.certificate().clone()];
    let at = |at| said(&verdict(leaf, &chain, &[root.certificate()], &Asked { at, ..server() }));
    let codes = |at_: OffsetDateTime| {
        at(at_).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let second = Duration::SECOND;
    let end = |c: &Certificate| c.validity().not_after();
    assert_eq!(codes(leaf.validity().not_before()), [""; 0]);
    assert_eq!(codes(leaf.validity().not_before() - second)[0], "!path.not-yet-valid leaf");
    assert_eq!(
        codes(leaf.validity().not_before() - Duration::milliseconds(1))[0],
        "!path.not-yet-valid leaf"
    );
    assert_eq!(codes(end(leaf)), [""; 0]);
    assert_eq!(codes(end(leaf) + second), ["!path.expired leaf"]);
    assert_eq!(codes(end(middle.certificate())), ["!path.expired leaf"]);
    assert_eq!(codes(end(middle.certificate()) + second), ["!path.expired leaf", "!path.expired issuer 1"]);
    assert_eq!(
        codes(end(root.certificate()) + second),
        ["!path.expired leaf", "!path.expired issuer 1", "!path.anchor-expired trust anchor"]
    );
}

#[test]
fn length_has_a_limit_in_rustls_and_here() {
    let all = ladder(LONGEST);
    let root = all[0].certificate();
    for cas in [LONGEST_OF_RUSTLS - 1, LONGEST_OF_RUSTLS, LONGEST - 1, LONGEST] {
        let leaf =
            all[cas - 1].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
        let chain: Vec<Certificate> = all[1..cas].iter().map(|ca| ca.certificate().clone()).collect();
        let found = verdict(leaf.leaf(), &chain, &[root], &server());
        let certificates = cas + 1;
        let long = format!("path.long leaf: the path has {certificates} certificates, and rustls takes 8");
        assert_eq!(
            said(&found).contains(&long),
            (LONGEST_OF_RUSTLS + 1..=LONGEST).contains(&certificates),
            "{cas}: {:?}",
            said(&found)
        );
        assert_eq!(found.anchored, certificates <= LONGEST, "{cas}");
    }
}

#[test]
fn path_lengths_count_what_did_not_issue_itself() {
    let now = OffsetDateTime::now_utc();
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    // The root's key, once without a limit, which is used, and once with the limit, which is judged.
    let secret = key();
    let again = PrivateKey::from_pem(secret.secret_pem().unwrap().as_bytes()).unwrap();
    let request = || CaRequest::new("root").unwrap();
    let free = Authority::create(&request().path_length(None).plan(now).unwrap(), secret).unwrap();
    let bound = Authority::create(&request().path_length(Some(1)).plan(now).unwrap(), again).unwrap();
    let plan = |name: &str| {
        CaRequest::new(name).unwrap().path_length(None).plan(now).unwrap().within(free.validity())
    };
    let one = free.create_under(&plan("one"), key()).unwrap();
    let two = one.create_under(&plan("two"), key()).unwrap();
    for (issuer, chain, wanted) in [
        (&one, vec![one.certificate().clone()], &[][..]),
        (
            &two,
            vec![one.certificate().clone(), two.certificate().clone()],
            &["!path.path-length trust anchor: its path length is 1, with 2 CAs below it"],
        ),
    ] {
        let leaf = issuer.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
        let found = verdict(leaf.leaf(), &chain, &[bound.certificate()], &server());
        assert_eq!(said(&found), wanted);
    }
}

/// With `strict`, what breaks a rule of form is refused too.
#[test]
fn forms_are_asked_where_it_is_strict() {
    let strict = || Asked { strict: true, ..server() };
    for (authority, leaf, lax, code) in [
        (&[][..], &[][..], true, ""),
        (
            &[],
            &[("subjectAltName", "DNS:a.example,DNS:10.0.0.1")][..],
            true,
            "!certificate.san-malformed leaf",
        ),
        (
            &[("subjectKeyIdentifier", "none"), ("authorityKeyIdentifier", "none")],
            &[("authorityKeyIdentifier", "none")],
            true,
            "!certificate.subject-key-identifier trust anchor",
        ),
        (
            &[("basicConstraints", "critical,CA:FALSE"), ("keyUsage", "critical,digitalSignature")],
            &[],
            false,
            "!certificate.basic-constraints trust anchor",
        ),
        (
            &[],
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            true,
            "!path.ca-as-leaf leaf",
        ),
    ] {
        let Some((leaf_made, ca_made)) = issued(&ca_with(authority), leaf, &[]) else { return };
        assert_eq!(verdict(&leaf_made, &[], &[&ca_made], &server()).is_valid(), lax, "{authority:?}");
        let found = said(&verdict(&leaf_made, &[], &[&ca_made], &strict()));
        let found: Vec<&String> = found.iter().filter(|line| line.starts_with('!')).collect();
        if code.is_empty() {
            assert!(found.is_empty(), "{found:?}");
        } else {
            assert!(found.iter().any(|line| line.starts_with(code)), "{code}: {found:?}");
        }
    }
}

#[test]
fn peers_are_hosts_that_clients_can_reach() {
    let label = "a".repeat(63);
    for (input, wanted) in [
        ("a.example", "a.example"),
        ("dns:A_b.example.", "a_b.example"),
        ("-a.example", "-a.example"),
        ("10.0.0.1", "10.0.0.1"),
        ("ip:fd00::1", "fd00::1"),
        (&format!("{label}.a_b"), &format!("{label}.a_b")),
    ] {
        let peer: Peer = input.parse().unwrap_or_else(|e| panic!("{input}: {e}"));
        assert_eq!(peer.to_string(), wanted);
    }
    for bad in [
        "a_b..example",
        "a_b/c",
        "a_b c",
        &format!("{label}a.a_b"),
        "*.a_b.example",
        "me@a_b.example",
        &format!("{}a_b", format!("{label}.").repeat(4)),
    ] {
        assert!(bad.parse::<Peer>().is_err(), "{bad}");
    }
    let san = |text: &str| text.parse::<Peer>().unwrap().to_san().map(|san| san.to_string());
    assert_eq!(san("A.example"), Some("a.example".to_owned()));
    assert_eq!(san("10.0.0.1"), Some("10.0.0.1".to_owned()));
    assert_eq!(san("a_b.example"), None);
}
