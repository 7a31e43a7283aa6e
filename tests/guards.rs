//! What keeps a part of a file from being taken for the whole: the shrink guard and the seal.

mod folder;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use folder::{Folder, wait_until};
use hoist::{Builder, Code, Context, Flags, ReloadEvent, ReloadOutcome, Watch, seal};

fn text(flags: usize) -> String {
    let mut text = String::from("version: 1\nflags:\n");
    for n in 0..flags {
        writeln!(text, "  f{n}: on").unwrap();
    }
    text
}

fn guarded(folder: &Folder) -> Builder {
    Flags::builder().file(folder.at("flags.yaml")).watch(Watch::OnDemand)
}

fn has(flags: &Flags, flag: &str) -> bool {
    flags.is_enabled(flag, &Context::new())
}

#[test]
fn most_flags_do_not_go_at_once() {
    let folder = Folder::new();
    folder.write("flags.yaml", text(10));
    let flags = guarded(&folder).open().unwrap();
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let _listener = flags.subscribe(move |event| {
        *count.lock().unwrap() += usize::from(matches!(event, ReloadEvent::Held(_)));
    });

    // Half of them may go, and as many may come as like.
    folder.write("flags.yaml", text(5));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Reloaded(_)));
    folder.write("flags.yaml", text(100));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Reloaded(_)));

    folder.write("flags.yaml", text(49));
    let ReloadOutcome::Held(held) = flags.reload().unwrap() else { panic!("it is held") };
    assert_eq!((held.lost, held.left), (51, 49));
    assert!(has(&flags, "f99"));
    let status = flags.status();
    assert_eq!((status.held, status.reloads.held, status.flags), (Some(held), 1, 100));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Held(_)), "it is no younger");
    assert_eq!(*told.lock().unwrap(), 1);

    // Another content starts anew; the old one, or an error, ends it.
    folder.write("flags.yaml", "version: 1\nflags: {}\n");
    let ReloadOutcome::Held(held) = flags.reload().unwrap() else { panic!("it is held") };
    assert_eq!((held.lost, held.left, *told.lock().unwrap()), (100, 0, 2));
    folder.write("flags.yaml", "version: 1\nflags: {");
    assert!(flags.reload().is_err() && flags.status().held.is_none());
    folder.write("flags.yaml", text(3));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Held(_)));
    assert!(flags.status().last_error.is_none());
    folder.write("flags.yaml", text(100));
    assert_eq!(flags.reload().unwrap(), ReloadOutcome::Unchanged);
    assert!(flags.status().held.is_none() && has(&flags, "f99"));
}

#[test]
fn who_means_it_says_so() {
    let folder = Folder::new();
    folder.write("flags.yaml", text(10));
    let flags = guarded(&folder).open().unwrap();
    folder.write("flags.yaml", text(1));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Held(_)));
    assert!(matches!(flags.force_reload().unwrap(), ReloadOutcome::Reloaded(_)));
    assert!(!has(&flags, "f9") && flags.status().held.is_none());

    let flags = guarded(&folder).without_shrink_guard().open().unwrap();
    folder.write("flags.yaml", text(0) + "  z: on\n");
    flags.reload().unwrap();
    assert!(has(&flags, "z"));
}

/// However often it looks, and whatever happens beside the file.
#[test]
fn a_hold_ends_nothing_and_noise_does_not_keep_it() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", text(10));
    let every = Watch::EventsAndPolling(Duration::from_millis(10));
    let flags = Flags::builder().file(&path).watch(every).open().unwrap();
    folder.write("flags.yaml", text(1));
    wait_until("the end of the hold", || {
        folder.write("beside.txt", "noise");
        std::thread::sleep(Duration::from_millis(10));
        flags.status().flags == 1
    });
    assert!(matches!(flags.status().mode, hoist::WatchMode::EventsAndPolling));
}

/// JSON cannot be cut, and can lose its flags all the same; so can a folder of sealed files.
#[test]
fn what_nothing_vouches_for_is_held() {
    let folder = Folder::new();
    let json = |flags: &str| format!("{{\"version\": 1, \"flags\": {{{flags}}}}}");
    let path = folder.write("flags.json", json("\"a\": \"on\", \"b\": \"on\""));
    let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
    folder.write("flags.json", json(""));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Held(_)));

    folder.write("layer/a.yaml", seal("version: 1\nflags: { z: on }\n"));
    folder.write("layer/b.yaml", seal(&text(10)));
    let layer = folder.at("layer");
    let flags = Flags::builder().file(&layer).watch(Watch::OnDemand).open().unwrap();
    folder.remove("layer/b.yaml");
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Held(_)));
}

