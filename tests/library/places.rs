//! Files and folders of the store as such: what may be read, what may be replaced, what is left
//! where something goes wrong.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Duration;

use certforge::error::Error;
use certforge::key::KeyForm;
use certforge::store::{
    Derived, NewFile, NewFolder, Overwrite, files_below, folder_name, is_regular, lock_file, read_input,
    read_large_input, read_start, rewrite,
};

use super::{chmod, mode, names, store};

#[test]
fn a_new_file_shows_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.pem");
    let mut file = NewFile::create(&target, Overwrite::Refuse, false).unwrap();
    file.write_all(b"half").unwrap();
    assert!(!target.exists());
    file.write_all(b" and half").unwrap();
    file.finish(Overwrite::Refuse).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"half and half");
    assert_eq!(names(folder.path()), ["out.pem"]);

    // Dropped: as if it had never been.
    let other = folder.path().join("other.pem");
    let mut file = NewFile::create(&other, Overwrite::Refuse, true).unwrap();
    file.write_all(b"secret").unwrap();
    drop(file);
    assert_eq!(names(folder.path()), ["out.pem"]);
}

#[test]
fn a_secret_file_is_nobody_elses_from_the_first_octet() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("key.pem");
    let mut file = NewFile::create(&target, Overwrite::Refuse, true).unwrap();
    file.write_all(b"secret").unwrap();
    for name in names(folder.path()) {
        assert_eq!(mode(&folder.path().join(&name)), 0o600, "{name}");
    }
    file.finish(Overwrite::Refuse).unwrap();
    assert_eq!(mode(&target), 0o600);
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.txt");
    std::fs::write(&target, "before").unwrap();
    let refused = NewFile::write(&target, b"after", Overwrite::Refuse);
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })), "{refused:?}");
    assert_eq!(std::fs::read(&target).unwrap(), b"before");
    NewFile::write(&target, b"after", Overwrite::Replace).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"after");

    // What appears while it is made is not run over.
    let late = folder.path().join("late.txt");
    let mut file = NewFile::create(&late, Overwrite::Refuse, false).unwrap();
    file.write_all(b"ours").unwrap();
    std::fs::write(&late, "somebody else's").unwrap();
    let refused = file.finish(Overwrite::Refuse);
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })), "{refused:?}");
    assert_eq!(std::fs::read(&late).unwrap(), b"somebody else's");
    assert_eq!(names(folder.path()), ["late.txt", "out.txt"]);
}

#[test]
fn folders_and_pipes_are_not_replaced_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    for overwrite in [Overwrite::Refuse, Overwrite::Replace] {
        assert!(NewFile::write(&inner, b"x", overwrite).is_err());
    }
    assert!(inner.is_dir());
    let nowhere = folder.path().join("none/out.txt");
    let Err(Error::Io { path, .. }) = NewFile::write(&nowhere, b"x", Overwrite::Refuse) else {
        panic!("it was written")
    };
    assert!(path.starts_with(folder.path().join("none")), "{}", path.display());
    assert_eq!(names(folder.path()), ["inner"]);
}

#[test]
fn a_new_folder_shows_when_it_is_whole_and_stays_within_itself() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("set");
    let making = NewFolder::create(&target).unwrap();
    making.add("README.md".as_ref(), b"text", false).unwrap();
    making.add("case/key.pem".as_ref(), b"secret", true).unwrap();
    making.add("case/cert.pem".as_ref(), b"public", false).unwrap();
    assert!(!target.exists());
    for bad in ["../out", "/etc/passwd", "a/../../out", "..", ""] {
        let refused = making.add(bad.as_ref(), b"x", false);
        assert!(refused.is_err(), "{bad}");
    }
    making.finish().unwrap();
    assert_eq!(names(&target), ["README.md", "case"]);
    assert_eq!(names(&target.join("case")), ["cert.pem", "key.pem"]);
    assert_eq!(mode(&target.join("case/key.pem")), 0o600);
    assert_eq!(mode(&target.join("case/cert.pem")) & 0o600, 0o600);
    assert_eq!(names(folder.path()), ["set"]);

    assert!(matches!(NewFolder::create(&target), Err(Error::AlreadyExists { .. })));
    let dropped = NewFolder::create(&folder.path().join("other")).unwrap();
    dropped.add("file".as_ref(), b"x", false).unwrap();
    drop(dropped);
    assert_eq!(names(folder.path()), ["set"]);
}

