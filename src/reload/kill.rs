//! The kill file: names of flags, one a line, that are off whatever the toggle files say.
//!
//! It is read by itself and before anything else, so that a broken toggle file never stands between
//! a person on call and a kill. It only ever kills: what is wrong with a line of it turns nothing
//! on, and a file that disappears or cannot be read keeps its last kills. An empty one lifts them.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cell::Replaced;
use super::{About, Core, files, locked};
use crate::dialect::native::is_name;
use crate::error::Error;
use crate::ir::Name;
use crate::limits::Limits;
use crate::load::{Kills, Loaded};
use crate::report::nearest;
use crate::source::Place;

/// How long a kill file must say the same to lift kills.
pub(super) const LIFTS_AFTER: Duration = Duration::from_secs(1);

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

impl Core {
    /// The live state under the kills of now, if they changed.
    pub(super) fn look_at_kills(&self, force: bool) -> Option<Loaded> {
        let path = self.plan.kill_file.as_deref()?;
        let current = self.load_full();
        let read = match read(path, &self.plan.settings.limits) {
            Ok(Some(read)) => self.without_lifting_yet(read, &current.kills, force),
            // What is not there, or cannot be read, lifts nothing.
            Ok(None) => {
                let said = match current.kills.0.is_empty() {
                    true => "not there: nothing is killed until it is",
                    false => "gone: its last kills stay",
                };
                self.warn(About::KillFile, vec![format!("`{}` is {said}", path.display())]);
                return None;
            }
            Err(error) => {
                self.warn(About::KillFile, vec![format!("{error}: its last kills stay")]);
                return None;
            }
        };
        let kills = read.kills.clone();
        self.warn_of_kills(read);
        let differs = !current.kills.0.keys().eq(kills.0.keys());
        differs.then(|| current.with_kills(kills))
    }

    /// What a kill file says, and what it may not lift yet.
    ///
    /// A line that cannot be read may be a name that was killed, so that a file with one lifts
    /// nothing. A file that is emptied may be about to be written: to lift, it must say the same
    /// for a moment. Kills land at once.
    fn without_lifting_yet(&self, mut read: KillFile, known: &Kills, force: bool) -> KillFile {
        let names: BTreeSet<Name> = read.kills.0.keys().cloned().collect();
        let lifts = known.0.keys().any(|name| !names.contains(name));
        let mut facts = locked(&self.facts);
        let may_lift = match &facts.lifting {
            _ if !lifts => true,
            _ if !read.odd_lines.is_empty() => false,
            _ if force => true,
            Some((said, since)) if *said == names => since.elapsed() >= LIFTS_AFTER,
            Some(_) | None => {
                facts.lifting = Some((names, Instant::now()));
                false
            }
        };
        if may_lift {
            facts.lifting = None;
        } else {
            for (name, place) in &known.0 {
                read.kills.0.entry(Arc::clone(name)).or_insert_with(|| place.clone());
            }
        }
        read
    }

    /// A look at files that are being written: kills land, and nothing else is read.
    pub(super) fn look_at_moving(&self, bury: &mut dyn FnMut(Replaced<Loaded>)) {
        if let Some(loaded) = self.look_at_kills(false) {
            self.publish(loaded, bury);
        }
        let path = self.plan.layers.0.first().map_or(Path::new(""), PathBuf::as_path);
        self.failed(Error::unreadable(path, "it is being written"));
    }

    /// Warns of lines of the kill file that kill nothing that is there.
    pub(super) fn warn_of_kills(&self, read: KillFile) {
        let current = self.load_full();
        let flags = &current.document.flags;
        let names = flags.names().iter();
        let unknown = unknown(&read.kills, |name| flags.contains_key(name), names);
        self.warn(About::KillFile, read.odd_lines.into_iter().chain(unknown).collect());
    }
}
