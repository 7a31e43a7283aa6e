//! Conditions and shares in words.

use jiff::Timestamp;

use super::{Finding, Step};
use crate::bucket::{self, Share};
use crate::ir::{
    Condition, Entries, Flag, Listed, Matcher, Name, Ramp, Requirement, Rule, Test, TextRelation,
    UnitName,
};
use crate::observer::RuleResult;
use crate::program::NO_BUCKET;

/// How many items of a list are shown.
const MOST_ITEMS: usize = 4;

/// A condition that is not made of others.
pub(super) fn leaf(condition: &Condition) -> String {
    match condition {
        Condition::Test(test) => of_test(test),
        Condition::Segment { name, .. } => format!("segment {name}"),
        Condition::Flag(named) => {
            let variants: Vec<&str> = named.variants.iter().map(|(name, _)| &**name).collect();
            format!("flag.{} serves {}", named.flag, variants.join(" or "))
        }
        Condition::Strategy(used) => format!("strategy {} {}", used.name, used.parameters),
        Condition::Rollout(rollout) => {
            format!("in {} by {}", rollout.share, of_units(&rollout.units))
        }
        Condition::Everyone | Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
            String::new()
        }
    }
}

/// What a flag requires of another.
pub(super) fn required(required: &Requirement) -> String {
    let variants: Vec<&str> = required.variants.iter().map(|(name, _)| &**name).collect();
    let wanted = if variants.is_empty() { "on".to_owned() } else { variants.join(" or ") };
    format!("requires {} to serve {wanted}", required.flag)
}

fn of_test(test: &Test) -> String {
    let tests: Vec<String> = test.matchers.iter().map(of_matcher).collect();
    format!("{} {}", test.subject, tests.join(" and "))
}

fn of_matcher(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Exists(true) => "exists".to_owned(),
        Matcher::Exists(false) => "does not exist".to_owned(),
        Matcher::Text { relation, any_of, ignore_case } => {
            let verb = match relation {
                TextRelation::Equals => "is",
                TextRelation::StartsWith => "starts with",
                TextRelation::EndsWith => "ends with",
                TextRelation::Contains => "contains",
            };
            let any_of = one_of(any_of.iter().map(Name::to_string));
            format!("{verb} {any_of}{}", in_which_case(*ignore_case))
        }
        Matcher::Pattern(patterns) => {
            let patterns = patterns.iter().map(|pattern| format!("/{}/", pattern.text()));
            format!("matches {}", one_of(patterns))
        }
        Matcher::Number(numbers) => {
            format!("is {}", one_of(numbers.iter().map(ToString::to_string)))
        }
        Matcher::Boolean(values) => {
            format!("is {}", one_of(values.iter().map(ToString::to_string)))
        }
        Matcher::AnyOf(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(of_matcher).collect();
            kinds.join(" or ")
        }
        Matcher::Compare(comparison, bound) => {
            let sign = match comparison.key() {
                "gt" => ">",
                "gte" => ">=",
                "lt" => "<",
                _ => "<=",
            };
            format!("{sign} {bound}")
        }
        Matcher::Version(ranges) => {
            format!("is a version {}", one_of(ranges.iter().map(ToString::to_string)))
        }
        Matcher::After(at) => format!("is at or after {at}"),
        Matcher::Before(at) => format!("is before {at}"),
        Matcher::Network(any_of) => {
            format!("is in {}", one_of(any_of.iter().map(ToString::to_string)))
        }
        Matcher::Listed(listed) => {
            let Listed { file, entries } = &**listed;
            let (count, folded) = match entries {
                Entries::Texts { texts, ignore_case } => (texts.len(), in_which_case(*ignore_case)),
                Entries::Networks(networks) => (networks.len(), ""),
            };
            format!("is in {file}, {}{folded}", of_entries(count))
        }
    }
}

fn in_which_case(ignore_case: bool) -> &'static str {
    if ignore_case { ", in any case" } else { "" }
}

fn of_entries(count: usize) -> String {
    let plural = if count == 1 { "y" } else { "ies" };
    format!("{count} entr{plural}")
}

fn one_of(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let shown: Vec<&str> = items.iter().take(MOST_ITEMS).map(String::as_str).collect();
    let text = shown.join(" or ");
    match items.len().checked_sub(MOST_ITEMS) {
        None | Some(0) => text,
        Some(more) => format!("{text} or {more} others"),
    }
}

fn of_units(units: &[UnitName]) -> String {
    let names: Vec<String> = units
        .iter()
        .map(|unit| match unit {
            UnitName::Builtin(builtin) => builtin.name().to_owned(),
            UnitName::Attribute(name) => format!("attr.{name}"),
        })
        .collect();
    names.join(" or ")
}

