//! First-match tables: which rules of a flag can hold, without asking each.
//!
//! A rule that needs an attribute to be one of a few texts, or to start or end like one, cannot hold where
//! it is another, and one that needs a number or a version from here to there cannot where it lies
//! elsewhere. Of a flag with many such rules, a table knows for each value which rules it leaves. It
//! only ever leaves out what cannot hold: the rules that it names are tried in their order, as any
//! others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{BySubject, Subject};
use crate::literal::interval::Interval;
use crate::literal::number::Number;
use crate::literal::version::VersionBuf;

/// How many subjects a table has at the most.
const SUBJECTS: usize = 4;

/// What a rule needs in order to hold: one of these values.
pub(crate) struct Needed<'c, S> {
    pub(crate) subject: S,
    pub(crate) any_of: Vec<Wanted<'c>>,
    /// Whether a rule that has one of these needs nothing else.
    pub(crate) is_enough: bool,
    /// Whether no rule is tried after it, where it holds.
    pub(crate) is_last: bool,
}

/// A value that is asked for, as a table knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wanted<'c> {
    Text(&'c str),
    /// A text that starts so.
    Start(&'c str),
    /// A text that ends so.
    End(&'c str),
    Number(Interval<Number>),
    Version(Interval<VersionBuf>),
}

impl Wanted<'_> {
    /// Whether it is likely to leave few of many rules that want something like it.
    fn tells_apart(&self) -> bool {
        match self {
            Wanted::Text(_) | Wanted::Start(_) | Wanted::End(_) => true,
            Wanted::Number(interval) => interval.is_bounded(),
            Wanted::Version(interval) => interval.is_bounded(),
        }
    }
}

/// The table of one flag.
#[derive(Clone, Debug)]
pub(crate) struct FirstMatch {
    by_subject: Box<[BySubject]>,
    /// The rules that need nothing of these subjects.
    others: Box<[Candidate]>,
}

/// A rule that can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// Its place in the flag.
    pub(crate) rule: u16,
    /// Whether its condition holds, so that it need not be asked.
    pub(crate) is_certain: bool,
    /// Whether it serves everyone for whom it holds, at any time.
    pub(crate) is_last: bool,
}

