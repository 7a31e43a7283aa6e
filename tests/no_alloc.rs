//! A decision allocates nothing and reads the clock at the most once, and then only for a flag that
//! speaks of time and a context that brings none.

#[path = "no_alloc/rows.rs"]
mod rows;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use hoist::{Attribute, Condition, Context, ContextBuf, Decision, Flags, Key, Snapshot, Strategy};
use rows::Row;

thread_local! {
    // Per thread, because other tests run meanwhile. Without a destructor and made at compile
    // time, so that counting allocates nothing itself.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static CLOCK_READS: Cell<u64> = const { Cell::new(0) };
}

fn count(what: &'static std::thread::LocalKey<Cell<u64>>) {
    what.set(what.get() + 1);
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator can be written in no other way")]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: as above; `old` is from `System`, as all memory here is.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Does something that must not allocate and reads the clock so often.
fn quietly<T>(what: &dyn Fn() -> String, clock_reads: u64, work: impl FnOnce() -> T) -> T {
    let before = (ALLOCATIONS.get(), CLOCK_READS.get());
    let result = work();
    let after = (ALLOCATIONS.get(), CLOCK_READS.get());
    assert_eq!(after.0 - before.0, 0, "allocations: {}", what());
    assert_eq!(after.1 - before.1, clock_reads, "clock reads: {}", what());
    result
}

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
flags:
  base: { rules: [ { when: { segment: crew } } ] }
  colour: { variants: [red, blue, grey], default: grey,
            rules: [ { when: { region: nz }, serve: red } ] }
  windowed: { rules: [ { when: everyone, from: 2026-12-01T00:00:00Z } ] }
";

/// In January 2027.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn open(folder: &Folder, text: &str) -> Flags {
    folder.write("users.list", &(0..1_000).map(|n| format!("u{n}\n")).collect::<String>());
    folder.write("networks.list", "10.0.0.0/24\n2001:db8::/32\n");
    let flags = Flags::builder()
        .file(folder.write("flags.yaml", text))
        .context(ContextBuf::new().env("production").attr("site", "akl"))
        .strategy("long-name", LongName)
        .clock(move || {
            count(&CLOCK_READS);
            now()
        })
        .watch(hoist::Watch::OnDemand)
        .open()
        .unwrap();
    // The first read of a thread makes the slot in which its later ones are protected.
    let _ = flags.is_enabled("base", &Context::new());
    flags
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
    let parts = quietly(what, 0, || {
        (decision.value(), decision.rule(), decision.bucket(), decision.place(), decision.no_unit())
    });
    assert!(parts.0.is_some() && parts.3.is_some());
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
    // Without patterns a file that has one does not load.
    let has_patterns = cfg!(feature = "regex");
    let rows: Vec<Row> =
        rows.into_iter().filter(|row| has_patterns || !row.flag.contains("matches:")).collect();
    let flags: String =
        rows.iter().enumerate().map(|(n, row)| format!("  row-{n}: {}\n", row.flag)).collect();
    let folder = Folder::new(name);
    let flags = open(&folder, &format!("{head}{flags}"));
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

hoist::flag_enum! {
    enum Colour { Red = "red", Grey = "grey" }
}

hoist::flags! {
    SHINY: bool = "shiny", default false;
    SIZE: i64 = "size", default 1;
    RATE: f64 = "rate", default 1.0;
    TINT: &'static str = "tint", default "none";
    COLOUR: Colour = "tint", default Colour::Grey;
    GONE: bool = "gone", default true;
    MISTAKEN: i64 = "tint", default 7;
}

const TYPED: &str = "version: 1
flags:
  shiny: on
  stopped: { kill: true, default: on }
  size: { rules: [ { name: nz, when: { region: nz }, value: 500 } ], default: { value: 100 } }
  rate: { variants: { low: 0.5, high: 2.5 }, default: high }
  tint: { variants: [red, grey], default: red }
  layout: { variants: { wide: { columns: 3 }, narrow: [1] }, default: wide }
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
    assert!(snap.decide("layout", ctx).value().is_some());
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

#[test]
fn a_snapshot_allocates_not_even_for_the_first_read_of_a_thread() {
    let snap = Snapshot::from_yaml(TYPED).unwrap();
    let first = std::thread::spawn(move || {
        let ctx = Context::new();
        quietly(&|| "a first read".to_owned(), 0, || snap.is_enabled("shiny", &ctx))
    });
    assert!(first.join().unwrap());
}

/// A thread's first read through the live handle makes the slot in which arc-swap protects its
/// later ones: once for a thread, whatever it reads then.
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
    assert!(first <= 1, "{first}");
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
