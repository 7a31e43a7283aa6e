//! The hash of a unit.

use xxhash_rust::xxh3::xxh3_64;

/// The hash of a unit, taken once for a request and used for every rollout and split in it.
///
/// It is XXH3 (64-bit, seed 0, default secret) by Yann Collet. It is no secret: who has a list of
/// likely units can find the one behind a hash, so it does not belong in logs as a pseudonym.
///
/// ```
/// use hoist::bucket::UnitHash;
///
/// assert_eq!(UnitHash::of(b"42"), UnitHash::of(42.to_string().as_bytes()));
/// assert_ne!(UnitHash::of(b"ada"), UnitHash::of(b"Ada"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitHash(pub(super) u64);

impl UnitHash {
    /// Hashes the bytes of a unit, in the form that the [module](super) states.
    ///
    /// Empty bytes hash like any others. Whether they are a unit is for the caller to say.
    ///
    /// ```
    /// use hoist::bucket::UnitHash;
    ///
    /// assert_eq!(UnitHash::of(b"ada").get(), 0x691d_4463_952c_802f);
    /// ```
    #[inline]
    pub fn of(bytes: &[u8]) -> UnitHash {
        UnitHash(xxh3_64(bytes))
    }

    /// The 64 bits of the hash.
    ///
    /// ```
    /// use hoist::bucket::UnitHash;
    ///
    /// assert_eq!(UnitHash::of(b"").get(), 0x2d06_8005_38d3_94c2);
    /// ```
    pub const fn get(self) -> u64 {
        self.0
    }
}
