//! Text to PEM blocks. No library reads PEM that editors, shells and mail have
//! been at, or says in which line it stops being PEM, so the frame is read here;
//! the base64 is a library's.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::error::PEM_IN_BASE64;

/// The most octets of a line.
const MOST_LINE: usize = 100_000;
/// The most blocks of a file.
const MOST_BLOCKS: usize = 1_200;

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// Padding may be missing: people cut it off with the last line's end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One PEM block. It may be a key, so its bytes are wiped.
pub(super) struct Block {
    pub(super) label: String,
    /// The line its BEGIN is in, from 1.
    pub(super) line: usize,
    /// Whether it says that it is encrypted in the old form (RFC 1421).
    pub(super) encrypted: bool,
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// A block that cannot be read. Never quotes what is in it.
pub(super) struct Damage {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Repairs of what other programs read too.
const READ_BY_OTHERS: [&str; 4] =
    ["Windows line ends", "its base64 in one line", "text around the blocks", "blanks at line ends"];

/// Whether a repair is of something that most programs that read PEM refuse, or pass over in
/// silence.
pub(super) fn is_refused_by_others(repair: &str) -> bool {
    !READ_BY_OTHERS.contains(&repair)
}

/// What a text came to.
#[derive(Default)]
pub(super) struct Read {
    pub(super) blocks: Vec<Result<Block, Damage>>,
    /// The DER that stood in the file as base64 without PEM lines around it.
    pub(super) der: Option<Zeroizing<Vec<u8>>>,
    /// What was not as PEM should be.
    pub(super) repairs: Vec<&'static str>,
    /// What was taken off, where the PEM was in base64 once more.
    pub(super) layer: Option<&'static str>,
}

/// The DER of a text that is certificates in clean PEM and nothing else; none where it is
/// anything that would have to be looked at more closely.
pub(super) fn clean_certificates(text: &str) -> Option<Vec<Vec<u8>>> {
    const HEAD: &str = "-----BEGIN CERTIFICATE-----\n";
    const TAIL: &str = "-----END CERTIFICATE-----\n";
    let mut found = Vec::new();
    let mut rest = text;
    let mut plain = Vec::new();
    while !rest.is_empty() {
        let (body, after) = rest.strip_prefix(HEAD)?.split_once(TAIL)?;
        plain.clear();
        body.split_terminator('\n').for_each(|line| plain.extend_from_slice(line.as_bytes()));
        found.push(BASE64.decode(&plain).ok()?);
        rest = after;
    }
    Some(found)
}

/// How many blocks begin in these bytes.
pub(super) fn begins(bytes: &[u8]) -> usize {
    bytes.windows(BEGIN.len()).filter(|w| *w == BEGIN.as_bytes()).count()
}

/// Reads all blocks of a file.
pub(super) fn read(bytes: &[u8]) -> Read {
    let mut read = Read::default();
    let text = unquoted(decode(bytes, &mut read.repairs), &mut read.repairs);
    if let Some(at) = long_line(&text) {
        let reason = format!("a line of more than {MOST_LINE} octets");
        read.blocks.push(Err(Damage { line: at, reason }));
        return read;
    }
    if text.contains(BEGIN) {
        read.scan(&text);
        return read;
    }
    let Some(inside) = bare_base64(&text) else {
        match values_in_base64(&text) {
            Ok(inside) if inside.is_empty() => {}
            Ok(inside) => {
                read.layer = Some("PEM taken out of the base64 in it, as of a Kubernetes Secret");
                let text = decode(&inside, &mut read.repairs);
                read.scan(&text);
            }
            Err(damage) => read.blocks.push(Err(damage)),
        }
        return read;
    };
    if begins(&inside) > 0 {
        read.layer = Some("one layer of base64 around the PEM taken off");
        let text = decode(&inside, &mut read.repairs);
        read.scan(&text);
    } else if super::is_der(&inside) {
        read.repairs.push("no BEGIN and END lines");
        read.der = Some(inside);
    }
    read
}

/// The text of the bytes, in whatever encoding it is.
fn decode(bytes: &[u8], repairs: &mut Vec<&'static str>) -> Zeroizing<String> {
    let utf16 = |big: bool, bytes: &[u8]| {
        let unit = |pair: &[u8]| match pair {
            [a, b] if big => u16::from_be_bytes([*a, *b]),
            [a, b] => u16::from_le_bytes([*a, *b]),
            _ => 0xfffd,
        };
        // Room for all of it: growing would leave copies of a key behind.
        let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 2 * 3 + 3));
        let chars = char::decode_utf16(bytes.chunks(2).map(unit));
        text.extend(chars.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        text
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => {
            repairs.push("UTF-16 text, as PowerShell's > writes it");
            utf16(false, rest)
        }
        [0xfe, 0xff, rest @ ..] => {
            repairs.push("UTF-16 text");
            utf16(true, rest)
        }
        [_, 0, _, 0, ..] => {
            repairs.push("UTF-16 text");
            utf16(false, bytes)
        }
        [0, _, 0, _, ..] => {
            repairs.push("UTF-16 text");
            utf16(true, bytes)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            repairs.push("a byte order mark");
            Zeroizing::new(String::from_utf8_lossy(rest).into_owned())
        }
        _ => Zeroizing::new(match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(bytes).into_owned(),
        }),
    };
    if text.contains("-----\\n") || text.contains("-----\\r\\n") {
        repairs.push("line ends written as \\n");
        return unescaped(&text);
    }
    text
}

