//! The allocations and the clock reads of each thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Per thread, because other tests run meanwhile. Without a destructor and made at compile
    // time, so that counting allocates nothing itself.
    pub(crate) static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    pub(crate) static CLOCK_READS: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn count(what: &'static std::thread::LocalKey<Cell<u64>>) {
    what.set(what.get() + 1);
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator can be written in no other way")]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: as above; `old` is from `System`, as all memory here is.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Does something that must not allocate and reads the clock so often.
pub(crate) fn quietly<T>(
    what: &dyn Fn() -> String,
    clock_reads: u64,
    work: impl FnOnce() -> T,
) -> T {
    let before = (ALLOCATIONS.get(), CLOCK_READS.get());
    let result = work();
    let after = (ALLOCATIONS.get(), CLOCK_READS.get());
    assert_eq!(after.0 - before.0, 0, "allocations: {}", what());
    assert_eq!(after.1 - before.1, clock_reads, "clock reads: {}", what());
    result
}
