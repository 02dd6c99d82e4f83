//! Rules of paths and of form at their edges: what is just allowed and what just is not, by
//! certificates that others write.

use certforge::certificate::Certificate;
use certforge::check::certificate::{examine, lint};
use certforge::check::path::{Peer, Purpose, Question, Verdict, verify};
use certforge::constraint::Constraints;
use certforge::{Authority, CaRequest, KeyAlgorithm, LeafRequest, PrivateKey, Severity, TrustAnchor};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

use super::support::made::{ca_with, issued, made};
use super::support::{Sandbox, judge, openssl};

fn judged(leaf: &Certificate, chain: &[Certificate], anchor: &Certificate, strict: bool) -> Verdict {
    let anchors = [TrustAnchor::new(anchor.clone())];
    verify(&Question {
        certificate: leaf,
        chain,
        anchors: &anchors,
        peer: None::<&Peer>,
        purpose: Purpose::Server,
        at: OffsetDateTime::now_utc(),
        lists: &[],
        strict,
    })
}

/// Codes and places, `!` before an error's.
fn said(verdict: &Verdict) -> Vec<String> {
    let mark = |f: &certforge::Finding| if f.severity == Severity::Error { "!" } else { "" };
    verdict.findings.iter().map(|f| format!("{}{} {}", mark(f), f.code, f.place)).collect()
}

/// A new key for a request of OpenSSL's.
const EC: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

/// A folder that OpenSSL works in; none where it is not installed.
struct Workshop(Sandbox);

impl Workshop {
    fn new() -> Option<Self> {
        judge("openssl").map(|_| Self(Sandbox::new()))
    }

    fn run(&self, args: &str) {
        openssl(&args.split(' ').collect::<Vec<_>>(), self.0.path()).unwrap();
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.0.file(name), text).unwrap();
    }

    fn read(&self, name: &str) -> Certificate {
        Certificate::from_pem(self.0.read(name).as_bytes()).unwrap()
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::P256).unwrap()
}

/// A certificate of rcgen's, which writes what it is told.
fn odd_der(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "a.example");
    params.not_before = OffsetDateTime::now_utc() - Duration::DAY;
    params.not_after = params.not_before + Duration::days(90);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    change(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn odd(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    Certificate::from_der(odd_der(change)).unwrap()
}

#[test]
fn forms_that_no_tool_should_write() {
    let reversed = |by: Duration| odd_der(move |params| params.not_after = params.not_before - by);
    for (by, wanted) in [(Duration::DAY, true), (Duration::SECOND, true), (Duration::ZERO, false)] {
        let der = reversed(by);
        // What is signed, behind the header of the whole: below 256 octets.
        assert_eq!(der[4..6], [0x30, 0x81]);
        let end = 7 + usize::from(der[6]);
        let found = lint(&der[4..end]).unwrap();
        // Where both are the same it is valid for that second: both ends are in it.
        assert_eq!(
            found.iter().any(|f| f.code == "certificate.validity-reversed"),
            wanted,
            "{by}: {found:?}"
        );
        let read = Certificate::from_der(der).map_err(|e| e.to_string());
        assert_eq!(read.is_err_and(|e| e.contains("ends before it starts")), wanted, "{by}");
    }
    let named = |length: usize| {
        odd(move |params| params.distinguished_name.push(DnType::CommonName, "n".repeat(length)))
    };
    for (length, wanted) in [(63, false), (64, false), (65, true), (200, true)] {
        let found =
            examine(&named(length)).iter().any(|f| f.message.contains("characters, and 64 is the most"));
        assert_eq!(found, wanted, "{length}");
    }
    let twice = odd(|params| {
        for _ in 0..2 {
            params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]));
        }
    });
    assert!(examine(&twice).iter().any(|f| f.message.contains("1.2.3.4 stands there twice")));
    // What stands there twice says nothing that can be relied on: no path leads to it.
    assert!(said(&judged(&twice, &[], &twice, false)).contains(&"!path.malformed leaf".to_owned()));
    assert!(!examine(&odd(|_| {})).iter().any(|f| f.code == "certificate.extension-twice"));
}

