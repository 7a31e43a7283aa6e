//! Flagsmith: each rule is a segment with rules that nest, which overrides the feature; the first
//! rule has the strongest priority. A share is a percentage split in the segment, with a second
//! segment for the others; a prerequisite is a condition on `$.flags` in each segment.
//!
//! Timed: `get_evaluation_result` of the engine in the SDKs. It decides all flags of the
//! environment at once, whichever is asked for, and its context is the environment with the
//! identity in it: CTX makes that too.

use flagsmith_flag_engine::engine::get_evaluation_result;
use flagsmith_flag_engine::engine_eval::context::{EngineEvaluationContext, IdentityContext};
use flagsmith_flag_engine::types::{FlagsmithValue, FlagsmithValueType};
use serde_json::{Map, Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Rule, Serve, When};
use crate::workloads::{Known, Request};

pub(super) struct Flagsmith(EngineEvaluationContext);

fn rule(when: &When) -> Value {
    let list = |all: &[When]| all.iter().map(rule).collect::<Vec<_>>();
    let test = match when {
        When::All(all) => return json!({ "type": "ALL", "rules": list(all) }),
        When::Any(any) => return json!({ "type": "ANY", "rules": list(any) }),
        When::Is(test) => test,
    };
    let user = "$.identity.identifier";
    let property = if test.attribute == "user" { user } else { test.attribute };
    let (operator, value) = match &test.op {
        Op::OneOf(values) => ("IN", json!(**values)),
        Op::StartsWith(prefix) => ("REGEX", json!(format!("^{}", prefix.replace('.', "\\.")))),
        Op::EndsWith(suffix) => ("REGEX", json!(format!(".*{}$", suffix.replace('.', "\\.")))),
        Op::AtLeast(least) => ("GREATER_THAN_INCLUSIVE", json!(least.to_string())),
    };
    let condition = json!({ "operator": operator, "property": property, "value": value });
    json!({ "type": if test.negated { "NONE" } else { "ALL" }, "conditions": [condition] })
}

fn split(percent: u32) -> Value {
    let condition = json!({
        "operator": "PERCENTAGE_SPLIT", "property": "", "value": percent.to_string(),
    });
    json!({ "type": "ALL", "conditions": [condition] })
}

/// That another flag is as it should be.
fn required((name, on): &(&str, bool)) -> Value {
    let path = format!("$.flags.{name}.enabled");
    let condition = json!({ "operator": "EQUAL", "property": path, "value": on.to_string() });
    json!({ "type": "ALL", "conditions": [condition] })
}

/// The feature as it is without segments, and the segments that override it.
fn feature(flag: &Flag) -> (Value, Vec<Value>) {
    let mut segments = Vec::new();
    let mut segment = |rules: Vec<Value>, enabled: bool| {
        let required = flag.requires.iter().map(required);
        let rules: Vec<Value> = required.chain(rules).collect();
        let key = format!("{}-{}", flag.name, segments.len());
        let served = json!({
            "key": flag.name, "name": flag.name, "enabled": enabled, "value": null,
            "priority": segments.len() as f64,
        });
        segments.push(json!({ "key": key, "name": key, "rules": rules, "overrides": [served] }));
    };
    for Rule { when, serve } in &flag.rules {
        match serve {
            Serve::Share(percent) => {
                segment(vec![rule(when), split(*percent)], true);
                segment(vec![rule(when)], false);
            }
            serve => segment(vec![rule(when)], *serve == Serve::On),
        }
    }
    // A flag that requires others is off by itself, and on where they are as they should be.
    match flag.rest {
        Serve::Share(percent) => segment(vec![split(percent)], true),
        Serve::On if !flag.requires.is_empty() => segment(vec![], true),
        _ => {}
    }
    let enabled = flag.rest == Serve::On && flag.requires.is_empty();
    let mut written = json!({
        "key": flag.name, "name": flag.name, "enabled": enabled, "value": null,
    });
    if let Serve::Split(arms) = flag.rest {
        let arms = arms.iter().zip(0..);
        let variant = |((_, value), at): (&(&str, i64), i32)| {
            let priority = f64::from(at);
            json!({ "value": value, "weight": 25.0, "priority": priority })
        };
        written["variants"] = arms.map(variant).collect();
    }
    (written, segments)
}

impl Rival for Flagsmith {
    const NAME: &'static str = "flagsmith";
    const CRATE: &'static str = "flagsmith-flag-engine";
    const TIMED: &'static str =
        "get_evaluation_result, which decides all flags at once; its context holds them too";
    type Context = EngineEvaluationContext;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let mut features = Map::new();
        let mut segments = Map::new();
        for flag in flags {
            let (feature, overriding) = feature(flag);
            features.insert(flag.name.clone(), feature);
            for segment in overriding {
                segments.insert(segment["key"].as_str().unwrap_or_default().to_owned(), segment);
            }
        }
        let environment = json!({ "key": "env", "name": "bench" });
        let document =
            json!({ "environment": environment, "features": features, "segments": segments });
        Ok(document.to_string())
    }

    fn load(document: &str) -> Flagsmith {
        Flagsmith(serde_json::from_str(document).unwrap())
    }

    fn count(&self) -> usize {
        self.0.features.len()
    }

    fn context(&self, request: &Request) -> EngineEvaluationContext {
        let text = |value: &str| FlagsmithValue {
            value_type: FlagsmithValueType::String,
            value: value.to_owned(),
        };
        let known = |value: &Known| match value {
            Known::Text(value) => text(value),
            Known::Integer(value) => {
                FlagsmithValue { value_type: FlagsmithValueType::Integer, value: value.to_string() }
            }
        };
        let attributes = request.attributes.iter();
        let headers = request.headers.iter();
        let traits = attributes
            .map(|(name, value)| ((*name).to_owned(), known(value)))
            .chain(headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value))))
            .chain([("region".to_owned(), text(request.region))])
            .collect();
        let identity = IdentityContext {
            identifier: request.user.clone(),
            key: format!("env_{}", request.user),
            traits,
        };
        EngineEvaluationContext { identity: Some(identity), ..self.0.clone() }
    }

    fn is_on(&self, flag: &str, ctx: &EngineEvaluationContext) -> bool {
        get_evaluation_result(ctx).flags[flag].enabled
    }

    fn arm(&self, flag: &str, ctx: &EngineEvaluationContext) -> i64 {
        get_evaluation_result(ctx).flags[flag].value.value.parse().unwrap()
    }
}
