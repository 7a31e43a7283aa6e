//! What a context takes from an HTTP request.
//!
//! [`Context::from`] borrows a `&http::HeaderMap`, a `&http::request::Parts` or a
//! `&http::Request<B>` as it is: nothing is copied, and cookies are read when a rule asks for one.
//! Who the user is, the service knows better than the request, and says so on top.
//!
//! ```
//! use hoist::http::{client_ip, header_text};
//! use hoist::{Context, Snapshot};
//!
//! let snap = Snapshot::from_yaml("
//! version: 1
//! flags:
//!   new-checkout:
//!     rules: [{ name: qa, when: { cookie.new-checkout: yes please, ip: 203.0.113.0/24 } }]
//! ")?;
//! let request = http::Request::get("/checkout")
//!     .header("cookie", "theme=dark")
//!     .header("cookie", "new-checkout=yes%20please")
//!     .header("x-forwarded-for", "203.0.113.7")
//!     .header("x-request-id", "r-1")
//!     .body(())
//!     .unwrap();
//! let peer = [10, 0, 0, 1].into(); // the address of the connection: here our one proxy
//! let ctx = Context::from(&request)
//!     .user("ada") // from your session, not from a header
//!     .ip(client_ip(request.headers(), peer, 1))
//!     .request(header_text(request.headers(), "x-request-id"));
//! assert!(snap.is_enabled("new-checkout", &ctx));
//! # Ok::<(), hoist::Error>(())
//! ```

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request};

use crate::context::Context;

/// The headers, and the cookies among them.
impl<'a> From<&'a HeaderMap> for Context<'a> {
    #[inline]
    fn from(headers: &'a HeaderMap) -> Context<'a> {
        Context::new().headers(headers)
    }
}

/// The headers, and the cookies among them.
impl<'a> From<&'a Parts> for Context<'a> {
    #[inline]
    fn from(parts: &'a Parts) -> Context<'a> {
        Context::from(&parts.headers)
    }
}

/// The headers, and the cookies among them.
impl<'a, B> From<&'a Request<B>> for Context<'a> {
    #[inline]
    fn from(request: &'a Request<B>) -> Context<'a> {
        Context::from(request.headers())
    }
}

/// The text of a header, of its first instance; empty if it is not there or not UTF-8.
///
/// Made for what a header of your own proxy says of the request, as its id: in a built-in attribute
/// of a context empty text is the same as not given.
///
/// # Examples
///
/// ```
/// use hoist::http::header_text;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("x-request-id", "r-1".parse().unwrap());
/// assert_eq!(header_text(&headers, "X-Request-Id"), "r-1");
/// assert_eq!(header_text(&headers, "x-trace"), "");
/// ```
pub fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    let value = headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
    std::str::from_utf8(value).unwrap_or_default()
}

/// The address of the client, behind as many proxies as you run and trust.
///
/// `X-Forwarded-For` is a list to which each proxy adds, at its end, the address that it was called
/// from; the last hop is `peer`, the address of the connection. Whatever stands at the front came
/// from the client, who may write there what it likes: the first address of the header is a wish. So
/// the hops are counted from the end, where your proxies wrote. With 0 trusted proxies it is the
/// peer, and the header is not read; with 1, the address that the last proxy saw.
///
/// The count is only as good as the network: a client that can reach the service around a proxy
/// writes the hop of that proxy, too. Let nobody connect but the last of them.
///
/// All instances of the header count, in their order. An entry may have a port, and an IPv6 address
/// brackets. An IPv4 address mapped into IPv6 is the IPv4 address. `None` if there are fewer
/// hops than proxies, or if the entry is no address; no rule about `ip` matches then. An empty entry
/// is a hop, of a proxy that did not know its peer: if it were passed over, the next would be the
/// client's to choose.
///
/// # Examples
///
/// ```
/// use std::net::IpAddr;
/// use hoist::http::client_ip;
///
/// let mut headers = http::HeaderMap::new();
/// headers.append("x-forwarded-for", "10.0.0.1".parse().unwrap()); // the client pretends
/// headers.append("x-forwarded-for", "203.0.113.7, 192.0.2.1".parse().unwrap());
/// let peer = IpAddr::from([192, 0, 2, 2]);
/// assert_eq!(client_ip(&headers, peer, 0), Some(peer));
/// assert_eq!(client_ip(&headers, peer, 2), Some(IpAddr::from([203, 0, 113, 7])));
/// assert_eq!(client_ip(&headers, peer, 4), None);
/// ```
pub fn client_ip(headers: &HeaderMap, peer: IpAddr, trusted_proxies: usize) -> Option<IpAddr> {
    let Some(behind_peer) = trusted_proxies.checked_sub(1) else {
        return Some(peer.to_canonical());
    };
    let values = headers.get_all("x-forwarded-for").iter();
    let hops = values.rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    address_of(hops.map(<[u8]>::trim_ascii).nth(behind_peer)?)
}

