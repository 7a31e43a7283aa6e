//! The inputs of the benches, of hoist's own and of those beside its rivals: what the flags say,
//! who asks, and what the answers are.

mod context;
mod further;
mod load;

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use hoist::{Context, Key};

#[allow(unused_imports, reason = "each bench uses a part of them")]
pub(crate) use self::{
    context::{TWELVE, ctx},
    further::{absent, all_further, asked_by_rules_200, further, ids_64, prerequisites, rules_200},
    load::{load_json, load_yaml},
};

/// How many users take turns.
pub(crate) const USERS: usize = 64;

/// How many flags the document of W7 has.
pub(crate) const MANY: usize = 10_000;

/// One boolean flag, and the requests that ask for it in turn.
pub(crate) struct Workload {
    pub(crate) id: &'static str,
    /// The toggle file.
    pub(crate) document: String,
    pub(crate) flag: &'static str,
    pub(crate) key: Key<bool>,
    pub(crate) requests: Vec<Request>,
    /// How many of the requests are answered with yes. What a rollout says is hoist's own: rivals
    /// that hash otherwise come near it.
    pub(crate) on: usize,
}

/// What is known of one request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) user: String,
    pub(crate) region: &'static str,
    pub(crate) attributes: Vec<(&'static str, Known)>,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) cookies: &'static str,
}

/// The value of an attribute that every engine can be given.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Text(String),
    Integer(i64),
}

impl Request {
    /// The request that most workloads ask with: it matches none of their rules.
    pub(crate) fn of(user: String) -> Request {
        Request {
            user,
            region: "us",
            attributes: vec![
                ("plan", Known::Text("pro".to_owned())),
                ("age", Known::Integer(36)),
                ("app", Known::Text("2.4.1".to_owned())),
            ],
            headers: vec![("User-Agent", "bench/1.0 (linux)"), ("X-Request-Source", "mobile")],
            cookies: "session=0123456789abcdef; theme=dark; consent=all; beta=1",
        }
    }

    /// The context of the request, as a service builds it.
    #[inline]
    pub(crate) fn context(&self) -> Context<'_> {
        let mut ctx = Context::new().user(&self.user).region(self.region).at(instant());
        for (name, value) in &self.attributes {
            ctx = match value {
                Known::Text(text) => ctx.attr(name, text),
                Known::Integer(value) => ctx.attr(name, *value),
            };
        }
        for (name, value) in &self.headers {
            ctx = ctx.header(name, value);
        }
        ctx
    }
}

/// 2026-12-01T12:00:00Z, an hour at which the ramp of PRODUCT is at 1 %.
pub(crate) fn instant() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_126_400)
}

