//! The published state, and those that it replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};

/// The one place from which states are read.
///
/// A read takes no lock and waits for nobody. A reader that were the last to hold a replaced state
/// would free it, which stalls a request for as long as that takes: so who publishes keeps what was
/// replaced in a [`Graveyard`].
#[derive(Debug)]
pub(super) struct Cell<T> {
    current: ArcSwap<T>,
    /// How many replaced ones are not freed yet.
    retired: AtomicUsize,
}

impl<T> Cell<T> {
    pub(super) fn new(first: T) -> Cell<T> {
        Cell { current: ArcSwap::from_pointee(first), retired: AtomicUsize::new(0) }
    }

    #[inline]
    pub(super) fn load(&self) -> Guard<Arc<T>> {
        self.current.load()
    }

    pub(super) fn load_full(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Publishes a state; what it replaces must be buried.
    pub(super) fn swap(&self, new: Arc<T>) -> Replaced<T> {
        self.retired.fetch_add(1, Ordering::Relaxed);
        Replaced(self.current.swap(new))
    }

    pub(super) fn retired(&self) -> usize {
        self.retired.load(Ordering::Relaxed)
    }
}

/// A state that was replaced.
#[derive(Debug)]
#[must_use = "a reader that holds it last would free it: it belongs into the graveyard"]
pub(super) struct Replaced<T>(Arc<T>);

/// Replaced states, until no one else holds them.
#[derive(Debug)]
pub(super) struct Graveyard<T> {
    graves: Vec<(Instant, Arc<T>)>,
    grace: Duration,
}

impl<T> Graveyard<T> {
    /// One that keeps each state for a grace at least: a reader may have found the pointer and not
    /// counted itself yet.
    pub(super) fn new(grace: Duration) -> Graveyard<T> {
        Graveyard { graves: Vec::new(), grace }
    }

    pub(super) fn add(&mut self, replaced: Replaced<T>) {
        self.graves.push((Instant::now(), replaced.0));
    }

    /// Frees those that no one holds, here and not in a request.
    pub(super) fn bury(&mut self, cell: &Cell<T>) {
        let before = self.graves.len();
        self.graves
            .retain(|(since, state)| since.elapsed() < self.grace || Arc::strong_count(state) > 1);
        cell.retired.fetch_sub(before - self.graves.len(), Ordering::Relaxed);
    }
}
