//! Typed keys against the files: what they read, and what a file is refused for.

#[path = "folder/mod.rs"]
mod folder;

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use folder::Folder;
use hoist::{
    Builder, Code, Context, Decision, Flags, Json, OnBadFlag, OnMissingFlag, Reason, Severity,
    Snapshot, Watch,
};
use serde::{Deserialize, Deserializer};

hoist::variants! {
    /// What the button looks like.
    pub enum Button { Grey = "grey", Green = "green" }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    per_second: u32,
    #[serde(default)]
    paths: Vec<String>,
}

hoist::flags! {
    static KEYS;
    SEARCH: bool = "search", default false;
    RETRIES: u32 = "retries", default 3;
    BUTTON: Button = "button", default Button::Grey;
    LIMITS: Json<Limits> = "limits", default Limits { per_second: 10, paths: Vec::new() };
}

/// A second reading of a flag.
#[derive(Deserialize)]
struct Rate {
    per_second: f64,
}

hoist::flags! {
    static MORE_KEYS;
    RATE: Json<Rate> = "limits", default Rate { per_second: 0.5 };
}

const GOOD: &str = "version: 1
flags:
  search: on
  retries: { default: { value: 5 } }
  button: { variants: { grey: 1, green: 2 }, default: green }
  limits:
    variants: { normal: { per_second: 50, paths: [a, b] }, high: { per_second: 900 } }
    default: normal
    rules: [ { name: acme, when: { tenant: acme }, serve: high } ]
";

fn builder(folder: &Folder) -> Builder {
    Flags::builder().file(folder.at("flags.yaml")).watch(Watch::OnDemand).keys(KEYS)
}

/// A handle on a good file, and then another text in its place.
fn reloaded(folder: &Folder, builder: Builder, from: &str, to: &str) -> Flags {
    folder.write("flags.yaml", GOOD);
    let flags = builder.open().unwrap();
    assert!(GOOD.contains(from), "{from}");
    folder.write("flags.yaml", GOOD.replace(from, to));
    flags
}

fn everything(snap: &Snapshot) -> (bool, u32, Button, u32) {
    let ctx = Context::new();
    let limits = snap.value(&LIMITS, &ctx).per_second;
    (snap.is_enabled(&SEARCH, &ctx), snap.value(&RETRIES, &ctx), snap.value(&BUTTON, &ctx), limits)
}

#[test]
fn keys_read_what_the_file_says() {
    let snap = Snapshot::from_yaml_with_keys(GOOD, KEYS).unwrap();
    assert_eq!(everything(&snap), (true, 5, Button::Green, 50));
    assert!(snap.report().is_empty(), "{}", snap.report());
    let acme = Context::new().tenant("acme");
    assert_eq!(*snap.value(&LIMITS, &acme), Limits { per_second: 900, paths: Vec::new() });
    assert_eq!(snap.decide(&LIMITS, &acme).rule(), Some("acme"));
    // Parsed once: it is one and the same.
    let (one, other) = (snap.value(&LIMITS, &acme), snap.value(&LIMITS, &acme));
    assert!(std::ptr::eq(one, other));
}

#[test]
fn two_keys_read_one_flag_as_two_types() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let snap = builder(&folder).keys(MORE_KEYS).open().unwrap().snapshot();
    let ctx = Context::new();
    assert_eq!(
        (snap.value(&LIMITS, &ctx).per_second, snap.value(&RATE, &ctx).per_second),
        (50, 50.0)
    );
}

#[test]
fn json_that_no_load_was_told_of_is_the_default_of_the_code() {
    let snap = Snapshot::from_yaml(GOOD).unwrap();
    let ctx = Context::new();
    assert_eq!(snap.value(&LIMITS, &ctx).per_second, 10);
    assert_eq!(snap.decide(&LIMITS, &ctx).reason(), Reason::TypeMismatch);
    assert_eq!(snap.decide("limits", &ctx).variant(), "normal");
}

/// What a key cannot read, each with its code and a part of its message.
const MISTAKES: [(&str, &str, Code, &str); 6] = [
    ("search: on", "search: { default: { value: 1 } }", Code::KeyType, "asks for boolean"),
    ("value: 5", "value: 4294967296", Code::KeyValue, "4294967296 does not fit `u32`"),
    ("value: 5", "value: five", Code::KeyType, "are text"),
    ("grey: 1", "gray: 1", Code::KeyVariant, "no variant `gray` of `button`"),
    ("per_second: 900", "per_minute: 900", Code::KeyValue, "unknown field `per_minute`"),
    ("per_second: 50, ", "", Code::KeyValue, "missing field `per_second`"),
];

