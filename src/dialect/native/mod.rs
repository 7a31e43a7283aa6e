//! hoist's own format: the tree of a toggle file to the ir.
//!
//! `lower` reads every layer, lays them over each other and reads the result. It never stops at a
//! problem: each is noted with what it breaks (the set, one flag, one segment, the tests), and
//! what is whole is handed on.

mod condition;
mod fields;
mod flag;
mod list;
mod matcher;
mod merge;
mod rule;
mod said;
mod scalars;
mod seen;
mod tests;
mod wording;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

pub(crate) use fields::is_name;
use fields::{FreeKeys, is_free};
pub(crate) use list::{ListFiles, NoListFiles};
pub(crate) use said::{Said, said};
use seen::SeenTests;

use crate::checksum::{self, Seal};
use crate::context::Builtin;
use crate::ir::{Condition, Declared, Document, Flags, Name, Scope, Segment, UnitName, Variant};
use crate::limits::Limits;
use crate::literal::pattern::Patterns;
use crate::report::{Code, Suggestions};
use crate::source::{FileId, Owner, Problem, Sources, Spot};
use crate::tree::{self, Entry, Kind, Node, NodeId, Seeded, Syntax};

/// The keys of a whole file.
const TOP_KEYS: [&str; 7] =
    ["version", "attributes", "segments", "flags", "strategies", "tests", "by"];

/// One text of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
    pub(crate) syntax: Syntax,
}

/// What reading a set of files gave.
#[derive(Debug)]
pub(crate) struct Lowered {
    /// What is whole of it.
    pub(crate) document: Document,
    pub(crate) problems: Vec<Problem>,
    pub(crate) sources: Sources,
    /// Flags that some layer readably kills, broken or not.
    pub(crate) killed: BTreeSet<Name>,
    /// What is spoken of and not whole: naming it is no mistake.
    pub(crate) broken: Mentioned,
    /// What broken flags and segments name, each a leaf of a condition with its owner.
    pub(crate) loose: Vec<(Owner, Condition)>,
    /// Whether every text that could be cut and still be read is sealed.
    pub(crate) is_sealed: bool,
}

/// Names that a set of files gives to something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mentioned {
    pub(crate) flags: BTreeSet<Name>,
    pub(crate) segments: BTreeSet<Name>,
}

/// Reads layers of texts, the base first.
pub(crate) fn lower(
    layers: &[Vec<Text>],
    list_files: &mut dyn ListFiles,
    demands_seals: bool,
    limits: &Limits,
) -> Lowered {
    let mut sources = Sources::default();
    let mut lowering = Lowering {
        sources: &mut sources,
        list_files,
        problems: Vec::new(),
        owner: Owner::Set,
        lists_read: BTreeMap::new(),
        after_last: NodeId(0),
        attributes: None,
        units: Arc::new([UnitName::Builtin(Builtin::User)]),
        has_units: false,
        switch: Variant::switch(),
        names: HashSet::default(),
        tests: SeenTests::default(),
        segment: None,
        suggestions: Suggestions::new(),
        patterns: Patterns::new(limits.pattern_bytes),
        loose: Vec::new(),
        demands_seals,
        is_sealed: layers.iter().flatten().any(|text| text.syntax == Syntax::Yaml),
        limits: *limits,
    };
    let mut roots = Vec::new();
    for (layer, texts) in layers.iter().enumerate() {
        for text in texts {
            roots.extend(lowering.file(text).map(|node| (layer, node)));
        }
    }
    // What stands in a file that cannot be read is not missing from the others.
    let is_whole = roots.len() == layers.iter().map(Vec::len).sum::<usize>();
    let (document, killed) = match is_whole {
        true => lowering.document(&roots, layers.len()),
        false => Default::default(),
    };
    // Where nothing is wrong, all that is spoken of is whole.
    let is_good = lowering.problems.is_empty();
    let names = |section, whole: &dyn Fn(&str) -> bool| {
        if is_good {
            return BTreeSet::new();
        }
        // Under a misspelt word, too: that it is misspelt is said.
        let is_it = |key: &str| key == section || fields::meant(key, &TOP_KEYS) == Some(section);
        let tops = roots.iter().filter_map(|(_, root)| root.map()).flatten();
        let maps = tops.filter(|top| is_it(&top.key.text)).filter_map(|top| top.value.map());
        let entries = maps.flatten().filter(|entry| !entry.key.is_odd);
        let broken = entries.filter(|entry| !whole(&entry.key.text));
        broken.map(|entry| Arc::from(&*entry.key.text)).collect()
    };
    let broken = Mentioned {
        flags: names("flags", &|name| document.flags.contains_key(name)),
        segments: names("segments", &|name| document.scope.segments.contains_key(name)),
    };
    let Lowering { problems, loose, is_sealed, .. } = lowering;
    Lowered { document, problems, sources, killed, broken, loose, is_sealed }
}

