//! Writing a file so that nobody reads a part of it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Puts new contents in the place of a file, in one step that survives a crash: a file beside it is
/// written, synchronised and renamed over it.
pub(crate) fn replace(
    path: &Path,
    contents: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let new = beside(path);
    let written = write(&new, contents, permissions).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // What is left of the attempt is of no use; that it stays is no worse than the error.
        drop(fs::remove_file(&new));
    }
    written?;
    // The name is safe when its directory is; not every system can synchronise one.
    if let Some(Ok(directory)) = path.parent().map(File::open) {
        drop(directory.sync_all());
    }
    Ok(())
}

fn write(path: &Path, contents: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(contents)?;
    file.sync_all()
}

/// A name in the same directory that no toggle file has, as it starts with a dot, and no other
/// writer.
fn beside(path: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}-{count}.new", std::process::id()))
}
