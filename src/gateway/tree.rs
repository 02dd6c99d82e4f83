//! JSON and YAML as one tree that knows where in the text everything stands. It is
//! never written again: changes are made in the text.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::{CollectOptions, ParseOptions};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::Syntax;
use crate::error::{Error, Result, Shown};

/// How deep a document may be nested: API Gateway's own are less than twenty.
const DEEPEST: usize = 100;

/// The key of what is merged into a mapping (YAML 1.1's merge key).
const MERGE: &str = "<<";
/// How often something is looked for in one mapping, about.
const LOOKS: usize = 10;
/// As many members are looked through one by one.
const SMALL: usize = 32;

/// Values by their keys.
type Index = OnceLock<HashMap<String, Id>>;

/// A node's number in its tree.
pub(super) type Id = usize;

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    root: Id,
    /// Nodes by YAML's anchors.
    anchors: HashMap<usize, Id>,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Where it stands, in octets; of a block mapping from its first key.
    pub(super) span: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Map {
        members: Vec<Member>,
        flow: bool,
        /// Where each key of a large one stands first, once somebody asks.
        index: Index,
    },
    List(Vec<Id>),
    Scalar {
        text: String,
        style: Style,
    },
    /// The anchor it names.
    Alias(usize),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Quoted(char),
    /// YAML's `|` and `>`, which reach to where the indentation ends.
    Block,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) style: Style,
    /// Where the key stands.
    pub(super) span: Range<usize>,
    pub(super) value: Id,
}

fn broken(reason: String) -> Error {
    Error::ApiDocument { code: "apigw.syntax", reason }
}

impl Tree {
    pub(super) fn read(text: &str, syntax: Syntax) -> Result<Self> {
        match syntax {
            Syntax::Json => Self::json(text),
            Syntax::Yaml => Self::yaml(text),
        }
    }

