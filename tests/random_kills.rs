//! Random documents under a kill file: a kill is as one that is written in the flag itself, and
//! what it takes is there again where it is lifted.

mod folder;
mod naive;
mod translate;

use folder::Folder;
use hoist::{Context, Flags, Snapshot};
use serde_yaml::Value;
use translate::translated;

const DOCUMENTS: u64 = 80;
const CONTEXTS: u64 = 4;

/// All that a decision says, but for where it is written.
fn said(snap: &Snapshot, flag: &str, ctx: &Context<'_>) -> String {
    let decision = snap.decide(flag, ctx);
    let (variant, value) = (decision.variant(), decision.value());
    let (reason, rule, bucket) = (decision.reason(), decision.rule(), decision.bucket());
    let (required, no_unit) = (decision.prerequisite(), decision.no_unit());
    let is_on = snap.is_enabled(flag, ctx);
    format!(
        "{flag}: {variant} {value:?} {reason} {rule:?} {bucket:?} {required:?} {no_unit} {is_on}"
    )
}

/// The document with kills written in its flags.
fn written(text: &str, killed: &[&str]) -> Snapshot {
    let mut tree: Value = serde_yaml::from_str(text).unwrap();
    for name in killed {
        let flag = &mut tree["flags"][*name];
        // A switch or a share is short for a flag of `on` and `off`.
        if !flag.is_mapping() {
            *flag = Value::Mapping(serde_yaml::Mapping::new());
        }
        flag["kill"] = true.into();
    }
    Snapshot::from_json(&serde_json::to_string(&tree).unwrap())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn is_as_written(flags: &Flags, text: &str, killed: &[&str], seed: u64) {
    let (live, written) = (flags.snapshot(), written(text, killed));
    assert!(live.flags().eq(written.flags()));
    for number in 0..CONTEXTS {
        let ctx = translated(&naive::context(seed * 100 + number));
        let ctx = ctx.as_context();
        for flag in written.flags() {
            let (said, expected) = (said(&live, flag, &ctx), said(&written, flag, &ctx));
            assert_eq!(said, expected, "seed {seed}, {killed:?}\n{text}");
            let explained = live.explain(flag, &ctx);
            let decided = live.decide(flag, &ctx).to_string();
            assert_eq!(explained.decision().to_string(), decided, "seed {seed}\n{text}");
        }
    }
}

#[test]
fn a_kill_from_outside_is_as_one_that_is_written() {
    let mut lacking = 0;
    for seed in 0..DOCUMENTS {
        let text = naive::document(seed);
        let folder = Folder::new();
        folder.write("flags.yaml", &text);
        folder.write("kill.txt", "");
        let flags = folder.layers(&["flags.yaml"]).kill_file(folder.at("kill.txt")).open().unwrap();
        let names: Vec<String> = flags.snapshot().flags().map(str::to_owned).collect();
        let some = |by: u64, rest: u64| -> Vec<&str> {
            let chosen = (0..).zip(&names).filter(|(at, _)| (at + seed) % by == rest);
            chosen.map(|(_, name)| &**name).collect()
        };
        let all: Vec<&str> = names.iter().map(|name| &**name).collect();
        // One that no file has stands by itself.
        for (killed, stranger) in [
            (some(3, 0), ""),
            (some(2, 1), ""),
            (some(3, 1), "nobody"),
            (some(2, 0), "nobody"),
            (Vec::new(), "nobody"),
            (some(4, 2), ""),
            (all, ""),
            (Vec::new(), ""),
        ] {
            folder.write("kill.txt", format!("{}\n{stranger}\n", killed.join("\n")));
            flags.force_reload().unwrap();
            is_as_written(&flags, &text, &killed, seed);
            let status = flags.status();
            assert_eq!(status.killed.len(), killed.len() + usize::from(!stranger.is_empty()));
            let snap = flags.snapshot();
            let ctx = Context::new();
            let lacks = |flag: &&str| snap.decide(*flag, &ctx).prerequisite().is_some();
            lacking += snap.flags().filter(lacks).count();
        }
    }
    assert!(lacking > 100, "too few flags required one that was killed: {lacking}");
}
