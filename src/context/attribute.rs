//! The values that a context can bring.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::SystemTime;

use crate::bucket::UnitHash;
use crate::literal::address;

/// The value of an attribute, borrowed.
///
/// The types of an [`Attribute`] and of a test must agree: text is never equal to a number. But a
/// number, a version or an instant may come as text, and is then read in full or not at all.
///
/// # Examples
///
/// ```
/// use hoist::{Attribute, Context};
/// let groups = ["admin", "beta"];
/// let ctx = Context::new()
///     .attr("plan", "pro")
///     .attr("age", 36)
///     .attr("groups", Attribute::Texts(&groups));
/// # let _ = ctx;
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// Text, as it is: neither trimmed nor folded.
    Text(&'a str),
    /// An integer.
    Integer(i64),
    /// An integer beyond `i64::MAX`.
    Unsigned(u64),
    /// A float; one that is not finite satisfies no test.
    Float(f64),
    /// A boolean.
    Boolean(bool),
    /// An instant.
    Instant(SystemTime),
    /// A list; a test holds if one element passes all of it.
    List(&'a [Attribute<'a>]),
    /// A list of texts.
    Texts(&'a [&'a str]),
    /// Anything that JSON can say; dotted names reach into it. `null` is *not given*.
    Json(&'a serde_json::Value),
}

impl Attribute<'_> {
    /// The hash of what can be bucketed: text that is not empty, and integers.
    pub(crate) fn unit_hash(self) -> Option<UnitHash> {
        use serde_json::Value as Json;
        let of_text = |text: &str| (!text.is_empty()).then(|| UnitHash::of(text.as_bytes()));
        let of_integer = |value: i128| of_text(Unit::of_integer(value).as_str());
        match self {
            Attribute::Text(text) => of_text(text),
            Attribute::Integer(value) => of_integer(i128::from(value)),
            Attribute::Unsigned(value) => of_integer(i128::from(value)),
            Attribute::Json(Json::String(text)) => of_text(text),
            Attribute::Json(Json::Number(number)) => number.as_i128().and_then(of_integer),
            Attribute::Json(Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_))
            | Attribute::Float(_)
            | Attribute::Boolean(_)
            | Attribute::Instant(_)
            | Attribute::List(_)
            | Attribute::Texts(_) => None,
        }
    }
}

macro_rules! attribute_from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {
        $(impl<'a> From<$from> for Attribute<'a> {
            #[inline]
            fn from($value: $from) -> Attribute<'a> {
                $to
            }
        })*
    };
}

attribute_from! {
    &'a str => |value| Attribute::Text(value);
    &'a String => |value| Attribute::Text(value);
    bool => |value| Attribute::Boolean(value);
    i32 => |value| Attribute::Integer(i64::from(value));
    u32 => |value| Attribute::Integer(i64::from(value));
    i64 => |value| Attribute::Integer(value);
    u64 => |value| i64::try_from(value).map_or(Attribute::Unsigned(value), Attribute::Integer);
    f64 => |value| Attribute::Float(value);
    SystemTime => |value| Attribute::Instant(value);
    &'a [&'a str] => |value| Attribute::Texts(value);
    &'a [Attribute<'a>] => |value| Attribute::List(value);
    &'a serde_json::Value => |value| Attribute::Json(value);
}

/// An address as it was given; empty text is none at all.
///
/// # Examples
///
/// ```
/// use std::net::IpAddr;
/// use hoist::{Address, Context, Snapshot};
///
/// let snap = Snapshot::from_yaml("
/// version: 1
/// flags: { inside: { rules: [{ when: { ip: 10.0.0.0/8 } }] } }
/// ")?;
/// let address = Address::from(IpAddr::from([10, 0, 0, 7]));
/// assert!(snap.is_enabled("inside", &Context::new().ip(address)));
/// assert!(snap.is_enabled("inside", &Context::new().ip("10.0.0.7")));
/// assert!(!snap.is_enabled("inside", &Context::new().ip("not an address")));
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(Given);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Empty,
    Unreadable,
    Readable(IpAddr),
}

