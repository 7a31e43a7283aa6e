//! The hash of the tables that are filled while loading.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::literal::words::hash_of;

/// A hash of short texts under a secret seed, so that no file can be written for its collisions.
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

impl Hasher for Running {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_of(bytes, self.0);
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
