//! `when:`, `unless:` and segments: conditions, and what they are made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lowering;
use super::fields::{A_CONDITION, Complaint, cut, shown};
use crate::context::Builtin;
use crate::ir::{Condition, FixedRollout, Name, Requirement, StrategyUse, Subject, Test};
use crate::report::{Code, nearest};
use crate::source::Spot;
use crate::tree::{Entry, Key, Kind, Node};

/// The keys of a condition that are whole words.
pub(super) const WORDS: [&str; 13] = [
    "user", "session", "region", "tenant", "env", "host", "request", "ip", "segment", "all", "any",
    "not", "rollout",
];

/// The keys of a condition that are followed by a name.
pub(super) const STEMS: [&str; 5] = ["header", "cookie", "attr", "flag", "strategy"];

impl Lowering<'_> {
    /// `when:` of a rule: a condition, or `everyone`.
    pub(super) fn when(&mut self, node: &Node<'_>) -> Option<Condition> {
        match &node.kind {
            Kind::Text(text, _) if text == "everyone" => Some(Condition::Everyone),
            Kind::Text(text, _) => {
                let message = format!("`{}` is not a condition", cut(text));
                let mut complaint = self.error(Code::WrongType, node.id, message);
                match nearest(text, ["everyone"]) {
                    Some(_) => complaint.help("did you mean `everyone`?"),
                    None => complaint.help("a condition is a map of tests, or `everyone`"),
                }
                None
            }
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::List(_)
            | Kind::Map(_) => self.condition(node),
        }
    }

    /// `unless:`: one condition of one key, or a list of conditions any of which excludes.
    pub(super) fn unless(&mut self, node: &Node<'_>) -> Option<Vec<Condition>> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.error(Code::EmptyValue, node.id, "`unless` is an empty list");
                None
            }
            Kind::List(items) => self.conditions(items),
            Kind::Map(entries) if entries.len() > 1 => {
                let message =
                    "`unless` has several keys: does one of them exclude, or all together?";
                self.error(Code::SeveralConditions, node.id, message)
                    .help("write `unless: { any: [ … ] }` or `unless: { all: [ … ] }`");
                None
            }
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::Map(_) => self.condition(node).map(|condition| vec![condition]),
        }
    }

    fn conditions(&mut self, items: &[Node<'_>]) -> Option<Vec<Condition>> {
        let lowered: Vec<Option<Condition>> =
            items.iter().map(|item| self.condition(item)).collect();
        lowered.into_iter().collect()
    }

    /// A map of tests, all of which must hold.
    pub(super) fn condition(&mut self, node: &Node<'_>) -> Option<Condition> {
        match &node.kind {
            Kind::Map(entries) => self.condition_of(node, entries),
            Kind::List(_) => {
                self.error(Code::WrongType, node.id, "a condition is a map of tests, not a list")
                    .help("write `any: [ … ]` if one is enough, `all: [ … ]` if all must hold");
                None
            }
            Kind::Null | Kind::Boolean(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(..) => {
                let message = format!("a condition is a map of tests, not {}", shown(node));
                self.error(Code::WrongType, node.id, message);
                None
            }
        }
    }

    /// As [`Lowering::condition`], of entries that may be some of the node's.
    pub(super) fn condition_of(
        &mut self,
        node: &Node<'_>,
        entries: &[Entry<'_>],
    ) -> Option<Condition> {
        if entries.is_empty() {
            self.error(Code::EmptyValue, node.id, "the condition is empty")
                .help("everyone is written `when: everyone`");
            return None;
        }
        if let [only] = entries {
            return self.condition_entry(only);
        }
        let mut parts = Vec::with_capacity(entries.len());
        let mut whole = true;
        let is_header = |entry: &&Entry<'_>| entry.key.text.starts_with("header.");
        if entries.iter().filter(is_header).count() > 1 {
            let mut headers = BTreeMap::new();
            for entry in entries.iter().filter(is_header) {
                whole &= self.check_spelling(entry, &mut headers);
            }
        }
        for entry in entries {
            match self.condition_entry(entry) {
                Some(condition) => parts.push(condition),
                None => whole = false,
            }
        }
        if !whole {
            return None;
        }
        Some(Condition::All(parts.into()))
    }

    /// One header in two spellings is one key twice. The same spelling twice was met before.
    fn check_spelling<'e>(
        &mut self,
        entry: &'e Entry<'_>,
        headers: &mut BTreeMap<String, &'e Key<'e>>,
    ) -> bool {
        let key = &*entry.key.text;
        let first = *headers.entry(key.to_ascii_lowercase()).or_insert(&entry.key);
        if first.text == key {
            return true;
        }
        let message = format!("`{key}` is there already: the names of headers ignore case");
        self.error(Code::DuplicateKey, entry.key.id, message).first(Some(first.id));
        false
    }

    fn condition_entry(&mut self, entry: &Entry<'_>) -> Option<Condition> {
        let writing = self.tests.writing(entry);
        if let Some(test) = self.tests.find(entry, writing) {
            return Some(Condition::Test(test));
        }
        let condition = self.new_condition(entry)?;
        if let Condition::Test(test) = &condition {
            self.tests.add(writing, test);
        }
        Some(condition)
    }

    fn new_condition(&mut self, entry: &Entry<'_>) -> Option<Condition> {
        let (key, value, at) = (&*entry.key.text, &entry.value, entry.key.id);
        if let Some(builtin) = Builtin::of_name(key) {
            return self.test(entry, Subject::Builtin(builtin));
        }
        match key {
            "ip" => return self.test(entry, Subject::Ip),
            "segment" => return self.segments(entry),
            "all" | "any" => return self.combination(entry),
            "not" => return self.negation(entry),
            "rollout" => return self.segment_rollout(entry),
            _ => {}
        }
        // A searcher of characters is more code than all that is done for a condition (LOAD).
        let dot = key.bytes().position(|byte| byte == b'.');
        let Some((stem, name)) = dot.and_then(|at| Some((key.get(..at)?, key.get(at + 1..)?)))
        else {
            self.unknown_condition(entry);
            return None;
        };
        if STEMS.contains(&stem) && name.is_empty() {
            self.error(Code::Name, at, format!("`{key}` lacks a name behind the dot"));
            return None;
        }
        match stem {
            "header" => {
                self.check_token(name, entry, "a header")?;
                let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    true => self.name(&name.to_ascii_lowercase()),
                    false => self.name(name),
                };
                self.test(entry, Subject::Header(name))
            }
            "cookie" => {
                self.check_token(name, entry, "a cookie")?;
                let name = self.name(name);
                self.test(entry, Subject::Cookie(name))
            }
            "attr" => {
                let declared = self.declared(name, at);
                if matches!(value.kind, Kind::Null) {
                    self.null(entry);
                    return None;
                }
                let name = self.name(name);
                self.test(entry, Subject::Attribute(name, declared?))
            }
            "flag" => {
                if matches!(value.kind, Kind::Null) {
                    self.null(entry);
                    return None;
                }
                let variants = self.variant_names(value)?;
                let spot = Spot::Node(at);
                let flag = self.name(name);
                let required = Requirement { flag, variants, spot };
                Some(self.named(Condition::Flag(Box::new(required))))
            }
            "strategy" => {
                if !self.check_name(name, at, "a strategy") {
                    return None;
                }
                let parameters = self.json(value)?;
                let (name, spot) = (Arc::from(name), Spot::Node(at));
                let used = StrategyUse { name, parameters, spot };
                Some(self.named(Condition::Strategy(Box::new(used))))
            }
            _ => {
                self.unknown_condition(entry);
                None
            }
        }
    }

    /// Notes what a condition names: it is looked up even where the condition comes to nothing.
    pub(super) fn named(&mut self, leaf: Condition) -> Condition {
        self.loose.push((self.owner.clone(), leaf.clone()));
        leaf
    }

    fn unknown_condition(&mut self, entry: &Entry<'_>) {
        let key = &*entry.key.text;
        match STEMS.iter().find(|stem| **stem == key) {
            Some(stem) => {
                let message = format!("`{stem}` is followed by a name");
                self.error(Code::UnknownKey, entry.key.id, message)
                    .help(format!("write `{stem}.NAME`"));
            }
            None => match key.split_once('.') {
                Some((stem, name)) if !is_reserved_stem(stem) => {
                    let meant = nearest(stem, STEMS).map(str::to_owned);
                    let message = format!("unknown key `{}` in a condition", cut(key));
                    let mut complaint = self.error(Code::UnknownKey, entry.key.id, message);
                    if let Some(stem) = meant {
                        complaint.help(format!("did you mean `{stem}.{name}`?"));
                    }
                }
                _ => self.unknown_key(entry, A_CONDITION, &WORDS),
            },
        }
    }

    /// Names of headers and cookies are tokens of RFC 9110.
    fn check_token(&mut self, name: &str, entry: &Entry<'_>, what: &str) -> Option<()> {
        let is_delimiter = |byte: u8| matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}');
        let is_token = |byte: u8| byte.is_ascii_graphic() && !is_delimiter(byte);
        if name.bytes().all(is_token) {
            return Some(());
        }
        let message = format!("`{}` is not a name of {what}", cut(name));
        self.error(Code::Name, entry.key.id, message);
        None
    }

    fn test(&mut self, entry: &Entry<'_>, subject: Subject) -> Option<Condition> {
        if matches!(entry.value.kind, Kind::Null) {
            self.null(entry);
            return None;
        }
        let matchers = self.matchers(&entry.value, &subject)?;
        Some(Condition::Test(Arc::new(Test { subject, matchers })))
    }

    fn segments(&mut self, entry: &Entry<'_>) -> Option<Condition> {
        if matches!(entry.value.kind, Kind::Null) {
            self.null(entry);
            return None;
        }
        let items = self.one_or_more(&entry.value, "`segment`")?;
        let named: Vec<Condition> = items
            .iter()
            .filter_map(|item| {
                let name = self.text(item, "the name of a segment")?;
                let spot = Spot::Node(item.id);
                let name = self.name(name);
                Some(self.named(Condition::Segment { name, spot }))
            })
            .collect();
        let whole = named.len() == items.len();
        let is_one = !matches!(entry.value.kind, Kind::List(_));
        whole.then_some(())?;
        match is_one {
            true => named.into_iter().next(),
            false => Some(Condition::Any(named.into())),
        }
    }

    fn combination(&mut self, entry: &Entry<'_>) -> Option<Condition> {
        let word = &*entry.key.text;
        let items = match &entry.value.kind {
            Kind::List(items) if items.is_empty() => {
                let message = format!("`{word}` is an empty list");
                self.error(Code::EmptyValue, entry.value.id, message);
                return None;
            }
            Kind::List(items) => items,
            Kind::Null => {
                self.null(entry);
                return None;
            }
            Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::Map(_) => {
                let noun = entry.value.noun();
                let message = format!("`{word}` takes a list of conditions, not {noun}");
                self.error(Code::WrongType, entry.value.id, message)
                    .help(format!("write `{word}: [ {{ … }}, {{ … }} ]`"));
                return None;
            }
        };
        let parts = self.conditions(items)?;
        let parts = parts.into();
        Some(if word == "all" { Condition::All(parts) } else { Condition::Any(parts) })
    }

    fn negation(&mut self, entry: &Entry<'_>) -> Option<Condition> {
        if matches!(entry.value.kind, Kind::Null) {
            self.null(entry);
            return None;
        }
        if entry.value.map().is_some_and(|entries| entries.len() > 1) {
            let message = "`not` takes exactly one test";
            self.error(Code::SeveralConditions, entry.value.id, message)
                .help("write `not: { any: [ … ] }` or `not: { all: [ … ] }`");
            return None;
        }
        let part = self.condition(&entry.value)?;
        Some(Condition::Not(Box::new(part)))
    }

    fn segment_rollout(&mut self, entry: &Entry<'_>) -> Option<Condition> {
        if matches!(entry.value.kind, Kind::Null) {
            self.null(entry);
            return None;
        }
        let Some(seed) = self.segment.clone() else {
            let message = "`rollout` is a condition in a segment only";
            self.error(Code::Rollout, entry.key.id, message)
                .help("in a rule it stands beside `when:`");
            return None;
        };
        let share = self.share(&entry.value)?;
        let units = Arc::clone(&self.units);
        Some(Condition::Rollout(Box::new(FixedRollout { share, units, seed })))
    }

    /// One variant or a list of them, as names.
    pub(super) fn variant_names(&mut self, node: &Node<'_>) -> Option<Vec<(Name, Spot)>> {
        let items = self.one_or_more(node, "the list of variants")?;
        let names: Vec<(Name, Spot)> = items
            .iter()
            .filter_map(|item| self.variant_word(item).map(|name| (name, Spot::Node(item.id))))
            .collect();
        (names.len() == items.len()).then_some(names)
    }

    /// The name of a variant; `true` and `false` are names too.
    pub(super) fn variant_word(&mut self, node: &Node<'_>) -> Option<Name> {
        match node.word() {
            Some(word) if !word.is_empty() => Some(self.name(&word)),
            _ => {
                let message = format!("a variant is named by a text, not {}", node.noun());
                let mut complaint: Complaint<'_> = self.error(Code::OneVariant, node.id, message);
                let help = match node.kind {
                    Kind::Map(_) => {
                        "write the name of the variant; weights stand under `serve:` only"
                    }
                    _ => "write a variant's name, or a value as `{ value: 5 }`",
                };
                complaint.help(help);
                None
            }
        }
    }
}

fn is_reserved_stem(stem: &str) -> bool {
    stem == "layer"
}
