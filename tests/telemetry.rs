//! Decisions and reloads in the service's telemetry.

#![cfg(all(feature = "metrics", feature = "testing", feature = "tracing"))]

mod folder;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use folder::{Folder, wait_until};
use hoist::telemetry::{Events, record_on_span};
use hoist::{Context, Decision, Flags, Json, Reason, Watch, testing};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tracing::field::{Empty, Field, Visit};
use tracing::span;
use tracing_subscriber::layer::{Context as Layered, Layer, SubscriberExt};

const TEXT: &str = r#"
version: 1
flags:
  pilot: { rules: [{ name: kiwis, when: { region: nz } }] }
  size: { variants: { s: 1, l: 2 }, default: l }
  button: { variants: [grey, green], default: green }
  limits: { variants: { low: { n: 1 } }, default: low }
"#;

#[derive(serde::Deserialize)]
struct Limits {
    n: u32,
}

hoist::flags! {
    static KEYS;
    PILOT: bool = "pilot", default false;
    SIZE: u32 = "size", default 9;
    BUTTON: bool = "button", default true;
    GONE: bool = "gone", default true;
    LIMITS: Json<Limits> = "limits", default Limits { n: 0 };
}

fn kiwi() -> Context<'static> {
    Context::new().user("ada").region("nz")
}

#[test]
fn every_way_to_ask_is_recorded_once_and_with_what_it_gave() {
    let log = testing::log();
    let made = testing::flags().yaml(TEXT).recorder(log.clone());
    let flags = made.build();
    let ctx = kiwi();
    let snap = flags.snapshot();
    let asked = |ask: &dyn Fn()| -> Vec<(String, String, Reason)> {
        log.clear();
        ask();
        log.decisions().into_iter().map(|one| (one.flag, one.variant, one.reason)).collect()
    };
    let one = |flag: &str, variant: &str, reason| [(flag.to_owned(), variant.to_owned(), reason)];

    let on = one("pilot", "on", Reason::Rule);
    assert_eq!(asked(&|| assert!(flags.is_enabled("pilot", &ctx))), on);
    assert_eq!(asked(&|| assert!(flags.is_enabled(&PILOT, &ctx))), on);
    assert_eq!(asked(&|| assert!(snap.is_enabled(&PILOT, &ctx))), on);
    assert_eq!(asked(&|| assert!(flags.value(&PILOT, &ctx))), on);
    assert_eq!(asked(&|| assert!(flags.value_or("pilot", &ctx, false))), on);
    assert_eq!(asked(&|| assert_eq!(snap.decide("pilot", &ctx).rule(), Some("kiwis"))), on);
    let size = one("size", "l", Reason::Static);
    assert_eq!(asked(&|| assert_eq!(flags.value(&SIZE, &ctx), 2)), size);
    assert_eq!(asked(&|| assert_eq!(snap.value_or("size", &ctx, 7_u32), 2)), size);

    // What is not there, and what cannot be read.
    let gone = one("gone", "", Reason::FlagNotFound);
    assert_eq!(asked(&|| assert!(flags.is_enabled(&GONE, &ctx))), gone);
    assert_eq!(asked(&|| assert!(!flags.is_enabled("gone", &ctx))), gone);
    assert_eq!(asked(&|| assert_eq!(flags.value_or("gone", &ctx, 7), 7)), gone);
    let mismatch = one("button", "", Reason::TypeMismatch);
    assert_eq!(asked(&|| assert!(!flags.is_enabled("button", &ctx))), mismatch);
    assert_eq!(asked(&|| assert!(!flags.is_enabled(&BUTTON, &ctx))), mismatch);
    assert_eq!(asked(&|| assert!(flags.value(&BUTTON, &ctx))), mismatch);
    // Json that was parsed for no key is the code's default.
    let unread = one("limits", "", Reason::TypeMismatch);
    assert_eq!(asked(&|| assert_eq!(snap.value(&LIMITS, &ctx).n, 0)), unread);

    // These are for tools.
    assert_eq!(asked(&|| assert_eq!(snap.decide_all(&ctx).count(), 4)), []);
    assert_eq!(asked(&|| drop(snap.explain("pilot", &ctx))), []);
    assert_eq!(asked(&|| drop(snap.public_json(&ctx))), []);
    assert_eq!(KEYS.len(), 5);
}

