//! Headers and cookies as requests have them.

use hoist::{Context, Snapshot};

fn snapshot() -> Snapshot {
    Snapshot::from_yaml(
        r#"
version: 1
flags:
  by-header: { rules: [{ when: { header.x-beta: "1" } }] }
  not-header: { rules: [{ when: { not: { header.x-beta: "1" } } }] }
  by-cookie: { rules: [{ when: { cookie.beta: "a b" } }] }
  not-cookie: { rules: [{ when: { not: { cookie.beta: "a b" } } }] }
"#,
    )
    .unwrap()
}

/// Which of the flags are on.
fn on(ctx: &Context<'_>) -> Vec<String> {
    let snap = snapshot();
    snap.flags().filter(|flag| snap.is_enabled(*flag, ctx)).map(str::to_owned).collect()
}

#[test]
fn the_first_instance_of_a_header_counts() {
    let headers = [("X-BETA", "1"), ("x-beta", "2")];
    assert_eq!(on(&Context::new().headers(&headers)), ["by-header", "not-cookie"]);
    let headers = [("x-beta", "2"), ("x-beta", "1")];
    assert_eq!(on(&Context::new().headers(&headers)), ["not-cookie", "not-header"]);
    assert_eq!(
        on(&Context::new().header("X-Beta", "1").header("x-beta", "2")),
        ["by-header", "not-cookie"]
    );
}

#[test]
fn a_header_that_is_not_utf8_is_unknown() {
    let headers = vec![("x-beta", vec![0xff_u8, b'1'])];
    assert_eq!(on(&Context::new().headers(&headers)), ["not-cookie"]);
}

#[test]
fn what_was_not_given_is_unknown_and_what_is_absent_is_not() {
    assert!(on(&Context::new()).is_empty());
    let none: [(&str, &str); 0] = [];
    assert_eq!(on(&Context::new().headers(&none)), ["not-cookie", "not-header"]);
    assert_eq!(on(&Context::new().cookies("theme=dark")), ["not-cookie"]);
    assert_eq!(on(&Context::new().cookie("theme", "dark")), ["not-cookie"]);
    // What has no room in place says nothing of what was not given.
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let many = names.iter().fold(Context::new(), |ctx, name| ctx.attr(name, 1));
    assert!(on(&many).is_empty());
}

#[test]
fn cookies_are_found_wherever_the_request_has_them() {
    let lists = [("Cookie", "theme=dark"), ("cookie", "x=1; beta=a%20b; beta=2")];
    for ctx in [
        Context::new().headers(&lists),
        Context::new().header("Cookie", "beta=a b"),
        Context::new().cookies("x; beta=a%20b"),
        Context::new().cookie("beta", "a b").cookie("beta", "2"),
    ] {
        assert!(on(&ctx).contains(&"by-cookie".to_owned()), "{ctx:?}");
    }
    for cookie in ["beta=2; beta=a b", "Beta=a b", "beta=\"a b\"", "xbeta=a b", "beta"] {
        assert!(!on(&Context::new().cookies(cookie)).contains(&"by-cookie".to_owned()), "{cookie}");
    }
}

#[test]
fn more_than_fits_inline_is_not_lost() {
    let names: Vec<String> = (0..20).map(|n| format!("n{n}")).collect();
    let mut text = String::from("version: 1\nflags:\n");
    for name in &names {
        text.push_str(&format!(
            "  a-{name}: {{ rules: [{{ when: {{ attr.{name}: 1, header.{name}: '1', cookie.{name}: '1' }} }}] }}\n"
        ));
    }
    let snap = Snapshot::from_yaml(&text).unwrap();
    let ctx = names.iter().fold(Context::new(), |ctx, name| {
        ctx.attr(name, 0).attr(name, 1).header(name, "1").cookie(name, "1")
    });
    assert!(snap.flags().all(|flag| snap.is_enabled(flag, &ctx)));
}

#[test]
fn an_attribute_that_is_given_again_counts_in_place_of_the_first() {
    let snap = Snapshot::from_yaml(
        "version: 1\nflags: { a: { rules: [{ when: { all: [{ attr.n0: 2 }, { attr.n7: 2 }] } }] } }",
    )
    .unwrap();
    let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    // All room is taken when the first and the last are given once more.
    let full = names.iter().fold(Context::new(), |ctx, name| ctx.attr(name, 1));
    assert!(!snap.is_enabled("a", &full));
    assert!(snap.is_enabled("a", &full.clone().attr("n0", 2).attr("n7", 2)));
    assert!(!snap.is_enabled("a", &full.attr("n0", 2).attr("n7", 2).attr("n7", 1)));
}

