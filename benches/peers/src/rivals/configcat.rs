//! ConfigCat: a targeting rule is a list of conditions that must all hold, so that a rule with
//! alternatives is several; shares and splits are percentage options; a prerequisite is a rule
//! that serves off where another flag is not as it should be. Comparison values are in clear text.
//!
//! Timed: `Client::get_value` of the SDK in local-only mode, an async function that is ready at
//! once; it takes the user by value, so that a clone of it is timed too. That mode keeps the
//! settings twice, which shows in the memory.

use std::collections::HashMap;

use configcat::{Client, OverrideBehavior, OverrideDataSource, Setting, User, UserValue};
use serde_json::{Map, Value, json};

use super::{Rival, Why, block_on};
use crate::logic::{Flag, Op, Serve, Test};
use crate::workloads::{Known, Request};

pub(super) struct ConfigCat(Client);

struct Settings(HashMap<String, Setting>);

impl OverrideDataSource for Settings {
    fn settings(&self) -> &HashMap<String, Setting> {
        &self.0
    }
}

/// The numbers are those of `UserComparator`, the negation of each one above it.
fn condition(test: &Test) -> Value {
    let attribute = if test.attribute == "user" { User::IDENTIFIER } else { test.attribute };
    let negated = u8::from(test.negated);
    let condition = match &test.op {
        Op::OneOf(values) => json!({ "a": attribute, "c": negated, "l": **values }),
        Op::StartsWith(prefix) => json!({ "a": attribute, "c": 30 + negated, "l": [prefix] }),
        Op::EndsWith(suffix) => json!({ "a": attribute, "c": 32 + negated, "l": [suffix] }),
        Op::AtLeast(least) if test.negated => json!({ "a": attribute, "c": 12, "d": least }),
        Op::AtLeast(least) => json!({ "a": attribute, "c": 15, "d": least }),
    };
    json!({ "u": condition })
}

/// The value that is served, or the percentage options.
fn served(serve: Serve) -> (&'static str, Value) {
    let option = |percent: u32, value: Value| json!({ "p": percent, "v": value });
    match serve {
        Serve::Off => ("s", json!({ "v": { "b": false } })),
        Serve::On => ("s", json!({ "v": { "b": true } })),
        Serve::Share(percent) => {
            let off = option(100 - percent, json!({ "b": false }));
            ("p", json!([option(percent, json!({ "b": true })), off]))
        }
        Serve::Split(arms) => {
            let arm = |(_, value): &(&str, i64)| option(25, json!({ "i": value }));
            ("p", arms.iter().map(arm).collect())
        }
    }
}

fn setting(flag: &Flag) -> Value {
    let mut rules = Vec::new();
    for (name, on) in &flag.requires {
        // 1 is for "not equal".
        let otherwise = json!({ "p": { "f": name, "c": 1, "v": { "b": on } } });
        rules.push(json!({ "c": [otherwise], "s": { "v": { "b": false } } }));
    }
    for rule in &flag.rules {
        let (part, value) = served(rule.serve);
        for path in rule.when.paths() {
            let conditions: Vec<Value> = path.iter().map(condition).collect();
            rules.push(json!({ "c": conditions, part: value }));
        }
    }
    match flag.rest {
        Serve::On | Serve::Off => {
            json!({ "t": 0, "v": { "b": flag.rest == Serve::On }, "r": rules })
        }
        Serve::Share(_) => {
            json!({ "t": 0, "v": { "b": false }, "r": rules, "p": served(flag.rest).1 })
        }
        Serve::Split(_) => json!({ "t": 2, "v": { "i": 0 }, "r": rules, "p": served(flag.rest).1 }),
    }
}

impl Rival for ConfigCat {
    const NAME: &'static str = "configcat";
    const CRATE: &'static str = "configcat";
    const TIMED: &'static str =
        "Client::get_value (async, ready at once), local only, with a clone of the user";
    type Context = User;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let settings = flags.iter().map(|flag| (flag.name.clone(), setting(flag)));
        Ok(Value::Object(settings.collect::<Map<_, _>>()).to_string())
    }

    fn load(document: &str) -> ConfigCat {
        let settings = Box::new(Settings(serde_json::from_str(document).unwrap()));
        let builder = Client::builder("local").overrides(settings, OverrideBehavior::LocalOnly);
        let client = ConfigCat(builder.build().unwrap());
        // The first question takes the settings over.
        block_on(client.0.get_value("", false, None));
        client
    }

    fn count(&self) -> usize {
        block_on(self.0.get_all_keys()).len()
    }

    fn context(&self, request: &Request) -> User {
        let mut user = User::new(&request.user).custom("region", request.region);
        for (name, value) in &request.attributes {
            user = match value {
                Known::Text(value) => user.custom(name, value.as_str()),
                Known::Integer(value) => user.custom(name, UserValue::Int(*value)),
            };
        }
        for (name, value) in &request.headers {
            user = user.custom(&name.to_ascii_lowercase(), *value);
        }
        user
    }

    fn is_on(&self, flag: &str, user: &User) -> bool {
        block_on(self.0.get_value(flag, false, Some(user.clone())))
    }

    fn arm(&self, flag: &str, user: &User) -> i64 {
        block_on(self.0.get_value(flag, 0_i64, Some(user.clone())))
    }
}
