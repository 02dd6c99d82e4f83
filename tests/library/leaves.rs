//! Leaves in a store: saved, found, replaced, kept, taken away.

use std::time::Duration;

use certforge::error::Error;
use certforge::name::San;
use certforge::signing_request::SigningRequest;
use certforge::store::{Origin, Overwrite, Store};
use certforge::{Authority, Bundle, KeyAlgorithm, PrivateKey};

use super::{ca, mode, names, nobody, now, request, store};

fn san(text: &str) -> San {
    text.parse().unwrap()
}

/// A leaf of a CA named `main`, in the store.
fn save(store: &Store, ca: &Authority, name: &str, overwrite: Overwrite) -> Bundle {
    let request = request(name);
    let bundle = ca.issue(&request).unwrap();
    let origin = Origin { ca: "main", request: &request };
    store.save_bundle(&san(name), &bundle, Some(origin), overwrite).unwrap();
    bundle
}

fn with_ca() -> (tempfile::TempDir, Store, Authority) {
    let (folder, store) = store();
    let authority = ca("Library CA");
    store.save_authority("main", &authority, None, None, Overwrite::Refuse).unwrap();
    (folder, store, authority)
}

#[test]
fn nothing_is_made_before_something_is_saved() {
    let (folder, store) = store();
    assert!(names(folder.path()).is_empty());
    assert!(matches!(store.require(), Err(Error::Missing { .. })));
    assert!(store.leaves().unwrap().is_empty());
    assert!(store.leaf_names().unwrap().is_empty());
    assert!(store.authority_names().unwrap().is_empty());
    assert!(store.incomplete_leaves().unwrap().is_empty());
    assert!(store.simulated().unwrap().is_none());
    assert!(!store.has_leaf(&san("a.internal")).unwrap());
    assert!(names(folder.path()).is_empty(), "looking has made something");
    store.save_authority("main", &ca("Library CA"), None, None, Overwrite::Refuse).unwrap();
    store.require().unwrap();
    assert_eq!(names(folder.path()), ["certforge"]);
}

#[test]
fn a_leaf_is_found_by_its_name_its_folder_and_its_path() {
    let (_folder, store, authority) = with_ca();
    let bundle = save(&store, &authority, "*.internal.example", Overwrite::Refuse);
    let folder = store.leaf_folder(&san("*.internal.example"));
    assert_eq!(folder, store.root().join("_wildcard.internal.example"));
    for name in ["*.internal.example", "_wildcard.internal.example", folder.to_str().unwrap()] {
        assert_eq!(&store.leaf(name).unwrap().certificate, bundle.leaf(), "{name}");
    }
    assert_eq!(&store.leaf_of(&san("*.internal.example")).unwrap().unwrap().certificate, bundle.leaf());
    assert_eq!(&store.leaf_in("_wildcard.internal.example").unwrap().unwrap().certificate, bundle.leaf());
    assert!(store.has_leaf(&san("*.internal.example")).unwrap());
    assert_eq!(store.leaf_names().unwrap(), ["_wildcard.internal.example"]);

    assert!(matches!(store.leaf("other.example"), Err(Error::Missing { .. })));
    assert!(store.leaf_of(&san("other.example")).unwrap().is_none());
    assert!(store.leaf_in("other.example").unwrap().is_none());
    // The store's own folders are no leaves.
    assert!(store.leaf_in("ca").ok().flatten().is_none());
}