/// Of an attribute it is asked whether it is equal, how it starts, how it compares, and, by a flag of
/// many rules, which of many it is.
fn asked_of(name: &str) -> Snapshot {
    let many: String =
        (1..7).map(|n| format!("{{ when: {{ attr.{name}: \"{n}7\" }} }}, ")).collect();
    Snapshot::from_yaml(&format!(
        "version: 1
flags:
  equals: {{ rules: [{{ when: {{ attr.{name}: \"17\" }} }}] }}
  starts: {{ rules: [{{ when: {{ attr.{name}: {{ starts_with: \"1\" }} }} }}] }}
  compares: {{ rules: [{{ when: {{ attr.{name}: {{ lt: 20 }} }} }}] }}
  many: {{ rules: [{many}] }}
"
    ))
    .unwrap()
}

#[test]
fn an_attribute_is_looked_for_by_all_of_its_name() {
    let pairs = [
        // These have their length and sixteen bytes in common, and the last letter.
        ("abcdefgh-1-abcdefgh", "abcdefgh-2-abcdefgh"),
        // These are one word where their two halves are put together.
        ("abcxefghijklmnox", "mnoxijklefghabcx"),
        ("abcdefgh", "abcdefgi"),
        ("plan", "plat"),
    ];
    for (asked, other) in pairs {
        let snap = asked_of(asked);
        for flag in snap.flags() {
            let is_on = |ctx: &Context<'_>| snap.is_enabled(flag, ctx);
            assert!(is_on(&Context::new().attr(asked, "17")), "{asked}: {flag}");
            assert!(!is_on(&Context::new().attr(other, "17")), "{asked}: {flag}");
            assert!(is_on(&Context::new().attr(asked, "17").attr(other, "77")), "{asked}: {flag}");
            assert!(!is_on(&Context::new().attr(asked, "77").attr(other, "17")), "{asked}: {flag}");
        }
    }
}

#[test]
fn what_is_added_counts_before_what_is_lent() {
    let lent = [("plan", "17".into()), ("plan", "77".into())];
    let other = [("plan", "77".into()), ("plan", "17".into())];
    let snap = asked_of("plan");
    let names: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    let full = names.iter().fold(Context::new(), |ctx, name| ctx.attr(name, 1));
    for flag in snap.flags() {
        assert!(snap.is_enabled(flag, &Context::new().attributes(&lent)), "{flag}");
        assert!(!snap.is_enabled(flag, &Context::new().attributes(&other)), "{flag}");
        for ctx in [Context::new(), full.clone()] {
            let added = ctx.clone().attr("plan", "17").attributes(&other);
            assert!(snap.is_enabled(flag, &added), "{flag}");
            assert!(!snap.is_enabled(flag, &ctx.attr("plan", "77").attributes(&lent)), "{flag}");
        }
    }
}

#[test]
fn a_context_shows_names_and_no_values() {
    let ctx = Context::new().user("ada-secret").attr("plan", "gold-secret").header("x", "secret");
    let shown = format!("{ctx:?} {:?}", hoist::Unit::from("unit-secret"));
    assert!(!shown.contains("secret"), "{shown}");
    assert!(shown.contains("user") && shown.contains("attr.plan") && shown.contains("header.x"));
}

/// Headers that count how often they are asked for cookies.
struct Counting(std::sync::atomic::AtomicUsize);

impl hoist::Headers for Counting {
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        match (name, n) {
            ("x-beta", 0) => Some(b"1"),
            ("cookie", 0 | 1) => {
                self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Some(if n == 0 { b"theme=dark" } else { b"beta=a b" })
            }
            _ => None,
        }
    }
}

#[test]
fn cookies_are_read_when_a_rule_asks_for_one() {
    let headers = Counting(0.into());
    let ctx = Context::new().headers(&headers);
    let snap = snapshot();
    assert!(snap.is_enabled("by-header", &ctx));
    assert_eq!(headers.0.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert!(snap.is_enabled("by-cookie", &ctx));
    assert_eq!(headers.0.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[cfg(feature = "http")]
#[test]
fn a_header_map_is_taken_as_it_is() {
    use http::{HeaderMap, HeaderValue};

    let mut headers = HeaderMap::new();
    headers.append("X-Beta", HeaderValue::from_static("1"));
    headers.append("x-beta", HeaderValue::from_static("2"));
    headers.append("cookie", HeaderValue::from_static("theme=dark"));
    headers.append("cookie", HeaderValue::from_static("beta=a%20b"));
    assert_eq!(on(&Context::new().headers(&headers)), ["by-cookie", "by-header"]);

    let mut headers = HeaderMap::new();
    headers.append("x-beta", HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(on(&Context::new().headers(&headers)), ["not-cookie"]);
}

#[cfg(feature = "http")]
#[test]
fn a_request_is_a_context() {
    let request = http::Request::builder()
        .header("x-beta", "1")
        .header("x-beta", "2")
        .header("cookie", "theme=dark")
        .header("cookie", "beta=a%20b; beta=2")
        .body("the body")
        .unwrap();
    let expected = ["by-cookie", "by-header"];
    assert_eq!(on(&Context::from(&request)), expected);
    assert_eq!(on(&Context::from(request.headers())), expected);
    let (parts, _) = request.into_parts();
    assert_eq!(on(&Context::from(&parts)), expected);
    assert_eq!(on(&Context::from(&http::HeaderMap::new())), ["not-cookie", "not-header"]);
}

#[cfg(feature = "http")]
#[test]
fn an_owned_context_has_what_was_added_before_what_the_request_has() {
    use hoist::ContextBuf;
    use http::HeaderMap;

    let mut headers = HeaderMap::new();
    headers.append("x-beta", "2".parse().unwrap());
    headers.append("cookie", "theme=dark".parse().unwrap());
    headers.append("cookie", "beta=a%20b".parse().unwrap());
    let kept = ContextBuf::new().header_map(headers);
    assert_eq!(on(&kept.as_context()), ["by-cookie", "not-header"]);
    let over = kept.clone().header("X-Beta", "1").header("cookie", "beta=2");
    assert_eq!(on(&over.as_context()), ["by-header", "not-cookie"]);
    assert_eq!(on(&over.as_context().header("x-beta", "3")), ["not-cookie", "not-header"]);
    let shown = format!("{over:?}");
    assert!(shown.contains("header.X-Beta") && shown.contains("header.cookie"), "{shown}");
    assert!(!shown.contains("dark"), "{shown}");
    let none = ContextBuf::new().header_map(HeaderMap::new());
    assert_eq!(on(&none.as_context()), ["not-cookie", "not-header"]);
}