#[test]
fn folders_are_not_read_and_nothing_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.pem");
    std::fs::write(&path, "text").unwrap();
    assert_eq!(&**read_input(&path).unwrap(), b"text");
    assert_eq!(read_large_input(&path).unwrap(), b"text");
    assert!(is_regular(&path));
    // A link somebody named leads where it leads.
    let link = folder.path().join("link.pem");
    symlink("in.pem", &link).unwrap();
    assert_eq!(&**read_input(&link).unwrap(), b"text");

    let Err(Error::Path { reason, .. }) = read_input(folder.path()) else { panic!("a folder was read") };
    assert_eq!(reason, "is a folder");
    assert!(!is_regular(folder.path()));
    let missing = folder.path().join("none.pem");
    assert!(matches!(read_input(&missing), Err(Error::Io { ref path, .. }) if *path == missing));
    assert!(!is_regular(&missing));
    // A device is read as a pipe is, and what has no end ends where a file would be too large.
    assert!(read_input("/dev/null".as_ref()).unwrap().is_empty());
    let Err(Error::Path { reason, .. }) = read_input("/dev/zero".as_ref()) else { panic!("all of it?") };
    assert!(reason.contains("4 MiB"), "{reason}");
}

#[test]
fn what_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(4 << 20).unwrap();
    assert_eq!(read_input(&path).unwrap().len(), 4 << 20);
    file.set_len((4 << 20) + 1).unwrap();
    let Err(Error::Path { reason, .. }) = read_input(&path) else { panic!("it was read") };
    assert!(reason.contains("4 MiB"), "{reason}");
    // Lists may be longer, and what is looked at first is short.
    assert_eq!(read_large_input(&path).unwrap().len(), (4 << 20) + 1);
    let start = read_start(&path).unwrap();
    assert_eq!((start.octets.len(), start.size), (4096, (4 << 20) + 1));
    file.set_len((256 << 20) + 1).unwrap();
    assert!(matches!(read_large_input(&path), Err(Error::Path { .. })));
    std::fs::write(&path, "short").unwrap();
    let start = read_start(&path).unwrap();
    assert_eq!((start.octets.as_slice(), start.size), (&b"short"[..], 5));
}

#[test]
fn a_folder_is_walked_without_links_and_only_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("b/c/d")).unwrap();
    for file in ["a.pem", "b/b.pem", "b/c/c.pem", "b/c/d/d.pem"] {
        std::fs::write(root.join(file), "").unwrap();
    }
    symlink("/etc", root.join("etc")).unwrap();
    symlink("a.pem", root.join("z.pem")).unwrap();
    let found = |depth: usize| -> Vec<String> {
        let files = files_below(root, (depth, 100), false).unwrap();
        files.0.iter().map(|f| f.strip_prefix(root).unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found(0), ["a.pem"]);
    assert_eq!(found(1), ["a.pem", "b/b.pem"]);
    assert_eq!(found(9), ["a.pem", "b/b.pem", "b/c/c.pem", "b/c/d/d.pem"]);
    assert_eq!(files_below(root, (9, 4), false).unwrap().0.len(), 4);
    // Links to files too, where they are wanted.
    assert_eq!(files_below(root, (0, 100), true).unwrap().0, [root.join("a.pem"), root.join("z.pem")]);
    assert!(matches!(files_below(root, (9, 3), false), Err(Error::Path { .. })));
    assert!(matches!(files_below(&root.join("none"), (9, 3), false), Err(Error::Io { .. })));
}

#[test]
fn a_file_is_written_anew_where_it_is_as_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.json");
    std::fs::write(&path, "before").unwrap();
    chmod(&path, 0o640);
    let link = folder.path().join("link.json");
    symlink("api.json", &link).unwrap();
    rewrite(&link, b"before", b"after").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"after");
    assert_eq!(mode(&path), 0o640);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(matches!(rewrite(&path, b"before", b"later"), Err(Error::Changed { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"after");
    assert_eq!(names(folder.path()), ["api.json", "link.json"]);
}

#[test]
fn two_do_not_hold_the_lock_of_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    std::fs::write(&path, "").unwrap();
    let held = lock_file(&path, Duration::ZERO).unwrap();
    assert!(matches!(lock_file(&path, Duration::ZERO), Err(Error::Lock { .. })));
    // Whoever has patience gets it when the other one is done.
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| lock_file(&path, Duration::from_mins(1)).map(drop));
        std::thread::sleep(Duration::from_millis(50));
        drop(held);
        waits.join().unwrap().unwrap();
    });
    lock_file(&path, Duration::ZERO).unwrap();
}

