use serde_yaml::Value;

use super::context::{Ctx, CtxValue};

impl Ctx {
    /// A context written as one map of YAML: `{ user: ada, attr.age: 18 }`. Beside the keys of the
    /// toggle file it may have `at`, `headers_given` and `cookies_given`.
    pub(crate) fn written(yaml: &str) -> Ctx {
        let entries: Value = serde_yaml::from_str(yaml).expect("YAML");
        let mut ctx = Ctx::new("2026-12-01T10:00:00Z");
        for (key, value) in entries.as_mapping().expect("a map") {
            match (key.as_str().expect("a text"), value) {
                ("at", Value::String(at)) => ctx.at = at.clone(),
                ("headers_given", given) => ctx.headers_given = given == &Value::Bool(true),
                ("cookies_given", given) => ctx.cookies_given = given == &Value::Bool(true),
                (key, value) => ctx = ctx.with(key, written_value(value)),
            }
        }
        ctx
    }
}

fn written_value(value: &Value) -> CtxValue {
    match value {
        Value::String(text) => CtxValue::Text(text.clone()),
        Value::Bool(boolean) => CtxValue::Bool(*boolean),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => CtxValue::Integer(integer),
            (None, Some(float)) => CtxValue::Float(float),
            (None, None) => panic!("not a number of a context: {number}"),
        },
        Value::Sequence(items) => CtxValue::List(items.iter().map(written_value).collect()),
        Value::Mapping(_) | Value::Null | Value::Tagged(_) => CtxValue::Json(value.clone()),
    }
}
