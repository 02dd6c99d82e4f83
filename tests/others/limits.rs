//! Limits on names as other CAs write them (RFC 5280 §4.2.1.10): what stands below and what
//! does not, by our path rules and by OpenSSL. And how limits are written, read and told.

use crate::support::made::{ca_with, issued};
use crate::support::{Sandbox, judge, output};
use certforge::check::path::{Purpose, Question, verify};
use certforge::{Certificate, Constraints, Subtree, TrustAnchor};
use time::OffsetDateTime;

/// Why the leaf may not stand below, in the path's words.
fn broken(leaf: &Certificate, ca: &Certificate) -> Vec<String> {
    let anchors = [TrustAnchor::new(ca.clone())];
    let verdict = verify(&Question {
        certificate: leaf,
        chain: &[],
        anchors: &anchors,
        peer: None,
        purpose: Purpose::Any,
        at: OffsetDateTime::now_utc(),
        lists: &[],
        strict: false,
    });
    let of_limits = verdict.findings.into_iter().filter(|f| f.code == "path.name-constraint");
    of_limits.map(|finding| finding.message).collect()
}

/// Whether OpenSSL takes it.
fn openssl_takes(leaf: &Certificate, ca: &Certificate) -> Option<bool> {
    let program = judge("openssl")?;
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("leaf.pem"), leaf.pem().unwrap()).unwrap();
    std::fs::write(sandbox.file("ca.pem"), ca.pem().unwrap()).unwrap();
    let args = ["verify", "-CAfile", "ca.pem", "leaf.pem"];
    let (ok, text) = output(&program, &args, sandbox.path());
    let of_limits =
        ["permitted subtree", "excluded subtree", "unsupported name constraint", "unsupported or"];
    assert!(ok || of_limits.iter().any(|part| text.contains(part)), "{text}");
    Some(ok)
}

