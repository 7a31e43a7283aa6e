//! What is wrong with a toggle file, and where.

mod code;
mod render;
mod suggest;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

pub use code::Code;
pub use render::{Colour, Rendered};
pub(crate) use suggest::{Suggestions, nearest};

/// How bad a problem is.
///
/// # Examples
///
/// ```
/// let error = hoist::Snapshot::from_yaml("version: 1\nflags: { a: 5 }").unwrap_err();
/// let report = error.report().unwrap();
/// assert_eq!(report.diagnostics()[0].severity(), hoist::Severity::Error);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document loads and may not mean what was meant.
    Warning,
    /// The document, or the flag that it is in, is refused.
    Error,
}

impl Severity {
    /// The word that a report prints.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One problem of a document, with its place.
///
/// # Examples
///
/// ```
/// let error = hoist::Snapshot::from_yaml("version: 1\nflags:\n  search: 25\n").unwrap_err();
/// let problem = &error.report().unwrap().diagnostics()[0];
/// assert_eq!((problem.line(), problem.column()), (3, 11));
/// assert_eq!(problem.help(), Some("write `25%` for a share of units; weights stand under `serve:`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub(crate) severity: Severity,
    pub(crate) code: Code,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flag: Option<Arc<str>>,
    /// The part of the line that the place is in, for the picture.
    #[serde(skip)]
    pub(crate) source_line: Option<SourceLine>,
}

/// A line of a text, as much of it as a picture can show: one line may be the whole of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceLine {
    pub(crate) text: String,
    /// How many characters of the line stand before.
    pub(crate) skipped: usize,
}

impl SourceLine {
    /// How many characters are kept on either side of a place.
    pub(crate) const REACH: usize = 160;
}

impl Diagnostic {
    /// Whether the problem refuses anything.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file as it was named when it was opened.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> u32 {
        self.column
    }

    /// The flag that the problem is in, if it is inside one.
    pub fn flag(&self) -> Option<&str> {
        self.flag.as_deref()
    }
}

/// `path:line:col: error[code]: message`, and the help behind it.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { severity, code, message, file, line, column, .. } = self;
        write!(f, "{file}:{line}:{column}: {}[{code}]: {message}", severity.as_str())?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// All that is wrong with a document or a set of them, in the order of the text.
///
/// `Display` gives the pictures without colour; [`Report::rendered`] chooses.
///
/// # Examples
///
/// ```
/// let text = "version: 1\nflags:\n  search: { rules: [{ rolout: 5% }] }\n";
/// let error = hoist::Snapshot::from_yaml(text).unwrap_err();
/// let shown = error.report().unwrap().to_string();
/// assert!(shown.contains("help: did you mean `rollout`?"), "{shown}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A line for each error, with its place and without its picture.
    pub(crate) fn error_lines(&self) -> Vec<String> {
        let errors = self.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        let line = |one: &Diagnostic| {
            format!("{}:{}:{}: {}: {}", one.file, one.line, one.column, one.code, one.message)
        };
        errors.map(line).collect()
    }

    /// A report of these problems, put in the order of files and places.
    pub(crate) fn new(mut diagnostics: Vec<Diagnostic>) -> Report {
        diagnostics.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        let mut files: Vec<Arc<str>> = Vec::new();
        for diagnostic in &diagnostics {
            if !files.contains(&diagnostic.file) {
                files.push(Arc::clone(&diagnostic.file));
            }
        }
        files.sort();
        diagnostics
            .sort_by_key(|diagnostic| files.iter().position(|file| *file == diagnostic.file));
        diagnostics.dedup();
        Report { diagnostics }
    }

    /// The problems, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Whether anything in it is an error.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// How many of the problems are errors.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// How many of the problems are warnings.
    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    /// The report as a person reads it in a terminal, with a caret under each place.
    pub fn rendered(&self, colour: Colour) -> Rendered<'_> {
        Rendered { report: self, colour }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rendered(Colour::Never).fmt(f)
    }
}

/// The list of its diagnostics.
impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.diagnostics.serialize(to)
    }
}
