//! The evaluator: the one place where decisions are made.
//!
//! It is total: every input has an answer, nothing is allocated, nothing is locked and nothing
//! fails. It is generic over an [`Observer`], so that `decide` and `explain` are the same code and
//! cannot disagree; the observer of `decide` compiles to nothing.
//!
//! Recursion goes through segments and other flags only, and the compiler of programs bounds it:
//! 64 deep, and no decision takes more tests than its limit.

mod test;

use std::time::SystemTime;

use jiff::Timestamp;

use crate::bucket::{self, Share, UnitHash};
use crate::observer::{Inside, Observer, RuleResult, Silent};
use crate::program::{
    Asks, Extra, FirstMatchId, Flag, FlagId, FlagTest, FlagTestId, Leaf, NO_BUCKET, OpId, Outcome,
    Program, Rule, RuleIndex, SegmentId, SegmentRolloutId, Serve, StrategyId, Truth, Units,
    VariantId,
};
use crate::reason::Reason;
use crate::request::Request;

/// One evaluation: a program, and all that is known of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'r> {
    pub(crate) program: &'r Program,
    pub(crate) request: Request<'r>,
    /// The instant, for programs that speak of time.
    pub(crate) now: Timestamp,
}

/// Decides one flag.
pub(crate) fn decide<O: Observer>(run: &Run<'_>, id: FlagId, observer: &mut O) -> Outcome {
    decide_in_full(run, run.program.flags.get(id), observer)
}

/// What a flag decides that asks nothing.
#[inline]
pub(crate) fn without_context(flag: &Flag) -> Option<Outcome> {
    match flag.asks {
        Asks::Nothing(reason) => Some(ended(flag.default, reason)),
        Asks::Rules | Asks::All => None,
    }
}

/// Decides a flag that may ask for something.
#[inline(always)]
pub(crate) fn decide_in_full<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Outcome {
    match flag.asks {
        Asks::Nothing(reason) => return ended(flag.default, reason),
        Asks::Rules => {}
        Asks::All => {
            if let Some(outcome) = before_rules(run, flag, observer) {
                return outcome;
            }
        }
    }
    by_rules(run, flag, observer)
}

/// What excludes everyone from a flag, or this request.
#[inline(never)]
fn before_rules<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Option<Outcome> {
    for (index, required) in flag.requires.iter().enumerate() {
        let holds = serves(run, *required, observer);
        observer.requirement(index, holds);
        if !holds {
            let rule = RuleIndex::new(index);
            return Some(Outcome { rule, ..ended(flag.off, Reason::Prerequisite) });
        }
    }
    let is_excluded = !holds(run, flag.not_excluded, observer);
    is_excluded.then(|| ended(flag.off, Reason::Excluded))
}

/// A decision without a rule.
#[inline]
const fn ended(variant: VariantId, reason: Reason) -> Outcome {
    Outcome { variant, bucket: NO_BUCKET, rule: RuleIndex::NONE, reason, no_unit: false }
}

#[inline(always)]
fn by_rules<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Outcome {
    let rules = run.program.rules.range(flag.first_rule, flag.end_rule);
    match flag.first_match {
        Some(table) if !O::SEES_ALL => by_table(run, flag, rules, table),
        _ => first_of(run, flag, rules.iter().enumerate(), observer),
    }
}

/// As trying all rules, without those that cannot hold.
#[inline(never)]
fn by_table(run: &Run<'_>, flag: &Flag, rules: &[Rule], table: FirstMatchId) -> Outcome {
    let known_of = |subject: &_| run.request.known_of(subject, &run.program.attributes);
    let candidates = run.program.first_matches.get(table).candidates(known_of);
    let rules = candidates.filter_map(|index| rules.get(index).map(|rule| (index, rule)));
    first_of(run, flag, rules, &mut Silent)
}

