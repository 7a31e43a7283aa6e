//! The live handle.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::context::{Context, ContextBuf};
use crate::counts::DecisionCounts;
use crate::declared::{DeclaredKey, OnMissingFlag};
use crate::error::Error;
use crate::key::{BooleanKey, Key, OwnedValue};
use crate::limits::Limits;
#[cfg(feature = "testing")]
use crate::load::Loaded;
use crate::load::{Kills, OnBadFlag, Settings};
use crate::recorder::{Recorder, Recording};
use crate::reload::read::{Layers, report_of};
use crate::reload::{
    Core, Following, Plan, ReloadEvent, ReloadOutcome, Status, Subscription, Watch, WatchMode,
};
use crate::report::Report;
use crate::snapshot::Snapshot;
use crate::strategy::Strategy;
#[cfg(feature = "metrics")]
use crate::telemetry::facade::publish;
use crate::telemetry::{families, prometheus};

/// A live handle on toggle files: it loads them, follows them, and answers.
///
/// Clone it freely; all clones are one. The thread that follows the files ends with the last of
/// them. A read takes no lock and waits for nobody. Each read by itself sees the newest state; for
/// answers that belong together take one [`Snapshot`] for the unit of work.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Flags};
///
/// # let dir = std::env::temp_dir().join(format!("hoist-doc-flags-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir).unwrap();
/// # let path = dir.join("flags.yaml");
/// std::fs::write(&path, "version: 1\nflags: { new-search: off }").unwrap();
/// let flags = Flags::open(&path)?;
/// assert!(!flags.is_enabled("new-search", &Context::new()));
///
/// std::fs::write(&path, "version: 1\nflags: { new-search: on }").unwrap();
/// flags.reload()?; // or wait a moment: the file is followed
/// assert!(flags.is_enabled("new-search", &Context::new()));
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone)]
pub struct Flags {
    core: Arc<Core>,
    following: Arc<Following>,
}

impl Flags {
    /// Loads a toggle file, or a directory of them, and follows it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or if anything in it is wrong: at the start that is a loud error.
    pub fn open(path: impl AsRef<Path>) -> Result<Flags, Error> {
        Flags::builder().file(path).open()
    }

    /// A handle on more than one file, or with settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The state that is live now, to ask everything of one unit of work.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.core.answering())
    }

    /// Whether a boolean flag is on; as [`Snapshot::is_enabled`].
    #[inline]
    pub fn is_enabled<'k>(&self, flag: impl BooleanKey<'k>, ctx: &Context<'_>) -> bool {
        self.core.read(|loaded| loaded.is_enabled(flag, ctx))
    }

    /// The value of a flag that is a boolean, a number or an enum; as [`Snapshot::value`].
    ///
    /// Texts and json borrow from the state, and are asked of a [`Snapshot`].
    #[inline]
    pub fn value<T: OwnedValue>(&self, flag: &Key<T>, ctx: &Context<'_>) -> T {
        self.core.read(|loaded| loaded.value::<T>(flag, ctx)).unwrap_or(flag.default())
    }

    /// The value of a flag by its name; as [`Snapshot::value_or`].
    #[inline]
    pub fn value_or<T: OwnedValue>(&self, flag: &str, ctx: &Context<'_>, default: T) -> T {
        self.core.read(|loaded| loaded.value::<T>(flag, ctx)).unwrap_or(default)
    }

    /// Looks at the files now, and says what came of it.
    ///
    /// # Errors
    ///
    /// Why the files were refused; what was live stays so, and kills of the kill file land all the
    /// same. Also if a listener asks, which is told of a look that is not over, and in a process
    /// that was forked off.
    pub fn reload(&self) -> Result<ReloadOutcome, Error> {
        self.following.reload(false)
    }

    /// As [`Flags::reload`], and believes files that lose most of the flags.
    ///
    /// # Errors
    ///
    /// As [`Flags::reload`].
    pub fn force_reload(&self) -> Result<ReloadOutcome, Error> {
        self.following.reload(true)
    }

    /// Calls a function after each reload and for each distinct failure, on the thread that
    /// follows the files, until the subscription is dropped.
    ///
    /// The function must be quick: the next reload waits for it.
    pub fn subscribe(
        &self,
        listener: impl Fn(&ReloadEvent) + Send + Sync + 'static,
    ) -> Subscription {
        self.core.subscribe(Arc::new(listener))
    }

    /// How the handle stands: what is live, where it came from, and what is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// # let path = std::env::temp_dir().join(format!("hoist-doc-status-{}.yaml", std::process::id()));
    /// # std::fs::write(&path, "version: 1\nflags: { a: on }").unwrap();
    /// let flags = hoist::Flags::open(&path)?;
    /// let status = flags.status();
    /// assert_eq!((status.flags, status.reloads.failed), (1, 0));
    /// assert!(status.last_error.is_none());
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn status(&self) -> Status {
        let status = self.core.status();
        match self.following.stopped() {
            Some(why) => Status { mode: WatchMode::Stopped(why), ..status },
            None => status,
        }
    }
}

