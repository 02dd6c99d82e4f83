//! Names of folders: made from a fixed alphabet, so that nothing can leave the
//! store and no two names of certificates share a folder.

use crate::error::{Error, Result};
use crate::key::Sha256;
use crate::name::San;

/// The longest folder name, in octets; a longer one is shortened and gets a hash.
const MOST: usize = 100;
/// How much of a long name is kept before its hash.
const KEPT: usize = 67;

/// The folder of a leaf whose first name is `name`: the name itself where all
/// of it is file-safe, `_wildcard.` for `*.`, `_` for the colons of IPv6. What
/// would not be told apart otherwise gets a part of its SHA-256.
#[must_use]
pub fn folder_name(name: &San) -> String {
    let text = name.to_string();
    let plain = match name {
        San::Dns(dns) => match dns.strip_prefix("*.") {
            Some(rest) => format!("_wildcard.{rest}"),
            None => dns.clone(),
        },
        San::Ip(_) => text.replace(':', "_"),
        San::Email(_) | San::Uri(_) => text.clone(),
    };
    let mut folder = file_safe(&plain);
    // An e-mail address could look like a name with a hash behind it.
    let exact = folder == plain && matches!(name, San::Dns(_) | San::Ip(_));
    let hash = |octets: usize| {
        let digest = Sha256::of(format!("{}:{text}", name.kind()).as_bytes()).to_string();
        digest[..octets].to_owned()
    };
    if !exact {
        folder = format!("{}_{}", &folder[..folder.len().min(KEPT)], hash(16));
    } else if folder.len() > MOST {
        folder = format!("{}_{}", &folder[..KEPT], hash(32));
    } else if is_reserved(&folder) {
        folder.insert(0, '_');
    }
    folder
}

/// Every octet outside the alphabet becomes `_`; never empty, never starting
/// with a dot or a hyphen.
fn file_safe(text: &str) -> String {
    let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    let mut out: String = text
        .bytes()
        .map(|b| b.to_ascii_lowercase())
        .map(|b| if safe(b) { char::from(b) } else { '_' })
        .collect();
    if out.is_empty() || out.starts_with(['.', '-']) {
        out.insert(0, '_');
    }
    out
}

/// Whether a text can be a folder name of ours as it stands.
pub(super) fn is_file_safe(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    !text.is_empty()
        && text.len() <= MOST + 1
        && text.bytes().all(allowed)
        && !text.starts_with(['.', '-'])
        && !matches!(text, "archive" | "ca" | "csr" | "version")
}

/// The store's own names, and those that Windows keeps for devices.
fn is_reserved(folder: &str) -> bool {
    let stem = folder.split('.').next().unwrap_or(folder);
    let device = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(folder, "archive" | "ca" | "csr" | "version")
        || matches!(stem, "con" | "prn" | "aux" | "nul")
        || device("com")
        || device("lpt")
}

/// Whether a text can be the name of a CA: letters, digits, `.`, `_`, `-`, up
/// to 64 of them, starting with a letter or a digit.
pub(super) fn check_ca_name(name: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(allowed)
        && name.as_bytes()[0].is_ascii_alphanumeric()
        && !name.contains("..")
        && !is_reserved(&name.to_ascii_lowercase());
    if fits { Ok(()) } else { Err(Error::StoreName { input: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(text: &str) -> String {
        folder_name(&text.parse().unwrap())
    }

    #[test]
    fn folders_are_the_names_where_that_is_safe() {
        assert_eq!(folder("10.103.10.95"), "10.103.10.95");
        assert_eq!(folder("*.internal.example"), "_wildcard.internal.example");
        assert_eq!(folder("fd00::1"), "fd00__1");
        assert_eq!(folder("ca"), "_ca");
        assert_eq!(folder("con.example"), "_con.example");
        assert_eq!(folder("com1"), "_com1");
    }

    #[test]
    fn long_and_lossy_names_get_a_hash_and_stay_apart() {
        let long = |last: &str| folder(&format!("{}.{}.{last}", "a".repeat(60), "b".repeat(60)));
        assert!(long("x").len() <= MOST);
        assert_ne!(long("x"), long("y"));
        assert_ne!(folder("email:A@b.example"), folder("email:a@b.example"));
        assert!(folder("uri:spiffe://a/../../etc/passwd").starts_with("spiffe___a_.."));
        assert!(!folder("uri:spiffe://a/../../etc/passwd").contains('/'));
    }

    #[test]
    fn a_ca_cannot_leave_its_folder() {
        for bad in ["", "..", ".", "-rf", "a/b", "../x", "a\0", "a b", "nul", "a..b"] {
            assert!(check_ca_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_ca_name("default").is_ok());
    }
}
