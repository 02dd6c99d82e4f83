//! The CAs of the corpus, good and bad.

use crate::works::{CA, Make, Works, ca_with};

/// Makes all of them, roots before what they sign.
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
pub fn make(works: &Works<'_>) {
    let ca = |name: &str, issuer: Option<&str>, subject: &str, extensions: &str, at: &str, days: &str| {
        works.make(name, issuer, &Make { subject, extensions, at, days, ..Make::default() });
    };
    ca("root", None, "/CN=root", CA, "+0d", "3000");
    ca("other", None, "/CN=other root", CA, "+0d", "3000");
    ca("mid", Some("root"), "/CN=mid", CA, "+0d", "2000");
    for (name, key) in [("written-mid", "written-out:prime256v1"), ("k256-mid", "ec:secp256k1")] {
        let subject = format!("/CN={name}");
        works.make(
            name,
            Some("root"),
            &Make { subject: &subject, extensions: CA, key, days: "2000", ..Make::default() },
        );
    }
    ca("usage-root", None, "/CN=usage root", &ca_with("basicConstraints", ""), "+0d", "3000");
    let limited = format!("{CA}nameConstraints=critical,permitted;DNS:corp.internal\n");
    ca("corp-mid", Some("root"), "/CN=corp mid", &limited, "+0d", "2000");
    ca("word-mid", Some("corp-mid"), "/CN=CORP-ISSUING-CA", CA, "+0d", "2000");
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
        std::fs::copy(works.folder.join("typed.key"), works.folder.join(format!("{name}.key"))).unwrap();
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
    ca(
        "critical-root",
        None,
        "/CN=critical root",
        &format!("{CA}1.2.3.4=critical,DER:0500\n"),
        "+0d",
        "3000",
    );
    ca(
        "policy-root",
        None,
        "/CN=policy root",
        &format!("{CA}policyConstraints=critical,requireExplicitPolicy:5\n"),
        "+0d",
        "3000",
    );
    // An old CA's name, as nobody may write it.
    let named = Make {
        subject: "/O=Over-Under/CN=named root",
        extensions: CA,
        days: "3000",
        printable: true,
        ..Make::default()
    };
    works.make("named-root", None, &named);
    works.write_over("named-root", b"Over-Under", b"Over_Under");
    for (name, line) in [
        ("policy-mid", "policyConstraints=critical,requireExplicitPolicy:0"),
        ("policied-mid", "policyConstraints=critical,requireExplicitPolicy:0\ncertificatePolicies=1.2.3.4"),
        ("any-policy-mid", "inhibitAnyPolicy=critical,0"),
        ("host-mid", "nameConstraints=critical,excluded;DNS:host.corp.internal"),
        (
            "addresses-mid",
            "nameConstraints=critical,permitted;IP:127.0.0.0/255.0.0.0,permitted;DNS:corp.internal",
        ),
        ("v6-mid", "nameConstraints=critical,excluded;IP:fd00:0:0:0:0:0:0:0/ff00:0:0:0:0:0:0:0"),
        ("every-v6-mid", "nameConstraints=critical,excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"),
        (
            "v6-first-mid",
            "nameConstraints=critical,permitted;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0,permitted;IP:127.0.0.0/255.0.0.0",
        ),
        ("every-name-mid", "nameConstraints=critical,DER:3006a00430028200"),
        ("both-ways-mid", "nameConstraints=critical,permitted;DNS:other.internal,excluded;DNS:corp.internal"),
        ("directory-mid", "nameConstraints=critical,permitted;dirName:permitted"),
        ("email-mid", "nameConstraints=critical,permitted;email:corp.internal"),
    ] {
        let section = if name == "directory-mid" { "[permitted]\nO=Corp\n" } else { "" };
        ca(name, Some("root"), &format!("/CN={name}"), &format!("{CA}{line}\n{section}"), "+0d", "2000");
    }
}
