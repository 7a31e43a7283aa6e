//! Following real files: every way in which a file changes is seen at last, with file events and
//! with polling alone. RELIABILITY.md.
#![cfg(unix)]

mod folder;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use folder::{Folder, PATIENCE, wait_until};
use hoist::{Builder, Context, Flags, ReloadEvent, Subscription, WatchMode};

fn text(word: &str) -> String {
    format!("version: 1\nflags: {{ a: {word}, b: on }}\n")
}

/// With file events, and polling behind them; and with polling alone.
fn ways() -> [fn(Builder) -> Builder; 2] {
    [
        |builder| builder.watch(hoist::Watch::EventsAndPolling(Duration::from_secs(1))),
        |builder| builder.watch(hoist::Watch::Polling(Duration::from_millis(20))),
    ]
}

/// A handle, and the events it tells.
struct Follower {
    flags: Flags,
    told: Receiver<ReloadEvent>,
    _listener: Subscription,
}

impl Follower {
    fn of(path: impl AsRef<Path>, way: fn(Builder) -> Builder) -> Follower {
        Follower::on(way(Flags::builder().file(path)))
    }

    fn on(builder: Builder) -> Follower {
        let flags = builder.open().unwrap();
        let (tell, told) = channel();
        let listener = flags.subscribe(move |event| drop(tell.send(event.clone())));
        Follower { flags, told, _listener: listener }
    }

    fn is_on(&self) -> bool {
        self.flags.is_enabled("a", &Context::new())
    }

    /// Waits for a reload after which the flag is this.
    #[track_caller]
    fn sees(&self, on: bool) {
        wait_until("the change", || self.is_on() == on);
    }

    /// Waits until the last look was a failure, and until one is told.
    #[track_caller]
    fn fails(&self) {
        wait_until("the failure", || self.flags.status().last_error.is_some());
        loop {
            let event = self.told.recv_timeout(PATIENCE).expect("the failure is told at last");
            if matches!(event, ReloadEvent::Failed { .. }) {
                return;
            }
        }
    }
}

#[test]
fn the_mode_is_told() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", text("on"));
    let mode = |builder: Builder| {
        let flags = builder.file(&path).open().unwrap();
        wait_until("the thread has begun", || flags.status().mode != WatchMode::OnDemand);
        flags.status().mode
    };
    assert_eq!(mode(Flags::builder()), WatchMode::EventsAndPolling);
    assert!(matches!(
        mode(Flags::builder().watch(hoist::Watch::Polling(Duration::from_secs(1)))),
        WatchMode::PollingOnly(_)
    ));
}

#[test]
fn a_write_in_place_is_seen() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", text("off"));
        let follower = Follower::of(path, way);
        for word in ["on", "off", "on"] {
            folder.write("flags.yaml", text(word));
            follower.sees(word == "on");
        }
        // The last change of a series that follows quickly, and of the same length.
        for n in 0..50 {
            folder.write("flags.yaml", format!("{}# {:02}\n", text("on "), n));
        }
        folder.write("flags.yaml", format!("{}# {:02}\n", text("off"), 50));
        follower.sees(false);
    }
}

#[test]
fn a_file_that_is_renamed_over_it_is_seen() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", text("off"));
        let follower = Follower::of(&path, way);
        for n in 0..4 {
            let word = if n % 2 == 0 { "on" } else { "off" };
            // From beside it, and from another directory.
            let new = if n < 2 { "flags.yaml.new" } else { "elsewhere/flags" };
            fs::rename(folder.write(new, text(word)), &path).unwrap();
            follower.sees(word == "on");
        }
    }
}

#[test]
fn a_file_that_is_deleted_and_comes_back_is_seen() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", text("on"));
        let follower = Follower::of(&path, way);
        for word in ["off", "on"] {
            let before = follower.is_on();
            fs::remove_file(&path).unwrap();
            follower.fails();
            assert_eq!(follower.is_on(), before, "what was live stays so");
            assert!(follower.flags.status().last_error.unwrap().error.is_unreadable());
            folder.write("flags.yaml", text(word));
            follower.sees(word == "on");
            assert!(follower.flags.status().last_error.is_none());
        }
        // A backup is made, and a new file in the place of the old.
        fs::rename(&path, folder.at("flags.yaml~")).unwrap();
        folder.write("flags.yaml", text("off"));
        follower.sees(false);
        // The same contents come back: no reload, and no complaint that stays.
        fs::remove_file(&path).unwrap();
        follower.fails();
        folder.write("flags.yaml", text("off"));
        wait_until("no complaint", || follower.flags.status().last_error.is_none());
    }
}

