//! What is known of a request.

mod attribute;
mod few;
mod headers;
mod owned;

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use memchr::memmem::Finder;

use self::few::{Elsewhere, Few, Held};
use crate::bucket::UnitHash;
use crate::literal::instant;

pub use attribute::{Address, Attribute, Unit};
pub(crate) use few::{Mark, NameKey};
pub(crate) use headers::{Found, decode_percent, find_cookie};
pub use headers::{HeaderKey, Headers};
pub use owned::{AttributeBuf, ContextBuf};

/// The attributes that every context can have, beside the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Builtin {
    User,
    Session,
    Region,
    Tenant,
    Env,
    Host,
    Request,
}

impl Builtin {
    pub(crate) const ALL: [Builtin; 7] = [
        Builtin::User,
        Builtin::Session,
        Builtin::Region,
        Builtin::Tenant,
        Builtin::Env,
        Builtin::Host,
        Builtin::Request,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Builtin::User => "user",
            Builtin::Session => "session",
            Builtin::Region => "region",
            Builtin::Tenant => "tenant",
            Builtin::Env => "env",
            Builtin::Host => "host",
            Builtin::Request => "request",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Builtin> {
        Builtin::ALL.into_iter().find(|builtin| builtin.name() == name)
    }
}

/// What is known of a request, borrowed from it.
///
/// Building one allocates nothing up to eight attributes, four headers and four cookies that are
/// added one by one; any number can be lent as a slice or as the request has them. It is made for
/// one request and passed by reference; what must outlive the request is a [`ContextBuf`].
///
/// An attribute that is not given satisfies no test and no negation of one. Empty text in a
/// built-in attribute (`user("")`) is the same as not given. Once any header is given, the others
/// are known to be absent, and so are cookies.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Snapshot};
///
/// let snap = Snapshot::from_yaml("
/// version: 1
/// flags:
///   beta:
///     rules:
///       - when: { attr.age: { gte: 18 }, header.x-beta: \"1\" }
/// ")?;
/// let ctx = Context::new().user("ada").attr("age", 36).header("X-Beta", "1");
/// assert!(snap.is_enabled("beta", &ctx));
/// # Ok::<(), hoist::Error>(())
/// ```
// PERF: the order of the fields. What no builder writes is cleared together with what stands beside
// it, and is then moved with what is left of that: next to what a builder writes, in pieces that
// overlap, for which a load must wait (CTX: 15 ns, and 11 as it is).
#[derive(Clone)]
pub struct Context<'a> {
    more: Option<Box<More<'a>>>,
    /// The hash is taken when the user is given, because every rollout and split wants it.
    user: Option<(Unit<'a>, UnitHash)>,
    under: Option<&'a ContextBuf>,
    texts: [Option<&'a str>; 6],
    address: Option<Address>,
    held: Held,
    attributes: AttributesInPlace<'a>,
    lent_attributes: &'a [(&'a str, Attribute<'a>)],
    headers: HeadersInPlace<'a>,
    lent_headers: Option<&'a dyn Headers>,
    cookies: CookiesInPlace<'a>,
    cookie_header: Option<&'a str>,
    at: Option<Timestamp>,
}

type AttributesInPlace<'a> = Few<'a, (NameKey, Attribute<'a>), 0, 8>;
type HeadersInPlace<'a> = Few<'a, &'a [u8], 1, 4>;
type CookiesInPlace<'a> = Few<'a, &'a str, 2, 4>;

/// What found no room.
#[derive(Clone, Default)]
struct More<'a> {
    attributes: Vec<(&'a str, Attribute<'a>)>,
    headers: Vec<(&'a str, &'a [u8])>,
    cookies: Vec<(&'a str, &'a str)>,
}

impl<'a> More<'a> {
    #[cold]
    fn find_attribute(
        &self,
        is_it: impl Fn(&&(&'a str, Attribute<'a>)) -> bool,
    ) -> Option<&(&'a str, Attribute<'a>)> {
        self.attributes.iter().rfind(is_it)
    }

    #[cold]
    fn find_cookie(&self, is_it: impl Fn(&str) -> bool) -> Option<&&'a str> {
        self.cookies.iter().find(|(known, _)| is_it(known)).map(|(_, value)| value)
    }
}

impl Default for Context<'_> {
    fn default() -> Self {
        Context::new()
    }
}

