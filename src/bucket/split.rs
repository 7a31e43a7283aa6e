//! The arms of a split, and where each ends on the line of buckets.

use super::BUCKETS;

/// The bucket at which each arm ends, in the order of the weights; none if no weight is above zero.
///
/// The caller gives the arms in the order of the bytes of their names, the order that makes a
/// split independent of how a file is written. An arm begins where the one before it ends, and its
/// end is the first bucket that is not its own; the ends never fall, and the last is 100 000. An
/// arm of weight zero gets no bucket, and neither may one whose weight is less than a hundred
/// thousandth of the total.
///
/// ```
/// use hoist::bucket::arm_ends;
///
/// assert_eq!(arm_ends(&[33, 33, 34]), Some(vec![33_000, 66_000, 100_000]));
/// assert_eq!(arm_ends(&[1, 1, 1]), Some(vec![33_333, 66_666, 100_000]));
/// assert_eq!(arm_ends(&[0, 1, 0]), Some(vec![0, 100_000, 100_000]));
/// assert_eq!(arm_ends(&[0, 0]), None);
/// ```
pub fn arm_ends(weights: &[u32]) -> Option<Vec<u32>> {
    let total: u128 = weights.iter().copied().map(u128::from).sum();
    if total == 0 {
        return None;
    }
    let mut cumulative = 0;
    let ends = weights.iter().map(|&weight| {
        cumulative += u128::from(weight);
        // INVARIANT: at most BUCKETS, and so within u32, as `cumulative` is at most `total`.
        (cumulative * u128::from(BUCKETS) / total) as u32
    });
    Some(ends.collect())
}

/// The place in `ends` of the arm that a bucket falls in: the first whose end is above it.
///
/// An arm of weight zero is never the answer. With ends from [`arm_ends`] and a bucket below
/// 100 000 there always is one.
///
/// ```
/// use hoist::bucket::{arm, arm_ends};
///
/// let ends = arm_ends(&[1, 0, 1]).unwrap();
/// assert_eq!(arm(&ends, 49_999), Some(0));
/// assert_eq!(arm(&ends, 50_000), Some(2));
/// assert_eq!(arm(&ends, 100_000), None);
/// ```
pub fn arm(ends: &[u32], bucket: u32) -> Option<usize> {
    ends.iter().position(|&end| bucket < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_rounded_down() {
        for (weights, ends) in [
            (&[1][..], &[100_000][..]),
            (&[50, 50], &[50_000, 100_000]),
            (&[1, 2, 7], &[10_000, 30_000, 100_000]),
            (&[1, 1, 1], &[33_333, 66_666, 100_000]),
            (&[2, 1], &[66_666, 100_000]),
            (&[1, 1_000_000, 1_000_000], &[0, 50_000, 100_000]),
            (&[1_000_000, 1_000_000, 1], &[49_999, 99_999, 100_000]),
            (&[u32::MAX, u32::MAX], &[50_000, 100_000]),
        ] {
            assert_eq!(arm_ends(weights).unwrap(), ends, "{weights:?}");
        }
    }

    #[test]
    fn arms_of_weight_zero_get_nothing() {
        assert_eq!(
            arm_ends(&[0, 3, 0, 1, 0, 0]).unwrap(),
            [0, 75_000, 75_000, 100_000, 100_000, 100_000]
        );
        for weights in [&[0, 3, 0, 1, 0, 0][..], &[0, 1], &[1, 0], &[0, 0, 7, 0]] {
            let ends = arm_ends(weights).unwrap();
            for bucket in 0..BUCKETS {
                assert_ne!(weights[arm(&ends, bucket).unwrap()], 0, "{weights:?} {bucket}");
            }
        }
    }

    #[test]
    fn without_a_weight_there_are_no_arms() {
        assert_eq!(arm_ends(&[]), None);
        assert_eq!(arm_ends(&[0]), None);
        assert_eq!(arm_ends(&[0, 0, 0]), None);
        assert_eq!(arm(&[], 0), None);
    }

    #[test]
    fn an_arm_ends_where_the_next_begins() {
        let ends = arm_ends(&[1, 2, 7]).unwrap();
        for (bucket, expected) in [
            (0, Some(0)),
            (9_999, Some(0)),
            (10_000, Some(1)),
            (29_999, Some(1)),
            (30_000, Some(2)),
            (99_999, Some(2)),
            (100_000, None),
            (u32::MAX, None),
        ] {
            assert_eq!(arm(&ends, bucket), expected, "{bucket}");
        }
    }

    #[test]
    fn a_thousand_of_the_largest_weights_do_not_overflow() {
        let ends = arm_ends(&[u32::MAX; 1_000]).unwrap();
        assert!(ends.windows(2).all(|pair| pair[1] - pair[0] == 100));
        assert_eq!(ends.last(), Some(&BUCKETS));
    }
}
