//! CTX, and the headers that a browser sends.

use hoist::{Attribute, Context};

/// CTX: a user, a region, three attributes, two headers and a cookie header.
#[inline]
pub(crate) fn ctx(user: &str) -> Context<'_> {
    Context::new()
        .user(user)
        .region("us")
        .attr("plan", "pro")
        .attr("age", 36)
        .attr("beta", Attribute::Boolean(false))
        .header("User-Agent", "bench/1.0 (linux)")
        .header("X-Request-Source", "mobile")
        .cookies("session=0123456789abcdef; theme=dark; consent=all; beta=1")
}

/// The twelve headers of a browser's request, of which no rule of a workload speaks.
pub(crate) const TWELVE: [(&str, &str); 12] = [
    ("host", "shop.example"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("connection", "keep-alive"),
    ("cookie", "session=0123456789abcdef; theme=dark; consent=all; beta=1"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
    ("x-request-id", "0b1c7f0e5d6a4c9f8e7d6c5b4a392817"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("sec-fetch-mode", "navigate"),
];
