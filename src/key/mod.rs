//! What a flag is asked for by, and what its value is read as.

mod cache;

use std::fmt;
use std::sync::atomic;

use crate::load::Loaded;
use crate::program::FlagId;
use crate::value::{Value, ValueType};
use cache::Cache;

/// A type that the values of a flag can be read as.
///
/// Implemented for `bool`, `i64`, `f64` and `&'static str`, and for enums by
/// [`flag_enum!`](crate::flag_enum).
///
/// # Examples
///
/// ```
/// fn named<T: hoist::FlagValue>(_: &hoist::Key<T>) -> String {
///     T::TYPE.to_string()
/// }
///
/// hoist::flags! { pub PAGE_SIZE: i64 = "page-size", default 20; }
/// assert_eq!(named(&PAGE_SIZE), "integer");
/// ```
pub trait FlagValue: Copy + Send + Sync + 'static {
    /// What is handed out: texts borrow from the snapshot.
    type Out<'s>;

    /// The type that the flag must have.
    const TYPE: ValueType;

    /// Reads a value; `None` if it is not of this type.
    fn read(value: &Value) -> Option<Self::Out<'_>>;

    /// The default of the code, where the file has no answer.
    fn fallback<'s>(self) -> Self::Out<'s>
    where
        Self: 's;
}

macro_rules! flag_values {
    ($($type:ty, $kind:ident, $read:ident;)*) => {
        $(impl FlagValue for $type {
            type Out<'s> = $type;
            const TYPE: ValueType = ValueType::$kind;

            fn read(value: &Value) -> Option<$type> {
                value.$read()
            }

            fn fallback<'s>(self) -> $type
            where
                Self: 's,
            {
                self
            }
        })*
    };
}

flag_values! {
    bool, Boolean, as_bool;
    i64, Integer, as_integer;
    f64, Float, as_float;
}

impl FlagValue for &'static str {
    type Out<'s> = &'s str;
    const TYPE: ValueType = ValueType::Text;

    fn read(value: &Value) -> Option<&str> {
        value.as_text()
    }

    fn fallback<'s>(self) -> &'s str
    where
        Self: 's,
    {
        self
    }
}

/// A flag's name with the type of its values and the code's default, made by
/// [`flags!`](crate::flags).
///
/// It is resolved once after each reload; until the next it is an index.
///
/// # Examples
///
/// ```
/// hoist::flags! { pub PAGE_SIZE: i64 = "page-size", default 20; }
///
/// let snap = hoist::Snapshot::from_yaml("version: 1\nflags: { page-size: { default: { value: 50 } } }")?;
/// assert_eq!(snap.value(&PAGE_SIZE, &hoist::Context::new()), 50);
/// let empty = hoist::Snapshot::from_yaml("version: 1\nflags: {}")?;
/// assert_eq!(empty.value(&PAGE_SIZE, &hoist::Context::new()), 20);
/// # Ok::<(), hoist::Error>(())
/// ```
pub struct Key<T> {
    name: &'static str,
    default: T,
    cache: Cache,
}

impl<T: FlagValue> Key<T> {
    /// A key; use [`flags!`](crate::flags), which makes it a static.
    pub const fn new(name: &'static str, default: T) -> Key<T> {
        Key { name, default, cache: Cache { word: atomic::AtomicU64::new(0) } }
    }

    /// The name of the flag.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The default of the code.
    pub const fn default(&self) -> T {
        self.default
    }

    #[inline]
    pub(crate) fn resolve(&self, loaded: &Loaded) -> Option<FlagId> {
        match self.cache.get(loaded.generation) {
            Some(id) => id.map(FlagId::of_raw),
            None => self.resolve_anew(loaded),
        }
    }

    #[cold]
    fn resolve_anew(&self, loaded: &Loaded) -> Option<FlagId> {
        let id = loaded.program.find(self.name);
        self.cache.set(loaded.generation, id.map(FlagId::raw));
        id
    }
}

impl<T: fmt::Debug> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .field("default", &self.default)
            .finish_non_exhaustive()
    }
}

/// What a flag can be asked for by: its name, or a [`Key`]. It is sealed.
///
/// # Examples
///
/// ```
/// use hoist::{Context, FlagKey, Snapshot};
///
/// fn is_on<'k>(snap: &Snapshot, flag: impl FlagKey<'k>) -> bool {
///     snap.is_enabled(flag, &Context::new())
/// }
///
/// hoist::flags! { pub SEARCH: bool = "search", default false; }
/// let snap = Snapshot::from_yaml("version: 1\nflags: { search: on }")?;
/// assert!(is_on(&snap, "search") && is_on(&snap, &SEARCH));
/// # Ok::<(), hoist::Error>(())
/// ```
pub trait FlagKey<'k>: sealed::Sealed<'k> {}

