//! What a rule of a flag says.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Condition, Name, UnitName, VariantIndex};
use crate::bucket::Share;
use crate::source::{FileLine, NodeSpot};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Its own name, or `rules[2]`.
    pub(crate) name: Name,
    pub(crate) when: Option<Condition>,
    /// The share of its rollout, if it has one that is no ramp: see [`More::ramp`].
    pub(crate) share: Option<Share>,
    /// What it serves, unless it splits them: see [`More::split`].
    pub(crate) serve: Option<VariantIndex>,
    /// Only where there is any of it: see [`Rule::more`].
    pub(crate) extra: Option<Box<More>>,
    pub(crate) line: FileLine,
    pub(crate) spot: NodeSpot,
}

const _: () = assert!(size_of::<Rule>() <= 72);

/// What few rules have.
///
/// PERF: a document has more rules than anything else, each of which takes the room of all that it
/// holds in place (LOAD, memory).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct More {
    pub(crate) ramp: Option<Ramp>,
    /// Weights, in the order of the variants; none of a rule that serves a single one.
    pub(crate) split: Vec<(VariantIndex, u32)>,
    /// What is bucketed where it is not the user: see [`Rule::units`].
    pub(crate) units: Option<Arc<[UnitName]>>,
    pub(crate) unless: Vec<Condition>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) otherwise: Option<VariantIndex>,
    /// What the salts are made of where it is not the name of the flag.
    pub(crate) seed: Option<Name>,
    pub(crate) allows_request_targeting: bool,
}

impl More {
    pub(crate) const NONE: More = More {
        ramp: None,
        split: Vec::new(),
        units: None,
        unless: Vec::new(),
        from: None,
        until: None,
        otherwise: None,
        seed: None,
        allows_request_targeting: false,
    };

    /// As a rule keeps it.
    pub(crate) fn boxed(self) -> Option<Box<More>> {
        (self != More::NONE).then(|| Box::new(self))
    }
}

impl Rule {
    pub(crate) fn more(&self) -> &More {
        self.extra.as_deref().unwrap_or(const { &More::NONE })
    }

    /// The first of these that the context has is bucketed.
    pub(crate) fn units(&self) -> &[UnitName] {
        self.more().units.as_deref().unwrap_or(&UnitName::USUAL)
    }
}

/// The share from each instant on, in the order of time, never falling; nobody before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ramp {
    pub(crate) steps: Vec<(Timestamp, Share)>,
    /// What the steps are capped at already.
    pub(crate) hold: Option<Share>,
}
