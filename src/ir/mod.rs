//! What a set of toggle files says, as plain data: names, no ids, comparable with `==`.
//!
//! Everything in here was checked by itself. What a name refers to is checked by the passes of
//! `compile`, because only they see the whole set.

mod flags;
mod packed;
mod reach;
mod rule;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::bucket::Share;
use crate::context::{Builtin, ContextBuf};
use crate::literal::number::{Comparison, Number};
use crate::literal::pattern::Pattern;
use crate::literal::version::VersionRange;
use crate::source::{FileLine, Spot};
use crate::value::{Value, ValueType};

pub(crate) use flags::Flags;
pub(crate) use packed::{Packed, PackedFlag};
pub(crate) use reach::Reach;
pub(crate) use rule::{More, Ramp, Rule};

/// A name as a file spells it.
pub(crate) type Name = Arc<str>;

/// A whole set of files, merged; of a published state its flags are [`Packed`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Document<F = Flags> {
    pub(crate) flags: F,
    pub(crate) scope: Arc<Scope>,
    pub(crate) tests: Vec<TestCase>,
}

/// What the conditions of a flag can name.
///
/// Each flag holds the scope that it was written against. A flag that keeps its last good version
/// thereby keeps the segments and lists as they were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scope {
    pub(crate) segments: BTreeMap<Name, Segment>,
    /// Declared, each with where.
    pub(crate) strategies: Vec<(Name, Spot)>,
    /// The files of the load, by their numbers.
    pub(crate) files: Vec<Name>,
}

impl Scope {
    /// A line of the files, with the name of its file.
    pub(crate) fn place(&self, at: FileLine) -> (&str, u32) {
        let file = self.files.get(usize::from(at.file.0));
        (file.map_or("", |file| file), at.line)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) name: Name,
    pub(crate) when: Condition,
    pub(crate) spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) name: Name,
    /// Whether it has `on` and `off` rather than variants of its own.
    pub(crate) is_boolean: bool,
    pub(crate) value_type: ValueType,
    /// In the byte order of their names.
    pub(crate) variants: Arc<[Variant]>,
    pub(crate) rules: Box<[Rule]>,
    pub(crate) default: VariantIndex,
    pub(crate) off: VariantIndex,
    pub(crate) kill: bool,
    /// Only where there is any of it: see [`Flag::before`].
    pub(crate) extra: Option<Box<Before>>,
    pub(crate) metadata: Metadata,
    pub(crate) scope: Arc<Scope>,
    pub(crate) reach: Reach,
    pub(crate) line: FileLine,
    pub(crate) spot: Spot,
}

const _: () = assert!(size_of::<Flag>() <= 112);

/// What comes before the rules of a few flags.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    /// What a test has it serve, whatever else is said.
    pub(crate) forced: Option<VariantIndex>,
    pub(crate) requires: Vec<Requirement>,
    pub(crate) unless: Vec<Condition>,
}

impl Before {
    const NONE: Before = Before { forced: None, requires: Vec::new(), unless: Vec::new() };

    /// As a flag of a file keeps it.
    pub(crate) fn boxed(requires: Vec<Requirement>, unless: Vec<Condition>) -> Option<Box<Before>> {
        let has_any = !requires.is_empty() || !unless.is_empty();
        has_any.then(|| Box::new(Before { forced: None, requires, unless }))
    }
}

/// What a file says: what a test forces is no change of it.
impl PartialEq for Before {
    fn eq(&self, other: &Before) -> bool {
        self.requires == other.requires && self.unless == other.unless
    }
}

/// What a flag says of itself. What the names in it mean is a matter of its scope: a segment that
/// changed is no change of a flag that does not name it.
impl PartialEq for Flag {
    fn eq(&self, other: &Flag) -> bool {
        let Flag { name, is_boolean, value_type, variants, rules, default, off, kill, .. } = self;
        let Flag { metadata, scope: _, reach: _, line: _, spot: _, .. } = self;
        *name == other.name
            && *is_boolean == other.is_boolean
            && *value_type == other.value_type
            && *variants == other.variants
            && *rules == other.rules
            && *default == other.default
            && *off == other.off
            && *kill == other.kill
            && self.before() == other.before()
            && *metadata == other.metadata
    }
}

