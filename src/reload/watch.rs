//! When the files are looked at: on a thread of its own, or when somebody asks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant, SystemTime};

use notify::event::ModifyKind;
use notify::{ErrorKind, Event, EventKind, RecursiveMode, Watcher};

use super::cell::Graveyard;
use super::directories::Directories;
use super::files::Fingerprint;
use super::status::{ReloadOutcome, WatchMode};
use super::{Core, locked};
use crate::error::Error;
use crate::load::Loaded;

/// How long the files must stay as they are before they are read: an editor writes in several
/// steps.
const QUIET: Duration = Duration::from_millis(50);

/// How long noise can put the reading off.
const MOST_NOISE: Duration = Duration::from_secs(2);

/// How long lies between two publishes at least: of what changes faster, the newest counts.
const BETWEEN_PUBLISHES: Duration = Duration::from_millis(250);

/// How long lies between two calls of what follows looks.
const BETWEEN_TELLINGS: Duration = Duration::from_secs(1);

/// How often the contents are read again although nothing seems changed.
const READ_AGAIN: Duration = Duration::from_secs(60);

/// How new a change is whose next one may show the same times.
const YOUNG: Duration = Duration::from_secs(2);

/// How long a replaced state is kept at least: a reader that frees it would stall.
const GRACE: Duration = Duration::from_secs(2);

/// How the files are followed.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-watch-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// assert_eq!(flags.status().mode, hoist::WatchMode::OnDemand);
/// # drop(flags);
/// use std::time::Duration;
/// let flags = Flags::builder().file(&path).watch(Watch::Polling(Duration::from_secs(5))).open()?;
/// assert!(matches!(flags.status().mode, hoist::WatchMode::PollingOnly(_)));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Watch {
    /// By the events of the file system, and by looking this often in case there are none.
    EventsAndPolling(Duration),
    /// By looking this often alone: for file systems without events.
    Polling(Duration),
    /// Not at all: only [`Flags::reload`](crate::Flags::reload) looks, on the thread that calls it.
    OnDemand,
}

/// Every second, and at once where the file system tells of a change.
impl Default for Watch {
    fn default() -> Watch {
        Watch::EventsAndPolling(Duration::from_secs(1))
    }
}

impl Watch {
    /// The shortest time between two looks.
    const SHORTEST: Duration = Duration::from_millis(10);

    fn tick(self) -> Option<Duration> {
        match self {
            Watch::EventsAndPolling(every) | Watch::Polling(every) => {
                Some(every.max(Watch::SHORTEST))
            }
            Watch::OnDemand => None,
        }
    }
}

/// What the thread that follows the files is asked.
enum Request {
    /// Something happened near the files.
    Dirty,
    /// Look now, and say what came of it.
    Reload {
        force: bool,
        answer: Sender<Result<ReloadOutcome, Error>>,
    },
    Stop,
}

/// Who looks at the files; dropping it ends a thread.
pub(crate) struct Following(Who);

enum Who {
    Thread(Running),
    Caller {
        follower: Box<Mutex<Follower>>,
        /// Who looks now: a listener that asks for another look would wait for itself.
        looking: Mutex<Option<ThreadId>>,
    },
}

struct Running {
    requests: Sender<Request>,
    thread: Option<JoinHandle<()>>,
    /// A fork has the handle and not the thread.
    process: u32,
}

impl Following {
    pub(crate) fn start(core: Arc<Core>, watch: Watch) -> Result<Following, Error> {
        let Some(tick) = watch.tick() else {
            let follower = Follower::new(core, watch, None);
            let follower = Box::new(Mutex::new(follower));
            return Ok(Following(Who::Caller { follower, looking: Mutex::new(None) }));
        };
        let (requests, asked) = channel();
        let events = matches!(watch, Watch::EventsAndPolling(_)).then(|| requests.clone());
        let (ready, is_ready) = channel();
        let thread = std::thread::Builder::new()
            .name("hoist-reload".to_owned())
            .spawn(move || {
                let mut follower = Follower::new(core, watch, events);
                follower.follow();
                // What changed between the first load and the first event is seen here.
                drop(follower.look(false));
                follower.looked();
                let _ = ready.send(());
                follower.run(&asked, tick);
            })
            .map_err(Error::thread)?;
        // From here on no change goes unseen. A thread that ended early sends nothing.
        let _ = is_ready.recv();
        let process = std::process::id();
        Ok(Following(Who::Thread(Running { requests, thread: Some(thread), process })))
    }

    /// Looks at the files now, and waits for what comes of it.
    ///
    /// # Errors
    ///
    /// Why the files were refused, or why nobody can look.
    pub(crate) fn reload(&self, force: bool) -> Result<ReloadOutcome, Error> {
        match &self.0 {
            Who::Thread(running) => running.reload(force),
            Who::Caller { follower, looking } => {
                let this_thread = std::thread::current().id();
                if *locked(looking) == Some(this_thread) {
                    return Err(Error::thread(std::io::Error::other(IS_LOOKING)));
                }
                let mut follower = locked(follower);
                *locked(looking) = Some(this_thread);
                let outcome = follower.look(force);
                follower.bury();
                follower.looked();
                *locked(looking) = None;
                outcome
            }
        }
    }

