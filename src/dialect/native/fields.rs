//! Reading the keys of a map: the known ones, and what to say of the others.

use std::fmt;

use super::Lowering;
use super::TOP_KEYS;
use super::condition;
use super::flag::FLAG_KEYS;
use super::keys::Keys;
use super::rule::RULE_KEYS;
use crate::report::{Code, nearest};
use crate::source::{Owner, Problem, Spot};
use crate::tree::{Entry, Kind, Node, NodeId, key_place};

/// Words that are kept for later versions, wherever they stand.
const RESERVED: [&str; 11] = [
    "overrides",
    "override",
    "layers",
    "guard",
    "shadow",
    "risk",
    "publish",
    "expose",
    "ticket",
    "kind",
    "layer",
];

/// Words of other systems, and what they are called here.
const SYNONYMS: [(&str, &str); 27] = [
    ("percentage", "rollout"),
    ("percent", "rollout"),
    ("share", "rollout"),
    ("if", "when"),
    ("condition", "when"),
    ("conditions", "when"),
    ("except", "unless"),
    ("then", "serve"),
    ("variant", "serve"),
    ("variation", "serve"),
    ("start", "from"),
    ("end", "until"),
    ("variations", "variants"),
    ("or", "any"),
    ("and", "all"),
    ("none", "not"),
    ("eq", "in"),
    ("equals", "in"),
    ("is", "in"),
    ("one_of", "in"),
    ("regex", "matches"),
    ("startswith", "starts_with"),
    ("endswith", "ends_with"),
    (">", "gt"),
    (">=", "gte"),
    ("<", "lt"),
    ("<=", "lte"),
];

/// Whether a key is the user's own.
pub(super) fn is_free(key: &str) -> bool {
    key.starts_with("x-")
}

/// Maps between which keys are put by mistake, as messages call them.
pub(super) const A_FILE: &str = "a toggle file";
pub(super) const A_FLAG: &str = "a flag";
pub(super) const A_RULE: &str = "a rule";
pub(super) const A_CONDITION: &str = "a condition";

/// Where keys that start with `x-` may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FreeKeys {
    Allowed,
    Refused,
}

/// The known keys of one map.
#[derive(Debug)]
pub(super) struct Fields<'n, 't> {
    pub(super) node: &'n Node<'t>,
    entries: &'n [Entry<'t>],
    known: &'static Keys,
    /// The bits of the [`key_place`] of each key that stands there.
    present: u64,
    /// A byte for each of the first entries, the lowest for the first: the [`key_place`] of a known key.
    ///
    /// PERF: a flag is asked for some thirty keys, which have their places when the crate is compiled
    /// (LOAD).
    places: u64,
    has_unknown: bool,
}

/// The lowest bit of each byte of a word.
const ONES: u64 = u64::MAX / 255;

/// The bits of the places of some keys.
pub(super) const fn bits(mut keys: &[&str]) -> u64 {
    let mut bits = 0;
    while let [key, others @ ..] = keys {
        bits |= 1 << key_place(key);
        keys = others;
    }
    bits
}

impl<'n, 't> Fields<'n, 't> {
    /// The value of a key; one that is null was complained about and counts as not there.
    #[inline]
    pub(super) fn get(&self, key: &str) -> Option<&'n Node<'t>> {
        self.entry(key).map(|entry| &entry.value)
    }

    #[inline]
    pub(super) fn entry(&self, key: &str) -> Option<&'n Entry<'t>> {
        self.find(key).filter(|entry| !matches!(entry.value.kind, Kind::Null))
    }

    /// The first entry of a known key.
    #[inline]
    fn find(&self, key: &str) -> Option<&'n Entry<'t>> {
        debug_assert!(self.known.has(key, key_place(key)), "`{key}` is asked for and not known");
        let place = key_place(key);
        if self.present & 1 << place == 0 {
            return None;
        }
        let differs = self.places ^ (ONES * u64::from(place));
        // The high bit of the first byte that is the place, and perhaps of some behind it.
        match differs.wrapping_sub(ONES) & !differs & (ONES << 7) {
            0 => self.search(key),
            same => self.entries.get(same.trailing_zeros() as usize / 8),
        }
    }

    /// The entry of a key that stands behind the first ones, if it does.
    #[cold]
    fn search(&self, key: &str) -> Option<&'n Entry<'t>> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// Whether one of some keys may stand there, by their [`bits`].
    ///
    /// PERF: what few maps have is asked for elsewhere, which takes its code out of the way (LOAD).
    #[inline]
    pub(super) fn may_have(&self, bits: u64) -> bool {
        self.present & bits != 0
    }

    /// Whether the key stands there, with whatever value.
    #[inline]
    pub(super) fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Whether the key stands there, be it misspelt: what is said of that need not be said twice.
    pub(super) fn is_meant(&self, key: &str) -> bool {
        let unknown = |entry: &&Entry<'_>| !self.known.contains(&&*entry.key.text);
        let mut misspelt = self.entries.iter().filter(unknown);
        self.has(key)
            || self.has_unknown
                && misspelt.any(|entry| meant(&entry.key.text, self.known) == Some(key))
    }

