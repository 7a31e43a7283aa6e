//! hoist's own format: the tree of a toggle file to the ir.
//!
//! `lower` reads every layer, lays them over each other and reads the result; a text that stands
//! `alone` is read a flag at a time. It never stops at a problem: each is noted with what it breaks
//! (the set, one flag, one segment, the tests), and what is whole is handed on.

mod alone;
mod condition;
mod fields;
mod flag;
mod keys;
mod list;
mod matcher;
mod merge;
mod rule;
mod said;
mod scalars;
mod scope;
mod seen;
mod tests;
mod wording;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use fields::FreeKeys;
pub(crate) use fields::is_name;
use keys::Keys;
pub(crate) use list::{ListFiles, NoListFiles};
use merge::FlagSource;
pub(crate) use said::{Said, said};
use scope::sections;
use seen::SeenTests;

use crate::checksum::{self, Seal};
use crate::ir::{
    Condition, Declared, Document, Flag, Flags, Name, Scope, TestCase, UnitName, Variant,
};
use crate::limits::Limits;
use crate::literal::pattern::Patterns;
use crate::report::{Code, Suggestions};
use crate::source::{FileId, Owner, Problem, Sources, Spot};
use crate::tree::{self, Kind, Node, NodeId, Parsed, Seeded, Syntax};

/// The keys of a whole file.
static TOP_KEYS: Keys =
    Keys::new(&["version", "attributes", "segments", "flags", "strategies", "tests", "by"]);

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
    let is_sealed = layers.iter().flatten().any(|text| text.syntax == Syntax::Yaml);
    let mut texts = layers.iter().flatten();
    if let (Some(text), None) = (texts.next(), texts.next()) {
        let lowering = Lowering::new(&mut *list_files, demands_seals, is_sealed, limits);
        if let Some(lowered) = alone::lower(lowering, text) {
            return lowered;
        }
    }
    let mut lowering = Lowering::new(list_files, demands_seals, is_sealed, limits);
    let mut roots = Vec::new();
    for (layer, texts) in layers.iter().enumerate() {
        for text in texts {
            roots.extend(lowering.file(text).map(|node| (layer, node)));
        }
    }
    // What stands in a file that cannot be read is not missing from the others.
    let is_whole = roots.len() == layers.iter().map(Vec::len).sum::<usize>();
    let (document, killed) = match is_whole {
        true => {
            let roots: Vec<_> = roots.iter().map(|(layer, root)| (*layer, root)).collect();
            lowering.document(&roots, layers.len())
        }
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
    let Lowering { problems, sources, loose, is_sealed, .. } = lowering;
    Lowered { document, problems, sources, killed, broken, loose, is_sealed }
}

/// The state of reading one set of files.
struct Lowering<'s> {
    sources: Sources,
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

impl<'s> Lowering<'s> {
    fn new(
        list_files: &'s mut dyn ListFiles,
        demands_seals: bool,
        is_sealed: bool,
        limits: &Limits,
    ) -> Lowering<'s> {
        Lowering {
            sources: Sources::default(),
            list_files,
            problems: Vec::new(),
            owner: Owner::Set,
            lists_read: BTreeMap::new(),
            after_last: NodeId(0),
            attributes: None,
            units: Arc::new(UnitName::USUAL),
            has_units: false,
            switch: Variant::switch(),
            names: HashSet::default(),
            tests: SeenTests::default(),
            segment: None,
            suggestions: Suggestions::new(),
            patterns: Patterns::new(limits.pattern_bytes),
            loose: Vec::new(),
            demands_seals,
            is_sealed,
            limits: *limits,
        }
    }
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
        let file = self.add(text);
        let parsed = tree::parse(&text.text, text.syntax, self.after_last, self.limits.depth);
        self.root(file, text, parsed)
    }

    fn add(&mut self, text: &Text) -> FileId {
        let (name, content) = (Arc::clone(&text.name), Arc::clone(&text.text));
        self.sources.add(name, content, text.syntax, self.after_last)
    }

    /// The map that a text must be.
    fn root<'t>(&mut self, file: FileId, text: &Text, parsed: Parsed<'t>) -> Option<Node<'t>> {
        self.after_last = parsed.next;
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
        roots: &[(usize, &Node<'_>)],
        layers: usize,
    ) -> (Document, BTreeSet<Name>) {
        for (layer, root) in roots {
            self.top(root, *layer);
        }
        let scope = self.scope(roots, layers);
        let written = sections(roots, "flags", layers);
        let killed = merge::killed(&written);
        let mut flags = Vec::with_capacity(written.iter().map(Vec::len).sum());
        for source in &self.merge_flags(&written) {
            let owner = Owner::Flag(Arc::clone(&source.name));
            flags.extend(self.as_owner(owner, |lowering| lowering.whole_flag(source, &scope)));
        }
        let tests = self.tests_of(roots);
        (Document { flags: Flags::new(flags), scope, tests }, killed)
    }

    /// A flag of which nothing is wrong, on its own behalf.
    fn whole_flag(&mut self, source: &FlagSource<'_, '_>, scope: &Arc<Scope>) -> Option<Flag> {
        let before = self.loose.len();
        let flag = self.flag(source, scope)?;
        self.loose.truncate(before);
        Some(flag)
    }

    fn tests_of(&mut self, roots: &[(usize, &Node<'_>)]) -> Vec<TestCase> {
        self.as_owner(Owner::Tests, |lowering| {
            let sections = roots.iter().filter_map(|(_, root)| root.entry("tests"));
            sections.flat_map(|entry| lowering.test_cases(&entry.value)).collect()
        })
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
