//! Layers: which file's words count, key by key.
//!
//! Merging works on the tree, because an overlay speaks of keys: what a key means is decided when
//! the merged flag is read. Every key remembers its file by its number.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Lowering;
use super::fields::{as_switch, cut, shown, switch_word};
use crate::bucket::Share;
use crate::ir::Name;
use crate::report::Code;
use crate::source::Owner;
use crate::tree::{Entry, Key, Kind, Node, NodeId};

/// One flag as all layers together write it.
#[derive(Clone, Debug)]
pub(super) struct FlagSource<'t> {
    pub(super) name: Name,
    /// The key of the last layer that speaks of the flag.
    pub(super) key: Key<'t>,
    entries: Vec<Entry<'t>>,
    id: NodeId,
    /// `kill:` of every layer: it holds if any of them says so.
    pub(super) kills: Vec<Node<'t>>,
}

impl<'t> FlagSource<'t> {
    /// The flag as one map.
    pub(super) fn as_node(&self) -> Node<'t> {
        Node { id: self.id, kind: Kind::Map(self.entries.clone()) }
    }
}

impl Lowering<'_> {
    /// A flag of a base, or one that an overlay adds.
    pub(super) fn base_flag<'t>(&mut self, entry: &Entry<'t>) -> Option<FlagSource<'t>> {
        let value = &entry.value;
        let entries = match value.map() {
            Some(entries) => entries.to_vec(),
            None => self.shorthand(entry)?,
        };
        let kills = killing(&entries);
        Some(FlagSource {
            name: Arc::from(&*entry.key.text),
            key: entry.key.clone(),
            entries,
            id: value.id,
            kills,
        })
    }

    /// What a shorthand stands for.
    fn shorthand<'t>(&mut self, entry: &Entry<'t>) -> Option<Vec<Entry<'t>>> {
        let node = &entry.value;
        let key = |text: &'static str| Key { text: Cow::Borrowed(text), ..entry.key.clone() };
        if as_switch(node).is_some() {
            return Some(vec![Entry { key: key("default"), value: node.clone() }]);
        }
        match &node.kind {
            Kind::Null => {
                self.null(entry);
                None
            }
            Kind::Text(text, _) if !text.ends_with('%') && Share::parse(text).is_err() => {
                let message = format!("`{}` is not a flag", cut(text));
                let mut complaint = self.error(Code::Switch, node.id, message);
                match switch_word(text) {
                    Some(word) => complaint.help(format!("write `{word}`")),
                    None => complaint.help("a flag is `on`, `off`, a share as `25%`, or a map"),
                }
                None
            }
            Kind::Text(..) | Kind::Integer(_) | Kind::Float(_) => {
                self.share(node)?;
                let rollout = Entry { key: key("rollout"), value: node.clone() };
                let rule = Node { id: node.id, kind: Kind::Map(vec![rollout]) };
                let rules = Node { id: node.id, kind: Kind::List(vec![rule]) };
                Some(vec![Entry { key: key("rules"), value: rules }])
            }
            Kind::Boolean(_) | Kind::List(_) | Kind::Map(_) => {
                let message = format!("a flag is a map or a shorthand, not {}", shown(node));
                self.error(Code::WrongType, node.id, message);
                None
            }
        }
    }

    /// Lays an overlay's words over those of the layers below.
    pub(super) fn overlay_flag<'t>(&mut self, below: &mut FlagSource<'t>, entry: &Entry<'t>) {
        below.key = entry.key.clone();
        let Some(entries) = entry.value.map() else {
            let Some(said) = self.shorthand(entry) else {
                return;
            };
            below.entries.retain(|known| known.key.text != "rules" && known.key.text != "default");
            below.entries.extend(said);
            return;
        };
        below.kills.extend(killing(entries));
        for said in entries {
            let key = &*said.key.text;
            let known = below.entries.iter().position(|known| known.key.text == key);
            match (&said.value.kind, known) {
                (Kind::Null, Some(known)) => {
                    below.entries.remove(known);
                }
                (Kind::Null, None) => {
                    let message = format!("there is no `{}` below to take away", cut(key));
                    self.error(Code::NullValue, said.key.id, message);
                }
                (Kind::Map(patches), known) if key == "rules" => {
                    let rules = known.and_then(|known| below.entries.get_mut(known));
                    self.patch_rules(rules, said, patches);
                }
                (_, Some(known)) => {
                    if let Some(slot) = below.entries.get_mut(known) {
                        *slot = said.clone();
                    }
                }
                (_, None) => below.entries.push(said.clone()),
            }
        }
    }

    /// `rules` as a map: patches of the rules below, by name.
    fn patch_rules<'t>(
        &mut self,
        rules: Option<&mut Entry<'t>>,
        said: &Entry<'t>,
        patches: &[Entry<'t>],
    ) {
        let mut none = Vec::new();
        let rules = match rules.map(|entry| &mut entry.value.kind) {
            Some(Kind::List(rules)) => rules,
            _ => &mut none,
        };
        if patches.is_empty() {
            self.error(Code::EmptyValue, said.value.id, "`rules` is an empty map");
        }
        for patch in patches {
            let name = &*patch.key.text;
            let named = |rule: &Node<'_>| {
                rule.entry("name").and_then(|entry| entry.value.word()).is_some_and(|n| n == name)
            };
            let Some(at) = rules.iter().position(named) else {
                let names: Vec<&str> = rules
                    .iter()
                    .filter_map(|rule| rule.entry("name").and_then(|entry| entry.value.text()))
                    .collect();
                let meant = self.suggestions.nearest(name, names);
                let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
                let message = format!("there is no rule `{}` below to patch", cut(name));
                let mut complaint = self.error(Code::UnknownKey, patch.key.id, message);
                if let Some(meant) = meant {
                    complaint.help(meant);
                }
                continue;
            };
            match &patch.value.kind {
                Kind::Null => {
                    rules.remove(at);
                }
                Kind::Map(keys) => {
                    if let Some(Kind::Map(rule)) = rules.get_mut(at).map(|rule| &mut rule.kind) {
                        self.patch_rule(rule, keys);
                    }
                }
                Kind::Boolean(_)
                | Kind::Integer(_)
                | Kind::Float(_)
                | Kind::Text(..)
                | Kind::List(_) => {
                    let message = format!("a patch is a map, not {}", shown(&patch.value));
                    self.error(Code::WrongType, patch.value.id, message);
                }
            }
        }
    }

    fn patch_rule<'t>(&mut self, rule: &mut Vec<Entry<'t>>, keys: &[Entry<'t>]) {
        for said in keys {
            let key = &*said.key.text;
            let known = rule.iter().position(|known| known.key.text == key);
            if key == "name" {
                self.error(Code::Overlay, said.key.id, "a patch cannot rename a rule");
                continue;
            }
            match (&said.value.kind, known.and_then(|at| rule.get_mut(at))) {
                (Kind::Null, Some(_)) => rule.retain(|known| known.key.text != key),
                (Kind::Null, None) => {
                    let message = format!("there is no `{}` below to take away", cut(key));
                    self.error(Code::NullValue, said.key.id, message);
                }
                (_, Some(slot)) => *slot = said.clone(),
                (_, None) => rule.push(said.clone()),
            }
        }
    }

    /// A flag given twice in one layer: wrong, but a kill in it counts.
    fn repeated_flag<'t>(&mut self, below: Option<&mut FlagSource<'t>>, entry: &Entry<'t>) {
        let message = format!("the flag `{}` is given twice", cut(&entry.key.text));
        let first = below.as_ref().map(|below| below.key.id);
        self.error(Code::DuplicateFlag, entry.key.id, message).first(first);
        if let (Some(below), Some(entries)) = (below, entry.value.map()) {
            below.kills.extend(killing(entries));
        }
    }

    /// The flags of all layers, merged. A flag that is only spoken of in a broken way is left out.
    pub(super) fn merge_flags<'t>(
        &mut self,
        layers: &[Vec<&Entry<'t>>],
    ) -> BTreeMap<Name, FlagSource<'t>> {
        let mut merged: BTreeMap<Name, FlagSource<'t>> = BTreeMap::new();
        for layer in layers {
            let mut seen: BTreeSet<Name> = BTreeSet::new();
            for entry in layer {
                let name: Name = Arc::from(&*entry.key.text);
                let is_first = seen.insert(Arc::clone(&name));
                self.as_owner(Owner::Flag(Arc::clone(&name)), |lowering| {
                    match merged.get_mut(&name) {
                        below if !is_first => lowering.repeated_flag(below, entry),
                        Some(below) => lowering.overlay_flag(below, entry),
                        None => {
                            if let Some(flag) = lowering.base_flag(entry) {
                                merged.insert(Arc::clone(&name), flag);
                            }
                        }
                    }
                });
            }
        }
        merged
    }
}

/// The flags that some file readably kills, whatever else is wrong with them there or elsewhere.
pub(super) fn killed(layers: &[Vec<&Entry<'_>>]) -> BTreeSet<Name> {
    let kills = |entry: &&&Entry<'_>| {
        let said = killing(entry.value.map().unwrap_or_default());
        said.iter().any(|node| as_switch(node) == Some(true))
    };
    layers.iter().flatten().filter(kills).map(|entry| Arc::from(&*entry.key.text)).collect()
}

/// The `kill:` of a map.
fn killing<'t>(entries: &[Entry<'t>]) -> Vec<Node<'t>> {
    let kills = entries.iter().filter(|entry| entry.key.text == "kill");
    kills.map(|entry| entry.value.clone()).filter(|node| !matches!(node.kind, Kind::Null)).collect()
}
