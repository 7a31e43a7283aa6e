//! The compact form: ids and tables, and nothing that needs a name to decide.
//!
//! A flag is jump code: each [`Op`] tests one leaf and goes on to one of two others, or to an [`End`].
//! Behind a rule that does not hold is the next one, unless a table tells which. Negation is pushed down to the leaves
//! when the code is made: a leaf must be *definitely true*, or *definitely false*, and whatever is
//! unknown is neither.

mod affix;
mod by_subject;
mod first_match;
mod kill;
mod leaf;
mod literal;
mod matcher;
mod names;
mod networks;
mod op;
mod ordered;
mod rule;
mod set;
mod table;

use std::sync::Arc;

use crate::bucket::{Salt, Share};
use crate::context::Builtin;
use crate::reason::Reason;
use crate::strategy::Condition;
use crate::value::{Value, ValueType};

pub(crate) use affix::{Affix, Affixes, Edge};
pub(crate) use by_subject::{BySubject, Known};
pub(crate) use first_match::{Candidate, FirstMatch, Needed, Wanted};
pub(crate) use kill::Unkilled;
pub(crate) use leaf::{Accepts, Asked, AttributeName, JsonPath, Leaf, Subject, Test};
pub(crate) use literal::Literal;
pub(crate) use matcher::{
    MAX_TEXT, Matcher, Scalar, any_element, passes, passes_cookie, passes_integer, passes_text,
    passes_text_here,
};
pub(crate) use names::Names;
pub(crate) use networks::Networks;
pub(crate) use op::{End, Op, OpId, Truth};
pub(crate) use rule::{Extra, Rule, Serve, Split};
pub(crate) use set::{Hashed, TextSet};
pub(crate) use table::{
    AttributeId, ExtraId, FirstMatchId, FlagId, FlagTestId, Id, RuleId, SegmentId,
    SegmentRolloutId, SplitId, StrategyId, Table, UnitsId, VariantId,
};

/// All flags of a loaded state.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) first_rule: RuleId,
    pub(crate) end_rule: RuleId,
    /// The first op of its `unless`, for explanations.
    pub(crate) first_op: OpId,
    /// Where its code starts: with its `unless`, which goes on to its first rule or to
    /// [`OpId::EXCLUDED`]. Of a flag with a first-match table, the code of each rule stands by itself.
    pub(crate) entry: OpId,
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
    /// Where one of its rules starts, by its place; behind the test of its condition, if it certainly
    /// holds.
    #[inline(always)]
    pub(crate) fn start(&self, at: u16, holds: bool, rules: &Table<RuleId, Rule>) -> Option<OpId> {
        let id = self.first_rule.offset(at);
        let rule = rules.find(id).filter(|_| id < self.end_rule)?;
        Some(if holds && !rule.has_window { OpId::rule(id) } else { rule.start(id) })
    }

    /// The place of one of its rules; of the end of them, how many they are.
    #[inline(always)]
    pub(crate) fn place_of(&self, rule: RuleId) -> usize {
        rule.index().saturating_sub(self.first_rule.index())
    }

    /// Where its code goes on behind one of its rules, if it does.
    #[inline(always)]
    pub(crate) fn after(&self, rule: RuleId, rules: &Table<RuleId, Rule>) -> Option<OpId> {
        let next = rule.offset(1);
        if next == self.end_rule || self.first_match.is_some() {
            return None;
        }
        rules.find(next).map(|rule| rule.start(next))
    }

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
    /// It has one rule, which asks whether the user, or another text that every context can have, is
    /// one of a set, and for nothing else.
    Text,
    /// It has many rules, of which a [table](FirstMatch) knows by one look which holds, and nothing comes
    /// before them.
    Table,
    /// Anything else.
    Rules,
}

/// A named outcome.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) name: Arc<str>,
    pub(crate) value: Value,
}

/// A segment, compiled for either thing that can be wanted of it.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub(crate) struct FlagTest {
    /// `None` for a flag that is gone: it serves nothing.
    pub(crate) flag: Option<FlagId>,
    pub(crate) any_of: Box<[VariantId]>,
}

/// A strategy, unless it is not registered.
#[derive(Clone)]
pub(crate) struct Strategy(pub(crate) Option<Arc<dyn Condition>>);

impl std::fmt::Debug for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(condition) => write!(f, "Strategy({})", condition.describe()),
            None => f.write_str("Strategy(not registered)"),
        }
    }
}

#[derive(Clone, Debug)]
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
    assert!(size_of::<Rule>() <= 40);
    assert!(size_of::<Flag>() <= 56);
};