#[test]
fn a_directory_that_is_deleted_and_comes_back_is_seen() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("deeper/flags.yaml", text("on"));
        let follower = Follower::of(&path, way);
        for word in ["off", "on"] {
            fs::remove_dir_all(folder.at("deeper")).unwrap();
            follower.fails();
            folder.write("deeper/flags.yaml", text(word));
            follower.sees(word == "on");
        }
        // Another is put in its place.
        folder.write("other/flags.yaml", text("off"));
        fs::rename(folder.at("deeper"), folder.at("old")).unwrap();
        fs::rename(folder.at("other"), folder.at("deeper")).unwrap();
        follower.sees(false);
    }
}

/// As Kubernetes mounts a ConfigMap: the files are links through `..data`, which is swapped.
fn publish(folder: &Folder, version: &str, files: &[(&str, String)]) {
    for (name, contents) in files {
        folder.write(&format!("..{version}/{name}"), contents);
    }
    let new = folder.at("..data_tmp");
    symlink(format!("..{version}"), &new).unwrap();
    fs::rename(&new, folder.at("..data")).unwrap();
}

#[test]
fn a_config_map_is_seen() {
    for way in ways() {
        for of_directory in [false, true] {
            let folder = Folder::new();
            publish(&folder, "1", &[("flags.yaml", text("off"))]);
            symlink("..data/flags.yaml", folder.at("flags.yaml")).unwrap();
            let path =
                if of_directory { folder.path().to_owned() } else { folder.at("flags.yaml") };
            let follower = Follower::of(path, way);
            for (version, word) in [("2", "on"), ("3", "off"), ("4", "on")] {
                publish(&folder, version, &[("flags.yaml", text(word))]);
                fs::remove_dir_all(folder.at(&format!("..{}", version.parse::<u8>().unwrap() - 1)))
                    .unwrap();
                follower.sees(word == "on");
            }
        }
    }
}

#[test]
fn a_list_of_a_config_map_is_seen() {
    let flags = "version: 1\nflags: { a: { rules: [{ when: { env: { in_file: list.txt } } }] } }\n";
    for way in ways() {
        let folder = Folder::new();
        let files = |list: &str| [("flags.yaml", flags.to_owned()), ("list.txt", list.to_owned())];
        publish(&folder, "1", &files("staging\n"));
        for name in ["flags.yaml", "list.txt"] {
            symlink(format!("..data/{name}"), folder.at(name)).unwrap();
        }
        let context = hoist::ContextBuf::new().env("production");
        let builder = Flags::builder().file(folder.at("flags.yaml")).context(context);
        let follower = Follower::on(way(builder));
        publish(&folder, "2", &files("staging\nproduction\n"));
        follower.sees(true);
    }
}

#[test]
fn a_link_that_leads_elsewhere_is_seen_and_so_is_what_it_leads_to() {
    for way in ways() {
        let folder = Folder::new();
        folder.write("one/flags", text("off"));
        folder.write("two/flags", text("on"));
        let path = folder.at("flags.yaml");
        symlink("one/flags", &path).unwrap();
        let follower = Follower::of(&path, way);
        symlink("two/flags", folder.at("new")).unwrap();
        fs::rename(folder.at("new"), &path).unwrap();
        follower.sees(true);
        folder.write("two/flags", text("off"));
        follower.sees(false);
        // A directory on the way is a link.
        symlink("two", folder.at("via")).unwrap();
        let follower = Follower::of(folder.at("via/flags"), way);
        folder.write("one/flags", text("on"));
        symlink("one", folder.at("new")).unwrap();
        fs::rename(folder.at("new"), folder.at("via")).unwrap();
        follower.sees(true);
    }
}

#[test]
fn a_file_that_is_emptied_and_written_is_seen_and_never_taken_for_empty() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", text("on"));
        let follower = Follower::of(&path, way);
        fs::File::create(&path).unwrap();
        follower.fails();
        let snap = follower.flags.snapshot();
        assert!(snap.is_enabled("a", &Context::new()) && snap.is_enabled("b", &Context::new()));
        folder.write("flags.yaml", text("off"));
        follower.sees(false);
    }
}

#[test]
fn what_is_no_file_that_can_be_read_changes_nothing_and_hangs_nothing() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", text("on"));
        let follower = Follower::of(&path, way);
        let replaced: [fn(&Path); 4] = [
            |path| fs::create_dir(path).unwrap(),
            |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
            |path| fs::write(path, b"version: 1\nflags: { a: off, b: \xff }\n").unwrap(),
            |path| fs::File::create(path).unwrap().set_len(1 << 30).unwrap(),
        ];
        for replace in replaced {
            fs::remove_file(&path).unwrap();
            replace(&path);
            follower.fails();
            wait_until("what is there now", || {
                let failure = follower.flags.status().last_error.unwrap();
                !failure.error.to_string().contains("(os error 2)")
            });
            assert!(follower.is_on());
            if path.is_dir() {
                fs::remove_dir(&path).unwrap();
                folder.write("flags.yaml", text("on"));
            }
        }
        folder.write("flags.yaml", text("off"));
        follower.sees(false);
    }
}

