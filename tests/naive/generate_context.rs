//! Random contexts.

use serde_yaml::{Mapping, Value};

use super::context::{Ctx, CtxValue};
use super::formats::instant_text;
use super::pools::{
    ADDRESSES, Domain, FLOATS, INSTANTS, INTEGERS, NO_INSTANTS, SUBJECTS, Subject, VERSIONS,
};
use super::random::Random;

/// A random context, the same for the same seed.
pub(crate) fn context(seed: u64) -> Ctx {
    let mut drawer = Drawer(Random::new(seed ^ 0x0063_6f6e_7465_7874));
    let mut ctx = Ctx::new(&drawer.instant());
    let headers = drawer.0.percent(75);
    let cookies = drawer.0.percent(if headers { 80 } else { 40 });
    ctx.headers_given = headers;
    ctx.cookies_given = headers || cookies;
    let mut last = "";
    for Subject { key, domain } in SUBJECTS {
        let given = match key.split('.').next() {
            Some("header") => headers && drawer.0.percent(75),
            Some("cookie") => cookies && drawer.0.percent(75),
            _ => drawer.0.percent(85),
        };
        if !given || *key == last || key.starts_with("attr.profile.") {
            continue;
        }
        last = key;
        if let Some(value) = drawer.value(key, *domain) {
            ctx.values.insert((*key).to_owned(), value);
        }
    }
    drawer.profile(&mut ctx);
    drawer.team(&mut ctx);
    ctx
}

struct Drawer(Random);

impl Drawer {
    /// A value for a key; no one is given for built-in texts at times.
    fn value(&mut self, key: &str, domain: Domain) -> Option<CtxValue> {
        let value = self.typed(domain);
        if key == "user" {
            return Some(self.user(value));
        }
        if key.starts_with("cookie.") {
            return Some(CtxValue::Text(self.cookie(value)));
        }
        if key.starts_with("attr.") {
            return Some(self.attribute(value, domain));
        }
        if key.starts_with("header.") && self.0.percent(3) {
            return Some(self.long_text());
        }
        if self.0.percent(4) {
            return Some(CtxValue::Text(String::new()));
        }
        Some(value)
    }

    fn typed(&mut self, domain: Domain) -> CtxValue {
        let text = |text: &&str| CtxValue::Text((*text).to_owned());
        match domain {
            // One that is not declared, and starts like one that is.
            Domain::OneOf(words) if self.0.percent(10) => {
                CtxValue::Text(format!("{}-plus", self.0.pick(words)))
            }
            Domain::Text(words) | Domain::OneOf(words) | Domain::NumericText(words) => {
                text(self.0.pick(words))
            }
            Domain::Address => text(self.0.pick(ADDRESSES)),
            Domain::Version => text(self.0.pick(VERSIONS)),
            Domain::Integer => CtxValue::Integer(*self.0.pick(INTEGERS)),
            Domain::Number if self.0.percent(50) => CtxValue::Integer(*self.0.pick(INTEGERS)),
            Domain::Number => CtxValue::Float(*self.0.pick(FLOATS)),
            Domain::Boolean => CtxValue::Bool(self.0.percent(50)),
            Domain::Instant if self.0.percent(15) => text(self.0.pick(NO_INSTANTS)),
            Domain::Instant => CtxValue::Text(self.instant()),
            Domain::Mixed => self.any(),
        }
    }

    fn user(&mut self, known: CtxValue) -> CtxValue {
        match self.0.below(20) {
            0 => CtxValue::Text(String::new()),
            1 => CtxValue::Integer(*self.0.pick(INTEGERS)),
            2 => CtxValue::Integer(self.0.next() as i64),
            3 => {
                let length = self.0.between(1, 1100);
                let text: String =
                    "Пользователь-0123456789-".chars().cycle().take(length).collect();
                CtxValue::Text(text)
            }
            4..=9 => CtxValue::Text(format!("user-{:05}", self.0.below(100_000))),
            10 => CtxValue::Text("x".repeat(self.0.between(1, 300))),
            _ => known,
        }
    }

