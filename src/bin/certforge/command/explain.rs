//! `certforge explain`: what is behind an error text, from the data in
//! templates/explanations.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;

use certforge::Error;
use certforge::store::read_large_input;
use memchr::memmem::Finder;

use crate::context::Failure;
use crate::report::{ExplainReport, Explained, Report};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge explain 'PKIX path building failed'
  certforge explain x509: certificate relies on legacy Common Name field
  kubectl logs deploy/backend | certforge explain
  certforge explain --list

Exit status 0: an explanation was found; 1: none, and the nearest are named.")]
pub struct Args {
    /// The text, or a part of it; without it, standard input is read
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// List every text that is known
    #[arg(long, conflicts_with = "text")]
    list: bool,
}

/// The data: one file for those who say the texts.
const BOOK: &str = concat!(
    include_str!("../../../../templates/explanations/alerts.toml"),
    include_str!("../../../../templates/explanations/aws.toml"),
    include_str!("../../../../templates/explanations/browsers.toml"),
    include_str!("../../../../templates/explanations/dotnet.toml"),
    include_str!("../../../../templates/explanations/go.toml"),
    include_str!("../../../../templates/explanations/java.toml"),
    include_str!("../../../../templates/explanations/keys.toml"),
    include_str!("../../../../templates/explanations/languages.toml"),
    include_str!("../../../../templates/explanations/openssl.toml"),
    include_str!("../../../../templates/explanations/rustls.toml"),
    include_str!("../../../../templates/explanations/servers.toml"),
);

/// All that is known.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    explanation: Vec<Explanation>,
}

/// What is known of some texts.
#[derive(Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    id: String,
    client: String,
    /// Whether it says only that something failed: of a line that says why, the reason is told.
    #[serde(default)]
    general: bool,
    /// Parts of the text; `…` stands for anything.
    #[serde(rename = "match")]
    matches: Vec<String>,
    cause: String,
    confirm: String,
    fix: String,
    source: String,
}

/// The most explanations of one log.
const MOST: usize = 10;
/// How many of the nearest are named where none fits.
const NEAREST: usize = 3;
/// The least of a text that it is known by.
const LEAST: usize = 12;
/// The longest part of a line that is looked at.
const LONGEST: usize = 4_000;

pub fn run(args: &Args) -> Result<Report, Failure> {
    let book: Book = toml::from_str(BOOK)
        .map_err(|e| Error::Internal { doing: "reading explanations", reason: e.to_string() })?;
    if args.list {
        let all = book.explanation.iter().map(|e| explained(e, None, &e.matches[0])).collect();
        return Ok(Report::Explain(ExplainReport { found: all, nearest: Vec::new(), list: true }));
    }
    let text = if args.text.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Failure::usage(
                "there is no text to explain",
                "certforge explain 'PKIX path building failed', or pipe a log into it",
            ));
        }
        text_of(&read_large_input(Path::new("-"))?)
    } else {
        args.text.join(" ")
    };
    if text.trim().is_empty() {
        return Err(Failure::usage(
            "there is no text to explain",
            "certforge explain 'PKIX path building failed'",
        ));
    }
    let mut found: Vec<Explained> = Vec::new();
    let mut seen = HashSet::new();
    let parts = Parts::of(&book);
    let several = text.lines().filter(|line| !line.trim().is_empty()).nth(1).is_some();
    for (n, line) in text.lines().enumerate() {
        if found.len() == MOST {
            break;
        }
        // Of a log only whole texts count; who asks for one may give a part of it.
        let fitting = parts.whole(line).or_else(|| if several { None } else { parts.partly(line) });
        if let Some((explanation, part)) = fitting
            && seen.insert(explanation.id.clone())
        {
            found.push(explained(explanation, several.then_some(n + 1), part));
        }
    }
    let nearest = if found.is_empty() { nearest(&book, &text) } else { Vec::new() };
    Ok(Report::Explain(ExplainReport { found, nearest, list: false }))
}

/// A log as it is written, in UTF-16 too, as PowerShell does.
fn text_of(bytes: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(of));
        char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn explained(e: &Explanation, line: Option<usize>, matched: &str) -> Explained {
    Explained {
        id: e.id.clone(),
        client: e.client.clone(),
        line,
        matched: matched.to_owned(),
        cause: e.cause.clone(),
        confirm: e.confirm.clone(),
        fix: e.fix.clone(),
        source: e.source.clone(),
    }
}

/// The texts of the book, ready to be looked for.
struct Parts<'a>(Vec<(&'a Explanation, &'a str, Vec<Finder<'static>>)>);

impl<'a> Parts<'a> {
    fn of(book: &'a Book) -> Self {
        // Logs have very many lines, and each is held against all of them.
        let finder = |piece: &str| Finder::new(piece.trim()).into_owned();
        let pieces = |part: &str| part.to_lowercase().split('…').map(finder).collect();
        let mut all: Vec<_> = book
            .explanation
            .iter()
            .flat_map(|e| e.matches.iter().map(move |part| (e, part.as_str(), pieces(part))))
            .collect();
        // The longest says most: of several that fit, it is the one.
        all.sort_by_key(|(e, part, _)| (e.general, std::cmp::Reverse(length(part))));
        Self(all)
    }

