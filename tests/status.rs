//! What a handle tells of itself and of its reloads: PRODUCT.md 2, RELIABILITY.md.

mod folder;
mod live;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use folder::Folder;
use hoist::{Context, Flags, ReloadEvent, ReloadOutcome, WatchMode};
use live::Live;

const GOOD: &str = "version: 1\nflags: { a: on, b: on }\n";
const BROKEN: &str = "version: 1\nflags: { a: { typo: 1 }, b: on }\n";
const REFUSED: &str = "version: 1\nflags: { a: on\n";

#[test]
fn a_new_handle_has_nothing_to_complain_about() {
    let live = Live::of(GOOD);
    let status = live.flags.status();
    assert_eq!((status.flags, status.retired), (2, 0));
    assert_eq!((status.reloads.ok, status.reloads.failed, status.reloads.unchanged), (0, 0, 0));
    assert_eq!(status.mode, WatchMode::OnDemand);
    assert_eq!(status.sources, [live.folder.at("flags.yaml")]);
    assert!(status.last_error.is_none() && status.kept.is_empty() && status.left_out.is_empty());
    let snap = live.flags.snapshot();
    assert_eq!((snap.generation(), snap.hash()), (status.generation, status.hash));
    assert_eq!(snap.loaded_at(), status.loaded_at);
}

#[test]
fn a_reload_is_told_with_its_generation_and_hash() {
    let live = Live::of(GOOD);
    live.becomes("version: 1\nflags: { a: off, b: on }\n");
    let status = live.flags.status();
    match live.heard().as_slice() {
        [ReloadEvent::Reloaded(change)] => {
            assert_eq!((change.generation, change.hash), (status.generation, status.hash));
            assert_eq!((change.flags(), change.broken.len()), (vec!["a"], 0));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(status.reloads.ok, 1);
}

#[test]
fn what_changed_is_what_says_something_else() {
    let flags = "  a: { rules: [{ when: { segment: s } }] }\n  b: { rules: [{ when: { segment: t } }] }\n  \
                 c: { default: on }\n  d: 25%\n";
    let text = |s: &str, rest: &str| {
        format!("version: 1\nsegments: {{ s: {s}, t: {{ region: nz }} }}\nflags:\n{flags}{rest}")
    };
    let live = Live::of(&text("{ region: nz }", ""));
    let changed = |text: String| {
        live.becomes(text);
        live.announced().0
    };
    // Moved, commented and spelt otherwise: nothing says something else.
    let moved = text("{ region: nz }", "").replace("  c: { default: on }", "\n# c\n  c: on");
    assert_eq!(changed(moved), Vec::<String>::new());
    assert_eq!(changed(text("{ region: nz }", "  e: on\n")), ["e"]);
    let with_d = text("{ region: nz }", "").replace("25%", "26%");
    assert_eq!(changed(with_d), ["d", "e"]);
    let same_d = text("{ region: nz }", "");
    assert_eq!(changed(same_d), ["d"]);
    // A segment: who uses it changes, and who does not use any does not.
    let names = changed(text("{ region: au }", ""));
    assert!(names.contains(&"a".to_owned()), "{names:?}");
    assert!(!names.contains(&"c".to_owned()) && !names.contains(&"d".to_owned()), "{names:?}");
}

#[test]
fn a_changed_list_changes_the_flags_that_use_it() {
    let folder = Folder::new();
    folder.write("list.txt", "ada\n");
    let live = Live::with(
        folder,
        "version: 1\nflags:\n  a: { rules: [{ when: { user: { in_file: list.txt } } }] }\n  b: on\n",
    );
    let sources = live.flags.status().sources;
    assert_eq!(sources, [live.folder.at("flags.yaml"), live.folder.at("list.txt")]);
    live.folder.write("list.txt", "bob\n");
    live.flags.reload().unwrap();
    assert_eq!(live.announced().0, ["a"]);
    assert!(live.flags.is_enabled("a", &Context::new().user("bob")));
}

#[test]
fn a_refused_file_takes_no_list_from_the_state_that_stays() {
    let folder = Folder::new();
    folder.write("list.txt", "ada\n");
    let text = "version: 1\nflags: { a: { rules: [{ when: { user: { in_file: list.txt } } }] } }\n";
    let live = Live::with(folder, text);
    let before = live.flags.status();
    live.reload(REFUSED).unwrap_err();
    assert_eq!(live.flags.status().sources, before.sources);
    assert_eq!(live.reload(text).unwrap(), ReloadOutcome::Unchanged);
    let status = live.flags.status();
    assert_eq!((status.generation, status.sources), (before.generation, before.sources));
}

#[test]
fn a_kept_flag_has_not_changed() {
    let live = Live::of(GOOD);
    live.becomes(BROKEN);
    assert_eq!(live.announced(), (vec![], vec!["a".to_owned()]));
    live.becomes("version: 1\nflags: { a: { kill: true, typo: 1 }, b: on }\n");
    assert_eq!(live.announced(), (vec!["a".to_owned()], vec!["a".to_owned()]), "it is killed now");
}

#[test]
fn a_failure_is_told_once_however_often_it_is_met() {
    let live = Live::of(GOOD);
    for count in 1..=3 {
        live.reload(REFUSED).unwrap_err();
        let failure = live.flags.status().last_error.unwrap();
        assert_eq!(failure.count, count);
    }
    assert_eq!(live.heard().len(), 1);
    // Another is told again.
    live.reload("version: 2\nflags: { a: on }\n").unwrap_err();
    live.reload("version: 2\nflags: { a: on }\n").unwrap_err();
    live.folder.remove("flags.yaml");
    live.flags.reload().unwrap_err();
    live.flags.reload().unwrap_err();
    let heard = live.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard.iter().all(|event| matches!(event, ReloadEvent::Failed { .. })));
    assert_eq!(live.flags.status().reloads.failed, 7);
    // What was right before is right again.
    live.reload(GOOD).unwrap();
    assert!(live.flags.status().last_error.is_none());
    live.reload(REFUSED).unwrap_err();
    assert!(matches!(live.heard().last(), Some(ReloadEvent::Failed { .. })));
}

#[test]
fn what_is_wrong_with_a_flag_stays_in_the_status_as_long_as_it_is_wrong() {
    let live = Live::of(GOOD);
    live.becomes(BROKEN);
    let since = live.flags.status().last_error.expect("`a` is broken").since;
    for _ in 0..3 {
        live.flags.reload().unwrap();
        let failure = live.flags.status().last_error.expect("`a` is broken still");
        assert_eq!(failure.since, since);
        assert_eq!(live.flags.status().kept, ["a"]);
    }
    assert_eq!(live.heard().len(), 1, "nothing new was to be told");
    // A refusal between, and back.
    live.reload(REFUSED).unwrap_err();
    live.reload(BROKEN).unwrap();
    let failure = live.flags.status().last_error.expect("`a` is broken still");
    assert!(failure.error.to_string().contains("typo"), "{}", failure.error);
    live.reload(GOOD).unwrap();
    assert!(live.flags.status().last_error.is_none());
}

#[test]
fn the_clock_of_the_builder_is_the_clock_of_the_status() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let flags = folder.layers(&["flags.yaml"]).clock(move || then).open().unwrap();
    assert_eq!(flags.status().loaded_at, then);
    folder.write("flags.yaml", REFUSED);
    flags.reload().unwrap_err();
    assert_eq!(flags.status().last_error.unwrap().since, then);
}

