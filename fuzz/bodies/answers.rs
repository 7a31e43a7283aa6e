//! What must hold of every answer.

use hoist::{Context, Reason, Snapshot};

/// A name that no flag has: it is longer than names may be.
pub(super) const NO_FLAG: &str = concat!(
    "no-such-flag-----------------------------------------------------",
    "-----------------------------------------------------------------",
);

/// All answers of a state to a context, each as it is printed, after they were found to agree.
pub(super) fn all(snap: &Snapshot, ctx: &Context<'_>) -> Vec<String> {
    // The clock is not part of the question.
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_796_000_000);
    let ctx = &ctx.clone().at(at);
    let decision = snap.decide(NO_FLAG, ctx);
    assert_eq!(decision.reason(), Reason::FlagNotFound);
    assert!(!snap.is_enabled(NO_FLAG, ctx) && !decision.is_enabled());
    snap.flags().map(|flag| one(snap, flag, ctx)).collect()
}

/// One flag asked in every way: the answers are one.
fn one(snap: &Snapshot, flag: &str, ctx: &Context<'_>) -> String {
    let decision = snap.decide(flag, ctx);
    let printed = decision.to_string();
    let on = snap.is_enabled(flag, ctx);
    assert_eq!(on, decision.is_enabled(), "{printed}");
    assert_eq!(
        snap.value_or(flag, ctx, false),
        decision.value().unwrap().as_bool().unwrap_or(false)
    );
    assert!(!decision.variant().is_empty(), "{printed}");
    assert!(decision.bucket().is_none_or(|bucket| bucket < 100_000), "{printed}");
    let (file, line) = decision.place().expect("a flag has a place");
    // A flag of which nothing but its kill can be read stands for itself, and was nowhere read.
    let stands_in = decision.reason() == Reason::Killed && file.is_empty();
    assert!(stands_in || (!file.is_empty() && line >= 1), "{printed}");
    match decision.reason() {
        Reason::Killed => assert!(!on, "{printed}"),
        Reason::Prerequisite => assert!(!on && decision.prerequisite().is_some(), "{printed}"),
        Reason::Excluded => assert!(!on, "{printed}"),
        Reason::Rule | Reason::Split | Reason::Else => {
            assert!(decision.rule().is_some(), "{printed}");
        }
        Reason::Default | Reason::Static => assert!(decision.rule().is_none(), "{printed}"),
        other => panic!("{other} of a flag that is there: {printed}"),
    }

    let explanation = snap.explain(flag, ctx);
    assert_eq!(explanation.decision().to_string(), printed);
    // A long name is broken where a line is full.
    let told: String = explanation.to_string().split_whitespace().collect();
    assert!(told.starts_with(flag), "{explanation}");
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["decision"]["variant"], decision.variant());
    assert_eq!(json["decision"], serde_json::to_value(decision).unwrap());
    printed
}
