//! ir to program, in passes: resolve (names), order (rings, depth, cost), emit (the layout).
//!
//! The first two only look, and say what is wrong with which flag. What is done about it, refusing
//! a file or keeping a flag's last good version, is decided above. A document without problems is
//! emitted, which cannot fail.

mod emit;
mod needed;
mod order;
mod resolve;
mod strategies;
mod time;
mod warn;

use std::collections::BTreeSet;

use crate::ir::{Condition, Document, Flags, Name};
use crate::limits::Limits;
use crate::program::Program;
use crate::source::{Owner, Problem};
use crate::strategy::Strategies;

pub(crate) use strategies::Compiled;
pub(crate) use warn::warnings;

/// The names that conditions may speak of although the document lacks them: broken things.
#[derive(Debug, Default)]
pub(crate) struct Broken {
    pub(crate) flags: BTreeSet<Name>,
    pub(crate) segments: BTreeSet<Name>,
}

/// The strategies that there are, and what it means that one is not.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Registered<'s> {
    /// Of a tool, which reads files without the code: the condition is unknown.
    Tools(&'s Strategies),
    /// Of a service: the file is refused.
    Service(&'s Strategies),
}

/// The flags of a document that are of the text at hand. The others are last good versions: what
/// they name may be gone, and strategies that refuse them now stay as they were compiled before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fresh<'f> {
    All,
    Only(&'f BTreeSet<Name>),
}

impl Fresh<'_> {
    fn has(self, name: &str) -> bool {
        match self {
            Fresh::All => true,
            Fresh::Only(names) => names.contains(name),
        }
    }
}

/// What looking at a document found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) problems: Vec<Problem>,
    /// The flags that a problem breaks.
    pub(crate) broken: BTreeSet<Name>,
    /// The strategies of the document, compiled.
    pub(crate) compiled: Compiled,
}

/// Checks all references of a document; `before` has the strategies of the state before.
pub(crate) fn check(
    document: &Document,
    fresh: Fresh<'_>,
    broken: &Broken,
    strategies: Registered<'_>,
    before: &Compiled,
    limits: &Limits,
) -> Checked {
    let mut checked = Checked::default();
    resolve::resolve(document, fresh, broken, strategies, before, &mut checked);
    order::order(document, fresh, limits, &mut checked);
    checked
}

/// What is wrong with names that broken flags and segments use.
///
/// That these are broken is known: nothing more follows from it.
pub(crate) fn check_loose(
    document: &Document,
    loose: &[(Owner, Condition)],
    broken: &Broken,
    strategies: Registered<'_>,
) -> Vec<Problem> {
    resolve::resolve_loose(document, loose, broken, strategies)
}

/// The program of flags without problems.
pub(crate) fn emit(flags: &Flags, compiled: &Compiled) -> Program {
    emit::emit(flags, compiled)
}
