//! Cedar, a policy engine and no flag engine: a rule is a policy that permits to ask for a flag,
//! users in a list are members of a group in the entities. It has no percentages, no variants,
//! and no policy that asks for another's answer.
//!
//! Timed: `Authorizer::is_authorized`. Its request names the flag, so that making one for each
//! decision is timed too; who asks, and the record of what is known of them, is made beforehand.

use std::collections::HashMap;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request as Asked, RestrictedExpression,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rival, Why};
use crate::logic::{Flag, Op, Rule, Serve, When};
use crate::workloads::{Known, Request};

pub(super) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    action: EntityUid,
    flags: HashMap<String, EntityUid>,
}

#[derive(Deserialize)]
struct Document {
    policies: String,
    entities: Value,
    flags: Vec<String>,
}

/// A condition as an expression; users in a list become a group.
fn expression(when: &When, groups: &mut Vec<Value>) -> String {
    let mut list = |all: &[When], by: &str, empty: &str| match all {
        [] => empty.to_owned(),
        all => {
            let all: Vec<String> = all.iter().map(|when| expression(when, groups)).collect();
            format!("({})", all.join(by))
        }
    };
    let test = match when {
        When::All(all) => return list(all, " && ", "true"),
        When::Any(any) => return list(any, " || ", "false"),
        When::Is(test) => test,
    };
    let known = format!("context[{:?}]", test.attribute);
    let holds = match &test.op {
        Op::OneOf(users) if test.attribute == "user" => {
            let group = format!("group-{}", groups.len());
            let parents = json!([{ "type": "Group", "id": group }]);
            groups.extend(users.iter().map(|user| {
                json!({ "uid": { "type": "User", "id": user }, "attrs": {}, "parents": parents })
            }));
            format!("principal in Group::{group:?}")
        }
        Op::OneOf(values) => format!("{:?}.contains({known})", &**values),
        Op::StartsWith(prefix) => format!("{known} like {:?}", format!("{prefix}*")),
        Op::EndsWith(suffix) => format!("{known} like {:?}", format!("*{suffix}")),
        Op::AtLeast(least) => format!("{known} >= {least}"),
    };
    let holds = format!("(context has {:?} && {holds})", test.attribute);
    if test.negated { format!("!{holds}") } else { holds }
}

/// The rules that serve off are what the policies behind them except.
fn policies(flag: &Flag, groups: &mut Vec<Value>) -> Result<String, Why> {
    if !flag.requires.is_empty() {
        return Err("no prerequisites in its language".to_owned());
    }
    let everyone = Rule { when: When::All(Vec::new()), serve: flag.rest };
    let mut text = String::new();
    let mut off: Vec<String> = Vec::new();
    for Rule { when, serve } in flag.rules.iter().chain([&everyone]) {
        match serve {
            Serve::Off => off.push(expression(when, groups)),
            Serve::On => {
                let when = expression(when, groups);
                let except = off.iter().map(|off| format!(" unless {{ {off} }}"));
                text += &format!(
                    "permit (principal, action == Action::\"ask\", resource == Flag::{:?}) \
                     when {{ {when} }}{};\n",
                    flag.name,
                    except.collect::<String>()
                );
            }
            Serve::Share(_) => return Err("no percentages in its language".to_owned()),
            Serve::Split(_) => return Err("no variants in its language".to_owned()),
        }
    }
    Ok(text)
}

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind = EntityTypeName::from_str(kind).unwrap();
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

impl Rival for Cedar {
    const NAME: &'static str = "cedar-policy";
    const CRATE: &'static str = "cedar-policy";
    const TIMED: &'static str = "Authorizer::is_authorized, with Request::new";
    type Context = (EntityUid, Context);

    fn write(flags: &[Flag]) -> Result<String, Why> {
        let mut groups = Vec::new();
        let texts = flags.iter().map(|flag| policies(flag, &mut groups));
        let text = texts.collect::<Result<String, Why>>()?;
        let names: Vec<&str> = flags.iter().map(|flag| flag.name.as_str()).collect();
        Ok(json!({ "policies": text, "entities": groups, "flags": names }).to_string())
    }

    fn load(document: &str) -> Cedar {
        let document: Document = serde_json::from_str(document).unwrap();
        let flag = |name: String| {
            let flag = uid("Flag", &name);
            (name, flag)
        };
        Cedar {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(&document.policies).unwrap(),
            entities: Entities::from_json_value(document.entities, None).unwrap(),
            action: uid("Action", "ask"),
            flags: document.flags.into_iter().map(flag).collect(),
        }
    }

    fn count(&self) -> usize {
        self.flags.len()
    }

    fn context(&self, request: &Request) -> (EntityUid, Context) {
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let attributes = request.attributes.iter().map(|(name, value)| {
            let value = match value {
                Known::Text(value) => text(value),
                Known::Integer(value) => RestrictedExpression::new_long(*value),
            };
            ((*name).to_owned(), value)
        });
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value)));
        let named = [("user", request.user.as_str()), ("region", request.region)];
        let named = named.map(|(name, value)| (name.to_owned(), text(value)));
        let context = Context::from_pairs(attributes.chain(headers).chain(named)).unwrap();
        (uid("User", &request.user), context)
    }

    fn is_on(&self, flag: &str, (user, context): &(EntityUid, Context)) -> bool {
        let flag = self.flags[flag].clone();
        let asked = Asked::new(user.clone(), self.action.clone(), flag, context.clone(), None);
        let answer = self.authorizer.is_authorized(&asked.unwrap(), &self.policies, &self.entities);
        answer.decision() == Decision::Allow
    }

    fn arm(&self, _: &str, _: &(EntityUid, Context)) -> i64 {
        unreachable!("a split is refused above")
    }
}
