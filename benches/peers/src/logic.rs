//! What a flag means, in nobody's format: each rival writes it down in its own.

use std::sync::Arc;

/// A flag: what it requires, its rules in their order, and what is served where none matches.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) name: String,
    /// Flags that must be on, or off; else this one is off.
    pub(crate) requires: Vec<(&'static str, bool)>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) rest: Serve,
}

/// The first rule whose condition holds serves.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) when: When,
    pub(crate) serve: Serve,
}

/// What is served. A share is on for so many percent of the users and off for the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Serve {
    Off,
    On,
    Share(u32),
    /// Arms of equal weight, and the integer that each serves.
    Split([(&'static str, i64); 4]),
}

#[derive(Clone, Debug)]
pub(crate) enum When {
    All(Vec<When>),
    Any(Vec<When>),
    Is(Test),
}

/// A test of one attribute; `user` is who asks, the others are named as in the request, headers in
/// lower case.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    pub(crate) attribute: &'static str,
    pub(crate) op: Op,
    pub(crate) negated: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    OneOf(Arc<[String]>),
    StartsWith(&'static str),
    EndsWith(&'static str),
    AtLeast(i64),
}

impl Flag {
    /// A flag that has yet to be named.
    pub(crate) fn new(rules: Vec<Rule>, rest: Serve) -> Flag {
        Flag { name: String::new(), requires: Vec::new(), rules, rest }
    }

    pub(crate) fn everyone(serve: Serve) -> Flag {
        Flag::new(Vec::new(), serve)
    }

    pub(crate) fn named(self, name: impl Into<String>) -> Flag {
        Flag { name: name.into(), ..self }
    }

    /// For formats in which a rule can only switch on: what switches on, each with the share of
    /// the users that it is on for. The rules before that serve something else are excluded.
    pub(crate) fn switches(&self) -> Vec<(Vec<Test>, u32)> {
        let mut before: Vec<When> = Vec::new();
        let mut switches = Vec::new();
        let everyone = Rule { when: When::All(Vec::new()), serve: self.rest };
        for rule in self.rules.iter().chain([&everyone]) {
            let percent = match rule.serve {
                Serve::Off => 0,
                Serve::On => 100,
                Serve::Share(percent) => percent,
                Serve::Split(_) => panic!("{} is no switch", self.name),
            };
            if percent > 0 {
                let mut all = vec![rule.when.clone()];
                all.extend(before.iter().map(When::negated));
                let paths = When::All(all).paths();
                switches.extend(paths.into_iter().map(|path| (path, percent)));
            }
            if percent < 100 {
                before.push(rule.when.clone());
            }
        }
        switches
    }
}

impl When {
    /// For formats whose rules do not nest: the lists of tests, any of which holds as a whole.
    pub(crate) fn paths(&self) -> Vec<Vec<Test>> {
        match self {
            When::Is(test) => vec![vec![test.clone()]],
            When::Any(any) => any.iter().flat_map(When::paths).collect(),
            When::All(all) => all.iter().fold(vec![Vec::new()], |paths, when| {
                let further = when.paths();
                let join = |path: &Vec<Test>| {
                    let path = path.clone();
                    let joined = |more: &Vec<Test>| [path.clone(), more.clone()].concat();
                    further.iter().map(joined).collect::<Vec<_>>()
                };
                paths.iter().flat_map(join).collect()
            }),
        }
    }

    fn negated(&self) -> When {
        match self {
            When::Is(test) => When::Is(Test { negated: !test.negated, ..test.clone() }),
            When::Any(any) => When::All(any.iter().map(When::negated).collect()),
            When::All(all) => When::Any(all.iter().map(When::negated).collect()),
        }
    }
}

/// The rule that switches on where the condition holds.
pub(crate) fn on(when: When) -> Rule {
    Rule { when, serve: Serve::On }
}

pub(crate) fn one_of(attribute: &'static str, values: &[impl AsRef<str>]) -> When {
    let values = values.iter().map(|value| value.as_ref().to_owned()).collect();
    is(attribute, Op::OneOf(values))
}

pub(crate) fn is(attribute: &'static str, op: Op) -> When {
    When::Is(Test { attribute, op, negated: false })
}

pub(crate) fn not(when: When) -> When {
    when.negated()
}
