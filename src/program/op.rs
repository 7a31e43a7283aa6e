//! The steps of conditions.

use super::{Id, Leaf, RuleId};

/// One step of a condition.
#[derive(Clone, Debug)]
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

    /// Where it goes on if the leaf is what is wanted, or is not.
    pub(crate) fn after(&self, is_wanted: bool) -> OpId {
        if is_wanted { self.yes() } else { self.no() }
    }

    /// Whether it is the whole of a condition with these ends.
    pub(crate) fn is_whole(&self, yes: OpId, no: OpId) -> bool {
        (self.yes(), self.no()) == (yes, no)
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

/// The place of an op, or an [`End`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId(u32);

/// Where code ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The condition of this rule holds.
    Rule(RuleId),
    /// This rule is next, if it is open.
    Window(RuleId),
    /// The `unless` of the flag excludes the request.
    Excluded,
    /// The condition of the segment holds.
    Yes,
    /// It does not; of a flag, there is no other rule in its code.
    No,
}

// The two highest bits tell ops and ends apart, and rules from whatever else. The budgets of the
// reader keep every table far below what is left.
const END: u32 = 1 << 31;
const OTHER: u32 = 1 << 30;

impl OpId {
    pub(crate) const YES: OpId = OpId(u32::MAX);
    pub(crate) const NO: OpId = OpId(u32::MAX - 1);
    pub(crate) const EXCLUDED: OpId = OpId(u32::MAX - 2);
    const LAST: OpId = OpId(END - 1);

    /// The end that is a rule.
    pub(crate) fn rule(id: RuleId) -> OpId {
        OpId(END | place(id))
    }

    /// The end that is a rule with a window.
    pub(crate) fn window(id: RuleId) -> OpId {
        OpId(END | OTHER | place(id))
    }

    /// What an end is.
    #[inline(always)]
    pub(crate) fn end(self) -> End {
        let rule = RuleId::new((self.0 & (OTHER - 1)) as usize);
        match self {
            end if end.0 & OTHER == 0 => End::Rule(rule),
            OpId::NO => End::No,
            OpId::YES => End::Yes,
            OpId::EXCLUDED => End::Excluded,
            _ => End::Window(rule),
        }
    }

    /// The op that was made after this one.
    pub(crate) fn next(self) -> OpId {
        OpId(self.0 + 1)
    }
}

fn place(id: RuleId) -> u32 {
    u32::try_from(id.index()).unwrap_or(u32::MAX) & (OTHER - 1)
}

impl Id for OpId {
    fn new(index: usize) -> OpId {
        u32::try_from(index).map_or(OpId::LAST, |index| OpId(index).min(OpId::LAST))
    }

    #[inline]
    fn index(self) -> usize {
        self.0 as usize
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
