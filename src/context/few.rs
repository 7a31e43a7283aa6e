//! Room for a few items in place.

/// A list of at most so many items, which needs no allocation; the number of a list is that of its
/// count in [`Held`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Few<T, const LIST: u32, const N: usize> {
    items: [Option<T>; N],
}

/// How many items a context holds in place, in a byte for each of its lists, and what it has elsewhere,
/// in a bit each.
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
    pub(super) const LENT_ATTRIBUTES: Held = Held(1 << 25);
    pub(super) const LENT_HEADERS: Held = Held(1 << 26);
    /// A context under it.
    pub(super) const UNDER: Held = Held(1 << 27);

    #[inline(always)]
    pub(super) const fn and(self, other: Held) -> Held {
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

impl<T: Copy, const LIST: u32, const N: usize> Few<T, LIST, N> {
    #[inline]
    pub(super) const fn new() -> Few<T, LIST, N> {
        Few { items: [None; N] }
    }

    /// Gives the item back where there is no room for it.
    #[inline]
    pub(super) fn push(&mut self, held: &mut Held, item: T) -> Result<(), T> {
        let Some(slot) = self.items.get_mut(held.count(LIST)) else { return Err(item) };
        *slot = Some(item);
        held.0 += 1 << (8 * LIST);
        Ok(())
    }

    pub(super) fn iter(&self, held: Held) -> impl DoubleEndedIterator<Item = &T> {
        self.slots(held).unwrap_or_default().iter().flatten()
    }

    /// The slots that are taken; there are no fewer than are counted.
    ///
    /// PERF: a slot is looked at once, and what is in it; flattened, there is room for more than one
    /// item a slot (W6, DEEP).
    #[inline(always)]
    pub(super) fn slots(&self, held: Held) -> Option<&[Option<T>]> {
        self.items.get(..held.count(LIST))
    }

    /// Puts an item in the place of the last that is the same; gives it back where there is none.
    pub(super) fn replace(&mut self, is_same: impl Fn(&T) -> bool, item: T) -> Result<(), T> {
        let mut items = self.items.iter_mut().filter_map(Option::as_mut);
        let Some(known) = items.rfind(|known| is_same(known)) else { return Err(item) };
        *known = item;
        Ok(())
    }

    #[inline(always)]
    pub(super) fn is_empty(&self, held: Held) -> bool {
        held.count(LIST) == 0
    }
}
