//! The ways in which a file changes: each puts the text of a number in the place of the one before.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::folder::Folder;

/// The toggle file of a number: it says the number at both ends, and is longer than one line says.
pub(crate) fn text(number: usize) -> String {
    remarked(number, "as it is")
}

/// The same with a remark behind it.
fn remarked(number: usize, remark: &str) -> String {
    let [first, last] = halves(number);
    let last = last.strip_prefix("version: 1\nflags:\n").unwrap();
    format!("{first}{last}# {remark}\n")
}

/// The same as two files.
///
/// Up to [`CUT`] the rule takes everyone, and with the rest of the file no one.
pub(crate) fn halves(number: usize) -> [String; 2] {
    let first = format!(
        "version: 1
flags:
  first: {{ default: {{ value: {number} }} }}
  danger:
    rules:
      - name: nobody
        when: everyone
        rollout: 0%
"
    );
    [first, format!("version: 1\nflags:\n  last: {{ default: {{ value: {number} }} }}\n")]
}

/// Where a text is cut so that it is valid, and says something else.
const CUT: &str = "        rollout: 0%";

/// Where the texts of a number lie beside what is opened.
fn new_file(folder: &Folder, number: usize) -> PathBuf {
    folder.write("flags.yaml.new", text(number))
}

pub(crate) fn write_in_place(folder: &Folder, number: usize) {
    folder.write("flags.yaml", text(number));
}

pub(crate) fn truncate_then_write(folder: &Folder, number: usize) {
    let mut file = File::create(folder.at("flags.yaml")).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    file.write_all(text(number).as_bytes()).unwrap();
}

