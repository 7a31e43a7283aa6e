//! Following the files: what is published, and the thread that publishes.
//!
//! Polling makes it correct; file events only make it quick. Whatever happens to the files, what
//! was published last stays until something better is there.

pub(crate) mod read;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, Guard};

use crate::error::Error;
use crate::ir::{Flag, names_segments};
use crate::load::{Kept, Loaded, Settings, reload};
use read::{Contents, DiskLists, Layers};

pub(crate) use watch::Following;

/// The published state and what is known of how it came about.
pub(crate) struct Core {
    current: ArcSwap<Loaded>,
    layers: Layers,
    settings: Settings,
    facts: Mutex<Facts>,
    listeners: Mutex<BTreeMap<u64, Listener>>,
    next_listener: AtomicU64,
    /// States that were replaced and are not freed yet.
    retired: AtomicUsize,
}

type Listener = Arc<dyn Fn(&ReloadEvent) + Send + Sync>;

/// What the reloader remembers for `status`, and for the next load.
#[derive(Debug, Default)]
struct Facts {
    /// The lists that are followed.
    lists: Vec<PathBuf>,
    /// Those of the state that is live, in the order in which it asked for them.
    live_lists: Vec<PathBuf>,
    counts: ReloadCounts,
    /// Why the files were refused whole the last time they were read.
    refused: Option<ReloadFailure>,
    mode: Option<WatchMode>,
}

/// How reloads went since the handle was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadCounts {
    /// A new state was published.
    pub ok: u64,
    /// The files were refused or could not be read.
    pub failed: u64,
    /// The files were looked at again and say the same.
    pub unchanged: u64,
}

/// Why the files could not be loaded the last time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReloadFailure {
    /// The whole error, with its report.
    pub error: Error,
    /// When it was met first.
    pub since: SystemTime,
    /// How often it was met since.
    pub count: u64,
}

/// How the files are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WatchMode {
    /// By file events, with polling as the safety net.
    EventsAndPolling,
    /// By polling alone, and why there are no events.
    PollingOnly(String),
    /// Not at all: only `reload` looks at the files.
    Manual,
}

/// What listeners are told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReloadEvent {
    /// A new state is live in every thread.
    Reloaded {
        /// Its generation.
        generation: u32,
        /// The hash of the contents.
        hash: u64,
        /// The flags that say something else than before, came or went, in byte order.
        changed: Vec<String>,
        /// The flags that are wrong in the file and were kept or left out.
        broken: Vec<String>,
    },
    /// The files were refused or could not be read; what was live stays so.
    Failed {
        /// The whole error, with its report.
        error: Error,
    },
}

