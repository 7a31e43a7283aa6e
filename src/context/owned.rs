//! A context that owns what it holds.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;

#[cfg(feature = "http")]
use super::headers::HeaderKey;
use super::headers::{Found, Headers};
use super::{Address, Attribute, Builtin, Context, Unit};
use crate::bucket::UnitHash;
use crate::literal::instant;

/// The value of an attribute, owned: as [`Attribute`], with lists as JSON.
///
/// # Examples
///
/// ```
/// use hoist::{AttributeBuf, Context, ContextBuf};
///
/// let kept = ContextBuf::new().attr("plan", "pro").attr("age", AttributeBuf::Integer(36));
/// assert_eq!(Context::from(&kept).get("attr.plan"), Some("pro"));
/// assert_eq!(AttributeBuf::from("pro"), AttributeBuf::Text("pro".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AttributeBuf {
    /// Text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// An integer beyond `i64::MAX`.
    Unsigned(u64),
    /// A float.
    Float(f64),
    /// A boolean.
    Boolean(bool),
    /// An instant.
    Instant(SystemTime),
    /// Anything that JSON can say, lists among it.
    Json(serde_json::Value),
}

impl AttributeBuf {
    fn borrow(&self) -> Attribute<'_> {
        match self {
            AttributeBuf::Text(text) => Attribute::Text(text),
            AttributeBuf::Integer(value) => Attribute::Integer(*value),
            AttributeBuf::Unsigned(value) => Attribute::Unsigned(*value),
            AttributeBuf::Float(value) => Attribute::Float(*value),
            AttributeBuf::Boolean(value) => Attribute::Boolean(*value),
            AttributeBuf::Instant(at) => Attribute::Instant(*at),
            AttributeBuf::Json(value) => Attribute::Json(value),
        }
    }
}

macro_rules! buf_from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {
        $(impl From<$from> for AttributeBuf {
            fn from($value: $from) -> AttributeBuf {
                $to
            }
        })*
    };
}

buf_from! {
    &str => |value| AttributeBuf::Text(value.to_owned());
    String => |value| AttributeBuf::Text(value);
    bool => |value| AttributeBuf::Boolean(value);
    i32 => |value| AttributeBuf::Integer(i64::from(value));
    u32 => |value| AttributeBuf::Integer(i64::from(value));
    i64 => |value| AttributeBuf::Integer(value);
    u64 => |value| i64::try_from(value).map_or(AttributeBuf::Unsigned(value), AttributeBuf::Integer);
    f64 => |value| AttributeBuf::Float(value);
    SystemTime => |value| AttributeBuf::Instant(value);
    serde_json::Value => |value| AttributeBuf::Json(value);
}

/// The headers that a context owns: those that were added one by one, then the request's.
#[derive(Clone, Default, PartialEq)]
struct HeadersBuf {
    pairs: Vec<(String, Vec<u8>)>,
    #[cfg(feature = "http")]
    map: http::HeaderMap,
}

impl HeadersBuf {
    fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.pairs.iter().map(|(name, _)| name.as_str());
        #[cfg(feature = "http")]
        let names = names.chain(self.map.keys().map(http::HeaderName::as_str));
        names
    }
}

impl Headers for HeadersBuf {
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        let mut count = 0;
        let mut found = None;
        self.visit(name, &mut |value| {
            found = (count == n).then_some(value);
            count += 1;
            found.is_some()
        });
        found
    }

    #[cfg(feature = "http")]
    fn first(&self, name: &HeaderKey<'_>) -> Option<&[u8]> {
        self.pairs.first(name).or_else(|| self.map.first(name))
    }

    fn visit<'h>(&'h self, name: &str, is_enough: &mut dyn FnMut(&'h [u8]) -> bool) {
        let mut found = false;
        self.pairs.visit(name, &mut |value| {
            found = is_enough(value);
            found
        });
        #[cfg(feature = "http")]
        if !found {
            self.map.visit(name, is_enough);
        }
    }
}

/// A context that owns what it holds, for what must cross a spawn or live in request extensions.
///
/// It is to [`Context`] what `PathBuf` is to `Path`; [`ContextBuf::as_context`] lends it.
///
/// # Examples
///
/// ```
/// use hoist::{ContextBuf, Snapshot};
///
/// let snap = Snapshot::from_yaml("
/// version: 1
/// flags: { pilot: { rules: [{ when: { region: nz } }] } }
/// ")?;
/// let owned = ContextBuf::new().user("ada").region("nz");
/// let answer = std::thread::spawn(move || snap.is_enabled("pilot", &owned.as_context()));
/// assert!(answer.join().unwrap());
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct ContextBuf {
    texts: Vec<(Builtin, String)>,
    /// Of the user among them.
    user_hash: Option<UnitHash>,
    address: Option<Address>,
    attributes: Vec<(String, AttributeBuf)>,
    headers: Option<HeadersBuf>,
    cookies: Option<Vec<(String, String)>>,
    at: Option<SystemTime>,
}

impl ContextBuf {
    /// A context of which nothing is known.
    pub fn new() -> ContextBuf {
        ContextBuf::default()
    }

