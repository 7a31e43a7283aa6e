//! Texts that a value starts with, ends with or contains.

use super::{Literal, MAX_TEXT, Truth};

/// Parts of texts, one of which must be there; in lower case where the case is ignored.
#[derive(Debug)]
pub(crate) struct Affixes {
    texts: Box<[Literal]>,
    ignore_case: bool,
}

impl Affixes {
    pub(crate) fn new<'t>(texts: impl Iterator<Item = &'t str>, ignore_case: bool) -> Affixes {
        let text = |text: &str| match ignore_case {
            true => text.to_ascii_lowercase(),
            false => text.to_owned(),
        };
        Affixes { texts: texts.map(|one| Literal::new(text(one).into())).collect(), ignore_case }
    }

    pub(crate) fn start(&self, text: &str) -> Truth {
        self.one_is::<false>(text)
    }

    pub(crate) fn end(&self, text: &str) -> Truth {
        self.one_is::<true>(text)
    }

    pub(crate) fn are_in(&self, text: &str) -> Truth {
        if text.len() > MAX_TEXT {
            return Truth::Unknown;
        }
        Truth::of(self.texts.iter().any(|affix| {
            // An affix is never empty: the file may not say so.
            let mut windows = text.as_bytes().windows(affix.len().max(1));
            windows.any(|window| self.is(affix, window))
        }))
    }

    /// Whether one of them is as much of a text, of its start or of its end.
    ///
    /// PERF: it is compared by words, and by a call at the most, so that no registers are saved
    /// (DEEP, PRODUCT).
    #[inline(never)]
    fn one_is<const AT_END: bool>(&self, text: &str) -> Truth {
        if self.ignore_case {
            return self.one_is_in_any_case::<AT_END>(text);
        }
        let is_near = |affix: &Literal, part: &[u8]| affix.is_near_to(part);
        self.one_is_near::<AT_END>(text, is_near)
    }

    #[inline(never)]
    fn one_is_in_any_case<const AT_END: bool>(&self, text: &str) -> Truth {
        let is_near = |affix: &Literal, part: &[u8]| affix.is_near_in_any_case(part);
        self.one_is_near::<AT_END>(text, is_near)
    }

    #[inline(always)]
    fn one_is_near<const AT_END: bool>(
        &self,
        text: &str,
        is_near: impl Fn(&Literal, &[u8]) -> bool,
    ) -> Truth {
        if text.len() > MAX_TEXT {
            return Truth::Unknown;
        }
        let is_near = |affix: &&Literal| {
            part::<AT_END>(text, affix.len()).is_some_and(|part| is_near(affix, part))
        };
        match self.texts.iter().find(is_near) {
            None => Truth::False,
            Some(affix) if !affix.is_long() => Truth::True,
            Some(_) => self.one_is_in_full::<AT_END>(text),
        }
    }

    #[inline(never)]
    fn one_is_in_full<const AT_END: bool>(&self, text: &str) -> Truth {
        let is = |affix: &Literal| {
            part::<AT_END>(text, affix.len()).is_some_and(|part| self.is(affix, part))
        };
        Truth::of(self.texts.iter().any(is))
    }

    fn is(&self, affix: &Literal, part: &[u8]) -> bool {
        match self.ignore_case {
            true => part.eq_ignore_ascii_case(affix.text().as_bytes()),
            false => part == affix.text().as_bytes(),
        }
    }
}

/// As many bytes of a text's start, or of its end.
#[inline(always)]
fn part<const AT_END: bool>(text: &str, length: usize) -> Option<&[u8]> {
    match AT_END {
        true => text.as_bytes().get(text.len().checked_sub(length)?..),
        false => text.as_bytes().get(..length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affixes_of_every_length_are_where_they_are() {
        let whole: String = "aBcDeFgHiJ".chars().cycle().take(40).collect();
        for length in 1..=whole.len() {
            for ignore_case in [false, true] {
                let (start, _) = whole.split_at(length);
                let (_, end) = whole.split_at(whole.len() - length);
                let (shorter, _) = whole.split_at(length - 1);
                let of = |text: &str| Affixes::new(["zz", text].into_iter(), ignore_case);
                let other_case = whole.to_uppercase();
                let as_upper = |text: &str| Truth::of(ignore_case || *text == text.to_uppercase());
                assert_eq!(of(start).start(&whole), Truth::True);
                assert_eq!(of(start).start(&other_case), as_upper(start), "{start}");
                assert_eq!(of(end).end(&whole), Truth::True);
                assert_eq!(of(end).end(&other_case), as_upper(end), "{end}");
                assert_eq!(of(end).are_in(&whole), Truth::True);
                assert_eq!(of(start).start(shorter), Truth::False);
                for at in 0..length {
                    let mut other = whole.clone();
                    other.replace_range(at..=at, "@");
                    assert_eq!(of(start).start(&other), Truth::False, "{start} {other}");
                }
            }
        }
    }
}
