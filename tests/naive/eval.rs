//! Flags, rules and outcomes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::slice;

use serde_yaml::{Mapping, Value};

use super::bucket::{self, Purpose, bucket};
use super::context::{Ctx, CtxValue, Found};
use super::formats::{instant, percentage};
use super::truth::Truth::{self, False, True};

/// What a flag answers to a context.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Empty for a flag that is not there.
    pub(crate) variant: String,
    pub(crate) value: Value,
    /// `killed`, `prerequisite`, `excluded`, `rule`, `split`, `else`, `default`, `static` or
    /// `flag-not-found`.
    pub(crate) reason: String,
    /// The name of the rule that answered, `rules[2]` where it has none.
    pub(crate) rule: Option<String>,
    /// A default served while a rule, all but its rollout and split being fulfilled, had no unit.
    pub(crate) no_unit: bool,
}

/// How often each construct was true, false and unknown.
pub(crate) type Trace = BTreeMap<String, [u64; 3]>;

pub(crate) fn decide(document: &Value, flag: &str, ctx: &Ctx) -> Answer {
    Evaluation::new(document, ctx, None).decide(flag)
}

pub(crate) fn decide_traced(document: &Value, flag: &str, ctx: &Ctx) -> (Answer, Trace) {
    let trace = RefCell::default();
    let answer = Evaluation::new(document, ctx, Some(&trace)).decide(flag);
    (answer, trace.into_inner())
}

pub(crate) struct Evaluation<'a> {
    pub(crate) document: &'a Value,
    pub(crate) ctx: &'a Ctx,
    at: i128,
    trace: Option<&'a RefCell<Trace>>,
}

