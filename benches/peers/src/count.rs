//! An allocator that counts, while it is told to: how often memory is asked for, how much is held, and
//! the most held. At all other times it costs a look at a flag, so that no engine is timed with it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

static COUNTS: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Of what is counted; below zero where something goes that came before.
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, with counts of what it is asked for.
pub(crate) struct Counting;

#[inline(always)]
fn took(bytes: usize) {
    if COUNTS.load(Relaxed) {
        ALLOCATIONS.fetch_add(1, Relaxed);
        let live = LIVE.fetch_add(bytes as i64, Relaxed) + bytes as i64;
        PEAK.fetch_max(live, Relaxed);
    }
}

#[inline(always)]
fn gave(bytes: usize) {
    if COUNTS.load(Relaxed) {
        LIVE.fetch_sub(bytes as i64, Relaxed);
    }
}

// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old block is there until the new one is: that is what a peak is about.
        took(size);
        let moved = unsafe { System.realloc(pointer, layout, size) };
        gave(layout.size());
        moved
    }
}

/// What was asked for while something was done.
pub(crate) struct Counted {
    pub(crate) allocations: u64,
    /// The bytes that are held beyond those that were before.
    pub(crate) held: i64,
    /// The most of them.
    pub(crate) peak: i64,
}

/// Does something, and counts.
pub(crate) fn counted<T>(act: impl FnOnce() -> T) -> (T, Counted) {
    ALLOCATIONS.store(0, Relaxed);
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let made = act();
    COUNTS.store(false, Relaxed);
    let counted = Counted {
        allocations: ALLOCATIONS.load(Relaxed),
        held: LIVE.load(Relaxed),
        peak: PEAK.load(Relaxed),
    };
    (made, counted)
}