/// An id of 36 bytes, in the form of a UUID; each number has its own.
pub(crate) fn user(number: usize) -> String {
    let (high, low) = (mixed(2 * number as u64), mixed(2 * number as u64 + 1));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// The finalizer of SplitMix64 (Guy Steele and others), as a source of numbers without a pattern.
fn mixed(number: u64) -> u64 {
    let mut z = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn users(first: usize) -> Vec<Request> {
    (first..first + USERS).map(|number| Request::of(user(number))).collect()
}

/// The boolean workloads of one flag each, W1 to W6.
pub(crate) fn small() -> Vec<Workload> {
    vec![w1(), w2("W2-5", 5), w2("W2-1000", 1_000), w3(), w4(), w6()]
}

/// On for everyone.
pub(crate) fn w1() -> Workload {
    Workload {
        id: "W1",
        document: "version: 1\nflags: { dark-mode: on }\n".to_owned(),
        flag: "dark-mode",
        key: Key::new("dark-mode", false),
        requests: users(0),
        on: USERS,
    }
}

/// The users that W2 lists; the last of them asks.
pub(crate) fn listed(count: usize) -> Vec<String> {
    (1_000..1_000 + count).map(user).collect()
}

fn w2(id: &'static str, count: usize) -> Workload {
    let listed = listed(count);
    let last = listed.last().cloned().unwrap_or_default();
    Workload {
        id,
        document: format!(
            "version: 1\nflags: {{ beta-testers: {{ rules: [{{ when: {{ user: [{}] }} }}] }} }}\n",
            listed.iter().map(|user| format!("\"{user}\"")).collect::<Vec<_>>().join(", ")
        ),
        flag: "beta-testers",
        key: Key::new("beta-testers", false),
        requests: vec![Request::of(last)],
        on: 1,
    }
}

/// A quarter of the users.
pub(crate) fn w3() -> Workload {
    Workload {
        id: "W3",
        document: "version: 1\nflags: { new-search: 25% }\n".to_owned(),
        flag: "new-search",
        key: Key::new("new-search", false),
        requests: users(0),
        on: 18,
    }
}

/// Three rules of which most requests pass none.
pub(crate) fn w4() -> Workload {
    let document = "version: 1
flags:
  new-checkout:
    rules:
      - { name: qa, when: { header.x-new-checkout: \"on\" } }
      - { name: pilot, when: { region: [nz, au, de, fr] } }
      - { name: ramp, rollout: 10% }
";
    Workload {
        id: "W4",
        document: document.to_owned(),
        flag: "new-checkout",
        key: Key::new("new-checkout", false),
        requests: users(0),
        on: 5,
    }
}

/// A split over four variants; each serves an integer.
pub(crate) fn w5() -> Workload {
    let document = "version: 1
flags:
  page-size:
    variants: { small: 10, medium: 20, large: 50, huge: 100 }
    rules:
      - when: everyone
        serve: { small: 25, medium: 25, large: 25, huge: 25 }
    default: small
";
    Workload {
        id: "W5",
        document: document.to_owned(),
        flag: "page-size",
        key: Key::new("page-size", false),
        requests: users(0),
        on: 0,
    }
}

/// The integers of W5, and how many of the users are served each.
pub(crate) const W5_SERVED: [(i64, usize); 4] = [(10, 19), (20, 13), (50, 16), (100, 16)];

/// The number of rules that W6 has.
pub(crate) const W6_RULES: usize = 50;

/// Fifty rules on one attribute; the last matches.
pub(crate) fn w6() -> Workload {
    let mut document = "version: 1\nflags:\n  per-shop:\n    rules:\n".to_owned();
    for number in 0..W6_RULES {
        let _ = writeln!(document, "      - {{ when: {{ attr.shop: shop-{number:02} }} }}");
    }
    let mut request = Request::of(user(0));
    request.attributes = vec![("shop", Known::Text(format!("shop-{:02}", W6_RULES - 1)))];
    Workload {
        id: "W6",
        document,
        flag: "per-shop",
        key: Key::new("per-shop", false),
        requests: vec![request],
        on: 1,
    }
}

/// The name of a flag of W7.
pub(crate) fn name(number: usize) -> String {
    format!("team-{:02}.feature-{number:05}", number % 40)
}

/// Many flags of one rule each, which nobody passes.
pub(crate) fn w7_document() -> String {
    let mut document = "version: 1\nflags:\n".to_owned();
    for number in 0..MANY {
        let name = name(number);
        let _ = writeln!(document, "  {name}: {{ rules: [{{ when: {{ region: [nz, au] }} }}] }}");
    }
    document
}

/// The numbers of flags to ask for: a few again and again, or each in an order of no pattern.
pub(crate) fn w7_numbers(count: usize) -> Vec<usize> {
    shuffled(MANY).into_iter().take(count).collect()
}

/// The numbers below one in an order of no pattern, the same in every run.
pub(crate) fn shuffled(below: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..below).collect();
    numbers.sort_by_key(|&number| mixed(number as u64));
    numbers
}

/// `new-pricing-engine` of the product's description; everyone falls through.
pub(crate) fn product() -> Workload {
    // The first of these users are in the first percent of the ramp, the next 64 are not.
    let mut requests = users(USERS);
    for request in &mut requests {
        request.attributes.push(("email", Known::Text("someone@example.org".to_owned())));
    }
    Workload {
        id: "PRODUCT",
        document: include_str!("../../tests/good/product.yaml").to_owned(),
        flag: "new-pricing-engine",
        key: Key::new("new-pricing-engine", false),
        requests,
        on: 0,
    }
}

/// Seven tests that nest; everyone passes.
pub(crate) fn deep() -> Workload {
    let document = "version: 1
flags:
  deep:
    rules:
      - when:
          all:
            - any: [{ region: [nz, au] }, { attr.plan: [pro, enterprise] }]
            - not: { header.x-bot: \"1\" }
            - any:
                - user: { starts_with: test- }
                - all: [{ attr.age: { gte: 18 } }, { not: { region: [kp, ir] } }]
            - not: { attr.app: { starts_with: \"1.\" } }
";
    Workload {
        id: "DEEP",
        document: document.to_owned(),
        flag: "deep",
        key: Key::new("deep", false),
        requests: users(0),
        on: USERS,
    }
}
