//! What more than one subcommand prints.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::report::{Colour, Report};

pub(super) const RED: &str = "\x1b[1;31m";
pub(super) const YELLOW: &str = "\x1b[1;33m";
pub(super) const GREEN: &str = "\x1b[1;32m";

/// What begins and ends a coloured text.
pub(super) fn paint(colour: Colour, sgr: &'static str) -> (&'static str, &'static str) {
    match colour {
        Colour::Always => (sgr, "\x1b[0m"),
        Colour::Never => ("", ""),
    }
}

/// A base with the overlays that lie over it, as they were named.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'c> {
    pub(super) base: &'c Path,
    pub(super) overlays: &'c [PathBuf],
}

impl<'c> Named<'c> {
    pub(super) fn paths(self) -> impl Iterator<Item = &'c Path> {
        std::iter::once(self.base).chain(self.overlays.iter().map(PathBuf::as_path))
    }

    /// The name for people.
    pub(super) fn together(self) -> String {
        let names: Vec<_> = self.paths().map(Path::to_string_lossy).collect();
        names.join(" + ")
    }
}

/// Whether overlays go together with so many bases.
pub(super) fn overlays_fit(bases: &[PathBuf], overlays: &[PathBuf]) -> Result<(), String> {
    match bases.len() {
        1 => Ok(()),
        _ if overlays.is_empty() => Ok(()),
        count => Err(format!("--overlay is laid over one FILE, and here are {count}")),
    }
}

/// How many there are of something that has an `s` for more than one.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `2 errors, 1 warning`: what there is of them.
pub(super) fn counted(report: &Report, colour: Colour) -> String {
    let painted = |number: usize, what: &str, sgr: &'static str| {
        let (start, end) = paint(colour, sgr);
        (number > 0).then(|| format!("{start}{}{end}", count(number, what)))
    };
    let errors = painted(report.errors(), "error", RED);
    let warnings = painted(report.warnings(), "warning", YELLOW);
    errors.into_iter().chain(warnings).collect::<Vec<_>>().join(", ")
}

/// The report of one base as JSON.
#[derive(Debug, Serialize)]
pub(super) struct JsonReport<'r> {
    file: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overlays: Vec<String>,
    errors: usize,
    warnings: usize,
    diagnostics: &'r Report,
}

impl<'r> JsonReport<'r> {
    pub(super) fn new(named: Named<'_>, report: &'r Report) -> JsonReport<'r> {
        let lossy = |path: &Path| path.to_string_lossy().into_owned();
        JsonReport {
            file: lossy(named.base),
            overlays: named.overlays.iter().map(|path| lossy(path)).collect(),
            errors: report.errors(),
            warnings: report.warnings(),
            diagnostics: report,
        }
    }
}

/// The reports of all bases, as one document.
pub(super) fn json_reports(to: &mut dyn Write, files: &[JsonReport<'_>]) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'d> {
        files: &'d [JsonReport<'d>],
    }
    json(to, &Document { files })
}

/// One JSON document, and the end of its last line.
pub(super) fn json(to: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, document)?;
    writeln!(to)
}