/// What is counted.
impl Flags {
    /// How often the flags were asked and what they served, since the handle was opened; nothing
    /// without [`Builder::count_decisions`].
    pub fn decision_counts(&self) -> DecisionCounts {
        self.core.decision_counts()
    }

    /// What is counted and how the handle stands, in the text format of Prometheus 0.0.4: for the
    /// service's own `/metrics`. [`telemetry`](crate::telemetry) lists the names.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Flags};
    ///
    /// # let path = std::env::temp_dir().join(format!("hoist-doc-text-{}.yaml", std::process::id()));
    /// std::fs::write(&path, "version: 1\nflags: { new-search: on }").unwrap();
    /// let flags = Flags::builder().file(&path).count_decisions().open()?;
    /// flags.is_enabled("new-search", &Context::new());
    /// let text = flags.prometheus_text();
    /// assert!(text.contains(r#"hoist_decisions_total{flag="new-search",variant="on"} 1"#), "{text}");
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn prometheus_text(&self) -> String {
        prometheus::text(&families(&self.status(), &self.decision_counts()))
    }

    /// Hands what is measured to the exporter that the `metrics` crate was given. Counting is a
    /// setting: [`Builder::publish_metrics`], which also calls this every second.
    #[cfg(feature = "metrics")]
    pub fn publish_metrics(&self) {
        publish(&families(&self.status(), &self.decision_counts()));
    }
}

#[cfg(feature = "testing")]
impl Flags {
    pub(crate) fn in_memory(loaded: Loaded) -> Result<Flags, Error> {
        let core = Arc::new(Core::in_memory(loaded));
        let following = Following::start(Arc::clone(&core), Watch::OnDemand)?;
        Ok(Flags { core, following: Arc::new(following) })
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flags")
            .field("snapshot", &self.snapshot())
            .field("core", &self.core)
            .finish_non_exhaustive()
    }
}

/// Settings of a handle; made by [`Flags::builder`].
///
/// # Examples
///
/// ```
/// use hoist::{Context, ContextBuf, Flags};
///
/// # let dir = std::env::temp_dir().join(format!("hoist-doc-builder-{}", std::process::id()));
/// # std::fs::create_dir_all(&dir).unwrap();
/// # let (base, production) = (dir.join("base.yaml"), dir.join("production.yaml"));
/// std::fs::write(&base, "version: 1
/// flags: { search: { rules: [{ name: ours, when: { env: staging } }] } }").unwrap();
/// std::fs::write(&production, "version: 1
/// flags: { search: { rules: { ours: { when: { env: production } } } } }").unwrap();
/// let flags = Flags::builder()
///     .file(&base)
///     .overlay(&production)
///     .context(ContextBuf::new().env("production"))
///     .open()?;
/// assert!(flags.is_enabled("search", &Context::new()));
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is opened"]
pub struct Builder {
    file: Option<PathBuf>,
    overlays: Vec<PathBuf>,
    kill_file: Option<PathBuf>,
    last_good: Option<PathBuf>,
    fallback: Option<&'static str>,
    guards_shrinks: bool,
    caches_per_thread: bool,
    after_looks: Option<fn(&Core)>,
    settings: Settings,
    watch: Watch,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            file: None,
            overlays: Vec::new(),
            kill_file: None,
            last_good: None,
            fallback: None,
            guards_shrinks: true,
            caches_per_thread: false,
            after_looks: None,
            settings: Settings { tolerates_unregistered: false, ..Settings::default() },
            watch: Watch::default(),
        }
    }
}