#[test]
fn a_start_refuses_what_a_key_cannot_read_with_its_place() {
    for (from, to, code, message) in MISTAKES {
        let error = Snapshot::from_yaml_with_keys(&GOOD.replace(from, to), KEYS).unwrap_err();
        let [problem] = error.report().unwrap().diagnostics() else { panic!("{error}") };
        assert_eq!((problem.code(), problem.severity()), (code, Severity::Error));
        assert!(problem.message().contains(message), "{problem}");
        let line = GOOD
            .lines()
            .position(|line| line.starts_with(&format!("  {}:", problem.flag().unwrap())));
        assert_eq!(problem.line() as usize, line.unwrap() + 1, "{problem}");
    }
}

#[test]
fn a_reload_keeps_what_a_key_can_read() {
    for (from, to, code, _) in MISTAKES {
        let folder = Folder::new();
        let flags = reloaded(&folder, builder(&folder), from, to);
        flags.reload().unwrap();
        assert_eq!(everything(&flags.snapshot()), (true, 5, Button::Green, 50), "{to}");
        let status = flags.status();
        assert_eq!(status.kept.len(), 1, "{to}");
        let error = status.last_error.unwrap().error;
        assert_eq!(error.report().unwrap().diagnostics()[0].code(), code);

        let whole = GOOD.replace("value: 5", "value: 6");
        folder.write("flags.yaml", &whole);
        flags.reload().unwrap();
        assert_eq!(everything(&flags.snapshot()).1, 6);
        assert!(flags.status().kept.is_empty() && flags.status().last_error.is_none());
    }
}

#[test]
fn all_or_nothing_counts_for_keys_too() {
    let folder = Folder::new();
    let builder = builder(&folder).on_bad_flag(OnBadFlag::RejectFile);
    let flags = reloaded(&folder, builder, "value: 5", "value: -5");
    assert!(flags.reload().unwrap_err().is_invalid());
}

#[test]
fn a_flag_that_the_files_lack_is_the_default_of_the_code() {
    let folder = Folder::new();
    let flags = reloaded(&folder, builder(&folder), "  search: on\n", "");
    flags.reload().unwrap();
    let snap = flags.snapshot();
    assert!(!snap.is_enabled(&SEARCH, &Context::new()));
    let [problem] = snap.report().diagnostics() else { panic!("{}", snap.report()) };
    assert_eq!((problem.code(), problem.severity()), (Code::MissingFlag, Severity::Warning));
    assert!(problem.file().ends_with("flags.yaml") && problem.flag() == Some("search"));
    assert!(flags.status().kept.is_empty());
}