    fn json(text: &str) -> Result<Self> {
        let options = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options);
        let parsed = parsed.map_err(|e| {
            let (line, column) = (e.line_display(), e.column_display());
            broken(format!("it is no JSON: line {line}, column {column}: {}", Shown(&e.kind().to_string())))
        })?;
        let value = parsed.value.ok_or_else(|| broken("it is empty".to_owned()))?;
        let mut tree = Self { nodes: Vec::new(), root: 0, anchors: HashMap::new() };
        tree.root = tree.add_json(value);
        Ok(tree)
    }

    fn add_json(&mut self, value: Value<'_>) -> Id {
        let scalar = |text: &str, style| Kind::Scalar { text: text.to_owned(), style };
        let (kind, range) = match value {
            Value::StringLit(s) => (scalar(&s.value, Style::Quoted('"')), s.range),
            Value::NumberLit(n) => (scalar(n.value, Style::Plain), n.range),
            Value::BooleanLit(b) => (scalar(if b.value { "true" } else { "false" }, Style::Plain), b.range),
            Value::NullKeyword(n) => (scalar("null", Style::Plain), n.range),
            Value::Object(object) => {
                let mut members = Vec::with_capacity(object.properties.len());
                for property in object.properties {
                    let (key, range) = match property.name {
                        ObjectPropName::String(s) => (s.value.into_owned(), s.range),
                        ObjectPropName::Word(w) => (w.value.to_owned(), w.range),
                    };
                    let value = self.add_json(property.value);
                    members.push(Member {
                        key,
                        style: Style::Quoted('"'),
                        span: range.start..range.end,
                        value,
                    });
                }
                (Kind::Map { members, flow: true, index: Index::new() }, object.range)
            }
            Value::Array(array) => {
                let items = array.elements.into_iter().map(|item| self.add_json(item)).collect();
                (Kind::List(items), array.range)
            }
        };
        self.push(kind, range.start..range.end)
    }

    fn push(&mut self, kind: Kind, span: Range<usize>) -> Id {
        self.nodes.push(Node { kind, span });
        self.nodes.len() - 1
    }

    fn yaml(text: &str) -> Result<Self> {
        let mut reader = Reader {
            tree: Self { nodes: Vec::new(), root: 0, anchors: HashMap::new() },
            offsets: offsets(text),
            text,
            open: Vec::new(),
            done: None,
        };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|e| {
                let (line, column) = (e.marker().line(), e.marker().col() + 1);
                broken(format!("it is no YAML: line {line}, column {column}: {}", Shown(e.info())))
            })?;
            reader.event(event, span)?;
        }
        let mut tree = reader.tree;
        tree.root = reader.done.ok_or_else(|| broken("it is empty".to_owned()))?;
        Ok(tree)
    }

    pub(super) const fn root(&self) -> Id {
        self.root
    }

    /// A node; of an alias, what it stands for.
    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[self.resolved(id)]
    }

    /// A node as it stands there: an alias is an alias.
    pub(super) fn written(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The node itself, or what its alias stands for.
    pub(super) fn resolved(&self, id: Id) -> Id {
        match &self.nodes[id].kind {
            Kind::Alias(anchor) => self.anchors.get(anchor).copied().unwrap_or(id),
            _ => id,
        }
    }

    /// A member's value, of this mapping or of one that is merged into it (`<<`).
    pub(super) fn member(&self, id: Id, key: &str) -> Option<Id> {
        let own = self.own(id, key);
        if own.is_some() || self.own(id, MERGE).is_none() {
            return own;
        }
        self.all_members(id).into_iter().find(|m| m.key == key).map(|m| m.value)
    }

    /// A member's value, of this mapping alone.
    pub(super) fn own(&self, id: Id, key: &str) -> Option<Id> {
        let Kind::Map { members, index, .. } = &self.node(id).kind else { return None };
        if members.len() <= SMALL {
            return members.iter().find(|m| m.key == key).map(|m| m.value);
        }
        let index = index.get_or_init(|| {
            let mut index = HashMap::with_capacity(members.len());
            for member in members {
                index.entry(member.key.clone()).or_insert(member.value);
            }
            index
        });
        index.get(key).copied()
    }

    pub(super) fn members(&self, id: Id) -> &[Member] {
        match &self.node(id).kind {
            Kind::Map { members, .. } => members,
            _ => &[],
        }
    }

    /// The members of a mapping with those that are merged into it (`<<`), as far as it does
    /// not have them itself.
    pub(super) fn all_members(&self, id: Id) -> Vec<&Member> {
        self.merged(id).0
    }

    /// How many members are gone through for all of a mapping. What is merged into it is gone
    /// through for each that is looked for.
    pub(super) fn weight(&self, id: Id) -> usize {
        if self.own(id, MERGE).is_some() { LOOKS * self.merged(id).1 } else { self.members(id).len() }
    }

    /// The members, and how many were gone through for them.
    pub(super) fn merged(&self, id: Id) -> (Vec<&Member>, usize) {
        let mut gone_through = 0;
        let mut found: Vec<&Member> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        // Each mapping once, however often and however deep it is merged.
        let mut visited = std::collections::HashSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !visited.insert(self.resolved(id)) {
                continue;
            }
            gone_through += self.members(id).len();
            for member in self.members(id) {
                if member.key == MERGE {
                    match &self.node(member.value).kind {
                        Kind::List(items) => {
                            gone_through += items.len();
                            open.extend(items.iter().rev());
                        }
                        _ => open.push(member.value),
                    }
                } else if seen.insert(&member.key) {
                    found.push(member);
                }
            }
        }
        (found, gone_through)
    }

    /// A key that stands twice in a mapping: which of both counts depends on the reader.
    pub(super) fn twice(&self, id: Id) -> Option<&Member> {
        let mut seen = std::collections::HashSet::new();
        self.members(id).iter().find(|member| member.key != MERGE && !seen.insert(&member.key))
    }

    /// A scalar's text.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What a reference within the document points to (RFC 6901).
    pub(super) fn pointed(&self, reference: &str) -> Option<Id> {
        let pointer = reference.strip_prefix("#/")?;
        pointer
            .split('/')
            .try_fold(self.root, |at, part| self.member(at, &part.replace("~1", "/").replace("~0", "~")))
    }

    /// How many nodes there are.
    pub(super) const fn count(&self) -> usize {
        self.nodes.len()
    }
}

