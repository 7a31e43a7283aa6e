//! The kill file: read by itself, first, and only ever killing.

mod folder;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use folder::{Folder, wait_until};
use hoist::{Context, Flags, Reason, ReloadEvent, ReloadOutcome, Watch};

hoist::flags! {
    /// On in the code, so that only a kill turns it off.
    LOST: bool = "lost", default true;
}

const GOOD: &str = "version: 1\nflags: { a: on, b: on, colour: { variants: [red, blue], default: \
                    red, off_variant: blue } }\n";

/// A handle that looks when asked only, on `flags.yaml` and `kill.txt`.
struct Desk {
    folder: Folder,
    flags: Flags,
}

impl Desk {
    fn of(text: &str) -> Desk {
        let folder = Folder::new();
        folder.write("flags.yaml", text);
        let flags = folder.layers(&["flags.yaml"]).kill_file(folder.at("kill.txt")).open().unwrap();
        Desk { folder, flags }
    }

    /// Writes the kill file, and looks; that a kill is lifted need not wait.
    fn kill(&self, text: impl AsRef<[u8]>) {
        self.folder.write("kill.txt", text);
        drop(self.flags.force_reload());
    }

    fn is_on(&self, flag: &str) -> bool {
        self.flags.is_enabled(flag, &Context::new())
    }

    fn killed(&self) -> Vec<String> {
        self.flags.status().killed
    }
}

#[test]
fn it_kills_what_it_names_and_nothing_else() {
    let desk = Desk::of(GOOD);
    assert!(desk.is_on("a") && desk.killed().is_empty(), "it need not be there");
    desk.kill("\u{feff}# on call, 3:12\r\n  a  \r\n\r\ncolour # pays twice\r\n");
    let snap = desk.flags.snapshot();
    let ctx = Context::new();
    assert!(!desk.is_on("a") && desk.is_on("b"));
    assert_eq!(snap.decide("colour", &ctx).variant(), "blue", "its off variant");
    let decision = snap.decide("a", &ctx);
    assert_eq!(decision.reason(), Reason::Killed);
    let file = desk.folder.at("kill.txt").display().to_string();
    assert_eq!(decision.place(), Some((file.as_str(), 2)));
    assert_eq!(decision.to_string(), format!("a = off (killed, {file}:2)"));
    assert!(snap.explain("a", &ctx).to_string().contains("killed"));
    assert_eq!(desk.killed(), ["a", "colour"]);
    let change = desk.flags.status().last_reload.unwrap();
    assert_eq!((change.killed, change.lifted.len()), (desk.killed(), 0));
    let change = desk.flags.status().last_reload.unwrap();
    assert_eq!((change.flags(), change.added.len()), (vec!["a", "colour"], 0));
}

#[test]
fn an_empty_one_lifts_and_one_that_is_gone_does_not() {
    let desk = Desk::of(GOOD);
    desk.kill("a\n");
    desk.folder.remove("kill.txt");
    assert_eq!(desk.flags.reload().unwrap(), ReloadOutcome::Unchanged);
    assert!(!desk.is_on("a"));
    assert!(desk.flags.status().warnings[0].contains("is gone: its last kills stay"));
    // Nor does one that cannot be read.
    desk.folder.write("kill.txt/inside", "");
    drop(desk.flags.reload());
    assert!(!desk.is_on("a"));
    assert!(desk.flags.status().warnings[0].contains("not a regular file"));
    std::fs::remove_dir_all(desk.folder.at("kill.txt")).unwrap();

    desk.kill("b\n");
    assert!(desk.is_on("a") && !desk.is_on("b"));
    desk.kill("");
    assert!(desk.is_on("a") && desk.is_on("b") && desk.killed().is_empty());
    assert!(desk.flags.status().warnings.is_empty());
}

/// An editor empties a file and then writes it: what lies between must not lift anything.
#[test]
fn a_kill_is_lifted_by_a_file_that_says_so_for_a_moment() {
    let desk = Desk::of(GOOD);
    desk.kill("a\n");
    for between in ["", "b\n", "#\n"] {
        desk.folder.write("kill.txt", between);
        drop(desk.flags.reload());
        assert!(!desk.is_on("a"), "{between}");
        assert_eq!(desk.is_on("b"), !between.contains('b'), "kills land at once");
        desk.folder.write("kill.txt", "a\n");
        drop(desk.flags.force_reload());
        assert!(!desk.is_on("a") && desk.is_on("b"));
    }
    desk.folder.write("kill.txt", "");
    wait_until("the lift", || {
        drop(desk.flags.reload());
        desk.is_on("a")
    });
}

#[test]
fn what_cannot_be_read_of_it_lifts_nothing() {
    let odd: [&[u8]; 6] =
        [b"\0\0", b"\xff\xfea\0\n\0", b"<html>502</html>\n", b"a!\n", b"- a\n", b"b\ra\r"];
    for odd in odd {
        let desk = Desk::of(GOOD);
        desk.kill("a\n");
        desk.kill(odd);
        assert!(!desk.is_on("a"), "{odd:?}");
        assert!(!desk.flags.status().warnings.is_empty());
        desk.kill("");
        assert!(desk.is_on("a"));
    }
}

