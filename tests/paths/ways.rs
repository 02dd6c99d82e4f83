//! Which of several ways up is told of.

use certforge::{
    Authority, CaRequest, Certificate, Constraints, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey,
};
use time::{Duration, OffsetDateTime};

use crate::support::made::{authority, ladder, made};

use super::{said, server, verdict};

#[test]
fn paths_end_somewhere() {
    let all = ladder(3);
    let leaf = all[2].issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let certificates: Vec<Certificate> = all.iter().map(|ca| ca.certificate().clone()).collect();
    let (root, middle, last) = (&certificates[0], &certificates[1], &certificates[2]);
    let chain = [middle.clone(), last.clone()];
    assert!(verdict(leaf.leaf(), &chain, &[root], &server()).is_valid());
    let missing = verdict(leaf.leaf(), &chain[..1], &[root], &server());
    assert!(!missing.anchored && !missing.is_valid());
    assert_eq!(missing.path.len(), 1);
    assert!(said(&missing)[0].starts_with("!path.no-issuer leaf: "), "{:?}", said(&missing));
    let nobody = verdict(leaf.leaf(), &certificates, &[], &server());
    assert!(!nobody.anchored);
    assert_eq!(nobody.path.len(), 4);
    // An intermediate may be trusted as it is.
    let short = verdict(leaf.leaf(), &chain, &[middle], &server());
    assert_eq!((short.is_valid(), short.path.len()), (true, 3));
    // A certificate that signs itself, and that nobody trusts.
    let Some(own) = made(&[], "/CN=a.example", &[]) else { return };
    let alone = verdict(&own, &[], &[], &server());
    assert!(said(&alone)[0].starts_with("!path.untrusted leaf: "), "{:?}", said(&alone));
    assert!(verdict(&own, &[], &[&own], &server()).anchored);
}

/// Of several CAs of one name the one that signed it is taken; where none did, the words say so.
#[test]
fn cas_of_one_name_are_told_apart_by_their_keys() {
    let [good, bad, worse] = ["same"; 3].map(authority);
    let leaf = good.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let leaf = leaf.leaf();
    let [good, bad, worse] = [&good, &bad, &worse].map(Authority::certificate);
    for anchors in [[good, bad, worse], [bad, good, worse], [bad, worse, good]] {
        let found = verdict(leaf, &[], &anchors, &server());
        assert!(found.is_valid());
        assert_eq!(&found.path[1], good);
    }
    let of = |anchors: &[&Certificate], chain: &[Certificate]| {
        let found = verdict(leaf, chain, anchors, &server());
        assert!(!found.anchored);
        said(&found)[0].clone()
    };
    let one = "!path.signature leaf: its issuer is `CN=same`, and the certificate of that name did not sign it: another key, or the file is damaged";
    let more = "!path.signature leaf: its issuer is `CN=same`, and none of the certificates of that name signed it: another key, or the file is damaged";
    assert_eq!(of(&[bad], &[]), one);
    assert_eq!(of(&[], std::slice::from_ref(bad)), one);
    assert_eq!(of(&[bad, worse], &[]), more);
    assert_eq!(of(&[bad], std::slice::from_ref(worse)), more);
    assert!(
        of(&[], &[]).starts_with("!path.no-issuer leaf: its issuer `CN=same` is neither"),
        "{}",
        of(&[], &[])
    );
}

/// A path that is less wrong is told of, and a good one is found behind bad ones.
#[test]
fn the_path_that_is_least_wrong_is_told_of() {
    let now = OffsetDateTime::now_utc();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let again = || PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    let root = |days: u32, length, from: OffsetDateTime| {
        let request = CaRequest::new("root").unwrap().path_length(length).lifetime(Lifetime::days(days));
        Authority::create(&request.plan(from).unwrap(), again()).unwrap()
    };
    let good = root(100, None, now);
    let ended = root(1, None, now - Duration::days(9));
    let ended_and_short = root(1, Some(0), now - Duration::days(9));
    let plan = CaRequest::new("middle").unwrap().plan(now).unwrap().within(good.validity());
    let middle = good.create_under(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    let leaf = middle.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let chain = [middle.certificate().clone()];
    let [good, ended, worst] = [&good, &ended, &ended_and_short].map(Authority::certificate);
    for anchors in [[good, ended, worst], [worst, ended, good]] {
        assert!(verdict(leaf.leaf(), &chain, &anchors, &server()).is_valid());
    }
    for anchors in [[ended, worst], [worst, ended]] {
        let found = verdict(leaf.leaf(), &chain, &anchors, &server());
        assert_eq!((found.anchored, said(&found).len()), (true, 1), "{:?}", said(&found));
        assert!(said(&found)[0].starts_with("!path.anchor-expired trust anchor"));
    }
}

#[test]
fn so_many_cas_of_one_name_that_nobody_looks_further() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let now = OffsetDateTime::now_utc();
    let plan = CaRequest::new("same").unwrap().plan(now).unwrap();
    let again = || PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    // All of one key, each another certificate; and a leaf that another key of that name signed.
    let all: Vec<Certificate> =
        (0..120).map(|_| Authority::create(&plan, again()).unwrap().certificate().clone()).collect();
    let stranger = authority("same");
    let leaf = stranger.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let anchors: Vec<&Certificate> = all.iter().collect();
    let found = verdict(leaf.leaf(), &[], &anchors, &server());
    assert!(!found.anchored);
    let first = said(&found)[0].clone();
    assert!(first.starts_with("!path.too-many leaf: after "), "{first}");
}

