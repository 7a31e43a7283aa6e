//! The evaluator: the one place where decisions are made.
//!
//! It is total: every input has an answer, nothing is allocated, nothing is locked and nothing
//! fails. It is generic over an [`Observer`], so that `decide` and `explain` are the same code and
//! cannot disagree; the observer of `decide` compiles to nothing.
//!
//! Recursion goes through segments and other flags only, and the compiler of programs bounds it:
//! 64 deep, and no decision takes more tests than its limit.

mod test;

use jiff::Timestamp;

use crate::bucket::{self, Share};
use crate::context::{Attribute, Context};
use crate::observer::{Inside, Observer, RuleResult};
use crate::program::{
    Asks, BySubject, Candidate, End, FirstMatchId, Flag, FlagId, FlagTest, FlagTestId, Leaf,
    NO_BUCKET, Op, OpId, Outcome, Program, Rule, RuleIndex, SegmentId, SegmentRolloutId, Serve,
    SplitId, StrategyId, Truth, VariantId,
};
use crate::reason::Reason;
use crate::request::Request;

/// One evaluation: a program, and all that is known of the request.
#[derive(Debug)]
pub(crate) struct Run<'r> {
    pub(crate) program: &'r Program,
    pub(crate) request: Request<'r>,
    /// The instant, for programs that speak of time.
    pub(crate) now: Timestamp,
}

/// Decides one flag.
#[inline(never)]
fn decide<O: Observer>(run: &Run<'_>, id: FlagId, observer: &mut O) -> Outcome {
    decide_in_full(run, run.program.flags.get(id), observer)
}

/// What a flag decides that asks nothing.
#[inline]
pub(crate) fn without_context(flag: &Flag) -> Option<Outcome> {
    match flag.asks {
        Asks::Nothing(reason) => Some(ended(flag.default, reason)),
        Asks::Bucket | Asks::Text | Asks::Table | Asks::Rules => None,
    }
}

/// What a flag decides that [asks for one bucket](Asks::Bucket), if the request itself names the user.
///
/// PERF: of all that rules can ask, it takes nothing but a hash and a comparison. An index that could
/// panic would need a frame (W3, W5).
#[inline(always)]
pub(crate) fn by_bucket(program: &Program, flag: &Flag, ctx: &Context<'_>) -> Option<Outcome> {
    let user = ctx.own_user_hash()?;
    let rule = program.rules.find(flag.first_rule)?;
    let (variant, bucket) = match rule.serve {
        Serve::Variant(variant) => {
            let bucket = bucket::bucket(user, rule.rollout_salt);
            if !rule.share.holds(bucket) {
                return Some(ended(flag.default, Reason::Default));
            }
            (variant, bucket)
        }
        Serve::Split(split) => {
            let split = program.splits.find(split)?;
            let bucket = bucket::bucket(user, split.salt);
            (split.arm(bucket)?, bucket)
        }
    };
    let (rule, reason) = (RuleIndex::new(0), Reason::Split);
    Some(Outcome { variant, bucket, rule, reason, no_unit: false })
}

/// What a flag serves that [asks for a text](Asks::Text), if the request itself has it.
///
/// PERF: without all that a rule and its steps can ask besides (W2, W7).
#[inline(always)]
pub(crate) fn by_text(program: &Program, flag: &Flag, ctx: &Context<'_>) -> Option<VariantId> {
    let found = match &program.ops.find(flag.entry)?.leaf {
        Leaf::UserEquals(set) => {
            let (user, hash) = ctx.own_user()?;
            set.holds_hashed(user, hash)
        }
        Leaf::TextEquals(builtin, set) => set.holds(ctx.own_text(*builtin)?),
        _ => return None,
    };
    match found {
        Truth::True => program.rules.find(flag.first_rule)?.serve.variant(),
        Truth::False | Truth::Unknown => Some(flag.default),
    }
}

