//! hoist beside other flag engines: the same flags, the same requests, one interleaved run.
//!
//! `cargo run --release` here. Every engine answers every request once before anything is timed,
//! and must be right. Then all of them take turns, round by round, so that whatever else the
//! machine does hits all alike; the table shows medians in nanoseconds.

mod count;
mod eppo;
mod ours;
mod unleash;
#[allow(dead_code, reason = "hoist's own benches use the rest")]
#[path = "../../workloads/mod.rs"]
mod workloads;

use std::hint::black_box;
use std::time::{Duration, Instant};

use workloads::{Request, W5_SERVED, Workload};

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

const ROUNDS: usize = 60;

/// How long one engine has its turn.
const TURN: Duration = Duration::from_millis(4);

/// The flags in the documents of LOAD.
const LOADED: usize = 1_000;

/// So many decisions in turn; the sum of their answers.
type Batch = Box<dyn Fn(usize) -> i64>;

/// What an engine does of one workload.
struct Entry {
    batch: Batch,
    /// Decisions in one turn, and the time that one took in each round.
    count: usize,
    times: Vec<f64>,
    /// How many allocations one decision made.
    allocations: f64,
}

/// One line of the table.
struct Line {
    id: &'static str,
    /// Ours by name through the handle, by name on a snapshot and by key; then the rivals.
    entries: [Option<Entry>; 5],
}

/// What the answers of one turn through all requests add up to.
struct Expected {
    requests: usize,
    sum: i64,
    /// How far an engine with a hash of its own may be off.
    tolerance: i64,
}

/// A batch of one question, put by each of the items in turn.
fn in_turn<T: 'static>(items: Vec<T>, ask: impl Fn(&T) -> i64 + 'static) -> Batch {
    Box::new(move |count| {
        let mut turns = items.iter().cycle();
        (0..count).filter_map(|_| turns.next()).map(|item| ask(black_box(item))).sum()
    })
}

impl Line {
    fn new(id: &'static str, expected: &Expected, batches: [Option<Batch>; 5]) -> Line {
        let mut at = 0;
        let entries = batches.map(|batch| {
            let tolerance = if at < 3 { 0 } else { expected.tolerance };
            at += 1;
            batch.map(|batch| {
                let sum = batch(expected.requests);
                let off = (sum - expected.sum).abs();
                assert!(off <= tolerance, "{id}: engine {at} says {sum}, not {}", expected.sum);
                Entry::new(batch, expected.requests)
            })
        });
        Line { id, entries }
    }

    fn round(&mut self) {
        for entry in self.entries.iter_mut().flatten() {
            let start = Instant::now();
            black_box((entry.batch)(entry.count));
            entry.times.push(start.elapsed().as_nanos() as f64 / entry.count as f64);
        }
    }

    fn print(&self) {
        let median = |at: usize| self.entries.get(at)?.as_ref().map(Entry::median);
        print!("{:<10}", self.id);
        for at in 0..3 {
            print!("{:>10}", number(median(at)));
        }
        for at in 3..5 {
            let ratio = median(at).zip(median(0)).map(|(theirs, ours)| theirs / ours);
            let allocations = self.entries.get(at).and_then(Option::as_ref);
            print!(
                "{:>9}{:>6}{:>5}",
                number(median(at)),
                ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.1}×")),
                allocations.map_or("-".to_owned(), |entry| format!("{:.0}", entry.allocations)),
            );
        }
        println!();
    }
}

