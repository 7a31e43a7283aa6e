//! Sets of texts that are asked without an allocation.

use std::sync::Arc;

use super::Truth;
use super::literal::{Few, Literal};
use crate::bucket::UnitHash;
use crate::literal::words::is_same_short;

/// Up to this many texts are compared one by one, unless their hash is known.
const FEW: usize = 8;

/// The longest text that is folded for a look-up; longer ones are compared one by one.
const MAX_FOLDED: usize = 256;

/// A set of texts, in the cheapest form that tells what it holds. To clone one is cheap.
#[derive(Clone, Debug)]
pub(crate) enum TextSet {
    One(Literal),
    Few(Few),
    /// Which of a few texts it has; of any other, nothing is known.
    Among(Arc<[Literal]>, u8),
    Many(Arc<Hashed>),
    /// In lower case, as the other form that ignores the case of ASCII.
    FewInAnyCase(Arc<[Arc<str>]>),
    ManyInAnyCase(Arc<Hashed>),
}

impl TextSet {
    pub(crate) fn new<'t>(
        mut texts: impl ExactSizeIterator<Item = &'t Arc<str>>,
        ignore_case: bool,
    ) -> TextSet {
        // PERF: by far the most are of one text, which needs no vector (LOAD).
        if texts.len() == 1 && !ignore_case {
            return TextSet::One(Literal::new(texts.next().cloned().unwrap_or_default()));
        }
        if texts.len() <= FEW && !ignore_case {
            let literals = texts.map(|text| Literal::new(Arc::clone(text)));
            return TextSet::Few(Few::new(literals.collect()));
        }
        let folded = |text: &Arc<str>| match ignore_case {
            true => Arc::from(text.to_ascii_lowercase()),
            false => Arc::clone(text),
        };
        let texts: Vec<Arc<str>> = texts.map(folded).collect();
        match (texts.len(), ignore_case) {
            (0..=FEW, _) => TextSet::FewInAnyCase(texts.into()),
            (_, false) => TextSet::Many(Arc::new(Hashed::new(texts))),
            (_, true) => TextSet::ManyInAnyCase(Arc::new(Hashed::new(texts))),
        }
    }

    /// Some of the texts that an attribute is declared to have, if those are few and short.
    ///
    /// PERF: one look in the place of two (PRODUCT).
    pub(crate) fn of_declared<'t>(
        declared: &TextSet,
        mut texts: impl Iterator<Item = &'t str>,
    ) -> Option<TextSet> {
        let TextSet::Few(few) = declared else { return None };
        let known = few.literals();
        if known.iter().any(Literal::is_long) {
            return None;
        }
        let bit = |text: &str| Some(1 << known.iter().position(|known| **known.text() == *text)?);
        let which = texts.try_fold(0_u8, |which, text| Some(which | bit(text)?))?;
        Some(TextSet::Among(Arc::clone(known), which))
    }

    #[inline(always)]
    pub(crate) fn holds(&self, text: &str) -> Truth {
        match self {
            TextSet::One(only) => Truth::of(only.is(text)),
            TextSet::Few(few) => few.holds(text),
            _ => self.holds_otherwise(text),
        }
    }

    /// PERF: the sets that most are, are asked in line (W4, DEEP).
    #[inline(never)]
    fn holds_otherwise(&self, text: &str) -> Truth {
        match self {
            TextSet::One(only) => Truth::of(only.is(text)),
            TextSet::Few(few) => few.holds(text),
            TextSet::Among(known, which) => TextSet::is_among(known, *which, text),
            TextSet::Many(many) => many.holds(text),
            TextSet::FewInAnyCase(few) => holds_in_any_case(few, text),
            TextSet::ManyInAnyCase(many) => many.holds_in_any_case(text),
        }
    }

    /// The set in the form that a hash finds its texts by, unless it ignores their case.
    ///
    /// PERF: one look in the place of one for each text (W2-5).
    pub(crate) fn hashed(&self) -> Option<Arc<Hashed>> {
        let of_literals = |known: &[Literal]| {
            let texts = known.iter().map(|known| Arc::clone(known.text()));
            Some(Arc::new(Hashed::new(texts.collect())))
        };
        match self {
            TextSet::One(only) => of_literals(std::slice::from_ref(only)),
            TextSet::Few(few) => of_literals(few.literals()),
            TextSet::Many(many) => Some(Arc::clone(many)),
            TextSet::Among(..) | TextSet::FewInAnyCase(_) | TextSet::ManyInAnyCase(_) => None,
        }
    }

    /// Whether a text is one of those of a few that a set has; of any other, nothing is known.
    #[inline(always)]
    pub(crate) fn is_among(few: &[Literal], which: u8, text: &str) -> Truth {
        match Literal::short_position(few, text) {
            Some(at) => Truth::of(which >> at & 1 == 1),
            None => Truth::Unknown,
        }
    }

    #[inline]
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.holds(text) == Truth::True
    }
}

