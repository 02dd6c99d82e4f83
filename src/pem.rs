//! Which block of a PEM text is meant (RFC 7468), and what is no text.

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The first block of one of these kinds; where there is none, the first of another kind, so
/// that it can be said what it is; else all of the text. Text and blocks before and behind are
/// passed over, as OpenSSL does.
pub(crate) fn block(text: &[u8], is_wanted: impl Fn(&str) -> bool) -> &[u8] {
    let mut first = None;
    let mut at = 0;
    while let Some(begin) = find(text, at, BEGIN) {
        let from = begin + BEGIN.len();
        let label_end = find(text, from, DASHES).unwrap_or(text.len());
        let end = find(text, label_end, END).and_then(|end| find(text, end + END.len(), DASHES));
        let end = end.map_or(text.len(), |dashes| dashes + DASHES.len());
        // What is told of in a line of its own text is no block.
        if begin == 0 || matches!(text[begin - 1], b'\n' | b'\r') {
            let block = &text[begin..end];
            if std::str::from_utf8(&text[from..label_end]).is_ok_and(&is_wanted) {
                return block;
            }
            first.get_or_insert(block);
            at = end;
        } else {
            at = from;
        }
    }
    first.unwrap_or(text)
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
    use super::{block, is_der};

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
        assert_eq!(block(b"-----BEGIN ", is("")), b"-----BEGIN ");
        assert_eq!(block(b"", is("")), b"");
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
