//! Files as the disk has them: their bytes, and what tells them apart.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

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
    // What a sparse file says of its length is no reason to believe it.
    const AT_ONCE: u64 = 1 << 20;
    let mut bytes = Vec::with_capacity(before.len().min(AT_ONCE) as usize);
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

/// A path that stands in a file: it starts from the directory of that file.
pub(super) fn beside(named_by: &str, path: &str) -> PathBuf {
    Path::new(named_by).parent().unwrap_or(Path::new("")).join(path)
}

/// The directory that a path is in.
pub(super) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// What can be told of files without reading them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<(Option<Stat>, PathBuf)>);

impl Fingerprint {
    pub(super) fn of(paths: impl Iterator<Item = PathBuf>) -> Fingerprint {
        Fingerprint(paths.map(|path| (Stat::of(&path), path)).collect())
    }

    /// Whether a file was written where it lies: it may be half done. One that took the place of
    /// another was done before.
    pub(super) fn is_written_since(&self, before: &Fingerprint) -> bool {
        let is_written = |(stat, path): &(Option<Stat>, PathBuf)| {
            let was = before.0.iter().find(|(_, known)| known == path);
            let was = was.and_then(|(stat, _)| stat.as_ref());
            let now_and_then = stat.as_ref().zip(was);
            now_and_then.is_some_and(|(now, was)| now != was && now.identity == was.identity)
        };
        self.0.iter().any(is_written)
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
pub(super) fn identity_of(metadata: &fs::Metadata) -> [i64; 2] {
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
pub(super) fn identity_of(_: &fs::Metadata) -> [i64; 2] {
    [0; 2]
}

#[cfg(not(unix))]
fn change_of(_: &fs::Metadata) -> [i64; 2] {
    [0; 2]
}
