//! The `Cookie` header of strangers.

use std::sync::LazyLock;

use hoist::{Context, ContextBuf, Snapshot};

use super::text;

static SNAPSHOT: LazyLock<Snapshot> = LazyLock::new(|| {
    Snapshot::from_yaml(
        "
version: 1
flags:
  is: { rules: [{ when: { cookie.beta: a b }, request_targeting: allow }] }
  is-not: { rules: [{ when: { not: { cookie.beta: a b } }, request_targeting: allow }] }
  is-there: { rules: [{ when: { cookie.beta: { exists: true } }, request_targeting: allow }] }
  is-absent: { rules: [{ when: { cookie.beta: { exists: false } }, request_targeting: allow }] }
  one-of: { rules: [{ when: { cookie.beta: [1, on, yes] }, request_targeting: allow }] }
  starts: { rules: [{ when: { cookie.beta: { starts_with: a } }, request_targeting: allow }] }
  folded: { rules: [{ when: { cookie.beta: { contains: AB, ignore_case: true } }, request_targeting: allow }] }
",
    )
    .unwrap()
});

/// A header is read as RFC 6265 says, whichever way the request brings it.
pub(crate) fn cookies(input: &[u8]) {
    let header = text(input);
    let pairs = [("Cookie", header.as_str())];
    let answer = answers(&Context::new().cookies(&header));
    assert_eq!(answers(&Context::new().headers(&pairs)), answer, "as a list of headers");
    assert_eq!(answers(&Context::new().header("COOKIE", &header)), answer, "as one header");
    let buf = ContextBuf::new().header("cookie", &header);
    assert_eq!(answers(&buf.as_context()), answer, "as a context that owns it");
    // What stands before and behind it, under other names, is no business of this cookie.
    let between = format!("beta2=a b; Beta=1; bet=on; {header}; xbeta=a b");
    assert_eq!(answers(&Context::new().cookies(&between)), answer, "between other cookies");
    let halves = [("Cookie", "other=1"), ("cookie", header.as_str()), ("cookie", "beta=a b")];
    match first(&header) {
        Some(_) => assert_eq!(answers(&Context::new().headers(&halves)), answer, "the first"),
        None => assert!(answers(&Context::new().headers(&halves)).contains(&"is")),
    }

    let value = first(&header);
    assert_eq!(answer, expected(value), "{value:?}");
    // The bytes need not be text.
    let pairs = vec![("cookie", input.to_vec())];
    let raw = answers(&Context::new().headers(&pairs));
    assert!(std::str::from_utf8(input).is_err() || raw == answer, "as bytes");
}

/// Which of the flags are on.
fn answers(ctx: &Context<'_>) -> Vec<&'static str> {
    SNAPSHOT.flags().filter(|flag| SNAPSHOT.is_enabled(*flag, ctx)).collect()
}

/// The value of the first cookie named `beta`, written down once more and otherwise.
fn first(header: &str) -> Option<&str> {
    let space = |c: char| c.is_ascii_whitespace();
    header.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_it = name.trim_start_matches(space).trim_end_matches(space) == "beta";
        is_it.then(|| value.trim_matches(space))
    })
}

/// Which flags are on for a value, by FORMAT.md 10 and 11.
fn expected(value: Option<&str>) -> Vec<&'static str> {
    let Some(value) = value else { return vec!["is-absent", "is-not"] };
    let decoded = decoded(value);
    // The raw value, or what it decodes to: true if either is, unknown if the latter is no text.
    let holds = |test: &dyn Fn(&str) -> Option<bool>| match (test(value), value.contains('%')) {
        (Some(true), _) => Some(true),
        (raw, false) => raw,
        (_, true) => decoded.as_deref().and_then(test),
    };
    let short = |text: &str, is: bool| (text.len() <= 4_096).then_some(is);
    let is = holds(&|text| Some(text == "a b"));
    let mut on = Vec::new();
    let mut note = |flag, is| on.extend(Some(flag).filter(|_| is == Some(true)));
    note("folded", holds(&|text| short(text, text.to_ascii_lowercase().contains("ab"))));
    note("is", is);
    note("is-not", is.map(|is| !is));
    note("is-there", Some(true));
    note("one-of", holds(&|text| Some(["1", "on", "yes"].contains(&text))));
    note("starts", holds(&|text| short(text, text.starts_with('a'))));
    on
}

/// Percent-decoding; none where the result is no text, or longer than what tests look at.
fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = raw.as_bytes();
    while let Some(first) = rest.first() {
        let digits = rest.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = &rest[1..];
            }
        }
    }
    String::from_utf8(bytes).ok().filter(|text| text.len() <= 4_096)
}