#[test]
fn a_time_of_change_that_goes_back_is_a_change() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write("flags.yaml", text("off"));
        let follower = Follower::of(&path, way);
        let day = Duration::from_secs(86_400);
        for (n, word) in ["on ", "off", "on "].into_iter().enumerate() {
            // Written, and given an old time: each of the same length.
            let file = folder.write("new", text(word));
            let then = std::time::SystemTime::now() - day * (n as u32 + 1);
            fs::File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
            fs::rename(file, &path).unwrap();
            follower.sees(word == "on ");
        }
    }
}

#[test]
fn a_changed_list_is_seen() {
    for way in ways() {
        let folder = Folder::new();
        let path = folder.write(
            "base/flags.yaml",
            "version: 1\nflags: { a: { rules: [{ when: { env: { in_file: ../lists/l } } }] } }\n",
        );
        folder.write("lists/l", "staging\n");
        let context = hoist::ContextBuf::new().env("production");
        let builder = Flags::builder().file(path).context(context);
        let follower = Follower::on(way(builder));
        folder.write("lists/l", "production\n");
        follower.sees(true);
        // Missing for a while: its flag keeps it as it was.
        folder.remove("lists/l");
        wait_until("the list is missed", || follower.flags.status().kept == ["a"]);
        assert!(follower.is_on());
        folder.write("lists/l", "staging\n");
        follower.sees(false);
        assert!(follower.flags.status().kept.is_empty());
    }
}

#[test]
fn a_directory_gains_and_loses_files() {
    for way in ways() {
        let folder = Folder::new();
        folder.write("base/b.yaml", "version: 1\nflags: { b: on }\n");
        let follower = Follower::of(folder.at("base"), way);
        let knows = |names: &[&str]| {
            let expected: Vec<&str> = names.to_vec();
            wait_until("the directory as it is", || {
                follower.flags.snapshot().flags().eq(expected.iter().copied())
            });
        };
        folder.write("base/a.yaml", "version: 1\nflags: { a: on }\n");
        knows(&["a", "b"]);
        folder.write("base/a.test.yaml", "nonsense: {\n");
        folder.write("base/.a.yaml.swp", "nonsense: {\n");
        folder.write("base/c.json", "{ \"version\": 1, \"flags\": { \"c\": true } }");
        knows(&["a", "b", "c"]);
        folder.remove("base/a.yaml");
        knows(&["b", "c"]);
        fs::rename(folder.at("base/c.json"), folder.at("base/.c.json")).unwrap();
        knows(&["b"]);
        // Without any file it is not empty, but wrong.
        folder.remove("base/b.yaml");
        follower.fails();
        knows(&["b"]);
    }
}

#[test]
fn an_overlay_is_followed_as_the_base_is() {
    for way in ways() {
        let folder = Folder::new();
        folder.write("base/flags.yaml", text("off"));
        folder.write("prod/flags.yaml", "version: 1\n");
        let builder =
            Flags::builder().file(folder.at("base")).overlay(folder.at("prod/flags.yaml"));
        let follower = Follower::on(way(builder));
        folder.write("prod/flags.yaml", "version: 1\nflags: { a: on }\n");
        follower.sees(true);
        folder.write("prod/flags.yaml", "version: 1\nflags: { a: { kill: true } }\n");
        follower.sees(false);
    }
}

#[test]
fn a_relative_path_is_followed() {
    // The name of a file alone: its directory is the one that the process runs in.
    let name = PathBuf::from(format!("target-hoist-test-{}.yaml", std::process::id()));
    fs::write(&name, text("off")).unwrap();
    let outcome = std::panic::catch_unwind(|| {
        for way in ways() {
            fs::write(&name, text("off")).unwrap();
            let follower = Follower::of(&name, way);
            fs::write(&name, text("on")).unwrap();
            follower.sees(true);
        }
    });
    fs::remove_file(&name).unwrap();
    outcome.unwrap();
}

#[test]
fn what_changed_while_it_was_opened_is_seen() {
    for way in ways() {
        for _ in 0..20 {
            let folder = Folder::new();
            let path = folder.write("flags.yaml", text("off"));
            let follower = Follower::of(&path, way);
            folder.write("flags.yaml", text("on"));
            follower.sees(true);
        }
    }
}
