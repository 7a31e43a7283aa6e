//! Room for a few named items in place.

/// A list of at most so many items with names, which needs no allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Few<'a, T, const N: usize> {
    items: [Option<(&'a str, T)>; N],
    /// The mark of each name; zero where there is none.
    marks: [u8; N],
    count: u8,
}

/// What tells most names apart, without a look at them: it is the same for names that differ in the
/// case of their letters only.
///
/// PERF: the names of all items are passed over at once (PRODUCT, DEEP, W4, attributes).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Mark {
    /// That of no name.
    pub(crate) const NONE: Mark = Mark(EACH);

    #[inline]
    pub(crate) fn of(name: &str) -> Mark {
        Mark(u64::from(mark(name)) * EACH)
    }
}

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;
/// The highest bit of a byte, which every mark has.
const HIGH: u8 = 0x80;

#[inline]
fn mark(name: &str) -> u8 {
    let last = name.as_bytes().last().copied().unwrap_or(0);
    (name.len() as u8 ^ last) | 0x20 | HIGH
}

impl<'a, T: Copy, const N: usize> Few<'a, T, N> {
    #[inline]
    pub(super) const fn new() -> Few<'a, T, N> {
        const { assert!(N <= 8, "there is a mark for each") };
        Few { items: [None; N], marks: [0; N], count: 0 }
    }

    /// Gives the item back where there is no room for it.
    #[inline]
    pub(super) fn push(&mut self, item: (&'a str, T)) -> Result<(), (&'a str, T)> {
        let at = usize::from(self.count);
        let (Some(slot), Some(known)) = (self.items.get_mut(at), self.marks.get_mut(at)) else {
            return Err(item);
        };
        *slot = Some(item);
        *known = mark(item.0);
        self.count += 1;
        Ok(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(&'a str, T)> {
        self.items.iter().map_while(Option::as_ref)
    }

    /// Of the items that have a mark, the first that it is.
    #[inline(always)]
    pub(super) fn find(&self, mark: Mark, is_it: impl Fn(&str) -> bool) -> Option<&T> {
        let mut same = self.same(mark);
        while same != 0 {
            let at = same.trailing_zeros() as usize / 8;
            match self.items.get(at) {
                Some(Some((known, value))) if is_it(known) => return Some(value),
                _ => same &= same - 1,
            }
        }
        None
    }

    /// Of the items that have a mark, the last that it is.
    #[inline(always)]
    pub(super) fn rfind(&self, mark: Mark, is_it: impl Fn(&str) -> bool) -> Option<&T> {
        let mut same = self.same(mark);
        while let Some(bit) = same.checked_ilog2() {
            match self.items.get(bit as usize / 8) {
                Some(Some((known, value))) if is_it(known) => return Some(value),
                _ => same ^= 1 << bit,
            }
        }
        None
    }

    /// Whether no item has a mark.
    #[inline(always)]
    pub(super) fn lacks(&self, mark: Mark) -> bool {
        self.same(mark) == 0
    }

    /// The highest bit of each byte whose item has a mark.
    #[inline(always)]
    fn same(&self, mark: Mark) -> u64 {
        let mut marks = [0; 8];
        if let Some(known) = marks.first_chunk_mut() {
            *known = self.marks;
        }
        let differs = u64::from_le_bytes(marks) ^ mark.0;
        // No sum goes beyond the byte of an item; those that are free have the highest bit.
        let low = u64::from(HIGH - 1) * EACH;
        !(differs | differs.wrapping_add(low)) & (u64::from(HIGH) * EACH)
    }

    /// Puts an item in the place of the last of its name; gives it back where there is none.
    pub(super) fn replace(&mut self, item: (&'a str, T)) -> Result<(), (&'a str, T)> {
        let mut items = self.items.iter_mut().filter_map(Option::as_mut);
        let Some(known) = items.rfind(|known| known.0 == item.0) else { return Err(item) };
        *known = item;
        Ok(())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_by_its_name_and_by_no_other() {
        let names = ["", "a", "b", "ab", "A", "plan", "nalp", "x-beta", "X-BETA", "a", "\u{fc}"];
        for count in 0..=8 {
            let mut few = Few::<usize, 8>::new();
            let given = names.iter().cycle().skip(count).take(count).enumerate();
            for (at, name) in given.clone() {
                few.push((name, at)).unwrap();
            }
            assert!(count < 8 || few.push(("", 8)).is_err());
            for name in names {
                let last = given.clone().filter(|(_, known)| **known == name).last();
                let found = few.rfind(Mark::of(name), |known| known == name);
                assert_eq!(found.copied(), last.map(|(at, _)| at), "{name}");
                let is_it = |known: &str| known.eq_ignore_ascii_case(name);
                let first = given.clone().find(|(_, known)| is_it(known));
                let found = few.find(Mark::of(name), is_it);
                assert_eq!(found.copied(), first.map(|(at, _)| at), "{name}");
                assert!(first.is_none() || !few.lacks(Mark::of(name)));
                assert!(few.lacks(Mark::NONE));
            }
        }
    }
}
