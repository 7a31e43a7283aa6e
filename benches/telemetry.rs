//! What telemetry adds to a decision: `cargo bench --bench telemetry`, and with
//! `--features tracing` also what events cost that nobody subscribes to.
//!
//! The workloads are asked by name on a snapshot: of a handle that tells nobody (`off`), that counts
//! decisions (`counted`), and that has a recorder which keeps nothing (`recorder`). `two-off` and
//! `two-counted` are two threads at once: where counting adds as much as for one, they do not wait
//! for each other.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of them")]
mod asked;
mod settings;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use hoist::{Builder, Context, Decision, Snapshot};

use workloads::Workload;

type Setting = fn(Builder) -> Builder;

const SETTINGS: &[(&str, Setting)] = &[
    ("off", |builder| builder),
    ("counted", Builder::count_decisions),
    ("recorder", |builder| {
        builder.recorder(|decision: &Decision<'_>, _: &Context<'_>| {
            black_box(decision);
        })
    }),
    #[cfg(feature = "tracing")]
    ("events", |builder| builder.recorder(hoist::telemetry::Events::new())),
];

fn main() {
    let mut criterion = settings::criterion();
    for workload in [workloads::w1(), workloads::w3(), workloads::w4()] {
        let mut group = criterion.benchmark_group(workload.id);
        for (id, setting) in SETTINGS {
            let flags = asked::open_with(workload.id, &workload.document, setting);
            let snapshot = flags.snapshot();
            let turns = workload.requests.len();
            assert_eq!(asks(&workload, &snapshot, turns), workload.on, "{id}");
            group.bench_function(*id, |bencher| {
                bencher.iter_custom(|count| {
                    let start = Instant::now();
                    black_box(asks(&workload, &snapshot, count as usize));
                    start.elapsed()
                });
            });
        }
        for (id, setting) in &SETTINGS[..2] {
            let flags = asked::open_with(workload.id, &workload.document, setting);
            let snapshot = flags.snapshot();
            let mut asked = 0;
            group.bench_function(format!("two-{id}"), |bencher| {
                bencher.iter_custom(|count| {
                    asked += 2 * count;
                    two_readers(&workload, &snapshot, count as usize)
                });
            });
            let counted: u64 = flags.decision_counts().served.iter().map(|one| one.count).sum();
            assert_eq!(counted, if *id == "counted" { asked } else { 0 }, "{id}");
        }
        group.finish();
    }
    criterion.final_summary();
}

/// So many decisions, by the requests in turn; how many were on.
fn asks(workload: &Workload, snapshot: &Snapshot, count: usize) -> usize {
    let contexts: Vec<Context<'_>> = workload.requests.iter().map(|one| one.context()).collect();
    let in_turn = contexts.iter().cycle().take(count);
    in_turn.filter(|ctx| snapshot.is_enabled(black_box(workload.flag), black_box(ctx))).count()
}

/// The time of the slower of two threads that ask as often each.
fn two_readers(workload: &Workload, snapshot: &Snapshot, count: usize) -> Duration {
    let start = Barrier::new(2);
    let reader = || {
        start.wait();
        let begun = Instant::now();
        black_box(asks(workload, snapshot, count));
        begun.elapsed()
    };
    std::thread::scope(|scope| {
        let readers = [scope.spawn(reader), scope.spawn(reader)];
        readers.into_iter().map(|reader| reader.join().unwrap()).max().unwrap_or_default()
    })
}