impl<'k> FlagKey<'k> for &'k str {}
impl<'k> FlagKey<'k> for &'k String {}
impl<'k, T: FlagValue> FlagKey<'k> for &'k Key<T> {}

pub(crate) mod sealed {
    use super::{FlagValue, Key, Loaded, ValueType};

    pub trait Sealed<'k>: Copy {
        fn flag_name(self) -> &'k str;
        /// The raw id of the flag.
        #[doc(hidden)]
        fn find(self, in_state: &State<'_>) -> Option<u32>;
        /// The type that the key promises, and its default where that is a boolean.
        fn promises(self) -> Option<(ValueType, bool)>;
    }

    /// The loaded state, by a name that the public trait may mention.
    #[derive(Debug)]
    pub struct State<'s>(pub(crate) &'s Loaded);

    impl<'k> Sealed<'k> for &'k str {
        fn flag_name(self) -> &'k str {
            self
        }

        #[inline]
        fn find(self, in_state: &State<'_>) -> Option<u32> {
            in_state.0.program.find(self).map(super::FlagId::raw)
        }

        fn promises(self) -> Option<(ValueType, bool)> {
            None
        }
    }

    impl<'k> Sealed<'k> for &'k String {
        fn flag_name(self) -> &'k str {
            self
        }

        fn find(self, in_state: &State<'_>) -> Option<u32> {
            Sealed::find(self.as_str(), in_state)
        }

        fn promises(self) -> Option<(ValueType, bool)> {
            None
        }
    }

    impl<'k, T: FlagValue> Sealed<'k> for &'k Key<T> {
        fn flag_name(self) -> &'k str {
            self.name
        }

        #[inline]
        fn find(self, in_state: &State<'_>) -> Option<u32> {
            self.resolve(in_state.0).map(super::FlagId::raw)
        }

        fn promises(self) -> Option<(ValueType, bool)> {
            use std::any::Any;
            let default: &dyn Any = &self.default;
            Some((T::TYPE, default.downcast_ref() == Some(&true)))
        }
    }
}

/// Declares typed keys for flags.
///
/// # Examples
///
/// ```
/// hoist::flags! {
///     /// Replaces the legacy price calculation.
///     pub NEW_PRICING: bool = "new-pricing-engine", default false;
///     pub PAGE_SIZE: i64 = "page-size", default 20;
///     pub BUTTON: &'static str = "checkout-button", default "grey";
/// }
///
/// let snap = hoist::Snapshot::from_yaml("
/// version: 1
/// flags:
///   new-pricing-engine: on
///   page-size: { default: { value: 50 } }
/// ")?;
/// let ctx = hoist::Context::new();
/// assert!(snap.is_enabled(&NEW_PRICING, &ctx));
/// assert_eq!(snap.value(&PAGE_SIZE, &ctx), 50);
/// assert_eq!(snap.value(&BUTTON, &ctx), "grey");
/// # Ok::<(), hoist::Error>(())
/// ```
#[macro_export]
macro_rules! flags {
    ($($(#[$meta:meta])* $vis:vis $name:ident : $type:ty = $flag:literal, default $default:expr;)*) => {
        $(
            $(#[$meta])*
            $vis static $name: $crate::Key<$type> = $crate::Key::new($flag, $default);
        )*
    };
}

/// Declares an enum that a flag's text values can be read as.
///
/// A text that is none of the listed ones is a value of another type: the code's default counts.
///
/// # Examples
///
/// ```
/// hoist::flag_enum! {
///     /// How far the migration is.
///     pub enum Migration { Old = "old", DualWrite = "dual-write", New = "new" }
/// }
/// hoist::flags! {
///     pub MIGRATION: Migration = "migration", default Migration::Old;
/// }
///
/// let snap = hoist::Snapshot::from_yaml("
/// version: 1
/// flags: { migration: { variants: [old, dual-write, new], default: dual-write } }
/// ")?;
/// assert_eq!(snap.value(&MIGRATION, &hoist::Context::new()), Migration::DualWrite);
/// # Ok::<(), hoist::Error>(())
/// ```
#[macro_export]
macro_rules! flag_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $arm:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name {
            $(
                $(#[$inner])*
                #[doc = concat!("The text `", $text, "`.")]
                $arm,
            )+
        }

        impl $crate::FlagValue for $name {
            type Out<'s> = $name;
            const TYPE: $crate::ValueType = $crate::ValueType::Text;

            fn read(value: &$crate::Value) -> ::core::option::Option<$name> {
                match value.as_text()? {
                    $($text => ::core::option::Option::Some($name::$arm),)+
                    _ => ::core::option::Option::None,
                }
            }

            fn fallback<'s>(self) -> $name
            where
                Self: 's,
            {
                self
            }
        }
    };
}