impl<'a> Evaluation<'a> {
    fn new(document: &'a Value, ctx: &'a Ctx, trace: Option<&'a RefCell<Trace>>) -> Evaluation<'a> {
        let at = instant(&ctx.at).expect("an instant");
        Evaluation { document, ctx, at, trace }
    }

    /// Counts the truth of a construct for the trace, and hands it on.
    pub(crate) fn note(&self, construct: &str, truth: Truth) -> Truth {
        if let Some(trace) = self.trace {
            let mut trace = trace.borrow_mut();
            trace.entry(construct.to_owned()).or_default()[truth as usize] += 1;
        }
        truth
    }

    fn see(&self, construct: &str) {
        self.note(construct, True);
    }

    pub(crate) fn decide(&self, name: &str) -> Answer {
        let Some(flag) = self.flag(name) else {
            return Answer {
                variant: String::new(),
                value: Value::Null,
                reason: "flag-not-found".to_owned(),
                rule: None,
                no_unit: false,
            };
        };
        if flag.get("kill").is_some_and(truthy) {
            return answer(&flag, off_variant(&flag), "killed");
        }
        if let Some(requires) = flag.get("requires")
            && self.note("requires", Truth::of(self.prerequisites_hold(requires))) == False
        {
            return answer(&flag, off_variant(&flag), "prerequisite");
        }
        if let Some(unless) = flag.get("unless")
            && self.note("flag unless", self.unless(unless)) != False
        {
            return answer(&flag, off_variant(&flag), "excluded");
        }
        self.rules(name, &flag)
    }

    fn rules(&self, name: &str, flag: &Mapping) -> Answer {
        let rules = flag.get("rules").map(items).unwrap_or_default();
        if rules.is_empty() {
            return answer(flag, default_variant(flag), "static");
        }
        let mut no_unit = false;
        for (index, rule) in rules.iter().enumerate() {
            let rule = rule.as_mapping().expect("a rule is a map");
            if !self.rule_applies(rule) {
                continue;
            }
            match self.outcome(name, flag, rule) {
                Outcome::Serve(variant, reason) => {
                    let called = rule.get("name").map(text_of);
                    let called = called.unwrap_or_else(|| format!("rules[{index}]"));
                    return Answer { rule: Some(called), ..answer(flag, variant, reason) };
                }
                Outcome::Outside => {}
                Outcome::NoUnit => no_unit = true,
            }
        }
        Answer { no_unit, ..answer(flag, default_variant(flag), "default") }
    }

    /// Whether the condition is true, no exclusion is true or unknown, and the window is open.
    fn rule_applies(&self, rule: &Mapping) -> bool {
        let when = rule.get("when").is_none_or(|when| self.condition(when, None) == True);
        let excluded = rule
            .get("unless")
            .is_some_and(|unless| self.note("rule unless", self.unless(unless)) != False);
        let instant_of = |text: &Value| instant(&text_of(text)).expect("an instant");
        let from = rule
            .get("from")
            .is_none_or(|from| self.note("from", Truth::of(instant_of(from) <= self.at)) == True);
        let until = rule
            .get("until")
            .is_none_or(|until| self.note("until", Truth::of(self.at < instant_of(until))) == True);
        when && !excluded && from && until
    }

    /// What a rule that applies does: who is in its rollout, and what they get.
    fn outcome(&self, flag_name: &str, flag: &Mapping, rule: &Mapping) -> Outcome {
        let boolean = is_boolean(flag);
        let unit = self.unit(&[rule.get("by"), flag.get("by")]);
        let seed = rule.get("seed").or(flag.get("seed")).map(text_of);
        let name = seed.unwrap_or_else(|| flag_name.to_owned());
        let share = rule.get("rollout").map(|rollout| self.share(rollout, rule.get("hold")));
        if let Some(share) = share {
            let inside = match &unit {
                _ if share == bucket::ALL => true,
                None => false,
                Some(unit) => bucket(Purpose::Rollout, &name, unit) < share,
            };
            self.note("rollout", Truth::of(inside));
            if !inside {
                return if let Some(otherwise) = rule.get("else") {
                    Outcome::Serve(variant_name(otherwise, boolean), "else")
                } else if unit.is_none() && share > 0 {
                    Outcome::NoUnit
                } else {
                    Outcome::Outside
                };
            }
        }
        let reason = if share.is_some() { "split" } else { "rule" };
        match rule.get("serve") {
            _ if rule.contains_key("value") => {
                Outcome::Serve(text_of(rule.get("name").expect("a name")), reason)
            }
            None => Outcome::Serve("on".to_owned(), reason),
            Some(Value::Mapping(weights)) => match unit {
                None => Outcome::NoUnit,
                Some(unit) => {
                    self.see("weights");
                    Outcome::Serve(arm(weights, boolean, &name, &unit), "split")
                }
            },
            Some(variant) => Outcome::Serve(variant_name(variant, boolean), reason),
        }
    }

    /// The share of a rollout now, in buckets.
    fn share(&self, rollout: &Value, hold: Option<&Value>) -> u32 {
        let Value::Mapping(steps) = rollout else {
            return self.percentage(rollout);
        };
        self.see("ramp");
        let mut steps: Vec<(i128, u32)> = steps
            .iter()
            .map(|(from, share)| (instant(&text_of(from)).expect("an instant"), share))
            .map(|(from, share)| (from, self.percentage(share)))
            .collect();
        steps.sort_unstable();
        let reached = steps.into_iter().take_while(|(from, _)| *from <= self.at);
        let share = reached.last().map_or(0, |(_, share)| share);
        match hold {
            None => share,
            Some(hold) => {
                let hold = self.percentage(hold);
                self.note("hold", Truth::of(hold < share));
                share.min(hold)
            }
        }
    }

    pub(crate) fn percentage(&self, text: &Value) -> u32 {
        percentage(&text_of(text)).expect("a percentage")
    }

    /// The bytes of the unit, by the first `by` that is written, then the file's, then `user`.
    pub(crate) fn unit(&self, nearest: &[Option<&Value>]) -> Option<Vec<u8>> {
        let written = nearest.iter().flatten().next().copied();
        let by = written.or_else(|| self.document.get("by"));
        let user = Value::from("user");
        let keys = items(by.unwrap_or(&user));
        if keys.len() > 1 {
            self.see("by list");
        }
        // An attribute that can be no unit leaves the turn to the next.
        keys.iter().find_map(|key| match self.ctx.find(&text_of(key)) {
            Found::Given(CtxValue::Text(text)) if !text.is_empty() => Some(text.into_bytes()),
            Found::Given(CtxValue::Integer(integer)) => Some(integer.to_string().into_bytes()),
            _ => None,
        })
    }

    /// True if any of the exclusions is true, unknown if any is unknown.
    fn unless(&self, unless: &Value) -> Truth {
        Truth::any(items(unless).iter().map(|condition| self.condition(condition, None)))
    }

    /// A boolean flag's name, a map of flags and their variants, or a list of these.
    fn prerequisites_hold(&self, requires: &Value) -> bool {
        items(requires).iter().all(|required| match required {
            Value::Mapping(flags) => {
                flags.iter().all(|(flag, variants)| self.serves_one_of(&text_of(flag), variants))
            }
            name => self.serves_one_of(&text_of(name), &Value::from("on")),
        })
    }

    /// The flag as a map, shorthands written out.
    fn flag(&self, name: &str) -> Option<Cow<'_, Mapping>> {
        let flags = self.document.get("flags")?.as_mapping()?;
        let (_, flag) = flags.iter().find(|(key, _)| text_of(key) == name)?;
        let written_out = |key: &str, value| Mapping::from_iter([(Value::from(key), value)]);
        Some(match flag {
            Value::Mapping(flag) => Cow::Borrowed(flag),
            Value::String(share) if share.ends_with('%') => {
                let rule = written_out("rollout", flag.clone());
                let rules = Value::Sequence(vec![Value::Mapping(rule)]);
                Cow::Owned(written_out("rules", rules))
            }
            shorthand => Cow::Owned(written_out("default", shorthand.clone())),
        })
    }

