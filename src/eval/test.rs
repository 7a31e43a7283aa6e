//! One attribute against its tests.

use serde_json::Value as Json;

use super::Run;
use crate::context::{Attribute, Found, decode_percent};
use crate::literal::instant;
use crate::literal::number::Number;
use crate::program::{
    Accepts, AttributeName, MAX_TEXT, Matcher, Scalar, Subject, Test, Truth, any, passes,
};

/// What all tests of one subject together come to.
pub(super) fn ask(run: &Run<'_>, test: &Test) -> Truth {
    match &test.subject {
        Subject::Builtin(builtin) => match run.builtin(*builtin) {
            Some(text) => present(test, |matchers| passes(matchers, Scalar::Text(text))),
            None => absent(test, Truth::Unknown),
        },
        Subject::Ip => match run.ctx.address().or_else(|| run.base.address()) {
            Some(address) => present(test, |matchers| {
                let scalar = address.readable().map_or(Scalar::Unreadable, Scalar::Address);
                passes(matchers, scalar)
            }),
            None => absent(test, Truth::Unknown),
        },
        Subject::Header(name) => found(test, run.ctx.find_header(name), |matchers, text| {
            passes(matchers, Scalar::Text(text))
        }),
        Subject::Cookie(name) => found(test, run.ctx.find_cookie(name), cookie_passes),
        Subject::Attribute(id) => {
            let attribute = run.program.attributes.get(*id);
            match find_attribute(run, attribute) {
                Some(value) => {
                    present(test, |matchers| any_element(matchers, value, &attribute.accepts))
                }
                None => absent(test, Truth::Unknown),
            }
        }
    }
}

/// The tests of something that is not there: only `exists` knows the answer.
fn absent(test: &Test, otherwise: Truth) -> Truth {
    test.matchers.iter().fold(Truth::True, |so_far, matcher| {
        so_far.and(match matcher {
            Matcher::Exists(wanted) => Truth::of(!wanted),
            Matcher::Equals(_)
            | Matcher::StartsWith(_)
            | Matcher::EndsWith(_)
            | Matcher::Contains(_)
            | Matcher::Pattern(_)
            | Matcher::Number(_)
            | Matcher::Boolean { .. }
            | Matcher::AnyOf(_)
            | Matcher::Compare(..)
            | Matcher::Version(_)
            | Matcher::After(_)
            | Matcher::Before(_)
            | Matcher::Network(_) => otherwise,
        })
    })
}

/// The tests of something that is there: `exists` is about the attribute, the others are about its
/// value.
fn present(test: &Test, value: impl FnOnce(&[Matcher]) -> Truth) -> Truth {
    let exists = |matcher: &Matcher| match matcher {
        Matcher::Exists(wanted) => Some(*wanted),
        _ => None,
    };
    let others = test.matchers.iter().any(|matcher| exists(matcher).is_none());
    let existence = test.matchers.iter().filter_map(exists).all(|wanted| wanted);
    let value = if others { value(&test.matchers) } else { Truth::True };
    Truth::of(existence).and(value)
}

fn found(test: &Test, found: Found<'_>, passes: impl FnOnce(&[Matcher], &str) -> Truth) -> Truth {
    match found {
        Found::NotGiven => absent(test, Truth::Unknown),
        Found::Absent => absent(test, Truth::False),
        Found::Value(bytes) => present(test, |matchers| match std::str::from_utf8(bytes) {
            Ok(text) => passes(matchers, text),
            Err(_) => Truth::Unknown,
        }),
    }
}

/// A cookie is taken as it is; only where that does not pass, and it is percent-encoded, is it
/// decoded.
fn cookie_passes(matchers: &[Matcher], raw: &str) -> Truth {
    let as_is = passes(matchers, Scalar::Text(raw));
    if as_is == Truth::True || !raw.contains('%') {
        return as_is;
    }
    let mut buffer = [0; MAX_TEXT];
    match decode_percent(raw, &mut buffer) {
        Some(decoded) => passes(matchers, Scalar::Text(decoded)),
        None => Truth::Unknown,
    }
}

/// The attribute of the exact name, or what its name leads to inside a json attribute.
pub(super) fn find_attribute<'r>(
    run: &Run<'r>,
    attribute: &AttributeName,
) -> Option<Attribute<'r>> {
    let named = |name: &str| run.ctx.attribute(name).or_else(|| run.base.attribute(name));
    let exact = named(&attribute.name);
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

/// A list passes if one element passes all tests; what is no list is one element.
fn any_element(matchers: &[Matcher], value: Attribute<'_>, accepts: &Accepts) -> Truth {
    let one = |element: Attribute<'_>| accepted(matchers, scalar(element), accepts);
    match value {
        Attribute::List(items) => any(items.iter().map(|item| one(*item))),
        Attribute::Texts(items) => any(items.iter().map(|item| one(Attribute::Text(item)))),
        Attribute::Json(Json::Array(items)) => {
            any(items.iter().map(|item| one(Attribute::Json(item))))
        }
        Attribute::Json(Json::Null | Json::Bool(_) | Json::Number(_))
        | Attribute::Json(Json::String(_) | Json::Object(_))
        | Attribute::Text(_)
        | Attribute::Integer(_)
        | Attribute::Unsigned(_)
        | Attribute::Float(_)
        | Attribute::Boolean(_)
        | Attribute::Instant(_) => one(value),
    }
}

fn scalar(value: Attribute<'_>) -> Scalar<'_> {
    match value {
        Attribute::Text(text) => Scalar::Text(text),
        Attribute::Json(Json::String(text)) => Scalar::Text(text),
        Attribute::Integer(value) => Scalar::Number(Number::Integer(i128::from(value))),
        Attribute::Unsigned(value) => Scalar::Number(Number::Integer(i128::from(value))),
        Attribute::Float(value) if value.is_finite() => Scalar::Number(Number::Float(value)),
        Attribute::Boolean(value) => Scalar::Boolean(value),
        Attribute::Json(Json::Bool(value)) => Scalar::Boolean(*value),
        Attribute::Instant(at) => Scalar::Instant(instant::from_system(at)),
        Attribute::Json(Json::Number(number)) => match (number.as_i128(), number.as_f64()) {
            (Some(value), _) => Scalar::Number(Number::Integer(value)),
            (None, Some(value)) if value.is_finite() => Scalar::Number(Number::Float(value)),
            (None, _) => Scalar::Unreadable,
        },
        Attribute::Float(_)
        | Attribute::List(_)
        | Attribute::Texts(_)
        | Attribute::Json(Json::Null | Json::Array(_) | Json::Object(_)) => Scalar::Unreadable,
    }
}

/// The tests of a value that its declaration accepts; any other is unknown.
fn accepted(matchers: &[Matcher], value: Scalar<'_>, accepts: &Accepts) -> Truth {
    let is_accepted = match (accepts, value) {
        (Accepts::Anything, _) => true,
        (Accepts::Integers, Scalar::Number(Number::Integer(_))) => true,
        (Accepts::Integers, Scalar::Text(text)) => {
            matches!(Number::parse(text), Some(Number::Integer(_)))
        }
        (Accepts::OneOf(set), Scalar::Text(text)) => set.contains(text, None),
        (Accepts::Integers | Accepts::OneOf(_), _) => false,
    };
    if is_accepted { passes(matchers, value) } else { Truth::Unknown }
}
