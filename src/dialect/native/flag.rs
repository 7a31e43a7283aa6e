//! One flag: its variants, its default and what stands around its rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Lowering;
use super::fields::{A_FLAG, Fields, FreeKeys, as_switch, bits, cut, shown, start_of, switch_word};
use super::keys::Keys;
use super::merge::FlagSource;
use crate::ir::{
    Before, Condition, Flag, Metadata, Name, Reach, Requirement, Rule, Scope, Variant, VariantIndex,
};
use crate::report::{Code, Suggestions};
use crate::source::{FileLine, Spot};
use crate::tree::{Entry, Key, Kind, Node, NodeId};
use crate::value::{Value, ValueType};

pub(super) static FLAG_KEYS: Keys = Keys::new(&[
    "description",
    "owner",
    "created",
    "expires",
    "kill",
    "requires",
    "unless",
    "rules",
    "default",
    "variants",
    "off_variant",
    "seed",
    "by",
    "public",
]);

/// The keys of what few flags say of themselves.
///
/// INVARIANT: all that [`Lowering::said_by_few`] asks for, as it is not called where none of them stands.
const FEW_SAY: u64 = bits(&["created", "expires", "public"]);

/// The variants of a flag while its rules are read.
pub(super) struct Variants {
    pub(super) is_boolean: bool,
    /// Those of a flag that is not boolean, by their names, and where each value stands.
    values: BTreeMap<Name, (Value, NodeId)>,
    /// The type of the first value, which the others must share.
    value_type: Option<ValueType>,
    /// Whether all of them could be read: if not, one that is missing is no further mistake.
    is_whole: bool,
}

