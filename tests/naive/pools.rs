//! The words that documents and contexts are made of. Both draw from the same few, so that tests
//! hit about as often as they miss.

/// What an attribute may be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Domain {
    Text(&'static [&'static str]),
    /// A declared list of texts.
    OneOf(&'static [&'static str]),
    /// A text that is often a number.
    NumericText(&'static [&'static str]),
    Address,
    Integer,
    Number,
    Boolean,
    Version,
    Instant,
    /// Anything at all.
    Mixed,
}

use Domain::{
    Address, Boolean, Instant, Integer, Mixed, Number, NumericText, OneOf, Text, Version,
};

/// An attribute, header or cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) key: &'static str,
    pub(crate) domain: Domain,
}

const fn subject(key: &'static str, domain: Domain) -> Subject {
    Subject { key, domain }
}

pub(crate) const SUBJECTS: &[Subject] = &[
    subject("user", Text(USERS)),
    subject("user", Text(USERS)),
    subject("session", Text(&["s-1", "s-2", "Sitzung ü"])),
    subject("region", Text(&["nz", "au", "de", "eu-west", "eu-north", "NZ"])),
    subject("tenant", NumericText(&["acme", "globex", "Ünion AG", "17", "000123"])),
    subject("env", Text(&["prod", "staging", "dev"])),
    subject("host", Text(&["web-1", "web-2", "db-1.internal"])),
    subject("request", Text(&["r-1", "r-2", "0f8fad5b-d9cb-469f-a165-70867728950e"])),
    subject("ip", Address),
    subject("header.x-a", Text(&["1", "on", "grün", "A b", ""])),
    subject("header.x-count", NumericText(NUMERALS)),
    subject("header.x-app", Version),
    subject("header.x-date", Instant),
    subject("cookie.b", Text(&["on", "a b", "50%", "für", "1"])),
    subject("cookie.group", Text(&["a", "b", "A/b"])),
    subject("cookie.n", NumericText(NUMERALS)),
    subject("attr.plan", OneOf(PLANS)),
    subject("attr.age", Integer),
    subject("attr.score", Number),
    subject("attr.beta", Boolean),
    subject("attr.app", Version),
    subject("attr.born", Instant),
    subject("attr.note", Text(&["aaaa", "Hello World", "straße", "STRASSE", "x\ny", "", "on"])),
    subject("attr.tags", Text(&["red", "green", "blue", "RED"])),
    subject("attr.account", Text(&["a-1", "a-2", "17", "42"])),
    subject("attr.team.name", Text(&["core", "edge", "Ärzte"])),
    subject("attr.profile.tier", Text(&["gold", "silver", "Gold"])),
    subject("attr.profile.size", Integer),
    subject("attr.profile.tags", Text(&["red", "green", "blue"])),
    subject("attr.profile.deep.ok", Boolean),
    ANYTHING,
];

/// An attribute that no document declares.
pub(crate) const ANYTHING: Subject = subject("attr.anything", Mixed);

/// What a document declares that declares its attributes.
pub(crate) const DECLARED: &[(&str, &str)] = &[
    ("age", "integer"),
    ("score", "number"),
    ("beta", "boolean"),
    ("app", "version"),
    ("born", "instant"),
    ("note", "text"),
    ("tags", "text"),
    ("account", "text"),
    ("team.name", "text"),
    ("profile", "json"),
];

pub(crate) const PLANS: &[&str] = &["free", "pro", "enterprise"];

/// Names of all the lengths that XXH3 treats in ways of their own: up to 3, 8, 16, 128 and 240
/// bytes, and beyond; the long ones are made by `long_user`.
pub(crate) const USERS: &[&str] = &[
    "a",
    "ada",
    "bob",
    "42",
    "Zoë",
    "user-00017",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "пользователь с довольно длинным именем, чтобы было больше шестидесяти четырёх байт",
];

pub(crate) const NUMERALS: &[&str] =
    &["0", "7", "18", "18.0", "18.5", "1e2", "-3", "+1", ".5", "1.", "0x10", "inf", "7 7", "18x"];

pub(crate) const INTEGERS: &[i64] =
    &[0, 7, 17, 18, 42, -3, 9_007_199_254_740_993, 9_007_199_254_740_992];

pub(crate) const FLOATS: &[f64] = &[0.5, 18.0, 18.5, -2.25, 100.0, 9_007_199_254_740_992.0];

