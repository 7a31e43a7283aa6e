//! One flag for each kind of condition and outcome, with two contexts that it tells apart.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use hoist::{Attribute, Context, ContextBuf, Headers, Unit};
use serde_json::{Value as Json, json};

/// Long before the clock that the tests are run with.
const EARLY: SystemTime = SystemTime::UNIX_EPOCH;

/// Headers that only say how to find one.
struct OwnPairs;

impl Headers for OwnPairs {
    fn nth(&self, name: &str, n: usize) -> Option<&[u8]> {
        (name == "x-beta" || name == "cookie").then_some(())?;
        [&b"beta=1"[..], &b"a=b"[..]].into_iter().nth(n)
    }
}

type Make = fn(Context<'static>) -> Context<'static>;

/// A flag, a context that it serves one variant to, and one that it serves another to.
pub(crate) struct Row {
    /// The flag as YAML.
    pub(crate) flag: String,
    pub(crate) one: Make,
    pub(crate) other: Make,
    /// How often a decision reads the clock, for each of the two.
    pub(crate) clock_reads: [u64; 2],
}

static PAIRS: [(&str, &str); 4] =
    [("Host", "shop"), ("X-Beta", "1"), ("Cookie", "a=1; beta=on"), ("Cookie", "tint=%62lue")];
static NO_PAIRS: [(&str, &str); 1] = [("Host", "shop")];
static OWNED_PAIRS: LazyLock<Vec<(String, Vec<u8>)>> =
    LazyLock::new(|| vec![("x-beta".to_owned(), b"1".to_vec())]);
static RAW_PAIRS: [(&str, &[u8]); 1] = [("X-Beta", b"\xff")];
static HASHED_PAIRS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| HashMap::from(PAIRS));
static OWN_PAIRS: OwnPairs = OwnPairs;
#[cfg(feature = "http")]
static HEADER_MAP: LazyLock<http::HeaderMap> = LazyLock::new(|| {
    let beta = (http::HeaderName::from_static("x-beta"), http::HeaderValue::from_static("1"));
    let cookie = (http::header::COOKIE, http::HeaderValue::from_static("beta=on"));
    [beta, cookie].into_iter().collect()
});
#[cfg(feature = "http")]
static PARTS: LazyLock<http::request::Parts> = LazyLock::new(|| {
    let mut request = http::Request::new(());
    *request.headers_mut() = HEADER_MAP.clone();
    request.into_parts().0
});
#[cfg(feature = "http")]
static OWNED_MAP: LazyLock<ContextBuf> =
    LazyLock::new(|| ContextBuf::new().header_map(HEADER_MAP.clone()));