    /// The user, as text or as an integer.
    #[must_use]
    pub fn user<'u>(self, user: impl Into<Unit<'u>>) -> Self {
        self.with_text(Builtin::User, user.into().as_str())
    }

    /// The session.
    #[must_use]
    pub fn session(self, session: impl AsRef<str>) -> Self {
        self.with_text(Builtin::Session, session.as_ref())
    }

    /// The region that the request is served in.
    #[must_use]
    pub fn region(self, region: impl AsRef<str>) -> Self {
        self.with_text(Builtin::Region, region.as_ref())
    }

    /// The tenant, account or organisation.
    #[must_use]
    pub fn tenant(self, tenant: impl AsRef<str>) -> Self {
        self.with_text(Builtin::Tenant, tenant.as_ref())
    }

    /// The environment.
    #[must_use]
    pub fn env(self, env: impl AsRef<str>) -> Self {
        self.with_text(Builtin::Env, env.as_ref())
    }

    /// The host that serves the request.
    #[must_use]
    pub fn host(self, host: impl AsRef<str>) -> Self {
        self.with_text(Builtin::Host, host.as_ref())
    }

    /// The id of the request.
    #[must_use]
    pub fn request(self, request: impl AsRef<str>) -> Self {
        self.with_text(Builtin::Request, request.as_ref())
    }

    pub(crate) fn with_text(mut self, builtin: Builtin, text: &str) -> Self {
        self.texts.retain(|(known, _)| *known != builtin);
        if builtin == Builtin::User {
            // Once, and not in each decision on what is lent of it.
            self.user_hash = (!text.is_empty()).then(|| UnitHash::of(text.as_bytes()));
        }
        if !text.is_empty() {
            self.texts.push((builtin, text.to_owned()));
        }
        self
    }

    /// The address of the client.
    #[must_use]
    pub fn ip(mut self, address: impl Into<Address>) -> Self {
        self.address = address.into().given();
        self
    }

    /// One attribute of the service's own.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>, value: impl Into<AttributeBuf>) -> Self {
        let name = name.into();
        self.attributes.retain(|(known, _)| *known != name);
        self.attributes.push((name, value.into()));
        self
    }

    /// One header of the request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Self {
        let pair = (name.into(), value.as_ref().to_vec());
        self.headers.get_or_insert_default().pairs.push(pair);
        self
    }

    /// The headers of the request, all at once, as a copy: `parts.headers.clone()` shares the texts
    /// with the request and allocates the table only. Those given by [`ContextBuf::header`] count
    /// before them.
    ///
    /// # Examples
    ///
    /// ```
    /// use hoist::{Context, ContextBuf};
    ///
    /// let request = http::Request::get("/").header("cookie", "beta=1").body(()).unwrap();
    /// let kept = ContextBuf::new().user("ada").header_map(request.headers().clone());
    /// assert_eq!(Context::from(&kept).get("cookie.beta"), Some("1"));
    /// ```
    #[cfg(feature = "http")]
    #[must_use]
    pub fn header_map(mut self, headers: http::HeaderMap) -> Self {
        self.headers.get_or_insert_default().map = headers;
        self
    }

    /// Says that the headers are known, so that those that were not added are absent.
    #[must_use]
    pub fn headers_given(mut self) -> Self {
        self.headers.get_or_insert_default();
        self
    }

    /// Says that the cookies are known, so that those that were not added are absent.
    #[must_use]
    pub fn cookies_given(mut self) -> Self {
        self.cookies.get_or_insert_default();
        self
    }

    /// One cookie.
    #[must_use]
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cookies.get_or_insert_default().push((name.into(), value.into()));
        self
    }

    /// The instant of the request.
    #[must_use]
    pub fn at(mut self, at: SystemTime) -> Self {
        self.at = Some(at);
        self
    }

    /// Lends the context.
    pub fn as_context(&self) -> Context<'_> {
        Context::of_buf(self)
    }

    pub(crate) fn builtin(&self, builtin: Builtin) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == builtin).map(|(_, text)| text.as_str())
    }

    pub(crate) fn user_hash(&self) -> Option<UnitHash> {
        self.user_hash
    }

    pub(crate) fn address(&self) -> Option<Address> {
        self.address
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        let mut attributes = self.attributes.iter();
        attributes.find(|(known, _)| known == name).map(|(_, value)| value.borrow())
    }

    pub(crate) fn lent_headers(&self) -> Option<&dyn Headers> {
        self.headers.as_ref().map(|headers| headers as &dyn Headers)
    }

    /// A cookie that was added as such; those of the headers are found through the headers.
    pub(crate) fn find_cookie(&self, name: &[u8]) -> Found<'_> {
        match &self.cookies {
            None => Found::NotGiven,
            Some(cookies) => match cookies.iter().find(|(known, _)| known.as_bytes() == name) {
                Some((_, value)) => Found::Value(value.as_bytes()),
                None => Found::Absent,
            },
        }
    }

    pub(crate) fn instant(&self) -> Option<Timestamp> {
        self.at.map(instant::from_system)
    }

    pub(crate) fn lent_names(&self) -> Vec<String> {
        let attributes = self.attributes.iter().map(|(name, _)| format!("attr.{name}"));
        let headers = self.headers.iter().flat_map(HeadersBuf::names);
        let headers = headers.map(|name| format!("header.{name}"));
        let cookies = self.cookies.iter().flatten().map(|(name, _)| format!("cookie.{name}"));
        attributes.chain(headers).chain(cookies).collect()
    }
}

/// The names of what is given; values may be personal and are left out.
impl fmt::Debug for ContextBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ContextBuf").field(&self.as_context().names()).finish()
    }
}
