//! Limits on names, signatures and keys: what each rule says of them, word by word.

use super::messages::{CA, LEAF, ODD, WRONG, ca_with, judge_all};

#[test]
fn name_constraints_case_by_case() {
    let code = "name-constraints";
    let all = |value: &str| {
        ca_with("nameConstraints", "")
            .into_iter()
            .filter(|(n, _)| *n != "nameConstraints")
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .chain([("nameConstraints".to_owned(), value.to_owned())])
            .collect::<Vec<_>>()
    };
    for (value, severity, message) in [
        ("permitted;DNS:x", ODD, "its name constraints are not critical"),
        ("critical,DER:3000", WRONG, "its name constraints are empty"),
        ("critical,permitted;DNS:.x", WRONG, "its name constraints have `.x`, which starts with a dot"),
        ("critical,excluded;DNS:*.x", WRONG, "its name constraints have `*.x`, and a limit has no `*`"),
        (
            "critical,permitted;IP:10.0.0.0/255.0.255.0",
            WRONG,
            "its name constraints have a mask that is no prefix",
        ),
        // An address of four octets, without a mask; a minimum of 1.
        ("critical,DER:300aa00830068704 0a000000", WRONG, "its name constraints have an address of 4 octets"),
        (
            "critical,DER:300aa008 3006 8201 78 800101",
            WRONG,
            "its name constraints have a minimum or maximum",
        ),
    ] {
        let changes = all(&value.replace(' ', ""));
        let changes: Vec<(&str, &str)> = changes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        judge_all(&[(&changes, "/CN=a CA", &[], Some((code, severity, message)))]);
    }
    for good in [
        "critical,permitted;DNS:x,excluded;IP:10.0.0.0/255.0.0.0",
        "critical,permitted;IP:0.0.0.0/0.0.0.0",
        "critical,permitted;IP:10.1.2.3/255.255.255.255",
        "critical,permitted;IP:10.128.0.0/255.128.0.0",
        "critical,permitted;IP:fd00::/ff00::",
        "critical,permitted;email:a.example",
    ] {
        let changes = all(good);
        let changes: Vec<(&str, &str)> = changes.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        judge_all(&[(&changes, "/CN=a CA", &[], None)]);
    }
    judge_all(&[(
        &[("nameConstraints", "critical,permitted;DNS:x")],
        LEAF,
        &[],
        Some((code, WRONG, "it has name constraints and is no CA")),
    )]);
}

#[test]
fn signatures_and_keys_case_by_case() {
    let sha1 = "its signature algorithm ECDSA with SHA-1 is weak or unknown";
    let mut root = CA.to_vec();
    root.push(("subjectAltName", ""));
    judge_all(&[
        (&[], LEAF, &["-sha1"], Some(("signature-algorithm", WRONG, sha1))),
        (&root, "/CN=a CA", &["-sha1"], Some(("signature-algorithm", ODD, sha1))),
        (&[], LEAF, &["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss"], None),
        (&[], LEAF, &["-newkey", "rsa:2048"], None),
        (&[], LEAF, &["-newkey", "ed25519"], None),
        (
            &[],
            LEAF,
            &["-newkey", "rsa:1024"],
            Some(("key", WRONG, "its key is weak: it is RSA 1024, and 2048 bits is the least")),
        ),
    ]);
    judge_all(&[(&[], "/", &[], Some(("issuer-empty", WRONG, "its issuer is empty")))]);
    let mut nameless = root.clone();
    nameless[3] = ("subjectAltName", "critical,DNS:a.example");
    judge_all(&[(&nameless, "/", &[], Some(("ca-subject-empty", WRONG, "a CA with an empty subject")))]);
}
