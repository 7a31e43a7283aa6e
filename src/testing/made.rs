//! Flags from text or code.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{Clock, refuse};
use crate::context::ContextBuf;
use crate::declared::DeclaredKey;
use crate::flags::Flags;
use crate::load::Settings;
use crate::recorder::{Recorder, Recording};
use crate::snapshot::Snapshot;
use crate::strategy::{Strategies, Strategy};
use crate::tree::Syntax;

/// Flags for a test: what is said of them here, else by a toggle file's text, and no file at all.
///
/// # Examples
///
/// ```
/// use hoist::{Context, testing};
///
/// let flags = testing::flags()
///     .on("new-search")
///     .share("new-cart", "25%")
///     .variant("button", "green")
///     .value("page-size", 50)
///     .build();
/// let ctx = Context::new().user("ada");
/// assert!(flags.is_enabled("new-search", &ctx));
/// assert_eq!(flags.snapshot().decide("button", &ctx).variant(), "green");
/// assert_eq!(flags.value_or("page-size", &ctx, 20), 50);
/// ```
pub fn flags() -> Made {
    Made { text: None, flags: Map::new(), settings: Settings::default() }
}

/// Flags that are being made by [`flags`].
#[derive(Debug)]
#[must_use = "nothing is made until `build` or `snapshot`"]
pub struct Made {
    text: Option<String>,
    flags: Map<String, Json>,
    settings: Settings,
}

impl Made {
    /// A toggle file's text. Flags that are made in code besides are laid over it, as an overlay's.
    pub fn yaml(mut self, text: impl Into<String>) -> Made {
        self.text = Some(text.into());
        self
    }

    /// A boolean flag that is on for everyone.
    pub fn on(self, flag: impl Into<String>) -> Made {
        self.flag(flag, json!("on"))
    }

    /// A boolean flag that is off.
    pub fn off(self, flag: impl Into<String>) -> Made {
        self.flag(flag, json!("off"))
    }

    /// A boolean flag that is on for a share of users, as `25%`.
    pub fn share(self, flag: impl Into<String>, share: &str) -> Made {
        self.flag(flag, json!(share))
    }

    /// A flag with one variant of text.
    pub fn variant(self, flag: impl Into<String>, variant: &str) -> Made {
        self.flag(flag, json!({ "variants": [variant], "default": variant }))
    }

    /// A flag that serves one value: a boolean, a number, a text, or JSON.
    pub fn value(self, flag: impl Into<String>, value: impl Into<Json>) -> Made {
        let value: Json = value.into();
        self.flag(flag, json!({ "default": { "value": value } }))
    }

    fn flag(mut self, name: impl Into<String>, flag: Json) -> Made {
        self.flags.insert(name.into(), flag);
        self
    }

    /// A condition written in Rust, by the name that the text declares.
    pub fn strategy(
        mut self,
        name: impl Into<Box<str>>,
        strategy: impl Strategy + 'static,
    ) -> Made {
        let known: Strategies = self.settings.strategies;
        self.settings.strategies = known.with(name, strategy);
        self
    }

    /// The keys of the code, which the flags are held to as by
    /// [`Builder::keys`](crate::Builder::keys); `Json` keys are read only then.
    pub fn keys(mut self, keys: &'static [&'static dyn DeclaredKey]) -> Made {
        self.settings.declared.keys.extend(keys);
        self
    }

    /// Where the time comes from.
    pub fn clock(mut self, clock: &Clock) -> Made {
        self.settings.clock = Arc::new(clock.source());
        self
    }

    /// What the service knows of every request, as by [`Builder::context`](crate::Builder::context).
    pub fn context(mut self, context: ContextBuf) -> Made {
        self.settings.base = Arc::new(context);
        self
    }

    /// Who is told of each decision, as by [`Builder::recorder`](crate::Builder::recorder); for a
    /// test mostly the [`log`](super::log) of decisions.
    pub fn recorder(mut self, recorder: impl Recorder + 'static) -> Made {
        self.settings.witnesses.push(Arc::new(Recording(recorder)));
        self
    }

    /// The flags as one snapshot.
    ///
    /// # Panics
    ///
    /// If anything is wrong with the text or with a name, with the report.
    #[track_caller]
    pub fn snapshot(self) -> Snapshot {
        let made = json!({ "version": 1, "flags": self.flags }).to_string();
        let base = self.text.map(|text| ("<yaml>", text, Syntax::Yaml));
        let made = Some(("<test>", made, Syntax::Json))
            .filter(|_| !self.flags.is_empty() || base.is_none());
        let layers: Vec<(&str, String, Syntax)> = base.into_iter().chain(made).collect();
        match Snapshot::from_layers(layers, self.settings) {
            Ok(snapshot) => snapshot,
            Err(error) => refuse(&error.to_string()),
        }
    }

    /// The flags as a live handle, for a service that takes one. It has no files: to reload it
    /// changes nothing, and [`Flags::force`] does.
    ///
    /// # Panics
    ///
    /// If anything is wrong with the text or with a name, with the report.
    #[track_caller]
    pub fn build(self) -> Flags {
        let snapshot = self.snapshot();
        match Flags::in_memory(snapshot.loaded().with_forced(Vec::new())) {
            Ok(flags) => flags,
            Err(error) => refuse(&error.to_string()),
        }
    }
}