#[test]
fn one_at_a_time_holds_the_store() {
    let (_folder, store) = store();
    let held = store.lock().unwrap();
    let waits = std::thread::scope(|scope| {
        let second = scope.spawn(|| store.lock().map(drop));
        std::thread::sleep(Duration::from_millis(50));
        let waits = !second.is_finished();
        drop(held);
        second.join().unwrap().unwrap();
        waits
    });
    assert!(waits);
}

#[test]
fn a_store_of_a_newer_form_is_not_opened() {
    let (folder, store) = store();
    drop(store.lock().unwrap());
    let root = store.root().to_owned();
    let version = root.join("version");
    let known = std::fs::read_to_string(&version).unwrap();
    std::fs::write(&version, "99\n").unwrap();
    let Err(Error::StoreVersion { path, found, known: most }) = certforge::store::Store::open(&root) else {
        panic!("it was opened")
    };
    assert_eq!((path, found.trim()), (version.clone(), "99"));
    assert_eq!(known.trim(), most.to_string());
    for nonsense in ["", "one", "-1", "1.5", "99999999999999999999"] {
        std::fs::write(&version, nonsense).unwrap();
        assert!(certforge::store::Store::open(&root).is_err(), "{nonsense}");
    }
    std::fs::write(&version, known).unwrap();
    certforge::store::Store::open(&root).unwrap();
    assert!(folder.path().join("certforge").is_dir());
}

#[test]
fn a_path_of_the_store_is_told_whole() {
    let (_folder, store) = store();
    let inner = store.root().join("a.internal/key.pem");
    assert_eq!(store.absolute(&inner).unwrap(), inner);
    let relative = store.absolute("certforge/key.pem".as_ref()).unwrap();
    assert_eq!(relative, std::env::current_dir().unwrap().join("certforge/key.pem"));
}

#[test]
fn every_name_has_a_folder_of_its_own() {
    let texts = [
        "10.103.10.95",
        "fd00::1",
        "a.internal",
        "*.a.internal",
        "_wildcard-a.internal",
        "ca",
        "csr",
        "archive",
        "version",
        "nul",
        "nul.internal",
        "com1",
        "lpt9.internal",
        "email:a@b.example",
        "email:A@b.example",
        "email:a+b@b.example",
        "uri:spiffe://b.example/a",
        "uri:spiffe://b.example/A",
        "uri:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ];
    let mut folders = Vec::new();
    for text in texts {
        let Ok(name) = text.parse() else { continue };
        let folder = folder_name(&name);
        assert!(folder.len() <= 101, "{text}: {folder}");
        assert!(!folder.starts_with(['.', '-']), "{text}: {folder}");
        let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        assert!(folder.bytes().all(safe), "{text}: {folder}");
        assert!(!["ca", "csr", "archive", "version", "nul"].contains(&folder.as_str()), "{text}");
        folders.push(folder);
    }
    assert!(folders.len() > 14, "{folders:?}");
    let all = folders.len();
    folders.sort();
    folders.dedup();
    assert_eq!(folders.len(), all, "two names share a folder: {folders:?}");
}

#[test]
fn other_forms_have_names_and_say_which_are_secret() {
    let secret = [
        Derived::Combined,
        Derived::K8sSecret,
        Derived::KeyDer,
        Derived::Pkcs12,
        Derived::Key(KeyForm::Pkcs1),
        Derived::Key(KeyForm::Pkcs8),
        Derived::Key(KeyForm::Sec1),
    ];
    let public = [Derived::AnchorDer, Derived::CertificateDer, Derived::Pkcs7, Derived::TrustStore];
    assert!(secret.into_iter().all(Derived::is_secret));
    assert!(!public.into_iter().any(Derived::is_secret));
    let mut names: Vec<_> = secret.into_iter().chain(public).map(Derived::file_name).collect();
    assert_eq!(names[4..7], ["key.pkcs1.pem", "key.pkcs8.pem", "key.sec1.pem"]);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 11);
}
