//! Texts that a value starts with, ends with or contains.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Literal, MAX_TEXT, TextSet, Truth};

/// So many are compared one by one, however many lengths they have.
const FEW: usize = 8;

/// What a text starts or ends with.
///
/// PERF: most are asked for one, which is compared in line (DEEP, PRODUCT).
#[derive(Clone, Debug)]
pub(crate) struct Affix {
    edge: Edge,
    ignore_case: bool,
    /// In lower case where the case is ignored.
    text: Literal,
}

/// Where in a text an affix is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    End,
}

impl Affix {
    pub(crate) fn new(edge: Edge, text: &str, ignore_case: bool) -> Affix {
        Affix { edge, ignore_case, text: literal(text, ignore_case) }
    }

    /// Whether it is at its edge of a text.
    ///
    /// PERF: what differs in more than case, as nearly all does, is not put in lower case, and is
    /// compared without a call (DEEP, PRODUCT).
    #[inline(always)]
    pub(crate) fn is_of(&self, text: &str) -> Truth {
        if text.len() > MAX_TEXT {
            return Truth::Unknown;
        }
        let part = match self.edge {
            Edge::Start => part::<false>(text, self.text.len()),
            Edge::End => part::<true>(text, self.text.len()),
        };
        let Some(part) = part else { return Truth::False };
        let is_near = match self.ignore_case {
            true => self.text.is_near_but_for_case(part),
            false => self.text.is_near_to(part),
        };
        match is_near {
            false => Truth::False,
            true if self.ignore_case || self.text.is_long() => self.is_in_full(part),
            true => Truth::True,
        }
    }

    #[inline(never)]
    fn is_in_full(&self, part: &[u8]) -> Truth {
        Truth::of(match self.text.is_long() {
            true => is(&self.text, self.ignore_case, part),
            false => self.text.is_near_in_any_case(part),
        })
    }
}

/// A part of a text as it is compared: in lower case where the case is ignored.
fn literal(text: &str, ignore_case: bool) -> Literal {
    Literal::new(match ignore_case {
        true => text.to_ascii_lowercase().into(),
        false => text.into(),
    })
}

/// Parts of texts, one of which must be there.
#[derive(Clone, Debug)]
pub(crate) enum Affixes {
    Few(Few),
    Many(Box<[OfLength]>),
}

impl Affixes {
    pub(crate) fn new(texts: &[Arc<str>], ignore_case: bool) -> Affixes {
        let mut of_lengths: BTreeMap<usize, Vec<&Arc<str>>> = BTreeMap::new();
        for text in texts {
            of_lengths.entry(text.len()).or_default().push(text);
        }
        // A look-up takes as long as some four comparisons.
        if texts.len() <= FEW.max(4 * of_lengths.len()) {
            return Affixes::Few(Few::new(texts, ignore_case));
        }
        let set = |texts: Vec<&Arc<str>>| TextSet::new(texts.into_iter(), ignore_case);
        let of_lengths = of_lengths.into_iter();
        Affixes::Many(
            of_lengths.map(|(length, texts)| OfLength { length, texts: set(texts) }).collect(),
        )
    }

    /// Whether one of them is at an edge of a text.
    #[inline(never)]
    pub(crate) fn one_is(&self, edge: Edge, text: &str) -> Truth {
        match (self, edge) {
            (Affixes::Few(few), Edge::Start) => few.one_is::<false>(text),
            (Affixes::Few(few), Edge::End) => few.one_is::<true>(text),
            (Affixes::Many(many), Edge::Start) => one_is_of_many::<false>(many, text),
            (Affixes::Many(many), Edge::End) => one_is_of_many::<true>(many, text),
        }
    }

    pub(crate) fn are_in(&self, text: &str) -> Truth {
        if text.len() > MAX_TEXT {
            return Truth::Unknown;
        }
        Truth::of(match self {
            Affixes::Few(few) => are_in(&few.texts, few.ignore_case, text),
            Affixes::Many(many) => many.iter().any(|of_length| of_length.are_in(text)),
        })
    }
}

/// PERF: nearly every place in a text is passed over by one byte of it (tests/a-part-each).
fn are_in(affixes: &[Literal], ignore_case: bool, text: &str) -> bool {
    affixes.iter().any(|affix| {
        let first = affix.text().as_bytes().first();
        let starts = |byte: &u8| match ignore_case {
            true => first == Some(&byte.to_ascii_lowercase()),
            false => first == Some(byte),
        };
        // An affix is never empty: the file may not say so.
        let mut windows = text.as_bytes().windows(affix.len().max(1));
        windows.any(|window| window.first().is_some_and(starts) && is(affix, ignore_case, window))
    })
}

fn is(affix: &Literal, ignore_case: bool, part: &[u8]) -> bool {
    match ignore_case {
        true => part.eq_ignore_ascii_case(affix.text().as_bytes()),
        false => part == affix.text().as_bytes(),
    }
}

