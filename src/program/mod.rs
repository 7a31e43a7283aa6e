//! The compact form: ids and tables, and nothing that needs a name to decide.
//!
//! A condition is jump code: each [`Op`] tests one leaf and goes on to one of two others, or to an
//! end. Negation is pushed down to the leaves when the code is made: a leaf must be *definitely
//! true*, or *definitely false*, and whatever is unknown is neither.

mod first_match;
mod literal;
mod matcher;
mod names;
mod networks;
mod set;
mod table;

use std::sync::Arc;

use jiff::Timestamp;
use memchr::memmem::Finder;

use crate::bucket::{Salt, Share};
use crate::context::{Builtin, HeaderKey};
use crate::literal::number::{Comparison, Number};
use crate::literal::pattern::Pattern;
use crate::literal::version::VersionRange;
use crate::reason::Reason;
use crate::strategy::Condition;
use crate::value::{Value, ValueType};

pub(crate) use first_match::{FirstMatch, Known, Needed, Wanted};
pub(crate) use literal::Literal;
pub(crate) use matcher::{MAX_TEXT, Scalar, any_element, passes, passes_integer, passes_text};
pub(crate) use names::Names;
pub(crate) use networks::Networks;
pub(crate) use set::TextSet;
pub(crate) use table::{
    AttributeId, ExtraId, FirstMatchId, FlagId, FlagTestId, Id, RuleId, SegmentId,
    SegmentRolloutId, SplitId, StrategyId, Table, TestId, UnitsId, VariantId,
};

/// All flags of a loaded state.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) names: Names,
    pub(crate) flags: Table<FlagId, Flag>,
    pub(crate) rules: Table<RuleId, Rule>,
    pub(crate) extras: Table<ExtraId, Extra>,
    pub(crate) first_matches: Table<FirstMatchId, FirstMatch>,
    pub(crate) variants: Table<VariantId, Variant>,
    pub(crate) ops: Table<OpId, Op>,
    pub(crate) tests: Table<TestId, Test>,
    pub(crate) segments: Table<SegmentId, Segment>,
    pub(crate) flag_tests: Table<FlagTestId, FlagTest>,
    pub(crate) strategies: Table<StrategyId, Strategy>,
    pub(crate) segment_rollouts: Table<SegmentRolloutId, SegmentRollout>,
    pub(crate) splits: Table<SplitId, Split>,
    pub(crate) units: Table<UnitsId, Box<[UnitSource]>>,
    pub(crate) attributes: Table<AttributeId, AttributeName>,
}

impl Program {
    pub(crate) fn new() -> Program {
        Program {
            names: Names::default(),
            flags: Table::new(),
            rules: Table::new(),
            extras: Table::new(),
            first_matches: Table::new(),
            variants: Table::new(),
            ops: Table::new(),
            tests: Table::new(),
            segments: Table::new(),
            flag_tests: Table::new(),
            strategies: Table::new(),
            segment_rollouts: Table::new(),
            splits: Table::new(),
            units: Table::new(),
            attributes: Table::new(),
        }
    }

    /// Gives back what growing the tables took too much.
    pub(crate) fn shrink(&mut self) {
        self.flags.shrink();
        self.rules.shrink();
        self.extras.shrink();
        self.variants.shrink();
        self.ops.shrink();
        self.tests.shrink();
        self.flag_tests.shrink();
    }

    /// The flag of a name.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<FlagId> {
        self.names.find(name)
    }
}

/// One flag.
#[derive(Debug)]
pub(crate) struct Flag {
    pub(crate) first_rule: RuleId,
    pub(crate) end_rule: RuleId,
    /// The first op of its `unless`, for explanations.
    pub(crate) first_op: OpId,
    /// Where the code of the flag's `unless` starts: it goes to [`OpId::YES`] to exclude no one.
    pub(crate) not_excluded: OpId,
    /// What it serves where nothing else is said: everyone, if it asks nothing.
    pub(crate) default: VariantId,
    /// As the file says it, also of a flag that serves something else.
    pub(crate) off: VariantId,
    /// The variant of a boolean flag that is on.
    pub(crate) on: Option<VariantId>,
    pub(crate) asks: Asks,
    /// Which of its rules can hold, of a flag that has many.
    pub(crate) first_match: Option<FirstMatchId>,
    /// Whether anything that decides it asks for the time.
    pub(crate) speaks_of_time: bool,
    pub(crate) value_type: ValueType,
    pub(crate) requires: Box<[FlagTestId]>,
}