    /// Where a missing key is missed: at the map's first key.
    pub(super) fn start(&self) -> NodeId {
        start_of(self.node)
    }
}

/// The first key of a map.
pub(super) fn start_of(node: &Node<'_>) -> NodeId {
    let first = node.map().and_then(|entries| entries.first());
    first.map_or(node.id, |entry| entry.key.id)
}

impl Lowering<'_> {
    /// Complains, and lets a help be added.
    #[cold]
    pub(super) fn error(
        &mut self,
        code: Code,
        at: NodeId,
        message: impl Into<String>,
    ) -> Complaint<'_> {
        self.push(Problem::error(code, message, Spot::Node(at), self.owner.clone()))
    }

    #[cold]
    pub(super) fn push(&mut self, problem: Problem) -> Complaint<'_> {
        self.problems.push(problem);
        Complaint(self.problems.last_mut())
    }

    /// Does something on behalf of an owner.
    pub(super) fn as_owner<T>(&mut self, owner: Owner, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.owner, owner);
        let result = work(self);
        self.owner = before;
        result
    }

    /// Opens a map whose keys are known, and complains about all others.
    pub(super) fn fields<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        what: &str,
        known: &'static Keys,
        free: FreeKeys,
    ) -> Option<Fields<'n, 't>> {
        let Some(entries) = node.map() else {
            self.error(Code::WrongType, node.id, format!("{what} is a map, not {}", node.noun()));
            return None;
        };
        let (mut present, mut places, mut has_unknown) = (0, u64::MAX, false);
        for (index, entry) in entries.iter().enumerate() {
            let key = &*entry.key.text;
            let place = entry.key.place();
            present |= 1 << place;
            if known.has(key, place) {
                if index < 8 {
                    places ^= (0xff ^ u64::from(place)) << (8 * index);
                }
                if matches!(entry.value.kind, Kind::Null) {
                    self.null(entry);
                }
                continue;
            }
            has_unknown = true;
            if !(free == FreeKeys::Allowed && is_free(key)) {
                self.unknown_key(entry, what, known);
            }
        }
        Some(Fields { node, entries, known, present, places, has_unknown })
    }

    #[cold]
    pub(super) fn null(&mut self, entry: &Entry<'_>) {
        let message = format!("`{}` has no value", entry.key.text);
        self.error(Code::NullValue, entry.key.id, message);
    }

    #[cold]
    pub(super) fn unknown_key(&mut self, entry: &Entry<'_>, what: &str, known: &[&'static str]) {
        let key = &*entry.key.text;
        let at = entry.key.id;
        if entry.key.is_odd {
            return;
        }
        if key == "enabled" {
            self.error(Code::Switch, at, "`enabled` is not a word of the format")
                .help("`kill: true` stops it, `default: on` turns it on");
            return;
        }
        let stem = key.split('.').next().unwrap_or(key);
        if RESERVED.contains(&key) || (stem == "layer" && key.contains('.')) {
            self.error(Code::Reserved, at, format!("`{key}` is not in this version"));
            return;
        }
        if key == "<<" {
            // The reader of the text complained of it.
            return;
        }
        let message = format!("unknown key `{}` in {what}", cut(key));
        let mut complaint = self.error(Code::UnknownKey, at, message);
        if let Some(place) = belongs(what, key) {
            complaint.help(place);
        } else if let Some(meant) = meant(key, known) {
            complaint.help(format!("did you mean `{meant}`?"));
        } else if is_free(key) {
            complaint.help("`x-` keys are free at the top, in a flag, in a segment and in a rule");
        } else if what == A_CONDITION && is_name(key) {
            complaint.help(format!("an attribute of the service's own is written `attr.{key}`"));
        }
    }

    /// A text that is not empty.
    pub(super) fn text<'n>(
        &mut self,
        node: &'n Node<'_>,
        what: impl fmt::Display,
    ) -> Option<&'n str> {
        match node.text() {
            Some("") => {
                self.error(Code::EmptyValue, node.id, format!("{what} is empty"));
                None
            }
            Some(text) => Some(text),
            None => {
                let message = format!("{what} is a text, not {}", node.noun());
                self.error(Code::WrongType, node.id, message);
                None
            }
        }
    }

    /// `true`, `false`, `on` or `off`.
    pub(super) fn switch(&mut self, node: &Node<'_>, what: &str) -> Option<bool> {
        let switch = as_switch(node);
        if switch.is_none() {
            let message = format!("{what} is `true` or `false`, not {}", shown(node));
            let word = node.text().and_then(switch_word);
            let mut complaint = self.error(Code::Switch, node.id, message);
            if let Some(word) = word {
                complaint.help(format!("write `{}`", word == "on"));
            }
        }
        switch
    }

    /// A name of the grammar that flags, segments, variants, strategies and attributes share.
    pub(super) fn check_name(&mut self, name: &str, at: NodeId, what: &str) -> bool {
        let good = is_name(name);
        if !good {
            let message = format!("`{}` is not a name for {what}", cut(name));
            self.error(Code::Name, at, message).help(
                "a name is 1 to 128 letters, digits, `.`, `_` or `-`, and starts with a letter or \
                 a digit",
            );
        }
        good
    }

    /// A list of at least one item, or one item as a list of itself.
    pub(super) fn one_or_more<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        what: impl fmt::Display,
    ) -> Option<&'n [Node<'t>]> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.error(Code::EmptyValue, node.id, format!("{what} is an empty list"));
                None
            }
            Kind::List(items) => Some(items),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::Map(_) => Some(std::slice::from_ref(node)),
        }
    }
}

