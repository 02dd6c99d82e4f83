//! What ACM and the services behind it take, rule by rule and at its limits: each case with
//! the rule that has to speak, how much it matters and what it says, and beside it the case
//! that is just right.

mod support;

use std::str::FromStr;

use certforge::check::acm::{Allowed, Held, Import, Rule, Service, import, reimport, tag_fault};
use certforge::check::backend::{Backend, judge};
use certforge::check::path::Peer;
use certforge::gather::{Pile, Role};
use certforge::{
    Authority, Bundle, CaRequest, Certificate, Chain, Error, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey,
    Severity, Template,
};
use support::made::{authority, ca_with, issued, ladder, made};
use time::{Duration, OffsetDateTime};

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// What a rule says of an import, as `severity place: message`; empty where it is kept.
fn said_of(about: &Import<'_>, code: &str, at: OffsetDateTime) -> Vec<String> {
    let code = format!("acm.{code}");
    let found = import(about, &[], &Allowed::default(), at);
    let of_rule = found.iter().filter(|f| f.code == code);
    of_rule.map(|f| format!("{:?} {}: {}", f.severity, f.place, f.message)).collect()
}

/// The same of a certificate that signs itself.
fn said(changes: &[(&str, &str)], subject: &str, args: &[&str], code: &str) -> Option<Vec<String>> {
    let certificate = made(changes, subject, args)?;
    let chain = Chain::default();
    Some(said_of(&Import::new(&certificate, &chain, None), code, now()))
}

