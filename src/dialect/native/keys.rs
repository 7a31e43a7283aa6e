//! The keys that a map of the format can have.

use std::ops::Deref;

use crate::literal::words::is_same_short;
use crate::tree::key_place;

/// The keys of one kind of map, each found by its [`key_place`].
///
/// PERF: LOAD. Of a key that stands in a map it is told by one comparison whether it is known, and a
/// known one is found there without any.
#[derive(Debug)]
pub(super) struct Keys {
    all: &'static [&'static str],
    /// The number of each key, from 1, at its place.
    numbers: [u8; 64],
}

impl Keys {
    /// Keys that all have a place of their own: others are refused when the crate is compiled.
    pub(super) const fn new(all: &'static [&'static str]) -> Keys {
        let mut numbers = [0; 64];
        let (mut left, mut number) = (all, 0);
        while let [key, others @ ..] = left {
            number += 1;
            let is_new = match numbers.split_at_mut_checked(key_place(key) as usize) {
                Some((_, [slot, ..])) => std::mem::replace(slot, number) == 0,
                Some((_, [])) | None => false,
            };
            assert!(is_new, "two keys have one place");
            assert!(key.len() <= 32, "a key is not short");
            left = others;
        }
        Keys { all, numbers }
    }

    /// Whether a key with this place is one of them.
    #[inline]
    pub(super) fn has(&self, key: &str, place: u8) -> bool {
        let number = self.numbers.get(usize::from(place)).copied().unwrap_or_default();
        let known = usize::from(number).checked_sub(1).and_then(|at| self.all.get(at));
        known.is_some_and(|known| is_same_short(known.as_bytes(), key.as_bytes()))
    }
}

impl Deref for Keys {
    type Target = [&'static str];

    fn deref(&self) -> &[&'static str] {
        self.all
    }
}
