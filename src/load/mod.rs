//! From texts to a loaded state, and what is kept when a part of them is wrong.

mod kills;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use crate::compile::{self, Broken, Compiled, Fresh, Registered};
use crate::context::{Context, ContextBuf};
use crate::counts::{Tallies, Tally};
use crate::declared::{Declared, ParsedValues};
use crate::dialect::native::{self, ListFiles, Lowered, Text};
use crate::ir::VariantIndex;
use crate::ir::{Document, Flag, Flags, Metadata, Name, Packed, PackedFlag, Reach, Variant};
use crate::limits::Limits;
use crate::literal::instant;
use crate::program::{Decided, FlagId, Id, Program, Unkilled};
use crate::report::{Code, Report, Severity};
use crate::source::{FileId, FileLine, Owner, Problem, Spot};
use crate::tree::NodeId;
use crate::value::ValueType;

pub(crate) use kills::Kills;
use kills::killed_flag;

/// What a reload does about a flag that is wrong.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch, OnBadFlag};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-on-bad-flag-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// # drop(flags);
/// let flags = Flags::builder().file(&path).on_bad_flag(OnBadFlag::RejectFile).open()?;
/// std::fs::write(&path, "version: 1\nflags: { a: 5, b: off, c: on }").unwrap();
/// assert!(flags.reload().is_err());
/// assert!(flags.is_enabled("b", &hoist::Context::new())); // as it was: all or nothing
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnBadFlag {
    /// The flag keeps its last good version, and all others move on.
    #[default]
    Isolate,
    /// The whole set is refused, as at the start.
    RejectFile,
}

/// Where the time comes from.
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Who is told of each decision that somebody asks for.
pub(crate) trait Witness: Send + Sync {
    fn decided(&self, loaded: &Loaded, flag: &str, decided: Decided, ctx: &Context<'_>);
}

/// What every load of one handle is made with.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) strategies: crate::strategy::Strategies,
    /// Whether a strategy that is not registered is unknown, as for tools, or refuses the file.
    pub(crate) tolerates_unregistered: bool,
    /// Whether a file that could be sealed must be.
    pub(crate) demands_seals: bool,
    pub(crate) on_bad_flag: OnBadFlag,
    pub(crate) declared: Declared,
    pub(crate) limits: Limits,
    pub(crate) base: Arc<ContextBuf>,
    pub(crate) clock: Clock,
    pub(crate) set_id: Option<Arc<str>>,
    pub(crate) tallies: Option<Arc<Tallies>>,
    pub(crate) witnesses: Vec<Arc<dyn Witness>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            strategies: crate::strategy::Strategies::new(),
            tolerates_unregistered: true,
            demands_seals: false,
            on_bad_flag: OnBadFlag::Isolate,
            declared: Declared::default(),
            limits: Limits::default(),
            base: Arc::new(ContextBuf::new()),
            clock: Arc::new(instant::system_clock),
            set_id: None,
            tallies: None,
            witnesses: Vec::new(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("strategies", &self.strategies).finish_non_exhaustive()
    }
}

impl Settings {
    fn registered(&self) -> Registered<'_> {
        match self.tolerates_unregistered {
            true => Registered::Tools(&self.strategies),
            false => Registered::Service(&self.strategies),
        }
    }
}

/// One immutable loaded state.
///
/// PERF: on lines of the cache that the count of those who hold it does not share: readers on several
/// processors take snapshots, and change it all the time (`readers`).
#[repr(align(128))]
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) program: Program,
    /// What the toggle files say. The kill file does not show here: what it kills can be lifted.
    pub(crate) document: Document<Packed>,
    /// The flags by their ids, as they are with the kills.
    pub(crate) flags: Packed,
    /// Flags that are killed from outside the toggle files.
    pub(crate) kills: Kills,
    /// What the program had for them.
    unkilled: Unkilled,
    /// What keys of the code parse of the values.
    pub(crate) parsed: ParsedValues,
    compiled: Arc<Compiled>,
    /// Unique in the process and rising, so that one typed key serves several handles.
    pub(crate) generation: u32,
    /// Of the contents that it was loaded from.
    pub(crate) hash: u64,
    pub(crate) loaded_at: SystemTime,
    /// Warnings, and what is wrong with the flags in `broken`.
    pub(crate) report: Report,
    pub(crate) broken: BTreeMap<Name, Kept>,
    /// Whether every text of it that could be cut was sealed.
    pub(crate) is_sealed: bool,
    /// How many toggle files it was loaded from.
    pub(crate) texts: usize,
    /// Where its decisions are counted, if they are.
    tally: Option<Arc<Tally>>,
    /// Whether anyone is to hear of its decisions.
    pub(crate) is_witnessed: bool,
    pub(crate) settings: Settings,
}

