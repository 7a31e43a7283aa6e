//! An allocator that counts: how often memory is asked for, how much is held, and the most held.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, with counts of what it is asked for.
pub(crate) struct Counting;

fn took(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    let live = LIVE.fetch_add(bytes as u64, Relaxed) + bytes as u64;
    if live > PEAK.load(Relaxed) {
        PEAK.fetch_max(live, Relaxed);
    }
}

fn gave(bytes: usize) {
    LIVE.fetch_sub(bytes as u64, Relaxed);
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

/// How often memory was asked for since the start.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed)
}

/// The bytes that are held now.
pub(crate) fn live() -> u64 {
    LIVE.load(Relaxed)
}

/// What was made, the bytes that it holds, and the most that were held while it was made.
pub(crate) fn held<T>(make: impl FnOnce() -> T) -> (T, u64, u64) {
    let before = live();
    PEAK.store(before, Relaxed);
    let made = make();
    let (after, peak) = (live(), PEAK.load(Relaxed));
    (made, after.saturating_sub(before), peak.saturating_sub(before))
}
