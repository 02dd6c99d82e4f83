//! CAs in a store: saved, loaded, renewed, adopted, locked with a pass phrase.

use certforge::constraint::Constraints;
use certforge::error::Error;
use certforge::revocation::{Reason, Revoked};
use certforge::store::{History, KeyState, Origin, Overwrite, Store};
use certforge::validity::Lifetime;
use certforge::{Authority, CaRequest, KeyAlgorithm, PrivateKey};
use time::Duration;

use super::{below, ca, chmod, mode, names, nobody, now, request, store, who_says};
use certforge::authority::RenewedSerial;

fn saved(name: &str) -> (tempfile::TempDir, Store, Authority) {
    let (folder, store) = store();
    let authority = ca("Library CA");
    store.save_authority(name, &authority, None, None, Overwrite::Refuse).unwrap();
    (folder, store, authority)
}

#[test]
fn a_ca_is_loaded_as_it_was_saved() {
    let (_folder, store, authority) = saved("main");
    assert_eq!(store.authority_names().unwrap(), ["main"]);
    assert!(store.has_authority("main").unwrap() && !store.has_authority("other").unwrap());
    let folder = store.ca_folder("main").unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("ca.key")), 0o600);
    let loaded = store.authority("main", now(), &mut nobody).unwrap();
    assert!(loaded.findings.is_empty());
    assert_eq!(loaded.authority.certificate(), authority.certificate());
    assert_eq!(loaded.authority.key().secret_der(), authority.key().secret_der());

    let entry = store.ca_entry("main").unwrap();
    assert_eq!((entry.name.as_str(), &entry.folder), ("main", &folder));
    assert_eq!(&entry.certificate, authority.certificate());
    assert_eq!(entry.key_state().unwrap(), KeyState::Plain);
    assert_eq!((entry.fault(), entry.issued().unwrap()), (None, 0));
    assert!(matches!(store.ca_entry("other"), Err(Error::Missing { .. })));
}

#[test]
fn a_name_that_would_leave_the_folder_is_none() {
    let (_folder, store, authority) = saved("main");
    for bad in ["", "..", "../main", "a/b", ".hidden", "-rf", "a b", "nul", &"n".repeat(65)] {
        assert!(matches!(store.ca_folder(bad), Err(Error::StoreName { .. })), "{bad:?}");
        assert!(matches!(store.has_authority(bad), Err(Error::StoreName { .. })), "{bad:?}");
        assert!(matches!(store.issued_serials(bad), Err(Error::StoreName { .. })), "{bad:?}");
        assert!(matches!(store.revoked(bad), Err(Error::StoreName { .. })), "{bad:?}");
        let refused = store.save_authority(bad, &authority, None, None, Overwrite::Refuse);
        assert!(matches!(refused, Err(Error::StoreName { .. })), "{bad:?}");
    }
    assert_eq!(store.authority_names().unwrap(), ["main"]);
}

#[test]
fn a_second_ca_of_a_name_replaces_the_first_only_when_told() {
    let (_folder, store, first) = saved("main");
    let second = ca("Library CA, the second");
    let refused = store.save_authority("main", &second, None, None, Overwrite::Refuse);
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })));
    let loaded = store.authority("main", now(), &mut nobody).unwrap().authority;
    assert_eq!(loaded.certificate(), first.certificate());
    store.save_authority("main", &second, None, None, Overwrite::Archive).unwrap();
    let loaded = store.authority("main", now(), &mut nobody).unwrap().authority;
    assert_eq!(loaded.certificate(), second.certificate());
    let archive = store.root().join("archive");
    assert_eq!(mode(&archive) & 0o077, 0o055 & mode(&archive), "only what it says");
    let kept = certforge::store::files_below(&archive, (6, 100), false).unwrap();
    let key = kept.0.iter().find(|path| path.ends_with("ca.key")).unwrap();
    let key = PrivateKey::from_pem(&std::fs::read(key).unwrap()).unwrap();
    assert_eq!(key.public(), first.certificate().public_key());
}