impl Entry {
    /// Counts allocations over one turn through the requests, and finds how many fill a turn.
    fn new(batch: Batch, requests: usize) -> Entry {
        let before = count::allocations();
        black_box(batch(requests));
        let allocations = (count::allocations() - before) as f64 / requests as f64;
        let start = Instant::now();
        let mut count = requests;
        let mut done = 0;
        while start.elapsed() < TURN {
            black_box(batch(count));
            done += count;
            count = count.min(1_000_000 - 1) * 2;
        }
        let each = start.elapsed().as_nanos() / done as u128;
        let count = (TURN.as_nanos() / each.max(1)) as usize;
        Entry { batch, count: count.max(1), times: Vec::with_capacity(ROUNDS), allocations }
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 1_000.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

fn main() {
    let mut lines: Vec<Line> = workloads::small().into_iter().map(boolean).collect();
    lines.insert(5, split());
    lines.push(many("W7-warm", workloads::USERS));
    lines.push(many("W7-cold", workloads::MANY));
    lines.push(alone(workloads::product()));
    lines.push(alone(workloads::deep()));
    lines.push(contexts());
    lines.extend(loads());
    for _ in 0..ROUNDS {
        lines.iter_mut().for_each(Line::round);
    }
    println!("{:<10}{:>30}{:>20}{:>20}", "", "hoist, ns", "unleash-yggdrasil", "eppo_core");
    print!("{:<10}{:>10}{:>10}{:>10}", "", "flags", "snapshot", "key");
    println!("{:>9}{:>6}{:>5}{:>9}{:>6}{:>5}", "ns", "ratio", "alloc", "ns", "ratio", "alloc");
    lines.iter().for_each(Line::print);
    println!();
    println!("Medians of {ROUNDS} interleaved rounds; a rival's ratio is to `flags`.");
    println!("LOAD is for each of {LOADED} flags; alloc is allocations of one operation.");
    for line in &lines {
        for ours in line.entries.iter().take(3).flatten() {
            let may = ["CTX", "LOAD-yaml", "LOAD-json"].contains(&line.id);
            assert!(may && line.id != "CTX" || ours.allocations == 0.0, "{} allocates", line.id);
        }
    }
}

/// A workload in every engine.
fn boolean(workload: Workload) -> Line {
    let expected = Expected {
        requests: workload.requests.len(),
        sum: workload.on as i64,
        tolerance: if matches!(workload.id, "W3" | "W4") { 10 } else { 0 },
    };
    let [flags, snapshot, key] = ours::boolean(&workload);
    let unleash = unleash::boolean(&workload);
    let eppo = eppo::boolean(&workload);
    let batches = [Some(flags), Some(snapshot), Some(key), Some(unleash), Some(eppo)];
    Line::new(workload.id, &expected, batches)
}

/// A workload that the rivals cannot say.
fn alone(workload: Workload) -> Line {
    let expected =
        Expected { requests: workload.requests.len(), sum: workload.on as i64, tolerance: 0 };
    let [flags, snapshot, key] = ours::boolean(&workload);
    Line::new(workload.id, &expected, [Some(flags), Some(snapshot), Some(key), None, None])
}

fn split() -> Line {
    let workload = workloads::w5();
    let expected = Expected {
        requests: workload.requests.len(),
        sum: W5_SERVED.iter().map(|(value, count)| value * *count as i64).sum(),
        tolerance: 1_000,
    };
    let [flags, snapshot, key] = ours::split(&workload);
    let unleash = unleash::split(&workload);
    let eppo = eppo::split(&workload);
    let batches = [Some(flags), Some(snapshot), Some(key), Some(unleash), Some(eppo)];
    Line::new(workload.id, &expected, batches)
}

/// W7: some or all of the flags of a large document in turn, none of which is on.
fn many(id: &'static str, count: usize) -> Line {
    let expected = Expected { requests: count, sum: 0, tolerance: 0 };
    let names: Vec<String> =
        workloads::w7_numbers(count).into_iter().map(workloads::name).collect();
    let request = Request::of(workloads::user(0));
    let [flags, snapshot, key] = ours::many(&names, &request);
    let unleash = unleash::many(&names, &request);
    let eppo = eppo::many(&names, &request);
    let batches = [Some(flags), Some(snapshot), Some(key), Some(unleash), Some(eppo)];
    Line::new(id, &expected, batches)
}

/// CTX: each engine builds its own form of the same request.
fn contexts() -> Line {
    let expected = Expected { requests: workloads::USERS, sum: 0, tolerance: 0 };
    let users: Vec<String> = (0..workloads::USERS).map(workloads::user).collect();
    let ours = in_turn(users.clone(), |user| {
        black_box(&workloads::ctx(user));
        0
    });
    let unleash = in_turn(users.clone(), |user| {
        black_box(&unleash::ctx(user));
        0
    });
    let eppo = in_turn(users, |user| {
        black_box(&eppo::ctx(user));
        0
    });
    Line::new("CTX", &expected, [Some(ours), None, None, Some(unleash), Some(eppo)])
}

/// LOAD: one operation is a flag, so that a batch rounds up to whole documents.
fn loads() -> [Line; 2] {
    let expected = Expected { requests: LOADED, sum: LOADED as i64, tolerance: 0 };
    let load = |load: Box<dyn Fn() -> usize>| -> Batch {
        Box::new(move |count| (0..count.div_ceil(LOADED)).map(|_| load() as i64).sum())
    };
    let yaml = workloads::load_yaml(LOADED);
    let json = workloads::load_json(LOADED);
    let ours_yaml = load(Box::new(move || ours::load_yaml(&yaml)));
    let ours_json = load(Box::new(move || ours::load_json(&json)));
    let unleash = load(unleash::load(LOADED));
    let eppo = load(eppo::load(LOADED));
    let whole = |mut line: Line| {
        for entry in line.entries.iter_mut().flatten() {
            entry.count = entry.count.next_multiple_of(LOADED);
        }
        line
    };
    [
        whole(Line::new("LOAD-yaml", &expected, [Some(ours_yaml), None, None, None, None])),
        whole(Line::new(
            "LOAD-json",
            &expected,
            [Some(ours_json), None, None, Some(unleash), Some(eppo)],
        )),
    ]
}
