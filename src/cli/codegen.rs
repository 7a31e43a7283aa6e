//! `hoist codegen`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::printed::{self, Named};
use super::{Exit, Streams};
use crate::codegen;

/// Print the Rust module of typed keys for the flags of a toggle file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Codegen {
    /// A toggle file, or a directory of them.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Lay this file over FILE; repeatable, the last on top.
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
The module has a key for each flag, an enum for each with variants, and the list
KEYS. A build script calls hoist::codegen::module for the same text.

Examples:
  hoist codegen flags.yaml > src/flags.rs
  hoist codegen base.yaml --overlay production.yaml

Exit codes:
  0  the module is printed
  1  a file is wrong, or two names are one in Rust
  2  wrong usage, or a file that cannot be read";

impl Codegen {
    pub(super) fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        let named = Named { base: &self.file, overlays: &self.overlays };
        let error = match codegen::module(named.paths()) {
            Ok(module) => {
                to.stdout.write_all(module.as_bytes())?;
                return Ok(Exit::Fine);
            }
            Err(error) => error,
        };
        let Some(report) = error.report() else {
            to.error(&error.to_string())?;
            return Ok(if error.is_unreadable() { Exit::Unusable } else { Exit::Wrong });
        };
        let colour = to.colours.stderr;
        writeln!(to.stderr, "{}", report.rendered(colour))?;
        writeln!(to.stderr, "{}: {}", named.together(), printed::counted(report, colour))?;
        Ok(Exit::Wrong)
    }
}
