/// A truth value of Kleene's strong three-valued logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

use Truth::{False, True, Unknown};

impl Truth {
    pub(crate) fn of(definite: bool) -> Truth {
        if definite { True } else { False }
    }

    /// Unknown where there is nothing to judge.
    pub(crate) fn of_option(known: Option<bool>) -> Truth {
        match known {
            Some(definite) => Truth::of(definite),
            None => Unknown,
        }
    }

    pub(crate) fn negated(self) -> Truth {
        match self {
            True => False,
            False => True,
            Unknown => Unknown,
        }
    }

    pub(crate) fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (False, _) | (_, False) => False,
            (True, True) => True,
            (Unknown, True | Unknown) | (True, Unknown) => Unknown,
        }
    }

    pub(crate) fn or(self, other: Truth) -> Truth {
        match (self, other) {
            (True, _) | (_, True) => True,
            (False, False) => False,
            (Unknown, False | Unknown) | (False, Unknown) => Unknown,
        }
    }

    /// The conjunction; true of nothing.
    pub(crate) fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().fold(True, Truth::and)
    }

    /// The disjunction; false of nothing.
    pub(crate) fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().fold(False, Truth::or)
    }
}
