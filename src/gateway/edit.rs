//! Changes in the text of a document, in the manner of what stands around them.

use std::fmt::Write;
use std::ops::Range;

use super::lines::LineStarts;
use super::tree::{Id, Kind, Member, Node, Style};
use super::{Document, Setting, Syntax};
use crate::error::{Error, Result};

const TLS_CONFIG: &str = "tlsConfig";
/// How far a level is indented where the document does not show it.
const UNIT: &str = "  ";
/// How many unchanged lines a diff shows around a change.
const CONTEXT: usize = 3;
/// The longest line that a diff shows whole.
const LONGEST_LINE: usize = 2_000;
/// How much of a longer one it shows around a change.
const AROUND: usize = 60;

/// What stands at `at` becomes `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) at: Range<usize>,
    pub(super) text: String,
}

/// The text with all edits in it; they are in order and do not overlap.
pub(super) fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|e| e.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.at.start]);
        out.push_str(&edit.text);
        at = edit.at.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The edits that give an integration a setting.
pub(super) fn set(document: &Document, integration: Id, setting: &Setting) -> Result<Vec<Edit>> {
    let tree = &document.tree;
    let value = match setting {
        Setting::InsecureSkipVerification(_) => setting.value().to_owned(),
        Setting::ServerNameToVerify(name) => format!("\"{name}\""),
    };
    let writer = Writer { document };
    let Some(config) = tree.member(integration, TLS_CONFIG) else {
        return Ok(vec![writer.insert(integration, TLS_CONFIG, &New::Nested(setting.member(), &value))?]);
    };
    let node = tree.node(config);
    match &node.kind {
        Kind::Map { .. } => match tree.own(config, setting.member()) {
            Some(old) if tree.node(old).span.is_empty() => {
                let at = writer.behind_key(config, setting.member());
                Ok(vec![Edit { at: at..at, text: format!(" {value}") }])
            }
            Some(old) => Ok(vec![Edit { at: writer.written(tree.node(old)), text: value }]),
            None => Ok(vec![writer.insert(config, setting.member(), &New::Value(&value))?]),
        },
        Kind::Scalar { text, .. } if matches!(text.as_str(), "" | "null" | "~") => {
            let mut at = writer.written(node);
            // Where nothing is written the parser names a place further on.
            if at.is_empty() {
                let behind = writer.behind_key(integration, TLS_CONFIG);
                at = behind..behind;
            }
            let (member, quote) = (setting.member(), if document.syntax == Syntax::Json { "\"" } else { "" });
            let blank = if at.is_empty() { " " } else { "" };
            Ok(vec![Edit { at, text: format!("{blank}{{{quote}{member}{quote}: {value}}}") }])
        }
        _ => Err(Error::ApiDocument {
            code: "apigw.syntax",
            reason: format!("the tlsConfig at octet {} is no mapping", node.span.start),
        }),
    }
}

/// What a new member has.
enum New<'a> {
    Value(&'a str),
    /// A mapping of one member.
    Nested(&'a str, &'a str),
}

struct Writer<'a> {
    document: &'a Document,
}