/// The text with its line ends in place of what stands for them. Made in one piece.
fn unescaped(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        let (instead, taken) = match behind.as_bytes().get(1) {
            Some(b'r') => ("", 2),
            Some(b'n') => ("\n", 2),
            _ => ("\\", 1),
        };
        out.push_str(instead);
        rest = &behind[taken..];
    }
    out.push_str(rest);
    out
}

/// The number of the first line that is too long.
fn long_line(text: &str) -> Option<usize> {
    if text.len() <= MOST_LINE {
        return None;
    }
    text.split('\n').position(|line| line.len() > MOST_LINE).map(|i| i + 1)
}

/// The text without the marks that mail puts before the lines of another message.
fn unquoted(text: Zeroizing<String>, repairs: &mut Vec<&'static str>) -> Zeroizing<String> {
    if !text.lines().any(|line| line.starts_with('>') && line.contains(BEGIN)) {
        return text;
    }
    repairs.push("marks of quotation, as mail has them");
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    text.split_inclusive('\n').for_each(|line| out.push_str(line.trim_start_matches(['>', ' '])));
    out
}

/// What the text says in base64, if that is all it is.
fn bare_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|c| !c.is_whitespace()));
    if plain.len() < 64 {
        return None;
    }
    BASE64.decode(plain.as_bytes()).ok().map(Zeroizing::new)
}

/// What stands in base64 in another document and is PEM then: values of a Kubernetes
/// Secret, in YAML or JSON.
fn values_in_base64(text: &str) -> Result<Zeroizing<Vec<u8>>, Damage> {
    // Room for all of it: growing would leave copies of a key behind.
    let mut found = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some(at) = rest.find(PEM_IN_BASE64) {
        rest = &rest[at..];
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        let (value, after) = rest.split_at(rest.find(|c| !is_base64(c)).unwrap_or(rest.len()));
        BASE64.decode_vec(value, &mut found).map_err(|_| {
            let line = 1 + line_ends(&text[..text.len() - rest.len()]);
            Damage { line, reason: "its base64 is cut off or damaged".to_owned() }
        })?;
        found.push(b'\n');
        rest = after;
    }
    Ok(found)
}

impl Read {
    fn scan(&mut self, text: &str) {
        self.note_line_ends(text);
        let mut outside = false;
        let mut line = 1;
        let mut at = 0;
        while let Some(found) = text[at..].find(BEGIN) {
            let between = &text[at..at + found];
            outside |= !between.trim().is_empty();
            line += line_ends(between);
            if text[..at + found].bytes().next_back().is_some_and(|b| !matches!(b, b'\n' | b'\r')) {
                self.note("a BEGIN that is not at the beginning of a line");
            }
            let (block, next) = self.block(&text[at + found..], line);
            if self.blocks.len() == MOST_BLOCKS {
                let reason = format!("more than {MOST_BLOCKS} blocks");
                self.blocks.push(Err(Damage { line, reason }));
                return;
            }
            self.blocks.push(block);
            line += line_ends(&text[at + found..at + found + next]);
            at += found + next;
        }
        outside |= !text[at..].trim().is_empty();
        if outside {
            self.repairs.push("text around the blocks");
        }
    }

