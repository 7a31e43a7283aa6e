//! The same flags in Unleash's words: each rule is a strategy.

use std::collections::HashMap;
use std::hint::black_box;

use serde_json::{Value, json};
use unleash_types::client_features::Context;
use unleash_yggdrasil::{EngineState, UpdateMessage};

use crate::workloads::{self, Known, MANY, Request, W6_RULES, Workload};
use crate::{Batch, in_turn};

fn engine(features: Vec<Value>) -> EngineState {
    take(&json!({ "version": 2, "features": features }).to_string())
}

fn take(document: &str) -> EngineState {
    let engine = EngineState::default();
    let message: UpdateMessage = serde_json::from_str(document).unwrap();
    assert!(engine.take_state(message).is_none(), "unleash takes the document with warnings");
    engine
}

fn feature(name: &str, strategies: Vec<Value>) -> Value {
    json!({ "name": name, "enabled": true, "strategies": strategies })
}

/// Everyone of whom an attribute is one of these.
fn one_of(attribute: &str, values: &[impl AsRef<str>]) -> Value {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    json!({
        "name": "default",
        "constraints": [{ "contextName": attribute, "operator": "IN", "values": values }],
    })
}

/// A share of the users.
fn rollout(percent: u8) -> Value {
    json!({
        "name": "flexibleRollout",
        "parameters": { "rollout": percent.to_string(), "stickiness": "userId", "groupId": "g" },
    })
}

fn context(request: &Request) -> Context {
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
    Context {
        user_id: Some(request.user.clone()),
        properties: Some(properties),
        ..Context::default()
    }
}

pub(crate) fn boolean(workload: &Workload) -> Batch {
    let strategies = match workload.id {
        "W1" => vec![json!({ "name": "default" })],
        "W2-5" => vec![one_of("userId", &workloads::listed(5))],
        "W2-1000" => vec![one_of("userId", &workloads::listed(1_000))],
        "W3" => vec![rollout(25)],
        "W4" => vec![
            one_of("x-new-checkout", &["on"]),
            one_of("region", &["nz", "au", "de", "fr"]),
            rollout(10),
        ],
        "W6" => (0..W6_RULES).map(|n| one_of("shop", &[format!("shop-{n:02}")])).collect(),
        id => panic!("{id} is not said in Unleash's words"),
    };
    let engine = engine(vec![feature(workload.flag, strategies)]);
    let name = workload.flag;
    in_turn(workload.requests.iter().map(context).collect(), move |ctx| {
        engine.is_enabled(black_box(name), ctx, &None).into()
    })
}

pub(crate) fn split(workload: &Workload) -> Batch {
    let variants: Vec<Value> = [("small", 10), ("medium", 20), ("large", 50), ("huge", 100)]
        .map(|(name, value)| {
            let payload = json!({ "type": "number", "value": value.to_string() });
            json!({ "name": name, "weight": 250, "stickiness": "userId", "payload": payload })
        })
        .into();
    let mut strategy = rollout(100);
    strategy["variants"] = variants.into();
    let engine = engine(vec![feature(workload.flag, vec![strategy])]);
    let name = workload.flag;
    in_turn(workload.requests.iter().map(context).collect(), move |ctx| {
        let variant = engine.get_variant(black_box(name), ctx, &None);
        // The names tell the values; reading the number out of its text would be added work.
        match (variant.name.as_str(), variant.payload.is_some()) {
            ("small", true) => 10,
            ("medium", true) => 20,
            ("large", true) => 50,
            ("huge", true) => 100,
            other => panic!("no such variant: {other:?}"),
        }
    })
}

pub(crate) fn many(names: &[String], request: &Request) -> Batch {
    let features =
        (0..MANY).map(|n| feature(&workloads::name(n), vec![one_of("region", &["nz", "au"])]));
    let engine = engine(features.collect());
    let ctx = context(request);
    in_turn(names.to_vec(), move |name| engine.is_enabled(name, black_box(&ctx), &None).into())
}

/// CTX in Unleash's words.
#[inline]
pub(crate) fn ctx(user: &str) -> Context {
    let property = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Context {
        user_id: Some(user.to_owned()),
        properties: Some(HashMap::from([
            property("region", "us"),
            property("plan", "pro"),
            property("age", "36"),
            property("beta", "false"),
            property("user-agent", "bench/1.0 (linux)"),
            property("x-request-source", "mobile"),
            property("cookie", "session=0123456789abcdef; theme=dark; consent=all; beta=1"),
        ])),
        ..Context::default()
    }
}

pub(crate) fn load(flags: usize) -> Box<dyn Fn() -> usize> {
    let features: Vec<Value> = (0..flags)
        .map(|n| {
            let mut pilot = one_of("region", &["nz", "au", "de", "fr"]);
            let constraints = pilot["constraints"].as_array_mut().unwrap();
            constraints.push(json!({ "contextName": "plan", "operator": "IN", "values": ["pro"] }));
            let qa = one_of("x-feature", &[n.to_string()]);
            let percent = u8::try_from(1 + n % 50).unwrap();
            feature(&workloads::name(n), vec![qa, pilot, rollout(percent)])
        })
        .collect();
    let document = json!({ "version": 2, "features": features }).to_string();
    Box::new(move || take(&document).list_known_toggles().len())
}
