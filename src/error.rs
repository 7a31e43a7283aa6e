//! The one error of the crate.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::report::{Code, Report};

/// Why toggle files could not be loaded or followed.
///
/// `Display` and `Debug` both print the whole report with its pictures, so that a service which
/// ends with this error says everything in its last lines.
///
/// # Examples
///
/// ```
/// let error = hoist::Snapshot::from_yaml("version: 2\nflags: {}\n").unwrap_err();
/// assert!(error.is_invalid());
/// assert_eq!(error.report().unwrap().errors(), 1);
/// assert!(hoist::Flags::open("no/such/file.yaml").unwrap_err().is_unreadable());
/// ```
#[derive(Clone)]
pub struct Error(Arc<Kind>);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{}\n\n{}", summary(.0), .0)]
    Invalid(Report),
    #[error("`{}` cannot be read: {reason}", .path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("the directory `{}` holds no toggle file", .0.display())]
    NoFile(PathBuf),
    #[error("no toggle file was named")]
    NoSource,
    #[error("the flags cannot all be named in Rust: {0}")]
    Unspeakable(String),
    #[error("the thread that follows the files: {0}")]
    Thread(std::io::Error),
}

fn summary(report: &Report) -> String {
    match report.errors() {
        1 => "the toggle file has an error".to_owned(),
        count => format!("the toggle file has {count} errors"),
    }
}

impl Error {
    pub(crate) fn invalid(report: Report) -> Error {
        Error(Arc::new(Kind::Invalid(report)))
    }

    pub(crate) fn unreadable(path: &Path, reason: impl Into<String>) -> Error {
        Error(Arc::new(Kind::Unreadable { path: path.to_owned(), reason: reason.into() }))
    }

    pub(crate) fn no_file(path: &Path) -> Error {
        Error(Arc::new(Kind::NoFile(path.to_owned())))
    }

    pub(crate) fn no_source() -> Error {
        Error(Arc::new(Kind::NoSource))
    }

    pub(crate) fn unspeakable(why: String) -> Error {
        Error(Arc::new(Kind::Unspeakable(why)))
    }

    pub(crate) fn thread(error: std::io::Error) -> Error {
        Error(Arc::new(Kind::Thread(error)))
    }

    /// The path that could not be read, and the code of why.
    pub(crate) fn unread(&self) -> Option<(Code, &Path)> {
        match &*self.0 {
            Kind::Unreadable { path, .. } => Some((Code::Unreadable, path)),
            Kind::NoFile(path) => Some((Code::NoFile, path)),
            Kind::Invalid(_) | Kind::NoSource | Kind::Unspeakable(_) | Kind::Thread(_) => None,
        }
    }

    /// What is wrong first, with its place, and how much else.
    pub(crate) fn in_one_line(&self) -> String {
        let Kind::Invalid(report) = &*self.0 else { return self.to_string() };
        let errors = report.error_lines();
        match errors.as_slice() {
            [] => self.to_string(),
            [only] => only.clone(),
            [first, others @ ..] => format!("{first} (and {} more)", others.len()),
        }
    }

    /// Whether a text was read and is wrong.
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, Kind::Invalid(_))
    }

    /// Whether a file could not be read, or a directory holds none.
    pub fn is_unreadable(&self) -> bool {
        matches!(*self.0, Kind::Unreadable { .. } | Kind::NoFile(_))
    }

    /// What is wrong with the text, if one was read.
    pub fn report(&self) -> Option<&Report> {
        match &*self.0 {
            Kind::Invalid(report) => Some(report),
            Kind::Unreadable { .. }
            | Kind::NoFile(_)
            | Kind::NoSource
            | Kind::Unspeakable(_)
            | Kind::Thread(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// As `Display`: what `main` prints of an error is its `Debug` form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Kind::Thread(error) => Some(error),
            Kind::Invalid(_)
            | Kind::Unreadable { .. }
            | Kind::NoFile(_)
            | Kind::NoSource
            | Kind::Unspeakable(_) => None,
        }
    }
}

/// A map of the message and, where a text was read, of what is wrong with it.
impl serde::Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut map = to.serialize_struct("Error", 2)?;
        match &*self.0 {
            Kind::Invalid(report) => {
                map.serialize_field("message", &summary(report))?;
                map.serialize_field("diagnostics", report.diagnostics())?;
            }
            kind => {
                map.serialize_field("message", &kind.to_string())?;
                map.skip_field("diagnostics")?;
            }
        }
        map.end()
    }
}
