//! The services behind ACM, their regions, tags, and what is there already.

use std::str::FromStr;

use certforge::check::acm::{Allowed, Held, Import, Rule, Service, import, reimport, tag_fault};
use certforge::{Bundle, Chain, Error, KeyAlgorithm, LeafRequest, Severity};

use crate::support::made::{authority, ladder, made};

use super::{Pair, now, pair, said_of};

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
