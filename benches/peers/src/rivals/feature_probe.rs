//! FeatureProbe: a rule is a list of conditions that must all hold, so that a rule with
//! alternatives is several; shares and splits are ranges of 10 000 buckets.
//!
//! Timed: `FeatureProbe::bool_value` and `number_value` of the server SDK, made from a repository,
//! without events; it takes a read lock each time.

use feature_probe_server_sdk::{self as fp, FPUser, load_json};
use serde_json::{Map, Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, Test};
use crate::workloads::{Known, Request};

pub(super) struct FeatureProbe {
    probe: fp::FeatureProbe,
    count: usize,
}

fn condition(test: &Test) -> Value {
    let (kind, predicate, objects) = match (&test.op, test.negated) {
        (Op::OneOf(values), false) => ("string", "is one of", json!(**values)),
        (Op::OneOf(values), true) => ("string", "is not any of", json!(**values)),
        (Op::StartsWith(prefix), false) => ("string", "starts with", json!([prefix])),
        (Op::StartsWith(prefix), true) => ("string", "does not start with", json!([prefix])),
        (Op::EndsWith(suffix), false) => ("string", "ends with", json!([suffix])),
        (Op::EndsWith(suffix), true) => ("string", "does not end with", json!([suffix])),
        (Op::AtLeast(least), false) => ("number", ">=", json!([least.to_string()])),
        (Op::AtLeast(least), true) => ("number", "<", json!([least.to_string()])),
    };
    json!({ "type": kind, "subject": test.attribute, "predicate": predicate, "objects": objects })
}

/// The variations of a switch are off and on.
fn served(serve: Serve) -> Value {
    let split = |parts: Value| json!({ "split": { "distribution": parts, "salt": "salt" } });
    match serve {
        Serve::Off => json!({ "select": 0 }),
        Serve::On => json!({ "select": 1 }),
        Serve::Share(percent) => {
            let end = percent * 100;
            split(json!([[[end, 10_000]], [[0, end]]]))
        }
        Serve::Split(_) => {
            split(json!([[[0, 2500]], [[2500, 5000]], [[5000, 7500]], [[7500, 10_000]]]))
        }
    }
}

fn toggle(flag: &Flag) -> Value {
    let mut rules = Vec::new();
    for rule in &flag.rules {
        for path in rule.when.paths() {
            let conditions: Vec<Value> = path.iter().map(condition).collect();
            rules.push(json!({ "serve": served(rule.serve), "conditions": conditions }));
        }
    }
    let variations = match flag.rest {
        Serve::Split(arms) => arms.iter().map(|(_, value)| json!(value)).collect(),
        _ => vec![json!(false), json!(true)],
    };
    let required = |(name, on): &(&str, bool)| json!({ "key": name, "value": on });
    json!({
        "key": flag.name,
        "enabled": true,
        "version": 1,
        "forClient": false,
        "disabledServe": { "select": 0 },
        "defaultServe": served(flag.rest),
        "rules": rules,
        "variations": variations,
        "prerequisites": flag.requires.iter().map(required).collect::<Vec<_>>(),
    })
}

impl Rival for FeatureProbe {
    const NAME: &'static str = "feature-probe";
    const CRATE: &'static str = "feature-probe-server-sdk";
    const TIMED: &'static str = "FeatureProbe::bool_value, number_value, without events";
    type Context = FPUser;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let toggles = flags.iter().map(|flag| (flag.name.clone(), toggle(flag)));
        Ok(json!({ "segments": {}, "toggles": toggles.collect::<Map<_, _>>() }).to_string())
    }

    fn load(document: &str) -> FeatureProbe {
        let repository = load_json(document).unwrap();
        let count = repository.toggles.len();
        FeatureProbe { probe: fp::FeatureProbe::new_with("key".to_owned(), repository), count }
    }

    fn count(&self) -> usize {
        self.count
    }

    fn context(&self, request: &Request) -> FPUser {
        let mut user = FPUser::new()
            .stable_rollout(request.user.clone())
            .with("user", request.user.as_str())
            .with("region", request.region);
        for (name, value) in &request.attributes {
            let value = match value {
                Known::Text(value) => value.clone(),
                Known::Integer(value) => value.to_string(),
            };
            user = user.with((*name).to_owned(), value);
        }
        for (name, value) in &request.headers {
            user = user.with(name.to_ascii_lowercase(), (*value).to_owned());
        }
        user
    }

    fn is_on(&self, flag: &str, user: &FPUser) -> bool {
        self.probe.bool_value(flag, user, false)
    }

    fn arm(&self, flag: &str, user: &FPUser) -> i64 {
        self.probe.number_value(flag, user, 0.0) as i64
    }
}
