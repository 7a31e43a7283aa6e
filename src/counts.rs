//! How often flags were asked and what they served, counted where they are asked.
//!
//! Each loaded state has a tally of its own, in which a decision adds one to a number that few other
//! threads add to. Their sums are put together when somebody asks for them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::ir::{Name, Packed, PackedFlag};
use crate::program::{Decided, FlagId, Id, Program};
use crate::reason::Reason;

/// How often the flags of a handle were asked, and what they served.
///
/// Counting is a setting: [`Builder::count_decisions`](crate::Builder::count_decisions).
///
/// # Examples
///
/// ```
/// use hoist::{Context, Flags};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-counts-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1\nflags: { new-search: on }").unwrap();
/// let flags = Flags::builder().file(&path).count_decisions().open()?;
/// for _ in 0..3 {
///     flags.is_enabled("new-search", &Context::new());
/// }
/// flags.is_enabled("new-serach", &Context::new());
///
/// let counts = flags.decision_counts();
/// assert_eq!((counts.served[0].variant.as_str(), counts.served[0].count), ("on", 3));
/// assert_eq!(counts.flag_not_found, 1);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecisionCounts {
    /// What was served at least once, in the byte order of flags and variants. A flag that the
    /// files have lost since stays.
    pub served: Vec<ServedCount>,
    /// Questions for flags that were not there.
    pub flag_not_found: u64,
    /// Questions for flags of another type.
    pub type_mismatch: u64,
}

/// How often a flag served a variant; part of [`DecisionCounts`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServedCount {
    /// The name of the flag.
    pub flag: String,
    /// The name of the variant.
    pub variant: String,
    /// How often it was served.
    pub count: u64,
}

/// The tallies of one handle.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<Tallied>);

#[derive(Debug, Default)]
struct Tallied {
    /// Those of states that are alive.
    live: Vec<Arc<Tally>>,
    /// What the others came to.
    past: Totals,
}

#[derive(Clone, Debug, Default)]
struct Totals {
    served: BTreeMap<(Name, Arc<str>), u64>,
    errors: [u64; ERRORS],
}

impl Tallies {
    /// A tally for a state with these flags.
    pub(crate) fn begin(&self, flags: &Packed, program: &Program) -> Arc<Tally> {
        let tally = Arc::new(Tally::new(flags, program));
        let mut tallied = self.settled();
        tallied.live.push(Arc::clone(&tally));
        tally
    }

    pub(crate) fn counts(&self) -> DecisionCounts {
        let tallied = self.settled();
        let mut totals = tallied.past.clone();
        for tally in &tallied.live {
            totals.add(tally);
        }
        let [flag_not_found, type_mismatch] = totals.errors;
        let served = totals.served.into_iter().map(|((flag, variant), count)| {
            let (flag, variant) = (flag.to_string(), variant.to_string());
            ServedCount { flag, variant, count }
        });
        DecisionCounts { served: served.collect(), flag_not_found, type_mismatch }
    }

    /// The tallies, after those of states that are gone were added up: no one counts in them now.
    fn settled(&self) -> MutexGuard<'_, Tallied> {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Tallied { live, past } = &mut *guard;
        // That nobody else has one is seen by `get_mut` with all that those counted who had.
        live.retain_mut(|tally| match Arc::get_mut(tally) {
            None => true,
            Some(tally) => {
                past.add(tally);
                false
            }
        });
        guard
    }
}

impl Totals {
    fn add(&mut self, tally: &Tally) {
        let served = tally.flags.iter().zip(&tally.places);
        for (flag, place) in served {
            for (variant, column) in flag.variants().iter().zip(place.first_column..) {
                let count = tally.sum(column);
                if count > 0 {
                    let key = (Arc::from(flag.name), Arc::clone(&variant.name));
                    *self.served.entry(key).or_default() += count;
                }
            }
        }
        for (error, column) in self.errors.iter_mut().zip(tally.first_error..) {
            *error += tally.sum(column);
        }
    }
}

/// How many reasons are errors: there is no such flag, or it has another type.
const ERRORS: usize = 2;

/// What the flags of one state served.
#[derive(Debug)]
pub(crate) struct Tally {
    flags: Packed,
    places: Box<[Place]>,
    first_error: usize,
    /// Rows of the same columns, each for some of the threads.
    rows: Box<[Box<[Line]>]>,
}

/// Where a flag is counted.
#[derive(Clone, Copy, Debug)]
struct Place {
    first_column: usize,
    /// The place of its first variant in the program: boolean flags share theirs.
    first_variant: usize,
}

/// Numbers that lie where no other row's do: two lines of most processors' caches.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([AtomicU64; COLUMNS_OF_LINE]);

const COLUMNS_OF_LINE: usize = 16;

/// The most rows there are: beyond so many threads at once, some share.
const MOST_ROWS: usize = 16;

impl Tally {
    fn new(flags: &Packed, program: &Program) -> Tally {
        let mut columns = 0;
        let mut place = |(position, flag): (usize, PackedFlag<'_>)| {
            let first_column = columns;
            columns += flag.variants().len();
            let compiled = program.flags.get(FlagId::new(position));
            let first_variant = compiled.first_variant(flag.off().0).index();
            Place { first_column, first_variant }
        };
        let places = flags.iter().enumerate().map(&mut place).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let lines = (columns + ERRORS).div_ceil(COLUMNS_OF_LINE);
        let row = || std::iter::repeat_with(Line::default).take(lines).collect();
        let rows = std::iter::repeat_with(row).take(threads.min(MOST_ROWS)).collect();
        Tally { flags: flags.clone(), places, first_error: columns, rows }
    }

    /// Counts one decision.
    #[inline]
    pub(crate) fn count(&self, decided: Decided) {
        let column = match decided {
            Ok((flag, outcome)) => {
                let Some(place) = self.places.get(flag.index()) else { return };
                place.first_column + outcome.variant.index().saturating_sub(place.first_variant)
            }
            Err(Reason::FlagNotFound) => self.first_error,
            Err(_) => self.first_error + 1,
        };
        let row = this_thread() % self.rows.len().max(1);
        if let Some(number) = self.rows.get(row).and_then(|row| number_at(row, column)) {
            number.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn sum(&self, column: usize) -> u64 {
        let numbers = self.rows.iter().filter_map(|row| number_at(row, column));
        numbers.map(|number| number.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

#[inline]
fn number_at(row: &[Line], column: usize) -> Option<&AtomicU64> {
    let line = row.get(column / COLUMNS_OF_LINE)?;
    line.0.get(column % COLUMNS_OF_LINE)
}

/// A small number for each thread, given in turn.
#[inline]
fn this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    let numbered = NUMBER.try_with(|number| {
        if number.get() == usize::MAX {
            number.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    });
    // A thread that ends counts with the first.
    numbered.unwrap_or(0)
}
