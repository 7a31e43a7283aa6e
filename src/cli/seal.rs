//! `hoist seal`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Streams};
use crate::checksum;

/// Write the checksum of files as their last line.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Seal {
    /// YAML toggle files, or list files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
A sealed file that arrives in part is refused, and so is one that was edited
since: seal it as the last step before it is shipped.

Examples:
  hoist check flags.yaml && hoist seal flags.yaml";

impl Seal {
    pub(super) fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        let mut exit = Exit::Fine;
        for file in &self.files {
            match seal(file) {
                Ok(()) => writeln!(to.stdout, "{}: sealed", file.display())?,
                Err(reason) => {
                    to.error(&format!("`{}` cannot be sealed: {reason}", file.display()))?;
                    exit = Exit::Unusable;
                }
            }
        }
        Ok(exit)
    }
}

/// Puts the sealed text in the place of the file in one step: nobody reads half of it.
fn seal(file: &Path) -> Result<(), String> {
    if file.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        return Err("JSON has no comments, and needs no checksum: cut, it cannot be read".into());
    }
    // A link stays a link.
    let real = fs::canonicalize(file).map_err(|error| error.to_string())?;
    let text = fs::read_to_string(&real).map_err(|error| error.to_string())?;
    let sealed = checksum::seal(&text);
    if sealed == text {
        return Ok(());
    }
    let permissions = fs::metadata(&real).map_err(|error| error.to_string())?.permissions();
    crate::disk::replace(&real, sealed.as_bytes(), Some(permissions))
        .map_err(|error| error.to_string())
}
