//! A decision allocates nothing and reads the clock at the most once, and then only for a flag that
//! speaks of time and a context that brings none.

#[path = "no_alloc/counted.rs"]
mod counted;
#[path = "no_alloc/rows.rs"]
mod rows;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use counted::{ALLOCATIONS, CLOCK_READS, count, quietly};
use hoist::{
    Attribute, Builder, Condition, Context, ContextBuf, Decision, Flags, Json, Key, Reason,
    Snapshot, Strategy, Value,
};
use rows::Row;

/// A directory for one test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path =
            std::env::temp_dir().join(format!("hoist-no-alloc-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

struct LongName;
struct AtLeast(u64);

impl Strategy for LongName {
    fn compile(&self, parameters: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        Ok(Box::new(AtLeast(parameters["letters"].as_u64().unwrap())))
    }
}

impl Condition for AtLeast {
    fn holds(&self, ctx: &Context<'_>, _: SystemTime) -> Option<bool> {
        ctx.get("user").map(|user| user.len() as u64 >= self.0)
    }

    fn describe(&self) -> String {
        "a long name".to_owned()
    }
}

/// What the flags of all rows can name.
const HEAD: &str = "version: 1
strategies: [long-name]
segments:
  crew: { user: [ada, eve] }
  nobody: { user: nobody }
  nested: { region: nz, any: [ { segment: crew }, { not: { attr.plan: { exists: false } } } ] }
  most: { rollout: 99.999% }
  everyone: { rollout: 100% }
flags:
  base: { rules: [ { when: { segment: crew } } ] }
  colour: { variants: [red, blue, grey], default: grey,
            rules: [ { when: { region: nz }, serve: red } ] }
  halves: { rules: [ { when: everyone, serve: { on: 999999, off: 1 } } ] }
  stopped: { kill: true, default: on }
  chained: { requires: base, default: on }
  windowed: { rules: [ { when: everyone, from: 2026-12-01T00:00:00Z } ] }
";

/// In January 2027.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn open(folder: &Folder, text: &str) -> Flags {
    open_with(folder, text, service())
}

/// What most tests say of every request.
fn service() -> ContextBuf {
    ContextBuf::new().env("production").attr("site", "akl")
}

fn open_with(folder: &Folder, text: &str, base: ContextBuf) -> Flags {
    warmed(builder(folder, text, base))
}

fn builder(folder: &Folder, text: &str, base: ContextBuf) -> Builder {
    folder.write("users.list", &(0..1_000).map(|n| format!("u{n}\n")).collect::<String>());
    folder.write("networks.list", "10.0.0.0/24\n2001:db8::/32\n");
    Flags::builder()
        .file(folder.write("flags.yaml", text))
        .kill_file(folder.write("kills", "ended\n"))
        .context(base)
        .keys(KEYS)
        .strategy("long-name", LongName)
        .clock(move || {
            count(&CLOCK_READS);
            now()
        })
        .watch(hoist::Watch::OnDemand)
}

/// A handle that this thread has asked.
fn warmed(builder: Builder) -> Flags {
    let flags = builder.open().unwrap();
    // The first read of a thread makes the slot in which its later ones are protected.
    let _ = flags.is_enabled("base", &Context::new());
    flags
}

/// Looks at every part of a decision.
fn look_at<'s>(decision: &Decision<'s>) -> (&'s str, Option<(&'s str, u32)>) {
    let value = decision.value();
    let _ = value.map(|value| (value.as_bool(), value.as_text(), value.value_type().as_str()));
    let _ = value.map(|value| (value.as_integer(), value.as_float(), value.as_json()));
    let reason = decision.reason();
    let _ = (reason.as_str(), reason.open_feature(), reason.open_telemetry());
    let _ = (decision.flag(), decision.rule(), decision.prerequisite(), decision.is_enabled());
    let _ = (decision.bucket(), decision.no_unit(), decision.is_kept());
    (decision.variant(), decision.place())
}

