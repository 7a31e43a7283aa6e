//! Room for a few named items in place.

/// A list of at most `N` items with names, which needs no allocation; `LIST` is the place of its count in
/// [`Held`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Few<'a, T, const LIST: u32, const N: usize> {
    items: [Option<(&'a str, T)>; N],
    /// The mark of each name, that of the first place in the lowest byte; zero where there is none.
    marks: u64,
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

#[inline(always)]
fn mark(name: &[u8]) -> u8 {
    const NEVER_ZERO: u8 = 0x80;
    const LOWER_CASE: u8 = 0x20;
    let last = name.last().copied().unwrap_or(0);
    (name.len() as u8 ^ last) | NEVER_ZERO | LOWER_CASE
}

/// How many items a context holds in place, in a byte for each of its lists, and in a bit each what lies
/// elsewhere and must be looked at as well.
///
/// PERF: a context is built in one place as long as the compiler knows the counts, and for what was
/// stored it looks back a hundred instructions and no further: in one word, what was stored last is
/// near (CTX). What is elsewhere is told by one comparison (W4, DEEP, PRODUCT).
#[derive(Clone, Copy, Debug)]
pub(super) struct Held(u32);

impl Held {
    pub(super) const NOTHING: Held = Held(0);
    /// What found no room.
    pub(super) const MORE: Held = Held(1 << 24);
    pub(super) const LENT_HEADERS: Held = Held(1 << 25);
    /// A context under it.
    pub(super) const UNDER: Held = Held(1 << 26);

    #[inline(always)]
    pub(super) const fn with(self, other: Held) -> Held {
        Held(self.0 | other.0)
    }

    #[inline(always)]
    pub(super) const fn has_any(self, of: Held) -> bool {
        self.0 & of.0 != 0
    }

    #[inline(always)]
    const fn count(self, list: u32) -> usize {
        (self.0 >> (8 * list) & 0xff) as usize
    }
}

impl<'a, T: Copy, const LIST: u32, const N: usize> Few<'a, T, LIST, N> {
    #[inline]
    pub(super) const fn new() -> Few<'a, T, LIST, N> {
        const { assert!(N <= 8, "there is a byte for the mark of each") };
        Few { items: [None; N], marks: 0 }
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
        let Some(slot) = self.items.get_mut(at) else { return Err(item) };
        *slot = Some(item);
        self.marks |= u64::from(mark(item.0.as_bytes())) << (8 * at);
        held.0 += 1 << (8 * LIST);
        Ok(())
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &(&'a str, T)> {
        self.items.iter().flatten()
    }

    /// Of the items that have a mark, the first that it is.
    #[inline(always)]
    pub(super) fn find(&self, mark: Mark, is_it: impl Fn(&str) -> bool) -> Option<&T> {
        let mut same = self.same(mark);
        while same != 0 {
            match self.items.get(same.trailing_zeros() as usize / 8) {
                Some(Some((known, value))) if is_it(known) => return Some(value),
                _ => same &= same - 1,
            }
        }
        None
    }

    /// Whether no item has a mark.
    #[inline(always)]
    pub(super) fn lacks(&self, mark: Mark) -> bool {
        self.same(mark) == 0
    }

    /// The highest bit of each byte whose item has a mark; behind the first, of a few others as well.
    #[inline(always)]
    fn same(&self, mark: Mark) -> u64 {
        let differs = self.marks ^ mark.0;
        // A byte that is zero borrows from the next; so does a one that is borrowed from.
        differs.wrapping_sub(EACH) & !differs & HIGHEST
    }

    /// Puts an item in the place of the first of its name; gives it back where there is none.
    pub(super) fn replace(&mut self, item: (&'a str, T)) -> Result<(), (&'a str, T)> {
        let mut items = self.items.iter_mut().flatten();
        let Some(known) = items.find(|known| known.0 == item.0) else { return Err(item) };
        *known = item;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn is_empty(&self, held: Held) -> bool {
        held.count(LIST) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 11] =
        ["", "a", "b", "ab", "A", "plan", "nalp", "x-beta", "X-BETA", "a", "\u{fc}"];

    type Item = (&'static str, usize);
    type List = Few<'static, usize, 1, 8>;

    /// Eight names or fewer, in the order in which they stand in a list of them.
    fn lists(count: usize) -> [(Vec<Item>, List); 2] {
        let given = NAMES.into_iter().cycle().skip(count).take(count).enumerate();
        let given: Vec<Item> = given.map(|(at, name)| (name, at)).collect();
        let list = |push: fn(&mut List, &mut Held, Item) -> Result<(), Item>| {
            let (mut held, mut few) = (Held::NOTHING, Few::new());
            for item in &given {
                push(&mut few, &mut held, *item).unwrap();
            }
            assert!(count < 8 || push(&mut few, &mut held, ("", 8)).is_err());
            assert_eq!((held.count(0), held.count(1), held.count(2)), (0, count, 0));
            few
        };
        let (behind, before) = (list(Few::push), list(Few::push_front));
        [(given.clone(), behind), (given.into_iter().rev().collect(), before)]
    }

    #[test]
    fn an_item_is_found_by_its_name_and_by_no_other() {
        for (given, few) in (0..=8).flat_map(lists) {
            assert_eq!(few.iter().copied().collect::<Vec<Item>>(), given);
            for name in NAMES {
                for is_it in [str::eq, str::eq_ignore_ascii_case] as [fn(&str, &str) -> bool; 2] {
                    let first = given.iter().find(|(known, _)| is_it(known, name));
                    let found = few.find(Mark::of(name.as_bytes()), |known| is_it(known, name));
                    assert_eq!(found, first.map(|(_, at)| at), "{name} of {given:?}");
                    assert!(first.is_none() || !few.lacks(Mark::of(name.as_bytes())));
                }
            }
            assert!(few.lacks(Mark::of(b"a name of another length")));
        }
    }
}
