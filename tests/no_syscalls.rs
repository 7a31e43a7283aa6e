//! A decision makes no system call, and where the context brings the instant it reads no clock.
//!
//! A clock is read without a system call where the kernel lends its page for that. Here it is not:
//! this binary has a `clock_gettime` of its own, which counts and then asks the kernel. So
//! `.ci/syscalls` need only look, by strace, at what the kernel is asked between two marks.

#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod folder;
mod naive;
mod translate;

use std::cell::Cell;
use std::ffi::{c_int, c_long, c_void};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use folder::Folder;
use hoist::{ContextBuf, Flags, Watch};
use translate::translated;

/// A million where the build is optimised.
const DECISIONS: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

thread_local! {
    static CLOCK_READS: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "the clock is read through the C library")]
mod clock {
    use super::{CLOCK_READS, c_int, c_long, c_void};

    const CLOCK_GETTIME: c_long = if cfg!(target_arch = "x86_64") { 228 } else { 113 };

    unsafe extern "C" {
        fn syscall(number: c_long, ...) -> c_long;
    }

    // SAFETY: it does what the function of that name does; it is called like that one.
    #[unsafe(no_mangle)]
    extern "C" fn clock_gettime(clock: c_int, time: *mut c_void) -> c_int {
        CLOCK_READS.set(CLOCK_READS.get() + 1);
        // SAFETY: the arguments are those that the call of this number takes, as they came.
        unsafe { syscall(CLOCK_GETTIME, clock, time) as c_int }
    }
}

/// A system call that strace can tell from all others.
fn mark(name: &str) {
    assert!(std::fs::metadata(format!("/hoist-marks/{name}")).is_err());
}

/// A document of many kinds of tests that has flags enough, and contexts for it.
fn document_and_contexts() -> (String, Vec<ContextBuf>) {
    let document = (0..100).map(naive::document).max_by_key(String::len).unwrap();
    (document, (0..200).map(|seed| translated(&naive::context(seed))).collect())
}

/// Decides all flags again and again, in each way; gives how many were on. The extra work stands in
/// the middle of it.
fn decide([flags, cached]: &[Flags; 2], contexts: &[ContextBuf], extra: impl FnOnce()) -> usize {
    let snap = flags.snapshot();
    let names: Vec<&str> = snap.flags().collect();
    let mut extra = Some(extra);
    let (mut made, mut on) = (0, 0);
    // The first read of a thread makes the slot in which its later ones are protected.
    for flags in [flags, cached] {
        black_box(flags.is_enabled("no-such-flag", &contexts[0].as_context()));
    }
    mark("begin");
    while made < DECISIONS {
        for buf in contexts {
            let ctx = buf.as_context();
            for name in &names {
                on += usize::from(flags.is_enabled(*name, &ctx));
                on += usize::from(cached.is_enabled(*name, &ctx));
                on += usize::from(snap.is_enabled(*name, &ctx));
                black_box(snap.decide(*name, &ctx).variant());
                black_box(flags.value_or(name, &ctx, 0_i64));
                made += 5;
            }
        }
        if made > DECISIONS / 2 {
            extra.take().into_iter().for_each(|extra| extra());
        }
    }
    mark("end");
    on
}

/// Decides on handles that follow a file, which changes meanwhile; gives the clock reads.
fn clock_reads_of_deciding(extra: impl FnOnce()) -> u64 {
    let (document, contexts) = document_and_contexts();
    let folder = Folder::new();
    let path = folder.write("flags.yaml", &document);
    let watch = Watch::EventsAndPolling(Duration::from_millis(10));
    let builder = || Flags::builder().file(&path).watch(watch);
    let handles = [builder(), builder().cache_per_thread()].map(|made| made.open().unwrap());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let new = folder.write("new", format!("{document}# {n}\n"));
                std::fs::rename(new, &path).unwrap();
                for flags in &handles {
                    flags.reload().unwrap();
                }
            }
        });
        let before = CLOCK_READS.get();
        let on = decide(&handles, &contexts, extra);
        let after = CLOCK_READS.get();
        stop.store(true, Ordering::Relaxed);
        assert!(on > 0, "some flags are on");
        after - before
    })
}

#[test]
fn a_million_decisions_ask_the_kernel_nothing() {
    assert_eq!(clock_reads_of_deciding(|| {}), 0);
}

/// What the counting is worth: one clock read among a million decisions is seen, by this binary
/// and by strace.
#[test]
fn one_clock_read_among_them_is_seen() {
    let reads = clock_reads_of_deciding(|| {
        black_box(SystemTime::now());
    });
    assert_eq!(reads, 1);
}
