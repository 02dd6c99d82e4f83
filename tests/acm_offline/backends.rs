//! Back ends of API Gateway, and the CAs above them.

use certforge::check::acm::{Import, Service};
use certforge::check::backend::{Backend, judge};
use certforge::check::path::Peer;
use certforge::gather::{Pile, Role};
use certforge::{
    Authority, CaRequest, Certificate, Chain, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey, Severity,
    Template, TrustAnchor,
};
use time::Duration;

use crate::support::made::{authority, ca_with, issued, ladder, made};

use super::{VERSION_1, now, said, said_of};

/// What API Gateway says of a back end: codes and places.
fn backend(certificate: &Certificate, sent: &[Certificate], host: Option<&str>, skip: bool) -> Vec<String> {
    let host: Option<Peer> = host.map(|h| h.parse().unwrap());
    let found = judge(&Backend {
        certificate,
        sent,
        host: host.as_ref(),
        public: &[],
        skip,
        of_http_api: false,
        is_named_apart: false,
        at: now(),
    });
    found.iter().map(|f| format!("{} {}: {}", f.code, f.place, f.message)).collect()
}

#[test]
fn a_back_end_of_api_gateway() {
    let ca = authority("own");
    let request = LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256);
    let leaf = ca.issue(&request.clone().template(Template::named("apigw-backend").unwrap())).unwrap();
    let root = ca.certificate().clone();
    let sent = std::slice::from_ref(&root);
    assert_eq!(backend(leaf.leaf(), sent, Some("a.example"), true), [""; 0]);
    assert_eq!(
        backend(leaf.leaf(), sent, Some("a.example"), false),
        [
            "apigw.trust root: `CN=own` is a CA of one's own, and API Gateway believes those that AWS lists alone: PKIX path building failed"
        ]
    );
    let missing = "acm.C10 chain: the back end sends no certificate of `CN=own`, which issued `CN=a.example`";
    assert_eq!(backend(leaf.leaf(), &[], None, true), [format!("{missing}: PKIX path building failed")]);
    assert_eq!(
        backend(leaf.leaf(), &[], None, false),
        [format!("{missing} and is no CA that this system trusts: PKIX path building failed")]
    );
    // What is sent and did not sign it is not called missing.
    let forged = authority("own").certificate().clone();
    let said = backend(leaf.leaf(), std::slice::from_ref(&forged), None, true);
    assert!(said[0].starts_with("acm.C10 chain: ") && !said[0].contains("sends no"), "{said:?}");
    assert_eq!(
        backend(leaf.leaf(), sent, Some("b.example"), true),
        ["apigw.GW07 certificate: the uri's host is b.example, and the certificate is for a.example"]
    );
    assert_eq!(
        backend(leaf.leaf(), sent, Some("10.0.0.1"), true),
        [
            "apigw.GW08 certificate: the uri's host is the address 10.0.0.1, and the certificate is for a.example"
        ]
    );
    // One that signs itself is its own root, and has to be a CA that may sign.
    for (changes, good) in [
        (&[][..], false),
        (&[("basicConstraints", "critical,CA:TRUE")], false),
        (
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            true,
        ),
    ] {
        let Some(own) = made(changes, "/CN=a.example", &[]) else { return };
        let found = backend(&own, &[], Some("a.example"), true);
        let refused = found.iter().any(|line| line.starts_with(
            "acm.C10 root: the root `CN=a.example` is no CA that may sign certificates, and that is asked for even with insecureSkipVerification",
        ));
        assert_eq!(refused, !good, "{changes:?}: {found:?}");
    }
    // What is wrong with the path is refused in either way.
    let now = now();
    let plan = request.lifetime(Lifetime::days(1)).plan(now - Duration::days(3)).unwrap();
    let ended = ca.sign(&plan, leaf.key().public()).unwrap();
    for skip in [true, false] {
        assert!(
            backend(&ended, sent, None, skip).iter().any(|line| line.starts_with("path.expired leaf")),
            "{skip}"
        );
    }
}