#[test]
fn names() {
    let long = format!("{}.{}.{}.{}.example", "a".repeat(62), "b".repeat(62), "c".repeat(62), "d".repeat(62));
    assert_eq!(long.len(), 259);
    let fits = &long[6..];
    assert_eq!(fits.len(), 253);
    let (label64, label63) = (format!("{}.example", "a".repeat(64)), format!("{}.example", "a".repeat(63)));
    let dns = |name: &str| format!("DNS:{name}");
    let hundred: Vec<String> = (0..101).map(|i| format!("DNS:h{i}.example")).collect();
    let (many, most) = (hundred.join(","), hundred[..100].join(","));
    let no_domain = "Warning certificate: it has no domain name: ACM shows none, its default list hides it, and Client VPN refuses it";
    for (names, common, code, wanted) in [
        ("DNS:a.example", "a.example", "N01", vec![]),
        ("", "a.example", "N01", vec!["Error certificate: it has no subject alternative name, and clients do not look at the common name".to_owned()]),
        ("DNS:10.0.0.1", "x", "N02", vec!["Error certificate: the address 10.0.0.1 is written as a DNS name".to_owned()]),
        ("DNS:10.0.0.1,IP:10.0.0.1", "x", "N02", vec![]),
        ("DNS:a.example", "10.0.0.1", "N02", vec!["Error certificate: the address 10.0.0.1 is the common name, and is not among the names".to_owned()]),
        ("IP:10.0.0.1", "10.0.0.1", "N02", vec![]),
        ("", "10.0.0.1", "N02", vec![]),
        ("IP:10.0.0.1", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:localhost", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:10.0.0.1", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:*.example", "x", "N03", vec![no_domain.to_owned()]),
        ("DNS:localhost,DNS:a.example", "x", "N03", vec![]),
        ("DNS:*.a.example", "x", "N03", vec![]),
        ("", "x", "N03", vec![]),
        ("DNS:localhost,DNS:a.example", "x", "N04", vec!["Warning certificate: the name `localhost` has no dot: ACM shows no domain for it".to_owned()]),
        ("DNS:a.example", "x", "N04", vec![]),
        (&dns(&long), "x", "N05", vec![format!("Error certificate: the name `{long}` has 259 characters, and a name has 253")]),
        (&dns(fits), "x", "N05", vec![]),
        (&dns(&label64), "x", "N05", vec![format!("Error certificate: the label `{}` has 64 characters, and a label has 63", "a".repeat(64))]),
        (&dns(&label63), "x", "N05", vec![]),
        ("DNS:a_b.example", "x", "N05", vec!["Warning certificate: the name `a_b.example` has an underscore".to_owned()]),
        ("DNS:*.a_b.example", "x", "N05", vec!["Warning certificate: the name `*.a_b.example` has an underscore".to_owned()]),
        ("DNS:a.*.example", "x", "N06", vec!["Error certificate: the wildcard `a.*.example` matches nothing".to_owned()]),
        ("DNS:*.*.example", "x", "N06", vec!["Error certificate: the wildcard `*.*.example` matches nothing".to_owned()]),
        ("DNS:*.example", "x", "N06", vec!["Error certificate: the wildcard `*.example` matches nothing".to_owned()]),
        ("DNS:*.a.example,DNS:localhost", "x", "N06", vec![]),
        ("DNS:a.example", "b.example", "N07", vec!["Warning certificate: the common name `b.example` is not among the names".to_owned()]),
        ("DNS:a.example", "A.Example", "N07", vec![]),
        ("IP:10.0.0.1", "10.0.0.1", "N07", vec![]),
        ("email:me@a.example", "me@a.example", "N07", vec![]),
        ("DNS:a.example", "10.0.0.1", "N07", vec![]),
        ("", "a.example", "N07", vec![]),
        (&many, "h0.example", "N08", vec!["Info certificate: it has 101 names, and ACM's lists show the first 100".to_owned()]),
        (&most, "h0.example", "N08", vec![]),
    ] {
        let Some(found) = said(&[("subjectAltName", names)], &format!("/CN={common}"), &[], code) else { return };
        assert_eq!(found, wanted, "{code} {names:.80} {common}");
    }
}

#[test]
fn usages_serial_numbers_and_digests() {
    let rsa = ["-newkey", "rsa:2048"];
    let serial = |text: &str| {
        format!("Warning certificate: its serial number is {text}: ACM's search looks for 2 to 20 octets")
    };
    let twenty = format!("0x7f{}", "11".repeat(19));
    let padded = format!("0x80{}", "11".repeat(19));
    let more = format!("0x11{}", "22".repeat(20));
    for (changes, args, code, wanted) in [
        (&[][..], &[][..], "X01", vec![]),
        (
            &[("extendedKeyUsage", "clientAuth")],
            &[],
            "X07",
            vec![
                "Error certificate: its extended key usage leaves servers out: clients refuse it".to_owned(),
            ],
        ),
        (&[("extendedKeyUsage", "clientAuth,serverAuth")], &[], "X07", vec![]),
        (&[("extendedKeyUsage", "anyExtendedKeyUsage")], &[], "X07", vec![]),
        (&[("extendedKeyUsage", "")], &[], "X07", vec![]),
        (
            &[("keyUsage", "critical,keyAgreement")],
            &[],
            "X08",
            vec!["Error certificate: its key usage is keyAgreement without digitalSignature".to_owned()],
        ),
        (&[("keyUsage", "")], &[], "X08", vec![]),
        (&[], &[], "X08", vec![]),
        (
            &[],
            &rsa,
            "X08",
            vec![
                "Warning certificate: its key usage lacks keyEncipherment, which old RSA handshakes need"
                    .to_owned(),
            ],
        ),
        (&[("keyUsage", "critical,digitalSignature,keyEncipherment")], &rsa, "X08", vec![]),
        (&[], &["-set_serial", "5"], "X09", vec![serial("05")]),
        (&[], &["-set_serial", "0x1122"], "X09", vec![]),
        (&[], &["-set_serial", "0x80"], "X09", vec![serial("0080")]),
        (&[], &["-set_serial", "0x8011"], "X09", vec![]),
        (&[], &["-set_serial", &twenty], "X09", vec![]),
        (&[], &["-set_serial", &padded], "X09", vec![]),
        (&[], &["-set_serial", &more], "X09", vec![serial(&more[2..])]),
        (&[], &["-set_serial", "-0x1122"], "X09", vec![serial("eede")]),
        (&[], &["-sha1"], "X04", vec![]),
        (
            &[],
            &["-newkey", "rsa:1024"],
            "K07",
            vec!["Warning certificate: the key of `CN=a.example` is RSA 1024".to_owned()],
        ),
        (&[], &rsa, "K07", vec![]),
        (
            &[],
            &["-newkey", "ed25519"],
            "K03",
            vec![
                "Error certificate: its key is Ed25519, and ACM takes RSA 1024 to 4096 and NIST curves"
                    .to_owned(),
            ],
        ),
        (&[], &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"], "K03", vec![]),
        (
            &[("basicConstraints", "critical,CA:TRUE")],
            &[],
            "X06",
            vec!["Warning certificate: it is a CA certificate".to_owned()],
        ),
        (&[], &[], "X06", vec![]),
    ] {
        let Some(found) = said(changes, "/CN=a.example", args, code) else { return };
        assert_eq!(found, wanted, "{code} {changes:?} {args:?}");
    }
}

/// A CA and a leaf of it.
struct Pair {
    ca: Authority,
    leaf: Bundle,
}

fn pair(ca_key: KeyAlgorithm, leaf_key: KeyAlgorithm, days: u32) -> Pair {
    let plan = CaRequest::new("issuing").unwrap().key(ca_key).plan(now()).unwrap();
    let ca = Authority::create(&plan, PrivateKey::generate(ca_key).unwrap()).unwrap();
    let request = LeafRequest::new(["a.example"]).unwrap().key(leaf_key).lifetime(Lifetime::days(days));
    let leaf = ca.issue(&request).unwrap();
    Pair { ca, leaf }
}

#[test]
fn dates_to_the_second() {
    let Pair { ca, leaf } = pair(KeyAlgorithm::P256, KeyAlgorithm::P256, 90);
    let (first, last) = (leaf.leaf().validity().not_before(), leaf.leaf().validity().not_after());
    let about = Import::new(leaf.leaf(), leaf.chain(), Some(leaf.key().public()));
    let second = Duration::SECOND;
    for (at, code, speaks) in [
        (first - second, "V02", true),
        (first, "V02", false),
        (last, "V01", false),
        (last + second, "V01", true),
        (last - Duration::days(30), "V03", false),
        (last - Duration::days(30) + second, "V03", true),
        (last, "V03", true),
        (last + second, "V03", false),
    ] {
        assert_eq!(!said_of(&about, code, at).is_empty(), speaks, "{code} {at}");
    }
    let ended = said_of(&about, "V01", last + Duration::days(3));
    assert!(ended[0].contains(", 3 days ago; it is "), "{ended:?}");
    assert_eq!(said_of(&about, "V03", last - Duration::days(9)), ["Warning certificate: it ends in 9 days"]);
    // The issuer's end, before and after.
    let end = ca.certificate().validity().not_after();
    assert_eq!(said_of(&about, "V04", end), [""; 0]);
    assert!(said_of(&about, "V04", end + second)[0].starts_with("Error chain: `CN=issuing` ended at "));
    let now = now();
    let short = |days| CaRequest::new("issuing").unwrap().lifetime(Lifetime::days(days)).plan(now).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let again = PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    let issuing = Authority::create(&short(100), key).unwrap();
    let earlier = Authority::create(&short(20), again).unwrap();
    let leaf = issuing
        .issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256).lifetime(Lifetime::days(50)))
        .unwrap();
    let chain = Chain::new(vec![earlier.certificate().clone()]).unwrap();
    let found = said_of(&Import::new(leaf.leaf(), &chain, None), "V04", now);
    assert!(found[0].starts_with("Warning chain: `CN=issuing` ends at "), "{found:?}");
}

