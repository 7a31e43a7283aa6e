//! What a rule needs of a context in order to hold, for first-match tables.

use crate::ir::{Condition, Declared, Entries, Matcher, Name, Rule, Subject, Test, TextRelation};
use crate::program::{Needed, Wanted};

/// The values that a rule cannot do without, and whether it needs no more than one of them.
pub(super) fn needed_by(rule: &Rule) -> Vec<Needed<'_, &Subject>> {
    let Some(when) = &rule.when else { return Vec::new() };
    let is_enough = rule.more().unless.is_empty() && asks_once(when);
    needed(when).into_iter().map(|needed| Needed { is_enough, ..needed }).collect()
}

/// Whether a condition is a single test of a value, of which every text is known to it.
fn asks_once(condition: &Condition) -> bool {
    let Condition::Test(test) = condition else { return false };
    match &test.subject {
        // Of a text that the declaration does not have, nothing is known.
        Subject::Attribute(_, Declared::OneOf(_) | Declared::Integer) => false,
        _ => test.matchers.len() == 1,
    }
}

/// What is tested for equality, and must hold.
fn needed(condition: &Condition) -> Vec<Needed<'_, &Subject>> {
    match condition {
        Condition::All(parts) => parts.iter().flat_map(needed).collect(),
        Condition::Test(test) => needed_by_test(test).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn needed_by_test(test: &Test) -> Option<Needed<'_, &Subject>> {
    let any_of = test.matchers.iter().find_map(wanted)?;
    Some(Needed { subject: &test.subject, any_of, is_enough: false })
}

fn wanted<'m>(matcher: &'m Matcher) -> Option<Vec<Wanted<'m>>> {
    /// Longer lists are quicker to ask than to spread over a table.
    const FEW: usize = 64;
    let of_texts = |texts: &'m [Name]| {
        (texts.len() <= FEW).then(|| texts.iter().map(|text| Wanted::Text(text)).collect())
    };
    match matcher {
        Matcher::Text { relation: TextRelation::Equals, any_of, ignore_case: false } => {
            of_texts(any_of)
        }
        Matcher::Listed(listed) => match &listed.entries {
            Entries::Texts { texts, ignore_case: false } => of_texts(texts),
            Entries::Texts { .. } | Entries::Networks(_) => None,
        },
        Matcher::Number(numbers) if numbers.len() <= FEW => {
            Some(numbers.iter().map(|number| Wanted::number(*number)).collect())
        }
        _ => None,
    }
}