/// Decides a flag that [asks for something](without_context).
#[inline(always)]
pub(crate) fn decide_in_full<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Outcome {
    debug_assert!(without_context(flag).is_none(), "its rules would be asked in spite of a kill");
    // PERF: what most require is on for everyone (PRODUCT).
    if O::SEES_ALL || flag.can_lack {
        if let Some(lacking) = first_lacking(run, flag, observer) {
            let rule = RuleIndex::new(lacking);
            return Outcome { rule, ..ended(flag.off, Reason::Prerequisite) };
        }
    }
    match flag.first_match {
        Some(table) => by_table(run, flag, table, observer),
        None => first_of(run, flag, || None, observer),
    }
}

/// The first requirement of a flag that does not hold.
#[inline(never)]
fn first_lacking<O: Observer>(run: &Run<'_>, flag: &Flag, observer: &mut O) -> Option<usize> {
    flag.requires.iter().enumerate().position(|(index, required)| {
        let holds = serves(run, *required, observer);
        observer.requirement(index, holds);
        !holds
    })
}

/// A decision without a rule.
#[inline]
const fn ended(variant: VariantId, reason: Reason) -> Outcome {
    Outcome { variant, bucket: NO_BUCKET, rule: RuleIndex::NONE, reason, no_unit: false }
}

/// Decides by the rules that a first-match table leaves; who sees all is shown every rule.
///
/// PERF: the lists of several subjects are gone through side by side, which one need not
/// (rules/two-in-each-rule).
#[inline(never)]
fn by_table<O: Observer>(
    run: &Run<'_>,
    flag: &Flag,
    table: FirstMatchId,
    observer: &mut O,
) -> Outcome {
    let (table, rules) = (run.program.first_matches.get(table), &run.program.rules);
    let start = |left: Candidate| flag.start(left.rule, left.is_certain, rules);
    if O::SEES_ALL {
        let mut all = (0..=u16::MAX).map_while(|rule| start(Candidate::uncertain(rule)));
        return first_of(run, flag, || all.next(), observer);
    }
    let of_subject = |subject| of_subject(&run.request, subject);
    match table.only_subject() {
        Some(only) => {
            let mut left = of_subject(only).iter();
            first_of(run, flag, || left.next().copied().and_then(start), observer)
        }
        None => {
            let mut left = table.candidates(of_subject);
            first_of(run, flag, || left.next().and_then(start), observer)
        }
    }
}

/// What a flag serves that [asks a table](Asks::Table), if what the table leaves is certain.
///
/// PERF: without all that a rule can ask besides (W6, rules/a-threshold-each).
#[inline(always)]
pub(crate) fn certain(program: &Program, flag: &Flag, request: &Request<'_>) -> Option<VariantId> {
    let only = program.first_matches.get(flag.first_match?).only_subject()?;
    let Some(first) = of_subject(request, only).first() else { return Some(flag.default) };
    if !(first.is_certain && first.is_last) {
        return None;
    }
    program.rules.find(flag.first_rule.offset(first.rule))?.serve.variant()
}

/// The rules that what the request has of a subject leaves.
///
/// PERF: what nearly all are needs no copy (W6, RULES-200, rules/a-threshold-each).
#[inline(always)]
fn of_subject<'t>(request: &Request<'_>, by: &'t BySubject) -> &'t [Candidate] {
    match request.in_place(&by.subject) {
        Some(Attribute::Text(text)) => by.candidates_of(text),
        Some(Attribute::Integer(value)) => by.candidates_of_integer(*value),
        _ => by.candidates(request.known_of(&by.subject)),
    }
}

