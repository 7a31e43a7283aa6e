//! Decisions worked out by hand from the format's fine print: `tests/cases/*.yaml`.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use hoist::{AttributeBuf, ContextBuf, Snapshot};
use serde_yaml::Value;

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Number(number) => number.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

fn attribute(value: &Value) -> AttributeBuf {
    match value {
        Value::String(text) => AttributeBuf::Text(text.clone()),
        Value::Bool(value) => AttributeBuf::Boolean(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => AttributeBuf::Integer(value),
            (None, Some(value)) => AttributeBuf::Unsigned(value),
            (None, None) => AttributeBuf::Float(number.as_f64().unwrap()),
        },
        other => AttributeBuf::Json(serde_json::to_value(other).unwrap()),
    }
}

fn context(case: &Value) -> ContextBuf {
    let mut ctx = ContextBuf::new();
    if case.get("headers").is_some() {
        ctx = ctx.headers_given();
    }
    if let Some(at) = case.get("at") {
        let at: jiff::Timestamp = at.as_str().unwrap().parse().unwrap();
        ctx = ctx.at(SystemTime::from(at));
    }
    let Some(given) = case.get("context") else { return ctx };
    for (key, value) in given.as_mapping().into_iter().flatten() {
        let key = key.as_str().unwrap();
        ctx = match key.split_once('.') {
            None => {
                let text = text(value);
                match key {
                    "user" => ctx.user(text.as_str()),
                    "session" => ctx.session(text),
                    "region" => ctx.region(text),
                    "tenant" => ctx.tenant(text),
                    "env" => ctx.env(text),
                    "host" => ctx.host(text),
                    "request" => ctx.request(text),
                    "ip" => ctx.ip(text.as_str()),
                    other => panic!("{other}"),
                }
            }
            Some(("header", name)) => ctx.header(name, text(value)),
            Some(("cookie", name)) => ctx.cookie(name, text(value)),
            Some(("attr", name)) => ctx.attr(name, attribute(value)),
            Some(other) => panic!("{other:?}"),
        };
    }
    ctx
}

fn failures_of(path: &Path) -> Vec<String> {
    let file: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let snap = match Snapshot::from_yaml(file["document"].as_str().unwrap()) {
        Ok(snap) => snap,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let mut failures = Vec::new();
    for (index, case) in file["cases"].as_sequence().unwrap().iter().enumerate() {
        let buf = context(case);
        let ctx = buf.as_context();
        let decision = snap.decide(case["flag"].as_str().unwrap(), &ctx);
        let expected = (
            text(&case["variant"]),
            case["reason"].as_str().unwrap().replace('-', " "),
            case.get("rule").map(text),
            case.get("no_unit").is_some_and(|mark| mark.as_bool().unwrap()),
        );
        let found = (
            decision.variant().to_owned(),
            decision.reason().as_str().to_owned(),
            decision.rule().map(str::to_owned),
            decision.no_unit(),
        );
        if found != expected {
            let explanation = snap.explain(decision.flag(), &ctx);
            failures.push(format!(
                "{name} case {index} of {case:?}:\n  expected {expected:?}\n  found    \
                 {found:?}\n{explanation}"
            ));
        }
        if let Some(value) = case.get("value") {
            let found = serde_json::to_value(decision.value().unwrap()).unwrap();
            if found != serde_json::to_value(value).unwrap() {
                failures.push(format!("{name} case {index}: {value:?} is {found}"));
            }
        }
        let explained = snap.explain(decision.flag(), &ctx);
        assert_eq!(explained.decision().to_string(), decision.to_string());
    }
    failures
}

#[test]
fn every_case_is_decided_as_the_format_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut failures = Vec::new();
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        failures.extend(failures_of(&entry.unwrap().path()));
        files += 1;
    }
    assert!(files >= 30);
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
