//! Shares of the buckets.

use std::fmt;

use super::{BUCKETS, ShareError, percentage};

/// A share of all units, as a count of buckets from 0 to 100 000.
///
/// A unit is in when its bucket is below the count, so a larger share holds everyone whom a
/// smaller one holds.
///
/// ```
/// use hoist::bucket::Share;
///
/// let share = Share::parse("12.345%").unwrap();
/// assert_eq!(share.buckets(), 12_345);
/// assert!(share.holds(12_344) && !share.holds(12_345));
/// assert_eq!(share.to_string(), "12.345%");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// No one: 0 %.
    ///
    /// ```
    /// use hoist::bucket::Share;
    ///
    /// assert!(!Share::NONE.holds(0));
    /// ```
    pub const NONE: Share = Share(0);

    /// Every bucket: 100 %.
    ///
    /// A rollout of this share is for everyone, even those who have no unit and so no bucket.
    ///
    /// ```
    /// use hoist::bucket::Share;
    ///
    /// assert!(Share::ALL.holds(99_999));
    /// ```
    pub const ALL: Share = Share(BUCKETS);

    /// Reads a percentage with its sign: `5%`, `12.345%`, `0%`, `100%`.
    ///
    /// A number is digits, or digits, a point and one to three digits. It has no sign but `%`, no
    /// exponent, no spaces and, as in JSON, no leading zero: `05%` is likelier to be a mistake for
    /// `0.5%` than to be meant.
    ///
    /// # Errors
    ///
    /// The first that applies, in the order of [`ShareError`].
    ///
    /// ```
    /// use hoist::bucket::{Share, ShareError};
    ///
    /// assert_eq!(Share::parse("0.5%").map(Share::buckets), Ok(500));
    /// assert_eq!(Share::parse(".5%"), Err(ShareError::Form));
    /// assert_eq!(Share::parse("5"), Err(ShareError::MissingSign));
    /// assert_eq!(Share::parse("101%"), Err(ShareError::Range));
    /// assert_eq!(Share::parse("0.0005%"), Err(ShareError::Decimals));
    /// ```
    pub fn parse(text: &str) -> Result<Share, ShareError> {
        percentage::read(text).map(Share)
    }

    /// A share of so many buckets; none if that is above 100 000.
    ///
    /// ```
    /// use hoist::bucket::Share;
    ///
    /// assert_eq!(Share::from_buckets(100_000), Some(Share::ALL));
    /// assert_eq!(Share::from_buckets(100_001), None);
    /// ```
    pub const fn from_buckets(buckets: u32) -> Option<Share> {
        if buckets <= BUCKETS { Some(Share(buckets)) } else { None }
    }

    /// The count of buckets, 0 to 100 000.
    ///
    /// ```
    /// use hoist::bucket::Share;
    ///
    /// assert_eq!(Share::parse("25%").map(Share::buckets), Ok(25_000));
    /// ```
    pub const fn buckets(self) -> u32 {
        self.0
    }

    /// Whether a bucket is inside the share: whether it is below the count.
    ///
    /// ```
    /// use hoist::bucket::Share;
    ///
    /// let share = Share::from_buckets(1).unwrap();
    /// assert!(share.holds(0) && !share.holds(1));
    /// ```
    pub const fn holds(self, bucket: u32) -> bool {
        bucket < self.0
    }
}

/// The shortest text that [`Share::parse`] reads back: `5%`, `0.5%`, `12.345%`.
///
/// ```
/// use hoist::bucket::Share;
///
/// assert_eq!(Share::parse("5.500%").unwrap().to_string(), "5.5%");
/// ```
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, thousandths) = (self.0 / 1_000, self.0 % 1_000);
        match thousandths {
            0 => write!(f, "{whole}%"),
            n if n % 100 == 0 => write!(f, "{whole}.{}%", n / 100),
            n if n % 10 == 0 => write!(f, "{whole}.{:02}%", n / 10),
            n => write!(f, "{whole}.{n:03}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_is_read_back_from_its_text() {
        for buckets in 0..=BUCKETS {
            let share = Share::from_buckets(buckets).unwrap();
            assert_eq!(Share::parse(&share.to_string()), Ok(share));
        }
        assert_eq!(Share::from_buckets(BUCKETS + 1), None);
        assert_eq!(Share::from_buckets(u32::MAX), None);
    }

    #[test]
    fn prints_the_shortest_form() {
        for (buckets, text) in [
            (0, "0%"),
            (1, "0.001%"),
            (10, "0.01%"),
            (100, "0.1%"),
            (500, "0.5%"),
            (5_000, "5%"),
            (10_000, "10%"),
            (12_300, "12.3%"),
            (12_340, "12.34%"),
            (12_345, "12.345%"),
            (12_005, "12.005%"),
            (100_000, "100%"),
        ] {
            assert_eq!(Share(buckets).to_string(), text);
        }
    }

    #[test]
    fn holds_the_buckets_below_its_count() {
        assert!(!Share::NONE.holds(0));
        assert!(Share::ALL.holds(BUCKETS - 1));
        assert!(!Share::ALL.holds(BUCKETS));
        for bucket in 0..BUCKETS {
            assert_eq!(Share(5_000).holds(bucket), bucket < 5_000);
        }
    }
}