impl Builder {
    /// The base: a toggle file, or a directory of them.
    pub fn file(mut self, path: impl AsRef<Path>) -> Builder {
        self.file = Some(path.as_ref().to_owned());
        self
    }

    /// A file or a directory whose words are laid over those of the base and of the overlays
    /// before it.
    pub fn overlay(mut self, path: impl AsRef<Path>) -> Builder {
        self.overlays.push(path.as_ref().to_owned());
        self
    }

    /// A condition written in Rust, by the name that the files declare.
    pub fn strategy(
        mut self,
        name: impl Into<Box<str>>,
        strategy: impl Strategy + 'static,
    ) -> Builder {
        self.settings.strategies = self.settings.strategies.with(name, strategy);
        self
    }

    /// What the service knows of every request, as its environment and its host. What a request's
    /// own context says counts before it.
    pub fn context(mut self, context: ContextBuf) -> Builder {
        self.settings.base = Arc::new(context);
        self
    }

    /// Where the time comes from, in place of the system's clock.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Builder {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// How the files are followed; by events and a look every second unless it is said otherwise.
    pub fn watch(mut self, watch: Watch) -> Builder {
        self.watch = watch;
        self
    }

    /// A file that names flags to kill, one a line, read by itself whatever is wrong elsewhere.
    ///
    /// It only ever kills: a flag named there is off, even one that the toggle files have lost. A
    /// line may end in a remark behind `#`. A kill file that disappears keeps its last kills, and
    /// an empty one lifts them once it has said so for a second. It need not be there at the start.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Flags, Reason};
    ///
    /// # let dir = std::env::temp_dir().join(format!("hoist-doc-kill-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir).unwrap();
    /// # let (path, kills) = (dir.join("flags.yaml"), dir.join("kill.txt"));
    /// std::fs::write(&path, "version: 1\nflags: { checkout: on }").unwrap();
    /// let flags = Flags::builder().file(&path).kill_file(&kills).open()?;
    /// assert!(flags.is_enabled("checkout", &Context::new()));
    ///
    /// std::fs::write(&path, "version: 1\nflags: { checkout: [").unwrap();
    /// std::fs::write(&kills, "checkout  # pays twice\n").unwrap();
    /// assert!(flags.reload().is_err()); // the toggle file is broken, and the kill is live
    /// let snap = flags.snapshot();
    /// assert_eq!(snap.decide("checkout", &Context::new()).reason(), Reason::Killed);
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn kill_file(mut self, path: impl AsRef<Path>) -> Builder {
        self.kill_file = Some(path.as_ref().to_owned());
        self
    }

    /// Where a copy of the last good files is kept, for a start while they are broken or not there.
    /// [`Status::origin`] tells which it was.
    pub fn last_good(mut self, path: impl AsRef<Path>) -> Builder {
        self.last_good = Some(path.as_ref().to_owned());
        self
    }

    /// A document inside the service, as `include_str!("flags.yaml")`, for a start while neither
    /// the files nor a copy of them can be loaded. It is checked at every start.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Flags, Origin};
    ///
    /// let flags = Flags::builder()
    ///     .file("no/such/flags.yaml")
    ///     .fallback("version: 1\nflags: { checkout: on }")
    ///     .open()?;
    /// assert!(flags.is_enabled("checkout", &Context::new()));
    /// assert_eq!(flags.status().origin, Origin::Fallback);
    /// assert!(flags.status().last_error.is_some());
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn fallback(mut self, text: &'static str) -> Builder {
        self.fallback = Some(text);
        self
    }

    /// What a reload does about a flag that is wrong.
    pub fn on_bad_flag(mut self, what: OnBadFlag) -> Builder {
        self.settings.on_bad_flag = what;
        self
    }

