//! One attribute against its tests.

use super::Run;
use crate::context::{Attribute, Builtin, Found, HeaderKey};
use crate::program::{
    Accepts, Asked, AttributeName, Hashed, Leaf, Matcher, Scalar, Subject, Test, TextSet, Truth,
    any_element, passes, passes_cookie, passes_integer, passes_text, passes_text_here,
};

// Each kind of leaf has a function, which looks at what the request's own context has in place. Of
// anything else it knows nothing, and asks the one that does.
//
// PERF: the loop over the steps has them in line: what a call takes is as much as a comparison (W4,
// PRODUCT, DEEP). For what is elsewhere they hand on the leaf, and keep nothing at hand.

#[inline(always)]
pub(super) fn user_equals(run: &Run<'_>, leaf: &Leaf, set: &Hashed) -> Truth {
    match run.request.ctx().own_user() {
        Some((user, hash)) => set.holds_hashed(user, hash),
        None => elsewhere(run, leaf),
    }
}

#[inline(always)]
pub(super) fn text_equals(run: &Run<'_>, leaf: &Leaf, builtin: Builtin, set: &TextSet) -> Truth {
    match run.request.ctx().own_text(builtin) {
        Some(text) => set.holds(text),
        None => elsewhere(run, leaf),
    }
}

#[inline(always)]
pub(super) fn text(run: &Run<'_>, leaf: &Leaf, builtin: Builtin, matcher: &Matcher) -> Truth {
    let text = match builtin {
        Builtin::User => run.request.ctx().own_user().map(|(user, _)| user),
        builtin => run.request.ctx().own_text(builtin),
    };
    match text {
        Some(text) => passes_text_here(matcher, text),
        None => elsewhere(run, leaf),
    }
}

#[inline(always)]
pub(super) fn attribute_equals(run: &Run<'_>, leaf: &Leaf, test: &Asked<AttributeName>) -> Truth {
    match (run.request.attribute_in_place(&test.of), &test.matcher) {
        (Some(Attribute::Text(text)), Matcher::Equals(set)) => set.holds(text),
        _ => elsewhere(run, leaf),
    }
}

#[inline(always)]
pub(super) fn attribute_among(run: &Run<'_>, leaf: &Leaf, test: &Asked<AttributeName>) -> Truth {
    match (run.request.attribute_in_place(&test.of), &test.matcher) {
        (Some(Attribute::Text(text)), Matcher::Equals(TextSet::Among(known, which))) => {
            TextSet::is_among(known, *which, text)
        }
        _ => elsewhere(run, leaf),
    }
}

#[inline(always)]
pub(super) fn attribute(run: &Run<'_>, leaf: &Leaf, test: &Asked<AttributeName>) -> Truth {
    match run.request.attribute_in_place(&test.of) {
        Some(Attribute::Integer(value)) => passes_integer(&test.matcher, *value),
        Some(Attribute::Text(text)) if matches!(test.of.accepts, Accepts::Anything) => {
            passes_text_here(&test.matcher, text)
        }
        _ => elsewhere(run, leaf),
    }
}

#[inline(always)]
pub(super) fn header(run: &Run<'_>, test: &Asked<HeaderKey<'_>>) -> Truth {
    match run.request.ctx().lacks_header(&test.of) {
        Some(Found::NotGiven) => Truth::Unknown,
        Some(Found::Absent) => Truth::False,
        _ => of_header(run, &test.of, &test.matcher).unwrap_or_else(|absent| absent),
    }
}

/// What is asked of what lies further off.
#[inline(never)]
fn elsewhere(run: &Run<'_>, leaf: &Leaf) -> Truth {
    let builtin = |builtin| run.request.builtin(builtin);
    match leaf {
        Leaf::UserEquals(set) => builtin(Builtin::User).map(|user| set.holds(user)),
        Leaf::TextEquals(of, set) => builtin(*of).map(|text| set.holds(text)),
        Leaf::Text(of, matcher) => builtin(*of).map(|text| passes_text(matcher, text)),
        Leaf::AttributeEquals(test) | Leaf::AttributeAmong(test) | Leaf::Attribute(test) => {
            Some(of_attribute(run, &test.of, &test.matcher).unwrap_or_else(|absent| absent))
        }
        _ => None,
    }
    .unwrap_or(Truth::Unknown)
}

/// What all tests of one subject together come to.
#[inline(never)]
pub(super) fn ask(run: &Run<'_>, test: &Test) -> Truth {
    let matcher = &test.matcher;
    test.come_to(match &test.subject {
        Subject::Builtin(builtin) => {
            let text = run.request.builtin(*builtin).ok_or(Truth::Unknown);
            text.map(|text| passes_text(matcher, text))
        }
        Subject::Ip => run.request.address().ok_or(Truth::Unknown).map(|address| {
            passes(matcher, address.readable().map_or(Scalar::Unreadable, Scalar::Address))
        }),
        Subject::Header(name) => of_header(run, name, matcher),
        Subject::Cookie(name) => {
            of_found(run.request.ctx().find_cookie(name), |text| passes_cookie(matcher, text))
        }
        Subject::Attribute(name) => of_attribute(run, name, matcher),
    })
}

#[inline(never)]
fn of_attribute(run: &Run<'_>, name: &AttributeName, matcher: &Matcher) -> Result<Truth, Truth> {
    let own = run.request.own_attribute(name);
    if let (Some(Attribute::Text(text)), Accepts::Anything) = (own, &name.accepts) {
        return Ok(passes_text(matcher, text));
    }
    let value = run.request.attribute_beyond(own, name).ok_or(Truth::Unknown)?;
    Ok(any_element(matcher, value, &name.accepts))
}

#[inline(never)]
fn of_header(run: &Run<'_>, name: &HeaderKey<'_>, matcher: &Matcher) -> Result<Truth, Truth> {
    of_found(run.request.ctx().find_header(name), |text| passes_text(matcher, text))
}

#[inline]
fn of_found(found: Found<'_>, passes: impl FnOnce(&str) -> Truth) -> Result<Truth, Truth> {
    match found {
        Found::NotGiven => Err(Truth::Unknown),
        Found::Absent => Err(Truth::False),
        Found::Value(bytes) => Ok(std::str::from_utf8(bytes).map_or(Truth::Unknown, passes)),
    }
}