impl Lowering<'_> {
    pub(super) fn flag(&mut self, source: &FlagSource<'_, '_>, scope: &Arc<Scope>) -> Option<Flag> {
        let before = self.problems.len();
        self.check_name(&source.name, source.key.id, "a flag");
        let node = &*source.map;
        let fields = self.fields(node, A_FLAG, &FLAG_KEYS, FreeKeys::Allowed)?;

        let mut variants = self.variants(&fields);
        variants.is_whole = self.problems.len() == before;
        let units = fields.get("by").and_then(|node| self.units(node));
        let units = units.or_else(|| self.has_units.then(|| Arc::clone(&self.units)));
        let seed = fields.get("seed").and_then(|node| self.seed(node));
        let rule_nodes = self.rule_nodes(&fields);
        let before_values = self.problems.len();
        if !variants.is_boolean {
            self.inline_values(rule_nodes, &fields, &mut variants);
        }
        variants.is_whole &= self.problems.len() == before_values;
        if !variants.is_boolean && variants.values.is_empty() && before == self.problems.len() {
            self.error(Code::EmptyValue, fields.start(), "the flag has no variants");
        }

        let kill = source.kills.iter().filter_map(|node| self.switch(node, "`kill`"));
        let kill = kill.collect::<Vec<_>>().contains(&true);
        let default = self.default_variant(&fields, &variants);
        let off = match fields.get("off_variant") {
            Some(node) if variants.is_boolean => {
                let message = "a boolean flag has no `off_variant`: it is `off`";
                self.error(Code::WrongType, node.id, message);
                None
            }
            Some(node) => self.variant_of(node, &variants),
            None if variants.is_boolean => variants.index("off"),
            None => default,
        };
        let requires = fields.get("requires").map(|node| self.requirements(node));
        for required in requires.iter().flatten() {
            self.named(Condition::Flag(Box::new(required.clone())));
        }
        let unless = fields.get("unless").and_then(|node| self.unless(node));
        let metadata = self.metadata(&fields);
        let mut rules = Vec::with_capacity(rule_nodes.len());
        let defaults = super::rule::Defaults { units: units.as_ref(), seed: seed.as_ref() };
        for (index, node) in rule_nodes.iter().enumerate() {
            rules.extend(self.rule(node, index, &variants, &defaults));
        }
        self.check_rule_names(&rules, rule_nodes);
        if self.problems.len() > before {
            return None;
        }
        let mut flag = Flag {
            name: Arc::clone(&source.name),
            is_boolean: variants.is_boolean,
            value_type: variants.value_type.unwrap_or(ValueType::Boolean),
            variants: match variants.is_boolean {
                true => Arc::clone(&self.switch),
                false => variants.into_list(),
            },
            rules: rules.into(),
            default: default?,
            off: off?,
            kill,
            extra: Before::boxed(requires.unwrap_or_default(), unless.unwrap_or_default()),
            metadata,
            scope: Arc::clone(scope),
            reach: Reach::default(),
            line: self.line(source.key),
            spot: Spot::Node(source.key.id),
        };
        flag.reach = Reach::of(&flag);
        Some(flag)
    }

    /// Complains of rules that have the name of one before them.
    ///
    /// PERF: names that are the same are one, so that a few are told apart by where they are kept
    /// (LOAD).
    fn check_rule_names(&mut self, rules: &[Rule], nodes: &[Node<'_>]) {
        const FEW: usize = 8;
        let mut left = rules;
        let mut is_new = rules.len() <= FEW;
        while let (true, [rule, others @ ..]) = (is_new, left) {
            is_new = others.iter().all(|other| !Arc::ptr_eq(&rule.name, &other.name));
            left = others;
        }
        if !is_new {
            self.look_for_same_names(rules, nodes);
        }
    }

    #[inline(never)]
    fn look_for_same_names(&mut self, rules: &[Rule], nodes: &[Node<'_>]) {
        let name_of = |node: &Node<'_>| node.entry("name").map(|name| name.value.id);
        let named: BTreeMap<NodeId, NodeId> =
            nodes.iter().filter_map(|node| Some((start_of(node), name_of(node)?))).collect();
        let at = |rule: &Rule| Some((Arc::clone(&rule.name), *named.get(&rule.spot.0)?));
        let mut names: Vec<(Name, NodeId)> = rules.iter().filter_map(at).collect();
        names.sort();
        for same in names.chunk_by(|(name, _), (next, _)| name == next) {
            for (name, at) in same.iter().skip(1) {
                let message = format!("two rules are named `{}`", cut(name));
                let first = same.first().map(|(_, first)| *first);
                self.error(Code::DuplicateName, *at, message).first(first);
            }
        }
    }

    /// `variants:`, or `on` and `off`.
    fn variants(&mut self, fields: &Fields<'_, '_>) -> Variants {
        let mut variants = Variants {
            is_boolean: false,
            values: BTreeMap::new(),
            value_type: None,
            is_whole: true,
        };
        let Some(entry) = fields.entry("variants") else {
            let is_inline = |node: &Node<'_>| node.entry("value").is_some();
            let rules = fields.get("rules").map(|node| match &node.kind {
                Kind::List(items) => items.iter().any(is_inline),
                Kind::Null
                | Kind::Boolean(_)
                | Kind::Integer(_)
                | Kind::Float(_)
                | Kind::Text(..)
                | Kind::Map(_) => false,
            });
            let default = fields.get("default").is_some_and(is_inline);
            variants.is_boolean = !rules.unwrap_or(false) && !default && !fields.has("variants");
            if variants.is_boolean {
                variants.value_type = Some(ValueType::Boolean);
            }
            return variants;
        };
        match &entry.value.kind {
            Kind::List(items) if !items.is_empty() => {
                for item in items {
                    self.listed_variant(item, &mut variants);
                }
            }
            Kind::Map(entries) if !entries.is_empty() => {
                for (index, entry) in entries.iter().enumerate() {
                    // One that is there twice was complained about.
                    let before = entries.iter().take(index);
                    if entry.key.is_odd || before.into_iter().any(|e| e.key.text == entry.key.text)
                    {
                        continue;
                    }
                    self.valued_variant(entry, &mut variants);
                }
            }
            Kind::List(_) | Kind::Map(_) => {
                self.error(Code::EmptyValue, entry.value.id, "`variants` is empty");
            }
            Kind::Null | Kind::Boolean(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(..) => {
                let noun = entry.value.noun();
                let message = format!("`variants` is a list of names or a map, not {noun}");
                self.error(Code::WrongType, entry.value.id, message);
            }
        }
        variants
    }

    fn listed_variant(&mut self, item: &Node<'_>, variants: &mut Variants) {
        let name: Name = match &item.kind {
            Kind::Text(text, _) => Arc::from(&**text),
            Kind::Integer(value) => Arc::from(value.to_string()),
            Kind::Null | Kind::Boolean(_) | Kind::Float(_) | Kind::List(_) | Kind::Map(_) => {
                let message = format!("a variant is named by a text, not {}", item.noun());
                self.error(Code::WrongType, item.id, message).help("quote it");
                return;
            }
        };
        if name.is_empty() {
            self.error(Code::EmptyValue, item.id, "the name of a variant is empty");
            return;
        }
        self.check_name(&name, item.id, "a variant");
        self.add_variant(Arc::clone(&name), Value::Text(name), item.id, variants);
    }

    fn valued_variant(&mut self, entry: &Entry<'_>, variants: &mut Variants) {
        let name: Name = Arc::from(&*entry.key.text);
        self.check_name(&name, entry.key.id, "a variant");
        if matches!(entry.value.kind, Kind::Null) {
            self.null(entry);
            return;
        }
        if let Some(value) = self.value(&entry.value) {
            self.add_variant(name, value, entry.value.id, variants);
        }
    }

    fn add_variant(&mut self, name: Name, value: Value, at: NodeId, variants: &mut Variants) {
        let value_type = value.value_type();
        match variants.value_type {
            Some(other) if other != value_type => {
                let message = format!("the values mix {other} and {value_type}");
                let first = variants.values.values().map(|(_, at)| *at).min();
                self.error(Code::MixedValues, at, message).first(first);
                return;
            }
            Some(_) => {}
            None => variants.value_type = Some(value_type),
        }
        if variants.values.contains_key(&name) {
            let message = format!("there is a variant `{}` already", cut(&name));
            let first = variants.values.get(&name).map(|(_, at)| *at);
            self.error(Code::VariantClash, at, message).first(first);
            return;
        }
        variants.values.insert(name, (value, at));
    }

    /// The variants that `value:` makes, of rules and of the default.
    fn inline_values(
        &mut self,
        rules: &[Node<'_>],
        fields: &Fields<'_, '_>,
        variants: &mut Variants,
    ) {
        for rule in rules {
            let Some(entry) = rule.entry("value") else {
                continue;
            };
            if matches!(entry.value.kind, Kind::Null) {
                continue;
            }
            let named = rule.entry("name").map(|name| &name.value);
            let Some((name, at)) = named.and_then(|node| Some((node.text()?, node.id))) else {
                let first = rule.map().and_then(|entries| entries.first());
                let message = "a rule with a `value` needs a name: its variant takes it";
                self.error(Code::MissingKey, first.map_or(rule.id, |e| e.key.id), message);
                continue;
            };
            self.check_name(name, at, "a variant, which the rule's is");
            if let Some(value) = self.value(&entry.value) {
                self.add_variant(Arc::from(name), value, entry.value.id, variants);
            }
        }
        let default = fields.get("default").filter(|node| node.map().is_some());
        if let Some(entry) = default.and_then(|node| node.entry("value")) {
            if matches!(entry.value.kind, Kind::Null) {
                self.error(Code::NullValue, entry.key.id, "null is not a value");
            } else if let Some(value) = self.value(&entry.value) {
                self.add_variant(Arc::from("default"), value, entry.value.id, variants);
            }
        }
    }

    fn default_variant(
        &mut self,
        fields: &Fields<'_, '_>,
        variants: &Variants,
    ) -> Option<VariantIndex> {
        let Some(node) = fields.get("default") else {
            if variants.is_boolean {
                return variants.index("off");
            }
            if !fields.is_meant("default") {
                let message = "a flag with variants needs a `default`";
                self.error(Code::MissingKey, fields.start(), message);
            }
            return None;
        };
        if node.entry("value").is_some() {
            static KEYS: Keys = Keys::new(&["value"]);
            self.fields(node, "a default with a value", &KEYS, FreeKeys::Refused)?;
            return variants.index("default");
        }
        self.variant_of(node, variants)
    }

    /// One variant, by its name.
    pub(super) fn variant_of(
        &mut self,
        node: &Node<'_>,
        variants: &Variants,
    ) -> Option<VariantIndex> {
        if node.map().is_some() {
            let message = "one variant is needed here, not weights";
            self.error(Code::OneVariant, node.id, message);
            return None;
        }
        if variants.is_boolean {
            if let Some(switch) = as_switch(node) {
                return variants.index(if switch { "on" } else { "off" });
            }
        }
        let name = self.variant_word(node)?;
        self.known_variant(&name, node.id, variants)
    }

    /// The index of a variant that is named somewhere.
    pub(super) fn known_variant(
        &mut self,
        name: &str,
        at: NodeId,
        variants: &Variants,
    ) -> Option<VariantIndex> {
        let found = variants.index(name);
        if !variants.is_whole {
            return found;
        }
        if found.is_none() && variants.is_boolean {
            let message = format!("`{}` is neither `on` nor `off`", cut(name));
            let mut complaint = self.error(Code::Switch, at, message);
            match switch_word(name) {
                Some(word) => complaint.help(format!("write `{word}`")),
                None => {
                    complaint.help("a flag of values or texts says so: `default: { value: 5 }`")
                }
            };
        } else if found.is_none() {
            let names = variants.values.keys().map(|name| &**name);
            let mut values = variants.values.iter();
            let of_value = values.find(|(_, (value, _))| value.as_text() == Some(name));
            let of_value = of_value.map(|(variant, _)| {
                format!("`{}` is the value of `{variant}`: write `{variant}`", cut(name))
            });
            let help = match self.suggestions.nearest(name, names.clone()) {
                _ if of_value.is_some() => of_value.unwrap_or_default(),
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it has {}", Suggestions::listed(names)),
            };
            self.error(
                Code::UnknownVariant,
                at,
                format!("the flag has no variant `{}`", cut(name)),
            )
            .help(help);
        }
        found
    }

    /// `requires:`: a name, a map of names to variants, or a list of these.
    fn requirements(&mut self, node: &Node<'_>) -> Vec<Requirement> {
        let items = self.one_or_more(node, "`requires`").unwrap_or_default();
        let mut requirements = Vec::new();
        for item in items {
            match &item.kind {
                Kind::Text(text, _) if !text.is_empty() => requirements.push(Requirement {
                    flag: Arc::from(&**text),
                    variants: Vec::new(),
                    spot: Spot::Node(item.id),
                }),
                Kind::Map(entries) if !entries.is_empty() => {
                    for entry in entries {
                        if matches!(entry.value.kind, Kind::Null) {
                            self.null(entry);
                            continue;
                        }
                        if let Some(variants) = self.variant_names(&entry.value) {
                            requirements.push(Requirement {
                                flag: Arc::from(&*entry.key.text),
                                variants,
                                spot: Spot::Node(entry.key.id),
                            });
                        }
                    }
                }
                Kind::Text(..) | Kind::Map(_) => {
                    self.error(Code::EmptyValue, item.id, "`requires` names no flag");
                }
                Kind::Null
                | Kind::Boolean(_)
                | Kind::Integer(_)
                | Kind::Float(_)
                | Kind::List(_) => {
                    let message = format!("`requires` takes names of flags, not {}", shown(item));
                    self.error(Code::WrongType, item.id, message)
                        .help("a flag's name, or `{ flag: variant }`, or a list of these");
                }
            }
        }
        requirements
    }

    pub(super) fn seed(&mut self, node: &Node<'_>) -> Option<Name> {
        match node.kind {
            Kind::Integer(value) => Some(Arc::from(value.to_string())),
            Kind::Null
            | Kind::Boolean(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_)
            | Kind::Map(_) => self.text(node, "`seed`").map(Arc::from),
        }
    }

    fn metadata(&mut self, fields: &Fields<'_, '_>) -> Metadata {
        let mut text = |key| {
            let node = fields.get(key)?;
            self.text(node, format_args!("`{key}`"))
        };
        let (description, owner) = (text("description"), text("owner"));
        let (created, metadata) = match fields.may_have(FEW_SAY) {
            true => self.said_by_few(fields),
            false => (None, Metadata::default()),
        };
        let hash = |text: Option<&str>, before| {
            xxh3_64_with_seed(text.unwrap_or_default().as_bytes(), before)
        };
        let said = hash(created.as_deref(), hash(owner, hash(description, 0)));
        Metadata { said, ..metadata }
    }

    /// What few flags say of themselves, with when they were made.
    #[inline(never)]
    fn said_by_few(&mut self, fields: &Fields<'_, '_>) -> (Option<String>, Metadata) {
        let mut date = |key: &str| fields.get(key).and_then(|node| self.date(node));
        let (created, expires) = (date("created"), date("expires"));
        let is_public = fields.get("public").and_then(|node| self.switch(node, "`public`"));
        let metadata = Metadata { said: 0, expires, is_public: is_public == Some(true) };
        (created.map(|date| date.to_string()), metadata)
    }

    fn rule_nodes<'n, 't>(&mut self, fields: &Fields<'n, 't>) -> &'n [Node<'t>] {
        let Some(node) = fields.get("rules") else {
            return &[];
        };
        match &node.kind {
            Kind::List(items) => items,
            Kind::Map(_) => {
                self.error(Code::WrongType, node.id, "`rules` is a list, not a map")
                    .help("a map of rules patches those of a base, in an overlay");
                &[]
            }
            Kind::Null | Kind::Boolean(_) | Kind::Integer(_) | Kind::Float(_) | Kind::Text(..) => {
                let message = format!("`rules` is a list, not {}", node.noun());
                self.error(Code::WrongType, node.id, message);
                &[]
            }
        }
    }

    pub(super) fn line(&self, key: &Key<'_>) -> FileLine {
        self.sources.line(key.id, key.offset)
    }
}

impl Variants {
    pub(super) fn index(&self, name: &str) -> Option<VariantIndex> {
        let at = match (self.is_boolean, name) {
            (true, "off") => 0,
            (true, "on") => 1,
            (true, _) => return None,
            (false, name) => self.values.keys().position(|known| **known == *name)?,
        };
        u16::try_from(at).ok().map(VariantIndex)
    }

    fn into_list(self) -> Arc<[Variant]> {
        self.values.into_iter().map(|(name, (value, _))| Variant { name, value }).collect()
    }
}
