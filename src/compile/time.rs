//! Which flags ask for the time, by themselves or through what they refer to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ir::{Condition, Flag, Flags, Name};

/// The flags whose decision can depend on the instant. Strategies may ask for it too.
pub(super) fn flags_of_time(flags: &Flags) -> BTreeSet<Name> {
    let mut speaking = BTreeSet::new();
    // References have no rings, so that each round carries the fact one reference further.
    loop {
        let before = speaking.len();
        for flag in flags.iter() {
            if !speaking.contains(&flag.name) && speaks_of_time(flag, &speaking) {
                speaking.insert(Arc::clone(&flag.name));
            }
        }
        if speaking.len() == before {
            return speaking;
        }
    }
}

fn speaks_of_time(flag: &Flag, speaking: &BTreeSet<Name>) -> bool {
    let by_reference = || {
        flag.before().requires.iter().any(|required| speaking.contains(&required.flag))
            || flag.conditions().any(|condition| in_condition(condition, flag, speaking))
    };
    flag.reach.is_timed || flag.reach.refers && by_reference()
}

fn in_condition(condition: &Condition, flag: &Flag, speaking: &BTreeSet<Name>) -> bool {
    match condition {
        Condition::Strategy { .. } => true,
        Condition::Flag(named) => speaking.contains(&named.flag),
        Condition::Segment { name, .. } => {
            let segment = flag.scope.segments.get(name);
            segment.is_some_and(|segment| in_condition(&segment.when, flag, speaking))
        }
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
            condition.parts().iter().any(|part| in_condition(part, flag, speaking))
        }
        Condition::Everyone | Condition::Test(_) | Condition::Rollout { .. } => false,
    }
}
