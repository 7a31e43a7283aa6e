//! One text alone: each flag is lowered as soon as it is read.
//!
//! Over the flags of a text that stands alone nothing is laid, so that none of them has to wait: its
//! tree is read, lowered and forgotten. A tree of all flags would be several times as large as the
//! text, and be lowered when it is long out of the caches.
//!
//! PERF: LOAD, in time and in memory.
//!
//! This way is for a text of which nothing is wrong, and which says before its flags what their
//! conditions can name. Every other text is read again on the long way, which is the only one to
//! tell of problems.

use std::sync::Arc;

use super::scope::SCOPE_KEYS;
use super::{Lowered, Lowering, Mentioned, Text};
use crate::ir::{Document, Flag, Flags, Name, Scope};
use crate::source::Owner;
use crate::tree::{self, Entry, InVain, Node, Taker};

/// Lowers a text; `None` of one that needs the long way.
pub(super) fn lower(mut lowering: Lowering<'_>, text: &Text) -> Option<Lowered> {
    let file = lowering.add(text);
    let (first, depth) = (lowering.after_last, lowering.limits.depth);
    let mut flags = FlagsAsRead { lowering: &mut lowering, scope: None, flags: Vec::new() };
    let parsed = tree::parse_for(&mut flags, &text.text, text.syntax, first, depth)?;
    let FlagsAsRead { scope, flags, .. } = flags;
    let scope = scope?;

    let root = lowering.root(file, text, parsed)?;
    lowering.top(&root, 0);
    let mut behind = root.map()?.iter().skip_while(|entry| entry.key.text != "flags");
    let is_late = behind.any(|entry| SCOPE_KEYS.contains(&&*entry.key.text));
    let tests = lowering.tests_of(&[(0, &root)]);
    let flags = Flags::new(flags);
    let is_whole = flags.are_distinct() && lowering.problems.is_empty() && !is_late;
    is_whole.then(|| Lowered {
        killed: flags.iter().filter(|flag| flag.kill).map(|flag| Arc::clone(&flag.name)).collect(),
        document: Document { flags, scope, tests },
        problems: Vec::new(),
        sources: lowering.sources,
        broken: Mentioned::default(),
        loose: Vec::new(),
        is_sealed: lowering.is_sealed,
    })
}

/// Takes the flags of a text while it is read.
struct FlagsAsRead<'l, 's> {
    lowering: &'l mut Lowering<'s>,
    /// What stands before the flags; `None` until they begin.
    scope: Option<Arc<Scope>>,
    flags: Vec<Arc<Flag>>,
}

impl Taker for FlagsAsRead<'_, '_> {
    fn takes(&mut self, key: &str) -> bool {
        key == "flags" && self.scope.is_none()
    }

    fn begin(&mut self, before: &Node<'_>) -> Result<(), InVain> {
        self.scope = Some(self.lowering.scope(&[(0, before)], 1));
        Ok(())
    }

    fn take(&mut self, entry: &Entry<'_>) -> Result<(), InVain> {
        let (name, scope) = (Name::from(&*entry.key.text), self.scope.as_ref().ok_or(InVain)?);
        let lowering = &mut *self.lowering;
        let owner = Owner::Flag(Arc::clone(&name));
        let source = lowering.as_owner(owner, |lowering| lowering.base_flag(name, entry));
        let flag = source.and_then(|source| lowering.whole_flag(&source, scope));
        self.flags.push(flag.ok_or(InVain)?);
        Ok(())
    }
}
