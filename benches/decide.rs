//! How long a decision takes: `cargo bench --bench decide`.
//!
//! Each workload is asked by name through the live handle (`flags`), the same with a cache for each
//! thread (`cached`), by name on a snapshot (`snapshot`) and by typed key on a snapshot (`key`). With
//! `--features http` there is W4 with its headers in a `HeaderMap`, too.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of them")]
mod asked;
mod settings;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::hint::black_box;
use std::time::Instant;

fn main() {
    let mut criterion = settings::criterion();
    for asked in asked::all() {
        let mut group = criterion.benchmark_group(asked.id);
        for (way, batch) in asked::WAYS.iter().zip(&asked.ways) {
            group.bench_function(*way, |bencher| {
                bencher.iter_custom(|count| {
                    let start = Instant::now();
                    black_box(batch(count as usize));
                    start.elapsed()
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
