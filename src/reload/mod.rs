//! Following the files: what is published, and the thread that publishes.
//!
//! Polling makes it correct; file events only make it quick. Whatever happens to the files, what
//! was published last stays until something better is there.

mod cell;
mod changes;
mod directories;
mod files;
#[cfg(feature = "testing")]
pub(crate) mod forcing;
mod guard;
mod kill;
mod last_good;
mod lent;
mod log;
mod mounts;
pub(crate) mod read;
mod status;
mod threads;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use crate::counts::DecisionCounts;
use crate::dialect::native::{NoListFiles, Text};
use crate::error::Error;
use crate::ir::Name;
use crate::load::{self, Kept, Kills, Loaded, Settings, reload};
use crate::report::{Code, Diagnostic, Report};
use crate::tree::Syntax;
use cell::{Cell, Replaced};
use files::Fingerprint;
use read::{Care, DiskLists, Good, Layers};
use threads::Threads;

pub use status::{
    Change, Held, Origin, ReloadCounts, ReloadEvent, ReloadFailure, ReloadOutcome, Status,
    WatchMode,
};
pub(crate) use watch::Following;
pub use watch::Watch;

/// What a handle is made from.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) layers: Layers,
    /// Where the service was when it opened the handle: relative paths start there.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) kill_file: Option<PathBuf>,
    pub(crate) last_good: Option<PathBuf>,
    pub(crate) fallback: Option<&'static str>,
    pub(crate) guards_shrinks: bool,
    /// Whether threads keep the state that they asked last.
    pub(crate) caches_per_thread: bool,
    /// Called on the thread that looks at the files, once a second at the most.
    pub(crate) after_looks: Option<fn(&Core)>,
    pub(crate) settings: Settings,
}

/// The published state and what is known of how it came about.
pub(crate) struct Core {
    /// Before the cell: what threads keep is taken back while the cell has it, too.
    threads: Threads,
    cell: Cell<Loaded>,
    #[cfg(feature = "testing")]
    forcing: forcing::Forcing,
    plan: Plan,
    facts: Mutex<Facts>,
    listeners: Mutex<BTreeMap<u64, Listener>>,
    next_listener: AtomicU64,
}

type Listener = Arc<dyn Fn(&ReloadEvent) + Send + Sync>;

/// What the reloader remembers for `status`, and for the next load.
#[derive(Debug)]
struct Facts {
    /// The lists that are followed.
    lists: Vec<PathBuf>,
    /// Those of the state that is live, in the order in which it asked for them.
    live_lists: Vec<PathBuf>,
    origin: Origin,
    counts: ReloadCounts,
    /// Why the files were refused whole the last time they were read.
    refused: Option<ReloadFailure>,
    /// What is wrong with flags of the state that is live, and did not refuse it.
    broken: Option<ReloadFailure>,
    held: Option<(Held, Instant)>,
    /// What a kill file says that lifts kills, and since when.
    lifting: Option<(BTreeSet<Name>, Instant)>,
    last_reload: Option<Change>,
    mode: WatchMode,
    /// What is odd, by what it is about.
    warnings: BTreeMap<About, Vec<String>>,
}

/// What warnings are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Keys,
    KillFile,
    LastGood,
    Mounts,
}

