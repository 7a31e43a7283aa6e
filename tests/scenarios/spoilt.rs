//! What is no toggle file, or cannot be read: it is refused with its reason, and hangs nothing.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use hoist::{Flags, Snapshot};

use crate::folder::{Folder, PATIENCE};
use crate::following::{Answer, Meanwhile};
use crate::ways::text;

/// What a spoiler says if it could not spoil the file.
type Spoilt = Result<(), &'static str>;

const fn refused(spoil: fn(&Folder, usize) -> Spoilt, words: &'static str) -> Meanwhile {
    Meanwhile::Refused { spoil, words }
}

/// Puts something in the place of the file in one step.
fn put(folder: &Folder, make: impl FnOnce(&std::path::Path)) -> Spoilt {
    let new = folder.at("spoilt");
    make(&new);
    fs::rename(new, folder.at("flags.yaml")).unwrap();
    Ok(())
}

fn write(folder: &Folder, contents: impl AsRef<[u8]>) -> Spoilt {
    folder.write("flags.yaml", contents);
    Ok(())
}

/// Where a text is cut so that a bracket stays open.
const BEGIN: usize = "version: 1\nflags:\n  first: { default: {".len();

/// The first of two steps in which a text is written.
pub(crate) const BEGUN: Meanwhile =
    refused(|folder, number| write(folder, &text(number)[..BEGIN]), "flags.yaml:3:");

/// The second step.
pub(crate) fn finish(folder: &Folder, number: usize) {
    let mut file = File::options().append(true).open(folder.at("flags.yaml")).unwrap();
    file.write_all(&text(number).as_bytes()[BEGIN..]).unwrap();
}

pub(crate) const EMPTY: Meanwhile = refused(|folder, _| write(folder, ""), "flags.yaml:1:1");

pub(crate) const MISSING: Meanwhile = refused(
    |folder, _| {
        folder.remove("flags.yaml");
        Ok(())
    },
    "No such file",
);

pub(crate) const FORBIDDEN: Meanwhile = refused(
    |folder, _| {
        let path = folder.at("flags.yaml");
        fs::set_permissions(&path, Permissions::from_mode(0o0)).unwrap();
        match File::open(path) {
            Ok(_) => Err("whoever runs this may read every file"),
            Err(_) => Ok(()),
        }
    },
    "Permission denied",
);

pub(crate) fn allow_and_write(folder: &Folder, number: usize) {
    fs::set_permissions(folder.at("flags.yaml"), Permissions::from_mode(0o644)).unwrap();
    folder.write("flags.yaml", text(number));
}

/// A pipe that nobody writes to: to open it for reading would wait for ever.
pub(crate) const FIFO: Meanwhile = refused(
    |folder, _| {
        let made = Command::new("mkfifo").arg(folder.at("spoilt")).status();
        if !made.is_ok_and(|status| status.success()) {
            return Err("`mkfifo` cannot be run");
        }
        put(folder, |_| {})
    },
    "not a regular file",
);

pub(crate) const DIRECTORY: Meanwhile = refused(
    |folder, _| {
        folder.remove("flags.yaml");
        fs::create_dir(folder.at("flags.yaml")).unwrap();
        Ok(())
    },
    "holds no toggle file",
);

pub(crate) fn remove_directory_and_write(folder: &Folder, number: usize) {
    fs::remove_dir(folder.at("flags.yaml")).unwrap();
    folder.write("flags.yaml", text(number));
}

/// It never ends.
pub(crate) const DEVICE: Meanwhile = refused(
    |folder, _| put(folder, |new| symlink("/dev/zero", new).unwrap()),
    "not a regular file",
);

pub(crate) const LINK_TO_NOTHING: Meanwhile =
    refused(|folder, _| put(folder, |new| symlink("nothing", new).unwrap()), "No such file");

pub(crate) const LINK_TO_ITSELF: Meanwhile =
    refused(|folder, _| put(folder, |new| symlink("flags.yaml", new).unwrap()), "symbolic link");

/// 2 GiB that take no room on the disk, and would in memory.
pub(crate) const HUGE: Meanwhile = refused(
    |folder, _| put(folder, |new| File::create(new).unwrap().set_len(2 << 30).unwrap()),
    "64 MiB",
);

pub(crate) const INVALID_UTF_8: Meanwhile = refused(
    |folder, number| {
        let mut bytes = text(number).into_bytes();
        bytes.extend(b"# \xff\n");
        write(folder, bytes)
    },
    "not UTF-8",
);

/// With the byte-order mark that editors write before it.
pub(crate) const UTF_16: Meanwhile = refused(
    |folder, number| {
        let text = format!("\u{feff}{}", text(number));
        write(folder, text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    },
    "not UTF-8",
);

/// As a machine that lost its power leaves a file: as long as it should be, and empty.
pub(crate) const NUL_BYTES: Meanwhile =
    refused(|folder, number| write(folder, vec![0; text(number).len()]), "flags.yaml:1:1");

pub(crate) const BROKEN: Meanwhile = refused(
    |folder, number| {
        let broken = text(number).replace("flags:\n", "flags:\n\tlamp: on\n");
        put(folder, |new| fs::write(new, broken).unwrap())
    },
    "flags.yaml:3:1",
);

/// A directory of one file, which is hidden.
pub(crate) const NO_TOGGLE_FILE: Meanwhile = refused(
    |folder, _| {
        fs::rename(folder.at("layer/flags.yaml"), folder.at("layer/.flags.yaml")).unwrap();
        Ok(())
    },
    "holds no toggle file",
);

pub(crate) fn start_directory(folder: &Folder) {
    folder.write("layer/flags.yaml", text(0));
}

pub(crate) fn show(folder: &Folder, number: usize) {
    let hidden = folder.write("layer/.flags.yaml", text(number));
    fs::rename(hidden, folder.at("layer/flags.yaml")).unwrap();
}

/// A pipe and a file take each other's place all the time, also between two steps of a reader.
#[test]
fn a_fifo_that_comes_and_goes_hangs_nothing() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", text(0));
    let made = Command::new("mkfifo").arg(folder.at("fifo")).status();
    if !made.is_ok_and(|status| status.success()) {
        return println!("skipped: `mkfifo` cannot be run");
    }
    folder.write("file", text(0));
    let flags = Flags::builder().file(&path).watch(hoist::Watch::OnDemand).open().unwrap();
    let link = path.clone();
    let is_over = AtomicBool::new(false);
    let (tell, told) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for name in ["fifo", "file"] {
                    fs::hard_link(folder.at(name), folder.at("new")).unwrap();
                    fs::rename(folder.at("new"), &link).unwrap();
                }
            }
        });
        // Not of the scope: if it hangs, it is left behind.
        std::thread::spawn(move || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(1) {
                // A file, or none, or one that does not hold still: an answer comes.
                drop(Snapshot::from_files([&path]));
                drop(flags.reload());
            }
            tell.send(Answer::of(&flags)).unwrap();
        });
        let answer = told.recv_timeout(PATIENCE);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(answer.expect("nothing waits for the pipe"), Answer::right(0));
    });
}
