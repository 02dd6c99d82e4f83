//! What a certificate, a chain and a list say of themselves to a program.

use certforge::certificate::{Certificate, Chain, PathLength};
use certforge::error::Error;
use certforge::revocation::{Reason, RevocationList, Revoked};
use certforge::template::{ExtendedKeyUsage, Template};
use certforge::{Authority, CaRequest, KeyAlgorithm, LeafRequest, PrivateKey, TrustAnchor};
use time::Duration;
use x509_cert::der::Decode;

use super::{below, ca, now, request};

#[test]
fn a_leaf_says_what_it_is() {
    let authority = ca("Facts CA");
    let wanted = LeafRequest::new(["svc.internal", "10.0.0.9", "fd00::9", "email:ops@example.com"]).unwrap();
    let leaf = authority.issue(&wanted.key(KeyAlgorithm::P256)).unwrap().leaf().clone();
    assert_eq!(leaf.version(), 3);
    assert_eq!(leaf.subject(), "CN=svc.internal");
    assert_eq!(leaf.issuer(), authority.certificate().subject());
    assert_eq!(leaf.issuer_der(), authority.certificate().subject_der());
    assert_eq!(leaf.common_names(), ["svc.internal"]);
    let names: Vec<String> = leaf.names_as_written().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:svc.internal", "IP:10.0.0.9", "IP:fd00::9", "email:ops@example.com"]);
    assert_eq!(leaf.dns_names_as_written(), ["svc.internal"]);
    assert!(leaf.has_alternative_names());
    assert_eq!(leaf.ca(), None);
    assert!(!leaf.is_self_issued() && !leaf.may_sign_certificates());
    assert_eq!(leaf.extended_key_usage(), [ExtendedKeyUsage::ServerAuth]);
    assert_eq!(leaf.extended_key_usage_oids().unwrap(), ["1.3.6.1.5.5.7.3.1"]);
    assert_eq!(leaf.key_usage().unwrap(), ["digitalSignature"]);
    assert!(leaf.name_constraints().unwrap().is_none());
    // Its key is named by its SKI, its issuer's by its AKI (RFC 5280 §4.2.1.1).
    assert_eq!(leaf.authority_key_identifier(), authority.certificate().subject_key_identifier());
    assert_ne!(leaf.subject_key_identifier(), authority.certificate().subject_key_identifier());
    assert_eq!(leaf.authority_serial(), None);
    assert!(leaf.authority_information().is_empty());
    assert!(leaf.signature_algorithm().is_strong() && !leaf.signature_algorithm().is_md5());
    // Basic constraints, usages, names and both identifiers: 2.5.29.x, each once.
    let mut oids = leaf.extension_oids();
    assert_eq!(oids.len(), leaf.extensions().len());
    oids.sort();
    let arcs: Vec<_> = oids.iter().map(|oid| oid.strip_prefix("2.5.29.").unwrap()).collect();
    assert_eq!(arcs, ["14", "15", "17", "19", "35", "37"]);
    let critical: Vec<_> = leaf.extensions().into_iter().filter(|(_, critical, _)| *critical).collect();
    assert_eq!(critical.len(), 2, "basic constraints and key usage: {critical:?}");
    assert!(leaf.is_signed_by(authority.certificate().public_key()).unwrap());
    assert!(!leaf.is_signed_by(leaf.public_key()).unwrap());
    // By name and key: another CA of the same name is not its issuer.
    assert!(leaf.is_issued_by(authority.certificate()) && !leaf.is_self_signed());
    assert!(!leaf.is_issued_by(ca("Facts CA").certificate()) && !leaf.is_issued_by(&leaf));
    assert!(authority.certificate().is_issued_by(authority.certificate()));
}