impl Writer<'_> {
    fn text(&self) -> &str {
        &self.document.text
    }

    const fn lines(&self) -> &LineStarts {
        &self.document.lines
    }

    /// Where a scalar's text stands, without what the parser counts with it.
    fn written(&self, node: &Node) -> Range<usize> {
        let text = &self.text()[node.span.clone()];
        node.span.start..node.span.start + text.trim_end().len()
    }

    /// The place behind a member's colon.
    fn behind_key(&self, map: Id, key: &str) -> usize {
        let members = self.document.tree.all_members(map);
        let end = members.iter().find(|m| m.key == key).map_or(0, |m| m.span.end);
        end + self.text()[end..].find(':').map_or(0, |at| at + 1)
    }

    /// A new member of a mapping: before its last one, so that no line that is there
    /// changes.
    fn insert(&self, map: Id, key: &str, new: &New<'_>) -> Result<Edit> {
        let node = self.document.tree.node(map);
        let Kind::Map { members, flow, .. } = &node.kind else {
            let reason = "an integration in it is no mapping".to_owned();
            return Err(Error::ApiDocument { code: "apigw.syntax", reason });
        };
        let Some((last, before)) = members.split_last() else {
            let quote = if self.document.syntax == Syntax::Json { "\"" } else { "" };
            let value = match new {
                New::Value(value) => (*value).to_owned(),
                New::Nested(inner, value) => format!("{{{quote}{inner}{quote}: {value}}}"),
            };
            return Ok(Edit { at: node.span.clone(), text: format!("{{{quote}{key}{quote}: {value}}}") });
        };
        if *flow {
            Ok(self.in_flow(node, last, before, key, new))
        } else {
            Ok(self.in_block(last, before, key, new))
        }
    }

    fn in_flow(&self, map: &Node, last: &Member, before: &[Member], key: &str, new: &New<'_>) -> Edit {
        let text = self.text();
        let quoted = |key: &str| match last.style {
            Style::Quoted(quote) => format!("{quote}{key}{quote}"),
            _ => key.to_owned(),
        };
        let separator = self.separator(last);
        let start = self.lines().start_of(last.span.start);
        let indent = &text[start..last.span.start];
        if start > 0 && indent.chars().all(|c| c == ' ' || c == '\t') && start > map.span.start {
            let end = line_end(text, start);
            let inner = format!("{indent}{}", self.unit(map, indent));
            let value = match new {
                New::Value(value) => (*value).to_owned(),
                New::Nested(member, value) => {
                    format!("{{{end}{inner}{}{separator}{value}{end}{indent}}}", quoted(member))
                }
            };
            return Edit {
                at: start..start,
                text: format!("{indent}{}{separator}{value},{end}", quoted(key)),
            };
        }
        let comma = before.last().map_or(", ", |previous| {
            let between = &text
                [self.document.tree.written(previous.value).span.end.min(last.span.start)..last.span.start];
            if between.trim() == "," && !between.contains('\n') { between } else { ", " }
        });
        let value = match new {
            New::Value(value) => (*value).to_owned(),
            New::Nested(member, value) => format!("{{{}{separator}{value}}}", quoted(member)),
        };
        let at = last.span.start;
        Edit { at: at..at, text: format!("{}{separator}{value}{comma}", quoted(key)) }
    }

    /// What stands between a key and its value.
    fn separator(&self, member: &Member) -> &str {
        let value = &self.document.tree.written(member.value).span;
        let between = self.text().get(member.span.end..value.start).unwrap_or_default();
        if between.trim() == ":" && !between.contains('\n') { between } else { ": " }
    }

    /// How much deeper the members of a mapping stand than the mapping.
    fn unit<'a>(&'a self, map: &Node, indent: &'a str) -> &'a str {
        let text = self.text();
        let closing = self.lines().start_of(map.span.end.saturating_sub(1));
        let outer = text[closing..].find(|c| c != ' ' && c != '\t').map_or(0, |n| n);
        match indent.get(outer..) {
            Some(unit) if !unit.is_empty() => unit,
            _ => UNIT,
        }
    }

    fn in_block(&self, last: &Member, before: &[Member], key: &str, new: &New<'_>) -> Edit {
        let text = self.text();
        let quoted = |key: &str| match last.style {
            Style::Quoted(quote) => format!("{quote}{key}{quote}"),
            _ => key.to_owned(),
        };
        let start = self.lines().start_of(last.span.start);
        let column = text[start..last.span.start].chars().count();
        let indent = " ".repeat(column);
        let end = line_end(text, start);
        let value = match new {
            New::Value(value) => format!(" {value}"),
            New::Nested(member, value) => {
                format!("{end}{indent}{}{}: {value}", self.block_unit(), quoted(member))
            }
        };
        let lines = format!("{indent}{}:{value}{end}", quoted(key));
        let Some(previous) = before.last() else {
            // The only member may stand behind a dash: the new one goes below it.
            let value = &self.document.tree.written(last.value).span;
            let at = text[value.start..value.end].trim_end().len() + value.start;
            let at = text[at..].find('\n').map_or(text.len(), |n| at + n + 1);
            let open = if text[..at].ends_with('\n') { "" } else { end };
            return Edit { at: at..at, text: format!("{open}{lines}") };
        };
        // A comment above the last member belongs to it. What looks like one within a block
        // scalar is its text.
        let previous = self.document.tree.written(previous.value);
        let mut at = start;
        while let Some(above) = at.checked_sub(1).map(|n| self.lines().start_of(n)) {
            let line = text[above..at].trim();
            if self.ends_in_block(previous) || above <= previous.span.end || !line.starts_with('#') {
                break;
            }
            at = above;
        }
        Edit { at: at..at, text: lines }
    }

    /// Whether the last thing in a node is a block scalar, whose end no mark shows.
    fn ends_in_block(&self, node: &Node) -> bool {
        let tree = &self.document.tree;
        match &node.kind {
            Kind::Scalar { style, .. } => *style == Style::Block,
            Kind::Map { members, flow, .. } => {
                !flow && members.last().is_some_and(|m| self.ends_in_block(tree.written(m.value)))
            }
            Kind::List(items) => items.last().is_some_and(|item| self.ends_in_block(tree.written(*item))),
            Kind::Alias(_) => false,
        }
    }

    /// How much deeper a block mapping stands in this document than what it is in.
    fn block_unit(&self) -> String {
        let tree = &self.document.tree;
        let nested =
            tree.members(tree.root()).iter().find_map(|member| match &tree.node(member.value).kind {
                Kind::Map { members, flow: false, .. } => members.first(),
                _ => None,
            });
        let width = nested.map_or(0, |first| first.span.start - self.lines().start_of(first.span.start));
        if (1..=8).contains(&width) { " ".repeat(width) } else { UNIT.to_owned() }
    }
}

