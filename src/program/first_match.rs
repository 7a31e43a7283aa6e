//! First-match tables: which rules of a flag can hold, without asking each.
//!
//! A rule that needs an attribute to be one of a few texts cannot hold where it is another. Of a
//! flag with many such rules, a table knows for each text which rules it leaves. It only ever leaves
//! out what cannot hold: the rules that it names are tried in their order, as any others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::set::HashIndex;
use super::{Literal, Subject};
use crate::bucket::UnitHash;
use crate::literal::number::Number;

/// How many subjects a table has at the most.
const SUBJECTS: usize = 4;

/// What a rule needs in order to hold: one of these values.
pub(crate) struct Needed<'c, S> {
    pub(crate) subject: S,
    pub(crate) any_of: Vec<Wanted<'c>>,
    /// Whether a rule that has one of these texts needs nothing else.
    pub(crate) is_enough: bool,
}

/// A value that is asked for, as a table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wanted<'c> {
    Text(&'c str),
    /// By a hash, as what holds is asked for once more.
    Number(u64),
}

impl Wanted<'_> {
    pub(crate) fn number(number: Number) -> Wanted<'static> {
        Wanted::Number(hash_of(number))
    }
}

/// The same for numbers that are equal, whatever they are written as.
fn hash_of(number: Number) -> u64 {
    match number.whole() {
        Some(whole) => xxh3_64(&whole.to_le_bytes()),
        None => match number {
            Number::Integer(value) => xxh3_64(&value.to_le_bytes()),
            Number::Float(value) => xxh3_64(&value.to_bits().to_le_bytes()),
        },
    }
}

/// The table of one flag.
#[derive(Clone, Debug)]
pub(crate) struct FirstMatch {
    by_subject: Box<[BySubject]>,
    /// The rules that need no text of these subjects.
    others: Box<[Candidate]>,
}

/// A rule that can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// Its place in the flag.
    pub(crate) rule: u16,
    /// Whether its condition holds, so that it need not be asked.
    pub(crate) is_certain: bool,
}

/// The rules that need a value of one subject.
#[derive(Clone, Debug)]
pub(crate) struct BySubject {
    pub(crate) subject: Subject,
    texts: Values<Literal>,
    numbers: Values<u64>,
    /// The rules of all values.
    all: Box<[Candidate]>,
}

/// The rules of each value.
#[derive(Clone, Debug)]
struct Values<V> {
    index: HashIndex,
    /// Each value, and where its rules start and end.
    values: Box<[(V, u32, u32)]>,
    rules: Box<[Candidate]>,
}