pub(crate) fn write_in_two_quick_steps(folder: &Folder, number: usize) {
    let text = text(number);
    let (begin, rest) = text.split_at(text.find(CUT).unwrap());
    let mut file = File::create(folder.at("flags.yaml")).unwrap();
    file.write_all(begin.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    file.write_all(rest.as_bytes()).unwrap();
}

/// By one write to the same bytes: neither its name nor its length nor its number is another.
pub(crate) fn overwrite(folder: &Folder, number: usize) {
    let file = File::options().write(true).open(folder.at("flags.yaml")).unwrap();
    file.write_all_at(text(number).as_bytes(), 0).unwrap();
}

pub(crate) fn write_longer_or_shorter(folder: &Folder, number: usize) {
    let remark = "longer than before, ".repeat(500 * (number % 2));
    folder.write("flags.yaml", remarked(number, &remark));
}

pub(crate) fn write_with_byte_order_mark(folder: &Folder, number: usize) {
    let mark = if number % 2 == 1 { "\u{feff}" } else { "" };
    let new = folder.write("flags.yaml.new", format!("{mark}{}", text(number)));
    fs::rename(new, folder.at("flags.yaml")).unwrap();
}

pub(crate) fn write_with_crlf(folder: &Folder, number: usize) {
    let end = if number % 2 == 1 { "\r\n" } else { "\n" };
    let new = folder.write("flags.yaml.new", text(number).replace('\n', end));
    fs::rename(new, folder.at("flags.yaml")).unwrap();
}

pub(crate) fn rename_over(folder: &Folder, number: usize) {
    fs::rename(new_file(folder, number), folder.at("flags.yaml")).unwrap();
}

pub(crate) fn rename_from_elsewhere(folder: &Folder, number: usize) {
    let new = folder.write("elsewhere/flags.yaml", text(number));
    fs::rename(new, folder.at("flags.yaml")).unwrap();
}

/// As vim does with `backupcopy=no`: it tries whether it can make files there, moves the old file
/// aside, writes a new one, and removes the old.
pub(crate) fn back_up_and_create(folder: &Folder, number: usize) {
    folder.write("4913", "");
    folder.remove("4913");
    let (path, backup) = (folder.at("flags.yaml"), folder.at("flags.yaml~"));
    fs::rename(&path, &backup).unwrap();
    let mut file = File::create_new(&path).unwrap();
    file.write_all(text(number).as_bytes()).unwrap();
    file.sync_all().unwrap();
    fs::remove_file(backup).unwrap();
}

pub(crate) fn delete_and_recreate(folder: &Folder, number: usize) {
    folder.remove("flags.yaml");
    folder.write("flags.yaml", text(number));
}

/// By the real command, where there is one that edits in place.
pub(crate) fn sed(folder: &Folder, number: usize) {
    let script = format!("s/value: [0-9]*/value: {number}/");
    let path = folder.at("flags.yaml");
    let edited = Command::new("sed").arg("-i").arg(script).arg(&path).output();
    if !edited.as_ref().is_ok_and(|output| output.status.success()) {
        println!("skipped, a rename instead: `sed -i` cannot be run: {edited:?}");
        rename_over(folder, number);
    }
}

/// Puts a link in the place of another in one step.
pub(crate) fn link_over(target: impl AsRef<Path>, link: &Path) {
    let new = link.with_extension("new");
    symlink(target, &new).unwrap();
    fs::rename(new, link).unwrap();
}

/// Where the target of a number lies.
fn target(number: usize) -> String {
    format!("targets/{number}/flags")
}

/// `flags.yaml` is a link to a file of another name in another directory.
pub(crate) fn link(folder: &Folder) {
    folder.write(&target(0), text(0));
    symlink(target(0), folder.at("flags.yaml")).unwrap();
}

pub(crate) fn retarget_at_once(folder: &Folder, number: usize) {
    folder.write(&target(number), text(number));
    link_over(target(number), &folder.at("flags.yaml"));
}

/// As `ln -sf` does.
pub(crate) fn retarget(folder: &Folder, number: usize) {
    folder.write(&target(number), text(number));
    folder.remove("flags.yaml");
    symlink(target(number), folder.at("flags.yaml")).unwrap();
}

pub(crate) fn write_target(folder: &Folder, number: usize) {
    folder.write(&target(0), text(number));
}

pub(crate) fn rename_over_target(folder: &Folder, number: usize) {
    let new = folder.write("targets/0/new", text(number));
    fs::rename(new, folder.at(&target(0))).unwrap();
}

/// The link is led elsewhere, and then the file that it leads to is written.
pub(crate) fn retarget_or_write_target(folder: &Folder, number: usize) {
    match number {
        1 => retarget_at_once(folder, 1),
        _ => drop(folder.write(&target(1), text(number))),
    }
}

/// `flags.yaml` is a link to a link in another directory, to a file in a third.
pub(crate) fn link_to_a_link(folder: &Folder) {
    folder.write(&target(0), text(0));
    fs::create_dir(folder.at("links")).unwrap();
    symlink(folder.at(&target(0)), folder.at("links/flags")).unwrap();
    symlink("links/flags", folder.at("flags.yaml")).unwrap();
}

pub(crate) fn retarget_second(folder: &Folder, number: usize) {
    let new = folder.write(&target(number), text(number));
    link_over(new, &folder.at("links/flags"));
}

/// A file some directories down.
pub(crate) const DEEP: &str = "outer/inner/flags.yaml";

pub(crate) fn start_deep(folder: &Folder) {
    folder.write(DEEP, text(0));
}

/// Another directory takes the place of one, which is moved away.
fn replace(folder: &Folder, directory: &str, number: usize, files: &[(&str, String)]) {
    for (name, text) in files {
        folder.write(&format!("new/{name}"), text);
    }
    fs::rename(folder.at(directory), folder.at(&format!("old-{number}"))).unwrap();
    fs::rename(folder.at("new"), folder.at(directory)).unwrap();
}

pub(crate) fn replace_parent(folder: &Folder, number: usize) {
    replace(folder, "outer/inner", number, &[("flags.yaml", text(number))]);
}

pub(crate) fn replace_grandparent(folder: &Folder, number: usize) {
    replace(folder, "outer", number, &[("inner/flags.yaml", text(number))]);
}

/// The same directory comes back, with another file in it.
pub(crate) fn move_parent_away_and_back(folder: &Folder, number: usize) {
    let (parent, aside) = (folder.at("outer/inner"), folder.at("aside"));
    fs::rename(&parent, &aside).unwrap();
    folder.write("aside/flags.yaml", text(number));
    fs::rename(&aside, &parent).unwrap();
}

pub(crate) fn recreate_parent(folder: &Folder, number: usize) {
    fs::remove_dir_all(folder.at("outer/inner")).unwrap();
    folder.write(DEEP, text(number));
}

/// The file in the directory that took the place of another is written where it is.
fn write_after(replace: fn(&Folder, usize), folder: &Folder, number: usize) {
    match number {
        1 => replace(folder, 1),
        _ => drop(folder.write(DEEP, text(number))),
    }
}

pub(crate) fn replace_parent_or_write(folder: &Folder, number: usize) {
    write_after(replace_parent, folder, number);
}

pub(crate) fn recreate_parent_or_write(folder: &Folder, number: usize) {
    write_after(recreate_parent, folder, number);
}

pub(crate) fn move_parent_or_write(folder: &Folder, number: usize) {
    write_after(move_parent_away_and_back, folder, number);
}

/// A directory of two files.
fn layer(number: usize) -> [(&'static str, String); 2] {
    let [first, last] = halves(number);
    [("first.yaml", first), ("last.yaml", last)]
}

pub(crate) fn start_directory(folder: &Folder) {
    for (name, text) in layer(0) {
        folder.write(&format!("layer/{name}"), text);
    }
}

pub(crate) fn replace_directory(folder: &Folder, number: usize) {
    replace(folder, "layer", number, &layer(number));
}

/// One release of several: a file, a file deeper down, and a directory of files.
fn release(folder: &Folder, number: usize) -> String {
    let release = format!("releases/{number}");
    for name in ["flags.yaml", "deeper/flags.yaml"] {
        folder.write(&format!("{release}/{name}"), text(number));
    }
    for (name, text) in layer(number) {
        folder.write(&format!("{release}/layer/{name}"), text);
    }
    release
}

/// `current` is a link to one release of several, as git-sync and many deploy tools keep them.
pub(crate) fn start_current(folder: &Folder) {
    symlink(release(folder, 0), folder.at("current")).unwrap();
}

/// The releases before stay, to go back to.
pub(crate) fn swap_current(folder: &Folder, number: usize) {
    link_over(release(folder, number), &folder.at("current"));
}

pub(crate) fn swap_current_and_remove(folder: &Folder, number: usize) {
    swap_current(folder, number);
    fs::remove_dir_all(folder.at(&format!("releases/{}", number - 1))).unwrap();
}

/// The directory that is opened is itself a link.
pub(crate) fn start_layer_link(folder: &Folder) {
    symlink(format!("{}/layer", release(folder, 0)), folder.at("layer")).unwrap();
}

pub(crate) fn swap_layer(folder: &Folder, number: usize) {
    link_over(format!("{}/layer", release(folder, number)), &folder.at("layer"));
}

/// A file of the directory that is opened is a link.
pub(crate) fn start_directory_of_links(folder: &Folder) {
    folder.write(&target(0), text(0));
    fs::create_dir(folder.at("layer")).unwrap();
    symlink(folder.at(&target(0)), folder.at("layer/flags.yaml")).unwrap();
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// Each is older than that before, and of its length.
pub(crate) fn rename_over_older(folder: &Folder, number: usize) {
    let days = Duration::from_secs(86_400) * u32::try_from(number).unwrap();
    let new = new_file(folder, number);
    set_modified(&new, SystemTime::now() - days);
    fs::rename(new, folder.at("flags.yaml")).unwrap();
}

/// All have one time, as those of a reproducible archive.
pub(crate) fn rename_over_with_one_time(folder: &Folder, number: usize) {
    let new = new_file(folder, number);
    set_modified(&new, SystemTime::UNIX_EPOCH);
    fs::rename(new, folder.at("flags.yaml")).unwrap();
}

pub(crate) fn write_and_restore_time(folder: &Folder, number: usize) {
    let path = folder.at("flags.yaml");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    folder.write("flags.yaml", text(number));
    set_modified(&path, time);
}

/// Two writes of one length, whose times are of one second and without a fraction.
pub(crate) fn write_twice_in_one_second(folder: &Folder, number: usize) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for text in [remarked(number - 1, "was read"), text(number)] {
        set_modified(&folder.write("flags.yaml", text), time);
    }
}
