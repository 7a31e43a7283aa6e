//! Room for a few named items in place.

use crate::literal::words::words;

/// A list of at most `N` items with names, which needs no allocation; `LIST` is the place of its count in
/// [`Held`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Few<'a, T, const LIST: usize, const N: usize> {
    items: [Option<(&'a str, T)>; N],
}

/// What tells most names apart without a look at them: a byte, which is the same for names that differ
/// in the case of their letters only; here it stands in all eight.
///
/// PERF: the names of all items are passed over at once (PRODUCT, W4, attributes/given-first).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Mark {
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Mark {
        Mark(u64::from(mark(name)) * EACH)
    }
}

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGHEST: u64 = 0x80 * EACH;

/// The byte of a name. Its highest bit is never set, and the next one always is.
#[inline(always)]
fn mark(name: &[u8]) -> u8 {
    const NEVER_ZERO: u8 = 0x40;
    let last = name.last().copied().unwrap_or(0);
    // Of a letter, all but the bit that is its case.
    let (letter, is_letter) = ((name.len() as u8 ^ last) & 0x1f, (last & 0x40) >> 1);
    letter | is_letter | NEVER_ZERO
}

/// A name in one word: all of it if it [is short](NameKey::is_all), else what tells most apart.
///
/// PERF: the bytes of a short name are not looked at when it is asked for (DEEP, PRODUCT, W6), and of a
/// constant the compiler makes it (CTX).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameKey(u64);

impl NameKey {
    /// Set where the word is not all of the name.
    const LONG: u64 = 1 << 63;

    #[inline(always)]
    pub(crate) fn of(name: &str) -> NameKey {
        let ([first, last], length) = (words(name.as_bytes()), name.len() as u64);
        // The halves of a short name meet or overlap, so that it takes seven bytes; then its length.
        let halves = |width| first | last << (8 * (length - width)) | length << 56;
        match length {
            0..2 => NameKey(first | length << 56),
            2..4 => NameKey(halves(2)),
            4..8 => NameKey(halves(4)),
            _ => NameKey(first ^ last.rotate_left(32) | NameKey::LONG),
        }
    }

    /// Whether no other name has it.
    #[inline(always)]
    pub(crate) fn is_all(self) -> bool {
        self.0 & NameKey::LONG == 0
    }
}

/// What a context holds in place, and in a bit each what lies elsewhere and must be looked at as well.
///
/// PERF: apart from the lists themselves. What no builder writes is cleared together with what stands
/// beside it, in pieces that overlap, for which a load must wait (CTX).
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// How many items each list has, in a byte each, and the bits of [`Elsewhere`] above them.
    ///
    /// PERF: a context is built in one place as long as the compiler knows the counts, and for what was
    /// stored it looks back a hundred instructions and no further: in one word, what was stored last is
    /// near (CTX). What is elsewhere is told by one comparison (W4, DEEP, PRODUCT).
    counts: u32,
    /// Of each list the mark of each name, that of the first place in the lowest byte; zero where there
    /// is none.
    marks: [u64; 3],
}

/// What does not lie in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elsewhere(u32);

impl Elsewhere {
    /// What found no room.
    pub(super) const MORE: Elsewhere = Elsewhere(1 << 24);
    pub(super) const LENT_HEADERS: Elsewhere = Elsewhere(1 << 25);
    /// A context under it.
    pub(super) const UNDER: Elsewhere = Elsewhere(1 << 26);

    pub(super) const fn or(self, other: Elsewhere) -> Elsewhere {
        Elsewhere(self.0 | other.0)
    }
}

impl Held {
    pub(super) const NOTHING: Held = Held { counts: 0, marks: [0; 3] };

    #[inline(always)]
    pub(super) fn add(&mut self, elsewhere: Elsewhere) {
        self.counts |= elsewhere.0;
    }

    #[inline(always)]
    pub(super) const fn has_any(&self, of: Elsewhere) -> bool {
        self.counts & of.0 != 0
    }

    #[inline(always)]
    const fn count(&self, list: usize) -> usize {
        (self.counts >> (8 * list) & 0xff) as usize
    }

    /// The highest bit of each byte whose item has a mark.
    #[inline(always)]
    fn same<const LIST: usize>(&self, mark: Mark) -> u64 {
        // No byte of it is above 0x7f, so that none borrows from the next.
        let differs = self.marks.get(LIST).map_or(0, |marks| marks ^ mark.0);
        HIGHEST.wrapping_sub(differs) & HIGHEST
    }
}

