//! States that are published, read and freed: the protocol of the reloader, as a model.
//!
//! A reader takes what is published and gives it back when it likes. The reloader keeps what it
//! replaced until no one else holds it, and frees it itself: freeing many flags takes long, and a
//! request must not wait for that. `ArcSwap` is stood in for by a lock; what is modelled is what is
//! built on it, the count of owners.

#![cfg(loom)]

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