impl Address {
    /// The address, unless what was given is not one.
    pub(crate) fn readable(self) -> Option<IpAddr> {
        match self.0 {
            Given::Readable(address) => Some(address),
            Given::Empty | Given::Unreadable => None,
        }
    }

    pub(super) fn given(self) -> Option<Address> {
        (self.0 != Given::Empty).then_some(self)
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Address {
        Address(Given::Readable(address.to_canonical()))
    }
}

/// No address is the same as none given.
impl From<Option<IpAddr>> for Address {
    fn from(address: Option<IpAddr>) -> Address {
        address.map_or(Address(Given::Empty), Address::from)
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Address {
        Address(match address::parse_address(text) {
            Some(address) => Given::Readable(address),
            None if text.is_empty() => Given::Empty,
            None => Given::Unreadable,
        })
    }
}

/// What is bucketed: a text, an integer in canonical decimal, or a UUID.
///
/// ```
/// use hoist::Unit;
/// assert_eq!(Unit::from(-7_i64).as_str(), "-7");
/// assert_eq!(Unit::uuid([0xAB; 16]).as_str(), "abababab-abab-abab-abab-abababababab");
/// ```
#[derive(Clone, Copy)]
pub struct Unit<'a>(Repr<'a>);

#[derive(Clone, Copy)]
enum Repr<'a> {
    Text(&'a str),
    Made(Made),
}

/// Text that was made here: the 36 characters of a UUID are the most it holds.
#[derive(Clone, Copy)]
struct Made {
    bytes: [u8; 36],
    length: u8,
}

impl<'a> Unit<'a> {
    /// The unit of a UUID, by its bytes: its lower-case hyphenated text.
    pub fn uuid(bytes: [u8; 16]) -> Unit<'a> {
        let mut made = Made { bytes: [0; 36], length: 0 };
        for (i, byte) in bytes.into_iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                made.push("-");
            }
            // Writing to a buffer that holds it cannot fail.
            let _ = write!(made, "{byte:02x}");
        }
        Unit(Repr::Made(made))
    }

    /// The unit as the text that is hashed and compared.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Text(text) => text,
            Repr::Made(made) => made.as_str(),
        }
    }

    /// The unit as a text that was given as one.
    #[inline]
    pub(super) fn given_text(&self) -> Option<&'a str> {
        match self.0 {
            Repr::Text(text) => Some(text),
            Repr::Made(_) => None,
        }
    }

    pub(crate) fn of_integer(value: i128) -> Unit<'a> {
        let mut made = Made { bytes: [0; 36], length: 0 };
        let _ = write!(made, "{value}");
        Unit(Repr::Made(made))
    }
}

impl Made {
    fn push(&mut self, text: &str) {
        let end = usize::from(self.length) + text.len();
        if let Some(room) = self.bytes.get_mut(usize::from(self.length)..end) {
            room.copy_from_slice(text.as_bytes());
            self.length += text.len() as u8;
        }
    }

    fn as_str(&self) -> &str {
        let written = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(written).unwrap_or_default()
    }
}

impl std::fmt::Write for Made {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push(text);
        Ok(())
    }
}

/// Hides the text: units are people.
impl std::fmt::Debug for Unit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unit(…)")
    }
}

macro_rules! unit_from {
    ($($from:ty),*) => {
        $(impl<'a> From<$from> for Unit<'a> {
            fn from(value: $from) -> Unit<'a> {
                Unit::of_integer(i128::from(value))
            }
        })*
    };
}

unit_from!(i32, u32, i64, u64);

impl<'a> From<&'a str> for Unit<'a> {
    #[inline]
    fn from(text: &'a str) -> Unit<'a> {
        Unit(Repr::Text(text))
    }
}

impl<'a> From<&'a String> for Unit<'a> {
    #[inline]
    fn from(text: &'a String) -> Unit<'a> {
        Unit(Repr::Text(text))
    }
}
