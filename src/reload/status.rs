//! What is told of a handle: how it stands, and what each reload changed.

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::error::Error;
use crate::literal::instant;

/// How the files are followed.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch, WatchMode};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-mode-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// assert_eq!(flags.status().mode, WatchMode::OnDemand);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WatchMode {
    /// By file events, with polling as the safety net.
    EventsAndPolling,
    /// By polling alone, and why there are no events.
    PollingOnly(String),
    /// Not at all: only `reload` looks at the files.
    OnDemand,
    /// No longer, and why: what is live stays so.
    Stopped(String),
}

/// How reloads went since the handle was opened.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-counts-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// flags.reload()?;
/// let counts = flags.status().reloads;
/// assert_eq!((counts.ok, counts.failed, counts.unchanged, counts.held), (0, 0, 1, 0));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReloadCounts {
    /// A new state was published.
    pub ok: u64,
    /// The files were refused or could not be read.
    pub failed: u64,
    /// The files were looked at again and say the same.
    pub unchanged: u64,
    /// The files lost so many flags that they were not believed at once.
    pub held: u64,
}

/// What is wrong with the files: they were refused, or flags in them were kept or left out.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-failure-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// std::fs::write(&path, "version: 1\nflags: {").unwrap();
/// for _ in 0..3 {
///     assert!(flags.reload().is_err());
/// }
/// let failure = flags.status().last_error.unwrap();
/// assert!(failure.error.is_invalid() && failure.count == 3);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ReloadFailure {
    /// The whole error, with its report.
    pub error: Error,
    /// When it was met first.
    #[serde(serialize_with = "as_instant")]
    pub since: SystemTime,
    /// How often it was met since.
    pub count: u64,
}

/// What a reload changed.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-change-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// std::fs::write(&path, "version: 1\nflags: { a: off, b: on, d: on }").unwrap();
/// flags.reload()?;
/// let change = flags.status().last_reload.unwrap();
/// assert_eq!((&change.added[..], &change.removed[..]), (&["d".into()][..], &["c".into()][..]));
/// assert_eq!(change.changed, ["a"]);
/// assert_eq!(change.flags(), ["a", "c", "d"]);
/// assert_eq!(change.generation, flags.status().generation);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The generation that is live since.
    pub generation: u32,
    /// The one that was live before.
    pub from: u32,
    /// The hash of the contents.
    #[serde(serialize_with = "as_digits")]
    pub hash: u64,
    /// When it was published.
    #[serde(serialize_with = "as_instant")]
    pub at: SystemTime,
    /// The flags that came, in byte order as the two that follow.
    pub added: Vec<String>,
    /// The flags that went.
    pub removed: Vec<String>,
    /// The flags that say something else than before.
    pub changed: Vec<String>,
    /// The flags that are wrong in the file, and were kept or left out.
    pub broken: Vec<String>,
    /// What is wrong with them, a line for each problem, with its place.
    pub problems: Vec<String>,
    /// The flags that were broken before and are no longer.
    pub mended: Vec<String>,
    /// The flags that the kill file kills and did not before.
    pub killed: Vec<String>,
    /// Those that it kills no longer.
    pub lifted: Vec<String>,
}

impl Change {
    /// All flags that came, went or changed, in byte order.
    pub fn flags(&self) -> Vec<&str> {
        let all = self.added.iter().chain(&self.removed).chain(&self.changed);
        let mut names: Vec<&str> = all.map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

/// Contents that lose more than half of the flags, which wait to be believed.
///
/// A file that was cut is usually a toggle file still. It is published once it has stayed the same
/// for five seconds, at once by [`Flags::force_reload`](crate::Flags::force_reload), and not held
/// at all where it is sealed.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch, ReloadOutcome};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-held-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// std::fs::write(&path, "version: 1\nflags: { a: off }").unwrap();
/// let ReloadOutcome::Held(held) = flags.reload()? else { panic!("it loses most flags") };
/// assert_eq!((held.lost, held.left), (2, 1));
/// assert_eq!(flags.status().held, Some(held));
/// assert!(flags.is_enabled("a", &hoist::Context::new())); // for now
/// flags.force_reload()?;
/// assert!(!flags.is_enabled("a", &hoist::Context::new()));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Held {
    /// The hash of the contents.
    #[serde(serialize_with = "as_digits")]
    pub hash: u64,
    /// Since when.
    #[serde(serialize_with = "as_instant")]
    pub since: SystemTime,
    /// How many flags would go.
    pub lost: usize,
    /// How many would be left.
    pub left: usize,
}

/// What listeners are told.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch, ReloadEvent};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-event-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// let (tell, told) = std::sync::mpsc::channel();
/// let _subscription = flags.subscribe(move |event| drop(tell.send(event.clone())));
/// std::fs::write(&path, "version: 1\nflags: { a: off, b: on, c: on }").unwrap();
/// flags.reload()?;
/// match told.recv().unwrap() {
///     ReloadEvent::Reloaded(change) => assert_eq!(change.flags(), ["a"]),
///     other => panic!("{other:?}"),
/// }
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReloadEvent {
    /// A new state is live in every thread.
    Reloaded(Change),
    /// The files were refused or could not be read; what was live stays so.
    Failed {
        /// The whole error, with its report.
        error: Error,
    },
    /// The files lose more than half of the flags; what was live stays so for now.
    Held(Held),
    /// The files were refused, and say again what is live.
    Recovered,
    /// Something is odd that refuses nothing, as a line of the kill file that names no flag.
    Warned {
        /// What is odd, in words.
        warning: String,
    },
}

/// One line, as for a log.
impl fmt::Display for ReloadEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReloadEvent::Reloaded(change) => write!(f, "reloaded: {change}"),
            ReloadEvent::Failed { error } => write!(f, "refused: {}", error.in_one_line()),
            ReloadEvent::Held(held) => write!(
                f,
                "held: {} flags would go and {} be left, hash {:016x}",
                held.lost, held.left, held.hash
            ),
            ReloadEvent::Recovered => f.write_str("recovered: the files say again what is live"),
            ReloadEvent::Warned { warning } => write!(f, "warning: {warning}"),
        }
    }
}