#[test]
fn a_pass_phrase_is_asked_for_by_name_and_has_to_be_right() {
    let (_folder, store) = store();
    let authority = ca("Locked CA");
    store.save_authority("main", &authority, Some("correct horse"), None, Overwrite::Refuse).unwrap();
    let pem = std::fs::read_to_string(store.ca_folder("main").unwrap().join("ca.key")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert_eq!(store.ca_entry("main").unwrap().key_state().unwrap(), KeyState::Encrypted);

    let mut asked = Vec::new();
    let loaded = store.authority("main", now(), &mut |of| {
        asked.push(of.to_owned());
        Ok(Some("correct horse".to_owned().into()))
    });
    assert_eq!(loaded.unwrap().authority.certificate(), authority.certificate());
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("main"), "{asked:?}");

    let refused = |unlock: &mut certforge::key::Unlock<'_>| {
        let Err(Error::File { source, .. }) = store.authority("main", now(), unlock) else {
            panic!("it opened")
        };
        let Error::Passphrase { reason, .. } = *source else { panic!("{source:?}") };
        reason
    };
    assert_eq!(refused(&mut nobody), "is needed, and none was given");
    assert_eq!(refused(&mut who_says("incorrect horse")), "is wrong");
}

#[test]
fn the_pass_phrase_of_a_ca_can_be_set_changed_and_taken_away() {
    let (_folder, store, authority) = saved("main");
    let load = |passphrase: &str| store.authority("main", now(), &mut who_says(passphrase)).is_ok();
    let file = store.rekey_passphrase("main", &mut nobody, Some("first")).unwrap();
    assert_eq!((file.mode, mode(&file.path)), (0o600, 0o600));
    assert!(load("first"));
    store.rekey_passphrase("main", &mut who_says("first"), Some("second")).unwrap();
    assert!(load("second"));
    // Who does not know the old one changes nothing.
    let before = std::fs::read(&file.path).unwrap();
    let refused = store.rekey_passphrase("main", &mut who_says("first"), None);
    let Err(Error::File { source, .. }) = refused else { panic!("{refused:?}") };
    assert!(matches!(*source, Error::Passphrase { reason: "is wrong", .. }), "{source:?}");
    assert_eq!(std::fs::read(&file.path).unwrap(), before);
    store.rekey_passphrase("main", &mut who_says("second"), None).unwrap();
    let loaded = store.authority("main", now(), &mut nobody).unwrap().authority;
    assert_eq!(loaded.key().secret_der(), authority.key().secret_der());
}

#[test]
fn a_key_that_is_open_missing_or_anothers_is_refused_each_in_its_way() {
    let (_folder, store, _) = saved("main");
    let path = store.ca_folder("main").unwrap().join("ca.key");
    let load = || store.authority("main", now(), &mut nobody).map(|_| ());
    chmod(&path, 0o640);
    assert!(matches!(load(), Err(Error::Permissions { mode: 0o640, .. })));
    assert!(store.ca_entry("main").unwrap().fault().is_some());
    chmod(&path, 0o600);
    load().unwrap();

    let own = std::fs::read(&path).unwrap();
    std::fs::write(&path, ca("Another").key().secret_pem().unwrap().as_bytes()).unwrap();
    let Err(Error::File { source, .. }) = load() else { panic!("another CA's key was taken") };
    assert!(matches!(*source, Error::KeyMismatch { .. }), "{source:?}");
    assert!(store.ca_entry("main").unwrap().fault().is_some());
    std::fs::write(&path, "no key at all").unwrap();
    assert!(matches!(load(), Err(Error::File { .. })));
    std::fs::write(&path, own).unwrap();
    load().unwrap();

    std::fs::remove_file(&path).unwrap();
    assert!(matches!(load(), Err(Error::Io { path: ref gone, .. }) if *gone == path));
    let entry = store.ca_entry("main").unwrap();
    assert_eq!((entry.key_state().unwrap(), entry.fault()), (KeyState::Absent, None));
}

