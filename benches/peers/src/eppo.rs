//! The same flags in Eppo's words: each rule is an allocation.

use std::hint::black_box;
use std::sync::Arc;

use eppo_core::configuration_store::ConfigurationStore;
use eppo_core::eval::{Evaluator, EvaluatorConfig};
use eppo_core::ufc::{AssignmentValue, UniversalFlagConfig, VariationType};
use eppo_core::{AttributeValue, Attributes, Configuration, SdkMetadata, Str};
use serde_json::{Value, json};

use crate::workloads::{self, Known, MANY, Request, W6_RULES, Workload};
use crate::{Batch, in_turn};

/// The shards that a share is counted in.
const SHARDS: u32 = 10_000;

const SDK: SdkMetadata = SdkMetadata { name: "peers", version: "0" };

type Subject = (Str, Arc<Attributes>);

fn document(flags: Vec<(String, Value)>) -> String {
    json!({
        "createdAt": "2026-12-01T12:00:00Z",
        "format": "SERVER",
        "environment": { "name": "bench" },
        "flags": flags.into_iter().collect::<serde_json::Map<_, _>>(),
    })
    .to_string()
}

fn read(document: &str) -> Configuration {
    let flags = UniversalFlagConfig::from_json(SDK, document.as_bytes().to_vec()).unwrap();
    Configuration::from_server_response(flags, None)
}

fn evaluator(flags: Vec<(String, Value)>) -> Evaluator {
    let configuration_store = Arc::new(ConfigurationStore::new());
    configuration_store.set_configuration(Arc::new(read(&document(flags))));
    Evaluator::new(EvaluatorConfig { configuration_store, sdk_metadata: SDK })
}

fn flag(name: &str, allocations: Vec<Value>) -> (String, Value) {
    let flag = json!({
        "key": name,
        "enabled": true,
        "variationType": "BOOLEAN",
        "variations": { "on": { "key": "on", "value": true } },
        "totalShards": SHARDS,
        "allocations": allocations,
    });
    (name.to_owned(), flag)
}

/// Whoever meets all conditions and is inside the share.
fn allocation(conditions: &[Value], share: Option<u32>) -> Value {
    let rules = if conditions.is_empty() { json!([]) } else { json!([{ "conditions": conditions }]) };
    let shards = match share {
        None => json!([]),
        Some(end) => json!([{ "salt": "g", "ranges": [{ "start": 0, "end": end }] }]),
    };
    json!({
        "key": "allocation",
        "rules": rules,
        "splits": [{ "variationKey": "on", "shards": shards }],
        "doLog": false,
    })
}

fn one_of(attribute: &str, values: &[impl AsRef<str>]) -> Value {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    json!({ "attribute": attribute, "operator": "ONE_OF", "value": values })
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::categorical(Str::new(value))
}

fn subject(request: &Request) -> Subject {
    let mut attributes = Attributes::from([(Str::new("region"), text(request.region))]);
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

fn is_on(evaluator: &Evaluator, name: &str, (user, attributes): &Subject) -> i64 {
    let assigned =
        evaluator.get_assignment(name, user, attributes, Some(VariationType::Boolean)).unwrap();
    matches!(assigned.map(|assigned| assigned.value), Some(AssignmentValue::Boolean(true))).into()
}

pub(crate) fn boolean(workload: &Workload) -> Batch {
    let allocations = match workload.id {
        "W1" => vec![allocation(&[], None)],
        "W2-5" => vec![allocation(&[one_of("id", &workloads::listed(5))], None)],
        "W2-1000" => vec![allocation(&[one_of("id", &workloads::listed(1_000))], None)],
        "W3" => vec![allocation(&[], Some(SHARDS / 4))],
        "W4" => vec![
            allocation(&[one_of("x-new-checkout", &["on"])], None),
            allocation(&[one_of("region", &["nz", "au", "de", "fr"])], None),
            allocation(&[], Some(SHARDS / 10)),
        ],
        "W6" => (0..W6_RULES)
            .map(|n| allocation(&[one_of("shop", &[format!("shop-{n:02}")])], None))
            .collect(),
        id => panic!("{id} is not said in Eppo's words"),
    };
    let evaluator = evaluator(vec![flag(workload.flag, allocations)]);
    let name = workload.flag;
    in_turn(workload.requests.iter().map(subject).collect(), move |subject| {
        is_on(&evaluator, black_box(name), subject)
    })
}

pub(crate) fn split(workload: &Workload) -> Batch {
    let arms = [("small", 10), ("medium", 20), ("large", 50), ("huge", 100)];
    let variations: serde_json::Map<String, Value> = arms
        .map(|(name, value)| (name.to_owned(), json!({ "key": name, "value": value })))
        .into_iter()
        .collect();
    let splits: Vec<Value> = (0..)
        .zip(arms)
        .map(|(at, (name, _))| {
            let ranges = json!([{ "start": at * SHARDS / 4, "end": (at + 1) * SHARDS / 4 }]);
            json!({ "variationKey": name, "shards": [{ "salt": "g", "ranges": ranges }] })
        })
        .collect();
    let flag = json!({
        "key": workload.flag,
        "enabled": true,
        "variationType": "INTEGER",
        "variations": variations,
        "totalShards": SHARDS,
        "allocations": [{ "key": "allocation", "splits": splits, "doLog": false }],
    });
    let evaluator = evaluator(vec![(workload.flag.to_owned(), flag)]);
    let name = workload.flag;
    let integer = Some(VariationType::Integer);
    in_turn(workload.requests.iter().map(subject).collect(), move |(user, attributes)| {
        match evaluator.get_assignment(black_box(name), user, attributes, integer) {
            Ok(Some(assigned)) => match assigned.value {
                AssignmentValue::Integer(value) => value,
                other => panic!("no integer: {other:?}"),
            },
            other => panic!("nothing assigned: {other:?}"),
        }
    })
}

pub(crate) fn many(names: &[String], request: &Request) -> Batch {
    let pilot = || vec![allocation(&[one_of("region", &["nz", "au"])], None)];
    let evaluator = evaluator((0..MANY).map(|n| flag(&workloads::name(n), pilot())).collect());
    let subject = subject(request);
    in_turn(names.to_vec(), move |name| is_on(&evaluator, name, black_box(&subject)))
}

/// CTX in Eppo's words.
#[inline]
pub(crate) fn ctx(user: &str) -> Subject {
    let attributes = Attributes::from([
        (Str::new("region"), text("us")),
        (Str::new("plan"), text("pro")),
        (Str::new("age"), AttributeValue::numeric(36.0)),
        (Str::new("beta"), text("false")),
        (Str::new("user-agent"), text("bench/1.0 (linux)")),
        (Str::new("x-request-source"), text("mobile")),
        (Str::new("cookie"), text("session=0123456789abcdef; theme=dark; consent=all; beta=1")),
    ]);
    (Str::new(user), Arc::new(attributes))
}

pub(crate) fn load(flags: usize) -> Box<dyn Fn() -> usize> {
    let flags = (0..flags).map(|n| {
        let qa = allocation(&[one_of("x-feature", &[n.to_string()])], None);
        let regions = one_of("region", &["nz", "au", "de", "fr"]);
        let pilot = allocation(&[regions, one_of("plan", &["pro"])], None);
        let share = u32::try_from(1 + n % 50).unwrap() * SHARDS / 100;
        flag(&workloads::name(n), vec![qa, pilot, allocation(&[], Some(share))])
    });
    let document = document(flags.collect());
    Box::new(move || read(&document).flag_keys().count())
}
