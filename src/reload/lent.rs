//! Places in which threads keep states, and which whoever reloads can empty.
//!
//! A thread that looks into a place of its own says so with one locked instruction, and waits for
//! nobody: who does not get at a place leaves it.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::thread::yield_now;

use try_lock::TryLock;

use super::threads::PLACES;
use crate::load::Loaded;

/// The places of one thread, on lines of the cache that no other thread's share.
#[derive(Default)]
#[repr(align(128))]
struct Places([TryLock<Option<Kept>>; PLACES]);

struct Kept {
    handle: usize,
    state: Arc<Loaded>,
}

/// Those of all threads. What a thread had that ended is given to the next one.
static ALL: Mutex<Vec<Arc<Places>>> = Mutex::new(Vec::new());

thread_local! {
    static MINE: OnceCell<Arc<Places>> = const { OnceCell::new() };
}

/// How often one tries to get at all places before one leaves them as they are: a child of a fork
/// would wait for ever for a thread that it does not have.
const ATTEMPTS: usize = 1000;

/// Asks what this thread keeps in the place of a handle, if it is of a generation.
#[inline]
pub(super) fn ask<R>(
    handle: usize,
    generation: u32,
    ask: impl FnOnce(&Arc<Loaded>) -> R,
) -> Option<R> {
    let asked = MINE.try_with(|mine| {
        let place = mine.get()?.0.get(handle % PLACES)?.try_lock()?;
        let kept = place.as_ref().filter(|kept| kept.state.generation == generation)?;
        Some(ask(&kept.state))
    });
    asked.ok().flatten()
}

/// Keeps a state for the questions of this thread. One that is inside a question, or ends, keeps
/// what it has.
pub(super) fn keep(handle: usize, state: &Arc<Loaded>) {
    let new = Kept { handle, state: Arc::clone(state) };
    let kept = MINE.try_with(|mine| {
        if mine.get().is_none() {
            // Both fail if another thread is here now: the next question asks again.
            drop(mine.set(places()?));
        }
        let mut place = mine.get()?.0.get(handle % PLACES)?.try_lock()?;
        place.replace(new)
    });
    // A replaced state is in the graveyard, too: this frees nothing.
    drop(kept);
}

/// The places of a thread that ended, or new ones.
fn places() -> Option<Arc<Places>> {
    let mut all = all()?;
    let free = all.iter().find(|places| Arc::strong_count(places) == 1).cloned();
    Some(free.unwrap_or_else(|| {
        let places = Arc::new(Places::default());
        all.push(Arc::clone(&places));
        places
    }))
}

fn all() -> Option<MutexGuard<'static, Vec<Arc<Places>>>> {
    match ALL.try_lock() {
        Ok(all) => Some(all),
        Err(TryLockError::Poisoned(all)) => Some(all.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Takes back all states of a handle but that of a generation. A place that is looked into just now
/// stays as it is.
pub(super) fn take_back(handle: usize, but: Option<u32>) {
    let all = (0..ATTEMPTS).find_map(|_| {
        all().or_else(|| {
            yield_now();
            None
        })
    });
    let taken: Vec<Kept> = all
        .iter()
        .flat_map(|all| all.iter())
        .filter_map(|places| {
            let mut place = places.0.get(handle % PLACES)?.try_lock()?;
            place.take_if(|kept| kept.handle == handle && Some(kept.state.generation) != but)
        })
        .collect();
    // Threads that begin are not held up while this frees what a handle had.
    drop(all);
    drop(taken);
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_that_end_hand_on_their_places() {
        for _ in 0..200 {
            let has_places = || MINE.with(|mine| mine.set(places()?).ok());
            assert_eq!(thread::spawn(has_places).join().unwrap(), Some(()));
        }
        assert!(all().unwrap().len() < 100);
    }
}
