//! The reader: one serde visitor for YAML and JSON. The reader of plain JSON builds with it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::json::Odd;
use super::key::KeySeed;
use super::seen::Seen;
use super::slots::Slots;
use super::unread::refused_unread;
use super::yaml_error::{self, SyntaxError};
use super::{At, Entry, Key, Kind, Node, NodeId, Problem, ProblemKind, Style, Syntax};

/// How deep a text may nest.
pub(crate) const MAX_DEPTH: u32 = 64;

/// What reading a text gave.
#[derive(Debug)]
pub(crate) struct Parsed<'t> {
    /// The tree, unless a problem is fatal.
    pub(crate) root: Option<Node<'t>>,
    pub(crate) problems: Vec<Problem>,
    /// The first number that no node of this text has.
    pub(crate) next: NodeId,
}

/// Who takes the entries of one map of a text soon after they are read, so that the tree never holds
/// them all. They are numbered as they would be in the tree.
pub(crate) trait Taker {
    /// Whether the entries of the map under `key`, one of the keys of the text's own map, are to be
    /// taken. Then they are no part of the tree, and nobody looks for keys that are there twice.
    fn takes(&mut self, key: &str) -> bool;

    /// Called before the first entry, with what stands before the map as a tree of its own.
    ///
    /// # Errors
    ///
    /// The reading is in vain, and ends.
    fn begin(&mut self, before: &Node<'_>) -> Result<(), InVain>;

    /// Takes an entry.
    ///
    /// # Errors
    ///
    /// As with [`Taker::begin`].
    fn take(&mut self, entry: &Entry<'_>) -> Result<(), InVain>;
}

/// What a [`Taker`] ends a reading with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InVain;

/// Reads a text whose nodes are numbered from `first`.
pub(crate) fn parse<'t>(text: &'t str, syntax: Syntax, first: NodeId, depth: u32) -> Parsed<'t> {
    let new = || Reading { most_depth: depth, ..Reading::new(text, first) };
    let mut reading = new();
    let root = match syntax {
        Syntax::Yaml => match refused_unread(text) {
            Some(problem) => Err(problem),
            None => reading.run_yaml(),
        },
        Syntax::Json => reading.run_plain_json().or_else(|Odd| {
            reading = new();
            // What would be refused unread is no JSON either, but that says more of it.
            refused_unread(text).map_or_else(|| reading.run_json(), Err)
        }),
    };
    reading.parsed(root, syntax, first)
}

/// As [`parse`], with someone who takes a part of the text; `None` of a text that cannot be read or
/// is read in vain.
pub(crate) fn parse_for<'t>(
    taker: &mut dyn Taker,
    text: &'t str,
    syntax: Syntax,
    first: NodeId,
    depth: u32,
) -> Option<Parsed<'t>> {
    let (most_depth, taker) = (depth, Some(taker));
    let mut reading = Reading { most_depth, taker, ..Reading::new(text, first) };
    let root = match syntax {
        Syntax::Yaml if refused_unread(text).is_some() => return None,
        Syntax::Yaml => reading.run_yaml().ok()?,
        Syntax::Json => reading.run_plain_json().ok()?,
    };
    Some(reading.parsed(Ok(root), syntax, first))
}

/// The state of one reading.
///
/// The same visitor serves three purposes, so that all of them number the nodes alike: building
/// the tree, watching where known numbers stand, and stopping at one number so that the parser
/// says where that is.
pub(super) struct Reading<'p, 't> {
    pub(super) text: &'t str,
    pub(super) next: u32,
    pub(super) depth: u32,
    most_depth: u32,
    /// Nodes and bytes of text that may still be made: aliases may not grow a text without end.
    budget: usize,
    fatal: Option<Problem>,
    pub(super) problems: Vec<Problem>,
    /// The parser's own error is wanted at this node.
    pub(super) stop_at: Option<NodeId>,
    /// Told the number and the offset of each key and text whose offset is known.
    pub(super) watch: Option<Box<dyn FnMut(NodeId, usize) + 'p>>,
    taker: Option<&'p mut dyn Taker>,
}