#[test]
fn a_ca_says_what_it_may() {
    let root = ca("Facts CA");
    let certificate = root.certificate();
    // Room for one CA below it, as long as nothing else is asked for.
    assert_eq!(certificate.ca(), Some(PathLength(Some(1))));
    assert!(certificate.is_self_issued() && certificate.may_sign_certificates());
    assert!(!certificate.has_alternative_names());
    assert_eq!(certificate.extended_key_usage_oids(), None);
    let middle = below(&root, "Below");
    assert_eq!(middle.certificate().ca(), Some(PathLength(Some(0))));
    assert_eq!(middle.path_length(), Some(PathLength(Some(0))));
    assert!(!middle.certificate().is_self_issued() && middle.certificate().may_sign_certificates());
    assert_eq!(middle.certificate().authority_key_identifier(), certificate.subject_key_identifier());
    assert_eq!(middle.trust_anchor().certificate(), certificate);
    root.check_lists().unwrap();
}

#[test]
fn two_certificates_are_the_same_by_every_octet() {
    let authority = ca("Facts CA");
    let leaf = authority.issue(&request("a.internal")).unwrap().leaf().clone();
    let read = Certificate::from_der(leaf.der()).unwrap();
    assert_eq!(read, leaf);
    assert_eq!(Certificate::from_pem(leaf.pem().unwrap().as_bytes()).unwrap(), leaf);
    assert_eq!((read.sha256(), read.serial_hex()), (leaf.sha256(), leaf.serial_hex()));
    // The same again with another signature is another certificate.
    let other = authority.issue(&request("a.internal")).unwrap().leaf().clone();
    assert_ne!(other, leaf);
    assert_ne!(other.sha256(), leaf.sha256());
    assert!(leaf.der().windows(leaf.tbs().len()).any(|window| window == leaf.tbs()));
}

