//! One value against what a map of tests says of it.

use std::net::IpAddr;

use jiff::Timestamp;

use super::{Affixes, Matcher, Truth};
use crate::literal::instant;
use crate::literal::number::Number;
use crate::literal::version::Version;

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

/// All tests of one value, by Kleene.
pub(crate) fn passes(matchers: &[Matcher], value: Scalar<'_>) -> Truth {
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

/// Kleene's `or` over all, as far as it takes.
pub(crate) fn any(mut truths: impl Iterator<Item = Truth>) -> Truth {
    let mut so_far = Truth::False;
    while let Some(truth) = (so_far != Truth::True).then(|| truths.next()).flatten() {
        so_far = so_far.or(truth);
    }
    so_far
}
