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
use crate::context::{Attribute, Builtin, Context, ContextBuf};
use crate::program::{
    Flag, FlagId, FlagTest, FlagTestId, Leaf, NO_BUCKET, Op, OpId, Outcome, Program, Rule,
    RuleIndex, SegmentId, Serve, Truth, UnitSource, Units, VariantId,
};
use crate::reason::Reason;

/// Told what is tested and found, while it is.
pub(crate) trait Observer {
    /// What a leaf is a share of: its bucket, or that there is nothing to bucket.
    fn bucket(&mut self, bucket: Option<u32>);
    /// A leaf was asked.
    fn leaf(&mut self, op: OpId, found: Truth);
    /// What follows happens inside another flag, or a segment of which this is wanted.
    fn enter(&mut self, inside: Inside);
    /// It is over; of a flag, with what it decided.
    fn leave(&mut self, outcome: Option<Outcome>);
    /// A requirement was asked.
    fn requirement(&mut self, index: usize, holds: bool);
    /// A rule was tried.
    fn rule(&mut self, index: usize, came_to: RuleResult);
}

/// What an observer is inside of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inside {
    Flag(FlagId),
    Segment(SegmentId, Truth),
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleResult {
    /// It is not open at this instant.
    Closed,
    /// Its condition is not definitely true.
    NotHeld,
    /// The unit is outside the share; the next rule is tried.
    Outside { share: Share, bucket: u32 },
    /// There is nothing to bucket; the next rule is tried.
    NoUnit { share: Option<Share> },
    /// The unit is outside, or there is none, and the rule says what then.
    Else { share: Share, bucket: u32 },
    /// It serves.
    Served { share: Option<Share>, bucket: u32, arm_bucket: u32 },
}

/// The observer of those who only want the answer.
pub(crate) struct Silent;

impl Observer for Silent {
    #[inline]
    fn bucket(&mut self, _: Option<u32>) {}
    #[inline]
    fn leaf(&mut self, _: OpId, _: Truth) {}
    #[inline]
    fn enter(&mut self, _: Inside) {}
    #[inline]
    fn leave(&mut self, _: Option<Outcome>) {}
    #[inline]
    fn requirement(&mut self, _: usize, _: bool) {}
    #[inline]
    fn rule(&mut self, _: usize, _: RuleResult) {}
}

/// One evaluation: a program, and all that is known of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'r> {
    pub(crate) program: &'r Program,
    pub(crate) ctx: &'r Context<'r>,
    /// What the service knows of every request.
    pub(crate) base: &'r ContextBuf,
    /// The instant, for programs that speak of time.
    pub(crate) now: Timestamp,
}

/// Decides one flag.
pub(crate) fn decide<O: Observer>(run: &Run<'_>, id: FlagId, observer: &mut O) -> Outcome {
    let flag = run.program.flags.get(id);
    without_context(flag).unwrap_or_else(|| decide_in_full(run, flag, observer))
}

/// What a flag decides that asks nothing.
#[inline]
pub(crate) fn without_context(flag: &Flag) -> Option<Outcome> {
    let asks_nothing = flag.first_rule == flag.end_rule
        && !flag.is_killed
        && flag.requires.is_empty()
        && flag.not_excluded == OpId::YES;
    asks_nothing.then(|| ended(flag.default, Reason::Static))
}

/// Decides a flag that asks for something.
#[inline]
pub(crate) fn decide_in_full<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Outcome {
    if flag.is_killed {
        return ended(flag.off, Reason::Killed);
    }
    for (index, required) in flag.requires.iter().enumerate() {
        let holds = serves(run, *required, observer);
        observer.requirement(index, holds);
        if !holds {
            let rule = RuleIndex::new(index);
            return Outcome { rule, ..ended(flag.off, Reason::Prerequisite) };
        }
    }
    if !holds(run, flag.not_excluded, observer) {
        return ended(flag.off, Reason::Excluded);
    }
    by_rules(run, flag, observer)
}

/// A decision without a rule.
#[inline]
const fn ended(variant: VariantId, reason: Reason) -> Outcome {
    Outcome { variant, bucket: NO_BUCKET, rule: RuleIndex::NONE, reason, no_unit: false }
}

#[inline]
fn by_rules<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Outcome {
    let rules = run.program.rules.range(flag.first_rule, flag.end_rule);
    let mut no_unit = false;
    for (index, rule) in rules.iter().enumerate() {
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
            return Outcome {
                variant,
                bucket,
                rule: RuleIndex::new(index),
                reason,
                no_unit: false,
            };
        }
    }
    let reason = if rules.is_empty() { Reason::Static } else { Reason::Default };
    Outcome { no_unit, ..ended(flag.default, reason) }
}

