//! Stretches of what has an order.

use std::cmp::Ordering;

/// A place in an order: right before a value, or right after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut<V> {
    pub(crate) value: V,
    is_after: bool,
}

impl<V> Cut<V> {
    /// Whether what is in this order to the cut's value lies behind the cut.
    #[inline]
    pub(crate) fn is_passed(&self, order: Ordering) -> bool {
        match order {
            Ordering::Less => false,
            Ordering::Equal => !self.is_after,
            Ordering::Greater => true,
        }
    }
}

/// All that lies between two cuts; without one, all from the start, or to the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Interval<V> {
    pub(crate) from: Option<Cut<V>>,
    pub(crate) until: Option<Cut<V>>,
}

impl<V: Ord + Clone> Interval<V> {
    pub(crate) const ALL: Interval<V> = Interval { from: None, until: None };

    /// What of it is this value, or greater.
    pub(crate) fn at_least(self, value: V) -> Interval<V> {
        self.starting(Cut { value, is_after: false })
    }

    /// What of it is greater than this value.
    pub(crate) fn above(self, value: V) -> Interval<V> {
        self.starting(Cut { value, is_after: true })
    }

    /// What of it is this value, or less.
    pub(crate) fn at_most(self, value: V) -> Interval<V> {
        self.ending(Cut { value, is_after: true })
    }

    /// What of it is less than this value.
    pub(crate) fn below(self, value: V) -> Interval<V> {
        self.ending(Cut { value, is_after: false })
    }

    /// What of it is this value.
    pub(crate) fn only(self, value: V) -> Interval<V> {
        self.at_least(value.clone()).at_most(value)
    }

    fn starting(self, cut: Cut<V>) -> Interval<V> {
        Interval { from: self.from.max(Some(cut)), ..self }
    }

    fn ending(self, cut: Cut<V>) -> Interval<V> {
        let until = match self.until {
            Some(until) => until.min(cut),
            None => cut,
        };
        Interval { until: Some(until), ..self }
    }

    /// Whether it holds a value, by the value's order to others.
    #[inline]
    pub(crate) fn holds(&self, compare: impl Fn(&V) -> Ordering) -> bool {
        let is_passed = |cut: &Cut<V>| cut.is_passed(compare(&cut.value));
        self.from.as_ref().is_none_or(is_passed) && !self.until.as_ref().is_some_and(is_passed)
    }

    /// Whether nothing lies in it.
    pub(crate) fn is_empty(&self) -> bool {
        matches!((&self.from, &self.until), (Some(from), Some(until)) if from >= until)
    }

    /// Whether it ends in both directions.
    pub(crate) fn is_bounded(&self) -> bool {
        self.from.is_some() && self.until.is_some()
    }
}

impl Interval<Box<[u8]>> {
    /// What starts with some bytes of UTF-8, in the order of bytes.
    pub(crate) fn starting_with(start: Box<[u8]>) -> Interval<Box<[u8]>> {
        let mut beyond = start.clone();
        let Some(last) = beyond.last_mut() else { return Interval::ALL };
        // None of UTF-8 is the greatest.
        *last = last.saturating_add(1);
        Interval::ALL.at_least(start).below(beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_start_alike_lie_together() {
        let texts =
            ["", "a", "a\0", "aa", "ab", "ab\u{10ffff}", "ac", "b", "é", "éa", "\u{10ffff}", "z"];
        for start in texts {
            let interval = Interval::starting_with(start.as_bytes().into());
            for text in texts {
                let is_in = interval.holds(|bound| text.as_bytes().cmp(bound));
                assert_eq!(is_in, text.starts_with(start), "{text:?} {start:?}");
            }
        }
    }

    #[test]
    fn an_interval_holds_what_every_bound_lets_in() {
        type Narrow = (fn(Interval<i32>, i32) -> Interval<i32>, fn(&i32, &i32) -> bool);
        let bounds: [Narrow; 5] = [
            (Interval::at_least, |value, bound| value >= bound),
            (Interval::above, |value, bound| value > bound),
            (Interval::at_most, |value, bound| value <= bound),
            (Interval::below, |value, bound| value < bound),
            (Interval::only, |value, bound| value == bound),
        ];
        for (one, one_holds) in bounds {
            for (other, other_holds) in bounds {
                for (a, b) in (0..5).flat_map(|a| (0..5).map(move |b| (a, b))) {
                    let interval = other(one(Interval::ALL, a), b);
                    let mut any = false;
                    for value in -1..6 {
                        let expected = one_holds(&value, &a) && other_holds(&value, &b);
                        let found = interval.holds(|bound| value.cmp(bound));
                        assert_eq!(found, expected, "{value} in {interval:?}");
                        any |= expected;
                    }
                    assert!(!any || !interval.is_empty(), "{interval:?}");
                }
            }
        }
        assert!(Interval::ALL.at_least(5).below(5).is_empty());
        assert!(!Interval::ALL.only(5).is_empty() && Interval::ALL.only(5).is_bounded());
        assert!(!Interval::ALL.above(5).is_bounded());
    }
}
