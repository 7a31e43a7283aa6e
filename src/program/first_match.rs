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

/// A flag of fewer rules that need a text is quicker without a table.
const WORTHWHILE: usize = 6;

/// How many subjects a table has at the most.
const SUBJECTS: usize = 3;

/// What a rule needs in order to hold: one of these texts.
pub(crate) struct Needed<'d, S> {
    pub(crate) subject: S,
    pub(crate) any_of: Vec<&'d str>,
}

/// The table of one flag.
#[derive(Debug)]
pub(crate) struct FirstMatch {
    by_text: Box<[ByText]>,
    /// The rules that need no text of these subjects.
    others: Box<[u16]>,
}

/// The rules that need a text of one subject.
#[derive(Debug)]
struct ByText {
    subject: Subject,
    index: HashIndex,
    /// The hash of each text, and where its rules start and end.
    texts: Box<[(u64, u32, u32)]>,
    rules: Box<[u16]>,
    /// The rules of all texts.
    all: Box<[u16]>,
}

/// What a context has of a subject, for tests of equality.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TextOf<'r> {
    /// Nothing that could be equal.
    None,
    Text(&'r str),
    /// A text of which the hash is known.
    Hashed(UnitHash),
    /// More than one text, or one that is compared in more than one form.
    Several,
}

impl FirstMatch {
    /// The table of rules of which it is known what each needs, if it is worth having.
    ///
    /// A rule that needs several things is looked up by the subject that tells the most rules apart.
    pub(crate) fn new<S: Copy + Ord>(
        rules: &[Vec<Needed<'_, S>>],
        mut subject_of: impl FnMut(S) -> Subject,
    ) -> Option<FirstMatch> {
        u16::try_from(rules.len()).ok()?;
        let mut texts: BTreeMap<S, BTreeSet<&str>> = BTreeMap::new();
        for needed in rules.iter().flatten() {
            texts.entry(needed.subject).or_default().extend(&needed.any_of);
        }
        let tells_apart = |subject: S| texts.get(&subject).map_or(0, BTreeSet::len);
        let mut needs: BTreeMap<S, Vec<(u16, Vec<u64>)>> = BTreeMap::new();
        for (number, needed) in (0..).zip(rules) {
            if let Some(needed) = needed.iter().max_by_key(|needed| tells_apart(needed.subject)) {
                let hashes = needed.any_of.iter().map(|text| xxh3_64(text.as_bytes())).collect();
                needs.entry(needed.subject).or_default().push((number, hashes));
            }
        }
        let mut needs: Vec<_> = needs.into_iter().filter(|(_, rules)| rules.len() > 1).collect();
        needs.sort_by_key(|(_, rules)| Reverse(rules.len()));
        needs.truncate(SUBJECTS);
        let known: BTreeSet<u16> =
            needs.iter().flat_map(|(_, rules)| rules).map(|(number, _)| *number).collect();
        if known.len() < WORTHWHILE {
            return None;
        }
        let others = (0..).zip(rules).map(|(number, _)| number);
        Some(FirstMatch {
            others: others.filter(|number| !known.contains(number)).collect(),
            by_text: needs
                .into_iter()
                .map(|(subject, rules)| ByText::new(subject_of(subject), rules))
                .collect(),
        })
    }

    /// The places of the rules that can hold, in their order.
    pub(crate) fn candidates<'t, 'r>(
        &'t self,
        text_of: impl Fn(&Subject) -> TextOf<'r>,
    ) -> Candidates<'t> {
        let mut rest: [&[u16]; SUBJECTS + 1] = [&[]; SUBJECTS + 1];
        for (by_text, rest) in self.by_text.iter().zip(&mut rest) {
            *rest = match text_of(&by_text.subject) {
                TextOf::None => &[],
                TextOf::Text(text) => by_text.rules_of(xxh3_64(text.as_bytes())),
                TextOf::Hashed(hash) => by_text.rules_of(hash.get()),
                TextOf::Several => &by_text.all,
            };
        }
        if let Some(last) = rest.last_mut() {
            *last = &self.others;
        }
        Candidates { rest }
    }
}

impl ByText {
    /// The table of one subject, from the rules that need it and the hashes of the texts they need.
    fn new(subject: Subject, needs: Vec<(u16, Vec<u64>)>) -> ByText {
        let mut texts: Vec<(u64, u32, u32)> = Vec::new();
        let mut rules: Vec<u16> = Vec::new();
        let mut rules_of: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
        for (rule, hashes) in &needs {
            for hash in hashes {
                rules_of.entry(*hash).or_default().push(*rule);
            }
        }
        for (hash, mut of_text) in rules_of {
            of_text.dedup();
            let start = rules.len() as u32;
            rules.append(&mut of_text);
            texts.push((hash, start, rules.len() as u32));
        }
        ByText {
            subject,
            index: HashIndex::new(texts.iter().map(|(hash, ..)| *hash)),
            texts: texts.into(),
            rules: rules.into(),
            all: needs.into_iter().map(|(rule, _)| rule).collect(),
        }
    }

    /// The rules that a text leaves. Two texts of one hash leave those of both.
    fn rules_of(&self, hash: u64) -> &[u16] {
        let text = |at: u32| self.texts.get(at as usize);
        let found = self.index.find(hash, |at| text(at).is_some_and(|(known, ..)| *known == hash));
        let range =
            found.and_then(text).map_or(0..0, |(_, start, end)| *start as usize..*end as usize);
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
            any_of: any_of.to_vec(),
        };
        let needed = |rule: &Rule| rule.iter().map(needed).collect();
        FirstMatch::new(&rules.iter().map(needed).collect::<Vec<_>>(), subject)
    }

    fn candidates(table: &FirstMatch, region: TextOf<'_>, tenant: TextOf<'_>) -> Vec<usize> {
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
        let text = TextOf::Text;
        assert_eq!(candidates(&table, text("au"), TextOf::None), [0, 2, 3, 6]);
        assert_eq!(candidates(&table, text("nz"), text("acme")), [0, 1, 2, 4, 6, 7]);
        assert_eq!(candidates(&table, text("fr"), text("bolt")), [2, 4, 6]);
        assert_eq!(candidates(&table, TextOf::Several, TextOf::None), [0, 2, 3, 5, 6, 7]);
        let hashed = TextOf::Hashed(UnitHash::of(b"de"));
        assert_eq!(candidates(&table, hashed, TextOf::None), [2, 5, 6]);
    }

    #[test]
    fn the_subject_that_tells_rules_apart_is_looked_up() {
        let shops = ["a", "b", "c", "d", "e", "f"].map(|tenant| {
            let needed = |subject, text| Needed { subject, any_of: vec![text] };
            vec![needed(REGION, "nz"), needed(TENANT, tenant)]
        });
        let table = FirstMatch::new(&shops, subject).unwrap();
        assert_eq!(candidates(&table, TextOf::Text("nz"), TextOf::Text("d")), [3]);
    }

    #[test]
    fn a_few_rules_have_no_table() {
        let needy: Rule = &[(REGION, &["nz"])];
        let free: Rule = &[];
        assert!(table(&[needy; WORTHWHILE - 1]).is_none());
        assert!(table(&[free; 50]).is_none());
        assert!(table(&[needy; WORTHWHILE]).is_some());
    }
}