/// What became of a broken flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    LastGood,
    LeftOut,
}

impl Loaded {
    /// The flag of an id, as the file says it.
    pub(crate) fn flag(&self, id: FlagId) -> Option<PackedFlag<'_>> {
        self.flags.at(id.index())
    }

    /// The same state, of contents with this hash: which lists they have is known only now.
    pub(crate) fn with_hash(self, hash: u64) -> Loaded {
        Loaded { hash, ..self }
    }

    /// The state of what was read, under kills. Where there are others than the flags of the files, or
    /// tests changed some, `said` are those of the files.
    fn new(read: Read, said: Option<Packed>, kills: Kills, settings: &Settings) -> Loaded {
        let Read { document, compiled, report, broken, is_sealed, texts, hash } = read;
        let Document { flags, scope, tests } = document;
        let program = compile::emit(&flags, &compiled);
        let parsed = ParsedValues::of(&settings.declared, &flags, &program);
        let flags = Packed::new(flags, program.names.all().clone(), &scope);
        let said = said.unwrap_or_else(|| flags.clone());
        let tally = settings.tallies.as_ref().map(|tallies| tallies.begin(&flags, &program));
        let mut loaded = Loaded {
            parsed,
            program,
            document: Document { flags: said, scope, tests },
            flags,
            kills: Kills::default(),
            unkilled: Unkilled::default(),
            compiled,
            generation: next_generation(),
            hash,
            loaded_at: (settings.clock)(),
            report,
            broken,
            is_sealed,
            texts,
            is_witnessed: tally.is_some() || !settings.witnesses.is_empty(),
            tally,
            settings: settings.clone(),
        };
        loaded.kill(kills);
        loaded
    }

    /// A new state of the same texts in which flags serve what a test wants of them.
    #[cfg(feature = "testing")]
    pub(crate) fn with_forced(&self, forced: Vec<Flag>) -> Loaded {
        let mut flags = self.flags.unpacked();
        for flag in forced {
            flags.insert(flag);
        }
        let said = Some(self.document.flags.clone());
        Loaded::new(self.read(flags), said, self.kills.clone(), &self.settings)
    }

    /// What reading its texts gave, with other flags.
    fn read(&self, flags: Flags) -> Read {
        let Document { flags: _, scope, tests } = &self.document;
        Read {
            document: Document { flags, scope: Arc::clone(scope), tests: tests.clone() },
            compiled: Arc::clone(&self.compiled),
            report: self.report.clone(),
            broken: self.broken.clone(),
            is_sealed: self.is_sealed,
            texts: self.texts,
            hash: self.hash,
        }
    }

    /// Tells of a decision that somebody asked for.
    ///
    /// PERF: it is counted where it is at hand, and put together for those who look at all of it
    /// (`counted` of the bench `telemetry`).
    #[inline]
    pub(crate) fn tell(&self, flag: &str, decided: Decided, ctx: &Context<'_>) {
        if let Some(tally) = &self.tally {
            tally.count(decided);
        }
        if !self.settings.witnesses.is_empty() {
            self.tell_witnesses(flag, decided, ctx);
        }
    }

    #[inline(never)]
    fn tell_witnesses(&self, flag: &str, decided: Decided, ctx: &Context<'_>) {
        for witness in &self.settings.witnesses {
            witness.decided(self, flag, decided, ctx);
        }
    }
}