    /// Keys of the code, as the list that [`flags!`](crate::flags) makes: the files are held to
    /// them at the start and at each reload. May be called for several lists.
    ///
    /// A flag that its key cannot read (another type, a number beyond the range, a variant that the
    /// enum lacks, json that does not parse) is an error of that flag: at the start the files are
    /// refused, and at a reload it keeps its last good version, as [`Builder::on_bad_flag`] has it.
    /// A flag that the files lack is a warning unless [`Builder::on_missing_flag`] says otherwise.
    /// Flags that no key declares are listed in [`Status::undeclared`].
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Flags};
    ///
    /// hoist::variants! { pub enum Button { Grey = "grey", Green = "green" } }
    /// hoist::flags! {
    ///     pub static KEYS;
    ///     pub BUTTON: Button = "button", default Button::Grey;
    /// }
    ///
    /// # let path = std::env::temp_dir().join(format!("hoist-doc-keys-{}.yaml", std::process::id()));
    /// std::fs::write(&path, "version: 1
    /// flags: { button: { variants: [grey, green], default: green }, banner: on }").unwrap();
    /// let flags = Flags::builder().file(&path).keys(KEYS).open()?;
    /// assert_eq!(flags.value(&BUTTON, &Context::new()), Button::Green);
    /// assert_eq!(flags.status().undeclared, ["banner"]);
    ///
    /// std::fs::write(&path, "version: 1
    /// flags: { button: { variants: [grey, blue], default: blue }, banner: off }").unwrap();
    /// flags.reload()?; // the banner goes off, and the button stays as it was
    /// assert_eq!(flags.value(&BUTTON, &Context::new()), Button::Green);
    /// assert_eq!(flags.status().kept, ["button"]);
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn keys(mut self, keys: &'static [&'static dyn DeclaredKey]) -> Builder {
        self.settings.declared.keys.extend(keys);
        self
    }

    /// What a load does about a flag that a key declares and the files lack.
    pub fn on_missing_flag(mut self, what: OnMissingFlag) -> Builder {
        self.settings.declared.on_missing = what;
        self
    }

    /// How much a toggle file may ask for.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.settings.limits = limits.bounded();
        self
    }

    /// Refuses YAML and list files that are not sealed with `hoist seal`: what was cut on its way
    /// may still be read as a whole that says something else.
    pub fn require_checksum(mut self) -> Builder {
        self.settings.demands_seals = true;
        self
    }

    /// Believes a reload that drops more than half of the flags at once. Otherwise it waits until
    /// it has stayed the same for five seconds.
    pub fn without_shrink_guard(mut self) -> Builder {
        self.guards_shrinks = false;
        self
    }

    /// A name for the flags of this handle, for telemetry: `feature_flag.set.id` of events, and the
    /// label `set` of metrics. It tells the handles of a process apart.
    pub fn set_id(mut self, id: impl Into<Arc<str>>) -> Builder {
        self.settings.set_id = Some(id.into());
        self
    }

    /// Has someone told of each decision that is asked of the handle and of its snapshots; see
    /// [`Recorder`]. There may be several, told in their order.
    pub fn recorder(mut self, recorder: impl Recorder + 'static) -> Builder {
        self.settings.witnesses.push(Arc::new(Recording(recorder)));
        self
    }

    /// Counts what the flags serve, for [`Flags::decision_counts`] and the metrics.
    ///
    /// Threads count apart from each other, so that they do not wait for each other's caches; the
    /// price is some nanoseconds a decision, and 8 bytes for each variant, state and thread that the
    /// machine can run at once, up to 16 of them.
    pub fn count_decisions(mut self) -> Builder {
        self.settings.tallies = Some(Arc::default());
        self
    }

    /// Counts decisions, and hands them with all else that is measured to the `metrics` crate once a
    /// second, on the thread that follows the files; with [`Watch::OnDemand`] at each reload.
    ///
    /// So a decision does not pay for the exporter. Where something asks the exporter for the
    /// numbers, [`Flags::publish_metrics`] before it makes them those of now.
    #[cfg(feature = "metrics")]
    pub fn publish_metrics(mut self) -> Builder {
        self.after_looks = Some(|core| publish(&families(&core.status(), &core.decision_counts())));
        self.count_decisions()
    }

    /// Lets each thread that asks the handle keep the state it asked last, which takes some ten
    /// nanoseconds off every question. Edits are seen as soon as otherwise.
    ///
    /// The price is memory: a thread that does not ask again keeps a state that was replaced, as
    /// [`Status::retired`] counts. For a pool of threads that all serve requests.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Flags};
    ///
    /// # let path = std::env::temp_dir().join(format!("hoist-doc-threads-{}.yaml", std::process::id()));
    /// std::fs::write(&path, "version: 1\nflags: { new-search: off }").unwrap();
    /// let flags = Flags::builder().file(&path).cache_per_thread().open()?;
    /// assert!(!flags.is_enabled("new-search", &Context::new()));
    ///
    /// std::fs::write(&path, "version: 1\nflags: { new-search: on }").unwrap();
    /// flags.reload()?;
    /// assert!(flags.is_enabled("new-search", &Context::new()));
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn cache_per_thread(mut self) -> Builder {
        self.caches_per_thread = true;
        self
    }

    /// Loads the files and follows them.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if anything in one is wrong.
    pub fn open(self) -> Result<Flags, Error> {
        let base = self.file.ok_or_else(Error::no_source)?;
        let plan = Plan {
            layers: Layers(std::iter::once(base).chain(self.overlays).collect()),
            directory: std::env::current_dir().ok(),
            kill_file: self.kill_file.map(absolute),
            last_good: self.last_good.map(absolute),
            fallback: self.fallback,
            guards_shrinks: self.guards_shrinks,
            caches_per_thread: self.caches_per_thread,
            after_looks: self.after_looks,
            settings: self.settings,
        };
        let core = Arc::new(Core::open(plan)?);
        let following = Following::start(Arc::clone(&core), self.watch)?;
        Ok(Flags { core, following: Arc::new(following) })
    }
}