impl Flag {
    /// The first of its variants, of a flag whose off variant has this place among them.
    pub(crate) fn first_variant(&self, off: u16) -> VariantId {
        VariantId::new(self.off.index().saturating_sub(usize::from(off)))
    }
}

/// What it takes to decide a flag.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asks {
    /// It is the same for everyone, because of this.
    Nothing(Reason),
    /// It has rules, and nothing comes before them.
    Rules,
    /// It has requirements or an `unless`.
    All,
}

/// A named outcome.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: Arc<str>,
    pub(crate) value: Value,
}

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Where the code of its condition starts, its own `unless` included.
    pub(crate) entry: OpId,
    pub(crate) serve: Serve,
    /// Who of those it matches, unless the extra has a ramp.
    pub(crate) share: Share,
    /// Whether the file gives it a rollout, of whatever share.
    pub(crate) has_rollout: bool,
    pub(crate) units: Units,
    pub(crate) rollout_salt: Salt,
    pub(crate) split_salt: Salt,
    pub(crate) extra: Option<ExtraId>,
    /// The first of its ops, for explanations.
    pub(crate) first_op: OpId,
}

/// What few rules have.
#[derive(Debug)]
pub(crate) struct Extra {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) ramp: Option<Box<[(Timestamp, Share)]>>,
    pub(crate) otherwise: Option<VariantId>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Serve {
    Variant(VariantId),
    Split(SplitId),
}

/// Arms with their ends, in the order of their names.
#[derive(Debug)]
pub(crate) struct Split {
    pub(crate) ends: Box<[u32]>,
    pub(crate) arms: Box<[VariantId]>,
}

/// One step of a condition.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) leaf: Leaf,
    /// What the leaf must definitely be.
    pub(crate) wants: Truth,
    pub(crate) yes: OpId,
    pub(crate) no: OpId,
}

/// The place of an op, or one of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId(u32);

impl OpId {
    /// The condition holds.
    pub(crate) const YES: OpId = OpId(u32::MAX);
    /// It does not.
    pub(crate) const NO: OpId = OpId(u32::MAX - 1);

    /// The op that was made after this one.
    pub(crate) fn next(self) -> OpId {
        OpId(self.0 + 1)
    }
}

impl Id for OpId {
    fn new(index: usize) -> OpId {
        OpId(u32::try_from(index).unwrap_or(u32::MAX - 2))
    }

    #[inline]
    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf {
    /// Whether the user is one of a set.
    UserEquals(TestId),
    /// Whether another text that every context can have is one of a set.
    TextEquals(TestId),
    /// Whether an attribute of the service's own is one of a set.
    AttributeEquals(TestId),
    /// Any other test.
    Test(TestId),
    Segment(SegmentId),
    Flag(FlagTestId),
    Strategy(StrategyId),
    Rollout(SegmentRolloutId),
}

/// Kleene's three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    False,
    True,
    Unknown,
}

impl Truth {
    pub(crate) const fn of(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }

