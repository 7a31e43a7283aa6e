//! The names of flags, found by hash.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::set::HashIndex;
use super::table::{FlagId, Id};

/// The names of a program's flags, in the order of their ids.
#[derive(Debug)]
pub(crate) struct Names {
    names: Box<[Arc<str>]>,
    index: HashIndex,
}

impl Names {
    pub(crate) fn new(names: Vec<Arc<str>>) -> Names {
        let index = HashIndex::new(names.iter().map(|name| xxh3_64(name.as_bytes())));
        Names { names: names.into(), index }
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<FlagId> {
        let is_same = |at: u32| self.names.get(at as usize).is_some_and(|known| **known == *name);
        let at = self.index.find(xxh3_64(name.as_bytes()), is_same)?;
        Some(FlagId::new(at as usize))
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
