//! The leaves of the corpus, good and bad.

use crate::works::{CA, LEAF, Make, Works, named, with};

const DNS: &str = "DNS:backend.corp.internal";

/// `DNS:backend.corp.internal` as it is encoded.
const HOST_NAME: &str = "82156261636b656e642e636f72702e696e7465726e616c";

/// A subject alternative name with these contents, in hexadecimal.
fn names(elements: &[&str]) -> String {
    let content = elements.concat();
    named(&format!("DER:30{:02x}{content}", content.len() / 2))
}

/// Makes all of them; their CAs are there.
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
pub fn make(works: &Works<'_>) {
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
        ("critical-root-leaf", "critical-root"),
        ("named-root-leaf", "named-root"),
        ("written-mid-leaf", "written-mid"),
        ("k256-mid-leaf", "k256-mid"),
        ("usage-root-leaf", "usage-root"),
        ("word-mid-leaf", "word-mid"),
        ("both-ways-mid-leaf", "both-ways-mid"),
        ("every-name-mid-leaf", "every-name-mid"),
        ("policy-root-leaf", "policy-root"),
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
        ("not-ascii", named(&format!("{DNS},DNS:bücher.corp.internal"))),
        ("critical-id", with("authorityKeyIdentifier", "authorityKeyIdentifier=critical,keyid", DNS)),
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
        ("netscape", format!("{dns}nsCertType=client\n")),
        ("ca-ku", with("keyUsage", "keyUsage=critical,keyCertSign", DNS)),
        ("agree-ku", with("keyUsage", "keyUsage=critical,keyAgreement", DNS)),
        ("no-ku", with("keyUsage", "", DNS)),
        ("no-bc", with("basicConstraints", "", DNS)),
        ("ca-leaf", with("basicConstraints", "basicConstraints=critical,CA:TRUE", DNS)),
        ("critical", format!("{dns}1.2.3.4=critical,DER:0500\n")),
        ("critical-issuer-name", format!("{dns}issuerAltName=critical,DNS:issuer.internal\n")),
        ("critical-points", format!("{dns}crlDistributionPoints=critical,URI:http://crl.internal/a.crl\n")),
        ("critical-policies", format!("{dns}certificatePolicies=critical,1.2.3.4\n")),
        // Lists of names that are none, in one way each.
        ("names-another-tag", names(&[HOST_NAME, "8f0178"])),
        ("names-cut-short", names(&[HOST_NAME, "8220"])),
        ("names-constructed", names(&[&HOST_NAME.replacen("82", "a2", 1)])),
        ("names-of-another-class", names(&[HOST_NAME, "160161"])),
        ("names-directory", names(&[HOST_NAME, "a40430020501"])),
        ("names-five-octets", names(&[HOST_NAME, "87050a00000105"])),
        ("names-no-list", names(&[HOST_NAME]).replacen("DER:30", "DER:04", 1)),
        ("names-empty", names(&[])),
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
    leaf("cn-top-wildcard", root, Make { subject: "/CN=*.internal", ..Make::default() });
    leaf("no-names", root, Make::default());
    leaf(
        "email-only",
        root,
        Make { subject: cn, extensions: &named("email:me@corp.internal"), ..Make::default() },
    );
    let bare = format!(
        "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\nsubjectAltName={DNS}\n"
    );
    leaf("namesake", root, Make { subject: "/CN=root", extensions: &bare, ..Make::default() });
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
    for issuer in ["v6-mid", "every-v6-mid", "v6-first-mid"] {
        let extensions = named("IP:127.0.0.1");
        leaf(&format!("{issuer}-leaf"), Some(issuer), Make { extensions: &extensions, ..Make::default() });
    }
    leaf(
        "wildcard-word-leaf",
        Some("addresses-mid"),
        Make { subject: "/CN=*.other.internal", extensions: &named("IP:127.0.0.1"), ..Make::default() },
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
}