impl<'a> Context<'a> {
    /// A context of which nothing is known.
    #[inline]
    pub const fn new() -> Context<'a> {
        Context {
            user: None,
            texts: [None; 6],
            address: None,
            held: Held::NOTHING,
            attributes: Few::new(),
            lent_attributes: &[],
            headers: Few::new(),
            lent_headers: None,
            cookies: Few::new(),
            more: None,
            cookie_header: None,
            under: None,
            at: None,
        }
    }

    /// The user, as text or as an integer: the unit of rollouts unless a rule says otherwise.
    ///
    /// ```
    /// use hoist::Context;
    /// let text = Context::new().user("ada");
    /// let integer = Context::new().user(42);
    /// # let _ = (text, integer);
    /// ```
    // PERF: not inlined, a context is built in one place and then copied into another (CTX).
    #[must_use]
    #[inline(always)]
    pub fn user(mut self, user: impl Into<Unit<'a>>) -> Self {
        let user = user.into();
        let hash = UnitHash::of(user.as_str().as_bytes());
        self.user = Some((user, hash)).filter(|(user, _)| !user.as_str().is_empty());
        self
    }

    /// The session.
    #[must_use]
    #[inline]
    pub fn session(self, session: &'a str) -> Self {
        self.text(Builtin::Session, session)
    }

    /// The region that the request is served in.
    #[must_use]
    #[inline]
    pub fn region(self, region: &'a str) -> Self {
        self.text(Builtin::Region, region)
    }

    /// The tenant, account or organisation.
    #[must_use]
    #[inline]
    pub fn tenant(self, tenant: &'a str) -> Self {
        self.text(Builtin::Tenant, tenant)
    }

    /// The environment, as `production`.
    #[must_use]
    #[inline]
    pub fn env(self, env: &'a str) -> Self {
        self.text(Builtin::Env, env)
    }

    /// The host that serves the request.
    #[must_use]
    #[inline]
    pub fn host(self, host: &'a str) -> Self {
        self.text(Builtin::Host, host)
    }

    /// The id of the request. `by: request` uses it: nothing is random inside a decision.
    #[must_use]
    #[inline]
    pub fn request(self, request: &'a str) -> Self {
        self.text(Builtin::Request, request)
    }

    #[inline]
    fn text(mut self, builtin: Builtin, text: &'a str) -> Self {
        if let Some(slot) = slot_of(builtin).and_then(|slot| self.texts.get_mut(slot)) {
            *slot = Some(text).filter(|text| !text.is_empty());
        }
        self
    }

    /// The address of the client, as an address or as text.
    ///
    /// A text that is no address is given and unreadable: it satisfies no test.
    #[must_use]
    #[inline]
    pub fn ip(mut self, address: impl Into<Address>) -> Self {
        self.address = address.into().given();
        self
    }

    /// One attribute of the service's own. Given twice, the later counts.
    #[must_use]
    #[inline]
    pub fn attr(mut self, name: &'a str, value: impl Into<Attribute<'a>>) -> Self {
        let attribute = (name, (NameKey::of(name), value.into()));
        if let Err(attribute) = self.attributes.push_front(&mut self.held, attribute) {
            self = self.with_attribute(attribute);
        }
        self
    }

    /// Any number of attributes at once; those given by [`Context::attr`] count before them.
    #[must_use]
    #[inline]
    pub fn attributes(mut self, attributes: &'a [(&'a str, Attribute<'a>)]) -> Self {
        self.lent_attributes = attributes;
        self
    }

    /// One header of the request. Names ignore case; of several instances the first counts.
    #[must_use]
    #[inline]
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        if let Err(header) = self.headers.push(&mut self.held, (name, value.as_bytes())) {
            self = self.with_more(|more| more.headers.push(header));
        }
        self
    }

    /// The request's headers as it has them: a list of pairs, or an `http::HeaderMap` under the
    /// feature `http`. Cookies are read from their `cookie` headers, when a rule asks for one.
    ///
    /// ```
    /// use hoist::Context;
    /// let headers = [("Host", "shop.example"), ("Cookie", "beta=1; theme=dark")];
    /// let ctx = Context::new().headers(&headers);
    /// # let _ = ctx;
    /// ```
    #[must_use]
    #[inline]
    pub fn headers(mut self, headers: &'a dyn Headers) -> Self {
        self.held.add(Elsewhere::LENT_HEADERS);
        self.lent_headers = Some(headers);
        self
    }

    /// One cookie. Names are case-sensitive; of several instances the first counts.
    #[must_use]
    #[inline]
    pub fn cookie(mut self, name: &'a str, value: &'a str) -> Self {
        if let Err(cookie) = self.cookies.push(&mut self.held, (name, value)) {
            self = self.with_more(|more| more.cookies.push(cookie));
        }
        self
    }

    /// The text of a `Cookie` header, where the headers themselves are not given.
    #[must_use]
    #[inline]
    pub fn cookies(mut self, header: &'a str) -> Self {
        self.cookie_header = Some(header);
        self
    }

    /// The instant of the request. All decisions on this context then agree on the time, and none
    /// of them reads the clock.
    #[must_use]
    #[inline]
    pub fn at(self, at: SystemTime) -> Self {
        self.at_instant(instant::from_system(at))
    }

    #[inline]
    pub(crate) fn at_instant(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// PERF: the context goes in and comes out again so that the builder's methods never lend it:
    /// only then can the compiler build it in one place, instead of copying it in each (CTX).
    #[cold]
    fn with_more(mut self, add: impl FnOnce(&mut More<'a>)) -> Self {
        self.held.add(Elsewhere::MORE);
        add(self.more.get_or_insert_default());
        self
    }

    /// An attribute for which there is no room, unless it takes the place of one.
    #[cold]
    fn with_attribute(mut self, attribute: (&'a str, (NameKey, Attribute<'a>))) -> Self {
        if let Err((name, (_, value))) = self.attributes.replace(attribute) {
            self = self.with_more(|more| more.attributes.push((name, value)));
        }
        self
    }

    pub(crate) fn of_buf(buf: &'a ContextBuf) -> Context<'a> {
        let mut ctx = Context::new();
        ctx.held.add(Elsewhere::UNDER);
        ctx.under = Some(buf);
        ctx
    }

    /// A text that the context has, by the key that a toggle file tests it with: `user`,
    /// `header.x-beta`, `cookie.beta`, `attr.plan`. For custom strategies.
    ///
    /// ```
    /// use hoist::Context;
    /// let ctx = Context::new().user("ada").header("X-Beta", "1");
    /// assert_eq!(ctx.get("header.x-beta"), Some("1"));
    /// assert_eq!(ctx.get("attr.plan"), None);
    /// ```
    pub fn get(&self, key: &str) -> Option<&str> {
        if let Some(builtin) = Builtin::of_name(key) {
            return self.builtin(builtin);
        }
        let found = match key.split_once('.')? {
            ("header", name) => self.find_header(&HeaderKey::new(name)),
            ("cookie", name) => self.find_cookie(&Finder::new(name)),
            ("attr", name) => match self.attribute(name)? {
                Attribute::Text(text) => return Some(text),
                _ => return None,
            },
            _ => return None,
        };
        match found {
            Found::Value(bytes) => std::str::from_utf8(bytes).ok(),
            Found::Absent | Found::NotGiven => None,
        }
    }

    /// The user that was given to this context, as a text and not to one under it, with the hash.
    #[inline]
    pub(crate) fn own_user(&self) -> Option<(&'a str, UnitHash)> {
        self.user.as_ref().and_then(|(user, hash)| Some((user.given_text()?, *hash)))
    }

    /// The hash of the user that was given to this context and not to one under it.
    #[inline]
    pub(crate) fn own_user_hash(&self) -> Option<UnitHash> {
        self.user.as_ref().map(|(_, hash)| *hash)
    }

    /// A text that was given to this context and not to one under it; not the user.
    #[inline]
    pub(crate) fn own_text(&self, builtin: Builtin) -> Option<&'a str> {
        slot_of(builtin).and_then(|slot| self.texts.get(slot).copied().flatten())
    }

    #[inline]
    pub(crate) fn builtin(&self, builtin: Builtin) -> Option<&str> {
        let own = match slot_of(builtin) {
            None => self.user.as_ref().map(|(user, _)| user.as_str()),
            Some(slot) => self.texts.get(slot).copied().flatten(),
        };
        own.or_else(|| self.under.and_then(|under| under.builtin(builtin)))
    }

    /// The hash of the user, if there is one.
    #[inline]
    pub(crate) fn user_hash(&self) -> Option<UnitHash> {
        match &self.user {
            Some((_, hash)) => Some(*hash),
            None => self.under.and_then(ContextBuf::user_hash),
        }
    }

    pub(crate) fn address(&self) -> Option<Address> {
        self.address.or_else(|| self.under.and_then(ContextBuf::address))
    }

    /// An attribute of the service's own.
    pub fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        let own = self.own_attribute(Mark::of(name.as_bytes()), |known| known == name).copied();
        own.or_else(|| self.attribute_under(name))
    }

    /// An attribute of the context that is under this one.
    pub(crate) fn attribute_under(&self, name: &str) -> Option<Attribute<'a>> {
        self.under.and_then(|under| under.attribute(name))
    }

    /// An attribute that was given to this context and not to one under it.
    #[inline]
    pub(crate) fn own_attribute(
        &self,
        mark: Mark,
        is_it: impl Fn(&str) -> bool + Copy,
    ) -> Option<&Attribute<'a>> {
        let is_same = move |(name, _): &&(&str, Attribute<'a>)| is_it(name);
        let more = self.more.as_ref().and_then(|more| more.find_attribute(is_same));
        let in_place = || self.attributes.find(&self.held, mark, |known, _| is_it(known));
        let given = more.map(|(_, value)| value).or_else(|| in_place().map(|(_, value)| value));
        given.or_else(|| self.lent_attributes.iter().find(is_same).map(|(_, value)| value))
    }

    /// An attribute that was added to this context, if all that were added are in place.
    #[inline(always)]
    pub(crate) fn attribute_in_place(
        &self,
        mark: Mark,
        is_it: impl Fn(&str, NameKey) -> bool,
    ) -> Option<&Attribute<'a>> {
        if self.held.has_any(Elsewhere::MORE) {
            return None;
        }
        self.attributes
            .find(&self.held, mark, |known, (key, _)| is_it(known, *key))
            .map(|(_, value)| value)
    }

    /// Whether no header of this context can have a name, as far as that can be told at a glance.
    #[inline(always)]
    pub(crate) fn lacks_header(&self, name: &HeaderKey<'_>) -> Option<Found<'static>> {
        let elsewhere = const { Elsewhere::MORE.or(Elsewhere::LENT_HEADERS).or(Elsewhere::UNDER) };
        if self.held.has_any(elsewhere) || !HeadersInPlace::lacks(&self.held, name.mark()) {
            return None;
        }
        Some(if HeadersInPlace::is_empty(&self.held) { Found::NotGiven } else { Found::Absent })
    }

    #[inline]
    fn own_headers(&self) -> impl Iterator<Item = &(&'a str, &'a [u8])> {
        self.headers.iter().chain(self.more.iter().flat_map(|more| &more.headers))
    }

    fn own_cookies(&self) -> impl Iterator<Item = &(&'a str, &'a str)> {
        self.cookies.iter().chain(self.more.iter().flat_map(|more| &more.cookies))
    }

    /// The first instance of a header, by its lower-case name.
    pub(crate) fn find_header(&self, name: &HeaderKey<'_>) -> Found<'_> {
        let mut given = !HeadersInPlace::is_empty(&self.held);
        // PERF: most services lend all headers that they have (W4-HeaderMap).
        if given {
            let mut own = self.own_headers();
            let is_it = |(known, _): &&(&str, &[u8])| known.eq_ignore_ascii_case(name.as_str());
            if let Some((_, value)) = own.find(is_it) {
                return Found::Value(value);
            }
        }
        if let Some(headers) = self.lent_headers {
            if let Some(value) = headers.first(name) {
                return Found::Value(value);
            }
            given = true;
        }
        if let Some(headers) = self.under.and_then(ContextBuf::lent_headers) {
            if let Some(value) = headers.first(name) {
                return Found::Value(value);
            }
            given = true;
        }
        if given { Found::Absent } else { Found::NotGiven }
    }

    /// The first instance of a cookie.
    pub(crate) fn find_cookie(&self, name: &Finder<'_>) -> Found<'_> {
        let is_it = |known: &str| known.as_bytes() == name.needle();
        let more = || self.more.as_ref().and_then(|more| more.find_cookie(is_it));
        let own = self.cookies.find(&self.held, Mark::of(name.needle()), |known, _| is_it(known));
        if let Some(value) = own.or_else(more) {
            return Found::Value(value.as_bytes());
        }
        let mut given =
            !CookiesInPlace::is_empty(&self.held) || !HeadersInPlace::is_empty(&self.held);
        if let Some(header) = self.cookie_header {
            given = true;
            if let Some(value) = find_cookie(header.as_bytes(), name) {
                return Found::Value(value);
            }
        }
        let mut own_headers = self.own_headers();
        let found = own_headers
            .by_ref()
            .filter(|(known, _)| known.eq_ignore_ascii_case("cookie"))
            .find_map(|(_, header)| find_cookie(header, name));
        if let Some(value) = found {
            return Found::Value(value);
        }
        let sources = [self.lent_headers, self.under.and_then(ContextBuf::lent_headers)];
        for headers in sources.into_iter().flatten() {
            given = true;
            let mut found = None;
            headers.visit("cookie", &mut |header| {
                found = find_cookie(header, name);
                found.is_some()
            });
            if let Some(value) = found {
                return Found::Value(value);
            }
        }
        match self.under.map(|under| under.find_cookie(name.needle())) {
            Some(found @ (Found::Value(_) | Found::Absent)) => found,
            Some(Found::NotGiven) | None if given => Found::Absent,
            Some(Found::NotGiven) | None => Found::NotGiven,
        }
    }

    /// The instant that was given to this context and not to one under it.
    #[inline]
    pub(crate) fn own_instant(&self) -> Option<Timestamp> {
        self.at
    }

    /// The instant that the context brings.
    pub(crate) fn instant(&self) -> Option<Timestamp> {
        self.at.or_else(|| self.under.and_then(ContextBuf::instant))
    }

    fn names(&self) -> Vec<String> {
        let builtins = Builtin::ALL.into_iter().filter(|builtin| self.builtin(*builtin).is_some());
        let mut names: Vec<String> = builtins.map(|builtin| builtin.name().to_owned()).collect();
        names.extend(self.address().map(|_| "ip".to_owned()));
        let more = self.more.iter().flat_map(|more| &more.attributes);
        let further = more.chain(self.lent_attributes).map(|(name, _)| name);
        let attributes = self.attributes.iter().rev().map(|(name, _)| name).chain(further);
        names.extend(attributes.map(|name| format!("attr.{name}")));
        names.extend(self.own_headers().map(|(name, _)| format!("header.{name}")));
        names.extend(self.own_cookies().map(|(name, _)| format!("cookie.{name}")));
        names.extend(self.lent_headers.map(|_| "headers".to_owned()));
        names.extend(self.cookie_header.map(|_| "cookies".to_owned()));
        names.extend(self.under.into_iter().flat_map(ContextBuf::lent_names));
        names
    }
}

/// Where a built-in text has its place; the user, who is the first, has a field of its own.
const fn slot_of(builtin: Builtin) -> Option<usize> {
    (builtin as usize).checked_sub(1)
}

/// The names of what is given; values may be personal and are left out.
impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.names()).finish()
    }
}

impl<'a> From<&'a ContextBuf> for Context<'a> {
    fn from(buf: &'a ContextBuf) -> Context<'a> {
        Context::of_buf(buf)
    }
}