#[test]
fn one_of_many_makes_the_ca_that_all_want() {
    let (_folder, store) = store();
    let count = std::sync::atomic::AtomicUsize::new(0);
    let serials: Vec<_> = std::thread::scope(|scope| {
        let ensure = || {
            let make = || {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Authority::generate("Everybody's")
            };
            let (loaded, saved) =
                store.ensure_authority("main", now(), &mut nobody, (None, None), make).unwrap();
            (loaded.authority.certificate().serial_hex(), saved.is_some())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ensure)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(serials.iter().filter(|(_, saved)| *saved).count(), 1);
    assert!(serials.iter().all(|(serial, _)| *serial == serials[0].0));
}

#[test]
fn what_cannot_be_made_leaves_no_ca() {
    let (_folder, store) = store();
    let make = || Err(Error::NoNames);
    let failed = store.ensure_authority("main", now(), &mut nobody, (None, None), make);
    assert!(matches!(failed.map(|_| ()), Err(Error::NoNames)));
    assert!(!store.has_authority("main").unwrap());
    assert!(store.authority_names().unwrap().is_empty());
}

#[test]
fn a_renewed_ca_keeps_its_key_and_the_certificate_it_had() {
    let (_folder, store, root) = saved("root");
    let middle = below(&root, "Issuing CA");
    store.save_authority("issuing", &middle, None, Some("root"), Overwrite::Refuse).unwrap();
    let wanted = request("a.internal");
    let leaf = middle.issue(&wanted).unwrap();
    let origin = Origin { ca: "issuing", request: &wanted };
    store.save_bundle(&"a.internal".parse().unwrap(), &leaf, Some(origin), Overwrite::Refuse).unwrap();

    let old = store.renewable("root", now(), &mut nobody).unwrap().authority;
    let validity = Lifetime::days(4000).starting(now()).unwrap();
    let renewed = old.renewed(None, &validity, &RenewedSerial::Fresh).unwrap();
    assert_ne!(renewed.certificate().serial(), root.certificate().serial());
    assert_eq!(renewed.certificate().subject_der(), root.certificate().subject_der());
    assert_eq!(renewed.certificate().public_key(), root.certificate().public_key());
    assert_eq!(renewed.certificate().subject_key_identifier(), root.certificate().subject_key_identifier());
    store.save_renewed("root", &renewed, None).unwrap();
    assert_eq!(store.previous_authorities("root").unwrap(), [root.certificate().clone()]);
    // The CA below it has the new one in its chain, and its leaves go on as they are.
    let loaded = store.authority("issuing", now(), &mut nobody).unwrap().authority;
    assert_eq!(loaded.chain().certificates().last(), Some(renewed.certificate()));
    assert!(leaf.leaf().is_signed_by(loaded.certificate().public_key()).unwrap());

    let stranger = ca("Library CA");
    let refused = store.save_renewed("root", &stranger, None);
    assert!(matches!(refused, Err(Error::KeyMismatch { .. })), "{refused:?}");
    assert!(matches!(store.save_renewed("none", &stranger, None), Err(Error::Missing { .. })));
}

#[test]
fn a_ca_that_was_taken_back_signs_nothing_but_its_lists() {
    let (_folder, store, root) = saved("root");
    let middle = below(&root, "Issuing CA");
    store.save_authority("issuing", &middle, None, Some("root"), Overwrite::Refuse).unwrap();
    let lowest = {
        let plan = CaRequest::new("Not to be").unwrap().path_length(Some(0)).plan(now()).unwrap();
        middle.check_under(&plan.within(middle.validity()))
    };
    assert!(matches!(lowest, Err(Error::PathLength { limit: 0, .. })), "{lowest:?}");

    let serial = middle.certificate().serial_hex();
    assert_eq!(store.taken_back(middle.certificate()).unwrap(), None);
    store.revoke("root", &serial, Reason::Superseded, now()).unwrap();
    let (why, by) = store.taken_back(middle.certificate()).unwrap().unwrap();
    assert_eq!((why, by.as_str()), (Reason::Superseded, "root"));
    assert!(matches!(store.check_authority("issuing"), Err(Error::Revoked { .. })));
    let load = |name: &str| store.authority(name, now(), &mut nobody).map(|_| ());
    assert!(matches!(load("issuing"), Err(Error::Revoked { .. })));
    load("root").unwrap();
    store.check_authority("root").unwrap();
    // Its own list goes on, and for this reason it may be renewed.
    store.authority_for_list("issuing", now(), &mut nobody).unwrap();
    store.renewable("issuing", now(), &mut nobody).unwrap();
    // With its key in other hands it may not.
    store.revoke("root", &serial, Reason::KeyCompromise, now()).unwrap();
    let refused = store.renewable("issuing", now(), &mut nobody).map(|_| ());
    assert!(matches!(refused, Err(Error::Revoked { .. })), "{refused:?}");
}

#[test]
fn a_ca_comes_with_its_history() {
    let (_folder, store) = store();
    let authority = ca("Somebody's CA of old");
    let leaves: Vec<_> =
        (0..3).map(|i| authority.issue(&request(&format!("h{i}.internal"))).unwrap()).collect();
    let at = now() - Duration::days(3);
    let gone = Revoked {
        serial: leaves[1].leaf().serial().to_vec(),
        at: at.replace_nanosecond(0).unwrap(),
        reason: Reason::KeyCompromise,
    };
    let list = authority
        .revocation_list(
            std::slice::from_ref(&gone),
            certforge::ListNumber::from(41),
            (at, now() + Duration::days(4)),
        )
        .unwrap();
    let history = History {
        issued: leaves.iter().map(certforge::Bundle::leaf).collect(),
        revoked: vec![gone],
        list: Some(&list),
    };
    store.adopt_authority("old", &authority, None, &history).unwrap();
    assert_eq!(store.issued_serials("old").unwrap().len(), 3);
    assert_eq!(store.ca_entry("old").unwrap().issued().unwrap(), 3);
    let serial = leaves[1].leaf().serial_hex();
    assert_eq!(store.is_revoked("old", &serial).unwrap(), Some(Reason::KeyCompromise));
    assert_eq!(store.is_revoked("old", &leaves[0].leaf().serial_hex()).unwrap(), None);
    assert_eq!(
        store.revocation_list("old").unwrap().unwrap().number(),
        Some(certforge::ListNumber::from(41))
    );
    let known = store.issued("old", &serial).unwrap().unwrap();
    assert_eq!(&known.certificate, leaves[1].leaf());
    assert!(known.request.is_none(), "nobody knows what was asked for");

    let again = store.adopt_authority("old", &authority, None, &History::default());
    assert!(matches!(again, Err(Error::AlreadyExists { .. })));
    assert_eq!(store.issued_serials("old").unwrap().len(), 3);
}

#[test]
fn a_damaged_ca_is_named_and_the_others_stay() {
    let (_folder, store, _) = saved("main");
    store.save_authority("other", &ca("Other"), None, None, Overwrite::Refuse).unwrap();
    let path = store.ca_folder("main").unwrap().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    assert_eq!(store.authority_names().unwrap(), ["main", "other"]);
    let Err(Error::File { path: named, .. }) = store.ca_entry("main") else { panic!("it was read") };
    assert_eq!(named, path);
    store.authority("other", now(), &mut nobody).unwrap();
    // A file where a CA's folder belongs.
    std::fs::write(store.root().join("ca/file"), "").unwrap();
    assert!(matches!(store.has_authority("file"), Err(Error::Path { .. })));
}

#[test]
fn a_ca_that_has_ended_is_loaded_to_be_renewed_only() {
    let (_folder, store) = store();
    let plan = CaRequest::new("Ended").unwrap().lifetime(Lifetime::days(30)).plan(now()).unwrap();
    let authority = Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    store.save_authority("ended", &authority, None, None, Overwrite::Refuse).unwrap();
    let later = now() + Duration::days(31);
    let Err(Error::File { source, .. }) = store.authority("ended", later, &mut nobody) else {
        panic!("it would issue")
    };
    assert!(matches!(*source, Error::CaNotValid { .. }), "{source:?}");
    let loaded = store.renewable("ended", later, &mut nobody).unwrap();
    assert_eq!(loaded.authority.certificate(), authority.certificate());
    store.authority("ended", now(), &mut nobody).unwrap();
    assert_eq!(names(&store.ca_folder("ended").unwrap()).iter().filter(|n| *n == "ca.key").count(), 1);
}

fn limits(permitted: &[&str], excluded: &[&str]) -> Constraints {
    let read = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect();
    Constraints::new(read(permitted), read(excluded))
}

/// What a CA with these limits says of one below it that permits `below`.
fn said_of(permitted: &[&str], excluded: &[&str], below: &str) -> Option<String> {
    let plan = CaRequest::new("Above").unwrap().path_length(Some(1)).key(KeyAlgorithm::P256);
    let plan = plan.constraints(limits(permitted, excluded)).plan(now()).unwrap();
    let above = Authority::create(&plan, PrivateKey::generate(KeyAlgorithm::P256).unwrap()).unwrap();
    let plan = CaRequest::new("Below").unwrap().path_length(Some(0)).constraints(limits(&[below], &[]));
    let plan = plan.plan(now()).unwrap().within(above.validity());
    match above.check_under(&plan) {
        Ok(()) => None,
        Err(Error::Constrained { name, ca, limit }) => {
            assert_eq!(ca, "CN=Above");
            Some(format!("{name}: {limit}"))
        }
        Err(e) => panic!("{permitted:?} {excluded:?} {below}: {e}"),
    }
}

#[test]
fn a_limit_below_that_permits_something_is_taken() {
    for (permitted, excluded, below) in [
        (&[][..], &[][..], "a.example"),
        // Narrower, the same, wider: some names are in both.
        (&["corp.example"], &[], "a.corp.example"),
        (&["corp.example"], &[], "corp.example"),
        (&["a.corp.example"], &[], "corp.example"),
        (&["b.example", "corp.example"], &[], "a.corp.example"),
        (&["10.0.0.0/8"], &[], "10.103.0.0/16"),
        (&["10.103.0.0/16"], &[], "10.0.0.0/8"),
        (&["10.103.10.95"], &[], "10.103.10.95"),
        (&["fd00::/8"], &[], "fd00:1::/32"),
        (&["email:corp.example"], &[], "email:jane@corp.example"),
        (&["email:jane@corp.example"], &[], "email:corp.example"),
        (&["email:jane@corp.example"], &[], "email:jane@Corp.example"),
        (&["email:.corp.example"], &[], "email:a.corp.example"),
        (&["email:a.corp.example"], &[], "email:.corp.example"),
        (&["email:.corp.example"], &[], "email:.a.corp.example"),
        (&["uri:corp.example"], &[], "uri:corp.example"),
        (&["uri:.corp.example"], &[], "uri:a.corp.example"),
        (&["uri:.a.corp.example"], &[], "uri:.corp.example"),
        // Only a part of it is excluded.
        (&[], &["a.corp.example"], "corp.example"),
        (&[], &["10.103.0.0/16"], "10.0.0.0/8"),
        (&[], &["email:jane@corp.example"], "email:corp.example"),
        (&[], &["email:corp.example"], "email:.corp.example"),
        (&[], &["uri:.corp.example"], "uri:corp.example"),
        (&[], &["uri:a.corp.example"], "uri:.corp.example"),
        (&[], &["10.0.0.0/8"], "fd00::/8"),
        (&[], &["corp.example"], "10.0.0.0/8"),
    ] {
        let said = said_of(permitted, excluded, below);
        assert_eq!(said, None, "{permitted:?} {excluded:?} {below}");
    }
}

#[test]
fn a_limit_below_that_permits_nothing_is_refused() {
    for (permitted, excluded, below, wanted) in [
        (&["corp.example"][..], &[][..], "other.example", "dns:other.example: it permits dns:corp.example"),
        (&["corp.example"], &[], "xcorp.example", "dns:xcorp.example: it permits dns:corp.example"),
        (
            &["a.example", "b.example"],
            &[],
            "c.example",
            "dns:c.example: it permits dns:a.example, dns:b.example",
        ),
        (&["10.103.0.0/16"], &[], "10.104.0.0/16", "10.104.0.0/16: it permits 10.103.0.0/16"),
        (&["10.0.0.0/8"], &[], "fd00::/8", "fd00::/8: it permits 10.0.0.0/8"),
        (&["fd00::/8"], &[], "fe00::/8", "fe00::/8: it permits fd00::/8"),
        // What is not mentioned beside what is permitted is closed.
        (&["corp.example"], &[], "10.0.0.0/8", "10.0.0.0/8: it excludes every IPv4 address"),
        (&["10.0.0.0/8"], &[], "a.example", "dns:a.example: it excludes every DNS name"),
        (
            &["corp.example"],
            &[],
            "email:corp.example",
            "email:corp.example: its limits mention no name of the type email",
        ),
        (
            &["corp.example"],
            &[],
            "uri:corp.example",
            "uri:corp.example: its limits mention no name of the type uri",
        ),
        (
            &["email:jane@corp.example"],
            &[],
            "email:joe@corp.example",
            "email:joe@corp.example: it permits email:jane@corp.example",
        ),
        (
            &["email:.corp.example"],
            &[],
            "email:jane@corp.example",
            "email:jane@corp.example: it permits email:.corp.example",
        ),
        (&["uri:corp.example"], &[], "uri:.corp.example", "uri:.corp.example: it permits uri:corp.example"),
        (&[], &["corp.example"], "corp.example", "dns:corp.example: it excludes dns:corp.example"),
        (&[], &["corp.example"], "a.corp.example", "dns:a.corp.example: it excludes dns:corp.example"),
        (&[], &["10.0.0.0/8"], "10.103.0.0/16", "10.103.0.0/16: it excludes 10.0.0.0/8"),
        (&[], &["fd00::/8"], "fd00::1", "fd00::1/128: it excludes fd00::/8"),
        (
            &[],
            &["email:corp.example"],
            "email:jane@corp.example",
            "email:jane@corp.example: it excludes email:corp.example",
        ),
        (
            &[],
            &["email:.corp.example"],
            "email:a.corp.example",
            "email:a.corp.example: it excludes email:.corp.example",
        ),
        (
            &[],
            &["uri:.corp.example"],
            "uri:.a.corp.example",
            "uri:.a.corp.example: it excludes uri:.corp.example",
        ),
    ] {
        let said = said_of(permitted, excluded, below);
        assert_eq!(said.as_deref(), Some(wanted), "{permitted:?} {excluded:?} {below}");
    }
}

#[test]
fn the_limits_of_every_ca_above_are_asked() {
    let plan = |name: &str, length, limits: Constraints| {
        let request = CaRequest::new(name).unwrap().path_length(Some(length)).constraints(limits);
        request.key(KeyAlgorithm::P256).plan(now()).unwrap()
    };
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let root = Authority::create(&plan("Top", 2, limits(&["corp.example"], &[])), key()).unwrap();
    let middle = plan("Middle", 1, Constraints::NONE).within(root.validity());
    let middle = root.create_under(&middle, key()).unwrap();
    let below = |text: &str| plan("Below", 0, limits(&[text], &[])).within(middle.validity());
    middle.check_under(&below("a.corp.example")).unwrap();
    let refused = middle.check_under(&below("other.example"));
    assert!(
        matches!(&refused, Err(Error::Constrained { name, ca, .. }) if name == "dns:other.example" && ca == "CN=Top"),
        "{refused:?}"
    );
    assert!(matches!(middle.create_under(&below("other.example"), key()), Err(Error::Constrained { .. })));
}