    /// A cookie as it is sent: as it is, encoded in full, in part, or badly.
    fn cookie(&mut self, value: CtxValue) -> String {
        let CtxValue::Text(text) = value else { unreachable!("cookies are texts") };
        let style = self.0.below(10);
        if style == 0 {
            return (*self.0.pick(&["%", "%zz", "%ff", "a%20", "%61", "%2B1", "18%25", "%e4"]))
                .to_owned();
        }
        let mut sent = String::new();
        for byte in text.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"-+.".contains(&byte);
            let encode = match style {
                1..=3 => !plain,
                4 | 5 => !plain || self.0.percent(40),
                _ => false,
            };
            // Bytes of longer characters go together: they are all encoded or none is.
            if encode {
                let upper = self.0.percent(50);
                let hex = if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
                sent.push_str(&hex);
            } else if byte.is_ascii() {
                sent.push(byte as char);
            }
        }
        if encodes(style) || text.is_ascii() { sent } else { text }
    }

    fn attribute(&mut self, value: CtxValue, domain: Domain) -> CtxValue {
        match self.0.below(100) {
            0..=8 => self.any(),
            9..=20 => {
                let count = self.0.below(4);
                CtxValue::List((0..count).map(|_| self.element(domain)).collect())
            }
            21..=25 => match value {
                CtxValue::Integer(integer) => CtxValue::Text(integer.to_string()),
                CtxValue::Float(float) => CtxValue::Text(format!("{float:?}")),
                CtxValue::Text(text) => {
                    text.parse().map_or(CtxValue::Text(text), CtxValue::Integer)
                }
                other => other,
            },
            26 | 27 if matches!(domain, Domain::Text(_)) => self.long_text(),
            _ => value,
        }
    }

    fn element(&mut self, domain: Domain) -> CtxValue {
        if self.0.percent(8) { self.any() } else { self.typed(domain) }
    }

    /// A value of any type.
    fn any(&mut self) -> CtxValue {
        match self.0.below(9) {
            0 => CtxValue::Integer(*self.0.pick(INTEGERS)),
            1 => CtxValue::Float(*self.0.pick(FLOATS)),
            2 => CtxValue::Bool(self.0.percent(50)),
            3 => CtxValue::Text(String::new()),
            4 => CtxValue::Json(Value::Mapping(Mapping::from_iter([(
                Value::from("tier"),
                Value::from("gold"),
            )]))),
            5 => CtxValue::Json(Value::Null),
            6 => CtxValue::Json(Value::Sequence(vec![Value::from("on"), Value::from(18)])),
            7 => CtxValue::Text((*self.0.pick(&["18", "18.0", "true", "on", "null"])).to_owned()),
            _ => CtxValue::Text((*self.0.pick(&["x", "gold", "free", "2.1"])).to_owned()),
        }
    }

    /// A text at the limits of what tests of text take.
    fn long_text(&mut self) -> CtxValue {
        let length = *self.0.pick(&[255, 256, 257, 4095, 4096, 4097]);
        CtxValue::Text("a".repeat(length))
    }

    /// `attr.profile` as json, and perhaps one of its paths as an attribute of that name.
    fn profile(&mut self, ctx: &mut Ctx) {
        if self.0.percent(12) {
            return;
        }
        let mut profile = Mapping::new();
        if self.0.percent(85) {
            let tier = self.json(&["gold", "silver", "Gold"]);
            profile.insert(Value::from("tier"), tier);
        }
        if self.0.percent(85) {
            let size = Value::from(*self.0.pick(INTEGERS));
            let odd = self.json(&["18", "big"]);
            let size = if self.0.percent(85) { size } else { odd };
            profile.insert(Value::from("size"), size);
        }
        if self.0.percent(85) {
            let count = self.0.below(3);
            let tags = (0..count).map(|_| Value::from(*self.0.pick(&["red", "green", "blue"])));
            profile.insert(Value::from("tags"), Value::Sequence(tags.collect()));
        }
        if self.0.percent(80) {
            let ok = if self.0.percent(90) { Value::from(self.0.percent(50)) } else { Value::Null };
            let deep = Mapping::from_iter([(Value::from("ok"), ok)]);
            profile.insert(Value::from("deep"), Value::Mapping(deep));
        }
        if self.0.percent(60) {
            let id = self.0.below(1000);
            let id = if self.0.percent(50) { Value::from(id) } else { Value::from(id.to_string()) };
            profile.insert(Value::from("id"), id);
        }
        let value =
            if self.0.percent(95) { CtxValue::Json(Value::Mapping(profile)) } else { self.any() };
        ctx.values.insert("attr.profile".to_owned(), value);
        if self.0.percent(8) {
            let tier = CtxValue::Text((*self.0.pick(&["gold", "silver"])).to_owned());
            ctx.values.insert("attr.profile.tier".to_owned(), tier);
        }
    }

    fn json(&mut self, words: &[&str]) -> Value {
        match self.0.below(12) {
            0 => Value::Null,
            1 => Value::from(18),
            2 => Value::from(true),
            3 => Value::Sequence(vec![Value::from(words[0]), Value::from(7)]),
            4 => Value::Mapping(Mapping::new()),
            _ => Value::from(*self.0.pick(words)),
        }
    }

    /// `attr.team.name` by a path, at times, in place of the exact name.
    fn team(&mut self, ctx: &mut Ctx) {
        if !self.0.percent(20) {
            return;
        }
        ctx.values.remove("attr.team.name");
        let name = self.json(&["core", "edge"]);
        let team = Mapping::from_iter([(Value::from("name"), name)]);
        ctx.values.insert("attr.team".to_owned(), CtxValue::Json(Value::Mapping(team)));
    }

    /// An instant of the pools, one a little before or after it, or one far from all.
    fn instant(&mut self) -> String {
        let pool = i128::from(*self.0.pick(INSTANTS)) * 1_000_000_000;
        let day = 86_400_000_000_000;
        let near = [0, 0, 0, 1, -1, 500_000_000, -1_000_000_000, day / 24, -day, day, 40 * day];
        let offset = *self.0.pick(&[None, None, Some(0), Some(780), Some(-210)]);
        instant_text(pool + *self.0.pick(&near), offset, *self.0.pick(&[0, 0, 3, 9]))
    }
}

fn encodes(style: usize) -> bool {
    (1..=5).contains(&style)
}