/// The state of reading one set of files.
struct Lowering<'s> {
    sources: &'s mut Sources,
    list_files: &'s mut dyn ListFiles,
    problems: Vec<Problem>,
    /// Whom a problem found now belongs to.
    owner: Owner,
    lists_read: BTreeMap<(Arc<str>, Name), Option<list::List>>,
    /// The first number that no node has.
    after_last: NodeId,
    /// The declared attributes, if any file declares them; `None` beside a name is `json`.
    attributes: Option<BTreeMap<Name, Option<Declared>>>,
    /// What is bucketed where nothing else is said: the user, or `by:` at the top of the base.
    units: Arc<[UnitName]>,
    /// Whether the base has a `by:` at its top.
    has_units: bool,
    /// The variants of every boolean flag.
    switch: Arc<[Variant]>,
    /// The names so far: many flags have the same ones.
    names: HashSet<Name, Seeded>,
    /// The tests so far.
    tests: SeenTests,
    /// The segment that is being read.
    segment: Option<Name>,
    suggestions: Suggestions,
    patterns: Patterns,
    /// What was named so far by the flag or segment that is being read, and by broken ones before.
    loose: Vec<(Owner, Condition)>,
    demands_seals: bool,
    /// Whether every text so far that could be sealed is.
    is_sealed: bool,
    limits: Limits,
}

