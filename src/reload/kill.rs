//! The kill file: names of flags, one a line, that are off whatever the toggle files say.
//!
//! It is read by itself and before anything else, so that a broken toggle file never stands between
//! a person on call and a kill. It only ever kills: what is wrong with a line of it turns nothing
//! on, and a file that disappears or cannot be read keeps its last kills. An empty one lifts them.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use super::files;
use crate::dialect::native::is_name;
use crate::error::Error;
use crate::limits::Limits;
use crate::load::Kills;
use crate::report::nearest;
use crate::source::Place;

/// What a kill file says.
#[derive(Clone, Debug, Default)]
pub(super) struct KillFile {
    pub(super) kills: Kills,
    /// Lines that name nothing, with why.
    pub(super) odd_lines: Vec<String>,
}

/// Reads a kill file; `None` if it is not there.
///
/// # Errors
///
/// That it is there and cannot be read.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Option<KillFile>, Error> {
    if std::fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    let bytes =
        files::read(path, limits.file_bytes).map_err(|reason| Error::unreadable(path, reason))?;
    // A line that is no text names no flag. The others count.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let file: Arc<str> = path.to_string_lossy().into();
    let mut read = KillFile::default();
    for (line, written) in (1..).zip(text.lines()) {
        let name = written.split('#').next().unwrap_or_default().trim();
        if name.is_empty() {
            continue;
        }
        if is_name(name) {
            let place = Place { file: Arc::clone(&file), line };
            read.kills.0.entry(Arc::from(name)).or_insert(place);
        } else {
            let shown: String = name.escape_debug().take(60).collect();
            read.odd_lines.push(format!("{file}:{line}: `{shown}` is not a name of a flag"));
        }
    }
    Ok(Some(read))
}

/// What to say of names that no flag has: they kill nothing that is there.
pub(super) fn unknown<'n>(
    kills: &Kills,
    has_flag: impl Fn(&str) -> bool,
    flags: impl Iterator<Item = &'n str> + Clone,
) -> Vec<String> {
    const MOST: usize = 20;
    let unknown = kills.0.iter().filter(|(name, _)| !has_flag(name)).take(MOST);
    let said = unknown.map(|(name, Place { file, line })| {
        let meant = nearest(name, flags.clone());
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        format!("{file}:{line}: there is no flag `{name}`{meant}")
    });
    said.collect()
}
