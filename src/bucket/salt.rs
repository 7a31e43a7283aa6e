//! What a bucket is taken for, and under which name.

use xxhash_rust::xxh3::xxh3_64;

/// What a bucket is taken for: the first byte of a [`Salt`].
///
/// Two purposes under one name are independent of each other. Bytes 0 and 6 to 255 are reserved.
///
/// ```
/// use hoist::bucket::{Purpose, Salt};
///
/// assert_ne!(Salt::new(Purpose::Rollout, "search"), Salt::new(Purpose::Split, "search"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Whether a unit is inside the rollout of a flag's rule.
    Rollout = 1,
    /// Which arm of a flag's split a unit gets.
    Split = 2,
    /// Whether a unit is inside the rollout of a segment.
    SegmentRollout = 3,
    /// Which part of a layer a unit belongs to.
    Layer = 4,
    /// Whether an instance takes up a new version of the file early.
    FileCanary = 5,
}

impl Purpose {
    /// The byte that stands for this purpose in a salt, 1 to 5.
    ///
    /// ```
    /// use hoist::bucket::Purpose;
    ///
    /// assert_eq!(Purpose::SegmentRollout.byte(), 3);
    /// ```
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// The hash of a purpose and a name, made when a file is loaded.
///
/// It is XXH3 (64-bit, seed 0, default secret) by Yann Collet over the bytes that the
/// [module](super) states.
///
/// ```
/// use hoist::bucket::{Purpose, Salt, UnitHash};
///
/// let salt = Salt::new(Purpose::Rollout, "ab");
/// assert_eq!(salt.get(), UnitHash::of(b"\x01\x02\x00\x00\x00ab").get());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Salt(pub(super) u64);

impl Salt {
    /// Hashes a purpose and the name of a flag or a segment, or the seed in its place.
    ///
    /// It is for load time and not for a request: of a long name it allocates. The name is taken as
    /// given.
    ///
    /// ```
    /// use hoist::bucket::{Purpose, Salt};
    ///
    /// let salt = Salt::new(Purpose::Rollout, "new-checkout");
    /// assert_eq!(salt.get(), 0x7003_6980_7e37_45f5);
    /// ```
    pub fn new(purpose: Purpose, name: &str) -> Salt {
        // INVARIANT: the cap on the size of a file keeps names far below the 4 GiB at which the
        // length would stay at its highest.
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        let [a, b, c, d] = length.to_le_bytes();
        let head = [purpose.byte(), a, b, c, d];
        // Names of flags and segments have at most 128 bytes.
        let mut short = [0; 5 + 128];
        if let Some((start, rest)) = short.split_first_chunk_mut() {
            if let Some(room) = rest.get_mut(..name.len()) {
                *start = head;
                room.copy_from_slice(name.as_bytes());
                return Salt(xxh3_64(short.get(..head.len() + name.len()).unwrap_or_default()));
            }
        }
        Salt(xxh3_64(&[&head, name.as_bytes()].concat()))
    }

    /// The 64 bits of the hash.
    ///
    /// ```
    /// use hoist::bucket::{Purpose, Salt};
    ///
    /// let (one, other) = (Salt::new(Purpose::Layer, "a"), Salt::new(Purpose::Layer, "b"));
    /// assert_ne!(one.get(), other.get());
    /// ```
    pub const fn get(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_have_their_published_bytes() {
        let purposes = [
            Purpose::Rollout,
            Purpose::Split,
            Purpose::SegmentRollout,
            Purpose::Layer,
            Purpose::FileCanary,
        ];
        assert_eq!(purposes.map(Purpose::byte), [1, 2, 3, 4, 5]);
        for purpose in purposes {
            let bytes = [purpose.byte(), 2, 0, 0, 0, 0xc3, 0xa9];
            assert_eq!(Salt::new(purpose, "é").get(), xxh3_64(&bytes));
        }
    }

    #[test]
    fn the_length_of_a_name_takes_four_bytes_little_endian() {
        let name = "n".repeat(0x0001_0203);
        let mut bytes = vec![4, 0x03, 0x02, 0x01, 0x00];
        bytes.extend_from_slice(name.as_bytes());
        assert_eq!(Salt::new(Purpose::Layer, &name).get(), xxh3_64(&bytes));
    }
}
