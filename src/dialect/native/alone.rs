//! One text alone: flags are lowered soon after they are read, a few together.
//!
//! Nothing is laid over the flags of a text that stands alone, so that none of them has to wait: its
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
    flags: Vec<Flag>,
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
        let owner = Owner::Flag(Arc::clone(&name));
        let flag = self.lowering.as_owner(owner, |lowering| {
            let source = lowering.base_flag(name, entry)?;
            lowering.whole_flag(&source, scope)
        });
        self.flags.push(flag.ok_or(InVain)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NoListFiles, lower};
    use super::*;
    use crate::limits::Limits;
    use crate::tree::Syntax;

    fn lowered(texts: &[&str]) -> Lowered {
        let text = |text: &&str| {
            let (name, text) = (Arc::from("a.yaml"), Arc::from(*text));
            vec![Text { name, text, syntax: Syntax::Yaml }]
        };
        let layers: Vec<Vec<Text>> = texts.iter().map(text).collect();
        lower(&layers, &mut NoListFiles, false, &Limits::default())
    }

    /// A second layer that says nothing leads the long way.
    #[test]
    fn both_ways_lower_the_same() {
        let scope = "attributes: { age: integer }\n\
                     segments: { old: { attr.age: { gt: 60 } } }\n\
                     by: tenant\n";
        let flags = "flags:\n  \
                       b: { kill: true, rules: [{ when: { segment: old } }] }\n  \
                       a: 25%\n  \
                       c:\n    variants: [x, y]\n    default: x\n    requires: a\n    \
                         rules: [{ when: { attr.age: 7 }, serve: y }]\n";
        let tests = "tests: [{ name: t, context: { user: u }, expect: { b: off } }]\n";
        for parts in [[scope, flags, tests], [flags, scope, tests], [tests, scope, flags]] {
            let text = format!("version: 1\n{}", parts.concat());
            let (alone, layered) = (lowered(&[&text]), lowered(&[&text, "version: 1\n"]));
            assert!(layered.problems.is_empty(), "{:?}", layered.problems);
            assert!(alone.problems.is_empty() && alone.loose.is_empty());
            assert_eq!(alone.document.flags, layered.document.flags, "{text}");
            assert_eq!(alone.document.scope.segments, layered.document.scope.segments);
            assert_eq!(alone.document.tests, layered.document.tests);
            assert_eq!(alone.killed, layered.killed);
            assert_eq!((alone.killed.len(), alone.document.flags.len()), (1, 3));
        }
    }

    #[test]
    fn what_is_wrong_leads_the_long_way() {
        let texts = [
            "version: 1\nflags: { a: on, a: off }\n",
            "version: 1\nflags: { a: on, b: 5 }\n",
            "version: 1\nflags: { a: on }\nflags: { b: on }\n",
            "version: 1\nflags: [{ a: on }]\n",
            "version: 1\nflags: { a: on }\nsegment: {}\n",
            "version: 1\nflags: { a: !!str on }\n",
            "version: 2\nflags: { a: on }\n",
        ];
        for text in texts {
            let problems = lowered(&[text]).problems;
            assert_eq!(problems.len(), 1, "{text} {problems:?}");
        }
    }
}