    /// The explanation whose text stands in a line.
    fn whole(&self, line: &str) -> Option<(&'a Explanation, &'a str)> {
        let line: String = line.chars().take(LONGEST).collect::<String>().to_lowercase();
        self.0.iter().find(|(_, _, pieces)| fits(&line, pieces)).map(|(e, part, _)| (*e, *part))
    }

    /// Who gives a part of a text means the shortest that it is a part of, or the one with all
    /// of whose words it is written otherwise.
    fn partly(&self, line: &str) -> Option<(&'a Explanation, &'a str)> {
        let line: String = line.chars().take(LONGEST).collect::<String>().to_lowercase();
        let given = line.trim();
        let is_part = |part: &str| given.len() >= LEAST && part.to_lowercase().contains(given);
        let part = self.0.iter().rev().find(|(_, part, _)| is_part(part)).map(|(e, part, _)| (*e, *part));
        part.or_else(|| {
            let near = self.0.iter().filter_map(|(e, part, _)| Some(((*e, *part), all_of(&line, part)?)));
            near.max_by_key(|(_, words)| *words).map(|(found, _)| found)
        })
    }
}

fn length(part: &str) -> usize {
    part.chars().filter(|c| *c != '…').count()
}

/// How many words a text has, where all of them stand in a line, one behind the other but for
/// what `…` stands for. One that is missing may be what matters: `not`, `invalid`.
fn all_of(line: &str, part: &str) -> Option<usize> {
    let words = |text: &str| -> Vec<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(ToOwned::to_owned)
            .collect()
    };
    let line = words(line);
    let mut rest = line.as_slice();
    let mut count = 0;
    for piece in part.split('…').map(words).filter(|piece| !piece.is_empty()) {
        let at = rest.windows(piece.len()).position(|window| window == piece)?;
        rest = rest.get(at + piece.len()..).unwrap_or_default();
        count += piece.len();
    }
    (count >= 4).then_some(count)
}

/// Whether the pieces of a text stand in a line, in their order, as words: `EPROTO` is not in
/// `EPROTONOSUPPORT`.
fn fits(line: &str, pieces: &[Finder<'_>]) -> bool {
    let line = line.as_bytes();
    let is_within = |before: Option<&u8>, after: Option<&u8>| {
        before.zip(after).is_some_and(|(a, b)| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric())
    };
    let mut from = 0;
    pieces.iter().all(|piece| {
        let length = piece.needle().len();
        let is_word = |at: &usize| {
            let (start, end) = (from + at, from + at + length);
            let cut_before = start > 0 && is_within(line.get(start - 1), piece.needle().first());
            !cut_before && !is_within(piece.needle().last(), line.get(end))
        };
        let found = piece.find_iter(line.get(from..).unwrap_or_default()).find(is_word);
        found.inspect(|at| from += at + length).is_some()
    })
}

/// The explanations that have most words in common with a text that nothing fits.
fn nearest(book: &Book, text: &str) -> Vec<Explained> {
    let words = |text: &str| -> HashSet<String> {
        let lower = text.chars().take(LONGEST).collect::<String>().to_lowercase();
        lower.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 2).map(ToOwned::to_owned).collect()
    };
    let asked = words(text);
    let mut ranked: Vec<(usize, &Explanation, &str)> = Vec::new();
    for e in &book.explanation {
        let common = |part: &String| words(part).intersection(&asked).count();
        if let Some(part) = e.matches.iter().max_by_key(|part| common(part)) {
            ranked.push((common(part), e, part));
        }
    }
    ranked.retain(|(common, ..)| *common > 0);
    // Of those that have as many, the one with the fewest other words.
    ranked.sort_by_key(|(common, _, part)| (std::cmp::Reverse(*common), words(part).len()));
    ranked.into_iter().take(NEAREST).map(|(_, e, part)| explained(e, None, part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        toml::from_str(BOOK).unwrap()
    }

    #[test]
    fn every_text_finds_its_own_explanation() {
        let book = book();
        let mut ids = HashSet::new();
        let parts = Parts::of(&book);
        for e in &book.explanation {
            assert!(ids.insert(&e.id), "{} twice", e.id);
            for said in [&e.client, &e.cause, &e.confirm, &e.fix, &e.source] {
                assert!(!said.trim().is_empty(), "{} says nothing", e.id);
            }
            for part in &e.matches {
                let line = format!("2026-11-24 ERROR javax: {} (x)", part.replace('…', "something else"));
                let (found, _) = parts.whole(&line).unwrap();
                assert_eq!(found.id, e.id, "{part}");
            }
        }
    }
}
