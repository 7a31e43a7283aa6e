//! GrowthBook: a rule forces a value where a condition in the style of MongoDB holds, for a share
//! (its coverage) of the users; those outside it go on to the next rule, so that a share that ends
//! the matter is two rules. A split is an experiment, a prerequisite a rule whose parents gate. A
//! list of more than a hundred users is a saved group.
//!
//! Timed: `GrowthBook::check`. What the SDK's client adds is left out: for each decision it clones
//! all features.

use std::collections::HashMap;

use growthbook_rust::client::GrowthBookClientBuilder;
use growthbook_rust::dto::GrowthBookFeature;
use growthbook_rust::growthbook as gb;
use growthbook_rust::model_public::{FeatureResult, GrowthBookAttribute, GrowthBookAttributeValue};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, When};
use crate::workloads::{Known, Request};

pub(super) struct GrowthBook(gb::GrowthBook);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    features: HashMap<String, GrowthBookFeature>,
    saved_groups: Value,
}

/// A list longer than this is a saved group.
const SHORT: usize = 100;

fn condition(when: &When, groups: &mut Map<String, Value>) -> Value {
    let mut list =
        |all: &[When]| all.iter().map(|when| condition(when, groups)).collect::<Vec<_>>();
    let test = match when {
        When::All(all) => return json!({ "$and": list(all) }),
        When::Any(any) => return json!({ "$or": list(any) as Vec<Value> }),
        When::Is(test) => test,
    };
    let attribute = if test.attribute == "user" { "id" } else { test.attribute };
    let operator = match &test.op {
        Op::OneOf(values) if values.len() > SHORT && !test.negated => {
            let group = format!("group-{}", groups.len());
            groups.insert(group.clone(), json!(**values));
            json!({ "$inGroup": group })
        }
        Op::OneOf(values) if test.negated => return json!({ attribute: { "$nin": **values } }),
        Op::OneOf(values) => json!({ "$in": **values }),
        Op::StartsWith(prefix) => json!({ "$regex": format!("^{}", prefix.replace('.', "\\.")) }),
        Op::EndsWith(suffix) => json!({ "$regex": format!("{}$", suffix.replace('.', "\\.")) }),
        Op::AtLeast(least) => json!({ "$gte": least }),
    };
    if test.negated {
        json!({ "$not": { attribute: operator } })
    } else {
        json!({ attribute: operator })
    }
}

fn force(value: bool, condition: Option<&Value>) -> Value {
    let mut rule = json!({ "force": value });
    if let Some(condition) = condition {
        rule["condition"] = condition.clone();
    }
    rule
}

fn served(serve: Serve, condition: Option<&Value>) -> Vec<Value> {
    match serve {
        Serve::Off => vec![force(false, condition)],
        Serve::On => vec![force(true, condition)],
        Serve::Share(percent) => {
            let mut share = force(true, condition);
            share["coverage"] = (f64::from(percent) / 100.0).into();
            share["hashAttribute"] = "id".into();
            let rest = condition.map(|condition| force(false, Some(condition)));
            [share].into_iter().chain(rest).collect()
        }
        Serve::Split(arms) => {
            let values: Vec<i64> = arms.iter().map(|(_, value)| *value).collect();
            vec![json!({
                "variations": values, "weights": [0.25, 0.25, 0.25, 0.25], "coverage": 1.0,
                "hashAttribute": "id",
            })]
        }
    }
}

fn feature(flag: &Flag, groups: &mut Map<String, Value>) -> Value {
    let mut rules = Vec::new();
    if !flag.requires.is_empty() {
        let parent = |(name, on): &(&str, bool)| {
            let value = json!({ "value": on });
            json!({ "id": name, "condition": value, "gate": true })
        };
        let parents: Vec<Value> = flag.requires.iter().map(parent).collect();
        rules.push(json!({ "parentConditions": parents }));
    }
    for rule in &flag.rules {
        let condition = condition(&rule.when, groups);
        rules.extend(served(rule.serve, Some(&condition)));
    }
    match flag.rest {
        Serve::Off => json!({ "defaultValue": false, "rules": rules }),
        Serve::On => json!({ "defaultValue": true, "rules": rules }),
        rest => {
            rules.extend(served(rest, None));
            json!({ "defaultValue": false, "rules": rules })
        }
    }
}

impl GrowthBook {
    fn result(&self, flag: &str, ctx: &Option<Vec<GrowthBookAttribute>>) -> FeatureResult {
        self.0.check(flag, ctx)
    }
}

impl Rival for GrowthBook {
    const NAME: &'static str = "growthbook-rust";
    const CRATE: &'static str = "growthbook-rust";
    const TIMED: &'static str = "GrowthBook::check, without the client's clone of all features";
    type Context = Option<Vec<GrowthBookAttribute>>;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let mut groups = Map::new();
        let mut features = Map::new();
        for flag in flags {
            features.insert(flag.name.clone(), feature(flag, &mut groups));
        }
        Ok(json!({ "features": features, "savedGroups": groups }).to_string())
    }

    /// Saved groups can only be parsed by the client's builder.
    fn load(document: &str) -> GrowthBook {
        let document: Document = serde_json::from_str(document).unwrap();
        let client = GrowthBookClientBuilder::new()
            .features(document.features)
            .saved_groups(document.saved_groups)
            .build();
        let client = super::block_on(client).unwrap();
        let mut built = client.gb.write().unwrap();
        let empty = gb::GrowthBook {
            forced_variations: None,
            features: HashMap::new(),
            attributes: None,
            sticky_bucket_service: None,
            saved_groups: HashMap::new(),
        };
        GrowthBook(std::mem::replace(&mut *built, empty))
    }

    fn count(&self) -> usize {
        self.0.features.len()
    }

    fn context(&self, request: &Request) -> Option<Vec<GrowthBookAttribute>> {
        let text = |name: &str, value: &str| {
            let value = GrowthBookAttributeValue::String(value.to_owned());
            GrowthBookAttribute::new(name.to_owned(), value)
        };
        let mut attributes = vec![text("id", &request.user), text("region", request.region)];
        attributes.extend(request.attributes.iter().map(|(name, value)| match value {
            Known::Text(value) => text(name, value),
            Known::Integer(value) => {
                let value = GrowthBookAttributeValue::Int(*value);
                GrowthBookAttribute::new((*name).to_owned(), value)
            }
        }));
        let headers = request.headers.iter();
        attributes.extend(headers.map(|(name, value)| text(&name.to_ascii_lowercase(), value)));
        Some(attributes)
    }

    fn is_on(&self, flag: &str, ctx: &Option<Vec<GrowthBookAttribute>>) -> bool {
        self.result(flag, ctx).on
    }

    fn arm(&self, flag: &str, ctx: &Option<Vec<GrowthBookAttribute>>) -> i64 {
        self.result(flag, ctx).value.as_i64().unwrap()
    }
}
