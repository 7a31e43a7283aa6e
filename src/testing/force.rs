//! Flags that serve what a test wants.

use std::fmt;
use std::sync::Arc;

use crate::flags::Flags;
use crate::ir::{Before, Flag, Name, Variant, VariantIndex};
use crate::key::{FlagKey, OfVariants};
use crate::load::{self, Loaded};
use crate::reload::Core;
use crate::snapshot::Snapshot;
use crate::testing::refuse;
use crate::value::{Value, ValueType};

/// What a test has a flag serve: a variant by its name, or by its value.
///
/// # Examples
///
/// ```
/// use hoist::{Context, testing};
///
/// let snap = testing::flags().off("a").variant("button", "grey").value("size", 20).snapshot();
/// let snap = snap.with("a", true).with("button", "grey").with("size", 500);
/// assert!(snap.is_enabled("a", &Context::new()));
/// assert_eq!(snap.value_or("size", &Context::new(), 0), 500);
///
/// hoist::variants! { enum Button { Grey = "grey", Green = "green" } }
/// let json = serde_json::json!({ "per_second": 5 });
/// let snap = snap.with("button", Button::Grey).with("limits", json);
/// assert_eq!(snap.decide("button", &Context::new()).variant(), "grey");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Served(Value);

macro_rules! served_from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {
        $(impl From<$from> for Served {
            fn from($value: $from) -> Served {
                Served($to)
            }
        })*
    };
}

served_from! {
    bool => |value| Value::Boolean(value);
    i32 => |value| Value::Integer(i64::from(value));
    u32 => |value| Value::Integer(i64::from(value));
    i64 => |value| Value::Integer(value);
    f64 => |value| Value::Float(value);
    &str => |value| Value::Text(Arc::from(value));
    Value => |value| value;
    serde_json::Value => |value| match &value {
        serde_json::Value::Bool(value) => Value::Boolean(*value),
        serde_json::Value::String(text) => Value::Text(Arc::from(text.as_str())),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Integer(value),
            (None, Some(value)) => Value::Float(value),
            (None, None) => Value::Json(Arc::new(value)),
        },
        _ => Value::Json(Arc::new(value)),
    };
}

/// A variant of an enum of [`variants!`](crate::variants).
impl<T: OfVariants> From<T> for Served {
    fn from(variant: T) -> Served {
        Served::from(variant.variant())
    }
}

impl Served {
    /// The flag, serving this.
    fn by(&self, name: &Name, wanted: Option<ValueType>, loaded: &Loaded) -> Result<Flag, String> {
        match (loaded.flags.get(name), wanted) {
            (Some(flag), _) => self.by_flag(&flag.unpacked()),
            (None, Some(wanted)) if wanted != self.0.value_type() => {
                Err(format!("`{name}` cannot serve {:?}: its key asks for {wanted}", self.0))
            }
            (None, _) => {
                let only = |name: &str| -> Arc<[Variant]> {
                    Arc::new([Variant { name: Arc::from(name), value: self.0.clone() }])
                };
                let variants = match &self.0 {
                    Value::Boolean(_) => Variant::switch(),
                    Value::Text(text) => only(text),
                    _ => only("forced"),
                };
                self.by_flag(&load::stand_in(name, self.0.value_type(), variants))
            }
        }
    }

    fn by_flag(&self, flag: &Flag) -> Result<Flag, String> {
        let named = match &self.0 {
            Value::Text(text) => flag.find_spelt(text),
            _ => None,
        };
        let of_value = || {
            let at = flag.variants.iter().position(|variant| variant.value == self.0)?;
            u16::try_from(at).ok().map(VariantIndex)
        };
        if let Some(forced) = named.or_else(of_value) {
            return Ok(with_forced(flag, Some(forced)));
        }
        if self.0.value_type() != flag.value_type || flag.value_type == ValueType::Boolean {
            let known: Vec<&str> = flag.variants.iter().map(|variant| &*variant.name).collect();
            let (name, kind, known) = (&flag.name, flag.value_type, known.join(", "));
            return Err(format!(
                "`{name}` cannot serve {:?}: it is {kind}, and has {known}",
                self.0
            ));
        }
        // A value that the file does not have: code may meet it tomorrow.
        let new = Variant { name: Arc::from("forced"), value: self.0.clone() };
        let forced = u16::try_from(flag.variants.len()).ok().map(VariantIndex);
        let variants = flag.variants.iter().cloned().chain([new]).collect();
        Ok(Flag { variants, ..with_forced(flag, forced) })
    }
}

