//! Which block of a PEM text is meant (RFC 7468), and what is no text.

use der::pem::{Decoder, decode_vec};
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The first block of one of these kinds; where there is none, the first of another kind, so
/// that it can be said what it is; else all of the text. Text and blocks before and behind are
/// passed over, as OpenSSL does.
pub(crate) fn block(text: &[u8], is_wanted: impl Fn(&str) -> bool) -> &[u8] {
    let mut first = None;
    for (label, block) in blocks(text) {
        if is_wanted(label) {
            return block;
        }
        first.get_or_insert(block);
    }
    first.unwrap_or(text)
}

/// The blocks of a text with their labels, in their order. One that has no end goes on to the
/// next one's beginning, or to the end of the text.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = begins(text, at)?;
        let label = begin + BEGIN.len();
        let line =
            text[label..].iter().position(|octet| *octet == b'\n').map_or(text.len(), |end| label + end);
        let label_end = find(&text[..line], label, DASHES).unwrap_or(line);
        // Where the next one begins this one has no end of its own: each octet is looked at once.
        let next = begins(text, label).unwrap_or(text.len());
        let inside = &text[..next];
        let end = find(inside, label_end, END).and_then(|end| find(inside, end + END.len(), DASHES));
        at = end.map_or(next, |dashes| dashes + DASHES.len());
        Some((std::str::from_utf8(&text[label..label_end]).unwrap_or_default(), &text[begin..at]))
    })
}

/// Where the next block begins: what is told of in a line of its own text is none.
fn begins(text: &[u8], mut from: usize) -> Option<usize> {
    while let Some(begin) = find(text, from, BEGIN) {
        if begin == 0 || matches!(text[begin - 1], b'\n' | b'\r') {
            return Some(begin);
        }
        from = begin + BEGIN.len();
    }
    None
}

/// The label and the octets of a block whose lines may be of any length: Java's encoder for MIME
/// writes 76 characters, and RFC 7468 §2 asks who reads to be lenient.
pub(crate) fn decode(block: &[u8]) -> der::pem::Result<(&str, Zeroizing<Vec<u8>>)> {
    decode_vec(block).map(|(label, der)| (label, Zeroizing::new(der))).or_else(|strict| {
        let (label, line) = in_one_line(block.trim_ascii()).ok_or(strict)?;
        let mut der = Zeroizing::new(Vec::with_capacity(line.len()));
        let read = Decoder::new_detect_wrap(&line).and_then(|mut d| d.decode_to_end(&mut der).map(|_| ()));
        read.map(|()| (label, der)).map_err(|_| strict)
    })
}

/// The label of a block, and the same with all its base64 in one line.
fn in_one_line(block: &[u8]) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let label = find(block, BEGIN.len(), DASHES)?;
    let inside = label + DASHES.len();
    let end = find(block, inside, END)?;
    let mut line = Zeroizing::new(Vec::with_capacity(block.len() + 2));
    line.extend(&block[..inside]);
    line.push(b'\n');
    line.extend(block[inside..end].iter().filter(|octet| !octet.is_ascii_whitespace()));
    line.push(b'\n');
    line.extend(&block[end..]);
    Some((std::str::from_utf8(&block[BEGIN.len()..label]).ok()?, line))
}

/// Whether these octets begin as DER does: a SEQUENCE with its length (X.690 §8.1). Its tag is
/// a text's digit zero too, and every element that small files begin with has a tag which no
/// text has.
pub(crate) fn is_der(octets: &[u8]) -> bool {
    let is_text = |octet: &u8| *octet >= b' ' || octet.is_ascii_whitespace();
    match octets {
        [0x30, 0x80..=0x84, ..] | [0x30] => true,
        [0x30, 0..=0x7f, inside @ ..] => !inside.iter().take(0x7f).all(is_text),
        _ => false,
    }
}

fn find(text: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::{block, blocks, decode, is_der};

    #[test]
    fn the_block_that_is_wanted_is_found_among_others() {
        let one = "-----BEGIN A-----\nAAAA\n-----END A-----";
        let two = "-----BEGIN B-----\nBBBB\n-----END B-----";
        let is = |wanted: &'static str| move |label: &str| label == wanted;
        let text = format!("# says -----BEGIN B----- in its text\n{one}\nmore\n{two}\n{two}\n# end");
        assert_eq!(block(text.as_bytes(), is("B")), two.as_bytes());
        assert_eq!(block(text.as_bytes(), is("A")), one.as_bytes());
        // Of another kind: that one is told of.
        assert_eq!(block(text.as_bytes(), is("C")), one.as_bytes());
        assert_eq!(block(b"no block", is("C")), b"no block");
        // One that does not end goes on to the end of the text.
        let open = "-----BEGIN A-----\nAAAA\n";
        assert_eq!(block(open.as_bytes(), is("A")), open.as_bytes());
        // Or to where the next one begins.
        let text = format!("{open}{two}");
        assert_eq!(block(text.as_bytes(), is("A")), open.as_bytes());
        assert_eq!(block(text.as_bytes(), is("B")), two.as_bytes());
        assert_eq!(block(b"-----BEGIN ", is("")), b"-----BEGIN ");
        assert_eq!(block(b"", is("")), b"");
    }
    #[test]
    fn each_octet_is_looked_at_a_few_times() {
        // Were it once for each beginning, this would take minutes.
        for part in ["x-----BEGIN ", "-----BEGIN \n", "-----BEGIN A-----\n", "\n-----BEGIN A-----END "] {
            let text = part.repeat(200_000);
            assert!(blocks(text.as_bytes()).count() <= 200_000);
            assert!(!block(text.as_bytes(), |_| false).is_empty());
        }
    }

    #[test]
    fn lines_may_be_of_any_length() {
        let body =
            "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==";
        let lines = |n: usize, end: &str| -> String {
            let lines =
                body.as_bytes().chunks(n).map(|line| String::from_utf8_lossy(line).into_owned() + end);
            lines.collect()
        };
        let block = |inside: &str| format!("-----BEGIN A KEY-----\n{inside}-----END A KEY-----\n");
        let usual = block(&lines(64, "\n"));
        let (label, der) = decode(usual.as_bytes()).unwrap();
        assert_eq!((label, der.len()), ("A KEY", 67));
        for (n, end) in [(76, "\r\n"), (3, " \n"), (1000, "\n")] {
            assert_eq!(decode(block(&lines(n, end)).as_bytes()).unwrap(), (label, der.clone()), "{n}");
        }
        for bad in ["!", "AAAA\nB", "A: b\n\nAAAA", ""] {
            assert!(decode(block(&format!("{bad}\n")).as_bytes()).is_err() || bad.is_empty(), "{bad}");
        }
        for bad in [
            "",
            "-----BEGIN ",
            "-----BEGIN A",
            "-----BEGIN A-----",
            "-----END A-----",
            "-----BEGIN A-----END A-----",
        ] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_that_begins_with_a_zero_is_not_der() {
        // A serial number as easy-rsa and openssl keep the next one, and tables.
        for text in ["0EB13A05CD569E89F6E763F59976A34F\n", "01\n", "0", "0\t1\r\n", "0é\n", "0,a,b", ""] {
            assert_eq!(is_der(text.as_bytes()), text == "0", "{text:?}");
        }
        let short = [0x30, 0x2e, 0x02, 0x01, 0x00];
        let long = [0x30, 0x82, 0x41, 0x41, 0x41];
        assert!(is_der(&short) && is_der(&long) && is_der(&long[..2]) && is_der(&[0x30, 0x80, 0x02]));
        assert!(!is_der(&short[1..]));
    }
}
