//! Changes among others that do not matter.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::folder::Folder;
use crate::following::{Answer, CHANGES, Follower, Mode};
use crate::ways;

/// Another file of the same directory is written all the time: that puts the reading off, and not
/// for ever.
#[track_caller]
fn is_followed_among_noise(mode: Mode) {
    let folder = Folder::new();
    folder.write("flags.yaml", ways::text(0));
    let follower = Follower::of(&folder, "flags.yaml", mode);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                folder.write("service.log", "something else\n");
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        // The noise ends with the test, however it ends.
        let _over = OnDrop(&is_over);
        for number in 1..=CHANGES {
            ways::rename_over(&folder, number);
            let told = follower.sees(number);
            assert_eq!(told.len(), 1, "{told:?}");
        }
    });
    assert_eq!(follower.answer(), Answer::right(CHANGES));
}

/// Sets a flag when it goes.
struct OnDrop<'f>(&'f AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn with_events_and_polling() {
    is_followed_among_noise(Mode::EventsAndPolling);
}

#[test]
fn by_polling_alone() {
    is_followed_among_noise(Mode::PollingAlone);
}

#[test]
fn by_events_alone() {
    is_followed_among_noise(Mode::EventsAlone);
}
