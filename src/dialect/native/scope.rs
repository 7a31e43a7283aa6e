//! What conditions can name: attributes, segments, strategies, and the units of the whole set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Lowering;
use super::fields::{is_free, shown};
use crate::ir::{Allowed, Condition, Declared, Name, Scope, Segment};
use crate::report::{Code, nearest};
use crate::source::{Owner, Problem, Spot};
use crate::tree::{Entry, Kind, Node};

/// The keys of a file that say what conditions can name.
pub(super) const SCOPE_KEYS: [&str; 4] = ["attributes", "segments", "strategies", "by"];

impl Lowering<'_> {
    pub(super) fn scope(&mut self, roots: &[(usize, &Node<'_>)], layers: usize) -> Arc<Scope> {
        for (_, root) in roots {
            if let Some(entry) = root.entry("attributes") {
                self.attributes(entry);
            }
        }
        let mut strategies = Vec::new();
        for (layer, root) in roots {
            if let Some(node) = root.entry("by").map(|entry| &entry.value) {
                self.top_unit(node, *layer);
            }
            if let Some(node) = root.entry("strategies").map(|entry| &entry.value) {
                self.strategies(node, &mut strategies);
            }
        }
        let segments = self.segments_of(&sections(roots, "segments", layers));
        Arc::new(Scope { segments, strategies, files: self.sources.names() })
    }

    fn attributes(&mut self, entry: &Entry<'_>) {
        if matches!(entry.value.kind, Kind::Null) {
            return;
        }
        let Some(entries) = entry.value.map() else {
            let noun = entry.value.noun();
            let message = format!("`attributes` is a map of names to types, not {noun}");
            self.error(Code::WrongType, entry.value.id, message);
            return;
        };
        self.attributes.get_or_insert_default();
        for entry in entries.iter().filter(|entry| !entry.key.is_odd) {
            let name: Name = Arc::from(&*entry.key.text);
            self.check_name(&name, entry.key.id, "an attribute");
            if matches!(entry.value.kind, Kind::Null) {
                self.null(entry);
                continue;
            }
            let Some(declared) = self.declaration(&entry.value) else {
                // It is declared all the same: who names it makes no further mistake.
                self.attributes.get_or_insert_default().entry(name).or_insert(None);
                continue;
            };
            let known = self.attributes.as_ref().and_then(|known| known.get(&name));
            if known.is_some_and(|known| *known != declared) {
                let message = format!("the attribute `{name}` has another type already");
                self.error(Code::Overlay, entry.key.id, message)
                    .help("an overlay may add attributes, not change them");
                continue;
            }
            self.attributes.get_or_insert_default().insert(name, declared);
        }
    }

    /// The type of an attribute; `Some(None)` is json.
    fn declaration(&mut self, node: &Node<'_>) -> Option<Option<Declared>> {
        const TYPES: [&str; 7] =
            ["text", "integer", "number", "boolean", "version", "instant", "json"];
        if let Kind::List(items) = &node.kind {
            self.one_or_more(node, "the list of allowed texts")?;
            let mut texts: Vec<Name> = Vec::new();
            for item in items {
                match &item.kind {
                    Kind::Integer(value) => texts.push(Arc::from(value.to_string())),
                    Kind::Null
                    | Kind::Boolean(_)
                    | Kind::Float(_)
                    | Kind::List(_)
                    | Kind::Map(_) => {
                        let message = format!("an allowed value is a text, not {}", item.noun());
                        self.error(Code::Quote, item.id, message).help("quote it");
                    }
                    Kind::Text(..) => {
                        texts.extend(self.text(item, "an allowed value").map(Arc::from));
                    }
                }
            }
            let whole = texts.len() == items.len();
            return whole.then(|| Some(Declared::OneOf(Allowed::new(texts))));
        }
        let text = node.text().unwrap_or("");
        match text {
            "text" => Some(Some(Declared::Text)),
            "integer" => Some(Some(Declared::Integer)),
            "number" => Some(Some(Declared::Number)),
            "boolean" => Some(Some(Declared::Boolean)),
            "version" => Some(Some(Declared::Version)),
            "instant" => Some(Some(Declared::Instant)),
            "json" => Some(None),
            _ => {
                let message = format!("{} is not a type of attributes", shown(node));
                let help = match nearest(text, TYPES) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("a type is one of {}, or a list of texts", TYPES.join(", ")),
                };
                self.error(Code::WrongType, node.id, message).help(help);
                None
            }
        }
    }

    fn top_unit(&mut self, node: &Node<'_>, layer: usize) {
        if matches!(node.kind, Kind::Null) {
            return;
        }
        if layer > 0 {
            self.error(Code::Overlay, node.id, "`by` at the top belongs to the base")
                .help("it may stand on a flag or a rule of an overlay");
            return;
        }
        let Some(units) = self.units(node) else {
            return;
        };
        if self.has_units && self.units != units {
            let message = "another file of the directory has another `by`";
            self.error(Code::DuplicateName, node.id, message);
            return;
        }
        (self.units, self.has_units) = (units, true);
    }

    fn strategies(&mut self, node: &Node<'_>, strategies: &mut Vec<(Name, Spot)>) {
        match &node.kind {
            Kind::Null => {}
            Kind::List(items) => {
                let mut seen: BTreeSet<Name> =
                    strategies.iter().map(|(name, _)| Arc::clone(name)).collect();
                for item in items {
                    let Some(name) = self.text(item, "the name of a strategy") else {
                        continue;
                    };
                    self.check_name(name, item.id, "a strategy");
                    let name: Name = Arc::from(name);
                    if seen.insert(Arc::clone(&name)) {
                        strategies.push((name, Spot::Node(item.id)));
                    }
                }
            }
            Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::Map(_) => {
                let message = format!("`strategies` is a list of names, not {}", node.noun());
                self.error(Code::WrongType, node.id, message);
            }
        }
    }

    /// The segments of all layers; a later layer's replaces an earlier one's.
    fn segments_of(&mut self, layers: &[Vec<&Entry<'_>>]) -> BTreeMap<Name, Segment> {
        let mut winners: BTreeMap<Name, &Entry<'_>> = BTreeMap::new();
        for layer in layers {
            let mut seen = BTreeSet::new();
            for entry in layer {
                let name: Name = Arc::from(&*entry.key.text);
                if seen.insert(Arc::clone(&name)) {
                    winners.insert(name, entry);
                } else if winners
                    .get(&name)
                    .is_some_and(|first| self.sources.is_later_file(entry.key.id, first.key.id))
                {
                    let owner = Owner::Segment(Arc::clone(&name));
                    let message = format!("the segment `{name}` is in another file already");
                    let spot = Spot::Node(entry.key.id);
                    let first = winners.get(&name).map(|first| first.key.id);
                    self.push(Problem::error(Code::DuplicateName, message, spot, owner))
                        .first(first);
                }
            }
        }
        let mut segments = BTreeMap::new();
        for (name, entry) in winners {
            let owner = Owner::Segment(Arc::clone(&name));
            let before = self.loose.len();
            let when = self.as_owner(owner, |lowering| lowering.segment(&name, entry));
            if let Some(when) = when {
                self.loose.truncate(before);
                let spot = Spot::Node(entry.key.id);
                segments.insert(Arc::clone(&name), Segment { name, when, spot });
            }
        }
        segments
    }

    fn segment(&mut self, name: &Name, entry: &Entry<'_>) -> Option<Condition> {
        let good = self.check_name(name, entry.key.id, "a segment");
        if matches!(entry.value.kind, Kind::Null) {
            self.null(entry);
            return None;
        }
        self.segment = Some(Arc::clone(name));
        let condition = match entry.value.map() {
            Some(entries) => {
                let own = |entry: &&Entry<'_>| !is_free(&entry.key.text);
                let entries: Vec<Entry<'_>> = entries.iter().filter(own).cloned().collect();
                self.condition_of(&entry.value, &entries)
            }
            None => self.condition(&entry.value),
        };
        self.segment = None;
        condition.filter(|_| good)
    }
}

/// The entries of one section, layer by layer.
pub(super) fn sections<'r, 't>(
    roots: &[(usize, &'r Node<'t>)],
    section: &str,
    layers: usize,
) -> Vec<Vec<&'r Entry<'t>>> {
    let mut found = vec![Vec::new(); layers];
    for (layer, root) in roots {
        let entries = root.entry(section).and_then(|entry| entry.value.map());
        if let Some(slot) = found.get_mut(*layer) {
            slot.extend(entries.unwrap_or_default().iter().filter(|entry| !entry.key.is_odd));
        }
    }
    found
}
