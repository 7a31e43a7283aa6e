//! Conditions and tests, each a truth value of three.

use std::net::IpAddr;

use serde_yaml::{Mapping, Value};

use super::bucket::{self, Purpose, bucket};
use super::context::{CtxValue, Found};
use super::eval::{Evaluation, items, text_of, truthy, variant_name};
use super::formats::{Num, Version, address, address_within, found, instant, version_passes};
use super::truth::Truth::{self, False, Unknown};

/// A longer text is unknown to `matches`.
const LONGEST_FOR_MATCHES: usize = 256;
/// A longer text is unknown to every other test but equality.
const LONGEST_FOR_TESTS: usize = 4096;

/// What kind of value a key holds, by its nature or by its declaration.
enum Kind {
    /// Built-in attributes, headers, cookies, and attributes declared `text`.
    Text,
    Address,
    Integer,
    Number,
    Boolean,
    Version,
    Instant,
    OneOf(Vec<String>),
    /// An attribute without a declaration, or declared `json`, or a path into one.
    Untyped,
}

impl Evaluation<'_> {
    /// A condition; `segment` is the segment it is written in, if any.
    pub(crate) fn condition(&self, condition: &Value, segment: Option<&str>) -> Truth {
        match condition {
            Value::String(word) if word == "everyone" => self.note("everyone", Truth::True),
            Value::Mapping(entries) => Truth::all(
                entries
                    .iter()
                    .map(|(key, expected)| (text_of(key), expected))
                    .filter(|(key, _)| !key.starts_with("x-"))
                    .map(|(key, expected)| self.entry(&key, expected, segment)),
            ),
            other => panic!("not a condition: {other:?}"),
        }
    }

    /// One key of a condition.
    fn entry(&self, key: &str, expected: &Value, segment: Option<&str>) -> Truth {
        let each = || items(expected).iter().map(|item| self.condition(item, segment));
        match key {
            "all" => self.note("all", Truth::all(each())),
            "any" => self.note("any", Truth::any(each())),
            "not" => self.note("not", self.condition(expected, segment).negated()),
            "segment" => {
                let names = items(expected).iter().map(text_of);
                self.note("segment", Truth::any(names.map(|name| self.segment(&name))))
            }
            "rollout" => {
                let segment = segment.expect("a rollout among conditions is in a segment");
                self.note("segment rollout", self.segment_rollout(segment, expected))
            }
            _ => match key.strip_prefix("flag.") {
                Some(flag) => self.note("flag", Truth::of(self.serves_one_of(flag, expected))),
                None => self.subject(key, expected),
            },
        }
    }

    fn segment(&self, name: &str) -> Truth {
        let condition = self.document.get("segments").and_then(|segments| segments.get(name));
        self.condition(condition.expect("a segment of the document"), Some(name))
    }

    /// Always definite: without a unit it is false, but for the 100 % that are everyone.
    fn segment_rollout(&self, segment: &str, share: &Value) -> Truth {
        let share = self.percentage(share);
        Truth::of(match self.unit(&[]) {
            _ if share == bucket::ALL => true,
            None => false,
            Some(unit) => bucket(Purpose::SegmentRollout, segment, &unit) < share,
        })
    }

    /// True if the flag serves one of the variants to this context, whatever the reason.
    pub(crate) fn serves_one_of(&self, flag: &str, variants: &Value) -> bool {
        let served = self.decide(flag).variant;
        let boolean = self.is_boolean(flag);
        items(variants).iter().any(|variant| variant_name(variant, boolean) == served)
    }

    /// What the context has under a key, against a bare value, a list of them, or a map of tests.
    fn subject(&self, key: &str, expected: &Value) -> Truth {
        let mut tests = match expected {
            Value::Mapping(tests) => tests.clone(),
            bare => Mapping::from_iter([(Value::from("is"), bare.clone())]),
        };
        let ignore_case = tests.remove("ignore_case").is_some_and(|value| truthy(&value));
        if ignore_case {
            self.note("ignore_case", Truth::True);
        }
        let exists = tests.remove("exists");
        let value = self.ctx.find(key);
        let mut truth = Truth::True;
        if let Some(expected) = exists {
            let given = matches!(value, Found::Given(_));
            truth = self.note("exists", Truth::of(given == truthy(&expected)));
        }
        if !tests.is_empty() {
            truth = truth.and(self.tests(key, &value, &tests, ignore_case));
        }
        self.note(key.split('.').next().unwrap_or(key), truth)
    }

    /// The tests of one map but `exists`.
    fn tests(&self, key: &str, value: &Found, tests: &Mapping, ignore_case: bool) -> Truth {
        let kind = self.kind(key);
        let pass = |value: &CtxValue| {
            Truth::all(tests.iter().map(|(name, operand)| {
                let name = text_of(name);
                let truth = test(&kind, value, &name, operand, ignore_case);
                self.note(&format!("test {name}"), truth)
            }))
        };
        match value {
            Found::NotGiven => Unknown,
            Found::Absent => self.note("absent header or cookie", False),
            // One element passes all the tests.
            Found::Given(CtxValue::List(elements)) => {
                self.note("list attribute", Truth::any(elements.iter().map(pass)))
            }
            Found::Given(CtxValue::Text(raw)) if key.starts_with("cookie.") => {
                let truth = pass(&CtxValue::Text(raw.clone()));
                if truth == Truth::True || !raw.contains('%') {
                    return truth;
                }
                let decoded = match percent_decoded(raw) {
                    Some(decoded) => pass(&CtxValue::Text(decoded)),
                    None => Unknown,
                };
                self.note("decoded cookie", decoded)
            }
            Found::Given(value) => pass(value),
        }
    }

    /// The kind of a key's value. A path into json that has no declaration of its own is untyped.
    fn kind(&self, key: &str) -> Kind {
        let Some(attribute) = key.strip_prefix("attr.") else {
            return if key == "ip" { Kind::Address } else { Kind::Text };
        };
        match self.document.get("attributes").and_then(|declared| declared.get(attribute)) {
            None => Kind::Untyped,
            Some(Value::Sequence(allowed)) => Kind::OneOf(allowed.iter().map(text_of).collect()),
            Some(name) => match text_of(name).as_str() {
                "text" => Kind::Text,
                "integer" => Kind::Integer,
                "number" => Kind::Number,
                "boolean" => Kind::Boolean,
                "version" => Kind::Version,
                "instant" => Kind::Instant,
                "json" => Kind::Untyped,
                other => panic!("not a type of attributes: {other}"),
            },
        }
    }
}

