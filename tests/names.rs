//! Names: what is taken, as what, and what is refused and why.

use certforge::{Names, San};

fn kind(text: &str) -> (String, String) {
    let san: San = text.parse().unwrap_or_else(|e| panic!("{e}"));
    (san.kind().to_owned(), san.to_string())
}

#[test]
fn names_find_their_type() {
    for (text, wanted_kind, value) in [
        ("10.103.10.95", "ip", "10.103.10.95"),
        ("FD00:0:0:0:0:0:0:1", "ip", "fd00::1"),
        ("[fd00::1]", "ip", "fd00::1"),
        ("ip:10.0.0.1", "ip", "10.0.0.1"),
        ("IP Address:10.0.0.1", "ip", "10.0.0.1"),
        ("IP:fd00::1", "ip", "fd00::1"),
        ("DNS:A.Example", "dns", "a.example"),
        ("a.example.", "dns", "a.example"),
        ("*.internal.example", "dns", "*.internal.example"),
        ("localhost", "dns", "localhost"),
        ("xn--r8jz45g.jp", "dns", "xn--r8jz45g.jp"),
        ("例え.jp", "dns", "xn--r8jz45g.jp"),
        ("Straße.example", "dns", "xn--strae-oqa.example"),
        ("*.例え.jp", "dns", "*.xn--r8jz45g.jp"),
        ("3com.example", "dns", "3com.example"),
        ("user@Host.Example", "email", "user@host.example"),
        ("email:user@host.example", "email", "user@host.example"),
        ("uri:spiffe://a.example/x", "uri", "spiffe://a.example/x"),
        ("URI:https://a.example/", "uri", "https://a.example/"),
        ("uri:urn:uuid:1", "uri", "urn:uuid:1"),
        ("uri:https://u@[fd00::1]:8443/x", "uri", "https://u@[fd00::1]:8443/x"),
        ("uri:https://A.example/%7Ea?b=", "uri", "https://A.example/%7Ea?b="),
        ("uri:https://10.0.0.1?a/b#c/d?e", "uri", "https://10.0.0.1?a/b#c/d?e"),
    ] {
        assert_eq!(kind(text), (wanted_kind.to_owned(), value.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_name_is_refused_with_its_own_code() {
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = format!("{}example", "abcdefghi.".repeat(25));
    for (text, code) in [
        ("", "name.empty"),
        ("   ", "name.empty"),
        ("dns:", "name.empty"),
        ("https://x/", "name.url"),
        ("https://10.0.0.1:443/", "name.url"),
        ("a.example/path", "name.path"),
        ("../../x", "name.path"),
        ("/etc/x", "name.path"),
        ("a.example:443", "name.port"),
        ("10.0.0.1:443", "name.port"),
        ("[fd00::1]:443", "name.port"),
        ("10.0.0.0/8", "name.cidr"),
        ("fd00::/8", "name.cidr"),
        ("ip:10.0.0.0/8", "name.cidr"),
        ("fe80::1%eth0", "name.zone"),
        ("010.0.0.1", "name.leading-zero"),
        ("10.0.00.1", "name.leading-zero"),
        ("::ffff:10.0.0.1", "name.mapped-ipv4"),
        ("10.0.0.256", "name.not-ip"),
        ("10.0.0", "name.not-ip"),
        ("1.2.3.4.5", "name.not-ip"),
        ("2130706433", "name.not-ip"),
        ("0x7f.1", "name.not-ip"),
        ("a.0x1f", "name.not-ip"),
        ("dns:10.0.0.1", "name.ip-as-dns"),
        ("ip:a.example", "name.not-ip"),
        ("fd00::g", "name.not-ip"),
        ("a..example", "name.empty-label"),
        (".example", "name.empty-label"),
        ("..", "name.empty-label"),
        (&long_label, "name.long-label"),
        (&long_name, "name.long"),
        ("a_b.example", "name.forbidden"),
        ("a b.example", "name.forbidden"),
        ("a\u{0}b.example", "name.control"),
        ("a\nb", "name.control"),
        ("\u{1b}[2J", "name.control"),
        ("-rf", "name.hyphen"),
        ("a-.example", "name.hyphen"),
        ("a*.example", "name.wildcard-inside"),
        ("a.*.example", "name.wildcard-inside"),
        ("*.*.example", "name.wildcard-inside"),
        ("*", "name.wildcard-inside"),
        ("*.com", "name.wildcard-top-level"),
        ("*.10.0.0.1", "name.not-ip"),
        ("xn--a.example", "name.idna"),
        ("a\u{202e}b.example", "name.idna"),
        ("@a.example", "name.not-email"),
        ("a@b@c.example", "name.not-email"),
        ("email:nobody", "name.not-email"),
        ("uri:nothing", "name.not-uri"),
        ("uri:http://", "name.uri-host"),
        ("uri:http://:80/", "name.uri-host"),
        ("uri:http://a_b/", "name.uri-host"),
        ("uri:http://a.example:x/", "name.uri-host"),
        // Go refuses the whole certificate for these, and Java reads no name of it.
        ("uri:https://b.example./", "name.uri-host"),
        ("uri:http://[1.2.3.4]/", "name.uri-host"),
        ("uri:http://[fd00::1/", "name.uri-host"),
        ("uri:http://*.a.example/", "name.uri-host"),
        ("uri:http://a.example/%zz", "name.not-uri"),
        ("uri:http://a.example/%2", "name.not-uri"),
        ("uri:http://a.example/#%", "name.not-uri"),
        ("uri:http://a.example/#a#b", "name.not-uri"),
        ("uri:http://a.example/[x]", "name.not-uri"),
        ("uri:http://a.example/?%g0", "name.not-uri"),
        ("uri:http://u%@a.example/", "name.not-uri"),
        ("uri:a:#", "name.not-uri"),
        ("uri:a:", "name.not-uri"),
        ("ftp:a.example", "name.prefix"),
    ] {
        let e = text.parse::<San>().map(|s| format!("{s:?}")).expect_err(text);
        assert_eq!(e.code(), code, "{text}: {e}");
        assert!(!e.to_string().chars().any(char::is_control), "{e}");
    }
}

#[test]
fn lists_split_keep_their_order_and_drop_repetitions() {
    let names = Names::parse(["b.example,10.0.0.1", "B.example", "a.example"]).unwrap();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["b.example", "10.0.0.1", "a.example"]);
    assert_eq!(Names::parse(Vec::<String>::new()).unwrap_err().code(), "name.none");
}

/// A DNS name of this many octets, in labels of 49 and a last one that fills up.
fn long_name(octets: usize) -> String {
    let label = format!("{}.", "a".repeat(49));
    let full = label.repeat(octets / 50);
    let rest = octets - full.len();
    if rest == 0 { full[..octets - 2].to_owned() + "bb" } else { full + &"b".repeat(rest) }
}

#[test]
fn the_longest_and_one_more() {
    let code = |text: &str| text.parse::<San>().err().map(|e| e.code());
    let label = |octets: usize| format!("{}.example", "a".repeat(octets));
    let email = |local: usize, host: usize| format!("{}@{}", "x".repeat(local), long_name(host));
    let uri = |octets: usize| format!("uri:urn:{}", "x".repeat(octets - 4));
    assert_eq!(long_name(253).len(), 253);
    for (what, longest, longer, refusal) in [
        ("label", label(63), label(64), "name.long-label"),
        ("name", long_name(253), long_name(254), "name.long"),
        ("with a dot at the end", long_name(253) + ".", long_name(254) + ".", "name.long"),
        ("wildcard", format!("*.{}", long_name(251)), format!("*.{}", long_name(252)), "name.long"),
        ("mailbox", email(64, 189), email(64, 190), "name.not-email"),
        ("its local part", email(64, 100), email(65, 100), "name.not-email"),
        ("uri", uri(2048), uri(2049), "name.not-uri"),
    ] {
        assert_eq!(code(&longest), None, "{what}");
        assert_eq!(code(&longer), Some(refusal), "{what}");
    }
    let e = format!("*.{}", long_name(252)).parse::<San>().unwrap_err().to_string();
    assert!(e.contains("254"), "{e}");
    let e = label(64).parse::<San>().unwrap_err().to_string();
    assert!(e.contains("64"), "{e}");
}

#[test]
fn each_prefix_forces_its_type() {
    for (text, value) in [
        ("dns:a.example", "dns a.example"),
        ("DNS:a.example", "dns a.example"),
        ("ip:10.0.0.1", "ip 10.0.0.1"),
        ("ip: 10.0.0.1", "ip 10.0.0.1"),
        ("IP Address:10.0.0.1", "ip 10.0.0.1"),
        ("IPAddress:10.0.0.1", "ip 10.0.0.1"),
        ("ip:[fd00::1]", "ip fd00::1"),
        ("email:a@b.example", "email a@b.example"),
        ("rfc822:a@b.example", "email a@b.example"),
        ("mailto:a@b.example", "email a@b.example"),
        ("uri:https://10.0.0.1/", "uri https://10.0.0.1/"),
        ("uri:https://[fd00::1]/", "uri https://[fd00::1]/"),
        ("uri:https://[fd00::1]:443", "uri https://[fd00::1]:443"),
        ("uri:https://a.example:443?x#y", "uri https://a.example:443?x#y"),
        ("uri:https://u:p@a.example", "uri https://u:p@a.example"),
        ("uri:https://a.example?x", "uri https://a.example?x"),
        ("uri:https://a.example#y", "uri https://a.example#y"),
        ("uri:h2+x-y.z:1", "uri h2+x-y.z:1"),
    ] {
        let (kind, name) = kind(text);
        assert_eq!(format!("{kind} {name}"), value, "{text}");
    }
}

#[test]
fn what_a_part_of_a_name_may_not_be() {
    for (text, code) in [
        // URIs: the scheme, the rest, the characters, the authority.
        ("uri:", "name.not-uri"),
        ("uri::x", "name.not-uri"),
        ("uri:1http:x", "name.not-uri"),
        ("uri:ht_tp:x", "name.not-uri"),
        ("uri:urn:", "name.not-uri"),
        ("uri:urn:a b", "name.not-uri"),
        ("uri:urn:a\"b", "name.not-uri"),
        ("uri:urn:ü", "name.not-uri"),
        ("uri:https://10.0.0.256/", "name.uri-host"),
        ("uri:https://[fd00::g]/", "name.uri-host"),
        ("uri:https://[fd00::1/", "name.uri-host"),
        ("uri:https://[fd00::1]:x/", "name.uri-host"),
        ("uri:https://u@/", "name.uri-host"),
        // Mailboxes: dots, characters, the host.
        ("email:.a@b.example", "name.not-email"),
        ("email:a.@b.example", "name.not-email"),
        ("email:a..b@b.example", "name.not-email"),
        ("email:a b@b.example", "name.not-email"),
        ("email:ü@b.example", "name.not-email"),
        ("email:a@*.b.example", "name.not-email"),
        ("email:a@", "name.empty"),
        ("email:a@b_c", "name.forbidden"),
        ("a@10.0.0.1", "name.not-ip"),
        // What only looks like an address, a network, a port, a prefix.
        ("1.2.3.4/24", "name.cidr"),
        ("1.2.3/24", "name.cidr"),
        ("1.2.3.4/255.255.255.0", "name.cidr"),
        ("1.2.3.4/", "name.path"),
        ("1.2.3.4/x", "name.path"),
        ("a.example/24", "name.path"),
        ("ip:fd00::1/64", "name.cidr"),
        ("ip:fe80::1%1", "name.zone"),
        ("a.example:", "name.not-ip"),
        ("a.example:x", "name.not-ip"),
        ("a:b:443", "name.not-ip"),
        ("abc:x", "name.not-ip"),
        ("abg:x", "name.prefix"),
        ("fd00::1]:443", "name.port"),
        ("[fd00::1", "name.not-ip"),
        ("0X7F.0x1", "name.not-ip"),
        ("0x", "name.not-ip"),
        ("1.", "name.not-ip"),
        ("01.2.3.4", "name.leading-zero"),
        ("1.2.3.04", "name.leading-zero"),
        ("1.2.03", "name.not-ip"),
        ("1.2.3.0x4", "name.not-ip"),
        ("0.0.0.0a", ""),
        // Labels.
        ("a..", "name.empty-label"),
        ("a.-b.example", "name.hyphen"),
        ("a.b-.example", "name.hyphen"),
        ("a.b-c.example", ""),
        ("a~b.example", "name.forbidden"),
        ("*.", "name.empty-label"),
        ("*.a", "name.wildcard-top-level"),
        ("*.a.", "name.wildcard-top-level"),
        ("*.a.b", ""),
        ("*a.b", "name.wildcard-inside"),
    ] {
        match text.parse::<San>() {
            Ok(san) => assert_eq!(code, "", "{text}: {san:?}"),
            Err(e) => assert_eq!(e.code(), code, "{text}: {e}"),
        }
    }
}

#[test]
fn names_are_counted_listed_and_never_none() {
    let names = Names::parse(["b.example, 10.0.0.1", "B.example.", "10.0.0.1"]).unwrap();
    assert_eq!((names.len(), names.first().to_string()), (2, "b.example".to_owned()));
    assert_eq!(names.iter().count(), 2);
    assert_eq!((&names).into_iter().map(San::kind).collect::<Vec<_>>(), ["dns", "ip"]);
    assert_eq!(Names::parse(["a.example,"]).unwrap_err().code(), "name.empty");
    // The same text as two kinds is two names.
    let both = Names::parse(["dns:a.example", "uri:a:b", "email:a@a.example", "uri:a:b"]).unwrap();
    assert_eq!(both.len(), 3);
}

proptest::proptest! {
    /// Whatever is taken is taken again as the same when it is written out.
    #[test]
    fn a_name_written_is_read_as_the_same(text in "[-a-z0-9.*:@_/%\\[\\]例え]{1,40}") {
        if let Ok(san) = text.parse::<San>() {
            let written = format!("{}:{san}", san.kind());
            proptest::prop_assert_eq!(written.parse::<San>().unwrap(), san);
        }
    }

    /// No text makes the parser panic, and none is shown with control characters.
    #[test]
    fn any_text_is_a_name_or_an_error(text in "\\PC{0,80}|[\\x00-\\x20\\x7f-\\u{ff}]{0,20}") {
        if let Err(e) = text.parse::<San>() {
            proptest::prop_assert!(!e.to_string().chars().any(char::is_control));
        }
    }
}
