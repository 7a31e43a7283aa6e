//! A typed key that threads use at once, each with the state that it holds.

#![cfg(loom)]

#[path = "../../src/key/cache.rs"]
mod cache;

use std::num::NonZeroU32;

use loom::sync::Arc;
use loom::sync::atomic::{self, AtomicU32, Ordering};
use loom::thread;

use cache::Cache;

/// Where the flag is in each state: it moves, goes, and comes back.
fn found_in(generation: u32) -> Option<NonZeroU32> {
    match generation {
        1 => NonZeroU32::new(1),
        2 => None,
        3 => NonZeroU32::new(8),
        other => panic!("no state has the generation {other}"),
    }
}

/// What a key remembers, as `Key::resolve` uses it.
trait Remembers: Send + Sync + 'static {
    fn get(&self, generation: u32) -> Option<Option<NonZeroU32>>;
    fn set(&self, generation: u32, id: Option<NonZeroU32>);

    fn resolve(&self, generation: u32) -> Option<NonZeroU32> {
        self.get(generation).unwrap_or_else(|| {
            let id = found_in(generation);
            self.set(generation, id);
            id
        })
    }
}

impl Remembers for Cache {
    fn get(&self, generation: u32) -> Option<Option<NonZeroU32>> {
        Cache::get(self, generation)
    }

    fn set(&self, generation: u32, id: Option<NonZeroU32>) {
        Cache::set(self, generation, id);
    }
}

fn cache() -> Cache {
    Cache { word: atomic::AtomicU64::new(0) }
}

/// One key and threads that go through states; each must find what is in its own.
fn all_find_their_own<K: Remembers>(key: K, threads: &[&[u32]]) {
    let key = Arc::new(key);
    let spawned: Vec<_> = threads
        .iter()
        .map(|generations| {
            let (key, generations) = (Arc::clone(&key), generations.to_vec());
            thread::spawn(move || {
                for generation in generations {
                    assert_eq!(key.resolve(generation), found_in(generation));
                }
            })
        })
        .collect();
    for thread in spawned {
        thread.join().unwrap();
    }
}

#[test]
fn threads_with_two_states_find_each_their_own() {
    loom::model(|| all_find_their_own(cache(), &[&[1, 1], &[3, 3]]));
}

#[test]
fn a_flag_that_goes_is_gone_for_its_own_state_only() {
    loom::model(|| all_find_their_own(cache(), &[&[1, 2, 3], &[1, 2]]));
}

/// As one key serves handles whose states have nothing to do with each other.
#[test]
fn one_key_serves_several_handles() {
    loom::model(|| all_find_their_own(cache(), &[&[1], &[3], &[2]]));
}

/// The same in two words, which threads can mix: what the models are worth.
struct TwoWords {
    generation: AtomicU32,
    id: AtomicU32,
}

impl Remembers for TwoWords {
    fn get(&self, generation: u32) -> Option<Option<NonZeroU32>> {
        let known = self.generation.load(Ordering::Acquire) == generation;
        known.then(|| NonZeroU32::new(self.id.load(Ordering::Acquire)))
    }

    fn set(&self, generation: u32, id: Option<NonZeroU32>) {
        self.id.store(id.map_or(0, NonZeroU32::get), Ordering::Release);
        self.generation.store(generation, Ordering::Release);
    }
}

#[test]
#[should_panic(expected = "assertion `left == right` failed")]
fn two_words_would_be_mixed() {
    loom::model(|| {
        let key = TwoWords { generation: AtomicU32::new(0), id: AtomicU32::new(0) };
        all_find_their_own(key, &[&[1, 1], &[3, 3]]);
    });
}