impl Candidate {
    /// A rule of which nothing else is known.
    pub(crate) fn uncertain(rule: u16) -> Candidate {
        Candidate { rule, is_certain: false, is_last: false }
    }
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
        let mut values: BTreeMap<S, BTreeSet<&Wanted<'_>>> = BTreeMap::new();
        for needed in rules.iter().flatten() {
            let telling = needed.any_of.iter().filter(|wanted| wanted.tells_apart());
            values.entry(needed.subject).or_default().extend(telling);
        }
        let tells_apart = |subject: S| values.get(&subject).map_or(0, BTreeSet::len);
        let mut needs: BTreeMap<S, Vec<(u16, &Needed<'_, S>)>> = BTreeMap::new();
        for (needed, number) in rules.iter().zip(0..) {
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
        let others = rules.iter().zip(0..).map(|(_, number)| number);
        Some(FirstMatch {
            others: others
                .filter(|number| !known.contains(number))
                .map(Candidate::uncertain)
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

    /// Whether one look tells which rule holds, of nearly all values.
    pub(crate) fn is_certain(&self) -> bool {
        self.only_subject().is_some_and(|only| only.is_certain)
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
    use super::super::{Known, MAX_TEXT};
    use super::*;
    use crate::bucket::UnitHash;
    use crate::context::Builtin;
    use crate::literal::version::VersionRange;

    const REGION: u8 = 0;
    const TENANT: u8 = 1;
    const USER: u8 = 2;

    fn subject(number: u8) -> Subject {
        Subject::Builtin(match number {
            REGION => Builtin::Region,
            TENANT => Builtin::Tenant,
            _ => Builtin::User,
        })
    }

    type Rule = &'static [(u8, &'static [&'static str])];

    fn table(rules: &[Rule]) -> Option<FirstMatch> {
        let needed = |(subject, any_of): &(u8, &'static [&'static str])| Needed {
            subject: *subject,
            any_of: any_of.iter().map(|text| Wanted::Text(text)).collect(),
            is_enough: true,
            is_last: true,
        };
        let needed = |rule: &Rule| rule.iter().map(needed).collect();
        FirstMatch::new(&rules.iter().map(needed).collect::<Vec<_>>(), subject)
    }

    fn number(number: Number) -> Wanted<'static> {
        Wanted::Number(Interval::ALL.only(number))
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
    }

    #[test]
    fn users_are_found_by_the_hash_that_a_context_has() {
        let ids = ["ada", "bob", "a-user-of-more-than-sixteen-bytes", "dan", "eve", "ada"];
        let needed = |id| {
            let any_of = vec![Wanted::Text(id)];
            vec![Needed { subject: USER, any_of, is_enough: true, is_last: true }]
        };
        let table = FirstMatch::new(&ids.map(needed), subject).unwrap();
        let of = |id: &'static str| {
            let hashed = Known::Hashed(id, UnitHash::of(id.as_bytes()));
            candidates(&table, Known::Nothing, hashed)
        };
        assert_eq!(of("ada"), [0, 5]);
        assert_eq!(of(ids[2]), [2]);
        assert_eq!(of("fay"), [] as [usize; 0]);
    }

    #[test]
    fn a_rule_is_certain_where_what_it_needs_is_enough() {
        let rules = ["a", "b", "c", "d", "e", "7"].map(|text| {
            let any_of = vec![Wanted::Text(text), number(Number::Integer(7))];
            vec![Needed { subject: TENANT, any_of, is_enough: text != "b", is_last: false }]
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
        assert_eq!(certain(Known::Several), all);
        // As a text it leaves some of them, and as a number others.
        assert_eq!(certain(Known::Text("7")), all);
        let seven = all.iter().map(|(rule, _)| (*rule, *rule != 1)).collect::<Vec<_>>();
        assert_eq!(certain(Known::Number(Number::Integer(7))), seven);
        assert_eq!(certain(Known::Text("7.0")), seven);
    }

    #[test]
    fn the_subject_that_tells_rules_apart_is_looked_up() {
        let shops = ["a", "b", "c", "d", "e", "f"].map(|tenant| {
            let any_of = |text| vec![Wanted::Text(text)];
            let needed = |subject, text| Needed {
                subject,
                any_of: any_of(text),
                is_enough: false,
                is_last: true,
            };
            vec![needed(REGION, "nz"), needed(TENANT, tenant)]
        });
        let table = FirstMatch::new(&shops, subject).unwrap();
        assert_eq!(candidates(&table, Known::Text("nz"), Known::Text("d")), [3]);
    }

    #[test]
    fn numbers_that_are_equal_leave_the_same_rules() {
        let numbers = ["18", "18.0", "1.8e1", "17", "18.5", "1e40"].map(|text| {
            let any_of = vec![number(Number::parse(text).unwrap())];
            vec![Needed { subject: TENANT, any_of, is_enough: true, is_last: false }]
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
        assert_eq!(candidates(&table, Known::Nothing, Known::Text("18")), [0, 1, 2]);
        let hashed = Known::Hashed("18", UnitHash::of(b"18"));
        assert_eq!(candidates(&table, Known::Nothing, hashed), [0, 1, 2]);
        assert_eq!(candidates(&table, Known::Nothing, Known::Text("x")), [0_usize; 0]);
    }

    #[test]
    fn a_value_leaves_the_rules_of_its_stretch() {
        let number = |least| Wanted::Number(Interval::ALL.at_least(Number::Integer(least)));
        let version = |text| Wanted::Version(VersionRange::parse(text).unwrap().interval().clone());
        let wanted = [
            number(65),
            number(18),
            version(">=2.1 <3"),
            number(0),
            version("<2.1"),
            Wanted::Start("ab"),
            Wanted::Text("abc"),
            Wanted::Text("x"),
            Wanted::End("yz"),
            Wanted::End("z"),
        ];
        let rules = wanted.map(|wanted| {
            vec![Needed { subject: TENANT, any_of: vec![wanted], is_enough: true, is_last: true }]
        });
        let table = FirstMatch::new(&rules, subject).unwrap();
        for (text, expected) in [
            ("65", &[0][..]),
            ("64.5", &[1]),
            // As a number it leaves one, and as a version another.
            ("2.5", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("abc", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            ("abd", &[5]),
            ("x", &[7]),
            ("xyz", &[8]),
            ("zy", &[]),
            ("yzz", &[9]),
            ("-3", &[]),
            ("2.1.0", &[2]),
            ("2.1.0-rc.1", &[4]),
            ("3.0.0", &[]),
            ("a", &[]),
        ] {
            assert_eq!(candidates(&table, Known::Nothing, Known::Text(text)), expected, "{text}");
        }
        let long = "ab".repeat(MAX_TEXT);
        assert_eq!(candidates(&table, Known::Nothing, Known::Text(&long)), [0_usize; 0]);
        let integer = |value| Known::Number(Number::Integer(value));
        assert_eq!(candidates(&table, Known::Nothing, integer(70)), [0]);
        assert_eq!(candidates(&table, Known::Nothing, integer(18)), [1]);
        assert_eq!(candidates(&table, Known::Nothing, integer(-1)), [0_usize; 0]);
    }

    /// A bound that most values are beyond tells few rules apart.
    #[test]
    fn what_is_open_to_one_side_is_looked_up_last() {
        let shops = ["a", "b", "c", "d", "e", "f"].iter().zip(0..).map(|(tenant, least)| {
            let needed = |subject, wanted| Needed {
                subject,
                any_of: vec![wanted],
                is_enough: false,
                is_last: true,
            };
            let least = Wanted::Number(Interval::ALL.at_least(Number::Integer(least)));
            vec![needed(TENANT, Wanted::Text(tenant)), needed(REGION, least)]
        });
        let table = FirstMatch::new(&shops.collect::<Vec<_>>(), subject).unwrap();
        assert_eq!(candidates(&table, Known::Text("200"), Known::Text("d")), [3]);
    }

    #[test]
    fn as_many_rules_as_have_numbers_have_a_table() {
        let needy: Rule = &[(REGION, &["nz"])];
        let mut rules: Vec<Rule> = vec![&[]; usize::from(u16::MAX)];
        rules[..FirstMatch::WORTHWHILE].fill(needy);
        assert_eq!(table(&rules).unwrap().others.len(), rules.len() - FirstMatch::WORTHWHILE);
        rules.push(&[]);
        assert!(table(&rules).is_none());
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
