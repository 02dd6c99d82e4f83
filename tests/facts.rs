//! The facts that clients judge by, one by one: of the leaf, of its names, of the path.

mod support;

use certforge::check::clients::{Facts, NAMES, facts};
use certforge::check::path::{Peer, Purpose, Question};
use certforge::{
    Authority, CaRequest, Certificate, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey, TrustAnchor,
};
use support::made::{authority, issued, ladder, made};
use time::OffsetDateTime;

/// The facts of a certificate with these issuers and anchors.
fn of(leaf: &Certificate, chain: &[Certificate], anchors: &[&Certificate], peer: Option<&str>) -> Facts {
    let peer: Option<Peer> = peer.map(|p| p.parse().unwrap());
    let anchors: Vec<TrustAnchor> = anchors.iter().map(|c| TrustAnchor::new((*c).clone())).collect();
    facts(&Question {
        certificate: leaf,
        chain,
        anchors: &anchors,
        peer: peer.as_ref(),
        purpose: Purpose::Server,
        at: OffsetDateTime::now_utc(),
        lists: &[],
        strict: false,
    })
}

/// The facts but for those that the path's findings make.
fn plain(facts: &Facts) -> Vec<String> {
    let of_finding = |fact: &str| fact == "path.faulty" || fact.contains('@') && !fact.starts_with("limit.");
    let own = facts.iter().filter(|fact| !of_finding(fact));
    own.map(str::to_owned).collect()
}

/// What a certificate that signs itself, and is trusted, has besides what all of those have.
fn more(changes: &[(&str, &str)], subject: &str, args: &[&str], peer: Option<&str>) -> Option<Vec<String>> {
    const ALL: [&str; 4] = ["always", "anchored", "leaf.self-issued", "root.sent"];
    let certificate = made(changes, subject, args)?;
    let found = of(&certificate, &[], &[&certificate], peer);
    for fact in ALL {
        assert!(found.hold(fact) && !found.hold(&format!("!{fact}")), "{fact}: {found:?}");
    }
    assert!(found.iter().all(|fact| fact.contains('@') || NAMES.contains(&fact)), "{found:?}");
    // What is trusted says of itself that it is no CA: Chrome's alone.
    let own = |fact: &String| !ALL.contains(&fact.as_str()) && !fact.starts_with("top.");
    Some(plain(&found).into_iter().filter(own).collect())
}

#[test]
fn names_and_how_it_was_reached() {
    let san = |value| [("subjectAltName", value)];
    for (names, common, peer, wanted) in [
        ("DNS:a.example", "x", None, &["name.ok", "san.dns", "san.domain"][..]),
        ("DNS:a.example", "x", Some("A.Example"), &["name.ok", "peer.dns", "san.dns", "san.domain"]),
        ("DNS:a.example", "x", Some("b.example"), &["peer.dns", "san.dns", "san.domain"]),
        (
            "DNS:a.example",
            "b.example",
            Some("b.example"),
            &["name.common", "peer.dns", "san.dns", "san.domain"],
        ),
        ("DNS:localhost", "x", Some("localhost"), &["name.ok", "peer.dns", "san.dns"]),
        ("IP:10.0.0.1", "x", Some("10.0.0.1"), &["name.ok", "peer.ip", "san.ip"]),
        ("IP:10.0.0.1", "x", Some("10.0.0.2"), &["peer.ip", "san.ip"]),
        ("DNS:10.0.0.1", "x", Some("10.0.0.1"), &["peer.ip", "san.dns"]),
        (
            "DNS:*.example",
            "x",
            Some("a.example"),
            &["name.ok", "name.top-level-wildcard", "peer.dns", "san.dns"],
        ),
        ("DNS:*.a.example", "x", Some("b.a.example"), &["name.ok", "peer.dns", "san.dns", "san.domain"]),
        (
            "DNS:*.example,DNS:a.example",
            "x",
            Some("a.example"),
            &["name.ok", "peer.dns", "san.dns", "san.domain"],
        ),
        (
            "DNS:back*.a.example",
            "x",
            Some("backend.a.example"),
            &["name.partial-wildcard", "peer.dns", "san.dns", "san.domain"],
        ),
        (
            "DNS:b*.example",
            "x",
            Some("backend.example"),
            &["name.partial-wildcard", "name.top-level-wildcard", "peer.dns", "san.dns", "san.domain"],
        ),
        ("DNS:backend*.a.example", "x", Some("back.a.example"), &["peer.dns", "san.dns", "san.domain"]),
        // The star stands for what is between both ends; they do not share a letter.
        ("DNS:a*a.a.example", "x", Some("a.a.example"), &["peer.dns", "san.dns", "san.domain"]),
        (
            "DNS:a*a.a.example",
            "x",
            Some("aa.a.example"),
            &["name.partial-wildcard", "peer.dns", "san.dns", "san.domain"],
        ),
        (
            "DNS:ab*bc.a.example",
            "x",
            Some("abbc.a.example"),
            &["name.partial-wildcard", "peer.dns", "san.dns", "san.domain"],
        ),
        ("email:me@a.example", "x", None, &["name.ok"]),
    ] {
        let Some(found) = more(&san(names), &format!("/CN={common}"), &[], peer) else { return };
        assert_eq!(found, wanted, "{names} {peer:?}");
    }
    let none = more(&san(""), "/CN=a.example", &[], Some("a.example"));
    assert_eq!(none.unwrap(), ["name.common", "peer.dns", "san.none"]);
    let wild = more(&san(""), "/CN=*.internal", &[], Some("a.internal"));
    assert_eq!(wild.unwrap(), ["name.common", "name.common-top-level-wildcard", "peer.dns", "san.none"]);
    let nobody = more(&san("DNS:a.example"), "/O=a.example", &[], Some("a.example"));
    assert_eq!(nobody.unwrap(), ["name.common-none", "name.ok", "peer.dns", "san.dns", "san.domain"]);
}