/// How the line before an offset ends: what a new line is to end with.
fn line_end(text: &str, start: usize) -> &'static str {
    if text[..start].ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// A unified diff of edits. Of lines that are too long to read, what is around the change.
pub(super) fn diff(text: &str, starts: &LineStarts, edits: &[Edit], name: &str) -> String {
    let mut out = String::new();
    if edits.is_empty() {
        return out;
    }
    // Writing to memory does not fail.
    let _ = writeln!(out, "--- {name}\n+++ {name}");
    let lines = Lines { text, starts };
    let runs = lines.runs(edits);
    let mut shift = 0_isize;
    let mut next = 0;
    while let Some(first) = runs.get(next) {
        // What is so near that its surroundings touch is shown together.
        let mut last = next;
        while runs.get(last + 1).is_some_and(|after| after.first <= runs[last].behind + 2 * CONTEXT) {
            last += 1;
        }
        let from = first.first.saturating_sub(CONTEXT);
        let to = (runs[last].behind + CONTEXT).min(lines.starts.count());
        let (mut body, mut added, mut removed) = (String::new(), 0_usize, 0_usize);
        let mut n = from;
        for run in &runs[next..=last] {
            for line in n..run.first {
                let _ = writeln!(body, " {}", clipped(lines.line(line)));
            }
            let (minus, plus) = run.shown(&lines, edits);
            for line in &minus {
                let _ = writeln!(body, "-{line}");
            }
            for line in &plus {
                let _ = writeln!(body, "+{line}");
            }
            (removed, added) = (removed + minus.len(), added + plus.len());
            n = run.behind;
        }
        for line in n..to {
            let _ = writeln!(body, " {}", clipped(lines.line(line)));
        }
        let touched: usize = runs[next..=last].iter().map(|run| run.behind - run.first).sum();
        let kept = to - from - touched;
        let (old, new) = (kept + removed, kept + added);
        let start = from.cast_signed() + 1;
        let _ = write!(out, "@@ -{start},{old} +{},{new} @@\n{body}", start + shift);
        shift += added.cast_signed() - removed.cast_signed();
        next = last + 1;
    }
    out
}

/// A text by lines.
struct Lines<'a> {
    text: &'a str,
    starts: &'a LineStarts,
}

impl<'a> Lines<'a> {
    fn number(&self, offset: usize) -> usize {
        self.starts.number(offset)
    }

    fn start(&self, n: usize) -> usize {
        self.starts.start(n)
    }

