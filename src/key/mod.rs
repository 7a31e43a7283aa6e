//! What a flag is asked for by, and what its value is read as.

mod cache;
mod macros;
mod value;

use std::fmt;
use std::sync::atomic;

use crate::declared::{DeclaredKey, Fit, sealed::Fits};
use crate::load::Loaded;
use crate::program::FlagId;
use crate::value::{Value, ValueType};
use cache::Cache;

pub use value::{FlagValue, Json, OwnedValue, Served};

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
pub struct Key<T: FlagValue> {
    name: &'static str,
    default: T::Default,
    cache: Cache,
}

impl<T: FlagValue> Key<T> {
    /// A key; use [`flags!`](crate::flags), which makes it a static.
    pub const fn new(name: &'static str, default: T::Default) -> Key<T> {
        Key { name, default, cache: Cache { word: atomic::AtomicU64::new(0) } }
    }

    /// The name of the flag.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The default of the code.
    pub fn default(&self) -> T::Out<'_> {
        T::fallback(&self.default)
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

impl<T: FlagValue> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: FlagValue> DeclaredKey for Key<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn value_type(&self) -> Option<ValueType> {
        T::TYPE
    }
}

impl<T: FlagValue> Fits for Key<T> {
    fn fits(&self, variant: &str, value: &Value) -> Fit {
        T::fit(variant, value)
    }
}

/// An enum that `variants!` made.
#[doc(hidden)]
pub trait OfVariants {
    fn variant(self) -> &'static str;
}

/// What a flag can be decided by: its name, or a [`Key`]. It is sealed.
///
/// # Examples
///
/// ```
/// use hoist::{Context, FlagKey, Snapshot};
///
/// fn variant_of<'s>(snap: &'s Snapshot, flag: impl FlagKey<'s>) -> &'s str {
///     snap.decide(flag, &Context::new()).variant()
/// }
///
/// hoist::flags! { pub SEARCH: bool = "search", default false; }
/// let snap = Snapshot::from_yaml("version: 1\nflags: { search: on }")?;
/// assert_eq!((variant_of(&snap, "search"), variant_of(&snap, &SEARCH)), ("on", "on"));
/// # Ok::<(), hoist::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing to ask for a flag by",
    label = "neither a name nor a key",
    note = "a flag goes by its name, a `&str`, or by a `&Key<_>` that `hoist::flags!` made"
)]
pub trait FlagKey<'k>: sealed::Sealed<'k> {}

impl<'k> FlagKey<'k> for &'k str {}
impl<'k> FlagKey<'k> for &'k String {}
impl<'k, T: FlagValue> FlagKey<'k> for &'k Key<T> {}

/// What a boolean flag can be asked for by: its name, or a `Key<bool>`. It is sealed.
///
/// # Examples
///
/// ```
/// use hoist::{BooleanKey, Context, Snapshot};
///
/// fn is_on<'k>(snap: &Snapshot, flag: impl BooleanKey<'k>) -> bool {
///     snap.is_enabled(flag, &Context::new())
/// }
///
/// hoist::flags! { pub SEARCH: bool = "search", default false; }
/// let snap = Snapshot::from_yaml("version: 1\nflags: { search: on }")?;
/// assert!(is_on(&snap, "search") && is_on(&snap, &SEARCH));
/// # Ok::<(), hoist::Error>(())
/// ```
///
/// A key of another type is neither on nor off:
///
/// ```compile_fail,E0277
/// hoist::flags! { PAGE_SIZE: u32 = "page-size", default 20; }
/// let snap = hoist::Snapshot::from_yaml("version: 1\nflags: {}").unwrap();
/// snap.is_enabled(&PAGE_SIZE, &hoist::Context::new());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the key of a boolean flag",
    label = "neither a name nor a `&Key<bool>`",
    note = "only boolean flags are on or off: ask a key of another type for its `value`"
)]
pub trait BooleanKey<'k>: FlagKey<'k> + sealed::Switch {}

impl<'k> BooleanKey<'k> for &'k str {}
impl<'k> BooleanKey<'k> for &'k String {}
impl<'k> BooleanKey<'k> for &'k Key<bool> {}

pub(crate) mod sealed {
    use std::num::NonZeroU32;

    use super::{FlagValue, Key, Loaded, Served, ValueType};

    pub trait Sealed<'k>: Copy {
        fn flag_name(self) -> &'k str;
        /// The raw id of the flag.
        #[doc(hidden)]
        fn find(self, in_state: &State<'_>) -> Option<NonZeroU32>;
        /// The type that the flag must have, if it must have one.
        fn wants(self) -> Option<ValueType>;
        /// Whether it can read what is served.
        fn reads(self, served: Served<'_>) -> bool;
    }

    pub trait Switch {
        /// The answer where there is no such flag.
        fn on_by_default(self) -> bool;
    }

    /// The loaded state, by a name that the public trait may mention.
    #[derive(Debug)]
    pub struct State<'s>(pub(crate) &'s Loaded);

    impl<'k> Sealed<'k> for &'k str {
        fn flag_name(self) -> &'k str {
            self
        }

        #[inline]
        fn find(self, in_state: &State<'_>) -> Option<NonZeroU32> {
            in_state.0.program.find(self).map(super::FlagId::raw)
        }

        fn wants(self) -> Option<ValueType> {
            None
        }

        #[inline]
        fn reads(self, _: Served<'_>) -> bool {
            true
        }
    }

    impl Switch for &str {
        fn on_by_default(self) -> bool {
            false
        }
    }

    impl<'k> Sealed<'k> for &'k String {
        fn flag_name(self) -> &'k str {
            self
        }

        fn find(self, in_state: &State<'_>) -> Option<NonZeroU32> {
            Sealed::find(self.as_str(), in_state)
        }

        fn wants(self) -> Option<ValueType> {
            None
        }

        #[inline]
        fn reads(self, _: Served<'_>) -> bool {
            true
        }
    }

    impl Switch for &String {
        fn on_by_default(self) -> bool {
            false
        }
    }

    impl<'k, T: FlagValue> Sealed<'k> for &'k Key<T> {
        fn flag_name(self) -> &'k str {
            self.name
        }

        #[inline]
        fn find(self, in_state: &State<'_>) -> Option<NonZeroU32> {
            self.resolve(in_state.0).map(super::FlagId::raw)
        }

        fn wants(self) -> Option<ValueType> {
            T::TYPE
        }

        #[inline]
        fn reads(self, served: Served<'_>) -> bool {
            T::read(served).is_some()
        }
    }

    impl Switch for &Key<bool> {
        #[inline]
        fn on_by_default(self) -> bool {
            self.default
        }
    }
}