#[test]
fn usages_and_keys_of_the_leaf() {
    const NAMED: [&str; 3] = ["name.ok", "san.dns", "san.domain"];
    let rsa = |bits| format!("rsa:{bits}");
    let (small, odd, two, four) = (rsa(1024), rsa(1536), rsa(2048), rsa(4096));
    let (other, large, tiny) = (rsa(2560), rsa(3584), rsa(768));
    for (changes, args, wanted) in [
        (&[][..], &[][..], &[][..]),
        (&[("keyUsage", "critical,keyEncipherment")], &[], &["leaf.usage-no-signature"]),
        (&[("keyUsage", "critical,keyAgreement")], &[], &["leaf.usage-no-signature"]),
        (&[("keyUsage", "critical,nonRepudiation")], &[], &["leaf.usage-no-signature", "leaf.usage-not-tls"]),
        (&[("keyUsage", "")], &[], &[]),
        (&[("extendedKeyUsage", "clientAuth")], &[], &["leaf.purpose-none"]),
        (&[("extendedKeyUsage", "anyExtendedKeyUsage")], &[], &["leaf.purpose-any"]),
        (&[("extendedKeyUsage", "serverAuth,anyExtendedKeyUsage")], &[], &[]),
        (&[("extendedKeyUsage", "")], &[], &[]),
        (&[], &["-days", "825"], &[]),
        (&[], &["-days", "826"], &["leaf.long"]),
        (&[], &["-newkey", &small], &["key.rsa-small"]),
        (&[], &["-newkey", &two], &[]),
        (&[], &["-newkey", &four], &["key.rsa-large"]),
        (&[], &["-newkey", &other], &[]),
        (&[], &["-newkey", &odd], &["key.rsa-small"]),
        (&[], &["-newkey", &large], &["key.rsa-large"]),
        (&[], &["-newkey", "ed25519"], &["key.ed25519"]),
        (&[], &["-newkey", "ed448"], &["key.ed448"]),
        (&[], &["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], &["key.rsa-pss"]),
        (&[], &["-newkey", &tiny], &["key.rsa-small", "key.rsa-tiny"]),
        (&[], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], &["key.p384"]),
        (&[], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"], &["key.p521"]),
        (&[], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], &["key.unusual"]),
        // Nobody checks the signature that a certificate made of itself.
        (&[], &["-sha1"], &[]),
    ] {
        let Some(found) = more(changes, "/CN=a.example", args, None) else { return };
        let found: Vec<&str> =
            found.iter().map(String::as_str).filter(|fact| !NAMED.contains(fact)).collect();
        assert_eq!(found, wanted, "{changes:?} {args:?}");
    }
    let ca =
        [("basicConstraints", "critical,CA:TRUE"), ("keyUsage", "critical,keyCertSign,digitalSignature")];
    let found = more(&ca, "/CN=a.example", &[], None);
    assert!(found.is_none_or(|found| found.contains(&"leaf.ca".to_owned())));
}

#[test]
fn paths_by_their_length_and_their_root() {
    let all = ladder(9);
    let now = OffsetDateTime::now_utc();
    for cas in 1..=9 {
        let issuer = &all[cas - 1];
        let plan = LeafRequest::new(["a.example"])
            .unwrap()
            .key(KeyAlgorithm::P256)
            .plan(now)
            .unwrap()
            .within(issuer.validity());
        let leaf = issuer.issue_for(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
        let chain: Vec<Certificate> = all[1..cas].iter().map(|ca| ca.certificate().clone()).collect();
        let root = all[0].certificate();
        let found = of(leaf.leaf(), &chain, &[root], None);
        assert!(found.hold("anchored"), "{cas}");
        // Leaf, intermediates and root are one more than the CAs.
        assert_eq!(found.hold("path.long"), cas + 1 > 8, "{cas}");
        assert!(!found.hold("root.sent") && !found.hold("anchor.partial"), "{found:?}");
        let sent: Vec<Certificate> = chain.iter().chain([root]).cloned().collect();
        assert!(of(leaf.leaf(), &sent, &[root], None).hold("root.sent"));
        assert!(!of(leaf.leaf(), &chain, &[], None).hold("anchored"));
        if cas > 1 {
            // An intermediate is believed, and its root is nowhere; or it is sent.
            let middle = all[1].certificate();
            assert!(of(leaf.leaf(), &chain[1..], &[middle], None).hold("anchor.partial"));
            // A root that is sent is believed by nobody for that.
            assert!(of(leaf.leaf(), &sent, &[middle], None).hold("anchor.partial"));
        }
        // The leaf itself is believed, and is no root.
        assert!(of(leaf.leaf(), &[], &[leaf.leaf()], None).hold("anchor.leaf"));
    }
}

#[test]
fn limits_by_whose_they_are_and_how_they_are_broken() {
    let now = OffsetDateTime::now_utc();
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    // Limits are held when something is issued: the leaf is made by the key's other certificate.
    let limited = |permit: &[&str], exclude: &[&str], names: &[&str], under: bool| {
        let subtrees = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect();
        let limits = certforge::Constraints::new(subtrees(permit), subtrees(exclude));
        let root =
            Authority::create(&CaRequest::new("root").unwrap().path_length(None).plan(now).unwrap(), key())
                .unwrap();
        let secret = key();
        let again = PrivateKey::from_pem(secret.secret_pem().unwrap().as_bytes()).unwrap();
        let request = || CaRequest::new("limited").unwrap().path_length(None);
        let (free, bound) = if under {
            let plan = |request: CaRequest| request.plan(now).unwrap().within(root.validity());
            (
                root.create_under(&plan(request()), secret).unwrap(),
                root.create_under(&plan(request().constraints(limits)), again).unwrap(),
            )
        } else {
            (
                Authority::create(&request().plan(now).unwrap(), secret).unwrap(),
                Authority::create(&request().constraints(limits).plan(now).unwrap(), again).unwrap(),
            )
        };
        let plan = LeafRequest::new(names)
            .unwrap()
            .key(KeyAlgorithm::P256)
            .lifetime(Lifetime::days(10))
            .plan(now)
            .unwrap();
        let leaf = free.issue_for(&plan, key()).unwrap();
        let bound = bound.certificate().clone();
        let (chain, anchor) = if under { (vec![bound], root.certificate().clone()) } else { (vec![], bound) };
        let found = of(leaf.leaf(), &chain, &[&anchor], None);
        let said: Vec<String> = found.iter().filter(|f| f.starts_with("limit.")).map(str::to_owned).collect();
        said
    };
    for under in [true, false] {
        let place = if under { "issuer" } else { "anchor" };
        let permits = format!("limit.permits@{place}");
        let excludes = format!("limit.excludes@{place}");
        assert_eq!(limited(&["a.example"], &[], &["x.a.example"], under), [""; 0]);
        assert_eq!(limited(&["a.example"], &[], &["b.example"], under), [permits.as_str()]);
        assert_eq!(limited(&["a.example"], &["x.a.example"], &["x.a.example"], under), [excludes.as_str()]);
        // OpenSSL takes an address in the common name for a DNS name too.
        let wanted = ["limit.common-name", excludes.as_str()];
        assert_eq!(limited(&["a.example"], &[], &["10.0.0.1"], under), wanted);
        // Java fails where it compares an IPv4 address with an IPv6 network that begins so, and looks
        // at no anchor's limits.
        let mut wanted = vec!["limit.common-name"];
        wanted.extend(under.then_some("limit.other-family-java"));
        let exclude = ["::/0"];
        assert_eq!(limited(&["10.0.0.0/8", "a.example"], &exclude, &["10.0.0.1"], under), wanted);
        // OpenSSL takes the common name for a DNS name where there is none of those.
        assert_eq!(limited(&["10.0.0.0/8"], &[], &["10.0.0.1"], under), ["limit.common-name"]);
        assert_eq!(limited(&["10.0.0.0/8"], &[], &["me@a.example"], under), [""; 0]);
    }
}

/// The common name of a leaf for an address, held against limits on DNS names as OpenSSL does.
#[test]
fn a_common_name_counts_where_there_is_no_dns_name() {
    for (names, limits, wanted) in [
        ("IP:10.0.0.1", "critical,permitted;DNS:a.example", false),
        ("IP:10.0.0.1", "critical,permitted;DNS:b.example", true),
        ("IP:10.0.0.1", "critical,excluded;DNS:example", true),
        ("DNS:b.example", "critical,permitted;DNS:b.example", false),
    ] {
        let ca = [
            ("basicConstraints", "critical,CA:TRUE"),
            ("keyUsage", "critical,keyCertSign"),
            ("extendedKeyUsage", ""),
            ("subjectAltName", ""),
            ("nameConstraints", limits),
        ];
        let Some((leaf, ca)) = issued(&ca, &[("subjectAltName", names)], &[]) else { return };
        assert_eq!(leaf.common_names(), ["a.example"]);
        assert_eq!(of(&leaf, &[], &[&ca], None).hold("limit.common-name"), wanted, "{names} {limits}");
    }
}

/// A CA of the issuer's name and another key is trusted.
#[test]
fn impostors_are_told_where_no_identifier_does() {
    let [good, impostor] = ["same", "same"].map(authority);
    let leaf = good.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let (good, impostor) = (good.certificate(), impostor.certificate());
    // Both have identifiers, and the leaf names one of them.
    let found = of(leaf.leaf(), &[], &[impostor, good], None);
    assert!(found.hold("anchored") && !found.hold("anchor.impostor") && !found.hold("signature.ids-differ"));
    let found = of(leaf.leaf(), &[], &[impostor], None);
    assert!(!found.hold("anchored") && !found.hold("anchor.impostor") && found.hold("signature.ids-differ"));
    assert!(of(leaf.leaf(), std::slice::from_ref(good), &[impostor], None).hold("!signature.ids-differ"));
}

/// Neither of two CAs of one name has an identifier: what is trusted first is taken by OpenSSL.
#[test]
fn impostors_without_identifiers() {
    let bare = [("subjectKeyIdentifier", "none"), ("authorityKeyIdentifier", "none")];
    let ca = [
        ("basicConstraints", "critical,CA:TRUE"),
        ("keyUsage", "critical,keyCertSign,cRLSign"),
        ("extendedKeyUsage", ""),
        ("subjectAltName", ""),
        bare[0],
        bare[1],
    ];
    let leaf_changes = [("authorityKeyIdentifier", "none")];
    let (Some((leaf, good)), Some((_, impostor))) =
        (issued(&ca, &leaf_changes, &[]), issued(&ca, &leaf_changes, &[]))
    else {
        return;
    };
    assert!(of(&leaf, &[], &[&impostor, &good], None).hold("anchor.impostor"));
    assert!(!of(&leaf, &[], &[&good], None).hold("anchor.impostor"));
    assert!(!of(&leaf, &[], &[&leaf, &good], None).hold("anchor.impostor"));
    assert!(
        !of(&leaf, &[], &[&impostor], None).hold("anchor.impostor"),
        "where nothing is anchored it is no impostor"
    );
    // Weak signatures of what others signed.
    for (args, weak, sha1) in [(&["-sha1"][..], true, true), (&["-sha256"], false, false)] {
        let Some((leaf, good)) = issued(&ca, &leaf_changes, args) else { return };
        let found = of(&leaf, &[], &[&good], None);
        assert_eq!((found.hold("signature.weak"), found.hold("signature.sha1")), (weak, sha1), "{args:?}");
    }
    // A leaf of version 1, which has no extension.
    let none = [
        "basicConstraints",
        "keyUsage",
        "extendedKeyUsage",
        "subjectAltName",
        "subjectKeyIdentifier",
        "authorityKeyIdentifier",
    ];
    let Some((leaf, good)) = issued(&ca, &none.map(|name| (name, "")), &[]) else { return };
    let found = of(&leaf, &[], &[&good], None);
    assert!(found.hold("leaf.v1") && found.hold("san.none"));
}
