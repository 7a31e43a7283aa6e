use std::collections::BTreeMap;

use serde_yaml::Value;

/// What is known of one request, by the keys of the toggle file: `user`, `session`, `region`,
/// `tenant`, `env`, `host`, `request`, `ip`, `header.x-a`, `cookie.b`, `attr.plan`.
///
/// Built-in attributes, headers and cookies are texts; `user` may be an integer too. A cookie is
/// its raw value, before any decoding.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ctx {
    pub(crate) values: BTreeMap<String, CtxValue>,
    /// The request's headers were given, perhaps none; any `header.*` says so too.
    pub(crate) headers_given: bool,
    /// The request's cookies were given; headers that were given and any `cookie.*` say so too.
    pub(crate) cookies_given: bool,
    /// The instant of the decision, as RFC 3339.
    pub(crate) at: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CtxValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<CtxValue>),
    /// A map; a scalar or a list in it means what the plain value means.
    Json(Value),
}

/// What the context answers to a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    Given(CtxValue),
    /// Not given: nobody knows.
    NotGiven,
    /// A header or a cookie that the request, whose headers are known, does not have.
    Absent,
}

use Found::{Absent, Given, NotGiven};

impl Ctx {
    pub(crate) fn new(at: &str) -> Ctx {
        Ctx { at: at.to_owned(), ..Ctx::default() }
    }

    pub(crate) fn with(mut self, key: &str, value: CtxValue) -> Ctx {
        self.values.insert(key.to_owned(), value);
        self
    }

    pub(crate) fn with_text(self, key: &str, text: &str) -> Ctx {
        self.with(key, CtxValue::Text(text.to_owned()))
    }

    /// Looks up a key as it stands in the toggle file.
    pub(crate) fn find(&self, key: &str) -> Found {
        if let Some(name) = key.strip_prefix("header.") {
            self.find_header(name)
        } else if key.starts_with("cookie.") {
            self.find_cookie(key)
        } else if let Some(path) = key.strip_prefix("attr.") {
            self.find_attribute(path)
        } else {
            self.find_built_in(key)
        }
    }

    fn find_built_in(&self, key: &str) -> Found {
        match self.values.get(key) {
            Some(CtxValue::Text(text)) if !text.is_empty() => Given(CtxValue::Text(text.clone())),
            Some(CtxValue::Integer(integer)) => Given(CtxValue::Text(integer.to_string())),
            _ => NotGiven,
        }
    }

    /// Names ignore case and the first instance counts.
    fn find_header(&self, name: &str) -> Found {
        let mut any_header = self.headers_given;
        for (key, value) in &self.values {
            if let Some(other) = key.strip_prefix("header.") {
                any_header = true;
                if other.eq_ignore_ascii_case(name) {
                    return Given(value.clone());
                }
            }
        }
        if any_header { Absent } else { NotGiven }
    }

    fn find_cookie(&self, key: &str) -> Found {
        if let Some(value) = self.values.get(key) {
            return Given(value.clone());
        }
        let known = self.headers_given
            || self.cookies_given
            || self.values.keys().any(|key| key.starts_with("header."))
            || self.values.keys().any(|key| key.starts_with("cookie."));
        if known { Absent } else { NotGiven }
    }

    /// The attribute of that exact name, else a path into the json of the longest name that is
    /// there.
    fn find_attribute(&self, path: &str) -> Found {
        if let Some(value) = self.attribute(path) {
            return found(Some(value));
        }
        let mut name = path;
        while let Some((shorter, _)) = name.rsplit_once('.') {
            name = shorter;
            if let Some(value) = self.attribute(name) {
                let inside = &path[name.len() + 1..];
                return found(follow(value, inside));
            }
        }
        NotGiven
    }

    fn attribute(&self, name: &str) -> Option<CtxValue> {
        self.values.get(&format!("attr.{name}")).cloned()
    }
}

/// Walks into json, one key for each part of the path.
fn follow(value: CtxValue, path: &str) -> Option<CtxValue> {
    let CtxValue::Json(mut json) = value else {
        return None;
    };
    for key in path.split('.') {
        json = json.as_mapping()?.get(key)?.clone();
    }
    Some(CtxValue::Json(json))
}

fn found(value: Option<CtxValue>) -> Found {
    match value.and_then(plain) {
        Some(value) => Given(value),
        None => NotGiven,
    }
}

/// Turns json that is no map into the plain value it means; null is none.
fn plain(value: CtxValue) -> Option<CtxValue> {
    let CtxValue::Json(json) = value else {
        return Some(value);
    };
    Some(match json {
        Value::Null => return None,
        Value::Bool(boolean) => CtxValue::Bool(boolean),
        Value::String(text) => CtxValue::Text(text),
        Value::Number(ref number) => match number.as_i64() {
            Some(integer) => CtxValue::Integer(integer),
            None => CtxValue::Float(number.as_f64()?),
        },
        Value::Sequence(items) => {
            let element = |item: Value| plain(CtxValue::Json(item));
            let unreadable = CtxValue::Json(Value::Null);
            let elements =
                items.into_iter().map(|item| element(item).unwrap_or(unreadable.clone()));
            CtxValue::List(elements.collect())
        }
        Value::Mapping(_) | Value::Tagged(_) => CtxValue::Json(json),
    })
}
