//! How the code declares flags.

/// Declares typed keys for flags.
///
/// Each has the name of its flag, and the default of the code for where the file has no answer.
/// `static KEYS;` before them makes a list of all, for [`Builder::keys`](crate::Builder::keys): the
/// file is then held to what the code expects of it. The types are those of
/// [`FlagValue`](crate::FlagValue).
///
/// # Examples
///
/// ```
/// hoist::variants! {
///     pub enum Button { Grey = "grey", Green = "green" }
/// }
/// hoist::flags! {
///     /// The flags of the shop.
///     pub static KEYS;
///     /// Replaces the legacy price calculation.
///     pub NEW_PRICING: bool = "new-pricing-engine", default false;
///     pub PAGE_SIZE: u32 = "page-size", default 20;
///     pub BUTTON: Button = "checkout-button", default Button::Grey;
///     pub TITLE: &'static str = "title", default "Shop";
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
/// assert_eq!(snap.value(&BUTTON, &ctx), Button::Grey);
/// assert_eq!(snap.value(&TITLE, &ctx), "Shop");
/// assert_eq!(KEYS.len(), 4);
/// # Ok::<(), hoist::Error>(())
/// ```
///
/// A default of another type does not compile:
///
/// ```compile_fail,E0308
/// hoist::flags! { PAGE_SIZE: u32 = "page-size", default "twenty"; }
/// ```
///
/// Nor does a type that no flag has:
///
/// ```compile_fail,E0277
/// hoist::flags! { AT: std::time::SystemTime = "at", default std::time::SystemTime::UNIX_EPOCH; }
/// ```
#[macro_export]
macro_rules! flags {
    (
        $(#[$list_meta:meta])* $list_vis:vis static $list:ident;
        $($(#[$meta:meta])* $vis:vis $name:ident : $type:ty = $flag:literal, default $default:expr);*
        $(;)?
    ) => {
        $(#[$list_meta])*
        $list_vis static $list: &[&dyn $crate::DeclaredKey] = &[$(&$name,)*];

        $(
            $(#[$meta])*
            $vis static $name: $crate::Key<$type> = $crate::Key::new($flag, $default);
        )*
    };
    (
        $($(#[$meta:meta])* $vis:vis $name:ident : $type:ty = $flag:literal, default $default:expr);*
        $(;)?
    ) => {
        $(
            $(#[$meta])*
            $vis static $name: $crate::Key<$type> = $crate::Key::new($flag, $default);
        )*
    };
}

/// Declares an enum that stands for the variants of a flag, each by its name in the file.
///
/// What values the variants have does not matter. A variant that the enum lacks is the code's
/// default; a handle that was told of the key by [`Builder::keys`](crate::Builder::keys) refuses
/// the flag before it is live. The enum may have variants that the file lacks.
///
/// It is `Copy`, and has `ALL`, `as_str`, `of_name` and `Display`.
///
/// # Examples
///
/// ```
/// hoist::variants! {
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
/// let writes_old = match snap.value(&MIGRATION, &hoist::Context::new()) {
///     Migration::Old | Migration::DualWrite => true,
///     Migration::New => false,
/// };
/// assert!(writes_old);
/// assert_eq!(Migration::ALL.map(Migration::as_str), ["old", "dual-write", "new"]);
/// assert_eq!(Migration::of_name("new"), Some(Migration::New));
/// assert_eq!(Migration::New.to_string(), "new");
/// # Ok::<(), hoist::Error>(())
/// ```
///
/// A match that forgets a variant does not compile:
///
/// ```compile_fail,E0004
/// hoist::variants! { enum Side { Left = "left", Right = "right" } }
///
/// fn turns(side: Side) -> i32 {
///     match side { Side::Left => -1 }
/// }
/// ```
#[macro_export]
macro_rules! variants {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $arm:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name {
            $(
                $(#[$inner])*
                #[doc = concat!("The variant `", $text, "`.")]
                $arm,
            )+
        }

        #[allow(dead_code, reason = "not every service asks for all of it")]
        impl $name {
            /// All of them, in the order of the code.
            $vis const ALL: [$name; [$($text),+].len()] = [$($name::$arm),+];

            /// The name of the variant.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $($name::$arm => $text,)+
                }
            }

            /// The one of a name.
            $vis fn of_name(name: &str) -> ::core::option::Option<$name> {
                match name {
                    $($text => ::core::option::Option::Some($name::$arm),)+
                    _ => ::core::option::Option::None,
                }
            }
        }

        /// The name of the variant.
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::FlagValue for $name {
            type Default = $name;
            type Out<'s> = $name;
            const TYPE: ::core::option::Option<$crate::ValueType> = ::core::option::Option::None;

            #[inline]
            fn read(served: $crate::__key::Served<'_>) -> ::core::option::Option<$name> {
                $name::of_name(served.name())
            }

            #[inline]
            fn fallback(default: &$name) -> $name {
                *default
            }

            #[inline]
            fn given<'s>(self) -> Self::Out<'s> {
                self
            }

            fn fit(variant: &str, _: &$crate::Value) -> $crate::__key::Fit {
                $crate::__key::fit_variant(variant, &[$($text),+])
            }
        }

        impl $crate::OwnedValue for $name {}

        impl $crate::__key::OfVariants for $name {
            fn variant(self) -> &'static str {
                self.as_str()
            }
        }
    };
}