/// A CA of this name and key below another, in one of several certificates.
fn again(above: &Authority, name: &str, key: &PrivateKey) -> Authority {
    let plan = CaRequest::new(name).unwrap().path_length(None).plan(OffsetDateTime::now_utc()).unwrap();
    let key = PrivateKey::from_pem(key.secret_pem().unwrap().as_bytes()).unwrap();
    above.create_under(&plan.within(above.validity()), key).unwrap()
}

#[test]
fn so_many_ways_that_nobody_goes_them_all() {
    let top = ladder(1).remove(0);
    let mut above = again(&top, "first", &PrivateKey::generate(KeyAlgorithm::P256).unwrap());
    let mut chain = vec![above.certificate().clone()];
    // Two certificates for each of 10 CAs: a thousand ways, and nobody at the end of any.
    for depth in 0..10 {
        let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let twin = again(&above, &format!("CA {depth}"), &key);
        above = again(&above, &format!("CA {depth}"), &key);
        chain.extend([twin.certificate().clone(), above.certificate().clone()]);
    }
    let leaf = above.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    let stranger = authority("stranger");
    let found = verdict(leaf.leaf(), &chain, &[stranger.certificate()], &server());
    assert!(!found.anchored);
    // The longest of them, which ends at the first CA's issuer.
    assert_eq!(found.path.len(), 12);
    let wanted =
        "!path.no-issuer issuer 11: its issuer `CN=CA 0` is neither among the trust anchors nor in the chain";
    assert_eq!(said(&found)[0], wanted);
    // Where the last one is trusted, and is wrong in every way there is, one of them is told of.
    let limits = Constraints::new(vec!["b.example".parse().unwrap()], Vec::new());
    let limited = CaRequest::new("CA 0").unwrap().path_length(None).constraints(limits);
    let secret = PrivateKey::from_pem(top.key().secret_pem().unwrap().as_bytes()).unwrap();
    let limited = Authority::create(&limited.plan(OffsetDateTime::now_utc()).unwrap(), secret).unwrap();
    let found = verdict(leaf.leaf(), &chain, &[limited.certificate()], &server());
    assert_eq!((found.anchored, found.path.len()), (true, 13));
    assert!(said(&found)[0].starts_with("!path.name-constraint leaf: "), "{:?}", said(&found));
}

#[test]
fn of_paths_that_are_equally_wrong_the_first_is_told_of() {
    let free = authority("same");
    let limited = |permit: &str| {
        let limits = Constraints::new(vec![permit.parse().unwrap()], Vec::new());
        let plan =
            CaRequest::new("same").unwrap().constraints(limits).plan(OffsetDateTime::now_utc()).unwrap();
        let key = PrivateKey::from_pem(free.key().secret_pem().unwrap().as_bytes()).unwrap();
        Authority::create(&plan, key).unwrap()
    };
    let (one, two) = (limited("one.example"), limited("two.example"));
    let leaf = free.issue(&LeafRequest::new(["a.example"]).unwrap().key(KeyAlgorithm::P256)).unwrap();
    for (anchors, first) in [([&one, &two], "one.example"), ([&two, &one], "two.example")] {
        let found = verdict(leaf.leaf(), &[], &anchors.map(Authority::certificate), &server());
        assert!(found.anchored && !found.is_valid());
        assert!(said(&found)[0].ends_with(&format!("it permits dns:{first}")), "{:?}", said(&found));
    }
}
