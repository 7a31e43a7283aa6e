//! Hours of publishing in minutes: `.ci/soak` runs these, and prints their figures.
//!
//! Generations never go back, the flags of one snapshot agree, a reader frees nothing, memory stays
//! flat, and in the end nothing that was replaced is left.

#[path = "../src/reload/cell.rs"]
mod cell;
mod folder;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use cell::{Cell, Graveyard};
use folder::{Folder, wait_until};
use hoist::{Context, Flags, Watch};

const READERS: usize = 2;

/// By how much memory may differ between a fifth of the way and its end.
const FLAT_KIB: u64 = 16 << 10;

/// How often, unless the variable says so.
fn times(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |times| times.parse().unwrap())
}

/// What the process has in memory, where that can be told.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The memory at a fifth of the way, and the last.
#[derive(Debug, Default)]
struct Memory {
    early: Option<u64>,
    last: Option<u64>,
}

impl Memory {
    fn note(&mut self, done: u64, all: u64) {
        self.last = resident_kib();
        if done <= all / 5 {
            self.early = self.last;
        }
    }

    #[track_caller]
    fn is_flat(&self) {
        let (early, last) = (self.early.unwrap_or(0), self.last.unwrap_or(0));
        assert!(last <= early + FLAT_KIB, "{early} KiB at a fifth of the way, {last} in the end");
    }
}

/// A state whose parts agree, and that only one thread may free.
struct Published {
    generation: u64,
    again: u64,
    publisher: ThreadId,
    freed_by_readers: Arc<AtomicU64>,
}

