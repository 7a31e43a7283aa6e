//! Random documents, each reloaded over another that was damaged: what a bad change may do.
//! FORMAT.md 27, PRODUCT.md 1 and 2.

mod folder;
mod live;
mod naive;
mod translate;

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hoist::{ContextBuf, Snapshot};
use live::Live;
use naive::Ctx;
use serde_yaml::Value;
use translate::translated;

const DOCUMENTS: u64 = 400;
const DAMAGES: u64 = 6;
const CONTEXTS: u64 = 5;

thread_local! {
    static EXPECTS_PANIC: Cell<bool> = const { Cell::new(false) };
}

/// Panics that are expected are not printed: the second evaluator panics on what the format
/// refuses.
fn quiet() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !EXPECTS_PANIC.get() {
            print(info);
        }
    }));
}

/// What the second evaluator says of one flag of a text, if it can read that flag.
fn naively(tree: &Value, flag: &str, ctx: &Ctx) -> Option<String> {
    EXPECTS_PANIC.set(true);
    let answer = catch_unwind(AssertUnwindSafe(|| naive::decide(tree, flag, ctx).variant));
    EXPECTS_PANIC.set(false);
    answer.ok()
}

/// The flags of a document that depend on no other flag.
fn standing_alone(tree: &Value) -> HashSet<String> {
    let speaks = |value: &Value, word: &str| format!("{value:?}").contains(word);
    let segments = tree.get("segments").is_some_and(|segments| speaks(segments, "flag."));
    let alone = |body: &Value| {
        let through_segments = segments && speaks(body, "segment");
        !speaks(body, "requires") && !speaks(body, "flag.") && !through_segments
    };
    let flags = tree.get("flags").and_then(Value::as_mapping).into_iter().flatten();
    let flags = flags.filter(|(_, body)| alone(body));
    flags.filter_map(|(name, _)| name.as_str().map(str::to_owned)).collect()
}

/// One context, asked of a snapshot: the variant of each flag, and those that are on.
fn asked(snap: &Snapshot, ctx: &ContextBuf) -> Vec<(String, String, bool)> {
    let ctx = ctx.as_context();
    let ask = |flag: &str| {
        let decision = snap.decide(flag, &ctx);
        (flag.to_owned(), decision.variant().to_owned(), snap.is_enabled(flag, &ctx))
    };
    snap.flags().map(ask).collect()
}

fn is_on(answers: &[(String, String, bool)], flag: &str) -> bool {
    answers.iter().any(|(name, _, on)| name == flag && *on)
}

#[derive(Default)]
struct Seen {
    refused: u64,
    broken: u64,
    whole: u64,
    compared: u64,
}

fn reload_damaged(live: &Live, good: &str, damaged: &str, seed: u64, seen: &mut Seen) {
    live.reload(good).unwrap();
    live.keeps(&[]);
    let before = live.flags.snapshot();
    let alone = Snapshot::from_yaml(damaged).ok();
    let outcome = live.reload(damaged);
    let after = live.flags.snapshot();
    let status = live.flags.status();
    assert_eq!(alone.is_none(), status.last_error.is_some(), "seed {seed}\n{damaged}");
    let old_tree: Value = serde_yaml::from_str(good).unwrap();
    let new_tree: Option<Value> = serde_yaml::from_str(damaged).ok();
    let old_alone = standing_alone(&old_tree);
    let new_alone = new_tree.as_ref().map(standing_alone).unwrap_or_default();
    for n in 0..CONTEXTS {
        let ctx = naive::context(seed * 100 + n);
        let own = translated(&ctx);
        let (was, is) = (asked(&before, &own), asked(&after, &own));
        let told = || {
            format!("seed {seed}, context {n}\n{ctx:?}\n--- before\n{good}\n--- after\n{damaged}")
        };
        if outcome.is_err() {
            assert_eq!(was, is, "a refused file changes nothing\n{}", told());
            continue;
        }
        if let Some(alone) = &alone {
            assert_eq!(asked(alone, &own), is, "a whole file is what it says\n{}", told());
            continue;
        }
        for (flag, variant, on) in &is {
            if status.left_out.contains(flag) {
                assert!(!on, "{flag}\n{}", told());
            } else if status.kept.contains(flag) {
                let killed = after.decide(flag.as_str(), &own.as_context()).reason()
                    == hoist::Reason::Killed;
                if old_alone.contains(flag) && !killed {
                    let old = was.iter().find(|(name, ..)| name == flag).unwrap();
                    assert_eq!((&old.1, old.2), (variant, *on), "{flag} is as it was\n{}", told());
                    seen.compared += 1;
                }
                assert!(!killed || !on);
            } else if let Some(tree) = &new_tree {
                let naive = Some(tree).filter(|_| new_alone.contains(flag));
                if let Some(expected) = naive.and_then(|tree| naively(tree, flag, &ctx)) {
                    assert_eq!(*variant, expected, "{flag} is as it is written\n{}", told());
                    seen.compared += 1;
                }
            }
            if *on && !is_on(&was, flag) {
                let moved_on = !status.kept.contains(flag);
                let depends = !old_alone.contains(flag);
                assert!(moved_on || depends, "{flag} is on by accident\n{}", told());
            }
        }
        for flag in &status.left_out {
            assert!(!is_on(&is, flag), "{flag}\n{}", told());
        }
    }
    match (&outcome, &alone) {
        (Err(_), _) => seen.refused += 1,
        (Ok(_), None) => seen.broken += 1,
        (Ok(_), Some(_)) => seen.whole += 1,
    }
}

#[test]
fn a_damaged_document_harms_no_flag_that_it_does_not_damage() {
    quiet();
    let live = Live::of("version: 1\nflags: {}\n");
    let mut seen = Seen::default();
    for document in 0..DOCUMENTS {
        let good = naive::document(document);
        for n in 0..DAMAGES {
            let seed = document * DAMAGES + n;
            let damaged = naive::mutate(&good, seed);
            reload_damaged(&live, &good, &damaged, seed, &mut seen);
        }
    }
    let Seen { refused, broken, whole, compared } = seen;
    assert_eq!(refused + broken + whole, DOCUMENTS * DAMAGES);
    // Each kind of outcome was tried often enough to mean something.
    let counts = [refused, broken, whole, compared];
    assert!(counts.iter().zip([500, 300, 80, 5_000]).all(|(n, least)| *n > least), "{counts:?}");
}

/// A whole other document, damaged: most flags come and go.
#[test]
fn another_document_that_is_damaged_does_no_harm() {
    quiet();
    let live = Live::of("version: 1\nflags: {}\n");
    let mut seen = Seen::default();
    for document in 0..DOCUMENTS {
        let good = naive::document(document);
        let damaged = naive::mutate(&naive::document(document + 1), document);
        reload_damaged(&live, &good, &damaged, document, &mut seen);
    }
    assert!(seen.refused > 50 && seen.broken > 50, "{} {}", seen.refused, seen.broken);
}