/// Takes every read of a flag; gives what it decided.
fn read<'s>(
    flags: &Flags,
    snap: &'s Snapshot,
    key: &'s Key<bool>,
    ctx: &Context<'_>,
    what: &dyn Fn() -> String,
    clock_reads: u64,
) -> Decision<'s> {
    let name = key.name();
    let is_enabled = quietly(what, clock_reads, || flags.is_enabled(name, ctx));
    let decision = quietly(what, clock_reads, || snap.decide(name, ctx));
    let (variant, place) = quietly(what, 0, || look_at(&decision));
    assert!(!variant.is_empty() && place.is_some());
    for same in [
        quietly(what, clock_reads, || snap.is_enabled(name, ctx)),
        quietly(what, clock_reads, || flags.is_enabled(key, ctx)),
        quietly(what, clock_reads, || snap.is_enabled(key, ctx)),
        quietly(what, clock_reads, || flags.value(key, ctx)),
        quietly(what, clock_reads, || snap.value(key, ctx)),
        quietly(what, clock_reads, || flags.value_or(name, ctx, !is_enabled)),
        quietly(what, clock_reads, || snap.value_or(name, ctx, !is_enabled)),
        quietly(what, clock_reads, || snap.decide(key, ctx)).is_enabled(),
    ] {
        assert_eq!(same, is_enabled, "{}", what());
    }
    assert_eq!(decision.is_enabled(), is_enabled, "{}", what());
    decision
}

fn read_all(name: &str, head: &str, rows: Vec<Row>) {
    read_all_with(name, head, rows, service());
}

fn read_all_with(name: &str, head: &str, rows: Vec<Row>, base: ContextBuf) {
    // Without patterns a file that has one does not load.
    let has_patterns = cfg!(feature = "regex");
    let rows: Vec<Row> =
        rows.into_iter().filter(|row| has_patterns || !row.flag.contains("matches:")).collect();
    let flags: String =
        rows.iter().enumerate().map(|(n, row)| format!("  row-{n}: {}\n", row.flag)).collect();
    let folder = Folder::new(name);
    let flags = open_with(&folder, &format!("{head}{flags}"), base);
    let snap = flags.snapshot();
    for (n, row) in rows.iter().enumerate() {
        let key: &Key<bool> = Box::leak(Box::new(Key::new(format!("row-{n}").leak(), false)));
        let what = || row.flag.chars().take(200).collect();
        let mut served = Vec::new();
        for (make, clock_reads) in [row.one, row.other].into_iter().zip(row.clock_reads) {
            // What the contexts borrow is made with the first of them.
            drop(make(Context::new()));
            let ctx = quietly(&what, 0, || make(Context::new()));
            served.push(read(&flags, &snap, key, &ctx, &what, clock_reads).is_enabled());
            let ctx = quietly(&what, 0, || ctx.at(now()));
            read(&flags, &snap, key, &ctx, &what, 0);
        }
        // A row that decides alike for both would prove nothing of its condition.
        assert_ne!(served[0], served[1], "{}", what());
    }
}

#[test]
fn no_subject_allocates() {
    read_all("subjects", HEAD, rows::subjects());
}

#[test]
fn no_matcher_allocates() {
    read_all("matchers", HEAD, rows::matchers());
}

#[test]
fn no_declared_attribute_allocates() {
    let attributes = "attributes: { plan: [free, pro], age: integer, rate: number, vip: boolean, \
                      app: version, account: json, site: text }\n";
    read_all("declared", &format!("{attributes}{HEAD}"), rows::declared());
}

#[test]
fn no_combination_allocates() {
    read_all("combinations", HEAD, rows::combinations());
}

#[test]
fn no_share_allocates() {
    read_all("shares", HEAD, rows::shares());
}

#[test]
fn no_unit_of_the_whole_file_allocates() {
    read_all("accounts", &format!("by: [attr.account, tenant]\n{HEAD}"), rows::accounts());
}

#[test]
fn no_context_under_all_requests_allocates() {
    read_all_with("based", HEAD, rows::based(), rows::base());
}

