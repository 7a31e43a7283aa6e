//! What conditions ask.

use std::sync::Arc;

use memchr::memmem::Finder;

use super::{
    FlagTestId, Hashed, Literal, Matcher, SegmentId, SegmentRolloutId, StrategyId, TextSet, Truth,
};
use crate::context::{Builtin, HeaderKey, Mark, NameKey};

/// What an op asks. Conditions that ask the same have it in common.
///
/// PERF: which function asks is known when the program is made, and what it needs is found without a
/// table (W4, PRODUCT, DEEP).
#[derive(Clone, Debug)]
pub(crate) enum Leaf {
    /// Whether the user is one of a set, by the hash that a context has.
    UserEquals(Arc<Hashed>),
    /// Whether another text that every context can have is one of a set.
    TextEquals(Builtin, Arc<TextSet>),
    /// What else is asked of a text that every context can have, the user among them.
    Text(Builtin, Arc<Matcher>),
    /// Whether an attribute of the service's own, which may have any value, is one of a set.
    AttributeEquals(Arc<Asked<AttributeName>>),
    /// Whether one that is declared to be one of some texts is.
    AttributeAmong(Arc<Asked<AttributeName>>),
    /// What else is asked of the value of an attribute that may have any value, or any integer.
    Attribute(Arc<Asked<AttributeName>>),
    /// What is asked of the value of a header.
    Header(Arc<Asked<HeaderKey<'static>>>),
    /// Any other test.
    Test(Arc<Test>),
    Segment(SegmentId),
    Flag(FlagTestId),
    Strategy(StrategyId),
    Rollout(SegmentRolloutId),
}

impl Leaf {
    /// The leaf that asks a test.
    pub(crate) fn of(test: Test) -> Leaf {
        match test {
            Test { exists: Some(_), .. } | Test { matcher: Matcher::Anything, .. } => {
                Leaf::Test(Arc::new(test))
            }
            Test { subject: Subject::Builtin(builtin), matcher, .. } => {
                Leaf::of_builtin(builtin, matcher)
            }
            Test { subject: Subject::Header(of), matcher, .. } => {
                Leaf::Header(Asked::new(of, matcher))
            }
            Test { subject: Subject::Attribute(of), matcher, .. } if of.is_easy(&matcher) => {
                match (&of.accepts, &matcher) {
                    (Accepts::OneOf(_), _) => Leaf::AttributeAmong(Asked::new(of, matcher)),
                    (Accepts::Anything, Matcher::Equals(_)) => {
                        Leaf::AttributeEquals(Asked::new(of, matcher))
                    }
                    (Accepts::Anything | Accepts::Integers, _) => {
                        Leaf::Attribute(Asked::new(of, matcher))
                    }
                }
            }
            test => Leaf::Test(Arc::new(test)),
        }
    }

    fn of_builtin(builtin: Builtin, matcher: Matcher) -> Leaf {
        match (builtin, matcher) {
            (Builtin::User, Matcher::Equals(set)) => match set.hashed() {
                Some(hashed) => Leaf::UserEquals(hashed),
                None => Leaf::Text(builtin, Arc::new(Matcher::Equals(set))),
            },
            (_, Matcher::Equals(set)) => Leaf::TextEquals(builtin, Arc::new(set)),
            (_, matcher) => Leaf::Text(builtin, Arc::new(matcher)),
        }
    }
}

/// What is asked of the value of something, and nothing of whether it is there.
#[derive(Debug)]
pub(crate) struct Asked<S> {
    pub(crate) of: Arc<S>,
    pub(crate) matcher: Matcher,
}

impl<S> Asked<S> {
    fn new(of: Arc<S>, matcher: Matcher) -> Arc<Asked<S>> {
        Arc::new(Asked { of, matcher })
    }
}

/// One attribute against tests that must all hold.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) subject: Subject,
    /// What `exists` asks for: it is about the attribute, the matcher about its value.
    pub(crate) exists: Option<bool>,
    pub(crate) matcher: Matcher,
}

impl Test {
    /// What they come to together, by what the value comes to; else by what is known of one that is
    /// not there, for which only `exists` has an answer.
    pub(crate) fn come_to(&self, value: Result<Truth, Truth>) -> Truth {
        let existence = |is_there| match self.exists {
            Some(wanted) => Truth::of(wanted == is_there),
            None => Truth::True,
        };
        match (value, &self.matcher) {
            (Ok(_), Matcher::Anything) => existence(true),
            (Err(_), Matcher::Anything) => existence(false),
            (Ok(truth), _) => existence(true).and(truth),
            (Err(absent), _) => existence(false).and(absent),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Builtin(Builtin),
    Ip,
    Header(Arc<HeaderKey<'static>>),
    Cookie(Arc<Finder<'static>>),
    Attribute(Arc<AttributeName>),
}

/// An attribute of the service's own, and where else its name can lead.
#[derive(Debug)]
pub(crate) struct AttributeName {
    pub(crate) name: Literal,
    pub(crate) key: NameKey,
    pub(crate) mark: Mark,
    /// Shorter names that may hold json, each with the path into it.
    pub(crate) paths: Box<[JsonPath]>,
    pub(crate) accepts: Accepts,
}

impl AttributeName {
    /// Whether another name is this one, by its key and itself; this one must not be
    /// [long](Literal::is_long).
    #[inline(always)]
    pub(crate) fn is(&self, known: &str, key: NameKey) -> bool {
        key == self.key && (key.is_all() || self.name.is_short(known))
    }

    /// Whether tests of it have a leaf of their own.
    ///
    /// INVARIANT: of a long name none has, as those leaves compare two words of it only.
    fn is_easy(&self, matcher: &Matcher) -> bool {
        let is_accepted = match self.accepts {
            Accepts::Anything | Accepts::Integers => true,
            Accepts::OneOf(_) => matches!(matcher, Matcher::Equals(TextSet::Among(..))),
        };
        is_accepted && !self.name.is_long()
    }
}

/// A way into an attribute that holds json.
#[derive(Debug)]
pub(crate) struct JsonPath {
    pub(crate) attribute: Box<str>,
    pub(crate) keys: Box<[Box<str>]>,
}

/// What a declaration leaves of an attribute's values.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Accepts {
    Anything,
    Integers,
    OneOf(TextSet),
}
