//! How long a decision takes: `cargo bench --bench decide`.
//!
//! Each workload is asked by name through the live handle (`flags`), by name on a snapshot
//! (`snapshot`) and by typed key on a snapshot (`key`). Every answer is checked before it is timed.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use hoist::{Context, Flags, Key, Snapshot};

use workloads::{Request, USERS, W5_SERVED, Workload};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_000))
        .without_plots()
        .configure_from_args();
    for workload in workloads::small() {
        boolean(&mut criterion, &workload);
    }
    #[cfg(feature = "http")]
    header_map(&mut criterion);
    split(&mut criterion);
    many(&mut criterion, "W7-warm", USERS);
    many(&mut criterion, "W7-cold", workloads::MANY);
    boolean(&mut criterion, &workloads::product());
    boolean(&mut criterion, &workloads::deep());
    context(&mut criterion);
    criterion.final_summary();
}

/// The live handle on a document, from a file as in a service.
fn open(id: &str, document: &str) -> Flags {
    let path = std::env::temp_dir().join(format!("hoist-bench-{}-{id}.yaml", std::process::id()));
    std::fs::write(&path, document).unwrap();
    let flags = Flags::builder().file(&path).watch(hoist::Watch::OnDemand).open().unwrap();
    std::fs::remove_file(&path).unwrap();
    flags
}

/// Times a question, put by each of the requests in turn.
fn in_turn<T, A>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    how: &str,
    items: &[T],
    ask: impl Fn(&T) -> A,
) {
    let at = Cell::new(0);
    group.bench_function(how, |bencher| {
        bencher.iter(|| {
            let item = items.get(at.get()).unwrap();
            at.set(if at.get() + 1 == items.len() { 0 } else { at.get() + 1 });
            ask(black_box(item))
        });
    });
}

fn boolean(criterion: &mut Criterion, workload: &Workload) {
    let contexts: Vec<Context<'_>> = workload.requests.iter().map(Request::context).collect();
    ask_boolean(criterion, workload.id, workload, &contexts);
}

fn ask_boolean(criterion: &mut Criterion, id: &str, workload: &Workload, contexts: &[Context<'_>]) {
    let flags = open(id, &workload.document);
    let snapshot = flags.snapshot();
    let (flag, key) = (workload.flag, &workload.key);
    let on = |ask: &dyn Fn(&Context<'_>) -> bool| contexts.iter().filter(|ctx| ask(ctx)).count();
    assert_eq!(on(&|ctx| flags.is_enabled(flag, ctx)), workload.on, "{id}");
    assert_eq!(on(&|ctx| snapshot.is_enabled(flag, ctx)), workload.on, "{id}");
    assert_eq!(on(&|ctx| snapshot.is_enabled(key, ctx)), workload.on, "{id}");

    let mut group = criterion.benchmark_group(id);
    in_turn(&mut group, "flags", contexts, |ctx| flags.is_enabled(black_box(flag), ctx));
    in_turn(&mut group, "snapshot", contexts, |ctx| snapshot.is_enabled(black_box(flag), ctx));
    in_turn(&mut group, "key", contexts, |ctx| snapshot.is_enabled(black_box(key), ctx));
    group.finish();
}

/// W4 with the headers in the map that a service has them in.
#[cfg(feature = "http")]
fn header_map(criterion: &mut Criterion) {
    let headers: http::HeaderMap = workloads::TWELVE
        .into_iter()
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, http::HeaderValue::from_static(value))
        })
        .collect();
    let mut workload = workloads::w4();
    for request in &mut workload.requests {
        request.headers.clear();
    }
    let contexts: Vec<Context<'_>> =
        workload.requests.iter().map(|request| request.context().headers(&headers)).collect();
    ask_boolean(criterion, "W4-HeaderMap", &workload, &contexts);
}

fn split(criterion: &mut Criterion) {
    let workload = workloads::w5();
    let contexts: Vec<Context<'_>> = workload.requests.iter().map(Request::context).collect();
    let flags = open(workload.id, &workload.document);
    let snapshot = flags.snapshot();
    let flag = workload.flag;
    let key = Key::new(flag, 0_i64);
    let ways: [&dyn Fn(&Context<'_>) -> i64; 3] =
        [&|ctx| flags.value_or(flag, ctx, 0), &|ctx| snapshot.value_or(flag, ctx, 0), &|ctx| {
            snapshot.value(&key, ctx)
        }];
    for ask in ways {
        for (value, count) in W5_SERVED {
            assert_eq!(contexts.iter().filter(|ctx| ask(ctx) == value).count(), count, "{value}");
        }
    }

    let mut group = criterion.benchmark_group(workload.id);
    in_turn(&mut group, "flags", &contexts, |ctx| flags.value_or(black_box(flag), ctx, 0));
    in_turn(&mut group, "snapshot", &contexts, |ctx| snapshot.value_or(black_box(flag), ctx, 0));
    in_turn(&mut group, "key", &contexts, |ctx| snapshot.value(black_box(&key), ctx));
    group.finish();
}

/// W7: flags of a large document in turn, a few of them or all.
fn many(criterion: &mut Criterion, id: &str, count: usize) {
    let flags = open(id, &workloads::w7_document());
    let snapshot = flags.snapshot();
    let request = Request::of(workloads::user(0));
    let ctx = request.context();
    let pilot = Context::new().region("nz");
    let names: Vec<String> =
        workloads::w7_numbers(count).into_iter().map(workloads::name).collect();
    let keys: Vec<Key<bool>> =
        names.iter().map(|name| Key::new(name.clone().leak(), false)).collect();
    for (name, key) in names.iter().zip(&keys) {
        assert!(flags.is_enabled(name, &pilot) && snapshot.is_enabled(name, &pilot), "{name}");
        assert!(snapshot.is_enabled(key, &pilot), "{name}");
        assert!(!flags.is_enabled(name, &ctx), "{name}");
    }

    let mut group = criterion.benchmark_group(id);
    in_turn(&mut group, "flags", &names, |name| flags.is_enabled(name, black_box(&ctx)));
    in_turn(&mut group, "snapshot", &names, |name| snapshot.is_enabled(name, black_box(&ctx)));
    in_turn(&mut group, "key", &keys, |key| snapshot.is_enabled(key, black_box(&ctx)));
    group.finish();
}

/// What it costs to build the context of a request.
fn context(criterion: &mut Criterion) {
    let users: Vec<String> = (0..USERS).map(workloads::user).collect();
    let asks_all = "version: 1
flags:
  all:
    rules:
      - when:
          region: us
          attr.plan: pro
          attr.age: 36
          attr.beta: false
          header.user-agent: { starts_with: bench }
          header.x-request-source: mobile
          cookie.beta: \"1\"
        rollout: 99.999%
";
    let snapshot = Snapshot::from_yaml(asks_all).unwrap();
    assert!(users.iter().all(|user| snapshot.is_enabled("all", &workloads::ctx(user))));

    let mut group = criterion.benchmark_group("CTX");
    in_turn(&mut group, "build", &users, |user| {
        black_box(&workloads::ctx(user));
    });
    group.finish();
}
