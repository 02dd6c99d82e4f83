//! Certificates with faults, made by OpenSSL.

use crate::support::Sandbox;
use crate::works::{Case, Works};
use crate::{authorities, leaves};

const HOST: &str = "backend.corp.internal";
const ADDRESS: &str = "127.0.0.1";

/// All of them. The trust anchor is `trust.pem`, what is sent `chain.pem`, the key `key.pem`.
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
pub fn cases(sandbox: &Sandbox) -> Vec<Case> {
    let works = Works { folder: sandbox.path() };
    authorities::make(&works);
    leaves::make(&works);
    std::fs::write(sandbox.file("both-trusted.pem"), works.read("good-dns.pem") + &works.read("root.pem"))
        .unwrap();
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
        case("leaf-pinned-beside-its-root", HOST, "good-dns", &[], "both-trusted"),
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
        case("netscape-type-of-clients", HOST, "netscape", &[], "root"),
        case("root-critical", HOST, "critical-root-leaf", &[], "critical-root"),
        case("name-with-a-character-of-another-type", HOST, "named-root-leaf", &[], "named-root"),
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
        case("intermediate-on-another-curve", HOST, "k256-mid-leaf", &["k256-mid"], "root"),
        case("intermediate-curve-written-out", HOST, "written-mid-leaf", &["written-mid"], "root"),
        case("root-no-constraints", HOST, "usage-root-leaf", &[], "usage-root"),
        case("common-name-of-a-ca-under-limits", HOST, "word-mid-leaf", &["word-mid", "corp-mid"], "root"),
        case("a-name-not-ascii", HOST, "not-ascii", &[], "root"),
        case("critical-key-identifier", HOST, "critical-id", &[], "root"),
        case("cn-only-wildcard-two-labels", "backend.internal", "cn-top-wildcard", &[], "root"),
        case("no-names-by-address", ADDRESS, "no-names", &[], "root"),
        case("cn-beside-an-email-address", HOST, "email-only", &[], "root"),
        case("subject-is-issuer", HOST, "namesake", &[], "root"),
    ]
}
