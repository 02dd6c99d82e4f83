//! Foreign text on a terminal.

use std::fmt;
use std::path::Path;

/// Foreign text made safe to show: control and direction-changing characters
/// are escaped, and long text is cut, so that a name from a certificate or an
/// argument can neither move a terminal's cursor nor hide what it says.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

/// How many characters a foreign text takes when it is shown, escapes written out.
const SHOWN_LIMIT: usize = 300;

/// How the Base64 of PEM begins, as Kubernetes and many stores of secrets keep it.
pub const PEM_IN_BASE64: &str = "LS0tLS1CRUdJTi";

const PEM: [&str; 2] = ["-----BEGIN ", PEM_IN_BASE64];

fn is_pem(text: &str) -> bool {
    PEM.iter().any(|mark| text.contains(mark))
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = SHOWN_LIMIT;
        for (at, c) in self.0.char_indices() {
            let width = if is_escaped(c) { c.escape_unicode().len() } else { 1 };
            if width > room && !is_pem(self.0) {
                return write!(f, "{}…", Escaped(&self.0[..at]));
            }
            room = room.saturating_sub(width);
        }
        Escaped(self.0).fmt(f)
    }
}

/// Foreign text as [`Shown`], however long it is: for what programs read.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        // Somebody gave a file's content where its path belongs: it may be a key.
        if is_pem(self.0) {
            return f.write_str("(PEM text, not shown)");
        }
        for c in self.0.chars() {
            if is_escaped(c) {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

fn is_escaped(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Characters that show as nothing or turn the text around them: bidirectional
/// controls (Unicode TR 9), zero-width characters, line separators, the BOM.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// So many of a thing, in its singular or its plural: `1 leaf`, `2 leaves`.
#[derive(Clone, Copy, Debug)]
pub struct Counted<N>(pub N, pub &'static str, pub &'static str);

impl<N: fmt::Display + PartialEq + From<u8>> fmt::Display for Counted<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, one, many) = self;
        write!(f, "{count} {}", if *count == N::from(1) { one } else { many })
    }
}

/// A path made safe to show, as [`Shown`] does for text.
pub(super) struct ShownPath<'a>(pub(super) &'a Path);

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0.to_string_lossy()).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_turn_around() {
        let shown = Shown("a\u{1b}[2Jb\u{202e}c\nd\0").to_string();
        assert_eq!(shown, "a\\u{1b}[2Jb\\u{202e}c\\u{a}d\\u{0}");
    }

    #[test]
    fn pem_in_a_paths_place_is_not_shown() {
        let shown = Shown("x-----BEGIN PRIVATE KEY-----\nMIGH").to_string();
        assert_eq!(shown, "(PEM text, not shown)");
    }

    #[test]
    fn long_foreign_text_is_cut() {
        assert_eq!(Shown(&"x".repeat(1000)).to_string().chars().count(), SHOWN_LIMIT + 1);
    }
}