impl<'a, T: Copy, const LIST: usize, const N: usize> Few<'a, T, LIST, N> {
    #[inline]
    pub(super) const fn new() -> Few<'a, T, LIST, N> {
        const { assert!(LIST < 3 && N <= 8, "there is a byte for the mark of each") };
        Few { items: [None; N] }
    }

    /// Puts an item behind the others; gives it back where there is no room for it.
    #[inline]
    pub(super) fn push(&mut self, held: &mut Held, item: (&'a str, T)) -> Result<(), (&'a str, T)> {
        self.put(held.count(LIST), held, item)
    }

    /// Puts an item before the others, which all came this way; gives it back where there is no room.
    #[inline]
    pub(super) fn push_front(
        &mut self,
        held: &mut Held,
        item: (&'a str, T),
    ) -> Result<(), (&'a str, T)> {
        self.put((N - 1).wrapping_sub(held.count(LIST)), held, item)
    }

    #[inline(always)]
    fn put(&mut self, at: usize, held: &mut Held, item: (&'a str, T)) -> Result<(), (&'a str, T)> {
        let (Some(slot), Some(marks)) = (self.items.get_mut(at), held.marks.get_mut(LIST)) else {
            return Err(item);
        };
        *slot = Some(item);
        *marks |= u64::from(mark(item.0.as_bytes())) << (8 * at);
        held.counts += 1 << (8 * LIST);
        Ok(())
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &(&'a str, T)> {
        self.items.iter().flatten()
    }

    /// Of the items that have a mark, the first that it is.
    #[inline(always)]
    pub(super) fn find(
        &self,
        held: &Held,
        mark: Mark,
        is_it: impl Fn(&str, &T) -> bool,
    ) -> Option<&T> {
        let mut same = held.same::<LIST>(mark);
        while same != 0 {
            match self.items.get(same.trailing_zeros() as usize / 8) {
                Some(Some((known, value))) if is_it(known, value) => return Some(value),
                _ => same &= same - 1,
            }
        }
        None
    }

    /// Whether no item has a mark.
    #[inline(always)]
    pub(super) fn lacks(held: &Held, mark: Mark) -> bool {
        held.same::<LIST>(mark) == 0
    }

    /// Puts an item in the place of the first of its name; gives it back where there is none.
    pub(super) fn replace(&mut self, item: (&'a str, T)) -> Result<(), (&'a str, T)> {
        let mut items = self.items.iter_mut().flatten();
        let Some(known) = items.find(|known| known.0 == item.0) else { return Err(item) };
        *known = item;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn is_empty(held: &Held) -> bool {
        held.count(LIST) == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const NAMES: [&str; 11] =
        ["", "a", "b", "ab", "A", "plan", "nalp", "x-beta", "X-BETA", "a", "\u{fc}"];

    type Item = (&'static str, usize);
    type List = Few<'static, usize, 1, 8>;

    /// Eight names or fewer, in the order in which they stand in a list of them.
    fn lists(count: usize) -> [(Vec<Item>, Held, List); 2] {
        let given = NAMES.into_iter().cycle().skip(count).take(count).enumerate();
        let given: Vec<Item> = given.map(|(at, name)| (name, at)).collect();
        let list = |push: fn(&mut List, &mut Held, Item) -> Result<(), Item>| {
            let (mut held, mut few) = (Held::NOTHING, Few::new());
            for item in &given {
                push(&mut few, &mut held, *item).unwrap();
            }
            assert!(count < 8 || push(&mut few, &mut held, ("", 8)).is_err());
            assert_eq!((held.count(0), held.count(1), held.count(2)), (0, count, 0));
            (held, few)
        };
        let ((behind, list_behind), (before, list_before)) =
            (list(Few::push), list(Few::push_front));
        [
            (given.clone(), behind, list_behind),
            (given.into_iter().rev().collect(), before, list_before),
        ]
    }

    #[test]
    fn an_item_is_found_by_its_name_and_by_no_other() {
        for (given, held, few) in (0..=8).flat_map(lists) {
            assert_eq!(few.iter().copied().collect::<Vec<Item>>(), given);
            for name in NAMES {
                for is_it in [str::eq, str::eq_ignore_ascii_case] as [fn(&str, &str) -> bool; 2] {
                    let first = given.iter().find(|(known, _)| is_it(known, name));
                    let found =
                        few.find(&held, Mark::of(name.as_bytes()), |known, _| is_it(known, name));
                    assert_eq!(found, first.map(|(_, at)| at), "{name} of {given:?}");
                    assert!(first.is_none() || !List::lacks(&held, Mark::of(name.as_bytes())));
                }
            }
            assert!(List::lacks(&held, Mark::of(b"a name of another length")));
        }
    }

    #[test]
    fn the_key_of_a_short_name_is_all_of_it() {
        let mut seen = HashMap::new();
        let texts = NAMES.map(str::to_owned).into_iter();
        let near = (0..20).flat_map(|length| {
            let plain: String = "abcdefghij".chars().cycle().take(length).collect();
            let changed = |at: usize, to: &str| {
                let mut near = plain.clone();
                near.replace_range(at..=at, to);
                near
            };
            let both = |at| ["\0", "X"].map(|to| changed(at, to));
            let all: Vec<String> = (0..length).flat_map(both).collect();
            all.into_iter().chain(["\0".repeat(length), plain])
        });
        for name in texts.chain(near) {
            let key = NameKey::of(&name);
            assert_eq!(key.is_all(), name.len() < 8, "{name:?}");
            let other = seen.insert(key.0, name.clone()).filter(|other| *other != name);
            assert!(other.is_none() || !key.is_all(), "{name:?} and {other:?}");
        }
        assert_eq!(NameKey::of("abcxefghijklmnox"), NameKey::of("mnoxijklefghabcx"));
    }
}
