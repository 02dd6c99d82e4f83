//! Bad certificates as this library judges them itself: each is found, by the rule it breaks.

use certforge::check::certificate::examine;
use certforge::check::clients::facts;
use certforge::check::path::{Purpose, Question, verify};
use certforge::harness::{Fault, Fixture, Fixtures};
use certforge::{RevocationList, Severity, TrustAnchor};

use super::now;

/// What is said of a fixture: of its path, of the forms in it, and of its first certificate alone.
struct Said {
    path: Vec<String>,
    strict: Vec<String>,
    alone: Vec<String>,
    facts: Vec<String>,
}

fn judged(fixture: &Fixture) -> Said {
    let anchors = [TrustAnchor::new(fixture.trust_anchor.clone())];
    let lists: Vec<RevocationList> = fixture.list.clone().into_iter().collect();
    let peer = fixture.host.parse().unwrap();
    let question = |strict| Question {
        certificate: &fixture.certificates[0],
        chain: &fixture.certificates[1..],
        anchors: &anchors,
        peer: Some(&peer),
        purpose: Purpose::Server,
        at: now(),
        lists: &lists,
        strict,
    };
    let codes = |findings: Vec<certforge::Finding>| {
        let mut codes: Vec<String> =
            findings.iter().filter(|f| f.severity == Severity::Error).map(|f| f.code.to_owned()).collect();
        codes.sort();
        codes.dedup();
        codes
    };
    Said {
        path: codes(verify(&question(false)).findings),
        strict: codes(verify(&question(true)).findings),
        alone: codes(examine(&fixture.certificates[0])),
        facts: facts(&question(false)).iter().map(str::to_owned).collect(),
    }
}

type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Each fixture: what is wrong with its path, what of its forms is an error besides where it is
/// strict, and the facts that clients are told apart by.
const ALL: [Row; 50] = [
    ("good", &[], &[], &[]),
    ("good-address", &[], &[], &[]),
    ("good-intermediate", &[], &[], &[]),
    ("cross-signed", &[], &[], &[]),
    ("many-names", &[], &[], &[]),
    ("long-chain", &[], &[], &["long@leaf", "path.long"]),
    ("no-extended-key-usage", &[], &[], &[]),
    ("expired", &["path.expired"], &[], &["expired@leaf"]),
    ("not-yet-valid", &["path.not-yet-valid"], &[], &["not-yet-valid@leaf"]),
    ("wrong-host", &["path.name"], &[], &["name@leaf"]),
    ("wrong-address", &["path.name"], &[], &["name@leaf"]),
    ("name-for-address", &["path.name"], &[], &["name@leaf"]),
    ("address-as-dns-name", &["path.name"], &["certificate.san-malformed"], &["name@leaf"]),
    ("common-name-only", &["path.name-missing"], &["certificate.san-missing"], &["name-missing@leaf"]),
    (
        "common-name-only-address",
        &["path.name-missing"],
        &["certificate.san-missing"],
        &["name-missing@leaf"],
    ),
    (
        "version-1",
        &["path.name-missing"],
        &["certificate.authority-key-identifier", "certificate.san-missing", "certificate.version"],
        &["leaf.v1", "name-missing@leaf"],
    ),
    ("wildcard-too-deep", &["path.name"], &[], &["name@leaf"]),
    (
        "wildcard-in-label",
        &["path.name"],
        &["certificate.common-name-not-in-san", "certificate.san-malformed"],
        &["name.partial-wildcard", "name.top-level-wildcard", "name@leaf"],
    ),
    (
        "self-signed",
        &["path.untrusted"],
        &[],
        &["leaf.self-issued", "signature.ids-differ", "untrusted@leaf"],
    ),
    ("self-signed-expired", &["path.expired"], &[], &["expired@leaf", "leaf.self-issued", "root.sent"]),
    ("unknown-ca", &["path.no-issuer"], &[], &["no-issuer@leaf", "signature.ids-differ"]),
    ("unknown-ca-sent", &["path.untrusted"], &[], &["untrusted@issuer"]),
    ("same-name-ca", &["path.signature"], &[], &["signature.ids-differ", "signature@leaf"]),
    ("bad-signature", &["path.signature"], &[], &["signature@leaf"]),
    ("missing-intermediate", &["path.no-issuer"], &[], &["no-issuer@leaf", "signature.ids-differ"]),
    ("wrong-order", &[], &[], &[]),
    ("expired-intermediate", &["path.expired"], &[], &["expired@issuer"]),
    ("not-yet-valid-intermediate", &["path.not-yet-valid"], &[], &["not-yet-valid@issuer"]),
    ("expired-root", &["path.anchor-expired"], &[], &["anchor-expired@anchor"]),
    (
        "leaf-as-ca",
        &["path.ca-key-usage", "path.not-a-ca"],
        &["certificate.basic-constraints", "certificate.san-missing"],
        &["ca-key-usage@issuer", "issuer.no-cert-sign", "not-a-ca@issuer"],
    ),
    (
        "intermediate-without-basic-constraints",
        &["path.not-a-ca"],
        &["certificate.basic-constraints", "certificate.key-usage", "certificate.san-missing"],
        &["issuer.no-constraints", "not-a-ca@issuer"],
    ),
    (
        "intermediate-key-usage",
        &["path.ca-key-usage"],
        &["certificate.key-usage"],
        &["ca-key-usage@issuer", "issuer.no-cert-sign"],
    ),
    (
        "intermediate-version-1",
        &["path.ca-version"],
        &["certificate.authority-key-identifier", "certificate.san-missing", "certificate.version"],
        &["ca-version@issuer", "issuer.v1"],
    ),
    (
        "intermediate-purpose",
        &["path.extended-key-usage"],
        &[],
        &["extended-key-usage@issuer", "issuer.purpose-none"],
    ),
    (
        "intermediate-unknown-critical",
        &["path.critical-unknown"],
        &["certificate.critical-unknown"],
        &["critical-unknown@issuer"],
    ),
    (
        "intermediate-sha1",
        &["path.weak-signature"],
        &["certificate.signature-algorithm"],
        &["issuer.signature-digest", "weak-signature@issuer"],
    ),
    ("path-length", &["path.path-length"], &[], &["path-length@issuer"]),
    ("not-permitted", &["path.name-constraint"], &[], &["limit.permits@issuer", "name-constraint@leaf"]),
    ("excluded", &["path.name-constraint"], &[], &["limit.excludes@issuer", "name-constraint@leaf"]),
    ("ca-as-leaf", &[], &["certificate.key-usage", "path.ca-as-leaf"], &["ca-as-leaf@leaf", "leaf.ca"]),
    ("client-purpose", &["path.extended-key-usage"], &[], &["extended-key-usage@leaf", "leaf.purpose-none"]),
    (
        "key-usage",
        &["path.key-usage"],
        &["certificate.key-usage"],
        &["key-usage@leaf", "leaf.usage-no-signature", "leaf.usage-not-tls", "strict.cert-sign"],
    ),
    (
        "unknown-critical",
        &["path.critical-unknown"],
        &["certificate.critical-unknown"],
        &["critical-unknown@leaf"],
    ),
    (
        "duplicate-extension",
        &["path.extended-key-usage", "path.malformed"],
        &["certificate.extension-twice"],
        &["extended-key-usage@leaf", "leaf.duplicate-extension", "malformed@leaf"],
    ),
    ("revoked", &["path.revoked"], &[], &["revoked@leaf"]),
    (
        "sha1",
        &["path.weak-signature"],
        &["certificate.signature-algorithm"],
        &["signature.digest", "signature.sha1", "signature.weak", "weak-signature@leaf"],
    ),
    ("weak-rsa", &["path.weak-key"], &["certificate.key"], &["key.rsa-small", "weak-key@leaf"]),
    ("long-lived", &[], &[], &["leaf.long"]),
    ("serial-zero", &[], &["certificate.serial"], &[]),
    ("key-mismatch", &[], &[], &[]),
];