#[test]
fn what_is_saved_is_a_whole_set() {
    let (_folder, store, authority) = with_ca();
    let wanted = request("a.internal");
    let bundle = authority.issue(&wanted).unwrap();
    let origin = Origin { ca: "main", request: &wanted };
    let saved = store.save_bundle(&san("a.internal"), &bundle, Some(origin), Overwrite::Refuse).unwrap();
    assert_eq!(saved.folder, store.leaf_folder(&san("a.internal")));
    assert!(saved.left_behind.is_empty());
    for file in &saved.files {
        let secret = file.path.ends_with("key.pem");
        assert_eq!(file.mode, if secret { 0o600 } else { 0o644 }, "{}", file.path.display());
        assert_eq!(mode(&file.path).trailing_zeros() >= 6, secret, "{}", file.path.display());
    }
    let entry = store.leaf("a.internal").unwrap();
    assert_eq!(entry.name(), "a.internal");
    assert!(entry.has_key() && entry.has_file("fullchain.pem") && !entry.has_file("bundle.p12"));
    assert!(entry.is_whole(false) && entry.is_whole_without_key(false));
    assert!(!entry.is_whole(true), "its root is not in what a server sends");
    assert_eq!(entry.fault(), None);
    assert_eq!(entry.trust_anchor().unwrap().certificate(), authority.certificate());
    let again = entry.bundle().unwrap();
    assert_eq!(again.leaf(), bundle.leaf());
    assert_eq!(again.key().secret_der(), bundle.key().secret_der());
    assert_eq!(again.sha256(), bundle.sha256());
}

#[test]
fn what_a_file_was_exchanged_for_shows() {
    let (_folder, store, authority) = with_ca();
    save(&store, &authority, "a.internal", Overwrite::Refuse);
    let other = save(&store, &authority, "b.internal", Overwrite::Refuse);
    let folder = store.leaf_folder(&san("a.internal"));
    let whole = || {
        let entry = store.leaf("a.internal").unwrap();
        (entry.is_whole(false), entry.is_whole_without_key(false), entry.fault().is_some())
    };
    let exchanged = |file: &str, text: &str| {
        let path = folder.join(file);
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, text).unwrap();
        let seen = whole();
        std::fs::write(&path, before).unwrap();
        assert_eq!(whole(), (true, true, false));
        seen
    };
    assert_eq!(exchanged("fullchain.pem", &other.fullchain_pem().unwrap()), (false, false, true));
    assert_eq!(exchanged("key.pem", &other.key().secret_pem().unwrap()), (false, true, true));
    assert_eq!(exchanged("ca.pem", &other.leaf().pem().unwrap()), (false, false, true));
    assert_eq!(exchanged("fullchain.pem", ""), (false, false, true));
    // A key that others can read is none to work with, and that is another message.
    super::chmod(&folder.join("key.pem"), 0o644);
    let entry = store.leaf("a.internal").unwrap();
    assert!(!entry.is_whole(false));
    assert!(matches!(entry.private_key(), Err(Error::Permissions { mode: 0o644, .. })));
    assert!(matches!(entry.bundle(), Err(Error::Permissions { .. })));
}

#[test]
fn what_is_there_is_refused_replaced_or_kept() {
    let (_folder, store, authority) = with_ca();
    let first = save(&store, &authority, "a.internal", Overwrite::Refuse);
    let wanted = request("a.internal");
    let second = authority.issue(&wanted).unwrap();
    let origin = || Some(Origin { ca: "main", request: &wanted });
    let refused = store.save_bundle(&san("a.internal"), &second, origin(), Overwrite::Refuse);
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })));
    assert_eq!(&store.leaf("a.internal").unwrap().certificate, first.leaf());
    assert!(store.archived().unwrap().0.is_empty());

    store.save_bundle(&san("a.internal"), &second, origin(), Overwrite::Replace).unwrap();
    assert_eq!(&store.leaf("a.internal").unwrap().certificate, second.leaf());
    assert!(store.archived_of("a.internal").unwrap().is_empty(), "nobody asked to keep it");

    let third = authority.issue(&wanted).unwrap();
    store.save_bundle(&san("a.internal"), &third, origin(), Overwrite::Archive).unwrap();
    let kept = store.archived_of("a.internal").unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(&kept[0].certificate, second.leaf());
    assert_eq!(kept[0].private_key().unwrap().secret_der(), second.key().secret_der());
    let (all, unread) = store.archived().unwrap();
    assert_eq!((all.len(), all[0].name.as_str(), unread.len()), (1, "a.internal", 0));
    // All of them are on the CA's record.
    assert_eq!(store.issued_serials("main").unwrap().len(), 3);
}