impl Lowering<'_> {
    /// A name, in the one place where it is kept.
    fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name = Name::from(text);
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Reads one text; `None` where it is refused whole.
    fn file<'t>(&mut self, text: &'t Text) -> Option<Node<'t>> {
        let first = self.after_last;
        let parsed = tree::parse(&text.text, text.syntax, first, self.limits.depth);
        self.after_last = parsed.next;
        let file =
            self.sources.add(Arc::clone(&text.name), Arc::clone(&text.text), text.syntax, first);
        if text.syntax == Syntax::Yaml {
            self.check_seal(file, &text.text)?;
        }
        // Few texts have a problem that asks whose it is.
        let root = parsed.root.as_ref().filter(|_| !parsed.problems.is_empty());
        let owners = root.map(owners).unwrap_or_default();
        for problem in parsed.problems {
            self.tree_problem(file, problem, &owners);
        }
        let root = parsed.root?;
        match &root.kind {
            Kind::Map(_) => Some(root),
            Kind::Null => {
                let spot = Spot::Offset(file, 0);
                let problem = Problem::error(Code::Empty, "the file is empty", spot, Owner::Set);
                self.push(problem.with_help("it needs at least `version: 1` and `flags:`"));
                None
            }
            Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::List(_) => {
                let message = format!("a toggle file is a map, not {}", root.noun());
                self.error(Code::WrongType, root.id, message);
                None
            }
        }
    }

    /// Complains of a text that is not as it was sealed; JSON that is cut is no JSON any more.
    fn check_seal(&mut self, file: FileId, text: &str) -> Option<()> {
        let (at, why, help) = match checksum::look(text) {
            Seal::Holds => return Some(()),
            Seal::Broken { at, why } => {
                (at, why, "if it is as it should be, `hoist seal FILE` writes a new one")
            }
            Seal::Missing => {
                self.is_sealed = false;
                if !self.demands_seals {
                    return Some(());
                }
                let why = "the file has no checksum, which is demanded here";
                (text.trim_end().len(), why, "`hoist seal FILE` writes it")
            }
        };
        let owner = self.owner.clone();
        let problem = Problem::error(Code::Checksum, why, Spot::offset(file, at), owner);
        self.push(problem.with_help(help));
        None
    }

    fn document(
        &mut self,
        roots: &[(usize, Node<'_>)],
        layers: usize,
    ) -> (Document, BTreeSet<Name>) {
        let mut strategies = Vec::new();
        for (layer, root) in roots {
            self.top(root, *layer);
            if let Some(entry) = root.entry("attributes") {
                self.attributes(entry);
            }
        }
        for (layer, root) in roots {
            if let Some(node) = root.entry("by").map(|entry| &entry.value) {
                self.top_unit(node, *layer);
            }
            if let Some(node) = root.entry("strategies").map(|entry| &entry.value) {
                self.strategies(node, &mut strategies);
            }
        }
        let segments = self.segments_of(&sections(roots, "segments", layers));
        let scope = Arc::new(Scope { segments, strategies, files: self.sources.names() });

        let written = sections(roots, "flags", layers);
        let killed = merge::killed(&written);
        let mut flags = Vec::with_capacity(written.iter().map(Vec::len).sum());
        for source in &self.merge_flags(&written) {
            let name = &source.name;
            let before = self.loose.len();
            let flag = self
                .as_owner(Owner::Flag(Arc::clone(name)), |lowering| lowering.flag(source, &scope));
            if let Some(flag) = flag {
                self.loose.truncate(before);
                flags.push(Arc::new(flag));
            }
        }
        let tests = self.as_owner(Owner::Tests, |lowering| {
            let sections = roots.iter().filter_map(|(_, root)| root.entry("tests"));
            sections.flat_map(|entry| lowering.test_cases(&entry.value)).collect()
        });
        (Document { flags: Flags::new(flags), scope, tests }, killed)
    }

    /// The keys of a file, its version, and that it has flags.
    fn top(&mut self, root: &Node<'_>, layer: usize) {
        let Some(fields) = self.fields(root, fields::A_FILE, &TOP_KEYS, FreeKeys::Allowed) else {
            return;
        };
        match fields.get("version").map(|node| (node, &node.kind)) {
            Some((_, Kind::Integer(version))) if version.get() == 1 => {}
            Some((node, _)) => {
                let message = match &node.kind {
                    Kind::Text(..) => "the version is the number 1, not a text".to_owned(),
                    _ => format!("the version is {}, not `1`", fields::shown(node)),
                };
                self.error(Code::Version, node.id, message).help("write `version: 1`");
            }
            None if fields.is_meant("version") => {}
            None => {
                self.error(Code::MissingKey, fields.start(), "the file lacks its `version`")
                    .help("write `version: 1`");
            }
        }
        if layer == 0 && !fields.is_meant("flags") {
            self.error(Code::MissingKey, fields.start(), "the file lacks its `flags`");
        }
        for key in ["flags", "segments"] {
            if let Some(node) = fields.get(key).filter(|node| node.map().is_none()) {
                let message = format!("`{key}` is a map, not {}", node.noun());
                self.error(Code::WrongType, node.id, message);
            }
        }
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
            return whole.then(|| Some(Declared::OneOf(texts.into())));
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
                let message = format!("{} is not a type of attributes", fields::shown(node));
                let help = match crate::report::nearest(text, TYPES) {
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

/// From which node on, in the order of the text, what belongs to whom.
fn owners(root: &Node<'_>) -> BTreeMap<NodeId, Owner> {
    let mut owners = BTreeMap::new();
    for top in root.map().unwrap_or_default() {
        let owner = if top.key.text == "tests" { Owner::Tests } else { Owner::Set };
        owners.insert(top.key.id, owner);
        let owner_of: fn(Name) -> Owner = match &*top.key.text {
            "flags" => Owner::Flag,
            "segments" => Owner::Segment,
            _ => continue,
        };
        for entry in top.value.map().unwrap_or_default() {
            let owner = owner_of(Arc::from(&*entry.key.text));
            owners.insert(entry.key.id, owner);
        }
    }
    owners
}

/// The entries of one section, layer by layer.
fn sections<'r, 't>(
    roots: &'r [(usize, Node<'t>)],
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
