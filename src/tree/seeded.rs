//! The hash of the tables that are filled while loading.

use std::hash::{BuildHasher, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// XXH3 under a secret seed, so that no file can be written for its collisions.
///
/// PERF: a standard hash is slow on a few bytes: it cost 7 % of the instructions of LOAD in JSON.
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

    fn build_hasher(&self) -> Running {
        Running(self.0)
    }
}

/// The hash so far, which is the seed of what comes next.
#[derive(Debug)]
pub(crate) struct Running(u64);

impl Hasher for Running {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    /// What ends a text: its length is in its hash already.
    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
