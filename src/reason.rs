//! Why a decision came out as it did.

use std::fmt;

/// Why a decision came out as it did.
///
/// One enum for all: [`Reason::as_str`] is hoist's own word, [`Reason::open_feature`] and
/// [`Reason::open_telemetry`] spell it as those standards do.
///
/// # Examples
///
/// ```
/// use hoist::{Context, Reason, Snapshot};
///
/// let snap = Snapshot::from_yaml("version: 1\nflags: { dark-mode: on }")?;
/// let decision = snap.decide("dark-mode", &Context::new());
/// assert_eq!(decision.reason(), Reason::Static);
/// assert_eq!(decision.reason().open_feature(), "STATIC");
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Reason {
    /// A test forced it.
    Forced,
    /// The flag is killed.
    Killed,
    /// A flag that this one requires does not serve what is required.
    Prerequisite,
    /// The request asked for it, and the flag allows that.
    Override,
    /// The flag's own `unless` holds, or cannot be told.
    Excluded,
    /// A rule without a rollout or a split matched.
    Rule,
    /// A rule with a rollout or a split matched.
    Split,
    /// A rule held but for its rollout, and serves its `else`.
    Else,
    /// A guard stopped the rule that would have served.
    Stopped,
    /// No rule matched.
    Default,
    /// The flag has no rules.
    Static,
    /// There is no such flag.
    FlagNotFound,
    /// The flag's values are of another type than was asked for, or its key cannot read the one
    /// that is served.
    TypeMismatch,
}

impl Reason {
    /// hoist's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Forced => "forced",
            Reason::Killed => "killed",
            Reason::Prerequisite => "prerequisite",
            Reason::Override => "override",
            Reason::Excluded => "excluded",
            Reason::Rule => "rule",
            Reason::Split => "split",
            Reason::Else => "else",
            Reason::Stopped => "stopped",
            Reason::Default => "default",
            Reason::Static => "static",
            Reason::FlagNotFound => "flag not found",
            Reason::TypeMismatch => "type mismatch",
        }
    }

    /// OpenFeature's word, from section 1.7 of its specification.
    pub const fn open_feature(self) -> &'static str {
        match self {
            Reason::Forced | Reason::Static => "STATIC",
            Reason::Killed | Reason::Prerequisite | Reason::Stopped => "DISABLED",
            Reason::Override | Reason::Excluded | Reason::Rule => "TARGETING_MATCH",
            Reason::Split | Reason::Else => "SPLIT",
            Reason::Default => "DEFAULT",
            Reason::FlagNotFound | Reason::TypeMismatch => "ERROR",
        }
    }

    /// OpenTelemetry's value for `feature_flag.result.reason`.
    pub const fn open_telemetry(self) -> &'static str {
        match self {
            Reason::Forced | Reason::Static => "static",
            Reason::Killed | Reason::Prerequisite | Reason::Stopped => "disabled",
            Reason::Override | Reason::Excluded | Reason::Rule => "targeting_match",
            Reason::Split | Reason::Else => "split",
            Reason::Default => "default",
            Reason::FlagNotFound | Reason::TypeMismatch => "error",
        }
    }

    /// OpenTelemetry's value for `error.type`, for the reasons that are errors.
    pub const fn open_telemetry_error(self) -> Option<&'static str> {
        match self {
            Reason::FlagNotFound => Some("flag_not_found"),
            Reason::TypeMismatch => Some("type_mismatch"),
            _ => None,
        }
    }

    /// OpenFeature's error code, for the reasons that are errors.
    pub const fn error_code(self) -> Option<&'static str> {
        match self {
            Reason::FlagNotFound => Some("FLAG_NOT_FOUND"),
            Reason::TypeMismatch => Some("TYPE_MISMATCH"),
            Reason::Forced
            | Reason::Killed
            | Reason::Prerequisite
            | Reason::Override
            | Reason::Excluded
            | Reason::Rule
            | Reason::Split
            | Reason::Else
            | Reason::Stopped
            | Reason::Default
            | Reason::Static => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