/// PERF: it does not matter how many they are (list/prefixes-none-fits).
#[inline(never)]
fn one_is_of_many<const AT_END: bool>(many: &[OfLength], text: &str) -> Truth {
    if text.len() > MAX_TEXT {
        return Truth::Unknown;
    }
    let is_one = |of_length: &OfLength| {
        let at = match AT_END {
            true => text.len().checked_sub(of_length.length),
            false => Some(of_length.length),
        };
        let parts = at.and_then(|at| text.split_at_checked(at));
        parts.is_some_and(|(start, end)| of_length.texts.contains(if AT_END { end } else { start }))
    };
    Truth::of(many.iter().any(is_one))
}

/// Those of one length.
#[derive(Clone, Debug)]
pub(crate) struct OfLength {
    length: usize,
    texts: TextSet,
}

impl OfLength {
    fn are_in(&self, text: &str) -> bool {
        let starts = 0..=text.len().saturating_sub(self.length);
        starts.filter_map(|at| text.get(at..at + self.length)).any(|part| self.texts.contains(part))
    }
}

/// A few; in lower case where the case is ignored.
#[derive(Clone, Debug)]
pub(crate) struct Few {
    texts: Box<[Literal]>,
    ignore_case: bool,
}

impl Few {
    fn new(texts: &[Arc<str>], ignore_case: bool) -> Few {
        Few { texts: texts.iter().map(|one| literal(one, ignore_case)).collect(), ignore_case }
    }

    /// Whether one of them is as much of a text, of its start or of its end.
    ///
    /// PERF: it is compared by words, and by a call at the most, so that no registers are saved
    /// (list/prefixes-none-fits).
    #[inline(never)]
    fn one_is<const AT_END: bool>(&self, text: &str) -> Truth {
        if self.ignore_case {
            return self.one_is_in_any_case::<AT_END>(text);
        }
        self.one_is_near::<AT_END>(text, |affix, part| affix.is_near_to(part))
    }

    #[inline(never)]
    fn one_is_in_any_case<const AT_END: bool>(&self, text: &str) -> Truth {
        self.one_is_near::<AT_END>(text, |affix, part| {
            affix.is_near_but_for_case(part) && affix.is_near_in_any_case(part)
        })
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
            part::<AT_END>(text, affix.len()).is_some_and(|part| is(affix, self.ignore_case, part))
        };
        Truth::of(self.texts.iter().any(is))
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
                let of = |text: &str| Affixes::new(&["zz", text].map(Arc::from), ignore_case);
                let is_at = |edge, affix: &str, text: &str| {
                    let one = Affix::new(edge, affix, ignore_case);
                    [one.is_of(text), of(affix).one_is(edge, text)]
                };
                let at_start = |affix: &str, text: &str| is_at(Edge::Start, affix, text);
                let at_end = |affix: &str, text: &str| is_at(Edge::End, affix, text);
                let other_case = whole.to_uppercase();
                let as_upper =
                    |text: &str| [Truth::of(ignore_case || *text == text.to_uppercase()); 2];
                let (yes, no) = ([Truth::True; 2], [Truth::False; 2]);
                assert_eq!(at_start(start, &whole), yes);
                assert_eq!(at_start(start, &other_case), as_upper(start), "{start}");
                assert_eq!(at_end(end, &whole), yes);
                assert_eq!(at_end(end, &other_case), as_upper(end), "{end}");
                let alone = |text: &str| Affixes::new(&[Arc::from(text)], ignore_case);
                assert_eq!([of(end), alone(end)].map(|part| part.are_in(&whole)), yes);
                assert_eq!([of(start), alone(start)].map(|part| part.are_in(shorter)), no);
                assert_eq!(at_start(start, shorter), no);
                for at in 0..length {
                    let mut other = whole.clone();
                    other.replace_range(at..=at, "@");
                    assert_eq!(at_start(start, &other), no, "{start} {other}");
                }
            }
        }
    }

    #[test]
    fn many_are_asked_as_a_few_are() {
        let alphabet: Vec<char> = "aAbBü@.".chars().collect();
        let nth = |n: usize, length: usize| -> String {
            let letter = |at: u32| alphabet[n / 7_usize.pow(at) % 7];
            (0..length as u32).map(letter).collect()
        };
        let affixes: Vec<String> =
            (0..60).map(|n| nth(n * 37, 2 + n % 2)).chain((0..4).map(|n| nth(n, 20))).collect();
        let affixes: Vec<Arc<str>> = affixes.iter().map(|text| Arc::from(&**text)).collect();
        let mut yes = 0;
        for ignore_case in [false, true] {
            let many = Affixes::new(&affixes, ignore_case);
            assert!(matches!(many, Affixes::Many(_)));
            let few = Affixes::Few(Few::new(&affixes, ignore_case));
            let texts = (0..2_401).map(|n| nth(n, 4)).chain((0..7).map(|n| nth(n, 22)));
            for text in texts.chain(["", "a", "ü"].map(str::to_owned)).chain(["a".repeat(5_000)]) {
                assert_eq!(
                    many.one_is(Edge::Start, &text),
                    few.one_is(Edge::Start, &text),
                    "{text}"
                );
                assert_eq!(many.one_is(Edge::End, &text), few.one_is(Edge::End, &text), "{text}");
                assert_eq!(many.are_in(&text), few.are_in(&text), "{text}");
                yes += usize::from(many.one_is(Edge::Start, &text) == Truth::True);
            }
        }
        assert!((500..4_000).contains(&yes), "{yes}");
    }
}
