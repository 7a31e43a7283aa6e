//! What a typed key remembers of the state that resolved it last.
//!
//! It names the atomics of its parent and nothing else, so that `tests/loom` builds its models from
//! this very file.

use std::num::NonZeroU32;

use super::atomic::{AtomicU64, Ordering};

/// The id that a flag has in one state, or that it is not there.
///
/// Threads that hold different states may use it at once: each finds what it can use, or resolves
/// the flag anew.
#[derive(Debug)]
pub(super) struct Cache {
    /// The generation of the state above the id; zero is not there. One word holds both, so
    /// that no thread can mix those of two states: that is why nothing has to be ordered with it.
    pub(super) word: AtomicU64,
}

impl Cache {
    /// The id in the state of a generation, if it is that one which is remembered. Generations
    /// start at one.
    #[inline]
    pub(super) fn get(&self, generation: u32) -> Option<Option<NonZeroU32>> {
        let word = self.word.load(Ordering::Relaxed);
        ((word >> 32) as u32 == generation).then(|| NonZeroU32::new(word as u32))
    }

    pub(super) fn set(&self, generation: u32, id: Option<NonZeroU32>) {
        let low = id.map_or(0, NonZeroU32::get);
        self.word.store(u64::from(generation) << 32 | u64::from(low), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_state_said_is_known_for_that_state_alone() {
        let cache = Cache { word: AtomicU64::new(0) };
        assert_eq!(cache.get(1), None);
        for id in [0, 1, 7, u32::MAX].map(NonZeroU32::new) {
            cache.set(3, id);
            assert_eq!(cache.get(3), Some(id));
            assert_eq!([cache.get(2), cache.get(4)], [None; 2]);
        }
        cache.set(u32::MAX, Some(NonZeroU32::MIN));
        assert_eq!((cache.get(u32::MAX), cache.get(3)), (Some(Some(NonZeroU32::MIN)), None));
    }
}