/// The address of one hop: alone, with a port, or in brackets.
fn address_of(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let address = hop.parse::<IpAddr>().ok();
    let address = address.or_else(|| in_brackets().map(IpAddr::V6));
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn ip_of(instances: &[&[u8]], trusted_proxies: usize) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in instances {
            headers.append("X-Forwarded-For", HeaderValue::from_bytes(value).unwrap());
        }
        client_ip(&headers, PEER, trusted_proxies).map(|address| address.to_string())
    }

    #[test]
    fn hops_are_counted_from_the_end_over_all_instances() {
        let instances: [&[u8]; 3] = [b"1.1.1.1, 2.2.2.2", b"3.3.3.3", b"4.4.4.4 ,\t5.5.5.5"];
        let found: Vec<_> = (0..7).map(|proxies| ip_of(&instances, proxies)).collect();
        let hops = ["192.0.2.2", "5.5.5.5", "4.4.4.4", "3.3.3.3", "2.2.2.2", "1.1.1.1"];
        let expected = hops.map(|hop| Some(hop.to_owned()));
        assert_eq!(found.split_last(), Some((&None, &expected[..])));
    }

    #[test]
    fn no_header_is_no_hop() {
        assert_eq!(ip_of(&[], 0).as_deref(), Some("192.0.2.2"));
        assert_eq!(ip_of(&[], 1), None);
        assert_eq!(ip_of(&[b"1.1.1.1"], usize::MAX), None);
    }

    #[test]
    fn a_text_is_that_of_the_first_instance() {
        let mut headers = HeaderMap::new();
        for value in ["zoë", "bob"] {
            headers.append("x-user", HeaderValue::from_str(value).unwrap());
        }
        headers.append("x-raw", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(header_text(&headers, "X-User"), "zoë");
        for name in ["x-raw", "x-none", "no name"] {
            assert_eq!(header_text(&headers, name), "", "{name}");
        }
    }

    #[test]
    fn an_address_may_have_a_port_and_brackets() {
        for (hop, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:DB8::1]:4711", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ] {
            assert_eq!(ip_of(&[hop.as_bytes()], 1).as_deref(), Some(address), "{hop}");
        }
        let mapped = "::ffff:192.0.2.2".parse().unwrap();
        assert_eq!(client_ip(&HeaderMap::new(), mapped, 0), Some(PEER));
    }

    #[test]
    fn what_is_no_address_is_none_and_is_not_passed_over() {
        let odd: [&[u8]; 14] = [
            b"",
            b" ",
            b"unknown",
            b"_hidden",
            b"203.0.113",
            b"203.0.113.007",
            b"203.0.113.7:",
            b"203.0.113.7:99999",
            b"[203.0.113.7]",
            b"[2001:db8::1",
            b"2001:db8::1]:80",
            b"203.0.113.7 198.51.100.1",
            b"for=203.0.113.7",
            b"\xff",
        ];
        for hop in odd {
            let value = [b"1.1.1.1, ", hop].concat();
            assert_eq!(ip_of(&[&value], 1), None, "{value:?}");
            // What the proxies behind it saw is still to be had, and what stands before it too.
            let value = [b"1.1.1.1, ", hop, b", 2.2.2.2"].concat();
            assert_eq!(ip_of(&[&value], 1).as_deref(), Some("2.2.2.2"), "{value:?}");
            assert_eq!(ip_of(&[&value], 3).as_deref(), Some("1.1.1.1"), "{value:?}");
        }
    }
}