impl<'p, 't> Reading<'p, 't> {
    pub(super) fn new(text: &'t str, first: NodeId) -> Reading<'p, 't> {
        Reading {
            text,
            next: first.0,
            depth: 0,
            most_depth: MAX_DEPTH,
            budget: 10_000 + text.len() * 4,
            fatal: None,
            problems: Vec::new(),
            stop_at: None,
            watch: None,
            taker: None,
        }
    }

    fn parsed(
        mut self,
        root: Result<Node<'t>, Problem>,
        syntax: Syntax,
        first: NodeId,
    ) -> Parsed<'t> {
        if root.is_ok() && syntax == Syntax::Yaml {
            self.find_core_tags(first);
        }
        let (root, fatal) = match root {
            Ok(root) => (Some(root), None),
            Err(problem) => (None, Some(problem)),
        };
        self.problems.extend(fatal);
        Parsed { root, problems: self.problems, next: NodeId(self.next) }
    }

    fn run_yaml(&mut self) -> Result<Node<'t>, Problem> {
        let mut documents = serde_yaml::Deserializer::from_str(self.text);
        let Some(first) = documents.next() else {
            let id = self.number();
            return Ok(Node { id, kind: Kind::Null });
        };
        let mut root = Node::default();
        self.read(first, &mut root).map_err(|error| self.yaml_problem(&error))?;
        match documents.next() {
            None => Ok(root),
            Some(second) => {
                let offset = match StopHere.deserialize(second) {
                    Ok(()) => self.text.len(),
                    Err(error) => yaml_offset(self.text, &error),
                };
                Err(Problem { kind: ProblemKind::SeveralDocuments, at: At::Offset(offset) })
            }
        }
    }

    pub(super) fn run_json(&mut self) -> Result<Node<'t>, Problem> {
        let mut json = serde_json::Deserializer::from_str(self.text);
        let mut root = Node::default();
        let result = self.read(&mut json, &mut root).and_then(|()| json.end());
        result.map(|()| root).map_err(|error| match self.fatal.take() {
            Some(fatal) => fatal,
            None if self.text.trim().is_empty() => {
                let message = "the file is empty".to_owned();
                Problem { kind: ProblemKind::Syntax { message, help: None }, at: At::Offset(0) }
            }
            None => {
                let message = yaml_error::without_place(&error.to_string()).to_owned();
                let at = At::Offset(json_offset(self.text, &error));
                Problem { kind: ProblemKind::Syntax { message, help: None }, at }
            }
        })
    }

    fn yaml_problem(&mut self, error: &serde_yaml::Error) -> Problem {
        match self.fatal.take() {
            Some(fatal) => fatal,
            None => {
                let SyntaxError { message, help, offset } = yaml_error::explain(self.text, error);
                Problem { kind: ProblemKind::Syntax { message, help }, at: At::Offset(offset) }
            }
        }
    }

    /// Reads one value with whatever parser is given.
    pub(super) fn read<D: Deserializer<'t>>(
        &mut self,
        from: D,
        into: &mut Node<'t>,
    ) -> Result<(), D::Error> {
        Value { reading: self, into, is_taken: false }.deserialize(from)
    }

    /// Finds `!!str` and its like, which the parser resolves in silence: a copy of the text in
    /// which they are local tags of the same length shows them to the visitor.
    fn find_core_tags(&mut self, first: NodeId) {
        if !self.text.contains("!!") && !self.text.contains("!<") {
            return;
        }
        let disguised = self.text.replace("!!", "!h").replace("!<", "!h");
        let mut reading =
            Reading { most_depth: self.most_depth, ..Reading::new(&disguised, first) };
        let outcome = reading.run_yaml();
        let tags = reading.problems.iter().filter(|p| matches!(p.kind, ProblemKind::Tag));
        let known = self.problems.iter().filter(|p| matches!(p.kind, ProblemKind::Tag)).count();
        let found: Vec<Problem> = tags.skip(known).cloned().collect();
        self.problems.extend(found);
        if let Err(problem) = outcome {
            self.problems.push(Problem { kind: ProblemKind::Tag, at: problem.at });
        }
    }

    fn number(&mut self) -> NodeId {
        let id = NodeId(self.next);
        self.next = self.next.saturating_add(1);
        id
    }

    /// Numbers a node, and ends the reading where that is due.
    #[inline]
    pub(super) fn enter<E: de::Error>(&mut self) -> Result<NodeId, E> {
        self.enter_sized(1)
    }

    /// Numbers a text. A borrowed one costs as much as a copy: it is copied later on.
    #[inline]
    pub(super) fn enter_text<E: de::Error>(&mut self, text: &str) -> Result<NodeId, E> {
        self.enter_sized(1 + text.len())
    }

    #[inline]
    fn enter_sized<E: de::Error>(&mut self, size: usize) -> Result<NodeId, E> {
        let id = self.number();
        if self.stop_at == Some(id) {
            return Err(E::custom("stopped as asked"));
        }
        match self.budget.checked_sub(size) {
            Some(left) => self.budget = left,
            None => return Err(self.give_up(ProblemKind::TooLarge, id)),
        }
        Ok(id)
    }

    #[cold]
    fn give_up<E: de::Error>(&mut self, kind: ProblemKind, id: NodeId) -> E {
        self.fatal = Some(Problem { kind, at: At::Node(id) });
        E::custom("refused")
    }

    /// Numbers a list or a map, and goes into it.
    pub(super) fn open<E: de::Error>(&mut self, most_depth: u32) -> Result<NodeId, E> {
        let id = self.enter()?;
        self.depth += 1;
        if self.depth > self.most_depth.min(most_depth) {
            return Err(self.give_up(ProblemKind::TooDeep, id));
        }
        Ok(id)
    }

    pub(super) fn complain(&mut self, kind: ProblemKind, id: NodeId) {
        self.problems.push(Problem { kind, at: At::Node(id) });
    }

    /// Complains of a key that its map has already.
    #[inline(always)]
    pub(super) fn check_key(&mut self, key: &Key<'t>, before: &[Entry<'t>], seen: &mut Seen<'t>) {
        if let Some(first) = seen.first_of(key, before) {
            self.complain_of_duplicate(key, first);
        }
    }

    #[cold]
    fn complain_of_duplicate(&mut self, key: &Key<'t>, first: NodeId) {
        let text = key.text.to_string();
        self.complain(ProblemKind::DuplicateKey { text, first }, key.id);
    }

    /// Whether the value of a key of the text's own map is taken, for which its taker is asked.
    pub(super) fn prepare<E: de::Error>(
        &mut self,
        key: &Key<'t>,
        before: &mut [Entry<'t>],
        root: NodeId,
    ) -> Result<bool, E> {
        let Some(taker) = self.taker.as_mut().filter(|_| self.depth == 1) else { return Ok(false) };
        if !taker.takes(&key.text) {
            return Ok(false);
        }
        let entries = before.iter_mut().map(std::mem::take).collect();
        let tree = Node { id: root, kind: Kind::Map(entries) };
        taker.begin(&tree).map_err(|InVain| E::custom("in vain"))?;
        if let Kind::Map(entries) = tree.kind {
            before.iter_mut().zip(entries).for_each(|(slot, entry)| *slot = entry);
        }
        Ok(true)
    }

    /// Hands what was read to the taker, as soon as there is enough of it.
    ///
    /// PERF: LOAD. What reads and what takes would drive each other's code out of the cache of
    /// instructions with each entry.
    pub(super) fn hand_over<E: de::Error>(
        &mut self,
        waiting: &mut Slots<Entry<'t>>,
    ) -> Result<(), E> {
        const TOGETHER: usize = 32;
        if waiting.filled().len() < TOGETHER { Ok(()) } else { self.hand_over_all(waiting) }
    }

    pub(super) fn hand_over_all<E: de::Error>(
        &mut self,
        waiting: &mut Slots<Entry<'t>>,
    ) -> Result<(), E> {
        let Some(taker) = &mut self.taker else { return Ok(()) };
        for entry in waiting.filled() {
            taker.take(entry).map_err(|InVain| E::custom("in vain"))?;
        }
        waiting.restart();
        Ok(())
    }

    /// Where a borrowed text starts, its opening quote included.
    fn offset_of(&self, part: &str) -> Option<usize> {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        if start > self.text.len() {
            return None;
        }
        let quoted = self.text.as_bytes().get(start.wrapping_sub(1));
        match quoted {
            Some(b'"' | b'\'') => Some(start - 1),
            _ => Some(start),
        }
    }

    pub(super) fn seen(&mut self, id: NodeId, part: &str) -> Option<usize> {
        let offset = self.offset_of(part)?;
        if let Some(watch) = &mut self.watch {
            watch(id, offset);
        }
        Some(offset)
    }
}

