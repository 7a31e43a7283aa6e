//! Files as the disk has them: their bytes, what tells them apart, and where changes can show.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How many links a path may lead through.
const MAX_LINKS: usize = 40;

/// Reads a regular file whole, if it has no more bytes than that.
///
/// # Errors
///
/// Why it cannot be read, in words.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let too_large = || match most >> 20 {
        0 => format!("it is larger than {most} bytes"),
        mebibytes => format!("it is larger than {mebibytes} MiB"),
    };
    let said = |error: io::Error| error.to_string();
    let file = open(path).map_err(said)?;
    // Asked of what was opened: the path may lead elsewhere by now.
    let before = file.metadata().map_err(said)?;
    if !before.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if before.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0));
    (&file).take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(said)?;
    if bytes.len() as u64 > most {
        return Err(too_large());
    }
    let after = file.metadata().map_err(said)?;
    if bytes.len() as u64 != after.len() {
        return Err("it changes while it is read".to_owned());
    }
    Ok(bytes)
}

/// Opens a file for reading without waiting: to open a pipe waits for its other end.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// The directory that a path is in.
pub(super) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// A directory as it is now: where another takes its place, the path stays and this does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    /// Whether events are of little use without it. The others are further up: that one of them
    /// is replaced is rare, and polling sees it.
    pub(super) is_near: bool,
    identity: Option<[i64; 2]>,
}

/// The directories in which a change of what a path leads to can show: its own, that of each link
/// on the way, and those above them, which show that one was replaced.
pub(super) fn directories(paths: impl Iterator<Item = PathBuf>) -> Vec<Directory> {
    let mut found = Vec::new();
    for path in paths {
        let absolute = std::path::absolute(&path).unwrap_or(path);
        if absolute.is_dir() {
            found.push(absolute.clone());
        }
        follow(&absolute, MAX_LINKS, &mut found);
    }
    let ancestors =
        |path: &PathBuf| -> Vec<PathBuf> { path.ancestors().skip(1).map(Path::to_owned).collect() };
    let above: BTreeSet<PathBuf> = found.iter().flat_map(ancestors).collect();
    let near: BTreeSet<PathBuf> = found.into_iter().collect();
    let there = near.union(&above).map(|path| {
        let identity = fs::metadata(path).ok().map(|metadata| identity_of(&metadata));
        Directory { path: path.clone(), is_near: near.contains(path), identity }
    });
    there.filter(|directory| directory.identity.is_some()).collect()
}

fn follow(path: &Path, links_left: usize, found: &mut Vec<PathBuf>) {
    let mut walked = PathBuf::new();
    let mut rest = path.components();
    while let Some(component) = rest.next() {
        walked.push(component);
        let Some(links_left) = links_left.checked_sub(1) else { return };
        if let Ok(target) = fs::read_link(&walked) {
            let directory = parent_of(&walked);
            let leads_to = plain(&directory.join(target)).join(rest.as_path());
            found.push(directory);
            return follow(&leads_to, links_left, found);
        }
    }
    found.push(parent_of(path));
}

/// A path without `.` and with each `..` taken as it is meant in the target of a link. Behind
/// another link that can be wrong, and then costs a watch: polling sees what it misses.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component);
            }
        }
    }
    plain
}

/// What can be told of files without reading them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<(Option<Stat>, PathBuf)>);

impl Fingerprint {
    pub(super) fn of(paths: impl Iterator<Item = PathBuf>) -> Fingerprint {
        Fingerprint(paths.map(|path| (Stat::of(&path), path)).collect())
    }

    /// Whether some file was changed so lately that its next change may show the same instant.
    pub(super) fn is_younger_than(&self, age: Duration, now: SystemTime) -> bool {
        let mut changes = self.0.iter().filter_map(|(stat, _)| stat.as_ref()?.modified);
        changes.any(|modified| now.duration_since(modified).is_ok_and(|past| past < age))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stat {
    length: u64,
    modified: Option<SystemTime>,
    changed: [i64; 2],
    identity: [i64; 2],
}

impl Stat {
    fn of(path: &Path) -> Option<Stat> {
        let metadata = fs::metadata(path).ok()?;
        Some(Stat {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            changed: change_of(&metadata),
            identity: identity_of(&metadata),
        })
    }
}

/// What tells a file from one that took its place. Compared for equality only: a wrapped number
/// tells as much as the number.
#[cfg(unix)]
fn identity_of(metadata: &fs::Metadata) -> [i64; 2] {
    use std::os::unix::fs::MetadataExt;
    [metadata.dev() as i64, metadata.ino() as i64]
}

/// When anything of the file changed, which nobody can set back.
#[cfg(unix)]
fn change_of(metadata: &fs::Metadata) -> [i64; 2] {
    use std::os::unix::fs::MetadataExt;
    [metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity_of(_: &fs::Metadata) -> [i64; 2] {
    [0; 2]
}

#[cfg(not(unix))]
fn change_of(_: &fs::Metadata) -> [i64; 2] {
    [0; 2]
}
