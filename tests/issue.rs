//! What the library issues, judged by webpki and by size.

use certforge::authority::{RenewedSerial, self_signed};
use certforge::certificate::PathLength;
use certforge::check::certificate::examine;
use certforge::key::PrivateKey;
use certforge::{
    Authority, Bundle, CaRequest, Certificate, Error, KeyAlgorithm, LeafRequest, Lifetime, Subject, Template,
};
use rustls_pki_types::{CertificateDer, IpAddr, ServerName, UnixTime};
use time::OffsetDateTime;
use time::macros::datetime;

fn verifies(bundle: &Bundle, name: &str) -> Result<(), webpki::Error> {
    let anchor = CertificateDer::from(bundle.trust_anchor().der().to_vec());
    let anchors = [webpki::anchor_from_trusted_cert(&anchor).unwrap()];
    let leaf = CertificateDer::from(bundle.leaf().der());
    let intermediates: Vec<CertificateDer<'_>> =
        bundle.chain().intermediates().map(|c| CertificateDer::from(c.der())).collect();
    let leaf = webpki::EndEntityCert::try_from(&leaf)?;
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &intermediates,
        UnixTime::now(),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    )?;
    let name = match name.parse::<std::net::IpAddr>() {
        Ok(ip) => ServerName::IpAddress(IpAddr::from(ip)),
        Err(_) => ServerName::try_from(name).unwrap(),
    };
    leaf.verify_is_valid_for_subject_name(&name)
}

#[test]
fn a_private_ip_leaf_verifies_for_that_ip_and_no_other() {
    let ca = Authority::generate("test CA").unwrap();
    let bundle = ca.issue(&LeafRequest::new(["10.103.10.95"]).unwrap()).unwrap();
    verifies(&bundle, "10.103.10.95").unwrap();
    assert!(verifies(&bundle, "10.103.10.96").is_err());
}

#[test]
fn every_kind_of_name_verifies() {
    let ca = Authority::generate("test CA").unwrap();
    let names = ["a.example", "*.b.example", "fd00::1", "10.0.0.5", "例え.jp"];
    let bundle = ca.issue(&LeafRequest::new(names).unwrap()).unwrap();
    for name in ["a.example", "x.b.example", "fd00::1", "10.0.0.5", "xn--r8jz45g.jp"] {
        verifies(&bundle, name).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    }
    assert!(verifies(&bundle, "b.example").is_err());
    assert_eq!(bundle.leaf().common_names(), ["a.example"]);
}

#[test]
fn every_kind_of_key_signs_and_is_signed() {
    let now = OffsetDateTime::now_utc();
    for ca_key in KeyAlgorithm::ALL {
        let plan = CaRequest::new("test CA").unwrap().key(ca_key).plan(now).unwrap();
        let ca = Authority::create(&plan, PrivateKey::generate(ca_key).unwrap()).unwrap();
        for leaf_key in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048]
        {
            let bundle = ca.issue(&LeafRequest::new(["a.example"]).unwrap().key(leaf_key)).unwrap();
            verifies(&bundle, "a.example").unwrap_or_else(|e| panic!("{leaf_key} under {ca_key}: {e:?}"));
            assert_eq!(bundle.leaf().public_key().algorithm(), Some(leaf_key));
        }
    }
}

#[test]
fn keys_survive_being_written_and_read() {
    for algorithm in KeyAlgorithm::ALL {
        let key = PrivateKey::generate(algorithm).unwrap();
        let again = PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
        assert_eq!(key.public(), again.public(), "{algorithm}");
        assert_eq!(key.secret_der(), again.secret_der());
        assert_eq!(again.algorithm(), algorithm);
        assert!(!format!("{key:?}").contains(&hex(&key.secret_der()[key.secret_der().len() - 16..])));
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, b| {
        write!(text, "{b:02x}").unwrap();
        text
    })
}

#[test]
fn serials_are_sixteen_octets_positive_and_distinct() {
    let ca = Authority::generate("test CA").unwrap();
    let plan = LeafRequest::new(["a.example"]).unwrap().plan(OffsetDateTime::now_utc()).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..1_000 {
        let leaf = ca.sign(&plan, key.public()).unwrap();
        assert_eq!(leaf.serial().len(), 16);
        assert!((0x01..=0x7f).contains(&leaf.serial()[0]));
        assert!(seen.insert(leaf.serial().to_vec()));
    }
}