#[test]
fn a_key_that_is_elsewhere_is_not_looked_for() {
    let (_folder, store, authority) = with_ca();
    let wanted = request("a.internal");
    let bundle = authority.issue(&wanted).unwrap();
    let origin = || Some(Origin { ca: "main", request: &wanted });
    store.save_bundle_without_key(&san("a.internal"), &bundle, origin(), Overwrite::Refuse).unwrap();
    let entry = store.leaf("a.internal").unwrap();
    assert!(!entry.has_key());
    assert_eq!(entry.fault(), None);
    assert!(entry.is_whole_without_key(false) && !entry.is_whole(false));
    assert!(matches!(entry.private_key(), Err(Error::Missing { .. })));
    assert!(matches!(entry.bundle(), Err(Error::Missing { .. })));

    let wanted = request("b.internal");
    let bundle = authority.issue(&wanted).unwrap();
    let (parts, origin) = ((bundle.leaf(), bundle.chain()), Origin { ca: "main", request: &wanted });
    let saved = store.save_signed(&san("b.internal"), parts, true, origin, Overwrite::Refuse).unwrap();
    assert!(saved.files.iter().all(|file| file.mode == 0o644));
    let entry = store.leaf_in("b.internal").unwrap().unwrap();
    assert!(!entry.has_key() && entry.is_whole_without_key(true));
    // The root goes out with it, as it was asked for.
    let sent = std::fs::read_to_string(entry.folder.join("fullchain.pem")).unwrap();
    assert_eq!(sent.matches("BEGIN CERTIFICATE").count(), 2);
}

#[test]
fn a_chain_of_somebody_else_is_not_saved_with_a_leaf() {
    let (_folder, store, authority) = with_ca();
    let wanted = request("a.internal");
    let bundle = authority.issue(&wanted).unwrap();
    let stranger = ca("Somebody else");
    let origin = Origin { ca: "main", request: &wanted };
    let parts = (bundle.leaf(), stranger.chain());
    let refused = store.save_signed(&san("a.internal"), parts, false, origin, Overwrite::Refuse);
    assert!(matches!(refused, Err(Error::Chain { .. })), "{refused:?}");
    assert!(store.leaves().unwrap().is_empty());
}

#[test]
fn a_leaf_is_put_away_with_all_that_is_in_its_folder() {
    let (_folder, store, authority) = with_ca();
    let bundle = save(&store, &authority, "a.internal", Overwrite::Refuse);
    let folder = store.leaf_folder(&san("a.internal"));
    std::fs::write(folder.join("notes.txt"), "ours").unwrap();
    store.put_away(&store.leaf("a.internal").unwrap()).unwrap();
    assert!(!folder.exists());
    assert!(!store.has_leaf(&san("a.internal")).unwrap());
    let kept = store.archived_of("a.internal").unwrap();
    assert_eq!(&kept[0].certificate, bundle.leaf());
    assert_eq!(std::fs::read_to_string(kept[0].folder.join("notes.txt")).unwrap(), "ours");

    store.remove_leaf(&kept[0]).unwrap();
    assert!(store.archived_of("a.internal").unwrap().is_empty());
    assert!(store.archived().unwrap().0.is_empty());
}

#[test]
fn only_what_is_still_the_same_is_removed() {
    let (_folder, store, authority) = with_ca();
    save(&store, &authority, "a.internal", Overwrite::Refuse);
    let seen = store.leaf("a.internal").unwrap();
    let newer = save(&store, &authority, "a.internal", Overwrite::Replace);
    assert!(matches!(store.remove_leaf(&seen), Err(Error::Changed { .. })));
    assert!(matches!(store.put_away(&seen), Err(Error::Changed { .. })));
    assert!(matches!(seen.lock(Duration::ZERO), Err(Error::Changed { .. })));
    assert_eq!(&store.leaf("a.internal").unwrap().certificate, newer.leaf());
    store.remove_leaf(&store.leaf("a.internal").unwrap()).unwrap();
    assert!(store.leaves().unwrap().is_empty());
}