    /// The block that starts here, and how far it reaches.
    fn block(&mut self, text: &str, line: usize) -> (Result<Block, Damage>, usize) {
        let damage = |reason: String| Err(Damage { line, reason });
        let rest = &text[BEGIN.len()..];
        let label = rest.find(DASHES).map(|end| &rest[..end]);
        let Some(label) = label.filter(|l| l.len() <= 64 && !l.contains(['\n', '\r'])) else {
            return (damage("its BEGIN line is not whole".to_owned()), BEGIN.len());
        };
        if !is_label(label) {
            return (damage("its BEGIN line has something else than a label".to_owned()), BEGIN.len());
        }
        let start = BEGIN.len() + label.len() + DASHES.len();
        let Some(length) = text[start..].find(DASHES) else {
            // What follows is its body, and no text around it.
            return (damage(format!("the END line of {label} is missing")), text.len());
        };
        let body = &text[start..start + length];
        let Some(end) = text[start + length..].strip_prefix("-----END ") else {
            return (damage(format!("the END line of {label} is missing")), start + length);
        };
        if !end.strip_prefix(label).is_some_and(|rest| rest.starts_with(DASHES)) {
            let reach = start + length + "-----END ".len();
            return (damage(format!("its BEGIN line says {label}, and its END line does not")), reach);
        }
        let reach = start + length + "-----END ".len() + label.len() + DASHES.len();
        let behind = text[reach..].split(['\n', '\r']).next().unwrap_or_default();
        if !behind.trim().is_empty() && !behind.starts_with(BEGIN) {
            self.note("text behind an END line");
        }
        let encrypted = body.contains("Proc-Type:") && body.contains("ENCRYPTED");
        let der = if encrypted { Ok(Zeroizing::default()) } else { self.body(body, line) };
        (der.map(|der| Block { label: label.to_owned(), line, encrypted, der }), reach)
    }

    /// The bytes that a block's body says.
    fn body(&mut self, body: &str, line: usize) -> Result<Zeroizing<Vec<u8>>, Damage> {
        let several = body.contains('\n');
        let lines = body.rsplit_once('\n').map_or(body, |(lines, _)| lines);
        if lines.split('\n').skip(1).any(|line| line.trim().is_empty()) {
            self.note("blank lines in a block");
        }
        let beside = |line: Option<&str>| line.is_some_and(|line| !line.trim().is_empty());
        if beside(body.split(['\n', '\r']).next()) {
            self.note("a BEGIN that is not alone in its line");
        }
        if beside(body.rsplit(['\n', '\r']).next()) {
            self.note("an END that is not at the beginning of a line");
        }
        for line in body.split('\n') {
            let line = line.trim_end_matches('\r');
            if line.len() > 76 {
                self.note("its base64 in one line");
            }
            let (first, last) = (line.as_bytes().first(), line.as_bytes().last());
            let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t'));
            if several && (blank(first) || blank(last)) && !line.trim().is_empty() {
                if blank(first) {
                    self.note("indented lines");
                }
                if blank(last) {
                    self.note("blanks at line ends");
                }
            }
        }
        let mut plain = Zeroizing::new(String::with_capacity(body.len()));
        let mut line = line;
        for (n, part) in body.split('\n').enumerate() {
            line += usize::from(n > 0);
            let part = part.trim_end_matches('\r');
            if part.bytes().all(is_base64) {
                plain.push_str(part);
                continue;
            }
            for c in part.chars() {
                match u8::try_from(c) {
                    Ok(b) if is_base64(b) => plain.push(c),
                    _ if c.is_whitespace() => {}
                    _ => {
                        let reason = "a character that is not base64's".to_owned();
                        return Err(Damage { line, reason });
                    }
                }
            }
        }
        let broken = |_| Damage { line, reason: "its base64 is cut off or damaged".to_owned() };
        BASE64.decode(plain.as_bytes()).map(Zeroizing::new).map_err(broken)
    }

    fn note_line_ends(&mut self, text: &str) {
        if text.contains("\r\n") {
            self.note("Windows line ends");
        } else if text.contains('\r') {
            self.note("line ends of one carriage return");
        }
    }

    fn note(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }
}

const fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

fn line_ends(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}
/// Words as labels have them (RFC 7468 §4). A line that lost its line end holds the content
/// too, which is nobody's to show.
fn is_label(text: &str) -> bool {
    let is_word = |word: &str| word.len() <= 12 && word.bytes().all(|b| b.is_ascii_alphanumeric());
    text.split([' ', '-']).all(is_word)
}
