//! Flags come out as they went in.

use super::*;
use crate::bucket::Share;
use crate::context::Builtin;
use crate::ir::{
    Allowed, FixedRollout, Listed, Matcher, Matchers, Name, Ramp, Reach, Requirement, Rule,
    Segment, Subject, UnitName,
};
use crate::source::{FileId, NodeSpot, Spot};
use crate::tree::NodeId;
use crate::value::Value;

const SPOT: Spot = Spot::Line(FileId(0), 1);

fn name(text: &str) -> Name {
    Name::from(text)
}

fn line(file: u16, line: u32) -> FileLine {
    FileLine { file: FileId(file), line }
}

fn test(subject: Subject, matchers: Vec<Matcher>) -> Condition {
    Condition::Test(Arc::new(Test { subject, matchers: Matchers::from(matchers) }))
}

fn text(relation: TextRelation, any_of: &[&str], ignore_case: bool) -> Matcher {
    let any_of: Vec<Name> = any_of.iter().map(|text| name(text)).collect();
    Matcher::Text { relation, any_of: any_of.into(), ignore_case }
}

/// One of each kind. None is shared: what is shared is not packed.
fn tests() -> Vec<Condition> {
    let attribute = |declared| Subject::Attribute(name("plan"), declared);
    let one_of = Declared::OneOf(Allowed::new(vec![name("pro"), name("free")]));
    let long: Vec<String> = (0..300).map(|number| format!("user-{number}")).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let subjects = Builtin::ALL.map(Subject::Builtin).into_iter();
    let subjects = subjects.chain(DECLARED.into_iter().chain([one_of]).map(attribute));
    let subjects = subjects.chain([
        Subject::Ip,
        Subject::Header(name("x-é")),
        Subject::Cookie(name(&"c".repeat(200))),
    ]);
    let matchers = RELATIONS.into_iter().flat_map(|relation| {
        [
            text(relation, &["a"], false),
            text(relation, &["ä", "", "long".repeat(50).as_str()], true),
        ]
    });
    let matchers = matchers.chain([
        text(TextRelation::Equals, &long, false),
        Matcher::Exists(false),
        Matcher::Exists(true),
        Matcher::Boolean(vec![false]),
        Matcher::Boolean(vec![true]),
        Matcher::Boolean(vec![true, false]),
        Matcher::AnyOf(vec![Matcher::Boolean(vec![true]), Matcher::Exists(true)]),
        Matcher::Listed(Box::new(Listed {
            file: name("users.list"),
            entries: crate::ir::Entries::Texts { texts: [name("u")].into(), ignore_case: true },
        })),
    ]);
    let subjects = subjects.map(|subject| test(subject, vec![Matcher::Exists(true)]));
    let matchers = matchers.map(|matcher| test(Subject::Ip, vec![Matcher::Exists(true), matcher]));
    subjects.chain(matchers).collect()
}

fn conditions() -> Vec<Condition> {
    let named = Requirement { flag: name("b"), variants: vec![(name("on"), SPOT)], spot: SPOT };
    let fixed =
        FixedRollout { share: Share::ALL, units: UnitName::USUAL.into(), seed: name("seed") };
    let shared = tests().swap_remove(0);
    let others = [
        shared.clone(),
        shared,
        Condition::Everyone,
        Condition::Any(Box::default()),
        Condition::Segment { name: name("staff"), spot: SPOT },
        Condition::Flag(Box::new(named)),
        Condition::Rollout(Box::new(fixed)),
        Condition::Not(Box::new(Condition::All(tests().into()))),
    ];
    tests().into_iter().chain(others).collect()
}

fn rule(number: u32, when: Option<Condition>) -> Rule {
    Rule {
        name: name(&format!("rule {number}")),
        when,
        share: (number % 3 == 0).then(|| Share::from_buckets(number * 1_000).unwrap()),
        serve: (number % 2 == 0).then(|| VariantIndex(u16::try_from(number).unwrap() * 99)),
        extra: (number % 5 == 0).then(|| {
            let steps = vec![(jiff::Timestamp::UNIX_EPOCH, Share::ALL)];
            let ramp = Some(Ramp { steps, hold: None });
            Box::new(More { ramp, seed: Some(name("seed")), ..More::NONE })
        }),
        // In front of its flag, behind it, and in another file.
        line: line(u16::from(number % 7 == 0), 95 + number * 40_000 % 80_001),
        spot: NodeSpot(NodeId(number)),
    }
}