pub(crate) const VERSIONS: &[&str] = &[
    "2",
    "2.1",
    "2.1.0",
    "v2.1.3",
    "02.01",
    "2.1.0+b7",
    "1.2.3.4",
    "3.0.0",
    "3.0.0-rc.1",
    "3.0.0-rc.2",
    "3.0.0-alpha",
    "3.0.0-1",
    "3.0.0-rc.1.1",
    "10.0",
    "1.2.3.4.5",
    "2.x",
    "abc",
    "2.1.",
    "3.0.0-",
    ">=2",
];

pub(crate) const COMPARATORS: &[&str] = &[
    ">=2.1",
    "<3",
    ">=2.1 <3",
    ">=2.1,<3",
    ">=2.1, <3.0.0",
    "=2.1.0",
    ">v1.9.9-rc.1",
    "<=3.0.0-rc.1",
    ">3.0.0-alpha <3.0.0",
    "=1.2.3.4",
    ">=1.0.0+b5",
    "<2",
    "<99",
];

pub(crate) const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "10.1.2.3",
    "192.168.0.0/16",
    "192.168.1.1/32",
    "2001:db8::/32",
    "::1",
    "::ffff:10.1.2.3",
    "::ffff:10.0.0.0/104",
    "0.0.0.0/0",
    "::/0",
];

pub(crate) const ADDRESSES: &[&str] = &[
    "10.1.2.3",
    "10.200.0.1",
    "192.168.1.1",
    "192.169.0.1",
    "2001:db8::5",
    "2001:DB8:1::",
    "::1",
    "::ffff:10.1.2.3",
    "::ffff:a01:203",
    "10.1.2",
    "300.1.1.1",
    " 10.1.2.3",
    "10.1.2.3/32",
];

/// Seconds since 1970: the instants of windows, ramps and tests of instants.
pub(crate) const INSTANTS: &[i64] = &[
    1_764_547_200, // 2025-12-01T00:00:00Z
    1_772_323_199, // 2026-02-28T23:59:59Z
    1_796_115_600, // 2026-12-01T09:00:00Z
    1_796_202_000, // 2026-12-02T09:00:00Z
    1_798_761_599, // 2026-12-31T23:59:59Z
    1_835_395_200, // 2028-02-29T00:00:00Z
];

pub(crate) const NO_INSTANTS: &[&str] = &[
    "2026-12-01",
    "2026-12-01T09:00:00",
    "2026-12-01 09:00:00Z",
    "2026-12-01T24:00:00Z",
    "2026-12-31T23:59:60Z",
    "2026-02-29T00:00:00Z",
    "2026-12-01T09:00:00.1234567890Z",
    "1796115600",
    "tomorrow",
];

pub(crate) const PATTERNS: &[&str] = &[
    "^[a-z]+$",
    "[0-9]",
    "a|e|o",
    "^.{1,6}$",
    "^\\w+-\\w+$",
    "\\d{2,}",
    "^(nz|au|ada)$",
    "[^a-m]",
    "ü|é|ß",
    "^$",
    "(?:an|on|in|re)",
    "^[A-Z]",
    "\\p{Lu}",
    "1$",
    "STRASSE|GRÜN",
    "l+o",
];

pub(crate) const UNITS: &[&str] =
    &["user", "session", "tenant", "request", "attr.account", "attr.plan", "attr.profile.id"];

pub(crate) const SEEDS: &[&str] = &[
    "spring sale",
    "α-seed",
    "x",
    "a seed of more than one hundred and twenty-eight bytes, for the longer ways of the hash \
     begin there: they are a thing of their own",
];

pub(crate) const PERCENTAGES: &[&str] = &[
    "0%", "100%", "100%", "50%", "50%", "25%", "75%", "99.999%", "0.001%", "12.345%", "33.3%",
    "90%", "1%",
];

pub(crate) const WEIGHTS: &[u32] = &[0, 1, 1, 2, 3, 50, 50, 333, 999_999, 1_000_000];

pub(crate) const FLAGS: &[&str] = &[
    "dark-mode",
    "new.search",
    "A1",
    "pricing_v2",
    "0zero",
    "42",
    "checkout-button",
    "page-size",
    "migration",
    "x",
    "Banner",
    "flag.in.dots",
    "tests",
    "not",
    "a-name-as-long-as-names-may-be-0123456789-0123456789-0123456789-0123456789-0123456789-\
     0123456789-0123456789-0123456789-012345678",
];

pub(crate) const SEGMENTS: &[&str] =
    &["staff", "pilot", "hold.back", "B2B", "7th", "everyone-else"];

pub(crate) const VARIANTS: &[&str] = &["control", "green", "Blue", "off", "v2", "a.b", "0"];

pub(crate) const RULES: &[&str] =
    &["qa", "canary", "für alle 🚀", "a: b", "ramp #2", "'quoted'", "42", "true"];
