//! One consistent view of all flags.

mod reads;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::context::Context;
use crate::decision::Decision;
use crate::declared::{Declared, DeclaredKey};
use crate::dialect::native::{NoListFiles, Text};
use crate::error::Error;
use crate::eval;
use crate::explain::{self, Explanation, Notes};
use crate::ir::PackedFlag;
#[cfg(feature = "openfeature")]
use crate::key::Served;
use crate::key::{BooleanKey, FlagKey, FlagValue, Key};
use crate::literal::instant;
use crate::load::{self, Kills, Loaded, Origin, Settings};
use crate::report::Report;
use crate::strategy::Strategies;
use crate::tree::Syntax;
#[cfg(feature = "openfeature")]
use crate::value::Value;

/// One consistent view of all flags: an immutable loaded state.
///
/// Take one for each unit of work, and ask it everything: the answers belong together, whatever
/// happens to the file meanwhile. It is an `Arc` inside, so that it may be cloned, kept and sent.
/// Keep it no longer than the work: a snapshot that is held keeps its state in memory.
///
/// It needs no file: [`Snapshot::from_yaml`] is the pure entry point for tests and tools, and
/// [`Snapshot::from_files`] the one for tools that have files.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Snapshot};
///
/// let snap = Snapshot::from_yaml("version: 1\nflags: { new-search: 25% }")?;
/// let ctx = Context::new().user("ada");
/// assert_eq!(snap.is_enabled("new-search", &ctx), snap.decide("new-search", &ctx).is_enabled());
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    loaded: Arc<Loaded>,
}

impl Snapshot {
    /// Loads a YAML text. Strategies that it names are unknown; see
    /// [`Snapshot::from_yaml_with`].
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, each problem with its place.
    pub fn from_yaml(text: &str) -> Result<Snapshot, Error> {
        Snapshot::from_yaml_with(text, &Strategies::new())
    }

    /// Loads a YAML text with the strategies that it names.
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, each problem with its place.
    pub fn from_yaml_with(text: &str, strategies: &Strategies) -> Result<Snapshot, Error> {
        let settings = Settings { strategies: strategies.clone(), ..Settings::default() };
        Snapshot::from_text("<yaml>", text, Syntax::Yaml, settings)
    }

