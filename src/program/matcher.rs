//! One value against what a map of tests says of it.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::affix::{Affix, Affixes, Edge};
use super::{Accepts, Networks, TextSet, Truth};
use crate::context::{Attribute, decode_percent};
use crate::literal::instant;
use crate::literal::number::{Comparison, Number};
use crate::literal::pattern::Pattern;
use crate::literal::version::{Version, VersionRange};

/// What is asked of a value.
///
/// PERF: not in the niches of a number, so that it takes one comparison to tell them apart (DEEP,
/// PRODUCT).
#[derive(Clone, Debug)]
#[repr(u8)]
pub(crate) enum Matcher {
    /// Nothing is asked of the value.
    Anything,
    AllOf(Box<[Matcher]>),
    AnyOf(Box<[Matcher]>),
    Equals(TextSet),
    /// How a text starts, or ends.
    Affix(Affix),
    /// The same, of several.
    Affixes(Edge, Affixes),
    Contains(Affixes),
    Pattern(Box<[Pattern]>),
    Number(Box<[Number]>),
    Boolean {
        accepts_true: bool,
        accepts_false: bool,
    },
    Compare(Comparison, Number),
    /// The same with a bound that an attribute can be, as most are.
    ///
    /// PERF: half the instructions of a comparison in 128 bits (DEEP).
    CompareInteger(Comparison, i64),
    Version(Box<[VersionRange]>),
    After(Timestamp),
    Before(Timestamp),
    Network(Networks),
}

/// A longer text is unknown to every test but equality.
pub(crate) const MAX_TEXT: usize = 4_096;

/// One value, as a test sees it.
#[derive(Clone, Copy)]
pub(crate) enum Scalar<'v> {
    Text(&'v str),
    Number(Number),
    Boolean(bool),
    Instant(Timestamp),
    Address(IpAddr),
    /// There is something, and no test can read it.
    Unreadable,
}

impl Matcher {
    pub(crate) fn compare(comparison: Comparison, bound: Number) -> Matcher {
        match bound {
            Number::Integer(integer) => match i64::try_from(integer) {
                Ok(integer) => Matcher::CompareInteger(comparison, integer),
                Err(_) => Matcher::Compare(comparison, bound),
            },
            Number::Float(_) => Matcher::Compare(comparison, bound),
        }
    }
}

