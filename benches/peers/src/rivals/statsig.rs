//! Statsig: a gate's rule is a list of conditions that must all hold, with the percentage that
//! passes; a split is a dynamic config whose rules go by the user's bucket, a prerequisite a rule
//! that serves off where another gate fails.
//!
//! Timed: `Statsig::check_gate_with_options` and `get_dynamic_config_with_options` of the server
//! SDK on bootstrapped specs, without network, events, exposures and log. It starts and ends in a
//! runtime of tokio, which runs nothing meanwhile.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use statsig_rust::output_logger::LogLevel;
use statsig_rust::statsig_core_api_options::{
    DynamicConfigEvaluationOptions, FeatureGateEvaluationOptions,
};
use statsig_rust::{
    self as sdk, StatsigBootstrapSpecsAdapter, StatsigOptions, StatsigUser, StatsigUserBuilder,
    StatsigUserDataMap, dyn_value,
};

use tokio::runtime::{Builder, Runtime};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, Test};
use crate::workloads::{Known, Request};

pub(super) struct Statsig(sdk::Statsig);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

impl Drop for Statsig {
    fn drop(&mut self) {
        let _ = RUNTIME.block_on(self.0.shutdown());
    }
}

fn condition(test: &Test) -> Value {
    let (operator, target) = match &test.op {
        Op::OneOf(values) if test.negated => ("none_case_sensitive", json!(**values)),
        Op::OneOf(values) => ("any_case_sensitive", json!(**values)),
        // There is no operator for the negation.
        Op::StartsWith(prefix) if test.negated => {
            ("str_matches", json!(format!("^(?!{})", prefix.replace('.', "\\."))))
        }
        Op::StartsWith(prefix) => ("str_starts_with_any", json!([prefix])),
        Op::EndsWith(suffix) => ("str_ends_with_any", json!([suffix])),
        Op::AtLeast(least) => (if test.negated { "lt" } else { "gte" }, json!(least)),
    };
    let kind = if test.attribute == "user" { "unit_id" } else { "user_field" };
    json!({
        "type": kind, "field": test.attribute, "operator": operator, "targetValue": target,
        "idType": "userID",
    })
}

/// The conditions are in one map of the document, each under a name.
#[derive(Default)]
struct Conditions(Map<String, Value>);

impl Conditions {
    fn add(&mut self, condition: Value) -> String {
        let name = self.0.len().to_string();
        self.0.insert(name.clone(), condition);
        name
    }
}

fn rule(at: usize, conditions: Vec<String>, percent: u32, value: Value) -> Value {
    let id = format!("rule-{at}");
    json!({
        "name": id, "id": id, "salt": "salt", "idType": "userID", "passPercentage": percent,
        "conditions": conditions, "returnValue": value,
    })
}

fn gate(flag: &Flag, known: &mut Conditions) -> Value {
    let mut rules = Vec::new();
    for (name, on) in &flag.requires {
        let otherwise = if *on { "fail_gate" } else { "pass_gate" };
        let name = known.add(json!({ "type": otherwise, "targetValue": name, "idType": "userID" }));
        rules.push(rule(rules.len(), vec![name], 100, json!(false)));
    }
    let mut add = |conditions: Vec<String>, serve: Serve| {
        let (percent, value) = match serve {
            Serve::Off => (100, false),
            Serve::On => (100, true),
            Serve::Share(percent) => (percent, true),
            Serve::Split(_) => panic!("a split is no gate"),
        };
        rules.push(rule(rules.len(), conditions, percent, json!(value)));
    };
    for rule in &flag.rules {
        for path in rule.when.paths() {
            let conditions = path.iter().map(|test| known.add(condition(test)));
            add(conditions.collect(), rule.serve);
        }
    }
    if flag.rest != Serve::Off {
        add(vec![known.add(json!({ "type": "public", "idType": "userID" }))], flag.rest);
    }
    json!({
        "type": "feature_gate", "entity": "feature_gate", "salt": "salt", "enabled": true,
        "idType": "userID", "defaultValue": false, "rules": rules,
    })
}

fn config(arms: &[(&str, i64)], known: &mut Conditions) -> Value {
    let arm = |(at, (_, value)): (usize, &(&str, i64))| {
        let below = known.add(json!({
            "type": "user_bucket", "operator": "lt", "targetValue": 250 * (at + 1),
            "additionalValues": { "salt": "salt" }, "idType": "userID",
        }));
        rule(at, vec![below], 100, json!({ "value": value }))
    };
    let rules: Vec<Value> = arms.iter().enumerate().map(arm).collect();
    json!({
        "type": "dynamic_config", "entity": "dynamic_config", "salt": "salt", "enabled": true,
        "idType": "userID", "defaultValue": { "value": 0 }, "rules": rules,
    })
}

impl Rival for Statsig {
    const NAME: &'static str = "statsig-rust";
    const CRATE: &'static str = "statsig-rust";
    const TIMED: &'static str = "Statsig::check_gate, get_dynamic_config, without exposures";
    type Context = StatsigUser;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let mut known = Conditions::default();
        let (mut gates, mut configs) = (Map::new(), Map::new());
        for flag in flags {
            match &flag.rest {
                Serve::Split(arms) => configs.insert(flag.name.clone(), config(arms, &mut known)),
                _ => gates.insert(flag.name.clone(), gate(flag, &mut known)),
            };
        }
        Ok(json!({
            "feature_gates": gates, "dynamic_configs": configs, "layer_configs": {},
            "condition_map": known.0, "experiment_to_layer": {}, "has_updates": true,
            "time": 1_796_126_400_000_u64, "company_id": "bench", "response_format": "dcs-v2",
        })
        .to_string())
    }

    fn load(document: &str) -> Statsig {
        let adapter = StatsigBootstrapSpecsAdapter::new(document.to_owned());
        let options = StatsigOptions {
            specs_adapter: Some(Arc::new(adapter)),
            disable_network: Some(true),
            disable_all_logging: Some(true),
            disable_country_lookup: Some(true),
            disable_disk_access: Some(true),
            output_log_level: Some(LogLevel::None),
            ..StatsigOptions::new()
        };
        let statsig = sdk::Statsig::new("secret-bench", Some(Arc::new(options)));
        RUNTIME.block_on(statsig.initialize()).unwrap();
        Statsig(statsig)
    }

    fn count(&self) -> usize {
        self.0.get_feature_gate_list().len() + self.0.get_dynamic_config_list().len()
    }

    fn context(&self, request: &Request) -> StatsigUser {
        let mut custom = StatsigUserDataMap::default();
        custom.insert("region".to_owned(), dyn_value!(request.region));
        for (name, value) in &request.attributes {
            let value = match value {
                Known::Text(value) => dyn_value!(value.as_str()),
                Known::Integer(value) => dyn_value!(*value),
            };
            custom.insert((*name).to_owned(), value);
        }
        for (name, value) in &request.headers {
            custom.insert(name.to_ascii_lowercase(), dyn_value!(*value));
        }
        let user = StatsigUserBuilder::new_with_user_id(request.user.clone());
        user.custom(Some(custom)).build()
    }

    fn is_on(&self, flag: &str, user: &StatsigUser) -> bool {
        let options = FeatureGateEvaluationOptions { disable_exposure_logging: true };
        self.0.check_gate_with_options(user, flag, options)
    }

    fn arm(&self, flag: &str, user: &StatsigUser) -> i64 {
        let options = DynamicConfigEvaluationOptions { disable_exposure_logging: true };
        let config = self.0.get_dynamic_config_with_options(user, flag, options);
        config.value["value"].as_i64().unwrap()
    }
}
