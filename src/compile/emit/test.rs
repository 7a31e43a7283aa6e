//! The tests of a condition: what each looks at, and what it asks.

use std::sync::Arc;

use memchr::memmem::Finder;

use super::Emitter;
use crate::context::{HeaderKey, Mark, NameKey};
use crate::ir::{self, Declared, Entries, Name, TextRelation};
use crate::program::{
    Accepts, Affix, Affixes, AttributeId, AttributeName, Edge, JsonPath, Leaf, Literal, Matcher,
    Networks, Subject, Test, TextSet,
};

impl Emitter<'_> {
    /// What asks a test; of one that several conditions share it is made once.
    pub(super) fn test(&mut self, test: &Arc<ir::Test>) -> Leaf {
        if Arc::strong_count(test) == 1 {
            return Leaf::of(self.new_test(test));
        }
        if let Some(made) = self.tests.get(&Arc::as_ptr(test)) {
            return made.clone();
        }
        let made = Leaf::of(self.new_test(test));
        self.tests.insert(Arc::as_ptr(test), made.clone());
        made
    }

    fn new_test(&mut self, test: &ir::Test) -> Test {
        let subject = self.subject(&test.subject);
        let exists = test.matchers.iter().find_map(|matcher| match matcher {
            ir::Matcher::Exists(wanted) => Some(*wanted),
            _ => None,
        });
        let accepts = match &subject {
            Subject::Attribute(name) => &name.accepts,
            _ => &Accepts::Anything,
        };
        let mut matchers =
            test.matchers.iter().filter_map(|matcher| self.matcher(matcher, accepts));
        let matcher = match (matchers.next(), matchers.next()) {
            (None, _) => Matcher::Anything,
            (Some(only), None) => only,
            (Some(first), Some(second)) => {
                Matcher::AllOf([first, second].into_iter().chain(matchers).collect())
            }
        };
        Test { subject, exists, matcher }
    }

    pub(super) fn subject(&mut self, subject: &ir::Subject) -> Subject {
        match subject {
            ir::Subject::Builtin(builtin) => Subject::Builtin(*builtin),
            ir::Subject::Ip => Subject::Ip,
            ir::Subject::Header(name) => {
                let known = self.headers.entry(Arc::clone(name));
                let key = || Arc::new(HeaderKey::new(name.to_string()));
                Subject::Header(Arc::clone(known.or_insert_with(key)))
            }
            ir::Subject::Cookie(name) => {
                let known = self.cookies.entry(Arc::clone(name));
                let finder = || Arc::new(Finder::new(name.as_bytes()).into_owned());
                Subject::Cookie(Arc::clone(known.or_insert_with(finder)))
            }
            ir::Subject::Attribute(name, declared) => {
                let id = self.attribute(name, declared);
                Subject::Attribute(Arc::clone(self.program.attributes.get(id)))
            }
        }
    }

    /// What is asked of a value; nothing by `exists`.
    fn matcher(&mut self, matcher: &ir::Matcher, accepts: &Accepts) -> Option<Matcher> {
        Some(match matcher {
            ir::Matcher::Exists(_) => return None,
            ir::Matcher::Text { relation, any_of, ignore_case } => {
                let ignore_case = *ignore_case;
                let affix = |edge| match &**any_of {
                    [only] => Matcher::Affix(Affix::new(edge, only, ignore_case)),
                    several => Matcher::Affixes(edge, Affixes::new(several, ignore_case)),
                };
                match relation {
                    TextRelation::Equals => Matcher::Equals(match accepts {
                        Accepts::OneOf(known) if !ignore_case => set_among(known, any_of),
                        _ => set_of(any_of, ignore_case),
                    }),
                    TextRelation::StartsWith => affix(Edge::Start),
                    TextRelation::EndsWith => affix(Edge::End),
                    TextRelation::Contains => Matcher::Contains(Affixes::new(any_of, ignore_case)),
                }
            }
            ir::Matcher::Pattern(patterns) => Matcher::Pattern(patterns.clone().into()),
            ir::Matcher::Number(numbers) => Matcher::Number(numbers.clone().into()),
            ir::Matcher::Boolean(booleans) => Matcher::Boolean {
                accepts_true: booleans.contains(&true),
                accepts_false: booleans.contains(&false),
            },
            ir::Matcher::AnyOf(kinds) => Matcher::AnyOf(
                kinds.iter().filter_map(|kind| self.matcher(kind, accepts)).collect(),
            ),
            ir::Matcher::Compare(comparison, bound) => Matcher::compare(*comparison, **bound),
            ir::Matcher::Version(ranges) => Matcher::Version(ranges.clone().into()),
            ir::Matcher::After(at) => Matcher::After(*at),
            ir::Matcher::Before(at) => Matcher::Before(*at),
            ir::Matcher::Network(any_of) => Matcher::Network(Networks::new(any_of)),
            ir::Matcher::Listed(listed) => match &listed.entries {
                Entries::Texts { texts, ignore_case } => {
                    let set = self.lists.entry((texts.as_ptr(), *ignore_case));
                    Matcher::Equals(set.or_insert_with(|| set_of(texts, *ignore_case)).clone())
                }
                Entries::Networks(networks) => Matcher::Network(Networks::new(networks)),
            },
        })
    }

    pub(super) fn attribute(&mut self, name: &Name, declared: &Declared) -> AttributeId {
        let key = (Arc::clone(name), declared.clone());
        if let Some(id) = self.attributes.get(&key) {
            return *id;
        }
        let dots = name.match_indices('.').rev();
        let paths = dots.filter_map(|(at, _)| {
            let (prefix, path) = (name.get(..at)?, name.get(at + 1..)?);
            let keys = path.split('.').map(Box::from).collect();
            Some(JsonPath { attribute: Box::from(prefix), keys })
        });
        let accepts = match declared {
            Declared::OneOf(texts) => Accepts::OneOf(set_of(texts, false)),
            Declared::Integer => Accepts::Integers,
            Declared::Any
            | Declared::Text
            | Declared::Number
            | Declared::Boolean
            | Declared::Version
            | Declared::Instant => Accepts::Anything,
        };
        let made = AttributeName {
            key: NameKey::of(name),
            mark: Mark::of(name.as_bytes()),
            name: Literal::new(Arc::clone(name)),
            paths: paths.collect(),
            accepts,
        };
        let id = self.program.attributes.push(Arc::new(made));
        self.attributes.insert(key, id);
        id
    }
}

fn set_of(texts: &[Name], ignore_case: bool) -> TextSet {
    TextSet::new(texts.iter(), ignore_case)
}

/// A set of texts that are asked of an attribute which is one of those that are known.
fn set_among(known: &TextSet, texts: &[Name]) -> TextSet {
    let among = TextSet::of_declared(known, texts.iter().map(|text| &**text));
    among.unwrap_or_else(|| set_of(texts, false))
}
