//! Texts of the file, made ready to be compared.

/// A text that is compared by its length and by two words of it; its bytes are read only where it
/// is longer than the two and they are the same.
///
/// PERF: in the place of a call to compare bytes for each candidate (W4, W6, DEEP).
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    text: Box<str>,
    words: [u64; 2],
}

impl Literal {
    pub(crate) fn new(text: Box<str>) -> Literal {
        Literal { words: words(text.as_bytes()), text }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    #[inline]
    pub(crate) fn is(&self, other: &str) -> bool {
        self.is_bytes(other.as_bytes())
    }

    #[inline]
    pub(crate) fn is_bytes(&self, other: &[u8]) -> bool {
        self.text.len() == other.len()
            && self.is_near(words(other), other)
            && (other.len() <= 16 || self.is_long(other))
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether one of the literals is this text.
    ///
    /// PERF: what is longer than its two words is compared at the end, by a call that nothing comes
    /// after: what comes before then needs no registers of its own (W2-5, W4).
    #[inline]
    pub(crate) fn any(literals: &[Literal], other: &str) -> bool {
        let words = words(other.as_bytes());
        let is_near = |known: &Literal| known.is_near(words, other.as_bytes());
        match literals.iter().position(is_near) {
            None => false,
            Some(_) if other.len() <= 16 => true,
            Some(at) => Literal::any_long(literals.get(at..).unwrap_or_default(), other),
        }
    }

    /// Whether the length and the two words are those of a text, which may differ between them.
    #[inline]
    fn is_near(&self, words: [u64; 2], other: &[u8]) -> bool {
        self.words[0] == words[0] && self.words[1] == words[1] && self.text.len() == other.len()
    }

    #[inline(never)]
    fn any_long(literals: &[Literal], other: &str) -> bool {
        literals.iter().any(|known| *known.text == *other)
    }

    #[inline(never)]
    fn is_long(&self, other: &[u8]) -> bool {
        self.text.as_bytes() == other
    }
}

/// The first and the last eight bytes. They meet or overlap in a text of at most sixteen, and so
/// are all of it; of less than eight they are the first and the last four, two or one.
#[inline]
fn words(bytes: &[u8]) -> [u64; 2] {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        [u64::from_le_bytes(*first), u64::from_le_bytes(*last)]
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        [u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into()]
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        [u16::from_le_bytes(*first).into(), u16::from_le_bytes(*last).into()]
    } else {
        [bytes.first().copied().unwrap_or(0).into(), 0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_its_own_text_only() {
        let texts: Vec<String> =
            (0..40).map(|n| "abcdefghij".chars().cycle().take(n).collect()).collect();
        for text in &texts {
            let literal = Literal::new(text.as_str().into());
            for other in &texts {
                assert_eq!(literal.is(other), text == other, "{text} {other}");
            }
            for at in 0..text.len() {
                let mut other = text.clone();
                other.replace_range(at..=at, "X");
                assert!(!literal.is(&other), "{text} {other}");
            }
        }
    }
}
