//! Reading the files of a handle.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::Xxh3Default;

use super::files::{self, Fingerprint, parent_of};
use crate::dialect::native::{ListFiles, Text};
use crate::error::Error;
use crate::limits::Limits;
use crate::load::{self, Checked, Kills, Loaded, Origin, Settings};
use crate::report::{Code, Report};
use crate::source::{Owner, Problem, Sources, Spot};
use crate::tree::{NodeId, Syntax};

/// How often files that change under the reader are read, and how long it waits between: twice as
/// long each time.
const MOST_READINGS: usize = 6;
const BETWEEN_READINGS: Duration = Duration::from_millis(30);
const MOST_BETWEEN_READINGS: Duration = Duration::from_millis(240);

/// How new a file is whose writer may not be done.
const FRESH: Duration = Duration::from_millis(100);

/// The layers of a handle: each a file, or a directory of files.
#[derive(Clone, Debug)]
pub(crate) struct Layers(pub(crate) Vec<PathBuf>);

/// What reading all layers gave.
pub(crate) struct Contents {
    pub(crate) layers: Vec<Vec<Text>>,
    hasher: Xxh3Default,
}

impl Contents {
    /// What a load is made from. Its hash is not known yet: which lists there are is found while
    /// loading.
    pub(crate) fn origin<'o>(
        &'o self,
        lists: &'o mut DiskLists,
        kills: &'o Kills,
        settings: &'o Settings,
    ) -> Origin<'o> {
        Origin { layers: &self.layers, list_files: lists, hash: 0, kills, settings }
    }

    /// The hash of everything that was read, lists included.
    pub(crate) fn hash(&self, lists: &DiskLists) -> u64 {
        let mut hasher = self.hasher.clone();
        for (path, text) in &lists.read {
            feed(&mut hasher, &name_of(path));
            feed(&mut hasher, text);
        }
        hasher.digest()
    }
}

/// The name that counts for the hash: where the files lie does not, so that equal contents have
/// equal hashes on every machine.
fn name_of(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn feed(hasher: &mut Xxh3Default, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// A state, and what it was loaded from.
pub(crate) struct Good {
    pub(crate) loaded: Loaded,
    pub(crate) contents: Contents,
    pub(crate) lists: DiskLists,
}

impl Layers {
    /// The base, and the overlays behind it.
    ///
    /// # Errors
    ///
    /// If there is not even a base.
    pub(crate) fn of<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Layers, Error> {
        let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_owned()).collect();
        if paths.is_empty() { Err(Error::no_source()) } else { Ok(Layers(paths)) }
    }

    /// The files that the layers are made of now, layer by layer.
    pub(super) fn files(&self) -> Result<Vec<Vec<PathBuf>>, Error> {
        self.0.iter().map(|path| files_of(path)).collect()
    }

    /// Reads all files, each whole.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Contents, Error> {
        let mut hasher = Xxh3Default::new();
        let mut layers = Vec::new();
        for files in self.files()? {
            // Which layer a file is in counts: the number of files tells where each ends.
            hasher.update(&(files.len() as u64).to_le_bytes());
            let mut texts = Vec::new();
            for path in files {
                let text = read_text(&path, limits)?;
                feed(&mut hasher, &name_of(&path));
                feed(&mut hasher, &text);
                let name = path.to_string_lossy().into();
                texts.push(Text { name, text: text.into(), syntax: Syntax::of_path(&path) });
            }
            layers.push(texts);
        }
        Ok(Contents { layers, hasher })
    }

    /// Reads all files and looks at them as `check` does. The error is that one cannot be read.
    pub(crate) fn check(&self) -> Result<Checked, Error> {
        let settings = Settings::default();
        let contents = self.read(&settings.limits)?;
        let mut lists = DiskLists::new(&settings.limits);
        Ok(load::check(&mut contents.origin(&mut lists, &Kills::default(), &settings)))
    }

    /// Reads and loads all files, of which nothing may be wrong.
    pub(crate) fn load(&self, kills: &Kills, settings: &Settings) -> Result<Good, Error> {
        let contents = self.read(&settings.limits)?;
        let mut lists = DiskLists::new(&settings.limits);
        let loaded = load::load(&mut contents.origin(&mut lists, kills, settings));
        let loaded = loaded.map_err(Error::invalid)?.with_hash(contents.hash(&lists));
        Ok(Good { loaded, contents, lists })
    }

    /// Does something with the files while they stay as they are: where one changes under the
    /// reader, what was read of it may be a part, and counts nothing.
    ///
    /// A careful reader also waits a moment beside a file that was written just now: whoever writes
    /// it may not be done.
    ///
    /// # Errors
    ///
    /// What the work says, or that the files do not hold still.
    pub(crate) fn read_steadily<T>(
        &self,
        others: &[PathBuf],
        care: Care,
        work: impl Fn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut before = self.fingerprint(others);
        let mut pause = BETWEEN_READINGS;
        for _ in 0..MOST_READINGS {
            let done = work();
            let is_fresh = || before.is_younger_than(FRESH, SystemTime::now());
            if care == Care::Waits && is_fresh() {
                std::thread::sleep(BETWEEN_READINGS);
            }
            let after = self.fingerprint(others);
            if after == before {
                return done;
            }
            before = after;
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(MOST_BETWEEN_READINGS);
        }
        let path = self.0.first().map_or(Path::new(""), PathBuf::as_path);
        Err(Error::unreadable(path, "it changes while it is read"))
    }

    /// Whether a file would be taken for a part of these layers.
    pub(super) fn would_read(&self, path: &Path) -> bool {
        let real = |path: &Path| fs::canonicalize(path).ok();
        let directory = real(&parent_of(path));
        let is_in = |layer: &PathBuf| layer.is_dir() && real(layer) == directory;
        let is_one = |layer: &PathBuf| real(layer).is_some() && real(layer) == real(path);
        let is_listed = path.file_name().is_some_and(is_toggle_file);
        self.0.iter().any(|layer| is_one(layer) || (is_listed && is_in(layer)))
    }

    /// What can be told of all files, and of others beside them, without reading them.
    pub(crate) fn fingerprint(&self, others: &[PathBuf]) -> Fingerprint {
        let files = self.files().unwrap_or_default().into_iter().flatten();
        // The times of a directory tell of anything in it: its toggle files tell what counts.
        let layers = self.0.iter().filter(|path| !path.is_dir()).cloned();
        Fingerprint::of(layers.chain(files).chain(others.iter().cloned()))
    }
}