/// A flag that serves a variant, whatever else is said.
fn with_forced(flag: &Flag, forced: Option<VariantIndex>) -> Flag {
    let before = Before { forced, ..flag.before().clone() };
    Flag { extra: Some(Box::new(before)), ..flag.clone() }
}

/// A force on a flag of one handle, until it is dropped. Forces nest: the last one counts.
#[must_use = "the flag is forced until this is dropped: `let _forced = …`"]
pub struct Forced {
    core: Arc<Core>,
    number: u64,
    flag: Name,
}

impl Drop for Forced {
    fn drop(&mut self) {
        self.core.drop_force(self.number);
    }
}

impl fmt::Debug for Forced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Forced").field(&self.flag).finish()
    }
}

/// The test kit, behind the feature `testing`.
impl Flags {
    /// Has a flag serve this, whatever the files and the context say, until the guard is dropped.
    ///
    /// It counts for this handle and its clones, in every thread, and for no other. It outlives
    /// reloads. A flag that the files lack is there while it is forced.
    ///
    /// # Panics
    ///
    /// If the flag cannot serve that: it has values of another type.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Reason, testing};
    ///
    /// let flags = testing::flags().off("new-search").build();
    /// let outer = flags.force("new-search", true);
    /// assert_eq!(flags.snapshot().decide("new-search", &Context::new()).reason(), Reason::Forced);
    /// let inner = flags.force("new-search", false);
    /// assert!(!flags.is_enabled("new-search", &Context::new()));
    /// drop(inner);
    /// assert!(flags.is_enabled("new-search", &Context::new()));
    /// drop(outer);
    /// assert!(!flags.is_enabled("new-search", &Context::new()));
    /// ```
    #[track_caller]
    pub fn force<'k>(&self, flag: impl FlagKey<'k>, served: impl Into<Served>) -> Forced {
        let (name, served): (Name, Served) = (Arc::from(flag.flag_name()), served.into());
        let (forced_name, wanted) = (Arc::clone(&name), flag.wants());
        let force = Arc::new(move |loaded: &Loaded| served.by(&forced_name, wanted, loaded));
        match self.core().force(force) {
            Ok(number) => Forced { core: Arc::clone(self.core()), number, flag: name },
            Err(why) => refuse(&why),
        }
    }
}

/// The test kit, behind the feature `testing`.
impl Snapshot {
    /// A copy of the snapshot in which a flag serves this, whatever the context says.
    ///
    /// # Panics
    ///
    /// If the flag cannot serve that: it has values of another type.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, Snapshot};
    ///
    /// let snap = Snapshot::from_yaml("version: 1\nflags: { a: on, b: { requires: a, default: on } }")?;
    /// let without = snap.with("a", false);
    /// assert!(snap.is_enabled("b", &Context::new()));
    /// assert!(!without.is_enabled("b", &Context::new())); // what requires a forced flag sees it
    /// # Ok::<(), hoist::Error>(())
    /// ```
    #[track_caller]
    #[must_use = "the snapshot itself stays as it is"]
    pub fn with<'k>(&self, flag: impl FlagKey<'k>, served: impl Into<Served>) -> Snapshot {
        let name: Name = Arc::from(flag.flag_name());
        match served.into().by(&name, flag.wants(), self.loaded()) {
            Ok(flag) => Snapshot::new(Arc::new(self.loaded().with_forced(vec![flag]))),
            Err(why) => refuse(&why),
        }
    }
}

/// Every combination of the variants of some flags, in the order of the variants' names: the last
/// flag changes first.
///
/// # Panics
///
/// If one of the flags is not there.
#[track_caller]
pub fn combinations<'f>(
    snapshot: &Snapshot,
    flags: impl IntoIterator<Item = &'f str>,
) -> impl Iterator<Item = Snapshot> {
    let mut all: Vec<Vec<Flag>> = vec![Vec::new()];
    for name in flags {
        let Some(flag) = snapshot.loaded().flags.get(name) else {
            refuse(&format!("there is no flag `{name}`"));
        };
        let flag = flag.unpacked();
        let indices = (0..).map(VariantIndex).take(flag.variants.len());
        let each: Vec<Flag> = indices.map(|index| with_forced(&flag, Some(index))).collect();
        let longer = |known: &Vec<Flag>| {
            let add = |flag: &Flag| known.iter().chain([flag]).cloned().collect();
            each.iter().map(add).collect::<Vec<Vec<Flag>>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    let snapshot = snapshot.clone();
    all.into_iter().map(move |flags| Snapshot::new(Arc::new(snapshot.loaded().with_forced(flags))))
}
