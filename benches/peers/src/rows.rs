//! The rows of the table: each a document in hoist's words, the same flags as logic for the
//! rivals, who asks, and what the answers add up to.

use crate::logic::{Flag, Op, Rule, Serve, When, is, not, on, one_of};
use crate::measure::Batch;
use crate::ours;
use crate::workloads::{self, Known, MANY, Request, USERS, W5_SERVED, W6_RULES, Workload};

/// One row.
pub(crate) struct Row {
    /// The same flags in nobody's words.
    pub(crate) flags: Vec<Flag>,
    pub(crate) ask: Ask,
    /// What the answers to all questions add up to.
    pub(crate) sum: i64,
    /// How far an engine with a hash of its own may be off.
    pub(crate) tolerance: i64,
    /// hoist in its ways, in the order of [`ours::WAYS`].
    pub(crate) ours: Vec<Batch>,
    /// One who is answered otherwise than all the others, where they are answered alike, and how:
    /// an engine that has not understood the flag would say the same.
    pub(crate) contrary: Option<(Request, bool)>,
}

/// The questions, which are put in turn.
pub(crate) enum Ask {
    /// Whether one flag is on, for each request.
    IsOn(&'static str, Vec<Request>),
    /// The integer that one flag serves, for each request.
    Arm(&'static str, Vec<Request>),
    /// Whether each of the flags is on, for one request.
    Each(Vec<String>, Request),
    /// Nothing: what is timed is making the context of each request. The flag is on for all of them.
    Context(Vec<Request>),
}

impl Ask {
    pub(crate) fn questions(&self) -> usize {
        match self {
            Ask::IsOn(_, requests) | Ask::Arm(_, requests) | Ask::Context(requests) => {
                requests.len()
            }
            Ask::Each(names, _) => names.len(),
        }
    }
}

/// What a row is called, what it says, and how it is made.
pub(crate) type Maker = (&'static str, &'static str, fn() -> Row);

/// The rows, as the report has them beside each other.
pub(crate) const BANDS: [[Maker; 4]; 4] = [
    [
        ("W1", "on, no rules", || boolean(workloads::w1(), Flag::everyone(Serve::On), None)),
        ("W2-5", "the user is the last in a list of 5", || w2(1, 5)),
        ("W2-1000", "the user is the last in a list of 1 000", || w2(2, 1_000)),
        ("LIST-1M", "the user is the last in a list of 1 000 000", list_1m),
    ],
    [
        ("ABSENT", "a rule on a header that is not there", absent),
        ("W3", "a 25 % rollout by user, ids of 36 bytes", w3),
        ("IDS-64", "a 25 % rollout by user, ids of 64 bytes", ids_64),
        ("W4", "a header, a region in 4, a 10 % rollout", w4),
    ],
    [
        ("W5", "a split of four with a payload", w5),
        ("W6", "50 rules on one attribute, the last matches", w6),
        ("RULES-200", "200 rules on two attributes, the last matches", rules_200),
        ("W7-warm", "64 of 10 000 flags by name, one rule each", w7),
    ],
    [
        ("PREREQ", "on, if three other flags are on", prerequisites),
        ("PRODUCT", "two prerequisites, three rules, a rollout", product),
        ("DEEP", "seven tests that nest", deep),
        ("CTX", "making a context with eight things in it", contexts),
    ],
];

/// Who is answered otherwise.
type Contrary = Option<(Request, bool)>;

/// A workload, and the same flag in nobody's words.
fn boolean(workload: Workload, flag: Flag, contrary: Contrary) -> Row {
    let served = flag.rules.iter().map(|rule| rule.serve).chain([flag.rest]);
    let shares = served.into_iter().any(|serve| matches!(serve, Serve::Share(_)));
    Row {
        flags: vec![flag.named(workload.flag)],
        sum: workload.on as i64,
        tolerance: if shares { 10 } else { 0 },
        ours: ours::boolean(&workload, &[], &contrary),
        ask: Ask::IsOn(workload.flag, workload.requests),
        contrary,
    }
}

fn users() -> Vec<Request> {
    (0..USERS).map(|number| Request::of(workloads::user(number))).collect()
}

/// The first of the users, with something changed.
fn but(change: impl Fn(&mut Request)) -> Request {
    let mut request = Request::of(workloads::user(0));
    change(&mut request);
    request
}

/// One in a region that flags are tried in: those of W4, W7 and LOAD are on for it.
pub(crate) fn pilot() -> Request {
    but(|request| request.region = "nz")
}

fn w2(at: usize, count: usize) -> Row {
    let rules = vec![on(one_of("user", &workloads::listed(count)))];
    let workload = workloads::small().remove(at);
    boolean(workload, Flag::new(rules, Serve::Off), Some((but(|_| {}), false)))
}

fn list_1m() -> Row {
    let listed = workloads::listed(1_000_000);
    let document = "version: 1
flags: { feature: { rules: [{ when: { user: { in_file: users.txt } } }] } }
";
    let asks = vec![Request::of(listed.last().cloned().unwrap_or_default())];
    let workload = workloads::further("LIST-1M", document.to_owned(), asks, 1);
    let contrary = Some((but(|_| {}), false));
    let beside = [("users.txt", listed.join("\n"))];
    let ours = ours::boolean(&workload, &beside, &contrary);
    let rules = vec![on(one_of("user", &listed))];
    Row {
        flags: vec![Flag::new(rules, Serve::Off).named(workload.flag)],
        sum: 1,
        tolerance: 0,
        ours,
        ask: Ask::IsOn(workload.flag, workload.requests),
        contrary,
    }
}

fn absent() -> Row {
    let rules = vec![on(one_of("x-canary", &["1"]))];
    let canary = but(|request| request.headers.push(("X-Canary", "1")));
    boolean(workloads::absent(), Flag::new(rules, Serve::Off), Some((canary, true)))
}

fn w3() -> Row {
    boolean(workloads::w3(), Flag::everyone(Serve::Share(25)), None)
}

fn ids_64() -> Row {
    boolean(workloads::ids_64(), Flag::everyone(Serve::Share(25)), None)
}

fn w4() -> Row {
    let rules = vec![
        on(one_of("x-new-checkout", &["on"])),
        on(one_of("region", &["nz", "au", "de", "fr"])),
    ];
    boolean(workloads::w4(), Flag::new(rules, Serve::Share(10)), Some((pilot(), true)))
}

fn w5() -> Row {
    let workload = workloads::w5();
    let arms = [("small", 10), ("medium", 20), ("large", 50), ("huge", 100)];
    Row {
        flags: vec![Flag::everyone(Serve::Split(arms)).named(workload.flag)],
        sum: W5_SERVED.iter().map(|(value, count)| value * *count as i64).sum(),
        tolerance: 1_000,
        ours: ours::split(&workload),
        ask: Ask::Arm(workload.flag, workload.requests),
        contrary: None,
    }
}

fn prerequisites() -> Row {
    let required = ["catalogue", "accounts", "payments"].map(|name| (name, true));
    let on_for = |attribute, values| vec![on(one_of(attribute, values))];
    let flag = Flag { requires: required.into(), ..Flag::everyone(Serve::On) };
    let mut row = boolean(workloads::prerequisites(), flag, Some((pilot(), false)));
    row.flags.extend([
        Flag::everyone(Serve::On).named("catalogue"),
        Flag::new(on_for("region", &["us", "ca"]), Serve::Off).named("accounts"),
        Flag::new(on_for("plan", &["pro", "enterprise"]), Serve::Off).named("payments"),
    ]);
    row
}

fn w6() -> Row {
    let rule = |number| on(one_of("shop", &[format!("shop-{number:02}")]));
    let flag = Flag::new((0..W6_RULES).map(rule).collect(), Serve::Off);
    boolean(workloads::w6(), flag, Some((but(|_| {}), false)))
}

fn rules_200() -> Row {
    let asked = workloads::asked_by_rules_200();
    let rules = asked.map(|(attribute, value)| on(one_of(attribute, &[value])));
    let flag = Flag::new(rules.collect(), Serve::Off);
    boolean(workloads::rules_200(), flag, Some((but(|_| {}), false)))
}

fn w7() -> Row {
    let names: Vec<String> =
        workloads::w7_numbers(USERS).into_iter().map(workloads::name).collect();
    let request = Request::of(workloads::user(0));
    let rules = || vec![on(one_of("region", &["nz", "au"]))];
    let flag = |number| Flag::new(rules(), Serve::Off).named(workloads::name(number));
    let contrary = Some((pilot(), true));
    Row {
        flags: (0..MANY).map(flag).collect(),
        sum: 0,
        tolerance: 0,
        ours: ours::many(&names, &request, &contrary),
        ask: Ask::Each(names, request),
        contrary,
    }
}

/// The rivals have no ramp: theirs is the share that hoist's has reached at the hour of the bench.
fn product() -> Row {
    let canary =
        When::All(vec![one_of("region", &["nz", "au"]), not(one_of("plan", &["enterprise"]))]);
    let rules = vec![
        on(one_of("x-new-pricing", &["on"])),
        on(is("email", Op::EndsWith("@company.com"))),
        Rule { when: canary, serve: Serve::Share(5) },
    ];
    let requires = vec![("catalogue", true), ("holdback", false)];
    let flag = Flag { requires, ..Flag::new(rules, Serve::Share(1)) };
    let staff = but(|request| {
        request.attributes.push(("email", Known::Text("ada@company.com".to_owned())));
    });
    let mut row = boolean(workloads::product(), flag, Some((staff, true)));
    row.flags.extend([
        Flag::everyone(Serve::On).named("catalogue"),
        Flag::everyone(Serve::Share(1)).named("holdback"),
    ]);
    row
}

/// What must not be comes first, as a rule that serves off: in most formats the negation of what
/// is not there does not hold.
fn deep() -> Row {
    let bot = one_of("x-bot", &["1"]);
    let rest = When::All(vec![
        When::Any(vec![one_of("region", &["nz", "au"]), one_of("plan", &["pro", "enterprise"])]),
        When::Any(vec![
            is("user", Op::StartsWith("test-")),
            When::All(vec![is("age", Op::AtLeast(18)), not(one_of("region", &["kp", "ir"]))]),
        ]),
        not(is("app", Op::StartsWith("1."))),
    ]);
    let rules = vec![Rule { when: bot, serve: Serve::Off }, on(rest)];
    let bot = but(|request| request.headers.push(("X-Bot", "1")));
    boolean(workloads::deep(), Flag::new(rules, Serve::Off), Some((bot, false)))
}

fn contexts() -> Row {
    let mut requests = users();
    for request in &mut requests {
        request.attributes = vec![
            ("plan", Known::Text("pro".to_owned())),
            ("age", Known::Integer(36)),
            ("beta", Known::Text("false".to_owned())),
        ];
        request.headers.push(("Cookie", request.cookies));
    }
    Row {
        flags: vec![Flag::new(vec![on(one_of("plan", &["pro"]))], Serve::Off).named("feature")],
        sum: 0,
        tolerance: 0,
        ours: ours::contexts(),
        ask: Ask::Context(requests),
        contrary: Some((but(|request| request.attributes.clear()), false)),
    }
}

/// The flags of LOAD.
pub(crate) fn loaded(flags: usize) -> Vec<Flag> {
    let flag = |number: usize| {
        let rules = vec![
            on(one_of("x-feature", &[number.to_string()])),
            on(When::All(vec![
                one_of("region", &["nz", "au", "de", "fr"]),
                one_of("plan", &["pro"]),
            ])),
        ];
        let share = 1 + u32::try_from(number % 50).unwrap_or(0);
        Flag::new(rules, Serve::Share(share)).named(workloads::name(number))
    };
    (0..flags).map(flag).collect()
}
