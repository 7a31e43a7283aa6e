//! The code of a flag in words: what became of its conditions.

use std::fmt::Write as _;

use super::describe;
use crate::ir::Condition;
use crate::load::Loaded;
use crate::program::{Asks, FlagId, OpId, Truth};

/// The steps of a flag: of its `unless` and of each of its rules, each with where it goes on.
pub(crate) fn of_flag(loaded: &Loaded, id: FlagId) -> Option<String> {
    let flag = loaded.flag(id)?.unpacked();
    let compiled = loaded.program.flags.get(id);
    let asks = match compiled.asks {
        Asks::Nothing(reason) => format!("asks nothing: {reason}"),
        Asks::Bucket => "asks for one bucket of the user".to_owned(),
        Asks::Text => "asks whether a text is one of a set".to_owned(),
        Asks::Table | Asks::Rules => match flag.before() {
            before if before.requires.is_empty() && before.unless.is_empty() => "asks its rules",
            _ => "asks what comes before its rules, and those",
        }
        .to_owned(),
    };
    let by_table = if compiled.first_match.is_some() { ", by a first-match table" } else { "" };
    let mut text = format!("{}: {asks}{by_table}\n", flag.name);
    for required in &flag.before().requires {
        let _ = writeln!(text, "  {}", describe::required(required));
    }
    if !flag.before().unless.is_empty() {
        text.push_str("  unless\n");
        let steps = Steps::of(flag.before().unless.iter(), compiled.first_op);
        let end = |target| if target == OpId::EXCLUDED { "off" } else { "the rules" };
        steps.write(loaded, end, &mut text);
    }
    let rules = loaded.program.rules.range(compiled.first_rule, compiled.end_rule)?;
    let ids = std::iter::successors(Some(compiled.first_rule), |id| Some(id.offset(1)));
    for ((rule, compiled), id) in flag.rules.iter().zip(rules).zip(ids) {
        let _ = writeln!(text, "  rule {}", rule.name);
        let conditions = rule.when.iter().chain(&rule.more().unless);
        let steps = Steps::of(conditions.collect::<Vec<_>>().into_iter(), compiled.first_op);
        let is_held = |target| target == OpId::rule(id);
        let end = |target| if is_held(target) { "this rule" } else { "the next rule" };
        steps.write(loaded, end, &mut text);
    }
    Some(text)
}

/// The leaves of conditions with their ops, the last leaf first, as the ops were made.
struct Steps(Vec<(OpId, String)>);

impl Steps {
    fn of<'c>(conditions: impl DoubleEndedIterator<Item = &'c Condition>, first_op: OpId) -> Steps {
        let (mut steps, mut next) = (Steps(Vec::new()), first_op);
        for condition in conditions.rev() {
            steps.add(condition, &mut next);
        }
        steps
    }

    fn add(&mut self, condition: &Condition, next: &mut OpId) {
        match condition {
            Condition::Everyone => {}
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
                for part in condition.parts().iter().rev() {
                    self.add(part, next);
                }
            }
            Condition::Test(_)
            | Condition::Segment { .. }
            | Condition::Flag(_)
            | Condition::Strategy(_)
            | Condition::Rollout(_) => {
                self.0.push((*next, describe::leaf(condition)));
                *next = next.next();
            }
        }
    }

    /// In the order in which they are asked; `end` tells what it is that the code goes to behind them.
    fn write(&self, loaded: &Loaded, end: impl Fn(OpId) -> &'static str, to: &mut String) {
        let place = |target: OpId| {
            let at = self.0.iter().rev().position(|(op, _)| *op == target);
            at.map_or_else(|| end(target).to_owned(), |at| (at + 1).to_string())
        };
        for (at, (op, text)) in (1..).zip(self.0.iter().rev()) {
            let in_place = loaded.program.segment_in_place(*op);
            let Some(op) = loaded.program.ops.find(*op) else { continue };
            // The test of a segment may want the opposite of what is wanted of the segment.
            let wants = in_place.map_or(op.wants, |(_, wants)| wants);
            let wants = if wants == Truth::True { "" } else { "false: " };
            let (yes, no) = (place(op.yes()), place(op.no()));
            let _ = writeln!(to, "    {at}  {wants}{text}? {yes}, else {no}");
        }
    }
}
