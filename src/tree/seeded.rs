//! The hash of the tables that are filled while loading.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::literal::words::words;

/// A hash of short texts under a secret seed, so that no file can be written for its collisions.
///
/// Two words are multiplied at a time, and the halves of the product are put together, as wyhash does.
///
/// PERF: the standard hash is slow on a few bytes, and so is any that is a call: they cost 7 % and
/// 4 % of the instructions of LOAD in JSON.
#[derive(Clone, Debug)]
pub(crate) struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Seeded {
        // A standard hasher is seeded with what the system gave at random.
        Seeded(RandomState::new().build_hasher().finish())
    }
}

impl BuildHasher for Seeded {
    type Hasher = Running;

    #[inline]
    fn build_hasher(&self) -> Running {
        Running(self.0)
    }
}

/// The hash so far, which is the seed of what comes next.
#[derive(Debug)]
pub(crate) struct Running(u64);

impl Running {
    #[inline]
    fn mix(&mut self, one: u64, other: u64) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let other = other ^ self.0.rotate_left(32) ^ ODD;
        let product = u128::from(one ^ self.0) * u128::from(other);
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Running {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let [first, last] = words(bytes);
        self.0 ^= bytes.len() as u64;
        self.mix(first, last);
        if bytes.len() > 16 {
            for between in bytes.chunks_exact(8).skip(1) {
                let [word, _] = words(between);
                self.mix(word, 0);
            }
        }
    }

    /// What ends a text: its length is in its hash already.
    #[inline]
    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Each of the bytes counts, and so does where a text ends.
    #[test]
    fn texts_that_differ_have_hashes_that_differ() {
        let seeded = Seeded(7);
        let text: String = "abcdefghij".chars().cycle().take(70).collect();
        let mut seen = HashSet::new();
        for length in 0..=text.len() {
            let (start, end) = text.split_at(length);
            assert!(seen.insert(seeded.hash_one(start)), "{start}");
            assert!(seen.insert(seeded.hash_one((start, end))), "{start} {end}");
            for at in 0..length {
                let mut near = start.to_owned();
                near.replace_range(at..=at, "X");
                assert!(seen.insert(seeded.hash_one(&near)), "{near}");
            }
        }
    }

    /// Tables take the lowest bits and the highest ones.
    #[test]
    fn numbered_names_are_spread() {
        let seeded = Seeded(7);
        for shift in [0, 57] {
            let mut counts = [0; 128];
            for number in 0..12_800 {
                let hash = seeded.hash_one(format!("team.feature-{number:05}"));
                counts[(hash >> shift) as usize % 128] += 1;
            }
            assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
        }
    }
}
