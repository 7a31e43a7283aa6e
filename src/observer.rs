//! What an evaluation tells of itself, to whoever watches it.

use crate::bucket::Share;
use crate::program::{FlagId, NO_BUCKET, OpId, Outcome, SegmentId, Truth};

/// Told what is tested and found, while it is.
pub(crate) trait Observer {
    /// Whether it wants to see the rules that cannot hold, too.
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

impl RuleResult {
    /// The bucket that put the unit in or out, of a rule that serves; that of a split only where
    /// there is no other.
    #[inline]
    pub(crate) fn bucket(self) -> u32 {
        match self {
            RuleResult::Served { bucket: NO_BUCKET, arm_bucket: bucket, .. }
            | RuleResult::Served { bucket, .. }
            | RuleResult::Else { bucket, .. } => bucket,
            _ => NO_BUCKET,
        }
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
}