/// Decides by the first rule that serves anything, or by the default: the code of the flag is run, and
/// where that ends without a rule, what the next of `others` starts with.
///
/// PERF: one that does not hold costs nothing beside its tests (W4, PRODUCT).
#[inline(always)]
fn first_of<O: Observer>(
    run: &Run<'_>,
    flag: &Flag,
    mut others: impl FnMut() -> Option<OpId>,
    observer: &mut O,
) -> Outcome {
    let (program, mut no_unit) = (run.program, false);
    let mut next = Some(flag.entry);
    while let Some(at) = next.or_else(&mut others) {
        let (id, result) = match steps(run, program, at, observer).end() {
            End::Rule(id) => (id, try_share(run, program, program.rules.get(id))),
            End::Window(id) => {
                let rule = program.rules.get(id);
                if program.is_open(rule, run.now) {
                    next = Some(rule.entry);
                    continue;
                }
                (id, RuleResult::Closed)
            }
            End::Excluded => return ended(flag.off, Reason::Excluded),
            End::No | End::Yes => {
                next = None;
                continue;
            }
        };
        let place = flag.place_of(id);
        observer.rule(place, result);
        if let Some(outcome) = result.outcome(RuleIndex::new(place)) {
            return outcome;
        }
        no_unit |= matches!(result, RuleResult::NoUnit { .. });
        next = flag.after(id, &program.rules);
    }
    let rules = flag.place_of(flag.end_rule);
    observer.no_rule(rules);
    // Without rules it has an `unless` or a requirement, and those are passed.
    let reason = if rules == 0 { Reason::Static } else { Reason::Default };
    Outcome { no_unit, ..ended(flag.default, reason) }
}

/// What becomes of a rule whose condition holds.
#[inline(always)]
fn try_share(run: &Run<'_>, program: &Program, rule: &Rule) -> RuleResult {
    let share = if rule.has_ramp { program.share_at(rule, run.now) } else { rule.share };
    let (is_in, bucket, lacks_unit) = match share {
        // Everyone and no one need no unit.
        Share::ALL => (true, NO_BUCKET, false),
        Share::NONE => (false, NO_BUCKET, false),
        _ => match run.request.bucket(rule.units, rule.rollout_salt, program) {
            Some(bucket) => (share.holds(bucket), bucket, false),
            None => (false, NO_BUCKET, true),
        },
    };
    if !is_in {
        let otherwise = if rule.has_else { program.otherwise(rule) } else { None };
        return match otherwise {
            Some(variant) => RuleResult::Else { variant, share, bucket },
            None if lacks_unit => RuleResult::NoUnit { share: Some(share) },
            None => RuleResult::Outside { share, bucket },
        };
    }
    let share = rule.has_rollout.then_some(share);
    let served = match rule.serve {
        Serve::Variant(variant) => Some((variant, NO_BUCKET)),
        Serve::Split(split) => arm(run, rule, split),
    };
    match served {
        Some((variant, arm_bucket)) => RuleResult::Served { variant, share, bucket, arm_bucket },
        None => RuleResult::NoUnit { share },
    }
}

/// What the arm of a split serves that the unit is in, and the bucket that put it there.
///
/// PERF: out of line, as what else few rules have (W2, W3, DEEP).
#[inline(never)]
fn arm(run: &Run<'_>, rule: &Rule, split: SplitId) -> Option<(VariantId, u32)> {
    let split = run.program.splits.get(split);
    let bucket = run.request.bucket(rule.units, split.salt, run.program)?;
    split.arm(bucket).map(|variant| (variant, bucket))
}

/// Runs code, and tells where it ends.
///
/// PERF: in the loop over what it ends with, with the program at hand (W4, PRODUCT).
#[inline(always)]
fn steps<O: Observer>(run: &Run<'_>, program: &Program, entry: OpId, observer: &mut O) -> OpId {
    let mut at = entry;
    while let Some(op) = program.ops.find(at) {
        let in_place = if O::SEES_ALL { program.segment_in_place(at) } else { None };
        let found = match in_place {
            Some((segment, wants)) => in_segment(run, segment, wants, observer),
            None => ask(run, op, observer),
        };
        observer.leaf(at, found);
        at = in_place.map_or_else(|| op.next(found), |(_, wants)| op.after(found == wants));
    }
    at
}

