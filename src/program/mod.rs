//! The compact form: ids and tables, and nothing that needs a name to decide.
//!
//! A condition is jump code: each [`Op`] tests one leaf and goes on to one of two others, or to an
//! end. Negation is pushed down to the leaves when the code is made: a leaf must be *definitely
//! true*, or *definitely false*, and whatever is unknown is neither.

mod affix;
mod first_match;
mod literal;
mod matcher;
mod names;
mod networks;
mod rule;
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

pub(crate) use affix::{Affixes, Edge};
pub(crate) use first_match::{BySubject, Candidate, FirstMatch, Known, Needed, Wanted};
pub(crate) use literal::Literal;
pub(crate) use matcher::{
    MAX_TEXT, Scalar, any_element, passes, passes_cookie, passes_integer, passes_text,
    passes_text_here,
};
pub(crate) use names::Names;
pub(crate) use networks::Networks;
pub(crate) use rule::{Extra, Rule, Serve, Split};
pub(crate) use set::TextSet;
pub(crate) use table::{
    AttributeId, ExtraId, FirstMatchId, FlagId, FlagTestId, Id, RuleId, SegmentId,
    SegmentRolloutId, SplitId, StrategyId, Table, UnitsId, VariantId,
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
    pub(crate) segments: Table<SegmentId, Segment>,
    /// The ops that ask a segment in place, in their order: which, and what is wanted of it.
    pub(crate) in_place: Vec<(OpId, SegmentId, Truth)>,
    pub(crate) flag_tests: Table<FlagTestId, FlagTest>,
    pub(crate) strategies: Table<StrategyId, Strategy>,
    pub(crate) segment_rollouts: Table<SegmentRolloutId, SegmentRollout>,
    pub(crate) splits: Table<SplitId, Split>,
    pub(crate) units: Table<UnitsId, Box<[UnitSource]>>,
    pub(crate) attributes: Table<AttributeId, Arc<AttributeName>>,
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
            segments: Table::new(),
            in_place: Vec::new(),
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
        self.flag_tests.shrink();
    }

    /// The segment that an op asks in place.
    pub(crate) fn segment_in_place(&self, op: OpId) -> Option<(SegmentId, Truth)> {
        let at = self.in_place.binary_search_by_key(&op, |(op, ..)| *op).ok()?;
        self.in_place.get(at).map(|(_, segment, wants)| (*segment, *wants))
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
    /// Whether one of these can fail: some are of flags that serve everyone what is wanted of them.
    pub(crate) can_lack: bool,
}

impl Flag {
    /// The first of its variants, of a flag whose off variant has this place among them.
    pub(crate) fn first_variant(&self, off: u16) -> VariantId {
        VariantId::new(self.off.index().saturating_sub(usize::from(off)))
    }
}

/// What it takes to decide a flag.
///
/// PERF: not in the niches of the reason, so that it takes one comparison to tell them apart (W2).
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Asks {
    /// It is the same for everyone, because of this.
    Nothing(Reason),
    /// It has one rule, which asks for one bucket of the user, of a rollout or of a split, and for
    /// nothing else.
    Bucket,
    /// It has one rule, which asks whether the user is one of a set, and for nothing else.
    User,
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

/// One step of a condition.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) leaf: Leaf,
    /// What the leaf must definitely be.
    pub(crate) wants: Truth,
    if_true: OpId,
    if_false: OpId,
    if_unknown: OpId,
}

impl Op {
    /// A step that goes on to `yes` where the leaf definitely is what is wanted, else to `no`.
    pub(crate) fn new(leaf: Leaf, wants: Truth, yes: OpId, no: OpId) -> Op {
        let to = |found| if found == wants { yes } else { no };
        let (if_true, if_false) = (to(Truth::True), to(Truth::False));
        Op { leaf, wants, if_true, if_false, if_unknown: no }
    }

    pub(crate) fn yes(&self) -> OpId {
        self.next(self.wants)
    }

    pub(crate) fn no(&self) -> OpId {
        self.if_unknown
    }

