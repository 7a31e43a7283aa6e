//! What a start does without good files: an error, the last good ones, or a document inside.

mod folder;

use folder::Folder;
use hoist::{Builder, Context, Flags, OnBadFlag, Origin, ReloadOutcome};

const GOOD: &str = "version: 1\nflags: { a: on, b: off, c: on }\n";
const BROKEN: &str = "version: 1\nflags: { a: on, b: [";
const FALLBACK: &str = "version: 1\nflags: { a: off, b: on }\n";

fn on(folder: &Folder) -> Builder {
    folder.layers(&["flags.yaml"])
}

fn keeping(folder: &Folder) -> Builder {
    on(folder).last_good(folder.at("last-good.json"))
}

fn is_on(flags: &Flags, flag: &str) -> bool {
    flags.is_enabled(flag, &Context::new().user("ada"))
}

#[test]
fn without_a_stand_in_it_is_an_error() {
    let folder = Folder::new();
    assert!(on(&folder).open().unwrap_err().is_unreadable());
    for broken in [BROKEN, "", "version: 1\nflags: { a: on, b: 5 }\n"] {
        folder.write("flags.yaml", broken);
        assert!(on(&folder).open().unwrap_err().is_invalid());
        // A place for a copy in which there is none helps as little.
        assert!(keeping(&folder).open().unwrap_err().is_invalid());
    }
}

#[test]
fn the_last_good_files_stand_in_until_better_ones_are_there() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    drop(keeping(&folder).open().unwrap());

    folder.write("flags.yaml", BROKEN);
    let flags = keeping(&folder).open().unwrap();
    let status = flags.status();
    assert_eq!((status.origin, status.flags), (Origin::LastGood, 3));
    assert!(status.last_error.unwrap().error.is_invalid());
    assert!(is_on(&flags, "a") && !is_on(&flags, "b"));
    assert!(flags.reload().is_err() && flags.status().origin == Origin::LastGood);

    // Broken in one flag: the others move on, over the last good version of that one.
    folder.write("flags.yaml", "version: 1\nflags: { a: 5, b: on, c: on }\n");
    flags.reload().unwrap();
    assert!(is_on(&flags, "a") && is_on(&flags, "b"));
    assert_eq!((flags.status().kept, flags.status().origin), (vec!["a".into()], Origin::Files));

    folder.write("flags.yaml", GOOD);
    flags.reload().unwrap();
    assert!(flags.status().last_error.is_none());
}

#[test]
fn the_copy_is_of_wholly_good_states_only() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let flags = keeping(&folder).open().unwrap();
    folder.write("flags.yaml", "version: 1\nflags: { a: off, b: 5, c: on }\n");
    flags.reload().unwrap();
    assert!(!is_on(&flags, "a"));
    drop(flags);
    folder.remove("flags.yaml");
    assert!(is_on(&keeping(&folder).open().unwrap(), "a"), "as it was before b broke");
}

#[test]
fn the_copy_holds_overlays_directories_and_lists() {
    let folder = Folder::new();
    folder.write(
        "base/one.yaml",
        "version: 1\nflags: { a: { rules: [{ when: { user: { in_file: staff.txt } } }] } }\n",
    );
    folder.write("base/two.json", "{\"version\": 1, \"flags\": {\"b\": true}}");
    folder.write("base/staff.txt", "ada\n");
    folder.write("over.yaml", "version: 1\nflags: { b: off }\n");
    let builder = || folder.layers(&["base", "over.yaml"]).last_good(folder.at("copy"));
    let hash = builder().open().unwrap().status().hash;
    std::fs::remove_dir_all(folder.at("base")).unwrap();
    let flags = builder().open().unwrap();
    assert_eq!((flags.status().origin, flags.status().hash), (Origin::LastGood, hash));
    assert!(is_on(&flags, "a") && !is_on(&flags, "b"));
    assert!(!flags.is_enabled("a", &Context::new().user("bob")));
}

#[test]
fn the_copy_of_other_files_is_none() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    drop(keeping(&folder).open().unwrap());
    folder.write("flags.yaml", BROKEN);
    folder.write("production.yaml", "version: 1\nflags: {}\n");
    let other = folder.layers(&["flags.yaml", "production.yaml"]);
    assert!(other.last_good(folder.at("last-good.json")).open().unwrap_err().is_invalid());
    assert!(keeping(&folder).open().is_ok());
}