/// Whether a flag's conditions name a segment.
pub(crate) fn names_segments(flag: &Flag) -> bool {
    let mut found = false;
    for condition in flag.conditions() {
        condition.walk(&mut |part| found |= matches!(part, Condition::Segment { .. }));
    }
    found
}

/// The place of a variant in [`Flag::variants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VariantIndex(pub(crate) u16);

impl Flag {
    pub(crate) fn before(&self) -> &Before {
        self.extra.as_deref().unwrap_or(const { &Before::NONE })
    }

    /// All conditions that the flag has of its own.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let of_rules =
            self.rules.iter().flat_map(|rule| rule.when.iter().chain(&rule.more().unless));
        self.before().unless.iter().chain(of_rules)
    }

    /// The variant of a name; of a boolean flag `true` is `on`, and `false` is `off`.
    pub(crate) fn find_spelt(&self, name: &str) -> Option<VariantIndex> {
        self.find_variant(match name {
            "true" if self.is_boolean => "on",
            "false" if self.is_boolean => "off",
            name => name,
        })
    }

    pub(crate) fn find_variant(&self, name: &str) -> Option<VariantIndex> {
        let at = self.variants.iter().position(|variant| *variant.name == *name)?;
        u16::try_from(at).ok().map(VariantIndex)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: Name,
    pub(crate) value: Value,
}

impl Variant {
    /// The variants of a boolean flag.
    pub(crate) fn switch() -> Arc<[Variant]> {
        Arc::new(
            [("off", false), ("on", true)].map(|(name, value)| Variant {
                name: Arc::from(name),
                value: Value::Boolean(value),
            }),
        )
    }
}

/// What is said of a flag and changes no decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metadata {
    /// A hash of the description, the owner and the date of creation: nothing is asked of them but
    /// whether they changed.
    pub(crate) said: u64,
    pub(crate) expires: Option<Date>,
    /// Whether a front end may be told what it serves.
    pub(crate) is_public: bool,
}

/// A flag that must serve one of these variants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Requirement {
    pub(crate) flag: Name,
    /// Empty where the file names the flag alone: it must then be a boolean flag, and on.
    pub(crate) variants: Vec<(Name, Spot)>,
    pub(crate) spot: Spot,
}

/// What can be bucketed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum UnitName {
    Builtin(Builtin),
    Attribute(Name),
}

impl UnitName {
    /// What is bucketed where a file says nothing of it.
    pub(crate) const USUAL: [UnitName; 1] = [UnitName::Builtin(Builtin::User)];
}

/// What must be true.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Everyone,
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Not(Box<Condition>),
    Test(Arc<Test>),
    Segment {
        name: Name,
        spot: Spot,
    },
    Flag(Box<Requirement>),
    Strategy(Box<StrategyUse>),
    /// In a segment only: a fixed share of units.
    Rollout(Box<FixedRollout>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StrategyUse {
    pub(crate) name: Name,
    pub(crate) parameters: serde_json::Value,
    pub(crate) spot: Spot,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FixedRollout {
    pub(crate) share: Share,
    pub(crate) units: Arc<[UnitName]>,
    pub(crate) seed: Name,
}

impl Condition {
    /// The conditions that this one is made of.
    pub(crate) fn parts(&self) -> &[Condition] {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts,
            Condition::Not(part) => std::slice::from_ref(part),
            Condition::Everyone
            | Condition::Test(_)
            | Condition::Segment { .. }
            | Condition::Flag { .. }
            | Condition::Strategy { .. }
            | Condition::Rollout { .. } => &[],
        }
    }

    /// Visits this condition and all in it, in the order of the text.
    pub(crate) fn walk<'c>(&'c self, visit: &mut dyn FnMut(&'c Condition)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }
}

/// One attribute against what a map of tests says of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Test {
    pub(crate) subject: Subject,
    /// All must hold, of one element where the attribute is a list.
    pub(crate) matchers: Matchers,
}

/// What a test asks.
pub(crate) type Matchers = OneOrSeveral<Matcher, Box<[Matcher]>>;

/// The texts that a test compares with.
pub(crate) type Texts = OneOrSeveral<Name, Box<[Name]>>;

/// Things in the order of the text.
///
/// PERF: nearly always there is one, which needs no place of its own (LOAD, memory).
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OneOrSeveral<T, S> {
    One(T),
    Several(S),
}

impl<T, S: From<Vec<T>>> From<Vec<T>> for OneOrSeveral<T, S> {
    fn from(things: Vec<T>) -> OneOrSeveral<T, S> {
        match <[T; 1]>::try_from(things) {
            Ok([only]) => OneOrSeveral::One(only),
            Err(several) => OneOrSeveral::Several(several.into()),
        }
    }
}

impl<T, S: Deref<Target = [T]>> Deref for OneOrSeveral<T, S> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            OneOrSeveral::One(only) => std::slice::from_ref(only),
            OneOrSeveral::Several(several) => several,
        }
    }
}

