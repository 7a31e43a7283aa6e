//! Keys that their map has already.

use std::borrow::Cow;
use std::collections::{HashMap, hash_map};

use super::{Entry, Key, NodeId, Seeded};

/// A map of fewer entries is looked through one by one.
const SMALL: usize = 16;

/// The keys of a map so far, as far as it takes to tell whether one is there already.
#[derive(Default)]
pub(super) struct Seen<'t> {
    /// One bit for each key, which few keys of one map share.
    bits: u64,
    /// Where each first stands. Small maps, which most are, do without.
    first: Option<HashMap<Cow<'t, str>, NodeId, Seeded>>,
}

impl<'t> Seen<'t> {
    /// The key of a map that is the same as this one, if there is one; what it has so far are the
    /// entries. All its keys are asked for, in their order.
    ///
    /// PERF: LOAD. Of a key whose bit no other has, nothing is compared.
    #[inline(always)]
    pub(super) fn first_of(&mut self, key: &Key<'t>, entries: &[Entry<'t>]) -> Option<NodeId> {
        let bit = 1 << key.place;
        let is_new = self.bits & bit == 0 && entries.len() < SMALL;
        self.bits |= bit;
        if is_new { None } else { self.first_among(key, entries) }
    }

    #[inline(never)]
    fn first_among(&mut self, key: &Key<'t>, entries: &[Entry<'t>]) -> Option<NodeId> {
        if entries.len() < SMALL {
            let first = entries.iter().find(|entry| entry.key.text == key.text);
            return first.map(|entry| entry.key.id);
        }
        self.first_of_many(key, entries)
    }

    fn first_of_many(&mut self, key: &Key<'t>, entries: &[Entry<'t>]) -> Option<NodeId> {
        let first = self.first.get_or_insert_with(|| {
            let mut first = HashMap::default();
            for Entry { key, .. } in entries {
                first.entry(key.text.clone()).or_insert(key.id);
            }
            first
        });
        match first.entry(key.text.clone()) {
            hash_map::Entry::Occupied(first) => Some(*first.get()),
            hash_map::Entry::Vacant(room) => {
                room.insert(key.id);
                None
            }
        }
    }
}
