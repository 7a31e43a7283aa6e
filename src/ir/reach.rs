//! What the passes over all flags need to know of each, and of most is all.

use super::{Before, Condition, Flag, More};

/// How far the rules and conditions of a flag reach, by themselves.
///
/// PERF: LOAD. It is told where they are at hand, so that the passes over many flags need not walk
/// them all again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach {
    /// How deep the conditions nest.
    pub(crate) depth: u16,
    /// How many conditions there are, those in others included.
    pub(crate) conditions: u32,
    /// Whether a condition or a requirement names a segment, another flag or a strategy.
    pub(crate) refers: bool,
    /// Whether a rule has a window or a ramp.
    pub(crate) is_timed: bool,
}

impl Reach {
    pub(crate) fn of(flag: &Flag) -> Reach {
        let Before { requires, unless, .. } = flag.before();
        let mut reach = Reach { refers: !requires.is_empty(), ..Reach::default() };
        for condition in unless {
            reach.add(condition, 1);
        }
        for rule in &flag.rules {
            let More { from, until, ramp, unless, .. } = rule.more();
            reach.is_timed |= from.is_some() || until.is_some() || ramp.is_some();
            for condition in rule.when.iter().chain(unless) {
                reach.add(condition, 1);
            }
        }
        reach
    }

    fn add(&mut self, condition: &Condition, depth: u16) {
        self.depth = self.depth.max(depth);
        self.conditions += 1;
        self.refers |= matches!(
            condition,
            Condition::Segment { .. } | Condition::Flag(_) | Condition::Strategy(_)
        );
        for part in condition.parts() {
            self.add(part, depth.saturating_add(1));
        }
    }
}