/// One line: the generation, the hash, and what changed.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "generation {}, hash {:016x}", self.generation, self.hash)?;
        let parts = [
            ("added", &self.added),
            ("removed", &self.removed),
            ("changed", &self.changed),
            ("broken", &self.broken),
            ("because", &self.problems),
            ("mended", &self.mended),
            ("killed", &self.killed),
            ("lifted", &self.lifted),
        ];
        for (what, names) in parts.into_iter().filter(|(_, names)| !names.is_empty()) {
            write!(f, "; {what} {}", names.join(", "))?;
        }
        Ok(())
    }
}

/// What a look at the files came to.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch, ReloadOutcome};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-outcome-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// assert_eq!(flags.reload()?, ReloadOutcome::Unchanged);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// A new state is live. What is broken in it is kept or left out.
    Reloaded(Change),
    /// The files say what they said before.
    Unchanged,
    /// The files lose more than half of the flags, and are not believed yet. Kills of the kill
    /// file land all the same.
    Held(Held),
}

/// Where the live state came from.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch, Origin};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-origin-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// assert_eq!(flags.status().origin, Origin::Files);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// The files that are followed.
    Files,
    /// The copy of the last good files: those at the start could not be loaded.
    LastGood,
    /// The document inside the service: neither the files nor a copy could be loaded.
    Fallback,
}

/// How a handle stands: what is live, where it came from, and what is wrong.
///
/// As JSON it has the same keys; hashes are 16 hexadecimal digits and times are RFC 3339.
///
/// # Examples
///
/// ```
/// use hoist::{Flags, Watch};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-status-type-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { a: on, b: on, c: on }").unwrap();
/// let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open()?;
/// let status = flags.status();
/// assert_eq!((status.flags, status.sources), (3, vec![path.clone()]));
/// assert!(status.last_error.is_none() && status.held.is_none() && status.kept.is_empty());
/// let json = serde_json::to_value(flags.status()).unwrap();
/// assert_eq!((&json["origin"], &json["mode"]), (&"files".into(), &"on-demand".into()));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The name of the handle's flags, where it was given one.
    pub set_id: Option<String>,
    /// The number of the state that is live.
    pub generation: u32,
    /// The hash of its toggle files and lists; what the kill file says does not count.
    #[serde(serialize_with = "as_digits")]
    pub hash: u64,
    /// When it was loaded.
    #[serde(serialize_with = "as_instant")]
    pub loaded_at: SystemTime,
    /// Where it came from.
    pub origin: Origin,
    /// How many flags it has.
    pub flags: usize,
    /// The files that are followed, list files and the kill file among them.
    pub sources: Vec<PathBuf>,
    /// Flags that are wrong in the file and keep their last good version.
    pub kept: Vec<String>,
    /// Flags that are wrong in the file and have none.
    pub left_out: Vec<String>,
    /// Flags that a key of the code declares and the files lack.
    pub missing: Vec<String>,
    /// Flags that no key of the code declares, where the handle was told of keys.
    pub undeclared: Vec<String>,
    /// Flags that the kill file names.
    pub killed: Vec<String>,
    /// Contents that wait to be believed.
    pub held: Option<Held>,
    /// Whether the files were refused whole the last time they were read: what is live is older.
    pub refused: bool,
    /// What is wrong with the files now, if anything is.
    pub last_error: Option<ReloadFailure>,
    /// What the last reload changed, if there was one.
    pub last_reload: Option<Change>,
    /// What is odd and refuses nothing: a line of the kill file that names no flag, a file that can
    /// never change.
    pub warnings: Vec<String>,
    /// How reloads went.
    pub reloads: ReloadCounts,
    /// How the files are followed.
    pub mode: WatchMode,
    /// States that were replaced and that someone still holds, or that wait to be freed: on the
    /// thread that follows, or at the next `reload` where there is none.
    pub retired: usize,
}

fn as_digits<S: Serializer>(hash: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{hash:016x}"))
}

fn as_instant<S: Serializer>(at: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    let at: Timestamp = instant::from_system(*at);
    to.collect_str(&at)
}
