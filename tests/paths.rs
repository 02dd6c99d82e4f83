//! What is wrong with a path, certificate by certificate: each rule with its words, its place
//! and its weight, and beside it what is just right.

mod support;

use certforge::check::path::{LONGEST, LONGEST_OF_RUSTLS, Peer, Purpose, Question, Verdict, verify};
use certforge::check::revocation::examine;
use certforge::{
    Authority, CaRequest, Certificate, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey, RevocationList,
    Severity, TrustAnchor,
};
use support::made::{authority, ca_with, issued, ladder, made};
use support::{Sandbox, judge, openssl};
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
fn what_is_wrong_with_a_ca_that_is_trusted_weighs_less() {
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
                "path.not-a-ca trust anchor: its basic constraints do not say that it is a CA, and it issued a certificate",
            ],
        ),
        (
            &[("keyUsage", "critical,cRLSign")],
            &[
                "path.ca-key-usage trust anchor: its key usage has no keyCertSign, and it issued a certificate",
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
                "path.critical-unknown trust anchor: it has the critical extension 1.2.3.4, which is not known",
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
fn paths_end_somewhere() {
    let all = ladder(3);
    let leaf = all[2].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let certificates: Vec<Certificate> = all.iter().map(|ca| ca.certificate().clone()).collect();
    let (root, middle, last) = (&certificates[0], &certificates[1], &certificates[2]);
    let chain = [middle.clone(), last.clone()];
    assert!(verdict(leaf.leaf(), &chain, &[root], &server()).is_valid());
    let missing = verdict(leaf.leaf(), &chain[..1], &[root], &server());
    assert!(!missing.anchored && !missing.is_valid());
    assert_eq!(missing.path.len(), 1);
    assert!(said(&missing)[0].starts_with("!path.no-issuer leaf: "), "{:?}", said(&missing));
    let nobody = verdict(leaf.leaf(), &certificates, &[], &server());
    assert!(!nobody.anchored);
    assert_eq!(nobody.path.len(), 4);
    // An intermediate may be trusted as it is.
    let short = verdict(leaf.leaf(), &chain, &[middle], &server());
    assert_eq!((short.is_valid(), short.path.len()), (true, 3));
    // A certificate that signs itself, and that nobody trusts.
    let Some(own) = made(&[], "/CN=a.example", &[]) else { return };
    let alone = verdict(&own, &[], &[], &server());
    assert!(said(&alone)[0].starts_with("!path.untrusted leaf: "), "{:?}", said(&alone));
    assert!(verdict(&own, &[], &[&own], &server()).anchored);
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

#[test]
fn lists_by_whose_they_are_when_and_what_they_take_back() {
    let [ca, other] = ["own", "other"].map(authority);
    let leaf = ca.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let leaf = leaf.leaf();
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let list = |ca: &Authority, number, serials: &[&[u8]], from: OffsetDateTime, to: OffsetDateTime| {
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
    assert!(revoked[0].starts_with("!path.revoked leaf: it was taken back "), "{revoked:?}");
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
            "Error list.signature-algorithm: its signature algorithm ECDSA with SHA-1 is weak or unknown (RFC 5754, RFC 4055 §5)"
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

/// Of several CAs of one name the one that signed it is taken; where none did, the words say so.
#[test]
fn cas_of_one_name_are_told_apart_by_their_keys() {
    let [good, bad, worse] = ["same"; 3].map(authority);
    let leaf = good.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let leaf = leaf.leaf();
    let [good, bad, worse] = [&good, &bad, &worse].map(Authority::certificate);
    for anchors in [[good, bad, worse], [bad, good, worse], [bad, worse, good]] {
        let found = verdict(leaf, &[], &anchors, &server());
        assert!(found.is_valid());
        assert_eq!(&found.path[1], good);
    }
    let of = |anchors: &[&Certificate], chain: &[Certificate]| {
        let found = verdict(leaf, chain, anchors, &server());
        assert!(!found.anchored);
        said(&found)[0].clone()
    };
    let one = "!path.signature leaf: its issuer is `CN=same`, and the certificate of that name did not sign it: another key, or the file is damaged";
    let more = "!path.signature leaf: its issuer is `CN=same`, and none of the certificates of that name signed it: another key, or the file is damaged";
    assert_eq!(of(&[bad], &[]), one);
    assert_eq!(of(&[], std::slice::from_ref(bad)), one);
    assert_eq!(of(&[bad, worse], &[]), more);
    assert_eq!(of(&[bad], std::slice::from_ref(worse)), more);
    assert!(
        of(&[], &[]).starts_with("!path.no-issuer leaf: its issuer `CN=same` is neither"),
        "{}",
        of(&[], &[])
    );
}

/// A path that is less wrong is told of, and a good one is found behind bad ones.
#[test]
fn the_path_that_is_least_wrong_is_told_of() {
    let now = OffsetDateTime::now_utc();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let again = || PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    let root = |days: u32, length, from: OffsetDateTime| {
        let request = CaRequest::new("root").unwrap().path_length(length).lifetime(Lifetime::days(days));
        Authority::create(&request.plan(from).unwrap(), again()).unwrap()
    };
    let good = root(100, None, now);
    let ended = root(1, None, now - Duration::days(9));
    let ended_and_short = root(1, Some(0), now - Duration::days(9));
    let plan = CaRequest::new("middle").unwrap().plan(now).unwrap().within(good.validity());
    let middle = good.create_under(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    let leaf = middle.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let chain = [middle.certificate().clone()];
    let [good, ended, worst] = [&good, &ended, &ended_and_short].map(Authority::certificate);
    for anchors in [[good, ended, worst], [worst, ended, good]] {
        assert!(verdict(leaf.leaf(), &chain, &anchors, &server()).is_valid());
    }
    for anchors in [[ended, worst], [worst, ended]] {
        let found = verdict(leaf.leaf(), &chain, &anchors, &server());
        assert_eq!((found.anchored, said(&found).len()), (true, 1), "{:?}", said(&found));
        assert!(said(&found)[0].starts_with("!path.anchor-expired trust anchor"));
    }
}

#[test]
fn so_many_cas_of_one_name_that_nobody_looks_further() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let now = OffsetDateTime::now_utc();
    let plan = CaRequest::new("same").unwrap().plan(now).unwrap();
    let again = || PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    // All of one key, each another certificate; and a leaf that another key of that name signed.
    let all: Vec<Certificate> =
        (0..120).map(|_| Authority::create(&plan, again()).unwrap().certificate().clone()).collect();
    let stranger = authority("same");
    let leaf = stranger.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let anchors: Vec<&Certificate> = all.iter().collect();
    let found = verdict(leaf.leaf(), &[], &anchors, &server());
    assert!(!found.anchored);
    let first = said(&found)[0].clone();
    assert!(first.starts_with("!path.too-many leaf: after "), "{first}");
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
            true,
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