static ACCOUNT: LazyLock<Json> = LazyLock::new(|| {
    json!({
        "plan": { "name": "pro", "seats": 20, "trial": false },
        "groups": ["admin", "beta"], "ids": [1, 2, 3], "id": 77, "none": null,
        "rate": 0.5, "seen": u64::MAX, "mixed": ["x", 5, true, 2.5, null, [], {}],
    })
});
static GROUPS: LazyLock<&Json> = LazyLock::new(|| &ACCOUNT["groups"]);
static ID: LazyLock<&Json> = LazyLock::new(|| &ACCOUNT["id"]);
static OWNED: LazyLock<ContextBuf> = LazyLock::new(|| {
    ContextBuf::new()
        .user("ada")
        .region("nz")
        .attr("age", 20)
        .header("x-beta", "1")
        .cookie("a", "b")
});
/// Something of everything that a context can own.
static OWNED_ALL: LazyLock<ContextBuf> = LazyLock::new(|| {
    ContextBuf::new()
        .user(42)
        .session("s1")
        .tenant("acme")
        .env("e")
        .host("h1")
        .request("r1")
        .ip("10.1.2.3")
        .attr("text", "pro")
        .attr("integer", 20)
        .attr("unsigned", u64::MAX)
        .attr("float", 2.5)
        .attr("boolean", true)
        .attr("instant", SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .attr("account", ACCOUNT.clone())
        .header("Cookie", "a=1; beta=on")
        .cookies_given()
});
/// Texts on both sides of what is read in full: 256 bytes for patterns and folding, 4 096 for all.
static LONG: LazyLock<String> = LazyLock::new(|| "x".repeat(300));
static LONG_UPPER: LazyLock<String> = LazyLock::new(|| "X".repeat(300));
static TOO_LONG: LazyLock<String> = LazyLock::new(|| "x".repeat(5_000));
static TOO_LONG_ESCAPED: LazyLock<String> = LazyLock::new(|| "%78".repeat(5_000));
static LENT: [(&str, Attribute<'static>); 2] =
    [("plan", Attribute::Text("pro")), ("age", Attribute::Integer(20))];

/// A flag with one rule of this condition.
fn when(condition: &str, one: Make, other: Make) -> Row {
    rule(&format!("when: {condition}"), one, other)
}

/// A flag with one rule.
fn rule(keys: &str, one: Make, other: Make) -> Row {
    flag(&format!("rules: [ {{ {keys} }} ]"), one, other)
}

fn flag(keys: &str, one: Make, other: Make) -> Row {
    Row { flag: format!("{{ {keys} }}"), one, other, clock_reads: [0, 0] }
}

impl Row {
    fn reads_the_clock(self, one: u64, other: u64) -> Row {
        Row { clock_reads: [one, other], ..self }
    }
}

fn list(start: &str, count: usize) -> String {
    (0..count).map(|n| format!("{start}{n}")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn subjects() -> Vec<Row> {
    vec![
        when("{ user: ada }", |c| c.user("ada"), |c| c.user("bob")),
        when("{ user: 42 }", |c| c.user(42), |c| c),
        when("{ session: s1 }", |c| c.session("s1"), |c| c.session("s2")),
        when("{ region: nz }", |c| c.region("nz"), |c| c.region("")),
        when("{ tenant: acme }", |c| c.tenant("acme"), |c| c),
        // What the builder says of every request, and what the request's own context says.
        when("{ env: production }", |c| c, |c| c.env("staging")),
        when("{ attr.site: akl }", |c| c, |c| c.attr("site", "wlg")),
        when("{ host: h1 }", |c| c.host("h1"), |c| c),
        when("{ request: r1 }", |c| c.request("r1"), |c| c),
        when("{ ip: 10.0.0.0/8 }", |c| c.ip("10.1.2.3"), |c| c.ip("no address")),
        when("{ ip: [\"2001:db8::/32\", \"::1\"] }", |c| c.ip("2001:db8::9"), |c| c.ip("10.0.0.1")),
        when("{ ip: { in_file: networks.list } }", |c| c.ip("10.0.0.7"), |c| c.ip("10.0.1.7")),
        when("{ header.x-beta: \"1\" }", |c| c.header("X-Beta", "1"), |c| c.header("X-Beta", "2")),
        when("{ header.x-beta: \"1\" }", |c| c.headers(&PAIRS), |c| c.headers(&NO_PAIRS)),
        when("{ header.x-beta: \"1\" }", |c| c.headers(&*OWNED_PAIRS), |c| c),
        #[cfg(feature = "http")]
        when("{ header.x-beta: \"1\" }", |c| c.headers(&*HEADER_MAP), |c| c),
        #[cfg(feature = "http")]
        when("{ cookie.beta: \"on\" }", |c| c.headers(&*HEADER_MAP), |c| c),
        #[cfg(feature = "http")]
        when("{ header.x-beta: \"1\" }", |_| Context::from(&*PARTS), |c| c),
        #[cfg(feature = "http")]
        when("{ cookie.beta: \"on\" }", |_| OWNED_MAP.as_context(), |c| c),
        when("{ header.x-beta: \"1\" }", |c| c.headers(&*HASHED_PAIRS), |c| c.headers(&RAW_PAIRS)),
        when("{ header.x-beta: a=b }", |c| c.header("x-beta", "a=b"), |c| c.headers(&OWN_PAIRS)),
        when("{ cookie.a: b }", |c| c.headers(&OWN_PAIRS), |c| c.headers(&*HASHED_PAIRS)),
        when("{ cookie.beta: \"on\" }", |c| c.cookie("beta", "on"), |c| c.cookie("Beta", "on")),
        when("{ cookie.beta: \"on\" }", |c| c.cookies("a=1; beta=on"), |c| c.cookies("a=1")),
        when("{ cookie.beta: \"on\" }", |c| c.headers(&PAIRS), |c| c.headers(&NO_PAIRS)),
        when("{ cookie.tint: blue }", |c| c.headers(&PAIRS), |c| c.cookie("tint", "%62%6c")),
        when("{ cookie.tint: blue }", |c| c.cookie("tint", "blue"), |c| c.cookie("tint", "%ff")),
        when(
            "{ cookie.tint: { starts_with: x } }",
            |c| c.cookie("tint", "%78"),
            |c| c.cookie("tint", &TOO_LONG_ESCAPED),
        ),
        when("{ cookie.tint: blue }", |c| c.header("Cookie", "tint=%62lue"), |c| c),
        when("{ attr.plan: pro }", |c| c.attr("plan", "pro"), |c| c.attr("plan", "free")),
        when("{ attr.plan: pro }", |c| c.attributes(&LENT), |c| c),
        when("{ attr.account.plan.name: pro }", account, |c| c.attr("account", "pro")),
        when("{ attr.account.plan.seats: { gt: 5 } }", account, |c| c),
        when("{ attr.account.none: { exists: false } }", account, |c| c.attr("account.none", true)),
        when("{ user: ada, region: nz, header.x-beta: 1 }", |_| OWNED.as_context(), |c| c),
        when("{ cookie.a: b, attr.age: { gte: 18 } }", |_| OWNED.as_context(), |c| c),
        when("{ user: 42, session: s1, tenant: acme }", |_| OWNED_ALL.as_context(), |c| c),
        when("{ host: h1, request: r1, ip: 10.0.0.0/8 }", |_| OWNED_ALL.as_context(), |c| c),
        when("{ attr.text: pro, attr.integer: 20 }", |_| OWNED_ALL.as_context(), |c| c),
        when("{ attr.unsigned: { gt: 1 }, attr.float: 2.5 }", |_| OWNED_ALL.as_context(), |c| c),
        when(
            "{ attr.boolean: true, attr.instant: { before: 2026-12-01T00:00:00Z } }",
            |_| OWNED_ALL.as_context(),
            |c| c,
        ),
        when(
            "{ attr.account.plan.name: pro, cookie.beta: \"on\" }",
            |_| OWNED_ALL.as_context(),
            |_| OWNED.as_context(),
        ),
        // What the request says itself counts before what it was lent.
        when(
            "{ attr.text: pro }",
            |_| OWNED_ALL.as_context(),
            |_| OWNED_ALL.as_context().attr("text", "free"),
        ),
    ]
}

fn account(c: Context<'static>) -> Context<'static> {
    c.attr("account", &*ACCOUNT)
}

pub(crate) fn matchers() -> Vec<Row> {
    let five = format!("{{ user: [ {} ] }}", list("u", 5));
    let thousand = format!("{{ user: [ {} ] }}", list("u", 1_000));
    let long = format!("{{ user: {{ in: [ {}, {} ], ignore_case: true }} }}", *LONG, list("u", 20));
    let folded = format!("{{ user: {{ in: [ {} ], ignore_case: true }} }}", list("u", 1_000));
    vec![
        when(&five, |c| c.user("u4"), |c| c.user("u5")),
        when(&thousand, |c| c.user("u999"), |c| c.user("u1000")),
        when(&folded, |c| c.user("U999"), |c| c.user("U1000")),
        when(&long, |c| c.user(&*LONG_UPPER), |c| c.user(&*TOO_LONG)),
        when(
            "{ user: { in: [Ada, Bob], ignore_case: true } }",
            |c| c.user("aDA"),
            |c| c.user("adam"),
        ),
        when(
            "{ user: { in_file: users.list, ignore_case: true } }",
            |c| c.user("U7"),
            |c| c.user("U70000"),
        ),
        when("{ user: { in_file: users.list } }", |c| c.user("u7"), |c| c.user("u70000")),
        when("{ attr.a: { in: [x, 5, true, 2.5] } }", |c| c.attr("a", true), |c| c.attr("a", 6)),
        when("{ attr.a: { in: [x, 5, true, 2.5] } }", |c| c.attr("a", "2.5"), |c| c.attr("a", "y")),
        when("{ region: { starts_with: eu- } }", |c| c.region("eu-west"), |c| c.region("eu")),
        when("{ region: { ends_with: [-a, -b] } }", |c| c.region("nz-b"), |c| c.region("b")),
        when("{ region: { contains: st } }", |c| c.region("eu-west"), |c| c.region("nz")),
        when(
            "{ region: { contains: [ST, Z], starts_with: N, ends_with: z, ignore_case: true } }",
            |c| c.region("nZ"),
            |c| c.region("nzx"),
        ),
        when("{ user: { matches: \"^a.*a$\" } }", |c| c.user("augusta"), |c| c.user("bob")),
        when(
            "{ user: { matches: [\"^[0-9]+$\", 'B\\wB'], ignore_case: true } }",
            |c| c.user("bob"),
            |c| c.user("ada"),
        ),
        when("{ user: { matches: x } }", |c| c.user("x"), |c| c.user(&*LONG)),
        when("{ user: { starts_with: x } }", |c| c.user(&*LONG), |c| c.user(&*TOO_LONG)),
        when("{ attr.n: { gt: 4 } }", |c| c.attr("n", "5"), |c| c.attr("n", &*TOO_LONG)),
        when("{ attr.n: { gt: 4 } }", |c| c.attr("n", 5), |c| c.attr("n", 4)),
        when("{ attr.n: { gte: 4.5 } }", |c| c.attr("n", 4.5), |c| c.attr("n", f64::NAN)),
        when("{ attr.n: { lt: 4 } }", |c| c.attr("n", "3"), |c| c.attr("n", "+3")),
        when("{ attr.n: { lte: 4 } }", |c| c.attr("n", "3.5e0"), |c| c.attr("n", u64::MAX)),
        when("{ attr.n: 18 }", |c| c.attr("n", "18"), |c| c.attr("n", "018")),
        when("{ attr.n: [1.5, 2] }", |c| c.attr("n", 1.5), |c| c.attr("n", 1)),
        when("{ attr.yes: true }", |c| c.attr("yes", true), |c| c.attr("yes", "true")),
        when(
            "{ attr.app: { version: \">=2.1 <3\" } }",
            |c| c.attr("app", "v2.10.0-rc.1+build.5"),
            |c| c.attr("app", "2.0.99"),
        ),
        when(
            "{ attr.app: { version: [\"=1.0.0-alpha.2\", \">=4\"] } }",
            |c| c.attr("app", "1.0.0-alpha.2"),
            |c| c.attr("app", "one"),
        ),
        when(
            "{ attr.since: { after: 2026-12-01T00:00:00Z, before: 2027-01-01T00:00:00+01:00 } }",
            |c| c.attr("since", "2026-12-05T10:00:00.5+13:00"),
            |c| c.attr("since", "2026-12-05"),
        ),
        when(
            "{ attr.since: { before: 2026-12-01T00:00:00Z } }",
            |c| c.attr("since", EARLY),
            |c| c.attr("since", true),
        ),
        when("{ attr.a: { exists: true } }", |c| c.attr("a", false), |c| c),
        when("{ user: { exists: false } }", |c| c, |c| c.user("ada")),
        when("{ ip: { exists: true } }", |c| c.ip("no address"), |c| c),
        when("{ cookie.a: { exists: true } }", |c| c.headers(&PAIRS), |c| c.headers(&NO_PAIRS)),
        when(
            "{ attr.a: { exists: true, starts_with: x } }",
            |c| c.attr("a", "xy"),
            |c| c.attr("a", "yx"),
        ),
        when("{ header.x: { exists: false } }", |c| c.headers(&PAIRS), |c| c.header("x", "")),
        when(
            "{ attr.groups: beta }",
            |c| c.attr("groups", Attribute::Texts(&["admin", "beta"])),
            |c| c.attr("groups", Attribute::Texts(&[])),
        ),
        when(
            "{ attr.groups: { starts_with: b, ends_with: a } }",
            |c| c.attr("groups", *GROUPS),
            |c| c.attr("groups", Attribute::Texts(&["b", "a"])),
        ),
        when(
            "{ attr.ids: { gte: 3 } }",
            |c| c.attr("ids", Attribute::List(&[Attribute::Integer(1), Attribute::Float(3.0)])),
            |c| c.attr("ids", Attribute::List(&[Attribute::Text("x")])),
        ),
        when("{ attr.account.ids: { in: [3, 9] } }", account, |c| c),
        when("{ attr.account.mixed: { in: [2.5] } }", account, |c| c.attr("account", *GROUPS)),
        when("{ attr.account.rate: { lt: 1 } }", account, |c| c),
        when("{ attr.account.seen: { gt: 1 } }", account, |c| c),
        when("{ attr.account.plan.trial: false }", account, |c| c),
        when(
            "{ attr.since: { after: 2026-12-01T00:00:00Z } }",
            |c| c.attr("since", Attribute::List(&[Attribute::Text("2027-01-01T00:00:00Z")])),
            |c| c.attr("since", &ACCOUNT["plan"]),
        ),
    ]
}

/// Of attributes that the file declares.
pub(crate) fn declared() -> Vec<Row> {
    vec![
        when("{ attr.plan: pro }", |c| c.attr("plan", "pro"), |c| c.attr("plan", "gold")),
        when("{ not: { attr.plan: pro } }", |c| c.attr("plan", "free"), |c| c.attr("plan", "x")),
        when("{ attr.age: { gte: 18 } }", |c| c.attr("age", "20"), |c| c.attr("age", "20.5")),
        when("{ attr.rate: 0.5 }", |c| c.attr("rate", 0.5), |c| c.attr("rate", 1)),
        when("{ attr.vip: true }", |c| c.attr("vip", true), |c| c.attr("vip", 1)),
        when("{ attr.app: { version: \">=2\" } }", |c| c.attr("app", "2"), |c| c.attr("app", "x")),
        when("{ attr.account.plan.name: pro }", account, |c| c),
    ]
}

/// Rules of which at the most one matches.
fn rules(count: usize, condition: impl Fn(usize) -> String) -> String {
    let rules = (0..count).map(|n| format!("{{ when: {{ {} }} }}", condition(n)));
    format!("rules: [ {} ]", rules.collect::<Vec<_>>().join(", "))
}

fn shop(c: Context<'static>) -> Context<'static> {
    c.attr("shop", "s49")
}

pub(crate) fn combinations() -> Vec<Row> {
    vec![
        when("{ segment: crew }", |c| c.user("ada"), |c| c.user("bob")),
        when("{ segment: [nobody, crew] }", |c| c.user("ada"), |c| c),
        when("{ segment: nested }", |c| c.user("ada").region("nz"), |c| c.user("ada")),
        when("{ not: { segment: nested } }", |c| c.user("x").region("nz"), |c| c.user("ada")),
        when("{ segment: most }", |c| c.user("ada"), |c| c),
        when("{ flag.base: on }", |c| c.user("ada"), |c| c.user("bob")),
        when("{ flag.colour: [red, blue] }", |c| c.region("nz"), |c| c.region("au")),
        // Whatever is written in Rust may ask for the time.
        when("{ strategy.long-name: { letters: 3 } }", |c| c.user("ada"), |c| c.user("al"))
            .reads_the_clock(1, 1),
        when("{ not: { strategy.long-name: { letters: 3 } } }", |c| c.user("al"), |c| c)
            .reads_the_clock(1, 1),
        flag(&rules(50, |n| format!("attr.shop: s{n}")), shop, |c| c.attr("shop", "s50")),
        flag(
            &rules(50, |n| format!("attr.{}: s{n}", ["shop", "plan"][n % 2])),
            |c| c.attr("plan", "s49"),
            shop,
        ),
        flag(
            &rules(50, |n| format!("region: nz, attr.shop: s{n}")),
            |c| shop(c).region("nz"),
            shop,
        ),
        flag(&rules(50, |n| format!("user: [u{n}, v{n}]")), |c| c.user("v49"), |c| c.user("u50")),
        flag(
            &rules(50, |n| format!("header.x-shop: s{n}")),
            |c| c.header("X-Shop", "s49"),
            |c| c.headers(&PAIRS),
        ),
        flag(&rules(50, |n| format!("attr.shop: {n}")), |c| c.attr("shop", 49), shop),
        when("{ all: [ { user: ada }, { region: nz } ] }", |c| c.user("ada").region("nz"), |c| c),
        when("{ any: [ { user: ada }, { region: nz } ] }", |c| c.region("nz"), |c| c.region("au")),
        when("{ not: { region: eu } }", |c| c.region("nz"), |c| c),
        when(
            "{ not: { any: [ { user: ada }, { all: [ { region: nz }, { not: { tenant: a } } ] } ] } }",
            |c| c.user("bob").region("nz").tenant("a"),
            |c| c.user("bob").region("nz"),
        ),
        rule(
            "when: everyone, unless: [ { user: ada }, { region: nz } ]",
            |c| c.user("b").region("au"),
            |c| c,
        ),
        flag("unless: { segment: crew }, default: on", |c| c.user("bob"), |c| c.user("ada")),
        when("{ flag.halves: on }", |c| c.user("ada"), |c| c),
        when("{ flag.stopped: off, user: ada }", |c| c.user("ada"), |c| c),
        flag("requires: chained, default: on", |c| c.user("ada"), |c| c.user("bob")),
        flag("requires: base, default: on", |c| c.user("ada"), |c| c.user("bob")),
        flag(
            "requires: [ base, { colour: red } ], default: on",
            |c| c.user("ada").region("nz"),
            |c| c,
        ),
    ]
}

pub(crate) fn shares() -> Vec<Row> {
    let by = |unit: &str, one: Make| rule(&format!("rollout: 99.999%, by: {unit}"), one, |c| c);
    vec![
        rule("rollout: 99.999%", |c| c.user("ada"), |c| c),
        rule(
            "when: { region: nz }, rollout: 99%, else: off",
            |c| c.user("ada").region("nz"),
            |c| c,
        ),
        rule(
            "when: { region: nz }, rollout: 0.001%, else: on",
            |c| c.user("ada").region("nz"),
            |c| c,
        ),
        rule("when: { region: nz }, rollout: 100%", |c| c.region("nz"), |c| c),
        rule("when: { region: nz }, rollout: 0%, else: on", |c| c.region("nz"), |c| c),
        rule(
            "when: { region: nz }, rollout: { 2026-12-01T00:00:00Z: 100% }, else: on",
            |c| c.region("nz"),
            |c| c,
        )
        .reads_the_clock(1, 1),
        when("{ segment: everyone, region: nz }", |c| c.region("nz"), |c| c),
        by("session", |c| c.session("s1")),
        by("tenant", |c| c.tenant("acme")),
        by("request", |c| c.request("r1")),
        by("user", |c| c.user(42)),
        by("user", |_| OWNED.as_context()),
        by("tenant", |_| OWNED_ALL.as_context()),
        by("attr.integer", |_| OWNED_ALL.as_context()),
        by("user", |c| c.user(Unit::uuid([7; 16]))),
        by("attr.account", |c| c.attr("account", "a-7")),
        by("attr.account", |c| c.attr("account", -7)),
        by("attr.account", |c| c.attr("account", u64::MAX)),
        by("attr.account", |c| c.attr("account", *ID)),
        by("attr.account.plan.name", account),
        by("[attr.none, tenant, user]", |c| c.user("ada")),
        rule("rollout: 99.999%, seed: shared", |_| OWNED.as_context(), |c| c),
        rule("when: everyone, serve: { on: 999999, off: 1 }", |c| c.user("ada"), |c| c),
        rule("rollout: 99.999%, serve: { on: 999999, off: 1 }", |c| c.user("ada"), |c| c),
        rule("when: everyone, from: 2026-12-01T00:00:00Z", |c| c, |c| c.at(EARLY))
            .reads_the_clock(1, 0),
        rule("when: everyone, until: 2026-12-01T00:00:00Z", |c| c.at(EARLY), |c| c)
            .reads_the_clock(0, 1),
        rule(
            "rollout: { 2026-12-01T00:00:00Z: 1%, 2026-12-02T00:00:00Z: 99.999% }, hold: 99.998%",
            |c| c.user("ada"),
            |c| c.user("ada").at(EARLY),
        )
        .reads_the_clock(1, 0),
        when("{ flag.windowed: on }", |c| c, |c| c.at(EARLY)).reads_the_clock(1, 0),
        flag("requires: windowed, default: on", |c| c, |c| c.at(EARLY)).reads_the_clock(1, 0),
        // Two windows, two other flags that speak of time: still one.
        rule(
            "when: { flag.windowed: on, not: { flag.windowed: off } }, from: 2026-12-01T00:00:00Z, \
             until: 2099-01-01T00:00:00Z",
            |c| c,
            |c| c.at(EARLY),
        )
        .reads_the_clock(1, 0),
    ]
}

/// Of a file whose units are accounts, or else tenants.
pub(crate) fn accounts() -> Vec<Row> {
    let most = |one: Make| when("{ segment: most }", one, |c| c.user("ada"));
    vec![
        most(|c| c.attr("account", "a-7")),
        most(|c| c.tenant("acme").attr("account", 2.5)),
        most(|_| OWNED_ALL.as_context()),
        rule("rollout: 99.999%", |c| c.attr("account", 7), |c| c.attr("account", true)),
        rule("when: everyone, serve: { on: 999999, off: 1 }", |c| c.tenant("a"), |c| c.tenant("")),
    ]
}

/// For a service that says of every request who asks and from where.
pub(crate) fn based() -> Vec<Row> {
    vec![
        when("{ user: 42 }", |c| c, |c| c.user("ada")),
        when("{ ip: 10.0.0.0/8 }", |c| c, |c| c.ip("::1")),
        when("{ attr.account.plan.name: pro }", |c| c, |c| c.attr("account", true)),
        when("{ attr.integer: { gt: 7 } }", |c| c, |c| c.attr("integer", 7)),
        rule("when: { region: nz }, rollout: 99.999%", |c| c.region("nz"), |c| c),
        rule("rollout: 99.999%, by: tenant, unless: { user: ada }", |c| c, |c| c.user("ada")),
    ]
}

/// Something of everything that a context can own.
pub(crate) fn base() -> ContextBuf {
    OWNED_ALL.clone()
}
