//! Bucketing, from the frozen decisions: XXH3 of the unit and of the salt, mixed and scaled.

use xxhash_rust::xxh3::xxh3_64;

/// How many buckets there are: a percentage with three decimals is a whole number of them.
pub(crate) const ALL: u32 = 100_000;

/// What a bucket is taken for: the first byte of its salt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Rollout = 1,
    Split = 2,
    SegmentRollout = 3,
}

/// The bucket of a unit, `0..100_000`, for the name of a flag or a segment, or for a seed.
pub(crate) fn bucket(purpose: Purpose, name: &str, unit: &[u8]) -> u32 {
    let mut salt = vec![purpose as u8];
    salt.extend_from_slice(&(name.len() as u32).to_le_bytes());
    salt.extend_from_slice(name.as_bytes());
    let mixed = fmix64(xxh3_64(unit) ^ xxh3_64(&salt));
    ((u128::from(mixed) * u128::from(ALL)) >> 64) as u32
}

/// The 64-bit finalizer of MurmurHash3.
pub(crate) fn fmix64(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^= h >> 33;
    h
}
