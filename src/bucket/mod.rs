//! Who is in a rollout and which arm of a split they get: a frozen algorithm.
//!
//! The same unit, name and share give the same answer in every release, on every machine and in
//! every language. What follows is all that another implementation needs; `tests/vectors/` holds
//! 10 000 results to check it against. All arithmetic is on unsigned integers: there are no floats
//! and no remainders by a bucket count.
//!
//! # The unit hash
//!
//! `u = XXH3_64(unit_bytes)`: the 64-bit variant of XXH3 (Yann Collet, xxHash 0.8 and later) with
//! seed 0 and the default secret. The bytes of a unit are
//!
//! - text: its UTF-8 as given, neither trimmed, nor case-folded, nor normalised;
//! - an integer: its decimal digits in ASCII, `-` before a negative one, no leading zeros;
//! - a UUID: its 36 ASCII characters in the lower-case hyphenated form.
//!
//! Empty text is *no unit*: it has no bucket. [`UnitHash`] does not know that; its caller does.
//!
//! # The salt
//!
//! `s = XXH3_64(salt_bytes)`, with the same variant, seed and secret. The salt bytes are
//!
//! | offset | length | content |
//! |---|---|---|
//! | 0 | 1 | the purpose: 1 rollout, 2 split, 3 segment rollout, 4 layer, 5 file canary |
//! | 1 | 4 | `n`, the length of the name in bytes, as an unsigned 32-bit little-endian integer |
//! | 5 | `n` | the name in UTF-8, as given |
//!
//! The name is the flag's (for a segment rollout the segment's), or the text of `seed:` where
//! there is one. It is never the rule's, so that rules can be renamed, split and reordered without
//! moving anyone, and 5 % in one rule of a flag lies inside 25 % in the next.
//!
//! # The bucket
//!
//! `h = fmix64(u XOR s)`, where `fmix64` is the 64-bit finalizer of MurmurHash3 (Austin Appleby),
//! with products modulo 2^64:
//!
//! ```text
//! h = h XOR (h >> 33)
//! h = h * 0xff51afd7ed558ccd
//! h = h XOR (h >> 33)
//! h = h * 0xc4ceb9fe1a85ec53
//! h = h XOR (h >> 33)
//! ```
//!
//! `bucket = (h * 100000) >> 64`, with the product in 128 bits (multiply-shift, Daniel Lemire,
//! "Fast Random Integer Generation in an Interval"): the upper half of the product, from 0 to
//! 99 999.
//!
//! # The share
//!
//! A percentage is a whole number of buckets, a thousandth of a percent each: `12.345%` is 12 345.
//! A unit is in when `bucket < count`. So a larger share holds everyone whom a smaller one holds.
//! `0%` holds no one, and `100%` is everyone; callers let even those without a unit into the latter.
//!
//! # The split
//!
//! The arms are the variants that have a weight, in the order of the UTF-8 bytes of their names.
//! With `total` the sum of the weights, and `cumulative` the sum up to and including arm *i*, that
//! arm ends at `floor(cumulative * 100000 / total)`. The last arm with a weight above zero so ends
//! at 100 000. The unit's arm is the first whose end is above its bucket; an arm of weight zero
//! has the end of the arm before it and is never that one. The bucket is taken with purpose 2, so
//! that being in a rollout says nothing about the arm.
//!
//! # A worked example
//!
//! ```
//! use hoist::bucket::{Purpose, Salt, Share, UnitHash, arm, arm_ends, bucket};
//!
//! let unit = UnitHash::of(b"ada");
//! assert_eq!(unit.get(), 0x691d_4463_952c_802f);
//!
//! // 01 | 0c 00 00 00 | "new-checkout"
//! let rollout = Salt::new(Purpose::Rollout, "new-checkout");
//! assert_eq!(rollout.get(), 0x7003_6980_7e37_45f5);
//! assert_eq!(bucket(unit, rollout), 98_103);
//! assert!(Share::parse("99%").unwrap().holds(98_103));
//! assert!(!Share::parse("98%").unwrap().holds(98_103));
//!
//! // 02 | 0c 00 00 00 | "new-checkout"
//! let split = Salt::new(Purpose::Split, "new-checkout");
//! assert_eq!(split.get(), 0x3e6f_ae61_541b_92bc);
//! assert_eq!(bucket(unit, split), 24_980);
//!
//! // blue 1, control 2, green 7
//! let ends = arm_ends(&[1, 2, 7]).unwrap();
//! assert_eq!(ends, [10_000, 30_000, 100_000]);
//! assert_eq!(arm(&ends, bucket(unit, split)), Some(1));
//! ```

