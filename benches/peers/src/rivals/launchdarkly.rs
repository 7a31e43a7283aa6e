//! LaunchDarkly: rules are lists of clauses that must all hold, so that a rule with alternatives
//! is several rules; users in a list are an individual target; the rest is the fallthrough.
//!
//! Timed: `evaluate` of the evaluation crate of the server SDK, on a flag looked up by name in a
//! `HashMap`. The SDK's own store hands out a clone of the flag for each decision, which is left
//! out here, but not where the evaluator itself asks the store: for prerequisites.

use std::collections::HashMap;

use launchdarkly_server_sdk_evaluation as ld;
use ld::{AttributeValue, Context, ContextBuilder, FlagValue, Segment, Store};
use serde_json::{Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, Test, When};
use crate::workloads::{Known, Request};

pub(super) struct LaunchDarkly(Flags);

struct Flags(HashMap<String, ld::Flag>);

impl Store for Flags {
    fn flag(&self, name: &str) -> Option<ld::Flag> {
        self.0.get(name).cloned()
    }

    fn segment(&self, _: &str) -> Option<Segment> {
        None
    }
}

fn clause(test: &Test) -> Value {
    let (op, values) = match &test.op {
        Op::OneOf(values) => ("in", json!(**values)),
        Op::StartsWith(prefix) => ("startsWith", json!([prefix])),
        Op::EndsWith(suffix) => ("endsWith", json!([suffix])),
        Op::AtLeast(least) => ("greaterThanOrEqual", json!([least])),
    };
    let attribute = if test.attribute == "user" { "key" } else { test.attribute };
    json!({ "attribute": attribute, "op": op, "values": values, "negate": test.negated })
}

/// Weights are of 100 000; the variations of a switch are off and on.
fn served(serve: Serve) -> Value {
    let weighted = |weights: Vec<u32>| {
        let weights = weights.into_iter().zip(0..);
        let weighted = |(weight, at): (u32, u32)| json!({ "variation": at, "weight": weight });
        json!({ "rollout": { "variations": weights.map(weighted).collect::<Vec<_>>() } })
    };
    match serve {
        Serve::Off => json!({ "variation": 0 }),
        Serve::On => json!({ "variation": 1 }),
        Serve::Share(percent) => weighted(vec![100_000 - percent * 1_000, percent * 1_000]),
        Serve::Split(arms) => weighted(vec![25_000; arms.len()]),
    }
}

fn flag(flag: &Flag) -> Value {
    let mut targets = Vec::new();
    let mut rules = Vec::new();
    for rule in &flag.rules {
        if let (When::Is(Test { attribute: "user", op: Op::OneOf(users), negated: false }), []) =
            (&rule.when, rules.as_slice())
        {
            targets.push(json!({ "values": **users, "variation": 1 }));
            continue;
        }
        for path in rule.when.paths() {
            let mut written = served(rule.serve);
            written["id"] = format!("rule-{}", rules.len()).into();
            written["clauses"] = path.iter().map(clause).collect();
            written["trackEvents"] = false.into();
            rules.push(written);
        }
    }
    let variations = match flag.rest {
        Serve::Split(arms) => arms.iter().map(|(_, value)| json!(value)).collect(),
        _ => vec![json!(false), json!(true)],
    };
    let required = |(name, on): &(&str, bool)| json!({ "key": name, "variation": i32::from(*on) });
    json!({
        "key": flag.name,
        "on": true,
        "targets": targets,
        "rules": rules,
        "prerequisites": flag.requires.iter().map(required).collect::<Vec<_>>(),
        "fallthrough": served(flag.rest),
        "offVariation": 0,
        "variations": variations,
        "salt": "salt",
        "clientSide": false,
    })
}

impl LaunchDarkly {
    fn value(&self, flag: &str, ctx: &Context) -> Option<FlagValue> {
        let flag = self.0.0.get(flag)?;
        ld::evaluate(&self.0, flag, ctx, None).value.cloned()
    }
}

impl Rival for LaunchDarkly {
    const NAME: &'static str = "launchdarkly";
    const CRATE: &'static str = "launchdarkly-server-sdk-evaluation";
    const TIMED: &'static str = "evaluate, the flag from a HashMap";
    type Context = Context;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let named = |written: &Flag| (written.name.clone(), flag(written));
        Ok(Value::Object(flags.iter().map(named).collect()).to_string())
    }

    fn load(document: &str) -> LaunchDarkly {
        LaunchDarkly(Flags(serde_json::from_str(document).unwrap()))
    }

    fn count(&self) -> usize {
        self.0.0.len()
    }

    fn context(&self, request: &Request) -> Context {
        let mut builder = ContextBuilder::new(request.user.as_str());
        builder.set_string("region", request.region);
        for (name, value) in &request.attributes {
            match value {
                Known::Text(text) => builder.set_string(name, text.as_str()),
                Known::Integer(value) => {
                    builder.set_value(name, AttributeValue::Number(*value as f64))
                }
            };
        }
        for (name, value) in &request.headers {
            builder.set_string(&name.to_ascii_lowercase(), *value);
        }
        builder.build().unwrap()
    }

    fn is_on(&self, flag: &str, ctx: &Context) -> bool {
        matches!(self.value(flag, ctx), Some(FlagValue::Bool(true)))
    }

    fn arm(&self, flag: &str, ctx: &Context) -> i64 {
        match self.value(flag, ctx) {
            Some(FlagValue::Number(number)) => number as i64,
            other => panic!("no number: {other:?}"),
        }
    }
}
