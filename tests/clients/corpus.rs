//! Certificates with faults, made by OpenSSL.

use crate::support::Sandbox;
use crate::works::{CA, Case, LEAF, Make, Works, ca_with, named, with};

const HOST: &str = "backend.corp.internal";
const DNS: &str = "DNS:backend.corp.internal";
const ADDRESS: &str = "127.0.0.1";

/// All of them. The trust anchor is `trust.pem`, what is sent `chain.pem`, the key `key.pem`.
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
pub fn cases(sandbox: &Sandbox) -> Vec<Case> {
    let works = Works { folder: sandbox.path() };
    let ca = |name: &str, issuer: Option<&str>, subject: &str, extensions: &str, at: &str, days: &str| {
        works.make(name, issuer, &Make { subject, extensions, at, days, ..Make::default() });
    };
    ca("root", None, "/CN=root", CA, "+0d", "3000");
    ca("other", None, "/CN=other root", CA, "+0d", "3000");
    ca("mid", Some("root"), "/CN=mid", CA, "+0d", "2000");
    ca("old-root", None, "/CN=old root", CA, "-100d", "50");
    ca("old-mid", Some("root"), "/CN=old mid", CA, "-100d", "50");
    ca(
        "plain-mid",
        Some("root"),
        "/CN=plain mid",
        &ca_with("basicConstraints", "basicConstraints=critical,CA:FALSE"),
        "+0d",
        "2000",
    );
    ca("silent-mid", Some("root"), "/CN=silent mid", &ca_with("basicConstraints", ""), "+0d", "2000");
    ca(
        "unsigning-mid",
        Some("root"),
        "/CN=unsigning mid",
        &ca_with("keyUsage", "keyUsage=critical,cRLSign"),
        "+0d",
        "2000",
    );
    ca("v1-mid", Some("root"), "/CN=v1 mid", "", "+0d", "2000");
    ca(
        "critical-mid",
        Some("root"),
        "/CN=critical mid",
        &format!("{CA}1.2.3.4=critical,DER:0500\n"),
        "+0d",
        "2000",
    );
    for (name, issuer, subject, purpose) in [
        ("client-mid", Some("root"), "/CN=client mid", "clientAuth"),
        ("any-mid", Some("root"), "/CN=any mid", "anyExtendedKeyUsage"),
        ("client-root", None, "/CN=client root", "clientAuth"),
        ("any-root", None, "/CN=any root", "anyExtendedKeyUsage"),
    ] {
        let days = if issuer.is_some() { "2000" } else { "3000" };
        ca(name, issuer, subject, &format!("{CA}extendedKeyUsage={purpose}\n"), "+0d", days);
    }
    ca(
        "short-root",
        None,
        "/CN=short root",
        &ca_with("basicConstraints", "basicConstraints=critical,CA:TRUE,pathlen:0"),
        "+0d",
        "3000",
    );
    ca("short-mid", Some("short-root"), "/CN=short mid", CA, "+0d", "2000");
    ca(
        "permit-root",
        None,
        "/CN=permit root",
        &format!("{CA}nameConstraints=critical,permitted;DNS:other.internal\n"),
        "+0d",
        "3000",
    );
    ca(
        "exclude-root",
        None,
        "/CN=exclude root",
        &format!("{CA}nameConstraints=critical,excluded;DNS:corp.internal\n"),
        "+0d",
        "3000",
    );
    ca(
        "allow-root",
        None,
        "/CN=allow root",
        &format!("{CA}nameConstraints=critical,permitted;DNS:corp.internal\n"),
        "+0d",
        "3000",
    );
    ca("v1-root", None, "/CN=v1 root", "", "+0d", "3000");
    ca(
        "unsigning-root",
        None,
        "/CN=unsigning root",
        &ca_with("keyUsage", "keyUsage=critical,cRLSign"),
        "+0d",
        "3000",
    );
    ca(
        "plain-root",
        None,
        "/CN=plain root",
        &ca_with("basicConstraints", "basicConstraints=critical,CA:FALSE"),
        "+0d",
        "3000",
    );
    ca(
        "permit-mid",
        Some("root"),
        "/CN=permit mid",
        &format!("{CA}nameConstraints=critical,permitted;DNS:other.internal\n"),
        "+0d",
        "2000",
    );
    ca(
        "exclude-mid",
        Some("root"),
        "/CN=exclude mid",
        &format!("{CA}nameConstraints=critical,excluded;DNS:corp.internal\n"),
        "+0d",
        "2000",
    );
    ca(
        "short-1",
        Some("root"),
        "/CN=short 1",
        &ca_with("basicConstraints", "basicConstraints=critical,CA:TRUE,pathlen:0"),
        "+0d",
        "2000",
    );
    ca("short-2", Some("short-1"), "/CN=short 2", CA, "+0d", "1000");
    works.make(
        "small-root",
        None,
        &Make { subject: "/CN=small root", key: "rsa:1024", extensions: CA, days: "3000", ..Make::default() },
    );
    works.make(
        "future-mid",
        Some("root"),
        &Make { subject: "/CN=future mid", extensions: CA, at: "+100d", days: "2000", ..Make::default() },
    );
    works.make(
        "sha1-mid",
        Some("root"),
        &Make { subject: "/CN=sha1 mid", extensions: CA, more: &["-sha1"], days: "2000", ..Make::default() },
    );
    works.make(
        "rsa-root",
        None,
        &Make { subject: "/CN=rsa root", key: "rsa:2048", extensions: CA, days: "3000", ..Make::default() },
    );
    let deep: Vec<String> = (1..9).map(|n| format!("deep-{n}")).collect();
    for (n, name) in deep.iter().enumerate() {
        let issuer = if n == 0 { "root" } else { &deep[n - 1] };
        ca(name, Some(issuer), &format!("/CN={name}"), CA, "+0d", "1500");
    }
    // Two CAs of one name with different keys, with key identifiers and without.
    let bare = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n";
    ca("twin", None, "/CN=twin", CA, "+0d", "3000");
    ca("twin-other", None, "/CN=twin", CA, "+0d", "3000");
    ca("bare-twin", None, "/CN=bare twin", bare, "+0d", "3000");
    ca("bare-twin-other", None, "/CN=bare twin", bare, "+0d", "3000");
    ca("twin-mid", Some("twin"), "/CN=twin mid", CA, "+0d", "2000");
    ca("bare-twin-mid", Some("bare-twin"), "/CN=bare twin mid", bare, "+0d", "2000");
    // create_ca.sh's: one name, two keys, nothing to tell them apart.
    let same = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n";
    ca("same-root", None, "/CN=testCN", same, "+0d", "3000");
    ca("same-mid", Some("same-root"), "/CN=testCN", same, "+0d", "2000");

    // One CA in three certificates: its name in other string types, its key by another identifier.
    ca("typed", None, "/CN=typed", CA, "+0d", "3000");
    for name in ["typed-printable", "typed-other-id"] {
        std::fs::copy(sandbox.file("typed.key"), sandbox.file(&format!("{name}.key"))).unwrap();
    }
    let printable =
        Make { subject: "/CN=typed", extensions: CA, days: "3000", printable: true, ..Make::default() };
    works.make("typed-printable", None, &printable);
    let other_id = ca_with("subjectKeyIdentifier", "subjectKeyIdentifier=00112233445566778899");
    ca(
        "typed-other-id",
        None,
        "/CN=typed",
        &other_id.replace("authorityKeyIdentifier=keyid\n", ""),
        "+0d",
        "3000",
    );
    for (name, line) in [
        ("policy-mid", "policyConstraints=critical,requireExplicitPolicy:0"),
        ("policied-mid", "policyConstraints=critical,requireExplicitPolicy:0\ncertificatePolicies=1.2.3.4"),
        ("any-policy-mid", "inhibitAnyPolicy=critical,0"),
        ("host-mid", "nameConstraints=critical,excluded;DNS:host.corp.internal"),
        (
            "addresses-mid",
            "nameConstraints=critical,permitted;IP:127.0.0.0/255.0.0.0,permitted;DNS:corp.internal",
        ),
        ("directory-mid", "nameConstraints=critical,permitted;dirName:permitted"),
        ("email-mid", "nameConstraints=critical,permitted;email:corp.internal"),
    ] {
        let section = if name == "directory-mid" { "[permitted]\nO=Corp\n" } else { "" };
        ca(name, Some("root"), &format!("/CN={name}"), &format!("{CA}{line}\n{section}"), "+0d", "2000");
    }

    let leaf = |name: &str, issuer: Option<&str>, make: Make<'_>| works.make(name, issuer, &make);
    let dns = named(DNS);
    let simple = [
        ("mid-leaf", "mid"),
        ("old-mid-leaf", "old-mid"),
        ("plain-mid-leaf", "plain-mid"),
        ("silent-mid-leaf", "silent-mid"),
        ("unsigning-mid-leaf", "unsigning-mid"),
        ("v1-mid-leaf", "v1-mid"),
        ("critical-mid-leaf", "critical-mid"),
        ("client-mid-leaf", "client-mid"),
        ("any-mid-leaf", "any-mid"),
        ("any-root-leaf", "any-root"),
        ("client-root-leaf", "client-root"),
        ("short-leaf", "short-mid"),
        ("permit-leaf", "permit-root"),
        ("exclude-leaf", "exclude-root"),
        ("allow-leaf", "allow-root"),
        ("v1-root-leaf", "v1-root"),
        ("unsigning-root-leaf", "unsigning-root"),
        ("plain-root-leaf", "plain-root"),
        ("old-root-leaf", "old-root"),
        ("twin-leaf", "twin"),
        ("twin-mid-leaf", "twin-mid"),
        ("deep-leaf", "deep-8"),
        ("permit-mid-leaf", "permit-mid"),
        ("exclude-mid-leaf", "exclude-mid"),
        ("short-2-leaf", "short-2"),
        ("small-root-leaf", "small-root"),
        ("future-mid-leaf", "future-mid"),
        ("sha1-mid-leaf", "sha1-mid"),
        ("other-leaf", "other"),
        ("good-dns", "root"),
        ("typed-leaf", "typed"),
        ("policy-mid-leaf", "policy-mid"),
        ("any-policy-mid-leaf", "any-policy-mid"),
        ("email-mid-leaf", "email-mid"),
    ];
    for (name, issuer) in simple {
        leaf(name, Some(issuer), Make { extensions: &dns, ..Make::default() });
    }
    leaf(
        "same-leaf",
        Some("same-mid"),
        Make {
            extensions: &format!(
                "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\nsubjectAltName={DNS}\n"
            ),
            ..Make::default()
        },
    );
    let root = Some("root");
    for (name, extensions) in [
        ("good-ip", named("IP:127.0.0.1")),
        ("both", named(&format!("{DNS},IP:127.0.0.1"))),
        ("ip-as-dns", named("DNS:127.0.0.1")),
        ("other-dns", named("DNS:other.internal")),
        ("other-ip", named("IP:10.0.0.1")),
        ("wildcard", named("DNS:*.corp.internal")),
        ("wildcard-deep", named("DNS:*.internal")),
        ("wildcard-partial", named("DNS:back*.corp.internal")),
        ("wildcard-beside", named("DNS:*.internal,DNS:*.corp.internal")),
        ("client-eku", with("extendedKeyUsage", "extendedKeyUsage=clientAuth", DNS)),
        ("any-eku", with("extendedKeyUsage", "extendedKeyUsage=anyExtendedKeyUsage", DNS)),
        ("no-eku", with("extendedKeyUsage", "", DNS)),
        ("ca-ku", with("keyUsage", "keyUsage=critical,keyCertSign", DNS)),
        ("agree-ku", with("keyUsage", "keyUsage=critical,keyAgreement", DNS)),
        ("no-ku", with("keyUsage", "", DNS)),
        ("no-bc", with("basicConstraints", "", DNS)),
        ("ca-leaf", with("basicConstraints", "basicConstraints=critical,CA:TRUE", DNS)),
        ("critical", format!("{dns}1.2.3.4=critical,DER:0500\n")),
        ("critical-issuer-name", format!("{dns}issuerAltName=critical,DNS:issuer.internal\n")),
        ("critical-points", format!("{dns}crlDistributionPoints=critical,URI:http://crl.internal/a.crl\n")),
        ("critical-policies", format!("{dns}certificatePolicies=critical,1.2.3.4\n")),
        (
            "no-ids",
            format!(
                "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\nsubjectAltName={DNS}\n"
            ),
        ),
    ] {
        leaf(name, root, Make { extensions: &extensions, ..Make::default() });
    }
    leaf(
        "directory-mid-leaf",
        Some("directory-mid"),
        Make { subject: "/O=Corp/CN=leaf", extensions: &dns, ..Make::default() },
    );
    leaf(
        "other-directory-leaf",
        Some("directory-mid"),
        Make { subject: "/O=Other/CN=leaf", extensions: &dns, ..Make::default() },
    );
    leaf(
        "underscore",
        root,
        Make { extensions: &named(&format!("{DNS},DNS:my_host.corp.internal")), ..Make::default() },
    );
    leaf("no-subject-lax", root, Make { subject: "/", extensions: &dns, ..Make::default() });
    let cn = "/CN=backend.corp.internal";
    leaf("cn-dns", root, Make { subject: cn, ..Make::default() });
    leaf("cn-wildcard", root, Make { subject: "/CN=*.corp.internal", ..Make::default() });
    leaf("cn-ip", root, Make { subject: "/CN=127.0.0.1", ..Make::default() });
    leaf("v1-dns", root, Make { subject: cn, extensions: "", ..Make::default() });
    leaf(
        "cn-dns-san-other",
        root,
        Make { subject: cn, extensions: &named("DNS:other.internal"), ..Make::default() },
    );
    leaf(
        "no-subject",
        root,
        Make {
            subject: "/",
            extensions: &format!("{LEAF}subjectAltName=critical,{DNS}\n"),
            ..Make::default()
        },
    );
    leaf(
        "seed",
        None,
        Make { subject: "/C=JP/CN=127.0.0.1", extensions: "", key: "rsa:2048", ..Make::default() },
    );
    leaf(
        "self-ca",
        None,
        Make { subject: cn, extensions: &format!("{CA}subjectAltName={DNS}\n"), ..Make::default() },
    );
    leaf("self-leaf", None, Make { subject: cn, extensions: &dns, ..Make::default() });
    leaf("expired", root, Make { extensions: &dns, at: "-100d", days: "50", ..Make::default() });
    leaf("future", root, Make { extensions: &dns, at: "+100d", ..Make::default() });
    leaf(
        "expired-other-dns",
        root,
        Make { extensions: &named("DNS:other.internal"), at: "-100d", days: "50", ..Make::default() },
    );
    leaf("long", root, Make { extensions: &dns, days: "2000", ..Make::default() });
    leaf("serial-0", root, Make { extensions: &dns, more: &["-set_serial", "0"], ..Make::default() });
    leaf("sha1", root, Make { extensions: &dns, more: &["-sha1"], ..Make::default() });
    for (name, key) in [
        ("rsa-1024", "rsa:1024"),
        ("rsa-2048", "rsa:2048"),
        ("rsa-4096", "rsa:4096"),
        ("p384", "ec:secp384r1"),
        ("p521", "ec:secp521r1"),
        ("ed25519", "ed25519"),
        ("k256", "ec:secp256k1"),
    ] {
        leaf(name, root, Make { extensions: &dns, key, ..Make::default() });
    }

    let bare_leaf = format!(
        "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\nsubjectAltName={DNS}\n"
    );
    leaf("bare-twin-leaf", Some("bare-twin"), Make { extensions: &bare_leaf, ..Make::default() });
    leaf("bare-twin-mid-leaf", Some("bare-twin-mid"), Make { extensions: &bare_leaf, ..Make::default() });
    leaf("md5", Some("rsa-root"), Make { extensions: &dns, more: &["-md5"], ..Make::default() });
    let many: Vec<String> = (0..150).map(|n| format!("DNS:n{n}.corp.internal")).collect();
    leaf("many", root, Make { extensions: &named(&format!("{},{DNS}", many.join(","))), ..Make::default() });
    leaf(
        "common-name-limit",
        Some("permit-root"),
        Make { subject: cn, extensions: &named("IP:127.0.0.1"), ..Make::default() },
    );
    leaf(
        "policied-mid-leaf",
        Some("policied-mid"),
        Make { extensions: &format!("{dns}certificatePolicies=1.2.3.4\n"), ..Make::default() },
    );
    leaf(
        "host-mid-leaf",
        Some("host-mid"),
        Make { extensions: &named("DNS:*.corp.internal"), ..Make::default() },
    );
    leaf(
        "addresses-mid-leaf",
        Some("addresses-mid"),
        Make { subject: "/CN=127.0.0.1", extensions: &named("IP:127.0.0.1"), ..Make::default() },
    );
    leaf("cn-dns-san-ip", root, Make { subject: cn, extensions: &named("IP:127.0.0.1"), ..Make::default() });
    leaf("top-wildcard", root, Make { extensions: &named("DNS:*.internal"), ..Make::default() });
    leaf("other-wrong", Some("other"), Make { extensions: &named("DNS:other.internal"), ..Make::default() });
    leaf(
        "other-expired",
        Some("other"),
        Make { extensions: &dns, at: "-100d", days: "50", ..Make::default() },
    );
    leaf(
        "client-wrong",
        root,
        Make {
            extensions: &with("extendedKeyUsage", "extendedKeyUsage=clientAuth", "DNS:other.internal"),
            ..Make::default()
        },
    );
    leaf("v1-self-dns", None, Make { subject: cn, extensions: "", ..Make::default() });
    leaf(
        "self-expired",
        None,
        Make { subject: cn, extensions: &dns, at: "-100d", days: "50", ..Make::default() },
    );

    let case = |name: &'static str, host: &'static str, made: &str, sent: &[&str], trust: &str| {
        let folder = sandbox.file(&format!("case-{name}"));
        std::fs::create_dir(&folder).unwrap();
        let mut chain = works.read(&format!("{made}.pem"));
        for issuer in sent {
            chain.push_str(&works.read(&format!("{issuer}.pem")));
        }
        std::fs::write(folder.join("chain.pem"), chain).unwrap();
        std::fs::write(folder.join("key.pem"), works.read(&format!("{made}.key"))).unwrap();
        std::fs::write(folder.join("trust.pem"), works.read(&format!("{trust}.pem"))).unwrap();
        Case { name: name.to_owned(), host: host.to_owned(), folder }
    };
    vec![
        case("good-dns", HOST, "good-dns", &[], "root"),
        case("good-ip", ADDRESS, "good-ip", &[], "root"),
        case("both-by-name", HOST, "both", &[], "root"),
        case("both-by-address", ADDRESS, "both", &[], "root"),
        case("with-intermediate", HOST, "mid-leaf", &["mid"], "root"),
        case("root-sent-too", HOST, "mid-leaf", &["mid", "root"], "root"),
        case("missing-intermediate", HOST, "mid-leaf", &[], "root"),
        case("intermediate-trusted", HOST, "mid-leaf", &[], "mid"),
        case("intermediate-trusted-root-sent", HOST, "mid-leaf", &["mid", "root"], "mid"),
        case("leaf-pinned", HOST, "good-dns", &[], "good-dns"),
        case("unknown-ca", HOST, "other-leaf", &[], "root"),
        case("unknown-ca-root-sent", HOST, "other-leaf", &["other"], "root"),
        case("self-signed-untrusted", HOST, "self-leaf", &[], "root"),
        case("self-signed-trusted", HOST, "self-leaf", &[], "self-leaf"),
        case("self-signed-ca-trusted", HOST, "self-ca", &[], "self-ca"),
        case("seed", ADDRESS, "seed", &[], "seed"),
        case("create-ca", HOST, "same-leaf", &["same-mid"], "same-root"),
        case("expired", HOST, "expired", &[], "root"),
        case("not-yet-valid", HOST, "future", &[], "root"),
        case("expired-and-wrong-name", HOST, "expired-other-dns", &[], "root"),
        case("expired-intermediate", HOST, "old-mid-leaf", &["old-mid"], "root"),
        case("expired-root", HOST, "old-root-leaf", &[], "old-root"),
        case("cn-only-dns", HOST, "cn-dns", &[], "root"),
        case("cn-only-wildcard", HOST, "cn-wildcard", &[], "root"),
        case("cn-only-ip", ADDRESS, "cn-ip", &[], "root"),
        case("v1", HOST, "v1-dns", &[], "root"),
        case("cn-right-san-wrong", HOST, "cn-dns-san-other", &[], "root"),
        case("ip-as-dns", ADDRESS, "ip-as-dns", &[], "root"),
        case("wrong-dns", HOST, "other-dns", &[], "root"),
        case("wrong-ip", ADDRESS, "other-ip", &[], "root"),
        case("dns-only-by-address", ADDRESS, "good-dns", &[], "root"),
        case("ip-only-by-name", HOST, "good-ip", &[], "root"),
        case("wildcard", HOST, "wildcard", &[], "root"),
        case("wildcard-deep", HOST, "wildcard-deep", &[], "root"),
        case("wildcard-beside-top-level", HOST, "wildcard-beside", &[], "root"),
        case("wildcard-partial", HOST, "wildcard-partial", &[], "root"),
        case("client-eku", HOST, "client-eku", &[], "root"),
        case("any-eku", HOST, "any-eku", &[], "root"),
        case("no-eku", HOST, "no-eku", &[], "root"),
        case("ku-cert-sign", HOST, "ca-ku", &[], "root"),
        case("ku-key-agreement", HOST, "agree-ku", &[], "root"),
        case("no-ku", HOST, "no-ku", &[], "root"),
        case("no-basic-constraints", HOST, "no-bc", &[], "root"),
        case("ca-as-leaf", HOST, "ca-leaf", &[], "root"),
        case("unknown-critical", HOST, "critical", &[], "root"),
        case("critical-issuer-name", HOST, "critical-issuer-name", &[], "root"),
        case("critical-points", HOST, "critical-points", &[], "root"),
        case("critical-policies", HOST, "critical-policies", &[], "root"),
        case("intermediate-policy-constraints", HOST, "policy-mid-leaf", &["policy-mid"], "root"),
        case("intermediate-with-policies", HOST, "policied-mid-leaf", &["policied-mid"], "root"),
        case("wildcard-around-an-excluded-host", HOST, "host-mid-leaf", &["host-mid"], "root"),
        case(
            "address-as-common-name-under-limits",
            ADDRESS,
            "addresses-mid-leaf",
            &["addresses-mid"],
            "root",
        ),
        case("intermediate-inhibit-any-policy", HOST, "any-policy-mid-leaf", &["any-policy-mid"], "root"),
        case("intermediate-limits-directory", HOST, "directory-mid-leaf", &["directory-mid"], "root"),
        case("intermediate-limits-email", HOST, "email-mid-leaf", &["email-mid"], "root"),
        case("issuer-name-in-another-string-type", HOST, "typed-leaf", &[], "typed-printable"),
        case("issuer-with-another-key-id", HOST, "typed-leaf", &[], "typed-other-id"),
        case("no-key-ids", HOST, "no-ids", &[], "root"),
        case(
            "intermediate-limits-directory-of-others",
            HOST,
            "other-directory-leaf",
            &["directory-mid"],
            "root",
        ),
        case("underscore", "my_host.corp.internal", "underscore", &[], "root"),
        case("no-subject-names-not-critical", HOST, "no-subject-lax", &[], "root"),
        case("no-subject", HOST, "no-subject", &[], "root"),
        case("intermediate-no-ca", HOST, "plain-mid-leaf", &["plain-mid"], "root"),
        case("intermediate-no-constraints", HOST, "silent-mid-leaf", &["silent-mid"], "root"),
        case("intermediate-no-cert-sign", HOST, "unsigning-mid-leaf", &["unsigning-mid"], "root"),
        case("intermediate-v1", HOST, "v1-mid-leaf", &["v1-mid"], "root"),
        case("intermediate-critical", HOST, "critical-mid-leaf", &["critical-mid"], "root"),
        case("intermediate-client-eku", HOST, "client-mid-leaf", &["client-mid"], "root"),
        case("intermediate-any-eku", HOST, "any-mid-leaf", &["any-mid"], "root"),
        case("root-any-eku", HOST, "any-root-leaf", &[], "any-root"),
        case("root-client-eku", HOST, "client-root-leaf", &[], "client-root"),
        case("path-length", HOST, "short-leaf", &["short-mid"], "short-root"),
        case("not-permitted", HOST, "permit-leaf", &[], "permit-root"),
        case("excluded", HOST, "exclude-leaf", &[], "exclude-root"),
        case("permitted", HOST, "allow-leaf", &[], "allow-root"),
        case("root-v1", HOST, "v1-root-leaf", &[], "v1-root"),
        case("root-no-cert-sign", HOST, "unsigning-root-leaf", &[], "unsigning-root"),
        case("root-no-ca", HOST, "plain-root-leaf", &[], "plain-root"),
        case("intermediate-not-permitted", HOST, "permit-mid-leaf", &["permit-mid"], "root"),
        case("intermediate-excluded", HOST, "exclude-mid-leaf", &["exclude-mid"], "root"),
        case("intermediate-path-length", HOST, "short-2-leaf", &["short-2", "short-1"], "root"),
        case("intermediate-future", HOST, "future-mid-leaf", &["future-mid"], "root"),
        case("intermediate-sha1", HOST, "sha1-mid-leaf", &["sha1-mid"], "root"),
        case("root-small-key", HOST, "small-root-leaf", &[], "small-root"),
        case("cn-name-san-address", HOST, "cn-dns-san-ip", &[], "root"),
        case("wildcard-two-labels", "backend.internal", "top-wildcard", &[], "root"),
        case("unknown-ca-wrong-name", HOST, "other-wrong", &[], "root"),
        case("unknown-ca-expired", HOST, "other-expired", &[], "root"),
        case("client-eku-wrong-name", HOST, "client-wrong", &[], "root"),
        case("v1-self-signed-name", HOST, "v1-self-dns", &[], "v1-self-dns"),
        case("self-signed-expired", HOST, "self-expired", &[], "self-expired"),
        case("twin-ca", HOST, "twin-leaf", &[], "twin-other"),
        case("twin-ca-above", HOST, "twin-mid-leaf", &["twin-mid"], "twin-other"),
        case("twin-ca-above-without-ids", HOST, "bare-twin-mid-leaf", &["bare-twin-mid"], "bare-twin-other"),
        case("twin-ca-without-ids", HOST, "bare-twin-leaf", &[], "bare-twin-other"),
        case("md5", HOST, "md5", &[], "rsa-root"),
        case("many-names", HOST, "many", &[], "root"),
        case(
            "deep",
            HOST,
            "deep-leaf",
            &["deep-8", "deep-7", "deep-6", "deep-5", "deep-4", "deep-3", "deep-2", "deep-1"],
            "root",
        ),
        case("common-name-not-permitted", ADDRESS, "common-name-limit", &[], "permit-root"),
        case("long", HOST, "long", &[], "root"),
        case("serial-0", HOST, "serial-0", &[], "root"),
        case("sha1", HOST, "sha1", &[], "root"),
        case("rsa-1024", HOST, "rsa-1024", &[], "root"),
        case("rsa-2048", HOST, "rsa-2048", &[], "root"),
        case("rsa-4096", HOST, "rsa-4096", &[], "root"),
        case("p384", HOST, "p384", &[], "root"),
        case("p521", HOST, "p521", &[], "root"),
        case("ed25519", HOST, "ed25519", &[], "root"),
        case("secp256k1", HOST, "k256", &[], "root"),
    ]
}
