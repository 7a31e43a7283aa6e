//! One attribute against its tests.

use serde_json::Value as Json;

use super::Run;
use crate::context::{Attribute, Found, decode_percent};
use crate::program::{
    Accepts, AttributeName, MAX_TEXT, Matcher, Scalar, Subject, Test, Truth, any_element, passes,
    passes_text,
};

/// What all tests of one subject together come to.
pub(super) fn ask(run: &Run<'_>, test: &Test) -> Truth {
    match &test.subject {
        Subject::Builtin(builtin) => match run.builtin(*builtin) {
            Some(text) => present(test, |matcher| passes_text(matcher, text)),
            None => absent(test, Truth::Unknown),
        },
        Subject::Ip => ask_address(run, test),
        Subject::Header(name) => found(test, run.ctx.find_header(name), passes_text),
        Subject::Cookie(name) => ask_cookie(run, test, name),
        Subject::Attribute(id) => {
            let attribute = run.program.attributes.get(*id);
            let own = run.ctx.own_attribute(|known| attribute.name.is(known));
            match (own, &attribute.accepts) {
                // PERF: what nearly all are needs no copy (W6, DEEP).
                (Some(Attribute::Text(text)), Accepts::Anything) => {
                    present(test, |matcher| passes_text(matcher, text))
                }
                _ => ask_attribute(run, test, attribute, own),
            }
        }
    }
}

#[inline(never)]
fn ask_address(run: &Run<'_>, test: &Test) -> Truth {
    match run.ctx.address().or_else(|| run.base.address()) {
        Some(address) => present(test, |matcher| {
            let scalar = address.readable().map_or(Scalar::Unreadable, Scalar::Address);
            passes(matcher, scalar)
        }),
        None => absent(test, Truth::Unknown),
    }
}

#[inline(never)]
fn ask_cookie(run: &Run<'_>, test: &Test, name: &str) -> Truth {
    found(test, run.ctx.find_cookie(name), cookie_passes)
}

#[inline(never)]
fn ask_attribute<'r>(
    run: &Run<'r>,
    test: &Test,
    attribute: &AttributeName,
    own: Option<&Attribute<'r>>,
) -> Truth {
    match or_elsewhere(run, attribute, own) {
        Some(value) => present(test, |matcher| any_element(matcher, value, &attribute.accepts)),
        None => absent(test, Truth::Unknown),
    }
}

/// The tests of something that is not there: only `exists` knows the answer.
#[inline]
fn absent(test: &Test, otherwise: Truth) -> Truth {
    let existence = test.exists.map_or(Truth::True, |wanted| Truth::of(!wanted));
    match test.matcher {
        Matcher::Anything => existence,
        _ => existence.and(otherwise),
    }
}

/// The tests of something that is there.
#[inline]
fn present(test: &Test, value: impl FnOnce(&Matcher) -> Truth) -> Truth {
    match (test.exists, &test.matcher) {
        (Some(false), _) => Truth::False,
        (_, Matcher::Anything) => Truth::True,
        (_, matcher) => value(matcher),
    }
}

#[inline]
fn found(test: &Test, found: Found<'_>, passes: impl FnOnce(&Matcher, &str) -> Truth) -> Truth {
    match found {
        Found::NotGiven => absent(test, Truth::Unknown),
        Found::Absent => absent(test, Truth::False),
        Found::Value(bytes) => present(test, |matcher| match std::str::from_utf8(bytes) {
            Ok(text) => passes(matcher, text),
            Err(_) => Truth::Unknown,
        }),
    }
}

/// A cookie is taken as it is; only where that does not pass, and it is percent-encoded, is it
/// decoded.
fn cookie_passes(matcher: &Matcher, raw: &str) -> Truth {
    let as_is = passes(matcher, Scalar::Text(raw));
    if as_is == Truth::True || !raw.contains('%') {
        return as_is;
    }
    let mut buffer = [0; MAX_TEXT];
    match decode_percent(raw, &mut buffer) {
        Some(decoded) => passes(matcher, Scalar::Text(decoded)),
        None => Truth::Unknown,
    }
}

/// The attribute of the exact name, or what its name leads to inside a json attribute.
pub(super) fn find_attribute<'r>(
    run: &Run<'r>,
    attribute: &AttributeName,
) -> Option<Attribute<'r>> {
    let own = run.ctx.own_attribute(|known| attribute.name.is(known));
    or_elsewhere(run, attribute, own)
}

/// As [`find_attribute`], of which it is known whether the request's own context has it.
fn or_elsewhere<'r>(
    run: &Run<'r>,
    attribute: &AttributeName,
    own: Option<&Attribute<'r>>,
) -> Option<Attribute<'r>> {
    let named = |name: &str| run.ctx.attribute(name).or_else(|| run.base.attribute(name));
    let exact = own.copied().or_else(|| named(attribute.name.text()));
    let value = exact.or_else(|| {
        attribute.paths.iter().find_map(|path| match named(&path.attribute)? {
            Attribute::Json(json) => {
                let at = path.keys.iter().try_fold(json, |json, key| json.get(&**key))?;
                Some(Attribute::Json(at))
            }
            Attribute::Text(_)
            | Attribute::Integer(_)
            | Attribute::Unsigned(_)
            | Attribute::Float(_)
            | Attribute::Boolean(_)
            | Attribute::Instant(_)
            | Attribute::List(_)
            | Attribute::Texts(_) => None,
        })
    });
    value.filter(|value| !matches!(value, Attribute::Json(Json::Null)))
}
