//! Which flags differ between two states.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::status::Change;
use crate::ir::{Name, Packed, PackedFlag, names_segments};
use crate::load::Loaded;

/// The names of the files' flags that one state has and another has not.
fn only_in<'n>(one: &'n Packed, other: &Packed, of: &Loaded) -> Vec<&'n Name> {
    let is_own = |name: &&Name| of.document.flags.contains_key(name);
    one.names().iter().filter(|name| !other.contains_key(name)).filter(is_own).collect()
}

/// The names that one map has and another has not.
fn without<'n, T>(one: &'n BTreeMap<Name, T>, other: &BTreeMap<Name, T>) -> Vec<&'n Name> {
    one.keys().filter(|name| !other.contains_key(*name)).collect()
}

/// The change from one state to the next.
pub(super) fn between(old: &Loaded, new: &Loaded) -> Change {
    let (before, after) = (&old.flags, &new.flags);
    // A segment that changed changes the flags that use it; which do is not worth finding out
    // for an announcement, so that the scope counts for all that name one segment or more.
    let (old_scope, new_scope) = (&old.document.scope, &new.document.scope);
    let same_scope = old_scope.segments == new_scope.segments;
    let scopes_agree = |a: &PackedFlag<'_>, b: &PackedFlag<'_>| {
        let (a, b) = (a.scope(), b.scope());
        match Arc::ptr_eq(a, old_scope) && Arc::ptr_eq(b, new_scope) {
            true => same_scope,
            false => Arc::ptr_eq(a, b) || a.segments == b.segments,
        }
    };
    let differs = |a: PackedFlag<'_>, b: &PackedFlag<'_>| {
        let names_segments = || b.refers() && names_segments(&b.unpacked());
        a != *b || (!scopes_agree(&a, b) && names_segments())
    };
    let names = |names: Vec<&Name>| names.into_iter().map(|name| name.to_string()).collect();
    let changed = after
        .iter()
        .filter(|flag| before.get(flag.name).is_some_and(|before| differs(before, flag)));
    // A flag that the files lack and a kill stands for came from nowhere, and goes nowhere.
    let kills = before.names().iter().filter(|name| !after.contains_key(name));
    let kills = kills.chain(after.names().iter().filter(|name| !before.contains_key(name)));
    let is_kill = |name: &&Name| {
        !old.document.flags.contains_key(name) && !new.document.flags.contains_key(name)
    };
    let kills = kills.filter(is_kill);
    Change {
        generation: new.generation,
        from: old.generation,
        hash: new.hash,
        at: new.loaded_at,
        added: names(only_in(after, before, new)),
        removed: names(only_in(before, after, old)),
        changed: names(changed.map(|flag| flag.name).chain(kills).collect()),
        problems: new.report.error_lines(),
        broken: names(new.broken.keys().collect()),
        mended: names(without(&old.broken, &new.broken)),
        killed: names(without(&new.kills.0, &old.kills.0)),
        lifted: names(without(&old.kills.0, &new.kills.0)),
    }
}
