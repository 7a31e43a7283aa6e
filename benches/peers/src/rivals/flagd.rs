//! flagd: a flag's targeting is one JSONLogic expression, an `if` of pairs of condition and
//! variant; a share is the operator `fractional`. There are no prerequisites.
//!
//! Timed: `Operator::apply` of the engine in the OpenFeature provider, which parses the expression
//! anew for each decision, on a flag looked up by name in a `HashMap`. The provider's lock, cache
//! and clones are left out, and the text of the expression is made once.

use std::collections::HashMap;

use flagd_evaluation_engine::{FeatureFlag, FlagParser, Operator};
use open_feature::{EvaluationContext, EvaluationContextFieldValue};
use serde_json::{Map, Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Serve, When};
use crate::workloads::{Known, Request};

pub(super) struct Flagd {
    operator: Operator,
    flags: HashMap<String, Held>,
}

struct Held {
    flag: FeatureFlag,
    /// The text of the expression, where there is one.
    targeting: Option<String>,
}

fn condition(when: &When) -> Value {
    let list = |all: &[When]| all.iter().map(condition).collect::<Vec<_>>();
    let test = match when {
        When::All(all) => return json!({ "and": list(all) }),
        When::Any(any) => return json!({ "or": list(any) }),
        When::Is(test) => test,
    };
    let attribute = if test.attribute == "user" { "targetingKey" } else { test.attribute };
    let var = json!({ "var": attribute });
    let condition = match &test.op {
        Op::OneOf(values) => json!({ "in": [var, **values] }),
        Op::StartsWith(prefix) => json!({ "starts_with": [var, prefix] }),
        Op::EndsWith(suffix) => json!({ "ends_with": [var, suffix] }),
        Op::AtLeast(least) => json!({ ">=": [var, least] }),
    };
    if test.negated { json!({ "!": [condition] }) } else { condition }
}

fn served(serve: Serve) -> Value {
    match serve {
        Serve::Off => json!("off"),
        Serve::On => json!("on"),
        Serve::Share(percent) => json!({ "fractional": [["on", percent], ["off", 100 - percent]] }),
        Serve::Split(arms) => {
            let arms: Vec<Value> = arms.iter().map(|(name, _)| json!([name, 25])).collect();
            json!({ "fractional": arms })
        }
    }
}

fn flag(flag: &Flag) -> Value {
    let (variants, default) = match flag.rest {
        Serve::Split(arms) => {
            let arms = arms.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            (arms.collect::<Map<_, _>>().into(), "small")
        }
        Serve::On => (json!({ "on": true, "off": false }), "on"),
        Serve::Off | Serve::Share(_) => (json!({ "on": true, "off": false }), "off"),
    };
    let mut written =
        json!({ "state": "ENABLED", "variants": variants, "defaultVariant": default });
    let plain = matches!(flag.rest, Serve::On | Serve::Off);
    if !(plain && flag.rules.is_empty()) {
        let mut steps = Vec::new();
        for rule in &flag.rules {
            steps.extend([condition(&rule.when), served(rule.serve)]);
        }
        // Without a last word the default variant is served.
        steps.extend((!plain).then(|| served(flag.rest)));
        written["targeting"] = json!({ "if": steps });
    }
    written
}

impl Flagd {
    fn value(&self, name: &str, ctx: &EvaluationContext) -> &Value {
        let Held { flag, targeting } = &self.flags[name];
        let variant = match targeting {
            None => None,
            Some(targeting) => self.operator.apply(name, targeting, ctx).unwrap(),
        };
        &flag.variants[variant.as_ref().unwrap_or(&flag.default_variant)]
    }
}

impl Rival for Flagd {
    const NAME: &'static str = "flagd";
    const CRATE: &'static str = "flagd-evaluation-engine";
    const TIMED: &'static str = "Operator::apply, the flag from a HashMap";
    type Context = EvaluationContext;

    fn write(flags: &[Flag]) -> Result<String, Why> {
        if flags.iter().any(|flag| !flag.requires.is_empty()) {
            return Err("no prerequisites in its format".to_owned());
        }
        let flags = flags.iter().map(|written| (written.name.clone(), flag(written)));
        Ok(json!({ "flags": flags.collect::<Map<_, _>>() }).to_string())
    }

    fn load(document: &str) -> Flagd {
        let parsed = FlagParser::parse_string(document).unwrap();
        let held = |flag: FeatureFlag| {
            let targeting = flag.targeting.is_some().then(|| flag.get_targeting());
            Held { flag, targeting }
        };
        let flags = parsed.flags.into_iter().map(|(name, flag)| (name, held(flag))).collect();
        Flagd { operator: Operator::new(), flags }
    }

    fn count(&self) -> usize {
        self.flags.len()
    }

    fn context(&self, request: &Request) -> EvaluationContext {
        let text = |value: &str| EvaluationContextFieldValue::String(value.to_owned());
        let mut ctx = EvaluationContext::default()
            .with_targeting_key(request.user.as_str())
            .with_custom_field("region", text(request.region));
        for (name, value) in &request.attributes {
            let value = match value {
                Known::Text(value) => text(value),
                Known::Integer(value) => EvaluationContextFieldValue::Int(*value),
            };
            ctx = ctx.with_custom_field(*name, value);
        }
        for (name, value) in &request.headers {
            ctx = ctx.with_custom_field(name.to_ascii_lowercase(), text(value));
        }
        ctx
    }

    fn is_on(&self, flag: &str, ctx: &EvaluationContext) -> bool {
        self.value(flag, ctx) == &Value::Bool(true)
    }

    fn arm(&self, flag: &str, ctx: &EvaluationContext) -> i64 {
        self.value(flag, ctx).as_i64().unwrap()
    }
}