/// What the first of some rules serves that serves anything, else the default.
#[inline(always)]
fn first_of<'r, O: Observer>(
    run: &Run<'_>,
    flag: &Flag,
    rules: impl Iterator<Item = (usize, &'r Rule)>,
    observer: &mut O,
) -> Outcome {
    let mut no_unit = false;
    for (index, rule) in rules {
        let (result, served) = try_rule(run, rule, observer);
        observer.rule(index, result);
        let bucket = match result {
            RuleResult::Served { bucket: NO_BUCKET, arm_bucket: bucket, .. }
            | RuleResult::Served { bucket, .. }
            | RuleResult::Else { bucket, .. } => bucket,
            RuleResult::NoUnit { .. } => {
                no_unit = true;
                NO_BUCKET
            }
            RuleResult::Closed | RuleResult::NotHeld | RuleResult::Outside { .. } => NO_BUCKET,
        };
        if let Some((variant, reason)) = served {
            let rule = RuleIndex::new(index);
            return Outcome { variant, bucket, rule, reason, no_unit: false };
        }
    }
    // Without rules it has an `unless` or a requirement, and those are passed.
    let has_rules = flag.first_rule != flag.end_rule;
    let reason = if has_rules { Reason::Default } else { Reason::Static };
    Outcome { no_unit, ..ended(flag.default, reason) }
}

#[inline(always)]
fn try_rule<O: Observer>(
    run: &Run<'_>,
    rule: &Rule,
    observer: &mut O,
) -> (RuleResult, Option<(VariantId, Reason)>) {
    let mut share = rule.share;
    let mut otherwise = None;
    if let Some(extra) = rule.extra {
        let extra = run.program.extras.get(extra);
        match share_now(run, extra, share) {
            Some(now) => share = now,
            None => return (RuleResult::Closed, None),
        }
        otherwise = extra.otherwise;
    }
    if rule.entry != OpId::YES && !holds(run, rule.entry, observer) {
        return (RuleResult::NotHeld, None);
    }

    // Everyone and no one need no unit.
    let mut bucket = NO_BUCKET;
    let mut lacks_unit = false;
    let is_in = if share == Share::ALL {
        true
    } else if share == Share::NONE {
        false
    } else {
        match unit(run, rule.units) {
            Some(unit) => {
                bucket = bucket::bucket(unit, rule.rollout_salt);
                share.holds(bucket)
            }
            None => {
                lacks_unit = true;
                false
            }
        }
    };
    if !is_in {
        return match otherwise {
            Some(variant) => (RuleResult::Else { share, bucket }, Some((variant, Reason::Else))),
            None if lacks_unit => (RuleResult::NoUnit { share: Some(share) }, None),
            None => (RuleResult::Outside { share, bucket }, None),
        };
    }

    let shown = rule.has_rollout.then_some(share);
    match rule.serve {
        Serve::Variant(variant) => {
            let reason = if rule.has_rollout { Reason::Split } else { Reason::Rule };
            let result = RuleResult::Served { share: shown, bucket, arm_bucket: NO_BUCKET };
            (result, Some((variant, reason)))
        }
        Serve::Split(split) => {
            let split = run.program.splits.get(split);
            let arm = unit(run, rule.units).and_then(|unit| {
                let arm_bucket = bucket::bucket(unit, rule.split_salt);
                let arm = bucket::arm(&split.ends, arm_bucket)?;
                split.arms.get(arm).map(|variant| (*variant, arm_bucket))
            });
            match arm {
                Some((variant, arm_bucket)) => {
                    let result = RuleResult::Served { share: shown, bucket, arm_bucket };
                    (result, Some((variant, Reason::Split)))
                }
                None => (RuleResult::NoUnit { share: shown }, None),
            }
        }
    }
}

/// The share of a rule at this instant; `None` while it is not open.
///
/// PERF: few rules speak of time, and the others need not carry what it takes (W3).
#[inline(never)]
fn share_now(run: &Run<'_>, extra: &Extra, share: Share) -> Option<Share> {
    let is_open = extra.from.is_none_or(|from| from <= run.now)
        && extra.until.is_none_or(|until| run.now < until);
    let now = extra.ramp.as_ref().map_or(share, |ramp| {
        let begun = ramp.iter().take_while(|(from, _)| *from <= run.now).last();
        begun.map_or(Share::NONE, |(_, share)| *share)
    });
    is_open.then_some(now)
}