/// The window of a rule, where it has one; where it is closed, with the instant.
pub(super) fn window(rule: &Rule, result: &RuleResult, now: Option<Timestamp>) -> Option<Step> {
    let mut text = match (rule.more().from, rule.more().until) {
        (None, None) => return None,
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("from {from} until {until}"),
    };
    let found = match result {
        RuleResult::Closed => {
            text.extend(now.map(|now| format!(", and it is {now:.0}")));
            Finding::False
        }
        RuleResult::NotHeld
        | RuleResult::Outside { .. }
        | RuleResult::NoUnit { .. }
        | RuleResult::Else { .. }
        | RuleResult::Served { .. } => Finding::True,
    };
    Some(Step { text, found, place: None, steps: Vec::new() })
}

/// What the rollout and the split of a rule came to.
pub(super) fn share(
    rule: &Rule,
    flag: &Flag,
    result: &RuleResult,
    now: Option<Timestamp>,
) -> Vec<Step> {
    let step = |text, found| Step { text, found, place: None, steps: Vec::new() };
    let ramp = ramp(rule, now);
    let rollout = |share: Share, bucket| {
        let is_asked = share != Share::ALL && share != Share::NONE;
        match is_asked {
            true => against(share, (bucket != NO_BUCKET).then_some(bucket), rule.units(), &ramp),
            false => format!("in {share}{ramp}"),
        }
    };
    match *result {
        RuleResult::Closed | RuleResult::NotHeld => Vec::new(),
        RuleResult::Outside { share, bucket } | RuleResult::Else { share, bucket, .. } => {
            let lacks_unit = bucket == NO_BUCKET && share != Share::NONE;
            let found = if lacks_unit { Finding::Unknown } else { Finding::False };
            vec![step(rollout(share, bucket), found)]
        }
        RuleResult::Served { share, bucket, arm_bucket, .. } => {
            let rollout = share.map(|share| step(rollout(share, bucket), Finding::True));
            let split = arm_of(rule, flag, arm_bucket).map(|arm| {
                let by = of_units(rule.units());
                step(format!("split by {by}: bucket {arm_bucket}, {arm}"), Finding::True)
            });
            rollout.into_iter().chain(split).collect()
        }
        RuleResult::NoUnit { share } => {
            let split = || format!("split by {}, which is not given", of_units(rule.units()));
            match share {
                None => vec![step(split(), Finding::Unknown)],
                // Everyone is in without a unit, which the split then lacks.
                Some(Share::ALL) => vec![
                    step(rollout(Share::ALL, NO_BUCKET), Finding::True),
                    step(split(), Finding::Unknown),
                ],
                Some(share) => vec![step(rollout(share, NO_BUCKET), Finding::Unknown)],
            }
        }
    }
}

/// Where a ramp stands: at which instant, what holds it, and what comes next.
fn ramp(rule: &Rule, now: Option<Timestamp>) -> String {
    let (Some(Ramp { steps, hold }), Some(now)) = (&rule.more().ramp, now) else {
        return String::new();
    };
    let stands = steps.iter().take_while(|(from, _)| *from <= now).last();
    let held = hold.filter(|hold| stands.is_some_and(|(_, share)| share == hold));
    let next = steps
        .iter()
        .find(|(from, share)| *from > now && stands.is_none_or(|(_, before)| before != share));
    let more = match (held, next) {
        (Some(hold), _) => format!(", held at {hold}"),
        (None, Some((from, share))) => format!(", {share} from {from}"),
        (None, None) => String::new(),
    };
    format!(" (the ramp at {now:.0}{more})")
}

/// A bucket against the share that it must be in.
pub(super) fn against(
    share: Share,
    bucket: Option<u32>,
    units: &[UnitName],
    remark: &str,
) -> String {
    let by = of_units(units);
    match bucket {
        None => format!("in {share} by {by}, which is not given{remark}"),
        Some(bucket) => {
            let end = share.buckets();
            format!("in {share} by {by}: bucket {bucket}, below {end} is in{remark}")
        }
    }
}

/// The buckets that have the same arm of a rule's split, and its variant.
fn arm_of(rule: &Rule, flag: &Flag, bucket: u32) -> Option<String> {
    let weights = &rule.more().split;
    let numbers: Vec<u32> = weights.iter().map(|(_, weight)| *weight).collect();
    let ends = bucket::arm_ends(&numbers)?;
    let arm = bucket::arm(&ends, bucket)?;
    let start = arm.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let (end, (variant, _)) = (ends.get(arm)?, weights.get(arm)?);
    let variant = flag.variants.get(usize::from(variant.0))?;
    Some(format!("{start} to {} is {}", end - 1, variant.name))
}
