//! Rules: whom they serve what, and when.

use jiff::Timestamp;

use super::{ExtraId, OpId, Program, RuleId, SplitId, Units, VariantId};
use crate::bucket::{self, Salt, Share};

/// One rule.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// Where the code of its condition starts, its own `unless` included. It goes to this
    /// [rule](OpId::rule), or to where the next one [starts](Rule::start); to [`OpId::NO`] behind the
    /// last one, and of a flag with a first-match table behind each.
    pub(crate) entry: OpId,
    pub(crate) serve: Serve,
    /// Who of those it matches, unless the extra has a ramp.
    pub(crate) share: Share,
    /// Whether the file gives it a rollout, of whatever share.
    pub(crate) has_rollout: bool,
    /// Whether its extra has an instant from or until which it is open.
    pub(crate) has_window: bool,
    /// Whether its extra has a ramp.
    pub(crate) has_ramp: bool,
    /// Whether its extra has what it serves those who are outside its share.
    pub(crate) has_else: bool,
    pub(crate) units: Units,
    pub(crate) rollout_salt: Salt,
    pub(crate) extra: Option<ExtraId>,
    /// The first of its ops, for explanations.
    pub(crate) first_op: OpId,
}

impl Rule {
    /// Where it is tried, in the code of its flag.
    #[inline]
    pub(crate) fn start(&self, id: RuleId) -> OpId {
        if self.has_window { OpId::window(id) } else { self.entry }
    }
}

/// What few rules have.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// The share from each instant on, in their order.
    pub(crate) ramp: Box<[(Timestamp, Share)]>,
    pub(crate) otherwise: Option<VariantId>,
}

// PERF: few rules speak of time. The others need not carry what these take, which is loaded before the
// loop over the steps where it is not out of line (W2, W3, DEEP).
impl Program {
    /// Whether a rule that has a window is open at an instant.
    #[inline(never)]
    pub(crate) fn is_open(&self, rule: &Rule, at: Timestamp) -> bool {
        rule.extra.is_none_or(|extra| self.extras.get(extra).is_open(at))
    }

    /// The share of a rule that has a ramp, at an instant.
    #[inline(never)]
    pub(crate) fn share_at(&self, rule: &Rule, at: Timestamp) -> Share {
        rule.extra.map_or(rule.share, |extra| self.extras.get(extra).share_at(at))
    }

    /// What a rule serves those who are outside its share.
    #[inline(never)]
    pub(crate) fn otherwise(&self, rule: &Rule) -> Option<VariantId> {
        rule.extra.and_then(|extra| self.extras.get(extra).otherwise)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Serve {
    Variant(VariantId),
    Split(SplitId),
}

impl Serve {
    /// The variant that everyone is served.
    #[inline]
    pub(crate) fn variant(self) -> Option<VariantId> {
        match self {
            Serve::Variant(variant) => Some(variant),
            Serve::Split(_) => None,
        }
    }
}

impl Extra {
    /// Whether a rule is open at an instant.
    pub(crate) fn is_open(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// The share of a ramp at an instant.
    pub(crate) fn share_at(&self, at: Timestamp) -> Share {
        let mut share = Share::NONE;
        for (from, to) in &self.ramp {
            if *from > at {
                break;
            }
            share = *to;
        }
        share
    }
}

/// Arms with their ends, in the order of their names.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    pub(crate) salt: Salt,
    pub(crate) ends: Box<[u32]>,
    pub(crate) arms: Box<[VariantId]>,
}

impl Split {
    /// What the arm of a bucket serves.
    pub(crate) fn arm(&self, bucket: u32) -> Option<VariantId> {
        bucket::arm(&self.ends, bucket).and_then(|arm| self.arms.get(arm)).copied()
    }
}