    /// Why the files are not followed any more, if they should be.
    pub(crate) fn stopped(&self) -> Option<String> {
        match &self.0 {
            Who::Thread(running) => running.stopped(),
            Who::Caller { .. } => None,
        }
    }
}

const IS_LOOKING: &str = "a listener cannot ask for what it is told of";

impl Running {
    fn reload(&self, force: bool) -> Result<ReloadOutcome, Error> {
        let unasked = |why: String| Error::thread(std::io::Error::other(why));
        if let Some(why) = self.stopped() {
            return Err(unasked(why));
        }
        if self.is_this_thread() {
            return Err(unasked(IS_LOOKING.to_owned()));
        }
        let (answer, answered) = channel();
        let sent = self.requests.send(Request::Reload { force, answer }).ok();
        let outcome = sent.and_then(|()| answered.recv().ok());
        outcome.unwrap_or_else(|| Err(unasked(GONE.to_owned())))
    }

    fn stopped(&self) -> Option<String> {
        if self.process != std::process::id() {
            return Some("the process was forked: open a handle of its own".to_owned());
        }
        let is_gone = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        is_gone.then(|| GONE.to_owned())
    }

    fn is_this_thread(&self) -> bool {
        let current = std::thread::current().id();
        self.thread.as_ref().is_some_and(|thread| thread.thread().id() == current)
    }
}

const GONE: &str = "the thread that follows the files is gone";

impl Drop for Running {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // There is no thread here to stop, nor to wait for.
            return;
        }
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
    watch: Watch,
    /// Where events go, if they are wanted.
    events: Option<Sender<Request>>,
    watcher: Option<notify::RecommendedWatcher>,
    watched: Directories,
    /// Whether a watched directory was moved or removed.
    is_stale: Arc<AtomicBool>,
    seen: Fingerprint,
    read_at: Instant,
    published_at: Option<Instant>,
    /// When the handle was last told that they were looked at.
    looked_at: Option<Instant>,
    graveyard: Graveyard<Loaded>,
}

impl Follower {
    fn new(core: Arc<Core>, watch: Watch, events: Option<Sender<Request>>) -> Follower {
        Follower {
            seen: core.fingerprint(),
            core,
            watch,
            events,
            watcher: None,
            watched: Directories::default(),
            is_stale: Arc::default(),
            read_at: Instant::now(),
            published_at: None,
            looked_at: None,
            graveyard: Graveyard::new(GRACE),
        }
    }

    fn run(mut self, asked: &Receiver<Request>, tick: Duration) {
        loop {
            let wait = self.core.believed_in().map_or(tick, |due| due.max(QUIET).min(tick));
            let goes_on = match asked.recv_timeout(wait) {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => false,
                Ok(Request::Dirty) => self.settle(asked),
                Ok(Request::Reload { force, answer }) => {
                    self.answer(force, &answer);
                    true
                }
                Err(RecvTimeoutError::Timeout) => self.tick(asked),
            };
            // At the end, too: the last look at what threads keep of this handle.
            self.bury();
            if !goes_on {
                return;
            }
            if self.looked_at.is_none_or(|at| at.elapsed() >= BETWEEN_TELLINGS) {
                self.looked();
            }
        }
    }

    /// Calls what the handle was told to call after looks. Whatever it does, the files are followed.
    fn looked(&mut self) {
        if let Some(after_looks) = self.core.plan.after_looks {
            drop(catch_unwind(AssertUnwindSafe(|| after_looks(&self.core))));
            self.looked_at = Some(Instant::now());
        }
    }

    /// Whoever asked may have gone.
    fn answer(&mut self, force: bool, answer: &Sender<Result<ReloadOutcome, Error>>) {
        let outcome = self.look(force);
        drop(answer.send(outcome));
    }