/// A clock is code of the service: it may well ask the handle, or print its status.
#[test]
fn a_clock_may_ask_the_handle() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let handle = std::sync::Arc::new(std::sync::OnceLock::<Flags>::new());
    let asked = std::sync::Arc::clone(&handle);
    let flags = folder
        .layers(&["flags.yaml"])
        .clock(move || {
            asked.get().map(Flags::status);
            SystemTime::now()
        })
        .open()
        .unwrap();
    handle.set(flags.clone()).unwrap();
    let (done, is_done) = std::sync::mpsc::channel();
    folder.write("flags.yaml", REFUSED);
    std::thread::spawn(move || {
        flags.reload().unwrap_err();
        folder.write("flags.yaml", BROKEN);
        flags.reload().unwrap();
        done.send(()).unwrap();
    });
    is_done.recv_timeout(folder::PATIENCE).expect("nothing waits for itself");
}

#[test]
fn a_subscription_that_is_dropped_hears_no_more() {
    let live = Live::of(GOOD);
    let (send, heard) = std::sync::mpsc::channel();
    let subscription = live.flags.subscribe(move |_| send.send(()).unwrap());
    live.becomes("version: 1\nflags: { a: off }\n");
    assert_eq!(heard.try_iter().count(), 1);
    drop(subscription);
    live.becomes("version: 1\nflags: { a: on }\n");
    assert_eq!(heard.try_iter().count(), 0);
    assert_eq!(live.heard().len(), 2, "the others hear on");
}

#[test]
fn a_listener_that_panics_harms_no_one() {
    let live = Live::of(GOOD);
    let first = live.flags.subscribe(|_| panic!("a listener that panics, as the test wants it"));
    live.becomes("version: 1\nflags: { a: off }\n");
    live.becomes("version: 1\nflags: { a: on }\n");
    live.reload(REFUSED).unwrap_err();
    assert_eq!(live.heard().len(), 3);
    assert!(live.is_on("a"));
    drop(first);
}

#[test]
fn equal_contents_have_equal_hashes_and_generations_rise() {
    let live = Live::of(GOOD);
    let first = live.flags.status();
    live.becomes("version: 1\nflags: { a: off }\n");
    let second = live.flags.status();
    live.becomes(GOOD);
    let third = live.flags.status();
    assert_eq!(first.hash, third.hash);
    assert_ne!(first.hash, second.hash);
    assert!(first.generation < second.generation && second.generation < third.generation);
}

#[test]
fn a_status_is_of_one_state_while_others_are_published() {
    let live = Live::of(GOOD);
    live.becomes("version: 1\nflags: { a: off, b: on }\n");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut looks = 0;
            while !is_over.load(Ordering::Relaxed) {
                let status = live.flags.status();
                assert_eq!(status.last_reload.unwrap().generation, status.generation);
                assert_eq!(status.kept.is_empty(), status.last_error.is_none());
                looks += 1;
            }
            looks
        });
        for _ in 0..200 {
            live.becomes(BROKEN);
            live.becomes(GOOD);
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(looks.join().unwrap() > 0);
    });
}

#[test]
fn what_is_over_is_told_as_well() {
    let live = Live::of(GOOD);
    live.becomes(BROKEN);
    live.becomes("version: 1\nflags: { a: on, b: off }\n");
    let change = live.flags.status().last_reload.unwrap();
    assert_eq!((change.mended, change.changed), (vec!["a".to_owned()], vec!["b".to_owned()]));
    live.heard();
    assert!(live.reload(REFUSED).is_err());
    assert!(live.flags.status().refused);
    live.reload("version: 1\nflags: { a: on, b: off }\n").unwrap();
    assert!(!live.flags.status().refused);
    let heard: Vec<String> = live.heard().iter().map(ToString::to_string).collect();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!(heard[1], "recovered: the files say again what is live");
}
