//! The engine against a second evaluator that was written from the format's text alone, on random
//! documents and contexts; and mutations of valid documents, which must do no harm.

mod naive;

use std::collections::BTreeMap;
use std::time::SystemTime;

use hoist::{AttributeBuf, Context, ContextBuf, Snapshot, Value};
use naive::{Ctx, CtxValue};

fn json(value: &CtxValue) -> serde_json::Value {
    match value {
        CtxValue::Text(text) => text.clone().into(),
        CtxValue::Integer(value) => (*value).into(),
        CtxValue::Float(value) => (*value).into(),
        CtxValue::Bool(value) => (*value).into(),
        CtxValue::List(items) => items.iter().map(json).collect(),
        CtxValue::Json(value) => serde_json::to_value(value).unwrap(),
    }
}

fn text(value: &CtxValue) -> String {
    match value {
        CtxValue::Text(text) => text.clone(),
        CtxValue::Integer(value) => value.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

fn translated(ctx: &Ctx) -> ContextBuf {
    let at: jiff::Timestamp = ctx.at.parse().unwrap();
    let mut buf = ContextBuf::new().at(SystemTime::from(at));
    if ctx.headers_given {
        buf = buf.headers_given();
    }
    if ctx.cookies_given {
        buf = buf.cookies_given();
    }
    for (key, value) in &ctx.values {
        buf = match key.split_once('.') {
            None => match key.as_str() {
                "user" => match value {
                    CtxValue::Integer(value) => buf.user(*value),
                    other => buf.user(text(other).as_str()),
                },
                "session" => buf.session(text(value)),
                "region" => buf.region(text(value)),
                "tenant" => buf.tenant(text(value)),
                "env" => buf.env(text(value)),
                "host" => buf.host(text(value)),
                "request" => buf.request(text(value)),
                "ip" => buf.ip(text(value).as_str()),
                other => panic!("{other}"),
            },
            Some(("header", name)) => buf.header(name, text(value)),
            Some(("cookie", name)) => buf.cookie(name, text(value)),
            Some(("attr", name)) => match value {
                CtxValue::Text(text) => buf.attr(name, text.as_str()),
                CtxValue::Integer(value) => buf.attr(name, *value),
                CtxValue::Float(value) => buf.attr(name, *value),
                CtxValue::Bool(value) => buf.attr(name, *value),
                CtxValue::List(_) | CtxValue::Json(_) => {
                    buf.attr(name, AttributeBuf::Json(json(value)))
                }
            },
            Some(other) => panic!("{other:?}"),
        };
    }
    buf
}

/// The same context, borrowed as a service builds it for a request.
fn borrowed<'c>(ctx: &'c Ctx, values: &'c BTreeMap<&str, serde_json::Value>) -> Context<'c> {
    let at: jiff::Timestamp = ctx.at.parse().unwrap();
    let mut own = Context::new().at(SystemTime::from(at));
    if ctx.headers_given {
        own = own.headers(&NO_HEADERS);
    }
    if ctx.cookies_given {
        own = own.cookies("");
    }
    for (key, value) in &ctx.values {
        let text = || values[&**key].as_str().expect("a text");
        own = match key.split_once('.') {
            None => match (key.as_str(), value) {
                ("user", CtxValue::Integer(value)) => own.user(*value),
                ("user", _) => own.user(text()),
                ("session", _) => own.session(text()),
                ("region", _) => own.region(text()),
                ("tenant", _) => own.tenant(text()),
                ("env", _) => own.env(text()),
                ("host", _) => own.host(text()),
                ("request", _) => own.request(text()),
                ("ip", _) => own.ip(text()),
                other => panic!("{other:?}"),
            },
            Some(("header", name)) => own.header(name, text()),
            Some(("cookie", name)) => own.cookie(name, text()),
            Some(("attr", name)) => match value {
                CtxValue::Text(_) => own.attr(name, text()),
                CtxValue::Integer(value) => own.attr(name, *value),
                CtxValue::Float(value) => own.attr(name, *value),
                CtxValue::Bool(value) => own.attr(name, *value),
                CtxValue::List(_) | CtxValue::Json(_) => own.attr(name, &values[&**key]),
            },
            Some(other) => panic!("{other:?}"),
        };
    }
    own
}

const NO_HEADERS: [(&str, &str); 0] = [];

/// The texts of a context, and what is JSON in it, for others to borrow.
fn values(ctx: &Ctx) -> BTreeMap<&str, serde_json::Value> {
    let in_place = |key: &str, value: &CtxValue| match value {
        CtxValue::List(_) | CtxValue::Json(_) => json(value),
        CtxValue::Float(_) | CtxValue::Bool(_) => serde_json::Value::Null,
        CtxValue::Integer(_) if key.starts_with("attr.") => serde_json::Value::Null,
        value => text(value).into(),
    };
    ctx.values.iter().map(|(key, value)| (key.as_str(), in_place(key, value))).collect()
}

/// Contexts for each document: loading one costs as much as some twenty contexts.
const CONTEXTS: u64 = 40;

/// Compares all flags of a document for each of its contexts; gives the number of pairs.
fn compare(document_seed: u64) -> u64 {
    let document = naive::document(document_seed);
    let snap = match Snapshot::from_yaml(&document) {
        Ok(snap) => snap,
        Err(error) => panic!("document {document_seed} is refused: {error}\n{document}"),
    };
    let tree: serde_yaml::Value = serde_yaml::from_str(&document).unwrap();
    for n in 0..CONTEXTS {
        let ctx = naive::context(document_seed * 1_000 + n);
        let buf = translated(&ctx);
        let own = buf.as_context();
        let values = values(&ctx);
        let borrowed = borrowed(&ctx, &values);
        for flag in snap.flags().chain(["no-such-flag"]) {
            let expected = naive::decide(&tree, flag, &ctx);
            let decision = snap.decide(flag, &own);
            let found = (
                decision.variant(),
                decision.reason().as_str().replace(' ', "-"),
                decision.rule().map(str::to_owned),
                decision.no_unit(),
            );
            let wanted = (&*expected.variant, expected.reason, expected.rule, expected.no_unit);
            let explanation = snap.explain(flag, &own);
            assert_eq!(
                found, wanted,
                "document {document_seed}, context {n}, flag {flag}\n{ctx:?}\n{explanation}\n{document}"
            );
            let value = serde_json::to_value(decision.value()).unwrap();
            assert_eq!(value, serde_json::to_value(&expected.value).unwrap(), "{flag}\n{document}");
            assert_eq!(explanation.decision().to_string(), decision.to_string());
            let same = snap.decide(flag, &borrowed).to_string();
            assert_eq!(same, decision.to_string(), "{ctx:?}\n{explanation}\n{document}");
            for ctx in [&own, &borrowed] {
                assert_eq!(snap.is_enabled(flag, ctx), decision.is_enabled(), "{explanation}");
                assert!(reads_as(&snap, flag, ctx, decision.value()), "{explanation}\n{document}");
            }
        }
    }
    CONTEXTS
}

/// Whether a read that gives nothing but the value gives the one that was decided.
fn reads_as(snap: &Snapshot, flag: &str, ctx: &Context<'_>, value: Option<&Value>) -> bool {
    match value {
        Some(Value::Boolean(value)) => snap.value_or(flag, ctx, !value) == *value,
        Some(Value::Integer(value)) => snap.value_or(flag, ctx, value ^ 1) == *value,
        Some(Value::Text(value)) => snap.value_or(flag, ctx, "no such text") == &**value,
        _ => true,
    }
}

/// 10^5 pairs of document and context in all, each deciding every flag of the document, unless
/// the variable says how many documents to take: `.ci/run` takes enough for 10^6 pairs.
fn compare_half(half: u64) {
    let documents: u64 = match std::env::var("HOIST_DOCUMENTS") {
        Ok(count) => count.parse().unwrap(),
        Err(_) => 2_500,
    };
    let pairs: u64 = (0..documents).filter(|seed| seed % 2 == half).map(compare).sum();
    assert_eq!(pairs, documents / 2 * CONTEXTS);
}

#[test]
fn the_engine_and_a_naive_evaluator_agree_on_even_documents() {
    compare_half(0);
}

#[test]
fn the_engine_and_a_naive_evaluator_agree_on_odd_documents() {
    compare_half(1);
}

#[test]
fn a_mutated_document_loads_or_is_refused_with_a_place() {
    let mut refused = 0;
    for seed in 0..3_000 {
        let document = naive::document(seed % 300);
        let mutated = naive::mutate(&document, seed);
        if let Err(error) = Snapshot::from_yaml(&mutated) {
            refused += 1;
            let report = error.report().expect("a text is refused with a report");
            assert!(report.has_errors());
            let lines = mutated.split('\n').count().max(1);
            for problem in report.diagnostics() {
                assert!((1..=lines).contains(&(problem.line() as usize)), "{problem}\n{mutated}");
                assert!(problem.column() >= 1);
                assert!(!problem.message().is_empty());
            }
            assert!(report.to_string().lines().all(|line| line.chars().count() <= 200));
        }
    }
    assert!(refused > 500, "{refused}");
}
