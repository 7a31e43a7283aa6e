//! The thread that follows the files.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use notify::{EventKind, RecursiveMode, Watcher};

use super::read::Fingerprint;
use super::{Core, Pace, ReloadOutcome, Request, WatchMode, locked, requests};
use crate::error::Error;
use crate::load::Loaded;

/// How long nothing must happen before the files are read: an editor writes in several steps.
const QUIET: Duration = Duration::from_millis(50);

/// How long noise can put the reading off.
const MOST_NOISE: Duration = Duration::from_secs(2);

/// How often the contents are read again although nothing seems changed.
const READ_AGAIN: Duration = Duration::from_secs(60);

/// How long a replaced state is kept at least: a reader that frees it would stall.
const GRACE: Duration = Duration::from_secs(2);

/// The running thread; dropping it ends the thread.
pub(crate) struct Following {
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
}

impl Following {
    pub(crate) fn start(core: Arc<Core>, pace: Pace) -> Result<Following, Error> {
        let (requests, asked) = requests();
        let events = requests.clone();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("hoist-reload".to_owned())
            .spawn(move || {
                let mut follower = Follower::new(core, pace, events);
                // What changed between the first load and the first event is seen here. Who
                // follows nothing looks when asked only.
                if follower.follows() {
                    drop(follower.look());
                }
                let _ = ready.send(());
                follower.run(&asked);
            })
            .map_err(Error::thread)?;
        // From here on no change goes unseen. A thread that ended early sends nothing.
        let _ = is_ready.recv();
        Ok(Following { requests, thread: Some(thread) })
    }

    /// Looks at the files now, and waits for what comes of it.
    /// `None` where no one would answer: the thread has ended, or is the one that asks.
    pub(crate) fn reload(&self) -> Option<Result<ReloadOutcome, Error>> {
        if self.is_this_thread() {
            return None;
        }
        let (answer, answered) = std::sync::mpsc::channel();
        self.requests.send(Request::Reload(answer)).ok()?;
        answered.recv().ok()
    }
}

impl Following {
    fn is_this_thread(&self) -> bool {
        let current = std::thread::current().id();
        self.thread.as_ref().is_some_and(|thread| thread.thread().id() == current)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // A thread that is gone needs no word.
        drop(self.requests.send(Request::Stop));
        // The last handle may be dropped by a listener, which runs on the thread itself.
        let is_this_thread = self.is_this_thread();
        if let Some(thread) = self.thread.take().filter(|_| !is_this_thread) {
            drop(thread.join());
        }
    }
}

impl std::fmt::Debug for Following {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Following")
    }
}

struct Follower {
    core: Arc<Core>,
    pace: Pace,
    events: Sender<Request>,
    watcher: Option<notify::RecommendedWatcher>,
    watched: Vec<PathBuf>,
    seen: Fingerprint,
    read_at: Instant,
    /// Replaced states, until no one else holds them.
    graveyard: Vec<(Instant, Arc<Loaded>)>,
}

impl Follower {
    fn new(core: Arc<Core>, pace: Pace, events: Sender<Request>) -> Follower {
        let lists = locked(&core.facts).lists.clone();
        let seen = core.layers.fingerprint(&lists);
        let mut follower = Follower {
            core,
            pace,
            events,
            watcher: None,
            watched: Vec::new(),
            seen,
            read_at: Instant::now(),
            graveyard: Vec::new(),
        };
        follower.watch();
        follower
    }

    fn follows(&self) -> bool {
        self.pace.poll.is_some() || self.pace.events
    }

    fn run(mut self, asked: &Receiver<Request>) {
        loop {
            let tick = self.pace.poll.unwrap_or(READ_AGAIN);
            match asked.recv_timeout(tick) {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Request::Dirty) => {
                    if !self.settle(asked) {
                        return;
                    }
                }
                Ok(Request::Reload(answer)) => {
                    let outcome = self.look();
                    // Whoever asked may have gone.
                    drop(answer.send(outcome));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if !self.tick(asked) {
                        return;
                    }
                }
            }
            self.bury();
        }
    }

    /// Waits until nothing happens for a moment, then looks; `false` to stop.
    ///
    /// What happens is told by events and by the files themselves: a file that is written in two
    /// steps is whole YAML after the first, and says something else.
    fn settle(&mut self, asked: &Receiver<Request>) -> bool {
        let start = Instant::now();
        let mut before = self.fingerprint();
        while start.elapsed() < MOST_NOISE {
            match asked.recv_timeout(QUIET) {
                Ok(Request::Dirty) => {}
                Ok(Request::Reload(answer)) => drop(answer.send(self.look())),
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.fingerprint();
                    if now == before {
                        break;
                    }
                    before = now;
                }
            }
        }
        drop(self.look());
        true
    }

    /// Looks if something may have changed; `false` to stop.
    fn tick(&mut self, asked: &Receiver<Request>) -> bool {
        if self.pace.poll.is_none() {
            return true;
        }
        let now = self.fingerprint();
        if now != self.seen {
            return self.settle(asked);
        }
        let is_due = self.read_at.elapsed() >= READ_AGAIN;
        // By the system's clock, which the times of files are by, whatever the builder's says.
        if is_due || now.is_young(SystemTime::now()) {
            drop(self.look());
        }
        true
    }

    fn fingerprint(&self) -> Fingerprint {
        let lists = locked(&self.core.facts).lists.clone();
        self.core.layers.fingerprint(&lists)
    }

    fn look(&mut self) -> Result<ReloadOutcome, Error> {
        // Taken before the files are read: what changes meanwhile is seen at the next tick.
        self.seen = self.fingerprint();
        self.read_at = Instant::now();
        let outcome = self.core.look();
        self.watch();
        let (outcome, old) = outcome?;
        self.graveyard.extend(old.map(|old| (Instant::now(), old)));
        self.count_retired();
        Ok(outcome)
    }

    /// Frees replaced states that no one holds, here and not in a request.
    fn bury(&mut self) {
        self.graveyard
            .retain(|(since, state)| since.elapsed() < GRACE || Arc::strong_count(state) > 1);
        self.count_retired();
    }

    fn count_retired(&self) {
        self.core.retired.store(self.graveyard.len(), Ordering::Relaxed);
    }

    /// Watches the directories in which a change can show; they may be others after a reload.
    fn watch(&mut self) {
        let mode = match (self.pace.events, self.pace.poll) {
            (true, _) => match self.watch_events() {
                Ok(()) => WatchMode::EventsAndPolling,
                Err(reason) => WatchMode::PollingOnly(reason),
            },
            (false, Some(_)) => WatchMode::PollingOnly("the builder says so".to_owned()),
            (false, None) => WatchMode::Manual,
        };
        locked(&self.core.facts).mode = Some(mode);
    }

    fn watch_events(&mut self) -> Result<(), String> {
        let lists = locked(&self.core.facts).lists.clone();
        let directories = self.core.layers.directories(&lists);
        if self.watcher.is_some() && directories == self.watched {
            return Ok(());
        }
        let events = self.events.clone();
        let mut watcher = notify::recommended_watcher(move |event| {
            // Reading the files causes access events: to react to them would never end.
            let is_access = |event: &notify::Event| matches!(event.kind, EventKind::Access(_));
            if !matches!(&event, Ok(event) if is_access(event)) {
                drop(events.send(Request::Dirty));
            }
        })
        .map_err(|error| error.to_string())?;
        for directory in &directories {
            watcher
                .watch(directory, RecursiveMode::NonRecursive)
                .map_err(|error| error.to_string())?;
        }
        self.watcher = Some(watcher);
        self.watched = directories;
        Ok(())
    }
}
