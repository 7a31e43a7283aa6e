//! What lists and maps are read into.

/// The items of a list, or the entries of a map, that is being read into what stood there before.
///
/// What is read takes the place of what was read there last, with the vectors that it has: flags look
/// much like each other.
///
/// PERF: LOAD, by what is allocated, moved and taken apart again.
#[derive(Debug)]
pub(super) struct Slots<T> {
    all: Vec<T>,
    filled: usize,
}

impl<T: Default> Slots<T> {
    pub(super) fn over(all: Vec<T>) -> Slots<T> {
        Slots { all, filled: 0 }
    }

    /// The next one, to be read into, and those before it. There always is one.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(&mut T, &mut [T])> {
        if self.filled == self.all.len() {
            self.all.push(T::default());
        }
        self.filled += 1;
        self.all.get_mut(..self.filled)?.split_last_mut()
    }

    /// Takes the last one back: nothing came for it.
    pub(super) fn give_back(&mut self) {
        self.filled = self.filled.saturating_sub(1);
    }

    pub(super) fn filled(&self) -> &[T] {
        self.all.get(..self.filled).unwrap_or_default()
    }

    /// Starts again, over what was read.
    pub(super) fn restart(&mut self) {
        self.filled = 0;
    }

    #[inline]
    pub(super) fn end(mut self) -> Vec<T> {
        self.all.truncate(self.filled);
        self.all
    }
}