impl<'v> Scalar<'v> {
    #[inline]
    fn of(value: Attribute<'v>) -> Scalar<'v> {
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
}

/// A list passes if one element passes all tests; what is no list is one element.
#[inline]
pub(crate) fn any_element(matcher: &Matcher, value: Attribute<'_>, accepts: &Accepts) -> Truth {
    let one = |element: Attribute<'_>| accepted(matcher, Scalar::of(element), accepts);
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

/// The tests of a value that its declaration accepts; any other is unknown.
#[inline]
fn accepted(matcher: &Matcher, value: Scalar<'_>, accepts: &Accepts) -> Truth {
    let is_accepted = match (accepts, value) {
        (Accepts::Anything, _) => true,
        (Accepts::Integers, Scalar::Number(Number::Integer(_))) => true,
        (Accepts::Integers, Scalar::Text(text)) => {
            matches!(Number::parse(text), Some(Number::Integer(_)))
        }
        (Accepts::OneOf(set), Scalar::Text(text)) => set.contains(text),
        (Accepts::Integers | Accepts::OneOf(_), _) => false,
    };
    if is_accepted { passes(matcher, value) } else { Truth::Unknown }
}

/// All tests of a text.
#[inline(never)]
pub(crate) fn passes_text(matcher: &Matcher, text: &str) -> Truth {
    match matcher {
        Matcher::Equals(set) => set.holds(text),
        matcher => passes(matcher, Scalar::Text(text)),
    }
}

/// The same, in line where it is asked for one start or one end.
///
/// PERF: as what is commonest but equality (DEEP, PRODUCT).
#[inline(always)]
pub(crate) fn passes_text_here(matcher: &Matcher, text: &str) -> Truth {
    match matcher {
        Matcher::Affix(affix) => affix.is_of(text),
        Matcher::Affixes(edge, affixes) => affixes.one_is(*edge, text),
        matcher => passes_text(matcher, text),
    }
}

/// All tests of an integer.
#[inline(always)]
pub(crate) fn passes_integer(matcher: &Matcher, value: i64) -> Truth {
    match matcher {
        Matcher::CompareInteger(comparison, bound) => Truth::of(comparison.holds(value.cmp(bound))),
        matcher => passes_integer_otherwise(matcher, value),
    }
}

#[inline(never)]
fn passes_integer_otherwise(matcher: &Matcher, value: i64) -> Truth {
    passes(matcher, Scalar::Number(Number::Integer(i128::from(value))))
}

/// All tests of one value, by Kleene.
pub(crate) fn passes(matcher: &Matcher, value: Scalar<'_>) -> Truth {
    match matcher {
        Matcher::Anything => Truth::True,
        Matcher::AllOf(all) => {
            all.iter().fold(Truth::True, |so_far, one| so_far.and(passes(one, value)))
        }
        Matcher::AnyOf(kinds) => any(kinds.iter().map(|kind| passes(kind, value))),
        Matcher::Equals(set) => match value {
            Scalar::Text(text) => set.holds(text),
            _ => Truth::Unknown,
        },
        Matcher::Affix(affix) => with_text(value, |text| affix.is_of(text)),
        Matcher::Affixes(edge, affixes) => with_text(value, |text| affixes.one_is(*edge, text)),
        Matcher::Contains(affixes) => with_text(value, |text| affixes.are_in(text)),
        Matcher::Pattern(patterns) => match value {
            Scalar::Text(text) => any(patterns
                .iter()
                .map(|pattern| pattern.is_match(text).map_or(Truth::Unknown, Truth::of))),
            _ => Truth::Unknown,
        },
        Matcher::Number(numbers) => with_number(value, |number| numbers.contains(&number)),
        Matcher::Compare(comparison, bound) => compare(value, *comparison, *bound),
        Matcher::CompareInteger(comparison, bound) => {
            compare(value, *comparison, Number::Integer(i128::from(*bound)))
        }
        Matcher::Boolean { accepts_true, accepts_false } => match value {
            Scalar::Boolean(true) => Truth::of(*accepts_true),
            Scalar::Boolean(false) => Truth::of(*accepts_false),
            _ => Truth::Unknown,
        },
        Matcher::Version(ranges) => match value {
            Scalar::Text(text) => match version_of(text) {
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

/// A cookie is taken as it is; only where that does not pass, and it is percent-encoded, is it
/// decoded.
#[inline(never)]
pub(crate) fn passes_cookie(matcher: &Matcher, raw: &str) -> Truth {
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

fn with_text(value: Scalar<'_>, test: impl FnOnce(&str) -> Truth) -> Truth {
    match value {
        Scalar::Text(text) => test(text),
        _ => Truth::Unknown,
    }
}

fn with_number(value: Scalar<'_>, test: impl FnOnce(Number) -> bool) -> Truth {
    let number = match value {
        Scalar::Number(number) => Some(number),
        Scalar::Text(text) => number_of(text),
        _ => None,
    };
    number.map_or(Truth::Unknown, |number| Truth::of(test(number)))
}

fn compare(value: Scalar<'_>, comparison: Comparison, bound: Number) -> Truth {
    with_number(value, |number| number.compare(bound).is_some_and(|order| comparison.holds(order)))
}

/// The number that a text is, if it is one.
pub(super) fn number_of(text: &str) -> Option<Number> {
    Some(text).filter(|text| text.len() <= MAX_TEXT).and_then(Number::parse)
}

/// The version that a text is, if it is one.
pub(super) fn version_of(text: &str) -> Option<Version<'_>> {
    Some(text).filter(|text| text.len() <= MAX_TEXT).and_then(Version::parse)
}

fn with_instant(value: Scalar<'_>, test: impl FnOnce(Timestamp) -> bool) -> Truth {
    let at = match value {
        Scalar::Instant(at) => Some(at),
        Scalar::Text(text) => instant::parse_instant(text),
        _ => None,
    };
    at.map_or(Truth::Unknown, |at| Truth::of(test(at)))
}

/// Kleene's `or` over all, as far as it takes.
fn any(mut truths: impl Iterator<Item = Truth>) -> Truth {
    let mut so_far = Truth::False;
    while let Some(truth) = (so_far != Truth::True).then(|| truths.next()).flatten() {
        so_far = so_far.or(truth);
    }
    so_far
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bounds that an attribute can be, and that none can be.
    #[test]
    fn an_integer_is_compared_with_bounds_of_any_size() {
        let edges = [i128::from(i64::MIN), -1, 0, 1, i128::from(i64::MAX)];
        let beyond = [i128::MIN, i128::from(i64::MIN) - 1, 1 << 64, (1 << 64) + 1, i128::MAX];
        for bound in edges.into_iter().chain(beyond) {
            for (comparison, holds) in [
                (Comparison::Greater, i128::gt as fn(&i128, &i128) -> bool),
                (Comparison::GreaterOrEqual, i128::ge),
                (Comparison::Less, i128::lt),
                (Comparison::LessOrEqual, i128::le),
            ] {
                let matcher = Matcher::compare(comparison, Number::Integer(bound));
                for value in edges {
                    let expected = Truth::of(holds(&value, &bound));
                    let value = i64::try_from(value).unwrap();
                    let number = Scalar::Number(Number::Integer(i128::from(value)));
                    assert_eq!(passes_integer(&matcher, value), expected, "{value} {matcher:?}");
                    assert_eq!(passes(&matcher, number), expected, "{value} {matcher:?}");
                }
            }
        }
    }
}