/// One test of one value that is no list.
fn test(kind: &Kind, value: &CtxValue, name: &str, operand: &Value, ignore_case: bool) -> Truth {
    if !has_kind(kind, value) {
        return Unknown;
    }
    let any = |judge: &dyn Fn(&Value) -> Truth| Truth::any(items(operand).iter().map(judge));
    match name {
        "is" | "in" => any(&|literal| equals(kind, value, literal, ignore_case)),
        "starts_with" => {
            any(&|part| text_test(value, part, ignore_case, |text, part| text.starts_with(part)))
        }
        "ends_with" => {
            any(&|part| text_test(value, part, ignore_case, |text, part| text.ends_with(part)))
        }
        "contains" => {
            any(&|part| text_test(value, part, ignore_case, |text, part| text.contains(part)))
        }
        "matches" => any(&|pattern| match value {
            CtxValue::Text(text) if text.len() <= LONGEST_FOR_MATCHES => {
                Truth::of(found(&text_of(pattern), ignore_case, text))
            }
            _ => Unknown,
        }),
        "version" => any(&|comparators| {
            let version = short_text(value).and_then(|text| Version::of_text(&text));
            Truth::of_option(version.map(|version| version_passes(&version, &text_of(comparators))))
        }),
        "after" | "before" => {
            let operand = instant(&text_of(operand)).expect("an instant");
            let instant = short_text(value).and_then(|text| instant(&text));
            Truth::of_option(instant.map(|instant| match name {
                "after" => instant >= operand,
                _ => instant < operand,
            }))
        }
        "gt" | "gte" | "lt" | "lte" => {
            let operand = Num::of_yaml(operand).expect("a number");
            let number = match value {
                CtxValue::Text(_) => short_text(value).and_then(|text| Num::of_text(&text)),
                _ => number(value),
            };
            Truth::of_option(number.map(|number| {
                let order = number.compare(operand);
                match name {
                    "gt" => order.is_gt(),
                    "gte" => order.is_ge(),
                    "lt" => order.is_lt(),
                    _ => order.is_le(),
                }
            }))
        }
        other => panic!("not a test: {other}"),
    }
}

