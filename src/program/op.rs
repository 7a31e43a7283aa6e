//! The steps of conditions.

use super::{Id, Leaf};

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
