//! One attribute against its tests.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::Run;
use crate::context::{Attribute, Found, decode_percent};
use crate::literal::instant;
use crate::literal::number::Number;
use crate::literal::version::Version;
use crate::program::{Accepts, Affixes, AttributeName, Matcher, Subject, Test, Truth};

/// A longer text is unknown to every test but equality.
const MAX_TEXT: usize = 4_096;

/// One value, as a test sees it.
#[derive(Clone, Copy)]
enum Scalar<'v> {
    Text(&'v str),
    Number(Number),
    Boolean(bool),
    Instant(Timestamp),
    Address(IpAddr),
    /// There is something, and no test can read it.
    Unreadable,
}

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

fn any(mut truths: impl Iterator<Item = Truth>) -> Truth {
    let mut so_far = Truth::False;
    while let Some(truth) = (so_far != Truth::True).then(|| truths.next()).flatten() {
        so_far = so_far.or(truth);
    }
    so_far
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

/// All tests of one value, by Kleene.
fn passes(matchers: &[Matcher], value: Scalar<'_>) -> Truth {
    match matchers {
        [only] => passes_one(only, value),
        all => all.iter().fold(Truth::True, |so_far, one| so_far.and(passes_one(one, value))),
    }
}

fn passes_one(matcher: &Matcher, value: Scalar<'_>) -> Truth {
    match matcher {
        // About the attribute, not its value: decided before.
        Matcher::Exists(_) => Truth::True,
        Matcher::Equals(set) => match value {
            Scalar::Text(text) => Truth::of(set.contains(text, None)),
            _ => Truth::Unknown,
        },
        Matcher::StartsWith(affixes) => with_text(value, |text| affixes.any(text, starts_with)),
        Matcher::EndsWith(affixes) => with_text(value, |text| affixes.any(text, ends_with)),
        Matcher::Contains(affixes) => with_text(value, |text| affixes.any(text, contains)),
        Matcher::Pattern(patterns) => match value {
            Scalar::Text(text) => any(patterns
                .iter()
                .map(|pattern| pattern.is_match(text).map_or(Truth::Unknown, Truth::of))),
            _ => Truth::Unknown,
        },
        Matcher::Number(numbers) => with_number(value, |number| numbers.contains(&number)),
        Matcher::Compare(comparison, bound) => with_number(value, |number| {
            number.compare(*bound).is_some_and(|order| comparison.holds(order))
        }),
        Matcher::Boolean { accepts_true, accepts_false } => match value {
            Scalar::Boolean(true) => Truth::of(*accepts_true),
            Scalar::Boolean(false) => Truth::of(*accepts_false),
            _ => Truth::Unknown,
        },
        Matcher::AnyOf(kinds) => any(kinds.iter().map(|kind| passes_one(kind, value))),
        Matcher::Version(ranges) => match value {
            Scalar::Text(text) if text.len() <= MAX_TEXT => match Version::parse(text) {
                Some(version) => Truth::of(ranges.iter().any(|range| range.holds(&version))),
                None => Truth::Unknown,
            },
            _ => Truth::Unknown,
        },
        Matcher::After(bound) => with_instant(value, |at| at >= *bound),
        Matcher::Before(bound) => with_instant(value, |at| at < *bound),
        Matcher::Network(networks) => match value {
            Scalar::Address(address) => Truth::of(networks.contains(address)),
            _ => Truth::Unknown,
        },
    }
}

fn with_text(value: Scalar<'_>, test: impl FnOnce(&str) -> bool) -> Truth {
    match value {
        Scalar::Text(text) if text.len() <= MAX_TEXT => Truth::of(test(text)),
        _ => Truth::Unknown,
    }
}

fn with_number(value: Scalar<'_>, test: impl FnOnce(Number) -> bool) -> Truth {
    let number = match value {
        Scalar::Number(number) => Some(number),
        Scalar::Text(text) if text.len() <= MAX_TEXT => Number::parse(text),
        _ => None,
    };
    number.map_or(Truth::Unknown, |number| Truth::of(test(number)))
}

fn with_instant(value: Scalar<'_>, test: impl FnOnce(Timestamp) -> bool) -> Truth {
    let at = match value {
        Scalar::Instant(at) => Some(at),
        Scalar::Text(text) => instant::parse_instant(text),
        _ => None,
    };
    at.map_or(Truth::Unknown, |at| Truth::of(test(at)))
}

impl Affixes {
    fn any(&self, text: &str, is_so: fn(&[u8], &[u8], bool) -> bool) -> bool {
        let mut texts = self.texts.iter();
        texts.any(|affix| is_so(text.as_bytes(), affix.as_bytes(), self.ignore_case))
    }
}

fn is_same(a: &[u8], b: &[u8], ignore_case: bool) -> bool {
    if ignore_case { a.eq_ignore_ascii_case(b) } else { a == b }
}

fn starts_with(text: &[u8], prefix: &[u8], ignore_case: bool) -> bool {
    text.get(..prefix.len()).is_some_and(|head| is_same(head, prefix, ignore_case))
}

fn ends_with(text: &[u8], suffix: &[u8], ignore_case: bool) -> bool {
    let start = text.len().checked_sub(suffix.len());
    start.and_then(|at| text.get(at..)).is_some_and(|tail| is_same(tail, suffix, ignore_case))
}

fn contains(text: &[u8], part: &[u8], ignore_case: bool) -> bool {
    // A part is never empty: the file may not say so.
    text.windows(part.len().max(1)).any(|window| is_same(window, part, ignore_case))
}
