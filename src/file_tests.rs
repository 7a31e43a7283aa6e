//! The `tests:` of toggle files, run.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::ir::{Document, Expectation, Name, Packed};
use crate::load::{Kills, Settings};
use crate::reload::read::Layers;
use crate::snapshot::Snapshot;

/// One test of a file, and what of it did not come out.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) name: Name,
    pub(crate) failures: Vec<Failure>,
}

/// A flag that serves something else than a test expects.
#[derive(Debug)]
pub(crate) struct Failure {
    flag: Name,
    expected: String,
    served: String,
    explanation: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.flag)?;
        writeln!(f, "    expected  {}", self.expected)?;
        writeln!(f, "    served    {}", self.served)?;
        for line in self.explanation.lines() {
            let indent = if line.is_empty() { "" } else { "    " };
            writeln!(f, "{indent}{line}")?;
        }
        Ok(())
    }
}

/// Runs the tests of a base and its overlays, and of the `*.test.yaml` beside them.
///
/// # Errors
///
/// If a file cannot be read, if anything is wrong with one, tests included, or if a `*.test.yaml`
/// says more than tests.
pub(crate) fn run(layers: &Layers) -> Result<Vec<Ran>, Error> {
    let settings = Settings::default();
    let beside = beside(layers)?;
    let whole = Layers(layers.0.iter().chain(&beside).cloned().collect());
    let checked = whole.check()?;
    if checked.report.has_errors() {
        return Err(Error::invalid(checked.report));
    }
    let loaded = whole.load(&Kills::default(), &settings)?.loaded;
    if let Some(last) = beside.last() {
        let alone = layers.load(&Kills::default(), &settings)?.loaded;
        if alone.document.flags != loaded.document.flags {
            let reason = "a *.test.yaml has `tests` alone, and this changes flags";
            return Err(Error::unreadable(last, reason));
        }
    }
    let snapshot = Snapshot::new(loaded.into());
    Ok(ran(&snapshot, &snapshot.loaded().document))
}

fn ran(snapshot: &Snapshot, document: &Document<Packed>) -> Vec<Ran> {
    let of_case = |case: &crate::ir::TestCase| {
        let ctx = case.context.as_context();
        let failure = |expected: &Expectation| {
            let explanation = snapshot.explain(&*expected.flag, &ctx);
            let served = explanation.decision().variant();
            let wanted = document.flags.get(&expected.flag).and_then(|flag| {
                let at = flag.unpacked().find_spelt(&expected.variant)?;
                flag.variants().get(usize::from(at.0))
            });
            let wanted = wanted.map_or(&expected.variant, |variant| &variant.name);
            (*served != **wanted).then(|| Failure {
                flag: expected.flag.clone(),
                expected: wanted.to_string(),
                served: served.to_owned(),
                explanation: explanation.to_string(),
            })
        };
        Ran { name: case.name.clone(), failures: case.expect.iter().filter_map(failure).collect() }
    };
    document.tests.iter().map(of_case).collect()
}

/// The files of tests beside the layers: `flags.test.yaml` beside `flags.yaml`, and those in a
/// directory, in the byte order of their names.
fn beside(layers: &Layers) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for path in &layers.0 {
        if !path.is_dir() {
            found.extend(Some(path.with_extension("test.yaml")).filter(|test| test.is_file()));
            continue;
        }
        let unreadable = |error: std::io::Error| Error::unreadable(path, error.to_string());
        let mut tests = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            tests.extend(Some(path).filter(|path| is_test(path)));
        }
        tests.sort();
        found.append(&mut tests);
    }
    found.dedup();
    Ok(found)
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".test.yaml") && !name.starts_with('.') && path.is_file()
}
