//! Tests that are written again.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use crate::ir::{Matcher, Name, Subject, Test, TextRelation};
use crate::tree::{Entry, Kind, Node, Seeded};

/// The tests so far that compare with texts, by a hash of how they are written. Flags by the
/// thousand ask for the same regions and plans: their test is read once, and kept once.
///
/// What a test means does not depend on where it stands: the attributes are declared before the
/// first of them is read.
///
/// PERF: LOAD, in time and in memory.
#[derive(Debug, Default)]
pub(super) struct SeenTests {
    known: HashMap<u64, Arc<Test>, Seeded>,
    hasher: Seeded,
}

/// The hash of how a test is written; `None` of one that cannot be found again.
pub(super) type Writing = Option<u64>;

impl SeenTests {
    pub(super) fn writing(&self, entry: &Entry<'_>) -> Writing {
        let mut hasher = self.hasher.build_hasher();
        entry.key.text.hash(&mut hasher);
        for item in items(&entry.value) {
            item.text()?.hash(&mut hasher);
        }
        Some(hasher.finish())
    }

    /// The test that an entry of a condition writes, if it was written before.
    pub(super) fn find(&self, entry: &Entry<'_>, writing: Writing) -> Option<Arc<Test>> {
        let test = self.known.get(&writing?)?;
        is_written(test, entry).then(|| Arc::clone(test))
    }

    pub(super) fn add(&mut self, writing: Writing, test: &Arc<Test>) {
        if let Some(hash) = writing {
            self.known.insert(hash, Arc::clone(test));
        }
    }
}

/// Whether an entry says just what a test says.
fn is_written(test: &Test, entry: &Entry<'_>) -> bool {
    let [Matcher::Text { relation: TextRelation::Equals, any_of, ignore_case: false }] =
        &*test.matchers
    else {
        return false;
    };
    let items = items(&entry.value);
    let are_same = |(text, item): (&Name, &Node<'_>)| item.text() == Some(text);
    is_of(&test.subject, &entry.key.text)
        && any_of.len() == items.len()
        && any_of.iter().zip(items).all(are_same)
}

/// Whether a key is that of a subject.
fn is_of(subject: &Subject, key: &str) -> bool {
    match subject {
        Subject::Builtin(builtin) => builtin.name() == key,
        Subject::Ip => key == "ip",
        Subject::Header(name) => {
            key.strip_prefix("header.").is_some_and(|key| key.eq_ignore_ascii_case(name))
        }
        Subject::Cookie(name) => key.strip_prefix("cookie.") == Some(name),
        Subject::Attribute(name, _) => key.strip_prefix("attr.") == Some(name),
    }
}

fn items<'n, 't>(node: &'n Node<'t>) -> &'n [Node<'t>] {
    match &node.kind {
        Kind::List(items) => items,
        Kind::Null
        | Kind::Boolean(_)
        | Kind::Integer(_)
        | Kind::Float(_)
        | Kind::Text(..)
        | Kind::Map(_) => std::slice::from_ref(node),
    }
}
