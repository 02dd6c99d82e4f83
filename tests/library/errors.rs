//! Errors, each read aloud: its sentence, its code and what kind of trouble it is. Codes and
//! sentences are what scripts and people hold on to.

use std::error::Error as _;
use std::io;
use std::path::Path;

use certforge::error::{Category, Counted, Error, Escaped, NameFault, Shown, is_invisible};
use certforge::{KeyAlgorithm, LeafRequest, PrivateKey};

use crate::every_error::{all, no_room, path};

#[test]
fn every_error_says_what_it_always_said() {
    for (error, code, category, sentence) in all() {
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.code(), code, "{sentence}");
        assert_eq!(error.category(), category, "{sentence}");
        // One sentence: no advice, no line of its own, nothing to end a paragraph with.
        assert!(!sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn codes_are_words_and_kinds_share_none() {
    let mut codes: Vec<_> = all().into_iter().map(|(error, ..)| error.code()).collect();
    codes.dedup();
    for code in &codes {
        let word = |c: char| c.is_ascii_lowercase() || c == '.' || c == '-';
        assert!(code.chars().all(word) || code.starts_with("GW"), "{code}");
    }
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all, "two kinds of error share a code: {codes:?}");
}

/// The page has each code in a line with the exit status of its category.
#[test]
fn the_page_of_codes_has_every_one() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/error-codes.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (error, code, category, _) in all().into_iter().filter(|(_, code, ..)| !code.starts_with("GW")) {
        let status = match category {
            Category::Input => 3,
            Category::FileSystem | Category::Internal => 4,
            Category::AwsRefused => 5,
            Category::AwsUnreached => 6,
            _ => panic!("{error}: a category without an exit status"),
        };
        let line = page.lines().find(|line| line.contains(&format!("`{code}`")));
        let line = line.unwrap_or_else(|| panic!("{code} is not in docs/error-codes.md"));
        assert_eq!(line.split('|').nth(2).map(str::trim), Some(&*status.to_string()), "{line}");
    }
}

#[test]
fn a_place_is_told_before_the_fault_and_changes_neither_code_nor_kind() {
    let fault = || Error::MalformedPem { reason: "the block has no end".to_owned() };
    let file = Path::new("/srv/pile.pem");
    for (error, sentence) in [
        (fault().in_file(file), "/srv/pile.pem: the block has no end"),
        (fault().in_block(file, 3), "/srv/pile.pem, block 3: the block has no end"),
        (fault().in_line(file, 17), "/srv/pile.pem, line 17: the block has no end"),
    ] {
        assert_eq!(error.to_string(), sentence);
        assert_eq!((error.code(), error.category()), ("pem.malformed", Category::Input));
        assert_eq!(error.source().unwrap().to_string(), "the block has no end");
    }
    let full = Error::Io { doing: "write", path: path(), source: no_room() }.in_file(file);
    assert_eq!(full.category(), Category::FileSystem);
    // It has a path of its own: that of the file that fails, whatever it was read for.
    assert!(full.to_string().contains(path().to_str().unwrap()) && !full.to_string().contains("pile.pem"));
    assert!(full.source().unwrap().downcast_ref::<io::Error>().is_some());
    assert!(Error::NoNames.source().is_none());
    let refused = || Box::new(Error::AwsRegion);
    let causes: [Error; 3] = [
        Error::Unrecordable { path: path(), source: refused() },
        Error::ImportUnsaved { arn: String::new(), source: refused() },
        Error::AwsUnresolved { action: "ImportCertificate", call: refused(), look: Box::new(Error::NoNames) },
    ];
    for error in causes {
        let cause = error.source().unwrap().downcast_ref::<Error>();
        assert!(matches!(cause, Some(Error::AwsRegion)), "{error}");
    }
    assert!(Error::Output { source: no_room() }.source().is_some());
}

/// Who unwraps a result has the error in a log.
#[test]
fn a_key_that_was_pasted_where_a_name_belongs_is_in_no_error() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let pem = key.secret_pem().unwrap();
    let secret = pem.lines().nth(1).unwrap();
    let error = LeafRequest::new([pem.as_str()]).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(secret), "{error}");
    assert!(format!("{error:?}").starts_with(error.code()), "{error:?}");
}

#[test]
fn what_is_foreign_cannot_move_a_terminal() {
    let foreign = "a\u{1b}[2J\u{202e}b\r\n\u{200b}\0\u{85}";
    let shown = "a\\u{1b}[2J\\u{202e}b\\u{d}\\u{a}\\u{200b}\\u{0}\\u{85}";
    assert_eq!(Shown(foreign).to_string(), shown);
    let errors = [
        Error::Subject { input: foreign.to_owned(), reason: foreign.to_owned() },
        Error::Missing { what: "leaf", name: foreign.to_owned(), path: foreign.into() },
        Error::Io { doing: "open", path: foreign.into(), source: no_room() },
        Error::AwsRefused { action: "X", aws_code: foreign.to_owned(), message: foreign.to_owned() },
        Error::Revoked { subject: foreign.to_owned(), is_ca: false, ca: foreign.to_owned(), reason: "x" },
        Error::Manifest { reason: foreign.to_owned() },
        Error::Name { input: foreign.to_owned(), fault: NameFault::Control },
        Error::NoNames.in_file(Path::new(foreign)),
    ];
    for error in errors {
        let sentence = error.to_string();
        assert!(!sentence.chars().any(|c| c.is_control() || is_invisible(c)), "{sentence:?}");
        assert!(sentence.contains(shown), "{sentence}");
    }
}

#[test]
fn what_is_long_is_cut_for_people_and_whole_for_programs() {
    let long = "é".repeat(1000);
    let shown = Shown(&long).to_string();
    assert_eq!(shown.chars().count(), 301);
    assert!(shown.ends_with('…'));
    assert_eq!(Escaped(&long).to_string(), long);
    assert_eq!(Shown(&"e".repeat(300)).to_string().len(), 300);
    // Escapes take the room they take: a thousand zeros are no five thousand characters.
    let zeros = Shown(&"\0".repeat(1000)).to_string();
    assert_eq!(zeros, format!("{}…", "\\u{0}".repeat(60)));
    // Whatever else is in it, a key's text is shown to nobody.
    for text in [
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI",
        "see: -----BEGIN RSA PRIVATE KEY-----",
        &format!("{}-----BEGIN EC PRIVATE KEY-----", "x".repeat(900)),
        // As Kubernetes keeps it.
        "tls.key: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JR0hBZ0VBTUJNR0J5cUdTTTQ5",
    ] {
        assert_eq!(Shown(text).to_string(), "(PEM text, not shown)");
        assert_eq!(Escaped(text).to_string(), "(PEM text, not shown)");
        let error = Error::StoreName { input: text.to_owned() };
        assert_eq!(error.to_string(), "`(PEM text, not shown)` is not a name for a CA");
    }
}

#[test]
fn things_are_counted_in_their_number() {
    assert_eq!(Counted(0_usize, "leaf", "leaves").to_string(), "0 leaves");
    assert_eq!(Counted(1_usize, "leaf", "leaves").to_string(), "1 leaf");
    assert_eq!(Counted(2_u64, "leaf", "leaves").to_string(), "2 leaves");
}
