//! Sentry Options: a feature has segments, the first whose conditions all hold decides by its
//! rollout. There are no prerequisites, no variants, and no order of numbers; texts are compared
//! without regard to case.
//!
//! Timed: `FeatureChecker::has`, which parses the feature anew for each decision, without looking
//! at the file for a change. Values are read from a file only, so that loading writes one, and a
//! checker asks for options that live for ever, so that they are leaked.

use std::sync::atomic::{AtomicU32, Ordering};

use sentry_options::Options;
use sentry_options::features::{FeatureChecker, FeatureContext};
use serde_json::{Map, Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Rule, Serve, Test, When};
use crate::workloads::{Known, Request};

pub(super) struct Sentry {
    checker: FeatureChecker,
    count: usize,
}

/// Any feature is allowed for.
const SCHEMA: &str = r##"{
    "version": "1.0", "type": "object", "properties": {},
    "patternProperties": { "^feature\\.": { "$ref": "#/definitions/Feature" } }
}"##;

fn condition(test: &Test) -> Result<Value, Why> {
    let (operators, value) = match &test.op {
        Op::OneOf(values) => (["in", "not_in"], json!(**values)),
        Op::StartsWith(prefix) => (["matches", "not_matches"], json!([format!("{prefix}*")])),
        Op::EndsWith(suffix) => (["matches", "not_matches"], json!([format!("*{suffix}")])),
        Op::AtLeast(_) => return Err("no order of numbers in its format".to_owned()),
    };
    let operator = operators[usize::from(test.negated)];
    Ok(json!({ "property": test.attribute, "operator": operator, "value": value }))
}

fn feature(flag: &Flag) -> Result<Value, Why> {
    if !flag.requires.is_empty() {
        return Err("no prerequisites in its format".to_owned());
    }
    let everyone = Rule { when: When::All(Vec::new()), serve: flag.rest };
    let mut segments = Vec::new();
    for Rule { when, serve } in flag.rules.iter().chain([&everyone]) {
        let rollout = match serve {
            Serve::Off => 0,
            Serve::On => 100,
            Serve::Share(percent) => *percent,
            Serve::Split(_) => return Err("no variants in its format".to_owned()),
        };
        for path in when.paths() {
            let conditions: Vec<Value> = path.iter().map(condition).collect::<Result<_, _>>()?;
            let name = format!("segment-{}", segments.len());
            segments.push(json!({ "name": name, "conditions": conditions, "rollout": rollout }));
        }
    }
    Ok(json!({
        "created_at": "2026-01-01", "owner": { "team": "bench" }, "enabled": true,
        "segments": segments,
    }))
}

impl Rival for Sentry {
    const NAME: &'static str = "sentry-options";
    const CRATE: &'static str = "sentry-options";
    const TIMED: &'static str = "FeatureChecker::has, without looking for a change";
    type Context = FeatureContext;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let mut features = Map::new();
        for flag in flags {
            features.insert(format!("feature.{}", flag.name), feature(flag)?);
        }
        Ok(json!({ "options": features }).to_string())
    }

    fn load(document: &str) -> Sentry {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hoist-peers-{}-options-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let values = dir.join("values").join("bench");
        std::fs::create_dir_all(&values).unwrap();
        std::fs::write(values.join("values.json"), document).unwrap();
        let options = Options::builder()
            .with_directory(&dir)
            .with_schemas(&[("bench", SCHEMA)])
            .with_refresh_threshold(None)
            .build()
            .unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        let checker = FeatureChecker::new("bench".to_owned(), Box::leak(Box::new(options)));
        Sentry { checker, count: document.matches("\"feature.").count() }
    }

    fn count(&self) -> usize {
        self.count
    }

    fn context(&self, request: &Request) -> FeatureContext {
        let mut ctx = FeatureContext::new();
        ctx.identity_fields(vec!["user"]);
        ctx.insert("user", request.user.as_str());
        ctx.insert("region", request.region);
        for (name, value) in &request.attributes {
            match value {
                Known::Text(value) => ctx.insert(name, value.as_str()),
                Known::Integer(value) => ctx.insert(name, *value),
            }
        }
        for (name, value) in &request.headers {
            ctx.insert(&name.to_ascii_lowercase(), *value);
        }
        ctx
    }

    fn is_on(&self, flag: &str, ctx: &FeatureContext) -> bool {
        self.checker.has(flag, ctx)
    }

    fn arm(&self, _: &str, _: &FeatureContext) -> i64 {
        unreachable!("a split is refused above")
    }
}
