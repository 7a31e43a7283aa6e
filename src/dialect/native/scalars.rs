//! Shares, ramps, instants, dates, units and values.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Lowering;
use super::fields::{as_switch, cut, shown};
use crate::bucket::{Share, ShareError};
use crate::context::Builtin;
use crate::ir::{Declared, Ramp, UnitName};
use crate::literal::instant;
use crate::report::Code;
use crate::tree::{Entry, Kind, Node, Style};
use crate::value::Value;

impl Lowering<'_> {
    /// A percentage with its sign.
    pub(super) fn share(&mut self, node: &Node<'_>) -> Option<Share> {
        match &node.kind {
            Kind::Text(text, _) => match Share::parse(text) {
                Ok(share) => Some(share),
                Err(error) => {
                    let message = format!("`{}` is not a share: {error}", cut(text));
                    let mut complaint = self.error(Code::Percentage, node.id, message);
                    let close: String = text.split_whitespace().collect();
                    if let ShareError::MissingSign = error {
                        complaint.help(format!("write `{}%` for a share of units", cut(text)));
                    } else if Share::parse(&close).is_ok() {
                        complaint.help(format!("write `{close}`"));
                    }
                    None
                }
            },
            Kind::Integer(value) => {
                let message = format!("`{value}` could be a percentage or a weight");
                self.error(Code::Percentage, node.id, message).help(format!(
                    "write `{value}%` for a share of units; weights stand under `serve:`"
                ));
                None
            }
            Kind::Float(value) => {
                let message = format!("`{value}` could be a percentage or a fraction");
                let mut complaint = self.error(Code::Percentage, node.id, message);
                match (0.0..=1.0).contains(value) {
                    true => complaint.help(format!("write `{value}%` or `{}%`", value * 100.0)),
                    false => complaint.help(format!("write `{value}%` for a share of units")),
                }
                None
            }
            Kind::Null | Kind::Boolean(_) | Kind::List(_) | Kind::Map(_) => {
                let message = format!("a share is a percentage as `5%`, not {}", shown(node));
                self.error(Code::Percentage, node.id, message);
                None
            }
        }
    }

    /// A map from instants to shares.
    pub(super) fn ramp(
        &mut self,
        node: &Node<'_>,
        entries: &[Entry<'_>],
        hold: Option<Share>,
    ) -> Option<Ramp> {
        if entries.is_empty() {
            self.error(Code::EmptyValue, node.id, "the ramp is empty");
            return None;
        }
        let mut steps = BTreeMap::new();
        let mut whole = true;
        for entry in entries {
            let Some(at) = instant::parse_instant(&entry.key.text) else {
                self.bad_instant(&entry.key.text, entry.key.id);
                whole = false;
                continue;
            };
            if matches!(entry.value.kind, Kind::Null) {
                self.null(entry);
                whole = false;
                continue;
            }
            let Some(share) = self.share(&entry.value) else {
                whole = false;
                continue;
            };
            if steps.insert(at, (share, entry.value.id)).is_some() {
                let message = format!("the ramp has the instant {} twice", entry.key.text);
                self.error(Code::Ramp, entry.key.id, message);
                whole = false;
            }
        }
        let mut before = Share::NONE;
        for (share, at) in steps.values() {
            if *share < before {
                let message = format!("the ramp falls from {before} to {share}");
                self.error(Code::Ramp, *at, message)
                    .help("a ramp only adds people: use `hold:` to cap it, or a rule's `until:`");
                whole = false;
            }
            before = *share;
        }
        let cap = |share: Share| hold.map_or(share, |hold| share.min(hold));
        let steps = steps.into_iter().map(|(at, (share, _))| (at, cap(share))).collect();
        whole.then_some(Ramp { steps, hold })
    }

    pub(super) fn instant(&mut self, node: &Node<'_>) -> Option<Timestamp> {
        let text = node.text();
        let at = text.and_then(instant::parse_instant);
        if at.is_none() {
            match text {
                Some(text) => self.bad_instant(text, node.id),
                None => {
                    let message = format!("an instant is a text, not {}", shown(node));
                    self.error(Code::Instant, node.id, message);
                }
            }
        }
        at
    }

    fn bad_instant(&mut self, text: &str, at: crate::tree::NodeId) {
        let message = format!("`{}` is not an instant", cut(text));
        let mut complaint = self.error(Code::Instant, at, message);
        match instant::parse_date(text) {
            Some(_) => complaint.help(format!("say the time too: `{text}T00:00:00Z`")),
            None => complaint.help("as RFC 3339 writes it: `2026-12-01T09:00:00Z`, with an offset"),
        }
    }

    pub(super) fn date(&mut self, node: &Node<'_>) -> Option<Date> {
        let date = node.text().and_then(instant::parse_date);
        if date.is_none() {
            let message = format!("{} is not a date", shown(node));
            self.error(Code::Date, node.id, message).help("as `2026-12-01`, without a time");
        }
        date
    }

    /// `by:`, one name or a list.
    pub(super) fn units(&mut self, node: &Node<'_>) -> Option<Arc<[UnitName]>> {
        let items = self.one_or_more(node, "`by`")?;
        let units: Vec<UnitName> = items.iter().filter_map(|item| self.unit(item)).collect();
        (units.len() == items.len()).then(|| units.into())
    }

    fn unit(&mut self, node: &Node<'_>) -> Option<UnitName> {
        let text = self.text(node, "a unit")?;
        if let Some(name) = text.strip_prefix("attr.") {
            self.declared(name, node.id)?;
            return Some(UnitName::Attribute(Arc::from(name)));
        }
        match Builtin::of_name(text) {
            Some(
                builtin @ (Builtin::User | Builtin::Session | Builtin::Tenant | Builtin::Request),
            ) => Some(UnitName::Builtin(builtin)),
            Some(Builtin::Region | Builtin::Env | Builtin::Host) | None => {
                self.error(Code::Unit, node.id, format!("`{}` cannot be bucketed", cut(text)))
                    .help("`by` takes user, session, tenant, request or attr.NAME");
                None
            }
        }
    }

    /// The declared type of an attribute; `None` where it is unknown, which is complained about.
    pub(super) fn declared(&mut self, name: &str, at: crate::tree::NodeId) -> Option<Declared> {
        if !self.check_name(name, at, "an attribute") {
            return None;
        }
        let Some(attributes) = &self.attributes else {
            return Some(Declared::Any);
        };
        if let Some(declared) = attributes.get(name) {
            return Some(declared.clone().unwrap_or(Declared::Any));
        }
        let reaches_into_json = name
            .match_indices('.')
            .filter_map(|(at, _)| name.get(..at))
            .any(|prefix| matches!(attributes.get(prefix), Some(None)));
        if reaches_into_json {
            return Some(Declared::Any);
        }
        let known = attributes.keys().map(|name| &**name);
        let meant = self.suggestions.nearest(name, known);
        let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
        let message = format!("the attribute `{}` is not declared in `attributes`", cut(name));
        let mut complaint = self.error(Code::UnknownAttribute, at, message);
        if let Some(meant) = meant {
            complaint.help(meant);
        }
        None
    }

    /// The value of a variant.
    pub(super) fn value(&mut self, node: &Node<'_>) -> Option<Value> {
        match &node.kind {
            Kind::Null => {
                self.error(Code::NullValue, node.id, "null is not a value");
                None
            }
            Kind::Boolean(value) => Some(Value::Boolean(*value)),
            Kind::Integer(value) => match i64::try_from(value.get()) {
                Ok(value) => Some(Value::Integer(value)),
                Err(_) => {
                    let message = format!("`{value}` does not fit 64 bits with a sign");
                    self.error(Code::Integer, node.id, message);
                    None
                }
            },
            Kind::Float(value) => Some(Value::Float(*value)),
            Kind::Text(text, Style::Plain) if as_switch(node).is_some() => {
                let boolean = *text == "on";
                self.error(Code::Quote, node.id, format!("`{text}` could be a text or a boolean"))
                    .help(format!("quote it, or write `{boolean}`"));
                None
            }
            Kind::Text(text, _) => Some(Value::Text(Arc::from(&**text))),
            Kind::List(_) | Kind::Map(_) => self.json(node).map(|json| Value::Json(Arc::new(json))),
        }
    }

    pub(super) fn json(&mut self, node: &Node<'_>) -> Option<serde_json::Value> {
        use serde_json::Value as Json;
        match &node.kind {
            Kind::Null => Some(Json::Null),
            Kind::Boolean(value) => Some(Json::Bool(*value)),
            Kind::Integer(value) => {
                let number = i64::try_from(value.get()).map(Json::from);
                let number = number.or_else(|_| u64::try_from(value.get()).map(Json::from)).ok();
                if number.is_none() {
                    let message = format!("`{value}` does not fit 64 bits");
                    self.error(Code::Integer, node.id, message);
                }
                number
            }
            Kind::Float(value) => Some(Json::from(*value)),
            Kind::Text(text, _) => Some(Json::from(&**text)),
            Kind::List(items) => items.iter().map(|item| self.json(item)).collect(),
            Kind::Map(entries) => {
                let mut map = serde_json::Map::new();
                for entry in entries {
                    let value = self.json(&entry.value)?;
                    map.insert(entry.key.text.to_string(), value);
                }
                Some(Json::Object(map))
            }
        }
    }
}