#[inline(always)]
fn ask<O: Observer>(run: &Run<'_>, op: &Op, observer: &mut O) -> Truth {
    let leaf = &op.leaf;
    match leaf {
        Leaf::UserEquals(set) => test::user_equals(run, leaf, set),
        Leaf::TextEquals(builtin, set) => test::text_equals(run, leaf, *builtin, set),
        Leaf::Text(builtin, matcher) => test::text(run, leaf, *builtin, matcher),
        Leaf::AttributeEquals(test) => test::attribute_equals(run, leaf, test),
        Leaf::AttributeAmong(test) => test::attribute_among(run, leaf, test),
        Leaf::Attribute(test) => test::attribute(run, leaf, test),
        Leaf::Header(test) => test::header(run, test),
        Leaf::Test(test) => test::ask(run, test),
        Leaf::Segment(id) => in_segment(run, *id, op.wants, observer),
        Leaf::Rollout(id) => in_share(run, *id, observer),
        Leaf::Flag(test) => ask_flag(run, *test, observer),
        Leaf::Strategy(id) => ask_strategy(run, *id),
    }
}

/// Whether a segment is what is wanted of it.
#[inline(never)]
fn in_segment<O: Observer>(run: &Run<'_>, id: SegmentId, wants: Truth, observer: &mut O) -> Truth {
    let code = run.program.segments.get(id).code(wants);
    observer.enter(Inside::Segment(id, wants));
    let is_so = steps(run, run.program, code.entry, observer) == OpId::YES;
    observer.leave(None);
    // Of what is not definitely so, the opposite and the unknown come to the same.
    if is_so { wants } else { Truth::Unknown }
}

/// Whether a unit is in the share of a segment.
#[inline(always)]
fn in_share<O: Observer>(run: &Run<'_>, id: SegmentRolloutId, observer: &mut O) -> Truth {
    let rollout = run.program.segment_rollouts.get(id);
    if rollout.share == Share::ALL {
        return Truth::True;
    }
    let bucket = run.request.bucket(rollout.units, rollout.salt, run.program);
    observer.bucket(bucket);
    Truth::of(bucket.is_some_and(|bucket| rollout.share.holds(bucket)))
}

#[inline(never)]
fn ask_strategy(run: &Run<'_>, id: StrategyId) -> Truth {
    // PERF: the rarest of what the loop over the steps calls, for what `set_anew` says (W4, W7).
    run.request.set_anew();
    let Some(condition) = &run.program.strategies.get(id).0 else { return Truth::Unknown };
    condition.holds(run.request.ctx(), run.now.into()).map_or(Truth::Unknown, Truth::of)
}

#[inline(never)]
fn ask_flag<O: Observer>(run: &Run<'_>, test: FlagTestId, observer: &mut O) -> Truth {
    Truth::of(serves(run, test, observer))
}

/// Whether another flag serves one of the variants that are asked for.
#[inline(always)]
fn serves<O: Observer>(run: &Run<'_>, test: FlagTestId, observer: &mut O) -> bool {
    let FlagTest { flag: Some(id), any_of } = run.program.flag_tests.get(test) else {
        return false;
    };
    let flag = run.program.flags.get(*id);
    // PERF: most are on for everyone (PRODUCT), or ask for one text (PREREQ).
    let is_of_text = !O::SEES_ALL && matches!(flag.asks, Asks::Text);
    let by_text = is_of_text.then(|| by_text(run.program, flag, run.request.ctx()));
    let variant = by_text.flatten().unwrap_or_else(|| {
        observer.enter(Inside::Flag(*id));
        let outcome = without_context(flag).unwrap_or_else(|| decide(run, *id, observer));
        observer.leave(Some(outcome));
        outcome.variant
    });
    any_of.contains(&variant)
}