fn next_generation() -> u32 {
    static GENERATION: AtomicU32 = AtomicU32::new(1);
    GENERATION.fetch_add(1, Ordering::Relaxed)
}

/// What reading texts gave.
struct Read {
    document: Document,
    compiled: Arc<Compiled>,
    report: Report,
    broken: BTreeMap<Name, Kept>,
    is_sealed: bool,
    texts: usize,
    hash: u64,
}

impl Read {
    fn loaded(mut self, from: &Origin<'_>) -> Loaded {
        let Document { flags, scope, .. } = &mut self.document;
        let strangers: Vec<Flag> =
            from.kills.strangers(|name| flags.contains_key(name)).map(killed_flag).collect();
        let said =
            (!strangers.is_empty()).then(|| Packed::new(flags.clone(), flags.names(), scope));
        strangers.into_iter().for_each(|flag| flags.insert(flag));
        Loaded::new(self, said, from.kills.clone(), from.settings)
    }
}

/// The texts of a load, and what goes with them.
pub(crate) struct Origin<'o> {
    pub(crate) layers: &'o [Vec<Text>],
    pub(crate) list_files: &'o mut dyn ListFiles,
    pub(crate) hash: u64,
    pub(crate) kills: &'o Kills,
    pub(crate) settings: &'o Settings,
}

impl Origin<'_> {
    /// What reading its texts gave, of which no flag is broken.
    fn read(&self, lowered: Lowered, compiled: Compiled, report: Report) -> Read {
        Read {
            document: lowered.document,
            compiled: Arc::new(compiled),
            report,
            broken: BTreeMap::new(),
            is_sealed: lowered.is_sealed,
            texts: self.layers.iter().map(Vec::len).sum(),
            hash: self.hash,
        }
    }
}

fn lowered_of(from: &mut Origin<'_>) -> Lowered {
    let Settings { demands_seals, limits, .. } = from.settings;
    native::lower(from.layers, from.list_files, *demands_seals, limits)
}

/// What looking at texts gave.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) report: Report,
    /// How many flags there are that could be read.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "the command alone tells it"))]
    pub(crate) flags: usize,
}

/// Looks at texts as `check` does: mistakes in tests are errors too, and warnings are added.
pub(crate) fn check(from: &mut Origin<'_>) -> Checked {
    let lowered = lowered_of(from);
    let (mut problems, _) = look_at(&lowered, from.settings);
    let today = instant::date_of(instant::from_system((from.settings.clock)()));
    problems.extend(compile::warnings(&lowered.document, today));
    Checked { report: lowered.sources.report(&problems), flags: lowered.document.flags.len() }
}

/// All problems of lowered texts, and the strategies that compiled.
fn look_at(lowered: &Lowered, settings: &Settings) -> (Vec<Problem>, Compiled) {
    let registered = settings.registered();
    let document = &lowered.document;
    let (fresh, before) = (Fresh::All, Compiled::default());
    let checked =
        compile::check(document, fresh, &missing(lowered), registered, &before, &settings.limits);
    let mut problems = lowered.problems.clone();
    problems.extend(checked.problems);
    problems.extend(compile::check_loose(document, &lowered.loose, &missing(lowered), registered));
    problems.extend(against_keys(lowered, settings));
    (problems, checked.compiled)
}

/// What is wrong between the keys of the code and the flags. Of files that are refused whole it
/// cannot be told what they lack.
fn against_keys(lowered: &Lowered, settings: &Settings) -> Vec<Problem> {
    match lowered.problems.iter().any(refuses_all) {
        true => Vec::new(),
        false => settings.declared.problems(&lowered.document, &lowered.broken.flags),
    }
}

/// Whether a problem is one of the whole set.
fn refuses_all(problem: &Problem) -> bool {
    problem.owner == Owner::Set && problem.severity == Severity::Error
}

/// What is spoken of and not whole.
fn missing(lowered: &Lowered) -> Broken {
    let native::Mentioned { flags, segments } = lowered.broken.clone();
    Broken { flags, segments }
}