    /// Whether it is the whole of a condition.
    pub(crate) fn is_whole(&self) -> bool {
        (self.yes(), self.no()) == (OpId::YES, OpId::NO)
    }

    /// Where it goes on.
    ///
    /// PERF: each test knows at its end what it found, which is then not compared (DEEP, PRODUCT).
    #[inline(always)]
    pub(crate) fn next(&self, found: Truth) -> OpId {
        match found {
            Truth::True => self.if_true,
            Truth::False => self.if_false,
            Truth::Unknown => self.if_unknown,
        }
    }
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

/// What an op asks. Conditions that ask the same have one test in common.
///
/// PERF: which function asks a test is known when the program is made, and the test is found without
/// a table (W4, PRODUCT, DEEP).
#[derive(Clone, Debug)]
pub(crate) enum Leaf {
    /// Whether the user is one of a set.
    UserEquals(Arc<Test>),
    /// Whether another text that every context can have is one of a set.
    TextEquals(Arc<Test>),
    /// Whether an attribute of the service's own, which may have any value, is one of a set.
    AttributeEquals(Arc<Test>),
    /// Whether one that is declared to be one of some texts is.
    AttributeAmong(Arc<Test>),
    /// What else is asked of the value of a text that every context can have.
    Text(Arc<Test>),
    /// What else is asked of the value of an attribute of the service's own.
    Attribute(Arc<Test>),
    /// What is asked of the value of a header.
    Header(Arc<Test>),
    /// Any other test.
    Test(Arc<Test>),
    Segment(SegmentId),
    Flag(FlagTestId),
    Strategy(StrategyId),
    Rollout(SegmentRolloutId),
}

impl Leaf {
    /// The leaf that asks a test.
    pub(crate) fn of(test: Arc<Test>) -> Leaf {
        let leaf = match (&test.subject, &test.matcher) {
            _ if test.exists.is_some() => Leaf::Test,
            (Subject::Builtin(Builtin::User), Matcher::Equals(_)) => Leaf::UserEquals,
            (Subject::Builtin(_), Matcher::Equals(_)) => Leaf::TextEquals,
            (Subject::Attribute(name), Matcher::Equals(_)) => match name.accepts {
                Accepts::Anything => Leaf::AttributeEquals,
                Accepts::OneOf(_) => Leaf::AttributeAmong,
                Accepts::Integers => Leaf::Test,
            },
            (_, Matcher::Anything) => Leaf::Test,
            (Subject::Builtin(_), _) => Leaf::Text,
            (Subject::Attribute(_), _) => Leaf::Attribute,
            (Subject::Header(_), _) => Leaf::Header,
            (Subject::Ip | Subject::Cookie(_), _) => Leaf::Test,
        };
        leaf(test)
    }
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

impl Test {
    /// What the tests of something come to that is there.
    #[inline]
    pub(crate) fn of_present(&self, value: impl FnOnce(&Matcher) -> Truth) -> Truth {
        match (self.exists, &self.matcher) {
            (Some(false), _) => Truth::False,
            (_, Matcher::Anything) => Truth::True,
            (_, matcher) => value(matcher),
        }
    }

    /// What they come to of something that is not there: only `exists` knows the answer.
    #[inline]
    pub(crate) fn of_absent(&self, otherwise: Truth) -> Truth {
        let existence = self.exists.map_or(Truth::True, |wanted| Truth::of(!wanted));
        match self.matcher {
            Matcher::Anything => existence,
            _ => existence.and(otherwise),
        }
    }
}

#[derive(Debug)]
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
#[repr(u8)]
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
    /// How a text starts, or ends.
    Affix(Edge, Affixes),
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

/// A segment, compiled for either thing that can be wanted of it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) holds: Code,
    pub(crate) fails: Code,
}

impl Segment {
    /// The code that tells whether the segment definitely is what is wanted of it.
    pub(crate) fn code(&self, wants: Truth) -> Code {
        if wants == Truth::True { self.holds } else { self.fails }
    }
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
    assert!(size_of::<Op>() <= 32);
    assert!(size_of::<Rule>() <= 48);
    assert!(size_of::<Flag>() <= 64);
};