#[test]
fn leaves_are_small() {
    // CN, one IP SAN and every extension, under a CA with a name of 12 characters.
    // An ECDSA signature has 70 to 72 octets, by chance: the median of many counts.
    for (key, limit, count) in [(KeyAlgorithm::P256, 440, 101), (KeyAlgorithm::Rsa2048, 840, 1)] {
        let plan = CaRequest::new("certforge CA").unwrap().key(key).plan(OffsetDateTime::now_utc()).unwrap();
        let ca = Authority::create(&plan, PrivateKey::generate(key).unwrap()).unwrap();
        let request = LeafRequest::new(["10.103.10.95"]).unwrap().key(key);
        let mut sizes: Vec<usize> =
            (0..count).map(|_| ca.issue(&request).unwrap().leaf().der().len()).collect();
        sizes.sort_unstable();
        assert!(sizes[count / 2] <= limit, "{key}: {} octets, {limit} allowed", sizes[count / 2]);
    }
}

#[test]
fn equal_requests_at_equal_times_make_equal_plans() {
    let now = datetime!(2026-11-23 12:00 UTC);
    let request = LeafRequest::new(["a.example", "10.0.0.5"]).unwrap();
    assert_eq!(request.plan(now).unwrap(), request.plan(now).unwrap());
}

#[test]
fn a_leaf_never_outlives_its_issuer() {
    let now = OffsetDateTime::now_utc();
    let plan = CaRequest::new("short CA").unwrap().lifetime(Lifetime::days(30)).plan(now).unwrap();
    let ca = Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    let request = LeafRequest::new(["a.example"]).unwrap();
    let bundle = ca.issue(&request).unwrap();
    assert_eq!(bundle.leaf().validity().not_after(), ca.certificate().validity().not_after());
    let uncut = request.plan(now).unwrap();
    let e = ca.sign(&uncut, bundle.key().public()).unwrap_err();
    assert_eq!(e.code(), "validity.outlives-issuer");
}

#[test]
fn long_leaves_are_refused_unless_allowed() {
    let now = OffsetDateTime::now_utc();
    let request = |days| LeafRequest::new(["a.example"]).unwrap().lifetime(Lifetime::days(days));
    assert!(request(365).plan(now).unwrap().findings().is_empty());
    assert_eq!(request(399).plan(now).unwrap().findings()[0].code, "validity.long");
    assert!(request(825).plan(now).is_ok());
    let e = request(826).plan(now).unwrap_err();
    assert!(matches!(e, Error::ValidityTooLong { days: 826, limit: 825 }), "{e}");
    assert_eq!(request(826).allow_long(true).plan(now).unwrap().findings()[0].code, "validity.apple");
}

#[test]
fn a_long_first_name_stands_in_the_san_alone() {
    let name = format!("{}.{}.example", "a".repeat(40), "b".repeat(40));
    let ca = Authority::generate("test CA").unwrap();
    let bundle = ca.issue(&LeafRequest::new([&name]).unwrap()).unwrap();
    verifies(&bundle, &name).unwrap();
    assert!(bundle.leaf().common_names().is_empty());
    assert_eq!(bundle.leaf().subject(), "");
}

#[test]
fn the_subject_keeps_its_order_and_its_common_name_is_a_name() {
    let subject: Subject = "/C=JP/O=Hoge/OU=A/OU=B/CN=10.103.10.95".parse().unwrap();
    let ca = Authority::generate("test CA").unwrap();
    let request = LeafRequest::new(["b.example"]).unwrap().subject(subject);
    let bundle = ca.issue(&request).unwrap();
    assert_eq!(bundle.leaf().subject(), "C=JP, O=Hoge, OU=A, OU=B, CN=10.103.10.95");
    verifies(&bundle, "10.103.10.95").unwrap();
    verifies(&bundle, "b.example").unwrap();
    let nonsense: Subject = "/CN=no name at all".parse().unwrap();
    let e = ca.issue(&LeafRequest::new(["b.example"]).unwrap().subject(nonsense)).unwrap_err();
    assert_eq!(e.code(), "name.forbidden");
}

