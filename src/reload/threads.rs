//! The states that threads keep for themselves.
//!
//! To take the published state from the cell costs a reader some ten nanoseconds: two locked
//! instructions say in memory that it is reading. A thread that keeps a state looks whether it is
//! still the newest, and needs one of them where what it keeps is [`lent`], and none where it is the
//! thread's own.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::cell::Cell;
use super::lent;
use crate::load::Loaded;

/// How many handles a thread keeps a state of. What is beyond shares a place: the thread's own is
/// pushed out of it, what is lent stays and the other is asked in the cell.
pub(super) const PLACES: usize = 4;

thread_local! {
    static OWN: [RefCell<Option<Arc<Loaded>>>; PLACES] =
        const { [const { RefCell::new(None) }; PLACES] };
}

static NEXT_HANDLE: AtomicUsize = AtomicUsize::new(0);

/// What threads keep of a handle.
#[derive(Debug)]
pub(super) struct Threads {
    handle: usize,
    /// Whether nothing takes from a thread what it keeps.
    own: bool,
    /// Generations are unique in the process, so that this tells states of other handles too.
    newest: AtomicU32,
}

impl Threads {
    pub(super) fn new(first: u32, own: bool) -> Threads {
        let handle = NEXT_HANDLE.fetch_add(1, Ordering::Relaxed);
        Threads { handle, own, newest: AtomicU32::new(first) }
    }

    /// Tells all threads of a state that is about to be published. Until it is, they find what they
    /// keep to be old, and take what there is from the cell.
    pub(super) fn tell(&self, newest: u32) {
        self.newest.store(newest, Ordering::Release);
    }

    /// Takes from threads what is lent to them and is old: one that does not ask again would keep it
    /// for ever.
    pub(super) fn take_back_old(&self) {
        if !self.own {
            lent::take_back(self.handle, Some(self.newest.load(Ordering::Acquire)));
        }
    }

    /// Asks the newest state, which this thread keeps from now on if it can.
    ///
    /// PERF: a locked instruction, or a comparison, in the place of a guard (W1 to W5 by `flags` and
    /// by `cached`).
    #[inline(always)]
    pub(super) fn read<R>(&self, cell: &Cell<Loaded>, ask: impl Fn(&Arc<Loaded>) -> R) -> R {
        let newest = self.newest.load(Ordering::Acquire);
        let answer = match self.own {
            true => ask_own(self.handle, newest, &ask),
            false => lent::ask(self.handle, newest, &ask),
        };
        answer.unwrap_or_else(|| self.ask_anew(cell, ask))
    }

    /// Asks the state in the cell.
    #[cold]
    fn ask_anew<R>(&self, cell: &Cell<Loaded>, ask: impl Fn(&Arc<Loaded>) -> R) -> R {
        let state = cell.load();
        match self.own {
            true => keep_own(self.handle, &state),
            false => lent::keep(self.handle, &state),
        }
        ask(&state)
    }
}

/// What is the threads' own stays with them, until they end or another handle takes the place.
impl Drop for Threads {
    fn drop(&mut self) {
        if !self.own {
            lent::take_back(self.handle, None);
        }
    }
}

#[inline]
fn ask_own<R>(handle: usize, generation: u32, ask: impl FnOnce(&Arc<Loaded>) -> R) -> Option<R> {
    let asked = OWN.try_with(|places| {
        let place = places.get(handle % PLACES)?.try_borrow().ok()?;
        place.as_ref().filter(|state| state.generation == generation).map(ask)
    });
    asked.ok().flatten()
}

/// As [`lent::keep`], but in the place of whatever is there.
fn keep_own(handle: usize, state: &Arc<Loaded>) {
    let kept = OWN.try_with(|places| {
        let mut place = places.get(handle % PLACES)?.try_borrow_mut().ok()?;
        place.replace(Arc::clone(state))
    });
    // The graveyard holds what is let go here, unless its handle is gone.
    drop(kept);
}