/// A public CA's, which AWS may list: sent with its root, or as public servers are, without.
#[test]
fn a_public_back_end_is_refused_by_nobody() {
    let ca = authority("public");
    let leaf = ca.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let public = [TrustAnchor::new(ca.certificate().clone())];
    let peer: Peer = "a.example".parse().unwrap();
    for sent in [&[][..], std::slice::from_ref(ca.certificate())] {
        for of_http_api in [false, true] {
            let found = judge(&Backend {
                certificate: leaf.leaf(),
                sent,
                host: Some(&peer),
                public: &public,
                skip: false,
                of_http_api,
                is_named_apart: false,
                at: now(),
            });
            let said: Vec<_> = found.iter().map(|f| (f.code, f.severity, f.message.as_str())).collect();
            let message = "API Gateway believes `CN=public` only if AWS lists it";
            assert_eq!(said, [("apigw.trust", Severity::Warning, message)]);
        }
    }
}

#[test]
fn issuers_that_may_not_issue() {
    for (changes, code, wanted) in [
        (&[][..], "C07", &[][..]),
        (
            &[("basicConstraints", "critical,CA:FALSE")],
            "C07",
            &["Error chain: `CN=CA` issued a certificate and is no CA"],
        ),
        (&[("basicConstraints", "")], "C07", &["Error chain: `CN=CA` issued a certificate and is no CA"]),
        (
            &[("keyUsage", "critical,cRLSign")],
            "C07",
            &["Error chain: `CN=CA` issued a certificate, and its key usage lacks keyCertSign"],
        ),
        (&[("keyUsage", "")], "C07", &[]),
        (&[("basicConstraints", "critical,CA:TRUE,pathlen:0")], "C07", &[]),
        (&[("nameConstraints", "critical,permitted;DNS:example")], "C07", &[]),
        (
            &[("nameConstraints", "critical,permitted;DNS:internal")],
            "C07",
            &["Error chain: `CN=CA` may not stand above `CN=a.example`: it permits dns:internal"],
        ),
        (
            &[("nameConstraints", "critical,excluded;DNS:a.example")],
            "C07",
            &["Error chain: `CN=CA` may not stand above `CN=a.example`: it excludes dns:a.example"],
        ),
    ] {
        let Some((leaf, issuer)) = issued(&ca_with(changes), &[], &[]) else { return };
        // A chain of our own takes CAs alone: what others gathered is judged here.
        let Some(chain) = gathered(&leaf, &[issuer]) else { continue };
        assert_eq!(said_of(&Import::new(&leaf, &chain, None), code, now()), wanted, "{changes:?}");
    }
    let Some((leaf, issuer)) = issued(&ca_with(&[]), &[], &["-sha1"]) else { return };
    let chain = gathered(&leaf, &[issuer]).unwrap();
    assert_eq!(
        said_of(&Import::new(&leaf, &chain, None), "X04", now()),
        ["Warning certificate: `CN=a.example` is signed by ECDSA with SHA-1"]
    );

    // Two CAs below one that allows one.
    let all = ladder(3);
    let bound = {
        let request = CaRequest::new("CA 0").unwrap().path_length(Some(1));
        let again = PrivateKey::from_pem(all[0].key().secret_pem().unwrap().as_bytes()).unwrap();
        Authority::create(&request.plan(now()).unwrap(), again).unwrap()
    };
    for (cas, wanted) in
        [(2, &[][..]), (3, &["Error chain: the path length of `CN=CA 0` is 1, with 2 CAs below it"])]
    {
        let leaf =
            all[cas - 1].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
        let mut issuers: Vec<Certificate> =
            all[1..cas].iter().rev().map(|ca| ca.certificate().clone()).collect();
        issuers.push(bound.certificate().clone());
        let chain = gathered(leaf.leaf(), &issuers).unwrap();
        assert_eq!(said_of(&Import::new(leaf.leaf(), &chain, None), "C07", now()), wanted, "{cas}");
    }
}

/// Two CAs of one name: with another key one is taken for the other, renewed it is the same.
#[test]
fn cas_of_one_name() {
    let plan = CaRequest::new("same").unwrap().path_length(None).plan(now()).unwrap();
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = Authority::create(&plan, key()).unwrap();
    let between = CaRequest::new("between").unwrap().path_length(None).plan(now()).unwrap();
    let between = root.create_under(&between.within(root.validity()), key()).unwrap();
    let below = between.create_under(&plan.clone().within(between.validity()), key()).unwrap();
    let leaf = below.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let both = leaf.chain().clone();
    assert_eq!(both.certificates().len(), 3);
    assert_eq!(
        said_of(&Import::new(leaf.leaf(), &both, None), "C06", now()),
        [
            "Warning chain: two CAs are called `CN=same`: OpenSSL, curl, Python and Node take one for the other"
        ]
    );
    let all = ladder(2);
    let leaf = all[1].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    assert_eq!(said_of(&Import::new(leaf.leaf(), leaf.chain(), None), "C06", now()), [""; 0]);
}

