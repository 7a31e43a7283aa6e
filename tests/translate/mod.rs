//! Contexts of the second evaluator, for the library.

use std::time::SystemTime;

use hoist::{AttributeBuf, ContextBuf};

use crate::naive::{Ctx, CtxValue};

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

/// A context of the second evaluator as one of the library.
pub(crate) fn translated(ctx: &Ctx) -> ContextBuf {
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
