//! The names of flags, found by hash.

use std::sync::Arc;

use super::set::HashIndex;
use super::table::{FlagId, Id};
use crate::literal::words::{hash_of, is_same_short};

/// What the hashes of names start with: any seed as [`hash_of`] asks for.
const SEED: u64 = 0xa076_1d64_78bd_642f;

/// The names of a program's flags, in the order of their ids.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    names: Arc<[Arc<str>]>,
    index: HashIndex,
}

impl Names {
    pub(crate) fn new(names: Vec<Arc<str>>) -> Names {
        let index = HashIndex::new(names.iter().map(|name| hash_of(name.as_bytes(), SEED)));
        Names { names: names.into(), index }
    }

    /// The flag of a name.
    ///
    /// PERF: a call, so that what is left of a question by name is small enough to be in line. What a
    /// long name takes is one that nothing comes after, and no registers are saved for it (W1, W2, W3
    /// and W7 by name).
    #[inline(never)]
    pub(crate) fn find(&self, name: &str) -> Option<FlagId> {
        // Longer ones are compared by a call, and may be hashed there as well.
        const MOST: usize = 32;
        if name.len() > MOST {
            return self.find_by_bytes(name);
        }
        let at = self.index.find(hash_of(name.as_bytes(), SEED), |_| true)?;
        match self.names.get(at as usize) {
            Some(known) if is_same_short(known, name) => Some(FlagId::new(at as usize)),
            _ => self.find_by_bytes(name),
        }
    }

    #[inline(never)]
    fn find_by_bytes(&self, name: &str) -> Option<FlagId> {
        let is_same = |at: u32| self.names.get(at as usize).is_some_and(|known| **known == *name);
        let at = self.index.find(hash_of(name.as_bytes(), SEED), is_same)?;
        Some(FlagId::new(at as usize))
    }

    /// All of them, in their order.
    pub(crate) fn all(&self) -> &Arc<[Arc<str>]> {
        &self.names
    }

    pub(crate) fn of(&self, flag: FlagId) -> &str {
        self.names.get(flag.index()).map_or("", |name| name)
    }
}

impl Default for Names {
    fn default() -> Names {
        Names::new(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_found_and_nothing_near_it() {
        let all: Vec<Arc<str>> = (1..300)
            .map(|length| "abcdefghij".chars().cycle().skip(length % 7).take(length).collect())
            .map(|name: String| Arc::from(name))
            .collect();
        let names = Names::new(all.clone());
        for (at, name) in all.iter().enumerate() {
            assert_eq!(names.find(name), Some(FlagId::new(at)), "{name}");
            for place in [0, name.len() / 2, name.len() - 1] {
                let mut near = name.to_string();
                near.replace_range(place..=place, "X");
                assert_eq!(names.find(&near), None, "{near}");
            }
        }
        assert_eq!(names.find(""), None);
    }
}