#[test]
fn each_is_found_by_the_rule_it_breaks() {
    let fixtures = Fixtures::new(now()).unwrap();
    assert_eq!(ALL.map(|(fault, ..)| fault).to_vec(), Fault::all().map(Fault::as_str).collect::<Vec<_>>());
    for (name, path, more, told) in ALL {
        let fault: Fault = name.parse().unwrap();
        let said = judged(&fixtures.make(fault).unwrap());
        assert_eq!(said.path, path, "{name}");
        let besides: Vec<_> = said.strict.iter().filter(|code| !said.path.contains(code)).collect();
        assert_eq!(besides, more, "{name}");
        assert!(said.path.iter().all(|code| said.strict.contains(code)), "{name}: strict forgives nothing");
        // Forms of the leaf itself are among those of its path.
        assert!(said.alone.iter().all(|code| said.strict.contains(code)), "{name}: {:?}", said.alone);
        // What is none of dates, name and trust, but for what looks at lists.
        let elsewhere = ["expired", "not-yet-valid", "anchor-expired", "no-issuer", "untrusted", "signature"];
        let is_of_form = |code: &str| {
            let code = code.strip_prefix("path.").unwrap_or(code);
            !elsewhere.contains(&code) && !["issuer-name", "name", "name-missing", "revoked"].contains(&code)
        };
        let faulty = said.facts.iter().any(|fact| fact == "path.faulty");
        assert_eq!(faulty, said.path.iter().any(|code| is_of_form(code)), "{name}");
        let plain = ["always", "anchored", "name.common", "name.ok", "path.faulty"];
        let kinds = |fact: &str| ["peer.", "san.", "top."].iter().any(|kind| fact.starts_with(kind));
        let facts: Vec<_> = said.facts.iter().filter(|f| !plain.contains(&f.as_str()) && !kinds(f)).collect();
        assert_eq!(facts, told, "{name}");
        let found = !path.is_empty() || !more.is_empty() || ELSEWHERE.contains(&name);
        assert_eq!(found, !fault.is_good(), "{name}");
    }
}

/// What no rule of paths sees: a client's limit, and a key that is not in the certificates.
const ELSEWHERE: [&str; 2] = ["long-lived", "key-mismatch"];
