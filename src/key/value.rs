//! What the values of flags can be read as.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use crate::declared::{Fit, Misfit};
use crate::load::Loaded;
use crate::program::VariantId;
use crate::value::{Value, ValueType};

/// A type that the values of a flag can be read as. It is not meant to be implemented elsewhere.
///
/// | type | reads | beyond its range, or none of its variants |
/// |---|---|---|
/// | `bool` | a boolean | |
/// | `i64`, `i32`, `u32`, `u64`, `usize` | an integer | the code's default |
/// | `f64`, `f32` | a float; an integer is none | the code's default |
/// | `&'static str` | a text, borrowed from the snapshot | |
/// | [`Json<T>`] | a map or a list, as `&T` of the snapshot | the code's default |
/// | an enum by [`variants!`](crate::variants) | the name of the variant | the code's default |
///
/// Where the code's default counts, [`Snapshot::decide`](crate::Snapshot::decide) says
/// [`Reason::TypeMismatch`](crate::Reason::TypeMismatch), and a handle that was told of the key by
/// [`Builder::keys`](crate::Builder::keys) refuses the flag before it is live.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Reason, Snapshot};
///
/// fn type_of<T: hoist::FlagValue>(_: &hoist::Key<T>) -> Option<hoist::ValueType> {
///     T::TYPE
/// }
///
/// hoist::flags! { pub RETRIES: u32 = "retries", default 3; }
/// assert_eq!(type_of(&RETRIES), Some(hoist::ValueType::Integer));
///
/// let snap = Snapshot::from_yaml("version: 1\nflags: { retries: { default: { value: -1 } } }")?;
/// assert_eq!(snap.value(&RETRIES, &Context::new()), 3);
/// assert_eq!(snap.decide(&RETRIES, &Context::new()).reason(), Reason::TypeMismatch);
/// # Ok::<(), hoist::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the values of a flag cannot be read as `{Self}`",
    label = "not a type of flag values",
    note = "they are read as `bool`, `i64`, `i32`, `u32`, `u64`, `usize`, `f64`, `f32`, \
            `&'static str`, `hoist::Json<T>` and enums by `hoist::variants!`"
)]
pub trait FlagValue: Sized + 'static {
    /// What the code's default is written as.
    type Default: Send + Sync + 'static;

    /// What is handed out: texts and json borrow from the snapshot.
    type Out<'s>;

    /// The type that the flag must have; `None` where the name of the variant is all that counts.
    const TYPE: Option<ValueType>;

    /// Reads what is served; `None` if it is not of this type.
    #[doc(hidden)]
    fn read(served: Served<'_>) -> Option<Self::Out<'_>>;

    /// The default of a key, handed out.
    #[doc(hidden)]
    fn fallback(default: &Self::Default) -> Self::Out<'_>;

    /// A default that is given with the question.
    #[doc(hidden)]
    fn given<'s>(self) -> Self::Out<'s>;

    /// Whether a variant can be read, and what is to be kept of it.
    #[doc(hidden)]
    fn fit(variant: &str, value: &Value) -> Fit;
}

/// A type of values that borrows nothing from a snapshot: every [`FlagValue`] but texts and json.
///
/// The live handle hands out no others, because the state that it asks may be replaced and freed
/// the next moment.
///
/// # Examples
///
/// ```compile_fail,E0277
/// hoist::flags! { TITLE: &'static str = "title", default "Shop"; }
///
/// fn title(flags: &hoist::Flags) -> String {
///     flags.value(&TITLE, &hoist::Context::new()).to_owned() // borrowed from what?
/// }
/// ```
///
/// ```
/// # hoist::flags! { TITLE: &'static str = "title", default "Shop"; }
/// fn title(flags: &hoist::Flags) -> String {
///     flags.snapshot().value(&TITLE, &hoist::Context::new()).to_owned()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` borrows from a snapshot, and the live handle keeps none",
    label = "handed out by a snapshot only",
    note = "take a snapshot for the unit of work: `let snap = flags.snapshot();`, then \
            `snap.value(&KEY, &ctx)`"
)]
pub trait OwnedValue: Copy + for<'s> FlagValue<Default = Self, Out<'s> = Self> {}

/// What was decided for a key to read.
#[derive(Clone, Copy, Debug)]
pub struct Served<'s> {
    pub(crate) loaded: &'s Loaded,
    pub(crate) variant: VariantId,
}

impl<'s> Served<'s> {
    #[inline]
    pub(crate) fn value(self) -> &'s Value {
        &self.loaded.program.variants.get(self.variant).value
    }

    /// The name of the variant.
    #[inline]
    pub fn name(self) -> &'s str {
        &self.loaded.program.variants.get(self.variant).name
    }
}

