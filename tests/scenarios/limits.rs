//! What happens where the system gives no file events, or not enough of them.
//!
//! The limits are those of a user namespace of its own, so that nobody else is disturbed. The test
//! starts itself in there.

use std::fs;
use std::process::Command;

use hoist::WatchMode;

use crate::folder::{Folder, wait_until};
use crate::following::{Follower, Mode};
use crate::ways;

/// Set for the process in the namespace: which limit it is about, and the limit.
const INSIDE: &str = "HOIST_TEST_LIMIT";

/// More than any test needs.
const PLENTY: usize = 100;

fn set(limit: &str, most: usize) {
    fs::write(format!("/proc/sys/user/max_inotify_{limit}"), most.to_string()).unwrap();
}

/// Runs a test of this module in a namespace, with a limit; or in it.
#[track_caller]
fn within(limit: &str, most: usize, test: &str, body: fn(&str, usize)) {
    if std::env::var_os(INSIDE).is_some() {
        return body(limit, most);
    }
    let namespace = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", program]);
        command
    };
    let can_set = "echo 0 > /proc/sys/user/max_inotify_instances";
    let tried = namespace("sh").args(["-c", can_set]).output();
    if !tried.as_ref().is_ok_and(|output| output.status.success()) {
        println!("skipped: no limit can be set in a namespace: {tried:?}");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let name = format!("limits::{test}");
    let ran = namespace(this.to_str().unwrap()).args(["--exact", &name]).env(INSIDE, "1").output();
    let ran = ran.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

/// The handle opens, polling follows, the status says why; and events come back with the limit.
fn polling_follows(limit: &str, most: usize) {
    set(limit, most);
    let folder = Folder::new();
    ways::link(&folder);
    let follower = Follower::of(&folder, "flags.yaml", Mode::EventsAndPolling);
    for number in 1..=2 {
        match follower.flags.status().mode {
            WatchMode::PollingOnly(reason) => assert!(!reason.is_empty()),
            other => panic!("there can be no events: {other:?}"),
        }
        ways::retarget_at_once(&folder, number);
        follower.sees(number);
    }
    set(limit, PLENTY);
    ways::retarget_at_once(&folder, 3);
    follower.sees(3);
    wait_until("events", || follower.flags.status().mode == WatchMode::EventsAndPolling);
}

#[test]
fn no_instance_is_left() {
    within("instances", 0, "no_instance_is_left", polling_follows);
}

#[test]
fn no_watch_is_left() {
    within("watches", 0, "no_watch_is_left", polling_follows);
}

/// Some directories can be watched and others cannot: half of the events are none.
#[test]
fn one_watch_is_left() {
    within("watches", 1, "one_watch_is_left", polling_follows);
}

/// A file that is a mount of its own, as `subPath` makes it.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_its_own_mount_is_told() {
    const MOUNTED: &str = "HOIST_TEST_MOUNTED";
    if let Some(path) = std::env::var_os(MOUNTED) {
        let flags = hoist::Flags::open(&path).unwrap();
        let warnings = flags.status().warnings;
        assert!(warnings.len() == 1 && warnings[0].contains("`subPath`"), "{warnings:?}");
        return;
    }
    let folder = Folder::new();
    let text = "version: 1\nflags: { a: on }\n";
    let (original, path) = (folder.write("original", text), folder.write("a b/flags.yaml", text));
    let told = hoist::Flags::open(&path).unwrap().status().warnings;
    assert!(told.is_empty(), "{told:?}");
    let script = "mount --bind \"$0\" \"$1\" || exit 77; shift; exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    command.arg(&original).arg(&path).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "limits::a_file_that_is_its_own_mount_is_told"]);
    match command.env(MOUNTED, &path).output() {
        Ok(output) if output.status.success() => {
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        }
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}", String::from_utf8_lossy(&output.stdout));
        }
        other => println!("skipped: nothing can be mounted in a namespace: {other:?}"),
    }
}
