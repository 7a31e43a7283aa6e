//! First-match tables: which rules of a flag can hold, without asking each.
//!
//! A rule that needs an attribute to be one of a few texts cannot hold where it is another. Of a
//! flag with many such rules, a table knows for each text which rules it leaves. It only ever leaves
//! out what cannot hold: the rules that it names are tried in their order, as any others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::Subject;
use super::set::HashIndex;
use crate::bucket::UnitHash;
use crate::literal::number::Number;

/// How many subjects a table has at the most.
const SUBJECTS: usize = 4;

/// What a rule needs in order to hold: one of these values.
pub(crate) struct Needed<S> {
    pub(crate) subject: S,
    pub(crate) any_of: Vec<Wanted>,
}

/// A value that is asked for, as a table knows it: by a hash, as what holds is asked for once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    hash: u64,
    is_number: bool,
}

impl Wanted {
    pub(crate) fn text(text: &str) -> Wanted {
        Wanted { hash: xxh3_64(text.as_bytes()), is_number: false }
    }

    pub(crate) fn number(number: Number) -> Wanted {
        Wanted { hash: hash_of(number), is_number: true }
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
#[derive(Debug)]
pub(crate) struct FirstMatch {
    by_subject: Box<[BySubject]>,
    /// The rules that need no text of these subjects.
    others: Box<[u16]>,
}

/// The rules that need a value of one subject.
#[derive(Debug)]
struct BySubject {
    subject: Subject,
    index: HashIndex,
    /// The hash of each value, and where its rules start and end.
    values: Box<[(u64, u32, u32)]>,
    rules: Box<[u16]>,
    /// The rules of all values.
    all: Box<[u16]>,
    /// Whether some need a number: a text may then be equal to that, too.
    has_numbers: bool,
}

/// What a context has of a subject, for tests of equality.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'r> {
    /// Nothing that could be equal.
    Nothing,
    Text(&'r str),
    /// A text of which the hash is known.
    Hashed(UnitHash),
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
        rules: &[Vec<Needed<S>>],
        mut subject_of: impl FnMut(S) -> Subject,
    ) -> Option<FirstMatch> {
        u16::try_from(rules.len()).ok()?;
        let mut values: BTreeMap<S, BTreeSet<Wanted>> = BTreeMap::new();
        for needed in rules.iter().flatten() {
            values.entry(needed.subject).or_default().extend(&needed.any_of);
        }
        let tells_apart = |subject: S| values.get(&subject).map_or(0, BTreeSet::len);
        let mut needs: BTreeMap<S, Vec<(u16, &[Wanted])>> = BTreeMap::new();
        for (number, needed) in (0..).zip(rules) {
            if let Some(needed) = needed.iter().max_by_key(|needed| tells_apart(needed.subject)) {
                needs.entry(needed.subject).or_default().push((number, &needed.any_of));
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
            others: others.filter(|number| !known.contains(number)).collect(),
            by_subject: needs
                .into_iter()
                .map(|(subject, rules)| BySubject::new(subject_of(subject), rules))
                .collect(),
        })
    }

    /// The places of the rules that can hold, in their order.
    pub(crate) fn candidates<'t, 'r>(
        &'t self,
        known_of: impl Fn(&Subject) -> Known<'r>,
    ) -> Candidates<'t> {
        let mut rest: [&[u16]; SUBJECTS + 1] = [&[]; SUBJECTS + 1];
        let mut lists = rest.iter_mut();
        for (by_subject, rest) in self.by_subject.iter().zip(lists.by_ref()) {
            *rest = by_subject.candidates(known_of(&by_subject.subject));
        }
        if let Some(last) = lists.next() {
            *last = &self.others;
        }
        Candidates { rest }
    }
}