#[test]
fn what_is_no_certificate_is_refused_with_a_reason() {
    let leaf = ca("Facts CA").issue(&request("a.internal")).unwrap().leaf().clone();
    let refused = |der: &[u8]| match Certificate::from_der(der) {
        Err(Error::MalformedCertificate { reason }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(!refused(&[]).is_empty());
    assert!(!refused(&leaf.der()[..leaf.der().len() - 1]).is_empty());
    assert!(!refused(&[leaf.der(), &[0]].concat()).is_empty());
    assert!(!refused(leaf.tbs()).is_empty());
    for (text, why) in [
        ("", "nothing"),
        ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "an empty block"),
        ("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "no Base64"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n", "no end"),
    ] {
        let refused = Certificate::from_pem(text.as_bytes());
        let malformed =
            matches!(refused, Err(Error::MalformedPem { .. } | Error::MalformedCertificate { .. }));
        assert!(malformed, "{why}: {refused:?}");
    }
}

#[test]
fn a_chain_is_in_order_or_none() {
    let root = ca("Chain root");
    let middle = below(&root, "Chain middle");
    let bundle = middle.issue(&request("a.internal")).unwrap();
    let chain = bundle.chain();
    assert_eq!(chain.certificates(), [middle.certificate().clone(), root.certificate().clone()]);
    assert_eq!(chain.intermediates().collect::<Vec<_>>(), [middle.certificate()]);
    assert_eq!(chain.without_root().certificates(), [middle.certificate().clone()]);
    assert_eq!(chain.without_root().without_root(), chain.without_root());
    assert_eq!(Chain::new(Chain::parts(&chain.pem().unwrap()).unwrap()).unwrap(), *chain);
    assert_eq!(Chain::new(Vec::new()).unwrap(), Chain::default());
    assert_eq!(Chain::default().pem().unwrap(), "");

    let wrong = Chain::new(vec![root.certificate().clone(), middle.certificate().clone()]);
    assert!(matches!(wrong, Err(Error::Chain { index: 0 | 1, .. })), "{wrong:?}");
    // A name alone does not make an issuer: it has to have signed.
    let impostor = ca("Chain root");
    let wrong = Chain::new(vec![middle.certificate().clone(), impostor.certificate().clone()]);
    let Err(Error::Chain { reason, .. }) = wrong else { panic!("{wrong:?}") };
    assert!(!reason.is_empty());
    let sent = bundle.fullchain_pem().unwrap();
    assert_eq!(sent.matches("BEGIN CERTIFICATE").count(), 2, "leaf and intermediate, no root");
    assert!(sent.starts_with(&bundle.leaf().pem().unwrap()));
    let parts = Chain::parts(&sent).unwrap();
    assert_eq!(parts, [bundle.leaf().clone(), middle.certificate().clone()]);
    assert!(
        matches!(Chain::parts("no PEM at all"), Ok(parts) if parts.is_empty())
            || Chain::parts("no PEM at all").is_err()
    );
}

#[test]
fn the_same_leaf_and_chain_have_the_same_sum() {
    let root = ca("Sum root");
    let bundle = root.issue(&request("a.internal")).unwrap();
    let sum = certforge::bundle::content_sha256(bundle.leaf(), bundle.chain());
    assert_eq!(sum, bundle.sha256());
    assert_ne!(sum, certforge::bundle::content_sha256(bundle.leaf(), &Chain::default()));
    let other = root.issue(&request("a.internal")).unwrap();
    assert_ne!(sum, other.sha256());
    let anchor = TrustAnchor::new(root.certificate().clone());
    assert_eq!(anchor.pem().unwrap(), root.certificate().pem().unwrap());
    assert_eq!(anchor.der(), root.certificate().der());
    // The key can be taken out: whoever has it is the only one.
    let public = bundle.key().public().clone();
    assert_eq!(bundle.into_key().public(), &public);
}

#[test]
fn a_leaf_and_a_key_that_are_not_each_others_make_no_bundle() {
    let root = ca("Bundle root");
    let bundle = root.issue(&request("a.internal")).unwrap();
    let (leaf, chain) = (bundle.leaf().clone(), bundle.chain().clone());
    let stranger = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let refused = certforge::Bundle::new(leaf.clone(), stranger, chain.clone());
    assert!(matches!(refused.map(|_| ()), Err(Error::KeyMismatch { .. })));
    let elsewhere = ca("Somebody else").certificate().clone();
    let refused = certforge::Bundle::new(leaf, bundle.into_key(), Chain::new(vec![elsewhere]).unwrap());
    assert!(matches!(refused.map(|_| ()), Err(Error::Chain { .. })));
}

#[test]
fn a_list_says_who_took_what_back_and_when() {
    let authority = ca("List CA");
    let at = now().replace_nanosecond(0).unwrap();
    let entry = |serial: &[u8], reason| Revoked { serial: serial.to_vec(), at, reason };
    let entries = [
        entry(&[0x10], Reason::KeyCompromise),
        entry(&[0x00, 0x99], Reason::Unspecified),
        entry(&[0x7f; 20], Reason::CertificateHold),
    ];
    let list = authority.revocation_list(&entries, 7, (at, at + Duration::days(7))).unwrap();
    assert_eq!(
        (list.version(), list.number(), list.has_number(), list.names_key()),
        (2, Some(certforge::ListNumber::from(7)), true, true)
    );
    assert_eq!((list.this_update(), list.next_update()), (Some(at), Some(at + Duration::days(7))));
    assert_eq!(list.issuer(), authority.certificate().subject());
    assert_eq!(list.issuer_der(), authority.certificate().subject_der());
    assert!(list.extent().is_ok_and(|extent| extent.is_all()));
    assert!(list.signature_algorithm().is_strong());
    assert!(list.is_signed_by(authority.certificate().public_key()).unwrap());
    assert!(!list.is_signed_by(ca("Other").certificate().public_key()).unwrap());
    let mut read = RevocationList::from_pem(list.pem().unwrap().as_bytes()).unwrap().revoked();
    read.sort_by(|a, b| a.serial.cmp(&b.serial));
    let mut wanted = entries.to_vec();
    wanted.sort_by(|a, b| a.serial.cmp(&b.serial));
    assert_eq!(read, wanted);
    assert_eq!(RevocationList::from_der(list.der()).unwrap().der(), list.der());

    let empty = authority.revocation_list(&[], 8, (at, at + Duration::days(1))).unwrap();
    assert!(empty.revoked().is_empty());
    // An empty list of entries is left out, not written empty (RFC 5280 §5.1.2.6).
    assert!(empty.der().len() < list.der().len());
    for bad in [&[][..], &list.der()[..40], authority.certificate().der()] {
        assert!(matches!(RevocationList::from_der(bad), Err(Error::MalformedCrl { .. })));
    }
    let refused = RevocationList::from_pem(authority.certificate().pem().unwrap().as_bytes());
    assert!(refused.is_err(), "a certificate is no list");
}

#[test]
fn reasons_are_those_of_the_standard() {
    // RFC 5280 §5.3.1.
    let all = [
        Reason::Unspecified,
        Reason::KeyCompromise,
        Reason::CaCompromise,
        Reason::AffiliationChanged,
        Reason::Superseded,
        Reason::CessationOfOperation,
        Reason::CertificateHold,
        Reason::PrivilegeWithdrawn,
    ];
    for reason in all {
        assert_eq!(reason.as_str().parse::<Reason>().unwrap(), reason);
    }
    let of_the_key: Vec<_> = all.into_iter().filter(|reason| reason.is_of_the_key()).collect();
    assert_eq!(of_the_key, [Reason::KeyCompromise, Reason::CaCompromise]);
    // Who is asked to stop gets no other certificate; who lost a key does.
    assert!(Reason::KeyCompromise.asks_for_another() && !Reason::CertificateHold.asks_for_another());
    assert!(!Reason::CessationOfOperation.asks_for_another());
    for bad in ["", "key", "keycompromised", "removeFromCRL", "9"] {
        let refused = bad.parse::<Reason>();
        assert!(matches!(refused, Err(Error::Reason { ref known, .. }) if known.len() >= 8), "{bad}");
    }
}

#[test]
fn what_an_authority_will_not_sign_it_says_before_it_does() {
    let root = ca("Strict root");
    let plan = request("a.internal").plan(now()).unwrap();
    root.check(&plan).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let ready = root.prepare(&plan, key.public()).unwrap();
    assert!(!ready.bytes().is_empty());

    let middle = below(&root, "Limited");
    let limits = certforge::constraint::Constraints::new(vec![".corp.example".parse().unwrap()], Vec::new());
    let wanted =
        CaRequest::new("Limited").unwrap().path_length(Some(0)).constraints(limits).plan(now()).unwrap();
    let limited =
        root.create_under(&wanted.within(root.validity()), PrivateKey::generate(KeyAlgorithm::P256).unwrap());
    let limited = limited.unwrap();
    let inside = limited.fit(request("a.corp.example").plan(now()).unwrap());
    limited.check(&inside).unwrap();
    for outside in ["a.other.example", "10.0.0.1", "corp.example.org"] {
        let plan = limited.fit(request(outside).plan(now()).unwrap());
        let refused = limited.check(&plan);
        let Err(Error::Constrained { name, ca, limit }) = refused else { panic!("{outside}: {refused:?}") };
        assert!(name.contains(outside) && ca.contains("Limited") && !limit.is_empty());
        assert!(limited.issue(&request(outside)).is_err());
    }
    // A leaf that would outlive its issuer is refused, and fitted where that is wanted.
    let short = {
        let plan = CaRequest::new("Short").unwrap().lifetime(certforge::validity::Lifetime::days(5));
        Authority::create(&plan.plan(now()).unwrap(), PrivateKey::generate(KeyAlgorithm::P256).unwrap())
            .unwrap()
    };
    let long = request("a.internal").plan(now()).unwrap();
    assert!(matches!(short.check(&long), Err(Error::OutlivesIssuer { .. })));
    let fitted = short.fit(request("a.internal").plan(now()).unwrap());
    short.check(&fitted).unwrap();
    assert!(fitted.validity().not_after() <= short.validity().not_after());
    assert!(middle.path_length() == Some(PathLength(Some(0))));
}

#[test]
fn templates_say_whom_they_are_for() {
    let for_servers: Vec<_> =
        Template::builtin().iter().filter(|t| !t.is_ca() && t.is_for_servers()).map(Template::name).collect();
    for name in ["server", "mutual", "apigw-backend"] {
        assert!(for_servers.contains(&name), "{for_servers:?}");
    }
    assert!(!for_servers.contains(&"client") && !for_servers.contains(&"code"), "{for_servers:?}");
    let client = Template::named("client").unwrap();
    let person = LeafRequest::name_of("Jane Doe", &client).unwrap();
    assert!(person.is_none(), "what somebody is called is no name of a host: {person:?}");
    let host = LeafRequest::name_of("10.0.0.1", &client).unwrap().unwrap();
    assert_eq!(host.kind(), "ip");
    let server = Template::named("server").unwrap();
    assert!(LeafRequest::name_of("Jane Doe", &server).is_err());
}

/// Reading goes over the octets once, for what certforge asks of a certificate. x509-cert reads
/// every part for itself: what it refuses is refused here too.
#[test]
fn every_changed_octet_is_read_as_x509_cert_reads_it() {
    let authority = ca("Read CA");
    let issued = authority.issue(&request("svc.internal")).unwrap();
    let mut refused = 0;
    for certificate in [authority.certificate(), issued.leaf()] {
        for at in 0..certificate.der().len() {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut der = certificate.der().to_vec();
                der[at] ^= change;
                let theirs = x509_cert::Certificate::from_der(&der);
                match (Certificate::from_der(der), theirs) {
                    (Ok(_), theirs) => assert!(theirs.is_ok(), "octet {at}, {change}: {theirs:?}"),
                    (Err(_), Err(_)) => refused += 1,
                    (Err(e), Ok(_)) => {
                        let ours = ["algorithms differ", "ends before it starts", "no whole octets"];
                        let e = e.to_string();
                        assert!(ours.iter().any(|text| e.contains(text)), "octet {at}, {change}: {e}");
                    }
                }
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn serial_numbers_have_the_length_that_x509_cert_takes() {
    for length in 1..=24 {
        for first in [0x01, 0x7f, 0x80, 0xff] {
            let mut params = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
            let mut serial = vec![0x11; length];
            serial[0] = first;
            params.serial_number = Some(serial.into());
            let key = rcgen::KeyPair::generate().unwrap();
            let der = params.self_signed(&key).unwrap().der().to_vec();
            let theirs = x509_cert::Certificate::from_der(&der).is_ok();
            match Certificate::from_der(der) {
                Ok(read) => assert!(theirs && read.serial().ends_with(&[0x11][..usize::from(length > 1)])),
                Err(e) => {
                    assert!(!theirs, "{length} {first:x}: {e}");
                    assert!(e.to_string().contains("more than 20 octets"), "{length} {first:x}: {e}");
                }
            }
        }
    }
}

#[test]
fn a_list_that_names_two_signature_algorithms_is_none() {
    let issuer = ca("Lists");
    let list = issuer.revocation_list(&[], 1, (now(), now() + time::Duration::DAY)).unwrap();
    // ecdsa-with-SHA256 stands in it twice; the first is made ecdsa-with-SHA384.
    let mut der = list.der().to_vec();
    let at = der.windows(8).position(|w| w == b"\x2a\x86\x48\xce\x3d\x04\x03\x02").unwrap();
    der[at + 7] = 3;
    let e = certforge::RevocationList::from_der(der).unwrap_err();
    assert!(e.to_string().contains("two signature algorithms differ"), "{e}");
    assert!(certforge::RevocationList::from_der(list.der()).is_ok());
}
