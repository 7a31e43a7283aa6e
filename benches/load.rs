//! How long a document takes to load, for each flag in it: `cargo bench --bench load`.
//!
//! Every flag has three rules. With `HOIST_BENCH_LARGE=1` there is one document more, of 100 000.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput};
use hoist::{Context, Error, Snapshot};

type Load = fn(&str) -> Result<Snapshot, Error>;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .without_plots()
        .configure_from_args();
    let mut sizes = vec![1_000, 10_000];
    if std::env::var_os("HOIST_BENCH_LARGE").is_some() {
        sizes.push(100_000);
    }
    let mut group = criterion.benchmark_group("LOAD");
    group.sampling_mode(SamplingMode::Flat);
    for flags in sizes {
        group.throughput(Throughput::Elements(flags as u64));
        let (yaml, json) = (workloads::load_yaml(flags), workloads::load_json(flags));
        let ways: [(&str, &str, Load); 2] =
            [("yaml", &yaml, Snapshot::from_yaml), ("json", &json, Snapshot::from_json)];
        for (how, document, load) in ways {
            check(&load(document).unwrap(), flags);
            group.bench_function(format!("{how}-{flags}"), |bencher| {
                bencher.iter_with_large_drop(|| load(black_box(document)).unwrap());
            });
        }
    }
    group.finish();
    criterion.final_summary();
}

/// Every flag is there and has its rules.
fn check(snapshot: &Snapshot, flags: usize) {
    let pilot = Context::new().region("nz").attr("plan", "pro");
    assert_eq!(snapshot.flags().count(), flags);
    for number in 0..flags {
        let name = workloads::name(number);
        assert_eq!(snapshot.decide(&name, &pilot).rule(), Some("pilot"), "{name}");
        let qa = number.to_string();
        assert!(snapshot.is_enabled(&name, &Context::new().header("X-Feature", &qa)), "{name}");
    }
}
