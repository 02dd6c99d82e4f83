//! What a store keeps on record: what was issued and asked for, what was taken back, what was
//! imported.

use certforge::KeyAlgorithm;
use certforge::error::Error;
use certforge::plan::LeafRequest;
use certforge::revocation::Reason;
use certforge::store::{
    ImportRecord, ImportRecords, Origin, Overwrite, SIMULATOR, Store, serial_name, serial_octets,
};
use certforge::template::Template;
use certforge::validity::Lifetime;
use time::Duration;

use super::{ca, names, now, request, store};

fn with_leaf(wanted: &LeafRequest) -> (tempfile::TempDir, Store, certforge::Bundle) {
    let (folder, store) = store();
    let authority = ca("Record CA");
    store.save_authority("main", &authority, None, None, Overwrite::Refuse).unwrap();
    let bundle = authority.issue(wanted).unwrap();
    let origin = Origin { ca: "main", request: wanted };
    store.save_bundle(wanted.names().first(), &bundle, Some(origin), Overwrite::Refuse).unwrap();
    (folder, store, bundle)
}

#[test]
fn a_serial_number_is_read_as_others_print_it() {
    // openssl, Windows, AWS, a number with its sign octet, and without.
    for text in ["4A:1F:00:C3", "4a1f00c3", "0x4A1F00C3", "4A1F00C3", "004a1f00c3", "0000004a1f00c3"] {
        assert_eq!(serial_name(text).unwrap(), "4a1f00c3", "{text}");
        assert_eq!(serial_octets(text).unwrap(), [0x4a, 0x1f, 0, 0xc3], "{text}");
    }
    // What would be negative has an octet before it (X.690 §8.3.3).
    assert_eq!(serial_name("80").unwrap(), "0080");
    assert_eq!(serial_name("7f").unwrap(), "7f");
    assert_eq!(serial_name("ff01").unwrap(), "00ff01");
    assert_eq!(serial_name("1").unwrap(), "01");
    assert_eq!(serial_name("0").unwrap(), "00");
    assert_eq!(serial_octets("0").unwrap(), [0]);
    assert_eq!(serial_name(&"7".repeat(40)).unwrap().len(), 40);
    for bad in ["", ":", "0x", "12 34", "4a-1f", "xyz", "-1", "١", &"7".repeat(41), "../4a"] {
        let refused = serial_name(bad);
        assert!(matches!(refused, Err(Error::Serial { ref input }) if input == bad), "{bad}: {refused:?}");
    }
}

#[test]
fn what_was_asked_for_comes_back_as_it_was_said() {
    let wanted = LeafRequest::new(["svc.internal", "10.0.0.9", "fd00::9"])
        .unwrap()
        .key(KeyAlgorithm::P384)
        .lifetime(Lifetime::days(33))
        .template(Template::named("mutual").unwrap())
        .subject("/O=Example, Inc./OU=A+OU=B/CN=svc.internal".parse().unwrap())
        .allow_long(true);
    let (_folder, store, bundle) = with_leaf(&wanted);
    let entry = store.issued("main", &bundle.leaf().serial_hex()).unwrap().unwrap();
    assert_eq!(&entry.certificate, bundle.leaf());
    assert!(!entry.key_is_elsewhere);
    let kept = entry.request.unwrap();
    assert_eq!(kept.names(), wanted.names());
    assert_eq!(kept.wanted_key(), Some(KeyAlgorithm::P384));
    assert_eq!(kept.wanted_lifetime(), Some(Lifetime::days(33)));
    assert_eq!(kept.wanted_template(), wanted.wanted_template());
    assert_eq!(kept.wanted_subject(), wanted.wanted_subject());
    assert!(kept.allows_long());
}

