//! What `check` warns of: a document that loads and may not mean what was meant.

use std::sync::Arc;

use jiff::civil::Date;

use crate::bucket::Share;
use crate::ir::{Condition, Document, Flag, Matcher, Rule, Scope, Subject, Test};
use crate::report::Code;
use crate::source::{Owner, Problem};

/// Warnings on a document; `today` is the date in UTC.
pub(crate) fn warnings(document: &Document, today: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    for flag in document.flags.iter() {
        let name = &flag.name;
        let owner = Owner::Flag(Arc::clone(name));
        if let Some(expires) = flag.metadata.expires.filter(|expires| *expires < today) {
            let message = format!("the flag `{name}` expired on {expires}");
            found.push(
                Problem::warning(Code::Expired, message, flag.spot, owner.clone())
                    .with_help("remove it from the code and from here, or move the date"),
            );
        }
        for (index, rule) in flag.rules.iter().enumerate() {
            found.extend(lets_strangers_in(rule, flag).map(|help| {
                let message = format!(
                    "the rule `{}` turns the flag on for whoever sends the header or cookie",
                    rule.name
                );
                Problem::warning(Code::RequestTargeting, message, rule.spot.into(), owner.clone())
                    .with_help(help)
            }));
            if rule.when.as_ref().is_some_and(|when| lets_the_unknown_in(when, false)) {
                let message =
                    format!("the rule `{}` lets in whoever lacks an attribute", rule.name);
                found.push(
                    Problem::warning(Code::LetsIn, message, rule.spot.into(), owner.clone())
                        .with_help("`exists: false` is true of every request that does not say"),
                );
            }
            if takes_everyone(rule) && index + 1 < flag.rules.len() {
                if let Some(behind) = flag.rules.get(index + 1) {
                    let message = format!(
                        "the rule `{}` is never tried: `{}` takes everyone",
                        behind.name, rule.name
                    );
                    found.push(Problem::warning(
                        Code::Unreachable,
                        message,
                        behind.spot.into(),
                        owner.clone(),
                    ));
                }
                break;
            }
        }
    }
    found
}

fn takes_everyone(rule: &Rule) -> bool {
    let everyone = rule.when.as_ref().is_none_or(|when| *when == Condition::Everyone);
    let more = rule.more();
    let full = more.ramp.is_none() && rule.share.is_none_or(|share| share == Share::ALL);
    let certain = rule.serve.is_some();
    everyone
        && (full || more.otherwise.is_some())
        && certain
        && more.unless.is_empty()
        && more.from.is_none()
        && more.until.is_none()
}

/// Whether a rule serves something else than the off variant on the word of the request alone.
fn lets_strangers_in(rule: &Rule, flag: &Flag) -> Option<&'static str> {
    let turns_on = rule.serve != Some(flag.off);
    let when = rule.when.as_ref()?;
    let suspicious = turns_on
        && !rule.more().allows_request_targeting
        && needs_only_request(when, &flag.scope, 0);
    suspicious.then_some(
        "if that is meant, say `request_targeting: allow`; if not, add a test that strangers \
         cannot pass",
    )
}

/// Whether headers and cookies can make the condition true, whatever else is known.
fn needs_only_request(condition: &Condition, scope: &Scope, depth: usize) -> bool {
    match condition {
        Condition::Test(test) => matches!(test.subject, Subject::Header(_) | Subject::Cookie(_)),
        Condition::Not(part) => needs_only_request(part, scope, depth),
        Condition::All(parts) => parts.iter().all(|part| needs_only_request(part, scope, depth)),
        Condition::Any(parts) => parts.iter().any(|part| needs_only_request(part, scope, depth)),
        Condition::Segment { name, .. } => {
            let segment = scope.segments.get(name).filter(|_| depth < super::order::MAX_DEPTH);
            segment.is_some_and(|segment| needs_only_request(&segment.when, scope, depth + 1))
        }
        Condition::Everyone
        | Condition::Flag { .. }
        | Condition::Strategy { .. }
        | Condition::Rollout { .. } => false,
    }
}

/// Whether `exists` makes the condition true of a request that says nothing.
fn lets_the_unknown_in(condition: &Condition, negated: bool) -> bool {
    match condition {
        Condition::Test(test) => {
            let Test { subject, matchers } = &**test;
            let is_of_request = matches!(subject, Subject::Header(_) | Subject::Cookie(_));
            !is_of_request && matches!(matchers[..], [Matcher::Exists(wanted)] if wanted == negated)
        }
        Condition::Not(part) => lets_the_unknown_in(part, !negated),
        Condition::All(parts) | Condition::Any(parts) => {
            let is_all = matches!(condition, Condition::All(_)) != negated;
            match is_all {
                true => parts.iter().all(|part| lets_the_unknown_in(part, negated)),
                false => parts.iter().any(|part| lets_the_unknown_in(part, negated)),
            }
        }
        Condition::Everyone
        | Condition::Segment { .. }
        | Condition::Flag { .. }
        | Condition::Strategy { .. }
        | Condition::Rollout { .. } => false,
    }
}
