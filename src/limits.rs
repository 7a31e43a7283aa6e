//! How much a toggle file may ask for.

/// What is refused at load, so that no file can stall or exhaust a service.
///
/// # Examples
///
/// ```
/// let mut limits = hoist::Limits::default();
/// assert_eq!(limits.file_bytes, 64 << 20);
/// limits.file_bytes = 1 << 20;
/// limits.decision_tests = 1_000;
/// let builder = hoist::Flags::builder().file("flags.yaml").limits(limits);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest file that is read, in bytes: 64 MiB.
    pub file_bytes: u64,
    /// How deep a text, and conditions with all that they refer to, may nest: 64, and never more.
    pub depth: u32,
    /// How many tests one decision may take: 50 000.
    pub decision_tests: u64,
    /// How large the automata of all `matches:` patterns may be together, in bytes: 128 MiB. To make
    /// as much takes seconds.
    pub pattern_bytes: usize,
}

/// The depth that the recursion of readers and the evaluator is made for.
const DEEPEST: u32 = 64;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            file_bytes: 64 << 20,
            depth: DEEPEST,
            decision_tests: 50_000,
            pattern_bytes: 128 << 20,
        }
    }
}

impl Limits {
    /// The same, with no depth that the recursion is not made for.
    pub(crate) fn bounded(self) -> Limits {
        Limits { depth: self.depth.min(DEEPEST), ..self }
    }
}