#[test]
fn keys_chains_and_sizes() {
    let Pair { ca, leaf } = pair(KeyAlgorithm::P256, KeyAlgorithm::Rsa2048, 90);
    let (own, other) = (leaf.key().public(), ca.key().public());
    let about =
        |key, octets| Import { key, key_octets: octets, ..Import::new(leaf.leaf(), leaf.chain(), None) };
    assert_eq!(said_of(&about(Some(own), 0), "K06", now()), [""; 0]);
    assert_eq!(said_of(&about(None, 0), "K06", now()), [""; 0]);
    let found = said_of(&about(Some(other), 0), "K06", now());
    assert!(
        found[0].starts_with(
            "Error key: the private key does not belong to the certificate: the key is P-256, sha256 "
        ),
        "{found:?}"
    );
    assert!(found[0].contains("the certificate's is RSA 2048, sha256 "), "{found:?}");
    assert_eq!(said_of(&about(None, 5_120), "Z03", now()), [""; 0]);
    assert_eq!(
        said_of(&about(None, 5_121), "Z03", now()),
        ["Error key: its PEM has 5121 octets, and ACM takes 5120"]
    );
    assert_eq!(
        said_of(&about(None, 0), "X05", now()),
        [
            "Warning certificate: its key is RSA 2048, and its issuer's is P-256: ACM's API text asks for the same kind"
        ]
    );
    let same = pair(KeyAlgorithm::P384, KeyAlgorithm::P256, 90);
    assert_eq!(said_of(&Import::new(same.leaf.leaf(), same.leaf.chain(), None), "X05", now()), [""; 0]);

    let none = Chain::default();
    assert_eq!(
        said_of(&Import::new(leaf.leaf(), &none, None), "C01", now()),
        ["Error chain: it was issued by `CN=issuing`, and there is no chain"]
    );
    assert_eq!(said_of(&about(None, 0), "C01", now()), [""; 0]);
    assert_eq!(said_of(&Import::new(ca.certificate(), &none, None), "C01", now()), [""; 0]);
    assert_eq!(said_of(&Import::new(ca.certificate(), &none, None), "X10", now()), [""; 0]);
    let stranger = authority("issuing");
    let wrong = Chain::new(vec![stranger.certificate().clone()]).unwrap();
    let found = said_of(&Import::new(leaf.leaf(), &wrong, None), "C04", now());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("Error chain: "), "{found:?}");
    assert_eq!(said_of(&about(None, 0), "C04", now()), [""; 0]);
}