#[test]
fn a_template_of_ones_own_is_kept_whole() {
    let text = Template::named("server").unwrap().to_toml().replace("days = 365", "days = 21");
    let own = Template::from_toml("ours", &text).unwrap();
    assert_eq!(own.days(), 21, "{text}");
    let wanted = request("a.internal").template(own.clone());
    let (_folder, store, bundle) = with_leaf(&wanted);
    let entry = store.issued("main", &bundle.leaf().serial_hex()).unwrap().unwrap();
    // Nobody needs the file it was read from any more.
    assert_eq!(entry.request.unwrap().wanted_template(), &own);
}

#[test]
fn what_was_never_issued_is_not_on_record() {
    let (_folder, store, bundle) = with_leaf(&request("a.internal"));
    let serial = bundle.leaf().serial_hex();
    assert!(store.issued("main", "4242").unwrap().is_none());
    assert!(store.issued("main", "no number").unwrap().is_none());
    assert!(store.issued("other", &serial).unwrap().is_none());
    assert_eq!(store.issued_serials("main").unwrap(), [serial_name(&serial).unwrap()]);
    assert!(store.issued_serials("other").unwrap().is_empty());

    // What came before the store did is put on record once.
    let early = ca("Record CA, before");
    let leaf = early.issue(&request("old.internal")).unwrap();
    assert!(store.record_issued("main", leaf.leaf()).unwrap());
    assert!(!store.record_issued("main", leaf.leaf()).unwrap());
    assert_eq!(store.issued_serials("main").unwrap().len(), 2);
}

#[test]
fn a_damaged_record_is_an_error_with_its_path() {
    let (_folder, store, bundle) = with_leaf(&request("a.internal"));
    let serial = bundle.leaf().serial_hex();
    let folder = store.ca_folder("main").unwrap().join("issued");
    let path = folder.join(&names(&folder)[0]);
    let text = std::fs::read_to_string(&path).unwrap();
    for (broken, why) in [
        (String::new(), "nothing"),
        (text.replace("BEGIN", "BEGUN"), "no certificate"),
        (text.replacen('{', "[", 1), "no request"),
        (text.replace("\"server\"", "\"servant\""), "a template that nobody has"),
        (text.replace("dns:a.internal", "dns:a..internal"), "a name that is none"),
    ] {
        assert_ne!(broken, text, "{why}");
        std::fs::write(&path, &broken).unwrap();
        let Err(Error::File { path: named, .. }) = store.issued("main", &serial) else { panic!("{why}") };
        assert_eq!(named, path, "{why}");
    }
    std::fs::write(&path, text).unwrap();
    store.issued("main", &serial).unwrap().unwrap();
}

#[test]
fn what_is_taken_back_stays_taken_back() {
    let (_folder, store, bundle) = with_leaf(&request("a.internal"));
    let serial = bundle.leaf().serial_hex();
    let at = now();
    assert_eq!(store.is_revoked("main", &serial).unwrap(), None);
    let first = store.revoke("main", &serial, Reason::Superseded, at).unwrap();
    assert_eq!((first.reason, first.changed), (Reason::Superseded, true));
    // Said again, later: the first stays, with its day.
    let again = store.revoke("main", &serial, Reason::Superseded, at + Duration::days(5)).unwrap();
    assert_eq!((again.reason, again.changed), (Reason::Superseded, false));
    // A lesser reason does not take the place of a graver one.
    let lesser = store.revoke("main", &serial, Reason::Unspecified, at).unwrap();
    assert_eq!((lesser.reason, lesser.changed), (Reason::Superseded, false));
    let graver = store.revoke("main", &serial, Reason::KeyCompromise, at).unwrap();
    assert_eq!((graver.reason, graver.changed), (Reason::KeyCompromise, true));
    let list = store.revoked("main").unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].serial, bundle.leaf().serial());
    assert_eq!(list[0].serial_hex(), serial);
    assert!((list[0].at - at).abs() < Duration::SECOND);
    assert!(matches!(store.release("main", &serial), Err(Error::NotOnHold { .. })));
    assert_eq!(store.is_revoked("main", &serial).unwrap(), Some(Reason::KeyCompromise));
}

