//! A ConfigMap as the kubelet writes it into a volume: `pkg/volume/util/atomic_writer.go` of
//! Kubernetes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::folder::Folder;
use crate::following::Meanwhile;
use crate::ways::{halves, text};

/// The files of one version, by the keys of the ConfigMap.
type Payload = Vec<(&'static str, String)>;

/// Writes a version of the ConfigMap into the folder.
///
/// The files lie in a directory that is named after the time. `..data` is a link to it, and is
/// swapped by a rename; what a program opens are links through `..data`. Then links that lack are
/// made, those that lead nowhere are removed, and so is the directory of the version before.
fn publish(folder: &Folder, number: usize, payload: &Payload) {
    let directory = format!("..2026_11_21_08_51_{number:02}.{}", 1_234_567_890 + number);
    for (name, contents) in payload {
        folder.write(&format!("{directory}/{name}"), contents);
    }
    let (data, new) = (folder.at("..data"), folder.at("..data_tmp"));
    let before = fs::read_link(&data).ok();
    symlink(&directory, &new).unwrap();
    fs::rename(&new, &data).unwrap();
    for (name, _) in payload {
        let link = folder.at(name);
        if link.symlink_metadata().is_err() {
            symlink(format!("..data/{name}"), link).unwrap();
        }
    }
    let Some(before) = before.map(|before| folder.path().join(before)) else { return };
    for entry in fs::read_dir(&before).unwrap() {
        let name = entry.unwrap().file_name();
        if payload.iter().all(|(kept, _)| name != *kept) {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
    fs::remove_dir_all(before).unwrap();
}

pub(crate) fn start(folder: &Folder) {
    change(folder, 0);
}

/// One key, whose file is opened.
pub(crate) fn change(folder: &Folder, number: usize) {
    publish(folder, number, &vec![("flags.yaml", text(number))]);
}

pub(crate) fn start_directory(folder: &Folder) {
    change_directory(folder, 0);
}

/// Two keys, and the volume itself is opened.
pub(crate) fn change_directory(folder: &Folder, number: usize) {
    let [first, last] = halves(number);
    publish(folder, number, &vec![("first.yaml", first), ("last.yaml", last)]);
}

/// The same, where one key goes and another comes.
pub(crate) fn change_keys(folder: &Folder, number: usize) {
    let [first, last] = halves(number);
    let key = if number % 2 == 1 { "late.yaml" } else { "last.yaml" };
    publish(folder, number, &vec![("first.yaml", first), (key, last)]);
}

/// A version with a mistake.
pub(crate) const BROKEN: Meanwhile = Meanwhile::Refused {
    spoil: |folder, number| {
        let broken = text(number).replace("version: 1", "version: one");
        // Between two versions that are good, and not of the time of either.
        publish(folder, 10 + number, &vec![("flags.yaml", broken)]);
        Ok(())
    },
    words: "flags.yaml:1:10",
};