#[test]
fn no_folder_outside_the_store_is_removed() {
    let (_folder, one, authority) = with_ca();
    save(&one, &authority, "a.internal", Overwrite::Refuse);
    let (_other_folder, other, _) = with_ca();
    let entry = one.leaf("a.internal").unwrap();
    assert!(matches!(other.remove_leaf(&entry), Err(Error::Path { .. })));
    assert!(entry.folder.exists());
}

#[test]
fn one_at_a_time_holds_a_leaf() {
    let (_folder, store, authority) = with_ca();
    save(&store, &authority, "a.internal", Overwrite::Refuse);
    let entry = store.leaf("a.internal").unwrap();
    let held = entry.lock(Duration::ZERO).unwrap();
    let Err(Error::Lock { path, seconds }) = entry.lock(Duration::ZERO) else { panic!("two hold it") };
    assert!(path.starts_with(&entry.folder), "{}", path.display());
    assert_eq!(seconds, 0);
    drop(held);
    entry.lock(Duration::ZERO).unwrap();
}

#[test]
fn half_a_leaf_is_told_and_no_leaf() {
    let (_folder, store, authority) = with_ca();
    save(&store, &authority, "a.internal", Overwrite::Refuse);
    std::fs::remove_file(store.leaf_folder(&san("a.internal")).join("cert.pem")).unwrap();
    assert_eq!(store.incomplete_leaves().unwrap(), ["a.internal"]);
    assert!(store.leaves().unwrap().is_empty());
    // A folder with nothing of ours in it is neither.
    std::fs::create_dir(store.root().join("something")).unwrap();
    std::fs::write(store.root().join("something/else.txt"), "").unwrap();
    assert_eq!(store.incomplete_leaves().unwrap(), ["a.internal"]);
}

#[test]
fn a_damaged_leaf_is_an_error_that_names_the_file() {
    let (_folder, store, authority) = with_ca();
    save(&store, &authority, "a.internal", Overwrite::Refuse);
    let path = store.leaf_folder(&san("a.internal")).join("cert.pem");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for error in [store.leaf("a.internal").err(), store.leaf_in("a.internal").err(), store.leaves().err()] {
        let Some(Error::File { path: named, .. }) = error else { panic!("{error:?}") };
        assert_eq!(named, path);
    }
}

#[test]
fn a_signing_request_waits_beside_the_leaves() {
    let (_folder, store) = store();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let plan = request("a.internal").plan(now()).unwrap();
    let signing = SigningRequest::create(&plan, &key).unwrap();
    let name = san("a.internal");
    assert!(!store.has_request(&name).unwrap());
    let saved = store.save_signing_request(&name, &signing, Some(&key), Overwrite::Refuse).unwrap();
    assert!(store.has_request(&name).unwrap());
    assert!(!store.has_leaf(&name).unwrap());
    assert_eq!(saved.folder, store.request_folder(&name));
    assert_eq!(mode(&saved.folder.join("key.pem")), 0o600);
    let pem = names(&saved.folder).into_iter().find(|name| name != "key.pem").unwrap();
    let read = SigningRequest::read(&std::fs::read(saved.folder.join(pem)).unwrap()).unwrap();
    assert_eq!(read.der(), signing.der());

    let again = store.save_signing_request(&name, &signing, Some(&key), Overwrite::Refuse);
    assert!(matches!(again, Err(Error::AlreadyExists { .. })));
    // Without its key: that is kept elsewhere.
    let other = san("b.internal");
    let saved = store.save_signing_request(&other, &signing, None, Overwrite::Refuse).unwrap();
    assert_eq!(names(&saved.folder).len(), 1);
}

