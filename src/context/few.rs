//! Room for a few items in place.

/// A list of at most so many items, which needs no allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Few<T, const N: usize> {
    items: [Option<T>; N],
    count: u8,
}

impl<T: Copy, const N: usize> Few<T, N> {
    #[inline]
    pub(super) const fn new() -> Few<T, N> {
        Few { items: [None; N], count: 0 }
    }

    /// Gives the item back where there is no room for it.
    #[inline]
    pub(super) fn push(&mut self, item: T) -> Result<(), T> {
        let Some(slot) = self.items.get_mut(usize::from(self.count)) else { return Err(item) };
        *slot = Some(item);
        self.count += 1;
        Ok(())
    }

    /// PERF: not flattened, which keeps room for more than one item a slot (W6, DEEP).
    #[inline(always)]
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        let items = self.items.get(..usize::from(self.count)).unwrap_or_default();
        items.iter().filter_map(Option::as_ref)
    }

    /// Puts an item in the place of the last that is the same; gives it back where there is none.
    pub(super) fn replace(&mut self, is_same: impl Fn(&T) -> bool, item: T) -> Result<(), T> {
        let mut items = self.items.iter_mut().filter_map(Option::as_mut);
        let Some(known) = items.rfind(|known| is_same(known)) else { return Err(item) };
        *known = item;
        Ok(())
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}