impl BySubject {
    /// The table of one subject, from the rules that need it and the values that they need.
    fn new(subject: Subject, needs: Vec<(u16, &[Wanted])>) -> BySubject {
        let mut rules_of: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
        for (rule, wanted) in &needs {
            for wanted in *wanted {
                rules_of.entry(wanted.hash).or_default().push(*rule);
            }
        }
        let mut values: Vec<(u64, u32, u32)> = Vec::new();
        let mut rules: Vec<u16> = Vec::new();
        for (hash, mut of_value) in rules_of {
            of_value.dedup();
            let start = rules.len() as u32;
            rules.append(&mut of_value);
            values.push((hash, start, rules.len() as u32));
        }
        BySubject {
            subject,
            index: HashIndex::new(values.iter().map(|(hash, ..)| *hash)),
            values: values.into(),
            rules: rules.into(),
            has_numbers: needs.iter().any(|(_, wanted)| wanted.iter().any(|one| one.is_number)),
            all: needs.into_iter().map(|(rule, _)| rule).collect(),
        }
    }

    /// The rules that a value leaves.
    #[inline]
    fn candidates(&self, known: Known<'_>) -> &[u16] {
        match known {
            Known::Nothing => &[],
            Known::Text(text) if self.has_numbers && Number::parse(text).is_some() => &self.all,
            Known::Text(text) => self.rules_of(xxh3_64(text.as_bytes())),
            Known::Hashed(hash) => self.rules_of(hash.get()),
            Known::Number(number) => self.rules_of(hash_of(number)),
            Known::Several => &self.all,
        }
    }

    /// The rules of a hash: two values of one hash leave those of both.
    fn rules_of(&self, hash: u64) -> &[u16] {
        let value = |at: u32| self.values.get(at as usize);
        let found = self.index.find(hash, |at| value(at).is_some_and(|(known, ..)| *known == hash));
        let range =
            found.and_then(value).map_or(0..0, |(_, start, end)| *start as usize..*end as usize);
        self.rules.get(range).unwrap_or_default()
    }
}

/// Goes through the rules that can hold, in their order.
pub(crate) struct Candidates<'t> {
    /// What is left of each list; each is sorted, and a rule is in one of them only.
    rest: [&'t [u16]; SUBJECTS + 1],
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let mut nearest: Option<(u16, &mut &[u16])> = None;
        for rest in &mut self.rest {
            match (rest.first(), &nearest) {
                (Some(first), Some((known, _))) if first > known => {}
                (Some(first), _) => nearest = Some((*first, rest)),
                (None, _) => {}
            }
        }
        let (first, rest) = nearest?;
        *rest = rest.get(1..).unwrap_or_default();
        Some(usize::from(first))
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
            any_of: any_of.iter().map(|text| Wanted::text(text)).collect(),
        };
        let needed = |rule: &Rule| rule.iter().map(needed).collect();
        FirstMatch::new(&rules.iter().map(needed).collect::<Vec<_>>(), subject)
    }

    fn candidates(table: &FirstMatch, region: Known<'_>, tenant: Known<'_>) -> Vec<usize> {
        let text_of = |subject: &Subject| match subject {
            Subject::Builtin(Builtin::Region) => region,
            _ => tenant,
        };
        table.candidates(text_of).collect()
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
        let hashed = Known::Hashed(UnitHash::of(b"de"));
        assert_eq!(candidates(&table, hashed, Known::Nothing), [2, 5, 6]);
    }

    #[test]
    fn the_subject_that_tells_rules_apart_is_looked_up() {
        let shops = ["a", "b", "c", "d", "e", "f"].map(|tenant| {
            let needed = |subject, text| Needed { subject, any_of: vec![Wanted::text(text)] };
            vec![needed(REGION, "nz"), needed(TENANT, tenant)]
        });
        let table = FirstMatch::new(&shops, subject).unwrap();
        assert_eq!(candidates(&table, Known::Text("nz"), Known::Text("d")), [3]);
    }

    #[test]
    fn numbers_that_are_equal_leave_the_same_rules() {
        let numbers = ["18", "18.0", "1.8e1", "17", "18.5", "1e40"].map(|text| {
            let number = Number::parse(text).unwrap();
            vec![Needed { subject: TENANT, any_of: vec![Wanted::number(number)] }]
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