/// Runs the code of a condition.
#[inline(never)]
fn holds<O: Observer>(run: &Run<'_>, entry: OpId, observer: &mut O) -> bool {
    let tests = &run.program.tests;
    let mut at = entry;
    while let Some(op) = run.program.ops.find(at) {
        let found = match op.leaf {
            Leaf::UserEquals(test) => test::user_equals(run, tests.get(test)),
            Leaf::TextEquals(test) => test::text_equals(run, tests.get(test)),
            Leaf::AttributeEquals(test) => test::attribute_equals(run, tests.get(test)),
            Leaf::Test(test) => test::ask(run, tests.get(test)),
            Leaf::Segment(id) => in_segment(run, id, op.wants, observer),
            Leaf::Rollout(id) => in_share(run, id, observer),
            Leaf::Flag(test) => Truth::of(serves(run, test, observer)),
            Leaf::Strategy(id) => ask_strategy(run, id),
        };
        observer.leaf(at, found);
        at = if found == op.wants { op.yes } else { op.no };
    }
    at == OpId::YES
}

/// Whether a segment is what is wanted of it.
#[inline]
fn in_segment<O: Observer>(run: &Run<'_>, id: SegmentId, wants: Truth, observer: &mut O) -> Truth {
    let segment = run.program.segments.get(id);
    let code = if wants == Truth::True { segment.holds } else { segment.fails };
    observer.enter(Inside::Segment(id, wants));
    let is_so = holds(run, code.entry, observer);
    observer.leave(None);
    // The code knows whether what is wanted is definitely so. If it is not, the opposite and the
    // unknown come to the same.
    if is_so { wants } else { Truth::Unknown }
}

/// Whether a unit is in the share of a segment.
#[inline(never)]
fn in_share<O: Observer>(run: &Run<'_>, id: SegmentRolloutId, observer: &mut O) -> Truth {
    let rollout = run.program.segment_rollouts.get(id);
    if rollout.share == Share::ALL {
        return Truth::True;
    }
    let unit = unit(run, rollout.units);
    let bucket = unit.map(|unit| bucket::bucket(unit, rollout.salt));
    observer.bucket(bucket);
    Truth::of(bucket.is_some_and(|bucket| rollout.share.holds(bucket)))
}

#[inline(never)]
fn ask_strategy(run: &Run<'_>, id: StrategyId) -> Truth {
    match &run.program.strategies.get(id).0 {
        Some(condition) => {
            let at = SystemTime::from(run.now);
            condition.holds(run.request.ctx, at).map_or(Truth::Unknown, Truth::of)
        }
        None => Truth::Unknown,
    }
}

/// Whether another flag serves one of the variants that are asked for.
#[inline(never)]
fn serves<O: Observer>(run: &Run<'_>, test: FlagTestId, observer: &mut O) -> bool {
    let FlagTest { flag, any_of } = run.program.flag_tests.get(test);
    let Some(flag) = flag else { return false };
    observer.enter(Inside::Flag(*flag));
    let outcome = decide(run, *flag, observer);
    observer.leave(Some(outcome));
    any_of.contains(&outcome.variant)
}

/// The hash of what is bucketed, if the request has it.
#[inline]
fn unit(run: &Run<'_>, units: Units) -> Option<UnitHash> {
    match (units, run.request.ctx.own_user_hash()) {
        (Units::User, Some(hash)) => Some(hash),
        _ => unit_elsewhere(run, units),
    }
}

/// PERF: nearly all units are users whom the request itself names (W3, W5).
#[inline(never)]
fn unit_elsewhere(run: &Run<'_>, units: Units) -> Option<UnitHash> {
    match units {
        Units::User => run.request.user_hash(),
        Units::FirstOf(units) => {
            run.request.first_unit(run.program.units.get(units), &run.program.attributes)
        }
    }
}