#[test]
fn a_flag_that_must_be_there_keeps_its_last_good_version() {
    let folder = Folder::new();
    let strict = || builder(&folder).on_missing_flag(OnMissingFlag::Refuse);
    let flags = reloaded(&folder, strict(), "  search: on\n  retries", "  tries");
    flags.reload().unwrap();
    assert_eq!(everything(&flags.snapshot()), (true, 5, Button::Green, 50));
    assert_eq!(flags.status().kept, ["retries", "search"]);
    let error = strict().open().unwrap_err();
    assert_eq!(error.report().unwrap().errors(), 2);
    assert!(error.to_string().contains("help: is `tries` the same?"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_lacks_nothing() {
    let folder = Folder::new();
    folder.write("flags.yaml", "version: 1\nflags: [");
    let strict = builder(&folder).on_missing_flag(OnMissingFlag::Refuse);
    assert_eq!(strict.open().unwrap_err().report().unwrap().errors(), 1);
    // Nor does one whose flag is there and broken.
    let error = Snapshot::from_yaml_with_keys(&GOOD.replace("search: on", "search: 5"), KEYS);
    let error = error.unwrap_err();
    let codes: Vec<Code> =
        error.report().unwrap().diagnostics().iter().map(|problem| problem.code()).collect();
    assert_eq!(codes, [Code::Percentage]);
}

#[test]
fn flags_that_no_key_declares_are_told_and_live() {
    let folder = Folder::new();
    let flags = reloaded(&folder, builder(&folder), "  search", "  banner: on\n  search");
    assert!(flags.status().undeclared.is_empty());
    flags.reload().unwrap();
    assert!(flags.is_enabled("banner", &Context::new()));
    assert_eq!(flags.status().undeclared, ["banner"]);
    let snap = flags.snapshot();
    let [problem] = snap.report().diagnostics() else { panic!("{}", snap.report()) };
    assert_eq!((problem.code(), problem.line()), (Code::UndeclaredFlag, 3));
    assert!(flags.status().last_error.is_none());

    // Who tells of no keys hears of none.
    let flags = Flags::open(folder.at("flags.yaml")).unwrap();
    assert!(flags.status().undeclared.is_empty());
}

#[test]
fn a_killed_flag_is_read_as_its_off_variant() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let flags = builder(&folder).kill_file(folder.at("kills")).open().unwrap();
    let acme = Context::new().tenant("acme");
    assert_eq!(flags.snapshot().value(&LIMITS, &acme).per_second, 900);
    folder.write("kills", "limits\na-new-one\n");
    flags.reload().unwrap();
    assert_eq!(flags.snapshot().value(&LIMITS, &acme).per_second, 50);
}

thread_local! {
    static PARSED: Cell<u32> = const { Cell::new(0) };
}

struct Counted;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Counted, D::Error> {
        PARSED.set(PARSED.get() + 1);
        if serde_json::Value::deserialize(from)?["panics"] == true {
            panic!("as a service's own code may");
        }
        Ok(Counted)
    }
}

hoist::flags! {
    static COUNTED_KEYS;
    COUNTED: Json<Counted> = "counted", default Counted;
}

#[test]
fn a_decision_parses_nothing() {
    let text = "version: 1\nflags: { counted: { default: { value: { panics: false } } } }";
    let snap = Snapshot::from_yaml_with_keys(text, COUNTED_KEYS).unwrap();
    let parsed = PARSED.get();
    assert!(parsed > 0);
    let decision: Decision<'_> = snap.decide(&COUNTED, &Context::new());
    assert_eq!(decision.reason(), Reason::Static);
    let _: &Counted = snap.value(&COUNTED, &Context::new());
    assert_eq!(PARSED.get(), parsed);

    let error = Snapshot::from_yaml_with_keys(&text.replace("false", "true"), COUNTED_KEYS);
    assert!(error.unwrap_err().to_string().contains("reading it panics"));
}

#[test]
fn a_killed_or_forced_flag_hands_out_the_json_of_the_variant_that_it_serves() {
    const TEXT: &str = "
version: 1
flags:
  before: { variants: { x: { per_second: 1 } }, default: x }
  limits:
    variants: { a: { per_second: 10 }, b: { per_second: 20 }, c: { per_second: 30 } }
    off_variant: a
    default: c
  zz: { variants: { x: { per_second: 2 } }, default: x }
";
    let served = |text: &str| {
        let snap = Snapshot::from_yaml_with_keys(text, MORE_KEYS).unwrap();
        snap.value(&RATE, &Context::new()).per_second
    };
    assert_eq!(served(TEXT), 30.0);
    assert_eq!(served(&TEXT.replace("off_variant: a", "off_variant: a\n    kill: true")), 10.0);
    #[cfg(feature = "testing")]
    {
        let snap = Snapshot::from_yaml_with_keys(TEXT, MORE_KEYS).unwrap();
        for (variant, expected) in [("a", 10.0), ("b", 20.0), ("c", 30.0)] {
            let forced = snap.with("limits", variant);
            assert_eq!(forced.value(&RATE, &Context::new()).per_second, expected);
        }
    }
}

#[cfg(feature = "testing")]
#[test]
fn the_test_kit_is_told_of_keys_as_a_handle_is() {
    use hoist::testing;
    let flags = testing::flags().yaml(GOOD).keys(KEYS).build();
    let at_acme = Context::new().tenant("acme");
    let forced = flags.force("limits", "normal");
    assert_eq!(flags.snapshot().value(&LIMITS, &at_acme).per_second, 50);
    drop(forced);
    assert_eq!(flags.snapshot().value(&LIMITS, &at_acme).per_second, 900);
}

#[test]
fn what_the_files_lack_is_told_at_the_start_and_at_reloads() {
    hoist::flags! { static OWN; A: bool = "a", default true; B: u32 = "b", default 7; }
    let folder = Folder::new();
    let path = folder.write("flags.yaml", "version: 1\nflags: { a: on, c: on }");
    let flags = Flags::builder().file(&path).keys(OWN).watch(Watch::OnDemand).open().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&told);
    let _listener = flags.subscribe(move |event| notes.lock().unwrap().push(event.to_string()));
    assert_eq!((flags.status().missing, flags.status().warnings.len()), (vec!["b".to_owned()], 1));
    assert_eq!(flags.value(&B, &Context::new()), 7);

    folder.write("flags.yaml", "version: 1\nflags: { as: on, b: { default: { value: 1 } } }");
    flags.force_reload().unwrap();
    assert_eq!(flags.status().missing, ["a"]);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1], "warning: the code declares a flag `a`, and the files lack it");
    assert!(flags.is_enabled(&A, &Context::new()));
}