macro_rules! owned {
    ($($type:ty, $kind:ident, $read:expr;)*) => {
        $(impl FlagValue for $type {
            type Default = $type;
            type Out<'s> = $type;
            const TYPE: Option<ValueType> = Some(ValueType::$kind);

            #[inline]
            fn read(served: Served<'_>) -> Option<$type> {
                let read: fn(&Value) -> Option<$type> = $read;
                read(served.value())
            }

            #[inline]
            fn fallback(default: &$type) -> $type {
                *default
            }

            #[inline]
            fn given<'s>(self) -> Self::Out<'s> {
                self
            }

            fn fit(_: &str, value: &Value) -> Fit {
                let read: fn(&Value) -> Option<$type> = $read;
                let beyond = || format!("{value} does not fit `{}`", stringify!($type));
                read(value).map(|_| None).ok_or_else(|| Misfit::Value(beyond()))
            }
        }

        impl OwnedValue for $type {})*
    };
}

owned! {
    bool, Boolean, Value::as_bool;
    i64, Integer, Value::as_integer;
    i32, Integer, |value| value.as_integer()?.try_into().ok();
    u32, Integer, |value| value.as_integer()?.try_into().ok();
    u64, Integer, |value| value.as_integer()?.try_into().ok();
    usize, Integer, |value| value.as_integer()?.try_into().ok();
    f64, Float, Value::as_float;
    f32, Float, |value| Some(value.as_float()? as f32).filter(|value| value.is_finite());
}

impl FlagValue for &'static str {
    type Default = &'static str;
    type Out<'s> = &'s str;
    const TYPE: Option<ValueType> = Some(ValueType::Text);

    #[inline]
    fn read(served: Served<'_>) -> Option<&str> {
        served.value().as_text()
    }

    #[inline]
    fn fallback<'s>(default: &'s &'static str) -> &'s str {
        default
    }

    #[inline]
    fn given<'s>(self) -> Self::Out<'s> {
        self
    }

    fn fit(_: &str, _: &Value) -> Fit {
        Ok(None)
    }
}

/// The type of keys whose values are maps or lists, read as a type of your own.
///
/// Each value is parsed once, while the file is loaded, and handed out by reference: a decision
/// parses nothing. For that the handle must be told of the key, by
/// [`Builder::keys`](crate::Builder::keys) or [`Snapshot::from_yaml_with_keys`]; asked of any other
/// state, the key is the code's default. A value that cannot be parsed is an error in the file, and
/// the flag stays as it was.
///
/// The code's default is a constant of the type itself. The type has no value of its own.
///
/// [`Snapshot::from_yaml_with_keys`]: crate::Snapshot::from_yaml_with_keys
///
/// # Examples
///
/// ```
/// use hoist::{Context, Json, Snapshot};
///
/// #[derive(serde::Deserialize)]
/// pub struct RateLimits { per_second: u32, burst: u32 }
///
/// hoist::flags! {
///     pub static KEYS;
///     pub LIMITS: Json<RateLimits> = "limits", default RateLimits { per_second: 10, burst: 20 };
/// }
///
/// let text = "
/// version: 1
/// flags:
///   limits:
///     variants: { normal: { per_second: 50, burst: 80 }, none: { per_second: 0, burst: 0 } }
///     default: normal
/// ";
/// let snap = Snapshot::from_yaml_with_keys(text, KEYS)?;
/// let limits: &RateLimits = snap.value(&LIMITS, &Context::new());
/// assert_eq!((limits.per_second, limits.burst), (50, 80));
///
/// let broken = Snapshot::from_yaml_with_keys(&text.replace("burst: 80", "burst: -1"), KEYS);
/// let message = broken.unwrap_err().report().unwrap().diagnostics()[0].message().to_owned();
/// assert!(message.ends_with("invalid value: integer `-1`, expected u32"), "{message}");
/// # Ok::<(), hoist::Error>(())
/// ```
pub enum Json<T> {
    #[doc(hidden)]
    Never(Infallible, PhantomData<fn() -> T>),
}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Never(never, _) => match *never {},
        }
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> FlagValue for Json<T> {
    type Default = T;
    type Out<'s> = &'s T;
    const TYPE: Option<ValueType> = Some(ValueType::Json);

    #[inline]
    fn read(served: Served<'_>) -> Option<&T> {
        served.loaded.parsed.find(served.variant)
    }

    #[inline]
    fn fallback(default: &T) -> &T {
        default
    }

    fn given<'s>(self) -> Self::Out<'s> {
        match self {
            Json::Never(never, _) => match never {},
        }
    }

    fn fit(_: &str, value: &Value) -> Fit {
        let Some(json) = value.as_json() else { return Ok(None) };
        // How a type reads itself is the service's own code.
        match catch_unwind(AssertUnwindSafe(|| T::deserialize(json))) {
            Ok(Ok(parsed)) => Ok(Some(Box::new(parsed))),
            Ok(Err(error)) => Err(Misfit::Value(error.to_string())),
            Err(_) => Err(Misfit::Value("reading it panics".to_owned())),
        }
    }
}