mod percentage;
mod salt;
mod share;
mod split;
mod unit;

pub use percentage::ShareError;
pub use salt::{Purpose, Salt};
pub use share::Share;
pub use split::{arm, arm_ends};
pub use unit::UnitHash;

/// The number of buckets: 100 000, so that one is a thousandth of a percent.
///
/// ```
/// use hoist::bucket::{BUCKETS, Share};
///
/// assert_eq!(Share::ALL.buckets(), BUCKETS);
/// ```
pub const BUCKETS: u32 = 100_000;

/// The bucket of a unit under a salt, 0 to 99 999.
///
/// The two hashes are joined by exclusive or, mixed by MurmurHash3's 64-bit finalizer (Austin
/// Appleby), and brought into range by multiply-shift (Daniel Lemire).
///
/// ```
/// use hoist::bucket::{Purpose, Salt, UnitHash, bucket};
///
/// let salt = Salt::new(Purpose::Rollout, "new-checkout");
/// assert_eq!(bucket(UnitHash::of(b"ada"), salt), 98_103);
/// ```
pub const fn bucket(unit: UnitHash, salt: Salt) -> u32 {
    let mixed = fmix64(unit.0 ^ salt.0);
    // INVARIANT: below BUCKETS, and so within u32, as `mixed` is below 2^64.
    ((mixed as u128 * BUCKETS as u128) >> 64) as u32
}

const fn fmix64(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fmix64_is_murmurhash3s() {
        assert_eq!(fmix64(0), 0);
        assert_eq!(fmix64(1), 0xb456_bcfc_34c2_cb2c);
        assert_eq!(fmix64(u64::MAX), 0x64b5_720b_4b82_5f21);
    }

    #[test]
    fn the_ends_of_the_hash_are_the_ends_of_the_buckets() {
        const ZERO: u32 = bucket(UnitHash(7), Salt(7));
        assert_eq!(ZERO, 0);
        // `fmix64` is a bijection; this is the input that it takes to u64::MAX.
        let last = unmix64(u64::MAX);
        assert_eq!(fmix64(last), u64::MAX);
        assert_eq!(bucket(UnitHash(last), Salt(0)), BUCKETS - 1);
        assert_eq!(bucket(UnitHash(0), Salt(last)), BUCKETS - 1);
    }

    #[test]
    fn a_bucket_begins_where_the_product_passes_a_multiple_of_2_to_the_64() {
        for wanted in [1, 2, 4_999, 5_000, 33_333, 50_000, 99_999] {
            let first = u64::try_from((u128::from(wanted) << 64).div_ceil(100_000)).unwrap();
            assert_eq!(bucket(UnitHash(unmix64(first)), Salt(0)), wanted);
            assert_eq!(bucket(UnitHash(unmix64(first - 1)), Salt(0)), wanted - 1);
        }
    }

    fn unmix64(mut h: u64) -> u64 {
        h ^= h >> 33;
        h = h.wrapping_mul(inverse(0xc4ce_b9fe_1a85_ec53));
        h ^= h >> 33;
        h = h.wrapping_mul(inverse(0xff51_afd7_ed55_8ccd));
        h ^ (h >> 33)
    }

    // Newton's iteration doubles the number of right low bits; an odd number is right to three.
    fn inverse(odd: u64) -> u64 {
        (0..5).fold(odd, |x, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x))))
    }
}
