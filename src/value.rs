//! The values that variants have.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The type of a flag's values.
///
/// # Examples
///
/// ```
/// let snap = hoist::Snapshot::from_yaml("version: 1\nflags: { size: { default: { value: 20 } } }")?;
/// let value = snap.decide("size", &hoist::Context::new()).value().unwrap().clone();
/// assert_eq!(value.value_type(), hoist::ValueType::Integer);
/// assert_eq!(value.value_type().to_string(), "integer");
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits with a sign.
    Integer,
    /// A finite number of 64 bits.
    Float,
    /// UTF-8 text.
    Text,
    /// A map or a list, as JSON.
    Json,
}

impl ValueType {
    /// The word for the type in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            ValueType::Boolean => "boolean",
            ValueType::Integer => "integer",
            ValueType::Float => "float",
            ValueType::Text => "text",
            ValueType::Json => "json",
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The value of a variant.
///
/// # Examples
///
/// ```
/// let snap = hoist::Snapshot::from_yaml("
/// version: 1
/// flags:
///   colour: { variants: { a: grey, b: \"#0a0\" }, default: b }
/// ")?;
/// let decision = snap.decide("colour", &hoist::Context::new());
/// assert_eq!(decision.value().and_then(hoist::Value::as_text), Some("#0a0"));
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// A text.
    Text(Arc<str>),
    /// A map or a list.
    Json(Arc<serde_json::Value>),
}

impl Value {
    /// The type of the value.
    pub fn value_type(&self) -> ValueType {
        match self {
            Value::Boolean(_) => ValueType::Boolean,
            Value::Integer(_) => ValueType::Integer,
            Value::Float(_) => ValueType::Float,
            Value::Text(_) => ValueType::Text,
            Value::Json(_) => ValueType::Json,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Boolean(value) = self { Some(*value) } else { None }
    }

    /// The value of an integer.
    pub fn as_integer(&self) -> Option<i64> {
        if let Value::Integer(value) = self { Some(*value) } else { None }
    }

    /// The value of a float. An integer is not one.
    pub fn as_float(&self) -> Option<f64> {
        if let Value::Float(value) = self { Some(*value) } else { None }
    }

    /// The value of a text.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(value) = self { Some(value) } else { None }
    }

    /// The value of a map or a list.
    pub fn as_json(&self) -> Option<&serde_json::Value> {
        if let Value::Json(value) = self { Some(value) } else { None }
    }
}

/// As JSON writes it; a text without quotes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(value) => f.write_str(value),
            Value::Json(value) => write!(f, "{value}"),
        }
    }
}
