//! The names of flags, found by hash.

use super::set::HashIndex;
use super::table::{FlagId, Id};
use crate::literal::arena::Arena;
use crate::literal::words::{BLOCK, hash_of};

/// What the hashes of names start with: any seed as [`hash_of`] asks for.
const SEED: u64 = 0xa076_1d64_78bd_642f;

/// The names of a program's flags, in the order of their ids.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    all: Arena,
    index: HashIndex,
}

impl Names {
    pub(crate) fn new(all: Arena) -> Names {
        let index = HashIndex::new(all.iter().map(|name| hash_of(name.as_bytes(), SEED)));
        Names { all, index }
    }

    /// The flag of a name.
    ///
    /// PERF: a call, so that what is left of a question by name is small enough to be in line. What a
    /// long name takes is one that nothing comes after, and no registers are saved for it (W1, W2, W3
    /// and W7 by name).
    #[inline(never)]
    pub(crate) fn find(&self, name: &str) -> Option<FlagId> {
        // Longer ones are compared by a call, and may be hashed there as well; up to here a name is two
        // blocks, which takes no loop.
        const MOST: usize = 2 * BLOCK - 1;
        if name.len() > MOST {
            return self.find_by_bytes(name);
        }
        let at = self.index.find(hash_of(name.as_bytes(), SEED), |_| true)?;
        match self.all.is_short(at as usize, name) {
            true => Some(FlagId::new(at as usize)),
            false => self.find_by_bytes(name),
        }
    }

    #[inline(never)]
    fn find_by_bytes(&self, name: &str) -> Option<FlagId> {
        let is_same = |at: u32| self.all.get(at as usize) == Some(name);
        let at = self.index.find(hash_of(name.as_bytes(), SEED), is_same)?;
        Some(FlagId::new(at as usize))
    }

    /// All of them, in their order.
    pub(crate) fn all(&self) -> &Arena {
        &self.all
    }

    pub(crate) fn of(&self, flag: FlagId) -> &str {
        self.all.get(flag.index()).unwrap_or_default()
    }
}

impl Default for Names {
    fn default() -> Names {
        Names::new(Arena::new([].into_iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_found_and_nothing_near_it() {
        let all: Vec<String> = (1..300)
            .map(|length| "abcdefghij".chars().cycle().skip(length % 7).take(length).collect())
            .collect();
        let names = Names::new(Arena::new(all.iter().map(String::as_str)));
        for (at, name) in all.iter().enumerate() {
            assert_eq!(names.find(name), Some(FlagId::new(at)), "{name}");
            for place in [0, name.len() / 2, name.len() - 1] {
                let mut near = name.clone();
                near.replace_range(place..=place, "X");
                assert_eq!(names.find(&near), None, "{near}");
            }
        }
        assert_eq!(names.find(""), None);
    }

    #[test]
    fn names_whose_hashes_agree_are_told_apart() {
        let pairs = [["f-074664", "f-188491"], ["team.feature-259606", "team.feature-316926"]];
        for [one, other] in pairs {
            let slot_and_half = |name: &str| {
                let hash = hash_of(name.as_bytes(), SEED);
                (hash & 3, hash >> 32)
            };
            assert_eq!(slot_and_half(one), slot_and_half(other), "they show nothing else");
            let [both, first] = [&[one, other][..], &[one]]
                .map(|names| Names::new(Arena::new(names.iter().copied())));
            assert_eq!([one, other].map(|name| both.find(name).map(Id::index)), [Some(0), Some(1)]);
            assert_eq!([one, other].map(|name| first.find(name).map(Id::index)), [Some(0), None]);
        }
    }
}