/// The known key that an unknown one stands for.
pub(super) fn meant(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let synonym = SYNONYMS.iter().find(|(other, ours)| *other == key && known.contains(ours));
    let condition = || known.iter().find(|ours| **ours == "when" && is_of_condition(key));
    let meant = synonym.map(|(_, ours)| ours).or_else(condition);
    meant.copied().or_else(|| nearest(key, known.iter().copied()))
}

/// Whether a key is one of conditions.
fn is_of_condition(key: &str) -> bool {
    let stem = key.split_once('.').map_or(key, |(stem, _)| stem);
    condition::WORDS.contains(&key) || condition::STEMS.contains(&stem)
}

/// Where a key belongs that is known elsewhere.
fn belongs(what: &str, key: &str) -> Option<&'static str> {
    match what {
        A_FILE if FLAG_KEYS.contains(&key) || RULE_KEYS.contains(&key) => {
            Some("it belongs in a flag: `flags: { NAME: … }`")
        }
        A_FLAG if key == "value" => {
            Some("it belongs in a rule, or in the default: `default: { value: … }`")
        }
        A_FLAG if RULE_KEYS.contains(&key) => Some("it belongs in a rule: `rules: [ { … } ]`"),
        A_RULE if FLAG_KEYS.contains(&key) => Some("it belongs in the flag, beside `rules:`"),
        A_RULE if is_of_condition(key) => Some("it belongs in a condition: `when: { … }`"),
        A_FILE if is_name(key) && meant(key, &TOP_KEYS).is_none() => {
            Some("a flag stands under `flags:`, indented")
        }
        A_CONDITION if key == "everyone" => Some("everyone is written `when: everyone`"),
        A_CONDITION if RULE_KEYS.contains(&key) => Some("it belongs in the rule, beside `when:`"),
        _ => None,
    }
}

/// The switch that a word of another language means.
pub(super) fn switch_word(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" | "enable" | "enabled" | "active" => Some("on"),
        "off" | "no" | "false" | "disable" | "disabled" | "inactive" => Some("off"),
        _ => None,
    }
}

/// A problem just pushed, to which a help can be added.
pub(super) struct Complaint<'p>(Option<&'p mut Problem>);

impl Complaint<'_> {
    /// Where the thing is that was there before.
    pub(super) fn first(&mut self, at: Option<NodeId>) {
        if let Some(problem) = &mut self.0 {
            problem.first = at.map(Spot::Node);
        }
    }

    pub(super) fn help(&mut self, help: impl Into<String>) {
        if let Some(problem) = &mut self.0 {
            problem.help = Some(help.into());
        }
    }
}

/// The two spellings of a switch.
pub(super) fn as_switch(node: &Node<'_>) -> Option<bool> {
    match &node.kind {
        Kind::Boolean(value) => Some(*value),
        Kind::Text(text, _) if text == "on" => Some(true),
        Kind::Text(text, _) if text == "off" => Some(false),
        Kind::Null
        | Kind::Integer(_)
        | Kind::Float(_)
        | Kind::Text(..)
        | Kind::List(_)
        | Kind::Map(_) => None,
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().fold(true, |all, b| {
            all & (b.is_ascii_alphanumeric() | matches!(b, b'.' | b'_' | b'-'))
        })
}

/// A value as a message shows it.
pub(super) fn shown(node: &Node<'_>) -> String {
    match &node.kind {
        Kind::Text(text, _) => format!("`{}`", cut(text)),
        Kind::Boolean(value) => format!("`{value}`"),
        Kind::Integer(value) => format!("`{value}`"),
        Kind::Float(value) => format!("`{value}`"),
        Kind::Null | Kind::List(_) | Kind::Map(_) => node.noun().to_owned(),
    }
}

/// A text short enough for a message.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 40;
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= MOST {
        return text.chars().map(clean).collect();
    }
    text.chars().take(MOST - 1).map(clean).chain(['…']).collect()
}