#[inline(never)]
fn holds_in_any_case(texts: &[Arc<str>], text: &str) -> Truth {
    Truth::of(texts.iter().any(|known| known.eq_ignore_ascii_case(text)))
}

/// Texts in a hash table. A hash only narrows; bytes decide.
#[derive(Debug)]
pub(crate) struct Hashed {
    texts: Box<[Arc<str>]>,
    index: HashIndex,
}

impl Hashed {
    fn new(mut texts: Vec<Arc<str>>) -> Hashed {
        texts.sort();
        texts.dedup();
        let index = HashIndex::new(texts.iter().map(|text| UnitHash::of(text.as_bytes()).get()));
        Hashed { texts: texts.into(), index }
    }

    #[inline(never)]
    pub(crate) fn holds(&self, text: &str) -> Truth {
        self.holds_hashed(text, UnitHash::of(text.as_bytes()))
    }

    /// As [`Hashed::holds`], of a text whose hash is known.
    #[inline(never)]
    pub(crate) fn holds_hashed(&self, text: &str, hash: UnitHash) -> Truth {
        let Some(at) = self.index.find(hash.get(), |_| true) else { return Truth::False };
        match self.texts.get(at as usize) {
            Some(known) if is_same_short(known.as_bytes(), text.as_bytes()) => Truth::True,
            _ => self.holds_by_bytes(text, hash),
        }
    }

    /// PERF: rare are another text with the same half of the hash, and a long one. Until then, nothing is
    /// kept for the search to go on (W2).
    #[inline(never)]
    fn holds_by_bytes(&self, text: &str, hash: UnitHash) -> Truth {
        let is_it = |at: u32| self.texts.get(at as usize).is_some_and(|known| **known == *text);
        Truth::of(self.index.find(hash.get(), is_it).is_some())
    }

    // Its buffer is not for the stack of whoever asks a set of another kind.
    #[inline(never)]
    fn holds_in_any_case(&self, text: &str) -> Truth {
        let mut buffer = [0_u8; MAX_FOLDED];
        let Some(folded) = buffer.get_mut(..text.len()) else {
            return holds_in_any_case(&self.texts, text);
        };
        folded.copy_from_slice(text.as_bytes());
        folded.make_ascii_lowercase();
        std::str::from_utf8(folded).map_or(Truth::False, |folded| self.holds(folded))
    }
}

/// Positions found by hash: open addressing, at most half full.
#[derive(Clone, Debug)]
pub(crate) struct HashIndex {
    /// Half of the hash, and the position plus one; zero is free. A power of two of them.
    slots: Box<[(u32, u32)]>,
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
        HashIndex { slots }
    }

    /// The first position with this hash that is it.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        // PERF: the compiler knows of such a mask that no place is beyond the slots (W2, W6).
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        // Half of the slots are free, so that the search ends.
        while let Some((half, position)) = self.slots.get(at).filter(|slot| slot.1 != 0) {
            if *half == (hash >> 32) as u32 && is_it(position - 1) {
                return Some(position - 1);
            }
            at = (at + 1) & mask;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_only_narrows_and_bytes_decide() {
        let [one, other] = ["user-163817", "user-175394"].map(Arc::from);
        let slot_and_half = |text: &Arc<str>| {
            let hash = UnitHash::of(text.as_bytes()).get();
            (hash >> 32, hash & 3)
        };
        assert_eq!(slot_and_half(&one), slot_and_half(&other), "they show nothing else");
        let [both, first] = [[&one, &other], [&one, &Arc::from("another")]]
            .map(|texts| TextSet::new(texts.into_iter(), false).hashed().unwrap());
        for text in [&one, &other] {
            assert_eq!(both.holds(text), Truth::True, "{text}");
            assert_eq!(first.holds(text), Truth::of(text == &one), "{text}");
        }
    }

    #[test]
    fn short_and_long_sets_hold_the_same() {
        for count in [1, 8, 9, 1000] {
            let texts: Vec<Arc<str>> = (0..count).map(|i| Arc::from(format!("User-{i}"))).collect();
            let set = TextSet::new(texts.iter(), false);
            let folded = TextSet::new(texts.iter(), true);
            for text in &texts {
                assert!(set.contains(text) && folded.contains(text));
                assert!(folded.contains(&text.to_uppercase()));
                assert!(!set.contains(&text.to_uppercase()));
            }
            assert!(!set.contains("User-") && !folded.contains("user-x"));
            assert!(!folded.contains(&"x".repeat(300)));
        }
    }

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let texts: Vec<Arc<str>> = (1..100).map(|length| Arc::from("ab".repeat(length))).collect();
        let set = TextSet::new(texts.iter(), false).hashed().unwrap();
        for text in &texts {
            assert_eq!(set.holds(text), Truth::True, "{text}");
            assert_eq!(set.holds(&format!("{text}b")), Truth::False, "{text}");
        }
    }
}
