//! Readers while states are swapped under them: short, so that miri can run it too, with many
//! seeds (`.ci/miri`). `tests/soak.rs` is the same for hours.

mod folder;

use std::sync::atomic::{AtomicBool, Ordering};

use folder::Folder;
use hoist::{Context, Flags, Watch};

hoist::flags! {
    A: bool = "a", default false;
    GONE: bool = "gone", default false;
}

const STATES: u32 = if cfg!(miri) { 3 } else { 300 };

/// A state in which `a` and `b` agree, and all others say the contrary. How many of those stand
/// before `a` is another number in each: an id that is taken for one of another state tells the
/// contrary, too.
fn text(n: u32) -> String {
    let (say, contrary) = if n % 2 == 0 { ("on", "off") } else { ("off", "on") };
    let before: String = (0..n % 3).map(|k| format!("\"0-{k}\": \"{contrary}\", ")).collect();
    let gone = if n % 4 == 0 { ", \"gone\": \"on\"" } else { "" };
    format!(
        "{{\"version\": 1, \"flags\": {{{before}\"a\": \"{say}\", \"b\": \"{say}\", \"c\": \
         \"{contrary}\"{gone}}}}}"
    )
}

/// Takes snapshots until it is told to stop; gives the last generation.
fn read(flags: &Flags, stop: &AtomicBool) -> u32 {
    let ctx = Context::new();
    let mut last = 0;
    while !stop.load(Ordering::Relaxed) {
        let snap = flags.snapshot();
        assert!(snap.generation() >= last, "generations never go back");
        last = snap.generation();
        let say = snap.is_enabled(&A, &ctx);
        assert_eq!(say, snap.is_enabled("b", &ctx), "{snap:?}");
        assert_eq!(say, !snap.is_enabled("c", &ctx), "{snap:?}");
        assert_eq!(snap.is_enabled(&GONE, &ctx), snap.is_enabled("gone", &ctx), "{snap:?}");
        // A read of its own, of whatever is published now.
        let _ = flags.is_enabled(&A, &ctx);
        if cfg!(miri) {
            // Else its steps would be spent on reading, and few on what is read.
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    last
}

#[test]
fn readers_see_whole_states_while_they_are_swapped() {
    let folder = Folder::new();
    let path = folder.write("flags.json", text(0));
    let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| read(&flags, &stop))).collect();
        for n in 1..=STATES {
            folder.write("flags.json", text(n));
            flags.reload().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() <= flags.status().generation);
        }
    });
    assert_eq!(flags.status().reloads.ok, u64::from(STATES));
}