#[test]
fn what_is_recorded_changes_no_answer() {
    let without = testing::flags().yaml(TEXT).keys(KEYS_OF_TEXT).snapshot();
    let with = testing::flags().yaml(TEXT).keys(KEYS_OF_TEXT).recorder(testing::log()).snapshot();
    for ctx in [kiwi(), Context::new(), Context::new().user("bob").region("fr")] {
        for flag in ["pilot", "size", "button", "limits", "gone"] {
            assert_eq!(without.is_enabled(flag, &ctx), with.is_enabled(flag, &ctx));
            assert_eq!(without.value_or(flag, &ctx, 5), with.value_or(flag, &ctx, 5));
            assert_eq!(without.value_or(flag, &ctx, "x"), with.value_or(flag, &ctx, "x"));
            assert_eq!(without.decide(flag, &ctx).to_string(), with.decide(flag, &ctx).to_string());
        }
        assert_eq!(without.value(&LIMITS, &ctx).n, 1);
        assert_eq!(with.value(&LIMITS, &ctx).n, 1);
    }
}

static KEYS_OF_TEXT: &[&dyn hoist::DeclaredKey] = &[&PILOT, &SIZE, &LIMITS];

#[test]
fn a_recorder_that_panics_or_asks_harms_no_one() {
    let handle: Arc<Mutex<Option<Flags>>> = Arc::default();
    let inside = Arc::clone(&handle);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let flags = testing::flags()
        .yaml(TEXT)
        .recorder(move |decision: &Decision<'_>, ctx: &Context<'_>| {
            counted.fetch_add(1, Ordering::Relaxed);
            let flags = inside.lock().unwrap().clone().unwrap();
            assert_eq!(flags.is_enabled(decision.flag(), ctx), decision.is_enabled());
        })
        .recorder(|_: &Decision<'_>, _: &Context<'_>| panic!("a bad day"))
        .build();
    *handle.lock().unwrap() = Some(flags.clone());
    for _ in 0..3 {
        let ask = AssertUnwindSafe(|| flags.is_enabled("pilot", &kiwi()));
        assert!(catch_unwind(ask).unwrap());
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3, "what a recorder asks is not recorded");
    handle.lock().unwrap().take();
}

#[test]
fn counts_outlive_reloads_and_miss_nothing_of_many_threads() {
    const EACH: u64 = 2_000;
    let folder = Folder::new();
    let path = folder.write("flags.yaml", TEXT);
    let builder = Flags::builder().file(&path).watch(Watch::OnDemand).count_decisions();
    let flags = builder.open().unwrap();
    let sum = |flag: &str| -> u64 {
        let served = flags.decision_counts().served;
        served.iter().filter(|one| one.flag == flag).map(|one| one.count).sum()
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut seen = 0;
                for number in 0..EACH {
                    flags.is_enabled("pilot", &kiwi());
                    flags.snapshot().value(&SIZE, &kiwi());
                    flags.is_enabled("gone", &kiwi());
                    flags.is_enabled("button", &kiwi());
                    if number % 100 == 0 {
                        let now = sum("pilot");
                        assert!(now > seen, "counts only rise: {seen} and then {now}");
                        seen = now;
                    }
                }
            });
        }
        for number in 0..40 {
            let more = format!("{TEXT}  flag-{}: on\n", number % 7);
            folder.write("flags.yaml", more);
            flags.reload().unwrap();
        }
    });
    let held = flags.snapshot();
    folder.write("flags.yaml", "version: 1\nflags: { size: on, x: on }");
    flags.force_reload().unwrap();
    assert!(held.is_enabled("pilot", &kiwi()), "an old state counts, too");
    let counts = flags.decision_counts();
    let served: BTreeMap<(&str, &str), u64> = counts
        .served
        .iter()
        .map(|one| ((one.flag.as_str(), one.variant.as_str()), one.count))
        .collect();
    let expected = [(("pilot", "on"), 4 * EACH + 1), (("size", "l"), 4 * EACH)];
    assert_eq!(served, BTreeMap::from(expected));
    assert_eq!((counts.flag_not_found, counts.type_mismatch), (4 * EACH, 4 * EACH));
    drop(held);
    wait_until("the old states are gone", || {
        flags.reload().unwrap();
        flags.status().retired == 0
    });
    assert_eq!(flags.decision_counts(), counts);
}