    pub(crate) const fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        }
    }

    pub(crate) const fn or(self, other: Truth) -> Truth {
        self.not().and(other.not()).not()
    }

    pub(crate) const fn not(self) -> Truth {
        match self {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        }
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

#[derive(Debug)]
pub(crate) enum Subject {
    Builtin(Builtin),
    Ip,
    Header(Arc<HeaderKey<'static>>),
    Cookie(Arc<Finder<'static>>),
    Attribute(AttributeId),
}

/// An attribute of the service's own, and where else its name can lead.
#[derive(Debug)]
pub(crate) struct AttributeName {
    pub(crate) name: Literal,
    /// Shorter names that may hold json, each with the path into it.
    pub(crate) paths: Box<[JsonPath]>,
    pub(crate) accepts: Accepts,
}

/// A way into an attribute that holds json.
#[derive(Debug)]
pub(crate) struct JsonPath {
    pub(crate) attribute: Box<str>,
    pub(crate) keys: Box<[Box<str>]>,
}

/// What a declaration leaves of an attribute's values.
#[derive(Debug)]
pub(crate) enum Accepts {
    Anything,
    Integers,
    OneOf(TextSet),
}

#[derive(Debug)]
pub(crate) enum Matcher {
    /// Nothing is asked of the value.
    Anything,
    AllOf(Box<[Matcher]>),
    AnyOf(Box<[Matcher]>),
    Equals(TextSet),
    StartsWith(Affixes),
    EndsWith(Affixes),
    Contains(Affixes),
    Pattern(Box<[Pattern]>),
    Number(Box<[Number]>),
    Boolean {
        accepts_true: bool,
        accepts_false: bool,
    },
    Compare(Comparison, Number),
    Version(Box<[VersionRange]>),
    After(Timestamp),
    Before(Timestamp),
    Network(Networks),
}

/// Texts that a value starts with, ends with or contains.
#[derive(Debug)]
pub(crate) struct Affixes {
    pub(crate) texts: Box<[Literal]>,
    pub(crate) ignore_case: bool,
}

/// A segment, compiled for either thing that can be wanted of it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) holds: Code,
    pub(crate) fails: Code,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) entry: OpId,
    pub(crate) first_op: OpId,
}

/// Another flag that must serve one of these variants.
#[derive(Debug)]
pub(crate) struct FlagTest {
    /// `None` for a flag that is gone: it serves nothing.
    pub(crate) flag: Option<FlagId>,
    pub(crate) any_of: Box<[VariantId]>,
}

/// A strategy, unless it is not registered.
pub(crate) struct Strategy(pub(crate) Option<Arc<dyn Condition>>);

impl std::fmt::Debug for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(condition) => write!(f, "Strategy({})", condition.describe()),
            None => f.write_str("Strategy(not registered)"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct SegmentRollout {
    pub(crate) share: Share,
    pub(crate) units: Units,
    pub(crate) salt: Salt,
}

/// What is bucketed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Units {
    /// The user, as nearly everywhere.
    User,
    /// The first of these that the request has.
    FirstOf(UnitsId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum UnitSource {
    Builtin(Builtin),
    Attribute(AttributeId),
}

/// What a flag decides, without a name: everything else is found through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) variant: VariantId,
    /// The bucket that put the unit in or out; [`NO_BUCKET`] where none was used.
    pub(crate) bucket: u32,
    pub(crate) rule: RuleIndex,
    pub(crate) reason: Reason,
    /// A rule was passed over because there was nothing to bucket.
    pub(crate) no_unit: bool,
}

/// What a question comes to: what a flag decides, or why there is nothing to decide.
pub(crate) type Decided = Result<(FlagId, Outcome), Reason>;

pub(crate) const NO_BUCKET: u32 = u32::MAX;

/// The place of a rule in its flag, or of a requirement that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleIndex(u16);

impl RuleIndex {
    pub(crate) const NONE: RuleIndex = RuleIndex(u16::MAX);

    pub(crate) fn new(index: usize) -> RuleIndex {
        RuleIndex(u16::try_from(index).unwrap_or(u16::MAX))
    }

    pub(crate) fn index(self) -> Option<usize> {
        (self != RuleIndex::NONE).then_some(usize::from(self.0))
    }
}

const _: () = {
    assert!(size_of::<Outcome>() == 12);
    assert!(size_of::<Op>() == 20);
    assert!(size_of::<Rule>() <= 64);
    assert!(size_of::<Flag>() <= 64);
};