/// The seed and visitor of a value.
struct Value<'r, 'p, 't> {
    reading: &'r mut Reading<'p, 't>,
    into: &'r mut Node<'t>,
    /// If it is a map, its entries are taken.
    is_taken: bool,
}

impl<'t> DeserializeSeed<'t> for Value<'_, '_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'t> Value<'_, '_, 't> {
    fn scalar<E: de::Error>(self, kind: Kind<'t>) -> Result<(), E> {
        self.into.id = self.reading.enter()?;
        self.into.kind = kind;
        Ok(())
    }
}

impl<'t> Visitor<'t> for Value<'_, '_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Kind::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Kind::Integer(i128::from(value).into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Kind::Integer(i128::from(value).into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<(), E> {
        self.scalar(Kind::Integer(value.into()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<(), E> {
        match i128::try_from(value) {
            Ok(value) => self.scalar(Kind::Integer(value.into())),
            Err(_) => Err(E::custom("an integer beyond all reason")),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        if !value.is_finite() {
            self.reading.complain(ProblemKind::NotFinite, NodeId(self.reading.next));
        }
        self.scalar(Kind::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.into.id = self.reading.enter_text(value)?;
        // What had to be copied was quoted with escapes, folded or a block.
        self.into.kind = Kind::Text(Cow::Owned(value.to_owned()), Style::Quoted);
        Ok(())
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'t str) -> Result<(), E> {
        let id = self.reading.enter_text(value)?;
        let seen = self.reading.seen(id, value);
        let style = match seen.and_then(|offset| self.reading.text.as_bytes().get(offset)) {
            Some(b'"' | b'\'') => Style::Quoted,
            _ => Style::Plain,
        };
        *self.into = Node { id, kind: Kind::Text(Cow::Borrowed(value), style) };
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.scalar(Kind::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        self.scalar(Kind::Null)
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        let Value { reading, into, is_taken: _ } = self;
        into.id = reading.open(reading.most_depth)?;
        let mut list = Slots::over(into.take_list());
        while let Some((slot, _)) = list.next() {
            let item = Value { reading, into: slot, is_taken: false };
            if items.next_element_seed(item)?.is_none() {
                list.give_back();
                break;
            }
        }
        reading.depth -= 1;
        into.kind = Kind::List(list.end());
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        let Value { reading, into, is_taken } = self;
        into.id = reading.open(reading.most_depth)?;
        let mut map = Slots::over(into.take_map());
        let mut seen = Seen::default();
        while let Some((Entry { key, value }, before)) = map.next() {
            if items.next_key_seed(KeySeed { reading, into: key })?.is_none() {
                map.give_back();
                break;
            }
            let mut value = Value { reading, into: value, is_taken: false };
            if !is_taken {
                value.reading.check_key(key, before, &mut seen);
                value.is_taken = value.reading.prepare(key, before, into.id)?;
            }
            items.next_value_seed(value)?;
            if is_taken {
                reading.hand_over(&mut map)?;
            }
        }
        if is_taken {
            reading.hand_over_all(&mut map)?;
        }
        reading.depth -= 1;
        into.kind = Kind::Map(map.end());
        Ok(())
    }

    /// A tag: said so, and read as if it were not there.
    fn visit_enum<A: EnumAccess<'t>>(self, tagged: A) -> Result<(), A::Error> {
        let (_, inner) = tagged.variant::<de::IgnoredAny>()?;
        let at = NodeId(self.reading.next);
        self.reading.complain(ProblemKind::Tag, at);
        inner.newtype_variant_seed(self)
    }
}

/// Fails at once: the error's location is where the value starts.
struct StopHere;

impl<'de> DeserializeSeed<'de> for StopHere {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StopHere {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the end of the file")
    }
}

/// The byte at which the YAML parser stopped.
pub(super) fn yaml_offset(text: &str, error: &serde_yaml::Error) -> usize {
    let index = error.location().map_or(0, |location| location.index());
    at_boundary(text, index)
}

/// The byte at which the JSON parser stopped: it counts lines from 1 and columns in bytes.
fn json_offset(text: &str, error: &serde_json::Error) -> usize {
    let before: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    at_boundary(text, before + error.column().saturating_sub(1))
}

fn at_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