/// A limit, a name below it, and the limit in the words that refuse it.
type Case = (&'static str, &'static str, Option<&'static str>);

const CASES: [Case; 37] = [
    ("permitted;DNS:a.example", "DNS:a.example", None),
    ("permitted;DNS:a.example", "DNS:x.y.a.example", None),
    ("permitted;DNS:a.example", "DNS:X.A.EXAMPLE", None),
    ("permitted;DNS:A.Example", "DNS:a.example", None),
    ("permitted;DNS:a.example", "DNS:*.a.example", None),
    ("permitted;DNS:a.example", "DNS:xa.example", Some("it permits dns:a.example")),
    ("permitted;DNS:a.example", "DNS:example", Some("it permits dns:a.example")),
    ("permitted;DNS:a.example", "IP:10.0.0.1", None),
    ("permitted;DNS:a.example", "email:a@b.example", None),
    ("excluded;DNS:a.example", "DNS:x.a.example", Some("it excludes dns:a.example")),
    ("excluded;DNS:a.example", "DNS:b.example", None),
    ("permitted;IP:10.0.0.0/255.0.0.0", "IP:10.255.255.255", None),
    ("permitted;IP:10.0.0.0/255.0.0.0", "IP:11.0.0.0", Some("it permits 10.0.0.0/8")),
    ("permitted;IP:10.0.0.0/255.0.0.0", "IP:fd00::1", Some("it permits 10.0.0.0/8")),
    ("permitted;IP:10.0.0.0/255.0.255.0", "IP:10.9.0.7", None),
    ("permitted;IP:10.0.0.0/255.0.255.0", "IP:10.9.1.7", Some("it permits 10.0.0.0/255.0.255.0")),
    ("permitted;IP:fd00::/ff00::", "IP:fdff::1", None),
    ("permitted;IP:fd00::/ff00::", "IP:fe80::1", Some("it permits fd00::/8")),
    ("excluded;IP:0.0.0.0/0.0.0.0", "IP:1.2.3.4", Some("it excludes every IPv4 address")),
    ("excluded;IP:0.0.0.0/0.0.0.0", "IP:fd00::1", None),
    ("excluded;IP:::/::", "IP:fd00::1", Some("it excludes every IPv6 address")),
    ("permitted;email:a@b.example", "email:a@b.example", None),
    ("permitted;email:a@b.example", "email:a@B.EXAMPLE", None),
    ("permitted;email:a@b.example", "email:A@b.example", Some("it permits email:a@b.example")),
    ("permitted;email:b.example", "email:c@b.example", None),
    ("permitted;email:b.example", "email:c@x.b.example", Some("it permits email:b.example")),
    ("permitted;email:.b.example", "email:c@x.b.example", None),
    ("permitted;email:.b.example", "email:c@b.example", Some("it permits email:.b.example")),
    ("permitted;URI:b.example", "URI:https://b.example/x", None),
    ("permitted;URI:b.example", "URI:https://B.example:8443/x?y#z", None),
    ("permitted;URI:b.example", "URI:https://x.b.example/", Some("it permits uri:b.example")),
    ("permitted;URI:.b.example", "URI:https://x.b.example/", None),
    ("permitted;URI:.b.example", "URI:https://b.example/", Some("it permits uri:.b.example")),
    ("excluded;URI:b.example", "URI:https://b.example/", Some("it excludes uri:b.example")),
    (
        "permitted;URI:b.example",
        "URI:urn:x:y",
        Some("it limits names of the type uri, and this one cannot be compared"),
    ),
    (
        "permitted;RID:1.2.3",
        "RID:1.2.3.4",
        Some("it limits names of the type registeredID, and this one cannot be compared"),
    ),
    (
        "permitted;otherName:1.2.3;UTF8:x",
        "otherName:1.2.3;UTF8:x",
        Some("it limits names of the type otherName, and this one cannot be compared"),
    ),
];

#[test]
fn names_stand_below_by_their_type() {
    for (limit, name, wanted) in CASES {
        let ca = ca_with(&[("nameConstraints", limit)]);
        // Without the critical mark, which the leaf below does not look at.
        let Some((leaf, ca)) = issued(&ca, &[("subjectAltName", name)], &[]) else { return };
        let said = broken(&leaf, &ca);
        match wanted {
            None => assert!(said.is_empty(), "{limit} {name}: {said:?}"),
            Some(words) => {
                assert_eq!(said.len(), 1, "{limit} {name}: {said:?}");
                let ends = format!("and of what stands below the trust anchor {words}");
                assert!(said[0].ends_with(&ends), "{limit} {name}: {said:?}");
            }
        }
        let takes = openssl_takes(&leaf, &ca).unwrap();
        // It compares the common name too, which is a.example: all that is closed to that
        // is refused there as well.
        assert!(takes == wanted.is_none(), "{limit} {name}: OpenSSL says {takes}");
    }
}

#[test]
fn types_that_a_limit_does_not_mention_are_left_alone() {
    for limit in ["permitted;RID:1.2.3", "excluded;otherName:1.2.3;UTF8:x", "permitted;email:b.example"] {
        let ca = ca_with(&[("nameConstraints", limit)]);
        let Some((leaf, ca)) = issued(&ca, &[], &[]) else { return };
        assert_eq!(broken(&leaf, &ca), Vec::<String>::new(), "{limit}");
        assert_eq!(openssl_takes(&leaf, &ca), Some(true), "{limit}");
    }
}

#[test]
fn limits_read_as_they_are_written() {
    for (text, shown, kind) in [
        ("internal.example", "dns:internal.example", "dns"),
        (".internal.example", "dns:internal.example", "dns"),
        ("DNS:Internal.Example", "dns:internal.example", "dns"),
        (" dns: a.example ", "dns:a.example", "dns"),
        ("10.103.10.95", "10.103.10.95/32", "ip"),
        ("10.103.0.0/16", "10.103.0.0/16", "ip"),
        ("IP:10.0.0.0/8", "10.0.0.0/8", "ip"),
        ("0.0.0.0/0", "every IPv4 address", "ip"),
        ("::/0", "every IPv6 address", "ip"),
        ("fd00::1", "fd00::1/128", "ip"),
        ("ip:fd00::/8", "fd00::/8", "ip"),
        ("me@corp.example", "email:me@corp.example", "email"),
        ("@corp.example", "email:corp.example", "email"),
        ("email:corp.example", "email:corp.example", "email"),
        ("email:.corp.example", "email:.corp.example", "email"),
        ("uri:corp.example", "uri:corp.example", "uri"),
        ("URI:.corp.example", "uri:.corp.example", "uri"),
    ] {
        let subtree: Subtree = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((subtree.to_string().as_str(), subtree.kind()), (shown, kind), "{text}");
        if !shown.starts_with("every") {
            assert_eq!(shown.parse::<Subtree>().unwrap(), subtree, "{shown}");
        }
    }
}

#[test]
fn limits_that_are_none_say_why() {
    for (text, wanted) in [
        ("", "empty"),
        ("dns:", "empty"),
        ("*.a.example", "a subtree has no `*`"),
        ("uri:https://a.example/", "may not stand"),
        ("email:a b@c.example", "it is not an e-mail address"),
        ("email:a@", "it is not an e-mail address"),
        ("10.0.0.0/", "`/` is not a prefix length from 0 to 32"),
        ("10.0.0.0/+8", "`/+8` is not a prefix length from 0 to 32"),
        ("fd00::/129", "`/129` is not a prefix length from 0 to 128"),
        ("10.0.0.1/8", "10.0.0.1 has bits behind the prefix: the network is 10.0.0.0/8"),
        ("fd00::1/8", "fd00::1 has bits behind the prefix: the network is fd00::/8"),
        ("ip:host", "`host` is not an IP address"),
        ("uri:10.0.0.1", "it is an address, and no host"),
        ("email:@10.0.0.1", "it is an address, and no host"),
    ] {
        let refused = text.parse::<Subtree>().unwrap_err();
        assert_eq!(refused.code(), "ca.constraint", "{text}");
        assert!(refused.to_string().contains(wanted), "{text}: {refused}");
    }
}

fn limits(permitted: &[&str], excluded: &[&str]) -> Constraints {
    let read = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect();
    Constraints::new(read(permitted), read(excluded))
}

#[test]
fn what_is_permitted_closes_the_types_beside_it() {
    let closed = |l: &Constraints| -> Vec<String> { l.excluded().iter().map(ToString::to_string).collect() };
    let addresses = ["every IPv4 address", "every IPv6 address"];
    assert_eq!(closed(&limits(&["a.example"], &[])), addresses);
    assert_eq!(closed(&limits(&["10.0.0.0/8"], &[])), ["every DNS name"]);
    assert_eq!(closed(&limits(&["fd00::/8", "a.example"], &[])), [""; 0]);
    assert_eq!(closed(&limits(&["@a.example"], &[])), ["every DNS name", addresses[0], addresses[1]]);
    // Nothing is permitted by name, so nothing is closed.
    assert_eq!(closed(&limits(&[], &["a.example"])), ["dns:a.example"]);
    assert!(limits(&[], &[]).is_empty() && !limits(&[], &["a.example"]).is_empty());
}

#[test]
fn mailboxes_and_uris_without_a_limit_of_their_own() {
    let refused = |l: &Constraints, name: &str| l.refuses(&name.parse().unwrap());
    let by_dns = limits(&["a.example"], &[]);
    for (name, kind) in [("email:x@a.example", "email"), ("uri:https://a.example/", "uri")] {
        let wanted = format!("its limits mention no name of the type {kind}");
        assert_eq!(refused(&by_dns, name), Some(wanted), "{name}");
        assert_eq!(refused(&limits(&[], &["a.example"]), name), None, "{name}");
    }
    let by_uri = limits(&["uri:a.example"], &[]);
    // OpenSSL finds another host, or none, in those with a user or a dot behind the host.
    for name in [
        "uri:urn:a:b",
        "uri:https://10.0.0.1/",
        "uri:https://[fd00::1]:443/",
        "uri:https://u@a.example/x",
        "uri:https://u:p@a.example/x",
    ] {
        let wanted = "its limits on URIs let none stand below but with a host name, without a user before it";
        assert_eq!(refused(&by_uri, name).as_deref(), Some(wanted), "{name}");
    }
    for name in ["uri:https://a.example", "uri:https://a.example/x@y", "uri:ldap://A.EXAMPLE:636?x"] {
        assert_eq!(refused(&by_uri, name), None, "{name}");
    }
}

#[test]
fn a_dot_in_front_is_told_and_goes_when_it_is_written_again() {
    let Some((_, ca)) = issued(&ca_with(&[("nameConstraints", "permitted;DNS:.a.example")]), &[], &[]) else {
        return;
    };
    let read = ca.name_constraints().unwrap().unwrap();
    assert_eq!(read.dotted(), ["dns:.a.example"]);
    let refused = |name: &str| read.refuses(&name.parse().unwrap());
    assert_eq!(refused("x.a.example"), None);
    assert_eq!(refused("*.a.example"), None);
    assert_eq!(refused("a.example").as_deref(), Some("it permits dns:.a.example"));
    // Ours closes addresses beside it, so the two are not the same limits.
    assert!(!read.is_written_as(&limits(&["a.example"], &[])));
    let (_, plain) = issued(&ca_with(&[("nameConstraints", "permitted;DNS:a.example")]), &[], &[]).unwrap();
    let plain = plain.name_constraints().unwrap().unwrap();
    assert!(plain.dotted().is_empty() && read.is_written_as(&plain) && read != plain);
}

#[test]
fn so_many_names_that_nobody_compares_them() {
    // 600 limits on 600 names are more than are compared, 400 on 400 are not.
    for (count, compared) in [(400, true), (600, false)] {
        let limits: Vec<String> = (0..count).map(|i| format!("permitted;DNS:h{i}.example")).collect();
        let names: Vec<String> = (0..count).map(|i| format!("DNS:h{i}.example")).collect();
        let ca = ca_with(&[("nameConstraints", "placeholder")]);
        let (limits, names) = (limits.join(","), names.join(","));
        let ca: Vec<(&str, &str)> = ca
            .iter()
            .map(|(k, v)| (*k, if *k == "nameConstraints" { limits.as_str() } else { *v }))
            .collect();
        let Some((leaf, ca)) = issued(&ca, &[("subjectAltName", &names)], &[]) else { return };
        let said = broken(&leaf, &ca);
        if compared {
            assert_eq!(said, Vec::<String>::new(), "{count}");
        } else {
            assert_eq!(said, ["more than 250000 names would have to be compared with limits"], "{count}");
        }
    }
}

#[test]
fn mailboxes_in_a_subject_are_names_too() {
    for (limit, subject, wanted) in [
        ("permitted;email:b.example", "/CN=a.example/emailAddress=x@b.example", None),
        (
            "permitted;email:b.example",
            "/CN=a.example/emailAddress=x@c.example",
            Some("it permits email:b.example"),
        ),
        (
            "excluded;email:b.example",
            "/CN=a.example/emailAddress=x@b.example",
            Some("it excludes email:b.example"),
        ),
    ] {
        let Some((_, ca)) = issued(&ca_with(&[("nameConstraints", limit)]), &[], &[]) else { return };
        let limits = ca.name_constraints().unwrap().unwrap();
        let subject: certforge::Subject = subject.parse().unwrap();
        assert_eq!(limits.refuses_subject(&subject.to_der().unwrap()).unwrap().as_deref(), wanted, "{limit}");
    }
}