/// What a context has of a subject, for tests of equality.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'r> {
    /// Nothing that could be equal.
    Nothing,
    Text(&'r str),
    /// A text of which the hash is known.
    Hashed(&'r str, UnitHash),
    Number(Number),
    /// More than one value, or one that is compared in more than one form.
    Several,
}

impl FirstMatch {
    /// A flag of fewer rules that need something is quicker without a table.
    pub(crate) const WORTHWHILE: usize = 6;

    /// The table of rules of which it is known what each needs, if it is worth having.
    ///
    /// A rule that needs several things is looked up by the subject that tells the most rules apart.
    pub(crate) fn new<S: Copy + Ord>(
        rules: &[Vec<Needed<'_, S>>],
        mut subject_of: impl FnMut(S) -> Subject,
    ) -> Option<FirstMatch> {
        u16::try_from(rules.len()).ok()?;
        let mut values: BTreeMap<S, BTreeSet<Wanted<'_>>> = BTreeMap::new();
        for needed in rules.iter().flatten() {
            values.entry(needed.subject).or_default().extend(&needed.any_of);
        }
        let tells_apart = |subject: S| values.get(&subject).map_or(0, BTreeSet::len);
        let mut needs: BTreeMap<S, Vec<(u16, &Needed<'_, S>)>> = BTreeMap::new();
        for (number, needed) in (0..).zip(rules) {
            if let Some(needed) = needed.iter().max_by_key(|needed| tells_apart(needed.subject)) {
                needs.entry(needed.subject).or_default().push((number, needed));
            }
        }
        let mut needs: Vec<_> = needs.into_iter().filter(|(_, rules)| rules.len() > 1).collect();
        needs.sort_by_key(|(_, rules)| Reverse(rules.len()));
        needs.truncate(SUBJECTS);
        let known: BTreeSet<u16> =
            needs.iter().flat_map(|(_, rules)| rules).map(|(number, _)| *number).collect();
        if known.len() < FirstMatch::WORTHWHILE {
            return None;
        }
        let others = (0..).zip(rules).map(|(number, _)| number);
        Some(FirstMatch {
            others: others
                .filter(|number| !known.contains(number))
                .map(|rule| Candidate { rule, is_certain: false })
                .collect(),
            by_subject: needs
                .into_iter()
                .map(|(subject, rules)| BySubject::new(subject_of(subject), &rules))
                .collect(),
        })
    }

    /// The subject that all rules need a value of, if they do.
    #[inline]
    pub(crate) fn only_subject(&self) -> Option<&BySubject> {
        match &*self.by_subject {
            [only] if self.others.is_empty() => Some(only),
            _ => None,
        }
    }

    /// The rules that can hold, in their order.
    #[inline]
    pub(crate) fn candidates<'t>(
        &'t self,
        by_subject: impl Fn(&'t BySubject) -> &'t [Candidate],
    ) -> Candidates<'t> {
        let mut rest: [&[Candidate]; SUBJECTS + 1] = [&[]; SUBJECTS + 1];
        let mut lists = rest.iter_mut();
        for (subject, rest) in self.by_subject.iter().zip(lists.by_ref()) {
            *rest = by_subject(subject);
        }
        if let Some(last) = lists.next() {
            *last = &self.others;
        }
        Candidates { rest }
    }
}

impl BySubject {
    /// The table of one subject, from the rules that need it and the values that they need.
    fn new<S>(subject: Subject, needs: &[(u16, &Needed<'_, S>)]) -> BySubject {
        let mut texts: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
        let mut numbers: BTreeMap<u64, Vec<Candidate>> = BTreeMap::new();
        for (rule, needed) in needs {
            for wanted in &needed.any_of {
                let candidate = |is_certain| Candidate { rule: *rule, is_certain };
                match *wanted {
                    Wanted::Text(text) => {
                        texts.entry(text).or_default().push(candidate(needed.is_enough));
                    }
                    Wanted::Number(hash) => {
                        numbers.entry(hash).or_default().push(candidate(false));
                    }
                }
            }
        }
        let hash_of = |text: &Literal| xxh3_64(text.text().as_bytes());
        let texts = texts.into_iter().map(|(text, rules)| (Literal::new(text.into()), rules));
        BySubject {
            subject,
            texts: Values::new(texts, hash_of),
            numbers: Values::new(numbers.into_iter(), |hash| *hash),
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
            Known::Hashed(user, hash) => self.texts.find(hash.get(), |known| known.is(user)),
            Known::Number(number) => {
                let hash = hash_of(number);
                self.numbers.find(hash, |known| *known == hash)
            }
            Known::Several => &self.all,
        }
    }

    /// The rules that a text leaves, which may be equal to a number, too.
    #[inline(always)]
    pub(crate) fn candidates_of(&self, text: &str) -> &[Candidate] {
        if !self.numbers.is_empty() && Number::parse(text).is_some() {
            return &self.all;
        }
        self.texts.find(xxh3_64(text.as_bytes()), |known| known.is(text))
    }
}

impl<V> Values<V> {
    fn new(
        rules_of: impl Iterator<Item = (V, Vec<Candidate>)>,
        hash_of: impl Fn(&V) -> u64,
    ) -> Values<V> {
        let mut values = Vec::new();
        let mut rules: Vec<Candidate> = Vec::new();
        for (value, mut of_value) in rules_of {
            of_value.dedup();
            let start = rules.len() as u32;
            rules.append(&mut of_value);
            values.push((value, start, rules.len() as u32));
        }
        let hashes: Vec<u64> = values.iter().map(|(value, ..)| hash_of(value)).collect();
        Values {
            index: HashIndex::new(hashes.into_iter()),
            values: values.into(),
            rules: rules.into(),
        }
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    #[inline(always)]
    fn find(&self, hash: u64, is_it: impl Fn(&V) -> bool) -> &[Candidate] {
        let value = |at: u32| self.values.get(at as usize);
        let found = self.index.find(hash, |at| value(at).is_some_and(|(known, ..)| is_it(known)));
        let range =
            found.and_then(value).map_or(0..0, |(_, start, end)| *start as usize..*end as usize);
        self.rules.get(range).unwrap_or_default()
    }
}

/// Goes through the rules that can hold, in their order.
pub(crate) struct Candidates<'t> {
    /// What is left of each list; each is sorted, and a rule is in one of them only.
    rest: [&'t [Candidate]; SUBJECTS + 1],
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    #[inline]
    fn next(&mut self) -> Option<Candidate> {
        let mut nearest: Option<(Candidate, &mut &[Candidate])> = None;
        for rest in &mut self.rest {
            match (rest.first(), &nearest) {
                (Some(first), Some((known, _))) if first > known => {}
                (Some(first), _) => nearest = Some((*first, rest)),
                (None, _) => {}
            }
        }
        let (first, rest) = nearest?;
        *rest = rest.get(1..).unwrap_or_default();
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Builtin;

    const REGION: u8 = 0;
    const TENANT: u8 = 1;

    fn subject(number: u8) -> Subject {
        Subject::Builtin(if number == REGION { Builtin::Region } else { Builtin::Tenant })
    }

    type Rule = &'static [(u8, &'static [&'static str])];

    fn table(rules: &[Rule]) -> Option<FirstMatch> {
        let needed = |(subject, any_of): &(u8, &'static [&'static str])| Needed {
            subject: *subject,
            any_of: any_of.iter().map(|text| Wanted::Text(text)).collect(),
            is_enough: true,
        };
        let needed = |rule: &Rule| rule.iter().map(needed).collect();
        FirstMatch::new(&rules.iter().map(needed).collect::<Vec<_>>(), subject)
    }

    fn candidates<'t>(table: &'t FirstMatch, region: Known<'_>, tenant: Known<'_>) -> Vec<usize> {
        let of_subject = |by: &'t BySubject| match by.subject {
            Subject::Builtin(Builtin::Region) => by.candidates(region),
            _ => by.candidates(tenant),
        };
        table.candidates(of_subject).map(|candidate| usize::from(candidate.rule)).collect()
    }

    #[test]
    fn rules_that_cannot_hold_are_left_out_and_the_others_keep_their_order() {
        let table = table(&[
            &[(REGION, &["nz", "au"])],
            &[(TENANT, &["acme"])],
            &[],
            &[(REGION, &["au", "au"])],
            &[(TENANT, &["acme", "bolt"])],
            &[(REGION, &["de"])],
            &[],
            &[(REGION, &["nz"])],
        ])
        .unwrap();
        let text = Known::Text;
        assert_eq!(candidates(&table, text("au"), Known::Nothing), [0, 2, 3, 6]);
        assert_eq!(candidates(&table, text("nz"), text("acme")), [0, 1, 2, 4, 6, 7]);
        assert_eq!(candidates(&table, text("fr"), text("bolt")), [2, 4, 6]);
        assert_eq!(candidates(&table, Known::Several, Known::Nothing), [0, 2, 3, 5, 6, 7]);
        let hashed = Known::Hashed("de", UnitHash::of(b"de"));
        assert_eq!(candidates(&table, hashed, Known::Nothing), [2, 5, 6]);
    }

    #[test]
    fn a_rule_is_certain_where_its_text_is_enough() {
        let rules = ["a", "b", "c", "d", "e", "18"].map(|text| {
            let any_of = vec![Wanted::Text(text), Wanted::number(Number::Integer(7))];
            vec![Needed { subject: TENANT, any_of, is_enough: text != "b" }]
        });
        let table = FirstMatch::new(&rules, subject).unwrap().by_subject;
        let certain = |known| -> Vec<(u16, bool)> {
            let candidates = table.iter().flat_map(|table| table.candidates(known));
            candidates.map(|candidate| (candidate.rule, candidate.is_certain)).collect()
        };
        assert_eq!(certain(Known::Text("a")), [(0, true)]);
        assert_eq!(certain(Known::Text("b")), [(1, false)]);
        assert_eq!(certain(Known::Text("x")), []);
        let all = (0..6).map(|rule| (rule, false)).collect::<Vec<_>>();
        assert_eq!(certain(Known::Text("18")), all);
        assert_eq!(certain(Known::Number(Number::Integer(7))), all);
        assert_eq!(certain(Known::Several), all);
    }

    #[test]
    fn the_subject_that_tells_rules_apart_is_looked_up() {
        let shops = ["a", "b", "c", "d", "e", "f"].map(|tenant| {
            let any_of = |text| vec![Wanted::Text(text)];
            let needed = |subject, text| Needed { subject, any_of: any_of(text), is_enough: false };
            vec![needed(REGION, "nz"), needed(TENANT, tenant)]
        });
        let table = FirstMatch::new(&shops, subject).unwrap();
        assert_eq!(candidates(&table, Known::Text("nz"), Known::Text("d")), [3]);
    }

    #[test]
    fn numbers_that_are_equal_leave_the_same_rules() {
        let numbers = ["18", "18.0", "1.8e1", "17", "18.5", "1e40"].map(|text| {
            let number = Number::parse(text).unwrap();
            let any_of = vec![Wanted::number(number)];
            vec![Needed { subject: TENANT, any_of, is_enough: true }]
        });
        let table = FirstMatch::new(&numbers, subject).unwrap();
        let of = |text| Known::Number(Number::parse(text).unwrap());
        for (text, expected) in [
            ("18", &[0, 1, 2][..]),
            ("180e-1", &[0, 1, 2]),
            ("18.5", &[4]),
            ("1e40", &[5]),
            ("3", &[]),
        ] {
            assert_eq!(candidates(&table, Known::Nothing, of(text)), expected, "{text}");
        }
        let all = [0, 1, 2, 3, 4, 5];
        assert_eq!(candidates(&table, Known::Nothing, Known::Text("18")), all);
        assert_eq!(candidates(&table, Known::Nothing, Known::Text("x")), [0_usize; 0]);
    }

    #[test]
    fn a_few_rules_have_no_table() {
        let needy: Rule = &[(REGION, &["nz"])];
        let free: Rule = &[];
        assert!(table(&[needy; FirstMatch::WORTHWHILE - 1]).is_none());
        assert!(table(&[free; 50]).is_none());
        assert!(table(&[needy; FirstMatch::WORTHWHILE]).is_some());
    }
}
