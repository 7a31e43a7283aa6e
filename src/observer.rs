//! What an evaluation tells of itself, to whoever watches it.

use crate::bucket::Share;
use crate::program::{FlagId, NO_BUCKET, OpId, Outcome, RuleIndex, SegmentId, Truth, VariantId};
use crate::reason::Reason;

/// Told what is tested and found, while it is.
pub(crate) trait Observer {
    /// Whether it wants to see what need not be asked, too: requirements that cannot fail, segments by
    /// themselves, and rules that a table leaves out.
    const SEES_ALL: bool;
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
    /// The condition of a rule holds, or it is closed. Of others nothing is told.
    fn rule(&mut self, index: usize, came_to: RuleResult);
    /// No rule serves, of so many.
    fn no_rule(&mut self, of: usize);
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
    Else { variant: VariantId, share: Share, bucket: u32 },
    /// It serves those who are in its rollout, if it has one, and in an arm of its split, if it has one.
    Served { variant: VariantId, share: Option<Share>, bucket: u32, arm_bucket: u32 },
}

impl RuleResult {
    /// The decision of a rule that serves. The bucket is that of its split only where there is no
    /// other.
    #[inline(always)]
    pub(crate) fn outcome(self, rule: RuleIndex) -> Option<Outcome> {
        let (variant, bucket, reason) = match self {
            RuleResult::Else { variant, bucket, .. } => (variant, bucket, Reason::Else),
            RuleResult::Served { variant, share: None, arm_bucket: NO_BUCKET, .. } => {
                (variant, NO_BUCKET, Reason::Rule)
            }
            RuleResult::Served { variant, bucket: NO_BUCKET, arm_bucket: bucket, .. }
            | RuleResult::Served { variant, bucket, .. } => (variant, bucket, Reason::Split),
            RuleResult::Closed
            | RuleResult::NotHeld
            | RuleResult::Outside { .. }
            | RuleResult::NoUnit { .. } => return None,
        };
        Some(Outcome { variant, bucket, rule, reason, no_unit: false })
    }
}

/// The observer of those who only want the answer.
pub(crate) struct Silent;

impl Observer for Silent {
    const SEES_ALL: bool = false;

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
    #[inline]
    fn no_rule(&mut self, _: usize) {}
}