#[test]
fn it_kills_what_the_toggle_file_has_lost() {
    let desk = Desk::of(GOOD);
    assert!(desk.flags.is_enabled(&LOST, &Context::new()), "the code says so");
    desk.kill("lost\n");
    assert!(!desk.flags.is_enabled(&LOST, &Context::new()));
    // And says that no file has it: a slip of the pen kills nothing.
    let warnings = desk.flags.status().warnings;
    assert!(warnings[0].ends_with("kill.txt:1: there is no flag `lost`"), "{warnings:?}");
    desk.kill("colur\n");
    let warnings = desk.flags.status().warnings;
    assert!(warnings[0].ends_with("`colur`; did you mean `colour`?"), "{warnings:?}");
    assert!(desk.flags.is_enabled(&LOST, &Context::new()));
}

#[test]
fn a_broken_toggle_file_does_not_stand_in_its_way() {
    let broken: [&[u8]; 4] =
        [b"version: 1\nflags: { a: [", b"", b"\xff", b"version: 1\nflags: { a: 5, b: 6 }\n"];
    for broken in broken {
        let desk = Desk::of(GOOD);
        desk.folder.write("flags.yaml", broken);
        desk.kill("a\n");
        assert!(!desk.is_on("a") && desk.is_on("b"));
        desk.kill("");
        assert!(desk.is_on("a"), "lifted over the last good version");
        assert!(desk.flags.status().last_error.is_some());
    }
    let desk = Desk::of(GOOD);
    desk.folder.remove("flags.yaml");
    desk.kill("a\n");
    assert!(!desk.is_on("a") && desk.is_on("b"));
}

#[test]
fn kills_stay_while_the_toggle_file_moves_on() {
    let desk = Desk::of(GOOD);
    desk.kill("a\nlost\n");
    for text in [
        "version: 1\nflags: { a: on, b: off, lost: on }\n",
        "version: 1\nflags: { a: { rules: [{ when: everyone }] }, b: on }\n",
        "version: 1\nflags: { b: on, c: { requires: a }, a: on }\n",
    ] {
        desk.folder.write("flags.yaml", text);
        desk.flags.reload().unwrap();
        assert!(!desk.is_on("a") && !desk.is_on("lost") && !desk.is_on("c"), "{text}");
        assert_eq!(desk.killed(), ["a", "lost"]);
    }
    desk.kill("");
    assert!(desk.is_on("a") && !desk.is_on("lost"));
}

/// A kill is no part of what a flag's last good version is.
#[test]
fn a_flag_that_breaks_under_a_kill_comes_back_without_it() {
    let desk = Desk::of(GOOD);
    desk.kill("a\n");
    desk.folder.write("flags.yaml", "version: 1\nflags: { a: 5, b: on }\n");
    drop(desk.flags.reload());
    assert!(!desk.is_on("a"));
    assert_eq!(desk.flags.status().kept, ["a"]);
    desk.kill("");
    assert!(desk.is_on("a"));
}

#[test]
fn lines_that_name_nothing_are_told_and_the_others_count() {
    let desk = Desk::of(GOOD);
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&told);
    let _listener = desk.flags.subscribe(move |event| {
        if let ReloadEvent::Warned { warning } = event {
            notes.lock().unwrap().push(warning.clone());
        }
    });
    desk.kill(b"kill: a\n\xff\xfe\n../b\na\n");
    assert!(!desk.is_on("a") && desk.is_on("b"));
    let warnings = desk.flags.status().warnings;
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].ends_with("kill.txt:1: `kill: a` is not a name of a flag"));
    drop(desk.flags.reload());
    assert_eq!(*told.lock().unwrap(), warnings, "each once");
}

#[test]
fn one_that_is_there_and_cannot_be_read_refuses_the_start() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    folder.write("kill.txt/inside", "");
    let builder = folder.layers(&["flags.yaml"]).kill_file(folder.at("kill.txt"));
    assert!(builder.open().unwrap_err().is_unreadable());
}

#[test]
fn it_is_followed() {
    for watch in [
        Watch::EventsAndPolling(Duration::from_secs(3600)),
        Watch::Polling(Duration::from_millis(20)),
    ] {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", GOOD);
        let kills = folder.at("kill.txt");
        let flags = Flags::builder().file(&path).kill_file(&kills).watch(watch).open().unwrap();
        let is_on = || flags.is_enabled("a", &Context::new());
        for text in ["a\n", "", "# why\na\n"] {
            folder.write("new", text);
            std::fs::rename(folder.at("new"), &kills).unwrap();
            wait_until("the kill", || is_on() != text.contains("a\n"));
        }
        assert!(flags.status().sources.contains(&kills));
    }
}