#[test]
fn a_self_signed_leaf_is_a_leaf() {
    let plan = LeafRequest::new(["10.103.10.95"]).unwrap().plan(OffsetDateTime::now_utc()).unwrap();
    let bundle = self_signed(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    assert!(bundle.leaf().ca().is_none());
    assert!(bundle.leaf().is_signed_by(bundle.key().public()).unwrap());
    assert_eq!(bundle.leaf().version(), 3);
    assert_eq!(bundle.fullchain_pem().unwrap(), bundle.leaf().pem().unwrap());
}

#[test]
fn a_bundle_of_parts_that_do_not_fit_cannot_be_made() {
    let ca = Authority::generate("one").unwrap();
    let other = Authority::generate("other").unwrap();
    let request = LeafRequest::new(["a.example"]).unwrap();
    let bundle = ca.issue(&request).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let e = Bundle::new(bundle.leaf().clone(), key, ca.chain().clone()).unwrap_err();
    assert_eq!(e.code(), "key.mismatch");
    let (leaf, key) =
        (bundle.leaf().clone(), PrivateKey::from_pem(bundle.key().secret_pem().unwrap().as_bytes()));
    let e = Bundle::new(leaf, key.unwrap(), other.chain().clone()).unwrap_err();
    assert_eq!(e.code(), "chain.broken");
}

#[test]
fn an_authority_is_a_ca_with_its_own_key_and_in_its_time() {
    let ca = Authority::generate("test CA").unwrap();
    let now = OffsetDateTime::now_utc();
    let key = || PrivateKey::from_pem(ca.key().secret_pem().unwrap().as_bytes()).unwrap();
    let load = |certificate: &certforge::Certificate, key, now| {
        Authority::load(certificate.clone(), key, &certforge::Chain::default(), now)
    };
    assert!(load(ca.certificate(), key(), now).is_ok());
    let other = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    assert_eq!(load(ca.certificate(), other, now).unwrap_err().code(), "key.mismatch");
    let later = now + time::Duration::days(4000);
    assert_eq!(load(ca.certificate(), key(), later).unwrap_err().code(), "ca.not-valid");
    let leaf = ca.issue(&LeafRequest::new(["a.example"]).unwrap()).unwrap();
    let leaf_key = PrivateKey::from_pem(leaf.key().secret_pem().unwrap().as_bytes()).unwrap();
    assert_eq!(load(leaf.leaf(), leaf_key, now).unwrap_err().code(), "ca.not-a-ca");
}

#[test]
fn templates_decide_the_purpose() {
    let ca = Authority::generate("test CA").unwrap();
    for template in Template::builtin().iter().filter(|t| !t.is_ca()) {
        let bundle = ca.issue(&LeafRequest::new(["a.example"]).unwrap().template(template.clone())).unwrap();
        assert_eq!(bundle.leaf().extended_key_usage(), template.extended_key_usage(), "{}", template.name());
        let certificates = bundle.fullchain_pem().unwrap().matches("BEGIN CERTIFICATE").count();
        assert_eq!(certificates, if template.send_root() { 2 } else { 1 });
    }
    assert_eq!(Template::named("none").unwrap_err().code(), "template.unknown");
}

#[test]
fn a_signature_made_elsewhere_closes_the_certificate() {
    let ca = Authority::generate("test CA").unwrap();
    let plan = LeafRequest::new(["a.example"]).unwrap().plan(OffsetDateTime::now_utc()).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let tbs = ca.prepare(&plan, key.public()).unwrap();
    let elsewhere = ca.key().signer().unwrap();
    let (bytes, signature) = (tbs.bytes().to_vec(), elsewhere.sign(tbs.bytes()).unwrap());
    let leaf = tbs.close(&signature).unwrap();
    assert_eq!(leaf.tbs(), bytes);
    verifies(&Bundle::new(leaf, key, ca.chain().clone()).unwrap(), "a.example").unwrap();
}

#[test]
fn a_leaf_cannot_be_asked_for_as_a_ca() {
    let ca = Authority::generate("test CA").unwrap();
    let request =
        LeafRequest::new(["a.example"]).unwrap().template(Template::CA).lifetime(Lifetime::days(90));
    assert_eq!(ca.issue(&request).unwrap_err().code(), "template.kind");
}

#[test]
fn the_common_name_is_written_as_the_name_is() {
    let ca = Authority::generate("test CA").unwrap();
    for (given, shown) in
        [("例え.jp", "xn--r8jz45g.jp"), ("FD00:0::1", "fd00::1"), ("A.Example.", "a.example")]
    {
        let subject: Subject = format!("/O=x/CN={given}").parse().unwrap();
        let request = LeafRequest::new(["b.example"]).unwrap().subject(subject);
        let bundle = ca.issue(&request).unwrap();
        assert_eq!(bundle.leaf().common_names(), [shown]);
    }
}

/// What an authority fills in where it has issued by the same plan before.
#[test]
fn leaves_by_one_plan_have_their_own_serial_key_and_identifier() {
    let now = OffsetDateTime::now_utc();
    let ca = Authority::generate("test CA").unwrap();
    let other = Authority::generate("other CA").unwrap();
    let plan = |name: &str| LeafRequest::new([name]).unwrap().plan(now).unwrap();
    let (a, b) = (plan("a.test"), plan("b.test"));
    let like_a = || LeafRequest::new(["a.test"]).unwrap();
    let client = like_a().template(Template::CLIENT).plan(now).unwrap();
    let long = like_a().lifetime(Lifetime::days(90)).plan(now).unwrap();
    let mut serials = std::collections::HashSet::new();
    for round in 0..3 {
        for (kind, plan) in [
            (KeyAlgorithm::P256, &a),
            (KeyAlgorithm::P256, &a),
            (KeyAlgorithm::Ed25519, &a),
            (KeyAlgorithm::P384, &a),
            (KeyAlgorithm::P256, &b),
            (KeyAlgorithm::P256, &client),
            (KeyAlgorithm::P256, &long),
            (KeyAlgorithm::Rsa2048, &long),
            (KeyAlgorithm::Rsa2048, &long),
        ] {
            for ca in [&ca, &other] {
                let key = PrivateKey::generate(kind).unwrap();
                let leaf = ca.sign(plan, key.public()).unwrap();
                let read = Certificate::from_der(leaf.der()).unwrap();
                for leaf in [&leaf, &read] {
                    assert_eq!(leaf.public_key(), key.public(), "{kind} {round}");
                    assert_eq!(leaf.subject_key_identifier(), Some(key.public().key_identifier().to_vec()));
                    assert_eq!(leaf.names(), plan.names().iter().cloned().collect::<Vec<_>>());
                    assert_eq!(leaf.validity(), plan.validity());
                    assert_eq!(leaf.extended_key_usage(), plan.template().extended_key_usage());
                    assert_eq!(leaf.issuer_der(), ca.certificate().subject_der());
                    assert!(leaf.is_signed_by(ca.certificate().public_key()).unwrap());
                    assert!(examine(leaf).is_empty());
                }
                assert_eq!(leaf.serial(), read.serial());
                assert!(serials.insert(leaf.serial().to_vec()));
            }
        }
    }
}

#[test]
fn threads_share_an_authority() {
    let ca = Authority::generate("test CA").unwrap();
    let request = |thread: usize| LeafRequest::new([format!("{}.test", thread % 2)]).unwrap();
    let issue = |thread: usize| (0..50).map(|_| ca.issue(&request(thread)).unwrap()).collect::<Vec<Bundle>>();
    let all: Vec<Vec<Bundle>> = std::thread::scope(|scope| {
        let issue = &issue;
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || issue(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (thread, bundles) in all.iter().enumerate() {
        for bundle in bundles {
            assert_eq!(bundle.leaf().dns_names_as_written(), [format!("{}.test", thread % 2)]);
            assert!(bundle.leaf().is_signed_by(ca.certificate().public_key()).unwrap());
        }
    }
}

#[test]
fn an_authority_says_how_many_may_stand_below() {
    let now = OffsetDateTime::now_utc();
    for limit in [None, Some(0), Some(3)] {
        let plan = CaRequest::new("test CA").unwrap().path_length(limit).plan(now).unwrap();
        let ca = Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
        assert_eq!(ca.path_length(), Some(PathLength(limit)));
    }
}

#[test]
fn a_serial_number_that_is_kept_is_one() {
    let ca = || Authority::generate("test CA").unwrap();
    let validity = *ca().validity();
    for wrong in [&[][..], &[0], &[0, 0x12], &[0xff, 0x80], &[0x80, 1, 1, 1, 1, 1, 1, 1]] {
        let kept = RenewedSerial::Kept(wrong.to_vec());
        let refused = ca().renewed(None, &validity, &kept).unwrap_err();
        assert_eq!(refused.code(), "certificate.lint", "{wrong:?}: {refused}");
    }
    for good in [&[0, 0x80, 1, 1, 1, 1, 1, 1][..], &[0x12; 16], &[0x7f; 20]] {
        let renewed = ca().renewed(None, &validity, &RenewedSerial::Kept(good.to_vec())).unwrap();
        assert_eq!(renewed.certificate().serial(), good);
    }
}
