//! Tables indexed by ids of their own.

use std::marker::PhantomData;
use std::num::NonZeroU32;

/// An id of a table. No id is zero, so that one that is not there takes no room of its own.
pub(crate) trait Id: Copy {
    fn new(index: usize) -> Self;
    fn index(self) -> usize;
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub(crate) struct $name(NonZeroU32);

            impl Id for $name {
                fn new(index: usize) -> $name {
                    // The budgets of the reader keep every table far below this.
                    let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
                    $name(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
                }

                #[inline]
                fn index(self) -> usize {
                    (self.0.get() - 1) as usize
                }
            }
        )*
    };
}

ids! {
    /// A flag of a program.
    FlagId;
    RuleId;
    VariantId;
    SegmentId;
    FlagTestId;
    StrategyId;
    SegmentRolloutId;
    SplitId;
    UnitsId;
    AttributeId;
    ExtraId;
    FirstMatchId;
}

impl FlagId {
    /// For the cache of a typed key.
    pub(crate) const fn raw(self) -> NonZeroU32 {
        self.0
    }

    pub(crate) const fn of_raw(raw: NonZeroU32) -> FlagId {
        FlagId(raw)
    }
}

impl RuleId {
    /// The rule that stands so many behind this one.
    #[inline]
    pub(crate) fn offset(self, by: u16) -> RuleId {
        RuleId(self.0.saturating_add(u32::from(by)))
    }
}

impl VariantId {
    /// The variant that stands so many behind this one.
    pub(crate) fn offset(self, by: u16) -> VariantId {
        VariantId(self.0.saturating_add(u32::from(by)))
    }
}

/// A table that only its own ids index.
///
/// INVARIANT: an id is that of an item, from when the program is made, and used with that program, so
/// that every index is in range. This is the one place that indexes.
#[derive(Clone, Debug)]
pub(crate) struct Table<I, T> {
    items: Vec<T>,
    ids: PhantomData<fn(I) -> I>,
}

impl<I: Id, T> Table<I, T> {
    pub(crate) const fn new() -> Table<I, T> {
        Table { items: Vec::new(), ids: PhantomData }
    }

    /// Makes room for so many more.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.items.reserve_exact(more);
    }

    pub(crate) fn push(&mut self, item: T) -> I {
        let id = self.next();
        self.items.push(item);
        id
    }

    /// The id that the next item will have.
    pub(crate) fn next(&self) -> I {
        I::new(self.items.len())
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The items from one id up to another.
    pub(crate) fn range(&self, from: I, to: I) -> Option<&[T]> {
        self.items.get(from.index()..to.index())
    }

    /// Reverses the order of the items from one id on.
    pub(crate) fn reverse_from(&mut self, from: I) {
        if let Some(items) = self.items.get_mut(from.index()..) {
            items.reverse();
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.items.shrink_to_fit();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(index, item)| (I::new(index), item))
    }

    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.items.get_mut(id.index())
    }

    /// The item of an id that may be beyond the table.
    #[inline]
    pub(crate) fn find(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the invariant of the type")]
    pub(crate) fn get(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}
