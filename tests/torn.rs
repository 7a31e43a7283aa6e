//! Files that are read while they are written. RELIABILITY.md: a cut YAML file is usually still
//! valid YAML, and says something else.

mod folder;

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use folder::{Folder, wait_until};
use hoist::{Builder, Context, Flags};

/// Up to the cut the rule takes everyone, and with the rest of the file no one.
const TEXT: &str = "\
version: 1
flags:
  danger:
    rules:
      - name: r
        when: everyone
        rollout: 0%
  last: off
";
const CUT: usize = TEXT.len() - "        rollout: 0%\n  last: off\n".len();

/// A write that takes longer than this is a slow one, which no reader can tell from two changes.
const QUICK: Duration = Duration::from_millis(25);

/// Writes the text in two steps; whether that was quick.
fn write_in_two_steps(path: &std::path::Path, n: usize) -> bool {
    let start = Instant::now();
    let mut file = File::create(path).unwrap();
    file.write_all(&TEXT.as_bytes()[..CUT]).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    writeln!(file, "{}# {n}", &TEXT[CUT..]).unwrap();
    drop(file);
    start.elapsed() < QUICK
}

fn is_on(flags: &Flags) -> bool {
    flags.is_enabled("danger", &Context::new().user("ada"))
}

/// A file that is written again and again, in two quick steps each: no state is ever published
/// in which half of it counts.
#[track_caller]
fn never_half(way: fn(Builder) -> Builder) {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", TEXT);
    let flags = way(Flags::builder().file(&path)).open().unwrap();
    let was_on = Arc::new(AtomicBool::new(false));
    let (seen, asked) = (Arc::clone(&was_on), flags.clone());
    let listener = flags.subscribe(move |_| {
        seen.fetch_or(is_on(&asked), Ordering::Relaxed);
    });
    for n in 0..20 {
        let before = flags.status().hash;
        let was_quick = write_in_two_steps(&path, n);
        wait_until("the whole text", || flags.status().hash != before && !is_on(&flags));
        let seen = was_on.swap(false, Ordering::Relaxed);
        assert!(!(seen && was_quick), "half of the text was live in round {n}");
    }
    drop(listener);
}

#[test]
fn a_file_that_is_written_in_two_quick_steps_is_never_half_read_with_events() {
    never_half(|builder| builder.watch(hoist::Watch::EventsAndPolling(Duration::from_secs(1))));
}

#[test]
fn a_file_that_is_written_in_two_quick_steps_is_never_half_read_by_polling_alone() {
    never_half(|builder| builder.watch(hoist::Watch::Polling(Duration::from_millis(10))));
}

/// A writer that takes seconds: no state is published of what it has written so far.
#[test]
fn a_slow_writer_is_waited_for() {
    let folder = Folder::new();
    let line = |n: usize, word: &str| format!("  f{n}: {word}\n");
    let text = |word: &str| {
        (0..100).fold(String::from("version: 1\nflags:\n"), |text, n| text + &line(n, word))
    };
    let path = folder.write("flags.yaml", text("on"));
    let flags = Flags::builder().file(&path).open().unwrap();
    let fewest = Arc::new(std::sync::atomic::AtomicUsize::new(100));
    let (seen, asked) = (Arc::clone(&fewest), flags.clone());
    let _listener = flags.subscribe(move |_| {
        seen.fetch_min(asked.status().flags, Ordering::Relaxed);
    });
    let mut file = File::create(&path).unwrap();
    for line in text("off").lines() {
        writeln!(file, "{line}").unwrap();
        file.flush().unwrap();
        std::thread::sleep(Duration::from_millis(25));
    }
    drop(file);
    wait_until("the whole text", || !flags.is_enabled("f99", &Context::new()));
    assert_eq!(fewest.load(Ordering::Relaxed), 100);
}

/// A file that never holds still is no reason to publish a part of it, nor to wait for ever.
#[test]
fn a_file_that_never_holds_still_stalls_nothing() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", TEXT);
    let flags = Flags::builder()
        .file(&path)
        .watch(hoist::Watch::EventsAndPolling(Duration::from_millis(10)))
        .open()
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, name) = (Arc::clone(&stop), path.clone());
    let writer = std::thread::spawn(move || {
        let mut n = 0;
        while !stopped.load(Ordering::Relaxed) {
            std::fs::write(folder.at("new"), format!("{TEXT}# {n}\n")).unwrap();
            std::fs::rename(folder.at("new"), &name).unwrap();
            n += 1;
        }
        folder
    });
    for _ in 0..5 {
        // Read, or refused because it moves: an answer comes.
        let _ = flags.reload();
        assert!(!is_on(&flags));
    }
    stop.store(true, Ordering::Relaxed);
    let folder = writer.join().unwrap();
    folder.write("flags.yaml", "version: 1\nflags: { danger: on }\n");
    wait_until("the last text", || is_on(&flags));
}