#[test]
fn only_a_hold_is_given_back() {
    let (_folder, store, bundle) = with_leaf(&request("a.internal"));
    let serial = bundle.leaf().serial_hex();
    assert!(!store.release("main", &serial).unwrap(), "it was never taken back");
    store.revoke("main", &serial, Reason::CertificateHold, now()).unwrap();
    assert_eq!(store.is_revoked("main", &serial).unwrap(), Some(Reason::CertificateHold));
    assert!(store.release("main", &serial).unwrap());
    assert_eq!(store.is_revoked("main", &serial).unwrap(), None);
    assert!(store.revoked("main").unwrap().is_empty());
    // From a hold to any reason, and then there is no way back.
    store.revoke("main", &serial, Reason::CertificateHold, now()).unwrap();
    store.revoke("main", &serial, Reason::PrivilegeWithdrawn, now()).unwrap();
    assert!(matches!(store.release("main", &serial), Err(Error::NotOnHold { .. })));
    for bad in ["", "zz", &"1".repeat(60)] {
        let refused = store.revoke("main", bad, Reason::Superseded, now());
        assert!(matches!(refused, Err(Error::Serial { .. })), "{bad}");
        assert!(matches!(store.is_revoked("main", bad), Err(Error::Serial { .. })), "{bad}");
    }
    assert_eq!(store.revoked("main").unwrap().len(), 1);
}

#[test]
fn the_last_list_is_kept() {
    let (_folder, store) = store();
    let authority = ca("List CA");
    store.save_authority("main", &authority, None, None, Overwrite::Refuse).unwrap();
    assert!(store.revocation_list("main").unwrap().is_none());
    for number in [1, 2].map(certforge::ListNumber::from) {
        let list = authority.revocation_list(&[], number, (now(), now() + Duration::days(7))).unwrap();
        let file = store.save_revocation_list("main", &list).unwrap();
        assert_eq!(file.mode, 0o644);
        let kept = store.revocation_list("main").unwrap().unwrap();
        assert_eq!((kept.number(), kept.der()), (Some(number), list.der()));
    }
    let path = store.ca_folder("main").unwrap().join("crl.pem");
    std::fs::write(&path, "no list").unwrap();
    assert!(matches!(store.revocation_list("main"), Err(Error::File { .. })));
}

fn import(region: &str, endpoint: Option<&str>, account: &str, id: u32) -> ImportRecord {
    ImportRecord {
        arn: format!("arn:aws:acm:{region}:{account}:certificate/00000000-0000-0000-0000-{id:012}"),
        region: region.to_owned(),
        endpoint: endpoint.map(str::to_owned),
        profile: None,
        key: Some("EC_prime256v1".to_owned()),
        sha256: "0".repeat(64),
        imported_at: "2026-11-24T00:00:00Z".to_owned(),
        services: Vec::new(),
        tags: vec![("stage".to_owned(), "test".to_owned())],
    }
}

