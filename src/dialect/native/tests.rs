//! The `tests:` section: cases that a document brings along.

use std::sync::Arc;
use std::time::SystemTime;

use super::Lowering;
use super::fields::{FreeKeys, as_switch, cut, shown};
use super::keys::Keys;
use crate::context::{AttributeBuf, Builtin, ContextBuf};
use crate::ir::{Expectation, TestCase};
use crate::report::Code;
use crate::source::Spot;
use crate::tree::{Entry, Kind, Node};

impl Lowering<'_> {
    pub(super) fn test_cases(&mut self, node: &Node<'_>) -> Vec<TestCase> {
        match &node.kind {
            Kind::Null => Vec::new(),
            Kind::List(items) => items.iter().filter_map(|item| self.test_case(item)).collect(),
            Kind::Boolean(_)
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Text(..)
            | Kind::Map(_) => {
                let message = format!("`tests` is a list of cases, not {}", node.noun());
                self.error(Code::WrongType, node.id, message);
                Vec::new()
            }
        }
    }

    fn test_case(&mut self, node: &Node<'_>) -> Option<TestCase> {
        static KEYS: Keys = Keys::new(&["name", "at", "context", "expect"]);
        let before = self.problems.len();
        let fields = self.fields(node, "a test case", &KEYS, FreeKeys::Refused)?;
        for key in ["name", "expect"] {
            if !fields.has(key) {
                let message = format!("the test case lacks its `{key}`");
                self.error(Code::MissingKey, fields.start(), message);
            }
        }
        let name = fields.get("name").and_then(|node| self.text(node, "the name of a test"));
        let at = fields.get("at").and_then(|node| self.instant(node));
        let mut context = ContextBuf::new();
        if let Some(node) = fields.get("context") {
            context = self.test_context(node);
        }
        if let Some(at) = at {
            context = context.at(SystemTime::from(at));
        }
        let expect = fields.get("expect").map(|node| self.expectations(node)).unwrap_or_default();
        if self.problems.len() > before {
            return None;
        }
        Some(TestCase { name: Arc::from(name?), context, expect })
    }

    fn expectations(&mut self, node: &Node<'_>) -> Vec<Expectation> {
        let mut expect = Vec::new();
        let Some(entries) = node.map() else {
            let message = format!("`expect` is a map of flags to variants, not {}", node.noun());
            self.error(Code::WrongType, node.id, message);
            return expect;
        };
        if entries.is_empty() {
            self.error(Code::EmptyValue, node.id, "`expect` is empty");
        }
        for entry in entries {
            if matches!(entry.value.kind, Kind::Null) {
                self.null(entry);
            } else if let Some(variant) = self.variant_word(&entry.value) {
                expect.push(Expectation {
                    flag: Arc::from(&*entry.key.text),
                    flag_spot: Spot::Node(entry.key.id),
                    variant,
                    variant_spot: Spot::Node(entry.value.id),
                });
            }
        }
        expect
    }

    fn test_context(&mut self, node: &Node<'_>) -> ContextBuf {
        let mut context = ContextBuf::new();
        let Some(entries) = node.map() else {
            let message = format!("`context` is a map, not {}", node.noun());
            self.error(Code::WrongType, node.id, message);
            return context;
        };
        for entry in entries {
            if matches!(entry.value.kind, Kind::Null) {
                self.null(entry);
                continue;
            }
            context = self.with_context_entry(context, entry);
        }
        context
    }

    fn with_context_entry(&mut self, context: ContextBuf, entry: &Entry<'_>) -> ContextBuf {
        let key = &*entry.key.text;
        if let Some(builtin) = Builtin::of_name(key) {
            return match self.context_text(entry) {
                Some(text) => context.with_text(builtin, &text),
                None => context,
            };
        }
        if key == "ip" {
            return match self.context_text(entry) {
                Some(text) => context.ip(text.as_str()),
                None => context,
            };
        }
        match key.split_once('.') {
            Some(("header", name)) if !name.is_empty() => match self.context_text(entry) {
                Some(text) => context.header(name, text),
                None => context,
            },
            Some(("cookie", name)) if !name.is_empty() => match self.context_text(entry) {
                Some(text) => context.cookie(name, text),
                None => context,
            },
            Some(("attr", name)) => {
                if self.declared(name, entry.key.id).is_none() {
                    return context;
                }
                match self.json(&entry.value) {
                    Some(json) => context.attr(name, attribute_of(json)),
                    None => context,
                }
            }
            _ => {
                let message = format!("unknown key `{}` in a context", cut(key));
                let names = Builtin::ALL.map(Builtin::name).into_iter().chain(["ip"]);
                let meant = crate::report::nearest(key, names);
                let mut complaint = self.error(Code::UnknownKey, entry.key.id, message);
                match meant {
                    Some(meant) => complaint.help(format!("did you mean `{meant}`?")),
                    None => complaint.help("own attributes are written `attr.NAME`"),
                }
                context
            }
        }
    }

    fn context_text(&mut self, entry: &Entry<'_>) -> Option<String> {
        let node = &entry.value;
        match &node.kind {
            Kind::Text(text, _) => Some(text.to_string()),
            Kind::Integer(value) => Some(value.to_string()),
            Kind::Boolean(_) | Kind::Float(_) | Kind::Null | Kind::List(_) | Kind::Map(_) => {
                let message = format!("`{}` is a text, not {}", cut(&entry.key.text), shown(node));
                let mut complaint = self.error(Code::Quote, node.id, message);
                if as_switch(node).is_some() || matches!(node.kind, Kind::Float(_)) {
                    complaint.help("quote it");
                }
                None
            }
        }
    }
}

/// A JSON value as the attribute that a program would have given.
pub(crate) fn attribute_of(json: serde_json::Value) -> AttributeBuf {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => AttributeBuf::Text(text),
        Json::Bool(value) => AttributeBuf::Boolean(value),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => AttributeBuf::Integer(value),
            (None, Some(value), _) => AttributeBuf::Unsigned(value),
            (None, None, Some(value)) => AttributeBuf::Float(value),
            (None, None, None) => AttributeBuf::Json(Json::Number(number)),
        },
        json @ (Json::Null | Json::Array(_) | Json::Object(_)) => AttributeBuf::Json(json),
    }
}