#[test]
fn a_batch_is_placed_as_a_whole_or_not_at_all() {
    let (_folder, store, authority) = with_ca();
    let batch = store.batch().unwrap();
    let requests: Vec<_> = (0..5).map(|i| request(&format!("h{i}.internal"))).collect();
    let mut bundles = Vec::new();
    for (i, request) in requests.iter().enumerate() {
        let bundle = authority.issue(request).unwrap();
        let origin = Origin { ca: "main", request };
        let path = batch.add(&san(&format!("h{i}.internal")), &bundle, Some(origin)).unwrap();
        assert_eq!(path, store.leaf_folder(&san(&format!("h{i}.internal"))));
        bundles.push(bundle);
    }
    assert!(store.leaves().unwrap().is_empty(), "nothing shows before it is placed");
    assert!(batch.place(Overwrite::Refuse).unwrap().is_empty());
    let placed = store.leaves().unwrap();
    assert_eq!(placed.len(), 5);
    for (entry, bundle) in placed.iter().zip(&bundles) {
        assert_eq!(&entry.certificate, bundle.leaf());
        assert!(entry.is_whole(false));
        assert_eq!(mode(&entry.folder.join("key.pem")), 0o600);
    }
    let asked = store.batch_requests("main").unwrap();
    for (request, bundle) in requests.iter().zip(&bundles) {
        let serial = bundle.leaf().serial_hex();
        let known = store.issued("main", &serial).unwrap().unwrap();
        assert_eq!(known.certificate, *bundle.leaf());
        let kept = asked.get(&certforge::store::serial_name(&serial).unwrap()).unwrap().unwrap();
        assert_eq!(kept.names(), request.names());
    }
    assert!(asked.get("00ff").unwrap().is_none());

    // One that is there refuses all of them.
    let batch = store.batch().unwrap();
    for name in ["new.internal", "h3.internal"] {
        let request = request(name);
        let bundle = authority.issue(&request).unwrap();
        batch.add(&san(name), &bundle, Some(Origin { ca: "main", request: &request })).unwrap();
    }
    assert!(matches!(batch.place(Overwrite::Refuse), Err(Error::AlreadyExists { .. })));
    assert_eq!(store.leaves().unwrap().len(), 5);
    assert!(!store.has_leaf(&san("new.internal")).unwrap());
}

#[test]
fn a_batch_that_is_dropped_leaves_nothing() {
    let (_folder, store, authority) = with_ca();
    let before = names(store.root());
    let batch = store.batch().unwrap();
    let request = request("a.internal");
    let bundle = authority.issue(&request).unwrap();
    batch.add(&san("a.internal"), &bundle, Some(Origin { ca: "main", request: &request })).unwrap();
    drop(batch);
    assert_eq!(names(store.root()), before);
    assert!(store.leaves().unwrap().is_empty());
    assert!(store.issued_serials("main").unwrap().is_empty());
    let workshop = store.root().join(".tmp");
    assert!(!workshop.exists() || names(&workshop).is_empty(), "{:?}", names(&workshop));
}

#[test]
fn records_go_ahead_of_leaves_that_somebody_has_already() {
    let (_folder, store, authority) = with_ca();
    let batch = store.batch().unwrap();
    let request = request("stream.internal");
    let bundle = authority.issue(&request).unwrap();
    batch.record(bundle.leaf(), Origin { ca: "main", request: &request }).unwrap();
    assert!(store.issued_serials("main").unwrap().is_empty());
    batch.place_records().unwrap();
    assert_eq!(store.issued_serials("main").unwrap().len(), 1);
    // The leaf itself is somebody else's: none of it is in the store.
    batch.place(Overwrite::Refuse).unwrap();
    assert!(store.leaves().unwrap().is_empty());
    assert_eq!(store.issued_serials("main").unwrap().len(), 1);
}

#[test]
fn a_self_signed_leaf_is_on_nobodys_record() {
    let (_folder, store) = store();
    let plan = request("10.103.10.95").plan(now()).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let bundle = certforge::authority::self_signed(&plan, key).unwrap();
    store.save_bundle(&san("10.103.10.95"), &bundle, None, Overwrite::Refuse).unwrap();
    let entry = store.leaf("10.103.10.95").unwrap();
    assert!(entry.chain.certificates().is_empty());
    assert!(entry.certificate.is_self_issued() && entry.is_whole(false));
    assert_eq!(entry.trust_anchor().unwrap().certificate(), &entry.certificate);
    assert!(store.authority_names().unwrap().is_empty());
    assert!(matches!(store.authority("main", now(), &mut nobody), Err(Error::Missing { .. })));
}
