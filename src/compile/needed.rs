//! What a rule needs of a context in order to hold, for first-match tables.

use crate::bucket::Share;
use crate::ir::{Condition, Declared, Entries, Matcher, Name, Rule, Subject, Test, TextRelation};
use crate::literal::interval::Interval;
use crate::literal::number::{Comparison, Number};
use crate::program::{Needed, Wanted};

/// The values that a rule cannot do without, and whether it needs no more than one of them.
pub(super) fn needed_by(rule: &Rule) -> Vec<Needed<'_, &Subject>> {
    let Some(when) = &rule.when else { return Vec::new() };
    let is_enough = rule.more().unless.is_empty() && asks_once(when);
    let is_last = serves_all(rule);
    needed(when).into_iter().map(|needed| Needed { is_enough, is_last, ..needed }).collect()
}

/// Whether a rule serves whomever its condition holds for.
fn serves_all(rule: &Rule) -> bool {
    let more = rule.more();
    let is_open = more.from.is_none() && more.until.is_none();
    let is_whole = more.ramp.is_none() && rule.share.is_none_or(|share| share == Share::ALL);
    is_open && is_whole && rule.serve.is_some()
}

/// Whether a condition is what it [needs](needed) and nothing else. All comparisons are in the one
/// interval that is needed; of other tests only the first is.
fn asks_once(condition: &Condition) -> bool {
    let Condition::Test(test) = condition else { return false };
    match (&test.subject, &*test.matchers) {
        // Of a text that the declaration does not have, nothing is known.
        (Subject::Attribute(_, Declared::OneOf(_)), _) => false,
        (_, [_]) => true,
        (_, several) => several.iter().all(|matcher| matches!(matcher, Matcher::Compare(..))),
    }
}

/// Of the tests that must hold, what those need that a table can answer.
fn needed(condition: &Condition) -> Vec<Needed<'_, &Subject>> {
    match condition {
        Condition::All(parts) => parts.iter().flat_map(needed).collect(),
        Condition::Test(test) => needed_by_test(test).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn needed_by_test(test: &Test) -> Option<Needed<'_, &Subject>> {
    let any_of = test.matchers.iter().find_map(wanted).or_else(|| compared(&test.matchers))?;
    Some(Needed { subject: &test.subject, any_of, is_enough: false, is_last: false })
}

/// The numbers that all comparisons let in, if there are any comparisons.
fn compared(matchers: &[Matcher]) -> Option<Vec<Wanted<'static>>> {
    let comparisons = matchers.iter().filter_map(|matcher| match matcher {
        Matcher::Compare(comparison, bound) => Some((*comparison, **bound)),
        _ => None,
    });
    let narrow = |interval: Option<Interval<Number>>, (comparison, bound): (Comparison, _)| {
        Some(comparison.narrow(interval.unwrap_or(Interval::ALL), bound))
    };
    comparisons.fold(None, narrow).map(|interval| vec![Wanted::Number(interval)])
}

fn wanted<'m>(matcher: &'m Matcher) -> Option<Vec<Wanted<'m>>> {
    /// Longer lists are quicker to ask than to spread over a table.
    const FEW: usize = 64;
    match matcher {
        Matcher::Text { relation, any_of, ignore_case: false } if any_of.len() <= FEW => {
            let wanted: fn(&'m Name) -> Wanted<'m> = match relation {
                TextRelation::Equals => |text| Wanted::Text(text),
                TextRelation::StartsWith => |start| Wanted::Start(start),
                TextRelation::EndsWith => |end| Wanted::End(end),
                TextRelation::Contains => return None,
            };
            Some(any_of.iter().map(wanted).collect())
        }
        Matcher::Listed(listed) => match &listed.entries {
            Entries::Texts { texts, ignore_case: false } if texts.len() <= FEW => {
                Some(texts.iter().map(|text| Wanted::Text(text)).collect())
            }
            Entries::Texts { .. } | Entries::Networks(_) => None,
        },
        Matcher::Number(numbers) if numbers.len() <= FEW => {
            Some(numbers.iter().map(|number| Wanted::Number(Interval::ALL.only(*number))).collect())
        }
        Matcher::Version(ranges) if ranges.len() <= FEW => {
            Some(ranges.iter().map(|range| Wanted::Version(range.interval().clone())).collect())
        }
        _ => None,
    }
}