#[test]
fn imports_are_told_apart_by_region_endpoint_and_account() {
    let (_folder, store, _) = with_leaf(&request("a.internal"));
    let entry = store.leaf("a.internal").unwrap();
    let mut records = entry.imports().unwrap();
    assert!(records.all().is_empty());
    records.check_writable().unwrap();
    let local = Some("http://127.0.0.1:4566");
    let (mine, other) = ("111122223333", "444455556666");
    for record in [
        import("eu-west-1", None, mine, 1),
        import("us-east-1", None, mine, 2),
        import("eu-west-1", local, mine, 3),
        import("eu-west-1", None, other, 4),
    ] {
        records.save(record).unwrap();
    }
    let read = entry.imports().unwrap();
    assert_eq!(read.all().len(), 4);
    let ids = |region: &str, endpoint: Option<&str>| -> Vec<_> {
        read.at(region, endpoint).map(|r| r.arn.chars().last().unwrap()).collect()
    };
    assert_eq!(ids("eu-west-1", None), ['1', '4']);
    assert_eq!(ids("us-east-1", None), ['2']);
    assert_eq!(ids("eu-west-1", local), ['3']);
    assert!(ids("us-east-1", local).is_empty());
    assert_eq!(read.all()[0].tags, [("stage".to_owned(), "test".to_owned())]);
    assert!(read.all().iter().all(|record| !record.is_simulated()));

    // The same place again: the new one takes its place, and the old ARN is not forgotten.
    let mut records = entry.imports().unwrap();
    records.save(import("eu-west-1", None, mine, 9)).unwrap();
    let read = entry.imports().unwrap();
    assert_eq!(read.all().len(), 4);
    assert!(read.at("eu-west-1", None).any(|r| r.arn.ends_with('9')));
    let text = std::fs::read_to_string(read.path().unwrap()).unwrap();
    assert!(text.contains("000000000001"), "the ARN before is gone: {text}");
}

#[test]
fn what_a_simulator_holds_is_marked() {
    let (_folder, store, _) = with_leaf(&request("a.internal"));
    let mut records = store.leaf("a.internal").unwrap().imports().unwrap();
    records.save(import("eu-west-1", Some(SIMULATOR), "000000000000", 1)).unwrap();
    let read = store.leaf("a.internal").unwrap().imports().unwrap();
    assert!(read.all()[0].is_simulated());
    assert_eq!(store.simulated().unwrap(), None);
    {
        let _alone = store.lock_simulated().unwrap();
        store.save_simulated("{\"certificates\":[]}").unwrap();
    }
    assert_eq!(store.simulated().unwrap().as_deref(), Some("{\"certificates\":[]}"));
}

#[test]
fn a_record_that_cannot_be_saved_is_known_before_an_import() {
    let (_folder, store, bundle) = with_leaf(&request("a.internal"));
    let entry = store.leaf("a.internal").unwrap();
    std::fs::create_dir(entry.folder.join("acm.json")).unwrap();
    assert!(entry.imports().is_err());
    std::fs::remove_dir(entry.folder.join("acm.json")).unwrap();
    for (text, why) in [
        ("", "nothing"),
        ("{}", "no schema"),
        ("{\"schema\":\"somebody.else/1\",\"imports\":[]}", "another schema"),
        ("[1,2", "no JSON"),
    ] {
        std::fs::write(entry.folder.join("acm.json"), text).unwrap();
        let refused = entry.imports().map(|_| ());
        assert!(matches!(refused, Err(Error::File { .. })), "{why}: {refused:?}");
    }
    std::fs::remove_file(entry.folder.join("acm.json")).unwrap();

    // Nowhere to keep them: a certificate that came through a pipe.
    let mut nowhere = ImportRecords::nowhere();
    nowhere.check_writable().unwrap();
    nowhere.save(import("eu-west-1", None, "111122223333", 1)).unwrap();
    assert!(nowhere.path().is_none());
    assert!(nowhere.keep_previous(bundle.leaf(), &[]).unwrap().is_none());
}

#[test]
fn what_acm_held_before_is_kept_once() {
    let (_folder, store, bundle) = with_leaf(&request("a.internal"));
    let entry = store.leaf("a.internal").unwrap();
    let records = entry.imports().unwrap();
    let chain = bundle.chain().certificates();
    let path = records.keep_previous(bundle.leaf(), chain).unwrap().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 1 + chain.len());
    assert!(text.starts_with(&bundle.leaf().pem().unwrap()));
    assert!(path.to_string_lossy().contains(&bundle.leaf().serial_hex()), "{}", path.display());
    let before = names(path.parent().unwrap());
    records.keep_previous(bundle.leaf(), chain).unwrap();
    assert_eq!(names(path.parent().unwrap()), before);
}
