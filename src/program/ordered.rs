//! Which rules each value of an order leaves, as numbers and versions have one.
//!
//! A rule asks for an interval, or for one of several. All their ends cut the order into stretches,
//! and in a stretch the same rules can hold everywhere.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::Candidate;
use crate::literal::interval::{Cut, Interval};

/// In how many stretches an interval lies at the most, on average. Where many rules can hold at once
/// and each must be tried, that grows with the number of rules.
const EACH: usize = 16;

/// The rules of each stretch.
#[derive(Clone, Debug)]
pub(super) struct Ordered<V> {
    cuts: Box<[Cut<V>]>,
    /// Where the rules of each stretch start, and where those of the last end.
    starts: Box<[u32]>,
    rules: Box<[Candidate]>,
}

/// An interval that a rule asks for.
pub(super) struct Asked<V> {
    pub(super) interval: Interval<V>,
    pub(super) candidate: Candidate,
}

impl<V: Ord + Clone> Ordered<V> {
    /// The stretches of intervals, which are in the order of their rules.
    pub(super) fn new(asked: &[Asked<V>]) -> Ordered<V> {
        Ordered::by_stretch(asked).unwrap_or_else(|| Ordered::undivided(asked))
    }

    /// Each stretch with its rules, unless these are too many.
    fn by_stretch(asked: &[Asked<V>]) -> Option<Ordered<V>> {
        // The intervals that start or end at each cut. The first stretch starts at none.
        let mut turns: BTreeMap<Option<&Cut<V>>, Vec<usize>> = BTreeMap::from([(None, Vec::new())]);
        for (at, Asked { interval, .. }) in asked.iter().enumerate() {
            if !interval.is_empty() {
                let ends = [Some(interval.from.as_ref()), interval.until.as_ref().map(Some)];
                ends.into_iter().flatten().for_each(|end| turns.entry(end).or_default().push(at));
            }
        }
        let (mut cuts, mut starts, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        let (mut open, mut left) = (BTreeSet::new(), EACH * asked.len());
        for (cut, turning) in turns {
            for at in turning {
                // What is open ends here, and anything else starts.
                if !open.remove(&at) {
                    open.insert(at);
                }
            }
            cuts.extend(cut.cloned());
            starts.push(rules.len() as u32);
            let mut before = None;
            for Asked { candidate, .. } in open.iter().filter_map(|at| asked.get(*at)) {
                left = left.checked_sub(1)?;
                if before.replace(candidate) != Some(candidate) {
                    rules.push(*candidate);
                }
                if candidate.is_certain && candidate.is_last {
                    break;
                }
            }
        }
        starts.push(rules.len() as u32);
        Some(Ordered { cuts: cuts.into(), starts: starts.into(), rules: rules.into() })
    }

    /// All rules, for whatever value.
    fn undivided(asked: &[Asked<V>]) -> Ordered<V> {
        let mut rules: Vec<Candidate> =
            asked.iter().map(|asked| Candidate::uncertain(asked.candidate.rule)).collect();
        rules.dedup();
        let starts = [0, rules.len() as u32];
        Ordered { cuts: Box::default(), starts: starts.into(), rules: rules.into() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that a value leaves, by its order to others.
    #[inline]
    pub(super) fn find(&self, compare: impl Fn(&V) -> Ordering) -> &[Candidate] {
        let at = self.cuts.partition_point(|cut| cut.is_passed(compare(&cut.value)));
        match self.starts.get(at..) {
            Some([start, end, ..]) => self.rules.get(*start as usize..*end as usize),
            _ => None,
        }
        .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(rule: u16, interval: Interval<u32>, is_certain: bool) -> Asked<u32> {
        Asked { interval, candidate: Candidate { rule, is_certain, is_last: rule % 2 == 0 } }
    }

    fn rules(ordered: &Ordered<u32>, value: u32) -> Vec<u16> {
        ordered.find(|other| value.cmp(other)).iter().map(|candidate| candidate.rule).collect()
    }

    #[test]
    fn a_value_leaves_the_rules_whose_intervals_it_lies_in() {
        let all = Interval::ALL;
        let ordered = Ordered::new(&[
            asked(0, all.clone().at_least(30), false),
            asked(1, all.clone().above(10).at_most(20), true),
            asked(2, all.clone().only(15), true),
            asked(2, all.clone().at_least(14).below(18), true),
            asked(3, all.clone().below(15), false),
            asked(4, all.clone().above(7).below(7), true),
            asked(5, all, false),
        ]);
        for (value, expected) in [
            (0, &[3, 5][..]),
            (7, &[3, 5]),
            (10, &[3, 5]),
            (11, &[1, 3, 5]),
            (14, &[1, 2]),
            (15, &[1, 2]),
            (17, &[1, 2]),
            (18, &[1, 5]),
            (20, &[1, 5]),
            (21, &[5]),
            (30, &[0, 5]),
            (u32::MAX, &[0, 5]),
        ] {
            assert_eq!(rules(&ordered, value), expected, "{value}");
        }
        assert!(!ordered.is_empty());
    }

    #[test]
    fn what_is_asked_for_by_none_leaves_none() {
        let never = asked(0, Interval::ALL.above(7).below(7), true);
        for ordered in [Ordered::new(&[]), Ordered::new(&[never])] {
            assert!(ordered.is_empty());
            assert_eq!(rules(&ordered, 7), [0_u16; 0]);
        }
    }

    /// What is gone through counts, and not what is kept of it.
    #[test]
    fn intervals_of_one_rule_that_overlap_are_not_gone_through_again_and_again() {
        let of_rule = |rule: u16| {
            let from = u32::from(rule) * 64;
            (from..from + 64).map(move |at| asked(2 * rule, Interval::ALL.at_least(at), false))
        };
        let ordered = Ordered::new(&(0..100).flat_map(of_rule).collect::<Vec<_>>());
        assert!(ordered.cuts.is_empty());
        assert_eq!(rules(&ordered, 0), (0..100).map(|rule| 2 * rule).collect::<Vec<_>>());
    }

    /// A thousand tiers of which the first that holds serves, and a thousand that must all be tried.
    #[test]
    fn nested_intervals_do_not_grow_with_their_square() {
        let tiers = |is_certain| {
            let tier = |rule: u16| {
                asked(2 * rule, Interval::ALL.at_least(1_000 - u32::from(rule)), is_certain)
            };
            Ordered::new(&(0..1_000).map(tier).collect::<Vec<_>>())
        };
        let certain = tiers(true);
        assert_eq!(certain.rules.len(), 1_000);
        assert_eq!(rules(&certain, 999), [2]);
        let tried = tiers(false);
        assert_eq!(rules(&tried, 0), (0..1_000).map(|rule| 2 * rule).collect::<Vec<_>>());
        assert!(tried.rules.iter().all(|candidate| !candidate.is_certain));
    }
}