/// Loads texts of which nothing may be wrong, as at the start.
///
/// # Errors
///
/// The report of all that is wrong, if any of it is an error.
pub(crate) fn load(from: &mut Origin<'_>) -> Result<Loaded, Report> {
    let lowered = lowered_of(from);
    let (mut problems, compiled) = look_at(&lowered, from.settings);
    soften_tests(&mut problems);
    let report = lowered.sources.report(&problems);
    if report.has_errors() {
        return Err(report);
    }
    Ok(from.read(lowered, compiled, report).loaded(from))
}

/// A service runs no tests: what is wrong with them is a warning to it.
fn soften_tests(problems: &mut [Problem]) {
    for problem in problems {
        if problem.owner == Owner::Tests {
            problem.severity = Severity::Warning;
        }
    }
}

/// Loads texts over a state that is published: a flag that is wrong keeps the version that it has
/// there, while the others move on.
///
/// # Errors
///
/// The report of all that is wrong, if something is that refuses the whole.
pub(crate) fn reload(from: &mut Origin<'_>, published: &Loaded) -> Result<Loaded, Report> {
    let mut lowered = lowered_of(from);
    let mut problems = lowered.problems.clone();
    problems.extend(against_keys(&lowered, from.settings));
    // One that the code cannot do without keeps the version that it has.
    let demanded = problems.iter().filter(|problem| problem.code == Code::MissingFlag);
    lowered.broken.flags.extend(owners_of(demanded).0);
    let mut broken = missing(&lowered);
    let is_good = problems.is_empty() && broken.flags.is_empty() && broken.segments.is_empty();
    let lowered = match is_good {
        true => match as_it_is(lowered, from, &published.compiled) {
            Ok(read) => return Ok(read.loaded(from)),
            Err(lowered) => *lowered,
        },
        false => lowered,
    };
    let mut known: HashSet<_> = problems.iter().map(identity).collect();
    let mut fresh: BTreeSet<Name> = lowered.document.flags.keys().cloned().collect();
    // A flag that is given twice, or has a key twice, can be whole and is wrong all the same.
    let (wrong_flags, wrong_segments) = owners_of(&problems);
    broken.flags.extend(wrong_flags);
    broken.segments.extend(wrong_segments);

    // Each round takes the new version from at least one flag, so that it ends. The versions that
    // are published fit together: in the end everything may be as it was.
    loop {
        fresh.retain(|name| !broken.flags.contains(name));
        let (document, kept) = mix(&lowered, &fresh, published);
        let registered = from.settings.registered();
        let before = &published.compiled;
        let limits = &from.settings.limits;
        let checked =
            compile::check(&document, Fresh::Only(&fresh), &broken, registered, before, limits);
        let (more_flags, more_segments) = owners_of(&checked.problems);
        let before = (broken.flags.len(), broken.segments.len());
        broken.flags.extend(checked.broken.iter().chain(&more_flags).cloned());
        broken.segments.extend(more_segments);
        broken.segments.extend(touched(&document, &broken.segments));
        let is_new = |problem: &Problem| known.insert(identity(problem));
        problems.extend(checked.problems.into_iter().filter(is_new));
        let is_stable = before == (broken.flags.len(), broken.segments.len());
        if problems.iter().any(refuses_all) || is_stable {
            let loose = compile::check_loose(&document, &lowered.loose, &broken, registered);
            problems.extend(loose.into_iter().filter(|problem| known.insert(identity(problem))));
            soften_tests(&mut problems);
            let report = lowered.sources.report(&problems);
            let rejects = from.settings.on_bad_flag == OnBadFlag::RejectFile;
            if problems.iter().any(refuses_all) || (rejects && report.has_errors()) {
                return Err(report);
            }
            let read = from.read(lowered, checked.compiled, report);
            return Ok(Read { document, broken: kept, ..read }.loaded(from));
        }
    }
}