impl Facts {
    fn new(origin: Origin, lists: Vec<PathBuf>) -> Facts {
        Facts {
            live_lists: lists.clone(),
            lists,
            origin,
            counts: ReloadCounts::default(),
            refused: None,
            broken: None,
            held: None,
            lifting: None,
            last_reload: None,
            mode: WatchMode::OnDemand,
            warnings: BTreeMap::new(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking listener leaves behind is whole: nothing is half written under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a look at the files found.
enum Found {
    Same,
    Held(Held),
    /// A new state, and the copy of it that is to be kept on disk.
    New(Box<Loaded>, Option<Vec<u8>>),
}

impl Core {
    /// Loads the files for the first time, or what stands in for them.
    pub(crate) fn open(plan: Plan) -> Result<Core, Error> {
        if cfg!(all(target_family = "wasm", target_os = "unknown")) {
            let path = plan.layers.0.first().map_or(Path::new(""), PathBuf::as_path);
            return Err(Error::unreadable(path, "this platform has no files: load a text"));
        }
        for other in [&plan.last_good, &plan.kill_file].into_iter().flatten() {
            if plan.layers.would_read(other) {
                let reason = "it would be read as a toggle file: keep it elsewhere";
                return Err(Error::unreadable(other, reason));
            }
        }
        let limits = plan.settings.limits;
        let kill_file = plan.kill_file.as_deref().map(|path| kill::read(path, &limits));
        let kill_file = kill_file.transpose()?.flatten();
        let was_there = kill_file.is_some() || plan.kill_file.is_none();
        let kill_file = kill_file.unwrap_or_default();
        let kills = &kill_file.kills;
        // That it is good is seen at each start, and not on the day that it is needed.
        let fallback =
            plan.fallback.map(|text| of_text(text, kills, &plan.settings)).transpose()?;
        let good =
            plan.layers.read_steadily(&[], Care::Waits, || plan.layers.load(kills, &plan.settings));
        let (loaded, copy, facts) = match good {
            Ok(good) => {
                let copy = plan.last_good.is_some().then(|| good.copy(&plan.layers));
                let Good { loaded, lists, .. } = good;
                (loaded, copy, Facts::new(Origin::Files, lists.paths()))
            }
            Err(error) => {
                let copied = |path| last_good::load(path, &plan.layers, kills, &plan.settings).ok();
                let copied = plan.last_good.as_deref().and_then(copied);
                let copied = copied.map(|loaded| (loaded, Origin::LastGood));
                let stand_in = copied.or(fallback.map(|loaded| (loaded, Origin::Fallback)));
                let Some((loaded, origin)) = stand_in else { return Err(error) };
                let since = (plan.settings.clock)();
                let refused = ReloadFailure { error, since, count: 1 };
                let facts = Facts::new(origin, Vec::new());
                (loaded, None, Facts { refused: Some(refused), ..facts })
            }
        };
        let core = Core::new(loaded, plan, facts);
        // What writes the log is the service's own.
        drop(catch_unwind(AssertUnwindSafe(|| log::write_start(&core.status()))));
        core.keep(copy);
        match was_there {
            true => core.warn_of_kills(kill_file),
            // It says that there is none.
            false => drop(core.look_at_kills(false)),
        }
        core.warn(About::Mounts, mounts::warnings(&core.followed()));
        core.warn_of_missing(&core.load_full());
        let refused = locked(&core.facts).refused.clone();
        if let Some(ReloadFailure { error, .. }) = refused {
            core.tell(&ReloadEvent::Failed { error });
        }
        Ok(core)
    }

    fn new(loaded: Loaded, plan: Plan, facts: Facts) -> Core {
        Core {
            threads: Threads::new(loaded.generation, plan.caches_per_thread),
            cell: Cell::new(loaded),
            #[cfg(feature = "testing")]
            forcing: forcing::Forcing::default(),
            plan,
            facts: Mutex::new(facts),
            listeners: Mutex::new(BTreeMap::new()),
            next_listener: AtomicU64::new(0),
        }
    }

    /// Asks the state that is live now.
    #[inline]
    pub(crate) fn read<R>(&self, ask: impl Fn(&Arc<Loaded>) -> R) -> R {
        #[cfg(feature = "testing")]
        if let Some(forced) = self.forcing.state() {
            return ask(&forced);
        }
        self.threads.read(&self.cell, ask)
    }

    /// What questions are answered from now.
    pub(crate) fn answering(&self) -> Arc<Loaded> {
        self.read(Arc::clone)
    }

    /// The state that is published.
    pub(crate) fn load_full(&self) -> Arc<Loaded> {
        self.cell.load_full()
    }

    /// What is followed beside the layers: list files and the kill file.
    fn beside(&self) -> Vec<PathBuf> {
        let lists = locked(&self.facts).lists.clone();
        lists.into_iter().chain(self.plan.kill_file.clone()).collect()
    }

    fn followed(&self) -> Vec<PathBuf> {
        self.plan.layers.0.iter().cloned().chain(self.beside()).collect()
    }

    /// The paths on whose way a change can show: in a directory each file may be a link, too.
    fn ways(&self) -> Vec<PathBuf> {
        let files = self.plan.layers.files().unwrap_or_default();
        self.followed().into_iter().chain(files.into_iter().flatten()).collect()
    }

    fn fingerprint(&self) -> Fingerprint {
        self.plan.layers.fingerprint(&self.beside())
    }

    /// Looks at the files. What is replaced goes to `bury`.
    fn look(
        &self,
        force: bool,
        bury: &mut dyn FnMut(Replaced<Loaded>),
    ) -> Result<ReloadOutcome, Error> {
        if self.plan.layers.0.is_empty() {
            return Ok(ReloadOutcome::Unchanged);
        }
        // First and by itself: whatever is wrong with the files, a kill lands.
        let killed = self.look_at_kills(force);
        let killed = killed.map(|loaded| self.publish(loaded, bury));
        match self.find(force) {
            Ok(Found::Same) => {
                let was_refused = {
                    let mut facts = locked(&self.facts);
                    // The files are what is live: whatever refused them between is over.
                    facts.held = None;
                    facts.origin = Origin::Files;
                    facts.lists = facts.live_lists.clone();
                    facts.counts.unchanged += u64::from(killed.is_none());
                    facts.refused.take().is_some()
                };
                if was_refused {
                    self.tell(&ReloadEvent::Recovered);
                }
                Ok(killed.map_or(ReloadOutcome::Unchanged, ReloadOutcome::Reloaded))
            }
            Ok(Found::Held(held)) => {
                // They can be read: what was wrong is over, and `held` says what they wait for.
                locked(&self.facts).refused = None;
                Ok(ReloadOutcome::Held(held))
            }
            Ok(Found::New(loaded, copy)) => {
                {
                    let mut facts = locked(&self.facts);
                    facts.refused = None;
                    facts.held = None;
                    facts.origin = Origin::Files;
                }
                let change = self.publish(*loaded, bury);
                self.keep(copy);
                Ok(ReloadOutcome::Reloaded(change))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn find(&self, force: bool) -> Result<Found, Error> {
        let known = locked(&self.facts).live_lists.clone();
        let current = self.load_full();
        let Plan { layers, settings, directory, .. } = &self.plan;
        if let Some(path) = layers.0.iter().find(|path| path.is_relative()) {
            // What they lead to now may be other files altogether.
            if std::env::current_dir().ok() != *directory {
                let reason = "the service changed its directory: give absolute paths";
                return Err(Error::unreadable(path, reason));
            }
        }
        let limits = &settings.limits;
        let read = layers.read_steadily(&known, Care::Reads, || {
            let contents = layers.read(limits)?;
            if contents.hash(&DiskLists::read_again(&known, limits)) == current.hash {
                return Ok(None);
            }
            let mut lists = DiskLists::new(limits);
            let mut origin = contents.origin(&mut lists, &current.kills, settings);
            let loaded = reload(&mut origin, &current).map_err(Error::invalid);
            let hash = contents.hash(&lists);
            Ok(Some((loaded.map(|loaded| loaded.with_hash(hash)), contents, lists)))
        })?;
        let Some((loaded, contents, lists)) = read else { return Ok(Found::Same) };
        let held = match &loaded {
            Ok(loaded) if !force => self.hold_back(&current, loaded),
            Ok(_) | Err(_) => None,
        };
        self.note_lists(&lists, &known, loaded.is_ok() && held.is_none());
        if let Some(held) = held {
            return Ok(Found::Held(held));
        }
        let loaded = loaded?;
        let is_good = loaded.broken.is_empty() && self.plan.last_good.is_some();
        let copy = is_good.then(|| last_good::copy_of(layers, &contents, &lists, loaded.hash));
        Ok(Found::New(Box::new(loaded), copy))
    }

    /// Notes which lists are to be followed, and which the state will have that is published next.
    fn note_lists(&self, lists: &DiskLists, known: &[PathBuf], is_good: bool) {
        let mut followed = lists.paths();
        let mut facts = locked(&self.facts);
        if is_good {
            facts.live_lists.clone_from(&followed);
        } else {
            // A list that is missing must be followed until it is there, and those of the state
            // that stays are its sources still.
            for list in known {
                if !followed.contains(list) {
                    followed.push(list.clone());
                }
            }
        }
        facts.lists = followed;
    }

    fn publish(&self, loaded: Loaded, bury: &mut dyn FnMut(Replaced<Loaded>)) -> Change {
        let loaded = Arc::new(loaded);
        let old = self.load_full();
        let change = changes::between(&old, &loaded);
        let replaced = {
            // Under the lock, so that no status is of one state and of what is told of another.
            let mut facts = locked(&self.facts);
            facts.counts.ok += 1;
            facts.last_reload = Some(change.clone());
            facts.broken = of_broken(&loaded, facts.broken.take());
            // Before the swap: who has seen the new state anywhere knows that what it keeps is old.
            self.threads.tell(loaded.generation);
            self.cell.swap(Arc::clone(&loaded))
        };
        bury(replaced);
        #[cfg(feature = "testing")]
        self.force_anew();
        self.tell(&ReloadEvent::Reloaded(change.clone()));
        self.warn_of_missing(&loaded);
        change
    }

    /// Keeps the copy of a good state.
    fn keep(&self, copy: Option<Vec<u8>>) {
        let Some((path, copy)) = self.plan.last_good.as_deref().zip(copy) else { return };
        let failed = last_good::write(path, &copy).err();
        self.warn(About::LastGood, failed.into_iter().collect());
    }

    /// Notes a failure; listeners are told of each distinct one once.
    fn failed(&self, error: Error) -> Error {
        // The clock is the service's own code: it may ask for the status, and panic.
        let clock = AssertUnwindSafe(|| (self.plan.settings.clock)());
        let since = catch_unwind(clock).unwrap_or_else(|_| SystemTime::now());
        let is_new = {
            let mut facts = locked(&self.facts);
            facts.counts.failed += 1;
            facts.held = None;
            match &mut facts.refused {
                Some(last) if last.error.to_string() == error.to_string() => {
                    last.count += 1;
                    false
                }
                last => {
                    *last = Some(ReloadFailure { error: error.clone(), since, count: 1 });
                    true
                }
            }
        };
        if is_new {
            self.tell(&ReloadEvent::Failed { error: error.clone() });
        }
        error
    }

    /// Notes what is odd about something; what was odd about it before is over. Listeners are told
    /// of each oddity once.
    fn warn(&self, about: About, warnings: Vec<String>) {
        let before = locked(&self.facts).warnings.insert(about, warnings.clone());
        let before = before.unwrap_or_default();
        for warning in warnings.into_iter().filter(|warning| !before.contains(warning)) {
            self.tell(&ReloadEvent::Warned { warning });
        }
    }

    /// Warns of flags that the code declares and the files lack.
    fn warn_of_missing(&self, loaded: &Loaded) {
        let warnings = missing(loaded).map(|warning| warning.message().to_owned());
        self.warn(About::Keys, warnings.collect());
    }

    /// Notes how the files are followed; that events are lost is worth a warning.
    fn note_mode(&self, mode: WatchMode) {
        let lost = match (&locked(&self.facts).mode, &mode) {
            (WatchMode::EventsAndPolling, WatchMode::PollingOnly(why)) => Some(why.clone()),
            _ => None,
        };
        if let Some(why) = lost {
            let warning = format!("no file events any more, polling goes on: {why}");
            self.tell(&ReloadEvent::Warned { warning });
        }
        locked(&self.facts).mode = mode;
    }

    fn tell(&self, event: &ReloadEvent) {
        // What writes the log is the service's own, too.
        drop(catch_unwind(AssertUnwindSafe(|| log::write(event))));
        let listeners: Vec<Listener> = locked(&self.listeners).values().cloned().collect();
        for listener in listeners {
            // A listener that panics must not end the thread that reloads.
            drop(catch_unwind(AssertUnwindSafe(|| listener(event))));
        }
    }

    pub(crate) fn subscribe(self: &Arc<Core>, listener: Listener) -> Subscription {
        let id = self.next_listener.fetch_add(1, Ordering::Relaxed);
        locked(&self.listeners).insert(id, listener);
        Subscription { core: Arc::clone(self), id }
    }

    pub(crate) fn decision_counts(&self) -> DecisionCounts {
        let tallies = self.plan.settings.tallies.as_ref();
        tallies.map(|tallies| tallies.counts()).unwrap_or_default()
    }

    pub(crate) fn status(&self) -> Status {
        let sources = self.followed();
        let facts = locked(&self.facts);
        let loaded = self.load_full();
        let kept = |fate: Kept| {
            let broken = loaded.broken.iter().filter(move |(_, kept)| **kept == fate);
            broken.map(|(name, _)| name.to_string()).collect()
        };
        Status {
            set_id: self.plan.settings.set_id.as_deref().map(str::to_owned),
            generation: loaded.generation,
            hash: loaded.hash,
            loaded_at: loaded.loaded_at,
            origin: facts.origin,
            flags: loaded.document.flags.len(),
            sources,
            kept: kept(Kept::LastGood),
            left_out: kept(Kept::LeftOut),
            missing: missing(&loaded).filter_map(|one| one.flag().map(str::to_owned)).collect(),
            undeclared: undeclared(&loaded),
            killed: loaded.kills.0.keys().map(|name| name.to_string()).collect(),
            held: facts.held.as_ref().map(|(held, _)| held.clone()),
            refused: facts.refused.is_some(),
            last_error: facts.refused.clone().or_else(|| facts.broken.clone()),
            last_reload: facts.last_reload.clone(),
            warnings: facts.warnings.values().flatten().cloned().collect(),
            reloads: facts.counts,
            mode: facts.mode.clone(),
            retired: self.cell.retired(),
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("layers", &self.plan.layers).finish_non_exhaustive()
    }
}

/// What was noticed of flags that a key of the code declares and the files lack.
fn missing(loaded: &Loaded) -> impl Iterator<Item = &Diagnostic> {
    loaded.report.diagnostics().iter().filter(|one| one.code() == Code::MissingFlag)
}

/// The flags that no key of the code declares.
fn undeclared(loaded: &Loaded) -> Vec<String> {
    let is_undeclared = loaded.settings.declared.undeclared();
    let names = loaded.document.flags.names().iter().filter(|name| is_undeclared(name));
    names.map(|name| name.to_string()).collect()
}

/// The state of the document inside the service.
fn of_text(text: &str, kills: &Kills, settings: &Settings) -> Result<Loaded, Error> {
    let syntax = if text.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Yaml };
    let text = Text { name: "<fallback>".into(), text: text.into(), syntax };
    let mut origin = load::Origin {
        layers: &[vec![text]],
        list_files: &mut NoListFiles,
        hash: 0,
        kills,
        settings,
    };
    load::load(&mut origin).map_err(Error::invalid)
}

/// What is wrong with flags of a state; since when, if the same was wrong with them before.
fn of_broken(loaded: &Loaded, before: Option<ReloadFailure>) -> Option<ReloadFailure> {
    let what = |report: &Report| -> Vec<_> {
        report.diagnostics().iter().map(|one| (one.code(), one.flag().map(str::to_owned))).collect()
    };
    let error = loaded.report.has_errors().then(|| Error::invalid(loaded.report.clone()))?;
    let is_same = |before: &ReloadFailure| {
        before.error.report().is_some_and(|before| what(before) == what(&loaded.report))
    };
    let (since, count) = match before.filter(is_same) {
        Some(before) => (before.since, before.count + 1),
        None => (loaded.loaded_at, 1),
    };
    Some(ReloadFailure { error, since, count })
}

/// Keeps a listener; dropping it ends the subscription.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-subscription-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// let subscription = flags.subscribe(|event| println!("{event:?}"));
/// drop(subscription); // from here on it is not told any more
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[must_use = "the subscription ends when this is dropped"]
#[derive(Debug)]
pub struct Subscription {
    core: Arc<Core>,
    id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let listener = locked(&self.core.listeners).remove(&self.id);
        // Not before the lock is given back: a listener may own a subscription, or the last handle.
        drop(listener);
    }
}
