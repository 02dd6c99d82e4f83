//! What people read, command by command: each file of `tests/transcripts` is one session in
//! an empty folder. `$` is what is typed, `|` what comes on standard output, `:` what comes on
//! standard error, `=` the status where it is not 0. Dates, numbers and names that are others
//! each time are words in capitals. `CERTFORGE_BLESS=1` writes them anew: read what changed.

#[path = "../support/mod.rs"]
mod support;
mod terminal;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use certforge::harness::{AcmSim, Settings};
use support::Sandbox;

/// What a run of letters, digits and hyphens is, where it differs from run to run.
fn word(run: &str) -> Option<&'static str> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    // As ACM writes serial numbers.
    let octets: Vec<&str> = run.split(':').collect();
    if octets.len() > 12 && octets.iter().all(|octet| octet.len() == 2 && hex(octet)) {
        return Some("SERIAL");
    }
    let parts: Vec<&str> = run.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    match lengths.as_slice() {
        [4, 2, 2] if parts.iter().all(|part| digits(part)) => Some("DATE"),
        [4, 2, rest] if *rest > 2 && digits(parts[0]) && run.ends_with('Z') => Some("TIME"),
        [8, 4, 4, 4, 12] if parts.iter().all(|part| hex(part)) => Some("ID"),
        // A number that begins with a zero octet is shorter.
        [28 | 30 | 32] if hex(run) => Some("SERIAL"),
        [64] if hex(run) => Some("SHA256"),
        [10] if digits(run) => Some("NUMBER"),
        _ => None,
    }
}

/// A line without what differs from run to run, and with two blanks for many.
fn plain(line: &str, places: &[(String, &'static str)]) -> String {
    let mut line = line.trim_end().replace('\t', " | ");
    for (place, name) in places {
        line = line.replace(place, name);
    }
    // Behind the owner a CA has a part of its key's digest.
    while let Some(at) = line.find("USER@HOST ").map(|at| at + "USER@HOST ".len())
        && line.get(at..at + 8).is_some_and(|tag| tag.bytes().all(|b| b.is_ascii_hexdigit()))
    {
        line.replace_range(at - 1..at + 8, "\u{1}TAG");
    }
    line = line.replace('\u{1}', " ");
    while line.contains("   ") {
        line = line.replace("   ", "  ");
    }
    let mut out = String::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ':';
    let mut rest = line.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        // A signature has an octet more or less.
        if behind.starts_with(" octets") && run.bytes().all(|b| b.is_ascii_digit()) {
            out.push('N');
        } else if let Some(word) = word(run) {
            out.push_str(word);
        } else {
            for part in run.split_inclusive(['-', ':']) {
                let core = part.trim_end_matches(['-', ':']);
                out.push_str(word(core).unwrap_or(core));
                out.push_str(&part[core.len()..]);
            }
        }
        let mut chars = behind.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}

/// Plays what is typed in a transcript; the transcript as it is now.
fn play(text: &str) -> String {
    let sandbox = Sandbox::new();
    let sim = AcmSim::start(Settings::default()).unwrap();
    let owner = support::json(&sandbox.ok("--json ca new owner --key p256 --dry-run").stdout);
    let owner =
        owner["subject"].as_str().unwrap().split(' ').find(|part| part.contains('@')).map(str::to_owned);
    let mut places = vec![(sandbox.path().to_str().unwrap().to_owned(), "FOLDER"), (sim.url(), "http://ACM")];
    places.extend(owner.map(|owner| (owner, "USER@HOST")));
    let mut out = String::new();
    for line in text.lines().filter(|line| line.starts_with(['$', '#']) || line.is_empty()) {
        writeln!(out, "{line}").unwrap();
        let Some(typed) = line.strip_prefix("$ ") else { continue };
        // A file that the session needs: its name, then its text.
        if let Some(file) = typed.strip_prefix("printf > ") {
            let (name, content) = file.split_once(' ').unwrap();
            std::fs::write(sandbox.file(name), content.replace("\\n", "\n")).unwrap();
            continue;
        }
        let args = typed.strip_prefix("certforge ").unwrap_or_else(|| panic!("{typed}"));
        let mut command = sandbox.command(args.split_whitespace());
        command.env("AWS_ENDPOINT_URL", sim.url()).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        let ran = support::ran(command.output().unwrap());
        for (mark, text) in [('|', &ran.stdout), (':', &ran.stderr)] {
            let mut lines: Vec<String> = text.lines().map(|line| plain(line, &places)).collect();
            // In the order of what differs each time.
            if lines.iter().all(|line| line.starts_with("SERIAL | ") || line.starts_with("arn:")) {
                lines.sort();
            }
            for line in lines {
                writeln!(out, "{}", format!("{mark} {line}").trim_end()).unwrap();
            }
        }
        if ran.status != 0 {
            writeln!(out, "= {}", ran.status).unwrap();
        }
    }
    out
}

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn each_session_reads_as_it_is_written() {
    let bless = std::env::var_os("CERTFORGE_BLESS").is_some();
    let all = transcripts();
    assert!(all.len() > 5, "{all:?}");
    let mut changed = Vec::new();
    for path in all {
        let before = std::fs::read_to_string(&path).unwrap();
        let now = play(&before);
        if now == before {
            continue;
        }
        if bless {
            std::fs::write(&path, &now).unwrap();
            continue;
        }
        let mut lines = before.lines().zip(now.lines()).enumerate();
        let first = lines.find(|(_, (old, new))| old != new);
        let (number, (old, new)) = first.unwrap_or((before.lines().count(), ("(its end)", "(more lines)")));
        changed.push(format!("{}, line {}:\n  was {old}\n  is  {new}", path.display(), number + 1));
    }
    assert!(changed.is_empty(), "{}\nCERTFORGE_BLESS=1 writes them anew", changed.join("\n"));
}

#[test]
fn what_differs_each_time_is_a_word() {
    let places = [("/tmp/x".to_owned(), "FOLDER")];
    for (line, wanted) in [
        ("until 2036-11-25, created", "until DATE, created"),
        ("cut from 2031-11-27T09:59:34Z to", "cut from TIME to"),
        ("ca.previous-1a6752b6257e6f48e1e94b5c141a8f58.pem ", "ca.previous-SERIAL.pem"),
        ("/tmp/x/certforge/a.internal\tp256", "FOLDER/certforge/a.internal | p256"),
        ("number 1795860312       0 certificates", "number NUMBER  0 certificates"),
        ("certificate/12345678-1234-1234-1234-123456789abc", "certificate/ID"),
        ("Certificate  704 octets", "Certificate  N octets"),
        ("33:a4:12:1c:ab:44:92:9d:ef:57:de:8c:b8:43:14:da", "SERIAL"),
        ("CN=certforge CA USER@HOST abcdefab P-256", "CN=certforge CA USER@HOST TAG P-256"),
        ("CN=certforge CA USER@HOST 01234567", "CN=certforge CA USER@HOST TAG"),
        ("10.103.10.95 rsa2048 P-256 keyAgreement 365", "10.103.10.95 rsa2048 P-256 keyAgreement 365"),
    ] {
        assert_eq!(plain(line, &places), wanted, "{line}");
    }
}