    fn line(&self, n: usize) -> &'a str {
        self.text[self.start(n)..self.start(n + 1)].trim_end_matches(['\n', '\r'])
    }

    /// Edits that touch the same lines, together.
    fn runs(&self, edits: &[Edit]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (i, edit) in edits.iter().enumerate() {
            let first = self.number(edit.at.start);
            // Whole lines that come between two others touch none.
            let between =
                edit.at.is_empty() && self.start(first) == edit.at.start && edit.text.ends_with('\n');
            let appended = edit.at.start == self.text.len() && self.text.ends_with('\n');
            let (first, behind) = match () {
                () if appended => (self.starts.count(), self.starts.count()),
                () if between => (first, first),
                () => (first, self.number(edit.at.end.max(edit.at.start + 1) - 1).max(first) + 1),
            };
            match runs.last_mut() {
                Some(run) if first < run.behind => {
                    run.behind = run.behind.max(behind);
                    run.edits.end = i + 1;
                }
                _ => runs.push(Run { first, behind, edits: i..i + 1 }),
            }
        }
        runs
    }
}

/// Lines that edits touch: from `first` to before `behind`.
struct Run {
    first: usize,
    behind: usize,
    edits: Range<usize>,
}

impl Run {
    /// What goes and what comes, line by line.
    fn shown(&self, lines: &Lines<'_>, edits: &[Edit]) -> (Vec<String>, Vec<String>) {
        let edits = &edits[self.edits.clone()];
        let (start, end) = (lines.start(self.first), lines.start(self.behind));
        if (self.first..self.behind).any(|n| lines.line(n).len() > LONGEST_LINE) {
            let around = |edit: &Edit, middle: &str| {
                let before = &lines.text[start..edit.at.start];
                let after = &lines.text[edit.at.end..end.max(edit.at.end)];
                let before: String = before.chars().rev().take(AROUND).collect();
                let before: String = before.chars().rev().collect();
                let after: String = after.chars().take(AROUND).collect();
                format!("…{before}{middle}{after}…").replace(['\n', '\r'], " ")
            };
            let minus = edits.iter().map(|e| around(e, &lines.text[e.at.clone()])).collect();
            return (minus, edits.iter().map(|e| around(e, &e.text)).collect());
        }
        let minus = (self.first..self.behind).map(|n| lines.line(n).to_owned()).collect();
        let mut changed = String::new();
        let mut at = start;
        for edit in edits {
            changed.push_str(&lines.text[at..edit.at.start]);
            changed.push_str(&edit.text);
            at = edit.at.end;
        }
        changed.push_str(&lines.text[at..end.max(at)]);
        (minus, changed.lines().map(ToOwned::to_owned).collect())
    }
}

fn clipped(line: &str) -> String {
    if line.len() <= LONGEST_LINE {
        return line.to_owned();
    }
    line.chars().take(AROUND).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(text: &str, edits: &[Edit], name: &str) -> String {
        super::diff(text, &LineStarts::of(text), edits, name)
    }

    fn insert(at: usize, text: &str) -> Edit {
        Edit { at: at..at, text: text.to_owned() }
    }

    #[test]
    fn a_diff_is_what_diff_would_say() {
        let text = "a\nb\nc\nd\ne\nf\ng\nh\n";
        assert_eq!(
            diff(text, &[insert(8, "x\ny\n")], "t"),
            "--- t\n+++ t\n@@ -2,6 +2,8 @@\n b\n c\n d\n+x\n+y\n e\n f\n g\n"
        );
        let replaced = Edit { at: 2..3, text: "B".to_owned() };
        assert_eq!(
            diff(text, &[replaced, insert(16, "i\n")], "t"),
            "--- t\n+++ t\n@@ -1,8 +1,9 @@\n a\n-b\n+B\n c\n d\n e\n f\n g\n h\n+i\n"
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_change() {
        let text = format!("{}|{}", "x".repeat(5_000), "y".repeat(5_000));
        let shown = diff(&text, &[Edit { at: 5_000..5_001, text: "!".to_owned() }], "t");
        assert!(shown.len() < 600, "{shown}");
        assert!(shown.contains("x!y"), "{shown}");
    }
}
