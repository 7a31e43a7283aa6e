//! How a handle is made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::Flags;
use crate::context::ContextBuf;
use crate::declared::{DeclaredKey, OnMissingFlag};
use crate::error::Error;
use crate::limits::Limits;
use crate::load::{OnBadFlag, Settings};
use crate::recorder::{Recorder, Recording};
use crate::reload::read::Layers;
use crate::reload::{Core, Following, Plan, Watch};
use crate::strategy::Strategy;
#[cfg(feature = "metrics")]
use crate::telemetry::{facade, families};

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
    /// [`Status::origin`](crate::Status::origin) tells which it was.
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
    /// Flags that no key declares are listed in [`Status::undeclared`](crate::Status::undeclared).
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
    /// price is some ten nanoseconds a decision, and 8 bytes for each variant, state and thread that the
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
        self.after_looks = Some(|core| facade::publish(&families(core)));
        self.count_decisions()
    }

    /// Lets each thread that asks the handle have the state it asked last for its own, which takes
    /// one to five nanoseconds off a question: the less, the more there is to decide. Edits are seen
    /// as soon as otherwise.
    ///
    /// The price is memory. What a thread keeps is otherwise taken back when it was replaced; now a
    /// thread that does not ask again holds it up, as [`Status::retired`](crate::Status::retired)
    /// counts. For a pool of threads that all serve requests.
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