/// The root that API Gateway looks for has to be a CA, and to be allowed to sign.
#[test]
fn roots_that_api_gateway_does_not_take() {
    let services = [Service::ApiGatewayBackend];
    let none = Chain::default();
    for (changes, good) in [
        (&[][..], false),
        (&[("basicConstraints", "critical,CA:TRUE"), ("keyUsage", "critical,digitalSignature")], false),
        (
            &[
                ("basicConstraints", "critical,CA:FALSE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            false,
        ),
        (
            &[
                ("basicConstraints", "critical,CA:TRUE"),
                ("keyUsage", "critical,digitalSignature,keyCertSign"),
            ],
            true,
        ),
    ] {
        let Some(own) = made(changes, "/CN=a.example", &[]) else { return };
        let about = Import { services: &services, ..Import::new(&own, &none, None) };
        assert_eq!(said_of(&about, "C10", now()).is_empty(), good, "{changes:?}");
    }
}

/// The chain that a pile of these comes to.
fn gathered(leaf: &Certificate, issuers: &[Certificate]) -> Option<Chain> {
    let mut pile = Pile::new();
    let mut nobody = |_: &str| Ok(None);
    for (role, certificate) in
        [(Role::Certificate, leaf)].into_iter().chain(issuers.iter().map(|c| (Role::Chain, c)))
    {
        pile.add(role, std::path::Path::new("f"), certificate.der(), &mut nobody).unwrap();
    }
    Some(pile.sort().chain).filter(|chain| chain.certificates().len() == issuers.len())
}

#[test]
fn curves_versions_addresses_and_cas() {
    let explicit =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"];
    let Some(found) = said(&[], "/CN=a.example", &explicit, "K05") else { return };
    assert_eq!(found, ["Error certificate: its key spells its curve out instead of naming it"]);
    assert_eq!(said(&[], "/CN=a.example", &[], "K05").unwrap(), [""; 0]);
    let uri = |length: usize| {
        format!("OCSP;URI:http://a.example/{}", "x".repeat(length - "http://a.example/".len()))
    };
    for (length, wanted) in [
        (1_000, &[][..]),
        (1_001, &["Error certificate: an OCSP address has 1001 characters, and ACM takes 1000"]),
    ] {
        let address = uri(length);
        assert_eq!(said(&[("authorityInfoAccess", &address)], "/CN=a.example", &[], "X03").unwrap(), wanted);
    }
    let full = format!("/CN={}", "a".repeat(64));
    assert_eq!(said(&[], &full, &[], "N05").unwrap(), [""; 0]);
    assert_eq!(said(&[], "/", &[], "X02").unwrap(), ["Error certificate: its issuer has no name"]);
    assert_eq!(said(&[], "/CN=a.example", &[], "X02").unwrap(), [""; 0]);
    // A back end of API Gateway that signs for itself has to be a CA; any other leaf is none.
    let Some(own) = made(&[("basicConstraints", "critical,CA:TRUE")], "/CN=a.example", &[]) else { return };
    let (none, backend) = (Chain::default(), [Service::ApiGatewayBackend]);
    let about = Import { services: &backend, ..Import::new(&own, &none, None) };
    assert_eq!(said_of(&about, "X06", now()), [""; 0]);
    let below = ladder(2);
    let chain = Chain::new(vec![below[0].certificate().clone()]).unwrap();
    let about = Import { services: &backend, ..Import::new(below[1].certificate(), &chain, None) };
    assert_eq!(said_of(&about, "X06", now()), ["Warning certificate: it is a CA certificate"]);
    // Version 1, as `openssl x509 -req` without extensions makes it.
    let Some((leaf, _)) = issued(&[], &VERSION_1, &[]) else { return };
    assert_eq!(leaf.version(), 1);
    assert_eq!(
        said_of(&Import::new(&leaf, &none, None), "X01", now()),
        ["Error certificate: it is X.509 version 1, which has no room for names, and ACM takes version 3"]
    );
}