/// Where each character starts, for the parser counts characters; none where both are one.
fn offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
}

/// A YAML document on its way to a tree.
struct Reader<'a> {
    tree: Tree,
    offsets: Option<Vec<usize>>,
    text: &'a str,
    open: Vec<Open>,
    done: Option<Id>,
}

/// A collection whose end has not come yet.
struct Open {
    start: usize,
    anchor: usize,
    kind: Kind,
    /// The key whose value comes next.
    key: Option<(String, Style, Range<usize>)>,
}

impl Reader<'_> {
    fn offset(&self, characters: usize) -> usize {
        match &self.offsets {
            None => characters.min(self.text.len()),
            Some(offsets) => offsets.get(characters).copied().unwrap_or(self.text.len()),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        let range = self.offset(span.start.index())..self.offset(span.end.index());
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Quoted('\''),
                    ScalarStyle::DoubleQuoted => Style::Quoted('"'),
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                self.scalar(text.into_owned(), style, range, anchor);
            }
            Event::Alias(anchor) => {
                let id = self.tree.push(Kind::Alias(anchor), range);
                self.place(id);
            }
            Event::MappingStart(anchor, _) => {
                self.open(
                    range.start,
                    anchor,
                    Kind::Map { members: Vec::new(), flow: false, index: Index::new() },
                )?;
            }
            Event::SequenceStart(anchor, _) => self.open(range.start, anchor, Kind::List(Vec::new()))?,
            Event::MappingEnd | Event::SequenceEnd => self.close(&range),
            Event::DocumentStart(_) if self.done.is_some() => {
                return Err(broken("it is more than one YAML document".to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: String, style: Style, range: Range<usize>, anchor: usize) {
        if let Some(Open { kind: Kind::Map { .. }, key, .. }) = self.open.last_mut()
            && key.is_none()
        {
            *key = Some((text, style, range));
            return;
        }
        let id = self.tree.push(Kind::Scalar { text, style }, range);
        self.anchored(anchor, id);
        self.place(id);
    }

    fn open(&mut self, start: usize, anchor: usize, kind: Kind) -> Result<()> {
        if self.open.len() == DEEPEST {
            return Err(broken(format!("it is nested deeper than {DEEPEST}")));
        }
        self.open.push(Open { start, anchor, kind, key: None });
        Ok(())
    }

    fn close(&mut self, end: &Range<usize>) {
        let Some(Open { start, anchor, mut kind, .. }) = self.open.pop() else { return };
        let mut span = start..end.end;
        if let Kind::Map { members, flow, .. } = &mut kind {
            *flow = self.text[..end.end].ends_with('}') && end.start < end.end;
            if let (false, Some(first), Some(last)) = (*flow, members.first(), members.last()) {
                span = first.span.start..self.tree.nodes[last.value].span.end;
            }
        }
        let id = self.tree.push(kind, span);
        self.anchored(anchor, id);
        self.place(id);
    }

    fn anchored(&mut self, anchor: usize, id: Id) {
        if anchor > 0 {
            self.tree.anchors.insert(anchor, id);
        }
    }

    /// Puts a node where it belongs: into what is open, or at the top.
    fn place(&mut self, value: Id) {
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open { kind: Kind::List(items), .. }) => items.push(value),
            Some(Open { kind: Kind::Map { members, .. }, key, .. }) => match key.take() {
                // A comma at the end of a flow mapping is no member.
                Some((_, Style::Plain, span)) if span.is_empty() => {}
                Some((key, style, span)) => members.push(Member { key, style, span, value }),
                // A key that is a collection: nobody looks for it.
                None => *key = Some((String::new(), Style::Plain, self.tree.nodes[value].span.clone())),
            },
            Some(_) => {}
        }
    }
}