/// The path wherever the service goes from here.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

impl Snapshot {
    /// Loads a toggle file, or a directory of them, with overlays in their order behind it.
    ///
    /// It is for tools: it loads once and follows nothing, a strategy that is not registered is
    /// unknown, and list files are read from beside the file that names them. What serves requests
    /// is [`Flags`].
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if anything in one is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Snapshot};
    ///
    /// # let dir = std::env::temp_dir().join(format!("hoist-doc-files-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir).unwrap();
    /// # let (base, production) = (dir.join("base.yaml"), dir.join("production.yaml"));
    /// std::fs::write(&base, "version: 1
    /// flags: { search: { rules: [{ name: qa, when: { user: { in_file: qa.txt } } }] } }").unwrap();
    /// std::fs::write(dir.join("qa.txt"), "ada\n").unwrap();
    /// std::fs::write(&production, "version: 1\nflags: { search: { kill: true } }").unwrap();
    ///
    /// let ctx = Context::new().user("ada");
    /// assert!(Snapshot::from_files([&base])?.is_enabled("search", &ctx));
    /// assert!(!Snapshot::from_files([&base, &production])?.is_enabled("search", &ctx));
    /// assert!(Snapshot::from_files([dir.join("lost.yaml")]).unwrap_err().is_unreadable());
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn from_files(
        layers: impl IntoIterator<Item = impl AsRef<Path>>,
    ) -> Result<Snapshot, Error> {
        let good = Layers::of(layers)?.load(&Kills::default(), &Settings::default())?;
        Ok(Snapshot::new(Arc::new(good.loaded)))
    }
}

/// Checks a toggle file, with overlays in their order behind it, as `hoist check` does: all errors,
/// mistakes in its `tests:` among them, and warnings.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("hoist-doc-check-{}.yaml", std::process::id()));
/// # std::fs::write(&path, "version: 1\nflags: { a: yes }").unwrap();
/// let report = hoist::check([&path]);
/// assert_eq!(report.errors(), 1);
/// # std::fs::remove_file(&path).unwrap();
/// ```
pub fn check<P: AsRef<Path>>(layers: impl IntoIterator<Item = P>) -> Report {
    Layers::of(layers)
        .and_then(|layers| layers.check())
        .map_or_else(|error| report_of(&error), |checked| checked.report)
}