/// Whether a value is of the declared kind; what is not is unknown to every test.
fn has_kind(kind: &Kind, value: &CtxValue) -> bool {
    match (kind, value) {
        (_, CtxValue::List(_) | CtxValue::Json(_)) => false,
        (Kind::Untyped, _) => true,
        (Kind::Boolean, CtxValue::Bool(_)) => true,
        (Kind::Number, CtxValue::Float(_)) => true,
        (Kind::Integer | Kind::Number, CtxValue::Integer(_)) => true,
        (Kind::Integer, CtxValue::Text(text)) => {
            matches!(Num::of_text(text), Some(Num::Integer(_)))
        }
        (Kind::Number, CtxValue::Text(text)) => Num::of_text(text).is_some(),
        (Kind::Version, CtxValue::Text(text)) => Version::of_text(text).is_some(),
        (Kind::Instant, CtxValue::Text(text)) => instant(text).is_some(),
        (Kind::OneOf(allowed), CtxValue::Text(text)) => allowed.contains(text),
        (Kind::Text, CtxValue::Text(_)) => true,
        (Kind::Address, CtxValue::Text(text)) => address(text).is_some(),
        _ => false,
    }
}

fn equals(kind: &Kind, value: &CtxValue, literal: &Value, ignore_case: bool) -> Truth {
    if let Kind::Address = kind {
        let address: Option<IpAddr> = match value {
            CtxValue::Text(text) => address(text),
            _ => None,
        };
        let within = |address| address_within(address, &text_of(literal));
        return Truth::of_option(address.map(within));
    }
    // In a text position an integer means its decimal text; elsewhere it is a number.
    let typed = matches!(kind, Kind::Untyped | Kind::Integer | Kind::Number | Kind::Boolean);
    match (literal, value) {
        (Value::Bool(literal), CtxValue::Bool(value)) => Truth::of(literal == value),
        (Value::Number(_), value) if typed => {
            let literal = Num::of_yaml(literal).expect("a finite number");
            Truth::of_option(number(value).map(|number| number.compare(literal).is_eq()))
        }
        (Value::String(_) | Value::Number(_), CtxValue::Text(text)) => {
            let literal = text_of(literal);
            Truth::of(*text == literal || (ignore_case && text.eq_ignore_ascii_case(&literal)))
        }
        _ => Unknown,
    }
}

/// A number, or a text that is one in full.
fn number(value: &CtxValue) -> Option<Num> {
    match value {
        CtxValue::Integer(integer) => Some(Num::Integer(i128::from(*integer))),
        CtxValue::Float(float) => Num::finite(*float),
        CtxValue::Text(text) => Num::of_text(text),
        CtxValue::Bool(_) | CtxValue::List(_) | CtxValue::Json(_) => None,
    }
}

fn text_test(
    value: &CtxValue,
    operand: &Value,
    ignore_case: bool,
    holds: impl Fn(&str, &str) -> bool,
) -> Truth {
    let operand = text_of(operand);
    Truth::of_option(short_text(value).map(|text| {
        if ignore_case {
            holds(&text.to_ascii_lowercase(), &operand.to_ascii_lowercase())
        } else {
            holds(&text, &operand)
        }
    }))
}

fn short_text(value: &CtxValue) -> Option<String> {
    match value {
        CtxValue::Text(text) if text.len() <= LONGEST_FOR_TESTS => Some(text.clone()),
        _ => None,
    }
}

/// Each `%` with two hexadecimal digits is a byte, everything else is itself; none if the whole
/// is no text.
fn percent_decoded(raw: &str) -> Option<String> {
    let mut decoded = Vec::new();
    let mut rest = raw.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match digits {
            Some(digits) if first == b'%' => {
                let digits = std::str::from_utf8(digits).expect("ASCII");
                decoded.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
                rest = &after[2..];
            }
            _ => {
                decoded.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(decoded).ok()
}
