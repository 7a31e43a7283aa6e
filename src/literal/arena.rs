//! Many texts in one piece of memory.

use std::sync::Arc;

use super::words::is_same_short;

/// Texts by their places, each behind the one before it. To clone it is cheap.
///
/// PERF: the texts of neighbours are neighbours, and none has a pointer, two counts and a piece of
/// memory of its own (W7 by name, cold most of all; memory).
#[derive(Clone, Debug)]
pub(crate) struct Arena {
    text: Arc<str>,
    spans: Arc<[Span]>,
}

/// Where one of them is.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    length: u32,
}

impl Arena {
    /// Of more than 4 GiB of texts, those behind that are empty.
    pub(crate) fn new<'t>(texts: impl ExactSizeIterator<Item = &'t str> + Clone) -> Arena {
        let mut all = String::with_capacity(texts.clone().map(str::len).sum());
        let within = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let span = |text: &str| {
            let start = within(all.len());
            all.push_str(text);
            Span { start, length: within(text.len()) }
        };
        let spans = texts.map(span).collect();
        Arena { text: all.into(), spans }
    }

    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        self.spans.get(place).map(|span| self.text_of(span))
    }

    fn text_of(&self, span: &Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + span.length as usize).unwrap_or_default()
    }

    /// Whether one of them is this text, which is [short](super::words::SHORT).
    #[inline(always)]
    pub(crate) fn is_short(&self, place: usize, text: &str) -> bool {
        let Some(Span { start, length }) = self.spans.get(place) else { return false };
        // PERF: where it ends is known before its length is (W1 by name).
        let (start, text) = (*start as usize, text.as_bytes());
        let known = self.text.as_bytes().get(start..start + text.len());
        *length as usize == text.len() && known.is_some_and(|known| is_same_short(known, text))
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.spans.iter().map(|span| self.text_of(span))
    }

    /// The place of a text, where they are in byte order.
    pub(crate) fn search(&self, text: &str) -> Option<usize> {
        self.spans.binary_search_by(|span| self.text_of(span).cmp(text)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_where_it_was_put() {
        for texts in [&[][..], &["only"], &["", "a", "ab", "abc", "b", "é", "ünder"]] {
            let arena = Arena::new(texts.iter().copied());
            assert_eq!(arena.iter().collect::<Vec<_>>(), texts);
            for (place, text) in texts.iter().enumerate() {
                assert_eq!(arena.get(place), Some(*text));
                for (other, near) in texts.iter().enumerate() {
                    assert_eq!(arena.is_short(place, near), place == other, "{text} {near}");
                }
                assert_eq!(arena.search(text), Some(place));
            }
            assert_eq!((arena.len(), arena.get(texts.len())), (texts.len(), None));
            assert!(["a-", "abd", "o", "z"].iter().all(|text| arena.search(text).is_none()));
        }
    }
}