/// How a reader treats a file that was written just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// It was waited for before, or whoever asks knows that it is whole.
    Reads,
    /// It is read again where it changes within a moment.
    Waits,
}

/// Whether a directory's file of this name is one of its toggle files.
fn is_toggle_file(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
        && !name.starts_with('.')
        && !name.ends_with(".test.yaml")
}

/// The files of a layer: itself, or the toggle files of the directory in the byte order of their
/// names.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| Error::unreadable(path, error.to_string()))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::unreadable(path, error.to_string()))?;
        if is_toggle_file(&entry.file_name()) && !entry.path().is_dir() {
            files.push(entry.path());
        }
    }
    if files.is_empty() {
        return Err(Error::no_file(path));
    }
    files.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    Ok(files)
}

/// Reads a regular file as UTF-8 text, its byte-order mark left out.
fn read_text(path: &Path, limits: &Limits) -> Result<String, Error> {
    let bytes =
        files::read(path, limits.file_bytes).map_err(|reason| Error::unreadable(path, reason))?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Error {
    let good = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default());
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut sources = Sources::default();
    let file =
        sources.add(path.to_string_lossy().into(), text.into(), Syntax::of_path(path), NodeId(0));
    let spot = Spot::offset(file, text.len());
    let problem = Problem::error(Code::InvalidUtf8, "the text is not UTF-8", spot, Owner::Set);
    Error::invalid(sources.report(&[problem]))
}

/// The report of files that could not even be read.
pub(crate) fn report_of(error: &Error) -> Report {
    if let Some(report) = error.report() {
        return report.clone();
    }
    let (code, path) = error.unread().unwrap_or((Code::Unreadable, Path::new("")));
    let mut sources = Sources::default();
    let name = path.to_string_lossy().into();
    let file = sources.add(name, "".into(), Syntax::Yaml, NodeId(0));
    let problem = Problem::error(code, error.to_string(), Spot::Offset(file, 0), Owner::Set);
    sources.report(&[problem])
}

/// List files from the disk, relative to the file that names them.
#[derive(Debug)]
pub(crate) struct DiskLists {
    limits: Limits,
    pub(super) read: Vec<(PathBuf, Arc<str>)>,
    /// Named, and not readable: they are followed too.
    missed: Vec<PathBuf>,
}

impl DiskLists {
    pub(crate) fn new(limits: &Limits) -> DiskLists {
        DiskLists { limits: *limits, read: Vec::new(), missed: Vec::new() }
    }

    /// The paths that were asked for.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.read.iter().map(|(path, _)| path.clone()).chain(self.missed.iter().cloned()).collect()
    }

    /// Reads lists again, as an earlier load asked for them.
    pub(crate) fn read_again(paths: &[PathBuf], limits: &Limits) -> DiskLists {
        let mut lists = DiskLists::new(limits);
        for path in paths {
            match read_text(path, limits) {
                Ok(text) => lists.read.push((path.clone(), text.into())),
                Err(_) => lists.missed.push(path.clone()),
            }
        }
        lists
    }
}

impl ListFiles for DiskLists {
    fn read(&mut self, named_by: &str, path: &str) -> Result<(Arc<str>, Arc<str>), String> {
        let path = files::beside(named_by, path);
        let name: Arc<str> = path.to_string_lossy().into();
        if let Some((_, text)) = self.read.iter().find(|(known, _)| *known == path) {
            return Ok((name, Arc::clone(text)));
        }
        match read_text(&path, &self.limits) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                self.read.push((path, Arc::clone(&text)));
                Ok((name, text))
            }
            Err(error) => {
                let reason = fs::metadata(&path).err().map(|error| error.to_string());
                let reason = reason.or_else(|| {
                    let report = error.report()?;
                    report.diagnostics().first().map(|problem| problem.message().to_owned())
                });
                if !self.missed.contains(&path) {
                    self.missed.push(path);
                }
                Err(reason.unwrap_or_else(|| "it is not a readable text file".to_owned()))
            }
        }
    }
}
