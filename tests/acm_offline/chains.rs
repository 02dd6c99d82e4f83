//! Chains at their edges: signatures, ends to the second, limits that are compared or not.

use certforge::check::acm::Import;
use certforge::key::KeyForm;
use certforge::{
    Authority, CaRequest, Certificate, Chain, Constraints, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey,
};
use time::Duration;

use crate::support::made::{authority, ca_with, issued, ladder, made};

use super::{VERSION_1, now, said_of};

fn said(leaf: &Certificate, chain: &[&Certificate], code: &str) -> Vec<String> {
    let chain = Chain::new(chain.iter().map(|c| (*c).clone()).collect()).unwrap();
    said_of(&Import::new(leaf, &chain, None), code, now())
}

#[test]
fn what_names_itself_as_its_issuer_is_signed_by_itself() {
    let Some(own) = made(&[], "/CN=own.example", &[]) else { return };
    assert_eq!(said(&own, &[], "X10"), [""; 0]);
    let mut der = own.der().to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    let forged = Certificate::from_der(der).unwrap();
    let wrong = ["Error certificate: it names itself as its issuer, and its signature is not its own key's"];
    assert_eq!(said(&forged, &[], "X10"), wrong);
    // Whose issuer is there, of the same name, is asked about by another rule.
    assert_eq!(said(&forged, &[&own], "X10"), [""; 0]);
    let leaf = authority("other").issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256));
    assert_eq!(said(leaf.unwrap().leaf(), &[], "X10"), [""; 0]);
}

#[test]
fn issuers_end_with_the_leaf_at_the_earliest() {
    let plan = CaRequest::new("issuing").unwrap().lifetime(Lifetime::days(90)).plan(now()).unwrap();
    let ca = Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    let end = ca.certificate().validity().not_after();
    let request = LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256);
    // As long as it may: to the same second.
    let leaf = ca.issue(&request.lifetime(Lifetime::days(700))).unwrap();
    assert_eq!(leaf.leaf().validity().not_after(), end);
    assert_eq!(said(leaf.leaf(), &[ca.certificate()], "V04"), [""; 0]);
    // Its last second is one in which it is valid.
    let chain = Chain::new(vec![ca.certificate().clone()]).unwrap();
    let about = Import::new(leaf.leaf(), &chain, None);
    assert_eq!(said_of(&about, "V04", end), [""; 0]);
    let ended = said_of(&about, "V04", end + Duration::SECOND);
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert!(ended[0].starts_with("Error chain: `CN=issuing` ended at "), "{ended:?}");
}

#[test]
fn the_leaf_is_not_among_its_issuers() {
    let ca = authority("own");
    let leaf = ca.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    assert_eq!(said(leaf.leaf(), &[ca.certificate()], "C02"), [""; 0]);
    // A chain is one where each issued the one before it: that leaves what issued itself.
    let own = ca.certificate();
    assert_eq!(said(own, &[], "C02"), [""; 0]);
    assert_eq!(said(own, &[own], "C02"), ["Error chain: the leaf is in the chain"]);
}

#[test]
fn a_root_of_version_1_is_an_anchor_and_nothing_else_of_that_version() {
    let Some((leaf, root)) = issued(&VERSION_1, &[("authorityKeyIdentifier", "none")], &[]) else { return };
    assert_eq!((root.version(), root.is_self_issued()), (1, true));
    assert_eq!(said(&leaf, &[&root], "C07"), [""; 0]);
    let Some((old, above)) = issued(&ca_with(&[]), &VERSION_1, &[]) else { return };
    assert_eq!((old.version(), old.is_self_issued()), (1, false));
    let found = said(&leaf, &[&old, &above], "C07");
    assert!(
        found.contains(&"Error chain: `CN=a.example` issued a certificate and is no CA".to_owned()),
        "{found:?}"
    );
}

/// A CA of this name and key, limited or not, below one that is not.
fn of_key(above: &Authority, key: &PrivateKey, limits: Constraints) -> Authority {
    let plan = CaRequest::new("limited").unwrap().path_length(None).constraints(limits);
    let key = PrivateKey::from_der(key.secret_der(), KeyForm::Pkcs8).unwrap();
    above.create_under(&plan.plan(now()).unwrap().within(above.validity()), key).unwrap()
}

fn permits(texts: &[&str]) -> Constraints {
    Constraints::new(texts.iter().map(|text| text.parse().unwrap()).collect(), Vec::new())
}

#[test]
fn limits_bind_the_cas_below_too() {
    let above = ladder(1).remove(0);
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let (free, limited) =
        (of_key(&above, &key, Constraints::NONE), of_key(&above, &key, permits(&["a.example"])));
    // A CA that has a name of its own, which the limits do not permit, made by the free one.
    let plan = LeafRequest::new(["b.example"]).unwrap().key(KeyAlgorithm::P256).plan(now()).unwrap();
    let stranger = free.issue_for(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    let leaf = free.issue(&LeafRequest::new(["x.a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let (leaf, stranger) = (leaf.leaf(), stranger.leaf());
    let limited = limited.certificate();
    assert_eq!(said(leaf, &[limited], "C07"), [""; 0]);
    let wrong = "Error chain: `CN=limited` may not stand above `CN=b.example`: it permits dns:a.example";
    assert_eq!(said(stranger, &[limited], "C07"), [wrong]);
    assert!(said(leaf, &[stranger, limited], "C07").contains(&wrong.to_owned()));
}

#[test]
fn so_many_names_and_limits_are_compared_and_no_more() {
    let above = ladder(1).remove(0);
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let hosts: Vec<String> = (0..499).map(|n| format!("h{n}.a.example")).collect();
    let all: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let free = of_key(&above, &key, Constraints::NONE);
    // 498 DNS names, and both families of addresses, which are closed beside them: 500 limits.
    let limited = of_key(&above, &key, permits(&all[..498]));
    let limited = limited.certificate();
    assert_eq!(limited.name_constraints().unwrap().unwrap().permitted().len(), 498);
    for (names, compared) in [(499, true), (500, true), (501, false)] {
        let mut all: Vec<String> = (0..names - 1).map(|n| format!("n{n}.h0.a.example")).collect();
        all.push("b.example".to_owned());
        let plan = LeafRequest::new(all).unwrap().key(KeyAlgorithm::P256).plan(now()).unwrap();
        let leaf = free.issue_for(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
        let found = said(leaf.leaf(), &[limited], "C07");
        assert_eq!(
            found.iter().any(|text| text.contains("may not stand above")),
            compared,
            "{names}: {found:?}"
        );
    }
}
