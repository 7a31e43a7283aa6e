//! Unleash: each rule is a strategy of a feature, and any strategy switches it on. A rule that
//! serves off is the negation of its constraints in the strategies behind it; prerequisites are
//! dependencies on parents.
//!
//! Timed: `EngineState::is_enabled` and `get_variant`, of the engine in Unleash's own SDKs.

use std::collections::HashMap;

use serde_json::{Value, json};
use unleash_types::client_features::Context;
use unleash_yggdrasil::{EngineState, UpdateMessage};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, Test};
use crate::workloads::{Known, Request};

pub(super) struct Unleash(EngineState);

fn constraint(test: &Test) -> Value {
    let name = if test.attribute == "user" { "userId" } else { test.attribute };
    let (operator, values) = match &test.op {
        // There is an operator for it; `inverted` is for the others.
        Op::OneOf(values) => {
            let operator = if test.negated { "NOT_IN" } else { "IN" };
            return json!({ "contextName": name, "operator": operator, "values": **values });
        }
        Op::StartsWith(prefix) => ("STR_STARTS_WITH", json!([prefix])),
        Op::EndsWith(suffix) => ("STR_ENDS_WITH", json!([suffix])),
        Op::AtLeast(least) => {
            return json!({
                "contextName": name, "operator": "NUM_GTE", "value": least.to_string(),
                "inverted": test.negated,
            });
        }
    };
    json!({
        "contextName": name, "operator": operator, "values": values, "inverted": test.negated,
    })
}

fn strategy((tests, percent): &(Vec<Test>, u32)) -> Value {
    let mut strategy = match percent {
        100 => json!({ "name": "default" }),
        percent => rollout(*percent),
    };
    if !tests.is_empty() {
        strategy["constraints"] = tests.iter().map(constraint).collect();
    }
    strategy
}

/// A share of the users.
fn rollout(percent: u32) -> Value {
    json!({
        "name": "flexibleRollout",
        "parameters": { "rollout": percent.to_string(), "stickiness": "userId", "groupId": "g" },
    })
}

fn split(arms: &[(&str, i64)]) -> Value {
    let variant = |(name, value): &(&str, i64)| {
        let payload = json!({ "type": "number", "value": value.to_string() });
        json!({ "name": name, "weight": 250, "stickiness": "userId", "payload": payload })
    };
    let mut strategy = rollout(100);
    strategy["variants"] = arms.iter().map(variant).collect();
    strategy
}

fn feature(flag: &Flag) -> Value {
    let strategies: Vec<Value> = match &flag.rest {
        Serve::Split(arms) => vec![split(arms)],
        _ => flag.switches().iter().map(strategy).collect(),
    };
    // A feature that has no strategies is on: one that no rule switches on is not enabled.
    let enabled = !strategies.is_empty();
    let mut feature = json!({ "name": flag.name, "enabled": enabled, "strategies": strategies });
    if !flag.requires.is_empty() {
        let parent = |(name, on): &(&str, bool)| json!({ "feature": name, "enabled": on });
        feature["dependencies"] = flag.requires.iter().map(parent).collect();
    }
    feature
}

impl Rival for Unleash {
    const NAME: &'static str = "unleash-yggdrasil";
    const CRATE: &'static str = "unleash-yggdrasil";
    const TIMED: &'static str = "EngineState::is_enabled, get_variant";
    type Context = Context;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let features: Vec<Value> = flags.iter().map(feature).collect();
        Ok(json!({ "version": 2, "features": features }).to_string())
    }

    fn load(document: &str) -> Unleash {
        let engine = EngineState::default();
        let message: UpdateMessage = serde_json::from_str(document).unwrap();
        assert!(engine.take_state(message).is_none(), "taken with warnings");
        Unleash(engine)
    }

    fn count(&self) -> usize {
        self.0.list_known_toggles().len()
    }

    fn context(&self, request: &Request) -> Context {
        let mut properties = HashMap::from([("region".to_owned(), request.region.to_owned())]);
        for (name, value) in &request.attributes {
            let value = match value {
                Known::Text(text) => text.clone(),
                Known::Integer(value) => value.to_string(),
            };
            properties.insert((*name).to_owned(), value);
        }
        for (name, value) in &request.headers {
            properties.insert(name.to_ascii_lowercase(), (*value).to_owned());
        }
        let user_id = Some(request.user.clone());
        Context { user_id, properties: Some(properties), ..Context::default() }
    }

    fn is_on(&self, flag: &str, ctx: &Context) -> bool {
        self.0.is_enabled(flag, ctx, &None)
    }

    fn arm(&self, flag: &str, ctx: &Context) -> i64 {
        let variant = self.0.get_variant(flag, ctx, &None);
        // The names tell the values; reading the number out of its text would be added work.
        match (variant.name.as_str(), variant.payload.is_some()) {
            ("small", true) => 10,
            ("medium", true) => 20,
            ("large", true) => 50,
            ("huge", true) => 100,
            other => panic!("no such variant: {other:?}"),
        }
    }
}