const ODD: &str = r#"the "shop" \ s"#;

#[test]
fn the_text_for_prometheus_is_read_by_another_parser() {
    let folder = Folder::new();
    let text = "version: 1\nflags: { a: on, b: { variants: [x, y], default: x } }";
    let path = folder.write("flags.yaml", text);
    let builder = Flags::builder().file(&path).watch(Watch::OnDemand).set_id(ODD);
    let flags = builder.count_decisions().open().unwrap();
    let ctx = Context::new();
    assert!(flags.is_enabled("a", &ctx));
    flags.snapshot().decide("b", &ctx);
    // A flag that is broken does not refuse the files, and what refuses them hides no broken one.
    folder.write("flags.yaml", "version: 1\nflags: { a: on, b: 7 }");
    flags.reload().unwrap();
    assert!(flags.prometheus_text().contains(r#"_successful{set="the \"shop\" \\ s"} 1"#));
    folder.write("flags.yaml", "version: 1\nflags: { a: {");
    assert!(flags.reload().is_err());

    let text = flags.prometheus_text();
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
    assert!(scrape.docs.contains_key("hoist_decisions_total"), "{text}");
    let value = |metric: &str, label: &str, wanted: &str| -> f64 {
        let is_it = |sample: &&prometheus_parse::Sample| {
            sample.metric == metric
                && (label.is_empty() || sample.labels.get(label) == Some(wanted))
        };
        let sample =
            scrape.samples.iter().find(is_it).unwrap_or_else(|| panic!("{metric}: {text}"));
        // The parser leaves escapes as they are.
        assert_eq!(sample.labels.get("set"), Some(r#"the \"shop\" \\ s"#), "{text}");
        match sample.value {
            prometheus_parse::Value::Counter(value) | prometheus_parse::Value::Gauge(value) => {
                value
            }
            ref other => panic!("{other:?}"),
        }
    };
    assert_eq!(value("hoist_decisions_total", "flag", "a"), 1.0);
    assert_eq!(value("hoist_decisions_total", "variant", "x"), 1.0);
    assert_eq!(value("hoist_decision_errors_total", "error", "flag_not_found"), 0.0);
    assert_eq!(value("hoist_reloads_total", "result", "failed"), 1.0);
    assert_eq!(value("hoist_last_reload_successful", "", ""), 0.0);
    assert_eq!(value("hoist_flags", "", ""), 2.0);
    assert_eq!(value("hoist_broken_flags", "", ""), 1.0);
    assert_eq!(value("hoist_generation", "", ""), f64::from(flags.status().generation));
    assert_eq!(value("hoist_origin", "origin", "files"), 1.0);
    assert_eq!(value("hoist_origin", "origin", "fallback"), 0.0);
    assert_eq!(value("hoist_hash", "", ""), (flags.status().hash >> 16) as f64);
    assert_eq!((value("hoist_killed_flags", "", ""), value("hoist_held", "", "")), (0.0, 0.0));
    assert!(value("hoist_last_success_timestamp_seconds", "", "") > 1.7e9);
    folder.write("flags.yaml", "version: 1\nflags: { a: off, b: on }");
    flags.reload().unwrap();
    let text = flags.prometheus_text();
    assert!(text.contains(r#"hoist_last_reload_successful{set="the \"shop\" \\ s"} 1"#), "{text}");
}

/// Counters and gauges by their names and labels.
fn published(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let all = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let value = match value {
            DebugValue::Counter(value) => value as f64,
            DebugValue::Gauge(value) => value.into_inner(),
            other @ DebugValue::Histogram(_) => panic!("{other:?}"),
        };
        (format!("{}{}", key.key().name(), labels.collect::<String>()), value)
    });
    all.collect()
}

#[test]
fn metrics_are_handed_to_the_exporter_of_the_service() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", TEXT);
    let builder = Flags::builder().file(&path).watch(Watch::OnDemand);
    let flags = builder.publish_metrics().open().unwrap();
    flags.is_enabled("pilot", &kiwi());
    flags.is_enabled("gone", &kiwi());
    let exporter = DebuggingRecorder::new();
    let values = || {
        metrics::with_local_recorder(&exporter, || flags.publish_metrics());
        published(&exporter.snapshotter())
    };
    let first = values();
    assert_eq!(first["hoist_decisions_total flag=pilot variant=on"], 1.0);
    assert_eq!(first["hoist_decision_errors_total error=flag_not_found"], 1.0);
    assert_eq!(first["hoist_flags"], 4.0);
    flags.is_enabled("pilot", &kiwi());
    flags.reload().unwrap();
    let second = values();
    assert_eq!(second["hoist_decisions_total flag=pilot variant=on"], 2.0);
    assert_eq!(second["hoist_reloads_total result=unchanged"], 1.0);
    // Whatever the files become, nothing that an exporter keeps is a thing of the past.
    let names: Vec<String> = second.into_keys().collect();
    folder.write("flags.yaml", format!("{TEXT}  more: on"));
    flags.reload().unwrap();
    let third = values();
    assert_eq!(third.keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    assert_eq!(third["hoist_hash"], (flags.status().hash >> 16) as f64);
}

#[test]
fn the_thread_that_follows_the_files_publishes_metrics() {
    let exporter = DebuggingRecorder::new();
    let snapshotter = exporter.snapshotter();
    exporter.install().unwrap();
    let folder = Folder::new();
    let path = folder.write("flags.yaml", TEXT);
    let flags = Flags::builder().file(&path).set_id("own").publish_metrics().open().unwrap();
    // What there is at the start is there at once.
    assert_eq!(published(&snapshotter)["hoist_flags set=own"], 4.0);
    flags.is_enabled("pilot", &kiwi());
    wait_until("the decision is published", || {
        published(&snapshotter).contains_key("hoist_decisions_total set=own flag=pilot variant=on")
    });
}

/// What a layer saw, a map of fields for each event and each recording on a span.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields<'f>(&'f mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Seen {
    fn on_event(&self, event: &tracing::Event<'_>, _: Layered<'_, S>) {
        let mut fields = BTreeMap::new();
        fields.insert("event.name".to_owned(), event.metadata().name().to_owned());
        fields.insert("event.target".to_owned(), event.metadata().target().to_owned());
        event.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().push(fields);
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Layered<'_, S>) {
        let mut fields = BTreeMap::new();
        values.record(&mut Fields(&mut fields));
        self.0.lock().unwrap().push(fields);
    }
}

fn seen_in(ask: impl FnOnce()) -> Vec<BTreeMap<String, String>> {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    tracing::subscriber::with_default(subscriber, ask);
    let all = seen.0.lock().unwrap().clone();
    all.into_iter().filter(|fields| !fields.is_empty()).collect()
}

fn map<const N: usize>(fields: [(&str, &str); N]) -> BTreeMap<String, String> {
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[test]
fn events_speak_as_open_telemetry_does() {
    let key = *b"0123456789abcdef";
    let made = |events: Events| testing::flags().yaml(TEXT).recorder(events).snapshot();
    let snap = made(Events::new().context_key(key));
    let version = format!("{:016x}", snap.hash());
    let events = seen_in(|| {
        assert!(snap.is_enabled("pilot", &kiwi()));
        assert!(!snap.is_enabled("gone", &Context::new()));
    });
    let said = [
        map([
            ("event.name", "feature_flag.evaluation"),
            ("event.target", "hoist::decision"),
            ("feature_flag.key", "pilot"),
            ("feature_flag.provider.name", "hoist"),
            ("feature_flag.result.variant", "on"),
            ("feature_flag.result.reason", "targeting_match"),
            // SipHash-2-4 of `ada` under the key, by another implementation.
            ("feature_flag.context.id", "c1164d16e5eb6c23"),
            ("feature_flag.version", &version),
            ("message", "feature_flag.evaluation"),
        ]),
        map([
            ("event.name", "feature_flag.evaluation"),
            ("event.target", "hoist::decision"),
            ("feature_flag.key", "gone"),
            ("feature_flag.provider.name", "hoist"),
            ("feature_flag.result.reason", "error"),
            ("error.type", "flag_not_found"),
            ("feature_flag.version", &version),
            ("message", "feature_flag.evaluation"),
        ]),
    ];
    assert_eq!(events, said);

    // Without a key nothing leads to the user, and the key is shown nowhere.
    let snap = made(Events::new());
    let events = seen_in(|| assert!(snap.is_enabled("pilot", &kiwi())));
    assert!(!events[0].contains_key("feature_flag.context.id"));
    assert!(!format!("{:?} {events:?}", Events::new().context_key(key)).contains("ada"));
    assert_eq!(format!("{:?}", Events::new().context_key(key)), "Events { has_context_key: true }");
}

#[test]
fn a_decision_goes_on_the_fields_that_the_span_declares() {
    let snap = testing::flags().yaml(TEXT).snapshot();
    let seen = seen_in(|| {
        let span = tracing::info_span!(
            "checkout",
            feature_flag.key = Empty,
            feature_flag.result.variant = Empty,
            feature_flag.result.reason = Empty,
        );
        let _inside = span.enter();
        record_on_span(&snap.decide("button", &kiwi()));
    });
    let mut all = BTreeMap::new();
    seen.into_iter().for_each(|fields| all.extend(fields));
    let said = map([
        ("feature_flag.key", "button"),
        ("feature_flag.result.variant", "green"),
        ("feature_flag.result.reason", "static"),
    ]);
    assert_eq!(all, said);
}

#[test]
fn the_log_of_a_test_says_what_was_asked_instead() {
    let log = testing::log();
    let flags = testing::flags().yaml(TEXT).recorder(log.clone()).build();
    let message = |assertion: &dyn Fn()| -> String {
        let panic = catch_unwind(AssertUnwindSafe(assertion)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let empty = message(&|| log.assert_asked("pilot"));
    assert_eq!(empty, "`pilot` should have been asked for; no flag was asked for");
    flags.is_enabled(&PILOT, &kiwi());
    flags.is_enabled("gone", &Context::new());
    log.assert_served(&PILOT, "on");
    log.assert_asked("pilot");
    log.assert_not_asked("size");
    let wrong = message(&|| log.assert_served("pilot", "off"));
    let said = "`pilot` should have served `off`; this was asked for:
  pilot = on for ada (rule kiwis)
  gone = nothing (flag not found)";
    assert_eq!(wrong, said);
    assert!(message(&|| log.assert_not_asked(&PILOT)).starts_with("`pilot` should not have"));
    flags.is_enabled("pilot", &Context::new());
    assert!(message(&|| log.assert_served("pilot", "on")).contains("pilot = off (default)"));
}
