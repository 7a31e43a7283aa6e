//! What one thread that reads sees, and what two see that read at once: `cargo bench --bench readers`.
//!
//! Each way of reading runs for a second: on its own, and by two threads also beside one that loads
//! documents and publishes none, and beside one that changes the file and reloads, as fast as it can.
//! Every batch of decisions is timed, and every answer counted. A percentile is of the batches of all
//! readers, for each decision in it; `longest` is a whole batch, and mostly the thread that waited
//! for its turn on the processor: it is to be compared with the line of loads alone.

#![expect(clippy::unwrap_used, reason = "a bench whose input is wrong has nothing to go on with")]

#[allow(dead_code, reason = "each bench uses a part of it")]
mod changing;
#[allow(dead_code, reason = "each bench uses a part of the workloads")]
mod workloads;

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use hoist::{Context, Key};

use changing::{Beside, Changing};

/// Decisions of one batch, about as many as a request makes.
const BATCH: usize = 32;

const TIME: Duration = Duration::from_secs(1);

/// How many threads read, and what goes on meanwhile.
const LINES: [(usize, (&str, Beside)); 4] =
    [(1, Beside::ALL[0]), (2, Beside::ALL[0]), (2, Beside::ALL[1]), (2, Beside::ALL[2])];

/// A flag that never changes, and is on for those who ask.
static KEY: Key<bool> = Key::new("team-07.feature-00007", false);

/// Makes a batch of decisions; gives how many were on.
type Read = fn(&Changing, &Context<'_>) -> usize;

const WAYS: [(&str, Read); 4] = [
    ("by name", |changing, ctx| {
        let flags = &changing.flags;
        (0..BATCH).filter(|_| flags.is_enabled(black_box(KEY.name()), ctx)).count()
    }),
    ("by key", |changing, ctx| {
        let flags = &changing.flags;
        (0..BATCH).filter(|_| flags.is_enabled(black_box(&KEY), ctx)).count()
    }),
    ("a snapshot, by name", |changing, ctx| {
        let snapshot = changing.flags.snapshot();
        (0..BATCH).filter(|_| snapshot.is_enabled(black_box(KEY.name()), ctx)).count()
    }),
    ("a snapshot, by key", |changing, ctx| {
        let snapshot = changing.flags.snapshot();
        (0..BATCH).filter(|_| snapshot.is_enabled(black_box(&KEY), ctx)).count()
    }),
];

fn main() {
    let changing = Changing::json(1_000);
    println!("Readers of 1 000 flags; a batch is {BATCH} decisions, times are ns a decision.\n");
    println!("| read | readers | beside | 10⁶/s | p50 | p99 | p99.9 | longest, µs | loads |");
    println!("|---|---:|---|---:|---:|---:|---:|---:|---:|");
    for (way, read) in WAYS {
        for (count, (id, beside)) in LINES {
            let work = || readers(count, &changing, read);
            let (times, mut batches) = beside.during(&changing, work);
            batches.sort_unstable();
            let part = |part: f64| batches[((batches.len() - 1) as f64 * part) as usize];
            let each = |part_of: f64| f64::from(part(part_of)) / BATCH as f64;
            println!(
                "| {way} | {count} | {id} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {times} |",
                (batches.len() * BATCH) as f64 / 1e6 / TIME.as_secs_f64(),
                each(0.5),
                each(0.99),
                each(0.999),
                f64::from(part(1.0)) / 1e3,
            );
        }
    }
}

/// The times of the batches of all readers, in ns.
fn readers(count: usize, changing: &Changing, read: Read) -> Vec<u32> {
    let start = Barrier::new(count);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..count)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    reader(changing, read)
                })
            })
            .collect();
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    })
}

fn reader(changing: &Changing, read: Read) -> Vec<u32> {
    let ctx = Context::new().user("ada").region("us").header("X-Feature", "7");
    let mut batches = Vec::with_capacity(4_000_000);
    let end = Instant::now() + TIME;
    let mut last = Instant::now();
    while last < end {
        assert_eq!(read(changing, &ctx), BATCH);
        let now = Instant::now();
        batches.push((now - last).as_nanos().try_into().unwrap_or(u32::MAX));
        last = now;
    }
    batches
}
