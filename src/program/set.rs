//! Sets of texts that are asked without an allocation.

use xxhash_rust::xxh3::xxh3_64;

/// Up to this many texts are compared one by one.
const FEW: usize = 8;

/// The longest text that is folded for a look-up; longer ones are compared one by one.
const MAX_FOLDED: usize = 256;

/// A set of texts: a short list, or a hash table beyond eight.
///
/// A hash only narrows; bytes decide.
#[derive(Debug)]
pub(crate) struct TextSet {
    texts: Box<[Box<str>]>,
    index: Option<HashIndex>,
    ignore_case: bool,
}

impl TextSet {
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t str>, ignore_case: bool) -> TextSet {
        let fold = |text: &str| match ignore_case {
            true => text.to_ascii_lowercase().into_boxed_str(),
            false => Box::from(text),
        };
        let mut texts: Vec<Box<str>> = texts.map(fold).collect();
        let index = (texts.len() > FEW).then(|| {
            texts.sort();
            texts.dedup();
            HashIndex::new(texts.iter().map(|text| xxh3_64(text.as_bytes())))
        });
        TextSet { texts: texts.into(), index, ignore_case }
    }

    /// Whether the set has a text. A caller that has the text's XXH3 hash brings it along.
    pub(crate) fn contains(&self, text: &str, hash: Option<u64>) -> bool {
        if self.ignore_case {
            return self.contains_folded(text);
        }
        match &self.index {
            None => self.texts.iter().any(|known| **known == *text),
            Some(index) => {
                let hash = hash.unwrap_or_else(|| xxh3_64(text.as_bytes()));
                self.is_at(index, hash, text)
            }
        }
    }

    fn contains_folded(&self, text: &str) -> bool {
        let mut buffer = [0_u8; MAX_FOLDED];
        match (&self.index, buffer.get_mut(..text.len())) {
            (Some(index), Some(folded)) => {
                folded.copy_from_slice(text.as_bytes());
                folded.make_ascii_lowercase();
                let hash = xxh3_64(folded);
                std::str::from_utf8(folded).is_ok_and(|folded| self.is_at(index, hash, folded))
            }
            _ => self.texts.iter().any(|known| known.eq_ignore_ascii_case(text)),
        }
    }

    fn is_at(&self, index: &HashIndex, hash: u64, text: &str) -> bool {
        let is_same = |at: u32| self.texts.get(at as usize).is_some_and(|known| **known == *text);
        index.find(hash, is_same).is_some()
    }
}

/// Positions found by hash: open addressing, at most half full.
#[derive(Debug)]
pub(crate) struct HashIndex {
    /// Half of the hash, and the position plus one; zero is free.
    slots: Box<[(u32, u32)]>,
    mask: usize,
}

impl HashIndex {
    pub(crate) fn new(hashes: impl ExactSizeIterator<Item = u64>) -> HashIndex {
        let size = (hashes.len() * 2).next_power_of_two().max(4);
        let mask = size - 1;
        let mut slots = vec![(0, 0); size].into_boxed_slice();
        for (hash, position) in hashes.zip(1_u32..) {
            let mut at = hash as usize & mask;
            while slots.get(at).is_some_and(|slot| slot.1 != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = ((hash >> 32) as u32, position);
            }
        }
        HashIndex { slots, mask }
    }

    /// The position with this hash that is the same by its bytes too.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_same: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash as usize & self.mask;
        // Half of the slots are free, so that the search ends.
        while let Some((half, position)) = self.slots.get(at).filter(|slot| slot.1 != 0) {
            if *half == (hash >> 32) as u32 && is_same(position - 1) {
                return Some(position - 1);
            }
            at = (at + 1) & self.mask;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_sets_hold_the_same() {
        for count in [1, 8, 9, 1000] {
            let texts: Vec<String> = (0..count).map(|i| format!("User-{i}")).collect();
            let set = TextSet::new(texts.iter().map(String::as_str), false);
            let folded = TextSet::new(texts.iter().map(String::as_str), true);
            for text in &texts {
                let hash = xxh3_64(text.as_bytes());
                assert!(set.contains(text, None) && set.contains(text, Some(hash)));
                assert!(folded.contains(&text.to_uppercase(), None));
                assert!(!set.contains(&text.to_uppercase(), None));
            }
            assert!(!set.contains("User-", None) && !folded.contains("user-x", None));
            assert!(!folded.contains(&"x".repeat(300), None));
        }
    }
}