/// Building it allocates; deciding on it does not.
#[test]
fn no_decision_on_a_context_beyond_its_room_allocates() {
    static NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let flag = "{ rules: [ { when: { attr.a: 1, attr.l: 1, attr.m: { exists: false }, header.l: h, \
                header.m: { exists: false }, cookie.l: c, not: { cookie.m: c } } } ] }";
    let folder = Folder::new("spilt");
    let flags = open(&folder, &format!("version: 1\nflags: {{ wide: {flag} }}"));
    let snap = flags.snapshot();
    let ctx = NAMES
        .iter()
        .fold(Context::new(), |ctx, name| ctx.attr(name, 1).header(name, "h").cookie(name, "c"));
    let lent: Vec<(&str, Attribute<'_>)> = NAMES.iter().map(|name| (*name, 1.into())).collect();
    let lending = NAMES.iter().fold(Context::new().attributes(&lent), |ctx, name| {
        ctx.header(name, "h").cookie(name, "c")
    });
    static WIDE: Key<bool> = Key::new("wide", false);
    for (ctx, is_on) in [(&ctx, true), (&lending, true), (&ctx.clone().attr("m", 1), false)] {
        let what = || format!("{ctx:?}");
        assert_eq!(read(&flags, &snap, &WIDE, ctx, &what, 0).is_enabled(), is_on);
    }
}

const REASONS: &str = "
  ended: on
  shut: { kill: true, default: on }
  needy: { requires: base, default: on }
  barred: { unless: { user: ada }, default: on }
  ruled: { rules: [ { when: { region: nz } } ] }
  shared: { rules: [ { rollout: 99.999% } ] }
  others: { rules: [ { rollout: 0.001%, else: on } ] }
";

/// But for those that nothing gives yet: a force, an override, and a guard's stop.
#[test]
fn no_reason_allocates() {
    let folder = Folder::new("reasons");
    let flags = open(&folder, &format!("{HEAD}{REASONS}"));
    let snap = flags.snapshot();
    let known = Context::new().user("ada").region("nz");
    let nobody = Context::new();
    let rows = [
        ("ended", &nobody, Reason::Killed),
        ("shut", &nobody, Reason::Killed),
        ("needy", &nobody, Reason::Prerequisite),
        ("barred", &known, Reason::Excluded),
        ("barred", &nobody, Reason::Excluded),
        ("ruled", &known, Reason::Rule),
        ("ruled", &nobody, Reason::Default),
        ("shared", &known, Reason::Split),
        ("shared", &nobody, Reason::Default),
        ("others", &known, Reason::Else),
        ("others", &nobody, Reason::Else),
        ("no-such-flag", &known, Reason::FlagNotFound),
    ];
    for (name, ctx, reason) in rows {
        let what = || name.to_owned();
        let decision = quietly(&what, 0, || snap.decide(name, ctx));
        quietly(&what, 0, || look_at(&decision));
        assert_eq!(decision.reason(), reason, "{name}");
        let is_enabled = quietly(&what, 0, || flags.is_enabled(name, ctx));
        assert_eq!(is_enabled, decision.is_enabled(), "{name}");
    }
    static COUNT: Key<i64> = Key::new("shared", 1);
    static FIXED: Key<bool> = Key::new("ended", true);
    let what = || "keys".to_owned();
    let mistaken = quietly(&what, 0, || snap.decide(&COUNT, &known));
    quietly(&what, 0, || look_at(&mistaken));
    assert_eq!(mistaken.reason(), Reason::TypeMismatch);
    assert!(!quietly(&what, 0, || flags.value(&FIXED, &known)));
}

/// What a bad edit leaves: flags of their last good version, and others that name what is gone.
#[test]
fn no_flag_that_was_kept_allocates() {
    let folder = Folder::new("kept");
    let good = "version: 1\nflags:\n  a: { rules: [ { when: { region: nz } } ] }\n  b: on\n";
    let flags = open(&folder, good);
    folder.write("flags.yaml", &good.replace("region:", "regoin:").replace("b: on", "b: off"));
    flags.reload().unwrap();
    let snap = flags.snapshot();
    let ctx = Context::new().region("nz");
    let what = || "a kept flag".to_owned();
    static A: Key<bool> = Key::new("a", false);
    let decision = read(&flags, &snap, &A, &ctx, &what, 0);
    assert!(decision.is_kept() && decision.is_enabled());
    assert!(!quietly(&what, 0, || flags.is_enabled("b", &ctx)));
}

#[test]
fn no_look_at_a_snapshot_allocates() {
    let folder = Folder::new("looks");
    let flags = open(&folder, HEAD);
    let what = || "a snapshot".to_owned();
    let snap = quietly(&what, 0, || flags.snapshot());
    let copy = quietly(&what, 0, || snap.clone());
    quietly(&what, 0, || (copy.generation(), copy.hash(), copy.loaded_at(), copy.flags().count()));
    assert_eq!(quietly(&what, 1, || copy.stale().count()), 0);
    quietly(&what, 0, || drop(copy));
    let handle = quietly(&what, 0, || flags.clone());
    quietly(&what, 0, || drop(handle));
}

#[test]
fn no_unknown_strategy_allocates() {
    let rule = "{ rules: [ { when: { strategy.long-name: { letters: 3 } } } ] }";
    let text = format!("version: 1\nstrategies: [long-name]\nflags: {{ a: {rule} }}");
    let snap = Snapshot::from_yaml(&text).unwrap();
    let ctx = Context::new().user("ada");
    let what = || "an unknown strategy".to_owned();
    assert!(!quietly(&what, 0, || snap.is_enabled("a", &ctx)));
}

hoist::variants! {
    enum Colour { Red = "red", Grey = "grey" }
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Layout {
    columns: u8,
    names: Vec<String>,
}

hoist::flags! {
    static KEYS;
    LAYOUT: Json<Layout> = "layout", default Layout { columns: 1, names: Vec::new() };
    NO_LAYOUT: Json<Layout> = "no-layout", default Layout { columns: 2, names: Vec::new() };
    MINUS: i32 = "minus", default 0;
}

hoist::flags! {
    SHINY: bool = "shiny", default false;
    SIZE: i64 = "size", default 1;
    RATE: f64 = "rate", default 1.0;
    TINT: &'static str = "tint", default "none";
    COLOUR: Colour = "tint", default Colour::Grey;
    GONE: bool = "gone", default true;
    MISTAKEN: i64 = "tint", default 7;
    MISTAKEN_LAYOUT: Json<Layout> = "tint", default Layout { columns: 3, names: Vec::new() };
    NONE_OF_THEM: Colour = "layout", default Colour::Grey;
    BEYOND: u32 = "minus", default 5;
    BEYOND_LONG: u64 = "minus", default 6;
    LENGTH: usize = "size", default 7;
    NARROW: f32 = "rate", default 7.0;
}

const TYPED: &str = "version: 1
flags:
  shiny: on
  stopped: { kill: true, default: on }
  size: { rules: [ { name: nz, when: { region: nz }, value: 500 } ], default: { value: 100 } }
  rate: { variants: { low: 0.5, high: 2.5 }, default: high }
  tint: { variants: [red, grey], default: red }
  layout: { variants: { wide: { columns: 3, names: [a, b] }, narrow: [1, []] }, default: wide }
  minus: { default: { value: -1 } }
";

/// Reads every kind of key and value; gives them, with what the key of a boolean flag says.
fn read_typed(flags: &Flags, snap: &Snapshot, ctx: &Context<'_>) -> (bool, i64) {
    assert_eq!((flags.value(&RATE, ctx), snap.value(&RATE, ctx)), (2.5, 2.5));
    assert_eq!((snap.value(&TINT, ctx), snap.value_or("tint", ctx, "none")), ("red", "red"));
    assert_eq!((flags.value(&COLOUR, ctx), snap.value(&COLOUR, ctx)), (Colour::Red, Colour::Red));
    assert_eq!((flags.value_or("size", ctx, 0.5), snap.value_or("gone", ctx, "x")), (0.5, "x"));
    assert_eq!((flags.value(&MISTAKEN, ctx), snap.value(&MISTAKEN, ctx)), (7, 7));
    assert!(flags.is_enabled(&GONE, ctx) && snap.value(&GONE, ctx));
    assert!(!flags.is_enabled("gone", ctx) && !snap.is_enabled("tint", ctx));
    assert!(!snap.is_enabled("stopped", ctx) && !snap.decide("stopped", ctx).is_enabled());
    assert!(
        snap.decide("gone", ctx).value().is_none() && snap.decide(&MISTAKEN, ctx).rule().is_none()
    );
    assert!(snap.decide("layout", ctx).value().and_then(Value::as_json).is_some());
    let (layout, decision) = (snap.value(&LAYOUT, ctx), snap.decide(&LAYOUT, ctx));
    assert_eq!((layout.columns, &*layout.names[1], decision.variant()), (3, "b", "wide"));
    assert_eq!(snap.value(&NO_LAYOUT, ctx).columns, 2);
    assert_eq!(snap.value(&MISTAKEN_LAYOUT, ctx).columns, 3);
    assert_eq!((flags.value(&NONE_OF_THEM, ctx), flags.value(&MINUS, ctx)), (Colour::Grey, -1));
    assert_eq!((flags.value(&BEYOND, ctx), snap.value(&BEYOND_LONG, ctx)), (5, 6));
    assert_eq!(snap.decide(&BEYOND, ctx).reason(), Reason::TypeMismatch);
    assert_eq!(
        (flags.value(&LENGTH, ctx) as i64, snap.value(&NARROW, ctx)),
        (snap.value(&SIZE, ctx), 2.5)
    );
    assert_eq!(flags.value_or("size", ctx, 1), snap.value_or("size", ctx, 1));
    assert_eq!(flags.value(&SIZE, ctx), snap.value(&SIZE, ctx));
    (flags.is_enabled(&SHINY, ctx) && snap.value(&SHINY, ctx), flags.value(&SIZE, ctx))
}

#[test]
fn no_type_of_value_allocates_before_and_after_a_reload() {
    let folder = Folder::new("typed");
    let flags = open(&folder, TYPED);
    let ctx = Context::new().region("nz");
    let what = || "typed keys".to_owned();
    let snap = quietly(&what, 0, || flags.snapshot());
    assert_eq!(quietly(&what, 0, || read_typed(&flags, &snap, &ctx)), (true, 500));

    folder.write("flags.yaml", &TYPED.replace("shiny: on", "shiny: off").replace("500", "50"));
    flags.reload().unwrap();
    let snap = quietly(&what, 0, || flags.snapshot());
    assert_eq!(quietly(&what, 0, || read_typed(&flags, &snap, &ctx)), (false, 50));
}

/// Neither of a state that a thread keeps nor when it takes the new one in its place.
#[test]
fn no_question_to_a_handle_whose_threads_keep_a_state_allocates() {
    let folder = Folder::new("cached");
    let flags = warmed(builder(&folder, TYPED, service()).cache_per_thread());
    let ctx = Context::new().region("nz");
    let what = || "a state that a thread keeps".to_owned();
    let snap = quietly(&what, 0, || flags.snapshot());
    for _ in 0..2 {
        assert_eq!(quietly(&what, 0, || read_typed(&flags, &snap, &ctx)), (true, 500));
    }
    folder.write("flags.yaml", &TYPED.replace("shiny: on", "shiny: off").replace("500", "50"));
    flags.reload().unwrap();
    let what = || "the first question after a reload".to_owned();
    assert!(!quietly(&what, 0, || flags.is_enabled("shiny", &ctx)));
    let snap = quietly(&what, 0, || flags.snapshot());
    assert_eq!(quietly(&what, 0, || read_typed(&flags, &snap, &ctx)), (false, 50));
    // More handles than a thread has places: they push each other's states out.
    let another = || warmed(builder(&folder, TYPED, service()).cache_per_thread());
    let others: [Flags; 4] = std::array::from_fn(|_| another());
    let what = || "a state that was pushed out".to_owned();
    for flags in others.iter().chain([&flags]) {
        let size = quietly(&what, 0, || flags.value(&SIZE, &ctx));
        assert_eq!(quietly(&what, 0, || flags.is_enabled("shiny", &ctx)), size == 500);
    }
}

#[test]
fn a_snapshot_allocates_not_even_for_the_first_read_of_a_thread() {
    let snap = Snapshot::from_yaml(TYPED).unwrap();
    let first = std::thread::spawn(move || {
        let ctx = Context::new();
        quietly(&|| "a first read".to_owned(), 0, || snap.is_enabled("shiny", &ctx))
    });
    assert!(first.join().unwrap());
}

/// A thread's first read through the live handle makes the slot in which arc-swap protects what it
/// loads, and the places in which it keeps that, for which a list may grow: once for a thread,
/// whatever it reads then.
#[test]
fn the_live_handle_allocates_for_the_first_read_of_a_thread_alone() {
    let folder = Folder::new("first");
    let flags = open(&folder, TYPED);
    let counts = std::thread::spawn(move || {
        let ctx = Context::new();
        [(); 3].map(|()| {
            let before = ALLOCATIONS.get();
            assert!(flags.is_enabled("shiny", &ctx));
            ALLOCATIONS.get() - before
        })
    });
    let [first, later @ ..] = counts.join().unwrap();
    assert!(first <= 3, "{first}");
    assert_eq!(later, [0, 0]);
}

#[test]
fn a_context_of_usual_size_allocates_nothing() {
    static AGES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let what = || "a context".to_owned();
    let full = |ctx: Context<'static>| {
        let ctx = AGES.iter().zip(0_i64..).fold(ctx, |ctx, (name, age)| ctx.attr(name, age));
        // Given twice, an attribute takes the place that it has.
        let ctx = ctx.attr("a", "again").attr("h", Attribute::Texts(&AGES));
        let ctx = AGES[..4].iter().fold(ctx, |ctx, name| ctx.header(name, "1").cookie(name, "2"));
        ctx.user(42).session("s").region("nz").tenant("t").env("e").host("h").request("r")
    };
    let ctx = quietly(&what, 0, || full(Context::new().ip("10.0.0.1").at(now())));
    let copy = quietly(&what, 0, || ctx.clone());
    quietly(&what, 0, move || drop(copy));

    // One more, and the count shows that it counts.
    let spilling: [fn(Context<'static>) -> Context<'static>; 3] =
        [|c| c.attr("i", 1), |c| c.header("i", "1"), |c| c.cookie("i", "1")];
    for spill in spilling {
        let ctx = ctx.clone();
        let before = ALLOCATIONS.get();
        let spilt = spill(ctx);
        assert!(ALLOCATIONS.get() > before, "{spilt:?}");
    }
}

#[test]
fn counting_and_telling_allocate_nothing() {
    let folder = Folder::new("telemetry");
    let path = folder.write(
        "flags.yaml",
        "version: 1\nflags: { a: on, b: 50%, size: { default: { value: 5 } } }",
    );
    let flags = Flags::builder()
        .file(path)
        .count_decisions()
        .recorder(|decision: &Decision<'_>, ctx: &Context<'_>| {
            assert!(ctx.get("user").is_some() || decision.rule().is_none());
        })
        .watch(hoist::Watch::OnDemand)
        .open()
        .unwrap();
    let ctx = Context::new().user("ada");
    // The first read of a thread makes its slot, as ever.
    let _ = flags.is_enabled("a", &ctx);
    let snap = flags.snapshot();
    let what = || "telemetry".to_owned();
    for flag in ["a", "b", "size", "gone"] {
        quietly(&what, 0, || {
            let _ = (flags.is_enabled(flag, &ctx), flags.value_or(flag, &ctx, 7_i64));
            let _ = (snap.decide(flag, &ctx), snap.is_enabled(flag, &Context::new()));
        });
    }
    let counts = flags.decision_counts();
    let served: u64 = counts.served.iter().map(|served| served.count).sum();
    assert_eq!((served, counts.type_mismatch, counts.flag_not_found), (4 + 3 + 2, 1 + 1 + 2, 4));
}
