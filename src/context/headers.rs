//! Headers and cookies as the request has them.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memmem::Finder;

use super::few::Mark;

/// Headers that a context can borrow.
///
/// Implemented for lists of pairs and for `HashMap`s, whose names and values may be of any text or
/// byte type, and under the feature `http` for `http::HeaderMap`. Implement it for another framework's type.
///
/// # Examples
///
/// ```
/// use hoist::Headers;
/// let pairs = vec![("Accept".to_owned(), b"*/*".to_vec())];
/// assert_eq!(pairs.nth("accept", 0), Some(&b"*/*"[..]));
/// assert_eq!(pairs.nth("accept", 1), None);
///
/// let map = std::collections::HashMap::from([("Accept", "*/*"), ("accept", "text/html")]);
/// assert_eq!(map.nth("accept", 0), Some(&b"*/*"[..]));
/// assert_eq!(map.nth("accept", 1), Some(&b"text/html"[..]));
/// ```
pub trait Headers: Send + Sync {
    /// The `n`-th value, from 0, of the header with this name. The name is in lower case; the
    /// comparison must ignore the case of the request's own.
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]>;

    /// The first value of a header, by a name that was made ready when the file was loaded.
    ///
    /// Asks [`Headers::nth`] by the text. Where the look-up wants a type of its own, as
    /// `http::HeaderMap` does, it can take that from the key.
    fn first(&self, name: &HeaderKey<'_>) -> Option<&[u8]> {
        self.nth(name.as_str(), 0)
    }

    /// Goes through the values of a header in their order, until `is_enough` says so of one.
    ///
    /// Asks for one after the other by [`Headers::nth`]. Where that goes through all headers each
    /// time, do it in one pass here: a request may bring a thousand `cookie` headers.
    fn visit<'h>(&'h self, name: &str, is_enough: &mut dyn FnMut(&'h [u8]) -> bool) {
        let mut values = (0..).map_while(|n| self.nth(name, n));
        let _ = values.any(is_enough);
    }
}

/// The name of a header that a toggle file tests, made ready to be looked up.
///
/// # Examples
///
/// ```
/// use hoist::{HeaderKey, Headers};
/// let key = HeaderKey::new("x-beta");
/// assert_eq!([("X-Beta", "1")].first(&key), Some(&b"1"[..]));
/// ```
#[derive(Clone, Debug)]
pub struct HeaderKey<'n> {
    name: Cow<'n, str>,
    mark: Mark,
    #[cfg(feature = "http")]
    http: Option<http::HeaderName>,
}

impl<'n> HeaderKey<'n> {
    /// The key of a name in lower case.
    pub fn new(name: impl Into<Cow<'n, str>>) -> HeaderKey<'n> {
        let name = name.into();
        HeaderKey {
            #[cfg(feature = "http")]
            http: http::HeaderName::from_lowercase(name.as_bytes()).ok(),
            mark: Mark::of(name.as_bytes()),
            name,
        }
    }

    /// The name, in lower case.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    #[inline(always)]
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }
}

fn nth_pair<'h, N: AsRef<str>, V: AsRef<[u8]>>(
    pairs: &'h [(N, V)],
    name: &str,
    n: usize,
) -> Option<&'h [u8]> {
    let mut same = pairs.iter().filter(|(known, _)| known.as_ref().eq_ignore_ascii_case(name));
    same.nth(n).map(|(_, value)| value.as_ref())
}

fn visit_pairs<'h, N: AsRef<str>, V: AsRef<[u8]>>(
    pairs: &'h [(N, V)],
    name: &str,
    is_enough: &mut dyn FnMut(&'h [u8]) -> bool,
) {
    let same = pairs.iter().filter(|(known, _)| known.as_ref().eq_ignore_ascii_case(name));
    let _ = same.map(|(_, value)| value.as_ref()).any(is_enough);
}

impl<N, V> Headers for Vec<(N, V)>
where
    N: AsRef<str> + Send + Sync,
    V: AsRef<[u8]> + Send + Sync,
{
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        nth_pair(self, name, n)
    }

    fn visit<'h>(&'h self, name: &str, is_enough: &mut dyn FnMut(&'h [u8]) -> bool) {
        visit_pairs(self, name, is_enough);
    }
}

impl<N, V> Headers for &[(N, V)]
where
    N: AsRef<str> + Send + Sync,
    V: AsRef<[u8]> + Send + Sync,
{
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        nth_pair(self, name, n)
    }

    fn visit<'h>(&'h self, name: &str, is_enough: &mut dyn FnMut(&'h [u8]) -> bool) {
        visit_pairs(self, name, is_enough);
    }
}

