//! What a first-match table looks up of one subject.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::first_match::{Candidate, Needed, Wanted};
use super::matcher::{MAX_TEXT, number_of, version_of};
use super::ordered::{Asked, Ordered};
use super::set::HashIndex;
use super::{Accepts, Literal, Subject};
use crate::bucket::UnitHash;
use crate::literal::interval::Interval;
use crate::literal::number::Number;
use crate::literal::version::VersionBuf;

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
            let candidate = Candidate { rule: *rule, is_certain: needed.is_enough };
            let is_last = needed.is_last;
            for wanted in &needed.any_of {
                match wanted {
                    Wanted::Text(text) => texts.entry(text).or_default().push(candidate),
                    Wanted::Start(start) => {
                        let interval = Interval::starting_with(start.bytes().collect());
                        starts.push(Asked { interval, candidate, is_last });
                    }
                    Wanted::End(end) => {
                        let interval = Interval::starting_with(end.bytes().rev().collect());
                        ends.push(Asked { interval, candidate, is_last });
                    }
                    Wanted::Number(interval) => {
                        numbers.push(Asked { interval: interval.clone(), candidate, is_last });
                    }
                    Wanted::Version(interval) => {
                        versions.push(Asked { interval: interval.clone(), candidate, is_last });
                    }
                }
            }
        }
        BySubject {
            subject,
            is_certain: needs.iter().all(|(_, needed)| needed.is_enough),
            has_texts_only: starts.is_empty()
                && ends.is_empty()
                && numbers.is_empty()
                && versions.is_empty(),
            texts: Texts::new(texts),
            starts: Ordered::new(&starts),
            ends: Ordered::new(&ends),
            numbers: Ordered::new(&numbers),
            versions: Ordered::new(&versions),
            all: needs
                .iter()
                .map(|(rule, _)| Candidate { rule: *rule, is_certain: false })
                .collect(),
        }
    }

    /// The rules that a value leaves.
    #[inline(never)]
    pub(crate) fn candidates(&self, known: Known<'_>) -> &[Candidate] {
        match known {
            Known::Nothing => &[],
            Known::Text(text) => self.candidates_of(text),
            Known::Hashed(user, hash) => match self.has_texts_only {
                true => self.texts.find(user, hash.get()),
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
            true => self.texts.find(text, xxh3_64(text.as_bytes())),
            false => self.candidates_of_any_kind(text),
        }
    }

    /// The rules that a text leaves by what it is, by how it starts and ends, and as a number or a
    /// version.
    #[inline(never)]
    fn candidates_of_any_kind(&self, text: &str) -> &[Candidate] {
        let as_text = match self.texts.is_empty() {
            true => &[],
            false => self.texts.find(text, xxh3_64(text.as_bytes())),
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
}

impl Texts {
    fn new(rules_of: BTreeMap<&str, Vec<Candidate>>) -> Texts {
        let hashes: Vec<u64> = rules_of.keys().map(|text| xxh3_64(text.as_bytes())).collect();
        let (mut texts, mut rules) = (Vec::new(), Vec::new());
        for (text, mut of_text) in rules_of {
            of_text.dedup();
            let start = rules.len() as u32;
            rules.append(&mut of_text);
            texts.push((Literal::new(text.into()), start, rules.len() as u32));
        }
        let index = HashIndex::new(hashes.into_iter());
        Texts { index, texts: texts.into(), rules: rules.into() }
    }

    fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    #[inline(always)]
    fn find(&self, text: &str, hash: u64) -> &[Candidate] {
        let known = |at: u32| self.texts.get(at as usize);
        let is_it = |at| known(at).is_some_and(|(known, ..)| known.is(text));
        let found = self.index.find(hash, is_it).and_then(known);
        let range = found.map_or(0..0, |(_, start, end)| *start as usize..*end as usize);
        self.rules.get(range).unwrap_or_default()
    }
}
