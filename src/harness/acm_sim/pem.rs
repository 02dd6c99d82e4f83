//! PEM as the simulator takes it: strictly, so that what is sent has to be right.

use base64::Engine;

/// The blocks of a text: label and DER. Nothing may stand around them.
pub(super) fn blocks(text: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(begin) = lines.next() {
        if begin.is_empty() {
            continue;
        }
        let label = begin.strip_prefix("-----BEGIN ")?.strip_suffix("-----")?;
        let mut body = String::new();
        loop {
            let line = lines.next()?;
            if let Some(end) = line.strip_prefix("-----END ") {
                if end.strip_suffix("-----")? != label {
                    return None;
                }
                break;
            }
            if line.len() > 76 || line != line.trim() {
                return None;
            }
            body.push_str(line);
        }
        let der = base64::engine::general_purpose::STANDARD.decode(&body);
        // A key that is encrypted in the old form has headers in its body.
        found.push((label.to_owned(), der.unwrap_or_default()));
    }
    Some(found)
}