impl<N, V, const K: usize> Headers for [(N, V); K]
where
    N: AsRef<str> + Send + Sync,
    V: AsRef<[u8]> + Send + Sync,
{
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        nth_pair(self, name, n)
    }

    fn visit<'h>(&'h self, name: &str, is_enough: &mut dyn FnMut(&'h [u8]) -> bool) {
        visit_pairs(self, name, is_enough);
    }
}

impl<N, V, S> Headers for HashMap<N, V, S>
where
    N: AsRef<str> + Send + Sync,
    V: AsRef<[u8]> + Send + Sync,
    S: Send + Sync,
{
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        let same = || {
            let all = self.iter().map(|(known, value)| (known.as_ref(), value));
            all.filter(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        // The map has no order of its own, and the same request must get the same answer: where
        // spellings of one name differ, they are taken in their byte order.
        let before = |known: &str| same().filter(|(other, _)| *other < known).count();
        same().find(|(known, _)| before(known) == n).map(|(_, value)| value.as_ref())
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        if n == 0 {
            return self.get(name).map(http::HeaderValue::as_bytes);
        }
        self.get_all(name).iter().nth(n).map(http::HeaderValue::as_bytes)
    }

    // PERF: a name that is parsed each time takes longer than the look-up itself (W4-HeaderMap).
    fn first(&self, name: &HeaderKey<'_>) -> Option<&[u8]> {
        match &name.http {
            Some(name) => self.get(name).map(http::HeaderValue::as_bytes),
            None => None,
        }
    }

    fn visit<'h>(&'h self, name: &str, is_enough: &mut dyn FnMut(&'h [u8]) -> bool) {
        let _ = self.get_all(name).iter().map(http::HeaderValue::as_bytes).any(is_enough);
    }
}

/// What a look for a header or a cookie gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'r> {
    /// The request's headers are not known.
    NotGiven,
    /// They are, and this is not among them.
    Absent,
    Value(&'r [u8]),
}

/// The first cookie in the value of a `Cookie` header that has the name which the finder looks for,
/// by RFC 6265, section 4.2.
///
/// PERF: each place where the name stands is looked at, and not each cookie (CTX-asked).
pub(crate) fn find_cookie<'h>(header: &'h [u8], name: &Finder<'_>) -> Option<&'h [u8]> {
    name.find_iter(header).find_map(|at| {
        let (before, rest) = header.split_at_checked(at)?;
        let before = before.trim_ascii_end();
        if !(before.is_empty() || before.ends_with(b";")) {
            return None;
        }
        let value = rest.get(name.needle().len()..)?.trim_ascii_start().strip_prefix(b"=")?;
        value.split(|byte| *byte == b';').next().map(<[u8]>::trim_ascii)
    })
}

/// Decodes `%41` and its like into a buffer, and leaves what only looks like it; `None` where the
/// result is not UTF-8 or does not fit.
pub(crate) fn decode_percent<'b>(raw: &str, buffer: &'b mut [u8]) -> Option<&'b str> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut rest = raw.as_bytes();
    let mut length = 0;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match rest {
            [b'%', high, low, ..] => digit(*high).zip(digit(*low)),
            _ => None,
        };
        let (byte, consumed) = match escaped {
            Some((high, low)) => (high * 16 + low, 3),
            None => (first, 1),
        };
        *buffer.get_mut(length)? = byte;
        length += 1;
        rest = rest.get(consumed..).unwrap_or(after);
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cookie_of_the_exact_name_counts() {
        let header = b"a=1; ab=2;b=\"3\"; a=4; c ; d=;e = 5";
        let find =
            |name| find_cookie(header, &Finder::new(name)).map(|v| std::str::from_utf8(v).unwrap());
        assert_eq!(find("a"), Some("1"));
        assert_eq!(find("ab"), Some("2"));
        assert_eq!(find("b"), Some("\"3\""));
        assert_eq!(find("c"), None);
        assert_eq!(find("d"), Some(""));
        assert_eq!(find("e"), Some("5"));
        assert_eq!(find("A"), None);
    }

    #[test]
    fn what_is_percent_encoded_is_decoded() {
        let mut buffer = [0; 8];
        assert_eq!(decode_percent("a%20b", &mut buffer), Some("a b"));
        assert_eq!(decode_percent("%C3%BC", &mut buffer), Some("ü"));
        assert_eq!(decode_percent("50%", &mut buffer), Some("50%"));
        assert_eq!(decode_percent("%4%zz", &mut buffer), Some("%4%zz"));
        for raw in ["%ff", "%20long text"] {
            assert_eq!(decode_percent(raw, &mut buffer), None, "{raw}");
        }
    }
}