#[test]
fn what_is_trusted_as_it_is_counts_as_the_leaf_first() {
    let trusted = |changes: &[(&str, &str)]| {
        let certificate = made(changes, "/CN=a.example", &[])?;
        Some(said(&judged(&certificate, &[], &certificate, false)))
    };
    let Some(good) = trusted(&[]) else { return };
    assert_eq!(good, [""; 0]);
    let critical = trusted(&[("1.2.3.4", "critical,DER:0500")]).unwrap();
    assert!(critical.contains(&"!path.critical-unknown leaf".to_owned()), "{critical:?}");
    let client = trusted(&[("extendedKeyUsage", "clientAuth")]).unwrap();
    assert!(client.contains(&"!path.extended-key-usage leaf".to_owned()), "{client:?}");
    // Of a CA that is trusted most clients refuse the one, and half of them the other.
    for (changes, code, valid) in [
        (&[("1.2.3.4", "critical,DER:0500")][..], "!path.critical-unknown trust anchor", false),
        (&[("extendedKeyUsage", "clientAuth")], "path.extended-key-usage trust anchor", true),
    ] {
        let (leaf, ca) = issued(&ca_with(changes), &[], &[]).unwrap();
        let told = said(&judged(&leaf, &[], &ca, false));
        assert!(told.contains(&code.to_owned()), "{told:?}");
        assert_eq!(judged(&leaf, &[], &ca, false).is_valid(), valid, "{told:?}");
    }
}

#[test]
fn what_rustls_refuses_alone_is_told_in_its_words() {
    let any = [("extendedKeyUsage", "anyExtendedKeyUsage")];
    let Some((leaf, ca)) = issued(&ca_with(&[]), &any, &[]) else { return };
    let verdict = judged(&leaf, &[], &ca, false);
    let refused = verdict.findings.iter().find(|f| f.code == "path.refused").unwrap();
    assert_eq!((refused.severity, refused.place.as_str()), (Severity::Error, "leaf"));
    assert!(refused.message.contains("looks for serverAuth by name"), "{}", refused.message);
    assert_eq!(refused.fix, "issue it anew, or say what is wrong with this verdict");
    // It has no means to judge limits on directory names: that is no fault of theirs.
    let made = Workshop::new().unwrap();
    let config = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nO=Corp\nCN=CA\n[e]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nnameConstraints=critical,permitted;dirName:within\n[within]\nO=Corp\n";
    made.write("ca.cnf", config);
    let leaf = "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid:always\n";
    made.write("leaf.ext", leaf);
    made.run(&format!("req -x509 -config ca.cnf -extensions e -days 90 -keyout ca.key -out ca.pem {EC}"));
    for (subject, valid) in [("/O=Corp/CN=a.example", true), ("/O=Other/CN=a.example", false)] {
        made.run(&format!("req -new -subj {subject} -keyout leaf.key -out leaf.csr {EC}"));
        made.run(
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile leaf.ext -out leaf.pem",
        );
        let verdict = judged(&made.read("leaf.pem"), &[], &made.read("ca.pem"), false);
        assert_eq!(verdict.is_valid(), valid, "{subject}: {:?}", said(&verdict));
        assert!(!said(&verdict).iter().any(|line| line.contains("path.refused")), "{:?}", said(&verdict));
    }
}

#[test]
fn a_signature_that_nobody_here_can_check_makes_no_path() {
    let Some(made) = Workshop::new() else { return };
    made.run(&format!("req -new -subj /CN=a.example -keyout leaf.key -out leaf.csr {EC}"));
    made.write(
        "leaf.ext",
        "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n",
    );
    // An algorithm that has no name here, and a good one by a curve that nobody here knows.
    for (key, code) in [
        ("genpkey -algorithm ed448", "!path.weak-signature leaf"),
        ("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", "!path.algorithm leaf"),
    ] {
        made.run(&format!("{key} -out ca.key"));
        made.run(
            "req -x509 -new -key ca.key -subj /CN=CA -days 90 -out ca.pem -addext keyUsage=critical,keyCertSign",
        );
        made.run(
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile leaf.ext -out leaf.pem",
        );
        let verdict = judged(&made.read("leaf.pem"), &[], &made.read("ca.pem"), false);
        assert!(verdict.anchored && !verdict.is_valid(), "{key}");
        assert!(said(&verdict).contains(&code.to_owned()), "{key}: {:?}", said(&verdict));
    }
}

#[test]
fn a_version_1_certificate_makes_no_ca() {
    let Some(made) = Workshop::new() else { return };
    made.run(&format!("req -new -subj /CN=Old -keyout ca.key -out ca.csr {EC}"));
    made.run("x509 -req -in ca.csr -signkey ca.key -days 90 -out ca.pem");
    made.run(&format!("req -new -subj /CN=a.example -keyout leaf.key -out leaf.csr {EC}"));
    made.write(
        "leaf.ext",
        "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n",
    );
    made.run(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile leaf.ext -out leaf.pem",
    );
    // Trusted, it is told; in the middle of a path it would be an error.
    let told = said(&judged(&made.read("leaf.pem"), &[], &made.read("ca.pem"), false));
    assert!(told.contains(&"path.ca-version trust anchor".to_owned()), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("path.not-a-ca")), "said once: {told:?}");
}

