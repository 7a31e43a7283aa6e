//! Texts of the file, made ready to be compared.

use std::sync::Arc;

use super::Truth;
use crate::literal::words::words;

/// How many bytes two words hold.
const WORDS: usize = 16;

/// A text that is compared by its length and by two words of it; its bytes are read only where it
/// is longer than the two and they are the same.
///
/// PERF: in the place of a call to compare bytes for each candidate (W4, W6, DEEP).
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    text: Arc<str>,
    words: [u64; 2],
}

impl Literal {
    pub(crate) fn new(text: Arc<str>) -> Literal {
        Literal { words: words(text.as_bytes()), text }
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    #[inline(always)]
    pub(crate) fn is(&self, other: &str) -> bool {
        self.text.len() == other.len()
            && self.is_near(words(other.as_bytes()), other.as_bytes())
            && (other.len() <= WORDS || self.is_all(other))
    }

    /// As [`Literal::is`], for many texts of which few have the length.
    ///
    /// PERF: the length stays in a register (attributes/given-first).
    #[inline(always)]
    pub(crate) fn is_one(&self) -> impl Fn(&str) -> bool + Copy {
        let length = self.text.len();
        move |other| other.len() == length && self.is(other)
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Which of some literals a text is, none of which is [long](Literal::is_long).
    #[inline(always)]
    pub(super) fn short_position(literals: &[Literal], other: &str) -> Option<usize> {
        let words = words(other.as_bytes());
        literals.iter().position(|known| known.is_near(words, other.as_bytes()))
    }

    /// Whether its two words are not all of it.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        self.text.len() > WORDS
    }

    /// As [`Literal::is`] of a literal that is not [long](Literal::is_long).
    #[inline(always)]
    pub(crate) fn is_short(&self, other: &str) -> bool {
        self.is_short_of(words(other.as_bytes()), other.len())
    }

    /// As [`Literal::is_short`], by the words of the text.
    #[inline(always)]
    pub(super) fn is_short_of(&self, words: [u64; 2], length: usize) -> bool {
        self.text.len() == length && self.words == words
    }

    /// Whether the two words are those of bytes of the same length, which may differ between them.
    #[inline(always)]
    pub(super) fn is_near_to(&self, other: &[u8]) -> bool {
        self.words == words(other)
    }

    /// As [`Literal::is_near_to`] of a literal in lower case, and bytes in any.
    #[inline(always)]
    pub(super) fn is_near_in_any_case(&self, other: &[u8]) -> bool {
        self.words == words(other).map(lower)
    }

    /// Whether the two words differ from those of bytes of the same length in nothing but the bit
    /// that is the case of a letter, at the most.
    #[inline(always)]
    pub(super) fn is_near_but_for_case(&self, other: &[u8]) -> bool {
        const CASE: u64 = 0x2020_2020_2020_2020;
        let words = words(other);
        let differs = (self.words[0] ^ words[0]) | (self.words[1] ^ words[1]);
        differs & !CASE == 0
    }

    /// Whether the length and the two words are those of a text, which may differ between them.
    #[inline]
    fn is_near(&self, words: [u64; 2], other: &[u8]) -> bool {
        self.words[0] == words[0] && self.words[1] == words[1] && self.text.len() == other.len()
    }

    #[inline(never)]
    fn is_all(&self, other: &str) -> bool {
        *self.text == *other
    }
}

/// A few literals, of which each is compared.
#[derive(Clone, Debug)]
pub(crate) struct Few {
    literals: Arc<[Literal]>,
    /// The [bits](end_bit) of all of them.
    ends: u64,
}

impl Few {
    pub(crate) fn new(literals: Arc<[Literal]>) -> Few {
        let ends = literals.iter().fold(0, |ends, known| ends | end_bit(&known.text));
        Few { literals, ends }
    }

    pub(crate) fn literals(&self) -> &Arc<[Literal]> {
        &self.literals
    }

    /// Whether one of them is this text.
    ///
    /// PERF: most texts are none of them and end otherwise (W4, W7, DEEP).
    #[inline(always)]
    pub(crate) fn holds(&self, other: &str) -> Truth {
        if self.ends & end_bit(other) == 0 {
            return Truth::False;
        }
        if other.len() > WORDS {
            return self.holds_long(other);
        }
        let words = words(other.as_bytes());
        Truth::of(self.literals.iter().any(|known| known.is_near(words, other.as_bytes())))
    }

    #[inline(never)]
    fn holds_long(&self, other: &str) -> Truth {
        Truth::of(self.literals.iter().any(|known| known.is(other)))
    }
}

/// One of 64 bits for the first and the last byte of a text, which others have as well.
#[inline(always)]
fn end_bit(text: &str) -> u64 {
    match (text.as_bytes().first(), text.as_bytes().last()) {
        (Some(first), Some(last)) => 1 << ((u32::from(*first) + 2 * u32::from(*last)) % u64::BITS),
        _ => 1,
    }
}

/// The letters of ASCII in lower case, in all eight bytes at once.
fn lower(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7f * EACH);
    // The high bit of each byte tells; no sum goes beyond its byte.
    let from_a = low + u64::from(0x80 - b'A') * EACH;
    let beyond_z = low + u64::from(0x7f - b'Z') * EACH;
    let is_upper = from_a & !beyond_z & !word & (0x80 * EACH);
    word | (is_upper >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_lower_case_is_that_of_its_bytes() {
        for byte in 0..=u8::MAX {
            for word in [[byte; 8], [b'@', byte, b'Z', byte, 0xff, byte, b'[', 0]] {
                let expected = u64::from_le_bytes(word.map(|byte| byte.to_ascii_lowercase()));
                assert_eq!(lower(u64::from_le_bytes(word)), expected, "{word:?}");
            }
        }
    }

    #[test]
    fn a_literal_is_its_own_text_only() {
        let texts: Vec<String> =
            (0..40).map(|n| "abcdefghij".chars().cycle().take(n).collect()).collect();
        for text in &texts {
            let literals = [Literal::new("?".into()), Literal::new(text.as_str().into())];
            let few = Few::new(literals.clone().into());
            let [_, literal] = &literals;
            for other in &texts {
                assert_eq!(literal.is(other), text == other, "{text} {other}");
                assert_eq!(few.holds(other), Truth::of(text == other), "{text} {other}");
            }
            for at in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(at..=at, "X");
                assert!(!literal.is(&other), "{text} {other}");
                assert_eq!(few.holds(&other), Truth::False, "{text} {other}");
            }
        }
    }
}