#[test]
fn services() {
    let of = |key| pair(KeyAlgorithm::P256, key, 90);
    let all = [
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::Rsa4096,
        KeyAlgorithm::P256,
        KeyAlgorithm::P384,
        KeyAlgorithm::Ed25519,
    ];
    for key in all {
        let Pair { leaf, .. } = of(key);
        let speaks = |service, code: &str| {
            let services = [service];
            let about = Import { services: &services, ..Import::new(leaf.leaf(), leaf.chain(), None) };
            said_of(&about, code, now())
        };
        let name = leaf.leaf().public_key().describe();
        let rsa = key.is_rsa();
        let ed = key == KeyAlgorithm::Ed25519;
        let alb = format!("Error certificate: Application Load Balancers do not take {name}");
        assert_eq!(speaks(Service::Alb, "S02"), if ed { vec![alb] } else { vec![] }, "{key}");
        let nlb = format!(
            "Error certificate: Network Load Balancers take RSA up to 3072 and NIST curves, and this is {name}"
        );
        let large = key == KeyAlgorithm::Rsa4096;
        assert_eq!(speaks(Service::Nlb, "S03"), if ed || large { vec![nlb] } else { vec![] }, "{key}");
        let front =
            format!("Error certificate: CloudFront takes RSA up to 4096 and P-256, and this is {name}");
        let public = "Warning trust: CloudFront takes certificates of public CAs alone, and this one's root came with it";
        let mut wanted = if rsa || key == KeyAlgorithm::P256 { vec![] } else { vec![front] };
        wanted.push(public.to_owned());
        assert_eq!(speaks(Service::CloudFront, "S04"), wanted, "{key}");
        let domain = format!(
            "Warning certificate: API Gateway's page for domains says RSA up to 2048, and this is {name}"
        );
        let proof = "Warning trust: API Gateway's domains take a private CA's certificate only beside one that proves ownership";
        let mut wanted = if rsa && key != KeyAlgorithm::Rsa2048 { vec![domain] } else { vec![] };
        wanted.push(proof.to_owned());
        assert_eq!(speaks(Service::ApiGatewayDomain, "S05"), wanted, "{key}");
        // Nobody is told of services that nobody asked about.
        for code in ["S02", "S03", "S04", "S05", "S06", "C08", "C09", "C10"] {
            assert_eq!(said_of(&Import::new(leaf.leaf(), leaf.chain(), None), code, now()), [""; 0]);
        }
        assert_eq!(
            speaks(Service::CloudFront, "C08"),
            ["Fixed chain: the root `CN=issuing` is in the chain"]
        );
    }
}

