//! Which flags differ between two states.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::status::Change;
use crate::ir::{Name, PackedFlag, names_segments};
use crate::load::Loaded;

/// The names that one map has and another has not.
fn without<'n, T>(one: &'n BTreeMap<Name, T>, other: &BTreeMap<Name, T>) -> Vec<&'n str> {
    one.keys().filter(|name| !other.contains_key(*name)).map(|name| &**name).collect()
}

/// The change from one state to the next.
pub(super) fn between(old: &Loaded, new: &Loaded) -> Change {
    let (before, after) = (&old.flags, &new.flags);
    // A segment that changed changes the flags that use it; which do is not worth finding out
    // for an announcement, so that the scope counts for all that name one segment or more.
    let (old_scope, new_scope) = (&old.document.scope, &new.document.scope);
    let same_scope = Arc::ptr_eq(old_scope, new_scope) || old_scope.segments == new_scope.segments;
    let scopes_agree = |a: &PackedFlag<'_>, b: &PackedFlag<'_>| {
        let (a, b) = (a.scope(), b.scope());
        match Arc::ptr_eq(a, old_scope) && Arc::ptr_eq(b, new_scope) {
            true => same_scope,
            false => Arc::ptr_eq(a, b) || a.segments == b.segments,
        }
    };
    let differs = |a: &PackedFlag<'_>, b: &PackedFlag<'_>| {
        let names_segments = || b.refers() && names_segments(&b.unpacked());
        a != b || (!scopes_agree(a, b) && names_segments())
    };
    let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    let is_own = |name: &str, of: &Loaded| of.document.flags.contains_key(name);
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for pair in before.beside(after) {
        match pair {
            (Some(a), Some(b)) if differs(&a, &b) => changed.push(b.name),
            (None, Some(flag)) if is_own(flag.name, new) => added.push(flag.name),
            (Some(flag), None) if is_own(flag.name, old) => removed.push(flag.name),
            // One that the files lack and a kill stands for came from nowhere, and goes nowhere.
            (None, Some(flag)) | (Some(flag), None) => changed.push(flag.name),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    Change {
        generation: new.generation,
        from: old.generation,
        hash: new.hash,
        at: new.loaded_at,
        added: names(added),
        removed: names(removed),
        changed: names(changed),
        problems: new.report.error_lines(),
        broken: names(new.broken.keys().map(|name| &**name).collect()),
        mended: names(without(&old.broken, &new.broken)),
        killed: names(without(&new.kills.0, &old.kills.0)),
        lifted: names(without(&old.kills.0, &new.kills.0)),
    }
}
