//! Names of people and things: subjects, and what a certificate may vouch for, read and written.

use certforge::constraint::{Constraints, Subtree};
use certforge::error::{Category, Error, NameFault};
use certforge::name::{Names, San};
use certforge::subject::Subject;
use certforge::template::{ExtendedKeyUsage, KeyUsage};

fn san(text: &str) -> San {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn a_name_is_typed_by_its_form() {
    for (text, kind, written) in [
        ("a.example", "dns", "a.example"),
        ("A.Example", "dns", "a.example"),
        ("*.a.example", "dns", "*.a.example"),
        ("localhost", "dns", "localhost"),
        ("xn--bcher-kva.example", "dns", "xn--bcher-kva.example"),
        ("bücher.example", "dns", "xn--bcher-kva.example"),
        ("dns:10-0-0-1.a.example", "dns", "10-0-0-1.a.example"),
        ("10.103.10.95", "ip", "10.103.10.95"),
        ("ip:10.103.10.95", "ip", "10.103.10.95"),
        ("FD00:0:0::1", "ip", "fd00::1"),
        ("[fd00::1]", "ip", "fd00::1"),
        ("me@a.example", "email", "me@a.example"),
        ("email:Me@A.Example", "email", "Me@a.example"),
        ("uri:spiffe://a.example/ns/x", "uri", "spiffe://a.example/ns/x"),
        (
            "uri:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "uri",
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        ),
    ] {
        let name: Result<San, Error> = text.parse();
        let Ok(name) = name else {
            // Brackets are a URL's: not every form is taken, and what is not has a reason.
            assert!(text.starts_with('['), "{text}: {name:?}");
            continue;
        };
        assert_eq!((name.kind(), name.to_string().as_str()), (kind, written), "{text}");
        // What is written is read as the same, with its type before it.
        assert_eq!(san(&format!("{kind}:{name}")), name, "{text}");
    }
}

#[test]
fn what_is_no_name_says_which_fault_it_has() {
    let fault = |text: &str| match text.parse::<San>() {
        Err(Error::Name { input, fault }) => {
            assert_eq!(input, text);
            fault
        }
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(fault(""), NameFault::Empty);
    assert_eq!(fault("https://a.example/"), NameFault::Url);
    assert_eq!(fault("10.0.0.0/8"), NameFault::Cidr);
    assert_eq!(fault("fe80::1%eth0"), NameFault::Zone);
    assert_eq!(fault("010.0.0.1"), NameFault::LeadingZero);
    assert_eq!(fault("::ffff:10.0.0.1"), NameFault::MappedIpv4);
    assert_eq!(fault("a..example"), NameFault::EmptyLabel);
    assert_eq!(fault("a_b.example"), NameFault::Forbidden('_'));
    assert_eq!(fault("a b"), NameFault::Forbidden(' '));
    assert_eq!(fault("-a.example"), NameFault::Hyphen);
    assert_eq!(fault("a-.example"), NameFault::Hyphen);
    assert_eq!(fault("*.com"), NameFault::WildcardTopLevel);
    assert_eq!(fault("a.*.example"), NameFault::WildcardInside);
    assert_eq!(fault("w*.a.example"), NameFault::WildcardInside);
    assert_eq!(fault("a.example:443"), NameFault::Port);
    assert_eq!(fault(&format!("{}.example", "a".repeat(64))), NameFault::LongLabel(64));
    assert_eq!(fault("a\0.example"), NameFault::Control);
    assert_eq!(fault("ip:a.example"), NameFault::NotIp);
    assert_eq!(fault("email:nobody"), NameFault::NotEmail);
    assert!(matches!(fault(&["a"; 130].join(".")), NameFault::LongName(_)));
    // As long as they may be.
    san(&format!("{}.example", "a".repeat(63)));
    san(&[&"a".repeat(63)[..], &"b".repeat(63), &"c".repeat(63), &"d".repeat(61)].join("."));
}

#[test]
fn names_are_kept_in_their_order_each_once() {
    let names = Names::parse(["b.example", "a.example", "B.example", "10.0.0.1", "ip:10.0.0.1"]).unwrap();
    let texts: Vec<_> = names.iter().map(San::to_string).collect();
    assert_eq!(texts, ["b.example", "a.example", "10.0.0.1"]);
    assert_eq!((names.first().to_string().as_str(), names.len()), ("b.example", 3));
    let refused = Names::parse(["a.example", "a b"]);
    assert!(matches!(refused, Err(Error::Name { ref input, .. }) if input == "a b"), "{refused:?}");
}

#[test]
fn a_subject_is_read_in_the_spellings_there_are() {
    let one: Subject = "/C=JP/O=Hoge, Inc./OU=A/CN=10.103.10.95".parse().unwrap();
    assert_eq!(one.common_name(), Some("10.103.10.95"));
    assert!(!one.is_empty());
    assert_eq!(one.to_openssl().parse::<Subject>().unwrap(), one);
    assert_eq!(one.to_der().unwrap()[0], 0x30);
    let built = Subject::common("10.103.10.95").unwrap();
    assert_eq!(built.common_name(), Some("10.103.10.95"));
    let built = built.with("O", "Hoge, Inc.").unwrap();
    assert!(built.to_openssl().contains("O=Hoge, Inc."), "{}", built.to_openssl());
    for text in ["/O=slash \\/ in it/CN=x", "/O=plus \\+ in it/CN=x", "/O=日本語/CN=x", "/OU=A+OU=B/CN=x"]
    {
        let subject: Subject = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(subject.to_openssl().parse::<Subject>().unwrap(), subject, "{text}");
    }
    for bad in ["/O", "/=x", "/XX=x/CN=y", "/C=Japan/CN=x", "/CN=", "/CN=a\0b"] {
        let refused = bad.parse::<Subject>();
        assert!(matches!(refused, Err(Error::Subject { .. })), "{bad}: {refused:?}");
    }
    assert!(matches!(Subject::common(&"n".repeat(65)), Err(Error::Subject { .. })));
    assert!(Subject::default().is_empty());
}

#[test]
fn limits_are_read_shown_and_kept() {
    let limits = |permitted: &[&str], excluded: &[&str]| {
        let read = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect();
        Constraints::new(read(permitted), read(excluded))
    };
    for (text, kind, shown) in [
        (".internal", "dns", "dns:internal"),
        ("corp.example", "dns", "dns:corp.example"),
        ("10.103.0.0/16", "ip", "10.103.0.0/16"),
        ("10.103.10.95", "ip", "10.103.10.95/32"),
        ("fd00::/8", "ip", "fd00::/8"),
        ("@corp.example", "email", "email:corp.example"),
        ("email:.corp.example", "email", "email:.corp.example"),
        ("boss@corp.example", "email", "email:boss@corp.example"),
        ("uri:corp.example", "uri", "uri:corp.example"),
        ("0.0.0.0/0", "ip", "every IPv4 address"),
        ("::/0", "ip", "every IPv6 address"),
    ] {
        let subtree: Subtree = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((subtree.kind(), subtree.to_string().as_str()), (kind, shown), "{text}");
    }
    for bad in [
        "",
        "*.corp.example",
        "10.103.10.95/16",
        "10.0.0.0/33",
        "fd00::/129",
        "email:a b@x.example",
        "a..b",
        "uri:10.0.0.1",
    ] {
        let refused = bad.parse::<Subtree>();
        assert!(
            matches!(refused, Err(Error::Constraint { ref input, .. }) if input == bad),
            "{bad}: {refused:?}"
        );
    }
    let corp = limits(&[".corp.example", "10.0.0.0/8"], &["secret.corp.example"]);
    assert!(!corp.is_empty() && Constraints::NONE.is_empty());
    assert_eq!((corp.permitted().len(), corp.excluded().len()), (2, 1));
    assert_eq!(corp.refuses(&san("a.corp.example")), None);
    let why = corp.refuses(&san("a.other.example")).unwrap();
    assert!(why.contains("permits") && why.contains("corp.example"), "{why}");
    let why = corp.refuses(&san("x.secret.corp.example")).unwrap();
    assert!(why.contains("excludes dns:secret.corp.example"), "{why}");
    // A subject's e-mail address is a name too (RFC 5280 §4.2.1.10).
    let mail: Subject = "/O=x/emailAddress=me@other.example".parse().unwrap();
    let staff = limits(&["@corp.example"], &[]);
    assert!(staff.refuses_subject(&mail.to_der().unwrap()).unwrap().is_some());
    let own: Subject = "/O=x/emailAddress=me@corp.example".parse().unwrap();
    assert_eq!(staff.refuses_subject(&own.to_der().unwrap()).unwrap(), None);
    assert!(staff.refuses_subject(b"no name").is_err());
    assert!(corp.is_written_as(&limits(&["corp.example", "10.0.0.0/8"], &["secret.corp.example"])));
    assert!(corp.dotted().is_empty(), "a leading dot goes when it is read");
}

#[test]
fn usages_have_the_names_of_the_standard() {
    // RFC 5280 §4.2.1.3 and §4.2.1.12.
    for name in [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
    ] {
        assert_eq!(name.parse::<KeyUsage>().unwrap().as_str(), name);
    }
    // X.509 renamed one of them, and both names are about.
    assert_eq!("contentCommitment".parse::<KeyUsage>().unwrap().as_str(), "nonRepudiation");
    for (name, oid) in [
        ("serverAuth", "1.3.6.1.5.5.7.3.1"),
        ("clientAuth", "1.3.6.1.5.5.7.3.2"),
        ("codeSigning", "1.3.6.1.5.5.7.3.3"),
        ("emailProtection", "1.3.6.1.5.5.7.3.4"),
    ] {
        let usage: ExtendedKeyUsage = name.parse().unwrap();
        assert_eq!((usage.oid().to_string().as_str(), usage.to_string().as_str()), (oid, name));
        assert_eq!(ExtendedKeyUsage::of(usage.oid()), usage);
        assert_eq!(oid.parse::<ExtendedKeyUsage>().unwrap(), usage, "its number is as good as its name");
    }
    let other: ExtendedKeyUsage = "1.3.6.1.5.5.7.3.17".parse().unwrap();
    assert!(matches!(other, ExtendedKeyUsage::Other(_)));
    for bad in ["", "signing", "ServerAuth ", "1.2.x"] {
        assert!(matches!(bad.parse::<ExtendedKeyUsage>(), Err(Error::Usage { .. })), "{bad}");
        assert!(matches!(bad.parse::<KeyUsage>(), Err(Error::Usage { .. })), "{bad}");
    }
}

#[test]
fn what_is_wrong_with_a_name_has_a_code_of_its_own() {
    let faults = [
        ("https://x/", "name.url"),
        ("", "name.empty"),
        ("a..b", "name.empty-label"),
        ("10.0.0.0/8", "name.cidr"),
        ("fe80::1%eth0", "name.zone"),
        ("010.0.0.1", "name.leading-zero"),
        ("::ffff:10.0.0.1", "name.mapped-ipv4"),
        ("*.com", "name.wildcard-top-level"),
        ("a*.example", "name.wildcard-inside"),
        ("a_b.example", "name.forbidden"),
        ("-a.example", "name.hyphen"),
        ("a.example:443", "name.port"),
        ("a.example/path", "name.path"),
        ("a\0b", "name.control"),
        (&"a".repeat(64), "name.long-label"),
        (&format!("{}.example", "a.".repeat(130)), "name.long"),
        ("ip:x", "name.not-ip"),
        ("email:x", "name.not-email"),
        ("uri:x", "name.not-uri"),
    ];
    let mut seen = Vec::new();
    for (text, code) in faults {
        let error = text.parse::<San>().unwrap_err();
        seen.push(format!("{} {}", error.code(), code));
        assert_eq!(error.category(), Category::Input, "{text}");
    }
    let wrong: Vec<_> = seen.iter().filter(|s| s.split(' ').next() != s.split(' ').nth(1)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