/// A CA with these limits, and a leaf of it with so many names.
fn limited(limits: usize, names: usize) -> (Certificate, Certificate) {
    let now = OffsetDateTime::now_utc();
    let excluded = (0..limits).map(|i| format!("x{i}.other").parse().unwrap()).collect();
    let plan = CaRequest::new("Limits").unwrap().constraints(Constraints::new(Vec::new(), excluded));
    let ca = Authority::create(&plan.plan(now).unwrap(), key()).unwrap();
    let names: Vec<String> = (0..names).map(|i| format!("h{i}.example")).collect();
    let leaf = ca.issue(&LeafRequest::new(&names).unwrap().key(KeyAlgorithm::P256)).unwrap();
    (leaf.leaf().clone(), ca.certificate().clone())
}

#[test]
fn so_many_names_are_held_against_limits_and_no_more() {
    // Each name, the subject as a whole and its parts, against each limit: 250,000.
    let (leaf, _) = limited(1, 1);
    let more = 1 + leaf.subject_der().len() / 16;
    let most = 250 - more;
    let (leaf, ca) = limited(1000, most);
    assert_eq!(leaf.subject_der().len() / 16 + 1, more);
    let verdict = judged(&leaf, &[], &ca, false);
    assert!(verdict.is_valid(), "{:?}", said(&verdict));
    let (leaf, ca) = limited(1000, most + 1);
    let told = said(&judged(&leaf, &[], &ca, false));
    assert!(told.contains(&"!path.name-constraint trust anchor".to_owned()), "{told:?}");
}

#[test]
fn what_a_ca_issued_to_itself_is_bound_by_no_limit_unless_it_is_the_leaf() {
    let Some(made) = Workshop::new() else { return };
    let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n";
    let config = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=Limited\n[e]\n";
    let limits = "nameConstraints=critical,permitted;DNS:in.example\n";
    made.write("ca.cnf", [config, ca, limits].concat());
    // The same CA with a new key, and a name of its own that is outside.
    made.write("self.ext", [ca, "subjectAltName=DNS:out.example\n"].concat());
    let leaf = |name: &str| {
        format!(
            "subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n"
        )
    };
    made.run(&format!("req -x509 -config ca.cnf -extensions e -days 90 -keyout ca.key -out ca.pem {EC}"));
    let sign = |name: &str, subject: &str, ca: &str, extensions: &str| {
        made.run(&format!("req -new -subj {subject} -keyout {name}.key -out {name}.csr {EC}"));
        let by = format!("-CA {ca}.pem -CAkey {ca}.key -CAcreateserial -extfile {extensions} -days 80");
        made.run(&format!("x509 -req -in {name}.csr {by} -out {name}.pem"));
        made.read(&format!("{name}.pem"))
    };
    let anchor = made.read("ca.pem");
    let middle = sign("self", "/CN=Limited", "ca", "self.ext");
    for (name, valid) in [("a.in.example", true), ("a.out.example", false)] {
        made.write("leaf.ext", leaf(name));
        let leaf = sign("leaf", "/CN=host", "self", "leaf.ext");
        let verdict = judged(&leaf, std::slice::from_ref(&middle), &anchor, false);
        assert_eq!(verdict.path.len(), 3, "{name}: {:?}", said(&verdict));
        let broken = said(&verdict).contains(&"!path.name-constraint leaf".to_owned());
        assert_eq!(broken, !valid, "{name}: {:?}", said(&verdict));
        // A leaf that has its issuer's own name is a leaf all the same.
        let own = sign("own", "/CN=Limited", "ca", "leaf.ext");
        let told = said(&judged(&own, &[], &anchor, false));
        assert_eq!(told.contains(&"!path.name-constraint leaf".to_owned()), !valid, "{name}: {told:?}");
    }
}

#[test]
fn a_ca_with_an_old_and_a_new_key_is_no_circle() {
    let Some(made) = Workshop::new() else { return };
    let ca = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n";
    made.write("ca.ext", ca);
    let leaf = "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n";
    made.write("leaf.ext", leaf);
    let sign = |name: &str, subject: &str, by: &str, extensions: &str| {
        made.run(&format!("req -new -subj {subject} -keyout {name}.key -out {name}.csr {EC}"));
        let by = if by == name {
            format!("-signkey {by}.key")
        } else {
            format!("-CA {by}.pem -CAkey {by}.key -CAcreateserial")
        };
        made.run(&format!("x509 -req -in {name}.csr {by} -extfile {extensions} -days 80 -out {name}.pem"));
        made.read(&format!("{name}.pem"))
    };
    let root = sign("root", "/CN=Root", "root", "ca.ext");
    let old = sign("old", "/CN=Inner", "root", "ca.ext");
    let new = sign("new", "/CN=Inner", "old", "ca.ext");
    let leaf = sign("leaf", "/CN=host", "new", "leaf.ext");
    for chain in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
        let verdict = judged(&leaf, &chain, &root, false);
        assert!(verdict.is_valid(), "{:?}", said(&verdict));
        assert_eq!(verdict.path, [leaf.clone(), new.clone(), old.clone(), root.clone()]);
    }
}

