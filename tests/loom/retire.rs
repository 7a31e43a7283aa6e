//! States that are published, read and freed: the protocol of the reloader, as a model.
//!
//! A reader takes what is published and gives it back when it likes. The reloader keeps what it
//! replaced until no one else holds it, and frees it itself: freeing many flags takes long, and a
//! request must not wait for that. `ArcSwap` is stood in for by a lock; what is modelled is what is
//! built on it, the count of owners, and the places in which readers keep states until the reloader
//! takes them back.

#![cfg(loom)]

use std::cell::Cell;

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

/// A place of a thread: which handle it has a state of, and that.
type Place = Mutex<Option<(u8, Arc<State>)>>;

/// What a handle publishes to a reader that keeps it.
struct Handle {
    name: u8,
    newest: AtomicU32,
    published: Published,
}

impl Handle {
    fn new(name: u8, first: u32) -> Handle {
        let published = Published(Mutex::new(state(first)));
        Handle { name, newest: AtomicU32::new(first), published }
    }

    /// Asks something in the middle of which something may be asked; the generation that answers.
    fn read(&self, place: &Place, inside: impl Fn()) -> u32 {
        let newest = self.newest.load(Ordering::Acquire);
        if let Ok(kept) = place.try_lock() {
            if let Some((_, state)) = kept.as_ref().filter(|(_, state)| state.generation == newest)
            {
                inside();
                return state.generation;
            }
        }
        let state = self.published.load();
        if let Ok(mut kept) = place.try_lock() {
            if kept.as_ref().is_none_or(|(handle, _)| *handle == self.name) {
                *kept = Some((self.name, Arc::clone(&state)));
            }
        }
        inside();
        state.generation
    }

    fn publish(&self, generation: u32) -> Arc<State> {
        self.newest.store(generation, Ordering::Release);
        self.published.swap(state(generation))
    }

    /// Takes back what is not of a generation, and what a handle left that is gone.
    fn take_back(&self, place: &Place, but: Option<u32>) {
        if let Ok(mut kept) = place.try_lock() {
            let taken = kept.take_if(|(handle, state)| {
                *handle == self.name && Some(state.generation) != but
                    || Arc::strong_count(state) == 1
            });
            drop(kept);
            drop(taken);
        }
    }

    fn take_back_old(&self, place: &Place) {
        self.take_back(place, Some(self.newest.load(Ordering::Acquire)));
    }
}

/// A reader that keeps what it reads, and from whom the reloader takes it back. Places of other
/// readers are others: what two share is modelled above.
fn keep_under_a_reloader(publishes: u32, takes_back: bool) {
    let kept = Arc::new((Handle::new(0, 1), Place::new(None)));
    let reader = thread::spawn({
        let kept = Arc::clone(&kept);
        move || {
            let (handle, place) = &*kept;
            assert!(handle.read(place, || {}) <= handle.read(place, || {}), "never back");
        }
    });
    let (handle, place) = &*kept;
    let mut graveyard = Vec::new();
    for generation in 2..2 + publishes {
        graveyard.push(handle.publish(generation));
        handle.take_back_old(place);
        bury(&mut graveyard);
    }
    reader.join().unwrap();
    if takes_back {
        handle.take_back_old(place);
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

/// A question inside a question finds the place in use, and asks what is published: nothing that is
/// older may answer after it.
#[test]
fn a_question_inside_a_question_is_never_gone_back_from() {
    loom::model(|| {
        let kept = Arc::new((Handle::new(0, 1), Place::new(None)));
        let reader = thread::spawn({
            let kept = Arc::clone(&kept);
            move || {
                let (handle, place) = &*kept;
                handle.read(place, || {});
                let inside = Cell::new(0);
                handle.read(place, || inside.set(handle.read(place, || {})));
                assert!(handle.read(place, || {}) >= inside.get(), "generations never go back");
            }
        });
        let (handle, place) = &*kept;
        let replaced = handle.publish(2);
        reader.join().unwrap();
        handle.take_back_old(place);
        drop(replaced);
    });
}

/// A handle goes while a thread that kept its state asks another handle, which has the same place.
/// Whether that is in use just then or not, the thread frees nothing.
fn go_under_a_reader_of_another_handle(is_in_use: bool) {
    let (goes, place) = (Handle::new(0, 1), Arc::new(Place::new(None)));
    let stays = Arc::new(Handle::new(1, 2));
    goes.read(&place, || {});
    let reader = thread::spawn({
        let (stays, place) = (Arc::clone(&stays), Arc::clone(&place));
        move || assert_eq!([(); 2].map(|()| stays.read(&place, || {})), [2; 2])
    });
    if !is_in_use {
        goes.take_back(&place, None);
    }
    drop(goes);
    reader.join().unwrap();
    stays.take_back_old(&place);
    let left = place.lock().unwrap().take();
    assert!(left.is_none_or(|(handle, _)| handle == 1), "what is gone is freed");
}

#[test]
fn what_a_handle_had_that_goes_is_not_freed_by_a_reader() {
    loom::model(|| go_under_a_reader_of_another_handle(false));
}

#[test]
fn what_a_handle_left_that_is_gone_is_not_freed_by_a_reader() {
    loom::model(|| go_under_a_reader_of_another_handle(true));
}
