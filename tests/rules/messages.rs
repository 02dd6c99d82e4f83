//! What each rule says, and how much it matters, case by case.

use certforge::Severity;
use certforge::check::certificate::{RULES, examine};

use crate::support::made::made;

pub const WRONG: Severity = Severity::Error;
pub const ODD: Severity = Severity::Warning;

/// What is asked for, and the finding that is wanted: code, severity, message without the source.
pub type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a [&'a str], Option<(&'a str, Severity, &'a str)>);

/// Makes each certificate, and holds the findings with the wanted code against what is wanted.
/// Where nothing is wanted there is to be no finding at all.
pub fn judge_all(cases: &[Case<'_>]) {
    for (changes, subject, more, wanted) in cases {
        let Some(certificate) = made(changes, subject, more) else { return };
        let found = examine(&certificate);
        let Some((code, severity, message)) = wanted else {
            assert!(found.is_empty(), "{changes:?} {subject} {more:?}: {found:?}");
            continue;
        };
        let code = format!("certificate.{code}");
        let source = RULES.iter().find(|rule| rule.code == code).map(|rule| rule.source).unwrap();
        let Some(finding) = found.iter().find(|finding| finding.code == code) else {
            panic!("{changes:?} {subject} {more:?}: no {code} in {found:?}");
        };
        assert_eq!(finding.message, format!("{message} ({source})"), "{changes:?} {more:?}");
        assert_eq!(finding.severity, *severity, "{changes:?} {more:?}: {}", finding.message);
        assert!(!finding.fix.is_empty(), "{code}");
    }
}

pub const LEAF: &str = "/CN=a.example";

#[test]
fn serial_numbers_by_length_and_sign() {
    let of = |octets: usize| format!("0x11{}", "22".repeat(octets - 1));
    let (seven, eight, twenty, more) = (of(7), of(8), of(20), of(21));
    judge_all(&[
        (
            &[],
            LEAF,
            &["-set_serial", &seven],
            Some(("serial", ODD, "its serial number has 7 octets, not 8 to 20")),
        ),
        (&[], LEAF, &["-set_serial", &eight], None),
        (&[], LEAF, &["-set_serial", &twenty], None),
        (
            &[],
            LEAF,
            &["-set_serial", &more],
            Some(("serial", WRONG, "its serial number has 21 octets, and 20 is the most")),
        ),
        (
            &[],
            LEAF,
            &["-set_serial", "-0x112233445566778899"],
            Some(("serial", WRONG, "its serial number is negative")),
        ),
        (&[], LEAF, &["-set_serial", "0"], Some(("serial", WRONG, "its serial number is 0"))),
        (&CA, "/CN=a CA", &["-set_serial", "0"], Some(("serial", ODD, "its serial number is 0"))),
    ]);
}

/// What makes the certificate a CA's.
pub const CA: [(&str, &str); 3] = [
    ("basicConstraints", "critical,CA:TRUE"),
    ("keyUsage", "critical,keyCertSign,cRLSign"),
    ("extendedKeyUsage", ""),
];

/// The CA's extensions but for one.
pub fn ca_with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let kept = CA.iter().filter(|(kept, _)| *kept != name).copied();
    kept.chain([(name, value), ("subjectAltName", "")]).collect()
}

#[test]
fn basic_constraints_case_by_case() {
    let not_critical = "its basic constraints are not critical";
    let ca = ca_with("basicConstraints", "CA:TRUE");
    let limited = ca_with("basicConstraints", "critical,CA:TRUE,pathlen:0");
    let hardly = ca_with("basicConstraints", "critical,CA:TRUE,pathlen:300");
    judge_all(&[
        (
            &[("basicConstraints", "")],
            LEAF,
            &[],
            Some(("basic-constraints", ODD, "it does not say whether it is a CA")),
        ),
        (&[("basicConstraints", "CA:FALSE")], LEAF, &[], Some(("basic-constraints", ODD, not_critical))),
        (
            &[("basicConstraints", "critical,CA:FALSE,pathlen:0")],
            LEAF,
            &[],
            Some(("basic-constraints", WRONG, "it has a path length and is no CA")),
        ),
        (&ca, "/CN=a CA", &[], Some(("basic-constraints", WRONG, not_critical))),
        (&limited, "/CN=a CA", &[], None),
        (&hardly, "/CN=a CA", &[], None),
    ]);
}

#[test]
fn key_usages_case_by_case() {
    let (no_cert_sign, no_crl_sign) =
        (ca_with("keyUsage", "critical,cRLSign"), ca_with("keyUsage", "critical,keyCertSign"));
    let rsa = &["-newkey", "rsa:2048"][..];
    let enciphers = "a usage to encipher for a key that cannot";
    judge_all(&[
        (&[("keyUsage", "")], LEAF, &[], Some(("key-usage", ODD, "it has no key usage"))),
        (
            &[("keyUsage", "digitalSignature")],
            LEAF,
            &[],
            Some(("key-usage", ODD, "its key usage is not critical")),
        ),
        (
            &[("keyUsage", "critical,keyAgreement")],
            LEAF,
            &[],
            Some(("key-usage", ODD, "its key may not sign")),
        ),
        (
            &[("keyUsage", "critical,digitalSignature,keyCertSign")],
            LEAF,
            &[],
            Some(("key-usage", WRONG, "no CA, and yet its key may sign certificates")),
        ),
        (
            &[("keyUsage", "critical,digitalSignature,cRLSign")],
            LEAF,
            &[],
            Some(("key-usage", ODD, "no CA, and yet its key may sign CRLs")),
        ),
        (
            &[("keyUsage", "critical,digitalSignature,keyEncipherment")],
            LEAF,
            &[],
            Some(("key-usage", ODD, enciphers)),
        ),
        (
            &[("keyUsage", "critical,digitalSignature,dataEncipherment")],
            LEAF,
            &[],
            Some(("key-usage", ODD, enciphers)),
        ),
        (&[("keyUsage", "critical,digitalSignature,keyEncipherment")], LEAF, rsa, None),
        (&[("keyUsage", "critical,digitalSignature,dataEncipherment")], LEAF, rsa, None),
        (
            &no_cert_sign,
            "/CN=a CA",
            &[],
            Some(("key-usage", WRONG, "a CA whose key may not sign certificates")),
        ),
        (&no_crl_sign, "/CN=a CA", &[], Some(("key-usage", ODD, "a CA whose key may not sign CRLs"))),
        (&ca_with("keyUsage", ""), "/CN=a CA", &[], Some(("key-usage", ODD, "it has no key usage"))),
    ]);
}

#[test]
fn extended_key_usages_case_by_case() {
    let code = "extended-key-usage";
    judge_all(&[
        (&[("extendedKeyUsage", "")], LEAF, &[], Some((code, ODD, "it has no extended key usage"))),
        (
            &[("extendedKeyUsage", "DER:3000")],
            LEAF,
            &[],
            Some((code, WRONG, "its extended key usage is empty")),
        ),
        (
            &[("extendedKeyUsage", "critical,serverAuth")],
            LEAF,
            &[],
            Some((code, ODD, "its extended key usage is critical")),
        ),
        (
            &[("extendedKeyUsage", "serverAuth,anyExtendedKeyUsage")],
            LEAF,
            &[],
            Some((code, ODD, "anyExtendedKeyUsage")),
        ),
        (&[("extendedKeyUsage", "clientAuth,emailProtection")], LEAF, &[], None),
    ]);
}

#[test]
fn identifiers_case_by_case() {
    let id = "DER:0414000102030405060708090a0b0c0d0e0f10111213";
    let critical = format!("critical,{id}");
    // The key identifier alone, under [0]; nothing at all; an issuer's issuer and number besides.
    let other = "DER:30168014000102030405060708090a0b0c0d0e0f10111213";
    let with_issuer = "DER:30198014000102030405060708090a0b0c0d0e0f10111213820105";
    let own = [CA[0], CA[1], CA[2], ("subjectAltName", ""), ("subjectKeyIdentifier", id)];
    let root = |value| [&own[..], &[("authorityKeyIdentifier", value)]].concat();
    let (same, differs, issuer) = (root(other), root("keyid:always"), root(with_issuer));
    judge_all(&[
        (
            &[("subjectKeyIdentifier", &critical)],
            LEAF,
            &[],
            Some(("subject-key-identifier", WRONG, "its subject key identifier is critical")),
        ),
        (
            &[("subjectKeyIdentifier", "none"), ("authorityKeyIdentifier", other)],
            LEAF,
            &[],
            Some(("subject-key-identifier", ODD, "it has no subject key identifier")),
        ),
        (
            &ca_with("subjectKeyIdentifier", "none"),
            "/CN=a CA",
            &[],
            Some(("subject-key-identifier", WRONG, "it is a CA without a subject key identifier")),
        ),
        (&[("authorityKeyIdentifier", "none")], LEAF, &[], None),
        (
            &[("authorityKeyIdentifier", "critical,DER:30168014000102030405060708090a0b0c0d0e0f10111213")],
            LEAF,
            &[],
            Some(("authority-key-identifier", WRONG, "its authority key identifier is critical")),
        ),
        (
            &[("authorityKeyIdentifier", "DER:3003820105")],
            LEAF,
            &[],
            Some(("authority-key-identifier", WRONG, "its authority key identifier names no key")),
        ),
        (
            &[("authorityKeyIdentifier", with_issuer)],
            LEAF,
            &[],
            Some((
                "authority-key-identifier",
                ODD,
                "its authority key identifier names its issuer's own issuer or serial number",
            )),
        ),
        (&same, "/CN=a CA", &[], None),
        (
            &issuer,
            "/CN=a CA",
            &[],
            Some((
                "root-key-identifier",
                ODD,
                "a root whose authority key identifier names an issuer or a serial number",
            )),
        ),
        (&differs, "/CN=a CA", &[], None),
    ]);
    // OpenSSL writes the identifier that it finds; another one is to be given.
    let wrong = root("DER:30168014ff0102030405060708090a0b0c0d0e0f10111213");
    judge_all(&[(
        &wrong,
        "/CN=a CA",
        &[],
        Some(("authority-key-identifier", WRONG, "a root whose two key identifiers differ")),
    )]);
}

#[test]
fn where_to_ask_about_the_issuer() {
    let code = "authority-information";
    judge_all(&[
        (&[("authorityInfoAccess", "OCSP;URI:http://ocsp.a.example/")], LEAF, &[], None),
        (&[("authorityInfoAccess", "caIssuers;dirName:dn")], LEAF, &[], None),
        (
            &[("authorityInfoAccess", "critical,OCSP;URI:http://ocsp.a.example/")],
            LEAF,
            &[],
            Some((code, WRONG, "its authority information access is critical")),
        ),
        (
            &[("authorityInfoAccess", "DER:3000")],
            LEAF,
            &[],
            Some((code, WRONG, "its authority information access is empty")),
        ),
        (
            &[("authorityInfoAccess", "OCSP;URI:nowhere")],
            LEAF,
            &[],
            Some((code, ODD, "its authority information access names something that is no address")),
        ),
        (
            &[("authorityInfoAccess", "OCSP;URI:http://ocsp.a.example/,caIssuers;DNS:a.example")],
            LEAF,
            &[],
            Some((code, ODD, "its authority information access names something that is no address")),
        ),
    ]);
}

#[test]
fn critical_extensions_by_who_knows_them() {
    let code = "critical-unknown";
    judge_all(&[
        (
            &[("certificatePolicies", "critical,1.2.3.4")],
            LEAF,
            &[],
            Some((code, ODD, "the critical extension 2.5.29.32 is not known to every client")),
        ),
        (
            &[("1.2.3.4", "critical,DER:0500")],
            LEAF,
            &[],
            Some((code, WRONG, "the critical extension 1.2.3.4 is not known")),
        ),
        (
            &[("certificatePolicies", "critical,1.2.3.4"), ("1.2.3.4", "critical,DER:0500")],
            LEAF,
            &[],
            Some((code, WRONG, "the critical extension 1.2.3.4 is not known")),
        ),
        (&[("1.2.3.4", "DER:0500"), ("certificatePolicies", "1.2.3.4")], LEAF, &[], None),
        (
            &[("keyUsage", "critical,DER:0500")],
            LEAF,
            &[],
            Some((
                "extension-malformed",
                WRONG,
                "an extension cannot be read: 2.5.29.15: unexpected ASN.1 DER tag: expected BIT STRING, got NULL",
            )),
        ),
    ]);
}

#[test]
fn names_case_by_case() {
    let server = [("subjectAltName", "")];
    let client = [("subjectAltName", ""), ("extendedKeyUsage", "clientAuth")];
    let any = [("subjectAltName", ""), ("extendedKeyUsage", "anyExtendedKeyUsage")];
    let bytes =
        |octets: &str| format!("DER:30{:02x}87{:02x}{octets}", octets.len() / 2 + 2, octets.len() / 2);
    let (three, five) = (bytes("0a0000"), bytes("0a00000001"));
    let fits = format!("/CN={}.example", "a".repeat(56));
    let fits_san = format!("DNS:{}", &fits[4..]);
    judge_all(&[
        (&server, LEAF, &[], Some(("san-missing", WRONG, "it has no subject alternative name"))),
        (&any, LEAF, &[], Some(("san-missing", WRONG, "it has no subject alternative name"))),
        (&client, LEAF, &[], Some(("san-missing", ODD, "it has no subject alternative name"))),
        (
            &[("subjectAltName", "critical,DNS:a.example")],
            LEAF,
            &[],
            Some(("san-criticality", WRONG, "the subject alternative name is critical beside a subject")),
        ),
        (
            &[("subjectAltName", "DNS:a.example")],
            "/",
            &[],
            Some((
                "san-criticality",
                WRONG,
                "its subject is empty, and the subject alternative name is not critical",
            )),
        ),
        (
            &[("subjectAltName", "DNS:a.example,DNS:10.0.0.1")],
            LEAF,
            &[],
            Some((
                "san-malformed",
                WRONG,
                "the address 10.0.0.1 stands there as a dNSName, where no client looks for it",
            )),
        ),
        (
            &[("subjectAltName", "DNS:a.example.")],
            "/O=x",
            &[],
            Some(("san-malformed", WRONG, "`a.example.` should be `a.example`")),
        ),
        (&[("subjectAltName", "DNS:A.Example")], "/O=x", &[], None),
        (&[("subjectAltName", "URI:https://a.example/,email:me@a.example")], "/O=x", &[], None),
        (
            &[("subjectAltName", "URI:https://a_b/")],
            "/O=x",
            &[],
            Some((
                "san-malformed",
                WRONG,
                "`uri:https://a_b/` is not a name for a certificate: its host is neither a DNS name nor an IP address",
            )),
        ),
        (
            &[("subjectAltName", "email:nobody")],
            "/O=x",
            &[],
            Some((
                "san-malformed",
                WRONG,
                "`email:nobody` is not a name for a certificate: it is not an e-mail address",
            )),
        ),
        (&[("subjectAltName", "IP:10.0.0.1,IP:fd00::1")], "/O=x", &[], None),
        (
            &[("subjectAltName", &three)],
            "/O=x",
            &[],
            Some(("san-malformed", WRONG, "an iPAddress has 3 octets")),
        ),
        (
            &[("subjectAltName", &five)],
            "/O=x",
            &[],
            Some(("san-malformed", WRONG, "an iPAddress has 5 octets")),
        ),
        (&[("subjectAltName", &fits_san)], &fits, &[], None),
    ]);
}

#[test]
fn common_names_that_are_no_alternative_name() {
    let code = "common-name-not-in-san";
    let not_among =
        |common: &str| format!("its common name `{common}` is not among its subject alternative names");
    let case = "its common name `A.Example` is among its subject alternative names in other case";
    let (meant, beside, labels) = (
        format!("{}: `10.0.0.1` is meant, and written differently", not_among("10.0.1")),
        format!("{}, though `a.example.com` beside it is", not_among("b.example.com")),
        format!("{}: and a host name is written in A-labels", not_among("例え.jp")),
    );
    judge_all(&[
        (&[("subjectAltName", "IP:10.0.0.1")], "/CN=10.0.1", &[], Some((code, WRONG, &meant))),
        (&[], "/CN=A.Example", &[], Some(("common-name-case", ODD, case))),
        (&[("subjectAltName", "DNS:a.example.com")], "/CN=b.example.com", &[], Some((code, WRONG, &beside))),
        (&[], "/CN=例え.jp", &["-utf8"], Some((code, WRONG, &labels))),
        (&[], "/CN=My server", &[], Some((code, ODD, &not_among("My server")))),
        (&[("extendedKeyUsage", "clientAuth")], "/CN=A.Example", &[], None),
        (
            &[("extendedKeyUsage", "clientAuth")],
            "/CN=b.example",
            &[],
            Some((code, ODD, &not_among("b.example"))),
        ),
        (&[("subjectAltName", "IP:10.0.0.1")], "/CN=10.0.0.1", &[], None),
        (&[("subjectAltName", "IP:fd00::1")], "/CN=fd00::1", &[], None),
        (&[("subjectAltName", "email:me@a.example")], "/CN=me@a.example", &[], None),
        (&[("subjectAltName", "URI:spiffe://a.example/x")], "/CN=spiffe:\\/\\/a.example\\/x", &[], None),
    ]);
}

#[test]
fn an_address_in_an_old_spelling_is_still_that_address() {
    let code = "common-name-not-in-san";
    let said = |common: &str, address: &str, same: bool| {
        let names = format!("IP:{address}");
        let meant =
            if same { format!(": `{address}` is meant, and written differently") } else { String::new() };
        let message = format!("its common name `{common}` is not among its subject alternative names{meant}");
        let wanted = (code, if same { WRONG } else { ODD }, message.as_str());
        judge_all(&[(&[("subjectAltName", &names)], &format!("/CN={common}"), &[], Some(wanted))]);
    };
    // As `inet_aton` reads them: in hexadecimal, in octal, the last part for all that are left out.
    for common in [
        "0x0a.0x67.10.95",
        "0XA.103.10.95",
        "012.103.10.0137",
        "10.103.2655",
        "10.6752863",
        "174525023",
        "0x0a670a5f",
        "01231605137",
    ] {
        said(common, "10.103.10.95", true);
    }
    said("0", "0.0.0.0", true);
    said("10.00.0.1", "10.0.0.1", true);
    // A part that is too large, one too many, a digit that octal lacks: no address at all, and
    // not the one that is left where the rest is cut off.
    for (common, address) in [
        ("10.256.10.95", "11.0.10.95"),
        ("10.103.10.351", "10.103.11.95"),
        ("10.103.10.95.0", "10.103.10.95"),
        ("10.103.10.095", "10.103.10.95"),
        ("0xg.103.10.95", "10.103.10.95"),
        ("4294967296", "0.0.0.0"),
        ("10.103.10.96", "10.103.10.95"),
    ] {
        said(common, address, false);
    }
}
