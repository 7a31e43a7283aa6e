//! One attribute against its tests.

use super::Run;
use crate::context::{Attribute, Builtin, Context, Found};
use crate::program::{
    Accepts, AttributeName, Matcher, Scalar, Subject, Test, Truth, any_element, passes,
    passes_cookie, passes_integer, passes_text, passes_text_here,
};
use crate::request::Request;

// The commonest tests have a function each, for what the request's own context has in place. Of
// anything else it knows nothing, and that is asked as any other test.
//
// PERF: the loop over the steps has them in line: what a call takes is as much as a comparison (W4,
// PRODUCT, DEEP).

#[inline(always)]
pub(super) fn user_equals(ctx: &Context<'_>, test: &Test) -> Option<Truth> {
    let Matcher::Equals(set) = &test.matcher else { return None };
    let (user, hash) = ctx.own_user()?;
    Some(set.holds_hashed(user, hash))
}

#[inline(always)]
pub(super) fn text_equals(ctx: &Context<'_>, test: &Test) -> Option<Truth> {
    let Subject::Builtin(builtin) = &test.subject else { return None };
    let Matcher::Equals(set) = &test.matcher else { return None };
    Some(set.holds(ctx.own_text(*builtin)?))
}

#[inline(always)]
pub(super) fn text(ctx: &Context<'_>, test: &Test) -> Option<Truth> {
    let text = match &test.subject {
        Subject::Builtin(Builtin::User) => ctx.own_user()?.0,
        Subject::Builtin(builtin) => ctx.own_text(*builtin)?,
        _ => return None,
    };
    Some(passes_text_here(&test.matcher, text))
}

#[inline(always)]
pub(super) fn attribute_equals(request: &Request<'_>, test: &Test) -> Option<Truth> {
    let Subject::Attribute(attribute) = &test.subject else { return None };
    let Matcher::Equals(set) = &test.matcher else { return None };
    let Attribute::Text(text) = request.attribute_in_place(attribute)? else { return None };
    Some(set.holds(text))
}

#[inline(always)]
pub(super) fn attribute_among(request: &Request<'_>, test: &Test) -> Option<Truth> {
    let Subject::Attribute(attribute) = &test.subject else { return None };
    let (Matcher::Equals(set), Accepts::OneOf(known)) = (&test.matcher, &attribute.accepts) else {
        return None;
    };
    let Attribute::Text(text) = request.attribute_in_place(attribute)? else { return None };
    Some(set.holds_of(known, text))
}

#[inline(always)]
pub(super) fn attribute(request: &Request<'_>, test: &Test) -> Option<Truth> {
    let Subject::Attribute(attribute) = &test.subject else { return None };
    match (request.attribute_in_place(attribute)?, &attribute.accepts) {
        (Attribute::Text(text), Accepts::Anything) => Some(passes_text_here(&test.matcher, text)),
        (Attribute::Integer(value), Accepts::Anything | Accepts::Integers) => {
            Some(passes_integer(&test.matcher, *value))
        }
        _ => None,
    }
}

#[inline(always)]
pub(super) fn header(ctx: &Context<'_>, test: &Test) -> Option<Truth> {
    let Subject::Header(name) = &test.subject else { return None };
    match ctx.lacks_header(name)? {
        Found::NotGiven => Some(Truth::Unknown),
        Found::Absent => Some(Truth::False),
        Found::Value(_) => None,
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
        Subject::Header(name) => found(test, run.request.ctx().find_header(name), passes_text),
        Subject::Cookie(name) => found(test, run.request.ctx().find_cookie(name), passes_cookie),
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
