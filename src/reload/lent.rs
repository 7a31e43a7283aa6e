//! Places in which threads keep states, and which whoever reloads can empty.
//!
//! A thread that looks into a place of its own says so with one locked instruction, and waits for
//! nobody: who does not get at a place leaves it. No state is freed in a question: in a place, a thread
//! puts one state in the place of an older one of the same handle, which is in the graveyard, too.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::yield_now;

use arc_swap::ArcSwapOption;
use try_lock::TryLock;

use super::threads::PLACES;
use crate::load::Loaded;

/// The places of one thread, on lines of the cache that no other thread's share.
#[repr(align(128))]
struct Places {
    places: [TryLock<Option<Kept>>; PLACES],
    /// Whether a thread has them.
    taken: AtomicBool,
    next: Option<Arc<Places>>,
}

struct Kept {
    handle: usize,
    generation: u32,
    state: Arc<Loaded>,
}

/// Those of all threads, the newest first: none goes, and what a thread had that ended is given to one
/// that begins. A list that no one locks, so that whoever begins is not held up either.
static ALL: ArcSwapOption<Places> = ArcSwapOption::const_empty();

thread_local! {
    static MINE: OnceCell<Mine> = const { OnceCell::new() };
}

/// The places that a thread has until it ends.
struct Mine(Arc<Places>);

impl Drop for Mine {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

impl Mine {
    /// The places of a thread that ended, or new ones.
    fn new() -> Mine {
        let is_free = |places: &Arc<Places>| {
            let taking = (Ordering::Acquire, Ordering::Relaxed);
            places.taken.compare_exchange(false, true, taking.0, taking.1).is_ok()
        };
        if let Some(free) = all().find(is_free) {
            return Mine(free);
        }
        loop {
            let next = ALL.load_full();
            let new = Arc::new(Places {
                places: Default::default(),
                taken: AtomicBool::new(true),
                next: next.clone(),
            });
            let before = ALL.compare_and_swap(&next, Some(Arc::clone(&new)));
            if before.as_ref().map(Arc::as_ptr) == next.as_ref().map(Arc::as_ptr) {
                return Mine(new);
            }
        }
    }
}

fn all() -> impl Iterator<Item = Arc<Places>> {
    std::iter::successors(ALL.load_full(), |places| places.next.clone())
}

/// Asks what this thread keeps in the place of a handle, if it is of a generation.
#[inline]
pub(super) fn ask<R>(
    handle: usize,
    generation: u32,
    ask: impl FnOnce(&Arc<Loaded>) -> R,
) -> Option<R> {
    let asked = MINE.try_with(|mine| {
        let place = mine.get()?.0.places.get(handle % PLACES)?.try_lock()?;
        let kept = place.as_ref().filter(|kept| kept.generation == generation)?;
        Some(ask(&kept.state))
    });
    asked.ok().flatten()
}

/// Keeps a state for the questions of this thread. One that is inside a question, or ends, keeps
/// what it has; and so does one that has a state of another handle there, which that one takes back
/// when it goes.
pub(super) fn keep(handle: usize, state: &Arc<Loaded>) {
    let older = MINE.try_with(|mine| {
        let mut place = mine.get_or_init(Mine::new).0.places.get(handle % PLACES)?.try_lock()?;
        if place.as_ref().is_some_and(|kept| kept.handle != handle) {
            return None;
        }
        let generation = state.generation;
        place.replace(Kept { handle, generation, state: Arc::clone(state) })
    });
    drop(older);
}

/// Takes back all states of a handle but that of a generation, and what handles left that are gone. A
/// place that is looked into stays as it is.
pub(super) fn take_back(handle: usize, but: Option<u32>) {
    /// A place is looked into for some nanoseconds, or as long as a question takes: then it has a
    /// state that is asked.
    const ATTEMPTS: usize = 10;
    let is_over = |kept: &mut Kept| {
        kept.handle == handle && Some(kept.generation) != but || Arc::strong_count(&kept.state) == 1
    };
    let place = |places: &Arc<Places>| {
        let place = places.places.get(handle % PLACES)?;
        let mut place = (0..ATTEMPTS).find_map(|_| {
            place.try_lock().or_else(|| {
                yield_now();
                None
            })
        })?;
        place.take_if(is_over)
    };
    for places in all() {
        drop(place(&places));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_that_end_hand_on_their_places() {
        for _ in 0..200 {
            let begins = || MINE.with(|mine| mine.get_or_init(Mine::new).0.places.len());
            assert_eq!(thread::spawn(begins).join().unwrap(), PLACES);
        }
        assert!(all().count() < 100);
    }
}
