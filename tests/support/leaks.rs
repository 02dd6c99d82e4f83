//! What every command of every test printed, held against every key and pass phrase that
//! its test left behind.

use std::cell::RefCell;
use std::path::Path;
use std::process::Output;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

thread_local! {
    /// What the commands of this thread's test printed.
    static PRINTED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Files that are larger are none of ours.
const LARGEST: u64 = 1 << 20;

/// Remembers what a command printed.
pub fn remember(output: &Output) {
    PRINTED.with_borrow_mut(|printed| {
        for stream in [&output.stdout, &output.stderr] {
            printed.extend_from_slice(stream);
            printed.push(b'\n');
        }
    });
}

/// The secrets of a folder that stand in what was printed, each with its file.
pub fn leaked(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    PRINTED.with_borrow(|printed| {
        if printed.is_empty() {
            return;
        }
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()) {
                let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
                if metadata.is_dir() {
                    folders.push(path);
                } else if metadata.is_file() && metadata.len() <= LARGEST {
                    let Ok(bytes) = std::fs::read(&path) else { continue };
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let secrets = [key_lines(&bytes), pass_phrases(&name, &bytes)].concat();
                    if secrets.iter().any(|secret| holds(printed, secret)) {
                        found.push(path.display().to_string());
                    }
                }
            }
        }
    });
    found
}

/// The lines of base64 of all private keys in a file, but for what is too short to be told
/// from chance, and for what is of the public half: a certificate says that too.
fn key_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut block: Option<(usize, Vec<&[u8]>)> = None;
    let mut at = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let start = at;
        at += line.len();
        let line = line.trim_ascii();
        if line.starts_with(b"-----BEGIN ") && line.ends_with(b"PRIVATE KEY-----") {
            block = Some((start, Vec::new()));
        } else if line.starts_with(b"-----") {
            if let Some((start, inside)) = block.take() {
                let key = certforge::PrivateKey::from_pem(&bytes[start..at]);
                let public = key.map(|key| key.public().der().to_vec()).unwrap_or_default();
                let is_public = |line: &[u8]| {
                    let decoded = STANDARD.decode(line);
                    decoded.is_ok_and(|part| public.windows(part.len()).any(|window| window == part))
                };
                lines.extend(inside.into_iter().filter(|line| !is_public(line)));
            }
        } else if let Some((_, inside)) = &mut block
            && line.len() >= 20
            && !line.contains(&b':')
        {
            inside.push(line);
        }
    }
    // One without an end is one all the same.
    lines.extend(block.into_iter().flat_map(|(_, inside)| inside));
    lines
}

/// What stands in a file that is called for its pass phrase.
fn pass_phrases<'a>(name: &str, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    const BEGINNINGS: [&str; 6] = ["passphrase", "passwd", "password", "pass", "pw", "phrase"];
    let named = BEGINNINGS.iter().any(|word| name.starts_with(word));
    let lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| named && line.len() >= 8).collect()
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return false };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| b == first) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