#[inline]
fn try_rule<O: Observer>(
    run: &Run<'_>,
    rule: &Rule,
    observer: &mut O,
) -> (RuleResult, Option<(VariantId, Reason)>) {
    let mut share = rule.share;
    let mut otherwise = None;
    if let Some(extra) = rule.extra {
        let extra = run.program.extras.get(extra);
        let is_open = extra.from.is_none_or(|from| from <= run.now)
            && extra.until.is_none_or(|until| run.now < until);
        if !is_open {
            return (RuleResult::Closed, None);
        }
        if let Some(ramp) = &extra.ramp {
            let begun = ramp.iter().take_while(|(from, _)| *from <= run.now).last();
            share = begun.map_or(Share::NONE, |(_, share)| *share);
        }
        otherwise = extra.otherwise;
    }
    if !holds(run, rule.entry, observer) {
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

/// Runs the code of a condition.
#[inline]
fn holds<O: Observer>(run: &Run<'_>, entry: OpId, observer: &mut O) -> bool {
    let mut at = entry;
    loop {
        if at == OpId::YES {
            return true;
        }
        if at == OpId::NO {
            return false;
        }
        let op = run.program.ops.get(at);
        let found = match op.leaf {
            Leaf::Test(test) => test::ask(run, run.program.tests.get(test)),
            _ => ask(run, op, observer),
        };
        observer.leaf(at, found);
        at = if found == op.wants { op.yes } else { op.no };
    }
}

/// Asks a leaf of any kind.
///
/// PERF: kept apart from the loop, where nearly all leaves are tests (W4, DEEP).
#[inline(never)]
fn ask<O: Observer>(run: &Run<'_>, op: &Op, observer: &mut O) -> Truth {
    match op.leaf {
        Leaf::Test(test) => test::ask(run, run.program.tests.get(test)),
        Leaf::Segment(id) => {
            let segment = run.program.segments.get(id);
            let code = if op.wants == Truth::True { segment.holds } else { segment.fails };
            observer.enter(Inside::Segment(id, op.wants));
            let is_so = holds(run, code.entry, observer);
            observer.leave(None);
            // The code knows whether what is wanted is definitely so. If it is not, the opposite
            // and the unknown come to the same.
            if is_so { op.wants } else { Truth::Unknown }
        }
        Leaf::Flag(test) => Truth::of(serves(run, test, observer)),
        Leaf::Strategy(id) => match &run.program.strategies.get(id).0 {
            Some(condition) => {
                let at = SystemTime::from(run.now);
                condition.holds(run.ctx, at).map_or(Truth::Unknown, Truth::of)
            }
            None => Truth::Unknown,
        },
        Leaf::Rollout(id) => {
            let rollout = run.program.segment_rollouts.get(id);
            if rollout.share == Share::ALL {
                return Truth::True;
            }
            let unit = unit(run, rollout.units);
            let bucket = unit.map(|unit| bucket::bucket(unit, rollout.salt));
            observer.bucket(bucket);
            Truth::of(bucket.is_some_and(|bucket| rollout.share.holds(bucket)))
        }
    }
}

/// Whether another flag serves one of the variants that are asked for.
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
    match units {
        Units::User => user(run),
        Units::FirstOf(units) => first_of(run, run.program.units.get(units)),
    }
}

#[inline]
fn user(run: &Run<'_>) -> Option<UnitHash> {
    let of_base = || run.base.builtin(Builtin::User).map(|user| UnitHash::of(user.as_bytes()));
    run.ctx.user_hash().or_else(of_base)
}

fn first_of(run: &Run<'_>, sources: &[UnitSource]) -> Option<UnitHash> {
    sources.iter().find_map(|source| match source {
        UnitSource::Builtin(Builtin::User) => user(run),
        UnitSource::Builtin(builtin) => {
            run.builtin(*builtin).map(|text| UnitHash::of(text.as_bytes()))
        }
        UnitSource::Attribute(id) => test::find_attribute(run, run.program.attributes.get(*id))
            .and_then(Attribute::unit_hash),
    })
}

impl<'r> Run<'r> {
    #[inline]
    fn builtin(&self, builtin: Builtin) -> Option<&'r str> {
        self.ctx.builtin(builtin).or_else(|| self.base.builtin(builtin))
    }
}