fn flag(name: &Name, scope: &Arc<Scope>, rules: Vec<Rule>) -> Flag {
    let flag = Flag {
        name: Arc::clone(name),
        is_boolean: true,
        value_type: ValueType::Boolean,
        variants: Variant::switch(),
        rules: rules.into(),
        default: VariantIndex(1),
        off: VariantIndex(0),
        kill: false,
        extra: None,
        metadata: Metadata { said: 0x0123_4567_89ab_cdef, ..Metadata::default() },
        scope: Arc::clone(scope),
        reach: Reach::default(),
        line: line(0, 100),
        spot: SPOT,
    };
    Flag { reach: Reach::of(&flag), ..flag }
}

fn scope(segment: &str) -> Arc<Scope> {
    let when = Condition::Everyone;
    let segment = Segment { name: name(segment), when, spot: SPOT };
    let segments = [(Arc::clone(&segment.name), segment)].into();
    Arc::new(Scope { segments, strategies: Vec::new(), files: vec![name("a"), name("b")] })
}

/// Flags that differ in all that a flag can say.
fn flags(newest: &Arc<Scope>) -> Flags {
    let rules = || {
        let all = conditions().into_iter().map(Some).chain([None]);
        (0..).zip(all).map(|(number, when)| rule(number, when)).collect::<Vec<Rule>>()
    };
    let (a, b, c) = (name("a"), name("b"), name("c"));
    let variant = |text: &str| Variant { name: name(text), value: Value::Text(name(text)) };
    let before = Before {
        forced: Some(VariantIndex(1)),
        requires: vec![Requirement { flag: name("a"), variants: Vec::new(), spot: SPOT }],
        unless: conditions(),
    };
    let expires = Some(jiff::civil::date(-44, 3, 15));
    let b = Flag {
        is_boolean: false,
        value_type: ValueType::Text,
        variants: [variant("x"), variant("y")].into(),
        default: VariantIndex(300),
        off: VariantIndex(65_535),
        kill: true,
        extra: Some(Box::new(before)),
        metadata: Metadata { said: 1, expires, is_public: true },
        ..flag(&b, &scope("before"), rules())
    };
    Flags::new(vec![
        Flag { reach: Reach::of(&b), ..b },
        flag(&a, newest, rules()),
        flag(&c, newest, Vec::new()),
    ])
}

fn packed(flags: Flags, scope: &Arc<Scope>) -> Packed {
    let names = flags.names();
    Packed::new(flags, names, scope)
}

#[test]
fn flags_come_out_as_they_went_in() {
    let newest = scope("newest");
    let (packed, before) = (packed(flags(&newest), &newest), flags(&newest));
    assert_eq!(packed.unpacked(), before);
    for (out, flag) in packed.iter().zip(before.iter()) {
        let unpacked = out.unpacked();
        assert_eq!(unpacked.line.line, flag.line.line);
        assert_eq!(unpacked.scope, flag.scope);
        assert_eq!(format!("{:?}", unpacked.reach), format!("{:?}", flag.reach));
        assert_eq!(unpacked.before().forced, flag.before().forced);
        assert_eq!(out.metadata(), flag.metadata);
        assert_eq!((out.variants(), out.off()), (&flag.variants, flag.off));
        assert_eq!(out.is_public(), flag.metadata.is_public);
        let required = flag.before().requires.first();
        assert_eq!(out.required(0), required.map(|required| &*required.flag));
        assert_eq!(out.place(), flag.scope.place(flag.line));
        for (index, rule) in flag.rules.iter().enumerate() {
            assert_eq!(out.rule(index), Some(&*rule.name));
            assert_eq!(out.place_of_rule(index), Some(flag.scope.place(rule.line)));
        }
        assert_eq!(out.rule(flag.rules.len()), None);
        assert!(packed.get(&flag.name).is_some_and(|found| found == out));
    }
    assert!(packed.get("d").is_none());
    assert!(Arc::ptr_eq(packed.get("a").unwrap().scope(), &newest));
}

#[test]
fn flags_that_differ_are_told_apart_and_those_that_moved_are_not() {
    let newest = scope("newest");
    let first = packed(flags(&newest), &newest);
    assert_eq!(first, packed(flags(&newest), &newest));
    let with = |change: &dyn Fn(&mut Flag)| {
        let mut changed = flags(&newest).get("a").unwrap().clone();
        change(&mut changed);
        let mut flags = flags(&newest);
        flags.insert(changed);
        packed(flags, &newest)
    };
    assert_eq!(first, with(&|flag| flag.line.line += 70));
    assert_eq!(first, with(&|flag| flag.rules[0].line.line += 70_000));
    assert_ne!(first, with(&|flag| flag.kill = true));
    assert_ne!(first, with(&|flag| flag.metadata.said += 1));
    assert_ne!(first, with(&|flag| flag.rules[1].name = name("other")));
    for index in 0..flags(&newest).get("a").unwrap().rules.len() {
        let changed = with(&|flag| flag.rules[index].when = Some(test(Subject::Ip, Vec::new())));
        assert_ne!(first, changed, "rule {index}");
    }
}
