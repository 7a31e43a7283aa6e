//! What a first-match table looks up of one subject.

use std::collections::BTreeMap;

use super::first_match::{Candidate, Needed, Wanted};
use super::matcher::{MAX_TEXT, number_of, version_of};
use super::ordered::{Asked, Ordered};
use super::set::HashIndex;
use super::{Accepts, Literal, Subject};
use crate::bucket::UnitHash;
use crate::context::Builtin;
use crate::literal::interval::Interval;
use crate::literal::number::Number;
use crate::literal::version::VersionBuf;
use crate::literal::words::{BLOCK, hash_of, hash_of_words, words};

/// What a context has of a subject, for the tests that a table knows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'r> {
    /// Nothing that could pass one.
    Nothing,
    Text(&'r str),
    /// A text of which the hash is known.
    Hashed(&'r str, UnitHash),
    Number(Number),
    /// Anything else: a list, or what is compared in more than one form.
    Several,
}

/// The rules that need a value of one subject.
#[derive(Clone, Debug)]
pub(crate) struct BySubject {
    pub(crate) subject: Subject,
    texts: Texts,
    starts: Ordered<Box<[u8]>>,
    /// From their last byte to the first.
    ends: Ordered<Box<[u8]>>,
    numbers: Ordered<Number>,
    versions: Ordered<VersionBuf>,
    /// Whether a rule that it leaves needs nothing else.
    pub(super) is_certain: bool,
    /// Whether it has nothing but texts.
    ///
    /// PERF: in the place of a look at each of the others (W6, RULES-200).
    has_texts_only: bool,
    /// The rules of all values.
    all: Box<[Candidate]>,
}

impl BySubject {
    /// The table of one subject, from the rules that need it and the values that they need.
    pub(super) fn new<S>(subject: Subject, needs: &[(u16, &Needed<'_, S>)]) -> BySubject {
        let mut texts: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        let (mut numbers, mut versions) = (Vec::new(), Vec::new());
        for (rule, needed) in needs {
            let Needed { is_enough: is_certain, is_last, .. } = **needed;
            let candidate = Candidate { rule: *rule, is_certain, is_last };
            for wanted in &needed.any_of {
                match wanted {
                    Wanted::Text(text) => texts.entry(text).or_default().push(candidate),
                    Wanted::Start(start) => {
                        let interval = Interval::starting_with(start.bytes().collect());
                        starts.push(Asked { interval, candidate });
                    }
                    Wanted::End(end) => {
                        let interval = Interval::starting_with(end.bytes().rev().collect());
                        ends.push(Asked { interval, candidate });
                    }
                    Wanted::Number(interval) => {
                        numbers.push(Asked { interval: interval.clone(), candidate });
                    }
                    Wanted::Version(interval) => {
                        versions.push(Asked { interval: interval.clone(), candidate });
                    }
                }
            }
        }
        BySubject {
            is_certain: needs.iter().all(|(_, needed)| needed.is_enough),
            has_texts_only: starts.is_empty()
                && ends.is_empty()
                && numbers.is_empty()
                && versions.is_empty(),
            texts: Texts::new(texts, matches!(subject, Subject::Builtin(Builtin::User))),
            starts: Ordered::new(&starts),
            ends: Ordered::new(&ends),
            numbers: Ordered::new(&numbers),
            versions: Ordered::new(&versions),
            all: needs.iter().map(|(rule, _)| Candidate::uncertain(*rule)).collect(),
            subject,
        }
    }

    /// The rules that a value leaves.
    #[inline(never)]
    pub(crate) fn candidates(&self, known: Known<'_>) -> &[Candidate] {
        match known {
            Known::Nothing => &[],
            Known::Text(text) => self.candidates_of(text),
            Known::Hashed(user, hash) => match self.has_texts_only {
                true => self.texts.find_hashed(user, hash.get()),
                false => self.candidates_of_any_kind(user),
            },
            Known::Number(number) => self.candidates_of_number(number),
            Known::Several => &self.all,
        }
    }

    /// The rules that a text leaves.
    #[inline(always)]
    pub(crate) fn candidates_of(&self, text: &str) -> &[Candidate] {
        match self.has_texts_only {
            true => self.texts.find(text),
            false => self.candidates_of_any_kind(text),
        }
    }

    /// The rules that a text leaves by what it is, by how it starts and ends, and as a number or a
    /// version.
    #[inline(never)]
    fn candidates_of_any_kind(&self, text: &str) -> &[Candidate] {
        let as_text = match self.texts.is_empty() {
            true => &[],
            false => self.texts.find_any(text),
        };
        let (by_start, by_end) = match text.len() <= MAX_TEXT {
            true => (
                self.starts.find(|other| text.as_bytes().cmp(other)),
                self.ends.find(|other| text.bytes().rev().cmp(other.iter().copied())),
            ),
            false => Default::default(),
        };
        let number = Some(text).filter(|_| !self.numbers.is_empty()).and_then(number_of);
        let as_number = number.map(|number| self.candidates_of_number(number)).unwrap_or_default();
        let version = Some(text).filter(|_| !self.versions.is_empty()).and_then(version_of);
        let as_version =
            version.map(|version| self.versions.find(|other| version.compare(&other.as_version())));
        let all = [as_text, by_start, by_end, as_number, as_version.unwrap_or_default()];
        let mut some = all.into_iter().filter(|rules| !rules.is_empty());
        match (some.next(), some.next()) {
            (only, None) => only.unwrap_or_default(),
            // In the order of all rules.
            _ => &self.all,
        }
    }

    /// The rules that an integer leaves.
    #[inline(never)]
    pub(crate) fn candidates_of_integer(&self, value: i64) -> &[Candidate] {
        self.candidates_of_number(Number::Integer(i128::from(value)))
    }

    fn candidates_of_number(&self, number: Number) -> &[Candidate] {
        match (&self.subject, number) {
            // Of what is declared to be an integer, nothing is known if it is not.
            (Subject::Attribute(name), Number::Float(_))
                if matches!(name.accepts, Accepts::Integers) =>
            {
                &[]
            }
            _ => self.numbers.find(|other| number.cmp(other)),
        }
    }
}

/// The rules of each text.
#[derive(Clone, Debug)]
struct Texts {
    index: HashIndex,
    /// Each text, and where its rules start and end.
    texts: Box<[(Literal, u32, u32)]>,
    rules: Box<[Candidate]>,
    /// Whether they are found by the hash that a context has of its user.
    are_users: bool,
}

/// What the hashes of other texts start with: any seed as [`hash_of`] asks for.
const SEED: u64 = 0x2d35_8dcc_aa6c_78a5;

impl Texts {
    fn new(rules_of: BTreeMap<&str, Vec<Candidate>>, are_users: bool) -> Texts {
        let hashes: Vec<u64> = rules_of.keys().map(|text| hash(text, are_users)).collect();
        let (mut texts, mut rules) = (Vec::new(), Vec::new());
        for (text, mut of_text) in rules_of {
            of_text.dedup();
            let start = rules.len() as u32;
            rules.append(&mut of_text);
            texts.push((Literal::new(text.into()), start, rules.len() as u32));
        }
        let index = HashIndex::new(hashes.into_iter());
        Texts { index, texts: texts.into(), rules: rules.into(), are_users }
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules of a text that is not a user.
    ///
    /// PERF: its two words are both hashed and compared. Rare are another text with the same half of the
    /// hash, and a long one (W6, RULES-200).
    #[inline(always)]
    fn find(&self, text: &str) -> &[Candidate] {
        debug_assert!(!self.are_users, "they have another hash");
        if text.len() >= BLOCK {
            return self.find_any(text);
        }
        let words = words(text.as_bytes());
        let hash = hash_of_words(words, text.len(), SEED);
        let Some(at) = self.index.find(hash, |_| true) else { return &[] };
        match self.texts.get(at as usize) {
            Some((known, start, end)) if known.is_short_of(words, text.len()) => {
                self.rules.get(*start as usize..*end as usize).unwrap_or_default()
            }
            _ => self.find_any(text),
        }
    }

    #[inline(never)]
    fn find_any(&self, text: &str) -> &[Candidate] {
        self.find_hashed(text, hash(text, self.are_users))
    }

    fn find_hashed(&self, text: &str, hash: u64) -> &[Candidate] {
        let known = |at: u32| self.texts.get(at as usize);
        let is_it = |at| known(at).is_some_and(|(known, ..)| known.is(text));
        let found = self.index.find(hash, is_it).and_then(known);
        let range = found.map_or(0..0, |(_, start, end)| *start as usize..*end as usize);
        self.rules.get(range).unwrap_or_default()
    }
}

fn hash(text: &str, of_user: bool) -> u64 {
    match of_user {
        true => UnitHash::of(text.as_bytes()).get(),
        false => hash_of(text.as_bytes(), SEED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of: &[&'static str]) -> Texts {
        let candidate =
            |(rule, text): (u16, &&'static str)| (*text, vec![Candidate::uncertain(rule)]);
        Texts::new((0..).zip(of).map(candidate).collect(), false)
    }

    fn found(texts: &Texts, text: &str) -> Vec<u16> {
        let rules = texts.find(text).iter().map(|candidate| candidate.rule);
        let same = texts.find_any(text).iter();
        assert!(rules.clone().eq(same.map(|candidate| candidate.rule)), "{text}");
        rules.collect()
    }

    #[test]
    fn a_hash_only_narrows_and_bytes_decide() {
        let (one, other) = ("shop-168360", "shop-327429");
        let slot_and_half = |text| (hash(text, false) >> 32, hash(text, false) & 3);
        assert_eq!(slot_and_half(one), slot_and_half(other), "they show nothing else");
        let both = texts(&[one, other]);
        assert_eq!((found(&both, one), found(&both, other)), (vec![0], vec![1]));
        assert_eq!(found(&texts(&[one]), other), [] as [u16; 0]);
    }

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let text = |length| "abcdefghijklmnopqrstuvwxyz0123456789".split_at(length).0;
        let every: Vec<&str> = (0..36).map(text).collect();
        let third: Vec<&str> = (0..12).map(|at| text(3 * at)).collect();
        let (every, third) = (texts(&every), texts(&third));
        for length in 0..36 {
            let at = length as u16;
            assert_eq!(found(&every, text(length)), [at]);
            let expected = Some(at / 3).filter(|_| at % 3 == 0);
            assert_eq!(found(&third, text(length)), Vec::from_iter(expected));
        }
    }
}
