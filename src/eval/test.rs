//! One attribute against its tests.

use memchr::memmem::Finder;

use super::Run;
use crate::context::{Attribute, Found, decode_percent};
use crate::program::{
    Accepts, AttributeName, MAX_TEXT, Matcher, Scalar, Subject, Test, Truth, any_element, passes,
    passes_integer, passes_text,
};

// Whether a text is one of a set, by far the commonest test: a function for each kind of subject,
// for the plain text that the request's own context has. Everything else is asked as any other test.
//
// PERF: none is inlined. They stay so small that a call costs next to nothing, and inlined they would
// make every decision load what only some of its tests need (W2, W4, DEEP; W3 for what has no tests).

#[inline(never)]
pub(super) fn user_equals(run: &Run<'_>, test: &Test) -> Truth {
    match (run.request.ctx.own_user(), &test.matcher) {
        (Some((user, hash)), Matcher::Equals(set)) => Truth::of(set.contains_hashed(user, hash)),
        _ => ask(run, test),
    }
}

#[inline(never)]
pub(super) fn text_equals(run: &Run<'_>, test: &Test) -> Truth {
    match (&test.subject, &test.matcher) {
        (Subject::Builtin(builtin), Matcher::Equals(set)) => {
            match run.request.ctx.own_text(*builtin) {
                Some(text) => Truth::of(set.contains(text)),
                None => ask(run, test),
            }
        }
        _ => ask(run, test),
    }
}

#[inline(never)]
pub(super) fn attribute_equals(run: &Run<'_>, test: &Test) -> Truth {
    let (Subject::Attribute(id), Matcher::Equals(set)) = (&test.subject, &test.matcher) else {
        return ask(run, test);
    };
    let attribute = run.program.attributes.get(*id);
    match (run.request.ctx.own_attribute(|known| attribute.name.is(known)), &attribute.accepts) {
        (Some(Attribute::Text(text)), Accepts::Anything) => Truth::of(set.contains(text)),
        (Some(Attribute::Text(text)), Accepts::OneOf(known)) => match known.contains(text) {
            true => Truth::of(set.contains(text)),
            false => Truth::Unknown,
        },
        (own, _) => ask_attribute(run, test, attribute, own),
    }
}

/// What all tests of one subject together come to.
#[inline(never)]
pub(super) fn ask(run: &Run<'_>, test: &Test) -> Truth {
    match &test.subject {
        Subject::Builtin(builtin) => match run.request.builtin(*builtin) {
            Some(text) => present(test, |matcher| passes_text(matcher, text)),
            None => absent(test, Truth::Unknown),
        },
        Subject::Ip => ask_address(run, test),
        Subject::Header(name) => found(test, run.request.ctx.find_header(name), passes_text),
        Subject::Cookie(name) => ask_cookie(run, test, name),
        Subject::Attribute(id) => {
            let attribute = run.program.attributes.get(*id);
            let own = run.request.ctx.own_attribute(|known| attribute.name.is(known));
            match (own, &attribute.accepts) {
                // PERF: what nearly all are needs no copy (W6, DEEP).
                (Some(Attribute::Text(text)), Accepts::Anything) => {
                    present(test, |matcher| passes_text(matcher, text))
                }
                (Some(Attribute::Integer(value)), Accepts::Anything | Accepts::Integers) => {
                    present(test, |matcher| passes_integer(matcher, *value))
                }
                _ => ask_attribute(run, test, attribute, own),
            }
        }
    }
}

#[inline(never)]
fn ask_address(run: &Run<'_>, test: &Test) -> Truth {
    match run.request.address() {
        Some(address) => present(test, |matcher| {
            let scalar = address.readable().map_or(Scalar::Unreadable, Scalar::Address);
            passes(matcher, scalar)
        }),
        None => absent(test, Truth::Unknown),
    }
}

#[inline(never)]
fn ask_cookie(run: &Run<'_>, test: &Test, name: &Finder<'_>) -> Truth {
    found(test, run.request.ctx.find_cookie(name), cookie_passes)
}

#[inline(never)]
fn ask_attribute<'r>(
    run: &Run<'r>,
    test: &Test,
    attribute: &AttributeName,
    own: Option<&Attribute<'r>>,
) -> Truth {
    match run.request.attribute_beyond(own, attribute) {
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