    /// Waits until the files stay as they are for a moment, then looks; `false` to stop.
    ///
    /// A file that is written in two steps is whole YAML after the first, and says something else.
    /// What counts is that the files hold still: events can come of anything beside them.
    fn settle(&mut self, asked: &Receiver<Request>) -> bool {
        let start = Instant::now();
        let mut before = self.core.fingerprint();
        let mut quiet_until = Instant::now() + QUIET;
        let mut is_half_written = false;
        while start.elapsed() < MOST_NOISE {
            match asked.recv_timeout(quiet_until.saturating_duration_since(Instant::now())) {
                Ok(Request::Dirty) => {}
                Ok(Request::Reload { force, answer }) => self.answer(force, &answer),
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.core.fingerprint();
                    is_half_written = now.is_written_since(&before);
                    if now == before && self.may_publish() {
                        break;
                    }
                    before = now;
                    quiet_until = Instant::now() + QUIET;
                }
            }
        }
        if is_half_written {
            // Whoever writes is not done: kills land, and nothing else is read.
            self.look_at_moving();
        } else if before != self.seen || self.is_due(&before) {
            drop(self.look(false));
        } else {
            // Nothing of ours; a directory that was replaced must be watched anew all the same.
            self.follow();
        }
        true
    }

    fn may_publish(&self) -> bool {
        self.published_at.is_none_or(|at| at.elapsed() >= BETWEEN_PUBLISHES)
    }

    /// Looks if something may have changed; `false` to stop.
    fn tick(&mut self, asked: &Receiver<Request>) -> bool {
        let now = self.core.fingerprint();
        if now != self.seen {
            return self.settle(asked);
        }
        if self.is_due(&now) {
            drop(self.look(false));
        }
        true
    }

    /// Whether the files must be read although they seem to be those that were read last.
    fn is_due(&self, now: &Fingerprint) -> bool {
        self.read_at.elapsed() >= READ_AGAIN
            || self.core.believed_in().is_some_and(|due| due.is_zero())
            // By the system's clock, which the times of files are by, whatever the builder's says.
            || now.is_younger_than(YOUNG, SystemTime::now())
    }

    /// A look at files that are being written where they lie.
    fn look_at_moving(&mut self) {
        let (core, graveyard) = (&self.core, &mut self.graveyard);
        let look = || core.look_at_moving(&mut |replaced| graveyard.add(replaced));
        drop(catch_unwind(AssertUnwindSafe(look)));
        self.follow();
    }

    fn look(&mut self, force: bool) -> Result<ReloadOutcome, Error> {
        // Taken before the files are read: what changes meanwhile is seen at the next tick.
        self.seen = self.core.fingerprint();
        self.read_at = Instant::now();
        let (core, graveyard) = (&self.core, &mut self.graveyard);
        let mut has_published = false;
        // The clock of the service's own can panic: that must not end the following.
        let look = catch_unwind(AssertUnwindSafe(|| {
            core.look(force, &mut |replaced| {
                has_published = true;
                graveyard.add(replaced);
            })
        }));
        let outcome = look.unwrap_or_else(|_| {
            let panicked = "something panicked while the files were loaded";
            Err(core.failed(Error::thread(std::io::Error::other(panicked))))
        });
        if has_published {
            self.published_at = Some(Instant::now());
        }
        self.follow();
        outcome
    }

    fn bury(&mut self) {
        if self.core.cell.retired() > 0 {
            self.core.threads.take_back_old();
        }
        self.graveyard.bury(&self.core.cell);
    }

    /// Watches the directories in which a change can show; they may be others after a reload.
    fn follow(&mut self) {
        let mode = match self.watch {
            Watch::EventsAndPolling(_) => match self.watch_events() {
                Ok(()) => WatchMode::EventsAndPolling,
                Err(reason) => WatchMode::PollingOnly(reason),
            },
            Watch::Polling(_) => WatchMode::PollingOnly("the builder says so".to_owned()),
            Watch::OnDemand => WatchMode::OnDemand,
        };
        self.core.note_mode(mode);
    }

    fn watch_events(&mut self) -> Result<(), String> {
        let Some(events) = self.events.clone() else { return Ok(()) };
        let directories = Directories::on_the_way_to(self.core.ways());
        // A directory that was moved or removed and is there again can be the same by its number:
        // what watched it is gone all the same.
        let is_stale = self.is_stale.swap(false, Ordering::Relaxed);
        if self.watcher.is_some() && directories == self.watched && !is_stale {
            return Ok(());
        }
        let again = events.clone();
        let (concerned, is_stale) = (directories.clone(), Arc::clone(&self.is_stale));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().is_ok_and(|event| takes_away(event, &concerned)) {
                is_stale.store(true, Ordering::Relaxed);
            }
            if event.map_or(true, |event| matters(&event, &concerned)) {
                drop(events.send(Request::Dirty));
            }
        })
        .map_err(|error| error.to_string())?;
        for (directory, is_near) in directories.iter() {
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {}
                // Gone since: the fingerprint says so.
                Err(notify::Error { kind: ErrorKind::PathNotFound, .. }) => {}
                // One further up may be closed to the service: what is replaced there is left to
                // polling.
                Err(notify::Error { kind: ErrorKind::Io(error), .. })
                    if !is_near && error.kind() == std::io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        self.watcher = Some(watcher);
        self.watched = directories;
        // What changed after it was read and before it was watched is seen now.
        drop(again.send(Request::Dirty));
        Ok(())
    }
}

/// Whether an event can be about what is followed.
fn matters(event: &Event, directories: &Directories) -> bool {
    match event.kind {
        // Reading the files causes access events: to react to them would never end.
        EventKind::Access(_) => false,
        _ if event.need_rescan() || event.paths.is_empty() => true,
        _ => event.paths.iter().any(|path| directories.concern(path)),
    }
}

/// Whether a directory that is watched was moved or removed.
fn takes_away(event: &Event, directories: &Directories) -> bool {
    let is_gone =
        matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
    is_gone && event.paths.iter().any(|path| directories.has(path))
}
