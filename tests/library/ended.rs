//! CAs that have ended, themselves or above.

use certforge::authority::RenewedSerial;
use certforge::error::Error;
use certforge::store::Overwrite;
use certforge::validity::Lifetime;
use certforge::{Authority, CaRequest, KeyAlgorithm, LeafRequest, PrivateKey};
use time::Duration;

use super::{nobody, now, store};

#[test]
fn a_ca_that_has_ended_is_renewed_under_one_that_was_renewed_since() {
    let (_folder, store) = store();
    let plan = |name: &str, days| CaRequest::new(name).unwrap().lifetime(Lifetime::days(days));
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = Authority::create(&plan("Root", 100).plan(now()).unwrap(), key()).unwrap();
    store.save_authority("root", &root, None, None, Overwrite::Refuse).unwrap();
    let below = plan("Below", 50).path_length(Some(0)).plan(now()).unwrap();
    let below = Authority::create_under(&root, &below, key()).unwrap();
    store.save_authority("below", &below, None, Some("root"), Overwrite::Refuse).unwrap();

    let later = now() + Duration::days(60);
    let validity = Lifetime::days(100).starting(later).unwrap();
    let old = store.renewable("root", later, &mut nobody).unwrap().authority;
    let renewed = old.renewed(None, &validity, &RenewedSerial::Fresh).unwrap();
    store.save_renewed("root", &renewed, None).unwrap();
    let old = store.renewable("below", later, &mut nobody).unwrap().authority;
    let renewed = old.renewed(Some(&renewed), &validity, &RenewedSerial::Fresh).unwrap();
    store.save_renewed("below", &renewed, Some("root")).unwrap();
    store.authority("below", later, &mut nobody).unwrap();
    // One above it that has ended is to be renewed first.
    let ended = store.renewable("below", later + Duration::days(200), &mut nobody).map(|_| ());
    let Err(Error::File { source, .. }) = ended else { panic!("{ended:?}") };
    assert!(matches!(&*source, Error::CaNotValid { subject, .. } if subject == "CN=Root"), "{source:?}");
}

#[test]
fn a_ca_issues_nothing_when_one_above_it_has_ended() {
    let long_ago = now() - Duration::days(20);
    let lasting = |name: &str, days| {
        let limit = Some(u8::from(name == "Root"));
        let request = CaRequest::new(name).unwrap().lifetime(Lifetime::days(days)).path_length(limit);
        let plan = request.plan(long_ago).unwrap();
        (plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap())
    };
    let (plan, key) = lasting("Root", 1000);
    let root = Authority::create(&plan, key).unwrap();
    let (plan, key) = lasting("Below", 500);
    let below = Authority::create_under(&root, &plan, key).unwrap();
    // Another certificate of the root's, that ends before the one below: others' may be so.
    let validity = Lifetime::days(10).starting(long_ago).unwrap();
    let root = root.renewed(None, &validity, &RenewedSerial::Fresh).unwrap();
    let key = PrivateKey::from_pem(below.key().secret_pem().unwrap().as_bytes()).unwrap();
    let below = Authority::load(below.certificate().clone(), key, root.chain(), long_ago).unwrap();
    let issued = below.issue(&LeafRequest::new(["a.example"]).unwrap());
    assert!(matches!(&issued, Err(Error::CaNotValid { subject, .. }) if subject == "CN=Root"), "{issued:?}");
}

/// A new certificate is held against the CA above as a new CA is.
#[test]
fn a_ca_is_not_renewed_under_one_that_has_no_room_for_it() {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = |length| {
        let plan = CaRequest::new("Root").unwrap().path_length(Some(length)).plan(now()).unwrap();
        Authority::create(&plan, key()).unwrap()
    };
    let (wide, narrow) = (root(1), root(0));
    let plan = CaRequest::new("Below").unwrap().path_length(Some(0)).plan(now()).unwrap();
    let below = || wide.create_under(&plan.clone().within(wide.validity()), key()).unwrap();
    let validity = Lifetime::days(100).starting(now()).unwrap();
    below().renewed(Some(&wide), &validity, &RenewedSerial::Fresh).unwrap();
    let refused = below().renewed(Some(&narrow), &validity, &RenewedSerial::Fresh).map(|_| ());
    assert!(matches!(refused, Err(Error::PathLength { limit: 0, .. })), "{refused:?}");
}