/// Texts of which nothing is wrong, as most are. They need no version of a flag from before.
fn as_it_is(lowered: Lowered, from: &Origin<'_>, before: &Compiled) -> Result<Read, Box<Lowered>> {
    let (document, registered) = (&lowered.document, from.settings.registered());
    let limits = &from.settings.limits;
    let checked =
        compile::check(document, Fresh::All, &Broken::default(), registered, before, limits);
    if !(checked.problems.is_empty() && checked.broken.is_empty() && lowered.loose.is_empty()) {
        return Err(Box::new(lowered));
    }
    let report = lowered.sources.report(&[]);
    Ok(from.read(lowered, checked.compiled, report))
}

/// What tells one problem from another: rounds find the same ones again.
fn identity(problem: &Problem) -> (Code, String, Option<NodeId>) {
    let node = match problem.spot {
        Spot::Node(id) => Some(id),
        Spot::Offset(..) | Spot::Line(..) => None,
    };
    (problem.code, problem.message.clone(), node)
}

/// The flags and segments that errors belong to.
fn owners_of<'p>(
    problems: impl IntoIterator<Item = &'p Problem>,
) -> (BTreeSet<Name>, BTreeSet<Name>) {
    let (mut flags, mut segments) = (BTreeSet::new(), BTreeSet::new());
    for problem in problems.into_iter().filter(|problem| problem.severity == Severity::Error) {
        match &problem.owner {
            Owner::Flag(name) => drop(flags.insert(Arc::clone(name))),
            Owner::Segment(name) => drop(segments.insert(Arc::clone(name))),
            Owner::Set | Owner::Tests => {}
        }
    }
    (flags, segments)
}

/// The segments that name a broken one.
fn touched(document: &Document, broken: &BTreeSet<Name>) -> Vec<Name> {
    let names_broken = |segment: &&crate::ir::Segment| {
        let mut found = false;
        segment.when.walk(&mut |condition| {
            if let crate::ir::Condition::Segment { name, .. } = condition {
                found |= broken.contains(name);
            }
        });
        found
    };
    let segments = document.scope.segments.values();
    segments.filter(names_broken).map(|segment| Arc::clone(&segment.name)).collect()
}

/// The document in which broken flags have the version that is published.
fn mix(
    lowered: &Lowered,
    fresh: &BTreeSet<Name>,
    published: &Loaded,
) -> (Document, BTreeMap<Name, Kept>) {
    let new = &lowered.document;
    let mut flags = Vec::new();
    let mut kept = BTreeMap::new();
    for name in new.flags.keys().chain(&lowered.broken.flags) {
        if let Some(flag) = new.flags.get(name).filter(|_| fresh.contains(name)) {
            flags.push(flag.clone());
            continue;
        }
        let is_killed = lowered.killed.contains(name);
        // What stood in for one that never was good is no last good version.
        let stood_in = published.broken.get(name) == Some(&Kept::LeftOut);
        let last_good = published.document.flags.get(name).filter(|_| !stood_in);
        let last_good = last_good.map(|flag| {
            let flag = flag.unpacked();
            Flag { kill: flag.kill || is_killed, ..flag }
        });
        let version = last_good.clone().or_else(|| is_killed.then(|| killed_flag(name)));
        flags.extend(version);
        let fate = if last_good.is_some() { Kept::LastGood } else { Kept::LeftOut };
        kept.insert(Arc::clone(name), fate);
    }
    let flags = Flags::new(flags);
    let document = Document { flags, scope: Arc::clone(&new.scope), tests: new.tests.clone() };
    (document, kept)
}

/// A flag that the files lack: it serves the first of its variants.
pub(crate) fn stand_in(name: &Name, value_type: ValueType, variants: Arc<[Variant]>) -> Flag {
    Flag {
        name: Arc::clone(name),
        is_boolean: value_type == ValueType::Boolean,
        value_type,
        variants,
        rules: Box::default(),
        default: VariantIndex(0),
        off: VariantIndex(0),
        kill: false,
        extra: None,
        metadata: Metadata::default(),
        scope: Arc::default(),
        reach: Reach::default(),
        line: FileLine { file: FileId(0), line: 0 },
        spot: Spot::Line(FileId(0), 1),
    }
}
