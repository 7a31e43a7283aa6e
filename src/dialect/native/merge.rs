//! Layers: which file's words count, key by key.
//!
//! Merging works on the tree, because an overlay speaks of keys: what a key means is decided when
//! the merged flag is read. Every key remembers its file by its number.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Lowering;
use super::fields::{as_switch, cut, shown, switch_word};
use crate::bucket::Share;
use crate::ir::Name;
use crate::report::Code;
use crate::source::Owner;
use crate::tree::{Entry, Key, Kind, Node, Seeded};

/// One flag as all layers together write it.
#[derive(Clone, Debug)]
pub(super) struct FlagSource<'r, 't> {
    pub(super) name: Name,
    /// The key of the last layer that speaks of the flag.
    pub(super) key: &'r Key<'t>,
    /// The flag as one map; that of the text itself where nothing is laid over it.
    pub(super) map: Cow<'r, Node<'t>>,
    /// `kill:` of every layer: it holds if any of them says so.
    pub(super) kills: Vec<&'r Node<'t>>,
}

impl<'t> FlagSource<'_, 't> {
    /// The entries, to be changed.
    fn entries(&mut self) -> Option<&mut Vec<Entry<'t>>> {
        match &mut self.map.to_mut().kind {
            Kind::Map(entries) => Some(entries),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_) => None,
        }
    }
}

/// What the layers so far say of one name.
struct Merged<'r, 't> {
    /// The last layer that speaks of it.
    layer: usize,
    /// `None` where it is only spoken of in a broken way.
    source: Option<FlagSource<'r, 't>>,
}

impl Lowering<'_> {
    /// A flag of a base, or one that an overlay adds.
    pub(super) fn base_flag<'r, 't>(
        &mut self,
        name: Name,
        entry: &'r Entry<'t>,
    ) -> Option<FlagSource<'r, 't>> {
        let (key, value) = (&entry.key, &entry.value);
        let (map, kills) = match value.map() {
            Some(entries) => (Cow::Borrowed(value), killing(entries).collect()),
            None => {
                let kind = Kind::Map(self.shorthand(entry)?);
                (Cow::Owned(Node { id: value.id, kind }), Vec::new())
            }
        };
        Some(FlagSource { name, key, map, kills })
    }

    /// What a shorthand stands for.
    fn shorthand<'t>(&mut self, entry: &Entry<'t>) -> Option<Vec<Entry<'t>>> {
        let node = &entry.value;
        let key = |text| entry.key.renamed(text);
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
    fn overlay_flag<'r, 't>(&mut self, below: &mut FlagSource<'r, 't>, entry: &'r Entry<'t>) {
        below.key = &entry.key;
        let Some(entries) = entry.value.map() else {
            if let (Some(said), Some(known)) = (self.shorthand(entry), below.entries()) {
                known.retain(|known| known.key.text != "rules" && known.key.text != "default");
                known.extend(said);
            }
            return;
        };
        below.kills.extend(killing(entries));
        let Some(below) = below.entries() else { return };
        for said in entries {
            let key = &*said.key.text;
            let known = below.iter().position(|known| known.key.text == key);
            match (&said.value.kind, known) {
                (Kind::Null, Some(known)) => {
                    below.remove(known);
                }
                (Kind::Null, None) => {
                    let message = format!("there is no `{}` below to take away", cut(key));
                    self.error(Code::NullValue, said.key.id, message);
                }
                (Kind::Map(patches), known) if key == "rules" => {
                    let rules = known.and_then(|known| below.get_mut(known));
                    self.patch_rules(rules, said, patches);
                }
                (_, Some(known)) => {
                    if let Some(slot) = below.get_mut(known) {
                        *slot = said.clone();
                    }
                }
                (_, None) => below.push(said.clone()),
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
    fn repeated_flag<'r, 't>(
        &mut self,
        below: Option<&mut FlagSource<'r, 't>>,
        entry: &'r Entry<'t>,
    ) {
        let message = format!("the flag `{}` is given twice", cut(&entry.key.text));
        let first = below.as_ref().map(|below| below.key.id);
        self.error(Code::DuplicateFlag, entry.key.id, message).first(first);
        if let (Some(below), Some(entries)) = (below, entry.value.map()) {
            below.kills.extend(killing(entries));
        }
    }

    /// The flags of all layers, merged, in the byte order of their names. A flag that is only
    /// spoken of in a broken way is left out.
    pub(super) fn merge_flags<'r, 't>(
        &mut self,
        layers: &[Vec<&'r Entry<'t>>],
    ) -> Vec<FlagSource<'r, 't>> {
        let most = layers.iter().map(Vec::len).max().unwrap_or(0);
        let mut at: HashMap<&str, usize, Seeded> = HashMap::default();
        at.reserve(most);
        let mut merged: Vec<Merged<'r, 't>> = Vec::with_capacity(most);
        for (layer, entries) in layers.iter().enumerate() {
            for &entry in entries {
                let known = at.get(&*entry.key.text).and_then(|at| merged.get_mut(*at));
                let name: Name = match known.as_ref().and_then(|known| known.source.as_ref()) {
                    Some(source) => Arc::clone(&source.name),
                    None => Arc::from(&*entry.key.text),
                };
                let new = self.as_owner(Owner::Flag(Arc::clone(&name)), |lowering| match known {
                    None => Some(lowering.base_flag(name, entry)),
                    Some(Merged { layer: last, source }) if *last == layer => {
                        lowering.repeated_flag(source.as_mut(), entry);
                        None
                    }
                    Some(Merged { layer: last, source }) => {
                        *last = layer;
                        match source {
                            Some(below) => lowering.overlay_flag(below, entry),
                            None => *source = lowering.base_flag(name, entry),
                        }
                        None
                    }
                });
                if let Some(source) = new {
                    at.insert(&entry.key.text, merged.len());
                    merged.push(Merged { layer, source });
                }
            }
        }
        let mut sources: Vec<FlagSource<'r, 't>> =
            merged.into_iter().filter_map(|merged| merged.source).collect();
        sources.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        sources
    }
}

/// The flags that some file readably kills, whatever else is wrong with them there or elsewhere.
pub(super) fn killed(layers: &[Vec<&Entry<'_>>]) -> BTreeSet<Name> {
    let kills = |entry: &&&Entry<'_>| {
        let mut said = killing(entry.value.map().unwrap_or_default());
        said.any(|node| as_switch(node) == Some(true))
    };
    layers.iter().flatten().filter(kills).map(|entry| Arc::from(&*entry.key.text)).collect()
}

/// The `kill:` of a map.
fn killing<'r, 't>(entries: &'r [Entry<'t>]) -> impl Iterator<Item = &'r Node<'t>> {
    let kills = entries.iter().filter(|entry| entry.key.text == "kill");
    kills.map(|entry| &entry.value).filter(|node| !matches!(node.kind, Kind::Null))
}