/// What a test looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Builtin(Builtin),
    Ip,
    /// In lower case.
    Header(Name),
    Cookie(Name),
    Attribute(Name, Declared),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Builtin(builtin) => f.write_str(builtin.name()),
            Subject::Ip => f.write_str("ip"),
            Subject::Header(name) => write!(f, "header.{name}"),
            Subject::Cookie(name) => write!(f, "cookie.{name}"),
            Subject::Attribute(name, _) => write!(f, "attr.{name}"),
        }
    }
}

/// The type that `attributes:` gives an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Declared {
    /// Not declared, or as JSON: whatever the test needs.
    Any,
    Text,
    OneOf(Allowed),
    Integer,
    Number,
    Boolean,
    Version,
    Instant,
}

/// The texts that a declaration lists. Each test of the attribute has them, and many tests are
/// compared: one list is not gone through to see that it is itself.
#[derive(Clone, Debug)]
pub(crate) struct Allowed(Arc<Vec<Name>>);

impl Allowed {
    pub(crate) fn new(texts: Vec<Name>) -> Allowed {
        Allowed(Arc::new(texts))
    }
}

impl Deref for Allowed {
    type Target = [Name];

    fn deref(&self) -> &[Name] {
        &self.0
    }
}

impl PartialEq for Allowed {
    fn eq(&self, other: &Allowed) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Allowed {}

impl PartialOrd for Allowed {
    fn partial_cmp(&self, other: &Allowed) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Allowed {
    fn cmp(&self, other: &Allowed) -> Ordering {
        match Arc::ptr_eq(&self.0, &other.0) {
            true => Ordering::Equal,
            false => self.0.cmp(&other.0),
        }
    }
}

/// One test of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Matcher {
    Exists(bool),
    Text {
        relation: TextRelation,
        any_of: Texts,
        ignore_case: bool,
    },
    Pattern(Vec<Pattern>),
    /// Equal to one of them.
    Number(Vec<Number>),
    Boolean(Vec<bool>),
    /// Literals of several types: equal to one of them.
    AnyOf(Vec<Matcher>),
    Compare(Comparison, Box<Number>),
    Version(Vec<VersionRange>),
    After(Timestamp),
    Before(Timestamp),
    Network(Box<[IpNet]>),
    Listed(Box<Listed>),
}

// PERF: nearly every test compares with a text. What few of them are must not take more room (LOAD,
// memory).
const _: () = {
    assert!(size_of::<Matcher>() <= 32);
    assert!(size_of::<Test>() <= 64);
};

/// One of what a file lists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) file: Name,
    pub(crate) entries: Entries,
}

/// What a file lists.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entries {
    Texts { texts: Arc<[Name]>, ignore_case: bool },
    Networks(Box<[IpNet]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextRelation {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
}

/// One case of the `tests:` section.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TestCase {
    pub(crate) name: Name,
    pub(crate) context: ContextBuf,
    pub(crate) expect: Vec<Expectation>,
}

/// A flag that must serve a variant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expectation {
    pub(crate) flag: Name,
    pub(crate) flag_spot: Spot,
    pub(crate) variant: Name,
    pub(crate) variant_spot: Spot,
}
