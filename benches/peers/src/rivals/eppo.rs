//! Eppo: each rule is an allocation, whose rules are alternatives of conditions that must all
//! hold; shares and splits are ranges of shards. There are no prerequisites.
//!
//! Timed: `Evaluator::get_assignment`, the core of Eppo's SDKs; it reads the clock each time.

use std::sync::Arc;

use eppo_core::configuration_store::ConfigurationStore;
use eppo_core::eval::{Evaluator, EvaluatorConfig};
use eppo_core::ufc::{AssignmentValue, UniversalFlagConfig, VariationType};
use eppo_core::{AttributeValue, Attributes, Configuration, SdkMetadata, Str};
use serde_json::{Map, Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, Test, When};
use crate::workloads::{Known, Request};

/// The shards that a share is counted in.
const SHARDS: u32 = 10_000;

const SDK: SdkMetadata = SdkMetadata { name: "peers", version: "0" };

pub(super) struct Eppo {
    evaluator: Evaluator,
    store: Arc<ConfigurationStore>,
}

fn condition(test: &Test) -> Value {
    let (operator, value) = match &test.op {
        Op::OneOf(values) if test.negated => ("NOT_ONE_OF", json!(**values)),
        Op::OneOf(values) => ("ONE_OF", json!(**values)),
        Op::StartsWith(prefix) if test.negated => ("NOT_MATCHES", json!(format!("^{prefix}"))),
        Op::StartsWith(prefix) => ("MATCHES", json!(format!("^{prefix}"))),
        Op::EndsWith(suffix) => ("MATCHES", json!(format!("{suffix}$"))),
        Op::AtLeast(least) => ("GTE", json!(least)),
    };
    let attribute = if test.attribute == "user" { "id" } else { test.attribute };
    json!({ "attribute": attribute, "operator": operator, "value": value })
}

/// The variation that is served to a part of the shards.
fn part(variation: &str, start: u32, end: u32) -> Value {
    let ranges = json!([{ "start": start, "end": end }]);
    json!({ "variationKey": variation, "shards": [{ "salt": "g", "ranges": ranges }] })
}

fn splits(serve: Serve) -> Vec<Value> {
    match serve {
        Serve::Off => vec![json!({ "variationKey": "off", "shards": [] })],
        Serve::On => vec![json!({ "variationKey": "on", "shards": [] })],
        Serve::Share(percent) => {
            let end = percent * SHARDS / 100;
            vec![part("on", 0, end), part("off", end, SHARDS)]
        }
        Serve::Split(arms) => {
            let quarter = |at: u32| (at * SHARDS / 4, (at + 1) * SHARDS / 4);
            let parts = arms.iter().zip((0..).map(quarter));
            parts.map(|((name, _), (start, end))| part(name, start, end)).collect()
        }
    }
}

fn allocation(at: usize, when: &When, serve: Serve) -> Value {
    let paths = when.paths();
    let everyone = paths.iter().all(Vec::is_empty);
    let rule =
        |path: &Vec<Test>| json!({ "conditions": path.iter().map(condition).collect::<Vec<_>>() });
    let rules: Vec<Value> = if everyone { vec![] } else { paths.iter().map(rule).collect() };
    json!({
        "key": format!("allocation-{at}"), "rules": rules, "splits": splits(serve), "doLog": false,
    })
}

fn flag(flag: &Flag) -> Value {
    let everyone = When::All(Vec::new());
    let rules = flag.rules.iter().map(|rule| (&rule.when, rule.serve));
    let allocations: Vec<Value> = rules
        .chain([(&everyone, flag.rest)])
        .enumerate()
        .filter(|(at, (_, serve))| *at < flag.rules.len() || *serve != Serve::Off)
        .map(|(at, (when, serve))| allocation(at, when, serve))
        .collect();
    let variation =
        |name: &str, value: Value| (name.to_owned(), json!({ "key": name, "value": value }));
    let (kind, variations): (_, Map<String, Value>) = match flag.rest {
        Serve::Split(arms) => {
            let arms = arms.iter().map(|(name, value)| variation(name, json!(value)));
            ("INTEGER", arms.collect())
        }
        _ => {
            let switch = [variation("on", json!(true)), variation("off", json!(false))];
            ("BOOLEAN", switch.into_iter().collect())
        }
    };
    json!({
        "key": flag.name,
        "enabled": true,
        "variationType": kind,
        "variations": variations,
        "totalShards": SHARDS,
        "allocations": allocations,
    })
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::categorical(Str::new(value))
}

impl Rival for Eppo {
    const NAME: &'static str = "eppo_core";
    const CRATE: &'static str = "eppo_core";
    const TIMED: &'static str = "Evaluator::get_assignment";
    type Context = (Str, Arc<Attributes>);

    fn write(flags: &[Flag]) -> Result<String, Why> {
        if flags.iter().any(|flag| !flag.requires.is_empty()) {
            return Err("no prerequisites in its format".to_owned());
        }
        let flags = flags.iter().map(|written| (written.name.clone(), flag(written)));
        Ok(json!({
            "createdAt": "2026-12-01T12:00:00Z",
            "format": "SERVER",
            "environment": { "name": "bench" },
            "flags": flags.collect::<Map<_, _>>(),
        })
        .to_string())
    }

    fn load(document: &str) -> Eppo {
        let flags = UniversalFlagConfig::from_json(SDK, document.as_bytes().to_vec()).unwrap();
        let store = Arc::new(ConfigurationStore::new());
        store.set_configuration(Arc::new(Configuration::from_server_response(flags, None)));
        let configuration_store = Arc::clone(&store);
        let config = EvaluatorConfig { configuration_store, sdk_metadata: SDK };
        Eppo { evaluator: Evaluator::new(config), store }
    }

    fn count(&self) -> usize {
        self.store.get_configuration().map_or(0, |config| config.flag_keys().count())
    }

    fn context(&self, request: &Request) -> (Str, Arc<Attributes>) {
        let mut attributes = Attributes::from_iter([(Str::new("region"), text(request.region))]);
        for (name, value) in &request.attributes {
            let value = match value {
                Known::Text(value) => text(value),
                Known::Integer(value) => AttributeValue::numeric(*value as f64),
            };
            attributes.insert(Str::new(name), value);
        }
        for (name, value) in &request.headers {
            attributes.insert(Str::new(name.to_ascii_lowercase()), text(value));
        }
        (Str::new(&request.user), Arc::new(attributes))
    }

    fn is_on(&self, flag: &str, (user, attributes): &(Str, Arc<Attributes>)) -> bool {
        let boolean = Some(VariationType::Boolean);
        let assigned = self.evaluator.get_assignment(flag, user, attributes, boolean).unwrap();
        let value = assigned.map(|assigned| assigned.value);
        matches!(value, Some(AssignmentValue::Boolean(true)))
    }

    fn arm(&self, flag: &str, (user, attributes): &(Str, Arc<Attributes>)) -> i64 {
        let integer = Some(VariationType::Integer);
        match self.evaluator.get_assignment(flag, user, attributes, integer) {
            Ok(Some(assigned)) => match assigned.value {
                AssignmentValue::Integer(value) => value,
                other => panic!("no integer: {other:?}"),
            },
            other => panic!("nothing assigned: {other:?}"),
        }
    }
}
