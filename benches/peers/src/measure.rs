//! Batches of decisions, timed in rounds in which all engines take turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::count;

/// So many decisions in turn; the sum of their answers.
pub(crate) type Batch = Box<dyn Fn(usize) -> i64>;

/// How often each engine has its turn.
pub(crate) const ROUNDS: usize = 40;

/// How long a turn is.
const TURN: Duration = Duration::from_millis(3);

/// An engine that has used up this much has fewer turns, but no fewer than [`FEWEST`].
const ENOUGH: Duration = Duration::from_millis(1_500);
const FEWEST: usize = 5;

/// A batch of one question, put by each of the items in turn.
pub(crate) fn in_turn<T: 'static>(items: Vec<T>, ask: impl Fn(&T) -> i64 + 'static) -> Batch {
    Box::new(move |count| {
        let mut turns = items.iter().cycle();
        (0..count).filter_map(|_| turns.next()).map(|item| ask(black_box(item))).sum()
    })
}

/// What was measured of one engine in one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// The median time of a decision, in nanoseconds.
    pub(crate) ns: f64,
    /// How often one decision asks for memory.
    pub(crate) allocations: f64,
}

/// One engine in one row.
pub(crate) struct Entry {
    batch: Batch,
    /// Decisions in one turn, and the time that one took in each turn.
    count: usize,
    times: Vec<f64>,
    spent: Duration,
    pub(crate) allocations: f64,
}

impl Entry {
    /// Counts allocations over one turn through the questions, and finds how many fill a turn.
    pub(crate) fn new(batch: Batch, questions: usize) -> Entry {
        let start = Instant::now();
        let (_, counted) = count::counted(|| black_box(batch(questions)));
        let mut spent = start.elapsed();
        let allocations = counted.allocations as f64 / questions as f64;
        let mut count = questions;
        while spent < TURN {
            count *= 2;
            let start = Instant::now();
            black_box(batch(count));
            spent = start.elapsed();
        }
        let each = spent.as_secs_f64() / count as f64;
        let count = (TURN.as_secs_f64() / each) as usize;
        let times = Vec::with_capacity(ROUNDS);
        Entry { batch, count: count.max(1), times, spent, allocations }
    }

    fn turn(&mut self) {
        if self.spent > ENOUGH && self.times.len() >= FEWEST {
            return;
        }
        // Whoever had the turn before has filled the caches.
        if self.count > 1 {
            black_box((self.batch)(self.count / 4));
        }
        let start = Instant::now();
        black_box((self.batch)(self.count));
        let elapsed = start.elapsed();
        self.spent += elapsed;
        self.times.push(elapsed.as_nanos() as f64 / self.count as f64);
    }
}

/// Lets all engines take turns, so that whatever else the machine does hits all alike.
pub(crate) fn interleaved(entries: &mut [Option<Entry>]) -> Vec<Option<Figures>> {
    for _ in 0..ROUNDS {
        entries.iter_mut().flatten().for_each(Entry::turn);
    }
    let figures =
        |entry: &Entry| Figures { ns: median(entry.times.clone()), allocations: entry.allocations };
    entries.iter().map(|entry| entry.as_ref().map(figures)).collect()
}

pub(crate) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