/// It takes the five seconds, and no call of anyone.
#[test]
fn what_stays_the_same_is_believed_at_last() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", text(10));
    let flags = Flags::builder().file(&path).open().unwrap();
    let written = Instant::now();
    folder.write("flags.yaml", text(1));
    wait_until("the hold", || flags.status().held.is_some());
    wait_until("the end of it", || flags.status().flags == 1);
    assert!(written.elapsed() >= Duration::from_secs(5), "{:?}", written.elapsed());
    let status = flags.status();
    assert!(status.held.is_none() && status.reloads.held == 1);
    assert_eq!(status.last_reload.unwrap().removed.len(), 9);
}

#[test]
fn a_sealed_file_is_believed_at_once() {
    let folder = Folder::new();
    folder.write("flags.yaml", seal(&text(10)));
    let flags = guarded(&folder).open().unwrap();
    folder.write("flags.yaml", seal(&text(1)));
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Reloaded(_)));
}

#[test]
fn a_sealed_file_that_is_cut_anywhere_is_not_believed() {
    let whole =
        seal("version: 1\nflags:\n  a: on\n  b: { rules: [{ name: r, when: everyone }] }\n");
    let folder = Folder::new();
    folder.write("flags.yaml", &whole);
    let flags = guarded(&folder).require_checksum().open().unwrap();
    let hash = flags.status().hash;
    for cut in 0..whole.len() - 1 {
        folder.write("flags.yaml", &whole[..cut]);
        assert!(flags.reload().unwrap_err().is_invalid(), "{cut}");
        assert_eq!(flags.status().hash, hash);
    }
    // The break at the end of the last line is no part of what was sealed.
    folder.write("flags.yaml", whole.trim_end());
    assert!(flags.reload().is_ok());
}

/// Without a seal a part is often a toggle file: with this one it is at most of these bytes.
#[test]
fn a_file_without_a_seal_that_is_cut_turns_nothing_on_that_it_does_not_say() {
    let whole = "version: 1\nflags:\n  a: off\n  b:\n    rules:\n      - when: { user: ada }\n        \
                 rollout: 0%\n  c: off\n";
    let folder = Folder::new();
    folder.write("flags.yaml", whole);
    let flags = guarded(&folder).open().unwrap();
    for cut in 0..whole.len() {
        folder.write("flags.yaml", &whole[..cut]);
        match flags.reload() {
            Ok(_) => {}
            Err(error) => {
                let report = error.report().unwrap();
                let place = &report.diagnostics()[0];
                let lines = whole[..cut].lines().count().max(1);
                assert!((1..=lines + 1).contains(&(place.line() as usize)), "{cut}: {error}");
            }
        }
        let snap = flags.snapshot();
        let nobody = Context::new().user("bob");
        assert!(["a", "b", "c"].iter().all(|flag| !snap.is_enabled(*flag, &nobody)), "{cut}");
    }
}

#[test]
fn json_that_is_cut_is_no_json() {
    let whole = "{\"version\": 1, \"flags\": {\"a\": \"on\", \"b\": {\"rules\": [{\"when\": \"everyone\"}]}}}";
    for cut in 0..whole.len() {
        assert!(hoist::Snapshot::from_json(&whole[..cut]).is_err(), "{cut}");
    }
    // So that it needs no seal where one is demanded.
    let folder = Folder::new();
    let path = folder.write("flags.json", whole);
    let builder = Flags::builder().file(&path).watch(Watch::OnDemand).require_checksum();
    assert!(builder.open().is_ok());
}

#[test]
fn seals_are_demanded_of_every_file() {
    let folder = Folder::new();
    let list = "ada\nbob\n";
    let text = "version: 1\nflags: { a: { rules: [{ when: { user: { in_file: list.txt } } }] } }\n";
    let open = |text: &str, list: &str| {
        folder.write("flags.yaml", text);
        folder.write("list.txt", list);
        guarded(&folder).require_checksum().open()
    };
    let flags = open(&seal(text), &seal(list)).unwrap();
    for (text, list) in [(text.to_owned(), seal(list)), (seal(text), list.to_owned())] {
        let error = open(&text, &list).unwrap_err();
        assert_eq!(error.report().unwrap().diagnostics()[0].code(), Code::Checksum, "{error}");
    }
    // A list that is cut breaks who uses it, and they keep the list that they had.
    folder.write("flags.yaml", seal(text));
    folder.write("list.txt", &seal(list)[..4]);
    drop(flags.reload());
    assert!(flags.is_enabled("a", &Context::new().user("bob")));
    assert_eq!(flags.status().kept, ["a"]);
}
