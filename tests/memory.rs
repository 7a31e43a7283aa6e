//! How much memory a loaded document takes, and how much while it is loaded.
//!
//! What is asked of the allocator is the same in each run, so that it can be asserted. The bounds
//! stand at most a tenth above what was measured.

#[path = "../benches/workloads/mod.rs"]
#[allow(dead_code, reason = "the documents of one bench are all that is needed")]
mod workloads;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use hoist::Snapshot;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The flags of a document, each of three rules.
const FLAGS: usize = 2_000;

/// What one flag may take when it is loaded, in bytes, and while it is loaded from JSON.
const MOST_LIVE: usize = 605;
const MOST_PEAK: usize = 1_410;

/// How often memory may be asked for to load one flag, beside what a parser of YAML asks for.
const MOST_ALLOCATIONS: usize = 7;

thread_local! {
    // Per thread, because other tests run meanwhile. Without a destructor and made at compile
    // time, so that counting allocates nothing itself.
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn taken(bytes: usize) {
    CALLS.set(CALLS.get() + 1);
    LIVE.set(LIVE.get() + bytes);
    PEAK.set(PEAK.get().max(LIVE.get()));
}

fn given_back(bytes: usize) {
    // What another thread took is given back here, and the other way round.
    LIVE.set(LIVE.get().saturating_sub(bytes));
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator can be written in no other way")]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there while one is copied to the other.
        taken(size);
        given_back(layout.size());
        // SAFETY: as above; `old` is from `System`, as all memory here is.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        given_back(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The users of a list, whose ids are of 36 bytes, and what one of them may take.
const USERS: usize = 8_000;
const MOST_LIVE_OF_LIST: usize = 110;

/// What some work took for each of so many.
#[derive(Debug)]
struct Memory {
    /// Bytes of what it made.
    live: usize,
    /// Bytes at the most.
    peak: usize,
    allocations: usize,
}

fn memory_of<T>(count: usize, work: impl FnOnce() -> T) -> Memory {
    let (live, calls) = (LIVE.get(), CALLS.get());
    PEAK.set(live);
    let made = work();
    let memory = Memory {
        live: (LIVE.get() - live) / count,
        peak: (PEAK.get() - live) / count,
        allocations: (CALLS.get() - calls) / count,
    };
    drop(made);
    memory
}

#[test]
fn a_flag_takes_little_memory() {
    let json = workloads::load_json(FLAGS);
    let yaml = workloads::load_yaml(FLAGS);

    let loaded = memory_of(FLAGS, || Snapshot::from_json(&json).unwrap());
    assert!(loaded.live <= MOST_LIVE, "{loaded:?}");
    assert!(loaded.peak <= MOST_PEAK, "{loaded:?}");
    assert!(loaded.allocations <= MOST_ALLOCATIONS, "{loaded:?}");

    let loaded = memory_of(FLAGS, || Snapshot::from_yaml(&yaml).unwrap());
    let parser = memory_of(FLAGS, || {
        for document in serde_yaml::Deserializer::from_str(&yaml) {
            IgnoredAny::deserialize(document).unwrap();
        }
    });
    assert!(loaded.live <= MOST_LIVE, "{loaded:?}");
    assert!(loaded.peak <= MOST_PEAK + parser.peak, "{loaded:?} {parser:?}");
    assert!(loaded.allocations <= MOST_ALLOCATIONS + parser.allocations, "{loaded:?} {parser:?}");
}

#[test]
fn a_list_holds_each_text_once() {
    let folder = std::env::temp_dir().join(format!("hoist-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let users: Vec<String> = (0..USERS).map(workloads::user).collect();
    std::fs::write(folder.join("users.list"), users.join("\n")).unwrap();
    let path = folder.join("flags.yaml");
    let rule = "{ when: { user: { in_file: users.list } } }";
    std::fs::write(&path, format!("version: 1\nflags: {{ listed: {{ rules: [{rule}] }} }}"))
        .unwrap();

    let loaded = memory_of(USERS, || Snapshot::from_files([&path]).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(loaded.live <= MOST_LIVE_OF_LIST, "{loaded:?}");
}
