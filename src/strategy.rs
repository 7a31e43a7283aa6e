//! Conditions written in Rust.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use crate::context::Context;

/// A condition written in Rust, which a toggle file names as `strategy.NAME`.
///
/// It is compiled once for each place that names it, when the file is loaded; what comes out is
/// asked on the request path, and must neither block nor panic there. The file declares the name
/// in its `strategies`, so that tools without the code can read it.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use hoist::{Condition, Context, Snapshot, Strategies, Strategy};
///
/// struct LongName;
/// struct AtLeast(usize);
///
/// impl Strategy for LongName {
///     fn compile(&self, parameters: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
///         match parameters["letters"].as_u64() {
///             Some(letters) => Ok(Box::new(AtLeast(letters as usize))),
///             None => Err("`letters` is a whole number".to_owned()),
///         }
///     }
/// }
///
/// impl Condition for AtLeast {
///     fn holds(&self, ctx: &Context<'_>, _: SystemTime) -> Option<bool> {
///         ctx.get("user").map(|user| user.len() >= self.0)
///     }
///     fn describe(&self) -> String {
///         format!("a name of {} letters", self.0)
///     }
/// }
///
/// let strategies = Strategies::new().with("long-name", LongName);
/// let snap = Snapshot::from_yaml_with("
/// version: 1
/// strategies: [long-name]
/// flags: { wide: { rules: [{ when: { strategy.long-name: { letters: 5 } } }] } }
/// ", &strategies)?;
/// assert!(snap.is_enabled("wide", &Context::new().user("augusta")));
/// assert!(!snap.is_enabled("wide", &Context::new().user("ada")));
/// # Ok::<(), hoist::Error>(())
/// ```
pub trait Strategy: Send + Sync {
    /// Reads the parameters that stand behind `strategy.NAME:`.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in one line; it becomes an error of the toggle file.
    fn compile(&self, parameters: &serde_json::Value) -> Result<Box<dyn Condition>, String>;
}

/// What a [`Strategy`] compiles to.
///
/// # Examples
///
/// ```
/// use hoist::{Condition, Context};
/// use std::time::SystemTime;
///
/// struct InRegion(String);
///
/// impl Condition for InRegion {
///     fn holds(&self, ctx: &Context<'_>, _: SystemTime) -> Option<bool> {
///         ctx.get("region").map(|region| region == self.0)
///     }
///
///     fn describe(&self) -> String {
///         format!("the region is {}", self.0)
///     }
/// }
///
/// let at = SystemTime::now();
/// assert_eq!(InRegion("nz".into()).holds(&Context::new().region("nz"), at), Some(true));
/// assert_eq!(InRegion("nz".into()).holds(&Context::new(), at), None); // not known
/// ```
pub trait Condition: Send + Sync {
    /// Whether the condition holds; `None` where it cannot be told, which satisfies neither it nor
    /// its negation.
    fn holds(&self, ctx: &Context<'_>, at: SystemTime) -> Option<bool>;

    /// What it tests, for explanations.
    fn describe(&self) -> String;
}

/// The strategies that a program brings, by name.
///
/// # Examples
///
/// ```
/// use hoist::{Condition, Context, Snapshot, Strategies, Strategy};
/// # use std::time::SystemTime;
/// # struct Never;
/// # impl Condition for Never {
/// #     fn holds(&self, _: &Context<'_>, _: SystemTime) -> Option<bool> { Some(false) }
/// #     fn describe(&self) -> String { "never".into() }
/// # }
///
/// struct NeverEver;
///
/// impl Strategy for NeverEver {
///     fn compile(&self, _: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
///         Ok(Box::new(Never))
///     }
/// }
///
/// let strategies = Strategies::new().with("never", NeverEver);
/// let text = "
/// version: 1
/// strategies: [never]
/// flags: { a: { rules: [{ when: { strategy.never: {} } }] } }
/// ";
/// let snap = Snapshot::from_yaml_with(text, &strategies)?;
/// assert!(!snap.is_enabled("a", &Context::new()));
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Strategies {
    known: BTreeMap<Box<str>, Arc<dyn Strategy>>,
}

impl Strategies {
    /// None.
    pub fn new() -> Strategies {
        Strategies::default()
    }

    /// These and one more; the later of two with the same name counts.
    #[must_use]
    pub fn with(mut self, name: impl Into<Box<str>>, strategy: impl Strategy + 'static) -> Self {
        self.known.insert(name.into(), Arc::new(strategy));
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Compiles one use of a strategy; `None` where it is not registered. A strategy that panics
    /// is one that refuses: it must not end the thread that reloads.
    pub(crate) fn compile(
        &self,
        name: &str,
        parameters: &serde_json::Value,
    ) -> Option<Result<Arc<dyn Condition>, String>> {
        let strategy = self.known.get(name)?;
        let compiled = catch_unwind(AssertUnwindSafe(|| strategy.compile(parameters)));
        Some(match compiled {
            Ok(compiled) => compiled.map(Arc::from),
            Err(_) => Err("it panicked".to_owned()),
        })
    }
}

impl fmt::Debug for Strategies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}