#[cfg(unix)]
#[test]
fn the_copy_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    drop(keeping(&folder).open().unwrap());
    let mode = std::fs::metadata(folder.at("last-good.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_copy_is_none() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    drop(keeping(&folder).open().unwrap());
    let copy = std::fs::read(folder.at("last-good.json")).unwrap();
    folder.write("flags.yaml", BROKEN);
    for cut in 0..copy.len() {
        folder.write("last-good.json", &copy[..cut]);
        assert!(keeping(&folder).open().unwrap_err().is_invalid(), "the error is of the files");
    }
    for at in 0..copy.len() {
        let mut damaged = copy.clone();
        damaged[at] ^= 1;
        folder.write("last-good.json", &damaged);
        // A bit more or less in the hash of the contents is the one that changes no text.
        if let Ok(flags) = keeping(&folder).open() {
            assert!(is_on(&flags, "a") && flags.status().flags == 3);
        }
    }
    folder.write("last-good.json", &copy);
    assert!(keeping(&folder).open().is_ok());
}

#[test]
fn a_copy_among_the_toggle_files_is_refused() {
    let folder = Folder::new();
    folder.write("layer/flags.yaml", GOOD);
    let at = |name: &str| {
        let builder = folder.layers(&["layer"]).last_good(folder.at(name));
        builder.open().map(drop).map_err(|error| error.to_string())
    };
    assert!(at("layer/copy.json").unwrap_err().contains("keep it elsewhere"));
    assert!(at("layer/flags.yaml").unwrap_err().contains("keep it elsewhere"));
    assert_eq!(std::fs::read_to_string(folder.at("layer/flags.yaml")).unwrap(), GOOD);
    assert_eq!(at("layer/copy"), Ok(()));
    assert_eq!(at("copy.json"), Ok(()));
}

#[test]
fn a_copy_that_cannot_be_written_is_told_and_stops_nothing() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let flags = on(&folder).last_good(folder.at("no/such/folder/copy")).open().unwrap();
    let warnings = flags.status().warnings;
    assert!(warnings[0].contains("cannot be written"), "{warnings:?}");
    assert!(is_on(&flags, "a"));
}

#[test]
fn the_document_inside_is_the_last_resort() {
    let folder = Folder::new();
    folder.write("flags.yaml", BROKEN);
    let flags = on(&folder).fallback(FALLBACK).open().unwrap();
    assert_eq!(flags.status().origin, Origin::Fallback);
    assert!(!is_on(&flags, "a") && is_on(&flags, "b"));
    // It is no set of flags that anyone shipped: nothing is missed when files come.
    folder.write("flags.yaml", "version: 1\nflags: { z: on }\n");
    assert!(matches!(flags.reload().unwrap(), ReloadOutcome::Reloaded(_)));
    assert!(is_on(&flags, "z") && !is_on(&flags, "b"));
    assert_eq!(flags.status().origin, Origin::Files);
    drop(flags);

    // Good files and a copy of them both count before it.
    drop(keeping(&folder).open().unwrap());
    folder.write("flags.yaml", BROKEN);
    let flags = keeping(&folder).fallback(FALLBACK).open().unwrap();
    assert_eq!(flags.status().origin, Origin::LastGood);
    assert!(is_on(&flags, "z"));
}

#[test]
fn a_fallback_that_is_wrong_is_found_at_every_start() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let error = on(&folder).fallback("version: 1\nflags: { a: 5 }\n").open().unwrap_err();
    assert_eq!(error.report().unwrap().diagnostics()[0].file(), "<fallback>");
    assert!(on(&folder).fallback("{\"version\": 1, \"flags\": {}}").open().is_ok());
}

#[test]
fn a_bad_flag_rejects_the_file_where_that_is_wanted() {
    let folder = Folder::new();
    folder.write("flags.yaml", GOOD);
    let flags = on(&folder).on_bad_flag(OnBadFlag::RejectFile).open().unwrap();
    folder.write("flags.yaml", "version: 1\nflags: { a: off, b: 5, c: on }\n");
    assert!(flags.reload().unwrap_err().is_invalid());
    assert!(is_on(&flags, "a") && flags.status().kept.is_empty());
    folder.write("flags.yaml", "version: 1\nflags: { a: off, b: off, c: on }\n");
    flags.reload().unwrap();
    assert!(!is_on(&flags, "a"));
}
