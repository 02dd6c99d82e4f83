//! Commands in hints, as they have to be typed here.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

/// The flag that chose the store, where one did: what is to be typed next is of that store too.
/// A variable that chose it counts for the next command as it did for this one.
static FLAG: OnceLock<String> = OnceLock::new();

/// The commands that keep what they make in the store, or look for it there.
const OF_THE_STORE: [&str; 17] = [
    "apply",
    "bundle",
    "ca",
    "check",
    "crl",
    "csr",
    "import-acm",
    "leaf",
    "list",
    "prune",
    "renew",
    "revoke",
    "sign",
    "snippet",
    "status",
    "up",
    "verify",
];

/// Remembers the directory that `--dir` named.
pub fn remember(dir: &Path) {
    // The first is the only one.
    let _ = FLAG.set(format!("--dir {}", quoted(&dir.to_string_lossy())));
}

/// A text whose commands are of the store that was chosen.
pub fn spelled(text: &str) -> Cow<'_, str> {
    FLAG.get().map_or(Cow::Borrowed(text), |flag| with_flag(text, flag).into())
}

fn with_flag(text: &str, flag: &str) -> String {
    const PROGRAM: &str = "certforge ";
    let mut out = String::with_capacity(text.len() + flag.len() + 1);
    let mut rest = text;
    while let Some(at) = rest.find(PROGRAM) {
        let (before, from) = rest.split_at(at + PROGRAM.len());
        out.push_str(before);
        let is_word = !before[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-'));
        let word = from.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default();
        if is_word && OF_THE_STORE.contains(&word) {
            out.push_str(flag);
            out.push(' ');
        }
        rest = from;
    }
    out + rest
}

/// A word for a shell: in quotes where it needs them.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::with_flag;

    #[test]
    fn commands_of_the_store_get_the_flag_and_nothing_else_does() {
        for (text, wanted) in [
            ("make one with `certforge ca new`", "make one with `certforge --dir x ca new`"),
            ("certforge renew a; certforge up a", "certforge --dir x renew a; certforge --dir x up a"),
            ("certforge explain TEXT", "certforge explain TEXT"),
            ("a newer certforge cannot", "a newer certforge cannot"),
            ("/usr/bin/certforge up", "/usr/bin/certforge up"),
            ("certforge upgrade", "certforge upgrade"),
            ("", ""),
        ] {
            assert_eq!(with_flag(text, "--dir x"), wanted);
        }
    }
}