#[test]
fn regions_domains_and_depths() {
    let Pair { ca, leaf } = pair(KeyAlgorithm::P256, KeyAlgorithm::P256, 90);
    let base = Import::new(leaf.leaf(), leaf.chain(), None);
    for (region, arn, speaks) in [
        (Some("eu-west-1"), Some("eu-west-1"), false),
        (Some("eu-west-1"), Some("us-east-1"), true),
        (None, Some("us-east-1"), false),
        (Some("eu-west-1"), None, false),
    ] {
        let found = said_of(&Import { region, arn_region: arn, ..base }, "S01", now());
        assert_eq!(!found.is_empty(), speaks, "{region:?} {arn:?}: {found:?}");
    }
    let front = [Service::CloudFront];
    let wrong = "Error region: CloudFront reads certificates in us-east-1 alone, and this goes to eu-west-1";
    let at = |region| said_of(&Import { services: &front, region, ..base }, "S04", now());
    assert!(at(Some("eu-west-1")).contains(&wrong.to_owned()));
    assert!(!at(Some("us-east-1")).iter().chain(&at(None)).any(|line| line.contains("region")));

    let vpn = [Service::ClientVpn];
    let refuses = "Error certificate: it has no domain name, and Client VPN refuses that";
    assert_eq!(said_of(&Import { services: &vpn, ..base }, "S06", now()), [""; 0]);
    let nameless =
        ca.issue(&LeafRequest::new(["localhost", "10.0.0.1"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let about = Import { services: &vpn, ..Import::new(nameless.leaf(), nameless.chain(), None) };
    assert_eq!(said_of(&about, "S06", now()), [refuses]);

    let domain = [Service::ApiGatewayDomain];
    let all = ladder(4);
    for cas in 1..=4 {
        let issuer = &all[cas - 1];
        let leaf = issuer.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
        let about = Import { services: &domain, ..Import::new(leaf.leaf(), leaf.chain(), None) };
        let wanted = format!("Warning chain: leaf and chain are {} certificates", cas + 1);
        assert_eq!(said_of(&about, "C09", now()), if cas + 1 > 4 { vec![wanted] } else { vec![] });
        assert_eq!(said_of(&about, "C07", now()), [""; 0]);
    }

    let backend = [Service::ApiGatewayBackend];
    assert_eq!(said_of(&Import { services: &backend, ..base }, "C10", now()), [""; 0]);
    let middle = all[3].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let open = Chain::new(middle.chain().certificates()[..2].to_vec()).unwrap();
    let about = Import { services: &backend, ..Import::new(middle.leaf(), &open, None) };
    assert_eq!(
        said_of(&about, "C10", now()),
        [
            "Error chain: the chain does not reach a root, and API Gateway wants one even with insecureSkipVerification"
        ]
    );
}

#[test]
fn tags_as_aws_takes_them() {
    let key = |count: usize| "k".repeat(count);
    let own = "keys that start with aws: are AWS's own";
    let odd = "it has a character other than letters, digits, spaces and _ . : / = + - @";
    let length = "its key does not have 1 to 128 characters";
    for (name, value, wanted) in [
        ("team".to_owned(), "edge".to_owned(), None),
        (key(128), String::new(), None),
        (key(129), String::new(), Some(length)),
        (String::new(), "x".to_owned(), Some(length)),
        ("ü".repeat(128), "ü".repeat(256), None),
        ("k".to_owned(), "v".repeat(257), Some("its value has more than 256 characters")),
        ("a b_.:/=+-@9".to_owned(), "a b_.:/=+-@9".to_owned(), None),
        ("a!".to_owned(), "x".to_owned(), Some(odd)),
        ("a".to_owned(), "x!".to_owned(), Some(odd)),
        ("AWS:x".to_owned(), "x".to_owned(), Some(own)),
        ("aws".to_owned(), "x".to_owned(), None),
    ] {
        assert_eq!(tag_fault(&name, &value), wanted, "{name:.20} {value:.20}");
    }
    let Pair { leaf, .. } = pair(KeyAlgorithm::P256, KeyAlgorithm::P256, 90);
    let of = |tags: &[(String, String)]| {
        said_of(&Import { tags, ..Import::new(leaf.leaf(), leaf.chain(), None) }, "T01", now())
    };
    let many = |count: usize| (0..count).map(|i| (format!("k{i}"), String::new())).collect::<Vec<_>>();
    assert_eq!(of(&many(49)), [""; 0]);
    assert_eq!(
        of(&many(50)),
        ["Error tags: there are 50 tags, and with certforge's own no more than 49 fit"]
    );
    let tag = |name: &str| vec![(name.to_owned(), "x".to_owned())];
    assert_eq!(of(&tag("certforge:sha256")), ["Error tags: the tag `certforge:sha256` is certforge's own"]);
    assert_eq!(of(&tag("aws:x")), ["Error tags: the tag `aws:x=x`: keys that start with aws: are AWS's own"]);
}

#[test]
fn what_acm_holds_already() {
    let old = pair(KeyAlgorithm::P256, KeyAlgorithm::P256, 90);
    let new = pair(KeyAlgorithm::P256, KeyAlgorithm::Rsa2048, 90);
    let said = |about: &Bundle, held: &Held, code: &str| -> Vec<String> {
        let import = Import::new(about.leaf(), about.chain(), None);
        let found = reimport(&import, held, &Allowed::default());
        let of_rule = found.iter().filter(|f| f.code == format!("acm.{code}"));
        of_rule.map(|f| format!("{:?} {}: {}", f.severity, f.place, f.message)).collect()
    };
    let held = || Held {
        arn: "arn:x".to_owned(),
        kind: Some("IMPORTED".to_owned()),
        key_algorithm: Some("EC_prime256v1".to_owned()),
        certificate: Some(old.leaf.leaf().clone()),
        ..Held::default()
    };
    let clean = held();
    for code in ["R02", "R03", "R04", "R05", "R06", "R07", "R09", "R10", "Q01"] {
        assert_eq!(said(&old.leaf, &clean, code), [""; 0], "{code}");
    }
    assert_eq!(
        said(&new.leaf, &clean, "R02"),
        ["Error arn:x: it holds a key of the kind EC_prime256v1, and this one is RSA_2048"]
    );
    assert_eq!(said(&new.leaf, &Held { key_algorithm: None, ..held() }, "R02"), [""; 0]);
    assert_eq!(
        said(&old.leaf, &Held { kind: Some("AMAZON_ISSUED".to_owned()), ..held() }, "R06"),
        ["Error arn:x: it is AMAZON_ISSUED, and only imported certificates can be replaced"]
    );
    assert_eq!(said(&old.leaf, &Held { kind: None, ..held() }, "R06"), [""; 0]);
    let used = Held { in_use_by: vec!["arn:lb".to_owned(), "arn:api".to_owned()], ..held() };
    assert_eq!(said(&old.leaf, &used, "R09"), ["Info arn:x: in use by arn:lb, arn:api"]);
    assert_eq!(said(&old.leaf, &used, "R10"), [""; 0]);
    let other = authority("another");
    let moved = other.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    assert_eq!(
        said(&moved, &used, "R10"),
        ["Warning arn:x: its issuer is `CN=issuing`, and the new one's is `CN=another`"]
    );
    assert_eq!(said(&moved, &clean, "R10"), [""; 0]);
    for (count, speaks) in [(2_249, false), (2_250, true)] {
        let found = said(&old.leaf, &Held { count: Some(count), ..held() }, "Q01");
        let wanted =
            format!("Warning arn:x: {count} imported certificates are there, and the usual quota is 2500");
        assert_eq!(found, if speaks { vec![wanted] } else { vec![] });
    }
    let names = other.issue(&LeafRequest::new(["b.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    assert_eq!(said(&names, &clean, "R05"), ["Error arn:x: none of its names stays: a.example"]);
    let both = LeafRequest::new(["b.example", "a.example"]).unwrap().key(KeyAlgorithm::P256);
    assert_eq!(said(&other.issue(&both).unwrap(), &clean, "R05"), [""; 0]);
    assert_eq!(said(&names, &Held { certificate: None, ..held() }, "R05"), [""; 0]);
}

#[test]
fn usages_that_a_re_import_takes_away_or_brings() {
    let of = |key_usage: &str, extended: &str, args: &[&str]| {
        made(&[("keyUsage", key_usage), ("extendedKeyUsage", extended)], "/CN=a.example", args)
    };
    let rsa = ["-newkey", "rsa:2048"];
    let (sign, both) = ("critical,digitalSignature", "critical,digitalSignature,keyEncipherment");
    let chain = Chain::default();
    for (old, new, code, wanted) in [
        (
            (both, "serverAuth", &rsa[..]),
            (sign, "serverAuth", &rsa[..]),
            "R03",
            "Error : its key usage keyEncipherment would be taken away",
        ),
        ((both, "serverAuth", &[]), (sign, "serverAuth", &[]), "R03", ""),
        ((sign, "serverAuth", &rsa), (both, "serverAuth", &rsa), "R03", ""),
        (
            (both, "serverAuth", &rsa),
            ("", "serverAuth", &rsa),
            "R03",
            "Error : its key usage digitalSignature, keyEncipherment would be taken away",
        ),
        (("", "serverAuth", &rsa), (sign, "serverAuth", &rsa), "R03", ""),
        ((sign, "serverAuth,clientAuth", &[]), (sign, "serverAuth", &[]), "R04", ""),
        (
            (sign, "serverAuth,codeSigning", &[]),
            (sign, "serverAuth", &[]),
            "R04",
            "Error : its extended key usage 1.3.6.1.5.5.7.3.3 would be taken away",
        ),
        (
            (sign, "serverAuth", &[]),
            (sign, "", &[]),
            "R04",
            "Error : its extended key usage 1.3.6.1.5.5.7.3.1 would be taken away",
        ),
        ((sign, "", &[]), (sign, "serverAuth", &[]), "R04", ""),
        (
            ("", "serverAuth", &[]),
            (sign, "serverAuth", &[]),
            "R07",
            "Warning : it has no key usage, and the new one has: ACM once refused that",
        ),
        (
            (sign, "", &[]),
            (sign, "serverAuth", &[]),
            "R07",
            "Warning : it has no extended key usage, and the new one has: ACM once refused that",
        ),
        (
            ("", "", &[]),
            (sign, "serverAuth", &[]),
            "R07",
            "Warning : it has no key usage and no extended key usage, and the new one has: ACM once refused that",
        ),
        ((sign, "serverAuth", &[]), ("", "", &[]), "R07", ""),
    ] {
        let (Some(before), Some(after)) = (of(old.0, old.1, old.2), of(new.0, new.1, new.2)) else { return };
        let held = Held { certificate: Some(before), ..Held::default() };
        let found = reimport(&Import::new(&after, &chain, None), &held, &Allowed::default());
        let of_rule = found.iter().filter(|f| f.code == format!("acm.{code}"));
        let said: Vec<String> =
            of_rule.map(|f| format!("{:?} {}: {}", f.severity, f.place, f.message)).collect();
        let wanted = if wanted.is_empty() { vec![] } else { vec![wanted.to_owned()] };
        assert_eq!(said, wanted, "{old:?} {new:?}");
    }
}

#[test]
fn rules_and_services_have_names() {
    for service in Service::ALL {
        assert_eq!(Service::from_str(&service.to_string()).unwrap(), service);
    }
    let e = Service::from_str("ec2").unwrap_err();
    assert!(matches!(&e, Error::Service { known, .. } if known.contains(&"alb")), "{e:?}");
    for name in ["K06", "k06", "acm.K06"] {
        assert_eq!(Rule::named(name).map(Rule::name), Some("K06"));
    }
    assert!(Rule::named("K99").is_none());
    let online = |name| Rule::named(name).unwrap().is_online();
    assert!(online("R02") && !online("K06") && !online("P01"));
    assert!(matches!(Allowed::named(&["K99"]), Err(Error::Rule { reason: "there is no such rule", .. })));
    assert!(matches!(Allowed::named(&["K06"]), Err(Error::Rule { reason: "ACM insists on it", .. })));
    // What is allowed is said all the same, as a warning.
    let Pair { leaf, .. } = pair(KeyAlgorithm::P256, KeyAlgorithm::P256, 90);
    let none = Chain::default();
    let allowed = Allowed::named(&["C01"]).unwrap();
    let found = import(&Import::new(leaf.leaf(), &none, None), &[], &allowed, now());
    let finding = found.iter().find(|f| f.code == "acm.C01").unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.message.ends_with(": allowed"), "{}", finding.message);
}

/// What API Gateway says of a back end: codes and places.
fn backend(certificate: &Certificate, sent: &[Certificate], host: Option<&str>, skip: bool) -> Vec<String> {
    let host: Option<Peer> = host.map(|h| h.parse().unwrap());
    let found = judge(&Backend { certificate, sent, host: host.as_ref(), skip, at: now() });
    found.iter().map(|f| format!("{} {}: {}", f.code, f.place, f.message)).collect()
}

#[test]
fn a_back_end_of_api_gateway() {
    let ca = authority("own");
    let request = LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256);
    let leaf = ca.issue(&request.clone().template(Template::named("apigw-backend").unwrap())).unwrap();
    let root = ca.certificate().clone();
    let sent = std::slice::from_ref(&root);
    assert_eq!(backend(leaf.leaf(), sent, Some("a.example"), true), [""; 0]);
    assert_eq!(
        backend(leaf.leaf(), sent, Some("a.example"), false),
        [
            "apigw.trust root: `CN=own` is a CA of one's own, and API Gateway believes those that AWS lists alone: PKIX path building failed"
        ]
    );
    let missing = [
        "acm.C10 chain: the back end sends no certificate of `CN=own`, which issued `CN=a.example`: PKIX path building failed",
    ];
    assert_eq!(backend(leaf.leaf(), &[], None, true), missing);
    assert_eq!(backend(leaf.leaf(), &[], None, false), missing);
    assert_eq!(
        backend(leaf.leaf(), sent, Some("b.example"), true),
        ["apigw.GW07 certificate: the uri's host is b.example, and the certificate is for a.example"]
    );
    assert_eq!(
        backend(leaf.leaf(), sent, Some("10.0.0.1"), true),
        [
            "apigw.GW08 certificate: the uri's host is the address 10.0.0.1, and the certificate is for a.example"
        ]
    );
    // One that signs itself is its own root, and has to be a CA that may sign.
    for (changes, good) in [
        (&[][..], false),
        (&[("basicConstraints", "critical,CA:TRUE")], false),
        (
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            true,
        ),
    ] {
        let Some(own) = made(changes, "/CN=a.example", &[]) else { return };
        let found = backend(&own, &[], Some("a.example"), true);
        let refused = found.iter().any(|line| line.starts_with(
            "acm.C10 root: the root `CN=a.example` is no CA that may sign certificates, and that is asked for even with insecureSkipVerification",
        ));
        assert_eq!(refused, !good, "{changes:?}: {found:?}");
    }
    // What is wrong with the path is refused in either way.
    let now = now();
    let plan = request.lifetime(Lifetime::days(1)).plan(now - Duration::days(3)).unwrap();
    let ended = ca.sign(&plan, leaf.key().public()).unwrap();
    for skip in [true, false] {
        assert!(
            backend(&ended, sent, None, skip).iter().any(|line| line.starts_with("path.expired leaf")),
            "{skip}"
        );
    }
}

#[test]
fn issuers_that_may_not_issue() {
    for (changes, code, wanted) in [
        (&[][..], "C07", &[][..]),
        (
            &[("basicConstraints", "critical,CA:FALSE")],
            "C07",
            &["Error chain: `CN=CA` issued a certificate and is no CA"],
        ),
        (&[("basicConstraints", "")], "C07", &["Error chain: `CN=CA` issued a certificate and is no CA"]),
        (
            &[("keyUsage", "critical,cRLSign")],
            "C07",
            &["Error chain: `CN=CA` issued a certificate, and its key usage lacks keyCertSign"],
        ),
        (&[("keyUsage", "")], "C07", &[]),
        (&[("basicConstraints", "critical,CA:TRUE,pathlen:0")], "C07", &[]),
        (&[("nameConstraints", "critical,permitted;DNS:example")], "C07", &[]),
        (
            &[("nameConstraints", "critical,permitted;DNS:internal")],
            "C07",
            &["Error chain: `CN=CA` may not stand above `CN=a.example`: it permits dns:internal"],
        ),
        (
            &[("nameConstraints", "critical,excluded;DNS:a.example")],
            "C07",
            &["Error chain: `CN=CA` may not stand above `CN=a.example`: it excludes dns:a.example"],
        ),
    ] {
        let Some((leaf, issuer)) = issued(&ca_with(changes), &[], &[]) else { return };
        // A chain of our own takes CAs alone: what others gathered is judged here.
        let Some(chain) = gathered(&leaf, &[issuer]) else { continue };
        assert_eq!(said_of(&Import::new(&leaf, &chain, None), code, now()), wanted, "{changes:?}");
    }
    let Some((leaf, issuer)) = issued(&ca_with(&[]), &[], &["-sha1"]) else { return };
    let chain = gathered(&leaf, &[issuer]).unwrap();
    assert_eq!(
        said_of(&Import::new(&leaf, &chain, None), "X04", now()),
        ["Warning certificate: `CN=a.example` is signed by ECDSA with SHA-1"]
    );

    // Two CAs below one that allows one.
    let all = ladder(3);
    let bound = {
        let request = CaRequest::new("CA 0").unwrap().path_length(Some(1));
        let again = PrivateKey::from_pem(all[0].key().secret_pem().unwrap().as_bytes()).unwrap();
        Authority::create(&request.plan(now()).unwrap(), again).unwrap()
    };
    for (cas, wanted) in
        [(2, &[][..]), (3, &["Error chain: the path length of `CN=CA 0` is 1, with 2 CAs below it"])]
    {
        let leaf =
            all[cas - 1].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
        let mut issuers: Vec<Certificate> =
            all[1..cas].iter().rev().map(|ca| ca.certificate().clone()).collect();
        issuers.push(bound.certificate().clone());
        let chain = gathered(leaf.leaf(), &issuers).unwrap();
        assert_eq!(said_of(&Import::new(leaf.leaf(), &chain, None), "C07", now()), wanted, "{cas}");
    }
}

/// Two CAs of one name: with another key one is taken for the other, renewed it is the same.
#[test]
fn cas_of_one_name() {
    let plan = CaRequest::new("same").unwrap().path_length(None).plan(now()).unwrap();
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = Authority::create(&plan, key()).unwrap();
    let between = CaRequest::new("between").unwrap().path_length(None).plan(now()).unwrap();
    let between = root.create_under(&between.within(root.validity()), key()).unwrap();
    let below = between.create_under(&plan.clone().within(between.validity()), key()).unwrap();
    let leaf = below.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let both = leaf.chain().clone();
    assert_eq!(both.certificates().len(), 3);
    assert_eq!(
        said_of(&Import::new(leaf.leaf(), &both, None), "C06", now()),
        [
            "Warning chain: two CAs are called `CN=same`: OpenSSL, curl, Python and Node take one for the other"
        ]
    );
    let all = ladder(2);
    let leaf = all[1].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    assert_eq!(said_of(&Import::new(leaf.leaf(), leaf.chain(), None), "C06", now()), [""; 0]);
}

/// The root that API Gateway looks for has to be a CA, and to be allowed to sign.
#[test]
fn roots_that_api_gateway_does_not_take() {
    let services = [Service::ApiGatewayBackend];
    let none = Chain::default();
    for (changes, good) in [
        (&[][..], false),
        (&[("basicConstraints", "critical,CA:TRUE"), ("keyUsage", "critical,digitalSignature")], false),
        (
            &[
                ("basicConstraints", "critical,CA:FALSE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            false,
        ),
        (
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            true,
        ),
    ] {
        let Some(own) = made(changes, "/CN=a.example", &[]) else { return };
        let about = Import { services: &services, ..Import::new(&own, &none, None) };
        assert_eq!(said_of(&about, "C10", now()).is_empty(), good, "{changes:?}");
    }
}

/// The chain that a pile of these comes to.
fn gathered(leaf: &Certificate, issuers: &[Certificate]) -> Option<Chain> {
    let mut pile = Pile::new();
    let mut nobody = |_: &str| Ok(None);
    for (role, certificate) in
        [(Role::Certificate, leaf)].into_iter().chain(issuers.iter().map(|c| (Role::Chain, c)))
    {
        pile.add(role, std::path::Path::new("f"), certificate.der(), &mut nobody).unwrap();
    }
    Some(pile.sort().chain).filter(|chain| chain.certificates().len() == issuers.len())
}

#[test]
fn curves_versions_addresses_and_cas() {
    let explicit =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"];
    let Some(found) = said(&[], "/CN=a.example", &explicit, "K05") else { return };
    assert_eq!(found, ["Error certificate: its key spells its curve out instead of naming it"]);
    assert_eq!(said(&[], "/CN=a.example", &[], "K05").unwrap(), [""; 0]);
    let uri = |length: usize| {
        format!("OCSP;URI:http://a.example/{}", "x".repeat(length - "http://a.example/".len()))
    };
    for (length, wanted) in [
        (1_000, &[][..]),
        (1_001, &["Error certificate: an OCSP address has 1001 characters, and ACM takes 1000"]),
    ] {
        let address = uri(length);
        assert_eq!(said(&[("authorityInfoAccess", &address)], "/CN=a.example", &[], "X03").unwrap(), wanted);
    }
    let full = format!("/CN={}", "a".repeat(64));
    assert_eq!(said(&[], &full, &[], "N05").unwrap(), [""; 0]);
    assert_eq!(said(&[], "/", &[], "X02").unwrap(), ["Error certificate: its issuer has no name"]);
    assert_eq!(said(&[], "/CN=a.example", &[], "X02").unwrap(), [""; 0]);
    // A back end of API Gateway that signs for itself has to be a CA; any other leaf is none.
    let Some(own) = made(&[("basicConstraints", "critical,CA:TRUE")], "/CN=a.example", &[]) else { return };
    let (none, backend) = (Chain::default(), [Service::ApiGatewayBackend]);
    let about = Import { services: &backend, ..Import::new(&own, &none, None) };
    assert_eq!(said_of(&about, "X06", now()), [""; 0]);
    let below = ladder(2);
    let chain = Chain::new(vec![below[0].certificate().clone()]).unwrap();
    let about = Import { services: &backend, ..Import::new(below[1].certificate(), &chain, None) };
    assert_eq!(said_of(&about, "X06", now()), ["Warning certificate: it is a CA certificate"]);
    // Version 1, as `openssl x509 -req` without extensions makes it.
    let Some((leaf, _)) = issued(&[], &VERSION_1, &[]) else { return };
    assert_eq!(leaf.version(), 1);
    assert_eq!(
        said_of(&Import::new(&leaf, &none, None), "X01", now()),
        ["Error certificate: it is X.509 version 1, which has no room for names, and ACM takes version 3"]
    );
}

/// No extension at all.
const VERSION_1: [(&str, &str); 6] = [
    ("basicConstraints", ""),
    ("keyUsage", ""),
    ("extendedKeyUsage", ""),
    ("subjectAltName", ""),
    ("subjectKeyIdentifier", ""),
    ("authorityKeyIdentifier", ""),
];