    pub(crate) fn is_boolean(&self, flag: &str) -> bool {
        self.flag(flag).is_some_and(|flag| is_boolean(&flag))
    }
}

enum Outcome {
    Serve(String, &'static str),
    /// The unit is outside the rollout, and nothing is served to those.
    Outside,
    /// There is no unit to go by.
    NoUnit,
}

fn answer(flag: &Mapping, variant: String, reason: &str) -> Answer {
    let value = match variants(flag) {
        None => Value::from(variant == "on"),
        Some(variants) => variants.get(&variant).expect("a variant of the flag").clone(),
    };
    Answer { variant, value, reason: reason.to_owned(), rule: None, no_unit: false }
}

fn is_boolean(flag: &Mapping) -> bool {
    variants(flag).is_none()
}

/// The variants of a flag that has its own, by name: those declared, those written where they are
/// served, and the default's.
fn variants(flag: &Mapping) -> Option<BTreeMap<String, Value>> {
    let mut variants = BTreeMap::new();
    match flag.get("variants") {
        None => {}
        Some(Value::Mapping(declared)) => {
            let pairs =
                declared.iter().map(|(name, value)| (variant_name(name, false), value.clone()));
            variants.extend(pairs);
        }
        Some(names) => {
            let names = items(names).iter().map(|name| variant_name(name, false));
            variants.extend(names.map(|name| (name.clone(), Value::from(name))));
        }
    }
    for rule in flag.get("rules").map(items).unwrap_or_default() {
        if let Some(value) = rule.get("value") {
            let name = rule.get("name").expect("a rule with a value has a name");
            variants.insert(text_of(name), value.clone());
        }
    }
    if let Some(Value::Mapping(default)) = flag.get("default") {
        variants.insert("default".to_owned(), default.get("value").expect("a value").clone());
    }
    (!variants.is_empty()).then_some(variants)
}

fn default_variant(flag: &Mapping) -> String {
    match flag.get("default") {
        None => "off".to_owned(),
        Some(Value::Mapping(_)) => "default".to_owned(),
        Some(name) => variant_name(name, is_boolean(flag)),
    }
}

/// What a flag serves that is stopped or excluded.
fn off_variant(flag: &Mapping) -> String {
    if is_boolean(flag) {
        return "off".to_owned();
    }
    match flag.get("off_variant") {
        None => default_variant(flag),
        Some(name) => variant_name(name, false),
    }
}

/// The arm of a split that a unit falls into. The weight zero is never served; the last arm above
/// zero ends at `bucket::ALL`, for there the weights so far are the total.
fn arm(weights: &Mapping, boolean: bool, name: &str, unit: &[u8]) -> String {
    let mut arms: Vec<(String, u128)> = weights
        .iter()
        .map(|(variant, weight)| {
            (variant_name(variant, boolean), weight.as_u64().expect("a weight"))
        })
        .map(|(variant, weight)| (variant, u128::from(weight)))
        .filter(|(_, weight)| *weight > 0)
        .collect();
    arms.sort();
    let total: u128 = arms.iter().map(|(_, weight)| weight).sum();
    let bucket = u128::from(bucket(Purpose::Split, name, unit));
    let mut so_far = 0;
    for (variant, weight) in arms {
        so_far += weight;
        if bucket < so_far * u128::from(bucket::ALL) / total {
            return variant;
        }
    }
    unreachable!("a bucket is below the end of the last arm")
}

/// The name of a variant: `true` and `false` are `on` and `off`.
pub(crate) fn variant_name(name: &Value, boolean: bool) -> String {
    match text_of(name).as_str() {
        "true" if boolean || name.is_bool() => "on".to_owned(),
        "false" if boolean || name.is_bool() => "off".to_owned(),
        other => other.to_owned(),
    }
}

/// A list's items; of anything else, that one thing.
pub(crate) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Sequence(items) => items,
        one => slice::from_ref(one),
    }
}

pub(crate) fn truthy(value: &Value) -> bool {
    matches!(text_of(value).as_str(), "true" | "on")
}

/// A scalar as text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(boolean) => boolean.to_string(),
        other => panic!("not a scalar: {other:?}"),
    }
}