#[test]
fn every_finding_says_what_to_do() {
    let Some((leaf, ca)) = issued(&ca_with(&[]), &[("extendedKeyUsage", "clientAuth")], &[]) else { return };
    let verdict = judged(&leaf, &[], &ca, false);
    let found = verdict.findings.iter().find(|f| f.code == "path.extended-key-usage").unwrap();
    assert_eq!(found.fix, "issue it for this purpose: certforge leaf --template server, client or mutual");
    let late = verify(&Question {
        certificate: &leaf,
        chain: &[],
        anchors: &[TrustAnchor::new(ca.clone())],
        peer: None,
        purpose: Purpose::Client,
        at: OffsetDateTime::now_utc() + Duration::days(4000),
        lists: &[],
        strict: false,
    });
    let fix = |code: &str| late.findings.iter().find(|f| f.code == code).map(|f| f.fix.as_str());
    assert_eq!(fix("path.expired"), Some("renew it: certforge renew NAME, or certforge ca renew NAME"));
    let anchor = "renew the CA with the same key, and install it again: certforge ca renew NAME";
    assert_eq!(fix("path.anchor-expired"), Some(anchor));
}

#[test]
fn what_issued_and_is_no_ca_is_an_error_of_form_too() {
    let no_ca = [("basicConstraints", "critical,CA:FALSE"), ("keyUsage", "critical,digitalSignature")];
    let Some((leaf, ca)) = issued(&no_ca, &[], &[]) else { return };
    let lax = said(&judged(&leaf, &[], &ca, false));
    assert!(lax.contains(&"!path.not-a-ca trust anchor".to_owned()), "{lax:?}");
    assert!(!lax.iter().any(|line| line.contains("certificate.basic-constraints")), "{lax:?}");
    let strict = said(&judged(&leaf, &[], &ca, true));
    assert!(strict.contains(&"!certificate.basic-constraints trust anchor".to_owned()), "{strict:?}");
    // A CA that is one has nothing of that.
    let (leaf, ca) = issued(&ca_with(&[]), &[], &[]).unwrap();
    let strict = said(&judged(&leaf, &[], &ca, true));
    assert!(!strict.iter().any(|line| line.contains("basic-constraints")), "{strict:?}");
}

/// A CA's parameters as rcgen writes them; an authority key identifier only where that is said.
fn ca_params(name: &str, identified: bool) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - Duration::DAY;
    params.not_after = params.not_before + Duration::days(400);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = identified;
    params
}

/// Nobody goes on upwards from an anchor: what it lacks for that matters little. All else
/// that is wrong with its form stays wrong.
#[test]
fn an_intermediate_that_is_trusted_needs_no_way_up() {
    let key = || KeyPair::generate().unwrap();
    let top = ca_params("top", false);
    let read = |der: &[u8]| Certificate::from_der(der).unwrap();
    let (top_key, key_identifier) = (key(), "certificate.authority-key-identifier");
    let root = read(top.self_signed(&top_key).unwrap().der());
    let top = Issuer::new(top, top_key);
    let ask = |identified: bool, serial: &[u8]| {
        let mut params = ca_params("middle", identified);
        params.serial_number = Some(serial.to_vec().into());
        let middle_key = key();
        let middle = read(params.signed_by(&middle_key, &top).unwrap().der());
        let mut leaf = ca_params("a.example", true);
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
        leaf.not_after = leaf.not_before + Duration::days(90);
        let leaf = read(leaf.signed_by(&key(), &Issuer::new(params, middle_key)).unwrap().der());
        let of = |code: &str, verdict: &Verdict, place: &str| {
            let found = verdict.findings.iter().find(|f| f.code == code && f.place == place);
            found.map(|f| f.severity)
        };
        let trusted = judged(&leaf, &[], &middle, true);
        let between = judged(&leaf, std::slice::from_ref(&middle), &root, true);
        let both = |code: &str| (of(code, &trusted, "trust anchor"), of(code, &between, "issuer 1"));
        (both(key_identifier), both("certificate.serial"))
    };
    let (good, odd) = (&[0x11; 16][..], &[0x00][..]);
    let (warning, error) = (Some(Severity::Warning), Some(Severity::Error));
    assert_eq!(ask(true, good), ((None, None), (None, None)));
    assert_eq!(ask(false, good), ((warning, error), (None, None)));
    assert_eq!(ask(true, odd), ((None, None), (error, error)));
    // A root needs none to be found, and may do without.
    let own = judged(&root, &[], &root, true);
    assert!(own.findings.iter().all(|f| f.code != key_identifier), "{:?}", own.findings);
}