/// What a look at the files came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// A new state of this generation is live.
    Reloaded(u32),
    /// The files say what they said before.
    Unchanged,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking listener leaves behind is whole: nothing is half written under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    /// Loads the files for the first time.
    pub(crate) fn open(layers: Layers, settings: Settings) -> Result<Core, Error> {
        let (loaded, lists) = layers.read_steadily(&[], || layers.load(&settings))?;
        let facts = Facts { lists: lists.paths(), live_lists: lists.paths(), ..Facts::default() };
        Ok(Core {
            current: ArcSwap::from_pointee(loaded),
            layers,
            settings,
            facts: Mutex::new(facts),
            listeners: Mutex::new(BTreeMap::new()),
            next_listener: AtomicU64::new(0),
            retired: AtomicUsize::new(0),
        })
    }

    #[inline]
    pub(crate) fn load(&self) -> Guard<Arc<Loaded>> {
        self.current.load()
    }

    pub(crate) fn load_full(&self) -> Arc<Loaded> {
        self.current.load_full()
    }

    /// Looks at the files; gives the state that was replaced, if one was.
    fn look(&self) -> Result<(ReloadOutcome, Option<Arc<Loaded>>), Error> {
        match self.try_reload() {
            Ok(None) => {
                let mut facts = locked(&self.facts);
                facts.counts.unchanged += 1;
                // The files are what is live: whatever refused them between is over.
                facts.refused = None;
                facts.lists = facts.live_lists.clone();
                Ok((ReloadOutcome::Unchanged, None))
            }
            Ok(Some(loaded)) => {
                let generation = loaded.generation;
                let old = self.publish(Arc::new(loaded));
                Ok((ReloadOutcome::Reloaded(generation), Some(old)))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn try_reload(&self) -> Result<Option<Loaded>, Error> {
        let known = locked(&self.facts).live_lists.clone();
        let current = self.load_full();
        let read = self.layers.read_steadily(&known, || {
            let contents = self.layers.read()?;
            if contents.hash(&DiskLists::read_again(&known)) == current.hash {
                return Ok(None);
            }
            let mut lists = DiskLists::default();
            let loaded = self.reload_over(&contents, &mut lists, &current);
            let loaded = loaded.map(|loaded| loaded.with_hash(contents.hash(&lists)));
            Ok(Some((loaded, lists)))
        })?;
        let Some((loaded, lists)) = read else { return Ok(None) };
        self.note_lists(&lists, &known, loaded.is_ok());
        loaded.map(Some)
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

    fn reload_over(
        &self,
        contents: &Contents,
        lists: &mut DiskLists,
        current: &Loaded,
    ) -> Result<Loaded, Error> {
        reload(&mut contents.origin(lists, &self.settings), current).map_err(Error::invalid)
    }

    fn publish(&self, loaded: Arc<Loaded>) -> Arc<Loaded> {
        let old = self.current.swap(Arc::clone(&loaded));
        let event = ReloadEvent::Reloaded {
            generation: loaded.generation,
            hash: loaded.hash,
            changed: changed(&old, &loaded),
            broken: loaded.broken.keys().map(|name| name.to_string()).collect(),
        };
        {
            let mut facts = locked(&self.facts);
            facts.counts.ok += 1;
            facts.refused = None;
        }
        self.tell(&event);
        old
    }

    /// Notes a failure; listeners are told of each distinct one once.
    fn failed(&self, error: Error) -> Error {
        // The clock is the service's own code, and may ask for the status.
        let since = (self.settings.clock)();
        let is_new = {
            let mut facts = locked(&self.facts);
            facts.counts.failed += 1;
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

    fn tell(&self, event: &ReloadEvent) {
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

    pub(crate) fn status(&self) -> Status {
        let loaded = self.load_full();
        let facts = locked(&self.facts);
        let kept = |fate: Kept| {
            let broken = loaded.broken.iter().filter(move |(_, kept)| **kept == fate);
            broken.map(|(name, _)| name.to_string()).collect()
        };
        Status {
            generation: loaded.generation,
            hash: loaded.hash,
            loaded_at: loaded.loaded_at,
            flags: loaded.program.flags.len(),
            sources: self.layers.0.iter().chain(&facts.lists).cloned().collect(),
            kept: kept(Kept::LastGood),
            left_out: kept(Kept::LeftOut),
            last_error: facts.refused.clone().or_else(|| of_broken(&loaded)),
            reloads: facts.counts,
            mode: facts.mode.clone().unwrap_or(WatchMode::Manual),
            retired: self.retired.load(Ordering::Relaxed),
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("layers", &self.layers).finish_non_exhaustive()
    }
}

/// What is wrong with the files that a state was loaded from, and did not refuse them.
fn of_broken(loaded: &Loaded) -> Option<ReloadFailure> {
    loaded.report.has_errors().then(|| ReloadFailure {
        error: Error::invalid(loaded.report.clone()),
        since: loaded.loaded_at,
        count: 1,
    })
}

/// The flags that one state says otherwise than another.
fn changed(old: &Loaded, new: &Loaded) -> Vec<String> {
    let (old, new) = (&old.document, &new.document);
    // A segment that changed changes the flags that use it; which do is not worth finding out
    // for an announcement, so that the scope counts for all that name one segment or more.
    let same_scope = old.scope.segments == new.scope.segments;
    let agree = |a: &Flag, b: &Flag| {
        let are_newest = Arc::ptr_eq(&a.scope, &old.scope) && Arc::ptr_eq(&b.scope, &new.scope);
        match are_newest {
            true => same_scope,
            false => Arc::ptr_eq(&a.scope, &b.scope) || a.scope.segments == b.scope.segments,
        }
    };
    let differs = |name: &&Arc<str>| match (old.flags.get(*name), new.flags.get(*name)) {
        (Some(a), Some(b)) if Arc::ptr_eq(a, b) => false,
        (Some(a), Some(b)) => a != b || (names_segments(b) && !agree(a, b)),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    };
    let gone = old.flags.keys().filter(|name| !new.flags.contains_key(*name));
    let mut names: Vec<String> =
        new.flags.keys().chain(gone).filter(differs).map(|name| name.to_string()).collect();
    names.sort();
    names
}

/// How a handle stands: what is live, where it came from, and what is wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The number of the state that is live.
    pub generation: u32,
    /// The hash of its contents.
    pub hash: u64,
    /// When it was loaded.
    pub loaded_at: SystemTime,
    /// How many flags it has.
    pub flags: usize,
    /// The files that are followed, list files among them.
    pub sources: Vec<PathBuf>,
    /// Flags that are wrong in the file and keep their last good version.
    pub kept: Vec<String>,
    /// Flags that are wrong in the file and have none.
    pub left_out: Vec<String>,
    /// What is wrong with the files now, if anything is.
    pub last_error: Option<ReloadFailure>,
    /// How reloads went.
    pub reloads: ReloadCounts,
    /// How the files are followed.
    pub mode: WatchMode,
    /// States that were replaced and that someone still holds, or that wait to be freed.
    pub retired: usize,
}

/// Keeps a listener; dropping it ends the subscription.
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

/// What the thread that follows the files is asked.
pub(crate) enum Request {
    /// Something happened near the files.
    Dirty,
    /// Look now, and say what came of it.
    Reload(Sender<Result<ReloadOutcome, Error>>),
    Stop,
}

pub(crate) fn requests() -> (Sender<Request>, Receiver<Request>) {
    channel()
}

/// How the files are followed, as the builder says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Between two looks without an event; `None` to look when asked only.
    pub(crate) poll: Option<Duration>,
    pub(crate) events: bool,
}
