//! The flags of a document, in order.

use std::sync::Arc;

use super::{Flag, Name};
use crate::literal::arena::Arena;

/// Flags in the byte order of their names, each name once. To clone them is cheap.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Flags(Arc<Vec<Flag>>);

impl Flags {
    /// Flags in any order; no two of them have one name.
    pub(crate) fn new(mut flags: Vec<Flag>) -> Flags {
        // PERF: names are far from each other in memory. Most differ in sixteen bytes behind what
        // all of them start with, which stand side by side while they are sorted (LOAD).
        let names = || flags.iter().map(|flag| flag.name.as_bytes());
        let first = names().next().unwrap_or_default();
        let shared = names().fold(first, |shared, name| {
            let same = shared.iter().zip(name).take_while(|(a, b)| a == b).count();
            shared.get(..same).unwrap_or_default()
        });
        let shared = shared.len();
        flags.sort_by_cached_key(|flag| {
            let mut start = [0; 16];
            let own = flag.name.as_bytes().iter().skip(shared);
            start.iter_mut().zip(own).for_each(|(start, own)| *start = *own);
            u128::from_be_bytes(start)
        });
        flags.sort_by(|a, b| a.name.cmp(&b.name));
        flags.shrink_to_fit();
        Flags(Arc::new(flags))
    }

    /// Adds a flag, or puts it in the place of the one that has its name.
    pub(crate) fn insert(&mut self, flag: Flag) {
        let found = self.search(&flag.name);
        let flags = Arc::make_mut(&mut self.0);
        match found {
            Ok(at) => {
                if let Some(slot) = flags.get_mut(at) {
                    *slot = flag;
                }
            }
            Err(at) => flags.insert(at, flag),
        }
    }

    /// Whether no two of them have one name.
    pub(crate) fn are_distinct(&self) -> bool {
        self.0.is_sorted_by(|a, b| a.name < b.name)
    }

    fn search(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|flag| (*flag.name).cmp(name))
    }

    /// The place of a flag among the others, which is its id in a program.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.search(name).ok()
    }

    pub(crate) fn at(&self, position: usize) -> Option<&Flag> {
        self.0.get(position)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Flag> {
        self.at(self.position(name)?)
    }

    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.search(name).is_ok()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Flag> {
        self.0.iter()
    }

    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = &Name> + Clone {
        self.iter().map(|flag| &flag.name)
    }

    /// Their names, in the same order.
    pub(crate) fn names(&self) -> Arena {
        Arena::new(self.keys().map(|name| &**name))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// As one's own: nothing is copied of flags that nobody else has.
    pub(super) fn into_owned(self) -> Vec<Flag> {
        Arc::unwrap_or_clone(self.0)
    }
}
