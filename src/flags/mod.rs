//! The live handle.

mod builder;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::context::Context;
use crate::counts::DecisionCounts;
use crate::error::Error;
use crate::key::{BooleanKey, Key, OwnedValue};
#[cfg(feature = "testing")]
use crate::load::Loaded;
use crate::load::{Kills, Settings};
#[cfg(feature = "testing")]
use crate::reload::Watch;
use crate::reload::read::{Layers, report_of};
use crate::reload::{Core, Following, ReloadEvent, ReloadOutcome, Status, Subscription, WatchMode};
use crate::report::Report;
use crate::snapshot::Snapshot;
#[cfg(feature = "metrics")]
use crate::telemetry::facade;
use crate::telemetry::{families, prometheus};

pub use builder::Builder;

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
        prometheus::text(&families(&self.core))
    }

    /// Hands what is measured to the exporter that the `metrics` crate was given. Counting is a
    /// setting: [`Builder::publish_metrics`], which also calls this every second.
    #[cfg(feature = "metrics")]
    pub fn publish_metrics(&self) {
        facade::publish(&families(&self.core));
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