impl Drop for Published {
    fn drop(&mut self) {
        if std::thread::current().id() != self.publisher {
            self.freed_by_readers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn read_cell(cell: &Cell<Published>, stop: &AtomicBool) -> u64 {
    let (mut last, mut reads) = (0, 0);
    let mut held = None;
    while !stop.load(Ordering::Relaxed) {
        let state = cell.load();
        assert!(state.generation >= last, "generations never go back");
        assert_eq!(state.generation, state.again);
        last = state.generation;
        reads += 1;
        // As a request does that goes on for a while.
        if reads % 1_000 == 0 {
            held = Some(cell.load_full());
        }
        if let Some(held) = &held {
            assert_eq!(held.generation, held.again);
        }
    }
    reads
}

/// The cell that states are read from, without files: by the million.
#[test]
#[ignore = "it takes long: .ci/soak"]
fn publishes_under_readers() {
    let publishes = times("HOIST_PUBLISHES", 5_000_000);
    let freed_by_readers = Arc::new(AtomicU64::new(0));
    let publisher = std::thread::current().id();
    let state = |generation| Published {
        generation,
        again: generation,
        publisher,
        freed_by_readers: Arc::clone(&freed_by_readers),
    };
    let cell = Cell::new(state(0));
    let mut graveyard = Graveyard::new(Duration::from_millis(1));
    let (stop, mut memory, mut most_retired) = (AtomicBool::new(false), Memory::default(), 0);
    let start = Instant::now();
    let reads: u64 = std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..READERS).map(|_| scope.spawn(|| read_cell(&cell, &stop))).collect();
        for generation in 1..=publishes {
            graveyard.add(cell.swap(Arc::new(state(generation))));
            if generation % 1_000 == 0 {
                graveyard.bury(&cell);
                most_retired = most_retired.max(cell.retired());
            }
            if generation % 100_000 == 0 {
                memory.note(generation, publishes);
            }
        }
        stop.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    wait_until("all are freed", || {
        graveyard.bury(&cell);
        cell.retired() == 0
    });
    println!(
        "{publishes} publishes under {reads} reads in {:?}; at most {most_retired} retired; \
         {memory:?} KiB",
        start.elapsed()
    );
    assert_eq!(freed_by_readers.load(Ordering::Relaxed), 0, "a reader frees nothing");
    memory.is_flat();
}

hoist::flags! {
    A: bool = "a", default false;
    COUNT: i64 = "count", default -1;
}

/// A text in which `a` and `b` agree, and a number that is the text's own. It never loses more than
/// half of the flags, which would have to wait.
fn text(n: u64) -> String {
    let say = if n % 2 == 0 { "on" } else { "off" };
    let before: String = (0..n % 3).map(|k| format!("  0-{k}: 50%\n")).collect();
    format!(
        "version: 1\nflags:\n{before}  a: {say}\n  b: {say}\n  count: {{ default: {{ value: {n} }} \
         }}\n"
    )
}

fn read_handles(handles: &[Flags], stop: &AtomicBool) -> u64 {
    let mut last = vec![(0, -1); handles.len()];
    let ctx = Context::new().user("ada");
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        for (flags, last) in handles.iter().zip(&mut last) {
            let snap = flags.snapshot();
            let now = (snap.generation(), snap.value(&COUNT, &ctx));
            assert!(now.0 >= last.0 && now.1 >= last.1, "{last:?} is followed by {now:?}");
            *last = now;
            assert_eq!(snap.is_enabled(&A, &ctx), now.1 % 2 == 0);
            assert_eq!(snap.is_enabled("b", &ctx), now.1 % 2 == 0);
            assert!(flags.value(&COUNT, &ctx) >= now.1);
            reads += 1;
        }
    }
    reads
}

/// Puts texts in the place of a file, each when the one before is live.
fn drive(folder: &Folder, name: &str, flags: &Flags, texts: u64, done: &AtomicUsize) -> usize {
    let mut most_retired = 0;
    for n in 1..=texts {
        let new = folder.write(&format!("{name}.new"), text(n));
        std::fs::rename(new, folder.at(name)).unwrap();
        let expected = i64::try_from(n).unwrap();
        wait_until("the text is live", || flags.value(&COUNT, &Context::new()) == expected);
        most_retired = most_retired.max(flags.status().retired);
        done.fetch_add(1, Ordering::Relaxed);
    }
    most_retired
}

/// Files that are followed, replaced by renaming: one handle publishes four times a second at the
/// most, so that many handles do it at once.
#[test]
#[ignore = "it takes long: .ci/soak"]
fn file_reloads_under_readers() {
    const HANDLES: usize = 32;
    let each = times("HOIST_RELOADS", 10_000).div_ceil(HANDLES as u64);
    let all = each * HANDLES as u64;
    let folder = Folder::new();
    let names: Vec<String> = (0..HANDLES).map(|n| format!("{n}/flags.yaml")).collect();
    let open = |(n, name): (usize, &String)| {
        folder.write(name, text(0));
        let every = Duration::from_millis(10);
        // Every other one hears of no events.
        let watch = if n % 2 == 0 { Watch::EventsAndPolling(every) } else { Watch::Polling(every) };
        Flags::builder().file(folder.at(name)).watch(watch).open().unwrap()
    };
    let handles: Vec<Flags> = names.iter().enumerate().map(open).collect();
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut memory = Memory::default();
    let start = Instant::now();
    let (reads, most_retired) = std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..READERS).map(|_| scope.spawn(|| read_handles(&handles, &stop))).collect();
        let drivers: Vec<_> = names
            .iter()
            .zip(&handles)
            .map(|(name, flags)| scope.spawn(|| drive(&folder, name, flags, each, &done)))
            .collect();
        while !drivers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            memory.note(done.load(Ordering::Relaxed) as u64, all);
            std::thread::sleep(Duration::from_millis(100));
        }
        stop.store(true, Ordering::Relaxed);
        let most_retired = drivers.into_iter().map(|driver| driver.join().unwrap()).max().unwrap();
        let reads: u64 = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        (reads, most_retired)
    });
    wait_until("all are freed", || handles.iter().all(|flags| flags.status().retired == 0));
    println!(
        "{all} file reloads of {HANDLES} handles under {reads} reads in {:?}; at most \
         {most_retired} of one retired; {memory:?} KiB",
        start.elapsed()
    );
    for flags in &handles {
        let reloads = flags.status().reloads;
        assert_eq!((reloads.ok, reloads.failed), (each, 0), "each text is live once");
    }
    // Four publishes a second, each kept for two seconds and until the next look.
    assert!(most_retired <= 10, "{most_retired}");
    memory.is_flat();
}

/// Reloads that are asked for, as fast as they come.
#[test]
#[ignore = "it takes long: .ci/soak"]
fn asked_reloads_under_readers() {
    let reloads = times("HOIST_ASKED", 50_000);
    let folder = Folder::new();
    let path = folder.write("flags.yaml", text(0));
    let handles = [Flags::builder().file(path).watch(Watch::OnDemand).open().unwrap()];
    let stop = AtomicBool::new(false);
    let (mut memory, mut most_retired) = (Memory::default(), 0);
    let start = Instant::now();
    let reads: u64 = std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..READERS).map(|_| scope.spawn(|| read_handles(&handles, &stop))).collect();
        for n in 1..=reloads {
            folder.write("flags.yaml", text(n));
            handles[0].reload().unwrap();
            if n % 1_000 == 0 {
                most_retired = most_retired.max(handles[0].status().retired);
                memory.note(n, reloads);
            }
        }
        stop.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    println!(
        "{reloads} asked reloads under {reads} reads in {:?}; at most {most_retired} retired; \
         {memory:?} KiB",
        start.elapsed()
    );
    memory.is_flat();
    // Who looks on demand frees on demand.
    wait_until("all are freed", || {
        handles[0].reload().unwrap();
        handles[0].status().retired == 0
    });
}
