//! Decisions, beside those of the second evaluator.

use hoist::Snapshot;

use super::{answers, parts, text};
use crate::naive::{self, Ctx, CtxValue, instant};
use crate::translate::translated;

/// A document and a context: the engine answers what the text of the format says.
pub(crate) fn decide(input: &[u8]) {
    let parts = parts(input);
    let Some((document, given)) = parts.split_first() else { return };
    let document = text(document);
    let Ok(snap) = Snapshot::from_yaml(&document) else { return };
    let ctx = given.first().map_or_else(|| Ctx::new(AT), |given| context(&text(given)));
    let buf = translated(&ctx);
    answers::all(&snap, &buf.as_context());
    // The second evaluator knows no strategies, and each of its answers is computed anew.
    if !document.contains("strateg") {
        compare(&snap, &document, &ctx);
    }
}

const AT: &str = "2026-12-01T10:00:00Z";

fn compare(snap: &Snapshot, document: &str, ctx: &Ctx) {
    let document = document.strip_prefix('\u{feff}').unwrap_or(document);
    let tree: serde_yaml::Value = serde_yaml::from_str(document).unwrap();
    let buf = translated(ctx);
    for flag in snap.flags().chain([answers::NO_FLAG]) {
        let decision = snap.decide(flag, &buf.as_context());
        let expected = naive::decide(&tree, flag, ctx);
        let found = (
            decision.variant(),
            decision.reason().as_str().replace(' ', "-"),
            decision.rule().map(str::to_owned),
            decision.no_unit(),
        );
        let wanted = (&*expected.variant, expected.reason, expected.rule, expected.no_unit);
        let told = || format!("{}\n{ctx:?}", snap.explain(flag, &buf.as_context()));
        assert_eq!(found, wanted, "{}", told());
        let value = serde_json::to_value(decision.value()).unwrap();
        assert_eq!(value, serde_json::to_value(&expected.value).unwrap(), "{}", told());
    }
}

/// A context that is written a key to the line, with its value behind it:
///
/// ```text
/// user ada
/// attr.age 36
/// attr.groups ["admin", "beta"]
/// header.x-beta 1
/// at 2026-12-01T10:00:00Z
/// ```
///
/// A value of `attr.*` is what JSON takes it for, else a text. What is no line of a context says
/// nothing.
pub(super) fn context(written: &str) -> Ctx {
    let mut ctx = Ctx::new(AT);
    for line in written.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "headers-given" => ctx.headers_given = true,
            "cookies-given" => ctx.cookies_given = true,
            "at" if is_instant(value) => ctx.at = value.to_owned(),
            "user" => {
                let integer = value.parse::<i64>().ok().filter(|n| n.to_string() == value);
                let value = integer.map_or(CtxValue::Text(value.to_owned()), CtxValue::Integer);
                ctx = ctx.with(key, value);
            }
            "session" | "region" | "tenant" | "env" | "host" | "request" | "ip" => {
                ctx = ctx.with_text(key, value);
            }
            _ if key.starts_with("header.") || key.starts_with("cookie.") => {
                ctx = ctx.with_text(key, value);
            }
            _ if key.starts_with("attr.") => ctx = ctx.with(key, attribute(value)),
            _ => {}
        }
    }
    ctx
}

fn is_instant(text: &str) -> bool {
    instant(text).is_some() && text.parse::<jiff::Timestamp>().is_ok()
}

fn attribute(text: &str) -> CtxValue {
    use serde_json::Value as Json;
    match serde_json::from_str(text) {
        Ok(Json::String(text)) => CtxValue::Text(text),
        Ok(Json::Bool(value)) => CtxValue::Bool(value),
        Ok(Json::Number(number)) if number.is_i64() => CtxValue::Integer(number.as_i64().unwrap()),
        Ok(Json::Number(number)) if number.is_f64() => CtxValue::Float(number.as_f64().unwrap()),
        Ok(json @ (Json::Array(_) | Json::Object(_) | Json::Null | Json::Number(_))) => {
            CtxValue::Json(serde_yaml::to_value(json).unwrap())
        }
        Err(_) => CtxValue::Text(text.to_owned()),
    }
}
