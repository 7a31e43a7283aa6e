//! States that are published, read and freed: the protocol of the reloader, as a model.
//!
//! A reader takes what is published and gives it back when it likes. The reloader keeps what it
//! replaced until no one else holds it, and frees it itself: freeing many flags takes long, and a
//! request must not wait for that. `ArcSwap` is stood in for by a lock; what is modelled is what is
//! built on it, the count of owners, and the places in which readers keep states until the reloader
//! takes them back.

#![cfg(loom)]

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread::{self, ThreadId};

struct State {
    generation: u32,
    /// The thread that may free it.
    reloader: ThreadId,
}

impl Drop for State {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.reloader, "a reader frees {}", self.generation);
    }
}

fn state(generation: u32) -> Arc<State> {
    Arc::new(State { generation, reloader: thread::current().id() })
}

struct Published(Mutex<Arc<State>>);

impl Published {
    fn load(&self) -> Arc<State> {
        Arc::clone(&self.0.lock().unwrap())
    }

    fn swap(&self, new: Arc<State>) -> Arc<State> {
        std::mem::replace(&mut *self.0.lock().unwrap(), new)
    }
}

/// Frees what no one else holds, as the reloader does between two looks.
fn bury(graveyard: &mut Vec<Arc<State>>) {
    graveyard.retain(|state| Arc::strong_count(state) > 1);
}

/// Readers that each take a state some times, and this thread publishing over them. What becomes of
/// a state that was replaced is said by `retire`.
fn publish_under_readers(
    readers: usize,
    publishes: u32,
    retire: fn(&mut Vec<Arc<State>>, Arc<State>),
) {
    let published = Arc::new(Published(Mutex::new(state(1))));
    let readers: Vec<_> = (0..readers)
        .map(|_| {
            let published = Arc::clone(&published);
            thread::spawn(move || {
                let first = published.load();
                let second = published.load();
                assert!(first.generation <= second.generation, "generations never go back");
            })
        })
        .collect();
    let mut graveyard = Vec::new();
    for generation in 2..2 + publishes {
        retire(&mut graveyard, published.swap(state(generation)));
        bury(&mut graveyard);
    }
    for reader in readers {
        reader.join().unwrap();
    }
    bury(&mut graveyard);
    assert!(graveyard.is_empty(), "what no one holds is freed");
}

#[test]
fn only_the_reloader_frees() {
    loom::model(|| publish_under_readers(1, 2, Vec::push));
}

#[test]
fn only_the_reloader_frees_under_two_readers() {
    loom::model(|| publish_under_readers(2, 1, Vec::push));
}

/// What the model is worth: where nobody keeps what was replaced, a reader frees it.
#[test]
#[should_panic(expected = "a reader frees")]
fn without_a_graveyard_a_reader_frees() {
    loom::model(|| publish_under_readers(1, 1, |_, old| drop(old)));
}

/// What is published to a reader that keeps it, in a place of its own.
struct Kept {
    published: Published,
    newest: AtomicU32,
    place: Mutex<Option<Arc<State>>>,
}

impl Kept {
    fn read(&self) -> u32 {
        let newest = self.newest.load(Ordering::Acquire);
        if let Ok(kept) = self.place.try_lock() {
            if kept.as_ref().is_some_and(|state| state.generation == newest) {
                return newest;
            }
        }
        let state = self.published.load();
        if let Ok(mut kept) = self.place.try_lock() {
            *kept = Some(Arc::clone(&state));
        }
        state.generation
    }

    fn publish(&self, generation: u32) -> Arc<State> {
        self.newest.store(generation, Ordering::Release);
        self.published.swap(state(generation))
    }

    fn take_back_old(&self) {
        let newest = self.newest.load(Ordering::Acquire);
        if let Ok(mut kept) = self.place.try_lock() {
            drop(kept.take_if(|state| state.generation != newest));
        }
    }
}

/// A reader that keeps what it reads, and from whom the reloader takes it back. Places of other
/// readers are others: what two share is modelled above.
fn keep_under_a_reloader(publishes: u32, takes_back: bool) {
    let kept = Arc::new(Kept {
        published: Published(Mutex::new(state(1))),
        newest: AtomicU32::new(1),
        place: Mutex::new(None),
    });
    let reader = thread::spawn({
        let kept = Arc::clone(&kept);
        move || assert!(kept.read() <= kept.read(), "generations never go back")
    });
    let mut graveyard = Vec::new();
    for generation in 2..2 + publishes {
        graveyard.push(kept.publish(generation));
        kept.take_back_old();
        bury(&mut graveyard);
    }
    reader.join().unwrap();
    if takes_back {
        kept.take_back_old();
    }
    bury(&mut graveyard);
    assert!(graveyard.is_empty(), "what a thread kept is freed though it does not ask again");
}

#[test]
fn what_a_reader_keeps_is_taken_back() {
    loom::model(|| keep_under_a_reloader(2, true));
}

/// What the model is worth: a reader may keep what was replaced in the meantime, so that to take
/// back once is not enough.
#[test]
#[should_panic(expected = "though it does not ask again")]
fn what_is_not_taken_back_again_is_never_freed() {
    loom::model(|| keep_under_a_reloader(1, false));
}
