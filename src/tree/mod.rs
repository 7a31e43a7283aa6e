//! Text to a tree of nodes, before anything is known of flags.
//!
//! The tree keeps what serde would lose: every entry of a map (also one given twice), the kind of
//! each scalar, and a number for each node. A [`NodeId`] is a node's place in reading order, counted
//! over all files of a load. It is all that a diagnostic needs to remember: [`place`] finds the text
//! again by reading it once more up to that number.

mod json;
mod key;
pub(crate) mod place;
mod read;
mod seeded;
mod seen;
mod slots;
mod unread;
mod yaml_error;

use std::borrow::Cow;

pub(crate) use key::key_place;
pub(crate) use read::{InVain, Parsed, Taker, parse, parse_for};
pub(crate) use seeded::Seeded;

/// The number of a node in reading order; keys have numbers of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Yaml,
    Json,
}

impl Syntax {
    /// The syntax that a file's name promises; everything but `.json` is YAML.
    pub(crate) fn of_path(path: &std::path::Path) -> Syntax {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("json") => Syntax::Json,
            _ => Syntax::Yaml,
        }
    }
}

/// One value of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node<'t> {
    pub(crate) id: NodeId,
    pub(crate) kind: Kind<'t>,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Kind<'t> {
    #[default]
    Null,
    Boolean(bool),
    Integer(Integer),
    Float(f64),
    Text(Cow<'t, str>, Style),
    List(Vec<Node<'t>>),
    Map(Vec<Entry<'t>>),
}

/// A whole number, in halves: a node is a third smaller than with the alignment of an `i128`.
///
/// PERF: LOAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integer {
    high: i64,
    low: u64,
}

impl Integer {
    pub(crate) fn get(self) -> i128 {
        i128::from(self.high) << 64 | i128::from(self.low)
    }
}

impl From<i128> for Integer {
    fn from(value: i128) -> Integer {
        Integer { high: (value >> 64) as i64, low: value as u64 }
    }
}

impl std::fmt::Display for Integer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

/// Whether a text stands bare: `on` is a word of the format where `"on"` is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
}

/// One key of a map with its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Key<'t>,
    pub(crate) value: Node<'t>,
}

/// A key as text: `true`, `false` and integers are read as their text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key<'t> {
    pub(crate) id: NodeId,
    pub(crate) text: Cow<'t, str>,
    /// The key is null, or no text; its text is empty then, and the reader has complained.
    pub(crate) is_odd: bool,
    /// The [`key_place`] of its text.
    place: u8,
    /// The byte at which the key starts in its text, where the reader could tell.
    pub(crate) offset: Option<u32>,
}

impl<'t> Node<'t> {
    /// What a person calls this kind of value.
    pub(crate) fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Boolean(_) => "a boolean",
            Kind::Integer(_) => "an integer",
            Kind::Float(_) => "a float",
            Kind::Text(..) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text, _) => Some(text),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::List(_)
            | Kind::Map(_) => None,
        }
    }

    /// A text, or an integer as its decimal text.
    pub(crate) fn word(&self) -> Option<Cow<'_, str>> {
        match &self.kind {
            Kind::Text(text, _) => Some(Cow::Borrowed(text)),
            Kind::Integer(value) => Some(Cow::Owned(value.to_string())),
            Kind::Boolean(value) => Some(Cow::Owned(value.to_string())),
            Kind::Null | Kind::Float(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Entry<'t>]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::List(_)
            | Kind::Text(..) => None,
        }
    }

    /// PERF: where a text was before, as nearly always, nothing is taken apart (LOAD).
    #[inline]
    fn set_text(&mut self, text: Cow<'t, str>, style: Style) {
        match &mut self.kind {
            Kind::Text(before @ Cow::Borrowed(_), before_style) => {
                (*before, *before_style) = (text, style);
            }
            kind => *kind = Kind::Text(text, style),
        }
    }

    /// The items of a list, to be read over: none of anything else.
    fn take_list(&mut self) -> Vec<Node<'t>> {
        match &mut self.kind {
            Kind::List(items) => std::mem::take(items),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::Map(_) => Vec::new(),
        }
    }

    /// The entries of a map, to be read over: none of anything else.
    fn take_map(&mut self) -> Vec<Entry<'t>> {
        match &mut self.kind {
            Kind::Map(entries) => std::mem::take(entries),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_) => Vec::new(),
        }
    }

    /// The first value under `key`, if this is a map that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry<'t>> {
        self.map()?.iter().find(|entry| entry.key.text == key)
    }
}

/// What the reader of a text complains about.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ProblemKind,
    pub(crate) at: At,
}

/// Where the reader met the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Node(NodeId),
    /// A byte of the text.
    Offset(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum ProblemKind {
    /// The text is not YAML or JSON; in the parser's words.
    Syntax {
        message: String,
        help: Option<String>,
    },
    ControlCharacter(u8),
    Directive,
    SeveralDocuments,
    TooDeep,
    /// Aliases that grow the text beyond reason, or brackets without end.
    TooLarge,
    DuplicateKey {
        text: String,
        first: NodeId,
    },
    MergeKey,
    Tag,
    NullKey,
    /// A key that is a list, a map or a float.
    OddKey(&'static str),
    NotFinite,
}

impl ProblemKind {
    /// Whether the whole text is refused for it, wherever it stands.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            ProblemKind::Syntax { .. }
            | ProblemKind::ControlCharacter(_)
            | ProblemKind::Directive
            | ProblemKind::SeveralDocuments
            | ProblemKind::TooDeep
            | ProblemKind::TooLarge => true,
            ProblemKind::DuplicateKey { .. }
            | ProblemKind::MergeKey
            | ProblemKind::Tag
            | ProblemKind::NullKey
            | ProblemKind::OddKey(_)
            | ProblemKind::NotFinite => false,
        }
    }
}
