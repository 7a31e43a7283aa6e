//! What a reload costs: `cargo bench --bench reload`.
//!
//! `RELOAD` is the time that `Flags::reload` takes to read a changed file of 1 000 and of 10 000
//! flags with three rules each, to publish it and to say what changed; to find that nothing did; and to
//! kill one flag more by a kill file, with the file of flags found the same.
//! `READER` is a decision by name on the handle meanwhile, on another thread: beside no one, beside a
//! thread that loads the same documents and publishes none, and beside one that reloads. The two
//! last keep the processor equally busy; what is between them is what publishing does to a reader.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

mod changing;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::env::temp_dir;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use hoist::{Context, Flags, Reason, Watch};

use changing::{Beside, Changing};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .without_plots()
        .configure_from_args();
    for flags in [1_000, 10_000] {
        changed(&mut criterion, &format!("yaml-{flags}"), &Changing::yaml(flags));
        changed(&mut criterion, &format!("json-{flags}"), &Changing::json(flags));
    }
    let changing = Changing::json(10_000);
    criterion.bench_function("RELOAD/unchanged-10000", |bencher| {
        bencher.iter(|| changing.flags.reload().unwrap());
    });
    kill(&mut criterion, 10_000);
    readers(&mut criterion, &changing);
    criterion.final_summary();
}

/// Times the reload alone, not the writing of the file.
fn changed(criterion: &mut Criterion, id: &str, changing: &Changing) {
    let mut group = criterion.benchmark_group("RELOAD");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|count| {
            (0..count)
                .map(|_| {
                    let is_on = changing.write();
                    let start = Instant::now();
                    changing.reload(is_on);
                    start.elapsed()
                })
                .sum()
        });
    });
    group.finish();
}

/// Times the look at a kill file that names one flag more, and at a file that is the same.
fn kill(criterion: &mut Criterion, flags: usize) {
    let at = |name: &str| temp_dir().join(format!("hoist-bench-{}-{name}", std::process::id()));
    let (path, kill_file) = (at("killed.json"), at("kill.txt"));
    std::fs::write(&path, workloads::load_json(flags)).unwrap();
    let handle = Flags::builder().file(&path).kill_file(&kill_file).watch(Watch::OnDemand);
    let handle = handle.open().unwrap();
    let mut names = (0..flags).map(workloads::name).cycle();
    let mut killed = String::new();
    criterion.bench_function(&format!("RELOAD/kill-{flags}"), |bencher| {
        bencher.iter_custom(|count| {
            (0..count)
                .map(|_| {
                    let name = names.next().unwrap();
                    killed.push_str(&name);
                    killed.push('\n');
                    std::fs::write(&kill_file, &killed).unwrap();
                    let start = Instant::now();
                    handle.reload().unwrap();
                    let taken = start.elapsed();
                    assert_eq!(
                        handle.snapshot().decide(&name, &Context::new()).reason(),
                        Reason::Killed
                    );
                    taken
                })
                .sum()
        });
    });
    drop(handle);
    for path in [path, kill_file] {
        std::fs::remove_file(path).unwrap();
    }
}

fn readers(criterion: &mut Criterion, changing: &Changing) {
    let name = workloads::name(7);
    let qa = Context::new().user("ada").region("us").header("X-Feature", "7");
    assert!(changing.flags.is_enabled(&name, &qa));
    let mut group = criterion.benchmark_group("READER");
    for (id, beside) in Beside::ALL {
        let (times, ()) = beside.during(changing, || {
            group.bench_function(id, |bencher| {
                bencher.iter(|| assert!(changing.flags.is_enabled(black_box(&name), &qa)));
            });
        });
        assert!(times > 0 || beside == Beside::Nothing);
    }
    group.finish();
}
