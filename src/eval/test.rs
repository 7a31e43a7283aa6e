//! One attribute against its tests.

use super::Run;
use crate::context::{Attribute, Builtin, Context, Found};
use crate::program::{
    Accepts, AttributeName, Matcher, Scalar, Subject, Test, Truth, any_element, passes,
    passes_cookie, passes_integer, passes_text,
};

// The commonest tests have a function each, for what the request's own context has in place.
// Everything else is asked as any other test.
//
// PERF: none is inlined, as each decision would load what only some of its tests need. Each ends with
// a call at the most, so that it saves no registers (W2, W4, DEEP).

#[inline(never)]
pub(super) fn user_equals(run: &Run<'_>, test: &Test) -> Truth {
    match user_equals_here(run.request.ctx, test) {
        Some(found) => found,
        None => ask(run, test),
    }
}

/// What a test comes to whether the user is one of a set, if the request itself names one.
#[inline(always)]
pub(super) fn user_equals_here(ctx: &Context<'_>, test: &Test) -> Option<Truth> {
    let Matcher::Equals(set) = &test.matcher else { return None };
    let (user, hash) = ctx.own_user()?;
    Some(set.holds_hashed(user, hash))
}

#[inline(never)]
pub(super) fn text_equals(run: &Run<'_>, test: &Test) -> Truth {
    match (run.request.own_text(&test.subject), &test.matcher) {
        (Some(text), Matcher::Equals(set)) => set.holds(text),
        _ => ask(run, test),
    }
}

#[inline(never)]
pub(super) fn text(run: &Run<'_>, test: &Test) -> Truth {
    let text = match &test.subject {
        Subject::Builtin(Builtin::User) => run.request.ctx.own_user().map(|(user, _)| user),
        subject => run.request.own_text(subject),
    };
    match text {
        Some(text) => passes_text(&test.matcher, text),
        None => ask(run, test),
    }
}

#[inline(never)]
pub(super) fn attribute_equals(run: &Run<'_>, test: &Test) -> Truth {
    let (Subject::Attribute(attribute), Matcher::Equals(set)) = (&test.subject, &test.matcher)
    else {
        return ask(run, test);
    };
    match (run.request.attribute_in_place(attribute), &attribute.accepts) {
        (Some(Attribute::Text(text)), Accepts::Anything) => set.holds(text),
        (Some(Attribute::Text(text)), Accepts::OneOf(known)) => set.holds_of(known, text),
        _ => ask(run, test),
    }
}

#[inline(never)]
pub(super) fn attribute(run: &Run<'_>, test: &Test) -> Truth {
    let Subject::Attribute(attribute) = &test.subject else { return ask(run, test) };
    match (run.request.attribute_in_place(attribute), &attribute.accepts) {
        (Some(Attribute::Text(text)), Accepts::Anything) => passes_text(&test.matcher, text),
        (Some(Attribute::Integer(value)), Accepts::Anything | Accepts::Integers) => {
            passes_integer(&test.matcher, *value)
        }
        _ => ask(run, test),
    }
}

#[inline(never)]
pub(super) fn header(run: &Run<'_>, test: &Test) -> Truth {
    let Subject::Header(name) = &test.subject else { return ask(run, test) };
    match run.request.ctx.lacks_header(name) {
        Some(Found::NotGiven) => Truth::Unknown,
        Some(Found::Absent) => Truth::False,
        _ => ask(run, test),
    }
}

/// What all tests of one subject together come to.
#[inline(never)]
pub(super) fn ask(run: &Run<'_>, test: &Test) -> Truth {
    match &test.subject {
        Subject::Builtin(builtin) => match run.request.builtin(*builtin) {
            Some(text) => test.of_present(|matcher| passes_text(matcher, text)),
            None => test.of_absent(Truth::Unknown),
        },
        Subject::Ip => ask_address(run, test),
        Subject::Header(name) => found(test, run.request.ctx.find_header(name), passes_text),
        Subject::Cookie(name) => found(test, run.request.ctx.find_cookie(name), passes_cookie),
        Subject::Attribute(attribute) => ask_attribute(run, test, attribute),
    }
}

#[inline(never)]
fn ask_address(run: &Run<'_>, test: &Test) -> Truth {
    let Some(address) = run.request.address() else { return test.of_absent(Truth::Unknown) };
    let scalar = address.readable().map_or(Scalar::Unreadable, Scalar::Address);
    test.of_present(|matcher| passes(matcher, scalar))
}

#[inline(never)]
fn ask_attribute(run: &Run<'_>, test: &Test, attribute: &AttributeName) -> Truth {
    let own = run.request.own_attribute(attribute);
    if let (Some(Attribute::Text(text)), Accepts::Anything) = (own, &attribute.accepts) {
        return test.of_present(|matcher| passes_text(matcher, text));
    }
    match run.request.attribute_beyond(own, attribute) {
        Some(value) => test.of_present(|matcher| any_element(matcher, value, &attribute.accepts)),
        None => test.of_absent(Truth::Unknown),
    }
}

#[inline]
fn found(test: &Test, found: Found<'_>, passes: impl FnOnce(&Matcher, &str) -> Truth) -> Truth {
    match found {
        Found::NotGiven => test.of_absent(Truth::Unknown),
        Found::Absent => test.of_absent(Truth::False),
        Found::Value(bytes) => test.of_present(|matcher| match std::str::from_utf8(bytes) {
            Ok(text) => passes(matcher, text),
            Err(_) => Truth::Unknown,
        }),
    }
}
