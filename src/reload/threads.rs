//! The states that threads keep for themselves, where the handle is told to let them.
//!
//! To take the published state from the cell costs a reader some ten nanoseconds: it says in memory
//! that it is reading. A thread that keeps a state only looks whether it is still the newest.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::cell::Cell;
use crate::load::Loaded;

/// How many handles a thread keeps a state of; what is beyond shares a place and pushes out.
const PLACES: usize = 4;

type Places = [RefCell<Option<Arc<Loaded>>>; PLACES];

thread_local! {
    static KEPT: Places = const { [const { RefCell::new(None) }; PLACES] };
}

static NEXT_PLACE: AtomicUsize = AtomicUsize::new(0);

/// Which of the kept states is the newest of a handle.
#[derive(Debug)]
pub(super) struct Threads {
    place: usize,
    /// Generations are unique in the process, so that this tells states of other handles too.
    newest: AtomicU32,
}

impl Threads {
    pub(super) fn new(first: u32) -> Threads {
        let place = NEXT_PLACE.fetch_add(1, Ordering::Relaxed) % PLACES;
        Threads { place, newest: AtomicU32::new(first) }
    }

    /// Tells all threads of a state that is about to be published. Until it is, they find what they
    /// keep to be old, and take what there is from the cell.
    pub(super) fn tell(&self, newest: u32) {
        self.newest.store(newest, Ordering::Release);
    }

    /// Asks the newest state, which this thread keeps from now on if it can.
    ///
    /// PERF: two loads and a comparison in the place of a guard (W1 to W5 by `cached`).
    #[inline]
    pub(super) fn read<R>(&self, cell: &Cell<Loaded>, ask: impl Fn(&Loaded) -> R) -> R {
        let newest = self.newest.load(Ordering::Acquire);
        let answer = KEPT.try_with(|places| {
            let kept = places.get(self.place)?.try_borrow().ok()?;
            let state = kept.as_ref().filter(|state| state.generation == newest)?;
            Some(ask(state))
        });
        answer.ok().flatten().unwrap_or_else(|| ask(&self.renew(cell)))
    }

    /// The newest state from the cell. A thread that is inside a read, or ends, keeps what it has.
    #[cold]
    fn renew(&self, cell: &Cell<Loaded>) -> Arc<Loaded> {
        let state = cell.load_full();
        let _ = KEPT.try_with(|places| {
            let mut place = places.get(self.place)?.try_borrow_mut().ok()?;
            // The graveyard holds what is let go here, unless its handle is gone.
            *place = Some(Arc::clone(&state));
            Some(())
        });
        state
    }
}