    /// Loads a YAML text for keys of the code, as [`Builder::keys`](crate::Builder::keys) does for
    /// files. Strategies that it names are unknown.
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, or that a key cannot read, each problem with its place.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::Snapshot;
    ///
    /// hoist::flags! { static KEYS; PAGE_SIZE: u32 = "page-size", default 20; }
    ///
    /// let text = "version: 1\nflags: { page-size: { default: { value: 50 } } }";
    /// let snap = Snapshot::from_yaml_with_keys(text, KEYS)?;
    /// assert_eq!(snap.value(&PAGE_SIZE, &hoist::Context::new()), 50);
    ///
    /// let error = Snapshot::from_yaml_with_keys(&text.replace("50", "-50"), KEYS).unwrap_err();
    /// let message = error.report().unwrap().diagnostics()[0].message();
    /// assert!(message.ends_with("-50 does not fit `u32`"), "{message}");
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn from_yaml_with_keys(
        text: &str,
        keys: &'static [&'static dyn DeclaredKey],
    ) -> Result<Snapshot, Error> {
        let declared = Declared { keys: keys.to_vec(), ..Declared::default() };
        let settings = Settings { declared, ..Settings::default() };
        Snapshot::from_text("<yaml>", text, Syntax::Yaml, settings)
    }

    /// Loads a JSON text of the same shape.
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, each problem with its place.
    ///
    /// # Examples
    ///
    /// ```
    /// let snap = hoist::Snapshot::from_json(r#"{ "version": 1, "flags": { "a": "on" } }"#)?;
    /// assert!(snap.is_enabled("a", &hoist::Context::new()));
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Snapshot, Error> {
        Snapshot::from_text("<json>", text, Syntax::Json, Settings::default())
    }

    fn from_text(
        name: &str,
        text: &str,
        syntax: Syntax,
        settings: Settings,
    ) -> Result<Snapshot, Error> {
        Snapshot::from_layers(vec![(name, text, syntax)], settings)
    }

    /// Loads texts by their names, each laid over those before it.
    pub(crate) fn from_layers<T: AsRef<str>>(
        layers: Vec<(&str, T, Syntax)>,
        settings: Settings,
    ) -> Result<Snapshot, Error> {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        let mut layer = |(name, text, syntax): (&str, T, Syntax)| {
            let text = text.as_ref();
            let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(text).into();
            hasher.update(text.as_bytes());
            vec![Text { name: name.into(), text, syntax }]
        };
        let layers: Vec<Vec<Text>> = layers.into_iter().map(&mut layer).collect();
        let hash = hasher.digest();
        let mut origin = Origin {
            layers: &layers,
            list_files: &mut NoListFiles,
            hash,
            kills: &Kills::default(),
            settings: &settings,
        };
        match load::load(&mut origin) {
            Ok(loaded) => Ok(Snapshot::new(Arc::new(loaded))),
            Err(report) => Err(Error::invalid(report)),
        }
    }

    #[cfg(any(feature = "cli", feature = "testing"))]
    pub(crate) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    pub(crate) fn new(loaded: Arc<Loaded>) -> Snapshot {
        Snapshot { loaded }
    }

    /// Whether a boolean flag is on.
    ///
    /// A flag that is not there is the default of a typed key, and `false` by its name; a flag of
    /// another type is `false`.
    #[inline]
    pub fn is_enabled<'k>(&self, flag: impl BooleanKey<'k>, ctx: &Context<'_>) -> bool {
        self.loaded.is_enabled(flag, ctx)
    }

    /// Decides one flag.
    #[inline]
    pub fn decide<'s>(&'s self, flag: impl FlagKey<'s>, ctx: &Context<'_>) -> Decision<'s> {
        let decided = self.loaded.decide(flag, ctx);
        if self.loaded.is_witnessed {
            self.loaded.tell(flag.flag_name(), decided, ctx);
        }
        Decision::new(&self.loaded, flag.flag_name(), decided)
    }

    /// Decides one flag for a reader of its value, which may be able to read others only.
    #[cfg(feature = "openfeature")]
    pub(crate) fn decide_to_read<'s, T>(
        &'s self,
        flag: &'s str,
        ctx: &Context<'_>,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> (Decision<'s>, Option<T>) {
        let read = |_, served: Served<'_>| read(served.value());
        let (decided, value) = self.loaded.read_and_tell(flag, ctx, read);
        (Decision::new(&self.loaded, flag, decided), value)
    }

    /// Decides one flag, and nobody is told of it.
    fn decide_quietly<'s>(&'s self, flag: &'s str, ctx: &Context<'_>) -> Decision<'s> {
        Decision::new(&self.loaded, flag, self.loaded.decide(flag, ctx))
    }

    /// The value of a flag, by a typed key: the key's default if the flag is not there or has
    /// another type.
    #[inline]
    pub fn value<'s, T: FlagValue>(&'s self, flag: &'s Key<T>, ctx: &Context<'_>) -> T::Out<'s> {
        self.loaded.value::<T>(flag, ctx).unwrap_or_else(|| flag.default())
    }

    /// The value of a flag, by its name: the default that is given if the flag is not there or has
    /// another type.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Snapshot};
    /// let snap = Snapshot::from_yaml("
    /// version: 1
    /// flags:
    ///   page-size:
    ///     rules: [{ name: acme, when: { tenant: acme }, value: 500 }]
    ///     default: { value: 100 }
    /// ")?;
    /// assert_eq!(snap.value_or("page-size", &Context::new().tenant("acme"), 20), 500);
    /// assert_eq!(snap.value_or("page-size", &Context::new(), "a text"), "a text");
    /// assert_eq!(snap.value_or("no-such-flag", &Context::new(), 20), 20);
    /// # Ok::<(), hoist::Error>(())
    /// ```
    #[inline]
    pub fn value_or<'s, T: FlagValue>(
        &'s self,
        flag: &'s str,
        ctx: &Context<'_>,
        default: T,
    ) -> T::Out<'s> {
        self.loaded.value::<T>(flag, ctx).unwrap_or_else(|| default.given())
    }

    /// Decides one flag, and tells what was tested and found.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Snapshot};
    /// let snap = Snapshot::from_yaml("
    /// version: 1
    /// flags: { pilot: { rules: [{ name: kiwis, when: { region: nz } }] } }
    /// ")?;
    /// let explanation = snap.explain("pilot", &Context::new()).to_string();
    /// assert!(explanation.contains("region is nz"), "{explanation}");
    /// assert!(explanation.contains("unknown"), "{explanation}");
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn explain<'s>(&'s self, flag: impl FlagKey<'s>, ctx: &Context<'_>) -> Explanation<'s> {
        let mut notes = Notes::new();
        // The instant is pinned, so that what is told of it is what was decided with.
        let ctx = &self.pinned(ctx);
        let decided = self.loaded.find(flag);
        let decided = decided.map(|id| {
            let flag = self.loaded.program.flags.get(id);
            let outcome = eval::without_context(flag);
            (id, outcome.unwrap_or_else(|| self.loaded.observed(flag, ctx, &mut notes)))
        });
        let decided = decided.and_then(|decided| self.loaded.readable(flag, decided));
        let decision = Decision::new(&self.loaded, flag.flag_name(), decided);
        Explanation::new(&self.loaded, decision, notes, ctx)
    }

    /// What became of a flag's conditions, for those who want to see it: each step is one test, and
    /// says where it goes on if that is so, and where else. `None` without such a flag.
    ///
    /// It is for people, as a debugger's listing is; its form may change.
    ///
    /// ```
    /// let snap = hoist::Snapshot::from_yaml("
    /// version: 1
    /// flags:
    ///   pilot: { rules: [{ when: { any: [{ region: nz }, { not: { tenant: acme } }] } }] }
    /// ")?;
    /// assert_eq!(snap.code("pilot").unwrap(), "\
    /// pilot: asks its rules
    ///   rule rules[0]
    ///     1  region is nz? this rule, else 2
    ///     2  false: tenant is acme? this rule, else the next rule
    /// ");
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn code(&self, flag: &str) -> Option<String> {
        explain::code::of_flag(&self.loaded, self.loaded.program.find(flag)?)
    }

    /// The context with its instant, or with that of now.
    fn pinned<'c>(&self, ctx: &Context<'c>) -> Context<'c> {
        ctx.clone().at_instant(self.loaded.instant(ctx))
    }

    /// Decides every flag for one context, in the byte order of their names. It is for tools and
    /// pages that show flags: no recorder is told, and nothing is counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Snapshot};
    /// let snap = Snapshot::from_yaml("version: 1\nflags: { a: on, b: off, c: 100% }")?;
    /// let ctx = Context::new().user("ada");
    /// let on: Vec<&str> = snap.decide_all(&ctx).filter(|d| d.is_enabled()).map(|d| d.flag()).collect();
    /// assert_eq!(on, ["a", "c"]);
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn decide_all<'s>(&'s self, ctx: &Context<'_>) -> impl Iterator<Item = Decision<'s>> {
        // One instant for all of them.
        let ctx = self.pinned(ctx);
        self.flags().map(move |flag| self.decide_quietly(flag, &ctx))
    }

    /// What the flags that say `public: true` serve for one context, as JSON for a front end: by the
    /// name of each flag its `variant` and `value`. No other flag is named, and neither are rules. No
    /// recorder is told: who shows a flag there is not known yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Snapshot};
    /// let snap = Snapshot::from_yaml("
    /// version: 1
    /// flags:
    ///   new-menu: { public: true, rules: [{ when: { region: nz } }] }
    ///   new-prices: { rules: [{ when: { region: nz } }] }
    /// ")?;
    /// let json = snap.public_json(&Context::new().region("nz"));
    /// assert_eq!(json.to_string(), r#"{"new-menu":{"value":true,"variant":"on"}}"#);
    /// # Ok::<(), hoist::Error>(())
    /// ```
    pub fn public_json(&self, ctx: &Context<'_>) -> serde_json::Value {
        let ctx = self.pinned(ctx);
        let public = self.loaded.flags.iter().filter(|flag| flag.is_public());
        let told = public.map(|flag| {
            let decision = self.decide_quietly(flag.name, &ctx);
            let value =
                serde_json::json!({ "variant": decision.variant(), "value": decision.value() });
            (flag.name.to_string(), value)
        });
        serde_json::Value::Object(told.collect())
    }

    /// The instant of a request: its own, else the clock's.
    #[cfg(feature = "tower")]
    pub(crate) fn instant(&self, ctx: &Context<'_>) -> SystemTime {
        self.loaded.instant(ctx).into()
    }

    /// The number of the loaded state: unique in the process, and rising.
    pub fn generation(&self) -> u32 {
        self.loaded.generation
    }

    /// The hash of the contents that were loaded: equal contents have equal hashes, in every
    /// process.
    pub fn hash(&self) -> u64 {
        self.loaded.hash
    }

    /// When the state was loaded.
    pub fn loaded_at(&self) -> SystemTime {
        self.loaded.loaded_at
    }

    /// The names of all flags, in their byte order.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.loaded.document.flags.names().iter()
    }

    /// The flags past the date they should have been removed on, as the date in UTC is now. It
    /// never changes a decision.
    pub fn stale(&self) -> impl Iterator<Item = &str> {
        let today = instant::date_of(self.loaded.clock());
        let flags = self.loaded.document.flags.iter();
        let is_past = move |flag: &PackedFlag<'_>| {
            flag.metadata().expires.is_some_and(|expires| expires < today)
        };
        flags.filter(is_past).map(|flag| flag.name)
    }

    /// What was noticed while loading and did not refuse it.
    pub fn report(&self) -> &Report {
        &self.loaded.report
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("generation", &self.loaded.generation)
            .field("hash", &format_args!("{:016x}", self.loaded.hash))
            .field("flags", &self.loaded.program.flags.len())
            .finish_non_exhaustive()
    }
}
